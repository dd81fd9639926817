"""P(target | policy, parameters) over the model's own noise, as a map over the uncertainties that matter most.

All other uncertainties stay at their central values. The count is modelled, its mean and its spread, and the probability
follows from them. The mean is the polynomial of experiments.surrogate; where bottlenecks bend it more than that, a thin-plate
spline takes up what is left [1], if left-out runs are predicted better with it. The spread is the surrogate's, scaled to what
chance alone does at the central values.

References
----------
[1] Wahba (1990), Spline models for observational data, doi 10.1137/1.9781611970128 (smoothing chosen by cross-validation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

from experiments import surrogate
from experiments.intervals import Z95, wilson
from experiments.priors import Uncertain

if TYPE_CHECKING:
    from experiments.design import Design
    from experiments.question import Question
    from experiments.surrogate import Surrogate
    from experiments.vary import Factor

CELLS = 61  # of the map, each way
ALONG = 1001  # places on a line on which it is sought where P tips
FOLDS = 10
CONTOURS = (0.1, 0.5, 0.9)
SMOOTHING = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
BETTER = 0.9  # of the polynomial's error: a spline must do at least as well
TINY = 1e-6  # of a spread: no chance at all
FAR = 0.05  # weight of runs far from the target where the error is judged


@dataclass(frozen=True)
class Tip:
    """Where P crosses one half along one uncertainty, the other at its central value.

    `reached` is "below" or "above" the one value at which it crosses; "between" or "outside" the first and last of several;
    "always" or "never" if there is none. `low` and `high` enclose the first value as far as the map's error lets it move; None
    where that leaves the range.
    """

    name: str
    values: tuple[float, ...]
    reached: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, eq=False)
class Map:
    """`axes` are up to two uncertainties, `grid` their values (one array an axis) in base units.

    `probability` and `mean` have shape (len(grid[1]), len(grid[0])), or (len(grid[0]),) with one axis. `points` (points, axes)
    were run once each, `outcomes` (points,) is what they gave, NaN where a run failed. `central` is P at the central values with
    a span for the map's error. `error` is by how much runs left out are missed (root mean square, those near the target first),
    `noise` the standard deviation of chance alone at the central values; both in the target's unit.
    """

    axes: tuple[Uncertain, ...]
    grid: tuple[np.ndarray, ...]
    probability: np.ndarray
    mean: np.ndarray
    points: np.ndarray
    outcomes: np.ndarray
    central: float
    central_low: float
    central_high: float
    error: float
    noise: float
    bent: bool  # whether a spline was needed
    tips: tuple[Tip, ...]


@dataclass(frozen=True)
class Centre:
    """Runs at the central values: how many reach the target, a Wilson interval, their mean and spread."""

    hits: int
    runs: int
    low: float
    high: float
    mean: float
    sd: float


def design_of(factors: Sequence[Factor], n: int, seed: int) -> Design:
    """`n` points that fill the space of the factors, the first of a sequence that goes on."""
    from experiments import design

    wide = design.make("sobol", factors, points=1 << (n - 1).bit_length(), seed=seed)
    return design.Design(wide.names, wide.values[:n], wide.kind, wide.options, wide.factors)


def centre(outcomes: np.ndarray, question: Question) -> Centre | None:
    """What runs at the central values say; None if none went well."""
    finite = outcomes[np.isfinite(outcomes)]
    if not len(finite):
        return None
    hits = int(question.reached(finite).sum())
    sd = float(finite.std(ddof=1)) if len(finite) > 1 else 0.0
    return Centre(hits, len(finite), *wilson(hits, len(finite)), float(finite.mean()), sd)


def map_of(
    axes: Sequence[Uncertain],
    values: np.ndarray,
    outcomes: np.ndarray,
    middle: Centre | None,
    question: Question,
) -> Map | None:
    """The map from runs at `values` (points, axes) and at the central values; None if too few runs went well."""
    axes = tuple(axes)
    whole = np.isfinite(outcomes)
    if middle is None or whole.sum() < len(axes) + 4:
        return None
    x = np.stack([_place(axis, values[:, k]) for k, axis in enumerate(axes)], axis=1)[whole]
    at = np.array([[float(_place(axis, np.array([axis.central]))[0]) for axis in axes]])
    fitted, error = _fitted(x, outcomes[whole], at, middle, question)
    least = (
        middle.sd * (fitted.model.coefficients.shape[1] / whole.sum()) ** 0.5
    )  # what chance does to the fit
    missed = max(max(error**2 - middle.sd**2, 0.0) ** 0.5, least)  # by the map, chance in a run apart
    edges = [np.linspace(0.0, 1.0, CELLS) for _ in axes]
    cells = np.stack([side.ravel() for side in np.meshgrid(*edges, indexing="xy")], axis=1)
    shape = (CELLS,) * len(axes)
    span = [float(fitted.probability(at, question, shift)[0]) for shift in (-Z95 * missed, Z95 * missed)]
    return Map(
        axes=axes,
        grid=tuple(_values(axis, edge) for axis, edge in zip(axes, edges, strict=True)),
        probability=fitted.probability(cells, question).reshape(shape),
        mean=fitted.mean(cells).reshape(shape),
        points=values,
        outcomes=outcomes,
        central=float(fitted.probability(at, question)[0]),
        central_low=min(span),
        central_high=max(span),
        error=error,
        noise=middle.sd,
        bent=fitted.bend is not None,
        tips=tuple(_tip(k, axes, fitted, at, question, missed) for k in range(len(axes))),
    )


@dataclass(frozen=True, eq=False)
class _Fitted:
    """The count over the unit square: polynomial plus `bend`, and the spread of one run by chance, which is `noise` at `at`."""

    model: Surrogate
    bend: Any  # RBFInterpolator of what the polynomial leaves, or None
    noise: float
    at: np.ndarray

    def mean(self, x: np.ndarray) -> np.ndarray:
        straight = self.model.mean(x)
        return straight if self.bend is None else straight + self.bend(x)

    def probability(self, x: np.ndarray, question: Question, shift: float = 0.0) -> np.ndarray:
        """P of reaching the target (m,), the mean shifted."""
        z = (question.target.value - self.mean(x) - shift) / self._sd(x)
        below = ndtr(z) if self.bend is not None else self.model.residuals.below(z[None])[0]
        return 1.0 - below if question.target.at_least else below

    def _sd(self, x: np.ndarray) -> np.ndarray:
        if (
            self.bend is not None
        ):  # what a polynomial leaves is not chance, and says nothing of where there is more of it
            return np.full(len(x), max(self.noise, TINY * self.model.unit))
        spread = self.model.sd(x)
        middle = float(self.model.sd(self.at)[0])
        return spread * min(max(self.noise, TINY * middle) / middle, 1.0)


def _fitted(
    x: np.ndarray, y: np.ndarray, at: np.ndarray, middle: Centre, question: Question
) -> tuple[_Fitted, float]:
    """The fit that predicts left-out runs best, and its error there; runs at the central values count as one point."""
    x, y = np.concatenate([x, at]), np.append(y, middle.mean)
    near = _nearness(y, question)
    polynomial = _error(x, y, near, None)
    bends = {smoothing: _error(x, y, near, smoothing) for smoothing in SMOOTHING}
    best = min(bends, key=lambda smoothing: bends[smoothing])
    smoothing, error = (best, bends[best]) if bends[best] < BETTER * polynomial else (None, polynomial)
    return _Fitted(*_fit(x, y, near, smoothing), middle.sd, at), error


def _nearness(y: np.ndarray, question: Question) -> np.ndarray:
    """How much each run counts where the map is judged: most near the target."""
    spread = max(float(y.std()) / 2.0, 1e-12)
    return FAR + (1.0 - FAR) * np.exp(-0.5 * ((y - question.target.value) / spread) ** 2)


def _fit(x: np.ndarray, y: np.ndarray, near: np.ndarray, smoothing: float | None) -> tuple[Surrogate, Any]:
    """The polynomial and, with `smoothing`, the spline of what it leaves."""
    if np.ptp(y) == 0.0:
        return surrogate.certain(float(y[0])), None
    model = surrogate.fit(x, y, near=near, resamples=0)
    if smoothing is None:
        return model, None
    from scipy.interpolate import RBFInterpolator  # slow to import

    return model, RBFInterpolator(
        x, y - model.mean(x), kernel="thin_plate_spline", smoothing=smoothing, degree=1
    )


def _error(x: np.ndarray, y: np.ndarray, near: np.ndarray, smoothing: float | None) -> float:
    """Root mean square of what is missed at runs left out, fold by fold, weighted by `near`."""
    missed = np.zeros(len(y))
    for fold in range(FOLDS):
        out = np.arange(len(y)) % FOLDS == fold
        if out.any() and (~out).sum() >= x.shape[1] + 4:
            model, bend = _fit(x[~out], y[~out], near[~out], smoothing)
            missed[out] = y[out] - model.mean(x[out]) - (0.0 if bend is None else bend(x[out]))
    return float(np.sqrt(near @ missed**2 / near.sum()))


def _place(x: Uncertain, values: np.ndarray) -> np.ndarray:
    """Where values lie in the stated range, 0 to 1, on its scale."""
    low, high = x.low, x.high
    if x.scale == "log":
        values, low, high = np.log(values), np.log(low), np.log(high)
    return np.clip((values - low) / (high - low), 0.0, 1.0)


def _values(x: Uncertain, places: np.ndarray) -> np.ndarray:
    if x.scale == "log":
        return np.exp(np.log(x.low) + (np.log(x.high) - np.log(x.low)) * places)
    return x.low + (x.high - x.low) * places


def _tip(
    k: int, axes: tuple[Uncertain, ...], fitted: _Fitted, at: np.ndarray, question: Question, missed: float
) -> Tip:
    """Where it tips along axis `k`, and where it would if the mean were off by what the map misses."""
    along = np.linspace(0.0, 1.0, ALONG)
    cells = np.repeat(at, ALONG, axis=0)
    cells[:, k] = along

    def crossings(shift: float) -> tuple[list[float], str]:
        over = fitted.probability(cells, question, shift) >= 0.5
        edges = np.flatnonzero(over[1:] != over[:-1])
        values = _values(axes[k], (along[edges] + along[edges + 1]) / 2.0)
        return [float(f"{v:.6g}") for v in values], tip_kind(over.tolist())

    values, reached = crossings(0.0)
    ends = [crossings(shift)[0] for shift in (-missed, missed)]
    if not values or not all(ends):
        return Tip(axes[k].name, tuple(values), reached)
    firsts = [end[0] for end in ends]
    return Tip(axes[k].name, tuple(values), reached, min(firsts), max(firsts))


def tip_kind(over: Sequence[bool]) -> str:
    """On which side of the values at which it tips a target is reached, from the low end of a range to the high end."""
    changes = sum(a != b for a, b in pairwise(over))
    if changes == 0:
        return "always" if over[0] else "never"
    if changes == 1:
        return "below" if over[0] else "above"
    return "outside" if over[0] else "between"
