"""Which inputs an outcome hangs on, and how much of its spread is the model's own noise.

Every estimator takes the outcomes `y` of a design, shape (rows, replications), in the design's row order, gives a `Result`
and raises InputError. `statistic` is what is asked about the runs of one point: one of STATISTICS; "probability" is that of
reaching `threshold`, from below if not `at_least`. `common` says that replication r drew the same luck at every point.
"""

from experiments.sensitivity.drivers import FEWEST_POINTS, Driver, Drivers, Parts, drivers, parts, ranks
from experiments.sensitivity.effects import morris
from experiments.sensitivity.given import rank
from experiments.sensitivity.result import METHODS, STATISTICS, Estimate, Result
from experiments.sensitivity.salib import library
from experiments.sensitivity.variance import sobol

__all__ = [
    "FEWEST_POINTS",
    "METHODS",
    "STATISTICS",
    "Driver",
    "Drivers",
    "Estimate",
    "Parts",
    "Result",
    "drivers",
    "library",
    "morris",
    "parts",
    "rank",
    "ranks",
    "sobol",
]
