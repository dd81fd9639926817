"""What a search leaves on disk.

<scenario>-cheapest-<id>/
    runs/       the store of its runs (experiments.store), which only grows
    answer/     answer, tables, chart and manifest, replaced whole or not at all
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import answers, given_use
from experiments.answers import RUNS, Table
from experiments.cheapest import mixes
from experiments.cheapest.study import Found, Plan
from experiments.cheapest.text import sentence, text


def runs_folder(plan: Plan, out: Path) -> Path:
    """The store of a search."""
    return out / plan.folder_name / RUNS


def answer_folder(plan: Plan, out: Path) -> Path:
    """Where its answer goes."""
    return out / plan.folder_name / "answer"


def write(
    f: Found, out: Path, *,
    formats: Sequence[str] = (), request: Mapping[str, Any] | None = None, provenance: Mapping[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Write the answer's folder and return it; without `formats` no chart is drawn.

    The same runs give the same bytes, but for `provenance` in the manifest. Raises InputError if the folder cannot be
    written or holds something else.
    """

    def draw(folder: Path) -> None:
        from experiments.figures import frontier

        frontier.draw_all(f, folder, langs=answers.LANGS, formats=formats)

    return answers.write(
        answer_folder(f.plan, out), answer=answer(f), tables=tables(f), text=lambda lang: text(f, lang),
        manifest=_manifest(f, request or {}), scenarios={"scenario": f.plan.scenario}, draw=draw if formats else None,
        provenance=provenance, keep=lambda folder: given_use.keep(f.plan.given, folder),
    )  # fmt: skip


def answer(f: Found) -> dict[str, Any]:
    """All that is answered, as plain data; levers in base units, money in yuan."""
    r, q = f.recommendation, f.plan.question
    return {
        "id": f.plan.id,
        "scenario": f.plan.scenario.name,
        "sentence": {lang: sentence(f, lang) for lang in answers.LANGS},
        "target": {
            "id": q.target.id,
            "value": q.target.value,
            "at_least": q.target.at_least,
            "date": q.target.date,
        },
        "probability": q.probability,
        "confidence": f.plan.confidence,
        "over": f.plan.over,
        "cost": f.plan.cost,
        "levers": [lever.as_dict() for lever in f.plan.levers],
        "policy": f.plan.planned,
        "status": r.status,
        "mix": dataclasses.asdict(r.mix),
        "own_runs": None if r.attempt is None else dataclasses.asdict(r.attempt),
        "point_estimate": None if r.estimate is None else dataclasses.asdict(r.estimate),
        "runners_up": [dataclasses.asdict(mix) for mix in r.runners_up],
        "attempts": [dataclasses.asdict(attempt) for attempt in r.attempts],
        "runs": r.runs,
        "failed": r.failed,
        **({} if f.plan.given is None else {"given": given_use.brief(f.plan.given)}),
    }


def tables(f: Found) -> Iterator[tuple[str, Table]]:
    """Name and columns of every table: the runs, the frontier and, of two levers, the line of the wished share."""
    sample, levers = f.recommendation.sample, f.plan.levers
    values = mixes.natural(levers, sample.x)
    yield (
        "runs",
        {lever.name: values[:, k] for k, lever in enumerate(levers)}
        | {"outcome": sample.counts, "cost": sample.costs},
    )
    yield "frontier", frontier_table(f)
    if f.recommendation.contour:
        lines = [mixes.stretched(levers, line) for line in f.recommendation.contour]
        yield (
            "contour",
            {"line": np.repeat(np.arange(len(lines)), [len(line) for line in lines])}
            | {lever.name: np.concatenate([line[:, k] for line in lines]) for k, lever in enumerate(levers)},
        )


def frontier_table(f: Found) -> Table:
    """One row a cost: what the best mix within it reaches, and which that is."""
    e = f.frontier
    columns: Table = {"cost": e.cost}
    for name, curve in (("mean", e.mean), ("median", e.median), ("sure", e.sure)):
        columns |= {name: curve.value, f"{name}_low": curve.low, f"{name}_high": curve.high}
    return columns | {lever.name: e.mean.levers[:, k] for k, lever in enumerate(f.plan.levers)}


def _manifest(f: Found, request: Mapping[str, Any]) -> dict[str, Any]:
    plan = f.plan
    return {
        "kind": "cheapest",
        "id": plan.id,
        "scenario": {"name": plan.scenario.name, "title": dict(plan.scenario.title)},
        "request": dict(request),
        "seed": plan.seed,
        "runs": f.recommendation.runs,
        "model_hash": plan.job.model_hash,
        **given_use.in_manifest(plan.given),
    }
