"""What happens to a store when processes, disks and files fail: nothing that was finished is lost, and it is said."""

import errno
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import (
    COLUMNS,
    design,
    done,
    exported,
    finish,
    hexes,
    line,
    made,
    manifest,
    process,
    running,
    runs,
    small_disk,
    tree,
)

from experiments.store import CannotWrite, Store, disk, journal, listed, lock, shards, verify
from scenarios.errors import InputError

posix = pytest.mark.skipif(os.name == "nt", reason="processes are killed by signal")
NEW = {"points": 40}


@pytest.fixture
def said():
    """What the store logged; other tests may have taken its logger from pytest."""
    records = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())
    logger = logging.getLogger("experiments.store")
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


def kill(child):
    child.send_signal(signal.SIGKILL)
    child.wait()


# kill -9


@posix
@pytest.mark.parametrize("lines", [1, 6, 7, 20])
def test_a_killed_writer_loses_nothing_that_was_finished(tmp_path, lines):
    path = made(tmp_path / "store", **NEW, results=())
    with running("write", path, 0.002) as child:
        safe = [line(child) for _ in range(lines)]
        kill(child)
    assert set(safe) <= {*hexes(Store.open(path).done()), *hexes(Store.open(path).failed())}
    assert 0 < finish(path, 40) <= 80 - lines
    assert exported(path) == exported(made(tmp_path / "calm", **NEW)) and verify(path) == []


@posix
def test_a_store_killed_again_and_again_ends_as_if_it_had_not(tmp_path):
    path = made(tmp_path / "store", **NEW, results=())
    for lines in (5, 9, 3, 8):
        with running("write", path, 0.001) as child:
            for _ in range(lines):
                line(child)
            kill(child)
    finish(path, 40)
    assert exported(path) == exported(made(tmp_path / "calm", **NEW))
    assert exported(path, "csv") == exported(tmp_path / "calm", "csv")


@posix
def test_a_store_is_read_while_it_is_written(tmp_path):
    path = made(tmp_path / "store", **NEW, results=())
    with running("write", path, 0.003) as child:
        seen = 0
        while seen < 79:
            safe = line(child)
            with Store.open(path) as store:
                there = {*hexes(store.done()), *hexes(store.failed())}
                table = store.table(["point", "persons"], failed=True)
            assert safe in there and len(there) >= seen and len(table) >= len(there)
            seen = len(there)
        assert listed(path).writer.startswith(f"process {child.pid} on") or child.wait() == 0
    assert verify(path) == []


# one writer


@posix
def test_a_second_writer_is_refused_and_told_who_writes(tmp_path):
    path = made(tmp_path / "store")
    with running("hold", path) as child:
        assert line(child) == "held"
        before = tree(path)
        with pytest.raises(InputError) as caught:
            Store.open(path, write=True)
        assert all(
            word in str(caught.value)
            for word in (str(child.pid), socket.gethostname(), "since 2", "wait for it")
        )
        assert tree(path) == before and len(Store.open(path).done()) == 10
        assert str(child.pid) in listed(path).writer


@posix
@pytest.mark.parametrize("waited_for", [True, False])
def test_the_lock_of_a_killed_writer_is_taken_over_and_said(tmp_path, said, waited_for):
    path = made(tmp_path / "store")
    child = process("hold", path)
    assert line(child) == "held"
    child.send_signal(signal.SIGKILL)
    if waited_for:
        child.wait()
    else:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie still has its PID
    with Store.open(path, write=True) as store:
        store.append(done(2))
    assert len(said) == 1 and f"process {child.pid}" in said[0] and "taken over" in said[0]
    assert listed(path).writer == "" and (path / ".lock").read_bytes() == b""
    child.communicate()


def locked(path, **changes):
    mine = lock.Holder(
        socket.gethostname(), os.getpid(), str(lock.process_start(os.getpid())), "2025-01-01T00:00:00+00:00"
    )
    (path / ".lock").write_text(json.dumps(mine._replace(**changes)._asdict()))
    return path


def test_a_pid_that_another_process_has_now_is_no_writer(tmp_path, said):
    path = locked(made(tmp_path / "store"), started="long ago")
    Store.open(path, write=True).close()
    assert "taken over" in said[0] and f"process {os.getpid()}" in said[0]


def test_a_process_that_never_was_is_no_writer(tmp_path, said):
    path = locked(made(tmp_path / "store"), pid=2**22 + 1)
    Store.open(path, write=True).close()
    assert "taken over" in said[0]


def test_a_writer_on_another_host_is_believed_and_the_way_out_said(tmp_path):
    path = locked(made(tmp_path / "store"), host="node7")
    with pytest.raises(InputError, match=r"process \d+ on node7, since 2025.* delete .*\.lock"):
        Store.open(path, write=True)
    (path / ".lock").unlink()
    Store.open(path, write=True).close()


def test_one_process_cannot_open_a_store_twice_for_writing(tmp_path):
    path = made(tmp_path / "store")
    with Store.open(path, write=True), pytest.raises(InputError, match=f"process {os.getpid()} "):
        Store.open(path, write=True)
    Store.open(path, write=True).close()


@pytest.mark.parametrize("content", [b"\0\0\0", b"[1]", b'{"pid": 1}'])
def test_a_lock_that_cannot_be_read_is_said(tmp_path, content):
    path = made(tmp_path / "store")
    (path / ".lock").write_bytes(content)
    with pytest.raises(InputError, match=r"\.lock: cannot be read; delete it"):
        Store.open(path, write=True)


@posix
def test_of_many_that_take_a_dead_writers_lock_one_gets_it(tmp_path):
    path = locked(made(tmp_path / "store"), started="long ago")
    children = [process("race", path) for _ in range(4)]
    try:
        assert [line(child) for child in children] == ["ready"] * 4
        for child in children:
            child.stdin.write("go\n")
            child.stdin.flush()
        assert sorted(line(child) for child in children) == ["refused"] * 3 + ["won"]
    finally:
        for child in children:
            child.kill()
            child.communicate()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_does_not_give_the_lock_back(tmp_path):
    path = made(tmp_path / "store")
    program = (
        "import os, sys; from experiments.store import lock; from pathlib import Path\n"
        "held = lock.Lock(Path(sys.argv[1])); child = os.fork()\n"
        "if child == 0: held.release(); os._exit(0)\n"
        "os.waitpid(child, 0); print(lock.holder(Path(sys.argv[1])).pid == os.getpid())"
    )
    assert (
        subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True).stdout
        == "True\n"
    )


def test_the_start_of_a_process_tells_it_from_others():
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        mine, theirs = lock.process_start(os.getpid()), lock.process_start(other.pid)
        assert mine and theirs and mine != theirs and mine == lock.process_start(os.getpid())
    finally:
        other.communicate()
    assert lock.process_start(other.pid) is None


# damaged shards


def spoil(path, how):
    data = path.read_bytes()
    spoiled = {
        "cut": data[: len(data) // 2],
        "empty": b"",
        "head": b"PARX" + data[4:],
        "flipped": data[:60] + bytes([data[60] ^ 1]) + data[61:],
    }
    path.write_bytes(spoiled[how])


@pytest.mark.parametrize("how", ["cut", "empty", "head", "flipped"])
def test_a_damaged_shard_is_left_out_moved_aside_and_run_again(tmp_path, said, monkeypatch, how):
    monkeypatch.setattr(shards, "SHARD_ROWS", 4)
    path = made(tmp_path / "store")
    calm = exported(path)
    victim = shards.paths(path)[1]
    lost = shards.read(victim, ["id"])["id"].to_pylist()
    spoil(victim, how)
    problems = verify(path)
    assert len(problems) == 1 and str(victim) in problems[0]
    before = tree(path)
    with Store.open(path) as store:
        assert len(store.table(failed=True)) == 12 - len(lost)
        store.done()
    assert len(said) == 1 and victim.name in said[0] and "left out" in said[0]  # said once
    assert tree(path) == before
    with Store.open(path, write=True) as store:
        assert not {*hexes(store.done()), *hexes(store.failed())} & {*lost}
    assert victim.name in said[1] and "damaged" in said[1]
    assert [file.name for file in (path / "damaged").iterdir()] == [victim.name] and len(
        shards.paths(path)
    ) == 2
    assert finish(path) == len(lost)
    assert exported(path) == calm and verify(path) == []


def test_a_shard_of_another_study_is_not_taken(tmp_path, said):
    path, other = made(tmp_path / "store"), made(tmp_path / "other", seed=2)
    more = made(tmp_path / "more", columns=["persons", "cost", "days"])
    (path / "shards/mine.parquet").write_bytes(b"what?")
    for foreign in (other, more):
        shutil.copy(shards.paths(foreign)[0], path / "shards")
    assert len(Store.open(path).table(failed=True)) == 12 and len(said) == 3
    problems = "\n".join(verify(path))
    assert all(
        what in problems
        for what in ("another study", "unknown: days; missing: county.share", "not written by")
    )
    Store.open(path, write=True).close()
    assert len(shards.paths(path)) == 1 and len(list((path / "damaged").iterdir())) == 3
    assert verify(path) == []


@settings(max_examples=40, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255))
def test_no_changed_byte_of_a_shard_goes_unseen(tmp_path_factory, place, mask):
    folder = tmp_path_factory.getbasetemp() / "bytes"
    if not folder.exists():
        made(folder)
    victim = shards.paths(folder)[0]
    data = victim.read_bytes()
    at = int(place * len(data))
    try:
        victim.write_bytes(data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :])
        assert any(victim.name in problem for problem in verify(folder))
        assert len(Store.open(folder).done()) == 0
    finally:
        victim.write_bytes(data)


def test_verify_sees_rows_that_contradict_each_other_and_the_design(tmp_path):
    path = made(tmp_path / "store")
    with Store.open(path, write=True) as store:
        store.append(done(2, 1, shift=1e-9))
        store.append(done(0, 0))  # the same again is no contradiction
    problems = verify(path)
    assert len(problems) == 1 and done(2, 1).task.id in problems[0] and "different numbers" in problems[0]
    path = made(tmp_path / "other")
    with Store.open(path, write=True) as store:
        row = journal.Row("f" * 64, 0, 0, 1, "", np.zeros(len(COLUMNS)))
        wrong = shards.table([row], design(1).values + 1, store.schema)
        store.add(wrong)
        store.add(shards.table([row._replace(id="e" * 64, point=7)], design(8).values, store.schema))
    problems = "\n".join(verify(path))
    assert "subsidy differs from the design in 1 rows" in problems and "not planned" in problems


# full disks


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("part", [0, 1, 50])
def test_a_disk_that_is_full_in_the_middle_of_a_line_costs_that_line_only(tmp_path, monkeypatch, part):
    path = tmp_path / "store"
    real = os.write

    def half(handle, data):
        if len(data) > 80:
            return real(handle, data[:part]) if part else full()
        full()

    with pytest.raises(CannotWrite) as caught, Store.create(path, manifest(), design(6), "{}") as store:
        for result in runs(6)[:5]:
            store.append(result)
        whole = (path / "journal.jsonl").read_bytes()
        monkeypatch.setattr(journal.os, "write", half)
        try:
            store.append(runs(6)[5])
        finally:
            monkeypatch.setattr(journal.os, "write", real)
            assert (path / "journal.jsonl").read_bytes() == whole
    assert "No space left" in str(caught.value) and "the 5 runs finished before are kept" in str(caught.value)
    assert "make room" in str(caught.value)
    assert verify(path) == [] and finish(path) == 7
    assert exported(path) == exported(made(tmp_path / "calm"))


def test_a_disk_that_is_full_when_the_shard_is_due_keeps_the_journal(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "SHARD_ROWS", 4)
    path = tmp_path / "store"
    store = Store.create(path, manifest(), design(6), "{}")
    monkeypatch.setattr(disk, "write", full)
    with pytest.raises(CannotWrite, match="the 4 runs finished before are kept"):
        for result in runs(6):
            store.append(result)
    with pytest.raises(CannotWrite):
        store.close()
    assert (path / ".lock").read_bytes() == b"" and shards.paths(path) == []
    assert len(Store.open(path).table()) == 4 and verify(path) == []
    with pytest.raises(CannotWrite):
        Store.open(path, write=True)
    monkeypatch.undo()
    assert finish(path) == 8
    assert exported(path) == exported(made(tmp_path / "calm"))


def test_an_extension_on_a_full_disk_leaves_the_store_as_it_was(tmp_path, monkeypatch):
    path = made(tmp_path / "store", points=4)
    before = tree(path)
    with Store.open(path, write=True) as store:
        monkeypatch.setattr(disk, "write", full)
        with pytest.raises(CannotWrite, match="make room"):
            store.extend(design(6).values[4:])
        assert store.points == 4
    assert tree(path) == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_said(tmp_path):
    path = made(tmp_path / "store")
    path.chmod(0o500)
    try:
        with pytest.raises(CannotWrite, match="Permission denied"):
            Store.open(path, write=True)
    finally:
        path.chmod(0o700)


@posix
def test_a_small_disk_fills_up_and_the_sweep_goes_on_when_there_is_room(tmp_path):
    points = 400
    with small_disk(tmp_path / "disk", "96k") as place:
        path = made(place / "store", points=points, results=())
        with running("fill", path) as child:
            n, text = line(child).split(" ", 1)
        assert (
            "No space left" in text and f"the {n} runs finished before are kept" in text and 50 < int(n) < 800
        )
        with Store.open(path) as store:
            assert len(store.table(failed=True)) == int(n)
        assert verify(path) == []
        subprocess.run(["mount", "-o", "remount,size=4m", place], check=True)
        assert finish(path, points) == 2 * points - int(n)
        data = exported(path)
    assert data == exported(made(tmp_path / "calm", points=points))
