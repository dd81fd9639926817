"""What is known from outside: published figures, each with its source and what it may be used for."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from scenarios.errors import InputError, problem
from scenarios.schema import EVENTS, METRICS
from scenarios.units import UnitError, convert
from scenarios.words import did_you_mean, listed

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
    "family", "scenario", "region", "period", "quantity", "match", "metric", "event", "scope", "date",
    "en", "zh", "why_en", "why_zh",
)  # fmt: skip
KINDS = ("same", "near", "none")
"""How an outcome of the model answers to a fact: defined alike, not quite alike (`why` says how), or not at all."""

EFFECT = "effect"
"""The metric that is no target's: the effect of moving on income."""

COLUMN = "column:"
"""What stands before the name of a number of a whole run, which has no date of its own: column:pool_share."""


@dataclass(frozen=True)
class Match:
    """What scenarios of a family are held against: a fact kept for validation, and the outcome that answers to it.

    `scenario` is "" where the fact is held against every policy of the family, else the one under which it came about.
    `where` is the file and line that say so.
    """

    family: str
    scenario: str
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
    where: str

    @property
    def name(self) -> str:
        """The scenario in which the fact came about: that of its own, else the family's plan."""
        return self.scenario or self.family

    @property
    def column(self) -> str | None:
        """The number of a whole run that answers, where it is not one at a date."""
        return self.metric.removeprefix(COLUMN) if self.metric.startswith(COLUMN) else None

    def holds_for(self, scenario: str, families: Collection[str]) -> bool:
        """Whether a scenario of that name, whose files are of these families, is held against the fact."""
        return self.family in families and self.scenario in ("", scenario)


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
    found: dict[tuple[str, ...], Match] = {}
    wrong: list[str] = []
    for row in rows:
        where, cells = f"{label}:{rows.line_num}", {name: (row[name] or "").strip() for name in HEADS}
        key = (cells.pop("region"), cells.pop("period"), cells.pop("quantity"))
        if key not in kept:
            wrong.append(problem(where, ", ".join(key), f"no fact kept for validation in {FILE}"))
            continue
        place = (cells["family"], cells["scenario"], *key)
        if place in found:
            wrong.append(problem(where, ", ".join(key), f"given in {found[place].where} already"))
        wrong += [problem(where, *said) for said in match_problems(cells, kept[key].unit)]
        event = cells.pop("event") or None
        found[place] = Match(**cells, event=event, fact=kept[key], where=where)
    if wrong:
        raise InputError(wrong)
    return tuple(found.values())


def match_problems(cells: dict[str, str], unit: str) -> list[tuple[str, ...]]:
    """What is wrong with one row for a fact in `unit`, as (column, what, what was expected)."""
    wrong: list[tuple[str, ...]] = [(name, "empty") for name in ("family", "en", "zh") if not cells[name]]
    if cells["match"] not in KINDS:
        wrong.append(("match", f"{cells['match']!r} is none of {', '.join(KINDS)}"))
    if cells["match"] != "same" and not (cells["why_en"] and cells["why_zh"]):
        wrong.append(("why_en, why_zh", "empty"))
    if cells["match"] == "none":
        return wrong + [(name, "given, but nothing matches") for name in ("metric", "date") if cells[name]]
    return wrong + _outcome_problems(cells, unit)


def _outcome_problems(cells: dict[str, str], unit: str) -> list[tuple[str, ...]]:
    metric, event = cells["metric"], cells["event"]
    if re.fullmatch(rf"{COLUMN}[\w-]+", metric):
        return [
            (name, f"{cells[name]!r}, but {metric} is a number of the whole run", "an empty cell")
            for name in ("event", "date", "scope")
            if cells[name]
        ]
    if metric not in (*METRICS, EFFECT):
        near = did_you_mean(metric, (*METRICS, EFFECT))
        said = f"{metric!r} is no outcome{near}" if metric else "empty, so there is nothing to compare with"
        return [
            (
                "metric",
                said,
                f"one of {listed((*METRICS, EFFECT), metric, 'docs/tables.md')}, or {COLUMN}NAME",
            )
        ]
    wrong: list[tuple[str, ...]] = []
    if said := unit_problem(unit, "share" if metric == EFFECT else METRICS[metric]):
        wrong.append(("unit", f"{said} for the outcome {metric}"))
    if metric == EFFECT:
        return wrong
    if not (re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", cells["date"]) and cells["scope"]):
        wrong.append(("date, scope", "empty, or no month", "a month such as 2020-03; region or a county"))
    if metric == "persons" and event not in EVENTS:
        wrong.append(("event", f"{event!r}", f"one of {', '.join(EVENTS)}: persons are counted at an event"))
    if metric != "persons" and event:
        wrong.append(("event", f"{event!r}, but only persons are counted at an event", "an empty cell"))
    return wrong


def unit_problem(given: str, wanted: str) -> str:
    """What keeps a fact in one unit from being compared with an outcome in another; "" if nothing does."""
    try:
        convert(1.0, given, wanted)
    except UnitError as error:
        return f"{error}: {wanted} expected"
    return ""
