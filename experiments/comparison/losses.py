"""Who ends worse off than under the reference, household by household, and by how much.

Two things are looked at, both in yuan and both at the end of the run. *Income*: money income of the last month from all four
sources, less the debt service that falls due in it, as a year. *Wealth*: liquid savings less housing and start-up loans and
arrears, and with a subsidy that is due and not yet paid; the home is left out. A larger home and better services are not income,
and the higher cost of living in town shows in wealth only. A household is worse off if it has less by more than THRESHOLD of its
income of a year at the start.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simulation.households import MOVED, OWN_MOVED, RETURNED, Population, Villages

THRESHOLD = 0.05  # of the income of a year at the start: what is less is no loss
HEAVY = 0.25  # a loss of more than this is heavy
LEAST = 12.0  # yuan a year below which nothing is a loss, whatever the income at the start

WELFARE = ("income", "wealth")
FATES = ("both", "induced", "displaced", "stay", "earlier")
"""Moved by the programme by the run's end: under both, under the policy only, under the reference only, under neither; and
households that had moved before the start."""
LISTS = ("low_income", "others")
AGES = ("elderly_only", "head_60", "head_45", "younger")
"""All members are 60 and over; else by the age of the head: 60 and over, 45-59, under 45."""
DISTANCES = ("near", "middle", "far")
"""Thirds of the households by the distance of their village to the county town."""
PARTS = ("all", "fate", "list", "age", "distance", "county")

COLUMNS = (
    "households", "persons", "left_households", "left_persons",
    *(f"{welfare}_{what}" for welfare in WELFARE for what in (
        "worse_households", "worse_persons", "heavy_households", "loss_yuan",
        "better_households", "better_persons", "gain_yuan")),
    "both_worse_households", "both_worse_persons",
)  # fmt: skip
"""households, persons: compared. left: left unaided under one of the two, so that nothing is known of them, and not compared.
worse, better: by more than THRESHOLD; heavy: by more than HEAVY. loss, gain: of those, yuan (a year for income).
both_worse: worse off in income and in wealth."""
C = {name: k for k, name in enumerate(COLUMNS)}


class Ends(NamedTuple):
    """What each household has at the end of a run; every array has shape (households,)."""

    income: np.ndarray  # yuan a year, after debt service; NaN for those who left unaided
    wealth: np.ndarray  # yuan; NaN for those who left unaided
    moved: np.ndarray  # bool, by the programme


class People(NamedTuple):
    """What the two runs of a pair share: who they are; every array has shape (households,)."""

    start: np.ndarray  # yuan a year before the first month
    persons: np.ndarray  # registered members
    earlier: np.ndarray  # bool, moved before the start
    low_income: np.ndarray  # bool, on the list at the start
    age: np.ndarray  # rows of AGES
    distance: np.ndarray  # rows of DISTANCES
    county: np.ndarray


def ends(households: Any, status: np.ndarray) -> Ends:
    """What households have at the end. Those who left unaided have no accounts."""
    left = status == OWN_MOVED
    h = households
    due = np.where(h["moved"] >= 0, h["subsidy"], 0.0)
    income = 12.0 * (h["income"] - h["debt_service"]) / 100.0
    wealth = (h["savings"] + due - h["loan"] - h["startup_loan"] - h["arrears"]) / 100.0
    moved = (h["earlier"] == 0) & ((status == MOVED) | (status == RETURNED))
    return Ends(np.where(left, np.nan, income), np.where(left, np.nan, wealth), moved)


def people(population: Population, villages: Villages) -> People:
    """Who the households are, from what is known of them at the start."""
    sources = (
        population.wage,
        population.business,
        population.remittance,
        population.transfer,
        population.property,
    )
    head = population.head_age
    only_elderly = (population.elderly >= population.members) & (population.members > 0)
    age = np.select([only_elderly, head >= 60, head >= 45], [0, 1, 2], 3)
    km = villages.distance_km[population.village]
    distance = np.searchsorted(np.quantile(km, (1 / 3, 2 / 3)), km, side="left")
    return People(
        start=np.stack(sources).astype(np.float64).sum(axis=0),
        persons=population.members.astype(np.int64),
        earlier=population.earlier > 0,
        low_income=population.poor > 0,
        age=age,
        distance=distance,
        county=population.county.astype(np.int64),
    )


def cells(counties: int) -> list[tuple[str, int]]:
    """Part and number within the part of each row `losses` gives; `all` first."""
    sizes = {
        "all": 1, "fate": len(FATES), "list": len(LISTS), "age": len(AGES), "distance": len(DISTANCES), "county": counties
    }  # fmt: skip
    return [(part, k) for part in PARTS for k in range(sizes[part])]


def names(counties: tuple[str, ...]) -> list[tuple[str, str]]:
    """The same with names for numbers."""
    known = {
        "all": ("all",), "fate": FATES, "list": LISTS, "age": AGES, "distance": DISTANCES, "county": counties
    }  # fmt: skip
    return [(part, known[part][k]) for part, k in cells(len(counties))]


def losses(mine: Ends, theirs: Ends, who: People, counties: int) -> np.ndarray:
    """COLUMNS of each cell, (cells, COLUMNS): the policy's households against the same under the reference."""
    weights = _weights(mine, theirs, who)
    parts = {
        "all": np.zeros(len(who.persons), np.int64),
        "fate": _fate(mine, theirs, who),
        "list": np.where(who.low_income, 0, 1),
        "age": who.age,
        "distance": who.distance,
        "county": who.county,
    }
    rows = cells(counties)
    sums = [
        np.stack([np.bincount(parts[part], weight, sum(p == part for p, _ in rows)) for weight in weights], axis=1)
        for part in PARTS
    ]  # fmt: skip
    return np.concatenate(sums)


def _fate(mine: Ends, theirs: Ends, who: People) -> np.ndarray:
    kinds = [mine.moved & theirs.moved, mine.moved, theirs.moved, ~who.earlier]
    return np.select([kinds[0], kinds[1], kinds[2], kinds[3]], range(4), len(FATES) - 1)


def _weights(mine: Ends, theirs: Ends, who: People) -> list[np.ndarray]:
    """COLUMNS of each household."""
    known = ~np.isnan(mine.income + theirs.income)
    persons = who.persons.astype(float)
    year = np.maximum(who.start, LEAST / THRESHOLD)
    found = [known * 1.0, known * persons, ~known * 1.0, ~known * persons]
    worse_off = known.copy()
    for one, other in ((mine.income, theirs.income), (mine.wealth, theirs.wealth)):
        more = np.where(known, one - other, 0.0)
        worse, better = more < -THRESHOLD * year, more > THRESHOLD * year
        worse_off &= worse
        found += [
            worse * 1.0, worse * persons, (more < -HEAVY * year) * 1.0, np.where(worse, -more, 0.0),
            better * 1.0, better * persons, np.where(better, more, 0.0),
        ]  # fmt: skip
    return [*found, worse_off * 1.0, worse_off * persons]
