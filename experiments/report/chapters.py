"""The answers a report is made of: which folders go together, and what each says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import reading
from experiments.report.blocks import Section, sections
from scenarios import frozen, reader
from scenarios.errors import InputError

if TYPE_CHECKING:
    from experiments.reading import Answer
    from scenarios.scenario import Scenario

AGAINST = ("validate", "calibrate")  # kinds that hold the model against facts
POSTERIOR = re.compile(r"posterior(-\d+)?\.json")  # a comparison keeps one a region


@dataclass(frozen=True, eq=False)
class Chapter:
    """One answer and the scenarios it is about."""

    answer: Answer
    scenarios: tuple[Scenario, ...]

    @property
    def own(self) -> str:
        """Kind and id: no two chapters of a report have the same."""
        return f"{self.answer.kind}-{self.answer.id}"

    @property
    def folder(self) -> str:
        """The name of its folder; where that says nothing by itself, with the folder it lies in."""
        path = self.answer.folder.resolve()
        return path.name if self.answer.id in path.name else f"{path.parent.name}/{path.name}"

    @cached_property
    def regions(self) -> frozenset[str]:
        """The regions it is about."""
        return frozenset(reader.family(one.name) for one in self.scenarios)

    @cached_property
    def judged(self) -> Any:
        """The verdict of a run, None of other answers."""
        if self.answer.kind != "run":
            return None
        from experiments.verdict import verdict

        return verdict(self.answer.found)

    def text(self, lang: str) -> list[Section]:
        """What it says in full."""
        return sections(self.answer.text(lang))


def chapters(folders: Sequence[str | Path]) -> list[Chapter]:
    """The answers in these folders, the first of which the report is about. Raises InputError."""
    found: list[Chapter] = []
    for folder in folders:
        answer = reading.answer(folder)
        chapter = Chapter(answer, tuple(_scenarios(answer)))
        _check(found, chapter)
        found.append(chapter)
    return found


def _scenarios(answer: Answer) -> list[Scenario]:
    """The scenarios a folder keeps, in the order of its files."""
    named = f"{reading.KINDS[answer.kind].named}.json"
    files = [
        name for name in answer.manifest["files"]
        if name.endswith(".json") and name != named and not POSTERIOR.fullmatch(name) and not name.startswith("figures/")
    ]  # fmt: skip
    if not files:
        raise InputError([f"{answer.folder}: keeps no scenario, an older anju wrote it; run the study again to have one"])  # fmt: skip
    return [frozen.read(answer.folder / name) for name in files]


def _check(before: Sequence[Chapter], new: Chapter) -> None:
    folder = new.answer.folder
    for one in before:
        if one.own == new.own and one.answer.manifest["files"] == new.answer.manifest["files"]:
            raise InputError([
                f"{folder}: the same answer as {one.answer.folder} ({new.answer.kind} {new.answer.id}); name each once"
            ])  # fmt: skip
    if before and not (new.regions & before[0].regions):
        raise InputError([
            f"{folder}: is about {_names(new)}, the report about {_names(before[0])} ({before[0].answer.folder}); "
            "name answers of one region, or write a report of each"
        ])  # fmt: skip


def _names(chapter: Chapter) -> str:
    return ", ".join(sorted(chapter.regions))
