"""Facts against forecasts: scores, naive baselines, a user's own facts, which outcome answers, and the judgement."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

import scenarios
from experiments.intervals import clopper_pearson
from experiments.validation import cases as which
from experiments.validation import judge, scores
from scenarios import baselines, own_facts
from scenarios.baselines import Baseline, Naive
from scenarios.errors import InputError
from scenarios.facts import Fact, Match, fact, facts, matches

# Scores


def crps_of_normal(mean: float, sd: float, y: float) -> float:
    """Gneiting & Raftery 2007, equation 21."""
    z = (y - mean) / sd
    return float(sd * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / math.sqrt(math.pi)))


@pytest.mark.parametrize("y", [-1.0, 0.3, 2.5, 8.0])
def test_crps_of_many_draws_is_that_of_their_distribution(y):
    draws = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000, 2.0, 1.5)[:, None]
    assert scores.crps(draws, y) == pytest.approx(crps_of_normal(2.0, 1.5, y), rel=2e-3)


def double_sum(members: np.ndarray, y: float) -> float:
    """E|X - y| - E|X - X'| / 2, written out: X' is of another future."""
    runs = [(k, x) for k, row in enumerate(members) for x in row if np.isfinite(x)]
    pairs = [abs(x - z) for k, x in runs for j, z in runs if j != k]
    return sum(abs(x - y) for _, x in runs) / len(runs) - sum(pairs) / len(pairs) / 2


@pytest.mark.parametrize("shape", [(9, 1), (5, 3), (2, 4)])
def test_crps_is_the_double_sum_over_pairs_of_futures(shape):
    members = np.random.default_rng(3).normal(size=shape)
    assert scores.crps(members, 0.4) == pytest.approx(double_sum(members, 0.4), rel=1e-12)
    members[0, 0] = np.nan
    assert scores.crps(members, 0.4) == pytest.approx(double_sum(members, 0.4), rel=1e-12)


def test_with_one_future_pairs_are_those_of_replications():
    one = np.array([[1.0, 4.0, 2.0]])
    assert scores.crps(one, 2.5) == scores.crps(one.T, 2.5) == pytest.approx((1.5 + 1.5 + 0.5) / 3 - 2.0 / 2)


def test_crps_is_fair_even_where_replications_share_their_future():
    """Its mean over small samples is the score of the whole distribution, sd of futures 1.2, of chance 0.9."""
    rng = np.random.default_rng(5)
    members = rng.normal(0, 1.2, (20_000, 4, 1)) + rng.normal(0, 0.9, (20_000, 4, 2))
    mean = np.mean([scores.crps(one, 1.0) for one in members])
    assert mean == pytest.approx(crps_of_normal(0.0, 1.5, 1.0), abs=0.015)
    naive = np.mean([scores.crps(one.reshape(-1, 1), 1.0) for one in members])
    assert naive > crps_of_normal(0.0, 1.5, 1.0) + 0.04  # pairs of one future would make it unfair


def test_without_a_pair_there_is_no_score():
    with pytest.raises(ValueError, match="two runs"):
        scores.crps(np.array([[1.0, np.nan]]), 1.0)


def test_interval_has_equal_tails():
    assert scores.interval(np.arange(101.0)[:, None]) == pytest.approx((5.0, 50.0, 95.0))


def test_relative_difference_by_hand():
    assert scores.relative_difference([90.0, 260.0], [100.0, 200.0]) == pytest.approx(70 / 300)
    with pytest.raises(ValueError, match="other than 0"):
        scores.relative_difference([1.0], [0.0])


def test_coverage_has_an_exact_interval():
    found = scores.coverage([True, True, False, True])
    assert found == scores.Coverage(3, 4, 0.75, *clopper_pearson(3, 4))
    assert (
        found
        and found.low == pytest.approx(0.1941, abs=1e-4)
        and found.high == pytest.approx(0.9937, abs=1e-4)
    )
    assert scores.coverage([]) is None


def test_skill():
    assert scores.skill(1.0, 4.0) == 0.75 and scores.skill(3.0, 2.0) == -0.5
    assert scores.skill(1.0, 0.0) == -math.inf and scores.skill(0.0, 0.0) is None


# Naive baselines


def by_hand(region, period, quantity):
    naive = baselines.baselines()[region, period, quantity]
    return {one.kind: one.value for one in naive.baselines}


def test_baselines_are_arithmetic_on_known_facts():
    moved = by_hand("Gansu", "2016-2020-03", "registered persons moved in")
    assert moved == pytest.approx({
        "plan": 500_000, "even_pace": 500_000 * 51 / 60, "last_pace": 640_000 * 51 / 144,
        "national": 500_000 * min(1, 5.89 / 9.81 * 51 / 24),
    })  # fmt: skip
    assert by_hand("Gansu", "2016-2020-03", "homes completed") == pytest.approx(
        {"plan": 119_600, "even_pace": 119_600 * 51 / 60, "national": 119_600}
    )
    assert by_hand("Southern Shaanxi", "2011-2015", "persons moved") == {"plan": 1.4e6, "even_pace": 1.2e6}
    assert by_hand("Taizhou", "2023", "urban-rural income ratio") == {"plan": 1.94, "last_pace": 1.88}
    assert by_hand("Bangladesh", "RCT season 1", "migration rate control") == {
        "elsewhere": pytest.approx(35.0)
    }


def test_every_matched_fact_has_a_baseline_or_a_reason_for_none():
    table = baselines.baselines()
    for match in matches():
        if match.match != "none":
            naive = table[match.fact.region, match.fact.period, match.fact.quantity]
            assert bool(naive.baselines) != bool(naive.why_en and naive.why_zh), match.where


def test_no_baseline_rests_on_a_fact_kept_for_validation():
    kept = {one.source for one in facts() if one.use == "validate"}
    known = {one.source for one in facts() if one.use != "validate"}
    for naive in baselines.baselines().values():
        for one in naive.baselines:
            assert not set(one.source.split("; ")) & (kept - known)


KNOWN = (
    Fact("here", "2020", "moved", 80.0, "persons", "src", "validate", 2),
    Fact("here", "2020", "planned", 0.01, "wan_persons", "plan", "input", 3),
    Fact("land", "2019", "moved", 30.0, "persons", "news", "calibrate", 4),
    Fact("land", "2020", "planned", 60.0, "persons", "plan", "input", 5),
    Fact("land", "2020", "homes", 60.0, "homes", "plan", "input", 6),
)
HEAD = ",".join(baselines.COLUMNS)


def test_a_share_of_the_nation_on_the_regions_plan():
    row = (
        "here,2020,moved,national,here | 2020 | planned,land | 2019 | moved,land | 2020 | planned,3,2,,en,zh"
    )
    naive = baselines.read(f"{HEAD}\n{row}\n", KNOWN)["here", "2020", "moved"]
    assert naive.baselines[0].value == pytest.approx(100 * 30 / 60 * 3 / 2)
    assert naive.baselines[0].source == "plan; news"
    capped = row.replace("3,2,,", "9,2,1,")
    naive = baselines.read(f"{HEAD}\n{capped}\n", KNOWN)["here", "2020", "moved"]
    assert naive.baselines[0].value == 100.0


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("here,2021,moved,plan,here | 2020 | planned,,,,,,en,zh", "no fact kept for validation"),
        ("here,2020,moved,plans,here | 2020 | planned,,,,,,en,zh", 'did you mean "plan"'),
        ("here,2020,moved,plan,here | 2020,,,,,,en,zh", "is no fact"),
        (
            "here,2020,moved,plan,here | 2020 | moved,,,,,,en,zh",
            "kept for validation, so no forecast may rest on it",
        ),
        ("here,2020,moved,plan,land | 2020 | homes,,,,,,en,zh", "of: .*wrong dimension"),
        ("here,2020,moved,plan,here | 2020 | planned,,,0,,,en,zh", "times: '0'; expected a number above 0"),
        (
            "here,2020,moved,plan,here | 2020 | planned,land | 2020 | homes,land | 2019 | moved,,,,en,zh",
            "part: ",
        ),
        ("here,2020,moved,plan,here | 2020 | planned,,,,,,,zh", "how_en, how_zh: empty"),
        ("here,2020,moved,none,here | 2020 | planned,,,,,,en,zh", "none, but there is one"),
    ],
)
def test_what_is_wrong_with_a_baseline_comes_with_its_line(row, said):
    with pytest.raises(InputError, match=said) as error:
        baselines.read(f"{HEAD}\n{row}\n", KNOWN)
    assert str(error.value).startswith("baselines.csv:2")


def test_one_kind_of_baseline_a_fact():
    row = "here,2020,moved,plan,here | 2020 | planned,,,,,,en,zh"
    with pytest.raises(InputError, match=r"baselines.csv:3: baseline: plan, but the fact has"):
        baselines.read(f"{HEAD}\n{row}\n{row}\n", KNOWN)


# A user's own facts

OWN = "region,period,quantity,value,unit,source,use,metric,event,scope,date"
ROW = "Lishui,2025,moved,12000,persons,city report,validate,persons,keys,region,2025-12"


def own(tmp_path, *rows, head=OWN):
    path = tmp_path / "my.csv"
    path.write_text("\n".join((head, *rows)) + "\n", "utf-8")
    return own_facts.to_validate(path)


def test_own_facts_are_read(tmp_path):
    head = f"{OWN},plan,last_pace,en,zh,scenario"
    (one,) = own(
        tmp_path,
        f"{ROW},15000,,Moved by 2025,到2025年,lishui",
        ROW.replace("validate", "input") + ",,,,,",
        head=head,
    )
    assert one.match.fact.value == 12000 and one.match.scenario == "lishui" and one.match.where == "my.csv:2"
    assert one.match.en == "Moved by 2025" and one.match.event == "keys"
    assert [(b.kind, b.value) for b in one.naive.baselines] == [("plan", 15000.0)]
    (bare,) = own(tmp_path, ROW)
    assert bare.match.en == "moved, Lishui 2025" and not bare.naive.baselines and bare.naive.why_en


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (ROW.replace("persons,city", ",city"), "my.csv:2: unit: empty"),
        (
            ROW.replace("persons,city", "homes,city"),
            "my.csv:2: unit: .*homes. has the wrong dimension: persons expected",
        ),
        (ROW.replace("persons,city", "heads,city"), "my.csv:2: unit: .*is not known"),
        (
            ROW.replace("validate,persons", "validate,"),
            "my.csv:2: metric: empty, so there is nothing to compare",
        ),
        (
            ROW.replace("validate,persons", "validate,homes_redy"),
            'my.csv:2: metric: .*did you mean "homes_ready"',
        ),
        (ROW.replace("validate", "tune"), "my.csv:2: use: 'tune'; expected input, calibrate, validate"),
        (ROW.replace("12000", "many"), "my.csv:2: value: 'many'; expected a number"),
        (ROW.replace("12000", "nan"), "my.csv:2: value: 'nan'; expected a number"),
        (ROW.replace("12000", "0"), "my.csv:2: value: 0, and no difference"),
        (ROW.replace("keys", ""), "my.csv:2: event: '';"),
        (
            ROW.replace("persons,keys", "homes_ready,keys").replace("persons,city", "homes,city"),
            "my.csv:2: event: 'keys', but",
        ),
        (ROW.replace("2025-12", "2025"), "my.csv:2: date, scope: empty, or no month"),
        (ROW + "\n" + ROW, "my.csv:3: region, period, quantity: .*given in line 2 already"),
        (ROW + ",more", "my.csv:2: row: 12 cells; expected 11"),
        (ROW.replace("city report", '"city'), "a CSV file expected"),
        (ROW.replace("validate", "input"), "my.csv: no fact is marked validate"),
        ("", "my.csv: no fact is marked validate"),
    ],
)
def test_what_is_wrong_with_own_facts_comes_with_its_line(tmp_path, row, said):
    with pytest.raises(InputError, match=said):
        own(tmp_path, row)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("", "columns: none of those needed"),
        (OWN.replace(",date", ""), "my.csv:1: date: column missing"),
        (OWN + ",scenari", 'scenari: unknown column .did you mean "scenario"'),
        (OWN + ",date", "date: column given twice"),
    ],
)
def test_columns_of_own_facts(tmp_path, head, said):
    with pytest.raises(InputError, match=said):
        own(tmp_path, ROW + ",x", head=head)


def test_files_that_are_no_table(tmp_path):
    with pytest.raises(InputError, match="CSV file of facts expected"):
        own_facts.to_validate(tmp_path / "none.csv")
    (tmp_path / "gbk.csv").write_bytes("丽水".encode("gbk"))
    with pytest.raises(InputError, match="is not UTF-8"):
        own_facts.to_validate(tmp_path / "gbk.csv")


# Which outcome answers


def test_the_family_stands_for_all_its_scenarios_and_heavy_ones_are_left_out():
    found = which.cases()
    names = [case.name for case in found.cases]
    assert {"gansu", "jiaojiang", "lishui"} <= set(names) and "history/china" in found.left_out
    assert not set(names) & set(found.left_out)
    (gansu,) = which.cases(["gansu/plan"]).cases
    assert gansu.name == "gansu" and gansu.needs_effect
    assert {kept.match.fact.quantity for kept in gansu.kept} >= {
        "registered persons moved in",
        "homes completed",
    }


def test_runs_do_not_know_what_the_facts_say(tmp_path):
    """The targets that are counted hold no value, so other facts of the same outcome take the same runs."""
    mine = own(tmp_path, ROW)
    (one,) = which.cases(["lishui"], mine).cases
    (other,) = which.cases(["lishui"], own(tmp_path, ROW.replace("12000", "9"))).cases
    assert all(target.value == 0.0 for target in one.scenario.targets)
    assert one.scenario.resolved() == other.scenario.resolved()
    assert one.kept[-1].column == "target_persons_keys_region_2025_12" and one.kept[-1].size == 1.0


def test_a_number_of_the_whole_run_and_its_unit(tmp_path):
    row = "Lishui,2026,share,30,%,report,validate,column:pool_share,,,"
    (case,) = which.cases(["lishui"], own(tmp_path, row)).cases
    assert case.kept[-1].column == "pool_share" and case.kept[-1].size == 100.0
    income = row.replace("30,%", "30000,yuan/person").replace("pool_share", "movers_income_yuan")
    (case,) = which.cases(["lishui"], own(tmp_path, income)).cases
    assert case.kept[-1].size == 1.0
    for wrong, said in (
        ("pool_shar", 'did you mean "pool_share"'),
        ("persons", "unit: .*outcome persons"),
    ):
        with pytest.raises(InputError, match=rf"my.csv:2: .*{said}"):
            which.cases(["lishui"], own(tmp_path, row.replace("pool_share", wrong)))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            ROW.replace("region,2025-12", "liand,2025-12"),
            'scope: .*no county of lishui .did you mean "liandu"',
        ),
        (ROW.replace("2025-12", "2035-12"), "date: 2035-12 is outside the months"),
        (
            ROW.replace("persons,keys,region", "urban_residents,,liandu"),
            "scope: urban_residents is known for the whole",
        ),
    ],
)
def test_outcomes_that_a_scenario_does_not_have(tmp_path, row, said):
    with pytest.raises(InputError, match=f"my.csv:2: {said}"):
        which.cases(["lishui"], own(tmp_path, row))


def test_names_that_cannot_be_validated(tmp_path):
    with pytest.raises(InputError, match="no scenario"):
        which.cases(["atlantis"])
    with pytest.raises(InputError, match="yueyang: no fact is kept .* gansu"):
        which.cases(["yueyang"])
    mine = own(tmp_path, ROW)
    with pytest.raises(InputError, match="my.csv:2: scenario: empty; name the scenario"):
        which.cases([], mine)
    with pytest.raises(InputError, match="my.csv:2: scenario: empty; expected one of lishui, jiaojiang"):
        which.cases(["lishui", "jiaojiang"], mine)
    stranger = own(tmp_path, f"{ROW},lishuj", head=f"{OWN},scenario")
    with pytest.raises(InputError, match='"lishui"'):
        which.cases(["lishui"], stranger)
    known = fact("China county", "PAR", "causal income effect of relocation")
    double = f"{known.region},{known.period},{known.quantity},9,%,mine,validate,effect,,,"
    with pytest.raises(InputError, match=r"comes with anju \(held_against.csv:\d+\)"):
        which.cases(["lishui"], own(tmp_path, double))


# Judgement


def kept(value=100.0, match="same", naive=(), unit="persons", quantity="moved"):
    one = Fact("here", "2020", quantity, value, unit, "src", "validate", 2)
    of = Match(
        "here", "", one, match, "persons", "keys", "region", "2020-12", "Moved", "搬迁", "", "", "my.csv:2"
    )
    given = tuple(Baseline(kind, x, "how", "怎样", "src", "my.csv:2") for kind, x in naive)
    return which.Kept(of, Naive(given) if given else Naive((), "why", "原因"), "c", 1.0)


VALUES = np.array([[80.0], [90.0], [110.0]])  # CRPS for 100: 40/3 - (10 + 30 + 20) / 3 / 2


def test_a_fact_beside_its_forecasts_by_hand():
    row = judge.row("here", kept(naive=[("plan", 120.0), ("last_pace", 99.0)]), VALUES, 1)
    assert row.crps == pytest.approx(40 / 3 - 10.0) and row.score == pytest.approx(row.crps / 100)
    assert (row.model, row.low, row.high) == pytest.approx((90.0, 81.0, 108.0)) and row.inside
    assert row.difference == pytest.approx(-0.1) and row.runs == 3 and row.failed == 1
    assert [one.score for one in row.naive] == pytest.approx([0.2, 0.01])
    assert row.best == "last_pace" and row.nearest == "last_pace" and row.loses
    assert row.skill == pytest.approx(1 - row.score / 0.01)
    plan = row.naive[0]
    assert plan.skill == pytest.approx(1 - row.score / 0.2) and plan.difference == pytest.approx(0.2)
    alone = judge.row("here", kept(), VALUES, 0)
    assert (
        alone.best is alone.nearest is alone.skill is None and not alone.loses and alone.why_none_en == "why"
    )


def test_what_rows_come_to_by_hand():
    rows = [
        judge.row("here", kept(naive=[("plan", 120.0)]), VALUES, 0),
        judge.row(
            "here", kept(200.0, naive=[("plan", 210.0), ("last_pace", 200.0)], quantity="b"), VALUES, 0
        ),
        judge.row("here", kept(10.0, unit="homes", quantity="c"), VALUES, 0),
        judge.row("here", kept(95.0, "near", [("plan", 95.0)], quantity="d"), VALUES, 0),
    ]
    found = judge.judged(rows)
    same, near = found.coverage["same"], found.coverage["near"]
    assert same and near
    assert same.inside == 1 and same.facts == 3
    assert near.inside == 1 and near.facts == 1
    groups = [(g.unit, g.facts, g.relative_difference) for g in found.groups if g.match == "same"]
    assert groups == [("persons", 2, pytest.approx((10 + 110) / 300)), ("homes", 1, pytest.approx(8.0))]
    duels = {(d.match, d.kind): d for d in found.duels}
    plan = duels["same", "plan"]
    assert plan.facts == 2 and plan.naive == pytest.approx((0.2 + 0.05) / 2)
    assert plan.model == pytest.approx((rows[0].score + rows[1].score) / 2) and plan.better == 1
    assert duels["same", "last_pace"].facts == 1 and duels["same", "last_pace"].skill == -math.inf
    assert duels["same", "best"].naive == pytest.approx((0.2 + 0.0) / 2)
    assert duels["near", "best"].skill == -math.inf and ("near", "national") not in duels


def test_constants_and_gaps_are_no_forecast():
    with pytest.raises(
        InputError, match="my.csv:2: persons: is 7 in each of the 4 runs of here.*a constant is no forecast"
    ):
        judge.check(kept(), np.full((2, 2), 7.0), "here")
    with pytest.raises(InputError, match="my.csv:2: persons: 1 of 2 runs of here hold such an outcome"):
        judge.check(kept(), np.array([[np.nan], [3.0]]), "here")
    judge.check(kept(), VALUES, "here")


def test_every_matched_fact_has_an_outcome_in_its_scenario():
    for name, of in which.known().items():
        (case,) = (case for case in which.cases([name]).cases if case.name == scenarios.load(name).name)
        assert {kept.match for kept in case.kept} >= {match for match in of}
        assert len({target.id for target in case.scenario.targets}) == len(case.scenario.targets)
        assert dataclasses.replace(case.scenario, targets=()).resolved()["parameters"]
