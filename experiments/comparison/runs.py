"""Running policies against each other: pairs are counted household by household as soon as their runs are done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from experiments import design as designs
from experiments.comparison import losses as lost
from experiments.comparison import profile as profiles
from experiments.comparison.policies import Policy, Region
from experiments.files import digest
from experiments.measures import MEASURES, measures, persons_of, programme_movers
from experiments.outcome import outcome
from experiments.study import WITHHELD, check_numbers, cpus, inputs_of, run_seed, work
from experiments.view import View
from scenarios.errors import InputError
from scenarios.scenario import Target
from simulation.households import OWN_MOVED, Population, Villages
from simulation.ledger import FLOWS
from simulation.outcomes import GROUPS, INCOMES

if TYPE_CHECKING:
    from experiments.given import Posterior

FORMAT = 1  # of the comparison's id

KINDS = ("both", "induced", "displaced", "assisted", "unaided")
"""What became of a household that the programme moved under the policy, or under the reference, by the window's end.

both: under both. induced: under the policy, and under the reference it stays. displaced: under the reference, and under the policy
it stays. assisted: under the policy, and under the reference it leaves unaided. unaided: under the reference, and under
the policy it leaves unaided.
"""
COUNTS = ("households", "persons", "low_income_persons")
KEYS, LEFT = 1, 2  # bits of a household's fate


@dataclass(frozen=True, eq=False)
class Runs:
    """What is kept of one region's runs, policies in order, the reference first; runs point by point, inside replications."""

    region: Region
    uncertainties: tuple[str, ...]
    design: np.ndarray  # (points, uncertainties)
    targets: tuple[tuple[Target, ...], ...]  # by policy; of one id in one place
    reached: np.ndarray  # (policies, runs, targets): what each target counts
    measures: np.ndarray  # (policies, runs, MEASURES)
    ledger: np.ndarray  # (policies, runs, FLOWS), yuan over the whole run
    pairs: np.ndarray  # (policies, runs, counties, KINDS, COUNTS)
    losses: (
        np.ndarray
    )  # (policies, runs, losses.cells, losses.COLUMNS): who ends worse off than under the reference
    effect: (
        np.ndarray
    )  # (policies, points, 12, GROUPS, INCOMES): last year of one more run, some grants withheld
    populations: tuple[str, ...]  # population hash of each point
    given: Posterior | None = None  # what points were drawn from, if not from the stated ranges
    profile: np.ndarray | None = None
    """(policies, runs, groups of profile.names, KINDS and NEITHER), households of the pool; None where it was not kept."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """All runs of a comparison."""

    regions: tuple[Runs, ...]
    seed: int
    points: int
    replications: int
    seeds: tuple[int, ...]
    budget: float | None  # yuan asked for; NaN: the reference's; None: budgets as they are
    model_hash: str
    version: str
    id: str

    @property
    def runs(self) -> int:
        """Runs of one policy."""
        return self.points * self.replications


def run_comparison(
    regions: Sequence[Region],
    *,
    points: int = 50,
    replications: int = 2,
    seed: int = 1,
    threads: int | None = None,
    budget: float | None = None,
    given: Sequence[Posterior | None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Run every policy at every point `replications` times, and once more with some grants withheld.

    The points of a region are drawn from its reference's uncertainties, or from its posterior in `given`. Work goes point by
    point, so that all policies share one population and pairs can be counted and let go. Results do not depend on `threads`.
    Raises InputError or ValueError.
    """
    check_numbers(seed, points=points, replications=replications, threads=threads)
    seeds = tuple(run_seed(seed, replication) for replication in range(replications))
    drawn_from = given or [None] * len(regions)
    jobs = [Job(region, points, seed, seeds, one) for region, one in zip(regions, drawn_from, strict=True)]
    tasks = [(job, *task) for job in jobs for task in job.tasks()]

    def task(i: int) -> None:
        job, point, replication, row = tasks[i]
        job.run(point, replication, row)

    work(task, len(tasks), threads or cpus(), progress)
    from simulation.codecache import model_hash

    found = tuple(job.result() for job in jobs)
    return Comparison(
        regions=found,
        seed=seed,
        points=points,
        replications=replications,
        seeds=seeds,
        budget=budget,
        model_hash=model_hash(),
        version=metadata.version("anju"),
        id=comparison_id(found, seeds, model_hash()),
    )


class Left(NamedTuple):
    """What is kept of a run until it has met its reference."""

    fate: np.ndarray
    persons: np.ndarray
    ends: lost.Ends
    known: tuple[Population, Villages]


class Job:
    """One region's runs; every result has a place of its own, so the order of work leaves no trace."""

    def __init__(
        self, region: Region, points: int, seed: int, seeds: tuple[int, ...], given: Posterior | None = None
    ) -> None:
        self.region, self.points, self.seeds, self.given = region, points, seeds, given
        scenario = region.reference.scenario
        self.names, self.design = designs.points(scenario, points, seed, given=given)
        self.known = [{entry.name for entry in policy.scenario.entries()} for policy in region.policies]
        self.targets = targets(region)
        rows, runs, counties = len(region.policies), points * len(seeds), len(scenario.counties)
        self.reached = np.full((rows, runs, len(self.targets[0])), np.nan)
        self.measures = np.full((rows, runs, len(MEASURES)), np.nan)
        self.ledger = np.zeros((rows, runs, len(FLOWS)))
        self.pairs = np.zeros((rows, runs, counties, len(KINDS), len(COUNTS)), np.int64)
        self.losses = np.zeros((rows, runs, len(lost.cells(counties)), len(lost.COLUMNS)))
        groups = len(profiles.names(tuple(county.id for county in scenario.counties)))
        self.profile = np.zeros((rows, runs, groups, len(KINDS) + 1), np.int64)
        self.effect = np.zeros((rows, points, 12, len(GROUPS), len(INCOMES)))
        self.populations = [""] * points
        self.lock = threading.Lock()
        self.fates: dict[tuple[int, int], dict[int, Left]] = {}

    def tasks(self) -> list[tuple[int, int, int]]:
        """Point, replication (the last one withholds grants) and policy."""
        return [
            (point, replication, row)
            for point in range(self.points)
            for replication in range(len(self.seeds) + 1)
            for row in range(len(self.region.policies))
        ]

    def run(self, point: int, replication: int, row: int) -> None:
        """One run of one policy."""
        from simulation import population
        from simulation import run as engine

        withholds = replication == len(self.seeds)
        policy = self.region.policies[row]
        values = {
            name: float(value)
            for name, value in zip(self.names, self.design[point], strict=True)
            if name in self.known[row]
        }
        if withholds:
            values["withhold_share"] = WITHHELD
        inputs = inputs_of(policy.scenario, values, name=policy.name)
        result = engine.run(inputs, seed=self.seeds[0 if withholds else replication])
        view = View(policy.scenario, result.outcomes)
        if withholds:
            self.effect[row, point] = view.income[0, -12:]
            return
        i = point * len(self.seeds) + replication
        self.reached[row, i] = [outcome(cast(Any, view), target)[0] for target in self.targets[row]]
        self.ledger[row, i] = view.ledger[0].sum(axis=0) / 100.0
        fate, persons = fates(result.households, result.status, inputs.window)
        self.measures[row, i] = measures(view, self.ledger[row, i], result)
        if row == 0 and replication == 0:
            self.populations[point] = population.population_hash(
                inputs.population, inputs.institutions.villages
            )
        known = inputs.population, inputs.institutions.villages
        self.meet(
            point, replication, row, Left(fate, persons, lost.ends(result.households, result.status), known)
        )

    def meet(self, point: int, replication: int, row: int, left: Left) -> None:
        """Keep what a run left until its group is whole, then count the pairs and let the group go."""
        with self.lock:
            group = self.fates.setdefault((point, replication), {})
            group[row] = left
            if len(group) < len(self.region.policies):
                return
            del self.fates[point, replication]
        counties, reference = self.pairs.shape[2], group[0]
        who = lost.people(*reference.known)
        groups = profiles.groups(reference.known[0], who)
        i = point * len(self.seeds) + replication
        for row, one in group.items():
            people = one.known[0]
            _same_people(self.region.policies[row], people, reference.known[0])
            self.pairs[row, i] = pairs(
                one.fate, reference.fate, one.persons, reference.persons, people, counties
            )
            self.losses[row, i] = lost.losses(one.ends, reference.ends, who, counties)
            self.profile[row, i] = profiles.profile(kinds_of(one.fate, reference.fate), groups, counties)

    def result(self) -> Runs:
        return Runs(
            self.region, self.names, self.design, self.targets, self.reached, self.measures, self.ledger, self.pairs,
            self.losses, self.effect, tuple(self.populations), self.given, self.profile,
        )  # fmt: skip


def targets(region: Region) -> tuple[tuple[Target, ...], ...]:
    """Each policy's targets, and for a policy that lacks one that of the first policy to have it."""
    union = {target.id: target for policy in reversed(region.policies) for target in policy.scenario.targets}
    order = list(dict.fromkeys(t.id for policy in region.policies for t in policy.scenario.targets))
    return tuple(
        tuple({**union, **{target.id: target for target in policy.scenario.targets}}[id] for id in order)
        for policy in region.policies
    )


def fates(households: Any, status: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Fate of each household by the window's end (KEYS, LEFT or 0), and its persons who move with the programme."""
    keys = programme_movers(households, status) & (households["moved"] < window)
    left = (households["earlier"] == 0) & (status == OWN_MOVED) & (households["left"] < window)
    return (keys * KEYS + left * LEFT).astype(np.uint8), persons_of(households)


def kinds_of(fate: np.ndarray, reference: np.ndarray) -> dict[str, np.ndarray]:
    """Which households are of each of KINDS, bool (households,) each."""
    return {
        "both": (fate == KEYS) & (reference == KEYS),
        "induced": (fate == KEYS) & (reference == 0),
        "displaced": (fate == 0) & (reference == KEYS),
        "assisted": (fate == KEYS) & (reference == LEFT),
        "unaided": (fate == LEFT) & (reference == KEYS),
    }


def pairs(
    fate: np.ndarray, reference: np.ndarray, persons: np.ndarray, persons_there: np.ndarray, population: Any,
    counties: int,
) -> np.ndarray:  # fmt: skip
    """Households, persons and persons on the low-income list by county and kind, (counties, KINDS, COUNTS).

    Where a household moves under both and only one of them takes its elderly along, those are persons induced or displaced.
    """
    kinds = kinds_of(fate, reference)
    here, there = persons.astype(np.int64), persons_there.astype(np.int64)
    joint = np.minimum(here, there)
    elderly = {"induced": here - joint, "displaced": there - joint}
    people = {"both": joint, "induced": here, "displaced": there, "assisted": here, "unaided": there}
    out = np.zeros((counties, len(KINDS), len(COUNTS)), np.int64)
    for k, name in enumerate(KINDS):
        rows = kinds[name]
        moving = np.where(rows, people[name], 0)
        if name in ("induced", "displaced"):
            moving = np.where(kinds["both"], elderly[name], moving)
        for c, weights in enumerate((rows.astype(np.int64), moving, moving * (population.poor > 0))):
            out[:, k, c] = np.bincount(population.county, weights, counties)
    return out


def _same_people(policy: Policy, mine: Any, theirs: Any) -> None:
    if mine is not theirs and not all(map(np.array_equal, mine, theirs)):
        raise InputError(
            [f"{policy.name}: has other households than its reference, so they cannot be paired"]
        )


def comparison_id(regions: Sequence[Runs], seeds: Sequence[int], model: str) -> str:
    """Eight hex digits that change with anything a result depends on."""
    content = [
        {
            "scenarios": [policy.scenario.resolved() for policy in runs.region.policies],
            "design": dict(zip(runs.uncertainties, runs.design.T, strict=True)),
            "points": len(runs.design),
            "populations": list(runs.populations),
            **({"given": runs.given.id} if runs.given else {}),
        }
        for runs in regions
    ]
    return digest(
        {"format": FORMAT, "model": model, "regions": content, "seeds": list(seeds), "withheld": WITHHELD}
    )[:8]


def as_study(runs: Runs, row: int) -> Any:
    """One policy's withheld runs as `verdict.effect_of_moving` reads them."""
    return SimpleNamespace(effect_income=runs.effect[row])
