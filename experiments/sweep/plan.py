"""What a sweep runs: a scenario, a design, replications, and the seed of every run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import design as designs
from experiments import files, measures, vary
from experiments.job import ScenarioJob, Task
from experiments.store import Store, layout
from experiments.study import check_numbers, run_seed, versions
from scenarios import frozen
from scenarios.errors import InputError

if TYPE_CHECKING:
    from experiments.design import Design
    from experiments.vary import Factor
    from scenarios.scenario import Scenario
    from simulation.households import Population, Villages

FORMAT = 1  # of the sweep's id


def plan(
    scenario: Scenario, texts: Sequence[str], *,
    kind: str = "lhs", table: Path | None = None, points: int | None = None, levels: int | None = None,
    second_order: bool = False, futures: int | None = None, replications: int = 1, seed: int = 1,
    households: tuple[Population, Villages] | None = None, households_file: bytes | None = None,
) -> Plan:  # fmt: skip
    """The plan of what was asked for; `texts` name what varies, as `experiments.vary.factors` reads them.

    `futures` crosses the design with a Latin hypercube of so many points over all uncertainties that it does not vary.
    Raises InputError.
    """
    fixed = vary.fixed_by_households(scenario) if households else ()
    if table is not None:
        from experiments.design_table import from_table

        if texts or points or levels or second_order:
            raise InputError([
                f"--table {table}: holds the points already; leave --vary, --points and --levels out, and --second-order"
            ])  # fmt: skip
        design = from_table(table, scenario, fixed=fixed)
    else:
        designs.refuse_idle(kind, points=points, levels=levels, second_order=second_order)
        factors = vary.factors(scenario, texts, fixed=fixed)
        design = designs.make(
            kind, factors, points=points, seed=seed, levels=levels, second_order=second_order
        )
    if futures is not None:
        names = (*design.names, *fixed)
        others = [entry.name for entry in scenario.uncertainties() if entry.name not in names]
        if not others:
            raise InputError([f"--futures {futures}: no uncertainty is left that the points do not vary"])
        drawn = designs.make("lhs", vary.factors(scenario, others), points=futures, seed=seed)
        design = designs.cross(design, drawn)
    return Plan(ScenarioJob(scenario, households), design, replications, seed, households=households_file)


def folder_name(plan: Plan, shard: tuple[int, int] = (1, 1)) -> str:
    """The folder of a sweep: its scenario, its id and, for a part of it, which."""
    part = "" if shard[1] == 1 else f"-part-{shard[0]}-of-{shard[1]}"
    return f"{plan.job.scenario.name.replace('/', '-')}-sweep-{plan.id}{part}"


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
    households: bytes | None = None  # the user's own, as a Parquet file

    def __post_init__(self) -> None:
        check_numbers(self.seed, replications=self.replications, points=len(self.design.values))

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
            "factors": [self._factor(factor) for factor in self.design.factors],
            "seed": self.seed,
            "fresh_seeds": self.fresh,
        }

    def _factor(self, factor: Factor) -> dict[str, Any]:
        """A factor as the study's identity has it; the range of a table is that of its rows, to which others may be added."""
        told = factor.as_dict()
        return told | {"low": None, "high": None, "scale": None} if self.design.kind == "table" else told

    def tasks(self, shard: tuple[int, int] = (1, 1)) -> Iterator[Task]:
        """Every run once; of shard (i, n) every n-th point's."""
        for point in self._points(shard):
            values = dict(zip(self.design.names, map(float, self.design.values[point]), strict=True))
            for replication in range(self.replications):
                yield self.job.task(point, replication, self.seed_of(point, replication), values)

    def count(self, shard: tuple[int, int] = (1, 1)) -> int:
        """How many runs `tasks` gives."""
        return len(self._points(shard)) * self.replications

    def _points(self, shard: tuple[int, int]) -> Sequence[int]:
        """Points that are no repetition of an earlier one: under common draws that would be the same run."""
        part, parts = shard
        values = np.ascontiguousarray(self.design.values)
        points: Sequence[int] = range(len(values))
        if not self.fresh and values.shape[1]:
            rows = values.view(np.dtype((np.void, values.strides[0]))).ravel()
            points = np.sort(np.unique(rows, return_index=True)[1]).tolist()
        return points[part - 1 :: parts]

    def seed_of(self, point: int, replication: int) -> int:
        if not self.fresh:
            return run_seed(self.seed, replication)
        text = f"anju run {self.seed} {point} {replication}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 11

    def joined(self, folder: Path) -> Plan:
        """The plan with the points that a store in `folder` has already, and more where it has fewer than asked for.

        Points that follow from the seed are meant by their number. A table, a grid and one at a time say themselves which
        points they mean: these stay as they are, and `open_store` refuses a folder that holds others.
        """
        if self.design.kind not in designs.POINTS or not _has_store(folder):
            return self
        with Store.open(folder) as store:
            there, other = store.design, store.manifest
        if files.plain(self.identity()) != {key: other.get(key) for key in self.identity()}:
            return self  # `open_store` says what differs
        old, wanted = replace(self.design, values=there), len(self.design.values)
        if self.design.base > old.base:
            return replace(self, design=designs.extend(old, points=self.design.base, seed=self.seed))
        return replace(self, design=replace(old, values=there[:wanted]))

    def open_store(self, folder: Path, request: Mapping[str, Any]) -> Store:
        """The plan's store, opened for writing: made where there is none, extended where it holds fewer points or replications.

        Raises InputError where the folder holds something else, and leaves it as it is.
        """
        folder = Path(folder)
        if not folder.exists():
            try:
                return Store.create(
                    folder,
                    self.manifest(request),
                    self.design,
                    frozen.freeze(self.job.scenario),
                    self.households,
                )
            except InputError:
                if not _has_store(folder):  # else another command was faster
                    raise
        if not _has_store(folder):
            raise InputError([f"{folder}: exists, and holds no store; name a folder that does not exist yet"])
        with Store.open(folder, model=self.job.model_hash) as there:
            self._refuse_other(there)  # before anything in it is touched
        store = Store.open(folder, write=True, model=self.job.model_hash)
        try:
            self.fit(store, request)
        except BaseException:
            store.close()
            raise
        return store

    def fit(self, store: Store, request: Mapping[str, Any]) -> None:
        """Let an open store plan at least what this plan does. Raises InputError if it is another study's."""
        self._refuse_other(store)
        more = self.design.values[len(store.design) :]
        if len(more) or self.replications > store.replications:
            store.extend(
                more if len(more) else None,
                max(self.replications, store.replications),
                {"request": dict(request)},
            )

    def _refuse_other(self, store: Store) -> None:
        mine = files.plain(self.identity() | {"columns": self.job.columns})
        differ = layout.differences(mine, {key: store.manifest.get(key) for key in mine})
        if differ:
            raise InputError([
                f"{store.folder}: holds another study; not the same: {', '.join(differ)}; choose another folder, or ask for the same"
            ])  # fmt: skip
        shared = min(len(store.design), len(self.design.values))
        if not np.array_equal(store.design[:shared], self.design.values[:shared]):
            raise InputError([f"{store.folder}: holds other points; choose another folder"])

    def manifest(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What the store says of itself."""
        scenario = self.job.scenario
        units = measures.units(scenario)
        return self.identity() | {
            "kind": "sweep",
            "scenario": scenario.name,
            "title": dict(scenario.title),
            "laid_over": list(scenario.laid_over()),
            "columns": list(self.job.columns),
            "units": {name: units[name] for name in self.job.columns},
            "replications": self.replications,
            "anju": metadata.version("anju"),
            "versions": versions(),
            "sources": {
                entry.name: entry.source for entry in scenario.entries() if entry.name in self.design.names
            },
            "request": dict(request),
        }


def _has_store(folder: Path) -> bool:
    return (folder / layout.MANIFEST).is_file()
