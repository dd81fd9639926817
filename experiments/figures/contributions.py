"""What each family of levers contributes: its Shapley value, and what it changes alone and last; a row a family."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from experiments.comparison.judge import Difference
from experiments.contributions.judge import Answer
from experiments.contributions.runs import Contributions
from experiments.contributions.text import clear
from experiments.figures import caption, sheets, style
from experiments.figures.text import WORDS, Words

NAME = "contributions"
PITCH, GAP = 3.0, 3.4  # mm a line of a family's name, and between families
GUTTER = 40.0
AXIS, HEAD, KEY = 9.0, 5.0, 4.5
BAR = 3.4

WORDS |= {
    "contributions_title": (
        '{family} contributes most to what "{policy}" changes: {value} of {whole}{unit}',
        "“{policy}”带来的差值（{whole}{unit}）中，{family}贡献最大：{value}",
    ),
    "contributions_title_unclear": (
        'Whether "{policy}" changes it at all is unclear: {whole}{unit}',
        "“{policy}”是否带来变化尚不明确：{whole}{unit}",
    ),
    "contributions_title_none": (
        'No family of levers stands out in what "{policy}" changes: {whole}{unit}',
        "“{policy}”带来的差值（{whole}{unit}）中，没有哪类杠杆突出",
    ),
    "contributions_target": ('Counted by the target "{name}"', "计目标“{name}”的结果"),
    "contributions_outcome": ("Counted: {name}", "计{name}"),
    "contributions_note": (
        '{outcome}, against "{reference}". a: mean effect of a family over all orders of putting families in (Shapley value); they add'
        " up to the whole difference. b: the same family alone, and added once all others are in. ",
        "{outcome}，与“{reference}”相比。a：该类杠杆在所有加入次序下效应的均值（Shapley值），合计即总差值。"
        "b：单独采用，以及其他各类都采用后再加入。",
    ),
    "contributions_note_futures": (
        "Means over futures, lines their 95 % intervals; pale: the interval contains 0.",
        "各未来情形的均值，线段为95%置信区间；浅色表示区间含0。",
    ),
    "contributions_note_noise": (
        "Means over replications at the central values, lines their 95 % intervals: chance alone; pale: the interval contains 0.",
        "中心值下各次重复的均值，线段为95%置信区间，只反映随机波动；浅色表示区间含0。",
    ),
    "contributions_note_one": (
        "One run a combination at the central values: no intervals.",
        "每种组合按中心值模拟一次，没有区间。",
    ),
    "contributions_panel": ("Contribution", "贡献"),
    "contributions_orders": ("Alone and last", "单独采用与最后加入"),
    "contributions_first": ("alone", "单独采用"),
    "contributions_last": ("added to all others", "最后加入"),
    "contributions_sum": ("Whole difference", "总差值"),
    "contributions_axis": ("Difference ({unit})", "差值（{unit}）"),
    "contributions_persons": ("persons", "人"),
    "contributions_yuan": ("yuan", "元"),
    "contributions_count": ("count", "数量"),
    "contributions_points": ("percentage points", "百分点"),
    "contributions_ratio": ("ratio", "比值"),
    "contributions_persons_scaled": ("persons", "万人"),
    "contributions_count_scaled": ("count", "万"),
    "contributions_of": ("Scenarios {policy}, {reference}", "情景 {policy}、{reference}"),
    "contributions_made": (
        "Anju {version}, contributions {id}, seed {seed}",
        "安居 {version}，贡献分解编号 {id}，种子 {seed}",
    ),
    "contributions_size": (
        "{combinations} combinations of families in each, {runs} runs",
        "各 {combinations} 种杠杆组合，共 {runs} 次模拟",
    ),
}


class Scale(NamedTuple):
    """How differences of the outcome are drawn and written: one unit of the axis and its name, a number with its sign.

    `plain` is the unit of what `write` writes.
    """

    unit: float
    name: str
    write: Callable[[float], str]
    plain: str


class Row(NamedTuple):
    """One family, or the whole; `first` and `last` are None for the whole."""

    id: str
    label: str
    value: Difference
    first: Difference | None
    last: Difference | None


def draw_all(
    c: Contributions, answer: Answer, folder: Path, *, langs: Sequence[str], formats: Sequence[str]
) -> list[Path]:
    """Write the chart as `contributions.<lang>.<format>` and its numbers as `contributions.csv`; returns the paths."""
    return sheets.write(
        folder,
        NAME,
        about=_about(c),
        rows=rows(answer),
        draw=lambda words: draw(c, answer, words),
        langs=langs,
        formats=formats,
    )


def _about(c: Contributions) -> Any:
    """What a caption reads of a study."""
    names = f"{c.game.policy.name} {c.game.reference.name}"
    return SimpleNamespace(
        scenario=SimpleNamespace(name=names), id=c.id, seed=c.seed, version=c.version, points=c.points,
        replications=c.replications, runs=range(c.points * c.replications),
    )  # fmt: skip


def rows(answer: Answer) -> list[dict[str, Any]]:
    """One row a family and measure, in the outcome's own unit."""
    return [
        {"family": row.id, "outcome": answer.outcome, "measure": name, "value": d.value, "low": d.low, "high": d.high}
        for row in _rows(answer, Words("en"))
        for name, d in (("contribution", row.value), ("first", row.first), ("last", row.last))
        if d is not None
    ]  # fmt: skip


def _rows(answer: Answer, words: Words) -> list[Row]:
    found = [Row(f.id, f.title[words.lang], f.contribution, f.first, f.last) for f in answer.families]
    return [*found, Row("all", words("contributions_sum"), answer.whole, None, None)]


def draw(c: Contributions, answer: Answer, words: Words) -> style.Sheet:
    """Contributions as bars, and beside them what each family changes alone and last."""
    found = _rows(answer, words)
    scale = _scale(found, answer, words)
    labels = [style.wrap(row.label, GUTTER, style.TEXT) for row in found]
    places, height = _places(labels)
    sheet = style.Sheet(
        height=HEAD + KEY + height + AXIS, title=_title(answer, scale, words), note=_note(answer, words),
        footnote=_footnote(c, answer, words),
    )  # fmt: skip
    start = style.MARGIN + max(style.width_of(label, style.TEXT) for label in labels) + 3.0
    texts = [_written(row.value, scale, words) for row in found]
    room = max(style.width_of(text, style.SMALL) for text in texts) + 3.0
    width = (style.WIDTH - style.MARGIN - start - room - 10.0) / 2.0
    top = HEAD + KEY
    for label, y in zip(labels, places, strict=True):
        sheet.write(style.MARGIN, top + y, label, va="center", linespacing=1.2)
    sheet.heading(start, 2.0, "a", words("contributions_panel"))
    bars = sheet.axes(start, top, width, height)
    _bars(bars, found, places, scale)
    for y, text in zip(places, texts, strict=True):
        sheet.write(start + width + 1.5, top + y, text, va="center", size=style.SMALL)
    x = start + width + room + 8.0
    sheet.heading(x, 2.0, "b", words("contributions_orders"))
    sheet.key(x, HEAD - 0.5, [(_mark(style.ORANGE, "s"), words("contributions_first")),
                              (_mark(style.GREEN, "o"), words("contributions_last"))])  # fmt: skip
    dots = sheet.axes(x, top, width, height)
    _orders(dots, found, places, scale)
    for ax in (bars, dots):
        _finish(ax, height, scale, words)
    return sheet


def _mark(colour: str, marker: str) -> dict[str, Any]:
    return dict(color=colour, marker=marker, ms=4.0, mec="white", mew=0.5, ls="none")


def _places(labels: list[str]) -> tuple[list[float], float]:
    """Middle of each row and height of all, mm; the whole stands a little apart."""
    heights = [PITCH * (label.count("\n") + 1) + GAP for label in labels]
    ends = np.cumsum(heights) + np.r_[np.zeros(len(labels) - 1), 1.5]
    return [float(e - h / 2) for e, h in zip(ends, heights, strict=True)], float(ends[-1])


def _scale(found: list[Row], answer: Answer, words: Words) -> Scale:
    """Persons as they are or in 万, money in a unit that suits it, shares in percentage points."""
    differences = [d for row in found for d in (row.value, row.first, row.last) if d]
    largest = max(abs(v) for d in differences for v in (d.value, d.low, d.high) if v is not None)
    if answer.unit == "share":
        name = words("contributions_points")
        return Scale(0.01, name, lambda v: _signed(f"{abs(100.0 * v):.2f}", v), name)
    if answer.unit == "ratio":
        name = words("contributions_ratio")
        return Scale(1.0, name, lambda v: _signed(f"{abs(v):.3f}", v), name)
    if answer.unit == "yuan" and largest >= 2e4:
        unit, name = words.money(largest)
        return Scale(unit, name, lambda v: _signed(f"{float(f'{abs(v) / unit:.3g}'):,.10g}", v), name)
    kind = answer.unit if answer.unit in ("yuan", "persons") else "count"
    plain, scaled = words(f"contributions_{kind}"), words.lang == "zh" and largest >= 2e4
    name = words(f"contributions_{kind}_scaled") if scaled else plain
    return Scale(1e4 if scaled else 1.0, name, lambda v: _signed(words.number(abs(v), digits=3), v), plain)


def _signed(written: str, value: float) -> str:
    if not any(digit in written for digit in "123456789"):
        return written
    return ("+" if value > 0 else "−") + written


def _written(d: Difference, scale: Scale, words: Words) -> str:
    if d.low is None or d.high is None or scale.write(d.low) == scale.write(d.high):
        return scale.write(d.value)
    span = (" to " if words.lang == "en" else "～").join((scale.write(d.low), scale.write(d.high)))
    return f"{scale.write(d.value)}\n{span}"


def _bars(ax: Any, found: list[Row], places: list[float], scale: Scale) -> None:
    for row, y in zip(found, places, strict=True):
        colour = style.BLUE if row.first else style.GREY
        value, low, high = (
            None if v is None else v / scale.unit for v in (row.value.value, row.value.low, row.value.high)
        )
        shade = colour if clear(row.value) else style.mix(colour, 0.45)
        ax.barh(y, value, height=BAR, color=shade, lw=0, zorder=2)
        if low is not None:
            ax.hlines(y, low, high, color=style.INK, lw=0.8, zorder=3)
    _span(ax, [v for row in found for v in (row.value.value, row.value.low, row.value.high)], scale)


def _orders(ax: Any, found: list[Row], places: list[float], scale: Scale) -> None:
    drawn = []
    for row, y in zip(found, places, strict=True):
        if row.first is None or row.last is None:
            continue
        for d, shift, mark in (
            (row.first, -0.9, _mark(style.ORANGE, "s")),
            (row.last, 0.9, _mark(style.GREEN, "o")),
        ):
            if d.low is not None and d.high is not None:
                ax.hlines(
                    y + shift,
                    d.low / scale.unit,
                    d.high / scale.unit,
                    color=style.mix(mark["color"], 0.45),
                    lw=2.0,
                )
            ax.plot(d.value / scale.unit, y + shift, zorder=4, clip_on=False, **mark)
            drawn += [d.value, d.low, d.high]
    _span(ax, drawn, scale)


def _span(ax: Any, values: Sequence[float | None], scale: Scale) -> None:
    """From the least to the most with a little room, 0 among them."""
    drawn = [0.0, *(v / scale.unit for v in values if v is not None)]
    low, high = min(drawn), max(drawn)
    room = 0.05 * (high - low) or 1.0
    ax.set_xlim(
        low - room if low < 0 else 0.0 if high > 0 else -room, high + room if high > 0 else room * (low == 0)
    )
    ax.axvline(0.0, color=style.GREY, lw=0.5, zorder=1)


def _finish(ax: Any, height: float, scale: Scale, words: Words) -> None:
    ax.set(ylim=(height, 0.0), yticks=[])
    ax.set_xlabel(words("contributions_axis", unit=scale.name))
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.10g}".replace("-", "−"))
    width = ax.get_position().width * style.WIDTH
    widest = style.width_of(f"{max(ax.get_xlim(), key=abs):,.0f}", style.TEXT) + 4.0
    ax.locator_params(axis="x", nbins=int(min(max(width / widest, 1.0), 6.0)))
    style.bare(ax, "left")


def _title(answer: Answer, scale: Scale, words: Words) -> str:
    between = " " if words.lang == "en" else ""
    named = answer.unit in ("yuan", "persons", "share")
    values = dict(
        policy=answer.title["policy"][words.lang],
        whole=scale.write(answer.whole.value),
        unit=between + scale.plain if named else "",
    )
    if not clear(answer.whole):
        return words("contributions_title_unclear", **values)
    first = answer.families[0]
    if not clear(first.contribution) or first.contribution.value * answer.whole.value <= 0:
        return words("contributions_title_none", **values)
    family = first.title[words.lang]
    return words("contributions_title", **values, family=family, value=scale.write(first.contribution.value))


def _note(answer: Answer, words: Words) -> str:
    key = "futures" if answer.points_used > 1 else "noise" if answer.replications > 1 else "one"
    counted = "contributions_target" if answer.target else "contributions_outcome"
    return words(
        "contributions_note", outcome=words(counted, name=answer.names[words.lang]),
        reference=answer.title["reference"][words.lang],
    ) + words(f"contributions_note_{key}")  # fmt: skip


def _footnote(c: Contributions, answer: Answer, words: Words) -> list[str]:
    about = words("contributions_of", policy=answer.policy, reference=answer.reference)
    made = words("contributions_made", version=c.version, id=c.id, seed=c.seed)
    size = words("contributions_size", combinations=c.game.combinations, runs=answer.runs)
    lines = [words("comma").join((about, made, caption.size(_about(c), words), size))]
    if c.points > 1:
        lines[0] += words("stop") + words("futures")
    scenarios = (c.game.reference, c.game.policy)
    together = SimpleNamespace(
        header=c.game.policy.header,
        values={(s.name, key): entry for s in scenarios for key, entry in s.values.items()},
        targets=list(c.game.policy.targets),
    )
    return [*lines, words("sources", list=words("comma").join(caption.sources(together, words)))]
