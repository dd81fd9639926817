"""A fast stand-in for a number the model gives by chance: its mean, its spread and its distribution over factors.

The mean is a polynomial of the factors and the logarithm of the variance a linear function of them, fitted in
turns by weighted least squares [1]. What is left, divided by the fitted standard deviation, is taken to be
distributed alike everywhere: normal if it looks normal, else as it was observed, smoothed [2]. Probabilities and
quantiles follow. Modelling the number and then the probability wastes less than modelling hit or miss.

Every row of data is one independent run; rows may share a point. Uncertainty comes from a Bayesian bootstrap over
rows [3]: weights instead of copies, so that no resample loses a corner of the design.

References
----------
[1] Harvey (1976), Estimating regression models with multiplicative heteroscedasticity, doi 10.2307/1913974.
[2] Azzalini (1981), A note on the estimation of a distribution function, doi 10.1093/biomet/68.1.326.
[3] Rubin (1981), The Bayesian bootstrap, doi 10.1214/aos/1176345338.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import f as f_distribution
from scipy.stats import shapiro

RESAMPLES = 200
TURNS = 1  # of mean and variance before the last; more change nothing that matters
SCORING_STEPS = 10
CONVERGED = 1e-4  # of a log-variance
RESCORING_STEPS = 3  # of a resample, from the estimate
VARIANCE_SPAN = 100.0  # no variance is fitted further than this from the common one, either way
TINY = 1e-10  # of the data's variance: a number without noise
RIDGES = (1e-9, 1e-3, 1e-2, 1e-1)
SCARCE = 3  # rows a term; with fewer a ridge may help
AMPLE = 20  # rows a term; with more the larger model is fitted without asking
NORMAL_ENOUGH = 0.3  # Shapiro-Wilk p; a wrong normal costs more than a needless table
GRID = 201
FEWEST_LOCAL = 10  # rows a term that a local fit must rest on


@dataclass(frozen=True)
class Surrogate:
    """Fitted by `fit`. Row 0 of every array is the estimate, the other rows are resamples.

    Points `x` have shape (m, d) in the unit cube. Results by resample have shape (1 + resamples, m).
    """

    degree: int  # of the mean: 0, 1 or 2
    local: bool  # whether rows near the place of interest counted for more
    centre: float
    unit: float  # the data's standard deviation: what is fitted is (y - centre) / unit
    coefficients: np.ndarray  # (1 + resamples, terms)
    variance: Variance  # of (y - centre) / unit
    residuals: Residuals

    def estimate(self) -> Surrogate:
        """The same without its resamples: quicker where no band is wanted."""
        return replace(
            self,
            coefficients=self.coefficients[:1],
            variance=replace(self.variance, coefficients=self.variance.coefficients[:1]),
            residuals=self.residuals.estimate(),
        )

    def mean(self, x: np.ndarray) -> np.ndarray:
        """Estimated mean (m,)."""
        return self.means(x, rows=1)[0]

    def sd(self, x: np.ndarray) -> np.ndarray:
        """Estimated standard deviation of one run (m,)."""
        return self.sds(x, rows=1)[0]

    def quantile(self, x: np.ndarray, level: float) -> np.ndarray:
        """Estimated quantile of one run (m,); `level` between 0 and 1."""
        return self.quantiles(x, level, rows=1)[0]

    def probability(self, x: np.ndarray, target: float, at_least: bool = True) -> np.ndarray:
        """Estimated probability (m,) that a run gives at least `target` (or at most, if not `at_least`)."""
        return self.probabilities(x, target, at_least, rows=1)[0]

    def means(self, x: np.ndarray, rows: int | None = None) -> np.ndarray:
        """Mean by resample; the first `rows` only, if given."""
        return self.centre + self.unit * (self.coefficients[:rows] @ _terms(x, self.degree).T)

    def sds(self, x: np.ndarray, rows: int | None = None) -> np.ndarray:
        """Standard deviation by resample."""
        return self.unit * np.exp(self.variance.at(x, rows) / 2.0)

    def quantiles(self, x: np.ndarray, level: float, rows: int | None = None) -> np.ndarray:
        """Quantile by resample."""
        return self.means(x, rows) + self.residuals.quantile(level)[:rows, None] * self.sds(x, rows)

    def probabilities(
        self, x: np.ndarray, target: float, at_least: bool = True, rows: int | None = None
    ) -> np.ndarray:
        """Probability by resample."""
        below = self.residuals.below((target - self.means(x, rows)) / self.sds(x, rows))
        return 1.0 - below if at_least else below


def band(resampled: np.ndarray, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound (m,) of a quantity given by resample (1 + resamples, m): percentiles, row 0 left out.

    Raises ValueError if the surrogate was fitted without resamples.
    """
    if len(resampled) < 2:
        raise ValueError("a band needs resamples; fit the surrogate with some")
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(resampled[1:], (tail, 1.0 - tail), axis=0)
    return low, high


@dataclass(frozen=True)
class Variance:
    """Logarithm of a variance: `coefficients` (1 + resamples, 1 or 1 + d) of a plane, cut off at `limits`."""

    coefficients: np.ndarray
    limits: tuple[float, float]

    def at(self, x: np.ndarray, rows: int | None = None) -> np.ndarray:
        """By resample (1 + resamples, m)."""
        gamma = self.coefficients[:rows]
        return np.clip(gamma @ _terms(x, min(gamma.shape[1] - 1, 1)).T, *self.limits)


@dataclass(frozen=True)
class Residuals:
    """Distribution of standardised residuals: normal if `grid` is None, else tables by resample.

    `grid` and `cdf` have shape (1 + resamples, GRID); `rows` counts resamples where there is no table.
    """

    rows: int
    grid: np.ndarray | None = None
    cdf: np.ndarray | None = None

    def estimate(self) -> Residuals:
        """The first row."""
        if self.grid is None or self.cdf is None:
            return Residuals(1)
        return Residuals(1, self.grid[:1], self.cdf[:1])

    def below(self, z: np.ndarray) -> np.ndarray:
        """Probability of less than `z` (rows, m), row by row."""
        if self.grid is None or self.cdf is None:
            return ndtr(z)
        tables = zip(z, self.grid, self.cdf, strict=False)
        return np.stack([np.interp(row, grid, cdf, 0.0, 1.0) for row, grid, cdf in tables])

    def quantile(self, level: float) -> np.ndarray:
        """Quantile (1 + resamples,)."""
        if self.grid is None or self.cdf is None:
            return np.full(self.rows, ndtri(level))
        after = np.clip((self.cdf < level).sum(axis=1), 1, GRID - 1)
        row = np.arange(len(self.cdf))
        steep = (level - self.cdf[row, after - 1]) / (self.cdf[row, after] - self.cdf[row, after - 1])
        return self.grid[row, after - 1] + steep * (self.grid[row, after] - self.grid[row, after - 1])


def fit(
    x: np.ndarray,
    y: np.ndarray,
    *,
    near: np.ndarray | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Surrogate:
    """Fit a surrogate to `y` (n,), one run a row, at points `x` (n, d) in the unit cube.

    Linear or quadratic with interactions, with or without a ridge, whichever predicts left-out rows best. `near`
    (n,), 0 to 1, says how much each row matters: prediction is judged there, and a fit in which rows count by it
    competes with the fit to all rows alike. `resamples=0` gives no bands.

    Raises ValueError if shapes differ, `x` leaves the unit cube, a number is not finite, `y` does not vary, or
    there are fewer than d + 4 rows.
    """
    x, y = np.atleast_2d(np.asarray(x, dtype=float)), np.asarray(y, dtype=float)
    _check(x, y, near)
    centre, unit = float(y.mean()), float(y.std())
    scaled = (y - centre) / unit
    near = np.ones(len(y)) if near is None else np.asarray(near, dtype=float)
    degree, ridge, local = _best_form(x, scaled, near)
    weights = _bootstrap_weights(len(y), resamples, seed) * (near if local else 1.0)
    f = _terms(x, degree)
    coefficients, variance, leverages = _in_turns(x, f, scaled, weights, ridge)
    left = (scaled - f @ coefficients[0]) / np.exp(variance.at(x)[0] / 2.0) / np.sqrt(1.0 - leverages)
    residuals = _distribution(left, weights)
    return Surrogate(degree, local, centre, unit, coefficients, variance, residuals)


def certain(y: float) -> Surrogate:
    """The surrogate of a number that is `y` everywhere, as if by law; it has no bands to speak of."""
    rows, nothing = 1 + RESAMPLES, float(np.log(TINY))
    variance = Variance(np.full((rows, 1), nothing), (nothing, nothing))
    unit = max(abs(y), 1.0) * TINY**0.5
    return Surrogate(0, False, y, unit, np.zeros((rows, 1)), variance, Residuals(rows))


def moved_by_nothing(x: np.ndarray, y: np.ndarray) -> float:
    """p value of `y` (n,) not depending on `x` (n, d) in the unit cube: F test of the polynomial, 1 if constant."""
    if np.ptp(y) == 0.0:
        return 1.0
    n, d = x.shape
    f = _terms(x, 2 if n >= SCARCE * _size(d, 2) else 1)
    scaled = (y - y.mean()) / y.std()
    left = scaled - f @ np.linalg.lstsq(f, scaled, rcond=None)[0]
    explained, free = f.shape[1] - 1, n - f.shape[1]
    unexplained = float(left @ left) / n
    if unexplained < TINY:
        return 0.0
    return float(f_distribution.sf((1.0 - unexplained) / explained / (unexplained / free), explained, free))


def _check(x: np.ndarray, y: np.ndarray, near: np.ndarray | None) -> None:
    n, d = x.shape
    if y.shape != (n,) or (near is not None and np.shape(near) != (n,)):
        raise ValueError(f"surrogate: {n} points and numbers of shape {y.shape} do not go together")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("surrogate: a number is not finite; leave failed runs out first")
    if n and (x.min() < 0.0 or x.max() > 1.0):
        raise ValueError("surrogate: points in the unit cube expected")
    if n < d + 4:
        raise ValueError(f"surrogate: {n} runs are too few for {d} factors, at least {d + 4} expected")
    if np.ptp(y) == 0.0:
        raise ValueError(f"surrogate: all {n} runs give {y[0]:g}, so there is nothing to fit")


def _size(d: int, degree: int) -> int:
    """Terms of a polynomial in `d` factors."""
    return (1, 1 + d, (d + 1) * (d + 2) // 2)[degree]


def _terms(x: np.ndarray, degree: int) -> np.ndarray:
    """Products of Legendre polynomials (m, terms), of unit variance over the cube: well conditioned."""
    t = 3.0**0.5 * (2.0 * x - 1.0)
    columns = [np.ones((len(x), 1))]
    if degree >= 1:
        columns.append(t)
    if degree >= 2:
        first, second = np.triu_indices(x.shape[1], 1)
        columns += [5.0**0.5 / 2.0 * (t * t - 1.0), t[:, first] * t[:, second]]
    return np.concatenate(columns, axis=1)


def _best_form(x: np.ndarray, y: np.ndarray, near: np.ndarray) -> tuple[int, float, bool]:
    """Degree, ridge and whether local: the smallest squared error on left-out rows, weighted by `near`.

    A plane is considered only where rows are scarce: a choice that noise decides is an uncertainty no band shows.
    """
    scores = {}
    for degree, ridge, local in _forms(len(y), x.shape[1], near):
        f = _terms(x, degree)
        w = near if local else np.ones(len(y))
        left = y - f @ _solve(f, y, w[None], ridge)[0]
        scores[degree, ridge, local] = near @ (left / (1.0 - _leverages(f, w, ridge))) ** 2
    return min(scores, key=scores.__getitem__)


def _forms(n: int, d: int, near: np.ndarray) -> Iterator[tuple[int, float, bool]]:
    degrees = (2,) if n >= AMPLE * _size(d, 2) else (1, 2)
    for degree in degrees:
        size = _size(d, degree)
        if n < size + 4:
            continue
        for ridge in RIDGES if n < SCARCE * size else RIDGES[:1]:
            yield degree, ridge, False
    if near.min() < 1.0:
        for degree in (1, 2):
            if _effective(near) >= FEWEST_LOCAL * _size(d, degree):
                yield degree, RIDGES[0], True


def _in_turns(
    x: np.ndarray, f: np.ndarray, y: np.ndarray, weights: np.ndarray, ridge: float
) -> tuple[np.ndarray, Variance, np.ndarray]:
    """Coefficients and variance by row of `weights`, and the leverages (n,).

    Mean and variance take turns on the first row; the other rows are then weighted as that one.
    """
    precision = np.ones(len(y))
    for _ in range(TURNS):
        _, variance, _ = _one_turn(x, f, y, weights[:1], precision, ridge)
        log_variance = variance.at(x)[0]
        precision = np.exp(
            log_variance.mean() - log_variance
        )  # no change of scale: the ridge keeps its meaning
    return _one_turn(x, f, y, weights, precision, ridge)


def _one_turn(
    x: np.ndarray, f: np.ndarray, y: np.ndarray, weights: np.ndarray, precision: np.ndarray, ridge: float
) -> tuple[np.ndarray, Variance, np.ndarray]:
    coefficients = _solve(f, y, weights * precision, ridge)
    leverages = _leverages(f, weights[0] * precision, ridge)
    squares = np.maximum((y - coefficients @ f.T) ** 2 / (1.0 - leverages), TINY)
    return coefficients, _fit_variance(x, squares, weights), leverages


def _solve(f: np.ndarray, y: np.ndarray, weights: np.ndarray, ridge: float) -> np.ndarray:
    """Weighted least squares, once a row of `weights` (rows, n); the ridge spares the constant."""
    return np.linalg.solve(_gram(f, weights, ridge), ((weights * y) @ f)[..., None])[..., 0]


def _gram(f: np.ndarray, weights: np.ndarray, ridge: float) -> np.ndarray:
    size = f.shape[1]
    squares = (f[:, :, None] * f[:, None, :]).reshape(len(f), -1)
    penalty = _ridge(size, ridge) * weights.sum(axis=1)[:, None, None]
    return (weights @ squares).reshape(-1, size, size) + penalty


def _leverages(f: np.ndarray, weights: np.ndarray, ridge: float) -> np.ndarray:
    """How much each row draws the fit to itself (n,), short of 1."""
    gram = (f * weights[:, None]).T @ f + _ridge(f.shape[1], ridge) * weights.sum()
    return np.minimum(weights * np.einsum("ij,ji->i", f, np.linalg.solve(gram, f.T)), 0.99)


def _ridge(size: int, ridge: float) -> np.ndarray:
    return np.diag(np.r_[0.0, np.full(size - 1, ridge)])


def _fit_variance(x: np.ndarray, squares: np.ndarray, weights: np.ndarray) -> Variance:
    """Linear in the factors if rows are ample, else the same everywhere.

    A gamma regression with log link on squared residuals (rows, n), by Fisher scoring.
    """
    common = np.log((weights * squares).sum(axis=1) / weights.sum(axis=1))[:, None]
    span = np.log(VARIANCE_SPAN)
    limits = (max(float(common[0, 0]) - span, np.log(TINY)), float(common[0, 0]) + span)
    g = _terms(x, 1)
    if _effective(weights[0]) < AMPLE * g.shape[1]:
        return Variance(common, limits)
    flat = np.concatenate([common, np.zeros((len(common), x.shape[1]))], axis=1)
    gamma = _score(g, squares[:1], weights[:1], flat[:1], limits, SCORING_STEPS)
    if len(weights) == 1:
        return Variance(gamma, limits)
    start = gamma - flat[:1] + flat[1:]
    others = _score(g, squares[1:], weights[1:], start, limits, RESCORING_STEPS)
    return Variance(np.concatenate([gamma, others]), limits)


def _effective(weights: np.ndarray) -> float:
    """Rows of equal weight that would say as much."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def _score(
    g: np.ndarray,
    squares: np.ndarray,
    weights: np.ndarray,
    start: np.ndarray,
    limits: tuple[float, float],
    steps: int,
) -> np.ndarray:
    gamma = start.copy()
    inverse = np.linalg.inv(_gram(g, weights, RIDGES[0]))
    for _ in range(steps):
        eta = np.minimum(np.maximum(gamma @ g.T, limits[0]), limits[1])
        gradient = (weights * (squares * np.exp(-eta) - 1.0)) @ g
        change = np.clip((inverse @ gradient[..., None])[..., 0], -1.0, 1.0)
        gamma += change
        if np.abs(change).max() < CONVERGED:
            break
    return gamma


def _bootstrap_weights(n: int, resamples: int, seed: int) -> np.ndarray:
    """(1 + resamples, n): ones, then Dirichlet weights that add up to n."""
    drawn = np.random.default_rng(seed).standard_exponential((resamples, n))
    return np.concatenate([np.ones((1, n)), drawn * (n / drawn.sum(axis=1, keepdims=True))])


def _distribution(z: np.ndarray, weights: np.ndarray) -> Residuals:
    """Normal, or smoothed by a kernel whose width is best for a normal distribution function."""
    counted = weights[0] > 0.5 * weights[0].max()
    if np.ptp(z[counted]) == 0.0 or shapiro(z[counted][:5000]).pvalue > NORMAL_ENOUGH:
        return Residuals(len(weights))
    shares = weights / weights.sum(axis=1, keepdims=True)
    middle = shares @ z
    spread = np.sqrt(shares @ (z * z) - middle**2)
    width = float(spread[0] * (4.0 / _effective(weights[0])) ** (1.0 / 3.0))
    grid = np.linspace(z.min() - 5.0 * width, z.max() + 5.0 * width, GRID)
    cdf = shares @ ndtr((grid - z[:, None]) / width)
    whole = np.sqrt(spread**2 + width**2)  # the kernel widens
    return Residuals(len(weights), (grid - middle[:, None]) / whole[:, None], cdf)
