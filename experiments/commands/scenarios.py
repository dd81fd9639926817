"""`anju check`, `list`, `show` and `new-region`: scenario files."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands.common import Json, Lang, Name, Packages, Refused, Sets, door, langs_of, load


def check(
    names: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Scenario files or names.", show_default=False)
    ],
) -> None:
    """Check scenario files: every number, unit, source and key; nothing is run or written."""
    wrong = []
    for name in names:
        try:
            scenario = load(name, None, None)
        except Refused as error:
            wrong.append(str(error))
        else:
            typer.echo(f"{name}: in order, {len(scenario.values)} parameters")
    if wrong:
        raise Refused("\n".join(wrong))


def list_(lang: Lang = None, as_json: Json = False) -> None:
    """List the scenarios and packages that come with anju."""
    import scenarios

    with door():
        known, laid = scenarios.names(), scenarios.packages()
    if as_json:
        rows: list[dict[str, Any]] = [{"name": name, "title": {"en": en, "zh": zh}} for name, en, zh in known]
        rows += [{"name": name, "title": {"en": en, "zh": zh}, "package": True} for name, en, zh in laid]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    langs = langs_of(lang)
    width = max((len(name) for name, _, _ in (*known, *laid)), default=0)

    def say(rows: Sequence[tuple[str, str, str]]) -> None:
        for name, en, zh in rows:
            titles = {"en": en, "zh": zh}
            typer.echo(f"{name:<{width}}  " + "  ".join(titles[one] for one in langs))

    def part(en: str, zh: str, rows: Sequence[tuple[str, str, str]]) -> None:
        if rows:
            heads = {"en": en, "zh": zh}
            typer.echo("\n" + "  ".join(heads[one] for one in langs))
            say(rows)

    past = [row for row in known if row[0].startswith("history/")]
    say([row for row in known if row not in past])
    part("History, to hold the model against what happened:", "历史情景，用于与实际结果对照：", past)
    part("Packages, laid over a scenario by --with:", "政策包，用 --with 叠加在情景之上：", laid)


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
    scenario = load(name, set_, with_)
    changed = bool(set_ or with_)
    base = load(against or name, None, None) if against or changed else None
    from experiments import logs
    from scenarios.show import differences_json, text

    if as_json:
        shown = scenario.resolved()
        if base is not None:
            shown["differences"] = {"from": base.name, "numbers": differences_json(scenario, base)}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2, sort_keys=True))
        return
    for one in langs_of(lang):
        typer.echo(logs.for_terminal(text(scenario, one, base, whole=against is None)))


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

    one, *more = langs_of(lang)
    if more:
        raise Refused(f"--lang {lang}: zh or en expected; the comments have one language")
    with door():
        folder = new_region(name, out, one, base)
    plan = shlex.quote(str(folder / "plan.toml"))
    for line in (str(folder), f"anju check {plan}", f"anju run {plan} --points 20 --replications 1"):
        typer.echo(line)
