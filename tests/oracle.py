"""A programme whose answer is known: so many households, each moves with a probability set by the levers.

40,000 households move with probability expit(-1 + 0.5 s + 0.3 r), 30,000 are wanted. With a shock all households
share, the probability itself is drawn from Beta(p phi, (1 - p) phi) once a run. Whether the target is reached, and
where it is just likely enough, follows from the binomial or beta-binomial distribution, without simulating.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaln, expit, gammaln
from scipy.stats import binom

HOUSEHOLDS, TARGET = 40_000, 30_000
INTERCEPT = -1.0


@dataclass
class Oracle:
    """A sampler: called with points (n, levers) and seeds (n,), it returns movers and cost (n,) of one run each.

    A run costs `prices` @ levers for every mover, or with `a_head=False` `prices` @ levers**2 whoever moves.
    """

    phi: float | None = None
    slopes: tuple[float, ...] = (0.5,)
    prices: tuple[float, ...] = (1.0,)
    a_head: bool = True
    study: int = 0

    def __post_init__(self):
        self.seeds = []

    def __call__(self, points, seeds):
        self.seeds.extend(seeds.tolist())
        rng = np.random.default_rng([self.study, int(seeds[0])])
        share = self.share(points)
        if self.phi:
            share = rng.beta(share * self.phi, (1.0 - share) * self.phi)
        movers = rng.binomial(HOUSEHOLDS, share).astype(float)
        return movers, self._cost(points, movers)

    def share(self, points):
        return expit(INTERCEPT + np.asarray(points) @ np.array(self.slopes))

    def expected_cost(self, points):
        return self._cost(np.asarray(points), HOUSEHOLDS * self.share(points))

    def probability(self, points):
        """That the target is reached at points (n, levers), exactly."""
        return np.array([self._reached(share) for share in self.share(points)])

    def needed(self, probability):
        """The share of movers that must be expected for the target to be reached with `probability`."""
        return brentq(lambda share: self._reached(share) - probability, 0.5, 0.95, xtol=1e-13)

    def needed_index(self, probability):
        """The value of slopes @ levers that gives it."""
        share = self.needed(probability)
        return np.log(share / (1.0 - share)) - INTERCEPT

    def _cost(self, points, movers):
        prices = np.array(self.prices)
        return (points @ prices) * movers if self.a_head else points**2 @ prices

    def _reached(self, share):
        if not self.phi:
            return float(binom.sf(TARGET - 1, HOUSEHOLDS, share))
        a, b = share * self.phi, (1.0 - share) * self.phi
        k = np.arange(TARGET, HOUSEHOLDS + 1)
        ways = gammaln(HOUSEHOLDS + 1) - gammaln(k + 1) - gammaln(HOUSEHOLDS - k + 1)
        return float(np.exp(ways + betaln(k + a, HOUSEHOLDS - k + b) - betaln(a, b)).sum())
