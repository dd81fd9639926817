"""`anju cheapest`: the least costly mix of levers that reaches a target."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from experiments.cheapest import CONFIDENCE, COST, OVER, PROBABILITY, RUNS
from experiments.commands.common import (
    ALL_FORMATS,
    NOT_REACHED,
    RESULTS,
    AskedTarget,
    DryRun,
    Formats,
    Households,
    Json,
    Lang,
    Name,
    NoFigures,
    Packages,
    Quiet,
    Sets,
    Verbose,
    door,
    formats_of,
    households_of,
    langs_of,
    load,
    out_of,
    progress_bar,
    say,
    say_where,
    seed_of,
    writing,
)
from experiments.commands.executors import Processes, Scheduler, Threads, executor
from experiments.commands.given import Given, posterior_of


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
    threads: Threads = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    dry_run: DryRun = False,
    set_: Sets = None,
    with_: Packages = None,
    households: Households = None,
    given: Given = None,
    out: Annotated[Path, out_of("the search gets")] = RESULTS,
    lang: Lang = None,
    no_figures: NoFigures = False,
    formats: Formats = ALL_FORMATS,
    as_json: Json = False,
    fail_unless_reached: Annotated[
        bool, typer.Option("--fail-unless-reached", help="Exit with 3 unless a mix is found and confirmed.")
    ] = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Which mix of levers reaches a target at the least cost, and how sure is that?

    Runs where the answer is decided are added until it is, or the runs are spent; the same command goes on where it was
    stopped. The frontier, the most that each cost can reach, comes with it.
    """
    from experiments import logs

    started = time.monotonic()
    logs.start(-1 if quiet else verbose)
    langs = langs_of(lang)
    kinds = () if no_figures else formats_of(formats)

    from experiments.question import question

    scenario = load(name, set_, with_)
    with door():
        wanted = question(scenario, target, probability)
    people = households_of(households, scenario)
    posterior = posterior_of(given, scenario, out, households=people is not None)

    from experiments import answers, files
    from experiments.cheapest import store, study
    from experiments.cheapest.text import text
    from experiments.sweep import report
    from scenarios import frozen
    from simulation.codecache import announce_compile

    with door():
        plan = study.plan_of(
            scenario, wanted, levers, cost=cost, over=over, runs=runs, confidence=confidence, seed=seed,
            households=people,
            households_file=None if households is None else frozen.households_parquet(households),
            given=posterior,
        )  # fmt: skip
        files.check_folder(store.answer_folder(plan, out))
    announce_compile()
    request = {
        "name": name, "levers": levers, "target": target, "probability": probability, "over": over, "cost": cost,
        "runs": runs, "confidence": confidence, "set": list(set_ or ()), "with": list(with_ or ()),
        "households": households is not None, **({"given": given} if given else {}),
    }  # fmt: skip
    with executor(threads, processes, scheduler) as works:
        if dry_run:
            with door():
                told = report.estimate(plan.example(), store.runs_folder(plan, out), (1, 1), works.workers)
            if as_json:
                typer.echo(report.as_json(told))
            else:
                say(report.estimate_text(told, one) for one in langs)
            return
        with door(), progress_bar(quiet) as progress:
            found = study.run_cheapest(
                plan, store.runs_folder(plan, out), works, request=request, progress=progress
            )
        workers = works.workers
    with writing():
        folder = store.write(
            found,
            out,
            formats=kinds,
            request=request,
            provenance={"workers": workers, "seconds": round(time.monotonic() - started, 3)},
        )
    if as_json:
        typer.echo(answers.as_json(store.answer(found), folder))
    else:
        say(text(found, one) for one in langs)
        if not quiet:
            say_where(folder, started)
    if fail_unless_reached and found.recommendation.status != "confirmed":
        raise typer.Exit(NOT_REACHED)
