"""Step 3: what each village sees of its own movers."""

from simulation.households import MOVED, RETURNED
from simulation.rule import rule
from simulation.rules.belief import job_chance
from simulation.rules.work import jobs_there


@rule
def beliefs(hh, status, books, p, c, t):
    """Each village's share of households living at destinations, and its belief about work there."""
    office = books.offices[c]
    for v in range(office.first_village, office.last_village):
        village = books.villages[v]
        away, working, seeking = 0, 0, 0
        for i in range(village.first, village.last):
            if status[i] == MOVED:
                h = hh[i]
                away += 1
                if t - h.moved >= p.belief_months:
                    working += jobs_there(h)
                    seeking += h.seekers
            elif status[i] == RETURNED:
                seeking += 1
        village.peers = away / village.originals
        village.job_chance = job_chance(working, seeking, p)
