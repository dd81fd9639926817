"""`anju run`: a scenario over its uncertainties."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.common import (
    NOT_REACHED,
    POINTS,
    REPLICATIONS,
    Json,
    Lang,
    Name,
    Packages,
    Quiet,
    Refused,
    Sets,
    Verbose,
    door,
    formats_of,
    households_of,
    langs_of,
    load,
    progress_bar,
    size_of,
    writing,
)


def run(
    name: Name,
    points: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help=f"Points of the stated uncertainties ({POINTS}); 1 means their central values, and so does "
            "--replications without --points.",
        ),
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help=f"Runs a point, each with fresh draws ({REPLICATIONS})."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**53 - 1, metavar="N", help="Seed of the study: design and draws.")
    ] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Threads (all CPUs); results do not depend on it.")
    ] = None,
    set_: Sets = None,
    with_: Packages = None,
    households: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your own households (CSV or Parquet) instead of the synthetic ones."
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="Folder for results; the study gets a folder of its own in it."),
    ] = Path("results"),
    lang: Lang = None,
    no_figures: Annotated[bool, typer.Option("--no-figures", help="Draw no charts.")] = False,
    formats: Annotated[
        str, typer.Option(metavar="LIST", help="Formats of the charts, comma-separated.")
    ] = "png,svg,pdf",
    as_json: Json = False,
    fail_unless_reached: Annotated[
        bool,
        typer.Option(
            "--fail-unless-reached",
            help="Exit with 3 unless every target is reached in at least half of the futures.",
        ),
    ] = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Run a scenario over its uncertainties, print the verdict and write tables and charts."""
    from experiments import files, logs

    started = time.monotonic()
    logs.start(-1 if quiet else verbose)
    langs = langs_of(lang)
    kinds = () if no_figures else formats_of(formats)
    points, replications = size_of(points, replications)
    scenario = load(name, set_, with_)
    if fail_unless_reached and not scenario.targets:
        raise Refused(f"{scenario.name}: has no target, so --fail-unless-reached cannot be judged")
    population = households_of(households, scenario)
    with door():
        files.check_folder(out / "study")

    from experiments import results
    from experiments.study import cpus, run_study
    from experiments.verdict import text, verdict
    from simulation.codecache import announce_compile

    announce_compile()
    threads = threads or cpus()
    with progress_bar(quiet) as progress:
        study = run_study(
            scenario,
            points=points,
            replications=replications,
            seed=seed,
            threads=threads,
            households=population,
            progress=progress,
        )
    judged = verdict(study)
    ran = time.monotonic() - started
    with writing():
        folder = results.write(
            study,
            judged,
            out,
            formats=kinds,
            request={
                "name": name,
                "set": list(set_ or ()),
                "with": list(with_ or ()),
                "households": households is not None,
            },
            households=households,
            provenance={"threads": threads, "seconds": round(ran, 3)},
        )
    if as_json:
        typer.echo(results.as_json(judged, folder))
    else:
        for one in langs:
            typer.echo(logs.for_terminal(text(judged, one)))
        if not quiet:
            typer.echo(f"{folder}  ({time.monotonic() - started:.1f} s)", err=True)
    if fail_unless_reached and any(target.share < 0.5 for target in judged.targets):
        raise typer.Exit(NOT_REACHED)
