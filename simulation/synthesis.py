"""The compiled steps of `simulation.population`: serial loops over households in village order, the same bits on every machine.

Totals are met exactly by *dealing*: what is to be handed out (roles, absences, jobs) is counted first and drawn without
replacement as the rows go by. A group is the pool or the earlier movers of one county: `2 * county + earlier`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulation.draws import POPULATION, exp_, log_, normal, u01, u01_pair

# Streams
(
    SIZE, TOWNSHIP, REMOTE, ROADS, UNSAFE, PLACE, ROLE, AWAY, JOB, PROSPERITY, WAGE, SENT, LAND, HOUSE, LISTED, SAFETY,
) = range(POPULATION, POPULATION + 16)  # fmt: skip

BUCKETS = 4096  # households are ranked by counting; ties within a bucket go by row
TOWNSHIP_VILLAGES = 16

_compile = njit(cache=True, nogil=True, error_model="numpy")


@_compile
def fit_table(table, rows, columns):
    """Iterative proportional fitting of `table` (R, C), in place, to row and column sums; rows are met last.

    A row or column of zeros stays zero. Deming & Stephan (1940), doi 10.1214/aoms/1177731829.
    """
    height, width = table.shape
    for _ in range(1000):
        for j in range(width):
            have = 0.0
            for i in range(height):
                have += table[i, j]
            if have > 0.0:
                for i in range(height):
                    table[i, j] *= columns[j] / have
        worst = 0.0
        for i in range(height):
            have = 0.0
            for j in range(width):
                have += table[i, j]
            if have > 0.0:
                worst = max(worst, abs(rows[i] / have - 1.0))
                for j in range(width):
                    table[i, j] *= rows[i] / have
        if worst < 1e-12:
            break


@_compile
def round_table(table, totals):
    """Whole numbers near `table` (R, C) whose rows sum to `totals`; what rounding takes from a column, the next rows give back."""
    height, width = table.shape
    whole = np.zeros((height, width), np.int64)
    owed = np.zeros(width)
    for i in range(height):
        have = 0.0
        for j in range(width):
            have += table[i, j]
        left = totals[i]
        wish = np.zeros(width)
        for j in range(width):
            share = table[i, j] / have if have > 0.0 else 1.0 / width
            wish[j] = totals[i] * share + owed[j] if share > 0.0 else -1e300
            whole[i, j] = min(left, max(0, np.int64(math.floor(wish[j] if share > 0.0 else 0.0))))
            left -= whole[i, j]
        while left > 0:
            best = 0
            for j in range(1, width):
                if wish[j] - whole[i, j] > wish[best] - whole[i, best]:
                    best = j
            whole[i, best] += 1
            left -= 1
        for j in range(width):
            if wish[j] > -1e299:
                owed[j] = wish[j] - whole[i, j]
    return whole


@_compile
def _sizes(seed, first, last, households, spread, sizes):
    """Share `households` out to villages first..last-1, one each and the rest by lognormal weight; the sd of log size."""
    weights = 0.0
    for v in range(first, last):
        weights += exp_(spread * normal(u01(seed, SIZE, v, 0)))
    reached = 0.0
    given = 0.0
    mean = 0.0
    square = 0.0
    for v in range(first, last):
        reached += exp_(spread * normal(u01(seed, SIZE, v, 0)))
        until = math.floor((households - (last - first)) * (reached / weights) + 1e-9)
        sizes[v] = 1 + np.int64(until - given)
        given = until
        mean += log_(float(sizes[v]))
        square += log_(float(sizes[v])) * log_(float(sizes[v]))
    mean /= last - first
    return math.sqrt(max(square / (last - first) - mean * mean, 0.0))


@_compile
def lay_villages(seed, first, households, size_sd, means, sizes, remote, unsafe, km):
    """Villages of each county: households, remoteness (sd), proneness to hazards (sd), and four distances.

    `first` (counties + 1,) numbers the villages; `means` (4, counties) are the mean distances to county town, township, paved
    road and school; `sizes`, `remote`, `unsafe` (villages,) and `km` (4, villages) are filled in.
    """
    for c in range(len(households)):
        lo, hi = first[c], first[c + 1]
        if lo == hi:
            continue
        low, high = 0.0, 3.0
        for _ in range(30):
            spread = 0.5 * (low + high)
            if _sizes(seed, lo, hi, households[c], spread, sizes) < size_sd[c]:
                low = spread
            else:
                high = spread
        total = np.zeros(4)
        for v in range(lo, hi):
            township = lo + (v - lo) // TOWNSHIP_VILLAGES * TOWNSHIP_VILLAGES
            a, b = u01_pair(seed, REMOTE, v, 0)
            remote[v] = 0.77 * normal(u01(seed, TOWNSHIP, township, 0)) + 0.64 * normal(a)
            unsafe[v] = 0.2 * remote[v] + 0.98 * normal(u01(seed, UNSAFE, v, 0))
            d, e = u01_pair(seed, ROADS, v, 0)
            km[0, v] = exp_(0.45 * remote[v])
            km[1, v] = exp_(0.25 * remote[v] + 0.50 * normal(b))
            km[2, v] = exp_(0.40 * remote[v] + 0.70 * normal(d))
            km[3, v] = exp_(0.35 * remote[v] + 0.50 * normal(e))
            for k in range(4):
                total[k] += km[k, v]
        for k in range(4):
            for v in range(lo, hi):
                km[k, v] *= means[k, c] * (hi - lo) / total[k]


@_compile
def settle(seed, first, pool_end, county, remote, weight, columns, groups):
    """Fill in county, village and earlier, and rank every household of a group by remoteness and luck.

    Returns each row's bucket and, by group, the rank of the first household in each bucket.
    """
    of_county, village, earlier = columns
    bucket = np.empty(first[-1], np.uint16)
    start = np.zeros((groups, BUCKETS), np.int64)
    luck = math.sqrt(1.0 - weight * weight)
    for v in range(len(county)):
        for row in range(first[v], first[v + 1]):
            of_county[row] = county[v]
            village[row] = v
            earlier[row] = row >= pool_end[v]
            x = weight * remote[v] + luck * normal(u01(seed, PLACE, row, 0))
            b = np.int64(min(max((4.0 - x) * (BUCKETS / 8.0), 0.0), BUCKETS - 1.0))
            bucket[row] = b
            start[2 * county[v] + earlier[row], b] += 1
    for g in range(groups):
        rank = 0
        for b in range(BUCKETS):
            count = start[g, b]
            start[g, b] = rank
            rank += count
    return bucket, start


@_compile
def compose(seed, first, county, third, bucket, start, upto, cells, years, roles, columns):
    """Give every household its size, head and other members.

    `upto` (groups, cells) is the rank at which each kind of household ends, `cells` (cells, 3) its size, age group of head and
    level of schooling, `years` those levels in years, `roles` (groups, 3, 7, 4) the members other than heads still to be dealt
    by age group of head, size, and role (elderly, child, labour, other). Returns labour (groups, 9) by age group of
    head and third of remoteness.
    """
    earlier, members, workers, children, elderly, head_age, schooling = columns
    labour = np.zeros((len(upto), 9), np.int64)
    for v in range(len(county)):
        for row in range(first[v], first[v + 1]):
            g = 2 * county[v] + earlier[row]
            rank = start[g, bucket[row]]
            start[g, bucket[row]] += 1
            low, high = 0, len(cells) - 1
            while low < high:
                middle = (low + high) // 2
                if upto[g, middle] > rank:
                    high = middle
                else:
                    low = middle + 1
            size, age, level = cells[low, 0], cells[low, 1], cells[low, 2]
            u = u01(seed, PLACE, row, 1)
            if age == 0:
                head_age[row] = np.int64(22.0 + 13.0 * (1.0 - u * u))
            elif age == 1:
                head_age[row] = np.int64(35.0 + 25.0 * (1.0 - u * u))
            else:
                head_age[row] = np.int64(60.0 + 30.0 * u * u)
            members[row] = size
            schooling[row] = years[level]
            old, young, able = age == 2, 0, age != 2
            dealt = roles[g, age, size - 1]
            a, b = 0.0, 0.0
            for j in range(size - 1):
                if j % 2 == 0:
                    a, b = u01_pair(seed, ROLE, row, j // 2)
                x = (a if j % 2 == 0 else b) * (dealt[0] + dealt[1] + dealt[2] + dealt[3])
                if x < dealt[0]:
                    dealt[0] -= 1
                    old += 1
                elif x < dealt[0] + dealt[1]:
                    dealt[1] -= 1
                    young += 1
                elif x < dealt[0] + dealt[1] + dealt[2]:
                    dealt[2] -= 1
                    able += 1
                else:
                    dealt[3] -= 1
            elderly[row] = old
            children[row] = young
            workers[row] = able
            labour[g, age * 3 + third[v]] += able
    return labour


@_compile
def leave(seed, first, county, third, labour, away, together, columns):
    """Deal `away` (groups, 9) absences to `labour` (groups, 9), which are used up; returns those at home (groups, 15).

    Members share one draw with probability `together`, so whole families leave; those at home are counted by schooling of
    head and third of remoteness.
    """
    earlier, workers, absent, head_age, schooling = columns
    home = np.zeros((len(away), 15), np.int64)
    for v in range(len(county)):
        for row in range(first[v], first[v + 1]):
            g = 2 * county[v] + earlier[row]
            age = 0 if head_age[row] < 35 else 1 if head_age[row] < 60 else 2
            s = age * 3 + third[v]
            gone = 0
            shared = u01(seed, AWAY, row, 0)
            for j in range(workers[row]):
                own, copy = u01_pair(seed, AWAY, row, j + 1)
                if (shared if copy < together else own) * labour[g, s] < away[g, s]:
                    away[g, s] -= 1
                    gone += 1
                labour[g, s] -= 1
            absent[row] = gone
            workers[row] -= gone
            level = 0 if schooling[row] == 0 else schooling[row] // 3 - 1
            home[g, level * 3 + third[v]] += workers[row]
    return home


@_compile
def earn(seed, first, county, third, remote, home, jobs, loads, columns):
    """Deal `jobs` (groups, 15) to those at `home`, and draw incomes, land and houses in arbitrary units.

    Traits go together through one factor, prosperity, fed by schooling and nearness. Returns (groups, 8) totals: wage, business,
    remittance, transfer, property, land, house, homestead.
    """
    (
        earlier, members, workers, absent, elderly, schooling, local_jobs,
        wage, business, remittance, transfer, property_, land_mu, house_m2, homestead_m2,
    ) = columns  # fmt: skip
    school_load, remote_load, luck_load, own = loads
    rest = math.sqrt(1.0 - own * own)
    totals = np.zeros((len(jobs), 8))
    for v in range(len(county)):
        for row in range(first[v], first[v + 1]):
            g = 2 * county[v] + earlier[row]
            level = 0 if schooling[row] == 0 else schooling[row] // 3 - 1
            s = level * 3 + third[v]
            held = 0
            a, b = 0.0, 0.0
            for j in range(workers[row]):
                if j % 2 == 0:
                    a, b = u01_pair(seed, JOB, row, j // 2)
                if (a if j % 2 == 0 else b) * home[g, s] < jobs[g, s]:
                    jobs[g, s] -= 1
                    held += 1
                home[g, s] -= 1
            local_jobs[row] = held
            at_farm = workers[row] - held
            a, b = u01_pair(seed, PROSPERITY, row, 0)
            school = (schooling[row] - 7.5) / 3.5
            f = own * (school_load * school + remote_load * remote[v] + luck_load * normal(a))
            property_[row] = members[row] * exp_(0.9 * (f + rest * normal(b)))
            a, b = u01_pair(seed, WAGE, row, 0)
            wage[row] = held * exp_(0.17 * school + 0.35 * (f + rest * normal(a)))
            z = normal(b)
            a, b = u01_pair(seed, LAND, row, 0)
            land = normal(a)
            land_mu[row] = members[row] * exp_(0.5 * land)
            farm = 0.3 + at_farm + 0.35 * held + 0.35 * elderly[row]
            business[row] = farm * exp_(0.25 * land + 0.6 * (f + rest * z))
            a, c = u01_pair(seed, SENT, row, 0)
            remittance[row] = absent[row] * exp_(0.17 * school + 0.5 * (f + rest * normal(a)))
            transfer[row] = (0.25 * members[row] + elderly[row]) * exp_(0.3 * normal(c))
            c, d = u01_pair(seed, HOUSE, row, 0)
            house_m2[row] = (2.0 + members[row]) * exp_(0.3 * f + 0.35 * normal(c))
            homestead_m2[row] = math.sqrt(house_m2[row]) * exp_(0.25 * normal(d))
            totals[g, 0] += wage[row]
            totals[g, 1] += business[row]
            totals[g, 2] += remittance[row]
            totals[g, 3] += transfer[row]
            totals[g, 4] += property_[row]
            totals[g, 5] += land_mu[row]
            totals[g, 6] += house_m2[row]
            totals[g, 7] += homestead_m2[row]
    return totals


@_compile
def rescale(factors, centre, power, columns):
    """Multiply incomes by `factors` (groups, listed, source) and by (income a head / e**centre)**power of their group.

    Returns the new totals (groups, 2, 6) by listed and source, persons last, and (groups, 2) mean and sd of log income a head.
    """
    county, earlier, members, poor, wage, business, remittance, transfer, property_ = columns
    totals = np.zeros((len(factors), 2, 6))
    moments = np.zeros((len(factors), 3))
    for row in range(len(county)):
        g = 2 * np.int64(county[row]) + earlier[row]
        p = poor[row]
        spread = 1.0
        if power[g] != 0.0:
            income = float(wage[row]) + business[row] + remittance[row] + transfer[row] + property_[row]
            spread = exp_(power[g] * (log_(income / members[row]) - centre[g]))
        wage[row] = wage[row] * (factors[g, p, 0] * spread)
        business[row] = business[row] * (factors[g, p, 1] * spread)
        remittance[row] = remittance[row] * (factors[g, p, 2] * spread)
        transfer[row] = transfer[row] * (factors[g, p, 3] * spread)
        property_[row] = property_[row] * (factors[g, p, 4] * spread)
        totals[g, p, 0] += wage[row]
        totals[g, p, 1] += business[row]
        totals[g, p, 2] += remittance[row]
        totals[g, p, 3] += transfer[row]
        totals[g, p, 4] += property_[row]
        totals[g, p, 5] += members[row]
        income = float(wage[row]) + business[row] + remittance[row] + transfer[row] + property_[row]
        x = log_(income / members[row])
        moments[g, 0] += 1.0
        moments[g, 1] += x
        moments[g, 2] += x * x
    return totals, _mean_and_sd(moments)


@_compile
def _mean_and_sd(moments):
    """(groups, 2) from (groups, 3) counts, sums and sums of squares."""
    found = np.zeros((len(moments), 2))
    for g in range(len(moments)):
        if moments[g, 0] > 0.0:
            found[g, 0] = moments[g, 1] / moments[g, 0]
            found[g, 1] = math.sqrt(max(moments[g, 2] / moments[g, 0] - found[g, 0] * found[g, 0], 0.0))
    return found


@_compile
def score_need(seed, log_income, error, score, columns):
    """How well off a household looks to those who draw up the low-income list: income a head in sd, seen with error."""
    county, earlier, members, wage, business, remittance, transfer, property_ = columns
    for row in range(len(county)):
        g = 2 * np.int64(county[row]) + earlier[row]
        income = float(wage[row]) + business[row] + remittance[row] + transfer[row] + property_[row]
        x = (log_(income / members[row]) - log_income[g, 0]) / max(log_income[g, 1], 1e-9)
        score[row] = x + error * normal(u01(seed, LISTED, row, 0))


@_compile
def score_hardship(seed, score, columns):
    """Special hardship goes to listed households with the least labour, then the fewest children and oldest heads."""
    poor, workers, absent, head_age = columns
    for row in range(len(poor)):
        able = min(3.0, float(workers[row]) + 0.5 * absent[row])
        x = 1.5 * able - 0.03 * (head_age[row] - 60.0) + normal(u01(seed, LISTED, row, 1))
        score[row] = min(x, 4.9) if poor[row] else 5.0


@_compile
def score_hazard(seed, unsafe, weight, score, village):
    """Hazards sit in places: villages prone to them hold most of the households that are."""
    own = math.sqrt(1.0 - weight * weight)
    for row in range(len(village)):
        score[row] = -weight * unsafe[village[row]] - own * normal(u01(seed, SAFETY, row, 0))


@_compile
def mark_lowest(score, wanted, county, earlier, mark):
    """Set `mark` to 1 for the `wanted` (groups,) households of each group with the lowest score."""
    count = np.zeros((len(wanted), BUCKETS), np.int64)
    for row in range(len(score)):
        g = 2 * np.int64(county[row]) + earlier[row]
        count[g, _bucket(score[row])] += 1
    for g in range(len(wanted)):
        left = wanted[g]
        for b in range(BUCKETS):
            count[g, b] = min(left, count[g, b])
            left -= count[g, b]
    for row in range(len(score)):
        g = 2 * np.int64(county[row]) + earlier[row]
        b = _bucket(score[row])
        mark[row] = count[g, b] > 0
        count[g, b] -= 1


@_compile
def _bucket(x):
    return np.int64(min(max((x + 5.0) * (BUCKETS / 10.0), 0.0), BUCKETS - 1.0))


@_compile
def save(seed, log_income, sd, share, correlation, columns):
    """Savings: lognormal a head with `sd` (groups,), going with income a head, `share` (groups,) of the group's income in all."""
    (
        county, earlier, members, wage, business, remittance, transfer, property_, savings,
    ) = columns  # fmt: skip
    own = math.sqrt(1.0 - correlation * correlation)
    moments = np.zeros((len(sd), 3))
    incomes = np.zeros(len(sd))
    for row in range(len(county)):
        g = 2 * np.int64(county[row]) + earlier[row]
        income = float(wage[row]) + business[row] + remittance[row] + transfer[row] + property_[row]
        incomes[g] += income
        x = (log_(income / members[row]) - log_income[g, 0]) / max(log_income[g, 1], 1e-9)
        savings[row] = correlation * x + own * normal(u01(seed, SAFETY, row, 1))
        x = float(savings[row])
        moments[g, 0] += 1.0
        moments[g, 1] += x
        moments[g, 2] += x * x
    found = _mean_and_sd(moments)
    totals = np.zeros(len(sd))
    for row in range(len(county)):
        g = 2 * np.int64(county[row]) + earlier[row]
        x = (savings[row] - found[g, 0]) / max(found[g, 1], 1e-9)
        savings[row] = members[row] * exp_(sd[g] * x)
        totals[g] += savings[row]
    for g in range(len(sd)):
        totals[g] = share[g] * incomes[g] / max(totals[g], 1e-300)
    scale(savings, totals, county, earlier)


@_compile
def scale(column, factors, county, earlier):
    """Multiply a column by its group's factor."""
    for row in range(len(column)):
        column[row] = column[row] * factors[2 * np.int64(county[row]) + earlier[row]]
