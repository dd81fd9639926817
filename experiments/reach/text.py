"""The answer in words, for a terminal: Chinese or English, the verdict first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from experiments import given_use, takes
from experiments.priors import Uncertain
from experiments.reach.curve import Level
from experiments.reach.judge import BETWEEN, CHANCE, MORE_RUNS, NOT_REACHED, PRIOR, REACHED, Share
from experiments.reach.map import Tip
from experiments.reach.relax import FACTOR, UTILITY, Gain
from experiments.reach.study import Estimate, Reach
from experiments.wording import EVENTS, WHY, Page, number
from scenarios.show import quantity

PRIORS = {
    "uniform": ("uniform", "均匀分布"), "triangular": ("triangular", "三角分布"), "lognormal": ("log-normal", "对数正态分布"),
    "none": ("chance alone", "仅随机波动"), "posterior": ("posterior", "后验"),
}  # fmt: skip
ZONES = {
    REACHED: ("reached", "能达到"), BETWEEN: ("in between", "介于其间"), NOT_REACHED: ("not reached", "达不到"),
    None: ("open", "未定"),
}  # fmt: skip
_MORE = f"{100 * (FACTOR - 1):.0f}"
FAMILIES = {
    "pool": (f"the pool {_MORE} % larger", f"待搬迁人口多{_MORE}%"),
    "willingness": (f"attachment to the village {-UTILITY:g} lower", f"乡土依恋低{-UTILITY:g}（搬迁意愿更强）"),
    "subsidy": (f"subsidies {_MORE} % higher", f"补助标准高{_MORE}%"),
    "money": (f"{_MORE} % more public money", f"公共资金多{_MORE}%"),
    "homes": (f"{_MORE} % more homes", f"房源多{_MORE}%"),
    "jobs": (f"{_MORE} % more jobs and training", f"就业岗位与培训多{_MORE}%"),
}  # fmt: skip
BINDS = {
    "pool": ("the pool", "待搬迁人口规模"), "willingness": ("willingness to move", "搬迁意愿"),
    "subsidy": ("the subsidy", "补助标准"), "money": ("public money", "公共资金"), "homes": ("homes", "房源"),
    "jobs": ("jobs", "就业岗位"),
}  # fmt: skip
MOST_REASONS = 6
MANY = 1_000_000  # runs nobody waits for


def text(r: Reach, lang: str) -> str:
    """The answer as plain text in `lang` ("zh" or "en"), ending in a newline."""
    page = Page(lang, banded=True)
    _head(page, r)
    _shares(page, r)
    _hangs(page, r)
    _map(page, r)
    _curve(page, r)
    _binding(page, r)
    _missing(page, r)
    _runs(page, r)
    _means(page, r)
    return "\n".join(page.lines) + "\n"


# The verdict in one sentence


def sentence(r: Reach, lang: str) -> str:
    """The verdict as one sentence, for a reader of policy."""
    page = Page(lang, banded=True)
    name = target_name(r, page)
    return page.say(f"{name}: ", f"{name}：") + _verdict(page, r)


def target_name(r: Reach, page: Page) -> str:
    """What the target is called, with the number asked for if it is not the scenario's own."""
    t, own = r.plan.question.target, r.plan.question.own
    name = page.say(t.en, t.zh)
    asked = page.limit(t.metric, t.unit, t.value)
    return name if own else page.say(f"{name} (asked: {asked} instead)", f"{name}（改问{asked}）")


def _verdict(page: Page, r: Reach) -> str:
    say, shares = page.say, _span(page, r)
    certain = page.share(r.plan.question.probability)
    doubtful = page.share(1.0 - r.plan.question.probability)
    many = len(r.shares) > 1
    every = say(" under every prior", "各种先验下") if many else ""
    kind = r.ruling.kind
    if r.plan.given is not None:
        return _verdict_given(page, r, shares)
    if kind == REACHED:
        return say(
            f"reached. At least {certain} of futures reach it{every} ({shares} of those run).",
            f"能达到。{every}至少{certain}的未来情形达到目标（已模拟的未来情形中为{shares}）。",
        )
    if kind == NOT_REACHED:
        return say(
            f"not reached. At most {doubtful} of futures reach it{every} ({shares} of those run).",
            f"达不到。{every}最多{doubtful}的未来情形达到目标（已模拟的未来情形中为{shares}）。",
        )
    if kind == MORE_RUNS:
        more = _more_runs(page, r.ruling.more)
        return say(
            f"cannot tell yet, {more} are needed. {shares} of futures reach it.",
            f"尚不能判断，{more}。{shares}的未来情形达到目标。",
        )
    return say(
        f"cannot tell, and more runs do not help: {shares} of futures reach it. It depends on {_depends(page, r)}.",
        f"无法断定，增加模拟次数也无济于事：{shares}的未来情形达到目标，取决于{_depends(page, r)}。",
    )


def _verdict_given(page: Page, r: Reach, probability: str) -> str:
    """The verdict over a posterior: a probability, given the facts it was set to."""
    say, kind = page.say, r.ruling.kind
    certain, doubtful = (
        page.share(p) for p in (r.plan.question.probability, 1.0 - r.plan.question.probability)
    )
    given = say("given the facts, ", "在所用事实条件下，")
    if kind == REACHED:
        return say(
            f"reached. {given.capitalize()}the probability is at least {certain} ({probability} in the futures run).",
            f"能达到。{given}概率至少{certain}（已模拟的未来情形中为{probability}）。",
        )
    if kind == NOT_REACHED:
        return say(
            f"not reached. {given.capitalize()}the probability is at most {doubtful} ({probability} in the futures run).",
            f"达不到。{given}概率最多{doubtful}（已模拟的未来情形中为{probability}）。",
        )
    if kind == MORE_RUNS:
        more = _more_runs(page, r.ruling.more)
        return say(
            f"cannot tell yet, {more} are needed. {given.capitalize()}the probability is about {probability}.",
            f"尚不能判断，{more}。{given}概率约{probability}。",
        )
    return say(
        f"cannot tell, and more runs do not help: {given}the probability is about {probability}. It depends on"
        f" {_depends(page, r)}.",
        f"无法断定，增加模拟次数也无济于事：{given}概率约{probability}，取决于{_depends(page, r)}。",
    )


def _span(page: Page, r: Reach) -> str:
    low, high = page.share(r.lowest.share), page.share(r.highest.share)
    if low == high:
        return low
    return page.say(f"{low.removesuffix(' %')} to {high}", f"{low}～{high}")


def _more_runs(page: Page, runs: float) -> str:
    if math.isinf(runs) or runs > MANY:
        return page.say("very many more runs", "需要极多次模拟")
    n = f"{float(f'{runs:.2g}'):,.0f}"
    return page.say(f"about {n} more runs", f"约需再模拟{n}次")


def _depends(page: Page, r: Reach) -> str:
    on = r.ruling.on
    if on == (PRIOR,):
        return page.say(
            "the prior, that is on how likely each value in its range is", "先验，即各取值的可能性如何设定"
        )
    if on == (CHANCE,):
        share = page.share(r.noise_share) if r.noise_share is not None else None
        return page.say(
            "chance" + (f", {share} of the variance" if share else ""),
            "偶然" + (f"（占方差{share}）" if share else ""),
        )
    if not on:
        return page.say("many uncertainties, none of which stands out", "许多因素，没有哪一项突出")
    tips = {tip.name: tip for tip in r.map.tips if tip.values} if r.map else {}
    lang = "zh" if page.zh else "en"
    told = [
        page.say("the ", "") + r.labels[name][lang] + (_where(page, r, tips[name]) if name in tips else "")
        for name in on
    ]
    central = (
        page.say(", all else at central values", "，均以其余取中心值计")
        if any(name in tips for name in on)
        else ""
    )
    return page.say(" and ", "和").join(told) + central


def _where(page: Page, r: Reach, tip: Tip) -> str:
    """On which side of which value it is more likely than not."""
    values = [_written(page, r, tip.name, v) for v in tip.values]
    first, last = values[0], values[-1]
    en, zh = {
        "below": (f"below {first}", f"低于{first}"),
        "above": (f"above {first}", f"高于{first}"),
        "between": (f"between {first} and {last}", f"在{first}与{last}之间"),
        "outside": (f"below {first} or above {last}", f"低于{first}或高于{last}"),
    }[tip.reached]
    return page.say(f" (P above 50 % if {en})", f"（{zh}时概率过半）")


def _written(page: Page, r: Reach, name: str, value: float) -> str:
    return written(value, _unit(r, name), "zh" if page.zh else "en")


def _unit(r: Reach, name: str) -> str:
    return next(factor.unit for factor in r.plan.factors if factor.name == name)


def written(value: float, unit: str, lang: str) -> str:
    """A number of an uncertainty to three figures, with its unit; in Chinese large ones in 万."""
    value = float(f"{value:.3g}")
    if value < 0.0:
        return "−" + written(-value, unit, lang)
    said = quantity(value, unit, lang)
    if lang == "en":
        return said
    behind = _suffix(unit, lang)
    if abs(value) >= 1e4 and said.endswith(behind):
        return f"{value / 1e4:.10g}万{behind.strip()}"
    return said.removesuffix(behind) + behind.strip()


def _suffix(unit: str, lang: str) -> str:
    """What stands behind a number of a unit."""
    return quantity(0.0, unit, lang).removeprefix("0")


# The parts


def _head(page: Page, r: Reach) -> None:
    s = r.plan.scenario
    page.paragraph(sentence(r, "zh" if page.zh else "en"), indent=0)
    page.add()
    page.add(f"{s.title['zh' if page.zh else 'en']}  {s.name}  {page.say('reach', '可达性')} {r.plan.id}")
    if laid := s.laid_over():
        page.paragraph(page.say("With: ", "叠加：") + page.say(", ", "、").join(laid), indent=0)
    t = r.plan.question.target
    sense = page.say("at least" if t.at_least else "at most", "不少于" if t.at_least else "不超过")
    event = page.say(", ", "，") + page.name(EVENTS[t.event]) if t.event else ""
    asked = page.limit(t.metric, t.unit, t.value)
    least = page.share(r.plan.question.probability)
    if r.plan.given is not None:
        page.add(page.say(
            f"Target: {sense} {asked}{event}, by {t.date}. Reached means: with a probability of at least {least}.",
            f"目标：{t.date}{sense}{asked}{event}。“能达到”指概率至少{least}。",
        ))  # fmt: skip
        page.paragraph(page.say(*given_use.sentence(given_use.brief(r.plan.given) or {})), indent=0)
        return
    page.add(page.say(
        f"Target: {sense} {asked}{event}, by {t.date}. Reached means: in at least {least} of futures.",
        f"目标：{t.date}{sense}{asked}{event}。“能达到”指至少{least}的未来情形达到。",
    ))  # fmt: skip


def _shares(page: Page, r: Reach) -> None:
    many = len(r.shares) > 1
    if r.plan.given is None:
        page.title("Share of futures that reach it", "达到目标的未来情形占比")
    else:
        page.title("Probability of reaching it, given the facts", "事实条件下达到目标的概率")
    share = page.say("share", "占比") if r.plan.given is None else page.say("probability", "概率")
    head = (page.say("prior", "先验") if many else "", share, page.say("95 % interval", "95%区间"),
            page.say("futures", "未来情形数"), page.say("verdict", "判断"))  # fmt: skip
    page.table([head, *(_share_row(page, s) for s in r.shares)])
    if r.outcome is not None:
        form = page.form(r.plan.question.target.metric, r.plan.question.target.unit)
        median, band = page.band(r.outcome, form)
        page.add(page.say(
            f"  Outcome over {page.name(PRIORS[r.samples[0].prior])} futures: median {median}, 5–95 % {band}.",
            f"  {page.name(PRIORS[r.samples[0].prior])}下各未来情形的结果：中位数{median}，5–95%区间{band}。",
        ))  # fmt: skip


def _share_row(page: Page, s: Share) -> tuple[str, ...]:
    interval = f"{page.share(s.low)} – {page.share(s.high)}"
    share = "–" if math.isnan(s.share) else page.share(s.share)
    return page.name(PRIORS[s.prior]), share, interval, f"{s.runs:,}", page.name(ZONES[s.zone])


def _hangs(page: Page, r: Reach) -> None:
    if r.drivers is None or not r.drivers.inputs:
        return
    page.title("What the outcome hangs on", "结果取决于")
    for rank, d in enumerate(r.drivers.inputs[:3], 1):
        name, share = r.labels[d.name]["zh" if page.zh else "en"], page.share(d.share)
        interval = f"{page.share(d.low)} – {page.share(d.high)}"
        page.add(page.say(
            f"  {rank}. {name}: {share} of rank variance ({interval}); higher {'raises' if d.sign > 0 else 'lowers'} it",
            f"  {rank}. {name}：占秩方差{share}（{interval}）；越高，结果越{'高' if d.sign > 0 else '低'}",
        ))  # fmt: skip
    if r.noise_share is not None:
        page.add(page.say(
            f"  the model's own chance: {page.share(r.noise_share)} of the variance",
            f"  模型自身的随机波动占方差{page.share(r.noise_share)}",
        ))  # fmt: skip


def _map(page: Page, r: Reach) -> None:
    if r.map is None:
        return
    m = r.map
    page.title("Map of chance (all else at central values)", "随机波动图（其余取中心值）")
    if r.chosen == "weak":
        page.add(page.say(
            "  Fewer than two uncertainties stand out at this number of futures; the next largest are shown.",
            "  在这样多的未来情形下突出的因素不足两项，图中另取影响次大者。",
        ))  # fmt: skip
    span = f"{page.share(m.central_low)} – {page.share(m.central_high)}"
    page.add(page.say(
        f"  P at the central values: {page.share(m.central)} ({span}) by the map{_centre(page, r)}",
        f"  中心值处的概率：按图{page.share(m.central)}（{span}）{_centre(page, r)}",
    ))  # fmt: skip
    for x, tip in zip(m.axes, m.tips, strict=True):
        page.paragraph(_axis(page, r, x, tip))
    form = difference(page, r)
    page.add(page.say(
        f"  Near the target the map misses a run left out of it by {form(m.error)} (root mean square); chance alone is ±{form(m.noise)}.",
        f"  在目标附近，图对未参与拟合的单次模拟的误差为{form(m.error)}（均方根）；仅随机波动为±{form(m.noise)}。",
    ))  # fmt: skip


def _curve(page: Page, r: Reach) -> None:
    """The share along one lever, a row a level, and of the policy as it is."""
    if r.curve is None:
        return
    c, lang = r.curve, "zh" if page.zh else "en"
    page.title(f"Along one lever: {c.lever.label_en}", f"随一项杠杆变化：{c.lever.label_zh}")
    share = page.say("share", "占比") if r.plan.given is None else page.say("probability", "概率")
    head = ("", share, page.say("95 % interval", "95%区间"), page.say("futures", "未来情形数"))
    levels = [(written(one.value, c.lever.unit, lang), one) for one in c.levels]
    as_is = (page.say("policy as it is", "现行政策"), c.as_is)
    page.table([head, *(_level_row(page, name, one) for name, one in (*levels, as_is))])


def _level_row(page: Page, name: str, one: Level) -> tuple[str, ...]:
    share = page.share(one.share) if one.runs else "–"
    return name, share, f"{page.share(one.low)} – {page.share(one.high)}", f"{one.runs:,}"


def _axis(page: Page, r: Reach, x: Uncertain, tip: Tip) -> str:
    """One axis: its central value and range, and where P is one half, with the span that the map's error leaves."""
    name, central = r.labels[x.name]["zh" if page.zh else "en"], _written(page, r, x.name, x.central)
    about = page.say(
        f"{name}: {central} ({_spanned(page, r, x.name, x.low, x.high)})",
        f"{name}：{central}（{_spanned(page, r, x.name, x.low, x.high)}）",
    )
    side = page.name(SIDES[tip.reached])
    if not tip.values:
        return about + page.say("; ", "；") + side
    at = page.say(" and ", "和").join(_written(page, r, x.name, v) for v in tip.values)
    if tip.low is not None and tip.high is not None and len(tip.values) == 1:
        span = _spanned(page, r, x.name, tip.low, tip.high)
        at += page.say(f" ({span})", f"（{span}）")
    return about + page.say(f"; P = 50 % at {at}, {side}", f"；P=50%处：{at}，{side}")


def _spanned(page: Page, r: Reach, name: str, low: float, high: float) -> str:
    """Two numbers, their unit said once."""
    behind = _suffix(_unit(r, name), "zh" if page.zh else "en")
    behind = behind.strip() if page.zh else behind
    return f"{_written(page, r, name, low).removesuffix(behind)} – {_written(page, r, name, high)}"


SIDES = {
    "below": ("higher below it", "低于此值时更高"), "above": ("higher above it", "高于此值时更高"),
    "between": ("higher between them", "两值之间更高"), "outside": ("higher outside them", "两值之外更高"),
    "always": ("P above 50 % everywhere on it", "全范围内P超过50%"), "never": ("P below 50 % everywhere on it", "全范围内P不足50%"),
}  # fmt: skip


def _centre(page: Page, r: Reach) -> str:
    c = r.centre
    if c is None:
        return ""
    return page.say(
        f"; {c.hits} of {c.runs} runs there reach it ({page.share(c.low)} – {page.share(c.high)})",
        f"；在此处模拟{c.runs}次，{c.hits}次达到（{page.share(c.low)} – {page.share(c.high)}）",
    )


def _binding(page: Page, r: Reach) -> None:
    if not r.gains:
        return
    page.title(
        "What stands in the way (each eased alone, under the same luck)", "制约因素（逐项放宽，随机数相同）"
    )
    form = difference(page, r)
    page.paragraph(binding_sentence(r, page))
    rows: list[tuple[str, ...]] = [
        (
            "",
            page.say("better by", "改善"),
            page.say("95 % interval", "95%区间"),
            page.say("reach it", "达到"),
        )
    ]
    for g in sorted(r.gains, key=lambda g: -g.value if g.value == g.value else math.inf):
        rows.append((page.name(FAMILIES[g.family]), *_gain(g, form), f"{g.before} → {g.reached} / {g.pairs}"))
    page.table(rows)


def difference(page: Page, r: Reach) -> Callable[[float], str]:
    """How a difference between outcomes is written: small ones of shares and ratios to two figures."""
    target = r.plan.question.target
    points = page.say(" pp", "个百分点")
    fine: dict[str, Callable[[float], str]] = {
        "share": lambda x: _two_figures(100.0 * x) + points, "ratio": lambda x: _two_figures(x)
    }  # fmt: skip
    return fine.get(target.unit, page.form(target.metric, target.unit))


def _two_figures(x: float) -> str:
    return np.format_float_positional(float(f"{x:.2g}"), trim="-")


def _gain(g: Gain, form: Callable[[float], str]) -> tuple[str, str]:
    if math.isnan(g.value):
        return "–", ""
    if math.isnan(g.low):
        return signed(g.value, form), ""
    return signed(g.value, form), f"{signed(g.low, form)} – {signed(g.high, form)}"


def signed(x: float, form: Callable[[float], str]) -> str:
    said = form(abs(x))
    if not any(digit in said for digit in "123456789"):
        return said
    return ("+" if x > 0 else "−") + said


def binding_sentence(r: Reach, page: Page) -> str:
    """Which family binds, by experiment."""
    found = r.binding
    if found.family is None:
        return page.say(
            "None of these, eased alone, adds anything that can be told from chance.",
            "逐项放宽，均看不出超出随机波动的改善。",
        )
    g = next(g for g in r.gains if g.family == found.family)
    form = difference(page, r)
    persons = page.say(" persons", "人") if r.plan.question.target.unit == "persons" else ""
    after = "" if found.clear else page.say(
        ", though not clearly more than the next", "，但与次位的差别尚不确定")  # fmt: skip
    names, eased = page.name(BINDS[found.family]), page.name(FAMILIES[found.family])
    return page.say(
        f"Most of all {names}: with {eased}, {signed(g.value, form)}{persons} (95 % interval"
        f" {signed(g.low, form)} – {signed(g.high, form)}){after}.",
        f"首要制约是{names}：{eased}，结果{signed(g.value, form)}{persons}"
        f"（95%区间 {signed(g.low, form)} – {signed(g.high, form)}）{after}。",
    )


def _missing(page: Page, r: Reach) -> None:
    if not r.missing:
        return
    page.title(
        "Where the pool's persons stand in futures that miss it (mean)",
        "未达目标的未来情形中，待搬迁人口的去向（均值）",
    )
    total = sum(r.missing.values())
    shown: Sequence[tuple[str, float]] = list(r.missing.items())[:MOST_REASONS]
    page.table([(page.name(WHY[name]), page.count(n), page.share(n / total)) for name, n in shown])


def _runs(page: Page, r: Reach) -> None:
    page.title("Runs", "模拟次数")
    n = r.runs
    futures = sum(n[s.prior] for s in r.samples)
    mapped = sum(k for name, k in n.items() if name.startswith("map"))
    eased = sum(k for name, k in n.items() if name.startswith("eased"))
    page.add(page.say(
        f"  {sum(n.values()):,} in all: {number(futures, 'future')}, {mapped:,} for the map, {n['centre']:,} at the central values,"
        f" {eased:,} with something eased; seed {r.plan.seed}",
        f"  共{sum(n.values()):,}次：未来情形{futures:,}，作图{mapped:,}，中心值{n['centre']:,}，逐项放宽{eased:,}；种子{r.plan.seed}",
    ))  # fmt: skip
    for error, count in list(r.errors.items())[:3]:
        page.add(
            page.say(f"  {count} failed and count neither way: {error}", f"  {count}次失败，不计入：{error}")
        )


def _means(page: Page, r: Reach) -> None:
    page.title("What this means", "如何理解")
    say = page.say
    if r.plan.given is not None:
        page.paragraph(say(
            "A future is one draw of all that is uncertain from the posterior, and of chance. The probability holds for this model,"
            " these facts and the ranges the calibration began with.",
            "未来情形指按后验对全部不确定因素与随机波动的一次抽取。该概率以本模型、所用事实和校准前的取值范围为前提。",
        ))  # fmt: skip
    elif r.plan.uncertain:
        page.paragraph(say(
            "A future is one draw of all that is uncertain, and of chance. A share of futures is not a probability: the ranges"
            " and priors are declared, not matched to facts.",
            "未来情形指全部不确定因素与随机波动的一次抽取。未来情形占比不是概率：范围与先验是设定的，未与事实校准。",
        ))  # fmt: skip
    if r.plan.uncertain:
        page.paragraph(say(
            "P on the map is a probability, over the model's own chance, if the uncertain numbers are as the map says.",
            "图上的P是概率，只含模型自身的随机波动，以图示的取值为条件。",
        ))  # fmt: skip
    else:
        page.paragraph(say(
            "Nothing is stated as uncertain here: futures differ by the model's own chance alone.",
            "此处没有不确定因素：各未来情形只因模型自身的随机波动而不同。",
        ))  # fmt: skip
    page.paragraph(say(
        "The policy stays as it is in every future; its levers are not averaged over.",
        "各未来情形中政策不变，政策杠杆不参与平均。",
    ))  # fmt: skip
    page.paragraph(say(
        "Intervals of shares hold however often one looks while runs are added; they tell simulation error only.",
        "占比的区间在边模拟边查看时依然有效，只反映模拟误差。",
    ))  # fmt: skip
    if r.gains:
        page.paragraph(say(
            "Easing is an experiment on what binds, in steps of different kinds; it is no advice.",
            "逐项放宽是为找出制约，各项步长性质不同，并非政策建议。",
        ))  # fmt: skip


# What it would take


def estimate_text(e: Estimate, lang: str) -> str:
    """The dry run in words."""
    page = Page(lang, banded=False)
    page.add(page.say(
        f"{e.least:,} to {number(e.most, 'run')}, {e.there:,} are there already",
        f"{e.least:,}至{e.most:,}次模拟，其中{e.there:,}次已有",
    ))  # fmt: skip
    page.add(takes.time_said(page, e.least_seconds, e.most_seconds, a_run=e.seconds_a_run, workers=e.workers))
    page.add(takes.room_said(page, e.bytes, e.folder))
    return "\n".join(page.lines)
