from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from experiments.sensitivity.result import Result


def morris(
    names: Sequence[str],
    x: np.ndarray,
    y: np.ndarray,
    *,
    levels: int,
    statistic: str = "mean",
    threshold: float | None = None,
    at_least: bool = True,
    common: bool = False,
    resamples: int = 1000,
    seed: int = 1,
) -> Result:
    raise NotImplementedError
