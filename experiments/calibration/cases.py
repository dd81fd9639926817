"""The scenarios a calibration runs, each with the facts held against it, and how far a run is from them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import measures, priors
from experiments.calibration.smc import Drawn
from experiments.design import Design
from experiments.job import ScenarioJob
from experiments.priors import Uncertain
from experiments.reach.runs import Bench
from experiments.sweep import Plan, fill
from experiments.vary import Factor, factors
from scenarios.calibration import REGION, Anchor, Shared
from scenarios.errors import InputError
from scenarios.reader import family
from scenarios.scenario import Target, month_of
from scenarios.units import UnitError, convert

if TYPE_CHECKING:
    from scenarios.scenario import Scenario

KIND = "calibration"  # of the designs


@dataclass(frozen=True, eq=False)
class Case:
    """One scenario: `anchors` are held against it, `walked` is what it shares with the region calibrated, `own` what it alone
    does not know. `columns` has one name a fact.
    """

    name: str
    scenario: Scenario
    job: ScenarioJob
    anchors: tuple[Anchor, ...]
    columns: tuple[str, ...]
    walked: tuple[Uncertain, ...]
    own: tuple[Uncertain, ...]

    @property
    def uncertain(self) -> tuple[Uncertain, ...]:
        return self.walked + self.own

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(x.name for x in self.uncertain)

    @property
    def store(self) -> str:
        """The folder of its runs."""
        return self.name.replace("/", "-")

    @property
    def size(self) -> float:
        """About what a run costs: households over months."""
        return self.scenario.months * self._central("pool_persons")

    def _central(self, name: str) -> float:
        return float(self.scenario.values[name].at(0))

    def factors(self) -> tuple[Factor, ...]:
        """What its design varies, over the ranges that are used here."""
        found = factors(self.scenario, self.names, where="the scenario")
        return tuple(
            dataclasses.replace(one, low=x.low, high=x.high, scale=x.scale)
            for one, x in zip(found, self.uncertain, strict=True)
        )

    def outcomes(self, values: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """What answers to the facts, (points, replications, facts), from points (points, names) and columns of their runs."""
        found = [
            columns[column] * self._times(anchor, values)[:, None]
            for anchor, column in zip(self.anchors, self.columns, strict=True)
        ]
        return np.stack(found, axis=-1)

    def _times(self, anchor: Anchor, values: np.ndarray) -> np.ndarray:
        if not anchor.times and not anchor.times_facts:
            return np.ones(len(values))
        total = np.full(len(values), sum(fact.value for fact in anchor.times_facts))
        for name in anchor.times:
            total += values[:, self.names.index(name)] if name in self.names else self._central(name)
        return total

    def misses(self, outcomes: np.ndarray) -> np.ndarray:
        """Outcome less fact in stated errors, the shape of `outcomes`; infinite where there is no outcome."""
        return np.stack([miss(a, outcomes[..., k]) for k, a in enumerate(self.anchors)], axis=-1)


def miss(anchor: Anchor, outcomes: np.ndarray) -> np.ndarray:
    """Outcomes less the fact in its stated errors, on its scale."""
    value, sd = anchor.value, anchor.sd
    if anchor.scale == "linear":
        found = (outcomes - value) / sd
    else:
        from simulation.draws import log_

        positive = np.where(outcomes > 0.0, outcomes, np.nan)
        logs = [log_(x) if x == x else np.nan for x in positive.ravel().tolist()]
        found = (np.array(logs, dtype=float).reshape(np.shape(outcomes)) - log_(value)) / sd
    return np.where(np.isfinite(found), found, np.inf)


def cases(
    target: Scenario, anchors: Sequence[Anchor], shared: Shared, load: Callable[[str], Scenario],
    *, job: Callable[[Scenario], ScenarioJob] = ScenarioJob,
) -> tuple[Case, ...]:  # fmt: skip
    """The scenarios that facts are held against, cheap ones first. Raises InputError for an outcome that a scenario lacks."""
    mine = {x.name: x for x in priors.uncertain(target)}
    wrong: list[str] = []
    found = []
    for name in dict.fromkeys(anchor.case for anchor in anchors):
        scenario = target if name == target.name else load(name)
        held = tuple(_with_unit(anchor, scenario, wrong) for anchor in anchors if anchor.case == name)
        asked = tuple(_target(k, anchor, scenario, wrong) for k, anchor in enumerate(held))
        scenario = dataclasses.replace(
            scenario, targets=(*scenario.targets, *(one for one in asked if one is not None))
        )
        local = family(scenario.name) == family(target.name)
        uncertain = priors.uncertain(scenario)
        walked = [x for x in uncertain if x.name in mine and (local or _is_shared(x.name, shared))]
        work = job(scenario)
        columns = tuple(
            f"target_{one.id}" if one is not None else _column(anchor, work, wrong)
            for one, anchor in zip(asked, held, strict=True)
        )
        found.append(
            Case(
                name, scenario, work, held, columns,
                tuple(mine[x.name] for x in walked), tuple(x for x in uncertain if x not in walked),
            )
        )  # fmt: skip
    if wrong:
        raise InputError(wrong)
    return tuple(sorted(found, key=lambda case: case.size))


def _with_unit(anchor: Anchor, scenario: Scenario, wrong: list[str]) -> Anchor:
    """A fact that a column answers to, in that column's unit; an unknown column is said to be so elsewhere."""
    if anchor.unit:
        return anchor
    unit, column = anchor.fact.unit, measures.units(scenario).get(anchor.column or "")
    try:
        convert(1.0, unit, column or unit)
    except UnitError as error:
        wrong.append(f"{anchor.fact.quantity}: {error}; {anchor.column} is in {column}")
        column = None
    return dataclasses.replace(anchor, unit=column or unit)


def _is_shared(name: str, shared: Shared) -> bool:
    from scenarios import assemble

    return name in shared.names or assemble.parameter(name).family in shared.families


def _target(k: int, anchor: Anchor, scenario: Scenario, wrong: list[str]) -> Target | None:
    """The outcome at a date that answers to a fact, as a target that a run counts; None where a column does."""
    if anchor.metric is None:
        return None
    said = f"{anchor.fact.quantity} ({scenario.name})"
    month = month_of(anchor.date, scenario.start) if anchor.date else (anchor.month or 1) - 1
    if not 0 <= month < scenario.months:
        end = f"{scenario.months} months from {scenario.start}"
        wrong.append(f"{said}: {anchor.date or f'month {anchor.month}'} is not among the months run, {end}")
        month = 0
    counties = [county.id for county in scenario.counties]
    if anchor.scope not in (REGION, *counties):
        wrong.append(
            f"{said}: scope {anchor.scope!r} unknown; {REGION} or one of {', '.join(counties)} expected"
        )
    return Target(
        id=f"fact_{k}", en=anchor.en, zh=anchor.zh, metric=anchor.metric, event=anchor.event, at_least=True,
        value=anchor.value, unit=anchor.unit, date=anchor.date or "", month=month, scope=anchor.scope,
        source=anchor.fact.source,
    )  # fmt: skip


def _column(anchor: Anchor, job: ScenarioJob, wrong: list[str]) -> str:
    try:
        return measures.named(job.columns, anchor.column or "", where=anchor.fact.quantity)
    except InputError as error:
        wrong += error.messages
        return ""


@dataclass(eq=False)
class Table:
    """The runs of one case, point after point as they are asked for.

    `values` (points, names), `found` (points, replications, facts) hold what was run, `at` says which dimensions of the
    cube are its own.
    """

    case: Case
    bench: Bench
    at: tuple[int, ...]
    replications: int

    def __post_init__(self) -> None:
        self.values = np.empty((0, len(self.case.names)))
        self.found = np.empty((0, self.replications, len(self.case.anchors)))
        self.factors = self.case.factors()
        self.errors: Counter[str] = Counter()

    @property
    def misses(self) -> np.ndarray:
        """(points, replications, facts)"""
        return self.case.misses(self.found)

    def run(self, points: np.ndarray) -> Drawn:
        """Run the case at points of the cube; places are rows of the table."""
        first = len(self.values)
        new = values_at(points[:, list(self.at)], self.case.uncertain)
        self.values = np.concatenate([self.values, new])
        columns = self._runs(first)
        self.found = np.concatenate([self.found, self.case.outcomes(new, columns)])
        distance = np.square(self.case.misses(self.found[first:])).sum(axis=-1)
        return Drawn(distance, np.arange(first, len(self.values)))

    def _runs(self, first: int) -> dict[str, np.ndarray]:
        """The columns of the runs from point `first` on, (points, replications); those that are missing are done."""
        design = Design(self.case.names, self.values, KIND, {}, self.factors)
        bench, job, names = self.bench, self.case.job, sorted(set(self.case.columns))
        plan = Plan(job, design, self.replications, bench.seed, fresh=True)
        tasks = [
            job.task(point, r, plan.seed_of(point, r), dict(zip(self.case.names, row, strict=True)))
            for point, row in enumerate(self.values[first:].tolist(), start=first)
            for r in range(self.replications)
        ]
        with plan.open_store(bench.folder / self.case.store, bench.request) as store:
            fill(store, job, tasks, bench.executor, total=len(tasks), progress=bench.progress)
            rows = store.table(["point", "replication", "error", *names], failed=True)
        bench.progress.next()
        point, replication = (rows[name].to_numpy() for name in ("point", "replication"))
        mine = np.flatnonzero(
            (point >= first) & (point < len(self.values)) & (replication < self.replications)
        )
        said = rows["error"].to_pylist()
        self.errors.update(said[k] for k in mine if said[k])
        found = {}
        for name in names:
            found[name] = np.full((len(self.values) - first, self.replications), np.nan)
            found[name][point[mine] - first, replication[mine]] = rows[name].to_numpy(zero_copy_only=False)[
                mine
            ]
        return found


def values_at(points: np.ndarray, uncertain: Sequence[Uncertain]) -> np.ndarray:
    """Values at points of the unit cube, (points, uncertain): each range evenly, on its scale."""
    rows = [
        [priors.quantile("uniform", x, u) for x, u in zip(uncertain, row, strict=True)]
        for row in points.tolist()
    ]
    return np.array(rows, dtype=float).reshape(len(points), len(uncertain))


def seed_of(seed: int, case: str) -> int:
    """The seed of a case's runs: no two cases share their luck."""
    digest = hashlib.sha256(f"anju calibrate {seed} {case}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 11


def identity(case: Case) -> dict[str, Any]:
    """All of a case that what comes out depends on."""
    return {
        "name": case.name,
        "scenario_hash": case.job.scenario_hash,
        "facts": [
            [a.fact.region, a.fact.period, a.fact.quantity, a.value, a.sd, a.scale, column, list(a.times),
             [fact.value for fact in a.times_facts]]
            for a, column in zip(case.anchors, case.columns, strict=True)
        ],
        "walked": [_told(x) for x in case.walked],
        "own": [_told(x) for x in case.own],
    }  # fmt: skip


def _told(x: Uncertain) -> list[Any]:
    return [x.name, x.low, x.high, x.scale]
