"""What each family contributes: numbers only; `text` puts them into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from experiments import measures
from experiments.comparison.judge import Difference, compare
from experiments.contributions.runs import Contributions
from experiments.contributions.shapley import first_in, last_in, shapley
from experiments.outcome import Spread, spread
from scenarios.errors import InputError
from scenarios.scenario import date_of


@dataclass(frozen=True)
class Share:
    """One family. `contribution` is its Shapley value; `share` that over the whole difference, where this is surely not 0.

    `first`: what it changes alone; `last`: what it changes once all others are the policy's.
    """

    id: str
    families: tuple[str, ...]
    title: Mapping[str, str]
    numbers: int
    contribution: Difference
    share: float | None
    first: Difference
    last: Difference


@dataclass(frozen=True)
class Answer:
    """All that is answered; contributions add up to `whole`, the policy's outcome less the reference's."""

    id: str
    policy: str
    reference: str
    title: Mapping[str, Mapping[str, str]]  # of policy and reference
    region: str
    points: int
    points_used: int  # futures in which the outcome is defined under every combination
    replications: int
    runs: int
    seed: int
    outcome: str
    target: bool  # whether it is what a target counts
    metric: str
    unit: str
    names: Mapping[str, str]  # what the outcome is called
    period: tuple[str, str, str]  # start, window's end, end
    before: Spread  # the outcome under the reference
    after: Spread  # under the policy
    whole: Difference
    families: tuple[Share, ...]  # largest first


def judge(c: Contributions) -> Answer:
    """Judge the runs. Raises InputError where the outcome is defined in no future."""
    game = c.game
    outcomes = c.of(game.outcome)  # (combinations, points, replications)
    used = np.isfinite(outcomes).all(axis=(0, 2))
    if not used.any():
        raise InputError([
            f"--outcome {game.outcome}: is not defined under every combination of families in any future; choose another"
        ])  # fmt: skip
    outcomes = outcomes[:, used]
    whole = compare(outcomes[-1] - outcomes[0])
    found = shapley(outcomes), first_in(outcomes), last_in(outcomes)
    sure = whole.low is not None and whole.high is not None and whole.low * whole.high > 0.0
    families = [
        Share(
            id=player.id,
            families=player.families,
            title={lang: player.title(lang) for lang in ("en", "zh")},
            numbers=len(player.numbers),
            contribution=(contribution := compare(found[0][k])),
            share=contribution.value / whole.value if sure else None,
            first=compare(found[1][k]),
            last=compare(found[2][k]),
        )
        for k, player in enumerate(game.players)
    ]
    reference, policy = game.region.policies
    s = game.policy
    return Answer(
        id=c.id,
        policy=policy.name,
        reference=reference.name,
        title={"policy": dict(policy.title), "reference": dict(reference.title)},
        region=game.region.id,
        points=c.points,
        points_used=int(used.sum()),
        replications=c.replications,
        runs=c.values[..., 0].size,
        seed=c.seed,
        outcome=game.outcome,
        target=game.target is not None,
        metric=game.target.metric if game.target else game.outcome,
        unit=unit_of(c),
        names=names_of(c),
        period=(s.start, date_of(s.window - 1, s.start), date_of(s.months - 1, s.start)),
        before=spread(outcomes[0]),
        after=spread(outcomes[-1]),
        whole=whole,
        families=tuple(
            sorted(families, key=lambda f: -f.contribution.value * (1 if whole.value >= 0 else -1))
        ),
    )


def unit_of(c: Contributions) -> str:
    """yuan, share, ratio, or what is counted."""
    if c.game.target:
        return c.game.target.unit
    return measures.units(c.game.policy)[c.game.outcome]


def names_of(c: Contributions) -> dict[str, str]:
    """What the outcome is called."""
    if c.game.target:
        return {"en": c.game.target.en, "zh": c.game.target.zh}
    return measures.label(c.game.policy, c.game.outcome)
