"""A calibration in words, for a terminal: Chinese or English, what the facts say first."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from experiments import takes
from experiments.calibration import smc
from experiments.calibration.judge import NARROWED, SHIFTED, UNCLEAR, UNMOVED, Check, Judged
from experiments.reach.text import written
from experiments.wording import Page
from scenarios.calibration import Anchor
from scenarios.show import unit_name

if TYPE_CHECKING:
    from experiments.calibration.study import Calibrated, Estimate, Plan

VERDICTS = {
    NARROWED: ("narrowed", "已收窄"), SHIFTED: ("shifted", "已移动"), UNMOVED: ("the facts do not move it", "事实不能识别"),
    UNCLEAR: ("unclear: more particles", "不确定，需更多粒子"),
}  # fmt: skip
MOST_PAIRS = 6
_NUMBER = re.compile(r"[-−]?[\d,.]+")  # what a unit stands behind
DOUBTFUL = 0.05  # chance below which a fact is said to be badly met


def text(c: Calibrated, lang: str) -> str:
    """The answer as plain text in `lang` ("zh" or "en"), ending in a newline."""
    page = Page(lang, banded=True)
    page.add(page.say(
        f"Calibration of {c.plan.scenario.title['en']}  {c.plan.family}  {c.plan.id}",
        f"{c.plan.scenario.title['zh']} 校准  {c.plan.family}  {c.plan.id}",
    ))  # fmt: skip
    page.paragraph(sentence(c, lang), indent=0)
    _facts(page, c)
    _parameters(page, c)
    _pairs(page, c)
    _runs(page, c)
    facts_not_used(page, c.plan)
    _means(page, c)
    return "\n".join(page.lines) + "\n"


def sentence(c: Calibrated, lang: str) -> str:
    """What the facts say of the parameters, for a reader of policy."""
    page = Page(lang, banded=True)
    told = {verdict: [one for one in c.parameters if one.verdict == verdict] for verdict in VERDICTS}
    moved = sorted(told[NARROWED], key=lambda one: one.ratio) + told[SHIFTED]
    facts, left = len(c.checks), len(told[UNMOVED])
    names = _names(page, c, moved)
    en = f"{facts} fact{'s' if facts > 1 else ''}, {len(c.parameters)} parameters: "
    zh = f"{facts}项事实，{len(c.parameters)}个参数："
    if moved:
        en += f"the facts tell something of {names}"
        zh += f"事实对{names}有所约束"
    else:
        en += "the facts move none of them by itself clearly"
        zh += "事实不能明确约束其中任何一个"
    if c.pairs and not {c.pairs[0].first, c.pairs[0].second} <= {one.name for one in moved}:
        tied = [c.labels[name] for name in (c.pairs[0].first, c.pairs[0].second)]
        en += f"; of {tied[0]['en']} and {tied[1]['en']} they know a combination only"
        zh += f"；对{tied[0]['zh']}与{tied[1]['zh']}只能约束其组合"
    en += f"; {left} parameters they do not move" if left else ""
    zh += f"；{left}个参数不受约束" if left else ""
    return page.say(en + ".", zh + "。")


def _names(page: Page, c: Calibrated, some: Sequence[Judged]) -> str:
    lang = "zh" if page.zh else "en"
    return page.say("; ", "、").join(c.labels[one.name][lang] for one in some)


# Facts


def _facts(page: Page, c: Calibrated) -> None:
    page.title("Facts it is set to, and what the model gives", "校准所用事实与模型结果")
    head = (
        "", page.say("fact", "事实"), page.say("error", "误差"), page.say("before, 5–95 %", "校准前5–95%"),
        page.say("after, 5–95 %", "校准后5–95%"), page.say("chance*", "概率*"),
    )  # fmt: skip
    page.table([head, *(_fact_row(page, check) for check in c.checks)])
    before = page.say(", ", "、").join(_chance(page, check.prior_tail) for check in c.checks)
    limit = _chance(page, DOUBTFUL)
    page.paragraph(page.say(
        "* that outcome and stated error together lie at least as far off as the fact, after calibration (before:"
        f" {before}). Below {limit} the fact is badly met. Runs of the check have luck of their own.",
        f"* 校准后，模型结果连同所述误差至少与事实相差这么远的概率（校准前：{before}）。低于{limit}即与事实不符。"
        "检验用新的随机数。",
    ))  # fmt: skip
    for check in c.checks:
        _explained(page, check.anchor)
    page.paragraph(page.say(
        f"Not ruled out by any fact (none farther than 3 stated errors): {page.share(c.open.share)} of the prior (95 % interval"
        f" {page.share(c.open.low)} – {page.share(c.open.high)}).",
        f"未被任何事实排除（均在3个所述误差之内）的先验占比：{page.share(c.open.share)}"
        f"（95%区间 {page.share(c.open.low)} – {page.share(c.open.high)}）。",
    ))  # fmt: skip


def _fact_row(page: Page, check: Check) -> tuple[str, ...]:
    form = form_of(page, check.anchor)
    spans = [span(form(low), form(high)) for low, _, high in (check.prior, check.posterior)]
    return (
        page.say(check.anchor.en, check.anchor.zh), form(check.anchor.value), error_of(page, check.anchor), *spans,
        _chance(page, check.tail),
    )  # fmt: skip


def form_of(page: Page, anchor: Anchor) -> Callable[[float], str]:
    """How outcomes that answer to a fact are written."""
    if anchor.unit in ("share", "1/year"):
        places = 2 if anchor.value < 0.1 else 1
        behind = page.say(" %", "%") + (page.say(" a year", "/年") if anchor.unit == "1/year" else "")
        return lambda x: "–" if math.isnan(x) else f"{100 * x:.{places}f}{behind}"
    if anchor.unit.startswith("yuan"):
        return page.yuan
    return lambda x: "–" if math.isnan(x) else page.count(x) if abs(x) >= 100 else f"{x:.3g}"


def span(low: str, high: str) -> str:
    """A range, with a unit that both ends have once, and minus signs."""
    behind = _NUMBER.sub("", high, count=1)
    if behind == _NUMBER.sub("", low, count=1):
        low = low.removesuffix(behind)
    return f"{low} – {high}".replace("-", "−")


def error_of(page: Page, anchor: Anchor) -> str:
    """The stated error as written: in the fact's own kind of number, or in per cent of it."""
    if anchor.scale == "log":
        return "×/÷ " + f"{math.exp(anchor.sd):.2f}"
    if anchor.unit in ("share", "1/year"):
        return f"± {100 * anchor.sd:.1f}" + page.say(" pp", "个百分点")
    return "± " + form_of(page, anchor)(anchor.sd)


def _explained(page: Page, anchor: Anchor) -> None:
    """Where a fact is from, what answers to it, and why its error is so large."""
    fact = anchor.fact
    published = page.say(
        f"{fact.value:,.10g} {fact.unit}, {fact.region} {fact.period}",
        f"{page.exact(fact.value)}{unit_name(fact.unit, 'zh')}，{fact.region} {fact.period}",
    )
    if anchor.years:
        published += page.say(f" (in {anchor.years:g} years)", f"（{anchor.years:g}年）")
    stop = page.say("; ", "；")
    page.paragraph(
        f"{page.say(anchor.en, anchor.zh)}{page.say(': ', '：')}{published}{stop}{anchor.case}{stop}{fact.source}"
    )
    told = [(anchor.times_en, anchor.times_zh), (anchor.observation.en, anchor.observation.zh),
            (anchor.discrepancy.en, anchor.discrepancy.zh)]  # fmt: skip
    said = stop.join(page.say(en, zh) for en, zh in told if en)
    if said:
        page.paragraph(said, indent=4)


def _chance(page: Page, share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.0f}" + page.say(" %", "%")


# Parameters


def _parameters(page: Page, c: Calibrated) -> None:
    page.title("What the facts say of each parameter", "事实对各参数的约束")
    head = (
        "", page.say("before, 5–95 %", "校准前5–95%"), page.say("after, 5–95 %", "校准后5–95%"), page.say("median", "中位数"),
        page.say("width", "宽度"), page.say("(95 % interval)", "（95%区间）"), "",
    )  # fmt: skip
    order = sorted(
        range(len(c.parameters)),
        key=lambda k: (list(VERDICTS).index(c.parameters[k].verdict), c.parameters[k].ratio),
    )
    page.table([head, *(_parameter_row(page, c, k) for k in order)])
    page.paragraph(page.say(
        "Width: of the range after calibration over that before, on the prior's scale, with its Monte Carlo error. A range that is"
        " as wide as before was stated, not learned.",
        "宽度：校准后与校准前区间宽度之比（按先验尺度），括号内为蒙特卡洛误差。未收窄的区间只是设定，并非由事实得出。",
    ))  # fmt: skip


def _parameter_row(page: Page, c: Calibrated, k: int) -> tuple[str, ...]:
    one, unit, lang = c.parameters[k], c.plan.units[k], "zh" if page.zh else "en"
    spans = [
        span(written(low, unit, lang), written(high, unit, lang))
        for low, _, high in (one.prior, one.posterior)
    ]
    return (
        c.labels[one.name][lang], *spans, written(one.posterior[1], unit, lang),
        page.share(one.ratio), f"({page.share(one.ratio_low)} – {page.share(one.ratio_high)})", page.name(VERDICTS[one.verdict]),
    )  # fmt: skip


def _pairs(page: Page, c: Calibrated) -> None:
    if not c.pairs:
        page.paragraph(page.say(
            "No two parameters are tied together beyond what chance does among so many.",
            "没有两个参数的相关超出随机范围。",
        ))  # fmt: skip
        return
    page.title("Tied together: the facts know a combination, not each", "相互关联：事实只能约束组合")
    lang = "zh" if page.zh else "en"
    page.table([
        (f"{c.labels[p.first][lang]} – {c.labels[p.second][lang]}", f"{p.correlation:+.2f}".replace("-", "−"))
        for p in c.pairs[:MOST_PAIRS]
    ])  # fmt: skip


# How it came about


def _runs(page: Page, c: Calibrated) -> None:
    page.title("How sure this is", "计算精度")
    g, last = c.sample.generations, [x for x in c.sample.generations if x.tau == 1.0]
    moved = sum(x.accepted for x in last) / max(len(last), 1)
    page.paragraph(page.say(
        f"{c.plan.particles:,} particles that descend from {c.roots:,} draws of the prior, worth about {c.effective:,.0f} independent"
        f" draws; {len(g) - 1} batches, of which"
        f" {len(last)} at the stated errors, where {page.share(moved)} of candidates were accepted;"
        f" {sum(c.runs.values()):,} runs: {_by_case(page, c)}; seed {c.plan.seed}.",
        f"粒子{c.plan.particles:,}个，源自先验抽样{c.roots:,}个，约合独立抽样{c.effective:,.0f}个；{len(g) - 1}批，"
        f"其中{len(last)}批处于所述误差，候选接受率{page.share(moved)}；"
        f"共{sum(c.runs.values()):,}次模拟：{_by_case(page, c)}；种子{c.plan.seed}。",
    ))  # fmt: skip
    if c.sample.stopped:
        page.paragraph(page.say(
            f"Moves stopped at their limit, {smc.MOST_MOVES} batches, when each particle had moved {c.sample.moves:.1f} times"
            f" ({smc.MOVED:g} are aimed at), so many are still copies of one another; more --replications let more be accepted.",
            f"移动批数已达上限（{smc.MOST_MOVES}批），平均每个粒子仅移动{c.sample.moves:.1f}次（目标{smc.MOVED:g}次），"
            "许多粒子仍相同；增加 --replications 可提高接受率。",
        ))  # fmt: skip
    for error, count in list(c.errors.items())[:3]:
        page.add(
            page.say(
                f"  {count} failed and were not accepted: {error}", f"  {count}次失败，不予接受：{error}"
            )
        )
    for case in c.plan.cases:
        if case.own:
            own, shared = len(case.own), len(case.walked)
            page.paragraph(page.say(
                f"{case.name}: {shared} parameters shared, {own} of its own, sampled along.",
                f"{case.name}：共用参数{shared}个，自有参数{own}个（一并抽样）。",
            ))  # fmt: skip


def _by_case(page: Page, c: Calibrated) -> str:
    check = page.say(" (check)", "（检验）")
    return page.say(", ", "，").join(f"{name.replace(' (check)', check)} {n:,}" for name, n in c.runs.items())


def facts_not_used(page: Page, of: Plan | Estimate) -> None:
    """Facts that might have been used and why they were not, and those kept for validation."""
    groups: dict[str, list[str]] = {}
    for one in of.unused:
        groups.setdefault(page.say(one.en, one.zh), []).append(_said(one.fact))
    if groups:
        page.title("Facts marked calibrate that are not used", "标为校准而未用的事实")
        for why, told in groups.items():
            page.paragraph(f"{page.say('; ', '；').join(told)}{page.say(': ', '：')}{why}")
    if of.kept:
        page.title("Never used: kept for validation", "从不使用：留作检验")
        page.paragraph(page.say("; ", "；").join(_said(fact) for fact in of.kept))


def _said(fact) -> str:
    return f"{fact.region} {fact.period} {fact.quantity}"


def _means(page: Page, c: Calibrated) -> None:
    page.title("What this means", "如何理解")
    page.paragraph(page.say(
        "The facts are taken to be outcome plus a normal error of the stated size, each on its own. Errors are judgements; with"
        " smaller ones the facts would say more.",
        "假定事实等于模型结果加所述大小的正态误差，彼此独立。误差为判断；误差越小，事实约束越强。",
    ))  # fmt: skip
    if c.plan.known and any(case.own for case in c.plan.cases):
        shared = c.plan.known.shared
        page.paragraph(page.say(f"Across regions, {shared.en}.", f"跨地区：{shared.zh}。"))
    page.paragraph(page.say(
        f"Later studies use it with --given {c.plan.folder_name}, or --given posterior.",
        f"后续研究以 --given {c.plan.folder_name} 或 --given posterior 使用。",
    ))  # fmt: skip


# What it would take


def estimate_text(e: Estimate, lang: str) -> str:
    """The dry run in words: the facts, then the runs."""
    page = Page(lang, banded=False)
    page.add(page.say("Facts it is set to:", "校准所用事实："))
    page.table([
        (page.say(a.en, a.zh), form_of(page, a)(a.value), error_of(page, a), a.case) for a in e.facts
    ])  # fmt: skip
    facts_not_used(page, e)
    page.add()
    page.add(
        page.say(
            f"about {e.runs:,} runs, {e.there:,} are there already",
            f"约{e.runs:,}次模拟，其中{e.there:,}次已有",
        )
    )
    took = ", ".join(f"{seconds:.2f} s" for seconds in e.seconds_a_run)
    about = takes.duration(page, e.seconds)
    page.add(page.say(
        f"about {about}: {took} a run, {e.workers} at a time; hopeless candidates are not run",
        f"约需{about}：每次模拟{took}，同时{e.workers}次；无望的候选不再模拟",
    ))  # fmt: skip
    page.add(takes.room_said(page, e.bytes, e.folder))
    return "\n".join(page.lines)
