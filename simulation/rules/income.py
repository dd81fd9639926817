"""Four incomes a month - wage, business, transfer, property - for stayers and movers alike, and what living costs."""

from typing import NamedTuple

from simulation.rule import primitive, rule
from simulation.rules.land import mu
from simulation.rules.money import fen

MONTH = 1.0 / 12.0  # of a year; multiplying by it is much faster than dividing by 12


class Incomes(NamedTuple):
    """Fen a month by source; remittances, insurance gains and waived school costs are part of transfers."""

    wage: float
    business: float
    remittance: float
    transfer: float
    insurance: float
    waiver: float
    property: float
    ecological: float
    dividend: float  # guaranteed to low-income households


class Spending(NamedTuple):
    """Fen a month: what is consumed, what of the debt due is paid, what is left as savings."""

    consumption: float
    paid: float
    savings: float


@rule
def skill(h, p):
    """Pay relative to a worker with 8 years of schooling."""
    return max(0.5, 1.0 + p.wage_return_to_schooling * (h.schooling - 8.0))


@rule
def farm_kept(p, m):
    """Share of the family business kept: all of it in place, half-way between in the township, rho_m in the county town."""
    return 1.0 - (1.0 - p.farm_kept_share) * m.place / 2.0


@rule
def participation_at(p, m):
    """Share of labourers without a wage job who would take one there."""
    return min(p.participation * m.work_factor, 1.0)


@rule
def income_at_origin(h, p):
    """Incomes of a household that lives in its village."""
    year = p.income_index * MONTH
    return Incomes(
        fen(h.wage * year),
        fen((h.business if h.leased < 2 else p.nonfarm_business_share * h.business) * year),
        fen(h.remittance * year),
        fen(h.transfer * year),
        0.0,
        0.0,
        fen((h.property + p.dividend_yuan_per_person * h.members) * year),
        0.0,
        0.0,
    )


@rule
def income_after_moving(h, p, m):
    """Incomes of a household at its destination: jobs kept and found, the farm that goes on, land rent and parity."""
    year = p.income_index * MONTH
    kept = h.wage * h.kept / h.local_jobs if h.local_jobs > 0 else 0.0
    pay = h.workshop * p.workshop_wage_yuan_per_month + h.service * p.service_wage_yuan_per_month
    pay = pay * skill(h, p) + h.post * p.post_wage_yuan_per_month
    farm = farm_kept(p, m)
    business = h.business * farm
    rent = 0.0
    if h.leased == 1:  # the land no longer worked is let
        rent = p.land_rent_yuan_per_mu * h.land_mu * (1.0 - farm)
    if h.leased == 2:  # land rights are given up: only trade and crafts go on
        business = min(business, p.nonfarm_business_share * h.business)
    insured = p.insurance_parity > 0.0 and h.leased > 0
    reuse = p.reuse_share * p.reuse_income_yuan_per_mu * mu(h.homestead_m2) if h.reclaimed > 0 else 0.0
    return Incomes(
        fen(kept * year + pay * p.income_index),
        fen(business * year + h.startup * p.startup_income_yuan_per_month * p.income_index),
        fen(h.remittance * year + h.away * p.remitted_share * p.away_wage_yuan_per_month * p.income_index),
        fen(h.transfer * year),
        fen(p.insurance_gain_yuan_per_person * h.members * MONTH) if insured else 0.0,
        fen(p.education_waiver_yuan_per_child * h.children * MONTH),
        fen((h.property + p.dividend_yuan_per_person * h.members) * year + (rent + reuse) * MONTH),
        fen(p.ecological_payment_yuan_per_mu * h.land_mu * MONTH) if h.leased > 0 else 0.0,
        fen(p.poor_dividend_yuan_per_person * h.members * MONTH) if h.poor > 0 else 0.0,
    )


@rule
def total(i):
    """All sources, fen."""
    return i.wage + i.business + transfers(i) + properties(i)


@rule
def transfers(i):
    """All that counts as transfer income, fen."""
    return i.remittance + i.transfer + i.insurance + i.waiver


@rule
def properties(i):
    """All that counts as property income, fen."""
    return i.property + i.ecological + i.dividend


@rule
def subsistence(h, p, place):
    """What the members at home need a month, fen; town living costs more, for those left behind it does not."""
    at_home = max(1, h.members - h.absent - h.away)
    in_town = max(0, at_home - h.behind)
    year = (
        p.subsistence_yuan_per_person * at_home + p.town_living_cost_yuan_per_person * in_town * place / 2.0
    )
    return fen(year * p.income_index * MONTH)


@primitive
def subsistence_at_origin(at_home, in_town, at_school, p):
    """What a village household needs a month, fen: some may live in town, those at school there pay rent."""
    year = p.subsistence_yuan_per_person * max(1.0, at_home) + p.town_living_cost_yuan_per_person * in_town
    rent = p.school_rent_yuan_per_month if at_school > 0.0 else 0.0
    return fen((year * MONTH + rent) * p.income_index)


@primitive
def spend(savings, income, need, due, share):
    """Subsistence first, then debt, then the rest of the usual consumption; what remains is saved."""
    purse = savings + income
    eaten = min(need, purse)
    paid = min(due, purse - eaten)
    wish = max(0.0, fen(share * income / 100.0) - eaten)
    more = min(wish, purse - eaten - paid)
    return Spending(eaten + more, paid, purse - eaten - paid - more)
