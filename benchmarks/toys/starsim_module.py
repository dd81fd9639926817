"""The toy as one Starsim module: float states, and one distribution for each random process."""

from __future__ import annotations

import os

os.environ.setdefault("STARSIM_INSTALL_FONTS", "0")

import numpy as np
import starsim as ss

from benchmarks.toys.spec import APPLIED, HOME, MOVED, RETURNED, Households, Toy


class Relocation(ss.Module):
    def __init__(self, households: Households, p: Toy, **kwargs):
        super().__init__(**kwargs)
        self.known, self.p = households, p
        self.size = np.bincount(households.village)
        names = (
            "persons",
            "workers",
            "head_age",
            "distance",
            "taste",
            "farm",
            "savings",
            "village",
            "income",
            "loan",
        )
        self.define_states(*(ss.FloatArr(name, default=0.0) for name in (*names, "status", "working")))
        self.weighs, self.lottery, self.job, self.back = ss.random(), ss.random(), ss.random(), ss.random()
        self.shock = ss.normal(loc=0, scale=1)
        self.poor = self.others = ss.uids()

    def init_post(self):
        super().init_post()
        for name, column in self.known._asdict().items():
            getattr(self, "head_age" if name == "age" else name)[:] = column
        self.income[:] = self.known.farm

    def step(self):
        p, village = self.p, self.known.village
        status = self.status.values
        share = np.bincount(village[status == MOVED], minlength=len(self.size)) / self.size
        open_ = max(0.0, 1.0 - self.working.values.sum() / p.jobs)

        at = ((self.status == HOME) & (self.head_age < p.max_age)).uids
        at = at[self.weighs.rvs(at) < p.weighs]
        gain = p.b_wage * (p.wage * self.workers[at] * open_ - self.income[at])
        gain = gain + p.b_peers * share[village[at]] - p.b_distance * self.distance[at]
        new = at[gain + p.push + self.taste[at] > 0.0]
        new = new[np.argsort(self.lottery.rvs(new))]
        self.status[new] = APPLIED

        is_poor = self.income[new] < p.line * self.persons[new]
        self.poor, self.others = self.poor.concat(new[is_poor]), self.others.concat(new[~is_poor])
        first = self.poor[: int(p.homes)]
        then = self.others[: int(p.homes) - len(first)]
        self.poor, self.others = self.poor[len(first) :], self.others[len(then) :]
        granted = first.concat(then)
        self.status[granted] = MOVED
        self.loan[granted] = p.loan * self.persons[granted]

        at = (self.status == MOVED).uids
        draw = self.job.rvs(at)
        works = np.where(self.working[at] == 1, draw >= p.lose, draw < p.find * open_)
        self.working[at] = works
        now = self.farm.values.copy()
        now[at] = np.where(works, p.wage * self.workers[at], p.relief * self.persons[at])
        if p.noise > 0.0:
            now = now * np.exp(p.noise * self.shock.rvs(self.sim.people.auids) - 0.5 * p.noise**2)
        income = p.memory * self.income.values + (1.0 - p.memory) * now
        self.income[:] = income

        owed = self.loan[at] * (1.0 + p.rate)
        paid = np.minimum(owed, p.pay_share * income[at])
        self.loan[at] = owed - paid
        left = income - p.need * self.persons.values - p.spend * income
        left[at] -= paid
        self.savings[:] = np.maximum(0.0, self.savings.values + left)

        burden = np.minimum(self.loan[at] / (12.0 * income[at]), 5.0)
        back = at[self.back.rvs(at) < p.base * np.exp(p.k_debt * burden + p.k_idle * ~works)]
        self.status[back] = RETURNED
        self.working[back] = 0
        self.head_age[:] = self.head_age.values + 1.0 / 12.0


def run(households: Households, p: Toy, seed: int, months: int) -> tuple[float, ...]:
    module = Relocation(households, p)
    sim = ss.Sim(
        n_agents=len(households.persons), modules=[module], start=ss.date("2020-01-01"), dt=ss.month,
        dur=ss.months(months - 1), rand_seed=seed, verbose=0, copy_inputs=False,
    )  # fmt: skip
    sim.run()
    number = np.bincount(module.status.values.astype(int), minlength=4)
    states = (module.working, module.income, module.savings, module.loan)
    return (*map(float, number[[APPLIED, MOVED, RETURNED]]), *(float(state.values.sum()) for state in states))
