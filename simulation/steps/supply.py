"""Steps 1-2: budgets are appropriated, quota revenue arrives, jobs open."""

import math

from simulation.households import POST, SERVICE, STARTUP, WORKSHOP
from simulation.outcomes import F
from simulation.rule import rule
from simulation.rules.money import fen
from simulation.steps.grants import money_left


@rule
def posts_funded(p, office):
    """Public-welfare posts of a county: the policy's number, as far as the jobs budget pays for them."""
    posts = p.public_posts * office.open_share
    if p.post_subsidy_yuan_per_month > 0.0:
        posts = min(
            posts, p.jobs_budget_yuan_per_year * office.share / (12.0 * p.post_subsidy_yuan_per_month)
        )
    return float(math.floor(posts))


@rule
def county_debt(office, p, t, flows):
    """Interest, of which centre and province pay their shares, then principal after grace: both as far as money goes.

    Interest the county cannot pay is added to its debt. Term and grace count from the first month.
    """
    rate = p.benchmark_rate * p.loan_rate_factor / 12.0
    interest = fen(office.debt * rate / 100.0)
    central = fen(interest * p.pool_interest_central_share / 100.0)
    province = min(fen(interest * p.pool_interest_province_share / 100.0), interest - central)
    flows[F.pool_interest_central] += central
    flows[F.pool_interest_province] += province
    office.cash += central + province
    short = max(0.0, interest - max(0.0, money_left(office, p)))
    office.cash += short - interest
    office.debt += short
    flows[F.pool_loan_drawn] += short
    flows[F.pool_loan_interest] += interest
    if t >= 12.0 * p.pool_loan_grace_years:
        months = max(12.0 * p.pool_loan_term_years - t, 1.0)
        paid = min(fen(office.debt / months / 100.0), max(0.0, money_left(office, p)))
        office.cash -= paid
        office.debt -= paid
        flows[F.pool_loan_principal] += paid


@rule
def supply(books, p, c, t, window, flows):
    """Money and openings of county `c` in month `t`."""
    office = books.offices[c]
    share = office.open_share
    if t % 12 == 0:
        if t < window:
            central = fen(p.budget_central_yuan_per_year * share)
            province = fen(p.budget_province_yuan_per_year * share)
            city = fen(p.budget_city_yuan_per_year * share)
            county = fen(p.budget_county_yuan_per_year * share)
            office.cash += central + province + city + county
            flows[F.appropriation_central] += central
            flows[F.appropriation_province] += province
            flows[F.appropriation_city] += city
            flows[F.appropriation_county] += county
        jobs = fen(p.jobs_budget_yuan_per_year * office.share)  # villagers at home have their part in it
        office.jobs_cash += jobs
        flows[F.appropriation_jobs] += jobs
        land = fen(p.land_sale_yuan_per_year * share)
        office.cash += land
        flows[F.land_sale] += land
    office.cash += books.quota_due[c, t]
    flows[F.quota_revenue] += books.quota_due[c, t]
    if office.debt > 0.0:
        county_debt(office, p, t, flows)
    positions, filled = books.positions[c], books.filled[c]
    for kind in (WORKSHOP, SERVICE):  # others take jobs that stay open
        positions[kind] -= p.openings_lost_per_month * max(0.0, positions[kind] - filled[kind])
    positions[WORKSHOP] += p.workshop_openings_per_year * share / 12.0
    positions[SERVICE] += p.service_openings_per_year * share / 12.0
    positions[STARTUP] += p.startup_places_per_year * share / 12.0
    positions[POST] = max(posts_funded(p, office), filled[POST])  # a post is cut when it falls vacant
