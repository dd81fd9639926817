"""Execute the tutorials and store what they say: python docs/tutorials/execute.py [01-first-run.ipynb ...]

Each runs in an empty folder, in its own language, and is written back with fresh outputs. Without a name, all are. Only the code
and the text are written by hand; the code cells of both languages are the same.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
LOCALES = {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}


def language(path: Path) -> str:
    return "zh" if path.name.endswith(".zh.ipynb") else "en"


def executed(path: Path, folder: Path) -> NotebookNode:
    """The notebook with fresh outputs, run in `folder`. Raises nbclient's CellExecutionError at the first cell that fails."""
    notebook = nbformat.read(path, as_version=4)
    with _environment(language(path)):
        client = NotebookClient(
            notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}
        )
        client.execute()
    return clean(notebook, folder)


@contextmanager
def _environment(lang: str):
    """The language of the answers, and this Python's kernel, whatever others are installed for the user."""
    mine = {"LC_ALL": LOCALES[lang], "JUPYTER_PREFER_ENV_PATH": "1"}
    before = {name: os.environ.get(name) for name in mine}
    os.environ.update(mine)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def clean(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Without what changes from run to run: the folder, counts of the kernel, pieces in which text arrived."""
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {"tags": cell.metadata.tags} if "tags" in cell.metadata else {}
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [_clean(output, folder) for output in _joined(cell.outputs)]
    return notebook


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Printed text in one piece."""
    whole: list[NotebookNode] = []
    for output in outputs:
        if whole and output.output_type == "stream" and whole[-1].get("name") == output.name:
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def _clean(output: NotebookNode, folder: Path) -> NotebookNode:
    if output.output_type == "stream":
        lines = output.text.replace(f"{folder}{os.sep}", "").splitlines(True)
        output.text = "".join(line for line in lines if not line.startswith("compiling "))
    if output.output_type == "execute_result":
        output.execution_count = None
    return output


def said(notebook: NotebookNode) -> list[str]:
    """All text that a notebook shows, cell by cell, but for times and ids: an id changes with any edit of the model."""
    return [_said(cell) for cell in notebook.cells if cell.cell_type == "code"]


def _said(cell: NotebookNode) -> str:
    parts = []
    for output in cell.outputs:
        if output.output_type == "stream":
            parts.append(output.text)
        elif output.output_type == "error":
            parts.append(f"{output.ename}: {output.evalue}")
        else:
            parts.append(output.data.get("text/plain", ""))
    text = re.sub(r"\b[0-9a-f]{8,64}\b", "ID", "".join(parts))
    return re.sub(r"\d+(\.\d+)? (s|min|h|秒|分钟|小时)\b", "TIME", text)


def store(path: Path) -> float:
    """Execute a notebook and write it back; returns the seconds it took."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(executed(path, Path(folder)), path)
    return time.monotonic() - started


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:] or sorted(map(str, HERE.glob("*.ipynb")))):
        print(f"{path.name}  {store(path):.0f} s, {path.stat().st_size / 1000:.0f} kB", flush=True)
