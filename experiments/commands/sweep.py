"""`anju sweep`: many runs of a scenario over levers and uncertainties, kept in a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.answering import Speaking, Works, asked, bundled
from experiments.commands.common import (
    INTERNAL,
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
    say_where,
    seed_of,
)


@bundled
def sweep(
    name: Name,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="NAME[=LOW..HIGH]",
            help="What to vary, repeatable: a lever or an uncertainty by name, short name (subsidy) or symbol (b_y), or a "
            "group (uncertainties, levers, b_k, 'budget_*'). Without a span the scenario's own range; =A,B,C or "
            "=LOW..HIGH:N gives levels.",
        ),
    ] = None,
    design: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="lhs (Latin hypercube), sobol (quasi-random), saltelli, morris, oat (one at a time), grid, or "
            "replications (the central point).",
        ),
    ] = "lhs",
    table: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Points of your own instead (CSV or Parquet), a column a name, in base units.",
        ),
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Points of lhs and sobol (100), base points of saltelli (64), paths of morris (10).",
        ),
    ] = None,
    levels: Annotated[
        int | None,
        typer.Option(min=2, metavar="N", help="Levels a name of grid (5), morris (4) and oat (2)."),
    ] = None,
    second_order: Annotated[
        bool, typer.Option("--second-order", help="Points of saltelli for second-order indices too.")
    ] = False,
    futures: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Run every point in N futures: a Latin hypercube over all other uncertainties.",
        ),
    ] = None,
    replications: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Runs a point, each with fresh draws, the same at all points."),
    ] = 1,
    seed: Annotated[int, seed_of(" of the sweep: design and draws")] = 1,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Run the I-th of N parts only, into a store of its own: for job arrays; see `anju store merge`.",
        ),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run what failed before once more.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Say how many runs, about how long and how much disk; run one to tell."
        ),
    ] = False,
    set_: Sets = None,
    with_: Packages = None,
    households: Households = None,
    out: Annotated[Path, out_of("the store gets")] = RESULTS,
    store: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The store itself, wherever you want it.")
    ] = None,
    *,
    works: Works,
    speaking: Speaking,
) -> None:
    """Run a scenario at many points of its levers and uncertainties and keep every run.

    The same command goes on where it was stopped; more --points or --replications add to what is there.
    """
    part = _shard(shard)
    scenario = load(name, set_, with_)
    people = households_of(households, scenario)

    from experiments import files
    from experiments import sweep as sweeps
    from experiments.sweep import report
    from experiments.wording import number
    from scenarios import frozen
    from simulation.codecache import announce_compile

    with door():
        plan = sweeps.plan(
            scenario, vary or (), kind="table" if table else design, table=table, points=points, levels=levels,
            second_order=second_order, futures=futures, replications=replications, seed=seed, households=people,
            households_file=None if households is None else frozen.households_parquet(households),
        )  # fmt: skip
        folder = store or out / sweeps.folder_name(plan, part)
        files.check_parent(folder)
        plan = plan.joined(folder)
        if dry_run:
            announce_compile()
            with works.executor() as workers:
                told = report.estimate(plan, folder, part, workers.workers, again=retry_failed)
            speaking.tell(told, report.estimate_text)
            return
    request = {
        "name": name, "vary": list(vary or ()), "design": design, "points": points, "levels": levels,
        "second_order": second_order, "futures": futures, **asked(set_, with_),
    }  # fmt: skip
    with door(), works.executor() as workers, progress_bar(speaking.quiet) as progress:
        done = sweeps.run(
            plan, folder, workers, shard=part, again=retry_failed, request=request, progress=progress
        )
    told = report.summary(folder, plan)
    speaking.tell(told, report.summary_text)
    if not speaking.quiet:
        say_where(folder, speaking.started, more=f"{number(done, 'run')}, ")
    if told.failed and not told.good:
        raise typer.Exit(INTERNAL)


def _shard(text: str | None) -> tuple[int, int]:
    if text is None:
        return 1, 1
    part, slash, parts = text.partition("/")
    if not (slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise Refused(f"--shard {text}: I/N expected, such as 3/8 for the third of eight parts")
    return int(part), int(parts)
