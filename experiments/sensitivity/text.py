"""The answer in words, for a terminal: Chinese or English, the model's own chance first, then the ranked inputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from experiments.design import DUMMY
from experiments.sensitivity.result import Estimate, Result
from experiments.sensitivity.study import POSTERIOR, Sensitivity, Settling, Takes, above, ranking
from experiments.sensitivity.verdict import SMALL, WIDE
from experiments.wording import Page, number


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
HIGHER = {1: ("raises it", "结果升高"), -1: ("lowers it", "结果降低"), 0: ("no clear way", "方向不明")}
MOST_PAIRS = 5
NAMED = 3  # inputs in the sentence
DOUBTFUL = 0.2  # error of a sum of shares above which it says nothing


def text(s: Sensitivity, lang: str) -> str:
    """The answer as plain text in `lang` ("zh" or "en"), ending in a newline."""
    page = Page(lang, banded=True)
    _head(page, s)
    _table(page, s)
    _together(page, s)
    _pairs(page, s)
    _settled(page, s)
    _held(page, s)
    _runs(page, s)
    _means(page, s)
    return "\n".join(page.lines) + "\n"


# Sentences


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


# The parts


def _head(page: Page, s: Sensitivity) -> None:
    lang = "zh" if page.zh else "en"
    page.paragraph(noise_sentence(s, lang), indent=0)
    page.paragraph(sentence(s, lang), indent=0)
    page.add()
    scenario = s.scenario
    page.add(f"{scenario.title[lang]}  {scenario.name}  {page.say('sensitivity', '敏感性分析')} {s.id}")
    if laid := scenario.laid_over():
        page.paragraph(page.say("With: ", "叠加：") + page.say(", ", "、").join(laid), indent=0)
    if s.given is not None:
        facts, of = len(s.given.facts), number(len(s.given.facts), "fact")
        page.paragraph(page.say(
            f"Inputs drawn from the posterior {s.given.id} ({s.given.scenario}, calibrated to {of}), not from their ranges.",
            f"不确定因素取自后验 {s.given.id}（{s.given.scenario}，以{facts}条事实校准），而非取值范围。",
        ), indent=0)  # fmt: skip
    if s.stored is not None:
        page.paragraph(page.say(
            f"Read from the runs of {s.stored.name} ({s.design.kind}); nothing was run.",
            f"读自已有结果库 {s.stored.name}（{s.design.kind}），未新增模拟。",
        ), indent=0)  # fmt: skip


def _table(page: Page, s: Sensitivity) -> None:
    r, lang = s.result, "zh" if page.zh else "en"
    groups = s.design.options.get("groups")
    page.title(
        f"What it hangs on, {page.name(METHODS[r.method])}", f"取决于什么：{page.name(METHODS[r.method])}"
    )
    measures = shown(r)
    interval = page.say("95 % interval", "95%区间")
    head = ["", page.say("group" if groups else "input", "因素组" if groups else "因素")]
    for measure in measures:
        head += [_name(page, measure), interval]
    head += [page.say("more of it", "取值越高"), ""]
    rows = [(head[1], *head[2:])]
    for place, k in enumerate(ranking(r), 1):
        name = r.names[k]
        cells = []
        for measure in measures:
            e, form = r.measures[measure][k], form_of(s, page, measure)
            cells += [form(e.value), interval_of(page, e, form)]
        direction = s.directions.get(name)
        way = page.name(HIGHER[direction.sign]) if direction is not None else ""
        number = "  " if name == DUMMY else f"{place:2d}"
        rows.append((f"{number} {s.labels[name][lang]}", *cells, way, _mark(s, k)))
    _rows(page, rows)
    marks = {row[-1] for row in rows}
    if "?" in marks:
        page.paragraph(page.say(
            "? cannot be told from an input that changes nothing.", "? 与不影响结果的因素无法区分。"
        ))  # fmt: skip
    if "~" in marks:
        page.paragraph(
            page.say(
                "~ not converged: ranks may change with more runs.", "~ 未收敛：增加模拟后名次可能变化。"
            )
        )
    for measure in measures:
        if measure in MEASURES:
            page.paragraph(page.name(MEASURES[measure].said) + page.say(".", "。"))
    for name, members in (groups or {}).items():
        if members != [name]:
            said = page.say(", ", "、").join(s.labels[one][lang] for one in members)
            page.paragraph(f"{s.labels[name][lang]}{page.say(': ', '：')}{said}{page.say('.', '。')}")


def _rows(page: Page, rows: list[tuple[str, ...]]) -> None:
    """A table without the columns that are empty in all rows."""
    kept = [k for k in range(len(rows[0])) if any(row[k] for row in rows[1:])]
    page.table([tuple(row[k] for k in kept) for row in rows])


def _name(page: Page, measure: str) -> str:
    return page.name(MEASURES[measure].name) if measure in MEASURES else measure


def _mark(s: Sensitivity, k: int) -> str:
    name = s.result.names[k]
    if name == DUMMY:
        return ""
    if not above(s.result, k):
        return "?"
    return "~" if name in s.result.unconverged else ""


def _together(page: Page, s: Sensitivity) -> None:
    """What single inputs explain together, and what only interactions do."""
    r = s.result
    if r.method not in ("sobol", "fast", "hdmr", "rbd_fast") or "first" not in r.measures:
        return
    firsts = [e for name, e in zip(r.names, r.measures["first"], strict=True) if name != DUMMY]
    alone = sum(e.value for e in firsts)
    half = math.sqrt(sum((e.high - e.low) ** 2 for e in firsts)) / 2.0  # as if their errors were independent
    half = 0.0 if math.isnan(half) else half
    told, left = share_of(page, min(alone, 1.0)), share_of(page, 1.0 - alone)
    page.add()
    if half > DOUBTFUL:
        said = page.say(
            f"Single inputs explain {told} of the spread together, give or take {share_of(page, half)}: too rough to say how much"
            " interactions do.",
            f"各因素单独合计解释{told}（±{share_of(page, half)}），误差太大，尚不能判断交互作用的大小。",
        )
    elif 1.0 - alone <= max(half, SMALL):
        said = page.say(
            f"Single inputs explain {told} of the spread: interactions are too small to be seen.",
            f"各因素单独合计解释{told}，看不出交互作用。",
        )
    elif r.corrected:
        said = page.say(
            f"Single inputs explain {told} of the spread; the other {left} is interactions: what one input does depends on the"
            " others.",
            f"各因素单独合计解释{told}，其余{left}来自交互作用：一项的影响取决于其他各项。",
        )
    else:
        said = page.say(
            f"Single inputs explain {told} of the spread; the other {left} is interactions, chance and the error of the method.",
            f"各因素单独合计解释{told}，其余{left}来自交互作用、随机波动与方法误差。",
        )
    page.paragraph(said, indent=0)


def _pairs(page: Page, s: Sensitivity) -> None:
    if not s.result.pairs:
        return
    lang = "zh" if page.zh else "en"
    page.title("Pairs that act together (second order)", "成对的交互作用（二阶指数）")
    found = sorted(s.result.pairs.items(), key=lambda item: -item[1].value)
    told = [(pair, e) for pair, e in found if DUMMY not in pair and e.low > 0.0][:MOST_PAIRS]
    if not told:
        page.add(page.say("  None can be told from nothing.", "  没有一对能与零影响区分开。"))
        return
    rows = [
        (page.say(" with ", " 与 ").join(s.labels[name][lang] for name in pair), share_of(page, e.value),
         interval_of(page, e, lambda x: share_of(page, x)))
        for pair, e in told
    ]  # fmt: skip
    page.table([("", page.say("share", "占比"), page.say("95 % interval", "95%区间")), *rows])


def _settled(page: Page, s: Sensitivity) -> None:
    """What is not settled, and about how many more runs would settle it."""
    r, lang = s.result, "zh" if page.zh else "en"
    unsettled = [r.names[k] for k in ranking(r) if r.names[k] in r.unconverged and r.names[k] != DUMMY]
    open_ = [s.labels[name][lang] for name in unsettled]
    page.title("Is that settled?", "结论稳定吗？")
    if open_:
        of = page.say(" of the largest", "最大者的") if r.method in ("morris", "dgsm") else ""
        listed = page.say(", ", "、").join(open_[:6]) + (
            page.say(" and more", "等") if len(open_) > 6 else ""
        )
        page.paragraph(page.say(
            f"Not converged (interval wider than {share_of(page, WIDE)}{of}, so ranks may change): {listed}.",
            f"未收敛（区间宽于{of}{share_of(page, WIDE)}，名次可能变化）：{listed}。",
        ))  # fmt: skip
    elif math.isnan(r.measures[r.leading][0].low):
        page.paragraph(page.say(
            "This method gives no intervals, so whether the ranks would stay the same cannot be told.",
            "此方法不给出区间，无法判断名次是否稳定。",
        ))  # fmt: skip
    else:
        page.paragraph(
            page.say("All intervals are narrow enough to rank by.", "各区间均已足够窄，可以排序。")
        )
    if s.settling is not None:
        _more(page, s, s.settling)
    if not r.corrected:
        page.paragraph(page.say(
            "Noise is not taken out of these measures; the dummy shows how much it makes of nothing.",
            "上述指标未扣除随机波动，其大小可由虚拟变量看出。",
        ))  # fmt: skip
    if not r.noise_in_intervals and not math.isnan(r.measures[r.leading][0].low):
        page.paragraph(page.say(
            "These intervals hold only the error of few points, not the model's own chance: read them as too narrow.",
            "区间只含样本点有限的误差，不含模型自身的随机波动，因而偏窄。",
        ))  # fmt: skip


def _more(page: Page, s: Sensitivity, t: Settling) -> None:
    for points, runs, en, zh in (
        (t.above, t.runs_above, "That the first three matter at all", "前三项确有影响"),
        (t.order, t.runs_order, "The order of the first three", "前三项的次序"),
    ):
        if points <= t.points:
            page.paragraph(page.say(f"{en} is settled.", f"{zh}：已可确定。"))
        elif math.isinf(points):
            page.paragraph(
                page.say(
                    f"{en}: no number of runs in reach would settle it.", f"{zh}：可行的模拟次数内无法确定。"
                )
            )
        elif s.stored is not None and s.design.kind not in ("saltelli", "morris"):
            page.paragraph(page.say(
                f"{en}: about {_about(runs)} more runs would settle it.", f"{zh}：约需再模拟{_about(runs)}次。"
            ))  # fmt: skip
        else:
            page.paragraph(page.say(
                f"{en}: about {_about(runs)} more runs would settle it (--points {points:.0f}).",
                f"{zh}：约需再模拟{_about(runs)}次（--points {points:.0f}）。",
            ))  # fmt: skip


def _about(runs: float) -> str:
    return f"{float(f'{runs:.2g}'):,.0f}"


def _held(page: Page, s: Sensitivity) -> None:
    lang = "zh" if page.zh else "en"
    page.title("What was held", "固定不变的")
    if s.screen is not None:
        page.paragraph(page.say(
            f"A Morris study of {s.screen.trajectories} paths ({s.screen.runs:,} runs) came first; the {len(s.screen.chosen)} inputs"
            " that mattered most in it were varied here, and the others stayed at their central values.",
            f"先做Morris筛选（{s.screen.trajectories}条路径，{s.screen.runs:,}次模拟），影响最大的{len(s.screen.chosen)}项在此变动，其余取中心值。",
        ))  # fmt: skip
    if s.held:
        listed = page.say(", ", "、").join(s.labels[name][lang] for name in s.held)
        page.paragraph(page.say(f"At their central values: {listed}.", f"取中心值：{listed}。"))
    elif s.screen is None:
        page.paragraph(page.say("Nothing uncertain: all of it was varied.", "没有：全部不确定因素均变动。"))
    levers = [factor.name for factor in s.design.factors if factor.kind == "lever"]
    if levers:
        listed = page.say(", ", "、").join(s.labels[name][lang] for name in levers)
        page.paragraph(page.say(
            f"Varied though it is a choice, not chance: {listed}. Its share depends on the span given to it.",
            f"以下为政策杠杆，并非不确定因素，其占比取决于给定的区间：{listed}。",
        ))  # fmt: skip
    else:
        page.paragraph(page.say("Levers stay as the policy has them.", "政策杠杆按政策取值，不变动。"))


def _runs(page: Page, s: Sensitivity) -> None:
    page.title("Runs", "模拟次数")
    points, replications = s.y.shape
    page.add(page.say(
        f"  {points:,} points x {replications} replications = {s.y.size:,} runs; seed {s.seed}",
        f"  {points:,}个点 × {replications}次重复 = {s.y.size:,}次模拟；种子{s.seed}",
    ))  # fmt: skip


def _means(page: Page, s: Sensitivity) -> None:
    page.title("What this means", "如何理解")
    say = page.say
    if s.method == "morris":
        page.paragraph(say(
            "An effect is a size in the outcome's own unit, over the whole range of the input. Effects are no shares and do not add up.",
            "影响以结果自身的单位计，对应该因素的整个取值范围；它不是占比，也不能相加。",
        ))  # fmt: skip
    else:
        page.paragraph(say(
            "Spread is variance. A share says how much less the outcome would vary if that input were known, not how large or good"
            " the outcome is.",
            "离散程度指方差。占比表示确知该因素后结果少变动多少，与结果大小、好坏无关。",
        ))  # fmt: skip
    if s.design.kind == POSTERIOR:
        page.paragraph(say(
            "Inputs hang together in a posterior: an input may seem to matter because another does that goes with it.",
            "后验中各因素相关：某因素看似重要，可能只因它与另一重要因素相关。",
        ))  # fmt: skip
    else:
        page.paragraph(say(
            "Inputs vary independently over their declared ranges, every value alike: another range gives another share.",
            "各因素在设定的取值范围内独立、均匀地变动：范围不同，占比不同。",
        ))  # fmt: skip
    if DUMMY in s.result.names:
        page.paragraph(say(
            "The dummy is an input that changes nothing: whatever is no larger than it may be chance.",
            "虚拟变量不影响任何结果：不大于它的，都可能只是随机。",
        ))  # fmt: skip
    if s.common:
        page.paragraph(say(
            "All points had the same luck here, so the interval of each index holds only for few replications' luck.",
            "各点使用相同的随机数，区间只反映少数几次重复的随机性。",
        ))  # fmt: skip


# What it would take


def estimate_text(e: Takes, lang: str) -> str:
    """The dry run in words."""
    page = Page(lang, banded=False)
    first = (
        page.say(f", {e.screening:,} of them to screen", f"，其中筛选{e.screening:,}次")
        if e.screening
        else ""
    )
    page.add(page.say(
        f"{e.points:,} points, {e.runs:,} runs{first}; {e.there:,} are there already",
        f"{e.points:,}个点，{e.runs:,}次模拟{first}；已有{e.there:,}次",
    ))  # fmt: skip
    page.add(page.say(
        f"about {_minutes(page, e.seconds)}: {e.seconds_a_run:.2f} s a run, {e.workers} at a time",
        f"约需{_minutes(page, e.seconds)}：每次模拟{e.seconds_a_run:.2f}秒，同时{e.workers}次",
    ))  # fmt: skip
    page.add(
        page.say(
            f"at most {e.bytes / 1e6:.1f} MB in {e.folder}", f"最多占用{e.bytes / 1e6:.1f} MB，存于{e.folder}"
        )
    )
    return "\n".join(page.lines)


def _minutes(page: Page, seconds: float) -> str:
    if seconds >= 90.0:
        return page.say(f"{seconds / 60:.0f} minutes", f"{seconds / 60:.0f}分钟")
    return page.say(f"{seconds:.0f} s", f"{seconds:.0f}秒")
