"""One run: inputs and a seed in, outcomes out. No Mesa objects are built; `simulation.model` steps the same month by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulation.households import Population, new_households
from simulation.institutions import Books, Institutions, new_books
from simulation.month import advance
from simulation.outcomes import Outcomes, new_outcomes
from simulation.urban import account


@dataclass(frozen=True)
class Inputs:
    """Everything a run needs except its seed; built once and shared, read-only, by all runs and threads."""

    population: Population
    institutions: Institutions
    policy: np.recarray  # (months, counties), simulation.policy.POLICY_DTYPE
    modes: np.recarray  # (months, modes), simulation.policy.MODE_DTYPE
    window: int  # applications and grants are open in months 0..window-1; later months are follow-up

    def __post_init__(self) -> None:
        """Compiled code does not look where it writes: tables that do not fit raise ValueError here."""
        wrong = _misfits(self)
        if wrong:
            raise ValueError("inputs of a run: " + "; ".join(wrong))

    @property
    def months(self) -> int:
        return self.policy.shape[0]


class Result(NamedTuple):
    """What a run leaves: indicators, and every household and institution as the last month left it."""

    outcomes: Outcomes
    households: np.recarray  # simulation.households.HOUSEHOLD
    status: np.ndarray  # u1 (households,), ORIGIN..IMPROVED
    books: Books


def _misfits(inputs: Inputs) -> list[str]:
    places, population, villages = inputs.institutions, inputs.population, inputs.institutions.villages
    months, counties = inputs.policy.shape
    households, sites, modes = len(population.county), len(places.site_county), inputs.modes.shape[1]
    shapes = {
        "modes": (inputs.modes.shape, (months, modes)),
        "open_share": ((counties,) if places.open_share is None else places.open_share.shape, (counties,)),
        "core": (places.core_counties.shape, (counties,)),
        "pool_share": (places.pool_share.shape, (counties,)),
        "originals": (places.originals.shape, (len(villages.county),)),
        "villages.first": (villages.first.shape, (len(villages.county) + 1,)),
        "site_of": (places.site_of.shape, (len(villages.county), modes)),
        "site_mode": (places.site_mode.shape, (sites,)),
        "site_class": (places.site_class.shape, (sites,)),
        "ready": (places.ready.shape, (months, sites)),
        "school_open": (places.school_open.shape, (months, len(villages.county))),
    }
    wrong = [
        f"{name} has shape {found}, not {right}" for name, (found, right) in shapes.items() if found != right
    ]
    wrong += [
        f"{name} has {len(column)} rows of {households}"
        for name, column in population._asdict().items()
        if len(column) != households
    ]
    if wrong:
        return wrong
    rows = {
        "population.county": (population.county, 0, counties),
        "villages.county": (villages.county, 0, counties),
        "site_county": (places.site_county, 0, counties),
        "site_mode": (places.site_mode, 0, modes),
        "site_of": (places.site_of, -1, sites),
    }
    wrong += [
        f"{name} holds a row outside {low}..{high - 1}"
        for name, (column, low, high) in rows.items()
        if column.size and not low <= column.min() <= column.max() < high
    ]
    wrong += _too_large(population)
    if not 1 <= inputs.window <= months:
        wrong.append(f"window {inputs.window} is outside 1..{months} months")
    sizes = np.diff(villages.first)
    if villages.first[0] != 0 or villages.first[-1] != households or np.any(sizes < 0):
        wrong.append(f"villages.first does not divide {households} households")
    elif not np.array_equal(population.village, np.repeat(np.arange(len(sizes)), sizes)):
        wrong.append("households must be listed village by village")
    elif np.any(np.diff(villages.county) < 0) or not np.array_equal(
        population.county, np.repeat(villages.county, sizes)
    ):
        wrong.append("villages must be listed county by county, households in their village's county")
    return wrong


def _too_large(population: Population) -> list[str]:
    """What a household's record cannot hold: it counts in signed bytes, and adds up a month's income in fen in 31 bits."""
    counts = ("members", "workers", "absent", "children", "elderly", "head_age", "schooling", "local_jobs")
    wrong = [f"population.{name} is above 127" for name in counts if np.any(getattr(population, name) > 127)]
    year = (population.wage.astype(float) + population.business) + (
        population.remittance + population.transfer
    )
    if np.any(np.abs(year + population.property) > 2.5e8):
        wrong.append("a household has more than 250,000,000 yuan a year")
    return wrong


def run(inputs: Inputs, *, seed: int, months: int | None = None) -> Result:
    """Run `months` (default: all) under `inputs`. The same seed gives the same bits on any machine and any number of threads."""
    last = inputs.months if months is None else months
    households = new_households(inputs.population)
    status = np.zeros(len(households), np.uint8)
    books = new_books(inputs.institutions, months=inputs.months)
    outcomes = new_outcomes(
        months=inputs.months,
        counties=inputs.policy.shape[1],
        modes=inputs.modes.shape[1],
        villages=len(inputs.institutions.originals),
        sites=len(inputs.institutions.site_county),
    )
    advance(
        households, status, books, inputs.policy, inputs.modes,
        inputs.window, seed, 0, last, outcomes,
    )  # fmt: skip
    account(outcomes, inputs.policy, inputs.institutions.core_counties, months=last)
    return Result(outcomes, households, status, books)
