import dataclasses

import numpy as np
import pytest
from fakes import but, fake_study
from rich.cells import cell_len

from experiments.verdict import effect_of_moving, labels, outcome, spread, text, verdict, wilson
from experiments.wording import PAYERS, PURPOSES, WHY, _chinese
from simulation import outcomes
from simulation.ledger import FLOWS
from simulation.outcomes import GROUPS, INCOMES


def test_wilson_interval():
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20)[0] == 0.0 and wilson(20, 20)[1] == 1.0


def test_a_target_counts_its_event_at_its_date():
    study = fake_study(4, 2)
    target = study.scenario.targets[0]
    assert (outcome(study, target) == study.indicator("persons_keys")[:, 35].sum(axis=1)).all()
    one = but(target, scope="yunhe", event="signed", month=20)
    assert (outcome(study, one) == study.indicator("persons_signed")[:, 20, 3]).all()
    debt = but(target, metric="loan_fen", event=None)
    assert outcome(study, debt)[0] == pytest.approx(study.indicator("loan_fen")[0, 35].sum() / 100.0)


def test_a_future_reaches_a_target_by_the_mean_of_its_replications():
    study = fake_study(20, 2)
    judged = verdict(study).targets[0]
    means = outcome(study, study.scenario.targets[0]).reshape(20, 2).mean(axis=1)
    assert judged.futures == 20 and judged.reached == (means >= 30_000).sum()
    assert (judged.low, judged.high) == wilson(judged.reached, 20)
    upper = but(study.scenario.targets[0], at_least=False)
    other = dataclasses.replace(study, scenario=but(study.scenario, targets=(upper,)))
    assert verdict(other).targets[0].reached == (means <= 30_000).sum()


def test_the_two_inputs_the_target_hangs_on():
    judged = verdict(fake_study(50, 2)).targets[0]
    assert [(d.name, d.sign) for d in judged.drivers.inputs[:2]] == [
        ("home_price_yuan_per_m2", -1),
        ("pool_persons", 1),
    ]
    assert judged.parts.noise_share < 0.02


def test_parts_add_up():
    v = verdict(fake_study(1, 1))
    assert sum(row.persons.median for row in v.counties) == v.move_out["persons"].median
    assert sum(row.share for row in v.counties) == pytest.approx(1.0)
    assert sum(s.median for s in v.why.values()) == pytest.approx(1.0)
    assert sum(s.median for s in v.pace.values()) == v.move_out["persons"].median
    assert sum(v.earn[s].median for s in ("wage", "business", "transfer", "property")) == pytest.approx(
        v.earn["income"].median
    )


def test_effect_of_moving_is_a_ratio_of_ratios():
    study = fake_study(6, 2)
    income = np.zeros_like(study.effect_income)
    for group, now, start in (("granted", 330.0, 300.0), ("withheld", 10.0, 10.0)):
        income[:, :, GROUPS.index(group), INCOMES.index("wage_fen")] = now
        income[:, :, GROUPS.index(group), INCOMES.index("start_fen")] = start
    effect = effect_of_moving(dataclasses.replace(study, effect_income=income))
    assert (effect.value, effect.low, effect.high) == pytest.approx((0.1, 0.1, 0.1))
    assert effect_of_moving(dataclasses.replace(study, effect_income=np.zeros_like(income))) is None
    one = effect_of_moving(dataclasses.replace(study, effect_income=income[:1]))
    assert one.value == pytest.approx(0.1) and one.low is None


def test_nothing_to_divide_by_is_no_number():
    study = fake_study(3, 1)
    still = dataclasses.replace(
        study, county=np.zeros_like(study.county), klass=study.klass * 0, mode=study.mode * 0,
        income=study.income * 0, effect_income=study.effect_income * 0, ledger=study.ledger * 0,
    )  # fmt: skip
    v = verdict(still)
    assert v.stay["returned_share"] is None and v.money.cost_per_person is None
    assert "–" in text(v, "en") and "nan" not in text(v, "en") + text(v, "zh")


def test_money_by_payer():
    v = verdict(fake_study(2, 1))
    assert v.money.appropriations["province"].median == pytest.approx(4.5e8)
    assert v.money.net_cost_per_person.median < v.money.cost_per_person.median


def test_every_category_has_words_in_both_languages():
    assert set(WHY) == set(outcomes.WHY)
    assert {f.purpose for f in FLOWS if f.programme} - {"quota"} == set(PURPOSES)
    assert {f.name.removeprefix("appropriation_") for f in FLOWS if f.purpose == "appropriation"} == set(
        PAYERS
    )


def test_uncertainties_have_names_in_both_languages():
    study = fake_study(2, 1)
    assert set(labels(study)) == set(study.uncertainties)
    assert labels(study)["pool_persons"]["zh"] == "剩余可搬迁人口"


@pytest.mark.parametrize(
    ("x", "words"),
    [(30_000, "3万"), (24_312, "2.43万"), (9_999, "1万"), (823, "823"), (1.234e8, "1.23亿"), (0, "0")],
)
def test_chinese_numbers(x, words):
    assert _chinese(x) == words


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_text_says_what_it_is_and_stays_narrow(lang):
    study = fake_study(50, 2)
    out = text(verdict(study), lang)
    assert ("3万" if lang == "zh" else "30,000") in out
    assert ("不是概率" if lang == "zh" else "not a probability") in out
    assert ("不一定为100%" if lang == "zh" else "need not add up to 100 %") in out
    assert all(question in out for question in ("搬得出", "稳得住", "富得起", "融得入"))
    assert max(map(cell_len, out.splitlines())) <= 120
    assert out.endswith("\n") and not any(line != line.rstrip() for line in out.splitlines())
    assert out == text(verdict(study), lang)


def test_one_run_has_no_band_and_says_so():
    out = text(verdict(fake_study(1, 1)), "en")
    assert "no band" in out and "5–95" not in out and "not reached" in out
    assert "noise only" in text(verdict(fake_study(1, 3)), "en")


@pytest.mark.parametrize(("lang", "words"), [("en", "counties' advances"), ("zh", "县级垫付")])
def test_accounts_in_the_red_are_explained(lang, words):
    v = verdict(fake_study(2, 1))
    red = dataclasses.replace(v, money=dataclasses.replace(v.money, unspent=spread(np.array([-5e6]))))
    assert words in text(red, lang) and words not in text(v, lang)


def test_spread_ignores_what_is_not_a_number():
    assert spread(np.array([np.nan, 1.0, 3.0])).median == 2.0
    assert spread(np.array([np.nan])) is None
