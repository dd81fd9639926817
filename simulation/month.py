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
    """Run months t0..t1-1 in place.

    Beliefs come before choices because a household sees last month's work; keys before work because people search where they live;
    income before debt because debt is paid from it; returns after arrears because arrears drive them.
    """
    order = lottery_order(hh, seed)
    if t0 == 0:
        start(hh, status, books, modes, policy, seed)
    for t in range(t0, t1):
        county, ledger = out.county[t], out.ledger[t]
        if t > 0:
            out.mode[t] = out.mode[t - 1]
            out.klass[t] = out.klass[t - 1]
        supply(books, policy, t, window, ledger)
        beliefs(hh, status, books, policy, t)
        apply(hh, status, books, policy, modes, seed, t, window, county)
        if t < window:
            grant(hh, status, books, policy, modes, order, seed, t, county)
        move_in(
            hh, status, books, policy, modes, seed, t, window,
            county, out.mode[t], out.klass[t], ledger,
        )  # fmt: skip
        train(hh, status, books, policy, order, t, county, ledger)
        separations(hh, status, books, policy, seed, t)
        match(hh, status, books, policy, seed, t, ledger)
        employers(books, policy, t, ledger)
        finances(hh, status, books, policy, modes, t, county, out.income[t], ledger)
        old_houses(hh, status, books, policy, modes, seed, t, county, ledger)
        returns(hh, status, books, policy, seed, t, county)
        belong(hh, status, books, policy, seed, t, ledger)
        closures(status, books, policy, t)
        record(hh, status, books, t, window, out.county)
        if t == window - 1:
            explain(hh, status, books, policy, modes, seed, t, out.why)
    villages_now(status, books, out.village)
