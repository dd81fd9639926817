"""Shards: Parquet files of finished runs that never change. The name of one is the beginning of its SHA-256."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.store import disk
from experiments.store.journal import Row
from experiments.store.layout import DAMAGED, KEYS, SHARDS, arrow
from experiments.store.rows import Part

if TYPE_CHECKING:
    import pyarrow as pa

SHARD_ROWS = 1000
NAME = re.compile(r"[0-9a-f]{16}\.parquet")
STUDY = "anju.study"  # key of the study's identity in a shard's metadata


def schema(factors: Sequence[str], outcomes: Sequence[str]) -> pa.Schema:
    """Of every row: keys, factors (base units), outcomes (null where the run failed)."""
    import pyarrow as pa

    kinds = {"id": pa.string(), "error": pa.string()}
    fields = [(name, kinds.get(name, pa.int64())) for name in KEYS]
    return pa.schema([*fields, *((name, pa.float64()) for name in (*factors, *outcomes))])


def table(rows: Sequence[Row], design: np.ndarray, shape: pa.Schema) -> pa.Table:
    """Rows as a table in order of point and replication; `design` (points, factors) gives each its factors."""
    import pyarrow as pa

    rows = sorted(rows, key=lambda row: (row.point, row.replication, row.id))
    good = np.array([row.numbers is not None for row in rows], bool)
    numbers = np.full((len(rows), len(shape) - len(KEYS) - design.shape[1]), np.nan)
    for k, row in enumerate(rows):
        if row.numbers is not None:
            numbers[k] = row.numbers
    point = np.array([row.point for row in rows], np.int64)
    columns: list[Any] = [
        _text([row.id for row in rows]),
        arrow(point),
        arrow(np.array([row.replication for row in rows], np.int64)),
        arrow(np.array([row.seed for row in rows], np.int64)),
        _text([row.error for row in rows]),
    ]
    columns += [arrow(values) for values in design[point].T]
    columns += [arrow(values, good) for values in numbers.T]
    return pa.Table.from_arrays(columns, schema=shape)


def encoded(rows: pa.Table, study: str) -> tuple[str, bytes]:
    """Name and content of the shard that holds a table's rows; the same rows give the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = pa.BufferOutputStream()
    with pq.ParquetWriter(out, rows.schema, **how_written()) as writer:
        writer.write_table(rows)
        writer.add_key_value_metadata({STUDY: study})
    data = out.getvalue().to_pybytes()
    return f"{hashlib.sha256(data).hexdigest()[:16]}.parquet", data


def how_written() -> dict[str, Any]:
    """Without what would only cost time and space on numbers that hardly ever repeat."""
    return {
        "compression": "zstd",
        "store_schema": False,
        "use_dictionary": ["error"],
        "write_statistics": ["point", "replication"],
    }


def write(folder: Path, rows: pa.Table, study: str) -> str:
    """Add a shard to a store and return its name. Raises OSError; then there is none."""
    name, data = encoded(rows, study)
    disk.write(folder / SHARDS / name, data)
    return name


def paths(folder: Path) -> list[Path]:
    """Every file that DuckDB or pandas would take for a shard, by name."""
    return sorted(path for path in (folder / SHARDS).glob("*.parquet") if not path.name.startswith("."))


def problem(path: Path, shape: pa.Schema, study: str, *, whole: bool = True) -> str:
    """What is wrong with a shard, "" if nothing; unless `whole`, its head alone is looked at."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not NAME.fullmatch(path.name):
        return "was not written by this store"
    try:
        if whole and _digest(path) != path.stem:
            return "was cut short or changed after it was written"
        with pq.ParquetFile(path) as file:
            found, said = file.schema_arrow, (file.metadata.metadata or {}).get(STUDY.encode(), b"")
    except (OSError, pa.ArrowException) as error:
        return f"cannot be read ({type(error).__name__})"
    if not found.equals(shape):
        return f"has other columns ({_other(found.names, shape.names)})"
    return "" if said.decode() == study else "belongs to another study"


def read(path: Path, columns: Sequence[str]) -> pa.Table:
    """Columns of one shard, in the order asked for."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        # a name before a dot would bring all that begin with it
        return file.read(columns=list(columns)).select(list(columns))


def part(path: Path) -> Part:
    """One shard as rows of a store."""
    return Part(path.name, lambda columns: read(path, columns))


def set_aside(path: Path) -> Path:
    """Move a shard to where neither we nor DuckDB read it. Raises OSError."""
    aside = path.parent.parent / DAMAGED
    aside.mkdir(exist_ok=True)
    disk.replace(path, aside / path.name)
    disk.sync_folder(path.parent)
    return aside / path.name


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _text(texts: Sequence[str]) -> Any:
    import pyarrow as pa

    data = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, data)], dtype=np.int32)
    return pa.Array.from_buffers(
        pa.string(), len(data), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(data))]
    )


def _other(found: Sequence[str], expected: Sequence[str]) -> str:
    def said() -> Iterator[str]:
        if more := sorted({*found} - {*expected}):
            yield f"unknown: {', '.join(more[:3])}{' ...' if len(more) > 3 else ''}"
        if less := sorted({*expected} - {*found}):
            yield f"missing: {', '.join(less[:3])}{' ...' if len(less) > 3 else ''}"

    return "; ".join(said()) or "other types or order"
