"""What methods, measures and findings are called, in Chinese or English: for texts and charts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from experiments.design import DUMMY
from experiments.sensitivity.analysis import above, ranking
from experiments.sensitivity.result import Estimate, Result
from experiments.sensitivity.study import Sensitivity
from experiments.wording import Page


class Measure(NamedTuple):
    """What a measure is called in a table, and in a sentence about it; `unit`: it has that of the outcome, else it is a share."""

    name: tuple[str, str]
    said: tuple[str, str]
    unit: bool = False
    plain: bool = False  # an index without unit that is no share


METHODS = {
    "sobol": ("Sobol' indices", "Sobol'指数"), "morris": ("Morris' elementary effects", "Morris基本效应法"),
    "rank": ("rank estimator", "秩估计法"), "pawn": ("PAWN", "PAWN"), "delta": ("delta (Borgonovo)", "Borgonovo delta指数"),
    "rbd_fast": ("RBD-FAST", "RBD-FAST"), "fast": ("extended FAST", "扩展FAST"), "hdmr": ("HDMR", "HDMR"),
    "dgsm": ("derivative-based (DGSM)", "导数指数（DGSM）"),
}  # fmt: skip
MEASURES = {
    "first": Measure(("alone", "单独"), (
        "alone: first-order index, the share of the spread that goes if this input alone were known",
        "单独：一阶指数，即仅此一项确知时，离散程度可减少的比例",
    )),
    "total": Measure(("involved", "涉及"), (
        "involved: total index, the share of the spread in which it has a part, alone or with others",
        "涉及：总指数，即它单独或与其他因素共同作用所涉及的比例",
    )),
    "mu_star": Measure(("mean effect", "平均影响"), (
        "mean effect: how much the outcome changes, on average, as this input goes all the way through its range (mu*)",
        "平均影响：该因素走遍取值范围时，结果平均变化多少（μ*）",
    ), unit=True),
    "mu": Measure(("net effect", "净影响"), ("net effect: the same with its sign (mu)", "净影响：带符号的平均变化（μ）"), unit=True),
    "sigma": Measure(("varies by", "变动"), (
        "varies by: how much that change differs with the values of the inputs (sigma): it bends, or depends on the others",
        "变动：该变化因各因素取值不同而不同的程度（σ），即非线性或与其他因素的交互作用",
    ), unit=True),
    "delta": Measure(("delta", "delta"), (
        "delta: how far knowing this input shifts the whole distribution, 0 nothing to 1",
        "delta：确知该因素使整个分布移动的程度，0为无，1为最大",
    ), plain=True),
    "median": Measure(("PAWN", "PAWN"), (
        "PAWN: median distance between the distribution and those with this input known, 0 nothing to 1",
        "PAWN：确知该因素前后分布之间距离的中位数，0为无，1为最大",
    ), plain=True),
    "maximum": Measure(("largest", "最大"), ("largest: the largest such distance", "最大：上述距离的最大值"), plain=True),
    "dgsm": Measure(("upper bound", "上界"), (
        "upper bound: on the total index, from mean squared slopes", "上界：由斜率平方均值得到的总指数上界",
    ), plain=True),
}  # fmt: skip
SHOWN = {
    "sobol": ("first", "total"), "fast": ("first", "total"), "morris": ("mu_star", "sigma"), "hdmr": ("first", "total"),
    "delta": ("delta",), "pawn": ("median", "maximum"),
}  # fmt: skip
STATISTICS = {
    "mean": ("mean", "均值"), "sd": ("standard deviation", "标准差"), "p10": ("10 % quantile", "10%分位数"),
    "p50": ("median", "中位数"), "p90": ("90 % quantile", "90%分位数"), "probability": ("probability", "概率"),
}  # fmt: skip
UNITS = {
    "persons": (" persons", "人"), "households": (" households", "户"), "household": (" households", "户"),
    "homes": (" homes", "套"), "jobs": (" jobs", "个岗位"), "mu": (" mu", "亩"), "houses": (" houses", "幢"),
    "yuan": (" yuan", "元"),
}  # fmt: skip
NAMED = 3  # inputs in the sentence


def sentence(s: Sensitivity, lang: str) -> str:
    """What matters most, as one sentence."""
    page = Page(lang, banded=True)
    r = s.result
    first = [k for k in ranking(r) if r.names[k] != DUMMY and above(r, k)][:NAMED]
    what = what_is_asked(s, page)
    if not first:
        return page.say(
            f"{what}: no input can be told from nothing at this number of runs.",
            f"{what}：按现有模拟次数，没有因素能与零影响区分开。",
        )
    told = []
    unit = r.leading in MEASURES and MEASURES[r.leading].unit
    form = amount(s, page, whole=True) if unit else form_of(s, page, r.leading)
    for k in first:
        name = s.labels[r.names[k]][lang]
        value = form(r.measures[r.leading][k].value)
        told.append(page.say(f"{name} ({value})", f"{name}（{value}）"))
    listed = page.say(", ", "、").join(told)
    return page.say(f"{what} hangs most on: {listed}.", f"{what}主要取决于：{listed}。")


def noise_sentence(s: Sensitivity, lang: str) -> str:
    """How much of the spread is the model's own chance, as one sentence."""
    page = Page(lang, banded=True)
    noise = s.result.noise
    if noise is None:
        return page.say(
            "How much of the spread is the model's own chance cannot be told from one run a point; --replications 2 tells it.",
            "每点仅模拟一次，无法判断离散程度中有多少来自模型自身的随机波动；用 --replications 2 可知。",
        )
    share, interval = share_of(page, noise.value), interval_of(page, noise, lambda x: share_of(page, x))
    behind = "" if math.isnan(noise.low) else page.say(f" ({interval})", f"（{interval}）")
    return page.say(
        f"{share}{behind} of the spread between single runs is the model's own chance; more runs do not remove it.",
        f"单次模拟之间的离散程度中，{share}{behind}来自模型自身的随机波动，增加模拟次数也不会消除。",
    )


def what_is_asked(s: Sensitivity, page: Page) -> str:
    """The quantity in words."""
    q = s.quantity
    statistic = page.name(STATISTICS[q.statistic])
    if q.target is None:
        return page.say(f"The {statistic} of {q.column}", f"{q.column}的{statistic}")
    name = page.say(q.target.en, q.target.zh)
    if q.statistic == "probability":
        asked = "" if q.own else page.limit(q.target.metric, q.target.unit, q.target.value)
        return page.say(
            f'The probability of "{name}"' + (f" (asked: {asked} instead)" if asked else ""),
            f"“{name}”" + (f"（改问{asked}）" if asked else "") + "的达标概率",
        )
    return page.say(f'The {statistic} of the outcome for "{name}"', f"目标“{name}”的结果{statistic}")


def share_of(page: Page, x: float) -> str:
    """A share; one below nothing with its sign."""
    if math.isnan(x):
        return "–"
    return page.share(x) if x >= 0.0 else "−" + page.share(-x) if x <= -0.0005 else page.share(0.0)


def interval_of(page: Page, e: Estimate, form: Callable[[float], str]) -> str:
    """Both ends of an interval, what stands behind a number said once."""
    if math.isnan(e.low) or math.isnan(e.high):
        return ""
    low, high = form(e.low), form(e.high)
    for behind in (" %", "%", page.say(" pp", "个百分点")):
        if low.endswith(behind) and high.endswith(behind):
            low = low.removesuffix(behind)
            break
    return f"{low} – {high}"


def form_of(s: Sensitivity, page: Page, measure: str) -> Callable[[float], str]:
    """How a measure is written."""
    m = MEASURES.get(measure)
    if m is None or m.plain:
        return lambda x: "–" if math.isnan(x) else f"{x:.2f}".replace("-", "−")
    if not m.unit:
        return lambda x: share_of(page, x)
    return amount(s, page)


def amount(s: Sensitivity, page: Page, *, whole: bool = False) -> Callable[[float], str]:
    """How a size of the quantity is written; `whole`: with its unit, where that is not written anyway."""
    q = s.quantity
    if q.statistic == "probability" or q.unit == "share":
        points = page.say(" pp", "个百分点")
        return lambda x: "–" if math.isnan(x) else _signed(f"{100.0 * x:.2g}") + points
    if q.unit == "yuan":
        return lambda x: "–" if math.isnan(x) else _signed(page.yuan(x))
    behind = page.name(UNITS.get(q.unit, (f" {q.unit}", f" {q.unit}"))) if whole else ""
    fine = q.unit not in UNITS
    return lambda x: (
        "–" if math.isnan(x) else _signed(f"{x:.3g}" if fine and abs(x) < 1000 else page.count(x)) + behind
    )


def _signed(said: str) -> str:
    return said.replace("-", "−")


def shown(r: Result) -> tuple[str, ...]:
    """The one or two measures of a table, the leading among them."""
    wanted = [name for name in SHOWN.get(r.method, ()) if name in r.measures]
    if r.leading not in wanted:
        wanted = [r.leading, *wanted]
    return tuple(wanted[:2])
