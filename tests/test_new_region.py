"""A region of one's own: the template runs, says what is made up, and is written whole or not at all; its tutorial runs."""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments import cli
from scenarios import load, names, notes
from scenarios import new_region as template
from scenarios.reader import family
from scenarios.schema import MARGIN_SHARES, MARGINS
from simulation.policy import MODE_PARAMETERS, PARAMETERS

HOME = Path(__file__).parents[1]
GUIDES = sorted((HOME / "docs").glob("own-region*.md"))
LANGS = ("en", "zh")
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=LANGS)
def lang(request):
    return request.param


@pytest.fixture
def made(lang):
    return template.new_region("mytown", Path("."), lang)


def comments(file: Path) -> list[str]:
    lines = (line.partition("#")[2] for line in file.read_text("utf-8").splitlines() if line.startswith("#"))
    return [line.strip(" -") for line in lines]


def numbers(data: Any, path: tuple = ()) -> Iterator[tuple[tuple, dict]]:
    """Every table of a file that holds a value, with its path."""
    if isinstance(data, dict) and "value" in data:
        yield path, data
    elif isinstance(data, dict | list):
        for key, inner in data.items() if isinstance(data, dict) else enumerate(data):
            yield from numbers(inner, (*path, key))


def test_it_checks_and_runs(made, capsys):
    assert cli.main(["check", "mytown/plan.toml", "mytown/status-quo.toml", "mytown/region.toml"]) == 0
    assert cli.main(["run", "mytown/plan.toml", "--points", "1", "--no-figures", "--quiet"]) == 0
    assert "1,000" in capsys.readouterr().out  # the verdict on its target
    (study,) = Path("results").iterdir()
    assert study.name.startswith("mytown-") and "plan" not in study.name


def test_it_is_small_and_has_a_target(made):
    plan = load(made / "plan.toml")
    households = plan.values["pool_persons"].at(0) / plan.population["mean_household_size"].at(0)
    assert 1500 <= households <= 2500
    assert (len(plan.counties), len(plan.sites), len(plan.targets)) == (3, 6, 1)


def test_scenarios_are_named_after_their_region(made):
    assert load(made / "plan.toml").name == "mytown"
    assert load(made / "status-quo.toml").name == "mytown/status-quo"
    assert load(made / "region.toml").name == "region"


def test_the_plan_differs_from_the_rules_before(made):
    plan, before = load(made / "plan.toml"), load(made / "status-quo.toml")
    changed = {n for n in PARAMETERS if plan.values[n].value != before.values[n].value}
    assert changed == set(template._data()["plan"]["numbers"])


def test_every_parameter_that_is_needed_is_there(made):
    data = tomllib.loads((made / "region.toml").read_text("utf-8"))
    said = {
        name
        for kind in ("lever", "uncertainty", "constant")
        for family in data[kind].values()
        for name in family
    }
    assert said == {n for n, p in PARAMETERS.items() if p.absent is None}
    for mode in data["mode"]:
        assert {n for n, p in MODE_PARAMETERS.items() if p.absent is None} <= mode.keys()
    assert {n for n, p in MARGINS.items() if p.absent is None} <= data["population"].keys()
    assert set(MARGIN_SHARES) - {"village_type_shares"} <= data["population"].keys()


def test_behaviour_and_its_sources_are_lishuis(made, lang):
    mine, lishui = load(made / "region.toml"), load("lishui/region")
    own = template._data()["numbers"]
    copied = [
        n
        for n, p in PARAMETERS.items()
        if p.absent is None and p.kind != "lever" and "value" not in own.get(n, {})
    ]
    assert len(copied) > 50
    for n in copied:
        a, b = mine.values[n], lishui.values[n]
        assert a.at(0) == pytest.approx(b.at(0)) or n == "benchmark_rate", n
        assert a.range == (b.range and pytest.approx(b.range)), n
        if b.source.startswith(("assumption", "memory")):
            assert a.source == "assumption" and notes.said(b.note, lang) in a.note, n
        else:
            assert b.source in a.source, n
    assert mine.values["b_income"].source == "Tombe & Zhu 2019"


def test_what_is_made_up_says_so(made, lang):
    """A number is an assumption to be replaced, unless it is behaviour or a national statistic."""
    for file in ("region.toml", "plan.toml"):
        data = tomllib.loads((made / file).read_text("utf-8"))
        for path, entry in numbers(data):
            if entry["source"] == "assumption" and not entry["note"].startswith(template._AS_THERE):
                assert entry["note"] == template.REPLACE[lang], path
            else:
                assert path[0] in ("uncertainty", "constant"), path
    columns = tomllib.loads((made / "region.toml").read_text("utf-8"))["sites"]["columns"]
    assert {column["note"] for column in columns.values()} == {template.REPLACE[lang]}


def test_comments_are_in_the_language_asked_for(made, lang):
    for file in ("region.toml", "plan.toml", "status-quo.toml"):
        said = comments(made / file)
        assert said
        for line in said:
            assert bool(CHINESE.search(line)) == (lang == "zh"), line
    readme = (made / "README.md").read_text("utf-8")
    assert bool(CHINESE.search(readme)) == (lang == "zh")


def test_every_number_of_the_place_is_explained(made):
    """A comment stands above each number, but for the rows after the first county and mode."""
    lines = (made / "region.toml").read_text("utf-8").splitlines()
    repeated = lines[lines.index('id = "middle"') : lines.index("[sites]")]
    repeated += lines[lines.index('id = "township"') : lines.index("[lever.housing]")]
    for before, line in zip(lines, lines[1:], strict=False):
        if (
            re.match(r"\w+ = [{\[] ?(value|$)", line)
            and line not in repeated
            and not line.startswith("at_least")
        ):
            assert before.startswith("#"), line


def test_comments_fit_a_screen(made):
    for line in (made / "region.toml").read_text("utf-8").splitlines():
        if line.startswith("# ") and "----" not in line:
            assert len(line) <= 120


def test_the_words_are_there_in_both_languages():
    data = template._data()
    for name, own in data["numbers"].items():
        assert own["en"] and own["zh"], name
        assert not CHINESE.search(own["en"]) and CHINESE.search(own["zh"]), name
        assert name in PARAMETERS or name in MARGINS or name in MARGIN_SHARES or "value" not in own or name in (
            "medium_persons", "large_persons"), name  # fmt: skip
    assert all(n in PARAMETERS for n in data["plan"]["numbers"])


def test_behaviour_may_come_from_another_region(lang):
    for base in sorted({family(name) for name, _, _ in names()}):
        name = f"from-{base}".replace("/", "-")
        load(template.new_region(name, Path("."), lang, base) / "plan.toml")
    first = template.new_region("first", Path("."), "en")
    text = first.joinpath("region.toml").read_text("utf-8")
    text = re.sub(r"^b_age = \{ value = [\d.]+", "b_age = { value = 0.5", text, flags=re.M)
    first.joinpath("region.toml").write_text(text, "utf-8")
    assert (
        load(template.new_region("second", Path("."), lang, "first/plan.toml") / "plan.toml")
        .values["b_age"]
        .at(0)
        == 0.5
    )


BAD = ["MyTown", "a/b", "a\\b", "../x", "/x", ".", "..", "", " x", "1x", "x y", "x.toml", "x" * 41, "山城", "lishui", "con",
       "plan", "region", "results", "packages"]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_name_is_refused_in_one_line(name, folder, capsys):
    assert cli.main(["new-region", name, "--lang", "en"]) == 2
    out, err = capsys.readouterr()
    assert not out and len(err.splitlines()) == 1 and err.startswith("error: new-region: ")
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    "options", [["--lang", "both"], ["--lang", "fr"], ["--from", "nowhere"], ["--from", "none.toml"]]
)
def test_bad_options_are_refused(options, folder, capsys):
    assert cli.main(["new-region", "mytown", *options]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not list(folder.iterdir())


def test_nothing_is_overwritten(folder, capsys):
    assert cli.main(["new-region", "mytown", "--lang", "en"]) == 0
    file = folder / "mytown" / "plan.toml"
    file.write_text("mine")
    assert cli.main(["new-region", "mytown", "--lang", "zh"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert file.read_text() == "mine"
    (folder / "other").write_text("a file")
    assert cli.main(["new-region", "other", "--lang", "en"]) == 2


def test_it_is_written_whole_or_not_at_all(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "rename", full)
        assert cli.main(["new-region", "mytown", "--lang", "en"]) == 1
    assert not list(folder.iterdir())
    with monkeypatch.context() as broken:
        broken.setattr(template, "_sites", lambda: "id,en\n")  # a template that is out of order
        assert cli.main(["new-region", "mytown", "--lang", "en"]) == 2
    assert not list(folder.iterdir())


def test_the_folder_goes_where_it_is_sent(folder, capsys):
    assert cli.main(["new-region", "mytown", "--lang", "zh", "--out", "a/b"]) == 0
    assert (folder / "a" / "b" / "mytown" / "region.toml").is_file()
    said = capsys.readouterr().out.splitlines()
    assert said[1].startswith("anju check ")
    assert cli.main(shlex.split(said[1])[1:]) == 0


# ---------------------------------------------------------------- the tutorial


def edit(file: Path, block: str) -> None:
    """Write the lines of a block over those of the same key, looking on from the table named before."""
    lines, at = file.read_text("utf-8").splitlines(), 0
    for line in filter(None, block.splitlines()[1:]):
        if line.startswith("["):
            at = lines.index(line) + 1
            continue
        key = line.partition(" = ")[0]
        found = next((n for n in range(at, len(lines)) if lines[n].startswith(f"{key} = ")), None)
        assert found is not None, f"{file}: {key}"
        lines[found] = line
    file.write_text("\n".join(lines) + "\n", "utf-8")


@pytest.mark.parametrize("guide", GUIDES, ids=lambda page: page.name)
def test_the_tutorial_runs(guide, folder, capsys):
    """Every command and every edit, in order; two futures are enough to see that they work."""
    text = guide.read_text("utf-8")
    ran = []
    for kind, content in re.findall(r"^```(\w*)\n(.*?)^```", text, re.S | re.M):
        if kind == "toml":
            named = re.match(r"# (\S+\.toml)(.*)\n", content)
            assert named, "a block's first line names its file"
            path = folder / named[1]
            edit(path, content) if path.exists() else path.write_text(content, "utf-8")
        elif kind == "bash":
            for line in content.splitlines():
                program, *args = shlex.split(re.sub(r"--points \d+", "--points 2", line))
                assert program == "anju"
                assert cli.main([*args, "--quiet"] if args[0] == "run" else args) == 0, line
                ran.append(args[0])
    assert {"new-region", "check", "run", "show", "population"} <= set(ran) and ran.count("run") >= 2
    plan = load("shizhu/plan.toml")
    assert plan.population["mean_household_size"].source.startswith("http://cqszx.gov.cn/")
    assert plan.start == "2023-01"


def test_the_tutorials_do_the_same():
    """Both languages set the same numbers."""
    first, second = (
        [
            re.sub(r', note = "[^"]*"|(?<=source = )"assumption[^"]*"', "", line)
            for line in re.findall(r"^\w+ = \{ value.*$", text, re.M)
        ]
        for text in (guide.read_text("utf-8") for guide in GUIDES)
    )
    assert first == second and first
