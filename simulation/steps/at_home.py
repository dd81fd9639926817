"""Households at home that the programme keeps no file on: most of a region, so their accounts are kept as columns.

A household leaves these columns when it is first granted something or moves away unaided; from then on its record tells.
"""

from typing import NamedTuple

import numpy as np

from simulation.households import OWN_MOVED
from simulation.outcomes import F, G
from simulation.rule import rule, step, whole_sum
from simulation.rules.income import MONTH, income_at_origin, spend, subsistence_at_origin, total
from simulation.rules.money import fen


class AtHome(NamedTuple):
    """Columns of shape (households,); `here` is 1 while they are in force, else the household's record is."""

    here: np.ndarray  # f4, 0 or 1
    savings: np.ndarray  # f8, fen
    wage: np.ndarray  # i4, yuan a year, as are the next four
    business: np.ndarray
    remittance: np.ndarray
    transfer: np.ndarray
    property: np.ndarray
    start: np.ndarray  # i4, fen a month, all sources before the first month
    members: np.ndarray  # f4, as are the next three
    at_home: np.ndarray  # members not away
    in_town: np.ndarray  # of them living in town for school or a job
    at_school: np.ndarray  # of them for school


@step
def open_accounts(hh, status):
    """The columns, from the records."""
    n = len(hh)
    at = AtHome(
        np.zeros(n, np.float32), np.empty(n), np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32),
        np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.float32),
        np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.float32),
    )  # fmt: skip
    for i in range(n):
        h = hh[i]
        at.here[i] = 1.0 if h.followed == 0 and status[i] != OWN_MOVED and h.earlier == 0 else 0.0
        at.savings[i] = h.savings
        at.start[i] = h.start
        at.members[i] = h.members
        at.at_home[i] = h.members - h.absent
        enter(h, at, i)
    return at


@rule
def enter(h, at, i):
    """Bring the columns up to date after a village programme has changed the household's incomes or whereabouts."""
    at.wage[i] = h.wage
    at.business[i] = h.business
    at.remittance[i] = h.remittance
    at.transfer[i] = h.transfer
    at.property[i] = h.property
    at.in_town[i] = h.in_school + h.in_job
    at.at_school[i] = h.in_school


@rule
def look_up(h, at, i):
    """Bring the record's savings up to date before a decision."""
    if at.here[i] > 0.0:
        h.savings = at.savings[i]


@rule
def close_account(h, at, i):
    """From now on the household's record tells."""
    look_up(h, at, i)
    at.here[i] = 0.0


@rule
def close_accounts(hh, at, policy):
    """Bring all records up to date; `policy` is that of the last month, by county."""
    for i in range(len(hh)):
        if at.here[i] > 0.0:
            h = hh[i]
            look_up(h, at, i)
            h.income = total(income_at_origin(h, policy[h.county]))


@step
def on_file(at, status, office):
    """Rows of the county's households on file, own movers left out."""
    rows = np.empty(office.last - office.first + 1, np.int64)
    n = 0
    for i in range(office.first, office.last):
        rows[n] = i
        n += np.int64(at.here[i] == 0.0) & np.int64(status[i] != OWN_MOVED)
    return rows[:n]


BLOCK = 512  # households whose month fits into the fastest memory
LINES = 10  # households, persons, five incomes, start, poor, consumption


@step
def accounts(at, office, p, groups, flows):
    """One month of money at home: four incomes, subsistence and consumption; nobody here has debts."""
    month = np.empty((LINES, BLOCK))
    for first in range(office.first, office.last, BLOCK):
        last = min(first + BLOCK, office.last)
        keep_house(at, first, last, p, month)
        book(month, last - first, groups[G.stayers], flows)


@rule
def keep_house(at, first, last, p, month):
    """The month of households first..last-1, one short loop a line, so that each becomes vector instructions."""
    year = p.income_index * MONTH
    here, members, savings = at.here[first:last], at.members[first:last], at.savings[first:last]
    earn(at.wage[first:last], year, month[2])
    earn(at.business[first:last], year, month[3])
    earn(at.remittance[first:last], year, month[4])
    earn(at.transfer[first:last], year, month[5])
    earn_shares(at.property[first:last], members, p.dividend_yuan_per_person, year, month[6])
    add_up(month[2], month[3], month[4], month[5], month[6], len(here), month[0])
    need(at.at_home[first:last], at.in_town[first:last], at.at_school[first:last], p, month[1])
    live(savings, here, month[0], month[1], p.consumption_share, month[9])
    count_poor(month[0], members, here, p.poverty_line_yuan_per_person * 100.0, month[8])
    for k in range(2, 7):
        leave_out(here, month[k])
    count(at.start[first:last], members, here, month)


@rule
def earn(yearly, year, out):
    """A month of one income, whole fen."""
    for j in range(len(yearly)):
        out[j] = fen(yearly[j] * year)


@rule
def earn_shares(yearly, members, dividend, year, out):
    """A month of property income with the village's dividends, whole fen."""
    for j in range(len(yearly)):
        out[j] = fen((yearly[j] + dividend * members[j]) * year)


@rule
def add_up(a, b, c, d, e, n, out):
    """The month's income from all sources."""
    for j in range(n):
        out[j] = a[j] + b[j] + (c[j] + d[j]) + e[j]


@rule
def need(at_home, in_town, at_school, p, out):
    """The month's subsistence."""
    for j in range(len(at_home)):
        out[j] = subsistence_at_origin(1.0 * at_home[j], 1.0 * in_town[j], 1.0 * at_school[j], p)


@rule
def live(savings, here, earned, needed, share, out):
    """Eat and save; `out` is what was consumed."""
    for j in range(len(savings)):
        before = savings[j]
        spent = spend(before, earned[j], needed[j], 0.0, share)
        savings[j] = before + here[j] * (spent.savings - before)
        out[j] = here[j] * spent.consumption


@rule
def count_poor(earned, members, here, line, out):
    """1 for each household below the low-income line."""
    for j in range(len(here)):
        out[j] = here[j] if earned[j] * 12.0 < line * members[j] else 0.0


@rule
def leave_out(here, out):
    """Zero for households on file."""
    for j in range(len(here)):
        out[j] = here[j] * out[j]


@rule
def count(start, members, here, month):
    """Households, persons and what they had at the start."""
    for j in range(len(here)):
        month[0, j] = here[j]
        month[1, j] = here[j] * members[j]
        month[7, j] = here[j] * start[j]


@whole_sum
def total_of(row, n):
    """The sum of the first n values, all of them whole."""
    total = 0.0
    for j in range(n):
        total += row[j]
    return total


@rule
def book(month, n, stayers, flows):
    """Add one block to the stayers' incomes and to the ledger."""
    wage, business = total_of(month[2], n), total_of(month[3], n)
    remittance, transfer, owned = total_of(month[4], n), total_of(month[5], n), total_of(month[6], n)
    stayers[0] += total_of(month[0], n)
    stayers[1] += total_of(month[1], n)
    stayers[2] += wage
    stayers[3] += business
    stayers[4] += remittance + transfer
    stayers[5] += owned
    stayers[6] += total_of(month[7], n)
    stayers[7] += total_of(month[8], n)
    flows[F.wage] += wage
    flows[F.business] += business
    flows[F.remittance] += remittance
    flows[F.transfer] += transfer
    flows[F.property] += owned
    flows[F.consumption] += total_of(month[9], n)
