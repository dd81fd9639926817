"""Boxes of inputs in which something happens more often: the patient rule induction method (PRIM).

A box is peeled from all points, a thin slice at a time, so that what is left holds ever more of the runs that are looked
for; every box on the way is a trade-off of coverage (share of all such runs in the box) and density (share of the box's
runs that are such). One is chosen by a stated rule, limits that chance explains are taken off it, and it grows back where
that costs no density. More boxes are found among the points outside the ones before (covering).

All sums are of whole numbers, so results have the same bits on every machine; every resample has a generator of its own.

References
----------
Friedman & Fisher (1999), Stat. Comput. 9, 123-143, doi 10.1023/A:1008894516817 (peeling, pasting, covering).
Bryant & Lempert (2010), Technol. Forecast. Soc. Change 77, 34-49, doi 10.1016/j.techfore.2009.08.002 (coverage, density,
quasi-p-values, resampling).
Kwakkel & Jaxa-Rozen (2016), Environ. Model. Softw. 79, 311-321, doi 10.1016/j.envsoft.2015.11.020 (a peel is judged by what it
adds a run lost, so that levels, which come off in large pieces, do not go first).
Owen (2007), Ann. Appl. Stat. 1, 386-411, doi 10.1214/07-AOAS122 (resampling points and futures of a crossed design).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

PEEL = 0.05  # of a box's weight, taken off at a time at least; also what pasting adds at a time
BINS = 200  # of an input, where it has more values: a slice ends between two of them
CHANCE = 0.05  # quasi-p of a limit, and p of a box, above which chance explains it
RESAMPLES, PERMUTATIONS = 200, 199
MANY_POINTS = 2000  # above, half as many resamples and permutations: each takes long, and says more
ENOUGH = 20  # shuffled samples as good as the real one, after which it is chance
LEAST = 20  # resamples with a limit, below which its interval is not told
FEWEST_POINTS, FEWEST_HITS = 20, 5  # of points that do and points that do not: below, nothing is looked for
EVIDENCE, GAIN = CRITERIA = ("evidence", "gain")
BOOTSTRAP, PERMUTED = 0, 1  # streams of random numbers


@dataclass(frozen=True, eq=False)
class Sample:
    """`hits` of the `runs` at each point are what is looked for; both hold whole numbers, shape (points,).

    `x` (points, inputs) says where each input stands in its range, 0 to 1. Points with the same label in a row of
    `clusters` (groupings, points) are resampled together; with two rows the points of either are. `replications` are as many
    runs as are one point's evidence, for several runs of a point tell no more of where it lies.
    """

    x: np.ndarray
    hits: np.ndarray
    runs: np.ndarray
    clusters: np.ndarray
    replications: int = 1

    @property
    def density(self) -> float:
        return float(self.hits.sum() / self.runs.sum())

    @property
    def same(self) -> float:
        """Runs that are no more evidence than one: those of a point, times the points that stand or fall together."""
        alone = min(len(np.unique(row)) for row in self.clusters)
        return self.replications * self.clusters.shape[1] / max(alone, 1)

    def at(self, rows: np.ndarray) -> Sample:
        """Some of the points."""
        return replace(
            self, x=self.x[rows], hits=self.hits[rows], runs=self.runs[rows], clusters=self.clusters[:, rows]
        )


class Box(NamedTuple):
    """Lowest and highest place of each input, shape (inputs,); infinite where it is not limited."""

    low: np.ndarray
    high: np.ndarray

    def holds(self, x: np.ndarray) -> np.ndarray:
        """Which points lie in it, (points,)."""
        inside = np.ones(len(x), bool)
        for k, side in self.limits:
            inside &= x[:, k] >= self.low[k] if side == 0 else x[:, k] <= self.high[k]
        return inside

    @property
    def limits(self) -> list[tuple[int, int]]:
        """Input and side (0 low, 1 high) of every limit."""
        return [(int(k), side) for k in range(len(self.low)) for side in (0, 1) if np.isfinite(self[side][k])]

    @property
    def inputs(self) -> list[int]:
        return sorted({k for k, _ in self.limits})

    def moved(self, input: int, side: int, place: float) -> Box:
        sides = [self.low.copy(), self.high.copy()]
        sides[side][input] = place
        return Box(*sides)

    def without(self, input: int, side: int) -> Box:
        return self.moved(input, side, (-math.inf, math.inf)[side])


def everything(inputs: int) -> Box:
    """The box without limits."""
    return Box(np.full(inputs, -math.inf), np.full(inputs, math.inf))


class Step(NamedTuple):
    """A box on the way, and how it does: of all runs the share `mass`, of all hits the share `coverage`."""

    box: Box
    mass: float
    coverage: float
    density: float


@dataclass(frozen=True)
class Settings:
    """`support`: smallest share of all runs a box may hold; `threshold`: density asked for, None for the nearest box;
    `criterion`: which slice is peeled, one of CRITERIA."""

    support: float = 0.05
    threshold: float | None = None
    criterion: str = EVIDENCE


class Range(NamedTuple):
    """A number with its 95 % interval; NaN where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Stability:
    """What `resamples` bootstrap samples say of a box. `found`: the share in which there was any box.

    `restricted` (inputs,): the share in which an input was limited; `sides` (inputs, 2) the same by side; `places`
    (inputs, 2, 2): the interval of each limit, NaN where few had it. `coverage` and `density` are those in the points that
    the resample left out, with intervals over resamples.
    """

    resamples: int
    found: float
    restricted: np.ndarray
    sides: np.ndarray
    places: np.ndarray
    coverage: Range
    density: Range


@dataclass(frozen=True, eq=False)
class Found:
    """One box: `coverage` of all hits there are, `density` and share `mass` of the runs it was looked for in.

    `base` is the density of those. `quasi_p` (inputs, 2): how easily chance gives the density it adds, NaN where there is no
    limit. `order`: limited inputs, the one that adds most density first. `p`: share of shuffled samples in which a box as
    good is found. `steps` are the boxes on the way, `chosen` the one taken; `met`: whether the threshold was reached.
    """

    box: Box
    points: int
    hits: float
    coverage: float
    density: float
    mass: float
    base: float
    quasi_p: np.ndarray
    order: tuple[int, ...]
    p: float
    steps: tuple[Step, ...]
    chosen: int
    met: bool
    stability: Stability


@dataclass(frozen=True, eq=False)
class Search:
    """Boxes in order, none if chance explains the first. `p` is that of the first box looked at, NaN if there was none;
    `steps` are the boxes on the way to it."""

    boxes: tuple[Found, ...]
    p: float
    steps: tuple[Step, ...]
    met: bool

    @property
    def coverage(self) -> float:
        """Of all boxes together."""
        return math.fsum(found.coverage for found in self.boxes)


def search(sample: Sample, settings: Settings, *, boxes: int = 3, seed: int = 1) -> Search:
    """Up to so many boxes, each among the points outside those before, until chance explains the next."""
    rest, found = sample, []
    first: tuple[float, tuple[Step, ...], bool] = (math.nan, (), True)
    for number in range(boxes):
        if not enough(rest):
            break
        steps, chosen, met, box = induce(rest, settings)
        p = chance(rest, settings, box, seed) if box.limits else math.nan
        if not number:
            first = (p, steps, met)
        if not p <= CHANCE:
            break
        found.append(_judged(sample, rest, settings, steps, chosen, met, box, p, seed))
        rest = rest.at(~box.holds(rest.x))
    return Search(tuple(found), *first)


def enough(sample: Sample) -> bool:
    """Whether there are points enough, of both kinds, to look for a box."""
    hits, misses = (of.sum() / sample.replications for of in (sample.hits, sample.runs - sample.hits))
    return len(sample.hits) >= FEWEST_POINTS and min(hits, misses) >= FEWEST_HITS


def induce(sample: Sample, settings: Settings) -> tuple[tuple[Step, ...], int, bool, Box]:
    """Boxes on the way, which was chosen, whether it has the density asked for, and what became of it."""
    steps = peel(sample, settings.support, settings.criterion)
    chosen, met = choose(steps, settings.threshold)
    box, before = steps[chosen].box, None
    while before is None or box.limits != before:  # it only grows
        before = box.limits
        box = paste(sample, pruned(sample, box))
    return steps, chosen, met, pruned(sample, box)


# Peeling


def peel(sample: Sample, support: float, criterion: str = EVIDENCE) -> tuple[Step, ...]:
    """From all points to the smallest box allowed, a slice at a time from one side of one input.

    A slice holds at least PEEL of the box's runs, and all points of equal value: points are never parted by chance. By `gain`
    it is the slice that adds most density a run lost (Kwakkel & Jaxa-Rozen 2016). With few points many thin slices hold no
    hit by chance, and noise goes first; by `evidence` it is therefore taken from the side of which some piece, a
    slice or thicker, holds fewest hits for its size, and only as long as that is more than chance: beyond what one side in
    all shows with a probability of CHANCE.
    """
    used = sample.runs > 0
    x, hits, runs = sample.x[used], sample.hits[used].astype(float), sample.runs[used].astype(float)
    bins = _binned(x)
    size = int(bins.max()) + 1
    all_hits, all_runs = hits.sum(), runs.sum()
    box, inside = everything(x.shape[1]), np.arange(len(x))
    steps = [Step(box, 1.0, 1.0, all_hits / all_runs)]
    enough = 0.0 if criterion == GAIN else _least_evidence(x.shape[1]) * sample.same**0.5
    while True:
        held = [_by_bin(bins[inside], of[inside], size) for of in (runs, hits)]
        cut = _best_cut(*held, support * all_runs, criterion, enough)
        if cut is None:
            return tuple(steps)
        input, side, k = cut
        low = bins[inside, input] <= k
        below, above = x[inside[low], input], x[inside[~low], input]
        box = box.moved(input, side, float(below.max() + above.min()) / 2.0)
        inside = inside[~low if side == 0 else low]
        h, w = hits[inside].sum(), runs[inside].sum()
        steps.append(Step(box, w / all_runs, h / all_hits, h / w))


def _binned(x: np.ndarray) -> np.ndarray:
    """Bin of each point by each input, (points, inputs): a value, or one of BINS of about as many points where there are more."""
    bins = np.empty(x.shape, np.int64)
    for k, column in enumerate(x.T):
        last = np.unique(column)
        if len(last) > BINS:
            last = np.unique(np.sort(column)[np.arange(1, BINS + 1) * len(column) // BINS - 1])
        bins[:, k] = np.searchsorted(last, column)
    return bins


def _by_bin(bins: np.ndarray, weights: np.ndarray, size: int) -> np.ndarray:
    """Sum of weights in each bin of each input, (inputs, bins)."""
    d = bins.shape[1]
    flat = (bins + size * np.arange(d)).ravel()
    return np.bincount(flat, np.repeat(weights, d), d * size).reshape(d, size)


def _best_cut(
    runs: np.ndarray, hits: np.ndarray, least: float, criterion: str, enough: float
) -> tuple[int, int, int] | None:
    """Input, side and bin of the slice to take off next, which ends behind that bin; `runs` and `hits` (inputs, bins) of the box."""
    below, below_hits = (np.cumsum(of, axis=1) for of in (runs, hits))
    w, h = below[0, -1], below_hits[0, -1]
    pieces = np.stack([below[:, :-1], w - below[:, :-1]])  # runs taken away (sides, inputs, places)
    lost = np.stack([below_hits[:, :-1], h - below_hits[:, :-1]])
    possible = (pieces >= PEEL * w) & (w - pieces >= least) & (w > pieces)
    if not possible.any():
        return None
    thinnest = np.stack([
        possible[0].argmax(axis=1), possible.shape[2] - 1 - possible[1, :, ::-1].argmax(axis=1)
    ])  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(possible, _SCORES[criterion](w, h, pieces, lost), 0.0)
    slices = np.take_along_axis(score, thinnest[:, :, None], axis=2)[:, :, 0]
    best = slices if criterion == GAIN else score.max(axis=2)
    side, input = np.unravel_index(int(best.argmax()), best.shape)
    if not best[side, input] > enough:
        return None
    return int(input), int(side), int(thinnest[side, input])


def _least_evidence(inputs: int) -> float:
    """Standard deviations that chance alone exceeds on one of all sides with a probability of CHANCE (Bonferroni)."""
    from simulation.draws import normal

    return float(normal(1.0 - CHANCE / (2 * max(inputs, 1))))


def _evidence(w: float, h: float, pieces: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """By how many standard deviations a piece holds fewer hits than one drawn from the box at random (hypergeometric)."""
    rate, first = h / w, pieces[0]
    fewer = (first * rate - lost[0]) / np.sqrt(rate * (1.0 - rate) * first * (w - first) / w)
    return np.stack([fewer, -fewer])  # what one piece lacks, the rest has


def _gain(w: float, h: float, pieces: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Density that taking a piece away adds, a run lost."""
    return ((h - lost) / (w - pieces) - h / w) / pieces


_SCORES = {EVIDENCE: _evidence, GAIN: _gain}


def choose(steps: tuple[Step, ...], threshold: float | None = None) -> tuple[int, bool]:
    """Which box to take, and whether it has the density asked for.

    With a threshold, the one that covers most among those at least so dense. Without, or if none is, the one nearest to the
    ideal of full coverage and density, where density counts from that of all points (0) to 1.
    """
    base = steps[0].density
    if threshold is not None:
        dense = [k for k, step in enumerate(steps) if step.density >= threshold]
        if dense:
            return max(dense, key=lambda k: steps[k].coverage), True
    return min(range(len(steps)), key=lambda k: _distance(steps[k], base)), threshold is None


def _distance(step: Step, base: float) -> float:
    short = (1.0 - step.density) / (1.0 - base) if base < 1.0 else 0.0
    return (1.0 - step.coverage) ** 2 + short**2


# Limits that chance explains; pasting


def quasi_p(sample: Sample, box: Box) -> np.ndarray:
    """For each limit, how likely the box is at least so dense if the limit adds nothing; (inputs, 2), NaN without a limit.

    The binomial tail at the density of the box without this limit, Bryant & Lempert (2010), section 3.3. Its size is in points
    that stand alone: several runs of a point, or points of one future, are no more evidence than one.
    """
    from scipy.special import betainc

    found = np.full((sample.x.shape[1], 2), math.nan)
    w, h = _inside(sample, box)
    n, k = w / sample.same, h / sample.same
    for input, side in box.limits:
        wider, more = _inside(sample, box.without(input, side))
        rate = more / wider
        found[input, side] = 1.0 if wider == w or k <= 0.0 else float(betainc(k, n - k + 1.0, rate))
    return found


def pruned(sample: Sample, box: Box) -> Box:
    """The box without the limits that chance explains, the weakest first."""
    while box.limits:
        p = quasi_p(sample, box)
        input, side = max(box.limits, key=lambda limit: p[limit])
        if p[input, side] <= CHANCE:
            break
        box = box.without(input, side)
    return box


def paste(sample: Sample, box: Box) -> Box:
    """The box, grown by thin slices as long as that does not make it less dense."""
    while box.limits:
        w, h = _inside(sample, box)
        grown = [_pasted(sample, box, *limit, PEEL * w) for limit in box.limits]
        sums = [_inside(sample, one) for one in grown]
        best = max(range(len(grown)), key=lambda k: sums[k][1] / sums[k][0])
        if sums[best][1] * w < h * sums[best][0]:
            break
        box = grown[best]
    return box


def _pasted(sample: Sample, box: Box, input: int, side: int, least: float) -> Box:
    """The box with one limit moved out by a slice of at least `least` runs; taken away where no point is left beyond."""
    column = sample.x[:, input]
    beyond = column < box.low[input] if side == 0 else column > box.high[input]
    outside = np.flatnonzero(box.without(input, side).holds(sample.x) & beyond & (sample.runs > 0))
    nearest = outside[np.argsort(-column[outside] if side == 0 else column[outside], kind="stable")]
    places = column[nearest]
    enough = np.flatnonzero((np.cumsum(sample.runs[nearest])[:-1] >= least) & (places[:-1] != places[1:]))
    if not len(enough):
        return box.without(input, side)
    return box.moved(input, side, float(places[enough[0] : enough[0] + 2].mean()))


def _inside(sample: Sample, box: Box) -> tuple[float, float]:
    """Runs and hits in a box."""
    inside = box.holds(sample.x)
    return float(sample.runs[inside].sum()), float(sample.hits[inside].sum())


# How sure


def _judged(
    whole: Sample, sample: Sample, settings: Settings, steps: tuple[Step, ...], chosen: int, met: bool,
    box: Box, p: float, seed: int,
) -> Found:  # fmt: skip
    w, h = _inside(sample, box)
    return Found(
        box=box,
        points=int(box.holds(sample.x).sum()),
        hits=h,
        coverage=h / float(whole.hits.sum()),
        density=h / w,
        mass=w / float(sample.runs.sum()),
        base=sample.density,
        quasi_p=quasi_p(sample, box),
        order=_order(sample, box),
        p=p,
        steps=steps,
        chosen=chosen,
        met=met,
        stability=_of_all(stability(sample, settings, seed), float(sample.hits.sum() / whole.hits.sum())),
    )


def _of_all(found: Stability, part: float) -> Stability:
    """Coverage of the hits that were searched, as coverage of all hits."""
    return replace(found, coverage=Range(*(part * value for value in found.coverage)))


def _order(sample: Sample, box: Box) -> tuple[int, ...]:
    """Limited inputs, the one without which the box would be least dense first."""

    def without(input: int) -> float:
        w, h = _inside(sample, box.without(input, 0).without(input, 1))
        return h / w

    return tuple(sorted(box.inputs, key=lambda k: (without(k), k)))


def chance(sample: Sample, settings: Settings, box: Box, seed: int, permutations: int | None = None) -> float:
    """p of a box: the share of samples with hits shuffled over points in which one as good is found, itself counted.

    What stands or falls together is shuffled together.

    As good: its mass times the density it adds, which is the covariance of lying in the box and being a hit. Stops once
    ENOUGH were as good (Besag & Clifford 1991, doi 10.1093/biomet/78.2.301).
    """
    mine, better = _quality(sample, box), 0
    permutations = permutations or _fewer(PERMUTATIONS, sample)
    for k in range(permutations):
        shuffled = permuted(sample.clusters, np.random.default_rng([seed, PERMUTED, k]))
        other = replace(sample, hits=sample.hits[shuffled], runs=sample.runs[shuffled])
        better += _quality(other, induce(other, settings)[3]) >= mine
        if better == ENOUGH:
            return better / (k + 1)
    return (better + 1) / (permutations + 1)


def _quality(sample: Sample, box: Box) -> float:
    w, h = _inside(sample, box)
    return (h - w * sample.density) / float(sample.runs.sum())


def stability(sample: Sample, settings: Settings, seed: int, resamples: int | None = None) -> Stability:
    """Look for the box again in bootstrap samples and see how it does in the points that each left out."""
    d, resamples = sample.x.shape[1], resamples or _fewer(RESAMPLES, sample)
    places = np.full((resamples, d, 2), math.nan)
    there, out = np.zeros(resamples, bool), np.zeros((resamples, 4))
    for k, times in enumerate(resampled(sample.clusters, seed, resamples)):
        inside = times > 0
        again = sample.at(inside)
        again = replace(again, hits=again.hits * times[inside], runs=again.runs * times[inside])
        if again.hits.sum() in (0, again.runs.sum()):
            continue
        box = induce(again, settings)[3]
        there[k] = bool(box.limits)
        for input, side in box.limits:
            places[k, input, side] = box[side][input]
        if box.limits:
            left = sample.at(left_out(sample.clusters, times))
            out[k] = *_inside(left, box), left.runs.sum(), left.hits.sum()
    limited = np.isfinite(places)
    return Stability(
        resamples=resamples,
        found=float(there.mean()),
        restricted=limited.any(axis=2).mean(axis=0),
        sides=limited.mean(axis=0),
        places=_intervals(places, limited),
        coverage=_range(out[there, 1], out[there, 3]),
        density=_range(out[there, 1], out[there, 0]),
    )


def _fewer(number: int, sample: Sample) -> int:
    return number if len(sample.hits) <= MANY_POINTS else number // 2


def resampled(clusters: np.ndarray, seed: int, resamples: int) -> Iterator[np.ndarray]:
    """How often each point is in each bootstrap sample, whole numbers (points,)."""
    labels = [np.unique(row, return_inverse=True)[1] for row in clusters]
    for k in range(resamples):
        rng = np.random.default_rng([seed, BOOTSTRAP, k])
        times = np.ones(clusters.shape[1], np.int64)
        for label in labels:
            n = int(label.max()) + 1
            times *= np.bincount(rng.integers(0, n, n), minlength=n)[label]
        yield times


def permuted(clusters: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random order of the points in which those of one cluster stay together: clusters change places, in a crossed design
    points and futures each. Where the place of a point that is missing would be taken, one that is left over comes."""
    labels = [np.unique(row, return_inverse=True)[1] for row in clusters]
    if len(labels) == 1:
        order = np.argsort(labels[0], kind="stable")
        first = np.searchsorted(labels[0][order], labels[0][order])
        within = np.empty_like(order)
        within[order] = np.arange(len(order)) - first
        rows, columns = labels[0], within
        moved = rng.permutation(int(rows.max()) + 1)[rows], columns
    else:
        rows, columns = labels
        moved = tuple(rng.permutation(int(label.max()) + 1)[label] for label in labels)
    place = {key: k for k, key in enumerate(zip(rows.tolist(), columns.tolist(), strict=True))}
    found = [place.pop(key, -1) for key in zip(*(one.tolist() for one in moved), strict=True)]
    left = iter(rng.permutation(np.array(list(place.values()), np.int64)).tolist())
    return np.array([next(left) if k < 0 else k for k in found], np.int64)


def left_out(clusters: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Points that share no cluster with a point of the resample, bool (points,)."""
    out = np.ones(len(times), bool)
    for row in clusters:
        out &= ~np.isin(row, row[times > 0])
    return out


def _intervals(places: np.ndarray, limited: np.ndarray) -> np.ndarray:
    found = np.full((*places.shape[1:], 2), math.nan)
    for input, side in zip(*np.nonzero(limited.sum(axis=0) >= LEAST), strict=True):
        found[input, side] = np.nanquantile(places[:, input, side], (0.025, 0.975))
    return found


def _range(top: np.ndarray, bottom: np.ndarray) -> Range:
    """A ratio over all resamples together, with the interval of those that have one."""
    some = bottom > 0
    if not some.any():
        return Range(math.nan, math.nan, math.nan)
    low, high = np.quantile(top[some] / bottom[some], (0.025, 0.975))
    return Range(float(top[some].sum() / bottom[some].sum()), float(low), float(high))
