"""Whatever the policy, money, people, homes and jobs are conserved every month, to the fen."""

import numpy as np
from hypothesis import given, settings
from policies import ANY_POLICY, policies
from worlds import world

from simulation.households import GRANTED, IMPROVED, JOBS, MOVED
from simulation.ledger import FLOWS
from simulation.model import RelocationModel
from simulation.outcomes import INDICATORS, K

IN, OUT = (
    {
        sector: [i for i, flow in enumerate(FLOWS) if getattr(flow, side) == sector]
        for sector in ("household", "office", "bank")
    }
    for side in ("payee", "payer")
)


def by_county(values: np.ndarray, hh: np.recarray, counties: int) -> np.ndarray:
    return np.bincount(hh.county, values, counties)


class Checked(RelocationModel):
    """A model that checks its books after every month."""

    def __init__(self, inputs, *, rng):
        super().__init__(inputs, rng=rng)
        self.before = self.balances()

    def balances(self) -> dict[str, np.ndarray]:
        hh, offices, counties = self.households, self.books.offices, len(self.offices)
        return dict(
            household=by_county(hh.savings, hh, counties),
            bank=by_county(hh.loan + hh.startup_loan + hh.arrears, hh, counties),
            office=offices.cash + offices.jobs_cash,
        )

    def after_month(self):
        now = self.outcomes.county[self.month]
        self.check_money(now)
        self.check_people(now)
        self.check_homes(now)
        self.check_jobs(now)

    def check_money(self, now):
        hh, offices, counties = self.households, self.books.offices, len(self.offices)
        ledger = self.outcomes.ledger[self.month]
        after = self.balances()
        change = {sector: after[sector] - self.before[sector] for sector in after}
        self.before = after
        assert np.array_equal(ledger, np.floor(ledger))
        assert np.all(ledger >= 0.0)
        for sector in ("household", "office"):
            flow = ledger[:, IN[sector]].sum(axis=1) - ledger[:, OUT[sector]].sum(axis=1)
            assert np.array_equal(change[sector], flow), sector
        claims = (
            ledger[:, OUT["bank"]].sum(axis=1) + now[:, K.interest_fen] - ledger[:, IN["bank"]].sum(axis=1)
        )
        assert np.array_equal(change["bank"], claims)
        assert np.array_equal(now[:, K.loan_fen] + now[:, K.arrears_fen], after["bank"])
        assert np.array_equal(now[:, K.cash_fen] + now[:, K.jobs_cash_fen], after["office"])

        for field in ("savings", "loan", "startup_loan", "arrears", "subsidy", "compensation"):
            assert np.all(hh[field] >= 0.0), field
            assert np.array_equal(hh[field], np.floor(hh[field])), field
        promised = by_county(hh.subsidy + hh.compensation, hh, counties)
        assert np.array_equal(offices.committed, promised)
        bridge = np.floor(self.policy.bridge_finance_yuan[self.month] * offices.share * 100.0 + 0.5)
        assert np.all(offices.cash + bridge - offices.committed >= 0.0)
        assert np.all(offices.jobs_cash >= 0.0)

    def check_people(self, now):
        hh, counties = self.households, len(self.offices)
        stocks = ("origin", "applied", "granted", "moved", "returned", "own_moved", "improved")
        everyone = now[:, [INDICATORS.index(k) for k in (*stocks, "earlier_moved", "earlier_returned")]].sum(
            axis=1
        )
        assert np.array_equal(everyone, by_county(np.ones(len(hh)), hh, counties))
        new = (self.status == MOVED) & (hh.earlier == 0)
        assert np.array_equal(now[:, K.moved], by_county(new, hh, counties))
        keys = now[:, K.persons_keys].sum()
        assert keys == self.outcomes.mode[self.month].sum() == self.outcomes.klass[self.month].sum()
        assert np.all(now[:, K.persons_occupied] <= now[:, K.persons_keys])
        assert np.all(now[:, K.persons_signed] >= 0.0)
        away = np.zeros_like(self.books.moved_by_mode)
        np.add.at(away, (hh.village[self.status == MOVED], hh["mode"][self.status == MOVED]), 1.0)
        assert np.array_equal(self.books.moved_by_mode, away)
        assert np.all((hh.integration >= 0.0) & (hh.integration <= 1.0))
        if self.month == self.inputs.window - 1:
            pool = hh.earlier == 0
            assert np.array_equal(self.outcomes.why[:, :, 0].sum(axis=1), by_county(pool, hh, counties))
            assert np.array_equal(
                self.outcomes.why[:, :, 1].sum(axis=1), by_county(hh.members * pool, hh, counties)
            )

    def check_homes(self, now):
        sites, hh = self.books.sites, self.households
        free = np.floor(self.books.ready[self.month]) - sites.reserved - sites.occupied - sites.idle
        assert np.all(free >= 0.0)
        for field in ("reserved", "occupied", "idle"):
            assert np.all(sites[field] >= 0.0), field
        for field, statuses in (("reserved", (GRANTED,)), ("occupied", (MOVED, IMPROVED))):
            there = np.isin(self.status, statuses) & (hh.site >= 0)
            assert np.array_equal(sites[field], np.bincount(hh.site[there], minlength=len(sites))), field
        parts = now[:, [K.homes_free, K.homes_reserved, K.homes_occupied, K.homes_idle]]
        assert np.array_equal(now[:, K.homes_ready], parts.sum(axis=1))

    def check_jobs(self, now):
        hh, counties, books = self.households, len(self.offices), self.books
        for kind, name in enumerate(JOBS):
            assert np.array_equal(books.filled[:, kind], by_county(hh[name], hh, counties)), name
            assert np.all(hh[name] >= 0), name
        assert np.all(books.filled <= books.positions)
        assert np.all(hh.seekers >= 0)
        held = hh.kept + hh.workshop + hh.service + hh.post + hh.startup + hh.away + hh.seekers
        assert np.all(held <= hh.workers)
        assert np.all(held[np.isin(self.status, (MOVED, GRANTED), invert=True)] == 0)
        assert np.all(now[:, K.mover_employed] + now[:, K.mover_seekers] == now[:, K.mover_labour])


@settings(ANY_POLICY, max_examples=60)
@given(policies())
def test_any_policy(made):
    changes, seed = made
    Checked(world(**changes), rng=seed).run_model()


def test_a_larger_world():
    Checked(world(attachment_mean=-1.5, withhold_share=0.05, return_per_year=0.2), rng=3).run_model()
