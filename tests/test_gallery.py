"""The gallery shows every chart there is, and what is published belongs together."""

import csv
import json
import re
from pathlib import Path

import pytest

from experiments import figures
from experiments.reading import KINDS

HOME = Path(__file__).parents[1]
PAGES = {"en": HOME / "docs" / "gallery.md", "zh": HOME / "docs" / "gallery.zh.md"}
PUBLISHED = HOME / "results" / "published" / "lishui"
# charts of `anju run` come from its own list; of an answer: what its module writes
OTHERS = {
    "compare": {"comparison", "profile"}, "contributions": {"contributions"}, "reach": {"reach", "lever"},
    "cheapest": {"frontier"}, "sensitivity": {"sensitivity"}, "discover": {"boxes", "tree", "regret"},
    "calibrate": {"calibration"}, "validate": {"validation"},
}  # fmt: skip


def shown(lang: str) -> list[str]:
    return re.findall(rf"\(img/gallery/([\w-]+)\.{lang}\.png\)", PAGES[lang].read_text("utf-8"))


def test_every_kind_of_answer_and_every_chart_is_shown():
    assert {"run", *OTHERS} == set(KINDS)
    expected = {("run", name) for name in figures.CHARTS}
    expected |= {(kind, name) for kind, names in OTHERS.items() for name in names}
    found = {tuple(re.sub(r"-\d+$", "", name).split("-", 1)) for name in shown("en")}
    assert found == expected


def test_both_languages_show_the_same_and_nothing_lies_about():
    assert shown("en") == shown("zh")
    files = {path.name for path in (HOME / "docs" / "img" / "gallery").iterdir()}
    assert files == {f"{name}.{lang}.png" for lang in PAGES for name in shown(lang)}


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_behind_charts_are_those_of_the_manifest(kind):
    manifest = json.loads((PUBLISHED / kind / "manifest.json").read_text("utf-8"))
    tables = sorted((PUBLISHED / kind / "figures").glob("*.csv"))
    assert tables
    for path in tables:
        with path.open(encoding="utf-8", newline="") as table:
            rows = list(csv.DictReader(table))
        assert rows and {row["study"] for row in rows} == {manifest[KINDS[kind].key]}, path.name


def test_charts_and_verdict_of_the_run_agree():
    verdict = json.loads((PUBLISHED / "run" / "verdict.json").read_text("utf-8"))
    with (PUBLISHED / "run" / "figures" / "movers.csv").open(encoding="utf-8", newline="") as table:
        at = next(row for row in csv.DictReader(table) if row["target_persons"])
    target = verdict["targets"][0]
    assert float(at["persons_p50"]) == pytest.approx(target["outcome"]["median"])
    assert float(at["share_reached"]) == pytest.approx(target["share"])


def test_nothing_published_is_large_or_names_a_machines_folders():
    for path in PUBLISHED.rglob("*"):
        if path.is_file():
            assert path.stat().st_size < 1_000_000, path
            assert not re.search(rb"/(tmp|home|work|root|Users)/", path.read_bytes()), path
