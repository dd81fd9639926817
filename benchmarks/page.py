"""How long from a slider to the picture: `python -m benchmarks.page [--quick] [--regions lishui,gansu]`.

Seconds of the wall, and beside them how many bare replications of the region that is, both measured in turns in one run.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import httpx

from benchmarks.measure import Table, cpus, main
from experiments import design, study
from experiments.page import serve
from experiments.page.live import FIRST_SLICE, Engine
from experiments.page.settings import Catalogue
from simulation import run as engine_run

REGIONS = ("lishui", "jiaojiang", "gansu", "yueyang")
ROUNDS = 3
OPTIONS = {
    "regions": {"help": "regions, comma-separated", "default": ",".join(REGIONS)},
    "rounds": {"help": "slider moves a region", "type": int, "default": ROUNDS},
    "futures": {"help": "futures of an answer (as the page's)", "type": int, "default": None},
}


class Move(NamedTuple):
    """One slider move: seconds to the first answer and to all futures; of one bare run; futures at first and in all."""

    first: float
    all: float
    bare: float
    few: int
    futures: int


def tables(
    quick: bool, regions: str = "lishui", rounds: int = ROUNDS, futures: int | None = None
) -> Iterator[Table]:
    """From a slider to the first answer and to all futures, by region, over one bare replication."""
    names = ("lishui",) if quick else tuple(regions.split(","))
    found = {
        name: moves(name, rounds=1 if quick else rounds, futures=2 if quick else futures) for name in names
    }
    columns = (
        "region", "futures", "bare run, s", "first answer, s", "over bare", "at futures", "all futures, s", "over bare",
        "over bare x futures / CPUs",
    )  # fmt: skip
    yield Table("From slider to picture", columns, [_row(name, one) for name, one in found.items()],
                "The plan's own runs were there; medians of the moves. A bare run is its inputs and the engine.")  # fmt: skip
    yield cancelled(names[0])


def _row(name: str, found: Sequence[Move]) -> list[object]:
    middle = Move(*(statistics.median(column) for column in zip(*found, strict=True)))
    over = statistics.median(move.first / move.bare for move in found)
    whole = statistics.median(move.all / move.bare for move in found)
    return [
        name, int(middle.futures), middle.bare, middle.first, over, int(middle.few), middle.all, whole,
        whole * cpus() / middle.futures,
    ]  # fmt: skip


def moves(name: str, *, rounds: int, futures: int | None) -> list[Move]:
    """Slider moves over a real server, bare runs in between while it rests."""
    catalogue, engine = Catalogue(name), Engine(futures=futures)
    server, listening = serve.make(catalogue, engine), serve.listen(0)

    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    lever = next(lever for lever in catalogue.levers(name) if lever.key.startswith("loan_limit"))
    values = [lever.min + (lever.max - lever.min) * (k + 1) / (rounds + 2) for k in range(rounds)]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=None) as client:
            _followed(client, f"scenario={name}")  # the plan's runs
            return [
                _move(client, catalogue, name, f"{lever.key}={value:.0f}", k)
                for k, value in enumerate(values)
            ]
    finally:
        server.should_exit = True
        thread.join()
        engine.close(10.0)


def _move(client: httpx.Client, catalogue: Catalogue, name: str, lever: str, future: int) -> Move:
    bare = _bare(catalogue, name, future)
    first, whole, few, futures = _followed(client, f"scenario={name}&set={lever}")
    return Move(first, whole, bare, few, futures)


def _followed(client: httpx.Client, query: str) -> tuple[float, float, int, int]:
    """Seconds to the first answer and to the last, and the futures of both."""

    began, seen = time.perf_counter(), []
    with client.stream("GET", f"/api/live?{query}") as response:
        name = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name == "answer":
                answer = json.loads(line.removeprefix("data: "))
                seen.append((time.perf_counter() - began, answer["done"]))
    return seen[0][0], seen[-1][0], seen[0][1], seen[-1][1]


def _bare(catalogue: Catalogue, name: str, future: int) -> float:
    """Seconds of one replication of the plan, its inputs made anew."""
    plan = catalogue.plan(name)
    names, table = design.points(plan, 50, 2)  # futures whose households no cache holds
    values = dict(zip(names, map(float, table[future]), strict=True))
    began = time.perf_counter()
    engine_run.run(study.inputs_of(plan, values), seed=study.run_seed(1, 0))
    return time.perf_counter() - began


def cancelled(name: str) -> Table:
    """From the end of a ticket to threads that are free."""
    catalogue, engine = Catalogue(name), Engine()
    plan, times = catalogue.plan(name), []
    for k in range(5):
        setting = catalogue.setting(name, [f"loan_limit_yuan={10_000 * (k + 1) + 100_000}"])
        ticket = engine.ask(catalogue.scenario(setting), plan)
        time.sleep(0.5)
        began = time.perf_counter()
        engine.end(ticket)
        while engine.hand:
            time.sleep(0.001)
        times.append(time.perf_counter() - began)
    engine.close(10.0)
    return Table("From a newer move to free threads", ("region", "median, s", "longest, s"),
                 [[name, statistics.median(times), max(times)]], f"first slice {FIRST_SLICE:,} household months")  # fmt: skip


if __name__ == "__main__":
    main(tables, options=OPTIONS)
