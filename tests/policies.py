"""Made-up policies for property tests: levers and uncertainties drawn over wide ranges, and a small world to run them in."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from worlds import MODES, RULED

RANGES: dict[str, tuple[float, float]] = dict(
    subsidy_yuan_per_person=(0, 90000), subsidy_yuan_per_household=(0, 30000), subsidy_delay_months=(0, 14),
    subsidy_village_bonus_yuan_per_person=(0, 20000),
    loan_limit_yuan=(0, 400000), loan_price_share_max=(0, 1), loan_rate_factor=(0, 3), loan_term_years=(1, 30),
    loan_grace_years=(0, 5), loan_interest_subsidy_share=(0, 1), decoration_loan_limit_yuan=(0, 50000),
    startup_loan_limit_yuan=(0, 100000), workshop_openings_per_year=(0, 90), service_openings_per_year=(0, 90),
    public_posts=(0, 60), startup_places_per_year=(0, 60), training_seats_per_year=(0, 200),
    jobs_budget_yuan_per_year=(0, 2e6), compensation_yuan_per_m2=(0, 900), reclamation_cost_yuan_per_mu=(0, 90000),
    quota_price_yuan_per_mu=(0, 600000), quota_sold_share=(0, 1), quota_cap_mu_per_year=(0, 60),
    quota_delay_months=(1, 36), paid_exit_yuan_per_mu=(0, 30000), paid_exit_per_year=(0, 1),
    land_lease_per_year=(0, 1), withhold_share=(0, 0.5), budget_county_yuan_per_year=(0, 6e6),
    bridge_finance_yuan=(0, 2e6), push_log_odds=(0, 2), attachment_mean=(-5, 1), village_gate=(0.5, 1),
    intention_to_application_per_year=(0, 1), dropout_share=(0, 0.5), own_move_per_year=(0, 0.3),
    prior_job_chance=(0.01, 0.99), dsr_max=(0.1, 2), vacancies_per_mover=(0, 2), find_rate_per_month=(0.001, 3),
    openings_lost_per_month=(0, 1), match_elasticity=(0, 1), separation_per_month=(0, 0.5), participation=(0, 1),
    job_kept_share=(0, 1), farm_kept_share=(0, 1), income_growth=(-0.2, 0.3), return_per_year=(0, 1),
    surrender_share=(0, 1), audit_months=(0, 3), handover_months=(0, 3), closure_share=(0, 1),
    kin_transfer_yuan=(0, 60000), usable_savings_share=(0, 1), away_rate_per_month=(0, 0.5),
    consumption_share=(0, 1), subsistence_yuan_per_person=(0, 20000), reapply_months=(1, 12),
)  # fmt: skip
# Levers and uncertainties of the other programmes; a scenario may be silent about them.
NEW_RANGES: dict[str, tuple[float, float]] = dict(
    self_raise_yuan_per_person=(0, 20000), self_raise_yuan_per_household=(0, 20000), pool_bond_yuan_per_poor_person=(0, 40000),
    pool_fund_yuan_per_poor_person=(0, 20000), pool_loan_yuan_per_poor_person=(0, 80000), pool_loan_term_years=(1, 20),
    pool_loan_grace_years=(0, 3), pool_interest_central_share=(0, 0.6), pool_interest_province_share=(0, 0.4),
    infrastructure_yuan_per_poor_person=(0, 40000), land_sale_yuan_per_year=(0, 2e6), loan_mean_yuan=(0, 200000),
    strike_months=(1, 14), split_share=(0, 1), split_repair_yuan_per_person=(0, 9000), b_neighbours=(0, 3),
    training_max_age=(25, 90), village_posts=(0, 60), village_workshop_jobs=(0, 60), village_training_per_year=(0, 90),
    village_training_gain=(0, 0.6), project_share=(0, 1), project_cost_yuan=(0, 20000),
    project_income_yuan_per_year=(0, 20000), idle_houses_per_year=(0, 60), idle_house_rent_yuan_per_year=(0, 9000),
    dividend_yuan_per_person=(0, 2000), poor_dividend_yuan_per_person=(0, 2000),
    education_waiver_yuan_per_child=(0, 5000), school_places_per_year=(0, 60), parents_per_pupil=(0, 3),
    school_rent_yuan_per_month=(0, 1500), flexible_wage_yuan_per_month=(0, 5000), transfer_places_per_year=(0, 90),
    reuse_share=(0, 1), reuse_income_yuan_per_mu=(0, 3000), benchmark_rate=(0, 0.3),
)  # fmt: skip
RANGES |= NEW_RANGES
WHOLE = {
    "loan_term_years", "loan_grace_years", "subsidy_delay_months", "audit_months", "handover_months", "reapply_months",
    "quota_delay_months", "public_posts", "strike_months",
}  # fmt: skip
FLAGS = (
    "job_before_move", "insurance_parity", "hukou_parity", "whole_village_offer", "open_to_others", "service_centre",
    "pool_pays_rest", "loan_to_poor", "list_replacement", "split_moves", "neighbours_together", "merging_villages_only",
)  # fmt: skip
NO_OTHER_BUDGET = {f"budget_{payer}_yuan_per_year": 0 for payer in ("central", "province", "city")}
RENTAL = MODES[0] | dict(kind=6, price_ratio=0, rent_yuan_per_m2_month=8, needs_home=0, surrender=0)


@st.composite
def policies(draw: st.DrawFn) -> tuple[dict, int]:
    """Arguments of a small `world` and a seed: some parameters anywhere in their range, the others as in `worlds`."""
    changed = draw(st.lists(st.sampled_from(sorted(RANGES)), min_size=5, max_size=60, unique=True))
    policy: dict = {
        name: draw(st.integers(*map(int, RANGES[name])) if name in WHOLE else st.floats(*RANGES[name]))
        for name in changed
    }
    policy |= {name: draw(st.integers(0, 1)) for name in draw(st.lists(st.sampled_from(FLAGS), unique=True))}
    order = draw(st.permutations((1, 2, 3, 4)))
    policy |= dict(
        zip(("priority_hazard", "priority_village", "priority_poor", "priority_other"), order, strict=True)
    )
    if draw(st.booleans()):
        policy |= NO_OTHER_BUDGET
    months = draw(st.integers(10, 18))
    start = dict(attachment_mean=-2, intention_to_application_per_year=0.9, return_per_year=0.2)
    made = dict(
        households=draw(st.integers(150, 300)),
        villages=draw(st.integers(4, 25)),
        months=months,
        window=draw(st.integers(6, months)),
        homes=draw(st.sampled_from((0, 5, 40, 200))),
        seed=draw(st.integers(1, 5)),
        modes=draw(st.sampled_from((MODES, (*MODES, RENTAL), RULED))),
        poor=draw(st.sampled_from((0.15, 0.6))),
        reserve=draw(st.sampled_from((0.0, 0.4))),
        excluded=draw(st.sampled_from((0.0, 0.3))),
        merging=draw(st.sampled_from((1.0, 0.5))),
        start_month=draw(st.integers(1, 12)),
    )
    return made | start | policy, draw(st.integers(0, 2**62))


ANY_POLICY = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),  # shrinking would take minutes
)
