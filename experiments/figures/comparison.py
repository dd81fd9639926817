"""Policies side by side: persons moved, additional persons, and what one of them costs, a row a policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from experiments.comparison.judge import Answer, Judged
from experiments.comparison.runs import Comparison
from experiments.comparison.text import SENSES
from experiments.figures import caption, sheets, style
from experiments.figures.text import Words

NAME = "comparison"
PITCH, GAP = 3.0, 2.4  # mm a line of a policy's name, and between policies
GUTTER, LINE = 46.0, 26.0
AXIS, HEAD = 9.0, 6.0
WIDEST = 4.0  # an interval is drawn to so many times the largest estimate


class Mark(NamedTuple):
    """One dot: its value, its interval, the wider span behind it, and words where there is no number."""

    value: float | None
    low: float | None = None
    high: float | None = None
    wide: tuple[float, float] | None = None
    words: str = ""


class Panel(NamedTuple):
    """One measure over the policies of one region."""

    key: str
    colour: str
    marks: list[Mark]


def draw_all(
    c: Comparison, answer: Answer, folder: Path, *, langs: Sequence[str], formats: Sequence[str]
) -> list[Path]:
    """Write the chart as `comparison.<lang>.<format>` and its numbers as `comparison.csv`; returns the paths."""
    return sheets.write(
        folder,
        NAME,
        about=_about(c),
        rows=rows(answer),
        draw=lambda words: draw(c, answer, words),
        langs=langs,
        formats=formats,
    )


def _about(c: Comparison) -> Any:
    """What a caption reads of a study."""
    names = [policy.name for runs in c.regions for policy in runs.region.policies]
    return SimpleNamespace(
        scenario=SimpleNamespace(name=" ".join(names)), id=c.id, seed=c.seed, version=c.version, points=c.points,
        replications=c.replications, runs=np.zeros((c.runs, 3)),
    )  # fmt: skip


def rows(answer: Answer) -> list[dict[str, Any]]:
    """One row a policy and panel; yuan and persons."""
    return [
        {
            "region": region, "policy": policy.name, "measure": panel.key, "value": mark.value, "low": mark.low,
            "high": mark.high, "wide_low": mark.wide and mark.wide[0], "wide_high": mark.wide and mark.wide[1],
        }
        for region in answer.regions
        for panel in panels(answer, region)
        for policy, mark in zip(_of(answer, region), panel.marks, strict=True)
    ]  # fmt: skip


def _of(answer: Answer, region: str) -> list[Judged]:
    return [policy for policy in answer.policies if policy.region == region]


def panels(answer: Answer, region: str) -> list[Panel]:
    """Movers, additional movers and cost of one, by policy."""
    policies = _of(answer, region)
    return [
        Panel("movers", style.BLUE, [_moved(p) for p in policies]),
        Panel("additional", style.GREEN, [_additional(p) for p in policies]),
        Panel("cost", style.VERMILLION, [_cost(p) for p in policies]),
    ]


def _moved(p: Judged) -> Mark:
    s = p.measures["persons"]
    return Mark(None, words="none") if s is None else Mark(s.median, s.low, s.high)


def _additional(p: Judged) -> Mark:
    d = p.additional
    if d is None:
        return Mark(None, words="is_reference")
    return Mark(d.value, d.low, d.high, (d.p05, d.p95) if d.low is not None else None)


def _cost(p: Judged) -> Mark:
    r = p.cost_per_additional
    if r is None:
        return Mark(None, words="is_reference")
    if r.value is None:
        return Mark(None, words="undefined")
    return Mark(None, words=r.sense) if r.sense in SENSES else Mark(r.value, r.low, r.high)


def draw(c: Comparison, answer: Answer, words: Words) -> style.Sheet:
    """A block a region, a panel a measure, each block on scales of its own."""
    labels = {
        region: [style.wrap(_label(p, words), GUTTER, style.TEXT) for p in _of(answer, region)]
        for region in answer.regions
    }
    heights = {region: _places(labels[region])[1] for region in answer.regions}
    columns = _columns(answer, labels, words)
    many = len(answer.regions) > 1
    block = HEAD + AXIS + (4.0 if many else 0.0)
    sheet = style.Sheet(
        height=sum(heights.values()) + block * len(heights),
        title=_title(answer, words),
        note=_note(answer, words),
        footnote=_footnote(c, words),
        alt=_alt(answer, words),
    )
    top = 0.0
    for region in answer.regions:
        if many:
            sheet.label(style.MARGIN, top + 2.0, words("comparison_region", region=region), size=style.NOTE)
            top += 4.0
        _block(sheet, answer, region, labels[region], columns, top, words)
        top += HEAD + heights[region] + AXIS
    return sheet


def _label(p: Judged, words: Words) -> str:
    title = p.title[words.lang]
    return words("comparison_reference", title=title) if p.reference else title


def _places(labels: list[str]) -> tuple[list[float], float]:
    """Middle of each row and height of all, mm."""
    heights = [PITCH * (label.count("\n") + 1) + GAP for label in labels]
    ends = np.cumsum(heights)
    return [float(e - h / 2) for e, h in zip(ends, heights, strict=True)], float(ends[-1])


class Columns(NamedTuple):
    """Where panels begin, how wide they are, and the room for the numbers beside each; mm, the same in every block."""

    start: float
    width: float
    rooms: list[float]


def _columns(answer: Answer, labels: dict[str, list[str]], words: Words) -> Columns:
    written = [_texts(answer, region, words) for region in answer.regions]
    rooms = [
        max(style.width_of(text, style.SMALL) for texts in written for text in texts[k]) + 2.0
        for k in range(3)
    ]
    start = style.MARGIN + max(style.width_of(t, style.TEXT) for own in labels.values() for t in own) + 3.0
    return Columns(start, (style.WIDTH - style.MARGIN - start - sum(rooms) - 8.0) / 3.0, rooms)


def _texts(answer: Answer, region: str, words: Words) -> list[list[str]]:
    """What stands beside the dots, panel by panel."""
    found = panels(answer, region)
    return [[_written(m, _writer(panel, words)[0], words) for m in panel.marks] for panel in found]


def _block(
    sheet: style.Sheet,
    answer: Answer,
    region: str,
    labels: list[str],
    columns: Columns,
    top: float,
    words: Words,
) -> None:
    places, height = _places(labels)
    found, texts = panels(answer, region), _texts(answer, region, words)
    x, width, rooms = columns
    for label, y in zip(labels, places, strict=True):
        sheet.write(style.MARGIN, top + HEAD + y, label, va="center", linespacing=1.2)
    for k, (panel, room) in enumerate(zip(found, rooms, strict=True)):
        unit = _writer(panel, words)[1]
        sheet.heading(x - (3.0 if k else 0.0), top + 2.0, "abc"[k], words(f"comparison_{panel.key}"))
        ax = sheet.axes(x, top + HEAD, width, height)
        _dots(ax, panel, places, unit)
        for y, text in zip(places, texts[k], strict=True):
            sheet.write(x + width + 1.5, top + HEAD + y, text, va="center", size=style.SMALL)
        ax.set(ylim=(height, 0.0), yticks=[])
        ax.set_xlabel(
            words(f"comparison_{panel.key}_axis_scaled" if unit > 1 else f"comparison_{panel.key}_axis")
        )
        ax.xaxis.set_major_formatter(
            lambda v, _, unit=unit: f"{v:,.10g}".replace("-", "−") if unit > 1 else words.number(v)
        )
        x += width + room + 4.0


def _writer(panel: Panel, words: Words) -> tuple[Callable[[float], str], float]:
    """How a panel's numbers are written, and what one unit of its axis is worth."""
    ends = [abs(v) for m in panel.marks for v in (m.value, m.low, m.high) if v is not None]
    unit = 1.0
    if max(ends, default=0.0) >= 2e4:
        unit = 1e4 if words.lang == "zh" else 1e3 if panel.key == "cost" else 1.0
    sign = "+" if panel.key == "additional" else ""

    def write(value: float) -> str:
        return (sign if value > 0 else "") + words.number(value, digits=3)

    return write, unit


def _written(m: Mark, write: Callable[[float], str], words: Words) -> str:
    if m.value is None:
        return words(f"comparison_{m.words.replace(' ', '_').replace(',', '')}")
    if m.low is None or m.high is None:
        return write(m.value)
    span = (" to " if words.lang == "en" else "～").join((write(m.low), write(m.high)))
    return f"{write(m.value)}\n{span}"


def _dots(ax: Any, panel: Panel, places: list[float], unit: float) -> None:
    values = [m.value for m in panel.marks if m.value is not None]
    reach = WIDEST * max((abs(v) for v in values), default=1.0)
    drawn = []
    for y, m in zip(places, panel.marks, strict=True):
        if m.value is None:
            continue
        wide, narrow = m.wide, (m.low, m.high)
        if wide is not None:
            ax.hlines(y, wide[0] / unit, wide[1] / unit, color=style.mix(panel.colour, 0.4), lw=0.9, zorder=1)
            drawn += wide
        if narrow[0] is not None and narrow[1] is not None:
            low, high = max(narrow[0], -reach), min(narrow[1], reach)
            ax.hlines(y, low / unit, high / unit, color=style.mix(panel.colour, 0.45), lw=2.6, zorder=2)
            for end, cut, mark in ((low, low > narrow[0], "<"), (high, high < narrow[1], ">")):
                if cut:  # the interval goes on
                    ax.plot(end / unit, y, mark, ms=3.0, color=panel.colour, mew=0, zorder=3, clip_on=False)
            drawn += [low, high]
        ax.plot(
            m.value / unit, y, "o", ms=4.2, color=panel.colour, mec="white", mew=0.5, zorder=4, clip_on=False
        )
        drawn.append(m.value)
    low, high = min(drawn, default=0.0) / unit, max(drawn, default=0.0) / unit
    if low >= 0.0:
        style.from_zero(ax, high, room=1.05)
    else:
        room = 0.06 * (max(high, 0.0) - low)
        ax.set_xlim(low - room, max(high, 0.0) + room)
        ax.axvline(0.0, color=style.GREY, lw=0.5, zorder=0)
    width = ax.get_position().width * style.WIDTH
    room = style.width_of(f"{max(ax.get_xlim(), key=abs):,.0f}", style.TEXT) + 4.0
    ax.locator_params(axis="x", nbins=int(min(max(width / room, 1.0), 5.0)))
    style.bare(ax, "left")
    for y in places:
        ax.axhline(y, color=style.SHADE, lw=0.6, zorder=0)


def _title(answer: Answer, words: Words) -> str:
    """The policy that adds most to its reference, region by region where there are several."""
    best = {
        region: max(
            (p for p in _of(answer, region) if p.additional),
            key=lambda p: p.additional.value if p.additional else 0.0,
        )
        for region in answer.regions
    }
    if len(best) == 1:
        return _title_of(answer, next(iter(best.values())), words)
    listed = [
        words("comparison_best" if (p.additional.low or 0.0) > 0.0 else "comparison_best_unclear",
              region=region, policy=p.title[words.lang],
              more=_writer(panels(answer, region)[1], words)[0](p.additional.value))
        for region, p in best.items()
        if p.additional
    ]  # fmt: skip
    return words("comparison_title_regions", list=words("comma").join(listed))


def _title_of(answer: Answer, best: Judged, words: Words) -> str:
    """What the best policy of one region adds, and at what cost."""
    d = best.additional
    assert d is not None
    values = dict(
        policy=best.title[words.lang],
        reference=next(p for p in _of(answer, best.region) if p.reference).title[words.lang],
        more=words.number(d.value, digits=3),
    )
    if d.low is not None and d.high is not None and d.low <= 0.0 < d.high:
        return words("comparison_title_unclear", **values)
    if d.value <= 0:
        return words("comparison_title_none", **values)
    r = best.cost_per_additional
    if r is None or r.value is None or r.sense in SENSES:
        return words("comparison_title", **values)
    return words("comparison_title_cost", **values, cost=words.number(r.value, digits=3))


def _alt(answer: Answer, words: Words) -> str:
    """Every policy's numbers, each under its panel's name."""
    said = []
    for region in answer.regions:
        names = [words(f"comparison_{panel.key}") for panel in panels(answer, region)]
        for p, *written in zip(_of(answer, region), *_texts(answer, region, words), strict=True):
            numbers = (
                f"{name} {_on_one_line(text, words)}" for name, text in zip(names, written, strict=True)
            )
            colon = ": " if words.lang == "en" else "："
            said.append(_label(p, words) + colon + words("comma").join(numbers))
    return words("stop").join(said) + words("stop").rstrip()


def _on_one_line(written: str, words: Words) -> str:
    """A value with its interval in brackets; words of two lines stay words."""
    value, _, span = written.partition("\n")
    if not span:
        return value
    number = any(letter.isdigit() for letter in value)
    return words("with_range", value=value, range=span) if number else f"{value} {span}"


def _note(answer: Answer, words: Words) -> str:
    one = answer.points == 1
    key = "one" if one and answer.replications == 1 else "noise" if one else "futures"
    dates = sorted({words.date(window, 0) for _, window, _ in answer.period.values()})
    note = words("comparison_note", date=_list(dates, words)) + words(f"comparison_note_{key}")
    return note + (words("comparison_note_equal") if answer.equalised else "")


def _list(names: Sequence[str], words: Words) -> str:
    return (", " if words.lang == "en" else "、").join(names)


def _footnote(c: Comparison, words: Words) -> list[str]:
    about = _about(c)
    names = words("comparison_names", names=_list(about.scenario.name.split(), words))
    made = words("comparison_made", version=c.version, id=c.id, seed=c.seed)
    lines = [words("comma").join((names, made, caption.size(about, words)))]
    if c.points > 1:
        given = next((runs.given for runs in c.regions if runs.given), None)
        lines[0] += words("stop") + caption.futures(given, words)
    scenarios = [(policy.name, policy.scenario) for runs in c.regions for policy in runs.region.policies]
    together = SimpleNamespace(
        header=scenarios[0][1].header,
        values={(name, key): entry for name, s in scenarios for key, entry in s.values.items()},
        targets=[target for _, s in scenarios for target in s.targets],
    )
    return [*lines, words("sources", list=words("comma").join(caption.sources(together, words)))]
