"""What a posterior says: how far facts narrow each parameter, what stays tied together, and whether the facts are met.

How sure that is follows from families of particles: those that descend from one draw of the prior. A mean's variance is the
sum of the squared sums of deviations by family (Lee & Whiteley 2018), and ranges are drawn anew family by family. With few families
both are too small, as variances about a mean of few numbers are: so they are multiplied by F / (F - 1), and intervals are
Student's (Hesterberg 2015).

References
----------
Lee & Whiteley (2018), Variance estimation in the particle filter. Biometrika 105, 609-625, doi 10.1093/biomet/asy028.
Hesterberg (2015), Am. Stat. 69, 371-386, doi 10.1080/00031305.2015.1089789.
Craig, Goldstein, Seheult & Smith (1997), Pressure matching for hydrocarbon reservoirs. Andrianakis et al. (2015), PLoS Comput.
Biol. 11(1) e1003968, doi 10.1371/journal.pcbi.1003968 (implausibility).
Gelman, Meng & Stern (1996), Stat. Sinica 6, 733-760 (posterior predictive checks).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from experiments.calibration.smc import Cloud
from experiments.intervals import Z95, wilson
from experiments.priors import Uncertain, quantile
from scenarios.calibration import Anchor

LOW, HIGH = 0.05, 0.95
RESAMPLES = 1000
NARROWED, SHIFTED, UNMOVED, UNCLEAR = "narrowed", "shifted", "unmoved", "unclear"
NARROW = 0.9  # of the prior's width: a range above it is not worth calling narrower
CLEARLY = 0.75  # a range surely above it is as wide as before, as far as anybody cares
SHIFT = 0.25  # prior standard deviations: a smaller shift of the mean is none
SD = 1.0 / math.sqrt(12.0)  # of the prior, in its range


@dataclass(frozen=True)
class Share:
    """A share of draws with its 95 % interval."""

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Judged:
    """One parameter: 5 %, 50 % and 95 % quantile of prior and posterior, base units.

    `ratio` is the posterior's 90 % width over the prior's, on the prior's scale, with a 95 % interval of Monte Carlo error;
    `shift` how far the mean moved, in the prior's standard deviations, likewise. `effective` is the number of independent draws
    that would tell the mean as well. `verdict` is narrowed, shifted, unmoved or unclear.
    """

    name: str
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    ratio: float
    ratio_low: float
    ratio_high: float
    shift: float
    shift_low: float
    shift_high: float
    effective: float
    verdict: str


@dataclass(frozen=True)
class Pair:
    """Two parameters that the facts tie together: their correlation in the posterior, where the prior has none."""

    first: str
    second: str
    correlation: float


@dataclass(frozen=True)
class Check:
    """One fact: outcomes (5 %, 50 %, 95 %) of runs under prior and posterior.

    A tail is the chance that outcome and stated error together are at least as far off as the fact, on either side.
    `plausible` is the share of prior runs that the fact does not rule out.
    """

    anchor: Anchor
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    prior_tail: float
    tail: float
    plausible: float


def implausibility(cloud: Cloud, misses: Sequence[np.ndarray]) -> np.ndarray:
    """The farthest fact of each particle in stated errors, (particles,); a run's outcome is its mean over replications."""
    found = [np.abs(one[cloud.place[:, k]].mean(axis=1)).max(axis=-1) for k, one in enumerate(misses)]
    return np.max(found, axis=0)


def open_share(prior: Cloud, misses: Sequence[np.ndarray], most: float) -> Share:
    """The share of the prior that no fact rules out."""
    inside = int((implausibility(prior, misses) <= most).sum())
    return Share(inside / len(prior.points), *wilson(inside, len(prior.points)))


def parameters(
    uncertain: Sequence[Uncertain], points: np.ndarray, root: np.ndarray, seed: int
) -> tuple[Judged, ...]:
    """Each parameter judged, from particles (particles, uncertain) in the unit cube and the draw each descends from."""
    families, member = np.unique(root, return_inverse=True)
    rng = np.random.default_rng([seed, 2**32 - 1])
    drawn = rng.integers(len(families), size=(RESAMPLES, len(families)))
    counts = np.stack([np.bincount(row, minlength=len(families)) for row in drawn])[:, member]
    return tuple(_judged(x, points[:, k], member, counts) for k, x in enumerate(uncertain))


def _judged(x: Uncertain, u: np.ndarray, member: np.ndarray, counts: np.ndarray) -> Judged:
    low, middle, high = (float(q) for q in np.quantile(u, (LOW, 0.5, HIGH)))
    widths = np.diff(_quantiles(u, counts, (LOW, HIGH)), axis=1)[:, 0] / (HIGH - LOW)
    ratio = (high - low) / (HIGH - LOW)
    families = int(member.max()) + 1
    one_family = families == 1  # tells as much as one draw, and how sure that is not at all
    ratio_error = 1.0 if one_family else float(widths.std()) * _few(families)
    ratio_low, ratio_high = _interval(ratio, ratio_error, families)
    error = SD if one_family else _error(u, member)
    shift = (float(u.mean()) - 0.5) / SD
    shift_low, shift_high = _interval(shift, error / SD, families)
    spread = float(u.var())
    effective = 1.0 if one_family else min(spread / error**2, len(u)) if error > 0.0 else float(len(u))
    return Judged(
        x.name,
        (_at(x, LOW), _at(x, 0.5), _at(x, HIGH)),
        (_at(x, low), _at(x, middle), _at(x, high)),
        ratio, max(ratio_low, 0.0), ratio_high, shift, shift_low, shift_high, effective,
        _verdict(ratio_low, ratio_high, shift_low, shift_high),
    )  # fmt: skip


def _verdict(ratio_low: float, ratio_high: float, shift_low: float, shift_high: float) -> str:
    if ratio_high < NARROW:
        return NARROWED
    if max(shift_low, -shift_high) > SHIFT:
        return SHIFTED
    sure = ratio_low > CLEARLY and max(abs(shift_low), abs(shift_high)) < 2.0 * SHIFT
    return UNMOVED if sure else UNCLEAR


def _at(x: Uncertain, u: float) -> float:
    return quantile("uniform", x, u)


def _interval(value: float, error: float, families: int) -> tuple[float, float]:
    """95 %; of one family, whose error is the prior's, the normal one."""
    from scipy.special import stdtrit

    half = error * (float(stdtrit(families - 1, 0.975)) if families > 1 else Z95)
    return value - half, value + half


def _error(u: np.ndarray, member: np.ndarray) -> float:
    """Standard error of the mean, of two families or more."""
    sums = np.bincount(member, u - u.mean())
    return math.sqrt(float(np.square(sums).sum())) / len(u) * _few(len(sums))


def _few(families: int) -> float:
    return math.sqrt(families / (families - 1))


def _quantiles(u: np.ndarray, counts: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Quantiles of values that are there so many times, (resamples, shares)."""
    order = np.argsort(u, kind="stable")
    ends = np.cumsum(counts[:, order], axis=1)
    found = [(ends >= share * ends[:, -1:]).argmax(axis=1) for share in shares]
    return u[order][np.stack(found, axis=1)]


def pairs(names: Sequence[str], points: np.ndarray, effective: float) -> tuple[Pair, ...]:
    """Pairs whose correlation cannot be chance among so many pairs, strongest first."""
    n = len(names)
    if n < 2 or effective <= 4.0:
        return ()
    table = np.corrcoef(points, rowvar=False)
    least = NormalDist().inv_cdf(1.0 - 0.025 / (n * (n - 1) / 2)) / math.sqrt(effective - 3.0)
    found = [
        Pair(names[i], names[j], float(table[i, j]))
        for i in range(n)
        for j in range(i + 1, n)
        if abs(math.atanh(min(max(float(table[i, j]), -0.999999), 0.999999))) > least
    ]
    return tuple(sorted(found, key=lambda pair: -abs(pair.correlation)))


def checks(anchors: Sequence[Anchor], prior: np.ndarray, posterior: np.ndarray) -> list[Check]:
    """Each fact of a case, from outcomes under the prior (draws, replications, facts) and given the facts (draws, facts)."""
    return [
        Check(
            anchor,
            _spread(prior[:, 0, k]),
            _spread(posterior[:, k]),
            _tail(anchor, prior[:, 0, k]),
            _tail(anchor, posterior[:, k]),
            float((np.abs(_misses(anchor, prior[..., k]).mean(axis=1)) <= 3.0).mean()),
        )
        for k, anchor in enumerate(anchors)
    ]


def _misses(anchor: Anchor, outcomes: np.ndarray) -> np.ndarray:
    from experiments.calibration.cases import miss

    return miss(anchor, outcomes)


def _spread(outcomes: np.ndarray) -> tuple[float, float, float]:
    finite = outcomes[np.isfinite(outcomes)]
    if not len(finite):
        return math.nan, math.nan, math.nan
    low, middle, high = np.quantile(finite, (LOW, 0.5, HIGH))
    return float(low), float(middle), float(high)


def _tail(anchor: Anchor, outcomes: np.ndarray) -> float:
    misses = _misses(anchor, outcomes)
    finite = misses[np.isfinite(misses)]
    if not len(finite):
        return math.nan
    above = float(np.mean([NormalDist().cdf(m) for m in finite.tolist()]))
    return 2.0 * min(above, 1.0 - above)
