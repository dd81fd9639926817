"""One file, section by section: what it sets, and everything that is wrong in it."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from scenarios import schema
from scenarios.errors import problem
from scenarios.files import File, Layer, at, list_of, table_of
from scenarios.lines import Path
from scenarios.numbers import entry_at, number, shares_at
from scenarios.schema import MARGIN_SHARES, MARGINS, METRICS, ROWS
from scenarios.words import did_you_mean, is_number, quoted, say
from simulation.policy import PARAMETERS, Parameter

_IN_BOTH, _BOTH = ("title", "description"), '{ zh = "...", en = "..." }'


def layer_of(file: File) -> Layer:
    layer = Layer(file)
    data = file.data
    version = data.get("schema")
    if version != schema.SCHEMA or isinstance(version, bool):
        if "schema" not in data:
            layer.wrong((), "schema is missing", f"schema = {schema.SCHEMA}", "add it as the first line")
        elif isinstance(version, int) and version > schema.SCHEMA:
            layer.wrong(
                ("schema",),
                f"{version} is newer than this Anju knows",
                f"schema = {schema.SCHEMA}",
                "update Anju",
            )
            return layer
        else:
            layer.wrong(("schema",), f"{version!r} is not a schema Anju knows", f"schema = {schema.SCHEMA}")
    try:
        schema.File.model_validate(data)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            if fault["loc"] not in (("schema",),):
                _explain(layer, fault)
    _sections(layer)
    _rows(layer)
    _population(layer)
    for name, value in table_of(data.get("period")).items():
        layer.set(("period", name), value, ("period", name))
    return layer


def _explain(layer: Layer, fault: Mapping[str, Any]) -> None:
    """A pydantic error in the house's words."""
    path = tuple(fault["loc"])
    kind, given, context = fault["type"], fault["input"], fault.get("ctx", {})
    # A single number is read as a list of one.
    place = tuple(
        step
        for n, step in enumerate(path)
        if not (step == 0 and isinstance(at(layer.file.data, path[:n]), dict))
    )
    declared = _declared(place, layer.file.data)
    unit = declared.unit if declared else "UNIT"
    example = f'{{ value = ..., unit = "{unit}", source = "..." }}'
    last = path[-1]
    if place[0] in schema.KINDS and len(place) > 1 and declared is None:
        return  # an unknown family or parameter, which is said once elsewhere
    if kind == "extra_forbidden":
        siblings = _siblings(path)
        layer.wrong(
            place,
            "unknown key" + did_you_mean(str(last), siblings),
            f"one of {', '.join(siblings)}",
            "remove or rename it",
        )
    elif kind == "missing" and last == "source":
        layer.wrong(
            place[:-1], "has no source", "a source behind every number",
            'add source = "..." (document and article, a statistic\'s address, or "assumption")',
        )  # fmt: skip
    elif kind == "missing":
        wanted = example if declared else f"{last} = {_BOTH if last in _IN_BOTH else '...'}"
        layer.wrong(place[:-1], f"has no {last}", wanted, "add it")
    elif kind == "model_type" and last in _IN_BOTH:
        layer.wrong(place, f"{say(given)} is not in both languages", f"{last} = {_BOTH}")
    elif last == "source" and kind == "string_too_short":
        layer.wrong(place, "is empty", 'a document and article, a statistic\'s address, or "assumption"')
    elif kind == "list_type" and declared:
        layer.wrong(place, f"{say(given)} has no unit and no source", example, "write it in full")
    elif last == "range" or (len(path) > 1 and path[-2] == "range"):
        layer.wrong(place, f"{say(given)} is not a range", f"[lowest, highest] in {unit}")
    elif kind in ("float_type", "finite_number"):
        mend = "remove the quotes" if isinstance(given, str) and is_number(given) else ""
        layer.wrong(
            place, f"{say(given)} is not a number", f"a number in {unit}" if declared else "a number", mend
        )
    elif kind == "string_pattern_mismatch":
        wanted = (
            "a month such as 2024-01" if "d{4}" in context["pattern"] else "lower-case letters, digits and _"
        )
        layer.wrong(place, f"{say(given)} is not valid", wanted)
    elif kind == "literal_error":
        layer.wrong(
            place, f"{say(given)} is not valid" + did_you_mean(str(given), quoted(context["expected"])),
            context["expected"],
        )  # fmt: skip
    elif kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        layer.wrong(
            place,
            f"{say(given)} is out of bounds",
            f"{'at least' if 'ge' in context else 'at most'} {bound}",
        )
    else:
        kinds = {"string_type": "text in quotes", "int_type": "a whole number", "dict_type": "a table",
                 "model_type": "a table", "list_type": "a list"}  # fmt: skip
        layer.wrong(place, f"{say(given)} is not valid", kinds.get(kind, str(fault["msg"])))


def _sections(layer: Layer) -> None:
    """[lever.*], [uncertainty.*] and [constant.*]: the parameters of simulation.policy."""
    for kind in schema.KINDS:
        for family, numbers in table_of(layer.file.data.get(kind)).items():
            if family not in schema.FAMILIES[kind]:
                layer.wrong(
                    (kind, family), "unknown family" + did_you_mean(family, schema.FAMILIES[kind]),
                    f"one of {', '.join(schema.FAMILIES[kind])}", "rename the section",
                )  # fmt: skip
                continue
            for name, raw in table_of(numbers).items():
                path = (kind, family, name)
                parameter = PARAMETERS.get(name)
                if parameter is None:
                    here = [p.name for p in PARAMETERS.values() if (p.kind, p.family) == (kind, family)]
                    close = did_you_mean(name, here) or did_you_mean(name, PARAMETERS)
                    layer.wrong(
                        path,
                        "unknown key" + close,
                        f"a parameter of [{kind}.{family}]",
                        "remove or rename it",
                    )
                elif (parameter.kind, parameter.family) != (kind, family):
                    home = f"[{parameter.kind}.{parameter.family}]"
                    layer.wrong(path, "stands in the wrong section", home, f"move it to {home}")
                elif (entry := entry_at(layer, path, raw, parameter, name)) is not None:
                    layer.set(("parameter", name), entry, path)


def _rows(layer: Layer) -> None:
    """[[county]], [[mode]], [[site]], [[closure]] and [[target]]: rows with an id."""
    for section in (*ROWS, "target"):
        seen: set[str] = set()
        for n, row in enumerate(list_of(layer.file.data.get(section))):
            row = table_of(row)
            id = row.get("id")
            if not isinstance(id, str):
                continue
            if id in seen:
                layer.wrong(
                    (section, n), f'id "{id}" is there twice', "one row an id", "rename or remove one"
                )
            seen.add(id)
            layer.set((section, id, "id"), id, (section, n))
            for name, raw in row.items():
                _cell(layer, section, id, (section, n, name), raw)
    _site_table(layer)


def _cell(layer: Layer, section: str, id: str, place: Path, raw: Any) -> None:
    """One key of a row."""
    name = str(place[-1])
    known = ROWS.get(section, {})
    if name in known:
        entry = entry_at(layer, place, raw, known[name], f"{id}.{name}")
        if entry is not None:
            layer.set((section, id, name), entry, place)
    elif section == "county" and name in MARGIN_SHARES:
        shares_at(layer, place, raw, (section, id, name))
    elif name in _ROW_TEXTS[section]:
        layer.set((section, id, name), raw, place)
    elif section != "target":
        choices = [*known, *_ROW_TEXTS[section]]
        few = choices if len(choices) <= 40 else [k for k in choices if k not in PARAMETERS]
        more = "" if few == choices else ", or a parameter (docs/parameters.md)"
        layer.wrong(
            place, "unknown key" + did_you_mean(name, choices), f"one of {', '.join(few)}{more}",
            "remove or rename it",
        )  # fmt: skip
    if (section, name) == ("target", "metric") and isinstance(raw, str) and raw not in METRICS:
        layer.wrong(
            place, f'unknown metric "{raw}"' + did_you_mean(raw, METRICS),
            "persons or an indicator of simulation.outcomes",
        )  # fmt: skip


_ROW_TEXTS = {
    "county": ("id", "en", "zh"),
    "mode": ("id", "en", "zh", "homes"),
    "site": ("id", "en", "zh", "county", "mode"),
    "closure": ("id", "en", "zh", "date", "county"),
    # Limits are read once the metric is known, which another file may give.
    "target": ("id", "en", "zh", "metric", "event", "date", "scope", "at_least", "at_most"),
}


def _site_table(layer: Layer) -> None:
    """[sites]: size classes, and a CSV of sites with the unit and source of each column."""
    sites = table_of(layer.file.data.get("sites"))
    for name, parameter in schema.SITE_CLASSES.items():
        if name in sites:
            entry = entry_at(layer, ("sites", name), sites[name], parameter, f"sites.{name}")
            if entry is not None:
                layer.set(("sites", name), entry, ("sites", name))
    name = sites.get("file")
    if not isinstance(name, str):
        return
    place = layer.file.folder.joinpath(name)
    label = "/".join([*layer.file.label.split("/")[:-1], name])
    if not place.is_file():
        layer.wrong(("sites", "file"), f'there is no file "{name}"', "a CSV beside this file")
        return
    try:
        table = csv.reader(io.StringIO(place.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        rows = [(table.line_num, row) for row in table if row]
    except (UnicodeDecodeError, csv.Error) as error:
        reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"is not valid CSV ({error})"
        layer.problems.append(problem(f"{label}:1", "text", reason, "CSV in UTF-8, fields parted by commas"))
        return
    texts = ("id", "en", "zh", "county", "mode")
    wanted = (*texts, *schema.SITE_NUMBERS)
    head = [cell.strip() for cell in rows[0][1]] if rows else []
    columns = table_of(sites.get("columns"))
    for column in head:
        if column not in wanted:
            layer.problems.append(
                problem(f"{label}:1", column, "unknown column" + did_you_mean(column, wanted),
                        f"one of {', '.join(wanted)}", "remove or rename it")
            )  # fmt: skip
    for column in wanted:
        if column not in head:
            layer.problems.append(
                problem(f"{label}:1", column, "column is missing", f"columns {', '.join(wanted)}")
            )
        elif column in schema.SITE_NUMBERS and column not in columns:
            layer.wrong(
                ("sites",), f'column "{column}" has no unit and source', "a unit and source for each column of numbers",
                f'add columns.{column} = {{ unit = "{schema.SITE_NUMBERS[column].unit}", source = "..." }}',
            )  # fmt: skip
    for column in columns:
        if column not in schema.SITE_NUMBERS:
            layer.wrong(("sites", "columns", column), "unknown column" + did_you_mean(column, schema.SITE_NUMBERS),
                        f"one of {', '.join(schema.SITE_NUMBERS)}")  # fmt: skip
    if any(column not in head for column in wanted):
        return
    seen: set[str] = set()
    for line, row in rows[1:]:
        where = f"{label}:{line}"
        if len(row) != len(head):
            layer.problems.append(
                problem(
                    where,
                    "row",
                    f"{len(row)} fields",
                    f"{len(head)}, one a column",
                    "quote fields with commas",
                )
            )
            continue
        cells = {column: cell.strip() for column, cell in zip(head, row, strict=True)}
        id = cells["id"]
        if id in seen or not re.fullmatch(r"[a-z][a-z0-9_]*", id):
            wrong = f'id "{id}" is there twice' if id in seen else f'"{id}" is not an id'
            layer.problems.append(
                problem(where, "id", wrong, "one row an id, of lower-case letters, digits and _")
            )
        seen.add(id)
        for column in texts:
            layer.set(("site", id, column), cells[column], ("sites", "file"))
        for column, parameter in schema.SITE_NUMBERS.items():
            about = table_of(columns.get(column))
            if not is_number(cells[column]) or not {"unit", "source"} <= about.keys():
                if {"unit", "source"} <= about.keys():
                    layer.problems.append(
                        problem(
                            where,
                            column,
                            f'"{cells[column]}" is not a number',
                            f"a number in {about['unit']}",
                        )
                    )
                continue
            entry = number(
                {"value": float(cells[column]), **about}, parameter, f"{id}.{column}", where,
                lambda wrong, expected="", mend="", field="", w=where, c=column: layer.problems.append(
                    problem(w, c, wrong, expected, mend)
                ),
            )  # fmt: skip
            if entry is not None:
                layer.set(("site", id, column), entry, ("sites", "file"))


def _population(layer: Layer) -> None:
    """[population]: margins of the synthetic households."""
    for name, raw in table_of(layer.file.data.get("population")).items():
        path = ("population", name)
        if name == "seed":
            layer.set(path, raw, path)
        elif name in MARGIN_SHARES:
            shares_at(layer, path, raw, path)
        elif name in MARGINS:
            entry = entry_at(layer, path, raw, MARGINS[name], f"population.{name}")
            if entry is not None:
                layer.set(path, entry, path)
        else:
            choices = [*MARGINS, *MARGIN_SHARES, "seed"]
            layer.wrong(path, "unknown key" + did_you_mean(name, choices), "a margin", "remove or rename it")


def _declared(path: Path, data: Any) -> Parameter | None:
    """The parameter a path into a file stands for."""
    match path:
        case ("lever" | "uncertainty" | "constant", _, name, *_):
            return PARAMETERS.get(str(name))
        case ("county" | "mode" | "site" | "closure" as section, int(), name, *_):
            return ROWS[section].get(str(name))
        case ("population", name, *_):
            return MARGINS.get(str(name))
        case ("sites", "medium_persons" | "large_persons" as name, *_):
            return schema.SITE_CLASSES[name]
        case ("target", int(), "at_least" | "at_most" as name, *_):
            unit = METRICS.get(str(table_of(at(data, path[:2])).get("metric")), "")
            return Parameter(name, "target", "target", unit, -math.inf, math.inf, "", "") if unit else None
    return None


def _siblings(path: Path) -> list[str]:
    """The keys known where an unknown one stands."""
    models = {
        "header": schema.Header, "period": schema.Period, "target": schema.Target, "sites": schema.Sites,
    }  # fmt: skip
    if len(path) == 1:
        model = schema.File
    elif path[0] in models and len(path) <= (3 if path[0] == "target" else 2):
        model = models[str(path[0])]
    elif path[0] == "header":
        model = schema.Text
    elif path[:2] == ("sites", "columns"):
        model = schema.Column
    else:
        model = schema.Number
    return [f.alias or n for n, f in model.model_fields.items()]
