"""What contributions leave on disk: answer, tables, chart and manifest, in one folder, whole or not at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import answers
from experiments.answers import Table
from experiments.contributions.judge import Answer
from experiments.contributions.runs import Contributions
from experiments.contributions.text import text


def folder_name(c: Contributions) -> str:
    """The folder of contributions: the region and their id."""
    return f"contributions-{Path(c.game.region.id).name or 'here'}-{c.id}"


def write(
    c: Contributions,
    answer: Answer,
    out: Path,
    *,
    formats: Sequence[str] = (),
    request: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Path:
    """Write the folder into `out` and return it; without `formats` no chart is drawn.

    The same runs give the same bytes, but for `provenance` in the manifest. Raises InputError if the folder cannot be written
    or holds something else.
    """

    def draw(folder: Path) -> None:
        from experiments.figures import contributions

        contributions.draw_all(c, answer, folder, langs=answers.LANGS, formats=formats)

    return answers.write(
        out / folder_name(c), name="contributions", answer=dataclasses.asdict(answer), tables=tables(c, answer),
        text=lambda lang: text(answer, lang), manifest=_manifest(c, request or {}),
        scenarios={"reference": c.game.reference, "policy": c.game.policy}, draw=draw if formats else None,
        provenance=provenance,
    )  # fmt: skip


def tables(c: Contributions, answer: Answer) -> Iterator[tuple[str, Table]]:
    """Name and columns of every table; money in yuan."""
    yield "contributions", contributions(answer)
    yield "levers", levers(c)
    yield "runs", runs(c)
    if c.points > 1:
        yield (
            "design",
            {"point": np.arange(c.points)} | dict(zip(c.uncertainties, c.design.T, strict=True)),
        )


def contributions(answer: Answer) -> Table:
    """One row a family, and one for the whole."""
    nan = float("nan")

    def row(family: str, share: float | None, numbers: int, **differences: Any) -> dict[str, Any]:
        found: dict[str, Any] = {"family": family, "outcome": answer.outcome, "numbers": numbers}
        for name, d in differences.items():
            for part in ("value", "low", "high", "p05", "p95"):
                value = getattr(d, part)
                found[f"{name}_{part}"] = nan if value is None else float(value)
        return found | {"share": nan if share is None else share}

    rows = [
        row(f.id, f.share, f.numbers, contribution=f.contribution, first=f.first, last=f.last)
        for f in answer.families
    ]
    total, numbers = answer.whole, sum(f.numbers for f in answer.families)
    rows.append(row("all", rows[0]["share"] and 1.0, numbers, contribution=total, first=total, last=total))
    return {name: np.array([r[name] for r in rows]) for name in rows[0]}


def levers(c: Contributions) -> Table:
    """One row a number in which the two differ; a dated value is written as steps, what is not set stays empty."""

    def written(value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, int | float):
            return f"{value:.12g}"
        return value if isinstance(value, str) else " ".join(f"{month}:{step:.12g}" for month, step in value)

    rows = [(player.id, n) for player in c.game.players for n in player.numbers]
    return {
        "family": np.array([family for family, _ in rows]),
        "name": np.array([n.name for _, n in rows]),
        "unit": np.array([n.unit for _, n in rows]),
        "reference": np.array([written(n.reference) for _, n in rows]),
        "policy": np.array([written(n.policy) for _, n in rows]),
    }


def runs(c: Contributions) -> Table:
    """One row a run: which families are the policy's (1), and every outcome kept."""
    shape = c.values.shape[:3]
    members, point, replication = (axis.ravel() for axis in np.indices(shape))
    table: Table = {"point": point, "replication": replication, "seed": np.array(c.seeds)[replication]}
    table |= {f"with_{player.id}": members >> k & 1 for k, player in enumerate(c.game.players)}
    return table | {name: c.values[..., k].ravel() for k, name in enumerate(c.game.outcomes)}


def _manifest(c: Contributions, request: Mapping[str, Any]) -> dict[str, Any]:
    """All that is needed to run it again and to check that it gives the same bytes."""
    return {
        "contributions": c.id,
        "region": c.game.region.id,
        "policies": [
            {
                "name": policy.name,
                "title": dict(policy.title),
                "taken_from_reference": list(policy.taken),
                "held_at_central_value": list(policy.held),
                "resolved": policy.scenario.resolved(),
                "sources": {name: entry.source for name, entry in policy.scenario.values.items()},
            }
            for policy in c.game.region.policies
        ],
        "families": {player.id: [n.name for n in player.numbers] for player in c.game.players},
        "outcome": c.game.outcome,
        "request": dict(request),
        "seed": c.seed,
        "points": c.points,
        "replications": c.replications,
        "uncertainties": list(c.uncertainties),
        "design": c.design.tolist(),
        "seeds": list(c.seeds),
        "model_hash": c.model_hash,
        "population_hashes": list(c.populations),
    }
