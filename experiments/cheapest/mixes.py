"""Mixes of levers as points of the unit cube, and which of them a pair of surrogates prefers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import qmc

from experiments.surrogate import RESAMPLES, Surrogate, certain, fit

if TYPE_CHECKING:
    from experiments.vary import Factor

SPREAD = 11  # 2**11 candidates all over the cube
SNAPPED = 0.3  # chance of a coordinate to lie at an end of its range, where optima often are
NEARBY = 256  # candidates around the best so far
STEPS = (0.1, 0.03, 0.01, 0.003, 0.001)  # how near
LOOKED_AT = 512  # mixes among which runners-up are sought
RUNNERS_UP = 3
APART = 0.15  # of a lever's range: runners-up are at least this far from each other
CONTOUR = 101  # points a side
AT_ONCE = 256  # candidates put to the bootstrap in one go, the cheapest first


@dataclass(frozen=True)
class Aim:
    """A count of at least (or at most) `target`, with at least `probability`, at a one-sided `confidence`."""

    target: float
    at_least: bool
    probability: float
    confidence: float

    def hit(self, counts: np.ndarray) -> np.ndarray:
        return counts >= self.target if self.at_least else counts <= self.target


@dataclass(frozen=True)
class Fits:
    """Surrogates of the count and of the cost of one run, over the same unit cube."""

    count: Surrogate
    cost: Surrogate


def fit_count(
    x: np.ndarray, counts: np.ndarray, near: np.ndarray | None = None, resamples: int = RESAMPLES
) -> Surrogate:
    """As `surrogate.fit`, but a count may be the same in every run, where something other than levers binds."""
    if np.ptp(counts) == 0.0:
        return certain(float(counts[0]))
    return fit(x, counts, near=near, resamples=resamples)


def fit_cost(
    x: np.ndarray,
    costs: np.ndarray,
    near: np.ndarray | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Surrogate:
    """As `surrogate.fit`, to the runs whose cost is defined."""
    known = np.isfinite(costs)
    return fit(
        x[known], costs[known], near=None if near is None else near[known], resamples=resamples, seed=seed
    )


def natural(levers: Sequence[Factor], x: np.ndarray) -> np.ndarray:
    """Levers in their own units (n, d) at points `x` (n, d) of the unit cube."""
    return np.stack([_values(lever, x[:, k]) for k, lever in enumerate(levers)], axis=1)


def stretched(levers: Sequence[Factor], x: np.ndarray) -> np.ndarray:
    """As `natural`, but levers with levels take values between them too: for lines on a map."""
    columns = [
        lever.at(x[:, k]) if lever.levels is None else lever.low + (lever.high - lever.low) * x[:, k]
        for k, lever in enumerate(levers)
    ]
    return np.stack(columns, axis=1)


def snap(levers: Sequence[Factor], x: np.ndarray) -> np.ndarray:
    """The nearest points that levers with levels allow."""
    x = np.clip(x, 0.0, 1.0)
    for k, lever in enumerate(levers):
        if lever.levels is not None:
            places = _places(lever)
            x[:, k] = places[_nearest(places, x[:, k])]
    return x


def all_over(levers: Sequence[Factor], rng: np.random.Generator) -> np.ndarray:
    """Candidates (m, d): the cube's corners, and points that fill the cube, its faces and its edges."""
    d = len(levers)
    inner = qmc.Sobol(d, rng=rng).random_base2(SPREAD)
    ends = np.where(rng.random(inner.shape) < SNAPPED, np.round(inner), inner)
    corners = np.array(list(product((0.0, 1.0), repeat=d)))
    return snap(levers, np.concatenate([inner, ends, corners]))


def around(
    levers: Sequence[Factor], point: np.ndarray, step: float, rng: np.random.Generator, n: int = NEARBY
) -> np.ndarray:
    """Candidates (n, d) about `step` from `point` (d,), in some coordinates or all."""
    moved = rng.random((n, len(point))) < max(0.4, 1.0 / len(point))
    return snap(levers, point + np.where(moved, rng.normal(0.0, step, moved.shape), 0.0))


def headroom(
    count: Surrogate, aim: Aim, x: np.ndarray, probability: float, rows: int | None = None
) -> np.ndarray:
    """By how much the count passes the target with `probability`, by resample (1 + resamples, m); negative if it fails."""
    if aim.at_least:
        return count.quantiles(x, 1.0 - probability, rows) - aim.target
    return aim.target - count.quantiles(x, probability, rows)


def margin(count: Surrogate, aim: Aim, x: np.ndarray) -> np.ndarray:
    """Estimated headroom (m,) at the aim's probability, in standard deviations of a run."""
    return headroom(count, aim, x, aim.probability, rows=1)[0] / count.sd(x)


def safe(fits: Fits, aim: Aim, x: np.ndarray, floor: float) -> np.ndarray:
    """Where (m,) the lower confidence bound of the probability is the aim's at least, and the estimate `floor`."""
    passes = headroom(fits.count, aim, x, floor, rows=1)[0] >= 0.0
    bound = headroom(fits.count, aim, x[passes], aim.probability)[1:]
    passes[passes] = np.quantile(bound, 1.0 - aim.confidence, axis=0) >= 0.0
    return passes


def cheapest(
    fits: Fits, aim: Aim, levers: Sequence[Factor], floor: float, rng: np.random.Generator
) -> np.ndarray | None:
    """The safe mix (d,) of least expected cost; None if there is none."""
    best = _first_safe(fits, aim, all_over(levers, rng), floor)
    if best is None:
        best = likeliest(fits.count, aim, levers, rng)
        if not safe(fits, aim, best[None], floor)[0]:
            return None
    for step in STEPS:
        for _ in range(len(levers)):
            nearby = np.concatenate([best[None], around(levers, best, step, rng)])
            found = _first_safe(fits, aim, nearby, floor)
            best = (
                best if found is None else found
            )  # at the border the last bit may change with what is put beside
    return best


def likeliest(count: Surrogate, aim: Aim, levers: Sequence[Factor], rng: np.random.Generator) -> np.ndarray:
    """The mix (d,) at which the target is most likely to be reached."""
    x = all_over(levers, rng)
    best = x[np.argmax(margin(count, aim, x))]
    for step in STEPS:
        x = np.concatenate([best[None], around(levers, best, step, rng)])
        best = x[np.argmax(margin(count, aim, x))]
    return best


def near_contour(
    fits: Fits, aim: Aim, levers: Sequence[Factor], width: float, n: int, rng: np.random.Generator
) -> np.ndarray:
    """`n` points (n, d) where it is about as likely as wished that the target is reached, and where that is cheap.

    About means within `width` standard deviations of a run, or as near as there are points.
    """
    x = all_over(levers, rng)
    nearest = x[np.argmin(np.abs(margin(fits.count, aim, x)))]
    x = np.concatenate([x, *(around(levers, nearest, step, rng) for step in STEPS[:3])])
    distance = np.abs(margin(fits.count, aim, x))
    band = np.argsort(distance, kind="stable")[: max(int((distance <= width).sum()), 4 * n)]
    band = band[np.argsort(fits.cost.mean(x[band]), kind="stable")]
    cheap = band[: max(len(band) // 2, n)]
    return x[rng.choice(cheap, n, replace=len(cheap) < n)]


def unlike(
    fits: Fits, aim: Aim, levers: Sequence[Factor], point: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray]:
    """The cheapest safe mixes that differ from `point` and from each other in some lever, cheapest first."""
    x = all_over(levers, rng)
    x = x[headroom(fits.count, aim, x, aim.probability, rows=1)[0] >= 0.0]
    x = x[np.argsort(fits.cost.mean(x), kind="stable")][:LOOKED_AT]
    taken = [point]
    for one in x[safe(fits, aim, x, aim.probability)] if len(x) else x:
        if len(taken) <= RUNNERS_UP and all(np.abs(one - other).max() > APART for other in taken):
            taken.append(one)
    return taken[1:]


def contour(count: Surrogate, aim: Aim) -> tuple[np.ndarray, ...]:
    """Lines (points, 2) in the square of two levers along which the target is reached as probably as wished.

    `stretched` turns them into the levers' own units.
    """
    from contourpy import contour_generator

    side = np.linspace(0.0, 1.0, CONTOUR)
    x = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    lines = contour_generator(side, side, margin(count, aim, x).reshape(CONTOUR, CONTOUR)).lines(0.0)
    return tuple(np.asarray(line) for line in lines)


def _first_safe(fits: Fits, aim: Aim, x: np.ndarray, floor: float) -> np.ndarray | None:
    x = x[headroom(fits.count, aim, x, floor, rows=1)[0] >= 0.0]
    x = x[np.argsort(fits.cost.mean(x), kind="stable")]
    for start in range(0, len(x), AT_ONCE):
        some = x[start : start + AT_ONCE]
        passes = safe(fits, aim, some, floor)
        if passes.any():
            return some[np.argmax(passes)]
    return None


def _values(lever: Factor, place: np.ndarray) -> np.ndarray:
    if lever.levels is None:
        return np.asarray(lever.at(place))
    return np.array(lever.levels)[_nearest(_places(lever), place)]


def _places(lever: Factor) -> np.ndarray:
    """Where the levels of a lever lie in the unit interval."""
    levels = np.array(lever.levels, dtype=float)
    return (levels - levels[0]) / (levels[-1] - levels[0])


def _nearest(places: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.abs(x[:, None] - places).argmin(axis=1)
