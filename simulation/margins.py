"""What statistics publish of the households that may be relocated, checked for contradictions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

AGES = ("0-17", "18-34", "35-59", "60+")
SCHOOLING = ("none", "primary", "junior", "senior", "college")
SCHOOLING_YEARS = (0, 6, 9, 12, 15)
SOURCES = ("wage", "business", "transfer", "property")

# Assumptions: how often persons of 18-34, 35-59 and 60 and over head a household, relative to each other (the old do, the
# young seldom), and how many of 0-17 are of school age, 6-15.
HEADSHIP = (0.2, 1.0, 1.15)
SCHOOL_AGE_OF_MINORS = 10.0 / 18.0  # 6-15 of 0-17

ByCounty = tuple[float, ...]
Shares = tuple[tuple[float, ...], ...]


class MarginsError(ValueError):
    """Margins that cannot be reproduced; `messages` names every fault."""

    def __init__(self, messages: Sequence[str]):
        self.messages = list(messages)
        super().__init__("\n".join(self.messages))


@dataclass(frozen=True, kw_only=True)
class Margins:
    """What is published of the pool of households that may be relocated, by county.

    From `rural_income_yuan` on, a number (or a list of shares) may be given once for the region or once a county; it is kept once
    a county, so margins can be compared and hashed. Shares may miss one by 0.01 (rounding) and are scaled to one.
    Raises MarginsError, naming every fault.
    """

    counties: tuple[str, ...]  # ids
    pool_share: ByCounty  # share of the pool's persons in each county
    villages: tuple[int, ...]  # natural villages with at least one household of the pool
    rural_income_yuan: ByCounty  # published rural disposable income, yuan a head and year
    # Income a registered member of the pool over the published rural mean, which is a head *living there*: remoteness
    # lowers it, and so do absent members, who count here and bring in only what they send.
    remote_income_ratio: ByCounty
    size_shares: Shares  # households of 1..6 and of 7 or more members, who are held at 7
    mean_household_size: ByCounty  # registered persons; `size_shares` is tilted to meet it
    age_shares: Shares  # registered members of 0-17, 18-34, 35-59, 60+
    schooling_shares: Shares  # heads with none, primary, junior, senior, college
    labour_share: ByCounty  # members of 16-59 able to work, at home or away, over all members
    absent_share: ByCounty  # of those, the share who live and work elsewhere
    local_job_share: ByCounty  # of those at home, the share with a wage job
    # Wage (of local jobs only), business, transfer (net, with what absent members send), property, over all income.
    income_source_shares: Shares
    remittance_of_transfer: ByCounty  # what absent members send, over transfer income
    income_sd_log: ByCounty  # standard deviation of log income a head, over households
    low_income_share: ByCounty  # households on the low-income list
    low_income_ratio: ByCounty  # income a head of listed households over that of all
    hazard_share: ByCounty  # households on a geohazard site
    hardship_share: ByCounty  # households in special hardship, all of them on the low-income list
    savings_to_income: ByCounty  # liquid savings over a year's income
    savings_sd_log: ByCounty  # standard deviation of log savings a head, over households
    land_mu_per_person: ByCounty  # contracted land
    house_m2_per_person: ByCounty
    homestead_m2: ByCounty  # mean homestead of a household
    distance_km: ByCounty  # villages' mean distance to the county town
    township_km: ByCounty  # to the township
    road_km: ByCounty  # to a paved road; the model sees it in sd, so only differences between counties matter
    school_km: ByCounty  # to the nearest primary school
    village_size_sd_log: ByCounty  # sd of log households a village: 0 all alike, 1 hamlets and a few of 100

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

    @cached_property
    def heads(self) -> tuple[tuple[float, ...], ...]:
        """Shares of heads aged 18-34, 35-59 and 60 and over: persons of that age times headship, at most 0.95."""
        return tuple(
            _heads(ages[1:], size)
            for ages, size in zip(self.age_shares, self.mean_household_size, strict=True)
        )

    @cached_property
    def sizes(self) -> tuple[tuple[float, ...], ...]:
        """`size_shares` tilted, each by t**size, to the county's mean household size."""
        return tuple(map(_tilted, self.size_shares, self.mean_household_size))


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
        young_heads = math.fsum(m.heads[c][:2]) / size
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


def _heads(age_shares: Sequence[float], mean_size: float) -> tuple[float, ...]:
    persons = [share * mean_size for share in age_shares]  # in a household
    low, high = 0.0, 1e3
    heads = persons
    for _ in range(60):
        level = 0.5 * (low + high)
        heads = [p * min(0.95, level * h) for p, h in zip(persons, HEADSHIP, strict=True)]
        low, high = (level, high) if math.fsum(heads) < 1.0 else (low, level)
    total = math.fsum(heads)
    return tuple(h / total for h in heads)


def _tilted(shares: Sequence[float], mean_size: float) -> tuple[float, ...]:
    low, high = 1e-3, 1e3
    weights = list(shares)
    for _ in range(80):
        t = 0.5 * (low + high)
        weights, power = [], 1.0
        for share in shares:
            power *= t
            weights.append(share * power)
        mean = math.fsum((i + 1) * w for i, w in enumerate(weights)) / math.fsum(weights)
        low, high = (t, high) if mean < mean_size else (low, t)
    total = math.fsum(weights)
    return tuple(w / total for w in weights)
