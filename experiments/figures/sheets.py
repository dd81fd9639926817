"""One chart of an answer on disk: in each language and format, with the numbers behind it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from experiments.figures import style
from experiments.figures.text import Words


def write(
    folder: Path, name: str, *, about: Any, rows: list[dict[str, Any]], draw: Callable[[Words], style.Sheet],
    langs: Sequence[str], formats: Sequence[str],
) -> list[Path]:  # fmt: skip
    """Write the chart as `NAME.<lang>.<format>` and its numbers as `NAME.csv`; returns the paths.

    `about` says whose the numbers are: scenario (with a name), id, seed, version, points, replications.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {f"{name}.csv": _csv(about, rows)}
    for lang in langs:
        with style.session():
            sheet = draw(Words(lang))
            for kind in formats:
                contents[f"{name}.{lang}.{kind}"] = sheet.render(kind, name=f"{name}-{lang}")
    for file, content in contents.items():
        (folder / file).write_bytes(content)
    return [folder / file for file in contents]


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
