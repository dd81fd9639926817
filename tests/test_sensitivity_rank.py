"""First-order indices of given points: known functions, levels and ties, noise, and intervals that hold the truth."""

import numpy as np
import pytest
from scipy.stats import binom, qmc

from experiments.sensitivity import rank
from scenarios.errors import InputError
from tests.test_sensitivity_sobol import (
    G_FIRST,
    ISHIGAMI_FIRST,
    ISHIGAMI_SD,
    covers,
    ishigami,
    named,
    noisy,
    saltelli,
    sobol_g,
    values,
)


def refusal(*args, **options):
    with pytest.raises(InputError) as caught:
        rank(*args, **options)
    assert len(caught.value.messages) == 1
    return caught.value.messages[0]


def points(n, d, seed):
    return np.random.default_rng(seed).random((n, d))


def test_known_functions():
    x = points(8000, 4, 1)
    found = rank(named(4), x, ishigami(x)[:, None])
    assert values(found.measures["first"]) == pytest.approx((*ISHIGAMI_FIRST, 0.0), abs=0.03)
    assert (
        found.noise is None and not found.corrected and found.spread == pytest.approx(ISHIGAMI_SD, rel=0.02)
    )
    x = qmc.LatinHypercube(8, rng=np.random.default_rng(2)).random(4000)
    assert values(rank(named(8), x, sobol_g(x)[:, None]).measures["first"])[:5] == pytest.approx(
        G_FIRST, abs=0.02
    )


def test_noise_is_taken_out():
    x = points(8000, 4, 3)
    y = noisy(ishigami(x), ISHIGAMI_SD, 2, 4)
    found = rank(named(4), x, y)
    assert values(found.measures["first"]) == pytest.approx((*ISHIGAMI_FIRST, 0.0), abs=0.04)
    assert covers(found.noise, 0.5) and found.noise.value == pytest.approx(0.5, abs=0.02) and found.corrected
    assert values(rank(named(4), x, y[:, :1]).measures["first"])[1] == pytest.approx(0.44241 / 2, abs=0.04)


def test_levels_ties_and_grids():
    grid = np.stack(
        [g.ravel() for g in np.meshgrid(range(5), range(4), range(6), indexing="ij")], axis=1
    ).astype(float)
    y = grid @ [2.0, 1.0, 0.0]
    spread = np.array([4.0 * 2.0, 1.25, 0.0]) / 9.25
    assert values(rank(named(3), grid, y[:, None]).measures["first"]) == pytest.approx(spread, abs=1e-9)
    found = rank(named(3), grid, noisy(y, 3.0, 2, 5)).measures["first"]
    assert all(covers(e, t) for e, t in zip(found, spread, strict=True))
    tied = np.round(points(3000, 4, 6), 2)  # some thirty points a value, and a lone one
    tied[0] = 0.123456
    assert values(rank(named(4), tied, ishigami(tied)[:, None]).measures["first"]) == pytest.approx(
        (*ISHIGAMI_FIRST, 0.0), abs=0.05
    )


def test_order_of_rows_and_monotone_scales_change_nothing():
    x = points(300, 3, 7)
    y = noisy(ishigami(x), 1.0, 2, 8)
    found, mixed = rank(named(3), x, y), np.random.default_rng(9).permutation(300)
    assert np.array(rank(named(3), x[mixed], y[mixed]).measures["first"]) == pytest.approx(
        np.array(found.measures["first"])
    )
    assert rank(named(3), np.exp(5.0 * x), y).measures == found.measures


def test_luck_that_points_share():
    x = points(2000, 3, 10)
    rng = np.random.default_rng(11)
    y = ishigami(x)[:, None] + 4.0 * rng.standard_normal(10) + rng.standard_normal(10) * (x[:, :1] - 0.5)
    found = rank(named(3), x, y, common=True)
    assert all(covers(e, t) for e, t in zip(found.measures["first"], ISHIGAMI_FIRST, strict=True))
    assert found.noise_in_intervals and not rank(named(3), x, y[:, :2], common=True).noise_in_intervals


def test_other_statistics():
    x = points(3000, 2, 12)
    y = 3.0 * x[:, :1] + (1.0 + x[:, 1:]) * np.random.default_rng(13).standard_normal((3000, 40))
    assert values(rank(named(2), x, y, statistic="sd").measures["first"]) == pytest.approx(
        (0.0, 1.0), abs=0.05
    )
    hit = rank(named(2), x, y, statistic="probability", threshold=1.5).measures["first"]
    assert hit[0].value > 0.9 and abs(hit[1].value) < 0.05


@pytest.mark.parametrize("kind", ["ishigami", "g", "levels"])
@pytest.mark.parametrize("n", [128, 512])
def test_intervals_hold_the_truth_as_often_as_they_say(kind, n):
    """250 tables, two replications with noise of the outcome's own variance."""
    f, truth, sd = {
        "ishigami": (ishigami, (*ISHIGAMI_FIRST, 0.0), ISHIGAMI_SD),
        "g": (sobol_g, (*G_FIRST, *G_FIRST[-1:] * 3), 0.6819),
        "levels": (lambda x: x @ [3.0, 2.0, 1.0, 0.5, 0.0], np.array([9, 4, 1, 0.25, 0]) / 14.25, None),
    }[kind]
    d, repeats = len(truth), 250
    hits, noise = np.zeros(d), 0
    for seed in range(repeats):
        rng = np.random.default_rng([seed, n])
        x = rng.integers(0, 6, (n, d)).astype(float) if kind == "levels" else rng.random((n, d))
        own = sd or (14.25 * 35 / 12) ** 0.5
        found = rank(named(d), x, f(x)[:, None] + own * rng.standard_normal((n, 2)))
        hits += [covers(e, t) for e, t in zip(found.measures["first"], truth, strict=True)]
        noise += covers(found.noise, 0.5)
    low, high = binom.ppf((5e-5, 1 - 5e-5), repeats, 0.95)
    assert ((hits >= low) & (hits <= high)).all(), hits / repeats
    assert low <= noise <= high


def test_refusals():
    x = points(60, 3, 14)
    y = noisy(ishigami(x), 1.0, 2, 15)
    assert "30 points; at least 40" in refusal(named(3), x[:30], y[:30])
    assert "x2 is 1 in every point" in refusal(named(3), np.where([False, True, False], 1.0, x), y)
    assert "60 points, but outcomes of 59" in refusal(named(3), x, y[:59])
    assert "columns expected" in refusal(named(2), x, y)
    assert "in every run" in refusal(named(3), x, np.zeros((60, 1)))
    assert "no number for an input" in refusal(named(3), np.where(x < x.max(), x, np.nan), y)
    dependent = saltelli(3, 64, 16)
    assert "keep values of the one before" in refusal(
        named(3), dependent, noisy(ishigami(dependent), 1.0, 2, 17)
    )
    still = np.random.default_rng(18).standard_normal(60)
    assert "its own noise" in refusal(named(3), x, np.stack([still, -still], axis=1))
