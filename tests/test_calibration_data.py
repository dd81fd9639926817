"""What regions are calibrated on: only facts marked calibrate, each with its errors and reasons; a user's own facts."""

import dataclasses
import math
import re
from importlib import resources

import pytest

import scenarios
from experiments import measures, priors
from scenarios import calibration as data
from scenarios import own_facts
from scenarios.calibration import Anchor, Error
from scenarios.errors import InputError
from scenarios.facts import Fact, facts
from scenarios.reader import family

ALL = data.calibrations()
TEXT = resources.files("scenarios").joinpath(data.FILE).read_text("utf-8")
LISHUI = ALL["lishui"]


def a_fact(use="calibrate", **other):
    return Fact(**{**dict(region="Here", period="2020", quantity="persons moved", value=100.0, unit="persons",
                          source="a yearbook", use=use, line=2), **other})  # fmt: skip


def anchor(fact=None, **other):
    return Anchor(
        fact or a_fact(),
        "here",
        "moved",
        "搬迁",
        "persons",
        **{**dict(observation=Error(5.0, "x", "x")), **other},
    )


# The file


@pytest.mark.parametrize("name", ALL)
def test_every_fact_used_is_marked_calibrate_and_was_read(name):
    for one in ALL[name].anchors:
        assert one.fact.use == "calibrate" and not one.fact.source.startswith("memory")
        assert all(factor.use in ("input", "calibrate") for factor in one.times_facts)


@pytest.mark.parametrize("name", ALL)
def test_every_fact_of_the_region_is_used_or_said_why_not_and_none_kept_for_validation_is(name):
    region = ALL[name]
    used, unused = {one.fact for one in region.anchors}, {one.fact for one in region.unused}
    assert not used & unused and not {one for one in used | unused if one.use == "validate"}
    assert set(region.kept) == {
        one
        for one in facts()
        if one.use == "validate" and one.region in {f.region for f in (*used, *unused, *region.kept)}
    }
    assert all(one.en and one.zh for one in (*region.anchors, *region.unused))


@pytest.mark.parametrize("name", ALL)
def test_every_error_has_a_reason_in_both_languages(name):
    for one in ALL[name].anchors:
        for error in (one.observation, one.discrepancy):
            assert error.sd > 0.0 and error.en and re.search(r"[\u4e00-\u9fff]", error.zh)


@pytest.mark.parametrize("name", ALL)
def test_scenarios_hold_the_outcomes_that_answer_to_the_facts(name):
    for one in ALL[name].anchors:
        scenario = scenarios.load(one.case)
        known = measures.units(scenario)
        uncertain = {x.name for x in priors.uncertain(scenario)}
        assert one.column is None or one.column in known
        assert set(one.times) <= uncertain
        if one.column and not one.times:
            assert known[one.column] == one.unit
        if one.fact.region not in ("China", "Wuyi"):
            assert family(one.case) == name


def test_what_lishui_is_set_to():
    held = {one.fact.quantity: one for one in LISHUI.anchors if one.case == "lishui/status-quo"}
    assert set(held) == {
        "persons rehoused",
        "employment rate of mover labour",
        "migrants returned in 17 years",
    }
    assert [(one.fact.region, one.fact.value) for one in LISHUI.anchors[3:]] == [("Wuyi", 47_000.0)]
    back = held["migrants returned in 17 years"]
    assert (1.0 - back.value) ** 17 == pytest.approx(1.0 - 0.223)
    assert held["employment rate of mover labour"].value == pytest.approx(0.92)
    assert held["employment rate of mover labour"].sd == pytest.approx(math.hypot(0.01, 0.025))
    assert held["persons rehoused"].times_facts[0].value == 164_600


def changed(old, new, count=1):
    assert old in TEXT
    return TEXT.replace(old, new, count)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('period = "2017"', 'period = "1917"', "no such fact"),
        ('quantity = "employment rate of mover labour"', 'quantity = "households with labour having >=1 job"',
         "is marked validate, and only facts marked calibrate may set a parameter"),
        ('quantity = "persons rehoused"', 'quantity = "villages involved"', "is marked input|no such fact"),
        ('["Lishui", "2019-2023", "大搬快聚 target: persons to move"]', '["Lishui", "2024 Q1-Q3", "rural disposable income"]',
         "rural disposable income is kept for validation"),
        ('["Lishui", "2017", "hazard points"], ', "", "hazard points: neither used nor said why not"),
        ('["Lishui", "2017", "hazard points"]', '["Lishui", "2024 Q1-Q3", "rural disposable income"]', "no fact to leave out"),
        ('column = "pace_per_year"', 'column = "pace_per_year"\nmetric = "persons"', "a column or a metric expected"),
        ("month = 48", "", "a date or a month expected"),
        ("sd = 0.15,", "sd = -0.15,", "observation.sd"),
        ('scale = "log"', 'scale = "logarithmic"', "scale"),
        ('unit = "share"', 'unit = "metres"', "metres"),
        ("[shared]", "[shared", "calibration.toml"),
        ('family = "gansu"', 'family = "lishui"', "given twice"),
        ("schema = 1", "schema = 2", "schema"),
        ('en = "persons rehoused in Lishui in 2017"', 'en = "x"\ntypo = 1', "typo"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_refused(old, new, said):
    with pytest.raises(InputError, match=said):
        data.read(changed(old, new), facts())


def test_a_fact_from_memory_may_not_calibrate():
    with pytest.raises(InputError, match="is from memory"):
        anchor(a_fact(source="memory (not read; verify)"))


@pytest.mark.parametrize("use", ["validate", "input"])
def test_no_other_fact_makes_an_anchor(use):
    with pytest.raises(InputError, match=f"is marked {use}"):
        anchor(a_fact(use))
    with pytest.raises(InputError, match=f"is marked {use}"):
        dataclasses.replace(anchor(), fact=a_fact(use))


def test_errors_add_up_as_squares_in_the_unit_of_the_outcome():
    both = anchor(
        a_fact(unit="wan_person", value=2.0), observation=Error(0.3, "", ""), discrepancy=Error(0.4, "", "")
    )
    assert (both.value, both.sd) == (20_000.0, pytest.approx(5_000.0))
    logs = dataclasses.replace(both, scale="log")
    assert logs.sd == pytest.approx(0.5)


# A user's own

HEAD = ",".join(own_facts.TO_CALIBRATE)
ROW = "Town,2025,persons moved,120,persons,county office,calibrate,persons,keys,region,2025-12,15"


def own(tmp_path, *rows, head=HEAD):
    path = tmp_path / "facts.csv"
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8-sig")
    return own_facts.to_calibrate(path, "town")


def test_own_facts_are_held_against_the_scenario(tmp_path):
    found = own(
        tmp_path, ROW,
        "Town,2025,at work,91,%,survey,calibrate,employed_share,,region,2025-12,3",
        "Town,2025,a year's pace,6,%/year,survey,calibrate,column:pace_per_year,,,,2",
        "Town,2026,persons moved,300,persons,office,validate,persons,keys,region,2026-12,",
    )  # fmt: skip
    moved, work, pace = found.anchors
    assert (moved.case, moved.metric, moved.event, moved.scope, moved.date) == (
        "town",
        "persons",
        "keys",
        "region",
        "2025-12",
    )
    assert (moved.value, moved.sd, moved.scale) == (120.0, 15.0, "linear")
    assert (work.value, work.sd) == (pytest.approx(0.91), pytest.approx(0.03))
    assert (pace.column, pace.metric, pace.unit) == ("pace_per_year", None, "")  # the scenario tells
    assert [one.period for one in found.others] == ["2026"]  # kept for validation, and not used


def test_a_cell_may_hold_a_line_break(tmp_path):
    (moved,) = own(tmp_path, ROW.replace("county office", '"county office,\nreport of 2026"')).anchors
    assert moved.fact.source == "county office,\nreport of 2026" and moved.value == 120.0


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW.replace("calibrate", "validate"), "no fact is marked calibrate"),
        (ROW.replace("calibrate", "calibrat"), "use: 'calibrat'"),
        (ROW.replace("persons,county", ",county"), "unit: empty"),
        (ROW.replace("120", "many"), "value: 'many'"),
        (ROW.removesuffix("15"), "error: ''; expected a standard deviation above 0"),
        (ROW.removesuffix("15") + "-1", "error: '-1'"),
        (ROW.replace(",persons,keys", ",person_count,keys"), "is no outcome"),
        (ROW.replace(",persons,keys", ",,"), "so there is nothing to compare with"),
        (ROW.replace("keys", "kept"), "event"),
        (ROW.replace("2025-12", "2025"), "date"),
        (ROW.replace(",120,persons,", ",120,metres,"), "metres"),
        (ROW.replace("county office", "memory (verify)"), "is from memory"),
        (ROW.replace("persons,keys", "effect,"), "effect of moving takes runs with grants withheld"),
        (ROW + "\n" + ROW, "given in line 2 already"),
        (ROW + ",x", "13 cells; expected 12"),
    ],
)
def test_own_facts_that_are_wrong_are_refused_with_their_line(tmp_path, row, said):
    with pytest.raises(InputError, match=re.escape(said)) as error:
        own(tmp_path, row)
    assert all(line.startswith("facts.csv") for line in error.value.messages)


def test_files_that_are_no_facts(tmp_path):
    with pytest.raises(InputError, match="facts.csv:1: error: column missing"):
        own(tmp_path, "x", head="region,period,quantity,value,unit,source,use")
    with pytest.raises(InputError, match="a CSV file of facts expected"):
        own_facts.to_calibrate(tmp_path / "none.csv", "town")
    (tmp_path / "latin.csv").write_bytes(b"\xff\xfe\x00caf\xe9")
    with pytest.raises(InputError, match="is not UTF-8"):
        own_facts.to_calibrate(tmp_path / "latin.csv", "town")
