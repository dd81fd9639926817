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

import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from simulation import synthesis
from simulation.draws import POPULATION, log_, u01_pair
from simulation.households import (
    EXCLUDED,
    GROWING,
    HERITAGE,
    IMPROVING,
    MERGING,
    POPULATION_DTYPES,
    RESERVE,
    SUBURBAN,
    Population,
    Villages,
)  # fmt: skip
from simulation.margins import (
    AGES,
    SCHOOL_AGE_OF_MINORS,
    SCHOOLING,
    SCHOOLING_YEARS,
    SOURCES,
    Margins,
    MarginsError,
)  # fmt: skip

LISTING = POPULATION + 11  # stream of draws
LARGEST = 7  # members; larger households are held at this size

# How traits go together. Rows and columns are odds; only their ratios matter.
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
        sizes[g] = _count_sizes(margins.sizes[g // 2], number, of_all)

    draft = _Draft(margins, place, sizes, seed)
    draft.hazard()
    draft.people()
    draft.money(draft.traits())
    draft.hardship()
    return draft.p, _villages(place)


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
    draws = np.empty((total, 8))
    synthesis.normals(seed, synthesis.VILLAGE, draws)
    synthesis.lay_villages(
        draws, starts, np.array(households, np.int64), np.array(margins.village_size_sd_log), means,
        sizes, remote, unsafe, km,
    )  # fmt: skip
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
    road_sd = math.sqrt(math.fsum((x - road_mean) * (x - road_mean) for x in road.tolist()) / len(road))
    level, by_remoteness, by_size = VILLAGE_SERVICE
    service = np.array([level + by_size * log_(n / mean) for n in sizes]) + by_remoteness * place.remote
    return Villages(
        county=county, first=place.first, distance_km=distance.copy(), township_km=township.copy(),
        road_sd=road / road_sd if road_sd > 0 else np.zeros(len(road)), school_km=school.copy(),
        service=np.clip(service, 0.05, 0.7), kind=np.zeros(len(county), np.int32),
    )  # fmt: skip


class _Draft:
    """A population being drawn: each method fills in some columns of `p`."""

    def __init__(self, margins: Margins, place: _Place, sizes: np.ndarray, seed: int):
        self.m, self.place, self.sizes, self.seed = margins, place, sizes, seed
        self.groups = len(sizes)
        self.county = [g // 2 for g in range(self.groups)]  # of each group
        self.persons = sizes @ np.arange(1, LARGEST + 1)
        rows = int(place.first[-1])
        self.p = p = Population(*(np.zeros(rows, dtype) for dtype in POPULATION_DTYPES.values()))
        p.village[:] = np.repeat(np.arange(len(place.county), dtype=np.int32), np.diff(place.first))
        p.county[:] = place.county[p.village]
        p.earlier[:] = np.arange(rows) >= place.pool_end[p.village]
        self.score = np.empty(rows, np.float32)

    def by_group(self, margin: Sequence[float]) -> np.ndarray:
        """A margin given by county, shape (groups,)."""
        return np.array(margin)[self.county]

    def rank(
        self, stream, load: float, own: float, x: np.ndarray, moments: np.ndarray | None = None
    ) -> np.ndarray:
        """Score households by `load` times x plus `own` times luck; (groups, BUCKETS) counts by score."""
        if moments is None:
            moments = np.tile([0.0, 1.0], (self.groups, 1))
        synthesis.mix(self.seed, stream, load, own, x, moments, self.p.county, self.p.earlier, self.score)
        return synthesis.count_buckets(self.score, self.p.county, self.p.earlier, self.groups)

    def mark(self, column: np.ndarray, count: np.ndarray, shares: Sequence[float], among: np.ndarray) -> None:
        """Set `column` for the lowest scores: a share of the group's households, no more than there are `among` it."""
        households = self.place.households
        wanted = np.floor(households * self.by_group(shares) + 0.5).astype(np.int64)
        synthesis.mark_lowest(
            self.score, count, np.minimum(wanted, among), self.p.county, self.p.earlier, column
        )

    def hazard(self) -> None:
        """Households on a geohazard site, most of them together in villages prone to hazards."""
        own = math.sqrt(1.0 - HAZARD_IN_VILLAGE * HAZARD_IN_VILLAGE)
        unsafe = self.place.unsafe[self.p.village].astype(np.float32)
        count = self.rank(synthesis.UNSAFE, -HAZARD_IN_VILLAGE, own, unsafe)
        self.mark(self.p.hazard, count, self.m.hazard_share, self.place.households)

    def people(self) -> None:
        """Size, head and members; the households most at home in remote places in the remotest villages."""
        p, place = self.p, self.place
        cells, counts, roles = _household_types(self.m, self.sizes)
        own = math.sqrt(1.0 - REMOTE_CORRELATION * REMOTE_CORRELATION)
        remote = place.remote[p.village].astype(np.float32)
        count = self.rank(synthesis.PLACE, -REMOTE_CORRELATION, own, remote)
        labour = synthesis.compose(
            self.seed, place.first, place.county, place.third, self.score, np.cumsum(count, axis=1) - count,
            np.cumsum(counts, axis=1), cells, np.array(SCHOOLING_YEARS), roles,
            (p.earlier, p.members, p.workers, p.children, p.elderly, p.head_age, p.schooling),
        )  # fmt: skip
        away = _deal(labour, self.by_group(self.m.absent_share), AWAY_BY_AGE, AWAY_BY_REMOTENESS)
        self.home = synthesis.leave(
            self.seed, place.first, place.county, place.third, labour, away, AWAY_TOGETHER,
            (p.earlier, p.workers, p.absent, p.head_age, p.schooling),
        )  # fmt: skip

    def traits(self) -> np.ndarray:
        """Jobs, land and house; incomes in arbitrary units, of which the totals are returned (groups, 5)."""
        m, p, place = self.m, self.p, self.place
        jobs = _deal(self.home, self.by_group(m.local_job_share), JOB_BY_SCHOOLING, JOB_BY_REMOTENESS)
        totals = synthesis.earn(
            self.seed, place.first, place.county, place.third, place.remote, self.home, jobs, PROSPERITY,
            (
                p.earlier, p.members, p.workers, p.absent, p.elderly, p.schooling, p.local_jobs, p.wage, p.business,
                p.remittance, p.transfer, p.property, p.land_mu, p.house_m2, p.homestead_m2,
            ),
        )  # fmt: skip
        for column, drawn, number, margin in (
            (p.land_mu, totals[:, 5], self.persons, m.land_mu_per_person),
            (p.house_m2, totals[:, 6], self.persons, m.house_m2_per_person),
            (p.homestead_m2, totals[:, 7], place.households, m.homestead_m2),
        ):
            factors = number * self.by_group(margin) / np.maximum(drawn, 1e-300)
            synthesis.scale(column, factors, p.county, p.earlier)
        return totals[:, :5]

    def money(self, drawn: np.ndarray) -> None:
        """Incomes of the published mean, sources and spread; the low-income list; savings."""
        m, p = self.m, self.p
        income = self.persons * self.by_group(m.rural_income_yuan) * self.by_group(m.remote_income_ratio)
        log_income = np.zeros(len(p.county), np.float32)
        columns = (
            p.county, p.earlier, p.members, p.poor, p.wage, p.business, p.remittance, p.transfer, p.property,
        )  # fmt: skip
        still, ones = np.zeros(self.groups), np.ones((self.groups, 2, 5))

        def meet(totals):
            """Bring sources to their totals, and the low-income list to its income once there is one."""
            factors = ones.copy()
            for g, c in enumerate(self.county):
                table = totals[g, :, :5].copy()
                persons = totals[g, 1, 5] / max(self.persons[g], 1)  # share on the list
                listed = min(m.low_income_ratio[c] * persons, 0.99)
                rows = income[g] * np.array([1.0 - listed, listed])
                synthesis.fit_table(table, rows, income[g] * np.array(_five_sources(m, c)))
                factors[g] = table / np.where(totals[g, :, :5] > 0, totals[g, :, :5], 1.0)
            return synthesis.rescale(factors, still, still, columns, log_income)

        totals = np.zeros((self.groups, 2, 6))
        totals[:, 0, :5], totals[:, 0, 5] = drawn, self.persons
        _, moments = meet(totals)
        count = self.rank(synthesis.LISTED, 1.0, LISTING_ERROR, log_income, moments)
        self.mark(p.poor, count, m.low_income_share, self.place.households)
        for _ in range(3):  # the spread and the rest disturb each other a little
            wide = np.where(moments[:, 1] > 1e-9, moments[:, 1], self.by_group(m.income_sd_log))
            power = self.by_group(m.income_sd_log) / wide - 1.0
            totals, _ = synthesis.rescale(ones, moments[:, 0].copy(), power, columns, log_income)
            _, moments = meet(totals)

        own = math.sqrt(1.0 - SAVINGS_WITH_INCOME * SAVINGS_WITH_INCOME)
        synthesis.mix(
            self.seed, synthesis.SAVING, SAVINGS_WITH_INCOME, own, log_income, moments, p.county, p.earlier, p.savings,
        )  # fmt: skip
        synthesis.save(
            self.by_group(m.savings_sd_log), income * self.by_group(m.savings_to_income),
            (p.county, p.earlier, p.members, p.savings),
        )  # fmt: skip

    def hardship(self) -> None:
        """Special hardship: on the low-income list, little labour, old."""
        p, half = self.p, np.float32(0.5)
        means = half * (p.workers + half * p.absent) - np.float32(0.01) * p.head_age
        means[p.poor == 0] = 100.0
        count = self.rank(synthesis.HARDSHIP, 1.0, 0.5, means)
        listed = np.bincount(
            2 * p.county[p.poor == 1].astype(np.int64) + p.earlier[p.poor == 1], minlength=self.groups
        )
        self.mark(p.hardship, count, self.m.hardship_share, listed)


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
    by_size, by_schooling = np.empty((LARGEST, 3)), np.empty((3, 5))
    for g, number in enumerate(sizes):
        c = g // 2
        if g % 2 == 0:
            heads = np.array(m.heads[c])
            by_size[:], by_schooling[:] = np.transpose(SIZE_BY_AGE), SCHOOLING_BY_AGE
            synthesis.fit_table(by_size, np.array(m.sizes[c]), heads)
            synthesis.fit_table(by_schooling, heads, np.array(m.schooling_shares[c]))
        ages = synthesis.round_table(by_size, number)  # (7, 3)
        kinds_of = synthesis.round_table(np.tile(by_schooling, (LARGEST, 1)), ages.reshape(-1))
        counts[g] = kinds_of.reshape(-1)[order]

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
        table = np.array([ROLES[a][min(i, 2)] for a in range(3) for i in range(LARGEST - 1)])
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


def _deal(
    available: np.ndarray, shares: np.ndarray, odds: Sequence[float], by_third: Sequence[float]
) -> np.ndarray:
    """A share of what is `available` (groups, strata x thirds), by the odds of each stratum and third."""
    both = [a * b for a in odds for b in by_third]
    return np.array(
        [_split(_round(share * sum(row)), row, both, by_count=True)
         for row, share in zip(available.tolist(), shares.tolist(), strict=True)]
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


def with_listing(
    population: Population, *, reserve: Sequence[float], excluded: Sequence[float], seed: int
) -> Population:
    """The same households, some of the low-income ones in reserve: not on the list until a place falls vacant.

    `reserve` is the share of low-income households, `excluded` the share of those that may never be listed, by county.
    """
    listing = np.zeros(len(population.county), np.uint8)
    for i in np.flatnonzero((population.poor == 1) & (population.earlier == 0)).tolist():
        county = population.county[i]
        in_reserve, barred = u01_pair(seed, LISTING, i, 0)
        if in_reserve < reserve[county]:
            listing[i] = EXCLUDED if barred < excluded[county] else RESERVE
    return population._replace(listing=listing)


def with_kinds(villages: Villages, shares: Sequence[Sequence[float]]) -> Villages:
    """The same villages, sorted into types: those nearest to town are suburban, the remotest are marked for relocation.

    `shares` holds, by county, the shares of MERGING, SUBURBAN, GROWING, IMPROVING and HERITAGE villages.
    """
    kind = np.zeros(len(villages.county), np.int32)
    near_to_far = (SUBURBAN, GROWING, IMPROVING, HERITAGE, MERGING)
    for county, row in enumerate(shares):
        here = np.flatnonzero(villages.county == county)
        by_distance = here[np.argsort(villages.distance_km[here], kind="stable")]
        numbers = _split(len(here), [len(here)] * 5, [row[k] for k in near_to_far])
        kind[by_distance] = np.repeat(near_to_far, numbers)
    return villages._replace(kind=kind)


class Fit(NamedTuple):
    """How well one margin of one county is met. `step` is the most that one household more or less can change."""

    margin: str  # field of Margins, or one of its parts: `size_shares 3`
    county: str
    target: float
    achieved: float
    step: float

    @property
    def relative_error(self) -> float:
        """Achieved over target, less one."""
        if self.achieved == self.target:
            return 0.0
        return self.achieved / self.target - 1.0 if self.target else math.inf

    @property
    def beyond_rounding(self) -> float:
        """The size of the relative error that is more than one household's doing."""
        left = abs(self.achieved - self.target) - self.step * (1.0 + 1e-9)
        return max(left, 0.0) / self.target if self.target else (math.inf if left > 0 else 0.0)


def fit(margins: Margins, population: Population, villages: Villages) -> list[Fit]:
    """Every margin of every county that has households in the pool, beside what the households of the pool have.

    Of `age_shares`, 60+ is stored as such and 0-17 only as 6-15; `road_km` is stored in sd and left out.
    """
    rows = []
    pool = population.earlier == 0
    persons = float(population.members[pool].sum(dtype=float))
    sizes = np.bincount(population.village[pool], minlength=len(villages.county))
    for c, county in enumerate(margins.counties):
        p = Population(*(column[pool & (population.county == c)] for column in population))
        if len(p.members):
            here = villages.county == c
            found = (
                _people(margins, c, p, persons)
                | _money(margins, c, p)
                | _places(margins, c, villages, here, sizes)
            )
            rows += [
                Fit(name, county, float(target), float(got), float(step))
                for name, (target, got, step) in found.items()
            ]
    return rows


_Rows = dict[str, tuple[float, float, float]]  # margin: target, achieved, step


def _people(m: Margins, c: int, p: Population, persons: float) -> _Rows:
    households, members = len(p.members), p.members.sum(dtype=float)
    labour, home = (p.workers + p.absent).sum(dtype=float), p.workers.sum(dtype=float)
    one, all_members = 1.0 / households, LARGEST / members
    heads = np.digitize(p.head_age, (35, 60))
    rows = {
        "pool_share": (m.pool_share[c], members / persons, LARGEST / persons),
        "mean_household_size": (
            m.mean_household_size[c],
            members / households,
            m.mean_household_size[c] * one,
        ),
        f"age_shares {AGES[3]}": (m.age_shares[c][3], p.elderly.sum() / members, all_members),
        "age_shares 6-15": (
            m.age_shares[c][0] * SCHOOL_AGE_OF_MINORS,
            p.children.sum() / members,
            all_members,
        ),
        "labour_share": (m.labour_share[c], labour / members, all_members),
        "absent_share": (m.absent_share[c], p.absent.sum() / max(labour, 1.0), LARGEST / max(labour, 1.0)),
        "local_job_share": (
            m.local_job_share[c],
            p.local_jobs.sum() / max(home, 1.0),
            LARGEST / max(home, 1.0),
        ),
    }
    for i, target in enumerate(m.sizes[c]):
        rows[f"size_shares {i + 1}"] = target, np.mean(p.members == i + 1), one
    for i, target in enumerate(m.heads[c]):
        rows[f"heads {AGES[i + 1]}"] = target, np.mean(heads == i), one
    for i, target in enumerate(m.schooling_shares[c]):
        rows[f"schooling_shares {SCHOOLING[i]}"] = target, np.mean(p.schooling == SCHOOLING_YEARS[i]), one
    for name, mark in (
        ("low_income_share", p.poor),
        ("hardship_share", p.hardship),
        ("hazard_share", p.hazard),
    ):
        rows[name] = getattr(m, name)[c], mark.mean(), one
    return rows


def _money(m: Margins, c: int, p: Population) -> _Rows:
    members, one = p.members.astype(float), 1.0 / len(p.members)
    sources = [x.sum(dtype=float) for x in (p.wage, p.business, p.remittance + p.transfer, p.property)]
    each = p.wage + p.business + p.remittance + p.transfer + p.property
    income, persons = math.fsum(sources), members.sum()
    a_head = income / persons
    listed = p.poor == 1
    rows = {
        "income_yuan_per_person": (m.rural_income_yuan[c] * m.remote_income_ratio[c], a_head, 0.0),
        "income_sd_log": (m.income_sd_log[c], np.log(each / members).std(), 2.0 * one),
        "remittance_of_transfer": (
            m.remittance_of_transfer[c],
            p.remittance.sum(dtype=float) / max(sources[2], 1e-9),
            0.0,
        ),
        "savings_to_income": (m.savings_to_income[c], p.savings.sum(dtype=float) / income, 0.0),
        "savings_sd_log": (m.savings_sd_log[c], np.log(p.savings / members).std(), 2.0 * one),
        "land_mu_per_person": (m.land_mu_per_person[c], p.land_mu.sum(dtype=float) / persons, 0.0),
        "house_m2_per_person": (m.house_m2_per_person[c], p.house_m2.sum(dtype=float) / persons, 0.0),
        "homestead_m2": (m.homestead_m2[c], p.homestead_m2.mean(dtype=float), 0.0),
    }
    for name, target, got in zip(SOURCES, m.income_source_shares[c], sources, strict=True):
        rows[f"income_source_shares {name}"] = target, got / income, 0.0
    if listed.any():
        ratio = each[listed].sum(dtype=float) / members[listed].sum() / a_head
        rows["low_income_ratio"] = m.low_income_ratio[c], ratio, 0.0
    return rows


def _places(m: Margins, c: int, v: Villages, here: np.ndarray, sizes: np.ndarray) -> _Rows:
    number, sizes = int(here.sum()), sizes[here]
    return {
        "villages": (m.villages[c], number, 0.0),
        "distance_km": (m.distance_km[c], v.distance_km[here].mean(), 0.0),
        "township_km": (m.township_km[c], v.township_km[here].mean(), 0.0),
        "school_km": (m.school_km[c], v.school_km[here].mean(), 0.0),
        "village_size_sd_log": (m.village_size_sd_log[c], np.log(sizes[sizes > 0]).std(), 1.0 / number),
    }


def population_hash(population: Population, villages: Villages) -> str:
    """SHA-256, hex, over the names, types, shapes and little-endian bytes of all columns."""
    digest = hashlib.sha256()
    for table in (population, villages):
        for name, column in zip(table._fields, table, strict=True):
            little = np.ascontiguousarray(column, column.dtype.newbyteorder("<"))
            digest.update(f"{name} {little.dtype.str} {little.shape}\n".encode())
            digest.update(little.data)
    return digest.hexdigest()
