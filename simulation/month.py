"""The month in order: the one compiled driver, each step a line."""

from simulation.rule import step
from simulation.steps.apply import apply
from simulation.steps.beliefs import beliefs
from simulation.steps.finances import finances
from simulation.steps.grants import grant, lottery_order, move_in
from simulation.steps.jobs import employers, match, separations, train
from simulation.steps.record import explain, record, villages_now
from simulation.steps.settle import belong, closures, old_houses, returns
from simulation.steps.start import start
from simulation.steps.supply import supply


@step
def advance(hh, status, books, policy, modes, window, seed, t0, t1, out):
    """Run months t0..t1-1 in place, county by county: within a month no county waits for another."""
    order = lottery_order(hh, seed)
    if t0 == 0:
        start(hh, status, books, modes, policy, seed)
    for t in range(t0, t1):
        if t > 0:
            out.mode[t] = out.mode[t - 1]
            out.klass[t] = out.klass[t - 1]
        for c in range(policy.shape[1]):
            month(hh, status, books, policy[t, c], modes[t], order, window, seed, c, t, out)
    villages_now(status, books, out.village)


@step
def month(hh, status, books, p, modes, order, window, seed, c, t, out):
    """One month of one county.

    Beliefs come before choices because a household sees last month's work; keys before work because people search where they live;
    income before debt because debt is paid from it; returns after arrears because arrears drive them.
    """
    office, now, flows = books.offices[c], out.county[t, c], out.ledger[t, c]
    supply(books, p, c, t, window, flows)
    beliefs(hh, status, books, p, c, t)
    apply(hh, status, books, p, modes, seed, c, t, window, now)
    if t < window:
        grant(hh, status, books, p, modes, order, seed, c, t, now)
    move_in(hh, status, books, p, modes, seed, c, t, window, now, out.mode[t], out.klass[t], flows)
    train(hh, status, office, p, order, t, now, flows)
    separations(hh, status, books, p, seed, c, t)
    match(hh, status, books, p, seed, c, t, flows)
    employers(books, p, c, flows)
    finances(hh, status, office, p, modes, t, now, out.income[t], flows)
    old_houses(hh, status, books, p, modes, seed, c, t, now, flows)
    returns(hh, status, books, p, seed, c, t, now)
    belong(hh, status, books, p, seed, c, t, flows)
    closures(status, books, p, c)
    record(hh, status, books, c, t, window, now, out.county[t - 1, c])
    if t == window - 1:
        explain(hh, status, books, p, modes, seed, c, t, out.why[c])
