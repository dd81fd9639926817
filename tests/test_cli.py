import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import but, fake_scenario, fake_study

import scenarios
from experiments import answers, cli, results, study
from experiments.executors.cluster import ClusterLost
from scenarios.errors import InputError

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty working folder, an English terminal, and a cache of its own."""
    for name, value in (
        ("LC_ALL", "C.UTF-8"),
        ("ANJU_CACHE_DIR", str(tmp_path / "cache")),
        ("NO_COLOR", "1"),
    ):
        monkeypatch.setenv(name, value)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def asked(monkeypatch):
    """A made-up engine; notes how it was called."""
    calls = {}

    def load(name, *, packages=(), sets=None):
        calls["load"] = (name, tuple(packages), dict(sets or {}))
        if name == "bad":
            raise InputError(["bad.toml:3: subsidy: no unit", "bad.toml:9: lag: no source"])
        return but(fake_scenario(), name=name, targets=() if name == "aimless" else fake_scenario().targets)

    def run_study(scenario, *, points, replications, progress, **more):
        calls["run"] = dict(points=points, replications=replications, **more)
        return dataclasses.replace(fake_study(points, replications), scenario=scenario)

    monkeypatch.setattr(scenarios, "load", load)
    monkeypatch.setattr(study, "run_study", run_study)
    monkeypatch.setattr("simulation.codecache.announce_compile", lambda: False)
    return calls


def written(home):
    return sorted(p.relative_to(home).as_posix() for p in home.rglob("*"))


def test_run_prints_the_verdict_and_writes_results(asked, home, capsys):
    assert cli.main(["run", "lishui/plan", "--points", "3", "--no-figures"]) == cli.DONE
    out, err = capsys.readouterr()
    assert "30,000 persons moved" in out and "results/lishui-plan-fa4e57d1" in err.replace(os.sep, "/")
    assert "results/lishui-plan-fa4e57d1/verdict.zh.txt" in written(home)
    assert asked["run"]["points"] == 3 and asked["run"]["replications"] == 2


@pytest.mark.parametrize(
    ("options", "points", "replications"),
    [
        ([], 50, 2), (["--replications", "1"], 1, 1), (["--replications", "4"], 1, 4), (["--points", "1"], 1, 1),
        (["--points", "7"], 7, 2), (["--points", "5", "--replications", "3"], 5, 3),
    ],
)  # fmt: skip
def test_how_many_runs(asked, options, points, replications, monkeypatch):
    monkeypatch.setattr(results, "write", lambda study, verdict, out, **_: out)
    assert cli.main(["run", "x", "--no-figures", "-q", *options]) == cli.DONE
    assert (asked["run"]["points"], asked["run"]["replications"]) == (points, replications)


def test_json_is_json_and_nothing_else(asked, capsys):
    assert cli.main(["run", "x", "--points", "2", "--no-figures", "--json"]) == cli.DONE
    answer = json.loads(capsys.readouterr().out)
    assert answer["targets"][0]["value"] == 30_000 and Path(answer["folder"]).is_dir()


def test_languages(asked, capsys, monkeypatch):
    command = ["run", "x", "--replications", "1", "--no-figures"]
    cli.main([*command, "--lang", "both"])
    out = capsys.readouterr().out
    assert out.index("目标") < out.index("Target")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    cli.main(command)
    assert "目标" in capsys.readouterr().out


def test_set_and_with_reach_the_reader(asked):
    cli.main(
        [
            "run",
            "x",
            "--replications",
            "1",
            "--no-figures",
            "--set",
            "a=1 yuan",
            "--set",
            "b = 2",
            "--with",
            "p",
        ]
    )
    assert asked["load"] == ("x", ("p",), {"a": "1 yuan", "b": "2"})


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["run", "bad"], "subsidy: no unit"),
        (["run", "x", "--set", "nonsense"], "KEY=VALUE"),
        (["run", "x", "--set", "a=1", "--set", "a=2"], "twice"),
        (["run", "x", "--lang", "fr"], "zh, en or both"),
        (["run", "x", "--formats", "png,gif"], "'gif' unknown"),
        (["run", "x", "--points", "0"], "points"),
        (["run", "x", "--seed", "-1"], "seed"),
        (["run", "x", "--households", "no-such.csv"], "no-such.csv"),
        (["run", "aimless", "--fail-unless-reached"], "no target"),
        (["run"], "name"),
        (["rum"], "rum"),
        (["check", "bad", "x"], "lag: no source"),
        (["show", "bad"], "bad.toml:3"),
    ],
)
def test_bad_input_is_one_message_code_2_and_nothing_written(asked, home, capsys, args, says):
    assert cli.main(args) == cli.BAD_INPUT
    out, err = capsys.readouterr()
    assert says.lower() in err.lower() and "Traceback" not in err
    assert not written(home) and "run" not in asked


def test_a_bad_table_of_households_is_named_once(asked, tmp_path, capsys):
    (tmp_path / "empty.csv").write_bytes(b"")
    assert cli.main(["run", "x", "--households", str(tmp_path / "empty.csv")]) == cli.BAD_INPUT
    assert capsys.readouterr().err.startswith("error: empty.csv: table: ")


def test_a_place_that_cannot_be_written_is_found_before_the_run(asked, home, capsys):
    (home / "file").write_text("mine")
    assert cli.main(["run", "x", "--out", "file/results", "--no-figures"]) == cli.BAD_INPUT
    assert "file" in capsys.readouterr().err and "run" not in asked


def test_not_reached_only_when_asked_to_fail(asked):
    command = ["run", "x", "--replications", "1", "--no-figures", "-q"]
    assert cli.main(command) == cli.DONE
    assert cli.main([*command, "--fail-unless-reached"]) == cli.NOT_REACHED


def test_ctrl_c(asked, home, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    for where in ((study, "run_study"), (answers, "_about")):
        with monkeypatch.context() as patch:
            patch.setattr(*where, interrupt)
            assert cli.main(["run", "x", "--replications", "1", "--no-figures"]) == cli.INTERRUPTED
        assert "Traceback" not in capsys.readouterr().err
        assert [p for p in written(home) if p != "results"] == []


def test_a_full_disk(asked, home, monkeypatch, capsys):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(answers, "_about", full)
    assert cli.main(["run", "x", "--replications", "1", "--no-figures"]) == cli.INTERNAL
    err = capsys.readouterr().err
    assert (
        "No space left" in err
        and "Traceback" not in err
        and [p for p in written(home) if p != "results"] == []
    )


def test_a_lost_cluster_is_a_failure(asked, home, monkeypatch, capsys):
    def lost(*_, **__):
        raise ClusterLost(["Dask cluster tcp://here:1: the scheduler went away"])

    monkeypatch.setattr(study, "run_study", lost)
    assert cli.main(["run", "x", "--replications", "1", "--no-figures"]) == cli.INTERNAL
    assert capsys.readouterr().err == "error: Dask cluster tcp://here:1: the scheduler went away\n"


def test_an_internal_error_names_its_log(asked, monkeypatch, capsys, tmp_path):
    def fail(*_, **__):
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(study, "run_study", fail)
    assert cli.main(["run", "x"]) == cli.INTERNAL
    err = capsys.readouterr().err
    log = tmp_path / "cache" / "last-error.txt"
    assert "odd" in err and "Traceback" not in err and str(log) in err and "Traceback" in log.read_text()
    assert cli.main(["run", "x", "-v"]) == cli.INTERNAL
    assert "Traceback" in capsys.readouterr().err


def test_check_says_what_is_in_order(asked, capsys):
    assert cli.main(["check", "x"]) == cli.DONE
    assert "x: in order" in capsys.readouterr().out


def test_list(capsys):
    assert cli.main(["list"]) == cli.DONE
    assert "lishui" in capsys.readouterr().out
    assert cli.main(["list", "--json"]) == cli.DONE
    assert any(row["name"] == "lishui" for row in json.loads(capsys.readouterr().out))


def test_show_says_what_a_package_or_another_scenario_changes(capsys):
    assert cli.main(["show", "lishui", "--with", "precise-relocation", "--lang", "both"]) == cli.DONE
    out = capsys.readouterr().out
    assert out.index("与 lishui 的差异") < out.index("Differences from lishui") and "b_income" in out
    assert cli.main(["show", "lishui/zero", "--against", "lishui"]) == cli.DONE
    out = capsys.readouterr().out
    assert "public_posts" in out and "b_income" not in out
    assert cli.main(["show", "lishui", "--set", "home_lag_months=9", "--json"]) == cli.DONE
    found = json.loads(capsys.readouterr().out)["differences"]
    assert found["from"] == "lishui" and [row["name"] for row in found["numbers"]] == ["home_lag_months"]


@pytest.mark.parametrize("command", ["run", "check", "list", "show", "population", "pace", "doctor"])
def test_help_is_whole_and_in_plain_words(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main([command, "--help"]) == cli.DONE
    out = capsys.readouterr().out
    options = out[out.index("Options:") :]
    assert "<" not in options.replace("<=", "") and "…" not in options and "..." not in options
    assert ("--set" in out) == ("subsidy_yuan_per_person='20000 yuan/person'" in out)


def test_version_and_module():
    done = subprocess.run(
        [sys.executable, "-m", "experiments", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and done.stdout.startswith("anju ")


def test_version_imports_nothing_heavy():
    code = (
        "import sys; from experiments import cli; assert cli.main(['--version']) == 0; "
        "print(sorted({'numpy', 'numba', 'scipy', 'matplotlib', 'pydantic', 'pint'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
