"""Sharing out a difference: Shapley values of known games, families of levers, and what the command says."""

import csv
import dataclasses
import json
import math
import warnings
from itertools import permutations

import numpy as np
import pytest

import scenarios
from experiments import cli
from experiments.commands.contributions import contributions as command
from experiments.comparison.policies import policy, region, regions
from experiments.comparison.runs import run_comparison
from experiments.contributions import store
from experiments.contributions.families import MOST, check_number, combination, players
from experiments.contributions.judge import judge
from experiments.contributions.runs import game, run_game, seconds_a_run
from experiments.contributions.shapley import first_in, last_in, shapley
from experiments.contributions.text import plan, text
from experiments.measures import M
from scenarios import frozen
from scenarios.errors import InputError

SMALL = {"pool_persons": "5000"}
CHANGES = {
    "subsidy_yuan_per_person": "30000",
    "loan_rate_factor": "0.5",
    "budget_province_yuan_per_year": "4e6",
    "budget_city_yuan_per_year": "1e6",
    "budget_county_yuan_per_year": "3e6",
    "students_added_per_year": "100",  # for urban accounts, which Lishui does not keep: a dummy
}
pytestmark = pytest.mark.usefixtures("silent")


def load(name, packages=(), **sets):
    return scenarios.load(name, packages=packages, sets=SMALL | sets)


def pair(name="lishui", load=load):
    (found,) = regions([name], load)
    return found


def changed(**more):
    """The status quo with a few levers set otherwise, against itself."""
    base, other = load("lishui/status-quo"), load("lishui/status-quo", **(CHANGES | more))
    return region("lishui", [policy(dataclasses.replace(other, name="lishui/mine"))], policy(base))


@pytest.fixture(scope="module")
def run():
    return run_game(game(changed()), points=5, replications=2, threads=2)


@pytest.fixture(scope="module")
def answer(run):
    return judge(run)


# Games


def played(k, worth):
    """A game from what a set of players is worth."""
    return np.array([worth({i for i in range(k) if m >> i & 1}) for m in range(2**k)], float)


def test_gloves():
    """One left glove, two right ones: a pair is worth 1."""
    found = shapley(played(3, lambda s: float(0 in s and len(s) > 1)))
    np.testing.assert_allclose(found, [2 / 3, 1 / 6, 1 / 6], atol=1e-15)
    assert found[1] == found[2]  # symmetric players


def test_an_airport():
    """Runways of length 1, 2 and 4: each stretch is shared by those who need it."""
    found = shapley(played(3, lambda s: max((2.0**i for i in s), default=0.0)))
    np.testing.assert_allclose(found, [1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 2])


def test_ishigami():
    """Shapley effects: the game is the share of variance a set of inputs explains (a = 7, b = 0.1)."""
    a, b, pi = 7.0, 0.1, math.pi
    parts = {
        frozenset({0}): (1 + b * pi**4 / 5) ** 2 / 2, frozenset({1}): a**2 / 8,
        frozenset({0, 2}): b**2 * pi**8 * (1 / 18 - 1 / 50),
    }  # fmt: skip
    whole = sum(parts.values())
    found = shapley(played(3, lambda s: sum(v for inputs, v in parts.items() if inputs <= s) / whole))
    np.testing.assert_allclose(found, [0.43575, 0.44241, 0.12184], atol=5e-6)


def test_shapley_is_the_mean_over_all_orders():
    rng = np.random.default_rng(3)
    outcomes = rng.normal(size=(32, 4))
    by_orders = np.zeros((5, 4))
    for order in permutations(range(5)):
        members = 0
        for player in order:
            by_orders[player] += outcomes[members | 1 << player] - outcomes[members]
            members |= 1 << player
    np.testing.assert_allclose(shapley(outcomes), by_orders / 120, rtol=1e-12)


def test_contributions_add_up_and_a_dummy_gets_nothing():
    rng = np.random.default_rng(4)
    outcomes = rng.integers(0, 10000, (64, 7, 2)).astype(float)
    outcomes[32:] = outcomes[:32]  # the last player changes nothing
    found = shapley(outcomes)
    np.testing.assert_allclose(found.sum(axis=0), outcomes[-1] - outcomes[0], rtol=1e-12, atol=1e-9)
    assert not found[-1].any() and not first_in(outcomes)[-1].any() and not last_in(outcomes)[-1].any()


def test_first_and_last():
    outcomes = played(3, lambda s: len(s) ** 2 + 10 * (0 in s))
    assert first_in(outcomes).tolist() == [11, 1, 1] and last_in(outcomes).tolist() == [15, 5, 5]


@pytest.mark.parametrize("length", [0, 1, 3, 12])
def test_a_game_has_every_combination(length):
    with pytest.raises(ValueError, match="2\\^k expected"):
        shapley(np.zeros(length))


# Families


def decides(scenario):
    return {name: part for name, part in scenario.resolved().items() if name not in ("ranges", "targets")}


@pytest.mark.parametrize(
    "name",
    [
        "lishui",
        "lishui+precise-relocation",
        "gansu",
        "jiaojiang/more-cash",
        "yueyang/vouchers",
        "yueyang/zero",
    ],
)
def test_none_is_the_reference_and_all_are_the_policy(name):
    found = game(pair(name, lambda base, packages: scenarios.load(base, packages=packages)))
    assert decides(found.scenario(0)) == decides(found.reference)
    assert decides(found.scenario(found.combinations - 1)) == decides(found.policy)
    for k, player in enumerate(found.players):  # one family alone differs in its own numbers only
        (only,) = players(found.reference, found.scenario(1 << k))
        assert only == player


def test_families_of_the_plan():
    found = game(pair())
    assert [p.id for p in found.players] == [
        "subsidy", "housing", "loan", "work", "services", "land", "targeting", "budget",
    ]  # fmt: skip
    named = {p.id: [n.name for n in p.numbers] for p in found.players}
    assert "jobs_budget_yuan_per_year" in named["work"] and "budget_city_yuan_per_year" in named["budget"]
    assert named["subsidy"] == ["subsidy_yuan_per_person"]
    (number,) = found.players[0].numbers
    assert (number.reference, number.policy, number.unit) == (12000.0, 18000.0, "yuan/person")


def test_numbers_that_are_no_levers_go_with_their_family_or_with_other():
    found = {p.id: p for p in game(pair("lishui+precise-relocation")).players}
    assert [n.name for n in found["other"].numbers] == ["b_neighbours"]
    assert "project_income_yuan_per_year" in [n.name for n in found["work"].numbers]


def test_counties_own_numbers_belong_to_a_family():
    found = game(pair("gansu", lambda base, packages: scenarios.load(base, packages=packages)))
    (subsidy,) = [p for p in found.players if p.id == "subsidy"]
    assert "tianzhu.subsidy_poor_extra_yuan_per_person" in [n.name for n in subsidy.numbers]
    alone = combination(found.reference, found.policy, ["subsidy"])
    assert [set(c.own) for c in alone.counties if c.own] == [{"subsidy_poor_extra_yuan_per_person"}] * 2


def test_other_ways_to_move_and_their_sites_are_one_family():
    found = pair()
    reference, other = found.reference.scenario, found.policies[1].scenario
    modes = tuple(dataclasses.replace(m, id=f"{m.id}_new") for m in other.modes)
    sites = tuple(dataclasses.replace(s, mode=f"{s.mode}_new") for s in other.sites)
    other = dataclasses.replace(other, modes=modes, sites=sites)
    mode = next(p for p in players(reference, other) if p.id == "mode")
    assert [n.name for n in mode.numbers] == ["modes", "sites"]
    alone = combination(reference, other, ["mode"])
    assert (alone.modes, alone.sites) == (modes, sites)
    assert combination(reference, other, ["housing"]).sites == reference.sites


def test_families_may_be_taken_together():
    found = game(pair(), together=[("land", "services"), ("work", "budget")])
    assert [p.id for p in found.players] == [
        "subsidy",
        "housing",
        "loan",
        "work+budget",
        "land+services",
        "targeting",
    ]
    merged = found.players[4]
    assert merged.title("en") == "Land and services and hukou" and len(merged.numbers) == 8
    assert decides(found.scenario(found.combinations - 1)) == decides(found.policy)


@pytest.mark.parametrize(
    ("together", "says"),
    [
        ([("lnad", "work")], 'did you mean "land"'),
        ([("land",)], "two families or more"),
        ([("land", "work"), ("work", "loan")], "work is named twice"),
        ([("land", "push")], "no family 'push' in which the two differ"),
    ],
)
def test_families_taken_together_must_be_there(together, says):
    with pytest.raises(InputError, match=says):
        game(pair(), together=together)


def test_too_many_families_are_refused_with_the_number_of_runs():
    found = game(pair()).players
    check_number(found, 50)
    many = tuple(dataclasses.replace(found[0], id=f"f{k}") for k in range(MOST + 1))
    with pytest.raises(InputError, match=r"20,480 runs.*--together f9,f10"):
        check_number(many, 10)


def test_the_same_policy_has_nothing_to_share_out():
    base = load("lishui/status-quo")
    with pytest.raises(InputError, match="nothing to share out"):
        game(region("lishui", [policy(base)], policy(base)))


def test_an_outcome_is_a_target_or_a_number_of_a_run():
    assert game(pair()).outcome == "target_moved" == game(pair(), outcome="moved").outcome
    assert game(pair(), outcome="cost").target is None
    bare = dataclasses.replace(load("lishui/status-quo", subsidy_yuan_per_person="1"), targets=())
    assert game(region("lishui", [policy(bare)], policy(load("lishui/status-quo")))).outcome == "persons"
    with pytest.raises(InputError, match='did you mean "persons"'):
        game(pair(), outcome="person")


# Runs


def test_contributions_add_up_to_the_paired_difference(run, answer):
    """No family and all of them are the runs of a comparison, bit for bit."""
    compared = run_comparison([run.game.region], points=5, replications=2, threads=2)
    (runs,) = compared.regions
    for members, row in ((0, 0), (-1, 1)):
        for name in ("persons", "cost", "income", "debt"):
            assert np.array_equal(run.of(name)[members].ravel(), runs.measures[row, :, M[name]]), name
    persons = run.of("persons")
    found = shapley(persons)
    np.testing.assert_allclose(found.sum(axis=0), persons[-1] - persons[0], atol=1e-9)
    total = math.fsum(f.contribution.value for f in answer.families)
    assert total == pytest.approx(answer.whole.value, abs=1e-9) and answer.whole.value != 0.0


def test_what_nobody_feels_contributes_exactly_nothing(run, answer):
    found = {f.id: f for f in answer.families}
    assert set(found) == {"subsidy", "loan", "budget", "urban"}
    dummy = found["urban"]
    for d in (dummy.contribution, dummy.first, dummy.last):
        assert (d.value, d.low, d.high) == (0.0, 0.0, 0.0)
    assert found["loan"].contribution.value != 0.0


def test_a_smaller_budget_stands_in_the_way_of_a_higher_subsidy(answer):
    """Both are families: with the old budget the subsidy brings people, once money is short it buys fewer of them."""
    found = {f.id: f for f in answer.families}
    assert found["subsidy"].first.value > 0 > found["subsidy"].last.value
    assert found["budget"].last.value < found["budget"].first.value < 0


def test_threads_change_nothing():
    small = game(changed(), together=[("subsidy", "loan", "budget")])
    one, two = (run_game(small, points=2, threads=threads) for threads in (1, 2))
    assert one.id == two.id and np.array_equal(one.values, two.values, equal_nan=True)
    assert one.id != run_game(dataclasses.replace(small, outcome="cost"), points=2).id


def test_futures_without_an_outcome_are_left_out(run):
    values = run.values.copy()
    values[3, 1, 0, run.game.outcomes.index(run.game.outcome)] = np.nan
    found = judge(dataclasses.replace(run, values=values))
    assert found.points_used == 4 and "1 future left out" in text(found, "en")
    with pytest.raises(InputError, match="not defined under every combination"):
        judge(dataclasses.replace(run, values=np.full_like(values, np.nan)))


def test_time_is_measured():
    assert 0.0 < seconds_a_run(game(changed())) < 60.0


# What it says


def odd(run):
    """Answers with little or strange things to show."""
    one = dataclasses.replace(run, values=run.values[:, :1, :1], design=run.design[:1], seeds=run.seeds[:1])
    yield one
    yield dataclasses.replace(one, values=run.values[:, :1], seeds=run.seeds)
    nothing = run.values.copy()
    nothing[:] = nothing[0]
    yield dataclasses.replace(run, values=nothing)
    turned = run.values[::-1]
    yield dataclasses.replace(run, values=turned)
    for outcome in ("cost", "income", "employed_share", "quota_revenue"):
        yield dataclasses.replace(run, game=dataclasses.replace(run.game, outcome=outcome))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_text_in_both_languages(run, answer, lang):
    said = text(answer, lang)
    words = {
        "en": ("Subsidy", "contribution", "alone", "last", "16 combinations x 5 futures x 2 replications = 160 runs",
               "Most of it comes from", "Shapley", "Next to nothing"),
        "zh": ("补助", "贡献", "单独采用", "最后加入", "16种组合 × 5种未来情形 × 2次重复 = 160次模拟", "差别主要来自", "Shapley"),
    }  # fmt: skip
    assert all(word in said for word in words[lang])
    for c in (run, *odd(run)):
        said = text(judge(c), lang)
        assert "nan" not in said.lower() and "None" not in said and "--" not in said


def test_an_unclear_difference_is_said_plainly(run):
    nothing = judge(list(odd(run))[2])
    assert "unclear" in text(nothing, "en") and "尚不明确" in text(nothing, "zh")
    assert all(f.share is None for f in nothing.families)


def test_a_dry_run_in_both_languages():
    found = game(pair())
    assert "256 combinations, 2,560 runs, about 13 min" in plan(found, 2560, 768.0, "en")
    assert "共2,560次模拟，约需2.1小时" in plan(found, 2560, 7700.0, "zh")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_on_the_chart_is_clipped(run, lang):
    from experiments.figures import contributions, style
    from experiments.figures.text import Words

    for c in (run, *odd(run)):
        with style.session(), warnings.catch_warnings():
            warnings.simplefilter("error")
            sheet = contributions.draw(c, judge(c), Words(lang))
            drawn = sheet.figure.get_tightbbox()
        width, height = sheet.figure.get_size_inches()
        assert drawn.x0 >= 0 and drawn.y0 >= 0 and drawn.x1 <= width and drawn.y1 <= height


def test_a_repeat_writes_the_same_bytes(run, answer, tmp_path):
    folders = [store.write(run, answer, tmp_path / name, formats=("svg",)) for name in ("a", "b")]
    names = sorted(p.relative_to(folders[0]) for p in folders[0].rglob("*") if p.is_file())
    for name in names:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name
    assert len([n for n in names if n.suffix == ".svg"]) == 2

    def table(name):
        with open(folders[0] / "tables" / f"{name}.csv", encoding="utf-8-sig", newline="") as file:
            columns, *rows = csv.reader(file)
        return columns, rows

    columns, rows = table("contributions")
    assert [row[0] for row in rows] == [*(f.id for f in answer.families), "all"]
    values = [float(row[columns.index("contribution_value")]) for row in rows]
    assert math.fsum(values[:-1]) == pytest.approx(values[-1], abs=1e-9)
    columns, rows = table("runs")
    assert len(rows) == 16 * 5 * 2 and {"with_subsidy", "with_urban", "target_moved", "cost"} <= set(columns)
    assert len(table("levers")[1]) == len(CHANGES)
    for name, scenario in (("reference", run.game.reference), ("policy", run.game.policy)):
        assert frozen.read(folders[0] / f"{name}.json").resolved() == scenario.resolved()
    found = json.loads((folders[0] / "manifest.json").read_text("utf-8"))
    assert found["contributions"] == run.id and set(found["families"]) == {
        "subsidy",
        "loan",
        "budget",
        "urban",
    }


# The command


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.chdir(tmp_path)
    if "contributions" not in {c.name for c in cli.app.registered_commands}:
        cli.app.command("contributions")(command)
    return tmp_path


ALL = "subsidy,housing,loan,services,land,targeting,budget"


def test_the_command(home, capsys):
    small = [
        "contributions",
        "lishui",
        "--points",
        "1",
        "--set",
        "pool_persons=5000",
        "--together",
        ALL,
        "-q",
    ]
    assert cli.main([*small, "--no-figures", "--lang", "both"]) == cli.DONE
    out = capsys.readouterr().out
    assert "4 combinations x 1 future x 1 replication = 4 runs" in out and "贡献分解" in out
    assert cli.main([*small, "--json", "--outcome", "cost", "--formats", "svg"]) == cli.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["outcome"] == "cost" and [f["id"] for f in found["families"]] != []
    assert sum(f["contribution"]["value"] for f in found["families"]) == pytest.approx(
        found["whole"]["value"]
    )
    assert len(list((home / "results").iterdir())) == 2


def test_a_dry_run_writes_nothing(home, capsys):
    asked = ["contributions", "lishui", "--dry-run", "--set", "pool_persons=5000", "-q"]
    assert cli.main(asked) == cli.DONE
    assert "2^8 = 256 combinations, 2,560 runs, about" in capsys.readouterr().out
    assert cli.main([*asked, "--json", "--points", "3"]) == cli.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["runs"] == 768 and found["seconds"] > 0 and "work" in found["families"]
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "name"),
        (["lishui/nonsense"], 'no scenario "lishui/nonsense"'),
        (["lishui/status-quo"], "is the reference itself"),
        (["lishui", "--outcome", "nonsense"], "--outcome nonsense: unknown"),
        (["lishui", "--outcome", "persnos"], 'did you mean "persons"'),
        (["lishui", "--together", "land"], "two families or more"),
        (["lishui", "--together", "land,wrok"], 'did you mean "work"'),
        (["lishui", "--points", "0"], "points"),
        (["lishui", "--against", "nonsense"], "no policy of that name"),
        (["lishui", "--formats", "gif"], "'gif' unknown"),
        (["lishui", "--lang", "fr"], "zh, en or both"),
    ],
)
def test_bad_input_is_one_message_code_2_and_nothing_written(home, capsys, args, says):
    assert cli.main(["contributions", *args, "-q"]) == cli.BAD_INPUT
    err = capsys.readouterr().err
    assert says.lower() in err.lower() and "Traceback" not in err
    assert not list(home.iterdir())
