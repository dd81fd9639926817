"""Who moves because of a policy: households of the pool by what is known of them at the start and by what became of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from experiments.comparison.losses import AGES, DISTANCES, LISTS, People
from simulation.households import Population

NEITHER = "neither"  # moved by the programme under neither of the two
INCOMES = ("income_low", "income_middle", "income_high")
"""Thirds of the pool's households by income a head at the start."""
WAGES = ("wage_none", "wage_some", "wage_most")
"""Pay of jobs near home: none, less than half of the income at the start, half or more."""
SIZES = ("size_1_2", "size_3_4", "size_5")
CHILDREN = ("children", "no_children")
"""Children of 6-15."""
AWAY = ("members_away", "nobody_away")
"""Members who live and work elsewhere."""
HAZARDS = ("hazard", "no_hazard")
"""Whether on a geohazard site."""
PARTS = {
    "list": LISTS, "income": INCOMES, "wage": WAGES, "away": AWAY, "age": AGES, "size": SIZES, "children": CHILDREN,
    "hazard": HAZARDS, "distance": DISTANCES,
}  # fmt: skip
"""Each part sorts every household of the pool into one of its groups; counties are one part more."""


def names(counties: tuple[str, ...]) -> list[tuple[str, str]]:
    """Part and group of each row `profile` gives."""
    return [(part, group) for part, groups in (*PARTS.items(), ("county", counties)) for group in groups]


def groups(population: Population, who: People) -> dict[str, np.ndarray]:
    """The group of every household by part, (households,) each: a number within the part, or -1 outside the pool."""
    p, pool = population, ~who.earlier
    head = who.start / np.maximum(p.members, 1)
    thirds = np.quantile(head[pool], (1 / 3, 2 / 3)) if pool.any() else np.zeros(2)
    wage = p.wage.astype(np.float64)
    found = {
        "list": np.where(who.low_income, 0, 1),
        "income": np.searchsorted(thirds, head, side="left"),
        "wage": np.select([wage <= 0.0, wage < 0.5 * who.start], [0, 1], 2),
        "away": np.where(p.absent > 0, 0, 1),
        "age": who.age,
        "size": np.select([p.members <= 2, p.members <= 4], [0, 1], 2),
        "children": np.where(p.children > 0, 0, 1),
        "hazard": np.where(p.hazard > 0, 0, 1),
        "distance": who.distance,
        "county": who.county,
    }
    return {part: np.where(pool, group, -1) for part, group in found.items()}


def profile(kinds: Mapping[str, np.ndarray], groups: Mapping[str, np.ndarray], counties: int) -> np.ndarray:
    """Households of the pool by group and kind, i8 (rows of `names`, kinds and NEITHER): each part adds up to the pool.

    `kinds` says which households are of each kind, (households,) each; no household is of two.
    """
    fate = np.select(list(kinds.values()), range(len(kinds)), len(kinds))
    across = len(kinds) + 1
    out = []
    for part, group in groups.items():
        size = counties if part == "county" else len(PARTS[part])
        pool = group >= 0
        out.append(
            np.bincount(group[pool] * across + fate[pool], minlength=size * across).reshape(size, across)
        )
    return np.concatenate(out)
