"""What an outcome hangs on: a bar an input with its interval, against a dummy that changes nothing, and how much is plain chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from experiments.design import DUMMY
from experiments.figures import caption, sheets, style
from experiments.figures.text import Words
from experiments.sensitivity.analysis import above, ranking, yardstick
from experiments.sensitivity.plan import POSTERIOR
from experiments.sensitivity.result import Estimate
from experiments.sensitivity.said import MEASURES, UNITS, form_of, noise_sentence, sentence, share_of, shown
from experiments.sensitivity.study import Sensitivity
from experiments.wording import Page

NAME = "sensitivity"
HEADING, AXIS, KEY = 6.0, 11.0, 5.0  # mm
PITCH, BAR = 6.4, 0.34  # mm a row; of a row
NOISE = 14.0  # mm, the strip of chance, its heading included
MOST = 20  # inputs shown; the table has them all
COLOURS = {"first": style.BLUE, "total": style.ORANGE}

WORDS = {
    "note": (
        "Lines: 95 % intervals. Grey: not told from an input that changes nothing (dashed line). Inputs vary independently over"
        " their ranges; the policy stays as it is.",
        "线段为95%区间。灰色：与不影响结果的虚拟变量（虚线）无异。各因素在取值范围内独立变动；政策不变。",
    ),
    "note_levers": (
        "Lines: 95 % intervals. Grey: not told from an input that changes nothing (dashed line). Inputs vary independently over"
        " the spans given to them.",
        "线段为95%区间。灰色：与不影响结果的虚拟变量（虚线）无异。各因素在给定区间内独立变动。",
    ),
    "note_given": (
        "Lines: 95 % intervals. Grey: not told from an input that changes nothing (dashed line). Inputs drawn from a posterior, in"
        " which they hang together.",
        "线段为95%区间。灰色：与不影响结果的虚拟变量（虚线）无异。各因素取自后验，彼此相关。",
    ),
    "inputs": ("What it hangs on", "取决于什么"),
    "chance": ("The model's own chance, of the spread between single runs", "单次模拟之间的离散程度中，来自模型自身的随机波动"),
    "rest": ("what is uncertain", "不确定因素"),
    "noise": ("chance {share}", "随机波动 {share}"),
    "share_axis": ("Share of the spread (%)", "占离散程度的比例（%）"),
    "unit_axis": ("Change of the outcome, {unit}", "结果的变化（{unit}）"),
    "index_axis": ("Index", "指数"),
    "outcome": ("in its unit", "按其单位"),
    "more": ("{count} more inputs, all smaller, are in the table.", "另有{count}项影响更小的因素，见表。"),
    "dummy": ("dummy", "虚拟变量"),
    "made": (
        "Anju {version}, sensitivity {id}, seed {seed}, {points} points × {replications} replications = {runs} runs",
        "安居 {version}，敏感性分析 {id}，种子 {seed}，{points}个点 × {replications}次重复 = {runs}次模拟",
    ),
}  # fmt: skip


def say(words: Words, key: str, **values: Any) -> str:
    return WORDS[key][words.column].format(**values)


def draw_all(s: Sensitivity, folder: Path, *, langs: Sequence[str], formats: Sequence[str]) -> list[Path]:
    """Write the chart as `sensitivity.<lang>.<format>` and its numbers as `sensitivity.csv`; returns the paths."""
    about = SimpleNamespace(
        scenario=s.scenario,
        id=s.id,
        seed=s.seed,
        version=s.version,
        points=len(s.y),
        replications=s.y.shape[1],
    )
    return sheets.write(
        folder,
        NAME,
        about=about,
        rows=rows(s),
        draw=lambda words: draw(s, words),
        langs=langs,
        formats=formats,
    )


def rows(s: Sensitivity) -> list[dict[str, Any]]:
    """One row an input and measure shown, and one for chance."""
    r = s.result
    found = [
        {"input": r.names[k], "measure": measure, **r.measures[measure][k]._asdict()}
        for k in ranking(r)
        for measure in shown(r)
    ]
    if r.noise is not None:
        found.append({"input": "", "measure": "noise", **r.noise._asdict()})
    return found


def draw(s: Sensitivity, words: Words) -> style.Sheet:
    """Bars of one or two measures, and under them the strip of chance."""
    r = s.result
    order = ranking(r)
    inputs = [k for k in order if r.names[k] != DUMMY][:MOST]
    places = [*inputs, *(k for k in order if r.names[k] == DUMMY)]
    hidden = len(order) - len(places)
    height = HEADING + KEY + PITCH * len(places) + AXIS + (NOISE if r.noise is not None else 0.0)
    sheet = style.Sheet(
        height=height,
        title=sentence(s, words.lang).rstrip(".。"),
        note=(" " if words.lang == "en" else "").join((noise_sentence(s, words.lang), say(words, _note(s)))),
        footnote=[*([say(words, "more", count=hidden)] if hidden else []), *_footnote(s, words)],
    )
    _bars(sheet, s, words, places)
    if r.noise is not None:
        _chance(sheet, r.noise, words, height - NOISE)
    return sheet


def _note(s: Sensitivity) -> str:
    if s.design.kind == POSTERIOR:
        return "note_given"
    return "note_levers" if any(f.kind == "lever" for f in s.design.factors) else "note"


def _footnote(s: Sensitivity, words: Words) -> list[str]:
    name = words("scenario", name=s.scenario.name, title=s.scenario.title[words.lang])
    if laid := s.scenario.laid_over():
        name += words("laid_over", list=words("comma").join(laid))
    points, replications = s.y.shape
    made = say(
        words, "made", version=s.version, id=s.id, seed=s.seed, points=f"{points:,}", replications=replications,
        runs=f"{s.y.size:,}",
    )  # fmt: skip
    return [
        words("comma").join((name, made)),
        words("sources", list=words("comma").join(caption.sources(s.scenario, words))),
    ]


def _bars(sheet: style.Sheet, s: Sensitivity, words: Words, places: Sequence[int]) -> None:
    r, page = s.result, Page(words.lang, banded=True)
    measures = shown(r)
    heads = [page.name(MEASURES[m].name) if m in MEASURES else m for m in measures]
    said = [[form_of(s, page, m)(r.measures[m][k].value) for k in places] for m in measures]
    wide = [
        max(style.width_of(text, style.SMALL) for text in (head, *column)) + 3.0
        for head, column in zip(heads, said, strict=True)
    ]
    names = [_label(s, r.names[k], words) for k in places]
    room = min(max(style.width_of(name, style.TEXT) for name in names) + 3.0, 0.42 * style.WIDTH)
    width = style.WIDTH - 2 * style.MARGIN - room - sum(wide)
    top, left = HEADING + KEY, style.MARGIN + room
    sheet.heading(style.MARGIN, 2.0, "a", say(words, "inputs"))
    sheet.key(
        left, HEADING - 1.0, [(_colour(m, n), heads[n]) for n, m in enumerate(measures)], until=left + width
    )
    ends = [left + width + sum(wide[: n + 1]) for n in range(len(wide))]
    for end, head in zip(ends, heads, strict=True):
        sheet.label(end, top - 2.0, head, size=style.SMALL, color=style.GREY, ha="right")
    ax = sheet.axes(left, top, width, PITCH * len(places))
    for row, k in enumerate(places):
        y = top + PITCH * (row + 0.5)
        told = above(r, k)
        colour = style.INK if told else style.GREY
        wrapped = style.wrap(names[row], room - 1.0, style.TEXT)
        sheet.write(style.MARGIN, y, wrapped, va="center", linespacing=1.1, color=colour)
        for n, measure in enumerate(measures):
            sheet.label(ends[n], y, said[n][row], size=style.SMALL, color=colour, ha="right")
            offset = 0.0 if len(measures) == 1 else (n - 0.5) * (BAR + 0.04)
            _bar(ax, row + 0.5 + offset, r.measures[measure][k], _colour(measure, n), told=told)
    _axis(ax, s, words, page, measures, places)


def _colour(measure: str, n: int) -> str:
    return COLOURS.get(measure, (style.BLUE, style.ORANGE)[n])


def _bar(ax: Any, y: float, e: Estimate, colour: str, *, told: bool) -> None:
    if math.isnan(e.value):
        return
    fill = style.mix(colour, 0.75) if told else style.FAINT
    ax.barh(y, e.value, BAR, color=fill, lw=0, zorder=2)
    if not (math.isnan(e.low) or math.isnan(e.high)):
        ax.hlines(y, e.low, e.high, color=style.INK if told else style.GREY, lw=0.8, zorder=3)


def _axis(
    ax: Any, s: Sensitivity, words: Words, page: Page, measures: Sequence[str], places: Sequence[int]
) -> None:
    r = s.result
    told = [e for m in measures for k in places for e in (r.measures[m][k],)]
    ends = [v for e in told for v in e if math.isfinite(v)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    margin = 0.03 * (high - low) or 1.0
    ax.set(xlim=(low - margin if low < 0.0 else 0.0, high + margin), ylim=(len(places), 0.0), yticks=[])
    ax.axvline(0.0, color=style.GREY, lw=0.5, zorder=1)
    if (line := yardstick(r).high) > 0.0 and line <= high:
        ax.axvline(line, color=style.GREY, lw=0.7, ls=(0, (3, 2)), zorder=4)
    ax.locator_params(axis="x", nbins=7)
    style.bare(ax, "left")
    known = MEASURES.get(r.leading)
    if known is None or known.plain:
        ax.set_xlabel(say(words, "index_axis"))
    elif known.unit:
        form = form_of(s, page, r.leading)
        ax.xaxis.set_major_formatter(lambda v, _: form(v).replace("-", "−") if v else "0")
        unit = page.name(UNITS.get(s.quantity.unit, (s.quantity.unit, s.quantity.unit))).strip()
        ax.set_xlabel(say(words, "unit_axis", unit=unit or say(words, "outcome")))
    else:
        ax.xaxis.set_major_formatter(lambda v, _: f"{100.0 * v:.3g}".replace("-", "−"))
        ax.set_xlabel(say(words, "share_axis"))


def _label(s: Sensitivity, name: str, words: Words) -> str:
    return s.labels[name][words.lang]


def _chance(sheet: style.Sheet, noise: Estimate, words: Words, y: float) -> None:
    sheet.heading(style.MARGIN, y + 2.0, "b", say(words, "chance"))
    ax = sheet.axes(style.MARGIN, y + HEADING, style.WIDTH - 2 * style.MARGIN, 4.5)
    share = min(max(noise.value, 0.0), 1.0)
    ax.barh(0.5, share, 1.0, color=style.mix(style.VERMILLION, 0.7), lw=0)
    ax.barh(0.5, 1.0 - share, 1.0, left=share, color=style.mix(style.BLUE, 0.25), lw=0)
    if math.isfinite(noise.low) and math.isfinite(noise.high):
        ax.hlines(0.5, max(noise.low, 0.0), min(noise.high, 1.0), color=style.INK, lw=0.8)
    ax.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0), xticks=[], yticks=[])
    style.bare(ax, "left", "bottom")
    page = Page(words.lang, banded=True)
    chance = say(words, "noise", share=share_of(page, share))
    rest = say(words, "rest")
    full = style.WIDTH - 2 * style.MARGIN
    sheet.label(style.MARGIN, y + HEADING + 6.6, chance, size=style.SMALL, color=style.GREY)
    sheet.label(style.MARGIN + full, y + HEADING + 6.6, rest, size=style.SMALL, color=style.GREY, ha="right")
