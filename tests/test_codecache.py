"""Compiled code must never outlive the source it was compiled from, and the cache must never stop a run."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulation import codecache

RULE = """
from numba import njit

@njit(cache=True)
def rule(x):
    return x * {factor}
"""
MONTH = """
from numba import njit
from simulation.rules.one import rule

@njit(cache=True)
def advance(n):
    total = 0.0
    for i in range(n):
        total += rule(float(i))
    return total
"""
PROGRAM = """
import logging
logging.basicConfig(format="%(levelname)s %(message)s")
from simulation.month import advance
print(advance(4), sum(advance.stats.cache_hits.values()))
"""


@pytest.fixture
def engine(tmp_path):
    """A small engine with the real cache: a kernel in one file that calls a rule from another."""
    rules = tmp_path / "house/simulation/rules"
    rules.mkdir(parents=True)
    home = rules.parent
    (rules / "__init__.py").touch()
    for name in ("codecache.py", "__init__.py"):
        shutil.copy(codecache.SOURCE / name, home)
    (home / "month.py").write_text(MONTH)
    return Engine(home, tmp_path / "cache")


class Engine:
    def __init__(self, home: Path, cache: Path):
        self.home, self.cache = home, cache
        self.factor(2)

    def factor(self, factor: float) -> None:
        (self.home / "rules/one.py").write_text(RULE.format(factor=factor))

    def start(self, program: str = PROGRAM) -> subprocess.Popen:
        # Python's own bytecode does not see an edit of the same length within a second
        mine = {"ANJU_CACHE_DIR": str(self.cache), "PYTHONPATH": str(self.home.parent)}
        environment = os.environ | mine | {"PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=self.home.parent,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, program: str = PROGRAM) -> tuple[str, str]:
        process = self.start(program)
        out, err = process.communicate()
        assert process.returncode == 0, err
        return out.strip(), err

    def files(self) -> list[Path]:
        return sorted(self.cache.rglob("*.nbc"))


def test_an_edit_compiles_anew_and_going_back_finds_the_old_code(engine):
    assert engine.run() == ("12.0 0", "")
    assert engine.run() == ("12.0 1", "")
    engine.factor(3)
    assert engine.run() == ("18.0 0", "")
    engine.factor(2)
    assert engine.run() == ("12.0 1", "")
    assert not list(engine.home.rglob("*.nb?")), "written beside the source"


def test_cold_starts_at_once(engine):
    processes = [engine.start() for _ in range(4)]
    answers = [process.communicate() for process in processes]
    assert [(out.split()[0], err) for out, err in answers] == [("12.0", "")] * 4
    assert engine.run() == ("12.0 1", "")
    assert not list(engine.cache.rglob("*.tmp"))


def test_damaged_files_are_compiled_again(engine):
    engine.run()
    month, rule = engine.files()
    month.write_bytes(month.read_bytes()[:500])
    data = rule.read_bytes()
    rule.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    out, err = engine.run()
    assert out == "12.0 0"
    assert err.count("compiling again") == 2


def test_a_folder_that_cannot_be_written(engine):
    engine.cache.write_text("a file where the folder should be")
    out, err = engine.run()
    assert out == "12.0 0"
    assert err.count("WARNING") == 1
    assert "ANJU_CACHE_DIR" in err


def test_an_edit_while_running_is_not_kept_under_the_old_name(engine):
    rule, text = str(engine.home / "rules/one.py"), RULE.format(factor=5)
    changed = PROGRAM.replace(
        "print(",
        f"import pathlib; pathlib.Path({rule!r}).write_text({text!r})\n"
        "import importlib, simulation.rules.one, simulation.month\n"
        "importlib.reload(simulation.rules.one); advance = importlib.reload(simulation.month).advance\n"
        "print(",
    )
    assert engine.run(changed) == ("30.0 0", "")
    assert engine.files() == []


def test_an_unknown_numba_runs_without_a_cache(engine):
    program = "import numba; numba.__version__ = '9.0.0'\n" + PROGRAM
    out, err = engine.run(program)
    assert out == "12.0 0"
    assert "numba 9.0.0 is not known here" in err
    assert engine.files() == []


def test_old_code_is_removed(engine):
    engine.run()
    (old,) = {file.parent for file in engine.files()}
    month_ago = time.time() - 31 * 86400
    os.utime(old, (month_ago, month_ago))
    engine.factor(3)
    engine.run()
    assert not old.exists()
    assert engine.files()


def test_the_message_is_given_once_and_only_when_nothing_is_compiled(engine):
    program = PROGRAM.replace(
        "print(",
        "from simulation import codecache\n"
        "print(codecache.announce_compile(), codecache.announce_compile(), codecache.is_compiled())\nprint(",
    )
    out, err = engine.run(program)
    assert out.splitlines() == ["True False False", "12.0 0"]
    assert err.count("compiling the engine") == 1
    assert engine.run(program) == ("False False True\n12.0 1", "")


def test_the_hash_ignores_line_ends_and_hidden_files(engine):
    program = "import simulation.codecache as c; print(c.model_hash())"
    before = engine.run(program)
    month = engine.home / "month.py"
    month.write_bytes(month.read_bytes().replace(b"\n", b"\r\n"))
    (engine.home / ".#month.py").write_text("an editor's lock")
    assert engine.run(program) == before
    month.rename(engine.home / "months.py")
    assert engine.run(program) != before
