"""Who moves only because of a policy: households sorted exactly once, weights by hand, and the chart beside a comparison."""

import csv
import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import scenarios
from experiments.comparison import profile as profiles
from experiments.comparison import store
from experiments.comparison.judge import judge
from experiments.comparison.losses import People
from experiments.comparison.policies import regions
from experiments.comparison.runs import COUNTS, KEYS, KINDS, LEFT, kinds_of, run_comparison
from experiments.figures import profile, sheets, style
from experiments.figures.text import LANGS, Words

pytestmark = pytest.mark.usefixtures("silent")
COUNTIES = ("a", "b")


def load(name, packages=()):
    return scenarios.load(name, packages=packages, sets={"pool_persons": "5000"})


@pytest.fixture(scope="module")
def run():
    return run_comparison(regions(["lishui", "lishui/subsidy-up"], load), points=5, replications=1, threads=2)


@pytest.fixture(scope="module")
def kept(run, tmp_path_factory):
    """The same comparison on disk, with its charts as SVG."""
    return store.write(run, judge(run), tmp_path_factory.mktemp("out"), formats=("svg",))


def test_every_group_has_words():
    for part, groups in profiles.PARTS.items():
        assert f"part.{part}" in profile.WORDS
        for group in groups:
            assert group in profile.TITLED and (group in profile.WORDS or group in profile.GROUPS)


def test_a_handful_of_households_by_hand():
    """Six of the pool and one that had moved before: both, induced, displaced, assisted, unaided, neither, earlier."""
    fate = np.array([KEYS, KEYS, 0, KEYS, LEFT, LEFT, KEYS], np.uint8)
    reference = np.array([KEYS, 0, KEYS, LEFT, KEYS, LEFT, 0], np.uint8)
    who = People(
        start=np.array([600.0, 1000, 3000, 4000, 10000, 12000, 1]), persons=np.array([1, 2, 3, 4, 5, 6, 1]),
        earlier=np.arange(7) == 6, low_income=np.arange(7) < 2, age=np.array([0, 1, 2, 3, 3, 3, 3]),
        distance=np.array([0, 0, 1, 1, 2, 2, 2]), county=np.array([0, 0, 0, 1, 1, 1, 1]),
    )  # fmt: skip
    people = SimpleNamespace(
        members=who.persons, wage=np.array([0, 400, 1500, 0, 9000, 100, 1], np.float32), absent=np.array([0, 1, 0, 0, 0, 2, 0]),
        children=np.array([0, 0, 1, 1, 2, 0, 0]), hazard=np.array([1, 0, 0, 0, 0, 0, 0]),
    )  # fmt: skip
    groups = profiles.groups(cast(Any, people), who)
    assert groups["wage"].tolist() == [0, 1, 2, 0, 2, 1, -1]
    assert groups["size"].tolist() == [0, 0, 1, 1, 2, 2, -1]
    assert groups["income"].tolist() == [0, 0, 1, 1, 2, 2, -1]  # 600, 500, 1000, 1000, 2000, 2000 a head
    counted = profiles.profile(kinds_of(fate, reference), groups, 2)
    rows = dict(zip(profiles.names(COUNTIES), counted.tolist(), strict=True))
    assert rows["list", "low_income"] == [1, 1, 0, 0, 0, 0]
    assert rows["list", "others"] == [0, 0, 1, 1, 1, 1]
    assert rows["children", "children"] == [0, 0, 1, 1, 1, 0]
    assert rows["county", "a"] == [1, 1, 1, 0, 0, 0] and rows["county", "b"] == [0, 0, 0, 1, 1, 1]


def test_each_part_adds_up_to_the_pool_and_to_the_pairs(run):
    (runs,) = run.regions
    counties = tuple(county.id for county in runs.region.reference.scenario.counties)
    parts = np.array([part for part, _ in profiles.names(counties)])
    county = runs.profile[:, :, parts == "county"]
    np.testing.assert_array_equal(county[1:, ..., :-1], runs.pairs[1:, ..., COUNTS.index("households")])
    for part in profiles.PARTS:
        np.testing.assert_array_equal(runs.profile[:, :, parts == part].sum(axis=2), county.sum(axis=2))
    thirds = runs.profile[1][:, parts == "income"].sum(axis=2)
    assert (
        abs(thirds - thirds.mean(axis=1, keepdims=True)) <= 0.02 * thirds.sum(axis=1, keepdims=True)
    ).all()
    pool = county.sum(axis=(2, 3))
    assert (pool == pool[0]).all() and (county[1:, ..., KINDS.index("induced")].sum(axis=2) > 0).all()


def test_a_weight_is_a_share_over_a_share():
    county = np.array([False, False, True])
    own, pool = np.array([30.0, 10.0, 40.0]), np.array([100.0, 100.0, 200.0])
    assert profile._weight(own, pool, county).tolist() == [1.5, 0.5, 1.0]
    for end in profile._interval(np.tile(own, (6, 1)), np.tile(pool, (6, 1)), county):
        assert end.tolist() == [1.5, 0.5, 1.0]  # futures that do not differ
    spread = np.array([[30.0, 10, 40], [20, 20, 40], [32, 8, 40], [28, 12, 40], [30, 10, 40]])
    low, high, together = profile._interval(spread, np.tile(pool, (5, 1)), county)
    assert 1.0 <= together[0] < low[0] < 1.4 < high[0] <= 1.6
    assert np.isnan(profile._interval(spread[:4], np.tile(pool, (4, 1)), county)).all()
    assert np.isnan(profile._weight(np.zeros(3), pool, county)).all()


def test_weights_are_those_of_the_tallies(run):
    first, second = profile.data(run)
    (runs,) = run.regions
    for row, d in ((1, first), (2, second)):
        total = runs.profile[row].sum(axis=0).astype(float)
        county = np.array([part == "county" for part, _ in d.groups])
        induced, pool = total[:, KINDS.index("induced")], total.sum(axis=1)
        expected = (induced / induced[county].sum()) / (pool / pool[county].sum())
        np.testing.assert_allclose(d.weight["induced"], expected)
        low, high = d.low["induced"], d.high["induced"]
        assert (low[np.isfinite(low)] <= high[np.isfinite(low)]).all()
        assert d.mean("induced") == pytest.approx(induced[county].sum() / run.runs)
        for k in profile.standing_out(d):
            assert low[k] > 1.0 and d.groups[k][0] != "county"


def test_titles_claim_no_more_than_is_known(run):
    d = profile.data(run)[1]
    nothing = np.full(len(d.groups), np.nan)
    few = d._replace(low=dict.fromkeys(d.low, nothing), sure=nothing > 1.0)
    none = d._replace(sure=np.zeros(len(d.groups), bool))
    for lang, (unknown, unsure) in {
        "en": ("too few futures", "No group is surely"),
        "zh": ("未来情形太少", "没有哪一类"),
    }.items():
        assert unknown in profile._title([few], Words(lang)) and unsure in profile._title([none], Words(lang))


def test_a_comparison_keeps_table_and_chart(run, kept):
    import pyarrow.parquet as pq

    table = pq.read_table(kept / "tables" / "profile.parquet").to_pydict()
    (runs,) = run.regions
    assert sum(table["induced_households"]) == runs.profile[1:, ..., KINDS.index("induced")].sum()
    assert {path.name for path in (kept / "figures").glob("profile*")} == {
        "profile.csv",
        "profile.en.svg",
        "profile.zh.svg",
    }
    text = (kept / "figures" / "profile.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 2 * len(profile.data(run)[0].groups)


def test_it_is_read_back_and_drawn_again(run, kept):
    from experiments import reading

    answer = reading.answer(kept)
    again = {chart.name: chart for chart in answer.charts()}
    assert again["profile"].csv() == (kept / "figures" / "profile.csv").read_bytes()
    assert (
        again["profile"].pictures("zh", ["svg"])["svg"] == (kept / "figures" / "profile.zh.svg").read_bytes()
    )


def without(run):
    """What an earlier anju kept."""
    return replace(run, regions=tuple(replace(runs, profile=None) for runs in run.regions))


def test_a_comparison_without_a_profile_has_no_chart(run, tmp_path):
    bare = without(run)
    assert profile.data(bare) == [] and profile.draw_all(bare, tmp_path, langs=LANGS, formats=("svg",)) == []
    assert "profile" not in dict(store.by_run(bare))


def nobody(run):
    """Everybody stays under both."""
    regions = []
    for runs in run.regions:
        still = np.zeros_like(runs.profile)
        still[..., -1] = runs.profile.sum(axis=-1)
        regions.append(replace(runs, profile=still))
    return replace(run, regions=tuple(regions))


def single(run):
    """One future, one run."""
    regions = tuple(
        replace(runs, profile=runs.profile[:, :1], design=runs.design[:1]) for runs in run.regions
    )
    return replace(run, points=1, replications=1, regions=regions)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("case", [lambda c: c, nobody, single], ids=["plain", "nobody", "one run"])
def test_nothing_is_clipped_or_overlaps(run, case, lang):
    c = case(run)
    ((_, page),) = profile.pages(c)
    for size in style.SIZES:
        with style.laid_out(lambda: profile.draw(c, page, Words(lang)), size) as sheet:
            renderer, figure = style._measure(), sheet.figure
            figure.dpi = renderer.dpi
            boxes = [t.get_window_extent(renderer) for t in figure.texts if t.get_text()]
            for k, box in enumerate(boxes):
                assert box.x0 >= -1 and box.x1 <= figure.bbox.width + 1 and box.y0 >= -1
                assert not any(box.shrunk(0.98, 0.5).overlaps(one.shrunk(0.98, 0.5)) for one in boxes[:k])


def test_many_policies_take_several_sheets(run):
    (runs,) = run.regions
    region = replace(runs.region, policies=(runs.region.policies * 2)[:5])
    many = replace(
        run, regions=(replace(runs, region=region, profile=np.concatenate([runs.profile] * 2)[:5]),)
    )
    gathered = sheets.Gathered()
    profile.draw_all(many, gathered, langs=(), formats=())
    assert [chart.name for chart in gathered] == ["profile-1", "profile-2"]
    assert sum(len(chart.rows) for chart in gathered) == 4 * len(profile.data(run)[0].groups)
