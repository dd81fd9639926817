"""The toy: a relocation programme small enough to write four times. What every implementation must do, month by month.

Money is in thousand yuan, income and costs a month. A household is at home, has applied, has moved or has returned.

 1. A village's share of movers and the share of jobs still open are taken at the start of the month.
 2. A household at home with a head under `max_age` weighs the offer with chance `weighs`. It applies if
    b_wage * (wage * workers * open - income) - b_distance * distance + b_peers * share + push + taste > 0.
 3. `homes` households are granted a home and move at once: first the poor (income a person below `line` on application), then
    the others; in each queue by month of application, at random within a month. A mover owes `loan` a person.
 4. A mover without work finds it with chance find * open; one with work loses it with chance `lose`.
 5. Income goes from its last value towards this month's with weight 1 - memory: wage * workers with work, relief * persons
    without, the farm's for those who did not move. With `noise` above 0 the new value is multiplied by
    exp(noise * z - noise**2 / 2), z standard normal, for every household in every month.
 6. A mover owes loan * (1 + rate), and pays as much of it as `pay_share` of income allows. What income leaves after that, after
    need * persons and after spend * income is saved, or taken from savings while there are any.
 7. A mover goes back with chance base * exp(k_debt * min(loan / (12 * income), 5) + k_idle * (no work)), and loses its job.
    Who went back lives off the farm again, still owes the loan, services it no longer, and does not apply again.
 8. The head ages a month.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

HOME, APPLIED, MOVED, RETURNED = range(4)
MONTHS = 60
TOTALS = ("applied", "moved", "returned", "working", "income", "savings", "loan")
VILLAGE = 50  # households


class Toy(NamedTuple):
    """The parameters; all are floats."""

    homes: float  # a month
    jobs: float
    noise: float = 0.0
    max_age: float = 70.0
    weighs: float = 0.08
    b_wage: float = 0.6
    wage: float = 2.6
    b_distance: float = 1.0
    b_peers: float = 2.0
    push: float = 0.0
    line: float = 0.36
    loan: float = 8.0
    find: float = 0.35
    lose: float = 0.02
    memory: float = 0.7
    relief: float = 0.25
    rate: float = 0.004
    pay_share: float = 0.15
    need: float = 0.12
    spend: float = 0.55
    base: float = 0.0015
    k_debt: float = 0.6
    k_idle: float = 0.9


class Households(NamedTuple):
    """Known before the first month; every array is (households,), f8 unless said otherwise."""

    persons: np.ndarray
    workers: np.ndarray
    age: np.ndarray
    distance: np.ndarray
    taste: np.ndarray
    farm: np.ndarray  # income from the farm, and all income at the start
    savings: np.ndarray
    village: np.ndarray  # i8, contiguous


def toy(households: int, noise: float = 0.0) -> Toy:
    """Homes and jobs for so many households."""
    return Toy(homes=float(max(1, households // 200)), jobs=0.45 * households, noise=noise)


def make_households(n: int, seed: int = 1) -> Households:
    """Random households, the same for every tool."""
    g = np.random.default_rng(seed)
    village = np.arange(n) // VILLAGE
    persons = g.integers(1, 8, n).astype(float)
    return Households(
        persons=persons,
        workers=1.0 + (persons >= 4),
        age=g.uniform(22, 72, n),
        distance=g.uniform(0.1, 1.5, village[-1] + 1)[village],
        taste=g.logistic(size=n),
        farm=0.45 * persons * np.exp(0.4 * g.standard_normal(n) - 0.08),
        savings=g.exponential(3.0, n),
        village=village,
    )
