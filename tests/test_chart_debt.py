"""Debt: what falls due in the simulated months, and the schedule of one loan beyond them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import scenarios
from experiments.figures import debt, style
from experiments.figures.text import LANGS, Words
from experiments.study import run_study
from simulation.outcomes import GROUPS, INCOMES, INDICATORS

FEW = {"pool_persons": "8000"}
NO_LOANS = {
    name: "0" for name in ("loan_limit_yuan", "decoration_loan_limit_yuan", "startup_loan_limit_yuan")
}


def study_of(**sets: str):
    return run_study(scenarios.load("lishui", sets=FEW | sets), points=2, replications=2)


@pytest.fixture(scope="module")
def study():
    return study_of()


def monthly(rate: float, months: int) -> float:
    return rate / 12.0 / (1.0 - (1.0 + rate / 12.0) ** -months)


@pytest.mark.parametrize("grace", [0, 36])
def test_the_schedule_is_interest_through_grace_then_an_annuity(grace):
    amount, rate, months = 100_000.0, 0.036, 240
    rows = debt.schedule(amount, (rate,) * months, [0.5] * months, grace)
    principal, own, public = rows.T
    assert np.allclose(principal[:grace], 0.0) and np.allclose(own[:grace] + public[:grace], 300.0)
    level = amount * monthly(rate, months - grace)
    assert np.allclose(rows[grace:-1].sum(axis=1), level, atol=0.02)  # fen are whole
    assert abs(rows[-1].sum() - level) < 2.0  # what rounding left
    assert abs(principal.sum() - amount) < 1e-6
    assert np.allclose(own, public, atol=0.01)


def test_another_rate_changes_what_is_still_to_be_paid():
    rows = debt.schedule(50_000.0, (0.06,) * 12 + (0.03,) * 108, [0.0] * 120, 0)
    assert abs(rows[:, 0].sum() - 50_000.0) < 1e-6
    assert rows[11].sum() > rows[12].sum() + 30.0
    left = 50_000.0 - rows[:12, 0].sum()
    assert abs(rows[12].sum() - left * monthly(0.03, 108)) < 0.02


def test_what_falls_due_is_what_the_study_holds(study):
    d = debt.data(study)
    due, borrowers, late = (
        study.region[:, -1, INDICATORS.index(name)]
        for name in ("due_fen", "loan_households", "arrears_households")
    )
    assert d.due[1, -1] == pytest.approx(np.median(due / borrowers) / 100.0)
    assert d.late[1, -1] == pytest.approx(np.median(late / borrowers))
    movers = study.income[:, -1, GROUPS.index("movers")]
    sources = [INCOMES.index(f"{s}_fen") for s in ("wage", "business", "transfer", "property")]
    income = movers[:, sources].sum(axis=1) / movers[:, INCOMES.index("households")]
    assert d.burden[1, -1] == pytest.approx(np.median(due / borrowers / income))


def test_its_parts_add_up(study):
    d = debt.data(study)
    known = np.isfinite(d.due[1])
    assert known[-1] and not known[0]
    assert np.allclose(d.parts[:, known].sum(axis=0), d.due[1, known])
    assert (d.parts[:, known] >= 0.0).all()
    low, middle, high = d.due[:, known]
    assert (low <= middle).all() and (middle <= high).all()


def test_no_principal_falls_due_in_the_simulated_grace():
    d = debt.data(study_of(loan_grace_years="3", startup_loan_limit_yuan="0"))
    assert d.first is not None and d.loan is not None and d.loan.grace == 36
    principal = d.parts[0]
    assert np.nanmax(principal[: d.first + 30]) == 0.0
    assert principal[-1] > 0.0


def test_a_scenario_without_loans_has_no_such_chart():
    none = study_of(**NO_LOANS)
    assert not debt.shows(none)
    with style.session():
        sheet = debt.draw(none, debt.data(none), Words("en"))
    assert "No household has borrowed" in sheet.title


def test_rows_hold_the_simulated_months_and_then_the_schedule(study):
    rows = debt.rows(study, debt.data(study))
    kinds = [row["what"] for row in rows]
    assert kinds == ["simulated"] * study.months + ["schedule of a typical loan"] * 240
    assert len({tuple(row) for row in rows}) == 1


@pytest.mark.parametrize("lang", LANGS)
def test_it_is_drawn_without_a_missing_glyph_or_clipped_text(study, lang):
    with warnings.catch_warnings(), style.session():
        warnings.simplefilter("error")
        sheet = debt.draw(study, debt.data(study), Words(lang))
        sheet.render("png", name="debt")
        inside(sheet)
    assert ("schedule, not simulated" if lang == "en" else "非模拟结果") in texts(sheet)


def texts(sheet) -> str:
    return "\n".join(t.get_text() for t in sheet.figure.findobj(lambda artist: hasattr(artist, "get_text")))


def inside(sheet) -> None:
    """No words leave the paper."""
    renderer = FigureCanvasAgg(sheet.figure).get_renderer()
    paper = sheet.figure.bbox
    for text in sheet.figure.findobj(lambda artist: hasattr(artist, "get_text")):
        if text.get_text().strip() and text.get_visible():
            box = text.get_window_extent(renderer)
            assert box.x0 >= paper.x0 - 1 and box.x1 <= paper.x1 + 1, text.get_text()
            assert box.y0 >= paper.y0 - 1 and box.y1 <= paper.y1 + 1, text.get_text()
