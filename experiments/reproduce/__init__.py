"""A study run again from what its folder keeps, every number held bit for bit against the one it stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from experiments.reproduce import folder as folders
from experiments.reproduce.numbers import Difference, Note, Tally
from experiments.study import check_numbers, cpus
from scenarios.errors import InputError

__all__ = ["SHARE", "Difference", "Note", "Opened", "Reproduction", "opened", "reproduce"]

SHARE = 0.01

Progress = Callable[[int, int], None]
Kind = Callable[[Path, Mapping[str, Any]], "Again"]


@dataclass(frozen=True)
class Reproduction:
    """What running `checked` of `of` runs again came to.

    `differing` holds the first of the `different` numbers out of `numbers` compared; `notes` say what else is not as it was.
    """

    folder: str
    checked: int
    of: int
    numbers: int
    different: int
    differing: tuple[Difference, ...]
    notes: tuple[Note, ...]
    seed: int

    @property
    def equal(self) -> bool:
        """Whether every number is the same to the last bit."""
        return self.different == 0


class Again(Protocol):
    """A study opened to be run again; `sizes` holds how many runs each thing that may be picked stands for."""

    sizes: list[int]

    @property
    def id_now(self) -> str: ...
    @property
    def id_then(self) -> str: ...
    def compare(self, picked: list[int], threads: int, progress: Progress | None, tally: Tally) -> None: ...


@dataclass(frozen=True)
class Opened:
    """A study's folder found whole; `notes` say what is not as it was when the study was made."""

    folder: Path
    notes: tuple[Note, ...]
    again: Again
    own_engine: bool

    def reproduce(
        self,
        *,
        share: float = SHARE,
        runs: int | None = None,
        seed: int = 1,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> Reproduction:
        """As `reproduce` below."""
        check_numbers(seed, runs=runs, threads=threads)
        if not 0.0 < share <= 1.0:
            raise ValueError(f"share: {share:g} given, more than 0 and at most 1 expected")
        sizes = self.again.sizes
        of = sum(sizes)
        picked = _picked(sizes, min(of, runs or math.ceil(share * of)), seed)
        tally = Tally(notes=list(self.notes))
        try:
            self.again.compare(picked, threads or cpus(), progress, tally)
        except Exception as error:
            if self.own_engine or isinstance(error, InputError):
                raise
            why = f"this engine cannot run it: {type(error).__name__}: {error}"
            raise InputError([f"{self.folder}: {why}"]) from error
        return Reproduction(
            folder=str(self.folder), checked=sum(sizes[k] for k in picked), of=of, numbers=tally.numbers,
            different=tally.different, differing=tuple(tally.differing), notes=tuple(tally.notes), seed=seed,
        )  # fmt: skip


def opened(folder: str | Path, *, anyway: bool = False) -> Opened:
    """A study opened to be run again; nothing is run. Raises InputError as `reproduce` does."""
    folder = Path(folder)
    manifest, kind = _kind(folder)
    engine = folders.other_engine(manifest)
    if engine is not None and not anyway:
        raise InputError(
            [f"{folder}: {engine.en}", f"{folder}: --anyway runs it with the engine that is here"]
        )
    again = _again(folder, manifest, kind, check_id=engine is None)
    notes = (*([engine] if engine else []), *folders.other_versions(manifest))
    return Opened(folder, notes, again, engine is None)


def reproduce(
    folder: str | Path,
    *,
    share: float = SHARE,
    runs: int | None = None,
    seed: int = 1,
    threads: int | None = None,
    anyway: bool = False,
    progress: Progress | None = None,
) -> Reproduction:
    """Run a share of a study's runs again, or `runs` of them, and compare all that the study stored of these.

    The runs are drawn at random by `seed`; `share` 1 means all. Only the study's folder is read: the scenario as it was frozen,
    not the files that are installed. `anyway` runs a study of another engine too. Raises InputError for a folder that is
    damaged or holds no study, and for another engine; ValueError for impossible numbers.
    """
    study = opened(folder, anyway=anyway)
    return study.reproduce(share=share, runs=runs, seed=seed, threads=threads, progress=progress)


def _again(folder: Path, manifest: Mapping[str, Any], kind: Kind, *, check_id: bool) -> Again:
    """The study of a folder, if all of it is as it was written. Raises InputError."""
    try:
        again = kind(folder, manifest)
        same = again.id_now == again.id_then
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise folders.damaged(folder, [f"manifest.json: {type(error).__name__}: {error}"]) from error
    # an id may be made otherwise in another version
    if check_id and not same and manifest.get("anju") == metadata.version("anju"):
        raise folders.damaged(folder, ["manifest.json: is not what the study's own id says"])
    return again


def _kind(folder: Path) -> tuple[Mapping[str, Any], Kind]:
    """The manifest that says which engine made a study, and what runs it again. Raises InputError."""
    from experiments.reproduce.of_stores import StoresAgain, behind, named

    if not (folder / folders.MANIFEST).is_file() and (paths := behind(folder)):
        return folders.manifest_of(paths[0]), lambda *_: StoresAgain(paths)
    manifest = folders.manifest_of(folder)
    if "store" in manifest:
        from experiments.reproduce.of_sweep import SweepAgain

        return manifest, SweepAgain
    if "comparison" in manifest:
        from experiments.reproduce.of_comparison import ComparisonAgain

        return manifest, ComparisonAgain
    if "study" in manifest:
        from experiments.reproduce.of_run import RunAgain

        return manifest, RunAgain
    if manifest.get("kind") in ("reach", "cheapest", "calibration") and (paths := behind(folder)):
        folders.check_files(folder, manifest)
        return manifest, lambda *_: StoresAgain(paths)
    if manifest.get("kind") in ("sensitivity", "discovery", "validation"):
        folders.check_files(folder, manifest)
        return manifest, lambda *_: StoresAgain(named(folder, manifest))
    raise InputError([
        f"{folder}: its manifest.json is of none of `anju run`, `compare`, `sweep`, `reach`, `cheapest`, `sensitivity`,"
        " `discover`, `calibrate` and `validate`, so nothing was run"
    ])  # fmt: skip


def _picked(sizes: list[int], wanted: int, seed: int) -> list[int]:
    """Places drawn at random until they stand for `wanted` runs, in order."""
    order = np.random.default_rng(seed).permutation(len(sizes))
    enough = int(np.searchsorted(np.cumsum(np.array(sizes)[order]), wanted)) + 1
    return sorted(order[:enough].tolist())
