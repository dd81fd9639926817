"""What can be reached at what cost: the most a count can be for every level of expected cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.cheapest import mixes
from experiments.cheapest.mixes import Fits
from experiments.surrogate import Surrogate, band

if TYPE_CHECKING:
    from experiments.cheapest.search import Sample
    from experiments.vary import Factor

Surface = Callable[
    [Surrogate, np.ndarray], np.ndarray
]  # a quantity of the count by resample (1 + resamples, m)


@dataclass(frozen=True)
class Curve:
    """The best value reachable at each cost (levels,), with its band, and the mix that reaches it.

    `levers` has shape (levels, d), each lever in its own unit, in the order in which they were given.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    levers: np.ndarray


@dataclass(frozen=True)
class Frontier:
    """Curves over levels of expected `cost` (levels,): expected count, median, and what is reached for sure.

    For sure means with the wished probability: what 9 runs of 10 pass, if that is 0.9.
    """

    cost: np.ndarray
    mean: Curve
    median: Curve
    sure: Curve


def frontier(
    sample: Sample,
    levers: Sequence[Factor],
    costs: np.ndarray | None = None,
    *,
    at_least: bool = True,
    probability: float = 0.9,
    confidence: float = 0.95,
    levels: int = 25,
    seed: int = 0,
) -> Frontier:
    """The largest count (the smallest, if not `at_least`) within each of `costs`, by default `levels` of them.

    More money never reaches less, because a mix within a budget is within every larger one. Bands come from
    resamples of the surrogates of count and cost, fitted to all runs of a search alike.

    Raises ValueError if the costs do not rise, or the lowest is below what any mix costs.
    """
    rng = np.random.default_rng(seed)
    fits = Fits(
        mixes.fit_count(sample.x, sample.counts), mixes.fit_cost(sample.x, sample.costs, seed=seed + 1)
    )
    x = mixes.all_over(levers, rng)
    prices = fits.cost.mean(x)
    if costs is None:
        costs = np.linspace(prices.min(), prices.max(), levels)
    costs = np.asarray(costs, dtype=float)
    _check(costs, float(prices.min()))
    sign, least = (1.0 if at_least else -1.0), float(sample.counts.min())

    def floored(values: np.ndarray) -> np.ndarray:
        return np.maximum(values, 0.0) if least >= 0.0 else values  # nobody can be fewer than none

    def curve(surface: Surface) -> Curve:
        found = _curve(
            fits, lambda count, x: sign * floored(surface(count, x)), levers, costs, x, confidence, rng
        )
        return found if at_least else Curve(-found.value, -found.high, -found.low, found.levers)

    sure = 1.0 - probability if at_least else probability
    return Frontier(
        costs,
        curve(lambda count, x: count.means(x)),
        curve(lambda count, x: count.quantiles(x, 0.5)),
        curve(lambda count, x: count.quantiles(x, sure)),
    )


def _curve(
    fits: Fits,
    surface: Surface,
    levers: Sequence[Factor],
    costs: np.ndarray,
    x: np.ndarray,
    confidence: float,
    rng: np.random.Generator,
) -> Curve:
    best = _refined(fits, surface, levers, costs, x, rng)
    values, places = _reachable(surface(fits.count, best)[:1], fits.cost.means(best)[:1], costs)
    low, high = band(_reachable(surface(fits.count, best), fits.cost.means(best), costs)[0], confidence)
    return Curve(
        values[0],
        np.minimum(low, values[0]),
        np.maximum(high, values[0]),
        mixes.natural(levers, best[places[0]]),
    )


def _refined(
    fits: Fits,
    surface: Surface,
    levers: Sequence[Factor],
    costs: np.ndarray,
    x: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """The best mixes found at any level, improved step by step around each."""
    best = _efficient(fits, surface, costs, x)
    for step in mixes.STEPS:
        nearby = [mixes.around(levers, one, step, rng, mixes.NEARBY // 4) for one in best]
        best = _efficient(fits, surface, costs, np.concatenate([best, *nearby]))
    return best


def _efficient(fits: Fits, surface: Surface, costs: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The mixes that are best at some level of cost."""
    count = fits.count.estimate()
    _, places = _reachable(surface(count, x), fits.cost.mean(x)[None], costs)
    return x[np.unique(places[0])]


def _reachable(values: np.ndarray, prices: np.ndarray, costs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row by row, the largest of `values` (rows, m) whose price is within each of `costs`, and its place.

    Where a resample prices every mix above the lowest costs, its cheapest mix stands in.
    """
    order = np.argsort(prices, axis=1, kind="stable")
    values = np.take_along_axis(values, order, axis=1)
    largest = np.maximum.accumulate(values, axis=1)
    rises = values >= largest
    places = np.maximum.accumulate(np.where(rises, np.arange(values.shape[1]), 0), axis=1)
    sorted_prices = np.take_along_axis(prices, order, axis=1)
    last = np.stack([np.searchsorted(row, costs, side="right") - 1 for row in sorted_prices]).clip(min=0)
    found = np.take_along_axis(places, last, axis=1)
    return np.take_along_axis(values, found, axis=1), np.take_along_axis(order, found, axis=1)


def _check(costs: np.ndarray, cheapest: float) -> None:
    if costs.ndim != 1 or len(costs) < 1 or (np.diff(costs) <= 0.0).any():
        raise ValueError("costs: levels that rise expected")
    if costs[0] < cheapest:
        raise ValueError(f"costs: {costs[0]:g} is below {cheapest:g}, what the cheapest mix costs")
