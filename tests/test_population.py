"""Synthetic households: margins are met, bits are the same everywhere, people add up."""

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import synthesis
from simulation.households import POPULATION_DTYPES, Population
from simulation.population import LARGEST, Margins, MarginsError, fit, population_hash, synthesise

GIVEN = dict(
    counties=["north", "middle", "south"],
    pool_share=[0.5, 0.3, 0.2],
    villages=[300, 200, 40],
    rural_income_yuan=[24000, 28000, 33000],
    remote_income_ratio=0.6,
    size_shares=[0.18, 0.28, 0.22, 0.16, 0.09, 0.05, 0.02],
    mean_household_size=[2.7, 3.2, 2.9],
    age_shares=[[0.17, 0.18, 0.41, 0.24], [0.2, 0.2, 0.4, 0.2], [0.15, 0.15, 0.4, 0.3]],
    schooling_shares=[0.08, 0.45, 0.36, 0.08, 0.03],
    labour_share=[0.55, 0.55, 0.5],
    absent_share=[0.5, 0.4, 0.6],
    local_job_share=0.5,
    income_source_shares=[0.35, 0.32, 0.3, 0.03],
    remittance_of_transfer=0.6,
    income_sd_log=0.55,
    low_income_share=0.12,
    low_income_ratio=0.6,
    hazard_share=0.08,
    hardship_share=0.02,
    savings_to_income=1.0,
    savings_sd_log=0.9,
    land_mu_per_person=0.7,
    house_m2_per_person=45,
    homestead_m2=110,
    distance_km=[30, 40, 20],
    township_km=9,
    road_km=1,
    school_km=8,
    village_size_sd_log=0.8,
)
MARGINS = Margins(**GIVEN)
DIGEST = "94c1cfcf6e0c912561bea1d849c41158703ad8bdafd6526affe8a721f667abe5"


def build(persons=30_000, earlier=0.25, seed=1, margins=MARGINS):
    return synthesise(margins, pool_persons=persons, earlier_movers_share=earlier, seed=seed)


@pytest.fixture(scope="module")
def made():
    return build()


# Margins


def test_every_margin_is_met(made):
    rows = fit(MARGINS, *made)
    assert {row.county for row in rows} == set(GIVEN["counties"])
    off = [row for row in rows if row.beyond_rounding > 0.02]
    assert not off
    assert len(rows) > 40 * 3


def test_earlier_movers_meet_the_margins_too(made):
    population, villages = made
    others = population._replace(earlier=1 - population.earlier)
    skip = ("pool_share", "village")
    off = [row for row in fit(MARGINS, others, villages) if row.beyond_rounding > 0.02]
    assert [row for row in off if not row.margin.startswith(skip)] == []


def test_small_pools_meet_what_they_can():
    rows = fit(MARGINS, *build(1200))
    off = [row for row in rows if row.beyond_rounding > 0.02 and not row.margin.startswith("village")]
    assert not [row for row in off if row.margin not in ("income_sd_log", "low_income_ratio")]


def test_persons_are_exact(made):
    population, _ = made
    pool = population.earlier == 0
    persons = np.bincount(population.county[pool], population.members[pool])
    assert persons.tolist() == [15000, 9000, 6000]


def test_earlier_movers_are_a_share_of_each_village(made):
    population, villages = made
    originals = np.diff(villages.first)
    moved = np.bincount(population.village, population.earlier, len(originals))
    assert np.all(np.abs(moved - 0.25 * originals) <= 1.0)
    assert abs(moved.sum() - 0.25 * originals.sum()) <= 1.0


def test_no_earlier_movers():
    assert build(2000, earlier=0.0)[0].earlier.sum() == 0


def test_villages_are_many_hamlets_and_a_few_large_ones():
    population, villages = build(100_000, 0.0, margins=Margins(**GIVEN | {"villages": [900, 600, 400]}))
    sizes = np.diff(villages.first)
    assert sizes.min() >= 1
    assert np.median(sizes) < sizes.mean()
    assert np.mean((sizes >= 5) & (sizes <= 30)) > 0.5
    assert sizes.max() > 100


def test_remote_villages_keep_the_old_who_live_alone(made):
    population, villages = made
    alone = (population.members == 1) & (population.elderly == 1) & (population.county == 0)
    far = villages.distance_km[population.village] > 30
    assert alone[far & (population.county == 0)].mean() > 1.5 * alone[~far & (population.county == 0)].mean()


def test_signs_of_what_goes_together(made):
    p, villages = made
    a_head = (p.wage + p.business + p.remittance + p.transfer + p.property) / p.members

    def rank(x):
        return np.argsort(np.argsort(x))

    def together(x, y):
        return np.corrcoef(rank(x), rank(y))[0, 1]

    assert together(a_head, p.schooling) > 0.1
    assert together(a_head, p.savings / p.members) > 0.3
    assert together(a_head, villages.distance_km[p.village]) < -0.03
    assert together(p.head_age, p.schooling) < -0.3
    assert together(p.land_mu / p.members, p.business) > 0.05
    assert a_head[p.poor == 1].mean() < a_head[p.poor == 0].mean()
    assert p.poor[p.hardship == 1].all()
    assert (p.workers + p.absent)[p.hardship == 1].mean() < (p.workers + p.absent)[p.poor == 1].mean()


def test_hazards_sit_in_villages(made):
    p, villages = made
    share = np.bincount(p.village, p.hazard) / np.diff(villages.first)
    assert np.mean(share == 0) > 0.4
    assert np.mean(share > 0.5) > 0.02


# The same bits


def test_a_seed_gives_one_population(made):
    assert population_hash(*build()) == population_hash(*made)


def test_seeds_differ(made):
    again = build(seed=2)[0]
    assert not np.array_equal(again.savings, made[0].savings)


def test_the_hash_sees_names_types_and_every_byte(made):
    population, villages = made
    first = population_hash(population, villages)
    wage = population.wage.copy()
    wage[-1] += 1
    assert population_hash(population._replace(wage=wage), villages) != first
    assert population_hash(population._replace(wage=population.wage.astype("f8")), villages) != first
    swapped = population._replace(wage=population.wage.astype(">f4"))
    assert population_hash(swapped, villages) == first


def _digest(**environment):
    code = "import sys; sys.path.insert(0, 'tests'); import test_population as t; print(t.population_hash(*t.build()))"
    root = Path(__file__).resolve().parent.parent
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


def test_bits_do_not_depend_on_numpys_cpu_features(made):
    features = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    assert _digest(NPY_DISABLE_CPU_FEATURES=" ".join(features)) == population_hash(*made)


@pytest.mark.skipif("CI" not in os.environ, reason="compiles everything anew")
def test_bits_do_not_depend_on_the_cpu(made):
    assert _digest(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="") == population_hash(*made)


def test_columns_have_their_types_and_one_signature_each(made):
    for table, types in ((made[0], POPULATION_DTYPES), (made[1], dict(county="i4", first="i8", kind="i4"))):
        for name, column in zip(table._fields, table, strict=True):
            assert column.dtype == np.dtype(types.get(name, "f8")), name
            assert column.flags.writeable and column.flags.c_contiguous, name
    build(700, earlier=0.0, seed=5)
    kernels = [x for x in vars(synthesis).values() if getattr(x, "__module__", "") == synthesis.__name__]
    counts = {k.__name__: len(k.signatures) for k in kernels if hasattr(k, "signatures")}
    assert max(counts.values()) == 1, counts


# Households and villages add up


def check(population: Population, villages):
    p = population
    assert np.all(p.members >= 1) and np.all(p.members <= LARGEST)
    parts = p.workers.astype(int) + p.absent + p.children + p.elderly
    assert np.all(parts <= p.members)
    assert np.all(p.local_jobs <= p.workers)
    assert np.all((p.head_age >= 18) & (p.head_age < 90))
    assert np.all((p.head_age < 60) | (p.elderly >= 1))
    assert np.all((p.head_age >= 60) | (p.workers + p.absent >= 1))
    assert set(np.unique(p.schooling)) <= {0, 6, 9, 12, 15}
    for flag in (p.earlier, p.poor, p.hardship, p.hazard):
        assert np.all(flag <= 1)
    assert np.all(p.hardship <= p.poor)
    for name in (
        "wage",
        "business",
        "remittance",
        "transfer",
        "property",
        "savings",
        "land_mu",
        "house_m2",
        "homestead_m2",
    ):
        assert np.all(np.isfinite(getattr(p, name)) & (getattr(p, name) >= 0)), name
    assert np.all((p.wage > 0) <= (p.local_jobs > 0))
    assert np.all((p.remittance > 0) == (p.absent > 0))
    assert np.all(p.business + p.transfer > 0) and np.all(p.savings > 0)
    v = villages
    number = len(v.county)
    assert v.first[0] == 0 and v.first[-1] == len(p.county) and np.all(np.diff(v.first) >= 1)
    assert np.array_equal(np.repeat(np.arange(number), np.diff(v.first)), p.village)
    assert np.array_equal(v.county[p.village], p.county)
    assert np.all(np.diff(v.county) >= 0)
    assert np.all(np.bincount(p.village, 1 - p.earlier) >= 1)
    for km in (v.distance_km, v.township_km, v.school_km):
        assert np.all(np.isfinite(km) & (km > 0))
    assert np.all(np.isfinite(v.road_sd) & (v.road_sd >= 0))
    assert np.all((v.service >= 0) & (v.service <= 1))


@settings(max_examples=25, deadline=None)
@given(
    persons=st.integers(500, 5000),
    seed=st.integers(0, 2**63 - 1),
    earlier=st.floats(0.0, 0.9),
)
def test_households_add_up(persons, seed, earlier):
    population, villages = build(persons, earlier, seed)
    check(population, villages)
    assert population.members[population.earlier == 0].sum() == persons


@pytest.mark.parametrize("persons", [1, 2, 3, 8, 20, 60])
def test_tiny_pools_add_up(persons):
    population, villages = build(persons)
    assert population.members[population.earlier == 0].sum() == persons
    check(population, villages)


@settings(max_examples=25, deadline=None)
@given(
    size=st.floats(1.6, 5.5),
    labour=st.floats(0.45, 0.62),
    absent=st.floats(0.05, 0.95),
    jobs=st.floats(0.05, 1.0),
    listed=st.floats(0.03, 0.6),
    sd=st.floats(0.2, 1.0),
)
def test_other_margins_add_up(size, labour, absent, jobs, listed, sd):
    try:
        margins = Margins(
            **GIVEN
            | dict(
                mean_household_size=size, labour_share=labour, absent_share=absent, local_job_share=jobs,
                low_income_share=listed, income_sd_log=sd, age_shares=[0.16, 0.18, 0.42, 0.24],
            )
        )  # fmt: skip
    except MarginsError as error:
        assert "labour_share" in str(error)
        return
    check(*build(3000, margins=margins))


def test_time_and_rows_are_linear():
    build(2000)
    counts, seconds = [], []
    for persons in (60_000, 240_000):
        start = time.process_time()
        counts.append(len(build(persons, earlier=0.0)[0].county))
        seconds.append(time.process_time() - start)
    assert counts[1] == pytest.approx(4 * counts[0], rel=0.001)
    assert seconds[1] < 8 * seconds[0] + 0.1


def test_the_published_digest(made):
    assert population_hash(*made) == DIGEST


# Bad margins


def test_all_faults_are_named_at_once():
    with pytest.raises(MarginsError) as caught:
        Margins(
            **GIVEN
            | dict(labour_share=1.4, pool_share=[0.5, 0.5], size_shares=[0.5] * 7, villages=[1.5, 2, 3])
        )
    fields = [message.split(":")[0] for message in caught.value.messages]
    assert fields == ["pool_share", "villages", "size_shares", "labour_share"]


@pytest.mark.parametrize(
    "change",
    [
        dict(mean_household_size=1.2, size_shares=[0, 0.5, 0.5, 0, 0, 0, 0]),
        dict(labour_share=0.2),
        dict(labour_share=0.9),
        dict(low_income_share=0.8, low_income_ratio=1.5),
        dict(hardship_share=0.5),
        dict(local_job_share=0.0),
        dict(absent_share=0.0),
        dict(income_source_shares=[0.5, 0.0, 0.4, 0.1]),
        dict(age_shares=[0.9, 0.0, 0.05, 0.05]),
        dict(rural_income_yuan=float("nan")),
        dict(rural_income_yuan="much"),
        dict(pool_share=0.3),
        dict(counties=[]),
        dict(counties=["a", "a", "b"]),
    ],
)
def test_margins_that_cannot_hold_are_refused(change):
    with pytest.raises(MarginsError):
        Margins(**GIVEN | change)


@pytest.mark.parametrize(
    "change",
    [dict(pool_persons=0), dict(earlier_movers_share=0.99), dict(seed=-1), dict(pool_persons=float("nan"))],
)
def test_impossible_pools_are_refused(change):
    with pytest.raises(MarginsError):
        synthesise(MARGINS, **dict(pool_persons=1000, earlier_movers_share=0.1, seed=1) | change)


def test_margins_compare_and_hash():
    assert Margins(**GIVEN) == MARGINS and hash(Margins(**GIVEN)) == hash(MARGINS)
    assert dataclasses.replace(MARGINS, low_income_share=0.2) != MARGINS
