"""Comparing policies: pairs household by household, honest intervals, equal budgets, and what the command says."""

import dataclasses
import json
import warnings

import numpy as np
import pytest

import scenarios
from experiments import cli
from experiments.comparison import policies, store
from experiments.comparison.judge import (
    FUTURES,
    ONE,
    REDUCED,
    REPLICATIONS,
    Difference,
    Ratio,
    Reduction,
    compare,
    fieller,
    judge,
    reduction,
)
from experiments.comparison.losses import COLUMNS, C, Ends, People, cells, ends, losses, names
from experiments.comparison.policies import appropriated, equal_budgets, policy, region, regions
from experiments.comparison.runs import COUNTS, KEYS, KINDS, LEFT, pairs, run_comparison
from experiments.comparison.text import text
from experiments.measures import M
from scenarios.errors import InputError
from simulation.households import HOUSEHOLD, MOVED, OWN_MOVED
from simulation.ledger import FLOW

PERSONS = COUNTS.index("persons")
SMALL = {"pool_persons": "5000"}
pytestmark = pytest.mark.usefixtures("silent")


def load(name, packages=(), **sets):
    return scenarios.load(name, packages=packages, sets=SMALL | sets)


@pytest.fixture(scope="module")
def run():
    """The plan and a higher subsidy against the status quo."""
    return run_comparison(regions(["lishui", "lishui/subsidy-up"], load), points=5, replications=2, threads=2)


@pytest.fixture(scope="module")
def answer(run):
    return judge(run)


def people(runs, row, kind, count="persons"):
    """Of one kind in every run of a policy."""
    return runs.pairs[row, ..., KINDS.index(kind), COUNTS.index(count)].sum(axis=1)


# Pairs


def test_a_policy_against_itself_differs_in_nothing():
    plan = policy(load("lishui"))
    c = run_comparison([region("lishui", [plan], plan)], points=2, replications=1)
    (runs,) = c.regions
    for kind in KINDS[1:]:
        assert not people(runs, 1, kind).any()
    assert people(runs, 1, "both").all()
    same = [(a == b) | (np.isnan(a) & np.isnan(b)) for a, b in [runs.measures]]
    assert np.all(same) and (runs.ledger[0] == runs.ledger[1]).all()
    assert not runs.losses[1][..., [k for k, n in enumerate(COLUMNS) if "worse" in n or "better" in n]].any()
    assert (runs.losses[1][:, 0, C["households"]] > 1000).all()
    other = judge(c).policies[1]
    assert other.losses.income.worse.value == other.losses.wealth.better.value == 0.0
    assert other.additional.value == 0.0 and other.extra_cost.value == 0.0
    assert other.cost_per_additional.value is None and other.paid_anyway.median == 1.0


def test_additional_is_what_the_kinds_add_up_to(run):
    (runs,) = run.regions
    for row in (1, 2):
        more = runs.measures[row, :, M["persons"]] - runs.measures[0, :, M["persons"]]
        kinds = {kind: people(runs, row, kind) for kind in KINDS}
        assert (more == kinds["induced"] - kinds["displaced"] + kinds["assisted"] - kinds["unaided"]).all()
        assert (
            kinds["both"] + kinds["induced"] + kinds["assisted"] == runs.measures[row, :, M["persons"]]
        ).all()


def test_a_higher_subsidy_induces_moves_and_costs_more(run, answer):
    (runs,) = run.regions
    assert (people(runs, 2, "induced") > 0).all()
    up = answer.policies[2]
    assert up.additional.value > answer.policies[1].additional.value > 0
    assert up.extra_cost.low > 0 and up.cost_per_additional.sense == "more cost, more movers"
    cost, more = up.extra_cost.value, up.additional_all.value
    assert up.cost_per_additional.value == pytest.approx(cost / more)


def test_kinds_of_a_handful_of_households():
    fate = np.array([KEYS, KEYS, 0, KEYS, LEFT, 0, LEFT], np.uint8)
    reference = np.array([KEYS, 0, KEYS, LEFT, KEYS, 0, 0], np.uint8)
    persons, there = np.array([1, 2, 3, 4, 5, 6, 7], np.uint8), np.array([1, 2, 2, 4, 5, 6, 7], np.uint8)

    class Population:
        county = np.array([0, 0, 0, 1, 1, 1, 1], np.uint8)
        poor = np.array([0, 1, 1, 0, 0, 0, 0], np.uint8)

    counted = pairs(fate, reference, persons, there, Population, 2)
    named = {kind: counted[:, k].tolist() for k, kind in enumerate(KINDS)}
    assert named == {
        "both": [[1, 1, 0], [0, 0, 0]],
        "induced": [[1, 2, 2], [0, 0, 0]],
        "displaced": [[1, 2, 2], [0, 0, 0]],  # as many as move under the reference
        "assisted": [[0, 0, 0], [1, 4, 0]],
        "unaided": [[0, 0, 0], [1, 5, 0]],
    }


def test_threads_change_nothing():
    def once(threads):
        found = regions(["lishui"], load)
        return run_comparison(found, points=2, replications=1, seed=3, threads=threads)

    one, three = once(1), once(3)
    assert one.id == three.id
    for name in ("measures", "ledger", "pairs", "losses", "effect", "reached", "design"):
        assert np.array_equal(
            getattr(one.regions[0], name), getattr(three.regions[0], name), equal_nan=True
        ), name


# Statistics


def test_fieller_by_hand():
    # means 13 and 130; variances of the means 5/3 and 650/3, covariance 50/3; t of 3 degrees 3.182446
    more, cost = np.array([[10.0], [12], [14], [16]]), np.array([[100.0], [130], [120], [170]])
    found = fieller(more, cost)
    assert found.value == 10.0
    assert (found.low, found.high) == pytest.approx((8.175462, 11.824538), abs=1e-5)


def test_a_price_needs_movers_that_are_surely_there():
    unsure = fieller(np.array([[-1.0], [1], [2], [3]]), np.array([[1.0], [1], [2], [2]]))
    assert unsure.value is None and "contains 0" in unsure.why
    nobody = fieller(np.zeros((4, 1)), np.ones((4, 1)))
    assert nobody.value is None and nobody.why == "no additional movers"
    single = fieller(np.array([[4.0]]), np.array([[8.0]]))
    assert single.value == 2.0 and single.low is None
    assert fieller(np.array([[-4.0], [-5]]), np.array([[8.0], [8]])).sense == "more cost, less movers"


def test_an_interval_says_what_it_covers():
    noise = compare(np.array([[1.0, 2.0, 3.0]]))  # t of 2 degrees 4.302653, standard error 1/sqrt(3)
    assert noise.over == REPLICATIONS and noise.value == 2.0
    assert (noise.low, noise.high) == pytest.approx((2 - 4.302653 / 3**0.5, 2 + 4.302653 / 3**0.5), abs=1e-5)
    futures = compare(np.arange(20.0).reshape(10, 2) - 3.0)
    assert futures.over == FUTURES and futures.low < futures.value == 6.5 < futures.high
    assert futures.more == 0.8 and futures.parts.noise_sd == pytest.approx(0.5**0.5)
    one = compare(np.array([[7.0]]))
    assert one.over == ONE and one.low is None and one.parts is None


def test_targets_are_judged_for_every_policy(answer):
    shares = [p.targets[0] for p in answer.policies]
    assert {t.id for t in shares} == {shares[0].id} and all(t.futures == 5 for t in shares)
    assert all(t.low <= t.share <= t.high for t in shares)


# Who loses


def test_what_a_household_has_at_the_end():
    h = np.zeros(4, HOUSEHOLD)
    h["income"], h["debt_service"] = [500000, 500000, 0, 300000], [0, 120000, 0, 0]
    h["savings"], h["loan"], h["startup_loan"] = (
        [100, 7000000, 900, 0],
        [0, 5000000, 0, 0],
        [0, 1000000, 0, 0],
    )
    h["arrears"], h["subsidy"], h["moved"] = (
        [0, 30000, 0, 0],
        [0, 500000, 0, 800000],
        [-32768, 3, -32768, -32768],
    )
    found = ends(h, np.array([0, MOVED, OWN_MOVED, 2], np.uint8))
    # the second is paid 5,000 yuan a month, owes 1,200 of it; its subsidy is due, that of the fourth only granted
    np.testing.assert_array_equal(found.income, [60000.0, 45600.0, np.nan, 36000.0])
    np.testing.assert_array_equal(found.wealth, [1.0, 70000 + 5000 - 50000 - 10000 - 300, np.nan, 0.0])
    assert found.moved.tolist() == [False, True, False, False]


def test_losers_of_a_handful_of_households():
    """One that stays, one induced, one displaced, one that left unaided there, one that moved before; 10,000 yuan each."""
    who = People(
        start=np.full(5, 10000.0), persons=np.array([1, 2, 3, 4, 5]), earlier=np.arange(5) == 4,
        low_income=np.arange(5) < 2, age=np.array([0, 1, 2, 3, 3]), distance=np.array([0, 0, 1, 1, 2]),
        county=np.array([0, 0, 1, 1, 1]),
    )  # fmt: skip
    theirs = Ends(np.array([1e4, 1e4, 1e4, np.nan, 1e4]), np.zeros(5), np.arange(5) == 2)
    mine = Ends(
        np.array([1e4 - 499, 1e4 - 501, 1e4 + 600, 9e3, 1e4 - 2600]),
        np.array([-400.0, -9000, 800, 5000, -501]), np.arange(5) == 1,
    )  # fmt: skip
    found = dict(zip(names(("near", "b")), losses(mine, theirs, who, 2), strict=True))
    assert list(found)[0] == ("all", "all") and len(found) == len(cells(2))

    def of(part, id, *columns):
        return [found[part, id][C[column]] for column in columns]

    compared = ("households", "persons", "left_households", "left_persons")
    assert of("all", "all", *compared) == [4, 11, 1, 4]
    income = (
        "worse_households",
        "worse_persons",
        "heavy_households",
        "loss_yuan",
        "better_households",
        "gain_yuan",
    )
    assert of("all", "all", *(f"income_{c}" for c in income)) == [2, 7, 1, 3101, 1, 600]
    assert of("all", "all", *(f"wealth_{c}" for c in income)) == [2, 7, 1, 9501, 1, 800]
    assert of("all", "all", "both_worse_households", "both_worse_persons") == [2, 7]
    worse = {id: of("fate", id, "income_worse_households")[0] for part, id in found if part == "fate"}
    assert worse == {"both": 0, "induced": 1, "displaced": 0, "stay": 0, "earlier": 1}
    for part in ("fate", "list", "age", "distance", "county"):
        groups = [row for (p, _), row in found.items() if p == part]
        assert np.sum(groups, axis=0).tolist() == found["all", "all"].tolist()
    back = losses(theirs, mine, who, 2)[0]
    assert back[C["income_gain_yuan"]] == 3101 and back[C["income_worse_households"]] == 1


def test_who_loses_adds_up_and_is_told_by_group(run, answer):
    (runs,) = run.regions
    groups = names(tuple(c.id for c in runs.region.reference.scenario.counties))
    for part in ("fate", "list", "age", "distance", "county"):
        rows = [k for k, (p, _) in enumerate(groups) if p == part]
        np.testing.assert_allclose(runs.losses[2][:, rows].sum(axis=1), runs.losses[2][:, 0])
    found = answer.policies[2].losses
    assert 0 < found.income.worse.value < found.households and found.income.loss > 0 > -found.wealth.gain
    assert found.income.share == pytest.approx(found.income.worse.value / found.households)
    shares = {g.id: g for g in found.groups if g.part == "fate"}
    assert shares["stay"].income_worse == 0.0  # no instrument of these policies reaches those who stay
    assert shares["induced"].wealth_worse > shares["both"].wealth_worse  # a home was paid for
    assert not runs.losses[0][..., C["income_worse_households"]].any()


# Variance reduction


def test_common_draws_are_worth_nothing_with_independent_seeds():
    rng = np.random.default_rng(7)
    futures = 100 * rng.normal(size=(400, 1))  # what differs between points is no noise
    one, other = futures + rng.normal(size=(400, 5)), futures + rng.normal(size=(400, 5))
    found = reduction(one, other)
    assert found.value == pytest.approx(1.0, abs=0.1) and found.low < 1.0 < found.high


def test_variance_reduction_of_known_correlation():
    rng = np.random.default_rng(8)
    shared = rng.normal(size=(400, 5)) * 3.0
    one, other = shared + rng.normal(size=(400, 5)), shared + rng.normal(size=(400, 5))
    found = reduction(one, other)  # (9 + 1 + 9 + 1) / 2
    assert found.value == pytest.approx(10.0, rel=0.1) and found.low < 10.0 < found.high
    by_hand = reduction(np.array([[1.0, 2, 3, 4, 5, 6]]), np.array([[1.0, 2, 3, 4, 5, 9]]))
    assert by_hand.value == pytest.approx((3.5 + 8.0) / 1.5) and by_hand.low is None


def test_variance_reduction_is_left_out_where_it_cannot_be_known():
    ones = np.ones((10, 2))
    assert reduction(np.ones((50, 1)), np.ones((50, 1))) == Reduction(None, why="one replication")
    assert reduction(np.ones((2, 2)), np.ones((2, 2))).why == "too few replications"
    assert reduction(ones, np.where(np.arange(2) == 0, np.nan, ones)).why == "undefined in some runs"
    assert reduction(ones + np.arange(2), ones + np.arange(2)).why == "the difference does not vary"


def test_the_reduction_is_reported(answer):
    for p in answer.policies[1:]:
        assert set(p.reduction) == set(REDUCED) and all(r.value > 0 for r in p.reduction.values())
    assert answer.policies[0].reduction == {}
    assert "independent seeds" in text(answer, "en") and "独立种子" in text(answer, "zh")
    once = dataclasses.replace(
        answer, policies=tuple(dataclasses.replace(p, reduction=dict.fromkeys(p.reduction, Reduction(None)))
                               for p in answer.policies))  # fmt: skip
    assert "independent seeds" not in text(once, "en")


# Names and references


def test_the_reference_comes_first():
    def load(name, packages):
        return scenarios.load(name, packages=packages)

    (found,) = regions(["lishui/subsidy-up", "lishui/status-quo"], load)
    assert [p.name for p in found.policies] == ["lishui/status-quo", "lishui/subsidy-up"]

    both = regions(["lishui", "yueyang"], load, against="zero")
    assert [r.reference.name for r in both] == ["lishui/zero", "yueyang/zero"]
    mixed = regions(["lishui", "yueyang"], load, against="lishui/zero")
    assert [r.reference.name for r in mixed] == ["lishui/zero", "yueyang/status-quo"]


def test_a_name_may_carry_packages():
    (found,) = regions(["lishui+precise-relocation", "lishui"], load)
    with_package, plain = found.policies[1:]
    assert with_package.name == "lishui+precise-relocation" and " + " in with_package.title["en"]
    assert with_package.scenario.resolved() != plain.scenario.resolved()


def test_a_file_of_ones_own_is_compared_inside_its_region(tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'schema = 1\nextends = "lishui/plan"\n[header]\ntitle = { zh = "我的", en = "Mine" }\nauthors = ["me"]\n'
        'reference = "mine"\ndescription = { zh = "我的", en = "Mine" }\n[uncertainty.choice]\nb_income = '
        '{ value = 2, unit = "utility", source = "assumption", range = [1, 3], note = "mine" }\n',
        encoding="utf-8",
    )
    (found,) = regions([str(mine), "lishui"], load)
    assert found.reference.name == "lishui/status-quo"
    other = found.policies[1]
    assert other.taken == ("b_income",)  # what nobody knows is the same under every policy
    theirs = found.reference.scenario.values["b_income"]
    assert other.scenario.values["b_income"].range == theirs.range


def test_other_households_cannot_be_paired():
    with pytest.raises(InputError, match="other period"):
        region("lishui", [policy(load("lishui"))], policy(load("lishui", **{"period.window_months": "24"})))
    with pytest.raises(InputError, match="other households"):
        other = load("lishui", **{"population.mean_household_size": "2.5"})
        region("lishui", [policy(load("lishui"))], policy(other))


# Equal budgets


def test_equal_budgets_are_equal_to_the_yuan():
    (own,) = regions(["lishui", "lishui/jobs-first"], load)
    equal = equal_budgets(own)
    goal = appropriated(own.reference.scenario)
    assert goal == pytest.approx(
        3 * 3.0e8 + 5 * 0.2e8
    )  # three years of relocation money, five of money for jobs
    for p in equal.policies:
        assert round(appropriated(p.scenario)) == round(goal)
    assert equal.reference.factor == 1.0 and equal.policies[1].factor == pytest.approx(10.0 / 15.3)
    (runs,) = run_comparison([equal], points=1, replications=1).regions
    paid = runs.measures[:, 0, M["appropriated"]]
    assert np.round(paid).tolist() == [round(goal)] * 3
    assert (runs.measures[:, 0, M["cost"]] < paid).all()  # so few households cannot spend it
    by_jobs = runs.ledger[1, 0, FLOW["appropriation_jobs"]]
    assert by_jobs == pytest.approx(5 * 0.6e8 * 10.0 / 15.3, abs=1.0)


def test_dated_and_county_budgets_are_scaled_too():
    (own,) = regions(["lishui"], load)
    plan = own.policies[1].scenario
    steps = dataclasses.replace(plan.values["budget_province_yuan_per_year"], value=((0, 4e8), (12, 0.0)))
    name = f"{plan.counties[0].id}.budget_city_yuan_per_year"
    local = dataclasses.replace(plan.values["budget_city_yuan_per_year"], name=name, value=9e8)
    counties = (
        dataclasses.replace(plan.counties[0], own={"budget_city_yuan_per_year": local}), *plan.counties[1:]
    )  # fmt: skip
    values = plan.values | {"budget_province_yuan_per_year": steps}
    dated = dataclasses.replace(plan, values=values, counties=counties)
    share = plan.counties[0].values["pool_share"].at(0) / sum(
        c.values["pool_share"].at(0) for c in plan.counties
    )
    assert appropriated(dated) == pytest.approx(
        4e8 + 3 * (0.6e8 * (1 - share) + 9e8 * share + 1.8e8) + 5 * 0.6e8
    )
    equal = equal_budgets(region("lishui", [policy(dated)], own.reference), 7e8)
    assert [round(appropriated(p.scenario)) for p in equal.policies] == [700_000_000] * 2


def test_budgets_of_nothing():
    (own,) = regions(["lishui"], load, against="zero")
    with pytest.raises(InputError, match="budgets nothing"):
        equal_budgets(own)
    given = equal_budgets(own, 5e8)
    assert given.reference.factor is None and round(appropriated(given.policies[1].scenario)) == 500_000_000
    (own,) = regions(["lishui", "lishui/zero"], load)
    with pytest.raises(InputError, match="lishui/zero: all its budgets are 0"):
        equal_budgets(own)


def test_amounts_of_money():
    assert policies.yuan("12e8") == policies.yuan("12 yi_yuan") == policies.yuan("1200000000 yuan") == 1.2e9
    for wrong in ("much", "12 apples", "12 m2", ""):
        with pytest.raises(InputError, match="amount expected"):
            policies.yuan(wrong)


# What it says


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_text_in_both_languages(answer, lang):
    said = text(answer, lang)
    for name in ("lishui/status-quo *", "C lishui/subsidy-up"):
        assert name in said
    words = {
        "en": (
            "Who ends worse off",
            "earlier movers",
            "induced",
            "displaced",
            "paid anyway",
            "95 % interval",
            "share of futures",
            "5 futures x 2",
        ),
        "zh": (
            "谁比对照下更差",
            "此前已搬迁",
            "引致搬迁",
            "被挤出",
            "本会搬迁",
            "95%区间",
            "未来情形占比",
            "5种未来情形 × 2次重复",
        ),
    }
    assert all(word in said for word in words[lang])
    assert "nan" not in said.lower() and "None" not in said


def test_undefined_is_said_plainly(answer):
    unsure = dataclasses.replace(
        answer.policies[1], cost_per_additional=Ratio(None, None, None, "", "may be 0")
    )
    worse = dataclasses.replace(
        answer.policies[2], cost_per_additional=Ratio(-5.0, -6.0, -4.0, "more cost, less movers")
    )
    changed = dataclasses.replace(answer, policies=(answer.policies[0], unsure, worse))
    assert "undefined" in text(changed, "en") and "无定义" in text(changed, "zh")
    assert "dearer, fewer movers" in text(changed, "en") and "花费更多" in text(changed, "zh")


def odd(answer):
    """Answers with little, strange or no numbers to show."""
    none, up = answer.policies[1], answer.policies[2]
    zero = Difference(0.0, None, None, ONE, 0.0, 0.0, 0.0, None)
    fewer = Difference(-900.0, -2000.0, 300.0, FUTURES, -2500.0, 600.0, 0.2, None)
    long = {
        "en": "A policy with a very long name that goes on and on and on",
        "zh": "名称特别特别特别长的一项搬迁安置政策组合方案",
    }
    yield dataclasses.replace(answer, policies=(answer.policies[0], dataclasses.replace(none, additional=zero,
                              cost_per_additional=Ratio(None, None, None, "", "")), up))  # fmt: skip
    yield dataclasses.replace(answer, policies=(answer.policies[0], dataclasses.replace(none, additional=fewer, title=long,
                              cost_per_additional=Ratio(-4.0, -5.0, -3.0, "more cost, less movers")),
                              dataclasses.replace(up, cost_per_additional=Ratio(9e4, 1e4, 9e7, "more cost, more movers"))))  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_on_the_chart_is_clipped(run, answer, lang):
    from experiments.figures import comparison, style
    from experiments.figures.text import Words

    for one in (answer, *odd(answer)):
        with style.session(), warnings.catch_warnings():
            warnings.simplefilter("error")
            sheet = comparison.draw(run, one, Words(lang))
            drawn = sheet.figure.get_tightbbox()
        width, height = sheet.figure.get_size_inches()
        assert drawn.x0 >= 0 and drawn.y0 >= 0 and drawn.x1 <= width and drawn.y1 <= height


def test_a_repeat_writes_the_same_bytes(run, answer, tmp_path):
    folders = [store.write(run, answer, tmp_path / name, formats=("svg",)) for name in ("a", "b")]
    names = sorted(p.relative_to(folders[0]) for p in folders[0].rglob("*") if p.is_file())
    assert {"comparison.json", "manifest.json", "comparison.zh.txt"} <= {str(name) for name in names}
    drawn = {n.name for n in names if n.suffix == ".svg"}
    assert drawn == {f"{chart}.{lang}.svg" for chart in ("comparison", "profile") for lang in ("en", "zh")}
    for name in names:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name
    table = (folders[0] / "tables" / "policies.csv").read_text("utf-8-sig").splitlines()
    assert len(table) == 4 and table[0].startswith("region,policy,reference,budget_factor,persons_median")
    found = json.loads((folders[0] / "manifest.json").read_text("utf-8"))
    lost = (folders[0] / "tables" / "losses.csv").read_text("utf-8-sig").splitlines()
    assert lost[0].startswith("policy,run,part,group,households,persons,left_households")
    assert len(lost) == 1 + 2 * run.runs * len(cells(9))
    assert found["comparison"] == run.id and found["regions"][0]["reference"] == "lishui/status-quo"


# The command


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command(home, capsys):
    command = ["compare", "lishui", "--points", "1", "--set", "pool_persons=5000", "--no-figures", "-q"]
    assert cli.main([*command, "--lang", "both"]) == cli.DONE
    out = capsys.readouterr().out
    assert "申请期末搬迁人数" in out and "Persons moved by the window's end" in out
    assert cli.main([*command, "--json", "--budget", "5 yi_yuan"]) == cli.DONE
    found = json.loads(capsys.readouterr().out)
    assert [p["name"] for p in found["policies"]] == ["lishui/status-quo", "lishui"] and found[
        "budget"
    ] == 5e8
    assert len(list((home / "results").iterdir())) == 2


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "name"),
        (["lishui/nonsense"], 'no scenario "lishui/nonsense"'),
        (["lishui", "lishui/plan"], "named twice"),
        (["lishui/status-quo"], "is the reference itself"),
        (["lishui", "--points", "0"], "points"),
        (["lishui", "--against", "nonsense"], "no policy of that name"),
        (["lishui", "--against", "yueyang/zero"], "no policy of yueyang is compared"),
        (["lishui+"], "NAME+PACKAGE"),
        (["lishui+nonsense"], 'no package "nonsense"'),
        (["lishui", "--against", "zero", "--equal-budget"], "budgets nothing"),
        (["lishui", "lishui/zero", "--equal-budget"], "all its budgets are 0"),
        (["lishui", "--budget", "much"], "an amount expected"),
        (["lishui", "--budget", "0"], "more than 0 yuan"),
        (["lishui", "--set", "nonsense"], "KEY=VALUE"),
        (["lishui", "--lang", "fr"], "zh, en or both"),
        (["lishui", "--formats", "gif"], "'gif' unknown"),
    ],
)
def test_bad_input_is_one_message_code_2_and_nothing_written(home, capsys, args, says):
    assert cli.main(["compare", *args, "-q"]) == cli.BAD_INPUT
    err = capsys.readouterr().err
    assert says.lower() in err.lower() and "Traceback" not in err
    assert not list(home.iterdir())


def test_a_region_without_a_status_quo_needs_a_reference(home, capsys):
    folder = home / "mine"
    folder.mkdir()
    found = scenarios.reader._data().joinpath("lishui")
    for name in ("region.toml", "plan.toml", "sites.csv"):
        (folder / name).write_bytes(found.joinpath(name).read_bytes())
    assert cli.main(["compare", str(folder / "plan.toml"), "-q"]) == cli.BAD_INPUT
    assert "has no status quo" in capsys.readouterr().err
