"""What `anju contributions` answered: judged again from its table of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.comparison.policies import Policy, Region
from experiments.contributions import judge
from experiments.contributions.families import players
from experiments.contributions.runs import Contributions, Game
from experiments.reading.tables import columns
from scenarios import frozen

if TYPE_CHECKING:
    from experiments.reading import Answer


class Shared(NamedTuple):
    """Contributions and what they answered."""

    contributions: Contributions
    answer: judge.Answer


def found(answer: Answer) -> Shared:
    """The contributions, judged again."""
    m = answer.manifest
    reference, policy = (frozen.read(answer.folder / f"{name}.json") for name in ("reference", "policy"))
    policies = tuple(
        Policy(
            p["name"],
            p["title"],
            scenario,
            None,
            tuple(p["taken_from_reference"]),
            tuple(p["held_at_central_value"]),
        )
        for p, scenario in zip(m["policies"], (reference, policy), strict=True)
    )
    together = [id.split("+") for id in m["families"] if "+" in id]
    runs = columns(answer.folder, "runs", _names(answer))
    outcomes = tuple(name for name in runs if name not in _keys(answer))
    game = Game(Region(m["region"], policies), players(reference, policy, together), m["outcome"], outcomes)
    shape = game.combinations, m["points"], m["replications"], len(outcomes)
    c = Contributions(
        game=game, uncertainties=tuple(m["uncertainties"]),
        design=np.array(m["design"], float).reshape(m["points"], len(m["uncertainties"])),
        values=np.stack([np.asarray(runs[name], np.float64) for name in outcomes], axis=-1).reshape(shape),
        seed=m["seed"], seeds=tuple(m["seeds"]), populations=tuple(m["population_hashes"]),
        model_hash=m["model_hash"], version=m["anju"], id=m["contributions"],
    )  # fmt: skip
    return Shared(c, judge.judge(c))


def draw(shared: Shared, into: Any) -> None:
    """Gather its charts."""
    from experiments.figures import contributions

    contributions.draw_all(shared.contributions, shared.answer, into, langs=(), formats=())


def title(answer: Answer) -> dict[str, str]:
    """The policy and its reference."""
    reference, policy = (one["title"] for one in answer.manifest["policies"])
    return {lang: f"{policy[lang]}{mark}{reference[lang]}" for lang, mark in (("zh", "、"), ("en", "; "))}


def _keys(answer: Answer) -> list[str]:
    return ["point", "replication", "seed", *(f"with_{id}" for id in answer.manifest["families"])]


def _names(answer: Answer) -> list[str]:
    import pyarrow.parquet as pq

    from experiments.reading.tables import name_of

    return pq.read_schema(answer.folder / name_of("runs")).names
