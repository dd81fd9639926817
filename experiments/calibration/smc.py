"""A weighted sample of what is not known, given facts and their stated errors: sequential Monte Carlo without a likelihood.

Particles begin as draws of the prior, the uniform distribution in a unit cube. A particle is a point and the outcome of a run
there; it counts exp(-rho^2 / (2 tau^2)), with rho the distance of outcome and facts in stated errors (standard deviations). At
tau = 1 that is exactly "fact = outcome + normal error", so the last tolerance is no choice but the error of the facts
(Wilkinson 2013). The tolerance tau falls from large to 1 as fast as the weights allow; each time particles are drawn anew by
weight and moved by a Metropolis step, one batch of candidates for all (Del Moral, Doucet & Jasra 2012).

All arithmetic has the same bits on every machine, and a batch depends on nothing but the seed and the batches before, so a
calibration that was killed meets the runs it left.

References
----------
Del Moral, Doucet & Jasra (2012), An adaptive sequential Monte Carlo method for approximate Bayesian computation. Stat. Comput.
22, 1009-1020, doi 10.1007/s11222-011-9271-y.
Wilkinson (2013), Approximate Bayesian computation (ABC) gives exact results under the assumption of model error. Stat. Appl.
Genet. Mol. Biol. 12, 129-141, doi 10.1515/sagmb-2013-0010.
Andrieu & Roberts (2009), The pseudo-marginal approach for efficient Monte Carlo computations. Ann. Stat. 37, 697-725, doi
10.1214/07-AOS574 (several runs a particle: the mean of what they count is as exact as one).
Roberts, Gelman & Gilks (1997), Ann. Appl. Probab. 7, 110-120, doi 10.1214/aoap/1034625254 (length of a step).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

KEEP = 0.5  # of the particles' number that a lower tolerance may leave effective
MOVED = 1.5  # times a particle moves, on average, at the last tolerance
MOST_MOVES = 12  # batches there
MOST = 40  # batches in all
STEP = 2.38  # over the root of the dimension, in standard deviations of the particles
LIKED = 0.3  # share of candidates accepted that steps are adapted to
SHRINK = 0.1  # of the particles' correlations left out of a step, so that few particles still span the cube
HALVINGS = 24
SETTINGS = (KEEP, MOVED, MOST_MOVES, MOST, STEP, LIKED, SHRINK, HALVINGS)
"""All on which particles depend besides the seed and the runs."""


class Drawn(NamedTuple):
    """Runs at some points: squared distances (points, replications), infinite where there is none, and the runs' places."""

    distance: np.ndarray
    place: np.ndarray


Run = Callable[[int, np.ndarray], Drawn]
"""Run a case, by its number, at points (n, dimensions) of the unit cube."""


@dataclass(frozen=True, eq=False)
class Cloud:
    """Particles of equal weight.

    `points` (particles, dimensions) in the unit cube; `distance` (particles, cases, replications), squared, in stated errors;
    `place` (particles, cases) says which run of each case is the particle's; `root` (particles,) which draw of the prior it
    descends from.
    """

    points: np.ndarray
    distance: np.ndarray
    place: np.ndarray
    root: np.ndarray


@dataclass(frozen=True)
class Generation:
    """One batch: tolerance, effective particles before drawing anew, share of candidates accepted, step length, runs by case."""

    tau: float
    effective: float
    accepted: float
    step: float
    runs: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Sample:
    """The particles given the facts, those of the prior, and how they came about. `tau` is 1 unless MOST batches did not do."""

    prior: Cloud
    cloud: Cloud
    generations: tuple[Generation, ...]

    @property
    def tau(self) -> float:
        return self.generations[-1].tau

    @property
    def stopped(self) -> bool:
        """Whether moves at the last tolerance stopped at their limit, MOST_MOVES, before particles had moved enough, MOVED times."""
        return self.moves < MOVED

    @property
    def moves(self) -> float:
        """How often a particle moved at the last tolerance, on average."""
        return sum(g.accepted for g in self.generations if g.tau == self.tau)


def sample(
    run: Run, *, cases: int, dimensions: int, particles: int, seed: int, watch: Callable[[Generation], None] | None = None,
) -> Sample:  # fmt: skip
    """Particles given the facts.

    Cases are run in their order, later ones only for candidates that earlier ones leave a chance. `watch` sees each batch and
    may raise.
    """
    order = tuple(range(cases))
    first = _prior(dimensions, particles, np.random.default_rng([seed, 0]))
    drawn = [run(k, first) for k in order]
    prior = cloud = Cloud(
        first,
        np.stack([one.distance for one in drawn], axis=1),
        np.stack([one.place for one in drawn], axis=1),
        np.arange(particles),
    )
    generations = [Generation(math.inf, float(particles), 1.0, 0.0, (particles,) * cases)]
    cold, factor, moves = 0.0, 1.0, 0.0  # cold: 1 / tau^2
    while True:
        rng = np.random.default_rng([seed, len(generations)])
        colder = _colder(cloud, cold)
        weights, effective = _weights(cloud, cold, colder)
        if colder > cold:
            cloud = _taken(cloud, _resampled(weights, rng))
        cold = colder
        step = factor * STEP / math.sqrt(dimensions)
        candidates = _candidates(cloud.points, step, rng)
        cloud, accepted, runs = _moved(cloud, candidates, cold, rng.random(particles), run, order)
        factor = min(max(factor * _exp(2.0 * (accepted - LIKED)), 0.02), 4.0)
        generations.append(Generation(_tau(cold), effective, accepted, step, runs))
        if watch:
            watch(generations[-1])
        moves += accepted if cold == 1.0 else 0.0
        last = sum(g.tau == 1.0 for g in generations)
        if moves >= MOVED or last >= MOST_MOVES or len(generations) > MOST:
            return Sample(prior, cloud, tuple(generations))


def _tau(cold: float) -> float:
    return 1.0 / math.sqrt(cold) if cold > 0.0 else math.inf


def _prior(dimensions: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """A Latin hypercube: every n-th part of each dimension is met once."""
    strata = np.stack([rng.permutation(n) for _ in range(dimensions)], axis=1)
    return (strata + rng.random((n, dimensions))) / n


# Tolerance and weights


def log_counts(distance: np.ndarray, cold: float) -> np.ndarray:
    """Logarithm of what particles count in each case, (particles, cases): the mean over replications of exp(-cold rho^2 / 2)."""
    if cold == 0.0:
        return np.zeros(distance.shape[:-1])
    least = distance.min(axis=-1)
    if distance.shape[-1] == 1:
        return -0.5 * cold * least
    base = np.where(np.isfinite(least), least, 0.0)[..., None]
    shares = _exps(-0.5 * cold * (distance - base)).sum(axis=-1) / distance.shape[-1]
    return np.where(
        np.isfinite(least), -0.5 * cold * base[..., 0] + _logs(np.maximum(shares, 1e-300)), -np.inf
    )


def _weights(cloud: Cloud, cold: float, colder: float) -> tuple[np.ndarray, float]:
    """Weights that bring particles from one tolerance to the next, and how many of them are effective."""
    before, after = (log_counts(cloud.distance, c).sum(axis=1) for c in (cold, colder))
    change = np.where(np.isfinite(after), after - np.where(np.isfinite(before), before, 0.0), -np.inf)
    weights = _exps(change - change.max()) if np.isfinite(change).any() else np.zeros(len(change))
    total = math.fsum(weights)
    return weights, total * total / math.fsum(weights * weights) if total > 0.0 else 0.0


def _colder(cloud: Cloud, cold: float) -> float:
    """The lowest tolerance, as 1 / tau^2 and at most 1, that leaves a share KEEP of the particles effective."""
    able = int(np.isfinite(log_counts(cloud.distance, 1.0).sum(axis=1)).sum())
    wanted = KEEP * able

    def enough(colder: float) -> bool:
        return _weights(cloud, cold, colder)[1] >= wanted

    if cold == 1.0 or enough(1.0):
        return 1.0
    low, high = cold, 1.0
    if cold == 0.0:  # the first step may have to be a very small one
        while high > 1e-300 and not enough(high):
            low, high = 0.0, high * 1e-3
        low, high = high, min(1.0, high * 1e3)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if enough(middle) else (low, middle)
    return low


def _resampled(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Particles drawn by weight, systematically: one random start, then equal steps."""
    n, ends = len(weights), np.cumsum(weights)
    return np.searchsorted(ends, (np.arange(n) + rng.random()) / n * ends[-1], side="right").clip(0, n - 1)


def _taken(cloud: Cloud, at: np.ndarray) -> Cloud:
    return Cloud(cloud.points[at], cloud.distance[at], cloud.place[at], cloud.root[at])


# Moves


def _candidates(points: np.ndarray, step: float, rng: np.random.Generator) -> np.ndarray:
    """One candidate a particle: a normal step along the particles' own spread, folded back into the cube."""
    z, root = rng.standard_normal(points.shape), _root(points)
    return fold(points + step * (z[:, None, :] * root[None, :, :]).sum(axis=2))


def fold(x: np.ndarray) -> np.ndarray:
    """Values reflected at 0 and 1 until they lie between, so that a step there is as likely as the step back."""
    x = np.mod(x, 2.0)
    return np.where(x > 1.0, 2.0 - x, x)


def _root(points: np.ndarray) -> np.ndarray:
    """Lower triangular root of the points' covariance, by sums in a fixed order: LAPACK's last bits differ between CPUs."""
    n, d = points.shape
    off = np.ascontiguousarray((points - points.sum(axis=0) / n).T)
    covariance = np.array([[float((one * other).sum()) / n for other in off] for one in off])
    variances = np.maximum(np.diag(covariance), 1e-12)
    covariance = (1.0 - SHRINK) * covariance
    covariance[np.arange(d), np.arange(d)] = variances
    root = np.zeros((d, d))
    for i in range(d):
        for j in range(i + 1):
            left = covariance[i, j] - math.fsum(root[i, k] * root[j, k] for k in range(j))
            root[i, j] = math.sqrt(max(left, 1e-14)) if i == j else left / root[j, j]
    return root


def _moved(
    cloud: Cloud, candidates: np.ndarray, cold: float, chance: np.ndarray, run: Run, order: Sequence[int]
) -> tuple[Cloud, float, tuple[int, ...]]:
    """Particles after one Metropolis step, share accepted, and runs by case.

    The uniform draw of the decision comes first, and no case counts more than 1: a candidate that fails with what is known of
    it fails whatever later cases say, so these are not run.
    """
    needed = _logs(chance) + log_counts(cloud.distance, cold).sum(axis=1)
    distance, place = np.full_like(cloud.distance, np.inf), np.full_like(cloud.place, -1)
    so_far, alive, runs = np.zeros(len(candidates)), np.arange(len(candidates)), []
    for k in order:
        runs.append(len(alive))
        if not len(alive):
            continue
        drawn = run(k, candidates[alive])
        distance[alive, k], place[alive, k] = drawn.distance, drawn.place
        so_far[alive] += log_counts(distance[alive, k][:, None, :], cold)[:, 0]
        alive = alive[so_far[alive] >= needed[alive]]
    taken = np.zeros(len(candidates), bool)
    taken[alive] = np.isfinite(so_far[alive])
    moved = replace(
        cloud,
        points=np.where(taken[:, None], candidates, cloud.points),
        distance=np.where(taken[:, None, None], distance, cloud.distance),
        place=np.where(taken[:, None], place, cloud.place),
    )
    return moved, float(taken.mean()), tuple(runs)


# The same bits everywhere


def _exp(x: float) -> float:
    from simulation.draws import exp_

    return float(exp_(x)) if x > -700.0 else 0.0


def _exps(x: np.ndarray) -> np.ndarray:
    return np.array([_exp(v) for v in x.ravel().tolist()]).reshape(x.shape)


def _logs(x: np.ndarray) -> np.ndarray:
    from simulation.draws import log_

    return np.array([log_(v) for v in x.ravel().tolist()], dtype=float).reshape(x.shape)
