"""Sobol' indices of functions whose indices are known, with and without noise of their own."""

import numpy as np
import pytest
from SALib.sample import sobol as sampler
from scipy.stats import binom

from experiments.sensitivity import sobol
from scenarios.errors import InputError

ISHIGAMI_FIRST, ISHIGAMI_TOTAL = (0.31391, 0.44241, 0.0), (0.55759, 0.44241, 0.24368)
ISHIGAMI_SD = 3.72083
G_FACTORS = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0])
G_FIRST, G_TOTAL = (0.7162, 0.1790, 0.0237, 0.0072, 0.0001), (0.7871, 0.2422, 0.0343, 0.0105, 0.0001)


def ishigami(x):
    z = np.pi * (2.0 * x - 1.0)
    return np.sin(z[:, 0]) + 7.0 * np.sin(z[:, 1]) ** 2 + 0.1 * z[:, 2] ** 4 * np.sin(z[:, 0])


def sobol_g(x):
    return np.prod((np.abs(4.0 * x - 2.0) + G_FACTORS) / (1.0 + G_FACTORS), axis=1)


def named(d):
    return [f"x{k + 1}" for k in range(d)]


def saltelli(d, n, seed, second_order=False, groups=None):
    problem = {"num_vars": d, "names": named(d), "bounds": [[0.0, 1.0]] * d}
    if groups:
        problem["groups"] = groups
    return sampler.sample(problem, n, calc_second_order=second_order, seed=np.random.default_rng(seed))


def plain_saltelli(d, n, rng):
    """The same rows from independent points."""
    a, b = rng.random((2, n, d))
    blocks = np.repeat(a[:, None], d + 2, axis=1)
    blocks[:, np.arange(1, d + 1), np.arange(d)] = b
    blocks[:, -1] = b
    return blocks.reshape(-1, d)


def noisy(y, sd, replications, seed):
    return y[:, None] + sd * np.random.default_rng(seed).standard_normal((len(y), replications))


def values(estimates):
    return np.array(estimates)[:, 0]


def covers(estimate, truth):
    return estimate.low <= truth <= estimate.high


def refusal(*args, **options):
    with pytest.raises(InputError) as caught:
        sobol(*args, **options)
    assert len(caught.value.messages) == 1
    return caught.value.messages[0]


def test_ishigami():
    found = sobol(named(3), ishigami(saltelli(3, 4096, 1))[:, None])
    assert values(found.measures["first"]) == pytest.approx(ISHIGAMI_FIRST, abs=0.02)
    assert values(found.measures["total"]) == pytest.approx(ISHIGAMI_TOTAL, abs=0.02)
    assert found.spread == pytest.approx(ISHIGAMI_SD, rel=0.01)
    assert found.noise is None and not found.corrected and found.unconverged == ()


def test_sobol_g():
    found = sobol(named(8), sobol_g(saltelli(8, 4096, 1))[:, None])
    assert values(found.measures["first"])[:5] == pytest.approx(G_FIRST, abs=0.006)
    assert values(found.measures["total"])[:5] == pytest.approx(G_TOTAL, abs=0.006)


def test_noise_is_taken_out_and_an_inert_input_has_no_effect():
    x = saltelli(4, 4096, 3)
    y = noisy(ishigami(x), ISHIGAMI_SD, 2, 4)
    found = sobol(["x1", "x2", "x3", "dummy"], y)
    total = found.measures["total"]
    assert values(total) == pytest.approx((*ISHIGAMI_TOTAL, 0.0), abs=0.03)
    assert values(found.measures["first"]) == pytest.approx((*ISHIGAMI_FIRST, 0.0), abs=0.03)
    assert covers(total[3], 0.0) and covers(found.measures["first"][3], 0.0)
    assert (
        found.corrected and found.noise.value == pytest.approx(0.50, abs=0.01) and covers(found.noise, 0.50)
    )
    assert found.spread == pytest.approx(ISHIGAMI_SD, rel=0.03)
    alone = sobol(["x1", "x2", "x3", "dummy"], y[:, :1])
    assert values(alone.measures["total"]) == pytest.approx((0.78, 0.72, 0.63, 0.50), abs=0.03)
    assert alone.noise is None and not alone.corrected


def test_luck_that_points_share():
    x, rng = saltelli(4, 2048, 5), np.random.default_rng(6)
    shift, tilt = 3.0 * rng.standard_normal(8), 2.0 * rng.standard_normal(8)
    y = ishigami(x)[:, None] + shift + tilt * (x[:, :1] - 0.5)  # the tilt's mean over luck is nil
    found = sobol(["x1", "x2", "x3", "dummy"], y, common=True)
    assert values(found.measures["total"])[1:] == pytest.approx((0.44241, 0.24368, 0.0), abs=0.05)
    assert all(covers(e, t) for e, t in zip(found.measures["total"], (*ISHIGAMI_TOTAL, 0.0), strict=True))
    assert found.noise_in_intervals
    apart, alone = sobol(named(4), y), found.measures["total"][0]
    assert alone.high - alone.low > apart.measures["total"][0].high - apart.measures["total"][0].low
    assert not sobol(named(4), y[:, :2], common=True).noise_in_intervals


def test_shared_luck_taken_for_fresh_would_mislead():
    """Two points with the same luck: their product holds its square, unless replications are kept apart."""
    x = saltelli(2, 512, 7)
    luck = np.random.default_rng(8).standard_normal((1, 4))
    y = x[:, :1] + luck * np.cos(
        2 * np.pi * x[:, 1:]
    )  # x2 only scales the luck, its mean effect is nearly nil
    truth = luck.mean() ** 2 - (luck**2).mean() / 4
    truth = truth * 4 / 3 / 2 / (1 / 12 + truth * 4 / 3 / 2)
    found = sobol(named(2), y, common=True).measures
    assert values(found["first"])[1] == pytest.approx(truth, abs=0.02)
    assert sobol(named(2), y).measures["first"][1].low > truth + 0.03


def lognormal(n, replications, seed):
    """Y = exp(mu - s^2/2 + s Z), mu ~ U(0, .1), s ~ U(.1, .4)."""
    u = saltelli(2, n, seed)
    mu, s = 0.1 * u[:, :1], 0.1 + 0.3 * u[:, 1:]
    return np.exp(mu - s**2 / 2 + s * np.random.default_rng(seed).standard_normal((len(u), replications)))


def test_closed_form_on_mean_standard_deviation_and_probability():
    y, names = lognormal(1024, 200, 9), ["mu", "s"]
    assert y.var() == pytest.approx(0.082336, rel=0.01)
    mean = sobol(names, y)
    assert values(mean.measures["first"]) == pytest.approx((1.0, 0.0), abs=0.08)
    assert values(mean.measures["total"]) == pytest.approx((1.0, 0.0), abs=0.08)
    assert covers(mean.noise, 0.98881) and mean.noise.value == pytest.approx(0.98881, abs=0.001)
    assert mean.spread**2 == pytest.approx(0.082336 * (1.0 - 0.98881), rel=0.08)
    sd = sobol(names, y, statistic="sd")
    assert values(sd.measures["first"]) == pytest.approx((1.0 - 0.99267, 0.99267), abs=0.02)
    assert sd.noise == mean.noise
    probability = sobol(names, y, statistic="probability", threshold=1.1)
    assert (y >= 1.1).mean() == pytest.approx(0.37063, abs=0.002)
    assert values(probability.measures["first"]) == pytest.approx((0.79455, 0.08739), abs=0.08)
    below = sobol(names, -y, statistic="probability", threshold=-1.1, at_least=False)
    assert np.array(below.measures["total"]) == pytest.approx(np.array(probability.measures["total"]))


def test_quantiles():
    """The 90th percentile of a normal with mean x1 and standard deviation 1 + x2."""
    x = saltelli(2, 256, 11)
    y = 3.0 * x[:, :1] + (1.0 + x[:, 1:]) * np.random.default_rng(12).standard_normal((len(x), 80))
    found, z = sobol(named(2), y, statistic="p90"), 1.2816
    truth = np.array([9.0, z * z]) / (9.0 + z * z)
    assert values(found.measures["first"]) == pytest.approx(truth, abs=0.05)
    assert sobol(named(2), y, statistic="p50").measures["first"][1].value == pytest.approx(0.0, abs=0.05)


def test_second_order():
    x = saltelli(4, 2048, 13, second_order=True)
    exact = sobol(named(4), ishigami(x)[:, None], second_order=True)
    assert list(exact.pairs) == [
        ("x1", "x2"),
        ("x1", "x3"),
        ("x1", "x4"),
        ("x2", "x3"),
        ("x2", "x4"),
        ("x3", "x4"),
    ]
    assert exact.pairs["x1", "x3"].value == pytest.approx(0.24368, abs=0.02)
    assert exact.pairs["x1", "x2"].value == pytest.approx(0.0, abs=0.01)
    found = sobol(named(4), noisy(ishigami(x), ISHIGAMI_SD, 2, 14), second_order=True)
    assert found.pairs["x1", "x3"].value == pytest.approx(0.24368, abs=0.05)
    assert all(covers(e, 0.24368 if pair == ("x1", "x3") else 0.0) for pair, e in found.pairs.items())


def test_groups_are_names():
    x = saltelli(3, 1024, 15, groups=["both", "alone", "both"])
    found = sobol(["both", "alone"], ishigami(x)[:, None])
    assert values(found.measures["first"]) == pytest.approx((1.0 - 0.44241, 0.44241), abs=0.02)
    assert values(found.measures["total"]) == pytest.approx((1.0 - 0.44241, 0.44241), abs=0.02)


def test_a_shift_changes_nothing_and_a_seed_is_a_seed():
    y = noisy(ishigami(saltelli(3, 128, 16)), 1.0, 2, 17)
    found = sobol(named(3), y)
    shifted = sobol(named(3), y + 1e6)
    assert np.array(shifted.measures["total"]) == pytest.approx(np.array(found.measures["total"]), abs=1e-6)
    before = np.random.get_state()[1].copy()
    assert sobol(named(3), y) == found
    assert (np.random.get_state()[1] == before).all()
    zero = sobol(named(3), y, seed=0)
    assert zero.measures != found.measures and zero == sobol(named(3), y, seed=0)


def test_wide_intervals_are_not_converged():
    few = sobol(named(3), noisy(ishigami(saltelli(3, 32, 18)), ISHIGAMI_SD, 2, 19))
    assert few.unconverged == ("x1", "x2", "x3")


def test_better_than_the_usual_estimators():
    """Mean squared errors with noise of the outcome's own variance, against Saltelli (2010) and Jansen on the same runs."""
    ours, theirs = [], []
    for seed in range(40):
        f = noisy(ishigami(saltelli(4, 128, seed)), ISHIGAMI_SD, 2, seed)
        ours.append(values(sobol(named(4), f, resamples=10).measures["first"]))
        f = (f - f.mean(axis=0)).reshape(128, 6, 2)
        variance = (f[..., 0] * f[..., 1]).mean()
        a, ab, b = f[:, :1].mean(axis=2), f[:, 1:-1].mean(axis=2), f[:, -1:].mean(axis=2)
        theirs.append((b * (ab - a)).mean(axis=0) / variance)
    truth = (*ISHIGAMI_FIRST, 0.0)
    assert np.mean((np.array(ours) - truth) ** 2) < 0.8 * np.mean((np.array(theirs) - truth) ** 2)


@pytest.mark.parametrize("function", ["ishigami", "g"])
def test_intervals_hold_the_truth_as_often_as_they_say(function):
    """200 studies; a share of 95 % lies between these bounds of hits in all but 1 of 10,000 tests."""
    f, first, total = (
        (ishigami, (*ISHIGAMI_FIRST, 0.0), (*ISHIGAMI_TOTAL, 0.0))
        if function == "ishigami"
        else (sobol_g, (*G_FIRST, *G_FIRST[-1:] * 3), (*G_TOTAL, *G_TOTAL[-1:] * 3))
    )
    d, repeats = len(first), 200
    sd = ISHIGAMI_SD if function == "ishigami" else 0.6819  # that of the function
    hits, noise = np.zeros((2, d)), 0
    for seed in range(repeats):
        rng = np.random.default_rng([seed, d])
        y = f(plain_saltelli(d, 256, rng))
        found = sobol(named(d), y[:, None] + sd * rng.standard_normal((len(y), 2)), resamples=200)
        noise += covers(found.noise, 0.5)
        for row, truth in enumerate((first, total)):
            estimates = found.measures["first" if row == 0 else "total"]
            hits[row] += [covers(e, t) for e, t in zip(estimates, truth, strict=True)]
    low, high = binom.ppf((5e-5, 1 - 5e-5), repeats, 0.95)
    assert ((hits >= low) & (hits <= high)).all(), hits / repeats
    assert low <= noise <= high


def test_refusals():
    x = saltelli(3, 32, 1)
    y = noisy(ishigami(x), 1.0, 2, 2)
    broken = y.copy()
    broken[7, 1] = np.nan
    assert "1 of 320 runs give no number" in refusal(
        named(3), broken
    ) and "point 8, replication 2" in refusal(named(3), broken)
    assert "the outcome is 5 in every run" in refusal(named(3), np.full((160, 2), 5.0))
    assert "159 points are not blocks of 5" in refusal(named(3), y[:-1]) and "incomplete" in refusal(
        named(3), y[:-1]
    )
    assert "blocks of 5 fit, of a design without second order" in refusal(
        named(3), y[:155], second_order=True
    )
    assert "6 base points; at least 16 expected" in refusal(named(3), y[:30])
    assert "at least 20 expected" in refusal(named(3), y, statistic="p10")
    assert "at least 4 expected" in refusal(named(3), y, statistic="sd")
    assert "a threshold expected" in refusal(named(3), y, statistic="probability")
    assert "no threshold expected" in refusal(named(3), y, threshold=1.0)
    assert "no run reaches 99" in refusal(named(3), y, statistic="probability", threshold=99.0)
    assert "every run reaches -99" in refusal(named(3), y, statistic="probability", threshold=-99.0)
    assert 'did you mean "mean"' in refusal(named(3), y, statistic="meen")
    assert "x1 is there twice" in refusal(["x1", "x1", "x2"], y) and "no inputs" in refusal([], y)
    assert "(points, replications) expected" in refusal(named(3), y[:, 0])
    assert "its own noise" in refusal(named(1), only_noise())


def only_noise():
    """Runs in which the second of two is the first turned round: nothing but noise is left."""
    first = np.random.default_rng(3).standard_normal(96)
    return np.stack([first, -first], axis=1)


def test_an_outcome_that_may_be_all_noise_has_no_narrow_intervals():
    y = np.random.default_rng(21).standard_normal((64 * 4, 2))
    found = sobol(named(2), y)
    assert all(e.low <= 0.0 and e.high >= 1.0 for e in found.measures["total"])
    assert found.unconverged == ("x1", "x2")
