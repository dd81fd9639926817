"""Where people drop out between being eligible and living stably at the destination.

Two dates meet here: where everyone stands is settled when applications close, who lives stably at the run's end. Steps are counted
in persons. Members of a household count with it until it moves; from then on only those who went along.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from experiments.figures import caption, style
from experiments.figures.text import Words
from experiments.outcome import ratio
from experiments.wording import WHY as WHY_WORDS
from simulation.outcomes import GROUPS, INCOMES, INDICATORS, WHY

NAME = "waterfall"
YEAR = 12  # months after which a move can be stable

# Steps that lead away before anybody has moved, by family; each is a state of WHY.
FAMILIES = (
    ("staying", "#555555", ("prefers_to_stay", "never_mover")),
    ("hindered", style.GREEN, ("unaffordable", "infeasible", "not_yet_applied")),
    ("elsewhere", style.PURPLE, ("own_moved", "improved")),
    ("waiting", style.ORANGE, ("withdrew", "no_home", "no_money", "in_process", "withheld")),
)
BEFORE: tuple[str, ...] = tuple(state for _, _, states in FAMILIES for state in states)
TOTALS = ("pool", "moved", "living", "stable")
STEPS = ("pool", *BEFORE, "moved", "behind", "later", "returned", "living", "unstable", "stable")
REASONS = ("recent", "workless", "below_line", "arrears")
ALWAYS = (*TOTALS, "returned", "unstable")  # other steps are left out where nobody takes them
ROW, GAP = 4.4, 2.2  # mm
COLOURS = {state: colour for _, colour, states in FAMILIES for state in states} | {
    "pool": style.mix(style.INK, 0.8), "moved": style.BLUE, "living": style.BLUE, "stable": style.BLUE, "later": style.SKY,
    "behind": style.VERMILLION, "returned": style.VERMILLION, "unstable": style.VERMILLION,
}  # fmt: skip

WORDS = {
    "title": (
        "Of 100 persons in the pool, {moved}{average} have moved by {date} and {stable} live there stably by {end}; first among the"
        " others: {reason} ({share})",
        "可搬迁人口每100人中，到{date}{average}{moved}人已搬迁，到{end}{average}{stable}人稳定居住；其余首要情形：{reason}（{share}人）",
    ),
    "title_nobody": ("Nobody of the pool has moved by {date}", "到{date}，可搬迁人口无人搬迁"),
    "title_empty": ("There is nobody in the pool", "没有可搬迁人口"),
    "note": (
        'Persons, as a share of the pool; {spread}. Up to "moved": {date}, when applications close. From there on: {end}, the run\'s end.'
        " Means add up; a run counts alike whatever its pool.",
        "人口占可搬迁人口的比例；{spread}。“已搬迁”及以上为{date}申请截止时的状态，以下为{end}期末的状态。"
        "各步均值可相加；每次模拟权重相同，与人口规模无关。",
    ),
    "note_once": (
        "Persons, as a share of the pool, at {end}, when applications close and the run ends; {spread}. Means add up; a run counts alike"
        " whatever its pool.",
        "人口占可搬迁人口的比例，{end}（申请截止，也是期末）；{spread}。各步均值可相加；每次模拟权重相同，与人口规模无关。",
    ),
    "axis": ("Share of the pool's persons (%)", "占可搬迁人口的比例（%）"),
    "share": ("% (5–95 % of runs)", "%（5%～95%区间）"),
    "share_one": ("%", "%"),
    "persons": ("persons", "人数（人）"),
    "steps": ("From the pool to a stable life at the destination", "从可搬迁到稳定居住"),
    "staying": ("Stay", "留下"),
    "hindered": ("Would move", "愿搬未搬"),
    "elsewhere": ("Otherwise", "其他去向"),
    "waiting": ("Waiting or out", "等待或退出"),
    "after": ("After keys", "交房之后"),
    "pool": ("pool", "可搬迁人口"),
    "moved": ("moved (keys)", "已搬迁（交房）"),
    "behind": ("elderly who stay in the old house", "留居旧房的老人"),
    "later": ("keys after applications closed", "申请截止后交房"),
    "returned": ("went back", "回流"),
    "living": ("live there", "在安置地居住"),
    "unstable": ("not stable (b)", "尚未稳定（见b）"),
    "stable": ("live there stably", "稳定居住"),
    "reasons": (
        "What stands in the way of stable, {end} (reasons overlap; households)",
        "{end}尚未稳定的原因（可重叠，按户）",
    ),
    "recent": (
        "under a year there: keys in the last 12 months, of households living there",
        "入住不满一年：近12个月交房户占在安置地居住户",
    ),
    "workless": (
        "nobody works though somebody could, earlier movers included",
        "有劳动力而无人就业（含此前搬迁户）",
    ),
    "below_line": (
        "below the low-income line, of households living there",
        "低于低收入标准，占在安置地居住户",
    ),
    "arrears": ("in arrears, of households with a loan", "贷款拖欠，占有贷款户"),
    "reason_axis": ("Share of households (%)", "占农户的比例（%）"),
}


class Data(NamedTuple):
    """Steps in order; those that lead away are negative. Means and 5 and 95 % of runs."""

    steps: tuple[str, ...]
    share: np.ndarray  # (steps,): of the pool's persons
    spread: np.ndarray  # (2, steps)
    persons: np.ndarray  # (steps,)
    persons_spread: np.ndarray  # (2, steps)
    reasons: np.ndarray  # (REASONS,): share of households, NaN where there is none to look at
    reasons_spread: np.ndarray  # (2, REASONS)
    closing: int  # the last month in which applications are open
    end: int  # the last month


def data(study: Any) -> Data:
    """Every step that anybody takes; a run without a pool has no shares."""
    persons = by_run(study)
    keep = [step for step in STEPS if step in ALWAYS or persons[step].any()]
    table = np.stack([persons[step] for step in keep])
    pool = persons["pool"]
    shares = table[:, pool > 0] / pool[pool > 0] if (pool > 0).any() else np.zeros((len(keep), 1))
    why_not = reasons_by_run(study)
    levels = (0.05, 0.95)
    known = [row[np.isfinite(row)] for row in why_not]
    known = [row if len(row) else np.full(1, np.nan) for row in known]
    return Data(
        tuple(keep), shares.mean(axis=1), np.quantile(shares, levels, axis=1), table.mean(axis=1),
        np.quantile(table, levels, axis=1), np.array([row.mean() for row in known]),
        np.stack([np.quantile(row, levels) for row in known], axis=1), closing(study), study.months - 1,
    )  # fmt: skip


def closing(study: Any) -> int:
    """The last month in which applications are open."""
    return min(study.scenario.window, study.months) - 1


def by_run(study: Any) -> dict[str, np.ndarray]:
    """Persons of each of STEPS, (runs,) each; steps that lead away are negative, so that they add up to the next total.

    Who lives there at the end are all who were of mover households in the last month less those who went back in it and less the
    elderly who stayed behind; elderly of households that went back in that very month are not told apart and count as unstable.
    """
    first, last = closing(study), study.months - 1
    state: dict[str, np.ndarray] = dict(zip(WHY, study.why[..., 1].sum(axis=1).T, strict=True))
    region = {name: study.region[..., INDICATORS.index(name)] for name in (
        "persons_keys", "persons_returned", "behind_persons", "persons_stable")}  # fmt: skip
    found = {name: -state[name] for name in BEFORE}
    found["pool"] = study.why[..., 1].sum(axis=(1, 2))
    found["moved"] = state["moved"] + state["returned"]
    keys = region["persons_keys"][:, first]
    back = region["persons_returned"]
    just_back = back[:, last] - (back[:, last - 1] if last else 0.0)
    movers = study.income[:, last, GROUPS.index("movers"), INCOMES.index("persons")]
    found["living"] = movers - just_back - region["behind_persons"][:, last]
    found["behind"] = keys - found["moved"]
    found["returned"] = -back[:, last]
    found["later"] = found["living"] + back[:, last] - keys
    found["stable"] = region["persons_stable"][:, last]
    found["unstable"] = found["stable"] - found["living"]
    return found


def reasons_by_run(study: Any) -> np.ndarray:
    """REASONS as shares of households in the last month, (REASONS, runs); NaN where there is none to look at."""
    last = study.months - 1

    def now(name: str) -> np.ndarray:
        return study.region[:, last, INDICATORS.index(name)]

    year = study.region[:, max(last - YEAR + 1, 0) :, INDICATORS.index("new_moved")].sum(axis=1)
    movers = study.income[:, last, GROUPS.index("movers")]
    able = now("labour_households")
    found = {
        "recent": np.minimum(ratio(year, now("moved")), 1.0),
        "workless": ratio(able - now("working_households"), able),
        "below_line": ratio(
            movers[:, INCOMES.index("poor_households")], movers[:, INCOMES.index("households")]
        ),
        "arrears": ratio(now("arrears_households"), now("loan_households")),
    }
    return np.stack([found[name] for name in REASONS])


def rows(study: Any, d: Data) -> list[dict[str, Any]]:
    """One row a step, then one a reason why not stable."""
    words = Words("en")
    dates = [words.iso(study.scenario.start, month) for month in (d.closing, d.end)]
    late = d.steps.index("moved")
    out = [
        {
            "step": step, "total": int(step in TOTALS), "date": dates[k > late],
            "share_of_pool": float(d.share[k]), "share_p05": float(d.spread[0, k]), "share_p95": float(d.spread[1, k]),
            "persons": float(d.persons[k]), "persons_p05": float(d.persons_spread[0, k]),
            "persons_p95": float(d.persons_spread[1, k]), "share_of_households": None,
        }
        for k, step in enumerate(d.steps)
    ]  # fmt: skip
    empty = dict.fromkeys(("share_of_pool", "persons", "persons_p05", "persons_p95"))
    return out + [
        {"step": f"not stable: {name}", "total": 0, "date": dates[1]}
        | empty
        | {
            "share_p05": float(d.reasons_spread[0, k]),
            "share_p95": float(d.reasons_spread[1, k]),
            "share_of_households": float(d.reasons[k]),
        }
        for k, name in enumerate(REASONS)
    ]


def say(words: Words, key: str, **values: Any) -> str:
    said = WORDS[key] if key in WORDS else WHY_WORDS[key]
    return said[words.column].format(**values)


def draw(study: Any, d: Data, words: Words) -> style.Sheet:
    """Steps as bars that hang from the one above, totals from 0; below, what stands in the way of stable."""
    single = len(study.runs) == 1
    line = style.TEXT * style.LEADING
    row, top, axis = max(ROW, line + 1.0), style.NOTE * style.LEADING + 2.0, 2 * line + 3.5
    places = _places(d, row)
    tall = places[-1] + row / 2
    numbers = _numbers(d, words, single)
    head = top + row
    below = head + tall + axis + 2.0
    sheet = _sheet(study, d, words, below + top + row * len(REASONS) + axis, single)
    families = max(style.width_of(text, style.TEXT) for _, text, _ in _families(d, words)) + 3.0
    names = max(style.width_of(say(words, step), style.TEXT) for step in d.steps) + 2.0
    rooms = [max(style.width_of(text, style.TEXT) for text in column) + 2.5 for column in numbers]
    x = style.MARGIN + families + names
    width = style.WIDTH - style.MARGIN - x - sum(rooms)
    sheet.heading(style.MARGIN, top / 2 - 0.5, "a", say(words, "steps"))
    ends = [x + width + rooms[0], x + width + sum(rooms)]
    for column, end in zip(numbers, ends, strict=True):
        sheet.label(end, top + row / 2, column[0], ha="right", color=style.GREY)
        for text, y in zip(column[1:], places, strict=True):
            sheet.label(end, head + y, text, ha="right")
    for y, text, _ in _families(d, words, places):
        sheet.label(style.MARGIN, head + y, text, color=style.GREY)
    for step, y in zip(d.steps, places, strict=True):
        sheet.label(x - 2.0, head + y, say(words, step), ha="right")
    ax = sheet.axes(x, head, width, tall)
    _bars(ax, d, places, row, single)
    ax.set(ylim=(tall, 0), yticks=[], xlim=(0, 100))
    ax.set_xlabel(say(words, "axis"))
    _reasons(sheet, study, d, words, below, top, row, single)
    return sheet


def _sheet(study: Any, d: Data, words: Words, height: float, single: bool) -> style.Sheet:
    start = study.scenario.start
    spread = caption.spread(study, words, "mean_interval")
    date, end = words.date(start, d.closing), words.date(start, d.end)
    title = _title(study, d, words, date, end)
    numbers = _numbers(d, words, single)[0][1:]
    alt = words("comma").join(f"{say(words, step)} {n} %" for step, n in zip(d.steps, numbers, strict=True))
    return style.Sheet(
        height=height, title=title,
        note=say(words, "note" if d.closing < d.end else "note_once", date=date, end=end, spread=spread),
        footnote=caption.footnote(study, words), alt=alt,
    )  # fmt: skip


def _title(study: Any, d: Data, words: Words, date: str, end: str) -> str:
    value = dict(zip(d.steps, d.share, strict=True))
    if not value["pool"]:
        return say(words, "title_empty")
    if not value["moved"]:
        return say(words, "title_nobody", date=date)
    away = min((step for step in d.steps if step in BEFORE), key=lambda step: float(value[step]))
    return say(
        words, "title", moved=_hundredths(value["moved"]), stable=_hundredths(value["stable"]), date=date, end=end,
        reason=say(words, away), share=_hundredths(-value[away]),
        average=words("average") if len(study.runs) > 1 else "",
    )  # fmt: skip


def _hundredths(share: float) -> str:
    """Of 100 persons: whole ones, tenths below 10."""
    return f"{share * 100.0:.{0 if share >= 0.0995 else 1}f}"


def _places(d: Data, row: float) -> list[float]:
    """Middle of each step's bar; families and totals stand apart."""
    places, y, before = [], 0.0, None
    for step in d.steps:
        own = next(
            (name for name, _, states in FAMILIES if step in states), "total" if step in TOTALS else "after"
        )
        if before not in (None, own):
            y += GAP
        before = own
        places.append(y + row / 2)
        y += row
    return places


def _families(d: Data, words: Words, places: list[float] | None = None) -> list[tuple[float, str, str]]:
    """Where the name of each family stands: at its first step."""
    families = [*FAMILIES, ("after", "", ("behind", "later", "returned"))]
    firsts = [(next((s for s in states if s in d.steps), None), name) for name, _, states in families]
    return [
        (places[d.steps.index(step)] if places else 0.0, say(words, name), step)
        for step, name in firsts
        if step
    ]


def _numbers(d: Data, words: Words, single: bool) -> tuple[list[str], list[str]]:
    """Shares and persons as they are written beside the bars, each under its head."""
    shares = [say(words, "share_one" if single else "share")]
    for value, low, high in zip(d.share, *d.spread, strict=True):
        size, ends = abs(value), sorted((abs(low), abs(high)))
        sign = "−" if value < 0 else ""
        text = f"{size * 100.0:.1f}" if size >= 0.0005 or not size else "<0.1"
        span = (f"{end * 100.0:.1f}" for end in ends)
        shares.append(sign + (text if single else words.with_range(text, *span)))
    persons = [say(words, "persons"), *(words.number(value, digits=3) for value in d.persons)]
    return shares, persons


def _bars(ax: Any, d: Data, places: list[float], row: float, single: bool) -> None:
    level = 0.0
    for k, (step, y) in enumerate(zip(d.steps, places, strict=True)):
        size = d.share[k] * 100.0
        start = 0.0 if step in TOTALS else level
        after = start + size
        ax.barh(y, size, row * 0.74, left=start, color=COLOURS[step], lw=0)
        if k + 1 < len(d.steps):
            ax.plot([after, after], [y, places[k + 1]], color=style.GREY, lw=0.4, zorder=0)
        if not single:
            low, high = start + d.spread[:, k] * 100.0
            if high > low:
                ax.plot([low, high], [y, y], color=style.INK, lw=_line(), solid_capstyle="butt")
        level = after


def _line() -> float:
    """Width of the lines that span 5-95 % of runs, points; it grows with the type."""
    return 0.7 * style.TEXT / style.JOURNAL_TYPE["TEXT"]


def _reasons(
    sheet: style.Sheet, study: Any, d: Data, words: Words, y: float, top: float, row: float, single: bool
) -> None:
    end = words.date(study.scenario.start, d.end)
    sheet.heading(style.MARGIN, y + top / 2 - 0.5, "b", say(words, "reasons", end=end))
    y += top
    names = max(style.width_of(say(words, name), style.TEXT) for name in REASONS) + 2.0
    texts = [_reason(d, words, k, single) for k in range(len(REASONS))]
    room = max(style.width_of(text, style.TEXT) for text in texts) + 2.0
    x = style.MARGIN + names
    width = style.WIDTH - style.MARGIN - x - room
    ax = sheet.axes(x, y, width, row * len(REASONS))
    for k, (name, text) in enumerate(zip(REASONS, texts, strict=True)):
        middle = y + row * (k + 0.5)
        sheet.label(x - 2.0, middle, say(words, name), ha="right")
        sheet.label(x + width + 2.0, middle, text)
        if np.isfinite(d.reasons[k]):
            ax.barh(k, d.reasons[k] * 100.0, 0.7, color=style.mix(style.VERMILLION, 0.55), lw=0)
            if not single:
                ax.plot(d.reasons_spread[:, k] * 100.0, [k, k], color=style.INK, lw=_line())
    ax.set(ylim=(len(REASONS) - 0.5, -0.5), yticks=[])
    most = np.nan_to_num(np.array([d.reasons, d.reasons_spread[1]])).max()
    style.from_zero(ax, float(most) * 100.0)
    ax.set_xlabel(say(words, "reason_axis"))


def _reason(d: Data, words: Words, k: int, single: bool) -> str:
    if not np.isfinite(d.reasons[k]):
        return "–"
    value, low, high = (words.percent(v, places=1) for v in (d.reasons[k], *d.reasons_spread[:, k]))
    return value if single else words.with_range(value, low, high)
