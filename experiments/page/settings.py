"""What a visitor may ask for: a scenario that the page offers, some of its levers moved."""

from __future__ import annotations

import math
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import scenarios
from experiments.page import told
from experiments.page.levers import Lever, shown
from experiments.page.told import Told
from scenarios.errors import problem
from scenarios.numbers import number
from scenarios.reader import family
from scenarios.scenario import SET, Scenario
from scenarios.words import did_you_mean, plain
from simulation.policy import PARAMETERS

NUMBER = re.compile(r"[-+]?(\d{1,15}\.?\d{0,15}|\.\d{1,15})([eE][-+]?\d{1,3})?", re.ASCII)
SETTINGS = 64  # settings read last that are kept

T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """A scenario's name and the levers that differ from what its files say, in base units, by name."""

    scenario: str
    sets: tuple[tuple[str, float], ...] = ()

    @property
    def query(self) -> str:
        """The one way to write it in a link."""
        pairs = [("scenario", self.scenario), *(("set", f"{key}={plain(value)}") for key, value in self.sets)]
        return urlencode(pairs, safe="/=.")


@dataclass(frozen=True)
class Offered:
    """One scenario the page offers: where it is read from, and its plan."""

    name: str
    source: str  # as `scenarios.load` wants it
    title: Mapping[str, str]
    region: str
    plan: str  # name of the region's plan


class Catalogue:
    """The scenarios of a page, and its settings as read. May be used from several threads.

    `given` are settings of the command line. Those of levers that the page shows are where `first` begins; the others hold in every
    scenario of its region and cannot be moved.
    """

    def __init__(self, first: str, given: Mapping[str, str] | None = None) -> None:
        """Raises InputError for a scenario that cannot be read."""
        self.offered: dict[str, Offered] = {}
        self.shown: dict[str, tuple[Lever, ...]] = {}
        self.given: dict[str, str] = {}
        self.moved: dict[str, float] = {}
        self.lock = threading.Lock()
        self.kept: OrderedDict[tuple[str, Setting | str], Any] = OrderedDict()
        self._offer_known()
        self.first = self._offer(first)
        self.region = self.offered[self.first].region
        self._give(given or {})
        self.scenario(self.begin)  # says now what is wrong

    @property
    def begin(self) -> Setting:
        """The setting the page opens with."""
        return Setting(self.first, tuple(sorted(self.moved.items())))

    def regions(self) -> list[dict[str, Any]]:
        """Regions and their policies, as the page reads them."""
        found: dict[str, list[Offered]] = {}
        for one in self.offered.values():
            found.setdefault(one.region, []).append(one)
        return [
            {
                "name": region,
                "title": dict(next((one for one in policies if one.name == one.plan), policies[0]).title),
                "policies": [{"name": one.name, "title": dict(one.title)} for one in policies],
            }
            for region, policies in found.items()
        ]

    def named(self, name: str) -> Offered:
        """What the page offers under a name. Raises Told."""
        if name in self.offered:
            return self.offered[name]
        shorter = name.removesuffix("/plan")
        if shorter in self.offered:
            return self.offered[shorter]
        name = name[:80]
        near = did_you_mean(name, self.offered)
        raise Told(
            told.MISSING, en=f'There is no scenario "{name}" here{near}.',
            zh=f"没有名为“{name}”的情景" + near.replace(" (did you mean ", "（您是否指 ").replace("?)", "？）") + "。",
            key="scenario",
        )  # fmt: skip

    def setting(self, name: str, sets: Sequence[str]) -> Setting:
        """The setting of a request, `sets` as KEY=VALUE; a lever left where it is leaves no trace. Raises Told."""
        offered = self.named(name)
        levers = {lever.key: lever for lever in self.levers(offered.name)}
        found: dict[str, float] = {}
        for text in sets:
            key, equals, value = text.partition("=")
            if not equals or key not in levers:
                raise _unknown(key if equals else text, levers)
            if key in found:
                raise Told(told.BAD, en=f"{key} is set twice.", zh=f"{key} 设置了两次。", key=key)
            found[key] = _number(levers[key], value)
        moved = sorted((key, value) for key, value in found.items() if value != levers[key].value)
        return Setting(offered.name, tuple(moved))

    def scenario(self, setting: Setting) -> Scenario:
        """The scenario of a setting, read and checked. Raises InputError."""

        if not setting.sets:
            offered = self.offered[setting.scenario]
            given = self.given if offered.region == self.region else {}
            return self._once(("scenario", setting), lambda: scenarios.load(offered.source, sets=given))
        base = self.scenario(Setting(setting.scenario))
        return self._once(("scenario", setting), lambda: _moved(base, setting.sets))

    def plan(self, name: str) -> Scenario:
        """The plan of a scenario's region, as its files have it."""
        return self.scenario(Setting(self.offered[name].plan))

    def levers(self, name: str) -> tuple[Lever, ...]:
        """The levers of a scenario that the page shows."""

        def found() -> tuple[Lever, ...]:
            plan = self.offered[self.named(name).plan]
            return shown(self._written(name), self._written(plan.name), *_bases(plan.source))

        if name not in self.shown:
            self.shown[name] = found()
        return self.shown[name]

    def _give(self, given: Mapping[str, str]) -> None:
        known = {lever.key for lever in self.levers(self.first)}
        self.given = {key: text for key, text in given.items() if key not in known}
        if levers := {key: text for key, text in given.items() if key in known}:
            read = scenarios.load(self.offered[self.first].source, sets=levers)
            self.moved = {key: read.values[key].at(0) for key in levers}
            wider = [lever.with_value(self.moved.get(lever.key)) for lever in self.levers(self.first)]
            self.shown[self.first] = tuple(wider)
            own = {lever.key: lever.value for lever in wider}
            self.moved = {key: value for key, value in self.moved.items() if value != own[key]}

    def _written(self, name: str) -> Scenario:
        """A scenario without the settings of the command line: those have no span."""
        return self._once(("written", name), lambda: scenarios.load(self.named(name).source))

    def _offer_known(self) -> None:
        for name, en, zh in scenarios.names():
            if not name.startswith("history/"):
                region = family(name)
                self.offered[name] = Offered(name, name, {"zh": zh, "en": en}, region, region)

    def _offer(self, first: str) -> str:
        """Offer the command's scenario, a file of the user's own among them; returns its name."""
        name = first.removesuffix("/plan")
        if name in self.offered:
            return name
        read = scenarios.load(first)
        plan = _plan_beside(first)
        if plan == first:
            self.offered[read.name] = Offered(read.name, first, read.title, read.name, read.name)
            return read.name
        base = scenarios.load(plan)
        for one, source in ((base, plan), (read, first)):
            self.offered[one.name] = Offered(one.name, source, one.title, base.name, base.name)
        return read.name

    def _once(self, key: tuple[str, Any], make: Callable[[], T]) -> T:
        with self.lock:
            if key in self.kept:
                self.kept.move_to_end(key)
                return self.kept[key]
        made = make()
        with self.lock:
            self.kept[key] = made
            while len(self.kept) > SETTINGS:
                self.kept.popitem(last=False)
        return made


def _plan_beside(first: str) -> str:
    """The plan of a scenario's region; the scenario itself where it has no region of its own."""
    if not first.endswith(".toml"):
        return family(first)
    folder = Path(first).parent
    plan = folder / "plan.toml"
    return str(plan) if (folder / "region.toml").is_file() and plan.is_file() else first


def _moved(scenario: Scenario, sets: Iterable[tuple[str, float]]) -> Scenario:
    """The scenario with some levers set, as `scenarios.load` sets them, but without reading its files again.

    Raises InputError.
    """
    wrong: list[str] = []
    values = dict(scenario.values)
    for key, value in sets:
        known = PARAMETERS[key]
        raw = {"value": value, "unit": known.unit, "source": SET}

        def note(*said: str, key: str = key) -> None:
            wrong.append(problem("--set", key, *said[:3]))

        entry = number(raw, known, key, "--set", note)
        values[key] = entry or values[key]
    if wrong:
        raise scenarios.InputError(wrong)
    return replace(scenario, values=values)


def _bases(plan: str) -> list[Scenario]:
    """The region's own file, where it can be read as a scenario."""
    region = str(Path(plan).with_name("region.toml")) if plan.endswith(".toml") else f"{plan}/region"
    try:
        return [scenarios.load(region)]
    except scenarios.InputError:
        return []


def _unknown(key: str, known: Iterable[str]) -> Told:
    key = key[:80]
    near = did_you_mean(key, known)
    said = near.replace(" (did you mean ", "（您是否指 ").replace("?)", "？）")
    return Told(
        told.OUTSIDE,
        en=f'"{key}" is no lever of this scenario{near}.',
        zh=f"“{key}”不是本情景的政策杠杆{said}。",
        key=key,
    )


def _number(lever: Lever, text: str) -> float:
    """The value of a lever, within its span. Raises Told."""
    low, high = plain(lever.min), plain(lever.max)
    value = float(text) if NUMBER.fullmatch(text) else math.nan
    if not lever.min <= value <= lever.max or (lever.kind == "switch" and value not in (0.0, 1.0)):
        said = text[:40]
        if lever.kind == "switch":
            raise Told(
                told.OUTSIDE, en=f'{lever.label["en"]}: 0 or 1 expected, not "{said}".',
                zh=f"{lever.label['zh']}：应为0或1，而不是“{said}”。", key=lever.key,
            )  # fmt: skip
        raise Told(
            told.OUTSIDE, en=f'{lever.label["en"]}: a number from {low} to {high} expected, not "{said}".',
            zh=f"{lever.label['zh']}：应为{low}到{high}之间的数，而不是“{said}”。", key=lever.key,
        )  # fmt: skip
    return value + 0.0  # no negative zero
