"""What `anju sensitivity` answered, analysed again from its stores, or from the sweep it read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from experiments.reading import again
from experiments.reading.again import title
from experiments.sensitivity import asked as asking
from experiments.sensitivity import plan as plans
from experiments.sensitivity import stored, study

if TYPE_CHECKING:
    from experiments.reading import Answer

__all__ = ["draw", "found", "title"]
ASKED = ("outcome", "target", "of")


def found(answer: Answer) -> study.Sensitivity:
    """The answer, from the runs that are there."""
    asked, m = again.request(answer), answer.manifest
    if asked.get("store"):
        with again.stores(answer) as place:
            options = {name: asked[name] for name in ("method", "dummy", *ASKED)}
            found = stored.sensitivity_of(place / again.places(answer)[0].name, **options)
            return replace(found, stored=again.places(answer)[0], version=m["anju"])
    scenario = again.scenario(answer)
    wanted = asking.quantity(scenario, asking.columns(scenario), **{name: asked[name] for name in ASKED})
    with again.stores(answer) as place:
        plan = plans.plan_of(
            scenario, wanted, method=asked["method"], texts=asked["vary"], screen=asked["screen"], groups=asked["groups"],
            points=asked["points"], replications=asked["replications"], second_order=asked["second_order"],
            dummy=asked["dummy"], given=again.posterior(answer), seed=m["seed"],
            **again.households(answer, place, scenario),
        )  # fmt: skip
        again.as_then(answer, plan.job)
        again.check_same(answer, plan.id, m["sensitivity"])
        return replace(study.run_sensitivity(plan, place, again.Idle(answer.folder)), version=m["anju"])


def draw(sensitivity: study.Sensitivity, into: Any) -> None:
    """Gather its charts."""
    from experiments.figures import sensitivity as chart

    chart.draw_all(sensitivity, into, langs=(), formats=())
