"""One chart of an answer on disk: in each language and format, with the numbers behind it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from experiments.figures import style
from experiments.figures.text import Words


class Chart(NamedTuple):
    """A chart that may be drawn: `rows` are its numbers, `about` says whose they are, `draw` makes it in a language."""

    name: str
    about: Any
    rows: list[dict[str, Any]]
    draw: Callable[[Words], style.Sheet]

    def csv(self) -> bytes:
        """The numbers behind it, each row with what is needed to find its study again."""
        return _csv(self.about, self.rows)

    def pictures(self, lang: str, formats: Sequence[str], size: str = "journal") -> dict[str, bytes]:
        """The chart in each format."""
        words = Words(lang)
        with style.laid_out(lambda: self.draw(words), size) as sheet:
            return {kind: sheet.render(kind, name=f"{self.name}-{lang}") for kind in formats}


class Gathered(list[Chart]):
    """Charts kept in memory, given to `write` in the place of a folder."""


def write(
    folder: Path | Gathered, name: str, *, about: Any, rows: list[dict[str, Any]], draw: Callable[[Words], style.Sheet],
    langs: Sequence[str], formats: Sequence[str], size: str = "journal",
) -> list[Path]:  # fmt: skip
    """Write the chart as `NAME.<lang>.<format>` and its numbers as `NAME.csv`; returns the paths.

    `about` says whose the numbers are: scenario (with a name), id, seed, version, points, replications. A slide is
    `NAME.slide.<lang>.<format>`.
    """
    chart = Chart(name, about, rows, draw)
    if isinstance(folder, Gathered):
        folder.append(chart)
        return []
    return save(chart, folder, langs=langs, formats=formats, sizes=(size,))


def save(
    chart: Chart, folder: Path, *, langs: Sequence[str], formats: Sequence[str], sizes: Sequence[str] = ("journal",)
) -> list[Path]:  # fmt: skip
    """Write a chart and its numbers; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {f"{chart.name}.csv": chart.csv()}
    for size in sizes:
        stem = chart.name if size == "journal" else f"{chart.name}.{size}"
        for lang in langs:
            found = chart.pictures(lang, formats, size)
            contents |= {f"{stem}.{lang}.{kind}": content for kind, content in found.items()}
    for file, content in contents.items():
        (folder / file).write_bytes(content)
    return [folder / file for file in contents]


def save_all(
    charts: Iterable[Chart], folder: Path, *, langs: Sequence[str], formats: Sequence[str], sizes: Sequence[str]
) -> list[Path]:  # fmt: skip
    """Write charts one after the other; returns the paths."""
    return [path for one in charts for path in save(one, folder, langs=langs, formats=formats, sizes=sizes)]


def _csv(study: Any, rows: list[dict[str, Any]]) -> bytes:
    """The rows, each with what is needed to find its study again."""
    about = {
        "scenario": study.scenario.name, "study": study.id, "seed": study.seed, "version": study.version,
        "points": study.points, "replications": study.replications,
    }  # fmt: skip
    out = io.StringIO()
    writer = csv.DictWriter(out, [*rows[0], *about], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in (row | about).items()})
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return "" if value != value else f"{value:.10g}"
    return value
