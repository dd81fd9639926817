"""Results are written whole or not at all, and the same content gives the same bytes."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet as pq
import pytest

from experiments import files
from scenarios.errors import InputError

COLUMNS = {
    "county": ["莲都区", "青田县"],
    "moved": np.array([3, 4], np.int32),
    "share": np.array([0.1, 1 / 3]),
    "grade": np.array([1, 255], np.uint8),
    "fen": np.array([123456789012.0, -0.0]),
    "gap": np.array([np.nan, 2.0]),
    "note": ["a,b", ""],
}


def fill(path, text="one"):
    with files.result_folder(path) as folder:
        (folder / "tables").mkdir()
        files.write_text(folder / "tables/a.txt", text)
    return path


def left(path):
    return sorted(file.name for file in path.parent.iterdir())


def test_a_result_appears_whole_and_replaces_an_earlier_one(tmp_path):
    out = fill(tmp_path / "deep/out")
    fill(out, "two")
    assert (out / "tables/a.txt").read_text() == "two"
    assert left(out) == ["out"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_nothing_changes_when_the_work_stops(tmp_path, error):
    out = fill(tmp_path / "out")
    with pytest.raises(error), files.result_folder(out) as folder:
        files.write_text(folder / "half.txt", "half")
        raise error
    assert left(out) == ["out"]
    assert (out / "tables/a.txt").read_text() == "one"


def test_nothing_changes_when_the_process_is_killed(tmp_path):
    out = fill(tmp_path / "out")
    program = (
        "import sys, time; from experiments import files\n"
        "with files.result_folder(sys.argv[1]) as folder:\n"
        "    files.write_text(folder / 'half.txt', 'half'); print('written', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(out)], stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "written\n"
    process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait()
    process.stdout.close()
    assert [name for name in left(out) if not name.startswith(".")] == ["out"]
    assert (out / "tables/a.txt").read_text() == "one"
    (part,) = tmp_path.glob(".out.*.part")
    os.utime(part, (time.time() - 2 * files.ABANDONED,) * 2)
    fill(out)
    assert left(out) == ["out"]


def test_what_is_not_ours_is_left_alone(tmp_path, monkeypatch):
    mine = tmp_path / "mine"
    mine.mkdir()
    assert files.check_folder(mine) == mine
    (mine / "thesis.docx").touch()
    ours = fill(tmp_path / "ours")
    (ours / "tables/notes.txt").touch()
    (tmp_path / "file").touch()
    monkeypatch.chdir(ours)
    for path in (mine, ours, ours / "..", tmp_path / "file", tmp_path / "file/inside", "."):
        with pytest.raises(InputError), files.result_folder(path):
            pytest.fail("the work has started")
    assert (mine / "thesis.docx").exists()
    assert (ours / "tables/notes.txt").exists()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody can write to")
def test_a_folder_that_cannot_be_written_is_said_before_any_work():
    with pytest.raises(InputError, match="cannot be written"):
        files.check_folder("/proc/self/out")


def test_tables_have_the_same_bytes_and_can_be_read_back(tmp_path):
    for name in ("a", "b"):
        files.write_parquet(tmp_path / f"{name}.parquet", COLUMNS)
        files.write_csv(tmp_path / f"{name}.csv", COLUMNS)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    table = pq.read_table(tmp_path / "a.parquet")
    assert [str(field.type) for field in table.schema] == [
        *("string", "int32", "double", "uint8", "double", "double", "string")
    ]
    assert table.schema.metadata is None
    text = (tmp_path / "a.csv").read_bytes().decode("utf-8-sig")
    assert text.splitlines() == [
        "county,moved,share,grade,fen,gap,note",
        '"莲都区",3,0.1,1,123456789012,,"a,b"',
        '"青田县",4,0.3333333333333333,255,0,2,""',
    ]


def test_unequal_columns_are_refused(tmp_path):
    columns = {"a": [1, 2], "b": [1]}
    for write in (files.write_csv, files.write_parquet):
        with pytest.raises(ValueError):
            write(tmp_path / "x", columns)
        assert not (tmp_path / "x").exists()


def test_json_for_people(tmp_path):
    files.write_json(
        tmp_path / "a.json", {"b": np.float64("nan"), "a": (np.int64(1), {"县": np.array([0.5])})}
    )
    assert (tmp_path / "a.json").read_bytes().count(b"\r") == 0
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"a": [1, {"县": [0.5]}], "b": None}


def test_canonical_json_is_worked_by_hand():
    content = {"b": 0.1, "a": [1, True, None, "县"], "c": np.array([1.5])}
    text = b'{"a":[1,true,null,"\\u53bf"],"b":"0x1.999999999999ap-4","c":["0x1.8000000000000p+0"]}'
    assert files.canonical(content) == text
    assert files.digest(content) == hashlib.sha256(text).hexdigest()
    with pytest.raises(TypeError):
        files.canonical({"a": object()})


def test_a_run_id_changes_with_everything_that_matters():
    def name(model="m", population="p", scenario="lishui", value=1.0, seed=1):
        parameters = {"subsidy_yuan_per_person": value}
        return files.run_id(
            model_hash=model, population_hash=population, scenario=scenario, parameters=parameters, seed=seed
        )

    others = [name("n"), name(population="q"), name(scenario="gansu"), name(value=1.0 + 2**-52), name(seed=2)]
    assert len({name(), *others}) == 6
    assert name() == name(value=1)
