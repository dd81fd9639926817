"""`anju validate`: does the model say what happened?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands import answering
from experiments.commands.answering import Telling, Works, bundled
from experiments.commands.common import POINTS, REPLICATIONS, RESULTS, DryRun, door, out_of, seed_of


@bundled
def validate(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME ...]",
            help="Scenarios that came about, by name or .toml file; without, all with facts that a run is quick for.",
            show_default=False,
        ),
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your own facts, a CSV file (see docs/validation.md), besides anju's."
        ),
    ] = None,
    given: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Draw futures of its region from this posterior (file, folder or `posterior`), not from the ranges.",
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Run the scenarios that take long, too.")] = False,
    points: Annotated[int, typer.Option(min=1, metavar="N", help="Futures of each scenario.")] = POINTS,
    replications: Annotated[int, typer.Option(min=1, metavar="N", help="Runs a future.")] = REPLICATIONS,
    seed: Annotated[int, seed_of(": futures and draws")] = 1,
    dry_run: DryRun = False,
    out: Annotated[Path, out_of("each scenario and each answer get")] = RESULTS,
    *,
    works: Works,
    telling: Telling,
) -> None:
    """Hold the model against facts it was not set to, and against naive forecasts of them.

    The same command goes on where it was stopped; --replications adds runs to those that are there.
    """

    from experiments import given as posteriors
    from experiments.validation import cases, store, study
    from experiments.validation import text as words
    from scenarios import own_facts

    with door():
        own = () if facts is None else own_facts.to_validate(facts)
        region = None if given in (None, posteriors.WORD) else posteriors.read(given).scenario
        asked = cases.cases(names or (), own, every=every, wanted=lambda family: region in (None, family))
        plan = study.plan_of(
            asked, points=points, replications=replications, seed=seed,
            posterior=study.posterior_of(given, asked.cases, out),
        )  # fmt: skip
    request = {
        "names": list(names or ()), "facts": facts is not None, "all": every, "points": points,
        "replications": replications, "given": None if plan.given is None else plan.given.id,
    }  # fmt: skip
    parts = answering.Parts(store, words, study.estimate, study.run_validation)
    answering.run(plan, parts, out, request, works, telling, dry_run=dry_run)
