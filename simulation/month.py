"""The month in order: the one compiled driver, each step a line."""

from simulation.draws import MOVERS_MONTH, fours
from simulation.rule import step
from simulation.rules.loan import terms
from simulation.steps.apply import apply
from simulation.steps.at_home import accounts, close_accounts, on_file, open_accounts
from simulation.steps.beliefs import beliefs, closures
from simulation.steps.followed import follow
from simulation.steps.grants import grant, lottery_order, move_in
from simulation.steps.jobs import employers, match, seek, train
from simulation.steps.listing import renew_list
from simulation.steps.record import explain, record, sites_now, villages_now
from simulation.steps.start import start
from simulation.steps.supply import supply
from simulation.steps.villages import fill_village_jobs, in_villages


@step
def advance(hh, status, books, policy, modes, window, seed, t0, t1, out):
    """Run months t0..t1-1 in place, county by county: within a month no county waits for another."""
    order = lottery_order(hh, seed)
    if t0 == 0:
        start(hh, status, books, modes, policy, seed)
    at = open_accounts(hh, status)
    for t in range(t0, t1):
        if t > 0:
            out.mode[t] = out.mode[t - 1]
            out.klass[t] = out.klass[t - 1]
        for c in range(policy.shape[1]):
            month(hh, status, books, at, policy[t, c], modes[t], order, window, seed, c, t, out)
    villages_now(status, books, out.village)
    out.site[:] = 0.0
    if t1 > t0:
        close_accounts(hh, at, policy[t1 - 1])
        sites_now(hh, status, policy[t1 - 1], modes[t1 - 1], out.site)


@step
def month(hh, status, books, at, p, modes, order, window, seed, c, t, out):
    """One month of one county.

    The list is renewed before anybody applies; village programmes come before beliefs because they change what a household has;
    beliefs before choices because a household sees last month's work; keys before work because people search where they live;
    then each household's own month: income before debt because debt is paid from it, returns after arrears because those drive them.
    """
    office, now, groups, flows = books.offices[c], out.county[t, c], out.income[t, c], out.ledger[t, c]
    loan = terms(p)
    supply(books, p, c, t, window, flows)
    renew_list(hh, status, books, p, order, c, t, now)
    in_villages(hh, status, books, at, p, order, seed, c, t, now, flows)
    beliefs(books, p, c)
    apply(hh, status, books, at, p, modes, loan, seed, c, t, window, now)
    if t < window:
        grant(hh, status, books, at, p, modes, order, seed, c, t, now, flows)
    files = on_file(at, status, office)
    move_in(hh, status, files, books, p, modes, seed, c, t, window, now, out.mode[t], out.klass[t], flows)
    chances = fours(seed, MOVERS_MONTH, files, t)
    seekers = seek(hh, status, files, chances, books, p, seed, c, t)
    train(hh, seekers, office, p, seed, t, now, flows)
    match(hh, seekers, books, p, seed, c, t, flows)
    employers(books, p, c, flows)
    fill_village_jobs(hh, status, office, at, p, order)
    accounts(at, office, p, groups, flows)
    follow(hh, status, files, chances, books, p, modes, loan, seed, c, t, window, now, groups, flows)
    closures(books, p, c)
    record(status, books, c, t, now, out.county[t - 1, c])
    if t == window - 1:
        explain(hh, status, books, at, p, modes, loan, seed, c, t, out.why[c])
