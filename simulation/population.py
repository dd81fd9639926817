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
from typing import NamedTuple

import numpy as np

from simulation import synthesis
from simulation.draws import log_
from simulation.households import POPULATION_DTYPES, Population, Villages
from simulation.margins import (
    SCHOOL_AGE_OF_MINORS,
    SCHOOLING_YEARS,
    Margins,
    MarginsError,
    head_shares,
    size_shares,
)

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
    shares = [size_shares(margins, c) for c in range(counties)]
    groups = 2 * counties
    sizes = np.zeros((groups, LARGEST), np.int64)
    for g in range(groups):
        number = int(place.households[g])
        of_all = persons[g // 2] if g % 2 == 0 else _round(number * margins.mean_household_size[g // 2])
        sizes[g] = _count_sizes(shares[g // 2], number, of_all)

    rows = int(place.first[-1])
    population = Population(*(np.zeros(rows, dtype) for dtype in POPULATION_DTYPES.values()))
    _fill(margins, place, shares, sizes, population, seed)
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
    draws = np.empty((total, 8))
    synthesis.normals(seed, synthesis.VILLAGE, draws)
    synthesis.lay_villages(
        draws,
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


def _fill(
    margins: Margins, place: _Place, shares: list[list[float]], sizes: np.ndarray, p: Population, seed: int
) -> None:
    """Draw every column of `p` in place; `sizes` (groups, 7) counts households by size."""
    m, groups = margins, len(sizes)
    by_group = np.repeat(np.arange(groups // 2), 2)
    p.village[:] = np.repeat(np.arange(len(place.county), dtype=np.int32), np.diff(place.first))
    p.county[:] = place.county[p.village]
    p.earlier[:] = np.arange(len(p.village)) >= place.pool_end[p.village]
    score = np.empty(len(p.village), np.float32)

    def rank(stream, load, own, x, moments=np.repeat([[0.0, 1.0]], groups, axis=0)):
        """Score households by `load` times x plus `own` times luck; count them by score."""
        synthesis.mix(seed, stream, load, own, x, moments, p.county, p.earlier, score)
        return synthesis.count_buckets(score, p.county, p.earlier, groups)

    def mark(count, shares, column, most=place.households):
        wanted = [min(_round(n * shares[c]), k) for n, c, k in zip(place.households.tolist(), by_group, most)]
        synthesis.mark_lowest(score, count, np.array(wanted), p.county, p.earlier, column)

    own = math.sqrt(1.0 - HAZARD_IN_VILLAGE**2)
    mark(
        rank(synthesis.UNSAFE, -HAZARD_IN_VILLAGE, own, place.unsafe[p.village].astype(np.float32)),
        m.hazard_share,
        p.hazard,
    )

    cells, counts, roles = _household_types(m, shares, sizes)
    own = math.sqrt(1.0 - REMOTE_CORRELATION**2)
    count = rank(synthesis.PLACE, -REMOTE_CORRELATION, own, place.remote[p.village].astype(np.float32))
    start = np.cumsum(count, axis=1) - count
    labour = synthesis.compose(
        seed, place.first, place.county, place.third, score, start, np.cumsum(counts, axis=1), cells,
        np.array(SCHOOLING_YEARS), roles,
        (p.earlier, p.members, p.workers, p.children, p.elderly, p.head_age, p.schooling),
    )  # fmt: skip

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

    # Incomes: sources and mean, then who is listed, then the spread and both again until all hold together.
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
    counties = by_group.tolist()
    income = [
        n * m.rural_income_yuan[c] * m.remote_income_ratio[c] for n, c in zip(persons.tolist(), counties)
    ]
    log_income = np.zeros(len(p.county), np.float32)
    still = np.zeros(groups)

    def spread(power, centre):
        return synthesis.rescale(np.ones((groups, 2, 5)), centre, power, columns, log_income)

    def meet(totals):
        """Factors that bring sources, and the list once there is one, to their totals."""
        factors = np.ones((groups, 2, 5))
        for g, c in enumerate(counties):
            table = totals[g, :, :5].copy()
            on_list = min(m.low_income_ratio[c] * income[g] * totals[g, 1, 5] / max(persons[g], 1), income[g])
            by_source = np.array([income[g] * share for share in _five_sources(m, c)])
            synthesis.fit_table(table, np.array([income[g] - on_list, on_list]), by_source)
            factors[g] = table / np.where(totals[g, :, :5] > 0, totals[g, :, :5], 1.0)
        return synthesis.rescale(factors, still, still, columns, log_income)

    raw = np.zeros((groups, 2, 6))
    raw[:, 0, :5], raw[:, 0, 5] = totals[:, :5], persons
    _, moments = meet(raw)
    mark(rank(synthesis.LISTED, 1.0, LISTING_ERROR, log_income, moments), m.low_income_share, p.poor)
    for _ in range(2):
        power = np.array(
            [m.income_sd_log[c] / sd - 1.0 if sd > 1e-9 else 0.0 for c, sd in zip(counties, moments[:, 1])]
        )
        totals, _ = spread(power, moments[:, 0].copy())
        _, moments = meet(totals)

    able = np.minimum(p.workers + np.float32(0.5) * p.absent, np.float32(3.0))
    need = np.float32(1.5) * able - np.float32(0.03) * p.head_age
    rank(synthesis.HARDSHIP, 1.0, 1.0, need)
    score[p.poor == 0] = np.inf
    listed = np.bincount(
        2 * p.county[p.poor == 1].astype(np.int64) + p.earlier[p.poor == 1], minlength=groups
    )
    mark(
        synthesis.count_buckets(score, p.county, p.earlier, groups),
        m.hardship_share,
        p.hardship,
        listed.tolist(),
    )

    own = math.sqrt(1.0 - SAVINGS_WITH_INCOME**2)
    synthesis.mix(
        seed, synthesis.SAVING, SAVINGS_WITH_INCOME, own, log_income, moments, p.county, p.earlier, p.savings
    )
    synthesis.save(
        np.array(m.savings_sd_log)[by_group], np.array(income) * np.array(m.savings_to_income)[by_group],
        (p.county, p.earlier, p.members, p.savings),
    )  # fmt: skip


def _five_sources(m: Margins, c: int) -> tuple[float, ...]:
    wage, business, transfer, property_ = m.income_source_shares[c]
    sent = transfer * m.remittance_of_transfer[c]
    return wage, business, sent, transfer - sent, property_


def _household_types(
    m: Margins, shares: list[list[float]], sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
            heads = np.array(head_shares(m, c))
            by_size[:], by_schooling[:] = np.transpose(SIZE_BY_AGE), SCHOOLING_BY_AGE
            synthesis.fit_table(by_size, np.array(shares[c]), heads)
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
