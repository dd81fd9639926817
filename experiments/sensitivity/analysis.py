"""What a method finds in the outcomes of a design, and what follows from it: ranks, ways, how many runs would settle it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.design import DUMMY, Design
from experiments.sensitivity.drivers import ranks
from experiments.sensitivity.effects import morris
from experiments.sensitivity.given import rank
from experiments.sensitivity.result import Estimate, Result
from experiments.sensitivity.salib import library
from experiments.sensitivity.variance import sobol
from scenarios.errors import InputError

if TYPE_CHECKING:
    from experiments.sensitivity.asked import Quantity
    from experiments.vary import Factor

DESIGNED = {"sobol": "saltelli", "morris": "morris", "fast": "fast", "dgsm": "dgsm"}
"""Methods that need a design of their own, and which; the others take any sample."""
SAMPLE = "sobol"  # the design of these
CLEAR = 0.2  # a direction is told if inputs and outcome go together at least so much, and more than by chance
MOST = 1_000_000  # runs nobody waits for


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
    x = placed(design)[:, varied]
    if dummy and not _step_by_step(design):
        drawn = np.random.default_rng([seed, len(x)]).random((len(x), 1))
        names, x = (*names, DUMMY), np.hstack([x, drawn])
    return names, x


def _step_by_step(design: Design) -> bool:
    """Whether most points differ from the one before in one input: no sample, or a grid; a dummy would hide that."""
    return ((np.diff(design.values, axis=0) != 0.0).sum(axis=1) == 1).mean() > 0.5


def placed(design: Design) -> np.ndarray:
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
    x = placed(design)
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
    one, other = ranks(x[:, k]), ranks(z)
    return one - one.mean(), other - other.mean()


def _direction(dx: np.ndarray, dz: np.ndarray) -> Direction:
    size = math.sqrt(float(dx @ dx) * float(dz @ dz))
    r = float(dx @ dz) / size if size > 0.0 else 0.0
    clear = abs(r) >= max(CLEAR, _by_chance(len(dx)))
    return Direction(r, int(np.sign(r)) if clear else 0)


def _by_chance(changes: int) -> float:
    """The largest correlation about nothing that chance gives in 95 % of cases of so many pairs: Student's t, turned round."""
    from scipy.special import stdtrit

    if changes < 2:
        return math.inf
    t = float(stdtrit(changes - 1, 0.975))
    return t / math.sqrt(changes - 1 + t * t)


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
