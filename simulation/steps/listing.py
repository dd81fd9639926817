"""The low-income list, kept full by replacement: that it is full does not mean that those first listed have moved."""

from simulation.households import LISTED, NEVER, ORIGIN, OWN_MOVED, RESERVE, STRUCK
from simulation.outcomes import K
from simulation.rule import rule


@rule
def strikes_off(h, s, p, t):
    """Whether a listed household has withdrawn, left, or not applied for too long."""
    if h.poor == 0 or h.listing != LISTED or h.earlier > 0:
        return False
    if s == OWN_MOVED:
        return True
    return s == ORIGIN and h.withheld == 0 and (h.left != NEVER or t - h.listed >= p.strike_months)


@rule
def renew_list(hh, status, books, p, order, c, t, sums):
    """Each January: strike off as many persons as the reserve can replace, and list those, in the order of the lottery."""
    if p.list_replacement <= 0.0 or p.calendar_month != 1.0 or t == 0:
        return
    office = books.offices[c]
    reserve, places = 0, 0
    for i in range(office.first, office.last):
        h = hh[i]
        if h.listing == RESERVE and status[i] == ORIGIN:
            reserve += h.members
    if reserve == 0:
        return
    for i in order[office.first : office.last]:
        h = hh[i]
        if places + h.members <= reserve and strikes_off(h, status[i], p, t):
            h.listing = STRUCK
            places += h.members
            sums[K.new_struck] += 1.0
    for i in order[office.first : office.last]:
        h = hh[i]
        if h.listing == RESERVE and status[i] == ORIGIN and h.members <= places:
            h.listing = LISTED
            h.listed = t
            places -= h.members
            sums[K.new_listed] += 1.0
