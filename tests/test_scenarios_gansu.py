"""Gansu's data: the numbers of the Opinions read back, households as planned, every number with a source."""

from __future__ import annotations

import re

import numpy as np
import pytest

from scenarios import Entry, Scenario, load, names
from scenarios.assemble import inputs
from scenarios.facts import facts
from scenarios.show import text
from simulation.policy import MODE_PARAMETERS, PARAMETERS

POLICIES = [name for name, _, _ in names() if name.partition("/")[0] == "gansu"]
SEVEN = ["in_village", "new_village", "town", "project_base", "tourism", "scattered", "kin"]
YI = 1e8

# Articles of the Opinions, numbered as in the document.
ARTICLES = {
    "一(一)", "一(二)1", "一(二)2", "一(二)3", "一(二)4", "一(三)", "二(一)", "二(二)",
    *(f"二(二){n}" for n in range(1, 8)), *(f"三(一){n}" for n in range(1, 5)), "三(二)", "三(三)", "三(四)",
    "四(一)", "四(二)", "四(三)", "四(四)", "五", "六(一)", "六(二)", "六(三)", "六(四)", "六(五)",
}  # fmt: skip
CITED = re.compile(
    r"gansu-opinions ((?:[一二三四五六](?:\([一二三四五]\)\d?)?)(?:, [一二三四五六]\([一二三四五]\)\d?)*)"
)


@pytest.fixture(scope="module", params=POLICIES)
def scenario(request) -> Scenario:
    return load(request.param)


@pytest.fixture(scope="module")
def plan() -> Scenario:
    return load("gansu")


@pytest.fixture(scope="module")
def people():
    return inputs(load("gansu")).population


def numbers(scenario: Scenario) -> list[Entry]:
    rows = [*scenario.counties, *scenario.sites]
    found = [*scenario.entries(), *(entry for row in rows for entry in row.values.values())]
    return [*found, *scenario.site_classes.values()]


def test_the_policies_are_all_there() -> None:
    assert set(POLICIES) == {
        "gansu", "gansu/status-quo", "gansu/zero", "gansu/grace-five", "gansu/accompanying-support",
        "gansu/jobs-first",
    }  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_is_shown_in_both_languages(plan: Scenario, lang: str) -> None:
    shown = text(plan, lang, width=200)
    assert ("Gannan" if lang == "en" else "甘南藏族自治州") in shown


def test_scenarios_are_complete(scenario: Scenario) -> None:
    assert scenario.values.keys() == PARAMETERS.keys()
    assert all(mode.values.keys() == MODE_PARAMETERS.keys() for mode in scenario.modes)
    assert [mode.id for mode in scenario.modes] == [*SEVEN, "in_place"]
    assert [mode.values["kind"].at(0) for mode in scenario.modes] == list(range(1, 9))
    assert scenario.start == "2016-01" and scenario.window == 60 and scenario.months == 96
    assert len(scenario.counties) == 15 and "tianzhu" in [county.id for county in scenario.counties]


def test_every_number_has_unit_and_source_and_every_assumption_a_reason(scenario: Scenario) -> None:
    for entry in numbers(scenario):
        assert entry.unit and entry.source, entry.name
        assert entry.source != "assumption" or entry.note, f"{entry.name} at {entry.where} gives no reason"
    for shares in scenario.shares.values():
        assert shares.source and (shares.note or shares.source == "not in use here"), shares.name
    assert all(target.source and target.note for target in scenario.targets)


def test_cited_articles_exist(scenario: Scenario) -> None:
    for entry in numbers(scenario):
        for cited in CITED.findall(f"{entry.source}; {entry.note}"):
            assert set(cited.split(", ")) <= ARTICLES, f"{entry.where}: {cited}"
        for source in entry.source.split("; "):  # a dated number has one a date
            assert not source.startswith("gansu-opinions") or CITED.fullmatch(source), entry.where


def test_nothing_is_set_by_what_is_kept_for_validation(scenario: Scenario) -> None:
    kept = [one for one in facts() if one.use == "validate" and one.region == "Gansu"]
    assert len(kept) >= 2
    for entry in numbers(scenario):
        for one in kept:
            assert f"{one.value:,.0f}" not in entry.note and entry.value != one.value, entry.where


def test_nothing_is_open_without_a_programme() -> None:
    zero = {name: entry.at(0) for name, entry in load("gansu/zero").values.items()}
    for name in (
        "homes_factor",
        "market_homes_factor",
        "subsidy_yuan_per_person",
        "budget_central_yuan_per_year",
    ):
        assert zero[name] == 0
    assert not any(zero[f"open_to_{who}"] for who in ("hazard", "poor", "others"))


def test_amounts_of_the_opinions(plan: Scenario) -> None:
    value = {name: entry.at(0) for name, entry in plan.values.items()}
    everybody, registered = value["subsidy_yuan_per_person"], value["subsidy_poor_extra_yuan_per_person"]
    assert everybody == 5000 and everybody + registered == 8000
    own = {
        county.id: county.own["subsidy_poor_extra_yuan_per_person"].at(0)
        for county in plan.counties
        if county.own
    }
    assert own.keys() == {"gannan", "tianzhu"} and {everybody + extra for extra in own.values()} == {10000}
    bond, fund = value["pool_bond_yuan_per_poor_person"], value["pool_fund_yuan_per_poor_person"]
    assert (bond, fund, value["pool_loan_yuan_per_poor_person"]) == (9740, 5000, 35000)
    assert 8000 + bond + fund == 22740 and 10000 + bond + fund == 24740  # 2.27 and 2.47万元
    assert (value["pool_pays_rest"], value["self_raise_yuan_per_person"]) == (1, 2500)
    assert (value["pool_interest_central_share"], value["pool_interest_province_share"]) == (0.9, 0.1)
    assert value["pool_loan_term_years"] == 20 and value["pool_loan_grace_years"] == 3
    assert (value["loan_mean_yuan"], value["loan_term_years"], value["loan_rate_factor"]) == (100000, 10, 0.9)
    assert value["loan_limit_yuan"] > value["loan_mean_yuan"]  # a mean to keep to, not a cap
    assert value["loan_grace_years"] == 3 and plan.values["loan_grace_years"].range == (3, 5)
    assert value["loan_to_poor"] == 0 and value["loan_interest_subsidy_share"] == 0
    assert value["benchmark_rate"] == pytest.approx(0.049)
    assert value["list_replacement"] == 1 and value["in_place_min_age"] == 200
    assert load("gansu/grace-five").values["loan_grace_years"].at(0) == 5


def test_money_of_centre_and_province_is_what_the_persons_are_due(plan: Scenario) -> None:
    central, province = (plan.values[f"budget_{who}_yuan_per_year"] for who in ("central", "province"))
    assert 3 * central.at(0) == pytest.approx(8000 * 500000, rel=1e-4)
    assert 3 * province.at(0) == pytest.approx(5000 * 231400, rel=1e-4)
    assert central.at(36) == province.at(36) == 0
    own = {
        county.id: county.own["budget_central_yuan_per_year"].at(0) for county in plan.counties if county.own
    }
    assert set(own) == {"gannan", "tianzhu"}
    assert all(money == pytest.approx(central.at(0) * 10000 / 8000, rel=1e-4) for money in own.values())


def test_area_caps_by_size_mode_and_hardship(plan: Scenario) -> None:
    for mode in plan.modes[:7]:
        value = {name: entry.at(0) for name, entry in mode.values.items()}
        in_town = mode.id in ("town", "kin")
        caps = (60, 75, 90) if in_town else (60, 80, 100)
        assert (value["area_small_m2"], value["area_four_m2"], value["area_max_m2"]) == caps
        assert value["area_m2_per_person"] == 20
        assert (value["hardship_m2_per_person"], value["hardship_max_m2"]) == (15, 60)
        assert value["resale_lock_years"] == 10 and value["surrender"] == 1 and value["counts"] == 1
        assert value["needs_skill"] == (mode.id == "town") and value["needs_kin"] == (mode.id == "kin")
        assert value["land_kept"] == (not in_town)
    assert plan.modes[5].homes == "market"  # the government buys vacant houses back


def test_homes_are_begun_within_three_years_and_serve_the_plan(plan: Scenario) -> None:
    for name in ("homes_factor", "market_homes_factor"):
        factor = plan.values[name]
        assert factor.at(0) == factor.at(35) == 1 and factor.at(36) == factor.at(95) == 0
    homes = 3 * sum(site.values["homes_per_year"].at(0) for site in plan.sites)
    assert 0.92 < homes / 173900 < 1.05
    assert {site.mode for site in plan.sites} == set(SEVEN) - {"kin"}
    ready = inputs(plan).institutions.ready
    assert (
        ready[47].sum() == pytest.approx(homes, abs=2 * len(plan.sites)) and (ready[48:] == ready[47]).all()
    )


def test_targets(plan: Scenario) -> None:
    targets = {target.id: target for target in plan.targets}
    assert (targets["moved"].value, targets["moved"].date, targets["moved"].event) == (
        731400,
        "2020-12",
        "keys",
    )
    for id, metric in (
        ("moved_registered", "persons_keys_poor"),
        ("stable_registered", "persons_stable_poor"),
    ):
        assert (targets[id].metric, targets[id].value, targets[id].date) == (metric, 500000, "2020-12")
    years = [targets[id].date for id in ("built_one_year", "moved_two_years", "stable_three_years")]
    assert years == ["2017-12", "2018-12", "2019-12"]
    assert [t.metric for t in plan.targets].count("occupancy_share") == 2


def test_households_are_those_of_the_plan(people) -> None:
    pool = people.earlier == 0
    registered = pool & (people.poor == 1) & (people.listing == 0)
    accompanying = pool & (people.poor == 0)
    for group, households, persons in ((registered, 119600, 500000), (accompanying, 54300, 231400)):
        assert np.count_nonzero(group) == pytest.approx(households, rel=0.01)
        assert int(people.members[group].sum()) == pytest.approx(persons, rel=0.01)
    both = registered | accompanying
    assert np.count_nonzero(both) == pytest.approx(173900, rel=0.01)
    assert int(people.members[both].sum()) == pytest.approx(731400, rel=0.01)


def test_linxia_has_one_seventh_of_those_registered(plan: Scenario, people) -> None:
    row = [county.id for county in plan.counties].index("linxia")
    here = (people.earlier == 0) & (people.poor == 1) & (people.listing == 0) & (people.county == row)
    assert int(people.members[here].sum()) == pytest.approx(75100, rel=0.02)
