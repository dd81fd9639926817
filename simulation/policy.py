"""Every number a run depends on: its name, unit, family and kind, and the dated table the engine reads.

A *lever* is what a government sets, an *uncertainty* is what nobody knows, a *constant* is held fixed. `PARAMETERS` and
`MODE_PARAMETERS` are the one list of them: the scenario reader, the generated documentation and the engine all read it.
"""

# ruff: noqa: E501 - one line a parameter
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
    absent: float | None = (
        None  # the value where a scenario does not speak of it: the instrument does not exist there
    )


def _read(kind: str, family: str, rows: str) -> list[Parameter]:
    found = []
    for row in filter(None, map(str.strip, rows.splitlines())):
        name, unit, low, high, symbol, en, zh, *absent = (cell.strip() for cell in row.split("|"))
        without = float(absent[0]) if absent else None
        found.append(Parameter(name, kind, family, unit, float(low), float(high), en, zh, symbol, without))
    return found


# name | unit | lowest | highest legal value | symbol in docs/odd.md | English | Chinese [| value where a scenario is silent]
_LEVERS = {
    "subsidy": """
subsidy_yuan_per_person | yuan/person | 0 | inf | | relocation subsidy for each registered member | 搬迁补助(每人)
subsidy_yuan_per_household | yuan/household | 0 | inf | | relocation subsidy for each household | 搬迁补助(每户)
subsidy_hazard_extra_yuan_per_person | yuan/person | 0 | inf | | extra for households on a geohazard site | 地质灾害户加补(每人)
subsidy_poor_extra_yuan_per_person | yuan/person | 0 | inf | | extra for low-income or registered-poor households | 低收入户加补(每人)
subsidy_village_bonus_yuan_per_person | yuan/person | 0 | inf | | bonus when the whole village moves | 整村搬迁奖励(每人)
subsidy_delay_months | months | 0 | 60 | | months from keys to payment of the subsidy | 补助发放滞后
pool_pays_rest | flag | 0 | 1 | | the county pays what a low-income household's home costs above subsidy and self-raise | 县级统筹兜底低收入户建房 | 0
self_raise_yuan_per_person | yuan/person | 0 | inf | | most a low-income household pays for its home where the county pays the rest | 低收入户自筹上限(每人) | 0
self_raise_yuan_per_household | yuan/household | 0 | inf | | the same for a household (0: none) | 低收入户自筹上限(每户) | 0
""",
    "housing": """
homes_factor | ratio | 0 | 20 | | homes started or bought, relative to the region's pipeline | 房源规模系数
market_homes_factor | ratio | 0 | 20 | | unsold flats opened to movers, relative to the region's stock | 存量房源系数
neighbours_together | flag | 0 | 1 | | households are sent only to the site of their own village | 同村集中安置 | 0
split_moves | flag | 0 | 1 | | the elderly may stay in the old house when the others move | 允许老人留守、青年搬迁 | 0
split_repair_yuan_per_person | yuan/person | 0 | inf | | repair of the old house for those who stay behind | 留守老人旧房修缮补助 | 0
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
loan_mean_yuan | yuan/household | 0 | inf | | mean housing loan each county keeps to (0: none) | 户均贷款控制数 | 0
loan_to_poor | flag | 0 | 1 | | low-income households may borrow for a home | 低收入户可贷款 | 1
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
training_max_age | years | 0 | 200 | | oldest head of household whose members are trained | 培训户主年龄上限 | 200
village_posts | jobs | 0 | inf | | public-welfare posts for villagers at home, whole region | 乡村公益性岗位 | 0
village_workshop_jobs | jobs | 0 | inf | | workshop jobs for villagers at home, whole region | 村级共富工坊岗位 | 0
village_training_per_year | persons/year | 0 | inf | | villagers at home trained a year, whole region | 农民培训人次 | 0
project_share | share | 0 | 1 | | low-income households with an income project of their own | 低收入户产业项目覆盖率 | 0
project_cost_yuan | yuan/household | 0 | inf | | public cost of one income project | 产业项目投入 | 0
transfer_places_per_year | persons/year | 0 | inf | | villagers placed in town jobs a year, net, whole region | 农村劳动力转移就业净增 | 0
""",
    "services": """
service_level_small | index | 0 | 1 | | service level of a small site | 小型安置点服务水平
service_level_medium | index | 0 | 1 | | service level of a medium site | 中型安置点服务水平
service_level_large | index | 0 | 1 | | service level of a large site | 大型安置点服务水平
school_level | index | 0 | 1 | | school access at the site | 就近入学水平
insurance_parity | flag | 0 | 1 | | movers who leased out their land get urban health insurance | 享受城市居民医保
insurance_gain_yuan_per_person | yuan/person/year | 0 | inf | | yearly worth of urban over rural social insurance | 城乡社保待遇差
hukou_parity | flag | 0 | 1 | | movers may register at the site with full rights | 户籍同权
education_waiver_yuan_per_child | yuan/person/year | 0 | inf | | school costs waived for children who moved | 教育费用减免(每名学生) | 0
school_places_per_year | persons/year | 0 | inf | | town school places for village pupils a year, whole region | 农村小学生进城就学名额 | 0
parents_per_pupil | ratio | 0 | 3 | | parents who come to town with a pupil | 每名学生随迁家长 | 0
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
dividend_yuan_per_person | yuan/person/year | 0 | inf | | dividends of the village collective | 村集体分红(每人) | 0
poor_dividend_yuan_per_person | yuan/person/year | 0 | inf | | guaranteed dividends of shared assets to low-income households | 低收入户资产收益分红(每人) | 0
idle_houses_per_year | households/year | 0 | inf | | idle village houses let a year, whole region | 年盘活闲置农房 | 0
idle_house_rent_yuan_per_year | yuan/household/year | 0 | inf | | rent of an idle house | 闲置农房年租金 | 0
reuse_share | share | 0 | 1 | | reclaimed land put to new use | 复垦土地再利用比例 | 0
reuse_income_yuan_per_mu | yuan/mu/year | 0 | inf | | paid to the household for reclaimed land in use | 复垦土地再利用收益 | 0
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
merging_villages_only | flag | 0 | 1 | | only villages marked for relocation may apply | 仅限搬迁撤并类村庄 | 0
list_replacement | flag | 0 | 1 | | places on the low-income list that fall vacant are refilled once a year | 名册动态调整 | 0
""",
    "budget": """
budget_central_yuan_per_year | yuan/year | 0 | inf | | central money for relocation | 中央搬迁资金
budget_province_yuan_per_year | yuan/year | 0 | inf | | provincial money for relocation | 省级搬迁资金
budget_city_yuan_per_year | yuan/year | 0 | inf | | city money for relocation | 市级搬迁资金
budget_county_yuan_per_year | yuan/year | 0 | inf | | counties' own money for relocation | 县级搬迁资金
bridge_finance_yuan | yuan | 0 | inf | | most the counties may advance | 垫付额度
jobs_budget_yuan_per_year | yuan/year | 0 | inf | | money for employment and start-up support | 就业创业专项资金
pool_bond_yuan_per_poor_person | yuan/person | 0 | inf | | provincial bonds to the county for each low-income person housed | 地方政府债券(每人) | 0
pool_fund_yuan_per_poor_person | yuan/person | 0 | inf | | special construction fund to the county for each low-income person housed | 专项建设基金(每人) | 0
pool_loan_yuan_per_poor_person | yuan/person | 0 | inf | | county borrowing for each low-income person housed | 县级政策性贷款(每人) | 0
pool_loan_term_years | years | 1 | 40 | | term of the county's borrowing | 县级贷款期限 | 20
pool_loan_grace_years | years | 0 | 10 | | years before the county repays principal | 县级贷款宽限期 | 0
pool_interest_central_share | share | 0 | 1 | | share of the county's interest paid by the centre | 中央贴息比例 | 0
pool_interest_province_share | share | 0 | 1 | | share of the county's interest paid by the province | 省级贴息比例 | 0
infrastructure_yuan_per_poor_person | yuan/person | 0 | inf | | county spending on the site for each low-income person housed | 安置区配套投入(每人) | 0
land_sale_yuan_per_year | yuan/year | 0 | inf | | land sales and pooled funds set aside to repay | 土地出让及统筹还款资金 | 0
""",
    "push": """
push_log_odds | log-odds | 0 | 5 | A_t | administrative push | 行政推动
""",
    "urban": """
urban_jobs_per_year | jobs/year | 0 | inf | | new urban jobs a year, gross | 年新增城镇就业 | 0
return_entrepreneurs_per_year | persons/year | 0 | inf | | people who return to start a business a year | 年返乡创业净增 | 0
students_added_per_year | persons/year | 0 | inf | | places added at colleges a year | 年新增在校生 | 0
graduate_lodging_months | months | 0 | 24 | | free lodging for graduates who look for work | 毕业生免费住宿 | 0
graduate_insurance_months | months | 0 | 36 | | social insurance paid for small firms that hire graduates | 毕业生社保补贴 | 0
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
b_neighbours | utility | 0 | 5 | b_n | weight of a site among one's own neighbours | 邻里集中权重 | 0
split_share | share | 0 | 1 | | households with elderly that would leave them at home | 老人留守家庭比例 | 0
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
village_training_gain | share | 0 | 1 | | gain in family business after training at home | 农民培训增收 | 0
project_income_yuan_per_year | yuan/household/year | 0 | inf | | net income of an income project | 产业项目年收益 | 0
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
    "urban": """
natural_growth_urban | 1/year | -0.1 | 0.1 | | births less deaths in towns | 城镇自然增长率 | 0
natural_growth_rural | 1/year | -0.1 | 0.1 | | births less deaths in villages | 乡村自然增长率 | 0
net_in_migration_per_year | persons/year | -inf | inf | | net arrivals in the region's towns from outside, jobs and students apart | 城镇净迁入 | 0
rural_net_out_per_year | persons/year | -inf | inf | | villagers who leave the region a year, net | 乡村净迁出市外 | 0
reclassified_per_year | persons/year | 0 | inf | | villagers who become urban where they live | 村改居人口 | 0
net_job_share | share | 0 | 1 | | net over gross new urban jobs | 净增就业占新增就业 | 0
in_migrants_per_net_job | persons/job | 0 | 5 | | arrivals from outside for each net new job not taken by villagers | 每个净增岗位带来的迁入 | 0
graduates_per_year | persons/year | 0 | inf | | graduates of the region's colleges | 年高校毕业生 | 0
graduate_stay_share | share | 0 | 1 | | graduates who stay without help | 毕业生留存率 | 0
lodging_effect | log-odds | 0 | 2 | | effect of a month's free lodging on staying | 每月免费住宿的留存效应 | 0
insurance_effect | log-odds | 0 | 2 | | effect of a year's social insurance on staying | 每年社保补贴的留存效应 | 0
returners_from_towns_share | share | 0 | 1 | | returning entrepreneurs who lived in the region's towns | 返乡创业者中来自本市城镇者 | 0
returners_to_villages_share | share | 0 | 1 | | returning entrepreneurs who settle in villages | 返乡创业者中落脚乡村者 | 0
own_move_in_region_share | share | 0 | 1 | | unaided movers who stay in the region's towns | 自发搬迁者留在本市城镇比例 | 0
urban_income_growth | 1/year | -0.5 | 0.5 | g_u | growth of urban incomes | 城镇收入增长率 | 0
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
strike_months | months | 1 | 240 | | months without an application after which a listed household is struck off | 未申请即调出名册的月数 | 24
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
flexible_wage_yuan_per_month | yuan/person/month | 0 | inf | | pay of parents who come to town with a pupil | 随迁家长灵活就业月收入 | 0
school_rent_yuan_per_month | yuan/household/month | 0 | inf | | rent of a family in town for school | 陪读租房月租 | 0
""",
    "stay": """
integration_per_month | 1/month | 0 | 1 | | speed at which integration approaches its level | 融入速度
hukou_per_year | share/year | 0 | 1 | | movers a year who register at the site under parity | 落户率
land_lease_per_year | share/year | 0 | 1 | | movers a year who lease out their land | 土地流转率
paid_exit_per_year | share/year | 0 | 1 | | movers a year who give up land rights when paid | 有偿退出率
""",
    "urban": """
core_residents | persons | 0 | inf | | residents of the core city at the start | 中心城区期初常住人口 | 0
town_residents | persons | 0 | inf | | residents of other towns at the start | 其他城镇期初常住人口 | 0
rural_residents | persons | 0 | inf | | residents of villages at the start | 乡村期初常住人口 | 0
core_share | share | 0 | 1 | | share of newcomers and students who live in the core city | 迁入人口落在中心城区比例 | 0
residence_months | months | 0 | 24 | | months after which a newcomer counts as a resident | 常住统计滞后月数 | 6
urban_income_yuan_per_person | yuan/person/year | 0 | inf | | urban disposable income at the start | 期初城镇居民人均可支配收入 | 0
rural_mean_income_yuan_per_person | yuan/person/year | 0 | inf | | rural disposable income at the start | 期初农村居民人均可支配收入 | 0
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
area_small_m2 | m2 | 0 | 500 | | largest home of one to three persons (0: as others) | 三人及以下户面积上限 | 0
area_four_m2 | m2 | 0 | 500 | | largest home of four persons (0: as others) | 四人户面积上限 | 0
hardship_m2_per_person | m2/person | 0 | 200 | | area a person of households in special hardship (0: as others) | 特困户人均面积上限 | 0
hardship_max_m2 | m2 | 0 | 500 | | largest home of households in special hardship (0: as others) | 特困户面积上限 | 0
others_area_factor | ratio | 0.1 | 5 | | area of households not on the low-income list, relative to the rule | 非低收入户面积系数 | 1
""",
    "constant": """
price_ratio | ratio | 0 | 10 | | price relative to home_price_yuan_per_m2 | 相对县城安置房价格
kind | code | 1 | 8 | | taste of this kind of destination is shared by modes of one kind | 类别码
place | code | 0 | 2 | | 0 in place, 1 township, 2 county town | 地点(0原地 1乡镇 2县城)
needs_home | flag | 0 | 1 | | takes a home from the programme's sites | 占用房源
needs_kin | flag | 0 | 1 | | open only to households with members living elsewhere | 需投靠亲友
needs_skill | flag | 0 | 1 | | open only to households with skills for work in town | 需务工经商技能 | 0
work_factor | ratio | 0 | 2 | | labourers without a wage job who would take one there, relative to participation | 就业意愿系数 | 1
core | flag | 0 | 1 | | the home is in the core city | 位于中心城区 | 0
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
DERIVED = ("income_index", "calendar_month")

POLICY_DTYPE = np.dtype([(name, "f8") for name in (*PARAMETERS, *DERIVED)])
MODE_DTYPE = np.dtype([(name, "f8") for name in MODE_PARAMETERS])

Dated = float | Sequence[tuple[int, float]]
"""A value for all months, or steps [(first month, value), ...] in rising order, the first from month 0 or before."""


def policy_table(
    values: Mapping[str, Dated],
    *,
    months: int,
    county_factors: Mapping[str, Sequence[float]],
    counties: int,
    own: Mapping[tuple[int, str], Dated] | None = None,
    start_month: int = 1,
) -> np.recarray:
    """The dated policy, one record a month and county, shape (months, counties).

    `values` holds every name of `PARAMETERS`, those with a value where a scenario is silent may be left out;
    `own[county, name]` replaces a parameter in one county, then `county_factors[name]` multiplies it county by county.
    `start_month` is the calendar month (1-12) of the first month.
    Raises ValueError naming every parameter that is missing, unknown or out of bounds.
    """
    values = {name: p.absent for name, p in PARAMETERS.items() if p.absent is not None} | dict(values)
    _check(values, PARAMETERS)
    table = np.zeros((months, counties), POLICY_DTYPE)
    for name, value in values.items():
        table[name] = by_month(value, months)[:, None]
    for (county, name), value in (own or {}).items():
        _check({name: value}, {name: PARAMETERS[name]})
        table[name][:, county] = by_month(value, months)
    for name, factors in county_factors.items():
        table[name] *= np.asarray(factors, float)[None, :]
    table["calendar_month"] = ((start_month - 1 + np.arange(months)) % 12 + 1.0)[:, None]
    table["income_index"] = _index(table["income_growth"])
    return table.view(np.recarray)


def _index(growth: np.ndarray) -> np.ndarray:
    """Incomes over those of the first month, (months, counties); `growth` is yearly."""
    rates, rate_of = np.unique(growth, return_inverse=True)
    a_month = np.array([power(1.0 + rate, 1.0 / 12.0) for rate in rates.tolist()])
    index = np.ones(growth.shape)
    index[1:] = np.cumprod(a_month[rate_of.reshape(growth.shape)], axis=0)[:-1]
    return index


def mode_table(modes: Sequence[Mapping[str, Dated]], *, months: int) -> np.recarray:
    """The destination modes month by month, shape (months, modes)."""
    table = np.zeros((months, len(modes)), MODE_DTYPE)
    for m, values in enumerate(modes):
        values = {n: p.absent for n, p in MODE_PARAMETERS.items() if p.absent is not None} | dict(values)
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
