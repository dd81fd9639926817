"""How single members of a village household come to live in town: by the door of the school, and by that of a job.

Both weigh income in logs against the rest, as the choice of moving does; the taste for leaving is a lasting logistic draw.
"""

from simulation.draws import log_, logistic
from simulation.rule import rule
from simulation.rules.choice import income_now


@rule
def parents_in_town(h, p, draw):
    """How many parents come along with the pupils: the stated number a pupil, rounded at random, of those without a job."""
    wanted = p.parents_per_pupil * h.children
    whole = int(wanted)
    if draw < wanted - whole:
        whole += 1
    return min(whole, h.workers - h.local_jobs)


@rule
def sends_to_town(h, p, around, parents, taste):
    """Whether the household sends its children to school in town: better school against rent, pay and town living."""
    now = max(income_now(h, p), p.income_floor_yuan_per_person * h.members)
    pay = 12.0 * p.flexible_wage_yuan_per_month * parents * around.job_chance
    spent = 12.0 * p.school_rent_yuan_per_month + p.town_living_cost_yuan_per_person * (h.children + parents)
    then = max(now + (pay - spent) * p.income_index, p.income_floor_yuan_per_person * h.members)
    gain = p.b_school * (p.school_level - around.school) + p.b_income * log_(then / now)
    return gain + logistic(taste) > 0.0


@rule
def takes_town_job(h, p, around, pay, taste):
    """Whether a villager without a wage job takes one in town that pays `pay` yuan a year."""
    now = max(income_now(h, p), p.income_floor_yuan_per_person * h.members)
    then = max(now + (pay - p.town_living_cost_yuan_per_person) * p.income_index, 0.5 * now)
    gain = p.b_income * log_(then / now) - p.b_distance * around.distance_km
    return gain + logistic(taste) > 0.0
