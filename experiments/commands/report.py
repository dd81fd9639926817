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
    Refused,
    Verbose,
    door,
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
    langs, kinds = langs_of(lang), _kinds(formats)
    lacking = _without_pango(kinds, pdf)
    with door(), writing():
        written = reports.write([study, *(more or ())], out, langs=langs, formats=kinds)
    for path in written:
        typer.echo(path)
    if lacking:
        typer.echo(f"warning: no PDF was written: {lacking}", err=True)
    if not quiet:
        typer.echo(f"({time.monotonic() - started:.1f} s)", err=True)


def _kinds(text: str) -> list[str]:
    kinds = list(dict.fromkeys(kind.strip().lower() for kind in text.split(",")))
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise Refused(
            f"--formats {text}: {', '.join(map(repr, unknown))} unknown, {', '.join(KINDS)} expected"
        )
    return kinds


def _without_pango(kinds: list[str], pdf: Any) -> str:
    """Leave the PDF out where it cannot be made, and say why. Raises Failed if nothing else was asked for."""
    if "pdf" not in kinds:
        return ""
    try:
        pdf.weasyprint()
    except pdf.NoPango as error:
        kinds.remove("pdf")
        if not kinds:
            raise Failed(f"nothing was written: {error}") from error
        return str(error)
    return ""
