"""What is known from outside: published figures, each with its source and what it may be used for."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources

from scenarios.errors import InputError, problem

FILE = "facts.csv"
COLUMNS = ("region", "period", "quantity", "value", "unit", "source", "use")

USES = ("input", "calibrate", "validate")
"""`input` goes into a scenario, `calibrate` may set a parameter, `validate` is only ever compared with results."""


@dataclass(frozen=True)
class Fact:
    """One published figure, in the unit it was published in."""

    region: str
    period: str
    quantity: str
    value: float
    unit: str
    source: str
    use: str
    line: int


@cache
def facts() -> tuple[Fact, ...]:
    """All facts that come with anju. Raises InputError."""
    return read(resources.files("scenarios").joinpath(FILE).read_text("utf-8"))


def fact(region: str, period: str, quantity: str) -> Fact:
    """The one fact so named. Raises InputError if there is none."""
    for one in facts():
        if (one.region, one.period, one.quantity) == (region, period, quantity):
            return one
    raise InputError([problem(FILE, f"{region}, {period}, {quantity}", "no such fact")])


def read(text: str, label: str = FILE) -> tuple[Fact, ...]:
    """Facts from CSV text. Raises InputError with the line of every problem."""
    rows = csv.reader(text.splitlines())
    found: dict[tuple[str, str, str], Fact] = {}
    wrong: list[str] = []
    if (heads := tuple(next(rows, ()))) != COLUMNS:
        raise InputError([problem(f"{label}:1", ",".join(heads) or "(empty)", "", ",".join(COLUMNS))])
    for row in rows:
        where = f"{label}:{rows.line_num}"
        if len(row) != len(COLUMNS):
            wrong.append(
                problem(where, "row", f"{len(row)} columns", str(len(COLUMNS)), "quote cells with commas")
            )
            continue
        cells = dict(zip(COLUMNS, (cell.strip() for cell in row), strict=True))
        wrong += [problem(where, name, "empty") for name, cell in cells.items() if not cell]
        if cells["use"] and cells["use"] not in USES:
            wrong.append(problem(where, "use", repr(cells["use"]), ", ".join(USES)))
        try:
            value = float(cells.pop("value"))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            wrong.append(problem(where, "value", "", "a number"))
        one = Fact(**cells, value=value, line=rows.line_num)
        key = (one.region, one.period, one.quantity)
        if key in found:
            wrong.append(problem(where, ", ".join(key), f"given in line {found[key].line} already"))
        found[key] = one
    if wrong:
        raise InputError(wrong)
    return tuple(found.values())
