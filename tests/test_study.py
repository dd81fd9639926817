import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from fakes import UNCERTAINTIES, but, fake_scenario

import scenarios
import simulation
from experiments.study import THREADS, WITHHELD, cpus, run_seed, run_study
from scenarios.errors import InputError
from simulation.outcomes import new_outcomes

ARRAYS = (
    "county", "mode", "klass", "income", "county_income", "site", "urban", "urban_income", "ledger", "why",
    "effect_income",
)  # fmt: skip


@pytest.fixture
def engine(monkeypatch):
    """An engine that answers with numbers made of its inputs and seed, and notes what it was asked."""
    asked = []

    def inputs(scenario, *, overrides=None, households=None):
        return SimpleNamespace(
            population=None,
            institutions=SimpleNamespace(villages=None),
            overrides=dict(overrides),
            scenario=scenario,
        )

    def run(given, *, seed):
        asked.append((dict(given.overrides), seed))
        time.sleep(0.001 * (seed % 5))  # runs end in another order than they began
        out = new_outcomes(
            months=given.scenario.months, counties=9, modes=4, villages=1, sites=len(given.scenario.sites)
        )
        rng = np.random.default_rng([seed, *(int(1e6 * abs(v)) for v in given.overrides.values())])
        for array in out:
            array[:] = rng.random(array.shape)
        return SimpleNamespace(outcomes=out)

    def stand_in(package, name, **content):
        module = SimpleNamespace(**content)
        monkeypatch.setitem(sys.modules, f"{package.__name__}.{name}", module)
        monkeypatch.setattr(package, name, module, raising=False)
        return module

    stand_in(simulation, "population", population_hash=lambda population, villages: "abc")
    return SimpleNamespace(
        asked=asked,
        assemble=stand_in(scenarios, "assemble", inputs=inputs),
        run=stand_in(simulation, "run", run=run),
    )


def scenario():
    return fake_scenario(window=6, months=8)


def test_shapes_and_order(engine):
    study = run_study(scenario(), points=4, replications=3, seed=5, threads=2)
    assert study.runs[:, :2].tolist() == [[p, r] for p in range(4) for r in range(3)]
    assert study.design.shape == (4, len(UNCERTAINTIES)) and study.county.shape[:3] == (12, 8, 9)
    assert study.effect_income.shape[0] == 4 and study.populations == ("abc",) * 4
    assert (study.points, study.replications, study.months) == (4, 3, 8)
    assert len(study.id) == 8 and len(study.model_hash) == 64


def test_threads_change_nothing(engine):
    one, three = (run_study(scenario(), points=5, replications=2, threads=t) for t in (1, 3))
    assert all((getattr(one, name) == getattr(three, name)).all() for name in ARRAYS)
    assert one.id == three.id


def test_a_replication_has_one_seed_at_all_points(engine):
    study = run_study(scenario(), points=3, replications=2, seed=9)
    assert [set(study.runs[study.runs[:, 1] == r, 2]) for r in (0, 1)] == [{run_seed(9, 0)}, {run_seed(9, 1)}]
    assert run_seed(9, 0) != run_seed(9, 1) != run_seed(8, 1) and 0 <= run_seed(9, 0) < 2**53


def test_grants_are_withheld_only_in_the_extra_run_of_a_point(engine):
    run_study(scenario(), points=3, replications=2, seed=9)
    withheld = [(o, s) for o, s in engine.asked if "withhold_share" in o]
    assert len(engine.asked) == 9 and len(withheld) == 3
    assert all(o["withhold_share"] == WITHHELD and s == run_seed(9, 0) for o, s in withheld)


def test_one_point_overrides_nothing(engine):
    study = run_study(scenario(), points=1, replications=1)
    assert (
        {} in [overrides for overrides, _ in engine.asked]
        and study.uncertainties == ()
        and study.design.shape == (1, 0)
    )


def test_the_users_own_households_have_a_known_size(engine):
    study = run_study(scenario(), points=3, replications=1, households=object())
    assert "pool_persons" not in study.uncertainties


def test_the_id_names_what_a_result_depends_on(engine):
    ids = {
        run_study(s, points=p, replications=r, seed=seed).id
        for s, p, r, seed in (
            (scenario(), 2, 1, 1), (scenario(), 2, 2, 1), (scenario(), 3, 1, 1), (scenario(), 2, 1, 2),
            (but(scenario(), resolved=lambda: {"other": 1}), 2, 1, 1),
        )
    }  # fmt: skip
    assert len(ids) == 5
    assert run_study(scenario(), points=2, replications=1).id in ids


def test_progress_reaches_the_total(engine):
    seen = []
    run_study(scenario(), points=3, replications=2, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (9, 9) and seen == sorted(seen)


def test_an_error_stops_the_study(engine):
    def fail(given, *, seed):
        engine.asked.append(0)
        raise RuntimeError("broken")

    engine.run.run = fail
    with pytest.raises(RuntimeError, match="broken"):
        run_study(scenario(), points=20, replications=2, threads=2)
    assert len(engine.asked) < 20 and not [t for t in threading.enumerate() if t.name.startswith(THREADS)]


def test_ctrl_c_stops_the_study(engine):
    def interrupt(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(scenario(), points=40, replications=2, threads=2, progress=interrupt)
    assert len(engine.asked) < 40


def test_a_point_that_cannot_be_built_is_bad_input(engine):
    def refuse(*_, **__):
        raise ValueError("policy parameters: home_lag_months: -1 is outside 0..60")

    engine.assemble.inputs = refuse
    with pytest.raises(InputError, match="home_lag_months"):
        run_study(scenario(), points=2, replications=1)


@pytest.mark.parametrize("wrong", [{"points": 0}, {"replications": 0}, {"threads": 0}, {"seed": -1}])
def test_impossible_numbers_are_refused(engine, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        run_study(scenario(), **{"points": 2, "replications": 1} | wrong)
    assert not engine.asked


def test_at_least_one_cpu():
    assert cpus() >= 1
