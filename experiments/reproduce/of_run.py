"""What `anju run` left, run again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import given_use, results, study
from experiments.reproduce import folder as folders
from experiments.reproduce.numbers import Table, Tally
from experiments.study import Study
from experiments.view import View
from scenarios import frozen

ARRAYS = ("county", "mode", "klass", "income", "ledger", "why", "site", "urban", "urban_income")


class RunAgain:
    """The runs of a study, point by point, inside a point replication by replication."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        folders.check_files(folder, manifest)
        folders.check_kept(folder, manifest, folders.SCENARIO)
        self.folder, self.manifest = folder, manifest
        self.scenario = frozen.read(folder / folders.SCENARIO)
        self.given = given_use.kept(folder, manifest)
        self.households = folders.households_of(folder, manifest, self.scenario)
        self.points, self.replications = manifest["points"], manifest["replications"]
        self.names = tuple(manifest["uncertainties"])
        self.design = np.array(manifest["design"], float).reshape(self.points, len(self.names))
        self.seeds = [int(seed) for seed in manifest["seeds"]]
        self.sizes = [1] * (self.points * self.replications)

    @property
    def id_now(self) -> str:
        """The study's id as its content gives it."""
        return study.study_id(
            self.scenario, self.names, self.design, self.seeds, list(self.manifest["population_hashes"]),
            self.manifest["model_hash"], given=self.given.id if self.given else "",
        )  # fmt: skip

    @property
    def id_then(self) -> str:
        return self.manifest["study"]

    def compare(
        self, picked: Sequence[int], threads: int, progress: Callable[[int, int], None] | None, tally: Tally
    ) -> None:
        """Run the picked runs again, and the run of their points in which grants are withheld; compare all tables."""
        tasks = [divmod(run, self.replications) for run in picked]
        withheld = [point for point, replication in tasks if replication == 0]
        tasks += [(point, self.replications) for point in withheld]
        found: list[dict[str, Any]] = [{}] * len(tasks)

        def task(i: int) -> None:
            found[i] = self._run(*tasks[i])

        study.work(task, len(tasks), threads, progress)
        again = self._study(
            picked, found[: len(picked)], dict(zip(withheld, found[len(picked) :], strict=True))
        )
        ids = self._ids(picked)
        stored = {
            path[7:-8]
            for path in self.manifest["files"]
            if path.startswith("tables/") and path.endswith(".parquet")
        }
        for name, table in results.tables(again):
            key = "point" if name == "effect" else "run"
            wanted = withheld if key == "point" else list(picked)
            if key == "point":
                rows = np.isin(table["point"], wanted)
                now: Table = {column: np.asarray(values)[rows] for column, values in table.items()}
            else:
                now = {**table, "run": np.array(picked)[table["run"]]}
            if name in stored and wanted:
                old = folders.read_rows(self.folder / "tables" / f"{name}.parquet", key, wanted)
                tally.table(name, old, now, lambda t, row, key=key: _named(t, row, key, ids))
            stored.discard(name)
        for name in sorted(stored):
            tally.missing(f"tables/{name}")
        if len(picked) == len(self.sizes):
            from experiments.verdict import verdict

            old = json.loads((self.folder / "verdict.json").read_text("utf-8"))
            tally.content("verdict", old, results.answer(verdict(again)))

    def _run(self, point: int, replication: int) -> dict[str, Any]:
        """One run's arrays by their name in a Study; the replication after the last withholds some grants."""
        from scenarios import assemble
        from simulation import population
        from simulation import run as engine

        withholds = replication == self.replications
        values = dict(zip(self.names, map(float, self.design[point]), strict=True))
        if withholds:
            values["withhold_share"] = self.manifest["withheld_share"]
        inputs = assemble.inputs(self.scenario, overrides=values, households=self.households)
        outcomes = engine.run(inputs, seed=self.seeds[0 if withholds else replication]).outcomes
        view: Any = View(self.scenario, outcomes)
        if withholds:
            return {"effect_income": view.income[0]}
        left = {name: getattr(view, name)[0] for name in ARRAYS}
        left["county_income"] = outcomes.income[-12:].sum(axis=0)
        left["population"] = population.population_hash(inputs.population, inputs.institutions.villages)
        return left

    def _study(
        self, picked: Sequence[int], found: list[dict[str, Any]], withheld: Mapping[int, dict[str, Any]]
    ) -> Study:
        """A study of the picked runs only."""
        places = [divmod(run, self.replications) for run in picked]
        populations = list(self.manifest["population_hashes"])
        for (point, _), left in zip(places, found, strict=True):
            populations[point] = left["population"]
        income = found[0]["income"]
        effect = np.full((self.points, *income.shape), np.nan)
        for point, left in withheld.items():
            effect[point] = left["effect_income"]
        return Study(
            scenario=self.scenario, seed=self.manifest["seed"], uncertainties=self.names, design=self.design,
            runs=np.array([(p, r, self.seeds[r]) for p, r in places], np.int64),
            **{name: np.stack([left[name] for left in found]) for name in (*ARRAYS, "county_income")},
            effect_income=effect, populations=tuple(populations), model_hash=self.manifest["model_hash"],
            version=self.manifest["anju"], id=self.manifest["study"], given=self.given,
        )  # fmt: skip

    def _ids(self, picked: Sequence[int]) -> dict[int, str]:
        rows = folders.read_rows(self.folder / "tables" / "runs.parquet", "run", picked)
        return dict(zip(rows["run"].tolist(), rows["id"].tolist(), strict=True))


def _named(table: Table, row: int, key: str, ids: Mapping[int, str]) -> str:
    at = int(table[key][row])
    return ids[at] if key == "run" else f"point {at}, some grants withheld"
