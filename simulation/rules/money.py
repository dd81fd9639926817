"""Money is booked in whole fen."""

from simulation.rule import primitive

_HALF = 6755399441055744.0  # 1.5 * 2**52: adding and taking it away rounds to a whole number, half to even


@primitive
def fen(yuan):
    """Whole fen nearest to an amount in yuan, below 10**13 yuan."""
    return (yuan * 100.0 + _HALF) - _HALF
