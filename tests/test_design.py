import hashlib
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fakes import UNCERTAINTIES, but, fake_scenario
from hypothesis import given, settings
from hypothesis import strategies as st

import scenarios
from experiments import design
from experiments.design_table import from_table
from experiments.vary import Factor, factors, fixed_by_households
from scenarios.errors import InputError


def test_one_point_is_the_central_values():
    table = design.points(fake_scenario(), 1, 7)
    assert table.names == () and table.values.shape == (1, 0)


def test_every_slice_of_every_range_is_used_once():
    n = 20
    table = design.points(fake_scenario(), n, 7)
    assert table.names == tuple(UNCERTAINTIES) and table.values.shape == (n, len(UNCERTAINTIES))
    for column, (low, high, _, _, scale, _) in zip(table.values.T, UNCERTAINTIES.values(), strict=True):
        place = np.log(column / low) / np.log(high / low) if scale == "log" else (column - low) / (high - low)
        assert sorted(np.floor(place * n)) == list(range(n))


def test_a_seed_gives_one_design():
    a, b, c = (design.points(fake_scenario(), 8, seed).values for seed in (1, 1, 2))
    assert (a == b).all() and (a != c).all()


def test_known_values_are_left_out():
    table = design.points(fake_scenario(), 4, 1, without=("pool_persons",))
    assert "pool_persons" not in table.names and table.values.shape == (4, len(UNCERTAINTIES) - 1)


def test_bad_requests_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        design.points(fake_scenario(), 0, 1)
    certain = but(fake_scenario(), uncertainties=lambda: [])
    with pytest.raises(ValueError, match="no value has a range"):
        design.points(certain, 5, 1)


# Every kind of design


def factor(name="x", low=0.0, high=1.0, scale="linear", levels=None, unit="ratio", central=None) -> Factor:
    if levels:
        low, high = float(min(levels)), float(max(levels))
    middle = (low + high) / 2 if central is None else central
    return Factor(name, low, high, scale, unit, "lever", levels, name, name, middle)


def some(d=3) -> tuple[Factor, ...]:
    """Factors with a linear scale, a log scale and levels, in turn."""
    kinds = (
        dict(low=-2.0, high=5.0),
        dict(low=0.01, high=100.0, scale="log"),
        dict(levels=(0.0, 1.0, 4.0, 9.0)),
    )
    return tuple(factor(f"x{k}", **kinds[k % 3]) for k in range(d))


def place(column, factor):
    """Where in 0..1 values lie; NumPy's own log, as the code under test has another."""
    if factor.scale == "log":
        return np.log(column / factor.low) / np.log(factor.high / factor.low)
    return (column - factor.low) / (factor.high - factor.low)


def used(table, n):
    """How often each of n strata of each factor without levels is used."""
    return [
        np.bincount(np.floor(place(column, factor) * n - 1e-9 * n).astype(int).clip(0, n - 1), minlength=n)
        for factor, column in zip(table.factors, table.values.T, strict=True)
        if factor.levels is None
    ]


RANDOM = ("lhs", "sobol", "saltelli", "morris")


@pytest.mark.parametrize("kind", RANDOM)
@pytest.mark.parametrize("seed", [0, 1])
def test_samplers_keep_to_bounds_and_levels_and_repeat_for_a_seed(kind, seed):
    factors = some(6)
    table = design.make(kind, factors, points=16, seed=seed)
    assert table.names == tuple(f.name for f in factors) and table.kind == kind and table.factors == factors
    assert table.base == 16 and np.isfinite(table.values).all()
    for f, column in zip(factors, table.values.T, strict=True):
        assert f.low <= column.min() and column.max() <= f.high and len(set(column)) > 1
        assert f.levels is None or set(column) <= set(f.levels)
    assert np.array_equal(table.values, design.make(kind, factors, points=16, seed=seed).values)
    assert not np.array_equal(table.values, design.make(kind, factors, points=16, seed=seed + 1).values)


CODE = """
import hashlib, sys
sys.path[:0] = sys.argv[1:]
from test_design import RANDOM, some
from experiments import design
made = [design.make(kind, some(5), points=8, seed=3) for kind in RANDOM]
made += [design.extend(table, points=32, seed=3) for table in made]
made += [design.make(kind, some(2), points=100, seed=3) for kind in ("fast", "dgsm")]
print(hashlib.sha256(b"".join(table.values.tobytes() for table in made)).hexdigest())
"""


def test_another_process_on_another_processor_draws_the_same_bits():
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    present = [feature for feature in __cpu_dispatch__ if __cpu_features__[feature]]
    tests = Path(__file__).parent
    answers = [
        subprocess.run(
            [sys.executable, "-c", CODE, str(tests), str(tests.parent)],
            env=os.environ | {"NPY_DISABLE_CPU_FEATURES": off, "PYTHONHASHSEED": str(len(off))},
            capture_output=True, text=True, check=True,
        ).stdout
        for off in ("", " ".join(present))
    ]  # fmt: skip
    made = [design.make(kind, some(5), points=8, seed=3) for kind in RANDOM]
    made += [design.extend(table, points=32, seed=3) for table in made]
    made += [design.make(kind, some(2), points=100, seed=3) for kind in ("fast", "dgsm")]
    here = hashlib.sha256(b"".join(table.values.tobytes() for table in made)).hexdigest()
    assert [answer.strip() for answer in answers] == [here, here]


@pytest.mark.parametrize("kind", RANDOM)
@pytest.mark.parametrize("seed", [0, 7])
def test_numpys_global_generator_is_left_alone(kind, seed):
    before = np.random.get_state(legacy=False)
    design.extend(design.make(kind, some(), points=8, seed=seed), points=16, seed=seed)
    after = np.random.get_state(legacy=False)
    assert np.array_equal(before["state"]["key"], after["state"]["key"])
    assert before["state"]["pos"] == after["state"]["pos"]


def test_a_hypercube_is_that_of_a_study():
    scenario = scenarios.load("lishui")
    table = design.make("lhs", factors(scenario, ["uncertainties"]), points=30, seed=4)
    assert np.array_equal(table.values, design.points(scenario, 30, 4).values)


@settings(deadline=None, max_examples=40)
@given(
    n=st.integers(2, 40),
    times=st.lists(st.integers(2, 4), max_size=2),
    seed=st.integers(0, 2**32),
    d=st.integers(1, 5),
)
def test_every_stratum_is_used_once_before_and_after_extension(n, times, seed, d):
    table = design.make("lhs", some(d), points=n, seed=seed)
    for more in (1, *times):
        before = table
        n *= more
        table = design.extend(table, points=n, seed=seed)
        assert np.array_equal(table.values[: len(before.values)], before.values) and len(table.values) == n
        assert all((count == 1).all() for count in used(table, n))
        for f, column in zip(table.factors, table.values.T, strict=True):
            if f.levels:
                counts = [(column == level).sum() for level in f.levels]
                assert max(counts) - min(counts) <= 1


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 40), more=st.integers(1, 40), seed=st.integers(0, 2**32))
def test_a_hypercube_takes_any_number_of_points_more(n, more, seed):
    table = design.make("lhs", some(2), points=n, seed=seed)
    longer = design.extend(table, points=n + more, seed=seed)
    assert np.array_equal(longer.values[:n], table.values)
    for k, count in enumerate(used(longer, n + more)):
        old = used(design.Design(("x",), table.values[:, [k]], factors=(table.factors[k],)), n + more)[0]
        assert (count - old).max() <= 1 and not (count[old > 0] > old[old > 0]).any()  # only what was empty


def test_an_uneven_extension_is_said(caplog):
    table = design.make("lhs", some(), points=10)
    with caplog.at_level(logging.WARNING, "experiments.design"):
        design.extend(table, points=20)
        assert not caplog.messages
        design.extend(table, points=25)
    assert "a multiple of 10" in caplog.text


@settings(deadline=None, max_examples=25)
@given(
    kind=st.sampled_from(["sobol", "saltelli", "morris"]), n=st.sampled_from([2, 4, 8]), times=st.sampled_from([1, 2, 4]),
    d=st.integers(2, 5), seed=st.integers(0, 2**32), second=st.booleans(),
)  # fmt: skip
def test_a_longer_sequence_begins_with_the_shorter_one(kind, n, times, d, seed, second):
    table = design.make(kind, some(d), points=n, seed=seed, second_order=second)
    longer = design.extend(table, points=n * times, seed=seed)
    assert longer.base == n * times and longer.options == table.options
    assert np.array_equal(longer.values[: len(table.values)], table.values)


def test_another_seed_cannot_extend_a_sequence():
    table = design.make("sobol", some(), points=8, seed=3)
    with pytest.raises(InputError, match="first 8 points would not be those of the design"):
        design.extend(table, points=16, seed=4)
    with pytest.raises(InputError, match="has 8 already"):
        design.extend(table, points=4, seed=3)
    assert design.extend(table, seed=4) is table


def test_a_sobol_sequence_is_balanced_at_powers_of_2(caplog):
    table = design.make("sobol", (factor("a"), factor("b", 0.1, 10.0, "log")), points=64, seed=5)
    assert all((count == 1).all() for count in used(table, 64))
    with caplog.at_level(logging.WARNING, "experiments.design"):
        odd = design.make("sobol", table.factors, points=50, seed=5)
    assert "such as 32 or 64" in caplog.text
    assert np.array_equal(odd.values, table.values[:50])


def ishigami(x):
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


@pytest.mark.parametrize("second_order", [False, True])
def test_saltelli_is_laid_out_as_salib_reads_it(second_order):
    from SALib.analyze import sobol

    three = tuple(factor(name, -np.pi, np.pi) for name in "abc")
    table = design.make("saltelli", three, points=2048, seed=1, second_order=second_order)
    assert len(table.values) == 2048 * (8 if second_order else 5) and table.options == {
        "second_order": second_order
    }
    found = sobol.analyze(table.problem(), ishigami(table.values), calc_second_order=second_order, seed=1)
    # Ishigami & Homma (1990), a = 7, b = 0.1
    assert found["S1"] == pytest.approx([0.31391, 0.44241, 0.0], abs=0.02)
    assert found["ST"] == pytest.approx([0.55759, 0.44241, 0.24368], abs=0.02)
    if second_order:
        assert found["S2"][0, 2] == pytest.approx(0.24368, abs=0.03)


@pytest.mark.parametrize("levels", [2, 4, 8])
def test_morris_finds_the_slopes_of_a_plane(levels):
    from SALib.analyze import morris

    four = (
        *some(2), factor("x2", levels=tuple(float(k * k) for k in range(levels))), factor("x3", 3.0, 3.5),
    )  # fmt: skip
    table = design.make("morris", four, points=100, seed=2, levels=levels)
    unit = np.stack([place(c, f) for c, f in zip(table.values.T, four, strict=True)], axis=1)
    unit[:, 2] = np.sqrt(table.values[:, 2]) / (levels - 1)  # one step of the grid a level
    slopes = np.array([3.0, -5.0, 0.25, 0.0])
    found = morris.analyze(table.problem(), table.values, 7.0 + unit @ slopes, num_levels=levels, seed=1)
    assert np.array(found["mu"]) == pytest.approx(slopes, abs=1e-9)
    assert np.array(found["mu_star"]) == pytest.approx(abs(slopes), abs=1e-9)
    assert np.array(found["sigma"]) == pytest.approx(0.0, abs=1e-9)
    assert [len(set(column)) for column in table.values.T] == [levels] * 4  # exact steps, not almost the same


def test_groups_are_swapped_together():
    from SALib.analyze import sobol

    four = tuple(factor(name, -np.pi, np.pi) for name in ("a", "b", "c", "d"))
    groups = {"ac": ["a", "c"]}
    table = design.make("saltelli", four, points=1024, seed=1, groups=groups)
    assert table.options["groups"] == {"ac": ["a", "c"], "b": ["b"], "d": ["d"]}
    assert len(table.values) == 1024 * (3 + 2) and table.base == 1024
    blocks = table.values.reshape(1024, 5, 4)
    a, b = blocks[:, 0], blocks[:, -1]
    for k, members in enumerate(([0, 2], [1], [3]), 1):
        others = [j for j in range(4) if j not in members]
        assert (blocks[:, k][:, members] == b[:, members]).all() and (
            blocks[:, k][:, others] == a[:, others]
        ).all()
    found = sobol.analyze(table.problem(), ishigami(table.values), calc_second_order=False, seed=1)
    # Ishigami & Homma (1990): the first and third input together, .31391 + .24368 with their interaction
    assert found["S1"] == pytest.approx([0.55759, 0.44241, 0.0], abs=0.04)
    longer = design.extend(table, points=2048, seed=1)
    assert (
        np.array_equal(longer.values[: len(table.values)], table.values) and longer.options == table.options
    )
    second = design.make("saltelli", four, points=4, second_order=True, groups=groups)
    assert len(second.values) == 4 * (2 * 3 + 2) and second.base == 4


@pytest.mark.parametrize(
    ("kind", "groups", "message"),
    [
        ("lhs", {"g": ["x0"]}, "changes nothing in --design lhs"),
        ("saltelli", {"g": ["x9"]}, "x9: unknown name"),
        ("saltelli", {"g": ["x0"], "h": ["x0"]}, "x0 is in g already"),
        ("saltelli", {"x1": ["x0"]}, "is the name of an input that is not in it"),
    ],
)
def test_impossible_groups_are_refused(kind, groups, message):
    with pytest.raises(InputError, match=message):
        design.make(kind, some(3), groups=groups)


@pytest.mark.filterwarnings("ignore:FAST confidence intervals")
def test_curves_of_fast_are_as_salib_reads_them():
    from SALib.analyze import fast

    three = tuple(factor(name, -np.pi, np.pi) for name in "abc")
    table = design.make("fast", three, points=1025, seed=1)
    assert len(table.values) == 3 * 1025 and table.base == 1025
    found = fast.analyze(table.problem(), ishigami(table.values), seed=1)
    assert found["S1"] == pytest.approx([0.31391, 0.44241, 0.0], abs=0.03)
    assert found["ST"] == pytest.approx([0.55759, 0.44241, 0.24368], abs=0.1)
    with pytest.raises(InputError, match="the curves of fast with 1025 points are others"):
        design.extend(table, points=2049, seed=1)
    with pytest.raises(InputError, match="at least 129 points a curve for 3 inputs"):
        design.make("fast", three, points=128)


@pytest.mark.filterwarnings("ignore:FAST confidence intervals")
def test_no_two_inputs_move_together_on_a_curve_of_fast():
    from SALib.analyze import fast

    for d in (2, 5, 13):
        table = design.make("fast", tuple(factor(f"x{k}") for k in range(d)))
        n = design.fewest_on_a_curve(d)
        assert table.base == n and len(table.values) == d * n
        for curve in table.values.reshape(d, n, d):
            assert abs(np.corrcoef(curve.T) - np.eye(d)).max() < 0.12  # waves of frequency 1 and 3 have 1/9
    y = table.values[:, 1] - table.values[:, 2]  # two that would cancel
    found = fast.analyze(table.problem(), y, seed=1)
    assert [found["ST"][k] for k in (1, 2)] == pytest.approx([0.5, 0.5], abs=0.05)


def test_derivatives_are_steps_in_one_input_each():
    from SALib.analyze import dgsm

    two = (factor("a", -2.0, 5.0), factor("b", 0.01, 100.0, "log"))
    table = design.make("dgsm", two, points=64, seed=3)
    unit = table.units().reshape(64, 3, 2)
    steps = unit[:, 1:] - unit[:, :1]
    assert steps[:, [0, 1], [1, 0]] == pytest.approx(0.0, abs=1e-12)
    assert abs(steps[:, [0, 1], [0, 1]]) == pytest.approx(design.STEP, abs=1e-9)
    assert unit.min() >= 0.0 and unit.max() <= 1.0
    problem = {"num_vars": 2, "names": ["a", "b"], "bounds": [[0.0, 1.0]] * 2}
    flat = unit.reshape(-1, 2)
    found = dgsm.analyze(problem, flat, flat @ [3.0, -2.0], seed=1)
    assert found["vi"] == pytest.approx([9.0, 4.0], rel=1e-6)
    longer = design.extend(table, points=128, seed=3)
    assert longer.base == 128 and np.array_equal(longer.values[: len(table.values)], table.values)
    with pytest.raises(InputError, match="x2: has levels"):
        design.make("dgsm", some(3))


def test_places_in_the_range_are_those_the_values_were_made_from():
    three = some(3)
    unit = design.make("lhs", three, points=40, seed=2).units()
    assert (
        (unit >= 0.0).all()
        and (unit <= 1.0).all()
        and set(unit[:, 2]) == {0.0, 0.333333333333, 0.666666666667, 1.0}
    )
    assert sorted(np.floor(unit[:, 1] * 40)) == list(range(40))  # the log scale, evenly


def test_a_grid_holds_every_combination_once():
    table = design.make("grid", some(3), levels=3)
    assert len(table.values) == 3 * 3 * 4 == len(set(map(tuple, table.values)))
    assert set(table.values[:, 0]) == {-2.0, 1.5, 5.0} and set(table.values[:, 2]) == {0.0, 1.0, 4.0, 9.0}
    assert sorted(set(table.values[:, 1])) == pytest.approx([0.01, 1.0, 100.0])
    assert (np.diff(table.values[:4, 2]) > 0).all() and len(
        set(table.values[:4, 0])
    ) == 1  # the last changes first


def test_one_at_a_time_moves_one_from_the_centre():
    three = some(3)
    table = design.make("oat", three)
    middle = np.array([f.central for f in three])
    assert np.array_equal(table.values[0], middle)
    assert ((table.values[1:] != middle).sum(axis=1) == 1).all()
    assert len(table.values) == 1 + 2 + 2 + 4
    dated = Factor("d", 0.0, 1.0, "linear", "ratio", "lever", None, "d", "d", None)
    with pytest.raises(InputError, match="d: changes over time"):
        design.make("oat", (*three, dated))


def test_every_point_meets_every_future():
    policies = design.make("lhs", some(2), points=5, seed=1)
    futures = design.make("sobol", (factor("y"), factor("z")), points=4, seed=2)
    table = design.cross(policies, futures)
    assert table.names == ("x0", "x1", "y", "z") and table.base == 5
    assert table.factors == policies.factors + futures.factors
    cube = table.values.reshape(5, 4, 4)
    assert (cube[:, :, :2] == policies.values[:, None]).all() and (
        cube[:, :, 2:] == futures.values[None]
    ).all()
    mine, theirs = design.uncrossed(table)
    assert np.array_equal(mine.values, policies.values) and np.array_equal(theirs.values, futures.values)
    more = design.extend(table, points=10, seed=1)
    assert np.array_equal(more.values[:20], table.values) and len(more.values) == 40
    assert np.array_equal(
        more.values, design.cross(design.extend(policies, points=10, seed=1), futures).values
    )
    assert np.array_equal(design.cross(design.central(), futures).values, futures.values)
    with pytest.raises(InputError, match="x0: varies in the points and in the futures"):
        design.cross(policies, policies)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("lhz", {}, 'did you mean "lhs"'),
        ("replications", {}, "varies nothing"),
        ("grid", {"levels": 40, "many": 8}, "65536000000 points; at most 1000000"),
        ("grid", {"levels": 1}, "--levels 1: 2 to 1000"),
        ("lhs", {"points": 0}, "at least 1"),
        ("lhs", {"points": 2_000_000}, "2000000 points; at most"),
        (
            "saltelli",
            {"points": 100},
            "--points 100: Sobol' indices take a power of 2 of base points, such as 64 or 128",
        ),
        ("morris", {"levels": 5}, "an even number of levels"),
        ("morris", {"levels": 6}, "x2: has 4 levels where the grid of morris has 6"),
    ],
)
def test_impossible_designs_are_refused(kind, options, message):
    options = dict(options)
    with pytest.raises(InputError, match=message):
        design.make(kind, some(options.pop("many", 3)), **options)


def test_a_design_of_nothing_or_of_fractions_is_refused():
    with pytest.raises(InputError, match="nothing varies"):
        design.make("lhs", ())
    with pytest.raises(InputError, match="never a fraction"):
        design.make("lhs", [factor(unit="flag")])
    with pytest.raises(InputError, match="add replications"):
        design.extend(design.central())
    with pytest.raises(InputError, match="make it from factors"):
        design.extend(design.points(scenarios.load("lishui"), 4, 1), points=8)
    assert design.make("replications", ()).values.shape == (1, 0)


# A table of the user's own


def written(folder, text, name="points.csv"):
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_table_is_read_by_name_symbol_and_short_name(tmp_path):
    scenario = scenarios.load("lishui")
    path = written(tmp_path, "\ufeffpoint, subsidy ,b_y\r\n0,20000,1.5\r\n1, 3e4 ,2\r\n\r\n")
    table = from_table(path, scenario)
    assert table.names == ("subsidy_yuan_per_person", "b_income")
    assert table.values.tolist() == [[20000.0, 1.5], [30000.0, 2.0]]
    assert [(f.low, f.high, f.kind) for f in table.factors] == [
        (20000, 30000, "lever"),
        (1.5, 2, "uncertainty"),
    ]
    assert table.kind == "table" and table.base == 2
    with pytest.raises(InputError, match="add rows to the table"):
        design.extend(table, points=4)


def test_a_design_comes_back_from_parquet(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    scenario = scenarios.load("lishui")
    made = design.make("lhs", factors(scenario, ["b_k", "subsidy"]), points=9)
    columns = {"point": np.arange(9)} | dict(zip(made.names, made.values.T, strict=True))
    parquet.write_table(pa.table(columns), tmp_path / "design.parquet")
    back = from_table(tmp_path / "design.parquet", scenario)
    assert back.names == made.names and np.array_equal(back.values, made.values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "points.csv: table: is empty"),
        ("subsidy\n", "points.csv: points: none in the file"),
        ("point\n1\n", "none names a lever or an uncertainty"),
        ("subsidi\n1\n", 'points.csv:1: subsidi: unknown name (did you mean "subsidy"?)'),
        ("b_y,b_income\n1,2\n", "points.csv:1: b_income: b_income is there more than once"),
        ("b_y,\n1,2\n", "points.csv:1: column 2: has no name"),
        ("b_y,subsidy\n1,2\n1\n", "points.csv:3: row: 1 cells; expected 2"),
        ("b_y,subsidy\n1,\n", "points.csv:2: subsidy_yuan_per_person: is empty"),
        ("b_y\n1\nx\n", 'points.csv:3: b_income: "x" is not a number; expected a number, 0 to 10 utility'),
        ("b_y\nnan\n", 'points.csv:2: b_income: "nan" is not a number'),
        ("b_y\n\n11\n", "points.csv:3: b_income: 11 is not possible; expected 0 to 10 utility"),
        ("job_before_move\n0.5\n", "0.5 is a fraction"),
        (b"b_y\n1\n\xff\n", "points.csv:3: text: is not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_table_is_told_by_line(tmp_path, text, message):
    with pytest.raises(InputError) as error:
        from_table(written(tmp_path, text), scenarios.load("lishui"))
    assert message in error.value.messages[0]


def test_what_is_known_does_not_vary_in_a_table_either(tmp_path):
    scenario = scenarios.load("lishui")
    with pytest.raises(InputError, match="points.csv:1: N: is known here"):
        from_table(written(tmp_path, "N\n50000\n"), scenario, fixed=fixed_by_households(scenario))


def test_not_all_that_is_wrong_with_a_table_is_told(tmp_path):
    with pytest.raises(InputError) as error:
        from_table(written(tmp_path, "b_y\n" + "11\n" * 80), scenarios.load("lishui"))
    assert len(error.value.messages) == 51 and error.value.messages[-1] == "points.csv: 30 more"


def test_a_file_that_is_not_parquet_is_told(tmp_path):
    with pytest.raises(InputError, match="is not Parquet"):
        from_table(written(tmp_path, "b_y\n1\n", "points.parquet"), scenarios.load("lishui"))
    with pytest.raises(OSError):
        from_table(tmp_path / "none.csv", scenarios.load("lishui"))
