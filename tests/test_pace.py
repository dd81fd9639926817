"""The pace of earlier years: rates from published figures, and the intercept that meets them."""

from __future__ import annotations

import json

import pytest

from experiments import cli, pace
from scenarios import load
from scenarios.errors import InputError


@pytest.fixture(scope="module")
def scenario():
    return load("lishui/status-quo")


def test_rates_follow_from_the_figures(scenario) -> None:
    wuyi, lishui, taishun = pace.known(scenario)
    assert 80000 * (1 - (1 - wuyi.rate) ** 15) == pytest.approx(47000)
    assert lishui.rate == pytest.approx(15018 / (90000 + 164600))
    assert not taishun.used  # its pool is not known: a bound only
    assert pace.aim([wuyi, lishui, taishun]) == pytest.approx((wuyi.rate + lishui.rate) / 2)


def test_no_figure_kept_for_validation_is_used(scenario) -> None:
    assert {fact.use for known in pace.known(scenario) for fact in known.facts} == {"input", "calibrate"}


def test_stronger_attachment_slows_the_pace_and_the_same_seeds_give_the_same_pace(scenario) -> None:
    slow, fast = (pace.paces(scenario, [x], replications=1)[0].mean for x in (2.0, -1.0))
    assert 0.0 < slow < fast < 0.2
    assert pace.paces(scenario, [2.0], replications=1)[0].mean == slow


@pytest.fixture
def linear(monkeypatch) -> None:
    """A model whose pace falls by a point for every unit of the intercept, from 6 % at 0."""

    def paces(scenario, intercepts, **options):
        rates = [(x, 0.06 - 0.01 * x) for x in intercepts]
        return [pace.Pace(x, rate, rate - 0.001, rate + 0.001) for x, rate in rates]

    monkeypatch.setattr(pace, "paces", paces)


@pytest.mark.usefixtures("linear")
def test_the_solved_intercept_moves_what_was_asked_for(scenario) -> None:
    assert pace.solve(scenario, 0.045) == pytest.approx(1.5, abs=0.01)


@pytest.mark.usefixtures("linear")
def test_a_rate_out_of_reach_is_said_so(scenario) -> None:
    with pytest.raises(InputError, match="no value moves 90.0% a year"):
        pace.solve(scenario, 0.9)


@pytest.mark.usefixtures("linear")
def test_the_command_prints_a_table_and_json(capsys) -> None:
    assert cli.main(["pace", "lishui", "--lang", "both"]) == 0
    printed = capsys.readouterr().out
    for words in ("Wuyi 1993–2008", "武义1993—2008年", "at most", "http://china.com.cn/"):
        assert words in printed
    assert cli.main(["pace", "lishui", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scenario"] == "lishui/status-quo" and len(found["grid"]) >= pace.GRID
    assert found["solved"] == pytest.approx(6.0 - 100 * found["mean_of_facts"], abs=0.01)
    assert cli.main(["pace", "elsewhere"]) == 2
