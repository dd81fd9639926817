"""Random draws that depend on nothing but (seed, stream, entity, month), and exp, log and normal with the same bits everywhere.

Order of work, threads and other households' fates cannot change a draw: this is what makes runs of two policies comparable
household by household. NumPy's exp, log and power differ in the last bit between CPUs, so whatever enters a result
uses the functions below, which need only + - * / and therefore give one answer on every machine.

References
----------
Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3. SC11, doi 10.1145/2063384.2063405 (Philox).
Cody & Waite (1980), Software manual for the elementary functions (exp, log).
Acklam (2003), An algorithm for computing the inverse normal cumulative distribution function (relative error 1.2e-9).
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from simulation.rule import primitive, rule, step

# Streams: one name for each random process. A lasting draw is made in month 0; a pair serves two processes.
(
    TASTE_MODE, TASTES, APPLY, LOTTERY, DROP_OUT, WITHHOLD, KEEP_JOB, SEEK, JOB_RANK, MATCHES, SEPARATE,
    JOB_KIND, SURRENDER, LEASE, AWAY, VILLAGE_MONTH, EARLIER_MONTH, EARLIER_MODE, EARLIER_JOB,
    SPLIT, MOVERS_MONTH, SCHOOL_DOOR, JOB_DOOR, FLEXIBLE_JOB,
) = range(24)  # fmt: skip
POPULATION = 1000  # streams from here on belong to population.py

_U32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_S6 = np.uint64(6)
_S26 = np.uint64(26)
_ONE = np.uint64(0x3FF0000000000000)  # the bits of 1.0
_TWO, _THREE, _FOUR, _FIVE, _SIX, _SEVEN, _EIGHT, _NINE = (np.uint64(k) for k in range(2, 10))


@intrinsic
def _bits_to_float(context, x=None):
    def generate(ctx, builder, signature, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def _float_to_bits(context, x=None):
    def generate(ctx, builder, signature, args):
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), generate


@primitive
def _round(c0, c1, c2, c3, k0, k1):
    p0 = _M0 * (c0 & _LOW)
    p1 = _M1 * (c2 & _LOW)
    return (p1 >> _U32) ^ c1 ^ k0, p1 & _LOW, (p0 >> _U32) ^ c3 ^ k1, p0 & _LOW


@primitive
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four 32-bit words from a 4-word counter and a 2-word key, all held in uint64."""
    # ten rounds written out, so that a loop over entities becomes vector instructions
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + _W0) & _LOW, (k1 + _W1) & _LOW)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + _TWO * _W0) & _LOW, (k1 + _TWO * _W1) & _LOW)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + _THREE * _W0) & _LOW, (k1 + _THREE * _W1) & _LOW)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + _FOUR * _W0) & _LOW, (k1 + _FOUR * _W1) & _LOW)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + _FIVE * _W0) & _LOW, (k1 + _FIVE * _W1) & _LOW)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + _SIX * _W0) & _LOW, (k1 + _SIX * _W1) & _LOW)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + _SEVEN * _W0) & _LOW, (k1 + _SEVEN * _W1) & _LOW)
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, (k0 + _EIGHT * _W0) & _LOW, (k1 + _EIGHT * _W1) & _LOW)
    return _round(c0, c1, c2, c3, (k0 + _NINE * _W0) & _LOW, (k1 + _NINE * _W1) & _LOW)


@primitive
def _unit(a, b):
    """A double in (0, 1) from 52 bits of two words: (n + 1/2) / 2**52."""
    bits = ((a >> _S6) << _S26) | (b >> _S6) | _ONE
    return (_bits_to_float(np.int64(bits)) - 1.0) + 1.1102230246251565e-16


@primitive
def u01_pair(seed, stream, entity, month):
    """Two independent uniform draws in (0, 1) for the price of one; the first equals `u01`."""
    s = np.uint64(seed)
    e = np.uint64(entity)
    a, b, c, d = philox(
        e & _LOW, e >> _U32, np.uint64(month) & _LOW, np.uint64(stream) & _LOW, s & _LOW, s >> _U32
    )
    return _unit(a, b), _unit(c, d)


@primitive
def u01(seed, stream, entity, month):
    """Uniform draw in (0, 1) of one entity in one month for one random process; month 0 also serves draws that last.

    `seed` and `entity` may use 63 bits; `month` may be negative.
    """
    first, _ = u01_pair(seed, stream, entity, month)
    return first


@rule
def u01_eight(seed, stream, entity, month):
    """Eight independent uniform draws in (0, 1) of 32 bits each."""
    s = np.uint64(seed)
    e = np.uint64(entity) + np.uint64(entity)
    m, k, low, high = np.uint64(month) & _LOW, np.uint64(stream) & _LOW, s & _LOW, s >> _U32
    a, b, c, d = philox(e & _LOW, e >> _U32, m, k, low, high)
    e += np.uint64(1)
    w, x, y, z = philox(e & _LOW, e >> _U32, m, k, low, high)
    return (
        _short_unit(a), _short_unit(b), _short_unit(c), _short_unit(d),
        _short_unit(w), _short_unit(x), _short_unit(y), _short_unit(z),
    )  # fmt: skip


@primitive
def _short_unit(a):
    """A double in (0, 1) from the 32 bits of one word."""
    return (np.float64(np.int64(a)) + 0.5) / 4294967296.0


@rule
def fill_pairs(seed, stream, first_entity, month, first, second):
    """`u01_pair` of a run of entities: first_entity, first_entity + 1, ... as many as the two arrays hold."""
    for j in range(len(first)):
        a, b = u01_pair(seed, stream, first_entity + j, month)
        first[j] = a
        second[j] = b


@step
def all_pairs(seed, stream, first_entity, last_entity, month):
    """`u01_pair` of entities first_entity..last_entity-1: two arrays."""
    first, second = np.empty(last_entity - first_entity), np.empty(last_entity - first_entity)
    fill_pairs(seed, stream, first_entity, month, first, second)
    return first, second


@rule
def fill_fours(seed, stream, rows, month, out):
    """Four independent uniform draws in (0, 1) of 32 bits each for the entities in `rows`; `out` is (4, rows)."""
    s = np.uint64(seed)
    m, k, low, high = np.uint64(month) & _LOW, np.uint64(stream) & _LOW, s & _LOW, s >> _U32
    for j in range(len(rows)):
        e = np.uint64(rows[j])
        a, b, c, d = philox(e & _LOW, e >> _U32, m, k, low, high)
        out[0, j] = _short_unit(a)
        out[1, j] = _short_unit(b)
        out[2, j] = _short_unit(c)
        out[3, j] = _short_unit(d)


@step
def fours(seed, stream, rows, month):
    """`fill_fours` into a new array."""
    out = np.empty((4, len(rows)))
    fill_fours(seed, stream, rows, month, out)
    return out


@rule
def u01_four(seed, stream, entity, month):
    """Four independent uniform draws in (0, 1) of 32 bits each of one entity."""
    s, e = np.uint64(seed), np.uint64(entity)
    a, b, c, d = philox(
        e & _LOW, e >> _U32, np.uint64(month) & _LOW, np.uint64(stream) & _LOW, s & _LOW, s >> _U32
    )
    return _short_unit(a), _short_unit(b), _short_unit(c), _short_unit(d)


@rule
def exp_(x):
    """e**x, relative error below 1e-15; x is held within -700..700."""
    x = min(max(float(x), -700.0), 700.0)
    n = math.floor(x * 1.4426950408889634 + 0.5)
    r = (x - n * 0.693145751953125) - n * 1.42860682030941723212e-6
    p = 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 0.0001984126984126984
    p = p * r + 0.001388888888888889
    p = p * r + 0.008333333333333333
    p = p * r + 0.041666666666666664
    p = p * r + 0.16666666666666666
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return p * _bits_to_float((np.int64(n) + 1023) << 52)


@rule
def log_(x):
    """Natural logarithm of a positive normal number, relative error below 1e-15."""
    bits = _float_to_bits(float(x))
    exponent = np.float64((bits >> 52) - 1023)
    m = _bits_to_float((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000)
    if m > 1.4142135623730951:
        m = m * 0.5
        exponent = exponent + 1.0
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    p = 0.10526315789473684
    p = p * z + 0.11764705882352941
    p = p * z + 0.13333333333333333
    p = p * z + 0.15384615384615385
    p = p * z + 0.18181818181818182
    p = p * z + 0.2222222222222222
    p = p * z + 0.2857142857142857
    p = p * z + 0.4
    p = p * z + 0.6666666666666666
    p = p * z + 2.0
    return exponent * 0.6931471803691238 + (s * p + exponent * 1.9082149292705877e-10)


@rule
def power(x, a):
    """x**a for x > 0."""
    return exp_(a * log_(x))


@rule
def normal(u):
    """Standard normal quantile of u in (0, 1): one draw, monotone, so a draw stays common to all policies."""
    q = u - 0.5
    if abs(q) <= 0.47575:
        r = q * q
        top = ((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.3577518672690) * r
               - 30.66479806614716) * r + 2.506628277459239  # fmt: skip
        low = ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r
               - 13.28068155288572) * r + 1.0  # fmt: skip
        return q * top / low
    t = math.sqrt(-2.0 * log_(min(u, 1.0 - u)))
    top = ((((-0.007784894002430293 * t - 0.3223964580411365) * t - 2.400758277161838) * t - 2.549732539343734) * t
           + 4.374664141464968) * t + 2.938163982698783  # fmt: skip
    low = (
        ((0.007784695709041462 * t + 0.3224671290700398) * t + 2.445134137142996) * t + 3.754408661907416
    ) * t + 1.0
    x = top / low
    return x if u < 0.5 else -x


@rule
def logistic(u):
    """Standard logistic quantile of u in (0, 1)."""
    return log_(u / (1.0 - u))


@rule
def gumbel(u):
    """Standard Gumbel quantile of u in (0, 1)."""
    return -log_(-log_(u))
