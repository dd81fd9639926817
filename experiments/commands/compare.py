"""`anju compare`: policies side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.answering import Telling, asked, bundled
from experiments.commands.common import (
    POINTS,
    REPLICATIONS,
    RESULTS,
    Sets,
    door,
    load,
    once,
    out_of,
    progress_bar,
    seed_of,
    size_of,
    writing,
)
from experiments.commands.executors import Threads
from experiments.commands.given import Given, posterior_of


@bundled
def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME",
            help="Policies: scenarios' names or .toml files, each with packages of its own after a plus sign, "
            "for example lishui+precise-relocation.",
            show_default=False,
        ),
    ],
    against: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What to compare with instead of the status quo: a policy of every region (zero) or of one "
            "(lishui/zero).",
        ),
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help=f"Points of the stated uncertainties ({POINTS}); see `anju run`."
        ),
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help=f"Runs a point and policy ({REPLICATIONS})."),
    ] = None,
    seed: Annotated[int, seed_of(" of the comparison: design and draws")] = 1,
    threads: Threads = None,
    set_: Sets = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="PACKAGE", help="Lay a package over every policy, the reference too."),
    ] = None,
    equal_budget: Annotated[
        bool,
        typer.Option(
            "--equal-budget", help="Scale every policy's budgets to the sum of its region's reference."
        ),
    ] = False,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="YUAN", help="Scale them to this sum instead, for example 12e8 or '12 yi_yuan'."
        ),
    ] = None,
    given: Given = None,
    out: Annotated[Path, out_of("the comparison gets")] = RESULTS,
    *,
    telling: Telling,
) -> None:
    """Compare policies of one region or several: the same households, draws and uncertain values under each."""
    from experiments import files

    points, replications = size_of(points, replications)

    from experiments.comparison import policies

    with door(), once():
        found = policies.regions(
            names, lambda name, packages: load(name, set_, [*packages, *(with_ or ())]), against=against
        )
        sum_ = None if budget is None else policies.yuan(budget)
        if equal_budget or sum_ is not None:
            found = tuple(policies.equal_budgets(region, sum_) for region in found)
        files.check_folder(out / "comparison")
    posteriors = [posterior_of(given, region.reference.scenario, out) for region in found]

    from experiments.comparison import judge, runs, store
    from experiments.comparison.text import text
    from experiments.study import cpus
    from simulation.codecache import announce_compile

    announce_compile()
    threads = threads or cpus()
    with progress_bar(telling.quiet) as progress, door():
        comparison = runs.run_comparison(
            found,
            points=points,
            replications=replications,
            seed=seed,
            threads=threads,
            budget=sum_ if sum_ is not None else float("nan") if equal_budget else None,
            given=posteriors,
            progress=progress,
        )
    answer = judge.judge(comparison)
    with writing():
        folder = store.write(
            comparison,
            answer,
            out,
            formats=telling.kinds,
            request={
                "names": list(names),
                "against": against,
                **asked(set_, with_),
                "equal_budget": equal_budget,
                "budget": budget,
                **({"given": [one.id for one in posteriors if one]} if given else {}),
            },
            provenance={"threads": threads, "seconds": telling.seconds},
        )
    telling.answer(store.plain(answer), lambda lang: text(answer, lang), folder)
