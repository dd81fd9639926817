"""How far a household has come to belong at its destination."""

from simulation.rule import rule
from simulation.rules.work import jobs_there

SIXTIETH = 1.0 / 60.0  # five years


@rule
def belonging(h, neighbours, p, t):
    """The level integration tends to, 0-1: the mean of registration, insurance, own neighbours, work and time."""
    working = h.kept + jobs_there(h)
    employed = working / (working + h.seekers) if working + h.seekers > 0 else 0.5
    insured = 1.0 if p.insurance_parity > 0.0 and h.leased > 0 else 0.0
    time = min((t - h.moved) * SIXTIETH, 1.0)
    return (h.hukou + insured + min(neighbours * 0.1, 1.0) + employed + time) * 0.2


@rule
def integrate(h, neighbours, p, t):
    """Integration moves towards its level."""
    return h.integration + p.integration_per_month * (belonging(h, neighbours, p, t) - h.integration)
