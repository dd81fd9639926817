"""How fast runs are on this machine: `make bench`. One scenario, its central values, one thread and all of them."""

from __future__ import annotations

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import scenarios
from experiments.study import cpus
from scenarios import assemble
from simulation.run import run

RUNS = 8  # a thread


def main(name: str = "lishui") -> None:
    """Print seconds a run and million household-months a second."""
    start = time.perf_counter()
    inputs = assemble.inputs(scenarios.load(name))
    built = time.perf_counter()
    run(inputs, seed=0)
    ready = time.perf_counter()
    households = len(inputs.population.county)
    print(f"{name}: {households:,} households x {inputs.months} months")
    print(f"inputs {built - start:.2f} s, first run with loading or compiling {ready - built:.2f} s")

    def seconds(seed: int) -> float:
        begin = time.perf_counter()
        run(inputs, seed=seed)
        return time.perf_counter() - begin

    for threads in sorted({1, cpus()}):
        begin = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            each = list(pool.map(seconds, range(RUNS * threads)))
        rate = RUNS * threads * households * inputs.months / (time.perf_counter() - begin) / 1e6
        print(
            f"{threads} threads: {statistics.median(each):.3f} s a run, {rate:.1f} million household-months a second"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
