"""What a question leaves on disk.

<scenario>-reach-<id>/            the scenario as it is, under one model and one seed
    runs/<prior, map, ...>/       stores (experiments.store) that only grow, shared by all questions about it
    <target>-<number>-<P>/        one question: answer, tables, chart and manifest, replaced whole or not at all
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import answers, given_use
from experiments.answers import RUNS, Table
from experiments.reach.text import sentence, text

if TYPE_CHECKING:
    from experiments.reach.curve import Curve
    from experiments.reach.study import Plan, Reach


def runs_folder(plan: Plan, out: Path) -> Path:
    """Where the stores of a scenario are."""
    return out / plan.folder_name / RUNS


def answer_folder(plan: Plan, out: Path) -> Path:
    """Where the answer to one question goes."""
    target = plan.question.target
    return out / plan.folder_name / f"{target.id}-{target.value:.10g}-{plan.question.probability:g}"


def write(
    r: Reach, out: Path, *,
    formats: Sequence[str] = (), request: Mapping[str, Any] | None = None, provenance: Mapping[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Write the answer's folder and return it; without `formats` no chart is drawn.

    The same runs give the same bytes, but for `provenance` in the manifest. Raises InputError if the folder cannot be
    written or holds something else.
    """

    def draw(folder: Path) -> None:
        from experiments.figures import reach

        reach.draw_all(r, folder, langs=answers.LANGS, formats=formats)

    return answers.write(
        answer_folder(r.plan, out), answer=answer(r), tables=tables(r), text=lambda lang: text(r, lang),
        manifest=_manifest(r, request or {}), scenarios={"scenario": r.plan.scenario}, draw=draw if formats else None,
        provenance=provenance, keep=lambda folder: given_use.keep(r.plan.given, folder),
    )  # fmt: skip


def answer(r: Reach) -> dict[str, Any]:
    """All that is answered, as plain data in base units."""
    t, m = r.plan.question.target, r.map
    return {
        "scenario": r.plan.scenario.name,
        "title": dict(r.plan.scenario.title),
        "laid_over": list(r.plan.scenario.laid_over()),
        "reach": r.plan.id,
        "target": {
            "id": t.id, "en": t.en, "zh": t.zh, "metric": t.metric, "event": t.event, "scope": t.scope, "unit": t.unit,
            "date": t.date, "at_least": t.at_least, "value": t.value, "own": r.plan.question.own,
        },
        "probability": r.plan.question.probability,
        "verdict": r.ruling.kind,
        "more_runs": r.ruling.more,
        "depends_on": list(r.ruling.on),
        "sentence": {lang: sentence(r, lang) for lang in answers.LANGS},
        "shares": [dataclasses.asdict(share) for share in r.shares],
        "lowest": r.lowest.share,
        "highest": r.highest.share,
        "outcome": None if r.outcome is None else dataclasses.asdict(r.outcome),
        "noise_share": r.noise_share,
        "drivers": None if r.drivers is None else dataclasses.asdict(r.drivers),
        "map": None if m is None else {
            "axes": [dataclasses.asdict(axis) for axis in m.axes], "chosen": r.chosen,
            "central": m.central, "central_low": m.central_low, "central_high": m.central_high,
            "error": m.error, "noise": m.noise, "spline": m.bent, "tips": [dataclasses.asdict(tip) for tip in m.tips],
        },
        "centre": None if r.centre is None else dataclasses.asdict(r.centre),
        "binding": dataclasses.asdict(r.binding),
        "gains": [dataclasses.asdict(gain) for gain in r.gains],
        **({} if r.curve is None else {"curve": dataclasses.asdict(r.curve)}),
        "missing_persons": dict(r.missing),
        "labels": {name: dict(said) for name, said in r.labels.items()},
        "runs": dict(r.runs),
        "errors": dict(r.errors),
        **({} if r.plan.given is None else {"given": given_use.brief(r.plan.given)}),
    }  # fmt: skip


def tables(r: Reach) -> Iterator[tuple[str, Table]]:
    """Name and columns of every table; base units, the outcome in the target's."""
    yield "futures", _futures(r)
    if r.map is not None:
        yield "map", _grid(r)
        yield "map_runs", _map_runs(r)
    if r.gains:
        yield "eased", _gains(r)
    if r.curve is not None:
        yield "lever", _levels(r.curve)


def _futures(r: Reach) -> Table:
    """One row a future and prior."""
    outcome = np.concatenate([s.runs.of(r.plan.question.column) for s in r.samples])
    values = np.concatenate([s.values for s in r.samples])
    return {
        "prior": np.concatenate([np.repeat(s.prior, len(s.values)) for s in r.samples]),
        "future": np.concatenate([np.arange(len(s.values)) for s in r.samples]),
        "failed": np.concatenate([s.runs.failed[:, 0] for s in r.samples]).astype(np.int64),
        "outcome": outcome,
        "reached": r.plan.question.reached(outcome).astype(np.int64),
        **{name: values[:, k] for k, name in enumerate(r.plan.names)},
    }


def _grid(r: Reach) -> Table:
    """One row a cell of the map."""
    assert r.map is not None
    places = np.meshgrid(*r.map.grid, indexing="xy")
    columns = {axis.name: place.ravel() for axis, place in zip(r.map.axes, places, strict=True)}
    return columns | {"probability": r.map.probability.ravel(), "mean": r.map.mean.ravel()}


def _map_runs(r: Reach) -> Table:
    """One row a run of the map."""
    assert r.map is not None
    columns = {axis.name: r.map.points[:, k] for k, axis in enumerate(r.map.axes)}
    return {"point": np.arange(len(r.map.points))} | columns | {"outcome": r.map.outcomes}


def _gains(r: Reach) -> Table:
    rows = [dataclasses.asdict(gain) | {"names": " ".join(gain.names)} for gain in r.gains]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _levels(c: Curve) -> Table:
    """One row a level of the lever, in base units."""
    rows = [{"lever": c.lever.name} | dataclasses.asdict(level) for level in c.levels]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _manifest(r: Reach, request: Mapping[str, Any]) -> dict[str, Any]:
    """All that is needed to run it again and to check that it gives the same."""
    scenario, plan = r.plan.scenario, r.plan
    return {
        "kind": "reach",
        "reach": plan.id,
        "scenario": {"name": scenario.name, "title": dict(scenario.title), "resolved": scenario.resolved()},
        "sources": {name: entry.source for name, entry in scenario.values.items()},
        "request": dict(request),
        "target": {"id": plan.question.target.id, "value": plan.question.target.value},
        "probability": plan.question.probability,
        "priors": list(plan.priors),
        "uncertain": [dataclasses.asdict(x) for x in plan.uncertain],
        "seed": plan.seed,
        "budget": plan.budget,
        "stores": {name: f"../{RUNS}/{name}" for name in r.runs},
        "runs": dict(r.runs),
        "model_hash": plan.job.model_hash,
        "households_hash": plan.job.households_hash,
        **given_use.in_manifest(plan.given),
    }
