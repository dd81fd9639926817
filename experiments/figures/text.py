"""Every word on a chart, in English and Chinese, and how each language writes numbers, dates and money."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments import urban, wording

LANGS = ("en", "zh")

# key: (en, zh)
WORDS = {
    # common
    "comma": ("; ", "；"),
    "stop": (". ", "。"),
    "with_range": ("{value} ({range})", "{value}（{range}）"),
    "to": ("–", "～"),
    "scenario": ("Scenario {name}, {title}", "情景 {name}，{title}"),
    "laid_over": (" with {list}", "，叠加 {list}"),
    "study": ("Anju {version}, study {id}, seed {seed}", "安居 {version}，研究编号 {id}，种子 {seed}"),
    "one_run": ("one run", "单次模拟"),
    "one_future": (
        "one future, {replications} replications; ranges show chance alone",
        "单一未来情形，重复 {replications} 次；区间只反映随机波动",
    ),
    "runs": (
        "{points} futures × {replications} replications = {runs} runs",
        "{points} 种未来情形 × {replications} 次重复 = {runs} 次模拟",
    ),
    "runs_single": ("{points} futures, one run each", "{points} 种未来情形，各模拟一次"),
    "futures": (
        "A future is one set of values of the uncertainties, drawn from their ranges; a share of futures is not a probability.",
        "未来情形指在取值范围内抽取的一组不确定因素；未来情形占比不是概率。",
    ),
    "futures_given": (
        "A future is one draw from the posterior {id}: what facts leave of the uncertainties.",
        "未来情形指取自后验 {id} 的一组不确定因素，即事实校准后留下的取值。",
    ),
    "sources": ("Sources: {list}", "来源：{list}"),
    "more": ("{count} more", "另有 {count} 种"),
    "assumptions": ("assumptions", "假设"),
    "median_interval": ("median and 5–95 % of runs", "中位数及 5%～95% 区间"),
    "mean_interval": ("mean over runs; lines span 5–95 % of runs", "各次模拟均值；线段为 5%～95% 区间"),
    # movers
    "movers_title": (
        "Median {median} of {target} persons by {date}; {share} of futures reach the target",
        "到{date}搬迁人数中位数{median}人（目标{target}人），{share}的未来情形达到目标",
    ),
    "movers_title_none": (
        "Median {median} of {target} persons by {date}; no future reaches the target",
        "到{date}搬迁人数中位数{median}人（目标{target}人），没有未来情形达到目标",
    ),
    "movers_title_all": (
        "Median {median} of {target} persons by {date}; every future reaches the target",
        "到{date}搬迁人数中位数{median}人（目标{target}人），所有未来情形均达到目标",
    ),
    "movers_title_chance": (
        "Median {median} of {target} persons by {date}; {share} of runs of one future reach the target",
        "到{date}搬迁人数中位数{median}人（目标{target}人），单一未来情形下{share}的模拟达到目标",
    ),
    "movers_title_one_met": (
        "One run: {median} of {target} persons by {date}; the target is reached",
        "单次模拟：到{date}搬迁{median}人（目标{target}人），达到目标",
    ),
    "movers_title_one_missed": (
        "One run: {median} of {target} persons by {date}; the target is missed",
        "单次模拟：到{date}搬迁{median}人（目标{target}人），未达到目标",
    ),
    "movers_title_free": ("Median {median} persons by {date}", "到{date}搬迁人数中位数{median}人"),
    "movers_title_nobody": ("Nobody has moved by {date}", "到{date}无人搬迁"),
    "movers_note": (
        "Persons, cumulative by the end of each month, whole region; counted event: {event}, until applications close",
        "各月末累计人数，全区域；计数节点：{event}，截至申请截止",
    ),
    "median": ("median", "中位数"),
    "this_run": ("this run", "本次模拟"),
    "band_wide": ("5–95 % of runs", "5%～95% 区间"),
    "band_narrow": ("25–75 % of runs", "25%～75% 区间"),
    "chance": ("chance alone, 5–95 %: ±{half}", "仅随机波动，5%～95%：±{half}"),
    "target": ("target {value}", "目标 {value}"),
    "window_end": ("applications close", "申请截止"),
    "follow_up": ("follow-up", "跟踪期"),
    "count_futures": ("Futures", "未来情形数"),
    "count_runs": ("Runs", "模拟次数"),
    "at_date": ("{counted}, {date}", "{counted}，{date}"),
    "reach": ("{share} reach it", "{share}达标"),
    "short": ("{share} fall short", "{share}未达标"),
    # counties
    "counties_title": (
        "{first} moves most ({persons} persons); shares of the pool run from {low} ({lowest}) to {high} ({highest})",
        "{first}搬迁最多（{persons}人）；占可搬迁人口的比例从{lowest}的{low}到{highest}的{high}",
    ),
    "counties_title_single": (
        "{first}: {persons} persons, {high} of the pool",
        "{first}：{persons}人，占可搬迁人口的{high}",
    ),
    "counties_title_nobody": ("Nobody has moved in any county", "各县（市、区）均无人搬迁"),
    "counties_note": (
        "Persons by {date}, by county (counted event: {event}); {spread}",
        "到{date}各县（市、区）人数（计数节点：{event}）；{spread}",
    ),
    "persons_axis": ("Persons", "人数（人）"),
    "persons_axis_scaled": ("Persons", "人数（万人）"),
    "pool_axis": ("Share of the county's pool (%)", "占本县可搬迁人口的比例（%）"),
    "persons_heading": ("Persons moved", "搬迁人数"),
    "pool_heading": ("Share of the county's pool", "占本县可搬迁人口的比例"),
    "region_share": ("region {share}", "全区域 {share}"),
    # why
    "why_title": (
        "{moved} of the pool's {pool} households have moved{average}; first among the others: {reason} ({share})",
        "{pool}户中{average}{moved}已搬迁；其余农户首要情形：{reason}（{share}）",
    ),
    "average": (" on average", "平均"),
    "medians": (" (medians)", "（中位数）"),
    "why_title_empty": ("There are no households in the pool", "没有可搬迁农户"),
    "why_note": (
        "Where every household of the pool stands when applications close ({date}); {spread}",
        "申请截止时（{date}）每户所处的状态；{spread}",
    ),
    "why_axis": ("Share of households (%)", "占农户的比例（%）"),
    "why_total": ("All counties", "全部县（市、区）"),
    "why_county": (
        "By county, most moved first; colours as left",
        "分县（市、区），按搬迁比例排序，颜色同左",
    ),
    "gone": ("Done", "已有结果"),
    "waiting": ("Waiting or out", "等待或退出"),
    "hindered": ("Would move", "愿搬未搬"),
    "staying": ("Stay", "留下"),
    # incomes
    "incomes_title_up": (
        "Moving raises income by {effect} (95 % interval {range})",
        "搬迁使收入增加{effect}（95%区间 {range}）",
    ),
    "incomes_title_down": (
        "Moving lowers income by {effect} (95 % interval {range})",
        "搬迁使收入减少{effect}（95%区间 {range}）",
    ),
    "incomes_title_unclear": (
        "Whether moving raises income is unclear: {signed}, 95 % interval {range}",
        "搬迁能否增收尚不明确：{signed}，95%区间 {range}",
    ),
    "incomes_title_few": (
        "Moving changes income by {signed}; too few futures for an interval",
        "搬迁使收入变化{signed}；未来情形太少，无法给出区间",
    ),
    "incomes_title_plain": (
        "Movers earn {movers} yuan a head a year, stayers {stayers}; the effect of moving was not measured",
        "搬迁户人均年收入{movers}元，未搬迁户{stayers}元；未测算搬迁效应",
    ),
    "incomes_title_nobody": (
        "Nobody has moved; stayers earn {stayers} yuan a head a year",
        "无人搬迁；未搬迁户人均年收入{stayers}元",
    ),
    "incomes_note": (
        "Income a head by source, {first} to {last}, yuan of the day; {spread}",
        "{first}至{last}人均年收入，按来源，当年价；{spread}",
    ),
    "incomes_spread": ("means, with 5–95 % of runs", "均值及 5%～95% 区间"),
    "income_axis": ("Yuan a head a year", "人均年收入（元）"),
    "wage": ("wages", "工资性收入"),
    "business": ("family business", "家庭经营收入"),
    "transfer": ("transfers", "转移性收入"),
    "property": ("property", "财产性收入"),
    "movers": ("Movers", "搬迁户"),
    "stayers": ("Stayers", "未搬迁户"),
    "granted": ("Grant paid", "获得补助"),
    "withheld": ("Grant withheld", "暂缓补助"),
    "observed": (
        "As observed (movers and stayers are different households)",
        "实际观察（搬迁户与未搬迁户本身不同）",
    ),
    "experiment": (
        "Comparison by lot (grants withheld at random in a run of their own)",
        "随机对照（另一次模拟中随机暂缓部分补助）",
    ),
    "at_start": ("income at the start", "期初收入"),
    "no_group": ("no such household", "没有这类农户"),
    "no_effect": (
        "No grants were withheld: the effect of moving is not measured",
        "没有暂缓补助的农户，未测算搬迁效应",
    ),
    # money
    "money_title": (
        "Homes, land and interest cost the public {per_person} yuan a person moved; {spent} in all, {share} for {purpose}{medians}",
        "每搬迁一人，住房、土地和贴息花费公共资金{per_person}元；公共支出合计{spent}，{purpose}占{share}{medians}",
    ),
    "money_title_sites": (
        "Homes, sites, land and interest cost the public {per_person} yuan a person moved; {spent} in all, {share} for {purpose}{medians}",
        "每搬迁一人，住房、配套、土地和利息花费公共资金{per_person}元；公共支出合计{spent}，{purpose}占{share}{medians}",
    ),
    "money_title_nobody": ("The public spends {spent}; nobody has moved", "公共支出{spent}；无人搬迁"),
    "money_title_zero": ("No public money is budgeted or spent", "没有预算，也没有公共支出"),
    "money_note": ("Payments from {first} to {last}; {spread}", "{first}至{last}收支；{spread}"),
    "money_in": ("Into the programme's account, by payer", "项目资金来源"),
    "money_out": ("Spending, by purpose", "支出用途"),
    "money_home": (
        "Households' homes: what they cost and who pays (means over runs)",
        "农户住房：费用与出资（各次模拟均值）",
    ),
    "quota": ("land quota sold", "土地指标收入"),
    "outside": ("{purpose}*", "{purpose}*"),
    "outside_note": (
        "* paid by the county outside the programme's account",
        "* 由县级在项目账户之外支付",
    ),
    "land_sale": ("land sales", "土地出让收入"),
    "county_loans": ("counties' loans", "县级贷款"),
    "repaid": ("counties' loans repaid", "县级贷款还本"),
    "no_money_at_all": ("nothing", "无"),
    "unspent": ("not spent", "结余"),
    "cost": ("Costs", "费用"),
    "paid_by": ("Paid from", "出资"),
    "means.subsidy": ("relocation subsidy", "搬迁补助"),
    "means.compensation": ("old-house compensation", "旧房补偿"),
    "means.loan": ("loans", "贷款"),
    "means.kin": ("help from kin", "亲友资助"),
    "means.own": ("own money", "自有资金"),
    "nothing_bought": ("No homes were bought", "没有购房"),
    # comparison
    "comparison_title_cost": (
        '{policy} moves most on average: {more} persons more than "{reference}", at {cost} yuan of public money each',
        "{policy}平均搬迁最多：比“{reference}”多{more}人，每净增一人公共支出{cost}元",
    ),
    "comparison_title": (
        '{policy} moves most on average: {more} persons more than "{reference}"',
        "{policy}平均搬迁最多：比“{reference}”多{more}人",
    ),
    "comparison_title_regions": (
        "Most additional persons on average: {list}",
        "平均净增搬迁人数最多：{list}",
    ),
    "comparison_best": ("{region}, {policy} ({more})", "{region}，{policy}（{more}）"),
    "comparison_best_unclear": (
        "{region}, {policy} ({more}, unclear)",
        "{region}，{policy}（{more}，尚不明确）",
    ),
    "comparison_title_unclear": (
        'Whether any policy moves more persons than "{reference}" is unclear',
        "是否有政策比“{reference}”搬迁更多人，尚不明确",
    ),
    "comparison_title_none": (
        'No policy moves more persons than "{reference}"',
        "没有政策比“{reference}”搬迁更多人",
    ),
    "comparison_note": (
        "Persons handed keys by {date}; the same households, draws and uncertain values under each policy of a region. ",
        "到{date}交房人数；同一地区各政策的农户、随机数和不确定因素取值相同。",
    ),
    "comparison_note_futures": (
        "a: median and 5–95 % of runs; b: mean and its 95 % interval, thin line 5–95 % of futures; c: Fieller 95 % interval.",
        "a：中位数及5%～95%区间；b：均值及其95%置信区间，细线为各未来情形的5%～95%；c：Fieller 95%区间。",
    ),
    "comparison_note_noise": (
        "a: median and 5–95 % of runs; b: mean and its 95 % interval, thin line 5–95 % of replications; c: Fieller 95 % interval."
        " Chance alone.",
        "a：中位数及5%～95%区间；b：均值及其95%置信区间，细线为各次重复的5%～95%；c：Fieller 95%区间。只反映随机波动。",
    ),
    "comparison_note_one": ("One run a policy: no intervals.", "每项政策只模拟一次，没有区间。"),
    "comparison_note_equal": (
        " Budgets are scaled so that every policy of a region is given the same sum.",
        "各政策预算已按同一总额折算。",
    ),
    "comparison_region": ("Region {region}", "地区 {region}"),
    "comparison_reference": ("{title} (reference)", "{title}（对照）"),
    "comparison_movers": ("Persons moved", "搬迁人数"),
    "comparison_additional": ("Additional persons", "净增搬迁人数"),
    "comparison_cost": ("Cost of an additional person", "每净增一人公共支出"),
    "comparison_movers_axis": ("Persons", "人"),
    "comparison_movers_axis_scaled": ("Persons", "万人"),
    "comparison_additional_axis": ("Persons more than the reference", "比对照多（人）"),
    "comparison_additional_axis_scaled": ("Persons more than the reference", "比对照多（万人）"),
    "comparison_cost_axis": ("Yuan", "元"),
    "comparison_cost_axis_scaled": ("Thousand yuan", "万元"),
    "comparison_none": ("–", "–"),
    "comparison_is_reference": ("reference", "对照"),
    "comparison_undefined": ("undefined", "无定义"),
    "comparison_more_cost_less_movers": ("dearer,\nfewer movers", "花费更多\n搬迁更少"),
    "comparison_less_cost_more_movers": ("cheaper,\nmore movers", "花费更少\n搬迁更多"),
    "comparison_names": ("Scenarios {names}", "情景 {names}"),
    "comparison_made": (
        "Anju {version}, comparison {id}, seed {seed}",
        "安居 {version}，比较编号 {id}，种子 {seed}",
    ),
}
WORDS |= {
    "urban_title": (
        "{target} urban by {date}: reached in {share} of futures, median {median}",
        "{date}城镇化率目标{target}：{share}的未来情形达到，中位数{median}",
    ),
    "urban_title_chance": (
        "{target} urban by {date}: reached in {share} of runs of one future, median {median}",
        "{date}城镇化率目标{target}：单一未来情形下{share}的模拟达到，中位数{median}",
    ),
    "urban_title_one": (
        "{target} urban by {date}: {answer}, {median}",
        "{date}城镇化率目标{target}：{answer}，为{median}",
    ),
    "urban_title_free": ("{median} of residents live in towns by {date}", "到{date}城镇化率中位数{median}"),
    "urban_reached": ("reached", "达到"),
    "urban_missed": ("not reached", "未达到"),
    "urban_note": (
        "Share of residents who live in the core city and other towns; below, what each component adds to them a year"
        " (means over runs)",
        "中心城区与其他城镇常住人口占比；下图为各来源每年增减人数（各次模拟均值）",
    ),
    "urban_path": ("Urban share of residents", "常住人口城镇化率"),
    "urban_flows": ("What adds urban residents", "城镇常住人口增减来源"),
    "urban_axis": ("Urban share (%)", "城镇化率（%）"),
    "urban_flow_axis": ("Persons a year", "人/年"),
    "urban_flow_axis_scaled": ("Thousand persons a year", "万人/年"),
    "net": ("sum", "合计"),
    "no_lever": ("no lever", "非政策杠杆"),
    "lever": ("a lever moves it", "政策可调"),
    "partly": ("in part, by new jobs", "部分，随新增岗位"),
}
# Names the terminal uses too.
WORDS |= {f"urban.{key}": names for key, names in urban.WORDS.items()}
for _kind in ("EVENTS", "WHY", "PAYERS", "PURPOSES", "HOUSEHOLDS"):
    WORDS |= {f"{_kind.lower()}.{key}": names for key, names in getattr(wording, _kind).items()}

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Words:
    """One language."""

    def __init__(self, lang: str) -> None:
        if lang not in LANGS:
            raise ValueError(f"unknown language {lang!r}: use one of {', '.join(LANGS)}")
        self.lang = lang
        self.column = LANGS.index(lang)

    def __call__(self, key: str, **values: Any) -> str:
        return WORDS[key][self.column].format(**values)

    def name(self, thing: Any) -> str:
        """The name of a county, mode or target."""
        return getattr(thing, self.lang)

    def number(self, value: float, *, digits: int | None = None) -> str:
        """A count: 35,000 or 3.5万. `digits` significant figures, all of them if None."""
        if digits and value:
            unit = 10.0 ** max(np.floor(np.log10(abs(value))) + 1 - digits, 0)
            value = np.round(value / unit) * unit
        sign, value = ("−" if round(value) < 0 else ""), abs(value)
        if self.lang == "en":
            return f"{sign}{value:,.0f}"
        for size, unit in ((1e8, "亿"), (1e4, "万")):
            if value >= size:
                return f"{sign}{round(value / size, 4 if digits is None else digits):.10g}{unit}"
        return f"{sign}{value:.0f}"

    def percent(self, share: float, *, places: int = 0, signed: bool = False) -> str:
        """A share of one as per cent."""
        value = round(share * 100.0, places) + 0.0
        sign = "−" if value < 0 else "+" if signed and value > 0 else ""
        return f"{sign}{abs(value):.{places}f}" + ("\u00a0%" if self.lang == "en" else "%")

    def with_range(self, value: str, low: str, high: str) -> str:
        """A written value with its range behind it, if that says more than the value."""
        if low == high:
            return value
        low = low.removesuffix("\u00a0%")
        return self("with_range", value=value, range=low + self("to") + high)

    def percent_span(self, low: float, high: float, *, places: int = 0, signed: bool = False) -> str:
        """A range of shares; signed ones are joined by a word in English, where a dash would look like a minus."""
        ends = [self.percent(share, places=places, signed=signed) for share in (low, high)]
        if self.lang == "en":
            ends[0] = ends[0].removesuffix("\u00a0%")
        return (" to " if signed and self.lang == "en" else self("to")).join(ends)

    def date(self, start: str, month: int) -> str:
        """The calendar month `month` months after `start` ("2024-01")."""
        year, of_year = divmod(int(start[:4]) * 12 + int(start[5:7]) - 1 + month, 12)
        return f"{MONTHS[of_year]} {year}" if self.lang == "en" else f"{year}年{of_year + 1}月"

    def iso(self, start: str, month: int) -> str:
        """The same as 2026-12."""
        year, of_year = divmod(int(start[:4]) * 12 + int(start[5:7]) - 1 + month, 12)
        return f"{year}-{of_year + 1:02d}"

    def money(self, largest: float) -> tuple[float, str]:
        """(yuan a unit, the unit's name) that suits amounts up to `largest` yuan."""
        if self.lang == "en":
            return (1e6, "million yuan") if largest >= 1e6 else (1e3, "thousand yuan")
        return (1e8, "亿元") if largest >= 1e8 else (1e4, "万元")


def figures(value: float) -> str:
    """An amount in its unit with about three figures: 1,234, 56.7 or 0.89."""
    if 0 < value < 0.005:
        return "<0.01"
    places = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    value = round(value, places) + 0.0
    return ("−" if value < 0 else "") + f"{abs(value):,.{places}f}"
