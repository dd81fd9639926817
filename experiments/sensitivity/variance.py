"""Sobol' indices of a stochastic model: of first, total and second order, for inputs or groups, the model's own noise taken out.

A block of the design holds point A, point B, A with one input (or group) of B for each input, and for second order B with one
of A. All indices are ratios of means over blocks of products of outcomes:

    first order j    B * AB_j                      / A * A      (with A * BA_j, for second order)
    total j          (A - AB_j) * (A - AB_j) / 2   / A * A      (with B - BA_j)
    second order jk  BA_j * AB_k, less both first orders

A product of a point with itself is of different replications, hence free of noise; so are all products if replications share
their luck over points. The total is Jansen's form. Of what the design fixes (the mean of A * B is zero; A, B and all AB have one
variance) the sample shows how far it is off, and blocks are weighted so that it holds: control variates with estimated
coefficients, which has the first-order forms of Saltelli and of Jansen as cases of fixed coefficients.

References
----------
Jansen (1999), doi 10.1016/S0010-4655(98)00154-4. Saltelli et al. (2010), doi 10.1016/j.cpc.2009.09.018.
Owen (2013), Monte Carlo theory, methods and examples, section 8.9 (regression on control variates).
Zhu & Sudret (2021), doi 10.1016/j.ress.2021.107815 (stochastic models).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from experiments.sensitivity import verdict
from experiments.sensitivity.intervals import TAILS, bootstrap, jackknife, percentiles, widened
from experiments.sensitivity.quantity import (
    ONLY_NOISE,
    centred,
    check_names,
    estimates,
    product,
    quantities,
    single_runs,
    spread,
)
from experiments.sensitivity.result import Estimate, Result
from scenarios.errors import InputError

FEWEST_BLOCKS = 16  # below this a bootstrap over blocks says nothing
RIDGE = 1e-9  # keeps regressions solvable where two controls are one, as with an input without effect

_Estimates = tuple[Estimate, ...]


def sobol(
    names: Sequence[str], y: np.ndarray, *, second_order: bool = False, statistic: str = "mean",
    threshold: float | None = None, at_least: bool = True, common: bool = False, resamples: int = 1000, seed: int = 1,
) -> Result:  # fmt: skip
    """First, total and, if asked for, second-order indices.

    `y` has shape (rows, replications), rows as SALib.sample.sobol gives them: blocks of A, AB_1 ... AB_D, (BA_1 ... BA_D,) B.
    A group is one of the names. With one replication nothing can be corrected: noise counts as a part of every total.
    Raises InputError: runs without a number, a constant outcome, an incomplete design, too few blocks or replications, or an
    outcome that varies no more than its noise.
    """
    names = check_names(names, "sobol")
    values = np.asarray(y, float)
    quantity = quantities(values, statistic, threshold, at_least)
    block = _Block(len(names), second_order)
    n = block.number(len(quantity))

    def ratios(kept: np.ndarray) -> list[_Ratios]:
        runs = values[:, kept]
        found = estimates(runs, statistic, threshold, at_least)
        return block.ratios(
            found.reshape(n, block.size, -1),
            single_runs(runs, statistic, found).reshape(n, block.size, -1),
            common,
        )

    replications = values.shape[1]
    whole, evenly = ratios(np.arange(replications)), np.full((1, n), 1.0 / n)
    value = _estimated(whole, evenly)[0]
    if np.isnan(value).any():
        raise InputError([ONLY_NOISE])
    again = bootstrap(lambda weights: _estimated(whole, weights), n, resamples, seed)
    luck = jackknife(lambda kept: _estimated(ratios(kept), evenly)[0], replications) if common else None
    low, high = _bounds(value, again, n, luck)
    found = [Estimate(*numbers) for numbers in np.stack([value, low, high], axis=1).tolist()]
    first, total, pairs, noise = block.named(found)
    return Result(
        method="sobol", names=names, measures={"first": first, "total": total}, leading="total", rows=len(values),
        replications=replications, spread=spread(quantity), pairs=dict(zip(combinations(names, 2), pairs, strict=False)),
        noise=noise if replications > 1 else None, unconverged=verdict.unconverged(names, total),
        corrected=quantity.shape[1] > 1, noise_in_intervals=luck is None or bool(np.isfinite(luck).all()),
    )  # fmt: skip


class _Ratios(NamedTuple):
    """Top and bottom of each index, (blocks, indices), and what has mean zero, (blocks, indices, controls)."""

    top: np.ndarray
    bottom: np.ndarray
    zero: np.ndarray


class _Block(NamedTuple):
    """The rows of one block: A, AB of each input, (BA of each input,) B."""

    inputs: int
    second_order: bool

    @property
    def size(self) -> int:
        return self.inputs * (2 if self.second_order else 1) + 2

    @property
    def pairs(self) -> np.ndarray:
        """Numbers of the two inputs, (2, pairs)."""
        pairs = list(combinations(range(self.inputs), 2)) if self.second_order else []
        return np.array(pairs, dtype=int).reshape(-1, 2).T

    def number(self, rows: int) -> int:
        """Blocks in so many rows. Raises InputError if they do not come out even, or are too few."""
        n, left = divmod(rows, self.size)
        if left:
            other = self._replace(second_order=not self.second_order).size
            hint = "the design is incomplete or of another kind"
            if rows % other == 0:
                hint = f"blocks of {other} fit, of a design {'without' if self.second_order else 'for'} second order"
            raise InputError([
                f"sobol: {rows} points are not blocks of {self.size}, as {self.inputs} inputs need; {hint}"
            ])  # fmt: skip
        if n < FEWEST_BLOCKS:
            raise InputError(
                [f"sobol: {n} base points; at least {FEWEST_BLOCKS} expected, better 256: add points"]
            )
        return n

    def ratios(self, quantity: np.ndarray, runs: np.ndarray, common: bool) -> list[_Ratios]:
        """First orders and totals, second orders, and the share of noise, of values (blocks, size, estimates)."""
        d, f = self.inputs, centred(quantity)
        a, ab, ba, b = f[:, :1], f[:, 1 : d + 1], f[:, d + 1 : -1], f[:, -1:]
        square = product(f, f, apart=True)
        aa, ab2, ba2, bb = square[:, :1], square[:, 1 : d + 1], square[:, d + 1 : -1], square[:, -1:]
        pooled = square.mean(axis=1, keepdims=True)

        def times(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            return product(u, v, apart=common)

        first, total = times(b, ab), (aa + ab2) / 2.0 - times(a, ab)
        everywhere, own = [times(a, b), bb - aa, pooled - aa], [ab2 - aa]
        if self.second_order:
            first, total = (first + times(a, ba)) / 2.0, (total + (bb + ba2) / 2.0 - times(b, ba)) / 2.0
            own += [ba2 - aa, times(ab, ba)]
        mains = _Ratios(
            np.hstack([first, total]),
            aa,
            np.stack([np.hstack([z + 0.0 * first] * 2) for z in everywhere + own], axis=-1),
        )
        j, k = self.pairs
        closed = (
            (times(ba[:, j], ab[:, k]) + times(ba[:, k], ab[:, j])) / 2.0
            if self.second_order
            else first[:, :0]
        )
        of_pair = [z + 0.0 * closed for z in everywhere] + [(z[:, j] + z[:, k]) / 2.0 for z in own]
        interactions = _Ratios(closed - first[:, j] - first[:, k], aa, np.stack(of_pair, axis=-1))
        return [mains, interactions, _noise(runs, common)]

    def named(self, found: list[Estimate]) -> tuple[_Estimates, _Estimates, _Estimates, Estimate]:
        """First orders, totals, second orders; and the share of noise."""
        d = self.inputs
        return tuple(found[:d]), tuple(found[d : 2 * d]), tuple(found[2 * d : -1]), found[-1]


def _noise(runs: np.ndarray, common: bool) -> _Ratios:
    """Noise within points over the variance of single runs; zero with one replication, which cannot tell."""
    f = centred(runs)
    between = product(f, f, apart=True).mean(axis=1, keepdims=True)
    within = runs.var(axis=2, ddof=1).mean(axis=1, keepdims=True) if runs.shape[2] > 1 else 0.0 * between
    return _Ratios(within, within + between, np.empty((*within.shape, 0)))


def _estimated(ratios: list[_Ratios], weights: np.ndarray) -> np.ndarray:
    """All indices for each row of weights of the blocks, (rows, indices); NaN where nothing but noise is left to divide by."""
    return np.hstack([_calibrated(kind, weights) for kind in ratios])


def _calibrated(ratios: _Ratios, weights: np.ndarray) -> np.ndarray:
    """Ratios of means, blocks weighted so that what has mean zero has it: the intercepts of regressions on it."""
    n, indices, controls = ratios.zero.shape
    found = np.empty((len(weights), indices))
    for i in range(indices):
        scale = ratios.zero[:, i].std(axis=0)
        base = np.column_stack([np.ones(n), ratios.zero[:, i] / np.where(scale > 0.0, scale, 1.0)])
        both = np.column_stack([ratios.top[:, i], ratios.bottom[:, i % ratios.bottom.shape[1]]])
        gram = weights @ (base[:, :, None] * base[:, None, :]).reshape(n, -1)
        right = weights @ (base[:, :, None] * both[:, None, :]).reshape(n, -1)
        size = controls + 1
        gram = gram.reshape(-1, size, size) + np.diag([0.0] + [RIDGE] * controls)
        top, bottom = np.linalg.solve(gram, right.reshape(-1, size, 2))[:, 0].T
        found[:, i] = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0.0)
    return found


def _bounds(
    value: np.ndarray, again: np.ndarray, n: int, luck: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of indices; 0 and 1 where the variance to be shared out may as well be nil. The share of noise is in 0..1."""
    low, high = percentiles(value, again, n)
    if luck is not None:
        low, high = widened(value, low, high, luck)
    unbounded = np.isnan(again).mean(axis=0) > 2.0 * TAILS[0]
    low, high = (
        np.where(unbounded, np.minimum(value, 0.0), low),
        np.where(unbounded, np.maximum(value, 1.0), high),
    )
    return np.append(low[:-1], max(low[-1], 0.0)), np.append(high[:-1], min(high[-1], 1.0))
