"""Steps 11-13: old houses are given up and reclaimed, some households go back, the others come to belong."""

import numpy as np

from simulation.draws import RETURN, SETTLE, SURRENDER, all_pairs, u01_pair
from simulation.households import MOVED, OWN_MOVED, RETURNED
from simulation.outcomes import F, K
from simulation.rule import rule, step
from simulation.rules.belong import integrate
from simulation.rules.land import mu, surrender_month, worth_reclaiming
from simulation.rules.money import fen
from simulation.rules.stay import goes_back, most_return_hazard
from simulation.steps.grants import money_left, release_jobs


@rule
def old_houses(hh, status, books, p, modes, seed, c, t, sums, flows):
    """Compensation on surrender; reclaimed land is sold as quota within the yearly cap and pays back later."""
    office = books.offices[c]
    for i in range(office.first, office.last):
        if status[i] != MOVED and status[i] != RETURNED:
            continue
        h = hh[i]
        if h.surrendered > 0 or h.earlier > 0:
            continue
        months = float(t - h.moved)
        if h.compensation > 0.0 and (status[i] != MOVED or months > 12.0):
            office.committed -= h.compensation
            h.compensation = 0.0
        if status[i] != MOVED or months > 12.0 or modes[h.mode].surrender <= 0.0:
            continue
        willing, when = u01_pair(seed, SURRENDER, i, 0)
        if not surrender_month(months, willing, when, p):
            continue
        h.surrendered = 1
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
    sums[K.reclaimed_mu] += land
    room = p.quota_cap_mu_per_year * office.share - books.quota_sold[c, t // 12]
    sold = max(0.0, min(land * p.quota_sold_share, room))
    books.quota_sold[c, t // 12] += sold
    sums[K.quota_sold_mu] += sold
    books.quota_due[c, t + np.int64(p.quota_delay_months)] += fen(p.quota_price_yuan_per_mu * sold)


@step
def returns(hh, status, books, p, seed, c, t, sums):
    """Households that go back keep their debts; their home stands idle and their jobs are open again."""
    office = books.offices[c]
    draws, _ = all_pairs(seed, RETURN, office.first, office.last, t)
    most = most_return_hazard(p) / 12.0
    for i in range(office.first, office.last):
        draw = draws[i - office.first]
        if status[i] == MOVED and draw < most and goes_back(hh[i], p, draw):
            status[i] = RETURNED
            go_back(hh[i], books, c, t, sums)


@rule
def go_back(h, books, c, t, sums):
    """The household leaves its home and jobs; `sums` are its county's indicators."""
    release_jobs(h, books, c)
    h.left = t
    if h.leased == 1:  # land let comes back, land given up does not
        h.leased = 0
    h.hukou = 0
    h.integration = 0.0
    books.moved_by_mode[h.village, h.mode] -= 1.0
    if h.site >= 0:
        books.sites[h.site].occupied -= 1.0
        books.sites[h.site].idle += 1.0
    if h.earlier > 0:
        sums[K.earlier_returned] += 1.0
    else:
        sums[K.new_returned] += 1.0
        sums[K.persons_returned] += h.members


@step
def belong(hh, status, books, p, seed, c, t, flows):
    """Registration, land and integration of those who stay."""
    office = books.offices[c]
    land, registers = all_pairs(seed, SETTLE, office.first, office.last, t)
    lets, leaves = p.land_lease_per_year / 12.0, p.paid_exit_per_year / 12.0
    for i in range(office.first, office.last):
        if status[i] != MOVED:
            continue
        h = hh[i]
        if h.leased == 0 and land[i - office.first] < lets:
            h.leased = 1
        elif h.leased == 0 and land[i - office.first] < lets + leaves and p.paid_exit_yuan_per_mu > 0.0:
            price = fen(p.paid_exit_yuan_per_mu * h.land_mu)
            if price <= money_left(office, p):
                h.leased = 2
                office.cash -= price
                h.savings += price
                flows[F.paid_exit] += price
        if h.hukou == 0 and p.hukou_parity > 0.0 and registers[i - office.first] < p.hukou_per_year / 12.0:
            h.hukou = 1
        neighbours = books.moved_by_mode[h.village, h.mode] - 1.0
        h.integration = integrate(h, neighbours, p, t)


@rule
def closures(status, books, p, c):
    """A village's services close once enough of its households have left."""
    for v in range(books.offices[c].first_village, books.offices[c].last_village):
        village = books.villages[v]
        if village.closed > 0:
            continue
        gone = 0
        for i in range(village.first, village.last):
            if status[i] == MOVED or status[i] == OWN_MOVED:
                gone += 1
        if gone >= p.closure_share * village.originals:
            village.closed = 1
