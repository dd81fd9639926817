"""Imports run one way, experiments -> scenarios -> simulation, and the model touches no file."""

import ast
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
FORBIDDEN = {
    "simulation": {"scenarios", "experiments", "matplotlib", "pandas", "pyarrow", "typer", "rich"},
    "scenarios": {"experiments", "matplotlib", "typer"},
}
FILES = {name: sorted((HOME / name).rglob("*.py")) for name in FORBIDDEN}
OPENING = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "fromfile",
    "loadtxt",
    "genfromtxt",
    "memmap",
}
MAY_OPEN = {
    "codecache.py",  # the compiled code
    "population.py",  # read_table: the user's own households
}


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            names.add(str(node.module).split(".")[0])
    return names


def called(tree: ast.AST) -> set[str]:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {getattr(call, "attr", getattr(call, "id", "")) for call in calls}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_direction(package):
    assert FILES[package]
    for file in FILES[package]:
        assert not imported(ast.parse(file.read_text("utf-8"))) & FORBIDDEN[package], file


def test_the_model_opens_no_file():
    for file in FILES["simulation"]:
        if file.name not in MAY_OPEN:
            assert not called(ast.parse(file.read_text("utf-8"))) & OPENING, file
