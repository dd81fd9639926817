"""Search for the least costly mix of levers that reaches a target with a wished probability.

1. A Sobol' sequence fills the cube of levers; count and cost are fitted by mean-variance surrogates.
2. More runs where the estimated probability is about the one wished and the cost low; the surrogates are refitted.
3. The candidate is the cheapest mix whose lower confidence bound of the probability reaches the one wished: the
   upper confidence limit of the cost, because the point estimate delivers less than wished about half of the time.
4. The candidate is tried on runs of its own, watched by a confidence sequence. If it is refuted, or hopeless within
   what is left, its runs join the data and the next candidate must look safer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import qmc

from experiments.cheapest import mixes
from experiments.cheapest.mixes import Aim, Fits
from experiments.intervals import ConfidenceSequence, mixture, more_runs, wilson
from experiments.surrogate import RESAMPLES, band, moved_by_nothing

if TYPE_CHECKING:
    from experiments.vary import Factor

Sampler = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
Status = Literal["confirmed", "unconfirmed", "infeasible", "undecided"]

MOST_LEVERS = 8
FIRST = 0.25  # of the budget, rounded to a power of two: a Sobol' sequence is even only then
NEAR = 0.25  # of the budget, for runs near the contour
WIDTHS = (3.0, 2.0, 1.5)  # of the strip around the contour, in standard deviations of a run; one a round
ATTEMPTS = 3  # candidates tried
BATCH = 10  # runs between two looks at a candidate
PLANNED = 0.7  # of the runs left in which a candidate should be confirmed
EARLIEST = 20  # runs before a candidate may be given up
NEAR_WIDTH = 3.0  # standard deviations from the contour at which a run still counts for about half
NOT_MOVED = 0.01  # p above which no lever is taken to move the cost
SAME = 0.1  # of a lever's range: mixes nearer than this are one place


@dataclass(frozen=True)
class Range:
    """An estimate with a confidence interval, or a mean with its 5th and 95th percentile."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Mix:
    """What the surrogates say of one mix of levers, each lever in its own unit."""

    levers: dict[str, float]
    probability: Range  # of reaching the target, with an interval at the search's confidence
    cost: Range  # expected cost, with an interval at the search's confidence
    count: Range  # expected count, with the 5th and 95th percentile of a run


@dataclass(frozen=True)
class Attempt:
    """A mix tried on runs of its own. `more_runs` until decided, about; inf if never."""

    levers: dict[str, float]
    hits: int
    n: int
    low: float
    high: float
    more_runs: float
    verdict: Literal["confirmed", "refuted", "undecided"]


@dataclass(frozen=True)
class Sample:
    """All good runs: levers in the unit cube (n, d), counts and costs (n,); a cost may be undefined (NaN)."""

    x: np.ndarray
    counts: np.ndarray
    costs: np.ndarray


@dataclass(frozen=True)
class Recommendation:
    """The answer.

    confirmed    the mix reaches the target with the wished probability, and runs of its own say so
    unconfirmed  it does by the surrogates' lower bound, but its own runs did not decide within the budget
    infeasible   no mix does: `mix` is the likeliest, and its own runs say that even it does not
    undecided    no mix was found that does, nor was the likeliest refuted
    """

    status: Status
    mix: Mix
    attempt: Attempt | None  # at `mix`; None if it has no runs of its own
    estimate: Mix | None  # cheapest by the point estimate alone: what being sure costs is the difference
    runners_up: tuple[Mix, ...]  # other safe mixes, the cheapest first, unlike each other
    attempts: tuple[Attempt, ...]
    contour: tuple[
        np.ndarray, ...
    ]  # two levers only: where the probability is as wished, lines in the unit cube
    runs: int
    failed: int
    sample: Sample


def search(
    sampler: Sampler,
    *,
    levers: Sequence[Factor],
    target: float,
    at_least: bool = True,
    probability: float = 0.9,
    confidence: float = 0.95,
    runs: int,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Recommendation:
    """Find the cheapest mix of `levers` whose count is at least (or at most) `target` with `probability`.

    `sampler(points, replications)` is given levers in their own units (n, d) and numbers (n,) that occur only once
    in a search, each to be turned into draws of its own; it returns counts and costs (n,), both NaN where a run failed.
    At most `runs` runs are made. `progress` is told how many are done, of how many.

    Raises ValueError if there is no lever or more than 8, a probability is not between 0 and 1, the budget is too
    small, most runs fail, or no lever moves the cost.
    """
    _check(levers, target, probability, confidence, runs)
    aim = Aim(target, at_least, probability, confidence)
    study = _Study(sampler, levers, aim, runs, np.random.default_rng(seed), progress)
    study.explore()
    study.look_closer()
    tried = study.try_candidates()
    return study.conclude(tried)


@dataclass(eq=False)
class _Candidate:
    point: np.ndarray
    safe: bool  # by the surrogates; else the likeliest of mixes that are not
    watched: ConfidenceSequence

    def verdict(self, probability: float) -> Literal["confirmed", "refuted", "undecided"]:
        if self.watched.low > probability:
            return "confirmed"
        return "refuted" if self.watched.high < probability else "undecided"


@dataclass
class _Study:
    sampler: Sampler
    levers: Sequence[Factor]
    aim: Aim
    budget: int
    rng: np.random.Generator
    progress: Callable[[int, int], None] | None
    spent: int = 0
    x: list[np.ndarray] = field(default_factory=list)
    counts: list[np.ndarray] = field(default_factory=list)
    costs: list[np.ndarray] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.budget - self.spent

    def run(self, x: np.ndarray) -> np.ndarray:
        """Run the model once at every point; hit or miss of the runs that did not fail.

        A count that is undefined is a miss; a run without a cost (such as one a mover, where nobody moved) is a run.
        """
        replications = np.arange(self.spent, self.spent + len(x))
        counts, costs = (np.asarray(a, dtype=float) for a in self._sample(x, replications))
        self.spent += len(x)
        good = np.isfinite(counts)
        self.x.append(x[good])
        self.counts.append(counts[good])
        self.costs.append(costs[good])
        if self.progress:
            self.progress(self.spent, self.budget)
        return self.aim.hit(counts[good | np.isfinite(costs)])

    def _sample(self, x: np.ndarray, replications: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.sampler(mixes.natural(self.levers, x), replications)

    def sample(self) -> Sample:
        return Sample(*(np.concatenate(parts) for parts in (self.x, self.counts, self.costs)))

    def explore(self) -> None:
        """The first design. Refuses a model that fails and a cost that nothing moves."""
        power = round(math.log2(FIRST * self.budget))
        first = qmc.Sobol(len(self.levers), rng=self.rng).random_base2(power)
        self.run(mixes.snap(self.levers, first))
        data = self.sample()
        if 2 * len(data.counts) < len(first):
            raise ValueError(f"{len(first) - len(data.counts)} of the first {len(first)} runs failed")
        priced = np.isfinite(data.costs)
        if priced.sum() < len(self.levers) + 4:
            raise ValueError(f"cost: defined in {priced.sum()} of the first {len(first)} runs; name another")
        if moved_by_nothing(data.x[priced], data.costs[priced]) > NOT_MOVED:
            names = ", ".join(lever.name for lever in self.levers)
            raise ValueError(
                f"cost: moved by no lever ({names}; {priced.sum()} runs tell no difference), so that no mix is the "
                "cheapest; name another cost or other levers"
            )

    def look_closer(self) -> None:
        """Rounds of runs near the contour, each where the runs before it suggest."""
        share = int(NEAR * self.budget) // len(WIDTHS)
        for width in WIDTHS:
            fits = self.fits(resamples=0)
            self.run(mixes.near_contour(fits, self.aim, self.levers, width, share, self.rng))

    def fits(self, resamples: int = RESAMPLES, *, cost_resamples: int = 0) -> Fits:
        """Surrogates that matter near the contour."""
        data = self.sample()
        near = self._nearness(data)
        return Fits(
            mixes.fit_count(data.x, data.counts, near, resamples),
            mixes.fit_cost(data.x, data.costs, near, cost_resamples),
        )

    def _nearness(self, data: Sample) -> np.ndarray:
        """How much each run matters (n,), 0 to 1, by its distance from the contour; a quarter of all at least."""
        rough = mixes.fit_count(data.x, data.counts, resamples=0)
        distance = mixes.margin(rough, self.aim, data.x)
        width = max(NEAR_WIDTH, float(np.quantile(np.abs(distance), 0.25)))
        return np.exp(-0.5 * (distance / width) ** 2)

    def try_candidates(self) -> list[_Candidate]:
        """Candidates in the order in which they were tried, until one that is the cheapest by the surrogates is confirmed.

        The likeliest mix, tried where none looked safe, may be confirmed too; then its runs may show a cheaper one.
        """
        tried: list[_Candidate] = []
        for attempt in range(ATTEMPTS):
            confidence = self._confidence(attempt)
            candidate = (
                self._candidate(tried, self._floor(attempt, confidence), confidence) if self.left else None
            )
            if candidate is None or self._is_confirmed(candidate):
                break
            self._watch(candidate)
            tried = [*(earlier for earlier in tried if earlier is not candidate), candidate]
            if candidate.safe and self._is_confirmed(candidate):
                break
        return tried

    def _is_confirmed(self, candidate: _Candidate) -> bool:
        return candidate.verdict(self.aim.probability) == "confirmed"

    def _floor(self, attempt: int, confidence: float) -> float:
        """The least probability that is likely to be confirmed with the runs left, but no safer than it must be.

        A mix that reaches the target only just as often as wished cannot be told from one that does not.
        """
        n = max(int(PLANNED * self.left), 1)
        hits = np.arange(n + 1)
        low, _ = mixture(hits, np.array(n), confidence)
        enough = hits[low > self.aim.probability]
        safest = 1.0 - (1.0 - self.aim.probability) / 2.0 ** (attempt + 1)
        return min([hits / n for hits in enough[:1]] + [safest])

    def _confidence(self, attempt: int) -> float:
        """Half of what may go wrong to the first candidate, half of the rest to the next, and so on."""
        return 1.0 - (1.0 - self.aim.confidence) / 2.0 ** (attempt + 1)

    def _candidate(self, tried: list[_Candidate], floor: float, confidence: float) -> _Candidate | None:
        """The cheapest safe mix, else the likeliest; None if that was refuted already."""
        fits = self.fits()
        point = mixes.cheapest(fits, self.aim, self.levers, floor, self.rng)
        if point is not None:
            return _Candidate(point, True, ConfidenceSequence(confidence))
        point = mixes.likeliest(fits.count, self.aim, self.levers, self.rng)
        for earlier in tried:
            if not earlier.safe and np.abs(earlier.point - point).max() < SAME:
                return None if earlier.verdict(self.aim.probability) == "refuted" else earlier
        return _Candidate(point, False, ConfidenceSequence(confidence))

    def _watch(self, candidate: _Candidate) -> None:
        """Run the candidate until it is confirmed, refuted or hopeless, or no runs are left."""
        while self.left and not self._settled(candidate):
            hits = self.run(np.tile(candidate.point, (min(BATCH, self.left), 1)))
            candidate.watched.add(hits.tolist())

    def _settled(self, candidate: _Candidate) -> bool:
        watched, wished = candidate.watched, self.aim.probability
        if watched.excludes(wished):
            return True
        if watched.n < EARLIEST or not candidate.safe:
            return False
        hoped = wilson(watched.hits, watched.n)[1]
        return (
            hoped <= wished or more_runs(hoped * watched.n, watched.n, wished, watched.confidence) > self.left
        )

    def conclude(self, tried: list[_Candidate]) -> Recommendation:
        """The answer, by all runs made."""
        fits = self.fits(cost_resamples=RESAMPLES)
        status, point, candidate = self._answer(fits, tried)
        feasible = status in ("confirmed", "unconfirmed")
        estimate = mixes.cheapest(fits, _by_estimate(self.aim), self.levers, self.aim.probability, self.rng)
        others = mixes.unlike(fits, self.aim, self.levers, point, self.rng) if feasible else []
        return Recommendation(
            status=status,
            mix=self._mix(fits, point),
            attempt=candidate and self._attempt(candidate),
            estimate=None if estimate is None else self._mix(fits, estimate),
            runners_up=tuple(self._mix(fits, other) for other in others),
            attempts=tuple(self._attempt(candidate) for candidate in tried),
            contour=mixes.contour(fits.count, self.aim) if len(self.levers) == 2 else (),
            runs=self.spent,
            failed=self.spent - sum(map(len, self.counts)),
            sample=self.sample(),
        )

    def _answer(self, fits: Fits, tried: list[_Candidate]) -> tuple[Status, np.ndarray, _Candidate | None]:
        """What is said, of which mix, and its own runs."""
        wished = self.aim.probability
        if confirmed := [one for one in tried if self._is_confirmed(one)]:
            cheapest = min(confirmed, key=lambda one: float(fits.cost.mean(one.point[None])[0]))
            return "confirmed", cheapest.point, cheapest
        standing = [
            one for one in tried
            if one.verdict(wished) != "refuted" and mixes.safe(fits, self.aim, one.point[None], wished)[0]
        ]  # fmt: skip
        if standing:
            cheapest = min(standing, key=lambda one: float(fits.cost.mean(one.point[None])[0]))
            return "unconfirmed", cheapest.point, cheapest
        point = mixes.cheapest(fits, self.aim, self.levers, wished, self.rng)
        if point is not None:
            return "unconfirmed", point, None
        likeliest = [one for one in tried if not one.safe]
        if likeliest:
            refuted = likeliest[-1].verdict(wished) == "refuted"
            return "infeasible" if refuted else "undecided", likeliest[-1].point, likeliest[-1]
        return "undecided", mixes.likeliest(fits.count, self.aim, self.levers, self.rng), None

    def _mix(self, fits: Fits, point: np.ndarray) -> Mix:
        x, aim = point[None], self.aim
        chances = fits.count.probabilities(x, aim.target, aim.at_least)
        costs = fits.cost.means(x)
        low, high = (float(fits.count.quantile(x, level)[0]) for level in (0.05, 0.95))
        return Mix(
            levers=self._named(point),
            probability=_range(chances, aim.confidence),
            cost=_range(costs, aim.confidence),
            count=Range(float(fits.count.mean(x)[0]), low, high),
        )

    def _attempt(self, candidate: _Candidate) -> Attempt:
        watched, wished = candidate.watched, self.aim.probability
        return Attempt(
            levers=self._named(candidate.point),
            hits=watched.hits,
            n=watched.n,
            low=watched.low,
            high=watched.high,
            more_runs=watched.more_runs(wished) if watched.n else math.inf,
            verdict=candidate.verdict(wished),
        )

    def _named(self, point: np.ndarray) -> dict[str, float]:
        values = mixes.natural(self.levers, point[None])[0].tolist()
        return {lever.name: value for lever, value in zip(self.levers, values, strict=True)}


def _by_estimate(aim: Aim) -> Aim:
    return Aim(aim.target, aim.at_least, aim.probability, confidence=0.0)


def _range(resampled: np.ndarray, confidence: float) -> Range:
    low, high = band(resampled, confidence)
    return Range(float(resampled[0, 0]), float(low[0]), float(high[0]))


def _check(levers: Sequence[Factor], target: float, probability: float, confidence: float, runs: int) -> None:
    if not 1 <= len(levers) <= MOST_LEVERS:
        raise ValueError(f"levers: {len(levers)} given, 1 to {MOST_LEVERS} expected")
    if not math.isfinite(target):
        raise ValueError(f"target: {target} given, a number expected")
    for name, value in (("probability", probability), ("confidence", confidence)):
        if not 0.5 <= value < 1.0:
            raise ValueError(f"{name}: {value:g} given, at least 0.5 and less than 1 expected")
    fewest = fewest_runs(len(levers))
    if runs < fewest:
        raise ValueError(f"runs: {runs} given, at least {fewest} expected for {len(levers)} levers")


def fewest_runs(levers: int) -> int:
    """Runs without which a search over so many levers is idle."""
    return 40 * (levers + 1)
