"""Regret and satisficing on a table worked by hand, and criteria that agree, disagree or tie."""

import math

import numpy as np
import pytest

from experiments.discovery.regret import CRITERIA, regrets
from experiments.intervals import wilson

NAMES = ("safe", "bold", "poor")
OUTCOME = np.array([
    [30.0, 30.0, 30.0, 30.0, 30.0],
    [50.0, 50.0, 45.0, 10.0, 40.0],
    [20.0, 30.0, 10.0, 10.0, 29.0],
])  # fmt: skip
SHARE = (OUTCOME >= 30.0).astype(float)
"""By hand: the best of each future is 50, 50, 45, 30, 40."""


@pytest.fixture(scope="module")
def judged():
    return regrets(NAMES, OUTCOME, SHARE, sign=1, seed=1)


def test_regret_is_what_a_policy_falls_short_of_the_best_in_that_future(judged):
    assert judged.regret.tolist() == [[20, 20, 15, 0, 10], [0, 0, 0, 20, 0], [30, 20, 35, 20, 11]]
    assert [s.regret.value for s in judged.scores] == pytest.approx([13.0, 4.0, 23.2])
    assert [s.regret_most for s in judged.scores] == [20.0, 20.0, 35.0]
    assert [s.regret_p90.value for s in judged.scores] == pytest.approx(
        [20.0, 12.0, 33.0]
    )  # between the 4th and 5th of five
    assert [s.best for s in judged.scores] == [0.2, 0.8, 0.0]


def test_shares_means_and_tails(judged):
    safe, bold, poor = judged.scores
    assert [s.share.value for s in judged.scores] == [1.0, 0.8, 0.2]
    assert (bold.share.low, bold.share.high) == wilson(4, 5)
    assert [s.mean.value for s in judged.scores] == pytest.approx([30.0, 39.0, 19.8])
    assert (safe.tenth, bold.tenth, poor.tenth) == pytest.approx((30.0, 22.0, 10.0)) and poor.worst == 10.0
    assert safe.mean.low == safe.mean.high == 30.0 and bold.mean.low < 39.0 < bold.mean.high


def test_differences_are_paired_with_the_first_policy(judged):
    safe, bold, _ = judged.scores
    assert math.isnan(safe.ahead.value) and math.isnan(safe.more.value)
    assert bold.ahead.value == pytest.approx(9.0) and bold.ahead.low < 9.0 < bold.ahead.high
    assert bold.more.value == pytest.approx(-0.2) and -1.0 <= bold.more.low < -0.2 < bold.more.high


def test_criteria_name_what_they_should_and_ties_name_both(judged):
    named = {choice.criterion: choice.policies for choice in judged.choices}
    assert tuple(named) == CRITERIA
    assert named == {
        "share": ("safe",), "mean": ("bold",), "tenth": ("safe",), "worst": ("safe",), "regret_p90": ("bold",),
        "regret_most": ("safe", "bold"),
    }  # fmt: skip
    assert judged.agreed == ()


def test_a_policy_that_is_always_better_is_named_by_all_in_every_resample():
    outcome = np.stack([np.linspace(1, 20, 20), np.linspace(2, 21, 20)])
    judged = regrets(("a", "b"), outcome, (outcome > 10).astype(float), sign=1)
    assert judged.agreed == ("b",) and {c.sure for c in judged.choices} == {1.0}
    assert judged.scores[1].regret_most == 0.0 and judged.scores[0].regret.value == pytest.approx(1.0)


def test_less_is_better_for_a_target_that_says_at_most():
    judged = regrets(NAMES, OUTCOME, 1.0 - SHARE, sign=-1)
    assert judged.regret[2].max() == 0.0 and judged.regret[1].tolist() == [30, 20, 35, 0, 11]
    poor = judged.scores[2]
    assert poor.worst == 30.0 and poor.best == pytest.approx(0.8)  # it ties in two futures of five
    assert {c.criterion: c.policies for c in judged.choices}["mean"] == ("poor",)


def test_policies_that_do_not_differ_tie_by_every_criterion():
    judged = regrets(("a", "b"), OUTCOME[[0, 0]], SHARE[[0, 0]], sign=1)
    assert judged.agreed == ("a", "b") and [s.best for s in judged.scores] == [0.5, 0.5]


def test_the_same_seed_gives_the_same_intervals():
    outcome = np.random.default_rng(1).normal(size=(2, 40))
    one, other, third = (
        regrets(("a", "b"), outcome, (outcome > 0.0) * 1.0, sign=1, seed=seed) for seed in (3, 3, 4)
    )
    assert one.scores[0].mean == other.scores[0].mean and one.choices == other.choices
    assert one.scores[1].mean != third.scores[1].mean
