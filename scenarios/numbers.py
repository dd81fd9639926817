"""The numbers of a file: brought to their base unit and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from scenarios import schema
from scenarios.files import Layer
from scenarios.lines import Path
from scenarios.scenario import Entry, Shares
from scenarios.schema import MARGIN_SHARES
from scenarios.units import WHOLE, UnitError, convert
from scenarios.words import in_unit, legal, plain
from simulation.policy import Parameter


def entry_at(layer: Layer, path: Path, raw: Any, parameter: Parameter, name: str) -> Entry | None:
    """The checked number at `path`, or None once its problems are noted."""
    steps = raw if isinstance(raw, list) else [raw]
    entries: list[tuple[str | None, Entry]] = []
    for n, step in enumerate(steps):
        place = (*path, n) if isinstance(raw, list) else path

        def wrong(
            wrong: str, expected: str = "", mend: str = "", field: str = "", place: Path = place
        ) -> None:
            layer.wrong((*place, field) if field else place, wrong, expected, mend)

        if not isinstance(step, dict) or not _shaped(step):
            continue  # pydantic has said what is wrong
        entry = number(step, parameter, name, layer.file.where(place), wrong)
        if entry is not None:
            entries.append((step.get("from"), entry))
    if not steps:
        layer.wrong(path, "is an empty list", "one number or more")
    if not entries or len(entries) < len(steps):
        return None
    if len(entries) == 1 and entries[0][0] is None:
        return entries[0][1]
    if parameter.family in _PLAIN or parameter.kind == "target":
        layer.wrong(path, "may not be dated", "one number")
        return None
    dates = [date or "" for date, _ in entries]
    if "" in dates:
        layer.wrong(path, "has a value without a date", 'from = "YYYY-MM" on each of several values')
        return None
    for n in range(1, len(dates)):
        if dates[n] <= dates[n - 1]:
            layer.wrong(
                (*path, n, "from"), f"{dates[n]} does not come after {dates[n - 1]}", "dates in rising order",
                "sort the values by date",
            )  # fmt: skip
            return None
    if any(entry.range for _, entry in entries):
        layer.wrong(path, "is dated and has a range", "a range on a number without dates only")
        return None
    last = entries[-1][1]
    sources = dict.fromkeys(entry.source for _, entry in entries)
    notes = dict.fromkeys(entry.note for _, entry in entries if entry.note)
    # Dates become months once the start of the period is known.
    return Entry(
        name, tuple((date, entry.value) for date, entry in entries), last.unit, "; ".join(sources),  # type: ignore[arg-type]
        "; ".join(notes), None, "linear", parameter.kind, parameter.family, layer.file.where(path),
    )  # fmt: skip


def _shaped(raw: dict) -> bool:
    try:
        schema.Number.model_validate(raw)
    except ValidationError:
        return False
    return True


def number(raw: Mapping[str, Any], parameter: Parameter, name: str, where: str, wrong: Any) -> Entry | None:
    """One well-formed number in its base unit, its legality checked."""
    unit = raw["unit"]
    try:
        value = convert(raw["value"], unit, parameter.unit)
        given = raw.get("range")
        span = (
            (convert(given[0], unit, parameter.unit), convert(given[1], unit, parameter.unit))
            if given
            else None
        )
    except UnitError as error:
        wrong(str(error), in_unit(parameter), "", "unit")
        return None
    low, high = parameter.low, parameter.high
    fine = True
    if not low <= value <= high:
        wrong(
            f"{plain(raw['value'])} {unit} is {'below' if value < low else 'above'} what is possible",
            legal(parameter),
        )
        fine = False
    elif parameter.unit in WHOLE and value != math.floor(value):
        wrong(f"{plain(value)} is not a whole number", f"a whole number {legal(parameter)}")
        fine = False
    if span is not None:
        a, b = raw["range"]
        if (
            parameter.unit in WHOLE
            or parameter.kind == "target"
            or (parameter.family in _PLAIN and parameter.family != "population")
        ):
            wrong("may not have a range", "one number", "remove the range", "range")
        elif not span[0] < span[1]:
            wrong(f"[{plain(a)}, {plain(b)}] runs backwards or is empty", "[lowest, highest]", "", "range")
        elif not (low <= span[0] and span[1] <= high):
            wrong(f"[{plain(a)}, {plain(b)}] {unit} leaves what is possible", legal(parameter), "", "range")
        elif not span[0] <= value <= span[1]:
            wrong(f"[{plain(a)}, {plain(b)}] does not contain the value {plain(raw['value'])}",
                  "lowest <= value <= highest", "", "range")  # fmt: skip
        elif raw.get("scale") == "log" and span[0] <= 0:
            wrong("a log scale cannot begin at 0", "a lowest value above 0", "", "range")
        else:
            return _made(raw, parameter, name, where, value, span) if fine else None
        return None
    if raw.get("scale") == "log":
        wrong("has a scale but no range", "range = [lowest, highest]", "", "scale")
        return None
    return _made(raw, parameter, name, where, value, None) if fine else None


# Families whose numbers are facts of a place: neither dated nor varied.
_PLAIN = ("county", "site", "sites", "closure", "population")


def _made(
    raw: Mapping[str, Any],
    p: Parameter,
    name: str,
    where: str,
    value: float,
    span: tuple[float, float] | None,
) -> Entry:
    return Entry(
        name,
        value,
        p.unit,
        raw["source"],
        raw.get("note", ""),
        span,
        raw.get("scale", "linear"),
        p.kind,
        p.family,
        where,
    )


def shares_at(layer: Layer, place: Path, raw: Any, path: Path) -> None:
    """A list of shares of a margin."""
    try:
        shares = schema.Shares.model_validate(raw)
    except ValidationError:
        return
    labels = MARGIN_SHARES[str(place[-1])]
    try:
        values = tuple(convert(value, shares.unit, "share") for value in shares.value)
    except UnitError as error:
        layer.wrong((*place, "unit"), str(error), "share or %")
        return
    total = math.fsum(values)
    if len(values) != len(labels):
        layer.wrong((*place, "value"), f"{len(values)} shares", f"{len(labels)}: {', '.join(labels)}")
    elif any(not 0 <= value <= 1 for value in values) or not 0.99 <= total <= 1.01:
        layer.wrong((*place, "value"), f"the shares sum to {plain(total)}", "shares of 0..1 that sum to 1")
    else:
        name = ".".join(str(step) for step in path)
        layer.set(path, Shares(name, values, shares.source, shares.note, layer.file.where(place)), place)
