"""What each region is calibrated on: facts marked `calibrate`, the outcome that answers to each, and how far both may lie apart."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scenarios import facts as published
from scenarios.errors import InputError, problem
from scenarios.facts import Fact
from scenarios.units import UnitError, convert

FILE = "calibration.toml"
SCHEMA = 1
USE = "calibrate"
MEMORY = "memory"  # what the source of a fact begins with that nobody has read again
REGION = "region"  # the scope of an outcome that is not of one county


@dataclass(frozen=True)
class Error:
    """A standard deviation, in the fact's unit or in logs, and why it is so large."""

    sd: float
    en: str
    zh: str


@dataclass(frozen=True)
class Anchor:
    """A fact, and the outcome of the scenario `case` that answers to it.

    The outcome is a column of a run, or a metric at a date or at the end of a month counted from 1. It is multiplied by the
    sum of some uncertainties and facts, if there are any (`times`). A fact that is a share over some `years` is held
    as the constant yearly rate that gives it. Errors add up as squares.
    """

    fact: Fact
    case: str
    en: str
    zh: str
    unit: str  # of the outcome; "" where only the scenario tells
    scale: str = "linear"
    column: str | None = None
    metric: str | None = None
    event: str | None = None
    scope: str = REGION
    date: str | None = None
    month: int | None = None
    years: float | None = None
    times: tuple[str, ...] = ()
    times_facts: tuple[Fact, ...] = ()
    times_en: str = ""
    times_zh: str = ""
    observation: Error = Error(0.0, "", "")
    discrepancy: Error = Error(0.0, "", "")

    def __post_init__(self) -> None:
        refuse(self.fact)

    @property
    def value(self) -> float:
        """The fact in the unit of the outcome."""
        value = convert(self.fact.value, self.fact.unit, "share" if self.years else self.unit)
        return 1.0 - (1.0 - value) ** (1.0 / self.years) if self.years else value

    @property
    def sd(self) -> float:
        """How far fact and outcome may lie apart: one standard deviation, in the unit of the outcome or in logs."""
        sds = [self.observation.sd, self.discrepancy.sd]
        if self.scale == "linear":
            sds = [convert(sd, self.fact.unit, self.unit) for sd in sds]
        return math.hypot(*sds)


@dataclass(frozen=True)
class Unused:
    """A fact that might set something here and does not, and why."""

    fact: Fact
    en: str
    zh: str


@dataclass(frozen=True)
class Shared:
    """Parameters that are the same in every region, by family or by name, and why."""

    families: tuple[str, ...]
    names: tuple[str, ...]
    en: str
    zh: str


@dataclass(frozen=True)
class Calibration:
    """What a region is calibrated on, with facts of the regions `facts_of`. `kept` are those kept for validation, which nothing
    here may use."""

    family: str
    shared: Shared
    anchors: tuple[Anchor, ...]
    unused: tuple[Unused, ...]
    kept: tuple[Fact, ...]
    facts_of: tuple[str, ...] = ()


def refuse(fact: Fact) -> None:
    """Raise InputError unless a fact may calibrate."""
    said = f"{fact.region}, {fact.period}, {fact.quantity}"
    if fact.use != USE:
        raise InputError([f"{said}: is marked {fact.use}, and only facts marked {USE} may set a parameter"])
    if from_memory(fact.source):
        raise InputError([f"{said}: is from memory, and was not read again, so it may not calibrate"])


def from_memory(source: str) -> bool:
    """Whether nobody has read again what a fact is from."""
    return source.strip().lower().startswith(MEMORY)


def of_region(family: str) -> Calibration | None:
    """What a region is calibrated on; None where the file says nothing of it. Raises InputError."""
    return calibrations().get(family)


def belongs_to(region: str, mine: Collection[str]) -> str:
    """The family that facts of a region are of, where they are of one alone and of none of `mine`; else ""."""
    known = {(name, family) for family, one in calibrations().items() for name in one.facts_of}
    known |= {(one.fact.region, one.family) for one in published.matches()}
    found = {family for name, family in known if name == region}
    return next(iter(found)) if len(found) == 1 and not found & set(mine) else ""


def shared() -> Shared:
    """What is the same in every region."""
    return _read(resources.files("scenarios").joinpath(FILE).read_text("utf-8"), published.facts())[0]


@cache
def calibrations() -> Mapping[str, Calibration]:
    """By region, the file that comes with anju. Raises InputError."""
    return read(resources.files("scenarios").joinpath(FILE).read_text("utf-8"), published.facts())


def read(text: str, known: Sequence[Fact], label: str = FILE) -> Mapping[str, Calibration]:
    """Calibrations from TOML text. Raises InputError with every problem."""
    return _read(text, known, label)[1]


def _read(text: str, known: Sequence[Fact], label: str = FILE) -> tuple[Shared, Mapping[str, Calibration]]:
    try:
        whole = _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError([f"{label}: {error}"]) from error
    except ValidationError as error:
        raise InputError([
            problem(label, ".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()
        ]) from error  # fmt: skip
    same = Shared(tuple(whole.shared.families), tuple(whole.shared.names), whole.shared.en, whole.shared.zh)
    by_key = {(one.region, one.period, one.quantity): one for one in known}
    found, wrong = {}, []
    for region in whole.region:
        where = f"{label}: {region.family}"
        if region.family in found:
            wrong.append(f"{where}: given twice")
        try:
            found[region.family] = _calibration(region, same, by_key, where)
        except InputError as error:
            wrong += error.messages
    if wrong:
        raise InputError(wrong)
    return same, found


Sd = Annotated[float, Field(ge=0.0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Error(_Part):
    sd: Sd
    en: Annotated[str, Field(min_length=1)]
    zh: Annotated[str, Field(min_length=1)]


Key = tuple[str, str, str]


class _Times(_Part):
    uncertainties: list[str] = []
    facts: list[Key] = []


class _Fact(_Part):
    region: str
    period: str
    quantity: str
    case: str
    en: str
    zh: str
    unit: str
    column: str | None = None
    metric: str | None = None
    event: str | None = None
    scope: str = REGION
    date: Annotated[str | None, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")] = None
    month: Annotated[int | None, Field(ge=1)] = None
    years: Annotated[float | None, Field(gt=0.0)] = None
    times: _Times = _Times()
    times_en: str = ""
    times_zh: str = ""
    scale: Literal["linear", "log"] = "linear"
    observation: _Error
    discrepancy: _Error


class _Unused(_Part):
    facts: list[Key]
    en: Annotated[str, Field(min_length=1)]
    zh: Annotated[str, Field(min_length=1)]


class _Region(_Part):
    family: str
    facts_of: list[str]
    fact: list[_Fact]
    unused: list[_Unused] = []


class _Shared(_Part):
    families: list[str]
    names: list[str]
    en: str
    zh: str


class _File(_Part):
    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_: Annotated[Literal[1], Field(alias="schema")]
    shared: _Shared
    region: list[_Region]


def _calibration(region: _Region, same: Shared, known: Mapping[Key, Fact], where: str) -> Calibration:
    wrong: list[str] = []
    anchors = [
        one for row in region.fact for one in _collected(wrong, lambda row=row: _anchor(row, known, where))
    ]
    unused = [
        Unused(fact, group.en, group.zh)
        for group in region.unused
        for key in group.facts
        for fact in _collected(wrong, lambda key=key: _known(key, known, where))
    ]
    told = {id(one.fact) for one in (*anchors, *unused)}
    for one in known.values():
        if one.region in region.facts_of and one.use == USE and id(one) not in told:
            wrong.append(
                f"{where}: {one.region}, {one.period}, {one.quantity}: neither used nor said why not"
            )
    for one in unused:
        if one.fact.use != USE:
            wrong.append(
                f"{where}: {one.fact.quantity}: is marked {one.fact.use}, so it is no fact to leave out"
            )
    if wrong:
        raise InputError(wrong)
    kept = [one for one in known.values() if one.region in region.facts_of and one.use == "validate"]
    return Calibration(
        region.family, same, tuple(anchors), tuple(unused), tuple(kept), tuple(region.facts_of)
    )


def _collected(wrong: list[str], make: Any) -> list[Any]:
    """What `make` gives, or nothing and its problems."""
    try:
        return [make()]
    except InputError as error:
        wrong += error.messages
        return []


def _known(key: Key, known: Mapping[Key, Fact], where: str) -> Fact:
    if key not in known:
        raise InputError([problem(where, ", ".join(key), "no such fact", "", f"{published.FILE} holds them")])
    return known[key]


def _anchor(row: _Fact, known: Mapping[Key, Fact], where: str) -> Anchor:
    fact = _known((row.region, row.period, row.quantity), known, where)
    factors = tuple(_known(key, known, where) for key in row.times.facts)
    said = f"{where}: {fact.quantity}"
    wrong = [f"{said}: {one.quantity} is kept for validation" for one in factors if one.use == "validate"]
    if (row.column is None) == (row.metric is None):
        wrong.append(f"{said}: a column or a metric expected, one of them")
    if row.metric is not None and (row.date is None) == (row.month is None):
        wrong.append(f"{said}: a date or a month expected, one of them")
    if row.observation.sd + row.discrepancy.sd <= 0.0:
        wrong.append(f"{said}: an error of more than 0 expected")
    if wrong:
        raise InputError(wrong)
    given = row.model_dump(exclude={"region", "period", "quantity", "times", "observation", "discrepancy"})
    made = Anchor(
        fact, **given, times=tuple(row.times.uncertainties), times_facts=factors,
        observation=Error(**row.observation.model_dump()), discrepancy=Error(**row.discrepancy.model_dump()),
    )  # fmt: skip
    try:
        value, _ = made.value, made.sd
    except UnitError as error:
        raise InputError([f"{said}: {error}"]) from error
    if made.scale == "log" and value <= 0.0:
        raise InputError([f"{said}: {fact.value:g} has no logarithm; a linear scale expected"])
    return made
