"""Policies over the same futures: how often each reaches the target, and what it costs to have chosen it.

Every policy is run in every future under the same luck, so futures are compared one by one. Criteria differ in how much
they fear the worst; where they name different policies, that is the answer.

References
----------
McPhail et al. (2018), Earth's Future 6, 169-191, doi 10.1002/2017EF000649 (criteria of robustness and when they agree).
Savage (1951), J. Am. Stat. Assoc. 46, 55-67, doi 10.1080/01621459.1951.10500768 (regret). Starr (1963), Product Design and
Decision Theory (share of futures). Bonett & Price (2012), J. Educ. Behav. Stat. 37, 479-488, doi 10.3102/1076998611411915.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.discovery.prim import Range
from experiments.intervals import Z95, wilson

CRITERIA = ("share", "mean", "tenth", "worst", "regret_p90", "regret_most")
"""share: most futures reach the target. mean: best on average, which is also least regret on average. tenth, worst: best outcome
in the worst tenth of futures, and in the worst. regret_p90, regret_most: least regret in nine futures of ten, and in all."""
RESAMPLES = 1000
TENTH = 0.1
FEWEST = 10  # futures below which policies are not ranked
STREAM = 4  # of random numbers


@dataclass(frozen=True)
class Score:
    """One policy. Outcomes and regrets are in the target's unit; a regret is 0 in futures where the policy is best.

    `best`: share of futures in which it is best, ties parted. `ahead` and `more` compare it with the first policy: by how much
    its outcome is better on average and in how many more futures it reaches the target (NaN for the first itself).
    """

    name: str
    share: Range
    mean: Range
    tenth: float
    worst: float
    regret: Range
    regret_p90: Range
    regret_most: float
    best: float
    ahead: Range
    more: Range


@dataclass(frozen=True)
class Choice:
    """The policy that a criterion names, or several that tie; `sure`: share of bootstrap samples of futures in which the first
    of them is named, too."""

    criterion: str
    policies: tuple[str, ...]
    sure: float


@dataclass(frozen=True, eq=False)
class Regrets:
    """`regret` has shape (policies, futures); `kept` (futures of the design,) says in which all policies could be run."""

    scores: tuple[Score, ...]
    choices: tuple[Choice, ...]
    regret: np.ndarray
    kept: np.ndarray

    @property
    def agreed(self) -> tuple[str, ...]:
        """Policies that every criterion names, none if they do not agree."""
        named = set.intersection(*(set(choice.policies) for choice in self.choices))
        return tuple(score.name for score in self.scores if score.name in named)


def regrets(
    names: Sequence[str], outcome: np.ndarray, share: np.ndarray, *, sign: int, seed: int = 1,
    kept: np.ndarray | None = None,
) -> Regrets:  # fmt: skip
    """Judge policies by `outcome` and by `share` of runs that reach the target, both (policies, futures) without NaN.

    `sign` is +1 where more of the outcome is better. Several runs of a future count as their mean.
    """
    good = sign * outcome
    lost = good.max(axis=0) - good
    best = lost == 0.0
    n = outcome.shape[1]
    times = _resampled(n, seed)
    rows = [
        Score(
            name=name,
            share=Range(float(share[k].mean()), *wilson(share[k].sum().item(), n)),
            mean=_mean(outcome[k], times),
            tenth=sign * float(np.quantile(good[k], TENTH)),
            worst=sign * float(good[k].min()),
            regret=_mean(lost[k], times),
            regret_p90=Range(
                float(np.quantile(lost[k], 1.0 - TENTH)),
                *np.quantile(
                    [np.quantile(lost[k][some], 1.0 - TENTH) for some in times], (0.025, 0.975)
                ).tolist(),
            ),
            regret_most=float(lost[k].max()),
            best=float((best[k] / best.sum(axis=0)).mean()),
            ahead=_mean(good[k] - good[0], times) if k else Range(math.nan, math.nan, math.nan),
            more=_difference(share[k], share[0]) if k else Range(math.nan, math.nan, math.nan),
        )
        for k, name in enumerate(names)
    ]
    return Regrets(
        scores=tuple(rows),
        choices=tuple(_choices(names, good, lost, share, times)),
        regret=lost,
        kept=np.ones(n, bool) if kept is None else kept,
    )


def _resampled(n: int, seed: int) -> np.ndarray:
    """Futures of each bootstrap sample, (RESAMPLES, n)."""
    return np.random.default_rng([seed, STREAM]).integers(0, n, (RESAMPLES, n))


def _mean(values: np.ndarray, times: np.ndarray) -> Range:
    low, high = np.quantile(values[times].mean(axis=1), (0.025, 0.975))
    return Range(float(values.mean()), float(low), float(high))


def _difference(one: np.ndarray, other: np.ndarray) -> Range:
    """Difference of two shares in the same futures, Bonett & Price (2012): a future is added to each kind that disagrees."""
    n = len(one)
    more, less = (float(np.maximum(d, 0.0).sum()) for d in (one - other, other - one))
    p, q = (more + 1.0) / (n + 2.0), (less + 1.0) / (n + 2.0)
    half = Z95 * math.sqrt((p + q - (p - q) ** 2) / (n + 2.0))
    return Range((more - less) / n, max(p - q - half, -1.0), min(p - q + half, 1.0))


def _choices(
    names: Sequence[str], good: np.ndarray, lost: np.ndarray, share: np.ndarray, times: np.ndarray
) -> list[Choice]:
    """What each criterion names, in all futures and in how many resamples."""

    def judged(rows: np.ndarray) -> dict[str, np.ndarray]:
        """(criteria) of (policies, samples), more is better; `rows` (samples, futures)."""
        g, r = good[:, rows], lost[:, rows]
        return {
            "share": share[:, rows].mean(axis=2),
            "mean": g.mean(axis=2),
            "tenth": np.quantile(g, TENTH, axis=2),
            "worst": g.min(axis=2),
            "regret_p90": -np.quantile(r, 1.0 - TENTH, axis=2),
            "regret_most": -r.max(axis=2),
        }

    whole = judged(np.arange(good.shape[1])[None])
    again = [judged(block) for block in np.array_split(times, 20)]  # all at once takes much memory
    found = []
    for criterion in CRITERIA:
        value = whole[criterion][:, 0]
        chosen = np.flatnonzero(value == value.max()).tolist()
        others = np.concatenate([one[criterion][chosen[0]] == one[criterion].max(axis=0) for one in again])
        found.append(Choice(criterion, tuple(names[k] for k in chosen), float(others.mean())))
    return found
