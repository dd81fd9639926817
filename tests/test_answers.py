"""The folder of an answer."""

import json

import numpy as np
import pytest

from experiments import answers


@pytest.fixture
def write(tmp_path):
    def write(value, **options):
        return answers.write(
            tmp_path / "answer", answer={"value": value}, tables=[("numbers", {"x": np.arange(3.0)})],
            text=lambda lang: f"{lang} {value}", manifest={"kind": "test"}, scenarios={}, **options,
        )  # fmt: skip

    return write


def draw(folder):
    folder.mkdir()
    (folder / "chart.png").write_bytes(b"drawn")


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text("utf-8"))


def test_charts_of_the_same_answer_stay_when_none_are_drawn(write):
    folder = write(1, draw=draw)
    first = manifest(folder)
    assert (folder / "figures" / "chart.png").read_bytes() == b"drawn"
    assert write(1) == folder
    assert (folder / "figures" / "chart.png").read_bytes() == b"drawn" and manifest(folder) == first


def test_charts_of_another_answer_go(write):
    folder = write(1, draw=draw)
    write(2)
    assert not (folder / "figures").exists()
    assert set(manifest(folder)["files"]) == {
        "answer.json", "answer.en.txt", "answer.zh.txt", "tables/numbers.csv", "tables/numbers.parquet",
    }  # fmt: skip
