"""Steps 4-5: households weigh the offer, apply, leave unaided; villages are offered whole-village relocation."""

import math

import numpy as np

from simulation.draws import APPLY, VILLAGE_MONTH, all_pairs, u01
from simulation.households import APPLIED, GRANTED, IN_PROCESS, MOVED, NEVER, ORIGIN, OWN_MOVED
from simulation.outcomes import K
from simulation.rule import rule, step
from simulation.rules.choice import choose, hazard_a_month, surroundings
from simulation.rules.grant import eligible, priority_class
from simulation.rules.loan import terms

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
def find_room(hh, status, books, t):
    """Homes ready within a year that nobody holds or has applied for, by county and mode: what the lists still offer."""
    books.room[:] = 0.0
    soon = min(t + ANNOUNCED_MONTHS, len(books.ready) - 1)
    for s in range(len(books.sites)):
        site = books.sites[s]
        held = site.reserved + site.occupied + site.idle
        books.room[site.county, site.mode] += math.floor(books.ready[soon, s]) - held
    for i in range(len(hh)):
        if status[i] == APPLIED:
            books.room[hh[i].county, hh[i].mode] -= 1.0


@step
def apply(hh, status, books, policy, modes, seed, t, window, county):
    """One month of applications; `county` is this month's (counties, INDICATORS)."""
    find_room(hh, status, books, t)
    draws, others = all_pairs(seed, APPLY, len(hh), t)
    at, applies, leaves, loan = -1, 0.0, 0.0, terms(policy[t, 0])
    for v in range(len(books.villages)):
        village = books.villages[v]
        c = village.county
        p = policy[t, c]
        if c != at:
            at = c
            applies = hazard_a_month(p.intention_to_application_per_year)
            leaves = hazard_a_month(p.own_move_per_year)
            loan = terms(p)
        around = surroundings(village, books.school_open[t, v])
        for i in range(village.first, village.last):
            if status[i] != ORIGIN:
                continue
            if draws[i] >= applies and others[i] >= leaves:
                continue
            h = hh[i]
            if others[i] < leaves and h.withheld == 0:
                status[i] = OWN_MOVED
                h.left = t
                county[c, K.new_own_moved] += 1.0
                county[c, K.persons_own_moved] += h.members
            elif draws[i] < applies and t < window and may_apply(h, p, t):
                choice = choose(
                    h, p, modes[t], loan, around, books.site_of[v], books.sites, books.room[c], 0, seed
                )
                if choice.mode >= 0:
                    status[i] = APPLIED
                    apply_for(h, choice.mode, choice.margin, 0, priority_class(h, 0), t)
                    county[c, K.new_applied] += 1.0
        offered = p.whole_village_offer > 0.0 and t < window and village.whole == 0
        if offered and t % 12 == math.floor(12.0 * u01(seed, VILLAGE_MONTH, v, 0)):
            offer_whole_village(hh, status, books, v, p, modes[t], loan, seed, t, county)


@step
def offer_whole_village(hh, status, books, v, p, modes, loan, seed, t, county):
    """Offer village `v` to move whole: if enough would accept that very offer, they apply together and services close."""
    village = books.villages[v]
    first, last = village.first, village.last
    refusals = village.originals * (1.0 - p.village_gate) + 1e-9  # 9 of 10 pass a gate of 0.9
    mode = np.full(last - first, -1, np.int64)
    margin = np.zeros(last - first)
    after = surroundings(village, 0.0)
    room = books.room[village.county]
    for i in range(first, last):
        s = status[i]
        if s == APPLIED or s == GRANTED or s == MOVED or s == OWN_MOVED:
            continue
        h = hh[i]
        if s == ORIGIN and may_apply(h, p, t):
            choice = choose(h, p, modes, loan, after, books.site_of[v], books.sites, room, 1, seed)
            mode[i - first] = choice.mode
            margin[i - first] = choice.margin
        if mode[i - first] < 0:
            refusals -= 1.0
            if refusals < 0.0:
                return
    village.whole = 1
    village.closed = 1
    c = village.county
    county[c, K.new_whole_villages] += 1.0
    for i in range(first, last):
        h = hh[i]
        if mode[i - first] >= 0:
            status[i] = APPLIED
            apply_for(h, mode[i - first], margin[i - first], 1, priority_class(h, 1), t)
            county[c, K.new_applied] += 1.0
        elif status[i] == APPLIED:
            h.whole = 1
            h.klass = priority_class(h, 1)
