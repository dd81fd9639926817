"""Draws, exp, log and the normal: published vectors, accuracy, and independence of keys."""

import math

import numpy as np
import pytest
from scipy import special, stats

from simulation import draws

ONES = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (0, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (ONES, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ],
)
def test_philox_known_answers(word, expected):
    assert tuple(map(int, draws.philox(*[np.uint64(word)] * 6))) == expected


def test_philox_counts_as_published():
    counter = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
    key = (0xA4093822, 0x299F31D0)
    found = draws.philox(*map(np.uint64, counter + key))
    assert tuple(map(int, found)) == (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)


def sample(n: int = 20000) -> np.ndarray:
    return np.array([draws.u01(5, draws.APPLY, i, 7) for i in range(n)])


def test_draws_are_uniform_and_keep_within_0_and_1():
    u = sample()
    assert u.min() > 0.0
    assert u.max() < 1.0
    assert stats.kstest(u, "uniform").pvalue > 0.001


def test_every_part_of_the_key_counts():
    keys = [
        (5, 1, 2, 3),
        (6, 1, 2, 3),
        (5, 2, 2, 3),
        (5, 1, 3, 3),
        (5, 1, 2, 4),
        (5 + 2**40, 1, 2, 3),
        (5, 1, 2 + 2**40, 3),
    ]
    keys += [(5, 1, 2, -3)]
    assert len({draws.u01(*key) for key in keys}) == len(keys)


def test_a_pair_is_two_independent_draws_and_the_first_is_the_single_one():
    pairs = np.array([draws.u01_pair(5, draws.APPLY, i, 7) for i in range(5000)])
    assert np.array_equal(pairs[:, 0], sample(5000))
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 0.05


def test_neighbours_are_independent():
    u = sample()
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.03


def test_exp_and_log_are_accurate():
    g = np.random.default_rng(1)
    for x in (*g.uniform(-700, 700, 3000), *g.normal(0, 1, 3000), 0.0, 1.0, -1.0, 1e-300):
        assert draws.exp_(float(x)) == pytest.approx(math.exp(x), rel=1e-15)
    for x in (*np.exp(g.uniform(-600, 600, 3000)), *g.uniform(0.5, 2, 3000)):
        assert draws.log_(float(x)) == pytest.approx(math.log(x), rel=1e-14, abs=2e-16)
    assert draws.log_(1.0) == 0.0
    assert draws.exp_(0.0) == 1.0


def test_exp_is_held_within_range():
    assert draws.exp_(1e9) == draws.exp_(700.0)
    assert draws.exp_(-1e9) == draws.exp_(-700.0) > 0.0


def test_power():
    for x, a in ((2.0, 10.0), (0.3, 1.0 / 12.0), (1.05, 1.0 / 12.0), (7.0, -3.0)):
        assert draws.power(x, a) == pytest.approx(x**a, rel=1e-14)


def test_quantiles():
    for u in (1e-15, 1e-9, 1e-4, 0.01, 0.02425, 0.0243, 0.3, 0.5, 0.7, 0.9757, 0.99, 1 - 1e-9):
        assert draws.normal(u) == pytest.approx(special.ndtri(u), rel=2e-9, abs=1e-15)
        assert draws.logistic(u) == pytest.approx(stats.logistic.ppf(u), rel=1e-12, abs=1e-15)
        assert draws.gumbel(u) == pytest.approx(stats.gumbel_r.ppf(u), rel=1e-12)


def test_normal_rises():
    u = np.sort(np.concatenate([sample(), 0.02425 + np.linspace(-1e-9, 1e-9, 2001)]))
    x = np.array([draws.normal(float(v)) for v in u])
    assert np.all(np.diff(x) >= 0.0)
