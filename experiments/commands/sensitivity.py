"""`anju sensitivity`: which inputs does an outcome hang on?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands import answering
from experiments.commands.answering import Telling, Works, bundled
from experiments.commands.common import (
    RESULTS,
    AskedTarget,
    DryRun,
    Households,
    Packages,
    Refused,
    Sets,
    door,
    households_of,
    load,
    out_of,
    seed_of,
)
from experiments.commands.given import Given, posterior_of


@bundled
def sensitivity(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|STORE",
            help="A scenario's name (see `anju list`) or a .toml file; or the folder of a sweep that is there already: then "
            "nothing is run.",
            show_default=False,
        ),
    ],
    method: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD",
            help="sobol (default), morris, rank, pawn, delta, rbd-fast, fast, hdmr or dgsm; of a store what its design allows.",
        ),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="NAME[=LOW..HIGH]",
            help="What to vary, repeatable, as `anju sweep` takes it; by default all that is uncertain.",
        ),
    ] = None,
    screen: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="K",
            help="Find the K inputs that matter most by a Morris study first and vary only these.",
        ),
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option(
            "--groups",
            metavar="families|NAME=A,B",
            help="Judge inputs together: `families` of the scenario, or groups of your own, repeatable.",
        ),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="An outcome (docs/tables.md), not the first target's."),
    ] = None,
    target: AskedTarget = None,
    of: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT",
            help="mean (default), sd, p10, p50 or p90 of the runs of a point, or the probability of the target (default with "
            "--target).",
        ),
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Base points of sobol (64, a power of 2) and dgsm (64), paths of morris (10), points of a curve of fast, "
            "else points (256; 512 for hdmr).",
        ),
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option(min=1, metavar="R", help="Runs a point (2; 10 for sd, 20 for p10, p50 and p90)."),
    ] = None,
    second_order: Annotated[
        bool, typer.Option("--second-order", help="Sobol' indices of pairs too; nearly twice the runs.")
    ] = False,
    no_dummy: Annotated[
        bool,
        typer.Option("--no-dummy", help="Add no dummy input, the yardstick of what chance makes of nothing."),
    ] = False,
    given: Given = None,
    seed: Annotated[int | None, seed_of(": design and draws (1)")] = None,
    dry_run: DryRun = False,
    set_: Sets = None,
    with_: Packages = None,
    households: Households = None,
    out: Annotated[Path, out_of("the scenario gets")] = RESULTS,
    *,
    works: Works,
    telling: Telling,
) -> None:
    """Which inputs does an outcome hang on, and how much of its spread is plain chance?

    The same command goes on where it was stopped; more --points or --replications add to what is there.
    """
    from experiments.sensitivity import stored

    asked = {"method": method, "outcome": outcome, "target": target, "of": of, "dummy": not no_dummy}
    with door():
        there = stored.is_store(name)
    if there:
        _refuse_for_a_store({
            "--vary": vary, "--screen": screen, "--groups": groups, "--points": points, "--replications": replications,
            "--second-order": second_order, "--given": given, "--seed": seed, "--threads": works.threads,
            "--processes": works.processes, "--scheduler": works.scheduler, "--dry-run": dry_run, "--set": set_,
            "--with": with_, "--households": households,
        })  # fmt: skip
        _of_a_store(name, asked, out, telling)
        return

    from experiments.sensitivity import asked as asks
    from experiments.sensitivity import plan as plans
    from experiments.sensitivity import store, study
    from experiments.sensitivity import text as words
    from scenarios import frozen

    scenario = load(name, set_, with_)
    people = households_of(households, scenario)
    posterior = posterior_of(given, scenario, out, households=people is not None)
    with door():
        wanted = asks.quantity(scenario, asks.columns(scenario), outcome=outcome, target=target, of=of)
        plan = plans.plan_of(
            scenario, wanted, method=method, texts=vary or (), screen=screen, groups=groups or (), points=points,
            replications=replications, second_order=second_order, dummy=not no_dummy, given=posterior,
            seed=1 if seed is None else seed, households=people,
            households_file=None if households is None else frozen.households_parquet(households),
        )  # fmt: skip
    request = {
        **asked, "name": name, "vary": list(vary or ()), "screen": screen, "groups": list(groups or ()), "points": points,
        "replications": replications, "second_order": second_order, "given": None if posterior is None else posterior.id,
        **answering.asked(set_, with_), "households": households is not None,
    }  # fmt: skip
    parts = answering.Parts(store, words, study.estimate, study.run_sensitivity)
    answering.run(plan, parts, out, request, works, telling, dry_run=dry_run)


def _of_a_store(name: str, asked: dict[str, Any], out: Path, telling: Telling) -> None:
    from experiments.sensitivity import store, stored
    from experiments.sensitivity import text as words

    with door():
        found = stored.sensitivity_of(name, **asked)
    answering.give(found, store, words, out, {**asked, "store": True}, telling)


def _refuse_for_a_store(options: dict[str, Any]) -> None:
    """Raise Refused for options that have nothing to do where nothing is run."""
    for option, value in options.items():
        if value not in (None, False) and value != []:
            raise Refused(
                f"{option}: changes nothing about runs that are there already; leave it out, or name a scenario"
            )
