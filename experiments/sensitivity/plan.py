"""What answering takes: the points to run, under which luck, checked before any run is done."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from experiments import design as designs
from experiments import files, given, priors, vary
from experiments.design import DUMMY, Design
from experiments.job import ScenarioJob
from experiments.sensitivity.analysis import DESIGNED, SAMPLE, analysed, placed
from experiments.sensitivity.asked import Quantity, method_named
from experiments.sensitivity.given import FEWEST_POINTS
from experiments.sensitivity.quantity import quantities
from experiments.sensitivity.salib import FEWEST
from experiments.study import check_numbers
from experiments.sweep import Plan as Sweep
from experiments.vary import Factor
from scenarios.errors import InputError
from scenarios.words import listed

if TYPE_CHECKING:
    from experiments.given import Posterior
    from scenarios.scenario import Scenario
    from simulation.households import Population, Villages

FORMAT = 1  # of the id
POSTERIOR = "posterior"  # the kind of a design that is drawn from one
DEPENDENT = ("rank", "pawn", "delta")  # methods that may be used where inputs hang together
POINTS = {"sobol": 64, "morris": 10, "dgsm": 64, "hdmr": 512}  # where none are asked for
MANY_POINTS = 256  # of the other methods
LEVELS = 4  # of Morris' grid
REPLICATIONS = {"mean": 2, "probability": 2, "sd": 10, "p10": 20, "p50": 20, "p90": 20}
SCREENED = 10  # trajectories of the Morris study before a Sobol' study
FAMILY = "families"


@dataclass(frozen=True)
class Plan:
    """What is asked and what is run for it, checked."""

    scenario: Scenario
    method: str
    quantity: Quantity
    factors: tuple[Factor, ...]  # without a dummy
    groups: Mapping[str, tuple[str, ...]] | None
    screen: int | None
    points: int
    replications: int
    second_order: bool
    dummy: bool
    seed: int
    job: ScenarioJob
    given: Posterior | None = None
    households: bytes | None = None  # the user's own, as a Parquet file

    @property
    def id(self) -> str:
        """Eight hex digits that change with whatever all runs depend on, but neither with what is varied nor with how much."""
        content = {
            "format": FORMAT,
            "model_hash": self.job.model_hash,
            "scenario_hash": self.job.scenario_hash,
            "households_hash": self.job.households_hash,
            "seed": self.seed,
            "given": None if self.given is None else self.given.id,
        }
        return files.digest(content)[:8]

    @property
    def folder_name(self) -> str:
        """The folder of all sensitivities of one scenario under one seed."""
        return f"{self.scenario.name.replace('/', '-')}-sensitivity-{self.id}"

    @property
    def kind(self) -> str:
        if self.given is not None:
            return POSTERIOR
        return DESIGNED.get(self.method, SAMPLE)

    def design(self, factors: Sequence[Factor] | None = None) -> Design:
        """The points of the study over some of its factors. Raises InputError for impossible ones."""
        chosen = tuple(self.factors if factors is None else factors)
        if self.given is not None:
            return _posterior_design(self, chosen)
        if self.dummy and self.method in DESIGNED:
            chosen = (*chosen, designs.dummy())
        levels = LEVELS if self.kind == "morris" else None
        return designs.make(
            self.kind, chosen, points=self.points, seed=self.seed, levels=levels, second_order=self.second_order,
            groups=self.groups,
        )  # fmt: skip

    def screening(self) -> Design:
        """The points of the Morris study before it."""
        chosen = (*self.factors, designs.dummy()) if self.dummy else self.factors
        return designs.make("morris", chosen, points=SCREENED, seed=self.seed, levels=LEVELS)

    @property
    def expected(self) -> int:
        """How many runs all of it takes."""
        rows = len(self.design(self.factors[: self.screen]).values)
        return self.replications * (rows + (len(self.screening().values) if self.screen else 0))

    def store_name(self, design: Design) -> str:
        """The store of a design; it changes with what is varied and how, but not with how many points there are."""
        points = f"-{design.base}" if design.kind == "fast" else ""  # other curves with other numbers
        sweep = Sweep(self.job, design, 1, self.seed, fresh=True)
        return f"{design.kind}{points}-{sweep.id}"

    @property
    def answer_name(self) -> str:
        """Of the answer's folder."""
        wide = self.store_name(self.design(self.factors[: self.screen])).rpartition("-")[2]
        screen = f"-screen{self.screen}" if self.screen else ""
        return f"{self.method}-{self.quantity.key}{screen}-{wide}"


def plan_of(
    scenario: Scenario, asked: Quantity, *, method: str | None = None, texts: Sequence[str] = (),
    screen: int | None = None, groups: Sequence[str] = (), points: int | None = None, replications: int | None = None,
    second_order: bool = False, dummy: bool = True, given: Posterior | None = None, seed: int = 1,
    households: tuple[Population, Villages] | None = None, households_file: bytes | None = None,
) -> Plan:  # fmt: skip
    """What answering takes. Everything that an estimator would refuse is refused here, before any run. Raises InputError."""
    method = method_named(method) if method else "rank" if given is not None else "sobol"
    if given is not None:
        _check_given(given, method, texts)
    wrong = [
        f"{option}: goes with --method sobol, not with {method}; leave it out"
        for option, value in (("--groups", groups), ("--screen", screen), ("--second-order", second_order))
        if value and method != "sobol"
    ]
    if groups and screen:
        wrong.append("--groups and --screen: give one of them; screening chooses single inputs")
    if wrong:
        raise InputError(wrong)
    replications = REPLICATIONS[asked.statistic] if replications is None else replications
    check_numbers(seed, replications=replications, points=points)
    known = () if households is None else vary.fixed_by_households(scenario)
    factors = vary.factors(scenario, tuple(texts) or ("uncertainties",), fixed=known)
    if not factors:
        raise InputError([f"{scenario.name}: nothing is uncertain; name something with --vary"])
    if screen is not None and not 1 <= screen < len(factors):
        raise InputError([
            f"--screen {screen}: 1 to {len(factors) - 1} of {len(factors)} inputs expected; without it all are varied"
        ])  # fmt: skip
    plan = Plan(
        scenario=scenario, method=method, quantity=asked, factors=factors, groups=grouped(scenario, factors, groups),
        screen=screen, points=_usual(method, len(factors) + dummy) if points is None else points,
        replications=replications, second_order=second_order, dummy=dummy, seed=seed,
        job=ScenarioJob(scenario, households), given=given, households=households_file,
    )  # fmt: skip
    _rehearse(plan)
    return plan


def _usual(method: str, inputs: int) -> int:
    """Points where none are asked for."""
    return designs.fewest_on_a_curve(inputs) if method == "fast" else POINTS.get(method, MANY_POINTS)


def _check_given(posterior: Posterior, method: str, texts: Sequence[str]) -> None:
    if method not in DEPENDENT:
        raise InputError([
            f"--method {method.replace('_', '-')}: takes inputs that vary independently, and given a posterior they hang together;"
            f" with --given use {', '.join(DEPENDENT)}"
        ])  # fmt: skip
    if texts:
        raise InputError([
            f"--vary {texts[0]}: with --given all that is uncertain varies together, as {posterior.path} has it; leave --vary out"
        ])  # fmt: skip


def _posterior_design(plan: Plan, factors: Sequence[Factor]) -> Design:
    assert plan.given is not None
    names = tuple(factor.name for factor in factors)
    uncertain = tuple(x for x in priors.uncertain(plan.scenario) if x.name in names)
    values = given.draws(plan.given, uncertain, plan.seed, plan.points)
    order = [[x.name for x in uncertain].index(name) for name in names]
    return Design(names, values[:, order], POSTERIOR, {"given": plan.given.id}, tuple(factors))


def grouped(
    scenario: Scenario, factors: Sequence[Factor], texts: Sequence[str]
) -> dict[str, tuple[str, ...]] | None:
    """The groups of `families` or of texts such as 'home=home_lag,home_price'; None without any. Raises InputError."""
    if not texts:
        return None
    if FAMILY in texts:
        if len(texts) > 1:
            raise InputError([f"--groups {FAMILY}: takes all inputs; leave the other groups out"])
        of = {entry.name: entry.family for entry in scenario.entries()}
        found: dict[str, tuple[str, ...]] = {}
        for factor in factors:
            family = of[factor.name] or "other"
            found[family] = (*found.get(family, ()), factor.name)
        return found
    names = [factor.name for factor in factors]
    groups: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, members = (part.strip() for part in text.partition("="))
        if not (name and equals and members):
            raise InputError(
                [f"--groups {text}: '{FAMILY}' or NAME=A,B expected, such as home=home_lag,home_price"]
            )
        if name in groups or name == DUMMY:
            raise InputError([f"--groups {text}: {name} is {'taken' if name == DUMMY else 'named twice'}"])
        where = f"--groups {name}"
        inside = tuple(
            vary.resolve_name(scenario, part.strip(), where=where).name for part in members.split(",")
        )
        if other := [one for one in inside if one not in names]:
            raise InputError(
                [f"{where}: {other[0]} does not vary here; one of {listed(names, other[0])} expected"]
            )
        groups[name] = tuple(dict.fromkeys(inside))
    return groups


def _rehearse(plan: Plan) -> None:
    """Analyse a plain sum of the inputs in place of outcomes. Raises InputError for what would be refused after all runs were
    done: too few points or replications for the method or for what is asked."""
    wide = plan.design(plan.factors[: plan.screen])
    _analyse_sum(plan, plan.method, wide, plan.quantity)
    if plan.screen:
        asked = replace(plan.quantity, statistic=screened_by(plan.quantity))
        _analyse_sum(plan, "morris", plan.screening(), asked)


def _analyse_sum(plan: Plan, method: str, design: Design, asked: Quantity) -> None:
    total = placed(design).sum(axis=1)
    runs = np.linspace(0.5, 1.5, plan.replications)  # so that a standard deviation or a quantile varies too
    y = total[:, None] * runs
    if asked.threshold is not None:
        y = asked.threshold + np.repeat((total - np.median(total))[:, None], plan.replications, axis=1)
        y = y if asked.at_least else 2.0 * asked.threshold - y
    _check_points(method, design)
    if method in FEWEST:  # SALib's take long
        quantities(y, asked.statistic, asked.threshold, asked.at_least)
        return
    analysed(method, design, y, asked, common=False, dummy=plan.dummy, resamples=2)


def _check_points(method: str, design: Design) -> None:
    """Raise InputError for fewer points than a method takes."""
    fewest = FEWEST_POINTS if method == "rank" else FEWEST.get(method, 0)
    if design.base < fewest:
        balanced = 2 ** math.ceil(math.log2(fewest))
        more = f", better {balanced}, a power of 2" if design.kind == SAMPLE and balanced > fewest else ""
        raise InputError([
            f"--points {design.base}: {method.replace('_', '-')} takes at least {fewest}{more}; leave --points out for "
            f"{_usual(method, 0)}"
        ])  # fmt: skip


def screened_by(asked: Quantity) -> str:
    """The spread of runs for a spread, else their mean: hits and misses of a few runs are too coarse for single steps."""
    return "sd" if asked.statistic == "sd" else "mean"
