"""How good a forecast is: of many runs, or of one number.

References
----------
[1] Gneiting & Raftery (2007), Strictly proper scoring rules, doi 10.1198/016214506000001437.
[2] Ferro (2014), Fair scores for ensemble forecasts, doi 10.1002/qj.2270.
[3] Suleimenova, Bell & Groen (2017), doi 10.1038/s41598-017-13828-9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.intervals import clopper_pearson

LEVEL = 0.9  # of the model's interval


def crps(members: np.ndarray, fact: float) -> float:
    """Continuous ranked probability score of runs (futures, replications): E|X - fact| - E|X - X'| / 2 [1].

    In the unit of the fact, 0 at best; of a single number it is |number - fact|. X and X' are independent draws, so the second
    mean runs over pairs of different futures, and of different replications where there is one future only; that makes it fair:
    its expectation does not depend on how many runs there are [2]. NaN where a run failed is left out. Raises ValueError if
    there is no pair.
    """
    groups = [row[np.isfinite(row)] for row in np.atleast_2d(members)]
    groups = [row for row in groups if len(row)]
    if len(groups) == 1:
        groups = [groups[0][k : k + 1] for k in range(len(groups[0]))]
    if len(groups) < 2:
        raise ValueError("crps: two runs expected at least")
    whole = np.concatenate(groups)
    inside = [_differences(row) for row in groups]
    pairs = len(whole) ** 2 - sum(len(row) ** 2 for row in groups)
    spread = (_differences(whole) - math.fsum(inside)) / pairs
    return float(np.abs(whole - fact).mean() - spread / 2.0)


def _differences(values: np.ndarray) -> float:
    """Sum of |x - x'| over all ordered pairs."""
    ordered, n = np.sort(values), len(values)
    return 2.0 * float(np.dot(2.0 * np.arange(n) - n + 1.0, ordered))


def interval(members: np.ndarray, level: float = LEVEL) -> tuple[float, float, float]:
    """Low end, median and high end of the runs, equal tails."""
    finite = members[np.isfinite(members)]
    low, middle, high = np.quantile(finite, ((1.0 - level) / 2.0, 0.5, (1.0 + level) / 2.0))
    return float(low), float(middle), float(high)


def relative_difference(forecasts: Sequence[float], facts: Sequence[float]) -> float:
    """Averaged relative difference, sum |forecast - fact| / sum |fact|, over facts of one unit [3]. Raises ValueError for none."""
    whole = math.fsum(map(abs, facts))
    if not whole:
        raise ValueError("relative_difference: a fact other than 0 expected")
    return math.fsum(abs(x - y) for x, y in zip(forecasts, facts, strict=True)) / whole


@dataclass(frozen=True)
class Coverage:
    """How many of `facts` lie in the model's interval, with a 95 % interval of the share (Clopper & Pearson 1934)."""

    inside: int
    facts: int
    share: float
    low: float
    high: float


def coverage(inside: Sequence[bool]) -> Coverage | None:
    """None where there is no fact."""
    if not inside:
        return None
    hits, n = sum(inside), len(inside)
    return Coverage(hits, n, hits / n, *clopper_pearson(hits, n))


def skill(model: float, naive: float) -> float | None:
    """1 - score of the model / score of the naive forecast: 1 at best, below 0 where the model is worse.

    None where the naive forecast is exact and the model is too.
    """
    if naive == 0.0:
        return None if model == 0.0 else -math.inf
    return 1.0 - model / naive
