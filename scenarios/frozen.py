"""A scenario as one text that is all of it: read on another machine, it runs the same without the files it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from scenarios.errors import InputError, problem
from scenarios.scenario import Scenario

FORMAT = 1
KEY = "key"  # a table by name is written as rows in their order, which designs follow, each with its name


def freeze(scenario: Scenario) -> str:
    """The whole scenario as JSON: keys sorted, a row a line, floats in their shortest exact form."""
    content = _plain(Scenario, scenario)
    frozen = {"format": FORMAT, "scenario": content, "sha256": _digest(content)}
    return _lines(frozen) + "\n"


def thaw(text: str, *, where: str = "scenario.json") -> Scenario:
    """The scenario `freeze` wrote, equal to it in every field. `where` names the text in messages.

    Raises InputError if the text is damaged, changed, or of a newer format.
    """
    try:
        found = json.loads(text)
        format = found["format"]
    except json.JSONDecodeError as error:
        raise _damaged(f"{where}:{error.lineno}", f"is not JSON: {error.msg}") from None
    except (KeyError, TypeError):
        raise _damaged(where, "is not a frozen scenario") from None
    if isinstance(format, int) and format > FORMAT:
        raise InputError([
            problem(where, "format", f"{format} is newer than this anju reads", f"{FORMAT}", "take the anju that wrote it")
        ])  # fmt: skip
    if type(format) is not int or format != FORMAT:
        raise _damaged(where, f"has an unknown format {format!r}")
    if "scenario" not in found or found.get("sha256") != _digest(found["scenario"]):
        raise _damaged(where, "is not what its own checksum says")
    try:
        return _thawed(Scenario, found["scenario"])
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(where, f"does not hold a whole scenario ({error})") from None


def read(path: str | Path) -> Scenario:
    """The frozen scenario in a file. Raises InputError."""
    path = Path(path)
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise InputError([problem(str(path), "frozen scenario", error.strerror or str(error))]) from None
    except UnicodeDecodeError:
        raise _damaged(str(path), "is not UTF-8") from None
    return thaw(text, where=str(path))


def households_parquet(path: str | Path) -> bytes:
    """A user's own households as the content of a Parquet file, from which `read_table` reads the same to the last bit.

    Cells of a CSV file stay text: what number a text is, is then settled by one reader. Raises OSError or ValueError.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    data = Path(path).read_bytes()
    if Path(path).suffix.lower() in (".parquet", ".pq"):
        return data
    names = csv.open_csv(pa.BufferReader(data)).schema.names
    as_text = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    out = pa.BufferOutputStream()
    parquet.write_table(csv.read_csv(pa.BufferReader(data), convert_options=as_text), out)
    return out.getvalue().to_pybytes()


def _damaged(where: str, wrong: str) -> InputError:
    mend = "take an undamaged copy; a frozen scenario is not meant to be edited"
    return InputError([problem(where, "frozen scenario", wrong, "the text that anju wrote", mend)])


@cache
def _shape(kind: Any) -> tuple[str, Any]:
    """How a declared type is written: a dataclass by its `fields`, `rows` of one, such rows `by name`, else `as it is`."""
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return "fields", {field.name: hints[field.name] for field in fields(kind)}
    args = get_args(kind)
    for how, origin, at in (("rows", tuple, 0), ("by name", Mapping, 1)):
        if get_origin(kind) is origin and is_dataclass(args[at]):
            return how, args[at]
    return "as it is", None


def _plain(kind: Any, value: Any) -> Any:
    """A value of a declared type as what JSON knows."""
    how, of = _shape(kind)
    if how == "fields":
        return {name: _plain(hint, getattr(value, name)) for name, hint in of.items()}
    if how == "rows":
        return [_plain(of, row) for row in value]
    if how == "by name":
        return [{KEY: key, **_plain(of, row)} for key, row in value.items()]
    return value


def _thawed(kind: Any, value: Any) -> Any:
    """The value of a declared type, from what JSON gave; JSON knows no tuples."""
    how, of = _shape(kind)
    if how == "fields":
        return kind(**{name: _thawed(hint, value[name]) for name, hint in of.items() if name in value})
    if how == "rows":
        return tuple(_thawed(of, row) for row in value)
    if how == "by name":
        return {row[KEY]: _thawed(of, row) for row in value}
    return _tuples(value) if isinstance(value, list) else value


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


_line = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False).encode


def _digest(content: Any) -> str:
    return hashlib.sha256(_line(content).encode()).hexdigest()


def _lines(content: Any, indent: str = "") -> str:
    """JSON with a row of plain values on one line."""
    more = indent + " "
    if isinstance(content, dict) and any(map(_holds_rows, content.values())):
        items = [f"{_line(key)}: {_lines(content[key], more)}" for key in sorted(content)]
        return f"{{\n{more}" + f",\n{more}".join(items) + f"\n{indent}}}"
    if isinstance(content, list | tuple) and _holds_rows(content):
        return f"[\n{more}" + f",\n{more}".join(_lines(item, more) for item in content) + f"\n{indent}]"
    return _line(content)


def _holds_rows(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list | tuple) and any(map(_holds_rows, value)))
