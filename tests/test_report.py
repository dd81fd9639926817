"""The report: what it says is the study's, in both languages; it opens offline, and bad input writes nothing."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from browser import Requests, axe
from fontTools.ttLib import TTFont
from pypdf import PdfReader

import scenarios
from experiments import cli, figures, provenance, report, results
from experiments.report import again, blocks, fonts, inputs, judgement, page, pdf
from experiments.report.chapters import _scenarios, chapters
from experiments.report.words import KINDS, LANGS, WORDS, Words
from experiments.study import run_study
from experiments.verdict import text, verdict
from experiments.wording import Page, chinese
from scenarios import frozen, limits
from scenarios.errors import InputError

POINTS = 6
DOCS = Path(__file__).parent.parent / "docs"


def written(study, out: Path, **options) -> Path:
    return results.write(study, verdict(study), out, **options)


@pytest.fixture(scope="module")
def study(silent):
    return run_study(scenarios.load("lishui"), points=POINTS, replications=2, seed=1)


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory) -> Path:
    return written(study, tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def one_chart():
    """One chart is enough, and quickly set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "CHARTS", ("movers",))
        yield


@pytest.fixture(scope="module")
def reports(folder, one_chart, tmp_path_factory) -> dict[tuple[str, str], Path]:
    out = tmp_path_factory.mktemp("reports")
    paths = report.write([folder], out, langs=LANGS)
    assert sorted(out.iterdir()) == sorted(paths)
    return {(path.suffixes[-2][1:], path.suffix[1:]): path for path in paths}


def html(reports, lang: str) -> str:
    return reports[lang, "html"].read_text(encoding="utf-8")


def told(study, lang: str) -> judgement.Judgement:
    return judgement.judgement(verdict(study), Words(lang))


# ---------------------------------------------------------------- what it says


@pytest.mark.parametrize("lang", LANGS)
def test_every_number_of_the_verdict_is_the_studys(study, lang):
    found = verdict(study)
    known = set(re.findall(r"[\d,.]*\d", text(found, lang) + found.title[lang]))
    said = told(study, lang)
    words = [said.sentence, *(f"{tile.number} {tile.note}" for tile in said.tiles)]
    numbers = {number for line in words for number in re.findall(r"[\d,.]*\d", line)}
    assert numbers and numbers <= known, numbers - known


@pytest.mark.parametrize(
    ("reached", "low", "high", "key"),
    [(0, 0.0, 0.3, "none"), (POINTS, 0.7, 1.0, "all"), (5, 0.55, 0.9, "most"), (1, 0.1, 0.45, "few"), (3, 0.2, 0.8, "open")],
)  # fmt: skip
def test_the_sentence_is_as_sure_as_the_interval(study, reached, low, high, key):
    found = verdict(study)
    target = replace(found.targets[0], reached=reached, low=low, high=high, share=reached / POINTS)
    for lang in LANGS:
        said = judgement.judgement(replace(found, targets=(target,)), Words(lang)).sentence
        values = dict(title=found.title[lang], target=getattr(target, lang), reached=reached, futures=POINTS)
        assert said == Words(lang)(f"says_{key}", **values)


def test_one_future_no_target_and_nothing_to_count(study):
    found = verdict(study)
    one = replace(found.targets[0], futures=1, reached=1, share=1.0)
    nothing = replace(found.targets[0], outcome=None, parts=None, drivers=None)
    for lang in LANGS:
        words = Words(lang)
        single = judgement.judgement(replace(found, points=1, replications=1, targets=(one,)), words)
        assert words("reached_one") in single.sentence and len(single.tiles) == 2
        assert not any("%" in tile.note for tile in single.tiles)  # no band of one run
        free = judgement.judgement(replace(found, targets=()), words)
        assert free.sentence and len(free.tiles) == 1 and free.drivers == []
        none = judgement.judgement(replace(found, targets=(nothing,)), words)
        assert none.sentence == words("says_nobody", title=found.title[lang], target=getattr(nothing, lang))
        assert [tile.label for tile in none.tiles] == [
            words("target")
        ]  # no share of futures that nothing tells
        both = judgement.judgement(replace(found, targets=(nothing, nothing)), words)
        assert [row[3:] for row in both.targets] == [[words("nothing_counted"), "", ""]] * 2


def test_a_posterior_is_no_scenario(study, tmp_path):
    names = ["comparison.json", "posterior.json", "posterior-2.json", "scenarios/posterior.json"]
    told = SimpleNamespace(kind="compare", folder=tmp_path, manifest={"files": dict.fromkeys(names, "")})
    (tmp_path / "scenarios").mkdir()
    (tmp_path / names[-1]).write_text(frozen.freeze(study.scenario), "utf-8")
    assert [one.name for one in _scenarios(cast(Any, told))] == [study.scenario.name]


@pytest.mark.parametrize("lang", LANGS)
def test_no_word_of_the_full_answer_is_lost(study, lang):
    said = text(verdict(study), lang)
    found = []
    for section in blocks.sections(said):
        found.append(section.title)
        for block in section.blocks:
            rows = (
                [block.head, *(row.cells for row in block.rows)]
                if isinstance(block, blocks.Table)
                else [[block.text]]
            )
            found += [cell for row in rows for cell in row]
    assert re.sub(r"[\s·]+", "", "".join(found)) == re.sub(r"[\s·]+", "", said)


def test_tables_are_found_as_they_stand():
    page = Page("en", banded=True)
    page.add("Head")
    page.title("A title", "")
    page.table(
        [
            ("", "median", "5–95 % band"),
            ("one", "", ""),
            ("  more", "1,200", "3 – 4"),
            ("  less", "50", "0 – 9"),
        ]
    )
    page.table([("other", "share"), ("  any", "4 %")])
    page.paragraph("A note that is no row. " * 9)
    said = "\n".join(page.lines)
    first, second, note = blocks.sections(said)[1].blocks
    assert isinstance(first, blocks.Table) and isinstance(second, blocks.Table)
    assert first.head == ["", "median", "5–95 % band"] and first.right == [False, True, True]
    assert [(row.cells[0], row.depth, row.label) for row in first.rows] == [
        ("one", 0, True), ("more", 1, False), ("less", 1, False),
    ]  # fmt: skip
    assert second.head == ["other", "share"] and second.rows[0].cells == ["any", "4 %"]
    assert note == blocks.Paragraph(("A note that is no row. " * 9).strip(), 1)


@pytest.mark.parametrize("lang", LANGS)
def test_every_input_in_use_is_listed_once_and_assumptions_are_marked(study, lang):
    levers, rest = inputs.inputs(study.scenario, lang, varied=study.uncertainties)
    names = [one.name for one in (*levers, *rest)]
    sources = provenance.sources(study.scenario)
    assert sorted(names) == sorted(sources)
    assert sum(one.assumed for one in (*levers, *rest)) == verdict(study).basis.inputs["assumption"]
    assert {one.name for one in rest[: len(study.uncertainties)]} == set(study.uncertainties)
    assert all(one.label and one.value and (one.source or one.assumed) for one in (*levers, *rest))


def test_inputs_that_drive_the_outcome_come_first(study):
    last, first = study.uncertainties[-1], study.uncertainties[0]
    _, rest = inputs.inputs(study.scenario, "en", varied=study.uncertainties, drives={last: 0.5, first: 0.2})
    assert [one.name for one in rest[:2]] == [last, first]


def test_units_of_counts_are_plural():
    english = Words("en")
    assert [judgement._unit(n, "household", english) for n in ("900", "1")] == [
        "900 households",
        "1 household",
    ]
    assert judgement._unit("900", "household", Words("zh")) == "900户"


def test_chinese_numbers():
    assert chinese("35,000 元/人 (对数)", "zh") == "3.5万元/人（对数）"
    assert chinese("1,500 – 7,000 元", "zh") == "1500 – 7000元"
    assert chinese("31,286 persons (log)", "en") == "31,286 persons (log)"


def test_words_are_there_in_both_languages():
    for key, pair in {**WORDS, **KINDS}.items():
        english, chinese = pair
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", chinese)), key
        assert not re.search(r"[\u4e00-\u9fff][,;:?!()]", chinese), f"{key}: 全角 punctuation expected"


# ---------------------------------------------------------------- the page


class Ids(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.loaded += [v or "" for name, v in attrs if name in ("src", "srcset", "data", "poster", "action")]
        self.loaded += [
            v or "" for name, v in attrs if "href" in name and tag in ("link", "use", "image", "base")
        ]


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_holds_all_it_needs(reports, lang):
    page = html(reports, lang)
    found = Ids()
    found.feed(page)
    assert len(found.ids) == len(set(found.ids)), "an id is used twice"
    assert all(value.startswith("#") and value[1:] in found.ids for value in found.loaded)
    assert not re.search(r"url\((?!data:|#)|@import|<script|<link|<iframe", page)
    assert "default-src 'none'" in page and f'<html lang="{Words(lang).tag}">' in page
    assert "bold" not in page and "font-synthesis:none" in page
    links = re.findall(r'<a href="(http[^"]*)"', page)
    assert links and all(link.isascii() for link in links), "an address ends where Chinese begins"


@pytest.mark.parametrize("lang", LANGS)
def test_the_font_has_exactly_the_letters_that_are_shown(reports, lang):
    page = html(reports, lang)
    data = re.search(r"data:font/woff2;base64,([^)]+)\)", page)
    assert data is not None
    with TTFont(io.BytesIO(base64.b64decode(data[1]))) as font:
        known = {chr(code) for code in font.getBestCmap() or {}}
        copyright = next(str(one) for one in font["name"].names if one.nameID == 0)
    shown = {letter for letter in fonts.shown(page) if not letter.isspace()}
    assert shown <= known and "安" in known
    assert len(known - shown) < 20, known - shown  # digits and marks that the style prints
    assert copyright in fonts.shown(page) and "Open Font License" in fonts.shown(page)
    assert len(data[1]) < 1_000_000


def test_a_letter_without_a_glyph_is_named():
    with pytest.raises(InputError, match=r"'𓀀' \(U\+13000\) \(in 'plan 𓀀'\)"):
        fonts.subset("plan 𓀀", said="plan 𓀀")


def test_text_from_a_scenario_cannot_act(study, one_chart, tmp_path):
    header = {**study.scenario.header, "description": dict(en="<script>x()</script> & co", zh="<b>")}
    title = dict(en="</title><img src=x>", zh="</title>")
    own = replace(study, scenario=replace(study.scenario, header=header, title=title))
    (path,) = report.write([written(own, tmp_path)], tmp_path / "out", langs=["en"], formats=["html"])
    page = path.read_text(encoding="utf-8")
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page


def test_a_repeat_gives_the_same_bytes(reports, folder, one_chart, tmp_path):
    for path in report.write([folder], tmp_path, langs=["zh"]):
        assert path.read_bytes() == reports["zh", path.suffix[1:]].read_bytes()


@pytest.mark.parametrize("lang", LANGS)
def test_the_charts_numbers_are_in_the_page(reports, folder, one_chart, lang):
    (chapter,) = chapters([folder])
    (chart,) = chapter.answer.charts()
    linked = re.findall(r'download="([^"]+)" href="data:text/csv;base64,([^"]+)"', html(reports, lang))
    assert [(name, base64.b64decode(data)) for name, data in linked] == [
        (f"{chapter.own}-{chart.name}.csv", chart.csv())
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_the_pdf_can_be_read(reports, study, lang):
    reader = PdfReader(reports[lang, "pdf"])
    pages = [page.extract_text() for page in reader.pages]
    plain = re.sub(r"\s+", "", "".join(pages))
    said = told(study, lang)
    assert re.sub(r"\s+", "", said.sentence) in re.sub(r"\s+", "", pages[0])
    for tile in said.tiles:
        assert re.sub(r"\s+", "", tile.number) in plain
    assert reader.metadata is not None and study.scenario.title[lang] in reader.metadata.title
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == Words(lang).tag and root["/MarkInfo"]["/Marked"]
    marks = {one["/Title"] for one in reader.outline if not isinstance(one, list)}
    below = {
        one["/Title"]
        for part in reader.outline
        if isinstance(part, list)
        for one in part
        if not isinstance(one, list)
    }
    assert {Words(lang)(key) for key in ("verdict", "charts", "limits", "again")} <= marks | below
    assert list(reader.attachments) == [f"run-{study.id}-movers.csv"]
    assert all(study.id in page for page in pages), "the running footer"


@pytest.mark.parametrize("lang", LANGS)
def test_two_measures_of_what_it_hangs_on_are_told_apart(lang):
    def said(own):
        return page._explained("Together 80 %.", [SimpleNamespace(own=own)], Words(lang))

    assert said("compare-1") == "Together 80 %."
    assert {"en": "ranks", "zh": "秩方差"}[lang] in said("sensitivity-1")


# ---------------------------------------------------------------- in a browser


@pytest.mark.parametrize("width", (390, 1440))
@pytest.mark.parametrize("lang", LANGS)
def test_it_opens_offline_and_for_everybody(browser, reports, lang, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    requests = Requests(page)
    page.goto(reports[lang, "html"].as_uri())
    page.evaluate("document.fonts.ready")
    assert page.evaluate(
        f"[...document.fonts].some(f => f.family.includes('{fonts.FAMILY}') && f.status == 'loaded')"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("figcaption .narrow").first.is_visible() == (width == 390)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#verdict"
    requests.assert_local()
    assert [url for url in requests.urls if not url.startswith("data:")] == [reports[lang, "html"].as_uri()]
    assert not requests.failed
    if width == 390:
        assert axe(page) == []
    page.close()


# ---------------------------------------------------------------- bad input


def refused(capsys, *args) -> str:
    code = cli.main(["report", *map(str, args)])
    out, err = capsys.readouterr()
    assert code == cli.BAD_INPUT and out == "" and "Traceback" not in err
    return err


def test_what_cannot_be_reported_is_refused(folder, study, tmp_path, capsys, silent):
    out = tmp_path / "out"
    gansu = written(replace(study, scenario=replace(study.scenario, name="gansu"), id="0" * 8), tmp_path)
    (tmp_path / "empty").mkdir()
    asked = ("--lang", "en", "--out", out)
    assert "no such folder" in refused(capsys, tmp_path / "nowhere", *asked)
    assert "there is no manifest.json" in refused(capsys, tmp_path / "empty", *asked)
    assert "is about gansu, the report about lishui" in refused(capsys, folder, gansu, *asked)
    assert "the same answer as" in refused(capsys, folder, folder, *asked)
    assert "'doc' unknown" in refused(capsys, folder, "--formats", "html,doc", *asked)
    assert "zh, en or both expected" in refused(capsys, folder, "--out", out, "--lang", "fr")
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    assert str(file) in refused(capsys, folder, "--lang", "en", "--out", file)
    assert not out.exists()


def test_a_damaged_study_is_refused(folder, tmp_path, capsys):
    import shutil

    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    (copy / "verdict.en.txt").write_text("all is well\n", encoding="utf-8")
    assert "was changed after it was written" in refused(
        capsys, copy, "--lang", "en", "--out", tmp_path / "out"
    )
    assert not (tmp_path / "out").exists()


@pytest.fixture
def no_pango(monkeypatch, tmp_path):
    """A WeasyPrint that does not find its library, as on a system without Pango."""
    place = tmp_path / "lib"
    place.mkdir()
    (place / "weasyprint.py").write_text("raise OSError('cannot load library pango')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.delitem(__import__("sys").modules, "weasyprint", raising=False)


def test_without_pango_there_is_html_and_a_way_out(no_pango, folder, one_chart, tmp_path, capsys):
    out = tmp_path / "out"
    assert (
        cli.main(["report", str(folder), "--lang", "en", "--out", str(out), "--formats", "pdf"])
        == cli.INTERNAL
    )
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and pdf.INSTALL in err and "nothing was written" in err and not out.exists()
    assert cli.main(["report", str(folder), "--lang", "en", "--out", str(out)]) == cli.DONE
    said = capsys.readouterr()
    assert [path.suffix for path in out.iterdir()] == [".html"] and said.out.strip().endswith(".html")
    assert f"warning: no PDF was written: {pdf.INSTALL}" in said.err


# ---------------------------------------------------------------- one text, one place


@pytest.mark.parametrize("lang", LANGS)
def test_the_documentation_says_what_is_not_modelled_as_reports_do(lang):
    document = (DOCS / limits.FILES[lang]).read_text(encoding="utf-8")
    assert limits.with_section(document, lang) == document, "run `python -m scenarios.limits`"
    assert limits.section(lang) in document
    assert len({len(group.lines) for group in limits.limits()}) == 1 and len(limits.limits()) >= 8


def test_it_is_cited_as_the_project_asks():
    asked = (DOCS.parent / "CITATION.cff").read_text(encoding="utf-8")
    assert f'title: "{again.TITLE}"' in asked and f"- name: {again.AUTHORS}\n" in asked


def test_the_command_that_made_it_is_told_in_full(folder):
    (chapter,) = chapters([folder])
    asked = {"name": "lishui", "set": ["a=1 yuan"], "with": ["p"], "given": "c"}
    made = again._run({**chapter.answer.manifest, "request": asked})
    assert made.endswith("--set 'a=1 yuan' --with p --given c")
    assert (
        f"anju run lishui --points {POINTS} --replications 2 --seed {chapter.answer.manifest['seed']} "
        in made
    )
