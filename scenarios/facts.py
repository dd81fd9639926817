"""What is known from outside: published figures, each with its source and what it may be used for."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from scenarios.errors import InputError, problem
from scenarios.schema import METRICS

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


MATCHES = "held_against.csv"
HEADS = (
    "family", "region", "period", "quantity", "match", "metric", "event", "scope", "date",
    "en", "zh", "why_en", "why_zh",
)  # fmt: skip
KINDS = ("same", "near", "none")
"""How an outcome of the model answers to a fact: defined alike, not quite alike (`why` says how), or not at all."""

EFFECT = "effect"
"""The metric that is no target's: the effect of moving on income."""


@dataclass(frozen=True)
class Match:
    """What scenarios of a family are held against: a fact kept for validation, and the outcome that answers to it."""

    family: str
    fact: Fact
    match: str
    metric: str
    event: str | None
    scope: str
    date: str
    en: str
    zh: str
    why_en: str
    why_zh: str


@cache
def matches() -> tuple[Match, ...]:
    """The table that comes with anju. Raises InputError."""
    text = resources.files("scenarios").joinpath(MATCHES).read_text("utf-8")
    return read_matches(text, facts())


def read_matches(text: str, known: Sequence[Fact], label: str = MATCHES) -> tuple[Match, ...]:
    """Matches from CSV text. Raises InputError with the line of every problem."""
    rows = csv.DictReader(text.splitlines())
    if tuple(rows.fieldnames or ()) != HEADS:
        raise InputError([problem(f"{label}:1", ",".join(rows.fieldnames or ()), "", ",".join(HEADS))])
    kept = {(one.region, one.period, one.quantity): one for one in known if one.use == "validate"}
    found, wrong = [], []
    for row in rows:
        where, cells = f"{label}:{rows.line_num}", {name: (row[name] or "").strip() for name in HEADS}
        key = (cells.pop("region"), cells.pop("period"), cells.pop("quantity"))
        if key not in kept:
            wrong.append(problem(where, ", ".join(key), f"no fact kept for validation in {FILE}"))
            continue
        wrong += [problem(where, *said) for said in _match_problems(cells)]
        event = cells.pop("event") or None
        found.append(Match(**cells, event=event, fact=kept[key]))
    if wrong:
        raise InputError(wrong)
    return tuple(found)


def _match_problems(cells: dict[str, str]) -> list[tuple[str, str]]:
    """What is wrong with one row, as (column, what)."""
    wrong = [(name, "empty") for name in ("family", "en", "zh") if not cells[name]]
    if cells["match"] not in KINDS:
        wrong.append(("match", f"{cells['match']!r} is none of {', '.join(KINDS)}"))
    if cells["match"] != "same" and not (cells["why_en"] and cells["why_zh"]):
        wrong.append(("why_en, why_zh", "empty"))
    if cells["match"] == "none":
        return wrong + [(name, "given, but nothing matches") for name in ("metric", "date") if cells[name]]
    if cells["metric"] not in (*METRICS, EFFECT):
        wrong.append(("metric", f"{cells['metric']!r} is no outcome"))
    elif cells["metric"] != EFFECT and not (re.fullmatch(r"\d{4}-\d\d", cells["date"]) and cells["scope"]):
        wrong.append(("date, scope", "empty"))
    return wrong
