"""Is a target within reach: chance as a map, shares of futures against the zones of the verdict, and what binds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from experiments.figures import caption, lever, sheets, style
from experiments.figures.text import Words
from experiments.priors import Uncertain
from experiments.reach.judge import Share
from experiments.reach.map import CONTOURS, Map
from experiments.reach.relax import Gain
from experiments.reach.study import Reach
from experiments.reach.text import FAMILIES, PRIORS, difference, sentence, signed
from experiments.vary import Factor
from experiments.wording import Page
from scenarios.show import quantity

NAME = "reach"
MAP, HEADING, AXIS, BAR = 74.0, 6.0, 14.0, 3.0  # mm
PITCH = 6.5  # mm a row of the panels on the right
COLUMN = 78.0  # mm, the panels on the right, names and numbers included
NEVER, EVEN, ALWAYS = style.mix(style.VERMILLION, 0.85), "#ffffff", style.mix(style.BLUE, 0.85)
LINES = {0.1: (0, (1, 1.2)), 0.5: "-", 0.9: (0, (4, 1.5))}
LEVELS = 20

WORDS = {
    "note": (
        "P: probability over the model's own chance, other uncertainties at their central values. Share: of futures, with an"
        " interval that holds while runs are added. Policy as it is.",
        "P：只含模型随机波动的概率，其余不确定因素取中心值。占比：各未来情形中达标的比例，所附区间在边模拟边查看时有效。政策不变。",
    ),
    "map": ("Chance of reaching it", "达到目标的概率"),
    "shares": ("Share of futures, by prior", "各先验下的未来情形占比"),
    "shares_given": ("Probability given the facts", "事实条件下的概率"),
    "share_axis_given": ("Probability of reaching it (%)", "达到目标的概率（%）"),
    "note_given": (
        "Map: probability over the model's own chance, other uncertainties at their central values. Right: over the posterior, with"
        " an interval that holds while runs are added. Policy as it is.",
        "左图：只含模型随机波动的概率，其余不确定因素取中心值。右图：按后验的概率，所附区间在边模拟边查看时有效。政策不变。",
    ),
    "gains": ("What stands in the way: each eased alone", "制约因素：逐项放宽"),
    "central": ("central values", "中心值"),
    "contour": ("P = {p}", "P={p}"),
    "share_axis": ("Share of futures that reach it (%)", "达到目标的未来情形占比（%）"),
    "p_axis": ("P (%)", "P（%）"),
    "better": ("Better by ({unit})", "改善（{unit}）"),
    "not_reached": ("not reached", "达不到"),
    "between": ("in between", "介于其间"),
    "reached": ("reached", "能达到"),
    "persons": ("persons", "人"),
    "outcome": ("the target's unit", "目标单位"),
    "made": ("Anju {version}, reach {id}, seed {seed}, {runs} runs", "安居 {version}，可达性 {id}，种子 {seed}，{runs}次模拟"),
}  # fmt: skip


def say(words: Words, key: str, **values: Any) -> str:
    return WORDS[key][words.column].format(**values)


def _given(key: str, r: Reach) -> str:
    """The words for futures drawn from a posterior, where they are."""
    return key if r.plan.given is None else f"{key}_given"


def draw_all(r: Reach, folder: Path, *, langs: Sequence[str], formats: Sequence[str]) -> list[Path]:
    """Write the chart as `reach.<lang>.<format>` and its numbers as `reach.csv`, and `lever` likewise where shares along a
    lever were asked for; returns the paths."""
    about = SimpleNamespace(
        scenario=r.plan.scenario, id=r.plan.id, seed=r.plan.seed, version=r.version,
        points=sum(share.runs for share in r.shares), replications=1,
    )  # fmt: skip
    charts = [
        (NAME, rows(r), draw),
        *([(lever.NAME, lever.rows(r), lever.draw)] if r.curve is not None else []),
    ]
    return [
        path
        for name, table, drawn in charts
        for path in sheets.write(
            folder, name, about=about, rows=table, draw=lambda words, drawn=drawn: drawn(r, words), langs=langs,
            formats=formats,
        )
    ]  # fmt: skip


def rows(r: Reach) -> list[dict[str, Any]]:
    """One row a share, a gain and a cell of the map."""
    empty = dict.fromkeys(("panel", "name", "x", "y", "value", "low", "high"))
    found = [
        empty | {"panel": "share", "name": s.prior, "value": s.share, "low": s.low, "high": s.high}
        for s in r.shares
    ]
    found += [
        empty | {"panel": "gain", "name": g.family, "value": g.value, "low": g.low, "high": g.high}
        for g in r.gains
    ]
    if r.map is not None:
        places = [side.ravel() for side in np.meshgrid(*r.map.grid, indexing="xy")]
        names = "-".join(axis.name for axis in r.map.axes)
        ys = places[1] if len(places) > 1 else [None] * len(places[0])
        found += [
            empty | {"panel": "map", "name": names, "x": x, "y": y, "value": p}
            for x, y, p in zip(places[0], ys, r.map.probability.ravel(), strict=True)
        ]
    return found


def draw(r: Reach, words: Words) -> style.Sheet:
    """The map on the left, shares and gains on the right; without a map the panels take the width."""
    beside = (
        HEADING
        + PITCH * (len(r.shares) + 1)
        + AXIS
        + (HEADING + PITCH * len(r.gains) + AXIS if r.gains else 0.0)
    )
    body = max(beside, HEADING + MAP + AXIS) if r.map is not None else beside
    sheet = style.Sheet(
        height=body,
        title=sentence(r, words.lang).rstrip(".。"),
        note=say(words, _given("note", r)),
        footnote=footnote(r, words),
    )
    left = style.MARGIN
    if r.map is not None:
        _map(sheet, r, r.map, words, style.WIDTH - 2 * style.MARGIN - COLUMN - 6.0, body)
        left = style.WIDTH - style.MARGIN - COLUMN
    _beside(sheet, r, words, left, "bc" if r.map is not None else "ab")
    return sheet


def footnote(r: Reach, words: Words) -> list[str]:
    s = r.plan.scenario
    name = words("scenario", name=s.name, title=s.title[words.lang])
    if laid := s.laid_over():
        name += words("laid_over", list=words("comma").join(laid))
    made = say(
        words,
        "made",
        version=r.version,
        id=r.plan.id,
        seed=r.plan.seed,
        runs=words.number(sum(r.runs.values())),
    )
    lines = [words("comma").join((name, made))]
    if r.plan.uncertain:
        lines[0] += words("stop") + caption.futures(r.plan.given, words)
    return [*lines, words("sources", list=words("comma").join(caption.sources(s, words)))]


# The map


def _map(sheet: style.Sheet, r: Reach, m: Map, words: Words, width: float, body: float) -> None:
    sheet.heading(style.MARGIN, 2.0, "a", say(words, "map"))
    used = HEADING
    two = len(m.axes) > 1
    names = [_axis_name(x, r, words) for x in m.axes]
    gutter = 15.0
    across = width - gutter - (BAR + 9.0 if two else 0.0)
    if two:
        used += sheet.key(style.MARGIN + gutter, used - 1.0, _lines(words), until=style.MARGIN + width)
    height = body - used - AXIS
    ax = sheet.axes(style.MARGIN + gutter, used, across, height)
    if two:
        _plane(sheet, ax, m, words, style.MARGIN + gutter + across + 2.0, used, height)
        ax.set_ylabel(style.wrap(names[1], height, style.TEXT))
        ticks(ax.yaxis, m.axes[1], words, most=7)
        ax.set_ylim(m.axes[1].low, m.axes[1].high)
    else:
        _curve(ax, m, words)
    ax.set_xlabel(style.wrap(names[0], across + gutter / 2, style.TEXT))
    ticks(ax.xaxis, m.axes[0], words, most=6)
    ax.set_xlim(m.axes[0].low, m.axes[0].high)


def _lines(words: Words) -> list[tuple[Any, str]]:
    marks: list[tuple[Any, str]] = [
        (
            dict(color=style.INK, lw=1.2 if p == 0.5 else 0.8, ls=LINES[p]),
            say(words, "contour", p=words.percent(p)),
        )
        for p in CONTOURS
    ]
    dot = dict(color=style.INK, marker="o", ms=4.2, ls="none", mec="white", mew=0.6)
    return [*marks, (dot, say(words, "central"))]


def _plane(sheet: style.Sheet, ax: Any, m: Map, words: Words, x: float, y: float, height: float) -> None:
    colours = LinearSegmentedColormap.from_list("chance", [NEVER, EVEN, ALWAYS])
    _scales(ax, m)
    levels = np.linspace(0.0, 1.0, LEVELS + 1)
    filled = ax.contourf(*m.grid, np.clip(m.probability, 0.0, 1.0), levels=levels, cmap=colours)
    filled.set_edgecolor("face")
    for p in CONTOURS:
        if m.probability.min() < p < m.probability.max():
            ax.contour(
                *m.grid, m.probability, levels=[p], colors=[style.INK],
                linewidths=1.2 if p == 0.5 else 0.8, linestyles=[LINES[p]],
            )  # fmt: skip
    ax.plot(*(a.central for a in m.axes), "o", ms=4.2, color=style.INK, mec="white", mew=0.6, clip_on=False)
    bar = sheet.axes(x, y, BAR, height)
    middles = (levels[1:] + levels[:-1]) / 2.0
    bar.barh(levels[:-1], 1.0, 1.0 / LEVELS, align="edge", color=[colours(v) for v in middles], lw=0)
    bar.set(xlim=(0, 1), ylim=(0, 1), xticks=[])
    bar.yaxis.tick_right()
    bar.set_yticks([0.0, 0.1, 0.5, 0.9, 1.0], labels=[words.percent(v) for v in (0.0, 0.1, 0.5, 0.9, 1.0)])
    style.bare(bar, "left", "bottom")


def _scales(ax: Any, m: Map) -> None:
    for axis, x in zip("xy", m.axes, strict=False):
        if x.scale == "log":
            getattr(ax, f"set_{axis}scale")("log")


def _curve(ax: Any, m: Map, words: Words) -> None:
    _scales(ax, m)
    ax.axhline(0.5, color=style.GREY, lw=0.5, zorder=0)
    ax.plot(m.grid[0], m.probability, color=style.BLUE, clip_on=False)
    ax.axvline(m.axes[0].central, color=style.GREY, lw=0.6, ls=(0, (4, 2)))
    ax.annotate(say(words, "central"), (m.axes[0].central, 1.0), (2, -2), xycoords=("data", "axes fraction"),
                textcoords="offset points", va="top", color=style.GREY)  # fmt: skip
    ax.set(ylim=(0.0, 1.0), yticks=[0.0, 0.1, 0.5, 0.9, 1.0])
    ax.yaxis.set_major_formatter(lambda v, _: f"{100 * v:.0f}")
    ax.set_ylabel(say(words, "p_axis"))


def _axis_name(x: Uncertain, r: Reach, words: Words) -> str:
    unit = _unit_said(_unit(x, r), words)
    name = r.labels[x.name][words.lang]
    if not unit:
        return name
    return f"{name} ({unit})" if words.lang == "en" else f"{name}（{unit}）"


def _unit(x: Uncertain, r: Reach) -> str:
    return next(factor.unit for factor in r.plan.factors if factor.name == x.name)


def _unit_said(unit: str, words: Words) -> str:
    return quantity(0.0, unit, words.lang).removeprefix("0").strip()


def ticks(axis: Any, x: Uncertain | Factor, words: Words, *, most: int) -> None:
    """A few round values in the range, on its scale."""
    size = 0.01 if abs(x.high) <= 2.0 and abs(x.low) <= 2.0 and _is_share(x) else 1.0
    places = round_values(x.low / size, x.high / size, x.scale, most)
    axis.set_ticks([p * size for p in places], labels=[_number(p, words) for p in places])
    axis.set_ticks([], minor=True)


def _is_share(x: Uncertain | Factor) -> bool:
    from scenarios import assemble

    return assemble.parameter(x.name).unit.split("/")[0] in ("share", "1")


def _number(value: float, words: Words) -> str:
    return words.number(value) if abs(value) >= 1000 else f"{value:.6g}".replace("-", "−")


def round_values(low: float, high: float, scale: str, most: int) -> list[float]:
    """At most `most` round numbers from `low` to `high`, evenly spread on the scale."""
    if scale != "log":
        for step in sorted(m * 10.0**e for e in range(-6, 10) for m in (1.0, 2.0, 2.5, 5.0)):
            first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
            if last - first + 1 <= most:
                return [float(f"{k * step:.10g}") for k in range(first, last + 1)]
    for mantissas in ((1, 1.5, 2, 3, 4, 5, 7), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        found = [
            m * 10.0**e
            for e in range(-9, 13)
            for m in mantissas
            if low * 0.999 <= m * 10.0**e <= high * 1.001
        ]
        if len(found) <= most:
            return [float(f"{v:.10g}") for v in found]
    return [low, high]


# Beside it


def _beside(sheet: style.Sheet, r: Reach, words: Words, left: float, letters: str) -> None:
    full = style.WIDTH - style.MARGIN - left
    names = [PRIORS[s.prior][words.lang == "zh"] for s in r.shares]
    shares = [_share(s, words) for s in r.shares]
    room = max(style.width_of(n, style.TEXT) for n in names) + 3.0
    right = max(style.width_of(text, style.SMALL) for text in shares) + 2.0
    top = HEADING
    sheet.heading(left, 2.0, letters[0], say(words, _given("shares", r)))
    height = PITCH * (len(r.shares) + 1)
    ax = sheet.axes(left + room, top, full - room - right, height)
    _shares(ax, r, words)
    for k, (said, name) in enumerate(zip(shares, names, strict=True)):
        y = top + PITCH * (k + 1.5)
        sheet.label(left, y, name)
        sheet.label(left + full - right + 1.5, y, said, size=style.SMALL)
    if not r.gains:
        return
    top += height + AXIS
    sheet.heading(left, top + 2.0, letters[1], say(words, "gains"))
    _gains(sheet, r, words, left, top + HEADING, full)


def _share(share: Share, words: Words) -> str:
    if not share.runs:
        return "–"
    return words.with_range(words.percent(share.share), words.percent(share.low), words.percent(share.high))


def _shares(ax: Any, r: Reach, words: Words) -> None:
    edge = r.plan.question.probability
    n = len(r.shares)
    below = n / (n + 1.0)  # the zones' names stand over them, because they are wider
    ax.axvspan(0.0, 1.0 - edge, ymax=below, color=style.mix(style.VERMILLION, 0.22), lw=0, zorder=0)
    ax.axvspan(edge, 1.0, ymax=below, color=style.mix(style.BLUE, 0.22), lw=0, zorder=0)
    for x, ha, key in ((0.0, "left", "not_reached"), (0.5, "center", "between"), (1.0, "right", "reached")):
        ax.text(x, 0.55, say(words, key), ha=ha, va="center", color=style.GREY, size=style.SMALL)
    for k, share in enumerate(r.shares):
        ax.hlines(k + 1.5, share.low, share.high, color=style.mix(style.PURPLE, 0.55), lw=2.6, zorder=2)
        if share.runs:
            ax.plot(share.share, k + 1.5, "o", ms=4.2, color=style.PURPLE, mec="white", mew=0.5, zorder=3,
                    clip_on=False)  # fmt: skip
    ticks = [1.0 - edge, 0.5, edge]
    ax.set(xlim=(0.0, 1.0), ylim=(n + 1.0, 0.0), yticks=[])
    ax.set_xticks(ticks, labels=[f"{100 * t:.3g}" for t in ticks])
    ax.set_xlabel(say(words, _given("share_axis", r)))
    style.bare(ax, "left")


def _gains(sheet: style.Sheet, r: Reach, words: Words, left: float, top: float, full: float) -> None:
    gains = sorted(r.gains, key=lambda g: -g.value if math.isfinite(g.value) else math.inf)
    form = difference(Page(words.lang, banded=True), r)
    names = [FAMILIES[g.family][words.lang == "zh"] for g in gains]
    room = min(max(style.width_of(name, style.TEXT) for name in names) + 3.0, 0.48 * full)
    right = max(style.width_of(_gain(g, form), style.SMALL) for g in gains) + 2.0
    ax = sheet.axes(left + room, top, full - room - right, PITCH * len(gains))
    ends = [v for g in gains for v in (g.value, g.low, g.high) if math.isfinite(v)]
    low, high = min(0.0, *ends, 0.0), max(0.0, *ends, 0.0)
    margin = 0.05 * (high - low) or 1.0
    for k, g in enumerate(gains):
        y = top + PITCH * (k + 0.5)
        sheet.write(left, y, style.wrap(names[k], room - 1.0, style.TEXT), va="center", linespacing=1.1)
        colour = style.GREEN if g.family == r.binding.family else style.GREY
        if math.isfinite(g.low):
            ax.hlines(k + 0.5, g.low, g.high, color=style.mix(colour, 0.5), lw=2.6, zorder=2)
        if math.isfinite(g.value):
            ax.plot(
                g.value, k + 0.5, "o", ms=4.2, color=colour, mec="white", mew=0.5, zorder=3, clip_on=False
            )
        sheet.label(left + full - right + 1.5, y, _gain(g, form), size=style.SMALL)
    ax.axvline(0.0, color=style.GREY, lw=0.5, zorder=1)
    ax.set(xlim=(low - margin, high + margin), ylim=(len(gains), 0.0), yticks=[])
    ax.locator_params(axis="x", nbins=4)
    ax.xaxis.set_major_formatter(lambda v, _: form(v).replace("-", "−") if v else "0")
    unit = say(words, "persons" if r.plan.question.target.unit == "persons" else "outcome")
    ax.set_xlabel(say(words, "better", unit=unit))
    style.bare(ax, "left")


def _gain(g: Gain, form: Callable[[float], str]) -> str:
    return signed(g.value, form) if math.isfinite(g.value) else "–"
