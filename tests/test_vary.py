import logging
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scenarios
from experiments import vary
from experiments.vary import factors, levers, resolve_name
from scenarios.errors import InputError
from simulation.policy import PARAMETERS


@cache
def region(name="lishui"):
    return scenarios.load(name)


def one(text, name="lishui"):
    (factor,) = factors(region(name), [text])
    return factor


def said(*texts, name="lishui", **options):
    with pytest.raises(InputError) as error:
        factors(region(name), texts, **options)
    return "\n".join(error.value.messages)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("subsidy_yuan_per_person", "subsidy_yuan_per_person"),
        ("b_y", "b_income"),
        ("N", "pool_persons"),
        ("subsidy", "subsidy_yuan_per_person"),
        ("loan_rate", "loan_rate_factor"),
        ("loan_limit", "loan_limit_yuan"),
        ("home_lag", "home_lag_months"),
        ("lag", "home_lag_months"),
        ("budget_province", "budget_province_yuan_per_year"),
        ("public_posts", "public_posts"),
        ("push", "push_log_odds"),
        ("home_price", "home_price_yuan_per_m2"),
        ("find_rate", "find_rate_per_month"),
        ("township.price_ratio", "township.price_ratio"),
        ("township.area_max", "township.area_max_m2"),
        ("population.absent_share", "population.absent_share"),
        ("absent_share", "population.absent_share"),
        ("absent", "population.absent_share"),
    ],
)
def test_a_number_is_meant_by_name_symbol_or_short_name(text, name):
    assert resolve_name(region(), text).name == name


def test_every_name_and_symbol_means_itself():
    scenario = region("gansu")
    for entry in scenario.entries():
        assert resolve_name(scenario, entry.name) is entry
    for name, parameter in PARAMETERS.items():
        if parameter.symbol:
            assert resolve_name(scenario, parameter.symbol).name == name
    assert (
        resolve_name(scenario, "gannan.subsidy_poor_extra").name
        == "gannan.subsidy_poor_extra_yuan_per_person"
    )


def test_among_several_of_one_short_name_the_one_with_a_range_is_meant():
    # in Yueyang subsidies by person and by household both have a range
    with pytest.raises(InputError, match="one of subsidy_yuan_per_person, subsidy_yuan_per_household"):
        resolve_name(region("yueyang"), "subsidy")
    with pytest.raises(InputError, match="one of county_town.price_ratio, township.price_ratio"):
        resolve_name(region(), "price_ratio")


@pytest.mark.parametrize(
    ("text", "near"),
    [("subsidi", "subsidy"), ("b_incom", "b_income"), ("publc_posts", "public_posts"), ("lamda0", "lambda0")],
)
def test_the_nearest_of_all_names_is_offered(text, near):
    assert f'unknown name (did you mean "{near}"?)' in said(f"{text}=1..2")


def test_a_name_alone_has_the_range_of_the_scenario():
    factor = one("pool_persons")
    assert (factor.low, factor.high, factor.scale, factor.levels) == (40_000.0, 200_000.0, "log", None)
    assert (factor.unit, factor.kind, factor.central) == ("persons", "uncertainty", 90_000.0)
    assert factor.label_en == "persons still in the eligible pool" and factor.label_zh == "剩余可搬迁人口"
    assert one("subsidy").kind == "lever"
    assert "has no range in lishui; give one: 'job_before_move=0,1'" in said("job_before_move")
    assert "give one: 'kin_transfer=LOW..HIGH yuan/household'" in said("kin_transfer")


@pytest.mark.parametrize(
    ("text", "low", "high", "levels"),
    [
        ("subsidy=5000..35000", 5000, 35000, None),
        ("subsidy = 0.5 .. 3.5 wan_yuan/person", 5000, 35000, None),
        ("subsidy=5e3..3.5e4", 5000, 35000, None),
        ("subsidy=5000..35000:4", 5000, 35000, (5000, 15000, 25000, 35000)),
        ("subsidy=3, 1,2 wan_yuan/person", 10000, 30000, (10000, 20000, 30000)),
        ("income_growth=-1..9%/year", -0.01, 0.09, None),
        ("find_rate=0.1..0.3 1/month", 0.1, 0.3, None),
        ("b_cash=0.5..2:3", 0.5, 2, (0.5, 1.0, 2.0)),  # on its log scale
        ("b_cash=0,1", 0, 1, (0, 1)),
        ("priority_poor=1..4", 1, 4, (1, 2, 3, 4)),
        ("job_before_move=0..1", 0, 1, (0, 1)),
        ("home_lag=0.5..2 years", 6, 24, None),
    ],
)
def test_ranges_and_levels_of_ones_own(text, low, high, levels):
    factor = one(text)
    assert (factor.low, factor.high) == (low, high)
    assert factor.levels == (levels if levels is None else pytest.approx(levels, rel=1e-15))


def test_levels_on_a_log_scale_that_reach_0_are_on_a_linear_one():
    assert one("b_cash=0,1").scale == "linear" and one("b_cash=0.5,1").scale == "log"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subsidy=5..5", "empty or runs backwards"),
        ("subsidy=9..2", "empty or runs backwards"),
        ("subsidy=-1..2", "-1 yuan/person is not possible; expected at least 0 yuan/person"),
        ("loan_rate=0.5..4", "4 ratio is not possible; expected 0 to 3 ratio"),
        ("population.absent=0.5,1.5", "1.5 share is not possible; expected 0 to 1 share"),
        ("subsidy=1e999..2", "not possible"),
        ("subsidy=5", "one value does not vary"),
        ("subsidy=5,5", "holds a value twice"),
        ("subsidy=5..6:1", "2 to 1000"),
        ("subsidy=", '"" is no range'),
        ("subsidy=a..b", '"a..b" is no range'),
        ("own_move=1%..3%", "a unit, if any, once and at the end"),
        ("subsidy=1..2 mu", "wrong dimension"),
        ("subsidy=1..2 wan_yuan/persom", "is not known"),
        ("b_cash=0..2", "log scale, which cannot begin at 0"),
        ("priority_poor=1..2.5", "holds fractions"),
        ("priority_poor=1..4:3", "holds fractions"),
        ("job_before_move=0,0.5", "holds fractions"),
        ("b_k=0..2", "a group has no range of its own"),
        ("family:hous", 'did you mean "housing"'),
        ("x*", "matches no name"),
        ("open_*", "nothing in it has a range"),
        ("", "unknown name"),
        ("=1..2", "unknown name"),
    ],
)
def test_what_cannot_vary_is_refused_with_a_reason(text, message):
    told = said(text)
    assert told.startswith("--vary: ") and message in told and "\n" not in told


def test_everything_wrong_is_told_at_once():
    told = said("subsidi", "loan_rate=0..9", "b_y=1..2", "b_income=2..3", where="--over").splitlines()
    assert len(told) == 3 and all(line.startswith("--over: ") for line in told)
    assert "b_income is named twice" in told[2]


def test_groups_hold_what_has_a_range():
    scenario = region()
    assert [f.name for f in factors(scenario, ["uncertainties"])] == [
        e.name for e in scenario.uncertainties()
    ]
    assert [f.name for f in factors(scenario, ["levers"])] == [e.name for e in scenario.levers()]
    assert [f.name for f in factors(scenario, ["b_k"])] == ["b_income", "b_cash", "b_peers"]
    assert factors(scenario, ["b_*"]) == factors(scenario, ["b_k"])
    budgets = [f"budget_{payer}_yuan_per_year" for payer in ("province", "city", "county")]
    assert [f.name for f in factors(scenario, ["budget_*"])] == budgets
    housing = factors(scenario, ["family:housing"])
    assert housing and {(scenario.values[f.name].family, f.kind) for f in housing} == {("housing", "lever")}
    assert "b_income is named twice" in said("b_k", "b_y=1..2")


def test_a_constant_with_a_range_is_an_uncertainty():
    scenario = region("jiaojiang")
    constants = [entry.name for entry in scenario.uncertainties() if entry.kind == "constant"]
    assert constants and {one(name, "jiaojiang").kind for name in constants} == {"uncertainty"}


def test_what_the_users_households_settle_does_not_vary():
    scenario = region()
    fixed = vary.fixed_by_households(scenario)
    assert "is known here" in said("pool_persons", fixed=fixed)
    assert "is known here" in said("absent=0.2..0.5", fixed=fixed)
    names = {factor.name for factor in factors(scenario, ["uncertainties"], fixed=fixed)}
    assert names == {e.name for e in scenario.uncertainties()} - {"pool_persons", "earlier_movers_share"}


def test_a_number_that_changes_over_time_may_vary_with_a_warning(caplog):
    with caplog.at_level(logging.WARNING, "experiments.vary"):
        assert one("benchmark_rate=3..5 %/year").central is None
    assert caplog.messages == [
        "warning: --vary: benchmark_rate changes over time in lishui; while it varies it has one value for all months"
    ]


def test_levers_are_what_somebody_can_choose():
    found = levers(region(), "subsidy, loan_rate=0.5..1,public_posts=0..4000:5")
    assert [(f.name, f.low, f.high) for f in found] == [
        ("subsidy_yuan_per_person", 5000, 35000), ("loan_rate_factor", 0.5, 1), ("public_posts", 0, 4000),
    ]  # fmt: skip
    for text, message in (
        ("subsidy,b_y", "b_income: is an uncertainty: nobody can choose it"),
        ("benchmark_rate=0.01..0.02", "benchmark_rate: is a constant, not a lever"),
        ("subsidy=1,2", "a list of values cannot stand here"),
        ("subsidy,publc_posts", 'did you mean "public_posts"'),
        ("subsidy,,loan_rate", "unknown name"),
        ("", "unknown name"),
    ):
        with pytest.raises(InputError, match=r"--levers: .*" + message):
            levers(region(), text)


def test_known_names_of_other_things_are_offered_in_the_same_way():
    assert vary.known_name("persons", ["persons", "homes"], where="--outcome") == "persons"
    with pytest.raises(InputError) as error:
        vary.known_name("person", ["persons", "homes"], where="--outcome")
    wanted = '--outcome: person: unknown name (did you mean "persons"?); expected one of persons, homes'
    assert error.value.messages == [wanted]


def test_factors_are_kept_and_restored():
    scenario = region()
    made = factors(
        scenario, ["subsidy=1000,2000", "b_cash", "benchmark_rate=0.03..0.05", "priority_poor=1..4"]
    )
    assert vary.restored(scenario, [factor.as_dict() for factor in made]) == made
    with pytest.raises(InputError, match="unknown name"):
        vary.restored(scenario, [made[0].as_dict() | {"name": "gone"}])


SPANS = (
    st.tuples(st.floats(1e-6, 1e9), st.floats(1e-6, 1e9)).map(sorted).filter(lambda s: s[0] * 1.001 < s[1])
)


@settings(deadline=None)
@given(span=SPANS, scale=st.sampled_from(["linear", "log"]), n=st.integers(2, 30))
def test_places_keep_to_the_range_and_rise(span, scale, n):
    low, high = span
    factor = vary.Factor("x", low, high, scale, "ratio", "lever", None, "x", "x")
    values = factor.at(np.linspace(0.0, 1.0, n))
    assert values[0] == low and values[-1] == high and (np.diff(values) >= 0).all()
    assert values.min() >= low and values.max() <= high
    assert factor.evenly(n) == pytest.approx(values, rel=1e-12)
    assert factor.place(values) == pytest.approx(np.linspace(0.0, 1.0, n), abs=1e-9)
    steps = np.diff(np.log(values) if scale == "log" else values)
    assert steps == pytest.approx(steps.mean(), rel=1e-6)


@given(
    levels=st.lists(st.integers(-50, 50), min_size=2, max_size=9, unique=True).map(sorted),
    n=st.integers(1, 40),
)
def test_levels_have_equal_shares_of_the_places(levels, n):
    factor = vary.Factor("x", levels[0], levels[-1], "linear", "ratio", "lever", tuple(levels), "x", "x")
    middles = (np.arange(n * len(levels)) + 0.5) / (n * len(levels))
    assert factor.at(middles).tolist() == np.repeat(levels, n).tolist()
    assert factor.at(np.array([0.0, 1.0])).tolist() == [levels[0], levels[-1]]
