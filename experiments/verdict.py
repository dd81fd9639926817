"""What a study says: numbers only; `text` puts them into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments import given_use, provenance, urban
from experiments.held_against import Held, held_against
from experiments.intervals import wilson
from experiments.outcome import Spread, outcome, ratio, spread
from experiments.sensitivity import Drivers, Parts, drivers, parts
from experiments.study import Study
from experiments.wording import text
from scenarios.scenario import Target, date_of, met
from scenarios.show import name_of
from simulation.households import CLASSES
from simulation.ledger import FLOW, FLOWS, by_payer
from simulation.outcomes import GROUPS, INCOMES, INDICATORS, URBAN_METRICS, WHY

__all__ = ["Spread", "Verdict", "effect_of_moving", "outcome", "spread", "text", "verdict", "wilson"]

SOURCES = ("wage", "business", "transfer", "property")
# what the move itself costs; money for jobs also serves those who moved before
RELOCATION = (
    "subsidy", "compensation", "paid_exit", "reclamation", "interest_subsidy", "pool_home", "infrastructure", "repair",
    "pool_loan_interest",
)  # fmt: skip
# paid by the county outside the programme's account
STANDING = tuple(flow.name for flow in FLOWS if flow.programme and flow.payer == "county")
PUBLIC = ("central", "province", "city", "county")
FEWEST_POINTS = 5  # below this an interval bootstrapped over points says nothing


@dataclass(frozen=True)
class Estimate:
    """One number with a 95 % interval, where there are enough points to give one."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Row:
    """Persons moved of one county, class or mode, as a share of all movers and of the county's pool."""

    id: str
    en: str
    zh: str
    persons: Spread
    share: float
    pool_share: float | None = None


@dataclass(frozen=True)
class TargetVerdict:
    """One target. A future is a point; it reaches the target if the mean of its replications does.

    `share` is a share of futures with a Wilson 95 % interval. It becomes a probability only for a design
    matched to facts. `outcome` is None where there is nothing to count; `needs` says what a missed target of the
    urban accounts would take (experiments.urban.shortfall).
    """

    id: str
    en: str
    zh: str
    metric: str
    scope: str
    value: float
    at_least: bool
    unit: str
    event: str | None
    date: str
    outcome: Spread | None
    parts: Parts | None
    futures: int
    reached: int
    share: float
    low: float
    high: float
    drivers: Drivers | None
    needs: dict[str, float]


@dataclass(frozen=True)
class Money:
    """Yuan over the whole run, follow-up included, median over runs."""

    appropriations: dict[
        str, Spread
    ]  # by payer, and by kind where counties receive money for each person on the list
    payers: dict[
        str, Spread
    ]  # all that each level of government pays in the end, standing entitlements included
    land_sale: Spread
    county_debt: dict[str, Spread]  # drawn, interest, repaid and left at the end
    purposes: dict[str, Spread]  # what the programme paid for
    standing: Spread  # entitlements the counties pay outside the programme's account
    quota_revenue: Spread
    unspent: Spread
    cost_per_person: Spread | None  # RELOCATION, a person moved
    net_cost_per_person: Spread | None  # the same less quota revenue
    households: dict[str, Spread]  # what movers paid and borrowed


@dataclass(frozen=True)
class Verdict:
    """All a study answers. The four questions hold spreads by name; shares are 0-1, money is in yuan."""

    scenario: str
    title: dict[str, str]
    laid_over: tuple[str, ...]  # packages and single settings
    study: str
    points: int
    replications: int
    households: int  # of the pool, median over runs
    labels: dict[str, dict[str, str]]  # what the uncertainties are called
    start: str
    window_end: str
    end: str
    targets: tuple[TargetVerdict, ...]
    pace: dict[str, Spread]  # persons moved by calendar year
    counties: tuple[Row, ...]
    classes: tuple[Row, ...]
    modes: tuple[Row, ...]
    move_out: dict[str, Spread | None]
    stay: dict[str, Spread | None]
    earn: dict[str, Spread | None]
    effect: Estimate | None  # of moving, on income, against households whose grant was withheld
    belong: dict[str, Spread | None]
    money: Money
    why: dict[str, Spread]  # share of the pool's persons when the window closes
    listed: dict[str, Spread]  # households struck off the low-income list and added to it, whole run
    village: dict[str, Spread]  # what was done for those who live in the villages, at the end
    county_incomes: dict[str, dict[str, Spread | None]]  # movers, last 12 months, yuan a head and year
    urban: urban.Urban | None
    held: tuple[Held, ...]
    basis: provenance.Basis
    given: dict[str, Any] | None = (
        None  # the posterior that points were drawn from, if not from the stated ranges
    )


def verdict(study: Study) -> Verdict:
    """Judge a study."""
    scenario, window = study.scenario, study.scenario.window - 1
    persons = study.indicator("persons_keys")
    pool = study.why[..., 1].sum(axis=2)  # (runs, counties)
    at_window = persons[:, window]
    whole = at_window.sum(axis=1)
    classes = [(name, name, name) for name in CLASSES]
    targets = tuple(_target(study, target) for target in scenario.targets)
    effect = effect_of_moving(study)
    return Verdict(
        scenario=scenario.name,
        title=dict(scenario.title),
        laid_over=scenario.laid_over(),
        study=study.id,
        points=study.points,
        replications=study.replications,
        households=round(float(np.median(study.why[..., 0].sum(axis=(1, 2))))),
        labels=labels(study),
        start=scenario.start,
        window_end=date_of(window, scenario.start),
        end=date_of(study.months - 1, scenario.start),
        targets=targets,
        pace=_pace(study),
        counties=_rows([(c.id, c.en, c.zh) for c in scenario.counties], at_window, whole, pool),
        classes=_rows(classes, study.klass[:, window], whole),
        modes=_rows([(m.id, m.en, m.zh) for m in scenario.modes], study.mode[:, window], whole),
        move_out={
            "persons": spread(whole),
            "pool_share": spread(ratio(whole, pool.sum(axis=1))),
            "persons_poor": spread(study.indicator("persons_keys_poor")[:, window].sum(axis=1)),
        },
        stay=_stay(study),
        earn=_earn(study),
        effect=effect,
        belong=_belong(study),
        money=_money(study),
        why={
            name: spread(ratio(study.why[:, :, k, 1].sum(axis=1), pool.sum(axis=1)), empty=0.0)
            for k, name in enumerate(WHY)
        },
        listed={name: spread(_sum(study, f"new_{name}")) for name in ("struck", "listed")},
        village=_village(study),
        county_incomes=_county_incomes(study),
        urban=urban.judge(study),
        held=held_against(study, effect),
        basis=provenance.basis(study, {t.id: t.drivers for t in targets}, {t.id: t.parts for t in targets}),
        given=given_use.brief(study.given),
    )


def labels(study: Study) -> dict[str, dict[str, str]]:
    """What the study's uncertainties are called, in both languages."""
    entries = {entry.name: entry for entry in study.scenario.uncertainties()}
    return {
        name: {lang: name_of(entries[name], study.scenario, lang) for lang in ("en", "zh")}
        for name in study.uncertainties
    }


def effect_of_moving(study: Study) -> Estimate | None:
    """Income of granted over withheld households, each relative to its start, less 1; last 12 months.

    Sums are pooled over points before dividing, because few grants are withheld in one run.
    """
    year = study.effect_income[:, -12:].sum(axis=1)  # (points, GROUPS, INCOMES)
    now = year[..., [INCOMES.index(f"{source}_fen") for source in SOURCES]].sum(axis=-1)
    start = year[..., INCOMES.index("start_fen")]
    granted, withheld = GROUPS.index("granted"), GROUPS.index("withheld")
    cells = np.stack([now[:, granted], start[:, granted], now[:, withheld], start[:, withheld]], axis=1)
    if not (cells.sum(axis=0) > 0).all():
        return None

    def effect(sums: np.ndarray) -> np.ndarray:
        return (sums[..., 0] / sums[..., 1]) / (sums[..., 2] / sums[..., 3]) - 1.0

    value = float(effect(cells.sum(axis=0)))
    if len(cells) < FEWEST_POINTS:
        return Estimate(value, None, None)
    rows = np.random.default_rng(0).integers(0, len(cells), (1000, len(cells)))
    sums = cells[rows].sum(axis=1)
    low, high = np.quantile(effect(sums[(sums > 0).all(axis=1)]), (0.025, 0.975))
    return Estimate(value, float(low), float(high))


def _target(study: Study, target: Target) -> TargetVerdict:
    values = outcome(study, target)
    grid = study.by_point(values)
    means = grid.mean(axis=1)
    hits = int(met(target, means).sum())
    low, high = wilson(hits, study.points)
    found, whole = spread(values), bool(np.isfinite(values).all())
    return TargetVerdict(
        id=target.id,
        en=target.en,
        zh=target.zh,
        metric=target.metric,
        scope=target.scope,
        value=float(target.value),
        at_least=target.at_least,
        unit=target.unit,
        event=target.event,
        date=target.date,
        outcome=found,
        parts=parts(grid) if whole else None,
        futures=study.points,
        reached=hits,
        share=hits / study.points,
        low=low,
        high=high,
        drivers=drivers(study.uncertainties, study.design, means) if whole else None,
        needs=_needs(study, target, found),
    )


def _needs(study: Study, target: Target, found: Spread | None) -> dict[str, float]:
    if target.metric not in URBAN_METRICS or found is None:
        return {}
    # more income growth in villages is the answer to a ratio that is too high; other limits are floors
    sought = (target.metric == "income_ratio") != target.at_least
    return {} if met(target, found.median) or not sought else urban.shortfall(study, target)


def _pace(study: Study) -> dict[str, Spread]:
    start, window = study.scenario.start, study.scenario.window
    total = study.indicator("persons_keys").sum(axis=2)
    new = np.diff(total, axis=1, prepend=0.0)
    years = [date_of(t, start)[:4] for t in range(study.months)]
    wanted = sorted({year for year, t in zip(years, range(window), strict=False)})
    return {
        year: spread(new[:, [t for t, y in enumerate(years) if y == year]].sum(axis=1)) for year in wanted
    }


def _rows(
    names: Sequence[tuple[str, str, str]],
    persons: np.ndarray,
    whole: np.ndarray,
    pool: np.ndarray | None = None,
) -> tuple[Row, ...]:
    """One row a column of `persons` (runs, columns)."""
    return tuple(
        Row(
            *name,
            persons=spread(persons[:, k]),
            share=_middle(ratio(persons[:, k], whole)) or 0.0,
            pool_share=None if pool is None else _middle(ratio(persons[:, k], pool[:, k])),
        )
        for k, name in enumerate(names)
    )


def _middle(values: np.ndarray) -> float | None:
    found = spread(values)
    return found and found.median


def _last(study: Study, name: str) -> np.ndarray:
    return study.region[:, -1, INDICATORS.index(name)]


def _sum(study: Study, name: str) -> np.ndarray:
    return study.region[..., INDICATORS.index(name)].sum(axis=1)


def _village(study: Study) -> dict[str, Spread]:
    last = ("school_persons", "job_persons", "village_jobs", "projects", "houses_let")
    return {name: spread(_last(study, name)) for name in last} | {
        "villagers_trained": spread(_sum(study, "villagers_trained"))
    }


def _county_incomes(study: Study) -> dict[str, dict[str, Spread | None]]:
    movers = study.county_income[:, :, GROUPS.index("movers")]  # (runs, counties, INCOMES)
    persons = movers[..., INCOMES.index("persons")]
    heads = {s: ratio(movers[..., INCOMES.index(f"{s}_fen")] * 12.0 / 100.0, persons) for s in SOURCES}
    heads = {"income": np.sum(list(heads.values()), axis=0)} | heads
    return {
        county.id: {name: spread(values[:, c]) for name, values in heads.items()}
        for c, county in enumerate(study.scenario.counties)
    }


def _stay(study: Study) -> dict[str, Spread | None]:
    keys = _last(study, "persons_keys")
    return {
        "returned_share": spread(ratio(_last(study, "persons_returned"), keys)),
        "occupied_share": spread(ratio(_last(study, "persons_occupied"), keys)),
        "arrears_share": spread(ratio(_last(study, "arrears_households"), _last(study, "loan_households"))),
        "own_moved_persons": spread(_last(study, "persons_own_moved")),
        "stable_persons": spread(_last(study, "persons_stable")),
        "stable_poor_persons": spread(_last(study, "persons_stable_poor")),
        "behind_persons": spread(_last(study, "behind_persons")),
    }


def _earn(study: Study) -> dict[str, Spread | None]:
    """Incomes of the last 12 months, yuan a head and year; jobs in the last month."""
    year = study.income[:, -12:].sum(axis=1)  # (runs, GROUPS, INCOMES)

    def per_head(group: str, *sources: str) -> np.ndarray:
        row = year[:, GROUPS.index(group)]
        fen = row[:, [INCOMES.index(f"{source}_fen") for source in sources]].sum(axis=1)
        return ratio(fen * 12.0 / 100.0, row[:, INCOMES.index("persons")])

    def poor(group: str) -> np.ndarray:
        row = year[:, GROUPS.index(group)]
        return ratio(row[:, INCOMES.index("poor_households")], row[:, INCOMES.index("households")])

    return {
        "income": spread(per_head("movers", *SOURCES)),
        **{source: spread(per_head("movers", source)) for source in SOURCES},
        "stayers_income": spread(per_head("stayers", *SOURCES)),
        "employed_share": spread(ratio(_last(study, "mover_employed"), _last(study, "mover_labour"))),
        "working_share": spread(ratio(_last(study, "working_households"), _last(study, "labour_households"))),
        "poor_share": spread(poor("movers")),
        "stayers_poor_share": spread(poor("stayers")),
    }


def _belong(study: Study) -> dict[str, Spread | None]:
    """Of all who live at their destination, earlier movers included."""
    homes = _last(study, "moved") + _last(study, "earlier_moved")
    groups = [GROUPS.index("movers"), GROUPS.index("earlier")]
    living = study.income[:, -1, groups, INCOMES.index("persons")].sum(axis=1)
    insured = study.ledger[:, -12:, FLOW["insurance_gain"]].sum(axis=1) / 100.0
    return {
        "integration": spread(ratio(_last(study, "integration"), homes)),
        "hukou_share": spread(ratio(_last(study, "hukou_persons"), living)),
        "insurance_yuan_per_person": spread(ratio(insured, living)),
    }


def _money(study: Study) -> Money:
    yuan = study.ledger.sum(axis=1) / 100.0  # (runs, FLOWS)

    def total(*names: str) -> np.ndarray:
        return yuan[:, [FLOW[name] for name in names]].sum(axis=1)

    paid = [flow for flow in FLOWS if flow.programme and flow.name != "quota_revenue"]
    cost = total(*RELOCATION)
    # signed at the end: all who moved, also those handed keys after the window
    keys = _last(study, "persons_signed")
    return Money(
        appropriations={
            flow.name.removeprefix("appropriation_"): spread(total(flow.name))
            for flow in FLOWS
            if flow.purpose == "appropriation"
        },
        payers=_payers(study),
        land_sale=spread(total("land_sale")),
        county_debt={
            "drawn": spread(total("pool_loan_drawn")),
            "interest": spread(total("pool_loan_interest")),
            "repaid": spread(total("pool_loan_principal")),
            "left": spread(_last(study, "pool_debt_fen") / 100.0),
        },
        purposes={
            purpose: spread(total(*(flow.name for flow in paid if flow.purpose == purpose)))
            for purpose in dict.fromkeys(flow.purpose for flow in paid)
        },
        standing=spread(total(*STANDING)),
        quota_revenue=spread(total("quota_revenue")),
        unspent=spread((_last(study, "cash_fen") + _last(study, "jobs_cash_fen")) / 100.0),
        cost_per_person=spread(ratio(cost, keys)),
        net_cost_per_person=spread(ratio(cost - total("quota_revenue"), keys)),
        households={
            name: spread(total(name))
            for name in ("home_price", "fitting_out", "rent", "loan_drawn", "kin_transfer")
        },
    )


def _payers(study: Study) -> dict[str, Spread]:
    """What each level of government pays; the county borrows besides, and repays from land and budgets."""
    books = [by_payer(ledger) for ledger in study.ledger]
    return {
        payer: spread(
            np.array([sum(yuan for (who, _, _), yuan in book.items() if who == payer) for book in books])
        )
        for payer in PUBLIC
    }
