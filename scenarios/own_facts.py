"""A user's own facts: figures with their outcome, scenario and naive forecasts, as one table."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenarios import facts
from scenarios.baselines import KINDS, Baseline, Naive
from scenarios.calibration import REGION, USE, Anchor, Error, from_memory
from scenarios.errors import InputError, problem
from scenarios.facts import USES, Fact, Match
from scenarios.schema import METRICS
from scenarios.words import did_you_mean

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
NEEDED = (*facts.COLUMNS, "metric", "event", "scope", "date")
OPTIONAL = ("scenario", "en", "zh", *KINDS, "error")
TO_CALIBRATE = (*NEEDED, "error")
"""What a calibration needs: `error` is one standard deviation, of figure and model together, in the fact's unit."""
HOW = ("given with the fact", "随事实给出")
VALIDATE = "validate"

Cells = Mapping[str, str]


@dataclass(frozen=True)
class OwnFact:
    """A fact, the outcome that answers to it, and naive forecasts; `match.scenario` is "" where the file names none."""

    match: Match
    naive: Naive


@dataclass(frozen=True)
class Own:
    """Facts that calibrate, and those of the file that are kept for something else."""

    anchors: tuple[Anchor, ...]
    others: tuple[Fact, ...]


@dataclass(frozen=True)
class _Row:
    """One row in order: the fact, all its cells, the file and line."""

    fact: Fact
    cells: Cells
    where: str


def to_validate(path: Path) -> tuple[OwnFact, ...]:
    """The facts of a CSV file that are marked `validate`; others are read, checked and left out.

    Columns are those of facts.csv, then metric, event, scope and date; if wanted scenario, en, zh, and a column a naive
    forecast, in the fact's unit. Raises InputError with the line of every problem.
    """
    rows = _read(path, NEEDED, VALIDATE, _problems_of_validation)
    found = tuple(_own(row) for row in rows if row.fact.use == VALIDATE)
    if not found:
        raise InputError([
            f"{path.name}: no fact is marked {VALIDATE}, so there is nothing to hold the model against"
        ])  # fmt: skip
    return found


def to_calibrate(path: Path, case: str) -> Own:
    """The facts of a CSV file, those marked `calibrate` each held against scenario `case`; columns are TO_CALIBRATE, and as above.

    Raises InputError with the line of every problem, and where no row is marked so.
    """
    rows = _read(path, TO_CALIBRATE, USE, lambda cells: _problems_of_calibration(cells, case))
    mine = [row for row in rows if row.fact.use == USE]
    if not mine:
        raise InputError([f"{path.name}: no fact is marked {USE}, so nothing may be set to it"])
    return Own(tuple(_anchor(row, case) for row in mine), tuple(row.fact for row in rows if row not in mine))


def _read(
    path: Path, needed: Sequence[str], use: str, problems: Callable[[Cells], Iterator[tuple[str, ...]]]
) -> list[_Row]:
    """All rows; `problems` says what else is wrong with those of a use. Raises InputError with the line of every problem."""
    label = path.name
    found: list[_Row] = []
    lines: dict[tuple[str, ...], int] = {}
    wrong: list[str] = []
    for line, cells in _rows(_text(path), label, needed):
        where = f"{label}:{line}"
        key = (cells["scenario"], cells["region"], cells["period"], cells["quantity"])
        said = [*_problems(cells)]
        if cells["use"] == use and not said:
            said += problems(cells)
        if key in lines:
            told = f"{', '.join(key[1:])}: given in line {lines[key]} already"
            said.append(("region, period, quantity", told))
        lines.setdefault(key, line)
        wrong += [problem(where, *one) for one in said]
        if not said:
            known = {name: cells[name] for name in facts.COLUMNS if name != "value"}
            found.append(_Row(Fact(**known, value=_number(cells["value"]), line=line), cells, where))
    if wrong:
        raise InputError(wrong)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError([f"{path.name}: is not UTF-8; save it as CSV UTF-8"]) from error
    except OSError as error:
        raise InputError([f"{path}: {error.strerror}; a CSV file of facts expected"]) from error


def _rows(text: str, label: str, needed: Sequence[str]) -> Iterator[tuple[int, Cells]]:
    """Line and cells of every row that is not empty; columns that are left out are empty. Raises InputError."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        heads = [head.strip() for head in next(rows, [])]
        _check_heads(heads, label, needed)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(heads):
                raise InputError([
                    problem(f"{label}:{rows.line_num}", "row", f"{len(row)} cells", str(len(heads)), "quote cells with commas")
                ])  # fmt: skip
            cells = dict.fromkeys(OPTIONAL, "") | dict(zip(heads, map(str.strip, row), strict=True))
            yield rows.line_num, cells
    except csv.Error as error:
        raise InputError([f"{label}:{rows.line_num}: {error}; a CSV file expected"]) from error


def _check_heads(heads: list[str], label: str, needed: Sequence[str]) -> None:
    where, known = f"{label}:1", (*NEEDED, *OPTIONAL)
    wrong = [problem(where, name, "column missing") for name in needed if name not in heads]
    if len(wrong) == len(needed):
        raise InputError([problem(where, "columns", "none of those needed", ",".join(needed))])
    wrong += [
        problem(where, head or "(empty)", f"unknown column{did_you_mean(head, known)}")
        for head in heads
        if head not in known
    ]
    wrong += [
        problem(where, head, "column given twice") for head in dict.fromkeys(heads) if heads.count(head) > 1
    ]
    if wrong:
        raise InputError(wrong)


def _problems(cells: Cells) -> Iterator[tuple[str, ...]]:
    """What is wrong with any row, as (column, what, what was expected)."""
    for name in facts.COLUMNS:
        if not cells[name]:
            yield (name, "empty", "a number" if name == "value" else "")
    if cells["use"] and cells["use"] not in USES:
        yield ("use", repr(cells["use"]) + did_you_mean(cells["use"], USES), ", ".join(USES))
    for name in ("value", *KINDS):
        if cells[name] and not math.isfinite(_number(cells[name])):
            yield (name, repr(cells[name]), "a number")


def _problems_of_validation(cells: Cells) -> Iterator[tuple[str, ...]]:
    if _number(cells["value"]) == 0.0:
        yield ("value", "0, and no difference is relative to nothing", "another number")
    yield from facts.match_problems(_match_cells(cells), cells["unit"])


def _problems_of_calibration(cells: Cells, case: str) -> Iterator[tuple[str, ...]]:
    if not 0.0 < _number(cells["error"]) < math.inf:
        yield ("error", repr(cells["error"]), "a standard deviation above 0, in the fact's unit")
    if cells["scenario"] not in ("", case):
        yield ("scenario", f"{cells['scenario']!r}, and what is calibrated is {case}", f"{case}, or nothing")
    if from_memory(cells["source"]):
        yield ("source", "is from memory, and was not read again, so it may not calibrate")
    if cells["metric"] == facts.EFFECT:
        yield (
            "metric",
            "the effect of moving takes runs with grants withheld, which a calibration does not do",
        )
        return
    yield from facts.match_problems(_match_cells(cells), cells["unit"])


def _match_cells(cells: Cells) -> dict[str, str]:
    """The cells of a row as those of a match; the fact's own name stands in for one that is not given."""
    name = f"{cells['quantity']}, {cells['region']} {cells['period']}"
    scope = cells["scope"] or (REGION if cells["date"] else "")
    return {
        "en": cells["en"] or name, "zh": cells["zh"] or name, "family": cells["scenario"] or "any",
        "scenario": cells["scenario"], "match": "same", "metric": cells["metric"], "event": cells["event"], "scope": scope,
        "date": cells["date"], "why_en": "", "why_zh": "",
    }  # fmt: skip


def _own(row: _Row) -> OwnFact:
    told: dict[str, Any] = _match_cells(row.cells)
    told |= {"event": told["event"] or None, "family": row.cells["scenario"]}
    given = tuple(
        Baseline(kind, _number(row.cells[kind]), *HOW, row.fact.source, row.where)
        for kind in KINDS
        if row.cells[kind]
    )
    naive = Naive(given) if given else Naive((), "none was given", "未给出")
    return OwnFact(Match(**told, fact=row.fact, where=row.where), naive)


def _anchor(row: _Row, case: str) -> Anchor:
    told = _match_cells(row.cells)
    metric = told["metric"]
    column = metric.removeprefix(facts.COLUMN) if metric.startswith(facts.COLUMN) else None
    return Anchor(
        row.fact, case, told["en"], told["zh"],
        unit="" if column else METRICS[metric], column=column, metric=None if column else metric,
        event=told["event"] or None, scope=told["scope"] or REGION, date=told["date"] or None,
        observation=Error(_number(row.cells["error"]), *HOW),
    )  # fmt: skip


def _number(text: str) -> float:
    return float(text) if NUMBER.fullmatch(text) else math.nan
