"""The answer in words, for a terminal: Chinese or English, the recommendation first."""

from __future__ import annotations

import math

from experiments import given_use
from experiments.cheapest.search import Attempt, Mix, Range
from experiments.cheapest.study import COST, Found
from experiments.sweep import report
from experiments.wording import Page, number
from scenarios.show import name_of, quantity

STEPS = 8  # rows of the frontier shown


def text(f: Found, lang: str) -> str:
    """The answer as plain text in `lang` ("zh" or "en"), ending in a newline."""
    page = Page(lang, banded=True)
    page.paragraph(sentence(f, lang), indent=0)
    _levers(page, f)
    _mixes(page, f)
    _tried(page, f)
    _frontier(page, f)
    _notes(page, f)
    return "\n".join(page.lines) + "\n"


def sentence(f: Found, lang: str) -> str:
    """What is recommended, or that nothing is, as one sentence."""
    page, r, q = Page(lang, banded=True), f.recommendation, f.plan.question
    say, t = page.say, q.target
    asked = page.limit(t.metric, t.unit, t.value)
    name = say(t.en, t.zh) if q.own else say(f"{t.en} (asked: {asked} instead)", f"{t.zh}（改问{asked}）")
    wished = page.share(q.probability)
    what = say(f"{name}, in {wished} of {_over(page, f)}: ", f"{_over(page, f)}有{wished}实现“{name}”：")
    if f.plan.given is not None:
        what = say(
            f"{name}, with a probability of {wished} given the facts: ",
            f"在所用事实条件下以{wished}的概率实现“{name}”：",
        )
    cost = _cost(page, f, r.mix.cost)
    if r.status == "confirmed":
        assert r.attempt is not None
        return what + say(
            f"cheapest at {cost}; {_own(page, r.attempt)}.", f"最省的组合需{cost}；{_own(page, r.attempt)}。"
        )
    if r.status == "unconfirmed":
        more = r.attempt.more_runs if r.attempt else math.inf
        return what + say(
            f"likely reached at {cost}, but not confirmed with {number(r.runs, 'run')}{_more(page, more)}.",
            f"大致可在{cost}达到，但{r.runs:,}次模拟尚不足以确认{_more(page, more)}。",
        )
    best = _chance(page, r.mix.probability)
    if r.status == "infeasible":
        form, most = page.form(t.metric, t.unit), float(f.frontier.mean.value[-1])
        return what + say(
            f"not within reach of these levers. The best mix within their spans reaches it in {best}; the most to be"
            f" expected at any cost is {form(most)}.",
            f"这些杠杆在给定区间内无法做到。最好的组合达到的占比为{best}；无论花费多少，期望最多为{form(most)}。",
        )
    return what + say(
        f"no mix is sure enough, nor is the best one refuted: it reaches it in {best}; more runs may tell (--runs).",
        f"没有足够把握的组合，最好的组合也未被否定：达到的占比为{best}；可增加模拟次数（--runs）再判断。",
    )


def _over(page: Page, f: Found) -> str:
    return (
        page.say("futures", "未来情形")
        if f.plan.uncertain
        else page.say("runs at the central values", "中心值下的模拟")
    )


def _own(page: Page, a: Attempt) -> str:
    share, low, high = (page.share(x) for x in (a.hits / a.n if a.n else 0.0, a.low, a.high))
    return page.say(
        f"{a.n:,} fresh runs of its own reach it in {share} ({low} – {high})",
        f"另用{a.n:,}次全新模拟检验，{share}达到（{low}～{high}）",
    )


def _more(page: Page, runs: float) -> str:
    if not math.isfinite(runs) or runs <= 0:
        return ""
    n = f"{float(f'{runs:.2g}'):,.0f}"
    return page.say(f" (about {n} more are needed)", f"（约需再模拟{n}次）")


def _chance(page: Page, r: Range) -> str:
    if r.high < 0.0005 or r.low > 0.9995:
        return page.say("none", "0") if r.high < 0.0005 else page.say("all", "100%")
    return _with(page, *(page.share(x) for x in (r.value, r.low, r.high)))


def _cost(page: Page, f: Found, r: Range) -> str:
    form = page.yuan if f.plan.cost_unit == "yuan" else page.count
    return _with(page, *(form(x) for x in (r.value, r.low, r.high)))


def _with(page: Page, value: str, low: str, high: str) -> str:
    """A number and its interval, in Chinese with marks between which no line is broken."""
    return page.say(f"{value} ({low} – {high})", f"{value}（{low}～{high}）")


def _levers(page: Page, f: Found) -> None:
    safe = f.recommendation.status in ("confirmed", "unconfirmed")
    page.title("Levers", "政策杠杆")
    found = page.say("recommended", "推荐") if safe else page.say("best found", "最好")
    rows = [("", found, page.say("policy as it is", "现行政策"), page.say("span", "取值区间"))]
    entries = {entry.name: entry for entry in f.plan.scenario.entries()}
    lang = "zh" if page.zh else "en"
    for lever in f.plan.levers:
        now = f.plan.planned.get(lever.name)
        rows.append((
            name_of(entries[lever.name], f.plan.scenario, lang),
            quantity(_rounded(f.recommendation.mix.levers[lever.name]), lever.unit, lang),
            page.say("changes", "分期") if now is None else quantity(now, lever.unit, lang),
            f"{quantity(lever.low, lever.unit, lang)} – {quantity(lever.high, lever.unit, lang)}",
        ))  # fmt: skip
    page.table(rows)


def _rounded(x: float) -> float:
    """To four digits, and whole from a hundred on: nobody offers 135.6 jobs."""
    return float(round(x)) if 100.0 <= abs(x) < 1000.0 else float(f"{x:.4g}")


def _mixes(page: Page, f: Found) -> None:
    r = f.recommendation
    page.title("What it comes to", "结果")
    say = page.say
    rows: list[tuple[str, ...]] = [
        ("", say("reaches it", "达到的占比"), say("cost", "支出"), say("outcome, 5–95 %", "结果（5–95%）"))
    ]
    safe = r.status in ("confirmed", "unconfirmed")
    rows.append(_mix(page, f, say("recommended", "推荐") if safe else say("best found", "最好"), r.mix))
    if safe and r.estimate is not None:
        rows.append(_mix(page, f, say("by the point estimate", "只看点估计"), r.estimate))
    for k, other in enumerate(r.runners_up):
        rows.append(_mix(page, f, say(f"another mix {k + 1}", f"其他组合{k + 1}"), other))
    page.table(rows)
    lang = "zh" if page.zh else "en"
    for k, other in enumerate(r.runners_up):
        levers = say(", ", "、").join(
            quantity(_rounded(other.levers[x.name]), x.unit, lang) for x in f.plan.levers
        )
        page.add("  " + say(f"another mix {k + 1}: {levers}", f"其他组合{k + 1}：{levers}"))


def _mix(page: Page, f: Found, name: str, mix: Mix) -> tuple[str, ...]:
    t = f.plan.question.target
    form = page.form(t.metric, t.unit)
    count = _with(page, *(form(x) for x in (mix.count.value, mix.count.low, mix.count.high)))
    return name, _chance(page, mix.probability), _cost(page, f, mix.cost), count


def _tried(page: Page, f: Found) -> None:
    if len(f.recommendation.attempts) < 2:
        return
    page.title("Tried on fresh runs", "用全新模拟检验过的组合")
    said = {
        "confirmed": ("holds", "成立"),
        "refuted": ("does not hold", "不成立"),
        "undecided": ("open", "未定"),
    }
    lang = "zh" if page.zh else "en"
    for a in f.recommendation.attempts:
        levers = page.say(", ", "、").join(
            quantity(_rounded(a.levers[x.name]), x.unit, lang) for x in f.plan.levers
        )
        page.add(
            f"  {levers}{page.say(': ', '：')}{_own(page, a)}{page.say('; ', '；')}{page.name(said[a.verdict])}"
        )


def _frontier(page: Page, f: Found) -> None:
    t, e = f.plan.question.target, f.frontier
    if not len(e.cost):
        return
    form, yuan = page.form(t.metric, t.unit), page.yuan if f.plan.cost_unit == "yuan" else page.count
    page.title("The most for each cost", "各支出水平下的最好结果")
    wished = page.share(f.plan.question.probability)
    rows = [("  " + page.say("cost up to", "支出不超过"), page.say("expected", "期望"), page.say("95 % interval", "95%区间"),
             page.say(f"in {wished} of {_over(page, f)}", f"{wished}的{_over(page, f)}"))]  # fmt: skip
    last = len(e.cost) - 1
    for k in sorted({round(i * last / (STEPS - 1)) for i in range(STEPS)}):
        rows.append((
            "  " + yuan(float(e.cost[k])), form(float(e.mean.value[k])),
            f"{form(float(e.mean.low[k]))} – {form(float(e.mean.high[k]))}", form(float(e.sure.value[k])),
        ))  # fmt: skip
    page.table(rows)


def _notes(page: Page, f: Found) -> None:
    r, say = f.recommendation, page.say
    page.add()
    failed = say(f", {r.failed} failed", f"，其中{r.failed}次失败") if r.failed else ""
    page.paragraph(say(
        f"{number(r.runs, 'run')}{failed}. The recommendation is the cheapest mix whose lower confidence limit reaches what is wished,"
        " not the cheapest by the best guess, which falls short about every second time.",
        f"共{r.runs:,}次模拟{failed}。推荐的是置信下限仍达到要求的最省组合；只看点估计的组合约有一半达不到要求。",
    ))  # fmt: skip
    if f.plan.given is not None:
        page.paragraph(say(*given_use.sentence(given_use.brief(f.plan.given) or {})))
    elif f.plan.uncertain:
        page.paragraph(say(
            "A share of futures is not a probability: the ranges are stated, not matched to facts.",
            "未来情形占比不是概率：各区间为给定范围，尚未与事实校准。",
        ))  # fmt: skip
    else:
        page.paragraph(say(
            "Only the model's own chance is counted here: uncertain numbers stay at their central values.",
            "这里只计入模型自身的随机波动，不确定因素均取中心值。",
        ))  # fmt: skip
    if f.plan.cost == COST:
        page.paragraph(say(
            "Cost: all the public pays in the whole run, standing entitlements included, before quota revenue.",
            "支出：全期公共支出，含账户外的常设待遇，未扣指标收益。",
        ))  # fmt: skip
    else:
        page.paragraph(say(f"Cost: {f.plan.cost} of a run.", f"支出：每次模拟的 {f.plan.cost}。"))


def estimate_text(e: report.Estimate, lang: str) -> str:
    """The dry run in words: a search is a sweep of at most so many runs."""
    return report.estimate_text(e, lang)
