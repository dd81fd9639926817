"""Dask: the same results from a cluster, whatever of it dies, drops off the network or is not ours."""

import gc
import logging
import os
import shutil
import signal
import socket
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from clusters import (
    Counted,
    FakeJob,
    dask_scheduler,
    dask_worker,
    descendants,
    eventually,
    expected,
    free_port,
    hosts,
    is_alive,
    same,
    sweep,
    tasks,
    why_no_hosts,
)

pytest.importorskip("distributed", reason="Dask is an extra that is not installed here")

from experiments.executors import DIED, cluster, make
from experiments.executors.cluster import ClusterLost, Dask
from scenarios.errors import InputError

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="processes are followed through /proc"
)
HOME = Path(__file__).resolve().parent.parent
SLOW_AFTER_THE_FIRST = FakeJob(behave={point: "sleep-60" for point in range(6, 20)})


@pytest.fixture(scope="module")
def local():
    with Dask("local", 2) as executor:
        yield executor


@pytest.fixture(scope="module")
def scheduler():
    with dask_scheduler() as process:
        yield process


@pytest.fixture(scope="module")
def address(scheduler):
    """A cluster of two workers on real processes."""
    with dask_worker(scheduler.address, n=2):
        yield scheduler.address


def forever():
    return (task._replace(id=f"{i:064x}", point=i) for i in count() for task in tasks(1))


def test_a_local_cluster_gives_what_threads_give(local):
    job = FakeJob(behave={3: "raise"})
    done = list(local.run(job, tasks(40)))
    assert same(done) == expected(job, tasks(40))
    assert same(done, 2) == same(make("threads", workers=2).run(job, tasks(40)), 2)
    assert {one.numbers[2] for one in done if one.numbers is not None} == {1}  # one thread a worker
    assert local.workers == 2 and list(local.run(job, [])) == []


def test_tasks_are_taken_as_they_are_needed(local):
    source = Counted(forever())
    results = local.run(FakeJob(), source)
    for done in range(1, 40):
        next(results)
        assert source.taken <= done + 4 * local.workers
    results.close()


def test_closing_cancels_what_has_not_begun(local, tmp_path):
    job = FakeJob(seconds=0.3, notes=tmp_path)
    results = local.run(job, forever())
    next(results)
    started = time.monotonic()
    results.close()
    assert time.monotonic() - started < 1.5
    time.sleep(0.3)
    begun = job.noted("run-*")
    time.sleep(0.8)
    assert job.noted("run-*") == begun <= 6


def test_runs_that_always_kill_their_worker_fail_and_their_neighbours_do_not(local, tmp_path):
    """Whoever waited at the same worker is as suspect to Dask as the culprit."""
    job = FakeJob(behave={1: "kill", 4: "raise"}, notes=tmp_path)
    assert same(local.run(job, tasks(10))) == expected(job, tasks(10), DIED)
    assert job.noted("run-1") >= 3


def test_a_killed_worker_costs_no_run(local, tmp_path):
    """One is killed from outside; later a run ends its own, the first time it is tried."""
    job, done = FakeJob(seconds=0.1, behave={30: "exit-once"}, notes=tmp_path), []
    for one in local.run(job, tasks(40)):
        done.append(one)
        if len(done) == 8:
            os.kill(min(local.client.run(os.getpid).values()), signal.SIGKILL)
    assert same(done) == expected(job, tasks(40))
    assert job.noted("run-30") >= 2


def test_a_cluster_at_an_address(address):
    job = FakeJob(behave={3: "raise"})
    with make("dask", address=address) as executor:
        eventually(lambda: executor.threads() == 2, 30)
        assert same(executor.run(job, tasks(40))) == expected(job, tasks(40))


def test_workers_may_come_later(scheduler, address):
    job = FakeJob(seconds=0.02)
    with Dask(address) as executor:
        done = []
        with dask_worker(scheduler.address, nanny=False):
            for one in executor.run(job, forever()):
                done.append(one)
                if executor.workers == 3:
                    break
    assert all(not one.error for one in done) and len(same(done)) == len(done)


def other_model(folder: Path) -> Path:
    """A folder whose `simulation` is ours but for a comment."""
    shutil.copytree(HOME / "simulation", folder / "simulation", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "simulation" / "month.py").open("a") as file:
        file.write("# edited\n")
    return folder


def test_workers_with_another_model_are_refused(scheduler, address, tmp_path):
    with Dask(address) as executor:
        results = executor.run(FakeJob(seconds=0.05), forever())
        next(results)
        with dask_worker(scheduler.address, nanny=False, cwd=other_model(tmp_path)):
            with pytest.raises(InputError, match="refused: tcp://.*model .*, here .*same anju"):
                list(results)
            eventually(lambda: executor.threads() == 3, 30)
            with pytest.raises(InputError, match="refused: tcp://.*model .*, here "):
                Dask(address)
    with Dask(address) as executor:
        eventually(lambda: executor.threads() == 2, 30)


def test_workers_without_anju_are_refused(scheduler, address, tmp_path):
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "__init__.py").write_text("raise ImportError('nothing of the kind here')")
    with Dask(address) as before, dask_worker(scheduler.address, nanny=False, cwd=tmp_path):
        eventually(lambda: before.threads() == 3, 30)
        with pytest.raises(InputError, match="refused: tcp://.*nothing of the kind here"):
            Dask(address)


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    started = time.monotonic()
    with pytest.raises(InputError, match=f"Dask scheduler {address}: no answer within 1 s; tcp://HOST:PORT"):
        Dask(address)
    assert time.monotonic() - started < 5


def test_something_else_answers(monkeypatch):
    """It takes the connection and says nothing; the client alone would wait for ever."""
    monkeypatch.setattr(cluster, "ANSWER", 0.5)
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        pytest.raises(InputError, match="no answer within 0.5 s"),
    ):
        Dask(f"tcp://127.0.0.1:{mute.getsockname()[1]}")


def test_a_client_that_failed_is_gone_before_the_next_is_made(monkeypatch):
    """Collected while the next one starts, it would wait for ever."""
    import distributed

    Client, there = distributed.Client, []

    def counted(*args, **kwargs):
        there.append(sum(type(one) is Client for one in gc.get_objects()))
        return Client(*args, **kwargs)

    monkeypatch.setattr(cluster, "ANSWER", 0.5)
    monkeypatch.setattr(distributed, "Client", counted)
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            with suppress(InputError):
                Dask(f"tcp://127.0.0.1:{free_port()}")
            time.sleep(1.0)  # the thread that failed has ended
    finally:
        gc.enable()
    assert there[0] == there[1] == there[2]


@pytest.mark.parametrize(
    "address", ("nonsense", "tcp://", "ftp://127.0.0.1:1", "tcp://no.such.host.invalid:8786")
)
def test_no_address(address, monkeypatch):
    monkeypatch.setattr(cluster, "ANSWER", 1)
    with pytest.raises(InputError, match="tcp://HOST:PORT"):
        Dask(address)


def test_an_address_has_workers_of_its_own():
    with pytest.raises(InputError, match="leave it out"):
        Dask("tcp://127.0.0.1:1", 3)


def test_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'anju\[dask\]'"):
        make("dask")


def test_no_worker(monkeypatch, caplog):
    monkeypatch.setattr(cluster, "LOOK", 0.3)
    logger_propagates(monkeypatch)
    with dask_scheduler() as alone, caplog.at_level("WARNING", "experiments"):
        monkeypatch.setattr(cluster, "ALONE", 2)
        with pytest.raises(ClusterLost, match="no worker for 2 s; no finished run is lost"):
            Dask(alone.address)
        said = f"Dask cluster {alone.address} has no worker: waiting up to 2 s"
        assert said in {record.message for record in caplog.records}
        monkeypatch.setattr(cluster, "ALONE", 60)
        with dask_worker(alone.address, nanny=False) as worker, Dask(alone.address) as executor:
            results = executor.run(FakeJob(seconds=0.05), forever())
            next(results)
            monkeypatch.setattr(cluster, "ALONE", 2)
            worker.kill()
            with pytest.raises(ClusterLost, match="no worker for 2 s"):
                list(results)


def logger_propagates(monkeypatch):
    monkeypatch.setattr(logging.getLogger("experiments"), "propagate", True)


def test_a_killed_scheduler_ends_a_sweep_with_one_line(tmp_path):
    with dask_scheduler() as scheduler, dask_worker(scheduler.address, n=2):
        program = sweep("dask", FakeJob(seconds=0.05), 10_000, workers=None, address=scheduler.address)
        with program:
            program.lines(10)
            scheduler.kill()
            code, out, err = program.end(20)
            said = [line for line in err.splitlines() if "has no worker: waiting" not in line]
            assert (code, said) == (2, [])
            assert out.splitlines()[-1].startswith(f"error: Dask cluster {scheduler.address}: the scheduler ")
            assert "no finished run is lost, the same command goes on from there" in out


def test_nothing_is_left_of_a_killed_parent():
    with sweep("dask", SLOW_AFTER_THE_FIRST, 20) as program:
        program.lines(1)
        under = descendants(program.pid)
        assert len(under) >= 2
        os.kill(program.pid, signal.SIGKILL)
        eventually(lambda: not any(map(is_alive, under)), 10)


def test_ctrl_c_ends_a_local_cluster_without_words():
    with sweep("dask", SLOW_AFTER_THE_FIRST, 20) as program:
        program.lines(1)
        under = descendants(program.pid)
        program.interrupt()
        code, out, err = program.end()
        assert (code, out.splitlines()[-1], err) == (130, "interrupted", "")
        eventually(lambda: not any(map(is_alive, under)), 5)


@pytest.mark.skipif(bool(why_no_hosts()), reason=why_no_hosts())
def test_a_host_that_is_cut_off_loses_nothing():
    """Two hosts with a worker each, the scheduler on a third; one is cut off with runs in hand and runs done."""
    job = FakeJob(seconds=0.05, behave={7: "raise"})
    wanted = tasks(120)
    with (
        hosts(3) as (first, second, third),
        dask_scheduler(third.address, within=third.within) as scheduler,
        dask_worker(scheduler.address, host=first.address, within=first.within),
        dask_worker(scheduler.address, host=second.address, within=second.within),
        Dask(scheduler.address) as executor,
    ):
        eventually(lambda: executor.threads() == 2, 30)
        done = []
        for one in executor.run(job, wanted):
            done.append(one)
            if len(done) == 30:
                second.cut_off()
        assert same(done) == expected(job, wanted)
        assert executor.threads() == 1
