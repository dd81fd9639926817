"""Elementary effects: SALib's numbers without noise, and what noise makes of nothing."""

import numpy as np
import pytest
from SALib.analyze import morris as analysis
from SALib.sample import morris as sampler
from scipy.stats import binom

from experiments.sensitivity import morris
from scenarios.errors import InputError

NAMES = ["linear", "curved", "crossed", "dummy"]


def model(x):
    """The last input does nothing."""
    return 2.0 * x[:, 0] + 3.0 * x[:, 1] ** 2 + 4.0 * x[:, 0] * x[:, 2]


def trajectories(n, seed, groups=None):
    problem = {"num_vars": 4, "names": NAMES, "bounds": [[0.0, 1.0]] * 4}
    if groups:
        problem["groups"] = groups
    return sampler.sample(problem, n, num_levels=4, seed=np.random.default_rng(seed))


def noisy(y, sd, replications, seed):
    return y[:, None] + sd * np.random.default_rng(seed).standard_normal((len(y), replications))


def refusal(*args, **options):
    with pytest.raises(InputError) as caught:
        morris(*args, **options)
    assert len(caught.value.messages) == 1
    return caught.value.messages[0]


def test_salib_finds_the_same():
    x = trajectories(20, 1)
    y = model(x)
    found = morris(NAMES, x, y[:, None], levels=4).measures
    problem = {"num_vars": 4, "names": NAMES, "bounds": [[0.0, 1.0]] * 4, "groups": None}
    theirs = analysis.analyze(problem, x, y, num_levels=4, seed=1)
    for measure in ("mu_star", "mu", "sigma"):
        assert [e.value for e in found[measure]] == pytest.approx(np.array(theirs[measure], float), abs=1e-12)
    half = [(e.high - e.low) / 2.0 for e in found["mu_star"]]
    assert half[2] == pytest.approx(theirs["mu_star_conf"][2], rel=0.35)
    assert half[0] == pytest.approx(theirs["mu_star_conf"][0], rel=0.35)


def test_any_scale_that_rises_will_do():
    x = trajectories(10, 2)
    y = noisy(model(x), 0.5, 2, 3)
    assert morris(NAMES, np.exp(3.0 * x) * 1e4, y, levels=4) == morris(NAMES, x, y, levels=4)


def test_noise_makes_a_floor_and_leaves_sigma():
    x = trajectories(200, 4)
    found = morris(NAMES, x, noisy(model(x), 1.0, 4, 5), levels=4)
    inert = found.measures["mu_star"][3]
    assert found.floor == pytest.approx(np.sqrt(2 / np.pi) * np.sqrt(2 / 4) / (2 / 3), rel=0.05)
    assert inert.low <= found.floor <= inert.high
    exact = morris(NAMES, x, model(x)[:, None], levels=4)
    sigma, truth = ([e.value for e in r.measures["sigma"]] for r in (found, exact))
    assert sigma[1:3] == pytest.approx(truth[1:3], rel=0.1) and sigma[3] < 0.4 and exact.floor == 0.0
    assert found.spread == pytest.approx(exact.spread, rel=0.05)
    assert found.noise.value == pytest.approx(1.0 / (1.0 + exact.spread**2), rel=0.08)
    assert found.corrected and not exact.corrected and exact.noise is None


def test_luck_that_points_share_cancels():
    x = trajectories(30, 6)
    y = model(x)[:, None] + 5.0 * np.random.default_rng(7).standard_normal(4)
    found = morris(NAMES, x, y, levels=4, common=True)
    assert found.floor == pytest.approx(0.0, abs=1e-6)
    assert found.measures["mu_star"][0].value == pytest.approx(
        morris(NAMES, x, model(x)[:, None], levels=4).measures["mu_star"][0].value
    )
    assert (
        found.noise_in_intervals and not morris(NAMES, x, y[:, :2], levels=4, common=True).noise_in_intervals
    )


def test_without_replications_the_dummy_is_the_floor():
    x = trajectories(20, 8)
    found = morris(NAMES, x, noisy(model(x), 1.0, 1, 9), levels=4)
    assert found.floor == found.measures["mu_star"][3].value > 0.5


def test_groups():
    groups = ["one", "two", "one", "none"]
    x = trajectories(20, 10, groups)
    found = morris(["one", "two", "none"], x, model(x)[:, None], levels=4, groups=groups)
    theirs = analysis.analyze(
        {"num_vars": 4, "names": NAMES, "bounds": [[0.0, 1.0]] * 4, "groups": groups},
        x,
        model(x),
        num_levels=4,
    )
    assert [e.value for e in found.measures["mu_star"]] == pytest.approx(np.array(theirs["mu_star"], float))
    assert np.isnan(found.measures["mu"][0].value) and found.measures["mu"][1].value > 0.0


def test_probability_of_a_target():
    x = trajectories(60, 11)
    found = morris(NAMES, x, noisy(model(x), 1.0, 8, 12), levels=4, statistic="probability", threshold=4.0)
    effects = [e.value for e in found.measures["mu_star"]]
    assert max(effects) < 1.5 and effects[3] < min(effects[:3]) and abs(effects[3] - found.floor) < 0.1


def test_intervals_of_few_trajectories_hold_the_truth():
    """mu_star over 10 trajectories, 200 times; the truth is that of 5,000."""
    x = trajectories(5000, 13)
    truth = [e.value for e in morris(NAMES, x, model(x)[:, None], levels=4, resamples=10).measures["mu_star"]]
    hits, repeats = np.zeros(3), 200
    for seed in range(repeats):
        x = trajectories(10, 1000 + seed)
        found = morris(NAMES, x, noisy(model(x), 0.01, 2, seed), levels=4, resamples=300).measures["mu_star"]
        hits += [e.low - 0.01 <= t <= e.high + 0.01 for e, t in zip(found[:3], truth[:3], strict=True)]
    low, high = binom.ppf((5e-5, 1 - 5e-5), repeats, 0.95)
    assert ((hits >= low) & (hits <= high)).all(), hits / repeats


def test_refusals():
    x = trajectories(10, 14)
    y = noisy(model(x), 1.0, 2, 15)
    assert "49 points are not trajectories of 5" in refusal(NAMES, x[:-1], y[:-1], levels=4)
    assert "3 trajectories; at least 4" in refusal(NAMES, x[:15], y[:15], levels=4)
    assert "one input after the other" in refusal(NAMES, x[::-1][np.argsort(y[:, 0])], y, levels=4)
    assert "an even number expected" in refusal(NAMES, x, y, levels=5)
    assert "columns expected" in refusal(NAMES, x[:, :3], y, levels=4)
    assert "in every run" in refusal(NAMES, x, np.ones_like(y), levels=4)
    assert "50 points, but outcomes of 45" in refusal(NAMES, x, y[:45], levels=4)
    assert "columns of a, b, c, d" in refusal(NAMES, x, y, levels=4, groups=list("abcd"))
