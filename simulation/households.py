"""Households as columns: what is known of each, and what changes month by month.

One row a household. `Population` holds what never changes in a run and is shared between runs; `State` holds what does.
Booked money (savings, loan, arrears) is in fen, always a whole number, so that sums are exact in any order.
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


POPULATION_DTYPES = dict(
    county="u1", village="i4", earlier="u1", members="u1", workers="u1", absent="u1", children="u1", elderly="u1",
    head_age="u1", schooling="u1", poor="u1", hardship="u1", hazard="u1", local_jobs="u1", wage="f4", business="f4",
    remittance="f4", transfer="f4", property="f4", savings="f4", land_mu="f4", house_m2="f4", homestead_m2="f4",
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


class State(NamedTuple):
    """What changes; every array has shape (households,)."""

    status: np.ndarray  # u1, ORIGIN..IMPROVED
    mode: np.ndarray  # u1, mode applied for or lived in
    klass: np.ndarray  # u1, HAZARD..OTHER, set on application
    whole: np.ndarray  # u1, 1 if the village moves whole
    withheld: np.ndarray  # u1, 1 if the grant was withheld (comparison group)
    trained: np.ndarray  # u1
    surrendered: np.ndarray  # u1, old house given up
    leased: np.ndarray  # u1, land: 0 held, 1 leased out, 2 rights given up for money
    hukou: np.ndarray  # u1, registered at the destination
    kept: np.ndarray  # u1, wage jobs near home kept after moving
    seekers: np.ndarray  # u1, labourers at the destination without a job
    jobs: np.ndarray  # u1, shape (households, 5): jobs held at the destination by kind
    had_job: np.ndarray  # u1, 1 once the first-job subsidy was paid
    site: np.ndarray  # i2, row of the site table, -1 if none
    applied: np.ndarray  # i2, month of application
    granted: np.ndarray  # i2, month of the grant
    moved: np.ndarray  # i2, month of the keys
    left: np.ndarray  # i2, month of return, withdrawal or own move
    loan_left: np.ndarray  # i2, months until the loan is repaid
    grace_left: np.ndarray  # i2, months of interest only
    savings: np.ndarray  # f8, fen
    loan: np.ndarray  # f8, fen outstanding
    arrears: np.ndarray  # f8, fen due and not paid
    subsidy: np.ndarray  # f8, fen granted and not yet paid
    income: np.ndarray  # f8, fen, all four sources, last month
    service: np.ndarray  # f8, fen of debt service due last month
    integration: np.ndarray  # f8, 0-1
    margin: np.ndarray  # f8, utility of the chosen mode over staying, at application


def new_state(population: Population) -> State:
    """Everyone as before the first month: savings as surveyed, nobody applied."""
    n = len(population.county)
    shapes = {"jobs": (n, 5)}
    types = dict.fromkeys(("site", "applied", "granted", "moved", "left", "loan_left", "grace_left"), "i2")
    types |= dict.fromkeys(
        ("savings", "loan", "arrears", "subsidy", "income", "service", "integration", "margin"), "f8"
    )
    state = State(*(np.zeros(shapes.get(f, n), types.get(f, "u1")) for f in State._fields))
    state.site[:] = -1
    for month in (state.applied, state.granted, state.moved, state.left):
        month[:] = NEVER
    np.floor(population.savings * np.float64(100.0) + 0.5, out=state.savings)
    return state
