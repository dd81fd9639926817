"""What `anju compare` left, run again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import given_use, study
from experiments.comparison import runs, store
from experiments.comparison.judge import judge
from experiments.comparison.policies import Policy, Region
from experiments.comparison.runs import Comparison
from experiments.reproduce import folder as folders
from experiments.reproduce.numbers import Table, Tally
from scenarios import frozen


class ComparisonAgain:
    """The runs of a comparison; a pick is one replication at one point under all policies, because these are paired."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        folders.check_files(folder, manifest)
        self.folder, self.manifest = folder, manifest
        self.points, self.replications = manifest["points"], manifest["replications"]
        self.seeds = tuple(int(seed) for seed in manifest["seeds"])
        self.jobs = [self._job(k, region) for k, region in enumerate(manifest["regions"], 1)]
        policies = sum(len(job.region.policies) for job in self.jobs)
        self.sizes = [policies] * (self.points * self.replications)

    def _job(self, place: int, kept: Mapping[str, Any]) -> Any:
        region = Region(kept["id"], tuple(self._policy(policy) for policy in kept["policies"]))
        job = runs.Job(region, self.points, self.manifest["seed"], self.seeds)
        job.given = given_use.kept(self.folder, self.manifest, store.posterior_file(place))
        # the points that were run, whatever would be drawn today
        job.names = tuple(kept["uncertainties"])
        job.design = np.array(kept["design"], float).reshape(self.points, len(job.names))
        job.populations = list(kept["population_hashes"])
        return job

    def _policy(self, kept: Mapping[str, Any]) -> Policy:
        name = kept.get("scenario_file", folders.SCENARIO)
        folders.check_kept(self.folder, self.manifest, name)
        return Policy(
            kept["name"], kept["title"], frozen.read(self.folder / name), kept["budget_factor"],
            tuple(kept["taken_from_reference"]), tuple(kept["held_at_central_value"]),
        )  # fmt: skip

    @property
    def id_now(self) -> str:
        """The comparison's id as its content gives it."""
        return runs.comparison_id(
            [job.result() for job in self.jobs], self.seeds, self.manifest["model_hash"]
        )

    @property
    def id_then(self) -> str:
        return self.manifest["comparison"]

    def compare(
        self, picked: Sequence[int], threads: int, progress: Callable[[int, int], None] | None, tally: Tally
    ) -> None:
        """Run the picked runs again under every policy and compare all tables that tell runs apart.

        If all are picked, the runs in which grants are withheld too, and the answer.
        """
        whole = len(picked) == len(self.sizes)
        stored = [list(job.populations) for job in self.jobs]
        places = [divmod(run, self.replications) for run in picked]
        places += [(point, self.replications) for point in range(self.points) if whole]
        tasks = [
            (job, point, replication, row)
            for point, replication in places
            for job in self.jobs
            for row in range(len(job.region.policies))
        ]

        def task(i: int) -> None:
            job, *place = tasks[i]
            job.run(*place)

        study.work(task, len(tasks), threads, progress)
        again = self._comparison()
        for name, table in store.by_run(again):
            if f"tables/{name}.parquet" not in self.manifest["files"]:  # an earlier anju kept fewer tables
                continue
            rows = np.isin(table["run"], picked)
            now: Table = {column: np.asarray(values)[rows] for column, values in table.items()}
            old = folders.read_rows(self.folder / "tables" / f"{name}.parquet", "run", picked)
            tally.table(name, old, now, _named)
        at = [point for point, replication in places if replication == 0]
        for job, then in zip(self.jobs, stored, strict=True):
            old, now = (self._households(job, hashes, at) for hashes in (then, job.populations))
            tally.table("", old, now, _named)
        if whole:
            tally.content("comparison", self._answer(), store.plain(judge(again)))

    def _households(self, job: Any, hashes: Sequence[str], points: Sequence[int]) -> Table:
        """The households of some points, which all policies share."""
        return {
            "policy": np.full(len(points), job.region.reference.name),
            "run": np.array(points, np.int64) * self.replications,
            "population_hash": np.array([hashes[point] for point in points], str),
        }

    def _comparison(self) -> Comparison:
        answer, kept = self._answer(), self.manifest
        asked = answer["budget"] if answer["budget"] is not None else float("nan")
        return Comparison(
            regions=tuple(job.result() for job in self.jobs), seed=kept["seed"], points=self.points,
            replications=self.replications, seeds=self.seeds, budget=asked if answer["equalised"] else None,
            model_hash=kept["model_hash"], version=kept["anju"], id=kept["comparison"],
        )  # fmt: skip

    def _answer(self) -> dict[str, Any]:
        return json.loads((self.folder / "comparison.json").read_text("utf-8"))


def _named(table: Table, row: int) -> str:
    return f"{table['policy'][row]} run {table['run'][row]}"
