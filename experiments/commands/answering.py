"""What commands that answer share: options that go together, and the way from a plan to what is printed."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

from experiments.commands.common import (
    ALL_FORMATS,
    Formats,
    Json,
    Lang,
    NoFigures,
    Quiet,
    Verbose,
    door,
    formats_of,
    langs_of,
    progress_bar,
    say,
    say_where,
    writing,
)
from experiments.commands.executors import Processes, Scheduler, Threads, executor


@dataclasses.dataclass
class Works:
    """The options that say where runs are done."""

    threads: Threads = None
    processes: Processes = None
    scheduler: Scheduler = None

    def executor(self) -> Any:
        return executor(self.threads, self.processes, self.scheduler)


@dataclasses.dataclass
class Speaking:
    """The options that say how something is told on the terminal, in `langs`."""

    lang: Lang = None
    as_json: Json = False
    verbose: Verbose = 0
    quiet: Quiet = False

    def __post_init__(self) -> None:
        from experiments import logs

        self.started = time.monotonic()
        logs.start(-1 if self.quiet else self.verbose)
        self.langs = langs_of(self.lang)

    @property
    def seconds(self) -> float:
        """Since the command started."""
        return round(time.monotonic() - self.started, 3)

    def tell(self, told: Any, text: Callable[[Any, str], str]) -> None:
        """Say what leaves nothing behind, such as what a study would take: a dataclass or a mapping."""
        if self.as_json:
            from experiments import files

            content = files.plain(told if isinstance(told, Mapping) else dataclasses.asdict(told))
            typer.echo(json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True))
        else:
            say(text(told, lang) for lang in self.langs)


@dataclasses.dataclass
class Telling(Speaking):
    """The same of an answer that is written to a folder, with charts of these `kinds`."""

    no_figures: NoFigures = False
    formats: Formats = ALL_FORMATS

    def __post_init__(self) -> None:
        super().__post_init__()
        self.kinds = () if self.no_figures else formats_of(self.formats)

    def answer(self, plain: Mapping[str, Any], text: Callable[[str], str], folder: Path) -> None:
        """Say the answer that was written to `folder`."""
        if self.as_json:
            from experiments import answers

            typer.echo(answers.as_json(plain, folder))
            return
        say(text(lang) for lang in self.langs)
        if not self.quiet:
            say_where(folder, self.started)


def bundled(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameters of a type that holds options, such as Works, are those options, one by one."""
    signature = inspect.signature(command, eval_str=True)
    options: list[inspect.Parameter] = []
    bundles: dict[str, Any] = {}
    for name, one in signature.parameters.items():
        if isinstance(one.annotation, type) and dataclasses.is_dataclass(one.annotation):
            bundles[name] = one.annotation
            options += inspect.signature(one.annotation, eval_str=True).parameters.values()
        else:
            options.append(one)

    @functools.wraps(command)
    def unbundled(**given: Any) -> None:
        made = {
            name: kind(**{f.name: given.pop(f.name) for f in dataclasses.fields(kind) if f.name in given})
            for name, kind in bundles.items()
        }
        command(**given, **made)

    unbundled.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in options]
    )
    unbundled.__annotations__ = {one.name: one.annotation for one in options}
    return unbundled


class Parts(NamedTuple):
    """What one kind of answer is made of.

    `store` says where runs and answer go (runs_folder, answer_folder), and has write and answer; `words` has text and
    estimate_text.
    """

    store: Any
    words: Any
    estimate: Callable[[Any, Path, int], Any]
    run: Callable[..., Any]


def run(
    plan: Any, parts: Parts, out: Path, request: Mapping[str, Any], works: Works, telling: Telling, *, dry_run: bool = False
) -> Any:  # fmt: skip
    """Do the runs of a plan, write and say the answer, and return it; with `dry_run` only say what it takes, and None."""
    from experiments import files
    from simulation.codecache import announce_compile

    with door():
        files.check_folder(parts.store.answer_folder(plan, out))
    announce_compile()
    place = parts.store.runs_folder(plan, out)
    with works.executor() as workers:
        if dry_run:
            with door():
                told = parts.estimate(plan, place, workers.workers)
            telling.tell(told, parts.words.estimate_text)
            return None
        with door(), progress_bar(telling.quiet) as progress:
            found = parts.run(plan, place, workers, request=request, progress=progress)
    give(found, parts.store, parts.words, out, request, telling, workers=workers.workers)
    return found


def give(
    found: Any,
    store: Any,
    words: Any,
    out: Path,
    request: Mapping[str, Any],
    telling: Telling,
    **provenance: Any,
) -> None:
    """Write an answer and say it."""
    provenance["seconds"] = telling.seconds
    with door(), writing():
        folder = store.write(found, out, formats=telling.kinds, request=request, provenance=provenance)
    telling.answer(store.answer(found), lambda lang: words.text(found, lang), folder)


def asked(sets: Sequence[str] | None, packages: Sequence[str] | None) -> dict[str, list[str]]:
    """What was laid over a scenario, as a request says it."""
    return {"set": list(sets or ()), "with": list(packages or ())}
