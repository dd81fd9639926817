"""Processes of this machine: one that dies costs one attempt at one run.

The pools at hand do not give that. `multiprocessing.Pool` hangs when a worker is killed, `ProcessPoolExecutor` loses
the other runs, and Pebble (5.2.3), whose workers share one pipe and its locks, waits for ever for a run that ended its
process with exit code 0 and gives up when an idle worker is killed. Here every worker has a pipe of its own and
nothing is shared: a pipe that closes says who died, and with what in hand.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import pickle
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from experiments.executors import DIED, Closing, attempt, deaf_to_interrupts, number_of
from experiments.job import Done, Task
from scenarios.errors import InputError

log = logging.getLogger(__name__)

TRIES = 3  # of a run whose process dies, and of starting a process
ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PATIENCE = 2  # seconds for idle workers to end by themselves

Pipe = Any  # a Connection, or what stands for it on Windows


class Processes(Closing):
    """Runs in `workers` processes (one a CPU), which are kept for the next call of `run`; one call at a time."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = number_of(workers)
        self._crew: list[_Worker] = []

    def run(self, job: Any, tasks: Iterable[Task]) -> Iterator[Done]:
        """See `Executor.run`. A run whose process dies is tried `TRIES` times, then recorded as failed.

        Raises InputError where processes cannot be started.
        """
        queue, content = _Queue(tasks), pickle.dumps(job, pickle.HIGHEST_PROTOCOL)
        stillborn = 0
        try:
            while self._hand_out(queue, content):
                for worker in self._heard():
                    try:
                        done = worker.hear()
                    except (EOFError, OSError):
                        self._bury(worker)
                        stillborn += worker.is_stillborn
                        if stillborn == TRIES:
                            raise _cannot_start(worker) from None
                        done = worker.task and queue.give_back(worker.task, blamed=worker.begun)
                    else:
                        stillborn = 0 if worker.begun else stillborn
                    if done:
                        self._hand_out(queue, content)  # before the caller takes its time
                        yield done
        finally:
            self._dismiss(worker for worker in self._crew if worker.task)

    def close(self) -> None:
        """End the processes."""
        self._dismiss(self._crew)

    def _hand_out(self, queue: _Queue, content: bytes) -> bool:
        """Give every idle worker a task, start workers while there are tasks; whether any is at work."""
        for worker in self._crew:
            if not worker.task and (task := queue.next()):
                worker.give(content, task)
        while len(self._crew) < self.workers and (task := queue.next()):
            self._crew.append(_Worker())
            self._crew[-1].give(content, task)
        return any(worker.task for worker in self._crew)

    def _heard(self) -> list[_Worker]:
        """Wait for workers that say something or die."""
        ready = set(wait([worker.pipe for worker in self._crew]))
        return [worker for worker in self._crew if worker.pipe in ready]

    def _bury(self, worker: _Worker) -> None:
        self._crew.remove(worker)
        worker.pipe.close()
        worker.process.kill()  # a pipe may break before its process ends
        worker.process.join()

    def _dismiss(self, workers: Iterable[_Worker]) -> None:
        """End workers: the busy ones at once, the idle ones as they please, but soon."""
        leaving = list(workers)
        for worker in leaving:
            self._crew.remove(worker)
            worker.pipe.close()
            if worker.task or not worker.awake:
                worker.process.kill()
        until = time.monotonic() + PATIENCE
        for worker in leaving:
            worker.process.join(max(0, until - time.monotonic()))
            worker.process.kill()
            worker.process.join()


class _Queue:
    """Tasks in order, those that are tried again first."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._source, self._again, self._tries = iter(tasks), deque[Task](), Counter[str]()

    def next(self) -> Task | None:
        return self._again.popleft() if self._again else next(self._source, None)

    def give_back(self, task: Task, *, blamed: bool) -> Done | None:
        """Take back the task of a dead worker; a failed run when it has been tried often enough."""
        self._tries[task.id] += blamed
        if self._tries[task.id] >= TRIES:
            del self._tries[task.id]
            return Done(task, None, DIED)
        self._again.append(task)
        return None


class _Worker:
    """One process, the parent's end of its pipe, and what it has in hand."""

    def __init__(self) -> None:
        context = multiprocessing.get_context(
            "spawn"
        )  # a forked child would inherit our threads' locks, held
        self.pipe: Pipe
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other,), name="anju-worker", daemon=True)
        with _one_thread(), deaf_to_interrupts():
            self.process.start()
        other.close()  # so that its death closes the pipe
        self.awake = self.begun = False
        self.task: Task | None = None
        self._job = self._wanted = b""

    @property
    def is_stillborn(self) -> bool:
        """Whether it ended, or would end now, with a task it never came to begin."""
        return self.task is not None and not self.begun

    def give(self, job: bytes, task: Task) -> None:
        self._wanted, self.task, self.begun = job, task, False
        if self.awake:
            self._go_on()

    def hear(self) -> Done | None:
        """What the worker sent: a run's result, or None when it is ready for more. Raises EOFError if it died."""
        message = self.pipe.recv()
        if message is None:
            self.awake = True
            self._go_on()
            return None
        self.task = None
        return message

    def _go_on(self) -> None:
        with contextlib.suppress(OSError):  # it has just died: hearing it will say so
            if self._job != self._wanted:
                self._job = self._wanted
                self.pipe.send(self._job)
            else:
                self.begun = True
                self.pipe.send(self.task)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """What starts now uses one thread in each of its libraries."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(pipe: Connection) -> None:
    """A worker's life: a job and then its tasks, until the parent closes the pipe or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be started deaf
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = None
    with contextlib.suppress(EOFError, BrokenPipeError):
        pipe.send(None)
        while True:
            message = pipe.recv()
            if isinstance(message, bytes):
                job = pickle.loads(message)
                pipe.send(None)
            else:
                pipe.send(attempt(job, message))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)  # a run may be in hand, and nobody waits for it


def _cannot_start(worker: _Worker) -> InputError:
    return InputError(
        [
            f"processes: {TRIES} in a row ended before their first run (exit code {worker.process.exitcode}), for the "
            'reason shown above; a script needs `if __name__ == "__main__":` around what starts them; threads need '
            "no processes"
        ]
    )
