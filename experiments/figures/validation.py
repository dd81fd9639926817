"""Each fact with the model's interval and the naive forecasts, all relative to the fact."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from experiments.figures import caption, sheets, style
from experiments.figures.reach import round_values
from experiments.figures.text import Words
from experiments.validation.judge import MODEL, Row
from experiments.validation.study import Validation
from experiments.validation.text import FORECASTS, number, sentence, skill
from experiments.wording import Page
from scenarios.baselines import KINDS

NAME = "validation"
NAMES, RIGHT, AXIS, HEAD = 66.0, 25.0, 11.0, 5.5  # mm
LANE = 1.4  # mm, the model above the middle of its line, naive forecasts below
PITCH, GAP = 8.0, 5.0  # mm a fact, and over the first one of a scenario
LEAST, MOST = 0.0, 2.5  # of a forecast over the fact: further away it is an arrow
MARKS: dict[str, dict[str, Any]] = {
    "plan": dict(marker="s", color=style.ORANGE), "even_pace": dict(marker="D", color=style.VERMILLION),
    "last_pace": dict(marker="^", color=style.GREEN), "national": dict(marker="v", color=style.PURPLE),
    "elsewhere": dict(marker="P", color=style.INK),
}  # fmt: skip

WORDS = {
    "note": (
        "Bars: middle 90 % of the runs, points: their median; hollow and *: the outcome is not quite what the fact counts. Skill"
        " below 0: the best naive forecast does better than the model.",
        "横条：模拟结果中间的90%，圆点：中位数；空心及*：口径与事实不完全一致。技巧分小于0：最好的朴素基准优于模型。",
    ),
    "axis": ("Forecast, relative to the fact", "预测值，相对于事实"),
    "fact": ("fact", "事实"),
    "skill": ("skill", "技巧分"),
    "inside": ("inside", "区间内"),
    "outside": ("outside", "区间外"),
    "lies": ("fact lies", "事实位置"),
    "interval": ("model, 90 % interval", "模型，90%区间"),
    "made": (
        "Anju {version}, validation {id}, seed {seed}, {points} futures × {replications} replications a scenario",
        "安居 {version}，检验 {id}，种子 {seed}，每个情景{points}种未来情形 × {replications}次重复",
    ),
    "ranges": ("Futures are drawn from the stated ranges.", "各未来情形取自给定范围。"),
    "posterior": ("Futures are drawn from the posterior {id}.", "各未来情形取自后验 {id}。"),
    "sources": ("Facts: {list}", "事实来源：{list}"),
}  # fmt: skip


def say(words: Words, key: str, **values: Any) -> str:
    return WORDS[key][words.column].format(**values)


def draw_all(v: Validation, folder: Path, *, langs: Sequence[str], formats: Sequence[str]) -> list[Path]:
    """Write the chart as `validation.<lang>.<format>` and its numbers as `validation.csv`; returns the paths."""
    about = SimpleNamespace(
        scenario=SimpleNamespace(name=" ".join(one.case.name for one in v.plan.cases)), id=v.plan.id, seed=v.plan.seed,
        version=v.version, points=v.plan.points, replications=v.plan.replications,
    )  # fmt: skip
    return sheets.write(
        folder,
        NAME,
        about=about,
        rows=rows(v),
        draw=lambda words: draw(v, words),
        langs=langs,
        formats=formats,
    )


def rows(v: Validation) -> list[dict[str, Any]]:
    """One row a fact and forecast, relative to the fact; an interval for the model."""
    found = []
    for row in v.judged.rows:
        told = {"id": row.id, "match": row.match, "fact": row.fact, "unit": row.unit}
        found.append(told | {"forecast": MODEL, "value": row.model / row.fact, "low": row.low / row.fact,
                             "high": row.high / row.fact})  # fmt: skip
        found += [
            told | {"forecast": one.kind, "value": one.value / row.fact, "low": None, "high": None}
            for one in row.naive
        ]
    return found


def draw(v: Validation, words: Words) -> style.Sheet:
    """A line a fact, scenario by scenario."""
    groups = [
        (one.case.scenario.title[words.lang], [row for row in v.judged.rows if row.scenario == one.case.name])
        for one in v.plan.cases
    ]
    body = sum(GAP + PITCH * len(of) for _, of in groups)
    used = _key_height(v, words)
    sheet = style.Sheet(
        height=used + HEAD + body + AXIS, title=sentence(v, words.lang).rstrip(".。"), note=say(words, "note"),
        footnote=_footnote(v, words),
    )  # fmt: skip
    sheet.key(style.MARGIN, 0.0, _key(v, words))
    top, left = used + HEAD, style.MARGIN + NAMES
    width = style.WIDTH - style.MARGIN - RIGHT - left - 2.0
    ax = sheet.axes(left, top, width, body)
    low, high = _limits(v.judged.rows)
    _columns(sheet, words, top - 2.0)
    y = 0.0
    for title, of in groups:
        sheet.label(style.MARGIN, top + y + GAP / 2 + 0.4, title, color=style.GREY)
        ax.axhline(y + 0.3, color=style.FAINT, lw=0.4, zorder=0)
        y += GAP
        for row in of:
            _line(ax, row, y + PITCH / 2 - 0.6, low, high, words)
            _beside(sheet, row, words, top + y + PITCH / 2 - 0.6)
            y += PITCH
    ax.axvline(1.0, color=style.INK, lw=0.7, zorder=1)
    ax.set(xlim=(low, high), ylim=(body, 0.0), yticks=[])
    _ticks(ax, words, low, high)
    style.bare(ax, "left")
    return sheet


def _key(v: Validation, words: Words) -> list[tuple[Any, str]]:
    used = {one.kind for row in v.judged.rows for one in row.naive}
    found: list[tuple[Any, str]] = [
        (dict(color=style.mix(style.BLUE, 0.55), lw=2.6), say(words, "interval")),
    ]
    for kind in KINDS:
        if kind in used:
            found.append(
                (dict(ms=4.0, ls="none", mec="white", mew=0.4, **MARKS[kind]), FORECASTS[kind][words.column])
            )
    return found


def _key_height(v: Validation, words: Words) -> float:
    """Height of the key in mm, as `Sheet.key` breaks it."""
    left = style.MARGIN
    height = 4.0
    for _, said in _key(v, words):
        need = 6.5 + style.width_of(said, style.TEXT) + 4.0
        if left > style.MARGIN and left + need - 4.0 > style.WIDTH - style.MARGIN:
            left, height = style.MARGIN, height + 4.0
        left += need
    return height


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    """Ends of the axis: all forecasts, but none further away than LEAST and MOST."""
    ends = [x / row.fact for row in rows for x in (row.low, row.high, *(one.value for one in row.naive))]
    low, high = max(min(*ends, 0.7), LEAST), min(max(*ends, 1.3), MOST)
    room = 0.03 * (high - low)
    return low - room, high + room


def _line(ax: Any, row: Row, y: float, low: float, high: float, words: Words) -> None:
    colour = style.mix(style.BLUE, 0.55 if row.match == "same" else 0.3)
    span = [x / row.fact for x in sorted((row.low, row.high), key=lambda x: x / row.fact)]
    ends = [min(max(x, low), high) for x in span]
    ax.hlines(y - LANE, *ends, color=colour, lw=2.8, zorder=2)
    for end, x, marker in ((low, span[0], "<"), (high, span[1], ">")):
        if ends[0] < ends[1] and (x < low if marker == "<" else x > high):  # it goes on
            ax.plot(end, y - LANE, marker=marker, ms=4.0, mew=0, color=colour, clip_on=False, zorder=2)
    filled = style.BLUE if row.match == "same" else "white"
    model = dict(marker="o", color=style.BLUE, ms=4.2, mfc=filled, mec=style.BLUE, mew=0.8, zorder=4)
    _mark(ax, row.model / row.fact, y - LANE, low, high, model, words)
    for one in row.naive:
        marks = dict(ms=4.0, mec="white", mew=0.4, zorder=3) | MARKS[one.kind]
        _mark(ax, one.value / row.fact, y + LANE, low, high, marks, words)


def _mark(ax: Any, x: float, y: float, low: float, high: float, marks: dict[str, Any], words: Words) -> None:
    """A forecast; one beyond the axis is an arrow at its end, with how far away it is."""
    if low <= x <= high:
        ax.plot(x, y, ls="none", clip_on=False, **marks)
        return
    end = low if x < low else high
    ax.plot(end, y, ls="none", clip_on=False, **marks | {"marker": "<" if x < low else ">"})
    ax.annotate(_percent(x - 1.0, words), (end, y), xytext=(-2 if x < low else 2, -4), textcoords="offset points",
                ha="left" if x < low else "right", va="top", size=style.SMALL, color=marks["color"])  # fmt: skip


def _columns(sheet: style.Sheet, words: Words, y: float) -> None:
    right = style.WIDTH - style.MARGIN
    sheet.label(right - RIGHT, y, say(words, "lies"), color=style.GREY, size=style.SMALL)
    sheet.label(right, y, say(words, "skill"), color=style.GREY, size=style.SMALL, ha="right")


def _beside(sheet: style.Sheet, row: Row, words: Words, y: float) -> None:
    name = (row.zh if words.lang == "zh" else row.en) + ("*" if row.match == "near" else "")
    page = Page(words.lang, banded=True)
    told = f"{name}{page.say(': ', '：')}{number(page, row.fact, row.unit)}"
    sheet.write(
        style.MARGIN + 2.0, y, style.wrap(told, NAMES - 4.0, style.TEXT), va="center", linespacing=1.1
    )
    right = style.WIDTH - style.MARGIN
    sheet.label(right - RIGHT, y, say(words, "inside" if row.inside else "outside"), size=style.SMALL)
    colour = style.VERMILLION if row.loses else style.INK
    sheet.label(right, y, skill(row.skill), ha="right", color=colour)


def _ticks(ax: Any, words: Words, low: float, high: float) -> None:
    places = [p for p in round_values(low, high, "linear", 7)]
    if not any(abs(p - 1.0) < 1e-9 for p in places):
        places = sorted([*places, 1.0])
    ax.set_xticks(
        places,
        labels=[say(words, "fact") if abs(p - 1.0) < 1e-9 else _percent(p - 1.0, words) for p in places],
    )
    ax.set_xlabel(say(words, "axis"))


def _percent(x: float, words: Words) -> str:
    return f"{100 * x:+,.0f}{' %' if words.lang == 'en' else '%'}".replace("-", "−")


def _footnote(v: Validation, words: Words) -> list[str]:
    plan = v.plan
    made = say(words, "made", version=v.version, id=plan.id, seed=plan.seed, points=plan.points,
               replications=plan.replications)  # fmt: skip
    drawn = say(words, "ranges") if plan.given is None else say(words, "posterior", id=plan.given.id)
    cited = words("comma").join(dict.fromkeys(_short(row.source) for row in v.judged.rows))
    return [f"{made}{words('stop')}{drawn}", say(words, "sources", list=cited)]


def _short(source: str) -> str:
    """The host of an address, else the source as it is, cut where it gets long."""
    return caption.short(source) if "://" in source else style.wrap(source, 50.0, style.SMALL).split("\n")[0]
