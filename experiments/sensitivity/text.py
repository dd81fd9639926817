"""The answer in words, for a terminal: Chinese or English, the model's own chance first, then the ranked inputs."""

from __future__ import annotations

import math

from experiments import takes
from experiments.design import DUMMY
from experiments.sensitivity.analysis import Settling, above, ranking
from experiments.sensitivity.plan import POSTERIOR
from experiments.sensitivity.said import (
    MEASURES,
    METHODS,
    form_of,
    interval_of,
    noise_sentence,
    sentence,
    share_of,
    shown,
)
from experiments.sensitivity.study import Sensitivity, Takes
from experiments.sensitivity.verdict import SMALL, WIDE
from experiments.wording import Page, number

HIGHER = {1: ("raises it", "结果升高"), -1: ("lowers it", "结果降低"), 0: ("no clear way", "方向不明")}
MOST_PAIRS = 5
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
    page.add(takes.time_said(page, e.seconds, a_run=e.seconds_a_run, workers=e.workers))
    page.add(takes.room_said(page, e.bytes, e.folder))
    return "\n".join(page.lines)
