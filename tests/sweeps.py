"""What tests of whole sweeps share: a small town, runs that misbehave on demand, and commands in processes of their own."""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from clusters import HERE

from experiments.executors.threads import Threads
from experiments.job import Done, ScenarioJob, Task

POOL = 'pool_persons = { value = 5800, unit = "persons", range = [4500, 8000]'
GRID = (
    "--design", "grid", "--vary", "subsidy_yuan_per_person=10000..30000:4", "--vary", "attachment_mean=-1..1:6",
    "--replications", "2",
)  # fmt: skip
POINTS, REPLICATIONS = 24, 2
RUNS = POINTS * REPLICATIONS
IMPORTED = ("experiments.cli", "experiments.sweep", "pyarrow.parquet", "pyarrow.compute")


def town(folder: Path, persons: int = 500) -> Path:
    """The region that `anju new-region` writes, made small; its plan. A run takes some milliseconds."""
    from scenarios import new_region

    made = new_region.new_region("town", folder, "en")
    region = (made / "region.toml").read_text("utf-8")
    assert POOL in region
    smaller = POOL.replace("5800", str(persons)).replace("4500, 8000", f"{persons - 100}, {persons + 100}")
    (made / "region.toml").write_text(region.replace(POOL, smaller), "utf-8")
    return made / "plan.toml"


class Stopped(Exception):
    pass


class Stops(Threads):
    """Threads that are interrupted after some runs."""

    def __init__(self, after):
        super().__init__(2)
        self.after = after

    def run(self, job, tasks):
        for done in super().run(job, tasks):
            self.after -= 1
            if self.after < 0:
                raise Stopped
            yield done


class Odd(ScenarioJob):
    """Runs whose numbers follow from the task alone, at once. `behave` says by point, or by run such as 3-1, what else happens:

    die (kill -9 of the process), fail, wait (until `let_go`). Each attempt leaves a note, with the process in it.
    """

    def __init__(
        self, scenario: Any, households: Any = None, *, notes: Path, behave: Mapping[str, str] | None = None
    ):
        super().__init__(scenario, households)
        self.notes, self.behave = notes, dict(behave or {})

    def run(self, task: Task) -> Done:
        notes = Notes(self.notes)
        notes.leave(task)
        point = str(task.point)
        how = self.behave.get(f"{point}-{task.replication}") or self.behave.get(point)
        if how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "fail":
            raise ValueError(f"point {task.point}\nis impossible")
        while how == "wait" and not notes.free(task.point):
            time.sleep(0.01)
        draws = np.random.default_rng(int(task.id, 16)).random(len(self.columns))
        draws[-1] = np.nan if draws[0] < 0.3 else draws[-1]
        return Done(task, draws, "")


class Notes:
    """What runs leave in a folder, and what they wait for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def leave(self, task: Task) -> None:
        """A note of an attempt, there at once with all that is in it."""
        coming = self.folder / f".{uuid.uuid4().hex}"
        coming.write_text(str(os.getpid()))
        coming.rename(self.folder / f"{task.point}-{task.replication}{coming.name}")

    def of(self, run: str = "*") -> list[int]:
        """The processes of the attempts at a run, or at a point's (`3-*`)."""
        return [int(note.read_text()) for note in self.folder.glob(f"{run}.*") if note.name[0] not in ".g"]

    def free(self, point: int) -> bool:
        return (self.folder / f"go-{point}").exists()

    def let_go(self, point: int) -> None:
        """Runs of a point that wait, or will, go on."""
        (self.folder / f"go-{point}").touch()


class Forked:
    """A function in a process group of its own, forked from a server that has everything imported already.

    It is killed, with all under it, when the `with` block ends.
    """

    def __init__(self, function: Callable[..., int], *args: Any, folder: Path) -> None:
        self._said = folder / f".said-{uuid.uuid4().hex}"
        self._said.mkdir()
        self.process = _server().Process(target=_main, args=(function, args, folder, self._said))
        self.process.start()
        self.pid = self.process.pid or 0

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.join()

    def kill(self) -> None:
        """kill -9 of the process alone."""
        os.kill(self.pid, signal.SIGKILL)
        self.process.join()

    def interrupt(self) -> None:
        """What Ctrl-C in a terminal sends: to all the group."""
        os.killpg(self.pid, signal.SIGINT)

    def end(self, seconds: float = 60.0) -> tuple[int | None, str, str]:
        """Wait for it; exit code and what it said on both streams."""
        self.process.join(seconds)
        out, err = ((self._said / name).read_text("utf-8") for name in ("out", "err"))
        assert self.process.exitcode is not None, f"not ended within {seconds:g} s: {out}{err}"
        return self.process.exitcode, out, err


class Command(Forked):
    """`anju ...` with odd runs, or with real ones if `behave` is None. No file of it may exceed `room` bytes."""

    def __init__(
        self, *args: object, folder: Path, behave: Mapping[int | str, str] | None = MappingProxyType({}), room: int = 0
    ) -> None:  # fmt: skip
        odd = None if behave is None else {str(point): how for point, how in behave.items()}
        super().__init__(_anju, [str(arg) for arg in args], odd, room, folder=folder)


def ended(*args: object, folder: Path, **odd: Any) -> tuple[int | None, str, str]:
    """Run a command to its end."""
    with Command(*args, folder=folder, **odd) as command:
        return command.end()


_SERVER: Any = None


def _server() -> Any:
    global _SERVER
    if _SERVER is None:
        _SERVER = multiprocessing.get_context("forkserver")
        _SERVER.set_forkserver_preload(["sweeps", "distributed", *IMPORTED])
        before = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = str(HERE)
        from multiprocessing import forkserver

        forkserver.ensure_running()
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    return _SERVER


def _main(function: Callable[..., int], args: tuple, folder: Path, said: Path) -> None:
    os.setsid()
    for stream, name in ((sys.stdout, "out"), (sys.stderr, "err")):
        file = os.open(said / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, stream.fileno())
    os.environ["PYTHONPATH"] = str(HERE)  # where worker processes find this file
    os.chdir(folder)
    sys.exit(function(*args))


def _anju(args: list[str], behave: Mapping[str, str] | None, room: int) -> int:
    from experiments import cli
    from experiments.store import shards

    shards.SHARD_ROWS = RUNS if room else 10
    if behave is not None:
        odd_runs(Path("notes").absolute(), behave)
    if room:
        _limit(room)
    return cli.main(args)


def odd_runs(notes: Path, behave: Mapping[str, str] | None = None, put: Callable[..., Any] = setattr) -> None:
    """Let `anju sweep` in this process do odd runs; `put` is what sets attributes."""
    plan, report = (importlib.import_module(f"experiments.sweep.{name}") for name in ("plan", "report"))
    put(plan, "ScenarioJob", partial(Odd, notes=notes, behave=behave))
    put(report, "drivers", lambda *_: None)  # takes long, and says nothing of such numbers


def killed_at_every_write(plan_file: Path) -> int:
    """Sweeps into one store in processes forked from this one, the first killed at its first write to disk, the second at its
    second, and so on, until one gets through; prints how many that took.
    """
    import scenarios
    from experiments.store import shards
    from experiments.sweep import plan, run

    shards.SHARD_ROWS = 10
    odd_runs(Path("notes").absolute())
    asked = plan(scenarios.load(plan_file), GRID[3:6:2], kind="grid", replications=REPLICATIONS)
    for step in count(1):
        child = os.fork()
        if child == 0:
            _die_at(step)
            run(asked.joined(Path("store")), Path("store"), Threads(1))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            print(step)
            return 0
        assert os.WIFSIGNALED(status), f"step {step}: ended with {status}"
    return 1


def _die_at(step: int) -> None:
    """kill -9 of this process at its n-th step on disk: just before it or, of a line written, in its middle."""
    left = step

    def counted(name: str) -> Any:
        real = getattr(os, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                if name == "write":
                    real(args[0], args[1][: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return call

    for name in ("replace", "rename", "fsync", "ftruncate", "write"):
        setattr(os, name, counted(name))


def _limit(room: int) -> None:
    """No file of this process may grow beyond so many bytes."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))


def exported(folder: Path) -> bytes:
    """The bytes of a store's export."""
    from experiments.store import Store, export

    out = folder.parent / f"{uuid.uuid4().hex}.parquet"
    with Store.open(folder) as store:
        export(store, out)
    data = out.read_bytes()
    out.unlink()
    return data


def finished(folder: Path) -> int:
    """How many runs a store holds now, failed ones too; 0 where there is none yet."""
    from experiments.store import Store

    if not (folder / "manifest.json").exists():
        return 0
    logging.disable(logging.WARNING)
    try:
        with Store.open(folder) as store:
            return len(store.done()) + len(store.failed())
    finally:
        logging.disable(logging.NOTSET)
