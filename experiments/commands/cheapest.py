"""`anju cheapest`: the least costly mix of levers that reaches a target."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from experiments.cheapest import CONFIDENCE, COST, OVER, PROBABILITY, RUNS
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
    Sets,
    door,
    households_of,
    load,
    out_of,
    seed_of,
)
from experiments.commands.given import Given, posterior_of


@bundled
def cheapest(
    name: Name,
    levers: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="Levers to choose from, comma-separated, each within the span of its file or the one given: "
            "subsidy,loan_rate=0.4..1,public_posts.",
            show_default=False,
        ),
    ],
    target: AskedTarget = None,
    probability: Annotated[
        float, typer.Option(metavar="P", help="It is to be reached in at least this share of futures.")
    ] = PROBABILITY,
    over: Annotated[
        str,
        typer.Option(
            metavar="futures|noise",
            help="Futures: uncertain numbers drawn anew for every run. Noise: all at their central values.",
        ),
    ] = OVER[0],
    cost: Annotated[
        str, typer.Option(metavar="OUTCOME", help="What is to be kept low: any outcome of a run.")
    ] = COST,
    runs: Annotated[int, typer.Option(min=1, metavar="N", help="Most runs.")] = RUNS,
    confidence: Annotated[
        float, typer.Option(metavar="P", help="How sure the recommendation is to be.")
    ] = CONFIDENCE,
    seed: Annotated[int, seed_of(": search, futures and draws")] = 1,
    dry_run: DryRun = False,
    set_: Sets = None,
    with_: Packages = None,
    households: Households = None,
    given: Given = None,
    out: Annotated[Path, out_of("the search gets")] = RESULTS,
    fail_unless_reached: Annotated[
        bool, typer.Option("--fail-unless-reached", help="Exit with 3 unless a mix is found and confirmed.")
    ] = False,
    *,
    works: Works,
    telling: Telling,
) -> None:
    """Which mix of levers reaches a target at the least cost, and how sure is that?

    Runs where the answer is decided are added until it is, or the runs are spent; the same command goes on where it was
    stopped. The frontier, the most that each cost can reach, comes with it.
    """
    from experiments.question import question

    scenario = load(name, set_, with_)
    with door():
        wanted = question(scenario, target, probability)
    people = households_of(households, scenario)
    posterior = posterior_of(given, scenario, out, households=people is not None)

    from experiments.cheapest import store, study
    from experiments.cheapest import text as words
    from scenarios import frozen

    with door():
        plan = study.plan_of(
            scenario, wanted, levers, cost=cost, over=over, runs=runs, confidence=confidence, seed=seed,
            households=people,
            households_file=None if households is None else frozen.households_parquet(households),
            given=posterior,
        )  # fmt: skip
    request = {
        "name": name, "levers": levers, "target": target, "probability": probability, "over": over, "cost": cost,
        "runs": runs, "confidence": confidence, **answering.asked(set_, with_),
        "households": households is not None, **({"given": posterior.id} if posterior else {}),
    }  # fmt: skip
    parts = answering.Parts(store, words, study.estimate, study.run_cheapest)
    found = answering.run(plan, parts, out, request, works, telling, dry_run=dry_run)
    if fail_unless_reached and found is not None and found.recommendation.status != "confirmed":
        raise typer.Exit(NOT_REACHED)
