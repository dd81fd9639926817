"""What `anju calibrate` answered, as its folder tells it: the facts with their errors, before and after."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from experiments.calibration import judge
from experiments.priors import Uncertain
from experiments.reading import again
from experiments.reading.again import title
from experiments.reading.plain import made

if TYPE_CHECKING:
    from experiments.reading import Answer

__all__ = ["draw", "found", "title"]


def found(answer: Answer) -> Any:
    """A calibration as charts read it: without its particles, which are in the posterior."""
    m, said = answer.manifest, answer.json
    checks = tuple(
        judge.Check(
            anchor=_anchor(one), prior=tuple(one["prior"]), posterior=tuple(one["posterior"]),
            prior_tail=one["prior_tail"], tail=one["tail"], plausible=one["prior_not_ruled_out"],
        )
        for one in said["facts"]
    )  # fmt: skip
    plan = SimpleNamespace(
        scenario=again.scenario(answer), id=m["calibration"], seed=m["seed"], particles=m["particles"],
        replications=m["replications"], family=said["region"], anchors=tuple(check.anchor for check in checks),
        uncertain=made(tuple[Uncertain, ...], m["uncertain"]), units=tuple(one["unit"] for one in said["parameters"]),
    )  # fmt: skip
    return SimpleNamespace(
        plan=plan, checks=checks, parameters=made(tuple[judge.Judged, ...], said["parameters"]),
        pairs=made(tuple[judge.Pair, ...], said["pairs"]), open=made(judge.Share, said["prior_not_ruled_out"]),
        effective=said["effective"], runs=said["runs"], errors=said["errors"], labels=said["labels"], version=m["anju"],
    )  # fmt: skip


def draw(calibrated: Any, into: Any) -> None:
    """Gather its charts."""
    from experiments.figures import calibration

    calibration.draw_all(calibrated, into, langs=(), formats=())


def _anchor(told: Any) -> Any:
    """A fact and what it was held to, with the names of a `scenarios.calibration.Anchor`."""
    fact = SimpleNamespace(
        **{name: told[name] for name in ("region", "period", "quantity", "value", "unit", "source")}
    )
    return SimpleNamespace(
        fact=fact, case=told["held_against"], en=told["en"], zh=told["zh"], value=told["held_value"],
        unit=told["held_unit"], sd=told["error"], scale=told["scale"],
    )  # fmt: skip
