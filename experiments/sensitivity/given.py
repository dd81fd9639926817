"""First-order indices from any table of independent points: a sweep that is there already, whatever it was made for.

The points are sorted by an input. Neighbours have nearly the same value of it and independent ones of all others, so the mean
product of their (centred) outcomes is the variance that the input explains (Chatterjee 2021; Gamboa et al. 2022). Farther
neighbours steady the estimate; what the input moves in between goes with the square of the distance, and a regression on it leads back to
distance zero (Tong & Wang 2005). An input with a few levels needs no neighbours: the others of its level do. The noise of
the model is taken out as in `quantity`.

A bootstrap is wrong here: it makes neighbours of a point and its copy (Dette & Kroll 2025). Intervals are normal, with the variance of
such quadratic forms: that of the influence of a point on the estimate, and that of chance meetings of residuals.

References
----------
Gamboa, Gremaud, Klein & Lagnoux (2022), Bernoulli 28, 2345-2374, doi 10.3150/21-BEJ1421.
Chatterjee (2021), J. Am. Stat. Assoc. 116, 2009-2022, doi 10.1080/01621459.2020.1758115.
Tong & Wang (2005), Biometrika 92, 821-830, doi 10.1093/biomet/92.4.821.
Dette & Kroll (2025), Biometrika 112, asae045 (a bootstrap of ranks).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.intervals import Z95
from experiments.sensitivity import verdict
from experiments.sensitivity.intervals import jackknife, widened
from experiments.sensitivity.quantity import (
    ONLY_NOISE,
    centred,
    check_names,
    check_points,
    check_table,
    estimates,
    is_grid,
    product,
    quantities,
    share_of_noise,
    single_runs,
    spread,
)
from experiments.sensitivity.result import Estimate, Result
from scenarios.errors import InputError

FEWEST_POINTS = 40
FEWEST_LAGS = 4  # with fewer the regression costs more than it brings


def rank(
    names: Sequence[str], x: np.ndarray, y: np.ndarray, *, statistic: str = "mean", threshold: float | None = None,
    at_least: bool = True, common: bool = False, seed: int = 1,
) -> Result:  # fmt: skip
    """First-order indices of the inputs, columns of `x` (points, inputs), over the distribution that the points have.

    `y` has shape (points, replications). Points must be independent draws or a grid, not the rows of a Saltelli, Morris or
    one-at-a-time design. `seed` settles the order of points with the same value. Raises InputError: runs without a number, a
    constant outcome or input, too few or dependent points, or an outcome that varies no more than its noise.
    """
    names = check_names(names, "rank")
    values = np.asarray(y, float)
    quantity = quantities(values, statistic, threshold, at_least)
    x = check_table("rank", len(names), x, values)
    check_points("rank", names, x, FEWEST_POINTS)
    tie_breaker = np.random.default_rng(seed).random(len(x))
    complete = is_grid(x)
    tables = [
        _Levels(column, complete) if _has_levels(column) else _Neighbours(column, tie_breaker)
        for column in x.T
    ]

    def shares(kept: np.ndarray) -> np.ndarray:
        runs = values[:, kept]
        found = estimates(runs, statistic, threshold, at_least)
        return _shares(tables, found, single_runs(runs, statistic, found), common)

    replications = values.shape[1]
    value, low, high = shares(np.arange(replications)).T
    if np.isnan(value).any():
        raise InputError([ONLY_NOISE])
    luck = jackknife(lambda kept: shares(kept)[:, 0], replications) if common else None
    if luck is not None:
        low, high = widened(value, low, high, luck)
    low = np.where(np.isnan(low), np.minimum(value, 0.0), low)
    high = np.where(np.isnan(high), np.maximum(value, 1.0), high)
    low[-1], high[-1] = max(low[-1], 0.0), min(high[-1], 1.0)
    found = [Estimate(*numbers) for numbers in np.stack([value, low, high], axis=1).tolist()]
    first, noise = tuple(found[:-1]), found[-1]
    return Result(
        method="rank", names=names, measures={"first": first}, leading="first", rows=len(x), replications=replications,
        spread=spread(quantity), noise=noise if replications > 1 else None,
        unconverged=verdict.unconverged(names, first), corrected=quantity.shape[1] > 1,
        noise_in_intervals=luck is None or bool(np.isfinite(luck).all()),
    )  # fmt: skip


def _shares(
    tables: list[_Neighbours | _Levels], quantity: np.ndarray, runs: np.ndarray, common: bool
) -> np.ndarray:
    """First order of each input, then the share of noise: value, low, high in each row; NaN where only noise is left.

    Bounds are NaN where the variance to be shared out may as well be nil.
    """
    f = centred(quantity)
    square = product(f, f, apart=True)
    variance = square.mean() * (1.0 if tables[0].complete else len(f) / (len(f) - 1))
    if not variance > 0.0:
        return np.full((len(tables) + 1, 3), np.nan)
    found = np.array(
        [_share(table, f, square, variance, common) for table in tables] + [share_of_noise(runs)]
    )
    if variance <= Z95 * square.std() / len(f) ** 0.5:
        found[:-1, 1:] = np.nan
    return found


def _share(
    table: _Neighbours | _Levels, f: np.ndarray, square: np.ndarray, variance: float, common: bool
) -> tuple[float, float, float]:
    """First order of one input, low, high.

    By its influence on the estimate a point has the variance of `parts`, and beside that residuals meet residuals by chance,
    which is all there is without an effect. As `parts` knows the mean at a point only from the same few others, that
    chance is in its variance twice. The error grows with the index: the bounds are the indices that would still give this
    estimate (as Wilson's of a share).
    """
    n, others = len(f), table.mean_of_others(f)
    explained = product(f, others, apart=common)
    if table.complete:  # nothing is drawn, so a level's mean is that of all its points
        explained, centre = explained + (square - explained) / table.alike, 0.0
    else:  # what products of different points lose by their common centre
        centre = product(f, f, apart=common).mean() / n
    share = float((explained.mean() + centre) / variance)
    parts = (2.0 * explained - product(others, others, apart=common) - share * square) / variance
    residual = (f.mean(axis=1) - others.mean(axis=1)) ** 2 / (1.0 + table.overlap / 2.0) / variance
    met = float((residual * table.mean_of_others(residual[:, None])[:, 0]).mean())
    chance = table.overlap * max(met, residual.mean() ** 2 / 2.0) / n
    error = max(float(parts.var()) / n - chance, chance)
    growth = 4.0 * float(residual.mean()) / n
    scale = Z95**2 * error / (chance + growth * max(share, 0.0))
    half = scale * growth / 2.0
    away = np.array([-1.0, 1.0]) * (half**2 + scale * max(chance + growth * share, 0.0)) ** 0.5 + half
    flat = np.array([-1.0, 1.0]) * (scale * chance) ** 0.5  # where the index itself is below zero
    low, high = np.where(share + away >= 0.0, share + away, share + flat)
    return share, float(low), float(high)


class _Neighbours:
    """An input with (nearly) a value of its own in every point; the others of a point are those next to it.

    At the ends they lie on one side. `overlap` is n times the sum over pairs of squared coefficients, in the mean of
    the products of all points and their others.
    """

    complete, alike = False, 1.0

    def __init__(self, column: np.ndarray, tie_breaker: np.ndarray) -> None:
        n = len(column)
        self.order = np.lexsort((tie_breaker, column))
        self.lags = np.arange(1, max(round(n ** (1 / 3)), FEWEST_LAGS) + 1)
        self.weights = _intercept(self.lags**2.0)
        self.overlap = float((self.weights**2).sum())

    def mean_of_others(self, f: np.ndarray) -> np.ndarray:
        """For values (points, ...): the mean of each point's others, as it would be at distance zero."""
        line, found = f[self.order], np.zeros_like(f)
        for lag, weight in zip(self.lags, self.weights, strict=True):
            below, above = np.roll(line, lag, axis=0), np.roll(line, -lag, axis=0)
            below[:lag], above[-lag:] = above[:lag], below[-lag:]
            found[self.order] += weight * (below + above) / 2.0
        return found


class _Levels:
    """An input with levels, each in two points or more; the others of a point are those of its level.

    `complete` says that the points are a grid, and `alike` how many points have the level of each.
    """

    def __init__(self, column: np.ndarray, complete: bool) -> None:
        _, self.level, self.points = np.unique(column, return_inverse=True, return_counts=True)
        self.overlap = 2.0 * len(self.points) / len(column)
        self.complete, self.alike = complete, self.points[self.level]

    def mean_of_others(self, f: np.ndarray) -> np.ndarray:
        total = np.zeros((len(self.points), *f.shape[1:]))
        np.add.at(total, self.level, f)
        return (total[self.level] - f) / (self.alike - 1)[:, None]


def _has_levels(column: np.ndarray) -> bool:
    return np.unique(column, return_counts=True)[1].min() >= 2


def _intercept(x: np.ndarray) -> np.ndarray:
    """Coefficients that give the intercept at x = 0 of a regression line through values at `x`."""
    away = x - x.mean()
    return 1.0 / len(x) - x.mean() * away / (away**2).sum()
