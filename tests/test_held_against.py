"""Facts kept for comparison beside what the model gives."""

import dataclasses

import numpy as np
import pytest
from fakes import but, fake_pool_study, fake_study

from experiments.verdict import text, verdict
from scenarios.facts import fact

PERSONS = "registered persons moved in"


def held(study):
    return {row.en: row for row in verdict(study).held}


def test_a_fact_is_set_beside_the_same_outcome_at_its_date():
    study = fake_pool_study(8, 2)
    row = held(study)["registered persons moved in by March 2020"]
    model = study.indicator("persons_keys_poor")[:, 26].sum(axis=1)  # from 2018-01
    low, middle, high = np.quantile(model, (0.05, 0.5, 0.95))
    assert (row.low, row.model, row.high) == pytest.approx((low, middle, high))
    assert row.fact == fact("Gansu", "2016-2020-03", PERSONS).value == 499_000
    assert row.inside is False and row.difference == pytest.approx(middle / 499_000 - 1)
    county = study.county * (499_000 / middle)
    assert held(dataclasses.replace(study, county=county))[row.en].inside is True


def test_what_is_defined_otherwise_is_shown_but_not_judged():
    row = held(fake_pool_study(8, 2))["homes completed by March 2020"]
    assert row.match == "near" and row.model is not None and row.inside is None and row.why_en


def test_outside_the_months_run_there_is_nothing_to_compare():
    study = fake_pool_study(8, 2)
    later = dataclasses.replace(study, scenario=but(study.scenario, start="2021-01"))
    row = held(later)["registered persons moved in by March 2020"]
    assert row.match == "none" and row.model is None and row.why_en == "outside the months run"


def test_the_effect_of_moving_is_held_against_the_one_measured():
    study = fake_study(8, 2)
    row = held(study)["effect of moving on income, one county"]
    effect = verdict(study).effect
    assert (row.model, row.low, row.high) == pytest.approx(
        (100 * effect.value, 100 * effect.low, 100 * effect.high)
    )
    none = dataclasses.replace(study, effect_income=np.zeros_like(study.effect_income))
    assert held(none)[row.en].match == "none"


def test_every_fact_is_named_with_its_reason_and_source():
    v = verdict(fake_pool_study(8, 2))
    for lang in ("en", "zh"):
        out = text(v, lang)
        for row in v.held:
            assert getattr(row, lang)[:12] in out
        assert "https://gansu.gansudaily.com.cn/system/2020/04/06/017399602.shtml" in out
        assert ("outside" if lang == "en" else "区间外") in out


def test_a_region_without_facts_has_no_section():
    study = fake_study(4, 1)
    elsewhere = dataclasses.replace(study, scenario=but(study.scenario, name="mine", files=()))
    v = verdict(elsewhere)
    assert v.held == () and "Held against" not in text(v, "en")


def test_one_run_has_no_interval_and_no_judgement():
    row = held(fake_pool_study(1, 1))["registered persons moved in by March 2020"]
    assert row.model is not None and row.low is None and row.inside is None
