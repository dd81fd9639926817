"""A made-up study with plausible numbers, for tests that must not wait for the engine."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from experiments import urban
from experiments.study import Study
from simulation.ledger import FLOW, FLOWS
from simulation.outcomes import GROUPS, INCOMES, INDICATORS, WHY

COUNTIES = (
    ("liandu", "Liandu", "莲都区", 0.14),
    ("longquan", "Longquan", "龙泉市", 0.13),
    ("qingtian", "Qingtian", "青田县", 0.16),
    ("yunhe", "Yunhe", "云和县", 0.07),
    ("qingyuan", "Qingyuan", "庆元县", 0.11),
    ("jinyun", "Jinyun", "缙云县", 0.12),
    ("suichang", "Suichang", "遂昌县", 0.11),
    ("songyang", "Songyang", "松阳县", 0.09),
    ("jingning", "Jingning", "景宁县", 0.07),
)
MODES = (
    ("county_town", "county-town community", "县城安置", 0.7),
    ("small_town", "small town", "小城镇安置", 0.17),
    ("cash", "market purchase", "货币安置", 0.10),
    ("in_place", "in place", "就地安置", 0.03),
)
SITE = (
    "households", "persons", "labour", "employed", "wage_fen", "business_fen", "transfer_fen", "property_fen",
)  # fmt: skip
UNCERTAINTIES = {
    # name: (low, high, value, unit, scale, weight on the outcome)
    "home_price_yuan_per_m2": (1500.0, 7000.0, 3200.0, "yuan/m2", "log", -0.34),
    "pool_persons": (40_000.0, 200_000.0, 90_000.0, "persons", "log", 0.25),
    "intention_to_application_per_year": (0.12, 0.8, 0.35, "share/year", "log", 0.16),
    "own_move_per_year": (0.002, 0.02, 0.006, "share/year", "log", -0.04),
    "house_price_growth": (-0.03, 0.03, 0.0, "1/year", "linear", 0.05),
    "vacancies_per_mover": (0.3, 1.2, 0.7, "jobs/person", "linear", 0.02),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class FakeStudy(Study):
    """A study with accounts of towns, counties and communities."""

    urban: Any
    urban_income: Any
    county_income: Any
    site: Any


def but(thing: SimpleNamespace, **changes: object) -> SimpleNamespace:
    """A copy with some attributes changed."""
    return SimpleNamespace(**vars(thing) | changes)


def fake_scenario(*, window: int = 36, months: int = 60) -> SimpleNamespace:
    """Looks like scenarios.Scenario, with no file behind it: only its uncertainties have values."""
    values = {
        name: SimpleNamespace(
            name=name, value=value, unit=unit, source="assumption", note="", range=(low, high), scale=scale,
            kind="uncertainty", in_use=True, family="", where="",
        )
        for name, (low, high, value, unit, scale, _) in UNCERTAINTIES.items()
    }  # fmt: skip
    target = SimpleNamespace(
        id="moved_30000", en="30,000 persons moved by the end of 2026", zh="2026年底前搬迁3万人",
        metric="persons", event="keys", at_least=True, value=30_000.0, unit="persons", date="2026-12", month=35,
        scope="region", source="lishui-plan 一", note="",
    )  # fmt: skip
    return SimpleNamespace(
        name="lishui/plan",
        title={"en": "Lishui 2024-2026", "zh": "丽水市 2024-2026 年"},
        header={"authors": ["Anju"]},
        laid_over=lambda: (),
        start="2024-01",
        window=window,
        months=months,
        counties=tuple(
            SimpleNamespace(id=i, en=en, zh=zh, values={}, shares={}, own={}) for i, en, zh, _ in COUNTIES
        ),
        modes=tuple(SimpleNamespace(id=i, en=en, zh=zh, homes="built", values={}) for i, en, zh, _ in MODES),
        sites=tuple(
            SimpleNamespace(
                id=f"site_{i}", en=f"Site {i}", zh=f"安置点{i}", county=i, mode="county_town", values={}
            )
            for i, *_ in COUNTIES
        ),
        site_classes={},
        closures=(),
        shares={},
        population={},
        population_seed=1,
        packages=(),
        files=("lishui/region.toml", "lishui/plan.toml"),
        targets=(target,),
        values=values,
        entries=lambda: list(values.values()),
        uncertainties=lambda: list(values.values()),
        resolved=lambda: {"parameters": {name: entry.value for name, entry in sorted(values.items())}},
    )


def fake_study(points: int = 8, replications: int = 2, *, seed: int = 1) -> Study:
    """A deterministic study: an S-curve of movers, driven by two inputs, and a little noise."""
    scenario = fake_scenario()
    rng = np.random.default_rng([seed, points, replications])
    months, window = scenario.months, scenario.window
    names = tuple(UNCERTAINTIES)
    weights = np.array([row[5] for row in UNCERTAINTIES.values()])
    if points == 1:
        unit, names = np.full((1, len(weights)), 0.5), ()
        design = np.empty((1, 0))
    else:
        unit = (np.stack([rng.permutation(points) for _ in weights], axis=1) + 0.5) / points
        design = np.empty_like(unit)
        for k, (low, high, _, _, scale, _) in enumerate(UNCERTAINTIES.values()):
            u = unit[:, k]
            design[:, k] = low * (high / low) ** u if scale == "log" else low + (high - low) * u
    runs = np.array([(p, r, 1000 + r) for p in range(points) for r in range(replications)], np.int64)
    n = len(runs)
    level = np.repeat(24_000.0 * (1.0 + 2.0 * ((unit - 0.5) @ weights)), replications)
    level += rng.normal(0.0, 290.0, n)
    size = np.array([c[3] for c in COUNTIES])
    t = np.arange(months)
    keys = np.clip((t - 5.0) / (window - 6.0), 0.0, 1.0) ** 1.3
    split = size * (1.0 + rng.normal(0.0, 0.05, (n, len(size))))
    persons = level[:, None, None] * keys[None, :, None] * (split / split.sum(1, keepdims=True))[:, None, :]
    persons = np.floor(persons)
    pool = 95_000.0

    county = np.zeros((n, months, len(size), len(INDICATORS)))

    def put(name: str, values: np.ndarray) -> None:
        county[..., INDICATORS.index(name)] = values

    households = np.floor(persons / 3.1)
    back = np.floor(households * 0.02 * (t / 12.0)[None, :, None])
    put("persons_keys", persons)
    put("persons_signed", np.floor(persons * 1.06))
    put("persons_occupied", np.floor(persons * 0.9 * (t > 12)[None, :, None]))
    put("persons_returned", np.floor(back * 3.0))
    put("persons_own_moved", np.floor(pool * size * 0.01)[None, None, :] * (t / 12.0)[None, :, None])
    put("moved", households - back)
    put("returned", back)
    put("origin", np.floor(pool / 3.1 * size)[None, None, :] - households)
    put("applied", np.floor(households * 0.08 * (t < window)[None, :, None]))
    put("granted", np.floor(households * 0.05 * (t < window)[None, :, None]))
    put("own_moved", np.floor(pool / 3.1 * size * 0.01)[None, None, :] * (t / 12.0)[None, :, None])
    new = np.diff(households, axis=1, prepend=0.0)
    put("new_moved", new)
    put("new_granted", new)
    put("new_loans", np.floor(new * 0.55))
    put("new_applied", np.floor(new * 1.1))
    put("new_returned", np.diff(back, axis=1, prepend=0.0))
    put("homes_ready", np.floor(households * 1.1) + 200.0)
    put("homes_occupied", households - back)
    put("homes_idle", back)
    put("homes_reserved", np.floor(households * 0.05))
    put("homes_free", np.floor(households * 1.1) + 200.0 - households - np.floor(households * 0.05))
    labour = np.floor(households * 1.9)
    put("mover_labour", labour)
    put("mover_employed", np.floor(labour * 0.84))
    put("mover_seekers", labour - np.floor(labour * 0.84))
    put("labour_households", np.floor(households * 0.86))
    put("working_households", np.floor(households * 0.8))
    for kind, share in (
        ("workshop", 0.2),
        ("service", 0.4),
        ("post", 0.04),
        ("startup", 0.05),
        ("away", 0.15),
    ):
        put(f"filled_{kind}", np.floor(labour * share))
        put(f"positions_{kind}", np.floor(labour * share * 1.1))
    put("loan_households", np.floor(households * 0.55))
    put("loan_fen", np.floor(households * 0.55) * 9_000_000.0)
    put("arrears_households", np.floor(households * 0.04))
    put("arrears_fen", np.floor(households * 0.04) * 400_000.0)
    put("due_fen", np.floor(households * 0.55) * 70_000.0)
    earlier = np.floor(20_000.0 * size) * np.ones((n, months, 1))
    put("earlier_moved", earlier)
    put("integration", (households - back + earlier) * 0.6 * (1.0 - np.exp(-t / 18.0))[None, :, None])
    put("hukou_persons", np.floor(persons * 0.3))
    put("surrendered", np.floor(households * 0.8))
    put("reclaimed_mu", households * 0.8 * 0.18)
    put("quota_sold_mu", households * 0.8 * 0.1)
    put("leased_mu", households * 1.2)
    put("closed_villages", np.floor(households / 60.0))
    put("job_belief", np.full(county.shape[:3], 0.8))
    put("cash_fen", np.full(county.shape[:3], 3e9))

    moved = persons.sum(2)
    mode = np.floor(moved[..., None] * np.array([m[3] for m in MODES]))
    klass = np.floor(moved[..., None] * np.array([0.18, 0.2, 0.25, 0.37]))

    def incomes(households: np.ndarray, withheld: float) -> np.ndarray:
        """Groups' incomes for one series of movers, (..., months, GROUPS, INCOMES)."""
        out = np.zeros((*households.shape, len(GROUPS), len(INCOMES)))
        growth = 1.05 ** (t / 12.0)
        counts = {
            "movers": households, "stayers": pool / 3.1 - households, "withheld": withheld * households,
            "granted": households, "earlier": np.full_like(households, 20_000.0),
            "returned": 0.02 * households,
        }  # fmt: skip
        per_head = {"movers": 27_500.0, "granted": 27_500.0, "earlier": 29_000.0, "stayers": 23_000.0,
                    "withheld": 25_300.0, "returned": 24_000.0}  # fmt: skip
        for g, group in enumerate(GROUPS):
            homes = counts[group]
            heads = homes * 3.1
            month = heads * per_head[group] * 100.0 / 12.0 * growth
            wage = 0.62 if group in ("movers", "granted", "earlier") else 0.45
            shares = dict(wage_fen=wage, business_fen=0.85 - wage, transfer_fen=0.12, property_fen=0.03)
            out[..., g, INCOMES.index("households")] = homes
            out[..., g, INCOMES.index("persons")] = heads
            for name, share in shares.items():
                out[..., g, INCOMES.index(name)] = month * share
            out[..., g, INCOMES.index("start_fen")] = heads * 24_500.0 * 100.0 / 12.0
            out[..., g, INCOMES.index("poor_households")] = homes * 0.09
        return out

    income = incomes(moved / 3.1, 0.0)
    shift = 1.0 + rng.normal(0.0, 0.01, points)
    effect_income = incomes(moved[::replications] / 3.1, 0.05)
    effect_income[:, :, GROUPS.index("granted"), 2:6] *= shift[:, None, None]

    ledger = np.zeros((n, months, len(FLOWS)))
    new_persons = np.diff(moved, axis=1, prepend=0.0)
    for name, yuan in (
        ("subsidy", 22_000.0), ("compensation", 6_000.0), ("reclamation", 1_500.0),
        ("quota_revenue", 9_000.0),
        ("interest_subsidy", 900.0), ("training", 400.0), ("first_job_subsidy", 300.0),
        ("post_subsidy", 500.0),
        ("insurance_gain", 200.0), ("home_price", 60_000.0), ("fitting_out", 16_000.0),
        ("loan_drawn", 30_000.0),
        ("loan_principal", 2_000.0), ("loan_interest", 900.0), ("wage", 17_000.0), ("consumption", 15_000.0),
    ):  # fmt: skip
        ledger[:, :, FLOW[name]] = np.floor(new_persons * yuan * 100.0)
    for name, yearly in (
        ("central", 0.0),
        ("province", 1.5e8),
        ("city", 3e7),
        ("county", 1.2e8),
        ("jobs", 4e7),
    ):
        ledger[:, 0:window:12, FLOW[f"appropriation_{name}"]] = yearly * 100.0

    why = np.zeros((n, len(size), len(WHY), 2))
    now = persons[:, window - 1]
    rest = np.maximum(np.floor(pool * size) - now, 0.0)
    shares = dict(
        own_moved=0.04, improved=0.01, no_home=0.12, no_money=0.05, in_process=0.06, withdrew=0.03,
        not_yet_applied=0.16, unaffordable=0.2, infeasible=0.08, never_mover=0.1,
    )  # fmt: skip
    why[:, :, WHY.index("moved"), 1] = now
    for name, share in shares.items():
        why[:, :, WHY.index(name), 1] = np.floor(rest * share)
    why[:, :, WHY.index("prefers_to_stay"), 1] = rest - why[..., 1].sum(2) + now
    why[..., 0] = np.floor(why[..., 1] / 3.1)

    part = (split / split.sum(1, keepdims=True))[:, :, None, None]
    county_income = income[:, -12:].sum(axis=1)[:, None] * part
    site = np.zeros((n, len(size), len(SITE)))
    site[..., 0] = households[:, -1]
    site[..., 1] = persons[:, -1]
    site[..., 2] = labour[:, -1]
    site[..., 3] = np.floor(labour[:, -1] * 0.84)
    for k, name in enumerate(("wage_fen", "business_fen", "transfer_fen", "property_fen")):
        site[..., 4 + k] = county_income[:, :, GROUPS.index("movers"), INCOMES.index(name)] / 12.0

    return FakeStudy(
        urban=np.zeros((n, months, len(urban.AREAS), len(urban.COMPONENTS))),
        urban_income=np.zeros((n, months, len(urban.INCOME))), county_income=county_income, site=site,
        scenario=scenario, seed=seed, uncertainties=names, design=design, runs=runs, county=county, mode=mode,
        klass=klass, income=income, ledger=ledger, why=why, effect_income=effect_income,
        populations=("0" * 64,) * points, model_hash="f" * 64, version="0.1.0",
        id="fa4e57d1",
    )  # fmt: skip


URBAN_TARGETS = (
    # id, metric, unit, at least?, value, date, month
    ("share_2026", "urban_share", "share", True, 0.65, "2026-12", 35),
    ("share_2028", "urban_share", "share", True, 0.70, "2028-12", 59),
    ("added_2025", "urban_residents_added", "persons", True, 50_000.0, "2025-12", 23),
    ("gain_2025", "urban_share_gain", "share", True, 0.01, "2025-12", 23),
    ("core_2027", "core_residents", "persons", True, 1_100_000.0, "2027-12", 47),
    ("ratio_2028", "income_ratio", "ratio", False, 1.94, "2028-12", 59),
    ("working", "working_share", "share", True, 0.9, "2026-12", 35),
)
YEARLY = {
    # component: persons a year into the core city, other towns and villages
    "natural": (-1_000.0, -4_000.0, -6_000.0),
    "moves": (500.0, 3_500.0, -4_000.0),
    "school": (3_000.0, 12_000.0, -15_000.0),
    "jobs": (2_500.0, 6_500.0, -9_000.0),
    "migration": (6_000.0, 4_000.0, -3_000.0),
    "students": (3_500.0, 1_200.0, 0.0),
    "graduates": (900.0, 300.0, 0.0),
    "reclassified": (0.0, 8_000.0, -8_000.0),
    "returners": (-700.0, -2_900.0, 3_600.0),
}


def fake_urban_study(points: int = 8, replications: int = 2, *, seed: int = 1) -> FakeStudy:
    """The same study in a region that keeps urban accounts and has targets of share, persons and ratio."""
    study = fake_study(points, replications, seed=seed)
    rng = np.random.default_rng([seed, points, 7])
    n, months = len(study.runs), study.months
    flows = np.array([YEARLY[name] for name in urban.FLOWS]).T / 12.0  # (AREAS, FLOWS)
    size = np.repeat(rng.normal(1.0, 0.2, points), replications) + rng.normal(0.0, 0.01, n)
    accounts = np.zeros((n, months, len(urban.AREAS), len(urban.COMPONENTS)))
    ramp = np.linspace(0.8, 1.2, months)
    accounts[..., 1:] = flows * size[:, None, None, None] * ramp[None, :, None, None]
    start = np.array([1_020_000.0, 2_100_000.0, 1_880_000.0])
    accounts[..., 0] = start + accounts[..., 1:].sum(axis=-1).cumsum(axis=1)
    t = np.arange(1, months + 1) / 12.0
    income = np.zeros((n, months, len(urban.INCOME)))
    parts = np.stack([-0.012 * t, -0.004 * t, 0.002 * t], axis=-1) * size[:, None, None]
    income[..., 2] = 2.02 + parts.sum(axis=-1)
    income[..., 3:] = parts
    income[..., 1] = 21_000.0 * 1.06**t
    income[..., 0] = income[..., 1] * income[..., 2]
    targets = tuple(
        SimpleNamespace(
            id=id, en=f"Target {id}", zh=f"目标{i}", metric=metric, event=None, at_least=at_least, value=value,
            unit=unit, date=date, month=month, scope="region", source="yueyang-plan 一", note="",
        )
        for i, (id, metric, unit, at_least, value, date, month) in enumerate(URBAN_TARGETS)
    )  # fmt: skip
    scenario = but(
        study.scenario, name="yueyang/plan", title={"en": "Yueyang 2024-2028", "zh": "岳阳市 2024-2028 年"},
        targets=targets, files=("yueyang/region.toml",),
    )  # fmt: skip
    return dataclasses.replace(study, scenario=scenario, urban=accounts, urban_income=income)


def fake_pool_study(points: int = 8, replications: int = 2, *, seed: int = 1) -> FakeStudy:
    """The same study where counties borrow for the persons on a list, as in Gansu, and the list is refilled."""
    study = fake_study(points, replications, seed=seed)
    county, ledger = study.county.copy(), study.ledger.copy()

    def put(name: str, values: np.ndarray) -> None:
        county[..., INDICATORS.index(name)] = values

    keys = study.indicator("persons_keys")
    new = np.diff(keys.sum(axis=2), axis=1, prepend=0.0)
    put("persons_keys_poor", np.floor(keys * 0.7))
    put("persons_stable", np.floor(keys * 0.6))
    put("persons_stable_poor", np.floor(keys * 0.4))
    put("new_struck", np.floor(study.indicator("new_moved") * 0.05))
    put("new_listed", np.floor(study.indicator("new_moved") * 0.04))
    put("behind_persons", np.floor(keys * 0.01))
    put("pool_debt_fen", np.floor(keys * 0.7) * 3_000_000.0)
    for name, yuan in (
        ("pool_bond", 9_740.0), ("pool_fund", 5_000.0), ("pool_loan_drawn", 35_000.0), ("pool_loan_interest", 1_500.0),
        ("pool_loan_principal", 5_000.0), ("pool_interest_central", 1_350.0), ("pool_interest_province", 150.0),
        ("land_sale", 3_000.0), ("pool_home", 21_000.0), ("infrastructure", 20_000.0), ("repair", 50.0),
        ("project", 900.0), ("education_waiver", 300.0), ("poor_dividend", 500.0),
    ):  # fmt: skip
        ledger[:, :, FLOW[name]] = np.floor(new * yuan * 100.0)
    scenario = but(
        study.scenario, name="gansu/plan", title={"en": "Gansu 2016-2020", "zh": "甘肃省 2016-2020 年"},
        start="2018-01", files=("gansu/region.toml",),
    )  # fmt: skip
    return dataclasses.replace(study, scenario=scenario, county=county, ledger=ledger)
