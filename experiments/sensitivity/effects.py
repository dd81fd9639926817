"""Elementary effects (Morris): what the quantity moves when one input jumps by half of its levels, here and there in the space.

mu is their mean, mu_star that of their absolute values, sigma their standard deviation; all in the quantity's unit, for an input that
goes all the way through its range. Effects are of the mean over replications. Noise still makes absolute values of nothing: `floor`
is the mu_star of an input without any effect, E|noise| = sqrt(2 / pi) times the standard deviation of an effect's noise (normal,
for it is a mean), or, where noise cannot be told from effects (one replication), that of the input named "dummy". Noise is taken
out of sigma, as it is of variances (see `quantity`). One replication, no groups: the numbers are those of SALib.analyze.morris.

References
----------
Morris (1991), doi 10.1080/00401706.1991.10484804. Campolongo, Cariboni & Saltelli (2007), doi 10.1016/j.envsoft.2006.10.004.
Hesterberg (2015), doi 10.1080/00031305.2015.1089789 (bootstrap intervals of few observations, widened).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from experiments.sensitivity import verdict
from experiments.sensitivity.intervals import bootstrap, jackknife, percentiles, widened
from experiments.sensitivity.quantity import (
    centred,
    check_names,
    check_table,
    estimates,
    product,
    quantities,
    single_runs,
    spread,
)
from experiments.sensitivity.result import DUMMY, Estimate, Result
from scenarios.errors import InputError

FEWEST_TRAJECTORIES = 4
MEASURES = ("mu_star", "mu", "sigma")


def morris(
    names: Sequence[str], x: np.ndarray, y: np.ndarray, *, levels: int, groups: Sequence[str] | None = None,
    statistic: str = "mean", threshold: float | None = None, at_least: bool = True, common: bool = False,
    resamples: int = 1000, seed: int = 1,
) -> Result:  # fmt: skip
    """mu_star, mu and sigma of each input, with bootstrap intervals over trajectories.

    `x` has shape (rows, inputs), on any scale that rises with the grid's, and `y` (rows, replications), rows as
    SALib.sample.morris gives them on a grid of `levels`. `groups` names the group of each column of `x`; `names` are then the
    groups, and mu and sigma of a group of several are NaN: its inputs move up and down at once. Raises InputError: runs without
    a number, a constant outcome, rows that are not trajectories, or too few.
    """
    names = check_names(names, "morris")
    groups = tuple(groups or names)
    if set(groups) != set(names):
        raise InputError([f"morris: columns of {', '.join(groups)}; columns of {', '.join(names)} expected"])
    if levels < 2 or levels % 2:
        raise InputError([f"morris: {levels} levels; an even number expected"])
    values = np.asarray(y, float)
    quantity = quantities(values, statistic, threshold, at_least)
    x = check_table("morris", len(groups), x, values)
    steps = _steps(names, groups, x)
    delta = levels / (2.0 * (levels - 1))
    alone = np.array([groups.count(name) == 1 for name in names])

    def effects(kept: np.ndarray) -> _Effects:
        runs = values[:, kept]
        found = estimates(runs, statistic, threshold, at_least)
        return _effects(steps, delta, found, single_runs(runs, statistic, found), common)

    replications = values.shape[1]
    whole, n = effects(np.arange(replications)), len(steps.sign)
    evenly = np.full((1, n), 1.0 / n)
    value = _summary(whole, evenly)[0]
    again = bootstrap(lambda weights: _summary(whole, weights), n, resamples, seed)
    low, high = percentiles(value, again, n)
    luck = jackknife(lambda kept: _summary(effects(kept), evenly)[0], replications) if common else None
    if luck is not None:
        low, high = widened(value, low, high, luck)
    found = [Estimate(*numbers) for numbers in np.stack([value, low, high], axis=1).tolist()]
    d, nothing = len(names), Estimate(math.nan, math.nan, math.nan)
    measures = {
        measure: tuple(
            estimate if single or measure == "mu_star" else nothing
            for estimate, single in zip(found[i * d : (i + 1) * d], alone, strict=True)
        )
        for i, measure in enumerate(MEASURES)
    }
    dummy = measures["mu_star"][names.index(DUMMY)].value if DUMMY in names else None
    return Result(
        method="morris", names=names, measures=measures, leading="mu_star", rows=len(values), replications=replications,
        spread=spread(quantity), noise=found[-1] if replications > 1 else None,
        unconverged=verdict.unconverged(names, measures["mu_star"], unit=True), corrected=quantity.shape[1] > 1,
        noise_in_intervals=luck is None or bool(np.isfinite(luck).all()),
        floor=_floor(whole.noise) if quantity.shape[1] > 1 else dummy,
    )  # fmt: skip


class _Steps(NamedTuple):
    """Rows before and after the jump of each name in each trajectory, and whether it went up (1) or down (-1)."""

    before: np.ndarray
    after: np.ndarray
    sign: np.ndarray


class _Effects(NamedTuple):
    """Elementary effects (trajectories, names), the variance of their noise, and parts of the variance of runs by trajectory."""

    effect: np.ndarray
    noise: np.ndarray
    within: np.ndarray
    between: np.ndarray


def _steps(names: tuple[str, ...], groups: tuple[str, ...], x: np.ndarray) -> _Steps:
    """Raises InputError unless each name jumps once in each trajectory, and nothing else with it."""
    size = len(names) + 1
    n, left = divmod(len(x), size)
    if left:
        raise InputError([
            f"morris: {len(x)} points are not trajectories of {size}, as {len(names)} inputs need; the design is incomplete or"
            " of another kind"
        ])  # fmt: skip
    if n < FEWEST_TRAJECTORIES:
        raise InputError(
            [f"morris: {n} trajectories; at least {FEWEST_TRAJECTORIES} expected, better 20: add points"]
        )
    jumps = np.sign(np.diff(x.reshape(n, size, -1), axis=1))
    member = np.array([[group == name for group in groups] for name in names])
    moved = np.abs(jumps) @ member.T > 0.0
    if not ((moved.sum(axis=1) == 1).all() and (moved.sum(axis=2) == 1).all()):
        raise InputError([
            "morris: the points are not trajectories in which one input after the other jumps once; a design of morris"
            " expected, its rows in order"
        ])  # fmt: skip
    step = moved.argmax(axis=1)
    before = np.arange(n)[:, None] * size + step
    column = member.argmax(axis=1)
    return _Steps(
        before, before + 1, np.take_along_axis(jumps, step[:, :, None], axis=1)[:, range(len(names)), column]
    )


def _effects(steps: _Steps, delta: float, quantity: np.ndarray, runs: np.ndarray, common: bool) -> _Effects:
    n, k = len(steps.sign), quantity.shape[1]
    before, after = quantity[steps.before], quantity[steps.after]
    effect = steps.sign * (after - before).mean(axis=2) / delta
    if k < 2:
        noise = np.zeros_like(effect)
    elif common:
        noise = (after - before).var(axis=2, ddof=1) / k / delta**2
    else:
        noise = (after.var(axis=2, ddof=1) + before.var(axis=2, ddof=1)) / k / delta**2
    f = centred(runs)
    between = product(f, f, apart=True).reshape(n, -1).mean(axis=1)
    within = runs.var(axis=1, ddof=1).reshape(n, -1).mean(axis=1) if runs.shape[1] > 1 else 0.0 * between
    return _Effects(effect, noise, within, between)


def _summary(effects: _Effects, weights: np.ndarray) -> np.ndarray:
    """mu_star, mu and sigma of each name and the share of noise, for each row of weights of the trajectories."""
    n, effect = len(effects.effect), effects.effect
    mu = weights @ effect
    variance = (weights @ effect**2 - mu**2) * n / (n - 1) - weights @ effects.noise
    within, between = weights @ effects.within, weights @ effects.between
    whole = within + np.maximum(between, 0.0)
    share = np.divide(within, whole, out=np.zeros_like(whole), where=whole > 0.0)
    return np.column_stack([weights @ np.abs(effect), mu, np.maximum(variance, 0.0) ** 0.5, share])


def _floor(noise: np.ndarray) -> float:
    """mu_star that noise of these variances makes of nothing."""
    return math.sqrt(2.0 / math.pi * float(noise.mean()))
