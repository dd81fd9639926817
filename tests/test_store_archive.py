"""Export, merge, pack: the same runs give the same bytes, and what is not the study is refused whole."""

import csv
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import (
    COLUMNS,
    Design,
    design,
    done,
    exported,
    finish,
    made,
    manifest,
    runs,
    small_disk,
    task,
    tree,
)

from experiments.store import CannotWrite, Store, disk, export, merge, pack, shards, unpack, verify
from scenarios.errors import InputError

# export


def test_an_export_has_every_run_in_order_of_id_and_no_provenance(tmp_path):
    path = made(tmp_path / "store")
    out = tmp_path / "all.parquet"
    with Store.open(path) as store:
        assert export(store, out) == 12
    table = pq.read_table(out)
    assert table["id"].to_pylist() == sorted(result.task.id for result in runs(6))
    assert table.column_names == ["id", "point", "replication", "seed", "error", "subsidy", "b_k", *COLUMNS]
    assert pq.read_metadata(out).metadata is None
    by_id = {result.task.id: result for result in runs(6)}
    for row in table.to_pylist():
        numbers = by_id[row["id"]].numbers
        if numbers is None:
            assert row["error"] == "ValueError: no homes" and row["cost"] is None
        else:
            np.testing.assert_array_equal([row[name] for name in COLUMNS], numbers)


def test_a_csv_export_is_exact_and_opens_in_excel(tmp_path):
    data = exported(made(tmp_path / "store"), "csv")
    assert data.startswith(b"\xef\xbb\xbf") and b"\r" not in data
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert len(rows) == 12
    by_id = {result.task.id: result for result in runs(6)}
    for row in rows:
        numbers = by_id[row["id"]].numbers
        for k, name in enumerate(COLUMNS):
            defined = numbers is not None and not np.isnan(numbers[k])
            assert row[name] == "" if not defined else float(row[name]) == numbers[k]


CALM = {}


def calm(format):
    if format not in CALM:
        with tempfile.TemporaryDirectory() as folder:
            CALM[format] = exported(made(Path(folder) / "store"), format)
    return CALM[format]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_an_export_does_not_depend_on_order_shards_restarts_or_retries(data):
    order = data.draw(st.permutations(runs(6)))
    again = data.draw(st.lists(st.sampled_from(runs(6)), max_size=3))
    crashed = [
        done(p, error="killed") for p in data.draw(st.sets(st.sampled_from([0, 1, 2, 4, 5]), max_size=2))
    ]
    todo = [*crashed, *order, *again]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(todo)), max_size=3)))
    size, format = data.draw(st.integers(1, 15)), data.draw(st.sampled_from(["parquet", "csv"]))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_ROWS", size)
        path = made(Path(folder) / "store", results=())
        for start, end in zip([0, *cuts], [*cuts, len(todo)], strict=True):
            with Store.open(path, write=True) as store:
                for result in todo[start:end]:
                    store.append(result)
        assert exported(path, format) == calm(format)


def test_a_block_at_a_time_gives_the_same_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_ROWS", 5)
    path = made(tmp_path / "store")
    whole, text = tmp_path / "whole.parquet", exported(path, "csv")
    export(Store.open(path), whole)
    monkeypatch.setattr(sys.modules["experiments.store.export"], "BLOCK_BYTES", 8 * 10 * 3)
    blocks = tmp_path / "blocks.parquet"
    export(Store.open(path), blocks)
    assert pq.read_metadata(blocks).num_row_groups == 4
    assert pq.read_table(blocks).to_pylist().__repr__() == pq.read_table(whole).to_pylist().__repr__()
    assert exported(path, "csv") == text


def test_an_empty_store_exports_its_columns(tmp_path):
    path = made(tmp_path / "store", results=())
    assert (
        exported(path, "csv").decode("utf-8-sig")
        == "id,point,replication,seed,error,subsidy,b_k,persons,cost,county.share\n"
    )
    assert exported(path).startswith(b"PAR1")


def test_an_export_is_refused_with_the_old_file_left(tmp_path, monkeypatch):
    path = made(tmp_path / "store")
    out = tmp_path / "all.parquet"
    out.write_bytes(b"old")
    with Store.open(path) as store:
        with pytest.raises(InputError, match="xlsx: unknown format, parquet or csv"):
            export(store, out, "xlsx")
        with pytest.raises(InputError, match="lies in the store itself"):
            export(store, path / "shards/all.parquet")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk.os, "fsync", full)
    with (
        Store.open(path) as store,
        pytest.raises(CannotWrite, match=r"all\.parquet: cannot be written: No space left"),
    ):
        export(store, out)
    assert out.read_bytes() == b"old" and {file.name for file in tmp_path.iterdir()} == {
        "all.parquet",
        "store",
    }


def test_runs_that_contradict_each_other_are_not_exported(tmp_path):
    path = made(tmp_path / "store", results=[done(0), done(0, shift=1.0)])
    with Store.open(path, write=True) as store:
        store.append(done(1))
    with (
        Store.open(path) as store,
        pytest.raises(InputError, match=f"run {task(0).id} has different numbers"),
    ):
        export(store, tmp_path / "all.parquet")
    assert not (tmp_path / "all.parquet").exists()


# merge


def parts(folder: Path, n: int = 3, **changes) -> list[Path]:
    return [made(folder / f"part-{k}", results=runs(6)[k::n], **changes) for k in range(n)]


def test_the_parts_of_a_job_array_merge_to_the_whole(tmp_path):
    inputs = parts(tmp_path)
    before = [tree(path) for path in inputs]
    with merge(tmp_path / "out", inputs) as store:
        assert store.planned == 12 and len(store.table(failed=True)) == 12
        assert store.scenario_json == '{"name": "plan"}\n'
    assert [tree(path) for path in inputs] == before
    assert exported(tmp_path / "out") == exported(made(tmp_path / "whole"))
    assert len(shards.paths(tmp_path / "out")) == 1 and verify(tmp_path / "out") == []


def test_a_merge_into_a_store_adds_what_it_lacks_and_can_be_given_again(tmp_path):
    first, *rest = parts(tmp_path)
    merge(first, rest)
    merged = tree(first)
    assert exported(first) == exported(made(tmp_path / "whole"))
    merge(first, rest)
    merge(first, [tmp_path / "whole"])
    assert tree(first) == merged


def test_a_merge_takes_what_is_still_in_a_journal(tmp_path):
    with Store.create(tmp_path / "live", manifest(), design(6), '{"name": "plan"}\n') as store:
        for result in runs(6):
            store.append(result)
        merge(tmp_path / "out", [tmp_path / "live"])
        assert exported(tmp_path / "out") == exported(made(tmp_path / "whole"))


def test_a_merge_brings_all_even_if_another_command_writes_to_the_store_meanwhile(tmp_path, monkeypatch):
    out, *rest = parts(tmp_path)
    merging = importlib.import_module("experiments.store.merge")
    real = merging._made_or_opened

    def late(path, like):
        with Store.open(path, write=True) as store:  # another command, between the look and the lock
            store.append(runs(6)[1])
        return real(path, like)

    monkeypatch.setattr(merging, "_made_or_opened", late)
    merge(out, rest)
    assert exported(out) == exported(made(tmp_path / "whole"))


def test_failed_rows_yield_to_good_ones(tmp_path):
    bad = made(tmp_path / "bad", results=[done(0, error="killed"), done(1, error="killed")])
    good = made(tmp_path / "good", results=[done(0)])
    for k, inputs in enumerate(([bad, good], [good, bad])):
        with merge(tmp_path / f"out-{k}", inputs) as store:
            assert store.table(["point", "error"], failed=True).to_pylist() == [
                {"point": 0, "error": ""},
                {"point": 1, "error": "killed"},
            ]
    with merge(bad, [good]) as store:
        assert store.table(["point"])["point"].to_pylist() == [0]


def test_a_study_and_its_extension_merge(tmp_path):
    small = made(tmp_path / "small", points=4, versions={"numpy": "1"}, request={"points": 4})
    more = made(tmp_path / "more", points=6, results=runs(6)[8:])
    for k, inputs in enumerate(([small, more], [more, small])):
        merge(tmp_path / f"out-{k}", inputs)
        assert exported(tmp_path / f"out-{k}") == exported(made(tmp_path / f"whole-{k}"))
    merge(small, [more])
    assert exported(small) == exported(tmp_path / "whole-0") and Store.open(small).points == 6


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"model_hash": "c3" * 32}, "the model"),
        ({"seed": 2}, "the seed"),
        ({"design": {"kind": "sobol"}}, "the design"),
        ({"fresh_seeds": True}, "how seeds are given"),
        ({"columns": ["persons", "cost", "x"]}, "the outcomes that are kept"),
    ],
)
def test_stores_of_two_studies_are_not_mixed_and_the_difference_is_named(tmp_path, changes, said):
    inputs = [made(tmp_path / "a"), made(tmp_path / "b", **changes)]
    before = [tree(path) for path in inputs]
    with pytest.raises(InputError, match=f"b: another study than .*a, .*; not the same: {said}$"):
        merge(tmp_path / "out", inputs)
    with pytest.raises(InputError, match="another study"):
        merge(inputs[0], inputs[1:])
    assert not (tmp_path / "out").exists() and [tree(path) for path in inputs] == before


def test_stores_of_two_designs_are_not_mixed(tmp_path):
    moved = Design(("subsidy", "b_k"), np.nextafter(design(6).values, 1e9))
    with Store.create(tmp_path / "b", manifest(), moved, "{}"):
        pass
    with pytest.raises(InputError, match="its 6 points are not the first 6 of the 6"):
        merge(tmp_path / "out", [made(tmp_path / "a"), tmp_path / "b"])
    assert not (tmp_path / "out").exists()


def test_one_run_with_two_results_is_an_error_that_names_it(tmp_path):
    a, b = made(tmp_path / "a"), made(tmp_path / "b", results=[done(5, 1, shift=1e-12)])
    with pytest.raises(InputError) as caught:
        merge(tmp_path / "out", [a, b])
    assert all(word in str(caught.value) for word in (done(5, 1).task.id, "a/", "b/", "different numbers"))
    before = tree(a)
    with pytest.raises(InputError, match="different numbers"):
        merge(a, [b])
    assert not (tmp_path / "out").exists() and tree(a) == before


def test_a_merge_of_nothing_or_of_a_store_with_itself_is_refused(tmp_path):
    a = made(tmp_path / "a")
    with pytest.raises(InputError, match="no store to merge"):
        merge(tmp_path / "out", [])
    with pytest.raises(InputError, match="merged into itself"):
        merge(a, [a.parent / "." / "a"])
    with pytest.raises(InputError, match="no store here"):
        merge(tmp_path / "out", [a, tmp_path / "b"])
    assert not (tmp_path / "out").exists()


def test_a_merge_writes_shards_of_a_good_size(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_ROWS", 1)
    inputs = parts(tmp_path)
    assert len(shards.paths(inputs[0])) == 4
    monkeypatch.setattr(shards, "SHARD_ROWS", 8)
    merge(tmp_path / "out", inputs)
    assert [pq.read_metadata(file).num_rows for file in shards.paths(tmp_path / "out")] in ([8, 4], [4, 8])


# pack


@pytest.fixture
def packed(tmp_path):
    path = tmp_path / "study"
    with Store.create(path, manifest(), design(6), '{"name": "plan"}\n', b"PAR1 households") as store:
        for result in runs(6):
            store.append(result)
    pack(Store.open(path), tmp_path / "study.zip")
    return tmp_path / "study.zip"


def test_a_study_packs_and_unpacks_elsewhere(packed, tmp_path):
    with unpack(packed, tmp_path / "else/where") as store:
        assert store.households == b"PAR1 households"
    original = {name: data for name, data in tree(tmp_path / "study").items() if name != "journal.jsonl"}
    assert tree(tmp_path / "else/where") == original
    assert verify(tmp_path / "else/where") == []
    assert exported(tmp_path / "else/where") == exported(tmp_path / "study")
    assert finish(tmp_path / "else/where") == 0


def test_an_archive_is_the_same_bytes_every_time(packed, tmp_path):
    os.utime(tmp_path / "study/scenario.json", (0, 0))
    size = pack(Store.open(tmp_path / "study"), tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes() and size == packed.stat().st_size
    unpack(packed, tmp_path / "else")
    pack(Store.open(tmp_path / "else"), tmp_path / "third.zip")
    assert (tmp_path / "third.zip").read_bytes() == packed.read_bytes()


def test_a_store_that_is_being_written_packs_as_if_it_had_been_closed(packed, tmp_path):
    with Store.create(
        tmp_path / "live", manifest(), design(6), '{"name": "plan"}\n', b"PAR1 households"
    ) as store:
        for result in runs(6):
            store.append(result)
        pack(Store.open(tmp_path / "live"), tmp_path / "live.zip")
    assert (tmp_path / "live.zip").read_bytes() == packed.read_bytes()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_others_can_check_an_archive(packed, tmp_path):
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path / "plain")
        assert archive.namelist()[-1] == "SHA256SUMS"
    checked = subprocess.run(
        ["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=tmp_path / "plain", capture_output=True
    )
    assert checked.returncode == 0 and checked.stdout.count(b"OK") == 5


def nothing_left(tmp_path):
    return {file.name for file in tmp_path.iterdir()} <= {"study", "study.zip", "bad.zip"}


def test_what_exists_is_never_unpacked_over(packed, tmp_path):
    before = tree(tmp_path / "study")
    with pytest.raises(InputError, match="exists already"):
        unpack(packed, tmp_path / "study")
    assert tree(tmp_path / "study") == before


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_an_archive_that_is_cut_short_is_refused(packed, tmp_path, share):
    data = packed.read_bytes()
    packed.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError, match=r"study\.zip: is cut short or damaged"):
        unpack(packed, tmp_path / "new")
    assert nothing_left(tmp_path)


def test_no_changed_byte_of_an_archive_makes_another_study(packed, tmp_path):
    unpack(packed, tmp_path / "right")
    right = tree(tmp_path / "right")
    shutil.rmtree(tmp_path / "right")
    data = packed.read_bytes()
    refused = 0
    for at in range(0, len(data), 37):
        packed.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        try:
            unpack(packed, tmp_path / "new")
        except InputError:
            refused += 1
            assert nothing_left(tmp_path)
        else:  # a date or the like, which no file depends on
            assert tree(tmp_path / "new") == right
            shutil.rmtree(tmp_path / "new")
    assert refused > 0.8 * len(range(0, len(data), 37))


def repacked(packed, tmp_path, change):
    """The archive with its entries changed by `change(entries)`, sums made to fit unless they are given."""
    with zipfile.ZipFile(packed) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist() if name != "SHA256SUMS"]
    entries = change(entries)
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        for name, data in entries:
            archive.writestr(name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name), data)
        if not any(name == "SHA256SUMS" for name, _ in entries):
            from experiments.store.layout import sha256

            sums = {getattr(name, "filename", name): sha256(data) for name, data in entries}
            archive.writestr("SHA256SUMS", "".join(f"{sum}  {name}\n" for name, sum in sums.items()))
    return tmp_path / "bad.zip"


def test_a_repacked_archive_that_is_right_unpacks(packed, tmp_path):
    unpack(repacked(packed, tmp_path, lambda entries: entries[::-1]), tmp_path / "new")
    assert exported(tmp_path / "new") == exported(tmp_path / "study")


def link(name):
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "/tmp/evil", "shards/../../evil", "..\\evil", "C:\\evil", "C:evil", "shards/evil.parquet", ".lock", "shards/",
        "shards/0123456789abcdef.parquet/x", "./scenario.json", "SHARDS/0123456789abcdef.parquet", "\u202e",
        "shards/0123456789abcdef.parquet\n", "journal.jsonl",
    ],
)  # fmt: skip
def test_a_name_that_no_packed_study_has_is_refused(packed, tmp_path, name):
    bad = repacked(packed, tmp_path, lambda entries: [*entries, (name, b"evil")])
    with pytest.raises(InputError, match="is no study packed by anju: holds"):
        unpack(bad, tmp_path / "new")
    assert nothing_left(tmp_path) and not (tmp_path.parent / "evil").exists()


def test_a_link_is_unpacked_as_a_file_that_is_no_study(packed, tmp_path):
    secret = tmp_path / "study/manifest.json"
    bad = repacked(
        packed,
        tmp_path,
        lambda entries: [*entries[:-1], (link("shards/0123456789abcdef.parquet"), str(secret).encode())],
    )
    with unpack(bad, tmp_path / "new") as store:
        assert len(store.done()) == 0
    assert not (tmp_path / "new/shards/0123456789abcdef.parquet").is_symlink()


def compressed(entries):
    made_small = []
    for name, data in entries:
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        made_small.append((entry, data))
    return made_small


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "change, said",
    [
        (lambda entries: entries[1:], "lists other files than it holds"),
        (lambda entries: [*entries, ("SHA256SUMS", b"")], "lists other files than it holds"),
        (lambda entries: [*entries, entries[0]], "a file twice"),
        (lambda entries: [*entries, ("SHA256SUMS", b"".join(b"0" * 64 + b"  " + n.encode() + b"\n" for n, _ in entries))],
         "design.parquet is not what was packed"),
        (lambda entries: [(n, d.replace(b'"seed": 1', b'"seed": 2')) for n, d in entries], "manifest.json: was changed"),
        (compressed, "packed again by another program"),
        (lambda entries: [(n, b"PAR1" if n == "design.parquet" else d) for n, d in entries], "design.parquet"),
    ],
)  # fmt: skip
def test_an_archive_that_is_not_what_was_packed_is_refused(packed, tmp_path, change, said):
    with pytest.raises(InputError, match=said):
        unpack(repacked(packed, tmp_path, change), tmp_path / "new")
    assert nothing_left(tmp_path)


def test_what_is_no_archive_is_refused(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        unpack(tmp_path / "nothing.zip", tmp_path / "new")
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("manifest.json", json.dumps({}))
    with pytest.raises(InputError, match="has no SHA256SUMS"):
        unpack(tmp_path / "bad.zip", tmp_path / "new")
    assert nothing_left(tmp_path)


def test_a_disk_too_small_for_an_archive_is_left_empty(packed, tmp_path):
    with small_disk(tmp_path / "disk", "4k") as place:
        with pytest.raises(CannotWrite, match=r"less is free|No space left"):
            unpack(packed, place / "new")
        with pytest.raises(CannotWrite, match=r"study\.zip: cannot be written: No space left"):
            pack(Store.open(tmp_path / "study"), place / "a" / "study.zip")
        assert [file.name for file in place.rglob("*")] == ["a"]


def test_an_archive_is_not_put_into_the_store_itself(packed, tmp_path):
    with pytest.raises(InputError, match="lies in the store itself"):
        pack(Store.open(tmp_path / "study"), tmp_path / "study/study.zip")
