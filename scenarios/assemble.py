"""A scenario to the tables one run reads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import fields

import numpy as np

from scenarios.errors import InputError, problem
from scenarios.scenario import Entry, Scenario
from scenarios.schema import MARGIN_SHARES, MARGINS
from scenarios.words import did_you_mean
from simulation.households import MERGING, Population, Villages
from simulation.institutions import LARGE, MEDIUM, SMALL, Institutions, sites_for_villages
from simulation.policy import MODE_PARAMETERS, PARAMETERS, Dated, Parameter, mode_table, policy_table
from simulation.population import Margins, MarginsError, synthesise, with_kinds, with_listing
from simulation.run import Inputs

# What a county's factors scale.
_BY_COUNTY = {
    "home_price_yuan_per_m2": "home_price_factor",
    "workshop_wage_yuan_per_month": "wage_factor",
    "service_wage_yuan_per_month": "wage_factor",
    "startup_income_yuan_per_month": "wage_factor",
}


def inputs(
    scenario: Scenario,
    *,
    overrides: Mapping[str, float] | None = None,
    households: tuple[Population, Villages] | None = None,
) -> Inputs:
    """What a run of the scenario reads.

    `overrides` replaces numbers by name (`pool_persons`, `township.price_ratio`, `population.absent_share`), in base units and
    for all months. `households` are the user's own, of the same counties; without them households are synthesised.
    Raises InputError.
    """
    values = _Values(scenario, overrides or {})
    population, villages = households or _population(scenario, values)
    return Inputs(
        population=population,
        institutions=_institutions(scenario, values, population, villages),
        policy=policy_table(
            {name: values(name) for name in PARAMETERS},
            months=scenario.months,
            counties=len(scenario.counties),
            county_factors={
                name: [county.values[factor].at(0) for county in scenario.counties]
                for name, factor in _BY_COUNTY.items()
            },
            own={
                (row, name): values(f"{county.id}.{name}")
                for row, county in enumerate(scenario.counties)
                for name in county.own
            },
            start_month=int(scenario.start[-2:]),
        ),
        modes=mode_table(
            [{name: values(f"{mode.id}.{name}") for name in MODE_PARAMETERS} for mode in scenario.modes],
            months=scenario.months,
        ),
        window=scenario.window,
    )


def margins(scenario: Scenario, *, overrides: Mapping[str, float] | None = None) -> Margins:
    """The margins of the scenario's households. Raises InputError where they contradict each other."""
    return _margins(scenario, _Values(scenario, overrides or {}))


class _Values:
    """The scenario's numbers by name, with some replaced; checks what replaces them."""

    def __init__(self, scenario: Scenario, overrides: Mapping[str, float]) -> None:
        self.entries: dict[str, Entry] = {entry.name: entry for entry in scenario.entries()}
        self.overrides = {name: float(value) for name, value in overrides.items()}
        self._monthly: dict[str, np.ndarray] = {}
        wrong = []
        for name, value in self.overrides.items():
            if name not in self.entries:
                wrong.append(problem("override", name, "unknown" + did_you_mean(name, self.entries)))
                continue
            known = parameter(name)
            if not known.low <= value <= known.high:
                legal = f"{known.low:g} to {known.high:g} {known.unit}"
                wrong.append(problem("override", name, f"{value:g} is not possible", legal))
        if wrong:
            raise InputError(wrong)

    def __call__(self, name: str) -> Dated:
        return self.overrides[name] if name in self.overrides else self.entries[name].value

    def name_in(self, county: str, name: str) -> str:
        """The county's own parameter if it has one, else the region's."""
        own = f"{county}.{name}"
        return own if own in self.entries else name

    def number(self, name: str) -> float:
        """The value at the start."""
        return self.overrides[name] if name in self.overrides else self.entries[name].at(0)

    def by_month(self, name: str, months: int) -> np.ndarray:
        """The value in force in each month, the same array whenever it is asked for: sites share most of theirs."""
        if name not in self._monthly:
            dated = self.overrides.get(name) is None
            found = [self.entries[name].at(t) for t in range(months)] if dated else self.overrides[name]
            self._monthly[name] = np.broadcast_to(found, months)  # read-only
        return self._monthly[name]


def parameter(name: str) -> Parameter:
    """What is known of a number that may be overridden: its unit and what is legal."""
    owner, _, leaf = name.rpartition(".")
    if owner == "population":
        return MARGINS[leaf]
    return MODE_PARAMETERS[leaf] if owner and leaf in MODE_PARAMETERS else PARAMETERS[leaf]


# Households


def _margins(scenario: Scenario, values: _Values) -> Margins:
    counties = scenario.counties
    known = {field.name for field in fields(Margins)}
    given: dict[str, object] = {name: _margin(scenario, values, name) for name in MARGINS if name in known}
    given |= {
        name: [(county.shares.get(name) or scenario.shares[name]).value for county in counties]
        for name in MARGIN_SHARES
        if name in known
    }
    given["pool_share"] = [county.values["pool_share"].at(0) for county in counties]
    given["villages"] = [int(county.values["villages"].at(0)) for county in counties]
    try:
        return Margins(counties=[county.id for county in counties], **given)  # type: ignore[arg-type]
    except MarginsError as error:
        raise InputError(
            [problem(scenario.files[-1], "population", text) for text in error.messages]
        ) from error


class _Cache:
    """The households made last, by what they were made from; two threads that want the same wait for one."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.lock = threading.Lock()
        self.kept: OrderedDict[tuple, Future] = OrderedDict()

    def get(self, key: tuple, make) -> tuple[Population, Villages]:
        with self.lock:
            found = self.kept.get(key)
            mine = found is None
            if found is None:
                found = self.kept[key] = Future()
                while len(self.kept) > self.size:
                    self.kept.popitem(last=False)
            self.kept.move_to_end(key)
        if mine:
            try:
                found.set_result(make())
            except BaseException as error:
                with self.lock:
                    self.kept.pop(key, None)
                found.set_exception(error)
        return found.result()


_CACHE = _Cache(size=8)


def _population(scenario: Scenario, values: _Values) -> tuple[Population, Villages]:
    made_of = _margins(scenario, values)
    pool, earlier = values.number("pool_persons"), values.number("earlier_movers_share")
    seed = scenario.population_seed
    reserve, excluded = (_margin(scenario, values, name) for name in ("reserve_share", "excluded_share"))
    kinds = tuple(
        (c.shares.get("village_type_shares") or scenario.shares["village_type_shares"]).value
        for c in scenario.counties
    )

    def make() -> tuple[Population, Villages]:
        households, villages = synthesise(made_of, pool_persons=pool, earlier_movers_share=earlier, seed=seed)
        if any(reserve):
            households = with_listing(households, reserve=reserve, excluded=excluded, seed=seed)
        if any(row[0] < 1.0 for row in kinds):
            villages = with_kinds(villages, kinds)
        return households, villages

    return _CACHE.get((made_of, pool, earlier, seed, reserve, excluded, kinds), make)


def _margin(scenario: Scenario, values: _Values, name: str) -> tuple[float, ...]:
    """One margin, county by county."""
    return tuple(
        county.values[name].at(0) if name in county.values else values.number(f"population.{name}")
        for county in scenario.counties
    )


# Institutions


def _institutions(
    scenario: Scenario, values: _Values, population: Population, villages: Villages
) -> Institutions:
    county_of = {county.id: row for row, county in enumerate(scenario.counties)}
    mode_of = {mode.id: row for row, mode in enumerate(scenario.modes)}
    site_county = np.array([county_of[site.county] for site in scenario.sites], np.int32)
    site_mode = np.array([mode_of[site.mode] for site in scenario.sites], np.int32)
    return Institutions(
        villages=villages,
        site_of=sites_for_villages(villages, site_county, site_mode, len(scenario.modes)),
        originals=np.diff(villages.first).astype(np.int64),
        pool_share=_pool_share(population, len(scenario.counties)),
        open_share=_open_share(scenario, values, population, villages),
        site_county=site_county,
        site_mode=site_mode,
        site_class=_site_classes(scenario),
        ready=_ready(scenario, values),
        school_open=_school_open(scenario, villages),
        core=np.array(
            [county.values["core"].at(0) if "core" in county.values else 0.0 for county in scenario.counties]
        ),
    )


def _pool_share(population: Population, counties: int) -> np.ndarray:
    """Share of the pool's persons in each county, as the households have it."""
    pool = population.earlier == 0
    persons = np.bincount(population.county[pool], population.members[pool], counties)
    return persons / max(persons.sum(), 1.0)


def _open_share(
    scenario: Scenario, values: _Values, population: Population, villages: Villages
) -> np.ndarray | None:
    """The same of those the programme is open to, where only villages marked for relocation may apply."""
    only = [values.number(values.name_in(c.id, "merging_villages_only")) > 0.0 for c in scenario.counties]
    if not any(only):
        return None
    open_to = ~np.array(only)[population.county] | (villages.kind[population.village] == MERGING)
    concerned = (population.earlier == 0) & open_to
    persons = np.bincount(population.county[concerned], population.members[concerned], len(scenario.counties))
    return persons / max(persons.sum(), 1.0)


def _site_classes(scenario: Scenario) -> np.ndarray:
    medium, large = (scenario.site_classes[name].at(0) for name in ("medium_persons", "large_persons"))
    persons = [site.values["persons"].at(0) for site in scenario.sites]
    return np.array([LARGE if p >= large else MEDIUM if p >= medium else SMALL for p in persons], np.int32)


def _ready(scenario: Scenario, values: _Values) -> np.ndarray:
    """Homes completed by the end of each month, cumulative, shape (months, sites); whole homes only.

    Ready homes are there at once, homes under way are finished evenly within one building time, homes are started
    evenly while the window is open. Unsold flats need no building: `homes_per_year` come on sale.
    """
    month = np.arange(scenario.months, dtype=float)
    market = {mode.id for mode in scenario.modes if mode.homes == "market"}
    columns = []
    for site in scenario.sites:
        ready, under_way, per_year = (
            site.values[name].at(0) for name in ("homes_ready", "homes_under_way", "homes_per_year")
        )
        lag = values.number(values.name_in(site.county, "home_lag_months"))
        wait = 0.0 if site.mode in market else lag
        finished = np.minimum((month + 1.0) / max(lag, 1.0), 1.0)
        scale = "market_homes_factor" if site.mode in market else "homes_factor"
        factor = values.by_month(values.name_in(site.county, scale), scenario.months)
        starts = np.where(month < scenario.window, factor * per_year / 12.0, 0.0)
        begun = np.concatenate(
            [[0.0], np.cumsum(starts)]
        )  # a dated factor acts on what is started from then on
        done = np.interp(np.clip(month + 1.0 - wait, 0.0, None), np.arange(len(begun)), begun)
        homes = np.floor(factor[0] * (ready + under_way * finished) + done + 1e-9)
        columns.append(np.maximum.accumulate(homes))
    return np.array(columns).T.reshape(scenario.months, len(columns)).copy()


def _school_open(scenario: Scenario, villages: Villages) -> np.ndarray:
    """1 while a village keeps its school and shop, shape (months, villages); the smallest villages close first."""
    open_ = np.ones((scenario.months, len(villages.county)), np.uint8)
    size = np.diff(villages.first)
    for closure in scenario.closures:
        rows = np.arange(len(size))
        if closure.county is not None:
            wanted = [county.id for county in scenario.counties].index(closure.county)
            rows = rows[villages.county == wanted]
        smallest = rows[np.argsort(size[rows], kind="stable")]
        number = int(np.floor(closure.share.at(0) * len(rows) + 0.5))
        if closure.month < scenario.months:
            open_[max(closure.month, 0) :, smallest[:number]] = 0
    return open_
