"""Intervals of a share, for a number of runs fixed beforehand and for runs that are still being added; and of a mean.

Wilson and Clopper-Pearson hold at one number of runs that was settled before looking. Whoever looks after every
run and stops when the answer pleases needs the confidence sequence, which holds at all numbers of runs at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

Z95 = 1.959963984540054
FAR = 2**40  # runs; a verdict further away than this will not be waited for


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share at fixed n. Wilson (1927), doi 10.1080/01621459.1927.10502953."""
    share, z2 = hits / n, Z95 * Z95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * (share * (1 - share) / n + z2 / (4 * n * n)) ** 0.5
    return max(middle - half, 0.0), min(middle + half, 1.0)


def half_width(values: np.ndarray, confidence: float = 0.95) -> float:
    """Half the width of Student's interval of the mean of two or more independent values."""
    from scipy.special import stdtrit  # slow to import

    n = len(values)
    return float(stdtrit(n - 1, (1.0 + confidence) / 2.0)) * float(values.std(ddof=1)) / n**0.5


def clopper_pearson(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of a share at fixed n, never too narrow. Clopper & Pearson (1934), doi 10.1093/biomet/26.4.404.

    Raises ValueError unless 0 <= hits <= n, n >= 1 and 0 < confidence < 1.
    """
    from scipy.special import betaincinv  # slow to import

    _check(hits, n, confidence)
    if n < 1:
        raise ValueError("an exact interval needs at least one run")
    tail = (1.0 - confidence) / 2.0
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1.0 - tail)) if hits < n else 1.0
    return low, high


def mixture(hits: np.ndarray, n: np.ndarray, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """The shares that `hits` in `n` runs leave standing, for each pair of the arrays (any shape, broadcast together).

    A share p is struck out once the likelihood averaged over a Beta(1/2, 1/2) prior exceeds the likelihood at p by
    the factor 1 / (1 - confidence). Under p that ratio is a martingale, so by Ville's inequality this ever happens
    to the true share with a probability of 1 - confidence at most, however often one looks.
    Robbins (1970), doi 10.1214/aoms/1177696786. Raises ValueError as `clopper_pearson` does, but n may be 0.
    """
    hits, n = np.broadcast_arrays(np.asarray(hits, dtype=float), np.asarray(n, dtype=float))
    _check(hits, n, confidence)
    return _lower(hits, n, confidence), 1.0 - _lower(n - hits, n, confidence)


def sequence(hits: np.ndarray, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Running intersection of `mixture` after every run of `hits` (..., runs), 0 or 1: two arrays of the same shape."""
    hits = np.asarray(hits)
    low, high = mixture(np.cumsum(hits, axis=-1), np.arange(1, hits.shape[-1] + 1), confidence)
    return np.maximum.accumulate(low, axis=-1), np.minimum.accumulate(high, axis=-1)


class ConfidenceSequence:
    """Interval of a share that may be looked at after every run.

    Runs are added in the order in which they were planned: the order of arrival depends on the machine. Bounds
    never widen. Should they cross, which has a probability of 1 - confidence at most, the bound crossed stands.
    """

    def __init__(self, confidence: float = 0.95) -> None:
        """Raises ValueError unless 0 < confidence < 1."""
        _check(0, 0, confidence)
        self.confidence = confidence
        self.hits = self.n = 0
        self.low, self.high = 0.0, 1.0

    def add(self, hits: bool | Iterable[bool]) -> None:
        """Add one run or several, hit or miss."""
        runs = np.atleast_1d(np.asarray(hits if isinstance(hits, bool) else list(hits), dtype=np.int64))
        low, high = mixture(
            self.hits + np.cumsum(runs), self.n + np.arange(1, len(runs) + 1), self.confidence
        )
        self.hits, self.n = self.hits + int(runs.sum()), self.n + len(runs)
        for below, above in zip(low.tolist(), high.tolist(), strict=True):
            self.low = max(self.low, min(below, self.high))
            self.high = min(self.high, max(above, self.low))

    @property
    def share(self) -> float:
        """Share of hits so far, NaN before the first run."""
        return self.hits / self.n if self.n else math.nan

    def excludes(self, threshold: float) -> bool:
        """Whether the share is known to lie on one side of `threshold`."""
        return self.low > threshold or self.high < threshold

    def more_runs(self, threshold: float) -> float:
        """About how many more runs until `threshold` is excluded, if the share stays what it is; 0 when it is."""
        return 0.0 if self.excludes(threshold) else more_runs(self.hits, self.n, threshold, self.confidence)


def more_runs(hits: float, n: int, threshold: float, confidence: float = 0.95) -> float:
    """About how many more runs until `mixture` excludes `threshold`, if the share of hits stays what it is.

    0 when it is excluded; inf when the share equals the threshold, because then no number of runs will do.
    Raises ValueError if there are no runs yet, or the threshold is no share.
    """
    _check(hits, n, confidence)
    if n < 1:
        raise ValueError("without a run there is no share to go by")
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f"threshold: {threshold} given, a share from 0 to 1 expected")
    share = hits / n

    def excluded(runs: int) -> bool:
        return bool(_evidence(share * runs, runs, threshold) > -math.log(1.0 - confidence))

    if excluded(n):
        return 0.0
    if share == threshold:
        return math.inf
    short, enough = n, 2 * n
    while not excluded(enough):
        short, enough = enough, 2 * enough
        if enough > FAR:
            return math.inf
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if excluded(middle) else (middle, enough)
    return float(enough - n)


def _evidence(hits: float, n: float, share: float) -> float:
    """Logarithm of the mixture's likelihood over the likelihood at `share`."""
    from scipy.special import xlog1py, xlogy

    return float(_mixture_log(hits, n) - xlogy(hits, share) - xlog1py(n - hits, -share))


def _mixture_log(hits: np.ndarray | float, n: np.ndarray | float) -> np.ndarray:
    from scipy.special import betaln

    return betaln(hits + 0.5, n - hits + 0.5) - math.log(math.pi)  # B(1/2, 1/2) is pi


def _lower(hits: np.ndarray, n: np.ndarray, confidence: float) -> np.ndarray:
    """The root of hits log p + (n - hits) log(1 - p) = c left of the share, by Newton's method in logit p.

    The left side is concave in logit p and lies below logit p times hits; so the steps from c / hits climb to the
    root and never pass it.
    """
    from scipy.special import expit

    low = np.zeros(hits.shape)
    some = hits > 0
    hits, n = hits[some], n[some]
    c = _mixture_log(hits, n) + math.log(1.0 - confidence)
    logit = c / hits
    for _ in range(100):
        step = (c - hits * logit + n * np.logaddexp(0.0, logit)) / (hits - n * expit(logit))
        logit += step
        if not np.any(step > 1e-13 * (1.0 + np.abs(logit))):
            break
    low[some] = expit(logit)
    return low


def _check(hits: np.ndarray | float, n: np.ndarray | int, confidence: float) -> None:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence: {confidence} given, more than 0 and less than 1 expected")
    if np.any(np.asarray(hits) < 0) or np.any(np.asarray(hits) > np.asarray(n)):
        raise ValueError("hits: at least 0 and at most the number of runs expected")
