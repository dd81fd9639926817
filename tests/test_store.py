"""The store keeps every bit of every run, reads in one line, extends, and refuses what does not belong to it."""

import json
import os
import shutil
import struct

import numpy as np
import pandas
import pytest
from stores import (
    COLUMNS,
    MODEL,
    Design,
    design,
    done,
    exported,
    finish,
    hexes,
    made,
    manifest,
    runs,
    task,
    tree,
)

from experiments.store import CannotWrite, Store, disk, journal, layout, listed, shards, stores, verify
from scenarios.errors import InputError

ODD = [
    0.1 + 0.2,
    -0.0,
    5e-324,
    np.inf,
    -np.inf,
    np.nan,
    struct.unpack("<d", b"\1\0\0\0\0\0\xf8\x7f")[0],
    2.0**53,
]


def bits(values):
    return np.asarray(values, np.float64).view(np.uint64).tolist()


@pytest.mark.parametrize("folded", [False, True])
def test_every_bit_of_a_number_is_kept(tmp_path, folded):
    path = tmp_path / "store"
    store = Store.create(path, manifest(columns=["x"], replications=len(ODD)), design(1), "{}")
    for r, x in enumerate(ODD):
        store.append(done(0, r)._replace(numbers=np.array([x])))
    if folded:
        store.close()
    assert bits(Store.open(path).table(["x"])["x"].to_numpy()) == bits(ODD)
    if not folded:
        assert bits(store.table(["x"])["x"].to_numpy()) == bits(ODD)
        assert (path / "journal.jsonl").read_bytes().count(b"\n") == len(ODD)
        store.close()


def test_a_row_has_keys_factors_and_outcomes_in_order_of_the_design(tmp_path):
    path = made(tmp_path / "store", results=reversed(runs(6)))
    with Store.open(path) as store:
        table = store.table()
        assert table.column_names == [
            "id",
            "point",
            "replication",
            "seed",
            "error",
            "subsidy",
            "b_k",
            *COLUMNS,
        ]
        assert table["point"].to_pylist() == [0, 0, 1, 1, 2, 2, 4, 4, 5, 5]
        assert table["replication"].to_pylist() == [0, 1] * 5
        for row in table.to_pylist():
            expected = done(row["point"], row["replication"])
            assert row["id"] == expected.task.id and row["seed"] == expected.task.seed and row["error"] == ""
            assert (row["subsidy"], row["b_k"]) == tuple(design(6).values[row["point"]])
            assert bits([row[name] for name in COLUMNS]) == bits(expected.numbers)
        both = store.table(["error", "persons", "point"], failed=True)
        assert both.column_names == ["error", "persons", "point"] and len(both) == 12
        assert both["error"].to_pylist()[6:8] == ["ValueError: no homes"] * 2
        assert both["persons"].null_count == 2


def test_nan_is_an_undefined_outcome_and_null_a_failed_run(tmp_path):
    path = made(tmp_path / "store")
    cost = Store.open(path).table(["cost", "error"], failed=True)
    assert cost["cost"].null_count == 2
    assert [np.isnan(x) for x in cost["cost"].to_pylist() if x is not None].count(
        True
    ) == 2  # both runs of point 4


def test_done_and_failed_are_sorted_ids(tmp_path):
    path = made(tmp_path / "store")
    with Store.open(path) as store:
        good = sorted(result.task.id for result in runs(6) if not result.error)
        assert hexes(store.done()) == good and store.done().dtype == "S32"
        assert hexes(store.failed()) == sorted(result.task.id for result in runs(6) if result.error)
        assert store.planned == 12 == len(store.done()) + len(store.failed())


def test_a_good_row_beats_a_failed_one_whichever_came_first(tmp_path):
    for k, order in enumerate(([0, 1], [1, 0])):
        two = [done(2, error="killed"), done(2)]
        path = made(tmp_path / str(k), results=[two[i] for i in order])
        with Store.open(path) as store:
            assert hexes(store.done()) == [task(2).id] and len(store.failed()) == 0
            assert len(store.table(failed=True)) == 1


def test_ids_that_end_in_zeros_are_told_apart(tmp_path):
    ids = ["ab" * 31 + "00", "ab" * 30 + "0000", "00" * 32]
    results = [done(k)._replace(task=task(k)._replace(id=id)) for k, id in enumerate(ids)]
    path = made(tmp_path / "store", results=results)
    assert hexes(Store.open(path).done()) == sorted(ids)
    assert sorted(Store.open(path).table(["id"])["id"].to_pylist()) == sorted(ids)


def test_only_the_columns_wanted_are_read(tmp_path, monkeypatch):
    path = made(tmp_path / "store")
    asked, real = [], shards.read
    monkeypatch.setattr(shards, "read", lambda file, columns: asked.append(columns) or real(file, columns))
    Store.open(path).table(["cost"])
    assert {name for columns in asked for name in columns} == {"id", "error", "point", "replication", "cost"}


def test_a_column_before_a_dot_does_not_bring_the_others(tmp_path):
    path = tmp_path / "store"
    with Store.create(path, manifest(columns=["a.b", "a", "a.c"]), design(2), "{}") as store:
        store.append(done(0))
    assert Store.open(path).table(["a"]).column_names == ["a"]


def test_an_unknown_column_is_named_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match=r"no column 'person' .*did you mean \"persons\""):
        Store.open(made(tmp_path / "store")).table(["person"])


def test_a_store_without_runs_or_factors(tmp_path):
    path = tmp_path / "store"
    with Store.create(path, manifest(), Design((), np.empty((1, 0))), "{}"):
        pass
    with Store.open(path) as store:
        assert len(store.done()) == len(store.failed()) == len(store.table()) == 0
        assert store.factors == () and store.points == 1 and store.planned == 2
    assert verify(path) == []


def test_shards_of_the_usual_size_are_written_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_ROWS", 4)
    path = tmp_path / "store"
    with Store.create(path, manifest(), design(6), "{}") as store:
        for k, result in enumerate(runs(6), 1):
            store.append(result)
            assert len(shards.paths(path)) == k // 4
    assert len(shards.paths(path)) == 3 and (path / "journal.jsonl").read_bytes() == b""
    for file in shards.paths(path):
        assert layout.sha256(file.read_bytes()).startswith(file.stem)


def test_pandas_and_duckdb_read_a_store_in_one_line(tmp_path):
    path = made(tmp_path / "store")
    frame = pandas.read_parquet(path / "shards")
    assert len(frame) == 12 and (frame.error == "").sum() == 10
    duckdb = pytest.importorskip("duckdb")
    query = f"select count(*), sum(persons) from '{path}/shards/*.parquet' where error = ''"
    [(count, total)] = duckdb.sql(query).fetchall()
    assert count == 10 and total == pytest.approx(frame.persons.sum())


def test_points_of_equal_values_share_their_runs(tmp_path):
    values = design(3).values[[0, 1, 0, 2, 1]]
    path = tmp_path / "store"
    with Store.create(path, manifest(), Design(("subsidy", "b_k"), values), "{}") as store:
        assert store.planned == 6
        for point in (2, 4, 3):  # whichever of two equal points is run
            for r in range(2):
                store.append(done(point, r, values=values[point]))
    with Store.open(path) as store:
        table = store.table(["point", "replication", "subsidy", "persons"])
        assert table["point"].to_pylist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
        assert table["subsidy"].to_pylist() == np.repeat(values[:, 0], 2).tolist()
        persons = np.array(table["persons"]).reshape(5, 2)
        assert (persons[0] == persons[2]).all() and (persons[1] == persons[4]).all()
    first = tmp_path / "first"
    with Store.create(first, manifest(), Design(("subsidy", "b_k"), values), "{}") as store:
        for point in (0, 1, 3):
            for r in range(2):
                store.append(done(point, r, values=values[point]))
    assert exported(first) == exported(path)


def test_with_fresh_seeds_equal_points_have_runs_of_their_own(tmp_path):
    values = design(1).values[[0, 0]]
    path = tmp_path / "store"
    with Store.create(path, manifest(fresh_seeds=True), Design(("subsidy", "b_k"), values), "{}") as store:
        assert store.planned == 4
        store.append(done(1, 0, values=values[1]))
    assert Store.open(path).table(["point"])["point"].to_pylist() == [1]


# what is refused


@pytest.mark.parametrize(
    "result, said",
    [
        (done(6), "not in the design"),
        (done(0, 2), "not in the design"),
        (done(0)._replace(numbers=np.zeros(2)), "3 expected"),
        (done(0)._replace(error="but why"), "either numbers or an error"),
        (done(0)._replace(numbers=None), "either numbers or an error"),
        (done(0)._replace(task=task(0)._replace(id="abc")), "64 hex"),
        (done(1)._replace(task=task(1)._replace(point=0)), "its subsidy is not the design's"),
    ],
)
def test_a_run_that_does_not_belong_here_is_refused(tmp_path, result, said):
    with Store.create(tmp_path / "store", manifest(), design(6), "{}") as store:
        with pytest.raises(ValueError, match=said):
            store.append(result)
        assert len(store.done()) == 0
    assert verify(tmp_path / "store") == []


def test_an_error_is_one_line(tmp_path):
    path = made(tmp_path / "store", results=[done(0, error="ValueError: one\n  two")])
    assert Store.open(path).table(["error"], failed=True)["error"].to_pylist() == ["ValueError: one two"]


def test_a_reader_cannot_write(tmp_path):
    path = made(tmp_path / "store")
    before = tree(path)
    with Store.open(path) as store:
        for act in (lambda: store.append(done(0)), store.fold, store.extend):
            with pytest.raises(ValueError, match="open for reading"):
                act()
    assert tree(path) == before


def test_the_runs_of_another_model_are_refused_and_the_store_stays(tmp_path):
    path = made(tmp_path / "store")
    before = tree(path)
    with pytest.raises(InputError) as caught:
        Store.open(path, write=True, model="c3" * 32)
    said = str(caught.value)
    assert all(word in said for word in (MODEL[:12], ("c3" * 32)[:12], "anju 0.1.0", "--out", "exported"))
    assert tree(path) == before
    Store.open(path, write=True, model=MODEL).close()


def test_creating_needs_a_new_folder_and_leaves_nothing_half_made(tmp_path, monkeypatch):
    path = made(tmp_path / "store")
    before = tree(path)
    with pytest.raises(InputError, match="exists already"):
        Store.create(path, manifest(), design(2), "{}")
    assert tree(path) == before
    real = disk.write

    def fail(file, data):
        if file.name == "scenario.json":
            raise OSError(28, "No space left on device")
        real(file, data)

    monkeypatch.setattr(disk, "write", fail)
    with pytest.raises(CannotWrite, match="No space left"):
        Store.create(tmp_path / "new", manifest(), design(2), "{}")
    assert [file.name for file in tmp_path.iterdir()] == ["store"]


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"columns": ["subsidy"]}, "subsidy"),
        ({"columns": ["id"]}, "id"),
        ({"columns": ["x", "x"]}, "x"),
        ({"model_hash": ...}, "model_hash expected"),
    ],
)
def test_an_impossible_manifest_is_refused(tmp_path, changes, said):
    content = {key: value for key, value in manifest(**changes).items() if value is not ...}
    with pytest.raises(ValueError, match=said):
        Store.create(tmp_path / "store", content, design(2), "{}")
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_store_the_nearest_is_offered(tmp_path):
    made(tmp_path / "lishui-sweep-12345678")
    with pytest.raises(InputError, match=r'no store here \(did you mean "lishui-sweep-12345678"\?\)'):
        Store.open(tmp_path / "lishui-sweep-12345679")
    other = tmp_path / "study"
    other.mkdir()
    (other / "manifest.json").write_text('{"study": "abc"}')
    with pytest.raises(InputError, match="holds a result, but no store"):
        Store.open(other, write=True)
    assert [file.name for file in other.iterdir()] == ["manifest.json"]


def test_a_store_of_a_newer_anju_is_refused(tmp_path):
    path = made(tmp_path / "store")
    content = json.loads((path / "manifest.json").read_text()) | {"store": 2}
    (path / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="format 2; this anju reads 1"):
        Store.open(path)


@pytest.mark.parametrize("name", ["manifest.json", "scenario.json", "design.parquet", "households.parquet"])
@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_damaged_manifest_or_design_is_said_and_never_used(tmp_path, name, how):
    path = tmp_path / "store"
    with Store.create(path, manifest(), design(2), '{"name": "plan"}', b"PAR1") as store:
        store.append(done(0))
        assert store.households == b"PAR1" and store.scenario_json == '{"name": "plan"}'
    file = path / name
    data = file.read_bytes()
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(data[:-3] if how == "cut" else data.replace(data[20:21] or data[1:2], b"7", 1))
    before = tree(path)
    for write in (False, True):
        with pytest.raises(
            InputError, match="no store here" if (name, how) == ("manifest.json", "gone") else name
        ):
            Store.open(path, write=write)
    assert tree(path) == before  # and the lock was given back
    if (name, how) != ("manifest.json", "gone"):
        assert any(name in problem for problem in verify(path))


# extending


def test_an_extended_store_keeps_its_runs_and_plans_more(tmp_path):
    path = made(tmp_path / "store", points=4)
    with Store.open(path, write=True) as store:
        store.extend(design(6).values[4:], 3, {"request": {"points": 6}})
        assert (store.points, store.replications, store.planned) == (6, 3, 18)
        store.append(done(5, 2))
    with Store.open(path) as store:
        assert (store.design == design(6).values).all() and store.manifest["request"] == {"points": 6}
        assert (store.points, store.replications) == (6, 3) and len(store.table(failed=True)) == 9
    assert verify(path) == []


def test_an_extended_store_is_the_one_that_was_made_so(tmp_path):
    small, whole = made(tmp_path / "small", points=4), made(tmp_path / "whole", points=6)
    with Store.open(small, write=True) as store:
        store.extend(design(6).values[4:])
    finish(small)
    assert exported(small) == exported(whole)
    for name in ("manifest.json", "design.parquet"):
        assert (small / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"replications": 1}, "at least 2"),
        ({"changes": {"seed": 2, "request": {}}}, "seed: part of what the study is"),
    ],
)
def test_an_extension_cannot_make_it_another_study(tmp_path, arguments, said):
    path = made(tmp_path / "store")
    before = tree(path)
    with Store.open(path, write=True) as store, pytest.raises(ValueError, match=said):
        store.extend(**arguments)
    assert tree(path) == before


@pytest.mark.parametrize("step", [0, 1, 2])
def test_an_extension_that_is_cut_short_happened_or_did_not(tmp_path, monkeypatch, step):
    path = made(tmp_path / "store", points=4)
    real, calls = disk.replace, []

    def die(source, target):
        calls.append(target)
        if len(calls) == step + 1:
            raise KeyboardInterrupt
        real(source, target)

    store = Store.open(path, write=True)
    monkeypatch.setattr(disk, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        store.extend(design(6).values[4:])
    monkeypatch.setattr(disk, "replace", real)
    left = tmp_path / "left"
    shutil.copytree(path, left)  # as a kill would leave it
    (left / ".lock").unlink()
    points = 4 if step < 2 else 6
    assert Store.open(left).points == points and verify(left) == []
    with Store.open(left, write=True) as again:
        assert again.points == points
    assert not list(left.glob(".design*"))
    finish(left, points)
    assert exported(left) == exported(made(tmp_path / "whole", points=points))
    store.close()


# the journal


@pytest.fixture
def unfolded(tmp_path):
    """A store as `kill -9` leaves it: three runs in the journal."""
    with Store.create(tmp_path / "live", manifest(), design(6), "{}") as store:
        for result in runs(2)[:3]:
            store.append(result)
        shutil.copytree(store.folder, tmp_path / "killed")
    (tmp_path / "killed/.lock").unlink()
    return tmp_path / "killed"


def test_a_journal_torn_at_any_byte_of_its_last_line_loses_that_line_only(unfolded, tmp_path):
    data = (unfolded / "journal.jsonl").read_bytes()
    last = data[:-1].rindex(b"\n") + 1
    expected = sorted(result.task.id for result in runs(2)[:3])
    without = sorted(result.task.id for result in runs(2)[:2])
    for end in range(last, len(data) + 1):
        path = tmp_path / "torn"
        shutil.copytree(unfolded, path)
        os.truncate(path / "journal.jsonl", end)
        there = expected if end == len(data) else without
        assert hexes(Store.open(path).done()) == there
        assert verify(path) == ([] if end in (last, len(data)) else [
            f"{path / 'journal.jsonl'}: its last line is torn; that run will be run again"
        ])  # fmt: skip
        with Store.open(path, write=True) as store:
            assert hexes(store.done()) == there
        assert (path / "journal.jsonl").read_bytes() == b"" and verify(path) == []
        shutil.rmtree(path)


def test_a_changed_byte_of_the_journal_never_makes_another_run(unfolded):
    file = unfolded / "journal.jsonl"
    data = file.read_bytes()
    sound = {row.id: bits(row.numbers) for row in journal.read(unfolded).rows}
    for at in range(0, len(data), 3):
        file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        left = journal.read(unfolded)
        assert {row.id: bits(row.numbers) for row in left.rows}.items() < sound.items()
        assert len(left.rows) + left.damaged + left.torn + (data[at : at + 1] == b"\n") == 3
        assert len(left.rows) >= 1


def test_a_journal_line_is_json_that_others_can_read(unfolded):
    for text, result in zip((unfolded / "journal.jsonl").read_text().splitlines(), runs(2), strict=False):
        fields = json.loads(text)
        assert fields["id"] == result.task.id and fields["point"] == result.task.point
        assert bits(np.frombuffer(bytes.fromhex(fields["numbers"]), "<f8")) == bits(result.numbers)


def test_what_a_killed_writer_left_half_written_is_removed(unfolded):
    for name in (".manifest.json.123.part", "shards/.0123.parquet.123.part"):
        (unfolded / name).write_bytes(b"half")
    assert len(Store.open(unfolded).done()) == 3
    Store.open(unfolded, write=True).close()
    assert not list(unfolded.rglob("*.part"))


def test_rows_both_in_the_journal_and_in_a_shard_count_once(unfolded):
    data = (unfolded / "journal.jsonl").read_bytes()
    Store.open(unfolded, write=True).close()
    (unfolded / "journal.jsonl").write_bytes(data)  # killed after the shard was renamed
    assert len(Store.open(unfolded).table()) == 3
    Store.open(unfolded, write=True).close()
    assert len(shards.paths(unfolded)) == 1 and len(Store.open(unfolded).table()) == 3


@pytest.mark.parametrize("written", [False, True])
def test_an_interrupt_loses_no_line_that_was_written(tmp_path, monkeypatch, written):
    path = tmp_path / "store"
    real = journal.Journal.append

    def interrupted(self, row):
        if written:
            real(self, row)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Store.create(path, manifest(), design(2), "{}") as store:
        store.append(done(0))
        monkeypatch.setattr(journal.Journal, "append", interrupted)
        store.append(done(1))
    assert len(Store.open(path).done()) == 1 + written and verify(path) == []


# listing


def test_stores_are_listed_among_other_results(tmp_path):
    made(tmp_path / "b")
    made(tmp_path / "a", points=10, results=[*runs(10)[:5], *runs(10)[6:8]])
    (tmp_path / "study").mkdir()
    (tmp_path / "study/manifest.json").write_text('{"study": "abc"}')
    broken = made(tmp_path / "c")
    (broken / "manifest.json").write_text("{")
    assert [path.name for path in stores(tmp_path)] == ["a", "b", "c"]
    assert stores(tmp_path / "a") == [tmp_path / "a"]
    one = listed(tmp_path / "a")
    assert (one.scenario, one.design, one.points, one.planned, one.done, one.failed) == (
        "lishui/plan", "lhs", 10, 20, 5, 2,
    )  # fmt: skip
    assert one.bytes > 1000 and one.writer == ""
    assert "not the JSON" in listed(broken).problem
    with pytest.raises(InputError, match="nowhere"):
        stores(tmp_path / "nowhere")
