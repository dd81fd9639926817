"""What a sweep runs: a scenario, a design, replications, and the seed of every run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import files
from experiments.job import ScenarioJob, Task
from experiments.study import check_numbers, run_seed

if TYPE_CHECKING:
    from experiments.design import Design
    from scenarios.scenario import Scenario

FORMAT = 1  # of the sweep's id


@dataclass(frozen=True, eq=False)
class Plan:
    """The runs of a sweep, point by point, inside a point replication by replication.

    With common draws replication r has the same seed at every point, so that points are compared under the same luck;
    with `fresh` draws every run has its own, so that the share of runs that reach a target estimates a probability.
    """

    job: ScenarioJob
    design: Design
    replications: int = 1
    seed: int = 1
    fresh: bool = False

    def __post_init__(self) -> None:
        check_numbers(self.seed, replications=self.replications, points=len(self.design.values))

    @property
    def runs(self) -> int:
        return len(self.design.values) * self.replications

    @property
    def id(self) -> str:
        """Eight hex digits that change with what is swept, but not with how many points and replications are run."""
        return files.digest(self.identity())[:8]

    def identity(self) -> dict[str, Any]:
        """What two plans must share for their runs to stand in one store."""
        return {
            "format": FORMAT,
            "model_hash": self.job.model_hash,
            "scenario_hash": self.job.scenario_hash,
            "households_hash": self.job.households_hash,
            "design": {"kind": self.design.kind, **self.design.options},
            "factors": [factor.as_dict() for factor in self.design.factors],
            "seed": self.seed,
            "fresh_seeds": self.fresh,
        }

    def tasks(self, shard: tuple[int, int] = (1, 1)) -> Iterator[Task]:
        """Every run, or every n-th point's for shard (i, n) of a job array."""
        part, parts = shard
        for point in range(part - 1, len(self.design.values), parts):
            values = dict(zip(self.design.names, map(float, self.design.values[point]), strict=True))
            for replication in range(self.replications):
                yield self.job.task(point, replication, self.seed_of(point, replication), values)

    def seed_of(self, point: int, replication: int) -> int:
        if not self.fresh:
            return run_seed(self.seed, replication)
        text = f"anju run {self.seed} {point} {replication}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 11
