"""In which futures a plan fails: limits over their ranges, futures as dots, the trade-off; the tree; policies and regret."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from experiments.discovery.cases import Input
from experiments.discovery.prim import Found
from experiments.discovery.regret import Score
from experiments.discovery.said import (
    CRITERIA,
    counted,
    is_said,
    limits_said,
    many,
    question_sentence,
    robust_sentence,
)
from experiments.discovery.study import Discovery
from experiments.discovery.tree import Node
from experiments.figures import caption, sheets, style
from experiments.figures.reach import round_values
from experiments.figures.text import Words
from experiments.wording import Page
from scenarios.show import quantity

BOXES, TREE, REGRET = "boxes", "tree", "regret"
INNER = style.WIDTH - 2 * style.MARGIN
ROW, BAR, HEADING, AXIS = 9.0, 2.6, 6.0, 13.0  # mm
NAMES, SAID = 52.0, 40.0  # mm, left and right of the bars
PANEL = 66.0  # mm, height of the panels below
LEAF, SHARES = 13.0, 48.0  # mm, a leaf of the tree and the bars behind it
PITCH, KEYS = 8.0, 9.5  # mm a policy, and what marks mean above them
BESIDE = 5.5  # points between a box's corner and its number, which hides no dot
CLEAN, HIT = style.SKY, style.VERMILLION
MOST_DOTS = 3000

WORDS = {
    "boxes_note": (
        "Bars: the part of each input's range inside the box; dark lines: where the limit lies in 95 % of resamples. Diamond:"
        " coverage and density among points left out of the search, with 95 % intervals.",
        "条形：情景框在各因素取值范围内所占部分；深色线：95%的重抽样中界限所在。菱形：未参与搜索者的覆盖率与密度及95%区间。",
    ),
    "none_note": (
        "No box is better than chance: shuffled data give as good a one. The dots show the inputs that came first in the search.",
        "没有情景框优于偶然：打乱数据也能得到同样好的框。图中为搜索时最先出现的因素。",
    ),
    "limits": ("Limits of the boxes", "情景框的界限"),
    "box": ("box {n}: {density} {happens}, {coverage} of all such", "情景框{n}：{density}{happens}，占全部此类{coverage}"),
    "dots": ("The points, over two inputs", "各点在两项因素上的位置"),
    "dots_futures": ("Futures, over two inputs", "各未来情形在两项因素上的位置"),
    "hit": ("{happens}", "{happens}"),
    "clean": ("not", "否则"),
    "outline": ("box (number); dashed: other inputs limit it too", "情景框（编号）；虚线：另有其他因素的界限"),
    "trade": ("Trade-off: the smaller the box, the denser", "取舍：框越小，密度越高"),
    "coverage": ("Coverage (% of all such)", "覆盖率（占全部此类%）"),
    "density": ("Density (% {happens})", "密度（{happens}%）"),
    "steps": ("on the way, darker: more inputs limited", "搜索过程，越深受限因素越多"),
    "final": ("box 1", "情景框1"),
    "left_out": ("left-out points", "未参与者"),
    "tree_title": (
        "As a tree of questions: right for {right} of left-out runs, against {common} by guessing the commoner",
        "决策树：对未参与的模拟判断正确{right}，一律猜多数为{common}",
    ),
    "tree_nothing": ("As a tree of questions: nothing better than chance", "决策树：不优于偶然"),
    "tree_note": (
        "Read from the left; each row on the right is one kind of {what}. Pruned by cross-validation in {folds} parts.",
        "自左向右阅读，右侧每行为一类{what}。经{folds}折交叉验证剪枝。",
    ),
    "tree_share": ("% {happens}", "{happens}%"),
    "leaf": ("{counted}; {coverage} of all such", "{counted}，占全部此类{coverage}"),
    "regret_note": (
        "The same {n} futures under the same luck for every policy. Filled marks: best by that measure. Regret: how far a policy falls"
        " short of the one that is best in that future. What a policy costs is not weighed.",
        "各政策在同样的{n}种未来情形中模拟，随机数相同。实心：该项最好。后悔值：与该未来情形中最好政策的差距。"
        "未计政策成本。",
    ),
    "satisficing": ("Futures that reach the target (%)", "达标未来情形占比（%）"),
    "outcome": ("Outcome{unit}", "结果{unit}"),
    "regret": ("Regret{unit}", "后悔值{unit}"),
    "tenth": ("worst tenth", "最差一成"),
    "mean": ("mean", "平均"),
    "p90": ("P90", "P90"),
    "most": ("largest", "最大"),
    "unit": (" ({unit})", "（{unit}）"),
    "made": (
        "Anju {version}, discovery {id}, seed {seed}, {runs} runs of {counted}",
        "安居 {version}，情景发现 {id}，种子 {seed}，{counted}、{runs}次模拟",
    ),
    "named": ("{policy}: {criteria}", "“{policy}”：{criteria}"),
    "target": ("target", "目标"),
}  # fmt: skip


def say(words: Words, key: str, **values: Any) -> str:
    return WORDS[key][words.column].format(**values)


def draw_all(d: Discovery, folder: Path, *, langs: Sequence[str], formats: Sequence[str]) -> list[Path]:
    """Write the charts that have something to show, each as `<chart>.<lang>.<format>` with its numbers as CSV; returns the paths."""
    from experiments.discovery import store

    about = SimpleNamespace(
        scenario=d.scenario, id=d.id, seed=d.settings.seed, version=d.version, points=len(d.case.points),
        replications=d.case.replications,
    )  # fmt: skip
    tables = dict(store.tables(d))
    charts: list[tuple[str, str, Callable[[Discovery, Words], style.Sheet]]] = []
    if d.search is not None:
        charts.append((BOXES, "limits" if d.search.boxes else "futures", boxes))
    if d.tree is not None and d.tree.found:
        charts.append((TREE, "tree", tree))
    if d.regrets is not None:
        charts.append((REGRET, "policies", regret))
    written = []
    for name, table, draw in charts:
        columns = tables[table]
        rows = [
            dict(zip(columns, row, strict=True))
            for row in zip(*(c.tolist() for c in columns.values()), strict=True)
        ]
        written += sheets.write(
            folder,
            name,
            about=about,
            rows=rows,
            draw=lambda words, draw=draw: draw(d, words),
            langs=langs,
            formats=formats,
        )
    return written


def _footnote(d: Discovery, words: Words) -> list[str]:
    s = d.scenario
    name = words("scenario", name=s.name, title=s.title[words.lang])
    if laid := s.laid_over():
        name += words("laid_over", list=words("comma").join(laid))
    made = say(
        words, "made", version=d.version, id=d.id, seed=d.settings.seed, runs=f"{d.case.runs:,}",
        counted=counted(_page(words), d, len(d.case.points)),
    )  # fmt: skip
    line = words("comma").join((name, made))
    if d.case.futures:
        line += words("stop") + caption.futures(d.given, words)
    return [line, words("sources", list=words("comma").join(caption.sources(s, words)))]


def _page(words: Words) -> Page:
    return Page(words.lang, banded=True)


# Boxes


def boxes(d: Discovery, words: Words) -> style.Sheet:
    """Limits over ranges above; below, points over the two leading inputs, and coverage against density."""
    assert d.search is not None
    rows = [(n, found, k) for n, found in enumerate(d.search.boxes, 1) for k in found.order]
    above = HEADING + ROW * len(rows) + 4.5 * len(d.search.boxes) + 3.0 if rows else 0.0
    sheet = style.Sheet(
        height=above + HEADING + 8.0 + PANEL + AXIS,
        title=question_sentence(d, words.lang).rstrip(".。"),
        note=say(words, "boxes_note" if rows else "none_note"),
        footnote=_footnote(d, words),
    )
    if rows:
        _limits(sheet, d, words, rows)
    half = (INNER - 10.0) / 2
    _dots(sheet, d, words, above, half, "b" if rows else "a")
    _trade_off(sheet, d, words, above, style.MARGIN + half + 10.0, half, "c" if rows else "b")
    return sheet


def _limits(sheet: style.Sheet, d: Discovery, words: Words, rows: list[tuple[int, Found, int]]) -> None:
    page = _page(words)
    sheet.heading(style.MARGIN, 2.0, "a", say(words, "limits"))
    top, last = HEADING, 0
    for number, found, k in rows:
        if number != last:
            text = say(
                words, "box", n=number, density=page.share(found.density), coverage=page.share(found.coverage),
                happens=is_said(page, d.case.event),
            )  # fmt: skip
            sheet.label(style.MARGIN, top + 2.0, text, color=style.GREY)
            top, last = top + 4.5, number
        _bar(sheet, d.case.inputs[k], found, k, words, top)
        top += ROW


def _bar(sheet: style.Sheet, one: Input, found: Found, k: int, words: Words, top: float) -> None:
    """One input: its range, the part inside the box, and how sure the limits are."""
    page = _page(words)
    middle = top + 2.6
    sheet.write(
        style.MARGIN,
        middle,
        style.wrap(one.label[words.lang], NAMES - 3.0, style.TEXT),
        va="center",
        linespacing=1.1,
    )
    wide = INNER - NAMES - SAID
    ax = sheet.axes(style.MARGIN + NAMES, top, wide, 5.2)
    ax.set(xlim=(0.0, 1.0), ylim=(0.0, 5.2), xticks=[], yticks=[])
    style.bare(ax, "left", "bottom")
    low, high = (min(max(float(v), 0.0), 1.0) for v in (found.box.low[k], found.box.high[k]))
    bottom = 2.6 - BAR / 2
    ax.add_patch(Rectangle((0.0, bottom), 1.0, BAR, facecolor=style.SHADE, edgecolor=style.FAINT, lw=0.4))
    ax.add_patch(Rectangle((low, bottom), high - low, BAR, facecolor=style.mix(HIT, 0.55), lw=0))
    for side, place in enumerate((low, high)):
        if math.isfinite(found.box[side][k]):
            ends = found.stability.places[k, side]
            if np.isfinite(ends).all():
                ax.plot(np.clip(ends, 0.0, 1.0), [2.6, 2.6], color=style.INK, lw=1.1, solid_capstyle="butt")
            ax.plot([place, place], [bottom - 0.7, bottom + BAR + 0.7], color=style.INK, lw=1.4)
    behind = _unit_said(one.unit, words)
    left, right = (_bare(value, one, words) for value in (one.low, one.high))
    sheet.label(style.MARGIN + NAMES, top + 6.4, left, size=style.SMALL, color=style.GREY)
    sheet.label(
        style.MARGIN + NAMES + wide,
        top + 6.4,
        f"{right} {behind}".strip(),
        size=style.SMALL,
        color=style.GREY,
        ha="right",
    )
    said = limits_said(page, one, float(found.box.low[k]), float(found.box.high[k]))
    sheet.write(
        style.WIDTH - style.MARGIN - SAID + 3.0,
        middle,
        style.wrap(said, SAID - 3.0, style.TEXT),
        va="center",
        linespacing=1.1,
    )


def _bare(value: float, one: Input, words: Words) -> str:
    """A value without its unit."""
    from experiments.reach.text import written

    behind = quantity(0.0, one.unit, words.lang).removeprefix("0") if one.unit != "flag" else ""
    said = written(value, one.unit, words.lang)
    return said.removesuffix(behind).removesuffix(behind.strip()).strip() or said


def _unit_said(unit: str, words: Words) -> str:
    return "" if unit == "flag" else quantity(0.0, unit, words.lang).removeprefix("0").strip()


def leading(d: Discovery) -> list[int]:
    """The two inputs that tell most: limited ones, box by box, then those limited most often, or first in the search."""
    assert d.search is not None
    found = [k for box in d.search.boxes for k in box.order]
    if d.search.boxes:
        shares = d.search.boxes[0].stability.restricted
        found += sorted(range(len(shares)), key=lambda k: -shares[k])
    found += [k for step in d.search.steps for k in step.box.inputs]
    return list(dict.fromkeys([*found, *range(len(d.case.inputs))]))[:2]


def _dots(sheet: style.Sheet, d: Discovery, words: Words, top: float, wide: float, letter: str) -> None:
    assert d.search is not None
    x = style.MARGIN
    happens = is_said(_page(words), d.case.event)
    sheet.heading(x, top + 2.0, letter, say(words, "dots_futures" if d.case.futures else "dots"))
    keys: list[tuple[Any, str]] = [
        (dict(color=CLEAN, marker="o", ms=3.0, ls="none"), say(words, "clean")),
        (dict(color=HIT, marker="o", ms=3.0, ls="none"), say(words, "hit", happens=happens)),
    ]
    if d.search.boxes:
        keys.append((dict(color=style.INK, lw=1.0), say(words, "outline")))
    sheet.key(x + 12.0, top + 5.0, list(reversed(keys[:2])) + keys[2:], until=x + wide + 5.0)
    two = leading(d)
    ax = sheet.axes(x + 14.0, top + HEADING + 8.0, wide - 14.0, PANEL)
    values = d.case.values[:MOST_DOTS]
    share = (d.case.sample.hits / d.case.sample.runs)[:MOST_DOTS]
    order = np.argsort(share, kind="stable")  # hits on top
    across = values[order, two[0]]
    up = values[order, two[1]] if len(two) > 1 else share[order]
    colours = LinearSegmentedColormap.from_list("hits", [CLEAN, HIT])
    ax.scatter(
        across,
        up,
        c=share[order],
        cmap=colours,
        vmin=0.0,
        vmax=1.0,
        s=6.0 if len(values) < 600 else 2.5,
        lw=0,
        zorder=2,
    )
    for axis, k in zip("xy", two, strict=False):
        _axis(ax, axis, d.case.inputs[k], words, wide - 14.0 if axis == "x" else PANEL)
    for number, found in enumerate(d.search.boxes, 1):
        _outline(ax, d, found, two, number, np.column_stack([across, up]))


def _axis(ax: Any, axis: str, one: Input, words: Words, room: float) -> None:
    if one.scale == "log":
        getattr(ax, f"set_{axis}scale")("log")
    unit = _unit_said(one.unit, words)
    name = one.label[words.lang] + (say(words, "unit", unit=unit) if unit else "")
    getattr(ax, f"set_{axis}label")(style.wrap(name, room, style.TEXT))
    size = 0.01 if one.unit.split("/")[0] in ("share", "1") else 1.0
    places = [p * size for p in round_values(one.low / size, one.high / size, one.scale, 6)]
    target = getattr(ax, f"{axis}axis")
    target.set_ticks(places, labels=[_bare(p, one, words) for p in places])
    target.set_ticks([], minor=True)
    margin = 0.02
    ends = [one.value(-margin), one.value(1.0 + margin)]
    getattr(ax, f"set_{axis}lim")(*ends)


def _outline(ax: Any, d: Discovery, found: Found, two: Sequence[int], number: int, dots: np.ndarray) -> None:
    """A box in the plane of two inputs; dashed where other inputs limit it too. Its number keeps clear of the dots, (dots, 2)."""
    if not set(two) & set(found.box.inputs):
        return
    sides = []
    for k in two:
        one = d.case.inputs[k]
        ends = (max(float(found.box.low[k]), -0.012), min(float(found.box.high[k]), 1.012))
        sides.append([one.value(end) for end in ends])
    if len(sides) < 2:
        sides.append([0.0, 1.0])
    (left, right), (low, high) = sides
    alone = set(found.box.inputs) <= set(two)
    ax.add_patch(Rectangle((left, low), right - left, high - low, fill=False, edgecolor=style.INK, lw=1.0,
                           ls="-" if alone else (0, (4, 2)), zorder=4))  # fmt: skip
    place, offset = _clear(ax, [(x, y) for y in (high, low) for x in (right, left)], dots)
    ax.annotate(
        str(number),
        place,
        offset,
        textcoords="offset points",
        ha="center",
        va="center",
        size=style.NOTE,
        zorder=5,
    )


def _clear(
    ax: Any, corners: Sequence[tuple[float, float]], dots: np.ndarray
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The corner, and how far from it in points, at which a number is farthest from all dots."""
    points = ax.figure.dpi / 72.0
    there = ax.transData.transform(dots) / points
    spots = [
        (corner, (side * BESIDE, up * BESIDE)) for corner in corners for up in (-1, 1) for side in (-1, 1)
    ]

    def room(spot: tuple[tuple[float, float], tuple[float, float]]) -> float:
        at = ax.transData.transform(spot[0]) + np.array(spot[1]) * points
        if not ax.bbox.contains(*at):
            return -1.0
        return float(np.hypot(*(there - at / points).T).min())

    return max(spots, key=room)


def _trade_off(
    sheet: style.Sheet, d: Discovery, words: Words, top: float, x: float, wide: float, letter: str
) -> None:
    assert d.search is not None
    sheet.heading(x, top + 2.0, letter, say(words, "trade"))
    page = _page(words)
    keys: list[tuple[Any, str]] = [
        (dict(color=style.BLUE, marker="o", ms=3.0, ls="none"), say(words, "steps"))
    ]
    if d.search.boxes:
        keys += [
            (dict(color=HIT, marker="o", ms=4.5, ls="none"), say(words, "final")),
            (dict(color=HIT, marker="D", ms=3.5, ls="none", mfc="white"), say(words, "left_out")),
        ]
    sheet.key(x, top + 5.0, keys, until=style.WIDTH - style.MARGIN + 2.0)
    ax = sheet.axes(x + 10.0, top + HEADING + 8.0, wide - 10.0, PANEL)
    steps = d.search.steps or ()
    most = max((len(s.box.inputs) for s in steps), default=0) or 1
    for s in steps:
        ax.plot(100 * s.coverage, 100 * s.density, "o", ms=3.0, mew=0, zorder=3,
                color=style.mix(style.BLUE, min(0.2 + 0.8 * (len(s.box.inputs) / most), 1.0)))  # fmt: skip
    base = 100 * d.case.sample.density
    ax.axhline(base, color=style.GREY, lw=0.5, ls=(0, (4, 2)), zorder=1)
    if d.search.boxes:
        f = d.search.boxes[0]
        c, e = f.stability.coverage, f.stability.density
        if math.isfinite(c.value) and math.isfinite(e.value):
            pale = style.mix(HIT, 0.6)
            ax.hlines(100 * e.value, 100 * c.low, 100 * c.high, color=pale, lw=1.0, zorder=2)
            ax.vlines(100 * c.value, 100 * e.low, 100 * e.high, color=pale, lw=1.0, zorder=2)
            ax.plot(100 * c.value, 100 * e.value, "D", ms=3.8, color=HIT, mfc="white", zorder=5)
        ax.plot(
            100 * f.coverage,
            100 * f.density,
            "o",
            ms=5.0,
            color=HIT,
            mec="white",
            mew=0.6,
            zorder=5,
            clip_on=False,
        )
    lowest = np.nanmin([base] + ([100 * d.search.boxes[0].stability.density.low] if d.search.boxes else []))
    ax.set(xlim=(0.0, 102.0), ylim=(max(10.0 * math.floor((lowest - 5.0) / 10.0), 0.0), 102.0))
    ax.set_xlabel(say(words, "coverage"))
    ax.set_ylabel(say(words, "density", happens=is_said(page, d.case.event)))


# The tree


def tree(d: Discovery, words: Words) -> style.Sheet:
    """Questions from left to right, and behind each leaf how often it happens there."""
    t = d.tree
    assert t is not None
    page = _page(words)
    what, happens = many(page, d), is_said(page, d.case.event)
    body = HEADING + LEAF * len(t.leaves) + 6.0
    sheet = style.Sheet(
        height=body,
        title=say(words, "tree_title", right=page.share(t.accuracy), common=page.share(t.majority)),
        note=say(words, "tree_note", what=what, folds=t.folds),
        footnote=_footnote(d, words),
    )
    depth = max(node.depth for node in t.nodes)
    column = (INNER - SHARES) / (depth + 1)
    middles = _middles(t.nodes)
    ax = sheet.axes(style.MARGIN, HEADING, INNER - SHARES, LEAF * len(t.leaves))
    ax.set(xlim=(0.0, INNER - SHARES), ylim=(LEAF * len(t.leaves), 0.0))
    ax.axis("off")
    ends = {at: _cell(ax, d, words, node, column, middles[at]) for at, node in enumerate(t.nodes)}
    for at, node in enumerate(t.nodes):
        for child in (node.left, node.right) if node.input is not None else ():
            x, y, end = (node.depth + 1) * column - 4.0, middles[at], middles[child]
            ax.plot([x, x, x + 3.0], [y, end, end], color=style.GREY, lw=0.6, solid_joinstyle="miter")
            ax.plot([node.depth * column + ends[at] + 1.5, x], [y, y], color=style.GREY, lw=0.6)
        if node.input is None:
            ax.plot(
                [node.depth * column + ends[at] + 1.5, INNER - SHARES],
                [middles[at]] * 2,
                color=style.FAINT,
                lw=0.5,
            )
    _leaves(sheet, d, words, middles, happens)
    return sheet


def _middles(nodes: Sequence[Node]) -> dict[int, float]:
    """Height of each node in mm: leaves one under the other, a parent between its children."""
    found: dict[int, float] = {}
    leaves = 0

    def place(at: int) -> float:
        nonlocal leaves
        node = nodes[at]
        if node.input is None:
            found[at] = LEAF * (leaves + 0.5)
            leaves += 1
        else:
            found[at] = (place(node.left) + place(node.right)) / 2.0
        return found[at]

    place(0)
    return found


def _cell(ax: Any, d: Discovery, words: Words, node: Node, column: float, y: float) -> float:
    """What leads to a node, and what is asked there; returns the width of its words in mm."""
    lines: list[tuple[str, str]] = []
    if node.path:
        input, side, place = node.path[-1]
        ends = (place, math.inf) if side == 0 else (-math.inf, place)
        said = limits_said(_page(words), d.case.inputs[input], *ends)
        lines += [(line, style.BLUE) for line in style.wrap(said, column - 6.0, style.TEXT).split("\n")]
    if node.input is not None:
        label = d.case.inputs[node.input].label[words.lang]
        lines += [(line, style.INK) for line in style.wrap(label, column - 6.0, style.TEXT).split("\n")]
    step = style.TEXT * style.LEADING * 0.9
    start = y - step * (len(lines) - 1) / 2.0
    for k, (line, colour) in enumerate(lines):
        ax.text(
            node.depth * column, start + k * step, line, va="center_baseline", color=colour, size=style.TEXT
        )
    return max(style.width_of(line, style.TEXT) for line, _ in lines)


def _leaves(sheet: style.Sheet, d: Discovery, words: Words, middles: dict[int, float], happens: str) -> None:
    t = d.tree
    assert t is not None
    page = _page(words)
    x = style.WIDTH - style.MARGIN - SHARES + 2.0
    sheet.label(x, 2.0, say(words, "tree_share", happens=happens), size=style.NOTE)
    for at, node in enumerate(t.nodes):
        if node.input is not None:
            continue
        y = HEADING + middles[at]
        ax = sheet.axes(x, y - 1.8, SHARES - 14.0, 3.6)
        ax.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0), xticks=[], yticks=[])
        style.bare(ax, "left", "bottom")
        ax.add_patch(Rectangle((0.0, 0.0), 1.0, 1.0, facecolor=style.mix(CLEAN, 0.35), lw=0))
        ax.add_patch(Rectangle((0.0, 0.0), node.density, 1.0, facecolor=style.mix(HIT, 0.75), lw=0))
        sheet.label(x + SHARES - 13.0, y, page.share(node.density))
        told = say(words, "leaf", counted=counted(page, d, node.points), coverage=page.share(node.coverage))
        sheet.label(x, y + 3.6, told, size=style.SMALL, color=style.GREY)


# Policies


def regret(d: Discovery, words: Words) -> style.Sheet:
    """A row a policy: how often it reaches the target, how bad it gets, and how much it is regretted."""
    r = d.regrets
    assert r is not None and d.case.event.question is not None
    high = PITCH * len(r.scores)
    sheet = style.Sheet(
        height=HEADING + KEYS + high + 8.0,
        title=robust_sentence(d, words.lang).rstrip(".。"),
        note=say(words, "regret_note", n=f"{int(r.kept.sum()):,}"),
        footnote=[*_named(d, words), *_footnote(d, words)],
    )
    titles = {policy.name: policy.title[words.lang] for policy in d.policies}
    room = min(max(style.width_of(titles[s.name], style.TEXT) for s in r.scores) + 3.0, 44.0)
    for k, s in enumerate(r.scores):
        y = HEADING + KEYS + PITCH * (k + 0.5)
        sheet.write(
            style.MARGIN, y, style.wrap(titles[s.name], room - 2.0, style.TEXT), va="center", linespacing=1.1
        )
    unit, factor = _scale(d, words)
    wide = (INNER - room - 12.0) / 3
    panels = (("satisficing", _share_panel), ("outcome", _outcome_panel), ("regret", _regret_panel))
    for k, (key, draw) in enumerate(panels):
        x = style.MARGIN + room + k * (wide + 6.0)
        sheet.heading(
            x, 2.0, "abc"[k], say(words, key, unit=unit) if key != "satisficing" else say(words, key)
        )
        ax = sheet.axes(x, HEADING + KEYS, wide, high)
        draw(sheet, ax, d, words, x, wide, factor)
        ax.set_ylim(len(r.scores), 0.0)
        ax.set_yticks([])
        ax.locator_params(axis="x", nbins=4)
        ax.xaxis.set_major_formatter(lambda v, _: _plain(v, words))
        style.bare(ax, "left")
    return sheet


def _plain(value: float, words: Words) -> str:
    return words.number(value) if abs(value) >= 1000 else f"{value:.6g}".replace("-", "−")


def _named(d: Discovery, words: Words) -> list[str]:
    """Which criteria name which policy, where they do not agree."""
    assert d.regrets is not None
    if d.regrets.agreed:
        return []
    page = _page(words)
    titles = {policy.name: policy.title[words.lang] for policy in d.policies}
    by_policy = {
        titles[s.name]: [page.name(CRITERIA[c.criterion]) for c in d.regrets.choices if s.name in c.policies]
        for s in d.regrets.scores
    }
    said = [
        say(words, "named", policy=policy, criteria=page.say(", ", "，").join(criteria))
        for policy, criteria in by_policy.items()
        if criteria
    ]
    return [words("comma").join(said)]


def _scale(d: Discovery, words: Words) -> tuple[str, float]:
    """The outcome's unit as a chart says it, and what numbers are divided by."""
    assert d.case.event.question is not None
    t = d.case.event.question.target
    if t.unit == "yuan":
        factor, name = words.money(abs(t.value) or 1e6)
        return say(words, "unit", unit=name), factor
    said = _unit_said(t.unit, words)
    return (say(words, "unit", unit=said) if said else ""), 0.01 if t.unit == "share" else 1.0


def _share_panel(
    sheet: style.Sheet, ax: Any, d: Discovery, words: Words, x: float, wide: float, factor: float
) -> None:
    assert d.regrets is not None
    best = max(s.share.value for s in d.regrets.scores)
    for k, s in enumerate(d.regrets.scores):
        ax.hlines(k + 0.5, 100 * s.share.low, 100 * s.share.high, color=style.mix(style.PURPLE, 0.5), lw=2.2)
        _mark(ax, 100 * s.share.value, k, style.PURPLE, "o", full=s.share.value == best)
    ax.set_xlim(0.0, min(100.0, max(100 * s.share.high for s in d.regrets.scores) * 1.1 + 1.0))


def _outcome_panel(
    sheet: style.Sheet, ax: Any, d: Discovery, words: Words, x: float, wide: float, factor: float
) -> None:
    assert d.regrets is not None and d.case.event.question is not None
    sign, target = d.case.event.question.sign, d.case.event.question.target.value
    _lines(ax, d.regrets.scores, style.BLUE, sign,
           (("<", lambda s: s.tenth / factor), ("o", lambda s: s.mean.value / factor)))  # fmt: skip
    ax.axvline(target / factor, color=style.GREY, lw=0.6, ls=(0, (4, 2)), zorder=1)
    sheet.key(x, HEADING - 0.5, [
        (dict(color=style.BLUE, marker="<", ms=3.6, ls="none"), say(words, "tenth")),
        (dict(color=style.BLUE, marker="o", ms=3.6, ls="none"), say(words, "mean")),
        (dict(color=style.GREY, lw=0.6, ls=(0, (4, 2))), say(words, "target")),
    ], until=x + wide)  # fmt: skip


def _regret_panel(
    sheet: style.Sheet, ax: Any, d: Discovery, words: Words, x: float, wide: float, factor: float
) -> None:
    assert d.regrets is not None
    _lines(ax, d.regrets.scores, style.GREEN, -1, (
        ("o", lambda s: s.regret.value / factor), ("D", lambda s: s.regret_p90.value / factor),
        (">", lambda s: s.regret_most / factor),
    ))  # fmt: skip
    most = max(s.regret_most for s in d.regrets.scores) / factor
    style.from_zero(ax, most, room=1.05)
    sheet.key(x, HEADING - 0.5, [
        (dict(color=style.GREEN, marker=mark, ms=3.6, ls="none"), say(words, key))
        for mark, key in (("o", "mean"), ("D", "p90"), (">", "most"))
    ], until=x + wide)  # fmt: skip


def _lines(
    ax: Any,
    scores: Sequence[Score],
    colour: str,
    sign: int,
    marks: Sequence[tuple[str, Callable[[Score], float]]],
) -> None:
    """Marks of each policy on a line, filled where the policy is best by them."""
    best = [max(sign * of(s) for s in scores) for _, of in marks]
    for k, s in enumerate(scores):
        values = [of(s) for _, of in marks]
        ax.hlines(k + 0.5, min(values), max(values), color=style.mix(colour, 0.45), lw=1.2, zorder=1)
        for value, (mark, _), top in zip(values, marks, best, strict=True):
            _mark(ax, value, k, colour, mark, full=sign * value == top)


def _mark(ax: Any, value: float, row: int, colour: str, mark: str, *, full: bool) -> None:
    ax.plot(
        value,
        row + 0.5,
        mark,
        ms=4.4,
        color=colour,
        mfc=colour if full else "white",
        mew=0.8,
        zorder=3,
        clip_on=False,
    )
