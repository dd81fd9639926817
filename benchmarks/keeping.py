"""What keeping a run costs: the store beside plain files, and the memory of many runs."""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import resident, settled
from benchmarks.same_sweep import NoRuns, Nothing, plan
from experiments import sweep
from experiments.executors import make
from experiments.job import Done
from experiments.store import Store

BATCH = 100
NAMES = Nothing.columns
KEYS = ("id", "point", "replication", "seed", "error")


class _Design(NamedTuple):
    """What the store asks of a design: one point, whose replications are the runs."""

    names: tuple[str, ...] = ("subsidy",)
    values: np.ndarray = np.zeros((1, 1))


def into_store(runs: int, folder: Path) -> None:
    """Every run safe from `kill -9` when it is appended; shards of a thousand, synced to the disk."""
    about = {"model_hash": "0" * 64, "columns": NAMES, "replications": runs}
    with Store.create(folder / "store", about, _Design(), "{}") as store:
        for done in _runs(runs):
            store.append(done)


def into_parquet(runs: int, folder: Path) -> None:
    """One file a batch of a hundred runs, as pyarrow writes it unless told otherwise; a crash takes the last batch."""
    for k, batch in enumerate(_batches(runs)):
        keys = [pa.array([getattr(one.task, name, "") for one in batch]) for name in KEYS]
        values = np.array([one.numbers for one in batch])
        table = pa.table([*keys, *map(pa.array, values.T)], names=[*KEYS, *NAMES])
        pq.write_table(table, folder / f"{k}.parquet")


def into_sqlite(runs: int, folder: Path, *, batch: int, fast: bool) -> None:
    """A row a run, a transaction a batch, each synced to the disk; `fast` leaves that to the system."""
    with contextlib.closing(sqlite3.connect(folder / "runs.sqlite")) as base:
        base.execute("pragma journal_mode = wal")
        base.execute(f"pragma synchronous = {'off' if fast else 'full'}")
        base.execute(f"create table runs ({', '.join((*KEYS, *NAMES))}, primary key (id))")
        places = ", ".join("?" * (len(KEYS) + len(NAMES)))
        for some in _batches(runs, batch):
            with base:
                base.executemany(f"insert into runs values ({places})", map(_row, some))


WAYS: dict[str, tuple[Callable[[int, Path], None], str]] = {
    "anju's store": (into_store, "each run; shards synced"),
    f"Parquet, {BATCH} a file": (into_parquet, "what is in a file"),
    f"SQLite, {BATCH} a commit": (functools.partial(into_sqlite, batch=BATCH, fast=False), "batches; synced"),
    "SQLite, a commit a run": (functools.partial(into_sqlite, batch=1, fast=True), "each run; not synced"),
}
"""Ways of keeping runs, and what `kill -9` leaves of them."""


def kept(way: str, runs: int) -> int:
    """Keep so many runs in a new folder; bytes on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        WAYS[way][0](runs, Path(folder))
        return bytes_in(Path(folder))


def bytes_in(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _runs(runs: int) -> Iterator[Done]:
    job = Nothing()
    return (job.run(task) for task in job.tasks(runs))


def _batches(runs: int, size: int = BATCH) -> Iterable[list[Done]]:
    batch: list[Done] = []
    for done in _runs(runs):
        batch.append(done)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _row(done: Done) -> tuple:
    task = done.task
    assert done.numbers is not None
    return task.id, task.point, task.replication, task.seed, done.error, *done.numbers.tolist()


def grown(runs: int, small: bool = False) -> list[float]:
    """Sweep so many runs that cost nothing; runs done, seconds, and bytes of memory at the peak above before. Linux only."""
    _sweep(8, small)  # imports, and a first shard
    pa.default_memory_pool().release_unused()
    before = settled()
    begin = time.perf_counter()
    done = _sweep(runs, small)
    return [done, time.perf_counter() - begin, resident("VmHWM") - before]


def _sweep(runs: int, small: bool) -> int:
    with tempfile.TemporaryDirectory() as folder, make("threads", workers=2) as executor:
        return sweep.run(plan(runs, small=small, job=NoRuns), Path(folder) / "store", executor)
