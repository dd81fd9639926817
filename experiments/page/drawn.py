"""The movers chart of a finished setting, as `anju run` draws it."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import numpy as np

from experiments.page import picture
from experiments.page.live import Job, found_id


class Finished:
    """What the movers chart reads of a study, from the summaries of a finished job."""

    given = None
    replications = 1

    def __init__(self, job: Job) -> None:
        self.scenario, self.seed = job.scenario, job.asked_seed
        self.version, self.id = metadata.version("anju"), found_id(job)
        self.points, self.months = job.of, job.scenario.months
        self.uncertainties, self.design = job.design.names, job.design.values
        self.runs = np.array([(p, 0, job.seed) for p in range(job.of)], np.int64)
        self._persons = np.stack([one.persons for one in job.summaries if one])

    def indicator(self, name: str) -> np.ndarray:
        """Persons moved, (runs, months, 1): all that is kept month by month."""
        if name != f"persons_{picture.event(self.scenario)}":
            raise ValueError(f"{name}: is not kept month by month")
        return self._persons[..., None]

    def by_point(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(self.points, 1, *values.shape[1:])


def movers(job: Job, lang: str, kind: str) -> bytes:
    """The chart as bytes; `kind` is png, svg or pdf."""
    from experiments.figures import movers as chart
    from experiments.figures.sheets import Chart

    study: Any = Finished(job)
    data = chart.data(study)
    drawn = Chart(chart.NAME, study, chart.rows(study, data), lambda words: chart.draw(study, data, words))
    return drawn.pictures(lang, [kind])[kind]
