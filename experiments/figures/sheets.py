"""One chart of an answer on disk: in each language and format, with the numbers behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from experiments.figures import _csv, style
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
