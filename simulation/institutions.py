"""County programme offices, sites, employers and villages: small tables, one row an institution.

`Institutions` is what a run needs to know of them; `Books` is what changes. Money is in fen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulation.households import Villages

SMALL, MEDIUM, LARGE = range(3)


class Institutions(NamedTuple):
    """Fixed for a run."""

    villages: Villages
    site_of: np.ndarray  # i4 (villages, modes): the site a village's households are sent to, -1 if the mode has none
    originals: np.ndarray  # i8 (villages,): households that ever lived there, earlier movers included
    pool_share: np.ndarray  # f8 (counties,): share of the region's pool, by which regional budgets and jobs are split
    site_county: np.ndarray  # i4 (sites,)
    site_mode: np.ndarray  # i4 (sites,)
    site_class: np.ndarray  # i4 (sites,): SMALL, MEDIUM, LARGE
    ready: np.ndarray  # f8 (months, sites): homes completed by the end of each month, cumulative
    school_open: np.ndarray  # f8 (months, villages): 1 while the village keeps its school and shop, 0 after a dated closure


class Books(NamedTuple):
    """What changes month by month; dtype f8."""

    cash: np.ndarray  # (counties,): programme account, fen
    committed: np.ndarray  # (counties,): granted and not yet paid, fen
    jobs_cash: np.ndarray  # (counties,): employment account, fen
    quota_due: np.ndarray  # (counties, months + 36): quota revenue that falls due, fen
    quota_sold: np.ndarray  # (counties, years): mu sold
    reserved: np.ndarray  # (sites,): homes granted, keys not yet handed over
    occupied: np.ndarray  # (sites,)
    idle: np.ndarray  # (sites,): homes owned by households that left, or kept empty for the comparison group
    positions: np.ndarray  # (counties, 5): jobs that exist for movers, by kind
    filled: np.ndarray  # (counties, 5)
    moved_by_mode: np.ndarray  # (villages, modes): households of the village now living in the mode
    closed: np.ndarray  # (villages,): 1 once village services have closed
    whole: np.ndarray  # (villages,): 1 once the village has accepted whole-village relocation


def new_books(institutions: Institutions, *, months: int, modes: int) -> Books:
    """Empty books."""
    counties, sites = len(institutions.pool_share), len(institutions.site_county)
    villages = len(institutions.originals)
    shapes = dict(
        quota_due=(counties, months + 37), quota_sold=(counties, months // 12 + 1), positions=(counties, 5),
        filled=(counties, 5), moved_by_mode=(villages, modes), reserved=sites, occupied=sites, idle=sites,
        closed=villages, whole=villages,
    )  # fmt: skip
    return Books(*(np.zeros(shapes.get(name, counties)) for name in Books._fields))


def sites_for_villages(villages: Villages, site_county: np.ndarray, site_mode: np.ndarray, modes: int) -> np.ndarray:
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
