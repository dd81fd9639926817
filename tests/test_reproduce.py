"""Studies run again: what is the same is found the same, and one bit that is not is found."""

import dataclasses
import hashlib
import json
import logging
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import scenarios
from experiments import cli, results
from experiments.comparison import policies, runs, store
from experiments.comparison.judge import judge
from experiments.job import Done, ScenarioJob
from experiments.reproduce import _picked, reproduce
from experiments.reproduce.numbers import Tally, different
from experiments.store import Store
from experiments.study import run_seed, run_study
from experiments.verdict import verdict
from scenarios import frozen
from scenarios.errors import InputError
from scenarios.households_table import read_table, write_table

SMALL = {"pool_persons": "5000"}
POINTS, REPLICATIONS = 3, 2
pytestmark = pytest.mark.usefixtures("silent")


def load(name, packages=(), **sets):
    return scenarios.load(name, packages=packages, sets=SMALL | sets)


def written(scenario, out, *, points=POINTS, households=None, **more):
    people = None
    if households is not None:
        people = read_table(households, counties=[county.id for county in scenario.counties])
    study = run_study(scenario, points=points, replications=REPLICATIONS, households=people)
    request = {"households": households is not None}
    return results.write(study, verdict(study), out, households=households, request=request, **more)


def compared(out, scaled=False):
    found = policies.regions(["lishui", "lishui/subsidy-up"], load, against="lishui/low-interest-loan")
    if scaled:
        found = tuple(policies.equal_budgets(region) for region in found)
    budget = float("nan") if scaled else None
    comparison = runs.run_comparison(found, points=POINTS, replications=REPLICATIONS, budget=budget)
    return store.write(comparison, judge(comparison), out)


FACTORS = ("subsidy_yuan_per_person", "attachment_mean")
VALUES = np.array([[17000.0, -0.5], [21000.0, 0.25], [-1.0, 0.0], [18000.0, 0.5]])  # the third is impossible


def swept(folder, change=None, households=None, **more):
    """A store of a few runs, one of which cannot be run; `change` is what is done to a run before it is kept."""
    scenario = load("lishui")
    people = None
    if households is not None:
        people = read_table(households, counties=[county.id for county in scenario.counties])
    job = ScenarioJob(scenario, people)
    manifest = {
        "kind": "sweep", "anju": "0.1.0", "model_hash": job.model_hash, "replications": REPLICATIONS,
        "columns": list(job.columns), "versions": {}, "seed": 1, "scenario_hash": job.scenario_hash,
    }  # fmt: skip
    design = SimpleNamespace(names=FACTORS, values=VALUES)
    data = None if households is None else frozen.households_parquet(households)
    with Store.create(folder, manifest | more, design, frozen.freeze(scenario), data) as made:
        for point, row in enumerate(VALUES):
            for replication in range(REPLICATIONS):
                task = job.task(
                    point,
                    replication,
                    run_seed(1, replication),
                    dict(zip(FACTORS, row.tolist(), strict=True)),
                )
                done = job.run(task)
                made.append(change(done) if change else done)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A study of each kind."""
    out = tmp_path_factory.mktemp("out")
    return {
        "run": written(load("lishui", ["precise-relocation"]), out),
        "compare": compared(out, scaled=True),
        "sweep": swept(out / "sweep"),
    }


@pytest.fixture
def copy(folders, tmp_path):
    """A copy of a study that may be damaged."""
    return lambda kind: Path(shutil.copytree(folders[kind], tmp_path / kind))


@pytest.fixture
def idle(monkeypatch):
    """An engine that must not be called."""

    def never(*_, **__):
        raise AssertionError("something was run")

    monkeypatch.setattr("simulation.run.run", never)


def edit_manifest(folder, change):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), "utf-8")


def sign(folder, name):
    """Make the manifest vouch for a file as it is now."""
    sha = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    edit_manifest(folder, lambda m: m["files"].update({name: sha}))


def next_number(folder, name, column, row):
    """Move one stored number to the next float64; returns what it was and what it is."""
    path = folder / "tables" / f"{name}.parquet"
    table = pq.read_table(path)
    values = table.column(column).to_numpy().copy()
    old = values[row]
    values[row] = np.nextafter(old, np.inf)
    pq.write_table(table.set_column(table.column_names.index(column), column, pa.array(values)), path)
    sign(folder, f"tables/{name}.parquet")
    return old, values[row]


# What is the same


@pytest.mark.parametrize(("kind", "of"), [("run", 6), ("compare", 18), ("sweep", 8)])
def test_all_runs_are_the_same(folders, kind, of):
    found = reproduce(folders[kind], share=1.0)
    assert found.equal and found.differing == () and found.notes == ()
    assert (found.checked, found.of) == (of, of) and found.numbers > 1000


@pytest.mark.parametrize(("kind", "fewest"), [("run", 1), ("compare", 3), ("sweep", 1)])
def test_one_in_a_hundred_is_one_at_least(folders, kind, fewest):
    found = reproduce(folders[kind])
    assert found.equal and found.checked == fewest and found.numbers > 0


@pytest.mark.parametrize(("kind", "runs", "checked"), [("run", 4, 4), ("compare", 4, 6), ("sweep", 99, 8)])
def test_as_many_runs_as_asked_for(folders, kind, runs, checked):
    assert reproduce(folders[kind], runs=runs, seed=3).checked == checked


def test_the_seed_says_which():
    picked = [_picked([3] * 50, 10, seed) for seed in (1, 1, 2)]
    assert picked[0] == picked[1] != picked[2] and [len(set(runs)) for runs in picked] == [4, 4, 4]
    assert {k for seed in range(400) for k in _picked([1] * 20, 1, seed)} == set(range(20))
    assert _picked([1] * 20, 20, 5) == list(range(20))


def test_threads_change_nothing(folders):
    one, two = (reproduce(folders["run"], runs=3, threads=n) for n in (1, 2))
    assert one == two


def test_central_values_alone(tmp_path):
    folder = written(load("lishui"), tmp_path, points=1)
    found = reproduce(folder, share=1.0)
    assert found.equal and found.of == REPLICATIONS


def test_every_table_is_compared(folders, monkeypatch):
    names = set()
    real = Tally.table
    monkeypatch.setattr(
        Tally, "table", lambda self, name, *rest: (names.add(name), real(self, name, *rest))[1]
    )
    for kind in ("run", "compare"):
        names.clear()
        reproduce(folders[kind], runs=4)
        stored = {path.stem for path in (folders[kind] / "tables").glob("*.parquet")}
        # the rest of a comparison is in its answer, which is compared too, and its design is what is run
        assert names >= stored - {"policies", "targets", "design"}


# What is not


@pytest.mark.parametrize(
    ("name", "column", "row"),
    [
        ("months", "persons_keys", 2000),
        ("runs", "target_moved", 4),
        ("ledger", "subsidy_fen", 100),
        ("effect", "wage_fen", 200),
        ("sites", "wage_fen", 3),
    ],
)
def test_one_bit_in_a_table_is_found(copy, name, column, row):
    folder = copy("run")
    old, new = next_number(folder, name, column, row)
    found = reproduce(folder, share=1.0)
    assert not found.equal and found.different == len(found.differing) == 1
    (one,) = found.differing
    assert one.column.startswith(f"{name}.{column}") and (one.stored, one.now) == (new, old)
    ids = pq.read_table(folder / "tables" / "runs.parquet").column("id").to_pylist()
    assert one.run in ids or (name == "effect" and one.run.startswith("point "))


def test_it_says_of_which_run_and_where(copy):
    folder = copy("run")
    next_number(folder, "months", "persons_keys", 2000)
    row = pq.read_table(folder / "tables" / "months.parquet").slice(2000, 1).to_pylist()[0]
    (one,) = reproduce(folder, share=1.0).differing
    ids = pq.read_table(folder / "tables" / "runs.parquet").column("id").to_pylist()
    assert (
        one.run == ids[row["run"]] and one.column == f"months.persons_keys[{row['month']}, {row['county']}]"
    )


def test_a_sample_sees_its_own_runs_only(copy):
    folder = copy("run")
    next_number(folder, "runs", "target_moved", 4)
    seen = {reproduce(folder, runs=2, seed=seed).equal: 4 in _picked([1] * 6, 2, seed) for seed in range(4)}
    assert seen == {True: False, False: True}


def test_one_bit_in_a_comparison_is_found(copy):
    folder = copy("compare")
    old, new = next_number(folder, "runs", "cost", 13)
    found = reproduce(folder, share=1.0)
    (one,) = found.differing
    assert (one.column, one.stored, one.now) == ("runs.cost", new, old)
    assert one.run == "lishui/subsidy-up run 1"


@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [("run", "verdict.json", ("targets", 0, "share")), ("compare", "comparison.json", ("policies", 1, "additional", "value"))],
)  # fmt: skip
def test_a_number_of_the_answer_is_found(copy, kind, name, path):
    folder = copy(kind)
    answer = json.loads((folder / name).read_text("utf-8"))
    part = answer
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] += 0.125
    (folder / name).write_text(json.dumps(answer), "utf-8")
    sign(folder, name)
    found = reproduce(folder, share=1.0)
    (one,) = found.differing
    assert one.stored - one.now == 0.125 and str(path[-1]) in one.column


def test_one_bit_in_a_sweep_is_found(tmp_path):
    changed = []

    def change(done):
        if done.task.point == 1 and done.task.replication == 0:
            numbers = done.numbers.copy()
            numbers[7] = np.nextafter(numbers[7], -np.inf)
            changed.append((done.task.id, numbers[7], done.numbers[7]))
            return Done(done.task, numbers, "")
        return done

    folder = swept(tmp_path / "sweep", change)
    found = reproduce(folder, share=1.0)
    (one,) = found.differing
    assert (one.run, one.stored, one.now) == changed[0]
    assert one.column == json.loads((folder / "manifest.json").read_text("utf-8"))["columns"][7]


def test_a_run_that_failed_must_fail_again(tmp_path):
    folder = swept(tmp_path / "sweep", lambda done: done._replace(error="it rained") if done.error else done)
    found = reproduce(folder, share=1.0)
    assert {(d.column, d.stored) for d in found.differing} == {("error", "it rained")}
    assert "subsidy_yuan_per_person" in found.differing[0].now


def test_a_run_under_another_name_is_found(tmp_path):
    """The id of a run follows from its content."""
    folder = swept(tmp_path / "sweep", lambda d: d._replace(task=d.task._replace(id=d.task.id[::-1])))
    found = reproduce(folder, share=1.0)
    assert not found.equal and {d.column for d in found.differing} == {"id"}


def test_of_two_rows_of_one_run_the_wrong_one_is_found(folders, tmp_path):
    """What `anju store verify` calls a contradiction is settled here."""
    folder = swept(
        tmp_path / "sweep", lambda d: d if d.error else d._replace(numbers=d.numbers + (d.task.point == 1))
    )
    theirs = next((folder / "shards").glob("*.parquet"))
    shutil.copy(next((folders["sweep"] / "shards").glob("*.parquet")), folder / "shards")
    found = reproduce(folder, share=1.0)
    assert (found.checked, found.of) == (14, 14)  # the two runs that fail count once
    assert found.different > 100 and {d.run.split(" in ")[1] for d in found.differing} == {theirs.name}


def test_what_is_stored_and_no_longer_produced_is_a_difference(copy):
    folder = copy("run")
    path = folder / "tables" / "months.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("camels", pa.array(np.zeros(len(table)))), path)
    sign(folder, "tables/months.parquet")
    found = reproduce(folder, share=1.0)
    assert found.different == len(table) and found.differing[0].column == "months.camels"


def test_what_is_new_is_a_note(copy):
    folder = copy("run")
    path = folder / "tables" / "months.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["persons_keys"]), path)
    sign(folder, "tables/months.parquet")
    found = reproduce(folder, share=1.0)
    assert found.equal and "persons_keys" in found.notes[0].en and "persons_keys" in found.notes[0].zh


def test_bit_by_bit():
    nan, other_nan = np.array([0x7FF8000000000000, 0x7FF8000000000001]).view(float)
    a = np.array([nan, 0.0, 1.0, np.inf, 5e-324, nan])
    b = np.array([other_nan, -0.0, np.nextafter(1.0, 2.0), np.inf, 0.0, 1.0])
    assert different(a, b).tolist() == [False, True, True, False, True, True]
    whole = np.array([2**53, 2**53 + 1])
    assert different(whole, np.array([2**53, 2**53])).tolist() == [False, True]
    assert different(np.array(["a", "b"]), np.array(["a", "c"])).tolist() == [False, True]
    assert different(np.array([1, 2]), np.array([1.0, 2.5])).tolist() == [False, True]


# A folder that is not what it was


def refused(folder, **options):
    with pytest.raises(InputError) as caught:
        reproduce(folder, **options)
    return "\n".join(caught.value.messages)


@pytest.mark.parametrize("name", ["verdict.json", "tables/months.parquet", "tables/why.csv", "scenario.json"])
def test_a_missing_or_changed_file_is_said_before_any_run(copy, idle, name):
    folder = copy("run")
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    assert f"{name}: was changed" in refused(folder)
    (folder / name).unlink()
    said = refused(folder)
    assert f"{name}: is missing" in said and "nothing was run" in said


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["seeds"].__setitem__(0, 7),
        lambda m: m["design"][1].__setitem__(0, m["design"][1][0] * 1.0000001),
        lambda m: m["population_hashes"].__setitem__(0, "f" * 64),
        lambda m: m.update(study="00000000"),
        lambda m: m.pop("points"),
        lambda m: m.update(design=[[1.0]]),
        lambda m: m.update(replications="two"),
        lambda m: m.update(files=None),
    ],
)
def test_a_changed_manifest_is_found(copy, idle, change):
    folder = copy("run")
    edit_manifest(folder, change)
    assert "is damaged" in refused(folder)


def test_a_changed_manifest_of_a_comparison_is_found(copy, idle):
    folder = copy("compare")
    edit_manifest(folder, lambda m: m["regions"][0]["design"][0].__setitem__(0, 0.5))
    assert "study's own id" in refused(folder)


def test_a_scenario_changed_with_its_checksums_is_found(copy, idle):
    """Someone who edits the scenario and makes every checksum fit still has to change the study's id."""
    folder = copy("run")
    scenario = frozen.read(folder / "scenario.json")
    entry = dataclasses.replace(scenario.values["subsidy_yuan_per_person"], value=1.0)
    other = dataclasses.replace(scenario, values={**scenario.values, entry.name: entry})
    (folder / "scenario.json").write_text(frozen.freeze(other), "utf-8")
    sign(folder, "scenario.json")
    assert "study's own id" in refused(folder)


def test_a_damaged_store_is_said_before_any_run(copy, idle):
    folder = copy("sweep")
    shard = next((folder / "shards").glob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-100])
    assert "is damaged" in refused(folder) and shard.name in refused(folder)


def test_what_is_no_study_is_said(tmp_path, idle):
    assert "no such folder" in refused(tmp_path / "none")
    assert "holds no study" in refused(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    assert "not JSON" in refused(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    assert "not the manifest of a study" in refused(tmp_path)


def test_another_kind_of_result_is_said(copy, idle):
    folder = copy("run")
    edit_manifest(folder, lambda m: m.pop("study"))
    assert "none of `anju run`, `compare`, `sweep`" in refused(folder)


def test_a_folder_of_an_older_anju_is_said(copy, idle):
    folder = copy("run")
    edit_manifest(folder, lambda m: m["files"].pop("scenario.json"))
    assert "older anju" in refused(folder)


@pytest.mark.parametrize(
    "options", [{"share": 0.0}, {"share": 1.5}, {"runs": 0}, {"threads": 0}, {"seed": -1}]
)
def test_impossible_numbers(folders, idle, options):
    with pytest.raises(ValueError, match="expected"):
        reproduce(folders["run"], **options)


# Another engine


def test_another_engine_is_said_first_and_runs_only_if_asked(copy, monkeypatch):
    folder = copy("run")
    monkeypatch.setattr("simulation.codecache.model_hash", lambda: "c" * 64)
    with monkeypatch.context() as still:
        still.setattr("simulation.run.run", None)
        said = refused(folder)
    assert "Another engine" in said and "c" * 12 in said and "--anyway" in said
    found = reproduce(folder, share=1.0, anyway=True)
    assert found.equal and "Another engine" in found.notes[0].en and "引擎" in found.notes[0].zh


def test_the_old_version_is_named(copy, monkeypatch, idle):
    folder = copy("run")
    edit_manifest(folder, lambda m: m.update(anju="0.0.7", model_hash="d" * 64))
    assert "pip install anju==0.0.7" in refused(folder)


@pytest.mark.parametrize("kind", ["compare", "sweep"])
def test_any_study_runs_on_another_engine_if_asked(folders, kind, monkeypatch):
    monkeypatch.setattr("simulation.codecache.model_hash", lambda: "c" * 64)
    assert "Another engine" in refused(folders[kind])
    assert reproduce(folders[kind], share=1.0, anyway=True).equal


def test_an_engine_that_cannot_run_it_says_so(copy, monkeypatch):
    folder = copy("run")
    monkeypatch.setattr("simulation.codecache.model_hash", lambda: "c" * 64)
    monkeypatch.setattr("simulation.run.run", lambda *_, **__: {}["a new parameter"])
    assert "cannot run it" in refused(folder, anyway=True)


def test_other_libraries_are_a_note(copy):
    folder = copy("run")
    edit_manifest(folder, lambda m: m["versions"].update(numpy="1.0.0", gone="3"))
    found = reproduce(folder)
    assert found.equal and "numpy 1.0.0" in found.notes[0].en and "gone 3 (here none)" in found.notes[0].en


# From the folder alone


def test_the_scenario_files_are_not_needed(tmp_path, monkeypatch):
    source = Path(scenarios.__file__).parent / "lishui"
    mine = Path(shutil.copytree(source, tmp_path / "mine"))
    folder = written(scenarios.load(mine / "plan.toml", sets=SMALL), tmp_path / "out")
    region = (mine / "region.toml").read_text("utf-8")
    (mine / "region.toml").write_text(region.replace("value = 0.", "value = 0.0"), "utf-8")
    shutil.rmtree(mine)
    moved = Path(shutil.move(folder, tmp_path / "elsewhere"))

    def never(*_, **__):
        raise AssertionError("a scenario file was read")

    monkeypatch.setattr(scenarios, "load", never)
    monkeypatch.setattr("scenarios.reader.load", never)
    assert reproduce(moved, share=1.0).equal


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A table of one's own households."""
    from scenarios import assemble

    scenario = load("lishui", pool_persons="5300")
    inputs = assemble.inputs(scenario)
    path = tmp_path_factory.mktemp("own") / "own.csv"
    counties = [county.id for county in scenario.counties]
    write_table(path, inputs.population, inputs.institutions.villages, counties=counties, road_sd_km=1.3)
    return path


def test_own_households_travel_with_the_study(own, tmp_path):
    mine = Path(shutil.copy(own, tmp_path / "mine.csv"))
    folder = written(load("lishui"), tmp_path / "out", households=mine)
    mine.unlink()
    assert "households.parquet" in json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    assert reproduce(folder, share=1.0).equal
    # and they matter
    (folder / "households.parquet").unlink()
    edit_manifest(folder, lambda m: m["files"].pop("households.parquet"))
    assert "households of its own" in refused(folder)
    edit_manifest(folder, lambda m: m["request"].update(households=False))
    assert not reproduce(folder, share=1.0).equal


def test_own_households_travel_with_a_sweep(own, tmp_path):
    folder = swept(tmp_path / "sweep", households=own)
    assert reproduce(folder, share=1.0).equal


def test_households_changed_meanwhile_are_not_kept(own, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("experiments"), "propagate", True)
    mine = Path(shutil.copy(own, tmp_path / "mine.csv"))
    scenario = load("lishui")
    people = read_table(mine, counties=[county.id for county in scenario.counties])
    study = run_study(scenario, points=1, replications=1, households=people)
    lines = mine.read_text("utf-8").splitlines()
    mine.write_text("\n".join(lines[:-1]), "utf-8")
    with caplog.at_level("WARNING", "experiments"):
        folder = results.write(study, verdict(study), tmp_path, households=mine)
    assert not (folder / "households.parquet").exists() and "has changed" in caplog.text


# The command


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.chdir(tmp_path)

    def run(*args):
        code = cli.main(["reproduce", *map(str, args)])
        return code, *capsys.readouterr()

    return run


def test_the_command_says_that_all_is_the_same(folders, command):
    code, out, err = command(folders["run"], "--all")
    assert code == 0 and err == "" and out.count("\n") == 1
    assert out.startswith("Reproduced: all ") and "6 runs are the same, bit for bit" in out
    code, out, _ = command(folders["sweep"], "--runs", 3, "--lang", "zh")
    assert code == 0 and "3次模拟（共8次）" in out and "逐位相同" in out and "--all" in out


def test_the_command_shows_what_differs(copy, command):
    folder = copy("run")
    old, new = next_number(folder, "months", "persons_keys", 2000)
    code, out, _ = command(folder, "--all")
    assert code == 1 and "Not reproduced: 1 differ" in out
    assert repr(float(old)) in out and repr(float(new)) in out and "months.persons_keys" in out
    code, out, _ = command(folder, "--all", "--json")
    found = json.loads(out)
    assert code == 1 and not found["equal"] and found["differing"][0]["stored"] == new
    assert command(folder, "--all", "--lang", "zh")[1].startswith("未能复现")


def test_the_command_refuses_what_it_cannot_use(copy, command, tmp_path, idle):
    folder = copy("run")
    (folder / "verdict.json").unlink()
    code, out, err = command(folder)
    assert code == 2 and out == "" and "verdict.json: is missing" in err and "Traceback" not in err
    assert command(tmp_path / "none")[0] == 2
    code, _, err = command(folder, "--all", "--runs", 2)
    assert code == 2 and "one of the two" in err


def test_the_command_names_another_engine_first(folders, command, monkeypatch):
    monkeypatch.setattr("simulation.codecache.model_hash", lambda: "c" * 64)
    code, out, err = command(folders["run"])
    assert code == 2 and out == "" and "Another engine" in err
    code, out, _ = command(folders["run"], "--anyway")
    assert code == 0 and out.startswith("Another engine") and "Reproduced" in out.splitlines()[1]
    code, out, _ = command(folders["run"], "--anyway", "--json")
    assert "Another engine" in json.loads(out)["notes"][0]["en"]
