"""Which uncertainties an outcome hangs on, and how much of its spread is the model's own noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST_POINTS = 20  # below this a rank regression says nothing
RESAMPLES = 400
ENTER = 4.0  # F an input must reach to enter the regression, about 5 % for one input looked at alone


@dataclass(frozen=True)
class Driver:
    """One input: its share of the outcome's rank variance with a 95 % interval.

    `sign` is +1 if more of it raises the outcome, -1 if it lowers it; `leading` is the share of bootstrap
    samples in which it is one of the two largest.
    """

    name: str
    share: float
    low: float
    high: float
    sign: int
    leading: float


@dataclass(frozen=True)
class Drivers:
    """Inputs that stand out, largest first, and the adjusted share of rank variance they explain together."""

    inputs: tuple[Driver, ...]
    explained: float


@dataclass(frozen=True)
class Parts:
    """Standard deviations between points and between replications; share of the variance that is noise."""

    uncertainty_sd: float
    noise_sd: float
    noise_share: float


def parts(values: np.ndarray) -> Parts | None:
    """Split the variance of `values` (points, replications); None with fewer than two of either.

    The variance of point means holds 1/R of the noise, which is taken out.
    """
    points, replications = values.shape
    if points < 2 or replications < 2:
        return None
    noise = float(values.var(axis=1, ddof=1).mean())
    between = max(float(values.mean(axis=1).var(ddof=1)) - noise / replications, 0.0)
    total = noise + between
    return Parts(between**0.5, noise**0.5, noise / total if total > 0 else 0.0)


def drivers(names: Sequence[str], design: np.ndarray, outcome: np.ndarray) -> Drivers | None:
    """Squared standardised rank regression coefficients of `outcome` (points,) on `design` (points, names).

    Inputs enter one by one, the most telling first, at most one for five points; intervals are bootstrapped
    over points with the choice of inputs repeated. None where there are too few points or nothing varies.
    Saltelli et al. (2008), Global sensitivity analysis: the primer, section 1.2.5.
    """
    n = len(outcome)
    if n < FEWEST_POINTS or not len(names) or np.ptp(outcome) == 0.0:
        return None
    x = np.stack([ranks(column) for column in design.T], axis=1)
    y = ranks(outcome)
    slopes, explained = _regress(x, y)
    rng = np.random.default_rng(0)
    samples = rng.integers(0, n, (RESAMPLES, n))
    again = np.minimum([_regress(x[rows], y[rows])[0] ** 2 for rows in samples], 1.0)
    low, high = np.quantile(again, (0.025, 0.975), axis=0)
    place = np.argsort(np.argsort(-again, axis=1, kind="stable"), axis=1)
    leading = ((place < 2) & (again > 0.0)).mean(axis=0)
    order = sorted(np.flatnonzero(slopes).tolist(), key=lambda k: -abs(slopes[k]))
    found = [
        Driver(
            name=names[k],
            share=min(float(slopes[k] ** 2), 1.0),
            low=float(low[k]),
            high=float(high[k]),
            sign=int(np.sign(slopes[k])),
            leading=float(leading[k]),
        )
        for k in order
    ]
    return Drivers(tuple(found), explained)


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 0, ties sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2.0)[inverse]


def _regress(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Standardised coefficients, 0 for inputs left out, and the adjusted share of variance explained."""
    n, k = x.shape
    x, y = x - x.mean(axis=0), y - y.mean()
    spread = (x * x).sum(axis=0)
    rest, left, entered = x.copy(), y.copy(), []
    total = float(y @ y)
    unexplained = total
    while len(entered) < min(k, n // 5) and unexplained > 1e-12 * total:
        norms = (rest * rest).sum(axis=0)
        usable = norms > 1e-9 * spread
        gains = np.where(usable, (rest.T @ left) ** 2 / np.where(usable, norms, 1.0), 0.0)
        best = int(gains.argmax())
        if gains[best] * (n - len(entered) - 2) <= ENTER * (unexplained - gains[best]):
            break
        direction = rest[:, best] / norms[best] ** 0.5
        left -= direction * (direction @ left)
        rest -= np.outer(direction, direction @ rest)
        unexplained = float(left @ left)
        entered.append(best)
    slopes = np.zeros(k)
    if not entered:
        return slopes, 0.0
    slopes[entered] = np.linalg.lstsq(x[:, entered], y, rcond=None)[0] * (spread[entered] / total) ** 0.5
    return slopes, 1.0 - unexplained / total * (n - 1) / (n - 1 - len(entered))
