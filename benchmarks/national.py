"""One run of the national programme at full size, beside Gansu's: `python -m benchmarks.national [--quick] [--json]`.

2.8 million households, 84 months: what it takes on this machine in seconds and memory, and what a household's month costs
against Gansu's, run by the same code in the same minutes.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Iterator
from typing import TypedDict

import numpy as np

import scenarios
from benchmarks import measure, speed
from scenarios import assemble
from simulation import run as engine
from simulation.run import Inputs

NAMES = ("gansu", "history/china")
QUICK = 0.01  # of every programme, to show that it works


class Cost(TypedDict):
    """What one run took; seconds by the wall and of the CPU, megabytes at the peak (0 where not measured)."""

    households: int
    months: int
    making: float
    running: float
    cpu: float
    megabytes: float


def share_of(name: str, share: float) -> Inputs:
    """A share of a programme: of its pool, and of what the region gives in all (budgets, jobs, homes).

    Villages stay as many as there are households for, so at a small share they are smaller than they were.
    """
    scenario = scenarios.load(name)
    pool = scenario.values["pool_persons"].at(0) * share
    made = assemble.inputs(scenario, overrides={"pool_persons": pool})
    if share == 1.0:
        return made
    for total in measure.TOTALS:
        made.policy[total] *= share
    places = made.institutions._replace(ready=np.floor(made.institutions.ready * share))
    return dataclasses.replace(made, institutions=places)


def cost(name: str, share: float) -> Cost:
    """Make the households of a programme and run it once, in this process."""
    speed.warm_up(measure.lishui(1_000))
    if measure.linux():
        measure.settled()
    begin = time.perf_counter()
    inputs = share_of(name, share)
    made = time.perf_counter()
    cpu = measure.seconds(lambda: engine.run(inputs, seed=1))
    done = time.perf_counter()
    peak = measure.resident("VmHWM") / 1e6 if measure.linux() else 0.0
    households = len(inputs.population.county)
    return Cost(
        households=households, months=inputs.months, making=made - begin, running=done - made, cpu=cpu,
        megabytes=peak,
    )  # fmt: skip


def tables(quick: bool) -> Iterator[measure.Table]:
    """One run of Gansu and of the national programme, each in a process of its own, one after the other."""
    share = QUICK if quick else 1.0
    yield table({name: _apart(name, share) for name in NAMES})


def table(costs: dict[str, Cost]) -> measure.Table:
    """The costs side by side; a household's month in CPU seconds over that of the first."""
    per_month = {name: c["cpu"] / (c["households"] * c["months"]) for name, c in costs.items()}
    first = next(iter(per_month.values()))
    columns = (
        "programme", "households", "months", "making them, s", "run, s", "CPU of the run, s", "peak memory, MB",
        "households x months a second", "a household's month, ratio",
    )  # fmt: skip
    rows = [
        [
            name, c["households"], c["months"], c["making"], c["running"], c["cpu"],
            c["megabytes"] or "only measured on Linux", c["households"] * c["months"] / c["running"],
            per_month[name] / first,
        ]
        for name, c in costs.items()
    ]  # fmt: skip
    note = "Goal for the national programme: 8,000 MB and a few minutes. The ratio is of CPU seconds, over the first line's."
    return measure.Table("The national programme at full size", columns, rows, note)


def _apart(name: str, share: float) -> Cost:
    code = (
        f"import json; from benchmarks import national; print(json.dumps(national.cost({name!r}, {share!r})))"
    )
    return json.loads(measure.python("-c", code).splitlines()[-1])


if __name__ == "__main__":
    sys.exit(measure.main(tables))
