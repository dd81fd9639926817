"""`anju population`, `pace` and `doctor`: households, earlier years, this machine."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from experiments.commands.common import (
    INTERNAL,
    Json,
    Lang,
    Name,
    Packages,
    Refused,
    Sets,
    door,
    langs_of,
    load,
)


def population(
    name: Name, set_: Sets = None, with_: Packages = None, lang: Lang = None, as_json: Json = False
) -> None:
    """Build a scenario's households and show how well they fit the published margins."""
    from experiments import logs, population_report

    langs = langs_of(lang)
    scenario = load(name, set_, with_)
    with door():
        report = population_report.report(scenario)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for one in langs:
        typer.echo(logs.for_terminal(population_report.text(report, one)))


def pace(
    name: Annotated[str, typer.Argument(metavar="REGION", help="The region: lishui.", show_default=False)],
    set_: Sets = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Hold the modelled pace of moving, under the rules of the year before, against earlier years."""
    langs = langs_of(lang)
    region = name.partition("/")[0]
    if region != "lishui":
        raise Refused(f"{name}: facts on the pace of earlier years come with lishui only")
    scenario = load(f"{region}/status-quo", set_, None)

    from experiments import logs
    from experiments import pace as paces
    from simulation.codecache import announce_compile

    announce_compile()
    with door():
        report = paces.report(scenario)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    for one in langs:
        typer.echo(logs.for_terminal(paces.text(report, one)))


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
