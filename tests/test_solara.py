"""Mesa's browser view of one run: its model is the run of the command, its charts draw in both languages, its page works."""

import importlib.util
import os
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import mesa
import numpy as np
import pytest
from browser import Requests
from clusters import free_port

from experiments.commands.common import load
from experiments.study import run_study

APP = Path(__file__).resolve().parents[1] / "docs/solara_app.py"
SETTING = {"subsidy_yuan_per_person": 26500.0, "homes_factor": 1.1, "public_posts": 900.0}
ASSETS = Path(sys.prefix, "share/solara/cdn/@widgetti")  # what the page loads, if solara-assets is installed


@pytest.fixture(scope="module")
def app():
    """The app as a module, without its page: all that needs no Solara."""
    spec = importlib.util.spec_from_file_location("solara_app", APP)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as without:
        without.setattr(importlib.util, "find_spec", lambda name: None)
        spec.loader.exec_module(module)
    assert not hasattr(module, "page")
    return module


@pytest.fixture(scope="module")
def moved(app):
    """A model with another setting, half of its months run."""
    model = app.Lishui(study_seed=3, **SETTING)
    for _ in range(30):
        model.step()
    return model


def test_the_sliders_begin_at_the_plan(app):
    sliders = app.sliders("en")
    assert set(sliders) == {*app.LEVERS, "study_seed"}
    for name in app.LEVERS:
        entry, slider = app.plan().values[name], sliders[name]
        assert entry.kind == "lever" and (slider["min"], slider["max"]) == entry.range
        assert slider["value"] == entry.at(0)
        steps = (slider["max"] - slider["min"]) / slider["step"]
        assert 60 <= steps <= 150 and f"{slider['step']:g}".strip("0.")[0] in "125"
    for english, chinese in zip(sliders.values(), app.sliders("zh").values(), strict=True):
        assert english["label"] != chinese["label"]


def test_a_setting_gives_what_anju_run_gives(app, moved):
    """All outcomes, bit for bit, stepped by hand: half by the fixture, half here."""
    sets = [f"{name}={value}" for name, value in SETTING.items()]  # as typed after --set
    study = run_study(load("lishui", sets, None), points=1, replications=1, seed=3)
    while moved.running:
        moved.step()
    result = moved.result.outcomes
    assert np.array_equal(result.county, study.county[0])
    assert np.array_equal(result.mode, study.mode[0])
    assert np.array_equal(result.income.sum(axis=1), study.income[0])
    assert np.array_equal(result.ledger.sum(axis=1), study.ledger[0])
    assert np.array_equal(result.why, study.why[0])
    plan = run_study(load("lishui", None, None), points=1, replications=1, seed=3)
    assert not np.array_equal(plan.county, study.county)  # the setting does something


@pytest.mark.parametrize("row", range(5))
def test_levers_go_where_they_are_named(app, row):
    name = app.LEVERS[row]
    model = app.Lishui(**{name: 1.5 * app.plan().values[name].at(0)})
    assert {
        lever: model.programme.values[lever].at(0) / app.plan().values[lever].at(0) for lever in app.LEVERS
    } == {lever: 1.5 if lever == name else 1.0 for lever in app.LEVERS}


def test_no_step_after_the_last(app):
    """SolaraViz asks for several steps at once, if so set, and looks at `running` after them only."""
    model = app.Lishui()
    model.run_model()
    assert (model.steps, model.month) == (60, 60)
    model.step()
    assert (model.steps, model.month) == (60, 60)


def test_mesa_makes_models_from_the_sliders(app):
    """As SolaraViz does on Reset, and batch_run."""
    values = {name: slider["value"] for name, slider in app.sliders("zh").items()}
    rows = mesa.batch_run(app.Lishui, values, max_steps=4, display_progress=False)
    assert rows[-1]["Step"] == 4 and rows[-1]["persons_signed"] > 0


def test_a_setting_outside_the_legal_range_is_refused(app):
    from scenarios.errors import InputError

    with pytest.raises(InputError, match="homes_factor"):
        app.Lishui(homes_factor=-1.0)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_charts_draw_in_any_month(app, moved, lang, recwarn):
    fresh = app.Lishui()
    for draw in app.CHARTS:
        for model in (fresh, moved):
            assert app.png(draw, model, lang).startswith(b"\x89PNG")
    assert not [one for one in recwarn if "missing from font" in str(one.message)]


def test_the_village_chart_shows_the_pool(app, moved):
    """Households that moved before the programme are in nobody's share."""
    shares = app.shares_moved(moved)
    counts = [(v.record["first"], v.record["last"]) for v in moved.villages]
    for row in (0, 17, 1199):
        households = [moved.household(i) for i in range(*counts[row])]
        pool = [h for h in households if not h.record["earlier"]]
        assert shares[row] == sum(h.status == "moved" for h in pool) / max(len(pool), 1)
    assert 0.05 < shares.mean() < 0.9


def test_incomes_are_those_of_the_verdict(app, moved):
    from experiments.verdict import verdict

    while moved.running:
        moved.step()
    sets = [f"{name}={value}" for name, value in SETTING.items()]
    judged = verdict(run_study(load("lishui", sets, None), points=1, replications=1, seed=3))
    for group, name in {"movers": "income", "stayers": "stayers_income"}.items():
        found = judged.earn[name]
        assert found and app.income_a_head(moved, group)[-1] == pytest.approx(found.median)


def test_the_page_for_mesa_users_runs(monkeypatch, capsys):
    """Its snippets, in order; both languages have the same."""
    english, chinese = (
        re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)
        for page in (APP.parent / "mesa.md", APP.parent / "mesa.zh.md")
    )
    assert english == chinese
    monkeypatch.syspath_prepend(str(APP.parent))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)  # no page
    exec("\n".join(snippet for kind, snippet in english if kind == "python"), {"__name__": "mesa_page"})
    few, many = (float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()[-2:])
    assert 0 < few < many  # a higher subsidy moves more


# In a browser


@contextmanager
def served():
    """The address of `solara run` on the app."""
    port = free_port()
    quiet = {"SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "solara", "run", str(APP), "--production", "--no-open"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env=os.environ | quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).close()
                break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


def test_the_page_steps_plays_and_takes_a_lever(browser):
    """Nothing is asked of another machine where solara-assets is installed."""
    pytest.importorskip("solara", reason="the extra `solara` is not installed")
    if not ASSETS.exists():
        pytest.skip("solara-assets is not installed: the page would load scripts from a CDN")
    with served() as address:
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        asked = Requests(page)
        page.goto(address)

        def at(step: int) -> None:
            page.get_by_text(re.compile(rf"^(Step|Time): {step}(\.0)?$")).wait_for(timeout=30_000)

        at(0)
        page.locator("img").nth(3).wait_for()
        before = page.locator("img").first.get_attribute("src")
        page.get_by_role("button", name="Step").click()
        at(1)
        page.get_by_role("button", name="Step").click()
        at(2)
        assert page.locator("img").first.get_attribute("src") != before
        subsidy = page.locator(".v-slider").nth(2)  # after those of SolaraViz itself
        subsidy.locator("[role=slider]").press("ArrowRight")
        page.get_by_role("button", name="Reset").click()
        at(0)
        page.get_by_role("button", name="▶").click()
        at(3)
        page.get_by_role("button", name="❚❚").click()
        asked.assert_local()
        assert not asked.failed
        page.close()
