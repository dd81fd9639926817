"""A user's own facts: figures with their outcome, scenario and naive forecasts, as one table."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scenarios import facts
from scenarios.baselines import KINDS, Baseline, Naive
from scenarios.errors import InputError, problem
from scenarios.facts import USES, Fact, Match
from scenarios.words import did_you_mean

NEEDED = (*facts.COLUMNS, "metric", "event", "scope", "date")
OPTIONAL = ("scenario", "en", "zh", *KINDS, "error")  # the last is for calibrations
HOW = ("given with the fact", "随事实给出")


@dataclass(frozen=True)
class OwnFact:
    """A fact, the outcome that answers to it, and naive forecasts; `match.scenario` is "" where the file names none."""

    match: Match
    naive: Naive


def read(path: Path) -> tuple[OwnFact, ...]:
    """The facts of a CSV file that are marked `validate`; others are read, checked and left out.

    Columns are those of facts.csv, then metric, event, scope and date; if wanted scenario, en, zh, and a column a naive
    forecast, in the fact's unit. Raises InputError with the line of every problem.
    """
    label = path.name
    found: dict[tuple[str, ...], OwnFact] = {}
    lines: dict[tuple[str, ...], int] = {}
    wrong: list[str] = []
    for line, cells in _rows(_text(path), label):
        where = f"{label}:{line}"
        key = (cells["scenario"], cells["region"], cells["period"], cells["quantity"])
        said = [*_problems(cells)]
        if key in lines:
            said.append(
                ("region, period, quantity", f"{', '.join(key[1:])}: given in line {lines[key]} already")
            )
        lines.setdefault(key, line)
        wrong += [problem(where, *one) for one in said]
        if not said and cells["use"] == "validate":
            found[key] = _own(cells, where, line)
    if wrong:
        raise InputError(wrong)
    if not found:
        raise InputError(
            [f"{label}: no fact is marked validate, so there is nothing to hold the model against"]
        )
    return tuple(found.values())


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError([f"{path.name}: is not UTF-8; save it as CSV UTF-8"]) from error
    except OSError as error:
        raise InputError([f"{path}: {error.strerror}; a CSV file of facts expected"]) from error


def _rows(text: str, label: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line and cells of every row that is not empty; columns that are left out are empty. Raises InputError."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        heads = [head.strip() for head in next(rows, [])]
        _check_heads(heads, label)
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


def _check_heads(heads: list[str], label: str) -> None:
    where, known = f"{label}:1", (*NEEDED, *OPTIONAL)
    wrong = [problem(where, name, "column missing") for name in NEEDED if name not in heads]
    if len(wrong) == len(NEEDED):
        raise InputError([problem(where, "columns", "none of those needed", ",".join(NEEDED))])
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


def _problems(cells: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """What is wrong with one row, as (column, what, what was expected)."""
    for name in facts.COLUMNS:
        if not cells[name]:
            yield (name, "empty", "a number" if name == "value" else "")
    if cells["use"] and cells["use"] not in USES:
        yield ("use", repr(cells["use"]) + did_you_mean(cells["use"], USES), ", ".join(USES))
    for name in ("value", *KINDS):
        if cells[name] and not math.isfinite(_number(cells[name])):
            yield (name, repr(cells[name]), "a number")
    if cells["use"] != "validate":
        return
    if _number(cells["value"]) == 0.0:
        yield ("value", "0, and no difference is relative to nothing", "another number")
    if cells["unit"]:
        yield from facts.match_problems(_match_cells(cells), cells["unit"])


def _match_cells(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells of a row as those of a match; the fact's own name stands in for one that is not given."""
    name = {
        lang: cells[lang] or f"{cells['quantity']}, {cells['region']} {cells['period']}"
        for lang in ("en", "zh")
    }
    at_a_date = bool(cells["date"])
    return name | {
        "family": cells["scenario"] or "any", "scenario": cells["scenario"], "match": "same", "metric": cells["metric"],
        "event": cells["event"], "scope": cells["scope"] or ("region" if at_a_date else ""), "date": cells["date"],
        "why_en": "", "why_zh": "",
    }  # fmt: skip


def _own(cells: Mapping[str, str], where: str, line: int) -> OwnFact:
    fact = Fact(**{name: cells[name] for name in facts.COLUMNS if name != "value"},
                value=_number(cells["value"]), line=line)  # fmt: skip
    told = _match_cells(cells)
    match = Match(
        **told | {"event": told["event"] or None, "family": cells["scenario"]}, fact=fact, where=where
    )
    given = tuple(
        Baseline(kind, _number(cells[kind]), *HOW, fact.source, where) for kind in KINDS if cells[kind]
    )
    return OwnFact(match, Naive(given) if given else Naive((), "none was given", "未给出"))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
