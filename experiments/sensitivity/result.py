"""What an estimator finds: one number with an interval for every input, and how much of the spread is the model's noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

METHODS = ("sobol", "morris", "rank", "pawn", "delta", "rbd_fast", "fast", "hdmr", "dgsm")
STATISTICS = ("mean", "sd", "probability", "p10", "p50", "p90")  # of the runs of one point
DUMMY = "dummy"  # an input that the model never sees


class Estimate(NamedTuple):
    """A value with its 95 % interval; bounds are NaN where the method gives none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Result:
    """What each input or group does to one quantity; `Estimate`s stand in the order of `names`.

    method: one of METHODS. names: the design's, so a dummy input is one of them. measures: by name, one Estimate an input;
    shares ("first", "total", "delta", "median", ...) have no unit, "mu", "mu_star", "sigma" have that of the quantity.
    pairs: second-order indices by pair of names, {} unless asked for. leading: the measure that ranks.
    noise: share of the variance of single runs that is the model's own noise (of the indicator, for a probability), over all
    inputs; None with one replication, when `noise` stays in the measures: `corrected` is False. spread: standard
    deviation of the quantity over the inputs, noise taken out, in its unit. unconverged: names whose interval is too wide
    to rank them by. noise_in_intervals: False where intervals hold only the error of few points (SALib's own).
    floor: for morris, mu_star that noise alone makes of an input without effect; None where it is not known.
    """

    method: str
    names: tuple[str, ...]
    measures: Mapping[str, tuple[Estimate, ...]]
    leading: str
    rows: int
    replications: int
    spread: float
    pairs: Mapping[tuple[str, str], Estimate] = field(default_factory=dict)
    noise: Estimate | None = None
    unconverged: tuple[str, ...] = ()
    corrected: bool = False
    noise_in_intervals: bool = True
    floor: float | None = None
