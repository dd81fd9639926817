"""A scenario as read: region, policy and period, every number in its base unit and with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulation.policy import Dated


@dataclass(frozen=True)
class Entry:
    """One number. `value` and `range` are in `unit`, the base unit; a dated value is ((month, value), ...)."""

    name: str
    value: Dated
    unit: str
    source: str
    note: str = ""
    range: tuple[float, float] | None = None
    scale: str = "linear"
    kind: str = "constant"
    family: str = ""
    where: str = ""

    @property
    def in_use(self) -> bool:
        """Whether a file speaks of it."""
        return self.source != ABSENT

    def at(self, month: int) -> float:
        """The value in force in a month."""
        if isinstance(self.value, int | float):
            return float(self.value)
        return [value for first, value in self.value if first <= max(month, self.value[0][0])][-1]


ABSENT = "not in use here"
"""The source of a number no file gives, because the instrument it belongs to does not exist there."""
SET = "assumption (--set)"  # the source of a single setting
POOL = ("pool_persons", "earlier_movers_share")  # what the number of synthetic households hangs on


@dataclass(frozen=True)
class Shares:
    """A list of shares of one margin, summing to one."""

    name: str
    value: tuple[float, ...]
    source: str
    note: str = ""
    where: str = ""


@dataclass(frozen=True)
class County:
    """`values` holds the county's own numbers, margins of the population that differ from the region's among them.

    `own` holds parameters that have another value there than in the region.
    """

    id: str
    en: str
    zh: str
    values: Mapping[str, Entry]
    shares: Mapping[str, Shares]
    own: Mapping[str, Entry]


@dataclass(frozen=True)
class Mode:
    """`homes` is "built" if homes of its sites are built for the programme, "market" if they are unsold flats."""

    id: str
    en: str
    zh: str
    homes: str
    values: Mapping[str, Entry]


@dataclass(frozen=True)
class Site:
    id: str
    en: str
    zh: str
    county: str
    mode: str
    values: Mapping[str, Entry]


@dataclass(frozen=True)
class Closure:
    """From `date` on, `share` of the villages (of one county, or of all) have no school and shop."""

    id: str
    en: str
    zh: str
    date: str
    month: int
    county: str | None
    share: Entry


@dataclass(frozen=True)
class Target:
    """`value` is to be reached (at least) or not passed (at most) by the end of month `month`, counted from 0."""

    id: str
    en: str
    zh: str
    metric: str
    event: str | None
    at_least: bool
    value: float
    unit: str
    date: str
    month: int
    scope: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class Scenario:
    """What `scenarios.load` gives. `values` holds every name of simulation.policy.PARAMETERS."""

    name: str
    title: Mapping[str, str]
    header: Mapping[str, object]
    start: str
    window: int
    months: int
    counties: tuple[County, ...]
    modes: tuple[Mode, ...]
    sites: tuple[Site, ...]
    site_classes: Mapping[str, Entry]
    closures: tuple[Closure, ...]
    targets: tuple[Target, ...]
    values: Mapping[str, Entry]
    population: Mapping[str, Entry]
    shares: Mapping[str, Shares]
    population_seed: int
    files: tuple[str, ...]
    packages: tuple[str, ...] = ()

    def laid_over(self) -> tuple[str, ...]:
        """What was laid over the named scenario: packages, then single settings as KEY=VALUE."""
        sets = [e for e in self.entries() if e.source == SET and isinstance(e.value, int | float)]
        return (*self.packages, *(f"{e.name}={e.value:.10g} {e.unit}" for e in sets))

    def entries(self) -> list[Entry]:
        """Every number that may be overridden by name: parameters, counties' own, modes and population margins."""
        modes = [entry for mode in self.modes for entry in mode.values.values()]
        own = [entry for county in self.counties for entry in county.own.values()]
        return [*self.values.values(), *own, *modes, *self.population.values()]

    def uncertainties(self) -> list[Entry]:
        """What nobody knows and a study carries: entries with a range that are no levers."""
        return [entry for entry in self.entries() if entry.range is not None and entry.kind != "lever"]

    def levers(self) -> list[Entry]:
        """Levers with a declared span."""
        return [entry for entry in self.entries() if entry.range is not None and entry.kind == "lever"]

    def resolved(self) -> dict:
        """All that decides a result, as plain sorted data in base units: no titles, notes, sources or paths."""

        def plain(value: Dated) -> object:
            return value if isinstance(value, int | float) else [list(step) for step in value]

        def numbers(values: Mapping[str, Entry]) -> dict:
            return {name: plain(values[name].value) for name in sorted(values)}

        def shares(values: Mapping[str, Shares]) -> dict:
            return {name: list(values[name].value) for name in sorted(values)}

        rows = {
            "counties": [{"id": c.id, **numbers(c.values), **numbers(c.own), **shares(c.shares)} for c in self.counties],
            "modes": [{"id": m.id, "homes": m.homes, **numbers(m.values)} for m in self.modes],
            "sites": [
                {"id": s.id, "county": s.county, "mode": s.mode, **numbers(s.values)} for s in self.sites
            ],
            "closures": [
                {"id": c.id, "month": c.month, "county": c.county, "share": plain(c.share.value)}
                for c in self.closures
            ],
            "targets": [
                {
                    "id": t.id, "metric": t.metric, "event": t.event, "at_least": t.at_least, "value": t.value,
                    "month": t.month, "scope": t.scope,
                }
                for t in self.targets
            ],
        }  # fmt: skip
        return {
            **rows,
            "parameters": numbers(self.values),
            "population": {**numbers(self.population), **shares(self.shares), "seed": self.population_seed},
            "ranges": {
                e.name: [*e.range, e.scale] for e in sorted(self.entries(), key=lambda e: e.name) if e.range
            },
            "site_classes": numbers(self.site_classes),
            "start": self.start,
            "window": self.window,
            "months": self.months,
        }


def met(target: Target, outcome: Any) -> Any:
    """Whether an outcome, or each of several, is what a target asks for; one that is undefined is not."""
    return outcome >= target.value if target.at_least else outcome <= target.value


def persons_target(scenario: Scenario) -> Target | None:
    """The first target that counts persons moved in the whole region."""
    counties = {county.id for county in scenario.counties}
    return next((t for t in scenario.targets if t.metric == "persons" and t.scope not in counties), None)


def month_of(date: str, start: str) -> int:
    """Months from `start` to `date`, both `YYYY-MM`."""
    (y0, m0), (y1, m1) = (map(int, text.split("-")) for text in (start, date))
    return 12 * (y1 - y0) + m1 - m0


def date_of(month: int, start: str) -> str:
    """The date `YYYY-MM` of a month counted from `start`."""
    year, first = map(int, start.split("-"))
    months = 12 * year + first - 1 + month
    return f"{months // 12:04d}-{months % 12 + 1:02d}"
