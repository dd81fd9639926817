"""What `anju validate` answered, as its folder tells it: each fact, the model's interval, the naive forecasts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reading import again
from experiments.reading.plain import made
from experiments.reading.tables import columns
from experiments.validation import judge
from scenarios import frozen

if TYPE_CHECKING:
    from experiments.reading import Answer


def found(answer: Answer) -> Any:
    """A validation as charts read it."""
    m, said = answer.manifest, answer.json
    plan = SimpleNamespace(
        cases=tuple(SimpleNamespace(case=SimpleNamespace(scenario=_scenario(answer, name), name=name))
                    for name in said["scenarios"]),
        id=m["validation"], seed=m["seed"], points=m["points"], replications=m["replications"], given=again.posterior(answer),
        left_out=tuple(said["left_out"]),
    )  # fmt: skip
    told = said | {
        "rows": said["facts"], "groups": said["relative_difference"], "duels": said["against_naive"]
    }  # fmt: skip
    return SimpleNamespace(
        plan=plan, judged=made(judge.Judged, told), members=_members(answer), runs=said["runs"], errors=said["errors"],
        version=m["anju"],
    )  # fmt: skip


def draw(validation: Any, into: Any) -> None:
    """Gather its charts."""
    from experiments.figures import validation as chart

    chart.draw_all(validation, into, langs=(), formats=())


def title(answer: Answer) -> dict[str, str]:
    """The scenarios that are held against facts."""
    titles = [_scenario(answer, name).title for name in answer.json["scenarios"]]
    return {lang: mark.join(one[lang] for one in titles) for lang, mark in (("zh", "、"), ("en", "; "))}


def _scenario(answer: Answer, name: str) -> Any:
    return frozen.read(answer.folder / f"scenario-{name.replace('/', '-')}.json")


def _members(answer: Answer) -> dict[str, np.ndarray]:
    """Runs by fact, (points, replications)."""
    table = columns(answer.folder, "runs", ("id", "value"))
    shape = answer.manifest["points"], answer.manifest["replications"]
    return {
        id: table["value"][table["id"] == id].reshape(shape) for id in dict.fromkeys(table["id"].tolist())
    }
