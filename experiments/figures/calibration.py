"""A calibration: each parameter's range before and after, and what the model gives beside each fact."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from experiments.calibration.cases import miss
from experiments.calibration.judge import NARROWED, SHIFTED, UNMOVED, Check
from experiments.calibration.study import Calibrated
from experiments.calibration.text import error_of, form_of, sentence, span
from experiments.figures import caption, sheets, style
from experiments.figures.text import Words
from experiments.reach.text import written
from experiments.wording import Page

NAME = "calibration"
HEADING, AXIS, PITCH, FACT = 6.0, 10.0, 5.2, 8.5  # mm: above a panel, below it, a parameter, a fact
NAMES, NUMBERS, WIDTHS = (
    68.0,
    36.0,
    10.0,
)  # mm: names on the left at most, ranges and their widths on the right
LEAST = 40.0  # mm for names
FARTHEST = 6.0  # stated errors shown
BEFORE, AFTER, STILL = style.FAINT, style.BLUE, style.mix(style.BLUE, 0.45)

WORDS = {
    "note": (
        "Grey: 5–95 % before; blue: after, dot the median. Pale: the facts do not clearly move it.",
        "灰色：校准前5%～95%；蓝色：校准后，圆点为中位数；浅色：事实约束不明显。",
    ),
    "parameters": ("What the facts say of each parameter", "事实对各参数的约束"),
    "facts": ("The model beside the facts", "模型与事实"),
    "range": ("Place in the stated range (0 lowest, 1 highest)", "在所设范围中的位置（0最低，1最高）"),
    "errors": ("Model less fact (stated errors); beyond 3 ruled out", "模型减事实（以所述误差计），超过3即排除"),
    "before": ("before", "校准前"),
    "after": ("after", "校准后"),
    "still": ("after, not clearly moved by the facts", "校准后，事实约束不明显"),
    "width": ("after: 5–95 %", "校准后5%～95%"),
    "ratio": ("width", "宽度"),
    "fact": ("fact, error", "事实、误差"),
    "made": (
        "Anju {version}, calibration {id}, seed {seed}, {particles} particles, {runs} runs",
        "安居 {version}，校准 {id}，种子 {seed}，粒子{particles}个，{runs}次模拟",
    ),
    "cited": ("Facts: {list}", "事实来源：{list}"),
}  # fmt: skip


def say(words: Words, key: str, **values: Any) -> str:
    return WORDS[key][words.column].format(**values)


def draw_all(c: Calibrated, folder: Path, *, langs: Sequence[str], formats: Sequence[str]) -> list[Path]:
    """Write the chart as `calibration.<lang>.<format>` and its numbers as `calibration.csv`; returns the paths."""
    about = SimpleNamespace(
        scenario=c.plan.scenario, id=c.plan.id, seed=c.plan.seed, version=c.version,
        points=c.plan.particles, replications=c.plan.replications,
    )  # fmt: skip
    return sheets.write(
        folder,
        NAME,
        about=about,
        rows=rows(c),
        draw=lambda words: draw(c, words),
        langs=langs,
        formats=formats,
    )


def rows(c: Calibrated) -> list[dict[str, Any]]:
    """One row a parameter (base units) and a fact (its outcome's unit)."""
    found = []
    for panel, some in (("parameter", c.parameters), ("fact", c.checks)):
        for one in some:
            name = one.anchor.fact.quantity if isinstance(one, Check) else one.name
            row: dict[str, Any] = {"panel": panel, "name": name}
            for what, ends in (("prior", one.prior), ("posterior", one.posterior)):
                row |= {f"{what}_{q}": x for q, x in zip(("low", "median", "high"), ends, strict=True)}
            isfact = isinstance(one, Check)
            row |= {"ratio": None if isfact else one.ratio, "verdict": None if isfact else one.verdict}
            row |= {"fact": one.anchor.value if isfact else None, "error": one.anchor.sd if isfact else None}
            found.append(row)
    return found


def draw(c: Calibrated, words: Words) -> style.Sheet:
    """Parameters above, facts below."""
    above, below = PITCH * len(c.parameters), FACT * len(c.checks)
    sheet = style.Sheet(
        height=HEADING + 6.0 + above + AXIS + 2.0 + HEADING + below + AXIS,
        title=sentence(c, words.lang).rstrip(".。"),
        note=say(words, "note"),
        footnote=_footnote(c, words),
    )
    sheet.heading(style.MARGIN, 2.0, "a", say(words, "parameters"))
    keys = [(BEFORE, say(words, "before")), (AFTER, say(words, "after")), (STILL, say(words, "still"))]
    sheet.key(style.MARGIN + _names_width(c, words), HEADING - 2.0, keys)
    _parameters(sheet, c, words, HEADING + 6.0)
    top = HEADING + 6.0 + above + AXIS + 2.0
    sheet.heading(style.MARGIN, top + 2.0, "b", say(words, "facts"))
    _facts(sheet, c, words, top + HEADING)
    return sheet


def _footnote(c: Calibrated, words: Words) -> list[str]:
    s = c.plan.scenario
    name = words("scenario", name=s.name, title=s.title[words.lang])
    made = say(
        words, "made", version=c.version, id=c.plan.id, seed=c.plan.seed, particles=f"{c.plan.particles:,}",
        runs=f"{sum(c.runs.values()):,}",
    )  # fmt: skip
    cited = dict.fromkeys(caption.short(anchor.fact.source).rstrip("/") for anchor in c.plan.anchors)
    return [words("comma").join((name, made)), say(words, "cited", list=words("comma").join(cited))]


# Parameters


def _parameters(sheet: style.Sheet, c: Calibrated, words: Words, top: float) -> None:
    names, height = _names_width(c, words), PITCH * len(c.parameters)
    width = _panel_width(names)
    ax = sheet.axes(style.MARGIN + names, top, width, height)
    right = style.MARGIN + names + width + 3.0
    sheet.label(right, top - 2.0, say(words, "width"), color=style.GREY)
    sheet.label(
        right + style.grown(NUMBERS + WIDTHS) - 3.0,
        top - 2.0,
        say(words, "ratio"),
        color=style.GREY,
        ha="right",
    )
    order = sorted(
        range(len(c.parameters)), key=lambda k: (c.parameters[k].verdict == UNMOVED, c.parameters[k].ratio)
    )
    for row, k in enumerate(order):
        one, unit, x = c.parameters[k], c.plan.units[k], c.plan.uncertain[k]
        y = len(order) - 1 - row
        low, middle, high = (_place(x, value) for value in one.posterior)
        colour = AFTER if one.verdict in (NARROWED, SHIFTED) else STILL
        ax.barh(y, 0.9, 0.5, left=0.05, color=BEFORE, lw=0)
        ax.barh(y, high - low, 0.26, left=low, color=colour, lw=0)
        ax.plot(middle, y, "o", ms=3.0, color=style.INK, mec="white", mew=0.4)
        at = top + (row + 0.5) * PITCH
        name = c.labels[one.name][words.lang]
        sheet.label(style.MARGIN, at, _fit(name, names - 2.0))
        ends = [written(one.posterior[q], unit, words.lang) for q in (0, 2)]
        sheet.label(right, at, span(*ends))
        sheet.label(right + style.grown(NUMBERS + WIDTHS) - 3.0, at, words.percent(one.ratio), ha="right")
    ax.set(xlim=(0.0, 1.0), ylim=(-0.5, len(order) - 0.5), yticks=[], xticks=[0.0, 0.25, 0.5, 0.75, 1.0])
    ax.set_xlabel(say(words, "range"))
    style.bare(ax, "left")


def _place(x: Any, value: float) -> float:
    """Where in its range a value lies, on its scale."""
    if x.scale == "log":
        return float(np.log(value / x.low) / np.log(x.high / x.low))
    return (value - x.low) / (x.high - x.low)


def _fit(text: str, width: float) -> str:
    """A name on one line, cut where it is too long."""
    if style.width_of(text, style.TEXT) <= width:
        return text
    while style.width_of(text + "…", style.TEXT) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _names_width(c: Calibrated, words: Words) -> float:
    """Room for the names of parameters; names of facts are broken into lines."""
    longest = max(style.width_of(c.labels[one.name][words.lang], style.TEXT) for one in c.parameters)
    return min(max(longest + 3.0, style.grown(LEAST)), style.grown(NAMES))


def _panel_width(names: float) -> float:
    return style.WIDTH - 2 * style.MARGIN - names - style.grown(NUMBERS + WIDTHS)


# Facts


def _facts(sheet: style.Sheet, c: Calibrated, words: Words, top: float) -> None:
    names, height = _names_width(c, words), FACT * len(c.checks)
    width = _panel_width(names)
    ax = sheet.axes(style.MARGIN + names, top, width, height)
    right, page = style.MARGIN + names + width + 3.0, Page(words.lang, banded=True)
    sheet.label(right, top - 2.0, say(words, "fact"), color=style.GREY)
    ax.axvspan(-3.0, 3.0, color=style.SHADE, lw=0, zorder=0)
    ax.axvline(0.0, color=style.INK, lw=0.8, zorder=1)
    for row, check in enumerate(c.checks):
        y = len(c.checks) - 1 - row
        for ends, size, colour in ((check.prior, 0.5, BEFORE), (check.posterior, 0.26, AFTER)):
            low, middle, high = np.clip(miss(check.anchor, np.array(ends)), -FARTHEST, FARTHEST)
            ax.barh(y, max(high - low, 0.03), size, left=low, color=colour, lw=0, zorder=2)
            if colour == AFTER:
                ax.plot(middle, y, "o", ms=3.0, color=style.INK, mec="white", mew=0.4, zorder=3)
        at = top + (row + 0.5) * FACT
        name = style.wrap(page.say(check.anchor.en, check.anchor.zh), names - 3.0, style.TEXT)
        lines = name.count("\n") + 1
        sheet.write(style.MARGIN, at - lines * style.TEXT * style.LEADING / 2, name, linespacing=1.15)
        form = form_of(page, check.anchor)
        sheet.label(right, at, f"{form(check.anchor.value)}  {error_of(page, check.anchor)}")
    ax.set(xlim=(-FARTHEST, FARTHEST), ylim=(-0.5, len(c.checks) - 0.5), yticks=[], xticks=[-6, -3, 0, 3, 6])
    ax.set_xticklabels(["≤−6", "−3", "0", "3", "≥6"])
    ax.set_xlabel(say(words, "errors"))
    style.bare(ax, "left")
