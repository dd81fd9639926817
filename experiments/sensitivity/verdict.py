"""Whether estimates are good enough to rank by.

Convergence is judged by the width of the 95 % interval, as Sarrazin, Pianosi & Wagener (2016) do, doi
10.1016/j.envsoft.2016.02.005. The numbers are a choice of our own: 0.05, which the R package pksensi has as its default for that
width, too; and the same below which inputs need no ranks. So is the rule: an input is not converged if its interval is wider than 0.05 and
overlaps that of another input, at least one of the two being 0.05 or more. Measures with a unit are divided by the largest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.sensitivity.result import Estimate

WIDE = 0.05  # of an interval
SMALL = 0.05  # an input below it is one of the unimportant, which need no ranks


def unconverged(
    names: Sequence[str], estimates: Sequence[Estimate], *, unit: bool = False
) -> tuple[str, ...]:
    """Names whose interval is too wide to rank by; those without an interval are among them."""
    value, low, high = np.array(estimates, float).T
    largest = float(np.nanmax(value)) if unit and np.nanmax(value) > 0.0 else 1.0
    value, low, high = value / largest, low / largest, high / largest
    found = []
    for i, name in enumerate(names):
        wide = not high[i] - low[i] <= WIDE
        overlaps = ~((high < low[i]) | (low > high[i])) & (np.maximum(value, value[i]) >= SMALL)
        overlaps[i] = False
        if not np.isfinite(high[i] - low[i]) or (wide and overlaps.any()):
            found.append(name)
    return tuple(found)
