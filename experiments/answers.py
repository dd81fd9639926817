"""What an answer leaves on disk: scenarios, tables, texts, charts and a manifest, in one folder, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import files
from experiments.study import versions
from scenarios import frozen

if TYPE_CHECKING:
    from scenarios.scenario import Scenario

LANGS = ("zh", "en")
RUNS = "runs"  # the folder of the stores behind an answer
Table = dict[str, Any]
"""Columns of equal length by name."""


def write(
    place: Path, *, answer: Mapping[str, Any], tables: Iterable[tuple[str, Table]], text: Callable[[str], str],
    manifest: Mapping[str, Any], scenarios: Mapping[str, Scenario], draw: Callable[[Path], Any] | None = None,
    name: str = "answer", provenance: Mapping[str, Any] | None = None, keep: Callable[[Path], Any] | None = None,
) -> Path:  # fmt: skip
    """Write the folder of an answer and return it.

    `answer` is all that is answered as plain data, `text(lang)` the same for people; both take their file's name from
    `name`. `scenarios` are kept frozen, each as NAME.json; `keep(folder)` adds what else belongs beside them.
    `draw(folder)` draws the charts; without it those of the same answer stay. The same runs give the same bytes, but for
    `provenance` in the manifest. Raises InputError if the folder cannot be written or holds something else.
    """
    with files.result_folder(place) as folder:
        for label, scenario in scenarios.items():
            (folder / label).parent.mkdir(exist_ok=True)
            files.write_text(folder / f"{label}.json", frozen.freeze(scenario))
        if keep is not None:
            keep(folder)
        (folder / "tables").mkdir()
        for label, table in tables:
            files.write_parquet(folder / "tables" / f"{label}.parquet", table)
            files.write_csv(folder / "tables" / f"{label}.csv", table)
        files.write_json(folder / f"{name}.json", answer)
        for lang in LANGS:
            files.write_text(folder / f"{name}.{lang}.txt", text(lang))
        if draw is not None:
            draw(folder / "figures")
        elif _says_the_same(place, folder):
            shutil.copytree(place / "figures", folder / "figures")
        files.write_json(folder / "manifest.json", {**manifest, **_about(folder, provenance or {})})
    return place


def _says_the_same(place: Path, folder: Path) -> bool:
    """Whether the answer at `place` has charts, and all else in it is what `folder` holds now."""
    now = [path for path in folder.rglob("*") if path.is_file()]
    then = [place / path.relative_to(folder) for path in now]
    return (place / "figures").is_dir() and all(
        old.is_file() and old.read_bytes() == new.read_bytes() for old, new in zip(then, now, strict=True)
    )


def as_json(answer: Mapping[str, Any], folder: Path | None) -> str:
    """The answer for programs, with the folder it was written to."""
    content = {**answer, "folder": None if folder is None else str(folder)}
    return json.dumps(files.plain(content), ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)


def checksums(folder: Path, within: str = "") -> dict[str, str]:
    """SHA-256 of the files of an answer, or of those `within` one of its folders, by their paths in it."""
    inside = [path for path in sorted((folder / within).rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in inside
    }


def _about(folder: Path, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """What every manifest says: who wrote it, what is in the folder, and where it was made."""
    return {
        "anju": metadata.version("anju"),
        "versions": versions(),
        "files": checksums(folder),
        "provenance": {"machine": platform.machine(), "platform": platform.platform(), **provenance},
    }
