"""The answer in words, for a terminal: Chinese or English, in which futures the plan fails first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from experiments import takes
from experiments.discovery import prim
from experiments.discovery.cases import Input
from experiments.discovery.prim import CHANCE, Found, Range
from experiments.discovery.regret import Score
from experiments.discovery.said import (
    CRITERIA,
    conditions,
    counted,
    is_said,
    limits_said,
    many,
    path_said,
    range_said,
    sentence,
    spanned,
)
from experiments.discovery.study import Discovery, Estimate
from experiments.reach.text import signed
from experiments.wording import EVENTS, Page

KINDS = {
    "lhs": ("Latin hypercube", "拉丁超立方"), "sobol": ("Sobol' sequence", "Sobol'序列"), "saltelli": ("Saltelli", "Saltelli"),
    "morris": ("Morris", "Morris"), "grid": ("grid", "网格"), "oat": ("one at a time", "逐项变动"), "table": ("own table", "自定义点"),
    "futures": ("drawn one by one", "逐个抽取"), "posterior": ("posterior", "后验"),
}  # fmt: skip
SHOWN_STEPS = 6  # of the trade-off
ERRORS = 3


def text(d: Discovery, lang: str) -> str:
    """The answer as plain text in `lang` ("zh" or "en"), ending in a newline."""
    page = Page(lang, banded=True)
    _head(page, d)
    if d.search is not None:
        for number, found in enumerate(d.search.boxes, 1):
            _box(page, d, number, found)
        _together(page, d)
        _trade_off(page, d)
        _tree(page, d)
    _policies(page, d)
    _runs(page, d)
    _means(page, d)
    return "\n".join(page.lines) + "\n"


# Parts


def _head(page: Page, d: Discovery) -> None:
    s, lang = d.scenario, "zh" if page.zh else "en"
    page.paragraph(sentence(d, lang), indent=0)
    page.add()
    page.add(f"{s.title[lang]}  {s.name}  {page.say('discovery', '情景发现')} {d.id}")
    if laid := s.laid_over():
        page.paragraph(page.say("With: ", "叠加：") + page.say(", ", "、").join(laid), indent=0)
    if d.given is not None:
        page.paragraph(page.say(
            f"Futures are drawn from the posterior {d.given.id}: what facts leave of the ranges.",
            f"未来情形取自后验{d.given.id}：事实校准后留下的取值。",
        ), indent=0)  # fmt: skip
    e = d.case.event
    if e.question is not None:
        t = e.question.target
        sense = page.say("at least" if t.at_least else "at most", "不少于" if t.at_least else "不超过")
        counted = page.say(", ", "，") + page.name(EVENTS[t.event]) if t.event else ""
        asked = page.limit(t.metric, t.unit, t.value)
        page.add(
            page.say(
                f"Target: {sense} {asked}{counted}, by {t.date}.", f"目标：{t.date}{sense}{asked}{counted}。"
            )
        )


def _box(page: Page, d: Discovery, number: int, found: Found) -> None:
    number_of, happens = counted(page, d, found.points), is_said(page, d.case.event)
    outside = "" if number == 1 else page.say(", outside the boxes before", "（此前情景框之外）")
    page.title(f"Box {number}{outside}: where it is {happens}", f"情景框{number}{outside}：何时{happens}")
    page.paragraph(_capital(conditions(page, d, found)) + page.say(".", "。"))
    s = found.stability
    page.table([
        ("", page.say("in the box", "框内"), page.say("left-out points", "未参与者"), page.say("95 % interval", "95%区间")),
        (page.say(f"density: {happens} in", f"密度：{happens}占"), page.share(found.density), *_left(page, s.density)),
        (page.say("coverage: of all such", "覆盖率：占全部此类"), page.share(found.coverage), *_left(page, s.coverage)),
    ])  # fmt: skip
    page.add(page.say(
        f"  {number_of}, {page.share(found.mass)} of those searched; without limits {page.share(found.base)}."
        f" Chance gives as good a box with p = {_p(found.p)}.",
        f"  含{number_of}，占所搜索的{page.share(found.mass)}；不设界限时{page.share(found.base)}。"
        f"偶然得到同样好的框：p={_p(found.p)}。",
    ))  # fmt: skip
    page.add()
    head = (page.say("limit", "界限"), page.say("", ""), page.say("95 % of resamples", "95%重抽样"),
            page.say("part of its range", "占取值范围"), page.say("quasi-p", "准p值"), page.say("limited in", "受限比例"))  # fmt: skip
    page.table(
        [
            head,
            *(
                _limit_row(page, d.case.inputs[k], found, k, side)
                for k in found.order
                for side in _sides(found, k)
            ),
        ]
    )
    if not found.met:
        asked = page.share(d.settings.prim.threshold or 0.0)
        page.add(page.say(
            f"  No box has the density asked for ({asked}); this one is nearest to full coverage and density.",
            f"  没有情景框达到所要求的密度（{asked}）；此为最接近完全覆盖与密度者。",
        ))  # fmt: skip
    if any(s.sides[limit] < 0.5 for limit in found.box.limits):
        page.paragraph(page.say(
            "Shaky: a limit that less than half of the resamples find is not to be relied on; more points settle it.",
            "不稳：不到一半的重抽样能找到的界限不可倚重，需增加点数。",
        ))  # fmt: skip
    others = [k for k in _by_share(found) if k not in found.order and s.restricted[k] >= 0.25]
    if others:
        said = page.say(", ", "、").join(
            f"{d.case.inputs[k].label['zh' if page.zh else 'en']} ({page.share(float(s.restricted[k]))})"
            for k in others[:4]
        )
        page.paragraph(page.say(f"Resamples limit these too: {said}.", f"重抽样中还常受限：{said}。"))


def _together(page: Page, d: Discovery) -> None:
    assert d.search is not None
    if len(d.search.boxes) > 1:
        page.add()
        share, happens = page.share(d.search.coverage), is_said(page, d.case.event)
        page.add(page.say(
            f"Together the boxes hold {share} of all {many(page, d)} in which it is {happens}.",
            f"各情景框合计覆盖全部{happens}情形的{share}。",
        ))  # fmt: skip


def _sides(found: Found, k: int) -> list[int]:
    return [side for side in (0, 1) if math.isfinite(found.box[side][k])]


def _by_share(found: Found) -> list[int]:
    shares = found.stability.restricted
    return sorted(range(len(shares)), key=lambda k: -shares[k])


def _limit_row(page: Page, one: Input, found: Found, k: int, side: int) -> tuple[str, ...]:
    lang = "zh" if page.zh else "en"
    place = float(found.box[side][k])
    said = limits_said(page, one, *((place, math.inf) if side == 0 else (-math.inf, place)))
    return (
        one.label[lang], said, _interval(page, one, found.stability.places[k, side]),
        range_said(page, one, place, side), _p(float(found.quasi_p[k, side])),
        page.share(float(found.stability.sides[k, side])),
    )  # fmt: skip


def _interval(page: Page, one: Input, places: Sequence[float]) -> str:
    if not all(math.isfinite(place) for place in places):
        return "–"
    return spanned(page, one, *(one.value(float(place)) for place in places))


def _left(page: Page, found: Range) -> tuple[str, str]:
    if math.isnan(found.value):
        return "–", ""
    return page.share(found.value), f"{page.share(found.low)} – {page.share(found.high)}"


def _p(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.2g}"


def _trade_off(page: Page, d: Discovery) -> None:
    """A few boxes on the way, from all points to the smallest."""
    assert d.search is not None
    steps = d.search.steps
    if len(steps) < 2:
        return
    page.title(
        "Trade-off on the way to box 1: the smaller, the denser", "情景框1搜索中的取舍：框越小，密度越高"
    )
    at = sorted({round(k * (len(steps) - 1) / (SHOWN_STEPS - 1)) for k in range(SHOWN_STEPS)})
    head = (page.say("coverage", "覆盖率"), page.say("density", "密度"), page.say("of all runs", "占全部模拟"),
            page.say("inputs limited", "受限因素数"))  # fmt: skip
    rows = [
        (page.share(s.coverage), page.share(s.density), page.share(s.mass), str(len(s.box.inputs)))
        for s in (steps[k] for k in at)
    ]
    page.table([head, *rows])
    page.add(page.say(
        "  As they came off the search: limits that chance explains are still on them.", "  为搜索过程中的原样，尚含偶然的界限。",
    ))  # fmt: skip


def _tree(page: Page, d: Discovery) -> None:
    t = d.tree
    assert t is not None
    what, happens = many(page, d), is_said(page, d.case.event)
    page.title("As a tree of questions (CART)", "决策树（CART）")
    if not t.found:
        why = (
            page.say("cross-validation leaves no question in it", "交叉验证后未留下任何分支")
            if len(t.nodes) == 1
            else page.say(
                f"shuffled data give as good a tree (p = {_p(t.p)})",
                f"打乱数据也能得到同样好的树（p={_p(t.p)}）",
            )
        )
        page.add(page.say(f"  Nothing found: {why}.", f"  未发现规律：{why}。"))
        return
    rows = [
        (
            page.say("if", "条件"),
            what,
            page.say(f"{happens} in", f"{happens}占"),
            page.say("of all such", "占全部此类"),
        )
    ]
    for leaf in sorted(t.leaves, key=lambda leaf: -leaf.density):
        rows.append(
            (
                path_said(page, d, leaf),
                f"{leaf.points:,}",
                page.share(leaf.density),
                page.share(leaf.coverage),
            )
        )
    _wide_table(page, rows)
    right, common, explained = (page.share(max(x, 0.0)) for x in (t.accuracy, t.majority, t.explained))
    page.paragraph(page.say(
        f"Tells {right} of left-out runs rightly, always guessing the commoner {common}; explains {explained} of the variance"
        f" between them (cross-validation in {t.folds} parts; chance: p = {_p(t.p)}).",
        f"对未参与的模拟判断正确{right}，一律猜多数为{common}；解释其方差的{explained}"
        f"（{t.folds}折交叉验证；偶然：p={_p(t.p)}）。",
    ))  # fmt: skip


def _wide_table(page: Page, rows: Sequence[tuple[str, ...]]) -> None:
    """Rows whose first cell is a sentence: it goes last, so that the numbers stay in columns."""
    from rich.cells import cell_len

    widths = [max(cell_len(row[k]) for row in rows) for k in range(1, len(rows[0]))]
    for row in rows:
        cells = [" " * (w - cell_len(c)) + c for c, w in zip(row[1:], widths, strict=True)]
        page.paragraph("  ".join(cells) + "   " + row[0])


# Policies


def _policies(page: Page, d: Discovery) -> None:
    if d.regrets is None:
        return
    r = d.regrets
    assert d.case.event.question is not None
    t = d.case.event.question.target
    form = page.form(t.metric, t.unit)
    page.title(
        f"Policies over the same {int(r.kept.sum()):,} futures, under the same luck",
        f"各政策在同样的{int(r.kept.sum()):,}种未来情形（随机数相同）",
    )
    page.table([
        (page.say("policy", "政策"), page.say("reaches it", "达标未来情形占比"), page.say("95 % interval", "95%区间"),
         page.say("mean", "平均"), page.say("worst tenth", "最差一成"), page.say("worst", "最差"), page.say("best in", "最好的占比")),
        *((s.name, page.share(s.share.value), f"{page.share(s.share.low)} – {page.share(s.share.high)}", form(s.mean.value),
           form(s.tenth), form(s.worst), page.share(s.best)) for s in r.scores),
    ])  # fmt: skip
    page.add()
    page.table([
        (page.say("regret: short of the future's best", "后悔值：与该未来情形最好政策之差"), page.say("mean", "平均"),
         page.say("95 % interval", "95%区间"), "P90", page.say("95 % interval", "95%区间"), page.say("largest", "最大")),
        *((s.name, form(s.regret.value), f"{form(s.regret.low)} – {form(s.regret.high)}", form(s.regret_p90.value),
           f"{form(s.regret_p90.low)} – {form(s.regret_p90.high)}", form(s.regret_most)) for s in r.scores),
    ])  # fmt: skip
    page.add()
    first = r.scores[0].name
    page.table([
        (page.say(f"better than {first} by", f"比{first}好"), page.say("mean", "平均"), page.say("95 % interval", "95%区间"),
         page.say("reaches it more", "达标未来情形多"), page.say("95 % interval", "95%区间")),
        *(_ahead(page, s, form) for s in r.scores[1:]),
    ])  # fmt: skip
    page.title("Most robust, by criterion", "最稳健的政策，按准则")
    page.table([
        ("", "", page.say("in resamples", "重抽样中")),
        *((page.name(CRITERIA[c.criterion]), " = ".join(c.policies), page.share(c.sure)) for c in r.choices),
    ])  # fmt: skip
    if not r.agreed:
        page.paragraph(page.say(
            "Criteria disagree: the policy that reaches the target most often need not be the one that is least regretted. Which"
            " counts is a choice about risk, not a matter of more runs.",
            "准则不一致：达标最多的政策未必后悔最小。取哪一条是对风险的取舍，增加模拟次数不能代答。",
        ))  # fmt: skip


def _ahead(page: Page, s: Score, form: Callable[[float], str]) -> tuple[str, ...]:
    points = page.say(" pp", "个百分点")

    def share(x: float) -> str:
        return signed(x, lambda v: f"{100 * v:.1f}")

    return (
        s.name, signed(s.ahead.value, form), f"{signed(s.ahead.low, form)} – {signed(s.ahead.high, form)}",
        share(s.more.value) + points, f"{share(s.more.low)} – {share(s.more.high)}",
    )  # fmt: skip


# Behind it


def _runs(page: Page, d: Discovery) -> None:
    c = d.case
    points, kind = (
        counted(page, d, len(c.points)),
        page.name(KINDS.get(d.case.kind, (d.case.kind, d.case.kind))),
    )
    page.title("Runs", "模拟")
    page.add(page.say(
        f"  {c.runs:,} runs of {points} ({kind}), {len(c.inputs)} inputs vary; seed {d.settings.seed}",
        f"  {points}（{kind}）的{c.runs:,}次模拟，{len(c.inputs)}项因素变动；种子{d.settings.seed}",
    ))  # fmt: skip
    if len(d.policies) > 1:
        page.add(page.say(
            f"  {len(d.policies)} policies, {sum(p.runs.failed.size for p in d.policies):,} runs in all",
            f"  {len(d.policies)}项政策，共{sum(p.runs.failed.size for p in d.policies):,}次模拟",
        ))  # fmt: skip
    if d.regrets is not None and not d.regrets.kept.all():
        lost = int((~d.regrets.kept).sum())
        page.add(page.say(
            f"  {lost:,} futures are left out of the comparison: a policy failed there, or has no such outcome",
            f"  比较时略去{lost:,}种未来情形：有政策模拟失败或无此结果",
        ))  # fmt: skip
    for n, en, zh in (
        (c.failed, "failed and are left out", "次失败，未计入"),
        (c.missing, "are planned and not there yet; the sweep's command goes on with them", "次尚未模拟；再次运行扫描命令即可补齐"),
        (c.undefined, "have no such outcome: " + ("not reached" if c.event.question else "left out"),
         "次无此结果：" + ("计为未达到" if c.event.question else "未计入")),
    ):  # fmt: skip
        if n:
            page.add(page.say(f"  {n:,} {en}", f"  {n:,}{zh}"))
    for error, count in list(c.errors.items())[:ERRORS]:
        page.add(f"    {count:,} x {error}")
    if d.held:
        page.paragraph(page.say(
            f"Not uncertain in every policy, so at the central value: {', '.join(d.held)}.",
            f"并非各政策共有的不确定因素，取中心值：{'、'.join(d.held)}。",
        ))  # fmt: skip


def _means(page: Page, d: Discovery) -> None:
    page.title("What this means", "如何理解")
    say, what = page.say, many(page, d)
    if d.search is not None and d.search.boxes:
        page.paragraph(say(
            "Density in the box is told too well, for its limits were chosen by the very points it counts. The second column looks"
            f" for a box anew in {prim.RESAMPLES if len(d.case.points) <= prim.MANY_POINTS else prim.RESAMPLES // 2} resamples and"
            " counts only points that these left out: trust that one.",
            "框内密度偏高，因为界限正是由这些点选出的。第二列在多次重抽样中重新寻找情景框，只用未抽中的点计算，应以此为准。",
        ))  # fmt: skip
        page.paragraph(say(
            f"quasi-p: how easily a limit that adds nothing would look so good; limits above {CHANCE:g} were taken off. Limited in:"
            " the share of resamples that limit this input on this side.",
            f"准p值：毫无作用的界限看来同样好的可能性，高于{CHANCE:g}的已去掉。受限比例：重抽样中该因素在该侧受限的比例。",
        ))  # fmt: skip
    page.paragraph(say(
        f"A share of {what} is not a probability: it depends on the ranges that were given."
        if d.given is None
        else "Futures follow the posterior, so shares are probabilities as far as the model and its facts go.",
        f"{what}占比不是概率：它取决于给定的取值范围。"
        if d.given is None
        else "未来情形按后验抽取，占比在模型与所用事实的前提下可作概率看。",
    ))  # fmt: skip
    if d.search is not None:
        page.paragraph(say(
            "A box says where it happens, not why: inputs that matter evenly over their range show better in `anju sensitivity`.",
            "情景框说明何时发生，不说明原因；在整个范围内均匀起作用的因素，用`anju sensitivity`看得更清。",
        ))  # fmt: skip


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]


# What it would take


def estimate_text(e: Estimate, lang: str) -> str:
    """The dry run in words."""
    page = Page(lang, banded=False)
    page.add(page.say(
        f"{e.policies} {'policy' if e.policies == 1 else 'policies'} x {e.points:,} futures x {e.replications} = {e.runs:,} runs,"
        f" {e.there:,} are there already",
        f"{e.policies}项政策 × {e.points:,}种未来情形 × {e.replications}次 = {e.runs:,}次模拟，其中{e.there:,}次已有",
    ))  # fmt: skip
    page.add(takes.time_said(page, e.seconds, a_run=e.seconds_a_run, workers=e.workers))
    page.add(takes.room_said(page, e.bytes, e.folder))
    return "\n".join(page.lines)
