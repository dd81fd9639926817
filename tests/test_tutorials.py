"""The tutorials run, and what they show is what a reader gets."""

import importlib.util
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest

HOME = Path(__file__).resolve().parents[1]
FOLDER = HOME / "docs/tutorials"
ENGLISH = sorted(path for path in FOLDER.glob("*.ipynb") if not path.name.endswith(".zh.ipynb"))
EACH = sorted(FOLDER.glob("*.ipynb"))
# one language of each is run: the code cells are the same
RUN = [path if number % 2 else path.with_suffix(".zh.ipynb") for number, path in enumerate(ENGLISH)]

spec = importlib.util.spec_from_file_location("execute_tutorials", FOLDER / "execute.py")
assert spec and spec.loader
execute = importlib.util.module_from_spec(spec)
spec.loader.exec_module(execute)


def name(path: Path) -> str:
    return path.name


def code(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def text(path: Path) -> str:
    return "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")


@pytest.mark.parametrize("path", RUN, ids=name)
def test_it_shows_what_a_reader_gets(path, tmp_path):
    """Run in an empty folder; all text it shows but times and ids is what it shows now."""
    fresh = execute.executed(path, tmp_path)
    stored = nbformat.read(path, as_version=4)
    assert execute.said(fresh) == execute.said(stored), "python docs/tutorials/execute.py stores it anew"
    pictures = [
        sum("image/png" in o.get("data", {}) for c in n.cells for o in c.get("outputs", []))
        for n in (fresh, stored)
    ]
    assert pictures[0] == pictures[1]


def test_there_are_seven_in_both_languages():
    assert [path.name[:2] for path in ENGLISH] == [f"0{n}" for n in range(1, 8)]
    assert len(EACH) == 14


@pytest.mark.parametrize("path", ENGLISH, ids=name)
def test_both_languages_have_the_same_code(path):
    assert code(path) == code(path.with_suffix(".zh.ipynb"))


@pytest.mark.parametrize("path", EACH, ids=name)
def test_it_is_fit_to_be_published(path):
    """Small, whole, without errors nobody meant, and without traces of the machine it was run on."""
    assert path.stat().st_size < 200_000
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    shown = "\n".join(execute.said(notebook)) + text(path)
    for trace in (
        str(Path.home()),
        str(HOME),
        sys.prefix,
        "/tmp",
        "Traceback",
        os.uname().nodename if hasattr(os, "uname") else "/home",
    ):
        assert trace not in shown
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b|\d\d:\d\d:\d\d", shown)  # a day, a clock
    assert any(cell.get("outputs") for cell in notebook.cells)
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("path", EACH, ids=name)
def test_links_resolve(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", text(path)):
        if not re.match(r"\w+:", link):
            assert (path.parent / link.partition("#")[0]).exists(), link


@pytest.mark.parametrize("path", EACH, ids=name)
def test_it_says_that_it_is_small_and_how_to_do_more(path):
    assert re.search(r"\*\*Full size:?\*\*|## Full size|正式规模", text(path))


def test_a_changed_number_is_noticed():
    """The comparison forgives times and ids, nothing else."""
    cell = nbformat.v4.new_code_cell(
        outputs=[nbformat.v4.new_output("stream", text="1,234 in 2.5 s 0123abcd")]
    )
    one = nbformat.v4.new_notebook(cells=[cell])
    assert execute.said(one) == ["1,234 in TIME ID"]
