"""What the numbers rest on: the kind of every source, and the variance that hangs on each."""

import dataclasses
from types import SimpleNamespace

import pytest
from fakes import but, fake_study

from experiments.provenance import KINDS, kind, sources
from experiments.verdict import text, verdict
from scenarios import load, names
from scenarios.scenario import ABSENT


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("lishui-plan (七)", "document"),
        ("derived from jiaojiang-plan", "document"),
        ("gansu-opinions 三(四); gansu-opinions 一(三)", "document"),
        ("https://tjgb.hongheiku.com/djs/45633.html", "statistic"),
        ("derived from https://tjgb.hongheiku.com/djs/45633.html", "statistic"),
        ("Qujiang Daily 2023-07-11 (http://47.96.164.84/jrqj)", "statistic"),
        ("Statistical bulletin of Yueyang 2022", "statistic"),
        ("2022年岳阳市统计公报", "statistic"),
        ("Bai, Wang & Zhang 2018; Barnhardt, Field & Pande 2017", "literature"),
        ("Land 2023, 12(1) 84 (https://www2.mdpi.com/2073-445X/12/1/84)", "literature"),
        ("DYNAMO-M settings.yml (https://github.com/VU-IVM/DYNAMO-M)", "literature"),
        ("assumption", "assumption"),
        ("memory (not read; verify)", "assumption"),
        ("yueyang-plan 二(一)3; assumption", "assumption"),
        ("a published programme summary, original not seen", "assumption"),
        ("", "assumption"),
    ],
)
def test_kinds_of_sources(source, expected):
    assert kind(source) == expected


def test_every_input_in_use_counts_and_no_other():
    for name in (name for name, _, _ in names() if name.partition("/")[0] != "packages"):
        scenario = load(name)
        found = sources(scenario)
        assert ABSENT not in found.values()
        assert {entry.name for entry in scenario.entries() if entry.in_use} <= set(found)
        assert all(kind(source) in KINDS for source in found.values())


def sourced(study, **by_name):
    """The same study with other sources of some inputs."""
    values = {n: but(e, source=by_name.get(n, e.source)) for n, e in study.scenario.values.items()}
    changes = dict(
        values=values, uncertainties=lambda: list(values.values()), entries=lambda: list(values.values())
    )
    return dataclasses.replace(study, scenario=SimpleNamespace(**vars(study.scenario) | changes))


def test_variance_goes_to_the_kind_of_the_inputs_it_hangs_on():
    study = sourced(fake_study(60, 2), home_price_yuan_per_m2="https://example.org/prices")
    v = verdict(study)
    hangs = v.basis.hangs["moved_30000"]
    shares = {d.name: d.share for d in v.targets[0].drivers.inputs}
    whole = sum(shares.values())
    explained = v.targets[0].drivers.explained
    assert hangs.kinds["statistic"] == pytest.approx(shares["home_price_yuan_per_m2"] / whole * explained)
    assert sum(hangs.kinds.values()) + hangs.rest == pytest.approx(1.0)
    assert hangs.kinds["document"] == 0.0 and 0.0 < hangs.noise < 0.02
    assert v.basis.inputs == {"document": 0, "statistic": 1, "literature": 0, "assumption": 5}
    assert v.basis.varied == v.basis.inputs
    assert "statistics, published figures" in text(v, "en") and "统计与公开数据" in text(v, "zh")


def test_too_few_futures_are_said_to_be_too_few():
    v = verdict(fake_study(8, 2))
    assert v.basis.hangs == {"moved_30000": None}
    assert "8 futures do not tell what the variance hangs on" in text(v, "en")
    assert "8种未来情形不足以判断" in text(v, "zh")
    one = verdict(fake_study(1, 1))
    assert set(one.basis.varied.values()) == {0} and "futures do not tell" not in text(one, "en")


def test_assumptions_held_fixed_are_counted():
    study = fake_study(20, 1)
    fixed = but(study.scenario.values["pool_persons"], name="subsidy_yuan_per_person", range=None)
    entries = [*study.scenario.values.values(), fixed]
    other = dataclasses.replace(study, scenario=but(study.scenario, entries=lambda: entries))
    assert "1 assumptions are held at one value" in text(verdict(other), "en")
