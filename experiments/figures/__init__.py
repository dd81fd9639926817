"""Charts of a study, each in two languages and three formats, with the numbers behind it; one more for urban accounts."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

CHARTS = ("movers", "counties", "reasons", "incomes", "money")
URBAN = "urban"
FORMATS = ("png", "svg", "pdf")


def charts(study: Any) -> tuple[str, ...]:
    """The charts that have something to show for a study."""
    from experiments import urban

    return (URBAN, *CHARTS) if urban.kept(study) else CHARTS


def draw_all(
    study: Any, folder: Path, *, langs: Sequence[str] = ("zh", "en"), formats: Sequence[str] = FORMATS
) -> list[Path]:
    """Write every chart as `<chart>.<lang>.<format>` and its numbers as `<chart>.csv`; returns the paths.

    A repeat writes the same bytes. Raises ValueError for an unknown language or format.
    """
    from experiments.figures import style
    from experiments.figures.text import Words

    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise ValueError(f"unknown format {', '.join(unknown)}: use {', '.join(FORMATS)}")
    languages = [Words(lang) for lang in langs]
    folder.mkdir(parents=True, exist_ok=True)
    written = []

    def write(name: str, content: bytes) -> None:
        (folder / name).write_bytes(content)
        written.append(folder / name)

    for name in charts(study):
        chart = import_module(f"experiments.figures.{name}")
        data = chart.data(study)
        write(f"{name}.csv", _csv(study, chart.rows(study, data)))
        for words in languages:
            with style.session():
                sheet = chart.draw(study, data, words)
                for kind in formats:
                    write(f"{name}.{words.lang}.{kind}", sheet.render(kind, name=f"{name}-{words.lang}"))
    return written


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
