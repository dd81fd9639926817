"""What stands in the way: one family of numbers at a time is eased, and what that adds is measured under the same luck.

Eased are things a government sets (budgets, homes) and things it does not (the pool, the wish to move); this is no advice
on policy but an experiment on what binds. Steps differ in kind, so gains compare the steps stated and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.intervals import half_width
from experiments.priors import legal
from experiments.reach.judge import CONFIDENCE

if TYPE_CHECKING:
    from scenarios.scenario import Entry, Scenario

FACTOR = 1.2
UTILITY = -0.5
"""Added to the mean attachment to the village, the choice's intercept."""
FEWEST = 5  # pairs; below this an interval says nothing

_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "pool": ("pool_persons",),
    "willingness": ("attachment_mean",),
    "subsidy": (
        "subsidy_yuan_per_person", "subsidy_yuan_per_household", "subsidy_hazard_extra_yuan_per_person",
        "subsidy_poor_extra_yuan_per_person", "subsidy_village_bonus_yuan_per_person",
    ),
    "money": (
        "budget_central_yuan_per_year", "budget_province_yuan_per_year", "budget_city_yuan_per_year",
        "budget_county_yuan_per_year", "bridge_finance_yuan", "pool_bond_yuan_per_poor_person",
        "pool_fund_yuan_per_poor_person", "pool_loan_yuan_per_poor_person", "land_sale_yuan_per_year",
    ),
    "homes": ("homes_factor", "market_homes_factor"),
    "jobs": (
        "workshop_openings_per_year", "service_openings_per_year", "public_posts", "startup_places_per_year",
        "training_seats_per_year", "jobs_budget_yuan_per_year", "village_posts", "village_workshop_jobs",
        "village_training_per_year", "transfer_places_per_year", "urban_jobs_per_year",
    ),
}  # fmt: skip
FAMILIES = tuple(_FAMILIES)


@dataclass(frozen=True)
class Easing:
    """One family eased: `names` are the numbers changed, `scenario` has the fixed ones changed already.

    `moved` changes a future's uncertain values, by column.
    """

    family: str
    names: tuple[str, ...]
    scenario: Scenario
    moved: Mapping[str, Callable[[float], float]]

    def applied(self, names: Sequence[str], futures: np.ndarray) -> np.ndarray:
        """The futures with the family's uncertain values changed; shape (futures, names), as given."""
        columns = [
            [self.moved[name](float(value)) for value in column] if name in self.moved else column
            for name, column in zip(names, futures.T, strict=True)
        ]
        return np.array(columns, dtype=float).T.reshape(futures.shape)


@dataclass(frozen=True)
class Gain:
    """What easing one family adds to the outcome, in the target's unit and in its direction, with a 95 % interval.

    The interval holds for all families together (Bonferroni). `reached` counts futures that reach the target with the family
    eased and `before` those that do without, of `pairs`.
    """

    family: str
    names: tuple[str, ...]
    pairs: int
    value: float
    low: float
    high: float
    before: int
    reached: int


@dataclass(frozen=True)
class Binding:
    """`family` adds most, and its interval is above 0; None if there is none such. `clear`: it also adds more than every other."""

    family: str | None
    clear: bool


def easings(scenario: Scenario, uncertain: Sequence[str], *, known: Sequence[str] = ()) -> tuple[Easing, ...]:
    """The families that exist in a scenario, each eased. `known` names numbers that the user's own households settle."""
    found = (_easing(scenario, family, frozenset(uncertain), frozenset(known)) for family in FAMILIES)
    return tuple(easing for easing in found if easing.names)


def _easing(scenario: Scenario, family: str, uncertain: frozenset[str], known: frozenset[str]) -> Easing:
    members = {
        entry.name: entry
        for entry in scenario.entries()
        if entry.name.rpartition(".")[2] in _FAMILIES[family]
        and entry.in_use
        and entry.name not in known
        and (family == "willingness" or entry.name in uncertain or _any(entry))
    }
    if family == "homes" and not scenario.sites:
        members = {}
    fixed = {name: _eased_entry(entry, family) for name, entry in members.items() if name not in uncertain}
    moved = {name: _step(name, family) for name in members if name in uncertain}
    return Easing(family, tuple(members), _with(scenario, fixed), moved)


def _any(entry: Entry) -> bool:
    steps = ((0, entry.value),) if isinstance(entry.value, int | float) else entry.value
    return any(value != 0.0 for _, value in steps)


def _step(name: str, family: str) -> Callable[[float], float]:
    least, most = legal(name)
    if family == "willingness":
        return lambda value: min(max(value + UTILITY, least), most)
    return lambda value: min(max(float(f"{value * FACTOR:.12g}"), least), most)


def _eased_entry(entry: Entry, family: str) -> Entry:
    step = _step(entry.name, family)
    if isinstance(entry.value, int | float):
        return replace(entry, value=step(float(entry.value)))
    dated: Any = tuple((month, step(value)) for month, value in entry.value)
    return replace(entry, value=dated)


def _with(scenario: Scenario, new: Mapping[str, Entry]) -> Scenario:
    """The scenario with some of the region's and the counties' numbers replaced."""

    def swap(entries: Mapping[str, Entry]) -> dict[str, Entry]:
        return {key: new.get(entry.name, entry) for key, entry in entries.items()}

    counties = tuple(replace(county, own=swap(county.own)) for county in scenario.counties)
    return replace(scenario, values=swap(scenario.values), counties=counties)


def gain(
    easing: Easing, eased: np.ndarray, base: np.ndarray, hit: np.ndarray, hit_before: np.ndarray,
    *, sign: int, families: int,
) -> Gain:  # fmt: skip
    """What easing adds, from outcomes (futures,) with and without it; pairs with an undefined one are left out.

    `sign` is -1 where a smaller outcome is better; `families` is how many are compared.
    """
    both = np.isfinite(eased) & np.isfinite(base)
    more = sign * (eased - base)[both]
    value, half = (float(more.mean()) if len(more) else float("nan")), float("nan")
    if len(more) >= FEWEST:
        half = half_width(more, 1.0 - (1.0 - CONFIDENCE) / max(families, 1))
    return Gain(
        easing.family, easing.names, int(both.sum()), value, value - half, value + half,
        int(hit_before[both].sum()), int(hit[both].sum()),
    )  # fmt: skip


def binding(gains: Sequence[Gain], more: Mapping[str, np.ndarray]) -> Binding:
    """The family that binds. `more` holds each family's gains by future (futures,), NaN where undefined."""
    above = [g for g in gains if g.low > 0.0]
    if not above:
        return Binding(None, False)
    best = max(above, key=lambda g: g.value)
    others = [more[best.family] - more[g.family] for g in gains if g.family != best.family]
    return Binding(best.family, all(_positive(d[np.isfinite(d)]) for d in others))


def _positive(values: np.ndarray) -> bool:
    return len(values) >= FEWEST and float(values.mean()) > half_width(values, CONFIDENCE)
