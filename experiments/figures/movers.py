"""Movers over time: what is likely, what is chance, and the target."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from experiments.figures import caption, style
from experiments.figures.text import Words
from scenarios.scenario import met, persons_target

NAME = "movers"
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
HEIGHT, LEFT, SIDE = 80.0, 17.0, 40.0

ALT = {
    "line": ("Line chart, persons by month from {first} to {last}.", "折线图：{first}至{last}各月末累计人数。"),
    "band": (
        "By {date}: median {p50}, middle half of the runs {p25} to {p75}, 90 % of them {p05} to {p95}.",
        "到{date}：中位数{p50}人，中间一半模拟为{p25}至{p75}人，90%的模拟为{p05}至{p95}人。",
    ),
    "one": ("By {date}: {p50}.", "到{date}：{p50}人。"),
    "years": ("Median at the end of {list}.", "各年末中位数：{list}。"),
    "year": ("{year}: {value}", "{year}年{value}人"),
    "chance": ("The model's own chance: ±{half}.", "仅随机波动：±{half}人。"),
}  # fmt: skip


class Data(NamedTuple):
    """`persons` (runs, months) at `event`; `at` is the month the target, or else the window, ends on."""

    event: str
    persons: np.ndarray
    futures: np.ndarray  # (points,) means of replications at month `at`, or the runs of an only point
    bands: np.ndarray  # (LEVELS, months)
    chance: np.ndarray  # (months,) half the 5-95 % range between replications of one future; empty if unknown
    at: int
    target: float | None
    reached: float | None  # share of futures, or of the runs of an only point


def data(study: Any) -> Data:
    """Persons over time, for the scenario's first target that counts persons in the whole region."""
    target = persons_target(study.scenario)
    event = getattr(target, "event", None) or "keys"
    persons = study.indicator(f"persons_{event}").sum(axis=2)
    at = counting_month(study)
    ending = by_future(study, persons[:, at])
    chance = np.empty(0)
    if study.replications > 1 and study.points > 1:
        chance = 1.645 * np.sqrt(study.by_point(persons).var(axis=1, ddof=1).mean(axis=0))
    value = reached = None
    if target is not None:
        value = float(target.value)
        reached = float(np.mean(met(target, ending)))
    return Data(event, persons, ending, np.quantile(persons, LEVELS, axis=0), chance, at, value, reached)


def by_future(study: Any, values: np.ndarray) -> np.ndarray:
    """Values by run as means over the replications of a future; of an only future its runs."""
    return study.by_point(values).mean(axis=1) if study.points > 1 else values


def counting_month(study: Any) -> int:
    """The month on which outcomes are counted: the target's date, or the end of the window."""
    target = persons_target(study.scenario)
    return min(target.month if target else study.scenario.window - 1, study.months - 1)


def rows(study: Any, d: Data) -> list[dict[str, Any]]:
    """One row a month."""
    english = Words("en")
    names = [f"persons_p{round(level * 100):02d}" for level in LEVELS]
    return [
        {"month": t, "date": english.iso(study.scenario.start, t), "event": d.event}
        | dict(zip(names, d.bands[:, t].tolist(), strict=True))
        | {
            "target_persons": d.target if t == d.at else None,
            "share_reached": d.reached if t == d.at else None,
        }
        | {"chance_half_range_persons": float(d.chance[t]) if len(d.chance) else None}
        for t in range(study.months)
    ]


def draw(study: Any, d: Data, words: Words) -> style.Sheet:
    """The curve with its bands, and the runs at the target's date."""
    single = len(study.runs) == 1
    unit = 1e4 if words.lang == "zh" and max(d.persons.max(), d.target or 0.0) >= 2e4 else 1.0
    sheet = style.Sheet(
        height=HEIGHT,
        title=_title(study, d, words),
        note=words("movers_note", event=words(f"events.{d.event}")),
        footnote=caption.footnote(study, words),
        alt=_alt(study, d, words),
    )
    key = [(style.BLUE, words("this_run" if single else "median"))]
    marks: list[tuple[Any, str]] = [(dict(color=colour, lw=1.0), text) for colour, text in key]
    if not single:
        marks += [
            (style.mix(style.BLUE, 0.38), words("band_narrow")),
            (style.mix(style.BLUE, 0.17), words("band_wide")),
        ]
    if len(d.chance):
        half = words.number(d.chance[d.at], digits=2)
        marks.append((style.ORANGE, words("chance", half=half)))
    used = sheet.key(LEFT, 0.0, marks)
    width = style.WIDTH - style.MARGIN - LEFT - (0.0 if single else SIDE)
    height = HEIGHT - used - 2.0 - 8.0
    ax = sheet.axes(LEFT, used + 2.0, width, height)
    _curve(ax, study, d, words, unit, single)
    if not single:
        side = sheet.axes(LEFT + width + 3.0, used + 2.0, SIDE - 3.0, height, sharey=ax)
        _ending(side, study, d, words, unit)
    return sheet


def _title(study: Any, d: Data, words: Words) -> str:
    date = words.date(study.scenario.start, d.at)
    median = d.bands[2, d.at]
    values = dict(date=date, median=words.number(median, digits=3))
    if d.persons.max() == 0:
        return words("movers_title_nobody", date=date)
    if d.target is None or d.reached is None:
        return words("movers_title_free", **values)
    values["target"] = words.number(d.target)
    if len(study.runs) == 1:
        return words("movers_title_one_met" if d.reached else "movers_title_one_missed", **values)
    kind = {0.0: "_none", 1.0: "_all"}.get(d.reached, "") if study.points > 1 else "_chance"
    return words("movers_title" + kind, **values, share=words.percent(d.reached))


def _alt(study: Any, d: Data, words: Words) -> str:
    """The picture in words: when, how many at the date, how they got there."""

    def say(key: str, **values: Any) -> str:
        return ALT[key][words.column].format(**values)

    def number(value: float) -> str:
        return words.number(value, digits=3)

    start, at = study.scenario.start, words.date(study.scenario.start, d.at)
    levels = {f"p{round(level * 100):02d}": number(d.bands[k, d.at]) for k, level in enumerate(LEVELS)}
    ends = [t for t in range(study.months) if words.iso(start, t).endswith("-12")]
    years = [say("year", year=words.iso(start, t)[:4], value=number(d.bands[2, t])) for t in ends]
    said = [say("line", first=words.date(start, 0), last=words.date(start, study.months - 1))]
    said.append(say("one" if len(study.runs) == 1 else "band", date=at, **levels))
    said += [say("years", list=(", " if words.lang == "en" else "、").join(years))] if years else []
    said += [say("chance", half=words.number(d.chance[d.at], digits=2))] if len(d.chance) else []
    return (" " if words.lang == "en" else "").join(said)


def _curve(ax: Any, study: Any, d: Data, words: Words, unit: float, single: bool) -> None:
    months, window = study.months, study.scenario.window
    x = np.arange(months + 1)
    p5, p25, p50, p75, p95 = np.hstack([np.zeros((len(LEVELS), 1)), d.bands]) / unit
    top = 1.17 * max(p95.max(), (d.target or 0.0) / unit, 1.0 / unit)
    if window < months:
        ax.axvspan(window, months, color=style.SHADE, lw=0, zorder=0)
        ax.text(
            (window + months) / 2, top * 0.985, words("follow_up"), ha="center", va="top", color=style.GREY
        )
    if not single:
        ax.fill_between(x, p5, p95, color=style.mix(style.BLUE, 0.17), lw=0, zorder=1)
        ax.fill_between(x, p25, p75, color=style.mix(style.BLUE, 0.38), lw=0, zorder=2)
    ax.plot(x, p50, color=style.BLUE, lw=1.0, zorder=4, clip_on=False)
    if len(d.chance):
        half = np.append(0.0, d.chance) / unit
        ax.fill_between(x, np.maximum(p50 - half, 0.0), p50 + half, color=style.ORANGE, lw=0, zorder=3)
    ax.plot([window] * 2, [0, top], color=style.GREY, lw=0.6, zorder=3)
    ends = words("window_end") + "\n" + words.date(study.scenario.start, window - 1)
    ax.text(
        window - 0.012 * months, top * 0.985, ends, ha="right", va="top", color=style.GREY, linespacing=1.25
    )
    if d.target is not None:
        y = d.target / unit
        ax.plot([0, months], [y, y], color=style.VERMILLION, lw=0.9, ls=(0, (4, 2)), zorder=3)
        ax.text(0.012 * months, y + 0.012 * top, words("target", value=words.number(d.target)), va="bottom",
                color=style.VERMILLION)  # fmt: skip
    ax.set(xlim=(0, months), ylim=(0, top))
    calendar(ax, study.scenario.start, months)
    ax.set_ylabel(words("persons_axis_scaled" if unit > 1 else "persons_axis"))
    ax.yaxis.set_major_formatter(lambda v, _: f"{v:.3g}" if unit > 1 else words.number(v))


def _ending(ax: Any, study: Any, d: Data, words: Words, unit: float) -> None:
    final = d.futures / unit
    counts, edges = np.histogram(final, bins=_bins(final, d.target and d.target / unit, ax.get_ylim()[1]))
    ax.barh(
        edges[:-1],
        counts,
        np.diff(edges),
        align="edge",
        color=style.mix(style.BLUE, 0.38),
        ec="white",
        lw=0.4,
    )
    most = counts.max()
    median = d.bands[2, d.at] / unit
    if len(d.chance):
        half = d.chance[d.at] / unit
        ax.fill_between([0, most * 1.1], median - half, median + half, color=style.ORANGE, lw=0)
    ax.plot([0, most * 1.1], [median, median], color=style.BLUE, lw=1.0)
    if d.target is not None and d.reached is not None:
        y, top = d.target / unit, ax.get_ylim()[1]
        ax.plot([0, most * 1.9], [y, y], color=style.VERMILLION, lw=0.9, ls=(0, (4, 2)))
        target = persons_target(study.scenario)
        at_least = target is None or target.at_least
        above, texts = (d.reached, ("reach", "short")) if at_least else (1.0 - d.reached, ("short", "reach"))
        for share, key, gap, va in ((above, texts[0], 0.012, "bottom"), (1 - above, texts[1], -0.012, "top")):
            ax.text(most * 1.88, y + gap * top, words(key, share=words.percent(share)), ha="right", va=va,
                    color=style.VERMILLION)  # fmt: skip
    ax.set(xlim=(0, most * 1.9), xticks=[0, int(most)])
    ax.set_xlabel(
        words(
            "at_date",
            counted=words("count_futures" if study.points > 1 else "count_runs"),
            date=words.date(study.scenario.start, d.at),
        )
    )
    ax.tick_params(labelleft=False, left=False)
    ax.spines["bottom"].set_bounds(0, most)


def _bins(final: np.ndarray, target: float | None, top: float) -> np.ndarray:
    """Edges of equal bars, one of them at the target if it lies among them, so that no bar is on both sides of it."""
    low, high = float(final.min()), float(final.max())
    margin = max(high - low, 0.02 * top) * 0.01
    number = min(max(round(2 * np.sqrt(len(final))), 4), 30)
    width = (high - low + 2 * margin) / number
    start = low - margin
    if target is not None and low < target <= high:
        start = target - width * np.ceil((target - start) / width)
    return start + width * np.arange(np.ceil((high - start) / width + 1e-9) + 1)


def calendar(ax: Any, start: str, months: int) -> None:
    """Year boundaries as ticks, the year's number between them."""
    year, month = int(start[:4]), int(start[5:7])
    first = (13 - month) % 12
    step = max(1, round(months / 12 / 12))
    bounds = [m for m in range(first, months + 1, 12)]
    ax.set_xticks(bounds, labels=[])
    ax.tick_params(axis="x", which="major", length=3.5)
    edges = sorted({0, *bounds, months})
    middles = [(a + b) / 2 for a, b in zip(edges, edges[1:], strict=False) if b - a >= min(5, months)][::step]
    ax.set_xticks(middles, labels=[str(year + (month - 1 + int(m)) // 12) for m in middles], minor=True)
    ax.tick_params(axis="x", which="minor", length=0)
