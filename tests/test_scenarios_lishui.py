"""Lishui's data: every number with its unit and source, every cited article real."""

from __future__ import annotations

import csv
import re
from importlib import resources

import pytest

from scenarios import Entry, Scenario, load, names, packages
from scenarios.scenario import ABSENT
from simulation.policy import MODE_PARAMETERS, PARAMETERS

POLICIES = [name for name, _, _ in names() if name.partition("/")[0] == "lishui"]

_ONE = r"(?:主要目标|[一二三四五六七八九十]*\([一二三四五六七八九十]+\)\d*|[一二三四五六七八九十]+|\d+)"
CITED = re.compile(rf"([a-z]+-(?:plan|opinions|relocation)) ({_ONE}(?:, {_ONE})*)")

# Never leave these out of a study: model.md, deep uncertainties of Lishui.
DEEP = {
    "pool_persons", "home_price_yuan_per_m2", "intention_to_application_per_year", "own_move_per_year",
    "house_price_growth", "income_growth", "vacancies_per_mover",
}  # fmt: skip


@pytest.fixture(scope="module", params=POLICIES)
def scenario(request) -> Scenario:
    return load(request.param)


def numbers(scenario: Scenario) -> list[Entry]:
    rows = [*scenario.counties, *scenario.sites]
    found = [*scenario.entries(), *(entry for row in rows for entry in row.values.values())]
    return [*found, *scenario.site_classes.values(), *(c.share for c in scenario.closures)]


def articles() -> dict[str, set[str]]:
    text = resources.files("scenarios").joinpath("documents.csv").read_text("utf-8")
    found: dict[str, set[str]] = {}
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(row["document"], set()).add(row["article"])
    return found


def test_the_policies_are_all_there() -> None:
    assert set(POLICIES) == {
        "lishui", "lishui/subsidy-up", "lishui/low-interest-loan", "lishui/jobs-first", "lishui/status-quo",
        "lishui/zero",
    }  # fmt: skip


def test_every_number_has_unit_and_source_and_every_assumption_a_reason(scenario: Scenario) -> None:
    for entry in numbers(scenario):
        assert entry.unit and entry.source, entry.name
        assert entry.source != "assumption" or entry.note, f"{entry.name} at {entry.where} gives no reason"
    for shares in [*scenario.shares.values(), *(s for c in scenario.counties for s in c.shares.values())]:
        assert shares.source == ABSENT or (shares.source and shares.note), shares.name


def test_cited_articles_exist(scenario: Scenario) -> None:
    known = articles()
    for entry in numbers(scenario):
        for document, cited in CITED.findall(f"{entry.source}; {entry.note}"):
            for article in cited.split(", "):
                assert article in known[document], f"{entry.where}: {document} {article}"
        document, _, article = entry.source.partition(" ")
        if document in known:
            assert article in known[document], f"{entry.where}: {entry.source}"


def test_deep_uncertainties_are_always_carried(scenario: Scenario) -> None:
    carried = {entry.name: entry for entry in scenario.uncertainties()}
    assert carried.keys() >= DEEP
    assert 15 <= len(carried) <= 20
    assert carried["pool_persons"].range == (40000, 200000)
    assert carried["home_price_yuan_per_m2"].range == (1500, 7000)
    assert not any(entry.kind == "lever" for entry in carried.values())


def test_levers_are_never_averaged_over_and_keep_their_span(scenario: Scenario) -> None:
    spans = {entry.name for entry in scenario.levers()}
    assert not spans & {entry.name for entry in scenario.uncertainties()}


def test_scenarios_are_complete(scenario: Scenario) -> None:
    assert scenario.values.keys() == PARAMETERS.keys()
    assert all(mode.values.keys() == MODE_PARAMETERS.keys() for mode in scenario.modes)
    assert [mode.id for mode in scenario.modes] == ["county_town", "township", "market", "own", "in_place"]
    assert [site.mode for site in scenario.sites].count("county_town") == 9
    assert scenario.start == "2024-01" and scenario.window == 36 and scenario.months == 60
    (target,) = scenario.targets
    assert (target.value, target.month, target.event, target.at_least) == (30000, 35, "keys", True)


def test_the_target_is_within_reach_of_homes_and_money_and_neither_is_boundless() -> None:
    plan = load("lishui")
    value = {name: entry.at(0) for name, entry in plan.values.items()}
    budget = 3 * sum(value[f"budget_{who}_yuan_per_year"] for who in ("province", "city", "county"))
    house = plan.population["house_m2_per_person"].at(0) * value["compensation_yuan_per_m2"]
    assert 1.0 < budget / (30000 * (value["subsidy_yuan_per_person"] + house)) < 1.6
    homestead = plan.population["homestead_m2"].at(0) / (2000 / 3)  # mu a household
    homes = 30000 / plan.population["mean_household_size"].at(0)  # 2.8; larger in two counties
    sold = min(homes * homestead * value["quota_sold_share"], 3 * value["quota_cap_mu_per_year"])
    assert sold * value["quota_price_yuan_per_mu"] < 0.5 * 30000 * value["subsidy_yuan_per_person"]


def test_packages_can_be_laid_over_every_policy(scenario: Scenario) -> None:
    every = [name for name, _, _ in packages()]
    assert load(scenario.name, packages=every).values["in_place_min_age"].value == 60
