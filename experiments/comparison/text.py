"""A comparison in words, for a terminal: Chinese or English, one row a policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from experiments import given_use
from experiments.comparison.judge import REDUCED, Answer, Change, Difference, Judged, Ratio, Reduction
from experiments.comparison.losses import AGES, DISTANCES, FATES, LISTS
from experiments.outcome import Spread
from experiments.verdict import Estimate
from experiments.wording import Page

NONE = "–"
Rows = list[tuple[str, ...]]
SENSES = {
    "more cost, less movers": ("dearer, fewer movers", "花费更多、搬迁更少"),
    "less cost, more movers": ("cheaper, more movers", "花费更少、搬迁更多"),
}
GROUPS = {
    "both": ("move under both", "两种政策下都搬"),
    "induced": ("move under this policy only", "仅在本政策下搬"),
    "displaced": ("move under the reference only", "仅在对照下搬"),
    "stay": ("move under neither", "两种政策下都不搬"),
    "earlier": ("moved before the start", "此前已搬迁"),
    "low_income": ("on the low-income list", "低收入（建档立卡）户"),
    "others": ("not on it", "其他农户"),
    "elderly_only": ("all members 60 and over", "全家60岁及以上"),
    "head_60": ("head 60 and over, others younger", "户主60岁及以上，另有年轻成员"),
    "head_45": ("head 45 to 59", "户主45至59岁"),
    "younger": ("head under 45", "户主45岁以下"),
    "near": ("nearest third to the county town", "离县城最近的三分之一"),
    "middle": ("middle third", "中间三分之一"),
    "far": ("farthest third", "最远的三分之一"),
}


def text(a: Answer, lang: str) -> str:
    """The answer as plain text in `lang` ("zh" or "en"), ending in a newline."""
    page = Page(lang, banded=a.points * a.replications > 1)
    rows = {p.name: f"{_letter(k)} {p.name}{' *' if p.reference else ''}" for k, p in enumerate(a.policies)}
    _head(page, a)
    _targets(page, a)
    _movers(page, a, rows)
    _pairs(page, a, rows)
    _money(page, a, rows)
    _budgets(page, a, rows)
    _after(page, a, rows)
    _losses(page, a, rows)
    _groups(page, a)
    _noise(page, a, rows)
    _notes(page, a)
    return "\n".join(page.lines) + "\n"


def _letter(k: int) -> str:
    return chr(ord("A") + k) if k < 26 else str(k + 1)


def _head(page: Page, a: Answer) -> None:
    many = len(a.policies)
    page.add(page.say(
        f"Comparison {a.id}: {many} {'policy' if many == 1 else 'policies'}", f"比较 {a.id}：{many}项政策"
    ))  # fmt: skip
    n, r = a.points, a.replications
    if n > 1:
        page.add(page.say(
            f"{n} futures x {r} {'replication' if r == 1 else 'replications'} a policy;"
            " the same households, draws and uncertain values in a region.",
            f"每项政策{n}种未来情形 × {r}次重复；同一地区各政策的农户、随机数和不确定因素取值相同。",
        ))  # fmt: skip
    elif r > 1:
        page.add(page.say(
            f"Central values x {r} replications: intervals show the model's noise only, not what is uncertain.",
            f"中心值 × {r}次重复：区间只反映模型自身的随机波动，不含不确定因素。",
        ))  # fmt: skip
    else:
        page.add(page.say(
            "One run a policy at the central values: no interval, and noise is not told apart.",
            "每项政策按中心值模拟一次：没有区间，也分不出随机波动。",
        ))  # fmt: skip
    for region in a.regions:
        start, window, end = a.period[region]
        page.title(
            f"{region}  {start} to {end}, applications to {window}",
            f"{region}  {start}至{end}，申请截至{window}",
        )
        for k, p in enumerate(a.policies):
            if p.region == region:
                mark = page.say("  (reference)", "（对照）") if p.reference else ""
                page.add(f"  {_letter(k)} {p.name}  {p.title['zh' if page.zh else 'en']}{mark}")


def _targets(page: Page, a: Answer) -> None:
    """Targets down, policies across, region by region."""
    for region in a.regions:
        policies = [(k, p) for k, p in enumerate(a.policies) if p.region == region]
        if not policies[0][1].targets:
            continue
        many = a.points > 1
        if many:
            page.title(
                f"Targets met in {region}: share of futures (95 % interval)",
                f"目标达成（{region}）：达到目标的未来情形占比（95%区间）",
            )
        else:
            page.title(f"Targets met in {region}", f"目标达成（{region}）")
        rows: Rows = [("", *(_letter(k) + (" *" if p.reference else "") for k, p in policies))]
        for n, target in enumerate(policies[0][1].targets):
            cells = []
            for _, p in policies:
                t = p.targets[n]
                if t.outcome is None:  # nothing to count
                    cells.append(NONE)
                elif not many:
                    cells.append(page.say("met", "达到") if t.reached else page.say("not met", "未达到"))
                else:
                    cells.append(f"{page.share(t.share)} ({page.share(t.low)} – {page.share(t.high)})")
            rows.append((page.say(target.en, target.zh), *cells))
        page.table(rows)


def _movers(page: Page, a: Answer, rows: dict[str, str]) -> None:
    many = a.points > 1
    page.title("Persons moved by the window's end", "申请期末搬迁人数")
    head = ("", *_two(page), page.say("additional", "净增"), _interval_head(page, a))
    table: Rows = [head + ((page.say("futures with more", "净增的未来情形占比"),) if many else ("",))]
    for p in a.policies:
        more = page.share(p.additional.more) if p.additional and many else ""
        table.append((
            rows[p.name], *page.band(p.measures["persons"], page.count),
            *_difference(page, p.additional, page.count), more,
        ))  # fmt: skip
    page.table(table)


def _pairs(page: Page, a: Answer, rows: dict[str, str]) -> None:
    page.title(
        "Who moves that would not, and the reverse (persons, household by household, mean)",
        "逐户对比：谁因政策而搬、谁被挤出（人，均值）",
    )
    names = {
        "induced": page.say("induced", "引致搬迁"),
        "displaced": page.say("displaced", "被挤出"),
        "assisted": page.say("unaided, now paid", "自发转为受助"),
        "unaided": page.say("paid, now unaided", "受助转为自发"),
    }
    table: Rows = [
        ("", *names.values(), page.say("paid anyway", "本会搬迁而受助"), page.say("of movers", "占搬迁者"))
    ]
    for p in a.policies:
        if not p.pairs:
            table.append((rows[p.name], *[NONE] * 6))
            continue
        mean = {kind: p.pairs[kind]["persons"].value for kind in p.pairs}
        share = page.share(p.paid_anyway.median) if p.paid_anyway else NONE
        cells = [page.count(mean[kind]) for kind in names]
        table.append((rows[p.name], *cells, page.count(mean["both"] + mean["assisted"]), share))
    page.table(table)


def _money(page: Page, a: Answer, rows: dict[str, str]) -> None:
    costs = [s.high for p in a.policies if (s := p.measures["cost"])]
    form, unit = amounts(page, max(costs, default=0.0))
    page.title(f"Public cost, whole run ({unit}; a person: yuan)", f"公共支出（全期，{unit}；每人：元）")
    table: Rows = [(
        "", *_two(page), page.say("a person", "每搬迁一人"), page.say("extra", "比对照增加"), _interval_head(page, a),
        page.say("an additional person", "每净增一人"), _interval_head(page, a),
    )]  # fmt: skip
    for p in a.policies:
        table.append((
            rows[p.name], *page.band(p.measures["cost"], form), _middle(p.measures["cost_per_mover"], page.count),
            *_difference(page, p.extra_cost, form), *_ratio(page, p.cost_per_additional),
        ))  # fmt: skip
    page.table(table)


def amounts(page: Page, most: float) -> tuple[Callable[[float], str], str]:
    """How amounts up to `most` yuan are written in one table, and their unit."""
    size, en, zh = (
        (1e6, "million yuan", "") if not page.zh else (1e8, "", "亿元") if most >= 1e8 else (1e4, "", "万元")
    )

    def form(x: float) -> str:
        scaled = float(f"{x / size:.3g}")
        return f"{scaled:,.0f}" if abs(scaled) >= 100 else f"{scaled:.3g}"

    return form, page.say(en, zh)


def _budgets(page: Page, a: Answer, rows: dict[str, str]) -> None:
    names = ("appropriated", "pool_money", "quota_revenue", "cost", "unspent", "county_debt")
    form, unit = amounts(page, max(s.high for p in a.policies for name in names if (s := p.measures[name])))
    page.title(f"Public money, whole run (median, {unit})", f"资金（全期，中位数，{unit}）")
    parts = {
        "appropriated": page.say("appropriated", "预算拨款"),
        "pool_money": page.say("for listed persons", "按人头筹集"),
        "quota_revenue": page.say("quota revenue", "指标收益"),
        "cost": page.say("spent", "支出"),
        "standing": page.say("of it outside", "其中账户外"),
        "unspent": page.say("left", "结余"),
        "county_debt": page.say("county debt", "县级债务"),
    }
    shown = {
        name: title for name, title in parts.items() if name in ("appropriated", "cost") or _any(a, name)
    }
    scaled = bool(a.equalised)
    table: Rows = [("", *((page.say("factor", "系数"),) if scaled else ()), *shown.values())]
    for p in a.policies:
        factor = (NONE if p.factor is None else f"{p.factor:.4g}",) if scaled else ()
        table.append((rows[p.name], *factor, *(_middle(p.measures[name], form) for name in shown)))
    page.table(table)


def _after(page: Page, a: Answer, rows: dict[str, str]) -> None:
    page.title("What becomes of them (median; the effect is a mean)", "搬迁之后（中位数；收入影响为均值）")
    columns: dict[str, tuple[str, Callable[[float], str]]] = {
        "income": (page.say("income a head", "人均年收入"), page.yuan),
        "employed_share": (page.say("in work", "就业率"), page.share),
        "debt": (page.say("debt a household", "户均债务"), page.yuan),
        "arrears_share": (page.say("loans in arrears", "拖欠户占比"), page.share),
        "returned_share": (page.say("returned", "回流率"), page.share),
        "urban_share": (
            page.say("urban share", "城镇化率"),
            lambda x: f"{100 * x:.2f}" + page.say(" %", "%"),
        ),
        "income_ratio": (page.say("income ratio", "城乡收入比"), lambda x: f"{x:.3f}"),
    }
    shown = {name: column for name, column in columns.items() if _any(a, name)}
    effect = (page.say("effect on income", "搬迁对收入影响"), page.say("95 % interval", "95%区间"))
    table: Rows = [("", *effect, *(title for title, _ in shown.values()))]
    for p in a.policies:
        cells = (_middle(p.measures[name], form) for name, (_, form) in shown.items())
        table.append((rows[p.name], *_effect(page, p.effect), *cells))
    page.table(table)


def _losses(page: Page, a: Answer, rows: dict[str, str]) -> None:
    page.title(
        "Who ends worse off than under the reference (households at the end of the run, mean)",
        "谁比对照下更差（期末户数，均值）",
    )
    interval = _interval_head(page, a)
    table: Rows = [(
        "", page.say("worse off", "更差"), interval, page.say("of compared", "占可比农户"),
        page.say("mean loss", "平均损失"), page.say("better off", "更好"), interval, page.say("mean gain", "平均增加"),
    )]  # fmt: skip
    for p in a.policies:
        if p.losses is None:
            continue
        both = p.losses.both
        table += [
            (rows[p.name], *[""] * 7),
            (
                page.say("  income after debt service", "  收入（扣除还本付息）"),
                *_change(page, p.losses.income),
            ),
            (page.say("  savings less debts", "  存款减负债"), *_change(page, p.losses.wealth)),
            (page.say("  both", "  两者皆差"), page.count(both.value), _span(page, both), *[""] * 5),
        ]
    page.table(table)


def _change(page: Page, c: Change) -> tuple[str, ...]:
    def yuan(x: float | None) -> str:
        return NONE if x is None else page.yuan(x)

    return (
        page.count(c.worse.value), _span(page, c.worse), NONE if c.share is None else page.share(c.share), yuan(c.loss),
        page.count(c.better.value), _span(page, c.better), yuan(c.gain),
    )  # fmt: skip


def _span(page: Page, d: Difference) -> str:
    return "" if d.low is None or d.high is None else f"{page.count(max(d.low, 0.0))} – {page.count(d.high)}"


def _groups(page: Page, a: Answer) -> None:
    """Groups down, policies across."""
    policies = [(_letter(k), p) for k, p in enumerate(a.policies) if p.losses]
    page.title(
        "Worse off by group (share of the group's households: income after debt service, savings less debts)",
        "各类农户中更差者的占比（收入扣除还本付息；存款减负债）",
    )
    heads = (page.say("income", "收入"), page.say("savings", "存款"))
    table: Rows = [
        ("", *(cell for letter, _ in policies for cell in (letter, ""))),
        ("", *heads * len(policies)),
    ]
    for part in (FATES, LISTS, AGES, DISTANCES):
        table += [
            (page.name(GROUPS[id]), *(c for _, p in policies for c in _worse(page, p, id))) for id in part
        ]
    page.table(table)
    page.add(page.say("  County by county, run by run: tables/losses.", "  分县、分次模拟见 tables/losses。"))


def _worse(page: Page, p: Judged, id: str) -> tuple[str, str]:
    """Shares of one group's households that are worse off."""
    assert p.losses is not None
    g = next(g for g in p.losses.groups if g.id == id and g.part != "county")
    return tuple(NONE if x is None else page.share(x) for x in (g.income_worse, g.wealth_worse))  # type: ignore[return-value]


def _noise(page: Page, a: Answer, rows: dict[str, str]) -> None:
    """How much common draws are worth, where replications tell."""
    found = [(p, [p.reduction[name] for name in REDUCED]) for p in a.policies if p.reduction]
    if not any(
        r.value is not None or r.why == "the difference does not vary" for _, own in found for r in own
    ):
        return
    page.title(
        "What common draws are worth: a difference's noise is as small as with so many times the runs under independent seeds",
        "共同随机数的作用：就随机波动而言，差值的精度相当于用独立种子模拟多少倍的次数",
    )
    heads = (
        page.say("additional persons", "净增人数"),
        page.say("extra cost", "增加支出"),
        page.say("income of movers", "搬迁户收入"),
    )
    page.table([
        ("", *(cell for head in heads for cell in (head, _interval_head(page, a) if a.points > 1 else ""))),
        *((rows[p.name], *(cell for r in own for cell in _times(page, r))) for p, own in found),
    ])  # fmt: skip


def _times(page: Page, r: Reduction) -> tuple[str, str]:
    if r.value is None:
        exact = r.why == "the difference does not vary"
        return (page.say("no noise", "无随机差异") if exact else NONE), ""
    if r.low is None:
        return _two_digits(r.value), ""
    return _two_digits(r.value), f"{_two_digits(r.low)} – {NONE if r.high is None else _two_digits(r.high)}"


def _two_digits(x: float) -> str:
    return f"{float(f'{x:.2g}'):,.10g}"


def _notes(page: Page, a: Answer) -> None:
    page.add()
    say = page.say
    notes = [say(
        "* The reference of its region: additional, induced and displaced are against it, inside the region only.",
        "* 本地区的对照：净增、引致、挤出均与之相比，只在同一地区内配对。",
    )]  # fmt: skip
    notes.append(say(
        "Induced: moved by the programme, would have stayed under the reference. Displaced: the reverse. Paid anyway: moved by the\n"
        "  programme, and under the reference too, or would have left unaided. Additional = induced - displaced\n"
        "  + unaided, now paid - paid, now unaided.",
        "引致：经项目搬迁，在对照下不搬。挤出：反之。本会搬迁而受助：在对照下也经项目搬迁，或会自发搬离。\n"
        "  净增 = 引致 − 挤出 + 自发转为受助 − 受助转为自发。",
    ))  # fmt: skip
    if a.points > 1:
        notes.append(say(
            "Additional and extra are means over futures; their intervals say how well the mean is known, not how far futures differ.",
            "净增与增加额为各未来情形的均值；所附区间是均值的精度，不是各未来情形之间的差异。",
        ))  # fmt: skip
        if a.given:
            notes += [say(*given_use.sentence(told)) for told in a.given.values()]
        else:
            notes.append(say(
                "A share of futures is not a probability: the ranges are stated, not matched to facts.",
                "未来情形占比不是概率：各区间为给定范围，尚未与事实校准。",
            ))  # fmt: skip
    notes.append(say(
        "Cost: all the public pays in the whole run, standing entitlements included, before quota revenue; a person: of all handed keys\n"
        "  by the run's end. An additional person: Fieller interval; undefined if their number may be 0.",
        "支出：全期公共支出，含账户外的常设待遇，未扣指标收益；按期末前全部交房人数平均。\n"
        "  每净增一人：Fieller区间；净增人数区间含0时无定义。",
    ))  # fmt: skip
    notes.append(_worse_note(page, a))
    if a.equalised:
        notes.append(_equal(page, a))
    for p in a.policies:
        for names, en, zh in (
            (
                p.taken,
                "set otherwise by the policy, taken from the reference",
                "政策另有取值，比较时取对照的",
            ),
            (p.held, "uncertain in this policy only, held at the central value", "仅此政策不确定，取中心值"),
        ):
            if names:
                listed = say(", ", "、").join(a.labels[n]["zh" if page.zh else "en"] for n in names)
                notes.append(f"{p.name}: {listed}: {say(en, zh)}")
    for note in notes:
        page.add("  " + note)


def _worse_note(page: Page, a: Answer) -> str:
    found = sorted(p.losses.left for p in a.policies if p.losses)
    left = page.say(" to ", "至").join(dict.fromkeys((page.count(found[0]), page.count(found[-1]))))
    return page.say(
        "Worse off: less by more than 5 % of the household's yearly income at the start. Income: money income of the last month\n"
        "  less the debt service due in it, as a year; those without a job in that month count as they stand. Savings: liquid,\n"
        "  less loans and arrears. The home is in neither: a mover who paid for one has less savings. A larger home and better\n"
        "  services are no income; that living costs more in town shows in savings only. Compared are households of the pool and\n"
        f"  earlier movers; those that left unaided under either ({left} a run) are not, because they keep no accounts.",
        "更差：比对照下少，且少于期初年收入5%以上者才计。收入：期末当月货币收入扣除当月应还本息，折合全年；当月无工作者照实计算。\n"
        "  存款：流动存款减贷款和拖欠。两项都不含住房：出钱买房的搬迁户存款自然减少。住房变大、服务变好不算收入；\n"
        "  城镇生活费较高只反映在存款里。可比的是待搬迁农户和此前已搬迁的农户；在任一政策下自发搬离的\n"
        f"  （每次模拟{left}户）没有账目，不作比较。",
    )


def _equal(page: Page, a: Answer) -> str:
    sums = [page.yuan(p.measures["appropriated"].median) for p in a.policies
            if p.reference and p.measures["appropriated"]]  # fmt: skip
    what = page.yuan(a.budget) if a.budget is not None else page.say(", ", "、").join(sums)
    free = [p.name for p in a.policies if p.factor is None]
    left = (
        page.say(f" {', '.join(free)}: no budget, left so.", f"{'、'.join(free)}没有预算，未作折算。")
        if free
        else ""
    )
    return page.say(
        f"Equal budgets: what central, province, city and county budgets and the jobs budget put in over the run is {what} for every\n"
        "  policy of a region, each of its budgets times the factor. Not equalised, because they follow what households do: money for\n"
        "  listed persons, standing entitlements, quota and land revenue, bridge finance. Money may be left unspent."
        + left,
        f"等预算：同一地区各政策的中央、省、市、县预算与就业资金全期合计均为{what}，各项预算同乘一个系数。\n"
        "  按人头筹集的资金、常设待遇、指标与土地收入、垫付额度随农户行为而变，未作统一；资金可能有结余。"
        + left,
    )


def _two(page: Page) -> tuple[str, str]:
    return page.heading() if page.banded else (page.say("value", "数值"), "")


def _interval_head(page: Page, a: Answer) -> str:
    if a.points * a.replications < 2:
        return ""
    return page.say("95 % interval", "95%区间")


def _signed(x: float, form: Callable[[float], str]) -> str:
    written = form(x + 0.0)
    plus = x > 0 and written[:1] != "<" and any(c in "123456789" for c in written)
    return f"+{written}" if plus else written.replace("-0 ", "0 ").replace("-", "−")


def _difference(page: Page, d: Difference | None, form: Callable[[float], str]) -> tuple[str, str]:
    if d is None:
        return NONE, ""
    if d.low is None or d.high is None:
        return _signed(d.value, form), ""
    return _signed(d.value, form), f"{_signed(d.low, form)} – {_signed(d.high, form)}"


def _ratio(page: Page, r: Ratio | None) -> tuple[str, str]:
    if r is None:
        return NONE, ""
    if r.value is None:
        return page.say("undefined", "无定义"), ""
    if r.sense in SENSES:
        return page.name(SENSES[r.sense]), ""
    if r.low is None or r.high is None:
        return page.count(r.value), ""
    return page.count(r.value), f"{page.count(r.low)} – {page.count(r.high)}"


def _effect(page: Page, e: Estimate | None) -> tuple[str, str]:
    if e is None:
        return NONE, ""
    if e.low is None or e.high is None:
        return page.change(e.value), ""
    return page.change(e.value), f"{page.change(e.low)} – {page.change(e.high)}"


def _middle(s: Spread | None, form: Callable[[float], str]) -> str:
    return NONE if s is None else form(s.median + 0.0)


def _any(a: Answer, name: str) -> bool:
    """Whether a measure says anything for any policy."""
    found: Sequence[Spread] = [s for p in a.policies if (s := p.measures[name]) is not None]
    return any(s.low != 0.0 or s.high != 0.0 for s in found)
