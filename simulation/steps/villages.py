"""What a policy does for those who stay in their village: jobs, training, income projects, idle houses; and the doors to town.

All places are filled in the order of the lottery, so that one more place reaches only the next household in line.
"""

import math

from simulation.draws import FLEXIBLE_JOB, JOB_DOOR, SCHOOL_DOOR, u01, u01_pair
from simulation.households import MOVED, ORIGIN
from simulation.outcomes import F, K
from simulation.rule import rule
from simulation.rules.choice import surroundings
from simulation.rules.doors import parents_in_town, sends_to_town, takes_town_job
from simulation.rules.money import fen
from simulation.rules.work import pay_by_skill
from simulation.steps.at_home import enter

JANUARY, SEPTEMBER = 1.0, 9.0


@rule
def in_villages(hh, status, books, at, p, order, seed, c, t, sums, flows):
    """This month's programmes for villagers of county `c`."""
    office = books.offices[c]
    if p.calendar_month == JANUARY:
        village_programmes(hh, status, office, at, p, order, sums, flows)
    if p.calendar_month == SEPTEMBER and p.school_places_per_year > 0.0:
        school_door(hh, status, books, at, p, order, seed, c, t)
    if p.transfer_places_per_year > 0.0:
        job_door(hh, status, books, at, p, order, seed, c, t)


@rule
def part_of(total, office):
    """A county's part of a number given for the whole region: whole places, that add up over the counties."""
    return math.floor(total * (office.before + office.share) + 1e-6) - math.floor(
        total * office.before + 1e-6
    )


@rule
def fill_village_jobs(hh, status, office, at, p, order):
    """Once this month's leavers have left: public-welfare posts first, then workshops, whether new or left by somebody."""
    if p.village_posts + p.village_workshop_jobs <= 0.0:
        return
    posts = part_of(p.village_posts, office) - office.village_posts
    jobs = part_of(p.village_posts + p.village_workshop_jobs, office) - office.village_jobs
    for i in order[office.first : office.last]:
        if jobs < 1:
            return
        h = hh[i]
        if status[i] == ORIGIN and h.village_job == 0 and h.workers > h.local_jobs:
            jobs -= 1
            take_village_job(h, office, p, posts > 0)
            posts -= 1
            enter(h, at, i)


@rule
def village_programmes(hh, status, office, at, p, order, sums, flows):
    """Each January: train, let idle houses, start income projects, as far as the employment account pays."""
    rented = p.idle_house_rent_yuan_per_year >= 1.0  # nobody lets a house for nothing
    houses = part_of(p.idle_houses_per_year, office) if rented else 0
    seats = part_of(p.village_training_per_year, office)
    cost, project = fen(p.training_cost_yuan_per_person), fen(p.project_cost_yuan)
    projects = 0
    if p.project_share > 0.0:
        poor = 0
        for i in range(office.first, office.last):
            poor += hh[i].poor
        projects = math.floor(p.project_share * poor) - office.projects
    if houses < 1 and seats < 1 and projects < 1:
        return
    for i in order[office.first : office.last]:
        h = hh[i]
        lives = status[i] == ORIGIN or status[i] == MOVED
        if projects > 0 and lives and h.poor > 0 and h.project == 0 and office.jobs_cash >= project:
            projects -= 1
            start_project(h, office, p, project, flows)
        if status[i] == ORIGIN:
            if seats > 0 and h.taught == 0 and h.workers > 0 and office.jobs_cash >= cost:
                seats -= 1
                teach(h, office, p, cost, sums, flows)
            if houses > 0 and h.let_rent == 0 and h.absent > 0:
                houses -= 1
                h.let_rent = math.floor(p.idle_house_rent_yuan_per_year)
                h.property += h.let_rent
                office.houses_let += 1
        enter(h, at, i)


@rule
def take_village_job(h, office, p, post):
    """A member without a wage job takes a public-welfare post (1) or a workshop job (2) near home."""
    h.village_job = 1 if post else 2
    h.local_jobs += 1
    office.village_jobs += 1
    if post:
        office.village_posts += 1
        h.wage += math.floor(12.0 * p.post_wage_yuan_per_month)
    else:
        h.wage += pay_by_skill(p.workshop_wage_yuan_per_month, h, p)


@rule
def teach(h, office, p, cost, sums, flows):
    """Training at home raises the family business once."""
    h.taught = 1
    h.business += math.floor(h.business * p.village_training_gain)
    office.jobs_cash -= cost
    flows[F.training] += cost
    sums[K.villagers_trained] += 1.0


@rule
def start_project(h, office, p, cost, flows):
    """An income project adds to the family business."""
    h.project = 1
    h.business += math.floor(p.project_income_yuan_per_year)
    office.projects += 1
    office.jobs_cash -= cost
    flows[F.project] += cost


@rule
def school_door(hh, status, books, at, p, order, seed, c, t):
    """Each September: town schools take pupils from villages, in the order of the lottery among those who want it."""
    office = books.offices[c]
    places = part_of(p.school_places_per_year, office)
    for i in order[office.first : office.last]:
        if places < 1:
            return
        h = hh[i]
        if status[i] != ORIGIN or h.children == 0 or h.children > places or h.in_school > 0:
            continue
        around = surroundings(books.villages[h.village], float(books.school_open[t, h.village]))
        taste, rounding = u01_pair(seed, SCHOOL_DOOR, i, 0)
        parents = parents_in_town(h, p, rounding)
        if not sends_to_town(h, p, around, parents, taste):
            continue
        places -= h.children
        h.in_school = min(h.children + parents, h.members)
        office.school_persons += h.in_school
        for parent in range(parents):
            if u01(seed, FLEXIBLE_JOB, i * 16 + parent, 0) < around.job_chance:
                h.local_jobs += 1
                h.wage += math.floor(12.0 * p.flexible_wage_yuan_per_month)
        enter(h, at, i)


@rule
def job_door(hh, status, books, at, p, order, seed, c, t):
    """Every month: villagers are placed in town jobs; the search goes on in the lottery where it last stopped."""
    office = books.offices[c]
    households = office.last - office.first
    month = p.transfer_places_per_year * office.share / 12.0
    places = math.floor(month * (t + 1)) - math.floor(month * t)
    seen = 0
    while places > 0 and seen < households:
        i = order[office.first + office.door]
        office.door = (office.door + 1) % households
        seen += 1
        h = hh[i]
        if status[i] != ORIGIN or h.workers <= h.local_jobs or h.in_job >= 2 or h.in_school > 0:
            continue  # parents who came to town with a pupil look for work there by themselves
        around = surroundings(books.villages[h.village], float(books.school_open[t, h.village]))
        pay = pay_by_skill(p.service_wage_yuan_per_month, h, p)
        if not takes_town_job(h, p, around, 1.0 * pay, u01(seed, JOB_DOOR, i, h.in_job)):
            continue
        places -= 1
        h.in_job += 1
        h.local_jobs += 1
        h.wage += pay
        office.job_persons += 1
        enter(h, at, i)
