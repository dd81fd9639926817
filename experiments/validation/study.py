"""The runs behind a validation: futures of each scenario, with luck of their own, in a store a scenario."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import design as designs
from experiments import files, given, priors, takes
from experiments.answers import RUNS
from experiments.design import Design
from experiments.job import ScenarioJob
from experiments.reach.runs import Bench, Progress, Runs, present
from experiments.study import WITHHELD, check_numbers
from experiments.validation import judge
from experiments.validation.cases import GRANTED
from experiments.validation.cases import WITHHELD as WITHHELD_INCOME
from scenarios.errors import InputError
from scenarios.reader import family
from scenarios.scenario import month_of

if TYPE_CHECKING:
    from experiments.executors import Executor
    from experiments.given import Posterior
    from experiments.validation.cases import Case, Cases
    from scenarios.facts import Match

log = logging.getLogger(__name__)

FORMAT = 1  # of the ids
POINTS, REPLICATIONS = 50, 2


@dataclass(frozen=True, eq=False)
class CasePlan:
    """The runs of one scenario: `design` once as it is and, where the effect of moving is looked for, once with some grants
    withheld."""

    case: Case
    design: Design
    replications: int
    seed: int
    given: str  # id of the posterior, "" where futures come from the stated ranges

    @cached_property
    def job(self) -> ScenarioJob:
        return ScenarioJob(self.case.scenario)

    @property
    def id(self) -> str:
        """Eight hex digits that change with what the runs depend on, but not with how many there are."""
        return files.digest({
            "format": FORMAT,
            "model_hash": self.job.model_hash,
            "scenario_hash": self.job.scenario_hash,
            "uncertain": [[x.name, x.low, x.high, x.scale] for x in priors.uncertain(self.case.scenario)],
            "seed": self.seed,
            "given": self.given,
        })[:8]  # fmt: skip

    @property
    def folder_name(self) -> str:
        return f"{self.case.name.replace('/', '-')}-validate-{self.id}"

    @property
    def stores(self) -> dict[str, tuple[Design, tuple[str, ...]]]:
        """Name of each store, with its points and the numbers of a run that are read; a hypercube of other size is another."""
        base = (
            f"{self.design.kind}-{len(self.design.values)}" if self.design.kind == "lhs" else self.design.kind
        )
        found = {base: (self.design, self.case.columns)} if self.case.columns else {}
        if self.case.needs_effect:
            found[f"{base}-withheld"] = (_withheld(self.design), (GRANTED, WITHHELD_INCOME))
        return found

    @property
    def runs(self) -> int:
        return len(self.stores) * len(self.design.values) * self.replications


def _withheld(design: Design) -> Design:
    column = np.full((len(design.values), 1), WITHHELD)
    return Design((*design.names, "withhold_share"), np.hstack([design.values, column]), design.kind)


@dataclass(frozen=True, eq=False)
class Plan:
    """All runs; `given` is the posterior that futures are drawn from, None where they come from the stated ranges."""

    cases: tuple[CasePlan, ...]
    left_out: tuple[str, ...]
    points: int
    replications: int
    seed: int
    given: Posterior | None

    @property
    def id(self) -> str:
        """Eight hex digits that change with anything the answer depends on."""
        return files.digest({
            "format": FORMAT,
            "cases": [one.id for one in self.cases],
            "points": self.points,
            "replications": self.replications,
            "facts": [judge.asked(kept) for one in self.cases for kept in one.case.kept],
        })[:8]  # fmt: skip

    @property
    def runs(self) -> int:
        return sum(one.runs for one in self.cases)


@dataclass(frozen=True, eq=False)
class Validation:
    """The answer, and what it rests on."""

    plan: Plan
    judged: judge.Judged
    members: Mapping[str, np.ndarray]  # (points, replications) in the fact's unit, by `judge.Row.id`
    runs: Mapping[str, int]  # by scenario
    errors: Mapping[str, int]
    version: str


def plan_of(
    cases: Cases, *, points: int = POINTS, replications: int = REPLICATIONS, seed: int = 1,
    posterior: Posterior | None = None,
) -> Plan:  # fmt: skip
    """What a validation takes. Futures of scenarios of the posterior's region are drawn from it.

    Raises InputError for too few runs, and where the posterior was set to one of the facts.
    """
    check_numbers(seed, points=points, replications=replications)
    if points * replications < 2:
        raise InputError(["--points 1 --replications 1: one run has no interval; two expected at least"])
    found = []
    for case in cases.cases:
        used = posterior if posterior is not None and posterior.scenario == family(case.name) else None
        if used is not None:
            _refuse_known(case, used)
        design = _design(case, points, seed, used)
        found.append(CasePlan(case, design, replications, seed, used.id if used else ""))
    return Plan(tuple(found), cases.left_out, points, replications, seed, posterior)


def posterior_of(text: str | None, cases: Sequence[Case], out: Path) -> Posterior | None:
    """The posterior that `--given` names, fit for all cases of its region; None where none is asked for.

    Raises InputError for one that is of no case's region.
    """
    if text is None:
        return None
    regions = list(dict.fromkeys(family(case.name) for case in cases))
    found = given.of_regions(regions, out) if text.strip() == given.WORD else given.read(text)
    mine = [case for case in cases if family(case.name) == found.scenario]
    for case in mine or cases[:1]:
        given.check(found, case.scenario)
    return found


def _design(case: Case, points: int, seed: int, posterior: Posterior | None) -> Design:
    if posterior is None:
        return designs.points(case.scenario, points, seed)
    uncertain = priors.uncertain(case.scenario)
    values = given.draws(posterior, uncertain, seed, points)
    return Design(tuple(x.name for x in uncertain), values, "posterior", {"given": posterior.id})


def _refuse_known(case: Case, posterior: Posterior) -> None:
    """What a calibration was set to says nothing about how well the model forecasts."""
    wrong = [
        f"{kept.match.where}: {kept.match.fact.quantity}: {posterior.path} was set to it, so it cannot be held against it"
        for kept in case.kept
        if any(_is_same(fact, kept.match, case) for fact in posterior.facts)
    ]
    if wrong:
        raise InputError(wrong)


def _is_same(fact: Mapping[str, Any], match: Match, case: Case) -> bool:
    """Whether a fact of a calibration is the one of a match: by name, or by the outcome, place and month that answer to it."""
    names = ("region", "period", "quantity")
    if all(fact.get(name) == getattr(match.fact, name) for name in names):
        return True
    if family(fact.get("held_against", "")) != family(case.name):
        return False
    if match.column or fact.get("column"):
        return match.column == fact.get("column")
    same = all(
        (fact.get(name) or "") == (getattr(match, name) or "") for name in ("metric", "event", "scope")
    )
    return same and _month(fact, case) == month_of(match.date, case.scenario.start)


def _month(fact: Mapping[str, Any], case: Case) -> int:
    """The month at whose end a calibration counted, from 0."""
    return month_of(fact["date"], case.scenario.start) if fact.get("date") else (fact.get("month") or 0) - 1


def runs_folder(plan: CasePlan, out: Path) -> Path:
    """Where the stores of a scenario are."""
    return out / plan.folder_name / RUNS


def run_validation(
    plan: Plan, out: Path, executor: Executor, *,
    request: Mapping[str, Any] | None = None, progress: Callable[[int, int], None] | None = None,
) -> Validation:  # fmt: skip
    """Do the runs that are missing in the stores under `out` and judge.

    Raises InputError where a folder holds something else, all runs of a scenario failed, or an outcome is missing or constant.
    """
    counted = Progress(progress, plan.runs)
    rows: list[judge.Row] = []
    members: dict[str, np.ndarray] = {}
    errors: Counter[str] = Counter()
    for one in plan.cases:
        bench = Bench(runs_folder(one, out), executor, plan.seed, counted, request or {})
        found = {
            name: bench.run(name, one.job, design, columns, replications=one.replications)
            for name, (design, columns) in one.stores.items()
        }
        for runs in found.values():
            errors.update(runs.errors)
        for kept in one.case.kept:
            values, failed = _values(kept, found, one)
            row = judge.row(one.case.name, kept, values, failed)
            rows.append(row)
            members[row.id] = values
    return Validation(
        plan=plan,
        judged=judge.judged(rows),
        members=members,
        runs={one.case.name: one.runs for one in plan.cases},
        errors=dict(errors.most_common()),
        version=metadata.version("anju"),
    )


def _values(kept: Any, found: Mapping[str, Runs], plan: CasePlan) -> tuple[np.ndarray, int]:
    """What runs give for a fact, in its unit, (points, replications), and how many failed. Raises InputError if it is no forecast."""
    held = [runs for runs in found.values() if (GRANTED in runs.columns) == kept.of_effect]
    assert len(held) == 1
    runs = held[0]
    if runs.failed.all():
        said = runs.errors.most_common(1)[0][0] if runs.errors else "no run was done"
        raise InputError([f"{plan.case.name}: every run failed: {said}"])
    if kept.of_effect:
        granted, withheld = runs.columns[GRANTED], runs.columns[WITHHELD_INCOME]
        values = np.divide(granted, withheld, out=np.full(granted.shape, np.nan), where=withheld > 0) - 1.0
    else:
        values = runs.columns[kept.column]
    judge.check(kept, values * kept.size, plan.case.name)
    return values * kept.size, int(runs.failed.sum())


# What it would take


@dataclass(frozen=True)
class Takes:
    """What one scenario would take: runs, those that are there, seconds a run and for those that are missing."""

    scenario: str
    facts: int
    runs: int
    there: int
    seconds_a_run: float
    seconds: float
    folder: str


@dataclass(frozen=True)
class Estimate:
    """What a validation would take, scenario by scenario, with so many runs at a time."""

    workers: int
    scenarios: tuple[Takes, ...]


def estimate(plan: Plan, out: Path, workers: int) -> Estimate:
    """Count the runs and time one of each scenario; nothing is written."""
    told = []
    for k, one in enumerate(plan.cases, 1):
        log.warning("timing a run of %s (%d of %d)", one.case.name, k, len(plan.cases))
        told.append(_takes(one, runs_folder(one, out), workers))
    return Estimate(workers, tuple(told))


def _takes(plan: CasePlan, folder: Path, workers: int) -> Takes:
    one = takes.seconds_a_run(plan.job)
    there = min(present(folder), plan.runs)
    return Takes(
        plan.case.name,
        len(plan.case.kept),
        plan.runs,
        there,
        one,
        (plan.runs - there) * one / workers,
        str(folder),
    )
