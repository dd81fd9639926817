"""Analysing again what the stores behind an answer hold: as its command did, on a copy of them, and without a run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import given_use
from experiments.executors import Closing
from experiments.reproduce import folder as folders
from experiments.store import Store
from scenarios import frozen
from scenarios.errors import InputError

if TYPE_CHECKING:
    from experiments.given import Posterior
    from experiments.job import Done, ScenarioJob, Task
    from experiments.reading import Answer
    from scenarios.scenario import Scenario
    from simulation.households import Population, Villages


class Idle(Closing):
    """An executor that does nothing: every run must be there."""

    workers = 1

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, job: ScenarioJob, tasks: Iterable[Task]) -> Iterator[Done]:
        for _ in tasks:
            raise InputError([
                f"{self.folder}: runs that its charts rest on are missing in its stores; the command that gave this answer does them"
                " again"
            ])  # fmt: skip
        yield from ()


@contextmanager
def stores(answer: Answer) -> Iterator[Path]:
    """A folder with a copy of the stores behind an answer, each under its own name: opening one to go on writes in it.

    Raises InputError if one of them is not where it was.
    """
    with tempfile.TemporaryDirectory(prefix="anju-") as work:
        for path in places(answer):
            shutil.copytree(path, Path(work) / path.name)
        yield Path(work)


def places(answer: Answer) -> list[Path]:
    """The stores behind an answer. Raises InputError if one of them is not where it was."""
    told = answer.manifest.get("stores")
    if told is None:  # one store, beside the answer
        told = {"runs": "../runs"}
    paths = [(answer.folder / path).resolve() for path in told.values()]
    if not paths:
        raise InputError([
            f"{answer.folder}: does not say which store it read, an older anju wrote it; give the command again, which runs nothing"
        ])  # fmt: skip
    if gone := [path for path in paths if not (path / folders.MANIFEST).is_file()]:
        raise InputError([
            f"{answer.folder}: rests on the runs in {gone[0]}, and they are not there; move them back, or copy the folder with them"
        ])  # fmt: skip
    return paths


def scenario(answer: Answer) -> Scenario:
    """The scenario as it was frozen."""
    return frozen.read(answer.folder / folders.SCENARIO)


def posterior(answer: Answer) -> Posterior | None:
    """The posterior that futures were drawn from. Raises InputError where there was one and it was not kept."""
    kept = given_use.kept(answer.folder, answer.manifest)
    if kept is None and answer.manifest.get("given"):
        raise InputError([
            f"{answer.folder}: its futures are drawn from a posterior that it does not keep, an older anju wrote it; give the command"
            " again, which does no run twice"
        ])  # fmt: skip
    return kept


def households(answer: Answer, place: Path, scenario: Scenario) -> dict[str, Any]:
    """The user's own households, as plans take them; none where they were synthetic."""
    from scenarios.households_table import read_table

    if not answer.manifest.get("households_hash") and not answer.manifest.get("request", {}).get(
        "households"
    ):
        return {}
    counties = [county.id for county in scenario.counties]
    for path in sorted(place.iterdir()):
        with Store.open(path, check=False) as store:
            if (content := store.households) is not None:
                read: tuple[Population, Villages] = read_table(path / folders.HOUSEHOLDS, counties=counties)
                return {"households": read, "households_file": content}
    raise InputError([f"{answer.folder}: was run on households of its own, and its stores do not keep them"])


def as_then(answer: Answer, *jobs: ScenarioJob) -> None:
    """Let jobs call themselves of the engine that did the runs: nothing is run, so it need not be here."""
    for job in jobs:
        job.model_hash = answer.manifest["model_hash"]


def check_same(answer: Answer, now: str, then: str) -> None:
    """Raise InputError unless what is asked again is what was asked then."""
    if now != then:
        raise InputError([
            f"{answer.folder}: this anju would ask something else ({now}, not {then}); draw it with the one that wrote it"
            f" ({answer.manifest.get('anju', 'unknown')}), or give the command again"
        ])  # fmt: skip


def title(answer: Answer) -> dict[str, str]:
    """The scenario's."""
    return dict(answer.manifest["scenario"]["title"])


def request(answer: Answer) -> Mapping[str, Any]:
    """What was asked for."""
    return answer.manifest["request"]
