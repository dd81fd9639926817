"""Which scenarios are held against which facts, and in which number of a run each fact is looked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import scenarios
from experiments import measures
from scenarios import reader
from scenarios.baselines import Naive, baselines
from scenarios.errors import InputError, problem
from scenarios.facts import EFFECT, Match, matches, unit_problem
from scenarios.scenario import Target, date_of, month_of
from scenarios.schema import METRICS
from scenarios.units import convert
from scenarios.words import did_you_mean
from simulation.outcomes import URBAN_METRICS

if TYPE_CHECKING:
    from scenarios.own_facts import OwnFact
    from scenarios.scenario import Scenario

HEAVY = 5_000_000
"""Persons in the pool beyond which a scenario is left out unless it is named: a run takes the better part of a minute."""
GRANTED, WITHHELD = "granted_income_yuan", "withheld_income_yuan"
UNKNOWN = Naive((), "none can be computed from known facts", "已知事实中算不出")


@dataclass(frozen=True)
class Kept:
    """A fact, and the outcome that answers to it: `column` of a run, times `size` to be in the fact's unit.

    The effect of moving has no column of its own: it is GRANTED over WITHHELD, less 1.
    """

    match: Match
    naive: Naive
    column: str
    size: float

    @property
    def of_effect(self) -> bool:
        return self.match.metric == EFFECT


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario and what it is held against. Its targets are the outcomes looked for, so every run holds them.

    `without` are facts of its region that no outcome answers to.
    """

    scenario: Scenario
    kept: tuple[Kept, ...]
    without: tuple[Match, ...]

    @property
    def name(self) -> str:
        return self.scenario.name

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kept.column for kept in self.kept if not kept.of_effect))

    @property
    def needs_effect(self) -> bool:
        return any(kept.of_effect for kept in self.kept)


@dataclass(frozen=True)
class Cases:
    """`left_out` are scenarios that take long and were not named."""

    cases: tuple[Case, ...]
    left_out: tuple[str, ...] = ()


def known() -> dict[str, list[Match]]:
    """Facts that an outcome answers to, by the scenario in which they came about."""
    found: dict[str, list[Match]] = {}
    for match in matches():
        if match.match != "none":
            found.setdefault(match.name, []).append(match)
    return found


def cases(
    names: Sequence[str] = (), own: Sequence[OwnFact] = (), *, every: bool = False,
    wanted: Callable[[str], bool] = lambda family: True,
) -> Cases:  # fmt: skip
    """The scenarios of `names`, or all that have facts and do not take long; `every`: those that do, too.

    `own` are a user's facts; a scenario without a fact of anju's is held against these alone. `wanted` says which families
    are looked at where none is named. Raises InputError for unknown names, and facts that no outcome of theirs answers to.
    """
    asked = _expanded(names) if names else _by_default(own, wanted)
    found, left_out = [], []
    for name in asked:
        scenario = scenarios.load(name)
        if not (names or own or every) and scenario.values["pool_persons"].at(0) > HEAVY:
            left_out.append(name)
            continue
        found.append(_case(scenario, name, _of(own, name, asked)))
    _refuse_strangers(own, asked)
    return Cases(tuple(found), tuple(left_out))


def _by_default(own: Sequence[OwnFact], wanted: Callable[[str], bool]) -> list[str]:
    if not own:
        return [name for name, of in known().items() if wanted(of[0].family)]
    nameless = [one.match.where for one in own if not one.match.scenario]
    if nameless:
        raise InputError([
            f"{nameless[0]}: scenario: empty; name the scenario there, or on the command line: anju validate NAME --facts FILE"
        ])  # fmt: skip
    return list(dict.fromkeys(_plain(one.match.scenario) for one in own))


def _expanded(names: Sequence[str]) -> list[str]:
    """The name of a family stands for every scenario of it in which a fact came about."""
    found: list[str] = []
    for name in map(_plain, names):
        of_family = [other for other, of in known().items() if of[0].family == name]
        found += of_family or [name]
    return list(dict.fromkeys(found))


def _plain(name: str) -> str:
    return name.removesuffix("/plan")


def _of(own: Sequence[OwnFact], name: str, asked: Sequence[str]) -> list[OwnFact]:
    """The user's facts of one scenario; those that name none belong to the only one."""
    return [
        one
        for one in own
        if _plain(one.match.scenario) == name or (not one.match.scenario and len(asked) == 1)
    ]


def _refuse_strangers(own: Sequence[OwnFact], asked: Sequence[str]) -> None:
    wrong = []
    for one in own:
        named = _plain(one.match.scenario)
        if not named and len(asked) > 1:
            wrong.append(problem(one.match.where, "scenario", "empty", f"one of {', '.join(asked)}"))
        if named and named not in asked:
            said = f"{named!r} is not among those asked for{did_you_mean(named, asked)}"
            wrong.append(problem(one.match.where, "scenario", said, ", ".join(asked)))
    if wrong:
        raise InputError(wrong)


def _case(scenario: Scenario, name: str, own: Sequence[OwnFact]) -> Case:
    families = {reader.family(label) for label in scenario.files} | {reader.family(scenario.name)}
    mine = [match for match in matches() if match.holds_for(scenario.name, families)]
    facts = [(match, baselines().get(_key(match), UNKNOWN)) for match in mine if match.match != "none"]
    _refuse_double([match for match, _ in facts], own)
    facts += [(one.match, one.naive) for one in own]
    if not facts:
        raise InputError([
            f"{name}: no fact is kept that an outcome of it answers to; there are some for {', '.join(known())}; "
            "your own come with --facts FILE"
        ])  # fmt: skip
    wrong: list[str] = []
    targets: dict[str, Target] = {}
    kept = []
    for match, naive in facts:
        try:
            kept.append(_kept(match, naive, scenario, targets))
        except InputError as error:
            wrong += error.messages
    if wrong:
        raise InputError(wrong)
    looked_for = dataclasses.replace(scenario, targets=tuple(targets[id] for id in sorted(targets)))
    return Case(looked_for, tuple(kept), tuple(match for match in mine if match.match == "none"))


def _key(match: Match) -> tuple[str, str, str]:
    return match.fact.region, match.fact.period, match.fact.quantity


def _refuse_double(mine: Sequence[Match], own: Sequence[OwnFact]) -> None:
    there = {_key(match): match.where for match in mine}
    wrong = [
        problem(
            one.match.where,
            ", ".join(_key(one.match)),
            f"comes with anju ({there[_key(one.match)]}); leave it out",
        )
        for one in own
        if _key(one.match) in there
    ]
    if wrong:
        raise InputError(wrong)


def _kept(match: Match, naive: Naive, scenario: Scenario, targets: dict[str, Target]) -> Kept:
    """The fact with its place in a run; what has to be counted for it is added to `targets`."""
    if match.metric == EFFECT:
        return Kept(match, naive, "", convert(1.0, "share", match.fact.unit))
    if match.column:
        return Kept(match, naive, match.column, _size_of_column(match, scenario))
    target = _target(match, scenario)
    targets[target.id] = target
    return Kept(match, naive, f"target_{target.id}", convert(1.0, target.unit, match.fact.unit))


def _size_of_column(match: Match, scenario: Scenario) -> float:
    assert match.column
    bare = dataclasses.replace(scenario, targets=())  # its targets are not looked for here
    measures.named(measures.columns(bare), match.column, where=match.where)
    unit = _unit(match.column, bare)
    if said := unit_problem(match.fact.unit, unit):
        raise InputError([problem(match.where, "unit", f"{said} for the outcome {match.column}")])
    return convert(1.0, unit, match.fact.unit)


def _unit(column: str, scenario: Scenario) -> str:
    """The unit of a number of a run; incomes are said to be in yuan, and are those of a head and year."""
    unit = measures.units(scenario)[column]
    return "yuan/person" if column == "income" or column.endswith("_income_yuan") else unit


def _target(match: Match, scenario: Scenario) -> Target:
    """What a run must count for the fact. It does not hold the fact's value, so no run depends on that."""
    counties = [county.id for county in scenario.counties]
    if match.scope not in ("region", *counties):
        near = did_you_mean(match.scope, ("region", *counties))
        said = f"{match.scope!r} is no county of {scenario.name}{near}"
        raise InputError([problem(match.where, "scope", said, f"region, or one of {', '.join(counties)}")])
    if match.scope in counties and match.metric in URBAN_METRICS:
        raise InputError(
            [problem(match.where, "scope", f"{match.metric} is known for the whole region only", "region")]
        )
    month, last = month_of(match.date, scenario.start), date_of(scenario.months - 1, scenario.start)
    if not 0 <= month < scenario.months:
        said = f"{match.date} is outside the months that {scenario.name} runs"
        raise InputError([problem(match.where, "date", said, f"{scenario.start} to {last}")])
    name = "_".join(filter(None, (match.metric, match.event, match.scope, match.date.replace("-", "_"))))
    return Target(
        id=name, en=name, zh=name, metric=match.metric, event=match.event, at_least=True, value=0.0,
        unit=METRICS[match.metric], date=match.date, month=month, scope=match.scope, source="validation",
    )  # fmt: skip
