"""A scenario becomes the tables of a run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from test_scenarios_reader import write

from scenarios import InputError, load
from scenarios.assemble import _Cache, inputs, margins
from simulation.institutions import LARGE, MEDIUM, SMALL
from simulation.policy import MODE_DTYPE, POLICY_DTYPE

SMALL_POOL = {"pool_persons": 40000.0}


@pytest.fixture(scope="module")
def plan():
    return load("lishui")


@pytest.fixture(scope="module")
def ready(plan):
    return inputs(plan, overrides=SMALL_POOL)


def test_shapes(plan, ready) -> None:
    assert ready.policy.shape == (60, 9) and ready.policy.dtype.names == POLICY_DTYPE.names
    assert ready.modes.shape == (60, 5) and ready.modes.dtype.names == MODE_DTYPE.names
    assert ready.window == 36 and ready.months == 60
    tables = ready.institutions
    assert tables.ready.shape == (60, len(plan.sites)) and tables.ready.flags.c_contiguous
    assert tables.school_open.shape == (60, len(tables.originals)) and tables.school_open.all()
    assert tables.originals.sum() == len(ready.population.county)
    assert tables.pool_share.sum() == pytest.approx(1)
    assert ready.population.members[ready.population.earlier == 0].sum() == 40000


def test_dated_values_and_county_factors_are_in_the_policy_table(plan, ready) -> None:
    assert ready.policy["benchmark_rate"][[0, 8, 9, 16], 0].tolist() == [0.042, 0.042, 0.036, 0.035]
    price = plan.values["home_price_yuan_per_m2"].at(0)
    factors = [county.values["home_price_factor"].at(0) for county in plan.counties]
    assert ready.policy["home_price_yuan_per_m2"][0].tolist() == [price * f for f in factors]
    assert len(set(ready.policy["service_wage_yuan_per_month"][0])) > 5
    assert len(set(ready.policy["away_wage_yuan_per_month"][0])) == 1


def test_every_village_has_a_site_of_each_mode_with_homes(plan, ready) -> None:
    modes = [mode.id for mode in plan.modes]
    site_of, villages = ready.institutions.site_of, ready.institutions.villages
    for mode in ("county_town", "township", "market"):
        sites = site_of[:, modes.index(mode)]
        assert (sites >= 0).all()
        assert (ready.institutions.site_county[sites] == villages.county).all()
    assert (site_of[:, modes.index("own")] == -1).all()


def test_homes_are_whole_and_only_added(plan, ready) -> None:
    homes = ready.institutions.ready
    assert (homes == np.floor(homes)).all() and (np.diff(homes, axis=0) >= 0).all()
    assert 12000 <= homes[plan.window - 1].sum() <= 16000
    assert homes[0].sum() < homes[-1].sum()


def test_homes_follow_lag_and_factors(plan) -> None:
    def at(month: int, mode: str, **overrides: float) -> float:
        tables = inputs(plan, overrides=SMALL_POOL | overrides).institutions
        mine = tables.site_mode == [m.id for m in plan.modes].index(mode)
        return tables.ready[month][mine].sum()

    assert at(35, "county_town", home_lag_months=6.0) > at(35, "county_town", home_lag_months=24.0)
    assert at(35, "market", home_lag_months=6.0) == at(35, "market", home_lag_months=24.0)
    assert at(59, "county_town", homes_factor=0.0) == 0 and at(59, "market", homes_factor=0.0) > 0
    assert at(59, "market", market_homes_factor=0.0) == 0
    assert at(35, "township", homes_factor=2.0) == pytest.approx(2 * at(35, "township"), rel=0.02)


def test_sites_are_classed_by_size(plan, ready) -> None:
    classes = ready.institutions.site_class
    persons = np.array([site.values["persons"].at(0) for site in plan.sites])
    assert set(classes[persons >= 3000]) == {LARGE} and set(classes[persons < 800]) == {SMALL}
    assert (classes == MEDIUM).sum() > 10


def test_overrides_replace_numbers_and_are_checked(plan) -> None:
    made = inputs(plan, overrides=SMALL_POOL | {"township.price_ratio": 0.5, "b_income": 2.0})
    assert (made.modes["price_ratio"][:, 1] == 0.5).all() and (made.policy["b_income"] == 2.0).all()
    with pytest.raises(InputError) as caught:
        inputs(plan, overrides={"b_incom": 1.0, "dropout_share": 2.0, "attachment_mean": float("nan")})
    assert caught.value.messages == [
        'override: b_incom: unknown (did you mean "b_income"?)',
        "override: dropout_share: 2 is not possible; expected 0 to 1 share",
        "override: attachment_mean: nan is not possible; expected -20 to 20 utility",
    ]


def test_households_are_made_once_for_what_they_are_made_from(plan, ready) -> None:
    again = inputs(plan, overrides=SMALL_POOL | {"b_income": 2.0})
    assert again.population is ready.population
    other = inputs(load("lishui/zero"), overrides=SMALL_POOL)
    assert other.population is ready.population
    assert inputs(plan, overrides={"pool_persons": 41000.0}).population is not ready.population


def test_own_households_are_used_as_they_are(plan, ready) -> None:
    mine = inputs(plan, households=(ready.population, ready.institutions.villages))
    assert mine.population is ready.population


def test_the_cache_is_bounded_and_makes_each_thing_once() -> None:
    made: list[int] = []
    cache = _Cache(size=2)

    def get(n: int):
        return cache.get((n,), lambda: made.append(n) or n)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(get, [1] * 32)) == [1] * 32
    assert made == [1]
    for n in (2, 3, 1):
        get(n)
    assert made == [1, 2, 3, 1] and len(cache.kept) == 2
    with pytest.raises(ZeroDivisionError):
        cache.get((9,), lambda: 1 // 0)
    assert cache.get((9,), lambda: 5) == 5


def test_a_county_may_have_homes_and_villages_of_its_own(tmp_path: Path) -> None:
    own = (
        '[[county]]\nid = "yunhe"\nhomes_factor = { value = 0, unit = "ratio", source = "assumption" }\n'
        'merging_villages_only = { value = 1, unit = "flag", source = "assumption" }\n'
        '[county.village_type_shares]\nvalue = [0.5, 0.5, 0, 0, 0]\nunit = "share"\nsource = "assumption"\n'
    )
    scenario = load(write(tmp_path, own))
    before, after = (inputs(s, overrides=SMALL_POOL).institutions for s in (load("lishui"), scenario))
    built = np.isin(before.site_mode, [k for k, mode in enumerate(scenario.modes) if mode.homes == "built"])
    yunhe = before.site_county == 6
    assert before.ready[:, built & yunhe].sum() > 0 and after.ready[:, built & yunhe].sum() == 0
    assert (before.ready[:, ~yunhe] == after.ready[:, ~yunhe]).all()
    assert before.open_share is None and after.open_share is not None
    assert 0 < after.open_share[6] < 0.9 * after.pool_share[6]
    assert after.open_share.sum() == pytest.approx(1)


def test_what_is_of_the_whole_region_is_not_a_countys_own(tmp_path: Path) -> None:
    own = '[[county]]\nid = "yunhe"\npool_persons = { value = 10, unit = "persons", source = "assumption" }\n'
    with pytest.raises(InputError, match="pool_persons: unknown key"):
        load(write(tmp_path, own))
    with pytest.raises(InputError, match=r"yunhe.core_share: unknown key"):
        load("lishui", sets={"yunhe.core_share": "0.5"})


def test_contradicting_margins_are_refused(tmp_path: Path) -> None:
    body = '[population]\nlabour_share = { value = 0.9, unit = "share", source = "s" }\n'
    with pytest.raises(InputError, match="population: labour_share: 0.9 in liandu exceeds"):
        margins(load(write(tmp_path, body)))


def test_a_closure_takes_the_smallest_villages_of_its_county_from_its_date(tmp_path: Path) -> None:
    body = (
        '[[closure]]\nid = "c"\nen = "a"\nzh = "b"\ndate = "2025-09"\ncounty = "yunhe"\n'
        'share = { value = 25, unit = "%", source = "assumption" }\n'
    )
    scenario = load(write(tmp_path, body))
    tables = inputs(scenario, overrides=SMALL_POOL).institutions
    yunhe = tables.villages.county == 6
    assert tables.school_open[:20].all() and tables.school_open[20:, ~yunhe].all()
    shut = tables.school_open[20, yunhe] == 0
    assert shut.sum() == 18
    assert tables.originals[yunhe][shut].max() <= tables.originals[yunhe][~shut].min()
