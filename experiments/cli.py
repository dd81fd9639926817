"""The command `anju`: its commands in order of use, and what becomes of their errors."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from importlib import metadata
from typing import Annotated, Any

import typer

from experiments.commands import (
    calibrate,
    cheapest,
    compare,
    contributions,
    discover,
    figures,
    look,
    page,
    reach,
    report,
    reproduce,
    run,
    scenarios,
    sensitivity,
    store,
    sweep,
    validate,
)
from experiments.commands.common import (
    BAD_INPUT,
    DONE,
    INTERNAL,
    INTERRUPTED,
    NOT_REACHED,
    Failed,
    Refused,
    input_error,
    refusal,
)

__all__ = ["BAD_INPUT", "DONE", "INTERNAL", "INTERRUPTED", "NOT_REACHED", "app", "main"]

# click's, which typer names only by its subclasses and newer versions carry inside
UsageError: Any = typer.BadParameter.__bases__[0]

# commands whose runs are kept as they are done
RESUMED = ("sweep", "reach", "cheapest", "sensitivity", "discover", "calibrate", "validate")

app = typer.Typer(
    name="anju",
    help="Anju 安居: relocation programmes, household by household.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes cut long words short
)

for name, function, said in (
    ("run", run.run, "Run a scenario; print the verdict, write tables and charts."),
    ("compare", compare.compare, "Compare policies, household by household."),
    (
        "contributions",
        contributions.contributions,
        "Say which levers make the difference between two policies.",
    ),
    ("reach", reach.reach, "Judge whether a target is within reach, and what stands in the way."),
    ("cheapest", cheapest.cheapest, "Find the least costly mix of levers that reaches a target."),
    ("sensitivity", sensitivity.sensitivity, "Say which inputs an outcome hangs on, and how much is chance."),
    ("discover", discover.discover, "Say in which futures a plan fails, and which policy is most robust."),
    ("calibrate", calibrate.calibrate, "Set what is uncertain to published figures; keep the posterior."),
    (
        "validate",
        validate.validate,
        "Hold the model against figures it has not seen, and against naive forecasts.",
    ),
    ("page", page.page, "Open a local page: move levers, see the model run again at once."),
    (
        "figures",
        figures.figures,
        "Draw a study's charts again: other sizes, formats, languages, your own map.",
    ),
    ("sweep", sweep.sweep, "Run many points of levers and uncertainties; keep every run."),
    (
        "report",
        report.report,
        "Write a report to publish on an answer: a page that opens offline, and a PDF.",
    ),
    (
        "reproduce",
        reproduce.reproduce,
        "Run a study again from its folder; compare every number bit for bit.",
    ),
    ("check", scenarios.check, "Check scenario files; nothing is run or written."),
    ("list", scenarios.list_, "List the scenarios and packages that come with anju."),
    ("show", scenarios.show, "Show a scenario: its numbers, their sources, what differs from another."),
    ("population", look.population, "Show the households and how they fit published margins."),
    ("pace", look.pace, "Hold the pace of moving against earlier years."),
    ("new-region", scenarios.new_region, "Write a commented template of a region of your own."),
    ("doctor", look.doctor, "Show versions, paths, cache, and what is wrong with them."),
):
    app.command(name, short_help=said)(function)
app.add_typer(store.app, name="store", short_help="List, check, export, merge and pack stores of runs.")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"anju {metadata.version('anju')}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    from experiments import doctor

    if foreign := doctor.foreign_package():
        raise Failed(foreign)


def main(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    from experiments import logs

    logs.start()  # before anything is printed: help and errors have letters that some terminals lack
    args = list(sys.argv[1:] if args is None else args)
    try:
        code = typer.main.get_command(app).main(args, "anju", standalone_mode=False) or DONE
        if code == INTERRUPTED:
            kept = bool(args) and args[0] in RESUMED
            _say(
                "interrupted; finished runs are kept, and the same command goes on from there"
                if kept
                else "interrupted; nothing was left half-written"
            )
            _leave_threads()
        return code
    except Refused as error:
        _say(str(error))
        return error.code
    except UsageError as error:
        error.show()
        return BAD_INPUT
    except SystemExit:
        return DONE  # the reader of a pipe, such as `head`, has had enough
    except Exception as error:
        if isinstance(error, input_error()):
            _say(str(error))
            return refusal(error).code
        return _internal(error, args)


def _leave_threads() -> None:
    """Exit at once if a run, or the compiling of the engine, is still in hand: Python would wait for it."""
    from experiments import study

    if any(thread.name.startswith(study.THREADS) for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)


def _say(message: str) -> None:
    for line in message.splitlines():
        typer.echo(f"error: {line}", err=True)


def _internal(error: Exception, args: Sequence[str]) -> int:
    """One line for the user; the traceback to a file, or to the terminal if asked for with -v."""
    import traceback

    trace = "".join(traceback.format_exception(error))
    _say(f"internal: {type(error).__name__}: {error}")
    if any(arg.startswith("-v") or arg == "--verbose" for arg in args):
        typer.echo(trace, err=True)
        return INTERNAL
    try:
        from simulation.codecache import cache_root

        log = cache_root() / "last-error.txt"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"anju {metadata.version('anju')} {' '.join(args)}\n{trace}", encoding="utf-8")
        _say(f"the traceback is in {log}; -v shows it")
    except Exception:
        typer.echo(trace, err=True)
    return INTERNAL
