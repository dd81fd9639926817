"""All that is wrong with a store, said at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.store import journal, layout, lock, rows, shards
from experiments.store.export import contradiction
from experiments.store.folder import Store
from experiments.store.layout import numpy
from scenarios.errors import InputError


def verify(path: str | Path) -> list[str]:
    """One line a problem, none if every byte is as it was written and every row belongs here. Nothing is changed.

    Raises InputError if there is no store.
    """
    path = Path(path).expanduser().absolute()
    try:
        manifest, design = layout.read(path)
    except layout.NoStore:
        raise
    except InputError as error:
        return error.messages
    store = Store(path, manifest, design, check=False)
    wrong = list(layout.damaged_files(path, manifest))
    wrong += _journal(path, store)
    parts = store.waiting()
    for shard in shards.paths(path):
        if what := shards.problem(shard, store.schema, store.study) or _unreadable(shard, store):
            wrong.append(f"{shard}: {what}")
        else:
            parts.append(shards.part(shard))
    index = rows.index(parts)
    wrong += [contradiction(path, *one) for one in rows.contradictions(parts, index, store.columns)]
    for part in parts:
        wrong += [f"{path}: {part.name}: {what}" for what in _rows(part, store)]
    return wrong


def _journal(path: Path, store: Store) -> Iterator[str]:
    left = journal.read(path)
    name = path / journal.NAME
    if left.torn and lock.holder(path) is None:  # a writer may be in the middle of it
        yield f"{name}: its last line is torn; that run will be run again"
    lost = left.damaged + len(left.rows) - len(store.readable(left.rows))
    if lost:
        yield f"{name}: {lost} lines are damaged, or not of this study; their runs will be run again"


def _unreadable(shard: Path, store: Store) -> str:
    import pyarrow as pa

    try:
        shards.read(shard, store.schema.names)
    except (OSError, pa.ArrowException) as error:
        return f"cannot be read ({type(error).__name__})"
    return ""


def _rows(part: rows.Part, store: Store) -> Iterator[str]:
    """What is wrong with rows against the design; those of points still to be planned are no rows of ours."""
    keys = part.read(("point", "replication", *store.factors))
    point, replication = numpy(keys["point"]), numpy(keys["replication"])
    inside = (point >= 0) & (point < store.points) & (replication >= 0) & (replication < store.replications)
    if not inside.all():
        yield f"{np.sum(~inside)} rows are of points or replications that are not planned"
    for k, name in enumerate(store.factors):
        other = numpy(keys[name])[inside] != store.design[point[inside], k]
        if other.any():
            yield f"{name} differs from the design in {np.sum(other)} rows"
