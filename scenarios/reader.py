"""Scenario files to a Scenario: read, checked and merged, with every problem reported at once.

A file extends another; packages are laid over it, and single settings over those:
base < extends < packages, left to right < settings.
"""

from __future__ import annotations

import csv
import difflib
import io
import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from scenarios import schema
from scenarios.errors import InputError, problem
from scenarios.lines import Path, lines
from scenarios.scenario import Closure, County, Entry, Mode, Scenario, Shares, Site, Target, month_of
from scenarios.schema import MARGIN_SHARES, MARGINS, METRICS, ROWS
from scenarios.units import WHOLE, UnitError, convert
from simulation.policy import MODE_PARAMETERS, PARAMETERS, Parameter

_REGION = "region"


def load(
    name_or_path: str | FilePath, *, packages: Sequence[str] = (), sets: Mapping[str, str] | None = None
) -> Scenario:
    """The scenario of that name or path, packages laid over it from left to right, then single settings.

    `lishui` means `lishui/plan`; a path ends in `.toml`. `sets` maps a parameter (or `MODE.PARAMETER`) to a text such as
    `20000 yuan/person`. Raises InputError with every problem found.
    """
    problems: list[str] = []
    chain = _chain(str(name_or_path), problems)
    over = [layer for p in packages for layer in _chain(p, problems, package=True)]
    if problems and not chain:
        raise InputError(problems)
    base = _merge(layer.values for layer in chain)
    owners: dict[Path, _Layer] = {}
    for layer in over:
        for path in layer.values.keys() & owners.keys():
            problems.append(
                problem(
                    layer.where(path), _show(path), f"already set by {owners[path].file.label}", "",
                    "two packages may not set one key: leave one package out",
                )
            )  # fmt: skip
        owners |= dict.fromkeys(layer.values, layer)
    merged = _merge([base, *(layer.values for layer in over)])
    merged |= _settings(sets or {}, merged, problems)
    for layer in (*chain, *over):
        problems += layer.problems
    if problems:
        raise InputError(problems)
    scenario = _build(_name(str(name_or_path)), merged, [*chain, *over], problems)
    if scenario is None or problems:
        raise InputError(problems)
    return scenario


def names() -> list[tuple[str, str, str]]:
    """(name, English title, Chinese title) of every scenario that comes with Anju."""
    found = []
    for folder in sorted(_data().iterdir(), key=lambda f: f.name):
        if folder.is_dir() and folder.joinpath(f"{_REGION}.toml").is_file():
            found += [_titled(f, f"{folder.name}/{f.name[:-5]}") for f in _tomls(folder)]
    return [(name.removesuffix("/plan"), en, zh) for name, en, zh in found]


def packages() -> list[tuple[str, str, str]]:
    """(name, English title, Chinese title) of every package."""
    folder = _data().joinpath("packages")
    return [_titled(f, f.name[:-5]) for f in _tomls(folder)] if folder.is_dir() else []


def _tomls(folder: Traversable) -> list[Traversable]:
    files = [f for f in folder.iterdir() if f.name.endswith(".toml") and f.name != f"{_REGION}.toml"]
    return sorted(files, key=lambda f: (f.name != "plan.toml", f.name))


def _titled(file: Traversable, name: str) -> tuple[str, str, str]:
    title = tomllib.loads(file.read_text("utf-8-sig"))["header"]["title"]
    return name, title["en"], title["zh"]


def _data() -> Traversable:
    return resources.files("scenarios")


def _name(name_or_path: str) -> str:
    name = name_or_path.removesuffix("/plan")
    return FilePath(name).stem if name.endswith(".toml") else name


# Files


@dataclass
class _File:
    """One TOML text, its data and where everything in it stands."""

    folder: Traversable
    label: str
    text: str
    data: dict[str, Any]

    @cached_property
    def lines(self) -> dict[Path, int]:
        return lines(self.text)

    def where(self, path: Path) -> str:
        while path not in self.lines:
            path = path[:-1]
        return f"{self.label}:{self.lines[path]}"


@dataclass
class _Layer:
    """What one file sets: each key with its value and the file's line, and what is wrong in it."""

    file: _File
    values: dict[Path, Any] = field(default_factory=dict)
    places: dict[Path, Path] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def set(self, path: Path, value: Any, place: Path) -> None:
        self.values[path] = value
        self.places[path] = place

    def where(self, path: Path) -> str:
        return self.file.where(self.places.get(path, ()))

    def wrong(self, place: Path, wrong: str, expected: str = "", mend: str = "") -> None:
        self.problems.append(
            problem(self.file.where(place), _show(place, self.file.data), wrong, expected, mend)
        )


def _chain(name: str, problems: list[str], *, package: bool = False) -> list[_Layer]:
    """The layers a file rests on, the base first, the file itself last."""
    found: list[_Layer] = []
    file = _open(name, problems, package=package)
    labels: list[str] = []
    while file is not None:
        if file.label in labels:
            circle = " -> ".join([*labels, file.label])
            problems.append(
                problem(
                    labels[-1] + ":1", "extends", f"goes in a circle ({circle})", "", "let one extend nothing"
                )
            )
            break
        labels.append(file.label)
        layer = _layer(file)
        found.insert(0, layer)
        base = file.data.get("extends")
        if not isinstance(base, str):
            break
        file = _open(base, problems, package=package, of=file)
    return found


def _open(name: str, problems: list[str], *, package: bool = False, of: _File | None = None) -> _File | None:
    """The file of a name; `of` is the file that extends it. None, and a problem, if there is none or it is no TOML."""
    place: Traversable | None = None
    label = name
    if of is not None and (beside := of.folder.joinpath(f"{name.removesuffix('.toml')}.toml")).is_file():
        folder = of.folder
        place, label = beside, "/".join([*of.label.split("/")[:-1], beside.name])
    elif name.endswith(".toml"):
        path = FilePath(name)
        place, folder = (path if path.is_file() else None), path.parent
    else:
        room, _, leaf = name.partition("/")
        folder = _data().joinpath("packages" if package else room)
        leaf = name if package else leaf or "plan"
        beside = folder.joinpath(f"{leaf}.toml")
        if re.fullmatch(r"[\w/-]+", name) and beside.is_file():
            place, label = beside, f"{folder.name}/{beside.name}"
    if place is None:
        known = [n for n, _, _ in (globals()["packages"]() if package else names())]
        where, key = (
            (of.where(("extends",)), "extends") if of else (name, "package" if package else "scenario")
        )
        problems.append(
            problem(
                where, key, f'no {"package" if package else "scenario"} "{name}"',
                "a name or the path of a .toml file" + did_you_mean(name, known),
                f"known: {', '.join(known)}" if known else "",
            )
        )  # fmt: skip
        return None
    try:
        text = place.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(
            problem(
                f"{label}:{place.read_bytes().count(10, 0, error.start) + 1}", "text", "is not UTF-8",
                "UTF-8, with or without a byte-order mark", "save the file as UTF-8",
            )
        )  # fmt: skip
        return None
    text = text.replace("\r\n", "\n")
    try:
        return _File(folder, label, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        at = re.search(r"\(at line (\d+), column (\d+)\)|\(at end of document\)", message)
        line = at[1] if at and at[1] else str(text.count("\n") + 1)
        reason = message[: at.start()].strip() if at else message
        problems.append(
            problem(f"{label}:{line}", "TOML", reason[:1].lower() + reason[1:], "valid TOML 1.0", "")
        )
        return None


# One file


def _layer(file: _File) -> _Layer:
    layer = _Layer(file)
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
    for key in ("period", "header"):
        for name, value in _table(data.get(key)).items():
            layer.set((key, name), value, (key, name))
    return layer


def _explain(layer: _Layer, fault: Mapping[str, Any]) -> None:
    """A pydantic error in the house's words."""
    path = tuple(fault["loc"])
    kind, given, context = fault["type"], fault["input"], fault.get("ctx", {})
    raw = _at(layer.file.data, path[:-1])
    # A single number is read as a list of one.
    place = tuple(
        step
        for n, step in enumerate(path)
        if not (step == 0 and isinstance(_at(layer.file.data, path[:n]), dict))
    )
    declared = _declared(place, layer.file.data)
    unit = declared.unit if declared else "UNIT"
    example = f'{{ value = ..., unit = "{unit}", source = "..." }}'
    last = path[-1]
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
        layer.wrong(place[:-1], f"has no {last}", example if declared else f"{last} = ...", "add it")
    elif last == "source" and kind == "string_too_short":
        layer.wrong(place, "is empty", 'a document and article, a statistic\'s address, or "assumption"')
    elif kind == "list_type" and declared:
        layer.wrong(place, f"{_say(given)} has no unit and no source", example, "write it in full")
    elif last == "range" or (len(path) > 1 and path[-2] == "range"):
        layer.wrong(place, f"{_say(given)} is not a range", f"[lowest, highest] in {unit}")
    elif kind in ("float_type", "finite_number"):
        mend = "remove the quotes" if isinstance(given, str) and _is_number(given) else ""
        layer.wrong(
            place, f"{_say(given)} is not a number", f"a number in {unit}" if declared else "a number", mend
        )
    elif kind == "string_pattern_mismatch":
        wanted = (
            "a month such as 2024-01" if "d{4}" in context["pattern"] else "lower-case letters, digits and _"
        )
        layer.wrong(place, f"{_say(given)} is not valid", wanted)
    elif kind == "literal_error":
        layer.wrong(place, f"{_say(given)} is not valid" + did_you_mean(str(given), _quoted(context["expected"])),
                    context["expected"])  # fmt: skip
    elif kind in ("greater_than_equal", "less_than_equal"):
        bound = context.get("ge", context.get("le"))
        layer.wrong(
            place,
            f"{_say(given)} is out of bounds",
            f"{'at least' if 'ge' in context else 'at most'} {bound}",
        )
    else:
        kinds = {"string_type": "text in quotes", "int_type": "a whole number", "dict_type": "a table",
                 "model_type": "a table", "list_type": "a list"}  # fmt: skip
        layer.wrong(place, f"{_say(given)} is not valid", kinds.get(kind, fault["msg"]))
    del raw


def _sections(layer: _Layer) -> None:
    """[lever.*], [uncertainty.*] and [constant.*]: the parameters of simulation.policy."""
    for kind in schema.KINDS:
        for family, numbers in _table(layer.file.data.get(kind)).items():
            if family not in schema.FAMILIES[kind]:
                layer.wrong(
                    (kind, family), "unknown family" + did_you_mean(family, schema.FAMILIES[kind]),
                    f"one of {', '.join(schema.FAMILIES[kind])}", "rename the section",
                )  # fmt: skip
                continue
            for name, raw in _table(numbers).items():
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
                elif (entry := _entry(layer, path, raw, parameter, name)) is not None:
                    layer.set(("parameter", name), entry, path)


def _rows(layer: _Layer) -> None:
    """[[county]], [[mode]], [[site]], [[closure]] and [[target]]: rows with an id."""
    for section in (*ROWS, "target"):
        seen: set[str] = set()
        for n, row in enumerate(_list(layer.file.data.get(section))):
            row = _table(row)
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
                path = (section, n, name)
                known: Mapping[str, Parameter] = ROWS.get(section, {})
                if section == "target" and name in ("at_least", "at_most"):
                    metric = row.get("metric")
                    unit = METRICS.get(metric, "") if isinstance(metric, str) else ""
                    limit = Parameter(name, "target", "target", unit, -math.inf, math.inf, "", "")
                    entry = _entry(layer, path, raw, limit, f"target.{id}") if unit else None
                    if entry is not None:
                        layer.set((section, id, name), entry, path)
                elif name in known:
                    entry = _entry(layer, path, raw, known[name], f"{id}.{name}")
                    if entry is not None:
                        layer.set((section, id, name), entry, path)
                elif section == "county" and name in MARGIN_SHARES:
                    _shares(layer, path, raw, (section, id, name))
                elif name in _ROW_TEXTS[section]:
                    layer.set((section, id, name), raw, path)
                elif section != "target":
                    choices = [*known, *_ROW_TEXTS[section]]
                    layer.wrong(
                        path, "unknown key" + did_you_mean(name, choices), f"one of {', '.join(choices)}",
                        "remove or rename it",
                    )  # fmt: skip
            metric = row.get("metric")
            if section == "target" and isinstance(metric, str) and metric not in METRICS:
                layer.wrong((section, n, "metric"), f'unknown metric "{metric}"' + did_you_mean(metric, METRICS),
                            "persons or an indicator of simulation.outcomes")  # fmt: skip
    _site_table(layer)


_ROW_TEXTS = {
    "county": ("id", "en", "zh"),
    "mode": ("id", "en", "zh", "homes"),
    "site": ("id", "en", "zh", "county", "mode"),
    "closure": ("id", "en", "zh", "date", "county"),
    "target": ("id", "en", "zh", "metric", "event", "date", "scope"),
}


def _site_table(layer: _Layer) -> None:
    """[sites]: size classes, and a CSV of sites with the unit and source of each column."""
    sites = _table(layer.file.data.get("sites"))
    for name, parameter in schema.SITE_CLASSES.items():
        if name in sites:
            entry = _entry(layer, ("sites", name), sites[name], parameter, f"sites.{name}")
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
    columns = _table(sites.get("columns"))
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
            about = _table(columns.get(column))
            if not _is_number(cells[column]) or not {"unit", "source"} <= about.keys():
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
            entry = _number(
                {"value": float(cells[column]), **about}, parameter, f"{id}.{column}", where,
                lambda wrong, expected="", mend="", field="", w=where, c=column: layer.problems.append(
                    problem(w, c, wrong, expected, mend)
                ),
            )  # fmt: skip
            if entry is not None:
                layer.set(("site", id, column), entry, ("sites", "file"))


def _population(layer: _Layer) -> None:
    """[population]: margins of the synthetic households."""
    for name, raw in _table(layer.file.data.get("population")).items():
        path = ("population", name)
        if name == "seed":
            layer.set(path, raw, path)
        elif name in MARGIN_SHARES:
            _shares(layer, path, raw, path)
        elif name in MARGINS:
            entry = _entry(layer, path, raw, MARGINS[name], f"population.{name}")
            if entry is not None:
                layer.set(path, entry, path)
        else:
            choices = [*MARGINS, *MARGIN_SHARES, "seed"]
            layer.wrong(path, "unknown key" + did_you_mean(name, choices), "a margin", "remove or rename it")


# Numbers


def _entry(layer: _Layer, path: Path, raw: Any, parameter: Parameter, name: str) -> Entry | None:
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
        entry = _number(step, parameter, name, layer.file.where(place), wrong)
        if entry is not None:
            entries.append((step.get("from"), entry))
    if not steps:
        layer.wrong(path, "is an empty list", "one number or more")
    if not entries or len(entries) < len(steps):
        return None
    dates = [date for date, _ in entries]
    if len(entries) == 1 and dates[0] is None:
        return entries[0][1]
    if parameter.kind not in ("lever", "uncertainty", "constant") or parameter.family in (
        "county",
        "site",
        "sites",
    ):
        layer.wrong(path, "may not be dated", "one number")
        return None
    if any(date is None for date in dates):
        layer.wrong(path, "has a value without a date", 'from = "YYYY-MM" on each of several values')
        return None
    for n in range(1, len(dates)):
        if dates[n] <= dates[n - 1]:
            layer.wrong((*path, n, "from"), f"{dates[n]} does not come after {dates[n - 1]}",
                        "dates in rising order", "sort the values by date")  # fmt: skip
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


def _number(raw: Mapping[str, Any], parameter: Parameter, name: str, where: str, wrong: Any) -> Entry | None:
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
        wrong(str(error), _in_unit(parameter), "", "unit")
        return None
    low, high = parameter.low, parameter.high
    legal = _legal(parameter)
    fine = True
    if not low <= value <= high:
        wrong(
            f"{_plain(raw['value'])} {unit} is {'below' if value < low else 'above'} what is possible", legal
        )
        fine = False
    elif parameter.unit in WHOLE and value != math.floor(value):
        wrong(f"{_plain(value)} is not a whole number", f"a whole number {legal}")
        fine = False
    if span is not None:
        a, b = raw["range"]
        if parameter.unit in WHOLE or parameter.kind == "target" or parameter.family in _NO_RANGE:
            wrong("may not have a range", "one number", "remove the range", "range")
        elif not span[0] < span[1]:
            wrong(f"[{_plain(a)}, {_plain(b)}] runs backwards or is empty", "[lowest, highest]", "", "range")
        elif not (low <= span[0] and span[1] <= high):
            wrong(f"[{_plain(a)}, {_plain(b)}] {unit} leaves what is possible", legal, "", "range")
        elif not span[0] <= value <= span[1]:
            wrong(f"[{_plain(a)}, {_plain(b)}] does not contain the value {_plain(raw['value'])}",
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


_NO_RANGE = ("county", "site", "sites", "closure")


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


def _shares(layer: _Layer, place: Path, raw: Any, path: Path) -> None:
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
        layer.wrong((*place, "value"), f"the shares sum to {_plain(total)}", "shares of 0..1 that sum to 1")
    else:
        name = ".".join(str(step) for step in path)
        layer.set(path, Shares(name, values, shares.source, shares.note, layer.file.where(place)), place)


# Merging


def _merge(layers: Iterable[Mapping[Path, Any]]) -> dict[Path, Any]:
    merged: dict[Path, Any] = {}
    for values in layers:
        merged |= values
    return merged


_SETTING = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S.*)?$")


def _settings(sets: Mapping[str, str], merged: Mapping[Path, Any], problems: list[str]) -> dict[Path, Any]:
    """Single settings: numbers of parameters, modes and margins, or keys of the period."""
    found: dict[Path, Any] = {}
    modes = [path[1] for path in merged if path[0] == "mode" and path[2:] == ("id",)]
    known: dict[str, tuple[Path, Parameter]] = {
        **{name: (("parameter", name), p) for name, p in PARAMETERS.items()},
        **{f"{m}.{name}": (("mode", m, name), p) for m in modes for name, p in MODE_PARAMETERS.items()},
        **{f"population.{name}": (("population", name), p) for name, p in MARGINS.items()},
    }
    periods = ("period.start", "period.window_months", "period.follow_up_months")
    for key, text in sets.items():
        text = str(text)

        def wrong(wrong: str, expected: str = "", mend: str = "", field: str = "", key: str = key) -> None:
            problems.append(problem("--set", key, wrong, expected, mend))

        if key in periods:
            path = ("period", key.removeprefix("period."))
            if key.endswith("start"):
                fine = re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text) is not None
                found[path] = text
            else:
                fine = text.isdigit() and int(text) >= (1 if "window" in key else 0)
                found[path] = int(text) if fine else 0
            if not fine:
                wrong(
                    f'"{text}" is not valid',
                    "a month such as 2024-01" if "start" in key else "a number of months",
                )
            continue
        if key not in known:
            wrong("unknown key" + did_you_mean(key, [*known, *periods]), "a parameter or MODE.PARAMETER")
            continue
        path, parameter = known[key]
        match = _SETTING.match(text)
        if match is None or not math.isfinite(float(match[1])):
            wrong(f'"{text}" is not a number', f'such as "{_example(parameter)}"')
            continue
        raw = {"value": float(match[1]), "unit": match[2] or parameter.unit, "source": "assumption (--set)"}
        entry = _number(raw, parameter, key, "--set", wrong)
        if entry is not None:
            found[path] = entry
    return found


def _example(parameter: Parameter) -> str:
    return f"{_plain(max(parameter.low, 0.0))} {parameter.unit}"


# The whole


def _build(
    name: str, merged: dict[Path, Any], layers: Sequence[_Layer], problems: list[str]
) -> Scenario | None:
    """The scenario, if what the layers set together is complete and of one mind."""
    top = f"{layers[-1].file.label}:1"

    def wrong(key: str, wrong: str, expected: str = "", mend: str = "", where: str = top) -> None:
        problems.append(problem(where, key, wrong, expected, mend))

    def where(path: Path) -> str:
        for layer in reversed(layers):
            if path in layer.places:
                return layer.where(path)
        return top

    def missing(key: str, parameter: Parameter) -> None:
        wrong(key, "is missing", f"a number in {parameter.unit}",
              f'add {key.split(".")[-1]} = {{ value = ..., unit = "{parameter.unit}", source = "..." }}')  # fmt: skip

    def ids(section: str) -> list[str]:
        return [str(path[1]) for path in merged if path[0] == section and path[2:] == ("id",)]

    def numbers(
        section: str, id: str, known: Mapping[str, Parameter], needed: Iterable[str]
    ) -> dict[str, Entry]:
        for n in needed:
            if (section, id, n) not in merged:
                missing(f"{section}.{id}.{n}", known[n])
        return {n: merged[section, id, n] for n in known if (section, id, n) in merged}

    def text(section: str, id: str, key: str) -> str:
        if (section, id, key) not in merged:
            wrong(f"{section}.{id}", f"has no {key}", f"{key} = ...", "add it")
        return merged.get((section, id, key), "")

    for key in ("start", "window_months", "follow_up_months"):
        if ("period", key) not in merged:
            wrong("period", f"has no {key}", f"[period] {key} = ...", "add it")
    for name_, parameter in PARAMETERS.items():
        if ("parameter", name_) not in merged:
            missing(f"{parameter.kind}.{parameter.family}.{name_}", parameter)
    for section in ("county", "mode"):
        if not ids(section):
            wrong(section, "there is none", f"one [[{section}]] or more")
    if problems:
        return None

    start: str = merged["period", "start"]
    window: int = merged["period", "window_months"]
    months = window + merged["period", "follow_up_months"]

    def dated(entry: Entry) -> Entry:
        if isinstance(entry.value, int | float):
            return entry
        steps = [(month_of(str(date), start), value) for date, value in entry.value]
        if steps[0][0] > 0:
            wrong(entry.name, f"has no value before {entry.value[0][0]}", f"a value from {start} or earlier",
                  "add an earlier value", entry.where)  # fmt: skip
        return Entry(**{**entry.__dict__, "value": tuple(steps)})

    values = {n: dated(merged["parameter", n]) for n in PARAMETERS}
    counties = tuple(
        County(
            id, text("county", id, "en"), text("county", id, "zh"),
            numbers("county", id, schema.COUNTY_NUMBERS, ("pool_share", "villages", "home_price_factor", "wage_factor")),
            {n: merged["county", id, n] for n in MARGIN_SHARES if ("county", id, n) in merged},
        )
        for id in ids("county")
    )  # fmt: skip
    modes = tuple(
        Mode(
            id, text("mode", id, "en"), text("mode", id, "zh"), merged.get(("mode", id, "homes"), "built"),
            {n: dated(e) for n, e in numbers("mode", id, MODE_PARAMETERS, MODE_PARAMETERS).items()},
        )
        for id in ids("mode")
    )  # fmt: skip
    county_ids, mode_ids = [c.id for c in counties], [m.id for m in modes]
    sites = []
    for id in ids("site"):
        county, mode = text("site", id, "county"), text("site", id, "mode")
        entries = numbers("site", id, schema.SITE_NUMBERS, schema.SITE_NUMBERS)
        at = next((e.where for e in entries.values()), where(("site", id, "id")))
        if county and county not in county_ids:
            wrong(f"site.{id}.county", f'no county "{county}"' + did_you_mean(county, county_ids), where=at,
                  expected=f"one of {', '.join(county_ids)}")  # fmt: skip
        if mode and mode not in mode_ids:
            wrong(f"site.{id}.mode", f'no mode "{mode}"' + did_you_mean(mode, mode_ids), where=at,
                  expected=f"one of {', '.join(mode_ids)}")  # fmt: skip
        sites.append(Site(id, text("site", id, "en"), text("site", id, "zh"), county, mode, entries))
    classes = {n: merged["sites", n] for n in schema.SITE_CLASSES if ("sites", n) in merged}
    for n, parameter in schema.SITE_CLASSES.items():
        if n not in classes:
            missing(f"sites.{n}", parameter)
    if len(classes) == 2 and not classes["medium_persons"].at(0) < classes["large_persons"].at(0):
        wrong("sites.large_persons", "a large site is no larger than a medium one", "large_persons > medium_persons",
              where=classes["large_persons"].where)  # fmt: skip

    closures = tuple(
        c for id in ids("closure") if (c := _closure(id, merged, county_ids, start, where, wrong))
    )
    targets = tuple(
        t for id in ids("target") if (t := _target(id, merged, county_ids, start, months, where, wrong))
    )
    margins = {n: merged["population", n] for n in MARGINS if ("population", n) in merged}
    shares = {n: merged["population", n] for n in MARGIN_SHARES if ("population", n) in merged}
    for n in (*MARGINS, *MARGIN_SHARES):
        lacking = [c.id for c in counties if n not in c.values and n not in c.shares]
        if n not in margins and n not in shares and lacking:
            unit = MARGINS[n].unit if n in MARGINS else "share"
            wrong(f"population.{n}", "is missing", f"a margin in {unit}, for the region or for each county",
                  f"add it to [population] ({len(lacking)} counties have none of their own)")  # fmt: skip
    if not problems:
        _check_pool(counties, values, margins, wrong)
    if problems:
        return None
    header = {str(path[1]): value for path, value in layers[-1].values.items() if path[0] == "header"}
    header["not_modelled"] = [n for layer in layers for n in layer.values.get(("header", "not_modelled"), [])]
    return Scenario(
        name=name, title=header["title"], header=header, start=start, window=window, months=months, counties=counties,
        modes=modes, sites=tuple(sites), site_classes=classes, closures=closures, targets=targets, values=values,
        population=margins, shares=shares, population_seed=merged.get(("population", "seed"), 1),
        files=tuple(layer.file.label for layer in layers),
    )  # fmt: skip


def _closure(
    id: str, merged: Mapping[Path, Any], counties: list[str], start: str, where: Any, wrong: Any
) -> Closure | None:
    at, key = where(("closure", id, "id")), f"closure.{id}"
    row = {str(path[2]): value for path, value in merged.items() if path[:2] == ("closure", id)}
    for needed in ("en", "zh", "date", "share"):
        if needed not in row:
            wrong(key, f"has no {needed}", f"{needed} = ...", "add it", at)
            return None
    county = row.get("county")
    if county is not None and county not in counties:
        wrong(f"{key}.county", f'no county "{county}"' + did_you_mean(county, counties),
              f"one of {', '.join(counties)}", "", at)  # fmt: skip
    return Closure(id, row["en"], row["zh"], row["date"], month_of(row["date"], start), county, row["share"])


def _target(
    id: str, merged: Mapping[Path, Any], counties: list[str], start: str, months: int, where: Any, wrong: Any
) -> Target | None:
    at, key = where(("target", id, "id")), f"target.{id}"
    row = {str(path[2]): value for path, value in merged.items() if path[:2] == ("target", id)}
    for needed in ("en", "zh", "metric", "date"):
        if needed not in row:
            wrong(key, f"has no {needed}", f"{needed} = ...", "add it", at)
            return None
    if ("at_least" in row) == ("at_most" in row):
        wrong(
            key,
            "needs one of at_least and at_most",
            "one of them",
            "add one" if "at_least" not in row else "remove one",
            at,
        )
        return None
    if row["metric"] == "persons" and "event" not in row:
        wrong(
            key, "counts persons but has no event", f"event = one of {', '.join(schema.EVENTS)}", "add it", at
        )
    month = month_of(row["date"], start)
    if not 0 <= month < months:
        wrong(f"{key}.date", f"{row['date']} lies outside the period", f"a month of the {months} from {start} on",
              "change the date or the period", where(("target", id, "date")))  # fmt: skip
    scope = row.get("scope", "region")
    if scope != "region" and scope not in counties:
        wrong(f"{key}.scope", f'no county "{scope}"' + did_you_mean(scope, ["region", *counties]),
              f"region or one of {', '.join(counties)}", "", at)  # fmt: skip
    limit: Entry = row.get("at_least") or row["at_most"]
    return Target(
        id, row["en"], row["zh"], row["metric"], row.get("event"), "at_least" in row, limit.at(0), limit.unit,
        row["date"], month, scope, limit.source, limit.note,
    )  # fmt: skip


def _check_pool(
    counties: Sequence[County], values: Mapping[str, Entry], margins: Mapping[str, Entry], wrong: Any
) -> None:
    """Pool and villages must fit together: no village without a household."""
    shares = [c.values["pool_share"].at(0) for c in counties]
    if not 0.99 <= math.fsum(shares) <= 1.01:
        wrong("county.pool_share", f"the shares of the pool sum to {_plain(math.fsum(shares))}", "1",
              "correct pool_share of the counties", counties[0].values["pool_share"].where)  # fmt: skip
        return
    pool = values["pool_persons"]
    persons = pool.range[0] if pool.range else pool.at(0)
    for county, share in zip(counties, shares, strict=True):
        villages = county.values["villages"]
        size = county.values.get("mean_household_size") or margins["mean_household_size"]
        households = int(persons * share / size.at(0))
        if villages.at(0) != math.floor(villages.at(0)):
            wrong(f"county.{county.id}.villages", f"{_plain(villages.at(0))} is not whole", "a whole number", "",
                  villages.where)  # fmt: skip
        elif villages.at(0) > households:
            wrong(
                f"county.{county.id}.villages",
                f"{_plain(villages.at(0))} villages but {households} households in the pool",
                "a household or more in each village, at the lowest pool_persons too",
                "lower villages or raise pool_share", villages.where,
            )  # fmt: skip
        elif share > 0 and villages.at(0) == 0:
            wrong(f"county.{county.id}.villages", "0 villages but a share of the pool", "a village or more",
                  "raise villages or set pool_share to 0", villages.where)  # fmt: skip


# Small helpers


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _at(data: Any, path: Path) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _show(path: Path, data: Any = None) -> str:
    """A key as people write it: `county.liandu.pool_share`, `benchmark_rate[1].unit`."""
    shown = ""
    for n, step in enumerate(path):
        if isinstance(step, int):
            id = _table(_at(data, path[: n + 1])).get("id")
            shown += f".{id}" if isinstance(id, str) else f"[{step + 1}]"
        elif not (n == 0 and step == "parameter"):
            shown += f".{step}" if shown else str(step)
    return shown or "file"


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
            unit = METRICS.get(str(_table(_at(data, path[:2])).get("metric")), "")
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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1, 0.6)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _say(value: Any) -> str:
    if isinstance(value, bool):
        return f"{str(value).lower()} (true or false)"
    if isinstance(value, str):
        return f'"{value}" (text)'
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return str(value)


def _plain(value: float) -> str:
    return f"{value:.12g}"


def _in_unit(parameter: Parameter) -> str:
    return f'a unit of {parameter.name} such as "{parameter.unit}"'


def _legal(parameter: Parameter) -> str:
    unit = parameter.unit
    if math.isinf(parameter.high):
        return (
            f"at least {_plain(parameter.low)} {unit}"
            if math.isfinite(parameter.low)
            else f"a number in {unit}"
        )
    return f"{_plain(parameter.low)} to {_plain(parameter.high)} {unit}"
