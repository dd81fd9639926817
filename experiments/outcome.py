"""One number a run: what a target counts, and how numbers spread over runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments import urban
from experiments.study import Study
from scenarios.scenario import Target
from simulation.outcomes import RATIOS, URBAN_METRICS


@dataclass(frozen=True)
class Spread:
    """One quantity over all runs; `low` and `high` are the 5th and 95th percentiles."""

    median: float
    low: float
    high: float
    mean: float
    sd: float


def spread(values: np.ndarray, *, empty: float | None = None) -> Any:
    """The spread of the finite values; None (or `empty` throughout) where there is none."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None if empty is None else Spread(empty, empty, empty, empty, 0.0)
    low, median, high = np.quantile(values, (0.05, 0.5, 0.95))
    sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Spread(float(median), float(low), float(high), float(values.mean()), sd)


def ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """top / bottom, NaN where there is nothing to divide by."""
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0)


def outcome(study: Study, target: Target) -> np.ndarray:
    """What a target counts, at its date and in its scope, by run; money in yuan, NaN where there is nothing to count.

    Raises ValueError for an urban metric of one county: the accounts are kept for the whole region.
    """
    ids = [county.id for county in study.scenario.counties]

    def counted(name: str) -> np.ndarray:
        by_county = study.indicator(name)[:, target.month]
        return by_county[:, ids.index(target.scope)] if target.scope in ids else by_county.sum(axis=1)

    if target.metric in URBAN_METRICS:
        if target.scope in ids:
            raise ValueError(f"target {target.id}: {target.metric} is known for the whole region only")
        return urban.series(study, target.metric)[:, target.month]
    if target.metric in RATIOS:
        _, top, bottom = RATIOS[target.metric]
        return ratio(counted(top), counted(bottom))
    name = f"persons_{target.event}" if target.metric == "persons" else target.metric
    return counted(name) / 100.0 if name.endswith("_fen") else counted(name)
