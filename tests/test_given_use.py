"""A posterior in the place of stated ranges: run, compare, reach and cheapest draw from it, say so, keep it, and can be reproduced."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scenarios
from experiments import cli, design, given, given_use, priors
from experiments import question as ask
from experiments.cheapest import store as cheapest_store
from experiments.cheapest import study as cheapest
from experiments.commands.given import posterior_of
from experiments.comparison import policies, runs
from experiments.executors.threads import Threads
from experiments.reach import store as reach_store
from experiments.reach import study as reach
from experiments.reach.text import sentence, text
from experiments.reproduce import reproduce
from experiments.study import run_study, study_id
from experiments.verdict import verdict
from scenarios.errors import InputError
from simulation.codecache import model_hash

SMALL = "6000"
FACT = {
    "region": "Lishui",
    "period": "2020",
    "quantity": "moved",
    "value": 1.0,
    "unit": "persons",
    "source": "test",
}

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture(scope="module")
def lishui():
    return scenarios.load("lishui", sets={"pool_persons": SMALL})


@pytest.fixture(scope="module")
def names(lishui):
    """A price and a chance that are uncertain there."""
    known = [entry for entry in lishui.uncertainties()]
    price = next(entry for entry in known if entry.unit == "yuan/m2")
    share = next(entry for entry in known if entry.unit.startswith("share") or entry.unit == "1/year")
    return price, share


@pytest.fixture(scope="module")
def posterior(names, tmp_path_factory):
    price, share = names
    low, high = share.range
    values = np.array([[1600.0, low], [2400.0, (low + high) / 2], [3600.0, high]])
    one = given.Posterior(
        path="", scenario="lishui", names=(price.name, share.name), units=(price.unit, share.unit), values=values,
        weights=np.array([0.5, 0.3, 0.2]), facts=(FACT,), model_hash=model_hash(), calibration="c0ffee00",
    )  # fmt: skip
    path = tmp_path_factory.mktemp("calibration") / "posterior.json"
    given.write(path, one)
    return given.read(path)


def rows(posterior, names, values) -> np.ndarray:
    """Which particle each future is, by the columns that the posterior holds; -1 if none."""
    at = [list(names).index(name) for name in posterior.names]
    same = (values[:, at][:, None] == posterior.values[None]).all(axis=2)
    return np.where(same.any(axis=1), same.argmax(axis=1), -1)


# Points


def test_points_are_particles_and_others_come_from_their_ranges(lishui, posterior):
    found = design.points(lishui, 200, 7, given=posterior)
    picked = rows(posterior, found.names, found.values)
    shares = np.bincount(picked, minlength=3) / 200
    assert (picked >= 0).all() and shares == pytest.approx(posterior.weights, abs=0.12)
    known = {x.name: x for x in priors.uncertain(lishui)}
    for k, name in enumerate(found.names):
        x = known[name]
        if name not in posterior.names:
            assert (found.values[:, k] >= x.low).all() and (found.values[:, k] <= x.high).all()
            assert len(np.unique(found.values[:, k])) == 200
    assert np.array_equal(design.points(lishui, 20, 7, given=posterior).values, found.values[:20])


def test_without_it_points_and_ids_are_what_they_were(lishui):
    plain = design.points(lishui, 5, 3)
    assert plain.kind == "lhs" and np.array_equal(
        plain.values, design.points(lishui, 5, 3, given=None).values
    )
    id = study_id(lishui, plain.names, plain.values, [1], ["x"], "m")
    assert id == study_id(lishui, plain.names, plain.values, [1], ["x"], "m", given="")
    assert id != study_id(lishui, plain.names, plain.values, [1], ["x"], "m", given="deadbeef")


def test_one_point_means_the_central_values(lishui, posterior):
    with pytest.raises(InputError, match="--points 2 or more"):
        design.points(lishui, 1, 1, given=posterior)


# run


def test_run_draws_says_and_keeps_it(lishui, posterior, tmp_path):
    from experiments import results

    study = run_study(lishui, points=3, replications=1, given=posterior)
    assert (rows(posterior, study.uncertainties, study.design) >= 0).all() and study.given is posterior
    judged = verdict(study)
    assert judged.given == {"id": posterior.id, "scenario": "lishui", "facts": 1}
    folder = results.write(study, judged, tmp_path)
    english, chinese = ((folder / f"verdict.{lang}.txt").read_text("utf-8") for lang in ("en", "zh"))
    assert (
        f"posterior {posterior.id}" in english
        and "given these facts" in english
        and "is not a probability" not in english
    )
    assert f"后验 {posterior.id}" in chinese and "占比不是概率" not in chinese
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["given"]["id"] == posterior.id and manifest["given"]["facts"] == [FACT]
    assert given.read(folder / "posterior.json").id == posterior.id
    Path(posterior.path).rename(tmp_path / "away")
    try:
        again = reproduce(folder, share=1.0)
    finally:
        (tmp_path / "away").rename(posterior.path)
    assert again.equal and again.checked == 3 and again.numbers > 1000


def test_run_without_it_leaves_no_trace_of_it(lishui, tmp_path):
    from experiments import results

    study = run_study(lishui, points=2, replications=1)
    folder = results.write(study, verdict(study), tmp_path)
    assert "given" not in json.loads((folder / "manifest.json").read_text("utf-8"))
    assert "given" not in json.loads((folder / "verdict.json").read_text("utf-8"))
    assert not (folder / "posterior.json").exists()


def test_a_changed_copy_is_refused(lishui, posterior, tmp_path):
    from experiments import results

    study = run_study(lishui, points=2, replications=1, given=posterior)
    folder = results.write(study, verdict(study), tmp_path)
    text = (folder / "posterior.json").read_text("utf-8")
    (folder / "posterior.json").write_text(text.replace("1600.0", "1700.0"), "utf-8")
    with pytest.raises(InputError, match="posterior.json: was changed after it was written"):
        reproduce(folder)


# compare


def test_compare_draws_says_and_keeps_it(lishui, posterior, tmp_path):
    from experiments.comparison import judge, store
    from experiments.comparison.text import text as said

    def load(name, packages):
        return scenarios.load(name, packages=packages, sets={"pool_persons": SMALL})

    regions = policies.regions(["lishui"], load, against=None)
    plain = runs.run_comparison(regions, points=2, replications=1)
    drawn = runs.run_comparison(regions, points=2, replications=1, given=[posterior])
    (block,) = drawn.regions
    assert (rows(posterior, block.uncertainties, block.design) >= 0).all() and drawn.id != plain.id
    answer = judge.judge(drawn)
    assert f"posterior {posterior.id}" in said(answer, "en") and f"后验 {posterior.id}" in said(answer, "zh")
    assert "given" not in store.plain(judge.judge(plain))
    folder = store.write(drawn, answer, tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["regions"][0]["given"]["id"] == posterior.id
    assert given.read(folder / "posterior-1.json").id == posterior.id
    again = reproduce(folder, share=1.0)
    assert again.equal and again.checked == again.of


# reach

FEW: Any = dict(budget=8, map_points=8)


@pytest.fixture(scope="module")
def reached(lishui, posterior, tmp_path_factory):
    """A folder, and the answer whose runs are there."""
    out = tmp_path_factory.mktemp("reach")
    plan = reach.plan_of(lishui, ask.question(lishui, "moved=10", 0.9), given=posterior, **FEW)
    with Threads(2) as works:
        return out, reach.run_reach(plan, reach_store.runs_folder(plan, out), works)


def test_reach_has_the_posterior_in_the_place_of_priors(lishui, posterior, reached):
    out, found = reached
    plan, plain = found.plan, reach.plan_of(lishui, ask.question(lishui, "moved=10", 0.9), **FEW)
    assert plan.priors == ("posterior",) and plain.priors == priors.PRIORS and plan.id != plain.id
    (sample,) = found.samples
    assert sample.prior == "posterior" and (rows(posterior, plan.names, sample.values) >= 0).all()
    for lang, words in (
        ("en", ("Probability of reaching it, given the facts", "posterior")),
        ("zh", ("事实条件下", "后验")),
    ):
        told = text(found, lang)
        assert all(word in told for word in words)
        assert "not a probability" not in told and "占比不是概率" not in told
    assert "given the facts" in sentence(found, "en").lower() and "share of futures" not in sentence(
        found, "en"
    )
    folder = reach_store.write(found, out, formats=("png",))
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    assert answer["given"]["id"] == posterior.id and [share["prior"] for share in answer["shares"]] == [
        "posterior"
    ]
    assert (folder / "posterior.json").is_file() and (folder / "figures" / "reach.zh.png").is_file()
    assert "posterior" in (folder / "tables" / "futures.csv").read_text("utf-8-sig")
    again = reproduce(folder, runs=5)
    assert again.equal and again.checked == 5


@pytest.mark.parametrize("kind", ["reached", "not reached", "more runs", "depends"])
def test_every_verdict_speaks_of_probability(reached, kind):
    other = dataclasses.replace(reached[1], ruling=reach.Ruling(kind, 10.0))
    for lang, word, never in (("en", "probability", "share"), ("zh", "概率", "的未来情形达到")):
        assert word in sentence(other, lang) and never not in sentence(other, lang).split("：")[-1]


# cheapest


def test_cheapest_draws_its_futures_from_it(lishui, posterior, tmp_path):
    wanted = ask.question(lishui, "moved=10", 0.9)
    asked: Any = dict(levers="subsidy,public_posts", runs=200)
    plan = cheapest.plan_of(lishui, wanted, given=posterior, **asked)
    plain = cheapest.plan_of(lishui, wanted, **asked)
    assert plan.id != plain.id
    with Threads(2) as works, cheapest.Sampler(plan, tmp_path / "runs", works, {}, None) as sampler:
        middle = np.array([[(x.low + x.high) / 2 for x in plan.levers]] * 3)
        counts, costs = sampler(middle, np.arange(3))
        assert (rows(posterior, sampler.names, sampler.values) >= 0).all()
    assert np.isfinite(counts).all() and np.isfinite(costs).all()
    with pytest.raises(InputError, match="--over noise: draws no futures"):
        cheapest.plan_of(lishui, wanted, over="noise", given=posterior, **asked)
    assert cheapest_store.given_use.in_manifest(plan.given)["given"]["id"] == posterior.id


# Commands and what they refuse


def run(*args) -> int:
    return cli.main([str(arg) for arg in args])


def test_a_command_takes_a_folder_and_reproduce_needs_no_original(posterior, tmp_path, capsys):
    out = tmp_path / "out"
    code = run("run", "lishui", "--set", f"pool_persons={SMALL}", "--points", 2, "--replications", 1, "--given",
               Path(posterior.path).parent, "--out", out, "--no-figures", "--quiet", "--lang", "en")  # fmt: skip
    assert code == 0 and f"posterior {posterior.id}" in capsys.readouterr().out
    (folder,) = out.iterdir()
    assert run("reproduce", folder, "--runs", 1) == 0


@pytest.mark.parametrize("command", ["run", "compare", "reach", "cheapest", "discover"])
def test_bad_posteriors_are_refused_before_anything_is_written(command, posterior, names, tmp_path, capsys):
    price, _ = names
    more = ("--levers", "subsidy") if command == "cheapest" else ()
    damaged = tmp_path / "damaged.json"
    damaged.write_text(Path(posterior.path).read_text("utf-8")[:200], "utf-8")
    foreign = tmp_path / "foreign.json"
    given.write(foreign, dataclasses.replace(posterior, scenario="gansu"))
    strange = tmp_path / "strange.json"
    given.write(strange, dataclasses.replace(posterior, names=(price.name, "moonlight")))
    cases = [
        (damaged, (), "is no JSON"),
        (foreign, (), "was calibrated for gansu"),
        (strange, (), "holds moonlight, which lishui"),
        (posterior.path, ("--set", f"{price.name}=2000"), f"holds {price.name}, which --set fixes"),
        (tmp_path / "none.json", (), "no such file or folder"),
        ("posterior", (), "holds none of lishui"),
    ]
    for path, sets, said in cases:
        out = tmp_path / "out"
        assert run(command, "lishui", *more, *sets, "--given", path, "--out", out, "--quiet") == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ") and said in error and "Traceback" not in error
        assert not out.exists()


def test_what_cannot_go_with_it(posterior, tmp_path, capsys):
    out = ("--given", posterior.path, "--out", tmp_path / "out")
    assert run("reach", "lishui", "--prior", "uniform", *out) == 2
    assert "--prior uniform: with --given the posterior stands in its place" in capsys.readouterr().err
    assert run("run", "lishui", "--replications", 2, *out) == 2
    assert "--points 2 or more" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_numbers_that_own_households_fix(lishui, posterior, names):
    price, _ = names
    with pytest.raises(InputError, match=f"holds {price.name}, which --households fixes"):
        given_use.found(posterior.path, scenarios.load("lishui"), Path("."), known=(price.name,))
    assert posterior_of(None, lishui, Path(".")) is None
