"""Sweeps in real processes that are killed, interrupted, out of disk or doubled: nothing that was finished is lost, and the
same command ends with the very bytes of a sweep that was left in peace.
"""

import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
from clusters import HERE, Process, dask_scheduler, dask_worker, descendants, eventually, free_port, is_alive
from stores import small_disk, tree
from sweeps import (
    GRID,
    POINTS,
    REPLICATIONS,
    RUNS,
    Command,
    Forked,
    Notes,
    ended,
    exported,
    finished,
    killed_at_every_write,
    town,
)

from experiments.executors import DIED

pytestmark = pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="processes are killed by signal"
)
WORKERS = {"threads": ("--threads", "2"), "processes": ("--processes", "2")}
GOES_ON = "the same command goes on from there"


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return town(tmp_path_factory.mktemp("region"))


@pytest.fixture(scope="module")
def calm(plan, tmp_path_factory):
    """The export of the sweep that nothing happened to."""
    folder = tmp_path_factory.mktemp("calm")
    code, out, err = ended("sweep", plan, *GRID, "--store", "store", *WORKERS["threads"], folder=folder)
    assert (code, err) == (0, f"store  ({RUNS} runs, {err.split()[-2]} s)\n")
    assert f"{RUNS} of {RUNS} runs done" in out and finished(folder / "store") == RUNS
    code, _, err = ended("store", "export", "store", "--out", "runs.parquet", folder=folder)
    assert (code, err) == (0, f"runs.parquet  ({RUNS} runs)\n")
    data = (folder / "runs.parquet").read_bytes()
    assert data == exported(folder / "store")
    return data


class Cluster:
    """A Dask scheduler and two workers, in processes of their own, that come back at the same address."""

    def __init__(self) -> None:
        self._port, self._up = free_port(), ExitStack()
        self.start()

    def start(self) -> None:
        self.scheduler = self._up.enter_context(dask_scheduler(port=self._port))
        self.address = self.scheduler.address
        self._up.enter_context(dask_worker(self.address, n=2, env={"PYTHONPATH": str(HERE)}))

    def stop(self) -> None:
        self._up.close()


@pytest.fixture(scope="module")
def cluster():
    pytest.importorskip("distributed", reason="Dask is an extra that is not installed here")
    made = Cluster()
    yield made
    made.stop()


@pytest.fixture
def here(plan, tmp_path):
    """A folder with a store to be, and what was noted of its runs."""

    def command(*args, **odd):
        return Command("sweep", plan, *GRID, "--store", "store", *args, folder=tmp_path, **odd)

    def to_end(*args, **odd):
        with command(*args, **odd) as one:
            return one.end()

    return SimpleNamespace(
        folder=tmp_path,
        store=tmp_path / "store",
        notes=Notes(tmp_path / "notes"),
        command=command,
        end=to_end,
    )


@contextmanager
def stopped_at(here, point, *args, **odd):
    """The sweep with both runs of a point in hand that do not end, and all points before it done."""
    before = len(here.notes.of(f"{point}-*"))
    with here.command(*args, behave={point: "wait"} | odd.pop("behave", {}), **odd) as command:
        eventually(
            lambda: (
                command.process.exitcode is None
                and len(here.notes.of(f"{point}-*")) == before + REPLICATIONS
                and finished(here.store) >= point * REPLICATIONS
            ),
            60,
        )
        yield command


def verify(here):
    return ended("store", "verify", "store", folder=here.folder)


# kill -9


@pytest.mark.parametrize("kind", WORKERS)
def test_the_parent_is_killed_again_and_again(here, calm, kind):
    """At the first run, in the midst, at the last; what was in hand is run again and nothing else."""
    points = {"threads": (0, 5, 17, POINTS - 1), "processes": (0, 14)}[kind]  # processes are slow to start
    for killed, point in enumerate(points):
        with stopped_at(here, point, *WORKERS[kind]) as command:
            under = descendants(command.pid) if os.path.exists("/proc") else set()
            assert len(under) >= (2 if kind == "processes" else 0)
            command.kill()
            eventually(lambda under=under: not any(map(is_alive, under)))
        assert finished(here.store) == point * REPLICATIONS
        assert len(here.notes.of()) == (point + killed + 1) * REPLICATIONS
    code, out, err = here.end(*WORKERS[kind])
    assert code == 0 and f"{RUNS} of {RUNS} runs done" in out
    assert re.fullmatch(
        r".*: process \d+ on .*, since .* was writing this store and is gone; its lock is taken over, its finished runs are kept"
        rf"\nstore  \({(POINTS - points[-1]) * REPLICATIONS} runs, .* s\)\n",
        err,
    )
    assert len(here.notes.of()) == RUNS + len(points) * REPLICATIONS
    assert exported(here.store) == calm and verify(here)[0] == 0


def test_the_parent_is_killed_at_every_write_to_disk(here, plan, calm):
    with Forked(killed_at_every_write, plan, folder=here.folder) as killed:
        code, out, err = killed.end()
    assert code == 0 and int(out) > 20, err
    assert exported(here.store) == calm and verify(here)[:2] == (0, "store: in order\n")
    assert {path.name for path in here.folder.iterdir() if path.name[:5] != ".said"} == {"store", "notes"}


def test_a_process_that_is_killed_costs_nothing(here, calm):
    with stopped_at(here, 7, *WORKERS["processes"]) as command:
        os.kill(here.notes.of("7-1")[0], signal.SIGKILL)
        eventually(lambda: len(here.notes.of("7-1")) == 2, 60)
        here.notes.let_go(7)
        code, out, err = command.end()
    assert code == 0 and f"{RUNS} of {RUNS} runs done" in out and err.startswith("store  (")
    assert len(here.notes.of()) == RUNS + 1 and exported(here.store) == calm


def test_a_dask_worker_and_then_its_scheduler_are_killed(here, calm, cluster):
    on_dask = ("--scheduler", cluster.address)
    with here.command(*on_dask, behave={"3-1": "wait", 20: "wait"}) as command:
        victim = eventually(lambda: here.notes.of("3-1"), 60)[0]
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: len(here.notes.of("3-1")) == 2, 60)
        here.notes.let_go(3)
        eventually(lambda: here.notes.of("20-*"), 60)
        cluster.scheduler.kill()
        code, out, err = command.end()
    cluster.stop()
    cluster.start()
    assert (code, out) == (1, "")
    assert re.fullmatch(
        rf"error: Dask cluster {cluster.address}: the scheduler .*; no finished run is lost, {GOES_ON}",
        err.splitlines()[-1],
    )
    kept = finished(here.store)
    assert 0 < kept < RUNS
    code, out, err = here.end(*on_dask)
    assert code == 0 and err.endswith(" s)\n") and f"store  ({RUNS - kept} runs, " in err
    assert exported(here.store) == calm and verify(here)[0] == 0


def test_a_real_sweep_is_killed_and_given_again(plan, tmp_path):
    """The engine itself, and the command as users give it."""
    plans = ("--vary", "subsidy_yuan_per_person=10000,20000", "--design", "grid", "--replications", "100")

    def command(store):
        return Process("-m", "experiments", "sweep", str(plan), *plans, "--store", store, cwd=tmp_path)

    journal = tmp_path / "store/journal.jsonl"
    with command("store") as killed:
        eventually(lambda: journal.exists() and journal.read_bytes().count(b"\n") >= 10, 60)
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.end()[0] == -signal.SIGKILL
    kept = finished(tmp_path / "store")
    assert 10 <= kept < 200
    with command("store") as again:
        code, out, err = again.end(60)
    assert code == 0 and "200 of 200 runs done" in out and f"store  ({200 - kept} runs, " in err
    code, _, err = ended("sweep", plan, *plans, "--store", "calm", folder=tmp_path, behave=None)
    assert code == 0 and "calm  (200 runs, " in err
    assert exported(tmp_path / "store") == exported(tmp_path / "calm")


# Ctrl-C


@pytest.mark.parametrize("kind", WORKERS)
def test_ctrl_c_leaves_a_store_that_goes_on(here, calm, kind):
    with stopped_at(here, 9, *WORKERS[kind]) as command:
        under = descendants(command.pid) if os.path.exists("/proc") else set()
        command.interrupt()
        code, out, err = command.end(10)
        eventually(lambda: not any(map(is_alive, under)))
    assert (code, out) == (130, "") and len(err.splitlines()) == 1 and err.startswith("error: interrupted; ")
    assert finished(here.store) == 9 * REPLICATIONS and (here.store / ".lock").read_bytes() == b""
    assert verify(here)[:2] == (0, "store: in order\n")
    code, _, err = here.end()
    assert code == 0 and err.startswith(f"store  ({RUNS - 9 * REPLICATIONS} runs, ")
    assert len(here.notes.of()) == RUNS + REPLICATIONS and exported(here.store) == calm


# disks


def disk_full(store, said, why):
    """How many runs are kept, with all that must hold of such a command checked."""
    code, out, err = said
    kept = finished(store)
    assert (code, out) == (1, "") and len(err.splitlines()) == 1 and 0 < kept < RUNS
    assert err.startswith(
        f"error: {store}: cannot be written: {why}; the {kept} runs finished before are kept; "
    )
    assert err.endswith("then give the same command again: it goes on from there\n")
    assert ended("store", "verify", store, folder=store.parent)[:2] == (0, f"{store}: in order\n")
    return kept


def test_a_full_disk_keeps_what_was_finished(here, calm):
    with small_disk(here.folder / "disk", "320k") as place:
        store = place / "store"
        args = ("--threads", "2", "--store", store)
        kept = disk_full(store, here.end(*args), "No space left on device")
        assert (
            disk_full(store, here.end(*args), "No space left on device") >= kept
        )  # trying in vain does no harm
        kept = finished(store)
        subprocess.run(["mount", "-o", "remount,size=8m", place], check=True)
        code, _, err = here.end(*args)
        assert code == 0 and f"({RUNS - kept} runs, " in err
        data = exported(store)
    assert data == calm


def test_a_disk_quota_keeps_what_was_finished(here, calm):
    kept = disk_full(here.store, here.end("--threads", "2", room=130_000), "File too large")
    code, _, err = here.end("--threads", "2")
    assert code == 0 and err.startswith(f"store  ({RUNS - kept} runs, ")
    assert exported(here.store) == calm and verify(here)[0] == 0


def test_no_room_for_a_store_at_all(here):
    code, out, err = here.end(room=1000)
    assert (code, out) == (1, "") and len(err.splitlines()) == 1
    assert err.startswith(f"error: {here.store}: cannot be written: File too large")
    assert [path.name for path in here.folder.glob("*store*")] == []


@pytest.mark.parametrize("how", ("truncated", "a byte flipped"))
def test_a_damaged_shard_is_said_and_only_its_runs_are_run_again(here, calm, how):
    here.end("--threads", "2")
    victim = sorted((here.store / "shards").iterdir())[1]
    held = pq.read_metadata(victim).num_rows
    data = bytearray(victim.read_bytes())
    if how == "truncated":
        del data[len(data) // 2 :]
    else:
        data[len(data) // 2] ^= 16
    victim.write_bytes(data)
    code, out, err = verify(here)
    assert (code, err) == (1, "")
    assert out.splitlines()[1:] == [f"  {victim}: was cut short or changed after it was written"]
    lost = RUNS - finished(here.store)
    assert lost == held > 0
    code, out, err = here.end("--threads", "2")
    assert code == 0 and f"{RUNS} of {RUNS} runs done" in out
    first, second = err.splitlines()
    assert first == (
        f"{victim}: was cut short or changed after it was written; moved to {here.store}/damaged, its runs will be run again"
    )
    assert second.startswith(f"store  ({lost} runs, ")
    assert len(here.notes.of()) == RUNS + lost and exported(here.store) == calm
    assert verify(here)[:2] == (0, "store: in order\n")


# runs that fail


def with_a_death(plan, folder, *args):
    """A sweep in which a run always dies and two others are impossible; checked, then its export."""
    said = ended(
        "sweep",
        plan,
        *GRID,
        "--store",
        "store",
        *args,
        "--json",
        folder=folder,
        behave={"6-1": "die", 8: "fail"},
    )
    code, out, _ = said
    summary = json.loads(out)
    assert code == 0 and (summary["good"], summary["failed"], summary["planned"]) == (RUNS - 3, 3, RUNS)
    assert summary["errors"] == [["ValueError: point 8 is impossible", 2], [DIED, 1]]
    return exported(folder / "store")


@pytest.fixture(scope="module")
def dead(plan, tmp_path_factory):
    """The folder of such a sweep on processes, and its export."""
    folder = tmp_path_factory.mktemp("dead")
    return folder, with_a_death(plan, folder, *WORKERS["processes"])


def test_a_run_that_always_dies_is_the_same_failed_row_on_a_cluster(dead, plan, tmp_path, cluster):
    assert with_a_death(plan, tmp_path, "--scheduler", cluster.address) == dead[1]


def test_what_failed_is_run_again_only_if_asked_for(dead, plan, calm):
    folder, before = dead
    store, notes = folder / "store", Notes(folder / "notes")
    tried = len(notes.of())
    args = ("sweep", plan, *GRID, "--store", "store", "--threads", "2")
    code, out, err = ended(*args, folder=folder)
    assert code == 0 and err.startswith("store  (0 runs, ") and f"{RUNS - 3} of {RUNS} runs done" in out
    assert f"3 failed:\n  2 x ValueError: point 8 is impossible\n  1 x {DIED}\n" in out
    assert len(notes.of()) == tried and exported(store) == before
    code, out, err = ended(*args, "--retry-failed", folder=folder)
    assert code == 0 and err.startswith("store  (3 runs, ") and "failed" not in out
    assert len(notes.of()) == tried + 3 and exported(store) == calm


# two commands


def test_a_second_command_is_refused_and_the_first_goes_on(here, calm):
    with stopped_at(here, 4, "--threads", "2") as first:
        before = tree(here.store)
        code, out, err = here.end("--threads", "2")
        assert (code, out) == (2, "") and len(err.splitlines()) == 1
        assert err.startswith(
            f"error: {here.store}: is being written by another process (process {first.pid} on {socket.gethostname()}, since "
        )
        assert err.endswith("; one writer a store: wait for it, or stop it\n")
        assert tree(here.store) == before
        here.notes.let_go(4)
        assert first.end()[0] == 0
    assert len(here.notes.of()) == RUNS and exported(here.store) == calm


def test_of_commands_that_begin_at_once_one_makes_the_store(here, calm):
    commands = [here.command("--threads", "1", behave={4: "wait"}) for _ in range(3)]
    try:
        ends = eventually(
            lambda: len(done := [c for c in commands if c.process.exitcode is not None]) == 2 and done, 60
        )
        for one in ends:
            code, out, err = one.end()
            assert (code, out) == (2, "") and len(err.splitlines()) == 1
            assert "another process" in err and str(here.store) in err
        here.notes.let_go(4)
        assert sorted(one.end()[0] for one in commands) == [0, 2, 2]
    finally:
        for one in commands:
            one.__exit__()
    assert len(here.notes.of()) == RUNS and exported(here.store) == calm


# parts


def test_parts_that_were_run_apart_and_merged_are_the_whole(here, plan, calm):
    """Three commands of a job array at once, one of them killed and given again."""
    args = ("sweep", plan, *GRID, "--threads", "1", "--shard")
    parts = [Command(*args, f"{i}/3", folder=here.folder, behave={13: "wait"}) for i in (1, 2, 3)]
    try:
        eventually(lambda: here.notes.of("13-*"), 60)
        parts[1].kill()  # point 13 is the second's
        assert [part.end()[0] for part in parts] == [0, -signal.SIGKILL, 0]
    finally:
        for part in parts:
            part.__exit__()
    code, out, _ = ended(*args, "2/3", folder=here.folder)
    assert code == 0
    stores = sorted((here.folder / "results").iterdir())
    assert [store.name.partition("-part-")[2] for store in stores] == ["1-of-3", "2-of-3", "3-of-3"]
    assert len(here.notes.of()) == RUNS + 1
    code, out, err = ended("store", "merge", "store", *stores, folder=here.folder)
    assert (code, err) == (0, "") and exported(here.store) == calm
    code, _, err = here.end()  # the whole sweep finds nothing left to do
    assert code == 0 and err.startswith("store  (0 runs, ") and len(here.notes.of()) == RUNS + 1
