"""The runs behind an answer of `reach`, `cheapest` or `sensitivity`: several stores, run again as one study."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from experiments.answers import RUNS
from experiments.reproduce import folder as folders
from experiments.reproduce.numbers import Tally
from experiments.reproduce.of_sweep import SweepAgain
from experiments.store import stores
from scenarios.errors import InputError


def behind(folder: Path) -> list[Path]:
    """The stores that hold the runs of a study or of one of its answers; none where there are none."""
    for place in (folder / RUNS, folder.parent / RUNS):
        if place.is_dir() and (found := stores(place)):
            return found
    return []


def named(folder: Path, manifest: Mapping[str, Any]) -> list[Path]:
    """The stores that an answer's manifest names. Raises InputError if one of them is not where it was."""
    paths = [(folder / path).resolve() for path in manifest["stores"].values()]
    if gone := [path for path in paths if not (path / folders.MANIFEST).is_file()]:
        raise InputError([
            f"{folder}: rests on the runs in {gone[0]}, and they are not there, so nothing was run; move them back"
        ])  # fmt: skip
    return paths


class StoresAgain:
    """The runs of stores that are there, one store after the other."""

    id_now = id_then = ""  # each store has looked at its own

    def __init__(self, paths: Sequence[Path]) -> None:
        manifests: list[Mapping[str, Any]] = [folders.manifest_of(path) for path in paths]
        self.parts = [
            SweepAgain(path, manifest, name=path.name)
            for path, manifest in zip(paths, manifests, strict=True)
        ]
        self.sizes = [size for part in self.parts for size in part.sizes]

    def compare(
        self, picked: Sequence[int], threads: int, progress: Callable[[int, int], None] | None, tally: Tally
    ) -> None:
        """Run the picked runs again, store by store."""
        ends = list(accumulate(len(part.sizes) for part in self.parts))
        mine: list[list[int]] = [[] for _ in self.parts]
        for place in picked:
            k = bisect_right(ends, place)
            mine[k].append(place - (ends[k - 1] if k else 0))
        done = 0
        for part, places in zip(self.parts, mine, strict=True):

            def count(n: int, _: int, before: int = done) -> None:
                if progress:
                    progress(before + n, len(picked))

            part.compare(places, threads, count, tally)
            done += len(places)
