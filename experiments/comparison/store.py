"""What a comparison leaves on disk: the answer, tables, a chart and a manifest, in one folder, whole or not at all."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import answers, given_use
from experiments.answers import Table
from experiments.comparison import losses as lost
from experiments.comparison import profile as profiles
from experiments.comparison.judge import REDUCED, Answer
from experiments.comparison.runs import COUNTS, KINDS, Comparison
from experiments.comparison.text import text
from experiments.measures import MEASURES
from experiments.study import WITHHELD
from scenarios.scenario import Scenario
from simulation.ledger import FLOWS

PROFILE = tuple(f"{kind}_households" for kind in (*KINDS, profiles.NEITHER))


def folder_name(c: Comparison) -> str:
    """The folder of a comparison: its regions and its id."""
    regions = [Path(runs.region.id).name or "here" for runs in c.regions]
    return f"compare-{'-'.join(regions)}-{c.id}"


def write(
    c: Comparison,
    answer: Answer,
    out: Path,
    *,
    formats: Sequence[str] = (),
    request: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Path:
    """Write the comparison's folder into `out` and return it; without `formats` no chart is drawn.

    The same comparison gives the same bytes, but for `provenance` in the manifest. Raises InputError if the folder
    cannot be written or holds something else.
    """

    def draw(folder: Path) -> None:
        from experiments.figures import comparison, profile

        comparison.draw_all(c, answer, folder, langs=answers.LANGS, formats=formats)
        profile.draw_all(c, folder, langs=answers.LANGS, formats=formats)

    return answers.write(
        out / folder_name(c), name="comparison", answer=plain(answer), tables=tables(c, answer),
        text=lambda lang: text(answer, lang), manifest=_manifest(c, request or {}), scenarios=dict(_scenarios(c)),
        draw=draw if formats else None, provenance=provenance, keep=lambda folder: _keep(c, folder),
    )  # fmt: skip


def plain(answer: Answer) -> dict[str, Any]:
    """The answer as plain data."""
    return given_use.as_answer(dataclasses.asdict(answer))


def _keep(c: Comparison, folder: Path) -> None:
    for k, runs in enumerate(c.regions, 1):
        given_use.keep(runs.given, folder, posterior_file(k))


def posterior_file(region: int) -> str:
    """Where the posterior of a region is kept, counted from 1."""
    return f"posterior-{region}.json"


def tables(c: Comparison, answer: Answer) -> Iterator[tuple[str, Table]]:
    """Name and columns of every table; money in yuan."""
    yield "policies", policies(answer)
    if any(p.targets for p in answer.policies):
        yield "targets", _targets(answer)
    yield from by_run(c)
    if c.points > 1:
        yield "design", _design(c)


def by_run(c: Comparison) -> Iterator[tuple[str, Table]]:
    """The tables whose rows belong to one policy's run each."""
    kept = (("runs", _runs, 0), ("pairs", _pairs, 1), ("losses", _losses, 1), ("profile", _profile, 1))
    for name, rows, first in kept:
        if name == "profile" and any(block.profile is None for block in c.regions):
            continue
        blocks = [
            (policy.name, rows(c, block, row))
            for block in c.regions
            for row, policy in enumerate(block.region.policies)
            if row >= first
        ]
        policy = np.repeat([of for of, _ in blocks], [len(table["run"]) for _, table in blocks])
        yield name, {"policy": policy} | _stack([table for _, table in blocks])


def policies(answer: Answer) -> Table:
    """One row a policy: every number of the answer, empty where there is none."""
    nan = float("nan")

    def row(p: Any) -> dict[str, Any]:
        found: dict[str, Any] = {
            "region": p.region, "policy": p.name, "reference": int(p.reference),
            "budget_factor": nan if p.factor is None else p.factor,
        }  # fmt: skip
        for name in MEASURES:
            s = p.measures[name]
            for part in ("median", "low", "high", "mean"):
                found[f"{name}_{part}"] = nan if s is None else getattr(s, part)
        differences = {
            "additional": p.additional,
            "additional_all": p.additional_all,
            "extra_cost": p.extra_cost,
        }
        differences |= {
            f"{kind}_{count}": p.pairs[kind][count] if p.pairs else None for kind in KINDS for count in COUNTS
        }
        for name, d in differences.items():
            for part in ("value", "low", "high", "p05", "p95", "more"):
                found[f"{name}_{part}"] = _number(d and getattr(d, part))
        for name, e in (("cost_per_additional", p.cost_per_additional), ("effect_on_income", p.effect)):
            for part in ("value", "low", "high"):
                found[f"{name}_{part}"] = _number(e and getattr(e, part))
        ratio = p.cost_per_additional
        found["cost_per_additional_note"] = "" if ratio is None else ratio.why or ratio.sense
        found["paid_anyway_share"] = _number(p.paid_anyway and p.paid_anyway.median)
        for name in REDUCED:
            r = p.reduction.get(name)
            for part in ("value", "low", "high"):
                found[f"{name}_variance_reduction_{part}"] = _number(r and getattr(r, part))
        return found

    rows = [row(p) for p in answer.policies]
    return {name: np.array([r[name] for r in rows]) for name in rows[0]}


def _number(x: float | None) -> float:
    return float("nan") if x is None else float(x)


def _targets(answer: Answer) -> Table:
    rows = [
        {
            "region": p.region, "policy": p.name, "target": t.id, "own": int(t.own), "date": t.date, "unit": t.unit,
            "sense": "at_least" if t.at_least else "at_most", "target_value": t.value, "share": t.share,
            "share_low": t.low, "share_high": t.high, "reached": t.reached, "futures": t.futures,
            "outcome_median": _number(t.outcome and t.outcome.median), "outcome_low": _number(t.outcome and t.outcome.low),
            "outcome_high": _number(t.outcome and t.outcome.high),
        }
        for p in answer.policies
        for t in p.targets
    ]  # fmt: skip
    return {name: np.array([r[name] for r in rows]) for name in rows[0]}


def _runs(c: Comparison, block: Any, row: int) -> Table:
    run = np.arange(c.runs)
    table: Table = {
        "run": run,
        "point": run // c.replications,
        "replication": run % c.replications,
        "seed": np.array(c.seeds)[run % c.replications],
    }
    table |= {name: block.measures[row][:, k] for k, name in enumerate(MEASURES)}
    return table | {f"{flow.name}_yuan": block.ledger[row][:, k] for k, flow in enumerate(FLOWS)}


def _pairs(c: Comparison, block: Any, row: int) -> Table:
    counties = np.array([county.id for county in block.region.reference.scenario.counties])
    run, county = np.meshgrid(np.arange(c.runs), np.arange(len(counties)), indexing="ij")
    flat = block.pairs[row].reshape(-1, len(KINDS), len(COUNTS))
    return {"run": run.ravel(), "county": counties[county.ravel()]} | {
        f"{kind}_{count}": flat[:, k, n] for k, kind in enumerate(KINDS) for n, count in enumerate(COUNTS)
    }


def _losses(c: Comparison, block: Any, row: int) -> Table:
    """One row a run and group of households."""
    groups = lost.names(tuple(county.id for county in block.region.reference.scenario.counties))
    run, group = np.meshgrid(np.arange(c.runs), np.arange(len(groups)), indexing="ij")
    flat = block.losses[row].reshape(-1, len(lost.COLUMNS))
    keys = {
        "part": np.array([part for part, _ in groups])[group.ravel()],
        "group": np.array([id for _, id in groups])[group.ravel()],
    }
    return {"run": run.ravel()} | keys | {name: flat[:, k] for k, name in enumerate(lost.COLUMNS)}


def _profile(c: Comparison, block: Any, row: int) -> Table:
    """One row a run and group of households of the pool."""
    groups = profiles.names(tuple(county.id for county in block.region.reference.scenario.counties))
    run, group = np.meshgrid(np.arange(c.runs), np.arange(len(groups)), indexing="ij")
    flat = block.profile[row].reshape(-1, len(PROFILE))
    keys = {
        "part": np.array([part for part, _ in groups])[group.ravel()],
        "group": np.array([id for _, id in groups])[group.ravel()],
    }
    return {"run": run.ravel()} | keys | {name: flat[:, k] for k, name in enumerate(PROFILE)}


def _design(c: Comparison) -> Table:
    """One row a region, point and uncertainty: regions have uncertainties of their own."""
    blocks = [
        {
            "region": np.repeat(runs.region.id, runs.design.size),
            "point": np.repeat(np.arange(c.points), len(runs.uncertainties)),
            "uncertainty": np.tile(np.array(runs.uncertainties), c.points),
            "value": runs.design.ravel(),
        }
        for runs in c.regions
    ]
    return _stack(blocks)


def _stack(blocks: Sequence[Table]) -> Table:
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _scenarios(c: Comparison) -> Iterator[tuple[str, Scenario]]:
    """Where each policy's scenario is kept, without its `.json`, policies in order."""
    policies = [policy for runs in c.regions for policy in runs.region.policies]
    for k, policy in enumerate(policies, 1):
        plain = re.sub(r"[^\w+-]+", "-", policy.name)  # a policy may be a file, with its folder in its name
        yield f"scenarios/{k}-{plain}", policy.scenario


def _manifest(c: Comparison, request: Mapping[str, Any]) -> dict[str, Any]:
    """All that is needed to run the comparison again and to check that it gives the same bytes."""
    kept = (path for path, _ in _scenarios(c))
    return {
        "comparison": c.id,
        "regions": [
            {
                "id": runs.region.id,
                "reference": runs.region.reference.name,
                "uncertainties": list(runs.uncertainties),
                "design": runs.design.tolist(),
                "population_hashes": list(runs.populations),
                **given_use.in_manifest(runs.given),
                "policies": [
                    {
                        "name": policy.name,
                        "title": dict(policy.title),
                        "scenario_file": f"{next(kept)}.json",
                        "budget_factor": policy.factor,
                        "taken_from_reference": list(policy.taken),
                        "held_at_central_value": list(policy.held),
                        "resolved": policy.scenario.resolved(),
                        "sources": {name: entry.source for name, entry in policy.scenario.values.items()},
                    }
                    for policy in runs.region.policies
                ],
            }
            for runs in c.regions
        ],
        "request": dict(request),
        "seed": c.seed,
        "points": c.points,
        "replications": c.replications,
        "seeds": list(c.seeds),
        "withheld_share": WITHHELD,
        "model_hash": c.model_hash,
    }
