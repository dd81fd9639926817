"""Studies and answers read back from the folders they were written to: nothing is run, and nothing in the folder is changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.reading.of_run import check, check_format, study
from experiments.reproduce import folder as folders
from scenarios.errors import InputError

if TYPE_CHECKING:
    from experiments.figures.sheets import Chart, Gathered

__all__ = ["KINDS", "Answer", "answer", "study"]

FIGURES = "figures"
LISTED = 10  # answers named where one was expected


class Kind(NamedTuple):
    """How answers of one command are told, and where they are read: `key` holds the id in the manifest, `named` their files."""

    key: str
    named: str
    module: str


KINDS = {
    "run": Kind("study", "verdict", "of_run"),
    "compare": Kind("comparison", "comparison", "of_comparison"),
    "contributions": Kind("contributions", "contributions", "of_contributions"),
    "reach": Kind("reach", "answer", "of_reach"),
    "cheapest": Kind("id", "answer", "of_cheapest"),
    "sensitivity": Kind("sensitivity", "answer", "of_sensitivity"),
    "discover": Kind("discovery", "answer", "of_discovery"),
    "calibrate": Kind("calibration", "answer", "of_calibration"),
    "validate": Kind("validation", "answer", "of_validation"),
}
"""Answers by the command that gives them."""
SAID = {
    "discovery": "discover",
    "calibration": "calibrate",
    "validation": "validate",
}  # kinds as manifests name them


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer in its folder, found whole. What takes time is done when it is asked for."""

    folder: Path
    kind: str
    manifest: Mapping[str, Any]

    @property
    def id(self) -> str:
        return self.manifest[KINDS[self.kind].key]

    @property
    def title(self) -> dict[str, str]:
        """What it is about, in zh and en: the scenario, or the policies that are compared."""
        return self._module.title(self)

    def text(self, lang: str) -> str:
        """The answer as it was written, in zh or en."""
        return (self.folder / f"{KINDS[self.kind].named}.{lang}.txt").read_text("utf-8")

    @cached_property
    def json(self) -> dict[str, Any]:
        """The answer as plain data."""
        return json.loads((self.folder / f"{KINDS[self.kind].named}.json").read_text("utf-8"))

    @cached_property
    def found(self) -> Any:
        """What the command held in memory when it had answered: a Study, a Reach and so on. Raises InputError."""
        try:
            return self._module.found(self)
        except InputError:
            raise
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise folders.damaged(self.folder, [f"{type(error).__name__}: {error}"]) from error

    def charts(self) -> Sequence[Chart]:
        """Its charts, in order."""
        return self._charts

    def draw(
        self, folder: Path, langs: Sequence[str] = ("zh", "en"), formats: Sequence[str] = ("png", "svg", "pdf"),
        size: str = "journal",
    ) -> list[Path]:  # fmt: skip
        """Draw all its charts into a folder; returns the paths."""
        from experiments.figures import draw_all

        return draw_all(self, folder, langs=langs, formats=formats, sizes=(size,))

    @cached_property
    def _charts(self) -> Sequence[Chart]:
        from experiments.figures.sheets import Gathered

        gathered = Gathered()
        self._module.draw(self.found, gathered)
        return gathered

    @property
    def _module(self) -> Any:
        return import_module(f"{__name__}.{KINDS[self.kind].module}")


def answer(folder: str | Path) -> Answer:
    """The answer in a folder, or in the one folder below it that holds one, of any command that gives one.

    Raises InputError for no folder, one that holds no answer or several, one that is damaged, and one of a later anju. Charts
    may be missing or damaged: they can be drawn again.
    """
    folder = _place(Path(folder))
    manifest = folders.manifest_of(folder)
    kind = _kind(folder, manifest)
    check_format(folder, manifest)
    listed = manifest.get("files")
    kept = [name for name in listed if not name.startswith(f"{FIGURES}/")] if isinstance(listed, dict) else []
    check(folder, manifest, kept)
    if KINDS[kind].key not in manifest:
        raise folders.damaged(folder, [f"{folders.MANIFEST}: has no {KINDS[kind].key}"])
    return Answer(folder, kind, manifest)


def _place(folder: Path) -> Path:
    """The folder itself, or the only one below it with an answer. Raises InputError if there are several."""
    if not folder.is_dir() or (folder / folders.MANIFEST).exists():
        return folder
    below = [path.parent for path in sorted(folder.glob(f"*/{folders.MANIFEST}")) if _is_answer(path.parent)]
    if len(below) > 1:
        listed = ", ".join(map(str, below[:LISTED])) + (", ..." if len(below) > LISTED else "")
        raise InputError([f"{folder}: holds {len(below)} answers; name one of them: {listed}"])
    return below[0] if below else folder


def _is_answer(folder: Path) -> bool:
    try:
        _kind(folder, folders.manifest_of(folder))
    except InputError:
        return False
    return True


def _kind(folder: Path, manifest: Mapping[str, Any]) -> str:
    """The command that wrote a folder. Raises InputError."""
    said = manifest.get("kind")
    found = SAID.get(said, said) if isinstance(said, str) else None
    if found is None:
        found = next(
            (kind for kind in ("run", "compare", "contributions") if KINDS[kind].key in manifest), None
        )
    if found in KINDS:
        return found
    what = "is a store of runs, which has no charts of its own" if "columns" in manifest else "is no answer"
    raise InputError([
        f"{folder}: {what}; the folder of one expected, that `anju {'`, `'.join(KINDS)}` wrote"
    ])  # fmt: skip


Draw = Callable[[Any, "Gathered"], Any]
