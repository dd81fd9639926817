"""What a design varies: levers and uncertainties named on the command line, each with its range or levels."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios import assemble
from scenarios.errors import InputError, problem
from scenarios.scenario import POOL, SET
from scenarios.show import name_of
from scenarios.units import WHOLE, UnitError, convert
from scenarios.words import did_you_mean, in_unit, legal, listed, plain

if TYPE_CHECKING:
    from scenarios.scenario import Entry, Scenario

log = logging.getLogger(__name__)

VARY = "--vary"
MOST_LEVELS = 1000
NUMBER = r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_UNIT = (
    r"(?:(?:\s+|(?=[^\d\s.:,]))(\S.*))?"  # a space before it unless it begins with no digit: `5 1/year`, `5%`
)
_SPAN = re.compile(rf"({NUMBER})\s*\.\.\s*({NUMBER})(?:\s*:\s*(\d+))?{_UNIT}")
_LIST = re.compile(rf"({NUMBER}(?:\s*,\s*{NUMBER})*){_UNIT}")
_FORMS = "LOW..HIGH, LOW..HIGH:N (N levels) or V1,V2,V3; a unit, if any, once and at the end"
_NAMES = "a name, its short form or symbol, or a group: uncertainties, levers, b_k, family:NAME, a pattern 'budget_*'"


@dataclass(frozen=True)
class Factor:
    """One number that a design varies, in its base unit `unit`.

    It takes any value of `low`..`high` on its `scale` ("linear" or "log"), or only the `levels`, which rise. `kind` is "lever"
    or "uncertainty". `central` is the scenario's own value, None where that changes with time.
    """

    name: str
    low: float
    high: float
    scale: str
    unit: str
    kind: str
    levels: tuple[float, ...] | None
    label_en: str
    label_zh: str
    central: float | None = None

    def at(self, unit: np.ndarray) -> np.ndarray:
        """Values at places 0..1 of the range; every level has an equal share of the places."""
        if self.levels is not None:
            last = len(self.levels) - 1
            return np.array(self.levels)[np.minimum((unit * (last + 1)).astype(np.int64), last)]
        values = np.clip(stretch(unit, (self.low, self.high), self.scale), self.low, self.high)
        return np.where(unit <= 0.0, self.low, np.where(unit >= 1.0, self.high, values))

    def place(self, values: np.ndarray) -> np.ndarray:
        """Where in 0..1 of the range values lie, on its scale."""
        if self.scale != "log":
            return (values - self.low) / (self.high - self.low)
        from simulation.draws import log_

        a, b = log_(self.low), log_(self.high)
        return (np.array([log_(float(value)) for value in values]) - a) / (b - a)

    def evenly(self, n: int) -> tuple[float, ...]:
        """The levels, or `n` values evenly spaced on the scale, both ends among them."""
        return self.levels or spaced(self.low, self.high, n, self.scale)

    def as_dict(self) -> dict[str, Any]:
        """What decides a design, as JSON takes it: no labels, no central value. `restored` reads it."""
        names = ("name", "low", "high", "scale", "unit", "kind")
        return {name: getattr(self, name) for name in names} | {
            "levels": None if self.levels is None else list(self.levels)
        }


def stretch(unit: np.ndarray, span: tuple[float, float], scale: str) -> np.ndarray:
    """Values at places 0..1 of a span, on its scale."""
    low, high = span
    if scale != "log":
        return low + (high - low) * unit
    from simulation.draws import exp_, log_  # the same bits on every machine, unlike np.exp

    a, b = log_(float(low)), log_(float(high))
    return np.array([exp_(a + (b - a) * u) for u in unit])


def spaced(low: float, high: float, n: int, scale: str) -> tuple[float, ...]:
    """`n` values from `low` to `high`, evenly spaced on the scale."""
    inner = stretch(np.arange(1, n - 1) / (n - 1), (low, high), scale)
    return (low, *map(float, inner), high)


def factors(
    scenario: Scenario, texts: Sequence[str], *, fixed: Collection[str] = (), where: str = VARY
) -> tuple[Factor, ...]:
    """What texts such as `subsidy=5000..35000`, `b_k` or `loan_rate=0.5,1` name, in that order.

    NAME takes the scenario's own range; NAME=LOW..HIGH [unit], NAME=LOW..HIGH:N [unit] and NAME=V1,V2,V3 [unit] give another.
    Groups take the ranges of the scenario: `uncertainties`, `levers`, `b_k` (the taste weights, the b's of the utility),
    `family:NAME` (levers of a family) and patterns. Names in `fixed` are known here and may not vary. `where` is the option
    that messages speak of. Raises InputError with everything that is wrong.
    """
    found: dict[str, Factor] = {}
    problems: list[str] = []
    for text in texts:
        try:
            asked = _asked(scenario, text.strip(), fixed, where)
        except InputError as error:
            problems += error.messages
            continue
        except _Refused as error:
            problems.append(problem(where, text, *error.args))
            continue
        for factor in asked:
            if factor.name in found:
                problems.append(
                    problem(
                        where, text, f"{factor.name} is named twice", "", "name it once, alone or in a group"
                    )
                )
            found[factor.name] = factor
    if problems:
        raise InputError(problems)
    for name in found:
        _warn_if_dated(scenario, name, where)
    return tuple(found.values())


def levers(scenario: Scenario, text: str, *, where: str = "--levers") -> tuple[Factor, ...]:
    """The levers of a list such as `subsidy,loan_rate=0.5..1`; without a range each has that of the scenario.

    Raises InputError; an uncertainty is no lever, because nobody can choose it.
    """
    parts = [part.strip() for part in text.split(",")]
    if any(re.fullmatch(rf"{NUMBER}.*", part) for part in parts):
        raise InputError(
            [problem(where, text, "a list of values cannot stand here", "NAME or NAME=LOW..HIGH:N")]
        )
    found = factors(scenario, parts, where=where)
    given = {entry.name: entry.kind for entry in scenario.entries()}
    why = {"uncertainty": "is an uncertainty: nobody can choose it", "constant": "is a constant, not a lever"}
    wrong = [
        problem(where, factor.name, why[given[factor.name]], f"a lever; see `anju show {scenario.name}`")
        for factor in found
        if factor.kind != "lever"
    ]
    if wrong:
        raise InputError(wrong)
    return found


def restored(scenario: Scenario, kept: Iterable[Mapping[str, Any]]) -> tuple[Factor, ...]:
    """Factors as `Factor.as_dict` left them. Raises InputError for a name the scenario does not have."""
    entries = {entry.name: entry for entry in scenario.entries()}
    return tuple(
        factor_of(scenario, entries[known_name(row["name"], entries, where=VARY)], row["low"], row["high"],
                row["scale"], None if row["levels"] is None else tuple(row["levels"]))
        for row in kept
    )  # fmt: skip


def fixed_by_households(scenario: Scenario) -> tuple[str, ...]:
    """Names that a user's own households settle, so that varying them would change nothing."""
    return (*POOL, *(e.name for e in scenario.entries() if e.name.startswith("population.")))


def resolve_name(scenario: Scenario, text: str, *, where: str = VARY) -> Entry:
    """The number meant by a name, by the model's symbol (b_y) or by the name without its unit (subsidy).

    A name of a mode or of the population may stand alone if only one is so called (absent_share). Among several with one short
    name it is the one with a range in the scenario. Raises InputError.
    """
    found = meant(scenario, text)
    if len(found) > 1:
        names = ", ".join(entry.name for entry in found)
        raise InputError([problem(where, text, "may mean several numbers", f"one of {names}")])
    if not found:
        entries = scenario.entries()
        short = (
            name
            for entry in entries
            for name in (_symbol(entry), *short_names(entry.name, entry.unit))
            if name
        )
        known_name(text, [*(entry.name for entry in entries), *short, *_GROUPS], where=where, expected=_NAMES)
    return found[0]


def meant(scenario: Scenario, text: str) -> list[Entry]:
    """The numbers that a text may mean, as `resolve_name` reads it; more than one if it leaves that open."""
    short: list[Entry] = []
    without_owner: list[Entry] = []
    for entry in scenario.entries():
        if text in (entry.name, _symbol(entry) or entry.name):
            return [entry]
        owner, _, leaf = entry.name.rpartition(".")
        if text in short_names(entry.name, entry.unit):
            short.append(entry)
        if owner and text in (leaf, *short_names(leaf, entry.unit)):
            without_owner.append(entry)
    found = short or without_owner
    # what --set gave has lost its range, and is meant all the same
    ranged = [entry for entry in found if entry.range is not None or entry.source == SET]
    return ranged if len(ranged) == 1 else found


def known_name(text: str, known: Iterable[str], *, where: str, expected: str = "") -> str:
    """`text` if it is one of the known names (of outcomes, targets, ...). Raises InputError that offers the nearest."""
    known = list(known)
    if text in known:
        return text
    expected = expected or f"one of {listed(known, text)}"
    raise InputError([problem(where, text or '""', "unknown name" + did_you_mean(text, known), expected)])


def short_names(name: str, unit: str) -> tuple[str, ...]:
    """A name without the words that only repeat its unit, step by step: what is paid per whom first, then the rest.

    >>> short_names("subsidy_yuan_per_person", "yuan/person")
    ('subsidy_yuan', 'subsidy')
    """
    owner, dot, leaf = name.rpartition(".")
    words = {word.rstrip("s") for word in re.findall(r"[a-z]+\d*", unit)}
    if "ratio" in words:
        words.add("factor")
    parts = leaf.partition("_per_")[0].split("_")
    found = [parts[:]]
    while len(parts) > 1 and parts[-1].rstrip("s") in words:
        parts.pop()
        found.append(parts[:])
    return tuple(short for short in (f"{owner}{dot}{'_'.join(p)}" for p in found) if short != name)


def _symbol(entry: Entry) -> str:
    owner, dot, _ = entry.name.rpartition(".")
    symbol = assemble.parameter(entry.name).symbol
    return f"{owner}{dot}{symbol}" if symbol else ""


# What a text asks for


class _Refused(Exception):
    """What is wrong with a text, what is expected, how to mend it."""


def _asked(scenario: Scenario, text: str, fixed: Collection[str], where: str) -> list[Factor]:
    name, equals, values = (part.strip() for part in text.partition("="))
    group = _group(scenario, name, where)
    if group is not None:
        if equals:
            raise _Refused(
                "a group has no range of its own", "the group alone", "name its members one by one"
            )
        return [_with_own_range(scenario, entry) for entry in group if entry.name not in fixed]
    entry = resolve_name(scenario, name, where=where)
    if entry.name in fixed:
        raise _Refused("is known here and cannot vary", "", "leave it out")
    if equals:
        return [_given(scenario, entry, values)]
    if entry.range is None:
        example = "0,1" if entry.unit == "flag" else f"LOW..HIGH {entry.unit}"
        if entry.source == SET:
            raise _Refused(
                "is set by --set, which leaves it no range",
                "",
                f"leave --set out, or give one: '{name}={example}'",
            )
        raise _Refused(f"has no range in {scenario.name}", "", f"give one: '{name}={example}'")
    return [_with_own_range(scenario, entry)]


def _group(scenario: Scenario, name: str, where: str) -> list[Entry] | None:
    """The members of a group, all with a range; None if it is no group."""
    if name in _GROUPS:
        found = _GROUPS[name](scenario)
    elif name.startswith("family:"):
        family = name.removeprefix("family:")
        families = dict.fromkeys(entry.family for entry in scenario.levers())
        known_name(family, families, where=f"{where}: {name}")
        found = [entry for entry in scenario.levers() if entry.family == family]
    elif re.search(r"[*?\[]", name):
        matched = [entry for entry in scenario.entries() if fnmatchcase(entry.name, name)]
        if not matched:
            raise _Refused("matches no name")
        found = [entry for entry in matched if entry.range is not None]
    else:
        return None
    if not found:
        raise _Refused(f"nothing in it has a range in {scenario.name}", "", "name its members with ranges")
    return found


_GROUPS: dict[str, Callable[[Any], list[Any]]] = {
    "uncertainties": lambda scenario: scenario.uncertainties(),
    "levers": lambda scenario: scenario.levers(),
    "b_k": lambda scenario: [
        entry for entry in scenario.uncertainties() if entry.name.rpartition(".")[2].startswith("b_")
    ],
}


def _with_own_range(scenario: Scenario, entry: Entry) -> Factor:
    assert entry.range is not None
    return factor_of(scenario, entry, *entry.range, entry.scale)


def _given(scenario: Scenario, entry: Entry, values: str) -> Factor:
    """The factor of NAME=VALUES."""
    if span := _SPAN.fullmatch(values):
        low, high = (_number(entry, span[k], span[4]) for k in (1, 2))
        levels = _between(entry, low, high, span[3])
        scale = entry.scale
    elif (listed := _LIST.fullmatch(values)) and ".." not in values:
        levels = tuple(sorted(_number(entry, one, listed[2]) for one in listed[1].split(",")))
        if len(levels) < 2:
            raise _Refused("one value does not vary", _FORMS, f"or set it: --set '{entry.name}={values}'")
        if len(set(levels)) < len(levels):
            raise _Refused("holds a value twice", "levels that differ")
        low, high, scale = levels[0], levels[-1], None
    else:
        raise _Refused(f'"{values}" is no range', _FORMS)
    if entry.unit in WHOLE and any(value != math.floor(value) for value in (low, high, *(levels or ()))):
        raise _Refused("holds fractions", f"whole numbers, {legal(assemble.parameter(entry.name))}")
    return factor_of(scenario, entry, low, high, scale, levels)


def _between(entry: Entry, low: float, high: float, n: str | None) -> tuple[float, ...] | None:
    """The levels of LOW..HIGH:N; a number that counts or switches has all whole ones without N too."""
    if low >= high:
        raise _Refused(f"{plain(low)}..{plain(high)} is empty or runs backwards", "LOW..HIGH, LOW below HIGH")
    if entry.scale == "log" and low <= 0.0:
        raise _Refused(
            f"has a log scale, which cannot begin at {plain(low)}",
            "LOW above 0, or a list of levels",
        )
    if n is not None:
        if not 2 <= int(n) <= MOST_LEVELS:
            raise _Refused(f"{n} levels", f"2 to {MOST_LEVELS}")
        return spaced(low, high, int(n), entry.scale)
    if entry.unit in WHOLE:
        return tuple(map(float, range(math.floor(low), math.floor(high) + 1)))
    return None


def _number(entry: Entry, number: str, unit: str | None) -> float:
    """A number of the text in its base unit, its legality checked."""
    parameter = assemble.parameter(entry.name)
    try:
        value = convert(float(number), unit.strip(), entry.unit) if unit else float(number)
    except UnitError as error:
        raise _Refused(str(error), in_unit(parameter)) from None
    if not (parameter.low <= value <= parameter.high and math.isfinite(value)):
        raise _Refused(f"{plain(value)} {entry.unit} is not possible", legal(parameter))
    return value


def factor_of(
    scenario: Scenario, entry: Entry, low: float, high: float, scale: str | None = None,
    levels: tuple[float, ...] | None = None,
) -> Factor:  # fmt: skip
    """The factor of a number of the scenario; its scale is the scenario's where that can be."""
    scale = scale or (entry.scale if low > 0.0 else "linear")
    return Factor(
        name=entry.name, low=float(low), high=float(high), scale=scale, unit=entry.unit,
        kind="lever" if entry.kind == "lever" else "uncertainty", levels=levels,
        label_en=name_of(entry, scenario, "en"), label_zh=name_of(entry, scenario, "zh"),
        central=float(entry.value) if isinstance(entry.value, int | float) else None,
    )  # fmt: skip


def _warn_if_dated(scenario: Scenario, name: str, where: str) -> None:
    entry = next(entry for entry in scenario.entries() if entry.name == name)
    if not isinstance(entry.value, int | float):
        log.warning(
            "warning: %s: %s changes over time in %s; while it varies it has one value for all months",
            where, name, scenario.name,
        )  # fmt: skip
