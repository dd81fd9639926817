"""In which futures does a plan fail? Boxes and a tree over runs that are there or are done now; and policies over the same futures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import design as designs
from experiments import files, takes
from experiments.comparison import policies as politics
from experiments.design import Design
from experiments.discovery import cases, prim, regret, tree
from experiments.discovery.cases import Case, Event
from experiments.job import ScenarioJob
from experiments.reach.runs import Bench, Progress, Runs, present
from experiments.store import Store
from experiments.study import check_numbers
from experiments.sweep import Plan as Sweep
from experiments.vary import factors
from scenarios import frozen
from scenarios.errors import InputError
from scenarios.reader import family

if TYPE_CHECKING:
    from experiments.executors import Executor
    from experiments.given import Posterior
    from scenarios.scenario import Scenario

FORMAT = 1  # of the id
POINTS, REPLICATIONS = 200, 1  # where none are asked for
MOST_BOXES, MOST_DEPTH = 10, 6
MOST_SUPPORT = 0.5


@dataclass(frozen=True)
class Settings:
    """How boxes and the tree are looked for; `seed` decides futures, luck, resamples and folds."""

    boxes: int = 3
    depth: int = tree.DEPTH
    prim: prim.Settings = prim.Settings()
    seed: int = 1


def settings(
    *, boxes: int = 3, depth: int = tree.DEPTH, support: float = 0.05, threshold: float | None = None,
    criterion: str = prim.EVIDENCE, seed: int = 1,
) -> Settings:  # fmt: skip
    """Checked settings. Raises InputError."""
    wrong = []
    if not 1 <= boxes <= MOST_BOXES:
        wrong.append(f"--boxes {boxes}: 1 to {MOST_BOXES} expected")
    if not 1 <= depth <= MOST_DEPTH:
        wrong.append(f"--depth {depth}: 1 to {MOST_DEPTH} expected")
    if not 0.0 < support <= MOST_SUPPORT:
        wrong.append(
            f"--min-support {support:g}: more than 0 and at most {MOST_SUPPORT:g} expected, such as 0.05"
        )
    if threshold is not None and not 0.0 < threshold <= 1.0:
        wrong.append(f"--threshold {threshold:g}: more than 0 and at most 1 expected, such as 0.8")
    if criterion not in prim.CRITERIA:
        wrong.append(f"--peel {criterion}: {' or '.join(prim.CRITERIA)} expected")
    if wrong:
        raise InputError(wrong)
    check_numbers(seed)
    return Settings(boxes, depth, prim.Settings(support, threshold, criterion), seed)


@dataclass(frozen=True, eq=False)
class Policy:
    """One policy of the answer: how its runs of the same futures came out, both (futures, replications)."""

    name: str
    title: Mapping[str, str]
    runs: Runs


@dataclass(frozen=True, eq=False)
class Discovery:
    """The answer. `idle` says why nothing could be looked for, then `search` and `tree` are None; `regrets` is there with
    several policies. `held` names uncertainties that not all policies share and that keep their central value.
    """

    scenario: Scenario
    id: str
    case: Case
    settings: Settings
    idle: str
    search: prim.Search | None
    tree: tree.Tree | None
    policies: tuple[Policy, ...] = ()
    regrets: regret.Regrets | None = None
    held: tuple[str, ...] = ()
    given: Posterior | None = None
    source: str = ""  # the store that was read
    model_hash: str = ""
    version: str = ""

    @property
    def folder_name(self) -> str:
        """The folder of all questions about these runs."""
        return folder_name(self.scenario, self.id)


def folder_name(scenario: Scenario, id: str) -> str:
    return f"{scenario.name.replace('/', '-')}-discovery-{id}"


def _looked(case: Case, asked: Settings) -> tuple[prim.Search, tree.Tree]:
    search = prim.search(case.sample, asked.prim, boxes=asked.boxes, seed=asked.seed)
    grown = tree.grow(case.sample, depth=asked.depth, support=asked.prim.support, seed=asked.seed)
    return search, grown


# In a store


@dataclass(frozen=True, eq=False)
class Read:
    """A store that was opened, and what is asked of it."""

    path: Path
    scenario: Scenario
    event: Event
    settings: Settings
    id: str
    model_hash: str

    @property
    def folder_name(self) -> str:
        return folder_name(self.scenario, self.id)


def open_store(path: Path, asked: Settings, **options: Any) -> Read:
    """What is asked of a store; `options` are those of `cases.event`. Raises InputError."""
    with Store.open(path) as store:
        scenario = frozen.thaw(store.scenario_json)
        wanted = cases.event(scenario, **options)
        content = {"format": FORMAT, "store": store.study, "seed": asked.seed}
        return Read(
            Path(path), scenario, wanted, asked, files.digest(content)[:8], store.manifest["model_hash"]
        )


def in_store(read: Read) -> Discovery:
    """Boxes and a tree in the runs of a store. Raises InputError where nothing can be looked for."""
    with Store.open(read.path) as store:
        case = cases.of_store(store, read.scenario, read.event)
    if why := cases.refusal(case):
        raise InputError([f"{read.path}: {why}"])
    search, grown = _looked(case, read.settings)
    return Discovery(
        scenario=read.scenario, id=read.id, case=case, settings=read.settings, idle="", search=search, tree=grown,
        source=str(read.path), model_hash=read.model_hash, version=metadata.version("anju"),
    )  # fmt: skip


# Policies over futures


@dataclass(frozen=True, eq=False)
class Plan:
    """Policies to be run in the same futures, checked. The first is the one whose failures are looked into."""

    policies: tuple[politics.Policy, ...]
    jobs: tuple[ScenarioJob, ...]
    event: Event
    settings: Settings
    names: tuple[str, ...]  # of the uncertainties that all policies share
    held: tuple[str, ...]
    points: int
    replications: int
    given: Posterior | None = None

    @property
    def scenario(self) -> Scenario:
        return self.policies[0].scenario

    @property
    def id(self) -> str:
        """Eight hex digits that change with what the runs depend on, but neither with how many there are nor with what is asked."""
        content = {
            "format": FORMAT,
            "model_hash": self.jobs[0].model_hash,
            "scenarios": [job.scenario_hash for job in self.jobs],
            "factors": [
                factor.as_dict() for factor in factors(self.scenario, self.names, where="the scenario")
            ],
            "seed": self.settings.seed,
            "given": None if self.given is None else self.given.id,
        }
        return files.digest(content)[:8]

    @property
    def folder_name(self) -> str:
        return folder_name(self.scenario, self.id)

    @property
    def labels(self) -> tuple[str, ...]:
        """The folders of the policies' stores."""
        return tuple(policy.name.replace("/", "-") for policy in self.policies)

    @property
    def runs(self) -> int:
        return len(self.policies) * self.points * self.replications


def plan_of(
    scenarios: Sequence[tuple[str, Scenario]], asked: Settings, *, points: int = POINTS,
    replications: int = REPLICATIONS, given: Posterior | None = None, **options: Any,
) -> Plan:  # fmt: skip
    """What answering takes; `scenarios` are policies by name, `options` those of `cases.event`.

    Raises InputError for policies of different regions, or that cannot be run in the same futures.
    """
    check_numbers(asked.seed, points=points, replications=replications)
    if points < prim.FEWEST_POINTS:
        raise InputError(
            [
                f"--points {points}: at least {prim.FEWEST_POINTS} futures expected, or nothing can be found in them"
            ]
        )
    found = _together(scenarios)
    first = found[0].scenario
    wanted = cases.event(first, **options)
    if len(found) > 1 and wanted.question is None:
        raise InputError([
            f"--outcome {wanted.column}: of several policies it must be known what is better; ask for a target, or name one policy"
        ])  # fmt: skip
    shared = set.intersection(*({entry.name for entry in p.scenario.uncertainties()} for p in found))
    own = [entry.name for entry in first.uncertainties()]
    names = tuple(name for name in own if name in shared)
    if not names:
        raise InputError(
            [f"{first.name}: nothing is uncertain, so there is one future only; nothing can be found in it"]
        )
    uncertain = {entry.name for _, scenario in scenarios for entry in scenario.uncertainties()}
    return Plan(
        policies=found, jobs=tuple(ScenarioJob(policy.scenario) for policy in found), event=wanted,
        settings=asked, names=names, held=tuple(sorted(uncertain - {*names})), points=points, replications=replications, given=given,
    )  # fmt: skip


def _together(named: Sequence[tuple[str, Scenario]]) -> tuple[politics.Policy, ...]:
    """Policies of one region with the first's uncertainties and targets."""
    names = [name for name, _ in named]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError([f"{twice[0]}: is named twice; name each policy once"])
    first, *others = (replace(politics.policy(scenario), name=name) for name, scenario in named)
    region = family(first.scenario.name)
    for other in others:
        if family(other.scenario.name) != region:
            raise InputError([
                f"{other.name}: is of {family(other.scenario.name)}, and {first.name} of {region};"
                " policies of one region expected, for others have other futures"
            ])  # fmt: skip
    if not others:
        return (first,)
    same = politics.region(region, others, first).policies
    targets = first.scenario.targets
    return tuple(replace(policy, scenario=replace(policy.scenario, targets=targets)) for policy in same)


def run_discovery(
    plan: Plan, folder: Path, executor: Executor, *,
    request: Mapping[str, Any] | None = None, progress: Callable[[int, int], None] | None = None,
) -> Discovery:  # fmt: skip
    """Do the runs that are missing in the stores of `folder` and answer.

    A future has luck of its own, the same under every policy and another than the next future's: policies are compared under
    the same luck, and shares of futures average over luck. Raises InputError where nothing can be looked for.
    """
    bench = Bench(folder, executor, plan.settings.seed, Progress(progress, plan.runs), request or {})
    design = _design(plan, folder)
    done = tuple(
        Policy(policy.name, policy.title, bench.run(
            label, job, design, (plan.event.column,), replications=plan.replications
        ))
        for label, policy, job in zip(plan.labels, plan.policies, plan.jobs, strict=True)
    )  # fmt: skip
    column = plan.event.column
    first = done[0].runs
    case = cases.of_runs(
        plan.scenario, design, plan.event, first.columns[column], first.failed, errors=_errors(done[:1])
    )
    idle = cases.refusal(case)
    if idle and len(done) == 1:
        raise InputError([f"{plan.scenario.name}: {idle}"])
    search, grown = (None, None) if idle else _looked(case, plan.settings)
    return Discovery(
        scenario=plan.scenario, id=plan.id, case=case, settings=plan.settings, idle=idle, search=search, tree=grown,
        policies=done, regrets=_regrets(plan, done) if len(done) > 1 else None, held=plan.held, given=plan.given,
        model_hash=plan.jobs[0].model_hash, version=metadata.version("anju"),
    )  # fmt: skip


def _design(plan: Plan, folder: Path) -> Design:
    """The futures: a Latin hypercube, the one that is there already or its extension; or draws from the posterior."""
    varied = factors(plan.scenario, plan.names, where="the scenario")
    if plan.given is not None:
        from experiments import given, priors

        uncertain = [x for x in priors.uncertain(plan.scenario) if x.name in plan.names]
        values = given.draws(plan.given, uncertain, plan.settings.seed, plan.points)
        options = {"prior": given.WORD, "given": plan.given.id}
        return Design(plan.names, values, "futures", options, varied)
    made = designs.make("lhs", varied, points=plan.points, seed=plan.settings.seed)
    sweep = Sweep(plan.jobs[0], made, plan.replications, plan.settings.seed, fresh=True)
    return sweep.joined(folder / plan.labels[0]).design


def _errors(policies: Sequence[Policy]) -> dict[str, int]:
    found = Counter[str]()
    for policy in policies:
        found.update(policy.runs.errors)
    return dict(found.most_common())


def _regrets(plan: Plan, done: Sequence[Policy]) -> regret.Regrets:
    question = plan.event.question
    assert question is not None  # `plan_of` refuses others
    outcome = np.stack([policy.runs.columns[question.column] for policy in done])
    kept = np.all(np.isfinite(outcome), axis=(0, 2))
    if kept.sum() < regret.FEWEST:
        raise InputError([
            f"{plan.scenario.name}: {int(kept.sum())} futures in which every policy could be run and judged; at least"
            f" {regret.FEWEST} expected" + _commonest(_errors(done))
        ])  # fmt: skip
    return regret.regrets(
        [policy.name for policy in done], outcome[:, kept].mean(axis=2),
        question.reached(outcome[:, kept]).mean(axis=2), sign=question.sign, seed=plan.settings.seed, kept=kept,
    )  # fmt: skip


def _commonest(errors: Mapping[str, int]) -> str:
    return f"; the commonest failure: {next(iter(errors))}" if errors else ""


# What it would take


@dataclass(frozen=True)
class Estimate:
    """Runs in all and those that are there, seconds a run and in all."""

    policies: int
    points: int
    replications: int
    runs: int
    there: int
    seconds_a_run: float
    seconds: float
    bytes: float
    workers: int
    folder: str


def estimate(plan: Plan, folder: Path, workers: int) -> Estimate:
    """Count the runs and time one of them; nothing is written."""
    job = plan.jobs[0]
    one = takes.seconds_a_run(job)
    there = min(present(folder), plan.runs)
    missing = plan.runs - there
    return Estimate(
        policies=len(plan.policies), points=plan.points, replications=plan.replications, runs=plan.runs, there=there,
        seconds_a_run=one, seconds=math.ceil(missing / workers) * one,
        bytes=missing * 8.0 * (len(job.columns) + len(plan.names) + 5), workers=workers, folder=str(folder),
    )  # fmt: skip
