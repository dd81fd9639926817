"""Doing the runs of a plan that its store lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from experiments.job import Task

if TYPE_CHECKING:
    from experiments.executors import Executor
    from experiments.job import ScenarioJob
    from experiments.store import Store
    from experiments.sweep.plan import Plan

Progress = Callable[[int, int], None]


def run(
    plan: Plan, folder: Path, executor: Executor, *,
    shard: tuple[int, int] = (1, 1), again: bool = False, request: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> int:  # fmt: skip
    """Make or open the store of a plan, do the runs it lacks, and return how many were done now.

    Raises InputError, with the store as it was, where the folder holds something else or the runs of another model.
    """
    from simulation.codecache import announce_compile

    with plan.open_store(folder, request or {}) as store:
        announce_compile()
        before = len(store.done())
        fill(
            store,
            plan.job,
            plan.tasks(shard),
            executor,
            total=plan.count(shard),
            again=again,
            progress=progress,
        )
        return len(store.done()) - before


def fill(
    store: Store, job: ScenarioJob, tasks: Iterable[Task], executor: Executor, *,
    total: int, again: bool = False, progress: Progress | None = None,
) -> None:  # fmt: skip
    """Run the tasks whose rows the store lacks; `again` also those that failed before.

    `progress(done, total)` counts rows that are there already. A row is safe in the store as soon as its run is done, so
    whatever stops this, the next call goes on from there.
    """
    there = store.done() if again else np.union1d(store.done(), store.failed())
    done = 0

    def missing() -> Iterator[Task]:
        nonlocal done
        for task in tasks:
            if _among(there, task.id):
                done += 1
            else:
                yield task

    with closing(cast(Any, executor.run(job, missing()))) as results:
        for result in results:
            store.append(result)
            done += 1
            if progress:
                progress(done, total)
    if progress:
        progress(done, total)


def _among(there: np.ndarray, id: str) -> bool:
    wanted = np.array([bytes.fromhex(id)], there.dtype)
    at = np.searchsorted(there, wanted)[0]
    return bool(at < len(there) and there[at] == wanted[0])
