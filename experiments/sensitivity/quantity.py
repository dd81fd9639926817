"""The quantity whose variance is shared out: a statistic of the runs of one point, free of the model's own noise.

Runs of one point differ by luck. The product of two of them is an unbiased estimate of the squared quantity only if they are
different runs, so a square is never taken of one run (Zhu & Sudret 2021, doi 10.1016/j.ress.2021.107815). A standard
deviation or a quantile needs several runs, so the replications are halved and the statistic is taken of each half.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.intervals import Z95
from experiments.sensitivity.result import STATISTICS, Estimate
from experiments.vary import known_name
from scenarios.errors import InputError

FEWEST_RUNS = {"sd": 4, "p10": 20, "p50": 4, "p90": 20}  # two halves; a tenth of fewer than ten runs is none

ONLY_NOISE = (
    "the outcome varies no more over the points than its own noise explains, so there is nothing to share out; add"
    " replications or points, vary wider ranges, or choose another outcome"
)


def quantities(y: np.ndarray, statistic: str, threshold: float | None, at_least: bool) -> np.ndarray:
    """`y` (rows, replications) as independent estimates of the statistic of each row, shape (rows, estimates).

    One a replication for "mean" and "probability", one a half for the others. Raises InputError.
    """
    known_name(statistic, STATISTICS, where="statistic")
    values = _checked(y)
    replications = values.shape[1]
    if (threshold is None) == (statistic == "probability"):
        wanted = (
            "a threshold expected" if threshold is None else f"no threshold expected, but {threshold:g} given"
        )
        raise InputError([f"statistic {statistic}: {wanted}"])
    if replications < (fewest := FEWEST_RUNS.get(statistic, 1)):
        raise InputError([
            f"statistic {statistic}: {replications} replications; at least {fewest} expected: half of them give one"
            " estimate and half another; add replications, or ask for the mean"
        ])  # fmt: skip
    if threshold is not None:
        _refuse_sure(values, threshold, at_least)
    found = estimates(values, statistic, threshold, at_least)
    _refuse_constant(found, f"the {statistic} of the outcome")
    return found


def estimates(values: np.ndarray, statistic: str, threshold: float | None, at_least: bool) -> np.ndarray:
    """As `quantities`, of values known to be good."""
    if threshold is not None:
        return (values >= threshold if at_least else values <= threshold).astype(float)
    if statistic == "mean":
        return values
    halves = [values[:, half::2] for half in (0, 1)]
    if statistic == "sd":
        return np.stack([half.std(axis=1, ddof=1) for half in halves], axis=1)
    return np.stack([np.quantile(half, int(statistic[1:]) / 100.0, axis=1) for half in halves], axis=1)


def single_runs(y: np.ndarray, statistic: str, quantity: np.ndarray) -> np.ndarray:
    """What a single run gives: hit or miss for a probability, else the outcome itself."""
    return quantity if statistic == "probability" else np.asarray(y, float)


def centred(values: np.ndarray) -> np.ndarray:
    """Each estimate (last axis) less its mean over all rows, so that products are covariances."""
    return values - values.mean(axis=tuple(range(values.ndim - 1)))


def product(a: np.ndarray, b: np.ndarray, *, apart: bool) -> np.ndarray:
    """Mean over pairs of estimates (last axis) of a times b; only over pairs of different ones if they are to be `apart`.

    Estimates of one point, or that share their luck, must be apart; a lone estimate has no other.
    """
    r = a.shape[-1]
    if r == 1 or not apart:
        return a.mean(axis=-1) * b.mean(axis=-1)
    return (a.sum(axis=-1) * b.sum(axis=-1) - (a * b).sum(axis=-1)) / (r * (r - 1))


def spread(quantity: np.ndarray) -> float:
    """Standard deviation of the quantity over the rows, noise taken out; `quantity` as `quantities` gives it."""
    f = centred(quantity)
    return max(float(product(f, f, apart=True).mean()), 0.0) ** 0.5


def share_of_noise(runs: np.ndarray) -> Estimate:
    """Noise within points over the variance of single runs (points, replications); nil with one, which cannot tell."""
    n, replications = runs.shape
    if replications < 2:
        return Estimate(0.0, 0.0, 0.0)
    f = centred(runs)
    within, between = runs.var(axis=1, ddof=1), product(f, f, apart=True)
    whole = within.mean() + between.mean()
    share = float(within.mean() / whole)
    error = Z95 * float(((1.0 - share) * within - share * between).std(ddof=1)) / float(whole) / n**0.5
    return Estimate(share, max(share - error, 0.0), min(share + error, 1.0))


def check_names(names: Sequence[str], method: str) -> tuple[str, ...]:
    """Raise InputError if there are none, or one twice."""
    names = tuple(names)
    if not names:
        raise InputError([f"{method}: no inputs; at least one expected"])
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError([f"{method}: {twice[0]} is there twice; every input once expected"])
    return names


def check_table(method: str, columns: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """`x` as floats (rows, columns). Raises InputError unless it has the rows of `y` and is finite."""
    x = np.asarray(x, float)
    if x.ndim != 2 or x.shape[1] != columns:
        raise InputError([f"{method}: a table of shape {x.shape}; {columns} columns expected, one an input"])
    if len(x) != len(y):
        raise InputError([f"{method}: {len(x)} points, but outcomes of {len(y)}; as many expected"])
    if not np.isfinite(x).all():
        row = int(np.flatnonzero(~np.isfinite(x).all(axis=1))[0])
        raise InputError([f"{method}: point {row + 1} has no number for an input; finite numbers expected"])
    return x


def check_points(method: str, names: Sequence[str], x: np.ndarray, fewest: int) -> None:
    """Raise InputError unless the points are independent (or a grid), enough, and every input varies."""
    n = len(x)
    if n < fewest:
        raise InputError([f"{method}: {n} points; at least {fewest} expected: add points"])
    for name, column in zip(names, x.T, strict=True):
        if np.ptp(column) == 0.0:
            raise InputError([
                f"{method}: {name} is {column[0]:g} in every point; an input that varies expected: leave it out"
            ])  # fmt: skip
    if _keeps_values(x) and not is_grid(x):
        raise InputError([
            f"{method}: too many points keep values of the one before, as in a design of saltelli, morris or oat, or points in futures;"
            " independent points expected (lhs, sobol, grid): use the method that the design is for"
        ])  # fmt: skip


def is_grid(x: np.ndarray) -> bool:
    """Whether every combination of the columns' values is there equally often."""
    _, often = np.unique(x, axis=0, return_counts=True)
    combinations = np.prod([float(len(np.unique(column))) for column in x.T])
    return len(often) == combinations and np.ptp(often) == 0


def _keeps_values(x: np.ndarray) -> bool:
    """Whether an input has the value of the row before more often than chance has it, by a quarter of all rows."""
    kept = (np.diff(x, axis=0) == 0.0).mean(axis=0)
    chance = [((np.unique(column, return_counts=True)[1] / len(column)) ** 2).sum() for column in x.T]
    return bool((kept > np.array(chance) + 0.25).any())


def _checked(y: np.ndarray) -> np.ndarray:
    values = np.asarray(y, float)
    if values.ndim != 2 or not values.size:
        raise InputError([f"outcomes of shape {values.shape}; (points, replications) expected"])
    undefined = ~np.isfinite(values)
    if undefined.any():
        row, replication = np.argwhere(undefined)[0].tolist()
        raise InputError([
            f"{int(undefined.sum())} of {values.size} runs give no number (they failed, or the outcome is undefined), the"
            f" first at point {row + 1}, replication {replication + 1}; every index needs every run: mend or repeat"
            " them, or choose another outcome"
        ])  # fmt: skip
    _refuse_constant(values, "the outcome")
    return values


def _refuse_sure(values: np.ndarray, threshold: float, at_least: bool) -> None:
    hits = estimates(values, "probability", threshold, at_least)
    if np.ptp(hits) == 0.0:
        told = "every run reaches" if hits.flat[0] else "no run reaches"
        raise InputError([
            f"{told} {threshold:g}, so nothing about it varies; a threshold expected that some runs reach and some do not:"
            f" runs give {values.min():g} to {values.max():g}"
        ])  # fmt: skip


def _refuse_constant(values: np.ndarray, what: str) -> None:
    if np.ptp(values) == 0.0:
        raise InputError([
            f"{what} is {values.flat[0]:g} in every run; one that varies expected: vary more, wider, or choose another"
        ])  # fmt: skip
