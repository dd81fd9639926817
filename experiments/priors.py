"""Declared priors of what nobody knows, and the futures drawn from them.

A future is one draw of every uncertainty. Its draws in (0, 1) are functions of the seed, the future's number and the
uncertainty's name alone, so future k is the same however many are run, and the same luck is stretched over each prior.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from scenarios.errors import InputError
from scenarios.words import did_you_mean

if TYPE_CHECKING:
    from scenarios.scenario import Scenario

PRIORS = ("uniform", "triangular", "lognormal")
TAIL = 0.05  # of a log-normal prior, below the stated range and above it


@dataclass(frozen=True)
class Uncertain:
    """One uncertainty in base units: its central value, its stated range, and what is legal (`least` to `most`)."""

    name: str
    central: float
    low: float
    high: float
    scale: str  # "linear" or "log"
    least: float = -math.inf
    most: float = math.inf

    @property
    def positive(self) -> bool:
        """Whether a log-normal prior suits it."""
        return self.low > 0.0 and self.central > 0.0


def named(text: str) -> tuple[str, ...]:
    """The priors of a comma-separated list. Raises InputError for an unknown one or none."""
    asked = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    wrong = [
        f"--prior {name}: unknown{did_you_mean(name, PRIORS)}; {', '.join(PRIORS)} expected"
        for name in asked
        if name not in PRIORS
    ]
    if not asked:
        wrong = [f"--prior: at least one of {', '.join(PRIORS)} expected"]
    if wrong:
        raise InputError(wrong)
    return asked


def uncertain(scenario: Scenario, *, without: Sequence[str] = ()) -> tuple[Uncertain, ...]:
    """What a scenario states as uncertain; `without` names what is known here. Levers are never among them."""
    return tuple(
        Uncertain(e.name, e.at(0), *e.range, e.scale, *legal(e.name))
        for e in scenario.uncertainties()
        if e.range is not None and e.name not in without
    )


def legal(name: str) -> tuple[float, float]:
    """What a number may be, whatever its stated range."""
    from scenarios import assemble

    parameter = assemble.parameter(name)
    return parameter.low, parameter.high


def luck(seed: int, future: int, name: str) -> float:
    """The draw in (0, 1) of one uncertainty in one future."""
    digest = hashlib.sha256(f"anju future {seed} {future} {name}".encode()).digest()
    return ((int.from_bytes(digest[:8], "big") >> 12) + 0.5) / 2.0**52


def futures(prior: str, uncertain: Sequence[Uncertain], seed: int, n: int) -> np.ndarray:
    """The first `n` futures under a prior, shape (n, uncertain), base units."""
    rows = [[quantile(prior, x, luck(seed, k, x.name)) for x in uncertain] for k in range(n)]
    return np.array(rows, dtype=float).reshape(n, len(uncertain))


def quantile(prior: str, x: Uncertain, u: float) -> float:
    """The value below which a share `u` of a prior lies.

    uniform: even over the range, on its own scale (linear or log). triangular: over the range and on its scale, with its
    mode at the central value. lognormal: the central value is the median and the range runs from the 5 % to the 95 %
    quantile, each side with a spread of its own; normal instead where the range reaches 0 or below; truncated to what is legal.

    Rounded to 12 significant digits.
    """
    shape = {"uniform": _uniform, "triangular": _triangular, "lognormal": _lognormal}[prior]
    return min(max(float(f"{shape(x, u):.12g}"), x.least), x.most)


def _uniform(x: Uncertain, u: float) -> float:
    low, high = _on(x.scale, x.low), _on(x.scale, x.high)
    return _off(x.scale, low + (high - low) * u)


def _triangular(x: Uncertain, u: float) -> float:
    low, high = _on(x.scale, x.low), _on(x.scale, x.high)
    mode = min(max(_on(x.scale, x.central), low), high)
    if high == low:
        return x.low
    if u * (high - low) <= mode - low:
        return _off(x.scale, low + math.sqrt(u * (high - low) * (mode - low)))
    return _off(x.scale, high - math.sqrt((1.0 - u) * (high - low) * (high - mode)))


def _lognormal(x: Uncertain, u: float) -> float:
    from simulation.draws import normal

    scale = "log" if x.positive else "linear"
    median, edge = _on(scale, x.central), normal(1.0 - TAIL)
    below, above = ((_on(scale, end) - median) / edge for end in (x.low, x.high))  # below < 0 < above

    def share_to(end: float) -> float:
        if scale == "log" and end <= 0.0:
            return 0.0
        if math.isinf(end):
            return float(end > 0)
        distance = _on(scale, end) - median
        spread = abs(below) if distance < 0 else above
        return float(distance > 0) if spread == 0.0 else _share_below(distance / spread)

    least, most = share_to(x.least), share_to(x.most)
    inside = least + (most - least) * u
    if not 0.0 < inside < 1.0:
        inside = min(max(inside, 2.0**-53), 1.0 - 2.0**-53)
    z = normal(inside)
    return _off(scale, median + z * (abs(below) if z < 0 else above))


@cache
def _share_below(z: float) -> float:
    """Share of the standard normal below z, from the model's own quantile, whose bits are the same everywhere."""
    from simulation.draws import normal

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if not 0.0 < middle < 1.0:
            break
        low, high = (middle, high) if normal(middle) < z else (low, middle)
    return (low + high) / 2.0


def _on(scale: str, value: float) -> float:
    if scale != "log":
        return float(value)
    from simulation.draws import log_  # the same bits on every machine, unlike math.log

    return float(log_(float(value)))


def _off(scale: str, value: float) -> float:
    if scale != "log":
        return value
    from simulation.draws import exp_

    return float(exp_(value))
