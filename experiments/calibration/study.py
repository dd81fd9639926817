"""Calibration: what is believed of the uncertainties of a region once some facts are known."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import files, priors, takes
from experiments.calibration import judge, smc
from experiments.calibration.cases import KIND, Case, Table, cases, identity, seed_of, values_at
from experiments.calibration.judge import Check, Judged, Pair
from experiments.calibration.smc import Cloud, Generation, Sample
from experiments.design import Design
from experiments.given import Posterior
from experiments.job import ScenarioJob
from experiments.priors import Uncertain
from experiments.reach.runs import Bench, Progress, present
from experiments.study import check_numbers
from scenarios import calibration as data
from scenarios import facts as published
from scenarios import own_facts
from scenarios.calibration import Anchor, Calibration, Unused
from scenarios.errors import InputError, problem
from scenarios.facts import Fact
from scenarios.own_facts import Own
from scenarios.reader import family
from scenarios.show import name_of

if TYPE_CHECKING:
    from experiments.executors import Executor
    from scenarios.scenario import Scenario

FORMAT = 1  # of the id
PARTICLES, REPLICATIONS = 300, 1
FEWEST = 20  # particles that a range can be read from
CHECKS = 100  # runs of each case that check the posterior
IMPLAUSIBLE = 3.0
"""Stated errors beyond which a fact rules a point out (Pukelsheim 1994, doi 10.1080/00031305.1994.10476030)."""
PATIENCE, NEARER = 3, 0.95  # batches without any that comes nearer than this, before facts are given up
BATCHES = 10  # that a calibration takes, about


@dataclass(frozen=True, eq=False)
class Plan:
    """What is calibrated on what, checked. `kept` are facts kept for something else."""

    scenario: Scenario
    family: str
    uncertain: tuple[Uncertain, ...]
    units: tuple[str, ...]
    cases: tuple[Case, ...]
    known: Calibration | None
    kept: tuple[Fact, ...]
    particles: int
    replications: int
    seed: int

    @property
    def id(self) -> str:
        """Eight hex digits that change with whatever the answer depends on."""
        content = {
            "format": FORMAT,
            "sampler": list(smc.SETTINGS),
            "model_hash": self.model_hash,
            "cases": [identity(case) for case in self.cases],
            "uncertain": [[x.name, x.low, x.high, x.scale] for x in self.uncertain],
            "particles": self.particles,
            "replications": self.replications,
            "seed": self.seed,
        }
        return files.digest(content)[:8]

    @property
    def folder_name(self) -> str:
        return f"{self.family.replace('/', '-')}-calibration-{self.id}"

    @property
    def model_hash(self) -> str:
        return self.cases[0].job.model_hash

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(x.name for x in self.uncertain)

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """All facts, case by case."""
        return tuple(anchor for case in self.cases for anchor in case.anchors)

    @property
    def unused(self) -> tuple[Unused, ...]:
        """Facts that might have been used and were not."""
        return self.known.unused if self.known else ()

    @property
    def dimensions(self) -> tuple[Uncertain, ...]:
        """What the cube spans: the region's own, then what each case alone does not know."""
        return self.uncertain + tuple(x for case in self.cases for x in case.own)

    def at(self, k: int) -> tuple[int, ...]:
        """The dimensions of a case, in the order of its names."""
        first = len(self.uncertain) + sum(len(case.own) for case in self.cases[:k])
        mine = self.cases[k]
        return (
            *(self.names.index(x.name) for x in mine.walked),
            *range(first, first + len(mine.own)),
        )


@dataclass(frozen=True, eq=False)
class Calibrated:
    """The posterior, how it came about, and what it says. `ruled_out` is the share of the prior that a fact rules out."""

    plan: Plan
    sample: Sample
    posterior: Posterior
    values: np.ndarray  # (particles, dimensions of the plan)
    parameters: tuple[Judged, ...]
    pairs: tuple[Pair, ...]
    checks: tuple[Check, ...]
    open: judge.Share
    effective: float
    runs: Mapping[str, int]
    errors: Mapping[str, int]
    labels: Mapping[str, Mapping[str, str]]
    version: str

    @property
    def roots(self) -> int:
        """Draws of the prior that particles descend from."""
        return len(np.unique(self.sample.cloud.root))


def plan_of(
    scenario: Scenario, *, load: Callable[[str], Scenario] | None = None, facts: Path | None = None,
    particles: int = PARTICLES, replications: int = REPLICATIONS, seed: int = 1,
    known: Calibration | None = None, job: Callable[[Scenario], ScenarioJob] = ScenarioJob,
) -> Plan:  # fmt: skip
    """What calibrating a scenario's region takes.

    Facts are those of `scenarios/calibration.toml` for its region (or `known`), and those of the CSV file `facts`, which
    are held against the scenario itself. `load` reads the other scenarios. Raises InputError where there is nothing to
    calibrate, or nothing to calibrate on.
    """
    check_numbers(seed, replications=replications)
    if particles < FEWEST:
        raise InputError(
            [f"--particles {particles}: {FEWEST} or more expected; a range cannot be read from fewer"]
        )
    region = family(scenario.name)
    known = known or data.of_region(region)
    own = own_facts.to_calibrate(facts, scenario.name) if facts else Own((), ())
    _refuse_known(own, known.anchors if known else ())
    _refuse_strangers(own, facts, scenario)
    anchors = (*(known.anchors if known else ()), *own.anchors)
    if not anchors:
        raise InputError([
            f"{scenario.name}: no fact calibrates {region}; give your own with --facts FILE (columns {', '.join(own_facts.TO_CALIBRATE)})"
        ])  # fmt: skip
    uncertain = priors.uncertain(scenario)
    if not uncertain:
        raise InputError([f"{scenario.name}: nothing is uncertain, so there is nothing to calibrate"])
    units = {entry.name: entry.unit for entry in scenario.entries()}
    return Plan(
        scenario=scenario,
        family=region,
        uncertain=uncertain,
        units=tuple(units[x.name] for x in uncertain),
        cases=cases(scenario, anchors, known.shared if known else data.shared(), load or _load, job=job),
        known=known,
        kept=(*(known.kept if known else ()), *own.others),
        particles=particles,
        replications=replications,
        seed=seed,
    )


def _refuse_strangers(own: Own, path: Path | None, scenario: Scenario) -> None:
    """Raise InputError for facts of the user's about a region that is another's."""
    mine = {family(scenario.name), *map(family, scenario.files)}
    wrong = [
        problem(
            f"{path.name}:{one.fact.line}", "region",
            f"{one.fact.region} is a region of {other}, and what is calibrated is {family(scenario.name)}",
            mend=f"`anju calibrate {other}` takes it",
        )
        for one in own.anchors
        if path and (other := data.belongs_to(one.fact.region, mine))
    ]  # fmt: skip
    if wrong:
        raise InputError(wrong)


def _refuse_known(own: Own, anchors: Sequence[Anchor]) -> None:
    """Raise InputError for facts of the user's that are used already, or that anju keeps for validation."""

    def key(fact: Fact) -> tuple[str, str, str]:
        return fact.region, fact.period, fact.quantity

    used = {key(one.fact) for one in anchors}
    kept = {key(fact) for fact in published.facts() if fact.use == "validate"}
    why = {
        **dict.fromkeys(kept, f"is kept for validation ({published.FILE}), so no parameter may be set to it"),
        **dict.fromkeys(used, f"comes with anju ({data.FILE}), and would count twice"),
    }
    wrong = [
        f"--facts: {', '.join(key(one.fact))}: {why[key(one.fact)]}; leave it out"
        for one in own.anchors
        if key(one.fact) in why
    ]
    if wrong:
        raise InputError(wrong)


def _load(name: str) -> Scenario:
    import scenarios

    return scenarios.load(name)


def calibrate(
    plan: Plan, folder: Path, executor: Executor, *,
    request: Mapping[str, Any] | None = None, progress: Callable[[int, int], None] | None = None,
) -> Calibrated:  # fmt: skip
    """Do the runs that are missing in the stores of `folder` and answer.

    Raises InputError where a folder holds something else, all runs fail, or no run comes near the facts; runs are kept.
    """
    shown = Progress(progress, plan.particles * plan.replications * len(plan.cases) * BATCHES)
    benches = [
        Bench(folder, executor, seed_of(plan.seed, case.name), shown, request or {}) for case in plan.cases
    ]
    tables = [
        Table(case, bench, plan.at(k), plan.replications)
        for k, (case, bench) in enumerate(zip(plan.cases, benches, strict=True))
    ]
    near = _Near(plan, tables)
    found = smc.sample(
        near.run, cases=len(plan.cases), dimensions=len(plan.dimensions), particles=plan.particles, seed=plan.seed, watch=near.watch,
    )  # fmt: skip
    near.refuse_empty(found)
    checked = [_check_runs(plan, k, bench, found.cloud) for k, bench in enumerate(benches)]
    return _answer(plan, found, tables, checked)


class _Near:
    """How near runs come to the facts, so that facts nothing can meet are given up and named."""

    def __init__(self, plan: Plan, tables: list[Table]) -> None:
        self.plan, self.tables = plan, tables
        self.best: list[float] = []

    def run(self, k: int, points: np.ndarray) -> smc.Drawn:
        drawn = self.tables[k].run(points)
        if (
            len(points)
            and not np.isfinite(drawn.distance).any()
            and len(self.tables[k].values) == len(points)
        ):
            self._refuse_failed(k)
        return drawn

    def watch(self, generation: Generation) -> None:
        """Give up where runs come no nearer and all are ruled out."""
        self.best.append(max(self._least()))
        old = self.best[:-PATIENCE]
        if old and self.best[-1] > IMPLAUSIBLE and self.best[-1] > NEARER * min(old):
            self._refuse_empty()

    def _least(self) -> list[float]:
        """Of each case, how far the farthest fact of its nearest run is, in stated errors."""
        return [float(np.abs(table.misses).max(axis=-1).min()) for table in self.tables]

    def refuse_empty(self, found: Sample) -> None:
        """Raise InputError unless some particle is plausible and the last tolerance is the facts' own error."""
        farthest = judge.implausibility(found.cloud, [table.misses for table in self.tables])
        if farthest.min() > IMPLAUSIBLE:
            self._refuse_empty()
        if found.tau > 1.0:
            raise InputError([
                f"{self.plan.family}: after {len(found.generations)} batches particles lie within {found.tau:.3g} times the stated"
                f" errors of the facts only; the facts contradict each other, or their errors are too small ({data.FILE});"
                f" the runs are kept"
            ])  # fmt: skip

    def _refuse_empty(self) -> None:
        lines = []
        for table in self.tables:
            misses = table.misses.reshape(-1, len(table.case.anchors))
            outcomes = table.found.reshape(misses.shape)
            for k, anchor in enumerate(table.case.anchors):
                at = int(np.abs(misses[:, k]).argmin())
                if abs(misses[at, k]) > IMPLAUSIBLE:
                    lines.append(
                        f"{anchor.fact.quantity} ({anchor.fact.region} {anchor.fact.period}): {anchor.value:.4g} {anchor.unit} cannot"
                        f" be met; the nearest of {len(misses):,} runs gave {outcomes[at, k]:.4g}, {abs(misses[at, k]):.1f} stated"
                        f" errors off"
                    )  # fmt: skip
        if not lines:
            lines = self._together()
        raise InputError([
            f"{self.plan.family}: nothing within the stated ranges is compatible with the facts, so there is no posterior (the"
            f" runs are kept): {'; '.join(lines)}. Widen the ranges of the scenario, or state larger errors if they are larger"
            f" ({data.FILE}, or column error)"
        ])  # fmt: skip

    def _together(self) -> list[str]:
        """Each fact alone can be met, not all at once: what the nearest run of the worst case missed."""
        worst = max(self.tables, key=lambda table: float(np.abs(table.misses).max(axis=-1).min()))
        misses = worst.misses.reshape(-1, len(worst.case.anchors))
        nearest = misses[np.abs(misses).max(axis=1).argmin()]
        said = ", ".join(
            f"{a.fact.quantity} by {m:+.1f} stated errors"
            for a, m in zip(worst.case.anchors, nearest, strict=True)
        )
        return [
            f"{worst.case.name}: each fact alone can be met, but not together; the nearest run missed {said}"
        ]

    def _refuse_failed(self, k: int) -> None:
        table = self.tables[k]
        if table.errors:
            raise InputError([f"{table.case.name}: every run failed: {table.errors.most_common(1)[0][0]}"])
        empty = [
            anchor.fact.quantity
            for j, anchor in enumerate(table.case.anchors)
            if not np.isfinite(table.misses[..., j]).any()
        ]
        raise InputError([
            f"{table.case.name}: no run holds an outcome that answers to {', '.join(empty) or 'all facts at once'}"
        ])  # fmt: skip


def _check_runs(plan: Plan, k: int, bench: Bench, cloud: Cloud) -> np.ndarray:
    """Outcomes of new runs at particles, with luck of their own, (runs, facts): what the posterior predicts."""
    case = plan.cases[k]
    some = np.linspace(0, plan.particles - 1, min(CHECKS, plan.particles)).astype(np.int64)
    values = values_at(cloud.points[some][:, list(plan.at(k))], case.uncertain)
    design = Design(case.names, values, KIND, {"check": True}, case.factors())
    other = dataclasses.replace(bench, seed=seed_of(bench.seed, "check"))
    runs = other.run(f"{case.store}-check", case.job, design, sorted(set(case.columns)))
    return case.outcomes(values, runs.columns)[:, 0]


def _answer(plan: Plan, found: Sample, tables: list[Table], checked: list[np.ndarray]) -> Calibrated:
    cloud = found.cloud
    inside = cloud.points[:, : len(plan.uncertain)]
    values = values_at(cloud.points, plan.dimensions)
    parameters = judge.parameters(plan.uncertain, inside, cloud.root, plan.seed)
    effective = float(np.median([one.effective for one in parameters]))
    errors: Counter[str] = Counter()
    for table in tables:
        errors.update(table.errors)
    return Calibrated(
        plan=plan,
        sample=found,
        posterior=_posterior(plan, values),
        values=values,
        parameters=parameters,
        pairs=judge.pairs(plan.names, inside, effective),
        checks=tuple(
            check
            for k, table in enumerate(tables)
            for check in judge.checks(table.case.anchors, table.found[: plan.particles], checked[k])
        ),
        open=judge.open_share(found.prior, [table.misses for table in tables], IMPLAUSIBLE),
        effective=effective,
        runs={table.case.name: len(table.values) * plan.replications for table in tables}
        | {f"{plan.cases[k].name} (check)": len(one) for k, one in enumerate(checked)},
        errors=dict(errors.most_common()),
        labels=_labels(plan.scenario),
        version=metadata.version("anju"),
    )


def _posterior(plan: Plan, values: np.ndarray) -> Posterior:
    n = len(values)
    return Posterior(
        path="",
        scenario=plan.family,
        names=plan.names,
        units=plan.units,
        values=values[:, : len(plan.uncertain)],
        weights=np.full(n, 1.0 / n),
        facts=tuple(told(anchor) for anchor in plan.anchors),
        model_hash=plan.model_hash,
        calibration=plan.id,
    )


def told(anchor: Anchor) -> dict[str, Any]:
    """A fact as the files have it: as published, and with the error it was held to."""
    fact = anchor.fact
    return {
        "region": fact.region, "period": fact.period, "quantity": fact.quantity, "value": fact.value, "unit": fact.unit,
        "source": fact.source, "held_against": anchor.case, "held_value": anchor.value, "held_unit": anchor.unit,
        "error": anchor.sd, "scale": anchor.scale, "column": anchor.column, "metric": anchor.metric, "event": anchor.event,
        "scope": anchor.scope, "date": anchor.date, "month": anchor.month,
    }  # fmt: skip


def _labels(scenario: Scenario) -> dict[str, dict[str, str]]:
    return {
        entry.name: {lang: name_of(entry, scenario, lang) for lang in ("en", "zh")}
        for entry in scenario.uncertainties()
    }


# What it would take


@dataclass(frozen=True)
class Estimate:
    """What a calibration would take, about: the facts, runs, those that are there, seconds, bytes."""

    facts: tuple[Anchor, ...]
    unused: tuple[Unused, ...]
    kept: tuple[Fact, ...]
    runs: int
    there: int
    seconds_a_run: tuple[float, ...]
    seconds: float
    bytes: float
    workers: int
    folder: str


def estimate(plan: Plan, folder: Path, workers: int) -> Estimate:
    """Count the runs and time one of each case; nothing is written."""
    there = present(folder)
    each = plan.particles * plan.replications * BATCHES + CHECKS
    seconds = [takes.seconds_a_run(case.job) for case in plan.cases]
    runs = each * len(plan.cases)
    missing = max(runs - there, 0) / max(runs, 1)
    return Estimate(
        facts=plan.anchors,
        unused=plan.unused,
        kept=plan.kept,
        runs=runs,
        there=there,
        seconds_a_run=tuple(seconds),
        seconds=missing * each * sum(seconds) / workers,
        bytes=missing
        * each
        * sum(8.0 * (len(case.job.columns) + len(case.names) + 5) for case in plan.cases),
        workers=workers,
        folder=str(folder),
    )
