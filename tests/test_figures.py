"""Charts: both languages, all formats, the same bytes twice, no missing glyph, and studies with little to show."""

from __future__ import annotations

import csv
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fakes import but, fake_pool_study, fake_study, fake_urban_study

from experiments.figures import CHARTS, FORMATS, charts, draw_all, style
from experiments.figures.caption import short
from experiments.figures.text import LANGS, WORDS, Words, figures
from simulation.outcomes import WHY

ARRAYS = ("county", "mode", "klass", "income", "ledger", "why", "effect_income")


@pytest.fixture(scope="module")
def study():
    return fake_study(points=8, replications=2)


@pytest.fixture(scope="module")
def drawn(study, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = draw_all(study, folder)
    assert sorted(folder.iterdir()) == sorted(paths)
    return folder


def sheet_of(study, name: str, lang: str) -> style.Sheet:
    """A chart as a figure, not written."""
    chart = import_module(f"experiments.figures.{name}")
    with style.session():
        return chart.draw(study, chart.data(study), Words(lang))


def sheets(study, lang: str):
    """Every chart as a figure."""
    for name in charts(study):
        yield name, sheet_of(study, name, lang)


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def nobody(study):
    """The same study in which nothing ever happened."""
    return replace(study, **{name: np.zeros_like(getattr(study, name)) for name in ARRAYS})


def with_scenario(study, **changes):
    return replace(study, scenario=SimpleNamespace(**vars(study.scenario) | changes))


def regional(study, counties: int):
    """The same study with its outcomes shared out evenly over so many counties."""
    rows = [SimpleNamespace(id=f"c{i}", en=f"Far-away county {i}", zh=f"遥远县{i}") for i in range(counties)]
    county = np.repeat(study.county.sum(axis=2, keepdims=True) / counties, counties, axis=2)
    why = np.repeat(study.why.sum(axis=1, keepdims=True) / counties, counties, axis=1)
    return replace(with_scenario(study, counties=rows), county=county, why=why)


def test_every_chart_in_both_languages_and_all_formats(drawn, study):
    names, drawn_here = {path.name for path in drawn.iterdir()}, charts(study)
    pictures = {f"{chart}.{lang}.{kind}" for chart in drawn_here for lang in LANGS for kind in FORMATS}
    assert names == pictures | {f"{chart}.csv" for chart in drawn_here}
    starts = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    for path in drawn.iterdir():
        content = path.read_bytes()
        assert content.startswith(starts.get(path.suffix[1:], b"")), path.name
        assert b"Date" not in content[:2000] and b"atplotlib v" not in content, path.name


def test_a_repeat_gives_the_same_bytes(drawn, study, tmp_path):
    for path in draw_all(study, tmp_path, langs=("zh",)):
        assert path.read_bytes() == (drawn / path.name).read_bytes(), path.name


def test_svg_says_what_it_shows_and_carries_its_letters(drawn):
    for path in drawn.glob("*.svg"):
        root = ET.fromstring(path.read_text(encoding="utf-8"))
        space = "{http://www.w3.org/2000/svg}"
        title, description = root.find(f"{space}title"), root.find(f"{space}desc")
        assert title is not None and title.text and description is not None and description.text
        assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        assert not root.findall(f".//{space}text")


@pytest.mark.parametrize("lang", LANGS)
def test_every_chart_says_where_it_comes_from(study, lang):
    for name, sheet in sheets(study, lang):
        said = "".join(texts(sheet.figure)).replace("\n", " ")
        for part in ("lishui/plan", study.scenario.title[lang], study.id, "0.1.0", "lishui-plan"):
            assert part in said, (name, part)
        assert ("seed 1" if lang == "en" else "种子 1") in said, name


def test_chinese_charts_hold_no_english_words(study):
    allowed = {"lishui", "plan", study.id}
    for name, sheet in sheets(study, "zh"):
        for text in texts(sheet.figure):
            latin = {
                word
                for word in "".join(c if c.isascii() and c.isalpha() else " " for c in text).split()
                if len(word) > 1
            }
            assert not latin - allowed - {"fa", "fa4e57d1"}, (name, text)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    "case",
    [
        lambda s: s,
        lambda s: fake_study(1, 1),
        lambda s: fake_study(1, 3),
        lambda s: fake_study(3, 1),
        nobody,
        lambda s: replace(s, effect_income=np.zeros_like(s.effect_income)),
        lambda s: replace(s, ledger=np.zeros_like(s.ledger)),
        lambda s: with_scenario(s, targets=[], window=s.months),
        lambda s: regional(s, 1),
        lambda s: regional(s, 40),
        lambda s: fake_urban_study(30, 2),
        lambda s: fake_urban_study(1, 1),
        lambda s: with_scenario(fake_urban_study(4, 1), targets=[]),
        lambda s: fake_pool_study(8, 2),
    ],
    ids=["plain", "one run", "one future", "no replications", "nobody", "no group", "no money", "no target",
         "one county", "forty counties", "urban", "urban, one run", "urban, no target", "county loans"],
)  # fmt: skip
def test_nothing_is_clipped_and_nothing_is_nan(study, lang, case):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, sheet in sheets(case(study), lang):
            with style.session():
                drawn = sheet.figure.get_tightbbox()
            width, height = sheet.figure.get_size_inches()
            assert drawn.x0 >= 0 and drawn.y0 >= 0 and drawn.x1 <= width and drawn.y1 <= height, (name, drawn)
            assert not [text for text in texts(sheet.figure) if "nan" in text.lower().split()], name


def test_titles_state_the_finding(study):
    shown = {name: sheet.title for name, sheet in sheets(study, "en")}
    assert "of 30,000 persons by Dec 2026" in shown["movers"]
    assert "of futures reach the target" in shown["movers"] or "future reach" in shown["movers"]
    assert shown["incomes"].startswith("Moving raises income by")
    zero = {name: sheet.title for name, sheet in sheets(nobody(study), "en")}
    assert zero["movers"] == "Nobody has moved by Dec 2026"
    assert zero["money"] == "No public money is budgeted or spent"
    assert {name: sheet.title for name, sheet in sheets(fake_study(1, 1), "en")}["movers"].startswith(
        "One run:"
    )


def test_the_numbers_behind_a_chart_are_beside_it(drawn, study):
    tables = {
        name: list(csv.DictReader((drawn / f"{name}.csv").open(encoding="utf-8"))) for name in charts(study)
    }
    for name, rows in tables.items():
        assert rows, name
        assert {row["study"] for row in rows} == {study.id} and {row["seed"] for row in rows} == {"1"}
    keys = study.indicator("persons_keys").sum(axis=2)
    row = tables["movers"][35]
    assert row["date"] == "2026-12" and float(row["target_persons"]) == 30_000
    assert float(row["persons_p50"]) == pytest.approx(np.median(keys[:, 35]))
    assert len(tables["counties"]) == len(study.scenario.counties)
    whole = {row["state"]: float(row["share"]) for row in tables["reasons"] if row["county"] == "region"}
    assert sum(whole.values()) == pytest.approx(1.0) and set(whole) == set(WHY) - {"withheld"}
    spent = sum(float(row["mean_yuan"]) for row in tables["money"] if row["panel"] == "homes cost")
    paid = sum(float(row["mean_yuan"]) for row in tables["money"] if row["panel"] == "homes paid from")
    assert spent == pytest.approx(paid)


def test_withheld_grants_get_a_bar_of_their_own(study):
    why = study.why.copy()
    why[:, :, WHY.index("withheld")] = 5.0
    shown = dict(sheets(replace(study, why=why), "en"))["reasons"]
    assert WORDS["why.withheld"][0] in texts(shown.figure)


@pytest.mark.parametrize(
    ("value", "digits", "en", "zh"),
    [
        (35_000, None, "35,000", "3.5万"),
        (27_412.4, 3, "27,400", "2.74万"),
        (9_800, None, "9,800", "9800"),
        (123_456_789, 3, "123,000,000", "1.23亿"),
        (0, 3, "0", "0"),
        (-1_234, 3, "−1,230", "−1230"),
        (9_999.6, 3, "10,000", "1万"),
    ],
)
def test_numbers_as_each_language_writes_them(value, digits, en, zh):
    assert Words("en").number(value, digits=digits) == en
    assert Words("zh").number(value, digits=digits) == zh


def test_shares_ranges_dates_and_amounts():
    en, zh = Words("en"), Words("zh")
    assert en.percent(0.384) == "38\u00a0%" and zh.percent(0.384) == "38%"
    assert en.percent_span(-0.01, 0.069, places=1, signed=True) == "−1.0 to +6.9\u00a0%"
    assert en.with_range("1", "2", "2") == "1" and zh.with_range("1", "0", "2") == "1（0～2）"
    assert en.date("2024-01", 35) == "Dec 2026" and zh.date("2024-11", 2) == "2025年1月"
    assert zh.money(3e8) == (1e8, "亿元") and en.money(3e8) == (1e6, "million yuan")
    assert [figures(v) for v in (1234.5, 56.78, 0.001, 0.0)] == ["1,234", "56.8", "<0.01", "0.00"]


def test_sources_are_named_in_short():
    cases = {
        "lishui-plan (七)": "lishui-plan",
        "Bryan, Chowdhury & Mobarak 2014": "Bryan, Chowdhury & Mobarak 2014",
        "Land 2023, 12(1) 84 (https://example.org/12)": "Land 2023",
        "http://www.example.org/page/2021/1213": "example.org",
        "assumption": "assumption",
    }
    assert {source: short(source) for source in cases} == cases


def test_lines_break_at_words_and_between_chinese_characters():
    with style.session():
        for text in (
            "Median 27,400 of 30,000 persons by the end of 2026 " * 4,
            "到2026年12月搬迁人数中位数，（目标3万人）。" * 5,
        ):
            lines = style.wrap(text, 60.0, style.TEXT).split("\n")
            assert len(lines) > 2 and all(style.width_of(line, style.TEXT) <= 60.0 for line in lines)
            assert "".join(lines).replace(" ", "") == text.replace(" ", "")
            assert not any(line[0] in "，。）；" for line in lines)


def test_unknown_languages_and_formats_are_refused(study, tmp_path):
    with pytest.raises(ValueError, match="gif"):
        draw_all(study, tmp_path, formats=("gif",))
    with pytest.raises(ValueError, match="fr"):
        draw_all(study, tmp_path, langs=("fr",))
    assert not list(tmp_path.iterdir())


def test_the_settings_of_matplotlib_are_left_as_they_were():
    import matplotlib

    before = dict(matplotlib.rcParams)
    with style.session():
        assert matplotlib.rcParams["svg.hashsalt"] == "anju"
    assert dict(matplotlib.rcParams) == before


def test_importing_the_charts_loads_no_matplotlib():
    code = "import sys, experiments.figures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_urban_chart_is_drawn_where_accounts_are_kept_and_only_there(study, tmp_path):
    urban = fake_urban_study(8, 2)
    without_loans = tuple(
        name for name in CHARTS if name != "debt"
    )  # its terms are not in the made-up scenario
    assert charts(study) == without_loans and charts(urban) == ("urban", *without_loans)
    draw_all(urban, tmp_path, langs=("en",), formats=("svg",))
    rows = list(csv.DictReader((tmp_path / "urban.csv").open(encoding="utf-8")))
    flows = [float(row["mean"]) for row in rows if row["panel"] == "flows"]
    towns = urban.urban[..., :2, 0].sum(axis=2)
    start = towns[:, 0] - urban.urban[:, 0, :2, 1:].sum(axis=(1, 2))
    assert sum(flows) == pytest.approx((towns[:, -1] - start).mean())
    assert rows[0]["date"] == "2023-12" and float(rows[36]["p50"]) < 0.65


def test_titles_of_one_run_or_one_future_claim_no_more():
    def title(study, name, lang):
        return sheet_of(study, name, lang).title

    for lang, never in (("en", ("average", "median", "of futures")), ("zh", ("平均", "中位数", "未来情形"))):
        for name, said in (("movers", 1), ("reasons", 0), ("waterfall", 0), ("money", 1)):
            assert not any(word in title(fake_study(1, 1), name, lang) for word in never), name
            assert never[said].lower() in title(fake_study(4, 2), name, lang).lower(), name
    assert "of runs of one future" in title(fake_study(1, 3), "movers", "en")
    assert "of runs of one future" in title(fake_urban_study(1, 3), "urban", "en")


def test_the_urban_title_answers_the_last_target():
    urban = fake_urban_study(8, 2)
    assert dict(sheets(urban, "en"))["urban"].title.startswith(
        "70\u00a0% urban by Dec 2028: reached in 0\u00a0% of futures, median 66.9"
    )
    low = [but(t, value=0.5) for t in urban.scenario.targets]
    assert "：100%的未来情形达到" in dict(sheets(with_scenario(urban, targets=low), "zh"))["urban"].title


def test_money_in_equals_money_out_where_counties_borrow():
    shown = dict(sheets(fake_pool_study(4, 1), "en"))["money"]
    said = texts(shown.figure)
    assert {"counties' loans", "province, bonds", "counties' loans repaid", "site infrastructure"} <= set(
        said
    )
