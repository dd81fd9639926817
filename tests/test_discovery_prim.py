"""Boxes and trees against planted truths: where they are, that noise is left alone, and that nothing is found in nothing."""

import math

import numpy as np
import pytest

from experiments.discovery import prim, tree
from experiments.discovery.prim import Box, Sample, Settings


def sample(x, hits, runs=None, clusters=None) -> Sample:
    """Points with 0 or 1 hit each, or with so many of so many runs."""
    hits = np.asarray(hits).astype(np.int64)
    runs = np.ones(len(hits), np.int64) if runs is None else np.asarray(runs)
    clusters = np.arange(len(hits))[None] if clusters is None else clusters
    return Sample(np.asarray(x, float), hits, runs, clusters, int(runs.max()))


def planted(n: int, d: int = 12, wrong: float = 0.05, seed: int = 0) -> Sample:
    """Hits where input 0 is above 0.6 and input 3 below 0.5, but for some that are turned over."""
    rng = np.random.default_rng(seed)
    x = rng.random((n, d))
    inside = (x[:, 0] > 0.6) & (x[:, 3] < 0.5)
    return sample(x, np.where(rng.random(n) < wrong, ~inside, inside))


def box_of(s: Sample, **settings) -> Box:
    return prim.induce(s, Settings(**settings))[3]


# Peeling


def test_a_peel_takes_the_thin_slice_that_holds_no_hit():
    x = np.arange(40)[:, None] / 40
    steps = prim.peel(sample(x, np.arange(40) >= 20), 0.05)
    first, second = steps[0], steps[1]
    assert (first.mass, first.coverage, first.density) == (1.0, 1.0, 0.5)
    assert second.box.low[0] == pytest.approx(1.5 / 40) and math.isinf(
        second.box.high[0]
    )  # 5 % of 40 points: 2
    assert (second.mass, second.coverage, second.density) == (38 / 40, 1.0, 20 / 38)
    assert (
        steps[-1].density == 1.0
        and steps[-1].coverage == 1.0
        and steps[-1].box.low[0] == pytest.approx(19.5 / 40)
    )


def test_density_only_rises_and_no_box_is_smaller_than_allowed():
    steps = prim.peel(planted(400), 0.2)
    density, mass = [s.density for s in steps], [s.mass for s in steps]
    assert density[-1] > 0.6 and mass == sorted(mass, reverse=True) and mass[-1] >= 0.2
    assert prim.peel(planted(400), 0.05, prim.GAIN)[-1].mass < 0.2


def test_points_of_equal_value_are_never_parted():
    x = np.repeat([0.0, 0.5, 1.0], [50, 30, 20])[:, None]
    s = sample(x, np.repeat([0, 1, 1], [50, 30, 20]))
    assert [(step.mass, step.density) for step in prim.peel(s, 0.05)] == [(1.0, 0.5), (0.5, 1.0)]
    assert box_of(s).low[0] == 0.25  # between the levels


@pytest.mark.parametrize("criterion", prim.CRITERIA)
def test_a_planted_box_is_found_and_noise_left_alone(criterion):
    box = box_of(planted(1000), criterion=criterion)
    assert set(box.limits) == {(0, 0), (3, 1)}
    assert box.low[0] == pytest.approx(0.6, abs=0.03) and box.high[3] == pytest.approx(0.5, abs=0.03)


def test_evidence_finds_it_in_few_points_where_gain_is_misled():
    """Mean over samples of the density of the box among 20,000 fresh points."""
    fresh = planted(20000, d=20, wrong=0.0, seed=99)

    def density(criterion):
        found = [box_of(planted(150, d=20, seed=k), criterion=criterion) for k in range(10)]
        return np.mean([fresh.hits[box.holds(fresh.x)].mean() for box in found])

    assert density("evidence") > 0.85 > 0.8 > density("gain")


def test_a_box_in_the_middle_has_two_limits_on_one_input():
    x = np.random.default_rng(5).random((800, 4))
    box = box_of(sample(x, (x[:, 1] > 0.3) & (x[:, 1] < 0.6)))
    assert box.limits == [(1, 0), (1, 1)]
    assert box.low[1] == pytest.approx(0.3, abs=0.03) and box.high[1] == pytest.approx(0.6, abs=0.03)


def test_order_of_points_changes_nothing():
    s = planted(300)
    order = np.random.default_rng(1).permutation(300)
    one, other = box_of(s), box_of(s.at(order))
    assert np.array_equal(one.low, other.low) and np.array_equal(one.high, other.high)


# Replications and weights


def test_replications_count_as_shares_and_equal_repeats_change_no_limit():
    s = planted(300)
    twice = Sample(s.x, 2 * s.hits, 2 * s.runs, s.clusters, 2)
    assert box_of(s).limits and [
        np.array_equal(a, b) for a, b in zip(box_of(s), box_of(twice), strict=True)
    ] == [True, True]
    assert prim.enough(s) and prim.enough(twice) and twice.density == s.density
    p, q = (prim.quasi_p(of, box_of(s))[0, 0] for of in (s, twice))
    assert p == pytest.approx(q)  # a point run twice is no more evidence on where it lies


def test_a_point_counts_by_its_runs_that_went_well():
    x = np.linspace(0.0, 1.0, 100)[:, None]
    runs = np.where(np.arange(100) < 50, 1, 3)
    s = sample(x, np.where(np.arange(100) < 50, 0, runs), runs)
    assert s.density == 0.75
    step = prim.peel(s, 0.05)[1]
    assert step.mass == pytest.approx(1 - 10 / 200)  # 5 % of 200 runs: ten points of one run each


def test_points_without_runs_count_nothing():
    s = planted(300)
    more = sample(
        np.vstack([s.x, np.ones((40, 12))]),
        np.append(s.hits, np.zeros(40)),
        np.append(s.runs, np.zeros(40)).astype(int),
    )
    assert [a.tolist() for a in box_of(more)] == [a.tolist() for a in box_of(s)]


# Choosing, pruning, pasting


def step(coverage: float, density: float) -> prim.Step:
    return prim.Step(prim.everything(1), 0.5, coverage, density)


def test_the_box_nearest_to_full_coverage_and_density_is_taken_or_the_widest_that_is_dense_enough():
    steps = (step(1.0, 0.5), step(0.9, 0.9), step(0.6, 1.0))
    assert prim.choose(steps) == (1, True)
    assert prim.choose(steps, 0.95) == (2, True) and prim.choose(steps, 0.8) == (1, True)
    assert prim.choose(steps[:2], 0.95) == (1, False)
    assert (
        prim.choose((step(1.0, 0.8), step(0.7, 0.98)))[0] == 1
    )  # where most points are hits, all of them are no answer


def test_a_limit_that_adds_nothing_is_taken_off():
    s = planted(600)
    box = prim.everything(12).moved(0, 0, 0.6).moved(3, 1, 0.5).moved(7, 0, 0.1)
    p = prim.quasi_p(s, box)
    assert p[7, 0] > 0.2 and p[0, 0] < 1e-6 and p[3, 1] < 1e-6 and np.isnan(p[1]).all()
    assert prim.pruned(s, box).limits == [(0, 0), (3, 1)]


def test_quasi_p_is_the_binomial_tail():
    """8 of 10 hits in the box, 30 of 60 without its limit: P(X >= 8), X ~ B(10, 1/2) = 56 / 1024."""
    x = np.repeat([0.0, 1.0], [50, 10])[:, None]
    hits = np.concatenate([np.arange(50) < 22, np.arange(10) < 8])
    box = prim.everything(1).moved(0, 0, 0.5)
    assert prim.quasi_p(sample(x, hits), box)[0, 0] == pytest.approx(56 / 1024)


def test_pasting_grows_a_box_that_was_cut_too_small():
    x = np.random.default_rng(2).random((500, 3))
    box = prim.paste(sample(x, x[:, 0] > 0.5), prim.everything(3).moved(0, 0, 0.8).moved(1, 1, 0.9))
    assert box.limits == [(0, 0)] and box.low[0] == pytest.approx(0.5, abs=0.03)


# How sure


def test_a_search_finds_a_box_sees_it_again_in_resamples_and_tells_the_honest_density():
    s = planted(300)
    found = prim.search(s, Settings(), boxes=3, seed=4)
    assert len(found.boxes) == 1 and found.p == pytest.approx(1 / 200)
    box = found.boxes[0]
    assert box.order[0] in (0, 3) and set(box.order) == {0, 3}
    assert (box.stability.sides[0, 0], box.stability.sides[3, 1]) > (0.9, 0.9)
    assert box.stability.restricted[[1, 2, 4, 5, 6]].max() < 0.2
    (low, high), (below, above) = box.stability.places[0, 0], box.stability.places[3, 1]
    assert low < 0.6 < high and below < 0.5 < above and high - low < 0.25
    left = box.stability.density
    fresh = planted(20000, wrong=0.05, seed=77)
    true = fresh.hits[box.box.holds(fresh.x)].mean()
    assert left.value < box.density and left.low < true < left.high


def test_nothing_is_found_in_noise():
    """Hits that no input explains: a box in one sample of twenty or so, a believable tree hardly ever."""
    found = grown = 0
    for k in range(60):
        rng = np.random.default_rng([9, k])
        s = sample(rng.random((120, 6)), rng.random(120) < 0.4)
        box = box_of(s)
        found += bool(box.limits) and prim.chance(s, Settings(), box, seed=1, permutations=39) <= prim.CHANCE
        grown += k < 6 and tree.grow(s, seed=1).found
    assert found <= 7 and grown <= 1  # 3 expected; 8 or more in one of a hundred such tests


def test_several_boxes_cover_what_one_cannot():
    x = np.random.default_rng(3).random((500, 4))
    s = sample(x, (x[:, 0] > 0.75) | ((x[:, 1] < 0.2) & (x[:, 0] < 0.5)))
    found = prim.search(s, Settings(), boxes=2, seed=1)
    assert len(found.boxes) >= 2
    first, second = found.boxes[:2]
    assert first.box.limits == [(0, 0)] and first.box.low[0] == pytest.approx(0.75, abs=0.03)
    assert second.box.high[1] == pytest.approx(0.2, abs=0.03)
    assert found.coverage > 0.95 and found.coverage == pytest.approx(sum(b.coverage for b in found.boxes))
    assert second.base == pytest.approx(s.hits[x[:, 0] < first.box.low[0]].mean())


def test_resamples_are_seeded_each_alone():
    clusters = np.arange(50)[None]
    ten, five = list(prim.resampled(clusters, 7, 10)), list(prim.resampled(clusters, 7, 5))
    assert all(np.array_equal(a, b) for a, b in zip(ten, five, strict=False))
    assert all(times.sum() == 50 for times in ten) and not np.array_equal(ten[0], ten[1])
    s = planted(120, d=4)
    one, other = (prim.stability(s, Settings(), seed=5, resamples=30) for _ in range(2))
    assert one.density == other.density and np.array_equal(one.places, other.places, equal_nan=True)
    assert prim.stability(s, Settings(), seed=6, resamples=30).density != one.density


def test_clusters_are_resampled_whole_and_never_leak_into_what_is_left_out():
    blocks = np.repeat(np.arange(10), 5)[None]
    for times in prim.resampled(blocks, 1, 5):
        assert all(len(set(times[blocks[0] == b])) == 1 for b in range(10))
        assert set(prim.left_out(blocks, times)[times > 0]) == {False}
    crossed = np.stack([np.repeat(np.arange(6), 7), np.tile(np.arange(7), 6)])
    times = next(prim.resampled(crossed, 1, 1))
    out = prim.left_out(crossed, times)
    inside = times > 0
    for row in crossed:
        assert not set(row[out]) & set(row[inside])


# The tree


def test_a_tree_finds_the_same_box_and_says_how_well():
    s = planted(500)
    t = tree.grow(s, seed=1)
    best = max(t.leaves, key=lambda leaf: leaf.density)
    assert {(input, side) for input, side, _ in best.path} == {(0, 0), (3, 1)}
    cuts = {input: place for input, _, place in best.path}
    assert cuts[0] == pytest.approx(0.6, abs=0.03) and cuts[3] == pytest.approx(0.5, abs=0.03)
    assert t.found and t.p <= 0.01 and t.accuracy > 0.9 > t.majority
    root = t.nodes[0]
    assert root.points == 500 and root.density == s.density and root.coverage == 1.0
    assert sum(leaf.points for leaf in t.leaves) == 500 and sum(
        leaf.coverage for leaf in t.leaves
    ) == pytest.approx(1.0)
    inside = (s.x[:, 0] > cuts[0]) & (s.x[:, 3] <= cuts[3])
    assert best.points == inside.sum() and best.density == pytest.approx(s.hits[inside].mean())


def test_a_tree_has_no_more_questions_than_asked_for_and_is_the_same_again():
    s = planted(300)
    shallow = tree.grow(s, depth=1, seed=1)
    assert max(node.depth for node in shallow.nodes) == 1
    assert tree.grow(s, seed=2) == tree.grow(s, seed=2)


def test_a_tree_of_shares_is_that_of_their_runs():
    """Three runs a point: the same splits as three points of one run, for the same points stay together."""
    rng = np.random.default_rng(6)
    x = rng.random((150, 3))
    hits = rng.binomial(3, np.where(x[:, 2] > 0.5, 0.9, 0.1))
    t = tree.grow(sample(x, hits, np.full(150, 3)), depth=1, seed=1)
    each = (np.arange(3) < hits[:, None]).ravel()
    again = tree.grow(
        sample(np.repeat(x, 3, axis=0), each, clusters=np.repeat(np.arange(150), 3)[None]), depth=1, seed=1
    )
    assert t.nodes[0].place == again.nodes[0].place and t.nodes[0].input == again.nodes[0].input == 2
    assert [leaf.density for leaf in t.leaves] == pytest.approx([leaf.density for leaf in again.leaves])


def test_folds_keep_clusters_whole():
    crossed = np.stack([np.repeat(np.arange(8), 9), np.tile(np.arange(9), 8)])
    for train, test in tree._folds(crossed, 1):
        for row in crossed:
            assert not set(row[train]) & set(row[test])
    parts = tree._folds(np.arange(40)[None], 1)
    assert sorted(np.concatenate([test for _, test in parts])) == list(range(40))


def crossed(points: int, futures: int, seed: int) -> Sample:
    """Every point in every future; a future decides alone, and by none of its inputs, what is a hit."""
    rng = np.random.default_rng(seed)
    mine, others = rng.random((points, 2)), rng.random((futures, 6))
    x = np.hstack([np.repeat(mine, futures, axis=0), np.tile(others, (points, 1))])
    clusters = np.stack([np.repeat(np.arange(points), futures), np.tile(np.arange(futures), points)])
    return sample(x, np.tile(rng.random(futures) < 0.4, points), clusters=clusters)


def test_points_of_one_future_are_no_more_evidence_than_one():
    found = 0
    for seed in range(12):
        s = crossed(20, 30, seed)
        box = box_of(s)
        found += bool(box.limits) and prim.chance(s, Settings(), box, seed) <= 0.05
    assert found <= 3


def test_shuffling_keeps_clusters_together():
    s = crossed(4, 5, 0)
    order = prim.permuted(s.clusters, np.random.default_rng(1))
    assert sorted(order) == list(range(20)) and list(order) != list(range(20))
    for row in s.clusters:
        for label in np.unique(row):
            assert len(set(row[order[row == label]])) == 1
    some = np.arange(20) != 7  # a run that failed
    assert sorted(prim.permuted(s.clusters[:, some], np.random.default_rng(1))) == list(range(19))
