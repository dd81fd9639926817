"""Which inputs does an outcome of a scenario hang on? A design over what is uncertain, run under luck of its own, and analysed."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import design as designs
from experiments import files, given, measures, priors, question, vary
from experiments.design import DUMMY, Design
from experiments.job import ScenarioJob
from experiments.reach.runs import Bench, Progress, present
from experiments.sensitivity import METHODS, STATISTICS, Estimate, Result, library, morris, rank, sobol
from experiments.sensitivity.quantity import quantities
from experiments.sensitivity.salib import FEWEST
from experiments.study import check_numbers
from experiments.sweep import Plan as Sweep
from experiments.vary import Factor
from scenarios.errors import InputError
from scenarios.show import FAMILIES, name_of

if TYPE_CHECKING:
    from experiments.executors import Executor
    from experiments.given import Posterior
    from scenarios.scenario import Scenario, Target
    from simulation.households import Population, Villages

FORMAT = 1  # of the id
DESIGNED = {"sobol": "saltelli", "morris": "morris", "fast": "fast", "dgsm": "dgsm"}
"""Methods that need a design of their own, and which; the others take any sample."""
SAMPLE = "sobol"  # the design of these
POSTERIOR = "posterior"  # the kind of a design that is drawn from one
DEPENDENT = ("rank", "pawn", "delta")  # methods that may be used where inputs hang together
POINTS = {"sobol": 64, "morris": 10, "dgsm": 64, "hdmr": 512}  # where none are asked for
MANY_POINTS = 256  # of the other methods
LEVELS = 4  # of Morris' grid
REPLICATIONS = {"mean": 2, "probability": 2, "sd": 10, "p10": 20, "p50": 20, "p90": 20}
SCREENED = 10  # trajectories of the Morris study before a Sobol' study
FAMILY = "families"
SURE = 2.0  # a direction is told if it is this many standard errors from none
CLEAR = 0.2  # and if inputs and outcome go together at least so much
MOST = 1_000_000  # runs nobody waits for


@dataclass(frozen=True)
class Quantity:
    """What is asked about the runs of a point: `statistic` of a column, or the probability of reaching `target`."""

    column: str
    statistic: str
    unit: str
    target: Target | None = None
    own: bool = True  # whether the target's number is the scenario's

    @property
    def threshold(self) -> float | None:
        return self.target.value if self.target is not None and self.statistic == "probability" else None

    @property
    def at_least(self) -> bool:
        return self.target is None or self.target.at_least

    @property
    def key(self) -> str:
        """As part of a folder's name."""
        value = "" if self.threshold is None else f"-{self.threshold:.10g}"
        return f"{self.column}-{self.statistic}{value}"


@dataclass(frozen=True)
class Direction:
    """Whether more of an input goes with more of the outcome: correlation of their changes, -1 to 1, and its sign, 0 if unclear."""

    correlation: float
    sign: int


@dataclass(frozen=True)
class Settling:
    """Points that would tell the first three inputs from nothing, and settle their order; those there are if they do already,
    inf where no number of runs in reach would. `runs_...` are how many runs more than there are."""

    points: int
    above: float
    order: float
    runs_above: float
    runs_order: float


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


# What is asked


def columns(scenario: Scenario) -> tuple[str, ...]:
    """Names of the numbers of a run, any of which may be asked about."""
    return measures.columns(scenario)


def quantity(
    scenario: Scenario, columns: Sequence[str], *,
    outcome: str | None = None, target: str | None = None, of: str | None = None,
) -> Quantity:  # fmt: skip
    """What is asked about each point's runs; by default the mean of the first target's number.

    `columns` are those there are. With a `target` it is the probability of reaching it, unless another statistic is asked for.
    Raises InputError.
    """
    if outcome is not None and target is not None:
        raise InputError(["--outcome and --target: give one of them"])
    of = of or ("probability" if target is not None else "mean")
    vary.known_name(of, STATISTICS, where="--of")
    units = measures.units(scenario)
    if outcome is not None:
        measures.named(columns, outcome, where="--outcome")
        asked = next((t for t in scenario.targets if f"target_{t.id}" == outcome), None)
        if of == "probability" and asked is None:
            raise InputError([
                f"--of probability: nothing says what {outcome} is to reach; give --target ID or ID=VALUE, or another --of"
            ])  # fmt: skip
        return Quantity(outcome, of, units.get(outcome, ""), asked)
    if not scenario.targets:
        raise InputError([f"{scenario.name}: has no target; name an outcome with --outcome, such as cost"])
    wanted = question.question(scenario, target, 0.9)
    if target is not None and "=" in target and of != "probability":
        raise InputError([
            f"--target {target}: its number changes nothing in --of {of}, only in --of probability; leave it out"
        ])  # fmt: skip
    measures.named(columns, wanted.column, where="--target")
    return Quantity(wanted.column, of, wanted.target.unit, wanted.target, wanted.own)


def method_named(text: str) -> str:
    """The method of that name, with - or _. Raises InputError that offers the nearest."""
    known = {name.replace("_", "-"): name for name in METHODS}
    return known[vary.known_name(text.strip().replace("_", "-"), known, where="--method")]


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
            raise InputError([f"{where}: {other[0]} does not vary here; one of {', '.join(names)} expected"])
        groups[name] = tuple(dict.fromkeys(inside))
    return groups


def _rehearse(plan: Plan) -> None:
    """Analyse a plain sum of the inputs in place of outcomes. Raises InputError for what would be refused after all runs were
    done: too few points or replications for the method or for what is asked."""
    wide = plan.design(plan.factors[: plan.screen])
    _analyse_sum(plan, plan.method, wide, plan.quantity)
    if plan.screen:
        asked = replace(plan.quantity, statistic=_screened_by(plan.quantity))
        _analyse_sum(plan, "morris", plan.screening(), asked)


def _analyse_sum(plan: Plan, method: str, design: Design, asked: Quantity) -> None:
    total = _unit(design).sum(axis=1)
    runs = np.linspace(0.5, 1.5, plan.replications)  # so that a standard deviation or a quantile varies too
    y = total[:, None] * runs
    if asked.threshold is not None:
        y = asked.threshold + np.repeat((total - np.median(total))[:, None], plan.replications, axis=1)
        y = y if asked.at_least else 2.0 * asked.threshold - y
    if method in FEWEST:  # SALib's take long
        if design.base < FEWEST[method]:
            raise InputError([
                f"--points {design.base}: {method.replace('_', '-')} takes at least {FEWEST[method]}; leave --points out for "
                f"{_usual(method, 0)}"
            ])  # fmt: skip
        quantities(y, asked.statistic, asked.threshold, asked.at_least)
        return
    analysed(method, design, y, asked, common=False, dummy=plan.dummy, resamples=2)


# The study


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
    assert plan.screen
    design = plan.screening()
    y = _outcomes(plan, bench, design, runs)
    asked = replace(plan.quantity, statistic=_screened_by(plan.quantity))
    found = analysed("morris", design, y, asked, common=False, dummy=plan.dummy, seed=plan.seed)
    order = [found.names[k] for k in ranking(found) if found.names[k] != DUMMY]
    return Screen(found, directions(design, y, asked), tuple(order[: plan.screen]), SCREENED, y.size)


def _screened_by(asked: Quantity) -> str:
    """The spread of runs for a spread, else their mean: hits and misses of a few runs are too coarse for single steps."""
    return "sd" if asked.statistic == "sd" else "mean"


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


def refuse_failed(failed: np.ndarray, errors: Counter[str], where: str, *, mend: str) -> None:
    """Raise InputError if any run of a design failed: an index over the rest would be of another design."""
    if failed.any():
        why = f", most often: {errors.most_common(1)[0][0]}" if errors else ""
        raise InputError([
            f"{where}{int(failed.sum()):,} of {failed.size:,} runs failed{why}; no index can be made of the rest: {mend}"
        ])  # fmt: skip


def refuse_undefined(y: np.ndarray, column: str) -> None:
    """Raise InputError if an outcome is undefined in some runs."""
    if (n := int((~np.isfinite(y)).sum())) > 0:
        raise InputError([
            f"--outcome {column}: undefined in {n:,} of {y.size:,} runs (such as a share among movers where nobody moved); "
            "choose another outcome, or narrow what is varied"
        ])  # fmt: skip


# The analysis


def analysed(
    method: str, design: Design, y: np.ndarray, asked: Quantity, *, common: bool, dummy: bool,
    seed: int = 1, resamples: int = 1000,
) -> Result:  # fmt: skip
    """What `method` finds in the outcomes of a design. Raises InputError."""
    told: dict[str, Any] = dict(
        statistic=asked.statistic, threshold=asked.threshold, at_least=asked.at_least, seed=seed
    )
    if method == "sobol":
        names = tuple(design.options.get("groups") or design.names)
        second = design.options["second_order"]
        return sobol(names, y, second_order=second, common=common, resamples=resamples, **told)
    if method == "morris":
        levels = design.options["levels"]
        return morris(
            design.names, design.units(), y, levels=levels, common=common, resamples=resamples, **told
        )
    names, x = sample(design, dummy=dummy and method not in DESIGNED, seed=seed)
    if method == "rank":
        return rank(names, x, y, common=common, **told)
    return library(method, names, [(0.0, 1.0)] * len(names), x, y, **told)


def sample(design: Design, *, dummy: bool, seed: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Inputs that vary and where they lie, (points, inputs), each in 0..1; with a `dummy`, numbers that nothing depends on."""
    varied = [k for k, column in enumerate(design.values.T) if np.ptp(column) > 0.0]
    if not varied:
        raise InputError(["nothing varies in this design, so nothing can be told from it"])
    names = tuple(design.names[k] for k in varied)
    x = _unit(design)[:, varied]
    if dummy and not _step_by_step(design):
        drawn = np.random.default_rng([seed, len(x)]).random((len(x), 1))
        names, x = (*names, DUMMY), np.hstack([x, drawn])
    return names, x


def _step_by_step(design: Design) -> bool:
    """Whether most points differ from the one before in one input: no sample, or a grid; a dummy would hide that."""
    return ((np.diff(design.values, axis=0) != 0.0).sum(axis=1) == 1).mean() > 0.5


def _unit(design: Design) -> np.ndarray:
    """Where values lie; in the range of the design, or, where that does not bound them, in their own span."""
    if design.kind in DESIGNED.values() or design.kind in ("lhs", "sobol", "grid"):
        return design.units()
    columns = [
        _spanned(factor, column) for factor, column in zip(design.factors, design.values.T, strict=True)
    ]
    return np.stack(columns, axis=1)


def _spanned(factor: Factor, column: np.ndarray) -> np.ndarray:
    low, high = float(column.min()), float(column.max())
    return replace(factor, low=low, high=high).place(column) if high > low else np.zeros(len(column))


def ranking(result: Result) -> tuple[int, ...]:
    """Places in the result, the largest of the leading measure first, a dummy last."""
    values = [estimate.value for estimate in result.measures[result.leading]]
    places = range(len(result.names))
    return tuple(sorted(places, key=lambda k: (result.names[k] == DUMMY, math.isnan(values[k]), -values[k])))


def yardstick(result: Result) -> Estimate:
    """What an input without effect may seem to have in the leading measure: a dummy, the floor of noise, or nothing."""
    found = Estimate(0.0, 0.0, 0.0)
    if DUMMY in result.names:
        dummy = result.measures[result.leading][result.names.index(DUMMY)]
        value = max(dummy.value, 0.0)
        found = Estimate(value, value, max(value if math.isnan(dummy.high) else dummy.high, 0.0))
    if result.floor is not None and result.floor > found.high:
        return Estimate(result.floor, result.floor, result.floor)
    return found


def above(result: Result, k: int) -> bool:
    """Whether an input's leading measure lies above what one without effect may seem to have."""
    estimate = result.measures[result.leading][k]
    low = estimate.value if math.isnan(estimate.low) else estimate.low
    return low > yardstick(result).high


def directions(design: Design, y: np.ndarray, asked: Quantity) -> dict[str, Direction]:
    """Whether more of an input goes with more of the quantity; nothing for groups and for a dummy.

    From rows that differ in one input where the design has them (saltelli, morris, dgsm), else from ranks (Spearman).
    """
    if design.options.get("groups"):
        return {}
    z = _statistic(y, asked)
    x = _unit(design)
    found = {}
    for k, name in enumerate(design.names):
        if name == DUMMY or np.ptp(design.values[:, k]) == 0.0:
            continue
        found[name] = _direction(*_changes(design, x, z, k))
    return found


def _changes(design: Design, x: np.ndarray, z: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Changes of input `k` and of the quantity between rows that differ in it alone; else both about their mean rank."""
    d = len(design.names)
    if design.kind in ("saltelli", "dgsm"):
        rows = (
            2 * d + 2 if design.options.get("second_order") else d + (2 if design.kind == "saltelli" else 1)
        )
        blocks, outcomes = x.reshape(-1, rows, d), z.reshape(-1, rows)
        return blocks[:, k + 1, k] - blocks[:, 0, k], outcomes[:, k + 1] - outcomes[:, 0]
    if design.kind == "morris":
        steps = np.diff(x.reshape(-1, d + 1, d), axis=1)[:, :, k].ravel()
        changes = np.diff(z.reshape(-1, d + 1), axis=1).ravel()
        return steps[steps != 0.0], changes[steps != 0.0]
    from experiments.sensitivity import ranks

    one, other = ranks(x[:, k]), ranks(z)
    return one - one.mean(), other - other.mean()


def _direction(dx: np.ndarray, dz: np.ndarray) -> Direction:
    size = math.sqrt(float(dx @ dx) * float(dz @ dz))
    r = float(dx @ dz) / size if size > 0.0 else 0.0
    clear = abs(r) >= max(CLEAR, SURE / math.sqrt(max(len(dx), 1)))
    return Direction(r, int(np.sign(r)) if clear else 0)


def _statistic(y: np.ndarray, asked: Quantity) -> np.ndarray:
    """The quantity at each point, (points,), its own noise in it."""
    if asked.threshold is not None:
        return (y >= asked.threshold if asked.at_least else y <= asked.threshold).mean(axis=1)
    if asked.statistic == "sd":
        return y.std(axis=1, ddof=1)
    if asked.statistic == "mean":
        return y.mean(axis=1)
    return np.quantile(y, int(asked.statistic[1:]) / 100.0, axis=1)


def settling(result: Result, design: Design, y: np.ndarray) -> Settling | None:
    """How many points would settle the first three inputs, as intervals narrow with the root of their number.

    "Above": the interval of the leading measure lies above that of an input without effect. "Order": each differs from the next
    by more than the two half widths, taken together as independent errors. None without intervals.
    """
    estimates = result.measures[result.leading]
    order = [k for k in ranking(result) if result.names[k] != DUMMY]
    first = [estimates[k] for k in order[:3]]
    next_ = [estimates[k] for k in order[1:4]]
    if not first or any(math.isnan(e.low) or math.isnan(e.high) for e in (*first, *next_)):
        return None
    none = yardstick(result)
    above = max(_times(e.value - e.low + none.high - none.value, e.value - none.value) for e in first)
    gaps = [
        _times(math.hypot(a.high - a.low, b.high - b.low) / 2.0, a.value - b.value)
        for a, b in zip(first, next_, strict=False)
    ]
    points, a_point = design.base, y.size / design.base
    wanted = [_enough(points, times, design.kind) for times in (above, max(gaps, default=1.0))]
    wanted = [math.inf if n * a_point > MOST else n for n in wanted]
    more = [(n - points) * a_point for n in wanted]
    return Settling(points, wanted[0], wanted[1], more[0], more[1])


def _times(error: float, size: float) -> float:
    """How many times as many points make an error smaller than a size."""
    return 1.0 if error < size else math.inf if size <= 0.0 else (error / size) ** 2


def _enough(points: int, times: float, kind: str) -> float:
    wanted = points * times
    if times <= 1.0:
        return points
    if wanted > MOST:
        return math.inf
    return 2 ** math.ceil(math.log2(wanted)) if kind in ("saltelli", SAMPLE) else math.ceil(wanted)


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
    job = plan.job
    task = job.task(0, 0, 1, {})
    job.run(task)  # compiles, and makes the households
    started = time.perf_counter()
    job.run(task)
    one = time.perf_counter() - started
    design = plan.design(plan.factors[: plan.screen])
    names = [plan.store_name(plan.screening())] if plan.screen else [plan.store_name(design)]
    there = sum(present(folder / name) for name in names if (folder / name).is_dir())
    missing = max(plan.expected - there, 0)
    return Takes(
        points=len(design.values),
        screening=plan.expected - plan.replications * len(design.values),
        runs=plan.expected,
        there=min(there, plan.expected),
        seconds_a_run=one,
        seconds=missing * one / workers,
        bytes=missing * 8.0 * (len(job.columns) + len(plan.factors) + 6),
        workers=workers,
        folder=str(folder),
    )
