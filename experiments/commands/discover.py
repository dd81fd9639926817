"""`anju discover`: in which futures does a plan fail?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from experiments.commands import answering
from experiments.commands.answering import Telling, Works, bundled
from experiments.commands.common import (
    RESULTS,
    AskedTarget,
    DryRun,
    Packages,
    Refused,
    Sets,
    door,
    load,
    once,
    out_of,
    seed_of,
)
from experiments.commands.given import posterior_of


@bundled
def discover(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...|STORE",
            help="Policies of one region: scenarios' names or .toml files, each with packages of its own after a plus sign; "
            "the first is looked into, and all are compared over the same futures. Or the folder of a store: any sweep.",
            show_default=False,
        ),
    ],
    target: AskedTarget = None,
    find: Annotated[
        str | None,
        typer.Option(
            metavar="failing|reaching",
            help="Look for futures that fail the target (default), or that reach it.",
        ),
    ] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Look at this outcome instead of a target; with --above or --below."
        ),
    ] = None,
    above: Annotated[
        str | None, typer.Option(metavar="X", help="Look for futures in which the outcome is above X.")
    ] = None,
    below: Annotated[
        str | None, typer.Option(metavar="X", help="Look for futures in which the outcome is below X.")
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Futures each policy is run in (200); more may be added later."
        ),
    ] = None,
    replications: Annotated[
        int | None, typer.Option(min=1, metavar="R", help="Runs a future and policy (1).")
    ] = None,
    given: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Draw futures from a calibration's posterior; `posterior` is that of the region under --out.",
        ),
    ] = None,
    boxes: Annotated[int, typer.Option(metavar="K", help="At most so many boxes.")] = 3,
    threshold: Annotated[
        float | None,
        typer.Option(
            metavar="DENSITY",
            help="Take the box that covers most among those at least so dense; by default the one nearest to full coverage and "
            "density.",
        ),
    ] = None,
    min_support: Annotated[
        float,
        typer.Option(
            "--min-support", metavar="SHARE", help="Smallest share of runs a box or a leaf may hold."
        ),
    ] = 0.05,
    peel: Annotated[
        str, typer.Option(metavar="evidence|gain", help="How slices are chosen; gain is the classical rule.")
    ] = "evidence",
    depth: Annotated[
        int, typer.Option(metavar="D", help="Most questions on the way to a leaf of the tree.")
    ] = 3,
    seed: Annotated[int, seed_of(": futures, draws and resamples")] = 1,
    dry_run: DryRun = False,
    set_: Sets = None,
    with_: Packages = None,
    out: Annotated[Path, out_of("the answer gets")] = RESULTS,
    *,
    works: Works,
    telling: Telling,
) -> None:
    """In which futures does a plan fail? Boxes and a tree in words; and which policy is most robust.

    Of a store the runs are read; of policies they are done now, and kept: the same command goes on where it was stopped, --points
    adds futures.
    """
    idle = {
        "--points": points, "--replications": replications, "--given": given, "--set": set_, "--with": with_,
        "--dry-run": dry_run, "--threads": works.threads, "--processes": works.processes, "--scheduler": works.scheduler,
    }  # fmt: skip
    asked = {"target": target, "find": find, "outcome": outcome, "above": above, "below": below}
    path = _store(names, [name for name, value in idle.items() if value])

    from experiments.discovery import store, study
    from experiments.discovery import text as words

    with door():
        settings = study.settings(
            boxes=boxes, depth=depth, support=min_support, threshold=threshold, criterion=peel, seed=seed
        )
    request = {
        "names": list(names), **asked, "points": points, "replications": replications, "boxes": boxes,
        "threshold": threshold, "min_support": min_support, "peel": peel, "depth": depth,
        **answering.asked(set_, with_),
    }  # fmt: skip
    if path is not None:
        found = _in_store(path, settings, out, asked)
        answering.give(found, store, words, out, request, telling, workers=1)
        return
    with once():
        scenarios = [_scenario(name, set_, with_ or []) for name in names]
    posterior = posterior_of(given, scenarios[0][1], out)
    with door():
        plan = study.plan_of(
            scenarios, settings, points=points or study.POINTS, replications=replications or study.REPLICATIONS,
            given=posterior, **asked,
        )  # fmt: skip
    parts = answering.Parts(store, words, study.estimate, study.run_discovery)
    request["given"] = None if posterior is None else posterior.id
    answering.run(plan, parts, out, request, works, telling, dry_run=dry_run)


def _store(names: list[str], idle: list[str]) -> Path | None:
    """The store that is named, None if it is scenarios. Raises Refused for more beside it, or options that only runs take."""
    from scenarios.reader import names as known

    scenarios = {name for name, *_ in known()}
    folders = [name for name in names if name not in scenarios and Path(name).is_dir()]
    if not folders:
        return None
    if len(names) > 1:
        raise Refused(
            f"{folders[0]}: a store is looked into alone; name it without others, or name policies only"
        )
    if idle:
        raise Refused(
            f"{', '.join(idle)}: of a store the runs are read, so this changes nothing; leave it out"
        )
    return Path(folders[0])


def _scenario(name: str, sets: list[str] | None, packages: list[str]) -> tuple[str, Any]:
    """A policy by its name, with packages of its own after a plus sign."""
    whole = name.endswith(".toml") and Path(name).is_file()  # a file's name may hold a +
    base, *own = [name] if whole else name.split("+")
    if not all((base, *own)):
        raise Refused(f"{name}: a name, or NAME+PACKAGE, expected")
    scenario = load(base, sets, [*own, *packages])
    return "+".join([scenario.name, *own]), scenario


def _in_store(path: Path, settings: Any, out: Path, asked: dict[str, Any]) -> Any:
    from experiments import files
    from experiments.discovery import store, study

    with door():
        read = study.open_store(path, settings, **asked)
        files.check_folder(store.answer_folder(read, out))
        return study.in_store(read)
