"""A study: one scenario at many points of its uncertainties, each repeated with fresh draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from simulation.outcomes import INDICATORS


@dataclass(frozen=True, eq=False)
class Study:
    """What a study leaves, in run order: point by point, inside a point replication by replication.

    Money is in fen; every float array is f8. `design` has no columns when only the central values were run.
    """

    scenario: Any  # scenarios.Scenario
    seed: int
    uncertainties: tuple[str, ...]
    design: np.ndarray  # (points, uncertainties), base units
    runs: np.ndarray  # i8 (runs, 3): point, replication, seed
    county: np.ndarray  # (runs, months, counties, INDICATORS)
    mode: np.ndarray  # (runs, months, modes): persons, cumulative, at `keys`
    klass: np.ndarray  # (runs, months, CLASSES): the same by priority class
    income: np.ndarray  # (runs, months, GROUPS, INCOMES)
    ledger: np.ndarray  # (runs, months, FLOWS): all counties
    why: np.ndarray  # (runs, counties, WHY, 2): households, persons
    effect_income: np.ndarray  # (points, months, GROUPS, INCOMES): one more run a point, some grants withheld
    populations: Mapping[str, str]  # population hash by pool and share of earlier movers
    model_hash: str
    version: str
    versions: Mapping[str, str]
    id: str

    @property
    def points(self) -> int:
        return len(self.design)

    @property
    def replications(self) -> int:
        return len(self.runs) // len(self.design)

    @property
    def months(self) -> int:
        return self.county.shape[1]

    @cached_property
    def region(self) -> np.ndarray:
        """Indicators summed over counties, (runs, months, INDICATORS)."""
        return self.county.sum(axis=2)

    def indicator(self, name: str) -> np.ndarray:
        """One indicator by county, (runs, months, counties)."""
        return self.county[..., INDICATORS.index(name)]

    def by_point(self, values: np.ndarray) -> np.ndarray:
        """Values by run reshaped to (points, replications, ...)."""
        return values.reshape(self.points, self.replications, *values.shape[1:])
