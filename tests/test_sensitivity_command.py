"""`anju sensitivity`: the study, what it leaves, what a stored sweep says, words and chart, and what is refused."""

import csv
import dataclasses
import hashlib
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import sweeps
import typer

import scenarios
from experiments import cli, design, given
from experiments import reproduce as again
from experiments.executors.threads import Threads
from experiments.figures import sensitivity as chart
from experiments.figures import style
from experiments.figures.text import Words
from experiments.job import Done, ScenarioJob
from experiments.sensitivity import Estimate, Result, analysis, store, stored, study
from experiments.sensitivity import asked as asking
from experiments.sensitivity import plan as plans
from experiments.sensitivity.said import noise_sentence, sentence
from experiments.sensitivity.text import text
from experiments.store import Store, stores, verify
from scenarios.errors import InputError
from scenarios.reader import family

VARIED = ("b_income=0..1", "attachment_mean=0..1", "reluctant_share=0..1")
NAMES = ("b_income", "attachment_mean", "reluctant_share")
WEIGHTS = np.array([3.0, -2.0, 0.0])  # of a sum of uniform inputs: shares 9/13, 4/13 and nothing
NOISE = 0.3

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Path:
    return sweeps.town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def scenario(town):
    return scenarios.load(str(town))


class Sum(ScenarioJob):
    """Runs whose numbers are a weighted sum of the inputs, plus normal noise that follows from the seed."""

    def run(self, task):
        values = dict(task.values)
        middle = {entry.name: entry.value for entry in self.scenario.entries()}
        x = np.array([values.get(name, middle[name]) for name in NAMES])
        y = 10.0 + WEIGHTS @ x + np.random.default_rng(task.seed).normal(0.0, NOISE)
        return Done(task, np.full(len(self.columns), y), "")


@pytest.fixture
def sums(monkeypatch):
    """Let studies do such runs."""
    monkeypatch.setattr(plans, "ScenarioJob", Sum)


def asked(scenario, **options):
    return asking.quantity(scenario, asking.columns(scenario), **options)


def plan(scenario, quantity=None, **options):
    return plans.plan_of(scenario, quantity or asked(scenario), texts=options.pop("texts", VARIED), **options)


def run(made, out, executor=None):
    with executor or Threads(2) as works:
        return study.run_sensitivity(made, store.runs_folder(made, out), works)


def values_of(result: Result, measure: str) -> dict[str, float]:
    return {name: e.value for name, e in zip(result.names, result.measures[measure], strict=True)}


def anju(*args: object) -> int:
    return cli.main([str(arg) for arg in args])


# What is asked


def test_the_mean_of_the_first_targets_number_unless_something_else_is_asked(scenario):
    first = scenario.targets[0]
    assert (asked(scenario).column, asked(scenario).statistic) == (f"target_{first.id}", "mean")
    reaching = asked(scenario, target=f"{first.id}=25")
    assert (reaching.statistic, reaching.threshold, reaching.own) == ("probability", 25.0, False)
    assert asked(scenario, target=first.id, of="sd").threshold is None
    cost = asked(scenario, outcome="cost", of="p90")
    assert (cost.column, cost.unit, cost.target) == ("cost", "yuan", None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"outcome": "costt"}, 'did you mean "cost"'),
        ({"target": "move"}, 'did you mean "moved"'),
        ({"outcome": "cost", "target": "moved"}, "give one of them"),
        ({"of": "meen"}, 'did you mean "mean"'),
        ({"outcome": "cost", "of": "probability"}, "nothing says what cost is to reach"),
        ({"target": "moved=5", "of": "mean"}, "changes nothing in --of mean"),
    ],
)
def test_what_cannot_be_asked(scenario, options, said):
    with pytest.raises(InputError) as error:
        asked(scenario, **options)
    assert said in str(error.value)


def test_lishui_with_twelve_inputs_and_a_dummy_is_7680_runs():
    lishui = scenarios.load("lishui")
    names = [entry.name for entry in lishui.uncertainties()][:12]
    made = plans.plan_of(lishui, asked(lishui), texts=names, points=256, replications=2)
    assert made.expected == len(made.design().values) * 2 == 7680
    screened = plans.plan_of(lishui, asked(lishui), screen=12, points=256)
    inputs = len(lishui.uncertainties()) + 1
    assert screened.expected == 7680 + 2 * plans.SCREENED * (inputs + 1)


def test_families_are_groups_swapped_together():
    lishui = scenarios.load("lishui")
    made = plans.plan_of(lishui, asked(lishui), groups=["families"], points=16)
    assert made.groups is not None
    of = {entry.name: entry.family for entry in lishui.entries()}
    for group, members in made.groups.items():
        assert all(of[name] == group for name in members)
    assert sum(map(len, made.groups.values())) == len(lishui.uncertainties())
    table = made.design()
    assert len(table.values) == 16 * (len(made.groups) + 1 + 2)  # a dummy, A and B
    block = table.values[: len(made.groups) + 3]
    for k, (_, members) in enumerate(table.options["groups"].items(), 1):
        changed = {name for name, a, b in zip(table.names, block[0], block[k], strict=True) if a != b}
        assert changed == set(members)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "sobal"}, 'did you mean "sobol"'),
        ({"method": "morris", "groups": ["families"]}, "--groups: goes with --method sobol"),
        ({"method": "rank", "second_order": True}, "--second-order: goes with --method sobol"),
        ({"groups": ["families"], "screen": 2}, "--groups and --screen: give one of them"),
        ({"groups": ["a"]}, "NAME=A,B expected"),
        ({"groups": ["a=b_incom"]}, "b_income"),
        ({"groups": ["a=b_cash"]}, "b_cash does not vary here"),
        ({"groups": ["a=b_income", "b=b_income"]}, "b_income is in a already"),
        ({"groups": ["families", "b=b_income"]}, "takes all inputs"),
        ({"screen": 3}, "--screen 3: 1 to 2 of 3 inputs expected"),
        ({"points": 48}, "--points 48: Sobol' indices take a power of 2 of base points, such as 32 or 64"),
        ({"points": 4}, "at least"),
        ({"method": "fast", "points": 128}, "fast takes at least 193 points a curve for 4 inputs"),
        (
            {"method": "rank", "points": 8},
            "rank takes at least 40, better 64, a power of 2; leave --points out for 256",
        ),
        ({"method": "morris", "points": 2}, "at least"),
        (
            {"method": "hdmr", "points": 256},
            "hdmr takes at least 300, better 512, a power of 2; leave --points out for 512",
        ),
        ({"method": "delta", "points": 64}, "delta takes at least 100, better 128"),
        ({"texts": ["b_incom"]}, "b_income"),
        ({"replications": 0}, "at least 1"),
    ],
)
def test_impossible_studies_are_refused_before_any_run(scenario, options, said):
    with pytest.raises(ValueError) as error:
        plan(scenario, **options)
    assert said in str(error.value)


def test_too_few_replications_for_what_is_asked_are_refused_before_any_run(scenario):
    with pytest.raises(InputError, match="2 replications; at least"):
        plan(scenario, asked(scenario, of="p10"), replications=2)
    assert plan(scenario, asked(scenario, of="p10"), points=16).replications == plans.REPLICATIONS["p10"]


# The study


def test_a_sum_is_shared_out_as_it_must_be(scenario, sums, tmp_path):
    found = run(plan(scenario, points=256), tmp_path)
    first, total = (values_of(found.result, measure) for measure in ("first", "total"))
    assert first["b_income"] == pytest.approx(9 / 13, abs=0.06) == total["b_income"]
    assert first["attachment_mean"] == pytest.approx(4 / 13, abs=0.06) == total["attachment_mean"]
    for name in ("reluctant_share", "dummy"):  # neither is seen by the runs
        e = found.result.measures["total"][found.result.names.index(name)]
        assert e.low <= 0.0 <= e.high and abs(e.value) < 0.03
    spread = 13 / 12
    assert found.result.noise is not None
    assert found.result.noise.value == pytest.approx(NOISE**2 / (spread + NOISE**2), abs=0.02)
    assert {name: d.sign for name, d in found.directions.items()} == {
        "b_income": 1, "attachment_mean": -1, "reluctant_share": 0
    }  # fmt: skip
    names = [found.result.names[k] for k in found.ranking]
    assert names[:2] == ["b_income", "attachment_mean"] and names[-1] == "dummy"
    assert [analysis.above(found.result, k) for k in found.ranking] == [True, True, False, False]


def test_a_dummy_is_a_run_of_its_own_that_the_model_does_not_see(scenario, tmp_path):
    job = ScenarioJob(scenario)
    task = job.task(0, 0, 1, {"b_income": 0.7, design.DUMMY: 0.3})
    assert task == job.task(0, 0, 1, {"b_income": 0.7})
    made = plan(scenario, points=16)
    sweep = plans.Sweep(made.job, made.design(), 2, 1, fresh=True)
    tasks = list(sweep.tasks())
    assert len({task.id for task in tasks}) == len(tasks) == 16 * (4 + 2) * 2
    width = len(made.design().names)
    base, dummy = tasks[0], tasks[2 * width]  # A, and A with the dummy of B
    assert base.values == dummy.values and base.seed != dummy.seed
    assert design.DUMMY not in dict(dummy.values)


def test_more_points_and_replications_use_the_runs_there_are(scenario, sums, tmp_path):
    small = plan(scenario, points=16)
    run(small, tmp_path)
    (path,) = stores(store.runs_folder(small, tmp_path))
    with Store.open(path) as there:
        before = set(there.done().tolist())
    more = plan(scenario, points=32, replications=3)
    assert (more.id, more.store_name(more.design())) == (small.id, small.store_name(small.design()))
    found = run(more, tmp_path)
    with Store.open(path) as there:
        after = set(there.done().tolist())
    assert before < after and len(after) == found.y.size == 32 * 6 * 3
    fresh = run(more, tmp_path / "fresh")
    assert np.array_equal(found.y, fresh.y) and found.result == fresh.result
    assert np.array_equal(run(small, tmp_path).y, run(small, tmp_path / "other").y)  # fewer again


def test_what_was_stopped_goes_on_and_ends_the_same(scenario, sums, tmp_path):
    made = plan(scenario, points=16)
    whole = run(made, tmp_path / "whole")
    rounds = 0
    while True:
        rounds += 1
        try:
            parts = run(made, tmp_path, sweeps.Stops(80))
            break
        except sweeps.Stopped:
            assert not store.answer_folder(made, tmp_path).exists()
    assert rounds == math.ceil(whole.y.size / 80)
    assert bytes_of(store.write(parts, tmp_path)) == bytes_of(store.write(whole, tmp_path / "whole"))


def bytes_of(folder: Path) -> dict[str, str]:
    """What is in a folder, without where and when it was made."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            if path.name == "manifest.json":
                manifest = json.loads(data)
                del manifest["provenance"]
                data = json.dumps(manifest, sort_keys=True).encode()
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(data).hexdigest()
    return found


def test_a_dry_run_counts_what_follows_the_screening_too(scenario, sums, tmp_path):
    made = plan(scenario, points=16, screen=2)
    place = store.runs_folder(made, tmp_path)
    assert study.estimate(made, place, 1).there == 0
    run(made, tmp_path)
    told = study.estimate(made, place, 1)
    assert told.there == told.runs == made.expected and told.seconds == 0.0
    more = study.estimate(plan(scenario, points=32, screen=2), place, 1)
    assert more.runs - more.there == 16 * 5 * 2


def test_a_clear_way_is_told_of_four_paths(scenario, sums, tmp_path):
    found = run(plan(scenario, method="morris", points=4), tmp_path)
    ways = {name: one.sign for name, one in found.directions.items()}
    assert ways == {"b_income": 1, "attachment_mean": -1, "reluctant_share": 0}


def test_screening_leaves_the_inputs_that_matter(scenario, sums, tmp_path):
    found = run(plan(scenario, points=16, screen=2), tmp_path)
    assert found.screen is not None and found.screen.chosen == ("b_income", "attachment_mean")
    assert found.design.names == ("b_income", "attachment_mean", "dummy")
    assert "reluctant_share" in found.held
    assert sum(found.runs.values()) == 2 * (16 * 5 + plans.SCREENED * 5)
    said = text(found, "en")
    assert "A Morris study of 10 paths" in said and "share of the reluctant type" in " ".join(said.split())
    folder = store.write(found, tmp_path)
    with (folder / "tables" / "screen.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert (
        rows[0]["input"] == "b_income" and rows[0]["measure"] == "mu_star" and float(rows[0]["value"]) > 2.5
    )


@pytest.mark.parametrize("method", ["morris", "rank", "pawn", "rbd-fast", "fast"])
def test_other_methods_rank_the_same(scenario, sums, tmp_path, method):
    found = run(plan(scenario, method=method), tmp_path)
    names = [found.result.names[k] for k in found.ranking]
    assert names[:2] == ["b_income", "attachment_mean"] and names[-1] == "dummy"
    assert found.directions["b_income"].sign == 1 and found.directions["attachment_mean"].sign == -1
    assert not analysis.above(found.result, found.result.names.index("reluctant_share"))
    for lang in ("en", "zh"):
        assert found.labels["b_income"][lang] in sentence(found, lang)


def test_the_probability_of_a_target_and_a_spread(scenario, sums, tmp_path):
    target = scenario.targets[0].id
    reach = run(plan(scenario, asked(scenario, target=f"{target}=10.5"), points=128), tmp_path)
    assert (
        values_of(reach.result, "first")["b_income"]
        > values_of(reach.result, "first")["attachment_mean"]
        > 0.1
    )
    assert "The probability of" in sentence(reach, "en") and "达标概率" in sentence(reach, "zh")
    assert "(asked: 10.5 instead)" in " ".join(sentence(reach, "en").split())
    with pytest.raises(InputError, match="no more than|noise"):  # the noise is the same everywhere
        run(plan(scenario, asked(scenario, of="sd"), points=16, dummy=False), tmp_path)


def test_second_order(scenario, sums, tmp_path):
    found = run(plan(scenario, points=32, second_order=True), tmp_path)
    assert len(found.design.values) == 32 * (2 * 4 + 2)
    assert set(found.result.pairs) >= {("b_income", "attachment_mean")}
    assert "Pairs that act together" in text(found, "en") and "二阶指数" in text(found, "zh")
    tables = dict(store.tables(found))
    assert len(tables["pairs"]["value"]) == 6 and set(tables["pairs"]) == {
        "first",
        "second",
        "value",
        "low",
        "high",
    }
    assert found.directions["b_income"].sign == 1


def test_runs_that_fail_are_told_and_kept(scenario, sums, tmp_path, monkeypatch):
    whole = Sum.run
    monkeypatch.setattr(
        Sum,
        "run",
        lambda self, task: (
            Done(task, None, "ValueError: by design") if task.point == 3 else whole(self, task)
        ),
    )
    made = plan(scenario, points=16)
    with pytest.raises(InputError, match=r"2 of 192 runs failed, most often: ValueError: by design"):
        run(made, tmp_path)
    assert not store.answer_folder(made, tmp_path).exists()


def test_an_undefined_outcome_is_refused_with_a_way_out(scenario, sums, tmp_path, monkeypatch):
    whole = Sum.run

    def undefined(self, task):
        done = whole(self, task)
        return Done(task, np.full(len(self.columns), np.nan), "") if task.point == 3 else done

    monkeypatch.setattr(Sum, "run", undefined)
    with pytest.raises(InputError, match="undefined in 2 of 192 runs"):
        run(plan(scenario, points=16), tmp_path)


def test_a_constant_outcome_is_refused(scenario, sums, tmp_path, monkeypatch):
    monkeypatch.setattr(Sum, "run", lambda self, task: Done(task, np.ones(len(self.columns)), ""))
    with pytest.raises(InputError, match="is 1 in every run"):
        run(plan(scenario, points=16), tmp_path)


# Given a posterior


def posterior(scenario, folder: Path) -> Path:
    rng = np.random.default_rng(2)
    first = rng.random(60)
    values = np.stack([first, np.clip(first + rng.normal(0, 0.05, 60), 0, 1)], axis=1)
    made = given.Posterior(
        "", scenario=family(scenario.name), names=("b_income", "attachment_mean"),
        units=("utility", "utility"), values=values, weights=np.full(60, 1 / 60), facts=({"region": "town"},),
        model_hash=ScenarioJob(scenario).model_hash,
    )  # fmt: skip
    given.write(folder / "posterior.json", made)
    return folder / "posterior.json"


def test_given_a_posterior_inputs_hang_together(scenario, sums, tmp_path):
    believed = given.find(str(posterior(scenario, tmp_path)), scenario, tmp_path)
    for method in ("sobol", "morris", "fast", "hdmr"):
        with pytest.raises(InputError, match=f"--method {method}: takes inputs that vary independently"):
            plan(scenario, texts=(), given=believed, method=method)
    with pytest.raises(InputError, match="leave --vary out"):
        plan(scenario, given=believed)
    made = plan(scenario, texts=(), given=believed, points=64)
    assert made.method == "rank" and made.id != plan(scenario, points=16).id
    found = run(made, tmp_path)
    x = dict(zip(found.design.names, found.design.values.T, strict=True))
    assert np.corrcoef(x["b_income"], x["attachment_mean"])[0, 1] > 0.9
    assert "posterior" in text(found, "en") and "后验" in text(found, "zh")
    written = store.write(found, tmp_path)
    assert given.read(written).id == believed.id
    assert json.loads((written / "manifest.json").read_text("utf-8"))["given"]["id"] == believed.id
    (path,) = stores(store.runs_folder(made, tmp_path))
    assert stored.sensitivity_of(path).method == "rank"
    with pytest.raises(InputError, match="whose inputs hang together; use --method rank, pawn, delta"):
        stored.sensitivity_of(path, method="hdmr")
    longer = plan(scenario, texts=(), given=believed, points=128).design()
    assert np.array_equal(longer.values[:64], found.design.values)


# What is left on disk


@pytest.fixture(scope="module")
def found(scenario, tmp_path_factory):
    """A study of real runs, small."""
    out = tmp_path_factory.mktemp("out")
    texts = ("home_price", "attachment_mean")
    return run(plans.plan_of(scenario, asked(scenario), texts=texts, points=16), out), out


@pytest.fixture(scope="module")
def folder(found):
    return store.write(*found, formats=("png",), request={"name": "town"})


def test_the_folder(found, folder):
    s, out = found
    assert {p.name for p in folder.iterdir()} == {
        ".anju", "answer.json", "answer.en.txt", "answer.zh.txt", "manifest.json", "scenario.json", "tables", "figures",
    }  # fmt: skip
    assert folder.parent == out / f"town-sensitivity-{s.id}" and folder.name.startswith(
        "sobol-target_moved-mean-"
    )
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    assert [row["name"] for row in answer["inputs"]] == [s.result.names[k] for k in s.ranking]
    assert answer["noise"]["value"] == s.result.noise.value and answer["runs"] == dict(s.runs)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["kind"] == "sensitivity"
    assert all((folder / path / "manifest.json").is_file() for path in manifest["stores"].values())
    assert {p.name for p in (folder / "figures").iterdir()} == {
        f"sensitivity.{e}" for e in ("csv", "en.png", "zh.png")
    }
    for path in stores(out / f"town-sensitivity-{s.id}" / "runs"):
        assert verify(path) == []


def test_tables(found, folder):
    s, _ = found
    with (folder / "tables" / "indices.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(s.result.names) * len(s.result.measures)
    for row in rows:
        e = s.result.measures[row["measure"]][s.result.names.index(row["input"])]
        assert (float(row["value"]), float(row["low"]), float(row["high"])) == tuple(e)
    points = dict(store.tables(s))["points"]
    assert np.array_equal(points["mean"], s.y.mean(axis=1)) and len(points["point"]) == 16 * 5


def test_reproduce_runs_the_stores_again(found, folder):
    told = again.opened(folder).reproduce(share=0.1, threads=2)
    assert told.equal and told.of == found[0].y.size and told.checked >= 16
    told = again.opened(folder.parent).reproduce(runs=3, threads=2)
    assert told.equal and told.checked == 3


def test_reproduce_says_when_the_runs_are_gone(found, tmp_path):
    written = store.write(found[0], tmp_path)
    with pytest.raises(InputError, match="rests on the runs in"):
        again.opened(written)


# Words and chart


def made_up(found, **changes):
    return dataclasses.replace(found[0], result=dataclasses.replace(found[0].result, **changes))


def test_chance_comes_first_and_the_dummy_is_the_yardstick(found):
    s, _ = found
    for lang, own in (
        ("en", "the model's own chance; more runs do not remove it"),
        ("zh", "来自模型自身的随机波动"),
    ):
        said = text(s, lang)
        assert " ".join(said.split()).startswith(" ".join(noise_sentence(s, lang).split())[:40])
        assert own in noise_sentence(s, lang) and s.labels["dummy"][lang] in said
        assert not any("  None" in line or "nan" in line for line in said.splitlines())
    one = made_up(found, noise=None, replications=1)
    assert "--replications 2" in noise_sentence(one, "en") and "--replications 2" in noise_sentence(one, "zh")


def test_what_nothing_can_be_told_of_is_not_named(found):
    s, _ = found
    nothing = tuple(Estimate(0.01, -0.2, 0.2) for _ in s.result.names)
    said = made_up(found, measures={"first": nothing, "total": nothing})
    assert "no input can be told from nothing" in sentence(said, "en")
    assert "没有因素能与零影响区分开" in sentence(said, "zh")


def test_interactions_are_told_only_where_the_sum_is_sharp(found):
    names = found[0].result.names  # two inputs and a dummy

    def with_first(*estimates):
        measure = (*(Estimate(*e) for e in estimates), Estimate(0.0, -0.01, 0.01))
        return " ".join(text(made_up(found, measures={"first": measure, "total": measure}), "en").split())

    assert len(names) == 3
    assert "the other 40 % is interactions" in with_first((0.5, 0.45, 0.55), (0.1, 0.05, 0.15))
    assert "too rough to say how much interactions do" in with_first((0.5, 0.1, 0.9), (0.1, -0.3, 0.5))
    assert "too small to be seen" in with_first((0.7, 0.65, 0.75), (0.28, 0.2, 0.33))


def test_how_many_more_runs_would_settle_it(scenario):
    names = ("a", "b", "c", "dummy")
    table = design.Design(
        ("x", "y", "z", "dummy"), np.zeros((16 * 6, 4)), "saltelli", {"second_order": False}
    )
    y = np.zeros((16 * 6, 2))

    def settled(*estimates):
        measure = (*(Estimate(*e) for e in estimates), Estimate(0.0, 0.0, 0.0))
        found = analysis.settling(Result("sobol", names, {"total": measure}, "total", 96, 2, 1.0), table, y)
        assert found is not None
        return found

    clear = settled((0.6, 0.55, 0.65), (0.3, 0.25, 0.35), (0.1, 0.05, 0.15))
    assert (clear.above, clear.order, clear.runs_above, clear.runs_order) == (16, 16, 0, 0)
    blurred = settled((0.6, 0.4, 0.8), (0.3, 0.1, 0.5), (0.1, -0.1, 0.3))
    assert blurred.above == 64  # an error of .2 against .1: four times the points
    assert blurred.order == 32  # sqrt(2) * .2 against .2: twice
    assert blurred.runs_above == (64 - 16) * 6 * 2 and blurred.runs_order == 16 * 6 * 2
    never = settled((0.6, 0.4, 0.8), (0.3, 0.1, 0.5), (-0.001, -0.1, 0.1))
    assert math.isinf(never.above)


def test_the_chart_in_all_kinds(found, tmp_path):
    s, _ = found
    kinds = {
        "whole": s,
        "no_noise": made_up(found, noise=None),
        "no_intervals": made_up(found, measures={
            "first": tuple(Estimate(e.value, math.nan, math.nan) for e in s.result.measures["first"])
        }, leading="first", method="delta"),
        "effects": made_up(found, measures={
            m: tuple(Estimate(v, 0.5 * v, 1.5 * v) for v in (400.0, 90.0, 3.0)) for m in ("mu_star", "sigma")
        }, leading="mu_star", method="morris", floor=20.0),
    }  # fmt: skip
    for name, kind in kinds.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a missing letter among them
            paths = chart.draw_all(kind, tmp_path / name, langs=("zh", "en"), formats=("svg",))
        assert len(paths) == 3
        first = [path.read_bytes() for path in paths]
        if kind is s:
            more = chart.draw_all(kind, tmp_path / "again", langs=("zh", "en"), formats=("svg",))
            assert [path.read_bytes() for path in more] == first
    with style.session():
        assert chart.draw(s, Words("en")).title == sentence(s, "en").rstrip(".")


# What a sweep that is there says


@pytest.fixture(scope="module")
def swept(town, tmp_path_factory):
    """Stores of several designs, by kind."""
    out = tmp_path_factory.mktemp("swept")
    span = ("--vary", "home_price", "--vary", "attachment_mean", "--quiet", "--threads", "2")
    kinds = {
        "saltelli": ("--points", "16", "--replications", "3"), "morris": ("--points", "10"), "lhs": ("--points", "60"),
        "oat": (), "crossed": ("--points", "3", "--futures", "3"),
    }  # fmt: skip
    for kind, more in kinds.items():
        made = ("--design", "lhs" if kind == "crossed" else kind, "--store", str(out / kind))
        assert cli.main(["sweep", str(town), *span, *made, *more]) == 0
    return out


def digest(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.mark.parametrize(("kind", "method"), [("saltelli", "sobol"), ("morris", "morris"), ("lhs", "rank")])
def test_a_stored_sweep_is_read_and_left_as_it_is(swept, tmp_path, capsys, kind, method):
    before = digest(swept / kind)
    args = ("sensitivity", swept / kind, "--out", tmp_path, "--no-figures")
    assert anju(*args, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    ways = {row["name"]: row["direction"] for row in told["inputs"] if row["name"] != "dummy"}
    assert told["method"] == method and told["common_luck"]
    assert ways == {
        "home_price_yuan_per_m2": -1,
        "attachment_mean": -1,
    }  # dearer, or fonder of the village: fewer move
    assert anju(*args, "--outcome", "cost", "--lang", "both", "-q") == 0
    assert "The mean of cost" in capsys.readouterr().out
    assert digest(swept / kind) == before
    (folder,) = (path for path in Path(told["folder"]).parent.iterdir() if "cost" in path.name)
    assert again.opened(folder).reproduce(runs=2, threads=1).equal


@pytest.mark.parametrize(
    ("kind", "args", "said"),
    [
        ("lhs", ("--method", "sobol"), "takes a saltelli design"),
        ("lhs", ("--method", "morris"), "takes a morris design"),
        ("saltelli", ("--method", "rank"), "whose rows are no sample of the inputs"),
        ("oat", (), "does not tell what the outcome hangs on"),
        ("crossed", (), "crossed design (--futures)"),
        ("lhs", ("--outcome", "costt"), 'did you mean "cost"'),
        ("lhs", ("--target", "mooved"), 'did you mean "moved"'),
        ("lhs", ("--target", "moved=1e9"), "no run reaches"),
        ("lhs", ("--points", "64"), "--points: changes nothing about runs that are there already"),
        ("lhs", ("--vary", "b_income"), "--vary: changes nothing"),
        ("lhs", ("--dry-run",), "--dry-run: changes nothing"),
        (".", (), "holds several stores"),
    ],
)
def test_what_a_store_cannot_tell(swept, tmp_path, capsys, kind, args, said):
    before = digest(swept)
    assert anju("sensitivity", swept / kind, "--out", tmp_path / "out", *args) == cli.BAD_INPUT
    assert said in " ".join(capsys.readouterr().err.split())
    assert digest(swept) == before and not (tmp_path / "out").exists()


def test_a_sweep_that_is_not_done_says_how_many_runs_are_missing(scenario, sums, tmp_path):
    made = plan(scenario, points=16)
    with pytest.raises(sweeps.Stopped):
        run(made, tmp_path, sweeps.Stops(50))
    (path,) = stores(store.runs_folder(made, tmp_path))
    with pytest.raises(InputError, match=r"142 of 192 runs are missing.*it goes on from there"):
        stored.sensitivity_of(path)


def test_a_dummy_under_common_luck_is_refused(scenario, sums, tmp_path):
    made = plan(scenario, points=16)
    sweep = plans.Sweep(made.job, made.design(), 1, 1)  # common luck
    with sweep.open_store(tmp_path / "store", {}) as there:
        for task in sweep.tasks():
            there.append(made.job.run(task))
    with pytest.raises(InputError, match="has a dummy input, but the same luck"):
        stored.sensitivity_of(tmp_path / "store")


def test_the_store_of_a_study_says_what_the_study_said(found, capsys):
    s, out = found
    (path,) = stores(out / f"town-sensitivity-{s.id}" / "runs")
    assert stored.is_store(path.parents[1]) and not stored.is_store(path.parents[3] / "lishui")
    read = stored.sensitivity_of(path.parents[1])  # the study's folder, which holds one store
    assert read.result == s.result and not read.common and np.array_equal(read.y, s.y)
    assert cli.main(["store", "info", str(path), "--lang", "en"]) == 0
    assert "dummy" in capsys.readouterr().out


# The command


def test_the_command(town, tmp_path, capsys):
    args = (
        "sensitivity",
        town,
        "--vary",
        "home_price",
        "--points",
        "16",
        "--out",
        tmp_path,
        "--threads",
        "2",
    )
    assert anju(*args, "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["runs"], told["there"]) == (16 * 4 * 2, 0) and not list(tmp_path.iterdir())
    assert anju(*args, "--json", "--no-figures") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["inputs"][0]["name"] == "home_price_yuan_per_m2" and answer["points"] == 64
    assert anju(*args, "--dry-run", "--lang", "both") == 0
    said = capsys.readouterr().out
    assert "128 runs; 128 are there already" in said and "已有128次" in said
    assert anju(*args, "-q", "--lang", "both", "--formats", "png") == 0
    said = capsys.readouterr().out
    assert "own chance" in said and "虚拟变量" in said
    assert sorted(p.name for p in (Path(answer["folder"]) / "figures").iterdir()) == [
        "sensitivity.csv", "sensitivity.en.png", "sensitivity.zh.png"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--points", "100"), "a power of 2"),
        (("--method", "sobbol"), 'did you mean "sobol"'),
        (("--given", "nowhere.json"), "no such file or folder"),
        (("--vary", "b_incom"), "b_income"),
        (("--formats", "gif"), "'gif' unknown"),
        (("--of", "p10", "--replications", "3"), "3 replications; at least"),
    ],
)
def test_bad_input_is_one_message_and_nothing_is_written(town, args, said, tmp_path, capsys):
    assert anju("sensitivity", town, "--out", tmp_path / "out", *args) == cli.BAD_INPUT
    assert said in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_help_is_there(capsys):
    assert isinstance(cli.app, typer.Typer)
    assert anju("sensitivity", "--help") == 0
    assert "NAME|STORE" in capsys.readouterr().out
