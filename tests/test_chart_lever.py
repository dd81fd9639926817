"""Shares along a lever: levels meet the same futures, and the interval is that of a share."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import scenarios
from experiments import question as ask
from experiments.executors.threads import Threads
from experiments.figures import lever as chart
from experiments.figures import style
from experiments.figures.text import LANGS, Words
from experiments.intervals import wilson
from experiments.reach import curve, store, study
from experiments.reach.text import text, written
from scenarios.errors import InputError

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture(scope="module")
def plan():
    lishui = scenarios.load("lishui", sets={"pool_persons": "5000"})
    with pytest.MonkeyPatch.context() as patch:
        for name in ("FEWEST", "CENTRE", "PAIRS"):
            patch.setattr(study, name, 6)
        patch.setattr(study.relax, "FAMILIES", ("pool",))
        yield study.plan_of(
            lishui, ask.question(lishui, "moved=1500", 0.9), priors=("uniform",), budget=6, map_points=8,
            lever="subsidy=9000..18000:2",
        )  # fmt: skip


@pytest.fixture(scope="module")
def found(plan, tmp_path_factory):
    with Threads(2) as works:
        return study.run_reach(plan, tmp_path_factory.mktemp("runs"), works)


def test_the_policys_own_level_gives_what_the_policy_gives(found):
    """18,000 yuan are the plan's own subsidy, so the same luck must give the same outcome."""
    along = found.curve
    assert along.central == 18_000.0 and [one.value for one in along.levels] == [9000.0, 18000.0]
    last = along.levels[-1]
    assert (last.hits, last.runs) == (along.as_is.hits, along.as_is.runs) == (found.shares[0].hits, 6)


def test_a_level_has_the_interval_of_its_own_share(found):
    for one in found.curve.levels:
        assert one.share == one.hits / one.runs
        assert (one.low, one.high) == wilson(one.hits, one.runs)


@pytest.mark.parametrize("lang", LANGS)
def test_the_terminal_shows_every_level(found, lang):
    shown = text(found, lang).splitlines()
    for one in found.curve.levels:
        row = next(line for line in shown if line.strip().startswith(written(one.value, "yuan/person", lang)))
        assert f"{100 * one.share:.0f}" in row and row.rstrip().endswith(str(one.runs))


def test_failed_runs_count_neither_way(plan):
    level = curve._level(
        1.0, np.array([2000.0, np.nan, 1000.0]), np.array([False, True, False]), plan.question
    )
    assert (level.hits, level.runs, level.failed, level.share) == (1, 2, 1, 0.5)
    none = curve._level(1.0, np.array([np.nan]), np.array([True]), plan.question)
    assert none.runs == 0 and np.isnan(none.share)


def test_the_answer_and_its_table_hold_the_curve(found, plan):
    assert store.answer(found)["curve"]["levels"][1]["value"] == 18_000.0
    table = dict(store.tables(found))["lever"]
    assert table["value"].tolist() == [9000.0, 18000.0]
    assert sum(found.runs[curve.store_of(plan.lever, value)] for value in (9000.0, 18000.0)) == 12
    assert sum(found.runs.values()) <= plan.most


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("home_price_yuan_per_m2", "uncertainty"),
        ("subsidy,loan_rate", "one expected"),
        ("subsidi", "subsidy"),
    ],
)
def test_what_is_no_single_lever_is_refused(plan, asked, said):
    with pytest.raises(InputError) as refused:
        curve.lever_of(plan.scenario, asked)
    assert said in " ".join(refused.value.messages)


@pytest.mark.parametrize("lang", LANGS)
def test_it_is_drawn_with_every_word_on_the_paper(found, lang):
    with warnings.catch_warnings(), style.session():
        warnings.simplefilter("error")
        sheet = chart.draw(found, Words(lang))
        sheet.render("png", name="lever")
        renderer, paper = FigureCanvasAgg(sheet.figure).get_renderer(), sheet.figure.bbox
        for text in sheet.figure.findobj(lambda artist: hasattr(artist, "get_text")):
            if text.get_text().strip() and text.get_visible():
                box = text.get_window_extent(renderer)
                assert box.x0 >= -1 and box.x1 <= paper.x1 + 1 and box.y0 >= -1 and box.y1 <= paper.y1 + 1
    assert "Wilson" in sheet.note and len(chart.rows(found)) == 3
