"""How the share of futures that reach a target moves with one lever, all other levers as the policy has them.

Every level of the lever meets the same futures under the same luck, so that levels differ by nothing but the lever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.design import Design
from experiments.intervals import wilson
from experiments.vary import Factor, levers
from scenarios.errors import InputError

if TYPE_CHECKING:
    from experiments.job import ScenarioJob
    from experiments.question import Question
    from experiments.reach.runs import Bench, Runs
    from scenarios.scenario import Scenario

LEVELS = 7  # of the lever, where none are given
FUTURES = 100  # a level, at most
OPTION = "--lever"


@dataclass(frozen=True)
class Level:
    """One value of the lever: how many of its runs reach the target, and a Wilson 95 % interval of this level alone.

    `value` is in base units. Failed runs count neither way; shares are NaN where no run went well.
    """

    value: float
    hits: int
    runs: int
    failed: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """The levels, rising; `as_is` is the policy as it stands in the same futures, its value None where it changes with time."""

    lever: Factor
    levels: tuple[Level, ...]
    as_is: Level
    central: float | None


def lever_of(scenario: Scenario, text: str) -> Factor:
    """The lever of `subsidy` or `subsidy=5000..35000:7`. Raises InputError for what is no single lever."""
    found = levers(scenario, text, where=OPTION)
    if len(found) != 1:
        raise InputError(
            [f"{OPTION} {text}: {len(found)} levers given, one expected, for example {OPTION} subsidy"]
        )
    return found[0]


def values_of(lever: Factor) -> tuple[float, ...]:
    """The levels that are run: those asked for, else LEVELS of them, evenly spaced."""
    return tuple(float(f"{value:.12g}") for value in lever.evenly(LEVELS))


def run(
    bench: Bench, job: ScenarioJob, lever: Factor, factors: Sequence[Factor], futures: np.ndarray, prior: str,
    columns: Sequence[str],
) -> dict[float, Runs]:  # fmt: skip
    """Do the runs of each level in the same `futures` (futures, factors); the runs by level."""
    names = (*(factor.name for factor in factors), lever.name)
    found = {}
    for value in values_of(lever):
        values = np.column_stack([futures, np.full(len(futures), value)])
        design = Design(names, values, "futures", {"prior": prior, "lever": lever.name}, (*factors, lever))
        found[value] = bench.run(store_of(lever, value), job, design, columns)
    return found


def store_of(lever: Factor, value: float) -> str:
    """What the store of one level is called."""
    return f"lever-{lever.name}-{value:.12g}"


def curve_of(lever: Factor, runs: dict[float, Runs], as_is: Runs, futures: int, question: Question) -> Curve:
    """What the runs of the levels say, beside those of the policy as it is in the same first `futures`."""
    column = question.column
    found = tuple(
        _level(value, one.of(column), one.failed[:, 0], question) for value, one in sorted(runs.items())
    )
    stands = _level(
        float("nan") if lever.central is None else lever.central, as_is.of(column)[:futures],
        as_is.failed[:futures, 0], question,
    )  # fmt: skip
    return Curve(lever, found, stands, lever.central)


def _level(value: float, outcome: np.ndarray, failed: np.ndarray, question: Question) -> Level:
    reached = question.reached(outcome[~failed])
    hits, n = int(reached.sum()), len(reached)
    if not n:
        return Level(value, 0, 0, int(failed.sum()), *[float("nan")] * 3)
    return Level(value, hits, n, int(failed.sum()), hits / n, *wilson(hits, n))
