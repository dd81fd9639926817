"""Threads and processes: the same results, whatever dies, and nothing left behind."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from itertools import count

import pytest
from clusters import (
    Counted,
    FakeJob,
    Unreadable,
    descendants,
    eventually,
    expected,
    is_alive,
    same,
    sweep,
    tasks,
    workers_of,
)

from experiments.executors import DIED, make
from experiments.executors.processes import Processes
from experiments.executors.threads import Threads
from experiments.study import THREADS
from scenarios.errors import InputError

KINDS = ("threads", "processes")
linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="processes are followed through /proc"
)


@pytest.fixture(scope="module")
def processes():
    with Processes(2) as executor:
        yield executor


@pytest.fixture(params=KINDS)
def executor(request):
    if request.param == "threads":
        return Threads(2)
    return request.getfixturevalue("processes")


def pids() -> list[int]:
    return [child.pid for child in multiprocessing.active_children() if child.pid]


def forever():
    return (task._replace(id=f"{i:064x}", point=i) for i in count() for task in tasks(1))


def test_every_task_is_done_once_and_what_it_raises_is_its_result(executor):
    job = FakeJob(behave={3: "raise", 11: "raise"})
    assert same(executor.run(job, tasks(30))) == expected(job, tasks(30))


def test_nothing_to_do(executor):
    assert list(executor.run(FakeJob(), [])) == []


def test_tasks_are_taken_as_they_are_needed(executor):
    source = Counted(forever())
    results = executor.run(FakeJob(), source)
    for done in range(1, 40):
        next(results)
        assert source.taken <= done + 3 * executor.workers
    results.close()


def test_closing_cancels_what_has_not_begun(executor, tmp_path):
    job = FakeJob(seconds=0.2, notes=tmp_path)
    results = executor.run(job, forever())
    next(results)
    started = time.monotonic()
    results.close()
    assert time.monotonic() - started < 1.5
    time.sleep(0.1)  # a thread may have been about to begin
    begun = job.noted("run-*")
    time.sleep(0.5)
    assert job.noted("run-*") == begun <= 4


def test_closing_does_not_wait_for_runs_in_hand(executor):
    results = executor.run(FakeJob(behave={1: "sleep-3"}), tasks(2))
    assert next(results).task.point == 0
    started = time.monotonic()
    results.close()
    assert time.monotonic() - started < 1.5


def test_an_error_in_the_tasks_reaches_the_caller(executor):
    def broken():
        yield from tasks(3)
        raise OSError("the design cannot be read")

    with pytest.raises(OSError, match="cannot be read"):
        list(executor.run(FakeJob(), broken()))
    assert len(list(executor.run(FakeJob(), tasks(5)))) == 5


def test_processes_are_kept_for_the_next_runs_and_get_a_job_once(tmp_path):
    before = set(pids())
    with Processes(2) as executor:
        job = FakeJob(seconds=0.1, notes=tmp_path)
        list(executor.run(job, tasks(20)))
        first = set(pids()) - before
        list(executor.run(job, tasks(20)))
        assert set(pids()) - before == first and len(first) == 2
        assert job.noted("read") == 2
        other = FakeJob(behave={1: "raise"})
        assert same(executor.run(other, tasks(4))) == expected(other, tasks(4))
    assert not set(pids()) & first


def test_no_more_processes_than_tasks():
    with Processes(3) as executor:
        before = set(pids())
        list(executor.run(FakeJob(), tasks(1)))
        assert len(set(pids()) - before) == 1


def test_a_process_uses_one_thread(processes):
    threads_before = os.environ.get("NUMBA_NUM_THREADS")
    assert [done.numbers[2] for done in processes.run(FakeJob(), tasks(2)) if done.numbers is not None] == [
        1,
        1,
    ]
    assert os.environ.get("NUMBA_NUM_THREADS") == threads_before


@pytest.mark.parametrize("how", ("kill", "exit", "segfault"))
def test_a_run_that_kills_its_process_once_is_run_again(processes, tmp_path, how):
    job = FakeJob(behave={2: f"{how}-once"}, notes=tmp_path)
    assert same(processes.run(job, tasks(8))) == expected(job, tasks(8))
    assert job.noted("run-2") == 2 and job.noted("run-3") == 1


def test_runs_that_always_kill_their_process_fail_and_the_others_go_on(processes, tmp_path):
    job = FakeJob(behave={0: "kill", 4: "exit", 7: "raise"}, notes=tmp_path)
    assert same(processes.run(job, tasks(9))) == expected(job, tasks(9), DIED)
    assert job.noted("run-0") == job.noted("run-4") == 3
    assert job.noted("run-*") == 9 + 2 * 2


def test_every_task_comes_back_while_processes_are_killed(processes):
    job, hit, stop = FakeJob(seconds=0.08), set(), threading.Event()

    def kill_now_and_then():
        while len(hit) < 4 and not stop.wait(0.1):
            for worker in processes._crew:
                if worker.begun and worker.task and worker.task not in hit:
                    hit.add(worker.task)
                    os.kill(worker.process.pid, signal.SIGKILL)
                    break

    killer = threading.Thread(target=kill_now_and_then)
    killer.start()
    try:
        assert same(processes.run(job, tasks(30))) == expected(job, tasks(30))
    finally:
        stop.set()
        killer.join()
    assert len(hit) == 4


def test_an_idle_process_that_was_killed_is_replaced(processes):
    assert len(list(processes.run(FakeJob(), tasks(4)))) == 4
    for worker in processes._crew:
        os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.join()
    assert same(processes.run(FakeJob(), tasks(4))) == expected(FakeJob(), tasks(4))


def test_a_job_that_processes_cannot_read_is_said_once(capfd):
    with Processes(1) as executor, pytest.raises(InputError, match="3 in a row ended before their first run"):
        list(executor.run(Unreadable(), tasks(50)))
    assert "cannot be read" in capfd.readouterr().err


@linux
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_of_a_killed_parent(kind, tmp_path):
    job = FakeJob(seconds=0.05, behave={}, notes=tmp_path)
    with sweep(kind, job, 10_000) as program:
        program.lines(5)
        under = descendants(program.pid)
        assert len(under) >= (2 if kind == "processes" else 0)
        os.kill(program.pid, signal.SIGKILL)
        eventually(lambda: not any(map(is_alive, under)), 5)


@linux
def test_workers_in_a_long_run_end_with_their_parent(tmp_path):
    job = FakeJob(seconds=60, notes=tmp_path)
    with sweep("processes", job, 10) as program:
        eventually(lambda: job.noted("run-*") == 2, 30)
        under = workers_of(program.pid)
        os.kill(program.pid, signal.SIGKILL)
        eventually(lambda: not any(map(is_alive, under)), 5)


@linux
@pytest.mark.parametrize("seconds", (0.0, 0.7))
def test_ctrl_c_ends_processes_at_once_and_without_words(seconds):
    """Once while they start, once in the midst of a run."""
    with sweep("processes", FakeJob(seconds=60), 10) as program:
        under = eventually(lambda: len(found := workers_of(program.pid)) == 2 and found)
        time.sleep(seconds)
        program.interrupt()
        started = time.monotonic()
        code, out, err = program.end()
        assert time.monotonic() - started < 3
        assert (code, out.strip(), err) == (130, "interrupted", "")
        eventually(lambda: not any(map(is_alive, under)), 2)


def test_made_by_name():
    assert isinstance(make(), Threads) and isinstance(make("processes", workers=3), Processes)
    assert make(workers=3).workers == 3 and make().workers >= 1
    with pytest.raises(InputError, match='did you mean "threads"'):
        make("treads")
    with pytest.raises(InputError, match="at least 1 expected"):
        make("processes", workers=0)


def test_threads_bear_the_name_by_which_the_command_leaves_them():
    seen = []

    class Job(FakeJob):
        def run(self, task):
            seen.append(threading.current_thread().name)
            return super().run(task)

    list(Threads(1).run(Job(), tasks(2)))
    assert all(name.startswith(THREADS) for name in seen)
