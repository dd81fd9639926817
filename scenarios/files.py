"""One scenario file: its text, its data, and what it sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources.abc import Traversable
from typing import Any

from scenarios.errors import problem
from scenarios.lines import Path, lines


@dataclass
class File:
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
class Layer:
    """What one file sets: each key with its value and the file's line, and what is wrong in it."""

    file: File
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
            problem(self.file.where(place), show(place, self.file.data), wrong, expected, mend)
        )


def table_of(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def at(data: Any, path: Path) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def show(path: Path, data: Any = None) -> str:
    """A key as people write it: `county.liandu.pool_share`, `benchmark_rate[1].unit`."""
    shown = ""
    for n, step in enumerate(path):
        if isinstance(step, int):
            id = table_of(at(data, path[: n + 1])).get("id")
            shown += f".{id}" if isinstance(id, str) else f"[{step + 1}]"
        elif not (n == 0 and step == "parameter"):
            shown += f".{step}" if shown else str(step)
    return shown or "file"
