"""Which levers the page shows, in what group and order (levers.csv), and what a scenario says of each."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from scenarios.scenario import date_of
from scenarios.show import source_text, unit_name
from scenarios.words import plain
from simulation.policy import PARAMETERS, Parameter

if TYPE_CHECKING:
    from scenarios.scenario import Entry, Scenario

GROUPS = ("subsidy", "loan", "homes", "jobs", "services")
FEWEST_STEPS = 20  # of a slider
SIGNS = {"ratio": ("×", "倍"), "share": ("%", "%"), "flag": ("", ""), "index": ("", "")}  # en and zh


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

    def with_value(self, value: float | None) -> Lever:
        """The lever with a span, and steps, that meet one more value."""
        if value is None or (self.min <= value <= self.max and _meets(self.min, self.step, value)):
            return self
        low, high = min(self.min, value), max(self.max, value)
        unit = PARAMETERS[self.key].unit
        step = step_of(low, high, (self.value, self.plan, value), unit)
        return replace(self, min=low, max=high, step=step)

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


def shown(scenario: Scenario, plan: Scenario, *bases: Scenario) -> tuple[Lever, ...]:
    """The levers of a scenario as its files have it: those in use that are a switch or have a span.

    A span that neither the scenario nor the plan declares is taken from `bases`, what they extend.
    """
    found = (_lever(row, scenario, plan, bases) for row in table())
    return tuple(lever for lever in found if lever is not None)


def in_force(entry: Entry, scenario: Scenario) -> float:
    """The value in force in most months in which the programme takes applications; most levers have one value for all."""
    values = [entry.at(month) for month in range(scenario.window)]
    return max(values, key=values.count)


def _dated(entry: Entry, scenario: Scenario) -> dict[str, str]:
    """What a lever that changes within the window says of it; nothing for others."""
    if isinstance(entry.value, int | float):
        return {"zh": "", "en": ""}
    steps = [(date_of(month, scenario.start), value) for month, value in entry.value]
    zh = "，".join(f"{date}起 {plain(value)}" for date, value in steps)
    en = ", ".join(f"{plain(value)} from {date}" for date, value in steps)
    return {
        "zh": f"文件中随时间变化：{zh}。在此设置后全期取同一值。",
        "en": f" The files change it: {en}. What is set here holds for all months.",
    }


def _lever(row: Row, scenario: Scenario, plan: Scenario, bases: Sequence[Scenario]) -> Lever | None:
    entry, written = scenario.values[row.key], plan.values[row.key]
    known = PARAMETERS[row.key]
    value, before = in_force(entry, scenario), in_force(written, plan)
    source = {lang: source_text(entry, lang) for lang in ("zh", "en")}
    span = _declared(entry, written, *(base.values[row.key] for base in bases)) or _legal(known)
    if span is None and max(value, before) > 0.0:
        span = known.low, 2.0 * max(value, before)
        source = {
            "zh": source["zh"] + "；文件未给区间，此处取至两倍",
            "en": source["en"] + "; no file gives a span: up to twice",
        }
    if span is None or not (entry.in_use or written.in_use):
        return None
    low, high = min(span[0], value, before), max(span[1], value, before)
    unit = SIGNS.get(known.unit) or (known.unit.replace("/", " a "), unit_name(known.unit, "zh"))
    dated = _dated(entry, scenario)
    kind = {"flag": "switch", "share": "share"}.get(known.unit, "number")
    return Lever(
        key=row.key, group=row.group, grid=row.grid, label={"zh": known.zh, "en": known.en},
        help={"zh": row.zh + dated["zh"], "en": row.en + dated["en"]}, unit={"zh": unit[1], "en": unit[0]}, kind=kind, min=low, max=high,
        step=1.0 if kind == "switch" else step_of(low, high, (value, before), known.unit), value=value, plan=before,
        source=source,
    )  # fmt: skip


def _declared(*entries: Entry) -> tuple[float, float] | None:
    """The span that a file declares, the first that does."""
    return next((entry.range for entry in entries if entry.range is not None), None)


def _legal(known: Parameter) -> tuple[float, float] | None:
    """All that is possible of a share, an index or a switch."""
    return (known.low, known.high) if known.unit in ("flag", "share", "index") else None


def step_of(low: float, high: float, values: tuple[float, ...], unit: str) -> float:
    """The largest round step (1, 2 or 5 times a power of ten) that gives a slider enough steps and meets every value."""
    least, most = Decimal(str(low)), Decimal(str(high))
    exponent = math.floor(math.log10((high - low) / FEWEST_STEPS))
    for power in range(exponent, exponent - 6, -1):
        for digit in (5, 2, 1):
            step = digit * Decimal(10) ** power
            step = max(step, Decimal(1)) if unit in ("years", "months") else step
            fine = unit in ("years", "months") or step * FEWEST_STEPS <= most - least
            if fine and all(_meets(low, float(step), value) for value in (high, *values)):
                return float(step)
    return (high - low) / 1000.0


def _meets(low: float, step: float, value: float) -> bool:
    """Whether a slider that begins at `low` can stand at a value; in decimals, as a browser counts."""
    return (Decimal(str(value)) - Decimal(str(low))) % Decimal(str(step)) == 0
