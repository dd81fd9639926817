"""Jiaojiang's data: the document's numbers read back, sources real, stocks and shares that fit."""

from __future__ import annotations

import re

import numpy as np
import pytest

from scenarios import Entry, Scenario, load, names
from scenarios.assemble import inputs
from scenarios.facts import facts

POLICIES = [name for name, _, _ in names() if name.partition("/")[0] == "jiaojiang"]

# Articles of the plan that say what is cited from them.
ARTICLES = {
    "一(二)4", "一(三)", "二(二)3", "二(三)1", "三(一)1", "三(二)1", "三(三)2", "三(四)1", "三(四)2", "三(四)3",
    "三(四)4", "四(一)1", "四(二)1", "四(二)2", "四(三)2", "五(二)",
}  # fmt: skip
_ARTICLE = r"[一二三四五]\([一二三四五]\)\d?"
CITED = re.compile(rf"jiaojiang-plan ({_ARTICLE}(?:, {_ARTICLE})*)")


@pytest.fixture(scope="module", params=POLICIES)
def scenario(request) -> Scenario:
    return load(request.param)


@pytest.fixture(scope="module")
def plan() -> Scenario:
    return load("jiaojiang")


def numbers(scenario: Scenario) -> list[Entry]:
    rows = [*scenario.counties, *scenario.sites]
    found = [*scenario.entries(), *(entry for row in rows for entry in row.values.values())]
    return [entry for entry in [*found, *scenario.site_classes.values()] if entry.in_use]


def at_start(scenario: Scenario, name: str) -> float:
    return scenario.values[name].at(0)


def test_the_policies_are_all_there() -> None:
    assert set(POLICIES) == {
        "jiaojiang", "jiaojiang/status-quo", "jiaojiang/zero", "jiaojiang/paid-exit", "jiaojiang/village-jobs",
        "jiaojiang/more-cash",
    }  # fmt: skip


def test_every_number_has_a_source_and_every_assumption_a_reason(scenario: Scenario) -> None:
    for entry in numbers(scenario):
        assert entry.unit and entry.source, entry.name
        assert entry.source != "assumption" or entry.note, f"{entry.name} at {entry.where} gives no reason"
    for shares in [*scenario.shares.values(), *(s for c in scenario.counties for s in c.shares.values())]:
        assert shares.source and (shares.note or shares.source == "not in use here"), shares.name


def test_cited_articles_exist(scenario: Scenario) -> None:
    for entry in numbers(scenario):
        text = f"{entry.source}; {entry.note}"
        cited = [one for found in CITED.findall(text) for one in found.split(", ")]
        assert set(cited) <= ARTICLES, f"{entry.where}: {cited}"
        assert text.count("jiaojiang-plan") == len(CITED.findall(text)), f"{entry.where}: no article"


def test_nothing_kept_for_validation_is_quoted(scenario: Scenario) -> None:
    kept = [one for one in facts() if one.use == "validate" and one.region in ("Jiaojiang", "Taizhou")]
    for entry in numbers(scenario):
        for one in kept:
            assert not re.search(rf"(?<![\d.,/_]){re.escape(f'{one.value:g}')}(?![\d/_])", entry.note), (
                entry.name
            )


def test_the_period_is_that_of_the_plan(plan: Scenario) -> None:
    assert (plan.start, plan.window, plan.months) == ("2023-01", 60, 84)


def test_levers_of_the_document_are_read_back(plan: Scenario) -> None:
    assert at_start(plan, "village_posts") == 167
    workshops = plan.values["village_workshop_jobs"]
    assert workshops.at(12) == workshops.at(83) == 2300 == 100 * 23
    assert at_start(plan, "village_training_per_year") == 52800
    assert at_start(plan, "idle_houses_per_year") == 900
    assert at_start(plan, "merging_villages_only") == 1
    assert at_start(plan, "hukou_parity") == at_start(plan, "insurance_parity") == 1
    assert at_start(plan, "paid_exit_yuan_per_mu") > 0 and at_start(plan, "dividend_yuan_per_person") > 0
    founders = plan.values["return_entrepreneurs_per_year"]
    assert 5 * founders.at(35) == 500, "500 entrepreneurs in 2021-2025"
    assert founders.at(36) < founders.at(35)
    for name in ("village_posts", "village_training_per_year", "idle_houses_per_year", "hukou_parity"):
        assert plan.values[name].source.startswith("jiaojiang-plan"), name


def test_targets_of_the_document_are_read_back(plan: Scenario) -> None:
    found = {t.id: (t.metric, t.at_least, t.value, t.date) for t in plan.targets}
    assert found == {
        "urban_share": ("urban_share", True, 0.82, "2027-12"),
        "urban_share_gain": ("urban_share_gain", True, pytest.approx(0.0082), "2027-12"),
        "income_ratio": ("income_ratio", False, 1.94, "2027-12"),
        "workshop_jobs": ("village_jobs", True, 2300, "2024-12"),
        "village_jobs": ("village_jobs", True, 2300 + 167, "2027-12"),
        "houses_let_first": ("houses_let", True, 900, "2023-12"),
        "houses_let": ("houses_let", True, 5 * 900, "2027-12"),
    }
    assert all(t.source.startswith("jiaojiang-plan") for t in plan.targets)


def test_what_cannot_be_counted_is_said(plan: Scenario) -> None:
    said = " ".join(f"{note['zh']} {note['en']}" for note in plan.header["not_modelled"])  # type: ignore[union-attr]
    for what in ("13亿", "50万元", "85%", "150亿", "15个", "60%", "5.5个", "10%", "100%"):
        assert what in said, what
    assert "区外" in said and "outside" in said


def test_urban_stocks_give_the_share_of_2022(scenario: Scenario) -> None:
    urban = at_start(scenario, "core_residents") + at_start(scenario, "town_residents")
    rural = at_start(scenario, "rural_residents")
    assert urban + rural == 846000
    assert urban / (urban + rural) == pytest.approx(0.779, abs=1e-5)
    assert urban / (urban + rural) + 5 * 0.0082 == pytest.approx(0.82, abs=1e-5)


def test_the_income_ratio_starts_above_its_target(scenario: Scenario) -> None:
    ratio = at_start(scenario, "urban_income_yuan_per_person") / at_start(
        scenario, "rural_mean_income_yuan_per_person"
    )
    assert ratio == pytest.approx(2.0)
    shares = [c.values["pool_share"].at(0) for c in scenario.counties]
    means = [c.values["rural_income_yuan"].at(0) for c in scenario.counties]
    assert np.dot(shares, means) == pytest.approx(
        at_start(scenario, "rural_mean_income_yuan_per_person"), rel=0.01
    )


def test_what_must_come_from_outside_is_as_the_notes_say(plan: Scenario) -> None:
    v = {name: at_start(plan, name) for name in plan.values}
    urban, rural = 659034.0, 186966.0
    assert 0.82 * (urban + rural) - urban == pytest.approx(34700, abs=50)
    assert 0.82 / 0.18 * rural - urban == pytest.approx(192700, abs=100)
    own = v["own_move_per_year"] * rural * (1 - plan.population["absent_share"].at(0))
    stay = own * v["own_move_in_region_share"]
    programme = 200
    lost = own + programme + v["reclassified_per_year"] - v["natural_growth_rural"] * rural
    gained = stay + programme + v["reclassified_per_year"] + v["natural_growth_urban"] * urban
    outside = 0.82 / 0.18 * (rural - 5 * lost) - (urban + 5 * gained)
    assert outside / 5 == pytest.approx(9700, abs=150)
    arrivals = plan.values["net_in_migration_per_year"].range
    jobs = v["in_migrants_per_net_job"] * v["urban_jobs_per_year"] * v["net_job_share"]
    assert arrivals is not None and arrivals[0] + jobs < outside / 5 < arrivals[1] + jobs


def test_merging_villages_are_few(plan: Scenario) -> None:
    merging = sum(
        c.values["pool_share"].at(0) * c.shares["village_type_shares"].value[0] for c in plan.counties
    )
    assert 0.03 < merging < 0.1
    heritage = sum(
        c.values["villages"].at(0) * c.shares["village_type_shares"].value[4] for c in plan.counties
    )
    assert heritage == pytest.approx(10, abs=1.5)


def test_modes_and_sites_follow_1_x_y(plan: Scenario) -> None:
    assert [mode.id for mode in plan.modes] == [
        "main_city", "central_town", "central_village", "cash", "in_place",
    ]  # fmt: skip
    place = {mode.id: mode.values["place"].at(0) for mode in plan.modes}
    assert place == {"main_city": 2, "central_town": 2, "central_village": 1, "cash": 2, "in_place": 0}
    assert {site.mode for site in plan.sites} == {"main_city", "central_town", "central_village"}
    total = {
        n: sum(site.values[n].at(0) for site in plan.sites)
        for n in ("homes_ready", "homes_under_way", "homes_per_year")
    }
    assert total == {"homes_ready": 90, "homes_under_way": 180, "homes_per_year": 210}


def test_zero_offers_nothing() -> None:
    zero = load("jiaojiang/zero")
    for name, entry in zero.values.items():
        if name.startswith(
            (
                "open_to_",
                "budget_",
                "village_posts",
                "village_workshop",
                "village_training_per",
                "idle_houses_per",
            )
        ):
            assert entry.at(0) == 0, name
    assert at_start(zero, "net_in_migration_per_year") == at_start(
        load("jiaojiang"), "net_in_migration_per_year"
    )


def test_the_pool_is_made_as_asked(plan: Scenario) -> None:
    made = inputs(plan).population
    pool = made.earlier == 0
    persons = float(made.members[pool].sum())
    assert persons == pytest.approx(187000, rel=0.01)
    by_county = np.bincount(made.county[pool], made.members[pool], len(plan.counties)) / persons
    shares = [c.values["pool_share"].at(0) for c in plan.counties]
    assert by_county == pytest.approx(shares, abs=0.01)
