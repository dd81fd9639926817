"""A calibration as a study: what it finds, leaves on disk, goes on from, says and refuses; and the command."""

import dataclasses
import json
import re
from typing import cast

import numpy as np
import pytest
import typer
from sweeps import Forked, town
from toys import Toy, place
from typer.testing import CliRunner

import scenarios
from experiments import given, measures, pace
from experiments.calibration import cases, judge, store, study
from experiments.calibration.text import estimate_text, sentence, text
from experiments.commands.calibrate import calibrate as command
from experiments.commands.common import BAD_INPUT, Refused
from experiments.executors.processes import Processes
from experiments.executors.threads import Threads
from experiments.figures import calibration as chart
from experiments.figures import style
from experiments.figures.text import Words
from experiments.job import ScenarioJob
from experiments.reproduce import reproduce
from experiments.store import Store, stores
from experiments.study import run_seed
from scenarios import calibration as data
from scenarios.calibration import Anchor, Calibration, Error
from scenarios.errors import InputError
from scenarios.facts import Fact, fact
from scenarios.own_facts import TO_CALIBRATE

SMALL = 40  # particles

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture(scope="module")
def lishui():
    return scenarios.load("lishui")


def anchor(quantity, value, sd, column, *, unit="1/year", case="lishui", **other):
    one = Fact("Here", "2020", quantity, value, unit, "a yearbook", "calibrate", 2)
    return Anchor(
        one, case, quantity, quantity, unit, column=column, observation=Error(sd, "counted", "统计"), **other
    )


def outcome(values, rng):
    """The pace falls with attachment and hangs on the pool a little; returns follow their own parameter."""
    attachment = place(values, "attachment_mean", -1.0, 1.0)
    return {
        "pace_per_year": 0.10 - 0.08 * attachment + 0.002 * rng.standard_normal(),
        "returned_per_year": values["return_per_year"],
        "persons": 1000.0 * place(values, "b_income", 0.5, 3.0) + 1000.0 * place(values, "b_peers", 0.8, 3.9),
    }


FACTS = (
    anchor("pace", 0.06, 0.006, "pace_per_year"),  # attachment 0.5 of its range, within 0.075
    anchor("returns", 0.0158, 0.2, "returned_per_year", scale="log"),  # the middle of a range on a log scale
    anchor("persons", 1000.0, 60.0, "persons", unit="persons"),  # a sum: ties b_income and b_peers together
)


def known(*anchors):
    return Calibration("lishui", data.shared(), anchors or FACTS, (), (fact("China", "2016-2020", "homes"),))


def toy(scenario):
    return Toy(scenario, outcome)


def plan(lishui, *anchors, particles=SMALL, job=toy, **other):
    return study.plan_of(lishui, known=known(*anchors), particles=particles, job=job, **other)


@pytest.fixture(scope="module")
def found(lishui, tmp_path_factory):
    out = tmp_path_factory.mktemp("found")
    asked = plan(lishui, particles=200)
    return study.calibrate(asked, store.runs_folder(asked, out), Threads(2)), out


# What it finds


def test_ranges_narrow_around_what_the_facts_say(found):
    judged = {one.name: one for one in found[0].parameters}
    attachment, back = judged["attachment_mean"], judged["return_per_year"]
    assert attachment.verdict == back.verdict == judge.NARROWED
    # the pace identifies attachment within sqrt(0.006^2 + 0.002^2) / 0.08 of its range
    width = 2 * 1.645 * np.hypot(0.006, 0.002) / 0.08 / 0.9
    assert (
        attachment.ratio == pytest.approx(width, rel=0.3)
        and attachment.ratio_low < width < attachment.ratio_high
    )
    assert attachment.posterior[1] == pytest.approx(0.0, abs=0.06)
    assert back.posterior[1] == pytest.approx(0.0158, rel=0.1)
    assert back.ratio == pytest.approx(2 * 1.645 * 0.2 / np.log(10.0) / 0.9, rel=0.3)


def test_what_no_fact_touches_is_said_not_to_be_moved(found):
    c = found[0]
    touched = {"attachment_mean", "return_per_year", "b_income", "b_peers"}
    rest = [one for one in c.parameters if one.name not in touched]
    assert len(rest) == 16 and not [
        one.name for one in rest if one.verdict in (judge.NARROWED, judge.SHIFTED)
    ]
    assert sum(one.verdict == judge.UNMOVED for one in rest) >= 12
    assert "the facts do not move it" in text(c, "en") and "事实不能识别" in text(c, "zh")


def test_what_a_fact_ties_together_is_named(found):
    pairs = found[0].pairs
    assert {pairs[0].first, pairs[0].second} == {"b_income", "b_peers"} and pairs[0].correlation < -0.8
    assert len(pairs) == 1


def test_checks_hold_new_runs_against_the_facts(found):
    for check in found[0].checks:
        low, middle, high = cases.miss(check.anchor, np.array(check.posterior))
        assert abs(middle) < 1.0 and low < high < 3.0
        assert check.tail > 0.2 and check.posterior[2] - check.posterior[0] < check.prior[2] - check.prior[0]
    assert found[0].checks[0].anchor.fact.quantity == "pace"


def test_the_share_of_the_prior_that_no_fact_rules_out(found):
    # attachment within 0.225 of its range, returns within 0.6 log units of 2.303, the sum within 180 of 2000
    exact = (2 * 0.018 / 0.08) * (2 * 0.6 / np.log(10.0)) * (1.0 - (1.0 - 0.18) ** 2) ** 1
    low, high = found[0].open.low, found[0].open.high
    assert low < found[0].open.share < high and low < exact * 1.4 and high > exact * 0.6


def test_the_outcome_may_be_multiplied_by_what_is_uncertain_and_by_facts(lishui):
    task = fact("Lishui", "2019-2023", "大搬快聚 target: persons to move")
    rehoused = anchor(
        "rehoused",
        15_000.0,
        1.0,
        "pace_per_year",
        unit="persons",
        times=("pool_persons",),
        times_facts=(task,),
    )
    case = plan(lishui, rehoused).cases[0]
    values = np.array([[x.central for x in case.uncertain], [x.low for x in case.uncertain]])
    columns = {"pace_per_year": np.array([[0.1, 0.2], [0.3, np.nan]])}
    made = case.outcomes(values, columns)[..., 0]
    pool = values[:, case.names.index("pool_persons")]
    assert made[0] == pytest.approx(np.array([0.1, 0.2]) * (pool[0] + 164_600))
    assert made[1, 0] == pytest.approx(0.3 * (40_000 + 164_600)) and np.isnan(made[1, 1])
    assert case.misses(np.array([15_001.0, np.nan])[:, None]).tolist() == [[1.0], [np.inf]]


# What it shares between regions


def test_behaviour_is_shared_with_history_and_the_rest_is_drawn_along(lishui):
    asked = study.plan_of(lishui, particles=SMALL)
    by_name = {case.name: case for case in asked.cases}
    wuyi, here = by_name["history/wuyi"], by_name["lishui/status-quo"]
    assert {x.name for x in here.walked} == set(asked.names) and here.own == ()
    shared = {x.name for x in wuyi.walked}
    assert {"b_income", "attachment_mean", "return_per_year", "dsr_max", "reluctant_share"} <= shared
    assert {"pool_persons", "home_price_yuan_per_m2", "find_rate_per_month"} <= {x.name for x in wuyi.own}
    assert wuyi.walked[wuyi.names.index("attachment_mean")].low == -1.0
    at = asked.at(asked.cases.index(wuyi))
    assert [asked.dimensions[k].name for k in at] == list(wuyi.names)
    pool = [x for x in wuyi.own if x.name == "pool_persons"][0]
    assert (
        asked.dimensions[at[wuyi.names.index("pool_persons")]]
        == pool
        != asked.uncertain[asked.names.index("pool_persons")]
    )
    assert set(asked.names) == {x.name for x in asked.uncertain} and len(asked.dimensions) > len(asked.names)


def test_two_scenarios_calibrate_together_and_the_posterior_holds_the_region_s_own(lishui, tmp_path):
    def both(values, rng):
        return {"pace_per_year": 0.1 - 0.08 * place(values, "attachment_mean", -1.0, 1.0)}

    asked = plan(
        lishui, anchor("here", 0.06, 0.01, "pace_per_year"), anchor("there", 0.08, 0.01, "pace_per_year", case="history/wuyi"),
        job=lambda s: Toy(s, both),
    )  # fmt: skip
    c = study.calibrate(asked, tmp_path, Threads(1))
    assert [case.name for case in asked.cases] == ["lishui", "history/wuyi"]  # the cheap one first
    attachment = c.parameters[[one.name for one in c.parameters].index("attachment_mean")]
    assert attachment.posterior[1] == pytest.approx(-0.25, abs=0.1)  # between the two
    assert attachment.posterior[2] - attachment.posterior[0] < 0.7  # 0.58; of one fact 0.82
    assert c.posterior.names == asked.names and c.runs["history/wuyi"] < c.runs["lishui"]
    whole = dict(store.tables(c))["posterior"]
    assert "history/wuyi:pool_persons" in whole and "history/wuyi:b_income" not in whole


def test_outcomes_at_a_date_are_counted_like_targets(lishui):
    late = anchor("work", 0.92, 0.02, None, unit="share")
    late = dataclasses.replace(late, metric="employed_share", month=48)
    case = plan(lishui, late).cases[0]
    target = case.scenario.targets[-1]
    assert case.columns == ("target_fact_0",) and (target.metric, target.month) == ("employed_share", 47)
    assert "target_fact_0" in case.job.columns
    with pytest.raises(InputError, match="month 61 is not among the months run"):
        plan(lishui, dataclasses.replace(late, month=61))
    with pytest.raises(InputError, match="scope 'nowhere' unknown"):
        plan(lishui, dataclasses.replace(late, scope="nowhere"))
    with pytest.raises(InputError, match='did you mean "pace_per_year"'):
        plan(lishui, anchor("pace", 0.06, 0.01, "pace_per_yaer"))


def test_the_pace_of_a_run_is_that_of_anju_pace():
    scenario = scenarios.load("lishui/status-quo", sets={"pool_persons": "5000"})
    job = ScenarioJob(scenario)
    done = job.run(job.task(0, 0, run_seed(1, 0), {}))
    assert done.numbers is not None
    assert done.numbers[job.columns.index("pace_per_year")] == pace.pace(scenario, replications=1).mean
    assert 0.0 < done.numbers[job.columns.index("returned_per_year")] < 0.1
    assert measures.units(scenario)["pace_per_year"] == "1/year"


# As a study


def posterior_bytes(c, out):
    return (store.write(c, out) / given.FILE).read_bytes()


@pytest.fixture(scope="module")
def once(lishui, tmp_path_factory):
    """The bytes of a small posterior."""
    out = tmp_path_factory.mktemp("once")
    asked = plan(lishui)
    return posterior_bytes(study.calibrate(asked, store.runs_folder(asked, out), Threads(1)), out)


def test_executors_leave_no_trace(lishui, once, tmp_path):
    asked = plan(lishui)
    for name, executor in (("threads", Threads(3)), ("processes", Processes(2))):
        with executor:
            c = study.calibrate(asked, store.runs_folder(asked, tmp_path / name), executor)
        assert posterior_bytes(c, tmp_path / name) == once


class Interrupted(Toy):
    """Stops at its n-th run."""

    left = 70

    def run(self, task):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().run(task)


def runs_of(asked):
    """How many runs its toy has done."""
    return cast(Toy, asked.cases[0].job).runs


def test_it_goes_on_where_it_was_stopped(lishui, once, tmp_path):
    stopped = plan(lishui, job=lambda s: Interrupted(s, outcome))
    runs = store.runs_folder(stopped, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        study.calibrate(stopped, runs, Threads(1))
    with Store.open(runs / "lishui") as left:
        assert len(left.done()) == Interrupted.left
    again = plan(lishui)
    c = study.calibrate(again, runs, Threads(1))
    assert posterior_bytes(c, tmp_path) == once
    assert runs_of(again) == sum(c.runs.values()) - Interrupted.left
    idle = plan(lishui)
    assert posterior_bytes(study.calibrate(idle, runs, Threads(1)), tmp_path) == once and runs_of(idle) == 0


def calibrated_in_a_process(runs):
    """Runs that wait at the end of the third batch, to be killed there."""
    import time

    made = plan(scenarios.load("lishui"))
    toys = cast(Toy, made.cases[0].job)
    toys.outcome = lambda values, rng: time.sleep(60.0) or {} if toys.runs > 90 else outcome(values, rng)
    study.calibrate(made, runs, Threads(1))
    return 0


def test_it_goes_on_after_kill_9(lishui, once, tmp_path):
    import time

    asked = plan(lishui)
    runs = store.runs_folder(asked, tmp_path)
    with Forked(calibrated_in_a_process, runs, folder=tmp_path) as process:
        for _ in range(600):
            time.sleep(0.1)
            from sweeps import finished

            if finished(runs / "lishui") >= 90:
                break
        process.kill()
    assert 80 <= finished(runs / "lishui") <= 91
    assert posterior_bytes(study.calibrate(asked, runs, Threads(2)), tmp_path) == once


def test_the_id_follows_what_the_answer_depends_on(lishui):
    one = plan(lishui)
    assert one.id == plan(lishui).id
    tighter = dataclasses.replace(FACTS[0], observation=Error(0.005, "x", "x"))
    others = [
        plan(lishui, seed=2), plan(lishui, particles=80), plan(lishui, replications=2), plan(lishui, *FACTS[:2]),
        plan(lishui, tighter, *FACTS[1:]),
    ]  # fmt: skip
    assert len({one.id, *(other.id for other in others)}) == 6


def test_the_posterior_is_found_and_drawn_from(found, lishui):
    c, out = found
    folder = store.write(c, out)
    back = given.find("posterior", lishui, out)
    assert back.path == str(folder / "posterior.json") and back.id == c.posterior.id
    assert back.values.tobytes() == c.posterior.values.tobytes()
    assert [one["quantity"] for one in back.facts] == [
        "pace",
        "returns",
        "persons",
    ] and back.calibration == c.plan.id
    assert given.read(out / c.plan.folder_name).id == back.id
    assert given.find(str(folder), scenarios.load("lishui/status-quo"), out).id == back.id


def test_what_is_left_on_disk(found):
    c, out = found
    folder = store.write(c, out, formats=("png",))
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    tables = {
        f"tables/{name}.{kind}"
        for name in ("posterior", "parameters", "facts", "generations")
        for kind in ("csv", "parquet")
    }
    assert left - {".anju"} == tables | {
        "posterior.json", "answer.json", "answer.en.txt", "answer.zh.txt", "scenario.json", "manifest.json",
        "figures/calibration.csv", "figures/calibration.en.png", "figures/calibration.zh.png",
    }  # fmt: skip
    said = json.loads((folder / "answer.json").read_text("utf-8"))
    assert (
        said["calibration"] == c.plan.id
        and said["facts"][0]["source"] == "a yearbook"
        and said["effective"] > 30
    )
    assert [one["name"] for one in said["parameters"]] == list(c.plan.names)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["kind"] == "calibration" and set(manifest["runs"].values()) == set(c.runs.values())
    assert {path.name for path in stores(folder.parent / "runs")} == {"lishui", "lishui-check"}
    csv = (folder / "tables/posterior.csv").read_text("utf-8-sig").splitlines()
    assert len(csv) == 201 and csv[0].startswith("particle,weight,root,b_income")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_text_names_facts_errors_sources_and_what_is_kept(found, lang):
    c, _ = found
    said = text(c, lang)
    for fact_said in (
        "pace",
        "returns",
        "persons",
        "a yearbook",
        "6.00",
        "0.6 pp" if lang == "en" else "0.6个百分点",
        "1.22",
    ):
        assert fact_said in said, fact_said
    assert "China 2016-2020 homes" in said.replace("\n    ", " ")
    roots = f"descend from {c.roots:,} draws" if lang == "en" else f"源自先验抽样{c.roots:,}个"
    limit = "Moves stopped at their limit" if lang == "en" else "移动批数已达上限"
    assert 1 < c.roots <= c.plan.particles and roots in said.replace("\n    ", " ").replace("\n", "")
    assert (limit in said) == c.sample.stopped
    assert sentence(c, lang) in said.replace("\n  ", " ").replace("\n", "") or lang == "en"
    assert not re.search(r"nan|None|inf\b", said)
    assert lang == "en" or not re.search(r"：[\d,.万]+ ?[a-z]", said)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_chart_has_a_row_a_parameter_and_a_fact(found, lang):
    c, _ = found
    rows = chart.rows(c)
    assert [row["panel"] for row in rows].count("parameter") == 20 and rows[-1]["fact"] == 1000.0
    with style.session():
        sheet = chart.draw(c, Words(lang))
        assert len(sheet.figure.axes) == 2 and sheet.render("png", name="x")[:4] == b"\x89PNG"


# What it refuses


def test_facts_that_nothing_can_meet_are_named_and_the_runs_kept(lishui, tmp_path):
    asked = plan(lishui, FACTS[1], anchor("pace", 0.30, 0.006, "pace_per_year"))
    with pytest.raises(InputError) as error:
        study.calibrate(asked, tmp_path, Threads(1))
    said = str(error.value)
    assert (
        "nothing within the stated ranges is compatible with the facts" in said
        and "the runs are kept" in said
    )
    off = re.search(
        r"pace \(Here 2020\): 0.3 1/year cannot be met; the nearest of [\d,]+ runs gave (0\.1\d*), ([\d.]+) stated",
        said,
    )
    assert off and float(off[2]) == pytest.approx((0.30 - float(off[1])) / 0.006, rel=0.02)
    assert "returns" not in said and len(error.value.messages) == 1
    with Store.open(tmp_path / "lishui") as left:
        assert len(left.done()) >= SMALL


def test_facts_that_contradict_each_other_are_said_to(lishui, tmp_path):
    asked = plan(
        lishui,
        anchor("low", 0.03, 0.002, "pace_per_year"),
        dataclasses.replace(anchor("high", 0.09, 0.002, "pace_per_year")),
    )
    with pytest.raises(
        InputError, match="each fact alone can be met, but not together; the nearest run missed low by"
    ):
        study.calibrate(asked, tmp_path, Threads(1))


def broken(values, rng):
    raise ZeroDivisionError("no homes")


def halves(values, rng):
    return broken(values, rng) if values["b_income"] < 1.75 else outcome(values, rng)


def test_where_every_run_fails_the_reason_is_said(lishui, tmp_path):
    with pytest.raises(InputError, match="lishui: every run failed: ZeroDivisionError: no homes"):
        study.calibrate(plan(lishui, job=lambda s: Toy(s, broken)), tmp_path, Threads(1))


def test_runs_that_fail_are_never_taken(lishui, tmp_path):
    c = study.calibrate(plan(lishui, *FACTS[:2], job=lambda s: Toy(s, halves)), tmp_path, Threads(1))
    assert (c.posterior.values[:, c.plan.names.index("b_income")] >= 1.75).all()
    assert sum(c.errors.values()) > 10 and "failed and were not accepted: ZeroDivisionError" in text(c, "en")


def test_an_outcome_that_no_run_has_is_said(lishui, tmp_path):
    with pytest.raises(InputError, match="no run holds an outcome that answers to pace"):
        study.calibrate(
            plan(lishui, job=lambda s: Toy(s, lambda v, r: {"pace_per_year": np.nan})), tmp_path, Threads(1)
        )


@pytest.mark.parametrize(
    ("other", "said"), [(dict(particles=10), "20 or more expected"), (dict(replications=0), "at least 1")]
)
def test_impossible_numbers(lishui, other, said):
    with pytest.raises(ValueError, match=said):
        plan(lishui, **other)


def test_a_fact_that_comes_with_anju_does_not_count_twice(lishui, tmp_path):
    mine = known(anchor("returns", 0.0158, 0.2, "returned_per_year", scale="log"))
    one = mine.anchors[0].fact
    row = f"{one.region},{one.period},returns,0.5,1/year,x,calibrate,column:returned_per_year,,,,1"
    (tmp_path / "facts.csv").write_text(f"{','.join(TO_CALIBRATE)}\n{row}\n")
    with pytest.raises(InputError, match="returns: comes with anju .*would count twice; leave it out"):
        study.plan_of(lishui, known=mine, facts=tmp_path / "facts.csv", particles=SMALL, job=toy)


def test_a_region_without_facts_and_a_scenario_without_uncertainties():
    with pytest.raises(
        InputError, match=r"yueyang: no fact calibrates yueyang; give your own with --facts FILE"
    ):
        study.plan_of(scenarios.load("yueyang"))


def test_the_dry_run_counts_lists_facts_and_writes_nothing(lishui, tmp_path):
    asked = plan(lishui)
    told = study.estimate(asked, tmp_path / "runs", 2)
    assert (
        told.runs == SMALL * study.BATCHES + study.CHECKS
        and told.there == 0
        and not (tmp_path / "runs").exists()
    )
    for lang in ("en", "zh"):
        said = estimate_text(told, lang)
        assert "pace" in said and f"{told.runs:,}" in said and "China 2016-2020 homes" in said


# The command

APP = typer.Typer()
APP.command()(command)
HEAD = ",".join(TO_CALIBRATE)


def anju(*args):
    return CliRunner().invoke(APP, [str(arg) for arg in args], catch_exceptions=True)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A region of the user's own, and facts about it."""
    folder = tmp_path_factory.mktemp("own")
    plan_file = town(folder)
    job = ScenarioJob(scenarios.load(plan_file))
    done = job.run(job.task(0, 0, 5, {}))
    assert done.numbers is not None
    moved, scenario = done.numbers[job.columns.index("persons")], job.scenario
    date = f"{int(scenario.start[:4]) + scenario.window // 12 - 1}-12"
    rows = (
        f"Town,{date},persons moved,{moved:g},persons,county office,calibrate,persons,keys,region,{date},{0.15 * moved:g}",
        f"Town,{date},at work,90,%,survey,validate,employed_share,,region,{date},",
    )
    (folder / "facts.csv").write_text("\n".join((HEAD, *rows)) + "\n")
    return plan_file, folder / "facts.csv"


def test_a_region_of_one_s_own_is_calibrated_on_one_s_own_facts(own, tmp_path):
    ran = anju(
        own[0], "--facts", own[1], "--particles", 24, "--out", tmp_path, "--no-figures", "--json", "-q"
    )
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert said["region"] == "town" and said["facts"][0]["held_against"] == "town"
    assert [one["use"] for one in said["kept"]] == ["validate"]
    back = given.find("posterior", scenarios.load(own[0]), tmp_path)
    assert back.id == said["posterior"] and len(back.values) == 24
    again = reproduce(said["folder"], runs=5, threads=1)
    assert again.equal and again.checked >= 5 and again.numbers > 1000
    again = anju(
        own[0],
        "--facts",
        own[1],
        "--particles",
        24,
        "--out",
        tmp_path,
        "--no-figures",
        "-q",
        "--lang",
        "both",
    )
    assert again.exit_code == 0 and "persons moved, Town" in again.output and "校准" in again.output


def test_a_dry_run_names_the_facts_for_programs_too(own, tmp_path):
    ran = anju(own[0], "--facts", own[1], "--out", tmp_path, "--dry-run", "--json", "-q")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert [one["fact"]["quantity"] for one in told["facts"]] == ["persons moved"]
    assert [one["quantity"] for one in told["kept"]] == ["at work"] and told["runs"] > 0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            ("Gansu,2025,persons,1,persons,x,calibrate,persons,keys,region,2025-12,1",),
            "facts.csv:2: region: Gansu is a region of gansu, and what is calibrated is town",
        ),
        ((), "no fact is marked calibrate"),
        (
            ("Town,2025,persons,1,persons,x,validate,persons,keys,region,2025-12,1",),
            "no fact is marked calibrate",
        ),
        (
            ("Town,2025,persons,9e6,persons,x,calibrate,persons,keys,region,2024-12,1",),
            "9e+06 persons cannot be met",
        ),
        (
            ("Town,2025,persons,1,persons,x,calibrate,persons,keys,region,1999-12,1",),
            "is not among the months run",
        ),
        (("Town,2025,persons,1,persons,x,calibrate,column:person,,,,1",), "unknown outcome"),
        (("Town,2025,persons,1,yuan,x,calibrate,column:persons,,,,1",), "persons is in persons"),
        (
            ("Gansu,2016-2020-03,registered persons moved in,9,persons,x,calibrate,column:persons,,,,1",),
            "registered persons moved in: is kept for validation (facts.csv), so no parameter may be set to it",
        ),
    ],
)
def test_the_command_refuses_with_2_and_no_posterior(own, tmp_path, rows, said):
    (tmp_path / "facts.csv").write_text("\n".join((HEAD, *rows)) + "\n")
    ran = anju(own[0], "--facts", tmp_path / "facts.csv", "--particles", 20, "--out", tmp_path / "out", "-q")
    assert (
        isinstance(ran.exception, Refused) and ran.exception.code == BAD_INPUT and said in str(ran.exception)
    )
    assert not list((tmp_path).rglob("posterior.json"))
