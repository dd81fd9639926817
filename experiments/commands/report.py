"""`anju report`: an answer, and others that belong to it, as a page and a PDF to publish."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands.common import (
    RESULTS,
    Failed,
    Lang,
    Quiet,
    Verbose,
    door,
    formats_of,
    langs_of,
    writing,
)

KINDS = ("html", "pdf")


def report(
    study: Annotated[
        Path,
        typer.Argument(
            metavar="STUDY",
            help="The folder of an answer, such as results/lishui-0a1b2c3d: what the report is about.",
            show_default=False,
        ),
    ],
    more: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[MORE...]",
            help="Folders of further answers on the same region; each becomes a chapter.",
            show_default=False,
        ),
    ] = None,
    lang: Lang = None,
    formats: Annotated[
        str, typer.Option(metavar="LIST", help="html, pdf or both, comma-separated.")
    ] = "html,pdf",
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the report.")] = RESULTS,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Write a report on an answer: a page of HTML that opens offline, and a PDF. Nothing is run."""
    from experiments import logs
    from experiments import report as reports
    from experiments.report import pdf

    started = time.monotonic()
    logs.start(-1 if quiet else verbose)
    langs = langs_of(lang)
    kinds, lacking = _without_pango(formats_of(formats, KINDS), pdf)
    with door(), writing():
        written = reports.write([study, *(more or ())], out, langs=langs, formats=kinds)
    for path in written:
        typer.echo(path)
    if lacking:
        typer.echo(f"warning: no PDF was written: {lacking}", err=True)
    if not quiet:
        typer.echo(f"({time.monotonic() - started:.1f} s)", err=True)


def _without_pango(kinds: tuple[str, ...], pdf: Any) -> tuple[tuple[str, ...], str]:
    """The formats that can be made, and why there is no PDF among them. Raises Failed if nothing else was asked for."""
    if "pdf" not in kinds:
        return kinds, ""
    try:
        pdf.weasyprint()
    except pdf.NoPango as error:
        if kinds == ("pdf",):
            raise Failed(f"nothing was written: {error}") from error
        return tuple(kind for kind in kinds if kind != "pdf"), str(error)
    return kinds, ""
