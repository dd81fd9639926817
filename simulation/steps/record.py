"""Step 14: stocks at the end of the month, and where everyone stands when the window closes."""

import math

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
from simulation.rule import rule
from simulation.rules.choice import choose, is_reluctant, surroundings
from simulation.rules.grant import eligible, lending_limit
from simulation.rules.income import income_after_moving, properties, transfers
from simulation.rules.work import jobs_there
from simulation.steps.apply import closed_to
from simulation.steps.at_home import look_up

# the stock each status is counted in; those who live at a destination or came back are counted from their files
STOCK_OF = (K.origin, K.applied, K.granted, K.moved, K.returned, K.own_moved, K.improved)

CUMULATIVE = (
    K.persons_signed, K.persons_keys, K.persons_occupied, K.persons_returned, K.persons_own_moved, K.earlier_returned,
    K.persons_keys_poor, K.persons_occupied_poor, K.residents_to_core, K.residents_to_town, K.residents_from_core,
    K.residents_from_town, K.residents_own_moved, K.withheld, K.surrendered,
)  # fmt: skip


@rule
def how_many(status, wanted):
    """Households in one status."""
    n = 0
    for i in range(len(status)):
        n += status[i] == wanted
    return n


@rule
def record(status, books, c, t, now, before):
    """Fill the stocks of county `c` in month `t`: `now` are its indicators, `before` last month's."""
    if t > 0:
        for k in CUMULATIVE:
            now[k] += before[k]
    office = books.offices[c]
    here = status[office.first : office.last]
    for s in (ORIGIN, APPLIED, GRANTED, OWN_MOVED, IMPROVED):
        now[STOCK_OF[s]] += how_many(here, s)
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
    now[K.pool_debt_fen] = office.debt
    now[K.village_jobs] = office.village_jobs
    now[K.projects] = office.projects
    now[K.houses_let] = office.houses_let
    now[K.school_persons] = office.school_persons
    now[K.job_persons] = office.job_persons


@rule
def explain(hh, status, books, at, p, modes, loan, seed, c, t, why):
    """Sort every household of the pool by what keeps it, or kept it, from moving; `why` is the county's (WHY, 2)."""
    office = books.offices[c]
    limit = lending_limit(p, office)
    for v in range(office.first_village, office.last_village):
        village = books.villages[v]
        around = surroundings(village, float(books.school_open[t, v]))
        shut_out = closed_to(village, p)
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
            elif shut_out or not eligible(h, p):
                reason = W.infeasible
            else:
                look_up(h, at, i)
                choice = choose(
                    h, p, modes, loan, limit, around, books.site_of[v], books.sites, books.room[c], 0, 1, seed
                )
                if choice.mode >= 0 and modes[choice.mode].counts > 0.0:
                    reason = W.not_yet_applied
                elif not choice.open:
                    reason = W.infeasible
                elif choice.full > 0.0:
                    reason = W.no_home
                elif choice.wanted > 0.0:
                    reason = W.unaffordable
                elif is_reluctant(h, p, seed):
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


@rule
def sites_now(hh, status, policy, modes, table):
    """Households, persons, labour, employed and the month's four incomes of every site; `table` is (sites, SITE)."""
    for i in range(len(hh)):
        h = hh[i]
        if status[i] != MOVED or h.site < 0:
            continue
        income = income_after_moving(h, policy[h.county], modes[h.mode])
        working = h.kept + jobs_there(h)
        row = table[h.site]
        row[0] += 1.0
        row[1] += h.members - h.behind
        row[2] += working + h.seekers
        row[3] += working
        row[4] += income.wage
        row[5] += income.business
        row[6] += transfers(income)
        row[7] += properties(income)
