"""Households as columns: what is known of each, and what changes month by month.

`Population` holds what is known of each household before a run, as columns, and is shared between runs. A run works on
`HOUSEHOLD` records. Booked money (savings, loan, arrears) is in fen, always a whole number, so that sums are exact in any order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# status
ORIGIN, APPLIED, GRANTED, MOVED, RETURNED, OWN_MOVED, IMPROVED = range(7)
STATUS = ("origin", "applied", "granted", "moved", "returned", "own_moved", "improved")

# priority classes
HAZARD, VILLAGE, POOR, OTHER = range(4)
CLASSES = ("hazard", "village", "poor", "other")

# kinds of job at the destination
WORKSHOP, SERVICE, POST, STARTUP, AWAY = range(5)
JOBS = ("workshop", "service", "post", "startup", "away")

# why an applicant waits
IN_PROCESS, NO_HOME, NO_MONEY = range(3)

# places on the low-income list: on it (or not in need of it), in reserve, barred from it, struck off it
LISTED, RESERVE, EXCLUDED, STRUCK = range(4)

# types of village in spatial plans (搬迁撤并, 城郊融合, 集聚建设, 整治提升, 特色保护)
MERGING, SUBURBAN, GROWING, IMPROVING, HERITAGE = range(5)

NEVER = -32768  # a month that has not come


class Population(NamedTuple):
    """What is known of each household at the start; every array has shape (households,)."""

    county: np.ndarray  # u1, row of the county table
    village: np.ndarray  # i4, row of the village table; households of a village are contiguous
    earlier: np.ndarray  # u1, 1 if the household moved before the start (it is outside the pool)
    members: np.ndarray  # u1, registered persons
    workers: np.ndarray  # u1, members of working age who live at home
    absent: np.ndarray  # u1, members who live and work elsewhere
    children: np.ndarray  # u1, members of school age (6-15)
    elderly: np.ndarray  # u1, members of 60 and over
    head_age: np.ndarray  # u1, years
    schooling: np.ndarray  # u1, years of schooling of the head
    poor: np.ndarray  # u1, low-income list (registered poor)
    hardship: np.ndarray  # u1, special hardship
    hazard: np.ndarray  # u1, on a geohazard site
    local_jobs: np.ndarray  # u1, workers living at home who hold a wage job
    wage: np.ndarray  # f4, yuan a year, pay of the local jobs
    business: np.ndarray  # f4, yuan a year, farm and other family business, net
    remittance: np.ndarray  # f4, yuan a year, sent by absent members (transfer income)
    transfer: np.ndarray  # f4, yuan a year, all other transfers, net
    property: np.ndarray  # f4, yuan a year
    savings: np.ndarray  # f4, yuan, liquid
    land_mu: np.ndarray  # f4, mu of contracted land
    house_m2: np.ndarray  # f4, old house
    homestead_m2: np.ndarray  # f4, land under the old house and yard
    listing: np.ndarray  # u1, LISTED, RESERVE or EXCLUDED


POPULATION_DTYPES = dict(
    county="u1", village="i4", earlier="u1", members="u1", workers="u1", absent="u1", children="u1", elderly="u1",
    head_age="u1", schooling="u1", poor="u1", hardship="u1", hazard="u1", local_jobs="u1", wage="f4", business="f4",
    remittance="f4", transfer="f4", property="f4", savings="f4", land_mu="f4", house_m2="f4", homestead_m2="f4",
    listing="u1",
)  # fmt: skip


class Villages(NamedTuple):
    """Origin villages; every array has shape (villages,) and dtype f8 unless said otherwise."""

    county: np.ndarray  # i4
    first: np.ndarray  # i8, shape (villages + 1,): households first[v]..first[v+1]-1 live in village v
    distance_km: np.ndarray  # to the county town
    township_km: np.ndarray  # to the township
    road_sd: np.ndarray  # distance to a paved road over its standard deviation in the region
    school_km: np.ndarray  # to the nearest primary school
    service: np.ndarray  # service level 0-1
    kind: np.ndarray  # i4, MERGING..HERITAGE


# One record a household while a run goes on. Counts are small signed integers and yearly incomes whole yuan, so that arithmetic
# on them is exact; booked money is fen. A rule reads and writes it by name: `h.savings`. What is read every month of a household
# that has moved stands together, because a month's work is mostly the fetching of records.
_EVERY_MONTH = [
    ("savings", "f8"),  # fen, liquid
    ("loan", "f8"),  # fen outstanding
    ("startup_loan", "f8"),  # fen outstanding
    ("arrears", "f8"),  # fen due and not paid
    ("income", "f8"),  # fen, all four sources, last month
    ("debt_service", "f8"),  # fen due last month
    ("subsidy", "f8"),  # fen granted and not yet paid
    ("integration", "f8"),  # 0-1
    ("id", "i8"), ("wage", "i4"), ("business", "i4"), ("remittance", "i4"), ("transfer", "i4"),
    ("property", "i4"),
    ("start", "i4"),  # fen a month, all sources, before the first month
    ("village", "i4"),
    ("moved", "i2"),  # month of the keys
    ("loan_left", "i2"),  # months until the loan is repaid
    ("grace_left", "i2"),  # months of interest only
    ("startup_left", "i2"),  # months until the start-up loan is repaid
    ("county", "i2"), ("members", "i1"), ("children", "i1"), ("absent", "i1"), ("away", "i1"),
    ("elderly", "i1"), ("schooling", "i1"), ("poor", "i1"), ("earlier", "i1"), ("local_jobs", "i1"),
    ("mode", "i1"),  # mode applied for or lived in
    ("leased", "i1"),  # land: 0 held, 1 leased out, 2 rights given up for money
    ("hukou", "i1"),  # registered at the destination
    ("kept", "i1"),  # wage jobs near home kept after moving
    ("seekers", "i1"),  # labourers at the destination without a job
    ("workshop", "i1"),  # jobs held at the destination, by kind
    ("service", "i1"), ("post", "i1"), ("startup", "i1"),
    ("surrendered", "i1"),  # old house given up
    ("behind", "i1"),  # elderly who stayed
    ("in_school", "i1"),  # members living in town for school, parents included
    ("in_job", "i1"),  # members living in town for a job
    ("reclaimed", "i1"),  # its land reclaimed
]  # fmt: skip
_NOW_AND_THEN = [
    ("workers", "i1"), ("head_age", "i1"), ("hardship", "i1"),
    ("listing", "i1"),  # LISTED, RESERVE, EXCLUDED or STRUCK
    ("land_mu", "f8"), ("house_m2", "f8"), ("homestead_m2", "f8"),
    ("compensation", "f8"),  # fen promised for the old house and not yet paid
    ("pool", "f8"),  # fen of the home's price promised by the county
    ("margin", "f8"),  # utility of the chosen mode over staying, at application
    ("let_rent", "i4"),  # yuan a year for the idle house, part of property income
    ("hazard", "i1"),
    ("klass", "i1"),  # HAZARD..OTHER, set on application
    ("whole", "i1"),  # 1 if the village moves whole
    ("splits", "i1"),  # elderly who would stay in the old house if the others moved
    ("followed", "i1"),  # 1 once the programme keeps a file on the household: from its first grant, or as an earlier mover
    ("withheld", "i1"),  # 1 if the grant was withheld (comparison group)
    ("blocked", "i1"),  # why an applicant waits: IN_PROCESS, NO_HOME or NO_MONEY
    ("trained", "i1"),
    ("had_job", "i1"),  # 1 once the first-job subsidy was paid
    ("village_job", "i1"),  # jobs at home from the programme, among the local jobs
    ("taught", "i1"),  # trained at home
    ("project", "i1"),  # has an income project
    ("listed", "i2"),  # month in which it came on the low-income list
    ("site", "i2"),  # row of the site table, -1 if none
    ("applied", "i2"),  # month of application
    ("granted", "i2"),  # month of the grant
    ("left", "i2"),  # month of return, withdrawal or own move
]  # fmt: skip
HOUSEHOLD = np.dtype(_EVERY_MONTH + _NOW_AND_THEN, align=True)
_SURVEYED = [field for field in Population._fields if field != "savings"]


def new_households(population: Population) -> np.recarray:
    """One record a household as before the first month: savings as surveyed, nobody applied."""
    table = np.zeros(len(population.county), HOUSEHOLD)
    table["id"] = np.arange(len(table))
    for name in _SURVEYED:
        table[name] = getattr(population, name)
    year = sum(
        table[name].astype(np.int64) for name in ("wage", "business", "remittance", "transfer", "property")
    )
    table["start"] = (100 * year + 6) // 12
    table["savings"] = np.floor(population.savings.astype(np.float64) * 100.0 + 0.5)
    table["site"] = -1
    for month in ("applied", "granted", "moved", "left"):
        table[month] = NEVER
    return table.view(np.recarray)
