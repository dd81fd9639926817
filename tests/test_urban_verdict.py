"""Ratio and urban targets, urban accounts in words, and what a region with a list and county debt reports besides."""

import dataclasses
import json

import numpy as np
import pytest
from fakes import YEARLY, but, fake_pool_study, fake_study, fake_urban_study
from rich.cells import cell_len

from experiments import files, urban
from experiments.verdict import outcome, text, verdict
from simulation.outcomes import URBAN_METRICS


@pytest.fixture(scope="module")
def study():
    return fake_urban_study(8, 2)


def target(study, metric, month=35, **changes):
    return but(study.scenario.targets[0], metric=metric, month=month, **changes)


def test_a_ratio_is_a_ratio_of_sums(study):
    working, labour = (study.indicator(f"{name}_households")[:, 35] for name in ("working", "labour"))
    asked = target(study, "working_share")
    assert outcome(study, asked) == pytest.approx(working.sum(axis=1) / labour.sum(axis=1))
    one = target(study, "working_share", scope="yunhe")
    assert outcome(study, one) == pytest.approx(working[:, 3] / labour[:, 3])


def test_a_ratio_of_nothing_is_no_number(study):
    empty = dataclasses.replace(
        study, county=np.zeros_like(study.county),
        scenario=but(study.scenario, targets=(target(study, "working_share"),)),
    )  # fmt: skip
    judged = verdict(empty).targets[0]
    assert judged.outcome is None and judged.reached == 0 and judged.drivers is None
    assert "Nothing to count" in text(verdict(empty), "en") and "没有可计的结果" in text(verdict(empty), "zh")


def test_urban_metrics_follow_the_accounts(study):
    residents = study.urban[..., 0]  # (runs, months, areas)
    towns = residents[..., :2].sum(axis=2)
    asked = {name: outcome(study, target(study, name)) for name in URBAN_METRICS}
    share = towns / residents.sum(axis=2)
    assert asked["urban_share"] == pytest.approx(share[:, 35])
    assert asked["urban_share_gain"] == pytest.approx(share[:, 35] - share[:, 23])
    assert asked["urban_residents"] == pytest.approx(towns[:, 35])
    assert asked["urban_residents_added"] == pytest.approx(towns[:, 35] - towns[:, 23])
    assert asked["core_residents"] == pytest.approx(residents[:, 35, 0])
    assert asked["income_ratio"] == pytest.approx(study.urban_income[:, 35, 2])


@pytest.mark.parametrize("month", [0, 5, 11])
def test_a_gain_before_the_first_year_is_over_counts_from_the_start(study, month):
    added = outcome(study, target(study, "urban_residents_added", month))
    flows = study.urban[:, : month + 1, :2, 1:].sum(axis=(1, 2, 3))
    assert added == pytest.approx(flows)


def test_urban_metrics_of_one_county_are_refused(study):
    with pytest.raises(ValueError, match="whole region only"):
        outcome(study, target(study, "urban_share", scope="yunhe"))


def test_without_accounts_there_is_no_urban_share():
    study = fake_study(2, 1)
    assert np.isnan(outcome(study, target(study, "urban_share"))).all()
    assert verdict(study).urban is None and "Residents by area" not in text(verdict(study), "en")


def test_what_a_missed_share_would_take(study):
    judged = next(t for t in verdict(study).targets if t.id == "share_2028")
    residents = study.urban[:, 59, :, 0]
    moved = judged.needs["villagers_per_year"] * 5
    towns, everybody = residents[:, :2].sum(axis=1), residents.sum(axis=1)
    assert np.median((towns + moved) / everybody) == pytest.approx(0.70, abs=2e-4)
    came = judged.needs["newcomers_per_year"] * 5
    assert np.median((towns + came) / (everybody + came)) == pytest.approx(0.70, abs=2e-4)


def test_reached_targets_need_nothing(study):
    targets = tuple(but(t, value=0.6) if t.metric == "urban_share" else t for t in study.scenario.targets)
    v = verdict(dataclasses.replace(study, scenario=but(study.scenario, targets=targets)))
    assert v.targets[0].needs == {} and "60 % by 2026-12: reached, median" in text(v, "en")


def test_accounts_add_up(study):
    u = verdict(study).urban
    for name in urban.FLOWS:
        by = u.totals[name]
        assert by["urban"].mean == pytest.approx(by["core"].mean + by["town"].mean)
    assert u.by_levers.mean + u.by_others.mean == pytest.approx(
        sum(by["urban"].mean for by in u.totals.values())
    )
    grown = sum(u.residents["2025"][a].mean - u.residents["2024"][a].mean for a in ("core", "town"))
    assert sum(s.mean for s in u.components["2025"].values()) == pytest.approx(grown)
    parts = sum(u.incomes[part].mean for part in urban.PARTS)
    assert u.ratio["2026"].mean - u.ratio["start"].mean == pytest.approx(parts)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_accounts_in_words(study, lang):
    out = text(verdict(study), lang)
    for name in (*urban.AREAS, *YEARLY, *urban.PARTS):
        assert urban.WORDS[name][lang == "zh"] in out, name
    assert (
        "70 % by 2028-12: not reached, median 66" if lang == "en" else "2028-12目标70%：未达到，中位数66"
    ) in out
    assert ("in part, by new jobs" if lang == "en" else "部分，随新增岗位") in out
    assert max(map(cell_len, out.splitlines())) <= 120 and "nan" not in out
    assert not any(line != line.rstrip() for line in out.splitlines())


def test_a_year_cut_short_says_which_months(study):
    late = dataclasses.replace(study, scenario=but(study.scenario, start="2024-05"))
    labels = [label for label, _, _ in urban.calendar(late)]
    assert labels[0] == "2024 (5–12)" and labels[1] == "2025" and labels[-1] == "2029 (1–4)"


def test_the_verdict_is_plain_data(study):
    json.dumps(files.plain(dataclasses.asdict(verdict(study))), allow_nan=False)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_list_the_debt_and_the_payers_are_reported(lang):
    study = fake_pool_study(8, 2)
    v = verdict(study)
    out = text(v, lang)
    said = {
        "en": ("of them on the low-income list", "struck off the list", "moves nobody by itself", "owed at the end",
               "province, bonds", "site infrastructure", "paid by, in all", "homes, sites, land"),
        "zh": ("其中低收入（建档立卡）人口", "调出名册", "不等于实际搬迁", "期末余额", "地方政府债券", "配套设施", "各级出资合计",
               "配套、"),
    }[lang]  # fmt: skip
    assert all(words in out for words in said)
    assert v.money.county_debt["left"].median == pytest.approx(
        np.median(study.indicator("pool_debt_fen")[:, -1].sum(axis=1)) / 100.0
    )
    plain = text(verdict(fake_study(8, 2)), lang)
    assert not any(words in plain for words in said)


def test_levels_of_government_pay_what_their_flows_say():
    study = fake_pool_study(4, 1)
    v = verdict(study)
    central = [
        v.money.appropriations[name].mean for name in ("central", "pool_fund", "pool_interest_central")
    ]
    assert v.money.payers["central"].mean == pytest.approx(sum(central))


def test_incomes_by_four_sources_county_by_county(study):
    v = verdict(study)
    by = v.county_incomes["yunhe"]
    assert by["income"].median == pytest.approx(
        sum(by[s].median for s in ("wage", "business", "transfer", "property"))
    )
    assert v.earn["income"].median == pytest.approx(by["income"].median)
    nobody = dataclasses.replace(study, county_income=study.county_income * 0)
    assert "Movers' incomes by four sources" not in text(verdict(nobody), "en")
