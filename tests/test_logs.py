"""Any terminal gets readable text, and none a traceback."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import logging, sys
from experiments import logs
from scenarios.errors import InputError
logs.start({verbosity})
logging.getLogger("simulation.x").warning("compiling 安居")
logging.getLogger("experiments.x").info("more")
logging.getLogger("elsewhere").warning("not ours")
print(logs.for_terminal("30,000 – 40,000 m² ≥ half"), "安居")
try:
    logs.require("en")
    logs.require("zh")
except InputError as error:
    sys.exit(str(error))
"""


def run(encoding: str, verbosity: int = 0) -> tuple[int, str, str]:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-c", PROGRAM.format(verbosity=verbosity)]
    done = subprocess.run(command, env=environment, capture_output=True)
    codec = encoding.split(":")[0]
    return done.returncode, done.stdout.decode(codec), done.stderr.decode(codec)


@pytest.mark.parametrize("encoding", ["ascii", "ascii:strict", "latin-1"])
def test_a_terminal_without_chinese(encoding):
    code, out, err = run(encoding)
    assert code == 1
    assert out.split("half")[0] in ("30,000 - 40,000 m2 >= ", "30,000 - 40,000 m² >= ")
    assert "compiling \\u5b89\\u5c45" in err
    assert "Traceback" not in err
    assert err.count("--lang en") == 1


def test_a_terminal_with_chinese():
    code, out, err = run("utf-8")
    assert code == 0, err
    assert out.split() == ["30,000", "–", "40,000", "m²", "≥", "half", "安居"]


@pytest.mark.parametrize("verbosity, said", [(-1, []), (0, ["compiling"]), (1, ["compiling", "more"])])
def test_levels(verbosity, said):
    lines = [line.split()[0] for line in run("utf-8", verbosity)[2].splitlines()]
    assert [line for line in lines if line != "not"] == said
