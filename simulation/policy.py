"""Every number a run depends on: its name, unit, family and kind, and the dated table the engine reads.

A *lever* is what a government sets, an *uncertainty* is what nobody knows, a *constant* is held fixed. `PARAMETERS` and
`MODE_PARAMETERS` are the one list of them: the scenario reader, the generated documentation and the engine all read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from simulation.draws import power


class Parameter(NamedTuple):
    """One parameter: `low` and `high` bound the legal values in `unit`; `zh` and `en` say what it is."""

    name: str
    kind: str
    family: str
    unit: str
    low: float
    high: float
    en: str
    zh: str
    symbol: str = ""


def _read(kind: str, family: str, rows: str) -> list[Parameter]:
    found = []
    for row in filter(None, map(str.strip, rows.splitlines())):
        name, unit, low, high, symbol, en, zh = (cell.strip() for cell in row.split("|"))
        found.append(Parameter(name, kind, family, unit, float(low), float(high), en, zh, symbol))
    return found


# name | unit | lowest | highest legal value | symbol in docs/odd.md | English | Chinese
_LEVERS = {
    "subsidy": """
subsidy_yuan_per_person | yuan/person | 0 | inf | | relocation subsidy for each registered member | 搬迁补助(每人)
subsidy_yuan_per_household | yuan/household | 0 | inf | | relocation subsidy for each household | 搬迁补助(每户)
subsidy_hazard_extra_yuan_per_person | yuan/person | 0 | inf | | extra for households on a geohazard site | 地质灾害户加补(每人)
subsidy_poor_extra_yuan_per_person | yuan/person | 0 | inf | | extra for low-income or registered-poor households | 低收入户加补(每人)
subsidy_village_bonus_yuan_per_person | yuan/person | 0 | inf | | bonus when the whole village moves | 整村搬迁奖励(每人)
subsidy_delay_months | months | 0 | 60 | | months from keys to payment of the subsidy | 补助发放滞后
""",
    "housing": """
homes_factor | ratio | 0 | 20 | | homes started or bought, relative to the region's pipeline | 房源规模系数
market_homes_factor | ratio | 0 | 20 | | unsold flats opened to movers, relative to the region's stock | 存量房源系数
""",
    "loan": """
loan_limit_yuan | yuan/household | 0 | inf | | largest housing loan to a household | 住房贷款上限
loan_price_share_max | share | 0 | 1 | | largest share of the price that is lent | 贷款成数上限
loan_rate_factor | ratio | 0 | 3 | | loan rate relative to the benchmark | 利率系数
loan_term_years | years | 1 | 40 | | loan term | 贷款期限
loan_grace_years | years | 0 | 10 | | years of interest only | 宽限期
loan_interest_subsidy_share | share | 0 | 1 | | share of interest paid by the public | 贴息比例
decoration_loan_limit_yuan | yuan/household | 0 | inf | | extra credit for fitting out, same terms | 家装贷款上限
startup_loan_limit_yuan | yuan/household | 0 | inf | | start-up loan, same terms | 创业贷款上限
""",
    "work": """
workshop_openings_per_year | jobs/year | 0 | inf | | new workshop jobs for movers a year, whole region | 共富工坊新增岗位
service_openings_per_year | jobs/year | 0 | inf | | new service and factory jobs for movers a year, whole region | 服务业与企业新增岗位
public_posts | jobs | 0 | inf | | public-welfare posts, whole region | 公益性岗位
startup_places_per_year | places/year | 0 | inf | | supported start-ups a year, whole region | 创业扶持名额
training_seats_per_year | persons/year | 0 | inf | | training seats a year, whole region | 培训名额
training_cost_yuan_per_person | yuan/person | 0 | inf | | public cost of one training seat | 培训费用
first_job_subsidy_yuan | yuan/person | 0 | inf | | paid once to the mover who finds a first job | 初次就业补贴
social_insurance_subsidy_yuan_per_month | yuan/person/month | 0 | inf | | paid to the employer for each mover employed | 社保补贴
post_subsidy_yuan_per_month | yuan/person/month | 0 | inf | | public share of a public-welfare post's pay | 岗位补贴
startup_subsidy_yuan | yuan/household | 0 | inf | | paid once to a household that starts a business | 创业补贴
lost_work_subsidy_yuan | yuan/person | 0 | inf | | paid once to a trainee for work missed | 误工补贴
startup_interest_subsidy_share | share | 0 | 1 | | share of start-up loan interest paid by the public | 创业贷款贴息比例
job_before_move | flag | 0 | 1 | | keys are handed over only once one member has a job | 先业后搬
service_centre | flag | 0 | 1 | | employment service centre at the site | 就业服务中心
""",
    "services": """
service_level_small | index | 0 | 1 | | service level of a small site | 小型安置点服务水平
service_level_medium | index | 0 | 1 | | service level of a medium site | 中型安置点服务水平
service_level_large | index | 0 | 1 | | service level of a large site | 大型安置点服务水平
school_level | index | 0 | 1 | | school access at the site | 就近入学水平
insurance_parity | flag | 0 | 1 | | movers who leased out their land get urban health insurance | 享受城市居民医保
insurance_gain_yuan_per_person | yuan/person/year | 0 | inf | | yearly worth of urban over rural social insurance | 城乡社保待遇差
hukou_parity | flag | 0 | 1 | | movers may register at the site with full rights | 户籍同权
""",
    "land": """
compensation_yuan_per_m2 | yuan/m2 | 0 | inf | | paid for the old house once it is surrendered | 旧房补偿
reclamation_cost_yuan_per_mu | yuan/mu | 0 | inf | | cost of reclaiming a homestead | 复垦成本
quota_price_yuan_per_mu | yuan/mu | 0 | inf | | price of a construction-land quota | 用地指标价格
quota_sold_share | share | 0 | 1 | | share of reclaimed land whose quota is sold | 指标出让比例
quota_cap_mu_per_year | mu/year | 0 | inf | | quota the region may sell a year | 年度指标上限
quota_delay_months | months | 1 | 36 | | surrender to quota revenue | 指标收益滞后
parcel_min_m2 | m2 | 0 | 1000 | | smallest parcel worth reclaiming | 复垦最小地块
land_rent_yuan_per_mu | yuan/mu/year | 0 | inf | | rent or share dividend for land leased out | 土地流转租金
ecological_payment_yuan_per_mu | yuan/mu/year | 0 | inf | | ecological (GEP) payment for land left | 生态补偿
paid_exit_yuan_per_mu | yuan/mu | 0 | inf | | paid once for giving up land rights | 土地权益有偿退出
""",
    "targeting": """
open_to_hazard | flag | 0 | 1 | | hazard households may apply | 地质灾害户可申请
open_to_poor | flag | 0 | 1 | | low-income households may apply | 低收入户可申请
open_to_others | flag | 0 | 1 | | all other pool households may apply | 其他农户可申请
whole_village_offer | flag | 0 | 1 | | villages are offered whole-village relocation once a year | 整村搬迁
priority_hazard | rank | 1 | 4 | | place of hazard households in the queue | 地质灾害户顺位
priority_village | rank | 1 | 4 | | place of whole villages in the queue | 整村搬迁顺位
priority_poor | rank | 1 | 4 | | place of low-income households in the queue | 低收入户顺位
priority_other | rank | 1 | 4 | | place of all others in the queue | 其他农户顺位
in_place_min_age | years | 0 | 200 | | youngest head for improvement in place (200: closed) | 就地安置最低年龄
withhold_share | share | 0 | 0.5 | | grants withheld at random, homes left empty, to measure the effect of moving | 随机暂缓比例
""",
    "budget": """
budget_central_yuan_per_year | yuan/year | 0 | inf | | central money for relocation | 中央搬迁资金
budget_province_yuan_per_year | yuan/year | 0 | inf | | provincial money for relocation | 省级搬迁资金
budget_city_yuan_per_year | yuan/year | 0 | inf | | city money for relocation | 市级搬迁资金
budget_county_yuan_per_year | yuan/year | 0 | inf | | counties' own money for relocation | 县级搬迁资金
bridge_finance_yuan | yuan | 0 | inf | | most the counties may advance | 垫付额度
jobs_budget_yuan_per_year | yuan/year | 0 | inf | | money for employment and start-up support | 就业创业专项资金
""",
    "push": """
push_log_odds | log-odds | 0 | 5 | A_t | administrative push | 行政推动
""",
}

_UNCERTAINTIES = {
    "choice": """
b_income | utility | 0 | 10 | b_y | weight of log income after housing cost | 收入权重
b_cash | utility | 0 | 10 | b_c | weight of cash due at once over liquid savings | 现金压力权重
b_hazard | utility | 0 | 5 | b_hz | weight of leaving a hazard | 避险权重
b_road | utility | 0 | 5 | b_road | weight of a paved road, per sd | 道路权重
b_school | utility | 0 | 5 | b_sch | weight of school access with a child | 就学权重
b_service | utility | 0 | 5 | b_svc | weight of services | 公共服务权重
b_peers | utility | 0 | 4 | b_m | weight of the share of the village that moved | 同村示范权重
b_age | utility/decade | 0 | 2 | b_age | reluctance for each decade of age over 60 | 年龄权重
b_land | utility/mu | 0 | 1 | b_land | weight of land given up | 土地权重
b_distance | utility/km | 0 | 1 | b_dist | weight of distance to the destination | 距离权重
attachment_mean | utility | -20 | 20 | a | attachment to the village, mean (the intercept) | 乡土依恋均值
attachment_sd | utility | 0 | 5 | s_a | attachment to the village, standard deviation | 乡土依恋标准差
reluctant_share | share | 0 | 1 | r0 | share of the reluctant type | 不愿搬迁者比例
intention_to_application_per_year | share/year | 0 | 1 | iota | intenders who apply within a year | 意愿转化率
village_gate | share | 0.5 | 1 | theta_v | share needed for whole-village relocation | 整村搬迁门槛
dropout_share | share | 0 | 1 | omega | drop-outs when keys are handed over | 交房弃选率
prior_weight | movers | 0.1 | 1000 | n0 | weight of the stated job chances in beliefs | 先验权重
bad_news_weight | ratio | 1 | 10 | w_neg | weight of bad news | 坏消息权重
prior_job_chance | share | 0.01 | 0.99 | p0 | chance of work there as stated | 就业预期
own_move_per_year | share/year | 0 | 1 | m0 | households a year that leave unaided | 自发搬迁率
""",
    "housing": """
home_lag_months | months | 0 | 60 | lag | home start to keys | 建房周期
home_price_yuan_per_m2 | yuan/m2 | 0 | inf | p_h | net price to movers of a county-town community home | 县城安置房净价
house_price_growth | 1/year | -0.5 | 0.5 | g | expected growth of house prices | 房价预期涨幅
""",
    "loan": """
dsr_max | share | 0.01 | 2 | dsr_max | debt-service ratio at which bank approval halves | 偿债率上限
""",
    "work": """
vacancies_per_mover | jobs/person | 0 | 5 | v_m | jobs that follow each labourer who moves | 每名搬迁劳动力带来的岗位
openings_lost_per_month | 1/month | 0 | 1 | v_l | open jobs a month that others take | 岗位被他人填补率
find_rate_per_month | 1/month | 0.001 | 5 | lambda0 | job finding with as many openings as seekers | 求职率
match_elasticity | elasticity | 0 | 1 | eta | elasticity of finding to tightness | 匹配弹性
separation_per_month | 1/month | 0 | 1 | delta | separations | 离职率
g_school | 1/year of schooling | 0 | 1 | g_e | schooling in search weight | 教育对求职的作用
g_age | 1/decade | 0 | 2 | g_a | each decade over 50 in search weight | 年龄对求职的作用
g_training | log | 0 | 2 | g_t | training in search weight | 培训对求职的作用
g_centre | log | 0 | 2 | g_c | service centre in job finding | 服务中心对求职的作用
participation | share | 0 | 1 | lf | labourers without a wage job who would take one in town | 劳动参与率
job_kept_share | share | 0 | 1 | k | wage jobs near home that are kept after moving | 原岗位保留率
farm_kept_share | share | 0 | 1 | rho_m | farm business kept after a move to the county town | 农业经营保留率
income_growth | 1/year | -0.5 | 0.5 | g_y | growth of incomes and wages | 收入增长率
""",
    "stay": """
return_per_year | 1/year | 0 | 1 | h0 | baseline return hazard | 回流率
return_after_surrender | ratio | 0 | 1 | kappa | return hazard once the old house is gone, relative | 旧房腾退后回流系数
k_job | log | 0 | 3 | k_j | work lowers return | 就业对回流
k_integration | log | 0 | 3 | k_i | integration lowers return | 融入对回流
k_debt | log | 0 | 3 | k_d | debt service raises return | 负债对回流
k_left_behind | log | 0 | 3 | k_l | members left behind raise return | 留守对回流
k_margin | log | 0 | 3 | k_w | a willing move lowers return | 意愿对回流
surrender_share | share | 0 | 1 | chi | old houses surrendered within 12 months | 旧房腾退率
""",
    "pool": """
pool_persons | persons | 1 | inf | N | persons still in the eligible pool | 剩余可搬迁人口
earlier_movers_share | share | 0 | 0.95 | e0 | share of the villages' households moved before the start | 此前已搬迁比例
""",
}

_CONSTANTS = {
    "choice": """
mode_taste_scale | ratio | 0.01 | 1 | mu | scale of taste draws between modes | 方式间偏好尺度
reluctance | utility | 0 | 20 | | attachment added for the reluctant type | 不愿者附加依恋
horizon_years | years | 1 | 50 | | horizon over which housing cost is spread | 成本摊销年限
discount_rate | 1/year | 0 | 0.5 | r | discount rate | 贴现率
upkeep_rate | 1/year | 0 | 0.5 | | upkeep, share of the home's worth a year | 维护费率
income_floor_yuan_per_person | yuan/person/year | 1 | inf | c_min | least income counted after housing cost | 最低可比收入
reapply_months | months | 1 | 120 | | months a drop-out must wait | 再申请间隔
audit_months | months | 0 | 60 | | audit and publicity, application to grant | 审核公示时间
handover_months | months | 0 | 60 | | grant to keys | 交房时间
belief_months | months | 0 | 60 | | months after which movers' work is seen at home | 就业观察滞后
closure_share | share | 0 | 1 | | share of households gone at which village services close | 村庄服务关闭门槛
""",
    "housing": """
fitting_out_yuan_per_m2 | yuan/m2 | 0 | inf | | fitting out a new home | 装修费
""",
    "loan": """
startup_term_years | years | 1 | 20 | | term of a start-up loan | 创业贷款期限
benchmark_rate | 1/year | 0 | 1 | | benchmark lending rate in force (5 years and more) | 基准利率
approval_width | share | 0.001 | 1 | | width of bank approval in the debt-service ratio | 审批弹性
usable_savings_share | share | 0 | 1 | | liquid savings a household will put into a home | 可用储蓄比例
kin_transfer_yuan | yuan/household | 0 | inf | | help from kin, used before savings and loan | 亲友资助
""",
    "work": """
workshop_wage_yuan_per_month | yuan/person/month | 0 | inf | | workshop wage | 工坊月工资
service_wage_yuan_per_month | yuan/person/month | 0 | inf | | service and factory wage | 企业月工资
post_wage_yuan_per_month | yuan/person/month | 0 | inf | | public-welfare post pay | 公益岗月工资
startup_income_yuan_per_month | yuan/household/month | 0 | inf | | net income of a start-up | 创业月收入
away_wage_yuan_per_month | yuan/person/month | 0 | inf | | wage away from the region | 外出月工资
away_rate_per_month | 1/month | 0 | 1 | | seekers a month who find work away | 外出就业率
remitted_share | share | 0 | 1 | | share of away pay sent home | 汇回比例
wage_return_to_schooling | 1/year of schooling | 0 | 0.5 | | wage gain a year of schooling, around 8 years | 教育回报率
""",
    "income": """
subsistence_yuan_per_person | yuan/person/year | 0 | inf | s | subsistence spending | 基本生活支出
town_living_cost_yuan_per_person | yuan/person/year | 0 | inf | | extra cost of living in town | 城镇生活成本增量
nonfarm_business_share | share | 0 | 1 | | share of family business that goes on without land | 非农经营比例
consumption_share | share | 0 | 1 | | share of income consumed | 消费倾向
poverty_line_yuan_per_person | yuan/person/year | 0 | inf | | low-income line | 低收入线
""",
    "stay": """
integration_per_month | 1/month | 0 | 1 | | speed at which integration approaches its level | 融入速度
hukou_per_year | share/year | 0 | 1 | | movers a year who register at the site under parity | 落户率
land_lease_per_year | share/year | 0 | 1 | | movers a year who lease out their land | 土地流转率
paid_exit_per_year | share/year | 0 | 1 | | movers a year who give up land rights when paid | 有偿退出率
""",
}

_MODE = {
    "lever": """
available | flag | 0 | 1 | | open to households | 开放
subsidy_factor | ratio | 0 | 5 | | subsidy relative to the policy's amounts | 补助系数
area_m2_per_person | m2/person | 0 | 200 | | area a person, by rule | 人均面积
area_min_m2 | m2 | 0 | 500 | | smallest home | 最小面积
area_max_m2 | m2 | 0 | 500 | | largest home a household may take | 面积上限
resale_lock_years | years | 0 | 50 | | years before the home may be sold | 限售年限
""",
    "constant": """
price_ratio | ratio | 0 | 10 | | price relative to home_price_yuan_per_m2 | 相对县城安置房价格
kind | code | 1 | 8 | | taste of this kind of destination is shared by modes of one kind | 类别码
place | code | 0 | 2 | | 0 in place, 1 township, 2 county town | 地点(0原地 1乡镇 2县城)
needs_home | flag | 0 | 1 | | takes a home from the programme's sites | 占用房源
needs_kin | flag | 0 | 1 | | open only to households with members living elsewhere | 需投靠亲友
land_kept | flag | 0 | 1 | | contracted land stays with the household and within reach | 保留土地
fitting_out_factor | ratio | 0 | 5 | | fitting-out relative to the common rate | 装修系数
rent_yuan_per_m2_month | yuan/m2/month | 0 | inf | | rent where the home is rented | 月租金
surrender | flag | 0 | 1 | | the old house must be surrendered | 须腾退旧房
counts | flag | 0 | 1 | | counts as moved | 计入搬迁
""",
}

PARAMETERS: dict[str, Parameter] = {
    p.name: p
    for kind, families in (("lever", _LEVERS), ("uncertainty", _UNCERTAINTIES), ("constant", _CONSTANTS))
    for family, rows in families.items()
    for p in _read(kind, family, rows)
}
MODE_PARAMETERS: dict[str, Parameter] = {
    p.name: p for kind, rows in _MODE.items() for p in _read(kind, "mode", rows)
}

# Filled in by the engine's input builder, never by a scenario.
DERIVED = ("income_index",)

POLICY_DTYPE = np.dtype([(name, "f8") for name in (*PARAMETERS, *DERIVED)])
MODE_DTYPE = np.dtype([(name, "f8") for name in MODE_PARAMETERS])

Dated = float | Sequence[tuple[int, float]]
"""A value for all months, or steps [(first month, value), ...] in rising order, the first from month 0 or before."""


def policy_table(
    values: Mapping[str, Dated], *, months: int, county_factors: Mapping[str, Sequence[float]], counties: int
) -> np.recarray:
    """The dated policy, one record a month and county, shape (months, counties).

    `values` holds every name of `PARAMETERS`; `county_factors[name]` multiplies a parameter county by county.
    Raises ValueError naming every parameter that is missing, unknown or out of bounds.
    """
    _check(values, PARAMETERS)
    table = np.zeros((months, counties), POLICY_DTYPE)
    for name, value in values.items():
        column = by_month(value, months)[:, None]
        table[name] = column * np.asarray(county_factors.get(name, np.ones(counties)), float)[None, :]
    index = 1.0
    for t in range(months):
        table["income_index"][t] = index
        index *= power(1.0 + table["income_growth"][t, 0], 1.0 / 12.0)
    return table.view(np.recarray)


def mode_table(modes: Sequence[Mapping[str, Dated]], *, months: int) -> np.recarray:
    """The destination modes month by month, shape (months, modes)."""
    table = np.zeros((months, len(modes)), MODE_DTYPE)
    for m, values in enumerate(modes):
        _check(values, MODE_PARAMETERS)
        for name, value in values.items():
            table[name][:, m] = by_month(value, months)
    return table.view(np.recarray)


def by_month(value: Dated, months: int) -> np.ndarray:
    """The value in force in each month, shape (months,)."""
    if isinstance(value, int | float):
        return np.full(months, float(value))
    column = np.empty(months)
    for first, step in value:
        column[max(first, 0) :] = step
    return column


def _check(values: Mapping[str, Dated], known: Mapping[str, Parameter]) -> None:
    wrong = [f"{name}: unknown" for name in values if name not in known]
    wrong += [f"{name}: missing" for name in known if name not in values]
    for name in values.keys() & known.keys():
        value, p = values[name], known[name]
        steps = [value] if isinstance(value, int | float) else [v for _, v in value]
        wrong += [
            f"{name}: {v} is outside {p.low}..{p.high} {p.unit}" for v in steps if not p.low <= v <= p.high
        ]
        if p.unit in ("flag", "rank", "code"):
            wrong += [f"{name}: {v} must be a whole number" for v in steps if v != int(v)]
    if wrong:
        raise ValueError("policy parameters: " + "; ".join(sorted(wrong)))
