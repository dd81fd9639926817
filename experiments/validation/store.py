"""What a validation leaves on disk.

<scenario>-validate-<id>/runs/    stores (experiments.store) of one scenario's runs, shared by all validations with it
validation-<id>/                  the answer: rows, scores, members, charts and manifest, replaced whole or not at all
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import answers, given_use
from experiments.answers import RUNS, Table
from experiments.validation import judge
from experiments.validation.text import sentence, text

if TYPE_CHECKING:
    from experiments.validation.study import Plan, Validation

LANGS = answers.LANGS


def answer_folder(plan: Plan, out: Path) -> Path:
    """Where the answer goes."""
    return out / f"validation-{plan.id}"


def runs_folder(plan: Plan, out: Path) -> Path:
    """Where the folders of its scenarios are, each with the runs of one."""
    return out


def write(
    v: Validation, out: Path, *,
    formats: Sequence[str] = (), request: Mapping[str, Any] | None = None, provenance: Mapping[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Write the answer's folder and return it; without `formats` no chart is drawn. Raises InputError."""

    def draw(folder: Path) -> None:
        from experiments.figures import validation

        validation.draw_all(v, folder, langs=LANGS, formats=formats)

    return answers.write(
        answer_folder(v.plan, out),
        answer=answer(v),
        tables=tables(v),
        text=lambda lang: text(v, lang),
        manifest=_manifest(v, request or {}),
        scenarios={f"scenario-{one.case.name.replace('/', '-')}": one.case.scenario for one in v.plan.cases},
        draw=draw if formats else None,
        provenance=provenance,
        keep=lambda folder: given_use.keep(v.plan.given, folder),
    )


def answer(v: Validation) -> dict[str, Any]:
    """All that is answered, as plain data; numbers of a fact in the fact's unit."""
    judged = v.judged
    return {
        "validation": v.plan.id,
        "scenarios": [one.case.name for one in v.plan.cases],
        "left_out": list(v.plan.left_out),
        "points": v.plan.points,
        "replications": v.plan.replications,
        "seed": v.plan.seed,
        "given": given_use.brief(v.plan.given),
        "sentence": {lang: sentence(v, lang) for lang in LANGS},
        "facts": [dataclasses.asdict(row) | {"loses": row.loses} for row in judged.rows],
        "coverage": {
            match: None if cover is None else dataclasses.asdict(cover)
            for match, cover in judged.coverage.items()
        },
        "score": judged.score,
        "relative_difference": [dataclasses.asdict(group) for group in judged.groups],
        "against_naive": [dataclasses.asdict(duel) for duel in judged.duels],
        "no_matching_outcome": [
            {
                "scenario": one.case.name,
                "en": match.en,
                "zh": match.zh,
                "why_en": match.why_en,
                "why_zh": match.why_zh,
            }
            for one in v.plan.cases
            for match in one.case.without
        ],
        "runs": dict(v.runs),
        "errors": dict(v.errors),
    }


def tables(v: Validation) -> Iterator[tuple[str, Table]]:
    """Name and columns of every table."""
    yield "facts", _facts(v)
    yield "forecasts", _forecasts(v)
    yield "runs", _members(v)
    if v.judged.duels:
        yield "against_naive", _columns([dataclasses.asdict(duel) for duel in v.judged.duels])


def _facts(v: Validation) -> Table:
    left_out = ("naive", "why_none_en", "why_none_zh")
    rows = [
        {name: value for name, value in dataclasses.asdict(row).items() if name not in left_out}
        | {"loses": row.loses}
        for row in v.judged.rows
    ]
    return _columns(rows)


def _forecasts(v: Validation) -> Table:
    """One row a fact and forecast, the model's median among them."""
    rows = []
    for row in v.judged.rows:
        told = {"id": row.id, "unit": row.unit, "match": row.match, "fact": row.fact}
        rows.append(
            told
            | {"forecast": judge.MODEL, "value": row.model, "difference": row.difference, "score": row.score}
        )
        rows += [
            told
            | {"forecast": one.kind, "value": one.value, "difference": one.difference, "score": one.score}
            for one in row.naive
        ]
    return _columns(rows)


def _members(v: Validation) -> Table:
    """One row a fact and run."""
    shape = v.plan.points, v.plan.replications
    point, replication = (x.ravel() for x in np.indices(shape))
    ids = list(v.members)
    return {
        "id": np.repeat(np.array(ids, dtype=object), point.size),
        "point": np.tile(point, len(ids)),
        "replication": np.tile(replication, len(ids)),
        "value": np.concatenate([v.members[id].ravel() for id in ids]),
    }


def _columns(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows as columns; a missing number is NaN, a missing text empty, yes and no are 1 and 0."""
    found: Table = {}
    for name in rows[0]:
        column = [row[name] for row in rows]
        known = [value for value in column if value is not None]
        if known and all(isinstance(value, bool) for value in known):
            found[name] = np.array(column, dtype=np.int64)
        elif all(isinstance(value, str) for value in known) and (known or name in ("best", "nearest")):
            found[name] = np.array(["" if value is None else value for value in column], dtype=object)
        else:
            found[name] = np.array([np.nan if value is None else value for value in column])
    return found


def _manifest(v: Validation, request: Mapping[str, Any]) -> dict[str, Any]:
    """All that is needed to do it again."""
    plan = v.plan
    return {
        "kind": "validation",
        "validation": plan.id,
        "request": dict(request),
        "points": plan.points,
        "replications": plan.replications,
        "seed": plan.seed,
        "model_hash": plan.cases[0].job.model_hash,
        "stores": {
            f"{one.case.name}/{name}": f"../{one.folder_name}/{RUNS}/{name}"
            for one in plan.cases
            for name in one.stores
        },
        "scenarios": {
            one.case.name: {
                "id": one.id,
                "resolved": one.case.scenario.resolved(),
                "sources": {name: entry.source for name, entry in one.case.scenario.values.items()},
                "runs": one.runs,
            }
            for one in plan.cases
        },
        "facts": [
            {"id": row.id, "value": row.fact, "unit": row.unit, "source": row.source, "where": row.where}
            for row in v.judged.rows
        ],
        **given_use.in_manifest(plan.given),
    }
