"""One run's outcomes as a study of one run has them, so that what is measured on studies is measured on a run too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.outcomes import INDICATORS

if TYPE_CHECKING:
    from scenarios.scenario import Scenario


class View:
    """Outcomes of one run with the axes of a Study."""

    def __init__(self, scenario: Scenario, outcomes: Any) -> None:
        self.scenario = scenario
        for name, array in outcomes._asdict().items():
            setattr(self, name, array[None])
        self.county: np.ndarray = outcomes.county[None]
        self.region = self.county.sum(axis=2)
        self.why: np.ndarray = outcomes.why[None]
        self.ledger: np.ndarray = outcomes.ledger.sum(axis=1)[None]
        self.income: np.ndarray = outcomes.income.sum(axis=1)[None]
        self.months, self.points, self.replications = self.county.shape[1], 1, 1
        self.runs = np.zeros((1, 3), np.int64)

    def indicator(self, name: str) -> np.ndarray:
        return self.county[..., INDICATORS.index(name)]

    def last(self, name: str) -> float:
        """An indicator of the region in the last month."""
        return float(self.region[0, -1, INDICATORS.index(name)])
