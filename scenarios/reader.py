"""Scenario files to a Scenario: read, checked and merged, with every problem reported at once.

A file extends another; packages are laid over it, and single settings over those:
base < extends < packages, left to right < settings.
"""

from __future__ import annotations

import logging
import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path as FilePath
from typing import Any

from scenarios.errors import InputError, problem
from scenarios.files import File, Layer, show
from scenarios.lines import Path
from scenarios.numbers import number
from scenarios.scenario import SET, Entry, Scenario
from scenarios.schema import COUNTY_PARAMETERS, MARGINS, MOST_MONTHS
from scenarios.sections import layer_of
from scenarios.whole import build
from scenarios.words import did_you_mean, listed, plain
from simulation.policy import MODE_PARAMETERS, PARAMETERS, Parameter

_REGION = "region"
_HISTORY = "history"  # a folder of regions as they were, to hold the model against: history/wuyi

log = logging.getLogger(__name__)


def load(
    name_or_path: str | FilePath, *, packages: Sequence[str] = (), sets: Mapping[str, str] | None = None
) -> Scenario:
    """The scenario of that name or path, packages laid over it from left to right, then single settings.

    `lishui` means `lishui/plan`; a path ends in `.toml`. `sets` maps a parameter (or `MODE.PARAMETER`,
    `COUNTY.PARAMETER`) to a text such as `20000 yuan/person`. Raises InputError with every problem found.
    """
    problems: list[str] = []
    if twice := [p for n, p in enumerate(packages) if p in packages[:n]]:
        raise InputError(
            [problem(p, "package", "is named twice", "", "name each package once") for p in twice]
        )
    chain = _chain(str(name_or_path), problems)
    over = [layer for p in packages for layer in _chain(p, problems, package=True)]
    if problems and not chain:
        raise InputError(problems)
    base = _merge(layer.values for layer in chain)
    owners: dict[Path, Layer] = {}
    for layer in over:
        mine = {path: layer for path in layer.values if path[-1] != "id"}
        for path in mine.keys() & owners.keys():
            problems.append(
                problem(
                    layer.where(path), show(path), f"already set by {owners[path].file.label}", "",
                    "two packages may not set one key: leave one package out",
                )
            )  # fmt: skip
        owners |= mine
    merged = _merge([base, *(layer.values for layer in over)])
    merged |= _settings(sets or {}, merged, problems)
    for layer in (*chain, *over):
        problems += layer.problems
    if problems:
        raise InputError(sorted(problems, key=_place))
    scenario = build(_name(str(name_or_path)), merged, chain, over, problems)
    if scenario is None or problems:
        raise InputError(sorted(problems, key=_place))
    return scenario


def _place(message: str) -> tuple[str, int]:
    """The file and line of a message, to report a file from top to bottom."""
    match = re.match(r"(.*?):(\d+): ", message)
    return (match[1], int(match[2])) if match else ("", 0)


def names() -> list[tuple[str, str, str]]:
    """(name, English title, Chinese title) of every scenario that comes with Anju."""
    found = [_titled(f, f"{room}/{f.name[:-5]}") for room, folder in _regions() for f in _tomls(folder)]
    return [(name.removesuffix("/plan"), en, zh) for name, en, zh in found]


def _regions() -> list[tuple[str, Traversable]]:
    """Name and folder of every region, those of today first."""
    found = []
    for room, folder in (("", _data()), (f"{_HISTORY}/", _data().joinpath(_HISTORY))):
        inside = sorted(folder.iterdir(), key=lambda f: f.name) if folder.is_dir() else []
        found += [(room + f.name, f) for f in inside if f.joinpath(f"{_REGION}.toml").is_file()]
    return found


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
    """A file's own name; with its folder's before it if that holds a region: `mytown`, `mytown/status-quo`."""
    if not name_or_path.endswith(".toml"):
        return name_or_path.removesuffix("/plan")
    path = FilePath(name_or_path)
    folder = path.resolve().parent
    of_region = path.stem != _REGION and (folder / f"{_REGION}.toml").is_file()
    return f"{folder.name}/{path.stem}".removesuffix("/plan") if of_region else path.stem


def _room(name: str) -> tuple[str, str]:
    """The folder of a scenario that comes with Anju, and its file without ending: history/wuyi/zero, lishui."""
    parts = name.split("/")
    depth = 2 if parts[0] == _HISTORY else 1
    return "/".join(parts[:depth]), "/".join(parts[depth:]) or "plan"


def family(name: str) -> str:
    """The region that the name of a scenario, or the label of its file, begins with: lishui, history/wuyi."""
    return _room(name)[0]


def _chain(name: str, problems: list[str], *, package: bool = False) -> list[Layer]:
    """The layers a file rests on, the base first, the file itself last."""
    found: list[Layer] = []
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
        layer = layer_of(file)
        found.insert(0, layer)
        base = file.data.get("extends")
        if not isinstance(base, str):
            break
        file = _open(base, problems, package=package, of=file)
    return found


def _open(name: str, problems: list[str], *, package: bool = False, of: File | None = None) -> File | None:
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
        room, leaf = ("packages", name) if package else _room(name)
        folder = _data().joinpath(room)
        beside = folder.joinpath(f"{leaf}.toml")
        if re.fullmatch(r"[\w/-]+", name) and beside.is_file():
            place, label = beside, f"{room}/{beside.name}"
    if place is None:
        known = [n for n, _, _ in (globals()["packages"]() if package else names())]
        near = [*known, f"{name}.toml"] if FilePath(f"{name}.toml").is_file() else known
        where, key = (
            (of.where(("extends",)), "extends") if of else (name, "package" if package else "scenario")
        )
        wrong = f'no {"package" if package else "scenario"} "{name}"'
        if not package and name in [n for n, _, _ in globals()["packages"]()]:
            problems.append(
                problem(where, key, wrong, "", f"it is a package, laid over a scenario: NAME --with {name}")
            )
            return None
        if FilePath(name).is_dir():
            near = [plan] if FilePath(plan := f"{name.rstrip('/')}/plan.toml").is_file() else known
            wrong = f'"{name}" is a folder'
            if near != known:
                problems.append(problem(where, key, wrong, "a .toml file in it", f"for example {plan}"))
                return None
        problems.append(
            problem(
                where, key, wrong, "a name or the path of a .toml file" + did_you_mean(name, near),
                f"known: {listed(known, name, '`anju list` names all')}" if known else "",
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
        return File(folder, label, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        at = re.search(r"\(at line (\d+), column (\d+)\)|\(at end of document\)", message)
        line = at[1] if at and at[1] else str(text.count("\n") + 1)
        reason = message[: at.start()].strip() if at else message
        problems.append(
            problem(f"{label}:{line}", "TOML", reason[:1].lower() + reason[1:], "valid TOML 1.0", "")
        )
        return None


def _merge(layers: Iterable[Mapping[Path, Any]]) -> dict[Path, Any]:
    merged: dict[Path, Any] = {}
    for values in layers:
        merged |= values
    return merged


_SETTING = re.compile(r"\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S.*)?$")


def _settings(sets: Mapping[str, str], merged: Mapping[Path, Any], problems: list[str]) -> dict[Path, Any]:
    """Single settings: numbers of parameters, modes and margins, or keys of the period."""
    found: dict[Path, Any] = {}
    modes = [str(path[1]) for path in merged if path[0] == "mode" and path[2:] == ("id",)]
    counties = [str(path[1]) for path in merged if path[0] == "county" and path[2:] == ("id",)]
    known: dict[str, tuple[Path, Parameter]] = {
        **{name: (("parameter", name), p) for name, p in PARAMETERS.items()},
        **{f"{m}.{name}": (("mode", m, name), p) for m in modes for name, p in MODE_PARAMETERS.items()},
        **{
            f"{c}.{name}": (("county", c, name), p) for c in counties for name, p in COUNTY_PARAMETERS.items()
        },
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
                least = 1 if "window" in key else 0
                fine = re.fullmatch("[0-9]{1,3}", text) is not None and least <= int(text) <= MOST_MONTHS
                found[path] = int(text) if fine else 0
            if not fine:
                wrong(
                    f'"{text}" is not valid',
                    "a month such as 2024-01" if "start" in key else f"{least} to {MOST_MONTHS} months",
                )
            continue
        owner, _, leaf = key.rpartition(".")
        if (
            key not in known
            and leaf in PARAMETERS.keys() | MODE_PARAMETERS.keys()
            and owner not in modes + counties
        ):
            wrong(
                f'there is no county or mode "{owner}"' + did_you_mean(owner, [*counties, *modes]),
                f"a county ({', '.join(counties)}) or, for a mode's number, a mode ({', '.join(modes)})",
            )
            continue
        if key not in known:
            wrong(
                "unknown key" + did_you_mean(key, [*known, *periods]),
                "a parameter, MODE.PARAMETER or COUNTY.PARAMETER",
            )
            continue
        path, parameter = known[key]
        match = _SETTING.match(text)
        if match is None or not math.isfinite(float(match[1])):
            wrong(f'"{text}" is not a number', f'such as "{_example(parameter)}"')
            continue
        raw = {"value": float(match[1]), "unit": match[2] or parameter.unit, "source": SET}
        entry = number(raw, parameter, key, "--set", wrong)
        if entry is not None:
            found[path] = entry
            _warn_outside(key, text, entry, merged.get(path))
    return found


def _warn_outside(key: str, text: str, entry: Entry, before: Entry | None) -> None:
    if before is not None and before.range and not before.range[0] <= entry.at(0) <= before.range[1]:
        low, high = map(plain, before.range)
        log.warning(
            "warning: --set: %s: %s lies outside the stated range, %s to %s %s; it is used all the same",
            key, text, low, high, entry.unit,
        )  # fmt: skip


def _example(parameter: Parameter) -> str:
    return f"{plain(max(parameter.low, 0.0))} {parameter.unit}"
