"""The page's engine: the same runs as `anju run`, whatever else is asked meanwhile; levers, settings, files."""

import json
import math
import threading
import time
import types

import numpy as np
import pytest
from same import arrays
from sweeps import town

import scenarios
from experiments import study
from experiments.outcome import ratio
from experiments.page import drawn, export, levers, live, picture, settings, static
from experiments.page.live import Engine
from experiments.page.settings import Catalogue, Setting
from experiments.page.told import Told
from experiments.verdict import verdict
from scenarios.errors import InputError
from simulation import run as engine_run

pytestmark = pytest.mark.usefixtures("silent")
FUTURES = 6
MOVED = ["subsidy_yuan_per_person=30000", "homes_factor=1.5"]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    plan = town(tmp_path_factory.mktemp("page"))
    text = plan.read_text("utf-8").replace('extends = "region"', 'extends = "plan"')
    plan.with_name("less.toml").write_text(text, "utf-8")
    return Catalogue(str(plan))


@pytest.fixture
def engine():
    made = Engine(threads=2, futures=FUTURES)
    yield made
    assert made.close(patience=10.0)


def ask(engine, catalogue, setting, **more):
    return engine.ask(catalogue.scenario(setting), catalogue.plan(setting.scenario), **more)


def same(mine, theirs):
    return all(
        np.array_equal(a, b, equal_nan=not isinstance(a, str)) for a, b in zip(mine, theirs, strict=True)
    )


def test_summaries_are_those_of_a_study_bit_for_bit(catalogue, engine):
    setting = catalogue.setting(catalogue.first, MOVED)
    ticket = ask(engine, catalogue, setting)
    engine.wait(ticket, 60.0)
    whole = study.run_study(catalogue.scenario(setting), points=FUTURES, replications=1)
    for run, found in enumerate(ticket.job.summaries):
        assert same(found, picture.summary(whole, run, population=whole.populations[run]))
    assert np.array_equal(ticket.job.design.values, whole.design)
    assert live.found_id(ticket.job) == whole.id


def test_the_picture_says_what_the_verdict_says(catalogue, engine):
    setting = catalogue.setting(catalogue.first, MOVED)
    answer = engine.wait(ask(engine, catalogue, setting), 60.0)
    whole = study.run_study(catalogue.scenario(setting), points=FUTURES, replications=1)
    before = study.run_study(catalogue.plan(setting.scenario), points=FUTURES, replications=1)
    said, target = verdict(whole), answer["target"]
    judged = next(one for one in said.targets if one.id == target["id"])
    assert (target["share"], target["low"], target["high"], target["reached"]) == (
        judged.share, judged.low, judged.high, judged.reached,
    )  # fmt: skip
    assert answer["done"] == answer["of"] == FUTURES
    movers = next(group for group in answer["incomes"]["groups"] if group["key"] == "movers")
    assert movers["income"] == pytest.approx(said.earn["income"].median)
    assert movers["wage"] == pytest.approx(said.earn["wage"].median)
    assert answer["money"]["per_person"] == pytest.approx(said.money.cost_per_person.median)
    payers = {row["key"]: row["yuan"] for row in answer["money"]["payers"]}
    assert payers == {k: pytest.approx(s.median) for k, s in said.money.payers.items() if s.median}
    uses = {row["key"]: row["yuan"] for row in answer["money"]["uses"]}
    assert uses == {k: pytest.approx(s.median) for k, s in said.money.purposes.items() if s.median}
    assert answer["stay"]["returned"] == pytest.approx(said.stay["returned_share"].median)
    assert answer["jobs"]["employed_share"] == pytest.approx(said.earn["employed_share"].median)
    at = answer["movers"]["at"]
    persons = [one.indicator("persons_keys").sum(axis=2)[:, at] for one in (whole, before)]
    assert answer["movers"]["p50"][at] == pytest.approx(np.median(persons[0]), abs=0.06)
    assert answer["movers"]["plan"]["p50"][at] == pytest.approx(np.median(persons[1]), abs=0.06)
    gap, difference = persons[0] - persons[1], answer["movers"]["difference"]
    assert difference["value"] == pytest.approx(gap.mean())
    from scipy import stats

    low, high = stats.t.interval(0.95, FUTURES - 1, gap.mean(), stats.sem(gap))
    assert (difference["low"], difference["high"]) == (pytest.approx(low), pytest.approx(high))


def test_a_run_in_slices_is_the_run(catalogue, monkeypatch):
    inputs = study.inputs_of(catalogue.scenario(Setting(catalogue.first)), {})
    whole = engine_run.run(inputs, seed=7)
    for first, pace in ((1, 1e-9), (10**9, 1e9), (12 * len(inputs.population.county), 1e-9)):
        monkeypatch.setattr(live, "FIRST_SLICE", first)
        monkeypatch.setattr(live, "SLICE_SECONDS", pace)
        sliced = live.in_slices(inputs, seed=7, wanted=lambda: True)
        found, expected = arrays(sliced), arrays(whole)
        assert found.keys() == expected.keys()
        assert all(found[name].tobytes() == expected[name].tobytes() for name in expected)


def test_answers_depend_neither_on_threads_nor_on_cancelled_work(catalogue):
    setting = catalogue.setting(catalogue.first, MOVED)
    found = []
    for threads, before in ((1, 0), (2, 0), (3, 9)):
        engine = Engine(threads=threads, futures=FUTURES)
        for n in range(before):  # each ends the one before it
            ask(
                engine,
                catalogue,
                catalogue.setting(catalogue.first, [f"loan_limit_yuan={n * 10000}"]),
                tab="a",
            )
            time.sleep(0.02)
        ticket = ask(engine, catalogue, setting, tab="a")
        engine.wait(ticket, 60.0)
        found.append([ticket.answer(n) for n in range(1, FUTURES + 1)])
        assert engine.close(10.0)
    assert found[0] == found[1] == found[2]


def test_the_newest_setting_of_a_tab_ends_the_older(catalogue, engine):
    told = threading.Event()
    older = ask(
        engine,
        catalogue,
        catalogue.setting(catalogue.first, ["loan_limit_yuan=0"]),
        changed=told.set,
        tab="a",
    )
    other = ask(engine, catalogue, Setting(catalogue.first), tab="b")
    newer = ask(engine, catalogue, catalogue.setting(catalogue.first, MOVED), tab="a")
    assert older.ended and told.is_set() and not newer.ended and not other.ended
    engine.wait(newer, 60.0)
    engine.wait(other, 60.0)
    assert older.job.done < FUTURES or older.job.error is None


def test_a_run_nobody_waits_for_is_given_up(catalogue, engine, monkeypatch):
    going, let_go, seen = threading.Event(), threading.Event(), []

    def slow(inputs, *, seed, wanted):
        going.set()
        while wanted():
            let_go.wait(0.01)
        seen.append("given up")
        raise live.Ended

    monkeypatch.setattr(live, "in_slices", slow)
    ticket = ask(engine, catalogue, catalogue.setting(catalogue.first, MOVED))
    assert going.wait(10.0)
    engine.end(ticket)
    end = time.monotonic() + 5.0
    while engine.hand and time.monotonic() < end:
        time.sleep(0.01)
    assert seen and not engine.hand and ticket.job.done == 0


def test_equal_settings_of_two_tabs_share_their_runs(catalogue, engine, monkeypatch):
    runs = []
    monkeypatch.setattr(
        live, "in_slices", lambda *a, inner=live.in_slices, **k: runs.append(1) or inner(*a, **k)
    )
    setting = catalogue.setting(catalogue.first, MOVED)
    tickets = [ask(engine, catalogue, setting, tab=tab) for tab in ("a", "b")]
    answers = [engine.wait(ticket, 60.0) for ticket in tickets]
    assert tickets[0].job is tickets[1].job and answers[0] == answers[1]
    assert len(runs) == 2 * FUTURES  # the setting's and the plan's
    engine.wait(ask(engine, catalogue, setting), 60.0)
    assert len(runs) == 2 * FUTURES


def test_an_untouched_plan_differs_by_nothing(catalogue, engine):
    ticket = ask(engine, catalogue, Setting(catalogue.first))
    answer = engine.wait(ticket, 60.0)
    assert ticket.job is ticket.plan
    assert answer["movers"]["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0, "p05": 0.0, "p95": 0.0}


def test_what_is_kept_is_bounded(catalogue, engine, monkeypatch):
    monkeypatch.setattr(live, "JOBS", 3)
    for n in range(6):
        setting = catalogue.setting(catalogue.first, [f"loan_limit_yuan={n * 10000}"])
        ticket = ask(engine, catalogue, setting, tab="a")
        engine.wait(ticket, 60.0)
    assert len(engine.jobs) == 3 and ticket.job.key in engine.jobs and ticket.plan.key in engine.jobs
    for _ in range(live.TICKETS + 5):
        ask(engine, catalogue, setting)
    assert len(engine.tickets) <= live.TICKETS


def test_households_are_kept_up_to_a_number_of_bytes(catalogue):
    scenario = catalogue.plan(catalogue.first)
    one = live._Households(10**9)
    sizes = [live._size((i.population, i.institutions.villages)) for i in (one.inputs(scenario, {}),)]
    few = live._Households(int(2.5 * sizes[0]))
    for share in (0.1, 0.2, 0.3, 0.4):
        few.inputs(scenario, {"population.absent_share": share})
    assert len(few.kept) == 2 and few.bytes <= few.most
    again = one.inputs(scenario, {"subsidy_yuan_per_person": 1.0})
    assert len(one.kept) == 1  # no lever makes other households
    assert again.population is one.inputs(scenario, {}).population


def test_a_future_that_cannot_be_run_is_said(catalogue, engine, monkeypatch):
    def broken(*args, **more):
        raise InputError(["town: impossible"])

    monkeypatch.setattr(live, "inputs_of", broken)
    setting = catalogue.setting(catalogue.first, MOVED)
    monkeypatch.setattr(engine, "usual", lambda plan: FUTURES)
    with pytest.raises(InputError, match="impossible"):
        engine.wait(ask(engine, catalogue, setting), 10.0)
    monkeypatch.undo()
    engine.futures = FUTURES
    assert engine.wait(ask(engine, catalogue, setting), 60.0)["done"] == FUTURES  # and tried again


@pytest.mark.parametrize(
    "name", ["lishui", "lishui/subsidy-up", "jiaojiang", "gansu", "yueyang", "yueyang/vouchers"]
)
def test_levers_of_every_region(name):
    found = Catalogue(name).levers(name)
    assert 10 <= len(found) <= 20 and {lever.group for lever in found} == set(levers.GROUPS)
    for lever in found:
        steps = [(value - lever.min) / lever.step for value in (lever.max, lever.value, lever.plan)]
        assert all(math.isclose(step, round(step), abs_tol=1e-6) for step in steps), lever.key
        assert lever.min <= lever.value <= lever.max and lever.min <= lever.plan <= lever.max
        assert lever.label["zh"] and lever.label["en"] and lever.help["zh"] and lever.help["en"]
        assert lever.source["en"] and (lever.kind == "switch") == (lever.step == lever.max == 1.0)
    json.dumps([lever.plain() for lever in found], allow_nan=False)


def test_a_switch_off_in_one_policy_stays_a_switch():
    lever = next(
        one for one in Catalogue("lishui").levers("lishui/jobs-first") if one.key == "job_before_move"
    )
    assert (lever.kind, lever.value, lever.plan) == ("switch", 1.0, 0.0)


def test_steps_are_round_and_meet_the_values():
    assert levers.step_of(5000.0, 35000.0, (18000.0, 18000.0), "yuan/person") == 1000.0
    assert levers.step_of(0.4, 1.2, (0.6, 1.0), "ratio") == 0.02
    assert levers.step_of(0.0, 5.0, (0.0, 3.0), "years") == 1.0
    assert levers.step_of(0.0, 1.0, (1.0 / 3.0, 0.5), "share") == 0.001  # no round one: a thousandth


def test_a_setting_has_one_query(catalogue):
    one = catalogue.setting(catalogue.first, ["homes_factor=1.50", "subsidy_yuan_per_person=3e4"])
    other = catalogue.setting(catalogue.first, ["subsidy_yuan_per_person=30000", "homes_factor=1.5"])
    assert (
        one == other and one.query == "scenario=town&set=homes_factor=1.5&set=subsidy_yuan_per_person=30000"
    )
    own = {lever.key: lever.value for lever in catalogue.levers(catalogue.first)}
    back = catalogue.setting(catalogue.first, [f"homes_factor={own['homes_factor']}"])
    assert back == Setting(catalogue.first)


@pytest.mark.parametrize("name", ["lishui/subsidy-up", "jiaojiang"])
def test_a_lever_is_set_as_the_reader_of_scenarios_sets_it(name):
    own = Catalogue(name)
    for lever in own.levers(name):
        other = lever.max if lever.value != lever.max else lever.min
        setting = own.setting(name, [f"{lever.key}={other:.12g}"])
        ((key, value),) = setting.sets
        assert own.scenario(setting) == scenarios.load(name, sets={key: f"{value:.12g}"}), lever.key
    both = own.setting(
        name,
        ["loan_limit_yuan=250000", "public_posts=0"] if name != "jiaojiang" else ["loan_limit_yuan=250000"],
    )
    assert own.scenario(both) == scenarios.load(name, sets={key: f"{value:.12g}" for key, value in both.sets})


@pytest.mark.parametrize(
    "sets",
    [
        ["nothing=1"], ["homes_factor"], ["homes_factor="], ["homes_factor=nan"], ["homes_factor=inf"],
        ["homes_factor=-1"], ["homes_factor=1e999"], ["homes_factor=1", "homes_factor=1"], ["homes_factor=１"],
        ["homes_factor=1 ratio"], ["homes_factor=0x1"], ["homes_factor=1_0"], ["pool_persons=1000000000000"],
        ["period.window_months=600"], ["=1"], [""], ["job_before_move=0.5"], ["homes_factor=" + "9" * 400],
    ],
)  # fmt: skip
def test_what_is_no_setting_is_refused_in_both_languages(catalogue, sets):
    with pytest.raises(Told) as said:
        catalogue.setting(catalogue.first, sets)
    assert 400 <= said.value.status < 500
    message = said.value.plain()["message"]
    assert message["zh"] != message["en"] and len(message["en"]) < 300


def test_names_outside_the_page_are_refused(catalogue, tmp_path):
    for name in (
        "../region",
        "/etc/passwd",
        "town/../../x",
        "lishuu",
        "history/wuyi",
        str(tmp_path),
        "x" * 5000,
    ):
        with pytest.raises(Told) as said:
            catalogue.setting(name, [])
        assert said.value.status == 404 and len(said.value.en) < 200


@pytest.mark.parametrize("first", ["lishui", "lishui/subsidy-up", "town"])
def test_a_setting_as_a_file_is_the_setting(first, catalogue, tmp_path):
    own = catalogue if first == "town" else Catalogue(first)
    setting = own.setting(first, [*MOVED, "job_before_move=1"])
    folder = tmp_path
    if first == "town":
        from pathlib import Path

        folder = Path(own.offered["town"].source).parent
    file = folder / export.file_name(setting)
    file.write_text(export.toml(own, setting), "utf-8")
    read = scenarios.load(str(file))
    assert read.resolved() == own.scenario(setting).resolved()
    assert {entry.source for entry in read.entries() if entry.name in dict(setting.sets)} == {
        "assumption (set on the page)"
    }
    file.unlink()


def test_the_file_of_a_setting_holds_what_the_command_set(tmp_path):
    own = Catalogue("lishui", {"home_lag_months": "9", "population.absent_share": "0.3"})
    setting = own.setting("lishui", ["homes_factor=1.5"])
    file = tmp_path / "mine.toml"
    file.write_text(export.toml(own, setting), "utf-8")
    assert "--set=population.absent_share=0.3" in file.read_text("utf-8")  # what no file of a policy can hold
    read = scenarios.load(str(file), sets={"population.absent_share": "0.3"})
    assert read.resolved() == own.scenario(setting).resolved()
    assert [e.name for e in read.uncertainties()] == [e.name for e in own.scenario(setting).uncertainties()]


def test_the_command_of_a_setting_runs_it(catalogue):
    own = Catalogue("lishui", {"home_lag_months": "9"})
    assert (
        own.command("lishui", 50, 1) == "anju run lishui --points 50 --replications 1 --set home_lag_months=9"
    )
    assert own.command("gansu", 10, 2) == "anju run gansu --points 10 --replications 1 --seed 2"
    source = catalogue.offered["town"].source
    assert catalogue.command("town", 6, 1) == f"anju run {source} --points 6 --replications 1"
    assert catalogue.command("town", 6, 1, whole=False).startswith("anju run plan.toml ")


def test_regions_are_called_by_their_own_names(catalogue):
    titles = {region["name"]: region["title"] for region in catalogue.regions()}
    assert titles["gansu"] == {"zh": "甘肃省", "en": "Gansu"}
    policies = {p["name"] for r in catalogue.regions() if r["name"] == "town" for p in r["policies"]}
    assert policies == {"town", "town/less", "town/status-quo"}  # all that lie in its folder
    for region in catalogue.regions():
        assert "地区" not in region["title"]["zh"] and "region" not in region["title"]["en"].lower()


def test_a_lone_file_stands_beside_the_plan_it_rests_on(tmp_path):
    first = Catalogue("lishui/subsidy-up")
    for name in ("mine.toml", "lishui.toml"):  # a name that is taken is no reason to hide what had it
        file = tmp_path / name
        file.write_text(export.toml(first, first.setting("lishui/subsidy-up", ["homes_factor=1.5"])), "utf-8")
        own = Catalogue(str(file))
        found = own.offered[own.first]
        assert (found.region, found.plan, found.source) == ("lishui", "lishui", str(file))
        assert own.plan(own.first) == scenarios.load("lishui")
        assert own.scenario(own.begin).values["homes_factor"].at(0) == 1.5


def test_a_region_of_the_users_own_takes_the_place_of_its_namesake(tmp_path):
    from scenarios.new_region import new_region

    folder = new_region("mytown", tmp_path, "zh").rename(tmp_path / "lishui")
    own = Catalogue(str(folder / "status-quo.toml"))
    assert [name for name, one in own.offered.items() if one.region == "lishui"] == [
        "lishui",
        "lishui/status-quo",
    ]
    assert own.offered["lishui"].source == str(folder / "plan.toml") and own.first == "lishui/status-quo"


def test_a_dated_lever_shows_what_is_in_force_most_of_the_time():
    found = {lever.key: lever for lever in Catalogue("gansu").levers("gansu")}
    assert found["homes_factor"].value == found["homes_factor"].plan == 1.0  # in 36 of the months, then none
    assert "1 from 2016-01, 0 from 2019-01" in found["homes_factor"].help["en"]
    assert "2019-01起 0" in found["homes_factor"].help["zh"]
    assert "from 20" not in found["loan_limit_yuan"].help["en"]


def test_a_setting_is_run_as_its_link_writes_it(catalogue):
    setting = catalogue.setting(catalogue.first, ["homes_factor=1.23456789012345"])
    back = dict(pair.split("=", 1) for pair in setting.query.split("&"))["set"]
    assert catalogue.setting(catalogue.first, [back]) == setting


def test_settings_of_the_command():
    own = Catalogue("lishui", {"home_lag_months": "9", "subsidy_yuan_per_person": "4 wan_yuan/person"})
    assert own.plan("lishui/subsidy-up").values["home_lag_months"].at(0) == 9.0  # beneath all levers
    assert own.begin == own.setting("lishui", ["subsidy_yuan_per_person=40000"])
    lever = next(lever for lever in own.levers("lishui") if lever.key == "subsidy_yuan_per_person")
    assert (lever.value, lever.plan, lever.max) == (18000.0, 18000.0, 40000.0)
    assert own.plan("lishui").values["subsidy_yuan_per_person"].at(0) == 18000.0
    assert static.usual(own)["subsidy_yuan_per_person"][-1] == 40000.0
    own = Catalogue("gansu", {"loan_term_years": "15"})
    assert own.plan("lishui").values["loan_term_years"].at(0) == 20.0
    with pytest.raises(InputError):
        Catalogue("lishui", {"home_lag_months": "-1"})


def test_large_regions_get_fewer_futures():
    plans = {name: scenarios.load(name) for name in ("lishui", "gansu")}
    made = Engine(threads=1)
    assert (made.usual(plans["lishui"]), made.usual(plans["gansu"])) == (live.FUTURES, live.FEW_FUTURES)
    assert made.close(5.0)


def test_the_chart_of_a_finished_setting(catalogue, engine):
    setting = catalogue.setting(catalogue.first, MOVED)
    ticket = ask(engine, catalogue, setting)
    engine.wait(ticket, 60.0)
    from experiments.figures import movers

    whole = study.run_study(catalogue.scenario(setting), points=FUTURES, replications=1)
    mine = drawn.Finished(ticket.job)
    for a, b in zip(movers.data(mine), movers.data(whole), strict=True):
        assert np.array_equal(a, b)
    assert mine.id == whole.id
    assert drawn.movers(ticket.job, "en", "png")[:4] == b"\x89PNG"


def test_a_precomputed_page(catalogue, tmp_path):
    said = []
    files = [
        static.write(
            catalogue,
            tmp_path / f"{n}.html",
            grid=["subsidy_yuan_per_person=20000,30000", "homes_factor=2"],
            futures=2,
            threads=n,
            progress=lambda *done: said.append(done),
        )  # fmt: skip
        for n in (1, 2)
    ]
    texts = [file.read_text("utf-8") for file in files]
    assert texts[0] == texts[1]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1.html", "2.html"]
    content = json.loads(texts[0].split('id="anju-static">')[1].split("</script>")[0])
    assert content["start"]["scenario"] == "town"
    keys = {row["key"]: row["values"] for row in content["grid"]["keys"]}
    own = {lever.key: lever.value for lever in catalogue.levers("town")}
    assert own["homes_factor"] in keys["homes_factor"] and 30000 in keys["subsidy_yuan_per_person"]
    assert len(content["grid"]["answers"]) == math.prod(map(len, keys.values()))
    engine = Engine(threads=1, futures=2)
    for query, answer in content["grid"]["answers"].items():
        setting = catalogue.setting("town", [text.removeprefix("set=") for text in query.split("&")[1:]])
        assert setting.query == query == answer["setting"]
        live_ = json.loads(json.dumps(engine.wait(ask(engine, catalogue, setting), 60.0)))
        assert {key: answer[key] for key in live_} == live_
    assert engine.close(5.0)
    assert said and said[-1][1] == 2 * len(content["grid"]["answers"])


@pytest.mark.parametrize(
    "grid, wrong",
    [
        (["homes=1"], "no lever"), (["homes_factor=a"], "a number from"), (["homes_factor=99"], "a number from"),
        (["homes_factor=1", "homes_factor=2"], "twice"), (["homes_factor="], "a number from"),
        (["subsidy_yuan_per_person=" + ",".join(map(str, range(5000, 30000, 700))),
          "loan_limit_yuan=" + ",".join(map(str, range(0, 300000, 10000)))], "at most"),
        (["loan_limit_yuan=" + ",".join(map(str, range(0, 300000, 1000)))], "at most 50"),
    ],
)  # fmt: skip
def test_a_grid_that_cannot_be_is_refused_before_anything_is_run(
    catalogue, tmp_path, grid, wrong, monkeypatch
):
    monkeypatch.setattr(static, "Engine", types.SimpleNamespace)
    with pytest.raises(InputError, match=wrong):
        static.write(catalogue, tmp_path / "out.html", grid=grid)
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_of_a_page_that_fails(catalogue, tmp_path, monkeypatch):
    (tmp_path / "out.html").write_text("before")
    monkeypatch.setattr(live, "in_slices", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        static.write(catalogue, tmp_path / "out.html", grid=["homes_factor=1"], futures=2)
    assert [file.name for file in tmp_path.iterdir()] == ["out.html"]
    assert (tmp_path / "out.html").read_text() == "before"


def test_grid_values_hold_the_ends_and_the_value():
    for name in ("lishui", "lishui/subsidy-up", "gansu", "yueyang"):
        own = Catalogue(name)
        found = static.usual(own)
        assert 2 <= len(found) <= 3 and math.prod(map(len, found.values())) <= 60
        for lever in own.levers(name):
            if lever.key in found:
                values = found[lever.key]
                assert {lever.min, lever.max, lever.value} <= set(values) and list(values) == sorted(values)
                assert len(values) <= lever.grid + 1


def test_nobody_in_a_group_is_null_not_nan():
    empty = np.zeros((2, 3))
    assert picture._median(ratio(empty[0], empty[1])) is None
    assert settings.NUMBER.fullmatch("1e5") and not settings.NUMBER.fullmatch("")
