"""Which policies are compared, and with what: names to policies, a reference for each region, equal budgets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import scenarios
from scenarios.errors import InputError
from scenarios.scenario import POOL, Entry, Scenario
from scenarios.words import did_you_mean

STATUS_QUO = "status-quo"
RELOCATION_BUDGETS = tuple(
    f"budget_{payer}_yuan_per_year" for payer in ("central", "province", "city", "county")
)
JOBS_BUDGET = "jobs_budget_yuan_per_year"
BUDGETS = (*RELOCATION_BUDGETS, JOBS_BUDGET)
NO_HOUSEHOLDS = (
    "home_price_factor",
    "wage_factor",
    "core",
)  # numbers of a county that say nothing of its people

Load = Callable[[str, Sequence[str]], Scenario]
"""A scenario by name or file, with packages laid over it."""


@dataclass(frozen=True)
class Policy:
    """One policy of a comparison. `factor` is what its budgets were multiplied by, None where they were left alone.

    `taken` names uncertainties whose numbers are the reference's here although the policy sets others; `held` names
    those that have a range in this policy only and stay at their central value.
    """

    name: str
    title: Mapping[str, str]
    scenario: Scenario
    factor: float | None = None
    taken: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


@dataclass(frozen=True)
class Region:
    """The policies of one region, its reference first."""

    id: str
    policies: tuple[Policy, ...]

    @property
    def reference(self) -> Policy:
        return self.policies[0]


def regions(names: Sequence[str], load: Load, *, against: str | None = None) -> tuple[Region, ...]:
    """The regions of the named policies, in order of first mention, each with its reference.

    A name is a scenario's name or file, with packages of its own after `+`. The reference is the region's status quo; `against`
    is another policy: with a region in its name (`lishui/zero`) it counts for that region, without (`zero`) for every region.
    Raises InputError.
    """
    found: dict[str, list[Policy]] = {}
    for name in names:
        policy = _policy(name, load)
        others = found.setdefault(_region(policy.scenario), [])
        if any(other.scenario.files == policy.scenario.files for other in others):
            raise InputError([f"{name}: is named twice; name each policy once"])
        others.append(policy)
    if not found:
        raise InputError(["compare: no policy named"])
    chosen = _references(against, list(found), load)
    return tuple(_with_reference(id, policies, chosen[id]) for id, policies in found.items())


def _policy(name: str, load: Load) -> Policy:
    whole = name.endswith(".toml") and Path(name).is_file()  # a file's name may hold a +
    base, *packages = [name] if whole else name.split("+")
    if not all((base, *packages)):
        raise InputError([f"{name}: a name, or NAME+PACKAGE, expected"])
    scenario = load(base, packages)
    titles = {package: {"en": en, "zh": zh} for package, en, zh in scenarios.packages()}
    title = {
        lang: " + ".join(
            [scenario.title[lang], *(titles.get(p, {}).get(lang, Path(p).stem) for p in packages)]
        )
        for lang in ("en", "zh")
    }
    return Policy("+".join([scenario.name, *packages]), title, scenario)


def _region(scenario: Scenario) -> str:
    """The folder of the file the scenario rests on."""
    return scenario.files[0].rpartition("/")[0] or "."


def _references(against: str | None, found: list[str], load: Load) -> dict[str, Policy]:
    known = [name for name, _, _ in scenarios.names()]
    plans = [*known, *(f"{name}/plan" for name in known if "/" not in name)]
    if against is not None and ("/" in against or against.partition("+")[0] in plans or ".toml" in against):
        policy = _policy(against, load)
        region = _region(policy.scenario)
        if region not in found:
            raise InputError([f"--against {against}: is of {region}, and no policy of {region} is compared"])
        rest = [id for id in found if id != region]
        return {region: policy} | {id: _policy(_beside(id, STATUS_QUO, plans), load) for id in rest}
    return {id: _policy(_beside(id, against or STATUS_QUO, plans, asked=against), load) for id in found}


def _beside(region: str, leaf: str, known: Sequence[str], *, asked: str | None = None) -> str:
    """The name of a region's policy `leaf`."""
    base, plus, packages = leaf.partition("+")
    if f"{region}/{base}" in known:
        return f"{region}/{base}{plus}{packages}"
    file = Path(region) / f"{base}.toml"
    if file.is_file():
        return f"{file}{plus}{packages}"
    own = [name.partition("/")[2] for name in known if name.startswith(f"{region}/")]
    if asked is None:
        raise InputError([f"{region}: has no status quo ({region}/{leaf}); name a reference with --against"])
    raise InputError([f"--against {asked}: {region} has no policy of that name{did_you_mean(base, own)}"])


def _with_reference(id: str, policies: list[Policy], reference: Policy) -> Region:
    others = [policy for policy in policies if policy.scenario.files != reference.scenario.files]
    if not others:
        raise InputError([
            f"{reference.name}: is the reference itself; name a policy to compare with it, or another --against"
        ])  # fmt: skip
    return region(id, others, reference)


def region(id: str, policies: Sequence[Policy], reference: Policy) -> Region:
    """Policies that can be paired with the reference household by household. Raises InputError for those that cannot."""
    wrong = [message for policy in policies for message in _unlike(policy, reference)]
    if wrong:
        raise InputError(wrong)
    return Region(id, (reference, *(_same_uncertainties(policy, reference) for policy in policies)))


def policy(scenario: Scenario) -> Policy:
    """A policy as its scenario has it."""
    return Policy(scenario.name, scenario.title, scenario)


def _unlike(policy: Policy, reference: Policy) -> list[str]:
    """Why a policy's households cannot be paired with the reference's."""
    one, other = policy.scenario.resolved(), reference.scenario.resolved()
    places = [
        [
            {n: e.value for n, e in (*c.values.items(), *c.shares.items()) if n not in NO_HOUSEHOLDS}
            for c in s.counties
        ]
        for s in (policy.scenario, reference.scenario)
    ]
    differ = {
        "period": any(one[key] != other[key] for key in ("start", "window", "months")),
        "counties": [c.id for c in policy.scenario.counties] != [c.id for c in reference.scenario.counties]
        or places[0] != places[1],
        "households": one["population"] != other["population"]
        or any(_fixed(policy, n) != _fixed(reference, n) for n in POOL),
    }
    return [
        f"{policy.name}: has other {what} than its reference {reference.name}, so the two cannot be paired; "
        "set the same in both, or choose another --against"
        for what, wrong in differ.items()
        if wrong
    ]


def _fixed(policy: Policy, name: str) -> object:
    """The value of a number that is no uncertainty."""
    entry = policy.scenario.values[name]
    return None if entry.kind == "uncertainty" else entry.value


def _same_uncertainties(policy: Policy, reference: Policy) -> Policy:
    """The policy with what nobody knows as the reference has it."""
    theirs = {entry.name: entry for entry in reference.scenario.entries()}
    own = [entry for entry in policy.scenario.entries() if entry.kind == "uncertainty" or _uncertain(entry)]
    shared = {
        name: entry for name, entry in theirs.items() if entry.in_use
    }  # the rest is the policy's instrument alone
    changed = {
        e.name: shared[e.name] for e in own if e.name in shared and _numbers(e) != _numbers(shared[e.name])
    }
    held = [e.name for e in own if _uncertain(e) and not (e.name in theirs and _uncertain(theirs[e.name]))]
    return replace(
        policy, scenario=_replaced(policy.scenario, changed), taken=tuple(changed),
        held=tuple(name for name in held if name not in changed),
    )  # fmt: skip


def _uncertain(entry: Entry) -> bool:
    return entry.range is not None and entry.kind != "lever"


def _numbers(entry: Entry) -> tuple:
    return entry.value, entry.range, entry.scale


def _replaced(scenario: Scenario, new: Mapping[str, Entry]) -> Scenario:
    """The scenario with some entries replaced by name."""
    if not new:
        return scenario

    def swap(entries: Mapping[str, Entry]) -> dict[str, Entry]:
        return {key: new.get(entry.name, entry) for key, entry in entries.items()}

    return replace(
        scenario,
        values=swap(scenario.values),
        population=swap(scenario.population),
        modes=tuple(replace(mode, values=swap(mode.values)) for mode in scenario.modes),
        counties=tuple(replace(county, own=swap(county.own)) for county in scenario.counties),
    )


# Equal budgets


def appropriated(scenario: Scenario) -> float:
    """Yuan the budgets put into the programme over the whole run.

    Relocation budgets are appropriated each year while the window is open, money for jobs to the end of the follow-up.
    """
    shares = [county.values["pool_share"].at(0) for county in scenario.counties]
    return math.fsum(
        (county.own.get(name) or scenario.values[name]).at(t) * share / math.fsum(shares)
        for county, share in zip(scenario.counties, shares, strict=True)
        for name in BUDGETS
        for t in range(0, scenario.window if name in RELOCATION_BUDGETS else scenario.months, 12)
    )


def equal_budgets(region: Region, yuan: float | None = None) -> Region:
    """The region with every policy's budgets multiplied by one factor, so that all appropriate the same sum over the run.

    The sum is the reference's, or `yuan`. A reference without any budget stays so if `yuan` is given. Raises InputError.
    """
    own = [appropriated(policy.scenario) for policy in region.policies]
    goal = own[0] if yuan is None else yuan
    if yuan is not None and not (math.isfinite(yuan) and yuan > 0):
        raise InputError([f"--budget {yuan:g}: more than 0 yuan expected"])
    if goal <= 0:
        raise InputError([
            f"{region.reference.name}: budgets nothing, so there is no sum to equalise; give one with --budget"
        ])  # fmt: skip
    free = [p.name for p, sum in zip(region.policies[1:], own[1:], strict=True) if sum <= 0]
    if free:
        raise InputError([f"{name}: all its budgets are 0, so they cannot be scaled" for name in free])
    return replace(
        region,
        policies=tuple(
            _scaled(policy, goal / sum) if sum > 0 else policy
            for policy, sum in zip(region.policies, own, strict=True)
        ),
    )


def _scaled(policy: Policy, factor: float) -> Policy:
    scenario = policy.scenario
    entries = [scenario.values[name] for name in BUDGETS]
    entries += [entry for c in scenario.counties for name, entry in c.own.items() if name in BUDGETS]
    return replace(
        policy, factor=factor, scenario=_replaced(scenario, {e.name: _times(e, factor) for e in entries})
    )


def _times(entry: Entry, factor: float) -> Entry:
    if isinstance(entry.value, int | float):
        return replace(entry, value=entry.value * factor)
    steps: Any = tuple((month, value * factor) for month, value in entry.value)
    return replace(entry, value=steps)


def yuan(text: str) -> float:
    """An amount such as `1.2e9`, `1200000000 yuan` or `12 yi_yuan`, in yuan. Raises InputError."""
    from scenarios.units import UnitError, convert

    number, _, unit = text.strip().partition(" ")
    try:
        return convert(float(number), unit.strip() or "yuan", "yuan")
    except (ValueError, UnitError) as error:
        raise InputError([f"--budget {text}: an amount expected, such as 12e8 or '12 yi_yuan'"]) from error
