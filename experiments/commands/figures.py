"""`anju figures`: the charts of an answer, drawn again from its folder."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.common import (
    ALL_FORMATS,
    Json,
    Quiet,
    Verbose,
    door,
    formats_of,
    one_or_both,
    say_where,
    writing,
)
from experiments.figures import SIZES


def figures(
    study: Annotated[
        Path,
        typer.Argument(
            metavar="STUDY",
            help="The folder of an answer: of run, compare, contributions, reach, cheapest, sensitivity, discover, calibrate or "
            "validate.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder for the charts; without it they replace those in STUDY."),
    ] = None,
    lang: Annotated[str, typer.Option(metavar="zh|en|both", help="Language of the charts.")] = "both",
    formats: Annotated[
        str, typer.Option(metavar="LIST", help="Formats of the charts, comma-separated.")
    ] = ALL_FORMATS,
    size: Annotated[
        str,
        typer.Option(
            metavar="journal|slide|both",
            help="Journal: 180 mm wide. Slide: 16:9, type of 10 points and more; its files are NAME.slide....",
        ),
    ] = SIZES[0],
    only: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Draw these charts only, comma-separated.")
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map", metavar="FILE", help="Boundaries of the counties (GeoJSON) for the chart tiles."
        ),
    ] = None,
    as_json: Json = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Draw the charts of a study again from its folder: other languages, formats and sizes, your own map. Nothing is run.

    Each chart comes as a picture a language, format and size, and with its numbers as CSV. The same study gives the same bytes.
    """
    from experiments import files, logs, reading, redraw

    started = time.monotonic()
    logs.start(-1 if quiet else verbose)
    langs, kinds = one_or_both("--lang", lang, ("zh", "en")), formats_of(formats)
    sizes = one_or_both("--size", size, SIZES)
    names = None if only is None else [name.strip() for name in only.split(",")]
    with door():
        answer = reading.answer(study)
        files.check_folder(answer.folder if out is None else out)
        charts = redraw.chosen(answer, names, map_)
    options = {"langs": langs, "formats": kinds, "sizes": sizes}
    with door(), writing():
        if out is None:
            written = redraw.in_place(answer, charts, whole=names is None, **options)
            place = answer.folder / reading.FIGURES
        else:
            written, place = redraw.elsewhere(charts, out, **options), out
    if as_json:
        told = {"id": answer.id, "kind": answer.kind, "folder": str(place), "files": written}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True))
        return
    typer.echo(", ".join(chart.name for chart in charts))
    if not quiet:
        say_where(place, started, f"{len(written)} files, ")
