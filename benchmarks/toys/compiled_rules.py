"""The toy our way: scalar rules over records, keyed draws, and short compiled loops that call the rules."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.toys.spec import APPLIED, HOME, MOVED, RETURNED, Households, Toy
from simulation.draws import exp_, normal, u01
from simulation.rule import rule

WEIGH, LOTTERY, WORK, BACK, NOISE = range(5)  # streams

HOUSEHOLD = np.dtype(
    [
        (name, "f8")
        for name in ("persons", "workers", "age", "distance", "taste", "farm", "savings", "income", "loan")
    ]
    + [("village", "i4"), ("status", "i1"), ("working", "i1")],
    align=True,
)


class Queue(NamedTuple):
    """Applicants in the order they are served: poor in row 0, others in row 1; `end` is one past the last of each."""

    row: np.ndarray  # i8 (2, households)
    start: np.ndarray  # i8 (2,)
    end: np.ndarray  # i8 (2,)


@rule
def wants_to_leave(h, p, open_, share):
    gain = p.b_wage * (p.wage * h.workers * open_ - h.income)
    gain = gain + p.b_peers * share - p.b_distance * h.distance
    return gain + p.push + h.taste > 0.0


@rule
def works_now(h, p, open_, draw):
    return draw >= p.lose if h.working > 0 else draw < p.find * open_


@rule
def earned(h, p):
    """What this month brings; `income` follows it slowly."""
    if h.status != MOVED:
        return h.farm
    return p.wage * h.workers if h.working > 0 else p.relief * h.persons


@rule
def repaid(h, p):
    return min(h.loan * (1.0 + p.rate), p.pay_share * h.income)


@rule
def goes_back(h, p, draw):
    burden = min(h.loan / (12.0 * h.income), 5.0)
    return draw < p.base * exp_(p.k_debt * burden + p.k_idle * (1 - h.working))


@rule
def apply(hh, p, seed, t, open_, share, queue):
    new = np.empty(len(hh), np.int64)
    found = 0
    for i in range(len(hh)):
        h = hh[i]
        if h.status != HOME or h.age >= p.max_age or u01(seed, WEIGH, i, t) >= p.weighs:
            continue
        if wants_to_leave(h, p, open_, share[h.village]):
            h.status = APPLIED
            new[found] = i
            found += 1
    ticket = np.empty(found)
    for k in range(found):
        ticket[k] = u01(seed, LOTTERY, new[k], t)
    for k in np.argsort(ticket):
        i = new[k]
        line = 0 if hh[i].income < p.line * hh[i].persons else 1
        queue.row[line, queue.end[line]] = i
        queue.end[line] += 1


@rule
def grant(hh, p, queue):
    for _ in range(int(p.homes)):
        line = 0 if queue.start[0] < queue.end[0] else 1
        if queue.start[line] == queue.end[line]:
            return
        h = hh[queue.row[line, queue.start[line]]]
        queue.start[line] += 1
        h.status = MOVED
        h.loan = p.loan * h.persons


@rule
def live(hh, p, seed, t, open_):
    for i in range(len(hh)):
        h = hh[i]
        if h.status == MOVED:
            h.working = works_now(h, p, open_, u01(seed, WORK, i, t))
        now = earned(h, p)
        if p.noise > 0.0:
            now *= exp_(p.noise * normal(u01(seed, NOISE, i, t)) - 0.5 * p.noise * p.noise)
        h.income = p.memory * h.income + (1.0 - p.memory) * now
        paid = 0.0
        if h.status == MOVED:
            paid = repaid(h, p)
            h.loan = h.loan * (1.0 + p.rate) - paid
        left = h.income - p.need * h.persons - p.spend * h.income - paid
        h.savings = max(0.0, h.savings + left)
        if h.status == MOVED and goes_back(h, p, u01(seed, BACK, i, t)):
            h.status = RETURNED
            h.working = 0
        h.age += 1.0 / 12.0


@rule
def advance(hh, p, seed, months, size, queue):
    """All months, in place."""
    for t in range(months):
        share = np.zeros(len(size))
        working = 0
        for h in hh:
            if h.status == MOVED:
                share[h.village] += 1.0
                working += h.working
        open_ = max(0.0, 1.0 - working / p.jobs)
        apply(hh, p, seed, t, open_, share / size, queue)
        grant(hh, p, queue)
        live(hh, p, seed, t, open_)


def run(households: Households, p: Toy, seed: int, months: int) -> tuple[float, ...]:
    n = len(households.persons)
    hh = np.zeros(n, HOUSEHOLD)
    for name, column in households._asdict().items():
        hh[name] = column
    hh["income"] = households.farm
    queue = Queue(np.empty((2, n), np.int64), np.zeros(2, np.int64), np.zeros(2, np.int64))
    advance(hh.view(np.recarray), p, seed, months, np.bincount(households.village), queue)
    number = np.bincount(hh["status"], minlength=4)
    return (
        *map(float, number[[APPLIED, MOVED, RETURNED]]),
        *(float(hh[name].sum()) for name in ("working", "income", "savings", "loan")),
    )
