"""The toy in plain Mesa: one object a household, `AgentSet.do` and `shuffle_do`."""

from __future__ import annotations

import math
from collections import deque

import mesa

from benchmarks.toys.spec import APPLIED, HOME, MOVED, RETURNED, Households, Toy


class Household(mesa.Agent):
    def __init__(self, model, persons, workers, age, distance, taste, farm, savings, village):
        super().__init__(model)
        self.persons, self.workers, self.age = persons, workers, age
        self.distance, self.taste, self.farm, self.village = distance, taste, farm, village
        self.income, self.savings, self.loan = farm, savings, 0.0
        self.status, self.working = HOME, False

    def apply(self):
        model, p = self.model, self.model.p
        if self.status != HOME or self.age >= p.max_age or model.random.random() >= p.weighs:
            return
        gain = p.b_wage * (p.wage * self.workers * model.open - self.income)
        gain += p.b_peers * model.share[self.village] - p.b_distance * self.distance
        if gain + p.push + self.taste > 0.0:
            self.status = APPLIED
            queue = model.poor if self.income < p.line * self.persons else model.others
            queue.append(self)

    def live(self):
        p, random = self.model.p, self.model.random
        moved = self.status == MOVED
        now = self.farm
        if moved:
            if self.working:
                self.working = random.random() >= p.lose
            else:
                self.working = random.random() < p.find * self.model.open
            now = p.wage * self.workers if self.working else p.relief * self.persons
        if p.noise > 0.0:
            now *= random.lognormvariate(-0.5 * p.noise**2, p.noise)
        self.income = p.memory * self.income + (1.0 - p.memory) * now
        paid = 0.0
        if moved:
            owed = self.loan * (1.0 + p.rate)
            paid = min(owed, p.pay_share * self.income)
            self.loan = owed - paid
        left = self.income - p.need * self.persons - p.spend * self.income - paid
        self.savings = max(0.0, self.savings + left)
        if moved:
            burden = min(self.loan / (12.0 * self.income), 5.0)
            if random.random() < p.base * math.exp(p.k_debt * burden + p.k_idle * (not self.working)):
                self.status, self.working = RETURNED, False
        self.age += 1.0 / 12.0


class Programme(mesa.Model):
    def __init__(self, households: Households, p: Toy, seed: int):
        super().__init__(rng=seed)
        self.p = p
        self.poor, self.others = deque(), deque()
        columns = (column.tolist() for column in households)
        Household.create_agents(self, len(households.persons), *columns)
        self.size = self.count(self.agents)
        self.open, self.share = 1.0, []

    def count(self, agents) -> list[int]:
        """How many of the households live in each village."""
        number = [0] * (self.agents[-1].village + 1)
        for household in agents:
            number[household.village] += 1
        return number

    def step(self):
        movers = [household for household in self.agents if household.status == MOVED]
        self.share = [moved / size for moved, size in zip(self.count(movers), self.size, strict=True)]
        self.open = max(0.0, 1.0 - sum(household.working for household in movers) / self.p.jobs)
        self.agents.shuffle_do("apply")
        for _ in range(int(self.p.homes)):
            queue = self.poor or self.others
            if not queue:
                break
            household = queue.popleft()
            household.status, household.loan = MOVED, self.p.loan * household.persons
        self.agents.do("live")


def run(households: Households, p: Toy, seed: int, months: int) -> tuple[float, ...]:
    model = Programme(households, p, seed)
    for _ in range(months):
        model.step()
    agents = list(model.agents)
    number = [sum(a.status == status for a in agents) for status in (APPLIED, MOVED, RETURNED)]
    return (
        *number, sum(a.working for a in agents), sum(a.income for a in agents),
        sum(a.savings for a in agents), sum(a.loan for a in agents),
    )  # fmt: skip
