"""Charts of a study, each in two languages, three formats and two sizes, with the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.figures.sheets import Chart

CHARTS = ("movers", "tiles", "counties", "waterfall", "reasons", "incomes", "debt", "money", "flows")
URBAN = "urban"
FORMATS = ("png", "svg", "pdf")
SIZES = ("journal", "slide")


def charts(study: Any) -> tuple[str, ...]:
    """The charts that have something to show for a study of `anju run`, or for an answer read from its folder."""
    from experiments import urban

    if hasattr(study, "charts"):
        return tuple(chart.name for chart in study.charts())
    names = tuple(name for name in CHARTS if _shows(name, study))
    return (URBAN, *names) if urban.kept(study) else names


def chart(study: Any, name: str, *, map: Path | None = None) -> Chart:
    """One chart of a study of `anju run`, or of an answer read from its folder; `map` is a GeoJSON file for `tiles`.

    Raises InputError for an unknown name, and for a map that cannot be read.
    """
    from experiments.figures.sheets import Chart
    from experiments.vary import known_name

    known_name(name, charts(study), where="chart")
    if hasattr(study, "charts"):
        if map is None:
            return next(one for one in study.charts() if one.name == name)
        study = study.found
    module = _module(name)
    data = module.data(study)
    options = {} if map is None else {"map": _boundaries(map, study)}
    return Chart(
        name, study, module.rows(study, data), lambda words: module.draw(study, data, words, **options)
    )


def render(study: Any, name: str, lang: str, kind: str, size: str = "journal") -> bytes:
    """One chart of a study, or of an answer, as png, svg or pdf. A repeat gives the same bytes.

    Raises InputError for an unknown chart, ValueError for an unknown language, format or size.
    """
    _check([lang], [kind], [size])
    return chart(study, name).pictures(lang, [kind], size)[kind]


def draw_all(
    study: Any, folder: Path, *, langs: Sequence[str] = ("zh", "en"), formats: Sequence[str] = FORMATS,
    sizes: Sequence[str] = ("journal",),
) -> list[Path]:  # fmt: skip
    """Write every chart as `<chart>.<lang>.<format>` and its numbers as `<chart>.csv`; returns the paths.

    A repeat writes the same bytes. Raises ValueError for an unknown language, format or size.
    """
    from experiments.figures import sheets

    _check(langs, formats, sizes)
    found = [chart(study, name) for name in charts(study)]
    return sheets.save_all(found, folder, langs=langs, formats=formats, sizes=sizes)


def _check(langs: Sequence[str], formats: Sequence[str], sizes: Sequence[str]) -> None:
    from experiments.figures.text import Words

    for lang in langs:
        Words(lang)  # raises for an unknown one, before anything is written
    for what, given, known in (("format", formats, FORMATS), ("size", sizes, SIZES)):
        if unknown := sorted(set(given) - set(known)):
            raise ValueError(f"unknown {what} {', '.join(unknown)}: use {', '.join(known)}")


def _module(name: str) -> Any:
    return import_module(f"{__name__}.{name}")


def _boundaries(map: Path, study: Any) -> Any:
    return _module("tiles").read_map(map, study.scenario.counties)


def _shows(name: str, study: Any) -> bool:
    """Whether a chart has something to show; one that always has says nothing of it."""
    shows = getattr(_module(name), "shows", None)
    return shows is None or shows(study)
