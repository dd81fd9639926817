"""County programme offices, sites, employers and villages: small tables, one row an institution.

`Institutions` is what a run needs to know of them, shared between runs; `Books` are a run's own records. Money is in fen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulation.households import Villages

SMALL, MEDIUM, LARGE = range(3)


class Institutions(NamedTuple):
    """Fixed for a run."""

    villages: Villages
    site_of: (
        np.ndarray
    )  # i4 (villages, modes): the site a village's households are sent to, -1 if the mode has none
    originals: np.ndarray  # i8 (villages,): households that ever lived there, earlier movers included
    pool_share: (
        np.ndarray
    )  # f8 (counties,): share of the region's pool, by which regional budgets and jobs are split
    site_county: np.ndarray  # i4 (sites,)
    site_mode: np.ndarray  # i4 (sites,)
    site_class: np.ndarray  # i4 (sites,): SMALL, MEDIUM, LARGE
    ready: np.ndarray  # f8 (months, sites): homes completed by the end of each month, cumulative
    school_open: (
        np.ndarray
    )  # u1 (months, villages): 1 while the village keeps its school and shop, 0 after a dated closure
    # f8 (counties,): the same of those the programme is open to, by which money and jobs for movers are split; None: of all
    open_share: np.ndarray | None = None
    core: np.ndarray | None = (
        None  # f8 (counties,): 1 where the county's town is the core city; None: nowhere
    )

    @property
    def core_counties(self) -> np.ndarray:
        """`core`, with zeros where none is given."""
        return np.zeros(len(self.pool_share)) if self.core is None else self.core


VILLAGE = np.dtype(
    [
        ("county", "i8"),
        ("first", "i8"),  # its households are rows first..last-1
        ("last", "i8"),
        ("originals", "i8"),  # households that ever lived there
        ("distance_km", "f8"),
        ("township_km", "f8"),
        ("road_sd", "f8"),
        ("school_km", "f8"),
        ("service", "f8"),
        ("kind", "i8"),  # MERGING..HERITAGE
        ("closed", "i8"),  # 1 once village services have closed
        ("offer_month", "i8"),  # month of the year in which it is offered to move whole
        ("whole", "i8"),  # 1 once the village has accepted whole-village relocation
        ("peers", "f8"),  # share of its households living at destinations
        ("job_chance", "f8"),  # believed chance of work there
        # what its households see at the end of a month of those who left
        ("away", "i8"),  # households living at destinations
        ("working", "i8"),  # jobs they hold there, of those who moved long enough ago
        ("seeking", "i8"),  # their members without work, and households that came back
        ("own_moved", "i8"),  # households that left unaided
    ]
)
SITE = np.dtype(
    [
        ("county", "i8"),
        ("mode", "i8"),
        ("klass", "i8"),  # SMALL, MEDIUM, LARGE
        ("reserved", "f8"),  # homes granted, keys not yet handed over
        ("occupied", "f8"),
        ("soon", "f8"),  # homes ready within a year
        ("idle", "f8"),  # homes owned by households that left, or kept empty for the comparison group
    ]
)
OFFICE = np.dtype(
    [
        ("first", "i8"),  # the county's households are rows first..last-1
        ("last", "i8"),
        ("first_village", "i8"),
        ("last_village", "i8"),
        ("share", "f8"),  # of the region's pool
        ("before", "f8"),  # share of the counties listed before it
        ("open_share", "f8"),  # of those in it the programme is open to
        ("cash", "f8"),  # programme account, fen
        ("committed", "f8"),  # granted and not yet paid, fen
        ("jobs_cash", "f8"),  # employment account, fen
        ("debt", "f8"),  # the county's own borrowing for those on the list, fen
        ("pool_persons", "i8"),  # persons on the list who hold a grant or were housed
        ("funded", "i8"),  # persons the county has drawn bonds, fund and loan for
        ("loans", "i8"),  # housing loans made
        ("lent", "f8"),  # their sum, fen
        ("village_posts", "i8"),  # public-welfare posts filled in villages
        ("village_jobs", "i8"),  # all village jobs of the programme that are filled
        ("projects", "i8"),  # households with an income project
        ("houses_let", "i8"),  # idle houses ever let
        ("school_persons", "i8"),  # villagers living in town for school
        ("job_persons", "i8"),  # villagers living in town for a job
        ("door", "i8"),  # where in the lottery the search for town workers stands
    ]
)


class Books(NamedTuple):
    """The institutions' own records while a run goes on."""

    villages: np.recarray  # VILLAGE (villages,)
    sites: np.recarray  # SITE (sites,)
    offices: np.recarray  # OFFICE (counties,)
    site_of: np.ndarray  # i4 (villages, modes)
    at_work: np.ndarray  # u1 (households,): jobs held at the destination, as in the household's record
    seeking: np.ndarray  # u1 (households,): its members without work there
    moved_by_mode: np.ndarray  # f8 (villages, modes): households of the village now living in the mode
    room: np.ndarray  # f8 (counties, modes): homes ready within a year that nobody holds or has applied for
    school_open: np.ndarray  # u1 (months, villages)
    ready: np.ndarray  # f8 (months, sites)
    quota_due: np.ndarray  # f8 (counties, months + 37): quota revenue by the month it falls due, fen
    quota_sold: np.ndarray  # f8 (counties, years): mu sold
    positions: np.ndarray  # f8 (counties, 5): jobs that exist for movers, by kind
    filled: np.ndarray  # f8 (counties, 5)


def new_books(institutions: Institutions, *, months: int) -> Books:
    """Books as before the first month: nothing granted, paid or filled."""
    counties = len(institutions.pool_share)
    villages = _table(
        VILLAGE,
        len(institutions.originals),
        last=institutions.villages.first[1:],
        originals=institutions.originals,
        **{
            f: getattr(institutions.villages, f)[: len(institutions.originals)]
            for f in institutions.villages._fields
        },
    )
    sites = _table(
        SITE,
        len(institutions.site_county),
        county=institutions.site_county,
        mode=institutions.site_mode,
        klass=institutions.site_class,
    )
    share = institutions.pool_share
    open_share = share if institutions.open_share is None else institutions.open_share
    before = np.cumsum(share) - share
    offices = _table(OFFICE, counties, share=share, before=before, open_share=open_share)
    for c, office in enumerate(offices):
        own = np.flatnonzero(villages["county"] == c)
        if len(own):
            office.first_village, office.last_village = own[0], own[-1] + 1
            office.first, office.last = villages["first"][own[0]], villages["last"][own[-1]]
        if office.last_village - office.first_village != len(own):
            raise ValueError(f"villages of county {c} must be listed together")
    return Books(
        villages=villages,
        sites=sites,
        offices=offices,
        site_of=institutions.site_of,
        at_work=np.zeros(int(institutions.villages.first[-1]), np.uint8),
        seeking=np.zeros(int(institutions.villages.first[-1]), np.uint8),
        moved_by_mode=np.zeros(institutions.site_of.shape),
        room=np.zeros((counties, institutions.site_of.shape[1])),
        school_open=np.ascontiguousarray(institutions.school_open, np.uint8),
        ready=institutions.ready,
        quota_due=np.zeros((counties, months + 37)),
        quota_sold=np.zeros((counties, months // 12 + 1)),
        positions=np.zeros((counties, 5)),
        filled=np.zeros((counties, 5)),
    )


def _table(dtype: np.dtype, rows: int, **columns: np.ndarray) -> np.recarray:
    table = np.zeros(rows, dtype)
    for name, column in columns.items():
        table[name] = column
    return table.view(np.recarray)


def sites_for_villages(
    villages: Villages, site_county: np.ndarray, site_mode: np.ndarray, modes: int
) -> np.ndarray:
    """The site each village is sent to, i4 (villages, modes); -1 where its county has none of that mode.

    Villages of a county are listed township by township, so a county's sites of one mode take contiguous blocks of villages
    in turn: neighbours are kept together.
    """
    site_of = np.full((len(villages.county), modes), -1, np.int32)
    for county in np.unique(villages.county):
        rows = np.flatnonzero(villages.county == county)
        for mode in range(modes):
            sites = np.flatnonzero((site_county == county) & (site_mode == mode))
            if len(sites):
                site_of[rows, mode] = sites[np.arange(len(rows)) * len(sites) // len(rows)]
    return site_of
