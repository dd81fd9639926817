"""In what a policy differs from its reference, family by family, and scenarios in which only some families are the policy's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from experiments.comparison.policies import JOBS_BUDGET
from scenarios.errors import InputError
from scenarios.scenario import County, Entry, Scenario
from scenarios.show import FAMILIES as NAMES
from scenarios.words import did_you_mean

FAMILIES = (
    "subsidy", "housing", "loan", "work", "services", "land", "targeting", "budget", "mode", "push", "urban", "other",
)  # fmt: skip
"""Families of levers as scenario files have them. Money for jobs goes with work, sites with housing, closures of village schools
with services; `other` is whatever else differs and is no lever of a family."""
OTHER = {"en": "Other numbers", "zh": "其他参数"}
MOST = 10  # families that are told apart: 2^10 combinations


@dataclass(frozen=True)
class Number:
    """One number that differs: `reference` and `policy` are None where it is not set there."""

    family: str
    name: str
    unit: str
    reference: Any
    policy: Any


@dataclass(frozen=True)
class Player:
    """One family, or several taken together, with the numbers in which the two differ."""

    id: str
    families: tuple[str, ...]
    numbers: tuple[Number, ...]

    def title(self, lang: str) -> str:
        """What it is called in `lang`."""
        both = {"en": " and ", "zh": "与"}[lang]
        names = [NAMES.get(family, OTHER)[lang] for family in self.families]
        return both.join(name if lang == "zh" or not k else name.lower() for k, name in enumerate(names))


def players(
    reference: Scenario, policy: Scenario, together: Sequence[Sequence[str]] = ()
) -> tuple[Player, ...]:
    """The families in which the policy differs from its reference; those named in `together` count as one.

    Raises InputError if nothing differs, or if `together` names a family that does not, or one twice.
    """
    found = {}
    for number in _numbers(reference, policy):
        found.setdefault(number.family, []).append(number)
    if not found:
        raise InputError([
            f"{policy.name}: decides the same as {reference.name}, so there is nothing to share out; "
            "name another policy, or another --against"
        ])  # fmt: skip
    _check_together(together, [family for family in FAMILIES if family in found])
    groups = [tuple(dict.fromkeys(group)) for group in together]
    merged = {family: group for group in groups for family in group}
    order = dict.fromkeys(merged.get(family, (family,)) for family in FAMILIES if family in found)
    return tuple(
        Player("+".join(group), group, tuple(n for family in group for n in found[family])) for group in order
    )


def _check_together(together: Sequence[Sequence[str]], known: Sequence[str]) -> None:
    named = [family for group in together for family in dict.fromkeys(group)]
    wrong = [
        f"--together: no family {family!r} in which the two differ{did_you_mean(family, known)}; one of {', '.join(known)}"
        for family in named
        if family not in known
    ]
    wrong += [
        f"--together: {family} is named twice" for family in sorted({f for f in named if named.count(f) > 1})
    ]
    wrong += [
        f"--together {','.join(group)}: two families or more expected, such as land,services"
        for group in together
        if len(set(group)) < 2
    ]
    if wrong:
        raise InputError(wrong)


def check_number(found: Sequence[Player], runs: int) -> None:
    """Raise InputError if there are too many families; `runs` are the runs of one combination."""
    if len(found) > MOST:
        total = 2 ** len(found) * runs
        raise InputError([
            f"{len(found)} families differ ({', '.join(p.id for p in found)}): {total:,} runs, and at most {MOST} families are "
            f"told apart; take some together, for example --together {found[-2].id},{found[-1].id}"
        ])  # fmt: skip


def combination(reference: Scenario, policy: Scenario, chosen: Iterable[str]) -> Scenario:
    """The reference with the `chosen` families as the policy has them; with all of them it decides as the policy does.

    The two are a pair of `policies.region`: the same households, period and uncertain values.
    """
    families = set(chosen)

    def values(theirs: Mapping[str, Entry], own: Mapping[str, Entry]) -> dict[str, Entry]:
        names = dict.fromkeys([*theirs, *own])
        picked = {n: (own if _family(own.get(n) or theirs[n]) in families else theirs).get(n) for n in names}
        return {name: entry for name, entry in picked.items() if entry is not None}

    def counties() -> tuple[County, ...]:
        return tuple(
            replace(there, own=values(there.own, here.own), values=from_("other").counties[k].values)
            for k, (there, here) in enumerate(zip(reference.counties, policy.counties, strict=True))
        )

    def from_(family: str) -> Scenario:
        return policy if family in families else reference

    places = from_(_places(reference, policy))
    return replace(
        reference,
        values=values(reference.values, policy.values),
        counties=counties(),
        modes=from_("mode").modes,
        sites=places.sites,
        site_classes=places.site_classes,
        closures=from_("services").closures,
        targets=policy.targets,
    )


def _places(reference: Scenario, policy: Scenario) -> str:
    """The family sites belong to: they name modes, so with other modes they go with those."""
    same = [mode.id for mode in reference.modes] == [mode.id for mode in policy.modes]
    return "housing" if same else "mode"


def _family(entry: Entry) -> str:
    """The family a number is shared out with; one that is no lever goes with the levers of its name, if there are any."""
    if entry.name.rpartition(".")[2] == JOBS_BUDGET:
        return "work"
    return entry.family if entry.family in FAMILIES else "other"


def _numbers(reference: Scenario, policy: Scenario) -> list[Number]:
    """All in which the two differ, in the order of the reference."""
    found = _differing(reference.values, policy.values)
    for there, here in zip(reference.counties, policy.counties, strict=True):
        found += _differing(there.own, here.own)
        found += [
            replace(n, family="other", name=f"{there.id}.{n.name}")
            for n in _differing(there.values, here.values)
        ]
    found += _other(reference, policy)
    return found


def _differing(theirs: Mapping[str, Entry], own: Mapping[str, Entry]) -> list[Number]:
    found = []
    for name in dict.fromkeys([*theirs, *own]):
        there, here = theirs.get(name), own.get(name)
        one = here or there
        assert one is not None
        if there is None or here is None or there.value != here.value:
            found.append(Number(_family(one), one.name, one.unit, there and there.value, here and here.value))
    return found


def _other(reference: Scenario, policy: Scenario) -> list[Number]:
    """Differences in what is no parameter of the region: ways to move, sites and closures."""
    one, other, places = reference.resolved(), policy.resolved(), _places(reference, policy)
    tables = {"sites": places, "site_classes": places, "closures": "services"}
    if places == "mode":  # other ways to move, not the same ones on other terms
        return [Number("mode", "modes", "", None, None), *_tables(one, other, tables)]
    found = []
    for there, here in zip(reference.modes, policy.modes, strict=True):
        found += [replace(n, family="mode") for n in _differing(there.values, here.values)]
        if there.homes != here.homes:
            found.append(Number("mode", f"{there.id}.homes", "", there.homes, here.homes))
    return [*found, *_tables(one, other, tables)]


def _tables(one: Mapping[str, Any], other: Mapping[str, Any], families: Mapping[str, str]) -> list[Number]:
    return [
        Number(family, table, "", None, None) for table, family in families.items() if one[table] != other[table]
    ]  # fmt: skip
