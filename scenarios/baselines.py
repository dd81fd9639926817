"""Naive forecasts of facts that are kept for validation: what one would have said without a model.

Each is arithmetic on facts that were known, marked `input` or `calibrate`:
of x part / whole x times / over, and no more than at_most times `of`. `times` may have a unit: 1 homes/household.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from scenarios.errors import InputError, problem
from scenarios.facts import Fact, facts, unit_problem
from scenarios.units import convert
from scenarios.words import did_you_mean

FILE = "baselines.csv"
COLUMNS = (
    "region", "period", "quantity", "baseline", "of", "part", "whole", "times", "over", "at_most", "how_en", "how_zh",
)  # fmt: skip

KINDS = ("plan", "even_pace", "last_pace", "national", "elsewhere")
"""plan: the plan's number is reached. even_pace: the plan's number in equal yearly parts, up to the date. last_pace: what was
known before goes on. national: the nation's progress, on the region's plan. elsewhere: what was seen at another place or time."""
NONE = "none"

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Baseline:
    """A forecast of one fact, in the fact's unit, and how it was made."""

    kind: str
    value: float
    how_en: str
    how_zh: str
    source: str
    where: str


@dataclass(frozen=True)
class Naive:
    """The baselines of one fact; `why_en` and `why_zh` say why there is none."""

    baselines: tuple[Baseline, ...] = ()
    why_en: str = ""
    why_zh: str = ""


@cache
def baselines() -> Mapping[Key, Naive]:
    """By region, period and quantity of the fact: the table that comes with anju. Raises InputError."""
    return read(resources.files("scenarios").joinpath(FILE).read_text("utf-8"), facts())


def read(text: str, known: Sequence[Fact], label: str = FILE) -> Mapping[Key, Naive]:
    """Baselines from CSV text. Raises InputError with the line of every problem."""
    rows = csv.DictReader(text.splitlines())
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise InputError([problem(f"{label}:1", ",".join(rows.fieldnames or ()), "", ",".join(COLUMNS))])
    by_key = {(one.region, one.period, one.quantity): one for one in known}
    found: dict[Key, Naive] = {}
    wrong: list[str] = []
    for row in rows:
        where, cells = f"{label}:{rows.line_num}", {name: (row[name] or "").strip() for name in COLUMNS}
        key = (cells["region"], cells["period"], cells["quantity"])
        target = by_key.get(key)
        if target is None or target.use != "validate":
            wrong.append(problem(where, ", ".join(key), "no fact kept for validation"))
            continue
        there = found.setdefault(key, Naive())
        try:
            found[key] = _with(there, cells, target, by_key, where)
        except InputError as error:
            wrong += error.messages
    if wrong:
        raise InputError(wrong)
    return found


def _with(
    there: Naive, cells: Mapping[str, str], target: Fact, known: Mapping[Key, Fact], where: str
) -> Naive:
    if not (cells["how_en"] and cells["how_zh"]):
        raise InputError([problem(where, "how_en, how_zh", "empty")])
    if cells["baseline"] == NONE:
        if there.baselines or there.why_en or any(cells[name] for name in COLUMNS[4:10]):
            raise InputError([problem(where, "baseline", "none, but there is one, or numbers are given")])
        return Naive((), cells["how_en"], cells["how_zh"])
    if there.why_en or cells["baseline"] in [one.kind for one in there.baselines]:
        raise InputError(
            [problem(where, "baseline", f"{cells['baseline']}, but the fact has {NONE}, or it already")]
        )
    if cells["baseline"] not in KINDS:
        near = did_you_mean(cells["baseline"], (*KINDS, NONE))
        raise InputError(
            [problem(where, "baseline", f"{cells['baseline']!r}{near}", ", ".join((*KINDS, NONE)))]
        )
    return Naive((*there.baselines, _baseline(cells, target, known, where)))


def _baseline(cells: Mapping[str, str], target: Fact, known: Mapping[Key, Fact], where: str) -> Baseline:
    of = _fact(cells["of"], known, f"{where}: of")
    times, _, per = cells["times"].partition(" ")
    unit = f"{of.unit}*{per.strip()}" if per.strip() else of.unit
    if said := unit_problem(unit, target.unit):
        raise InputError([problem(where, "of", said)])
    share, used = 1.0, [of]
    if cells["part"] or cells["whole"]:
        part, whole = (_fact(cells[name], known, f"{where}: {name}") for name in ("part", "whole"))
        if said := unit_problem(part.unit, whole.unit):
            raise InputError([problem(where, "part", said)])
        share = convert(part.value, part.unit, whole.unit) / whole.value
        used += [part, whole]
    share *= _number(times, f"{where}: times") / _number(cells["over"], f"{where}: over")
    if cells["at_most"]:
        share = min(share, _number(cells["at_most"], f"{where}: at_most"))
    value = convert(of.value, unit, target.unit) * share
    source = "; ".join(dict.fromkeys(one.source for one in used))
    return Baseline(cells["baseline"], value, cells["how_en"], cells["how_zh"], source, where)


def _fact(text: str, known: Mapping[Key, Fact], where: str) -> Fact:
    """The fact named `region | period | quantity`, which must have been known: none kept for validation."""
    parts = tuple(part.strip() for part in text.split("|"))
    found = known.get(parts) if len(parts) == 3 else None
    if found is None:
        raise InputError(
            [f"{where}: {text!r} is no fact; expected region | period | quantity of one in facts.csv"]
        )
    if found.use == "validate":
        raise InputError([f"{where}: {text} is kept for validation, so no forecast may rest on it"])
    return found


def _number(text: str, where: str) -> float:
    try:
        value = float(text or 1.0)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0.0):
        raise InputError([f"{where}: {text!r}; expected a number above 0"])
    return value
