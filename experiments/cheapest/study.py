"""The search run on a scenario: each run at a mix of levers, in a future of its own, kept in a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import files, measures, vary
from experiments.cheapest import CONFIDENCE, COST, OVER, RUNS
from experiments.cheapest.frontier import Frontier, frontier
from experiments.cheapest.search import MOST_LEVERS, Recommendation, fewest_runs, search
from experiments.design import Design
from experiments.given import draws
from experiments.job import ScenarioJob
from experiments.priors import Uncertain, futures, uncertain
from experiments.question import Question
from experiments.store import Store
from experiments.store.layout import numpy
from experiments.study import check_numbers
from experiments.sweep import Plan as Runs
from experiments.sweep import fill, report
from experiments.vary import Factor
from scenarios.errors import InputError

if TYPE_CHECKING:
    from experiments.executors import Executor
    from experiments.given import Posterior
    from scenarios.scenario import Scenario
    from simulation.households import Population, Villages

FORMAT = 1  # of the id; another when the search asks for other points


@dataclass(frozen=True)
class Plan:
    """What is asked, checked. `uncertain` is empty where only the model's own noise counts."""

    scenario: Scenario
    question: Question
    levers: tuple[Factor, ...]
    cost: str
    over: str
    uncertain: tuple[Uncertain, ...]
    runs: int
    confidence: float
    seed: int
    job: ScenarioJob
    households: bytes | None = None
    given: Posterior | None = None  # what futures are drawn from, if not from the stated ranges

    @property
    def id(self) -> str:
        """Eight hex digits that change with whatever the search depends on."""
        target = self.question.target
        content = {
            "format": FORMAT,
            "model_hash": self.job.model_hash,
            "scenario_hash": self.job.scenario_hash,
            "households_hash": self.job.households_hash,
            "levers": [lever.as_dict() for lever in self.levers],
            "uncertain": [[x.name, x.central, x.low, x.high, x.scale] for x in self.uncertain],
            "target": [target.id, target.value, target.at_least],
            "probability": self.question.probability,
            "confidence": self.confidence,
            "cost": self.cost,
            "runs": self.runs,
            "seed": self.seed,
            **({} if self.given is None else {"given": self.given.id}),
        }
        return files.digest(content)[:8]

    @property
    def folder_name(self) -> str:
        return f"{self.scenario.name.replace('/', '-')}-cheapest-{self.id}"

    @property
    def cost_unit(self) -> str:
        return measures.units(self.scenario)[self.cost]

    def example(self) -> Runs:
        """As many runs as there may be, at the policy as it is, to tell how long they take."""
        return Runs(self.job, Design((), np.empty((self.runs, 0)), "search"), 1, self.seed, fresh=True)

    @property
    def planned(self) -> dict[str, float]:
        """The levers as the policy has them, where one number says it."""
        return {lever.name: lever.central for lever in self.levers if lever.central is not None}


@dataclass(frozen=True)
class Found:
    """The answer and what it rests on."""

    plan: Plan
    recommendation: Recommendation
    frontier: Frontier
    version: str = field(default_factory=lambda: metadata.version("anju"))


def plan_of(
    scenario: Scenario, question: Question, levers: str, *,
    cost: str = COST, over: str = OVER[0], runs: int = RUNS, confidence: float = CONFIDENCE, seed: int = 1,
    households: tuple[Population, Villages] | None = None, households_file: bytes | None = None,
    given: Posterior | None = None,
) -> Plan:  # fmt: skip
    """Check what is asked. Raises InputError."""
    check_numbers(seed, runs=runs)
    vary.known_name(over, OVER, where="--over")
    job = ScenarioJob(scenario, households)
    asked = vary.levers(scenario, levers)
    column = measures.named(job.columns, cost, where="--cost")
    if column == question.column:
        raise InputError([f"--cost {cost}: is the target itself; name what is to be kept low, such as cost"])
    if len(asked) > MOST_LEVERS:
        raise InputError(
            [
                f"--levers {levers}: {len(asked)} levers, at most {MOST_LEVERS} expected; name those that matter"
            ]
        )
    if not 0.5 <= confidence < 1.0:
        raise InputError(
            [f"--confidence {confidence:g}: at least 0.5 and less than 1 expected, such as 0.95"]
        )
    fewest = fewest_runs(len(asked))
    if runs < fewest:
        raise InputError([f"--runs {runs}: at least {fewest} expected for so many levers ({len(asked)})"])
    if given is not None and over != "futures":
        raise InputError(
            [f"--over {over}: draws no futures, so --given changes nothing; leave one of the two out"]
        )
    known = vary.fixed_by_households(scenario) if households else ()
    return Plan(
        scenario, question, asked, column, over,
        uncertain(scenario, without=known) if over == "futures" else (),
        runs, confidence, seed, job, households_file, given,
    )  # fmt: skip


def run_cheapest(
    plan: Plan, folder: Path, executor: Executor, *,
    request: Mapping[str, Any] | None = None, progress: Callable[[int, int], None] | None = None,
) -> Found:  # fmt: skip
    """Search, with every run kept in the store `folder`; what is there already is not run again. Raises InputError."""
    with Sampler(plan, folder, executor, request or {}, progress) as sampler:
        target = plan.question.target
        try:
            found = search(
                sampler, levers=plan.levers, target=target.value, at_least=target.at_least,
                probability=plan.question.probability, confidence=plan.confidence, runs=plan.runs, seed=plan.seed,
            )  # fmt: skip
            drawn = frontier(
                found.sample, plan.levers, at_least=target.at_least, probability=plan.question.probability,
                confidence=plan.confidence, seed=plan.seed,
            )  # fmt: skip
        except InputError:
            raise
        except ValueError as error:
            about = str(error).removeprefix("cost: ")
            where = plan.scenario.name if about == str(error) else f"--cost {plan.cost}"
            raise InputError([f"{where}: {about}"]) from error
    return Found(plan, found, drawn)


def estimate(plan: Plan, folder: Path, workers: int) -> report.Estimate:
    """Count the runs and time one of them; nothing is written."""
    return report.estimate(plan.example(), folder, (1, 1), workers)


class Sampler:
    """Counts and costs at mixes of levers. Number k is always the same future and the same luck."""

    def __init__(
        self, plan: Plan, folder: Path, executor: Executor, request: Mapping[str, Any],
        progress: Callable[[int, int], None] | None,
    ) -> None:  # fmt: skip
        self.plan, self.folder, self.executor = plan, folder, executor
        self.request, self.progress = request, progress
        self.names = tuple(x.name for x in (*plan.levers, *plan.uncertain))
        self.values = np.empty((0, len(self.names)))
        self.store: Store | None = None

    def __enter__(self) -> Sampler:
        return self

    def __exit__(self, *_: object) -> None:
        if self.store is not None:
            self.store.close()

    def __call__(self, points: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Counts and costs (n,), NaN where a run failed, at levers `points` (n, levers) and run numbers (n,), which go on from
        those before."""
        first, end = len(self.values), len(self.values) + len(points)
        assert numbers.tolist() == list(range(first, end))
        drawn = self._futures(end)[first:]
        self.values = np.concatenate([self.values, np.hstack([points, drawn])])
        runs = self._runs()
        store = self._open(runs)
        tasks = [task for task in runs.tasks() if task.point >= first]

        def told(done: int, _: int) -> None:
            if self.progress:
                self.progress(first + done, self.plan.runs)

        fill(store, self.plan.job, tasks, self.executor, total=len(tasks), progress=told)
        return self._read(store, first, end)

    def _futures(self, n: int) -> np.ndarray:
        plan = self.plan
        if plan.given is not None:
            return draws(plan.given, plan.uncertain, plan.seed, n)
        return futures("uniform", plan.uncertain, plan.seed, n)

    def _runs(self) -> Runs:
        factors = (*self.plan.levers, *vary.factors(self.plan.scenario, self.names[len(self.plan.levers) :]))
        design = Design(self.names, self.values, "search", {"over": self.plan.over}, factors)
        return Runs(self.plan.job, design, 1, self.plan.seed, fresh=True, households=self.plan.households)

    def _open(self, runs: Runs) -> Store:
        if self.store is None:
            self.store = runs.open_store(self.folder, self.request)
        else:
            runs.fit(self.store, self.request)
        return self.store

    def _read(self, store: Store, first: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        columns = (self.plan.question.column, self.plan.cost)
        rows = store.table(["point", *columns])
        point = numpy(rows["point"])
        wanted = (point >= first) & (point < end)
        found = np.full((2, end - first), np.nan)
        for k, name in enumerate(columns):
            found[k, point[wanted] - first] = numpy(rows[name])[wanted]
        return found[0], found[1]
