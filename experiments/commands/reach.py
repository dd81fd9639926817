"""`anju reach`: is a target within reach of a policy?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.commands import answering
from experiments.commands.answering import Telling, Works, bundled
from experiments.commands.common import (
    NOT_REACHED,
    RESULTS,
    AskedTarget,
    DryRun,
    Households,
    Name,
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
from experiments.reach import MAP_POINTS, PROBABILITY, RUNS


@bundled
def reach(
    name: Name,
    target: AskedTarget = None,
    probability: Annotated[
        float,
        typer.Option(
            metavar="P", help="Reached means: in at least this share of futures, under every prior."
        ),
    ] = PROBABILITY,
    runs: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Most futures a prior; fewer are run once the verdict is settled."
        ),
    ] = RUNS,
    prior: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="Priors of what is uncertain, comma-separated (uniform,triangular,lognormal).",
        ),
    ] = None,
    given: Given = None,
    map_: Annotated[
        str | None,
        typer.Option(
            "--map", metavar="A[,B]", help="Uncertainties of the map of chance (the two that matter most)."
        ),
    ] = None,
    map_points: Annotated[
        int, typer.Option("--map-points", min=8, metavar="N", help="Points of the map, each run once.")
    ] = MAP_POINTS,
    lever: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[=A..B[:N]]",
            help="Tell the share of futures along one lever too, from A to B, all else as the policy has it.",
        ),
    ] = None,
    seed: Annotated[int, seed_of(": futures and draws")] = 1,
    dry_run: DryRun = False,
    set_: Sets = None,
    with_: Packages = None,
    households: Households = None,
    out: Annotated[Path, out_of("the scenario gets")] = RESULTS,
    fail_unless_reached: Annotated[
        bool, typer.Option("--fail-unless-reached", help="Exit with 3 unless the verdict is: reached.")
    ] = False,
    *,
    works: Works,
    telling: Telling,
) -> None:
    """Is a target within reach under this policy, whatever the uncertain numbers turn out to be?

    The same command goes on where it was stopped; --runs adds futures to those that are there.
    """
    from experiments import priors
    from experiments.question import question

    if given is not None and prior is not None:
        raise Refused(
            f"--prior {prior}: with --given the posterior stands in its place; leave one of the two out"
        )
    asked = priors.PRIORS if prior is None else priors.named(prior)
    scenario = load(name, set_, with_)
    with door():
        wanted = question(scenario, target, probability)
    people = households_of(households, scenario)
    posterior = posterior_of(given, scenario, out, households=people is not None)

    from experiments.reach import store, study
    from experiments.reach import text as words
    from experiments.reach.judge import REACHED
    from scenarios import frozen

    with door():
        plan = study.plan_of(
            scenario, wanted, priors=asked, axes=map_, budget=runs, map_points=map_points, seed=seed, households=people,
            households_file=None if households is None else frozen.households_parquet(households), given=posterior,
            lever=lever,
        )  # fmt: skip
    request = {
        "name": name, "target": target, "probability": probability, "runs": runs, "prior": ",".join(asked), "map": map_,
        "map_points": map_points, **answering.asked(set_, with_), "households": households is not None,
        **({"given": posterior.id} if posterior else {}), **({"lever": lever} if lever else {}),
    }  # fmt: skip
    parts = answering.Parts(store, words, study.estimate, study.run_reach)
    found = answering.run(plan, parts, out, request, works, telling, dry_run=dry_run)
    if fail_unless_reached and found is not None and found.ruling.kind != REACHED:
        raise typer.Exit(NOT_REACHED)
