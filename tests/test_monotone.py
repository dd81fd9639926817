"""A better offer never keeps anyone at home, nothing comes of nothing, and a list is no longer for saying a thing twice."""

from types import SimpleNamespace

import numpy as np
import pytest
from same import differences
from worlds import MODES, POLICY, population, world

from simulation.households import MOVED, new_households
from simulation.model import plain
from simulation.outcomes import K
from simulation.policy import mode_table, policy_table
from simulation.rule import interpreted
from simulation.rules import choice, loan
from simulation.run import run

choose, terms = interpreted(choice.choose), interpreted(loan.terms)
HOUSEHOLDS = [plain(record) for record in new_households(population(600, 20, seed=4)[0])]
SITES = [SimpleNamespace(klass=k, soon=10.0, reserved=0.0, occupied=0.0, idle=0.0) for k in (0, 1, 2)]
ROOM = [100.0] * 9


def surroundings(i: int) -> choice.Surroundings:
    """What household `i` sees: any village, the same in every policy compared."""
    g = np.random.default_rng(i)
    return choice.Surroundings(
        distance_km=g.gamma(4, 8), township_km=g.gamma(2, 4), road_sd=g.gamma(1), service=g.uniform(0, 0.6),
        school=g.uniform(), peers=g.uniform(), job_chance=g.uniform(),
    )  # fmt: skip


def modes_chosen(modes=MODES, whole=0, **changes) -> np.ndarray:
    """The mode each household would choose, -1 to stay, with beliefs, queue and budget held still."""
    values = dict(
        attachment_mean=0.5, subsidy_yuan_per_person=15000, subsidy_delay_months=0, loan_limit_yuan=150000
    )
    table = policy_table(POLICY | values | changes, months=1, counties=1, county_factors={})
    p, records = plain(table[0, 0]), [plain(m) for m in mode_table(modes, months=1)[0]]
    in_force = terms(p)
    site_of = [m["kind"] % 3 for m in modes]
    return np.array(
        [
            choose(
                h,
                p,
                records,
                in_force,
                p.loan_limit_yuan,
                surroundings(h.id),
                site_of,
                SITES,
                ROOM,
                whole,
                0,
                9,
            ).mode
            for h in HOUSEHOLDS
        ]
    )


def leaves(chosen: np.ndarray, modes=MODES) -> np.ndarray:
    """Who would move: improvement in place (the last mode) does not count."""
    return (chosen >= 0) & np.array([m["counts"] > 0 for m in modes])[chosen]


@pytest.mark.parametrize(
    "better",
    [
        dict(subsidy_yuan_per_person=16000),
        dict(subsidy_yuan_per_person=45000),
        dict(subsidy_yuan_per_person=90000),
        dict(subsidy_yuan_per_household=30000),
        dict(subsidy_hazard_extra_yuan_per_person=30000),
        dict(subsidy_poor_extra_yuan_per_person=30000),
        dict(loan_limit_yuan=200000),
        dict(loan_limit_yuan=400000),
        dict(loan_price_share_max=0.9),
        dict(decoration_loan_limit_yuan=60000),
        dict(loan_rate_factor=0.7),
        dict(benchmark_rate=0.02),
        dict(loan_interest_subsidy_share=0.6),
        dict(compensation_yuan_per_m2=350),
        dict(compensation_yuan_per_m2=1500),
        dict(service_level_small=0.7, service_level_medium=0.9, service_level_large=1.0),
        dict(school_level=1.0),
        dict(push_log_odds=0.5),
        dict(town_living_cost_yuan_per_person=0),
        dict(home_price_yuan_per_m2=2500),
        dict(insurance_gain_yuan_per_person=2000),
        dict(pool_pays_rest=1, self_raise_yuan_per_person=2500),
        dict(education_waiver_yuan_per_child=3000),
        dict(poor_dividend_yuan_per_person=1500),
        dict(neighbours_together=1, b_neighbours=1),
    ],
    ids=lambda better: " ".join(f"{name}={value}" for name, value in better.items()),
)
def test_a_better_offer_keeps_nobody_at_home(better):
    before, after = leaves(modes_chosen()), leaves(modes_chosen(**better))
    assert 20 < before.sum() < 500
    assert not np.any(before & ~after)


def test_a_late_subsidy_moves_fewer_but_a_higher_one_still_more():
    late = dict(subsidy_delay_months=6)
    before, after = leaves(modes_chosen(**late)), leaves(modes_chosen(**late, subsidy_yuan_per_person=45000))
    assert before.sum() < leaves(modes_chosen()).sum()
    assert not np.any(before & ~after)


def test_better_offers_move_more():
    offers = (dict(subsidy_yuan_per_person=45000), dict(loan_limit_yuan=400000), dict(loan_rate_factor=0.5))
    assert all(leaves(modes_chosen(**better)).sum() > leaves(modes_chosen()).sum() for better in offers)


def test_a_whole_village_bonus_keeps_nobody_at_home():
    before = leaves(modes_chosen(whole=1))
    after = leaves(modes_chosen(whole=1, subsidy_village_bonus_yuan_per_person=40000))
    assert not np.any(before & ~after)


@pytest.mark.parametrize("k", range(4))
def test_a_mode_listed_twice_moves_nobody_more(k):
    twice = (*MODES[:4], MODES[k], MODES[4])
    assert abs(leaves(modes_chosen(twice), twice).sum() / leaves(modes_chosen()).sum() - 1.0) < 0.02


def moved(**changes) -> float:
    start = dict(attachment_mean=-1.5, intention_to_application_per_year=0.9)
    return run(world(800, 30, **(start | changes)), seed=5).outcomes.county[:, :, K.new_moved].sum()


def test_a_mode_listed_twice_moves_nobody_more_in_a_run():
    once, twice = moved(homes=5), moved(homes=5, modes=(*MODES, MODES[3]))
    assert once > 20
    assert abs(twice / once - 1.0) < 0.02


def test_a_change_that_changes_nothing_changes_nothing():
    inputs = world(500, 20)
    again = world(
        500, 20, subsidy_yuan_per_person=[(0, 18000), (9, 18000.0)], loan_limit_yuan=[(0, 300000.0)]
    )
    assert differences(run(inputs, seed=3), run(again, seed=3)) == []


def test_no_homes_no_moves():
    assert moved(modes=MODES[:3]) > 20
    assert moved(modes=MODES[:3], homes=0) == 0


def test_no_money_no_moves():
    nothing = {f"budget_{payer}_yuan_per_year": 0 for payer in ("central", "province", "city", "county")}
    broke = world(800, 30, attachment_mean=-1.5, bridge_finance_yuan=0, **nothing)
    result = run(broke, seed=5)
    assert result.outcomes.county[-1, :, K.applied].sum() > 20
    assert not np.any((result.status == MOVED) & (result.households.earlier == 0))
    assert result.outcomes.county[:, :, K.new_improved].sum() == 0
