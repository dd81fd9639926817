"""A study's folder, opened only if it is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.reproduce.numbers import Note, Table
from scenarios.errors import InputError

if TYPE_CHECKING:
    from scenarios.scenario import Scenario
    from simulation.households import Population, Villages

MANIFEST, SCENARIO, HOUSEHOLDS = "manifest.json", "scenario.json", "households.parquet"
DIGITS = 12  # of a hash, enough to tell two apart


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a study's folder. Raises InputError."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise InputError(
            [f"{folder}: no such folder; the folder of a study expected, such as results/lishui-..."]
        )
    try:
        manifest = json.loads(path.read_bytes().decode())
    except FileNotFoundError:
        raise InputError([f"{folder}: holds no study, there is no {MANIFEST} in it"]) from None
    except OSError as error:
        raise InputError([f"{path}: {error.strerror or error}"]) from None
    except ValueError:
        raise damaged(folder, [f"{MANIFEST}: is not JSON"]) from None
    if not isinstance(manifest, dict) or "model_hash" not in manifest:
        raise damaged(folder, [f"{MANIFEST}: is not the manifest of a study"])
    return manifest


def check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise InputError unless every file the manifest lists is there with the content it had."""
    listed = manifest.get("files")
    if not isinstance(listed, dict):
        raise damaged(folder, [f"{MANIFEST}: lists no files"])
    wrong = [f"{name}: {why}" for name, sha in listed.items() if (why := _wrong(folder / name, sha))]
    if wrong:
        raise damaged(folder, wrong)


def _wrong(path: Path, sha256: str) -> str:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return error.strerror or str(error)
    return "" if found == sha256 else "was changed after it was written"


def damaged(folder: Path, wrong: Sequence[str]) -> InputError:
    """What is wrong with a folder, a line each, and how to mend it."""
    shown = [*wrong[:20], *([f"{len(wrong) - 20} more"] if len(wrong) > 20 else [])]
    mend = "so nothing was run or changed; take an undamaged copy of the folder, or run the study again"
    return InputError([*(f"{folder}: {line}" for line in shown), f"{folder}: is damaged, {mend}"])


def check_kept(folder: Path, manifest: Mapping[str, Any], name: str) -> None:
    """Raise InputError if the study was written before results kept their scenario."""
    if name not in manifest["files"]:
        raise InputError(
            [f"{folder}: keeps no {name}, an older anju wrote it; run the study again to have one"]
        )


def households_of(
    folder: Path, manifest: Mapping[str, Any], scenario: Scenario
) -> tuple[Population, Villages] | None:
    """The user's own households of a study, None if it had synthetic ones. Raises InputError."""
    if HOUSEHOLDS in manifest["files"]:
        from scenarios.households_table import read_table

        return read_table(folder / HOUSEHOLDS, counties=[county.id for county in scenario.counties])
    if manifest.get("request", {}).get("households"):
        raise InputError([f"{folder}: was run on households of its own, and {HOUSEHOLDS} was not kept in it"])
    return None


def other_engine(manifest: Mapping[str, Any]) -> Note | None:
    """That a study was made by another engine, and how to get that one; None if it was made by this one."""
    from simulation.codecache import model_hash

    then, now = manifest["model_hash"], model_hash()
    if then == now:
        return None
    was, here = manifest.get("anju", "?"), metadata.version("anju")
    if was != here:
        get = Note(
            f"To have that engine: pip install anju=={was}, in an environment of its own.",
            f"若要使用当时的引擎：在独立环境中 pip install anju=={was}。",
        )
    else:
        get = Note(
            f"Both call themselves {was}: one of them was edited, or is of another commit of that version.",
            f"两者版本号均为{was}：其中之一被修改过，或来自该版本的不同提交。",
        )
    return Note(
        f"Another engine made this study: anju {was}, model {then[:DIGITS]}; here is anju {here}, model {now[:DIGITS]}. "
        f"{get.en}",
        f"本研究由另一引擎生成：anju {was}，模型 {then[:DIGITS]}；此处为 anju {here}，模型 {now[:DIGITS]}。{get.zh}",
    )


def other_versions(manifest: Mapping[str, Any]) -> list[Note]:
    """What else is not as it was when the study was made."""
    import platform

    then = {"anju": manifest.get("anju"), **manifest.get("versions", {})}
    here = {name: platform.python_version() if name == "python" else _version(name) for name in then}
    other = [(name, then[name], here[name]) for name in then if then[name] != here[name]]
    if not other:
        return []
    en = ", ".join(f"{name} {was} (here {now or 'none'})" for name, was, now in other)
    zh = "，".join(f"{name} {was}（此处{now or '无'}）" for name, was, now in other)
    return [Note(f"Made with {en}.", f"生成时的版本：{zh}。")]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def read_rows(path: Path, key: str, wanted: Sequence[int]) -> Table:
    """The rows of a Parquet table whose `key` is one of `wanted`, in their order."""
    import pyarrow.parquet as pq

    table = pq.read_table(path, filters=[(key, "in", [int(k) for k in wanted])])
    columns = {name: table.column(name).to_numpy() for name in table.column_names}
    return {n: np.asarray(c, str) if c.dtype.kind == "O" else c for n, c in columns.items()}
