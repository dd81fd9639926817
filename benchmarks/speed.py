"""How fast a run of the real model is: `python -m benchmarks.speed [--quick] [--json]`."""

from __future__ import annotations

import functools
import json
import statistics
import tempfile
import time
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import scenarios
from benchmarks.measure import (
    Table,
    cpus,
    interleaved,
    linux,
    lishui,
    main,
    python,
    ratio,
    resident,
    seconds,
    settled,
    sized,
)  # fmt: skip
from scenarios import assemble
from simulation import month
from simulation import run as engine

HOUSEHOLDS, MONTHS = 30_000, 36


def tables(quick: bool) -> Iterator[Table]:
    """The time of one run, by step and by size; threads, memory, and the time to start."""
    inputs = lishui(1_000 if quick else HOUSEHOLDS)
    months = 3 if quick else MONTHS
    rounds = 1 if quick else 5
    warm_up(inputs)
    yield one_run(inputs, months, rounds)
    yield by_step(inputs, months, rounds)
    yield by_size(
        (1_000, 2_000) if quick else (1_000, 10_000, 100_000, 1_000_000), 3 if quick else 12, rounds
    )
    yield programmes(quick, rounds)
    yield threads(inputs, months, rounds, runs=1 if quick else 8)
    yield memory(
        (("lishui", 1_000),) if quick else (("lishui", 300_000), ("gansu", 173_900), ("yueyang", 600_000)),
        here=quick,
    )
    if not quick:  # these are minutes when nothing is compiled yet
        yield start()


def warm_up(inputs: engine.Inputs) -> None:
    """Compile, or load the compiled code."""
    engine.run(inputs, seed=0, months=1)


def one_run(inputs: engine.Inputs, months: int, rounds: int) -> Table:
    """One replication on one core."""
    households = len(inputs.population.county)
    rows = []
    for name, clock in (("CPU", time.process_time), ("wall", time.perf_counter)):
        took = [seconds(lambda r=r: engine.run(inputs, seed=r, months=months), clock) for r in range(rounds)]
        middle = statistics.median(took)
        rows.append([name, middle, min(took), households * months / middle / 1e6])
    title = f"One replication of Lishui, {households:,} households x {months} months, one core"
    columns = ("clock", "seconds, median", "fastest", "million household-months a second")
    return Table(title, columns, rows, "Goal: less than 0.1 s.")


def by_step(inputs: engine.Inputs, months: int, rounds: int) -> Table:
    """The real month with a clock around every step: the driver as plain Python over the compiled steps."""
    spent: dict[str, list[float]] = {}
    calls: dict[str, int] = {}
    one_month = _clocked_steps(month.month, spent, calls)
    driver = _clocked_steps(month.advance, spent, calls, month=one_month)
    by_hand = functools.partial(_run_with, driver, inputs, months=months)
    compiled = functools.partial(_run_with, month.advance, inputs, months=months)
    if by_hand().tobytes() != compiled().tobytes():  # compiles the steps, too
        raise RuntimeError("the steps one by one gave another result than the driver")
    spent.clear()
    calls.clear()
    took = interleaved({"steps": by_hand, "driver": compiled}, rounds)
    work = len(inputs.population.county) * months
    mean = {name: sum(times) / rounds for name, times in spent.items()}
    whole = sum(mean.values()) or 1e-9
    rows: list[list[object]] = [
        [name, calls[name] // rounds, 1e3 * value, 1e9 * value / work, f"{value / whole:.1%}"]
        for name, value in sorted(mean.items(), key=lambda item: -item[1])
    ]
    rows.append(["all steps", sum(calls.values()) // rounds, 1e3 * whole, 1e9 * whole / work, "100%"])
    driver_took = statistics.mean(took["driver"])
    rows.append(
        [
            "the driver, all compiled",
            1,
            1e3 * driver_took,
            1e9 * driver_took / work,
            f"{driver_took / whole:.1%}",
        ]
    )
    return Table(
        "Where the time goes",
        ("step", "calls", "milliseconds", "ns a household-month", "share"),
        rows,
        "Each step is called from Python, which costs some 0.03 ms a call. Means of the rounds.",
    )


def _clocked_steps(loop: Any, spent: dict, calls: dict, **names: Callable) -> Callable:
    """The loop as plain Python, a clock around each compiled step it calls."""
    known = dict(loop.py_func.__globals__)
    for name in loop.py_func.__code__.co_names:
        if hasattr(known.get(name), "py_func"):
            known[name] = _clocked(name, known[name], spent, calls)
    return types.FunctionType(loop.py_func.__code__, known | names)


def _clocked(name: str, step: Callable, spent: dict[str, list[float]], calls: dict[str, int]) -> Callable:
    def called(*args):
        begin = time.thread_time()
        found = step(*args)
        spent.setdefault(name, []).append(time.thread_time() - begin)
        calls[name] = calls.get(name, 0) + 1
        return found

    return called


def _run_with(driver: Callable, inputs: engine.Inputs, *, months: int) -> np.ndarray:
    """`simulation.run.run` with another driver; the county outcomes."""
    kept = engine.advance
    engine.advance = driver
    try:
        return engine.run(inputs, seed=1, months=months).outcomes.county
    finally:
        engine.advance = kept


# What a replication of the large programmes may take, seconds on one core after warm-up.
PROGRAMMES = (("lishui", HOUSEHOLDS, MONTHS, 0.1), ("gansu", 173_900, 60, 1.0), ("yueyang", 600_000, 60, 4.0))


def programmes(quick: bool, rounds: int) -> Table:
    """One replication of each large programme at full scale, side by side with Lishui."""
    tasks, work, goals = {}, {}, {}
    for name, households, months, goal in PROGRAMMES:
        inputs = sized(name, 1_000 if quick else households)
        months = 3 if quick else months
        warm_up(inputs)
        n = len(inputs.population.county)
        tasks[name] = functools.partial(engine.run, inputs, seed=1, months=months)
        work[name], goals[name] = (n, months), goal
    took = interleaved(tasks, max(1, rounds - 2))
    rows = []
    for name, (n, months) in work.items():
        middle = statistics.median(took[name])
        per_month = [s * 30_000 * MONTHS / (n * months) for s in took[name]]
        cost = 1e9 * middle / n / months
        same_work = (
            ratio(per_month, took["lishui"]) * (work["lishui"][0] * work["lishui"][1]) / (30_000 * MONTHS)
        )
        rows.append([name, n, months, middle, min(took[name]), goals[name], cost, same_work])
    columns = ("programme", "households", "months", "seconds, median", "fastest", "goal, less than",
               "ns a household-month", "times Lishui's")  # fmt: skip
    return Table("The programmes, one replication on one core", columns, rows, "CPU seconds, taking turns.")


def by_size(sizes: tuple[int, ...], months: int, rounds: int) -> Table:
    """Whether a household costs the same however many there are."""
    tasks, households = {}, {}
    for size in sizes:
        inputs = lishui(size)
        households[size] = len(inputs.population.county)
        repeats = max(1, min(sizes[-1] // 10, 10_000) // size)
        tasks[size] = functools.partial(_repeat, inputs, months, repeats)
        households[size] *= repeats
    took = interleaved(tasks, max(1, rounds - 2))
    cost = {size: 1e9 * statistics.median(took[size]) / households[size] / months for size in sizes}
    rows = [[size, cost[size], cost[size] / min(cost.values())] for size in sizes]
    title = f"Cost by number of households, {months} months, one core"
    return Table(
        title, ("households", "ns a household-month", "relative"), rows, "Goal: the same at every size."
    )


def _repeat(inputs: engine.Inputs, months: int, repeats: int) -> None:
    for seed in range(repeats):
        engine.run(inputs, seed=seed, months=months)


def threads(inputs: engine.Inputs, months: int, rounds: int, runs: int) -> Table:
    """Replications a second with one thread and with two."""

    def on(workers: int) -> None:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda seed: engine.run(inputs, seed=seed, months=months), range(runs)))

    took = interleaved({"1": lambda: on(1), "2": lambda: on(2)}, rounds, time.perf_counter)
    rows = [[name, runs / statistics.median(times), ratio(took["1"], times)] for name, times in took.items()]
    note = f"Goal: two threads at least 1.7 times one. This process may use {cpus()} CPUs."
    return Table("Threads", ("threads", "replications a second", "times one thread"), rows, note)


def memory(sizes: tuple[tuple[str, int], ...], here: bool) -> Table:
    """Bytes a household: the highest resident memory since just before the households were made, over their number."""
    rows = [[name, *(peak(name, size) if here else _peak_apart(name, size))] for name, size in sizes]
    columns = (
        "programme",
        "households",
        "making them, bytes each",
        "making them and a run, bytes each",
        "kept, bytes each",
    )
    note = "Goal: at most 400. Kept is what the households and the run hold at the end, results included."
    return Table("Memory", columns, rows, note)


def _peak_apart(name: str, households: int) -> list[object]:
    code = f"import json; from benchmarks import speed; print(json.dumps(speed.peak({name!r}, {households})))"
    return json.loads(python("-c", code).splitlines()[-1])


def peak(name: str, households: int) -> list[object]:
    """Households made; bytes each at the peak of making them, at the peak of all, and at the end. Linux only."""
    scenario = scenarios.load(name)
    plain = assemble.inputs(scenario)
    persons = plain.population.members[plain.population.earlier == 0].sum()
    warm_up(plain)
    wanted = {"pool_persons": float(round(persons * households / len(plain.population.county)))}
    del plain
    if not linux():
        return [households, *["only measured on Linux"] * 3]
    before = settled()  # what compiling left behind must not be taken for the households'
    inputs = assemble.inputs(scenario, overrides=wanted)
    made = resident("VmHWM")
    result = engine.run(inputs, seed=1, months=12)
    n = len(result.households)
    return [n, *((value - before) / n for value in (made, resident("VmHWM"), resident("VmRSS")))]


def start() -> Table:
    """From nothing to the first result: a new cache, a full cache, and the command."""
    month = "from benchmarks import speed; speed.warm_up(speed.lishui(1000))"
    with tempfile.TemporaryDirectory() as folder:
        first, again = (_wall(folder, "-c", month) for _ in range(2))
        command = (
            "-m",
            "experiments",
            "run",
            "lishui",
            "--replications",
            "1",
            "--no-figures",
            "--out",
            folder,
        )
        _, warm = (_wall(folder, *command) for _ in range(2))
    rows = [
        ["first month, nothing compiled yet", first, "40"],
        ["first month, compiled code in the cache", again, ""],
        ["anju run lishui --replications 1 --no-figures, warm", warm, "2"],
    ]
    note = "Wall clock, each in a process of its own; imports count."
    return Table("Starting", ("", "seconds", "goal, less than"), rows, note)


def _wall(cache: str, *arguments: str) -> float:
    return seconds(lambda: python(*arguments, cache=cache), time.perf_counter)


if __name__ == "__main__":
    main(tables)
