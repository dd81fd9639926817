"""What `anju reach` answered, judged again from its stores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from experiments import priors
from experiments.question import question
from experiments.reach import study
from experiments.reading import again
from experiments.reading.again import title

if TYPE_CHECKING:
    from experiments.reading import Answer

__all__ = ["draw", "found", "title"]


def found(answer: Answer) -> study.Reach:
    """The answer, from the runs that are there."""
    asked, m = again.request(answer), answer.manifest
    scenario = again.scenario(answer)
    wanted = question(scenario, asked["target"], m["probability"])
    with again.stores(answer) as place:
        plan = study.plan_of(
            scenario, wanted, priors=priors.named(asked["prior"]), axes=asked["map"], budget=m["budget"],
            map_points=asked["map_points"], seed=m["seed"], given=again.posterior(answer), lever=asked.get("lever"),
            **again.households(answer, place, scenario),
        )  # fmt: skip
        again.as_then(answer, plan.job)
        again.check_same(answer, plan.id, m["reach"])
        return replace(study.run_reach(plan, place, again.Idle(answer.folder)), version=m["anju"])


def draw(reach: study.Reach, into: Any) -> None:
    """Gather its charts."""
    from experiments.figures import reach as chart

    chart.draw_all(reach, into, langs=(), formats=())
