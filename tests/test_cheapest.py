"""The cheapest mix and the frontier against an oracle whose cheapest mix is known."""

import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest
from oracle import HOUSEHOLDS, TARGET, Oracle
from scipy.stats import norm

from experiments.cheapest import mixes
from experiments.cheapest.frontier import frontier
from experiments.cheapest.search import Sample, search
from experiments.vary import Factor

RUNS = 1000


def lever(name, low, high, levels=None):
    return Factor(name, low, high, "linear", "1", "lever", levels, name, name)


S, R = lever("s", 2.0, 5.0), lever("r", 0.0, 3.0)
ONE = (lever("s", 3.5, 5.5),)


def values(mix, levers):
    return np.array([[mix.levers[one.name] for one in levers]])


@dataclass
class Score:
    """What a way to recommend is worth: how often it delivers, and how much dearer it is than the true cheapest."""

    delivers: float
    excess: float


def score(oracle, levers, cheapest, found):
    points = np.concatenate([values(mix, levers) for mix in found])
    delivers = oracle.share(points) >= oracle.needed(0.9)
    return Score(float(delivers.mean()), float((oracle.expected_cost(points) / cheapest - 1.0).mean()))


@pytest.fixture(scope="module")
def pool():
    """Two processes, each with one thread for its algebra."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENBLAS_NUM_THREADS", "1")
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
            yield workers


def search_once(study, levers, kind):
    return search(Oracle(study=study, **kind), levers=levers, target=TARGET, runs=RUNS, seed=study)


def search_many(pool, studies, levers, **kind):
    return list(pool.map(partial(search_once, levers=levers, kind=kind), range(studies), chunksize=10))


def covered(oracle, levers, found, interval):
    """Share of answers whose interval of the probability holds the truth."""
    truth = oracle.probability(np.concatenate([values(one.mix, levers) for one in found]))
    return np.mean(
        [interval(one).low <= p <= interval(one).high for one, p in zip(found, truth, strict=True)]
    )


@pytest.mark.parametrize(
    ("phi", "studies", "dear"), [(None, 60, 0.006), (1000, 100, 0.035), (200, 60, 0.075)]
)
def test_it_delivers_and_the_point_estimate_does_not(pool, phi, studies, dear):
    """The point estimate delivers about every second time; `dear` is what being sure costs at most on average."""
    oracle = Oracle(phi)
    cheapest = oracle.expected_cost(np.array([[oracle.needed_index(0.9) / 0.5]]))[0]
    found = search_many(pool, studies, ONE, phi=phi)
    ours = score(oracle, ONE, cheapest, [one.mix for one in found])
    naive = score(oracle, ONE, cheapest, [one.estimate for one in found])
    assert ours.delivers >= 0.9
    assert naive.delivers < 0.65 and ours.delivers > naive.delivers + 0.3
    assert 0.0 < ours.excess < dear
    assert max(one.mix.levers["s"] for one in found) < 5.4  # the top corner is no answer
    assert all(one.status in ("confirmed", "unconfirmed") for one in found)
    assert np.mean([one.status == "confirmed" for one in found]) > 0.6
    confirmed = [one for one in found if one.status == "confirmed"]
    delivered = score(oracle, ONE, cheapest, [one.mix for one in confirmed]).delivers
    assert delivered >= 0.95 and all(one.attempt.low > 0.9 for one in confirmed)
    assert covered(oracle, ONE, confirmed, lambda one: one.attempt) >= 0.95
    assert covered(oracle, ONE, found, lambda one: one.mix.probability) >= 0.85  # the lucky are chosen
    print(phi, ours, naive, len(confirmed))


def cheapest_of_two(oracle):
    """The true cheapest pair of levers that suffices, on a fine grid of the second."""
    r = np.linspace(R.low, R.high, 3001)
    s = np.maximum((oracle.needed_index(0.9) - oracle.slopes[1] * r) / oracle.slopes[0], S.low)
    points = np.stack([s, r], axis=1)[s <= S.high]
    costs = oracle.expected_cost(points)
    return points[np.argmin(costs)], costs.min()


@pytest.mark.parametrize(
    ("phi", "prices", "a_head", "at_an_end", "dear"),
    [
        (None, (1.0, 0.5), True, True, 0.015),
        (200, (1.0, 0.5), True, True, 0.10),
        (1000, (1.0, 0.9), False, False, 0.05),
    ],
)
def test_the_right_mix_of_two_levers(pool, phi, prices, a_head, at_an_end, dear):
    """One price a mover: all of the better bargain first. Rising prices: some of both."""
    kind = {"phi": phi, "slopes": (0.5, 0.3), "prices": prices, "a_head": a_head}
    oracle = Oracle(**kind)
    point, cost = cheapest_of_two(oracle)
    assert at_an_end == (point[1] == R.high)
    found = search_many(pool, 40, (S, R), **kind)
    ours = score(oracle, (S, R), cost, [one.mix for one in found])
    assert ours.delivers >= 0.9 and 0.0 < ours.excess < dear
    middle = np.median([values(one.mix, (S, R))[0] for one in found], axis=0)
    assert middle == pytest.approx(point, abs=0.5)
    print(ours, middle, point)


def test_the_line_of_equal_probability():
    kind = {"phi": 1000, "slopes": (0.5, 0.3), "prices": (1.0, 0.5)}
    oracle = Oracle(**kind)
    found = search(Oracle(**kind), levers=(S, R), target=TARGET, runs=RUNS)
    assert len(found.contour) == 1
    line = mixes.stretched((S, R), found.contour[0])
    assert len(line) > 20 and np.ptp(line[:, 1]) > 2.0
    assert line @ oracle.slopes == pytest.approx(np.full(len(line), oracle.needed_index(0.9)), abs=0.15)
    assert search(Oracle(), levers=ONE, target=TARGET, runs=200).contour == ()


def test_runners_up_are_other_ways_to_reach_it():
    kind = {"slopes": (0.5, 0.3), "prices": (1.0, 0.62)}
    oracle = Oracle(**kind)
    found = search(Oracle(**kind), levers=(S, R), target=TARGET, runs=RUNS)
    assert len(found.runners_up) == 3
    rows = np.concatenate([values(mix, (S, R)) for mix in (found.mix, *found.runners_up)])
    apart = np.abs(rows[:, None] - rows).max(axis=2)[np.triu_indices(4, 1)]
    assert apart.min() > 0.15 * 3.0 - 1e-9
    assert oracle.probability(rows).min() > 0.85
    costs = [mix.cost.value for mix in found.runners_up]
    assert costs == sorted(costs)


def test_what_is_reported_agrees_with_the_truth():
    oracle = Oracle(200)
    found = search(Oracle(200), levers=ONE, target=TARGET, runs=RUNS, seed=3)
    at = values(found.mix, ONE)
    share = oracle.share(at)[0]
    sd = (HOUSEHOLDS * share * (1.0 - share) * (1.0 + (HOUSEHOLDS - 1) / 201)) ** 0.5
    assert found.status == "confirmed" and found.attempt.levers == found.mix.levers
    assert found.mix.probability.value == pytest.approx(oracle.probability(at)[0], abs=0.03)
    assert 0.9 < found.mix.probability.low < found.mix.probability.value < found.mix.probability.high < 1.0
    assert found.mix.cost.low < found.mix.cost.value < found.mix.cost.high
    assert found.mix.cost.value == pytest.approx(oracle.expected_cost(at)[0], rel=0.01)
    assert found.mix.count.value == pytest.approx(HOUSEHOLDS * share, abs=0.3 * sd)
    assert found.mix.count.low == pytest.approx(HOUSEHOLDS * share - 1.645 * sd, abs=0.4 * sd)
    assert found.mix.count.high == pytest.approx(HOUSEHOLDS * share + 1.645 * sd, abs=0.4 * sd)
    assert found.attempt.low <= found.attempt.hits / found.attempt.n <= found.attempt.high
    assert found.estimate.cost.value < found.mix.cost.value


def test_every_run_is_fresh_and_the_budget_is_kept():
    oracle, told = Oracle(200), []
    found = search(oracle, levers=ONE, target=TARGET, runs=500, progress=lambda *done: told.append(done))
    assert oracle.seeds == list(range(found.runs)) and found.runs <= 500 and found.failed == 0
    assert told[-1] == (found.runs, 500) and told == sorted(told)
    assert len(found.sample.counts) == found.runs
    assert sum(attempt.n for attempt in found.attempts) < found.runs


def test_the_same_seed_gives_the_same_answer():
    one, two = (search(Oracle(200), levers=ONE, target=TARGET, runs=300, seed=5) for _ in range(2))
    other = search(Oracle(200), levers=ONE, target=TARGET, runs=300, seed=6)
    assert (one.mix, one.attempts) == (two.mix, two.attempts) and one.mix != other.mix


def test_out_of_reach():
    """Even s = 4.25 reaches it in 6 runs of 10 only, once a shock is shared."""
    oracle, levers = Oracle(200), (lever("s", 3.5, 4.25),)
    found = search(oracle, levers=levers, target=TARGET, runs=RUNS)
    assert found.status == "infeasible"
    assert found.mix.levers["s"] == pytest.approx(4.25, abs=1e-6)
    assert found.attempt.low < oracle.probability([[4.25]])[0] < found.attempt.high < 0.9
    assert found.attempt.verdict == "refuted" and found.runners_up == () and found.estimate is None
    hopeless = search(Oracle(), levers=(lever("s", 2.0, 3.0),), target=TARGET, runs=RUNS)
    assert hopeless.status == "infeasible" and hopeless.attempt.hits == 0
    assert hopeless.runs < 600  # what is plain takes few runs


def test_nearly_out_of_reach_is_not_called_so():
    """At the top 91 of 100 runs reach it; 300 runs cannot tell that from 89."""
    oracle = Oracle(200)
    top = 0.91
    levers = (lever("s", 3.0, float(oracle.needed_index(top) / 0.5)),)
    states = [
        search(Oracle(200, study=k), levers=levers, target=TARGET, runs=300, seed=k).status for k in range(10)
    ]
    assert states.count("infeasible") <= 1 and states.count("confirmed") <= 1
    assert states.count("undecided") >= 5


def test_reached_already_at_the_cheapest():
    found = search(Oracle(), levers=(lever("s", 4.5, 5.5),), target=TARGET, runs=RUNS)
    assert found.status == "confirmed"
    assert found.mix.levers["s"] == pytest.approx(4.5, abs=0.01)
    assert found.mix.probability.low == pytest.approx(1.0)
    assert found.runs < 700


def test_a_count_that_nothing_moves():
    def full(points, seeds):
        return np.full(len(points), 31_000.0), points[:, 0] * 1e6

    found = search(full, levers=ONE, target=TARGET, runs=200)
    assert found.status == "confirmed" and found.mix.levers["s"] == pytest.approx(3.5, abs=1e-3)
    short = search(full, levers=ONE, target=32_000.0, runs=200)
    assert short.status == "infeasible" and short.mix.count.value == pytest.approx(31_000.0)


def test_a_cost_that_no_lever_moves_is_refused():
    rng = np.random.default_rng(0)

    def constant(points, seeds):
        return Oracle()(points, seeds)[0], np.full(len(points), 5e6)

    def noise(points, seeds):
        return Oracle()(points, seeds)[0], rng.normal(5e6, 1e5, len(points))

    for sampler in (constant, noise):
        with pytest.raises(ValueError, match=r"cost: moved by no lever \(s; "):
            search(sampler, levers=ONE, target=TARGET, runs=400)


def falling(noise):
    rng = np.random.default_rng(11)

    def sampler(points, seeds):
        x = points[:, 0]
        return 100.0 - 50.0 * x + rng.normal(0.0, noise, len(x)), 1.0 + x

    return sampler


def test_at_most():
    """A ratio that must not exceed 70: 100 - 50 x plus noise of 2 is below it with 0.9 from x = 0.6513 on."""
    found = search(falling(2.0), levers=(lever("x", 0.0, 1.0),), target=70.0, at_least=False, runs=RUNS)
    enough = (30.0 + 2.0 * norm.ppf(0.9)) / 50.0
    assert found.status == "confirmed" and enough < found.mix.levers["x"] < enough + 0.05
    line = frontier(found.sample, (lever("x", 0.0, 1.0),), at_least=False)
    assert (np.diff(line.mean.value) <= 0.0).all()
    assert line.mean.value == pytest.approx(100.0 - 50.0 * (line.cost - 1.0), abs=0.5)
    assert line.sure.value - line.mean.value == pytest.approx(2.0 * norm.ppf(0.9), abs=0.5)
    assert (line.mean.low <= line.mean.value).all() and (line.mean.value <= line.mean.high).all()


def test_levers_with_levels_take_only_these():
    levels = (3.5, 4.0, 4.25, 4.5, 5.0, 5.5)
    oracle = Oracle()
    stepped = lever("s", 3.5, 5.5, levels)
    asked = []

    def sampler(points, seeds):
        asked.append(points)
        return oracle(points, seeds)

    found = search(sampler, levers=(stepped,), target=TARGET, runs=RUNS)
    assert set(np.concatenate(asked)[:, 0]) <= set(levels)
    assert found.status == "confirmed" and found.mix.levers["s"] == 4.25  # P(4.25) is 0.98, P(4) is 0


def test_failed_runs_are_left_out_and_counted():
    oracle = Oracle(1000)

    def sampler(points, seeds):
        return np.where(seeds % 10 == 3, np.nan, oracle(points, seeds))

    found = search(sampler, levers=ONE, target=TARGET, runs=RUNS)
    assert found.failed == sum(seed % 10 == 3 for seed in oracle.seeds)
    assert len(found.sample.counts) == found.runs - found.failed
    assert oracle.probability(values(found.mix, ONE))[0] > 0.88

    def broken(points, seeds):
        return np.where(seeds % 4 > 0, np.nan, oracle(points, seeds))

    with pytest.raises(ValueError, match="runs failed"):
        search(broken, levers=ONE, target=TARGET, runs=RUNS)


def test_a_run_whose_cost_is_undefined_counts_as_hit_or_miss():
    """Every fourth run moves nobody, so that its cost a mover is undefined: no mix is nearly sure."""

    def sampler(points, seeds):
        counts, costs = Oracle()(points, seeds)
        nobody = seeds % 4 == 1
        return np.where(nobody, 0.0, counts), np.where(nobody, np.nan, costs)

    found = search(sampler, levers=ONE, target=TARGET, runs=RUNS)
    assert found.failed == 0 and found.status not in ("confirmed", "unconfirmed")
    assert found.attempts and all(one.hits / one.n < 0.8 for one in found.attempts)
    assert np.isfinite(found.mix.cost.value) and len(found.sample.costs) == found.runs


def test_a_surrogate_that_is_wrong_is_found_out():
    """The count collapses on a strip too narrow to be seen from afar, just where it looks cheapest."""
    rng = np.random.default_rng(5)

    def sampler(points, seeds):
        s = points[:, 0]
        fails = rng.random(len(s)) < np.where((s > 4.30) & (s < 4.45), 0.4, 0.0)
        counts = 30_000.0 + 20_000.0 * (s - 4.3) + rng.normal(0.0, 600.0, len(s))
        return np.where(fails, 25_000.0, counts), s

    found = search(sampler, levers=ONE, target=TARGET, runs=2000, seed=1)
    assert not (found.status == "confirmed" and 4.30 < found.mix.levers["s"] < 4.45)


def test_the_likeliest_mix_once_confirmed_is_not_called_the_cheapest(monkeypatch):
    """Where no mix looks safe yet, the likeliest is tried; it holds, and a cheaper one is then looked for."""
    real, calls = mixes.cheapest, []

    def unsure_at_first(*args):
        calls.append(args)
        return None if len(calls) == 1 else real(*args)

    monkeypatch.setattr(mixes, "cheapest", unsure_at_first)
    oracle = Oracle(1000)
    found = search(oracle, levers=ONE, target=TARGET, runs=RUNS)
    first, *_, last = found.attempts
    assert (first.verdict, last.verdict, found.status) == ("confirmed",) * 3
    assert first.levers["s"] == pytest.approx(5.5, abs=0.01) and found.mix.levers == last.levers
    assert found.mix.levers["s"] < 4.7 and oracle.probability(values(found.mix, ONE))[0] >= 0.9


def test_eight_levers():
    """Only the first three do anything; all cost the same."""
    levers = tuple(lever(f"x{k}", 0.0, 1.0) for k in range(8))
    rng = np.random.default_rng(2)
    effects = np.array([300.0, 200.0, 100.0, 0, 0, 0, 0, 0])

    def sampler(points, seeds):
        return 1000.0 + points @ effects + rng.normal(0.0, 20.0, len(points)), 10.0 + points.sum(axis=1)

    found = search(sampler, levers=levers, target=1300.0, runs=RUNS)
    x = values(found.mix, levers)[0]
    assert norm.cdf((1000.0 + x @ effects - 1300.0) / 20.0) >= 0.9
    cheapest = (300.0 + 20.0 * norm.ppf(0.9)) / 300.0  # 1 of the first, the rest from the second
    cheapest = 1.0 + (300.0 * cheapest - 300.0) / 200.0
    assert x.sum() < cheapest + 0.35


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"levers": ()}, "levers: 0 given"),
        ({"levers": tuple(lever(f"x{k}", 0.0, 1.0) for k in range(9))}, "levers: 9 given"),
        ({"target": math.nan}, "target"),
        ({"probability": 1.0}, "probability: 1 given"),
        ({"confidence": 0.2}, "confidence: 0.2 given"),
        ({"runs": 20}, "runs: 20 given"),
    ],
)
def test_what_cannot_be_searched_is_refused(wrong, words):
    asked = {"levers": ONE, "target": TARGET, "runs": 200} | wrong
    with pytest.raises(ValueError, match=words):
        search(Oracle(), **asked)


@pytest.fixture(scope="module")
def spread_out():
    """800 runs all over the square of two levers."""
    oracle = Oracle(1000, (0.5, 0.3), (1.0, 0.5))
    x = np.random.default_rng(0).random((800, 2))
    return oracle, Sample(x, *oracle(mixes.natural((S, R), x), np.arange(800)))


def test_the_frontier_is_the_true_one(spread_out):
    oracle, sample = spread_out
    found = frontier(sample, (S, R), seed=1)
    s, r = np.meshgrid(np.linspace(S.low, S.high, 301), np.linspace(R.low, R.high, 301))
    points = np.stack([s.ravel(), r.ravel()], axis=1)
    costs, movers = oracle.expected_cost(points), HOUSEHOLDS * oracle.share(points)
    truth = np.array([movers[costs <= cost].max(initial=0.0) for cost in found.cost])
    inside = slice(3, None)  # a parabola is a little off in the far corner
    assert found.mean.value[inside] == pytest.approx(truth[inside], rel=0.02)
    for curve in (found.mean, found.median, found.sure):
        assert (np.diff(curve.value) >= 0.0).all()
        assert (np.diff(curve.low) >= -1e-6).all() and (np.diff(curve.high) >= -1e-6).all()
        assert (curve.low <= curve.value).all() and (curve.value <= curve.high).all()
        assert curve.levers.shape == (25, 2)
    assert (found.sure.value < found.mean.value).all()
    share = oracle.share(found.mean.levers)[inside]
    assert found.mean.value[inside] == pytest.approx(HOUSEHOLDS * share, rel=0.02)
    assert (oracle.expected_cost(found.mean.levers)[inside] <= found.cost[inside] * 1.02).all()


def test_the_frontier_at_wished_costs(spread_out):
    _, sample = spread_out
    found = frontier(sample, (S, R), np.array([80_000.0, 120_000.0]))
    assert found.cost.tolist() == [80_000.0, 120_000.0]
    assert found.mean.levers[1, 1] > 2.5  # the better bargain first
    with pytest.raises(ValueError, match="levels that rise"):
        frontier(sample, (S, R), np.array([2.0, 1.0]))
    with pytest.raises(ValueError, match="is below"):
        frontier(sample, (S, R), np.array([1.0, 1e6]))
