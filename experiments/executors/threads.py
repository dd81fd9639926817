"""Threads of this process: the compiled engine lets them run side by side, and they share what they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any

from experiments.executors import Closing, attempt, number_of
from experiments.job import Done, Task
from experiments.study import THREADS

AHEAD = 2  # tasks a thread that are begun or wait: the next is there when one ends


class Threads(Closing):
    """Runs on `workers` threads (one a CPU)."""

    def __init__(self, workers: int | None = None) -> None:
        self.workers = number_of(workers)

    def run(self, job: Any, tasks: Iterable[Task]) -> Iterator[Done]:
        """See `Executor.run`."""
        source, arrived = iter(tasks), SimpleQueue[Future[Done]]()
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix=THREADS)

        def begin(n: int) -> int:
            new = [pool.submit(attempt, job, task) for task in islice(source, n)]
            for future in new:
                future.add_done_callback(arrived.put)
            return len(new)

        try:
            waiting = begin(AHEAD * self.workers)
            while waiting:
                finished = _next(arrived)
                waiting += begin(1) - 1
                yield finished.result()
        finally:
            # no waiting for the runs in hand: one of them may be compiling the engine
            pool.shutdown(wait=False, cancel_futures=True)


def _next(arrived: SimpleQueue[Future[Done]]) -> Future[Done]:
    while True:
        try:
            return arrived.get(timeout=0.1)  # so that Ctrl-C is heard on Windows too
        except Empty:
            continue
