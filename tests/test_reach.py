"""Is a target within reach: what is asked, priors, intervals to a verdict, the map, what binds, and the command as a whole."""

import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sweeps import Stopped, Stops

import scenarios
from experiments import cli, priors
from experiments import question as ask
from experiments.executors.threads import Threads
from experiments.figures import reach as chart
from experiments.figures import style
from experiments.figures.text import Words
from experiments.job import Done
from experiments.priors import Uncertain
from experiments.reach import judge, relax, store, study
from experiments.reach import map as maps
from experiments.reach.text import binding_sentence, sentence, text, written
from experiments.store import Store, stores, verify
from experiments.wording import Page
from scenarios.errors import InputError

SMALL = {"pool_persons": "5000"}
FEW: Any = dict(priors=("uniform", "triangular"), budget=16, map_points=16)
pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture(scope="module")
def lishui():
    return scenarios.load("lishui", sets=SMALL)


# What is asked


def test_the_first_target_or_the_one_that_is_named(lishui):
    asked = ask.question(lishui, None, 0.9)
    assert (asked.target.id, asked.target.value, asked.own) == ("moved", 30000, True)
    assert asked.column == "target_moved" and asked.counts_persons and asked.sign == 1
    assert ask.question(lishui, "relocated", 0.9).target == asked.target
    gansu = scenarios.load("gansu")
    assert ask.question(gansu, "relocated", 0.9).target.id == "moved"
    assert ask.question(gansu, "occupied_2020", 0.9).target.metric == "occupancy_share"


@pytest.mark.parametrize(
    ("text", "value"), [("moved=25000", 25000), ("relocated = 1 wan_person", 10000), ("moved=30000", 30000)]
)
def test_another_number_may_be_asked_for(lishui, text, value):
    asked = ask.question(lishui, text, 0.9)
    assert asked.target.id == "moved" and asked.target.value == value and asked.own == (value == 30000)


@pytest.mark.parametrize(
    ("text", "probability", "said"),
    [
        ("move", 0.9, 'did you mean "moved"'),
        ("relocatd", 0.9, 'did you mean "relocated"'),
        ("moved=many", 0.9, "a number in persons expected"),
        ("moved=3 km", 0.9, "a number in persons expected"),
        ("moved=inf", 0.9, "a finite number"),
        (None, 0.5, "more than 0.5"),
        (None, 1.0, "less than 1"),
    ],
)
def test_what_cannot_be_asked(lishui, text, probability, said):
    with pytest.raises(InputError, match=said):
        ask.question(lishui, text, probability)


def test_a_scenario_without_such_a_target(lishui):
    with pytest.raises(InputError, match="has no target, so there is nothing to reach"):
        ask.question(dataclasses.replace(lishui, targets=()), None, 0.9)
    with pytest.raises(InputError, match="no target of yueyang counts persons moved"):
        ask.question(scenarios.load("yueyang"), "relocated", 0.9)


def test_reached_at_least_and_at_most(lishui):
    target = ask.question(lishui, "moved=10", 0.9).target
    values = np.array([9.0, 10.0, 11.0, np.nan])
    most = ask.Question(dataclasses.replace(target, at_least=False), 0.9, False)
    assert ask.Question(target, 0.9, False).reached(values).tolist() == [False, True, True, False]
    assert most.reached(values).tolist() == [True, True, False, False] and most.sign == -1


# Priors

PRICE = Uncertain("price", 3000.0, 1500.0, 7000.0, "log", 0.0, math.inf)
SHARE = Uncertain("share", 0.6, 0.3, 0.8, "linear", 0.0, 1.0)
GROWTH = Uncertain("growth", 0.0, -0.05, 0.04, "linear", -0.5, 0.5)
ALL = (PRICE, SHARE, GROWTH)


@pytest.mark.parametrize("x", ALL)
@pytest.mark.parametrize("prior", ["uniform", "triangular"])
def test_uniform_and_triangular_stay_in_the_range(prior, x):
    values = [priors.quantile(prior, x, u) for u in (1e-12, 0.1, 0.5, 0.9, 1.0 - 1e-12)]
    assert x.low <= values[0] < values[1] < values[2] < values[3] < values[4] <= x.high
    assert values[0] == pytest.approx(x.low, abs=1e-4 * (x.high - x.low))
    assert values[4] == pytest.approx(x.high, abs=1e-4 * (x.high - x.low))


def test_uniform_on_its_scale():
    assert priors.quantile("uniform", PRICE, 0.5) == pytest.approx(math.sqrt(1500 * 7000), rel=1e-11)
    assert priors.quantile("uniform", GROWTH, 0.25) == pytest.approx(-0.05 + 0.25 * 0.09, rel=1e-11)


def test_triangular_has_its_mode_at_the_central_value():
    below = (0.6 - 0.3) / (0.8 - 0.3)  # share of a triangle left of its mode
    assert priors.quantile("triangular", SHARE, below) == pytest.approx(0.6, rel=1e-11)
    grid = np.array([priors.quantile("triangular", SHARE, u) for u in np.linspace(0.005, 0.995, 199)])
    density = 1.0 / np.diff(grid)
    assert grid[int(density.argmax())] == pytest.approx(0.6, abs=0.01)
    logs = priors.quantile("triangular", PRICE, math.log(3000 / 1500) / math.log(7000 / 1500))
    assert logs == pytest.approx(3000.0, rel=1e-9)


@pytest.mark.parametrize("x", [PRICE, GROWTH])
def test_lognormal_has_the_range_as_its_5_to_95_percent(x):
    found = [priors.quantile("lognormal", x, u) for u in (0.05, 0.5, 0.95)]
    assert found == pytest.approx([x.low, x.central, x.high], rel=1e-7, abs=1e-9)


def test_lognormal_is_truncated_to_what_is_legal_not_piled_up_there():
    tight = Uncertain("tight", 0.9, 0.8, 0.99, "linear", 0.0, 1.0)  # a good part of it would lie above 1
    values = np.array([priors.quantile("lognormal", tight, u) for u in np.linspace(0.0005, 0.9995, 1000)])
    assert values.max() <= 1.0 and np.all(np.diff(values) > 0.0)
    # truncation divides by the share that is legal: the median of what is left lies below the central value
    assert 0.8 < np.median(values) < 0.9 and (values < 1.0).mean() > 0.999


def test_a_future_does_not_depend_on_how_many_are_run_or_on_the_prior():
    few, many = (priors.futures("triangular", ALL, 7, n) for n in (3, 50))
    assert (few == many[:3]).all()
    alone = priors.futures("triangular", (GROWTH,), 7, 50)
    assert (alone[:, 0] == many[:, 2]).all()  # nor on what else is uncertain
    ranks = [np.argsort(priors.futures(prior, ALL, 7, 50), axis=0) for prior in priors.PRIORS]
    assert (ranks[0] == ranks[1]).all() and (ranks[0] == ranks[2]).all()  # the same luck under each prior
    assert (priors.futures("uniform", ALL, 8, 50) != priors.futures("uniform", ALL, 7, 50)).all()


def test_futures_are_even_draws():
    n = 4000
    unit = np.array([[priors.luck(1, k, name) for name in ("a", "b")] for k in range(n)])
    assert unit.min() > 0.0 and unit.max() < 1.0
    steps = np.sort(unit, axis=0) - (np.arange(n)[:, None] + 0.5) / n
    assert np.abs(steps).max() < 1.63 / n**0.5  # Kolmogorov-Smirnov, 1 %
    assert abs(np.corrcoef(unit.T)[0, 1]) < 3.0 / n**0.5


def test_values_have_twelve_digits_and_known_bits():
    values = priors.futures("lognormal", ALL, 1, 20)
    assert all(float(f"{v:.12g}") == v for v in values.ravel())
    assert priors.luck(1, 0, "price") == 0.05199545104262515


def test_levers_are_never_among_the_uncertain(lishui):
    names = {x.name for x in priors.uncertain(lishui)}
    assert names and not names & {entry.name for entry in lishui.levers()}
    assert "b_income" not in {x.name for x in priors.uncertain(lishui, without=("b_income",))}


def test_priors_are_named():
    assert priors.named("uniform, lognormal,uniform") == ("uniform", "lognormal")
    with pytest.raises(InputError, match='did you mean "triangular"'):
        priors.named("triangle")
    with pytest.raises(InputError, match="at least one"):
        priors.named(" , ")


# Verdict


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (0.9, 1.0, "reached"), (0.0, 0.1, "not reached"), (0.11, 0.89, "between"), (0.4, 0.5, "between"),
        (0.85, 0.95, None), (0.05, 0.15, None), (0.0, 1.0, None), (0.11, 0.9, None),
    ],
)  # fmt: skip
def test_zones(low, high, found):
    assert judge.zone(low, high, 0.9) == found


def share(hits, n, prior="uniform", probability=0.9):
    reached = np.zeros(n, bool)
    reached[np.linspace(0, n - 1, hits).round().astype(int)] = True
    assert reached.sum() == hits
    return judge.share_of(prior, reached, 0, probability)


def test_a_share_with_its_interval_and_what_it_lacks():
    sure, open_ = share(200, 200), share(186, 200)
    assert sure.zone == "reached" and sure.more == 0.0 and sure.low > 0.9
    assert open_.zone is None and open_.low < 0.9 < open_.high
    longer = share(round(0.93 * (200 + int(open_.more))), 200 + int(open_.more))
    assert longer.zone == "reached" and open_.more > 100
    assert share(0, 100).zone == "not reached" and share(50, 100).zone == "between"
    assert judge.share_of("uniform", np.zeros(0, bool), 4, 0.9).zone is None


def test_every_prior_must_agree():
    yes, no, middle, open_ = share(200, 200), share(0, 200), share(100, 200), share(186, 200)
    assert judge.rule([yes, yes]) == judge.Ruling("reached")
    assert judge.rule([no, no, no]) == judge.Ruling("not reached")
    more = judge.rule([yes, open_, open_])
    assert more.kind == "more runs" and more.more == pytest.approx(2.0 * open_.more)
    assert judge.rule([yes, middle], ["price"]) == judge.Ruling("depends", on=("prior",))
    assert judge.rule([yes, no], ["price"]) == judge.Ruling("depends", on=("prior",))
    assert judge.rule([middle, middle], ["price", "pool"]) == judge.Ruling("depends", on=("price", "pool"))
    assert judge.rule([middle], ["price"], 0.6) == judge.Ruling("depends", on=("chance",))
    assert judge.rule([middle], [], 0.1) == judge.Ruling("depends")


def test_more_runs_are_not_asked_for_where_they_cannot_help():
    middle, open_, yes, no = share(100, 200), share(186, 200), share(200, 200), share(0, 200)
    assert judge.settled([middle, open_]) and judge.rule([middle, open_], ["x"]).kind == "depends"
    assert judge.settled([yes, no, open_]) and judge.rule([yes, no, open_]).on == ("prior",)
    assert not judge.settled([yes, open_]) and not judge.settled([open_])
    assert judge.settled([yes, yes])


def test_a_share_at_the_border_is_never_told_apart():
    at = share(180, 200)
    assert at.zone is None and math.isinf(at.more) and judge.rule([at]).more == math.inf


# What stands in the way


def test_families_that_exist_are_eased(lishui):
    eased = {easing.family: easing for easing in relax.easings(lishui, ["attachment_mean"])}
    assert set(eased) == {"pool", "willingness", "subsidy", "money", "homes", "jobs"}
    assert eased["pool"].scenario.values["pool_persons"].value == 6000.0
    money = eased["money"]
    assert money.scenario.values["budget_county_yuan_per_year"].value == 1.2 * 180e6
    assert money.scenario.values["jobs_budget_yuan_per_year"].value == 60e6
    assert "budget_central_yuan_per_year" not in money.names  # nothing of it here
    futures = np.array([[1.0, -20.0], [2.0, 0.25]])
    moved = eased["willingness"].applied(["b_income", "attachment_mean"], futures)
    assert moved.tolist() == [[1.0, -20.0], [2.0, -0.25]]  # never below what is legal
    assert eased["willingness"].scenario.values == lishui.values
    assert "pool" not in {e.family for e in relax.easings(lishui, [], known=["pool_persons"])}


def test_dated_numbers_and_those_of_a_county_are_eased_too():
    gansu = scenarios.load("gansu")
    money = next(e for e in relax.easings(gansu, []) if e.family == "money")
    assert "tianzhu.budget_central_yuan_per_year" in money.names
    before, after = (s.values["budget_central_yuan_per_year"].value for s in (gansu, money.scenario))
    assert [v for _, v in after] == pytest.approx([1.2 * v for _, v in before])
    own = [next(c for c in s.counties if c.id == "tianzhu").own for s in (gansu, money.scenario)]
    name = "budget_central_yuan_per_year"
    old, new = (entries[name].at(0) for entries in own)
    assert new == pytest.approx(1.2 * old) and old > 0
    zero = scenarios.load("lishui/zero")
    assert {e.family for e in relax.easings(zero, [])} <= {"pool", "willingness", "subsidy"}


def eased(family):
    return relax.Easing(family, (family,), None, {})


def test_what_binds_is_what_adds_most_and_surely():
    g = np.random.default_rng(1)
    base = g.normal(0.0, 500.0, 30)
    gained = {
        "homes": 100.0 + g.normal(0, 20, 30),
        "jobs": g.normal(0, 20, 30),
        "money": 200.0 + g.normal(0, 900, 30),
    }
    gains = [
        relax.gain(eased(f), base + more, base, base + more > 0, base > 0, sign=1, families=3)
        for f, more in gained.items()
    ]
    homes, jobs, money = gains
    assert homes.low < 100.0 < homes.high and homes.low > 0.0 and jobs.low < 0.0 < jobs.high
    assert money.low < 0.0 and homes.pairs == 30 and homes.before == (base > 0).sum()
    found = relax.binding(gains, gained)
    assert found.family == "homes" and not found.clear  # money may be worth more
    assert relax.binding(gains[:2], {f: gained[f] for f in ("homes", "jobs")}) == relax.Binding("homes", True)
    assert relax.binding([jobs], gained) == relax.Binding(None, False)


def test_where_less_is_better_a_gain_is_a_fall():
    base, less = np.full(10, 5.0), np.full(10, 3.0) - 0.1 * np.arange(10)
    found = relax.gain(eased("jobs"), less, base, less < 4, base < 4, sign=-1, families=1)
    assert found.value == pytest.approx(2.45) and found.low > 0 and (found.before, found.reached) == (0, 10)
    undefined = relax.gain(eased("jobs"), less * np.nan, base, less < 4, base < 4, sign=-1, families=1)
    assert undefined.pairs == 0 and math.isnan(undefined.value)
    assert relax.binding([undefined], {"jobs": less * np.nan}).family is None


def test_intervals_of_all_families_hold_together():
    g = np.random.default_rng(2)
    false = 0
    for _ in range(400):
        gains = [
            relax.gain(
                eased(f"f{k}"),
                g.normal(size=20),
                np.zeros(20),
                np.zeros(20),
                np.zeros(20),
                sign=1,
                families=6,
            )
            for k in range(6)
        ]
        false += any(gain.low > 0.0 or gain.high < 0.0 for gain in gains)
    assert false / 400 < 0.08


# The map

X, Y = Uncertain("x", 40.0, 0.0, 100.0, "linear"), Uncertain("y", 10.0, 1.0, 100.0, "log")


def asking(at_least=True):
    return ask.Question(SimpleNamespace(value=500.0, at_least=at_least), 0.9, True)


def plane(n=128, noise=20.0, bend=None, seed=3):
    """A count that rises with x and with log y, and runs of it."""
    g = np.random.default_rng(seed)
    unit = (np.arange(1, n + 1)[:, None] * np.array([0.7548776662466927, 0.5698402909980532])) % 1.0
    values = np.column_stack([100.0 * unit[:, 0], 100.0 ** unit[:, 1]])

    def mean(x, y):
        count = 200.0 + 4.0 * x + 200.0 * (np.log10(y) - 1.0)
        return count if bend is None else np.minimum(count, bend)

    centre = maps.centre(mean(40.0, 10.0) + g.normal(0, noise, 20), asking())
    return values, mean(*values.T) + g.normal(0, noise, n), centre, mean


def test_the_map_of_a_known_count():
    values, outcomes, centre, _ = plane()
    found = maps.map_of([X, Y], values, outcomes, centre, asking())
    assert found.probability.shape == (maps.CELLS, maps.CELLS) and not found.bent
    # P = 1/2 where 200 + 4 x + 200 (log10 y - 1) = 500: at y = 10, x = 75; at x = 40, log10 y = 1.7
    tips = {tip.name: tip for tip in found.tips}
    assert tips["x"].reached == "above" and tips["x"].values[0] == pytest.approx(75.0, abs=2.0)
    assert tips["y"].reached == "above" and tips["y"].values[0] == pytest.approx(10**1.7, rel=0.08)
    assert tips["x"].low < 75.0 < tips["x"].high
    assert found.central < 0.01 and found.central_high < 0.05
    assert found.error == pytest.approx(20.0, rel=0.4) and found.noise == pytest.approx(20.0, rel=0.4)
    cell = found.probability[30, 45]  # y = 10, x = 75
    assert cell == pytest.approx(0.5, abs=0.15)
    right = found.probability[30, 48]  # x = 80, one standard deviation above
    assert right == pytest.approx(0.841, abs=0.12)


def test_the_map_of_a_count_that_runs_into_a_bottleneck():
    values, outcomes, centre, mean = plane(noise=5.0, bend=450.0)
    found = maps.map_of([X, Y], values, outcomes, centre, asking())
    assert found.bent and {tip.reached for tip in found.tips} == {"never"}
    grid = np.meshgrid(*found.grid)
    inside = (slice(5, -5), slice(5, -5))
    assert np.sqrt(np.mean((found.mean - mean(*grid))[inside] ** 2)) < 10.0
    straight, bent = (maps.map_of([X, Y], values, outcomes, centre, asking(not up)) for up in (False, True))
    assert straight.probability == pytest.approx(1.0 - bent.probability, abs=1e-9)


def test_one_axis_failed_runs_and_too_few():
    values, outcomes, centre, _ = plane()
    line = 200.0 + 4.0 * values[:, 0]
    line[3] = np.nan
    found = maps.map_of([X], values[:, :1], line, centre, asking())
    assert found.probability.shape == (maps.CELLS,) and found.tips[0].values[0] == pytest.approx(
        75.0, abs=0.2
    )
    assert maps.map_of([X, Y], values[:5], outcomes[:5], centre, asking()) is None
    assert maps.map_of([X, Y], values, outcomes, None, asking()) is None
    flat = maps.map_of(
        [X, Y], values, np.full(len(values), 600.0), dataclasses.replace(centre, mean=600.0), asking()
    )
    assert flat.central == 1.0 and {tip.reached for tip in flat.tips} == {"always"}


@pytest.mark.parametrize(
    ("over", "kind"),
    [
        ("1100", "below"),
        ("0011", "above"),
        ("0110", "between"),
        ("1001", "outside"),
        ("11", "always"),
        ("00", "never"),
    ],
)
def test_on_which_side_it_tips(over, kind):
    assert maps.tip_kind([c == "1" for c in over]) == kind


# All of it, in a small world


@pytest.fixture(scope="module")
def plan(lishui):
    with pytest.MonkeyPatch.context() as patch:
        fewer(patch)
        yield study.plan_of(lishui, ask.question(lishui, "moved=2400", 0.9), **FEW)


def fewer(patch):
    for name, value in dict(FEWEST=8, BATCH=4, CENTRE=6, PAIRS=6).items():
        patch.setattr(study, name, value)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def found(plan, out):
    with Threads(2) as works:
        return study.run_reach(plan, store.runs_folder(plan, out), works, request={"name": "lishui"})


@pytest.fixture(scope="module")
def folder(found, out):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return store.write(found, out, formats=("png",), request={"name": "lishui"})


def bytes_of(folder):
    """All of an answer but what the manifest says of machine and time."""
    kept = {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }
    manifest = json.loads(kept.pop("manifest.json"))
    manifest.pop("provenance")
    return kept, manifest


def ids(plan, out):
    return {path.name: len(Store.open(path).done()) for path in stores(store.runs_folder(plan, out))}


def test_the_answer_agrees_with_the_runs(found, plan, out):
    runs = store.runs_folder(plan, out)
    with Store.open(runs / "uniform") as kept:
        rows = kept.table(["point", "target_moved", "earlier_movers_share", "seed"])
    outcomes, uniform = rows["target_moved"].to_numpy(), found.shares[0]
    used = outcomes[: uniform.runs]
    assert uniform.hits == (used >= 2400).sum() and uniform.failed == 0
    assert len(set(rows["seed"].to_pylist())) == len(rows)  # every future has luck of its own
    values = priors.futures("uniform", plan.uncertain, 1, len(rows))
    assert (
        rows["earlier_movers_share"].to_numpy().tolist()
        == values[:, plan.names.index("earlier_movers_share")].tolist()
    )
    with Store.open(runs / "triangular") as other:
        assert other.table(["seed"])["seed"].to_pylist()[:8] == rows["seed"].to_pylist()[:8]  # the same luck
    assert found.ruling == judge.rule(found.shares, study._on(found.drivers), found.noise_share)


def test_gains_are_paired_under_the_same_luck(found, plan, out):
    runs = store.runs_folder(plan, out)
    columns = ["point", "seed", "target_moved"]
    with Store.open(runs / "uniform") as base, Store.open(runs / "eased-pool") as eased:
        before, after = base.table(columns).slice(0, 6), eased.table(columns)
    assert before["seed"].to_pylist() == after["seed"].to_pylist()
    gain = next(g for g in found.gains if g.family == "pool")
    more = after["target_moved"].to_numpy() - before["target_moved"].to_numpy()
    assert gain.value == pytest.approx(more.mean()) and gain.value > 300 and gain.low > 0


def test_the_folder(folder, found):
    names = {p.name for p in folder.iterdir()}
    assert names == {
        ".anju",
        "answer.json",
        "answer.en.txt",
        "answer.zh.txt",
        "manifest.json",
        "scenario.json",
        "tables",
        "figures",
    }
    assert folder.name == "moved-2400-0.9" and folder.parent.name == f"lishui-reach-{found.plan.id}"
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    assert answer["verdict"] == found.ruling.kind and answer["target"]["value"] == 2400
    assert [s["share"] for s in answer["shares"]] == [s.share for s in found.shares]
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert (folder / manifest["stores"]["uniform"] / "manifest.json").is_file()
    assert {p.name for p in (folder / "figures").iterdir()} == {"reach.csv", "reach.en.png", "reach.zh.png"}


def test_stores_are_sound(found, plan, out):
    for path in stores(store.runs_folder(plan, out)):
        assert verify(path) == []


def test_the_text_says_the_verdict_first_and_what_it_does_not_mean(found):
    for lang, share_word in (("en", "is not a probability"), ("zh", "未来情形占比不是概率")):
        said = text(found, lang)
        first = "".join(said.split("\n\n")[0].split())
        assert first == "".join(sentence(found, lang).split())
        assert share_word in "".join(said.replace("\n    ", " " if lang == "en" else "").split("\0"))
        assert binding_sentence(found, Page(lang, banded=True)).split()[0] in said
    assert "(asked: 2,400 instead)" in sentence(found, "en") and "（改问2,400）" in sentence(found, "zh")


def test_another_number_is_answered_from_the_same_runs(found, plan, out):
    before = ids(plan, out)
    target = dataclasses.replace(plan.question.target, value=1.0)
    easy = dataclasses.replace(plan, question=ask.Question(target, 0.9, False))
    with Threads(2) as works:
        again = study.run_reach(easy, store.runs_folder(easy, out), works)
    assert easy.id == plan.id and again.shares[0].hits == again.shares[0].runs == 16
    after = ids(plan, out)
    assert {
        k: v for k, v in after.items() if k in before and not k.startswith(("uniform", "triangular"))
    } == {k: v for k, v in before.items() if not k.startswith(("uniform", "triangular"))}
    assert after["uniform"] == 16  # 16 of 16 do not settle 90 %, so the budget is spent
    assert again.ruling.kind == "more runs" and "about" in sentence(again, "en")


def test_what_was_stopped_goes_on_and_ends_the_same(found, folder, plan, tmp_path):
    rounds = 0
    while True:
        rounds += 1
        try:
            with Stops(30) as works:
                again = study.run_reach(
                    plan, store.runs_folder(plan, tmp_path), works, request={"name": "lishui"}
                )
            break
        except Stopped:
            assert not store.answer_folder(plan, tmp_path).exists()
    assert rounds == math.ceil(sum(found.runs.values()) / 30)  # nothing finished was run again
    assert again.runs == found.runs
    written = store.write(again, tmp_path, formats=("png",), request={"name": "lishui"})
    assert bytes_of(written) == bytes_of(folder)


def test_charts_of_all_kinds_of_answers(found, tmp_path):
    one = dataclasses.replace(found.map, axes=found.map.axes[:1], grid=found.map.grid[:1], probability=found.map.probability[0],
                              mean=found.map.mean[0], points=found.map.points[:, :1], tips=found.map.tips[:1])  # fmt: skip
    kinds = [found, dataclasses.replace(found, map=one), dataclasses.replace(found, map=None, gains=())]
    for k, answer in enumerate(kinds):
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a missing letter among them
            paths = chart.draw_all(answer, tmp_path / str(k), langs=("zh", "en"), formats=("svg",))
        assert len(paths) == 3
        first = [path.read_bytes() for path in paths]
        again = chart.draw_all(answer, tmp_path / "again", langs=("zh", "en"), formats=("svg",))
        assert [path.read_bytes() for path in again] == first
    with style.session():
        sheet = chart.draw(found, Words("en"))
    assert sheet.title == sentence(found, "en").rstrip(".")


@pytest.mark.parametrize(
    ("low", "high", "scale", "most", "found"),
    [
        (1500, 7000, "log", 6, [1500, 2000, 3000, 4000, 5000, 7000]), (12, 80, "linear", 7, [20, 30, 40, 50, 60, 70, 80]),
        (40000, 200000, "log", 5, [50000, 100000, 200000]), (-0.05, 0.04, "linear", 5, [-0.04, -0.02, 0.0, 0.02, 0.04]),
    ],
)  # fmt: skip
def test_round_ticks(low, high, scale, most, found):
    assert chart.round_values(low, high, scale, most) == pytest.approx(found)


def test_nothing_uncertain_is_chance_alone(lishui, tmp_path, monkeypatch):
    fewer(monkeypatch)
    certain = dataclasses.replace(
        lishui,
        values={
            n: dataclasses.replace(e, range=None if e.kind != "lever" else e.range)
            for n, e in lishui.values.items()
        },
    )
    plan = study.plan_of(certain, ask.question(certain, "moved=2300", 0.9), budget=8)
    assert plan.priors == ("none",) and not plan.uncertain
    with Threads(2) as works:
        found = study.run_reach(plan, store.runs_folder(plan, tmp_path), works)
    assert found.map is None and len(found.shares) == 1 and found.drivers is None
    assert "chance alone" in text(found, "en") and "仅随机波动" in text(found, "zh")
    store.write(found, tmp_path, formats=("png",))


def test_runs_that_fail_count_neither_way(lishui, tmp_path, monkeypatch):
    fewer(monkeypatch)
    plan = study.plan_of(lishui, ask.question(lishui, "moved=2300", 0.9), **FEW)
    run = type(plan.job).run

    def fails(self, task):
        return run(self, task) if task.point % 3 else Done(task, None, "ValueError: by design")

    monkeypatch.setattr(type(plan.job), "run", fails)
    with Threads(2) as works:
        found = study.run_reach(plan, store.runs_folder(plan, tmp_path), works)
    assert found.shares[0].failed >= 3 and set(found.errors) == {"ValueError: by design"}
    assert "failed and count neither way: ValueError: by design" in text(found, "en")
    assert all(gain.pairs == 4 for gain in found.gains)  # two of six futures have no pair
    monkeypatch.setattr(type(plan.job), "run", lambda self, task: Done(task, None, "ValueError: always"))
    with Threads(2) as works, pytest.raises(InputError, match="every run failed: ValueError: always"):
        study.run_reach(plan, store.runs_folder(plan, tmp_path / "all"), works)


# The command

ARGS = (
    "lishui",
    "--set",
    "pool_persons=5000",
    "--prior",
    "uniform",
    "--runs",
    "6",
    "--map-points",
    "8",
    "--no-figures",
)


def test_the_command(tmp_path, capsys, monkeypatch):
    fewer(monkeypatch)
    args = ["reach", *ARGS, "--out", str(tmp_path), "--threads", "2", "--target", "relocated=2300"]
    assert cli.main([*args, "--json", "--fail-unless-reached"]) in (cli.DONE, cli.NOT_REACHED)
    answer = json.loads(capsys.readouterr().out)
    assert answer["target"]["value"] == 2300 and answer["shares"][0]["runs"] == 6
    assert (cli.main([*args, "--lang", "both", "-q", "--fail-unless-reached"]) == cli.DONE) == (
        answer["verdict"] == "reached"
    )
    said = capsys.readouterr().out
    assert "asked: 2,300 instead" in said and "改问2,300" in said


def test_never_reached_exits_with_three_when_asked_to(tmp_path, capsys, monkeypatch):
    fewer(monkeypatch)
    monkeypatch.setattr(study, "FEWEST", 30)
    args = [
        "reach",
        *ARGS,
        "--runs",
        "30",
        "--probability",
        "0.8",
        "--out",
        str(tmp_path),
        "-q",
        "--lang",
        "en",
    ]
    assert cli.main([*args, "--target", "moved=1e6", "--fail-unless-reached"]) == cli.NOT_REACHED
    said = " ".join(capsys.readouterr().out.split())
    assert "not reached. At most 20 % of futures reach it (0 % of those run)." in said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--target", "mooved"], 'did you mean "moved"'),
        (["--prior", "unifrom"], 'did you mean "uniform"'),
        (["--map", "b_incom"], "b_income"),
        (["--map", "subsidy_yuan_per_person"], "is a lever"),
        (["--map", "b_income,b_cash,b_peers"], "one or two uncertainties"),
        (["--map", "wage_return_to_schooling"], "is not uncertain here"),
        (["--probability", "0.4"], "more than 0.5"),
        (["--formats", "gif"], "'gif' unknown"),
    ],
)
def test_bad_input_is_one_message_and_nothing_is_written(args, said, tmp_path, capsys):
    assert cli.main(["reach", "lishui", "--out", str(tmp_path / "out"), *args]) == cli.BAD_INPUT
    assert said in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_dry_run_counts_and_keeps_nothing(tmp_path, capsys):
    assert cli.main(["reach", *ARGS, "--out", str(tmp_path / "out"), "--dry-run", "--json"]) == cli.DONE
    told = json.loads(capsys.readouterr().out)
    assert told["least"] == told["most"] == 6 + 8 + study.CENTRE + 6 * 6 and told["there"] == 0
    assert not (tmp_path / "out").exists()
    assert (
        cli.main(["reach", *ARGS, "--out", str(tmp_path / "out"), "--dry-run", "--lang", "both"]) == cli.DONE
    )
    said = capsys.readouterr().out
    assert "runs, 0 are there already" in said and "次模拟" in said


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_kill_minus_nine_and_the_same_command_again(tmp_path):
    args = [
        sys.executable,
        "-m",
        "experiments",
        "reach",
        *ARGS,
        "--out",
        str(tmp_path),
        "--target",
        "moved=2300",
        "-q",
        "--lang",
        "en",
    ]
    process = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def written():
        journals = [path for path in tmp_path.rglob("journal.jsonl") if path.stat().st_size]
        return journals + [path for path in tmp_path.rglob("*.parquet") if path.name != "design.parquet"]

    while process.poll() is None and len(written()) < 2:
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    assert process.poll() is None, process.stderr.read().decode()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert cli.main(args[3:]) == cli.DONE
    clean = [str(tmp_path / "clean") if arg == str(tmp_path) else arg for arg in args[3:]]
    assert cli.main(clean) == cli.DONE
    (stopped,), (whole,) = (tuple(p.glob("lishui-reach-*/moved-*")) for p in (tmp_path, tmp_path / "clean"))
    assert (stopped / "answer.json").read_bytes() == (whole / "answer.json").read_bytes()


def test_numbers_below_zero_have_a_minus_sign():
    said = [
        written(x, unit, lang)
        for x, unit in ((-0.0477, "1/year"), (-12345.0, "yuan"))
        for lang in ("en", "zh")
    ]
    assert said == ["−4.77 %/year", "−4.77%/年", "−12,300 yuan", "−1.23万元"]
