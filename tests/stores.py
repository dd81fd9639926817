"""What tests of the store share: a small study, its runs, and processes that write it.

As a program, `python stores.py write FOLDER SECONDS` appends the missing runs one by one and prints each when it is safe;
`python stores.py hold FOLDER` opens the store for writing, says so, and waits; `python stores.py race FOLDER` tries to once
a line comes in.
"""

import hashlib
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from experiments.job import Done, Task
from experiments.store import CannotWrite, Store, export, shards
from scenarios.errors import InputError

HERE = Path(__file__).resolve()
COLUMNS = ("persons", "cost", "county.share")
MODEL = "a1" * 32


class Design(NamedTuple):
    names: tuple
    values: np.ndarray


def design(points: int) -> Design:
    return Design(("subsidy", "b_k"), np.random.default_rng(7).random((points, 2)) * (30000.0, 0.1))


def manifest(**changes):
    study = {
        "format": 1, "kind": "sweep", "anju": "0.1.0", "model_hash": MODEL, "scenario": "lishui/plan",
        "scenario_hash": "b2" * 32, "design": {"kind": "lhs"}, "seed": 1, "replications": 2, "columns": list(COLUMNS),
        "factors": [{"name": "subsidy", "low": 0.0, "high": 3e4}, {"name": "b_k", "low": 0.0, "high": 0.1}],
        "versions": {"numpy": "2"}, "request": {},
    }  # fmt: skip
    return study | changes


def task(point: int, replication: int = 0, values=None) -> Task:
    row = design(point + 1).values[point] if values is None else values
    seed = 100 + replication
    pairs = tuple(zip(("subsidy", "b_k"), map(float, row), strict=True))
    return Task(hashlib.sha256(repr((pairs, seed)).encode()).hexdigest(), point, replication, seed, pairs)


def done(point: int, replication: int = 0, *, error: str = "", shift: float = 0.0, values=None) -> Done:
    asked = task(point, replication, values)
    if error:
        return Done(asked, None, error)
    draws = np.random.default_rng([int(asked.id[:8], 16)]).standard_normal(3)
    undefined = dict(asked.values)["subsidy"] == design(5).values[4, 0]
    draws[1] = np.nan if undefined else draws[1] * 1e9
    return Done(asked, draws + shift, "")


def runs(points: int, replications: int = 2) -> list[Done]:
    """All runs of a study; two points fail."""
    return [
        done(p, r, error="ValueError: no homes" if p in (3, 8) else "")
        for p in range(points) for r in range(replications)
    ]  # fmt: skip


def made(path: Path, points: int = 6, results=None, **changes) -> Path:
    """A closed store with all its runs, or only `results`."""
    with Store.create(path, manifest(**changes), design(points), '{"name": "plan"}\n') as store:
        for result in runs(points) if results is None else results:
            store.append(result)
    return path


def exported(path: Path, format: str = "parquet") -> bytes:
    """The bytes of an export of a store."""
    out = path.parent / f"{path.name}-export.{format}"
    with Store.open(path) as store:
        export(store, out, format)
    data = out.read_bytes()
    out.unlink()
    return data


def tree(path: Path) -> dict[str, bytes]:
    """Every file of a folder, for telling whether anything changed; of the lock only whether it is held."""
    return {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and not (file.name == ".lock" and not file.read_bytes())
    }


def finish(path: Path, points: int = 6) -> int:
    """Append what a store lacks, and return how many runs that was."""
    with Store.open(path, write=True) as store:
        there = set(hexes(np.union1d(store.done(), store.failed())))
        missing = [result for result in runs(points) if result.task.id not in there]
        for result in missing:
            store.append(result)
    return len(missing)


def hexes(ids: np.ndarray) -> list[str]:
    return [bytes(one).ljust(32, b"\0").hex() for one in ids]


def process(*args: object) -> subprocess.Popen:
    """This file as a program."""
    return subprocess.Popen(
        [sys.executable, str(HERE), *map(str, args)], text=True, stdout=subprocess.PIPE, stdin=subprocess.PIPE,
        stderr=subprocess.PIPE, cwd=HERE.parent.parent, env={**os.environ, "PYTHONPATH": str(HERE.parent.parent)},
    )  # fmt: skip


@contextmanager
def running(*args: object):
    child = process(*args)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


@contextmanager
def small_disk(place, size):
    place.mkdir()
    try:
        made_it = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place], capture_output=True
        )
    except OSError:
        pytest.skip("no mount here")
    if made_it.returncode:
        pytest.skip(f"no small disk here: {made_it.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def line(child: subprocess.Popen) -> str:
    """The next line a process prints, or what it died of."""
    assert child.stdout and child.stderr
    said = child.stdout.readline().strip()
    assert said, child.stderr.read()
    return said


def _write(folder: Path, seconds: float) -> None:
    shards.SHARD_ROWS = 7
    with Store.open(folder, write=True) as store:
        there = set(hexes(np.union1d(store.done(), store.failed())))
        for result in runs(store.points):
            if result.task.id not in there:
                store.append(result)
                print(result.task.id, flush=True)
                time.sleep(seconds)


def _hold(folder: Path) -> None:
    with Store.open(folder, write=True):
        print("held", flush=True)
        time.sleep(60)


def _race(folder: Path) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        store = Store.open(folder, write=True)
    except InputError:
        print("refused", flush=True)
        return
    print("won", flush=True)
    time.sleep(60)
    store.close()


def _fill(folder: Path) -> None:
    """Append until the disk is full; print how many runs went in and what was said."""
    store = Store.open(folder, write=True)
    n = 0
    try:
        with store:
            for result in runs(store.points):
                store.append(result)
                n += 1
    except CannotWrite as error:
        print(n, error, flush=True)


if __name__ == "__main__":
    what, folder, *rest = sys.argv[1:]
    if what == "write":
        _write(Path(folder), float(rest[0]))
    else:
        {"hold": _hold, "race": _race, "fill": _fill}[what](Path(folder))
