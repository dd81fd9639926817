"""Steps 4-5: households weigh the offer, apply, leave unaided; villages are offered whole-village relocation."""

import math

import numpy as np

from simulation.draws import APPLY, all_pairs
from simulation.households import (
    APPLIED,
    GRANTED,
    IMPROVED,
    IN_PROCESS,
    MERGING,
    MOVED,
    NEVER,
    ORIGIN,
    OWN_MOVED,
    RETURNED,
)
from simulation.outcomes import K
from simulation.rule import rule, step
from simulation.rules.choice import choose, hazard_a_month, surroundings
from simulation.rules.grant import eligible, lending_limit, priority_class
from simulation.steps.at_home import close_account, look_up
from simulation.steps.grants import leave_village

ANNOUNCED_MONTHS = 12  # homes are announced a year before they are ready


@rule
def apply_for(h, mode, margin, whole, klass, t):
    """Put the household on the list."""
    h.mode = mode
    h.margin = margin
    h.whole = whole
    h.klass = klass
    h.applied = t
    h.blocked = IN_PROCESS
    h.left = NEVER


@rule
def may_apply(h, p, t):
    """Not in the comparison group, eligible, and not within the waiting time of a drop-out."""
    if h.withheld > 0 or not eligible(h, p):
        return False
    return h.left == NEVER or t - h.left >= p.reapply_months


@rule
def may_leave(h):
    """Households of the comparison group stay, and so does who owes: a start-up loan taken before dropping out at the door."""
    return h.withheld == 0 and h.startup_loan + h.arrears <= 0.0


@rule
def find_room(hh, status, books, c, t):
    """Homes ready within a year that nobody holds or has applied for, by mode: what the county's lists still offer."""
    room = books.room[c]
    room[:] = 0.0
    soon = min(t + ANNOUNCED_MONTHS, len(books.ready) - 1)
    for s in range(len(books.sites)):
        site = books.sites[s]
        if site.county == c:
            site.soon = math.floor(books.ready[soon, s])
            room[site.mode] += site.soon - site.reserved - site.occupied - site.idle
    for i in range(books.offices[c].first, books.offices[c].last):
        if status[i] == APPLIED:
            room[hh[i].mode] -= 1.0


@rule
def leave_unaided(h, books, at, c, t, sums):
    """The household goes to town, or away, without the programme."""
    close_account(h, at, h.id)
    h.left = t
    h.income, h.debt_service = 0.0, 0.0
    leave_village(h, books, c, False)
    books.villages[h.village].own_moved += 1
    sums[K.new_own_moved] += 1.0
    sums[K.persons_own_moved] += h.members
    sums[K.residents_own_moved] += h.members - h.absent


@step
def apply(hh, status, books, at, p, modes, loan, seed, c, t, window, sums):
    """One month of applications in county `c`; `sums` are its indicators."""
    find_room(hh, status, books, c, t)
    office, room = books.offices[c], books.room[c]
    applies = hazard_a_month(p.intention_to_application_per_year) if t < window else 0.0
    leaves = hazard_a_month(p.own_move_per_year)
    limit = lending_limit(p, office)
    rows, draws, others = who_decides(status, office, applies, leaves, seed, t)
    for k in range(len(rows)):
        i = rows[k]
        h = hh[i]
        if others[k] < leaves and may_leave(h):
            status[i] = OWN_MOVED
            leave_unaided(h, books, at, c, t, sums)
            continue
        v = h.village
        village = books.villages[v]
        if draws[k] < applies and not closed_to(village, p) and may_apply(h, p, t):
            look_up(h, at, i)
            around = surroundings(village, float(books.school_open[t, v]))
            choice = choose(h, p, modes, loan, limit, around, books.site_of[v], books.sites, room, 0, 0, seed)
            if choice.mode >= 0:
                status[i] = APPLIED
                apply_for(h, choice.mode, choice.margin, 0, priority_class(h, 0), t)
                sums[K.new_applied] += 1.0
    if p.whole_village_offer <= 0.0 or t >= window:
        return
    for v in range(office.first_village, office.last_village):
        village = books.villages[v]
        if village.whole == 0 and t % 12 == village.offer_month and not closed_to(village, p):
            offer_whole_village(hh, status, books, at, v, p, modes, loan, limit, room, seed, t, sums)


@rule
def closed_to(village, p):
    """Whether the programme is for villages marked for relocation only, and this is none."""
    return p.merging_villages_only > 0.0 and village.kind != MERGING


@step
def who_decides(status, office, applies, leaves, seed, t):
    """Households at origin that think of applying, or leave unaided, this month: their rows and two draws of each."""
    n = office.last - office.first
    draws, others = all_pairs(seed, APPLY, office.first, office.last, t)
    rows = np.empty(n + 1, np.int64)
    found = 0
    for j in range(n):
        rows[found] = j
        thinks = np.int64(draws[j] < applies) | np.int64(others[j] < leaves)
        found += thinks & np.int64(status[office.first + j] == ORIGIN)
    for k in range(found):
        j = rows[k]
        rows[k] = office.first + j
        draws[k], others[k] = draws[j], others[j]
    return rows[:found], draws, others


@rule
def sure_refusals(hh, status, village, p, t):
    """Households of a village that cannot accept, whatever is offered: seen at a glance."""
    n = 0
    for i in range(village.first, village.last):
        s = status[i]
        if s == RETURNED or s == IMPROVED or (s == ORIGIN and not may_apply(hh[i], p, t)):
            n += 1
    return n


@step
def offer_whole_village(hh, status, books, at, v, p, modes, loan, limit, room, seed, t, sums):
    """Offer village `v` to move whole: if enough would accept that very offer, they apply together and services close."""
    village = books.villages[v]
    first, last = village.first, village.last
    refusals = village.originals * (1.0 - p.village_gate) + 1e-9  # 9 of 10 pass a gate of 0.9
    if sure_refusals(hh, status, village, p, t) > refusals:
        return
    mode = np.full(last - first, -1, np.int64)
    margin = np.zeros(last - first)
    after = surroundings(village, 0.0)
    for i in range(first, last):
        s = status[i]
        if s == APPLIED or s == GRANTED or s == MOVED or s == OWN_MOVED:
            continue
        h = hh[i]
        if s == ORIGIN and may_apply(h, p, t):
            look_up(h, at, i)
            choice = choose(h, p, modes, loan, limit, after, books.site_of[v], books.sites, room, 1, 0, seed)
            mode[i - first] = choice.mode
            margin[i - first] = choice.margin
        if mode[i - first] < 0:
            refusals -= 1.0
            if refusals < 0.0:
                return
    village.whole = 1
    village.closed = 1
    sums[K.new_whole_villages] += 1.0
    for i in range(first, last):
        h = hh[i]
        if mode[i - first] >= 0:
            status[i] = APPLIED
            apply_for(h, mode[i - first], margin[i - first], 1, priority_class(h, 1), t)
            sums[K.new_applied] += 1.0
        elif status[i] == APPLIED:
            h.whole = 1
            h.klass = priority_class(h, 1)
