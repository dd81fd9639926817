"""The share of futures that reach a target along one lever, with an interval at each level."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.figures import style
from experiments.figures.text import Words
from experiments.reach.curve import Curve, Level
from experiments.reach.judge import rarely
from experiments.reach.study import Reach
from experiments.reach.text import target_name
from experiments.wording import Page, chinese
from scenarios.show import quantity

NAME = "lever"
HEIGHT, LEFT, AXIS, KEY = 66.0, 14.0, 11.0, 6.0  # mm

WORDS = {
    "title": (
        "{target}: {first} of futures reach it with {lever} at {low}, {last} at {high}",
        "{target}：{lever}为{low}时{first}的未来情形达标，为{high}时{last}",
    ),
    "title_given": (
        "{target}: probability {first} with {lever} at {low}, {last} at {high}",
        "{target}：{lever}为{low}时概率{first}，为{high}时{last}",
    ),
    "title_peak": (
        "{target}: {first} of futures reach it with {lever} at {low}, at most {most} at {best}, {last} at {high}",
        "{target}：{lever}为{low}时{first}的未来情形达标，为{best}时最多，{most}，为{high}时{last}",
    ),
    "title_peak_given": (
        "{target}: probability {first} with {lever} at {low}, at most {most} at {best}, {last} at {high}",
        "{target}：{lever}为{low}时概率{first}，为{best}时最高，{most}，为{high}时{last}",
    ),
    "note": (
        "Each level in the same {n} futures under the same luck, all other levers as the policy has them. Bars are Wilson 95 %"
        " intervals of one level alone, for the number of futures, not for the model; differences between levels are surer.",
        "各水平用相同的{n}种未来情形和随机数，其余杠杆保持政策原值；误差线为单个水平的 Wilson 95%区间，只反映未来情形数有限，不含模型误差；"
        "各水平之间的差异比误差线显示的更确定。",
    ),
    "axis": ("Share of futures that reach it (%)", "达到目标的未来情形占比（%）"),
    "axis_given": ("Probability of reaching it (%)", "达到目标的概率（%）"),
    "interval": ("share with its 95 % interval", "占比及95%区间"),
    "as_is": ("policy as it is: {share}", "现行政策：{share}"),
    "reached": ("reached", "能达到"),
    "not_reached": ("not reached", "达不到"),
    "name": ("{name} ({unit})", "{name}（{unit}）"),
}


def say(words: Words, key: str, **values: Any) -> str:
    return WORDS[key][words.column].format(**values)


def rows(r: Reach) -> list[dict[str, Any]]:
    """One row a level, and the policy as it is; base units."""
    c = curve(r)
    return [
        {
            "lever": c.lever.name, "unit": c.lever.unit, "level": what, "value": one.value, "futures": one.runs,
            "reached": one.hits, "failed": one.failed, "share": one.share, "low": one.low, "high": one.high,
        }
        for what, some in (("level", c.levels), ("policy as it is", (c.as_is,)))
        for one in some
    ]  # fmt: skip


def curve(r: Reach) -> Curve:
    assert r.curve is not None
    return r.curve


def draw(r: Reach, words: Words) -> style.Sheet:
    """Dots with intervals along the lever; the zones of the verdict behind them."""
    from experiments.figures.reach import footnote

    c = curve(r)
    sheet = style.Sheet(
        height=KEY + HEIGHT + AXIS, title=_title(r, c, words),
        note=say(words, "note", n=max(one.runs + one.failed for one in c.levels)), footnote=footnote(r, words),
        alt=_alt(c, words),
    )  # fmt: skip
    left = style.MARGIN + LEFT
    marks: list[tuple[Any, str]] = [
        (
            dict(color=style.PURPLE, marker="o", ms=4.2, mec="white", mew=0.5, ls="none"),
            say(words, "interval"),
        )
    ]
    if np.isfinite(c.as_is.share):
        share = words.with_range(*(words.percent(v) for v in (c.as_is.share, c.as_is.low, c.as_is.high)))
        marks.append((AS_IS if c.central is None else MARKED, say(words, "as_is", share=share)))
    sheet.key(left, 0.0, marks)
    zones = max(style.width_of(say(words, key), style.SMALL) for key in ("reached", "not_reached")) + 2.0
    ax = sheet.axes(left, KEY, style.WIDTH - style.MARGIN - left - zones, HEIGHT)
    _zones(ax, r, words)
    _levels(ax, c, words)
    _scale(ax, c, words)
    ax.set(ylim=(-0.02, 1.02))
    ax.set_ylabel(say(words, "axis" if r.plan.given is None else "axis_given"))
    return sheet


AS_IS: dict[str, Any] = dict(color=style.INK, lw=0.8, ls=(0, (4, 2)))
MARKED: dict[str, Any] = dict(color=style.INK, marker="D", ms=4.0, mec="white", mew=0.5, ls="none")


def _zones(ax: Any, r: Reach, words: Words) -> None:
    edge = r.plan.question.probability
    for low, high, colour, key in (
        (edge, 1.02, style.BLUE, "reached"),
        (-0.02, rarely(edge), style.VERMILLION, "not_reached"),
    ):  # named beside the panel, where no dot is
        ax.axhspan(low, high, color=style.mix(colour, 0.16), lw=0, zorder=0)
        ax.annotate(say(words, key), (1.0, (low + high) / 2.0), (3, 0), xycoords=ax.get_yaxis_transform(),
                    textcoords="offset points", va="center_baseline", color=style.GREY, size=style.SMALL)  # fmt: skip
    ticks = sorted({0.0, rarely(edge), 0.25, 0.5, 0.75, edge, 1.0})
    ax.set_yticks(ticks, labels=[f"{100 * t:.3g}" for t in ticks])


def _levels(ax: Any, c: Curve, words: Words) -> None:
    known = [one for one in c.levels if one.runs]
    values, shares = [one.value for one in known], [one.share for one in known]
    ax.plot(values, shares, color=style.mix(style.PURPLE, 0.5), lw=0.9, zorder=2)
    ax.vlines(values, [one.low for one in known], [one.high for one in known], color=style.mix(style.PURPLE, 0.45),
              lw=2.6, zorder=3)  # fmt: skip
    ax.plot(values, shares, "o", ms=4.6, color=style.PURPLE, mec="white", mew=0.5, zorder=4, clip_on=False)
    for one in known:
        above = one.high < 0.94
        ax.annotate(words.percent(one.share), (one.value, one.high if above else one.low), (0, 2 if above else -2),
                    textcoords="offset points", ha="center", va="bottom" if above else "top", size=style.SMALL)  # fmt: skip
    if np.isfinite(c.as_is.share):
        if c.central is None:
            ax.axhline(c.as_is.share, **AS_IS, zorder=2)
        elif c.lever.low <= c.central <= c.lever.high:
            ax.plot(c.central, c.as_is.share, **MARKED, zorder=5, clip_on=False)


def _scale(ax: Any, c: Curve, words: Words) -> None:
    from experiments.figures.reach import ticks

    low, high = c.levels[0].value, c.levels[-1].value
    if c.lever.scale == "log":
        ax.set_xscale("log")
        ax.set_xlim(low * (low / high) ** 0.04, high * (high / low) ** 0.04)
    else:
        room = 0.04 * (high - low)
        ax.set_xlim(low - room, high + room)
    ticks(ax.xaxis, c.lever, words, most=8)
    unit = quantity(0.0, c.lever.unit, words.lang).removeprefix("0").strip()
    name = _name(c, words)
    ax.set_xlabel(say(words, "name", name=name, unit=unit) if unit else name)


def _name(c: Curve, words: Words) -> str:
    return c.lever.label_en if words.lang == "en" else c.lever.label_zh


def _title(r: Reach, c: Curve, words: Words) -> str:
    first, last = c.levels[0], c.levels[-1]
    top = max((one for one in c.levels if one.runs), key=lambda one: one.share, default=last)
    peak = top.share > max(first.share, last.share)
    return say(
        words, ("title_peak" if peak else "title") + ("" if r.plan.given is None else "_given"),
        most=_share(top, words), best=_at(top, c, words), target=target_name(r, Page(words.lang, banded=True)),
        lever=_name(c, words), first=_share(first, words), last=_share(last, words),
        low=_at(first, c, words), high=_at(last, c, words),
    )  # fmt: skip


def _alt(c: Curve, words: Words) -> str:
    """Every level in numbers."""
    said = [
        f"{_at(one, c, words)}: {_share(one, words)}"
        f" ({words.percent_span(one.low, one.high)}, {one.hits} / {one.runs})"
        for one in c.levels
        if one.runs
    ]
    return words("comma").join(said) + words("stop").rstrip()


def _at(one: Level, c: Curve, words: Words) -> str:
    """The value of a level with its unit."""
    return chinese(quantity(one.value, c.lever.unit, words.lang), words.lang)


def _share(one: Level, words: Words) -> str:
    return words.percent(one.share) if one.runs else "–"
