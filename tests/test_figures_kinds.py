"""The charts of every kind of answer, drawn again from its folder: all read, nothing clipped or overlapping, no letter missing."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from sweeps import town
from texts import clipped, missing, overlapping, said

from experiments import cli, files, reading, results
from experiments.figures import charts, render, style
from experiments.figures.text import LANGS, Words
from experiments.reproduce.folder import check_files
from experiments.verdict import verdict
from scenarios.errors import InputError

pytestmark = pytest.mark.usefixtures("silent")
SMALL = {
    "run": ("--points", "3", "--replications", "2"),
    "compare": ("--points", "3", "--replications", "1", "--against", "{other}"),
    "contributions": ("--against", "{other}", "--points", "2", "--replications", "1"),
    "reach": ("--runs", "20", "--map-points", "16"),
    "cheapest": ("--levers", "subsidy_yuan_per_person=1000..90000", "--runs", "80", "--over", "noise"),
    "sensitivity": ("--method", "rank", "--points", "40", "--replications", "1"),
    "discover": ("{other}", "--points", "40"),
    "calibrate": ("--facts", "{facts}", "--particles", "24"),
    "validate": ("--facts", "{facts}", "--points", "4", "--replications", "2"),
}


class Answers(dict[str, Path]):
    """The folder of a small answer of each command, without charts; made when it is asked for."""

    def __init__(self, place: Path) -> None:
        self.place, plan = place, town(place)
        self.names = {
            "plan": str(plan),
            "other": str(plan.with_name("status-quo.toml")),
            **_facts(place, plan),
        }

    def __missing__(self, kind: str) -> Path:
        out = self.place / kind
        asked = [kind, self.names["plan"], *(option.format(**self.names) for option in SMALL[kind])]
        assert cli.main([*asked, "--out", str(out), "--no-figures", "-q"]) == 0
        self[kind] = next(path.parent for path in out.rglob("manifest.json") if _is_answer(path))
        return self[kind]


@pytest.fixture(scope="module")
def answers(tmp_path_factory, silent) -> Answers:
    return Answers(tmp_path_factory.mktemp("kinds"))


def _is_answer(manifest: Path) -> bool:
    return "columns" not in json.loads(manifest.read_text("utf-8"))


def _facts(place: Path, plan: Path) -> dict[str, str]:
    """Facts about the town, near what its runs give."""
    import scenarios
    from experiments.job import ScenarioJob

    job = ScenarioJob(scenarios.load(plan))
    done = job.run(job.task(0, 0, 5, {}))
    assert done.numbers is not None
    moved, s = done.numbers[job.columns.index("persons")], job.scenario
    date = f"{int(s.start[:4]) + s.window // 12 - 1}-12"
    rows = (
        "region,period,quantity,value,unit,source,use,metric,event,scope,date,error",
        f"Town,{date},persons moved,{moved:g},persons,county bulletin,calibrate,persons,keys,region,{date},{0.15 * moved:g}",
        f"Town,{date},moved by then,{0.9 * moved:g},persons,county bulletin,validate,persons,keys,region,{date},",
    )
    (place / "facts.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return {"facts": str(place / "facts.csv")}


@pytest.mark.parametrize("kind", SMALL)
def test_an_answer_is_read_from_its_folder(answers, kind):
    answer = reading.answer(answers[kind])
    assert answer.kind == kind and answer.id in answer.folder.as_posix() and len(answer.id) == 8
    assert set(answer.title) == {"zh", "en"} and all(answer.title.values())
    assert answer.text("zh") != answer.text("en") and answer.json
    assert charts(answer) and len(set(charts(answer))) == len(charts(answer))


@pytest.mark.parametrize("kind", SMALL)
def test_what_is_written_on_charts_can_be_read(answers, kind):
    for chart in reading.answer(answers[kind]).charts():
        for lang in LANGS:
            for size in style.SIZES:
                with style.laid_out(lambda chart=chart, lang=lang: chart.draw(Words(lang)), size) as sheet:
                    texts = said(sheet)
                    alt = sheet.said()
                where = chart.name, lang, size
                assert not missing(texts), (where, missing(texts))
                assert not clipped(sheet, texts), (where, clipped(sheet, texts))
                assert not overlapping(texts), (where, overlapping(texts))
                least = 10.0 if size == "slide" else style.SMALL
                assert min(text.points for text in texts) >= least - 1e-6, where
                assert alt.startswith(sheet.title.rstrip(".。")) and any(c.isdigit() for c in alt), where


@pytest.mark.parametrize("kind", SMALL)
def test_a_repeat_gives_the_same_bytes_and_numbers_say_whose_they_are(answers, kind, tmp_path):
    before = _content(answers[kind].parent)
    found, some = [], ",".join(charts(reading.answer(answers[kind]))[:3])
    for name in ("a", "b"):
        asked = [
            "figures",
            str(answers[kind]),
            "--out",
            str(tmp_path / name),
            "--formats",
            "svg",
            "--lang",
            "zh",
            "--only",
            some,
            "-q",
        ]
        assert cli.main(asked) == 0
        found.append(_content(tmp_path / name))
    assert found[0] == found[1]
    assert _content(answers[kind].parent) == before  # the answer and its stores are only read
    id = reading.answer(answers[kind]).id
    for path in (tmp_path / "a").glob("*.csv"):
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
        assert rows and {row["study"] for row in rows} == {id}


def _content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# A study of anju run, bit for bit


def test_a_study_is_what_it_was(answers):
    import scenarios
    from experiments.study import run_study

    path = next((answers["run"].parents[1]).rglob("plan.toml"))
    was = run_study(scenarios.load(path), points=3, replications=2)
    now = reading.study(answers["run"])
    assert now.id == was.id == json.loads((answers["run"] / "manifest.json").read_text("utf-8"))["study"]
    for name, value in vars(was).items():
        if isinstance(value, np.ndarray):
            again = getattr(now, name)
            assert again.dtype == value.dtype and again.shape == value.shape, name
            assert again.tobytes() == value.tobytes(), name
        elif name not in ("scenario", "region"):
            assert getattr(now, name) == value, name
    assert now.scenario == was.scenario
    assert files.plain(results.answer(verdict(now))) == files.plain(results.answer(verdict(was)))
    for name in ("movers", "money"):
        assert render(now, name, "zh", "svg") == render(was, name, "zh", "svg"), name


@pytest.mark.parametrize(
    ("harm", "wrong"),
    [
        (lambda folder: shutil.rmtree(folder), "no such folder"),
        (lambda folder: (folder / "manifest.json").unlink(), "holds no study"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "is not JSON"),
        (lambda folder: (folder / "tables" / "why.parquet").unlink(), "is missing"),
        (lambda folder: (folder / "tables" / "months.parquet").write_bytes(b"PAR1"), "was changed"),
        (lambda folder: (folder / "scenario.json").write_text("{}"), "was changed"),
        (lambda folder: _manifest(folder, format=99), "newer than this anju reads"),
        (lambda folder: _manifest(folder, points=4), "is damaged"),
        (lambda folder: _manifest(folder, seed=99), "numbers are not those of study"),
        (lambda folder: _manifest(folder, files=None), "lists no files"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_read_is_refused(answers, tmp_path, harm, wrong):
    folder = tmp_path / "study"
    shutil.copytree(answers["run"], folder)
    harm(folder)
    with pytest.raises(InputError, match=wrong):
        reading.study(folder)


def _manifest(folder: Path, **changes) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_the_one_answer_below_a_folder_is_meant(answers, tmp_path):
    outer = tmp_path / "outer"
    shutil.copytree(answers["run"], outer / "answer")
    (outer / "runs").mkdir()
    (outer / "runs" / "manifest.json").write_text(
        '{"model_hash": "", "columns": []}', "utf-8"
    )  # a store is no answer
    assert reading.answer(outer).folder == outer / "answer"
    shutil.copytree(outer / "answer", outer / "another")
    with pytest.raises(InputError, match="holds 2 answers.*another, .*answer"):
        reading.answer(outer)
    with pytest.raises(InputError, match="holds no study"):
        reading.answer(outer / "answer" / "tables")


def test_another_kind_is_no_study(answers):
    with pytest.raises(InputError, match="is not the folder of a study"):
        reading.study(answers["compare"])
    with pytest.raises(InputError, match="is a store of runs"):
        reading.answer(next((answers["reach"].parent / "runs").iterdir()))


# The command


@pytest.fixture
def study(answers, tmp_path) -> Path:
    shutil.copytree(answers["run"], tmp_path / "study")
    return tmp_path / "study"


def figures(*options: object) -> int:
    return cli.main(["figures", *map(str, options), "-q"])


def test_charts_take_their_place_and_nothing_else_changes(study):
    before = _content(study)
    assert figures(study, "--formats", "svg", "--lang", "en") == 0
    after, names = _content(study), charts(reading.study(study))
    drawn = {f"figures/{name}.en.svg" for name in names}
    assert set(after) - set(before) == drawn | {f"figures/{name}.csv" for name in names}
    assert {name for name in before if before[name] != after[name]} == {".anju", "manifest.json"}
    check_files(study, json.loads((study / "manifest.json").read_text("utf-8")))
    assert figures(study, "--formats", "pdf", "--only", "movers", "--lang", "zh") == 0
    kept = _content(study)
    assert "figures/movers.zh.pdf" in kept and "figures/movers.en.svg" not in kept
    assert kept["figures/counties.en.svg"] == after["figures/counties.en.svg"]
    assert figures(study, "--formats", "svg", "--only", "movers", "--lang", "en") == 0
    assert _content(study) == after
    assert not [path for path in study.parent.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (("--only", "mover"), 'did you mean "movers"'),
        (("--only", "movers", "--map", "x.json"), "is for the chart tiles"),
        (("--map", "none.json"), "none.json"),
        (("--formats", "gif"), "'gif' unknown"),
        (("--lang", "fr"), "zh, en or both expected"),
        (("--size", "poster"), "journal, slide or both expected"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(study, capsys, options, wrong):
    before = _content(study)
    assert figures(study, *options) == cli.BAD_INPUT
    said = capsys.readouterr().err
    assert wrong in said and "Traceback" not in said and _content(study) == before


def test_damaged_and_foreign_folders_stay_as_they_are(study, capsys):
    (study / "notes.txt").write_text("mine")
    assert figures(study) == cli.BAD_INPUT and "did not write" in capsys.readouterr().err
    assert figures(study, "--out", study.parent) == cli.BAD_INPUT
    (study / "notes.txt").unlink()
    (study / "verdict.json").write_text("{}")
    before = _content(study)
    assert figures(study) == cli.BAD_INPUT and "was changed after it was written" in capsys.readouterr().err
    assert _content(study) == before
    assert figures(study / "tables") == cli.BAD_INPUT and "holds no study" in capsys.readouterr().err


def test_runs_that_are_missing_are_not_done(answers, tmp_path, capsys):
    whole = tmp_path / "reach"
    shutil.copytree(answers["reach"].parent, whole)
    folder = whole / answers["reach"].name
    shutil.rmtree(whole / "runs" / "centre")
    assert figures(folder) == cli.BAD_INPUT
    assert "they are not there" in capsys.readouterr().err


# Sizes and formats


def test_a_slide_is_a_slide(answers):
    from PIL import Image
    from pypdf import PdfReader

    answer = reading.answer(answers["run"])
    picture = Image.open(io.BytesIO(render(answer, "movers", "zh", "png", "slide")))
    assert picture.size == (2560, 1440) and picture.info["Title"]
    page = PdfReader(io.BytesIO(render(answer, "movers", "en", "pdf", "slide")))
    box = page.pages[0].mediabox
    assert [float(side) / 72 * 25.4 for side in (box.width, box.height)] == pytest.approx(
        [338.7, 190.5], abs=0.2
    )
    assert (
        page.metadata is not None
        and page.metadata.title
        and "persons by month" in (page.metadata.subject or "")
    )
    assert "seed 1" in page.pages[0].extract_text()
    svg = render(answer, "movers", "en", "svg", "slide").decode()
    assert 'width="960.' in svg and "<desc" in svg and 'role="img"' in svg
    journal = PdfReader(io.BytesIO(render(answer, "movers", "zh", "pdf"))).pages[0]
    assert float(journal.mediabox.width) / 72 * 25.4 == pytest.approx(180, abs=0.1)
    assert "情景" in journal.extract_text()


def test_the_style_is_as_it_was_after_a_slide(answers):
    before = style.WIDTH, style.SMALL, style.TEXT
    render(reading.answer(answers["run"]), "money", "en", "svg", "slide")
    assert (style.WIDTH, style.SMALL, style.TEXT) == before == (180.0, 5.5, 6.5)
    with pytest.raises(ValueError, match="unknown size"):
        render(reading.answer(answers["run"]), "money", "en", "svg", "poster")
