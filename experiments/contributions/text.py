"""Contributions in words, for a terminal: Chinese or English, one row a family."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from experiments.comparison.judge import Difference
from experiments.comparison.text import amounts
from experiments.contributions.judge import Answer, Share
from experiments.contributions.runs import Game
from experiments.wording import Page, number

Form = Callable[[float], str]
SMALL = 0.02  # of the largest contribution: what is less is next to nothing


def text(a: Answer, lang: str) -> str:
    """The answer as plain text in `lang` ("zh" or "en"), ending in a newline."""
    page = Page(lang, banded=a.points_used * a.replications > 1)
    _head(page, a)
    _whole(page, a)
    _families(page, a)
    _verdict(page, a)
    _notes(page, a)
    return "\n".join(page.lines) + "\n"


def plan(game: Game, runs: int, seconds: float, lang: str) -> str:
    """What a dry run says: the families, how many runs, about how long."""
    page = Page(lang, banded=False)
    k = len(game.players)
    page.add(page.say(
        f"{game.policy.name} against {game.reference.name}: {k} {'family' if k == 1 else 'families'} of levers differ",
        f"{game.policy.name}与{game.reference.name}相比：{k}类政策杠杆不同",
    ))  # fmt: skip
    page.table([
        (player.title(lang), _numbers(page, len(player.numbers)), player.id)
        for player in game.players
    ])  # fmt: skip
    page.add(page.say(
        f"2^{k} = {game.combinations:,} combinations, {number(runs, 'run')}, about {_duration(seconds, zh=False)}; nothing was written.",
        f"2^{k} = {game.combinations:,}种组合，共{runs:,}次模拟，约需{_duration(seconds, zh=True)}；未写出任何文件。",
    ))  # fmt: skip
    return "\n".join(page.lines) + "\n"


def _numbers(page: Page, n: int) -> str:
    return page.say(number(n, "number"), f"{n}项")


def _duration(seconds: float, *, zh: bool) -> str:
    for size, en, name in ((3600.0, "h", "小时"), (60.0, "min", "分钟")):
        if seconds >= size:
            return f"{seconds / size:.2g}" + (name if zh else f" {en}")
    return f"{max(seconds, 1.0):.0f}" + ("秒" if zh else " s")


class Forms(NamedTuple):
    """How the outcome is written, a difference of it in a sentence and in a table, and the unit of the table."""

    level: Form
    said: Form
    cell: Form
    unit: str


def forms(page: Page, a: Answer) -> Forms:
    """Money in one unit throughout, shares in percentage points."""
    level = page.form(a.metric, a.unit)
    if a.unit == "share":
        points = page.say("percentage points", "百分点")
        short = page.say(" pp", "个百分点")
        return Forms(level, lambda x: _points(x) + short, _points, points)
    if a.unit == "yuan":
        differences = [a.whole, *(d for f in a.families for d in (f.contribution, f.first, f.last))]
        most = max(abs(x) for d in differences for x in (d.value, d.low, d.high) if x is not None)
        if most >= 1e5:
            form, unit = amounts(page, most)
            between = page.say(" ", "")
            return Forms(level, lambda x: signed(x, form) + between + unit, lambda x: signed(x, form), unit)
        return Forms(
            level, lambda x: signed(x, page.yuan), lambda x: signed(x, page.count), page.say("yuan", "元")
        )
    return Forms(level, lambda x: signed(x, level), lambda x: signed(x, level), "")


def _points(share: float) -> str:
    return signed(share, lambda x: f"{100 * x:.2f}")


def signed(x: float, form: Form) -> str:
    """With its sign, but for nothing."""
    written = form(abs(x))
    if not any(c in "123456789" for c in written):
        return written
    return f"{'+' if x > 0 else '−'}{written}"


def _head(page: Page, a: Answer) -> None:
    page.add(page.say(f"Contributions {a.id}: what makes the difference", f"贡献分解 {a.id}：差别从何而来"))
    lang = "zh" if page.zh else "en"
    page.add(f"  {page.say('policy   ', '政策')}  {a.policy}  {a.title['policy'][lang]}")
    page.add(f"  {page.say('reference', '对照')}  {a.reference}  {a.title['reference'][lang]}")
    k, n, r = len(a.families), a.points, a.replications
    page.add(page.say(
        f"  {k} {'family' if k == 1 else 'families'} of levers, {2**k:,} combinations x {number(n, 'future')} x "
        f"{number(r, 'replication')} = {number(a.runs, 'run')}; the same households, draws and uncertain values in all.",
        f"  {k}类杠杆，{2**k:,}种组合 × {n}种未来情形 × {r}次重复 = {a.runs:,}次模拟；农户、随机数和不确定因素取值全部相同。",
    ))  # fmt: skip
    if a.points_used < n:
        page.add(page.say(
            f"  {number(n - a.points_used, 'future')} left out: under some combination there is nothing to count.",
            f"  剔除{n - a.points_used}种未来情形：其中某些组合下没有可计的结果。",
        ))  # fmt: skip


def _whole(page: Page, a: Answer) -> None:
    form, difference, _, _ = forms(page, a)
    if a.target:
        page.title(f"What the target counts: {a.names['en']}", f"目标所计：{a.names['zh']}")
    else:
        page.title(_sentence(a.names["en"]), a.names["zh"])
    rows = [
        ("", *((page.heading()) if page.banded else (page.say("value", "数值"), ""))),
        (page.say("reference", "对照"), *page.band(a.before, form)),
        (page.say("policy", "政策"), *page.band(a.after, form)),
    ]
    page.table(rows)
    low = interval(page, a.whole, difference)
    said = difference(a.whole.value) + (
        page.say(f" (95 % interval {low})", f"（95%区间 {low}）") if low else ""
    )
    page.add(page.say(f"  difference, mean: {said}", f"  差值（均值）：{said}"))


def _families(page: Page, a: Answer) -> None:
    form, unit = forms(page, a)[2:]
    page.title(
        "By family of levers" + (f" ({unit})" if unit else ""),
        "分杠杆类别" + (f"（{unit}）" if unit else ""),
    )
    many = a.whole.low is not None
    gap = page.say("95 % interval", "95%区间") if many else ""
    rows: list[tuple[str, ...]] = [(
        "", page.say("contribution", "贡献"), gap, page.say("of it", "占比") if _shares(a) else "",
        page.say("alone", "单独采用"), gap, page.say("last", "最后加入"), gap,
    )]  # fmt: skip
    lang = "zh" if page.zh else "en"
    for f in a.families:
        rows.append((
            f.title[lang], *_cells(page, f.contribution, form), "" if f.share is None else _percent(page, f.share),
            *_cells(page, f.first, form), *_cells(page, f.last, form),
        ))  # fmt: skip
    rows.append((page.say("sum", "合计"), form(a.whole.value), *[""] * 6))
    page.table(rows)


def _shares(a: Answer) -> bool:
    return any(f.share is not None for f in a.families)


def _percent(page: Page, share: float) -> str:
    return f"{100 * share:.0f}".replace("-0", "0").replace("-", "−") + page.say(" %", "%")


def _cells(page: Page, d: Difference, form: Form) -> tuple[str, str]:
    return form(d.value), interval(page, d, form)


def interval(page: Page, d: Difference, form: Form) -> str:
    """The 95 % interval, empty where there is none."""
    if d.low is None or d.high is None:
        return ""
    if form(d.low) == form(d.high):
        return form(d.low)
    return f"{form(d.low)}{page.say(' to ', ' 至 ')}{form(d.high)}"


def clear(d: Difference) -> bool:
    """Whether a difference is surely not nothing; without an interval, whether it is not nothing."""
    if d.low is None or d.high is None:
        return d.value != 0.0
    return d.low > 0.0 or d.high < 0.0


def _verdict(page: Page, a: Answer) -> None:
    form = forms(page, a).said
    lang, say = "zh" if page.zh else "en", page.say

    def listed(shares: list[Share]) -> str:
        return say(", ", "、").join(f"{_low(f.title[lang])}{say(' (', '（')}{form(f.contribution.value)}{say(')', '）')}"
                                   for f in shares)  # fmt: skip

    sign = 1.0 if a.whole.value >= 0 else -1.0
    least = SMALL * max(abs(f.contribution.value) for f in a.families)
    sure = [f for f in a.families if _told(f.contribution, form) and abs(f.contribution.value) >= least]
    sure.sort(key=lambda f: -abs(f.contribution.value))
    with_, against = ([f for f in sure if f.contribution.value * s > 0] for s in (sign, -sign))
    unclear = [_low(f.title[lang]) for f in a.families if f not in sure]
    page.add()
    if not clear(a.whole):
        page.paragraph(say(
            "Whether the policy changes it at all is unclear; these are parts of an unclear whole.",
            "政策是否改变该结果尚不明确；以下是这一不明确差值的各部分。",
        ))  # fmt: skip
        for sign, en, zh in (
            (1.0, "It is raised by", "使其上升的有"),
            (-1.0, "It is lowered by", "使其下降的有"),
        ):
            if moving := [f for f in sure if f.contribution.value * sign > 0]:
                page.paragraph(say(f"{en}: {listed(moving)}.", f"{zh}：{listed(moving)}。"))
    elif with_:
        first, *more = with_
        then = say(f"; then {listed(more)}", f"，其次为{listed(more)}") if more else ""
        page.paragraph(
            say(f"Most of it comes from: {listed([first])}{then}.", f"差别主要来自{listed([first])}{then}。")
        )
    if against and clear(a.whole):
        page.paragraph(say(f"The other way: {listed(against)}.", f"起相反作用的有：{listed(against)}。"))
    if unclear:
        names = say(", ", "、").join(unclear)
        page.paragraph(
            say(f"Next to nothing, or not told apart from it: {names}.", f"接近于零或与零无法区分：{names}。")
        )
    _hangs(page, a)


def _told(d: Difference, form: Form) -> bool:
    """Whether a difference is told apart from nothing, as it is written: an interval that ends at 0 does not."""
    return clear(d) and all(form(x) != form(0.0) for x in (d.low, d.high) if x is not None)


def _hangs(page: Page, a: Answer) -> None:
    """The family whose effect hangs most on the others being there."""
    if len(a.families) < 2:
        return
    form = forms(page, a).said
    f = max(a.families, key=lambda f: abs(f.last.value - f.first.value))
    if form(f.first.value) == form(f.last.value):
        return
    en, zh = f.title["en"].lower(), f.title["zh"]
    one, last = form(f.first.value), form(f.last.value)
    page.paragraph(page.say(
        f"What hangs most on the others is {en}: alone it brings {one}, added to all others {last}.",
        f"最依赖其他杠杆的是{zh}：单独采用时为{one}，其他杠杆都采用后再加入时为{last}。",
    ))  # fmt: skip


def _notes(page: Page, a: Answer) -> None:
    page.add()
    say = page.say
    notes = [say(
        "Contribution: a family's mean effect over all orders in which families may be put in (Shapley value). All combinations were"
        " run, so nothing is sampled, and contributions add up to the whole difference, but for rounding.",
        "贡献：该类杠杆在所有加入次序下效应的均值（Shapley值）。全部组合均已模拟，没有抽样误差；各项之和即总差值（四舍五入除外）。",
    ), say(
        "Alone: only this family as in the policy, the rest as in the reference. Last: added to all others. Where the two differ, the"
        " family needs others, or stands in for them.",
        "单独采用：只有这一类按政策，其余按对照。最后加入：其他各类都按政策后再加入。两者不同，说明它依赖或替代其他杠杆。",
    )]  # fmt: skip
    if any("budget" in f.families for f in a.families):
        notes.append(say(
            "Budget is money only: more of it moves nobody by itself where money does not bind, and what a higher subsidy brings"
            " without it shows in the subsidy's `alone`. Money for jobs goes with work.",
            "资金只指钱数：钱不紧张时单独加钱不会多搬一人；只提高补助而不加钱的效果见补助的“单独采用”。就业资金归入就业。",
        ))  # fmt: skip
    if a.points_used > 1:
        notes.append(say(
            "Values are means over futures; intervals say how well the mean is known, not how far futures differ.",
            "数值为各未来情形的均值；区间是均值的精度，不是各未来情形之间的差异。",
        ))  # fmt: skip
    elif a.replications > 1:
        notes.append(say(
            "Central values only: intervals show the model's noise, not what is uncertain.",
            "只用中心值：区间只反映模型自身的随机波动，不含不确定因素。",
        ))  # fmt: skip
    else:
        notes.append(
            say(
                "One run a combination at the central values: no intervals.",
                "每种组合按中心值模拟一次，没有区间。",
            )
        )
    for note in notes:
        page.paragraph(note)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _low(title: str) -> str:
    return title[:1].lower() + title[1:]
