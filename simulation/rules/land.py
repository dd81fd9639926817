"""The old house: when it is given up, and what its land brings."""

import math

from simulation.rule import rule


@rule
def surrender_month(months_since_moving, willing, when, p):
    """Whether the old house is given up this month: with probability chi within twelve months, evenly spread."""
    if willing >= p.surrender_share:
        return False
    return months_since_moving == math.floor(12.0 * when) + 1.0


@rule
def worth_reclaiming(homestead_m2, p):
    """Parcels below the threshold are left."""
    return homestead_m2 >= p.parcel_min_m2


@rule
def mu(m2):
    """1 mu = 2000/3 m2."""
    return m2 * 3.0 / 2000.0
