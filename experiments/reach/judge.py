"""From shares of futures with their intervals to a verdict: reached, not reached, or why that cannot be told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.intervals import ConfidenceSequence, more_runs

REACHED, BETWEEN, NOT_REACHED = "reached", "between", "not reached"
MORE_RUNS, DEPENDS = "more runs", "depends"
PRIOR, CHANCE = "prior", "chance"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """Share of futures that reach the target under one prior, with an interval that holds while runs are added.

    `zone` is where the interval lies as a whole, None while it straddles a border; `more` is about how many more runs it
    takes to leave the border, if the share stays what it is. Failed runs count neither way.
    """

    prior: str
    hits: int
    runs: int
    failed: int
    share: float
    low: float
    high: float
    zone: str | None
    more: float


@dataclass(frozen=True)
class Ruling:
    """`kind` is one of REACHED, NOT_REACHED, MORE_RUNS and DEPENDS; `more` counts runs, `on` says what it depends on.

    `on` names uncertainties, none if no single one stands out, or is ("prior",) or ("chance",).
    """

    kind: str
    more: float = 0.0
    on: tuple[str, ...] = ()


def share_of(prior: str, reached: np.ndarray, failed: int, probability: float) -> Share:
    """The share of the futures in `reached` (bool, in the order in which they were planned)."""
    sequence = ConfidenceSequence(CONFIDENCE)
    sequence.add(reached.tolist())
    low, high = sequence.low, sequence.high
    found = zone(low, high, probability)
    return Share(
        prior, sequence.hits, sequence.n, failed, sequence.share, low, high, found,
        0.0 if found else _more(sequence, probability),
    )  # fmt: skip


def zone(low: float, high: float, probability: float) -> str | None:
    """Where an interval lies: at `probability` or above, at 1 - `probability` or below, or between; None if astride."""
    if low >= probability:
        return REACHED
    if high <= rarely(probability):
        return NOT_REACHED
    if low > rarely(probability) and high < probability:
        return BETWEEN
    return None


def rarely(probability: float) -> float:
    """The share at which a target counts as not reached: 0.1 for 0.9, and not a bit less."""
    return round(1.0 - probability, 12)


def _more(sequence: ConfidenceSequence, probability: float) -> float:
    if not sequence.n:
        return math.inf
    borders = [b for b in (probability, rarely(probability)) if sequence.low <= b <= sequence.high]
    return max(more_runs(sequence.hits, sequence.n, border, sequence.confidence) for border in borders)


def settled(shares: Sequence[Share]) -> bool:
    """Whether more runs cannot change the kind of verdict any more."""
    zones = {share.zone for share in shares}
    known = zones - {None}
    return None not in zones or BETWEEN in known or len(known) > 1


def rule(shares: Sequence[Share], on: Sequence[str] = (), noise_share: float = 0.0) -> Ruling:
    """The verdict over all priors.

    Reached or not reached only if every prior says so. More runs help only while the priors that are decided agree and none
    lies between; then `more` adds up what the undecided ones lack. Else it depends: on the prior if decided priors disagree,
    on chance if the model's own noise is more than half of the variance, else on the uncertainties named in `on`.
    """
    zones = {share.zone for share in shares}
    known = zones - {None}
    for kind in (REACHED, NOT_REACHED):
        if zones == {kind}:
            return Ruling(kind)
    if not settled(shares):
        return Ruling(MORE_RUNS, math.fsum(share.more for share in shares if share.zone is None))
    if len(known) > 1:
        return Ruling(DEPENDS, on=(PRIOR,))
    return Ruling(DEPENDS, on=(CHANCE,) if noise_share > 0.5 else tuple(on))
