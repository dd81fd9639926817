"""Anju in a Jupyter notebook, the same on every system:

    %load_ext experiments.notebook
    %anju run lishui --points 8 --out plan      # as in a terminal
    %chart movers plan                          # a chart of the answer in that folder

The language is that of the locale (LANG), as in a terminal.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.errors import InputError

if TYPE_CHECKING:
    from experiments.reading import Answer

WIDTH = 1000  # pixels of a chart in a notebook, which keeps it


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext experiments.notebook` does: add %anju and %chart."""
    from IPython.core.error import UsageError

    def shown(magic: Any) -> Any:
        def told(line: str) -> Any:
            try:
                return magic(line)
            except InputError as error:
                raise UsageError(str(error)) from None  # one line instead of a traceback; the notebook stops

        return told

    shell.register_magic_function(shown(anju), magic_name="anju")
    shell.register_magic_function(shown(chart), magic_name="chart")


def anju(line: str) -> None:
    """Run one command, show what it says, and raise InputError unless it ended well.

    It runs in a process of its own: interrupting it leaves the notebook alone, and the same command goes on.
    """
    done = subprocess.Popen(
        [sys.executable, "-m", "experiments", *shlex.split(line)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONUTF8": "1"}, encoding="utf-8",
    )  # fmt: skip
    assert done.stdout
    for said in done.stdout:
        print(said, end="", flush=True)
    if code := done.wait():
        raise InputError([f"anju {line}: exit code {code}"])


def chart(line: str) -> Any:
    """A chart of the one answer in a folder, or below it, as a picture; raises InputError."""
    from IPython.display import Image

    from experiments.commands.common import langs_of
    from experiments.figures import render, style

    name, folder = _two(line)
    return Image(
        style.small(render(_answer(Path(folder), name), name, langs_of(None)[0], "png"), WIDTH),
        width=WIDTH // 2,
    )


def _two(line: str) -> list[str]:
    words = shlex.split(line)
    if len(words) != 2:
        raise InputError([f"%chart {line}: a chart and a folder expected, for example %chart movers results"])
    return words


def _answer(folder: Path, name: str) -> Answer:
    """The answer in `folder` or below that has this chart."""
    from experiments.figures import charts
    from experiments.reading import answer

    found, known = [], set()
    for manifest in sorted(folder.rglob("manifest.json")):
        try:
            one = answer(manifest.parent)
            names = charts(one)
        except InputError:
            continue  # a store of runs, for one, is no answer
        known |= set(names)
        if name in names:
            found.append(one)
    if len(found) != 1:
        what = f"{len(found)} answers" if found else f"no answer (charts there: {', '.join(sorted(known))})"
        raise InputError([f"%chart {name} {folder}: {what} with this chart; one expected"])
    return found[0]
