"""Yueyang's data: the plan's numbers as the document has them, its villagers, and the accounts they start from."""

from __future__ import annotations

import re

import numpy as np
import pytest

from scenarios import Entry, Scenario, load, names
from scenarios.assemble import inputs
from scenarios.scenario import ABSENT
from simulation.households import Population
from simulation.policy import MODE_PARAMETERS, PARAMETERS

POLICIES = [name for name, _, _ in names() if name.partition("/")[0] == "yueyang"]
ARTICLES = {
    "一", "二(一)1", "二(一)2", "二(一)3", "二(一)4", "二(二)5", "二(二)6", "二(二)7", "二(三)8", "二(三)9", "二(三)10",
}  # fmt: skip
CITED = re.compile(r"yueyang-plan ([一二三]?(?:\([一二三]\)\d+)?(?:, [一二三]\([一二三]\)\d+)*)")
JANUARY_2025, DECEMBER_2026, JANUARY_2027 = 0, 23, 24


@pytest.fixture(scope="module", params=POLICIES)
def scenario(request) -> Scenario:
    return load(request.param)


@pytest.fixture(scope="module")
def plan() -> Scenario:
    return load("yueyang")


@pytest.fixture(scope="module")
def villagers(plan: Scenario) -> Population:
    return inputs(plan).population


def numbers(scenario: Scenario) -> list[Entry]:
    rows = [*scenario.counties, *scenario.sites]
    found = [*scenario.entries(), *(entry for row in rows for entry in row.values.values())]
    return [*found, *scenario.site_classes.values()]


def a_year(plan: Scenario, name: str, month: int) -> float:
    return plan.values[name].at(month)


def homes(plan: Scenario, column: str, *modes: str) -> float:
    return sum(site.values[column].at(0) for site in plan.sites if site.mode in modes)


# What the files say


def test_the_policies_are_all_there() -> None:
    assert set(POLICIES) == {
        "yueyang", "yueyang/status-quo", "yueyang/zero", "yueyang/school-first", "yueyang/vouchers",
        "yueyang/graduates", "yueyang/carry-on",
    }  # fmt: skip


def test_scenarios_are_complete(scenario: Scenario) -> None:
    assert scenario.values.keys() == PARAMETERS.keys()
    assert all(mode.values.keys() == MODE_PARAMETERS.keys() for mode in scenario.modes)
    assert scenario.start == "2025-01" and scenario.window == scenario.months == 60
    assert len(scenario.counties) == 9


def test_every_number_has_unit_and_source_and_every_assumption_a_reason(scenario: Scenario) -> None:
    for entry in numbers(scenario):
        assert entry.unit and entry.source, entry.name
        assert entry.source not in ("assumption", "memory (not read; verify)") or entry.note, entry.name
    for shares in scenario.shares.values():
        assert shares.note or shares.source == ABSENT, shares.name


def test_cited_articles_exist(scenario: Scenario) -> None:
    for entry in numbers(scenario):
        text = f"{entry.source}; {entry.note}"
        assert len(CITED.findall(text)) == text.count("yueyang-plan"), entry.name
        for cited in CITED.findall(text):
            for article in cited.split(", "):
                assert article in ARTICLES, f"{entry.where}: {entry.name}: {article}"


def test_rights_to_land_are_kept_and_no_house_is_taken_back(scenario: Scenario) -> None:
    assert all(mode.values["land_kept"].at(0) == 1 for mode in scenario.modes)
    assert all(mode.values["surrender"].at(0) == 0 for mode in scenario.modes)
    assert scenario.values["surrender_share"].at(0) == 0


# The plan's numbers, read back


def test_jobs_of_the_plan(plan: Scenario) -> None:
    assert {a_year(plan, "urban_jobs_per_year", m) for m in range(60)} == {60000}
    factories = [a_year(plan, "workshop_openings_per_year", m) for m in range(60)]
    assert set(factories[12:24]) == {10000} and max(factories[:12] + factories[24:]) < 10000


def test_transfers_and_return_entrepreneurs_of_2025_and_2026(plan: Scenario) -> None:
    for name, total in (("transfer_places_per_year", 18000), ("return_entrepreneurs_per_year", 22000)):
        months = [a_year(plan, name, m) / 12 for m in range(JANUARY_2025, DECEMBER_2026 + 1)]
        assert sum(months) == pytest.approx(total)
        assert a_year(plan, name, JANUARY_2027) == load("yueyang/status-quo").values[name].at(0)


def test_pupils_parents_and_students(plan: Scenario) -> None:
    pupils = a_year(plan, "school_places_per_year", 0)
    assert pupils == a_year(plan, "school_places_per_year", 59) == 10000
    assert pupils * a_year(plan, "parents_per_pupil", 0) == pytest.approx(15500)
    students = [a_year(plan, "students_added_per_year", m) / 12 for m in range(60)]
    assert sum(students[:24]) == pytest.approx(28200) and sum(students[24:]) == 0


def test_graduates_are_lodged_two_months_and_insured_a_year(plan: Scenario) -> None:
    assert a_year(plan, "graduate_lodging_months", 0) == 2
    assert a_year(plan, "graduate_insurance_months", 0) == 12


def test_flats_bought_and_rental_units(plan: Scenario) -> None:
    bought = ("affordable", "affordable_core")
    assert all(mode.values["available"].at(0) == 1 for mode in plan.modes if mode.id in bought)
    started = [a_year(plan, "homes_factor", m) / 12 for m in range(60)]
    assert homes(plan, "homes_per_year", *bought) * sum(started) == pytest.approx(5000)
    assert homes(plan, "homes_under_way", "rental") * a_year(plan, "homes_factor", 0) == 8981
    flat = plan.values["home_price_yuan_per_m2"].at(0) * 120
    assert flat == pytest.approx(25e8 / 5000, rel=0.02)


def test_targets_of_the_plan(plan: Scenario) -> None:
    found = {(t.metric, t.date): t.value for t in plan.targets}
    assert found == {
        ("urban_residents_added", "2025-12"): 50000,
        ("urban_residents_added", "2026-12"): 50000,
        ("urban_share_gain", "2025-12"): 0.01,
        ("urban_share_gain", "2026-12"): 0.01,
        ("urban_share", "2026-12"): 0.65,
        ("urban_share", "2029-12"): 0.7,
        ("core_residents", "2027-12"): 1100000,
        ("core_residents", "2029-12"): 1100000,
    }
    assert all(t.at_least and t.scope == "region" and t.source == "yueyang-plan 一" for t in plan.targets)


def test_arithmetic_of_70_per_cent(plan: Scenario) -> None:
    """The figures the note of the target gives."""
    core, town, rural = (plan.values[f"{area}_residents"].at(0) for area in ("core", "town", "rural"))
    urban, everybody = core + town, core + town + rural
    assert pytest.approx(84000, rel=0.01) == 0.05 * 5017500 / 3
    assert (0.70 * everybody - urban) / 5 == pytest.approx(65000, abs=500)
    assert 0.05 * everybody / 3 == pytest.approx(83000, abs=500)
    falling = everybody - 20000 * np.arange(6)
    assert (0.70 * falling[5] - urban) / 5 == pytest.approx(51000, abs=500)
    assert (0.70 * falling[5] - 0.65 * falling[2]) / 3 == pytest.approx(68000, abs=500)


# Where the accounts and the villagers begin


def test_urban_stocks_give_the_stated_share(plan: Scenario) -> None:
    core, town, rural = (plan.values[f"{area}_residents"].at(0) for area in ("core", "town", "rural"))
    assert core + town + rural == 4970000
    assert (core + town) / 4970000 == pytest.approx(0.635, abs=1e-6)
    assert core < 1100000


def test_the_core_city_is_three_districts_and_two_modes(plan: Scenario) -> None:
    cores = {c.id for c in plan.counties if "core" in c.values and c.values["core"].at(0) == 1}
    assert cores == {"yueyanglou", "yunxi", "junshan"}
    assert {m.id for m in plan.modes if m.values["core"].at(0) == 1} == {"affordable_core", "market_core"}
    others = {site.county for site in plan.sites if site.mode in ("affordable_core", "market_core")}
    assert others == {c.id for c in plan.counties} - cores


def test_about_600_000_households(villagers: Population) -> None:
    assert np.count_nonzero(villagers.earlier == 0) == pytest.approx(600000, rel=0.005)


def test_persons_at_home_are_the_rural_residents(plan: Scenario, villagers: Population) -> None:
    pool = villagers.earlier == 0
    at_home = int(villagers.members[pool].sum()) - int(villagers.absent[pool].sum())
    assert at_home == pytest.approx(plan.values["rural_residents"].at(0), rel=0.01)


def test_villagers_earn_the_published_mean(plan: Scenario, villagers: Population) -> None:
    pool = villagers.earlier == 0
    sources = (
        villagers.wage,
        villagers.business,
        villagers.remittance,
        villagers.transfer,
        villagers.property,
    )
    yuan = sum(float(source[pool].sum(dtype=np.float64)) for source in sources)
    mean = yuan / plan.values["rural_residents"].at(0)
    assert mean == pytest.approx(plan.values["rural_mean_income_yuan_per_person"].at(0), rel=0.03)


def test_there_are_children_for_the_school_places(plan: Scenario, villagers: Population) -> None:
    assert villagers.children[villagers.earlier == 0].sum() > 5 * a_year(plan, "school_places_per_year", 0)
