"""Where runs are done: threads of this process, processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, Protocol

from experiments.job import Done, Task, one_line
from scenarios.errors import InputError
from scenarios.words import did_you_mean

KINDS = ("threads", "processes", "dask")

DIED = "its process died (tried at least 3 times)"
"""The error of a run that takes its process with it whenever it is tried: the same text from every executor."""


class Executor(Protocol):
    """Does the runs of a job, some at a time. To be closed, or used in `with`, when no more runs will come."""

    workers: int

    def run(self, job: Any, tasks: Iterable[Task]) -> Iterator[Done]:
        """Yield what each task leaves as it arrives, in any order.

        `tasks` is read by the caller's thread, at most a few a worker ahead. Closing the generator, or an error
        where it yields, cancels what has not begun. What a job raises is a failed run.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Any: ...

    def __exit__(self, *_: object) -> None: ...


class Closing:
    """`with executor:` closes it."""

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what the executor keeps between calls of `run`."""


def make(kind: str = "threads", *, workers: int | None = None, address: str = "local") -> Executor:
    """An executor by name, on all CPUs unless told otherwise. `address` is of the Dask scheduler.

    Raises InputError for an unknown kind, an impossible number of workers, or a scheduler that cannot be used.
    """
    if kind == "threads":
        from experiments.executors.threads import Threads

        return Threads(workers)
    if kind == "processes":
        from experiments.executors.processes import Processes

        return Processes(workers)
    if kind == "dask":
        from experiments.executors.cluster import Dask

        return Dask(address, workers)
    raise InputError([f"executor: {kind!r} unknown{did_you_mean(kind, KINDS)}; {', '.join(KINDS)} expected"])


def number_of(workers: int | None) -> int:
    """As many workers as asked for, or one a CPU. Raises InputError below 1."""
    from experiments.study import cpus

    if workers is not None and workers < 1:
        raise InputError([f"workers: {workers} given, at least 1 expected"])
    return workers or cpus()


def attempt(job: Any, task: Task) -> Done:
    """Run a task; what the job itself did not catch is the run's error too."""
    try:
        return job.run(task)
    except Exception as error:  # one run must not end the others
        return Done(task, None, one_line(error))


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Processes and threads that start now never hear Ctrl-C, which a terminal sends to all: we decide what it ends."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # or it starts with the first process, and makes this thread hear again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
