"""Which inputs does an outcome of a scenario hang on? A design over what is uncertain, run under luck of its own, and analysed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import takes, vary
from experiments.design import DUMMY, Design
from experiments.reach.runs import Bench, Progress, present
from experiments.sensitivity.analysis import Direction, Settling, analysed, directions, ranking, settling
from experiments.sensitivity.asked import Quantity
from experiments.sensitivity.outcomes import of_store, refuse_failed, refuse_undefined
from experiments.sensitivity.plan import SCREENED, Plan, screened_by
from experiments.sensitivity.result import Result
from experiments.store import Store
from scenarios.show import FAMILIES, name_of

if TYPE_CHECKING:
    from experiments.executors import Executor
    from experiments.given import Posterior
    from scenarios.scenario import Scenario


@dataclass(frozen=True)
class Screen:
    """The Morris study that chose the inputs: its result, what it chose, and how many trajectories and runs it had."""

    result: Result
    directions: Mapping[str, Direction]
    chosen: tuple[str, ...]
    trajectories: int
    runs: int


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The answer and what it rests on. `y` has shape (points, replications), in the order of the design's points.

    `held` are uncertainties that stayed at their central values. `stored` is the folder of a sweep that was there already.
    """

    scenario: Scenario
    id: str
    name: str  # of the answer
    method: str
    quantity: Quantity
    seed: int
    design: Design
    y: np.ndarray
    common: bool
    result: Result
    directions: Mapping[str, Direction]
    settling: Settling | None
    labels: Mapping[str, Mapping[str, str]]
    held: tuple[str, ...]
    screen: Screen | None
    given: Posterior | None
    stored: Path | None
    runs: Mapping[str, int]  # by store
    model_hash: str
    households_hash: str
    version: str = field(default_factory=lambda: metadata.version("anju"))

    @property
    def ranking(self) -> tuple[int, ...]:
        """Places of the inputs in the result, the most telling first, a dummy last."""
        return ranking(self.result)


def run_sensitivity(
    plan: Plan, folder: Path, executor: Executor, *,
    request: Mapping[str, Any] | None = None, progress: Callable[[int, int], None] | None = None,
) -> Sensitivity:  # fmt: skip
    """Do the runs that are missing in the stores of `folder` and analyse them.

    Raises InputError where a folder holds something else, where runs failed, and where nothing varies.
    """
    bench = Bench(
        folder, executor, plan.seed, Progress(progress, plan.expected), request or {}, plan.households
    )
    runs: dict[str, int] = {}
    screen = _screen(plan, bench, runs) if plan.screen else None
    chosen = [f for f in plan.factors if screen is None or f.name in screen.chosen]
    design = plan.design(chosen)
    y = _outcomes(plan, bench, design, runs)
    result = analysed(plan.method, design, y, plan.quantity, common=False, dummy=plan.dummy, seed=plan.seed)
    return Sensitivity(
        scenario=plan.scenario, id=plan.id, name=plan.answer_name, method=plan.method, quantity=plan.quantity,
        seed=plan.seed, design=design, y=y, common=False, result=result,
        directions=directions(design, y, plan.quantity), settling=settling(result, design, y),
        labels=labels(plan.scenario, [*result.names, *(f.name for f in plan.factors), *held(plan.scenario, ())]),
        held=held(plan.scenario, [factor.name for factor in chosen], plan.job.households is not None),
        screen=screen, given=plan.given, stored=None, runs=runs, model_hash=plan.job.model_hash,
        households_hash=plan.job.households_hash,
    )  # fmt: skip


def _screen(plan: Plan, bench: Bench, runs: dict[str, int]) -> Screen:
    """The Morris study, and the inputs it finds to matter most."""
    return _screened(plan, _outcomes(plan, bench, plan.screening(), runs))


def _screened(plan: Plan, y: np.ndarray) -> Screen:
    """What the outcomes of the Morris study say."""
    design, asked = plan.screening(), replace(plan.quantity, statistic=screened_by(plan.quantity))
    found = analysed("morris", design, y, asked, common=False, dummy=plan.dummy, seed=plan.seed)
    order = [found.names[k] for k in ranking(found) if found.names[k] != DUMMY]
    return Screen(found, directions(design, y, asked), tuple(order[: plan.screen]), SCREENED, y.size)


def _outcomes(plan: Plan, bench: Bench, design: Design, runs: dict[str, int]) -> np.ndarray:
    """The outcomes of a design, shape (points, replications), all of them there. Raises InputError."""
    name, column = plan.store_name(design), plan.quantity.column
    found = bench.run(name, plan.job, design, (column,), replications=plan.replications)
    runs[name] = found.failed.size
    refuse_failed(
        found.failed,
        found.errors,
        f"{plan.scenario.name}: ",
        mend="narrow what fails with --vary NAME=LOW..HIGH",
    )
    y = found.columns[column]
    refuse_undefined(y, column)
    return y


# What it would take


@dataclass(frozen=True)
class Takes:
    """What a study would take: runs in all, those that are there, seconds a run and in all."""

    points: int
    screening: int  # runs
    runs: int
    there: int
    seconds_a_run: float
    seconds: float
    bytes: float
    workers: int
    folder: str


def estimate(plan: Plan, folder: Path, workers: int) -> Takes:
    """Count the runs and time one of them; nothing is written."""
    one = takes.seconds_a_run(plan.job)
    design = plan.design(plan.factors[: plan.screen])
    there = _there(plan, folder)
    missing = plan.expected - there
    return Takes(
        points=len(design.values),
        screening=plan.expected - plan.replications * len(design.values),
        runs=plan.expected,
        there=there,
        seconds_a_run=one,
        seconds=missing * one / workers,
        bytes=missing * 8.0 * (len(plan.job.columns) + len(plan.factors) + 6),
        workers=workers,
        folder=str(folder),
    )


def _there(plan: Plan, folder: Path) -> int:
    """Runs that are in the stores already; those that follow a screening are known once it is done, for it chooses the inputs."""
    if not plan.screen:
        return _stored(plan, folder, plan.design())
    screening = plan.screening()
    first = _stored(plan, folder, screening)
    if first < plan.replications * len(screening.values):
        return first
    with Store.open(folder / plan.store_name(screening), check=False) as store:
        y = of_store(store, plan.quantity.column)[:, : plan.replications]
    chosen = _screened(plan, y).chosen
    return first + _stored(plan, folder, plan.design([f for f in plan.factors if f.name in chosen]))


def _stored(plan: Plan, folder: Path, design: Design) -> int:
    path = folder / plan.store_name(design)
    return min(present(path), plan.replications * len(design.values)) if path.is_dir() else 0


# What things are called


def labels(scenario: Scenario, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Inputs, groups and the dummy by name, in both languages."""
    entries = {entry.name: entry for entry in scenario.entries()}
    found = {}
    for name in dict.fromkeys(names):
        if name == DUMMY:
            found[name] = {"en": "dummy (the model never sees it)", "zh": "虚拟变量（不进入模型）"}
        elif name in entries:
            found[name] = {lang: name_of(entries[name], scenario, lang) for lang in ("en", "zh")}
        else:
            found[name] = dict(FAMILIES.get(name, {"en": name, "zh": name}))
    return found


def held(scenario: Scenario, varied: Sequence[str], own_households: bool = False) -> tuple[str, ...]:
    """Uncertainties that are not varied, and so stay at their central values."""
    known = vary.fixed_by_households(scenario) if own_households else ()
    return tuple(e.name for e in scenario.uncertainties() if e.name not in (*varied, *known))
