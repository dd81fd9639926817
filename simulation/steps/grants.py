"""Steps 6-7: homes and money are granted down the queue; keys are handed over and paid for."""

import math

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
from simulation.rules.choice import costs
from simulation.rules.grant import entitlement, place_in_queue
from simulation.rules.money import fen
from simulation.rules.work import jobs_kept, jobs_there, seekers_after_moving


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
def pick_site(books, t, c, v, mode):
    """The village's own site if it has a free home, else the county's site of that mode with most; -1 if none."""
    own = books.site_of[v, mode]
    if own >= 0 and free_homes(books, t, own) >= 1.0:
        return own
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
    return office.cash + fen(p.bridge_finance_yuan * office.share) - office.committed


@step
def grant(hh, status, books, p, modes, order, seed, c, t, sums):
    """Serve the queue of county `c` by class, then lottery rank; it stops at the first it cannot pay for."""
    office = books.offices[c]
    queue = np.empty(office.last - office.first, np.int64)
    waiting = 0
    for i in order[office.first : office.last]:
        if status[i] == APPLIED and t - hh[i].applied >= p.audit_months:
            queue[waiting] = i
            waiting += 1
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
                site = pick_site(books, t, c, h.village, h.mode)
                if site < 0:
                    h.blocked = NO_HOME
                    continue
            cost = costs(h, p, m, entitlement(h, p, m, h.whole))
            subsidy, compensation = fen(cost.subsidy), fen(cost.compensation)
            left = money_left(office, p)
            if left <= 0.0 or subsidy + compensation > left:
                open_for_grants = False
                h.blocked = NO_MONEY
                continue
            office.committed += subsidy + compensation
            if site >= 0:
                books.sites[site].reserved += 1.0
            status[i] = GRANTED
            h.granted = t
            h.site = site
            h.subsidy = subsidy
            h.compensation = compensation
            h.kept = jobs_kept(h, p, seed)
            h.seekers = seekers_after_moving(h, p, h.kept, seed)
            sums[K.new_granted] += 1.0
            if m.counts > 0.0:
                sums[K.persons_signed] += h.members


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


@rule
def give_back(h, books, c, t):
    """The household does not take its home: home, money and jobs are free again, and it is at origin."""
    if h.site >= 0:
        books.sites[h.site].reserved -= 1.0
    books.offices[c].committed -= h.subsidy + h.compensation
    h.subsidy, h.compensation = 0.0, 0.0
    release_jobs(h, books, c)
    h.site = -1
    h.granted = NEVER
    h.left = t


@rule
def move_in(hh, status, books, p, modes, seed, c, t, window, sums, by_mode, by_class, flows):
    """Hand over keys: some drop out, the others pay, draw their loan and move."""
    office = books.offices[c]
    for i in range(office.first, office.last):
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
        cost = costs(h, p, m, h.subsidy / 100.0)
        price, gross, kin, loan = fen(cost.price), fen(cost.gross), fen(cost.kin), fen(cost.loan)
        if h.subsidy > gross:
            office.committed -= h.subsidy - gross
            h.subsidy = gross
        at_once = h.subsidy if p.subsidy_delay_months <= 0.0 else 0.0
        savings = h.savings + kin + loan + at_once - gross
        if savings < 0.0 or u01(seed, DROP_OUT, i, h.granted) < p.dropout_share:
            give_back(h, books, c, t)
            status[i] = ORIGIN
            sums[K.new_withdrew] += 1.0
            if moving:
                sums[K.persons_signed] -= h.members
            continue
        site = h.site
        if moving and u01(seed, WITHHOLD, i, 0) < p.withhold_share:
            give_back(h, books, c, t)
            status[i] = ORIGIN
            h.withheld = 1
            sums[K.persons_signed] -= h.members
            if site >= 0:
                books.sites[site].idle += 1.0
            continue
        h.savings = savings
        flows[F.home_price] += price
        flows[F.fitting_out] += gross - price
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
        books.moved_by_mode[h.village, h.mode] += 1.0
        books.positions[c, SERVICE] += p.vacancies_per_mover * labour
        sums[K.new_moved] += 1.0
        if t < window:
            sums[K.persons_keys] += h.members
            by_mode[h.mode] += h.members
            by_class[h.klass] += h.members
