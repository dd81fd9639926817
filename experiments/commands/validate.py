"""`anju validate`: does the model say what happened?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from experiments.commands.common import (
    ALL_FORMATS,
    POINTS,
    REPLICATIONS,
    RESULTS,
    DryRun,
    Formats,
    Json,
    Lang,
    NoFigures,
    Quiet,
    Verbose,
    door,
    formats_of,
    langs_of,
    out_of,
    progress_bar,
    say,
    say_where,
    seed_of,
    writing,
)
from experiments.commands.executors import Processes, Scheduler, Threads, executor


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
            help="Draw futures from this posterior (file, folder or `posterior`), not from the ranges.",
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Run the scenarios that take long, too.")] = False,
    points: Annotated[int, typer.Option(min=1, metavar="N", help="Futures of each scenario.")] = POINTS,
    replications: Annotated[int, typer.Option(min=1, metavar="N", help="Runs a future.")] = REPLICATIONS,
    seed: Annotated[int, seed_of(": futures and draws")] = 1,
    threads: Threads = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    dry_run: DryRun = False,
    out: Annotated[Path, out_of("each scenario and each answer get")] = RESULTS,
    lang: Lang = None,
    no_figures: NoFigures = False,
    formats: Formats = ALL_FORMATS,
    as_json: Json = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Hold the model against facts it was not set to, and against naive forecasts of them.

    The same command goes on where it was stopped; --replications adds runs to those that are there.
    """
    from experiments import logs

    started = time.monotonic()
    logs.start(-1 if quiet else verbose)
    langs = langs_of(lang)
    kinds = () if no_figures else formats_of(formats)

    from experiments import answers, files
    from experiments import given as posteriors
    from experiments.validation import cases, store, study
    from experiments.validation.text import estimate_text, text
    from scenarios import own_facts
    from simulation.codecache import announce_compile

    with door():
        own = () if facts is None else own_facts.read(facts)
        region = None if given in (None, posteriors.WORD) else posteriors.read(given).scenario
        asked = cases.cases(names or (), own, every=every, wanted=lambda family: region in (None, family))
        plan = study.plan_of(
            asked, points=points, replications=replications, seed=seed,
            posterior=None if given is None else lambda case: posteriors.find(given, case.scenario, out),
        )  # fmt: skip
        files.check_folder(store.answer_folder(plan, out))
    announce_compile()
    request = {
        "names": list(names or ()), "facts": facts is not None, "given": given, "all": every, "points": points,
        "replications": replications,
    }  # fmt: skip
    with executor(threads, processes, scheduler) as works:
        if dry_run:
            with door():
                told = study.estimate(plan, out, works.workers)
            _say_estimate(told, works.workers, langs, as_json, estimate_text)
            return
        with door(), progress_bar(quiet) as progress:
            found = study.run_validation(plan, out, works, request=request, progress=progress)
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
        return
    say(text(found, one) for one in langs)
    if not quiet:
        say_where(folder, started)


def _say_estimate(told, workers: int, langs, as_json: bool, words) -> None:
    import dataclasses
    import json

    if as_json:
        rows = [dataclasses.asdict(one) for one in told]
        typer.echo(
            json.dumps({"workers": workers, "scenarios": rows}, ensure_ascii=False, indent=2, sort_keys=True)
        )
        return
    say(words(told, workers, one) for one in langs)
