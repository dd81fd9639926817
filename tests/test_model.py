"""The Mesa model: its agents are views, its hooks steer a run, it can be run in batches and forgotten."""

import dataclasses
import gc
import math
import weakref

import mesa
import numpy as np
import pytest
from worlds import MODES, world

from simulation.institutions import Books
from simulation.model import RelocationModel, Village, employed_share
from simulation.outcomes import K
from simulation.run import run

BUSY = dict(attachment_mean=-1.5, intention_to_application_per_year=0.9)


def model(**changes) -> RelocationModel:
    return RelocationModel(world(260, 14, **(BUSY | changes)), rng=1)


def test_it_is_a_mesa_model():
    m = model()
    assert isinstance(m, mesa.Model)
    assert m.months == 36
    for _ in range(36):
        assert m.running
        m.step()
    assert not m.running
    assert m.steps == m.month == 36
    with pytest.raises(RuntimeError, match="all 36 months"):
        m.step()
    assert m.steps == 36


def test_the_data_collector_reads_the_outcomes():
    m = model()
    m.run_model()
    table = m.datacollector.get_model_vars_dataframe()
    county = m.outcomes.county
    assert table["persons_moved"].tolist() == county[:, :, K.persons_keys].sum(axis=1).tolist()
    assert table["cash_yuan"].iloc[-1] == county[-1, :, K.cash_fen].sum() / 100
    assert 0 < table["employed_share"].iloc[-1] <= 1
    assert table["subsidies_yuan"].is_monotonic_increasing
    assert math.isnan(employed_share(model()))


def test_agents_are_views_of_the_books():
    m = model()
    for _ in range(20):
        m.step()
    books: Books = m.books
    office, site, village = m.offices[1], m.sites[4], m.villages[5]
    assert office.cash_yuan == books.offices.cash[1] / 100
    office.cash_yuan = 1234.56
    assert books.offices.cash[1] == 123456
    office.jobs_cash_yuan += 1
    assert site.free == site.ready - site.reserved - site.occupied - site.idle
    site.ready = 500
    assert books.ready[20:, 4].tolist() == [500.0] * 16
    assert books.ready[19, 4] != 500
    assert (site.county, site.mode, site.size) == (1, "mode 0", "large")
    employer = m.employers[0]
    assert (employer.kind, employer.positions, employer.filled) == (
        "workshop",
        books.positions[0, 0],
        books.filled[0, 0],
    )
    employer.positions = 99.5
    assert books.positions[0, 0] == 99.5
    assert employer.open == 99 - employer.filled
    assert m.banks[0].loans_yuan == m.outcomes.county[19, 0, K.loan_fen] / 100
    assert m.banks[0].arrears_yuan == m.outcomes.county[19, 0, K.arrears_fen] / 100
    assert 0.03 < m.banks[0].rate_per_year < 0.05
    m.banks[0].loan_limit_yuan = 1000
    assert m.policy.loan_limit_yuan[19:22].tolist() == [[300000, 300000], [1000, 300000], [1000, 300000]]
    village.closed = 1
    assert books.villages.closed[5] == 1
    assert len(village.households) == village.record["last"] - village.record["first"]
    assert village.moved == sum(h.status == "moved" for h in village.households)
    assert set(m.agents_by_type) >= {Village, type(office), type(site), type(employer), type(m.banks[0])}


def test_households_in_words_and_yuan():
    m = model()
    m.run_model()
    households = [m.household(i) for i in range(260)]
    assert {h.status for h in households} >= {"origin", "moved", "own_moved"}
    mover = next(h for h in households if h.status == "moved" and h.record.earlier == 0 and h.site)
    assert mover.mode in m.mode_names
    assert mover.site.mode == mover.mode
    assert mover.priority in ("hazard", "village", "poor", "other")
    assert mover.village.row == mover.record.village
    stayer = next(h for h in households if h.status == "origin" and h.record.applied < 0)
    assert (stayer.mode, stayer.site, stayer.jobs, stayer.priority) == (None, None, {}, None)
    assert sum(stayer.incomes_yuan.values()) == pytest.approx(stayer.income_yuan)
    assert sum(mover.incomes_yuan.values()) == pytest.approx(mover.income_yuan, rel=0.5)
    assert "members" in repr(mover)
    mover.savings_yuan = 10.5
    assert m.households.savings[mover.row] == 1050
    assert m.household(-1).row == 259
    with pytest.raises(IndexError):
        m.household(260)


def test_a_run_can_be_steered():
    class Later(RelocationModel):
        def before_month(self):
            if self.month == 12:
                self.set_policy("subsidy_yuan_per_person", 45_000)
                self.set_policy("loan_limit_yuan", 0, county=1)

        def after_month(self):
            self.last_seen = self.month

    inputs = world(260, 14, **BUSY)
    m = Later(inputs, rng=1)
    m.run_model()
    assert m.last_seen == 35
    same = inputs.policy.copy()
    same.subsidy_yuan_per_person[12:] = 45_000
    same.loan_limit_yuan[12:, 1] = 0
    expected = run(dataclasses.replace(inputs, policy=same), seed=1)
    assert np.array_equal(m.outcomes.county, expected.outcomes.county)
    assert inputs.policy.subsidy_yuan_per_person[20, 0] == 18000


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("subsidy", 1, "not a policy parameter"),
        ("loan_price_share_max", 2, r"outside 0.0..1.0 share"),
        ("income_growth", 0.1, "before the first month"),
    ],
)
def test_a_wrong_policy_is_refused(name, value, message):
    with pytest.raises(ValueError, match=message):
        model().set_policy(name, value)


@pytest.mark.parametrize(
    ("changes", "arguments", "error", "message"),
    [
        ({}, dict(rng=1.5), TypeError, "rng must be an integer"),
        ({}, dict(rng=True), TypeError, "rng must be an integer"),
        ({}, dict(rng=None), TypeError, "rng must be an integer"),
        ({}, dict(rng=-1), ValueError, "outside 0"),
        ({}, dict(mode_names=["a"]), ValueError, "give a name for each"),
        (dict(window=40), {}, ValueError, "window 40 is outside 1..36"),
        (dict(modes=MODES[:2]), {}, ValueError, "site_mode holds a row outside 0..1"),
    ],
)
def test_bad_input_is_refused(changes, arguments, error, message):
    with pytest.raises(error, match=message):
        RelocationModel(world(100, 5, **changes), **arguments)


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        ("ready", lambda a: a[:, 1:], "ready has shape"),
        ("site_of", lambda a: a + 90, "site_of holds a row outside"),
        ("originals", lambda a: a[1:], "originals has shape"),
        ("site_county", lambda a: a + 5, "site_county holds a row outside 0..1"),
    ],
)
def test_tables_that_do_not_fit_are_refused(table, change, message):
    inputs = world(100, 5)
    places = inputs.institutions._replace(**{table: change(getattr(inputs.institutions, table))})
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(inputs, institutions=places)


def test_households_in_disorder_are_refused():
    inputs = world(100, 5)
    with pytest.raises(ValueError, match="village by village"):
        dataclasses.replace(
            inputs, population=inputs.population._replace(village=inputs.population.village[::-1])
        )


def test_inputs_of_another_kind_are_refused():
    with pytest.raises(TypeError, match=r"must be simulation\.run\.Inputs"):
        RelocationModel({"policy": 1})


class Pilot(RelocationModel):
    def __init__(self, *, subsidy, rng):
        eager = dict(intention_to_application_per_year=0.9, attachment_mean=1)
        super().__init__(world(150, 8, months=8, window=8, subsidy_yuan_per_person=subsidy, **eager), rng=rng)


def test_mesa_can_run_it_in_batches():
    rows = mesa.batch_run(
        Pilot, {"subsidy": [0, 60_000], "rng": [1, 2]}, data_collection_period=4, display_progress=False
    )
    assert {row["Step"] for row in rows} == {0, 4, 7}
    last = {(row["subsidy"], row["rng"]): row["persons_signed"] for row in rows if row["Step"] == 7}
    assert last[60_000, 1] > last[0, 1]


def test_a_model_can_be_forgotten():
    m = Pilot(subsidy=0, rng=1)
    m.step()
    gone = weakref.ref(m)
    del m
    gc.collect()
    assert gone() is None
