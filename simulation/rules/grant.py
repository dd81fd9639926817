"""What a household is granted, and its place in the queue."""

from simulation.households import HAZARD, OTHER, POOR, VILLAGE
from simulation.rule import rule


@rule
def eligible(h, p):
    """Whether the programme is open to the household."""
    if h.hazard > 0 and p.open_to_hazard > 0.0:
        return True
    if h.poor > 0 and p.open_to_poor > 0.0:
        return True
    return h.hazard == 0 and h.poor == 0 and p.open_to_others > 0.0


@rule
def entitlement(h, p, m, whole):
    """Relocation subsidy by the policy's amounts, yuan; `whole` adds the whole-village bonus."""
    person = p.subsidy_yuan_per_person
    if h.hazard > 0:
        person = person + p.subsidy_hazard_extra_yuan_per_person
    if h.poor > 0:
        person = person + p.subsidy_poor_extra_yuan_per_person
    if whole > 0:
        person = person + p.subsidy_village_bonus_yuan_per_person
    return m.subsidy_factor * (p.subsidy_yuan_per_household + person * h.members)


@rule
def priority_class(h, whole):
    """The class in which the household queues."""
    if h.hazard > 0:
        return HAZARD
    if whole > 0:
        return VILLAGE
    if h.poor > 0:
        return POOR
    return OTHER


@rule
def place_in_queue(klass, p):
    """The rank of a class, 1 first."""
    if klass == HAZARD:
        return p.priority_hazard
    if klass == VILLAGE:
        return p.priority_village
    if klass == POOR:
        return p.priority_poor
    return p.priority_other
