"""`anju validate` as a whole: a small region of one's own, a fact of one's own, the folder, resuming, and what is refused."""

import csv
import json
import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from experiments import given, takes
from experiments.commands import validate as command
from experiments.commands.common import Refused
from experiments.executors.threads import Threads
from experiments.figures import validation as chart
from experiments.figures.text import Words
from experiments.reproduce import reproduce
from experiments.store import Store
from experiments.validation import cases, scores, store, study
from experiments.validation.text import estimate_text, text
from scenarios import own_facts, reader
from scenarios.errors import InputError
from simulation.codecache import model_hash

REGION = """schema = 1
extends = "lishui"

[header]
title = { zh = "小区域", en = "A small region" }
authors = ["test"]
reference = "none"
description = { zh = "小", en = "small" }

[uncertainty.pool]
pool_persons = { value = 6000, unit = "persons", source = "test", range = [5000, 8000] }
"""
HEAD = "region,period,quantity,value,unit,source,use,metric,event,scope,date,plan,last_pace,en,zh"
MOVED = "Small,2025,moved,900,persons,report,validate,persons,keys,region,2025-12,1500,700,moved by 2025,2025年前搬迁"
HOMES = "Small,2025,working,60,%,report,validate,employed_share,,region,2026-06,,,employed,就业"
SIZE: Any = dict(points=5, replications=2)

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.toml").write_text(REGION, "utf-8")
    (folder / "my.csv").write_text("\n".join((HEAD, MOVED, HOMES)) + "\n", "utf-8")
    return folder


def planned(place: Path, facts: str = "my.csv", **size) -> study.Plan:
    asked = cases.cases([str(place / "small.toml")], own_facts.to_validate(place / facts))
    return study.plan_of(asked, **(SIZE | size))


def done(plan: study.Plan, out: Path) -> study.Validation:
    with Threads(2) as works:
        return study.run_validation(plan, out, works)


@pytest.fixture(scope="module")
def found(place) -> study.Validation:
    return done(planned(place), place / "out")


def test_rows_are_scores_of_the_stored_runs(found, place):
    (one,) = found.plan.cases
    with Store.open(study.runs_folder(one, place / "out") / "lhs-5") as kept:
        table = kept.table(["point", "replication", "target_persons_keys_region_2025_12"])
    members = np.empty((5, 2))
    members[table["point"].to_numpy(), table["replication"].to_numpy()] = table.column(2).to_numpy()
    row = next(row for row in found.judged.rows if row.en == "moved by 2025")
    assert row.crps == pytest.approx(scores.crps(members, 900.0)) and row.model == np.median(members)
    assert np.array_equal(found.members[row.id], members) and len(np.unique(members)) > 5
    share = next(row for row in found.judged.rows if row.en == "employed")
    assert 1.0 < share.model <= 100.0 and share.unit == "%"
    assert {row.match for row in found.judged.rows} == {
        "same",
        "near",
    }  # lishui's effect of moving among them
    assert found.runs == {"small": 20} and not found.errors


def test_it_goes_on_where_it_stopped_and_more_replications_keep_runs(found, place, monkeypatch):
    ran = []
    monkeypatch.setattr(
        study.ScenarioJob, "run", lambda self, task: ran.append(task) or pytest.fail("ran again")
    )
    again = done(planned(place), place / "out")
    assert not ran and again.judged == found.judged
    monkeypatch.undo()
    more = done(planned(place, replications=3), place / "out")
    for id, values in found.members.items():
        assert np.array_equal(more.members[id][:, :2], values)


def test_results_depend_neither_on_threads_nor_on_facts(found, place, tmp_path):
    (place / "other.csv").write_text(
        "\n".join((HEAD, MOVED.replace(",900,", ",901,"), HOMES)) + "\n", "utf-8"
    )
    plan = planned(place, "other.csv")
    assert plan.cases[0].id == found.plan.cases[0].id and plan.id != found.plan.id
    with Threads(1) as works:
        other = study.run_validation(plan, tmp_path, works)
    for id, values in found.members.items():
        assert np.array_equal(other.members[id], values)


def test_text_says_where_the_model_loses(found):
    english, chinese = text(found, "en"), text(found, "zh")
    lost = [row for row in found.judged.rows if row.loses]
    for row in lost:
        assert "loses to" in english and row.zh in chinese
    assert ("Nowhere among these facts" in english) == (not lost)
    assert "no naive forecast: none was given" in english and "无朴素基准" in chinese
    assert "few facts" in english and "stated ranges" in english
    assert "90 % interval holds" in english and "averaged relative difference" in english
    assert not re.search(r"[一-鿿]", english)


def test_the_folder_holds_answer_tables_chart_and_manifest(found, place):
    folder = store.write(found, place / "out", formats=("png",))
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    assert answer["facts"][0]["score"] == found.judged.rows[0].score
    assert answer["coverage"]["same"]["facts"] == 2 and answer["given"] is None
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["kind"] == "validation" and manifest["facts"][-1]["where"] == "my.csv:3"
    assert len(manifest["stores"]) == 2
    again = reproduce(folder, runs=3)
    assert again.equal and again.checked == 3 and again.of >= 20
    for name, rows in (("facts", 3), ("forecasts", 5), ("runs", 30), ("against_naive", 3)):
        with (folder / "tables" / f"{name}.csv").open(encoding="utf-8-sig") as file:
            assert len(list(csv.reader(file))) == rows + 1, name
    assert {path.name for path in (folder / "figures").iterdir()} == {
        "validation.csv", "validation.en.png", "validation.zh.png"
    }  # fmt: skip


def test_the_chart_shows_each_forecast_relative_to_its_fact(found):
    rows = chart.rows(found)
    moved = {row["forecast"]: row for row in rows if row["id"].endswith("moved")}
    assert (
        moved["plan"]["value"] == pytest.approx(1500 / 900) and moved["model"]["low"] < moved["model"]["high"]
    )
    with chart.style.session():
        for lang in ("en", "zh"):
            assert len(chart.draw(found, Words(lang)).render("svg", name="x")) > 10_000


def test_a_forecast_far_away_is_an_arrow(place, tmp_path):
    (place / "far.csv").write_text("\n".join((HEAD, MOVED.replace(",1500,", ",90000,"))) + "\n", "utf-8")
    there = done(planned(place, "far.csv"), place / "out")
    low, high = chart._limits(there.judged.rows)
    assert high < 100 and any(row["value"] == 100 for row in chart.rows(there))


def test_estimate_counts_and_writes_nothing(place, tmp_path):
    told = study.estimate(planned(place), tmp_path, 2)
    (small,) = told.scenarios
    assert small.runs == 20 and small.there == 0 and small.facts == 3 and small.seconds > 0
    assert not list(tmp_path.iterdir())
    assert "small" in estimate_text(told, "en")


# A posterior


def posterior(folder: Path, facts=(), **other) -> Path:
    one = given.Posterior(**{
        "path": "", "scenario": "small", "names": ("pool_persons",), "units": ("persons",),
        "values": np.array([[5200.0], [7800.0]]), "weights": np.array([0.75, 0.25]), "facts": tuple(facts),
        "model_hash": model_hash(), "calibration": "c0ffee00",
    } | other)  # fmt: skip
    path = folder / "posterior.json"
    given.write(path, one)
    return path


def test_futures_are_drawn_from_the_posterior(place, tmp_path):
    one = given.read(posterior(tmp_path))
    asked = cases.cases([str(place / "small.toml")], own_facts.to_validate(place / "my.csv"))
    plan = study.plan_of(asked, points=30, posterior=one)
    design = plan.cases[0].design
    pool = design.values[:, design.names.index("pool_persons")]
    assert set(pool) == {5200.0, 7800.0} and (pool == 5200.0).mean() > 0.5
    assert plan.cases[0].id != planned(place).cases[0].id and set(plan.cases[0].stores) == {
        "posterior",
        "posterior-withheld",
    }
    few = study.plan_of(asked, points=8, posterior=one).cases[0]
    assert few.id == plan.cases[0].id and np.array_equal(few.design.values, design.values[:8])


def test_what_the_posterior_was_set_to_is_no_test(place, tmp_path):
    known = {"region": "Small", "period": "2025", "quantity": "moved"}
    one = given.read(posterior(tmp_path, [known]))
    asked = cases.cases([str(place / "small.toml")], own_facts.to_validate(place / "my.csv"))
    with pytest.raises(InputError, match="my.csv:2: moved: .*was set to it"):
        study.plan_of(asked, posterior=one)


@pytest.mark.parametrize(
    ("other", "refused"),
    [
        ({}, True),
        ({"date": None, "month": 24}, True),
        ({"scope": "jinyun"}, False),
        ({"date": "2026-12"}, False),
        ({"event": "signed"}, False),
        ({"held_against": "lishui"}, False),
    ],
)
def test_what_it_was_set_to_under_another_name_is_no_test_either(place, tmp_path, other, refused):
    told = {
        "region": "Here", "period": "end of 2025", "quantity": "persons with keys", "held_against": "small", "metric": "persons",
        "event": "keys", "scope": "region", "date": "2025-12",
    }  # fmt: skip
    one = given.read(posterior(tmp_path, [told | other]))
    asked = cases.cases([str(place / "small.toml")], own_facts.to_validate(place / "my.csv"))
    if refused:
        with pytest.raises(InputError, match="my.csv:2: moved: .*was set to it"):
            study.plan_of(asked, posterior=one)
    else:
        assert study.plan_of(asked, posterior=one).given is one


def test_a_posterior_is_used_where_its_region_is_and_goes_with_the_answer(place, tmp_path):
    """Scenarios of other regions come from their ranges, and that is said."""
    (place / "other.toml").write_text(REGION.replace("6000", "6500"), "utf-8")
    rows = [f"{row},{name}" for name in ("small.toml", "other.toml") for row in (MOVED,)]
    rows = [
        row.replace("small.toml", str(place / "small.toml")).replace("other.toml", str(place / "other.toml"))
        for row in rows
    ]
    (place / "both.csv").write_text("\n".join((f"{HEAD},scenario", *rows)) + "\n", "utf-8")
    path = posterior(tmp_path)
    ran = run("--facts", place / "both.csv", "--given", path, *("--points", 2, "--replications", 1), "--no-figures",
              "--out", tmp_path / "out", "--lang", "en")  # fmt: skip
    assert ran.exit_code == 0, ran.output
    said = " ".join(ran.stdout.split())
    assert (
        "(small), which was set to 0 other facts" in said
        and "futures of other come from the stated ranges" in said
    )
    (folder,) = (tmp_path / "out").glob("validation-*")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    kept = given.read(folder / "posterior.json")
    assert kept.id == manifest["given"]["id"] == manifest["request"]["given"] == given.read(path).id
    assert str(tmp_path) not in (folder / "manifest.json").read_text("utf-8")


# The command

app = typer.Typer()
app.command()(command.validate)


def run(*args: object):
    return CliRunner().invoke(app, list(map(str, args)))


def test_the_command(found, place):
    """Runs are there already, so this only judges."""
    result = run(place / "small.toml", "--facts", place / "my.csv", "--points", 5, "--replications", 2, "--out",
                 place / "out", "--no-figures", "--json")  # fmt: skip
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [row["fact"] for row in told["facts"]] == [row.fact for row in found.judged.rows]
    dry = run(
        place / "small.toml",
        "--facts",
        place / "my.csv",
        "--points",
        5,
        "--dry-run",
        "--out",
        place / "out",
        "--lang",
        "zh",
    )
    assert dry.exit_code == 0 and "未保存任何内容" in dry.output and "0.0分钟" not in dry.output


def test_a_dry_run_says_what_it_times_and_times_a_long_run_once(place, monkeypatch, caplog):
    plan, calls = planned(place), []
    monkeypatch.setattr(takes, "LONG", 0.0)
    monkeypatch.setattr("simulation.codecache.is_compiled", lambda: True)
    monkeypatch.setattr(type(plan.cases[0].job), "run", lambda self, task: calls.append(task))
    monkeypatch.setattr(logging.getLogger("experiments"), "propagate", True)
    logging.disable(logging.NOTSET)
    study.estimate(plan, place / "nowhere", 1)
    logging.disable(logging.WARNING)
    assert len(calls) == 1 and "timing a run of small (1 of 1)" in caplog.text


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("atlantis",), "no scenario"),
        (("lishui", "--facts", "none.csv"), "CSV file of facts expected"),
        (("lishui", "--points", "1", "--replications", "1"), "one run has no interval"),
        (("lishui", "--given", "none.json"), "no such file"),
        (("lishui", "gansu", "--given", "posterior"), "holds none of lishui or gansu"),
        (("lishui", "--lang", "fr"), "zh, en or both"),
        (("lishui", "--formats", "gif"), "unknown"),
    ],
)
def test_bad_input_is_refused_and_nothing_written(args, said, tmp_path):
    result = run(*args, "--out", tmp_path / "out")
    assert isinstance(result.exception, Refused) and result.exception.code == 2
    assert said in str(result.exception) and not (tmp_path / "out").exists()


def test_a_posterior_of_another_region_is_refused(tmp_path):
    path = posterior(tmp_path)
    result = run("lishui", "--given", path, "--out", tmp_path / "out")
    assert isinstance(result.exception, Refused) and "was calibrated for small" in str(result.exception)


def test_a_constant_outcome_leaves_the_store_and_writes_no_answer(place, tmp_path):
    constant = MOVED.replace("persons,keys,region,2025-12", "persons,occupied,region,2024-01")
    (place / "constant.csv").write_text("\n".join((HEAD, constant)) + "\n", "utf-8")
    result = run(
        place / "small.toml",
        "--facts",
        place / "constant.csv",
        "--points",
        2,
        "--out",
        tmp_path,
        "--no-figures",
    )
    assert isinstance(result.exception, Refused) and result.exception.code == 2
    assert "constant.csv:2: persons: is 0 in each of the 4 runs of small" in str(result.exception)
    assert not list(tmp_path.glob("validation-*"))


# The worked example of the documentation


@pytest.mark.parametrize("doc", ["validation.md", "validation.zh.md"])
def test_the_example_of_the_documentation_can_be_read(doc, tmp_path):
    page = (Path(__file__).parent.parent / "docs" / doc).read_text("utf-8")
    (table,) = re.findall(r"```csv\n(.*?)```", page, re.DOTALL)
    (tmp_path / "my.csv").write_text(table, "utf-8")
    facts = own_facts.to_validate(tmp_path / "my.csv")
    (case,) = cases.cases(["lishui"], facts).cases
    assert {one.match for one in facts} <= {kept.match for kept in case.kept}
    assert any(one.naive.baselines for one in facts)


def test_project_facts_name_scenarios_that_exist():
    for name in cases.known():
        assert reader.load(name).name == name
