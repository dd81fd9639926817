"""Steps 6-7: homes and money are granted down the queue; keys are handed over and paid for."""

import math
from typing import NamedTuple

import numpy as np

from simulation.draws import DROP_OUT, LOTTERY, WITHHOLD, u01
from simulation.households import (
    APPLIED,
    AWAY,
    GRANTED,
    IMPROVED,
    MOVED,
    NEVER,
    NO_HOME,
    NO_MONEY,
    ORIGIN,
    POST,
    SERVICE,
    STARTUP,
    WORKSHOP,
)  # fmt: skip
from simulation.outcomes import F, K
from simulation.rule import rule, step
from simulation.rules.choice import costs, purse
from simulation.rules.grant import entitlement, lending_limit, place_in_queue, stays_behind
from simulation.rules.income import participation_at
from simulation.rules.money import fen
from simulation.rules.work import jobs_kept, jobs_there, seekers_after_moving
from simulation.steps.at_home import close_account, look_up


@step
def lottery_order(hh, seed):
    """All households, county by county, in the order of their lasting lottery rank; shape (households,)."""
    n = len(hh)
    ranks = np.empty(n)
    for i in range(n):
        ranks[i] = hh[i].county + u01(seed, LOTTERY, i, 0)
    return np.argsort(ranks, kind="mergesort")


@rule
def free_homes(books, t, s):
    """Whole homes of site `s` that nobody holds."""
    site = books.sites[s]
    return math.floor(books.ready[t, s]) - site.reserved - site.occupied - site.idle


@rule
def pick_site(books, p, t, c, v, mode):
    """The village's own site if it has a free home, else the county's site of that mode with most; -1 if none.

    Where neighbours are kept together only the village's own site will do.
    """
    own = books.site_of[v, mode]
    if own >= 0 and free_homes(books, t, own) >= 1.0:
        return own
    if p.neighbours_together > 0.0:
        return -1
    best, most = -1, 0.5
    for s in range(len(books.sites)):
        if books.sites[s].county == c and books.sites[s].mode == mode:
            free = free_homes(books, t, s)
            if free > most:
                best, most = s, free
    return best


@rule
def money_left(office, p):
    """What a county's office may still promise: cash and authorised bridge finance, less what is promised; fen."""
    return office.cash + fen(p.bridge_finance_yuan * office.open_share) - office.committed


class Pool(NamedTuple):
    """What a county draws and spends for listed persons it moves, fen."""

    persons: int  # places on the list drawn for now
    bond: float
    fund: float
    loan: float
    infrastructure: float


@rule
def drawn_for(h, office, p, m):
    """Bonds, fund and loan come once for each place on the list, however often it changes hands; none for who stays in place."""
    places = 0
    if h.poor > 0 and m.counts > 0.0:
        places = max(office.pool_persons + h.members - office.funded, 0)
    return Pool(
        places,
        fen(p.pool_bond_yuan_per_poor_person * places),
        fen(p.pool_fund_yuan_per_poor_person * places),
        fen(p.pool_loan_yuan_per_poor_person * places),
        fen(p.infrastructure_yuan_per_poor_person * places),
    )


@rule
def draw_pool(h, office, pool, flows):
    """Book what the county receives, borrows and builds for one listed household."""
    office.pool_persons += h.members
    office.funded += pool.persons
    office.cash += pool.bond + pool.fund + pool.loan - pool.infrastructure
    office.debt += pool.loan
    flows[F.pool_bond] += pool.bond
    flows[F.pool_fund] += pool.fund
    flows[F.pool_loan_drawn] += pool.loan
    flows[F.infrastructure] += pool.infrastructure


@rule
def homes_left(books, t, c, left):
    """Whole homes that nobody holds, by mode."""
    left[:] = 0.0
    for s in range(len(books.sites)):
        if books.sites[s].county == c:
            left[books.sites[s].mode] += free_homes(books, t, s)


@step
def grant(hh, status, books, at, p, modes, order, seed, c, t, sums, flows):
    """Serve the queue of county `c` by class, then lottery rank; it stops at the first it cannot pay for."""
    office = books.offices[c]
    queue = np.empty(office.last - office.first + 1, np.int64)
    waiting = 0
    for i in order[office.first : office.last]:
        queue[waiting] = i
        waiting += np.int64(status[i] == APPLIED)
    listed, waiting = waiting, 0
    for k in range(listed):
        if t - hh[queue[k]].applied >= p.audit_months:
            queue[waiting] = queue[k]
            waiting += 1
    left_by_mode = np.empty(len(modes))
    homes_left(books, t, c, left_by_mode)
    open_for_grants = True
    for place in range(1, 5):
        for i in queue[:waiting]:
            h = hh[i]
            if place_in_queue(h.klass, p) != place:
                continue
            if not open_for_grants:
                h.blocked = NO_MONEY
                continue
            m = modes[h.mode]
            site = -1
            if m.needs_home > 0.0:
                if left_by_mode[h.mode] >= 1.0:  # else there is no site to be looked for
                    site = pick_site(books, p, t, c, h.village, h.mode)
                if site < 0:
                    h.blocked = NO_HOME
                    continue
            look_up(h, at, i)
            cost = costs(
                h, p, m, entitlement(h, p, m, h.whole), h.whole, lending_limit(p, office), purse(h, p)
            )
            subsidy, compensation, share = fen(cost.subsidy), fen(cost.compensation), fen(cost.pool)
            pool = drawn_for(h, office, p, m)
            left = money_left(office, p) + pool.bond + pool.fund + pool.loan - pool.infrastructure
            if left <= 0.0 or subsidy + compensation + share > left:
                open_for_grants = False
                h.blocked = NO_MONEY
                continue
            if h.poor > 0 and m.counts > 0.0:
                draw_pool(h, office, pool, flows)
            office.committed += subsidy + compensation + share
            if site >= 0:
                books.sites[site].reserved += 1.0
                left_by_mode[h.mode] -= 1.0
            status[i] = GRANTED
            put_on_file(h, at, i)
            h.granted = t
            h.site = site
            h.subsidy = subsidy
            h.compensation = compensation
            h.pool = share
            h.kept = jobs_kept(h, p, seed)
            h.seekers = seekers_after_moving(h, participation_at(p, m), h.kept, seed)
            books.seeking[i] = h.seekers
            sums[K.new_granted] += 1.0
            if m.counts > 0.0:
                sums[K.persons_signed] += h.members - stays_behind(h, p, m, h.whole)


@rule
def put_on_file(h, at, i):
    """From its first grant on the programme keeps a file on the household."""
    h.followed = 1
    close_account(h, at, i)


@rule
def release_jobs(h, books, c):
    """Give back the jobs the household holds at the destination; work away ends with them."""
    filled = books.filled[c]
    filled[WORKSHOP] -= h.workshop
    filled[SERVICE] -= h.service
    filled[POST] -= h.post
    filled[STARTUP] -= h.startup
    filled[AWAY] -= h.away
    books.positions[c, AWAY] = filled[AWAY]
    h.workshop, h.service, h.post, h.startup, h.away = 0, 0, 0, 0, 0
    h.kept, h.seekers = 0, 0
    books.at_work[h.id], books.seeking[h.id] = 0, 0


@rule
def give_back(h, books, c, t, moving):
    """The household does not take its home: home, money and jobs are free again, and it is at origin.

    `moving` is false where it was to be improved in place, for which no place on the list is taken.
    """
    if h.site >= 0:
        books.sites[h.site].reserved -= 1.0
    office = books.offices[c]
    office.committed -= h.subsidy + h.compensation + h.pool
    h.subsidy, h.compensation, h.pool = 0.0, 0.0, 0.0
    if moving and h.poor > 0:
        office.pool_persons -= h.members
    release_jobs(h, books, c)
    h.site = -1
    h.granted = NEVER
    h.left = t


@rule
def leave_village(h, books, c, surrender):
    """Jobs, school and doors of the village programmes end with the move; what it kept near home was drawn at the grant."""
    office = books.offices[c]
    if h.village_job == 1:
        office.village_posts -= 1
    if h.village_job > 0:
        office.village_jobs -= 1
        h.village_job = 0
    office.school_persons -= h.in_school
    office.job_persons -= h.in_job
    h.in_school, h.in_job = 0, 0
    if surrender and h.let_rent > 0:
        h.property -= h.let_rent
        h.let_rent = 0


@rule
def move_in(hh, status, files, books, p, modes, seed, c, t, window, sums, by_mode, by_class, flows):
    """Hand over keys: some drop out, the others pay, draw their loan and move."""
    office = books.offices[c]
    for i in files:
        if status[i] != GRANTED:
            continue
        h = hh[i]
        if t - h.granted < p.handover_months:
            continue
        m = modes[h.mode]
        moving = m.counts > 0.0
        working = h.kept + jobs_there(h)
        labour = working + h.seekers
        if moving and p.job_before_move > 0.0 and labour > 0 and working == 0:
            continue
        staying = stays_behind(h, p, m, h.whole)
        going = h.members - staying
        cost = costs(h, p, m, h.subsidy / 100.0, h.whole, lending_limit(p, office), purse(h, p))
        price, gross, kin, loan = fen(cost.price), fen(cost.gross), fen(cost.kin), fen(cost.loan)
        if h.subsidy > gross:
            office.committed -= h.subsidy - gross
            h.subsidy = gross
        pool = min(h.pool, min(fen(cost.pool), gross - h.subsidy))  # the household's own part stays its own
        at_once = h.subsidy if p.subsidy_delay_months <= 0.0 else 0.0
        savings = h.savings + kin + loan + at_once + pool - gross
        if savings < 0.0 or u01(seed, DROP_OUT, i, h.granted) < p.dropout_share:
            give_back(h, books, c, t, moving)
            status[i] = ORIGIN
            sums[K.new_withdrew] += 1.0
            if moving:
                sums[K.persons_signed] -= going
            continue
        site = h.site
        if moving and u01(seed, WITHHOLD, i, 0) < p.withhold_share:
            give_back(h, books, c, t, moving)
            status[i] = ORIGIN
            h.withheld = 1
            sums[K.withheld] += 1.0
            sums[K.persons_signed] -= going
            if site >= 0:
                books.sites[site].idle += 1.0
            continue
        h.savings = savings
        office.cash -= pool
        office.committed -= h.pool
        h.pool = 0.0
        flows[F.pool_home] += pool
        flows[F.home_price] += price - min(pool, price)
        flows[F.fitting_out] += gross - price - max(0.0, pool - price)
        flows[F.kin_transfer] += kin
        office.cash -= at_once
        office.committed -= at_once
        flows[F.subsidy] += at_once
        h.subsidy -= at_once
        if loan > 0.0:
            flows[F.loan_drawn] += loan
            h.loan = loan
            h.loan_left = np.int64(p.loan_term_years * 12.0)
            h.grace_left = min(np.int64(p.loan_grace_years * 12.0), h.loan_left - 1)
            sums[K.new_loans] += 1.0
            office.loans += 1
            office.lent += loan
        h.moved = t
        if site >= 0:
            books.sites[site].reserved -= 1.0
            books.sites[site].occupied += 1.0
        if not moving:
            status[i] = IMPROVED
            release_jobs(h, books, c)
            sums[K.new_improved] += 1.0
            continue
        status[i] = MOVED
        h.behind = staying
        if staying > 0:  # the old house is not given up, whatever was promised for it
            office.committed -= h.compensation
            h.compensation = 0.0
        repair = fen(p.split_repair_yuan_per_person * staying)
        if repair > 0.0 and repair <= money_left(office, p):
            office.cash -= repair
            flows[F.repair] += repair
        leave_village(h, books, c, m.surrender > 0.0 and staying == 0)
        residents = max(going - h.absent, 0)
        if m.core > 0.0:
            sums[K.residents_to_core] += residents
        elif m.place > 1.0:
            sums[K.residents_to_town] += residents
        books.moved_by_mode[h.village, h.mode] += 1.0
        books.positions[c, SERVICE] += p.vacancies_per_mover * labour
        sums[K.new_moved] += 1.0
        if t < window:
            sums[K.persons_keys] += going
            if h.poor > 0:
                sums[K.persons_keys_poor] += going
            by_mode[h.mode] += going
            by_class[h.klass] += going
