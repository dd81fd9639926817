"""Synthetic households from published margins, one record a household.

`Margins` holds what statistics publish of the pool; `synthesise` makes households and villages that reproduce it; `fit`
says how well. What no statistic publishes (how traits go together) is in the named constants below, each of them an
assumption whose sign follows the literature and whose size is a guess.

Method: iterative proportional fitting of household types to each county's margins, whole households by controlled
rounding, members dealt to households without replacement, and a Gaussian copula with one common factor for money and land.

References
----------
Beckman, Baggerly & McKay (1996), Creating synthetic baseline populations, doi 10.1016/0965-8564(96)00004-3.
Lovelace & Ballas (2013), Truncate, replicate, sample, doi 10.1016/j.compenvurbsys.2013.03.004.
Jeong et al. (2016), Copula-based approach to synthetic population generation, doi 10.1371/journal.pone.0159496.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from simulation import synthesis
from simulation.draws import log_
from simulation.households import POPULATION_DTYPES, Population, Villages

AGES = ("0-17", "18-34", "35-59", "60+")
SCHOOLING = ("none", "primary", "junior", "senior", "college")
SCHOOLING_YEARS = (0, 6, 9, 12, 15)
SOURCES = ("wage", "business", "transfer", "property")
LARGEST = 7  # members; larger households are held at this size

# How traits go together. Rows and columns are odds; only their ratios matter.
# Heads of 18-34, 35-59 and 60 and over among persons of that age: the old head households, the young seldom do.
HEADSHIP = (0.2, 1.0, 1.15)
# Age of head (rows) by size of household: the old live alone or in pairs (空巢), couples of middle age with children.
SIZE_BY_AGE = (
    (1.0, 0.7, 1.3, 1.0, 0.7, 0.5, 0.5),
    (0.5, 0.9, 1.4, 1.4, 1.1, 1.0, 1.0),
    (3.0, 2.5, 0.8, 0.6, 0.8, 1.0, 1.0),
)
# Age of head by schooling: each generation had more.
SCHOOLING_BY_AGE = (
    (0.05, 0.3, 1.2, 2.0, 4.0),
    (0.3, 0.9, 1.4, 1.2, 0.7),
    (2.5, 1.8, 0.6, 0.25, 0.08),
)
# Other members (elderly, of school age, labour, others) in households of 2, 3, 4 and more, by age of head.
ROLES = (
    ((0.15, 0.15, 0.60, 0.10), (0.10, 0.25, 0.40, 0.25), (0.20, 0.30, 0.35, 0.15)),
    ((0.15, 0.08, 0.70, 0.07), (0.12, 0.18, 0.60, 0.10), (0.22, 0.22, 0.45, 0.11)),
    ((0.70, 0.03, 0.22, 0.05), (0.40, 0.08, 0.44, 0.08), (0.28, 0.16, 0.44, 0.12)),
)
SCHOOL_AGE_OF_MINORS = 10.0 / 18.0  # 6-15 of 0-17
# Remote villages keep the old, the small households and the little schooled: points a household type, and the correlation
# of a household's rank with the remoteness of its village.
REMOTE_POINTS = dict(
    age=(-1.0, 0.0, 2.0), size=(1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0), schooling=(1, 0.5, 0, -0.5, -1)
)
REMOTE_CORRELATION = 0.35
# Odds of being away: by age of head, and by third of remoteness (near, middle, far). Members leave together so often.
AWAY_BY_AGE = (1.5, 0.85, 1.2)
AWAY_BY_REMOTENESS = (0.85, 1.0, 1.15)
AWAY_TOGETHER = 0.4
# Odds of a wage job near home, by schooling of head and by third of remoteness.
JOB_BY_SCHOOLING = (0.6, 0.8, 1.0, 1.2, 1.4)
JOB_BY_REMOTENESS = (1.25, 1.0, 0.8)
# Prosperity: loads of schooling (+), remoteness (-) and luck; and the load of prosperity on each income.
PROSPERITY = (0.30, -0.25, 0.92, 0.5)
LISTING_ERROR = 0.6  # sd of error in the ranking from which the low-income list is drawn, in sd of log income
HAZARD_IN_VILLAGE = 0.85  # correlation between a household's exposure and its village's
SAVINGS_WITH_INCOME = 0.5  # correlation of log savings with log income, a head
VILLAGE_SERVICE = (0.30, -0.08, 0.06)  # service level: mean, a sd of remoteness, a unit of log relative size

PerCounty = float | Sequence[float]
"""One number for the region, or one a county."""


class MarginsError(ValueError):
    """Margins that cannot be reproduced; `messages` names every fault."""

    def __init__(self, messages: Sequence[str]):
        self.messages = list(messages)
        super().__init__("\n".join(self.messages))


@dataclass(frozen=True, kw_only=True)
class Margins:
    """What is published of the pool of households that may be relocated, by county.

    Every field but the first may be given once for the region or once a county, and is kept once a county, as nested tuples,
    so margins can be compared and hashed. Shares of a group may be off one by 0.01 (rounding) and are scaled to one.
    Raises MarginsError, naming every fault.
    """

    counties: Sequence[str]  # ids
    pool_share: Sequence[float]  # share of the pool's persons in each county
    villages: Sequence[int]  # natural villages with at least one household of the pool
    rural_income_yuan: PerCounty  # published rural disposable income, yuan a head and year
    # Income a registered member of the pool over the published rural mean, which is a head *living there*: remoteness
    # lowers it, and so do absent members, who count here and bring in only what they send.
    remote_income_ratio: PerCounty
    size_shares: (
        Sequence[float] | Sequence[Sequence[float]]
    )  # households of 1..6 and 7 or more (held at 7) members
    mean_household_size: PerCounty  # registered persons; `size_shares` is tilted to meet it
    age_shares: Sequence[float] | Sequence[Sequence[float]]  # registered members of 0-17, 18-34, 35-59, 60+
    schooling_shares: (
        Sequence[float] | Sequence[Sequence[float]]
    )  # heads with none, primary, junior, senior, college
    labour_share: PerCounty  # members of 16-59 able to work, at home or away, over all members
    absent_share: PerCounty  # of those, the share who live and work elsewhere
    local_job_share: PerCounty  # of those at home, the share with a wage job
    # Wage (of local jobs only), business, transfer (net, with what absent members send), property, over all income.
    income_source_shares: Sequence[float] | Sequence[Sequence[float]]
    remittance_of_transfer: PerCounty  # what absent members send, over transfer income
    income_sd_log: PerCounty  # standard deviation of log income a head, over households
    low_income_share: PerCounty  # households on the low-income list
    low_income_ratio: PerCounty  # income a head of listed households over that of all
    hazard_share: PerCounty  # households on a geohazard site
    hardship_share: PerCounty  # households in special hardship, all of them on the low-income list
    savings_to_income: PerCounty  # liquid savings over a year's income
    savings_sd_log: PerCounty  # standard deviation of log savings a head, over households
    land_mu_per_person: PerCounty  # contracted land
    house_m2_per_person: PerCounty
    homestead_m2: PerCounty  # mean homestead of a household
    distance_km: PerCounty  # villages' mean distance to the county town
    township_km: PerCounty  # to the township
    road_km: PerCounty  # to a paved road
    school_km: PerCounty  # to the nearest primary school
    village_size_sd_log: (
        PerCounty  # spread of village sizes: 0 all alike, 1 many hamlets and a few of 100 households
    )

    def __post_init__(self) -> None:
        wrong: list[str] = []
        counties = tuple(map(str, self.counties))
        object.__setattr__(self, "counties", counties)
        if not counties:
            raise MarginsError(["counties: none given"])
        if len(set(counties)) < len(counties):
            wrong.append("counties: a county is listed twice")
        for field in fields(self)[1:]:
            try:
                value = _by_county(field.name, getattr(self, field.name), len(counties))
            except (TypeError, ValueError) as error:
                wrong.append(f"{field.name}: {error}")
            else:
                object.__setattr__(self, field.name, value)
        if not wrong:
            wrong = _contradictions(self)
        if wrong:
            raise MarginsError(wrong)


_GROUPS = dict(
    size_shares=7, age_shares=4, schooling_shares=5, income_source_shares=4
)  # lengths; each sums to one
_ONLY_BY_COUNTY = ("pool_share", "villages")
_POSITIVE = ("rural_income_yuan", "remote_income_ratio", "low_income_ratio", "income_sd_log")
_HIGHEST = dict(mean_household_size=6.9, income_sd_log=2.0, savings_sd_log=3.0, village_size_sd_log=2.0)


def _by_county(name: str, value, counties: int) -> tuple:
    """`value` as a tuple with one entry a county, checked on its own."""
    if name in _GROUPS:
        rows = list(value)
        rows = [rows] * counties if rows and not isinstance(rows[0], Sequence) else rows
        if len(rows) != counties:
            raise ValueError(f"{len(rows)} rows for {counties} counties")
        return tuple(_shares(row, _GROUPS[name]) for row in rows)
    scalar = isinstance(value, int | float)
    if scalar and name in _ONLY_BY_COUNTY:
        raise ValueError("needs one number a county")
    numbers = [float(value)] * counties if scalar else [float(v) for v in value]
    if len(numbers) != counties:
        raise ValueError(f"{len(numbers)} numbers for {counties} counties")
    if name == "pool_share":
        return _shares(numbers, counties)
    low = 1e-9 if name in _POSITIVE else 1.0 if name in ("villages", "mean_household_size") else 0.0
    high = _HIGHEST.get(
        name, 1.0 if name.endswith("_share") or name == "remittance_of_transfer" else float("inf")
    )
    for number in numbers:
        if not low <= number <= high or number == float("inf"):
            raise ValueError(f"{number:g} is outside {low:g}..{high:g}")
        if name == "villages" and number != int(number):
            raise ValueError(f"{number:g} is not a whole number")
    return tuple(map(int, numbers)) if name == "villages" else tuple(numbers)


def _shares(row: Sequence[float], length: int) -> tuple[float, ...]:
    numbers = [float(v) for v in row]
    if len(numbers) != length:
        raise ValueError(f"{len(numbers)} shares where {length} are needed")
    total = math.fsum(numbers)  # sum() rounds differently from Python 3.12 on
    if not all(v >= 0 for v in numbers) or not 0.99 <= total <= 1.01:
        raise ValueError(f"shares must be 0 or more and sum to 1, not {total:g}")
    return tuple(v / total for v in numbers)


def _contradictions(m: Margins) -> list[str]:
    """Margins that no households can meet together."""
    wrong = []
    for c, county in enumerate(m.counties):
        size, minors, old = m.mean_household_size[c], m.age_shares[c][0], m.age_shares[c][3]
        possible = [i + 1 for i, share in enumerate(m.size_shares[c]) if share > 0]
        if not possible[0] <= size <= possible[-1]:
            wrong.append(f"mean_household_size: {size:g} in {county} is outside the sizes of size_shares")
            continue
        if size * 0.95 * (1.0 - minors) < 1.0:
            wrong.append(f"age_shares: too few adults in {county} for one to head each household")
            continue
        young_heads = math.fsum(_head_shares(m, c)[:2]) / size
        if m.labour_share[c] < young_heads:
            wrong.append(
                f"labour_share: {m.labour_share[c]:g} in {county} is less than the heads under 60, {young_heads:.3g}"
            )
        if m.labour_share[c] + old + SCHOOL_AGE_OF_MINORS * minors > 1.0:
            wrong.append(
                f"labour_share: {m.labour_share[c]:g} in {county} exceeds the members of 16-59,"
                f" {1.0 - old - SCHOOL_AGE_OF_MINORS * minors:.3g}"
            )
        listed, ratio = m.low_income_share[c], m.low_income_ratio[c]
        if listed * ratio >= 1.0 and not listed == ratio == 1.0:
            wrong.append(f"low_income_ratio: in {county} the low-income list would hold all income")
        if m.hardship_share[c] > listed:
            wrong.append(f"hardship_share: exceeds low_income_share in {county}")
        wage, _, transfer, _ = m.income_source_shares[c]
        sent = transfer * m.remittance_of_transfer[c]
        if wage > 0 and m.local_job_share[c] * (1.0 - m.absent_share[c]) == 0:
            wrong.append(f"income_source_shares: wages in {county}, where nobody holds a local job")
        if sent > 0 and m.absent_share[c] == 0:
            wrong.append(f"remittance_of_transfer: money sent home in {county}, where nobody is away")
        if transfer == sent or m.income_source_shares[c][1] == 0:
            wrong.append(
                f"income_source_shares: every household of {county} needs some business and transfer income"
            )
    return wrong


def _head_shares(m: Margins, c: int) -> list[float]:
    """Shares of heads aged 18-34, 35-59 and 60 and over: persons of that age times headship, at most 0.95."""
    persons = [share * m.mean_household_size[c] for share in m.age_shares[c][1:]]  # a household
    low, high = 0.0, 1e6
    for _ in range(100):
        middle = 0.5 * (low + high)
        heads = [p * min(0.95, middle * h) for p, h in zip(persons, HEADSHIP, strict=True)]
        low, high = (middle, high) if math.fsum(heads) < 1.0 else (low, middle)
    total = math.fsum(heads)
    return [h / total for h in heads]


def _size_shares(m: Margins, c: int) -> list[float]:
    """`size_shares` tilted, each by t**size, to the county's mean household size."""
    low, high = 1e-6, 1e6
    for _ in range(200):
        t = 0.5 * (low + high)
        tilted, power = [], 1.0
        for share in m.size_shares[c]:
            power *= t
            tilted.append(share * power)
        total = math.fsum(tilted)
        mean = math.fsum((i + 1) * x for i, x in enumerate(tilted)) / total
        low, high = (t, high) if mean < m.mean_household_size[c] else (low, t)
    return [x / total for x in tilted]


def synthesise(
    margins: Margins, *, pool_persons: float, earlier_movers_share: float, seed: int
) -> tuple[Population, Villages]:
    """Households and villages that reproduce `margins`, in village order, the same on every machine for a seed.

    `pool_persons` is met exactly in each county. Earlier movers come on top, `earlier_movers_share` of each village's
    original households, with margins of their own. A county has fewer villages than published if its pool is too small
    to put a household in each. Raises MarginsError if a number is out of bounds.
    """
    wrong = []
    if not 1 <= pool_persons < 1e9:
        wrong.append(f"pool_persons: {pool_persons:g} is outside 1..1e9")
    if not 0 <= earlier_movers_share <= 0.95:
        wrong.append(f"earlier_movers_share: {earlier_movers_share:g} is outside 0..0.95")
    if not 0 <= seed < 2**63:
        wrong.append(f"seed: {seed} is outside 0..2**63-1")
    if wrong:
        raise MarginsError(wrong)
    counties = len(margins.counties)
    persons = _split(math.floor(pool_persons + 0.5), [10**9] * counties, margins.pool_share)
    households = [
        min(max(_round(p / mean), -(-p // LARGEST)), p)
        for p, mean in zip(persons, margins.mean_household_size, strict=True)
    ]
    place = _place(margins, households, earlier_movers_share, seed)
    groups = 2 * counties
    sizes = np.zeros((groups, LARGEST), np.int64)
    for g in range(groups):
        number = int(place.households[g])
        of_all = persons[g // 2] if g % 2 == 0 else _round(number * margins.mean_household_size[g // 2])
        sizes[g] = _count_sizes(_size_shares(margins, g // 2), number, of_all)

    rows = int(place.first[-1])
    population = Population(*(np.zeros(rows, dtype) for dtype in POPULATION_DTYPES.values()))
    _fill(margins, place, sizes, population, seed)
    return population, _villages(place)


class _Place(NamedTuple):
    """Villages as they are laid out: arrays of shape (villages,), `households` (groups,)."""

    county: np.ndarray
    third: np.ndarray  # of remoteness: near, middle, far
    remote: np.ndarray
    unsafe: np.ndarray
    km: np.ndarray  # (4, villages)
    first: np.ndarray  # (villages + 1,)
    pool_end: np.ndarray
    households: np.ndarray


def _place(margins: Margins, households: list[int], earlier_share: float, seed: int) -> _Place:
    villages = [min(v, n) for v, n in zip(margins.villages, households, strict=True)]
    starts = np.concatenate(([0], np.cumsum(villages))).astype(np.int64)
    total = int(starts[-1])
    sizes = np.zeros(total, np.int64)
    remote, unsafe, km = np.zeros(total), np.zeros(total), np.zeros((4, total))
    means = np.array([margins.distance_km, margins.township_km, margins.road_km, margins.school_km])
    synthesis.lay_villages(
        seed,
        starts,
        np.array(households, np.int64),
        np.array(margins.village_size_sd_log),
        means,
        sizes,
        remote,
        unsafe,
        km,
    )
    county = np.repeat(np.arange(len(villages), dtype=np.int32), villages)
    # Whole households only: what a village's share leaves over is carried to the next village.
    factor = earlier_share / (1.0 - earlier_share)
    moved = np.diff(np.floor(np.concatenate(([0], np.cumsum(sizes))) * factor + 1e-9)).astype(np.int64)
    first = np.concatenate(([0], np.cumsum(sizes + moved))).astype(np.int64)
    groups = np.zeros(2 * len(villages), np.int64)
    np.add.at(groups, 2 * county, sizes)
    np.add.at(groups, 2 * county + 1, moved)
    third = (np.digitize(remote, (-0.43, 0.43))).astype(np.int64)
    return _Place(county, third, remote, unsafe, km, first, first[:-1] + sizes, groups)


def _villages(place: _Place) -> Villages:
    county, (distance, township, road, school) = place.county, place.km
    sizes = np.diff(place.first)
    mean = len(sizes) and place.first[-1] / len(sizes)
    road_mean = math.fsum(road) / len(road)
    road_sd = math.sqrt(math.fsum((x - road_mean) ** 2 for x in road.tolist()) / len(road))
    level, by_remoteness, by_size = VILLAGE_SERVICE
    service = np.array([level + by_size * log_(n / mean) for n in sizes]) + by_remoteness * place.remote
    return Villages(
        county=county, first=place.first, distance_km=distance.copy(), township_km=township.copy(),
        road_sd=road / road_sd if road_sd > 0 else np.zeros(len(road)), school_km=school.copy(),
        service=np.clip(service, 0.05, 0.7),
    )  # fmt: skip


def _fill(margins: Margins, place: _Place, sizes: np.ndarray, p: Population, seed: int) -> None:
    """Draw every column of `p` in place; `sizes` (groups, 7) counts households by size."""
    m, groups = margins, len(sizes)
    by_group = np.repeat(np.arange(groups // 2), 2)
    cells, counts, roles = _household_types(m, sizes)
    bucket, start = synthesis.settle(
        seed, place.first, place.pool_end, place.county, place.remote, REMOTE_CORRELATION,
        (p.county, p.village, p.earlier), groups,
    )  # fmt: skip
    labour = synthesis.compose(
        seed, place.first, place.county, place.third, bucket, start, np.cumsum(counts, axis=1), cells,
        np.array(SCHOOLING_YEARS), roles,
        (p.earlier, p.members, p.workers, p.children, p.elderly, p.head_age, p.schooling),
    )  # fmt: skip
    del bucket

    odds = [a * b for a in AWAY_BY_AGE for b in AWAY_BY_REMOTENESS]
    away = _deal(labour, [m.absent_share[c] for c in by_group], odds)
    home = synthesis.leave(
        seed, place.first, place.county, place.third, labour, away, AWAY_TOGETHER,
        (p.earlier, p.workers, p.absent, p.head_age, p.schooling),
    )  # fmt: skip
    odds = [a * b for a in JOB_BY_SCHOOLING for b in JOB_BY_REMOTENESS]
    jobs = _deal(home, [m.local_job_share[c] for c in by_group], odds)
    totals = synthesis.earn(
        seed, place.first, place.county, place.third, place.remote, home, jobs, PROSPERITY,
        (
            p.earlier, p.members, p.workers, p.absent, p.elderly, p.schooling, p.local_jobs,
            p.wage, p.business, p.remittance, p.transfer, p.property, p.land_mu, p.house_m2, p.homestead_m2,
        ),
    )  # fmt: skip

    persons = (sizes * np.arange(1, LARGEST + 1)).sum(axis=1)
    for column, done, wanted in (
        (p.land_mu, totals[:, 5], persons * np.array(m.land_mu_per_person)[by_group]),
        (p.house_m2, totals[:, 6], persons * np.array(m.house_m2_per_person)[by_group]),
        (p.homestead_m2, totals[:, 7], place.households * np.array(m.homestead_m2)[by_group]),
    ):
        synthesis.scale(column, wanted / np.maximum(done, 1e-300), p.county, p.earlier)

    log_income = _incomes(m, place, persons, totals[:, :5], p, seed)
    score = np.empty(len(p.county), np.float32)
    hardship = [
        _round(n * m.hardship_share[c]) for n, c in zip(place.households.tolist(), by_group, strict=True)
    ]
    listed = np.bincount(
        2 * p.county[p.poor == 1].astype(np.int64) + p.earlier[p.poor == 1], minlength=groups
    )
    synthesis.score_hardship(seed, score, (p.poor, p.workers, p.absent, p.head_age))
    synthesis.mark_lowest(score, np.minimum(hardship, listed), p.county, p.earlier, p.hardship)
    hazard = [_round(n * m.hazard_share[c]) for n, c in zip(place.households.tolist(), by_group, strict=True)]
    synthesis.score_hazard(seed, place.unsafe, HAZARD_IN_VILLAGE, score, p.village)
    synthesis.mark_lowest(score, np.array(hazard), p.county, p.earlier, p.hazard)
    synthesis.save(
        seed, log_income, np.array(m.savings_sd_log)[by_group], np.array(m.savings_to_income)[by_group],
        SAVINGS_WITH_INCOME,
        (p.county, p.earlier, p.members, p.wage, p.business, p.remittance, p.transfer, p.property, p.savings),
    )  # fmt: skip


def _incomes(
    m: Margins, place: _Place, persons: np.ndarray, raw: np.ndarray, p: Population, seed: int
) -> np.ndarray:
    """Scale incomes to the group's mean, sources, spread and low-income list; mean and sd of log income a head."""
    groups = len(persons)
    counties = [g // 2 for g in range(groups)]
    income = [persons[g] * m.rural_income_yuan[c] * m.remote_income_ratio[c] for g, c in enumerate(counties)]
    shares = [_five_sources(m, c) for c in counties]
    sd = [m.income_sd_log[c] for c in counties]
    columns = (
        p.county,
        p.earlier,
        p.members,
        p.poor,
        p.wage,
        p.business,
        p.remittance,
        p.transfer,
        p.property,
    )
    totals = np.zeros((groups, 2, 6))
    totals[:, 0, :5], totals[:, 0, 5] = raw, persons

    def meet(totals):
        """Factors that bring sources, and the list once there is one, to their totals."""
        factors = np.ones((groups, 2, 5))
        for g, c in enumerate(counties):
            table = totals[g, :, :5].copy()
            on_list = min(m.low_income_ratio[c] * income[g] * totals[g, 1, 5] / max(persons[g], 1), income[g])
            synthesis.fit_table(
                table, np.array([income[g] - on_list, on_list]), np.array([income[g] * s for s in shares[g]])
            )
            factors[g] = table / np.where(totals[g, :, :5] > 0, totals[g, :, :5], 1.0)
        return factors

    still, zeros = np.zeros(groups), np.zeros(groups)
    ones = np.ones((groups, 2, 5))
    totals, log_income = synthesis.rescale(meet(totals), zeros, still, columns)
    score = np.empty(len(p.county), np.float32)
    synthesis.score_need(
        seed, log_income, LISTING_ERROR, score, (p.county, p.earlier, p.members, *columns[4:])
    )
    wanted = [
        _round(n * m.low_income_share[c]) for n, c in zip(place.households.tolist(), counties, strict=True)
    ]
    synthesis.mark_lowest(score, np.array(wanted), p.county, p.earlier, p.poor)
    totals, log_income = synthesis.rescale(ones, zeros, still, columns)
    for _ in range(3):
        power = np.array(
            [s / x - 1.0 if x > 1e-9 else 0.0 for s, x in zip(sd, log_income[:, 1], strict=True)]
        )
        totals, log_income = synthesis.rescale(ones, log_income[:, 0].copy(), power, columns)
        totals, log_income = synthesis.rescale(meet(totals), zeros, still, columns)
    return log_income


def _five_sources(m: Margins, c: int) -> tuple[float, ...]:
    wage, business, transfer, property_ = m.income_source_shares[c]
    sent = transfer * m.remittance_of_transfer[c]
    return wage, business, sent, transfer - sent, property_


def _household_types(m: Margins, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kinds of household from most to least at home in remote places, their counts by group, and members to be dealt.

    Shapes (cells, 3) size, age group of head and schooling level; (groups, cells); (groups, 3, 7, 4) by age group, size, role.
    """
    kinds = [(i, a, s) for i in range(LARGEST) for a in range(3) for s in range(5)]
    points = REMOTE_POINTS
    kinds.sort(key=lambda k: -points["size"][k[0]] - points["age"][k[1]] - points["schooling"][k[2]])
    order = [i * 15 + a * 5 + s for i, a, s in kinds]
    cells = np.array([(i + 1, a, s) for i, a, s in kinds], np.int64)
    counts = np.zeros((len(sizes), len(cells)), np.int64)
    roles = np.zeros((len(sizes), 3, LARGEST, 4), np.int64)
    for g, number in enumerate(sizes):
        c = g // 2
        heads, schooling = np.array(_head_shares(m, c)), np.array(m.schooling_shares[c])
        by_size = np.array(SIZE_BY_AGE).T.copy()
        synthesis.fit_table(by_size, np.array(_size_shares(m, c)), heads)
        ages = synthesis.round_table(by_size, number)  # (7, 3)
        by_schooling = np.array(SCHOOLING_BY_AGE)
        synthesis.fit_table(by_schooling, heads, schooling)
        counts[g] = synthesis.round_table(np.tile(by_schooling, (LARGEST, 1)), ages.reshape(-1)).reshape(-1)[
            order
        ]

        persons = int((number * np.arange(1, LARGEST + 1)).sum())
        others = ages[1:].T * np.arange(1, LARGEST)  # (3, 6): members beside the head, sizes 2..7
        left = int(others.sum())
        wanted = (
            _round(persons * m.age_shares[c][3]) - int(ages[:, 2].sum()),
            _round(persons * m.age_shares[c][0] * SCHOOL_AGE_OF_MINORS),
            _round(persons * m.labour_share[c]) - int(ages[:, :2].sum()),
        )
        totals = []
        for number_wanted in wanted:  # a small pool may have no room for all
            totals.append(min(max(number_wanted, 0), left))
            left -= totals[-1]
        totals.append(left)
        table = (
            np.array([[ROLES[a][min(i, 2)] for i in range(LARGEST - 1)] for a in range(3)])
            .reshape(-1, 4)
            .copy()
        )
        flat = others.reshape(-1).copy()
        synthesis.fit_table(table, flat.astype(float), np.array(totals, float))
        roles[g, :, 1:] = synthesis.round_table(table, flat).reshape(3, LARGEST - 1, 4)
    return cells, counts, roles


def _count_sizes(shares: Sequence[float], households: int, persons: int) -> np.ndarray:
    """Households by size, shape (7,): near `shares`, and exactly `persons` in all."""
    counts = _split(households, [households] * LARGEST, shares)
    short = persons - sum((i + 1) * n for i, n in enumerate(counts))
    step = 1 if short > 0 else -1
    while short:
        # One household a size is enlarged or reduced at a time, the commonest size first.
        able = [i for i, n in enumerate(counts) if n and 0 <= i + step < LARGEST]
        for i in sorted(able, key=lambda i: -counts[i])[: abs(short)]:
            counts[i] -= 1
            counts[i + step] += 1
            short -= step
    return np.array(counts)


def _deal(available: np.ndarray, shares: Sequence[float], odds: Sequence[float]) -> np.ndarray:
    """A share of what is `available` (groups, strata), stratum by stratum according to `odds`."""
    return np.array(
        [_split(_round(share * sum(row)), row, odds, by_count=True)
         for row, share in zip(available.tolist(), shares, strict=True)]
    )  # fmt: skip


def _split(total: int, caps: Sequence[int], odds: Sequence[float], by_count: bool = False) -> list[int]:
    """`total` shared out in whole numbers by odds (times caps if `by_count`), none above its cap; largest remainders first."""
    weights = [w * (cap if by_count else 1) for w, cap in zip(odds, caps, strict=True)]
    wish, free, left = [0.0] * len(caps), {i for i, w in enumerate(weights) if w > 0}, float(total)
    while free:
        scale = left / math.fsum(weights[i] for i in free)
        full = {i for i in free if weights[i] * scale >= caps[i]}
        for i in full or free:
            wish[i] = caps[i] if full else weights[i] * scale
        if not full:
            break
        left -= sum(caps[i] for i in full)
        free -= full
    whole = [math.floor(x) for x in wish]
    short = total - sum(whole)
    for i in sorted(range(len(caps)), key=lambda i: whole[i] - wish[i]):
        if short > 0 and whole[i] < caps[i]:
            whole[i] += 1
            short -= 1
    return whole


def _round(x: float) -> int:
    return math.floor(x + 0.5)
