"""The toy in NumPy: one array a variable, every step over all households at once."""

from __future__ import annotations

import numpy as np

from benchmarks.toys.spec import APPLIED, HOME, MOVED, RETURNED, Households, Toy


def run(households: Households, p: Toy, seed: int, months: int) -> tuple[float, ...]:
    persons, workers, age, distance, taste, farm, savings, village = households
    g = np.random.default_rng(seed)
    n = len(persons)
    size = np.bincount(village)
    income, savings, age = farm.copy(), savings.copy(), age.copy()
    loan, status, working = np.zeros(n), np.full(n, HOME, np.int8), np.zeros(n, bool)
    poor = others = np.empty(0, np.int64)
    for _ in range(months):
        share = np.bincount(village[status == MOVED], minlength=len(size)) / size
        open_ = max(0.0, 1.0 - working.sum() / p.jobs)

        at = np.flatnonzero((status == HOME) & (age < p.max_age))
        at = at[g.random(len(at)) < p.weighs]
        gain = p.b_wage * (p.wage * workers[at] * open_ - income[at])
        gain += p.b_peers * share[village[at]] - p.b_distance * distance[at]
        new = g.permutation(at[gain + p.push + taste[at] > 0.0])
        status[new] = APPLIED

        is_poor = income[new] < p.line * persons[new]
        poor, others = np.concatenate([poor, new[is_poor]]), np.concatenate([others, new[~is_poor]])
        first = poor[: int(p.homes)]
        then = others[: int(p.homes) - len(first)]
        poor, others = poor[len(first) :], others[len(then) :]
        granted = np.concatenate([first, then])
        status[granted] = MOVED
        loan[granted] = p.loan * persons[granted]

        moved = status == MOVED
        at = np.flatnonzero(moved)
        draw = g.random(len(at))
        working[at] = np.where(working[at], draw >= p.lose, draw < p.find * open_)
        now = farm.copy()
        now[at] = np.where(working[at], p.wage * workers[at], p.relief * persons[at])
        if p.noise > 0.0:
            now *= np.exp(p.noise * g.standard_normal(n) - 0.5 * p.noise**2)
        income = p.memory * income + (1.0 - p.memory) * now

        owed = loan[at] * (1.0 + p.rate)
        paid = np.minimum(owed, p.pay_share * income[at])
        loan[at] = owed - paid
        left = income - p.need * persons - p.spend * income
        left[at] -= paid
        savings = np.maximum(0.0, savings + left)

        burden = np.minimum(loan[at] / (12.0 * income[at]), 5.0)
        back = at[g.random(len(at)) < p.base * np.exp(p.k_debt * burden + p.k_idle * ~working[at])]
        status[back] = RETURNED
        working[back] = False
        age += 1.0 / 12.0
    number = np.bincount(status, minlength=4)
    return (
        *map(float, number[[APPLIED, MOVED, RETURNED]]),
        float(working.sum()),
        income.sum(),
        savings.sum(),
        loan.sum(),
    )
