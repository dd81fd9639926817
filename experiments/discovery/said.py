"""What boxes, limits, trees and policies are called, in Chinese or English: for texts and charts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from experiments.discovery import prim
from experiments.discovery.cases import ABOVE, FAILING, REACHING, Event, Input
from experiments.discovery.prim import Found
from experiments.discovery.regret import Choice
from experiments.discovery.study import Discovery
from experiments.discovery.tree import Node
from experiments.reach.text import written
from experiments.wording import Page
from scenarios.show import quantity

CRITERIA = {
    "share": ("reaches the target in most futures", "达标未来情形最多"),
    "mean": ("best on average, so least regret on average", "平均结果最好（平均后悔值也最小）"),
    "tenth": ("best in the worst tenth of futures", "最差一成未来情形中最好"),
    "worst": ("best in the worst future", "最差的未来情形中最好"),
    "regret_p90": ("least regret in nine futures of ten", "九成未来情形中后悔值最小"),
    "regret_most": ("least regret at most (min-max)", "最大后悔值最小（极小极大）"),
}  # fmt: skip
_IS = {
    FAILING: ("missed", "达不到"), REACHING: ("reached", "达到"), "": ("the case", "如此"),
}  # fmt: skip


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


def _robust(page: Page, d: Discovery) -> str:
    assert d.regrets is not None
    if named := d.regrets.agreed:
        as_good = {name for choice in d.regrets.choices for name in choice.policies} - set(named)
        others = titles(page, d, [policy.name for policy in d.policies if policy.name in as_good])
        tied = (
            page.say(f"; by some, {others} is as good", f"；按其中部分准则，{others}同样好") if others else ""
        )
        return page.say(
            f"Most robust by every criterion: {titles(page, d, named)}{tied}.",
            f"按各项准则最稳健的都是{titles(page, d, named)}{tied}。",
        )
    share = _choice(d, "share")
    most = _choice(d, "regret_most")
    if set(share.policies) & set(most.policies):
        other = next(c for c in d.regrets.choices if not set(c.policies) & set(share.policies))
        return page.say(
            f"Which policy is most robust depends on what is feared: {titles(page, d, share.policies)} reaches it in most futures and"
            f" is regretted least at most, {titles(page, d, other.policies)} is {page.name(CRITERIA[other.criterion])}.",
            f"哪项政策最稳健取决于看重什么：{titles(page, d, share.policies)}达标的未来情形最多、最大后悔值也最小，"
            f"而按“{page.name(CRITERIA[other.criterion])}”是{titles(page, d, other.policies)}。",
        )  # fmt: skip
    often, least = (titles(page, d, choice.policies) for choice in (share, most))
    return page.say(
        f"Criteria disagree on the most robust policy: {often} reaches it in most futures, {least} is regretted least at most.",
        f"各准则所指最稳健的政策不一致：达标未来情形最多的是{often}，最大后悔值最小的是{least}。",
    )  # fmt: skip


def _choice(d: Discovery, criterion: str) -> Choice:
    assert d.regrets is not None
    return next(choice for choice in d.regrets.choices if choice.criterion == criterion)


# Their parts


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


def counted(page: Page, d: Discovery, n: int) -> str:
    """So many futures, or points."""
    return page.say(f"{n:,} {many(page, d)}", f"{n:,}{'种' if d.case.futures else '个'}{many(page, d)}")


def many(page: Page, d: Discovery) -> str:
    """What a point is: a future, unless levers vary too."""
    return page.say("futures", "未来情形") if d.case.futures else page.say("points", "点")


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


def titles(page: Page, d: Discovery, names: Sequence[str]) -> str:
    lang = "zh" if page.zh else "en"
    by_name = {policy.name: policy.title[lang] for policy in d.policies}
    return page.say(" and ", "与").join(page.say(by_name[name], f"“{by_name[name]}”") for name in names)
