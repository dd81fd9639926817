"""What a run reports: indicators by month and county, incomes by group, why households have not moved, and targets.

`Outcomes` is the array the engine writes; names of its last axis are the tuples below. Money is in fen.
"""

from __future__ import annotations

from collections import namedtuple
from typing import NamedTuple

import numpy as np

from simulation.households import CLASSES, JOBS
from simulation.ledger import FLOWS

# Stocks at the end of the month, in households unless the name says otherwise; new_*, trained, due_fen, interest_fen,
# reclaimed_mu and quota_sold_mu are flows of the month; integration and job_belief are sums over movers and villages.
INDICATORS = (
    "origin", "applied", "granted", "moved", "returned", "own_moved", "improved", "withheld",
    "earlier_moved", "earlier_returned",
    # persons that count towards a target, cumulative; *_poor are on the low-income list
    "persons_signed", "persons_keys", "persons_occupied", "persons_returned", "persons_own_moved",
    "persons_keys_poor", "persons_occupied_poor",
    # persons living at their destination a year or more, above the low-income line, at work where they can, without arrears
    "persons_stable", "persons_stable_poor",
    "behind_persons",  # elderly who stayed in the old house when the others moved
    # persons at home who moved to or from towns, cumulative, whenever they moved
    "residents_to_core", "residents_to_town", "residents_from_core", "residents_from_town", "residents_own_moved",
    "school_persons", "job_persons",  # villagers living in town for school or a job while the household stays
    # flows of the month, households
    "new_applied", "new_granted", "new_moved", "new_returned", "new_withdrew", "new_own_moved", "new_improved",
    "new_whole_villages", "new_loans", "new_struck", "new_listed",
    # homes: ready = free + reserved + occupied + idle
    "homes_ready", "homes_free", "homes_reserved", "homes_occupied", "homes_idle",
    # jobs at the destination: positions = filled + open, by kind
    *(f"positions_{k}" for k in JOBS), *(f"filled_{k}" for k in JOBS),
    "trained", "villagers_trained", "village_jobs", "projects", "houses_let",
    "mover_labour", "mover_employed", "mover_seekers", "labour_households", "working_households",
    # debt
    "pool_debt_fen", "loan_households", "loan_fen", "arrears_fen", "arrears_households", "due_fen", "interest_fen",
    # stay and belong
    "integration", "hukou_persons", "surrendered", "reclaimed_mu", "reused_mu", "quota_sold_mu", "leased_mu", "closed_villages",
    # budgets
    "cash_fen", "committed_fen", "jobs_cash_fen", "job_belief",
)  # fmt: skip

# What a target may count beside indicators: unit, one indicator, over another.
RATIOS = {
    "occupancy_share": ("share", "homes_occupied", "homes_ready"),
    "employed_share": ("share", "mover_employed", "mover_labour"),
    "working_share": ("share", "working_households", "labour_households"),
    "stable_share": ("share", "persons_stable", "persons_keys"),
    "surrendered_share": ("share", "surrendered", "moved"),
}
# What urban accounts give (simulation.urban): name and unit.
URBAN_METRICS = {
    "urban_share": "share",
    "urban_share_gain": "share",  # over the 12 months to the date
    "urban_residents": "persons",
    "urban_residents_added": "persons",  # over the 12 months to the date
    "core_residents": "persons",
    "income_ratio": "ratio",
}

# Incomes are summed over these groups.
GROUPS = ("movers", "stayers", "withheld", "granted", "earlier", "returned")
INCOMES = (
    "households", "persons", "wage_fen", "business_fen", "transfer_fen", "property_fen", "start_fen",
    "poor_households",
)  # fmt: skip

# Where every household of the pool stands when the window closes.
WHY = (
    "moved", "returned", "own_moved", "improved", "no_home", "no_money", "in_process", "withdrew", "not_yet_applied",
    "unaffordable", "infeasible", "never_mover", "prefers_to_stay", "withheld",
)  # fmt: skip


# Of each site.
SITE = (
    "households", "persons", "labour", "employed", "wage_fen", "business_fen", "transfer_fen", "property_fen",
)  # fmt: skip

# Urban accounts (simulation.urban): residents at the end of the month, then what changed them in it, persons.
AREAS = ("core", "town", "rural")
COMPONENTS = (
    "residents", "natural", "moves", "school", "jobs", "migration", "students", "graduates", "reclassified", "returners",
)  # fmt: skip
# Yuan a head and year, their ratio, and its change since the start in three parts that add up.
URBAN_INCOME = ("urban_income", "rural_income", "ratio", "by_growth", "by_policy", "by_composition")


# Positions on those axes, for the engine: `K.moved`, `F.subsidy` ...
K = namedtuple("K", INDICATORS)(*range(len(INDICATORS)))
G = namedtuple("G", GROUPS)(*range(len(GROUPS)))
W = namedtuple("W", WHY)(*range(len(WHY)))
F = namedtuple("F", tuple(flow.name for flow in FLOWS))(*range(len(FLOWS)))


class Outcomes(NamedTuple):
    """The engine's output arrays, dtype f8."""

    county: np.ndarray  # (months, counties, INDICATORS)
    mode: np.ndarray  # (months, modes): persons holding keys, cumulative, counted event `keys`
    klass: np.ndarray  # (months, CLASSES): the same by priority class
    income: np.ndarray  # (months, counties, GROUPS, INCOMES): this month's income
    ledger: np.ndarray  # (months, counties, FLOWS): fen paid this month
    why: np.ndarray  # (counties, WHY, 2): households, persons when the window closes
    village: np.ndarray  # (villages, 4): original households, moved, applied, closed at the last month run
    site: np.ndarray  # (sites, SITE): who lives there and what they earned in the last month run
    urban: (
        np.ndarray
    )  # (months, AREAS, COMPONENTS): residents and what changed them; all 0 where no accounts are kept
    urban_income: np.ndarray  # (months, URBAN_INCOME): incomes of townspeople and villagers, and their ratio


def new_outcomes(*, months: int, counties: int, modes: int, villages: int, sites: int) -> Outcomes:
    """Empty outcome arrays for a run of `months`."""
    return Outcomes(
        county=np.zeros((months, counties, len(INDICATORS))),
        mode=np.zeros((months, modes)),
        klass=np.zeros((months, len(CLASSES))),
        income=np.zeros((months, counties, len(GROUPS), len(INCOMES))),
        ledger=np.zeros((months, counties, len(FLOWS))),
        why=np.zeros((counties, len(WHY), 2)),
        village=np.zeros((villages, 4)),
        site=np.zeros((sites, len(SITE))),
        urban=np.zeros((months, len(AREAS), len(COMPONENTS))),
        urban_income=np.zeros((months, len(URBAN_INCOME))),
    )
