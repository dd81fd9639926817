"""`anju sweep`: what is run, what is kept of it, what is said; and what is refused before anything is written."""

import importlib
import json
import logging
import shutil
from itertools import product
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest
from stores import tree
from sweeps import GRID, Notes, exported, finished, odd_runs, town

import scenarios
from experiments import cli, measures, sweep
from experiments.outcome import outcome
from experiments.store import Store, shards
from experiments.store.listing import details
from experiments.study import run_seed, run_study
from scenarios import assemble
from scenarios.errors import InputError
from scenarios.households_table import read_table, write_table

SUBSIDIES, ATTACHMENTS = (10000.0, 20000.0), (-0.5, 0.5)
FEW = (
    "--design", "grid", "--vary", "subsidy_yuan_per_person=10000,20000", "--vary", "attachment_mean=-0.5,0.5",
    "--replications", "2",
)  # fmt: skip
RUNS = 8  # of FEW


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    return town(tmp_path_factory.mktemp("region"))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def anju(region, capsys):
    """A command of this process: exit code, what it said on both streams."""

    def command(*args):
        capsys.readouterr()
        code = cli.main([str(arg) for arg in args])
        return (code, *capsys.readouterr())

    return command


@pytest.fixture
def sweeps(anju, region):
    """`anju sweep` of the town into `store`; it must go well. What it said."""

    def command(*args, store="store"):
        code, out, err = anju("sweep", region, "--store", store, "--lang", "en", *args)
        assert code == 0, err
        return out, err

    return command


@pytest.fixture
def odd(monkeypatch, here):
    """Runs that take no time, fail at points asked for, and are counted."""

    def behave(**how):
        odd_runs(here / "notes", {point.strip("p"): what for point, what in how.items()}, monkeypatch.setattr)

    behave()
    notes = Notes(here / "notes")
    return SimpleNamespace(behave=behave, runs=lambda: len(notes.of()))


def table(store, *args, **kwargs):
    with Store.open(store) as opened:
        return opened.table(*args, **kwargs)


def rows(store, *args):
    return table(store, *args).to_pylist()


# The engine's own runs


@pytest.fixture(scope="module")
def one_thread(region, tmp_path_factory):
    """A store of FEW, run on one thread."""
    store = tmp_path_factory.mktemp("one") / "store"
    assert cli.main(["sweep", str(region), *FEW, "--store", str(store), "--threads", "1", "--quiet"]) == 0
    return store


@pytest.mark.parametrize(
    "on", (("--threads", "2"), ("--processes", "2"), ("--scheduler", "local")), ids=lambda on: on[0]
)
def test_the_same_rows_wherever_they_are_run(sweeps, one_thread, here, on):
    if "--scheduler" in on:
        pytest.importorskip("distributed", reason="Dask is an extra that is not installed here")
    out, _ = sweeps(*FEW, *on)
    assert f"{RUNS} of {RUNS} runs done" in out
    assert exported(here / "store") == exported(one_thread)


def test_a_row_holds_what_the_engine_gives_for_its_point_and_seed(region, one_thread):
    from simulation import run

    scenario = scenarios.load(region)
    found = rows(one_thread)
    expected = [(*values, r) for values in product(SUBSIDIES, ATTACHMENTS) for r in (0, 1)]
    assert [
        (row["subsidy_yuan_per_person"], row["attachment_mean"], row["replication"]) for row in found
    ] == expected
    for row in found:
        assert row["seed"] == run_seed(1, row["replication"]) and row["error"] == ""
        values = {name: row[name] for name in ("subsidy_yuan_per_person", "attachment_mean")}
        inputs = assemble.inputs(scenario, overrides=values)
        numbers = measures.measure(scenario, run.run(inputs, seed=row["seed"]))
        stored = np.array([row[name] for name in measures.columns(scenario)])
        assert stored.tobytes() == numbers.tobytes()
    assert len({row["persons"] for row in found}) > 4  # and what is varied matters


def test_a_point_is_the_study_of_a_scenario_with_its_numbers_set(region, one_thread):
    """Told by another way round: the numbers set in the scenario, the target counted by what judges studies."""
    set_ = {"subsidy_yuan_per_person": "20000 yuan/person", "attachment_mean": "0.5"}
    study = run_study(scenarios.load(region, sets=set_), points=1, replications=2)
    target = study.scenario.targets[0]
    point = [row for row in rows(one_thread) if row["point"] == 3]
    assert [row[f"target_{target.id}"] for row in point] == outcome(study, target).tolist()
    assert [row["persons"] for row in point] == study.indicator("persons_keys")[:, 35].sum(axis=1).tolist()


def test_households_of_ones_own(sweeps, anju, region, here, one_thread):
    scenario = scenarios.load(region)
    drawn = assemble.inputs(scenario, overrides={"pool_persons": 430.0})
    counties = [county.id for county in scenario.counties]
    write_table(here / "own.csv", drawn.population, drawn.institutions.villages, counties=counties)
    sweeps(*FEW, "--households", "own.csv")
    assert (here / "store/households.parquet").is_file()
    row = rows("store")[5]
    people = read_table(here / "own.csv", counties=counties)
    from simulation import run

    values = {name: row[name] for name in ("subsidy_yuan_per_person", "attachment_mean")}
    inputs = assemble.inputs(scenario, overrides=values, households=people)
    numbers = measures.measure(scenario, run.run(inputs, seed=row["seed"]))
    assert np.array([row[name] for name in measures.columns(scenario)]).tobytes() == numbers.tobytes()
    assert not {row["id"] for row in rows("store")} & {row["id"] for row in rows(one_thread)}
    code, _, err = anju("sweep", region, *FEW, "--store", "store")
    assert code == 2 and "holds another study; not the same: the households; choose" in err
    code, _, err = anju(
        "sweep", region, "--households", "own.csv", "--vary", "pool_persons=400,450", "--design", "grid"
    )
    assert (
        code == 2 and err.startswith("error: --vary: pool_persons=400,450: ") and len(err.splitlines()) == 1
    )


# What is run


def test_futures_meet_every_point(sweeps, odd):
    out, _ = sweeps("--design", "grid", "--vary", "subsidy_yuan_per_person=10000,20000", "--futures", "3")
    assert "6 points (grid) x 1 replication, 6 of 6 runs done" in out
    with Store.open("store") as store:
        names, values = store.factors, store.design
    assert names[0] == "subsidy_yuan_per_person" and {"attachment_mean", "pool_persons"} < {*names}
    assert values[:, 0].tolist() == [10000.0] * 3 + [20000.0] * 3
    assert np.array_equal(values[:3, 1:], values[3:, 1:])
    assert all(len(set(column)) == 3 for column in values[:3, 1:].T)


def test_a_table_of_points(sweeps, here, odd):
    (here / "mine.csv").write_text("attachment_mean,subsidy\n-0.5,17000\n0.25,9000\n-0.5,17000\n".replace(
        "subsidy", "subsidy_yuan_per_person"
    ))  # fmt: skip
    out, _ = sweeps("--table", "mine.csv", "--replications", "2")
    assert "3 points (table) x 2 replications, 6 of 6 runs done" in out
    assert odd.runs() == 4  # two points are one
    found = [(row["attachment_mean"], row["subsidy_yuan_per_person"]) for row in rows("store")]
    assert found == [(-0.5, 17000.0)] * 2 + [(0.25, 9000.0)] * 2 + [(-0.5, 17000.0)] * 2


def test_a_table_may_grow_but_another_one_is_another_study(sweeps, anju, region, here, odd):
    def table(*levels):
        (here / "mine.csv").write_text("attachment_mean\n" + "\n".join(map(str, levels)) + "\n")

    table(-0.5, 0.1, 0.5)
    sweeps("--table", "mine.csv")
    table(-0.5, 0.1, 0.5, 0.9, -1)
    out, _ = sweeps("--table", "mine.csv")
    assert "5 of 5 runs done" in out and odd.runs() == 5
    assert [row["attachment_mean"] for row in rows("store")] == [-0.5, 0.1, 0.5, 0.9, -1.0]
    (factor,) = details("store")["factors"]
    assert (factor["low"], factor["high"]) == (-1.0, 0.9)
    before = tree(here / "store")
    table(-0.5, 0.2, 0.5)  # as many rows, within the same range
    code, out, err = anju("sweep", region, "--table", "mine.csv", "--store", "store")
    assert (code, out) == (2, "") and "store: holds other points; choose another folder" in err
    assert tree(here / "store") == before and odd.runs() == 5


def test_a_grid_of_other_levels_is_not_taken_for_the_one_there(sweeps, anju, region, here, odd):
    grid = ("--design", "grid", "--vary", "attachment_mean=-1..1")
    sweeps(*grid, "--levels", "5")
    before = tree(here / "store")
    code, out, err = anju("sweep", region, *grid, "--levels", "3", "--store", "store")
    assert (code, out) == (2, "") and "store: holds other points; choose another folder" in err
    assert tree(here / "store") == before and odd.runs() == 5


def test_without_anything_varied_replications_of_the_centre(sweeps, odd):
    out, _ = sweeps("--design", "replications", "--replications", "5")
    assert "1 point (replications) x 5 replications, 5 of 5 runs done" in out
    assert [row["seed"] for row in rows("store")] == [run_seed(1, r) for r in range(5)]


def test_parts_have_every_run_once(region):
    plan = sweep.plan(scenarios.load(region), GRID[3:6:2], kind="grid", replications=2)
    whole = [task.id for task in plan.tasks()]
    parts = [[task.id for task in plan.tasks((i, 5))] for i in range(1, 6)]
    assert sorted(sum(parts, [])) == sorted(whole) and len(set(whole)) == 48
    assert [plan.count((i, 5)) for i in range(1, 6)] == [len(part) for part in parts] == [10, 10, 10, 10, 8]


def test_a_part_without_points_is_no_failure(sweeps, anju, region, here, odd):
    part = ("--vary", "attachment_mean", "--points", "3", "--shard", "5/5")
    out, _ = sweeps(*part, "--dry-run")
    assert "part 5/5: 0 runs" in out and not (here / "store").exists()
    told = odd.runs()
    sweeps(*part)
    assert odd.runs() == told and finished(here / "store") == 0
    sweeps(*part[:-1], "1/5", store="first")
    assert anju("store", "merge", "whole", "first", "store")[0] == 0 and finished(here / "whole") == 1


@pytest.mark.parametrize(
    ("before", "after", "runs", "as_at_once"),
    [
        (("--design", "lhs", "--points", "8"), ("--design", "lhs", "--points", "16"), 8, False),
        (("--design", "lhs", "--points", "8"), ("--design", "lhs", "--points", "11"), 3, False),
        (("--design", "sobol", "--points", "8"), ("--design", "sobol", "--points", "16"), 8, True),
        (("--design", "sobol", "--points", "4"), ("--design", "sobol", "--points", "4", "--replications", "3"), 8, True),
        (("--design", "saltelli", "--points", "2"), ("--design", "saltelli", "--points", "4"), 8, True),
        (("--design", "grid", "--levels", "3"), ("--design", "grid", "--levels", "3", "--replications", "2"), 9, True),
        (
            ("--design", "morris", "--points", "3", "--levels", "40"),
            ("--design", "morris", "--points", "5", "--levels", "40"),
            6,
            True,
        ),
    ],
    ids=lambda case: "-".join(case[1::2]) if isinstance(case, tuple) else None,
)  # fmt: skip
def test_more_of_it_runs_only_what_is_new(sweeps, odd, here, before, after, runs, as_at_once):
    vary = ("--vary", "subsidy_yuan_per_person=10000..20000", "--vary", "attachment_mean=-1..1")
    sweeps(*vary, *before)
    first = {row["id"]: row for row in rows("store")}
    was = odd.runs()
    _, err = sweeps(*vary, *after)
    assert odd.runs() - was == runs and f"store  ({runs} runs, " in err.splitlines()[-1]
    now = {row["id"]: row for row in rows("store")}
    assert len(now) == len(first) + runs and all(_same(now[id], row) for id, row in first.items())
    sweeps(*vary, *before)  # less than is there: nothing to do, and nothing is lost
    assert odd.runs() - was == runs and len(rows("store")) == len(now)
    sweeps(*vary, *after, store="at-once")
    assert (exported(here / "store") == exported(here / "at-once")) == as_at_once


def _same(a, b):
    return all(a[key] == b[key] or (a[key] != a[key] and b[key] != b[key]) for key in b)


# What is said


def test_a_dry_run_says_how_much_and_writes_nothing(anju, region, here, odd):
    asked = ("sweep", region, *GRID, "--threads", "1", "--store", "store")
    code, out, err = anju(*asked, "--dry-run", "--lang", "both")
    assert (code, err) == (0, "") and list(here.iterdir()) == [here / "notes"]
    lines = out.splitlines()
    assert len(lines) == 6 and lines[0] == "24个点 × 2次重复 = 48次模拟，其中0次已有"
    assert lines[3] == "24 points x 2 replications = 48 runs; 0 of them there already"
    assert "at most 0.1 MB in store" in lines and "最多占用0.1 MB，存于store" in lines
    odd.behave(p3="fail")
    anju(*asked, "--shard", "1/2")
    before = tree(here / "store")
    code, out, _ = anju(*asked, "--dry-run", "--json")
    told = json.loads(out)
    assert (told["runs"], told["there"], told["workers"], told["points"]) == (48, 24, 1, 24)
    assert told["seconds"] == pytest.approx(24 * told["seconds_a_run"]) and tree(here / "store") == before
    code, out, _ = anju(*asked, "--dry-run", "--shard", "2/2", "--lang", "en")
    assert out.startswith("24 points x 2 replications, part 2/2: 24 runs; 24 of them there already\n")
    (here / "mine.csv").write_text("attachment_mean\n-0.5\n-0.5\n0.5\n")
    code, out, _ = anju(
        "sweep", region, "--table", "mine.csv", "--store", "other", "--dry-run", "--lang", "en"
    )
    assert out.startswith(
        "3 points x 1 replication, equal points run once: 2 runs; 0 of them there already\nabout "
    )


def test_the_summary_tells_what_the_store_holds(sweeps, odd, anju):
    odd.behave(p5="fail")
    out, err = sweeps(*GRID, "--json")
    told = json.loads(out)
    found = rows("store")
    assert (told["planned"], told["good"], told["failed"]) == (48, 46, 2) and len(found) == 46
    assert told["errors"] == [["ValueError: point 5 is impossible", 2]]
    by_name = {one["name"]: one for one in told["outcomes"]}
    persons = np.array([row["persons"] for row in found])
    assert by_name["persons"]["spread"]["median"] == np.median(persons)
    assert by_name["persons"]["spread"]["mean"] == pytest.approx(persons.mean())
    target = told["targets"][0]
    assert (target["reached"], target["points"]) == (0, 23)
    assert err.startswith("store  (46 runs, ")


def test_the_summary_in_two_languages(sweeps, odd):
    odd.behave(p5="fail")
    en, _ = sweeps(*GRID)
    zh, _ = sweeps(*GRID, "--lang", "zh")
    both, _ = sweeps(*GRID, "--lang", "both")
    assert both == zh + en
    assert en.startswith("Sweep of town: 24 points (grid) x 2 replications, 46 of 48 runs done\n")
    assert "2 failed:\n  2 x ValueError: point 5 is impossible\n" in en and "0 / 23  0 %" in en
    assert (
        zh.startswith("扫描 town：24个点（grid）× 2次重复，已完成46/48次模拟\n2次失败：\n") and "0 / 23" in zh
    )
    assert en.count("\n") == zh.count("\n")
    assert "public cost, whole run" in en and "公共支出（全期）" in zh  # not the columns' names
    assert "_share" not in en + zh and "target_" not in en + zh
    assert "A share of points is not a probability" in en and "点的占比不是概率" in zh


def test_what_a_number_hangs_on_is_found(sweeps, one_thread, here):
    shutil.copytree(one_thread, here / "store")
    vary = (
        "--design",
        "grid",
        "--vary",
        "subsidy_yuan_per_person=5000..25000:6",
        "--vary",
        "attachment_mean=-2..2:6",
    )
    out, _ = sweeps(*vary, store="other")
    _, _, drivers = out.partition("What this hangs on (share of rank variance): ")
    lines = [line.strip() for line in drivers.splitlines()[1:3]]
    assert {line.rpartition("  ")[0].rstrip("% 0123456789.") for line in lines} == {
        "relocation subsidy for each registered member    +", "attachment to the village, mean (the intercept)  −",
    }  # fmt: skip


def test_a_smaller_sweep_than_there_is_says_so(sweeps, one_thread, here):
    shutil.copytree(one_thread, here / "store")
    whole, _ = sweeps(*FEW)
    assert "asked for" not in whole
    less, _ = sweeps(*FEW[:-1], "1")
    head, note, *rest = less.splitlines()
    assert note == "4 points x 1 replication asked for; the store holds more, and all of it is counted"
    assert [head, *rest] == whole.splitlines()


def test_a_file_is_no_place_for_results(anju, region, here):
    (here / "file").write_text("mine")
    for command in (("sweep", region, "--design", "replications"), ("run", region, "--replications", "1")):
        code, out, err = anju(*command, "--out", "file")
        assert (
            (code, out) == (cli.BAD_INPUT, "")
            and "file: Not a directory" in err
            and "cannot be written here" in err
        )
    assert (here / "file").read_text() == "mine"


def test_settings_take_short_names(anju, region):
    def shown(*settings, name="lishui"):
        args = [part for one in settings for part in ("--set", one)]
        return anju("show", name, *args, "--json")

    short = shown("subsidy=12000", "b_y=0.9")
    assert short[0] == 0 and short[1] == shown("subsidy_yuan_per_person=12000", "b_income=0.9")[1]
    code, _, err = shown("subsidy=12000", "subsidy_yuan_per_person=13000")
    assert code == cli.BAD_INPUT and "subsidy_yuan_per_person: is set twice" in err
    code, _, err = shown("subsidie_yuan_per_person=12000")
    assert code == cli.BAD_INPUT and 'did you mean "subsidy_yuan_per_person"' in err
    code, _, err = shown("subsidy=12000", name=region)
    assert (
        code == cli.BAD_INPUT and "may mean several numbers; expected one of subsidy_yuan_per_person" in err
    )


def test_a_number_that_is_set_needs_a_span_to_vary(anju):
    code, _, err = anju("sweep", "lishui", "--set", "subsidy=12000", "--vary", "subsidy")
    assert code == cli.BAD_INPUT and "is set by --set, which leaves it no range; leave --set out" in err
    scenario = scenarios.load("lishui", sets={"subsidy_yuan_per_person": "12000"})
    assert sweep.plan(scenario, ["subsidy=9000..15000"]).design.names == ("subsidy_yuan_per_person",)


def test_all_runs_failed(sweeps, odd, anju, region):
    odd.behave(p0="fail")
    code, out, err = anju("sweep", region, "--design", "replications", "--store", "store", "--lang", "en")
    assert code == 1 and "0 of 1 run done" in out and "1 x ValueError: point 0 is impossible" in out


# What is refused


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--vary", "subsidi"), "--vary: subsidi: unknown name"),
        (("--vary", "subsidy_yuan_per_persn=1..2"), 'did you mean "subsidy_yuan_per_person"?'),
        (("--vary", "attachment_mean=1..1"), "attachment_mean=1..1"),
        (("--vary", "attachment_mean=2..1"), "attachment_mean=2..1"),
        (("--vary", "attachment_mean=a..b"), "LOW..HIGH"),
        (("--vary", "subsidy_yuan_per_person"), "no range"),
        ((), "nothing varies; name something with --vary"),
        (("--vary", "attachment_mean", "--design", "lsh"), 'did you mean "lhs"?'),
        (("--vary", "attachment_mean", "--design", "replications"), "varies nothing"),
        (("--vary", "attachment_mean", "--points", "0"), "'--points': "),
        (("--vary", "attachment_mean", "--design", "grid", "--points", "500"), "--points: changes nothing in --design grid"),
        (("--vary", "attachment_mean", "--levels", "3"), "--levels: changes nothing in --design lhs"),
        (("--vary", "attachment_mean", "--second-order"), "--second-order: changes nothing in --design lhs"),
        (("--vary", "attachment_mean", "--shard", "4/3"), "--shard 4/3: I/N expected, such as 3/8"),
        (("--vary", "attachment_mean", "--shard", "third"), "--shard third: I/N expected"),
        (("--vary", "attachment_mean", "--threads", "2", "--processes", "2"), "--threads and --processes: give one"),
        (("--vary", "attachment_mean", "--table", "none.csv"), "leave --vary, --points and --levels out"),
        (("--table", "none.csv"), "none.csv: "),
        (("--vary", "attachment_mean", "--households", "none.csv"), "none.csv: "),
        (("--vary", "attachment_mean", "--set", "subsidy"), "--set subsidy: KEY=VALUE expected"),
        (("--vary", "attachment_mean", "--lang", "fr"), "--lang fr: zh, en or both expected"),
        (("--vary", "uncertainties", "--futures", "3"), "no uncertainty is left that the points do not vary"),
        (("--vary", "attachment_mean", "--scheduler", "tcp://127.0.0.1:1"), "Dask scheduler tcp://127.0.0.1:1: "),
    ],
)  # fmt: skip
def test_bad_input_is_one_message_and_nothing_is_written(anju, region, here, odd, monkeypatch, args, said):
    if "--scheduler" in args:
        pytest.importorskip("distributed", reason="Dask is an extra that is not installed here")
        monkeypatch.setattr(importlib.import_module("experiments.executors.cluster"), "ANSWER", 1)
    before = tree(here)
    code, out, err = anju("sweep", region, *args, "--store", "store")
    print(args, "\n   ", err)
    assert (code, out) == (2, "") and said in " ".join(err.split()) and "Traceback" not in err
    assert tree(here) == before and odd.runs() == 0


def test_an_unknown_outcome_is_told_with_the_nearest():
    with pytest.raises(InputError) as caught:
        measures.named(("persons", "cost_per_mover"), "person", where="--outcome")
    assert 'did you mean "persons"' in str(caught.value) and "--outcome" in str(caught.value)


@pytest.fixture
def unfolded(sweeps, odd, here, monkeypatch):
    """A store with runs that a killed writer left in its journal, and in its lock."""
    monkeypatch.setattr(shards, "SHARD_ROWS", 5)
    plan = importlib.import_module("experiments.sweep.plan")
    kept = {}

    class Copied(Store):
        def fold(self):
            if len(self._pending) == 3:
                shutil.copytree(self.folder, here / "left")
                kept["yes"] = True
            super().fold()

    monkeypatch.setattr(plan, "Store", Copied)
    sweeps(*FEW)
    monkeypatch.setattr(plan, "Store", Store)
    assert kept and finished(here / "left") == RUNS and (here / "left/journal.jsonl").stat().st_size
    (here / "left/.lock").write_bytes(b"")
    return here / "left"


def test_a_store_of_another_model_is_refused_and_stays_as_it_was(anju, region, unfolded, monkeypatch):
    before, code_cache = tree(unfolded), importlib.import_module("simulation.codecache")
    monkeypatch.setattr(code_cache, "model_hash", lambda: "f" * 64)
    code, out, err = anju("sweep", region, *FEW, "--store", "left")
    print(err)
    assert (code, out) == (2, "") and len(err.splitlines()) == 1 and tree(unfolded) == before
    assert "this is model ffffffffffff, and runs of two models do not mix" in err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            (*FEW[:3], "attachment_mean=-0.5,0.5"),
            "not the same: what is varied, or its ranges; choose another folder",
        ),
        ((*FEW, "--seed", "2"), "not the same: the seed; choose another folder"),
        ((*FEW, "--set", "public_posts=55"), "not the same: the scenario; choose another folder"),
        (("--design", "oat", *FEW[2:]), "not the same: the design; choose another folder"),
    ],
)
def test_a_store_of_another_study_is_refused_and_stays_as_it_was(anju, region, unfolded, args, said):
    before = tree(unfolded)
    code, out, err = anju("sweep", region, *args, "--store", "left")
    print(err)
    assert (code, out) == (2, "") and said in err and tree(unfolded) == before


def test_a_store_with_other_outcomes_is_refused_and_stays_as_it_was(anju, region, unfolded, odd, monkeypatch):
    before, real = tree(unfolded), measures.columns
    monkeypatch.setattr(measures, "columns", lambda scenario: real(scenario)[:-1])
    code, out, err = anju("sweep", region, *FEW, "--store", "left")
    assert (code, out) == (2, "") and "not the same: the outcomes that are kept; choose another" in err
    assert tree(unfolded) == before


def test_a_folder_that_is_no_store_is_left_alone(anju, region, here, odd):
    (here / "store").mkdir()
    (here / "store/precious.txt").write_text("mine")
    code, out, err = anju("sweep", region, *FEW, "--store", "store")
    print(err)
    assert (code, out) == (2, "") and len(err.splitlines()) == 1
    assert "exists, and holds no store; name a folder that does not exist yet" in err
    assert tree(here / "store") == {"precious.txt": b"mine"}


def test_a_failed_row_is_null_with_its_reason_for_any_reader(sweeps, odd, here):
    logging.getLogger("experiments").handlers.clear()
    odd.behave(p2="fail")
    sweeps(*FEW)
    read = pq.read_table(here / "store/shards").to_pylist()
    failed = [row for row in read if row["error"]]
    assert {(row["point"], row["replication"]) for row in failed} == {(2, 0), (2, 1)}
    assert all(row["persons"] is None and row["subsidy_yuan_per_person"] == 20000.0 for row in failed)
    assert all(row["persons"] is not None for row in read if not row["error"])
