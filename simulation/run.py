"""One run: inputs and a seed in, outcomes out. No Mesa objects are built; `simulation.model` steps the same month by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from simulation.households import Population, State
from simulation.institutions import Books, Institutions
from simulation.outcomes import Outcomes


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
    state: State
    books: Books
