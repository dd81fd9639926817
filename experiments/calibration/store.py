"""What a calibration leaves on disk.

<region>-calibration-<id>/     one region, its facts and their errors, one model, one seed, so many particles
    runs/<case>/               a store of runs (experiments.store) a scenario, and one of the runs that check the posterior
    answer/                    posterior.json, answer, tables, chart and manifest, replaced whole or not at all
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import answers, given
from experiments.answers import LANGS, RUNS, Table
from experiments.calibration.study import told
from experiments.calibration.text import sentence, text

if TYPE_CHECKING:
    from experiments.calibration.study import Calibrated, Plan

ANSWER = "answer"


def runs_folder(plan: Plan, out: Path) -> Path:
    """Where the stores are."""
    return out / plan.folder_name / RUNS


def answer_folder(plan: Plan, out: Path) -> Path:
    """Where the answer goes."""
    return out / plan.folder_name / ANSWER


def write(
    c: Calibrated, out: Path, *,
    formats: Sequence[str] = (), request: Mapping[str, Any] | None = None, provenance: Mapping[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Write the answer's folder and return it; without `formats` no chart is drawn. Raises InputError."""

    def draw(folder: Path) -> None:
        from experiments.figures import calibration

        calibration.draw_all(c, folder, langs=LANGS, formats=formats)

    return answers.write(
        answer_folder(c.plan, out),
        answer=answer(c),
        tables=tables(c),
        text=lambda lang: text(c, lang),
        manifest=_manifest(c, request or {}),
        scenarios={"scenario": c.plan.scenario},
        draw=draw if formats else None,
        provenance=provenance,
        keep=lambda folder: given.write(folder / given.FILE, c.posterior),
    )


def answer(c: Calibrated) -> dict[str, Any]:
    """All that is answered, as plain data in base units."""
    plan = c.plan
    return {
        "scenario": plan.scenario.name,
        "region": plan.family,
        "title": dict(plan.scenario.title),
        "calibration": plan.id,
        "posterior": c.posterior.id,
        "sentence": {lang: sentence(c, lang) for lang in LANGS},
        "facts": [_fact(check) for check in c.checks],
        "unused": [
            {"region": one.fact.region, "period": one.fact.period, "quantity": one.fact.quantity, "en": one.en, "zh": one.zh}
            for one in plan.unused
        ],
        "kept": [
            {"region": one.region, "period": one.period, "quantity": one.quantity, "use": one.use} for one in plan.kept
        ],
        "parameters": [dataclasses.asdict(one) | {"unit": plan.units[k]} for k, one in enumerate(c.parameters)],
        "pairs": [dataclasses.asdict(pair) for pair in c.pairs],
        "prior_not_ruled_out": dataclasses.asdict(c.open),
        "cases": [
            {"scenario": case.name, "shared": [x.name for x in case.walked], "own": [x.name for x in case.own]}
            for case in plan.cases
        ],
        "particles": plan.particles,
        "replications": plan.replications,
        "effective": c.effective,
        "roots": c.roots,
        "moves": c.sample.moves,
        "moves_stopped": c.sample.stopped,
        "generations": [dataclasses.asdict(one) for one in c.sample.generations],
        "labels": {name: dict(said) for name, said in c.labels.items()},
        "runs": dict(c.runs),
        "errors": dict(c.errors),
    }  # fmt: skip


def _fact(check: Any) -> dict[str, Any]:
    anchor = check.anchor
    return told(anchor) | {
        "en": anchor.en, "zh": anchor.zh,
        "observation": dataclasses.asdict(anchor.observation), "discrepancy": dataclasses.asdict(anchor.discrepancy),
        "prior": list(check.prior), "posterior": list(check.posterior), "prior_tail": check.prior_tail, "tail": check.tail,
        "prior_not_ruled_out": check.plausible,
    }  # fmt: skip


def tables(c: Calibrated) -> Iterator[tuple[str, Table]]:
    """Name and columns of every table; base units."""
    yield "posterior", _posterior(c)
    yield "parameters", _parameters(c)
    yield "facts", _facts(c)
    yield "generations", _generations(c)


def _posterior(c: Calibrated) -> Table:
    """One row a particle: its weight, the draw of the prior it descends from, all that was drawn, its farthest fact."""
    names = [f"{case.name}:{x.name}" for case in c.plan.cases for x in case.own]
    columns = (*c.plan.names, *names)
    return {
        "particle": np.arange(len(c.values)),
        "weight": c.posterior.weights,
        "root": c.sample.cloud.root,
        **{name: c.values[:, k] for k, name in enumerate(columns)},
        "distance": np.sqrt(c.sample.cloud.distance.sum(axis=1).min(axis=1)),
    }


def _parameters(c: Calibrated) -> Table:
    shares = ("low", "median", "high")
    return {
        "name": np.array([one.name for one in c.parameters]),
        "unit": np.array(c.plan.units),
        **{
            f"{what}_{share}": np.array([getattr(one, what)[k] for one in c.parameters])
            for what in ("prior", "posterior")
            for k, share in enumerate(shares)
        },
        **{
            name: np.array([getattr(one, name) for one in c.parameters])
            for name in (
                "ratio",
                "ratio_low",
                "ratio_high",
                "shift",
                "shift_low",
                "shift_high",
                "effective",
                "verdict",
            )
        },
    }


def _facts(c: Calibrated) -> Table:
    rows = [_fact(check) for check in c.checks]
    plain = (
        "region", "period", "quantity", "value", "unit", "source", "held_against", "held_value", "held_unit", "error", "scale",
        "prior_tail", "tail", "prior_not_ruled_out",
    )  # fmt: skip
    return {name: np.array([row[name] for row in rows]) for name in plain} | {
        f"{what}_{share}": np.array([row[what][k] for row in rows])
        for what in ("prior", "posterior")
        for k, share in enumerate(("low", "median", "high"))
    }


def _generations(c: Calibrated) -> Table:
    rows = c.sample.generations
    return {
        "generation": np.arange(len(rows)),
        **{
            name: np.array([getattr(g, name) for g in rows])
            for name in ("tau", "effective", "accepted", "step")
        },
        **{f"runs_{case.name}": np.array([g.runs[k] for g in rows]) for k, case in enumerate(c.plan.cases)},
    }


def _manifest(c: Calibrated, request: Mapping[str, Any]) -> dict[str, Any]:
    """All that is needed to run it again and to check that it gives the same."""
    scenario, plan = c.plan.scenario, c.plan
    return {
        "kind": "calibration",
        "calibration": plan.id,
        "posterior": c.posterior.id,
        "scenario": {"name": scenario.name, "title": dict(scenario.title), "resolved": scenario.resolved()},
        "sources": {name: entry.source for name, entry in scenario.values.items()},
        "facts": [told(anchor) for anchor in plan.anchors],
        "request": dict(request),
        "uncertain": [dataclasses.asdict(x) for x in plan.uncertain],
        "particles": plan.particles,
        "replications": plan.replications,
        "seed": plan.seed,
        "stores": {
            name: f"../{RUNS}/{name}" for case in plan.cases for name in (case.store, f"{case.store}-check")
        },
        "runs": dict(c.runs),
        "model_hash": plan.model_hash,
    }
