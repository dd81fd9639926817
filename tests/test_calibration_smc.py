"""The sampler, where the posterior is known exactly: normal and binomial facts, ties, coverage, what does not count."""

import math

import numpy as np
import pytest
from scipy import stats

from experiments.calibration import judge, smc
from experiments.calibration.smc import MOST_MOVES, Drawn, sample
from experiments.intervals import clopper_pearson
from experiments.priors import Uncertain

WIDE = 10.0  # a normal prior is approximated by a wide even one: theta in -5..5


def theta(points):
    return WIDE * (points - 0.5)


def runner(outcome, facts, sds, *, seed, replications=1, log=None):
    """A case whose outcomes are a function of points and a generator: (points, rng) -> (points, facts)."""
    rng = np.random.default_rng([9, seed])

    def run(k, points):
        if log is not None:
            log.append((k, len(points)))
        found = np.stack([outcome(points, rng) for _ in range(replications)], axis=1)
        miss = (found - np.array(facts)) / np.array(sds)
        return Drawn(
            np.square(np.where(np.isfinite(miss), miss, np.inf)).sum(axis=-1), np.arange(len(points))
        )

    return run


def given(outcome, facts, sds, *, dimensions, particles=400, seed=1, replications=1, **options):
    run = runner(outcome, facts, sds, seed=seed, replications=replications)
    return sample(run, cases=1, dimensions=dimensions, particles=particles, seed=seed, **options)


def test_a_normal_fact_on_a_noisy_outcome_gives_the_conjugate_posterior():
    # y = theta + noise (sd 0.3), fact 1.0 with error 0.4: theta ~ N(1, 0.5)
    found = given(lambda p, rng: theta(p[:, :1]) + 0.3 * rng.standard_normal((len(p), 1)), [1.0], [0.4],
                  dimensions=1, particles=1500)  # fmt: skip
    x = theta(found.cloud.points[:, 0])
    error = judge._error(x, np.unique(found.cloud.root, return_inverse=True)[1])
    assert found.tau == 1.0
    assert abs(x.mean() - 1.0) < 4 * error < 0.2
    assert x.std() == pytest.approx(0.5, rel=0.12)
    assert stats.kstest(x[::5], stats.norm(1.0, 0.5).cdf).pvalue > 1e-3


@pytest.mark.parametrize("replications", [1, 4])
def test_replications_leave_the_posterior_as_it_is(replications):
    found = given(lambda p, rng: theta(p[:, :1]) + 0.8 * rng.standard_normal((len(p), 1)), [0.0], [0.6],
                  dimensions=1, particles=1200, replications=replications)  # fmt: skip
    x = theta(found.cloud.points[:, 0])
    assert x.mean() == pytest.approx(0.0, abs=0.15) and x.std() == pytest.approx(1.0, rel=0.12)


def test_a_binomial_outcome_within_its_error_is_the_exact_grid_posterior():
    # of 50, a share u moves; the fact is 30 movers with error 2: p(u) ~ sum_k Bin(k; 50, u) exp(-(k - 30)^2 / 8)
    found = given(
        lambda p, rng: rng.binomial(50, p[:, :1]).astype(float), [30.0], [2.0], dimensions=1, particles=1500
    )
    grid = (np.arange(4000) + 0.5) / 4000
    k = np.arange(51)
    density = stats.binom.pmf(k, 50, grid[:, None]) @ np.exp(-((k - 30.0) ** 2) / 8.0)
    density /= density.sum()
    mean = grid @ density
    sd = math.sqrt(((grid - mean) ** 2) @ density)
    u = found.cloud.points[:, 0]
    assert u.mean() == pytest.approx(mean, abs=5 * sd / math.sqrt(300))
    assert u.std() == pytest.approx(sd, rel=0.15)


def test_a_sum_ties_two_parameters_together():
    # theta1 + theta2 = 0 within 0.2 and theta1 = 0 within 1: sd 1 each, sd of theta2 sqrt(1 + 0.04), correlation -1 / that
    def outcome(p, rng):
        x = theta(p)
        return np.stack([x[:, 0] + x[:, 1], x[:, 0]], axis=1)

    found = given(outcome, [0.0, 0.0], [0.2, 1.0], dimensions=2, particles=1000)
    x = theta(found.cloud.points)
    exact = -1.0 / math.sqrt(1.04)
    assert np.array(np.corrcoef(x, rowvar=False))[0, 1] == pytest.approx(exact, abs=0.015)
    assert x[:, 0].std() == pytest.approx(1.0, rel=0.15)
    assert x.mean(axis=0) == pytest.approx([0.0, 0.0], abs=0.2)


def test_what_the_facts_do_not_touch_stays_as_the_prior_and_is_said_to():
    found = given(lambda p, rng: theta(p[:, :1]), [0.0], [0.3], dimensions=4)
    cube = [Uncertain(name, 0.5, 0.0, 1.0, "linear") for name in "abcd"]
    judged = judge.parameters(cube, found.cloud.points, found.cloud.root, 1)
    assert judged[0].verdict == judge.NARROWED
    assert judged[0].ratio == pytest.approx(2 * 1.645 * 0.03 / 0.9, rel=0.2)
    assert [one.verdict for one in judged[1:]] == [judge.UNMOVED] * 3
    assert all(one.ratio_low < 1.02 and one.ratio_high > 0.95 for one in judged[1:])


def test_particles_of_one_family_tell_as_little_as_one_draw():
    points = 0.5 + 0.01 * np.random.default_rng(1).random((300, 1))
    (judged,) = judge.parameters([Uncertain("a", 0.5, 0.0, 1.0, "linear")], points, np.full(300, 7), 1)
    assert judged.effective == 1.0 and judged.verdict == judge.UNCLEAR
    assert judged.ratio_high > 1.0 and judged.shift_low < -1.0 < 1.0 < judged.shift_high


@pytest.mark.parametrize("families", [2, 3, 5, 30])
def test_intervals_of_few_families_hold_the_truth_as_often_as_of_many(families):
    # each family is one draw of a normal posterior, ten times: the exact mean is .5
    rng, hits, repeats = np.random.default_rng(families), 0, 600
    root = np.repeat(np.arange(families), 10)
    cube = [Uncertain("a", 0.5, 0.0, 1.0, "linear")]
    for _ in range(repeats):
        points = rng.normal(0.5, 0.1, families)[root][:, None]
        (judged,) = judge.parameters(cube, points, root, 1)
        hits += judged.shift_low <= 0.0 <= judged.shift_high
    low, high = clopper_pearson(hits, repeats, 0.999)
    assert low <= 0.95 <= high, hits


def test_moves_that_stop_at_their_limit_are_told():
    """A run whose luck is far larger than the fact's error is accepted so seldom that twelve batches do not do."""
    hard = given(lambda p, rng: p[:, :1] + 4.0 * rng.standard_normal((len(p), 1)), [0.5], [0.01],
                 dimensions=1, particles=60)  # fmt: skip
    assert sum(g.tau == hard.tau for g in hard.generations) == MOST_MOVES and hard.stopped
    easy = given(lambda p, rng: p[:, :1], [0.5], [0.3], dimensions=1, particles=60)
    assert not easy.stopped


def test_what_a_case_alone_does_not_know_widens_the_posterior():
    # theta = fact - nuisance, nuisance even on -1..1: an even posterior blurred, sd sqrt(1/3 + 0.01)
    found = given(
        lambda p, rng: theta(p[:, :1]) + 2.0 * p[:, 1:] - 1.0, [0.0], [0.1], dimensions=2, particles=1000
    )
    x, nuisance = theta(found.cloud.points[:, 0]), 2.0 * found.cloud.points[:, 1] - 1.0
    assert x.std() == pytest.approx(math.sqrt(1 / 3 + 0.01), rel=0.1)
    assert np.abs(x + nuisance).max() < 0.6  # the particle keeps the nuisance its run was drawn with


def test_ninety_per_cent_ranges_hold_the_truth_in_ninety_per_cent_of_repeats():
    hits, places, repeats = 0, [], 240
    for seed in range(repeats):
        rng = np.random.default_rng([3, seed])
        truth = rng.uniform(0.2, 0.8)
        fact = rng.normal(
            truth + 0.05 * rng.standard_normal(), 0.04
        )  # a run's noise, then the fact's own error
        found = given(lambda p, rng: p[:, :1] + 0.05 * rng.standard_normal((len(p), 1)), [fact], [0.04],
                      dimensions=1, particles=200, seed=seed)  # fmt: skip
        low, high = np.quantile(found.cloud.points[:, 0], (0.05, 0.95))
        hits += low <= truth <= high
        places.append((found.cloud.points[:, 0] < truth).mean())
    low, high = clopper_pearson(hits, repeats, 0.999)
    assert low <= 0.9 <= high, hits
    assert stats.kstest(places, "uniform").pvalue > 1e-3


def test_intervals_of_the_monte_carlo_error_hold_the_exact_width_as_often_as_they_say():
    # the exact 90 % width of a normal posterior of sd 0.05 in the cube, held against 200 intervals of the ratio
    cube = [Uncertain(name, 0.5, 0.0, 1.0, "linear") for name in "ab"]
    exact = (2 * 1.6449 * 0.05) / 0.9
    hits, repeats = np.zeros(2, int), 200
    for seed in range(repeats):
        found = given(lambda p, rng: p[:, :1], [0.5], [0.05], dimensions=2, particles=100, seed=1000 + seed)
        first, second = judge.parameters(cube, found.cloud.points, found.cloud.root, seed)
        hits += (first.ratio_low <= exact <= first.ratio_high, second.ratio_low <= 1.0 <= second.ratio_high)
    assert (hits >= 0.85 * repeats).all(), (
        hits
    )  # 100 particles: quantiles near the ends are biased a little inwards


def test_hopeless_candidates_are_not_run_and_it_changes_nothing():
    """With all cases run for every candidate the particles are the same: the uniform draw decides, not the order."""

    def outcome(k):
        return lambda points: ((theta(points[:, k]) - 0.5) / 0.3) ** 2

    def run(asked, thrifty=True):
        def case(k, points):
            asked[k] += len(points)
            if not thrifty:
                return Drawn((outcome(0)(points) + outcome(1)(points))[:, None], np.arange(len(points)))
            return Drawn(outcome(k)(points)[:, None], np.arange(len(points)))

        return case

    asked, whole = [0, 0], [0]
    two = sample(run(asked), cases=2, dimensions=2, particles=200, seed=4)
    one = sample(run(whole, thrifty=False), cases=1, dimensions=2, particles=200, seed=4)
    assert asked[1] < asked[0] == whole[0]
    assert np.allclose(two.cloud.points, one.cloud.points, atol=1e-9)
    assert [g.runs[0] for g in two.generations] == [200] * len(two.generations)


def test_the_same_seed_gives_the_same_particles_and_another_seed_others():
    def again(seed):
        return given(
            lambda p, rng: theta(p[:, :1]), [0.0], [0.5], dimensions=3, particles=50, seed=seed
        ).cloud.points

    assert again(5).tobytes() == again(5).tobytes()
    assert again(5).tobytes() != again(6).tobytes()


def test_outcomes_that_are_not_there_are_never_taken():
    found = given(lambda p, rng: np.where(p[:, :1] < 0.5, np.nan, p[:, :1]), [0.4], [0.2], dimensions=1)
    assert (found.cloud.points[:, 0] >= 0.5).all() and np.isfinite(found.cloud.distance).all()


def test_a_fact_far_away_is_come_near_to_in_several_steps():
    found = given(lambda p, rng: p[:, :1], [0.95], [0.001], dimensions=1, particles=100)
    taus = [g.tau for g in found.generations]
    assert taus[-1] == 1.0 and len(set(taus)) > 4 and taus == sorted(taus, reverse=True)
    assert found.cloud.points[:, 0].mean() == pytest.approx(0.95, abs=0.001)


def test_steps_are_folded_back_into_the_cube():
    folded = smc.fold(np.array([-0.1, 0.3, 1.2, 2.1, -1.9, 3.5]))
    assert folded == pytest.approx([0.1, 0.3, 0.8, 0.1, 0.1, 0.5])


def test_what_particles_count_is_the_mean_over_replications():
    distance = np.array([[[1.0, 9.0]], [[4.0, np.inf]], [[np.inf, np.inf]], [[4000.0, 4000.0]]])
    found = smc.log_counts(distance, 0.5)[:, 0]
    assert found[0] == pytest.approx(math.log((math.exp(-0.25) + math.exp(-2.25)) / 2))
    assert found[1] == pytest.approx(math.log(math.exp(-1.0) / 2))
    assert found[2] == -math.inf and found[3] == pytest.approx(-1000.0)


def test_particles_are_drawn_anew_by_weight():
    weights = np.array([0.0, 3.0, 1.0, 0.0, 4.0])
    found = smc._resampled(weights, np.random.default_rng(1))
    counts = np.bincount(found, minlength=5)
    assert len(found) == 5 and counts[0] == counts[3] == 0
    assert (np.abs(counts - weights * 5 / 8) < 1.0).all()


def test_steps_follow_the_spread_of_the_particles():
    rng = np.random.default_rng(2)
    points = rng.multivariate_normal([0.5, 0.5], [[0.01, 0.008], [0.008, 0.01]], 4000)
    root = smc._root(points)
    assert root[0, 1] == 0.0
    exact = np.array([[0.01, 0.9 * 0.008], [0.9 * 0.008, 0.01]])
    assert root @ root.T == pytest.approx(exact, rel=0.1)
