"""What it takes to get the same answer again: commands, ids, versions, and how to cite it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from experiments.files import digest
from scenarios.scenario import date_of

if TYPE_CHECKING:
    from experiments.report.chapters import Chapter
    from experiments.report.words import Words

# as CITATION.cff has them; a test holds the two together
AUTHORS = "The Anju authors"
TITLE = "Anju 安居: agent-based simulation of rural relocation programmes"


def facts(chapter: Chapter, words: Words) -> list[tuple[str, str]]:
    """Name and value of what identifies an answer."""
    manifest, scenario = chapter.answer.manifest, chapter.scenarios[0]
    period = words(
        "period_value", start=scenario.start, window=date_of(scenario.window - 1, scenario.start),
        end=date_of(scenario.months - 1, scenario.start),
    )  # fmt: skip
    laid = words.join(list(scenario.laid_over()))
    found = [
        (words("study"), f"{chapter.answer.id} ({chapter.folder})"),
        (words("kind"), words.kind(chapter.answer.kind)),
        (words("scenario"), words.join([one.name for one in chapter.scenarios])),
        (words("laid_over"), laid),
        (words("period"), period),
        (words("reference"), str(scenario.header["reference"])),
        (words("runs"), _runs(chapter, words)),
        (words("seed"), str(manifest.get("seed", ""))),
        (words("version"), manifest["anju"]),
        (words("again_engine"), manifest["model_hash"]),
        (words("again_files"), digest(manifest["files"])),
        (words("again_versions"), words.join([f"{k} {v}" for k, v in manifest.get("versions", {}).items()])),
    ]
    return [(name, value) for name, value in found if value]


def _runs(chapter: Chapter, words: Words) -> str:
    verdict = chapter.judged
    if verdict is None:
        return ""
    from experiments.wording import Page

    households = Page(words.lang, banded=True).count(verdict.households)
    return words(
        "runs_value", points=verdict.points, replications=verdict.replications, households=households
    )


def commands(chapters: Sequence[Chapter], words: Words) -> list[tuple[str, str]]:
    """What to type, each with what it does; the first chapter is what the report is about."""
    folders = [shlex.quote(chapter.folder) for chapter in chapters]
    found = [
        (words("again_check"), "\n".join(f"anju reproduce {folder}" for folder in folders)),
        (words("again_report"), f"anju report {' '.join(folders)} --lang {words.lang}"),
    ]
    run = _run(chapters[0].answer.manifest) if chapters[0].answer.kind == "run" else ""
    return [(words("again_run"), run), *found] if run else found


def _run(manifest: Any) -> str:
    """The command that made a study, from what was asked for."""
    asked = manifest.get("request") or {}
    if "name" not in asked:
        return ""
    parts = ["anju", "run", asked["name"], "--points", str(manifest["points"])]
    parts += ["--replications", str(manifest["replications"]), "--seed", str(manifest["seed"])]
    for option in ("set", "with"):
        for value in asked.get(option) or ():
            parts += [f"--{option}", value]
    if asked.get("given"):
        parts += ["--given", str(asked["given"])]
    if asked.get("households"):
        parts += ["--households", "households.parquet"]
    return shlex.join(parts)
