"""What the benchmarks share: timing side by side, tables, and Lishui at any size."""

from __future__ import annotations

import argparse
import ctypes
import dataclasses
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import scenarios
from scenarios import assemble
from simulation.households import Population, Villages
from simulation.run import Inputs

# What the region gives in all, and so grows with the number of its households.
TOTALS = (
    "budget_central_yuan_per_year", "budget_province_yuan_per_year", "budget_city_yuan_per_year",
    "budget_county_yuan_per_year", "bridge_finance_yuan", "jobs_budget_yuan_per_year", "workshop_openings_per_year",
    "service_openings_per_year", "public_posts", "startup_places_per_year", "training_seats_per_year",
    "quota_cap_mu_per_year", "land_sale_yuan_per_year", "village_posts", "village_workshop_jobs",
    "village_training_per_year", "transfer_places_per_year", "school_places_per_year", "idle_houses_per_year",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Table:
    """One table of results; a cell is text or a number."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    note: str = ""

    def markdown(self) -> str:
        lines = [f"### {self.title}", "", _line(self.columns), _line(["---"] * len(self.columns))]
        lines += [_line(map(_text, row)) for row in self.rows]
        return "\n".join(lines + (["", self.note] if self.note else [])) + "\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _text(cell: object) -> str:
    if not isinstance(cell, float):
        return f"{cell:,}" if isinstance(cell, int) else str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"


def main(
    tables: Callable[..., Iterable[Table]],
    argv: Sequence[str] | None = None,
    *,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Print the tables as Markdown, each as soon as it is there, or all of them as JSON.

    `options` are more keywords of `tables` than `quick`, each with how argparse is to read it.
    """
    parser = argparse.ArgumentParser(description=tables.__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes: shows that it works, measures nothing"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    for name, how in (options or {}).items():
        parser.add_argument(f"--{name}", **how)
    asked = parser.parse_args(argv)
    more = {name: getattr(asked, name) for name in options or {}}
    load = _load()
    machine = {
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": cpus(),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("anju", "numba", "numpy", "mesa")},
        **{name: metadata.version(name) for name in ("ema_workbench", "distributed") if find_spec(name)},
    }
    if asked.json:
        found = [dataclasses.asdict(table) for table in tables(asked.quick, **more)]
        print(
            json.dumps({"machine": machine, "load": [load, _load()], "quick": asked.quick, "tables": found})
        )
        return
    print(", ".join(f"{name} {value}" for name, value in machine.items()), end="\n\n")
    for table in tables(asked.quick, **more):
        print(table.markdown(), flush=True)
    print(f"Load when starting {load}, at the end {_load()}; one busy benchmark thread counts 1.")


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def cpus() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def seconds(task: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Seconds of the CPU, which a busy machine disturbs least; the wall's with `time.perf_counter`."""
    begin = clock()
    task()
    return max(clock() - begin, 1e-9)  # Windows counts CPU time in steps of 16 ms


def interleaved(
    tasks: Mapping[Any, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> dict:
    """Seconds of every task in every round: tasks take turns, so that a busy machine slows all of them alike."""
    times = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            times[name].append(seconds(task, clock))
    return times


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """How many times faster: the median of the rounds' ratios."""
    return statistics.median(s / f for s, f in zip(slow, fast, strict=True))


def python(*arguments: str, cache: str = "") -> str:
    """What a Python process of its own prints; with a folder for compiled code, or the user's."""
    root = str(Path(__file__).resolve().parent.parent)
    env = os.environ | {"PYTHONPATH": root} | ({"ANJU_CACHE_DIR": cache} if cache else {})
    return subprocess.run(
        [sys.executable, *arguments], check=True, capture_output=True, text=True, env=env
    ).stdout


def linux() -> bool:
    """Whether the system tells the memory of a process as we read it."""
    return sys.platform.startswith("linux")


def settled() -> int:
    """Bytes resident once what is free has been given back; the peak `resident("VmHWM")` starts anew. Linux only."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return resident("VmRSS")


def resident(name: str) -> int:
    """Bytes of memory resident now, "VmRSS", or at the peak, "VmHWM". Linux only."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return 1024 * int(line.split()[1])
    raise RuntimeError(f"no {name} in /proc/self/status")


def lishui(households: int) -> Inputs:
    """Lishui with about so many households, earlier movers included."""
    return sized("lishui", households)


def sized(name: str, households: int) -> Inputs:
    """A region with about so many households, earlier movers and reserve included.

    Villages are taken more than once or left out; budgets, homes and jobs grow with the households, so that
    a household's month is the same work at every size.
    """
    scenario = scenarios.load(name)
    whole = assemble.inputs(scenario)
    villages = whole.institutions.villages
    sizes = np.diff(villages.first)
    factor = households / sizes.sum()
    pick = np.arange(round(len(sizes) * factor)) * len(sizes) // round(len(sizes) * factor)
    rows = np.concatenate([np.arange(villages.first[v], villages.first[v + 1]) for v in pick])
    columns = {name: column[rows] for name, column in whole.population._asdict().items()}
    columns["village"] = np.repeat(np.arange(len(pick), dtype=np.int32), sizes[pick])
    first = np.concatenate([[0], np.cumsum(sizes[pick])])
    places = {name: column[pick] for name, column in villages._asdict().items() if name != "first"}
    made = assemble.inputs(scenario, households=(Population(**columns), Villages(first=first, **places)))
    for name in TOTALS:
        made.policy[name] *= factor
    homes = np.floor(made.institutions.ready * factor)
    return dataclasses.replace(made, institutions=made.institutions._replace(ready=homes))
