"""Tables of an answer's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from scenarios.errors import InputError

FOLDER = "tables"


def name_of(table: str) -> str:
    """The file of a table within the folder."""
    return f"{FOLDER}/{table}.parquet"


def columns(folder: Path, table: str, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Columns of a table by name, text as str. Raises InputError for one that it does not have."""
    import pyarrow.parquet as pq

    path = folder / name_of(table)
    there = pq.read_schema(path).names
    if missing := [name for name in names if name not in there]:
        raise InputError([
            f"{path}: has no column {missing[0]}, so another anju wrote it; draw with the one that did, or run the study again"
        ])  # fmt: skip
    found = pq.read_table(path, columns=list(dict.fromkeys(names)))
    read = {name: found.column(name).to_numpy() for name in found.column_names}
    return {
        name: np.asarray(column, str) if column.dtype.kind == "O" else column for name, column in read.items()
    }
