"""The answer to a setting: what is kept of each run, and the whole picture over the futures done so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments.intervals import half_width, wilson
from experiments.measures import COSTS
from experiments.outcome import outcome, ratio
from experiments.verdict import PUBLIC, RELOCATION, SOURCES
from experiments.wording import PAYERS, PURPOSES
from scenarios.scenario import Scenario, Target, date_of, met, persons_target
from simulation.ledger import FLOW, FLOWS
from simulation.outcomes import GROUPS, INCOMES, INDICATORS

if TYPE_CHECKING:
    from experiments.study import Study
    from experiments.view import View

LEVELS = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
PAID = tuple(flow for flow in FLOWS if flow.name in COSTS)
GROUP_WORDS = {"movers": ("those who moved", "搬迁户"), "stayers": ("those who stay", "未搬迁户")}


class Summary(NamedTuple):
    """All that is kept of one run; money in fen."""

    targets: np.ndarray  # (targets,) what each counts, at its date; money in yuan
    persons: np.ndarray  # (months,) persons moved, at the event the chief target counts
    income: np.ndarray  # (GROUPS, INCOMES) sums of the last 12 months
    last: np.ndarray  # (INDICATORS,) the region in the last month
    paid: np.ndarray  # (FLOWS,) sums over all months
    population: str  # hash of the households


def chief(scenario: Scenario) -> Target | None:
    """The target the page judges: the first that counts persons moved in the whole region, else the first."""
    return persons_target(scenario) or next(iter(scenario.targets), None)


def event(scenario: Scenario) -> str:
    """At which event persons are counted."""
    target = chief(scenario)
    return (target and target.metric == "persons" and target.event) or "keys"


def counting_month(scenario: Scenario) -> int:
    """The month in which persons are compared: that of the chief target, or the last of the window."""
    target = chief(scenario)
    return min(target.month if target else scenario.window - 1, scenario.months - 1)


def summary(study: Study | View, run: int = 0, *, population: str) -> Summary:
    """What is kept of one run of a study, or of the run that a view shows."""
    scenario: Any = study.scenario
    found: Any = study
    return Summary(
        targets=np.array([outcome(found, target)[run] for target in scenario.targets]),
        persons=study.indicator(f"persons_{event(scenario)}")[run].sum(axis=1),
        income=study.income[run, -12:].sum(axis=0),
        last=study.region[run, -1].copy(),
        paid=study.ledger[run].sum(axis=0),
        population=population,
    )


def answer(
    scenario: Scenario, plan: Scenario, mine: Sequence[Summary], theirs: Sequence[Summary], *, of: int
) -> dict[str, Any]:
    """The whole picture over the futures done so far: `mine` of the setting, `theirs` of the plan in the same futures."""
    target, before = chief(scenario), chief(plan)
    ours = _target(scenario, target, mine)
    if ours is not None:
        ours["plan"] = _target(plan, before, theirs, brief=True)
    return {
        "done": len(mine),
        "of": of,
        "target": ours,
        "movers": _movers(scenario, plan, mine, theirs),
        "incomes": {"groups": _incomes(mine), "plan": _incomes(theirs)},
        "money": _money(mine, theirs),
        "stay": _beside(_stay, mine, theirs),
        "jobs": _beside(_jobs, mine, theirs),
    }


def _target(
    scenario: Scenario, target: Target | None, runs: Sequence[Summary], *, brief: bool = False
) -> dict[str, Any] | None:
    """In how many futures the target is reached, with a 95 % interval of the share."""
    if target is None:
        return None
    values = np.array([run.targets[scenario.targets.index(target)] for run in runs])
    reached = int(met(target, values).sum())
    low, high = wilson(reached, len(runs))
    said = {
        "share": reached / len(runs),
        "low": low,
        "high": high,
        "reached": reached,
        "median": _median(values),
    }
    if brief:
        return said
    return {
        "id": target.id, "label": {"zh": target.zh, "en": target.en}, "value": float(target.value), "unit": target.unit,
        "date": target.date, "at_least": target.at_least, "metric": target.metric, "n": len(runs), **said,
    }  # fmt: skip


def _movers(
    scenario: Scenario, plan: Scenario, mine: Sequence[Summary], theirs: Sequence[Summary]
) -> dict[str, Any]:
    """Persons moved by month, and how many more than under the plan, future by future."""
    at = counting_month(scenario)
    here, there = (np.stack([run.persons for run in runs]) for runs in (mine, theirs))
    return {
        "months": [date_of(t, scenario.start) for t in range(scenario.months)],
        "event": event(scenario),
        "at": at,
        **_bands(here),
        "plan": _bands(there),
        "difference": _difference(here[:, at] - there[:, min(at, plan.months - 1)]),
    }


def _bands(persons: np.ndarray) -> dict[str, list[float]]:
    return {name: np.quantile(persons, level, axis=0).round(1).tolist() for name, level in LEVELS.items()}


def _difference(pairs: np.ndarray) -> dict[str, float | None]:
    """The mean over pairs with its 95 % interval (Student's t), and where nine tenths of the pairs lie."""
    mean = float(pairs.mean())
    p05, p95 = np.quantile(pairs, (0.05, 0.95)).tolist()
    half = half_width(pairs) if len(pairs) > 1 else None
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return {"value": mean, "low": low, "high": high, "p05": p05, "p95": p95}


def _incomes(runs: Sequence[Summary]) -> list[dict[str, Any]]:
    """Yuan a head and year over the last 12 months by four sources, medians over futures; None where nobody is in a group."""
    sums = np.stack([run.income for run in runs])
    found = []
    for group, (en, zh) in GROUP_WORDS.items():
        year = sums[:, GROUPS.index(group)]
        heads = year[:, INCOMES.index("persons")]
        yuan = {
            name: ratio(year[:, INCOMES.index(f"{name}_fen")] * 0.12, heads) for name in (*SOURCES, "start")
        }
        total = np.sum([yuan[name] for name in SOURCES], axis=0)
        found.append(
            {"key": group, "label": {"zh": zh, "en": en}, "income": _median(total)}
            | {name: _median(values) for name, values in yuan.items()}
        )
    return found


def _money(mine: Sequence[Summary], theirs: Sequence[Summary]) -> dict[str, Any]:
    """Yuan over the whole run, medians over futures."""
    ours, before = _spent(mine), _spent(theirs)
    return {
        "spent": ours["spent"],
        "per_person": ours["per_person"],
        "quota_revenue": ours["quota_revenue"],
        "plan": {name: before[name] for name in ("spent", "per_person", "quota_revenue")},
        "payers": _rows(ours["payers"], before["payers"], PAYERS),
        "uses": _rows(ours["uses"], before["uses"], PURPOSES),
    }


def _spent(runs: Sequence[Summary]) -> dict[str, Any]:
    """Standing entitlements included in what is spent; a person's cost is that of the move itself."""
    yuan = np.stack([run.paid for run in runs]) / 100.0

    def total(*names: str) -> np.ndarray:
        return yuan[:, [FLOW[name] for name in names]].sum(axis=1)

    moved = np.array([run.last[INDICATORS.index("persons_signed")] for run in runs])
    return {
        "spent": _median(total(*(flow.name for flow in PAID))),
        "per_person": _median(ratio(total(*RELOCATION), moved)),
        "quota_revenue": _median(total("quota_revenue")),
        "payers": {
            payer: _median(total(*(flow.name for flow in FLOWS if flow.payer == payer))) for payer in PUBLIC
        },
        "uses": {
            purpose: _median(total(*(flow.name for flow in PAID if flow.purpose == purpose)))
            for purpose in dict.fromkeys(flow.purpose for flow in PAID)
        },
    }


def _rows(
    ours: dict[str, float], before: dict[str, float], words: dict[str, tuple[str, str]]
) -> list[dict[str, Any]]:
    """Sums that are not 0 in both, the largest first."""
    rows = [
        {
            "key": key,
            "label": {"zh": words[key][1], "en": words[key][0]},
            "yuan": ours[key],
            "plan": before[key],
        }
        for key in ours
        if ours[key] or before[key]
    ]
    return sorted(rows, key=lambda row: -max(row["yuan"], row["plan"]))


def _stay(runs: Sequence[Summary]) -> dict[str, float | None]:
    last = _Last(runs)
    return {
        "returned": _median(ratio(last("persons_returned"), last("persons_keys"))),
        "returned_persons": _median(last("persons_returned")),
        "behind": _median(last("behind_persons")),
        "stable": _median(last("persons_stable")),
        "arrears": _median(ratio(last("arrears_households"), last("loan_households"))),
        "loans": _median(last("loan_households")),
    }


def _jobs(runs: Sequence[Summary]) -> dict[str, float | None]:
    last = _Last(runs)
    positions, filled = (
        np.sum([last(name) for name in INDICATORS if name.startswith(kind)], axis=0)
        for kind in ("positions_", "filled_")
    )
    return {
        "employed_share": _median(ratio(last("mover_employed"), last("mover_labour"))),
        "working_share": _median(ratio(last("working_households"), last("labour_households"))),
        "filled": _median(filled),
        "positions": _median(positions),
    }


class _Last:
    """Indicators of the last month by name, (runs,)."""

    def __init__(self, runs: Sequence[Summary]) -> None:
        self.values = np.stack([run.last for run in runs])

    def __call__(self, name: str) -> np.ndarray:
        return self.values[:, INDICATORS.index(name)]


def _beside(said: Any, mine: Sequence[Summary], theirs: Sequence[Summary]) -> dict[str, Any]:
    return {**said(mine), "plan": said(theirs)}


def _median(values: np.ndarray) -> float | None:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else None
