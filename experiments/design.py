"""Designs: tables of points at which a scenario's uncertainties are tried. Levers are never varied here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from scenarios.scenario import Scenario


class Design(NamedTuple):
    """`values` has shape (points, names), in base units; without names the scenario's central values hold."""

    names: tuple[str, ...]
    values: np.ndarray


def central() -> Design:
    """One point: every uncertainty at its central value."""
    return Design((), np.empty((1, 0)))


def points(scenario: Scenario, n: int, seed: int, *, without: tuple[str, ...] = ()) -> Design:
    """A Latin hypercube of `n` points over the scenario's stated ranges; one point means the central values.

    Each range is cut into n equal parts, on its own scale (linear or log), and every part is used once.
    `without` names uncertainties that are known here. Raises ValueError if n < 1 or nothing is uncertain.
    """
    if n < 1:
        raise ValueError(f"points: {n} given, at least 1 expected")
    if n == 1:
        return central()
    entries = [entry for entry in scenario.uncertainties() if entry.name not in without]
    if not entries:
        raise ValueError(f"{scenario.name}: no value has a range, so there is only one point; use --points 1")
    from scipy.stats import qmc  # slow to import, and not needed for one point

    unit = qmc.LatinHypercube(len(entries), rng=np.random.default_rng(seed)).random(n)
    columns = [_stretch(unit[:, k], entry.range, entry.scale) for k, entry in enumerate(entries)]
    return Design(tuple(entry.name for entry in entries), np.stack(columns, axis=1))


def _stretch(unit: np.ndarray, span: tuple[float, float] | None, scale: str) -> np.ndarray:
    assert span is not None
    low, high = span
    if scale != "log":
        return low + (high - low) * unit
    from simulation.draws import exp_, log_  # the same bits on every machine, unlike np.exp

    a, b = log_(float(low)), log_(float(high))
    return np.array([exp_(a + (b - a) * u) for u in unit])
