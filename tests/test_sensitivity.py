import numpy as np
import pytest

from experiments.sensitivity import drivers, parts, ranks


def uniform(n, k, seed=3):
    rng = np.random.default_rng(seed)
    return (np.stack([rng.permutation(n) for _ in range(k)], axis=1) + 0.5) / n


def test_ranks_share_ties():
    assert ranks(np.array([5.0, 1.0, 5.0, 9.0])).tolist() == [1.5, 0.0, 1.5, 3.0]


def test_the_two_that_matter_are_found_among_many():
    x = uniform(50, 25)
    y = -4.0 * x[:, 3] + 2.0 * x[:, 11] + np.random.default_rng(1).normal(0, 0.1, 50)
    found = drivers([f"x{i}" for i in range(25)], x, y)
    first, second = found.inputs[:2]
    assert (first.name, first.sign, second.name, second.sign) == ("x3", -1, "x11", 1)
    assert first.share == pytest.approx(0.8, abs=0.08) and second.share == pytest.approx(0.2, abs=0.06)
    assert first.low < first.share < first.high and first.leading > 0.99
    assert found.explained > 0.95


def test_a_monotone_transform_changes_nothing():
    x = uniform(40, 3)
    y = x @ np.array([np.pi, 1.0, 0.0])
    assert drivers("abc", x, y) == drivers("abc", x, np.exp(5 * y))


def test_pure_noise_explains_nothing():
    explained = [
        drivers("abcdef", uniform(50, 6, s), np.random.default_rng(s).normal(size=50)).explained
        for s in range(10)
    ]
    assert np.median(explained) < 0.1


def test_too_few_points_or_no_variation_give_no_answer():
    assert drivers("ab", uniform(8, 2), np.arange(8.0)) is None
    assert drivers("ab", uniform(20, 2), np.ones(20)) is None


def test_noise_is_taken_out_of_the_spread_between_points():
    rng = np.random.default_rng(5)
    split = parts(rng.normal(0, 3.0, (4000, 1)) + rng.normal(0, 4.0, (4000, 2)))
    assert split.uncertainty_sd == pytest.approx(3.0, rel=0.06)
    assert split.noise_sd == pytest.approx(4.0, rel=0.04)
    assert split.noise_share == pytest.approx(16 / 25, rel=0.05)
    assert parts(np.ones((5, 1))) is None and parts(np.ones((1, 5))) is None
