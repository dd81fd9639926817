"""`anju contributions`: which instrument contributes what to the difference between a policy and its reference."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.answering import Telling, asked, bundled
from experiments.commands.common import Name, Sets, door, load, once, progress_bar, seed_of, writing
from experiments.commands.executors import Threads

POINTS = 10  # every one is run under all combinations


@bundled
def contributions(
    name: Name,
    against: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What to compare with instead of the status quo, such as zero."),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What is shared out: a target's name or a number of a run, such as persons, cost or income; by default the "
            "policy's first target.",
        ),
    ] = None,
    together: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FAMILY,FAMILY", help="Families counted as one, such as land,services; halves the runs."
        ),
    ] = None,
    points: Annotated[
        int, typer.Option(min=1, metavar="N", help="Points of the stated uncertainties; see `anju run`.")
    ] = POINTS,
    replications: Annotated[int, typer.Option(min=1, metavar="N", help="Runs a point and combination.")] = 1,
    seed: Annotated[int, seed_of(" of the study: design and draws")] = 1,
    threads: Threads = None,
    set_: Sets = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="PACKAGE", help="Lay a package over the policy and its reference."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say which families differ, how many runs and about how long.")
    ] = False,
    out: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="Folder for results; these get a folder of their own in it."),
    ] = Path("results"),
    *,
    telling: Telling,
) -> None:
    """Share out what a policy changes among its families of levers: subsidy, loan, housing, work and so on.

    All combinations of the families in which the policy differs from its reference are run, with the same households, draws
    and uncertain values; contributions (Shapley values) add up to the whole difference.
    """
    from experiments import files
    from experiments.comparison import policies
    from experiments.contributions import families, judge, runs, store, text
    from experiments.study import cpus
    from simulation.codecache import announce_compile

    with door(), once():
        (region,) = policies.regions(
            [name], lambda base, packages: load(base, set_, [*packages, *(with_ or ())]), against=against
        )
        groups = [tuple(family.strip() for family in group.split(",")) for group in together or ()]
        game = runs.game(region, outcome=outcome, together=groups)
        families.check_number(game.players, points * replications)
        files.check_folder(out / "contributions")

    announce_compile()
    threads = threads or cpus()
    if dry_run:
        total = game.combinations * points * replications
        with door():
            seconds = total * runs.seconds_a_run(game, seed) / min(threads, cpus(), total)
        telling.tell(_planned(game, total, seconds), lambda _, lang: text.plan(game, total, seconds, lang))
        return
    with progress_bar(telling.quiet) as progress, door():
        found = runs.run_game(
            game,
            points=points,
            replications=replications,
            seed=seed,
            threads=threads,
            progress=progress,
        )
        answer = judge.judge(found)
    with writing():
        folder = store.write(
            found,
            answer,
            out,
            formats=telling.kinds,
            request={
                "name": name,
                "against": against,
                "outcome": outcome,
                "together": list(together or ()),
                **asked(set_, with_),
            },
            provenance={"threads": threads, "seconds": telling.seconds},
        )
    telling.answer(dataclasses.asdict(answer), lambda lang: text.text(answer, lang), folder)


def _planned(game, total: int, seconds: float) -> dict:
    """A dry run for programs."""
    return {
        "policy": game.policy.name,
        "reference": game.reference.name,
        "outcome": game.outcome,
        "families": {player.id: [n.name for n in player.numbers] for player in game.players},
        "combinations": game.combinations,
        "runs": total,
        "seconds": round(seconds, 1),
    }
