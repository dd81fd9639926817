"""How fast many runs are: `python -m benchmarks.sweeps [--only threads,kernel] [--runs N] [--rounds N] [--quick] [--json]`."""

from __future__ import annotations

import contextlib
import functools
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import keeping
from benchmarks.measure import Table, cpus, interleaved, linux, main, python, ratio, seconds
from benchmarks.same_sweep import (
    REPLICATIONS,
    Nothing,
    lishui,
    plan,
    points_of,
    seeds_of,
    with_anju,
    with_ema,
    with_mesa,
)  # fmt: skip
from experiments import executors, measures, sweep
from experiments.job import ScenarioJob
from experiments.store import Store
from experiments.sweep import report
from scenarios import assemble
from simulation import run as engine

RUNS, ROUNDS, THREADS = 1_000, 5, 2
SAMPLE = 100  # runs at most of which the kernel's time is taken, a round
TOOL_RUNS = 200  # at most, a tool and a round
SECTIONS = ("threads", "kernel", "parts", "tools", "store", "memory", "executors")
OPTIONS = {
    "only": {"metavar": "A,B", "help": f"only these sections of {', '.join(SECTIONS)}"},
    "runs": {"type": int, "metavar": "N", "help": f"runs of the sweep ({RUNS:,})"},
    "rounds": {"type": int, "metavar": "N", "help": f"rounds of what is compared ({ROUNDS})"},
}
wall = time.perf_counter


@dataclass(frozen=True)
class Size:
    """How much is done: runs of the sweep, rounds, and whether it is a trial with few households."""

    runs: int
    rounds: int
    small: bool

    def plan(self, runs: int) -> sweep.Plan:
        return plan(runs, small=self.small)


def tables(
    quick: bool, only: str | None = None, runs: int | None = None, rounds: int | None = None
) -> Iterator[Table]:
    """A sweep on one thread and two, beside the kernel alone, other tools and other executors; store and memory."""
    wanted = SECTIONS if only is None else tuple(only.split(","))
    if unknown := set(wanted) - set(SECTIONS):
        raise SystemExit(f"--only {', '.join(sorted(unknown))}: unknown; {', '.join(SECTIONS)} expected")
    size = Size(runs or (8 if quick else RUNS), rounds or (1 if quick else ROUNDS), quick)
    warm_up(size)
    if "threads" in wanted or "kernel" in wanted:
        yield from threads_and_kernel(size, wanted)
    if "parts" in wanted:
        yield parts(size)
    if "tools" in wanted:
        yield tools(size)
    if "store" in wanted:
        yield store(200 if quick else 2_000, size.rounds)
    if "memory" in wanted:
        yield memory((8, 16) if quick else (1_000, 10_000, 100_000), here=quick)
    if "executors" in wanted:
        with _crews() as crews:
            yield executors_alone(crews, 20 if quick else 2_000, size.rounds)
            yield executors_with_runs(crews, size)


def warm_up(size: Size) -> None:
    """Compile or load the compiled code, and make the households."""
    made = size.plan(2)
    made.job.run(next(made.tasks()))


# The sweep and its kernel


def threads_and_kernel(size: Size, wanted: Sequence[str]) -> Iterator[Table]:
    """Sweeps on one thread and two, taking turns with the kernel alone on one and two."""
    runs = size.plan(size.runs).count()
    kernel = _Kernel(size, min(runs, SAMPLE))
    tasks: dict[str, Callable[[], object]] = {
        "1": lambda: _swept(size, 1),
        str(THREADS): lambda: _swept(size, THREADS),
    }
    if "kernel" in wanted:
        tasks |= {"kernel 1": lambda: kernel.run(1), f"kernel {THREADS}": lambda: kernel.run(THREADS)}
    took = interleaved(tasks, size.rounds, wall)
    if "threads" in wanted:
        rows = [
            [name, statistics.median(took[name]), runs / statistics.median(took[name]), ratio(took["1"], took[name])]
            for name in ("1", str(THREADS))
        ]  # fmt: skip
        yield Table(
            f"A sweep of {runs:,} Lishui runs by threads",
            ("threads", "seconds, median", "runs a second", "times one thread"),
            rows,
            f"Goal: {THREADS} threads at least 1.7 times one. This process may use {cpus()} CPUs. "
            f"{runs // REPLICATIONS} points over subsidy and b_k x {REPLICATIONS} replications, into a store.",
        )
    if "kernel" in wanted:
        yield _against_kernel(took, runs, kernel.runs)


def _swept(size: Size, threads: int) -> list[float]:
    with executors.make("threads", workers=threads) as executor:
        return with_anju(size.plan(size.runs), executor)


class _Kernel:
    """`simulation.run.run` alone, on inputs made before, of runs all over the sweep."""

    def __init__(self, size: Size, runs: int) -> None:
        tasks = list(size.plan(size.runs).tasks())
        picked = [tasks[k * len(tasks) // runs] for k in range(runs)]
        made = {values: _inputs(values) for values in {task.values for task in picked}}
        self._work = [(made[task.values], task.seed) for task in picked]
        self.runs = runs

    def run(self, threads: int) -> None:
        if threads == 1:
            for inputs, seed in self._work:
                engine.run(inputs, seed=seed)
            return
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda one: engine.run(one[0], seed=one[1]), self._work))


def _inputs(values: Any) -> engine.Inputs:
    return assemble.inputs(lishui(), overrides=dict(values))


def _against_kernel(took: Mapping[str, Sequence[float]], runs: int, sample: int) -> Table:
    """Threads x wall of a run, in a sweep and of the kernel alone, over the kernel on one thread."""
    a_run = {
        "kernel alone, 1 thread": [s / sample for s in took["kernel 1"]],
        f"kernel alone, {THREADS} threads": [THREADS * s / sample for s in took[f"kernel {THREADS}"]],
        "sweep, 1 thread": [s / runs for s in took["1"]],
        f"sweep, {THREADS} threads": [THREADS * s / runs for s in took[str(THREADS)]],
    }
    one = a_run["kernel alone, 1 thread"]
    two = a_run[f"kernel alone, {THREADS} threads"]
    rows = [
        [name, 1e3 * statistics.median(times), ratio(times, one), ratio(times, two)]
        for name, times in a_run.items()
    ]
    columns = ("", "thread-milliseconds a run", "times the kernel on 1", f"times the kernel on {THREADS}")
    note = (
        f"Goal: the last row at most 1.15 times the kernel on 1. Thread-milliseconds are wall x threads. The kernel is "
        f"simulation.run.run for {sample} of the runs, inputs made before; its second row is what the machine takes for "
        "two at once, whatever is around it."
    )
    return Table("A sweep against its kernel", columns, rows, note)


# Where the time of a sweep goes


@dataclass
class _Clock:
    """Seconds of every call of a function, by CPU of its thread and by the wall."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def __call__(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def clocked(*args: Any, **more: Any) -> Any:
            begin, begin_cpu = wall(), time.thread_time()
            try:
                return function(*args, **more)
            finally:
                self.cpu.append(time.thread_time() - begin_cpu)
                self.wall.append(wall() - begin)

        return clocked


STEPS: dict[str, tuple[Any, str]] = {
    "kernel": (engine, "run"),
    "making inputs": (assemble, "inputs"),
    "measures": (measures, "measure"),
    "a run in all": (ScenarioJob, "run"),
    "tasks and their ids": (ScenarioJob, "task"),
    "store: append": (Store, "append"),
    "store: fold": (Store, "fold"),
}


@contextlib.contextmanager
def _clocks() -> Iterator[dict[str, _Clock]]:
    """A clock around every step of a sweep."""
    clocks = {name: _Clock() for name in STEPS}
    before = {name: getattr(owner, step) for name, (owner, step) in STEPS.items()}
    try:
        for name, (owner, step) in STEPS.items():
            setattr(owner, step, clocks[name](before[name]))
        yield clocks
    finally:
        for name, (owner, step) in STEPS.items():
            setattr(owner, step, before[name])


def parts(size: Size) -> Table:
    """One sweep on each number of threads with a clock around every step."""
    (one, bytes_), (two, _) = (_parts(size, threads) for threads in (1, THREADS))
    rows = [[name, *one[name], *two[name]] for name in one]
    columns = [
        "step",
        *(f"{t}: {kind}" for t in ("1 thread", f"{THREADS} threads") for kind in ("CPU", "wall")),
    ]
    return Table(
        "Where the time of a sweep goes, milliseconds a run",
        columns,
        rows,
        "Steps of the workers, then what the one thread that hands out and keeps runs does beside them. Wall above CPU in a "
        "step is waiting, for the interpreter's lock or for a CPU that others use. Workers idle: threads x wall less their runs. "
        "The report is made once, by `anju sweep` after its last run. "
        f"The store takes {bytes_:,.0f} bytes a run, {len(measures.columns(lishui()))} numbers each.",
    )


def _parts(size: Size, threads: int) -> tuple[dict[str, list[object]], float]:
    """CPU and wall of each step, milliseconds a run; bytes a run on the disk."""
    made = size.plan(size.runs)
    with tempfile.TemporaryDirectory() as folder, _clocks() as clocks:
        where = Path(folder) / "store"
        with executors.make("threads", workers=threads) as executor:
            took = seconds(lambda: sweep.run(made, where, executor), wall)
        bytes_ = keeping.bytes_in(where) / made.count()
        end = [seconds(lambda: report.summary(where), clock) for clock in (time.process_time, wall)]

    def each(name: str) -> tuple[float, float]:
        return sum(clocks[name].cpu), sum(clocks[name].wall)

    inside = ("kernel", "making inputs", "measures")
    rest = [whole - sum(step) for whole, *step in zip(each("a run in all"), *map(each, inside), strict=True)]
    append, fold, folds = each("store: append"), each("store: fold"), clocks["store: fold"]
    inside_append = sum(folds.cpu[:-1]), sum(folds.wall[:-1])  # the last is of closing
    found: dict[str, tuple[Any, Any]] = {f"worker: {name}": each(name) for name in inside}
    found["worker: the rest of a run"] = rest[0], rest[1]
    found["workers idle"] = "", threads * took - each("a run in all")[1]
    found["threads x wall"] = "", threads * took
    found["beside: tasks and their ids"] = each("tasks and their ids")
    found["beside: journal"] = append[0] - inside_append[0], append[1] - inside_append[1]
    found["beside: shards"] = fold
    found["at the end: report"] = end[0], end[1]
    a_run = 1e3 / made.count()
    return {
        name: [cell if cell == "" else a_run * cell for cell in cells] for name, cells in found.items()
    }, bytes_


# Other tools


def tools(size: Size) -> Table:
    """The same points and seeds in three tools, on one CPU and two; all must find the same movers."""
    made = size.plan(min(size.runs, TOOL_RUNS))
    points, seeds = points_of(made), seeds_of(made)
    found: dict[tuple[str, int], list[float]] = {}

    def anju(threads: int) -> list[float]:
        with executors.make("threads", workers=threads) as executor:
            return with_anju(size.plan(made.count()), executor)

    ways: dict[str, Callable[[int], list[float]]] = {"anju sweep": anju}
    ways["mesa.batch_run"] = lambda processes: with_mesa(points, seeds, processes)
    if find_spec("ema_workbench"):
        ways["EMA Workbench"] = lambda processes: with_ema(points, seeds, processes)
    tasks = {
        (name, n): functools.partial(lambda way, *key: found.update({key: way(key[1])}), way, name, n)
        for n in (1, THREADS)
        for name, way in ways.items()
    }
    took = interleaved(tasks, size.rounds, wall)
    rows: list[list[object]] = []
    for name, n in tasks:
        times = took[name, n]
        same = "same" if found[name, n] == found["anju sweep", 1] else "DIFFERENT"
        rows.append(
            [
                name,
                n,
                1e3 * statistics.median(times) / made.count(),
                ratio(times, took["anju sweep", n]),
                same,
            ]
        )
    if "EMA Workbench" not in ways:
        rows += [["EMA Workbench", n, "missing", "", ""] for n in (1, THREADS)]
    return Table(
        f"The same sweep in other tools, {made.count():,} runs",
        ("tool", "workers", "wall milliseconds a run", "times anju's on as many", "movers of all runs"),
        rows,
        "Threads for anju, processes for the others on two workers, their start included. anju and "
        "EMA Workbench keep all numbers of a sweep, anju in a store, EMA in memory; Mesa its twelve. Mesa steps the model month by "
        "month, and every call of the compiled driver orders the lottery and opens the accounts anew: the engine called by month "
        "takes about as much more, without Mesa.",
    )


# Store and memory


def store(runs: int, rounds: int) -> Table:
    """Keeping a run of 300 numbers, in our store and in plain files."""
    held: dict[str, int] = {}
    tasks = {
        name: functools.partial(lambda name: held.update({name: keeping.kept(name, runs)}), name)
        for name in keeping.WAYS
    }
    took = interleaved(tasks, rounds, wall)
    ours = took["anju's store"]
    rows = [
        [name, safe, 1e6 * statistics.median(took[name]) / runs, ratio(took[name], ours), held[name] / runs]
        for name, (_, safe) in keeping.WAYS.items()
    ]
    columns = ("way", "what kill -9 leaves", "microseconds a run", "times anju's", "bytes a run on disk")
    note = "Numbers that do not compress, 8 bytes each; real runs take less, because many of their numbers are round."
    return Table(f"Keeping {runs:,} runs of {len(Nothing.columns)} numbers", columns, rows, note)


def memory(counts: Sequence[int], here: bool) -> Table:
    """Time and memory of sweeps of ever more runs that cost nothing, each in a process of its own."""
    columns = ("runs", "microseconds a run", "peak above before, MB", "bytes a run more than the row above")
    title = "Many runs that cost nothing"
    if not linux():
        return Table(title, columns, [["only measured on Linux", "", "", ""]])
    rows: list[list[object]] = []
    before = None
    for runs in counts:
        done, took, peak = keeping.grown(runs, small=True) if here else _grown_apart(runs)
        more = "" if before is None else (peak - before[1]) / (done - before[0])
        rows.append([int(done), 1e6 * took / done, peak / 1e6, more])
        before = done, peak
    note = (
        "The whole of a sweep but its runs, which leave as many numbers as a run of Lishui: design, ids, threads, journal, shards. "
        "Goal: flat, less than 500 bytes a run: design and ids grow, but a row that stayed in memory would take over 2,000."
    )
    return Table(title, columns, rows, note)


def _grown_apart(runs: int) -> list[float]:
    code = f"import json; from benchmarks import keeping; print(json.dumps(keeping.grown({runs})))"
    return json.loads(python("-c", code).splitlines()[-1])


# Executors

EXECUTORS = ("threads", "processes", "dask")


@contextlib.contextmanager
def _crews() -> Iterator[dict[str, Any]]:
    """Every executor that is installed here, with two workers."""
    with contextlib.ExitStack() as stack:
        names = [name for name in EXECUTORS if name != "dask" or find_spec("distributed")]
        yield {name: stack.enter_context(executors.make(name, workers=THREADS)) for name in names}


def _missing(took: Mapping[str, object]) -> list[list[object]]:
    return [[name, "missing", ""] for name in EXECUTORS if name not in took]


def executors_alone(crews: Mapping[str, Any], runs: int, rounds: int) -> Table:
    """What an executor adds to a run: a job that does nothing, on workers that are there already."""
    job = Nothing()

    def work(crew: Any, n: int) -> None:
        if sum(done.error == "" for done in crew.run(job, job.tasks(n))) != n:
            raise RuntimeError("runs that do nothing have failed")

    for crew in crews.values():
        work(crew, 2 * THREADS)
    took = interleaved({name: functools.partial(work, crews[name], runs) for name in crews}, rounds, wall)
    rows: list[list[object]] = [
        [name, 1e6 * statistics.median(times) / runs, ratio(times, took["threads"])]
        for name, times in took.items()
    ]
    rows += _missing(took)
    columns = ("executor", "microseconds a run", "times threads")
    note = "Wall. A run's result is 300 numbers, which processes and Dask send."
    return Table(f"Executors, {THREADS} workers, {runs:,} runs that do nothing", columns, rows, note)


def executors_with_runs(crews: Mapping[str, Any], size: Size) -> Table:
    """The same Lishui runs by every executor, on workers that have run before."""
    runs = min(size.runs, SAMPLE)

    def work(crew: Any, n: int) -> None:
        made = size.plan(n)
        if failed := [done.error for done in crew.run(made.job, made.tasks()) if done.error]:
            raise RuntimeError(failed[0])

    for crew in crews.values():
        work(crew, 2 * THREADS)  # each worker loads the compiled code and makes the households
    took = interleaved(
        {name: functools.partial(work, crews[name], runs) for name in crews}, size.rounds, wall
    )
    count = size.plan(runs).count()
    rows: list[list[object]] = [
        [name, 1e3 * statistics.median(times) / count, ratio(times, took["threads"])]
        for name, times in took.items()
    ]
    rows += _missing(took)
    columns = ("executor", "wall milliseconds a run", "times threads")
    return Table(f"Executors, {THREADS} workers, {count:,} Lishui runs", columns, rows, "Without a store.")


if __name__ == "__main__":
    main(tables, options=OPTIONS)
