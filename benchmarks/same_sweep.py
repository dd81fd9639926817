"""The sweep that `benchmarks.sweeps` times, in three tools, and a job that costs nothing; worker processes import this."""

from __future__ import annotations

import functools
import importlib
import logging
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pyarrow.parquet as pq

import scenarios
from experiments import executors, measures, sweep
from experiments.job import Done, ScenarioJob, Task
from scenarios import assemble
from scenarios.scenario import Scenario
from simulation import run as engine
from simulation.model import RelocationModel

VARIED = ("subsidy=5000..35000", "b_k")
REPLICATIONS = 4
CHECKED = "persons_keys_end"  # the number that all three keep: Mesa's persons_moved in the last month
FEW = "pool_persons=5000,6000"

Values = tuple[tuple[str, float], ...]


@functools.cache
def lishui() -> Scenario:
    """The Lishui plan."""
    return scenarios.load("lishui")


def plan(runs: int, *, small: bool = False, job: type[ScenarioJob] = ScenarioJob) -> sweep.Plan:
    """About so many runs over subsidy and b_k, new every time, so that no inputs are at hand from the last sweep.

    `small` has few households, for a trial that measures nothing.
    """
    varied = (*VARIED, FEW) if small else VARIED
    points = max(2, runs // REPLICATIONS)
    made = sweep.plan(lishui(), varied, kind="lhs", points=points, replications=REPLICATIONS)
    return sweep.Plan(job(lishui()), made.design, made.replications, made.seed)


def points_of(plan: sweep.Plan) -> list[Values]:
    """What the plan replaces at each point."""
    names = plan.design.names
    return [tuple(zip(names, map(float, row), strict=True)) for row in plan.design.values]


def seeds_of(plan: sweep.Plan) -> list[int]:
    """The seed of each replication, the same at all points."""
    return [plan.seed_of(0, replication) for replication in range(plan.replications)]


# The three tools. Each returns persons who got their keys in every run, in increasing order.


def with_anju(plan: sweep.Plan, executor: executors.Executor) -> list[float]:
    """A sweep into a store, as `anju sweep` does it."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        sweep.run(plan, store, executor)
        kept = pq.read_table(store / "shards", columns=[CHECKED])
    return sorted(kept[CHECKED].to_pylist())


class BatchModel(RelocationModel):
    """A run as mesa.batch_run wants it: the model makes its own inputs from what is varied."""

    def __init__(self, *, values: Values, rng: int) -> None:
        super().__init__(assemble.inputs(lishui(), overrides=dict(values)), rng=rng)


def with_mesa(points: Sequence[Values], seeds: Sequence[int], processes: int) -> list[float]:
    """`mesa.batch_run` over the model stepped month by month; its twelve collected numbers in the last month."""
    rows = mesa.batch_run(
        BatchModel, {"values": points, "rng": seeds}, number_processes=processes, display_progress=False
    )
    return sorted(row["persons_moved"] for row in rows)


def one_run(*, rng: int, **values: float) -> Mapping[str, float]:
    """A run as a function, which is what EMA Workbench takes for a model: all numbers that a sweep keeps."""
    inputs = assemble.inputs(lishui(), overrides=values)
    found = measures.measure(lishui(), engine.run(inputs, seed=rng))
    return dict(zip(measures.columns(lishui()), found, strict=True))


def with_ema(points: Sequence[Values], seeds: Sequence[int], processes: int) -> list[float]:
    """EMA Workbench's `perform_experiments` over a ReplicatorModel, the points given as its scenarios."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of evaluators that are not installed
        ema: Any = importlib.import_module("ema_workbench")
    logging.getLogger("EMA").setLevel(logging.WARNING)
    model = ema.ReplicatorModel("lishui", function=one_run)
    columns = {column[0][0]: [value for _, value in column] for column in zip(*points, strict=True)}
    varied = {name: values for name, values in columns.items() if min(values) < max(values)}
    model.uncertainties = [ema.RealParameter(name, min(got), max(got)) for name, got in varied.items()]
    model.constants = [ema.Constant(name, got[0]) for name, got in columns.items() if name not in varied]
    model.outcomes = [ema.ArrayOutcome(name) for name in measures.columns(lishui())]
    model.replications = [{"rng": seed} for seed in seeds]
    point = getattr(ema, "Sample", None) or ema.Scenario  # renamed in version 3
    wanted = [point(str(k), **{name: got[k] for name, got in varied.items()}) for k in range(len(points))]
    made = (
        ema.SequentialEvaluator(model)
        if processes == 1
        else ema.MultiprocessingEvaluator(model, n_processes=processes)
    )
    with made as evaluator:
        _, outcomes = ema.perform_experiments(model, wanted, evaluator=evaluator, log_progress=True)
    return sorted(np.ravel(outcomes[CHECKED]).tolist())


# A run that takes no time, so that what is around it can be measured.


class NoRuns(ScenarioJob):
    """Runs of a scenario that leave as many numbers as a real one, all different, at once."""

    def run(self, task: Task) -> Done:
        return Done(task, numbers(len(self.columns), task.seed + task.point), "")


class Nothing:
    """A job for any task: 300 numbers at once."""

    columns = tuple(f"x{k}" for k in range(300))

    def run(self, task: Task) -> Done:
        return Done(task, numbers(len(self.columns), task.seed), "")

    def tasks(self, runs: int, start: int = 0) -> list[Task]:
        return [Task(f"{seed:064x}", 0, seed, seed, ()) for seed in range(start, start + runs)]


def numbers(n: int, seed: int) -> np.ndarray:
    """Numbers that do not compress, f8 (n,), in a few microseconds."""
    return _noise()[seed % 9973 : seed % 9973 + n] + seed % 1_000_003


@functools.cache
def _noise() -> np.ndarray:
    return np.random.default_rng(1).standard_normal(11_000)
