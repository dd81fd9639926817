"""Scenarios whose runs are one line of arithmetic, so that what a calibration must find is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments.job import Done, ScenarioJob, Task

Outcome = Callable[[Mapping[str, float], np.random.Generator], Mapping[str, float]]


class Toy(ScenarioJob):
    """Runs that give `outcome(values, rng)` by column, all else 0; `values` holds every uncertainty of the scenario.

    The luck follows from the task's seed. An outcome that raises is a failed run.
    """

    def __init__(self, scenario: Any, outcome: Outcome) -> None:
        super().__init__(scenario)
        self.outcome = outcome
        self.central = {entry.name: entry.at(0) for entry in scenario.uncertainties()}
        self.runs = 0

    def run(self, task: Task) -> Done:
        self.runs += 1
        try:
            found = self.outcome(self.central | dict(task.values), np.random.default_rng(task.seed))
        except ArithmeticError as error:
            return Done(task, None, f"{type(error).__name__}: {error}")
        numbers = np.zeros(len(self.columns))
        for name, value in found.items():
            numbers[self.columns.index(name)] = value
        return Done(task, numbers, "")


def place(values: Mapping[str, float], name: str, low: float, high: float) -> float:
    """Where in its range a value lies, 0 to 1."""
    return (values[name] - low) / (high - low)
