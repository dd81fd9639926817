"""Steps 4-5: households weigh the offer, apply, leave unaided; villages are offered whole-village relocation."""

import math

import numpy as np

from simulation.draws import APPLY, VILLAGE_MONTH, u01, u01_pair
from simulation.households import APPLIED, GRANTED, IN_PROCESS, MOVED, NEVER, ORIGIN, OWN_MOVED
from simulation.outcomes import K
from simulation.rule import rule
from simulation.rules.choice import Surroundings, choose, hazard_a_month, surroundings
from simulation.rules.grant import eligible, priority_class
from simulation.rules.loan import terms


@rule
def village_sees(institutions, books, v, t, peers, chance):
    """The surroundings of village `v` this month."""
    w = institutions.villages
    alive = 0.0 if books.closed[v] > 0.0 else institutions.school_open[t, v]
    return surroundings(
        w.distance_km[v], w.township_km[v], w.road_sd[v], w.service[v], w.school_km[v], alive, peers[v], chance[v]
    )


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
def apply(hh, status, institutions, books, policy, modes, peers, chance, seed, t, window, county):
    """One month of applications; `county` is this month's (counties, INDICATORS)."""
    villages = institutions.villages
    at = -1
    for v in range(len(peers)):
        c = villages.county[v]
        p = policy[t, c]
        if c != at:
            at = c
            applies = hazard_a_month(p.intention_to_application_per_year)
            leaves = hazard_a_month(p.own_move_per_year)
            loan = terms(p)
        around = village_sees(institutions, books, v, t, peers, chance)
        sites = institutions.site_of[v]
        for i in range(villages.first[v], villages.first[v + 1]):
            if status[i] != ORIGIN:
                continue
            draw, other = u01_pair(seed, APPLY, i, t)
            h = hh[i]
            if other < leaves and h.withheld == 0:
                status[i] = OWN_MOVED
                h.left = t
                county[c, K.new_own_moved] += 1.0
                county[c, K.persons_own_moved] += h.members
            elif draw < applies and t < window and may_apply(h, p, t):
                choice = choose(h, p, modes[t], loan, around, sites, institutions.site_class, 0, seed)
                if choice.mode >= 0:
                    status[i] = APPLIED
                    apply_for(h, choice.mode, choice.margin, 0, priority_class(h, 0), t)
                    county[c, K.new_applied] += 1.0
        month = math.floor(12.0 * u01(seed, VILLAGE_MONTH, v, 0))
        if p.whole_village_offer > 0.0 and t < window and t % 12 == month and books.whole[v] == 0.0:
            offer_whole_village(hh, status, institutions, books, p, modes, loan, around, seed, t, v, county)


@rule
def offer_whole_village(hh, status, institutions, books, p, modes, loan, around, seed, t, v, county):
    """Offer village `v` to move whole: if enough would accept that very offer, they apply together and services close."""
    first, last = institutions.villages.first[v], institutions.villages.first[v + 1]
    originals = institutions.originals[v]
    refusals = originals * (1.0 - p.village_gate)
    mode = np.full(last - first, -1, np.int64)
    margin = np.zeros(last - first)
    after = Surroundings(
        around.distance_km, around.township_km, around.road_sd, 0.0, 0.0, around.peers, around.job_chance
    )
    for i in range(first, last):
        s = status[i]
        if s == APPLIED or s == GRANTED or s == MOVED or s == OWN_MOVED:
            continue
        h = hh[i]
        if s == ORIGIN and may_apply(h, p, t):
            site = institutions.site_of[v]
            choice = choose(h, p, modes[t], loan, after, site, institutions.site_class, 1, seed)
            mode[i - first] = choice.mode
            margin[i - first] = choice.margin
        if mode[i - first] < 0:
            refusals -= 1.0
            if refusals < 0.0:
                return
    books.whole[v] = 1.0
    books.closed[v] = 1.0
    c = institutions.villages.county[v]
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
