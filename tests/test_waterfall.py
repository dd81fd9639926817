"""The waterfall: steps that add up in every run, and that agree with the households of a run counted one by one."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import fake_study

import scenarios
from experiments.figures import sheets, style, waterfall
from experiments.figures.text import LANGS, Words
from experiments.study import inputs_of, run_study
from simulation import run as engine
from simulation.households import MOVED, RETURNED
from simulation.outcomes import WHY

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture(scope="module")
def scenario():
    return scenarios.load("lishui", sets={"pool_persons": "6000"})


@pytest.fixture(scope="module")
def study(scenario):
    return run_study(scenario, points=1, replications=2, threads=2)


def test_every_state_is_a_step_and_has_a_name():
    assert set(waterfall.BEFORE) | {"moved", "returned"} == set(WHY)
    assert set(waterfall.STEPS) | set(waterfall.REASONS) <= set(waterfall.WORDS) | set(waterfall.WHY_WORDS)
    assert set(waterfall.COLOURS) == set(waterfall.STEPS)


def test_steps_add_up_from_total_to_total(study):
    d = waterfall.data(study)
    for values in (d.share, d.persons):
        level = 0.0
        for step, value in zip(d.steps, values, strict=True):
            if step in waterfall.TOTALS:
                assert step == "pool" or value == pytest.approx(level, abs=1e-9)
                level = value
            else:
                level += value
    assert d.share[0] == 1.0 and d.persons[0] == pytest.approx(study.why[..., 1].sum(axis=(1, 2)).mean())


def test_steps_are_those_of_the_households_one_by_one(study, scenario):
    steps = waterfall.by_run(study)
    last, window = scenario.months - 1, scenario.window
    for run, seed in enumerate(study.runs[:, 2]):
        result = engine.run(inputs_of(scenario, {}), seed=int(seed))
        h, status = result.households, result.status
        members, there = h["members"].astype(int), h["members"].astype(int) - h["behind"]
        pool, gone = h["earlier"] == 0, (status == MOVED) | (status == RETURNED)
        keys = pool & gone & (h["moved"] < window)
        assert steps["pool"][run] == members[pool].sum()
        assert steps["moved"][run] == members[keys].sum() > 0
        assert steps["behind"][run] == -h["behind"][keys].sum()
        assert steps["returned"][run] == -there[pool & (status == RETURNED)].sum()
        just_back = h["behind"][pool & (status == RETURNED) & (h["left"] == last)].sum()
        assert steps["living"][run] == there[pool & (status == MOVED)].sum() + just_back
        assert steps["later"][run] == there[pool & gone & (h["moved"] >= window)].sum() + just_back
        assert 0 < steps["stable"][run] <= steps["living"][run]


def test_reasons_are_shares(study):
    found = waterfall.reasons_by_run(study)
    known = found[np.isfinite(found)]
    assert len(known) and (known >= 0).all() and (known <= 1).all()


def test_both_dates_are_named_where_they_differ(study):
    d = waterfall.data(study)
    assert (d.closing, d.end) == (35, 59)
    with style.session():
        note, title = (getattr(waterfall.draw(study, d, Words("en")), part) for part in ("note", "title"))
    assert "Dec 2026" in note and "Dec 2028" in note and "Dec 2026" in title and "Dec 2028" in title
    rows = {row["step"]: row for row in waterfall.rows(study, d)}
    assert rows["moved"]["date"] == "2026-12" and rows["stable"]["date"] == "2028-12"
    assert rows["pool"]["share_of_pool"] == 1.0 and rows["not stable: arrears"]["persons"] is None


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    "case",
    [
        lambda s: s,
        lambda s: fake_study(4, 2),
        lambda s: fake_study(1, 1),
        lambda s: replace(s, **{n: np.zeros_like(getattr(s, n)) for n in ("county", "income", "why")}),
    ],
    ids=["plain", "made up", "one run", "nobody"],
)
def test_nothing_is_clipped_or_overlaps(study, case, lang):
    shown = case(study)
    d = waterfall.data(shown)
    for size in style.SIZES:
        with style.laid_out(lambda d=d, shown=shown: waterfall.draw(shown, d, Words(lang)), size) as sheet:
            renderer, figure = style._measure(), sheet.figure
            figure.dpi = renderer.dpi
            boxes = [t.get_window_extent(renderer) for t in figure.texts if t.get_text()]
            for k, box in enumerate(boxes):
                assert box.x0 >= -1 and box.x1 <= figure.bbox.width + 1 and box.y0 >= -1
                assert not any(box.shrunk(0.98, 0.5).overlaps(one.shrunk(0.98, 0.5)) for one in boxes[:k])


def test_a_repeat_gives_the_same_bytes(study):
    d = waterfall.data(study)
    chart = sheets.Chart(
        "waterfall", study, waterfall.rows(study, d), lambda words: waterfall.draw(study, d, words)
    )
    one, two = (chart.pictures("zh", ["svg", "pdf"]) for _ in range(2))
    assert one == two and chart.csv() == chart.csv()
