"""Step 3: what each village sees of its own movers."""

from simulation.households import MOVED, RETURNED
from simulation.rule import rule
from simulation.rules.belief import job_chance
from simulation.rules.work import jobs_there


@rule
def beliefs(hh, status, books, policy, t):
    """Each village's share of households living at destinations, and its belief about work there."""
    for village in books.villages:
        away, working, seeking = 0, 0, 0
        for i in range(village.first, village.last):
            if status[i] == MOVED:
                h = hh[i]
                away += 1
                if t - h.moved >= policy[t, village.county].belief_months:
                    working += jobs_there(h)
                    seeking += h.seekers
            elif status[i] == RETURNED:
                seeking += 1
        village.peers = away / village.originals
        village.job_chance = job_chance(working, seeking, policy[t, village.county])
