"""The command `anju`. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

DONE, INTERNAL, BAD_INPUT, NOT_REACHED, INTERRUPTED = 0, 1, 2, 3, 130
POINTS, REPLICATIONS = 50, 2
FORMATS = ("png", "svg", "pdf")

# click's, which typer names only by its subclasses and newer versions carry inside
UsageError: Any = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="anju",
    help="Anju 安居: relocation programmes, household by household.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes cut long words short
)

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A scenario's name (see `anju list`) or a .toml file.", show_default=False
    ),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Set a parameter of the scenario, for example subsidy_yuan_per_person='20000 yuan/person'.",
    ),
]
Packages = Annotated[
    list[str] | None,
    typer.Option("--with", metavar="PACKAGE", help="Lay a package over the scenario, in order given."),
]
Lang = Annotated[
    str | None,
    typer.Option(
        "--lang", metavar="zh|en|both", help="Language of the answer; by default that of the locale."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose", "-v", count=True, help="Say more; tracebacks of internal errors too.", show_default=False
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no warnings.")]


class Refused(Exception):
    """Input or a place that cannot be used; the message is all the user needs."""

    code = BAD_INPUT


class Failed(Refused):
    """Something outside anju failed, such as a full disk."""

    code = INTERNAL


@contextlib.contextmanager
def _door(what: str = "") -> Iterator[None]:
    """Where input comes in: what it says is wrong is the user's to mend, so no traceback."""
    try:
        yield
    except ValueError as error:
        named = isinstance(error, _input_error())  # its messages name their file themselves
        raise Refused(str(error) if named else f"{what}{error}") from error
    except OSError as error:
        raise Refused(f"{error.filename or what}: {error.strerror or error}") from error


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


@app.command(short_help="Run a scenario; print the verdict, write tables and charts.")
def run(
    name: Name,
    points: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help=f"Points of the stated uncertainties ({POINTS}); 1 means their central values, and so does "
            "--replications without --points.",
        ),
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help=f"Runs a point, each with fresh draws ({REPLICATIONS})."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**53 - 1, metavar="N", help="Seed of the study: design and draws.")
    ] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Threads (all CPUs); results do not depend on it.")
    ] = None,
    set_: Sets = None,
    with_: Packages = None,
    households: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your own households (CSV or Parquet) instead of the synthetic ones."
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="Folder for results; the study gets a folder of its own in it."),
    ] = Path("results"),
    lang: Lang = None,
    no_figures: Annotated[bool, typer.Option("--no-figures", help="Draw no charts.")] = False,
    formats: Annotated[
        str, typer.Option(metavar="LIST", help="Formats of the charts, comma-separated.")
    ] = "png,svg,pdf",
    as_json: Json = False,
    fail_unless_reached: Annotated[
        bool,
        typer.Option(
            "--fail-unless-reached",
            help="Exit with 3 unless every target is reached in at least half of the futures.",
        ),
    ] = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Run a scenario over its uncertainties, print the verdict and write tables and charts."""
    from experiments import files, logs

    started = time.monotonic()
    logs.start(-1 if quiet else verbose)
    langs = _langs(lang)
    kinds = () if no_figures else _formats(formats)
    points, replications = _size(points, replications)
    scenario = _load(name, set_, with_)
    if fail_unless_reached and not scenario.targets:
        raise Refused(f"{scenario.name}: has no target, so --fail-unless-reached cannot be judged")
    population = _households(households, scenario)
    with _door():
        files.check_folder(out / "study")

    from experiments import results
    from experiments.study import cpus, run_study
    from experiments.verdict import text, verdict
    from simulation.codecache import announce_compile

    announce_compile()
    threads = threads or cpus()
    with _progress(quiet) as progress:
        study = run_study(
            scenario,
            points=points,
            replications=replications,
            seed=seed,
            threads=threads,
            households=population,
            progress=progress,
        )
    judged = verdict(study)
    ran = time.monotonic() - started
    with _writing():
        folder = results.write(
            study,
            judged,
            out,
            formats=kinds,
            request={
                "name": name,
                "set": list(set_ or ()),
                "with": list(with_ or ()),
                "households": households is not None,
            },
            provenance={"threads": threads, "seconds": round(ran, 3)},
        )
    if as_json:
        typer.echo(results.as_json(judged, folder))
    else:
        for one in langs:
            typer.echo(logs.for_terminal(text(judged, one)))
        if not quiet:
            typer.echo(f"{folder}  ({time.monotonic() - started:.1f} s)", err=True)
    if fail_unless_reached and any(target.share < 0.5 for target in judged.targets):
        raise typer.Exit(NOT_REACHED)


@app.command(short_help="Compare policies, household by household.")
def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME",
            help="Policies: scenarios' names or .toml files, each with packages of its own after a plus sign, "
            "for example lishui+precise-relocation.",
            show_default=False,
        ),
    ],
    against: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What to compare with instead of the status quo: a policy of every region (zero) or of one "
            "(lishui/zero).",
        ),
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help=f"Points of the stated uncertainties ({POINTS}); see `anju run`."
        ),
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help=f"Runs a point and policy ({REPLICATIONS})."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**53 - 1, metavar="N", help="Seed of the comparison: design and draws.")
    ] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Threads (all CPUs); results do not depend on it.")
    ] = None,
    set_: Sets = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="PACKAGE", help="Lay a package over every policy, the reference too."),
    ] = None,
    equal_budget: Annotated[
        bool,
        typer.Option(
            "--equal-budget", help="Scale every policy's budgets to the sum of its region's reference."
        ),
    ] = False,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="YUAN", help="Scale them to this sum instead, for example 12e8 or '12 yi_yuan'."
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Folder for results; the comparison gets a folder of its own in it."
        ),
    ] = Path("results"),
    lang: Lang = None,
    no_figures: Annotated[bool, typer.Option("--no-figures", help="Draw no chart.")] = False,
    formats: Annotated[
        str, typer.Option(metavar="LIST", help="Formats of the chart, comma-separated.")
    ] = "png,svg,pdf",
    as_json: Json = False,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Compare policies of one region or several: the same households, draws and uncertain values under each."""
    from experiments import files, logs

    started = time.monotonic()
    logs.start(-1 if quiet else verbose)
    langs = _langs(lang)
    kinds = () if no_figures else _formats(formats)
    points, replications = _size(points, replications)

    from experiments.comparison import policies

    with _door(), _once():
        found = policies.regions(
            names, lambda name, packages: _load(name, set_, [*packages, *(with_ or ())]), against=against
        )
        sum_ = None if budget is None else policies.yuan(budget)
        if equal_budget or sum_ is not None:
            found = tuple(policies.equal_budgets(region, sum_) for region in found)
        files.check_folder(out / "comparison")

    from experiments.comparison import judge, runs, store
    from experiments.comparison.text import text
    from experiments.study import cpus
    from simulation.codecache import announce_compile

    announce_compile()
    threads = threads or cpus()
    with _progress(quiet) as progress, _door():
        comparison = runs.run_comparison(
            found,
            points=points,
            replications=replications,
            seed=seed,
            threads=threads,
            budget=sum_ if sum_ is not None else float("nan") if equal_budget else None,
            progress=progress,
        )
    answer = judge.judge(comparison)
    ran = time.monotonic() - started
    with _writing():
        folder = store.write(
            comparison,
            answer,
            out,
            formats=kinds,
            request={
                "names": list(names),
                "against": against,
                "set": list(set_ or ()),
                "with": list(with_ or ()),
                "equal_budget": equal_budget,
                "budget": budget,
            },
            provenance={"threads": threads, "seconds": round(ran, 3)},
        )
    if as_json:
        typer.echo(store.as_json(answer, folder))
        return
    for one in langs:
        typer.echo(logs.for_terminal(text(answer, one)))
    if not quiet:
        typer.echo(f"{folder}  ({time.monotonic() - started:.1f} s)", err=True)


@app.command(short_help="Check scenario files; nothing is run or written.")
def check(
    names: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Scenario files or names.", show_default=False)
    ],
) -> None:
    """Check scenario files: every number, unit, source and key; nothing is run or written."""
    wrong = []
    for name in names:
        try:
            scenario = _load(name, None, None)
        except Refused as error:
            wrong.append(str(error))
        else:
            typer.echo(f"{name}: in order, {len(scenario.values)} parameters")
    if wrong:
        raise Refused("\n".join(wrong))


@app.command("list")
def list_(lang: Lang = None, as_json: Json = False) -> None:
    """List the scenarios and packages that come with anju."""
    import scenarios

    with _door():
        known, laid = scenarios.names(), scenarios.packages()
    if as_json:
        rows: list[dict[str, Any]] = [{"name": name, "title": {"en": en, "zh": zh}} for name, en, zh in known]
        rows += [{"name": name, "title": {"en": en, "zh": zh}, "package": True} for name, en, zh in laid]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    langs = _langs(lang)
    width = max((len(name) for name, _, _ in (*known, *laid)), default=0)

    def say(rows: Sequence[tuple[str, str, str]]) -> None:
        for name, en, zh in rows:
            titles = {"en": en, "zh": zh}
            typer.echo(f"{name:<{width}}  " + "  ".join(titles[one] for one in langs))

    say(known)
    if laid:
        heads = {
            "en": "Packages, laid over a scenario by --with:",
            "zh": "政策包，用 --with 叠加在情景之上：",
        }
        typer.echo("\n" + "  ".join(heads[one] for one in langs))
        say(laid)


@app.command(short_help="Show a scenario: its numbers, their sources, what differs from another.")
def show(
    name: Name,
    set_: Sets = None,
    with_: Packages = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Show only what differs from this scenario."),
    ] = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Show a scenario: its numbers, where each comes from, and what is uncertain.

    With --with or --set, what they change comes first.
    """
    scenario = _load(name, set_, with_)
    changed = bool(set_ or with_)
    base = _load(against or name, None, None) if against or changed else None
    from experiments import logs
    from scenarios.show import differences_json, text

    if as_json:
        shown = scenario.resolved()
        if base is not None:
            shown["differences"] = {"from": base.name, "numbers": differences_json(scenario, base)}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2, sort_keys=True))
        return
    for one in _langs(lang):
        typer.echo(logs.for_terminal(text(scenario, one, base, whole=against is None)))


@app.command(short_help="Show the households and how they fit published margins.")
def population(
    name: Name, set_: Sets = None, with_: Packages = None, lang: Lang = None, as_json: Json = False
) -> None:
    """Build a scenario's households and show how well they fit the published margins."""
    from experiments import logs, population_report

    langs = _langs(lang)
    scenario = _load(name, set_, with_)
    with _door():
        report = population_report.report(scenario)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for one in langs:
        typer.echo(logs.for_terminal(population_report.text(report, one)))


@app.command(short_help="Hold the pace of moving against earlier years.")
def pace(
    name: Annotated[str, typer.Argument(metavar="REGION", help="The region: lishui.", show_default=False)],
    set_: Sets = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Hold the modelled pace of moving, under the rules of the year before, against earlier years."""
    langs = _langs(lang)
    region = name.partition("/")[0]
    if region != "lishui":
        raise Refused(f"{name}: facts on the pace of earlier years come with lishui only")
    scenario = _load(f"{region}/status-quo", set_, None)

    from experiments import logs
    from experiments import pace as paces
    from simulation.codecache import announce_compile

    announce_compile()
    with _door():
        report = paces.report(scenario)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for one in langs:
        typer.echo(logs.for_terminal(paces.text(report, one)))


@app.command("new-region", short_help="Write a commented template of a region of your own.")
def new_region(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The region's name, such as mytown.", show_default=False)
    ],
    lang: Annotated[
        str | None,
        typer.Option("--lang", metavar="zh|en", help="Language of the comments; by default the locale's."),
    ] = None,
    base: Annotated[
        str,
        typer.Option("--from", metavar="REGION", help="Region whose behavioural numbers are taken (lishui)."),
    ] = "lishui",
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder in which the region gets a folder of its own.")
    ] = Path("."),
) -> None:
    """Write a folder with a region, a plan and sites: a commented template that runs, to be filled in."""
    from scenarios.new_region import new_region

    one, *more = _langs(lang)
    if more:
        raise Refused(f"--lang {lang}: zh or en expected; the comments have one language")
    with _door():
        folder = new_region(name, out, one, base)
    plan = shlex.quote(str(folder / "plan.toml"))
    for line in (str(folder), f"anju check {plan}", f"anju run {plan} --points 20 --replications 1"):
        typer.echo(line)


@app.command(short_help="Show versions, paths, cache, and what is wrong with them.")
def doctor(as_json: Json = False) -> None:
    """Show versions, paths, fonts, machine and cache, and what is wrong with them."""
    from experiments import doctor, logs

    report = doctor.report()
    typer.echo(
        json.dumps(report, ensure_ascii=False, indent=2)
        if as_json
        else logs.for_terminal(doctor.text(report))
    )
    if report["problems"]:
        raise typer.Exit(INTERNAL)


def _size(points: int | None, replications: int | None) -> tuple[int, int]:
    """Points and replications of a study, from what was asked for; replications alone mean the central values."""
    if points is None:
        points = POINTS if replications is None else 1
    return points, replications or (REPLICATIONS if points > 1 else 1)


def _load(name: str, sets: Sequence[str] | None, packages: Sequence[str] | None) -> Any:
    import scenarios

    pairs = {}
    for text in sets or ():
        key, equals, value = text.partition("=")
        if not (key.strip() and equals and value.strip()):
            raise Refused(f"--set {text}: KEY=VALUE expected, e.g. --set home_lag_months=9")
        if key.strip() in pairs:
            raise Refused(f"--set {text}: {key.strip()} is set twice")
        pairs[key.strip()] = value.strip()
    with _door():
        return scenarios.load(name, packages=tuple(packages or ()), sets=pairs)


@contextlib.contextmanager
def _once() -> Iterator[None]:
    """Say each warning of the reader once, however many policies it holds for."""
    import logging

    said: set[str] = set()

    def new(record: logging.LogRecord) -> bool:
        known = record.getMessage() in said
        said.add(record.getMessage())
        return not known

    log = logging.getLogger("scenarios.reader")
    log.addFilter(new)
    try:
        yield
    finally:
        log.removeFilter(new)


def _households(path: Path | None, scenario: Any) -> Any:
    if path is None:
        return None
    from scenarios.households_table import read_table

    with _door(f"{path}: "):
        return read_table(path, counties=[county.id for county in scenario.counties])


def _langs(lang: str | None) -> tuple[str, ...]:
    """The languages to print; the locale's where none is asked for and the terminal has its letters."""
    from experiments import logs

    if lang is None:
        locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        return ("zh",) if locale.lower().startswith("zh") and logs.can_show("安居") else ("en",)
    langs = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}.get(lang)
    if langs is None:
        raise Refused(f"--lang {lang}: zh, en or both expected")
    with _door():
        for one in langs:
            logs.require(one)
    return langs


def _formats(text: str) -> tuple[str, ...]:
    kinds = tuple(dict.fromkeys(kind.strip().lower() for kind in text.split(",")))
    if unknown := [kind for kind in kinds if kind not in FORMATS]:
        raise Refused(
            f"--formats {text}: {', '.join(map(repr, unknown))} unknown, {', '.join(FORMATS)} expected"
        )
    return kinds


@contextlib.contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar with rate and time left on stderr, if that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("runs"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, rate="")

        def update(done: int, total: int) -> None:
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            bar.update(task, completed=done, total=total, rate=f"{speed:.1f}/s" if speed else "")

        yield update


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failed(
            f"results: {error.filename or ''}: {error.strerror or error}; nothing was written"
        ) from error


def main(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    from experiments import logs

    logs.start()  # before anything is printed: help and errors have letters that some terminals lack
    args = list(sys.argv[1:] if args is None else args)
    try:
        code = typer.main.get_command(app).main(args, "anju", standalone_mode=False) or DONE
        if code == INTERRUPTED:
            _say("interrupted; nothing was left half-written")
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
        if isinstance(error, _input_error()):
            _say(str(error))
            return BAD_INPUT
        return _internal(error, args)


def _leave_threads() -> None:
    """Exit at once if a run, or the compiling of the engine, is still in hand: Python would wait for it."""
    from experiments import study

    if any(thread.name.startswith(study.THREADS) for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)


def _input_error() -> type[Exception]:
    from scenarios.errors import InputError

    return InputError


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
