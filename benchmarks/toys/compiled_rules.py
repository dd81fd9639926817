"""The toy our way: scalar rules over records, keyed draws, and short compiled loops that call the rules."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmarks.toys.spec import APPLIED, HOME, MOVED, RETURNED, Households, Toy
from simulation.draws import exp_, fill_pairs, normal, u01
from simulation.rule import rule, step

MONTH, LOTTERY, NOISE = range(3)  # streams

HOUSEHOLD = np.dtype(
    [
        (name, "f8")
        for name in ("persons", "workers", "age", "distance", "taste", "farm", "savings", "income", "loan")
    ]
    + [("village", "i4"), ("working", "i1")],
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
    """What this month brings a mover; `income` follows it slowly."""
    return p.wage * h.workers if h.working > 0 else p.relief * h.persons


@rule
def repaid(h, p):
    return min(h.loan * (1.0 + p.rate), p.pay_share * h.income)


@rule
def goes_back(h, p, draw):
    burden = min(h.loan / (12.0 * h.income), 5.0)
    return draw < p.base * exp_(p.k_debt * burden + p.k_idle * (1 - h.working))


@step
def apply(hh, status, p, seed, t, open_, share, queue, draws):
    new = np.empty(len(hh), np.int64)
    found = 0
    for i in range(len(hh)):
        if status[i] != HOME or draws[i] >= p.weighs:
            continue
        h = hh[i]
        if h.age + t / 12.0 < p.max_age and wants_to_leave(h, p, open_, share[h.village]):
            status[i] = APPLIED
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
def grant(hh, status, p, queue):
    for _ in range(int(p.homes)):
        line = 0 if queue.start[0] < queue.end[0] else 1
        if queue.start[line] == queue.end[line]:
            return
        i = queue.row[line, queue.start[line]]
        queue.start[line] += 1
        status[i] = MOVED
        hh[i].loan = p.loan * hh[i].persons


@rule
def live(hh, status, p, seed, t, open_, works, back):
    most = p.base * exp_(5.0 * p.k_debt + p.k_idle)  # no household goes back more often
    for i in range(len(hh)):
        h = hh[i]
        now, paid = h.farm, 0.0
        moved = status[i] == MOVED
        if moved:
            h.working = works_now(h, p, open_, works[i])
            now = earned(h, p)
        if p.noise > 0.0:
            now *= exp_(p.noise * normal(u01(seed, NOISE, i, t)) - 0.5 * p.noise * p.noise)
        income = p.memory * h.income + (1.0 - p.memory) * now
        h.income = income
        if moved:
            paid = repaid(h, p)
            h.loan = h.loan * (1.0 + p.rate) - paid
        h.savings = max(0.0, h.savings + income - p.need * h.persons - p.spend * income - paid)
        if moved and back[i] < most and goes_back(h, p, back[i]):
            status[i] = RETURNED
            h.working = 0


@step
def advance(hh, status, p, seed, months, size, queue):
    """All months, in place. A household weighs the offer or works, never both: one draw serves either."""
    works, back = np.empty(len(hh)), np.empty(len(hh))
    for t in range(months):
        fill_pairs(seed, MONTH, 0, t, works, back)
        share = np.zeros(len(size))
        working = 0
        for i in range(len(hh)):
            if status[i] == MOVED:
                share[hh[i].village] += 1.0
                working += hh[i].working
        open_ = max(0.0, 1.0 - working / p.jobs)
        apply(hh, status, p, seed, t, open_, share / size, queue, works)
        grant(hh, status, p, queue)
        live(hh, status, p, seed, t, open_, works, back)


def run(households: Households, p: Toy, seed: int, months: int) -> tuple[float, ...]:
    n = len(households.persons)
    hh = np.zeros(n, HOUSEHOLD)
    for name, column in households._asdict().items():
        hh[name] = column
    hh["income"] = households.farm
    queue = Queue(np.empty((2, n), np.int64), np.zeros(2, np.int64), np.zeros(2, np.int64))
    status = np.full(n, HOME, np.uint8)
    advance(hh.view(np.recarray), status, p, seed, months, np.bincount(households.village), queue)
    number = np.bincount(status, minlength=4)
    return (
        *map(float, number[[APPLIED, MOVED, RETURNED]]),
        *(float(hh[name].sum()) for name in ("working", "income", "savings", "loan")),
    )
