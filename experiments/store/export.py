"""A store as one file: rows in order of id, nothing about when and where they were run, the same bytes for the same runs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.store import disk, rows, shards
from experiments.store.disk import CannotWrite
from experiments.store.folder import Store
from experiments.store.layout import arrow, numpy
from scenarios.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("parquet", "csv")
BLOCK_BYTES = 64 * 2**20  # of rows in memory at once, about


def export(store: Store, path: str | Path, format: str = "parquet") -> int:
    """Write all runs of a store, failed ones too, to a file and return how many; it is replaced whole or not at all.

    A block of rows is in memory at a time. Raises InputError if the format is unknown, the file would lie in the store, or
    a run is there twice with different numbers; CannotWrite if the file cannot be written.
    """
    path = Path(path).expanduser().absolute()
    if format not in FORMATS:
        raise InputError([f"{format}: unknown format, {' or '.join(FORMATS)} expected"])
    if path.is_relative_to(store.folder):
        raise InputError([f"{path}: lies in the store itself; choose a file outside of {store.folder}"])
    parts = store.parts()
    index = rows.index(parts)
    refuse_contradictions(store, parts, index)
    found = index.winners
    blocks = _blocks(parts, found, store.schema)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with disk.whole_file(path) as file:
            (_parquet if format == "parquet" else _csv)(blocks, store.schema, file)
    except OSError as error:
        raise CannotWrite([f"{path}: cannot be written: {disk.said(error)}"]) from error
    return len(found.ids)


def refuse_contradictions(store: Store, parts: list[rows.Part], index: rows.Index) -> None:
    """Raise InputError if a run is there twice with different numbers."""
    if wrong := rows.contradictions(parts, index, store.columns):
        raise InputError([contradiction(store.folder, *one) for one in wrong[:3]])


def contradiction(where: object, id: str, a: str, b: str) -> str:
    """What to say of a run that is there twice with different numbers."""
    return (
        f"{where}: run {id} has different numbers in {a} and {b}, though nothing that decides it differs; "
        "run it again (`anju reproduce`) to see which holds, and remove the other file"
    )


def _blocks(parts: list[rows.Part], found: rows.Index, schema: pa.Schema) -> Iterator[pa.Table]:
    size = max(1, BLOCK_BYTES // (8 * len(schema)))
    for start in range(0, len(found.ids), size):
        block = slice(start, start + size)
        table = rows.take(parts, schema.names, found.part[block], found.row[block])
        assert table is not None
        yield table


def _parquet(blocks: Iterator[pa.Table], schema: pa.Schema, file: Any) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(file, schema, **shards.how_written()) as writer:
        for block in blocks:
            writer.write_table(block, row_group_size=len(block))


def _csv(blocks: Iterator[pa.Table], schema: pa.Schema, file: Any) -> None:
    """UTF-8 with BOM, for Excel; floats in their shortest exact form, NaN empty."""
    from pyarrow import csv

    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    file.write(b"\xef\xbb\xbf" + ",".join(schema.names).encode() + b"\n")
    for block in blocks:
        text = io.BytesIO()
        csv.write_csv(_without_nan(block), text, options)
        file.write(text.getvalue())


def _without_nan(block: pa.Table) -> pa.Table:
    import pyarrow as pa

    for k, field in enumerate(block.schema):
        if field.type == pa.float64():
            values = numpy(block.column(k))  # null is NaN here
            block = block.set_column(k, field, arrow(values, ~np.isnan(values)))
    return block
