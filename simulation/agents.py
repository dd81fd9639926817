"""The same month, agent by agent: plain Python over Mesa agents, to read, to teach with, to extend - and to check the engine by.

The order of the month is that of `simulation.month`. Every decision is the rule that the compiled engine runs, here as plain
Python; queues, lists and books are written anew. Both give the same bits. To change behaviour, override a method of
`HouseholdAgent` and pass the class on:

    class Homesick(HouseholdAgent):
        def goes_back(self, draw):
            return self.elderly > 0 and super().goes_back(draw)

    run_agents(inputs, seed=1, household=Homesick)
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from mesa.agent import AgentSet

from simulation import draws
from simulation.draws import u01, u01_four, u01_pair
from simulation.households import (
    APPLIED,
    AWAY,
    GRANTED,
    HOUSEHOLD,
    IMPROVED,
    IN_PROCESS,
    JOBS,
    LISTED,
    MERGING,
    MOVED,
    NEVER,
    NO_HOME,
    NO_MONEY,
    ORIGIN,
    OWN_MOVED,
    POST,
    RESERVE,
    RETURNED,
    SERVICE,
    STARTUP,
    STATUS,
    STRUCK,
    WORKSHOP,
    new_households,
)  # fmt: skip
from simulation.institutions import new_books
from simulation.model import Part, plain
from simulation.outcomes import SITE, F, G, K, W, new_outcomes
from simulation.rule import interpreted
from simulation.rules import belief, belong, choice, doors, grant, income, land, loan, money, stay, work
from simulation.run import Inputs, Result
from simulation.urban import account

ANNOUNCED_MONTHS = 12  # homes are announced a year before they are ready
EARLIER_YEARS = 5  # earlier movers came within so many years before the start
SETTLED_MONTHS = 12  # after a year the granted and the withheld are compared
OCCUPIED_MONTHS = 12  # a move counts as occupied, and as stable, after a year
JANUARY, SEPTEMBER = 1, 9

fen = interpreted(money.fen)
job_chance = interpreted(belief.job_chance)
area, choose, costs, hazard_a_month, is_reluctant, purse, surroundings = map(
    interpreted,
    (
        choice.area, choice.choose, choice.costs, choice.hazard_a_month, choice.is_reluctant, choice.purse,
        choice.surroundings,
    ),
)  # fmt: skip
eligible, entitlement, lending_limit, place_in_queue, priority_class, stays_behind = map(
    interpreted,
    (
        grant.eligible, grant.entitlement, grant.lending_limit, grant.place_in_queue, grant.priority_class,
        grant.stays_behind,
    ),
)  # fmt: skip
due, terms = interpreted(loan.due), interpreted(loan.terms)
(
    jobs_kept, jobs_there, loses_a_job, lost_kind, matches, may_start_up, pay_by_skill, rank_in_line, search_weight,
    seekers_after_moving,
) = map(
    interpreted,
    (
        work.jobs_kept, work.jobs_there, work.loses_a_job, work.lost_kind, work.matches, work.may_start_up,
        work.pay_by_skill, work.rank_in_line, work.search_weight, work.seekers_after_moving,
    ),
)  # fmt: skip
(
    income_after_moving, income_at_origin, participation_at, properties, spend, subsistence, subsistence_at_origin,
    total, transfers,
) = map(
    interpreted,
    (
        income.income_after_moving, income.income_at_origin, income.participation_at, income.properties, income.spend,
        income.subsistence, income.subsistence_at_origin, income.total, income.transfers,
    ),
)  # fmt: skip
mu, surrender_month, worth_reclaiming = map(
    interpreted, (land.mu, land.surrender_month, land.worth_reclaiming)
)
belonging, integrate = interpreted(belong.belonging), interpreted(belong.integrate)
goes_back = interpreted(stay.goes_back)
parents_in_town, sends_to_town, takes_town_job = map(
    interpreted, (doors.parents_in_town, doors.sends_to_town, doors.takes_town_job)
)


class PlainAgent(Part):
    """An agent whose attributes are the fields of a record, as plain Python numbers."""

    def __init__(self, model: RelocationByAgents, record: np.record):
        super().__init__(model)
        vars(self).update(vars(plain(record)))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...


class HouseholdAgent(PlainAgent):
    """One household: its attributes are the fields of `HOUSEHOLD` as plain numbers, and its status."""

    def __init__(self, model: RelocationByAgents, record: np.record):
        super().__init__(model, record)
        self.status = ORIGIN
        self.home: VillageAgent = model.villages[self.village]
        self.office: OfficeAgent = model.offices[self.county]
        self.home.households.append(self)
        self.office.households.append(self)

    @property
    def policy(self) -> SimpleNamespace:
        """This month's policy in the household's county."""
        return self.office.policy

    @property
    def chosen(self) -> SimpleNamespace:
        """This month's record of the mode it applied for or lives in."""
        return self.model.modes[self.mode]

    @property
    def below_line(self) -> bool:
        """Whether this month's income is below the low-income line."""
        return self.income * 12.0 < self.policy.poverty_line_yuan_per_person * 100.0 * self.members

    def draw(self, stream: int, month: int) -> float:
        return u01(self.model.seed, stream, self.id, month)

    # before the first month

    def settle_who_would_stay(self):
        """A lasting share of households that have both old and able members would leave the old at home."""
        both = 0 < self.elderly < self.members and self.workers > 0
        if both and self.draw(draws.SPLIT, 0) < self.policy.split_share:
            self.splits = self.elderly

    def arrive_earlier(self):
        """Place an earlier mover: mode, month and work by lasting draws."""
        p, seed = self.policy, self.model.seed
        self.status = MOVED
        self.followed = 1
        self.moved = -1 - math.floor(12.0 * EARLIER_YEARS * self.draw(draws.EARLIER_MONTH, 0))
        modes = self.model.modes
        options = [
            k
            for k, s in enumerate(self.home.site_of)
            if modes[k].needs_home > 0 and modes[k].counts > 0 and s >= 0
        ]
        pick = math.floor(len(options) * self.draw(draws.EARLIER_MODE, 0))
        self.mode = options[pick] if options else 0
        self.home.moved_by_mode[self.mode] += 1.0
        self.look_for_work()
        for j in range(self.seekers):
            draw = u01(seed, draws.EARLIER_JOB, self.id * 16 + j, 0)
            if draw < p.prior_job_chance:
                kind = SERVICE if draw < 0.5 * p.prior_job_chance else WORKSHOP
                self.had_job = 1
                self.office.employers[kind].positions += 1.0
                self.change_job(kind, 1)
        self.margin = 1.0
        self.surrendered = int(self.draw(draws.SURRENDER, 0) < p.surrender_share)

    def settled_earlier(self):
        """How far an earlier mover belongs by now; nobody is registered or insured there yet."""
        p = self.policy
        reached = min(1.0, -self.moved * p.integration_per_month)
        self.integration = reached * belonging(self, self.home.moved_by_mode[self.mode] - 1.0, p, 0)
        self.leased = int(self.draw(draws.LEASE, -1) < p.land_lease_per_year * -self.moved / 12.0)

    # the low-income list

    def may_be_struck_off(self) -> bool:
        """Whether it is listed and has left, withdrawn, or not applied for too long."""
        if not self.poor or self.listing != LISTED or self.earlier:
            return False
        late = self.model.month - self.listed >= self.policy.strike_months
        idle = self.status == ORIGIN and not self.withheld and (self.left != NEVER or late)
        return self.status == OWN_MOVED or idle

    # villages: work, training and letting at home; single members in town

    def take_village_job(self, post: bool):
        """A member without a wage job takes a public-welfare post or a workshop job near home."""
        p, office = self.policy, self.office
        self.village_job = 1 if post else 2
        self.local_jobs += 1
        office.village_jobs += 1
        office.village_posts += post
        post_pay = math.floor(12.0 * p.post_wage_yuan_per_month)
        self.wage += post_pay if post else pay_by_skill(p.workshop_wage_yuan_per_month, self, p)

    def be_taught(self):
        """Training at home raises the family business once."""
        self.taught = 1
        self.business += math.floor(self.business * self.policy.village_training_gain)
        self.office.pay_for_jobs(F.training, fen(self.policy.training_cost_yuan_per_person))
        self.office.count(K.villagers_trained)

    def start_project(self):
        """An income project adds to the family business."""
        self.project = 1
        self.business += math.floor(self.policy.project_income_yuan_per_year)
        self.office.projects += 1
        self.office.pay_for_jobs(F.project, fen(self.policy.project_cost_yuan))

    def let_house(self):
        """The idle house brings rent."""
        self.let_rent = math.floor(self.policy.idle_house_rent_yuan_per_year)
        self.property += self.let_rent
        self.office.houses_let += 1

    def sends_children(self) -> bool:
        """Send the children to school in town, with parents who work there if they find work; whether it does."""
        p, seed, around = self.policy, self.model.seed, self.home.surroundings
        taste, rounding = u01_pair(seed, draws.SCHOOL_DOOR, self.id, 0)
        parents = parents_in_town(self, p, rounding)
        if not sends_to_town(self, p, around, parents, taste):
            return False
        self.in_school = min(self.children + parents, self.members)
        self.office.school_persons += self.in_school
        for parent in range(parents):
            if u01(seed, draws.FLEXIBLE_JOB, self.id * 16 + parent, 0) < around.job_chance:
                self.local_jobs += 1
                self.wage += math.floor(12.0 * p.flexible_wage_yuan_per_month)
        return True

    def takes_town_job(self) -> bool:
        """A member without a wage job takes one in town if it pays; whether one does."""
        p = self.policy
        pay = pay_by_skill(p.service_wage_yuan_per_month, self, p)
        taste = self.draw(draws.JOB_DOOR, self.in_job)
        if not takes_town_job(self, p, self.home.surroundings, 1.0 * pay, taste):
            return False
        self.in_job += 1
        self.local_jobs += 1
        self.wage += pay
        self.office.job_persons += 1
        return True

    # step 4-5: choose and apply

    def decide(self):
        """Leave unaided, or weigh the offer and apply."""
        if self.status != ORIGIN:
            return
        model, p = self.model, self.policy
        draw, other = u01_pair(model.seed, draws.APPLY, self.id, model.month)
        free_to_leave = not self.withheld and not self.startup_loan and not self.arrears
        if free_to_leave and other < hazard_a_month(p.own_move_per_year):
            self.leave_unaided()
        elif draw < hazard_a_month(p.intention_to_application_per_year) and self.may_apply():
            found = self.weigh(whole=0)
            if found.mode >= 0:
                self.apply(found, whole=0)

    def leave_unaided(self):
        """Go to town, or away, without the programme."""
        self.status = OWN_MOVED
        self.left = self.model.month
        self.income = self.debt_service = 0.0
        self.leave_village(house_too=False)
        self.home.own_moved += 1
        self.office.count(K.new_own_moved)
        self.office.count(K.persons_own_moved, self.members)
        self.office.count(K.residents_own_moved, self.members - self.absent)

    def may_apply(self) -> bool:
        """Applications are open to its village and to it, it is not in the comparison group, and no drop-out still waiting."""
        month, p = self.model.month, self.policy
        if month >= self.model.window or self.withheld or self.home.shut_out or not eligible(self, p):
            return False
        return self.left == NEVER or month - self.left >= p.reapply_months

    def weigh(self, whole: int, explain: int = 0) -> choice.Choice:
        """Weigh the modes against staying; a village that moves whole keeps neither services nor school."""
        model, home = self.model, self.home
        around = surroundings(home, 0.0) if whole else home.surroundings
        return choose(
            self, self.policy, model.modes, self.office.terms, self.office.lending_limit, around, home.site_of,
            model.sites, self.office.room, whole, explain, model.seed,
        )  # fmt: skip

    def apply(self, found: choice.Choice, whole: int):
        self.status = APPLIED
        self.mode, self.margin, self.whole = found.mode, found.margin, whole
        self.klass = priority_class(self, whole)
        self.applied = self.model.month
        self.blocked = IN_PROCESS
        self.left = NEVER
        self.office.count(K.new_applied)

    # step 7: move in

    def take_keys(self):
        """Drop out at the door, or pay, draw the loan and move."""
        model, office, p, m = self.model, self.office, self.policy, self.chosen
        if self.status != GRANTED or model.month - self.granted < p.handover_months:
            return
        moving = m.counts > 0.0
        working = self.kept + jobs_there(self)
        labour = working + self.seekers
        if moving and p.job_before_move > 0.0 and labour > 0 and working == 0:
            return
        staying = stays_behind(self, p, m, self.whole)
        going = self.members - staying
        cost = costs(self, p, m, self.subsidy / 100.0, self.whole, office.lending_limit, purse(self, p))
        price, gross, kin, borrowed = fen(cost.price), fen(cost.gross), fen(cost.kin), fen(cost.loan)
        if self.subsidy > gross:
            office.committed -= self.subsidy - gross
            self.subsidy = gross
        pool = min(self.pool, fen(cost.pool), gross - self.subsidy)  # the household's own part stays its own
        at_once = self.subsidy if p.subsidy_delay_months <= 0.0 else 0.0
        savings = self.savings + kin + borrowed + at_once + pool - gross
        if savings < 0.0 or self.draw(draws.DROP_OUT, self.granted) < p.dropout_share:
            self.give_back()
            office.count(K.new_withdrew)
            if moving:
                office.count(K.persons_signed, -going)
            return
        if moving and self.draw(draws.WITHHOLD, 0) < p.withhold_share:
            if self.site >= 0:
                model.sites[self.site].idle += 1.0
            self.give_back()
            self.withheld = 1
            office.count(K.withheld)
            office.count(K.persons_signed, -going)
            return
        self.savings = savings
        office.committed -= self.pool
        office.pay(F.pool_home, pool)
        self.pool = 0.0
        for_price = min(pool, price)  # the county's part pays for the home first, then for fitting it out
        office.book(F.home_price, price - for_price)
        office.book(F.fitting_out, gross - price - (pool - for_price))
        office.book(F.kin_transfer, kin)
        office.committed -= at_once
        office.pay(F.subsidy, at_once)
        self.subsidy -= at_once
        if borrowed > 0.0:
            self.borrow(borrowed)
        self.moved = model.month
        if self.site >= 0:
            model.sites[self.site].reserved -= 1.0
            model.sites[self.site].occupied += 1.0
        if not moving:
            self.status = IMPROVED
            self.stop_working()
            office.count(K.new_improved)
            return
        self.status = MOVED
        self.behind = staying
        if staying > 0:  # the old house is not given up, whatever was promised for it
            office.committed -= self.compensation
            self.compensation = 0.0
        repair = fen(p.split_repair_yuan_per_person * staying)
        if repair <= office.money_left:
            office.pay(F.repair, repair)
        self.leave_village(house_too=m.surrender > 0.0 and staying == 0)
        self.count_residents(K.residents_to_core, K.residents_to_town)
        self.home.moved_by_mode[self.mode] += 1.0
        office.employers[SERVICE].positions += p.vacancies_per_mover * labour
        office.count(K.new_moved)
        if model.month < model.window:
            office.count(K.persons_keys, going)
            if self.poor:
                office.count(K.persons_keys_poor, going)
            model.outcomes.mode[model.month, self.mode] += going
            model.outcomes.klass[model.month, self.klass] += going

    def borrow(self, amount: float):
        """Draw the housing loan."""
        p, office = self.policy, self.office
        self.loan = amount
        self.loan_left = int(p.loan_term_years * 12.0)
        self.grace_left = min(int(p.loan_grace_years * 12.0), self.loan_left - 1)
        office.book(F.loan_drawn, amount)
        office.count(K.new_loans)
        office.loans += 1
        office.lent += amount

    def give_back(self):
        """Home, money, place on the list and jobs are free again, and the household is at origin."""
        if self.site >= 0:
            self.model.sites[self.site].reserved -= 1.0
        self.office.committed -= self.subsidy + self.compensation + self.pool
        self.subsidy = self.compensation = self.pool = 0.0
        if self.poor and self.chosen.counts:
            self.office.pool_persons -= self.members
        self.stop_working()
        self.site = -1
        self.granted = NEVER
        self.left = self.model.month
        self.status = ORIGIN

    def leave_village(self, house_too: bool):
        """Its place in a village job, its rooms in town and, if the house goes too, its tenant are gone."""
        office = self.office
        office.village_posts -= self.village_job == 1
        office.village_jobs -= self.village_job > 0
        office.school_persons -= self.in_school
        office.job_persons -= self.in_job
        self.village_job = self.in_school = self.in_job = 0
        if house_too and self.let_rent > 0:
            self.property -= self.let_rent
            self.let_rent = 0

    def count_residents(self, core: int, town: int):
        """Count the members who live at home, at the destination, if that is in the core city or the county town."""
        if self.chosen.core > 0.0 or self.chosen.place > 1.0:
            indicator = core if self.chosen.core > 0.0 else town
            self.office.count(indicator, max(self.members - self.absent - self.behind, 0))

    # step 8: work

    def look_for_work(self):
        """Which jobs near home will outlast the move, and who will look for work there."""
        p, seed = self.policy, self.model.seed
        self.kept = jobs_kept(self, p, seed)
        self.seekers = seekers_after_moving(self, participation_at(p, self.chosen), self.kept, seed)

    def searches(self) -> bool:
        """Whether someone looks for work at the destination."""
        early = self.status == GRANTED and self.policy.job_before_move > 0.0
        return self.seekers > 0 and (self.status == MOVED or early)

    def change_job(self, kind: int, step: int):
        """One member takes (step 1) or loses (step -1) a job."""
        self.seekers -= step
        setattr(self, JOBS[kind], getattr(self, JOBS[kind]) + step)
        self.office.employers[kind].filled += step

    def stop_working(self):
        """Give back all jobs at the destination."""
        for kind, name in enumerate(JOBS):
            self.office.employers[kind].filled -= getattr(self, name)
            setattr(self, name, 0)
        self.kept = self.seekers = 0

    def start_job(self, kind: int):
        self.change_job(kind, 1)
        if not self.had_job:
            self.had_job = 1
            self.office.support(self, F.first_job_subsidy, fen(self.policy.first_job_subsidy_yuan))

    def start_up(self):
        """Start a business with the subsidy and, where offered, a loan it invests."""
        p, office = self.policy, self.office
        self.start_job(STARTUP)
        office.support(self, F.startup_subsidy, fen(p.startup_subsidy_yuan))
        borrowed = fen(p.startup_loan_limit_yuan)
        if borrowed > 0.0 and self.startup_loan == 0.0:
            self.startup_loan = borrowed
            self.startup_left = int(12.0 * p.startup_term_years)
            office.book(F.loan_drawn, borrowed)
            office.book(F.startup_investment, borrowed)

    def maybe_lose_job(self):
        jobs = jobs_there(self)
        if self.status == MOVED and jobs > 0 and loses_a_job(jobs, self.policy, self.draws_of_month()[3]):
            self.change_job(lost_kind(self, self.draw(draws.SEPARATE, self.model.month)), -1)

    def draws_of_month(self) -> tuple[float, float, float, float]:
        """A mover's chances this month: to go back, to let or give up land, to register, to lose a job."""
        return u01_four(self.model.seed, draws.MOVERS_MONTH, self.id, self.model.month)

    # steps 9-13: earn, service the debt, give up the old house, go back or belong

    def live(self) -> bool:
        """One month of the household's own; True if it goes back at the end of it."""
        if self.status == OWN_MOVED:
            return False
        self.wait_for_subsidy()
        self.earn_and_spend()
        self.give_up_house()
        if self.status != MOVED:
            return False
        back, land, registered, _ = self.draws_of_month()
        if self.goes_back(back):
            return True
        self.belong(land, registered)
        return False

    def wait_for_subsidy(self):
        """The subsidy comes once its delay is over, also to those who have gone back since."""
        waited = self.model.month - self.moved
        if self.subsidy > 0.0 and self.moved >= 0 and waited >= self.policy.subsidy_delay_months:
            self.office.committed -= self.subsidy
            self.office.pay(F.subsidy, self.subsidy)
            self.savings += self.subsidy
            self.subsidy = 0.0

    def earn_and_spend(self):
        office, p = self.office, self.policy
        rent = 0.0
        if self.status == MOVED:
            m = self.chosen
            earned = income_after_moving(self, p, m)
            size = area(self, m, self.members - self.behind)
            rent = fen(m.rent_yuan_per_m2_month * size * p.income_index)
            need = subsistence(self, p, m.place) + rent
        else:
            earned = income_at_origin(self, p)
            in_town = self.in_school + self.in_job
            need = subsistence_at_origin(self.members - self.absent, in_town, self.in_school, p)
        interest, principal, subsidised = self.fall_due()
        subsidised = min(subsidised, max(0.0, office.money_left))
        office.pay(F.interest_subsidy, subsidised)
        to_pay = interest + principal + self.arrears
        month = spend(self.savings + subsidised, total(earned), need, to_pay, p.consumption_share)
        self.savings = month.savings
        self.arrears = to_pay - month.paid
        self.income = total(earned)
        self.debt_service = interest + principal - subsidised

        office.count(K.interest_fen, interest)
        office.count(K.due_fen, interest + principal)
        office.book(F.wage, earned.wage)
        office.book(F.business, earned.business)
        office.book(F.remittance, earned.remittance)
        office.book(F.transfer, earned.transfer)
        office.book(F.insurance_gain, earned.insurance)
        office.book(F.education_waiver, earned.waiver)
        office.book(F.property, earned.property)
        office.book(F.ecological_payment, earned.ecological)
        office.book(F.poor_dividend, earned.dividend)
        office.book(F.rent, min(rent, month.consumption))
        office.book(F.consumption, month.consumption - min(rent, month.consumption))
        office.book(F.loan_interest, min(interest, month.paid))
        office.book(F.loan_principal, month.paid - min(interest, month.paid))
        self.report(earned)

    def fall_due(self) -> tuple[float, float, float]:
        """Interest, principal and the interest the public would pay, fen; balances fall by the principal."""
        p, in_force = self.policy, self.office.terms
        if self.loan <= 0.0 and self.startup_loan <= 0.0 and self.arrears <= 0.0:
            return 0.0, 0.0, 0.0
        home = due(self.loan, in_force, self.loan_left, self.grace_left, p.loan_interest_subsidy_share)
        start = due(self.startup_loan, in_force, self.startup_left, 0, p.startup_interest_subsidy_share)
        late = fen(self.arrears * in_force.rate / 100.0)
        self.loan -= home.principal
        self.startup_loan -= start.principal
        self.loan_left = max(self.loan_left - 1, 0)
        self.grace_left = max(self.grace_left - 1, 0)
        self.startup_left = max(self.startup_left - 1, 0)
        interest = home.interest + start.interest + late
        return interest, home.principal + start.principal, home.subsidised + start.subsidised

    def report(self, earned: income.Incomes):
        """Add this month's incomes to the groups the household belongs to."""
        month = self.model.month
        groups = {MOVED: [G.movers], RETURNED: [G.returned]}.get(
            self.status, [] if self.withheld else [G.stayers]
        )
        if self.earlier:
            groups = [G.earlier]
        if self.withheld and month - self.left >= SETTLED_MONTHS:
            groups = [*groups, G.withheld]
        if not self.earlier and self.status in (MOVED, RETURNED) and month - self.moved >= SETTLED_MONTHS:
            groups = [*groups, G.granted]
        row = (
            1,
            self.members,
            earned.wage,
            earned.business,
            transfers(earned),
            properties(earned),
            self.start,
            self.below_line,
        )
        for group in groups:
            self.model.outcomes.income[month, self.county, group] += row

    def give_up_house(self):
        """Compensation on surrender within a year of moving; after that, or on return, the promise lapses."""
        model, office = self.model, self.office
        if self.status not in (MOVED, RETURNED) or self.surrendered or self.earlier or self.behind:
            return
        months = model.month - self.moved
        if self.status == RETURNED or months > 12:
            office.committed -= self.compensation
            self.compensation = 0.0
            return
        willing, when = u01_pair(model.seed, draws.SURRENDER, self.id, 0)
        if self.chosen.surrender > 0.0 and surrender_month(months, willing, when, self.policy):
            self.surrendered = 1
            self.savings += self.compensation
            office.count(K.surrendered)
            office.committed -= self.compensation
            office.pay(F.compensation, self.compensation)
            self.compensation = 0.0
            self.reclaimed = int(office.reclaims(self.homestead_m2))

    def goes_back(self, draw: float) -> bool:
        return goes_back(self, self.policy, draw)

    def go_home(self):
        """Go back, debts and all: the home stands idle and the jobs are open again."""
        self.stop_working()
        self.status = RETURNED
        self.left = self.model.month
        self.hukou = 0
        if self.leased == 1:  # land let comes back, land given up does not
            self.leased = 0
        self.integration = 0.0
        self.home.moved_by_mode[self.mode] -= 1.0
        self.count_residents(K.residents_from_core, K.residents_from_town)
        if self.site >= 0:
            self.model.sites[self.site].occupied -= 1.0
            self.model.sites[self.site].idle += 1.0
        self.office.count(K.earlier_returned if self.earlier else K.new_returned)
        if not self.earlier:
            self.office.count(K.persons_returned, self.members - self.behind)

    def belong(self, land: float, registered: float):
        """Land, registration and integration of those who stay; the arguments are this month's draws."""
        model, office, p = self.model, self.office, self.policy
        lets, leaves = p.land_lease_per_year / 12.0, p.paid_exit_per_year / 12.0
        price = fen(p.paid_exit_yuan_per_mu * self.land_mu)
        if self.leased == 0 and land < lets:
            self.leased = 1
        elif (
            self.leased == 0
            and land < lets + leaves
            and p.paid_exit_yuan_per_mu > 0.0
            and price <= office.money_left
        ):
            self.leased = 2
            self.savings += price
            office.pay(F.paid_exit, price)
        if p.hukou_parity > 0.0 and not self.hukou:
            self.hukou = int(registered < p.hukou_per_year / 12.0)
        neighbours = self.home.moved_by_mode[self.mode] - 1.0
        self.integration = integrate(self, neighbours, p, model.month)

    # step 14: record

    def be_counted(self):
        """Add the household to the month's stocks."""
        count = self.office.count
        if not self.earlier:
            count(getattr(K, STATUS[self.status]))
        elif self.status == MOVED:
            count(K.earlier_moved)
        debt = self.loan + self.startup_loan
        count(K.loan_fen, debt)
        count(K.loan_households, debt > 0.0 or self.arrears > 0.0)
        count(K.arrears_fen, self.arrears)
        count(K.arrears_households, self.arrears > 0.0)
        if self.status != MOVED:
            return
        working = self.kept + jobs_there(self)
        labour = working + self.seekers
        count(K.mover_labour, labour)
        count(K.mover_employed, working)
        count(K.mover_seekers, self.seekers)
        count(K.labour_households, labour > 0)
        count(K.working_households, working > 0)
        count(K.integration, self.integration)
        count(K.hukou_persons, self.members - self.behind if self.hukou else 0)
        count(K.leased_mu, self.land_mu if self.leased else 0.0)
        if self.earlier:
            return
        there, months = self.members - self.behind, self.model.month - self.moved
        count(K.behind_persons, self.behind)
        if months == OCCUPIED_MONTHS and self.moved < self.model.window:
            count(K.persons_occupied, there)
            count(K.persons_occupied_poor, there if self.poor else 0)
        works = working > 0 or labour == 0
        if months >= OCCUPIED_MONTHS and works and not self.below_line and self.arrears == 0.0:
            count(K.persons_stable, there)
            count(K.persons_stable_poor, there if self.poor else 0)

    def what_keeps_it(self) -> int:
        """Why it has or has not moved: a position of `WHY`."""
        if self.status in (MOVED, RETURNED, OWN_MOVED, IMPROVED):
            return getattr(W, STATUS[self.status])
        if self.status == APPLIED and self.blocked != IN_PROCESS:
            return W.no_home if self.blocked == NO_HOME else W.no_money
        if self.status != ORIGIN:
            return W.in_process
        if self.withheld:
            return W.withheld
        if self.left != NEVER:
            return W.withdrew
        if self.home.shut_out or not eligible(self, self.policy):
            return W.infeasible
        found = self.weigh(whole=0, explain=1)
        if found.mode >= 0 and self.model.modes[found.mode].counts > 0.0:
            return W.not_yet_applied
        if not found.open:
            return W.infeasible
        if found.full > 0.0:
            return W.no_home
        if found.wanted > 0.0:
            return W.unaffordable
        return W.never_mover if is_reluctant(self, self.policy, self.model.seed) else W.prefers_to_stay


class VillageAgent(PlainAgent):
    """One origin village; its attributes are the fields of `VILLAGE`."""

    def __init__(self, model: RelocationByAgents, row: int, record: np.record, site_of: list[int]):
        super().__init__(model, record)
        self.row = row
        self.offer_month = math.floor(12.0 * u01(model.seed, draws.VILLAGE_MONTH, row, 0))
        self.site_of = site_of  # by mode, -1 if there is none
        self.moved_by_mode = [0.0] * len(site_of)
        self.households: list[HouseholdAgent] = []
        self.office: OfficeAgent = model.offices[self.county]

    @property
    def surroundings(self) -> choice.Surroundings:
        """What its households have and see this month."""
        return surroundings(self, self.model.school_open[self.row])

    @property
    def shut_out(self) -> bool:
        """Whether the programme is for villages of another type."""
        return self.office.policy.merging_villages_only > 0.0 and self.kind != MERGING

    def look_at_movers(self, month: int):
        """At the end of `month`: how many live away, and what those who moved long enough ago tell about work the month after."""
        away = [h for h in self.households if h.status == MOVED]
        seen = [h for h in away if month + 1 - h.moved >= self.office.policy.belief_months]
        self.away = len(away)
        self.working = sum(jobs_there(h) for h in seen)
        self.seeking = sum(h.seekers for h in seen) + sum(h.status == RETURNED for h in self.households)

    def believe(self):
        """Step 3: example and belief about work, from what was last seen."""
        self.peers = self.away / self.originals
        self.job_chance = job_chance(self.working, self.seeking, self.office.policy)

    def consider_moving_whole(self):
        """Step 5: in the village's own month of the year, all who could are asked; few refusals mean all go and services close."""
        model, p = self.model, self.office.policy
        if self.whole or self.shut_out or p.whole_village_offer <= 0.0 or model.month >= model.window:
            return
        if model.month % 12 != self.offer_month:
            return
        answers = [
            (h, h.weigh(whole=1) if h.status == ORIGIN and h.may_apply() else None)
            for h in self.households
            if h.status in (ORIGIN, RETURNED, IMPROVED)
        ]
        willing = [(h, found) for h, found in answers if found and found.mode >= 0]
        if len(answers) - len(willing) > self.originals * (1.0 - p.village_gate) + 1e-9:  # 9 of 10 pass 0.9
            return
        self.whole = self.closed = 1
        self.office.count(K.new_whole_villages)
        for h in self.households:
            if h.status == APPLIED:
                h.whole = 1
                h.klass = priority_class(h, 1)
        for h, found in willing:
            h.apply(found, whole=1)

    def maybe_close(self):
        """Step 13: services close once enough have left."""
        if self.away + self.own_moved >= self.office.policy.closure_share * self.originals:
            self.closed = 1


class SiteAgent(PlainAgent):
    """One resettlement site; its attributes are the fields of `SITE`."""

    reserved: float
    occupied: float
    idle: float

    def __init__(self, model: RelocationByAgents, row: int, record: np.record):
        super().__init__(model, record)
        self.row = row

    @property
    def ready(self) -> int:
        """Homes completed by this month."""
        return math.floor(self.model.ready[self.row])

    @property
    def free(self) -> float:
        """Homes nobody holds."""
        return self.ready - self.reserved - self.occupied - self.idle

    def who_lives_there(self) -> np.ndarray:
        """Households, persons, labour, employed and their incomes as things stand, in the order of `SITE`."""
        found = np.zeros(len(SITE))
        for h in self.model.households:
            if h.status == MOVED and h.site == self.row:
                earned = income_after_moving(h, h.policy, h.chosen)
                working = h.kept + jobs_there(h)
                people = 1, h.members - h.behind, working + h.seekers, working
                found += (*people, earned.wage, earned.business, transfers(earned), properties(earned))
        return found


class EmployerAgent(Part):
    """All employers of one kind in one county. Work away needs no opening: its positions are the jobs held."""

    def __init__(self, model: RelocationByAgents, kind: int):
        super().__init__(model)
        self.kind = kind
        self.filled = 0.0
        self._positions = 0.0

    @property
    def positions(self) -> float:
        return self.filled if self.kind == AWAY else self._positions

    @positions.setter
    def positions(self, value: float):
        self._positions = value

    @property
    def open(self) -> float:
        """Whole positions nobody holds."""
        return max(0.0, math.floor(self.positions) - self.filled)


class OfficeAgent(PlainAgent):
    """One county's programme office: budget, list, queue, village programmes, training; its attributes are the fields of `OFFICE`."""

    def __init__(self, model: RelocationByAgents, county: int, record: np.record, months: int):
        super().__init__(model, record)
        self.county = county
        self.quota_due = [0.0] * (months + 37)
        self.quota_sold = [0.0] * (months // 12 + 1)
        self.employers = [EmployerAgent(model, kind) for kind in range(len(JOBS))]
        self.households: list[HouseholdAgent] = []
        self.lottery: list[HouseholdAgent] = []  # its households by lasting lottery rank
        self.room: list[float] = []  # by mode
        self.policy = SimpleNamespace()
        self.terms: loan.Terms

    # books

    def count(self, indicator: int, number: float = 1):
        self.model.outcomes.county[self.model.month, self.county, indicator] += number

    def book(self, flow: int, amount: float):
        """Enter a payment between any two parties of the county in the ledger, fen."""
        self.model.outcomes.ledger[self.model.month, self.county, flow] += amount

    def pay(self, flow: int, amount: float):
        """Pay from the programme account."""
        self.cash -= amount
        self.book(flow, amount)

    def pay_for_jobs(self, flow: int, amount: float):
        """Pay from the employment account."""
        self.jobs_cash -= amount
        self.book(flow, amount)

    def support(self, household: HouseholdAgent, flow: int, amount: float):
        """Pay a household from the employment account if it holds the amount."""
        if self.jobs_cash >= amount:
            self.pay_for_jobs(flow, amount)
            household.savings += amount

    @property
    def money_left(self) -> float:
        """What may still be promised: cash and authorised bridge finance, less what is promised; fen."""
        return self.cash + fen(self.policy.bridge_finance_yuan * self.open_share) - self.committed

    def take(self, flow: int, amount: float):
        """Receive money on the programme account."""
        self.cash += amount
        self.book(flow, amount)

    @property
    def lending_limit(self) -> float:
        """The most a bank of the county lends a household now, yuan."""
        return lending_limit(self.policy, self)

    # steps 1-2: calendar and supply

    def open_month(self):
        """Read the policy in force."""
        record = self.model.inputs.policy[self.model.month, self.county]
        self.policy = plain(record)
        self.terms = terms(self.policy)

    def receive(self):
        """Budgets, land and quota revenue and openings arrive; the county services its own debt."""
        p, month, share = self.policy, self.model.month, self.open_share
        if month % 12 == 0:
            if month < self.model.window:
                for payer in ("central", "province", "city", "county"):
                    amount = fen(getattr(p, f"budget_{payer}_yuan_per_year") * share)
                    self.take(getattr(F, f"appropriation_{payer}"), amount)
            self.jobs_cash += fen(p.jobs_budget_yuan_per_year * self.share)
            self.book(F.appropriation_jobs, fen(p.jobs_budget_yuan_per_year * self.share))
            self.take(F.land_sale, fen(p.land_sale_yuan_per_year * share))
        self.take(F.quota_revenue, self.quota_due[month])
        if self.debt > 0.0:
            self.service_debt()
        for kind in (WORKSHOP, SERVICE):  # others take jobs that stay open
            employer = self.employers[kind]
            employer.positions -= p.openings_lost_per_month * max(0.0, employer.positions - employer.filled)
        self.employers[WORKSHOP].positions += p.workshop_openings_per_year * share / 12.0
        self.employers[SERVICE].positions += p.service_openings_per_year * share / 12.0
        self.employers[STARTUP].positions += p.startup_places_per_year * share / 12.0
        posts = p.public_posts * share
        if p.post_subsidy_yuan_per_month > 0.0:
            posts = min(
                posts, p.jobs_budget_yuan_per_year * self.share / (12.0 * p.post_subsidy_yuan_per_month)
            )
        self.employers[POST].positions = max(float(math.floor(posts)), self.employers[POST].filled)

    def borrow(self, amount: float):
        """Add to the county's debt."""
        self.debt += amount
        self.take(F.pool_loan_drawn, amount)

    def service_debt(self):
        """Interest, part of it paid from above, then principal after grace; interest there is no money for is borrowed."""
        p, month = self.policy, self.model.month
        interest = fen(self.debt * (p.benchmark_rate * p.loan_rate_factor / 12.0) / 100.0)
        central = fen(interest * p.pool_interest_central_share / 100.0)
        self.take(F.pool_interest_central, central)
        province = fen(interest * p.pool_interest_province_share / 100.0)
        self.take(F.pool_interest_province, min(province, interest - central))
        self.borrow(max(0.0, interest - max(0.0, self.money_left)))
        self.pay(F.pool_loan_interest, interest)
        if month >= 12.0 * p.pool_loan_grace_years:
            months = max(12.0 * p.pool_loan_term_years - month, 1.0)
            paid = min(fen(self.debt / months / 100.0), max(0.0, self.money_left))
            self.debt -= paid
            self.pay(F.pool_loan_principal, paid)

    # the low-income list

    def renew_list(self):
        """Each January as many persons are struck off as the reserve can replace, both in the order of the lottery."""
        month, p = self.model.month, self.policy
        if p.list_replacement <= 0.0 or p.calendar_month != JANUARY or month == 0:
            return
        reserve = [h for h in self.lottery if h.listing == RESERVE and h.status == ORIGIN]
        wanted, places = sum(h.members for h in reserve), 0
        for h in self.lottery:
            if h.may_be_struck_off() and places + h.members <= wanted:
                h.listing = STRUCK
                places += h.members
                self.count(K.new_struck)
        for h in reserve:
            if h.members <= places:
                h.listing = LISTED
                h.listed = month
                places -= h.members
                self.count(K.new_listed)

    # for those who stay in their village

    def part_of(self, total: float) -> int:
        """The county's part of a number given for the whole region."""
        upto = math.floor(total * (self.before + self.share) + 1e-6)
        return upto - math.floor(total * self.before + 1e-6)

    def fill_village_jobs(self):
        """Village posts, then workshop jobs, in the order of the lottery."""
        p = self.policy
        posts = self.part_of(p.village_posts) - self.village_posts
        jobs = self.part_of(p.village_posts + p.village_workshop_jobs) - self.village_jobs
        for h in self.lottery:
            if jobs > 0 and h.status == ORIGIN and not h.village_job and h.workers > h.local_jobs:
                jobs -= 1
                h.take_village_job(post=posts > 0)
                posts -= 1

    def run_village_programmes(self):
        """Each January, in the order of the lottery: projects, training, idle houses, as far as numbers and money go."""
        p = self.policy
        if p.calendar_month != JANUARY:
            return
        seats = self.part_of(p.village_training_per_year)
        rented = p.idle_house_rent_yuan_per_year >= 1.0  # nobody lets a house for nothing
        houses = self.part_of(p.idle_houses_per_year) if rented else 0
        projects = 0
        if p.project_share > 0.0:
            projects = math.floor(p.project_share * sum(h.poor for h in self.households)) - self.projects
        seat_cost, project_cost = fen(p.training_cost_yuan_per_person), fen(p.project_cost_yuan)
        for h in self.lottery:
            wants_project = h.status in (ORIGIN, MOVED) and h.poor and not h.project
            if wants_project and projects > 0 and self.jobs_cash >= project_cost:
                projects -= 1
                h.start_project()
            if h.status != ORIGIN:
                continue
            if seats > 0 and not h.taught and h.workers > 0 and self.jobs_cash >= seat_cost:
                seats -= 1
                h.be_taught()
            if houses > 0 and not h.let_rent and h.absent > 0:
                houses -= 1
                h.let_house()

    def open_school_door(self):
        """Each September town schools take pupils from villages until places run out."""
        p = self.policy
        places = self.part_of(p.school_places_per_year)
        if p.calendar_month != SEPTEMBER:
            return
        for h in self.lottery:
            fits = h.status == ORIGIN and 0 < h.children <= places and not h.in_school
            if fits and h.sends_children():
                places -= h.children

    def open_job_door(self):
        """Each month villagers are placed in town jobs; the search goes on in the lottery where it last stopped."""
        month = self.policy.transfer_places_per_year * self.share / 12.0
        places = math.floor(month * (self.model.month + 1)) - math.floor(month * self.model.month)
        for _ in range(len(self.lottery)):
            if places < 1:
                return
            h = self.lottery[self.door]
            self.door = (self.door + 1) % len(self.lottery)
            free = h.status == ORIGIN and h.workers > h.local_jobs and h.in_job < 2
            if free and not h.in_school and h.takes_town_job():
                places -= 1

    # step 4: what the lists still offer

    def announce_homes(self):
        """Count homes ready within a year that nobody holds or has applied for, by mode."""
        model = self.model
        self.room = [0.0] * len(model.modes)
        soon = model.inputs.institutions.ready[min(model.month + ANNOUNCED_MONTHS, model.inputs.months - 1)]
        for site in model.sites:
            if site.county == self.county:
                site.soon = math.floor(soon[site.row])
                self.room[site.mode] += site.soon - site.reserved - site.occupied - site.idle
        for h in self.households:
            if h.status == APPLIED:
                self.room[h.mode] -= 1.0

    # step 6: grant

    def grant(self):
        """Serve the queue by class, then lottery rank; it stops at the first it cannot pay for."""
        model, p = self.model, self.policy
        if model.month >= model.window:
            return
        queue = [h for h in self.lottery if h.status == APPLIED and model.month - h.applied >= p.audit_months]
        queue.sort(key=lambda h: place_in_queue(h.klass, p))
        can_pay = True
        for h in queue:
            site = self.find_home(h) if can_pay and h.chosen.needs_home > 0.0 else None
            if can_pay and h.chosen.needs_home > 0.0 and site is None:
                h.blocked = NO_HOME
                continue
            can_pay = can_pay and self.promise(h)
            if not can_pay:
                h.blocked = NO_MONEY
                continue
            h.status = GRANTED
            h.followed = 1
            h.granted = model.month
            h.site = -1
            if site is not None:
                site.reserved += 1.0
                h.site = site.row
            h.look_for_work()
            self.count(K.new_granted)
            if h.chosen.counts > 0.0:
                self.count(K.persons_signed, h.members - stays_behind(h, p, h.chosen, h.whole))

    def promise(self, h: HouseholdAgent) -> bool:
        """Promise a household its subsidy, compensation and the county's part of its home, if there is money; whether there is.

        A listed household that moves brings in bonds, fund and loan and costs infrastructure, once for its place on the list.
        """
        p = self.policy
        entitled = entitlement(h, p, h.chosen, h.whole)
        cost = costs(h, p, h.chosen, entitled, h.whole, self.lending_limit, purse(h, p))
        subsidy, compensation, share = fen(cost.subsidy), fen(cost.compensation), fen(cost.pool)
        listed = h.poor and h.chosen.counts
        places = max(self.pool_persons + h.members - self.funded, 0) if listed else 0
        bond = fen(p.pool_bond_yuan_per_poor_person * places)
        fund = fen(p.pool_fund_yuan_per_poor_person * places)
        borrowed = fen(p.pool_loan_yuan_per_poor_person * places)
        built = fen(p.infrastructure_yuan_per_poor_person * places)
        if not 0.0 < self.money_left + bond + fund + borrowed - built >= subsidy + compensation + share:
            return False
        if listed:
            self.pool_persons += h.members
            self.funded += places
            self.take(F.pool_bond, bond)
            self.take(F.pool_fund, fund)
            self.borrow(borrowed)
            self.pay(F.infrastructure, built)
        self.committed += subsidy + compensation + share
        h.subsidy, h.compensation, h.pool = subsidy, compensation, share
        return True

    def find_home(self, h: HouseholdAgent) -> SiteAgent | None:
        """The village's own site if it has a free home, else, unless neighbours stay together, the county's with most."""
        own = h.home.site_of[h.mode]
        if own >= 0 and self.model.sites[own].free >= 1.0:
            return self.model.sites[own]
        if self.policy.neighbours_together > 0.0:
            return None
        others = [
            s for s in self.model.sites if s.county == self.county and s.mode == h.mode and s.free >= 1.0
        ]
        return max(others, key=lambda s: s.free, default=None)

    # step 8: train and match

    def train(self):
        """Fill this month's seats in the order of the lottery, as far as the employment account pays."""
        p, month = self.policy, self.model.month
        a_month = p.training_seats_per_year * self.open_share / 12.0
        seats = math.floor(a_month * (month + 1)) - math.floor(a_month * month)
        cost, lost_work = fen(p.training_cost_yuan_per_person), fen(p.lost_work_subsidy_yuan)
        for h in self.lottery:
            wanted = h.searches() and not h.trained and h.head_age <= p.training_max_age
            if wanted and seats >= 1 and self.jobs_cash >= cost + lost_work:
                seats -= 1
                h.trained = 1
                self.pay_for_jobs(F.training, cost)
                self.support(h, F.lost_work_subsidy, lost_work)
                self.count(K.trained)

    def match(self):
        """Public-welfare posts to households without work, then openings down the line, start-ups, work away."""
        p, seed, month = self.policy, self.model.seed, self.model.month
        workshop, service, post, startup, _ = self.employers
        seeking = [h for h in self.households if h.searches()]
        line = sorted(seeking, key=lambda h: rank_in_line(h.draw(draws.JOB_RANK, 0), search_weight(h, p)))
        for h in line:
            if post.open >= 1.0 and h.kept + jobs_there(h) == 0:
                h.start_job(POST)
        openings = workshop.open + service.open
        seekers = float(sum(h.seekers for h in line))
        hires = matches(openings, seekers, p, u01(seed, draws.MATCHES, self.county, month))
        for h in [h for h in line if h.seekers > 0][:hires]:
            in_workshop = h.draw(draws.JOB_KIND, month) * (workshop.open + service.open) < workshop.open
            h.start_job(WORKSHOP if in_workshop else SERVICE)
        for h in line:
            if startup.open >= 1.0 and h.seekers > 0 and may_start_up(h):
                h.start_up()
        for h in line:
            if h.seekers > 0 and h.draw(draws.AWAY, month) < p.away_rate_per_month * h.seekers:
                h.start_job(AWAY)

    def pay_employers(self):
        """Posts, then social insurance, as far as the employment account goes."""
        p = self.policy
        workshop, service, post, _, _ = (e.filled for e in self.employers)
        posts = fen(p.post_subsidy_yuan_per_month) * (post + self.village_posts)
        self.pay_for_jobs(F.post_subsidy, min(self.jobs_cash, posts))
        insured = fen(p.social_insurance_subsidy_yuan_per_month) * (workshop + service)
        self.pay_for_jobs(F.social_insurance_subsidy, min(self.jobs_cash, insured))

    # step 11: the old house

    def reclaims(self, homestead_m2: float) -> bool:
        """Reclaim a homestead if it is large enough and can be paid for, and sell its quota within the yearly cap; whether it is."""
        p, month = self.policy, self.model.month
        land, year = mu(homestead_m2), month // 12
        cost = fen(p.reclamation_cost_yuan_per_mu * land)
        if not worth_reclaiming(homestead_m2, p) or cost > self.money_left:
            return False
        self.pay(F.reclamation, cost)
        self.count(K.reclaimed_mu, land)
        self.count(K.reused_mu, land * p.reuse_share)
        room = p.quota_cap_mu_per_year * self.open_share - self.quota_sold[year]
        sold = max(0.0, min(land * p.quota_sold_share, room))
        self.quota_sold[year] += sold
        self.count(K.quota_sold_mu, sold)
        self.quota_due[month + int(p.quota_delay_months)] += fen(p.quota_price_yuan_per_mu * sold)
        return True

    # step 14: record

    def close_month(self):
        """Carry what is cumulative forward and enter the stocks of institutions."""
        county, month = self.model.outcomes.county, self.model.month
        if month > 0:
            for k in (
                K.persons_signed, K.persons_keys, K.persons_occupied, K.persons_returned, K.persons_own_moved,
                K.earlier_returned, K.persons_keys_poor, K.persons_occupied_poor, K.residents_to_core, K.residents_to_town,
                K.residents_from_core, K.residents_from_town, K.residents_own_moved, K.withheld, K.surrendered,
            ):  # fmt: skip
                county[month, self.county, k] += county[month - 1, self.county, k]
        for site in self.model.sites:
            if site.county == self.county:
                self.count(K.homes_ready, site.ready)
                self.count(K.homes_free, site.free)
                self.count(K.homes_reserved, site.reserved)
                self.count(K.homes_occupied, site.occupied)
                self.count(K.homes_idle, site.idle)
        for village in self.model.villages:
            if village.county == self.county:
                self.count(K.closed_villages, village.closed)
                self.count(K.job_belief, village.job_chance)
        for kind, employer in enumerate(self.employers):
            self.count(K.positions_workshop + kind, employer.positions)
            self.count(K.filled_workshop + kind, employer.filled)
        self.count(K.cash_fen, self.cash)
        self.count(K.committed_fen, self.committed)
        self.count(K.jobs_cash_fen, self.jobs_cash)
        self.count(K.pool_debt_fen, self.debt)
        for stock in ("village_jobs", "projects", "houses_let", "school_persons", "job_persons"):
            self.count(getattr(K, stock), getattr(self, stock))


class RelocationByAgents(mesa.Model):
    """One run, agent by agent.

    `household` is the class of the households; with `shuffled`, households act in a new random order each month wherever each decides
    by itself on what it saw when the month began. The result is the same.
    """

    def __init__(
        self,
        inputs: Inputs,
        *,
        seed: int,
        household: type[HouseholdAgent] = HouseholdAgent,
        shuffled: bool = False,
    ):
        super().__init__(rng=seed)
        self.inputs, self.seed, self.shuffled = inputs, int(seed), shuffled
        self.window = inputs.window
        self.month = 0
        books = self._books = new_books(inputs.institutions, months=inputs.months)
        records = self._records = new_households(inputs.population)
        self.outcomes = new_outcomes(
            months=inputs.months,
            counties=len(books.offices),
            modes=inputs.modes.shape[1],
            villages=len(books.villages),
            sites=len(books.sites),
        )
        site_of = books.site_of.tolist()
        self.offices = [OfficeAgent(self, c, r, inputs.months) for c, r in enumerate(books.offices)]
        self.sites = [SiteAgent(self, s, r) for s, r in enumerate(books.sites)]
        self.villages = [VillageAgent(self, v, r, site_of[v]) for v, r in enumerate(books.villages)]
        self.households: Any = AgentSet([household(self, r) for r in records], random=self.random)
        for office in self.offices:
            office.lottery = sorted(office.households, key=lambda h: h.draw(draws.LOTTERY, 0))
        self.open_month()
        self.households.select(lambda h: not h.earlier).do("settle_who_would_stay")
        self.households.select(lambda h: h.earlier).do("arrive_earlier")
        self.households.select(lambda h: h.earlier).do("settled_earlier")
        for village in self.villages:
            village.look_at_movers(month=-1)

    def open_month(self):
        self.modes = [plain(record) for record in self.inputs.modes[self.month]]
        self.ready = self.inputs.institutions.ready[self.month].tolist()
        self.school_open = self.inputs.institutions.school_open[self.month].tolist()
        for office in self.offices:
            office.open_month()

    def step(self):
        """One month, in the order of `simulation.month`."""
        self.month = self.steps - 1
        households, offices, villages = self.households, self.offices, self.villages
        each_by_itself = households.shuffle_do if self.shuffled else households.do
        self.open_month()
        if self.month > 0:
            for table in (self.outcomes.mode, self.outcomes.klass):
                table[self.month] = table[self.month - 1]
        for office in offices:
            office.receive()
            office.renew_list()
            office.run_village_programmes()
            office.open_school_door()
            office.open_job_door()
        for village in villages:
            village.believe()
        for office in offices:
            office.announce_homes()
        each_by_itself("decide")
        for village in villages:
            village.consider_moving_whole()
        for office in offices:
            office.grant()
        households.do("take_keys")
        each_by_itself("maybe_lose_job")
        for office in offices:
            office.train()
            office.match()
            office.pay_employers()
            office.fill_village_jobs()
        leaving = AgentSet(
            [h for h in households if h.live()], random=self.random
        )  # in row order: money may run out
        (leaving.shuffle_do if self.shuffled else leaving.do)("go_home")
        for village in villages:
            village.look_at_movers(self.month)
            village.maybe_close()
        households.do("be_counted")
        for office in offices:
            office.close_month()
        if self.month == self.window - 1:
            for h in households:
                if not h.earlier:
                    self.outcomes.why[h.county, h.what_keeps_it()] += (1, h.members)

    def result(self) -> Result:
        """Outcomes, households and books as arrays, as `simulation.run.run` returns them."""
        households, books = self._records.copy(), self._books
        for h in self.households:
            households[h.id] = tuple(getattr(h, field) for field in HOUSEHOLD.names or ())
            books.at_work[h.id], books.seeking[h.id] = jobs_there(h), h.seekers
        status = np.array([h.status for h in self.households], np.uint8)
        for agents, table in (
            (self.villages, books.villages),
            (self.sites, books.sites),
            (self.offices, books.offices),
        ):
            for row, agent in enumerate(agents):
                table[row] = tuple(getattr(agent, field) for field in table.dtype.names or ())
        for v, village in enumerate(self.villages):
            books.moved_by_mode[v] = village.moved_by_mode
            moved = sum(h.status == MOVED for h in village.households)
            waiting = sum(h.status in (APPLIED, GRANTED) for h in village.households)
            self.outcomes.village[v] = village.originals, moved, waiting, village.closed
        for c, office in enumerate(self.offices):
            books.room[c] = office.room
            books.quota_due[c] = office.quota_due
            books.quota_sold[c] = office.quota_sold
            books.positions[c] = [e.positions for e in office.employers]
            books.filled[c] = [e.filled for e in office.employers]
        for site in self.sites if self.steps else ():
            self.outcomes.site[site.row] = site.who_lives_there()
        account(self.outcomes, self.inputs.policy, self.inputs.institutions.core_counties, months=self.steps)
        return Result(self.outcomes, households, status, books)


def run_agents(
    inputs: Inputs,
    *,
    seed: int,
    months: int | None = None,
    household: type[HouseholdAgent] = HouseholdAgent,
    shuffled: bool = False,
) -> Result:
    """Run `months` (default: all) agent by agent; equal to `simulation.run.run` in every bit, some thousand times slower."""
    model = RelocationByAgents(inputs, seed=seed, household=household, shuffled=shuffled)
    for _ in range(inputs.months if months is None else months):
        model.step()
    return model.result()
