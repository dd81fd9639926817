"""SALib's other methods: numbers that are known, and the traps."""

import warnings

import numpy as np
import pytest
from SALib.analyze import pawn
from SALib.sample import fast_sampler, finite_diff

from experiments.sensitivity import library
from scenarios.errors import InputError
from tests.test_sensitivity_sobol import ISHIGAMI_FIRST, ISHIGAMI_SD, ISHIGAMI_TOTAL, ishigami, noisy, values

NAMES = ["x_conf", "x2", "x3", "dummy"]  # SALib's delta refuses the first
PROBLEM = {"num_vars": 4, "names": NAMES, "bounds": [[0.0, 1.0]] * 4}
BOUNDS = [(0.0, 1.0)] * 4


def rows(method, n=400, seed=1):
    if method == "fast":
        return fast_sampler.sample(PROBLEM, 500, seed=seed)
    return (
        finite_diff.sample(PROBLEM, 400) if method == "dgsm" else np.random.default_rng(seed).random((n, 4))
    )


def found_by(method, x, y=None, names=NAMES, **options):
    y = ishigami(x)[:, None] if y is None else y
    return library(method, names, [(0.0, 1.0)] * len(names), x, y, **options)


def refusal(method, x, y, names=NAMES, **options):
    with pytest.raises(InputError) as caught:
        found_by(method, x, y, names, **options)
    assert len(caught.value.messages) == 1
    return caught.value.messages[0]


def test_fast():
    found = found_by("fast", rows("fast"))
    assert values(found.measures["first"])[:3] == pytest.approx(ISHIGAMI_FIRST, abs=0.02)
    assert values(found.measures["total"])[:3] == pytest.approx(ISHIGAMI_TOTAL, abs=0.03)
    assert np.isnan(found.measures["total"][0].low) and not found.noise_in_intervals


def test_rbd_fast():
    found = found_by("rbd_fast", rows("rbd_fast", 2000))
    assert values(found.measures["first"]) == pytest.approx((*ISHIGAMI_FIRST, 0.0), abs=0.04)


def test_pawn_and_delta_rank():
    for method in ("pawn", "delta"):
        found = found_by(method, rows(method, 200))
        share = dict(zip(NAMES, values(found.measures[found.leading]), strict=True))
        assert min(share["x_conf"], share["x2"]) > 1.5 * share["dummy"]
    x = rows("pawn", 300)
    theirs = pawn.analyze(PROBLEM, x, ishigami(x), S=10)["median"]
    assert values(found_by("pawn", x).measures["median"]) == pytest.approx(theirs, abs=0.02)


def test_hdmr_gives_totals_only_where_points_are_enough():
    few = found_by("hdmr", rows("hdmr", 300))
    assert list(few.measures) == ["first"] and few.pairs == {}
    many = found_by("hdmr", rows("hdmr", 1200))
    assert values(many.measures["first"])[[0, 2, 3]] == pytest.approx((0.31391, 0.0, 0.0), abs=0.04)
    assert many.pairs["x_conf", "x3"].value == pytest.approx(0.24368, abs=0.06)
    assert many.measures["total"][0].value == pytest.approx(0.55759, abs=0.08)


def test_dgsm_bounds_the_total_and_its_interval_has_its_unit():
    x = rows("dgsm")
    found = found_by("dgsm", x)
    assert (values(found.measures["dgsm"])[:3] >= ISHIGAMI_TOTAL).all() and found.measures["dgsm"][
        3
    ].value == 0.0
    # E (df/dx2)^2 = (7 pi)^2 * 2 on a unit scale; times 1 / (pi^2 V)
    assert found.measures["vi"][1].value == pytest.approx((14.0 * np.pi) ** 2 / 2.0, rel=0.1)
    assert found.measures["dgsm"][1].value == pytest.approx(98.0 / ISHIGAMI_SD**2, rel=0.1)
    for dgsm, vi in zip(found.measures["dgsm"][:3], found.measures["vi"][:3], strict=True):
        assert (dgsm.high - dgsm.low) / dgsm.value == pytest.approx((vi.high - vi.low) / vi.value)
    base = 0.98 * np.random.default_rng(3).random((400, 1, 4))
    even = np.concatenate([base, base + 0.02 * np.eye(4)], axis=1).reshape(-1, 4)
    loud = found_by("dgsm", even, noisy(ishigami(even), 0.1, 2, 2))
    assert loud.floor == pytest.approx(loud.measures["dgsm"][3].value, rel=0.2) and loud.floor > 0.1


@pytest.mark.parametrize("method", ["pawn", "delta", "rbd_fast", "hdmr", "fast", "dgsm"])
def test_nobody_s_state_changes_and_a_seed_is_a_seed(method):
    x = rows(method, 300 if method == "hdmr" else 120)
    state, form, filters = np.random.get_state()[1].copy(), warnings.formatwarning, list(warnings.filters)
    with warnings.catch_warnings(record=True) as printed:
        warnings.simplefilter("always")
        found = found_by(method, x, seed=0)
        again = found_by(method, x, seed=0)
    assert repr(found) == repr(again) and printed == []
    assert (np.random.get_state()[1] == state).all() and warnings.formatwarning is form
    assert list(warnings.filters) == filters
    if method in ("delta", "hdmr", "rbd_fast"):
        assert repr(found_by(method, x, seed=5)) != repr(found)
    assert np.isfinite(values(found.measures[found.leading])).all() and not found.corrected


def test_noise_is_told_though_not_taken_out():
    x = rows("rbd_fast", 1000)
    found = found_by("rbd_fast", x, noisy(ishigami(x), ISHIGAMI_SD, 2, 3))
    assert found.noise.value == pytest.approx(0.5, abs=0.05) and not found.noise_in_intervals
    assert found.measures["first"][1].value == pytest.approx(0.44241 / 1.5, abs=0.07)


def test_ties_are_no_order():
    """Two levels that nothing depends on, in rows sorted by the outcome."""
    x = rows("rbd_fast", 400)
    x = x[np.argsort(ishigami(x))]
    x[:, 3] = np.random.default_rng(4).integers(0, 2, 400)
    assert found_by("rbd_fast", x).measures["first"][3].value == pytest.approx(0.0, abs=0.1)
    assert found_by("pawn", x).measures["median"][3].value < 0.2


def test_refusals():
    x = rows("pawn", 400)
    y = ishigami(x)[:, None]
    assert 'did you mean "pawn"' in refusal("pwan", x, y)
    for method in ("pawn", "delta", "rbd_fast", "hdmr"):
        assert "in every run" in refusal(method, x, np.ones_like(y))
        assert "give no number" in refusal(method, x, np.where(y == y.max(), np.nan, y))
        assert "at least" in refusal(method, x[:90], y[:90])
        assert "in every point" in refusal(method, np.where([False, False, True, True], 0.5, x), y)
    assert "at least 300" in refusal("hdmr", x[:299], y[:299])
    assert "at least two" in refusal("hdmr", x[:, :1], y, ["x"])
    assert "design of fast expected" in refusal("fast", x, y)
    curves = rows("fast")
    assert "260 in all" in refusal("fast", curves[:259], ishigami(curves[:259])[:, None])
    steps = rows("dgsm")
    assert "at least 16 blocks of 5" in refusal("dgsm", steps[:1999], ishigami(steps[:1999])[:, None])
    assert "design of dgsm expected" in refusal("dgsm", np.random.default_rng(0).random((400, 4)), y)
    still = steps.copy()
    still[6] = still[5]
    assert "x_conf does not move in block 2" in refusal("dgsm", still, ishigami(still)[:, None])
