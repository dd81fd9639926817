"""Month by month, whole and agent by agent the model gives the same bits; so does every thread, process and kind of machine."""

import dataclasses
import os
import pickle
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from numba.core.typing.templates import Signature
from policies import ANY_POLICY, RENTAL, policies
from same import differences, digest
from worlds import MODES, RULED, world

from simulation import codecache
from simulation.agents import HouseholdAgent, run_agents
from simulation.households import MERGING, MOVED, NEVER
from simulation.model import RelocationModel
from simulation.outcomes import F, K, W
from simulation.run import Inputs, run

# A world in which much happens: many apply, some lose work, fall behind, go back.
BUSY: dict = dict(
    attachment_mean=-1.5, intention_to_application_per_year=0.9, return_per_year=0.3, separation_per_month=0.08,
    dropout_share=0.15, dsr_max=0.8, own_move_per_year=0.05, paid_exit_per_year=0.4,
)  # fmt: skip
# As in Gansu: the county's pool pays what homes of the low-income cost above their self-raise; nobody of them borrows.
POOL: dict = dict(
    poor=0.7, modes=RULED, pool_pays_rest=1, self_raise_yuan_per_person=2500, self_raise_yuan_per_household=10000,
    loan_to_poor=0, loan_mean_yuan=60000,
    pool_bond_yuan_per_poor_person=10000, pool_fund_yuan_per_poor_person=5000, pool_loan_yuan_per_poor_person=50000,
    infrastructure_yuan_per_poor_person=8000, pool_interest_central_share=0.5, pool_interest_province_share=0.2,
    pool_loan_term_years=10, pool_loan_grace_years=1, land_sale_yuan_per_year=1e6,
)  # fmt: skip
LIST: dict = dict(list_replacement=1, reserve=0.4, excluded=0.3, strike_months=6)
VILLAGES: dict = dict(
    village_posts=20, village_workshop_jobs=40, village_training_per_year=40, village_training_gain=0.2, project_share=0.5,
    project_cost_yuan=5000, project_income_yuan_per_year=6000, idle_houses_per_year=20, idle_house_rent_yuan_per_year=5000,
    dividend_yuan_per_person=300, poor_dividend_yuan_per_person=500, education_waiver_yuan_per_child=1500,
    training_max_age=55, reuse_share=0.6, reuse_income_yuan_per_mu=1000,
)  # fmt: skip
DOORS: dict = dict(
    school_places_per_year=40, parents_per_pupil=0.7, school_rent_yuan_per_month=400, flexible_wage_yuan_per_month=2000,
    transfer_places_per_year=50,
)  # fmt: skip
URBAN: dict = dict(
    core_residents=3000, town_residents=2000, rural_residents=5000, core_share=0.6, residence_months=6,
    natural_growth_urban=0.004, natural_growth_rural=-0.002, net_in_migration_per_year=40, urban_jobs_per_year=90,
    net_job_share=0.5, in_migrants_per_net_job=0.5, urban_income_yuan_per_person=50000,
    rural_mean_income_yuan_per_person=25000, urban_income_growth=0.04,
)  # fmt: skip
SPLIT: dict = dict(split_moves=1, split_share=0.7, split_repair_yuan_per_person=3000)
NO_MONEY = {f"budget_{payer}_yuan_per_year": 0 for payer in ("central", "province", "city")}


def small(**changes) -> Inputs:
    return world(260, 14, **(BUSY | changes))


def with_closed_schools() -> Inputs:
    inputs = small()
    school_open = inputs.institutions.school_open.copy()
    school_open[8:, ::2] = 0.0
    return dataclasses.replace(inputs, institutions=inputs.institutions._replace(school_open=school_open))


WORLDS = {
    "default": lambda: world(400, 20),
    "busy": small,
    "whole villages": lambda: small(village_gate=0.5, closure_share=0.6, homes=400),
    "money short": lambda: small(**NO_MONEY, budget_county_yuan_per_year=8e5, bridge_finance_yuan=2e5),
    "homes short": lambda: small(homes=8),
    "job before move": lambda: small(job_before_move=1),
    "subsidy at once": lambda: small(subsidy_delay_months=0, kin_transfer_yuan=30000),
    "subsidy late": lambda: small(subsidy_delay_months=9, subsidy_yuan_per_person=60000),
    "land given up": lambda: small(paid_exit_per_year=1, land_lease_per_year=0.1, bridge_finance_yuan=1e5),
    "start-up loans": lambda: small(startup_places_per_year=120, startup_loan_limit_yuan=100000),
    "rental": lambda: small(modes=(*MODES, RENTAL)),
    "no moving": lambda: small(
        modes=(*(m | dict(available=0) for m in MODES[:4]), MODES[4]), in_place_min_age=40
    ),
    "schools closed": with_closed_schools,
    "grants withheld": lambda: small(withhold_share=0.4),
    "policy changes": lambda: small(
        subsidy_yuan_per_person=[(0, 10000), (7, 40000), (19, 0)],
        loan_limit_yuan=[(0, 300000), (12, 50000)],
        public_posts=[(0, 60), (15, 10)],
        benchmark_rate=[(0, 0.042), (10, 0.06)],
    ),
    "other months": lambda: small(months=15, window=15),
    "county pool": lambda: small(**POOL),
    "county pool short": lambda: small(
        **POOL | dict(land_sale_yuan_per_year=0, pool_loan_grace_years=0), **NO_MONEY,
        budget_county_yuan_per_year=2e5, bridge_finance_yuan=1e5, benchmark_rate=0.3,
    ),
    "list renewed": lambda: small(**LIST, poor=0.7, start_month=8, open_to_others=0, open_to_hazard=0),
    "elderly stay": lambda: small(**SPLIT),
    "neighbours together": lambda: small(neighbours_together=1, b_neighbours=1, homes=30),
    "village programmes": lambda: small(**VILLAGES, start_month=11),
    "doors to town": lambda: small(**DOORS, start_month=7),
    "merging villages": lambda: small(merging_villages_only=1, merging=0.4, village_gate=0.5),
    "all together, counties apart": lambda: small(
        **POOL, **LIST, **VILLAGES, **DOORS, **SPLIT, **URBAN, open_share=(0.7, 0.3), merging=0.6, start_month=6,
        own={(0, "split_moves"): 0, (1, "neighbours_together"): 1, (1, "merging_villages_only"): 1,
             (0, "list_replacement"): [(0, 0), (9, 1)], (1, "village_posts"): [(0, 40), (12, 5)]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_three_ways(name):
    inputs = WORLDS[name]()
    whole = run(inputs, seed=11)
    model = RelocationModel(inputs, rng=11)
    model.run_model()
    assert differences(whole, model.result) == []
    assert differences(whole, run_agents(inputs, seed=11)) == []


def test_much_happens_in_the_worlds_compared():
    results = {name: run(make(), seed=11) for name, make in WORLDS.items()}
    county = {name: result.outcomes.county for name, result in results.items()}
    busy = county["busy"]
    for k in (
        K.new_moved, K.new_returned, K.new_withdrew, K.new_own_moved, K.new_improved, K.new_loans, K.earlier_returned,
        K.trained, K.hukou_persons, K.reclaimed_mu, K.quota_sold_mu, K.closed_villages,
    ):  # fmt: skip
        assert busy[..., k].sum() > 0.0, k
    assert sum(months[..., K.arrears_households].sum() for months in county.values()) > 0.0
    assert county["whole villages"][..., K.new_whole_villages].sum() >= 3.0
    assert county["grants withheld"][-1, :, K.withheld].sum() >= 5.0
    assert (results["land given up"].households.leased == 2).sum() >= 3
    assert (results["start-up loans"].households.startup_loan > 0).sum() >= 1


def test_the_other_programmes_bite_in_the_worlds_compared():
    names = (
        "county pool",
        "county pool short",
        "list renewed",
        "elderly stay",
        "village programmes",
        "doors to town",
    )
    results = {
        name: run(WORLDS[name](), seed=11) for name in (*names, "merging villages", "neighbours together")
    }
    county = {name: result.outcomes.county for name, result in results.items()}
    ledger = {name: result.outcomes.ledger.sum(axis=(0, 1)) for name, result in results.items()}
    for f in (
        F.pool_bond, F.pool_fund, F.pool_loan_drawn, F.pool_loan_interest, F.pool_loan_principal, F.pool_interest_central,
        F.pool_interest_province, F.land_sale, F.pool_home, F.infrastructure,
    ):  # fmt: skip
        assert ledger["county pool"][f] > 0.0, f
    pool, short = results["county pool"], results["county pool short"]
    assert county["county pool"][-1, :, K.persons_stable_poor].sum() > 0.0
    assert not np.any(pool.households.loan[pool.households.poor == 1] > 0.0)
    assert np.all(pool.books.offices.loans > 0)
    assert short.outcomes.why[:, W.no_money, 0].sum() > 0.0
    # interest it cannot pay is borrowed
    borrowed = short.outcomes.ledger[:, :, F.pool_loan_drawn].sum(axis=0) / short.books.offices.funded
    assert np.any(borrowed > POOL["pool_loan_yuan_per_poor_person"] * 100.0)

    listed = county["list renewed"]
    assert min(listed[..., K.new_struck].sum(), listed[..., K.new_listed].sum()) >= 5.0
    assert results["list renewed"].households.listed.max() > 0
    assert county["elderly stay"][-1, :, K.behind_persons].sum() >= 5.0
    assert ledger["elderly stay"][F.repair] > 0.0
    for k in (K.villagers_trained, K.village_jobs, K.projects, K.houses_let, K.reused_mu, K.trained):
        assert county["village programmes"][..., k].sum() > 0.0, k
    for f in (F.project, F.education_waiver, F.poor_dividend, F.post_subsidy):
        assert ledger["village programmes"][f] > 0.0, f
    assert set(results["village programmes"].households.village_job.tolist()) == {0, 1, 2}
    assert county["doors to town"][-1, :, K.school_persons].sum() >= 5.0
    assert county["doors to town"][-1, :, K.job_persons].sum() >= 5.0

    merging = results["merging villages"]
    outside = merging.books.villages.kind[merging.households.village] != MERGING
    assert np.all(merging.households.applied[outside] == NEVER) and np.any(
        merging.households.applied[~outside] >= 0
    )
    together = results["neighbours together"]
    for h in together.households[(together.status == MOVED) & (together.households.site >= 0)]:
        assert h.site == together.books.site_of[h.village, h["mode"]]
    assert together.outcomes.why[:, W.no_home, 0].sum() > 0.0
    core = county["county pool"]
    assert min(core[-1, :, K.residents_to_core].sum(), core[-1, :, K.residents_to_town].sum()) > 0.0


@settings(ANY_POLICY, max_examples=40)
@given(policies())
def test_three_ways_under_any_policy(made):
    changes, seed = made
    inputs = world(**changes)
    whole = run(inputs, seed=seed)
    model = RelocationModel(inputs, rng=seed)
    model.run_model()
    assert differences(whole, model.result) == []
    assert differences(whole, run_agents(inputs, seed=seed)) == []


@pytest.mark.parametrize(
    "name", ["busy", "whole villages", "money short", "job before move", "all together, counties apart"]
)
def test_who_acts_first_does_not_matter(name):
    inputs = WORLDS[name]()
    assert differences(run(inputs, seed=5), run_agents(inputs, seed=5, shuffled=True)) == []


def test_part_of_a_run_is_its_beginning():
    inputs = small()
    part, whole = run(inputs, seed=2, months=9), run(inputs, seed=2)
    assert np.array_equal(part.outcomes.county[:9], whole.outcomes.county[:9])
    assert differences(part, run_agents(inputs, seed=2, months=9)) == []


def test_households_that_never_go_back():
    class Settled(HouseholdAgent):
        def goes_back(self, draw):
            return False

    inputs = small(months=18, window=18)
    assert run(inputs, seed=1).outcomes.county[-1, :, K.returned].sum() > 0
    assert run_agents(inputs, seed=1, household=Settled).outcomes.county[-1, :, K.returned].sum() == 0


def test_seeds_differ_and_repeat():
    inputs = small()
    digests = [digest(run(inputs, seed=seed)) for seed in (1, 2, 3, 1)]
    assert len(set(digests)) == 3
    assert digests[0] == digests[3]


def test_threads_do_not_disturb_each_other():
    inputs = small()
    expected = [digest(run(inputs, seed=seed)) for seed in range(8)]
    for threads in (1, 2, 4):
        with ThreadPoolExecutor(threads) as pool:
            assert list(pool.map(lambda seed: digest(run(inputs, seed=seed)), range(8))) == expected


DIGEST = """
import sys
sys.path[:0] = sys.argv[1:]
from same import digest
from test_engines import WORLDS
from simulation.run import run
print(digest(run(WORLDS["busy"](), seed=7)))
"""


def test_other_processors_give_the_same_bits():
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    present = [feature for feature in __cpu_dispatch__ if __cpu_features__[feature]]
    tests = Path(__file__).parent
    found = subprocess.run(
        [sys.executable, "-c", DIGEST, str(tests), str(tests.parent)],
        env=os.environ | {"NPY_DISABLE_CPU_FEATURES": " ".join(present)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == digest(run(WORLDS["busy"](), seed=7))


def test_one_signature_a_kernel():
    """Whatever has called a kernel of this source so far has called it with the same types."""
    for make in WORLDS.values():
        run(make(), seed=1, months=2)
    kernels: dict[str, set[str]] = {}
    for file in codecache.cache_folder().glob("*.nbc"):
        kernel, signature = file.stem.rpartition("-")[0], _signature(file)
        kernels.setdefault(kernel, set()).add(str(signature))
    assert len(kernels) > 60 and any(name.startswith("month.advance-") for name in kernels)
    twice = {name: found for name, found in kernels.items() if len(found) > 1}
    assert twice == {}, f"if one was called by hand with other types: remove {codecache.cache_folder()}"


def _signature(file):
    """The types that compiled code takes and gives: what `CodeCache` keeps is a digest and a CompileResult, reduced."""
    (found,) = (x for x in pickle.loads(file.read_bytes()[32:]) if isinstance(x, Signature))
    return found


PROGRAM = "from simulation.month import advance; print(advance(4), sum(advance.stats.cache_hits.values()))"
KERNEL = """
from simulation.rule import rule
from simulation.rules.one import one

@rule
def advance(n):
    total = 0.0
    for i in range(n):
        total += one(1.0 * i)
    return total
"""
ONE = """
from simulation.rule import rule

@rule
def one(x):
    return x * {factor}
"""


def test_an_edited_rule_is_compiled_anew_and_an_old_one_kept(tmp_path):
    home = tmp_path / "simulation"
    (home / "rules").mkdir(parents=True)
    (home / "rules/__init__.py").touch()
    for name in ("__init__.py", "codecache.py", "rule.py"):
        shutil.copy(codecache.SOURCE / name, home)
    (home / "month.py").write_text(KERNEL)

    def start(factor: float) -> str:
        (home / "rules/one.py").write_text(ONE.format(factor=factor))
        mine = {"ANJU_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
        # Python's own bytecode does not see an edit of the same length within a second
        environment = os.environ | mine | {"PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    assert [start(2), start(2), start(3), start(2)] == ["12.0 0", "12.0 1", "18.0 0", "12.0 1"]
