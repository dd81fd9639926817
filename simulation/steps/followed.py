"""Steps 9-14 for each household the programme keeps a file on.

One household after the other earns, services its debt, gives up its old house, goes back or comes to belong, and is counted: its
record is read once a month. Those that go back do so when all have been seen, so that no one's neighbours depend on the order.
"""

import numpy as np

from simulation.draws import SURRENDER, u01_pair
from simulation.households import MOVED, RETURNED
from simulation.outcomes import F, G, K
from simulation.rule import primitive, rule, step
from simulation.rules.belong import integrate
from simulation.rules.choice import area
from simulation.rules.income import (
    income_after_moving,
    income_at_origin,
    properties,
    spend,
    subsistence,
    subsistence_at_origin,
    total,
    transfers,
)  # fmt: skip
from simulation.rules.land import mu, surrender_month, worth_reclaiming
from simulation.rules.loan import Due, due
from simulation.rules.money import fen
from simulation.rules.stay import goes_back, most_return_hazard
from simulation.rules.work import jobs_there
from simulation.steps.grants import money_left, release_jobs

SETTLED_MONTHS = 12  # after a year the granted and the withheld are compared
OCCUPIED_MONTHS = 12  # a move counts as occupied, and as stable, after a year


@primitive
def tally(groups, g, h, income, poor):
    """Add one household's month to a group, in the order of simulation.outcomes.INCOMES."""
    groups[g, 0] += 1.0
    groups[g, 1] += h.members
    groups[g, 2] += income.wage
    groups[g, 3] += income.business
    groups[g, 4] += transfers(income)
    groups[g, 5] += properties(income)
    groups[g, 6] += h.start
    groups[g, 7] += poor


@primitive
def book_incomes(i, flows):
    """Enter one household's incomes in the ledger."""
    flows[F.wage] += i.wage
    flows[F.business] += i.business
    flows[F.remittance] += i.remittance
    flows[F.transfer] += i.transfer
    flows[F.insurance_gain] += i.insurance
    flows[F.education_waiver] += i.waiver
    flows[F.property] += i.property
    flows[F.ecological_payment] += i.ecological
    flows[F.poor_dividend] += i.dividend


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
def fall_due(h, terms, p):
    """What falls due this month, fen: interest, principal, interest the public would pay; balances fall by the principal."""
    home = due(h.loan, terms, h.loan_left, h.grace_left, p.loan_interest_subsidy_share)
    start = due(h.startup_loan, terms, h.startup_left, 0, p.startup_interest_subsidy_share)
    late = fen(h.arrears * terms.rate / 100.0)
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


@rule
def service_debt(h, office, terms, p, sums, flows):
    """What falls due, and what of it the public pays as far as its money goes; fen."""
    owed = fall_due(h, terms, p)
    subsidised = min(owed.subsidised, max(0.0, money_left(office, p)))
    office.cash -= subsidised
    flows[F.interest_subsidy] += subsidised
    sums[K.interest_fen] += owed.interest
    sums[K.due_fen] += owed.interest + owed.principal
    return Due(owed.interest, owed.principal, subsidised)


@step
def follow(hh, status, files, chances, books, p, modes, terms, seed, c, t, window, sums, groups, flows):
    """One month of every household on file in county `c`."""
    leaving = np.empty(len(files), np.int64)
    see_all(
        hh, status, files, chances, leaving, books, p, modes, terms, seed, c, t, window, sums, groups, flows
    )


@rule
def see_all(
    hh, status, files, chances, leaving, books, p, modes, terms, seed, c, t, window, sums, groups, flows
):
    """One household after the other: `files` are their rows, `chances` their draws, `leaving` room for those that go back.

    `sums` and `flows` are the county's rows of this month's indicators and ledger, `groups` its sums of incomes.
    """
    office, villages = books.offices[c], books.villages
    most = most_return_hazard(p) / 12.0
    line = p.poverty_line_yuan_per_person * 100.0
    lets, gives_up = p.land_lease_per_year / 12.0, p.paid_exit_per_year / 12.0
    registers = p.hukou_per_year / 12.0 if p.hukou_parity > 0.0 else 0.0
    for v in range(office.first_village, office.last_village):
        villages[v].away, villages[v].working, villages[v].seeking = 0, 0, 0
    gone = 0
    for k in range(len(files)):
        i = files[k]
        s = status[i]
        h = hh[i]
        away = s == MOVED
        if h.subsidy > 0.0 and h.moved >= 0:
            pay_delayed_subsidy(h, office, flows, p, t)

        rent = 0.0
        if away:
            m = modes[h.mode]
            income = income_after_moving(h, p, m)
            if m.rent_yuan_per_m2_month > 0.0:
                rent = fen(m.rent_yuan_per_m2_month * area(h, m, h.members - h.behind) * p.income_index)
            need = subsistence(h, p, m.place) + rent
        else:
            income = income_at_origin(h, p)
            need = subsistence_at_origin(
                float(h.members - h.absent), float(h.in_school + h.in_job), float(h.in_school), p
            )
        earned = total(income)
        owed = Due(0.0, 0.0, 0.0)
        arrears = h.arrears
        if h.loan > 0.0 or h.startup_loan > 0.0 or arrears > 0.0:
            owed = service_debt(h, office, terms, p, sums, flows)
        to_pay = owed.interest + owed.principal + arrears
        month = spend(h.savings + owed.subsidised, earned, need, to_pay, p.consumption_share)
        h.savings = month.savings
        h.arrears = to_pay - month.paid
        h.income = earned
        h.debt_service = owed.interest + owed.principal - owed.subsidised
        housed = min(rent, month.consumption)
        book_incomes(income, flows)
        flows[F.rent] += housed
        flows[F.consumption] += month.consumption - housed
        if month.paid > 0.0:
            interest_paid = min(owed.interest, month.paid)
            flows[F.loan_interest] += interest_paid
            flows[F.loan_principal] += month.paid - interest_paid

        poor = 1.0 if earned * 12.0 < line * h.members else 0.0
        settled = t - h.moved >= SETTLED_MONTHS
        if h.earlier > 0:
            tally(groups, G.earlier, h, income, poor)
        else:
            if away:
                tally(groups, G.movers, h, income, poor)
            elif s == RETURNED:
                tally(groups, G.returned, h, income, poor)
            elif h.withheld == 0:
                tally(groups, G.stayers, h, income, poor)
            elif t - h.left >= SETTLED_MONTHS:
                tally(groups, G.withheld, h, income, poor)
            if (away or s == RETURNED) and settled:
                tally(groups, G.granted, h, income, poor)
            if (away or s == RETURNED) and h.surrendered == 0 and h.behind == 0:
                old_house(h, s, books, p, modes, seed, c, t, sums, flows)

        if away and chances[0, k] < most and goes_back(h, p, chances[0, k]):
            leaving[gone] = i
            gone += 1
            continue
        if away:
            belong(h, books, p, chances[1, k], chances[2, k], lets, gives_up, registers, c, t, flows)
            count_mover(h, villages[h.village], p, poor, t, window, sums)
        elif s == RETURNED:
            count_returned(h, villages[h.village], sums)
        count_debt(h, sums)

    for k in range(gone):
        h = hh[leaving[k]]
        status[leaving[k]] = RETURNED
        go_back(h, books, modes, c, t, sums)
        count_returned(h, villages[h.village], sums)
        count_debt(h, sums)


@rule
def old_house(h, s, books, p, modes, seed, c, t, sums, flows):
    """Compensation on surrender; reclaimed land is sold as quota within the yearly cap and pays back later."""
    office = books.offices[c]
    months = float(t - h.moved)
    if h.compensation > 0.0 and (s != MOVED or months > 12.0):
        office.committed -= h.compensation
        h.compensation = 0.0
    if s != MOVED or months > 12.0 or modes[h.mode].surrender <= 0.0:
        return
    willing, when = u01_pair(seed, SURRENDER, h.id, 0)
    if not surrender_month(months, willing, when, p):
        return
    h.surrendered = 1
    sums[K.surrendered] += 1.0
    paid = h.compensation
    h.compensation = 0.0
    office.cash -= paid
    office.committed -= paid
    h.savings += paid
    flows[F.compensation] += paid
    reclaim(h, books, p, c, t, sums, flows)


@rule
def reclaim(h, books, p, c, t, sums, flows):
    """Reclaim the homestead of the household if it is large enough and the office can pay; sell its quota."""
    if not worth_reclaiming(h.homestead_m2, p):
        return
    office = books.offices[c]
    land = mu(h.homestead_m2)
    cost = fen(p.reclamation_cost_yuan_per_mu * land)
    if cost > money_left(office, p):
        return
    office.cash -= cost
    flows[F.reclamation] += cost
    h.reclaimed = 1
    sums[K.reclaimed_mu] += land
    sums[K.reused_mu] += land * p.reuse_share
    room = p.quota_cap_mu_per_year * office.open_share - books.quota_sold[c, t // 12]
    sold = max(0.0, min(land * p.quota_sold_share, room))
    books.quota_sold[c, t // 12] += sold
    sums[K.quota_sold_mu] += sold
    books.quota_due[c, t + np.int64(p.quota_delay_months)] += fen(p.quota_price_yuan_per_mu * sold)


@rule
def go_back(h, books, modes, c, t, sums):
    """The household leaves its home and jobs; `sums` are its county's indicators."""
    release_jobs(h, books, c)
    h.left = t
    if h.leased == 1:  # land let comes back, land given up does not
        h.leased = 0
    h.hukou = 0
    h.integration = 0.0
    books.moved_by_mode[h.village, h.mode] -= 1.0
    residents = max(h.members - h.absent - h.behind, 0)
    m = modes[h.mode]
    if m.core > 0.0:
        sums[K.residents_from_core] += residents
    elif m.place > 1.0:
        sums[K.residents_from_town] += residents
    if h.site >= 0:
        books.sites[h.site].occupied -= 1.0
        books.sites[h.site].idle += 1.0
    if h.earlier > 0:
        sums[K.earlier_returned] += 1.0
    else:
        sums[K.new_returned] += 1.0
        sums[K.persons_returned] += h.members - h.behind


@rule
def belong(h, books, p, land, registered, lets, gives_up, registers, c, t, flows):
    """Registration, land and integration of those who stay."""
    if h.leased == 0:
        if land < lets:
            h.leased = 1
        elif land < lets + gives_up and p.paid_exit_yuan_per_mu > 0.0:
            office = books.offices[c]
            price = fen(p.paid_exit_yuan_per_mu * h.land_mu)
            if price <= money_left(office, p):
                h.leased = 2
                office.cash -= price
                h.savings += price
                flows[F.paid_exit] += price
    if h.hukou == 0 and registered < registers:
        h.hukou = 1
    h.integration = integrate(h, books.moved_by_mode[h.village, h.mode] - 1.0, p, t)


@primitive
def count_returned(h, village, sums):
    """Add one household that came back to its county's and its village's stocks."""
    village.seeking += 1
    sums[K.returned] += 1 - h.earlier


@primitive
def count_debt(h, sums):
    """Add one household's debts to its county's stocks."""
    debt = h.loan + h.startup_loan
    if debt > 0.0 or h.arrears > 0.0:
        sums[K.loan_fen] += debt
        sums[K.loan_households] += 1.0
        sums[K.arrears_fen] += h.arrears
        if h.arrears > 0.0:
            sums[K.arrears_households] += 1.0


@primitive
def count_mover(h, village, p, poor, t, window, sums):
    """Add one household living at its destination to its county's and its village's stocks."""
    working = h.kept + jobs_there(h)
    labour = working + h.seekers
    village.away += 1
    if t + 1 - h.moved >= p.belief_months:
        village.working += jobs_there(h)
        village.seeking += h.seekers
    sums[K.mover_labour] += labour
    sums[K.mover_employed] += working
    sums[K.mover_seekers] += h.seekers
    if labour > 0:
        sums[K.labour_households] += 1.0
        if working > 0:
            sums[K.working_households] += 1.0
    sums[K.integration] += h.integration
    if h.hukou > 0:
        sums[K.hukou_persons] += h.members - h.behind
    if h.leased > 0:
        sums[K.leased_mu] += h.land_mu
    if h.earlier > 0:
        sums[K.earlier_moved] += 1.0
        return
    sums[K.moved] += 1.0
    persons = h.members - h.behind
    sums[K.behind_persons] += h.behind
    if t - h.moved == OCCUPIED_MONTHS and h.moved < window:
        sums[K.persons_occupied] += persons
        if h.poor > 0:
            sums[K.persons_occupied_poor] += persons
    if t - h.moved >= OCCUPIED_MONTHS and poor == 0.0 and h.arrears <= 0.0 and (labour == 0 or working > 0):
        sums[K.persons_stable] += persons
        if h.poor > 0:
            sums[K.persons_stable_poor] += persons
