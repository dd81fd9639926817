"""What a sensitivity study leaves on disk.

<scenario>-sensitivity-<id>/      the scenario as it is, under one model and one seed
    runs/<design>/                stores (experiments.store) that only grow, shared by all questions about it
    <method>-<outcome>-.../       one question: answer, tables, chart and manifest, replaced whole or not at all

The answer about a sweep that was there already has no runs of its own; its manifest says where they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import answers, given_use
from experiments.answers import RUNS, Table
from experiments.sensitivity.analysis import ranking
from experiments.sensitivity.result import Result
from experiments.sensitivity.said import noise_sentence, sentence
from experiments.sensitivity.study import Sensitivity
from experiments.sensitivity.text import text

if TYPE_CHECKING:
    from experiments.sensitivity.plan import Plan

KIND = "sensitivity"


def runs_folder(plan: Plan, out: Path) -> Path:
    """Where the stores of a scenario are."""
    return out / plan.folder_name / RUNS


def answer_folder(what: Plan | Sensitivity, out: Path) -> Path:
    """Where an answer goes."""
    if isinstance(what, Sensitivity):
        name = what.scenario.name.replace("/", "-")
        return out / f"{name}-sensitivity-{what.id}" / what.name
    return out / what.folder_name / what.answer_name


def write(
    s: Sensitivity, out: Path, *,
    formats: Sequence[str] = (), request: Mapping[str, Any] | None = None, provenance: Mapping[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Write the answer's folder and return it; without `formats` no chart is drawn.

    Raises InputError if the folder cannot be written or holds something else.
    """

    def draw(folder: Path) -> None:
        from experiments.figures import sensitivity

        sensitivity.draw_all(s, folder, langs=answers.LANGS, formats=formats)

    place = answer_folder(s, out)
    return answers.write(
        place,
        answer=answer(s),
        tables=tables(s),
        text=lambda lang: text(s, lang),
        manifest=_manifest(s, place, request or {}),
        scenarios={"scenario": s.scenario},
        draw=draw if formats else None,
        provenance=provenance,
        keep=lambda folder: given_use.keep(s.given, folder),
    )


def answer(s: Sensitivity) -> dict[str, Any]:
    """All that is answered, as plain data in base units."""
    q, r = s.quantity, s.result
    return {
        "kind": KIND,
        "scenario": s.scenario.name,
        "title": dict(s.scenario.title),
        "laid_over": list(s.scenario.laid_over()),
        "sensitivity": s.id,
        "method": s.method,
        "quantity": {
            "column": q.column, "statistic": q.statistic, "unit": q.unit, "threshold": q.threshold, "at_least": q.at_least,
            "target": None if q.target is None else {"id": q.target.id, "en": q.target.en, "zh": q.target.zh},
        },
        "sentence": {lang: sentence(s, lang) for lang in answers.LANGS},
        "noise_sentence": {lang: noise_sentence(s, lang) for lang in answers.LANGS},
        "noise": None if r.noise is None else r.noise._asdict(),
        "corrected": r.corrected,
        "noise_in_intervals": r.noise_in_intervals,
        "floor": r.floor,
        "spread": r.spread,
        "leading": r.leading,
        "inputs": [_input(s, r, k) for k in ranking(r)],
        "groups": {name: list(members) for name, members in s.design.options.get("groups", {}).items()} or None,
        "pairs": [{"pair": list(pair), **estimate._asdict()} for pair, estimate in _pairs(r)],
        "unconverged": list(r.unconverged),
        "settling": None if s.settling is None else {
            "points": s.settling.points, "points_above": s.settling.above, "points_order": s.settling.order,
            "more_runs_above": s.settling.runs_above, "more_runs_order": s.settling.runs_order,
        },
        "screen": None if s.screen is None else {
            "chosen": list(s.screen.chosen), "trajectories": s.screen.trajectories, "runs": s.screen.runs,
            "leading": s.screen.result.leading,
            "inputs": [_input(s, s.screen.result, k) for k in ranking(s.screen.result)],
        },
        "held_at_central_values": list(s.held),
        "labels": {name: dict(said) for name, said in s.labels.items()},
        "given": given_use.brief(s.given),
        "design": s.design.kind,
        "base_points": s.design.base,
        "points": len(s.design.values),
        "replications": s.y.shape[1],
        "common_luck": s.common,
        "runs": dict(s.runs),
        "seed": s.seed,
    }  # fmt: skip


def _input(s: Sensitivity, r: Result, k: int) -> dict[str, Any]:
    directions = s.directions if r is s.result or s.screen is None else s.screen.directions
    direction = directions.get(r.names[k])
    return {
        "name": r.names[k],
        **{measure: estimates[k]._asdict() for measure, estimates in r.measures.items()},
        "direction": None if direction is None else direction.sign,
        "correlation": None if direction is None else direction.correlation,
        "converged": r.names[k] not in r.unconverged,
    }


def _pairs(r: Result) -> list[tuple[tuple[str, str], Any]]:
    return sorted(r.pairs.items(), key=lambda item: -item[1].value)


def tables(s: Sensitivity) -> Iterator[tuple[str, Table]]:
    """Name and columns of every table."""
    yield "indices", indices(s, s.result)
    if s.result.pairs:
        yield "pairs", _pair_table(s.result)
    if s.screen is not None:
        yield "screen", indices(s, s.screen.result)
    yield "points", _points(s)


def indices(s: Sensitivity, r: Result) -> Table:
    """One row an input and measure, the inputs that matter most first."""
    directions = s.directions if r is s.result or s.screen is None else s.screen.directions
    rows = [(place, k, measure) for place, k in enumerate(ranking(r), 1) for measure in r.measures]
    told = [r.measures[measure][k] for _, k, measure in rows]
    names = [r.names[k] for _, k, _ in rows]
    return {
        "rank": np.array([place for place, _, _ in rows]),
        "input": np.array(names),
        "label_en": np.array([s.labels[name]["en"] for name in names]),
        "label_zh": np.array([s.labels[name]["zh"] for name in names]),
        "measure": np.array([measure for _, _, measure in rows]),
        "value": np.array([estimate.value for estimate in told], float),
        "low": np.array([estimate.low for estimate in told], float),
        "high": np.array([estimate.high for estimate in told], float),
        "direction": np.array([directions[name].sign if name in directions else 0 for name in names]),
        "converged": np.array([int(name not in r.unconverged) for name in names]),
    }


def _pair_table(r: Result) -> Table:
    found = _pairs(r)
    return {
        "first": np.array([pair[0] for pair, _ in found]),
        "second": np.array([pair[1] for pair, _ in found]),
        **{
            end: np.array([getattr(estimate, end) for _, estimate in found], float)
            for end in ("value", "low", "high")
        },
    }


def _points(s: Sensitivity) -> Table:
    """One row a point: its inputs, and what its runs came to."""
    columns = {name: s.design.values[:, k] for k, name in enumerate(s.design.names)}
    spread = s.y.std(axis=1, ddof=1) if s.y.shape[1] > 1 else np.full(len(s.y), np.nan)
    return {
        "point": np.arange(len(s.y)), **columns, "runs": np.full(len(s.y), s.y.shape[1]), "mean": s.y.mean(axis=1), "sd": spread
    }  # fmt: skip


def _manifest(s: Sensitivity, place: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """All that is needed to run it again and to check that it gives the same."""
    scenario = s.scenario
    if s.stored is not None:
        at = {s.stored.name: Path(os.path.relpath(s.stored, place.expanduser().resolve())).as_posix()}
    else:
        at = {name: f"../{RUNS}/{name}" for name in s.runs}
    return {
        "kind": KIND,
        "sensitivity": s.id,
        "scenario": {"name": scenario.name, "title": dict(scenario.title), "resolved": scenario.resolved()},
        "sources": {name: entry.source for name, entry in scenario.values.items()},
        "request": dict(request),
        "method": s.method,
        "quantity": {
            "column": s.quantity.column,
            "statistic": s.quantity.statistic,
            "threshold": s.quantity.threshold,
        },
        "factors": [factor.as_dict() for factor in s.design.factors],
        "design": {"kind": s.design.kind, **s.design.options},
        "points": len(s.design.values),
        "replications": s.y.shape[1],
        "seed": s.seed,
        "stores": at,
        "runs": dict(s.runs),
        "model_hash": s.model_hash,
        "households_hash": s.households_hash,
        **given_use.in_manifest(s.given),
    }
