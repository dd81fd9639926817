"""What an answer leaves on disk.

<scenario>-discovery-<id>/
    runs/<policy>/              stores (experiments.store) that only grow; none if the runs of another store were read
    <failing>-<target>-<n>/     one question: answer, tables, charts and manifest, replaced whole or not at all
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import answers, given_use
from experiments.answers import RUNS
from experiments.discovery.cases import Event, Input
from experiments.discovery.prim import Found
from experiments.discovery.said import path_said, sentence
from experiments.discovery.study import Discovery, Plan, Read
from experiments.discovery.text import text
from experiments.discovery.tree import Node
from experiments.wording import Page

NAN = math.nan


def runs_folder(plan: Plan, out: Path) -> Path:
    """Where the stores of the policies are."""
    return out / plan.folder_name / RUNS


def answer_folder(of: Plan | Read | Discovery, out: Path) -> Path:
    """Where the answer to one question goes."""
    event = of.case.event if isinstance(of, Discovery) else of.event
    return out / of.folder_name / event.label


def write(
    d: Discovery, out: Path, *,
    formats: Sequence[str] = (), request: Mapping[str, Any] | None = None, provenance: Mapping[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Write the answer's folder and return it; without `formats` no chart is drawn. Raises InputError if it cannot be written."""
    return answers.write(
        answer_folder(d, out), answer=answer(d), tables=tables(d), text=lambda lang: text(d, lang),
        manifest=_manifest(d, answer_folder(d, out), request or {}), scenarios={"scenario": d.scenario},
        draw=_drawing(d, formats) if formats else None, provenance=provenance,
        keep=lambda folder: given_use.keep(d.given, folder),
    )  # fmt: skip


def _drawing(d: Discovery, formats: Sequence[str]) -> Callable[[Path], Any]:
    def draw(folder: Path) -> None:
        from experiments.figures import discovery

        discovery.draw_all(d, folder, langs=answers.LANGS, formats=formats)

    return draw


def answer(d: Discovery) -> dict[str, Any]:
    """All that is answered, as plain data in base units."""
    c, found, grown = d.case, d.search, d.tree
    return {
        "scenario": d.scenario.name,
        "title": dict(d.scenario.title),
        "laid_over": list(d.scenario.laid_over()),
        "discovery": d.id,
        "sentence": {lang: sentence(d, lang) for lang in answers.LANGS},
        "event": _event(c.event),
        "given": given_use.brief(d.given),
        "points": len(c.points),
        "design": c.kind,
        "runs": {"counted": c.runs, "failed": c.failed, "missing": c.missing, "undefined": c.undefined},
        "errors": dict(c.errors),
        "density": c.sample.density if len(c.points) else None,
        "inputs": [_input(one) for one in c.inputs],
        "held": list(d.held),
        "settings": _settings(d),
        "why_nothing": d.idle,
        "boxes": [] if found is None else [_box(d, box) for box in found.boxes],
        "covered": None if found is None else found.coverage,
        "first_box_p": None if found is None else found.p,
        "tree": None if grown is None else {
            "found": grown.found, "accuracy": grown.accuracy, "majority": grown.majority, "explained": grown.explained,
            "p": grown.p, "folds": grown.folds, "nodes": [_node(d, node) for node in grown.nodes],
        },
        "policies": [] if d.regrets is None else [dataclasses.asdict(s) for s in _plain_scores(d)],
        "criteria": [] if d.regrets is None else [dataclasses.asdict(choice) for choice in d.regrets.choices],
        "agreed": [] if d.regrets is None else list(d.regrets.agreed),
        "futures_compared": None if d.regrets is None else int(d.regrets.kept.sum()),
    }  # fmt: skip


def _plain_scores(d: Discovery) -> Sequence[Any]:
    assert d.regrets is not None
    return [
        dataclasses.replace(
            s,
            **{
                f.name: value._asdict()
                for f in dataclasses.fields(s)
                if hasattr(value := getattr(s, f.name), "_asdict")
            },
        )
        for s in d.regrets.scores
    ]


def _event(e: Event) -> dict[str, Any]:
    t = e.question.target if e.question else None
    return {
        "kind": e.kind, "column": e.column, "value": e.value, "unit": e.unit,
        "target": None if t is None else {"id": t.id, "en": t.en, "zh": t.zh, "date": t.date, "at_least": t.at_least},
    }  # fmt: skip


def _input(one: Input) -> dict[str, Any]:
    return {
        "name": one.name, "low": one.low, "high": one.high, "scale": one.scale, "unit": one.unit, "kind": one.kind,
        "en": one.label["en"], "zh": one.label["zh"],
    }  # fmt: skip


def _settings(d: Discovery) -> dict[str, Any]:
    return {
        "boxes": d.settings.boxes, "depth": d.settings.depth, "seed": d.settings.seed,
        "min_support": d.settings.prim.support, "threshold": d.settings.prim.threshold, "peel": d.settings.prim.criterion,
    }  # fmt: skip


def _box(d: Discovery, found: Found) -> dict[str, Any]:
    s = found.stability
    return {
        "points": found.points, "coverage": found.coverage, "density": found.density, "mass": found.mass, "base": found.base,
        "p": found.p, "threshold_met": found.met, "resamples": s.resamples, "found_in_resamples": s.found,
        "left_out": {"coverage": s.coverage._asdict(), "density": s.density._asdict()},
        "limits": [_limit(d, found, k, side) for k in found.order for side in (0, 1) if math.isfinite(found.box[side][k])],
        "limited_in_resamples": {one.name: float(s.restricted[k]) for k, one in enumerate(d.case.inputs)},
    }  # fmt: skip


def _limit(d: Discovery, found: Found, k: int, side: int) -> dict[str, Any]:
    one, s = d.case.inputs[k], found.stability
    place = float(found.box[side][k])
    low, high = (one.value(float(p)) if math.isfinite(p) else NAN for p in s.places[k, side])
    return {
        "input": one.name, "side": ("low", "high")[side], "value": one.limit(place, side), "unit": one.unit, "place": place,
        "low": low, "high": high, "quasi_p": float(found.quasi_p[k, side]), "limited_in_resamples": float(s.sides[k, side]),
    }  # fmt: skip


def _node(d: Discovery, node: Node) -> dict[str, Any]:
    one = None if node.input is None else d.case.inputs[node.input]
    return {
        "rule": {lang: path_said(Page(lang, banded=True), d, node) for lang in answers.LANGS},
        "depth": node.depth, "points": node.points, "mass": node.mass, "density": node.density, "coverage": node.coverage,
        "input": "" if one is None else one.name, "value": NAN if one is None else one.value(node.place),
        "left": node.left, "right": node.right,
    }  # fmt: skip


# Tables


def tables(d: Discovery) -> Iterator[tuple[str, answers.Table]]:
    """Name and columns of every table; base units."""
    yield "futures", _futures(d)
    if d.search is not None and d.search.boxes:
        yield "boxes", _columns([_flat(number, box) for number, box in enumerate(d.search.boxes, 1)])
        yield "limits", _columns([
            {"box": number} | _limit(d, box, k, side)
            for number, box in enumerate(d.search.boxes, 1)
            for k in box.order
            for side in (0, 1)
            if math.isfinite(box.box[side][k])
        ])  # fmt: skip
        yield "stability", _columns([
            {"box": number, "input": one.name, "limited": float(box.stability.restricted[k]),
             "limited_low": float(box.stability.sides[k, 0]), "limited_high": float(box.stability.sides[k, 1])}
            for number, box in enumerate(d.search.boxes, 1)
            for k, one in enumerate(d.case.inputs)
        ])  # fmt: skip
    if d.search is not None and d.search.steps:
        yield "trajectory", _columns(_trajectory(d))
    if d.tree is not None:
        yield "tree", _columns([_node_row(d, at, node) for at, node in enumerate(d.tree.nodes)])
    if d.regrets is not None:
        yield "policies", _columns([_score_row(s) for s in d.regrets.scores])
        yield "criteria", _columns([
            {"criterion": c.criterion, "policies": " = ".join(c.policies), "in_resamples": c.sure} for c in d.regrets.choices
        ])  # fmt: skip
        yield "regret", _regret(d)


def _columns(rows: Sequence[Mapping[str, Any]]) -> answers.Table:
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _futures(d: Discovery) -> answers.Table:
    """One row a point: its inputs, its mean outcome, its runs and hits, and the box it is in (0: none)."""
    c, box = d.case, np.zeros(len(d.case.points), np.int64)
    for number, found in reversed([*enumerate(d.search.boxes, 1)] if d.search else []):
        box[found.box.holds(c.sample.x)] = number
    return {
        "point": c.points, "runs": c.sample.runs, "hits": c.sample.hits, "outcome": c.outcome, "box": box,
        **{one.name: c.values[:, k] for k, one in enumerate(c.inputs)},
    }  # fmt: skip


def _flat(number: int, f: Found) -> dict[str, Any]:
    s = f.stability
    return {
        "box": number, "points": f.points, "hits": f.hits, "coverage": f.coverage, "density": f.density, "mass": f.mass,
        "base": f.base, "p": f.p, "left_out_coverage": s.coverage.value, "left_out_coverage_low": s.coverage.low,
        "left_out_coverage_high": s.coverage.high, "left_out_density": s.density.value, "left_out_density_low": s.density.low,
        "left_out_density_high": s.density.high, "resamples": s.resamples, "found_in_resamples": s.found,
    }  # fmt: skip


def _trajectory(d: Discovery) -> list[dict[str, Any]]:
    """Boxes on the way, those of each box found; of the first box looked at if chance explains it."""
    assert d.search is not None
    ways = [(found.steps, found.chosen) for found in d.search.boxes] or [(d.search.steps, -1)]
    return [
        {"box": number, "step": at, "coverage": step.coverage, "density": step.density, "mass": step.mass,
         "inputs": len(step.box.inputs), "chosen": int(at == chosen),
         "limited": " ".join(d.case.inputs[k].name for k in step.box.inputs)}
        for number, (steps, chosen) in enumerate(ways, 1)
        for at, step in enumerate(steps)
    ]  # fmt: skip


def _node_row(d: Discovery, at: int, node: Node) -> dict[str, Any]:
    told = _node(d, node)
    rule = told.pop("rule")
    return {"node": at} | told | {f"rule_{lang}": rule[lang] for lang in answers.LANGS}


def _score_row(s: Any) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for field in dataclasses.fields(s):
        value = getattr(s, field.name)
        if hasattr(value, "_asdict"):
            row |= {field.name: value.value, f"{field.name}_low": value.low, f"{field.name}_high": value.high}
        else:
            row["policy" if field.name == "name" else field.name] = value
    return row


def _regret(d: Discovery) -> answers.Table:
    """One row a future and policy, of futures that every policy ran in."""
    assert d.regrets is not None
    futures, column = np.flatnonzero(d.regrets.kept), d.case.event.column
    outcome = np.stack([policy.runs.columns[column][futures].mean(axis=1) for policy in d.policies])
    return {
        "policy": np.repeat([policy.name for policy in d.policies], len(futures)),
        "future": np.tile(futures, len(d.policies)), "outcome": outcome.ravel(), "regret": d.regrets.regret.ravel(),
    }  # fmt: skip


def _manifest(d: Discovery, place: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    """All that is needed to do it again and to check that it gives the same."""
    s = d.scenario
    if d.source:
        read = Path(d.source).resolve()
        at = {read.name: Path(os.path.relpath(read, place.expanduser().resolve())).as_posix()}
    else:
        at = {policy.name: f"../{RUNS}/{policy.name.replace('/', '-')}" for policy in d.policies}
    return {
        "kind": "discovery",
        "discovery": d.id,
        "scenario": {"name": s.name, "title": dict(s.title), "resolved": s.resolved()},
        "sources": {name: entry.source for name, entry in s.values.items()},
        "request": dict(request),
        "event": _event(d.case.event),
        "settings": _settings(d),
        "seed": d.settings.seed,
        "policies": [policy.name for policy in d.policies],
        "stores": at,
        "model_hash": d.model_hash,
        **given_use.in_manifest(d.given),
    }
