"""The option --given: futures from a calibration's posterior, not from the stated ranges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands.common import door

Given = Annotated[
    str | None,
    typer.Option(
        "--given",
        metavar="FILE",
        help="Draw what is uncertain from a calibration: its posterior.json, its folder, or `posterior`.",
    ),
]


def posterior_of(text: str | None, scenario: Any, out: Path, *, households: bool = False) -> Any:
    """The posterior of a scenario, None where none is asked for. Raises Refused."""
    if text is None:
        return None
    from experiments import given_use
    from experiments.vary import fixed_by_households

    known = fixed_by_households(scenario) if households else ()
    with door():
        return given_use.found(text, scenario, out, known=known)
