"""One run: inputs and a seed in, outcomes out. No Mesa objects are built; `simulation.model` steps the same month by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulation.households import Population, new_households
from simulation.institutions import Books, Institutions, new_books
from simulation.month import advance
from simulation.outcomes import Outcomes, new_outcomes


@dataclass(frozen=True)
class Inputs:
    """Everything a run needs except its seed; built once and shared, read-only, by all runs and threads."""

    population: Population
    institutions: Institutions
    policy: np.recarray  # (months, counties), simulation.policy.POLICY_DTYPE
    modes: np.recarray  # (months, modes), simulation.policy.MODE_DTYPE
    window: int  # applications and grants are open in months 0..window-1; later months are follow-up

    @property
    def months(self) -> int:
        return self.policy.shape[0]


class Result(NamedTuple):
    """What a run leaves: indicators, and every household and institution as the last month left it."""

    outcomes: Outcomes
    households: np.recarray  # simulation.households.HOUSEHOLD
    status: np.ndarray  # u1 (households,), ORIGIN..IMPROVED
    books: Books


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
    )
    advance(
        households, status, books, inputs.policy, inputs.modes,
        inputs.window, seed, 0, last, outcomes,
    )  # fmt: skip
    return Result(outcomes, households, status, books)
