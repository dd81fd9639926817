"""The charts of an answer drawn again: in the place of those in its folder, or in a folder of their own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments import answers, files
from experiments.figures import sheets
from experiments.reading import FIGURES
from experiments.reproduce.folder import MANIFEST
from experiments.vary import known_name
from scenarios.errors import InputError

if TYPE_CHECKING:
    from experiments.figures.sheets import Chart
    from experiments.reading import Answer

TILES = "tiles"  # the chart that takes a map


def chosen(answer: Answer, only: Sequence[str] | None = None, map: Path | None = None) -> list[Chart]:
    """The charts to be drawn: all of an answer, or those named; counties as they lie on a map of the user's own.

    Raises InputError for a chart that the answer does not have, and a map that nothing is drawn on or that cannot be read.
    """
    from experiments import figures

    there = figures.charts(answer)
    names = tuple(dict.fromkeys(known_name(name, there, where="--only") for name in only)) if only else there
    if map is not None and TILES not in names:
        why = "of `anju run` only, and this is of" if answer.kind != "run" else "drawn here, not by"
        told = f"`anju {answer.kind}`" if answer.kind != "run" else f"--only {','.join(names)}"
        raise InputError([f"--map {map}: is for the chart {TILES}, {why} {told}; leave one of the two out"])
    return [figures.chart(answer, name, map=map if name == TILES else None) for name in names]


def elsewhere(
    charts: Sequence[Chart], out: Path, *, langs: Sequence[str], formats: Sequence[str], sizes: Sequence[str]
) -> list[str]:  # fmt: skip
    """Draw into a folder that holds nothing else; returns the files' names.

    Charts that were there are replaced, all or none. Raises InputError if the folder cannot be written or holds something else.
    """
    with files.result_folder(out) as work:
        written = sheets.save_all(charts, work, langs=langs, formats=formats, sizes=sizes)
        return [path.name for path in written]


def in_place(
    answer: Answer, charts: Sequence[Chart], *, langs: Sequence[str], formats: Sequence[str], sizes: Sequence[str],
    whole: bool = True,
) -> list[str]:  # fmt: skip
    """Draw into the answer's own folder and return the files' names; its charts change all or none, and nothing else does.

    With `whole` these charts are all there will be, else the others stay. Raises InputError if the folder holds something that
    anju did not write, or cannot be written.
    """
    place = files.check_folder(answer.folder)
    with files.result_folder(place) as work:
        for path in sorted(place.rglob("*")):
            mine = path.relative_to(place)
            old = mine.parts[0] == FIGURES and (whole or any(_is_of(chart, mine.name) for chart in charts))
            if path.is_file() and not old and mine.as_posix() not in (MANIFEST, files.MARK):
                (work / mine).parent.mkdir(parents=True, exist_ok=True)
                _same(path, work / mine)
        written = sheets.save_all(charts, work / FIGURES, langs=langs, formats=formats, sizes=sizes)
        content = json.loads((place / MANIFEST).read_text("utf-8"))
        kept = {name: sha for name, sha in content["files"].items() if not name.startswith(f"{FIGURES}/")}
        content["files"] = kept | answers.checksums(work, FIGURES)
        files.write_json(work / MANIFEST, content)
    return [path.name for path in written]


def _is_of(chart: Chart, file: str) -> bool:
    return file.split(".")[0] == chart.name


def _same(path: Path, copy: Path) -> None:
    """The file under another name, not copied where the disk can do without."""
    try:
        os.link(path, copy)
    except OSError:
        shutil.copy2(path, copy)
