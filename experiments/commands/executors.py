"""Where runs are done: threads (by default), processes, or the workers of a Dask cluster."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from experiments.commands.common import Refused, door

Threads = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Threads (all CPUs); results do not depend on it.")
]
Processes = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Use N processes instead: slower to start, and one that dies costs one run."
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Use a Dask cluster instead: tcp://HOST:PORT, or `local` for one on this machine.",
    ),
]


def executor(threads: int | None, processes: int | None, scheduler: str | None) -> Any:
    """The executor asked for, to be used in `with`. Raises Refused for two at once, or a scheduler that cannot be used."""
    given = {"--threads": threads, "--processes": processes, "--scheduler": scheduler}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise Refused(f"{' and '.join(named)}: give one of them")
    from experiments import executors

    with door():
        if scheduler is not None:
            return executors.make("dask", address=scheduler)
        if processes is not None:
            return executors.make("processes", workers=processes)
        return executors.make("threads", workers=threads)
