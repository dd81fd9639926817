"""Step 3: what each village sees of its own movers."""

from simulation.rule import rule
from simulation.rules.belief import job_chance


@rule
def beliefs(books, p, c):
    """Each village's share of households living at destinations, and its belief about work there."""
    for v in range(books.offices[c].first_village, books.offices[c].last_village):
        village = books.villages[v]
        village.peers = village.away / village.originals
        village.job_chance = job_chance(village.working, village.seeking, p)


@rule
def closures(books, p, c):
    """A village's services close once enough of its households have left."""
    for v in range(books.offices[c].first_village, books.offices[c].last_village):
        village = books.villages[v]
        if village.closed == 0 and village.away + village.own_moved >= p.closure_share * village.originals:
            village.closed = 1
