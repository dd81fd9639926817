"""`anju calibrate`: what facts say of the uncertainties of a region."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands import answering
from experiments.commands.answering import Telling, Works, bundled
from experiments.commands.common import RESULTS, DryRun, Name, Packages, Sets, door, load, out_of, seed_of


@bundled
def calibrate(
    name: Name,
    facts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Facts of your own (CSV), held against this scenario: region, period, quantity, value, unit, source, use,"
            " metric, event, scope, date, error.",
        ),
    ] = None,
    particles: Annotated[
        int, typer.Option(min=1, metavar="N", help="Draws that are weighed by the facts; more tell finer.")
    ] = 300,
    replications: Annotated[
        int, typer.Option(min=1, metavar="N", help="Runs a draw; one is exact, more accept more often.")
    ] = 1,
    seed: Annotated[int, seed_of(": draws and runs")] = 1,
    dry_run: DryRun = False,
    set_: Sets = None,
    with_: Packages = None,
    out: Annotated[Path, out_of("the calibration gets")] = RESULTS,
    *,
    works: Works,
    telling: Telling,
) -> None:
    """What do facts that may set parameters say of the uncertainties of a region?

    The posterior is a file that other commands take with --given. The same command goes on where it was stopped.
    """
    scenario = load(name, set_, with_)

    from experiments.calibration import store, study
    from experiments.calibration import text as words
    from scenarios.reader import family

    def other(case: str) -> Any:
        """Another scenario that facts are held against; what was set holds in this region only."""
        mine = family(case) == family(scenario.name)
        return load(case, set_ if mine else None, with_ if mine else None)

    with door():
        plan = study.plan_of(
            scenario, load=other, facts=facts, particles=particles, replications=replications, seed=seed
        )
    request = {
        "name": name, "facts": facts is not None, "particles": particles, "replications": replications,
        **answering.asked(set_, with_),
    }  # fmt: skip
    parts = answering.Parts(store, words, study.estimate, study.calibrate)
    answering.run(plan, parts, out, request, works, telling, dry_run=dry_run)
