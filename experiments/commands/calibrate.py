"""`anju calibrate`: what facts say of the uncertainties of a region."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands.common import (
    ALL_FORMATS,
    RESULTS,
    DryRun,
    Formats,
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
    threads: Threads = None,
    processes: Processes = None,
    scheduler: Scheduler = None,
    dry_run: DryRun = False,
    set_: Sets = None,
    with_: Packages = None,
    out: Annotated[Path, out_of("the calibration gets")] = RESULTS,
    lang: Lang = None,
    no_figures: NoFigures = False,
    formats: Formats = ALL_FORMATS,
    as_json: Json = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """What do facts that may set parameters say of the uncertainties of a region?

    The posterior is a file that other commands take with --given. The same command goes on where it was stopped.
    """
    from experiments import logs

    started = time.monotonic()
    logs.start(-1 if quiet else verbose)
    langs = langs_of(lang)
    kinds = () if no_figures else formats_of(formats)
    scenario = load(name, set_, with_)

    from experiments import answers, files
    from experiments.calibration import store, study
    from experiments.calibration.text import estimate_text, text
    from scenarios.reader import family
    from simulation.codecache import announce_compile

    def other(case: str) -> Any:
        """Another scenario that facts are held against; what was set holds in this region only."""
        mine = family(case) == family(scenario.name)
        return load(case, set_ if mine else None, with_ if mine else None)

    with door():
        plan = study.plan_of(
            scenario, load=other, facts=facts, particles=particles, replications=replications, seed=seed
        )
        files.check_folder(store.answer_folder(plan, out))
    announce_compile()
    request = {
        "name": name, "facts": facts is not None, "particles": particles, "replications": replications,
        "set": list(set_ or ()), "with": list(with_ or ()),
    }  # fmt: skip
    with executor(threads, processes, scheduler) as works:
        if dry_run:
            with door():
                told = study.estimate(plan, store.runs_folder(plan, out), works.workers)
            _say_estimate(told, plan, langs, as_json, estimate_text)
            return
        with door(), progress_bar(quiet) as progress:
            found = study.calibrate(
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
        return
    say(text(found, one) for one in langs)
    if not quiet:
        say_where(folder, started)


def _say_estimate(told, plan, langs, as_json: bool, words) -> None:
    import dataclasses
    import json

    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(told), ensure_ascii=False, indent=2, sort_keys=True))
        return
    say(words(told, plan, one) for one in langs)
