"""`anju run`: a scenario over its uncertainties."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.answering import Telling, asked, bundled
from experiments.commands.common import (
    NOT_REACHED,
    POINTS,
    REPLICATIONS,
    RESULTS,
    Households,
    Name,
    Packages,
    Refused,
    Sets,
    door,
    households_of,
    load,
    out_of,
    progress_bar,
    seed_of,
    size_of,
    writing,
)
from experiments.commands.executors import Threads
from experiments.commands.given import Given, posterior_of


@bundled
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
    seed: Annotated[int, seed_of(" of the study: design and draws")] = 1,
    threads: Threads = None,
    set_: Sets = None,
    with_: Packages = None,
    households: Households = None,
    given: Given = None,
    out: Annotated[Path, out_of("the study gets")] = RESULTS,
    fail_unless_reached: Annotated[
        bool,
        typer.Option(
            "--fail-unless-reached",
            help="Exit with 3 unless every target is reached in at least half of the futures.",
        ),
    ] = False,
    *,
    telling: Telling,
) -> None:
    """Run a scenario over its uncertainties, print the verdict and write tables and charts."""
    from experiments import files

    points, replications = size_of(points, replications)
    scenario = load(name, set_, with_)
    if fail_unless_reached and not scenario.targets:
        raise Refused(f"{scenario.name}: has no target, so --fail-unless-reached cannot be judged")
    population = households_of(households, scenario)
    posterior = posterior_of(given, scenario, out, households=households is not None)
    with door():
        files.check_folder(out / "study")

    from experiments import results
    from experiments.study import cpus, run_study
    from experiments.verdict import text, verdict
    from simulation.codecache import announce_compile

    announce_compile()
    threads = threads or cpus()
    with progress_bar(telling.quiet) as progress, door():
        study = run_study(
            scenario,
            points=points,
            replications=replications,
            seed=seed,
            threads=threads,
            households=population,
            given=posterior,
            progress=progress,
        )
    judged = verdict(study)
    with writing():
        folder = results.write(
            study,
            judged,
            out,
            formats=telling.kinds,
            request={
                "name": name,
                **asked(set_, with_),
                "households": households is not None,
                **({"given": posterior.id} if posterior else {}),
            },
            households=households,
            provenance={"threads": threads, "seconds": telling.seconds},
        )
    telling.answer(results.answer(judged), lambda lang: text(judged, lang), folder)
    if fail_unless_reached and any(target.share < 0.5 for target in judged.targets):
        raise typer.Exit(NOT_REACHED)
