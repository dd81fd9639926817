"""Whether a household at its destination goes back."""

from simulation.draws import exp_
from simulation.rule import rule
from simulation.rules.work import jobs_there


@rule
def return_hazard(h, p):
    """Yearly hazard h0 exp(-k_j employed - k_i integration + k_d dsr + k_l left behind - k_w margin), times kappa without a house."""
    working = h.kept + jobs_there(h)
    employed = working / (working + h.seekers) if working + h.seekers > 0 else 0.5
    burden = min(h.debt_service / h.income, 2.0) if h.income > 0.0 else 0.0
    left_behind = 1.0 if h.behind > 0 or (h.elderly > 0 and h.leased == 0) else 0.0
    log_hazard = p.k_debt * burden + p.k_left_behind * left_behind - p.k_job * employed
    log_hazard = log_hazard - p.k_integration * h.integration - p.k_margin * min(max(h.margin, 0.0), 3.0)
    hazard = p.return_per_year * exp_(log_hazard)
    if h.surrendered > 0:
        hazard = hazard * p.return_after_surrender
    return min(hazard, 1.0)


@rule
def most_return_hazard(p):
    """An upper bound of the yearly hazard: full burden, members left behind, nothing to hold the household."""
    return p.return_per_year * exp_(2.0 * p.k_debt + p.k_left_behind)


@rule
def goes_back(h, p, draw):
    """Monthly draw against the yearly hazard."""
    return draw < return_hazard(h, p) / 12.0
