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
def record(hh, status, books, t, window, county):
    """Fill the stocks of month `t`; `county` is the whole (months, counties, INDICATORS) array."""
    now = county[t]
    if t > 0:
        for c in range(now.shape[0]):
            now[c, K.persons_signed] += county[t - 1, c, K.persons_signed]
            now[c, K.persons_keys] += county[t - 1, c, K.persons_keys]
            now[c, K.persons_occupied] += county[t - 1, c, K.persons_occupied]
            now[c, K.persons_returned] += county[t - 1, c, K.persons_returned]
            now[c, K.persons_own_moved] += county[t - 1, c, K.persons_own_moved]
            now[c, K.earlier_returned] += county[t - 1, c, K.earlier_returned]
    for c in range(now.shape[0]):
        sums = now[c]
        for i in range(books.offices[c].first, books.offices[c].last):
            record_household(hh[i], status[i], t, window, sums)
    for s in range(len(books.sites)):
        site = books.sites[s]
        sums = now[site.county]
        ready = math.floor(books.ready[t, s])
        held = site.reserved + site.occupied + site.idle
        sums[K.homes_ready] += ready
        sums[K.homes_free] += ready - held
        sums[K.homes_reserved] += site.reserved
        sums[K.homes_occupied] += site.occupied
        sums[K.homes_idle] += site.idle
    for village in books.villages:
        now[village.county, K.closed_villages] += village.closed
        now[village.county, K.job_belief] += village.job_chance
    for c in range(now.shape[0]):
        for k in range(5):
            now[c, K.positions_workshop + k] = books.positions[c, k]
            now[c, K.filled_workshop + k] = books.filled[c, k]
        office = books.offices[c]
        now[c, K.cash_fen] = office.cash
        now[c, K.committed_fen] = office.committed
        now[c, K.jobs_cash_fen] = office.jobs_cash


@rule
def explain(hh, status, books, policy, modes, seed, t, why):
    """Sort every household of the pool by what keeps it, or kept it, from moving; `why` is (counties, WHY, 2)."""
    at, loan = -1, terms(policy[t, 0])
    for v in range(len(books.villages)):
        village = books.villages[v]
        c = village.county
        p = policy[t, c]
        if c != at:
            at, loan = c, terms(p)
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
                    h, p, modes[t], loan, around, books.site_of[v], books.sites, books.room[c], 0, seed
                )
                if choice.mode >= 0 and modes[t, choice.mode].counts > 0.0:
                    reason = W.not_yet_applied
                elif not choice.open:
                    reason = W.infeasible
                elif choice.full > 0.0:
                    reason = W.no_home
                elif choice.wanted > 0.0:
                    reason = W.unaffordable
                elif u01(seed, RELUCTANT, i, 0) < p.reluctant_share:
                    reason = W.never_mover
            why[c, reason, 0] += 1.0
            why[c, reason, 1] += h.members


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
