"""The runs of a sweep's store, run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments import study
from experiments.job import Done, ScenarioJob
from experiments.reproduce import folder as folders
from experiments.reproduce.numbers import Table, Tally
from experiments.store import Store, journal, rows, shards
from scenarios import frozen
from scenarios.errors import InputError

AT_ONCE = 500  # runs whose numbers are in memory


class SweepAgain:
    """The runs of a store, failed ones too, in order of their id."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any], name: str = "") -> None:
        self.manifest, self.name = manifest, name
        self.store = Store.open(folder)
        _check_rows(self.store)
        scenario = frozen.thaw(self.store.scenario_json, where=str(folder / folders.SCENARIO))
        self.job = ScenarioJob(scenario, folders.households_of(folder, manifest, scenario))
        self.parts = self.store.parts()
        found = rows.index(self.parts)
        # a good row that is there again is looked at too: if the two differ, one of them is wrong
        self.index = rows.Index(*(column[found.first | found.good] for column in found))
        self.sizes = [1] * len(self.index.ids)
        if not self.sizes:
            raise InputError([f"{folder}: holds no finished run yet"])

    id_now = id_then = ""  # the store has looked at its own

    def compare(
        self, picked: Sequence[int], threads: int, progress: Callable[[int, int], None] | None, tally: Tally
    ) -> None:
        """Run the picked runs again and compare their rows, some at a time."""
        for first in range(0, len(picked), AT_ONCE):
            part = np.array(picked[first : first + AT_ONCE])

            def count(done: int, _: int, first: int = first) -> None:
                if progress:
                    progress(first + done, len(picked))

            old = self._stored(part)
            found: list[Any] = [None] * len(part)

            def task(i: int, old: Table = old, found: list[Any] = found) -> None:
                found[i] = self._run(old, i)

            study.work(task, len(part), threads, count)
            names = self._names(part)
            tally.table(self.name, old, self._table(old, found), lambda _, row, names=names: names[row])

    def _stored(self, picked: np.ndarray) -> Table:
        names = ["id", "point", "replication", "seed", "error", *self.store.factors, *self.store.columns]
        table: Any = rows.take(self.parts, names, self.index.part[picked], self.index.row[picked])
        columns = {name: table.column(name).to_numpy() for name in names}
        return {n: np.asarray(c, str) if c.dtype.kind == "O" else c for n, c in columns.items()}

    def _names(self, picked: np.ndarray) -> list[str]:
        """Ids of runs, of those that are there twice with the file of each row."""
        ids, first = self.index.ids, self.index.first
        twice = np.isin(ids[picked], ids[~first])
        files = [self.parts[k].name for k in self.index.part[picked]]
        named = [bytes(id).ljust(32, b"\0").hex() for id in ids[picked]]
        return [f"{id} in {file}" if more else id for id, file, more in zip(named, files, twice, strict=True)]

    def _run(self, old: Table, row: int) -> Done:
        point, replication, seed = (int(old[name][row]) for name in ("point", "replication", "seed"))
        values = {name: float(old[name][row]) for name in self.store.factors}
        return self.job.run(self.job.task(point, replication, seed, values))

    def _table(self, old: Table, found: Sequence[Done]) -> Table:
        """What was found as rows of the store."""
        missing = np.full(len(self.job.columns), np.nan)
        numbers = np.array([missing if done.numbers is None else done.numbers for done in found])
        now = {name: old[name] for name in ("point", "replication", "seed", *self.store.factors)}
        now |= {"error": np.array([done.error for done in found]), "id": old["id"]}
        if (
            self.manifest["model_hash"] == self.job.model_hash
        ):  # else the engine is another, and with it every id
            now["id"] = np.array([done.task.id for done in found])
        return now | {name: numbers[:, k] for k, name in enumerate(self.job.columns)}


def _check_rows(store: Store) -> None:
    """Raise InputError unless all rows are as they were written."""
    lost = journal.read(store.folder).damaged
    wrong = [f"{store.folder / journal.NAME}: {lost} lines are damaged"] if lost else []
    for path in shards.paths(store.folder):
        if what := shards.problem(path, store.schema, store.study):
            wrong.append(f"{path}: {what}")
    if wrong:
        mend = "the command that made it runs again what is damaged, or take an undamaged copy"
        raise InputError([*wrong, f"{store.folder}: is damaged, so nothing was run; {mend}"])
