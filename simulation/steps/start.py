"""The state before the first month: who would split, and earlier movers living and working at their destinations."""

import math

import numpy as np

from simulation.draws import (
    EARLIER_JOB,
    EARLIER_MODE,
    EARLIER_MONTH,
    LEASE,
    SPLIT,
    SURRENDER,
    VILLAGE_MONTH,
    u01,
)  # fmt: skip
from simulation.households import MOVED, SERVICE, WORKSHOP
from simulation.rule import rule
from simulation.rules.belong import belonging
from simulation.rules.income import participation_at
from simulation.rules.work import jobs_kept, jobs_there, seekers_after_moving
from simulation.steps.jobs import change_job

EARLIER_YEARS = 5  # 2019-2023 in Lishui


@rule
def took_earlier(m, site):
    """Whether earlier movers may live in a mode: programme homes at a site."""
    return m.needs_home > 0.0 and m.counts > 0.0 and site >= 0


@rule
def would_split(h, p, draw):
    """Elderly who would stay in the old house: in a lasting share of the households that have both old and able members."""
    return h.elderly if 0 < h.elderly < h.members and h.workers > 0 and draw < p.split_share else 0


@rule
def start(hh, status, books, modes, policy, seed):
    """Place the earlier movers: mode among the county's sites, month within the five years before, work at the stated chance.

    They hold homes outside this programme's, owe nothing, and count towards no target.
    """
    for v in range(len(books.villages)):
        books.villages[v].offer_month = np.int64(12.0 * u01(seed, VILLAGE_MONTH, v, 0))
    for i in range(len(hh)):
        h = hh[i]
        p = policy[0, h.county]
        if h.earlier == 0:
            h.splits = would_split(h, p, u01(seed, SPLIT, i, 0)) if p.split_share > 0.0 else 0
            continue
        h.followed = 1
        sites = books.site_of[h.village]
        status[i] = MOVED
        h.moved = -1 - math.floor(12.0 * EARLIER_YEARS * u01(seed, EARLIER_MONTH, i, 0))
        options = 0
        for k in range(len(sites)):
            options += took_earlier(modes[0, k], sites[k])
        pick = math.floor(options * u01(seed, EARLIER_MODE, i, 0))
        for k in range(len(sites)):
            if took_earlier(modes[0, k], sites[k]):
                if pick == 0:
                    h.mode = k
                pick -= 1
        books.moved_by_mode[h.village, h.mode] += 1.0
        h.kept = jobs_kept(h, p, seed)
        h.seekers = seekers_after_moving(h, participation_at(p, modes[0, h.mode]), h.kept, seed)
        books.seeking[i] = h.seekers
        for j in range(h.seekers):
            draw = u01(seed, EARLIER_JOB, i * 16 + j, 0)
            if draw < p.prior_job_chance:
                kind = SERVICE if draw < 0.5 * p.prior_job_chance else WORKSHOP
                h.had_job = 1
                books.positions[h.county, kind] += 1.0
                change_job(h, books, h.county, kind, 1)
        h.margin = 1.0
        h.surrendered = u01(seed, SURRENDER, i, 0) < p.surrender_share
    for i in range(len(hh)):
        h = hh[i]
        if h.earlier == 0:
            continue
        p = policy[0, h.county]
        # nobody is registered or insured there yet: what the policy now offers was not on offer before
        reached = min(1.0, -h.moved * p.integration_per_month)
        village = books.villages[h.village]
        village.away += 1
        if -h.moved >= p.belief_months:
            village.working += jobs_there(h)
            village.seeking += h.seekers
        h.integration = reached * belonging(h, books.moved_by_mode[h.village, h.mode] - 1.0, p, 0)
        h.leased = u01(seed, LEASE, i, -1) < p.land_lease_per_year * -h.moved / 12.0
