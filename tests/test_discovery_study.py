"""`anju discover` as a whole: stores of any design, policies over the same futures, what is left on disk, and bad input.

Runs are replaced by a known rule: the plan fails where homes cost more than 3,950 yuan/m2 and the pool is below 104,000.
"""

import dataclasses
import json
import logging
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import scenarios
from experiments import cli, given, logs, sweep
from experiments import design as designs
from experiments.discovery import cases, prim, store, study, text
from experiments.discovery import tree as trees
from experiments.executors.threads import Threads
from experiments.figures import discovery as charts
from experiments.figures import style
from experiments.figures.text import Words
from experiments.job import Done, ScenarioJob
from experiments.store import Store, stores
from scenarios.errors import InputError
from simulation.codecache import model_hash

PRICE, POOL = "home_price_yuan_per_m2", "pool_persons"
VARY = (PRICE, POOL, "b_cash", "attachment_mean", "participation", "b_income")
FEW = study.settings(boxes=1)


def rule(name: str, values: dict[str, float], seed: int) -> float:
    """Persons moved: 20,000 where the plan fails, else 35,000; a little of it is luck. Other policies move more, or always alike."""
    price, pool = values.get(PRICE, 3000.0), values.get(POOL, 90000.0)
    persons = 20000.0 if price > 3950.0 and pool < 104000.0 else 35000.0
    other = {
        "lishui/subsidy-up": persons + 12000.0 * (pool < 70000.0),
        "lishui/jobs-first": 31000.0,
        "lishui/zero": 100.0,
    }
    return other.get(name, persons) + seed % 1000


class Fails(Exception):
    pass


@pytest.fixture(autouse=True)
def ruled(monkeypatch):
    """Runs follow the rule; the test may add to `calls` what else is to happen, by scenario and point."""
    calls = {"fail": set(), "stop": None, "tasks": []}

    def run(self, task):
        calls["tasks"].append((self.scenario.name, task))
        if calls["stop"] is not None and len(calls["tasks"]) > calls["stop"]:
            raise KeyboardInterrupt
        if (self.scenario.name, task.point) in calls["fail"]:
            return Done(task, None, "ValueError: impossible")
        numbers = np.zeros(len(self.columns))
        numbers[self.columns.index("target_moved")] = rule(self.scenario.name, dict(task.values), task.seed)
        numbers[self.columns.index("persons")] = numbers[self.columns.index("target_moved")]
        numbers[self.columns.index("cost_per_mover")] = np.nan
        return Done(task, numbers, "")

    monkeypatch.setattr(ScenarioJob, "run", run)
    monkeypatch.setattr(prim, "RESAMPLES", 24)
    monkeypatch.setattr(prim, "PERMUTATIONS", 24)
    monkeypatch.setattr(trees, "PERMUTATIONS", 24)
    logging.disable(logging.WARNING)
    yield calls
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def lishui():
    logging.disable(logging.WARNING)
    return scenarios.load("lishui")


def swept(folder: Path, scenario, vary=VARY, *, points=160, kind="lhs", **options) -> Path:
    """A store of the rule's runs."""
    plan = sweep.plan(scenario, vary, kind=kind, points=points, **options)
    sweep.run(plan, folder / "store", Threads(1))
    return folder / "store"


def looked(path: Path, settings=FEW, **options) -> study.Discovery:
    return study.in_store(study.open_store(path, settings, **options))


def anju(*args: object) -> int:
    return cli.main(["discover", *map(str, args)])


def planned(*names: str, points=60, replications=1, settings=FEW, **options) -> study.Plan:
    return study.plan_of(
        [(name, scenarios.load(name)) for name in names],
        settings,
        points=points,
        replications=replications,
        **options,
    )


# In a store


def test_the_planted_box_is_found_in_its_own_units(lishui, tmp_path):
    d = looked(swept(tmp_path, lishui))
    assert d.search is not None and d.tree is not None
    (box,) = d.search.boxes
    limits = {
        (d.case.inputs[k].name, side): d.case.inputs[k].limit(float(box.box[side][k]), side)
        for k, side in box.box.limits
    }
    assert set(limits) == {(PRICE, 0), (POOL, 1)}
    assert limits[PRICE, 0] == pytest.approx(3950, rel=0.06) and limits[POOL, 1] == pytest.approx(
        104000, rel=0.06
    )
    assert box.density > 0.93 and box.coverage > 0.9 and box.stability.density.value > 0.85
    assert {d.case.inputs[node.input].name for node in d.tree.nodes if node.input is not None} <= {
        PRICE,
        POOL,
    }
    for lang, words in (
        ("en", ("missed in", "home above", "yuan/m2", "pool below")),
        ("zh", ("达不到", "元/平方米", "低于", "万人")),
    ):
        said = text.sentence(d, lang)
        assert all(word in said for word in words), said
        assert "nan" not in text.text(d, lang)


def test_reaching_is_the_other_way_round_and_another_number_may_be_asked_for(lishui, tmp_path):
    path = swept(tmp_path, lishui)
    failing, reaching = looked(path), looked(path, find="reaching")
    assert failing.case.sample.density + reaching.case.sample.density == pytest.approx(1.0)
    lower = looked(path, target="relocated=25000")
    assert np.array_equal(lower.case.sample.hits, failing.case.sample.hits) and lower.id == failing.id
    assert (
        "(asked: 25,000 instead)" in text.sentence(lower, "en")
        and lower.case.event.label == "failing-moved-25000"
    )
    above = looked(path, outcome="persons", above="30,000 persons")
    assert above.case.sample.density == reaching.case.sample.density
    assert text.sentence(above, "en").startswith("persons above 30,000 persons: the case in")


def test_levels_are_said_as_at_least_and_at_most(lishui, tmp_path):
    path = swept(
        tmp_path,
        lishui,
        ("home_price=2000,3000,5000,6000", "pool_persons=50000,90000,150000", "participation"),
        points=300,
    )
    d = looked(path)
    assert d.search is not None
    said = text.sentence(d, "en")
    assert "at least 5,000 yuan/m2" in said and "at most 90,000 persons" in said
    assert "不低于5,000元/平方米" in text.sentence(d, "zh")


def test_replications_are_one_point_each(lishui, tmp_path):
    d = looked(swept(tmp_path, lishui, points=100, replications=3), target="moved=20500")
    assert d.case.sample.runs.tolist() == [3] * 100 and d.case.sample.replications == 3 and d.case.runs == 300
    assert 0 < d.case.sample.hits.sum() < 300


def test_failed_runs_and_runs_not_there_are_left_out_and_counted(lishui, tmp_path, ruled):
    ruled["fail"] = {("lishui", 3), ("lishui", 50)}
    path = swept(tmp_path, lishui, points=120)
    d = looked(path)
    assert (d.case.failed, d.case.missing, len(d.case.points)) == (2, 0, 118) and 3 not in d.case.points
    assert dict(d.case.errors) == {"ValueError: impossible": 2}
    assert "2 failed and are left out" in text.text(d, "en") and "2次失败，未计入" in text.text(d, "zh")
    with Store.open(path, write=True) as there:
        there.extend(there.design[:5] * 1.001)
    assert looked(path).case.missing == 5


@pytest.mark.parametrize(("kind", "points"), [("saltelli", 16), ("morris", 12), ("sobol", 128), ("dgsm", 16)])
def test_any_design_will_do_and_blocks_are_resampled_whole(lishui, tmp_path, kind, points):
    path = swept(tmp_path, lishui, points=points, kind=kind)
    with Store.open(path) as there:
        case = cases.of_store(there, lishui, cases.event(lishui))
    rows = len(case.points)
    blocks = len(set(case.sample.clusters[0]))
    assert blocks == points and len(case.sample.clusters) == 1
    if kind != "sobol":
        assert (
            rows % points == 0
            and case.sample.clusters[0].tolist() == np.repeat(np.arange(points), rows // points).tolist()
        )


def test_a_crossed_design_is_grouped_by_points_and_by_futures(lishui, tmp_path):
    path = swept(tmp_path, lishui, ("subsidy=10000..30000",), points=8, futures=20)
    with Store.open(path) as there:
        case = cases.of_store(there, lishui, cases.event(lishui))
    assert [len(set(row)) for row in case.sample.clusters] == [8, 20] and not case.futures
    d = looked(path)
    assert "points" in text.sentence(d, "en") and "的点" in text.sentence(d, "zh")


def test_a_table_and_a_dummy_input(lishui, tmp_path):
    rng = np.random.default_rng(1)
    values = np.column_stack([rng.uniform(2000, 6000, 150), rng.uniform(5e4, 2e5, 150), rng.random(150)])
    factors = (*sweep.plan(lishui, (PRICE, POOL), points=4).design.factors, designs.dummy())
    design = designs.Design((PRICE, POOL, designs.DUMMY), values, "table", {}, factors)
    plan = sweep.Plan(ScenarioJob(lishui), design)
    sweep.run(plan, tmp_path / "store", Threads(1))
    d = looked(tmp_path / "store")
    assert [one.name for one in d.case.inputs] == [PRICE, POOL]
    assert d.case.inputs[0].low == values[:, 0].min() and d.case.inputs[0].high == values[:, 0].max()
    assert d.search is not None and len(d.search.boxes) == 1


def test_where_nothing_explains_the_failures_it_says_so(lishui, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "test_discovery_study.rule", lambda name, values, seed: 20000.0 + 20000.0 * (hash_of(values) > 0.4)
    )
    d = looked(swept(tmp_path, lishui, points=100))
    assert d.search is not None and not d.search.boxes and d.tree is not None and not d.tree.found
    assert "better than chance" in text.sentence(d, "en") and "不能比偶然更好" in text.sentence(d, "zh")
    assert "Nothing found" in text.text(d, "en")
    folder = store.write(d, tmp_path / "out", formats=("png",))
    assert sorted(path.name for path in (folder / "figures").glob("*.png")) == [
        "boxes.en.png",
        "boxes.zh.png",
    ]


def hash_of(values) -> float:
    """A number in 0..1 that no limit on any value tells."""
    return (sum(values.values()) * 1e6) % 1.0


# Policies over futures


def test_policies_run_in_the_same_futures_under_the_same_luck(tmp_path, ruled):
    plan = planned("lishui", "lishui/subsidy-up", points=40)
    d = study.run_discovery(plan, tmp_path, Threads(1))
    by_name = {
        name: {t.point: t for n, t in ruled["tasks"] if n == name} for name in ("lishui", "lishui/subsidy-up")
    }
    one, other = by_name.values()
    assert len(one) == len(other) == 40
    assert all(one[k].seed == other[k].seed and one[k].values == other[k].values for k in range(40))
    assert len({task.seed for task in one.values()}) == 40  # and each future has luck of its own
    assert d.regrets is not None and [p.name for p in d.policies] == ["lishui", "lishui/subsidy-up"]
    assert [path.name for path in stores(tmp_path)] == ["lishui", "lishui-subsidy-up"]


def test_regret_over_futures_follows_the_rule(tmp_path):
    d = study.run_discovery(planned("lishui", "lishui/subsidy-up", "lishui/jobs-first"), tmp_path, Threads(1))
    assert d.regrets is not None
    plan_, more, jobs = d.regrets.scores
    column = "target_moved"
    outcome = np.stack([p.runs.columns[column][:, 0] for p in d.policies])
    assert np.array_equal(d.regrets.regret, outcome.max(axis=0) - outcome)
    assert jobs.share.value == 1.0 and plan_.share.value < more.share.value < 1.0
    assert {c.criterion: c.policies for c in d.regrets.choices}["share"] == ("lishui/jobs-first",)
    assert {c.criterion: c.policies for c in d.regrets.choices}["mean"] == ("lishui/subsidy-up",)
    assert not d.regrets.agreed
    assert "Criteria disagree" in text.text(d, "en") and "准则" in text.text(d, "zh")


def test_a_future_in_which_one_policy_failed_is_compared_for_none(tmp_path, ruled):
    ruled["fail"] = {("lishui/subsidy-up", 7)}
    d = study.run_discovery(planned("lishui", "lishui/subsidy-up"), tmp_path, Threads(1))
    assert d.regrets is not None and not d.regrets.kept[7] and d.regrets.kept.sum() == 59
    assert len(d.case.points) == 60 and "1 futures are left out of the comparison" in text.text(d, "en")


def test_a_stopped_command_goes_on_and_more_futures_reuse_the_old(tmp_path, ruled):
    plan = planned("lishui", "lishui/subsidy-up", points=40)
    ruled["stop"] = 50
    with pytest.raises(KeyboardInterrupt):
        study.run_discovery(plan, tmp_path, Threads(1))
    ruled["stop"] = None
    there = study.present(tmp_path)
    assert 40 <= there < 80
    ruled["tasks"].clear()
    whole = study.run_discovery(plan, tmp_path, Threads(1))
    assert len(ruled["tasks"]) == 80 - there
    ruled["tasks"].clear()
    more = study.run_discovery(planned("lishui", "lishui/subsidy-up", points=80), tmp_path, Threads(1))
    assert len(ruled["tasks"]) == 80 and len(more.case.points) == 80
    assert np.array_equal(more.case.values[:40], whole.case.values)
    again = study.run_discovery(plan, tmp_path, Threads(1))  # fewer than there are: the first of them
    assert store.answer(again) == store.answer(whole)


def test_where_the_first_policy_always_fails_policies_are_still_compared(tmp_path):
    d = study.run_discovery(planned("lishui/zero", "lishui"), tmp_path, Threads(1))
    assert d.search is None and d.idle.startswith("every future misses moved=30000") and d.regrets is not None
    assert d.regrets.agreed == ("lishui",)
    assert "leaves little to tell apart" in text.sentence(d, "en")
    assert store.write(d, tmp_path / "out").is_dir()


def test_futures_from_a_posterior(lishui, tmp_path, ruled):
    values = np.column_stack([np.linspace(3000, 5000, 30), np.full(30, 60000.0)])
    posterior = given.Posterior(
        "file", "lishui", (PRICE, POOL), ("yuan/m2", "persons"), values, np.full(30, 1 / 30), (), model_hash()
    )
    given.write(tmp_path / "posterior.json", posterior)
    read = given.find(str(tmp_path / "posterior.json"), lishui, tmp_path)
    plan = planned("lishui", points=80, given=read)
    assert plan.id != planned("lishui", points=80).id
    d = study.run_discovery(plan, tmp_path / "runs", Threads(1))
    prices = {dict(task.values)[PRICE] for _, task in ruled["tasks"] if PRICE in dict(task.values)}
    assert prices <= set(values[:, 0].tolist()) and POOL not in {one.name for one in d.case.inputs}
    assert d.search is not None and d.search.boxes[0].order == (
        [one.name for one in d.case.inputs].index(PRICE),
    )
    assert "posterior" in text.text(d, "en") and "后验" in text.text(d, "zh")
    for lang in ("en", "zh"):  # of all charts of futures
        assert read.id in charts._footnote(d, Words(lang))[0]
    folder = store.write(d, tmp_path / "out")
    assert given.read(folder / "posterior.json").id == read.id
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["given"]["id"] == read.id


def test_a_tie_by_some_criteria_is_told(tmp_path):
    d = study.run_discovery(planned("lishui", "lishui/jobs-first"), tmp_path, Threads(1))
    assert d.regrets is not None
    choices = [dataclasses.replace(one, policies=("lishui",)) for one in d.regrets.choices]
    alone = dataclasses.replace(d, regrets=dataclasses.replace(d.regrets, choices=tuple(choices)))
    assert "as good" not in text.sentence(alone, "en") and "同样好" not in text.sentence(alone, "zh")
    choices[0] = dataclasses.replace(choices[0], policies=("lishui", "lishui/jobs-first"))
    tied = dataclasses.replace(d, regrets=dataclasses.replace(d.regrets, choices=tuple(choices)))
    assert tied.regrets is not None and tied.regrets.agreed == ("lishui",)
    name = next(one.title for one in d.policies if one.name == "lishui/jobs-first")
    assert text.sentence(tied, "en").endswith(f"by some, {name['en']} is as good.")
    assert text.sentence(tied, "zh").endswith(f"“{name['zh']}”同样好。")


def test_a_damaged_part_is_said_to_be_left_out(tmp_path, capsys):
    """Nothing is run here, so nothing is promised."""
    place = swept(tmp_path, scenarios.load("lishui"))
    shard = sorted(place.rglob("*.parquet"))[-1]
    shard.write_bytes(shard.read_bytes()[:-40])
    logs.start(0)
    logging.disable(logging.NOTSET)
    with pytest.raises(InputError):
        study.in_store(study.open_store(place, FEW))
    said = capsys.readouterr().err
    assert "left out here" in said and "the command that made the store does them again" in said


def test_the_number_of_a_box_hides_no_dot():
    figure = Figure()
    ax = figure.add_axes((0.1, 0.1, 0.8, 0.8), xlim=(0.0, 1.0), ylim=(0.0, 1.0))
    dots = np.array([[0.49, 0.49], [0.51, 0.49], [0.49, 0.51], [0.05, 0.95]])
    corners = [(0.5, 0.5), (0.2, 0.5), (0.5, 0.2), (0.2, 0.2)]
    corner, offset = charts._clear(ax, corners, dots)
    at = ax.transData.transform(corner) + np.array(offset) * figure.dpi / 72.0
    away = np.hypot(*(ax.transData.transform(dots) - at).T).min() / figure.dpi * 72.0
    assert away > 10.0 and corner != (0.5, 0.5)


def test_what_not_all_policies_share_stays_central(lishui):
    first = study.plan_of([("lishui", lishui)], FEW).names
    without = dataclasses.replace(
        lishui, name="lishui/sure", files=("lishui/region.toml", "lishui/sure.toml"),
        values={k: dataclasses.replace(e, range=None, kind="constant") if k == PRICE else e for k, e in lishui.values.items()},
    )  # fmt: skip
    plan = study.plan_of([("lishui/sure", without), ("lishui", lishui)], FEW)
    assert PRICE in first and PRICE not in plan.names and PRICE in plan.held


# What is left on disk


def test_the_answer_folder_is_whole_and_the_same_again(lishui, tmp_path):
    plan = planned("lishui", "lishui/subsidy-up")
    d = study.run_discovery(plan, store.runs_folder(plan, tmp_path), Threads(1))
    folder = store.write(d, tmp_path, formats=("svg",), provenance={"seconds": 1})
    assert folder == tmp_path / plan.folder_name / "failing-moved-30000"
    inside = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    for name in ("answer.json", "answer.zh.txt", "answer.en.txt", "manifest.json", "scenario.json"):
        assert name in inside
    assert {
        "boxes",
        "limits",
        "stability",
        "trajectory",
        "tree",
        "policies",
        "criteria",
        "regret",
        "futures",
    } == {
        name.removeprefix("tables/").removesuffix(".csv")
        for name in inside
        if name.startswith("tables/") and name.endswith("csv")
    }
    assert {name.split("/")[1] for name in inside if name.startswith("figures/")} == {
        f"{chart}.{end}" for chart in ("boxes", "tree", "regret") for end in ("csv", "en.svg", "zh.svg")
    }
    again = study.run_discovery(plan, store.runs_folder(plan, tmp_path), Threads(2))
    store.write(again, tmp_path, provenance={"seconds": 2})
    for path, content in inside.items():
        if path not in ("manifest.json", ".anju") and not path.startswith("figures/"):
            assert (folder / path).read_bytes() == content, path
    told = json.loads(inside["answer.json"])
    assert told["boxes"][0]["limits"][0]["unit"] in ("yuan/m2", "persons") and told["futures_compared"] == 60


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_charts_say_nothing_twice_and_hold_the_truth(lishui, tmp_path, lang):
    d = looked(swept(tmp_path, lishui))
    names = [one.name for one in d.case.inputs]
    assert [names[k] for k in charts.leading(d)] in ([PRICE, POOL], [POOL, PRICE])
    with style.session():
        sheet = charts.boxes(d, Words(lang))
        dots = next(ax for ax in sheet.figure.axes if ax.collections and len(ax.texts) == 1)
        at = np.asarray(dots.collections[0].get_offsets())
        (left, right), (low, high) = dots.get_xlim(), dots.get_ylim()
        assert (
            len(at) == 160
            and left < at[:, 0].min()
            and at[:, 0].max() < right
            and low < at[:, 1].min()
            and at[:, 1].max() < high
        )
        tree = charts.tree(d, Words(lang))
        assert d.tree is not None and len(tree.figure.axes) == 1 + len(d.tree.leaves)


# The command


def test_the_command_reads_a_store_and_prints_json(lishui, tmp_path, capsys):
    path = swept(tmp_path, lishui)
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    assert anju(path, "--out", tmp_path / "out", "--no-figures", "--json", "--boxes", 1, "--seed", 3) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["scenario"] == "lishui" and len(told["boxes"]) == 1 and Path(told["folder"]).is_dir()
    assert {p: p.read_bytes() for p in path.rglob("*") if p.is_file()} == before
    assert cli.main(["reproduce", told["folder"]]) == 0  # the runs of the store that was read


def test_the_command_runs_policies_and_a_dry_run_keeps_nothing(tmp_path, capsys):
    names = ("lishui", "lishui/subsidy-up", "--points", 40, "--out", tmp_path, "--no-figures")
    assert anju(*names, "--dry-run", "--lang", "both") == 0
    out = capsys.readouterr().out
    assert "2 policies x 40 futures x 1 = 80 runs, 0 are there already" in out and "2项政策" in out
    assert not list(tmp_path.iterdir())
    assert anju(*names, "-q", "--lang", "en", "--boxes", 1) == 0
    assert "Policies over the same 40 futures" in capsys.readouterr().out
    (folder,) = tmp_path.glob("lishui-discovery-*/failing-*")
    assert cli.main(["reproduce", str(folder)]) == 0


def refused(capsys, *args: object) -> str:
    """The one message of a command that is refused."""
    code = anju(*args)
    said = capsys.readouterr().err
    assert code == 2 and said.count("\n") == 1 and said.startswith("error: ") and "Traceback" not in said, (
        said
    )
    return said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--target", "moved=99999999"), "every future misses moved=99999999"),
        (("--target", "moved=5"), "no future misses moved=5"),
        (("--target", "moved=5", "--find", "reaching"), "every future reaches"),
        (("--target", "mooved"), 'did you mean "moved"'),
        (("--find", "faling"), "failing or reaching expected"),
        (("--outcome", "person", "--above", "3"), 'did you mean "persons"'),
        (("--outcome", "persons"), "one of --above X and --below X"),
        (("--outcome", "persons", "--above", "3", "--below", "4"), "one of --above X and --below X"),
        (("--outcome", "persons", "--above", "many"), "a number in persons expected"),
        (("--outcome", "persons", "--above", "3", "--target", "moved"), "changes nothing with --outcome"),
        (("--above", "3"), "of which outcome?"),
        (("--outcome", "cost_per_mover", "--above", "3"), "no run can be judged"),
        (("--boxes", "0"), "--boxes 0: 1 to 10 expected"),
        (("--depth", "9"), "1 to 6 expected"),
        (("--threshold", "1.5"), "at most 1 expected"),
        (("--min-support", "0.9"), "at most 0.5 expected"),
        (("--peel", "evidense"), "evidence or gain"),
        (("--points", "100"), "of a store the runs are read"),
        (("--set", "home_lag_months=9"), "of a store the runs are read"),
        (("lishui",), "a store is looked into alone"),
    ],
)  # fmt: skip
def test_bad_input_about_a_store(lishui, tmp_path_factory, tmp_path, capsys, options, said):
    if not hasattr(test_bad_input_about_a_store, "path"):
        test_bad_input_about_a_store.path = swept(tmp_path_factory.mktemp("sweep"), lishui, points=60)
    path = test_bad_input_about_a_store.path
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    assert said in refused(capsys, path, "--out", tmp_path / "out", *options)
    assert (
        not (tmp_path / "out").exists()
        and {p: p.read_bytes() for p in path.rglob("*") if p.is_file()} == before
    )


def test_stores_with_too_little_in_them(lishui, tmp_path, capsys):
    few = swept(tmp_path / "few", lishui, points=12)
    assert "12 futures; at least 20 expected" in refused(capsys, few)
    one = tmp_path / "one"
    sweep.run(sweep.plan(lishui, (), kind="replications", replications=30), one, Threads(1))
    assert "nothing varies" in refused(capsys, one)
    (tmp_path / "empty").mkdir()
    assert "no store here" in refused(capsys, tmp_path / "empty")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("lishui", "gansu"), "policies of one region expected"),
        (("lishui", "lishui"), "is named twice"),
        (("lishu",), "lishu"),
        (("lishui", "--points", "10"), "at least 20 futures"),
        (("lishui", "lishui/subsidy-up", "--outcome", "persons", "--above", "3"), "it must be known what is better"),
        (("lishui", "--given", "nowhere.json"), "--given nowhere.json"),
        (("lishui", "--points", "40", "--target", "moved=1"), "no future misses moved=1"),
        (("lishui", "--set", "x"), "KEY=VALUE expected"),
        (("lishui+",), "NAME+PACKAGE"),
    ],
)  # fmt: skip
def test_bad_input_about_policies(tmp_path, capsys, args, said):
    assert said in refused(capsys, *args, "--out", tmp_path, "--no-figures")
    assert not list(tmp_path.glob("*/failing-*"))


def test_runs_that_all_fail_are_said_to(tmp_path, ruled, capsys):
    ruled["fail"] = {("lishui", k) for k in range(40)}
    assert "no run can be judged: 40 failed" in refused(capsys, "lishui", "--points", 40, "--out", tmp_path)


def test_too_few_futures_common_to_all_policies(tmp_path, ruled):
    ruled["fail"] = {("lishui/subsidy-up", k) for k in range(35)}
    with pytest.raises(InputError, match="5 futures in which every policy could be run"):
        study.run_discovery(planned("lishui", "lishui/subsidy-up", points=40), tmp_path, Threads(1))
