"""A small made-up region for tests: two counties, five modes, a few sites, every number plain to see."""

from __future__ import annotations

import numpy as np

from simulation.households import POPULATION_DTYPES, Population, Villages
from simulation.institutions import Institutions, sites_for_villages
from simulation.policy import mode_table, policy_table
from simulation.population import with_kinds, with_listing
from simulation.run import Inputs

POLICY: dict = dict(
    subsidy_yuan_per_person=18000, subsidy_yuan_per_household=0, subsidy_hazard_extra_yuan_per_person=5000,
    subsidy_poor_extra_yuan_per_person=3000, subsidy_village_bonus_yuan_per_person=5000, subsidy_delay_months=3,
    homes_factor=1, market_homes_factor=1,
    loan_limit_yuan=300000, loan_price_share_max=0.7, loan_rate_factor=1, loan_term_years=20, loan_grace_years=1,
    loan_interest_subsidy_share=0.2, decoration_loan_limit_yuan=20000, startup_loan_limit_yuan=50000,
    workshop_openings_per_year=40, service_openings_per_year=80, public_posts=30, startup_places_per_year=12,
    training_seats_per_year=120, training_cost_yuan_per_person=1500, first_job_subsidy_yuan=1000,
    social_insurance_subsidy_yuan_per_month=200, post_subsidy_yuan_per_month=1500, startup_subsidy_yuan=5000,
    lost_work_subsidy_yuan=500, startup_interest_subsidy_share=0.5, job_before_move=0, service_centre=1,
    service_level_small=0.5, service_level_medium=0.7, service_level_large=0.9, school_level=0.9,
    insurance_parity=1, insurance_gain_yuan_per_person=300, hukou_parity=1,
    compensation_yuan_per_m2=300, reclamation_cost_yuan_per_mu=30000, quota_price_yuan_per_mu=150000,
    quota_sold_share=0.5, quota_cap_mu_per_year=60, quota_delay_months=18, parcel_min_m2=30,
    land_rent_yuan_per_mu=300, ecological_payment_yuan_per_mu=50, paid_exit_yuan_per_mu=2000,
    open_to_hazard=1, open_to_poor=1, open_to_others=1, whole_village_offer=1, priority_hazard=1, priority_village=2,
    priority_poor=3, priority_other=4, in_place_min_age=60, withhold_share=0,
    budget_central_yuan_per_year=4e6, budget_province_yuan_per_year=1e7, budget_city_yuan_per_year=4e6,
    budget_county_yuan_per_year=6e6, bridge_finance_yuan=1e6, jobs_budget_yuan_per_year=3e6, push_log_odds=0,
    b_income=1.5, b_cash=1, b_hazard=0.8, b_road=0.4, b_school=0.5, b_service=1, b_peers=1.5, b_age=0.25, b_land=0.05,
    b_distance=0.01, attachment_mean=0.5, attachment_sd=1, reluctant_share=0.15,
    intention_to_application_per_year=0.35, village_gate=0.85, dropout_share=0.05, prior_weight=20,
    bad_news_weight=1.5, prior_job_chance=0.85, own_move_per_year=0.01, home_lag_months=12, home_price_yuan_per_m2=3000,
    house_price_growth=0, dsr_max=0.35, vacancies_per_mover=0.4, find_rate_per_month=0.25, openings_lost_per_month=0.3,
    match_elasticity=0.5,
    separation_per_month=0.02, g_school=0.1, g_age=0.3, g_training=0.4, g_centre=0.1, participation=0.5,
    job_kept_share=0.6, farm_kept_share=0.5, income_growth=0.05, return_per_year=0.02, return_after_surrender=0.3,
    k_job=0.7, k_integration=0.7, k_debt=0.5, k_left_behind=0.5, k_margin=0.3, surrender_share=0.82,
    pool_persons=6000, earlier_movers_share=0.2,
    mode_taste_scale=0.3, reluctance=3, horizon_years=15, discount_rate=0.032, upkeep_rate=0.01,
    income_floor_yuan_per_person=3000, reapply_months=12, audit_months=2, handover_months=2, belief_months=6,
    closure_share=0.85, fitting_out_yuan_per_m2=500, startup_term_years=3, benchmark_rate=0.042, approval_width=0.1,
    usable_savings_share=0.8, kin_transfer_yuan=0, workshop_wage_yuan_per_month=2500, service_wage_yuan_per_month=3500,
    post_wage_yuan_per_month=2000, startup_income_yuan_per_month=4000, away_wage_yuan_per_month=5600,
    away_rate_per_month=0.02, remitted_share=0.4, wage_return_to_schooling=0.04, subsistence_yuan_per_person=8000,
    town_living_cost_yuan_per_person=1500, nonfarm_business_share=0.3, consumption_share=0.7,
    poverty_line_yuan_per_person=12000, integration_per_month=0.03, hukou_per_year=0.2, land_lease_per_year=0.3,
    paid_exit_per_year=0.05,
)  # fmt: skip

_MODE = dict(
    available=1, subsidy_factor=1, area_m2_per_person=30, area_min_m2=60, area_max_m2=120, resale_lock_years=0,
    price_ratio=1, kind=1, place=2, needs_home=1, needs_kin=0, land_kept=1, fitting_out_factor=1,
    rent_yuan_per_m2_month=0, surrender=1, counts=1,
)  # fmt: skip
MODES = (
    _MODE,
    _MODE | dict(kind=2, place=1, price_ratio=0.65),
    _MODE | dict(kind=3, price_ratio=1.6),
    _MODE | dict(kind=4, price_ratio=0.3, needs_home=0, needs_kin=1, subsidy_factor=0.6),
    _MODE | dict(kind=5, place=0, price_ratio=0.1, fitting_out_factor=0.4, needs_home=0, surrender=0, counts=0,
                 subsidy_factor=0.3),
)  # fmt: skip

# The same with homes by the number of members, hardship and class, fields near the second mode, the third in the core city.
_RULES = dict(area_m2_per_person=25, area_min_m2=40, area_small_m2=75, area_four_m2=90, area_max_m2=125,
              hardship_m2_per_person=20, hardship_max_m2=80, others_area_factor=1.2)  # fmt: skip
RULED = (
    MODES[0] | _RULES,
    MODES[1] | _RULES | dict(work_factor=0.4),
    MODES[2] | _RULES | dict(core=1, needs_skill=1),
    *(m | _RULES for m in MODES[3:]),
)


def population(
    households: int = 2000, villages: int = 60, seed: int = 1, poor: float = 0.15
) -> tuple[Population, Villages]:
    """Random households, two counties, none of them calibrated to anything."""
    g = np.random.default_rng(seed)
    sizes = np.maximum(1, np.round(g.dirichlet(np.ones(villages)) * households)).astype(int)
    sizes[sizes.argmax()] += households - sizes.sum()
    village = np.repeat(np.arange(villages), sizes)
    village_county = (np.arange(villages) >= villages // 2).astype(np.int32)
    n = len(village)
    workers, absent = g.integers(0, 3, n), g.integers(0, 3, n)
    children, elderly = g.integers(0, 2, n), g.integers(0, 3, n)
    members = np.maximum(1, workers + absent + children + elderly)
    local_jobs = np.minimum(workers, g.integers(0, 2, n))
    columns = dict(
        county=village_county[village], village=village, earlier=g.random(n) < 0.15, members=members, workers=workers,
        absent=absent, children=children, elderly=elderly, head_age=g.integers(25, 80, n),
        schooling=g.choice([0, 6, 9, 12], n), poor=g.random(n) < poor, hardship=g.random(n) < 0.03,
        hazard=g.random(n) < 0.1, local_jobs=local_jobs, wage=local_jobs * g.normal(30000, 5000, n),
        business=g.gamma(2, 5000, n), remittance=absent * g.normal(15000, 3000, n), transfer=g.gamma(2, 2000, n),
        property=g.gamma(1, 800, n), savings=g.gamma(1.2, 70000, n), land_mu=g.gamma(2, 1.5, n),
        house_m2=g.normal(120, 25, n).clip(20), homestead_m2=g.normal(140, 50, n).clip(10),
        listing=np.zeros(n),
    )  # fmt: skip
    table = Population(*(np.ascontiguousarray(columns[f], POPULATION_DTYPES[f]) for f in Population._fields))
    places = Villages(
        county=village_county,
        first=np.concatenate([[0], sizes.cumsum()]).astype(np.int64),
        distance_km=g.gamma(4, 8, villages),
        township_km=g.gamma(2, 4, villages),
        road_sd=g.gamma(1, 1, villages),
        school_km=g.gamma(2, 3, villages),
        service=g.uniform(0.1, 0.5, villages),
        kind=np.zeros(villages, np.int32),
    )
    return table, places


def world(
    households: int = 2000,
    villages: int = 60,
    *,
    months: int = 36,
    window: int = 24,
    homes: float = 160,
    seed: int = 1,
    modes=MODES,
    poor: float = 0.15,
    reserve: float = 0.0,
    excluded: float = 0.0,
    merging: float = 1.0,
    start_month: int = 1,
    own: dict | None = None,
    open_share: tuple[float, float] | None = None,
    **policy,
) -> Inputs:
    """Inputs of a small run; other keyword arguments replace policy values, `own` replaces them in one county.

    `poor` is the share of low-income households, `reserve` the share of them not on the list and `excluded` of these the share
    that can never be, `merging` the share of villages marked for relocation.
    """
    table, places = population(households, villages, seed, poor)
    table = with_listing(table, reserve=[reserve] * 2, excluded=[excluded] * 2, seed=seed)
    if merging < 1.0:
        places = with_kinds(places, [[merging, *([(1.0 - merging) / 4.0] * 4)]] * 2)
    site_county = np.array([0, 0, 0, 0, 1, 1, 1], np.int32)
    site_mode = np.array([0, 1, 1, 2, 0, 1, 2], np.int32)
    size = homes * np.array([1, 0.3, 0.2, 0.5, 1, 0.4, 0.5])
    ready = np.floor(size[None, :] * np.minimum(1.0, (np.arange(months)[:, None] + 6) / 24.0))
    county_persons = [table.members[(table.county == c) & (table.earlier == 0)].sum() for c in (0, 1)]
    institutions = Institutions(
        villages=places,
        site_of=sites_for_villages(places, site_county, site_mode, len(modes)),
        originals=np.diff(places.first),
        pool_share=np.array(county_persons) / sum(county_persons),
        site_county=site_county,
        site_mode=site_mode,
        site_class=np.array([2, 0, 0, 2, 2, 1, 2], np.int32),
        ready=ready,
        school_open=np.ones((months, villages)),
        core=np.array([1.0, 0.0]),
        open_share=None if open_share is None else np.array(open_share),
    )
    table_of_policy = policy_table(
        POLICY | policy,
        months=months,
        counties=2,
        county_factors={"home_price_yuan_per_m2": [1.1, 0.9]},
        own=own,
        start_month=start_month,
    )
    return Inputs(table, institutions, table_of_policy, mode_table(modes, months=months), window)
