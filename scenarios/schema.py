"""What a scenario file may hold: its shape (pydantic models) and the numbers each section knows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from simulation.outcomes import INDICATORS, RATIOS, URBAN_METRICS
from simulation.policy import MODE_PARAMETERS, PARAMETERS, Parameter

SCHEMA = 1

_INF = float("inf")


def _declare(family: str, kind: str, *rows: tuple[str, str, float, float, str, str]) -> dict[str, Parameter]:
    return {row[0]: Parameter(row[0], kind, family, *row[1:]) for row in rows}


def _optional(known: dict[str, Parameter]) -> dict[str, Parameter]:
    return {name: p._replace(absent=0.0) for name, p in known.items()}


# Margins of the synthetic population (simulation.population.Margins); a county may have its own.
MARGINS = _declare(
    "population", "constant",
    ("rural_income_yuan", "yuan/person/year", 1, _INF, "rural disposable income", "农村居民人均可支配收入"),
    ("remote_income_ratio", "ratio", 0.01, 10, "income of the pool over the rural mean", "搬迁对象收入与农村均值之比"),
    ("mean_household_size", "persons/household", 1, 6.9, "registered persons a household", "户均人口"),
    ("labour_share", "share", 0, 1, "members of 16-59 able to work", "劳动力占比"),
    ("absent_share", "share", 0, 1, "share of them who live and work elsewhere", "外出劳动力占比"),
    ("local_job_share", "share", 0, 1, "share of those at home with a wage job", "在家劳动力务工比例"),
    ("remittance_of_transfer", "share", 0, 1, "remittances over transfer income", "转移性收入中汇款占比"),
    ("income_sd_log", "log", 0.01, 2, "spread of log income a head", "收入对数标准差"),
    ("low_income_share", "share", 0, 1, "households on the low-income list", "低收入农户占比"),
    ("low_income_ratio", "ratio", 0.01, 10, "their income over that of all", "低收入农户相对收入"),
    ("hazard_share", "share", 0, 1, "households on a geohazard site", "地质灾害户占比"),
    ("hardship_share", "share", 0, 1, "households in special hardship", "特困户占比"),
    ("savings_to_income", "ratio", 0, 100, "liquid savings over a year's income", "储蓄与年收入之比"),
    ("savings_sd_log", "log", 0, 3, "spread of log savings a head", "储蓄对数标准差"),
    ("land_mu_per_person", "mu/person", 0, 1000, "contracted land", "人均承包地"),
    ("house_m2_per_person", "m2/person", 0, 1000, "old house", "人均老宅面积"),
    ("homestead_m2", "m2/household", 0, 10000, "homestead", "户均宅基地"),
    ("distance_km", "km", 0, 1000, "villages' mean distance to the county town", "距县城"),
    ("township_km", "km", 0, 1000, "to the township", "距乡镇"),
    ("road_km", "km", 0, 1000, "to a paved road", "距硬化路"),
    ("school_km", "km", 0, 1000, "to the nearest primary school", "距小学"),
    ("village_size_sd_log", "log", 0, 2, "spread of village sizes", "村庄规模离散度"),
) | _optional(_declare(
    "population", "constant",
    ("reserve_share", "share", 0, 0.9, "low-income households in reserve, not on the list", "名册外后备低收入户占比"),
    ("excluded_share", "share", 0, 1, "households in reserve that may never be listed", "后备户中不得列入者占比"),
))  # fmt: skip
# Margins that are lists of shares, and what each place in the list stands for.
MARGIN_SHARES = dict(
    size_shares=("1", "2", "3", "4", "5", "6", "7+"),
    age_shares=("0-17", "18-34", "35-59", "60+"),
    schooling_shares=("none", "primary", "junior", "senior", "college"),
    income_source_shares=("wage", "business", "transfer", "property"),
    village_type_shares=("merging", "suburban", "growing", "improving", "heritage"),
)
OPTIONAL_SHARES = {"village_type_shares": (1.0, 0.0, 0.0, 0.0, 0.0)}
COUNTY_NUMBERS = MARGINS | _declare(
    "county", "constant",
    ("pool_share", "share", 0, 1, "share of the region's eligible pool", "占全市剩余可搬迁人口比例"),
    ("villages", "villages", 0, _INF, "natural villages with households of the pool", "迁出自然村"),
    ("home_price_factor", "ratio", 0, 20, "home prices relative to the region", "房价系数"),
    ("wage_factor", "ratio", 0, 20, "wages relative to the region", "工资系数"),
) | _optional(_declare(
    "county", "constant",
    ("core", "flag", 0, 1, "its town is the core city", "属中心城区"),
))  # fmt: skip
# A county may also have its own value of any parameter but those that are of the region as a whole.
COUNTY_PARAMETERS = {n: p for n, p in PARAMETERS.items() if p.family not in ("pool", "urban")}
COUNTY_KEYS = COUNTY_NUMBERS | COUNTY_PARAMETERS
SITE_NUMBERS = _declare(
    "site", "constant",
    ("persons", "persons", 0, _INF, "size of the whole community, earlier movers included", "安置点规模"),
    ("homes_ready", "homes", 0, _INF, "empty homes at the start", "期初空置房源"),
    ("homes_under_way", "homes", 0, _INF, "homes begun before the start", "期初在建房源"),
    ("homes_per_year", "homes/year", 0, _INF, "homes started a year", "每年新开工房源"),
)  # fmt: skip
SITE_CLASSES = _declare(
    "sites", "constant",
    ("medium_persons", "persons", 1, _INF, "a site of this size is medium", "中型安置点起点"),
    ("large_persons", "persons", 1, _INF, "a site of this size is large", "大型安置点起点"),
)  # fmt: skip
CLOSURE_NUMBERS = _declare(
    "closure", "constant",
    ("share", "share", 0, 1, "share of villages whose school and shop close", "学校、商店关闭的村庄比例"),
)  # fmt: skip


def _target_unit(metric: str) -> str:
    marks = (
        ("_fen", "yuan"),
        ("_mu", "mu"),
        ("homes_", "homes"),
        ("persons", "persons"),
        ("residents", "persons"),
    )
    for mark, unit in marks:
        if mark in metric:
            return unit
    if metric.startswith(("positions_", "filled_")):
        return "jobs"
    other = {"mover_labour": "persons", "mover_employed": "persons", "mover_seekers": "persons"}
    other |= {"village_jobs": "jobs"}
    return other.get(metric, "household")


_NOT_AT_A_DATE = (
    "trained",
    "villagers_trained",
    "reused_mu",
    "due_fen",
    "interest_fen",
    "reclaimed_mu",
    "quota_sold_mu",
    "integration",
    "job_belief",
)
METRICS = (
    {"persons": "persons"}
    | {name: unit for name, (unit, _, _) in RATIOS.items()}
    | URBAN_METRICS
    | {
        name: _target_unit(name)
        for name in INDICATORS
        if name not in _NOT_AT_A_DATE
        and not name.startswith("new_")  # flows of a month and sums are no target at a date
    }
)
"""What a target may count, and in which unit; `persons` are counted at the target's event."""
EVENTS = ("signed", "keys", "occupied")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Number(Part):
    value: float
    unit: str
    source: Annotated[str, Field(min_length=1)]
    note: str = ""
    range: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    scale: Literal["linear", "log"] = "linear"
    from_: Annotated[str | None, Field(alias="from", pattern=r"^\d{4}-(0[1-9]|1[0-2])$")] = None


Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

# One number, or a list of them that begin at different dates.
Numbers = Annotated[list[Number], BeforeValidator(lambda v: [v] if isinstance(v, dict) else v)]


class Shares(Part):
    """A list of shares that sum to one."""

    value: list[float]
    unit: str
    source: Annotated[str, Field(min_length=1)]
    note: str = ""


class Text(Part):
    zh: str
    en: str


class Header(Part):
    title: Text
    authors: list[str]
    reference: str
    description: Text
    not_modelled: list[Text] = []


MOST_MONTHS = 600  # of a window, and of the time after it


class Period(Part):
    start: Month | None = None
    window_months: Annotated[int, Field(ge=1, le=MOST_MONTHS)] | None = None
    follow_up_months: Annotated[int, Field(ge=0, le=MOST_MONTHS)] | None = None


class Named(Part):
    """A row with an id, names in both languages and numbers; a difference may give only the id and what changes."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, Numbers] = Field(init=False)

    id: Id
    en: str | None = None
    zh: str | None = None


class County(Named):
    size_shares: Shares | None = None
    age_shares: Shares | None = None
    schooling_shares: Shares | None = None
    income_source_shares: Shares | None = None
    village_type_shares: Shares | None = None


class Mode(Named):
    # built: homes of its sites are built for the programme; market: they are unsold flats
    homes: Literal["built", "market"] | None = None


class Site(Named):
    county: Id | None = None
    mode: Id | None = None


class Closure(Named):
    date: Month | None = None
    county: Id | None = None


class Population(Part):
    """Margins of the synthetic population; the numbers are those of MARGINS."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, Numbers] = Field(init=False)

    seed: Annotated[int, Field(ge=0)] | None = None
    size_shares: Shares | None = None
    age_shares: Shares | None = None
    schooling_shares: Shares | None = None
    income_source_shares: Shares | None = None
    village_type_shares: Shares | None = None


class Target(Part):
    id: Id
    en: str | None = None
    zh: str | None = None
    metric: str | None = None
    event: Literal["signed", "keys", "occupied"] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    date: Month | None = None
    scope: str | None = None


class Column(Part):
    unit: str
    source: Annotated[str, Field(min_length=1)]
    note: str = ""


class Sites(Part):
    file: str | None = None
    columns: dict[str, Column] = {}
    medium_persons: Numbers | None = None
    large_persons: Numbers | None = None


class File(Part):
    """One TOML file: a region, a policy that extends it, or a package."""

    schema_: int = Field(alias="schema")
    extends: str | None = None
    header: Header
    period: Period = Period()
    lever: dict[str, dict[str, Numbers]] = {}
    uncertainty: dict[str, dict[str, Numbers]] = {}
    constant: dict[str, dict[str, Numbers]] = {}
    county: list[County] = []
    mode: list[Mode] = []
    site: list[Site] = []
    sites: Sites = Sites()
    closure: list[Closure] = []
    target: list[Target] = []
    population: Population = Population()


KINDS = ("lever", "uncertainty", "constant")
FAMILIES = {kind: sorted({p.family for p in PARAMETERS.values() if p.kind == kind}) for kind in KINDS}
ROWS: dict[str, dict[str, Parameter]] = {
    "county": COUNTY_KEYS,
    "mode": MODE_PARAMETERS,
    "site": SITE_NUMBERS,
    "closure": CLOSURE_NUMBERS,
}
