"""How right sensitivity indices and their intervals are, on functions whose indices are known; SALib's on the same runs beside.

`python -m benchmarks.sensitivity`. Noise, where there is any, has the variance of the function; two replications.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from benchmarks import measure
from benchmarks.measure import Table
from experiments.sensitivity import Estimate, rank, sobol

G_FACTORS = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0])
SLOPES = np.array([3.0, 2.0, 1.0, 0.5, 0.1, 0.0])
NEAR = 1e-4  # an interval that ends this close to the truth holds it: inert inputs have the truth itself


class Function(NamedTuple):
    """A function of numbers in 0..1, (points, inputs), with its standard deviation and indices."""

    name: str
    of: Callable[[np.ndarray], np.ndarray]
    sd: float
    first: np.ndarray
    total: np.ndarray


def ishigami(x: np.ndarray) -> np.ndarray:
    """Ishigami & Homma (1990), a = 7, b = 0.1; the fourth input does nothing."""
    z = np.pi * (2.0 * x - 1.0)
    return np.sin(z[:, 0]) + 7.0 * np.sin(z[:, 1]) ** 2 + 0.1 * z[:, 2] ** 4 * np.sin(z[:, 0])


def sobol_g(x: np.ndarray) -> np.ndarray:
    """Sobol's G function, eight inputs."""
    return np.prod((np.abs(4.0 * x - 2.0) + G_FACTORS) / (1.0 + G_FACTORS), axis=1)


def _functions() -> tuple[Function, ...]:
    parts = 1.0 / (3.0 * (1.0 + G_FACTORS) ** 2)
    whole = np.prod(1.0 + parts) - 1.0
    linear = SLOPES**2 / (SLOPES**2).sum()
    first, total = np.array([0.31391, 0.44241, 0.0, 0.0]), np.array([0.55759, 0.44241, 0.24368, 0.0])
    return (
        Function("Ishigami and an inert input", ishigami, 3.72083, first, total),
        Function(
            "Sobol G",
            sobol_g,
            float(whole) ** 0.5,
            parts / whole,
            parts * (whole + 1.0) / (1.0 + parts) / whole,
        ),
        Function("linear", lambda x: x @ SLOPES, ((SLOPES**2).sum() / 12.0) ** 0.5, linear, linear),
    )


def tables(quick: bool) -> Iterator[Table]:
    """Errors of Sobol' indices, then coverage of their intervals, then both of indices by ranks."""
    repeats = 5 if quick else 200
    yield from _sobol_tables(repeats, (32,) if quick else (256, 512))
    yield _rank_table(repeats, (64,) if quick else (100, 256, 512))


def _sobol_tables(repeats: int, sizes: tuple[int, ...]) -> Iterator[Table]:
    errors, coverage = [], []
    for function in _functions():
        for n in sizes:
            for drawn in (_sequence, _independent):
                for replications in (1, 2):
                    case = [function.name, n, drawn.__name__[1:], "yes" if replications > 1 else "no"]
                    ours, salib, noise = _sobol_case(function, n, drawn, replications, repeats)
                    for measure_name, truth in (("first", function.first), ("total", function.total)):
                        mine, theirs = (np.array(found[measure_name]) for found in (ours, salib))
                        errors.append([*case, measure_name, _error(mine, truth), _error(theirs, truth)])
                        held = _held(mine, truth)
                        coverage.append([
                            *case, measure_name, f"{held.mean():.3f}", f"{held.min():.3f}", _width(mine),
                            f"{_held(theirs, truth).mean():.3f}", f"{_held(theirs, truth).min():.3f}", _width(theirs),
                        ])  # fmt: skip
                    if replications > 1:
                        spans = np.array(noise)[:, None]
                        share = f"{_held(spans, np.array([0.5])).mean():.3f}"
                        coverage.append([*case, "noise share", share, share, _width(spans), "-", "-", "-"])
    kept = ("function", "base points", "points", "noise", "index")
    yield Table(
        "Sobol' indices: root mean squared error over inputs", (*kept, "ours", "SALib"), errors,
        note=f"{repeats} repeats. SALib's are of the mean over replications.",
    )  # fmt: skip
    yield Table(
        "Sobol' indices: how often the 95 % interval holds the truth",
        (*kept, "ours", "worst input", "width", "SALib", "worst input", "width"), coverage,
        note=f"{repeats} repeats: one standard error of a share of 95 % is {(0.95 * 0.05 / repeats) ** 0.5:.3f}.",
    )  # fmt: skip


def _sobol_case(
    function: Function, n: int, drawn: Callable[..., np.ndarray], replications: int, repeats: int
) -> tuple[dict[str, list], dict[str, list], list[Estimate]]:
    """Estimates, (repeats, inputs), by measure: ours and SALib's; the shares of noise."""
    from SALib.analyze import sobol as analysis

    d = len(function.first)
    names = [f"x{k}" for k in range(d)]
    ours, salib, noise = {"first": [], "total": []}, {"first": [], "total": []}, []
    for repeat in range(repeats):
        rng = np.random.default_rng([repeat, n, replications])
        y = _runs(function, _blocks(drawn(n, 2 * d, rng)), replications, rng)
        found = sobol(names, y, resamples=300)
        noise += [found.noise] if found.noise else []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = analysis.analyze(
                {"num_vars": d, "names": names, "bounds": [[0.0, 1.0]] * d}, y.mean(axis=1),
                calc_second_order=False, num_resamples=300, seed=repeat + 1,
            )  # fmt: skip
        for name, key in (("first", "S1"), ("total", "ST")):
            ours[name].append(found.measures[name])
            value, half = theirs[key], theirs[f"{key}_conf"]
            salib[name].append(np.stack([value, value - half, value + half], axis=1))
    return ours, salib, noise


def _rank_table(repeats: int, sizes: tuple[int, ...]) -> Table:
    rows = []
    for function in _functions():
        d = len(function.first)
        for n in sizes:
            for drawn in (_independent, _hypercube):
                for replications in (1, 2):
                    found, noise = [], []
                    for repeat in range(repeats):
                        rng = np.random.default_rng([repeat, n, replications])
                        x = drawn(n, d, rng)
                        result = rank([f"x{k}" for k in range(d)], x, _runs(function, x, replications, rng))
                        found.append(result.measures["first"])
                        noise += [result.noise] if result.noise else []
                    spans, held = np.array(found), _held(np.array(found), function.first)
                    share = f"{_held(np.array(noise)[:, None], np.array([0.5])).mean():.3f}" if noise else "-"
                    rows.append([
                        function.name, n, drawn.__name__[1:], "yes" if replications > 1 else "no",
                        _error(spans, function.first), f"{held.mean():.3f}", f"{held.min():.3f}", _width(spans), share,
                    ])  # fmt: skip
    return Table(
        "First order by ranks: error, and how often the 95 % interval holds the truth",
        ("function", "runs", "points", "noise", "error", "held", "worst input", "width", "noise share held"), rows,
        note=f"{repeats} repeats.",
    )  # fmt: skip


def _sequence(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    from scipy.stats import qmc

    return qmc.Sobol(d, rng=rng).random(n)


def _independent(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    return rng.random((n, d))


def _hypercube(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    from scipy.stats import qmc

    return qmc.LatinHypercube(d, rng=rng).random(n)


def _blocks(points: np.ndarray) -> np.ndarray:
    """A and B side by side, as rows of A, A with one input of B, B."""
    d = points.shape[1] // 2
    a, b = points[:, :d], points[:, d:]
    blocks = np.repeat(a[:, None], d + 2, axis=1)
    blocks[:, np.arange(1, d + 1), np.arange(d)] = b
    blocks[:, -1] = b
    return blocks.reshape(-1, d)


def _runs(function: Function, x: np.ndarray, replications: int, rng: np.random.Generator) -> np.ndarray:
    """Without noise for one replication."""
    noise = rng.standard_normal((len(x), replications)) if replications > 1 else 0.0
    return function.of(x)[:, None] + function.sd * noise


def _held(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Share of repeats whose interval holds the truth, by input."""
    return ((found[..., 1] <= truth + NEAR) & (found[..., 2] >= truth - NEAR)).mean(axis=0)


def _error(found: np.ndarray, truth: np.ndarray) -> str:
    return f"{((found[..., 0] - truth) ** 2).mean() ** 0.5:.4f}"


def _width(found: np.ndarray) -> str:
    return f"{(found[..., 2] - found[..., 1]).mean():.3f}"


if __name__ == "__main__":
    measure.main(tables)
