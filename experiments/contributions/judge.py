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


MEASURED = {
    "persons": ("persons moved by the window's end", "申请期末搬迁人数"),
    "persons_all": ("persons moved by the run's end", "期末搬迁人数"),
    "unaided_persons": ("persons who left unaided by the window's end", "申请期末自发搬离人数"),
    "pool_share": ("share of the pool moved", "占待搬迁人口比例"),
    "cost": ("public cost, whole run", "公共支出（全期）"),
    "relocation": ("public cost of the moves, whole run", "搬迁支出（全期）"),
    "standing": ("standing entitlements, whole run", "常设待遇支出（全期）"),
    "quota_revenue": ("sale of land quotas, whole run", "用地指标收益（全期）"),
    "appropriated": ("put in by the budgets, whole run", "预算拨款（全期）"),
    "pool_money": ("received and borrowed for listed persons, whole run", "按人头筹集资金（全期）"),
    "unspent": ("money left at the end", "期末结余"),
    "county_debt": ("counties' debt at the end", "期末县级债务"),
    "cost_per_mover": ("public cost a person moved", "每搬迁一人公共支出"),
    "income": ("movers' income a head and year", "搬迁户人均年收入"),
    "employed_share": ("movers' labour in work", "搬迁劳动力就业率"),
    "arrears_share": ("loans in arrears", "贷款拖欠户占比"),
    "debt": ("movers' debt a household", "搬迁户户均债务"),
    "returned_share": ("share of movers who returned", "回流率"),
    "urban_share": ("urban share of residents", "常住人口城镇化率"),
    "income_ratio": ("urban over rural income", "城乡收入比"),
}


def unit_of(c: Contributions) -> str:
    """yuan, share, ratio, or what is counted."""
    if c.game.target:
        return c.game.target.unit
    return measures.units(c.game.policy)[c.game.outcome]


def names_of(c: Contributions) -> dict[str, str]:
    """What the outcome is called; numbers of a run without a name of their own go by their column's."""
    if c.game.target:
        return {"en": c.game.target.en, "zh": c.game.target.zh}
    en, zh = MEASURED.get(c.game.outcome, (c.game.outcome, c.game.outcome))
    return {"en": en, "zh": zh}
