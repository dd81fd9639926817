"""`anju page`: a local page on which levers are moved and the model is run again at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands.common import (
    Lang,
    Quiet,
    Sets,
    Verbose,
    door,
    langs_of,
    load,
    progress_bar,
    say,
    seed_of,
)
from experiments.commands.executors import Threads


def page(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="The scenario shown first, or a .toml file of your own."),
    ] = "lishui",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, metavar="N", help="Port (8765, or a free one if that is taken)."),
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Open no browser; the address is printed.")
    ] = False,
    points: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Futures of an answer (50; 10 for large regions)."),
    ] = None,
    seed: Annotated[int, seed_of(" of the design and draws")] = 1,
    threads: Threads = None,
    set_: Sets = None,
    static: Annotated[
        Path | None,
        typer.Option(metavar="OUT.html", help="Write one file with precomputed answers instead, and stop."),
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=LIST",
            help="With --static: a lever and the values to precompute, e.g. --grid loan_limit_yuan=0,200000,400000.",
        ),
    ] = None,
    lang: Lang = None,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Open a page in the browser on which levers are moved and the model is run again at once, beside the plan."""
    from experiments import logs

    logs.start(-1 if quiet else verbose)
    langs = langs_of(lang)
    given = _pairs(name, set_)
    with door():
        from experiments.page.settings import Catalogue

        catalogue = Catalogue(name, given)
    from simulation.codecache import announce_compile

    announce_compile()
    if static is not None:
        _static(catalogue, static, grid, points, seed, threads, langs[0], quiet)
        return
    from experiments.page import serve

    with door():
        serve.serve(
            catalogue, port=port, open_=not no_open, futures=points, seed=seed, threads=threads, lang=langs[0],
            said=lambda text: say([text]),
        )  # fmt: skip


def _pairs(name: str, sets: list[str] | None) -> dict[str, str]:
    """Settings of the command line by their full names. Raises Refused."""
    if not sets:
        return {}
    from scenarios.scenario import SET

    read = load(name, sets, None)
    texts = {key.strip(): value.strip() for key, _, value in (text.partition("=") for text in sets)}
    periods = {key: text for key, text in texts.items() if key.startswith("period.")}
    entries = [entry for entry in read.entries() if entry.source == SET]
    return periods | {entry.name: f"{entry.at(0):.17g} {entry.unit}" for entry in entries}


def _static(
    catalogue: Any, out: Path, grid: list[str] | None, points: int | None, seed: int, threads: int | None, lang: str,
    quiet: bool,
) -> None:  # fmt: skip
    from experiments.page import static

    with door(), progress_bar(quiet) as progress:
        static.write(
            catalogue,
            out,
            grid=grid or (),
            futures=points,
            seed=seed,
            threads=threads,
            lang=lang,
            progress=progress,
        )
    say([str(out)])
