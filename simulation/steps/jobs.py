"""Step 8: training, separations, and matching of seekers with openings."""

import math

import numpy as np

from simulation.draws import AWAY as AWAY_DRAW
from simulation.draws import JOB_KIND, JOB_RANK, LOTTERY, MATCHES, SEPARATE, u01
from simulation.households import AWAY, GRANTED, MOVED, POST, SERVICE, STARTUP, WORKSHOP
from simulation.outcomes import F, K
from simulation.rule import rule, step
from simulation.rules.money import fen
from simulation.rules.work import (
    jobs_there,
    loses_a_job,
    lost_kind,
    matches,
    may_start_up,
    rank_in_line,
    search_weight,
)  # fmt: skip


@rule
def open_jobs(books, c, kind):
    """Whole positions of one kind that nobody holds."""
    return max(0.0, math.floor(books.positions[c, kind]) - books.filled[c, kind])


@rule
def pay_from_jobs_account(h, office, flows, flow, amount):
    """Pay the household from the employment account if it holds the amount."""
    if office.jobs_cash >= amount:
        office.jobs_cash -= amount
        flows[flow] += amount
        h.savings += amount


@rule
def note_work(h, books):
    """Enter the household's jobs and seekers in the columns that are searched every month."""
    books.at_work[h.id] = jobs_there(h)
    books.seeking[h.id] = h.seekers


@rule
def change_job(h, books, c, kind, step):
    """One member of the household takes (step 1) or loses (step -1) a job of one kind."""
    h.seekers -= step
    if kind == WORKSHOP:
        h.workshop += step
    elif kind == SERVICE:
        h.service += step
    elif kind == POST:
        h.post += step
    elif kind == STARTUP:
        h.startup += step
    else:
        h.away += step
    books.filled[c, kind] += step
    books.positions[c, AWAY] = books.filled[c, AWAY]
    note_work(h, books)


@rule
def hire(h, books, flows, p, c, kind):
    """One seeker starts work; a first job earns the first-job subsidy once."""
    change_job(h, books, c, kind, 1)
    if h.had_job == 0:
        h.had_job = 1
        pay_from_jobs_account(h, books.offices[c], flows, F.first_job_subsidy, fen(p.first_job_subsidy_yuan))


@rule
def seats_now(p, share, t):
    """Training seats of a county this month, in whole numbers."""
    month = p.training_seats_per_year * share / 12.0
    return math.floor(month * (t + 1)) - math.floor(month * t)


@step
def train(hh, seekers, office, p, seed, t, sums, flows):
    """Fill this month's training seats in the order of the lottery, as far as the employment account pays."""
    seats = seats_now(p, office.open_share, t)
    cost, lost_work = fen(p.training_cost_yuan_per_person), fen(p.lost_work_subsidy_yuan)
    if seats < 1 or office.jobs_cash < cost + lost_work:
        return
    lot = np.empty(len(seekers))
    for k in range(len(seekers)):
        h = hh[seekers[k]]
        wanted = h.trained == 0 and h.head_age <= p.training_max_age
        lot[k] = u01(seed, LOTTERY, seekers[k], 0) if wanted else 2.0
    for k in np.argsort(lot, kind="mergesort"):
        if lot[k] > 1.0 or seats < 1 or office.jobs_cash < cost + lost_work:
            break
        h = hh[seekers[k]]
        seats -= 1
        h.trained = 1
        office.jobs_cash -= cost
        flows[F.training] += cost
        pay_from_jobs_account(h, office, flows, F.lost_work_subsidy, lost_work)
        sums[K.trained] += 1.0


@step
def seek(hh, status, files, chances, books, p, seed, c, t):
    """Movers who work lose a job now and then, and the position is open again; the households that look for work."""
    early = np.int64(p.job_before_move > 0.0)
    for k in range(len(files)):
        i = files[k]
        jobs = books.at_work[i]
        if jobs > 0 and status[i] == MOVED and loses_a_job(jobs, p, chances[3, k]):
            h = hh[i]
            change_job(h, books, c, lost_kind(h, u01(seed, SEPARATE, i, t)), -1)
    seekers = np.empty(len(files) + 1, np.int64)
    found = 0
    for i in files:
        seekers[found] = i
        looks = np.int64(status[i] == MOVED) | (early & np.int64(status[i] == GRANTED))
        found += looks & np.int64(books.seeking[i] > 0)
    return seekers[:found]


@step
def match(hh, seekers, books, p, seed, c, t, flows):
    """Public-welfare posts to households without work, then openings by tilted lottery rank, start-ups, work away."""
    rank = np.empty(len(seekers))
    for k in range(len(seekers)):
        h = hh[seekers[k]]
        rank[k] = rank_in_line(u01(seed, JOB_RANK, h.id, 0), search_weight(h, p))
    line = seekers[np.argsort(rank, kind="mergesort")]
    hire_down_the_line(hh, line, books, p, c, seed, t, flows)


@rule
def hire_down_the_line(hh, line, books, p, c, seed, t, flows):
    """Fill the county's openings; `line` are its seeking households, first in line first."""
    unemployed = 0
    posts = open_jobs(books, c, POST)
    for i in line:
        h = hh[i]
        if posts >= 1.0 and h.kept + jobs_there(h) == 0:
            hire(h, books, flows, p, c, POST)
            posts -= 1.0
        unemployed += h.seekers

    workshop, service = open_jobs(books, c, WORKSHOP), open_jobs(books, c, SERVICE)
    hires = matches(workshop + service, float(unemployed), p, u01(seed, MATCHES, c, t))
    for i in line:
        h = hh[i]
        if hires == 0:
            break
        if h.seekers == 0:
            continue
        hires -= 1
        if u01(seed, JOB_KIND, i, t) * (workshop + service) < workshop:
            hire(h, books, flows, p, c, WORKSHOP)
            workshop -= 1.0
        else:
            hire(h, books, flows, p, c, SERVICE)
            service -= 1.0

    places = open_jobs(books, c, STARTUP)
    for i in line:
        h = hh[i]
        if places >= 1.0 and h.seekers > 0 and may_start_up(h):
            start_up(h, books, flows, p, c)
            places -= 1.0
    for i in line:
        h = hh[i]
        if h.seekers > 0 and u01(seed, AWAY_DRAW, i, t) < p.away_rate_per_month * h.seekers:
            hire(h, books, flows, p, c, AWAY)


@rule
def start_up(h, books, flows, p, c):
    """The household starts a business with the subsidy and, where offered, a loan it invests."""
    hire(h, books, flows, p, c, STARTUP)
    pay_from_jobs_account(h, books.offices[c], flows, F.startup_subsidy, fen(p.startup_subsidy_yuan))
    loan = fen(p.startup_loan_limit_yuan)
    if loan > 0.0 and h.startup_loan == 0.0:
        h.startup_loan = loan
        h.startup_left = np.int64(12.0 * p.startup_term_years)
        flows[F.loan_drawn] += loan
        flows[F.startup_investment] += loan


@rule
def employers(books, p, c, flows):
    """Public-welfare posts and social insurance: the employment account pays employers as far as it goes."""
    office, filled = books.offices[c], books.filled[c]
    held = filled[POST] + office.village_posts
    posts = min(office.jobs_cash, fen(p.post_subsidy_yuan_per_month) * held)
    office.jobs_cash -= posts
    flows[F.post_subsidy] += posts
    insured = filled[WORKSHOP] + filled[SERVICE]
    insurance = min(office.jobs_cash, fen(p.social_insurance_subsidy_yuan_per_month) * insured)
    office.jobs_cash -= insurance
    flows[F.social_insurance_subsidy] += insurance
