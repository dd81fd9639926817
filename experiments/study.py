"""A study: one scenario at many points of its uncertainties, each repeated with fresh draws.

Replication r has the same seed at every point and under every policy (common random numbers): draws are keyed
by seed, process, household and month, so two runs of one replication differ only by what their inputs change.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING

import numpy as np

from experiments import design as designs
from experiments.files import digest
from scenarios.errors import InputError
from scenarios.scenario import POOL
from simulation.households import CLASSES, Population, Villages
from simulation.ledger import FLOWS
from simulation.outcomes import AREAS, COMPONENTS, GROUPS, INCOMES, INDICATORS, SITE, URBAN_INCOME, WHY

if TYPE_CHECKING:
    from experiments.given import Posterior
    from scenarios.scenario import Scenario
    from simulation.run import Inputs

FORMAT = 1  # of the study id

WITHHELD = 0.05
"""Share of grants withheld at random in the one extra run a point that measures the effect of moving."""

THREADS = "anju-run"  # what the threads of a study are called

LIBRARIES = ("mesa", "numpy", "numba", "llvmlite", "scipy", "pyarrow")


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that results depend on."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in LIBRARIES}


@dataclass(frozen=True, eq=False)
class Study:
    """What a study leaves, in run order: point by point, inside a point replication by replication.

    Money is in fen; every float array is f8. `design` has no columns when only the central values were run.
    """

    scenario: Scenario
    seed: int
    uncertainties: tuple[str, ...]
    design: np.ndarray  # (points, uncertainties), base units
    runs: np.ndarray  # i8 (runs, 3): point, replication, seed
    county: np.ndarray  # (runs, months, counties, INDICATORS)
    mode: np.ndarray  # (runs, months, modes): persons, cumulative, at `keys`
    klass: np.ndarray  # (runs, months, CLASSES): the same by priority class
    income: np.ndarray  # (runs, months, GROUPS, INCOMES)
    ledger: np.ndarray  # (runs, months, FLOWS): all counties
    why: np.ndarray  # (runs, counties, WHY, 2): households, persons
    county_income: np.ndarray  # (runs, counties, GROUPS, INCOMES): the last 12 months
    site: np.ndarray  # (runs, sites, SITE): the last month
    urban: np.ndarray  # (runs, months, AREAS, COMPONENTS); all 0 where no accounts are kept
    urban_income: np.ndarray  # (runs, months, URBAN_INCOME)
    effect_income: np.ndarray  # (points, months, GROUPS, INCOMES): one more run a point, some grants withheld
    populations: tuple[str, ...]  # population hash of each point
    model_hash: str
    version: str
    id: str
    given: Posterior | None = None  # what points were drawn from, if not from the stated ranges

    @property
    def points(self) -> int:
        return len(self.design)

    @property
    def replications(self) -> int:
        return len(self.runs) // len(self.design)

    @property
    def months(self) -> int:
        return self.county.shape[1]

    @cached_property
    def region(self) -> np.ndarray:
        """Indicators summed over counties, (runs, months, INDICATORS)."""
        return self.county.sum(axis=2)

    def indicator(self, name: str) -> np.ndarray:
        """One indicator by county, (runs, months, counties)."""
        return self.county[..., INDICATORS.index(name)]

    def by_point(self, values: np.ndarray) -> np.ndarray:
        """Values by run reshaped to (points, replications, ...)."""
        return values.reshape(self.points, self.replications, *values.shape[1:])


def run_study(
    scenario: Scenario,
    *,
    points: int = 50,
    replications: int = 2,
    seed: int = 1,
    threads: int | None = None,
    households: tuple[Population, Villages] | None = None,
    given: Posterior | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Study:
    """Run every point `replications` times, and once more with some grants withheld, on `threads` threads.

    `households` replaces the synthetic population, whose size is then known and no longer uncertain. With `given` points are
    drawn from that posterior.
    `progress(done, total)` is called from the calling thread. Results do not depend on `threads`.
    Raises ValueError for impossible numbers.
    """
    check_numbers(seed, replications=replications, threads=threads)
    known = () if households is None else POOL
    names, table = designs.points(scenario, points, seed, without=known, given=given)
    seeds = [run_seed(seed, replication) for replication in range(replications)]
    runs = np.array([(p, r, s) for p in range(len(table)) for r, s in enumerate(seeds)], np.int64)
    n, counties, months = len(runs), len(scenario.counties), scenario.months
    arrays = dict(
        county=np.empty((n, months, counties, len(INDICATORS))),
        mode=np.empty((n, months, len(scenario.modes))),
        klass=np.empty((n, months, len(CLASSES))),
        income=np.empty((n, months, len(GROUPS), len(INCOMES))),
        county_income=np.empty((n, counties, len(GROUPS), len(INCOMES))),
        site=np.empty((n, len(scenario.sites), len(SITE))),
        urban=np.empty((n, months, len(AREAS), len(COMPONENTS))),
        urban_income=np.empty((n, months, len(URBAN_INCOME))),
        ledger=np.empty((n, months, len(FLOWS))),
        why=np.empty((n, counties, len(WHY), 2)),
    )
    effect_income = np.empty((len(table), months, len(GROUPS), len(INCOMES)))
    populations = [""] * len(table)

    def task(i: int) -> None:
        """One run; its results go to places of their own, so the order of work leaves no trace."""
        from simulation import population, run

        p, r = divmod(i, replications + 1)
        measures_effect = r == replications
        values = dict(zip(names, map(float, table[p]), strict=True))
        if measures_effect:
            values["withhold_share"] = WITHHELD
        inputs = inputs_of(scenario, values, households)
        outcomes = run.run(inputs, seed=seeds[0 if measures_effect else r]).outcomes
        if measures_effect:
            effect_income[p] = outcomes.income.sum(axis=1)
            return
        if r == 0:
            populations[p] = population.population_hash(inputs.population, inputs.institutions.villages)
        left = outcomes._asdict()
        left |= {"ledger": outcomes.ledger.sum(axis=1), "income": outcomes.income.sum(axis=1)}
        left["county_income"] = outcomes.income[-12:].sum(axis=0)
        for name, array in arrays.items():
            array[p * replications + r] = left[name]

    work(task, len(table) * (replications + 1), threads or cpus(), progress)
    from simulation.codecache import model_hash

    return Study(
        scenario=scenario,
        seed=seed,
        uncertainties=names,
        design=table,
        runs=runs,
        **arrays,
        effect_income=effect_income,
        populations=tuple(populations),
        model_hash=model_hash(),
        version=metadata.version("anju"),
        id=study_id(
            scenario, names, table, seeds, populations, model_hash(), given="" if given is None else given.id
        ),
        given=given,
    )


def check_numbers(seed: int, **counts: int | None) -> None:
    """Raise ValueError unless the seed is possible and every count that is given is at least 1."""
    for name, value in counts.items():
        if value is not None and value < 1:
            raise ValueError(f"{name}: {value} given, at least 1 expected")
    if not 0 <= seed < 2**53:
        raise ValueError(f"seed: {seed} given, 0 to 2**53 - 1 expected")


def run_seed(seed: int, replication: int) -> int:
    """The seed of one replication, the same at all points: 53 bits, so that JSON keeps it exactly."""
    digest = hashlib.sha256(f"anju run {seed} {replication}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 11


def cpus() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def inputs_of(
    scenario: Scenario, values: Mapping[str, float], households: tuple[Population, Villages] | None = None,
    *, name: str | None = None,
) -> Inputs:  # fmt: skip
    """Inputs of one run, `values` in the place of the scenario's. Raises InputError that names the scenario, or `name`."""
    from scenarios import assemble

    try:
        return assemble.inputs(scenario, overrides=values, households=households)
    except InputError:
        raise
    except ValueError as error:
        raise InputError([f"{name or scenario.name}: {error}"]) from error


def work(
    task: Callable[[int], None], n: int, threads: int, progress: Callable[[int, int], None] | None
) -> None:
    """Call `task` for 0..n-1 on a pool; the first error stops all but the runs in hand.

    Ctrl-C does not wait for those: one of them may be compiling the engine.
    """
    pool = ThreadPoolExecutor(min(threads, n), thread_name_prefix=THREADS)
    finish = True
    try:
        waiting = {pool.submit(task, i) for i in range(n)}
        while waiting:
            finished, waiting = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
            if progress:
                progress(n - len(waiting), n)
    except KeyboardInterrupt:
        finish = False
        raise
    finally:
        pool.shutdown(wait=finish, cancel_futures=True)


def study_id(
    scenario: Scenario,
    names: tuple[str, ...],
    table: np.ndarray,
    seeds: list[int],
    populations: list[str],
    model: str,
    *,
    given: str = "",
) -> str:
    """Eight hex digits that change with anything a result depends on; `given` is the id of the posterior, if there is one."""
    content = {
        "format": FORMAT,
        "model": model,
        "populations": populations,
        "scenario": scenario.resolved(),
        "design": dict(zip(names, table.T, strict=True)),
        "points": len(table),
        "seeds": seeds,
        "withheld": WITHHELD,
        **({"given": given} if given else {}),
    }
    return digest(content)[:8]
