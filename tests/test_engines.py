"""Month by month, whole and agent by agent the model gives the same bits; so does every thread, process and kind of machine."""

import dataclasses
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from numba.core.dispatcher import Dispatcher
from policies import ANY_POLICY, RENTAL, policies
from same import differences, digest
from worlds import MODES, world

from simulation import codecache
from simulation.agents import HouseholdAgent, run_agents
from simulation.model import RelocationModel
from simulation.outcomes import K
from simulation.run import Inputs, run

# A world in which much happens: many apply, some lose work, fall behind, go back.
BUSY: dict = dict(
    attachment_mean=-1.5, intention_to_application_per_year=0.9, return_per_year=0.3, separation_per_month=0.08,
    dropout_share=0.15, dsr_max=0.8, own_move_per_year=0.05, paid_exit_per_year=0.4,
)  # fmt: skip
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
}


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


@settings(ANY_POLICY, max_examples=15)
@given(policies())
def test_three_ways_under_any_policy(made):
    changes, seed = made
    inputs = world(**changes)
    whole = run(inputs, seed=seed)
    model = RelocationModel(inputs, rng=seed)
    model.run_model()
    assert differences(whole, model.result) == []
    assert differences(whole, run_agents(inputs, seed=seed)) == []


@pytest.mark.parametrize("name", ["busy", "whole villages", "money short", "job before move"])
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
    for make in WORLDS.values():
        run(make(), seed=1, months=2)
    kernels = {
        id(kernel): (f"{kernel.__module__}.{kernel.__name__}", kernel)
        for name, module in list(sys.modules.items())
        if name.startswith(("simulation.rules", "simulation.steps", "simulation.month", "simulation.draws"))
        for kernel in vars(module).values()
        if isinstance(kernel, Dispatcher)
    }
    assert len(kernels) > 60
    many = {name: kernel.signatures for name, kernel in kernels.values() if len(kernel.signatures) > 1}
    assert many == {}
    assert [len(k.signatures) for name, k in kernels.values() if name == "simulation.month.advance"] == [1]


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
        environment = os.environ | {"ANJU_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
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
