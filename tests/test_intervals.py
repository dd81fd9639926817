"""Intervals of a share: reference values, and coverage measured where one looks after every run."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from experiments import verdict
from experiments.intervals import (
    Z95,
    ConfidenceSequence,
    clopper_pearson,
    mixture,
    more_runs,
    sequence,
    wilson,
)

STUDIES, RUNS = 1000, 2000


def test_reference_values():
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert clopper_pearson(81, 263) == pytest.approx((0.2527, 0.3676), abs=5e-5)
    assert clopper_pearson(0, 20) == pytest.approx((0.0, 0.1684), abs=5e-5)
    assert clopper_pearson(20, 20)[1] == 1.0
    assert verdict.wilson is wilson


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99])
def test_exact_interval_agrees_with_scipy(confidence):
    for hits, n in ((0, 1), (3, 7), (500, 1000), (7, 7)):
        found = binomtest(hits, n).proportion_ci(confidence, "exact")
        assert clopper_pearson(hits, n, confidence) == pytest.approx((found.low, found.high), abs=1e-12)


@given(st.integers(0, 3000), st.integers(0, 3000), st.floats(0.5, 0.9999))
def test_the_likelihood_ratio_is_exactly_the_limit_at_either_bound(hits, misses, confidence):
    n = hits + misses
    low, high = (float(bound) for bound in mixture(np.array(hits), np.array(n), confidence))
    if n == 0:
        assert (low, high) == (0.0, 1.0)
        return
    averaged = math.lgamma(hits + 0.5) + math.lgamma(misses + 0.5) - math.lgamma(n + 1) - math.log(math.pi)
    for bound, p in ((low, low), (high, high)):
        if (bound, hits) == (0.0, 0) or (bound, misses) == (1.0, 0):
            continue
        at_p = (hits * math.log(p) if hits else 0.0) + (misses * math.log1p(-p) if misses else 0.0)
        assert averaged - at_p == pytest.approx(-math.log(1.0 - confidence), abs=1e-6)
    assert low < hits / n < high or hits in (0, n)


def naive(hits):
    """Wilson's interval after every run, of hits (studies, runs)."""
    n = np.arange(1, hits.shape[1] + 1)
    share = np.cumsum(hits, axis=1) / n
    z2 = Z95 * Z95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return middle - half, middle + half


@pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
def test_the_sequence_holds_however_often_one_looks_and_wilson_does_not(p):
    hits = np.random.default_rng(7).random((STUDIES, RUNS)) < p
    low, high = sequence(hits)
    holds = ((low <= p) & (p <= high)).all(axis=1).mean()
    assert holds >= 0.95
    assert np.median(high[:, -1] - low[:, -1]) < 8.0 * (p * (1.0 - p) / RUNS) ** 0.5  # wide would be easy

    low, high = naive(hits)
    assert (low[0, 99], high[0, 99]) == pytest.approx(wilson(int(hits[0, :100].sum()), 100))
    misses = (p < low) | (high < p)
    assert misses.any(axis=1).mean() > 0.35
    if p == 0.9:  # looked at from the 10th run to the 500th
        assert misses[:, 9:500].any(axis=1).mean() == pytest.approx(0.40, abs=0.04)


def test_run_by_run_is_the_same_as_all_at_once():
    hits = np.random.default_rng(1).random(300) < 0.8
    low, high = sequence(hits)
    one, several = ConfidenceSequence(), ConfidenceSequence()
    assert (one.low, one.high) == (0.0, 1.0) and math.isnan(one.share)
    for k, hit in enumerate(hits):
        one.add(bool(hit))
        assert (one.low, one.high) == pytest.approx((low[k], high[k]), abs=1e-15)
    several.add(hits[:123])
    several.add(hits[123:])
    assert (several.hits, several.n, several.low, several.high) == (one.hits, one.n, one.low, one.high)
    assert several.share == hits.mean()


def test_bounds_never_widen_nor_cross():
    watched = ConfidenceSequence(0.6)
    watched.add([True] * 200)
    before = watched.low
    watched.add([False] * 400)
    assert before <= watched.low <= watched.high
    assert watched.low > 0.9  # the runs said so once, and the sequence stands by it


@pytest.mark.parametrize(
    ("hits", "n", "threshold"), [(30, 30, 0.9), (48, 50, 0.9), (80, 100, 0.9), (3, 10, 0.5)]
)
def test_more_runs_is_the_first_number_that_decides(hits, n, threshold):
    more = more_runs(hits, n, threshold)
    assert 0 < more < math.inf

    def decided(runs):
        low, high = mixture(np.array(hits / n * runs), np.array(runs))
        return bool(low > threshold or high < threshold)

    assert decided(n + more) and not decided(n + more - 1)


def test_more_runs_when_nothing_or_everything_is_known():
    assert more_runs(90, 100, 0.9) == math.inf
    assert more_runs(0, 100, 0.9) == 0.0
    assert more_runs(10, 10, 1.0) == math.inf and more_runs(9, 10, 1.0) == 0.0
    watched = ConfidenceSequence()
    watched.add([False] * 30)
    assert watched.excludes(0.9) and watched.more_runs(0.9) == 0.0
    assert not watched.excludes(0.01) and watched.more_runs(0.01) > 100


def test_what_is_no_share_is_refused():
    with pytest.raises(ValueError, match="hits"):
        clopper_pearson(5, 4)
    with pytest.raises(ValueError, match="at least one run"):
        clopper_pearson(0, 0)
    with pytest.raises(ValueError, match="confidence"):
        ConfidenceSequence(1.0)
    with pytest.raises(ValueError, match="threshold"):
        more_runs(1, 2, 1.5)
    with pytest.raises(ValueError, match="without a run"):
        more_runs(0, 0, 0.5)
