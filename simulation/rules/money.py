"""Money is booked in whole fen."""

import math

from simulation.rule import rule


@rule
def fen(yuan):
    """Whole fen nearest to an amount in yuan."""
    return float(math.floor(yuan * 100.0 + 0.5))
