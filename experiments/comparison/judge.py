"""What a comparison says: numbers only; `text` puts them into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments import given_use
from experiments.comparison import losses as lost
from experiments.comparison.policies import BUDGETS
from experiments.comparison.runs import COUNTS, KINDS, Comparison, Runs, as_study
from experiments.intervals import half_width
from experiments.measures import M
from experiments.outcome import Spread, spread
from experiments.sensitivity import Parts, parts
from experiments.verdict import FEWEST_POINTS, Estimate, effect_of_moving, wilson
from scenarios.scenario import Target, date_of, met
from scenarios.show import name_of

RESAMPLES = 2000
FEWEST_FREE = 5  # degrees of freedom below which a ratio of variances says nothing
REDUCED = (
    "persons",
    "cost",
    "income",
)  # measures whose differences are told how much common draws sharpen them
FUTURES, REPLICATIONS, ONE = "futures", "replications", "one pair of runs"


@dataclass(frozen=True)
class Difference:
    """A mean over pairs of runs with its 95 % interval, and how the pairs differ among themselves.

    `over` says what the interval covers: futures (the mean over them), replications (noise at the central values), or one pair
    of runs, which gives none. `p05` and `p95` are percentiles of the futures (or replications), each the mean of its
    replications; `more` is the share of them above 0.
    """

    value: float
    low: float | None
    high: float | None
    over: str
    p05: float
    p95: float
    more: float
    parts: Parts | None


@dataclass(frozen=True)
class Ratio:
    """dC/dN with a Fieller 95 % interval, yuan a mover. `value` is None where it is undefined, and `why` says so.

    `sense` says which way both differ: "more cost, more movers" and so on.
    """

    value: float | None
    low: float | None
    high: float | None
    sense: str
    why: str = ""


@dataclass(frozen=True)
class Reduction:
    """How much common draws sharpen a difference: its noise with independent seeds over its noise as run, both variances.

    A difference is known as well as from `value` times the runs with independent seeds. None where it cannot be known, and
    `why` says so. `low` and `high` are a bootstrapped 95 % interval over futures, where there are enough.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Change:
    """Households that end with less, or more, of one thing than under the reference, and by how much on average, yuan.

    `share` and `heavy_share` are of the households compared; `loss` and `gain` are means over the households concerned,
    None where there are none.
    """

    worse: Difference
    worse_persons: float
    share: float | None
    heavy_share: float | None
    loss: float | None
    better: Difference
    better_persons: float
    gain: float | None


@dataclass(frozen=True)
class Group:
    """Households of one kind, means over runs: how many are compared, and the shares of them that end worse or better off."""

    part: str
    id: str
    households: float
    persons: float
    income_worse: float | None
    wealth_worse: float | None
    income_better: float | None
    wealth_better: float | None


@dataclass(frozen=True)
class Losses:
    """Who loses: `income` after debt service (yuan a year) and liquid `wealth` less debts (yuan), see comparison.losses.

    `left`: households that left unaided under one of the two, of which nothing is known at the end.
    """

    households: float
    left: float
    income: Change
    wealth: Change
    both: Difference
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class TargetShare:
    """Share of futures that reach a target, with its Wilson 95 % interval; `own`: it is in the policy's file."""

    id: str
    en: str
    zh: str
    value: float
    at_least: bool
    unit: str
    date: str
    own: bool
    reached: int
    futures: int
    share: float
    low: float
    high: float
    outcome: Spread | None


@dataclass(frozen=True)
class Judged:
    """One policy. `pairs` holds differences by kind and count (households, persons, low_income_persons)."""

    name: str
    title: Mapping[str, str]
    region: str
    reference: bool
    factor: float | None
    taken: tuple[str, ...]
    held: tuple[str, ...]
    targets: tuple[TargetShare, ...]
    measures: Mapping[str, Spread | None]
    additional: Difference | None  # persons by the window's end
    additional_all: Difference | None  # persons by the run's end too
    extra_cost: Difference | None
    cost_per_additional: Ratio | None
    pairs: Mapping[str, Mapping[str, Difference]]
    paid_anyway: Spread | None  # share of the policy's movers who would have moved anyway, or left unaided
    losses: Losses | None
    reduction: Mapping[str, Reduction]  # of the variance of differences, by measure
    effect: Estimate | None


@dataclass(frozen=True)
class Answer:
    """All a comparison answers; shares are 0-1, money is in yuan."""

    id: str
    points: int
    replications: int
    seed: int
    regions: tuple[str, ...]
    period: Mapping[str, tuple[str, str, str]]  # by region: start, window's end, end
    equalised: tuple[str, ...]  # the budgets that were scaled, if any
    budget: float | None
    labels: Mapping[
        str, Mapping[str, str]
    ]  # what counties and the uncertainties in `taken` and `held` are called
    policies: tuple[Judged, ...]
    given: Mapping[str, Any] | None = (
        None  # by region: the posterior that points were drawn from, if any were
    )


def judge(c: Comparison) -> Answer:
    """Judge a comparison."""
    policies = tuple(_policy(c, runs, row) for runs in c.regions for row in range(len(runs.region.policies)))
    return Answer(
        id=c.id,
        points=c.points,
        replications=c.replications,
        seed=c.seed,
        regions=tuple(runs.region.id for runs in c.regions),
        period={runs.region.id: _period(runs) for runs in c.regions},
        equalised=() if c.budget is None else BUDGETS,
        budget=None if c.budget is None or np.isnan(c.budget) else c.budget,
        labels=_labels(c),
        policies=policies,
        given={runs.region.id: given_use.brief(runs.given) for runs in c.regions if runs.given} or None,
    )


def _period(runs: Runs) -> tuple[str, str, str]:
    s = runs.region.reference.scenario
    return s.start, date_of(s.window - 1, s.start), date_of(s.months - 1, s.start)


def _labels(c: Comparison) -> dict[str, dict[str, str]]:
    found = {}
    for runs in c.regions:
        found |= {
            county.id: {"en": county.en, "zh": county.zh}
            for county in runs.region.reference.scenario.counties
        }
        for policy in runs.region.policies:
            entries = {entry.name: entry for entry in policy.scenario.entries()}
            for name in (*policy.taken, *policy.held):
                found[name] = {lang: name_of(entries[name], policy.scenario, lang) for lang in ("en", "zh")}
    return found


def _policy(c: Comparison, runs: Runs, row: int) -> Judged:
    policy, own = runs.region.policies[row], runs.measures[row]
    difference = runs.measures[row] - runs.measures[0]

    def grid(values: np.ndarray) -> np.ndarray:
        return values.reshape(c.points, c.replications)

    people = runs.pairs[row].sum(axis=1)  # (runs, KINDS, COUNTS)
    persons = dict(zip(KINDS, people[..., COUNTS.index("persons")].T, strict=True))
    anyway = persons["both"] + persons["assisted"]
    movers = anyway + persons["induced"]
    paired = row > 0
    more, cost = grid(difference[:, M["persons_all"]]), grid(difference[:, M["cost"]])
    return Judged(
        name=policy.name,
        title=dict(policy.title),
        region=runs.region.id,
        reference=row == 0,
        factor=policy.factor,
        taken=policy.taken,
        held=policy.held,
        targets=tuple(
            _target(grid(runs.reached[row, :, k]), target, policy.scenario.targets)
            for k, target in enumerate(runs.targets[row])
        ),
        measures={name: spread(own[:, k]) for name, k in M.items()},
        additional=compare(grid(difference[:, M["persons"]])) if paired else None,
        additional_all=compare(more) if paired else None,
        extra_cost=compare(cost) if paired else None,
        cost_per_additional=fieller(more, cost) if paired else None,
        pairs={
            kind: {count: compare(grid(people[:, k, n].astype(float))) for n, count in enumerate(COUNTS)}
            for k, kind in enumerate(KINDS)
        }
        if paired
        else {},
        paid_anyway=spread(_share(anyway, movers)) if paired else None,
        losses=_losses(c, runs, row) if paired else None,
        reduction={
            name: reduction(grid(runs.measures[row][:, M[name]]), grid(runs.measures[0][:, M[name]]))
            for name in REDUCED
        }
        if paired
        else {},
        effect=effect_of_moving(as_study(runs, row)),
    )


def _losses(c: Comparison, runs: Runs, row: int) -> Losses:
    counties = tuple(county.id for county in runs.region.reference.scenario.counties)
    means = runs.losses[row].mean(axis=0)  # (cells, COLUMNS)
    whole = runs.losses[row][:, 0].reshape(c.points, c.replications, -1)

    def over(cell: int, top: str, bottom: str = "households") -> float | None:
        below = means[cell, lost.C[bottom]]
        return float(means[cell, lost.C[top]] / below) if below > 0 else None

    def change(name: str) -> Change:
        return Change(
            worse=compare(whole[..., lost.C[f"{name}_worse_households"]]),
            worse_persons=float(means[0, lost.C[f"{name}_worse_persons"]]),
            share=over(0, f"{name}_worse_households"),
            heavy_share=over(0, f"{name}_heavy_households"),
            loss=over(0, f"{name}_loss_yuan", f"{name}_worse_households"),
            better=compare(whole[..., lost.C[f"{name}_better_households"]]),
            better_persons=float(means[0, lost.C[f"{name}_better_persons"]]),
            gain=over(0, f"{name}_gain_yuan", f"{name}_better_households"),
        )

    return Losses(
        households=float(means[0, lost.C["households"]]),
        left=float(means[0, lost.C["left_households"]]),
        income=change("income"),
        wealth=change("wealth"),
        both=compare(whole[..., lost.C["both_worse_households"]]),
        groups=tuple(
            Group(
                part, id, float(means[k, lost.C["households"]]), float(means[k, lost.C["persons"]]),
                *(over(k, f"{w}_{what}_households") for what in ("worse", "better") for w in lost.WELFARE),
            )
            for k, (part, id) in enumerate(lost.names(counties))
            if part != "all"
        ),
    )  # fmt: skip


def _share(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


def _target(grid: np.ndarray, target: Target, own: tuple[Target, ...]) -> TargetShare:
    means = grid.mean(axis=1)
    hits = int(met(target, means).sum())
    low, high = wilson(hits, len(means))
    return TargetShare(
        target.id, target.en, target.zh, float(target.value), target.at_least, target.unit, target.date,
        any(t.id == target.id for t in own), hits, len(means), hits / len(means), low, high, spread(grid.ravel()),
    )  # fmt: skip


def compare(grid: np.ndarray) -> Difference:
    """The mean of paired differences (points, replications) and its 95 % interval.

    Over points it is bootstrapped, or Student's t where there are fewer than FEWEST_POINTS; over the replications of one point
    it is t.
    """
    each, over = _each(grid)
    mean = float(each.mean())
    low, high = _interval(each, bootstrap=over == FUTURES and len(each) >= FEWEST_POINTS)
    p05, p95 = np.quantile(each, (0.05, 0.95))
    return Difference(mean, low, high, over, float(p05), float(p95), float((each > 0).mean()), parts(grid))


def _each(grid: np.ndarray) -> tuple[np.ndarray, str]:
    """The independent differences of a grid: means by point, or the replications of the only point."""
    if len(grid) > 1:
        return grid.mean(axis=1), FUTURES
    return grid[0], REPLICATIONS if grid.shape[1] > 1 else ONE


def _interval(each: np.ndarray, *, bootstrap: bool) -> tuple[float | None, float | None]:
    n = len(each)
    if n < 2:
        return None, None
    if bootstrap:
        rows = np.random.default_rng(0).integers(0, n, (RESAMPLES, n))
        low, high = np.quantile(each[rows].mean(axis=1), (0.025, 0.975))
        return float(low), float(high)
    half = half_width(each)
    return float(each.mean()) - half, float(each.mean()) + half


def _t(n: int) -> float:
    """The 97.5 % point of Student's t with n - 1 degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, 0.975))


def reduction(one: np.ndarray, other: np.ndarray) -> Reduction:
    """(var A + var B) / var (A - B) within points, of two measures (points, replications) run with common draws.

    With independent seeds the variances of A and B would add up in their difference.
    """
    points, replications = one.shape
    if replications < 2:
        return Reduction(None, why="one replication")
    if not np.isfinite(one + other).all():
        return Reduction(None, why="undefined in some runs")
    if points * (replications - 1) < FEWEST_FREE:
        return Reduction(None, why="too few replications")
    apart = one.var(axis=1, ddof=1) + other.var(axis=1, ddof=1)
    paired = (one - other).var(axis=1, ddof=1)
    if paired.sum() == 0.0:
        return Reduction(None, why="the difference does not vary")
    value = float(apart.sum() / paired.sum())
    if points < FEWEST_POINTS:
        return Reduction(value)
    rows = np.random.default_rng(0).integers(0, points, (RESAMPLES, points))
    below = paired[rows].sum(axis=1)
    again = np.divide(apart[rows].sum(axis=1), below, out=np.full(RESAMPLES, np.inf), where=below > 0)
    low, high = np.quantile(again, (0.025, 0.975), method="higher")
    return Reduction(value, float(low), float(high) if np.isfinite(high) else None)


def fieller(more: np.ndarray, cost: np.ndarray) -> Ratio:
    """Mean extra cost over mean additional movers, both (points, replications), with Fieller's 95 % interval.

    Undefined where the interval of the additional movers contains 0: then no number of yuan is the price of one of them.
    Fieller (1954), J. R. Stat. Soc. B 16, 175-185.
    """
    x, over = _each(more)
    y, _ = _each(cost)
    n, mx, my = len(x), float(x.mean()), float(y.mean())
    sense = f"{_sense(my)} cost, {_sense(mx)} movers"
    if mx == 0.0:
        return Ratio(None, None, None, sense, "no additional movers")
    if n < 2:
        return Ratio(my / mx, None, None, sense, "one pair of runs: no interval")
    vx, vy = float(x.var(ddof=1)) / n, float(y.var(ddof=1)) / n
    vxy = float(np.cov(x, y, ddof=1)[0, 1]) / n
    t2 = _t(n) ** 2
    a, b, c = mx * mx - t2 * vx, mx * my - t2 * vxy, my * my - t2 * vy  # the ends solve a r^2 - 2 b r + c = 0
    low, high = _interval(x, bootstrap=over == FUTURES and n >= FEWEST_POINTS)
    if a <= 0.0 or (low is not None and high is not None and low <= 0.0 <= high):
        return Ratio(None, None, None, sense, "the 95 % interval of the additional movers contains 0")
    root = max(b * b - a * c, 0.0) ** 0.5
    return Ratio(my / mx, (b - root) / a, (b + root) / a, sense)


def _sense(x: float) -> str:
    return "more" if x > 0 else "less" if x < 0 else "the same"
