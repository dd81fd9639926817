"""What a visitor may ask for: a scenario that the page offers, some of its levers moved."""

from __future__ import annotations

import math
import re
import shlex
import threading
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
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
REGION = "region.toml"
OF_REGION = re.compile(r"\s*[（(](地区|region)[）)]$")  # what a region's title says of itself

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
        self.places: dict[str, dict[str, str]] = {}  # what regions are called
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
                "title": self.places[region],
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
        en, zh = _near(name, self.offered)
        raise Told(
            told.MISSING, en=f'There is no scenario "{name}" here{en}.', zh=f"没有名为“{name}”的情景{zh}。", key="scenario"
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

    def command(self, name: str, futures: int, seed: int, *, whole: bool = True) -> str:
        """The command whose study has the futures, runs and settings of the page; without `whole` a file by its name alone."""
        offered = self.offered[name]
        source = (
            offered.source if whole or not offered.source.endswith(".toml") else Path(offered.source).name
        )
        given = self.given if offered.region == self.region else {}
        words = ["anju", "run", source, "--points", str(futures), "--replications", "1"]
        words += ["--seed", str(seed)] if seed != 1 else []
        for key, text in given.items():
            words += ["--set", f"{key}={text}"]
        return shlex.join(words)

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
        for region in {one.region for one in self.offered.values()}:
            title = _title(resources.files("scenarios").joinpath(region, REGION).read_text("utf-8-sig"))
            self.places[region] = _place(title or {}, region)

    def _offer(self, first: str) -> str:
        """Offer the command's scenario, a file of the user's own among them; returns its name."""
        name = first.removesuffix("/plan")
        if name in self.offered:
            return name
        read = scenarios.load(first)
        folder = Path(first).parent
        if not first.endswith(".toml"):
            return self._offer_named(read)
        if (folder / REGION).is_file() and (folder / "plan.toml").is_file() and Path(first).name != REGION:
            return self._offer_region(folder, first, read)
        name = f"{read.name}.toml" if read.name in self.offered else read.name
        plan = _plan_under(read, folder)
        if plan not in self.offered:
            plan, self.places[name] = name, _place(read.title, name)
        region = self.offered[plan].region if plan in self.offered else name
        self.offered[name] = Offered(name, first, read.title, region, plan)
        return name

    def _offer_named(self, read: Scenario) -> str:
        """Offer a scenario that comes with Anju and is not in the list: one of the past, or a region as it is."""
        plan = family(read.name)
        if plan not in self.offered:
            base = scenarios.load(plan)
            self.places[plan] = _place(base.title, plan)
            self.offered[plan] = Offered(plan, plan, base.title, plan, plan)
        self.offered[read.name] = Offered(read.name, read.name, read.title, plan, plan)
        return read.name

    def _offer_region(self, folder: Path, first: str, read: Scenario) -> str:
        """Offer a region of the user's own, all its policies, in the place of one that has the same name."""
        plan = scenarios.load(str(folder / "plan.toml"))
        self.offered = {name: one for name, one in self.offered.items() if one.region != plan.name}
        self.places[plan.name] = _place(_title((folder / REGION).read_text("utf-8-sig")) or {}, plan.name)
        self.offered[plan.name] = Offered(
            plan.name, str(folder / "plan.toml"), plan.title, plan.name, plan.name
        )
        for file in sorted(folder.glob("*.toml")):
            title = None if file.name in (REGION, "plan.toml") else _title_of(file)
            if title is not None:
                name = f"{plan.name}/{file.stem}"
                self.offered[name] = Offered(name, str(file), title, plan.name, plan.name)
        self.offered[read.name] = Offered(read.name, first, read.title, plan.name, plan.name)
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


def _plan_under(read: Scenario, folder: Path) -> str:
    """The plan of the region that comes with Anju on which a lone file rests, or nothing."""
    base = read.files[0]
    shipped = base == f"{family(base)}/{REGION}" and not (folder / REGION).is_file()
    return family(base) if shipped and folder.name != family(base) else ""


def _title(text: str) -> dict[str, str] | None:
    """The title in a scenario file's header, if it can be read."""
    try:
        title = tomllib.loads(text)["header"]["title"]
        return {"zh": str(title["zh"]), "en": str(title["en"])}
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        return None


def _title_of(file: Path) -> dict[str, str] | None:
    try:
        return _title(file.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return None


def _place(title: Mapping[str, str], name: str) -> dict[str, str]:
    """What a region is called, from the title of its file."""
    return {lang: OF_REGION.sub("", title.get(lang, "")) or name for lang in ("zh", "en")}


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
    en, zh = _near(key, known)
    said = f'"{key}" is no lever of this scenario{en}.'
    return Told(told.OUTSIDE, en=said, zh=f"“{key}”不是本情景的政策杠杆{zh}。", key=key)


def _near(word: str, known: Iterable[str]) -> tuple[str, str]:
    """The name that may have been meant, in English and in Chinese."""
    en = did_you_mean(word, known)
    return en, en.replace(" (did you mean ", "（您是否指 ").replace("?)", "？）")


def _number(lever: Lever, text: str) -> float:
    """The value of a lever, within its span. Raises Told."""
    low, high = plain(lever.min), plain(lever.max)
    value = float(plain(float(text))) if NUMBER.fullmatch(text) else math.nan  # as a link writes it
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
