"""Steps 9-10: every household earns, eats, services its debt and saves."""

from typing import NamedTuple

from simulation.households import MOVED, OWN_MOVED, RETURNED
from simulation.outcomes import F, G, K
from simulation.rule import primitive, rule
from simulation.rules.choice import area
from simulation.rules.income import Incomes, income_after_moving, income_at_origin, spend, subsistence, total
from simulation.rules.loan import Due, due, terms
from simulation.rules.money import fen
from simulation.steps.grants import money_left

# after a year the granted and the withheld are compared
SETTLED_MONTHS = 12


@rule
def pay_delayed_subsidy(h, office, flows, p, t):
    """The subsidy reaches households once its delay is over, also those that have gone back since."""
    if t - h.moved >= p.subsidy_delay_months:
        office.cash -= h.subsidy
        office.committed -= h.subsidy
        flows[F.subsidy] += h.subsidy
        h.savings += h.subsidy
        h.subsidy = 0.0


@rule
def fall_due(h, rate, p):
    """What falls due this month, fen: interest, principal, interest the public would pay; balances fall by the principal."""
    home = due(h.loan, rate, h.loan_left, h.grace_left, p.loan_interest_subsidy_share)
    start = due(h.startup_loan, rate, h.startup_left, 0, p.startup_interest_subsidy_share)
    late = fen(h.arrears * rate / 100.0)
    h.loan -= home.principal
    h.startup_loan -= start.principal
    h.loan_left = max(h.loan_left - 1, 0)
    h.grace_left = max(h.grace_left - 1, 0)
    h.startup_left = max(h.startup_left - 1, 0)
    return Due(
        home.interest + start.interest + late,
        home.principal + start.principal,
        home.subsidised + start.subsidised,
    )


class Group(NamedTuple):
    """What is summed over a group of households, in the order of simulation.outcomes.INCOMES."""

    households: float
    persons: float
    wage: float
    business: float
    transfer: float
    property: float
    start: float
    poor: float


@primitive
def tally(g, h, income, line):
    """The group's sums with one more household's month."""
    start = fen((h.wage + h.business + h.remittance + h.transfer + h.property) / 12.0)
    poor = 1.0 if total(income) * 12.0 < line * 100.0 * h.members else 0.0
    return Group(
        g.households + 1.0,
        g.persons + h.members,
        g.wage + income.wage,
        g.business + income.business,
        g.transfer + (income.remittance + income.transfer + income.insurance),
        g.property + (income.property + income.ecological),
        g.start + start,
        g.poor + poor,
    )


@rule
def add_group(sums, g):
    """Book a group's sums; they are whole numbers, so their order does not matter."""
    for k in range(8):
        sums[k] += g[k]


@primitive
def plus(a, b):
    """Two households' incomes together."""
    return Incomes(
        a.wage + b.wage,
        a.business + b.business,
        a.remittance + b.remittance,
        a.transfer + b.transfer,
        a.insurance + b.insurance,
        a.property + b.property,
        a.ecological + b.ecological,
    )


@rule
def finances(hh, status, office, p, modes, t, sums, groups, flows):
    """One month of money for every household that is still followed (own movers are not).

    `sums` and `flows` are the county's rows of this month's indicators and ledger, `groups` the region's sums of incomes.
    """
    rate = terms(p).rate
    line = p.poverty_line_yuan_per_person
    nobody = Group(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    earlier, movers, stayers, returned, withheld, granted = nobody, nobody, nobody, nobody, nobody, nobody
    all_incomes = Incomes(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    consumed, housing = 0.0, 0.0
    for i in range(office.first, office.last):
        s = status[i]
        if s == OWN_MOVED:
            continue
        h = hh[i]
        if h.subsidy > 0.0 and h.moved >= 0:
            pay_delayed_subsidy(h, office, flows, p, t)
        if s == MOVED:
            m = modes[h.mode]
            income = income_after_moving(h, p, m)
            rent = fen(m.rent_yuan_per_m2_month * area(h, m) * p.income_index)
            need = subsistence(h, p, m.place) + rent
        else:
            income = income_at_origin(h, p)
            rent = 0.0
            need = subsistence(h, p, 0.0)
        earned = total(income)

        interest, principal, subsidised, arrears = 0.0, 0.0, 0.0, h.arrears
        if h.loan > 0.0 or h.startup_loan > 0.0 or arrears > 0.0:
            owed = fall_due(h, rate, p)
            interest, principal = owed.interest, owed.principal
            subsidised = min(owed.subsidised, max(0.0, money_left(office, p)))
            office.cash -= subsidised
            flows[F.interest_subsidy] += subsidised
            sums[K.interest_fen] += interest
            sums[K.due_fen] += interest + principal
        to_pay = interest + principal + arrears
        month = spend(h.savings + subsidised, earned, need, to_pay, p.consumption_share)
        h.savings = month.savings
        h.arrears = to_pay - month.paid
        h.income = earned
        h.debt_service = interest + principal - subsidised
        housed = min(rent, month.consumption)

        all_incomes = plus(all_incomes, income)
        housing += housed
        consumed += month.consumption - housed
        if month.paid > 0.0:
            interest_paid = min(interest, month.paid)
            flows[F.loan_interest] += interest_paid
            flows[F.loan_principal] += month.paid - interest_paid

        if h.earlier > 0:
            earlier = tally(earlier, h, income, line)
        elif s == MOVED:
            movers = tally(movers, h, income, line)
        elif s == RETURNED:
            returned = tally(returned, h, income, line)
        elif h.withheld == 0:
            stayers = tally(stayers, h, income, line)
        if h.withheld > 0 and t - h.left >= SETTLED_MONTHS:
            withheld = tally(withheld, h, income, line)
        if h.earlier == 0 and (s == MOVED or s == RETURNED) and t - h.moved >= SETTLED_MONTHS:
            granted = tally(granted, h, income, line)

    flows[F.wage] += all_incomes.wage
    flows[F.business] += all_incomes.business
    flows[F.remittance] += all_incomes.remittance
    flows[F.transfer] += all_incomes.transfer
    flows[F.insurance_gain] += all_incomes.insurance
    flows[F.property] += all_incomes.property
    flows[F.ecological_payment] += all_incomes.ecological
    flows[F.rent] += housing
    flows[F.consumption] += consumed
    add_group(groups[G.movers], movers)
    add_group(groups[G.stayers], stayers)
    add_group(groups[G.withheld], withheld)
    add_group(groups[G.granted], granted)
    add_group(groups[G.earlier], earlier)
    add_group(groups[G.returned], returned)
