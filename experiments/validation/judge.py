"""Each fact against the model's interval and against naive forecasts, and what that comes to over all facts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.validation import scores
from scenarios.baselines import KINDS
from scenarios.errors import InputError, problem

if TYPE_CHECKING:
    from experiments.validation.cases import Kept

MODEL = "model"
MATCHES = ("same", "near")


@dataclass(frozen=True)
class Naive:
    """A naive forecast of one fact. `score` is |value - fact| / |fact|; `skill` is the model's over it."""

    kind: str
    value: float
    difference: float  # value / fact - 1
    score: float
    skill: float | None
    how_en: str
    how_zh: str
    source: str


@dataclass(frozen=True)
class Row:
    """One fact. `model` is the median of the runs, `low` to `high` their middle 90 %, all in the fact's unit.

    `score` is the CRPS of the runs over |fact|. `best` is the naive forecast nearest to the fact and `nearest` whichever of it
    and the median is nearer; `skill` is 1 - score / that forecast's score. `inside` is whether the interval holds the fact.
    `why` says what differs where the outcome is not quite the same, `why_none` why there is no naive forecast.
    """

    id: str
    scenario: str
    en: str
    zh: str
    region: str
    period: str
    quantity: str
    unit: str
    source: str
    where: str
    match: str
    why_en: str
    why_zh: str
    fact: float
    model: float
    low: float
    high: float
    inside: bool
    difference: float  # model / fact - 1
    crps: float
    score: float
    runs: int
    failed: int
    naive: tuple[Naive, ...]
    best: str | None
    nearest: str | None
    skill: float | None
    why_none_en: str
    why_none_zh: str

    @property
    def loses(self) -> bool:
        return self.skill is not None and self.skill < 0.0

    @property
    def best_naive(self) -> Naive | None:
        return next((one for one in self.naive if one.kind == self.best), None)


@dataclass(frozen=True)
class Group:
    """Facts of one kind of match and one unit: averaged relative difference of the medians."""

    match: str
    unit: str
    facts: int
    relative_difference: float


@dataclass(frozen=True)
class Duel:
    """The model against one naive forecast, or the best of each fact, on the facts for which there is one.

    Scores are means of CRPS / |fact|; relative differences are those of all these facts, each weighing the same.
    """

    match: str
    kind: str
    facts: int
    model: float
    naive: float
    skill: float | None
    better: int  # facts on which the model's score is the lower one


@dataclass(frozen=True)
class Judged:
    """`coverage`, `score` and the duels are by match: facts whose outcome is not quite the same are scored apart."""

    rows: tuple[Row, ...]
    coverage: dict[str, scores.Coverage | None]
    score: dict[str, float | None]
    groups: tuple[Group, ...]
    duels: tuple[Duel, ...]


BEST = "best"


def asked(kept: Kept) -> list[Any]:
    """What the answer on a fact depends on beside the runs."""
    fact = kept.match.fact
    return [
        fact.region, fact.period, fact.quantity, fact.value, fact.unit, kept.match.match, kept.column,
        [[one.kind, one.value] for one in kept.naive.baselines],
    ]  # fmt: skip


def check(kept: Kept, values: np.ndarray, scenario: str) -> None:
    """Raise InputError unless the runs are a forecast: at least two that hold the outcome, not all the same."""
    finite = values[np.isfinite(values)]
    name = kept.match.metric
    if len(finite) < 2:
        said = f"{len(finite)} of {values.size} runs of {scenario} hold such an outcome"
        raise InputError(
            [problem(kept.match.where, name, said, "two at least", "match another outcome, or none")]
        )
    if np.ptp(finite) == 0.0:
        said = f"is {finite[0]:.10g} in each of the {len(finite)} runs of {scenario}"
        raise InputError([problem(kept.match.where, name, said, "an outcome that differs between runs",
                                  "a constant is no forecast: match another outcome, or none")])  # fmt: skip


def row(scenario: str, kept: Kept, values: np.ndarray, failed: int) -> Row:
    """The fact beside what the runs `values` (futures, replications), in its unit, say of it."""
    match, fact = kept.match, kept.match.fact
    size = abs(fact.value)
    low, middle, high = scores.interval(values)
    crps = scores.crps(values, fact.value)
    naive = tuple(_naive(one, fact.value, crps / size) for one in kept.naive.baselines)
    best = min(naive, key=lambda one: one.score) if naive else None
    difference = middle / fact.value - 1.0
    return Row(
        id="|".join((scenario, fact.region, fact.period, fact.quantity)),
        scenario=scenario, en=match.en, zh=match.zh, region=fact.region, period=fact.period, quantity=fact.quantity,
        unit=fact.unit, source=fact.source, where=match.where, match=match.match, why_en=match.why_en, why_zh=match.why_zh,
        fact=fact.value, model=middle, low=low, high=high, inside=low <= fact.value <= high, difference=difference,
        crps=crps, score=crps / size, runs=int(np.isfinite(values).sum()), failed=failed, naive=naive,
        best=best.kind if best else None,
        nearest=None if best is None else MODEL if abs(difference) < best.score else best.kind,
        skill=best.skill if best else None, why_none_en=kept.naive.why_en, why_none_zh=kept.naive.why_zh,
    )  # fmt: skip


def _naive(one: Any, fact: float, model: float) -> Naive:
    score = abs(one.value - fact) / abs(fact)
    return Naive(
        one.kind,
        one.value,
        one.value / fact - 1.0,
        score,
        scores.skill(model, score),
        one.how_en,
        one.how_zh,
        one.source,
    )


def judged(rows: Sequence[Row]) -> Judged:
    """What the rows come to."""
    by_match = {match: [row for row in rows if row.match == match] for match in MATCHES}
    return Judged(
        rows=tuple(rows),
        coverage={match: scores.coverage([row.inside for row in of]) for match, of in by_match.items()},
        score={match: _mean([row.score for row in of]) for match, of in by_match.items()},
        groups=tuple(group for match, of in by_match.items() for group in _groups(match, of)),
        duels=tuple(
            duel
            for match, of in by_match.items()
            for kind in (*KINDS, BEST)
            if (duel := _duel(match, kind, of))
        ),
    )


def _groups(match: str, rows: Sequence[Row]) -> list[Group]:
    return [
        Group(
            match,
            unit,
            len(of),
            scores.relative_difference([row.model for row in of], [row.fact for row in of]),
        )
        for unit in dict.fromkeys(row.unit for row in rows)
        for of in [[row for row in rows if row.unit == unit]]
    ]


def _duel(match: str, kind: str, rows: Sequence[Row]) -> Duel | None:
    pairs = [
        (row, one) for row in rows for one in row.naive if one.kind == (row.best if kind == BEST else kind)
    ]
    if not pairs:
        return None
    model, naive = (
        math.fsum(x) / len(pairs) for x in ([r.score for r, _ in pairs], [n.score for _, n in pairs])
    )
    better = sum(row.score < one.score for row, one in pairs)
    return Duel(match, kind, len(pairs), model, naive, scores.skill(model, naive), better)


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
