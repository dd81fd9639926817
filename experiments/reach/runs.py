"""Runs of one design, kept in a store of their own, read back point by point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.design import Design
from experiments.store import Store, stores
from experiments.sweep import Plan, fill

if TYPE_CHECKING:
    from experiments.executors import Executor
    from experiments.job import ScenarioJob


@dataclass(frozen=True, eq=False)
class Runs:
    """`columns` hold a number a run, shape (points, replications), NaN where the run failed or the number is undefined.

    `design` holds the points, `failed` (points, replications) says which runs failed, `errors` how often each reason.
    """

    design: Design
    columns: Mapping[str, np.ndarray]
    failed: np.ndarray
    errors: Counter[str]

    def of(self, name: str) -> np.ndarray:
        """One column where every point was run once, shape (points,)."""
        return self.columns[name][:, 0]


class Progress:
    """Counts runs over several stores for one bar. `expected` is how many there may be at most."""

    def __init__(self, show: Callable[[int, int], None] | None, expected: int) -> None:
        self.show, self.expected = show, expected
        self.before = self.now = 0

    def __call__(self, done: int, total: int) -> None:
        self.now = done
        if self.show:
            self.show(self.before + done, max(self.expected, self.before + total))

    def next(self) -> None:
        """What comes now is counted on top."""
        self.before, self.now = self.before + self.now, 0

    def spare(self, runs: int) -> None:
        """So many runs turned out not to be needed."""
        self.expected -= runs


@dataclass(frozen=True, eq=False)
class Bench:
    """Where runs are done and kept: `folder` holds a store a name; `seed` decides the luck of every run.

    `households` is the Parquet file of the user's own, which every store keeps.
    """

    folder: Path
    executor: Executor
    seed: int
    progress: Progress
    request: Mapping[str, Any]
    households: bytes | None = None

    def run(
        self, name: str, job: ScenarioJob, design: Design, columns: Sequence[str], *, replications: int = 1
    ) -> Runs:
        """Do the runs of a design that are missing and return what these and earlier ones left.

        Every run has luck of its own, the same for one point and replication whatever the design or the scenario. A store
        that was made for more points keeps them. Raises InputError where the store holds something else.
        """
        plan = Plan(job, design, replications, self.seed, fresh=True, households=self.households)
        with plan.open_store(self.folder / name, self.request) as store:
            fill(store, job, plan.tasks(), self.executor, total=plan.count(), progress=self.progress)
            read = _read(store, design, columns, replications)
        self.progress.next()
        return read


def _read(store: Store, design: Design, columns: Sequence[str], replications: int) -> Runs:
    shape = (len(design.values), replications)
    found = {name: np.full(shape, np.nan) for name in columns}
    failed, errors = np.ones(shape, bool), Counter[str]()
    rows = store.table(["point", "replication", "error", *columns], failed=True)
    places = np.stack([rows["point"].to_numpy(), rows["replication"].to_numpy()])
    wanted = np.flatnonzero((places < np.array([shape]).T).all(axis=0))
    at = tuple(places[:, wanted])
    said = np.array(rows["error"].to_pylist(), dtype=object)[wanted]
    failed[at] = said != ""
    errors.update(text for text in said if text)
    for name in columns:
        found[name][at] = rows[name].to_numpy(zero_copy_only=False)[wanted]
    return Runs(design, found, failed, errors)


def present(folder: Path) -> int:
    """How many runs the stores in a folder hold."""
    if not folder.is_dir():
        return 0
    return sum(len(Store.open(path, check=False).done()) for path in stores(folder))
