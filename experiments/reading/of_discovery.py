"""What `anju discover` answered, looked for again in its stores, or in the store it read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.discovery import study
from experiments.reading import again
from experiments.reading.again import title
from experiments.store import Store
from scenarios import frozen

if TYPE_CHECKING:
    from experiments.reading import Answer

__all__ = ["draw", "found", "title"]
ASKED = ("target", "find", "outcome", "above", "below")


def found(answer: Answer) -> study.Discovery:
    """The answer, from the runs that are there."""
    asked, m = again.request(answer), answer.manifest
    options = {name: asked[name] for name in ASKED}
    settings = study.settings(
        boxes=asked["boxes"], depth=asked["depth"], support=asked["min_support"], threshold=asked["threshold"],
        criterion=asked["peel"], seed=m["seed"],
    )  # fmt: skip
    with again.stores(answer) as place:
        there = [place / path.name for path in again.places(answer)]
        if not m["policies"]:
            read = study.open_store(there[0], settings, **options)
            again.check_same(answer, read.id, m["discovery"])
            return replace(study.in_store(read), source=str(again.places(answer)[0]), version=m["anju"])
        by_name = dict(zip(m["stores"], there, strict=True))
        plan = study.plan_of(
            [(name, _scenario(by_name[name])) for name in m["policies"]], settings,
            points=asked["points"] or study.POINTS, replications=asked["replications"] or study.REPLICATIONS,
            given=again.posterior(answer), **options,
        )  # fmt: skip
        again.as_then(answer, *plan.jobs)
        again.check_same(answer, plan.id, m["discovery"])
        # policies were frozen after what not all of them share had been held
        held = tuple(answer.json["held"])
        found = study.run_discovery(plan, place, again.Idle(answer.folder))
        return replace(found, held=held, version=m["anju"])


def draw(discovery: study.Discovery, into: Any) -> None:
    """Gather its charts."""
    from experiments.figures import discovery as chart

    chart.draw_all(discovery, into, langs=(), formats=())


def _scenario(path: Path) -> Any:
    with Store.open(path, check=False) as store:
        return frozen.thaw(store.scenario_json, where=str(path))
