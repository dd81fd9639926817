"""`anju reproduce`: a study run again and held against what it stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.common import (
    Json,
    Lang,
    Quiet,
    Refused,
    Verbose,
    door,
    langs_of,
    progress_bar,
    say,
    seed_of,
)
from experiments.commands.executors import Threads

DIFFERENT = 1


def reproduce(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="The study's folder, such as results/lishui-0a1b2c3d.", show_default=False
        ),
    ],
    all_: Annotated[bool, typer.Option("--all", help="Run every run again, not a random 1 %.")] = False,
    runs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How many runs to run again, drawn at random.")
    ] = None,
    seed: Annotated[int, seed_of(" of which runs are drawn")] = 1,
    threads: Threads = None,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Run a study of another engine too, with the engine that is here."),
    ] = False,
    lang: Lang = None,
    as_json: Json = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Run a study's runs again from what its folder keeps, and compare every number bit for bit.

    Exit code 0: all are the same; 1: some differ; 2: the folder cannot be used.
    """
    from experiments import logs

    logs.start(-1 if quiet else verbose)
    langs = langs_of(lang)
    if all_ and runs is not None:
        raise Refused("--all and --runs: one of the two expected")

    from experiments.reproduce import SHARE, opened
    from experiments.reproduce.text import as_json as json_of
    from experiments.reproduce.text import note_text, text
    from simulation.codecache import announce_compile

    with door():
        study = opened(folder, anyway=anyway)
    if not as_json:  # before the runs, which may take long
        say(note_text(note, one) for one in langs for note in study.notes)
    announce_compile()
    with progress_bar(quiet) as progress:
        found = study.reproduce(
            share=1.0 if all_ else SHARE, runs=runs, seed=seed, threads=threads, progress=progress
        )
    if as_json:
        typer.echo(json_of(found))
    else:
        say((text(found, one, said=study.notes) for one in langs), nl=False)
    if not found.equal:
        raise typer.Exit(DIFFERENT)
