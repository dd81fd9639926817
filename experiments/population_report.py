"""How well a scenario's households meet the published margins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

if TYPE_CHECKING:
    from scenarios.scenario import Scenario

TOLERANCE = 0.005  # of the target, beyond what one household more or less can change


def report(scenario: Scenario) -> dict[str, Any]:
    """Size and hash of the population, and for each margin the county where it fits worst, as plain values."""
    from scenarios import assemble
    from simulation.population import fit, population_hash

    inputs = assemble.inputs(scenario)
    people, villages = inputs.population, inputs.institutions.villages
    pool = people.earlier == 0
    worst: dict[str, Any] = {}
    for row in fit(assemble.margins(scenario), people, villages):
        known = worst.get(row.margin)
        if known is None or row.beyond_rounding > known.beyond_rounding:
            worst[row.margin] = row
    return {
        "scenario": scenario.name,
        "households": int(pool.sum()),
        "persons": int(people.members[pool].sum()),
        "earlier_households": int((~pool).sum()),
        "villages": len(villages.county),
        "population_hash": population_hash(people, villages),
        "margins": [
            {
                "margin": row.margin,
                "county": row.county,
                "target": row.target,
                "achieved": row.achieved,
                "relative_error": row.relative_error,
                "beyond_rounding": row.beyond_rounding,
            }
            for row in worst.values()
        ],
    }


def text(found: dict[str, Any], lang: str) -> str:
    """The report for people."""
    zh = lang == "zh"
    counts = [
        ("待搬迁农户" if zh else "households in the pool", found["households"]),
        ("待搬迁人口" if zh else "persons in the pool", found["persons"]),
        ("此前已搬迁农户" if zh else "households that moved earlier", found["earlier_households"]),
        ("迁出村" if zh else "villages", found["villages"]),
    ]
    rows = [(name, f"{n:,}") for name, n in counts] + [("SHA-256", found["population_hash"][:16])]
    width = max(cell_len(name) for name, _ in rows)
    lines = [found["scenario"], *(f"  {name}{' ' * (width - cell_len(name))}  {n}" for name, n in rows), ""]
    head = ("指标", "偏差最大的县", "目标", "合成", "相对误差") if zh else (
        "margin", "worst county", "target", "achieved", "error"
    )  # fmt: skip
    table = [head] + [
        (
            m["margin"],
            m["county"],
            f"{m['target']:.4g}",
            f"{m['achieved']:.4g}",
            f"{100 * m['relative_error']:+.2f} %",
        )
        for m in found["margins"]
    ]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [
            cell + " " * (w - cell_len(cell)) if k < 2 else " " * (w - cell_len(cell)) + cell
            for k, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  " + "  ".join(cells).rstrip())
    missed = sum(m["beyond_rounding"] > TOLERANCE for m in found["margins"])
    lines += ["", (f"{len(found['margins'])}项指标，{missed}项误差超过0.5%（一户取整除外）。" if zh else
              f"{len(found['margins'])} margins; {missed} missed by more than 0.5 % beyond the rounding of one household.")]  # fmt: skip
    return "\n".join(lines)
