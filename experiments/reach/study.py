"""Is a target within reach? Futures under several priors, a map of the noise, and what stands in the way.

Levers stay at the policy's values throughout; only what nobody knows is varied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import files, takes
from experiments import given as posteriors
from experiments import priors as draws
from experiments.design import Design, central
from experiments.given_use import PRIOR
from experiments.job import ScenarioJob
from experiments.outcome import Spread, spread
from experiments.priors import Uncertain
from experiments.question import Question
from experiments.reach import MAP_POINTS, RUNS, curve, relax
from experiments.reach import map as maps
from experiments.reach.judge import Ruling, Share, rule, settled, share_of
from experiments.reach.runs import Bench, Progress, Runs, present
from experiments.sensitivity import Drivers, drivers
from experiments.study import check_numbers
from experiments.vary import Factor, factors, fixed_by_households, resolve_name
from scenarios.errors import InputError
from scenarios.show import name_of
from simulation.outcomes import WHY

if TYPE_CHECKING:
    from experiments.executors import Executor
    from experiments.given import Posterior
    from scenarios.scenario import Scenario
    from simulation.households import Population, Villages

FORMAT = 1  # of the id
FEWEST, BATCH = 100, 50  # futures a prior at first, and each time more
CENTRE, PAIRS = 20, 30  # runs at the central values, and a family eased
NONE = "none"
"""The prior where nothing is uncertain: every future differs by chance alone."""
SECOND = 0.25  # of the leading uncertainty's share: a second one below this is not named


@dataclass(frozen=True, eq=False)
class Sample:
    """The futures of one prior: `values` (futures, uncertain), `runs` with what they left."""

    prior: str
    values: np.ndarray
    runs: Runs


@dataclass(frozen=True)
class Plan:
    """What is asked and how much is run for it, checked."""

    scenario: Scenario
    question: Question
    uncertain: tuple[Uncertain, ...]
    factors: tuple[Factor, ...]
    priors: tuple[str, ...]
    axes: tuple[str, ...] | None  # of the map, if asked for
    budget: int
    map_points: int
    seed: int
    job: ScenarioJob
    easings: tuple[relax.Easing, ...]
    households: bytes | None = None  # the user's own, as a Parquet file
    given: Posterior | None = None  # what futures are drawn from, in the place of priors
    lever: Factor | None = None  # along which the share of futures is told

    @property
    def id(self) -> str:
        """Eight hex digits that change with whatever the runs depend on, but neither with how many there are nor with what is
        asked of them."""
        content = {
            "format": FORMAT,
            "model_hash": self.job.model_hash,
            "scenario_hash": self.job.scenario_hash,
            "households_hash": self.job.households_hash,
            "seed": self.seed,
            "uncertain": [[x.name, x.central, x.low, x.high, x.scale] for x in self.uncertain],
            **({} if self.given is None else {"given": self.given.id}),
        }
        return files.digest(content)[:8]

    @property
    def folder_name(self) -> str:
        """The folder of all questions about one scenario, which share their runs."""
        return f"{self.scenario.name.replace('/', '-')}-reach-{self.id}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(x.name for x in self.uncertain)

    @property
    def columns(self) -> tuple[str, ...]:
        """The numbers of a run that are looked at."""
        own = (self.question.column,)
        return own + tuple(f"why_{name}_persons" for name in WHY) if self.question.counts_persons else own

    @property
    def least(self) -> int:
        """Fewest runs there will be."""
        return self._beside + len(self.priors) * min(FEWEST, self.budget)

    @property
    def most(self) -> int:
        """Most runs there can be."""
        return self._beside + len(self.priors) * self.budget

    @property
    def _beside(self) -> int:
        mapped = self.map_points if self.uncertain else 0
        levels = 0 if self.lever is None else len(curve.values_of(self.lever))
        return (
            CENTRE
            + mapped
            + min(PAIRS, self.budget) * len(self.easings)
            + min(curve.FUTURES, self.budget) * levels
        )


@dataclass(frozen=True, eq=False)
class Reach:
    """The answer, and what it rests on.

    `outcome` spreads over the futures of the leading prior, `samples[0]`; `noise_share` is the part of its variance that is
    the model's own noise, as runs at the central values show it. `mapped` names the axes of the map, `chosen` says how they
    were: "asked", "drivers" or "weak" (fewer stand out than are shown). `missing` says where the pool's persons stand in
    futures that miss the target, means by reason.
    """

    plan: Plan
    shares: tuple[Share, ...]
    ruling: Ruling
    samples: tuple[Sample, ...]
    outcome: Spread | None
    noise_share: float | None
    drivers: Drivers | None
    mapped: tuple[str, ...]
    chosen: str
    map: maps.Map | None
    centre: maps.Centre | None
    gains: tuple[relax.Gain, ...]
    binding: relax.Binding
    missing: Mapping[str, float]
    labels: Mapping[str, Mapping[str, str]]
    runs: Mapping[str, int]  # by store
    errors: Mapping[str, int]
    version: str
    curve: curve.Curve | None = None  # shares along one lever, if asked for

    @property
    def lowest(self) -> Share:
        return min(self.shares, key=lambda s: s.share)

    @property
    def highest(self) -> Share:
        return max(self.shares, key=lambda s: s.share)


def plan_of(
    scenario: Scenario, question: Question, *, priors: Sequence[str] = draws.PRIORS, axes: str | None = None,
    budget: int = RUNS, map_points: int = MAP_POINTS, seed: int = 1,
    households: tuple[Population, Villages] | None = None, households_file: bytes | None = None,
    given: Posterior | None = None, lever: str | None = None,
) -> Plan:  # fmt: skip
    """What answering a question takes; `given` replaces the priors. Raises InputError for axes that are no uncertainties of the
    scenario and for a lever that is none."""
    check_numbers(seed, runs=budget, map_points=map_points)
    known = () if households is None else fixed_by_households(scenario)
    uncertain = draws.uncertain(scenario, without=known)
    names = tuple(x.name for x in uncertain)
    return Plan(
        scenario=scenario,
        question=question,
        uncertain=uncertain,
        factors=factors(scenario, names, where="the scenario"),
        priors=(NONE,) if not names else (PRIOR,) if given is not None else tuple(priors),
        axes=None if axes is None else _axes(scenario, names, axes),
        budget=budget,
        map_points=max(map_points, 8),
        seed=seed,
        job=ScenarioJob(scenario, households),
        easings=relax.easings(scenario, names, known=known),
        households=households_file,
        given=given,
        lever=None if lever is None else curve.lever_of(scenario, lever),
    )


def _axes(scenario: Scenario, names: Sequence[str], text: str) -> tuple[str, ...]:
    where = "--map"
    found = tuple(
        dict.fromkeys(resolve_name(scenario, part.strip(), where=where).name for part in text.split(","))
    )
    if len(found) > 2:
        raise InputError([f"{where} {text}: one or two uncertainties expected"])
    levers = {entry.name for entry in scenario.entries() if entry.kind == "lever"}
    for name in found:
        if name in levers:
            raise InputError([
                f"{where} {text}: {name} is a lever, and a map shows what nobody chooses; try other values with --set"
            ])  # fmt: skip
        if name not in names:
            raise InputError(
                [f"{where} {text}: {name} is not uncertain here; one of {', '.join(names)} expected"]
            )
    return found


def run_reach(
    plan: Plan, folder: Path, executor: Executor, *,
    request: Mapping[str, Any] | None = None, progress: Callable[[int, int], None] | None = None,
) -> Reach:  # fmt: skip
    """Do the runs that are missing in the stores of `folder` and answer.

    Futures are added in batches until the verdict is settled or the budget of a prior is spent. Raises InputError where a
    folder holds something else, or all runs failed.
    """
    bench = Bench(folder, executor, plan.seed, Progress(progress, plan.most), request or {}, plan.households)
    samples, shares = _futures(plan, bench)
    lead = samples[0]
    outcome = lead.runs.of(plan.question.column)
    if not np.isfinite(outcome).any():
        _refuse(lead.runs, plan)
    ranked = _drivers(plan, lead, outcome)
    mapped, chosen = _mapped(plan, lead, outcome, ranked)
    middle = bench.run("centre", plan.job, central(), plan.columns, replications=CENTRE)
    there = maps.centre(middle.columns[plan.question.column][0], plan.question)
    found, map_runs = _map(plan, bench, mapped, there)
    gains, binding, eased = _gains(plan, bench, lead)
    along, lever_runs = _along(plan, bench, lead)
    noise_share = _noise_share(plan, there, outcome)
    every = {s.prior: s.runs for s in samples} | map_runs | {"centre": middle} | eased | lever_runs
    errors: Counter[str] = Counter()
    for runs in every.values():
        errors.update(runs.errors)
    return Reach(
        plan=plan,
        shares=shares,
        ruling=rule(shares, _on(ranked), (noise_share or 0.0) if plan.uncertain else 1.0),
        samples=samples,
        outcome=spread(outcome),
        noise_share=noise_share,
        drivers=ranked,
        mapped=mapped,
        chosen=chosen,
        map=found,
        centre=there,
        gains=gains,
        binding=binding,
        missing=_missing(plan, lead, outcome),
        labels=_labels(plan.scenario),
        runs={name: runs.failed.size for name, runs in every.items()},
        errors=dict(errors.most_common()),
        version=metadata.version("anju"),
        curve=along,
    )


# Futures


def _futures(plan: Plan, bench: Bench) -> tuple[tuple[Sample, ...], tuple[Share, ...]]:
    """The futures of every prior, more of them until the verdict is settled or the budget spent; the leading one first."""
    order = sorted(plan.priors, key=lambda prior: (prior != "uniform", plan.priors.index(prior)))
    values = {prior: _drawn(plan, prior) for prior in order}
    wanted = dict.fromkeys(order, min(FEWEST, plan.budget))
    samples: dict[str, Sample] = {}
    shares: dict[str, Share] = {}
    while True:
        for prior in order:
            if prior not in samples or len(samples[prior].values) < wanted[prior]:
                samples[prior] = _sample(plan, bench, prior, values[prior][: wanted[prior]])
                shares[prior] = _share(plan, samples[prior])
        open_ = [p for p in order if shares[p].zone is None and wanted[p] < plan.budget]
        if settled([*shares.values()]) or not open_:
            bench.progress.spare(sum(plan.budget - n for n in wanted.values()))
            return tuple(samples.values()), tuple(shares.values())
        for prior in open_:
            wanted[prior] = min(wanted[prior] + BATCH, plan.budget)


def _drawn(plan: Plan, prior: str) -> np.ndarray:
    """All futures there may be of one prior, (budget, uncertain)."""
    if plan.given is not None and prior == PRIOR:
        return posteriors.draws(plan.given, plan.uncertain, plan.seed, plan.budget)
    return draws.futures(prior, plan.uncertain, plan.seed, plan.budget)


def _sample(plan: Plan, bench: Bench, prior: str, values: np.ndarray) -> Sample:
    design = Design(plan.names, values, "futures", {"prior": prior}, plan.factors)
    return Sample(prior, values, bench.run(prior, plan.job, design, plan.columns))


def _share(plan: Plan, sample: Sample) -> Share:
    failed = sample.runs.failed[:, 0]
    reached = plan.question.reached(sample.runs.of(plan.question.column)[~failed])
    return share_of(sample.prior, reached, int(failed.sum()), plan.question.probability)


def _refuse(runs: Runs, plan: Plan) -> None:
    if runs.errors:
        raise InputError([f"{plan.scenario.name}: every run failed: {runs.errors.most_common(1)[0][0]}"])
    raise InputError([
        f"--target {plan.question.target.id}: no run of {plan.scenario.name} holds such an outcome, so there is nothing to judge"
    ])  # fmt: skip


# The map


def _drivers(plan: Plan, lead: Sample, outcome: np.ndarray) -> Drivers | None:
    whole = np.isfinite(outcome)
    return drivers(plan.names, lead.values[whole], outcome[whole]) if plan.names else None


def _mapped(
    plan: Plan, lead: Sample, outcome: np.ndarray, ranked: Drivers | None
) -> tuple[tuple[str, ...], str]:
    """The axes of the map: those asked for, else the two that matter most."""
    if plan.axes is not None:
        return plan.axes, "asked"
    first = [driver.name for driver in ranked.inputs[:2]] if ranked else []
    if len(first) >= min(2, len(plan.names)):
        return tuple(first), "drivers"
    rest = [name for name in _by_correlation(plan, lead, outcome) if name not in first]
    return (*first, *rest)[:2], "weak"


def _by_correlation(plan: Plan, lead: Sample, outcome: np.ndarray) -> list[str]:
    from experiments.sensitivity import ranks

    whole = np.isfinite(outcome)
    y = ranks(outcome[whole])
    size = [abs(float(np.dot(ranks(x[whole]) - y.mean(), y - y.mean()))) for x in lead.values.T]
    return [plan.names[k] for k in sorted(range(len(size)), key=lambda k: -size[k])]


def _map(
    plan: Plan, bench: Bench, mapped: tuple[str, ...], middle: maps.Centre | None
) -> tuple[maps.Map | None, dict[str, Runs]]:
    if not mapped:
        return None, {}
    by_name = {factor.name: factor for factor in plan.factors}
    design = maps.design_of([by_name[name] for name in mapped], plan.map_points, plan.seed)
    name = "-".join(("map", *mapped))
    runs = bench.run(name, plan.job, design, plan.columns)
    uncertain = {x.name: x for x in plan.uncertain}
    axes = [uncertain[name] for name in mapped]
    found = maps.map_of(axes, design.values, runs.of(plan.question.column), middle, plan.question)
    return found, {name: runs}


def _noise_share(plan: Plan, middle: maps.Centre | None, outcome: np.ndarray) -> float | None:
    """Part of the variance over futures that is the model's own noise; None where nothing is uncertain, or it cannot be told."""
    finite = outcome[np.isfinite(outcome)]
    if not plan.uncertain or middle is None or len(finite) < 2 or np.ptp(finite) == 0.0:
        return None
    return min(middle.sd**2 / float(finite.var(ddof=1)), 1.0)


def _on(ranked: Drivers | None) -> tuple[str, ...]:
    """The one or two uncertainties on which the outcome hangs."""
    if ranked is None or not ranked.inputs:
        return ()
    first, *rest = ranked.inputs[:2]
    return (first.name, *(d.name for d in rest if d.share >= SECOND * first.share))


# What stands in the way


def _gains(
    plan: Plan, bench: Bench, lead: Sample
) -> tuple[tuple[relax.Gain, ...], relax.Binding, dict[str, Runs]]:
    """What each family adds when it is eased, in the first futures of the leading prior."""
    pairs = min(PAIRS, len(lead.values))
    base = lead.runs.of(plan.question.column)[:pairs]
    gains, more, stores = [], {}, {}
    for easing in plan.easings:
        job = ScenarioJob(easing.scenario, plan.job.households)
        values = easing.applied(plan.names, lead.values[:pairs])
        options = {"prior": lead.prior, "eased": easing.family}
        design = Design(plan.names, values, "futures", options, plan.factors)
        runs = bench.run(f"eased-{easing.family}", job, design, plan.columns)
        stores[f"eased-{easing.family}"] = runs
        eased = runs.of(plan.question.column)
        reached, before = plan.question.reached(eased), plan.question.reached(base)
        gains.append(relax.gain(
            easing, eased, base, reached, before, sign=plan.question.sign, families=len(plan.easings)
        ))  # fmt: skip
        more[easing.family] = plan.question.sign * (eased - base)
    return tuple(gains), relax.binding(gains, more), stores


# Along a lever


def _along(plan: Plan, bench: Bench, lead: Sample) -> tuple[curve.Curve | None, dict[str, Runs]]:
    """Shares along the lever that was asked for, in the first futures of the leading prior."""
    if plan.lever is None:
        return None, {}
    futures = min(curve.FUTURES, len(lead.values))
    runs = curve.run(
        bench, plan.job, plan.lever, plan.factors, lead.values[:futures], lead.prior, plan.columns
    )
    found = curve.curve_of(plan.lever, runs, lead.runs, futures, plan.question)
    return found, {curve.store_of(plan.lever, value): one for value, one in runs.items()}


def _missing(plan: Plan, lead: Sample, outcome: np.ndarray) -> dict[str, float]:
    """Where persons of the pool stand in futures that miss the target, by reason, largest first."""
    missed = np.isfinite(outcome) & ~plan.question.reached(outcome)
    if not plan.question.counts_persons or not missed.any():
        return {}
    means = {name: float(np.nanmean(lead.runs.of(f"why_{name}_persons")[missed])) for name in WHY}
    return dict(sorted(((n, v) for n, v in means.items() if v > 0.0), key=lambda item: -item[1]))


def _labels(scenario: Scenario) -> dict[str, dict[str, str]]:
    wanted = {entry.name for entry in scenario.uncertainties()}
    return {
        entry.name: {lang: name_of(entry, scenario, lang) for lang in ("en", "zh")}
        for entry in scenario.entries()
        if entry.name in wanted
    }


# What it would take


@dataclass(frozen=True)
class Estimate:
    """What a question would take: runs at least and at most, those that are there, seconds a run and in all."""

    least: int
    most: int
    there: int
    seconds_a_run: float
    least_seconds: float
    most_seconds: float
    bytes: float
    workers: int
    folder: str


def estimate(plan: Plan, folder: Path, workers: int) -> Estimate:
    """Count the runs and time one of them; nothing is written."""
    job = plan.job
    one = takes.seconds_a_run(job)
    there = present(folder)
    missing = [max(n - there, 0) for n in (plan.least, plan.most)]
    return Estimate(
        least=plan.least,
        most=plan.most,
        there=there,
        seconds_a_run=one,
        least_seconds=missing[0] * one / workers,
        most_seconds=missing[1] * one / workers,
        bytes=missing[1] * 8.0 * (len(job.columns) + len(plan.names) + 5),
        workers=workers,
        folder=str(folder),
    )
