"""What `anju cheapest` answered, searched again in its store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from experiments.cheapest import study
from experiments.question import question
from experiments.reading import again
from experiments.reading.again import title

if TYPE_CHECKING:
    from experiments.reading import Answer

__all__ = ["draw", "found", "title"]


def found(answer: Answer) -> study.Found:
    """The answer, from the runs that are there."""
    asked, m = again.request(answer), answer.manifest
    scenario = again.scenario(answer)
    with again.stores(answer) as place:
        plan = study.plan_of(
            scenario, question(scenario, asked["target"], asked["probability"]), asked["levers"], cost=asked["cost"],
            over=asked["over"], runs=asked["runs"], confidence=asked["confidence"], seed=m["seed"],
            given=again.posterior(answer), **again.households(answer, place, scenario),
        )  # fmt: skip
        again.as_then(answer, plan.job)
        again.check_same(answer, plan.id, m["id"])
        found = study.run_cheapest(plan, place / again.places(answer)[0].name, again.Idle(answer.folder))
        return replace(found, version=m["anju"])


def draw(found: study.Found, into: Any) -> None:
    """Gather its charts."""
    from experiments.figures import frontier

    frontier.draw_all(found, into, langs=(), formats=())
