"""What a study leaves on disk: tables, verdict, charts and a manifest, in one folder, whole or not at all."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import answers, files, given_use, urban
from experiments.answers import Table
from experiments.study import WITHHELD, Study
from experiments.verdict import Verdict, outcome, text
from scenarios import frozen
from scenarios.households_table import read_table
from scenarios.scenario import date_of
from simulation.households import CLASSES
from simulation.ledger import FLOWS, by_payer
from simulation.outcomes import GROUPS, INCOMES, INDICATORS, SITE, WHY
from simulation.population import population_hash

log = logging.getLogger(__name__)

FORMAT = 1  # of the folder: a reader refuses a later one


def folder_name(study: Study) -> str:
    """The folder of a study: its scenario and its id."""
    return f"{study.scenario.name.replace('/', '-')}-{study.id}"


def write(
    study: Study,
    verdict: Verdict,
    out: Path,
    *,
    formats: Sequence[str] = (),
    households: Path | None = None,
    request: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Path:
    """Write the study's folder into `out` and return it; without `formats` no charts are drawn.

    The same study gives the same bytes, but for `provenance` in the manifest. `request` is what was asked for, `households` the
    file of the user's own, which the folder keeps. Raises InputError if the folder cannot be written or holds something else.
    """

    def keep(folder: Path) -> None:
        if households is not None:
            _keep_households(study, households, folder / "households.parquet")
        given_use.keep(study.given, folder)

    def draw(folder: Path) -> None:
        from experiments.figures import draw_all

        draw_all(study, folder, langs=answers.LANGS, formats=formats)

    return answers.write(
        out / folder_name(study), name="verdict", answer=answer(verdict), tables=tables(study),
        text=lambda lang: text(verdict, lang), manifest=_manifest(study, request or {}),
        scenarios={"scenario": study.scenario}, draw=draw if formats else None, provenance=provenance, keep=keep,
    )  # fmt: skip


def answer(verdict: Verdict) -> dict[str, Any]:
    """All that is answered, as plain data."""
    return given_use.as_answer(dataclasses.asdict(verdict))


def _keep_households(study: Study, source: Path, target: Path) -> None:
    """The households that were run, or none if the file is no longer what it was when the study began."""
    try:
        target.write_bytes(frozen.households_parquet(source))
        kept = population_hash(
            *read_table(target, counties=[county.id for county in study.scenario.counties])
        )
        if kept == study.populations[0]:
            return
        why = "has changed since the study began"
    except (OSError, ValueError) as error:  # results are not thrown away for it
        why = str(error)
    target.unlink(missing_ok=True)
    log.warning(
        "warning: %s: %s; the study keeps no households and cannot be reproduced without them", source, why
    )


def tables(study: Study) -> Iterator[tuple[str, Table]]:
    """Name and columns of every table; money in fen, months as YYYY-MM, one row a run, or a run and month and so on."""
    n, months = len(study.runs), study.months
    dates = np.array([date_of(t, study.scenario.start) for t in range(months)])
    counties = np.array([county.id for county in study.scenario.counties])
    modes = [mode.id for mode in study.scenario.modes]
    run = np.arange(n)
    yield "runs", _runs(study)
    yield "months", _long(study.county, INDICATORS, run=run, month=dates, county=counties)
    by_mode = _long(study.mode, [f"persons_{mode}" for mode in modes], run=run, month=dates)
    yield (
        "movers",
        by_mode | _long(study.klass, [f"persons_{name}" for name in CLASSES], run=run, month=dates),
    )
    yield "incomes", _long(study.income, INCOMES, run=run, month=dates, group=np.array(GROUPS))
    yield "ledger", _long(study.ledger, [f"{flow.name}_fen" for flow in FLOWS], run=run, month=dates)
    yield "why", _long(study.why, ("households", "persons"), run=run, county=counties, where=np.array(WHY))
    yield "payers", _payers(study)
    yield from _monitored(study, run, dates, counties)
    points = np.arange(study.points)
    yield "effect", _long(study.effect_income, INCOMES, point=points, month=dates, group=np.array(GROUPS))


def _payers(study: Study) -> Table:
    """Every flow of money summed over the run: who paid whom for what, yuan."""
    books = [by_payer(ledger) for ledger in study.ledger]
    keys = list(books[0])
    payer, payee, purpose = (np.array(column * len(books)) for column in map(list, zip(*keys, strict=True)))
    return {
        "run": np.repeat(np.arange(len(books)), len(keys)), "payer": payer, "payee": payee, "purpose": purpose,
        "yuan": np.array([book[key] for book in books for key in keys]),
    }  # fmt: skip


def _monitored(
    study: Study, run: np.ndarray, dates: np.ndarray, counties: np.ndarray
) -> Iterator[tuple[str, Table]]:
    """Incomes by four sources, county by county (12 months) and community by community (last month); urban accounts."""
    axes = dict(run=run, county=counties, group=np.array(GROUPS))
    yield "county_incomes", _long(study.county_income, INCOMES, **axes)
    if study.scenario.sites:
        yield "sites", _long(study.site, SITE, run=run, site=np.array([s.id for s in study.scenario.sites]))
    if urban.kept(study):
        axes = dict(run=run, month=dates)
        yield "urban", _long(study.urban, urban.COMPONENTS, **axes, area=np.array(urban.AREAS))
        yield "urban_income", _long(study.urban_income, urban.INCOME, **axes)


def _runs(study: Study) -> Table:
    """One row a run: its id, its point and seed, the values tried and each target's outcome."""
    resolved = study.scenario.resolved()
    point, replication, seed = study.runs.T
    parameters = [dict(zip(study.uncertainties, row, strict=True)) for row in study.design]
    ids = [
        files.run_id(
            model_hash=study.model_hash, population_hash=study.populations[p], scenario=resolved,
            parameters=parameters[p], seed=int(s),
        )
        for p, s in zip(point, seed, strict=True)
    ]  # fmt: skip
    table = {
        "run": np.arange(len(ids)),
        "id": np.array(ids),
        "point": point,
        "replication": replication,
        "seed": seed,
    }
    table |= {name: study.design[point, k] for k, name in enumerate(study.uncertainties)}
    return table | {f"target_{t.id}": outcome(study, t) for t in study.scenario.targets}


def _long(values: np.ndarray, names: Sequence[str], **axes: np.ndarray) -> Table:
    """All axes but the last as key columns, the last as value columns."""
    keys = np.meshgrid(*(np.arange(len(axis)) for axis in axes.values()), indexing="ij")
    table = {name: axis[key.ravel()] for (name, axis), key in zip(axes.items(), keys, strict=True)}
    flat = values.reshape(-1, len(names))
    return table | {name: flat[:, k] for k, name in enumerate(names)}


def _manifest(study: Study, request: Mapping[str, Any]) -> dict[str, Any]:
    """All that is needed to run the study again and to check that it gives the same bytes."""
    scenario = study.scenario
    return {
        "format": FORMAT,
        "study": study.id,
        "scenario": {"name": scenario.name, "title": dict(scenario.title), "resolved": scenario.resolved()},
        "sources": {name: entry.source for name, entry in scenario.values.items()},
        "request": dict(request),
        "seed": study.seed,
        "points": study.points,
        "replications": study.replications,
        "withheld_share": WITHHELD,
        "uncertainties": list(study.uncertainties),
        "design": study.design.tolist(),
        "seeds": study.runs[: study.replications, 2].tolist(),
        "model_hash": study.model_hash,
        "population_hashes": list(study.populations),
        **given_use.in_manifest(study.given),
    }
