"""The answer in words, for a terminal: Chinese or English, in which futures the plan fails first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from experiments.discovery import prim
from experiments.discovery.cases import ABOVE, FAILING, REACHING, Event, Input
from experiments.discovery.prim import CHANCE, Found, Range
from experiments.discovery.regret import Choice, Score
from experiments.discovery.study import Discovery, Estimate
from experiments.discovery.tree import Node
from experiments.reach.text import signed, written
from experiments.wording import EVENTS, Page
from scenarios.show import quantity

CRITERIA = {
    "share": ("reaches the target in most futures", "达标未来最多"),
    "mean": ("best on average, so least regret on average", "平均结果最好（平均后悔值也最小）"),
    "tenth": ("best in the worst tenth of futures", "最差一成未来中最好"),
    "worst": ("best in the worst future", "最差的未来中最好"),
    "regret_p90": ("least regret in nine futures of ten", "九成未来中后悔值最小"),
    "regret_most": ("least regret at most (min-max)", "最大后悔值最小（极小极大）"),
}  # fmt: skip
_IS = {
    FAILING: ("missed", "达不到"), REACHING: ("reached", "达到"), "": ("the case", "如此"),
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


# Sentences


def sentence(d: Discovery, lang: str) -> str:
    """The answer in one or two sentences, for a reader of policy."""
    page = Page(lang, banded=True)
    said = _found(page, d)
    if d.regrets is not None:
        said += page.say(" ", "") + _robust(page, d)
    return said


def question_sentence(d: Discovery, lang: str) -> str:
    """In which futures it happens, as one sentence."""
    return _found(Page(lang, banded=True), d)


def robust_sentence(d: Discovery, lang: str) -> str:
    """Which policy is most robust, as one sentence."""
    return _robust(Page(lang, banded=True), d)


def _found(page: Page, d: Discovery) -> str:
    name, happens, base = (
        event_name(page, d.case.event),
        is_said(page, d.case.event),
        page.share(d.case.sample.density),
    )
    what = many(page, d)
    start = page.say(f"{name}: {happens} in {base} of {what}", f"{name}：{base}的{what}{happens}")
    if d.search is None:
        return start + page.say("; that leaves little to tell apart.", "，难以区分。")
    if d.search.boxes:
        first = d.search.boxes[0]
        cond = conditions(page, d, first)
        return start + page.say(
            f", and in {page.share(first.density)} of those with {cond}{_anew(page, first)}; these are"
            f" {page.share(first.coverage)} of all {what} in which it is {happens}.",
            f"；在{cond}的{what}中，{page.share(first.density)}{happens}{_anew(page, first)}，"
            f"占全部{happens}情形的{page.share(first.coverage)}。",
        )  # fmt: skip
    if d.tree is not None and d.tree.found:
        return start + page.say(
            ". No single box of limits tells them apart better than chance; the tree below does.",
            "。没有哪一组界限能比偶然更好地区分，但下面的决策树可以。",
        )  # fmt: skip
    return start + page.say(
        f". Nothing that varies tells these {what} from the others better than chance.",
        f"。各项变动因素都不能比偶然更好地区分这些{what}。",
    )


def _anew(page: Page, found: Found) -> str:
    left = found.stability.density
    if math.isnan(left.value):
        return ""
    return page.say(
        f" ({page.share(left.value)} among those left out of the search)",
        f"（未参与搜索者中{page.share(left.value)}）",
    )


def event_name(page: Page, e: Event) -> str:
    """What is looked at: a target's name, with the number asked for if it is not its own; or an outcome and its limit."""
    if e.question is None:
        side = page.say("above" if e.kind == ABOVE else "below", "高于" if e.kind == ABOVE else "低于")
        value = written(e.value, e.unit, "zh" if page.zh else "en")
        return page.say(f"{e.column} {side} {value}", f"{e.column}{side}{value}")
    t = e.question.target
    name, asked = page.say(t.en, t.zh), page.limit(t.metric, t.unit, t.value)
    return name if e.question.own else page.say(f"{name} (asked: {asked} instead)", f"{name}（改问{asked}）")


def is_said(page: Page, e: Event) -> str:
    """What is said of a hit: missed, reached."""
    return page.name(_IS[e.kind if e.question else ""])


def many(page: Page, d: Discovery) -> str:
    """What a point is: a future, unless levers vary too."""
    return page.say("futures", "未来") if d.case.futures else page.say("points", "点")


def conditions(page: Page, d: Discovery, found: Found) -> str:
    """The limits of a box in words, the most telling first."""
    said = [condition(page, d.case.inputs[k], found.box, k) for k in found.order]
    return page.say(" and ", "且").join(said)


def condition(page: Page, one: Input, box: prim.Box, k: int) -> str:
    lang = "zh" if page.zh else "en"
    name = page.say("the ", "") + one.label[lang]
    return name + page.say(" ", "") + limits_said(page, one, float(box.low[k]), float(box.high[k]))


def limits_said(page: Page, one: Input, low: float, high: float) -> str:
    """Limits at places of the range in words: above, below, between; of levels at least, at most."""
    lang = "zh" if page.zh else "en"
    ends = [
        written(one.limit(place, side), one.unit, lang)
        for side, place in enumerate((low, high))
        if math.isfinite(place)
    ]
    if one.unit == "flag" or (one.levels and len(ends) == 2 and ends[0] == ends[1]):
        return page.say(ends[0], f"为{ends[0]}")
    if len(ends) == 2:
        return page.say(f"between {ends[0]} and {ends[1]}", f"在{ends[0]}与{ends[1]}之间")
    if one.levels:
        return (
            page.say(
                "at least " if math.isfinite(low) else "at most ",
                "不低于" if math.isfinite(low) else "不高于",
            )
            + ends[0]
        )
    return (
        page.say("above " if math.isfinite(low) else "below ", "高于" if math.isfinite(low) else "低于")
        + ends[0]
    )


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
            f"未来取自后验{d.given.id}：事实校准后留下的取值。",
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
    what, happens = many(page, d), is_said(page, d.case.event)
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
        f"  {found.points:,} {what}, {page.share(found.mass)} of those searched; without limits {page.share(found.base)}."
        f" Chance gives as good a box with p = {_p(found.p)}.",
        f"  含{found.points:,}个{what}，占所搜索的{page.share(found.mass)}；不设界限时{page.share(found.base)}。"
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


def range_said(page: Page, one: Input, place: float, side: int) -> str:
    """Which part of the range is inside the limit, on the range's scale."""
    part = page.share(min(max(1.0 - place if side == 0 else place, 0.0), 1.0))
    span = spanned(page, one, one.low, one.high)
    return page.say(
        f"{'upper' if side == 0 else 'lower'} {part} of {span}",
        f"{span}的{'上' if side == 0 else '下'}部{part}",
    )


def spanned(page: Page, one: Input, low: float, high: float) -> str:
    """Two values of an input, their unit said once."""
    lang = "zh" if page.zh else "en"
    behind = quantity(0.0, one.unit, lang).removeprefix("0") if one.unit != "flag" else ""
    behind = behind.strip() if page.zh else behind
    return f"{written(low, one.unit, lang).removesuffix(behind)} – {written(high, one.unit, lang)}"


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


def path_said(page: Page, d: Discovery, node: Node) -> str:
    """The answers on the way to a node, each input once."""
    sides: dict[int, list[float]] = {}
    for input, side, place in node.path:
        ends = sides.setdefault(input, [-math.inf, math.inf])
        ends[side] = max(ends[0], place) if side == 0 else min(ends[1], place)
    lang = "zh" if page.zh else "en"
    said = [
        d.case.inputs[k].label[lang] + page.say(" ", "") + limits_said(page, d.case.inputs[k], *ends)
        for k, ends in sides.items()
    ]
    return page.say(" and ", "且").join(said) or page.say("always", "总是")


# Policies


def _robust(page: Page, d: Discovery) -> str:
    assert d.regrets is not None
    if named := d.regrets.agreed:
        return page.say(
            f"Most robust by every criterion: {titles(page, d, named)}.",
            f"按各项准则最稳健的都是{titles(page, d, named)}。",
        )
    share = _choice(d, "share")
    most = _choice(d, "regret_most")
    if set(share.policies) & set(most.policies):
        other = next(c for c in d.regrets.choices if not set(c.policies) & set(share.policies))
        return page.say(
            f"Which policy is most robust depends on what is feared: {titles(page, d, share.policies)} reaches it in most futures and"
            f" is regretted least at most, {titles(page, d, other.policies)} is {page.name(CRITERIA[other.criterion])}.",
            f"哪项政策最稳健取决于看重什么：{titles(page, d, share.policies)}达标的未来最多、最大后悔值也最小，"
            f"而按“{page.name(CRITERIA[other.criterion])}”是{titles(page, d, other.policies)}。",
        )  # fmt: skip
    often, least = (titles(page, d, choice.policies) for choice in (share, most))
    return page.say(
        f"Criteria disagree on the most robust policy: {often} reaches it in most futures, {least} is regretted least at most.",
        f"各准则所指最稳健的政策不一致：达标未来最多的是{often}，最大后悔值最小的是{least}。",
    )  # fmt: skip


def _choice(d: Discovery, criterion: str) -> Choice:
    assert d.regrets is not None
    return next(choice for choice in d.regrets.choices if choice.criterion == criterion)


def titles(page: Page, d: Discovery, names: Sequence[str]) -> str:
    lang = "zh" if page.zh else "en"
    by_name = {policy.name: policy.title[lang] for policy in d.policies}
    return page.say(" and ", "与").join(page.say(by_name[name], f"“{by_name[name]}”") for name in names)


def _policies(page: Page, d: Discovery) -> None:
    if d.regrets is None:
        return
    r = d.regrets
    assert d.case.event.question is not None
    t = d.case.event.question.target
    form = page.form(t.metric, t.unit)
    page.title(
        f"Policies over the same {int(r.kept.sum()):,} futures, under the same luck",
        f"各政策在同样的{int(r.kept.sum()):,}个未来（随机数相同）",
    )
    page.table([
        (page.say("policy", "政策"), page.say("reaches it", "达标未来占比"), page.say("95 % interval", "95%区间"),
         page.say("mean", "平均"), page.say("worst tenth", "最差一成"), page.say("worst", "最差"), page.say("best in", "最好的占比")),
        *((s.name, page.share(s.share.value), f"{page.share(s.share.low)} – {page.share(s.share.high)}", form(s.mean.value),
           form(s.tenth), form(s.worst), page.share(s.best)) for s in r.scores),
    ])  # fmt: skip
    page.add()
    page.table([
        (page.say("regret: short of the future's best", "后悔值：与该未来最好政策之差"), page.say("mean", "平均"),
         page.say("95 % interval", "95%区间"), "P90", page.say("95 % interval", "95%区间"), page.say("largest", "最大")),
        *((s.name, form(s.regret.value), f"{form(s.regret.low)} – {form(s.regret.high)}", form(s.regret_p90.value),
           f"{form(s.regret_p90.low)} – {form(s.regret_p90.high)}", form(s.regret_most)) for s in r.scores),
    ])  # fmt: skip
    page.add()
    first = r.scores[0].name
    page.table([
        (page.say(f"better than {first} by", f"比{first}好"), page.say("mean", "平均"), page.say("95 % interval", "95%区间"),
         page.say("reaches it more", "达标未来多"), page.say("95 % interval", "95%区间")),
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
    what = many(page, d)
    page.title("Runs", "模拟")
    page.add(page.say(
        f"  {c.runs:,} runs of {len(c.points):,} {what} ({c.kind}), {len(c.inputs)} inputs vary; seed {d.settings.seed}",
        f"  {len(c.points):,}个{what}（{c.kind}）的{c.runs:,}次模拟，{len(c.inputs)}项因素变动；种子{d.settings.seed}",
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
            f"  比较时略去{lost:,}个未来：有政策模拟失败或无此结果",
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
        f"{what}占比不是概率：它取决于给定的取值范围。" if d.given is None else "未来按后验抽取，占比在模型与所用事实的前提下可作概率看。",
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
        f"{e.policies}项政策 × {e.points:,}个未来 × {e.replications}次 = {e.runs:,}次模拟，其中{e.there:,}次已有",
    ))  # fmt: skip
    minutes = page.say(f"{e.seconds / 60:.0f} minutes", f"{e.seconds / 60:.0f}分钟") if e.seconds >= 90 else page.say(
        f"{e.seconds:.0f} s", f"{e.seconds:.0f}秒")  # fmt: skip
    page.add(page.say(
        f"about {minutes}: {e.seconds_a_run:.2f} s a run, {e.workers} at a time",
        f"约需{minutes}：每次模拟{e.seconds_a_run:.2f}秒，同时{e.workers}次",
    ))  # fmt: skip
    page.add(
        page.say(
            f"at most {e.bytes / 1e6:.1f} MB in {e.folder}", f"最多占用{e.bytes / 1e6:.1f} MB，存于{e.folder}"
        )
    )
    return "\n".join(page.lines)
