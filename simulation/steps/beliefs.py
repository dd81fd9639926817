"""Step 3: what each village sees of its own movers."""

from simulation.households import MOVED, RETURNED
from simulation.rule import rule
from simulation.rules.belief import job_chance
from simulation.rules.work import jobs_there


@rule
def beliefs(hh, status, institutions, policy, t, peers, chance):
    """Fill `peers` (share living at destinations) and `chance` (believed chance of work), both (villages,)."""
    first = institutions.villages.first
    for v in range(len(peers)):
        p = policy[t, institutions.villages.county[v]]
        away, working, seeking = 0, 0, 0
        for i in range(first[v], first[v + 1]):
            if status[i] == MOVED:
                h = hh[i]
                away += 1
                if t - h.moved >= p.belief_months:
                    working += jobs_there(h)
                    seeking += h.seekers
            elif status[i] == RETURNED:
                seeking += 1
        peers[v] = away / institutions.originals[v]
        chance[v] = job_chance(working, seeking, p)
