"""95 % intervals of estimates: a bootstrap over blocks of the design, and a jackknife over replications that share their luck."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from experiments.intervals import Z95

TAILS = (0.025, 0.975)
BATCH = 2**22  # numbers held at once while resampling


def resampled(n: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Weights (some resamples, n) of `n` blocks in bootstrap samples, each row adding up to 1, `resamples` rows in all.

    Drawn one sample at a time, so the first samples are the same however many are asked for.
    """
    rng = np.random.default_rng(seed)
    rows = max(BATCH // n, 1)
    for start in range(0, resamples, rows):
        number = min(rows, resamples - start)
        yield np.array([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(number)]) / n


def bootstrap(estimate: Callable[[np.ndarray], np.ndarray], n: int, resamples: int, seed: int) -> np.ndarray:
    """`estimate` of weights (resamples, n) for all resamples: what it gives, (resamples, ...)."""
    return np.concatenate([estimate(weights) for weights in resampled(n, resamples, seed)])


def percentiles(value: np.ndarray, again: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of 95 % from bootstrap samples of `n` blocks, (resamples, ...); those without a number are left out.

    A bootstrap of few blocks is too narrow, by sqrt((n - 1) / n) and by the normal quantile over Student's: so much wider are
    the bounds made. Hesterberg (2015), doi 10.1080/00031305.2015.1089789.
    """
    from scipy.special import stdtrit

    low, high = np.nanquantile(again, TAILS, axis=0)
    wider = (n / (n - 1)) ** 0.5 * float(stdtrit(n - 1, TAILS[1])) / Z95
    return value + (low - value) * wider, value + (high - value) * wider


def jackknife(estimate: Callable[[np.ndarray], np.ndarray], replications: int) -> np.ndarray:
    """Half width of 95 % intervals for the luck of `replications`, each left out once; NaN with fewer than three.

    `estimate` is given the replications to keep. Efron & Stein (1981), doi 10.1214/aos/1176345462.
    """
    from scipy.special import stdtrit

    everyone = np.arange(replications)
    if replications < 3:
        return np.full(np.shape(estimate(everyone)), np.nan)
    without = np.array([estimate(np.delete(everyone, r)) for r in everyone])
    variance = (replications - 1) ** 2 / replications * without.var(axis=0, ddof=1)
    return float(stdtrit(replications - 1, TAILS[1])) * variance**0.5


def widened(
    value: np.ndarray, low: np.ndarray, high: np.ndarray, more: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The bounds, moved out by an independent error of half width `more`; NaN moves nothing."""
    more = np.nan_to_num(more)
    return value - np.hypot(value - low, more), value + np.hypot(high - value, more)
