"""A study read back from the folder that `anju run` left, as it was before it was written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import given_use, results, urban
from experiments.reading import tables
from experiments.reading.tables import name_of
from experiments.reproduce import folder as folders
from experiments.study import Study, run_seed, study_id
from scenarios import frozen
from scenarios.errors import InputError
from scenarios.scenario import Scenario, date_of
from simulation.households import CLASSES
from simulation.ledger import FLOWS
from simulation.outcomes import GROUPS, INCOMES, INDICATORS, SITE, WHY


def study(folder: str | Path) -> Study:
    """The study in a folder of `anju run`, every array bit for bit the one that was written; nothing is run or changed.

    Raises InputError for a folder that is none, holds something else, is damaged, or was written by an anju whose tables differ.
    """
    folder = Path(folder)
    manifest = folders.manifest_of(folder)
    if "study" not in manifest or "design" not in manifest:
        raise InputError([f"{folder}: is not the folder of a study; one that `anju run` wrote expected"])
    check_format(folder, manifest)
    read = _parts(folder, manifest)
    check(folder, manifest, read)
    try:
        found = _study(folder, manifest)
        _check_id(folder, found)
        return found
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise folders.damaged(folder, [f"{folders.MANIFEST}: {type(error).__name__}: {error}"]) from error


def _check_id(folder: Path, found: Study) -> None:
    """Raise InputError unless seed, design and all else that the manifest says give the id it says."""
    seeds = [int(seed) for seed in found.runs[: found.replications, 2]]
    given = "" if found.given is None else found.given.id
    names, hashes = found.uncertainties, list(found.populations)
    own = study_id(found.scenario, names, found.design, seeds, hashes, found.model_hash, given=given)
    if own != found.id or seeds != [run_seed(found.seed, r) for r in range(len(seeds))]:
        raise folders.damaged(folder, [f"{folders.MANIFEST}: its numbers are not those of study {found.id}"])


def check_format(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raise InputError for a folder of a later anju."""
    found = manifest.get("format", results.FORMAT)
    if not isinstance(found, int) or found > results.FORMAT:
        raise InputError([
            f"{folder}: its format is {found}, newer than this anju reads ({results.FORMAT}); take the anju that wrote it"
            f" ({manifest.get('anju', 'unknown')}) or a later one"
        ])  # fmt: skip


def check(folder: Path, manifest: Mapping[str, Any], names: Sequence[str]) -> None:
    """Raise InputError unless the manifest lists these files and each has the content it had."""
    listed = manifest.get("files")
    if not isinstance(listed, dict):
        raise folders.damaged(folder, [f"{folders.MANIFEST}: lists no files"])
    for name in names:
        folders.check_kept(folder, manifest, name)
    folders.check_files(folder, {"files": {name: listed[name] for name in names}})


def _parts(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """The files a study is read from."""
    listed = manifest.get("files")
    found = listed if isinstance(listed, dict) else {}
    wanted = ["months", "movers", "incomes", "ledger", "why", "county_incomes", "effect"]
    wanted += [name for name in ("sites", "urban", "urban_income") if name_of(name) in found]
    return [folders.SCENARIO, *map(name_of, wanted), *([given_use.given.FILE] if "given" in manifest else [])]


def _study(folder: Path, manifest: Mapping[str, Any]) -> Study:
    scenario = frozen.read(folder / folders.SCENARIO)
    names, points, replications = (manifest[key] for key in ("uncertainties", "points", "replications"))
    seeds = [int(seed) for seed in manifest["seeds"]]
    design = np.array(manifest["design"], float).reshape(points, len(names))
    if len(seeds) != replications:
        raise ValueError(f"{len(seeds)} seeds of {replications} replications")
    runs = np.array([(p, r, s) for p in range(points) for r, s in enumerate(seeds)], np.int64)
    read = _Tables(folder, scenario, runs=points * replications, points=points)
    return Study(
        scenario=scenario,
        seed=manifest["seed"],
        uncertainties=tuple(names),
        design=design,
        runs=runs,
        county=read("months", INDICATORS, "run", "month", "county"),
        mode=read("movers", [f"persons_{mode.id}" for mode in scenario.modes], "run", "month"),
        klass=read("movers", [f"persons_{name}" for name in CLASSES], "run", "month"),
        income=read("incomes", INCOMES, "run", "month", "group"),
        ledger=read("ledger", [f"{flow.name}_fen" for flow in FLOWS], "run", "month"),
        why=read("why", ("households", "persons"), "run", "county", "where"),
        county_income=read("county_incomes", INCOMES, "run", "county", "group"),
        site=read("sites", SITE, "run", "site"),
        urban=read("urban", urban.COMPONENTS, "run", "month", "area"),
        urban_income=read("urban_income", urban.INCOME, "run", "month"),
        effect_income=read("effect", INCOMES, "point", "month", "group"),
        populations=tuple(manifest["population_hashes"]),
        model_hash=manifest["model_hash"],
        version=manifest["anju"],
        id=manifest["study"],
        given=given_use.kept(folder, manifest),
    )


class _Tables:
    """Tables of a folder as arrays, whose axes are their key columns in the order they were written in."""

    def __init__(self, folder: Path, scenario: Scenario, *, runs: int, points: int) -> None:
        self.folder = folder
        self.axes: dict[str, np.ndarray] = {
            "run": np.arange(runs), "point": np.arange(points),
            "month": np.array([date_of(t, scenario.start) for t in range(scenario.months)]),
            "county": np.array([county.id for county in scenario.counties]),
            "site": np.array([site.id for site in scenario.sites]),
            "group": np.array(GROUPS), "where": np.array(WHY), "area": np.array(urban.AREAS),
        }  # fmt: skip

    def __call__(self, name: str, columns: Sequence[str], *axes: str) -> np.ndarray:
        """Shape (each axis, columns), f8; zeros where the study had no such table. Raises InputError."""
        lengths = [len(self.axes[axis]) for axis in axes]
        if name in ("sites", "urban", "urban_income") and not (self.folder / name_of(name)).is_file():
            return np.zeros((*lengths, len(columns)))
        found = tables.columns(self.folder, name, (*axes, *columns))
        places = np.meshgrid(*map(np.arange, lengths), indexing="ij")
        for axis, place in zip(axes, places, strict=True):
            if not np.array_equal(found[axis], self.axes[axis][place.ravel()]):
                raise folders.damaged(
                    self.folder, [f"{name_of(name)}: its {axis} column is not that of the study"]
                )
        return np.stack([np.asarray(found[c], np.float64) for c in columns], axis=-1).reshape(
            *lengths, len(columns)
        )


def found(answer: Any) -> Study:
    """The study of an answer."""
    return study(answer.folder)


def draw(study: Study, into: Any) -> None:
    """Gather its charts."""
    from experiments import figures

    into += [figures.chart(study, name) for name in figures.charts(study)]


def title(answer: Any) -> dict[str, str]:
    """The scenario's."""
    return dict(answer.manifest["scenario"]["title"])
