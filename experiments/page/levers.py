"""Which levers the page shows, in what group and order (levers.csv), and what a scenario says of each."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from scenarios.show import source_text
from simulation.policy import PARAMETERS

if TYPE_CHECKING:
    from scenarios.scenario import Entry, Scenario

GROUPS = ("subsidy", "loan", "homes", "jobs", "services")
FEWEST_STEPS = 20  # of a slider
UNITS = {  # how a unit is read beside a number, en and zh; what is not here has none
    "yuan/person": ("yuan a person", "元/人"), "yuan/household": ("yuan a household", "元/户"),
    "yuan/year": ("yuan a year", "元/年"), "jobs/year": ("jobs a year", "个岗位/年"), "jobs": ("jobs", "个岗位"),
    "persons/year": ("persons a year", "人/年"), "years": ("years", "年"), "months": ("months", "个月"),
    "ratio": ("times", "倍"), "share": ("%", "%"),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row of levers.csv. `grid`: values of the lever in a precomputed page, 0 if it is none of its chief levers."""

    key: str
    group: str
    grid: int
    en: str
    zh: str


@dataclass(frozen=True)
class Lever:
    """One lever as a scenario has it, in its base unit; `plan` is the value of the region's plan."""

    key: str
    group: str
    grid: int
    label: dict[str, str]
    help: dict[str, str]
    unit: dict[str, str]
    kind: str  # number, share, switch
    min: float
    max: float
    step: float
    value: float
    plan: float
    source: dict[str, str]

    def plain(self) -> dict[str, Any]:
        """As the page reads it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "grid"}


@lru_cache(maxsize=1)
def table() -> tuple[Row, ...]:
    """levers.csv, row by row."""
    text = resources.files("experiments.page").joinpath("levers.csv").read_text("utf-8-sig")
    return tuple(
        Row(row["key"], row["group"], int(row["grid"] or 0), row["en"], row["zh"])
        for row in csv.DictReader(text.splitlines())
    )


def shown(scenario: Scenario, plan: Scenario) -> tuple[Lever, ...]:
    """The levers of a scenario as its files have it: those in use that are a switch or have a span."""
    found = (_lever(row, scenario, plan) for row in table())
    return tuple(lever for lever in found if lever is not None)


def in_force(entry: Entry, scenario: Scenario) -> float:
    """The value in the last month in which the programme takes applications; most levers have one value for all months."""
    return entry.at(scenario.window - 1)


def _lever(row: Row, scenario: Scenario, plan: Scenario) -> Lever | None:
    entry, written = scenario.values[row.key], plan.values[row.key]
    known = PARAMETERS[row.key]
    span = _span(entry, written)
    if span is None or not (entry.in_use or written.in_use):
        return None
    value, before = in_force(entry, scenario), in_force(written, plan)
    low, high = min(span[0], value, before), max(span[1], value, before)
    unit = UNITS.get(known.unit, ("", ""))
    kind = {"flag": "switch", "share": "share"}.get(known.unit, "number")
    return Lever(
        key=row.key, group=row.group, grid=row.grid, label={"zh": known.zh, "en": known.en},
        help={"zh": row.zh, "en": row.en}, unit={"zh": unit[1], "en": unit[0]}, kind=kind, min=low, max=high,
        step=1.0 if kind == "switch" else step_of(low, high, (value, before), known.unit), value=value, plan=before,
        source={lang: source_text(entry, lang) for lang in ("zh", "en")},
    )  # fmt: skip


def _span(*entries: Entry) -> tuple[float, float] | None:
    """The span some file declares, or all that is legal of a switch."""
    if entries[0].unit == "flag":
        return 0.0, 1.0
    return next((entry.range for entry in entries if entry.range is not None), None)


def step_of(low: float, high: float, values: tuple[float, ...], unit: str) -> float:
    """The largest round step (1, 2 or 5 times a power of ten) that gives a slider enough steps and meets every value."""
    least, most = Decimal(str(low)), Decimal(str(high))
    exponent = math.floor(math.log10((high - low) / FEWEST_STEPS))
    for power in range(exponent, exponent - 6, -1):
        for digit in (5, 2, 1):
            step = digit * Decimal(10) ** power
            step = max(step, Decimal(1)) if unit in ("years", "months") else step
            fine = unit in ("years", "months") or step * FEWEST_STEPS <= most - least
            if fine and all((Decimal(str(v)) - least) % step == 0 for v in (high, *values)):
                return float(step)
    return (high - low) / 1000.0
