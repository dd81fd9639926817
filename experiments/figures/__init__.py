"""Charts of a study, each in two languages and three formats, with the numbers behind it; one more for urban accounts."""

from __future__ import annotations

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
    from experiments.figures import sheets
    from experiments.figures.text import Words

    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise ValueError(f"unknown format {', '.join(unknown)}: use {', '.join(FORMATS)}")
    for lang in langs:
        Words(lang)  # raises for an unknown one, before anything is written
    written = []
    for name in charts(study):
        chart = import_module(f"experiments.figures.{name}")
        data = chart.data(study)
        written += sheets.write(
            folder, name, about=study, rows=chart.rows(study, data),
            draw=lambda words, chart=chart, data=data: chart.draw(study, data, words), langs=langs, formats=formats,
        )  # fmt: skip
    return written
