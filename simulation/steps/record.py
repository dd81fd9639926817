"""Step 14: stocks at the end of the month, and where everyone stands when the window closes."""

import math

from simulation.draws import RELUCTANT, u01
from simulation.households import (
    APPLIED,
    GRANTED,
    IMPROVED,
    MOVED,
    NEVER,
    NO_HOME,
    NO_MONEY,
    ORIGIN,
    OWN_MOVED,
    RETURNED,
)  # fmt: skip
from simulation.outcomes import K, W
from simulation.rule import primitive, rule
from simulation.rules.choice import choose, surroundings
from simulation.rules.grant import eligible
from simulation.rules.loan import terms
from simulation.rules.work import jobs_there

OCCUPIED_MONTHS = 12  # a move counts as occupied after a year

CUMULATIVE = (
    K.persons_signed, K.persons_keys, K.persons_occupied, K.persons_returned, K.persons_own_moved, K.earlier_returned,
)  # fmt: skip


@primitive
def record_household(h, s, t, window, sums):
    """Add one household in status `s` to its county's stocks."""
    if s == ORIGIN:
        sums[K.origin] += 1.0
    elif s == APPLIED:
        sums[K.applied] += 1.0
    elif s == GRANTED:
        sums[K.granted] += 1.0
    elif s == RETURNED:
        sums[K.returned] += 1 - h.earlier
    elif s == OWN_MOVED:
        sums[K.own_moved] += 1.0
    elif s == IMPROVED:
        sums[K.improved] += 1.0
    sums[K.withheld] += h.withheld
    sums[K.surrendered] += h.surrendered * (1 - h.earlier)
    debt = h.loan + h.startup_loan
    if debt > 0.0 or h.arrears > 0.0:
        sums[K.loan_fen] += debt
        sums[K.loan_households] += 1.0
        sums[K.arrears_fen] += h.arrears
        if h.arrears > 0.0:
            sums[K.arrears_households] += 1.0
    if s != MOVED:
        return
    working = h.kept + jobs_there(h)
    labour = working + h.seekers
    sums[K.mover_labour] += labour
    sums[K.mover_employed] += working
    sums[K.mover_seekers] += h.seekers
    if labour > 0:
        sums[K.labour_households] += 1.0
        if working > 0:
            sums[K.working_households] += 1.0
    sums[K.integration] += h.integration
    if h.hukou > 0:
        sums[K.hukou_persons] += h.members
    if h.leased > 0:
        sums[K.leased_mu] += h.land_mu
    if h.earlier > 0:
        sums[K.earlier_moved] += 1.0
        return
    sums[K.moved] += 1.0
    if t - h.moved == OCCUPIED_MONTHS and h.moved < window:
        sums[K.persons_occupied] += h.members


@rule
def record(hh, status, books, c, t, window, now, before):
    """Fill the stocks of county `c` in month `t`: `now` are its indicators, `before` last month's."""
    if t > 0:
        for k in CUMULATIVE:
            now[k] += before[k]
    office = books.offices[c]
    for i in range(office.first, office.last):
        record_household(hh[i], status[i], t, window, now)
    for s in range(len(books.sites)):
        site = books.sites[s]
        if site.county != c:
            continue
        ready = math.floor(books.ready[t, s])
        held = site.reserved + site.occupied + site.idle
        now[K.homes_ready] += ready
        now[K.homes_free] += ready - held
        now[K.homes_reserved] += site.reserved
        now[K.homes_occupied] += site.occupied
        now[K.homes_idle] += site.idle
    for v in range(office.first_village, office.last_village):
        now[K.closed_villages] += books.villages[v].closed
        now[K.job_belief] += books.villages[v].job_chance
    for k in range(5):
        now[K.positions_workshop + k] = books.positions[c, k]
        now[K.filled_workshop + k] = books.filled[c, k]
    now[K.cash_fen] = office.cash
    now[K.committed_fen] = office.committed
    now[K.jobs_cash_fen] = office.jobs_cash


@rule
def explain(hh, status, books, p, modes, seed, c, t, why):
    """Sort every household of the pool by what keeps it, or kept it, from moving; `why` is the county's (WHY, 2)."""
    office = books.offices[c]
    loan = terms(p)
    for v in range(office.first_village, office.last_village):
        village = books.villages[v]
        around = surroundings(village, books.school_open[t, v])
        for i in range(village.first, village.last):
            h = hh[i]
            if h.earlier > 0:
                continue
            s = status[i]
            reason = W.prefers_to_stay
            if s == MOVED:
                reason = W.moved
            elif s == RETURNED:
                reason = W.returned
            elif s == OWN_MOVED:
                reason = W.own_moved
            elif s == IMPROVED:
                reason = W.improved
            elif s == GRANTED:
                reason = W.in_process
            elif s == APPLIED:
                reason = W.in_process
                if h.blocked == NO_HOME:
                    reason = W.no_home
                elif h.blocked == NO_MONEY:
                    reason = W.no_money
            elif h.withheld > 0:
                reason = W.withheld
            elif h.left != NEVER:
                reason = W.withdrew
            elif not eligible(h, p):
                reason = W.infeasible
            else:
                choice = choose(
                    h, p, modes, loan, around, books.site_of[v], books.sites, books.room[c], 0, 1, seed
                )
                if choice.mode >= 0 and modes[choice.mode].counts > 0.0:
                    reason = W.not_yet_applied
                elif not choice.open:
                    reason = W.infeasible
                elif choice.full > 0.0:
                    reason = W.no_home
                elif choice.wanted > 0.0:
                    reason = W.unaffordable
                elif u01(seed, RELUCTANT, i, 0) < p.reluctant_share:
                    reason = W.never_mover
            why[reason, 0] += 1.0
            why[reason, 1] += h.members


@rule
def villages_now(status, books, table):
    """Original households, moved, applied or granted, closed, for each village; `table` is (villages, 4)."""
    for v in range(len(books.villages)):
        village = books.villages[v]
        moved, applied = 0, 0
        for i in range(village.first, village.last):
            s = status[i]
            if s == MOVED:
                moved += 1
            elif s == APPLIED or s == GRANTED:
                applied += 1
        table[v, 0] = village.originals
        table[v, 1] = moved
        table[v, 2] = applied
        table[v, 3] = village.closed
