"""Points of the user's own: a table with a column a name, read and checked."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.design import MOST_POINTS, Design
from experiments.vary import NUMBER, factor_of, resolve_name
from scenarios import assemble
from scenarios.errors import InputError, problem
from scenarios.units import WHOLE
from scenarios.words import legal

if TYPE_CHECKING:
    from scenarios.scenario import Entry, Scenario

MOST_MESSAGES = 50
NUMBERS_ROWS = "point"  # the first column of a design that a sweep wrote

Rows = list[tuple[int, Sequence[Any]]]
"""Line in the file and cells."""


def from_table(path: str | Path, scenario: Scenario, *, fixed: Collection[str] = ()) -> Design:
    """Points of a CSV (UTF-8) or Parquet file: a column a name, as `--vary` takes them, in base units.

    Names in `fixed` are known here and may not vary. A column `point` only numbers the rows.
    Raises InputError naming file, line and column of everything that is wrong, and OSError if the file cannot be opened.
    """
    path = Path(path)
    header, rows = _parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _csv(path)
    columns = _columns(path.name, header, scenario, fixed)
    if not rows:
        raise InputError([problem(path.name, "points", "none in the file")])
    if len(rows) > MOST_POINTS:
        raise InputError([problem(path.name, "points", f"{len(rows)} rows", f"at most {MOST_POINTS}")])
    wrong = [
        problem(f"{path.name}:{line}", "row", f"{len(cells)} cells", str(len(header)))
        for line, cells in rows
        if len(cells) != len(header)
    ]
    if not wrong:
        found = [
            [_number(f"{path.name}:{line}", entry, cells[k], wrong) for k, entry in columns.items()]
            for line, cells in rows
        ]
    if wrong:
        more = [f"{path.name}: {len(wrong) - MOST_MESSAGES} more"] if len(wrong) > MOST_MESSAGES else []
        raise InputError(wrong[:MOST_MESSAGES] + more)
    values = np.array(found)
    return Design(
        tuple(entry.name for entry in columns.values()),
        values,
        "table",
        factors=tuple(
            factor_of(scenario, entry, low, high)
            for entry, low, high in zip(columns.values(), values.min(axis=0), values.max(axis=0), strict=True)
        ),
    )


def _columns(
    file: str, header: Sequence[str], scenario: Scenario, fixed: Collection[str]
) -> dict[int, Entry]:
    """What each column varies, by its place."""
    found: dict[int, Entry] = {}
    wrong: list[str] = []
    for k, name in enumerate(header):
        if name == NUMBERS_ROWS:
            continue
        if not name:
            wrong.append(problem(f"{file}:1", f"column {k + 1}", "has no name"))
            continue
        try:
            entry = resolve_name(scenario, name, where=f"{file}:1")
        except InputError as error:
            wrong += error.messages
            continue
        if entry.name in fixed:
            wrong.append(problem(f"{file}:1", name, "is known here and cannot vary", "", "leave it out"))
        if entry in found.values():
            wrong.append(problem(f"{file}:1", name, f"{entry.name} is there more than once"))
        found[k] = entry
    if not found and not wrong:
        wrong.append(problem(file, "columns", "none names a lever or an uncertainty"))
    if wrong:
        raise InputError(wrong)
    return found


def _number(where: str, entry: Entry, cell: Any, wrong: list[str]) -> float:
    """The number of a cell, NaN once its problem is noted."""
    parameter = assemble.parameter(entry.name)
    text = "" if cell is None else str(cell).strip()
    if not re.fullmatch(NUMBER, text):
        said = f'"{text}" is not a number' if text else "is empty"
        wrong.append(problem(where, entry.name, said, f"a number, {legal(parameter)}"))
        return np.nan
    value = float(text)
    if not (parameter.low <= value <= parameter.high and np.isfinite(value)):
        wrong.append(problem(where, entry.name, f"{text} is not possible", legal(parameter)))
    elif parameter.unit in WHOLE and value != np.floor(value):
        wrong.append(
            problem(where, entry.name, f"{text} is a fraction", f"a whole number, {legal(parameter)}")
        )
    return value


def _csv(path: Path) -> tuple[list[str], Rows]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"{path.name}:{data.count(bytes([10]), 0, error.start) + 1}"
        mend = "save the table as UTF-8 (CSV UTF-8 in Excel)"
        raise InputError([problem(where, "text", "is not UTF-8", mend=mend)]) from None
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise InputError([problem(f"{path.name}:{reader.line_num}", "table", str(error))]) from None
    if not lines:
        raise InputError([problem(path.name, "table", "is empty", "a header and a row a point")])
    return [name.strip() for name in lines[0][1]], list(lines[1:])


def _parquet(path: Path) -> tuple[list[str], Rows]:
    import pyarrow as pa
    from pyarrow import parquet

    with path.open("rb") as file:
        try:
            table = parquet.read_table(file)
        except pa.ArrowInvalid as error:
            raise InputError([problem(path.name, "table", f"is not Parquet: {error}")]) from None
    columns = [column.to_pylist() for column in table.columns]
    return table.column_names, list(enumerate(zip(*columns, strict=True), 1))
