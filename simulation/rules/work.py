"""Finding and losing work at the destination."""

import math

from simulation.draws import KEEP_JOB, SEEK, exp_, log_, power, u01
from simulation.rule import rule
from simulation.rules.income import skill


@rule
def jobs_there(h):
    """Jobs held at the destination, all kinds."""
    return h.workshop + h.service + h.post + h.startup + h.away


@rule
def jobs_kept(h, p, seed):
    """How many wage jobs near home outlast the move: one lasting draw a job."""
    kept = 0
    for j in range(h.local_jobs):
        if u01(seed, KEEP_JOB, h.id * 16 + j, 0) < p.job_kept_share:
            kept += 1
    return kept


@rule
def seekers_after_moving(h, share, kept, seed):
    """Who looks for work there: all whose job was lost, and of those without a job a `share` that would take one."""
    seekers = h.local_jobs - kept
    for j in range(h.workers - h.local_jobs):
        if u01(seed, SEEK, h.id * 16 + j, 0) < share:
            seekers += 1
    return seekers


@rule
def search_weight(h, p):
    """How strongly a seeker competes: schooling, age over 50, training."""
    log_weight = p.g_school * (h.schooling - 8.0) - p.g_age * max(0.0, h.head_age - 50.0) / 10.0
    return exp_(log_weight + p.g_training * h.trained)


@rule
def rank_in_line(draw, weight):
    """Lasting lottery rank tilted by weight: the lowest are hired first, so one more place changes only the marginal one."""
    return -log_(draw) / weight


@rule
def matches(openings, seekers, p, draw):
    """Matches this month: min(V, U (1 - exp(-lambda0 e^(g_c centre) (V/U)^eta))), rounded at random without bias."""
    if openings < 1.0 or seekers < 1.0:
        return 0
    finding = p.find_rate_per_month * exp_(p.g_centre * p.service_centre)
    finding = finding * power(openings / seekers, p.match_elasticity)
    expected = min(openings, seekers * (1.0 - exp_(-finding)))
    return int(min(math.floor(expected + draw), openings))


@rule
def loses_a_job(jobs, p, draw):
    """One separation a month at most, at rate delta a job; public-welfare posts are counted with the rest."""
    return draw < jobs * p.separation_per_month


@rule
def lost_kind(h, draw):
    """Which kind of job is lost: drawn in proportion to jobs held; 0 workshop .. 4 away."""
    left = draw * jobs_there(h)
    if left < h.workshop:
        return 0
    left = left - h.workshop
    if left < h.service:
        return 1
    left = left - h.service
    if left < h.post:
        return 2
    left = left - h.post
    if left < h.startup:
        return 3
    return 4


@rule
def pay_by_skill(wage_yuan_per_month, h, p):
    """Whole yuan a year that a job near home adds to the household's wages, in the first month's money."""
    return math.floor(12.0 * wage_yuan_per_month * skill(h, p))


@rule
def may_start_up(h):
    """Start-up support goes to heads under 60 with junior schooling, one business a household."""
    return h.schooling >= 9 and h.head_age < 60 and h.startup == 0
