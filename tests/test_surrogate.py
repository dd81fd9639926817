"""The surrogate against models whose mean, spread and probabilities are known."""

import numpy as np
import pytest
from oracle import TARGET, Oracle
from scipy.stats import chi2, norm

from experiments.surrogate import band, certain, fit, moved_by_nothing


def unit(n, d, seed=0):
    return np.random.default_rng(seed).random((n, d))


def test_the_oracle_is_the_one_of_the_reference_values():
    for phi, half, nine in ((None, 4.197069, 4.226701), (1000, None, 4.387718), (200, None, 4.621949)):
        oracle = Oracle(phi)
        assert oracle.needed_index(0.9) / 0.5 == pytest.approx(nine, abs=5e-7)
        if half:
            assert oracle.needed_index(0.5) / 0.5 == pytest.approx(half, abs=5e-7)
            assert oracle.probability([[4.2]])[0] == pytest.approx(0.550491, abs=5e-7)


@pytest.mark.parametrize("phi", [None, 200])
def test_the_oracle_draws_what_it_says(phi):
    oracle = Oracle(phi)
    movers, cost = oracle(np.full((20_000, 1), 4.25), np.arange(20_000))
    p = oracle.probability([[4.25]])[0]
    assert (movers >= TARGET).mean() == pytest.approx(p, abs=4.0 * (p * (1.0 - p) / 20_000) ** 0.5)
    assert cost.mean() == pytest.approx(oracle.expected_cost(np.array([[4.25]]))[0], rel=1e-3)


def test_without_noise_a_quadratic_is_found_again():
    x = unit(60, 2)
    y = 3.0 + x[:, 0] - 2.0 * x[:, 1] ** 2 + 4.0 * x[:, 0] * x[:, 1]
    model = fit(x, y, resamples=20)
    new = unit(50, 2, seed=1)
    expected = 3.0 + new[:, 0] - 2.0 * new[:, 1] ** 2 + 4.0 * new[:, 0] * new[:, 1]
    assert model.degree == 2
    assert model.mean(new) == pytest.approx(expected, abs=1e-6)
    assert (model.sd(new) < 1e-3).all()
    assert model.probability(new, 4.0) == pytest.approx(1.0 * (expected >= 4.0), abs=1e-6)
    assert model.probability(new, 4.0, at_least=False) == pytest.approx(1.0 * (expected < 4.0), abs=1e-6)


def test_mean_and_variance_that_change_with_a_factor():
    x = unit(2000, 2)
    sd = np.exp(1.0 + 1.5 * x[:, 0])
    y = 100.0 + 20.0 * x[:, 1] + sd * np.random.default_rng(1).standard_normal(2000)
    model = fit(x, y)
    new = np.array([[0.1, 0.5], [0.9, 0.5]])
    assert model.sd(new) == pytest.approx(np.exp(1.0 + 1.5 * new[:, 0]), rel=0.1)
    assert model.mean(new) == pytest.approx(110.0, abs=1.0)
    assert model.probability(new, 112.0) == pytest.approx(
        norm.sf(2.0 / np.exp(1.0 + 1.5 * new[:, 0])), abs=0.06
    )
    low, high = band(model.sds(new))
    assert (low < model.sd(new)).all() and (model.sd(new) < high).all() and high[0] < low[1]


def test_few_runs_are_given_few_terms():
    few, many = unit(20, 1), unit(200, 1)
    noise = np.random.default_rng(3).standard_normal(200)
    small, large = fit(few, 5.0 * few[:, 0] + noise[:20]), fit(many, 5.0 * many[:, 0] + noise)
    assert small.variance.coefficients.shape[1] == 1 and large.variance.coefficients.shape[1] == 2
    assert small.degree == 1 and large.degree == 2


def test_skewed_counts_keep_their_skew():
    """A chi-squared count: a normal surrogate would be wrong about its lower tail."""
    x = unit(1500, 1)
    y = 10.0 * x[:, 0] + np.random.default_rng(2).chisquare(2, 1500)
    model = fit(x, y)
    assert model.residuals.grid is not None
    at = np.array([[0.5]])
    for target in (5.2, 6.0, 8.0, 11.0):
        truth = chi2.sf(target - 5.0, 2)
        assert model.probability(at, target)[0] == pytest.approx(truth, abs=0.05)
        normal = norm.sf((target - model.mean(at)[0]) / model.sd(at)[0])
        if target in (5.2, 6.0):
            assert abs(model.probability(at, target)[0] - truth) < abs(normal - truth)
    assert model.quantile(at, 0.5)[0] == pytest.approx(5.0 + chi2.ppf(0.5, 2), abs=0.2)


def test_probability_and_quantile_are_each_others_inverse():
    x = unit(300, 2)
    rng = np.random.default_rng(5)
    for noise in (rng.standard_normal(300), rng.standard_exponential(300)):
        model = fit(x, x @ [3.0, 1.0] + noise, resamples=10)
        new = unit(20, 2, seed=9)
        levels = model.quantiles(new, 0.2)
        for k in range(20):
            below = 1.0 - model.probabilities(new[k : k + 1], levels[0, k])[0]
            assert below == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize("phi", [None, 200])
def test_bands_of_the_probability_cover_it(phi):
    """90 % bands at the lever where the target is reached in 9 runs of 10, over 100 studies of 200 runs."""
    s = Oracle(phi).needed_index(0.9) / 0.5
    x = (np.array([[s]]) - 3.5) / 2.0
    covered, found = 0, []
    for study in range(100):
        points = unit(200, 1, seed=study)
        movers, _ = Oracle(phi, study=study)(3.5 + 2.0 * points, np.arange(200))
        model = fit(points, movers, seed=study)
        low, high = band(model.probabilities(x, TARGET), 0.9)
        covered += low[0] <= 0.9 <= high[0]
        found.append(model.probability(x, TARGET)[0])
    assert covered >= 80  # 90 less three standard errors
    assert np.mean(found) == pytest.approx(0.9, abs=0.02)


def test_count_first_beats_hit_or_miss():
    """Fitting the count and then the probability is nearer the truth than fitting the hits directly."""
    oracle = Oracle(200)
    s = np.linspace(3.6, 5.4, 60)[:, None]
    truth = oracle.probability(s)
    by_count, by_hits = [], []
    for study in range(20):
        points = unit(100, 1, seed=study)
        movers, _ = Oracle(200, study=study)(3.5 + 2.0 * points, np.arange(100))
        hits = (movers >= TARGET).astype(float)
        new = (s - 3.5) / 2.0
        by_count.append(fit(points, movers, resamples=0).probability(new, TARGET))
        by_hits.append(np.clip(fit(points, hits, resamples=0).mean(new), 0.0, 1.0))
    errors = [np.sqrt(np.mean((np.array(found) - truth) ** 2)) for found in (by_count, by_hits)]
    assert errors[0] < 0.065 and errors[0] < 0.6 * errors[1]


def test_a_kink_far_away_is_forgotten_where_it_does_not_matter():
    """With `near`, rows beyond the kink count for little, and the fit there is straight."""
    x = unit(400, 1)
    y = np.minimum(10.0 * x[:, 0], 4.0) + 0.1 * np.random.default_rng(1).standard_normal(400)
    near = np.exp(-0.5 * ((x[:, 0] - 0.15) / 0.1) ** 2)
    at = np.array([[0.1], [0.2]])
    local, everywhere = fit(x, y, near=near), fit(x, y)
    assert local.local and not everywhere.local
    assert local.mean(at) == pytest.approx([1.0, 2.0], abs=0.05)
    assert np.abs(everywhere.mean(at) - [1.0, 2.0]).min() > 0.07


def test_many_factors_and_few_runs():
    """45 terms do not fit 40 runs: the plane does, and it predicts."""
    x = unit(40, 8)
    y = x @ np.arange(8.0) + 0.3 * np.random.default_rng(0).standard_normal(40)
    model = fit(x, y)
    new = unit(200, 8, seed=1)
    assert model.degree == 1
    assert np.corrcoef(model.mean(new), new @ np.arange(8.0))[0, 1] > 0.98


def test_the_same_seed_gives_the_same_numbers():
    x = unit(80, 2)
    y = x[:, 0] + np.random.default_rng(0).standard_normal(80)
    one, two, other = fit(x, y, seed=4), fit(x, y, seed=4), fit(x, y, seed=5)
    assert (one.means(x) == two.means(x)).all()
    assert (one.mean(x) == other.mean(x)).all() and (one.means(x)[1:] != other.means(x)[1:]).any()


def test_a_number_that_never_varies():
    model = certain(30_000.0)
    x = unit(5, 2)
    assert model.probability(x, 30_000.0 - 1.0) == pytest.approx(1.0)
    assert model.probability(x, 30_001.0) == pytest.approx(0.0)
    assert model.quantile(x, 0.05) == pytest.approx(30_000.0, abs=1.0)


def test_whether_anything_moves_a_number():
    x = unit(200, 2)
    noise = np.random.default_rng(0).standard_normal(200)
    assert moved_by_nothing(x, np.full(200, 7.0)) == 1.0
    assert moved_by_nothing(x, noise) > 0.01
    assert moved_by_nothing(x, 2.0 * x[:, 1] + noise) < 1e-6
    assert moved_by_nothing(x, x[:, 0]) == 0.0


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (unit(20, 1), np.full(20, 5.0), "nothing to fit"),
        (unit(4, 1), np.arange(4.0), "too few"),
        (unit(20, 1), np.r_[np.nan, np.arange(19.0)], "not finite"),
        (unit(20, 1) * 3.0, np.arange(20.0), "unit cube"),
        (unit(20, 1), np.arange(19.0), "do not go together"),
    ],
)
def test_what_cannot_be_fitted_is_refused(x, y, words):
    with pytest.raises(ValueError, match=words):
        fit(x, y)


def test_no_band_without_resamples():
    x = unit(20, 1)
    with pytest.raises(ValueError, match="resamples"):
        band(fit(x, x[:, 0], resamples=0).means(x))
