"""History cases: one behaviour in all of them, plans read back, nothing set by what is kept for validation."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from scenarios import Entry, Scenario, load
from scenarios.assemble import inputs
from scenarios.facts import fact, facts
from scenarios.scenario import ABSENT, month_of
from simulation.outcomes import INDICATORS
from simulation.run import run

BASES = {"wuyi": "lishui", "taishun": "lishui", "gansu-2001": "gansu", "southern-shaanxi": "gansu"}
SMALL = {"wuyi": 6000, "taishun": 12000, "gansu-2001": 130000, "southern-shaanxi": 120000}
# What is of the place and the time; all other uncertainties are behaviour.
LOCAL = {
    "home_price_yuan_per_m2", "house_price_growth", "income_growth", "project_income_yuan_per_year", "pool_persons",
    "earlier_movers_share",
}  # fmt: skip
# When each published count was made, and whether it may set parameters.
COUNTED = {
    "wuyi": [("2008-12", "Wuyi", "1993-2008", "calibrate")],
    "taishun": [
        ("2018-10", "Taishun", "2003-2018-10", "calibrate"),
        ("2022-03", "Taishun", "to 2022-03", "calibrate"),
    ],
    "gansu-2001": [("2012-12", "Gansu", "2001-2012", "calibrate")],
    "southern-shaanxi": [("2015-12", "Southern Shaanxi", "2011-2015", "validate")],
}


@pytest.fixture(scope="module", params=BASES)
def case(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def plan(case: str) -> Scenario:
    return load(f"history/{case}")


def numbers(scenario: Scenario) -> list[Entry]:
    rows = [*scenario.counties, *scenario.sites]
    found = [*scenario.entries(), *(entry for row in rows for entry in row.values.values())]
    return [*found, *scenario.site_classes.values()]


def small(name: str) -> Scenario:
    return load(f"history/{name}", sets={"pool_persons": f"{SMALL[name.partition('/')[0]]} persons"})


def moved(scenario: Scenario) -> np.ndarray:
    """Persons with keys, cumulative, month by month."""
    outcomes = run(inputs(scenario), seed=1).outcomes
    return outcomes.county[:, :, INDICATORS.index("persons_keys")].sum(axis=1)


def test_behaviour_is_that_of_the_region_of_today(case: str, plan: Scenario) -> None:
    today = load(BASES[case])
    behaviour = [e.name for e in today.values.values() if e.kind == "uncertainty" and e.family != "urban"]
    assert len(set(behaviour) - LOCAL) > 35
    for name in set(behaviour) - LOCAL:
        then, now = plan.values[name], today.values[name]
        assert (then.value, then.range, then.scale) == (now.value, now.range, now.scale), name


def test_every_number_has_unit_and_source_and_every_assumption_a_reason(plan: Scenario) -> None:
    for entry in numbers(plan):
        assert entry.unit and entry.source, entry.name
        assert entry.source != "assumption" or entry.note, f"{entry.name} at {entry.where} gives no reason"
    for shares in plan.shares.values():
        assert shares.source and (shares.note or shares.source == ABSENT), shares.name
    assert all(target.source and target.note for target in plan.targets)
    assert plan.header["not_modelled"]


def test_nothing_is_set_by_what_is_kept_for_validation(plan: Scenario) -> None:
    kept = [one for one in facts() if one.use == "validate" and one.value >= 1000]
    assert "Southern Shaanxi" in {one.region for one in kept}
    of_targets = [(target.id, target.value, target.note) for target in plan.targets]
    for name, value, note in [*((e.name, e.value, e.note) for e in numbers(plan)), *of_targets]:
        for one in kept:
            steps = [step for _, step in value] if isinstance(value, tuple) else [value]
            assert one.value not in steps, name
            assert not re.search(rf"(?<![\d.,]){one.value:,.0f}(?![\d,.]*\d)", note), name


def test_counts_were_made_while_the_programme_runs(case: str, plan: Scenario) -> None:
    for date, region, period, use in COUNTED[case]:
        quantity = next(q for q in ("persons moved cumulative", "persons moved") if _known(region, period, q))
        assert fact(region, period, quantity).use == use
        assert 0 <= month_of(date, plan.start) < plan.window


def _known(region: str, period: str, quantity: str) -> bool:
    return any((one.region, one.period, one.quantity) == (region, period, quantity) for one in facts())


def test_nothing_is_offered_without_a_programme(case: str) -> None:
    zero = load(f"history/{case}/zero")
    offers = ("subsidy", "budget", "homes_", "market_", "open_to")
    given = [e for e in zero.values.values() if e.kind == "lever" and e.name.startswith(offers)]
    assert len(given) > 12
    assert all(e.at(0) == 0 and not isinstance(e.value, tuple) for e in given)
    assert moved(small(f"{case}/zero"))[-1] == 0


def test_some_move_and_never_more_than_there_are(case: str, plan: Scenario) -> None:
    persons = moved(small(case))
    assert len(persons) == plan.months
    assert 0 < persons[-1] < SMALL[case] * 1.02
    assert (np.diff(persons) >= 0).all() and persons[0] == 0
    assert persons[-1] > persons[plan.months // 2] > 0


def test_incomes_of_jinhua_grow_as_published() -> None:
    policy = inputs(small("wuyi")).policy
    index = policy["income_index"][-1, 0] * (1 + 0.185) ** (1 / 12)  # the end of the last month
    first, last = (fact("Jinhua", year, "rural net income").value for year in ("1993", "2008"))
    assert index == pytest.approx(last / first, rel=0.005)


def test_public_money_of_wuyi_is_what_was_published() -> None:
    money = load("history/wuyi").values
    for who, of, period in (("county", "county", "1994-2007"), ("province", "provincial", "2000-2007")):
        lever = money[f"budget_{who}_yuan_per_year"]
        years = sum(lever.at(12 * year) for year in range(14))  # 1994-2007
        published = fact("Wuyi", period, f"{of} money for coming down (over)").value
        assert years == pytest.approx(published, rel=0.005)


def test_platforms_of_taishun_have_the_homes_of_their_plan() -> None:
    plan = load("history/taishun")
    planned = fact("Taishun", "2017-2020", "planned persons (三个1.5万)").value / 3.68
    ready = inputs(plan).institutions.ready
    platform = [n for n, site in enumerate(plan.sites) if site.mode == "platform"]
    assert ready[:186, platform].sum() == 0  # to June 2018
    assert ready[-1, platform].sum() == pytest.approx(planned, rel=0.01)


def test_southern_shaanxi_is_as_large_as_its_plans() -> None:
    plan = load("history/southern-shaanxi")
    homes = sum(site.values["homes_per_year"].at(0) for site in plan.sites)
    first = fact("Southern Shaanxi", "2011-2015", "planned households 5 years").value
    second = fact("Southern Shaanxi", "2016-2020", "planned households 5 years").value
    assert homes * 56 / 12 == pytest.approx(first, rel=0.005)
    value = {name: entry.at(0) for name, entry in plan.values.items()}
    subsidy = fact("Southern Shaanxi", "2011-2020", "subsidy a household").value
    assert value["subsidy_yuan_per_household"] == subsidy
    needy = fact("Southern Shaanxi", "2011-2020", "subsidy extra for the needy").value
    assert 4 * value["subsidy_poor_extra_yuan_per_person"] == needy
    for_one = value["subsidy_yuan_per_household"] + 0.46 * needy
    money = plan.values["budget_province_yuan_per_year"]
    assert money.at(0) * 56 / 12 == pytest.approx(for_one * first, rel=0.01)
    assert money.at(60) * 5 == pytest.approx(for_one * second, rel=0.01)
    shares = [county.values["pool_share"].at(0) for county in plan.counties]
    cities = [county.en for county in plan.counties]
    persons = [fact(city, "2011-2020", "planned persons 10 years").value for city in cities]
    assert shares == pytest.approx([p / sum(persons) for p in persons], abs=0.006)
    assert {target.id: target.value for target in plan.targets} == {"first_plan": 1.4e6, "moved": 2.4e6}


def test_money_of_gansu_is_what_was_published() -> None:
    plan = load("history/gansu-2001")
    money = plan.values["budget_central_yuan_per_year"]
    by_year = [money.at(12 * year) for year in range(15)]
    for years, whose in ((3, "state"), (5, "state and provincial"), (10, "state and provincial")):
        published = fact("Gansu", f"2001-{2000 + years}", f"{whose} money for relocation").value
        assert sum(by_year[:years]) == pytest.approx(0.6 * published, rel=0.01)  # three fifths for houses
    subsidy = plan.values["subsidy_yuan_per_person"]
    planned = fact("Gansu", "2013-2017", "planned persons").value
    assert by_year[12] * 5 == pytest.approx(planned * subsidy.at(144), rel=0.01)
    homes = sum(site.values["homes_per_year"].at(0) for site in plan.sites)
    assert homes * 5 == pytest.approx(fact("Gansu", "2013-2017", "planned households").value, rel=0.01)


@pytest.mark.parametrize("case", ["wuyi", "taishun", "gansu-2001"])
def test_prices_of_homes_follow_the_calendar(case: str) -> None:
    for mode in load(f"history/{case}").modes:
        steps = mode.values["price_ratio"].value
        if mode.id != "in_place":
            assert isinstance(steps, tuple) and steps[0][0] <= 0
            assert all(b[1] > a[1] for a, b in itertools.pairwise(steps))
