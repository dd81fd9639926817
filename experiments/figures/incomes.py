"""Four incomes a head: movers and stayers as observed, and a fair comparison by grants withheld at random."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from experiments.figures import caption, style
from experiments.figures.text import Words
from experiments.verdict import SOURCES, Estimate, effect_of_moving
from simulation.outcomes import GROUPS, INCOMES

NAME = "incomes"
OBSERVED, COMPARED = ("movers", "stayers"), ("granted", "withheld")
COLOURS = (style.BLUE, style.ORANGE, style.SKY, style.PURPLE)
START = dict(color=style.INK, marker="v", ms=3.5, mew=0, ls="none")
WHISKER = dict(color=style.INK, lw=0.8)
ROW, HEAD, AXIS, GAP = 7.5, 5.5, 9.0, 3.0  # mm

WORDS = {
    "from": ("start {start} ({change})", "期初{start}（{change}）"),
    "effect": (
        "Effect of moving: income over that at the start, grant paid against withheld",
        "搬迁效应：收入与期初之比，获得补助对暂缓补助",
    ),
    "effect_axis": ("Change in income (%)", "收入变化（%）"),
    "interval": ("{signed}, 95 % interval\n{range}", "{signed}，95%区间\n{range}"),
    "range": ("total, 5–95 % of runs", "合计，5%～95%区间"),
}


def say(words: Words, key: str, **values: Any) -> str:
    return WORDS[key][words.column].format(**values)


class Bar(NamedTuple):
    """Yuan a head a year over the last 12 months; NaN throughout for a group without members."""

    sources: np.ndarray  # (SOURCES,)
    start: float  # income at the start
    low: float  # 5 and 95 % of runs of the total; NaN for pooled groups
    high: float


class Data(NamedTuple):
    """One bar a group, and the effect of moving."""

    bars: dict[str, Bar]
    effect: Estimate | None


def data(study: Any) -> Data:
    """Observed groups as means over runs; compared groups pooled over futures, for few grants are withheld in each."""
    bars = {group: _bar(study.income, group, pooled=False) for group in OBSERVED}
    effect = None
    if study.effect_income is not None and len(study.effect_income):
        bars |= {group: _bar(study.effect_income, group, pooled=True) for group in COMPARED}
        effect = effect_of_moving(study)
    return Data(bars, effect)


def _bar(income: np.ndarray, group: str, *, pooled: bool) -> Bar:
    year = income[:, -12:, GROUPS.index(group)].sum(axis=1)  # (runs, INCOMES)
    if pooled:
        year = year.sum(axis=0, keepdims=True)
    persons = year[:, INCOMES.index("persons")]
    year = year[persons > 0]
    if not len(year):
        nan = float("nan")
        return Bar(np.full(len(SOURCES), nan), nan, nan, nan)
    columns = [INCOMES.index(f"{name}_fen") for name in (*SOURCES, "start")]
    yuan = year[:, columns] * 12.0 / 100.0 / persons[persons > 0, None]
    mean = yuan.mean(axis=0)
    low, high = np.quantile(yuan[:, :-1].sum(axis=1), (0.05, 0.95)) if not pooled else (np.nan, np.nan)
    return Bar(mean[:-1], float(mean[-1]), float(low), float(high))


def rows(study: Any, d: Data) -> list[dict[str, Any]]:
    """One row a group; money in yuan a head a year; the effect stands in the row of the granted."""
    out = []
    for group, bar in d.bars.items():
        effect = d.effect if group == "granted" else None
        out.append(
            {"group": group, "first": Words("en").iso(study.scenario.start, max(study.months - 12, 0))}
            | {"last": Words("en").iso(study.scenario.start, study.months - 1)}
            | {f"{name}_yuan": float(v) for name, v in zip(SOURCES, bar.sources, strict=True)}
            | {"total_yuan": float(bar.sources.sum()), "total_p05_yuan": bar.low, "total_p95_yuan": bar.high}
            | {"start_yuan": bar.start}
            | {"effect": effect and effect.value, "effect_low": effect and effect.low}
            | {"effect_high": effect and effect.high}
        )
    return out


def draw(study: Any, d: Data, words: Words) -> style.Sheet:
    """Stacked bars, one a group; below the fair comparison, what moving itself changes."""
    start, months, single = study.scenario.start, study.months, len(study.runs) == 1
    compared = d.effect is not None
    parts = [("observed", OBSERVED), *([("experiment", COMPARED)] if compared else [])]
    body = sum(HEAD + ROW * len(groups) for _, groups in parts) + GAP * (len(parts) - 1)
    sheet = style.Sheet(
        height=6.0 + body + AXIS + (GAP + HEAD + ROW + AXIS if compared else 6.0),
        title=_title(d, words),
        note=words(
            "incomes_note",
            first=words.date(start, max(months - 12, 0)),
            last=words.date(start, months - 1),
            spread=caption.spread(study, words, "incomes_spread"),
        ),
        footnote=caption.footnote(study, words),
    )
    groups = [group for _, members in parts for group in members]
    written = {group: _written(d.bars[group], words, single) for group in groups}
    since = {group: _since(d.bars[group], words) for group in groups}
    x = style.MARGIN + max(style.width_of(words(group), style.TEXT) for group in groups) + 4.0
    numbers = max(
        max(style.width_of(text, style.TEXT) for text in (*written.values(), _effect(d, words))),
        max(style.width_of(text, style.SMALL) for text in since.values()),
    )
    width = style.WIDTH - style.MARGIN - x - numbers - 3.0
    key: list[tuple[Any, str]] = [(c, words(name)) for c, name in zip(COLOURS, SOURCES, strict=True)]
    key.append((START, words("at_start")))
    if not single:
        key.append((WHISKER, say(words, "range")))
    sheet.key(x, 0.0, key)
    ax = sheet.axes(x, 6.0, width, body)
    shown = [d.bars[group] for group in groups]
    values = np.nan_to_num([bar.sources for bar in shown])
    tops = [values.clip(min=0.0).sum(axis=1), *np.nan_to_num([(bar.start, bar.high) for bar in shown]).T]
    least = float(values.clip(max=0.0).sum(axis=1).min()) * 1.02
    most = max(float(np.max(tops)), 1.0) * 1.02
    style.from_zero(ax, float(np.max(tops)))
    ax.set(xlim=(least, most), ylim=(body, 0), yticks=[])
    y = 0.0
    for letter, (heading, members) in zip("ab", parts, strict=False):
        sheet.heading(x, 6.0 + y + HEAD / 2, letter, words(heading))
        y += HEAD
        for group in members:
            middle = y + ROW / 2
            _stack(ax, d.bars[group], middle, words, width / (most - least))
            sheet.label(x - 2.0, 6.0 + middle, words(group), ha="right")
            told = bool(since[group])
            sheet.label(x + width + 3.0, 6.0 + middle - (1.4 if told else 0.0), written[group])
            sheet.label(x + width + 3.0, 6.0 + middle + 1.6, since[group], size=style.SMALL, color=style.GREY)
            y += ROW
        y += GAP
    ax.set_xlabel(words("income_axis"))
    ax.xaxis.set_major_formatter(lambda v, _: words.number(v))
    style.bare(ax, "left")
    top = 6.0 + body + AXIS + GAP
    if d.effect is None:
        sheet.label(x, top, words("no_effect"), color=style.INK)
        return sheet
    sheet.heading(x, top + HEAD / 2, "c", say(words, "effect"))
    _interval_of(sheet.axes(x, top + HEAD, width, ROW), d.effect, words)
    sheet.write(x + width + 3.0, top + HEAD + ROW / 2, _effect(d, words), va="center")
    return sheet


def _interval_of(ax: Any, effect: Estimate, words: Words) -> None:
    """A dot with its interval, and no effect as a line."""
    low, high = (effect.value if end is None else end for end in (effect.low, effect.high))
    ends = [100.0 * v for v in (low, effect.value, high, 0.0)]
    room = 0.15 * (max(ends) - min(ends)) or 1.0
    ax.plot([0.0, 0.0], [0.0, 1.0], color=style.GREY, lw=0.6, ls=(0, (4, 2)), zorder=1)
    ax.hlines(0.5, 100.0 * low, 100.0 * high, color=style.mix(style.GREEN, 0.5), lw=2.6, zorder=2)
    ax.plot(100.0 * effect.value, 0.5, "o", ms=4.6, color=style.GREEN, mec="white", mew=0.5, zorder=3)
    ax.set(xlim=(min(ends) - room, max(ends) + room), ylim=(0.0, 1.0), yticks=[])
    ax.set_xlabel(say(words, "effect_axis"))
    ax.xaxis.set_major_formatter(lambda v, _: ("+" if v > 0 else "−" if v < 0 else "") + f"{abs(v):.4g}")
    style.bare(ax, "left")


def _stack(ax: Any, bar: Bar, y: float, words: Words, mm: float) -> None:
    """Segments with their amounts where there is room; `mm` is the length of a yuan on paper."""
    if np.isnan(bar.start):
        return
    ends = {True: 0.0, False: 0.0}
    for value, colour in zip(bar.sources, COLOURS, strict=True):
        left = ends[value >= 0]
        ax.barh(y, value, ROW * 0.66, left=left, color=colour, ec="white", lw=0.4)
        text = words.number(value, digits=3)
        if abs(value) * mm > style.width_of(text, style.SMALL) + 2.0:
            ink = "white" if colour == style.BLUE else style.INK
            ax.text(left + value / 2, y, text, ha="center", va="center_baseline", size=style.SMALL, color=ink)
        ends[value >= 0] += value
    ax.plot(bar.start, y - ROW * 0.42, **START, clip_on=False)
    if not np.isnan(bar.low):
        ax.plot([bar.low, bar.high], [y + ROW * 0.42] * 2, **WHISKER, clip_on=False)


def _written(bar: Bar, words: Words, single: bool) -> str:
    if np.isnan(bar.start):
        return words("no_group")
    total = words.number(bar.sources.sum(), digits=3)
    if single or np.isnan(bar.low):
        return total
    return words.with_range(total, words.number(bar.low, digits=3), words.number(bar.high, digits=3))


def _interval(effect: Estimate, words: Words) -> str:
    if effect.low is None or effect.high is None:
        return ""
    return words.percent_span(effect.low, effect.high, places=1, signed=True)


def _since(bar: Bar, words: Words) -> str:
    """Income at the start and by how much it has changed."""
    if np.isnan(bar.start) or bar.start <= 0:
        return ""
    change = words.percent(bar.sources.sum() / bar.start - 1.0, signed=True)
    return say(words, "from", start=words.number(bar.start, digits=3), change=change)


def _effect(d: Data, words: Words) -> str:
    if d.effect is None:
        return ""
    signed = words.percent(d.effect.value, places=1, signed=True)
    interval = _interval(d.effect, words)
    return say(words, "interval", signed=signed, range=interval) if interval else signed


def _title(d: Data, words: Words) -> str:
    totals = {
        group: words.number(np.nan_to_num(bar.sources).sum(), digits=3) for group, bar in d.bars.items()
    }
    if all(np.isnan(bar.start) for bar in d.bars.values()):
        return words("why_title_empty")
    if np.isnan(d.bars["movers"].start):
        return words("incomes_title_nobody", stayers=totals["stayers"])
    if d.effect is None:
        return words("incomes_title_plain", movers=totals["movers"], stayers=totals["stayers"])
    values = dict(
        effect=words.percent(abs(d.effect.value), places=1),
        signed=words.percent(d.effect.value, places=1, signed=True),
        range=_interval(d.effect, words),
    )
    if d.effect.low is None or d.effect.high is None:
        return words("incomes_title_few", **values)
    key = "up" if d.effect.low > 0 else "down" if d.effect.high < 0 else "unclear"
    return words(f"incomes_title_{key}", **values)
