"""The housing loan: its terms, what a bank lends and approves, and what falls due each month."""

from typing import NamedTuple

from simulation.draws import exp_, log_
from simulation.rule import rule
from simulation.rules.money import fen


class Terms(NamedTuple):
    """Loan terms in force in one county and month; the last three are yuan for each yuan borrowed."""

    rate: float  # a month
    log_growth: float  # log(1 + rate)
    months: float
    grace: float  # months of interest only
    year_after_grace: float  # debt service of the first year after grace, net of interest subsidy
    year_spread: float  # yearly equivalent of all net service within the horizon, at the discount rate


class Due(NamedTuple):
    """What one loan asks in one month, fen."""

    interest: float
    principal: float
    subsidised: float  # part of the interest the public pays


@rule
def annuity(rate, log_growth, months):
    """Level payment a month on one yuan: rate / (1 - (1 + rate)^-months)."""
    if rate < 1e-9:  # 1 + rate would round to 1
        return 1.0 / months
    return rate / (1.0 - exp_(-months * log_growth))


@rule
def terms(p):
    """Terms from the policy in force: benchmark x factor, grace, then a monthly annuity."""
    rate = p.benchmark_rate * p.loan_rate_factor / 12.0
    months = p.loan_term_years * 12.0
    grace = min(p.loan_grace_years * 12.0, months - 1.0)
    growth = log_(1.0 + rate)
    payment = annuity(rate, growth, months - grace)
    balance, worth, weight, weights = 1.0, 0.0, 1.0, 0.0
    discount = 1.0 / (1.0 + p.discount_rate / 12.0)
    for month in range(int(p.horizon_years * 12.0)):
        weight = weight * discount
        weights = weights + weight
        if month < months:
            interest = balance * rate
            paid = interest if month < grace else payment
            balance = balance + interest - paid
            worth = worth + weight * (paid - p.loan_interest_subsidy_share * interest)
    net = payment - p.loan_interest_subsidy_share * rate
    return Terms(rate, growth, months, grace, 12.0 * net, 12.0 * worth / weights)


@rule
def lent(need, price, p, limit):
    """The loan: what is needed, within the bank's `limit` and share of the price; yuan."""
    most = min(limit, p.loan_price_share_max * price) + p.decoration_loan_limit_yuan
    return max(0.0, min(need, most))


@rule
def approval(service_ratio, p):
    """Probability that the bank approves: falls smoothly with debt service over income around dsr_max."""
    return 1.0 / (1.0 + exp_((service_ratio - p.dsr_max) / p.approval_width))


@rule
def due(balance, terms, months_left, grace_left, subsidy_share):
    """Interest and principal due this month on an outstanding balance in fen."""
    interest = fen(balance * terms.rate / 100.0)
    principal = 0.0
    if grace_left <= 0.0:
        principal = balance
        if months_left > 1.0:
            level = annuity(terms.rate, terms.log_growth, 1.0 * months_left)
            principal = min(balance, max(0.0, fen(balance * level / 100.0) - interest))
    return Due(interest, principal, fen(interest * subsidy_share / 100.0))
