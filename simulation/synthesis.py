"""The compiled steps of `simulation.population`: serial loops over households in village order, the same bits on every machine.

Totals are met exactly by *dealing*: what is to be handed out (roles, absences, jobs) is counted first and drawn without
replacement as the rows go by. A group is the pool or the earlier movers of one county: `2 * county + earlier`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulation.draws import POPULATION, exp_, log_, normal, u01, u01_pair

# Streams: NumPy integers, for numba compiles the draws anew for every plain constant.
STREAMS = np.arange(POPULATION, POPULATION + 11)
VILLAGE, PLACE, UNSAFE, HEAD, ROLE, AWAY, JOB, TRAITS, LISTED, HARDSHIP, SAVING = STREAMS

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
def normals(seed, stream, out):
    """Fill `out` (entities, k), k even, with standard normal draws."""
    for i in range(out.shape[0]):
        for k in range(out.shape[1] // 2):
            a, b = u01_pair(seed, stream, i, k)
            out[i, 2 * k] = normal(a)
            out[i, 2 * k + 1] = normal(b)


@_compile
def lay_villages(z, first, households, size_sd, means, sizes, remote, unsafe, km):
    """Villages of each county: households, remoteness (sd), proneness to hazards (sd), and four distances.

    `z` (villages, 8) are normal draws; `first` (counties + 1,) numbers the villages; `means` (4, counties) are the mean distances
    to county town, township, paved road and school; `sizes`, `remote`, `unsafe` (villages,) and `km` (4, villages) are filled.
    """
    weight = np.empty(len(sizes))
    x = np.empty(4)
    for c in range(len(households)):
        lo, hi = first[c], first[c + 1]
        n = hi - lo
        # Sizes: one household each, the rest by lognormal weights, spread so that whole sizes have the published sd.
        low, high = 0.0, 2.0 * size_sd[c]  # more would pile a scant pool up in one village
        for _ in range(30 if n > 0 else 0):
            spread = 0.5 * (low + high)
            total = 0.0
            for v in range(lo, hi):
                weight[v] = exp_(spread * z[v, 0])
                total += weight[v]
            reached, given, mean, square = 0.0, 0.0, 0.0, 0.0
            for v in range(lo, hi):
                reached += weight[v]
                until = math.floor((households[c] - n) * (reached / total) + 1e-9)
                sizes[v] = 1 + np.int64(until - given)
                given = until
                log_size = log_(float(sizes[v]))
                mean += log_size / n
                square += log_size * log_size / n
            if math.sqrt(max(square - mean * mean, 0.0)) < size_sd[c]:
                low = spread
            else:
                high = spread
        totals = np.zeros(4)
        for v in range(lo, hi):
            township = lo + (v - lo) // TOWNSHIP_VILLAGES * TOWNSHIP_VILLAGES
            remote[v] = 0.77 * z[township, 1] + 0.64 * z[v, 2]
            unsafe[v] = 0.2 * remote[v] + 0.98 * z[v, 3]
            x[0] = 0.45 * remote[v]
            x[1] = 0.25 * remote[v] + 0.50 * z[v, 4]
            x[2] = 0.40 * remote[v] + 0.70 * z[v, 5]
            x[3] = 0.35 * remote[v] + 0.50 * z[v, 6]
            for k in range(4):
                km[k, v] = exp_(x[k])
                totals[k] += km[k, v]
        for k in range(4):
            for v in range(lo, hi):
                km[k, v] *= means[k, c] * n / totals[k]


@_compile
def mix(seed, stream, load, own, x, moments, county, earlier, out):
    """out = load * x, in sd of its group, + own * a normal draw; `moments` (groups, 2) are mean and sd of x."""
    for row in range(len(x)):
        g = 2 * np.int64(county[row]) + np.int64(earlier[row])
        z = (np.float64(x[row]) - moments[g, 0]) / max(moments[g, 1], 1e-9)
        out[row] = load * z + own * normal(u01(seed, stream, row, 0))


@_compile
def count_buckets(score, county, earlier, groups):
    """Rows of each group by bucket of their score, (groups, BUCKETS)."""
    count = np.zeros((groups, BUCKETS), np.int64)
    for row in range(len(score)):
        g = 2 * np.int64(county[row]) + np.int64(earlier[row])
        count[g, _bucket(np.float64(score[row]))] += 1
    return count


@_compile
def mark_lowest(score, count, wanted, county, earlier, mark):
    """Set `mark` to 1 for the `wanted` (groups,) households of each group with the lowest score; uses up `count`."""
    for g in range(len(wanted)):
        left = wanted[g]
        for b in range(BUCKETS):
            count[g, b] = min(left, count[g, b])
            left -= count[g, b]
    for row in range(len(score)):
        g = 2 * np.int64(county[row]) + np.int64(earlier[row])
        b = _bucket(np.float64(score[row]))
        mark[row] = count[g, b] > 0
        count[g, b] -= 1


@_compile
def _bucket(x):
    return np.int64(min(max((x + 5.0) * (BUCKETS / 10.0), 0.0), BUCKETS - 1.0))


@_compile
def compose(seed, first, county, third, score, start, upto, cells, years, roles, columns):
    """Give every household its size, head and other members.

    `score` orders the households of a group and `start` (groups, BUCKETS) is the rank of the first in each bucket; `upto`
    (groups, cells) is the rank at which each kind of household ends, `cells` (cells, 3) its size, age group of head and
    level of schooling, `years` those levels in years, `roles` (groups, 3, 7, 4) the members other than heads still to be dealt
    by age group of head, size, and role (elderly, child, labour, other). Returns labour (groups, 9) by age group of
    head and third of remoteness.
    """
    earlier, members, workers, children, elderly, head_age, schooling = columns
    labour = np.zeros((len(upto), 9), np.int64)
    for v in range(len(county)):
        for row in range(first[v], first[v + 1]):
            g = 2 * county[v] + np.int64(earlier[row])
            b = _bucket(np.float64(score[row]))
            rank = start[g, b]
            start[g, b] += 1
            low, high = 0, len(cells) - 1
            while low < high:
                middle = (low + high) // 2
                if upto[g, middle] > rank:
                    high = middle
                else:
                    low = middle + 1
            size, age, level = cells[low, 0], cells[low, 1], cells[low, 2]
            u = u01(seed, HEAD, row, 0)
            if age == 0:
                head_age[row] = np.int64(22.0 + 12.999 * (1.0 - u * u))
            elif age == 1:
                head_age[row] = np.int64(35.0 + 24.999 * (1.0 - u * u))
            else:
                head_age[row] = np.int64(60.0 + 29.999 * u * u)
            members[row] = size
            schooling[row] = years[level]
            old, young, able = age == 2, 0, age != 2
            dealt = roles[g, age, size - 1]
            even, odd = 0.0, 0.0
            for j in range(size - 1):
                if j % 2 == 0:
                    even, odd = u01_pair(seed, ROLE, row, j // 2)
                x = (odd if j % 2 else even) * (dealt[0] + dealt[1] + dealt[2] + dealt[3])
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
            g = 2 * county[v] + np.int64(earlier[row])
            years, old, able = np.int64(schooling[row]), np.int64(head_age[row]), np.int64(workers[row])
            s = (0 if old < 35 else 1 if old < 60 else 2) * 3 + third[v]
            gone = 0
            shared = u01(seed, AWAY, row, 0)
            for j in range(able):
                own, copy = u01_pair(seed, AWAY, row, j + 1)
                if (shared if copy < together else own) * labour[g, s] < away[g, s]:
                    away[g, s] -= 1
                    gone += 1
                labour[g, s] -= 1
            absent[row] = gone
            workers[row] = able - gone
            home[g, (0 if years == 0 else years // 3 - 1) * 3 + third[v]] += able - gone
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
    z, x, y = np.empty(10), np.empty(8), np.empty(8)
    for v in range(len(county)):
        for row in range(first[v], first[v + 1]):
            g = 2 * county[v] + np.int64(earlier[row])
            size, able, away = np.int64(members[row]), np.int64(workers[row]), np.int64(absent[row])
            old, years = np.int64(elderly[row]), np.int64(schooling[row])
            s = (0 if years == 0 else years // 3 - 1) * 3 + third[v]
            held = 0
            even, odd = 0.0, 0.0
            for j in range(able):
                if j % 2 == 0:
                    even, odd = u01_pair(seed, JOB, row, j // 2)
                if (odd if j % 2 else even) * home[g, s] < jobs[g, s]:
                    jobs[g, s] -= 1
                    held += 1
                home[g, s] -= 1
            local_jobs[row] = held
            for k in range(5):
                a, b = u01_pair(seed, TRAITS, row, k)
                z[2 * k] = normal(a)
                z[2 * k + 1] = normal(b)
            school = (years - 7.5) / 3.5
            f = own * (school_load * school + remote_load * remote[v] + luck_load * z[0])
            x[0] = 0.17 * school + 0.35 * (f + rest * z[1])
            x[1] = 0.25 * z[6] + 0.6 * (f + rest * z[2])
            x[2] = 0.17 * school + 0.5 * (f + rest * z[3])
            x[3] = 0.3 * z[4]
            x[4] = 0.9 * (f + rest * z[5])
            x[5] = 0.5 * z[6]
            x[6] = 0.3 * f + 0.35 * z[7]
            x[7] = 0.5 * x[6] + 0.25 * z[8]
            for k in range(8):
                x[k] = exp_(x[k])
            y[0] = held * x[0]
            y[1] = (0.3 + able - 0.65 * held + 0.35 * old) * x[1]
            y[2] = away * x[2]
            y[3] = (0.25 * size + old) * x[3]
            y[4] = size * x[4]
            y[5] = size * x[5]
            y[6] = (2.0 + size) * x[6]
            y[7] = x[7]
            wage[row] = y[0]
            business[row] = y[1]
            remittance[row] = y[2]
            transfer[row] = y[3]
            property_[row] = y[4]
            land_mu[row] = y[5]
            house_m2[row] = y[6]
            homestead_m2[row] = y[7]
            for k in range(8):
                totals[g, k] += y[k]
    return totals


@_compile
def rescale(factors, centre, power, columns, log_income):
    """Multiply incomes by `factors` (groups, listed, source) and by (income a head / e**centre)**power of their group.

    `log_income` is log income a head, before and after. Returns the new totals (groups, 2, 6) by listed and source, persons last,
    and the (groups, 2) mean and sd of log income a head.
    """
    county, earlier, members, poor, wage, business, remittance, transfer, property_ = columns
    totals = np.zeros((len(factors), 2, 6))
    moments = np.zeros((len(factors), 3))
    y = np.empty(5)
    for row in range(len(county)):
        g = 2 * np.int64(county[row]) + np.int64(earlier[row])
        p, size = np.int64(poor[row]), np.float64(members[row])
        spread = exp_(power[g] * (np.float64(log_income[row]) - centre[g]))
        y[0], y[1], y[2] = wage[row], business[row], remittance[row]
        y[3], y[4] = transfer[row], property_[row]
        income = 0.0
        for k in range(5):
            y[k] *= factors[g, p, k] * spread
            totals[g, p, k] += y[k]
            income += y[k]
        totals[g, p, 5] += size
        wage[row], business[row], remittance[row] = y[0], y[1], y[2]
        transfer[row], property_[row] = y[3], y[4]
        x = log_(income / size)
        log_income[row] = x
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
def scale(column, factors, county, earlier):
    """Multiply a column by its group's factor."""
    for row in range(len(column)):
        column[row] = np.float64(column[row]) * factors[2 * np.int64(county[row]) + earlier[row]]


@_compile
def save(sd, wanted, columns):
    """Turn `savings`, normal in any unit, into lognormal savings a head of `sd` (groups,), `wanted` (groups,) yuan in all."""
    county, earlier, members, savings = columns
    moments = np.zeros((len(sd), 3))
    for row in range(len(county)):
        g = 2 * np.int64(county[row]) + np.int64(earlier[row])
        x = np.float64(savings[row])
        moments[g, 0] += 1.0
        moments[g, 1] += x
        moments[g, 2] += x * x
    found = _mean_and_sd(moments)
    totals = np.zeros(len(sd))
    for row in range(len(county)):
        g = 2 * np.int64(county[row]) + np.int64(earlier[row])
        x = (np.float64(savings[row]) - found[g, 0]) / max(found[g, 1], 1e-9)
        x = np.float64(members[row]) * exp_(sd[g] * x)
        savings[row] = x
        totals[g] += x
    for g in range(len(sd)):
        totals[g] = wanted[g] / max(totals[g], 1e-300)
    scale(savings, totals, county, earlier)
