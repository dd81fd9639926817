"""What tests of executors share: a job that misbehaves on demand, sweeps in processes of their own, Dask clusters on
real processes, and hosts made of network namespaces.

As a program, `python clusters.py KIND ADDRESS JOB N` runs N tasks and prints a line for each that is done.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from experiments.job import Done, Task

HERE = Path(__file__).resolve().parent
DIE: Mapping[str, Callable[[], Any]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(0),
    "segfault": lambda: ctypes.string_at(0),
}


class FakeJob:
    """Numbers that follow from the seed.

    `behave` says by point what else happens: a way to die (`DIE`), with `-once` behind it the first time only, `raise`,
    or `sleep-` and how many seconds. Each attempt leaves a file in `notes`, as does each reading from a pickle.
    """

    columns = ("double", "draw", "threads")

    def __init__(
        self, *, seconds: float = 0.0, behave: Mapping[int, str] | None = None, notes: Path | None = None
    ) -> None:
        self.seconds, self.behave, self.notes = seconds, dict(behave or {}), notes

    def run(self, task: Task) -> Done:
        tried = self._note(f"run-{task.point}")
        how, _, once = self.behave.get(task.point, "").partition("-")
        if how in DIE and (not once or tried == 1):
            DIE[how]()
        if how == "raise":
            raise RuntimeError(f"point {task.point}\nis impossible")
        time.sleep(float(once) if how == "sleep" else self.seconds)
        draw = np.random.default_rng(task.seed).random()
        return Done(
            task, np.array([2.0 * task.seed, draw, float(os.environ.get("NUMBA_NUM_THREADS", 0))]), ""
        )

    def _note(self, name: str) -> int:
        """Leave a note; how many of that name there are now."""
        if not self.notes:
            return 1
        (self.notes / f"{name}.{uuid.uuid4().hex}").touch()
        return self.noted(name)

    def noted(self, name: str) -> int:
        assert self.notes
        return sum(1 for _ in self.notes.glob(f"{name}.*"))

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._note("read")


class Unreadable:
    """A job that no other process can read."""

    columns = ("none",)

    def __getstate__(self) -> dict[str, Any]:
        return {"here": os.getpid()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        raise RuntimeError("cannot be read")

    def run(self, task: Task) -> Done:
        raise AssertionError


def tasks(n: int) -> list[Task]:
    return [Task(f"{i:064x}", i, 0, 1000 + i, (("share", i / 7),)) for i in range(n)]


def same(done: Iterable[Done], columns: int = 2) -> dict[str, tuple[Task, bytes | None, str]]:
    """What was done, by id, fit to be compared bit by bit; each task once."""
    out = {}
    for one in done:
        assert one.task.id not in out
        numbers = None if one.numbers is None else one.numbers[:columns].tobytes()
        out[one.task.id] = (one.task, numbers, one.error)
    return out


def expected(
    job: FakeJob, wanted: Iterable[Task], died: str = ""
) -> dict[str, tuple[Task, bytes | None, str]]:
    """What any executor must make of tasks, worked out here; `died` is the text for a run that always dies."""
    harmless, out = FakeJob(), []
    for task in wanted:
        how = job.behave.get(task.point, "")
        error = (
            died
            if how in DIE
            else f"RuntimeError: point {task.point} is impossible"
            if how == "raise"
            else ""
        )
        out.append(Done(task, None, error) if error else harmless.run(task))
    return same(out)


class Counted:
    """An iterator that knows how much of it was taken."""

    def __init__(self, source: Iterable[Task]) -> None:
        self._source, self.taken = iter(source), 0

    def __iter__(self) -> Iterator[Task]:
        return self

    def __next__(self) -> Task:
        task = next(self._source)
        self.taken += 1
        return task


# --- processes


def eventually(what: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait for something to become true; AssertionError if it does not."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, f"not within {seconds:g} s"
        time.sleep(0.02)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descendants(pid: int) -> set[int]:
    """All living processes under one; Linux."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, new = set(), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return {child for child in found if is_alive(child)}


def workers_of(pid: int) -> set[int]:
    """Living processes under one that Python's multiprocessing started to work, Dask's among them."""
    return {child for child in descendants(pid) if b"spawn_main" in _command(child)}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


class Process:
    """A program in a process group of its own, ended with all under it when the `with` block ends."""

    def __init__(
        self, *args: str, within: Iterable[str] = (), env: Mapping[str, str] | None = None, **kwargs: Any
    ):
        self.popen = subprocess.Popen(
            [*within, sys.executable, *args], start_new_session=True, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(HERE), **(env or {})}, **kwargs,
        )  # fmt: skip
        self.pid = self.popen.pid
        self.address = ""  # of a Dask scheduler

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.popen.communicate()

    def kill(self) -> None:
        """kill -9 of all the group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def interrupt(self) -> None:
        """What Ctrl-C in a terminal sends: to all the group."""
        os.killpg(self.pid, signal.SIGINT)

    def lines(self, n: int) -> list[str]:
        """The next n lines it prints."""
        assert self.popen.stdout
        return [self.popen.stdout.readline().rstrip("\n") for _ in range(n)]

    def end(self, seconds: float = 20.0) -> tuple[int, str, str]:
        """Wait for it; exit code and what it had left to say on both streams."""
        out, err = self.popen.communicate(timeout=seconds)
        return self.popen.returncode, out, err


def sweep(
    kind: str, job: FakeJob, n: int, *, workers: int | None = 2, address: str = "local", **kwargs
) -> Process:
    """A process that runs n tasks, prints `N point` for each done and `end` or `error: ...` at last."""
    options = {"workers": workers, "address": address}
    fake = {"seconds": job.seconds, "behave": job.behave, "notes": str(job.notes) if job.notes else None}
    return Process(str(HERE / "clusters.py"), kind, json.dumps(options), json.dumps(fake), str(n), **kwargs)


def _main(kind: str, options: str, fake: str, n: str) -> None:
    from experiments.executors import make
    from scenarios.errors import InputError

    given = json.loads(fake)
    notes = given["notes"] and Path(given["notes"])
    from clusters import FakeJob  # by this name other processes find it

    job = FakeJob(
        seconds=given["seconds"], behave={int(k): v for k, v in given["behave"].items()}, notes=notes
    )
    try:
        with make(kind, **json.loads(options)) as executor:
            for i, done in enumerate(executor.run(job, tasks(int(n)))):
                print(f"{i + 1} {done.task.point} {done.error}\n", end="", flush=True)  # a whole line or none
        print("end")
    except InputError as error:
        print(f"error: {error}")
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted")
        sys.exit(130)


# --- Dask on real processes

FAST = {  # a cluster that soon notices what is gone
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "11s",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "3s",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "5s",
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    "DASK_DISTRIBUTED__NANNY__ENVIRON__NUMBA_NUM_THREADS": "1",
}


def free_port() -> int:
    """A port nobody listens at, below those that connections are given for their own end."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port


def dask_scheduler(
    host: str = "127.0.0.1", *, within: Iterable[str] = (), port: int | None = None
) -> Process:
    """A Dask scheduler that answers; its `address` for workers and clients."""
    port = port or free_port()
    process = Process(
        "-m", "distributed.cli.dask_scheduler", "--host", host, "--port", str(port), "--no-dashboard",
        within=within, env=FAST, cwd="/",
    )  # fmt: skip
    process.address = f"tcp://{host}:{port}"
    try:
        eventually(lambda: _listens(host, port), 30)
    except BaseException:
        process.kill()
        raise
    return process


def _listens(host: str, port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex((host, port)) == 0


def dask_worker(
    address: str, *, host: str = "", n: int = 1, within: Iterable[str] = (), env: Mapping[str, str] | None = None,
    cwd: Path | str = "/", nanny: bool = True,
) -> Process:  # fmt: skip
    """n Dask workers of one thread, each under a nanny that replaces it when it dies, or one without that.

    `cwd` comes first on its path.
    """
    return Process(
        "-m", "distributed.cli.dask_worker", address, "--nworkers", str(n), "--nthreads", "1", "--no-dashboard",
        "--memory-limit", "0", *(("--host", host) if host else ()), *(() if nanny else ("--no-nanny",)),
        within=within, env={**FAST, **(env or {})}, cwd=cwd,
    )  # fmt: skip


# --- hosts made of network namespaces


def why_no_hosts() -> str:
    """Why network namespaces cannot be made here; "" if they can."""
    if not sys.platform.startswith("linux"):
        return "network namespaces are Linux's"
    if os.geteuid():
        return "only root makes network namespaces"
    try:
        with hosts(1):
            return ""
    except (OSError, subprocess.CalledProcessError) as error:
        return f"`ip netns` does not work here: {getattr(error, 'stderr', None) or error}"


class Host:
    """One network namespace on the bridge; `within` is what runs a command there."""

    def __init__(self, name: str, address: str, link: str) -> None:
        self.name, self.address, self._link = name, address, link
        self.within = ("ip", "netns", "exec", name)

    def cut_off(self) -> None:
        """Take the cable out: nothing goes in or out, and nobody is told."""
        _ip("link", "set", self._link, "down")

    def connect(self) -> None:
        _ip("link", "set", self._link, "up")


@contextmanager
def hosts(n: int) -> Iterator[list[Host]]:
    """n hosts on one bridge, whose own address (the network's .1) is `GATEWAY`; all gone at the end."""
    mark = uuid.uuid4().hex[:5]
    bridge, made = f"aj{mark}", []
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("address", "add", f"{GATEWAY}/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        for i in range(n):
            name, outer, inner = f"aj{mark}{i}", f"aj{mark}{i}o", f"aj{mark}{i}i"
            address = f"{GATEWAY.rpartition('.')[0]}.{i + 2}"
            _ip("netns", "add", name)
            made.append(name)
            _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
            _ip("link", "set", inner, "netns", name)
            _ip("link", "set", outer, "master", bridge, "up")
            _ip("-n", name, "address", "add", f"{address}/24", "dev", inner)
            _ip("-n", name, "link", "set", inner, "up")
            _ip("-n", name, "link", "set", "lo", "up")
        yield [Host(name, f"{GATEWAY.rpartition('.')[0]}.{i + 2}", f"{name}o") for i, name in enumerate(made)]
    finally:
        for name in made:
            _ip("netns", "delete", name, check=False)
        _ip("link", "delete", bridge, check=False)


GATEWAY = "198.18.77.1"  # a network set aside for tests of networks


def _ip(*args: str, check: bool = True) -> None:
    subprocess.run(["ip", *args], check=check, capture_output=True, text=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
