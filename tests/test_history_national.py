"""The national programme 2016-2020: its arithmetic, and a hundredth of it run. At full size: `python -m benchmarks.national`."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from benchmarks import measure, national
from scenarios import assemble, load
from scenarios.facts import fact
from simulation.outcomes import INCOMES, F, G, K
from simulation.run import run

NAME = "history/china"
SHARE = 0.01
PLAN = 9_810_000  # registered persons of the plan
CENTRE_WEST_EAST = {  # ten thousand persons, press conference of 2016-09-22
    "east": (21, ("hebei", "fujian", "shandong")),
    "centre": (296, ("shanxi", "jilin", "anhui", "jiangxi", "henan", "hubei", "hunan")),
}


@pytest.fixture(scope="module")
def china():
    return load(NAME)


@pytest.fixture(scope="module")
def small():
    """A hundredth of the programme, and how it went."""
    inputs = national.share_of(NAME, SHARE)
    return inputs, run(inputs, seed=1)


def all_homes(china) -> float:
    """Households of the plan, those that go to kin included."""
    return sum(
        PLAN * c.values["pool_share"].at(0) / c.values["mean_household_size"].at(0) for c in china.counties
    )


def test_the_provinces_are_those_of_the_plan(china):
    assert len(china.counties) == 22
    persons = {c.id: PLAN * c.values["pool_share"].at(0) for c in china.counties}
    assert sum(persons.values()) == pytest.approx(PLAN, rel=1e-4)
    assert china.values["pool_persons"].at(0) == PLAN
    for said, ids in CENTRE_WEST_EAST.values():
        assert sum(persons[i] for i in ids) == pytest.approx(said * 1e4, abs=200)
    assert persons["gansu"] == pytest.approx(500_000, abs=10)
    assert 2.6e6 < all_homes(china) < 2.8e6


def test_homes_follow_the_figures_that_may_be_calibrated_to(china):
    ready = assemble.inputs(china, overrides={"pool_persons": 98_100.0}).institutions.ready.sum(axis=1)
    homes = ready / ready[-1]
    for month, period, quantity in (
        (11, "2016", "cumulative relocation build-out, registered persons"),
        (23, "2016-2017", "cumulative relocation build-out, registered persons"),
    ):
        assert homes[month] * PLAN == pytest.approx(fact("China", period, quantity).value, rel=0.01)
    begun = sum(
        site.values["homes_under_way"].at(0) + site.values["homes_per_year"].at(0) * 222 / 366
        for site in china.sites
    )
    for_kin = all_homes(china) / ready[-1]  # their homes are begun with the others
    assert begun * for_kin == pytest.approx(fact("China", "2016-08-10", "homes started").value, rel=0.02)


def test_all_are_registered_and_borrow_nothing_for_a_home(small):
    inputs, result = small
    assert inputs.population.poor.all() and inputs.institutions.ready[-1].sum() > 20_000
    assert result.outcomes.county[:, :, K.new_loans].sum() == 0
    last = result.outcomes.county[-1].sum(axis=0)
    assert last[K.persons_keys] == last[K.persons_keys_poor] > 0.6 * SHARE * PLAN


def test_each_place_on_the_list_draws_what_the_national_rules_say(small):
    flows = small[1].outcomes.ledger.sum(axis=(0, 1)) / 100.0
    places = flows[F.pool_bond] / 9740
    assert places == pytest.approx(round(places), abs=1e-6)
    assert flows[F.pool_fund] == pytest.approx(5000 * places)
    assert flows[F.pool_loan_drawn] >= 35_000 * places  # interest the counties cannot pay is borrowed, too
    moved = small[1].outcomes.county[59].sum(axis=0)[K.persons_keys]
    assert moved <= places and flows[F.subsidy] <= 8000 * places


def test_money_is_conserved_in_every_province(small):
    county, ledger = small[1].outcomes.county, small[1].outcomes.ledger
    assert np.isfinite(ledger).all() and (county[:, :, K.homes_free] >= 0).all()
    assert (county[:, :, K.cash_fen] + 134e8 * 100 * SHARE >= 0).all()


def test_income_at_the_start_is_the_published_one(small):
    year = small[1].outcomes.income[:12].sum(axis=(0, 1))[G.stayers]
    money = sum(
        year[INCOMES.index(f"{source}_fen")] for source in ("wage", "business", "transfer", "property")
    )
    a_head = money / 100.0 / (year[INCOMES.index("persons")] / 12.0)
    assert a_head == pytest.approx(fact("China", "2016", "net income registered movers").value, rel=0.03)


def test_without_a_programme_nobody_is_housed():
    inputs = national.share_of("history/china/zero", 0.003)
    result = run(inputs, seed=1, months=24)
    last = result.outcomes.county[23].sum(axis=0)
    assert last[K.persons_keys] == last[K.homes_ready] == 0 and last[K.own_moved] > 0


def test_a_share_is_the_same_programme_smaller():
    one, two = national.share_of(NAME, 0.002), national.share_of(NAME, 0.004)
    for total in measure.TOTALS:
        assert np.allclose(2.0 * one.policy[total], two.policy[total])
    assert two.institutions.ready[-1].sum() == pytest.approx(2 * one.institutions.ready[-1].sum(), rel=0.05)
    persons = [i.population.members[i.population.earlier == 0].sum() for i in (one, two)]
    assert persons == [19_620, 39_240]


def test_the_benchmark_reports_both_and_their_ratio():
    costs = {name: national.cost(name, 0.001) for name in national.NAMES}
    table = national.table(costs)
    (first, *_, one), (second, households, *_, other) = table.rows
    assert (first, second) == national.NAMES and one == 1.0
    assert households == pytest.approx(2_844, abs=30)
    assert isinstance(other, float) and other > 0
    assert json.loads(json.dumps(dataclasses.asdict(table)))["rows"]
