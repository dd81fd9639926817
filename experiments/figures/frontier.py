"""What each cost can reach: the best mix of levers within it, with bands, the target, and which mix that is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from matplotlib.patheffects import withStroke

from experiments.cheapest.frontier import Curve
from experiments.cheapest.store import frontier_table
from experiments.cheapest.study import Found
from experiments.cheapest.text import sentence
from experiments.figures import caption, sheets, style
from experiments.figures.text import WORDS, Words
from experiments.wording import Page, chinese
from scenarios.show import name_of, quantity

NAME = "frontier"
HEIGHT, LEFT, AXIS, HEAD = 74.0, 17.0, 11.0, 10.0
LEVERS = 62.0  # mm, the panels on the right, their ends included
PITCH = 19.0  # mm a lever at most
SLACK = 4.5  # mm over each lever for its name

WORDS |= {
    "frontier_note": (
        "Each cost: the best mix of the levers on the right within it; bands are 95 % intervals of the fitted surfaces. Levers not named"
        " stay as the policy has them.",
        "各支出水平下右侧杠杆的最好组合；色带为拟合曲面的95%区间。其余杠杆保持政策原值。",
    ),
    "frontier_reach": ("What a cost can reach", "各支出水平所能达到的结果"),
    "frontier_mix": ("The mix that reaches it", "相应的杠杆组合"),
    "frontier_mean": ("expected", "期望"),
    "frontier_sure": ("in {share} of {over}", "{share}的{over}可达到"),
    "frontier_futures": ("futures", "未来情形"),
    "frontier_noise": ("runs at the central values", "中心值下的模拟"),
    "frontier_cost": ("Expected public cost ({unit})", "期望公共支出（{unit}）"),
    "frontier_other": ("Expected {name}", "期望 {name}"),
    "frontier_recommended": ("recommended", "推荐"),
    "frontier_runs": ("runs", "各次模拟"),
    "frontier_made": (
        "Anju {version}, cheapest {id}, seed {seed}, {runs} runs", "安居 {version}，最省组合 {id}，种子 {seed}，{runs}次模拟",
    ),
}  # fmt: skip


def draw_all(f: Found, folder: Path, *, langs: Sequence[str], formats: Sequence[str]) -> list[Path]:
    """Write the chart as `frontier.<lang>.<format>` and its numbers as `frontier.csv`; returns the paths."""
    return sheets.write(
        folder,
        NAME,
        about=_about(f),
        rows=rows(f),
        draw=lambda words: draw(f, words),
        langs=langs,
        formats=formats,
    )


def rows(f: Found) -> list[dict[str, Any]]:
    """One row a cost, as in the answer's table."""
    table = frontier_table(f)
    return [
        dict(zip(table, (float(x) for x in row), strict=True)) for row in zip(*table.values(), strict=True)
    ]


def _about(f: Found) -> Any:
    """What a caption reads of a study."""
    return SimpleNamespace(
        scenario=f.plan.scenario, id=f.plan.id, seed=f.plan.seed, version=f.version,
        points=1, replications=f.recommendation.runs, runs=range(f.recommendation.runs),
    )  # fmt: skip


def draw(f: Found, words: Words) -> style.Sheet:
    """The frontier, and beside it a small panel a lever."""
    sheet = style.Sheet(
        height=HEIGHT,
        title=sentence(f, words.lang).rstrip(".。"),
        note=words("frontier_note"),
        footnote=_footnote(f, words),
    )
    wide = style.WIDTH - 2 * style.MARGIN - LEVERS - LEFT - 8.0
    high = HEIGHT - HEAD - AXIS
    sheet.heading(style.MARGIN, 1.5, "a", words("frontier_reach"))
    over = words("frontier_futures" if f.plan.uncertain else "frontier_noise")
    share = words.percent(f.plan.question.probability)
    sheet.key(style.MARGIN + LEFT, 4.5, [
        (dict(color=style.BLUE, lw=1.0), words("frontier_mean")),
        (dict(color=style.GREEN, lw=1.0, ls=(0, (4, 1.5))), words("frontier_sure", share=share, over=over)),
        (dict(color=style.FAINT, marker="o", ms=2.5, ls="none"), words("frontier_runs")),
    ])  # fmt: skip
    unit, name = _money(f, words)
    panel = sheet.axes(style.MARGIN + LEFT, HEAD, wide, high)
    _reach(panel, f, words, unit)
    panel.set_xlabel(name)
    x = style.WIDTH - style.MARGIN - LEVERS
    sheet.heading(x, 1.5, "b", words("frontier_mix"))
    _mix(sheet, f, words, x, high, unit)
    return sheet


def _money(f: Found, words: Words) -> tuple[float, str]:
    if f.plan.cost_unit != "yuan":
        return 1.0, words("frontier_other", name=f.plan.cost)
    unit, name = words.money(float(f.frontier.cost.max()))
    if f.plan.cost == "cost":
        return unit, words("frontier_cost", unit=name)
    return unit, words("frontier_other", name=f"{f.plan.cost} ({name})")


def _reach(ax: Any, f: Found, words: Words, unit: float) -> None:
    e, sample, t = f.frontier, f.recommendation.sample, f.plan.question.target
    cost = e.cost / unit
    scale = _scale(f, words)
    ax.plot(
        sample.costs / unit,
        sample.counts / scale,
        ls="none",
        marker="o",
        ms=1.3,
        mew=0,
        color=style.FAINT,
        zorder=1,
    )
    for curve, colour, line in ((e.mean, style.BLUE, "-"), (e.sure, style.GREEN, (0, (4, 1.5)))):
        _curve(ax, cost, curve, scale, colour, line)
    ax.axhline(t.value / scale, color=style.VERMILLION, lw=0.9, ls=(0, (4, 2)), zorder=3)
    page = Page(words.lang, banded=True)
    top, low = _limits(f, scale)
    ax.set(xlim=(cost[0], cost[-1]), ylim=(low, top))
    said = words("target", value=page.limit(t.metric, t.unit, t.value))
    ax.text(cost[0] + 0.015 * (cost[-1] - cost[0]), t.value / scale + 0.012 * (top - low), said, va="bottom",
            color=style.VERMILLION)  # fmt: skip
    if f.recommendation.status in ("confirmed", "unconfirmed"):
        mix = f.recommendation.mix
        ax.plot(mix.cost.value / unit, mix.count.value / scale, marker="D", ms=4.0, mec="white", mew=0.6,
                color=style.VERMILLION, zorder=6, clip_on=False)  # fmt: skip
        ax.annotate(words("frontier_recommended"), (mix.cost.value / unit, mix.count.value / scale), xytext=(-5, 8), ha="right",
                    textcoords="offset points", color=style.VERMILLION, zorder=6,
                    path_effects=[withStroke(linewidth=2.5, foreground="white")])  # fmt: skip
    ax.set_ylabel(_axis(f, words))
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.10g}")
    if t.unit == "share":
        ax.yaxis.set_major_formatter(
            lambda v, _: f"{100 * v:.3g} %" if words.lang == "en" else f"{100 * v:.3g}%"
        )
    elif scale == 1.0:
        ax.yaxis.set_major_formatter(lambda v, _: words.number(v) if t.unit == "persons" else f"{v:,.3g}")


def _curve(ax: Any, cost: np.ndarray, curve: Curve, scale: float, colour: str, line: Any) -> None:
    ax.fill_between(
        cost, curve.low / scale, curve.high / scale, color=style.mix(colour, 0.25), lw=0, zorder=2
    )
    ax.plot(cost, curve.value / scale, color=colour, lw=1.0, ls=line, zorder=4)


def _limits(f: Found, scale: float) -> tuple[float, float]:
    """Top and bottom: the curves and the target, and all but the most extreme runs."""
    e, counts = f.frontier, f.recommendation.sample.counts
    ends = [f.plan.question.target.value, *e.mean.high, *e.sure.low, *np.quantile(counts, (0.01, 0.99))]
    room = 0.06 * (max(ends) - min(ends)) or 1.0
    return (max(ends) + room) / scale, max(min(ends) - room, 0.0 if min(ends) >= 0 else -np.inf) / scale


def _scale(f: Found, words: Words) -> float:
    most = max(float(np.abs(f.recommendation.sample.counts).max()), abs(f.plan.question.target.value))
    return 1e4 if words.lang == "zh" and most >= 2e4 else 1.0


def _axis(f: Found, words: Words) -> str:
    t = f.plan.question.target
    if t.unit == "persons":
        return words("persons_axis_scaled" if _scale(f, words) > 1 else "persons_axis")
    return t.metric


def _mix(sheet: style.Sheet, f: Found, words: Words, x: float, high: float, unit: float) -> None:
    entries = {entry.name: entry for entry in f.plan.scenario.entries()}
    n = len(f.plan.levers)
    pitch = min((high + 4.0) / n, PITCH)
    cost = f.frontier.cost / unit
    for k, lever in enumerate(f.plan.levers):
        y = HEAD - 2.0 + k * pitch
        name = style.wrap(name_of(entries[lever.name], f.plan.scenario, words.lang), LEVERS, style.SMALL)
        sheet.write(x, y, name.split("\n")[0], size=style.SMALL)
        ax = sheet.axes(x, y + SLACK - 1.0, LEVERS - 22.0, max(pitch - SLACK - 1.5, 2.0))
        ax.plot(cost, f.frontier.mean.levers[:, k], color=style.INK, lw=0.9, drawstyle="steps-mid")
        room = 0.08 * (lever.high - lever.low)
        ax.set(xlim=(cost[0], cost[-1]), ylim=(lever.low - room, lever.high + room), xticks=[], yticks=[])
        style.bare(ax, "left")
        for value, va in ((lever.high, 1.0), (lever.low, 0.0)):
            said = chinese(quantity(value, lever.unit, words.lang), words.lang)
            ax.text(1.03, va, said, transform=ax.transAxes, size=style.SMALL, color=style.GREY,
                    va="top" if va else "bottom")  # fmt: skip


def _footnote(f: Found, words: Words) -> list[str]:
    about = _about(f)
    scenario = f.plan.scenario
    name = words("scenario", name=scenario.name, title=scenario.title[words.lang])
    if laid := scenario.laid_over():
        name += words("laid_over", list=words("comma").join(laid))
    made = words(
        "frontier_made",
        version=about.version,
        id=about.id,
        seed=about.seed,
        runs=words.number(f.recommendation.runs),
    )
    line = words("comma").join((name, made))
    if f.plan.uncertain:
        line += words("stop") + caption.futures(f.plan.given, words)
    return [line, words("sources", list=words("comma").join(caption.sources(scenario, words)))]
