"""What commands share: options, exit codes, the door through which input comes in, the progress bar."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.figures import FORMATS

DONE, INTERNAL, BAD_INPUT, NOT_REACHED, INTERRUPTED = 0, 1, 2, 3, 130
POINTS, REPLICATIONS = 50, 2
ALL_FORMATS = ",".join(FORMATS)
RESULTS = Path("results")

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
Households = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Your own households (CSV or Parquet) instead of the synthetic ones."),
]
AskedTarget = Annotated[
    str | None,
    typer.Option(
        metavar="ID[=VALUE]",
        help="A target of the scenario (the first), or `relocated`: its first that counts persons moved in the whole "
        "region. With =VALUE another number is asked for, for example relocated=25000.",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Say how many runs, about how long and how much disk; nothing is kept."),
]
NoFigures = Annotated[bool, typer.Option("--no-figures", help="Draw no chart.")]
Formats = Annotated[str, typer.Option(metavar="LIST", help="Formats of the chart, comma-separated.")]
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


def seed_of(what: str) -> Any:
    """The option --seed; `what` is said in its help."""
    return typer.Option(min=0, max=2**53 - 1, metavar="N", help=f"Seed{what}.")


def out_of(what: str) -> Any:
    """The option --out; `what` is said in its help."""
    return typer.Option(metavar="FOLDER", help=f"Folder for results; {what} a folder of its own in it.")


class Refused(Exception):
    """Input or a place that cannot be used; the message is all the user needs."""

    code = BAD_INPUT


class Failed(Refused):
    """Something outside anju failed, such as a full disk."""

    code = INTERNAL


@contextlib.contextmanager
def door(what: str = "") -> Iterator[None]:
    """Where input comes in: what it says is wrong is the user's to mend, so no traceback."""
    try:
        yield
    except ValueError as error:
        named = isinstance(error, input_error())  # its messages name their file themselves
        raise refusal(error)(str(error) if named else f"{what}{error}") from error
    except OSError as error:
        raise refusal(error)(f"{error.filename or what}: {error.strerror or error}") from error


def refusal(error: BaseException) -> type[Refused]:
    """Failed where a disk or a cluster is to blame, Refused where it is the input."""
    from experiments.executors.cluster import ClusterLost
    from experiments.store.disk import FULL, CannotWrite

    full = any(isinstance(one, OSError) and one.errno in FULL for one in (error, error.__cause__))
    return Failed if full or isinstance(error, CannotWrite | ClusterLost) else Refused


@contextlib.contextmanager
def writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise Failed(
            f"results: {where}{error.strerror or error}; nothing was written; --out names another place"
        ) from error


def input_error() -> type[Exception]:
    from scenarios.errors import InputError

    return InputError


def size_of(points: int | None, replications: int | None) -> tuple[int, int]:
    """Points and replications of a study, from what was asked for; replications alone mean the central values."""
    if points is None:
        points = POINTS if replications is None else 1
    return points, replications or (REPLICATIONS if points > 1 else 1)


def load(name: str, sets: Sequence[str] | None, packages: Sequence[str] | None) -> Any:
    import scenarios

    pairs = {}
    for text in sets or ():
        key, equals, value = text.partition("=")
        if not (key.strip() and equals and value.strip()):
            raise Refused(f"--set {text}: KEY=VALUE expected, e.g. --set home_lag_months=9")
        if key.strip() in pairs:
            raise Refused(f"--set {text}: {key.strip()} is set twice")
        pairs[key.strip()] = value.strip()
    with door(), once():
        try:
            return scenarios.load(name, packages=tuple(packages or ()), sets=pairs)
        except input_error():
            full = _in_full(name, pairs, packages)
            if full == pairs:
                raise
            return scenarios.load(name, packages=tuple(packages or ()), sets=full)


def _in_full(name: str, pairs: Mapping[str, str], packages: Sequence[str] | None) -> dict[str, str]:
    """Settings whose short names (subsidy) and symbols (b_y) are written out, as --vary takes them too."""
    import scenarios
    from experiments import vary

    scenario = scenarios.load(name, packages=tuple(packages or ()))
    known = {entry.name for entry in scenario.entries()}
    full: dict[str, str] = {}
    for key, value in pairs.items():
        if key not in known and vary.meant(scenario, key):
            key = vary.resolve_name(scenario, key, where="--set").name
        if key in full:
            raise Refused(f"--set {key}: is set twice")
        full[key] = value
    return full


@contextlib.contextmanager
def once() -> Iterator[None]:
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


def households_of(path: Path | None, scenario: Any) -> Any:
    if path is None:
        return None
    from scenarios.households_table import read_table

    with door(f"{path}: "):
        return read_table(path, counties=[county.id for county in scenario.counties])


def langs_of(lang: str | None) -> tuple[str, ...]:
    """The languages to print; the locale's where none is asked for and the terminal has its letters."""
    from experiments import logs

    if lang is None:
        locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        return ("zh",) if locale.lower().startswith("zh") and logs.can_show("安居") else ("en",)
    langs = one_or_both("--lang", lang, ("zh", "en"))
    with door():
        for one in langs:
            logs.require(one)
    return langs


def one_or_both(option: str, text: str, known: tuple[str, str]) -> tuple[str, ...]:
    """What an option that takes one of two words, or `both`, stands for."""
    meant = {word: (word,) for word in known} | {"both": known}
    if text not in meant:
        raise Refused(f"{option} {text}: {known[0]}, {known[1]} or both expected")
    return meant[text]


def formats_of(text: str, known: Sequence[str] = FORMATS) -> tuple[str, ...]:
    """The formats of a comma-separated list."""
    kinds = tuple(dict.fromkeys(kind.strip().lower() for kind in text.split(",")))
    if unknown := [kind for kind in kinds if kind not in known]:
        raise Refused(
            f"--formats {text}: {', '.join(map(repr, unknown))} unknown, {', '.join(known)} expected"
        )
    return kinds


def say(texts: Iterable[str], *, nl: bool = True) -> None:
    """Print what is for people, in letters that the terminal has."""
    from experiments import logs

    for text in texts:
        typer.echo(logs.for_terminal(text), nl=nl)


def say_where(folder: Path | None, started: float, more: str = "") -> None:
    """Name the folder and the time since `started` (time.monotonic) on stderr, beside the answer."""
    typer.echo(f"{folder}  ({more}{time.monotonic() - started:.1f} s)", err=True)


@contextlib.contextmanager
def progress_bar(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
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
