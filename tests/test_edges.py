"""Where the engine cuts corners, where policy changes between a grant and the keys, and what a record can hold."""

import dataclasses
import types
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policies import ANY_POLICY, RENTAL
from same import differences
from test_hand_worked import hamlet
from worlds import MODES, POLICY, RULED, population, world

from simulation import draws
from simulation.agents import run_agents
from simulation.households import new_households
from simulation.ledger import FLOW
from simulation.model import plain
from simulation.outcomes import K
from simulation.policy import PARAMETERS, mode_table, policy_table
from simulation.rule import interpreted
from simulation.rules import choice, income, loan
from simulation.run import run

choose, standing, most_worth, tastes, terms = map(
    interpreted, (choice.choose, choice.standing, choice.most_worth, choice.tastes, loan.terms)
)
HOUSEHOLDS = [plain(record) for record in new_households(population(400, 20, seed=6)[0])]
for household in HOUSEHOLDS[::3]:
    household.splits = min(household.elderly, household.members - 1)
SITES = [SimpleNamespace(klass=k, soon=10.0, reserved=0.0, occupied=0.0, idle=0.0) for k in (0, 1, 2)]
IN_PLACE = MODES[0] | dict(kind=7, place=0, needs_home=0, price_ratio=0.05, surrender=0)
FAR = MODES[2] | dict(kind=8, land_kept=0, work_factor=2, subsidy_factor=5)
WEIGHED = sorted(
    name for name, p in PARAMETERS.items()
    if p.family in ("subsidy", "housing", "loan", "work", "services", "land", "push", "choice", "income") and p.unit != "months"
)  # fmt: skip
# Where the bound is near: nothing costs anything, and much speaks for leaving.
NEAR = dict(
    b_income=0, b_cash=0, b_distance=0, b_land=0, mode_taste_scale=0.01, neighbours_together=1, b_neighbours=4, split_moves=1,
    b_age=2, b_school=4, b_service=4, service_level_small=0, service_level_medium=0.9,
)  # fmt: skip
OLD = dict(b_school=0, b_service=0, b_hazard=0, b_road=0, b_peers=0, b_neighbours=0)  # only age counts
WITHOUT_END = 200_000.0  # the highest value drawn where any is legal


def weighs_all(choose):
    """The same rule without the glance at the most any mode can be worth."""
    names = choose.__globals__ | {"most_worth": lambda *_: 1e300}
    return types.FunctionType(choose.__code__, names)


@st.composite
def extremes(draw) -> dict:
    """Any parameters a choice depends on, anywhere in their legal ranges, their ends included."""

    def value(name: str):
        p = PARAMETERS[name]
        high = min(p.high, WITHOUT_END)
        if p.unit in ("flag", "rank", "code"):
            return draw(st.integers(int(p.low), int(high)))
        return draw(st.sampled_from((p.low, high)) | st.floats(p.low, high))

    changed = draw(st.lists(st.sampled_from(WEIGHED), min_size=3, max_size=40, unique=True))
    near = draw(st.sampled_from(({}, NEAR, NEAR | OLD)))
    return near | {name: value(name) for name in changed} | dict(attachment_mean=draw(st.floats(-6, 6)))


@settings(ANY_POLICY, max_examples=150)
@given(extremes(), st.integers(0, 10**6), st.sampled_from((1.0, 0.6, 4.0)))
def test_nothing_is_worth_more_than_the_bound(changes, seed, index):
    modes = [plain(m) for m in mode_table((*RULED, RENTAL, IN_PLACE, FAR), months=1)[0]]
    p = plain(policy_table(POLICY | changes, months=1, counties=1, county_factors={})[0, 0])
    p.income_index = index
    site_of = [int(m.kind) % 3 for m in modes]
    g = np.random.default_rng(seed)
    for h in (HOUSEHOLDS[i] for i in g.integers(0, len(HOUSEHOLDS), 10)):
        around = choice.Surroundings(
            g.gamma(4, 8), g.gamma(2, 4), g.gamma(1) * 3, g.uniform(), g.uniform(), g.uniform(), g.uniform()
        )
        lots = draws.u01_eight(seed, draws.TASTE_MODE, h.id, 0)
        bound = most_worth(h, p, around, standing(h, p, around.job_chance), lots) + tastes(h, p, seed).leave
        for whole in (0, 1):
            given_ = (
                h,
                p,
                modes,
                terms(p),
                p.loan_limit_yuan,
                around,
                site_of,
                SITES,
                [9.0] * len(modes),
                whole,
            )
            assert choose(*given_, 1, seed).wanted <= bound
            quick, full = choose(*given_, 0, seed), weighs_all(choose)(*given_, 0, seed)
            assert quick.mode == full.mode and (quick.mode < 0 or quick.margin == full.margin)


def test_what_the_county_pays_those_who_moved_is_expected_as_it_is_paid():
    # 700 yuan of dividends a person and 900 a child are amounts of the policy: they do not grow with incomes
    paid = dict(poor_dividend_yuan_per_person=700, education_waiver_yuan_per_child=900)
    p, without = (
        plain(policy_table(POLICY | c, months=1, counties=1, county_factors={})[0, 0]) for c in (paid, {})
    )
    p.income_index = without.income_index = 1.5
    m = plain(mode_table(MODES[:1], months=1)[0, 0])
    total, after = interpreted(income.total), interpreted(income.income_after_moving)
    h = next(h for h in HOUSEHOLDS if h.poor and h.children)
    expected = standing(h, p, 0.5).beside - standing(h, without, 0.5).beside
    received = (total(after(h, p, m)) - total(after(h, without, m))) * 12.0 / 100.0
    assert expected == pytest.approx(700 * h.members + 900 * h.children)
    assert received == pytest.approx(expected, abs=0.25)


def pool(**changes):
    """One low-income household whose home costs 350,000: 80,000 of subsidy, 10,000 of its own, the rest from the county."""
    return hamlet(
        [dict(poor=1)], subsidy_poor_extra_yuan_per_person=0, pool_pays_rest=1, self_raise_yuan_per_person=2500, loan_to_poor=0,
        **changes,
    )  # fmt: skip


@pytest.mark.parametrize("kin", [0, 4000])
def test_a_home_that_has_become_cheaper_costs_the_county_less_and_the_household_as_much(kin):
    inputs = pool(home_price_yuan_per_m2=[(0, 3000), (2, 2000)], kin_transfer_yuan=kin)
    result = run(inputs, seed=1, months=4)
    flows = result.outcomes.ledger[:, 0].sum(axis=0)
    assert result.households.moved[0] == 2
    assert flows[FLOW["pool_home"]] == 160_000_00  # 250,000 - 80,000 - 10,000
    assert flows[FLOW["home_price"]] + flows[FLOW["fitting_out"]] == 90_000_00
    assert flows[FLOW["kin_transfer"]] == kin * 100
    assert result.books.offices.committed[0] == 0
    assert differences(result, run_agents(inputs, seed=1, months=4)) == []


def test_nothing_stays_promised_for_a_house_that_the_old_do_not_leave():
    inputs = hamlet(
        [dict(elderly=1, workers=2)], mode=dict(surrender=1), compensation_yuan_per_m2=300, split_share=1,
        split_moves=[(0, 0), (2, 1)],
    )  # fmt: skip
    result = run(inputs, seed=1, months=4)
    assert (result.households.moved[0], result.households.behind[0]) == (2, 1)
    promised = result.outcomes.county[:, 0, K.committed_fen]
    assert promised[1] > promised[2] == 0.0
    assert differences(result, run_agents(inputs, seed=1, months=4)) == []


def test_no_more_than_the_interest_is_paid_for_the_county():
    inputs = pool(
        pool_loan_yuan_per_poor_person=50_000,
        pool_interest_central_share=0.9,
        pool_interest_province_share=0.4,
    )
    result = run(inputs, seed=1, months=12)
    flows = result.outcomes.ledger[:, 0].sum(axis=0)
    helped = flows[FLOW["pool_interest_central"]] + flows[FLOW["pool_interest_province"]]
    assert helped == flows[FLOW["pool_loan_interest"]] > 0
    assert differences(result, run_agents(inputs, seed=1, months=12)) == []


def test_incomes_grow_as_in_their_own_county():
    own = {(0, "income_growth"): [(0, 0.1), (12, 0.0)]}
    table = policy_table(POLICY, months=25, counties=2, county_factors={}, own=own)
    assert table.income_index[[0, 12, 24], 0] == pytest.approx([1, 1.1, 1.1])
    assert table.income_index[[0, 12, 24], 1] == pytest.approx([1, 1.05, 1.05**2])


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("members", 200, "members is above 127"), ("business", 9e8, "more than 250,000,000 yuan")],
)
def test_households_too_large_for_a_record_are_refused(column, value, message):
    inputs = world(100, 5)
    changed = getattr(inputs.population, column).copy()
    changed[3] = value
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(inputs, population=inputs.population._replace(**{column: changed}))
