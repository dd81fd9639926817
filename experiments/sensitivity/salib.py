"""SALib's other methods, with their traps guarded.

SALib gives zeros or numbers without a warning for outcomes that are constant or no numbers; it seeds NumPy's global generator and
ignores seed 0; its delta changes how warnings are printed; its FAST says itself that its intervals are unreliable, so none are
given; the interval of its dgsm is not scaled as its value is; its RBD-FAST sorts inputs, so that ties keep the order of the
rows. None of them knows of replications: the outcome is the statistic of all runs of a point, noise is a part of what is shared out,
and intervals tell only of too few points.

References
----------
PAWN: Pianosi & Wagener (2015), doi 10.1016/j.envsoft.2015.01.004, and (2018), doi 10.1016/j.envsoft.2018.07.019.
delta: Borgonovo (2007), doi 10.1016/j.ress.2006.04.015; Plischke, Borgonovo & Smith (2013), doi 10.1016/j.ejor.2012.11.047.
RBD-FAST: Tarantola, Gatelli & Mara (2006), doi 10.1016/j.ress.2005.06.003; Tissot & Prieur (2012), doi 10.1016/j.ress.2012.06.010.
FAST: Saltelli, Tarantola & Chan (1999), doi 10.1080/00401706.1999.10485594. Its intervals: SALib issue 649.
HDMR: Li et al. (2010), doi 10.1021/jp9096919. DGSM: Sobol' & Kucherenko (2009), doi 10.1016/j.matcom.2009.01.023.
"""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from experiments.intervals import Z95
from experiments.sensitivity import verdict
from experiments.sensitivity.quantity import (
    check_names,
    check_points,
    check_table,
    estimates,
    quantities,
    share_of_noise,
    single_runs,
    spread,
)
from experiments.sensitivity.result import Estimate, Result
from experiments.vary import known_name
from scenarios.errors import InputError

HARMONICS = 4  # of FAST, SALib's own number
SLICES = 10  # of PAWN
SPLINES = 25  # coefficients of a pair of inputs in HDMR
RESAMPLES = 50  # of pawn and delta, which take seconds for them
FEWEST = {
    "pawn": 100,  # ten points a slice
    "delta": 100,  # ten points a bin, or SALib gives nothing
    "rbd_fast": 100,  # its bootstrap halves them, and forty is what ten harmonics need at least
    "hdmr": 300,  # SALib's own
    "dgsm": 16,  # base points
}
_LOCK = threading.Lock()  # NumPy's global generator and the warnings are everybody's


def library(
    method: str, names: Sequence[str], bounds: Sequence[tuple[float, float]], x: np.ndarray, y: np.ndarray, *,
    statistic: str = "mean", threshold: float | None = None, at_least: bool = True, seed: int = 1,
) -> Result:  # fmt: skip
    """What SALib's `method` finds: pawn (median, maximum), delta, rbd_fast (first), fast (first, total), hdmr, dgsm (dgsm, vi).

    `x` has shape (rows, inputs), on a scale on which inputs are uniform within `bounds`; `y` (rows, replications). pawn, delta,
    rbd_fast and hdmr take any independent points. fast takes the rows of SALib.sample.fast_sampler: a curve for each input
    one after the other, more than 64 points each. dgsm takes those of SALib.sample.finite_diff: a point, then a step of each input
    from it. hdmr gives total and second order if there are points enough, half of them more than 25 a pair of inputs.
    Bounds of fast and of maximum are NaN. `floor` of dgsm is what noise alone makes of an input.
    Raises InputError: an unknown method, runs without a number, a constant outcome or input, too few points, other rows.
    """
    known_name(method, _METHODS, where="method")
    names = check_names(names, method)
    values = np.asarray(y, float)
    quantity = quantities(values, statistic, threshold, at_least)
    x = check_table(method, len(names), x, values)
    whole = _whole(values, statistic, threshold, at_least)
    task = _Task(names, tuple((float(low), float(high)) for low, high in bounds), x, whole, seed)
    _check(method, task)
    with _guarded(seed):
        found = _METHODS[method](task)
    if not all(math.isfinite(estimate.value) for column in found.measures.values() for estimate in column):
        raise InputError(
            [f"{method}: SALib finds no number for these points; add points, or take another method"]
        )
    leading = next(iter(found.measures))
    replications = values.shape[1]
    noise = share_of_noise(single_runs(values, statistic, quantity)) if replications > 1 else None
    intervals = np.isfinite([estimate.high for estimate in found.measures[leading]]).all()
    return Result(
        method=method, names=names, measures=found.measures, leading=leading, rows=len(x), replications=replications,
        spread=spread(quantity), pairs=found.pairs, noise=noise,
        unconverged=verdict.unconverged(names, found.measures[leading], unit=method == "dgsm") if intervals else (),
        noise_in_intervals=False, floor=_floor(task, quantity) if method == "dgsm" and quantity.shape[1] > 1 else None,
    )  # fmt: skip


class _Task(NamedTuple):
    names: tuple[str, ...]
    bounds: tuple[tuple[float, float], ...]
    x: np.ndarray
    y: np.ndarray
    seed: int

    @property
    def problem(self) -> dict[str, Any]:
        """As SALib wants it, under names of our own: some it forbids, and HDMR adds to the list."""
        names = [f"x{k}" for k in range(len(self.names))]
        return {"num_vars": len(names), "names": names, "bounds": [list(bound) for bound in self.bounds]}


class _Found(NamedTuple):
    """Measures, first the one that ranks; second order by pair."""

    measures: dict[str, tuple[Estimate, ...]]
    pairs: dict[tuple[str, str], Estimate]


@contextmanager
def _guarded(seed: int) -> Iterator[None]:
    """NumPy's global generator seeded, and afterwards that and the warnings as they were."""
    with _LOCK:
        state, form = np.random.get_state(), warnings.formatwarning
        try:
            with warnings.catch_warnings(record=True), np.errstate(all="ignore"):
                np.random.seed(seed % 2**32)
                yield
        finally:
            np.random.set_state(state)
            warnings.formatwarning = form


def _whole(values: np.ndarray, statistic: str, threshold: float | None, at_least: bool) -> np.ndarray:
    """The statistic of all runs of each point."""
    if statistic == "sd":
        return values.std(axis=1, ddof=1)
    if statistic.startswith("p") and statistic != "probability":
        return np.quantile(values, int(statistic[1:]) / 100.0, axis=1)
    return estimates(values, statistic, threshold, at_least).mean(axis=1)


def _check(method: str, task: _Task) -> None:
    """Raise InputError unless the rows are those that the method needs."""
    n, d = task.x.shape
    if method == "fast":
        _check_curves(task)
    elif method == "dgsm":
        _check_steps(task)
    else:
        check_points(method, task.names, task.x, FEWEST[method])
    if method == "hdmr" and d < 2:
        raise InputError(["hdmr: one input; at least two expected"])


def _check_curves(task: _Task) -> None:
    n, d = task.x.shape
    fewest = 4 * HARMONICS**2 + 1
    if n % d or n // d < fewest:
        raise InputError([
            f"fast: {n} points; a curve of at least {fewest} points for each of {d} inputs expected, {d * fewest} in all:"
            " a design of fast, with more points"
        ])  # fmt: skip
    curve = n // d
    for k, name in enumerate(task.names):
        along = task.x[k * curve : (k + 1) * curve, k]
        power = np.abs(np.fft.rfft(along - along.mean()))
        if power.argmax() != (curve - 1) // (2 * HARMONICS):
            raise InputError(
                [f"fast: the points are no curves ({name} has another frequency); a design of fast expected"]
            )


def _check_steps(task: _Task) -> None:
    n, d = task.x.shape
    if n % (d + 1) or n // (d + 1) < FEWEST["dgsm"]:
        raise InputError([
            f"dgsm: {n} points; at least {FEWEST['dgsm']} blocks of {d + 1} expected, a point and a step of each of {d} inputs:"
            " a design of dgsm, with more points"
        ])  # fmt: skip
    moved = _steps(task.x) != 0.0
    if (moved & ~np.eye(d, dtype=bool)).any() or not moved.any(axis=(0, 1)).all():
        raise InputError(
            ["dgsm: the points are not steps of one input each from a point; a design of dgsm expected"]
        )
    if not np.diagonal(moved, axis1=1, axis2=2).all():
        block, k = np.argwhere(~np.diagonal(moved, axis1=1, axis2=2))[0].tolist()
        raise InputError([
            f"dgsm: {task.names[k]} does not move in block {block + 1}, so it has no slope there; leave that block out, or"
            " make the design anew"
        ])  # fmt: skip


def _steps(x: np.ndarray) -> np.ndarray:
    """How far each step goes, (blocks, steps, inputs)."""
    blocks = x.reshape(-1, x.shape[1] + 1, x.shape[1])
    return blocks[:, 1:] - blocks[:, :1]


def _floor(task: _Task, runs: np.ndarray) -> float:
    """dgsm that the noise of two means makes of a step without effect, on average over steps and inputs."""
    within = (runs.var(axis=1, ddof=1) / runs.shape[1]).reshape(-1, len(task.names) + 1)
    noise = within[:, 1:] + within[:, :1]
    slopes = noise / np.diagonal(_steps(task.x), axis1=1, axis2=2) ** 2
    return float((slopes.mean(axis=0) * _dgsm_scale(task)).mean())


# What SALib finds


def _pawn(task: _Task) -> _Found:
    from SALib.analyze import pawn

    x, n = _ranks(task), len(task.y)
    rng = np.random.default_rng(task.seed)
    found = pawn.analyze(task.problem, x, task.y, S=SLICES)
    again = []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, n, n)
        again.append(pawn.analyze(task.problem, x[rows], task.y[rows], S=SLICES)["median"])
    half = Z95 * np.std(again, axis=0, ddof=1)
    maximum = [Estimate(float(value), math.nan, math.nan) for value in found["maximum"]]
    return _Found({"median": _around(found["median"], half), "maximum": tuple(maximum)}, {})


def _delta(task: _Task) -> _Found:
    from SALib.analyze import delta

    # all inputs below zero: SALib's third variant, of inputs above it, has nothing to do
    found = delta.analyze(task.problem, _ranks(task) - 1.0, task.y, method="delta", num_resamples=RESAMPLES)
    return _Found({"delta": _around(found["delta_raw"], found["delta_raw_conf"])}, {})


def _rbd_fast(task: _Task) -> _Found:
    from SALib.analyze import rbd_fast

    found = rbd_fast.analyze(task.problem, _ranks(task), task.y, seed=np.random.default_rng(task.seed))
    return _Found({"first": _around(found["S1"], found["S1_conf"])}, {})


def _fast(task: _Task) -> _Found:
    from SALib.analyze import fast

    found = fast.analyze(task.problem, task.y, M=HARMONICS, num_resamples=2)
    unknown = np.full(len(task.names), math.nan)
    return _Found({"total": _around(found["ST"], unknown), "first": _around(found["S1"], unknown)}, {})


def _hdmr(task: _Task) -> _Found:
    # its successor, enhanced_hdmr, fits polynomials of third degree and takes minutes: on Ishigami's function it
    # finds .05 where .44 is true, and this one .35
    from SALib.analyze import hdmr

    d = len(task.names)
    pairs = list(combinations(task.names, 2))
    second = len(task.y) // 2 > SPLINES * len(pairs)  # with fewer points it fits the noise of all pairs
    found = hdmr.analyze(task.problem, task.x, task.y, maxorder=2 if second else 1)
    terms = _around(found["S"], found["S_conf"])
    measures = {"first": terms[:d]}
    if second:
        measures["total"] = _around(np.array(found["ST"][:d], float), np.array(found["ST_conf"][:d], float))
    return _Found(measures, dict(zip(pairs, terms[d:], strict=False)))


def _dgsm(task: _Task) -> _Found:
    from SALib.analyze import dgsm

    found = dgsm.analyze(task.problem, task.x, task.y)
    scale = _dgsm_scale(task)  # SALib gives the interval of vi under the name of that of dgsm
    return _Found(
        {
            "dgsm": _around(found["dgsm"], found["dgsm_conf"] * scale),
            "vi": _around(found["vi"], found["dgsm_conf"]),
        },
        {},
    )


def _dgsm_scale(task: _Task) -> np.ndarray:
    """dgsm over vi, by input."""
    span = np.diff(np.array(task.bounds), axis=1)[:, 0]
    return span**2 / (math.pi**2 * task.y[:: len(task.names) + 1].var())


def _ranks(task: _Task) -> np.ndarray:
    """Each input by the rank of its value, within 0..1, ties in random order: SALib would leave out or order them by row."""
    n = len(task.x)
    tie_breaker = np.random.default_rng(task.seed).random(n)
    found = np.empty_like(task.x)
    for k, column in enumerate(task.x.T):
        found[np.lexsort((tie_breaker, column)), k] = (np.arange(n) + 0.5) / n
    return found


def _around(value: np.ndarray, half: np.ndarray) -> tuple[Estimate, ...]:
    bounds = zip(value, np.subtract(value, half), np.add(value, half), strict=True)
    return tuple(Estimate(*map(float, numbers)) for numbers in bounds)


_METHODS: dict[str, Callable[[_Task], _Found]] = {
    "pawn": _pawn, "delta": _delta, "rbd_fast": _rbd_fast, "fast": _fast, "hdmr": _hdmr, "dgsm": _dgsm,
}  # fmt: skip
