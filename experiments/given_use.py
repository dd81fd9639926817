"""What every study does that draws its futures from a posterior: check it, say it, and keep a copy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import given
from experiments.design import Design
from experiments.priors import Uncertain
from scenarios.errors import InputError
from scenarios.scenario import SET

if TYPE_CHECKING:
    from experiments.given import Posterior
    from scenarios.scenario import Scenario

PRIOR = given.WORD
"""What the posterior is called where it stands beside priors."""


def found(text: str, scenario: Scenario, out: Path, *, known: Collection[str] = ()) -> Posterior:
    """The posterior that `--given` names, fit for the scenario; `known` are numbers that the user's own households fix.

    Raises InputError, also where it holds a number that the scenario does not have, or that is fixed here.
    """
    posterior = given.find(text, scenario, out)
    entries = {entry.name: entry for entry in scenario.entries()}
    where = f"{given.GIVEN} {posterior.path}"
    wrong = [
        f"{where}: holds {name}, which {scenario.name} does not have; use one that was made for it"
        for name in posterior.names
        if name not in entries
    ]
    wrong += [
        f"{where}: holds {name}, which {fixed} fixes; leave one of the two out"
        for name in posterior.names
        if (fixed := _fixed(name, entries, known))
    ]
    if wrong:
        raise InputError(wrong)
    return posterior


def _fixed(name: str, entries: dict[str, Any], known: Collection[str]) -> str:
    if name in known:
        return "--households"
    return "--set" if name in entries and entries[name].source == SET else ""


def design(posterior: Posterior, uncertain: tuple[Uncertain, ...], n: int, seed: int) -> Design:
    """`n` points drawn from the posterior, the first of a sequence that goes on. Raises InputError for one point."""
    if n == 1:
        raise InputError([
            f"{given.GIVEN} {posterior.path}: one point means the central values, of which it says nothing; ask for --points 2 or more"
        ])  # fmt: skip
    values = given.draws(posterior, uncertain, seed, n)
    return Design(tuple(x.name for x in uncertain), values, PRIOR, {"given": posterior.id})


def told(posterior: Posterior) -> dict[str, Any]:
    """What a manifest says of it: wherever it was read from, the same."""
    return {
        "id": posterior.id, "scenario": posterior.scenario, "calibration": posterior.calibration,
        "names": list(posterior.names), "facts": list(posterior.facts), "model_hash": posterior.model_hash,
    }  # fmt: skip


def in_manifest(posterior: Posterior | None) -> dict[str, Any]:
    """The manifest's entry; none where futures come from the stated ranges."""
    return {} if posterior is None else {"given": told(posterior)}


def keep(posterior: Posterior | None, folder: Path, name: str = given.FILE) -> None:
    """Leave a copy in a study's folder, so that the study needs no other file."""
    if posterior is not None:
        given.write(folder / name, posterior)


def brief(posterior: Posterior | None) -> dict[str, Any] | None:
    """What an answer says of it."""
    if posterior is None:
        return None
    return {"id": posterior.id, "scenario": posterior.scenario, "facts": len(posterior.facts)}


def as_answer(content: dict[str, Any]) -> dict[str, Any]:
    """An answer as plain data, which speaks of a posterior only where there is one."""
    return {name: value for name, value in content.items() if name != "given" or value}


def kept(folder: Path, manifest: Mapping[str, Any], name: str = given.FILE) -> Posterior | None:
    """The copy in a study's folder; None where its manifest lists none. Raises InputError if it is damaged."""
    return given.read(folder / name) if name in manifest["files"] else None


def sentence(said: Mapping[str, Any]) -> tuple[str, str]:
    """In English and Chinese, what futures are drawn from; `said` is as `brief` has it."""
    n = said["facts"]
    facts = "fact" if n == 1 else "facts"
    return (
        f"Futures are drawn from the posterior {said['id']} ({said['scenario']}, calibrated to {n} {facts}): a share of them is the"
        " probability given these facts, if the model is right.",
        f"各未来情形取自后验 {said['id']}（{said['scenario']}，据{n}项事实校准）：其占比即在这些事实条件下的概率，以模型正确为前提。",
    )
