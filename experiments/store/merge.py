"""Several stores of one study, such as the parts of a job array, made one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.store import layout, rows, shards
from experiments.store.export import contradiction
from experiments.store.folder import Store
from experiments.store.rows import Part
from scenarios.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa


def merge(out: str | Path, inputs: Sequence[str | Path]) -> Store:
    """Bring the runs of all `inputs` into the store `out`, made if it is not there, and return it open for reading.

    Inputs are only read. A failed row yields to a good one; what `out` has already is not written again, so a merge that
    was interrupted is finished by giving it again. Raises InputError, before anything is written, if the stores are
    not of one study, or a run has different numbers in two of them; CannotWrite if `out` cannot be written.
    """
    out = Path(out).expanduser().absolute()
    stores = _opened(out, inputs)
    there = [Store.open(out)] if out.exists() else []
    everything = [*there, *stores]
    for other in everything[1:]:
        _refuse_other_study(everything[0], other)
    longest = max(everything, key=lambda store: store.points)
    for store in everything:
        _refuse_other_design(longest, store)
    of_each = [[_named(store, part) for part in store.parts()] for store in everything]
    parts = sum(of_each, [])
    index = rows.index(parts)
    if wrong := rows.contradictions(parts, index, longest.columns):
        raise InputError([contradiction("merge", *one) for one in wrong[:3]])
    with _made_or_opened(out, longest) as target:
        replications = max(store.replications for store in everything)
        if longest.points > target.points or replications > target.replications:
            target.extend(longest.design[target.points :], replications)
        # counted before it was opened for writing: what another writer has added since is not among the parts
        _bring(target, parts, index.winners, len(of_each[0]) if there else 0)
    return Store.open(out)


def _opened(out: Path, inputs: Sequence[str | Path]) -> list[Store]:
    if not inputs:
        raise InputError(["merge: no store to merge; name the stores behind the one to merge into"])
    paths = [Path(path).expanduser().absolute() for path in inputs]
    if any(path.resolve() == out.resolve() for path in paths):
        raise InputError([f"{out}: is to be merged into itself; leave it out of the stores to merge"])
    return [Store.open(path) for path in paths]


def _refuse_other_study(a: Store, b: Store) -> None:
    if differ := layout.differences(layout.identity(a.manifest), layout.identity(b.manifest)):
        raise InputError([
            f"{b.folder}: another study than {a.folder}, their runs do not mix; not the same: {', '.join(differ)}"
        ])  # fmt: skip


def _refuse_other_design(longest: Store, store: Store) -> None:
    n = store.points
    if not np.array_equal(longest.design[:n].view(np.uint64), store.design.view(np.uint64)):
        raise InputError([
            f"{store.folder}: its {n} points are not the first {n} of the {longest.points} in {longest.folder}; "
            "only a study and its extensions can be merged"
        ])  # fmt: skip


def _named(store: Store, part: Part) -> Part:
    return Part(f"{store.folder.name}/{part.name}", part.read)


def _made_or_opened(out: Path, like: Store) -> Store:
    if out.exists():
        return Store.open(out, write=True)
    design = _Design(like.factors, like.design)
    return Store.create(out, like.manifest, design, like.scenario_json, like.households)


class _Design(NamedTuple):
    names: tuple[str, ...]
    values: np.ndarray


def _bring(target: Store, parts: list[Part], found: rows.Index, there: int) -> None:
    """Write the rows that count and are not in the first `there` parts, in shards of the usual size."""
    new = found.part >= there
    for table in _gathered(parts, found.part[new], found.row[new], target.schema):
        target.add(table)


def _gathered(parts: list[Part], part: np.ndarray, row: np.ndarray, schema: pa.Schema) -> Iterator[pa.Table]:
    """Rows part by part, in tables of at least SHARD_ROWS rows but for the last."""
    import pyarrow as pa

    held: list[pa.Table] = []
    for k in np.unique(part):
        held.append(parts[k].read(schema.names).take(layout.arrow(np.sort(row[part == k]))))
        if sum(map(len, held)) >= shards.SHARD_ROWS:
            yield pa.concat_tables(held).combine_chunks()
            held = []
    if held:
        yield pa.concat_tables(held).combine_chunks()
