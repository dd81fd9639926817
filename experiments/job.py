"""One run of a design: a task goes in, a row of numbers or the reason why there is none comes out."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments import files
from experiments.design import DUMMY

if TYPE_CHECKING:
    from scenarios.scenario import Scenario
    from simulation.households import Population, Villages
    from simulation.run import Inputs

KEPT = 4  # inputs kept for the next replications of a point


class Task(NamedTuple):
    """One run: its name, its place in the design, and what it is run with."""

    id: str  # 64 hex digits, `run_id`
    point: int
    replication: int
    seed: int
    values: tuple[tuple[str, float], ...]  # numbers replaced by name, base units


class Done(NamedTuple):
    """What a task leaves."""

    task: Task
    numbers: np.ndarray | None  # f8 (columns of the job,); None where the run failed
    error: str  # "" where it went well, else one line, the same on every machine


class ScenarioJob:
    """Runs of one scenario, told apart by replaced numbers and seeds; travels to other processes by pickle."""

    def __init__(self, scenario: Scenario, households: tuple[Population, Villages] | None = None) -> None:
        from experiments.measures import columns
        from simulation.codecache import model_hash
        from simulation.population import population_hash

        self.scenario, self.households = scenario, households
        self.columns = columns(scenario)
        self.model_hash = model_hash()
        self.scenario_hash = scenario_hash(scenario)
        self.households_hash = "" if households is None else population_hash(*households)
        self._central = {entry.name: entry.value for entry in scenario.entries()}
        self._new_memory()

    def task(self, point: int, replication: int, seed: int, values: Mapping[str, float]) -> Task:
        """The run of one replication of a point. A number replaced by itself is not replaced, and a dummy input is none."""
        replaced = tuple(
            (name, float(values[name]))
            for name in sorted(values)
            if name != DUMMY and values[name] != self._central.get(name)
        )
        id = files.run_id(
            model_hash=self.model_hash, population_hash=self.households_hash, scenario=self.scenario_hash,
            parameters=dict(replaced), seed=seed,
        )  # fmt: skip
        return Task(id, point, replication, seed, replaced)

    def run(self, task: Task) -> Done:
        """Run a task. What goes wrong in the run is its result; Ctrl-C is not."""
        from experiments.measures import measure
        from simulation import run

        try:
            inputs = self._inputs(task.values)
            return Done(task, measure(self.scenario, run.run(inputs, seed=task.seed)), "")
        except Exception as error:  # one impossible point must not end the others
            return Done(task, None, one_line(error))

    def _inputs(self, values: tuple[tuple[str, float], ...]) -> Inputs:
        """Inputs of a point; of threads that begin its replications together one makes them, and the others wait."""
        from scenarios import assemble

        with self._lock:
            mine = values not in self._kept
            made = self._kept.setdefault(values, Future())
            self._kept.move_to_end(values)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        if mine:
            try:
                made.set_result(
                    assemble.inputs(self.scenario, overrides=dict(values), households=self.households)
                )
            except BaseException as error:
                with self._lock:
                    self._kept.pop(values, None)
                made.set_exception(error)
        return made.result()

    def _new_memory(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple, Future[Inputs]] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_kept")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._new_memory()


def scenario_hash(scenario: Scenario) -> str:
    """SHA-256, hex, of all of a scenario that decides a result: a range alone decides none."""
    resolved = scenario.resolved()
    del resolved["ranges"]
    return files.digest(resolved)


def one_line(error: BaseException) -> str:
    """An error as a row of the store keeps it."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    return f"{name}: {text}" if text else name
