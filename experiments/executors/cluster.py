"""The workers of a Dask cluster: other machines, or processes of this one.

Every worker and the scheduler need this same anju. Start them with `dask scheduler` and, on each machine,
`dask worker tcp://HOST:8786 --nworkers N --nthreads 1`. Where machines drop off the network without a word, set
these in the environment of scheduler and workers, so that their runs are soon given to others:

    DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP=15s        (30s) silence after which a connection counts as dead, 11 at least
    DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT=10s    (30s) how long a new connection may take
    DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL=120s     (5 minutes) no heartbeat: the worker counts as dead. Keep it
                                                     above the minute that compiling the engine may take

`distributed.scheduler.allowed-failures` (3) is how often a run may take its worker with it before it is suspected.
"""

from __future__ import annotations

import gc
import logging
import pickle
import platform
import re
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import cache
from importlib import metadata
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from experiments.executors import DIED, Closing, attempt, deaf_to_interrupts, number_of
from experiments.job import Done, Task, one_line
from scenarios.errors import InputError

log = logging.getLogger(__name__)

LOCAL = "local"
AHEAD = 3  # tasks a thread that are begun or wait at the workers: the next is there when one ends
ANSWER = 10  # seconds a scheduler may take to answer
ALONE = 60  # seconds without any worker before giving up
TRIES = 3  # of bringing the job to workers that die of it
SETTLED = 0.5  # age, in seconds, of a worker at its first run: one that dies while it starts is not replaced by Dask
LOOK = 2  # seconds between two looks at who is there
SAME_ANJU = "install this same anju, Python, numpy and numba on scheduler and workers"
READ = time.monotonic()  # when this process came to know of runs
LOUD = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application")


ADDRESS = re.compile(r"[a-z+]+://(\[[^\]]+\]|[^:/\s]+):\d+/?")


class ClusterLost(InputError):
    """The scheduler went away, or had no worker for too long."""


class Dask(Closing):
    """Runs on a Dask cluster: the one whose scheduler answers at `address`, or `local` with `workers` processes.

    Raises InputError where distributed is not installed, nothing answers, or a worker there runs another model.
    """

    def __init__(self, address: str = LOCAL, workers: int | None = None) -> None:
        if address != LOCAL and not ADDRESS.fullmatch(address):
            raise InputError(
                [f"Dask scheduler {address}: is no address; tcp://HOST:PORT expected, or {LOCAL}"]
            )
        if address != LOCAL and workers is not None:
            raise InputError(
                [f"workers: {workers} given, but the cluster at {address} has its own; leave it out"]
            )
        self.distributed = _distributed()
        self._wanted = number_of(workers) if address == LOCAL else 0
        self._cluster = self._local_cluster() if self._wanted else None
        self.address = self._cluster.scheduler_address if self._cluster else address
        try:
            self.client = self._connect()
            self.same = identity()
            self.workers = self._wait_for_workers()
            self._refuse_others()
        except BaseException:
            self.close()
            raise

    def run(self, job: Any, tasks: Iterable[Task]) -> Iterator[Done]:
        """See `Executor.run`. A killed worker's runs are given to others by Dask.

        Raises ClusterLost when the scheduler goes away or no worker is left for `ALONE` seconds, InputError when
        a worker that came later runs another model.
        """
        flight = _Flight(self, job)
        source, suspects, watch = iter(tasks), deque[Task](), _Watch(self)
        try:
            while True:
                flight.send(islice(source, max(0, AHEAD * max(1, self.workers) - len(flight))))
                if not flight:  # a suspect is tried alone: who dies with it then, dies of it
                    if not suspects:
                        return
                    flight.send([suspects.popleft()], alone=True)
                for task, alone, result in flight.landed(watch):
                    if isinstance(result, Done):
                        yield result
                    elif isinstance(result, self.distributed.KilledWorker):
                        if alone:
                            yield Done(task, None, DIED)
                        else:
                            suspects.append(task)
                    else:
                        raise self._unusable(result)
        finally:
            flight.cancel()

    def close(self) -> None:
        """Leave the cluster; a local one ends."""
        for closing in (getattr(self, "client", None), self._cluster):
            if closing is not None:
                with suppress(Exception):  # what is gone cannot be left politely
                    closing.close(timeout=ANSWER)

    def threads(self) -> int:
        """How many runs the workers that are there can do at once. Raises ClusterLost if nobody answers."""
        try:
            if self.client.status != "running":
                raise OSError("the connection is closed")
            return sum(self.client.sync(self.client.scheduler.ncores, callback_timeout=ANSWER).values())
        except (OSError, TimeoutError) as error:
            raise self.lost("the scheduler does not answer any more") from error

    def mend(self, threads: int) -> None:
        """Start what a local cluster lacks: it gives up a worker that dies as it starts."""
        if self._cluster and threads < self._wanted:
            self._cluster.scale(self._wanted)

    def lost(self, why: str) -> ClusterLost:
        return ClusterLost(
            [
                f"Dask cluster {self.address}: {why}; no finished run is lost, the same command goes on from there"
            ]
        )

    def _local_cluster(self) -> Any:
        with deaf_to_interrupts():  # its loop too, which starts the workers anew that die
            return self.distributed.LocalCluster(
                n_workers=self._wanted, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0",
                memory_limit=None, silence_logs=logging.CRITICAL, env={"NUMBA_NUM_THREADS": "1"},
                scheduler_kwargs={"allowed_failures": 1},
            )  # fmt: skip

    def _connect(self) -> Any:
        """The client. Made in a thread, for it waits without end for what takes a connection and says nothing."""
        made: Future[Any] = Future()
        threading.Thread(target=self._make_client, args=(made,), daemon=True).start()
        try:
            return made.result(timeout=ANSWER + 1)
        except (TimeoutError, OSError) as error:
            raise self._no_scheduler(f"no answer within {ANSWER} s") from error
        except Exception as error:
            raise self._no_scheduler(one_line(error)) from error

    def _make_client(self, made: Future[Any]) -> None:
        where = self._cluster or self.address
        # A client that failed, collected while this one starts, would close itself and wait for the lock that this thread holds.
        gc.collect()
        try:
            made.set_result(self.distributed.Client(where, timeout=ANSWER, set_as_default=False, name="anju"))
        except BaseException as error:
            made.set_exception(error)

    def _no_scheduler(self, why: str) -> InputError:
        expected = f"tcp://HOST:PORT of a running `dask scheduler` expected, or {LOCAL}"
        return InputError([f"Dask scheduler {self.address}: {why}; {expected}"])

    def _wait_for_workers(self) -> int:
        watch = _Watch(self)
        while not (threads := self.threads()):
            watch.look()
            time.sleep(0.2)
        return threads

    def _refuse_others(self) -> None:
        """Raises InputError naming the workers whose results would not be ours."""
        answers = self.client.run(identity, on_error="return")
        wrong = {worker: _difference(self.same, answer) for worker, answer in answers.items()}
        if any(wrong.values()):
            raise _other_model({worker: why for worker, why in wrong.items() if why})

    def _unusable(self, result: Any) -> InputError:
        if isinstance(result, Refusal):
            return _other_model({result.worker: result.why})
        if isinstance(result, CancelledError):
            return self.lost("the scheduler lost the runs, as when it is started anew")
        if isinstance(result, OSError):  # a run's own errors are in its Done: this is the connection's
            return self.lost("the scheduler went away")
        return InputError(
            [f"Dask cluster {self.address}: no run can be begun there: {one_line(result)}; {SAME_ANJU}"]
        )


class _Flight:
    """The runs that are with the cluster."""

    def __init__(self, cluster: Dask, job: Any) -> None:
        self._cluster, self._client, self._killed = cluster, cluster.client, cluster.distributed.KilledWorker
        self._futures: dict[Any, tuple[Task, bool]] = {}
        self._landing = SimpleQueue[tuple[Any, Any]]()
        self._content = pickle.dumps(job, pickle.HIGHEST_PROTOCOL)
        self._brought = 0
        self._bring_job()

    def __len__(self) -> int:
        return len(self._futures)

    def send(self, tasks: Iterable[Task], *, alone: bool = False) -> None:
        for task in tasks:
            content = pickle.dumps((task, self._cluster.same))
            future = self._client.submit(_attempt, self._job, content, pure=False)
            self._futures[future] = task, alone
            self._client.loop.add_callback(self._fetch, future)

    async def _fetch(self, future: Any) -> None:
        """Put a result, or what is raised in place of it, where `landed` finds it.

        distributed's `as_completed` never gives out a run whose result was lost with its worker and which then failed.
        """
        try:
            [result] = await self._client.gather([future], asynchronous=True)
        except BaseException as error:
            result = error
        self._landing.put((future, result))

    def landed(self, watch: _Watch) -> Iterator[tuple[Task, bool, Any]]:
        """Wait for results; each with its task and whether that was alone. What is no Done is why there is none."""
        for future, result in self._batch(watch):
            task, alone = self._futures.pop(future)
            future.release()
            if isinstance(result, self._killed) and result.task != future.key:  # it died of reading the job
                if result.task == self._job.key:
                    self._bring_job()
                self.send([task], alone=alone)
            else:
                yield task, alone, result

    def _batch(self, watch: _Watch) -> list[tuple[Any, Any]]:
        """All that has landed; at least one."""
        batch = []
        while not batch or not self._landing.empty():
            watch.look()
            with suppress(Empty):
                batch.append(self._landing.get(timeout=0.1))
        return batch

    def cancel(self) -> None:
        """What nobody waits for any more is not begun."""
        for future in (*self._futures, self._job):
            future.release()

    def _bring_job(self) -> None:
        """Raises ClusterLost when workers die of it time and again."""
        if self._brought == TRIES:
            raise self._cluster.lost("its workers die when they read the scenario, as when they lack memory")
        self._brought += 1
        # A task, not scattered data, which would be gone for good with the last worker that had it; bytes, so that
        # nobody reads them on the way.
        self._job = self._client.submit(pickle.loads, self._content, pure=False)


class _Watch:
    """Looks now and then who is there, and says so when nobody is."""

    def __init__(self, cluster: Dask) -> None:
        self._cluster = cluster
        self._looked = self._alone_since = 0.0
        self._said = False

    def look(self) -> None:
        """Raises ClusterLost if the scheduler does not answer, or had no worker for `ALONE` seconds."""
        now = time.monotonic()
        if now < self._looked + LOOK:
            return
        threads = self._cluster.threads()
        self._looked = time.monotonic()
        self._cluster.mend(threads)
        if threads:
            self._cluster.workers, self._alone_since = threads, 0.0
        elif not self._alone_since:
            self._alone_since, self._said = now, False  # a killed worker is back in a moment
        elif now > self._alone_since + ALONE:
            raise self._cluster.lost(f"no worker for {ALONE} s")
        elif not self._said:
            log.warning("Dask cluster %s has no worker: waiting up to %d s", self._cluster.address, ALONE)
            self._said = True


class Refusal(NamedTuple):
    """What a worker answers that must not run our runs."""

    worker: str
    why: str


def identity() -> dict[str, str]:
    """What must be the same here and there for a run to give the same numbers."""
    from simulation.codecache import model_hash

    return {
        "model": model_hash(),
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": _version("numpy"),
        "numba": _version("numba"),
    }


@cache
def _version(library: str) -> str:
    return metadata.version(library)  # asked for at every run, and slow


def _attempt(job: Any, content: bytes) -> Done | Refusal:
    """A run, on a worker: one that came after the first check is checked here."""
    from distributed import get_worker

    time.sleep(max(0, READ + SETTLED - time.monotonic()))
    task, same = pickle.loads(content)
    if why := _difference(same, identity()):
        return Refusal(get_worker().address, why)
    return attempt(job, task)


def _difference(ours: Mapping[str, str], theirs: Any) -> str:
    """In what a worker differs from us; "" for one that does not, or is gone."""
    if isinstance(theirs, OSError):
        return ""
    if isinstance(theirs, Exception):  # it cannot even be asked: it has no anju, or another
        return str(theirs)
    return ", ".join(
        f"{name} {theirs[name][:12]}, here {mine[:12]}" for name, mine in ours.items() if theirs[name] != mine
    )


def _other_model(wrong: Mapping[str, str]) -> InputError:
    listed = "; ".join(f"{worker} ({why})" for worker, why in sorted(wrong.items()))
    return InputError(
        [f"Dask workers whose runs would not be the same as here are refused: {listed}. {SAME_ANJU}"]
    )


def _distributed() -> Any:
    """The library, quiet: what goes wrong is said once, by us."""
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise InputError(["Dask is not installed here; pip install 'anju[dask]'"]) from error
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return distributed
