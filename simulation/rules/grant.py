"""What a household is granted, and its place in the queue."""

from simulation.households import HAZARD, LISTED, OTHER, POOR, VILLAGE
from simulation.rule import rule


@rule
def eligible(h, p):
    """Whether the programme is open to the household: of the low-income ones, to those on the list."""
    if h.listing != LISTED:
        return False
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
    going = h.members - stays_behind(h, p, m, whole)
    return m.subsidy_factor * (p.subsidy_yuan_per_household + person * going)


@rule
def stays_behind(h, p, m, whole):
    """How many elderly stay in the old house when the others move; whole villages leave nobody."""
    if p.split_moves <= 0.0 or whole > 0 or m.counts <= 0.0:
        return 0
    return h.splits


@rule
def pool_share(h, p, m, rest, going):
    """What the county pays of the `rest` of a listed household's home: all above the self-raise of those `going`, yuan."""
    if p.pool_pays_rest <= 0.0 or h.poor == 0 or m.counts <= 0.0:
        return 0.0
    own = p.self_raise_yuan_per_person * going
    if p.self_raise_yuan_per_household > 0.0:
        own = min(own, p.self_raise_yuan_per_household)
    return max(0.0, rest - own)


@rule
def lending_limit(p, office):
    """The most a bank lends a household now: where a mean is to be kept to, what it leaves for the next loan; yuan."""
    if p.loan_mean_yuan <= 0.0:
        return p.loan_limit_yuan
    left = p.loan_mean_yuan * (office.loans + 1) - office.lent / 100.0
    return min(max(left, 0.0), p.loan_limit_yuan)


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
