"""Holding numbers against each other bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from experiments import files

MOST = 1000  # differences that are kept one by one; all are counted
PLACES = ("run", "point", "replication", "seed")  # whole numbers that say which row it is
NAMES = ("id", "policy", "error")  # texts that say which run it is, not where in it
NOT_A_NUMBER = np.int64(0x7FF8000000000000)

Table = Mapping[str, np.ndarray]


class Note(NamedTuple):
    """Something to know about a result, in both languages."""

    en: str
    zh: str


class Difference(NamedTuple):
    """One number that is not the same: of which run, in which table and column, what was stored and what it is now."""

    run: str
    column: str
    stored: Any
    now: Any


@dataclass
class Tally:
    """What has been compared so far."""

    numbers: int = 0
    different: int = 0
    differing: list[Difference] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def table(self, name: str, stored: Table, now: Table, run_of: Callable[[Table, int], str]) -> None:
        """Compare two tables whose rows stand in one order; `run_of` names the run of a row."""
        lengths = [len(next(iter(table.values()), ())) for table in (stored, now)]
        if lengths[0] != lengths[1]:
            self._lost(name, f"{lengths[0]} rows", f"{lengths[1]} rows", max(lengths))
            return
        keys = [
            c
            for c, column in stored.items()
            if column.dtype.kind not in "fiub" and c not in (*NAMES, *PLACES)
        ]
        for column, old in stored.items():
            if column not in now:
                self._lost(f"{name}.{column}", f"{lengths[0]} values", "not produced", lengths[0])
                continue
            new = now[column]
            self.numbers += len(old) if old.dtype.kind in "fiub" and column not in PLACES else 0
            rows = np.flatnonzero(different(old, new))
            self.different += len(rows)
            for row in rows[: max(MOST - len(self.differing), 0)]:
                where = ", ".join(str(stored[key][row]) for key in keys if key != column)
                said = ".".join(filter(None, (name, column))) + (f"[{where}]" if where else "")
                self.differing.append(
                    Difference(run_of(stored, int(row)), said, _item(old[row]), _item(new[row]))
                )
        self._more(name, [column for column in now if column not in stored])

    def content(self, name: str, stored: Any, now: Any) -> None:
        """Compare two JSON contents number by number; `now` may hold NumPy values."""
        old, new = dict(_leaves(stored)), dict(_leaves(files.plain(now)))
        for path, value in old.items():
            self.numbers += isinstance(value, int | float) and not isinstance(value, bool)
            if path not in new:
                self._lost(f"{name}: {path}", value, "not produced", 1)
            elif repr(value) != repr(new[path]):  # the shortest exact form: one text a number
                self._lost(f"{name}: {path}", value, new[path], 1)
        self._more(name, [path for path in new if path not in old])

    def missing(self, what: str) -> None:
        """Something stored that is no longer produced at all."""
        self._lost(what, "stored", "not produced", 1)

    def _lost(self, column: str, stored: Any, now: Any, count: int) -> None:
        self.different += count
        if len(self.differing) < MOST:
            self.differing.append(Difference("", column, stored, now))

    def _more(self, name: str, more: list[str]) -> None:
        if more:
            listed = ", ".join(more[:3]) + (", ..." if len(more) > 3 else "")
            self.notes.append(Note(
                f"{name}: {len(more)} more than the study stored, not compared ({listed}).",
                f"{name}：比原研究多出{len(more)}项，未作比较（{listed}）。",
            ))  # fmt: skip


def different(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two columns (rows,) differ: float64 in a bit, all NaN being one; 0 and -0 are two numbers."""
    if "f" in (a.dtype.kind, b.dtype.kind) and {a.dtype.kind, b.dtype.kind} <= set("fiu"):
        return bits(a) != bits(b)
    if a.dtype.kind in "iu" and b.dtype.kind in "iu":
        return a != b
    return np.array([str(x) != str(y) for x, y in zip(a.tolist(), b.tolist(), strict=True)], bool)


def bits(column: np.ndarray) -> np.ndarray:
    """The bit patterns of float64 numbers, i8 of the same shape."""
    numbers = np.ascontiguousarray(column, np.float64)
    return np.where(np.isnan(numbers), NOT_A_NUMBER, numbers.view(np.int64))


def _leaves(content: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(content, list):
        for k, value in enumerate(content):
            yield from _leaves(value, f"{path}[{k}]")
    else:
        yield path, content


def _item(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
