"""What is kept of one run of a design: one number a column, each with a unit in its name.

Outcomes are read in the last month of the window (when the programme stops taking applications) and, with `_end`, in
the last month of the run. Flows of a month (`new_...`) are added up to then. Money is in yuan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import urban
from experiments.outcome import outcome
from experiments.verdict import RELOCATION, SOURCES, STANDING
from experiments.view import View
from scenarios.errors import InputError, problem
from scenarios.scenario import date_of
from scenarios.words import did_you_mean
from simulation.households import MOVED, RETURNED
from simulation.ledger import FLOW, FLOWS
from simulation.outcomes import GROUPS, INCOMES, INDICATORS, WHY

if TYPE_CHECKING:
    from scenarios.scenario import Scenario
    from simulation.run import Result

APPROPRIATIONS = tuple(
    f"appropriation_{payer}" for payer in ("central", "province", "city", "county", "jobs")
)
POOL_MONEY = (
    "pool_bond", "pool_fund", "pool_loan_drawn", "pool_interest_central", "pool_interest_province", "land_sale",
)  # fmt: skip
COSTS = tuple(flow.name for flow in FLOWS if flow.programme and flow.name != "quota_revenue")

MEASURES = (
    "persons", "persons_all", "unaided_persons", "pool_share", "cost", "relocation", "standing", "quota_revenue",
    "appropriated", "pool_money", "unspent", "county_debt", "cost_per_mover", "income", "employed_share", "arrears_share",
    "debt", "returned_share", "urban_share", "income_ratio",
)  # fmt: skip
"""Measures of one run, NaN where there is nothing to measure; money in yuan.

persons: keys by the window's end; persons_all: by the run's end too. cost: all the public paid for the programme, standing
entitlements included, before quota revenue. appropriated: by the budgets. pool_money: what counties received and borrowed
for persons on the list. debt: housing and start-up loans a household living at its destination. urban_share, income_ratio:
at the window's end.
"""
M = {name: k for k, name in enumerate(MEASURES)}
WORDS = {
    "persons": ("persons moved by the window's end", "申请期末搬迁人数"),
    "persons_all": ("persons moved by the run's end", "期末搬迁人数"),
    "unaided_persons": ("persons who left unaided by the window's end", "申请期末自发搬离人数"),
    "pool_share": ("share of the pool moved", "占待搬迁人口比例"),
    "cost": ("public cost, whole run", "公共支出（全期）"),
    "relocation": ("public cost of the moves, whole run", "搬迁支出（全期）"),
    "standing": ("standing entitlements, whole run", "常设待遇支出（全期）"),
    "quota_revenue": ("sale of land quotas, whole run", "用地指标收益（全期）"),
    "appropriated": ("put in by the budgets, whole run", "预算拨款（全期）"),
    "pool_money": ("received and borrowed for listed persons, whole run", "按人头筹集资金（全期）"),
    "unspent": ("money left at the end", "期末结余"),
    "county_debt": ("counties' debt at the end", "期末县级债务"),
    "cost_per_mover": ("public cost a person moved", "每搬迁一人公共支出"),
    "income": ("movers' income a head and year", "搬迁户人均年收入"),
    "employed_share": ("movers' labour in work", "搬迁劳动力就业率"),
    "arrears_share": ("loans in arrears", "贷款拖欠户占比"),
    "debt": ("movers' debt a household", "搬迁户户均债务"),
    "returned_share": ("share of movers who returned", "回流率"),
    "urban_share": ("urban share of residents", "常住人口城镇化率"),
    "income_ratio": ("urban over rural income", "城乡收入比"),
}

RATES = ("pace_per_year", "returned_per_year")
"""Shares a year, NaN where there is nothing to measure. pace_per_year: persons who receive keys over those who have not moved yet,
neither with the programme nor on their own, in the years of PACE, as `experiments.pace` has it. returned_per_year: persons
who go back, a person-year at the destination."""
PACE = (12, 36)
"""Months between which the pace counts: lists are empty when a run starts, so its first year is left out."""

MONTHLY = tuple(
    name for name in INDICATORS
    if name.startswith("new_") or name in ("trained", "villagers_trained", "due_fen", "interest_fen", "reclaimed_mu", "quota_sold_mu")
)  # fmt: skip
"""Indicators that are flows of a month."""
ENDS = ("", "_end")

MONEY = (
    "cost", "relocation", "standing", "quota_revenue", "appropriated", "pool_money", "unspent", "county_debt", "cost_per_mover",
    "income", "debt",
)  # fmt: skip
PERSONS = ("trained", "villagers_trained", "village_jobs", "mover_labour", "mover_employed", "mover_seekers")
UNITS = {
    "income_ratio": "ratio", "integration": "index, added up", "job_belief": "chance, added up", "houses_let": "houses",
    "projects": "projects", "closed_villages": "villages", "new_whole_villages": "villages",
    **{name: "homes" for name in INDICATORS if name.startswith("homes_")},
    **{name: "jobs" for name in INDICATORS if name.startswith(("positions_", "filled_"))},
}  # fmt: skip


def columns(scenario: Scenario) -> tuple[str, ...]:
    """Names of the numbers of a run, in the order of `measure`."""
    return (
        *(f"target_{target.id}" for target in scenario.targets),
        *MEASURES,
        *RATES,
        *(f"moved_persons_{date}" for date, _ in _year_ends(scenario)),
        *(f"moved_persons_in_{county.id}" for county in scenario.counties),
        *(f"moved_persons_to_{mode.id}" for mode in scenario.modes),
        *(f"why_{name}_persons" for name in WHY),
        *(f"{group}_income_yuan" for group in GROUPS),
        *(f"paid_{flow.name}_yuan" for flow in FLOWS),
        *(f"{_in_yuan(name)}{end}" for end in ENDS for name in INDICATORS),
    )


def measure(scenario: Scenario, result: Result) -> np.ndarray:
    """The numbers of one run, f8 (columns,); NaN where there is nothing to measure."""
    view: Any = View(scenario, result.outcomes)
    paid = view.ledger[0].sum(axis=0) / 100.0
    window, keys = scenario.window - 1, INDICATORS.index("persons_keys")
    moved = view.region[0, :, keys]
    return np.concatenate([
        [outcome(view, target)[0] for target in scenario.targets],
        measures(view, paid, result),
        rates(view, result),
        [moved[month] for _, month in _year_ends(scenario)],
        view.county[0, window, :, keys],
        result.outcomes.mode[window],
        view.why[0, :, :, 1].sum(axis=0),
        _incomes(view.income[0, -12:].sum(axis=0)),
        paid,
        *(_indicators(view.region[0, : last + 1]) for last in (window, scenario.months - 1)),
    ])  # fmt: skip


def measures(view: View, yuan: np.ndarray, result: Result) -> list[float]:
    """MEASURES of one run, whose ledger added up is `yuan` (FLOWS,)."""
    window = view.scenario.window - 1
    by_window = view.region[0, window]

    def paid(*names: str) -> float:
        return float(sum(yuan[FLOW[name]] for name in names))

    households = result.households
    movers = programme_movers(households, result.status)
    persons_all = float(persons_of(households)[movers].sum(dtype=np.int64))
    keys = by_window[INDICATORS.index("persons_keys")]
    year = view.income[0, -12:, GROUPS.index("movers")].sum(axis=0)
    income = sum(year[INCOMES.index(f"{source}_fen")] for source in SOURCES)
    found = {
        "persons": keys,
        "persons_all": persons_all,
        "unaided_persons": by_window[INDICATORS.index("persons_own_moved")],
        "pool_share": _over(keys, view.why[0, ..., 1].sum()),
        "cost": paid(*COSTS),
        "relocation": paid(*RELOCATION),
        "standing": paid(*STANDING),
        "quota_revenue": paid("quota_revenue"),
        "appropriated": paid(*APPROPRIATIONS),
        "pool_money": paid(*(name for name in POOL_MONEY if name in FLOW)),
        "unspent": (view.last("cash_fen") + view.last("jobs_cash_fen")) / 100.0,
        "county_debt": view.last("pool_debt_fen") / 100.0,
        "cost_per_mover": _over(paid(*COSTS), persons_all),
        "income": _over(income * 0.12, year[INCOMES.index("persons")]),
        "employed_share": _over(view.last("mover_employed"), view.last("mover_labour")),
        "arrears_share": _over(view.last("arrears_households"), view.last("loan_households")),
        "debt": _over(view.last("loan_fen") / 100.0, view.last("moved")),
        "returned_share": _over(view.last("persons_returned"), view.last("persons_keys")),
        "urban_share": urban.series(view, "urban_share")[0, window],
        "income_ratio": urban.series(view, "income_ratio")[0, window],
    }
    return [float(found[name]) for name in MEASURES]


def programme_movers(households: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Whether each household moved with the programme in the run, back again or not."""
    return (households["earlier"] == 0) & ((status == MOVED) | (status == RETURNED))


def persons_of(households: np.ndarray) -> np.ndarray:
    """Persons of each household that go along when it moves, u1."""
    return (households["members"] - households["behind"]).astype(np.uint8)


def rates(view: View, result: Result) -> list[float]:
    """RATES of one run."""
    keys, own, back = (
        view.region[0, :, INDICATORS.index(f"persons_{name}")] for name in ("keys", "own_moved", "returned")
    )
    households = result.households
    pool = float(households["members"][households["earlier"] == 0].sum(dtype=np.int64))
    ends = np.arange(PACE[0] - 1, min(PACE[1], len(keys)), 12)
    remaining = (pool - keys - own)[ends[:-1]].sum()
    return [_over(np.diff(keys[ends]).sum(), remaining), _over(back[-1], (keys - back).sum() / 12.0)]


def units(scenario: Scenario) -> dict[str, str]:
    """Unit of each column."""
    targets = {f"target_{target.id}": target.unit for target in scenario.targets}
    return {name: targets.get(name) or _unit(name) for name in columns(scenario)}


def label(scenario: Scenario, name: str) -> dict[str, str]:
    """What a column is called, en and zh; one without words of its own goes by its name."""
    targets = {f"target_{target.id}": (target.en, target.zh) for target in scenario.targets}
    en, zh = targets.get(name) or WORDS.get(name, (name, name))
    return {"en": en, "zh": zh}


def named(columns: Sequence[str], name: str, *, where: str) -> str:
    """The column of that name. Raises InputError that offers the nearest ones."""
    if name in columns:
        return name
    raise InputError([
        problem(where, name, "unknown outcome" + did_you_mean(name, columns), "", "docs/tables.md lists them")
    ])  # fmt: skip


def _unit(name: str) -> str:
    name = name.removesuffix("_end")
    if name in UNITS:
        return UNITS[name]
    if name.endswith("_yuan") or name in MONEY:
        return "yuan"
    if name.endswith("_mu"):
        return "mu"
    if name in RATES:
        return "1/year"
    if name.endswith("_share"):
        return "share"
    persons = "persons" in name or name.startswith("residents") or name in PERSONS
    return "persons" if persons else "households"


def _year_ends(scenario: Scenario) -> list[tuple[str, int]]:
    """Date and month of each December in which the window is open."""
    dates = [(date_of(month, scenario.start), month) for month in range(scenario.window)]
    return [(date, month) for date, month in dates if date.endswith("-12")]


def _incomes(year: np.ndarray) -> np.ndarray:
    """Yuan a head and year of each group, from the sums of a year (GROUPS, INCOMES); NaN where nobody is in it."""
    fen = year[:, [INCOMES.index(f"{source}_fen") for source in SOURCES]].sum(axis=1)
    persons = year[:, INCOMES.index("persons")]
    return np.divide(fen * 0.12, persons, out=np.full(len(GROUPS), np.nan), where=persons > 0)


def _indicators(months: np.ndarray) -> np.ndarray:
    """Stocks in the last of some months (months, INDICATORS), flows added up over them."""
    flows = [INDICATORS.index(name) for name in MONTHLY]
    found = months[-1].copy()
    found[flows] = months[:, flows].sum(axis=0)
    return np.where([name.endswith("_fen") for name in INDICATORS], found / 100.0, found)


def _in_yuan(name: str) -> str:
    return name.removesuffix("_fen") + "_yuan" if name.endswith("_fen") else name


def _over(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0 else float("nan")
