"""`anju reach`: is a target within reach of a policy?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

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
    Refused,
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
from experiments.reach import MAP_POINTS, PROBABILITY, RUNS


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
    seed: Annotated[int, seed_of(": futures and draws")] = 1,
    threads: Threads = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    dry_run: DryRun = False,
    set_: Sets = None,
    with_: Packages = None,
    households: Households = None,
    out: Annotated[Path, out_of("the scenario gets")] = RESULTS,
    lang: Lang = None,
    no_figures: NoFigures = False,
    formats: Formats = ALL_FORMATS,
    as_json: Json = False,
    fail_unless_reached: Annotated[
        bool, typer.Option("--fail-unless-reached", help="Exit with 3 unless the verdict is: reached.")
    ] = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Is a target within reach under this policy, whatever the uncertain numbers turn out to be?

    The same command goes on where it was stopped; --runs adds futures to those that are there.
    """
    from experiments import logs

    started = time.monotonic()
    logs.start(-1 if quiet else verbose)
    langs = langs_of(lang)
    kinds = () if no_figures else formats_of(formats)

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

    from experiments import answers, files
    from experiments.reach import store, study
    from experiments.reach.judge import REACHED
    from experiments.reach.text import estimate_text, text
    from scenarios import frozen
    from simulation.codecache import announce_compile

    with door():
        plan = study.plan_of(
            scenario, wanted, priors=asked, axes=map_, budget=runs, map_points=map_points, seed=seed, households=people,
            households_file=None if households is None else frozen.households_parquet(households), given=posterior,
        )  # fmt: skip
        files.check_folder(store.answer_folder(plan, out))
    announce_compile()
    request = {
        "name": name, "target": target, "probability": probability, "runs": runs, "prior": ",".join(asked), "map": map_,
        "map_points": map_points, "set": list(set_ or ()), "with": list(with_ or ()),
        "households": households is not None, **({"given": given} if given else {}),
    }  # fmt: skip
    with executor(threads, processes, scheduler) as works:
        if dry_run:
            with door():
                told = study.estimate(plan, store.runs_folder(plan, out), works.workers)
            _say_estimate(told, langs, as_json, estimate_text)
            return
        with door(), progress_bar(quiet) as progress:
            found = study.run_reach(
                plan, store.runs_folder(plan, out), works, request=request, progress=progress
            )
        workers = works.workers
    ran = time.monotonic() - started
    with writing():
        folder = store.write(
            found,
            out,
            formats=kinds,
            request=request,
            provenance={"workers": workers, "seconds": round(ran, 3)},
        )
    if as_json:
        typer.echo(answers.as_json(store.answer(found), folder))
    else:
        say(text(found, one) for one in langs)
        if not quiet:
            say_where(folder, started)
    if fail_unless_reached and found.ruling.kind != REACHED:
        raise typer.Exit(NOT_REACHED)


def _say_estimate(told, langs, as_json: bool, words) -> None:
    import dataclasses
    import json

    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(told), ensure_ascii=False, indent=2, sort_keys=True))
        return
    say(words(told, one) for one in langs)
