"""The folder of one sweep: opened by one writer or any number of readers, resumed, extended, read as a table."""

from __future__ import annotations

import glob
import logging
import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.job import Done
from experiments.store import disk, journal, layout, rows, shards
from experiments.store.disk import CannotWrite
from experiments.store.journal import Journal, Row
from experiments.store.layout import Design, Manifest
from experiments.store.lock import Lock, process_start
from experiments.store.rows import Part
from scenarios.errors import InputError
from scenarios.words import did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger(__name__)


class Store:
    """The runs of one sweep. Make one by `create` or `open`; use it in a `with` block, from one thread.

    A row has an id, point, replication, seed and error ("" if the run went well), a column a factor and a column an
    outcome, null where the run failed. Unless the manifest says `fresh_seeds`, points of equal values have the same
    runs: these are kept once, under the first such point, and `table` shows them at each.
    """

    def __init__(self, folder: Path, manifest: Manifest, design: np.ndarray, *, check: bool) -> None:
        self.folder = folder
        self._check = check
        self._know(manifest, design)
        self._sound: dict[str, bool] = {}
        self._pending: list[Row] = []
        self._lock: Lock | None = None
        self._journal: Journal | None = None

    @classmethod
    def create(
        cls,
        path: str | Path,
        manifest: Mapping[str, Any],
        design: Design,
        scenario_json: str,
        households: bytes | None = None,
    ) -> Store:
        """A new store, open for writing; it is there whole or not at all.

        `manifest` says what the study is, with at least `model_hash`, `columns` (names of the outcomes) and
        `replications`. All of it but `layout.VARIES` is the study's identity. `design` has `names` and `values` of shape
        (points, factors); `scenario_json` is the frozen scenario, `households` the content of a Parquet file.
        Raises InputError if `path` exists or cannot be written, ValueError for an impossible manifest.
        """
        path = Path(path).expanduser().absolute()
        values = np.ascontiguousarray(design.values, np.float64)
        parts = {
            layout.SCENARIO: scenario_json.encode(),
            layout.DESIGN: layout.parquet_design(design.names, values),
        }
        if households is not None:
            parts[layout.HOUSEHOLDS] = households
        made = layout.new_manifest(manifest, design, parts)
        if path.exists():
            raise InputError([f"{path}: exists already; choose another folder, or go on with this one"])
        with _writable(path), made_whole(path) as work:
            (work / layout.SHARDS).mkdir()
            for name, data in (parts | {layout.MANIFEST: layout.manifest_bytes(made)}).items():
                disk.write(work / name, data)
            lock = Lock(work)
        store = cls(path, made, values, check=True)
        lock.folder = path
        store._start_writing(lock)
        return store

    @classmethod
    def open(
        cls, path: str | Path, *, write: bool = False, model: str | None = None, check: bool = True
    ) -> Store:
        """An existing store. Readers see what was finished, also while it is being written.

        To `write` takes the lock, folds what a killed writer left in the journal, and moves damaged shards aside, so that
        their runs are missing. `model` is the hash of the model whose runs are to be added. Without `check` the bytes of
        shards are not compared with their checksums. Raises InputError if there is no store, the manifest or the
        design is damaged, another process writes it, or its runs are another model's; CannotWrite on a full disk.
        """
        path = Path(path).expanduser().absolute()
        manifest, design = layout.read(path)
        _refuse_other_model(path, manifest, model)
        if not write:
            _refuse_damaged(path, manifest)
            return cls(path, manifest, design, check=check)
        lock = Lock(path)
        try:
            store = cls(path, *layout.read(path), check=check)
            _refuse_damaged(path, store._manifest)
            store._start_writing(lock)
            return store
        except BaseException:
            lock.release()
            raise

    # what it holds

    @property
    def manifest(self) -> Manifest:
        """What the study is; a copy without what the store itself keeps there."""
        return {key: value for key, value in self._manifest.items() if key not in layout.OURS}

    @property
    def points(self) -> int:
        return len(self.design)

    @property
    def replications(self) -> int:
        return self._manifest["replications"]

    @property
    def planned(self) -> int:
        """How many different runs the design asks for."""
        return len(np.unique(self._first)) * self.replications

    @property
    def study(self) -> str:
        """The study's identity, 64 hex digits: the same for all stores whose runs may be merged."""
        return layout.study(self._manifest)

    @property
    def scenario_json(self) -> str:
        return (self.folder / layout.SCENARIO).read_text("utf-8")

    @property
    def households(self) -> bytes | None:
        """The Parquet file of the user's own households, if there were any."""
        path = self.folder / layout.HOUSEHOLDS
        return path.read_bytes() if layout.HOUSEHOLDS in self._manifest["files"] else None

    def written(self) -> tuple[bytes, bytes]:
        """Manifest and design as bytes that belong together. Raises InputError if the design has gone."""
        manifest, _ = layout.read(self.folder)
        design = layout.design_bytes(self.folder, manifest)
        if design is None:
            raise InputError([f"{self.folder}: was extended just now; try again"])
        return layout.manifest_bytes(manifest), design

    def done(self) -> np.ndarray:
        """Ids of the runs that went well as bytes, sorted, S32 of shape (runs,)."""
        found = rows.index(self.parts()).winners
        return found.ids[found.good]

    def failed(self) -> np.ndarray:
        """Ids of the runs that failed, and never went well, like `done`."""
        found = rows.index(self.parts()).winners
        return found.ids[~found.good]

    def table(self, columns: Sequence[str] | None = None, *, failed: bool = False) -> pa.Table:
        """The runs that went well, with `failed` all runs, ordered by point and replication; only `columns` are read.

        Raises InputError for a column that a row does not have.
        """
        wanted = list(self.schema.names if columns is None else columns)
        if unknown := [name for name in wanted if name not in self.schema.names]:
            hint = did_you_mean(unknown[0], self.schema.names)
            raise InputError([f"{self.folder}: no column {unknown[0]!r} in its rows{hint}"])
        parts = self.parts()
        found = rows.index(parts).winners
        if not failed:
            found = rows.Index(*(column[found.good] for column in found))
        places = ("point", "replication")
        table = rows.take(parts, list(dict.fromkeys((*wanted, *places))), found.part, found.row)
        if table is None:
            return self.schema.empty_table().select(wanted)
        return self._in_order(table).select(wanted)

    def parts(self) -> list[Part]:
        """The sound shards and what is not yet in one."""
        # the journal first: what is folded between the two looks is then seen twice, not never
        waiting = self.waiting()
        return [shards.part(path) for path in shards.paths(self.folder) if self._is_sound(path)] + waiting

    def waiting(self) -> list[Part]:
        """What is not yet in a shard: one part, or none."""
        left = self._pending if self._journal else self.readable(journal.read(self.folder).rows)
        if not left:
            return []
        table = shards.table(left, self.design, self.schema)
        return [Part(journal.NAME, lambda columns: table.select(list(columns)))]

    # what a writer does

    def append(self, done: Done) -> None:
        """Keep a finished run: when this returns, `kill -9` cannot take it.

        Raises CannotWrite if the disk is full: then all rows before it are kept, and it is not. Raises ValueError for
        a run that does not belong here.
        """
        row = self._row(done)
        writer = self._writer()
        # in memory first: an interrupt between the two must not leave a line that the next shard lacks
        self._pending.append(row)
        try:
            writer.append(row)
        except OSError as error:
            self._pending.pop()
            raise self._cannot_write(error) from error
        except BaseException:
            self._pending = self.readable(journal.read(self.folder).rows)  # what an interrupt left there
            raise
        if len(self._pending) >= shards.SHARD_ROWS:
            self.fold()

    def fold(self) -> None:
        """Turn the journal into a shard. Raises CannotWrite; then the journal stays."""
        writer = self._writer()
        if not self._pending:
            return
        try:
            self.add(shards.table(self._pending, self.design, self.schema))
            writer.clear()
        except OSError as error:
            raise self._cannot_write(error) from error
        self._pending.clear()

    def add(self, table: pa.Table) -> None:
        """Keep rows of another store of this study as a shard. Raises CannotWrite."""
        self._writer()
        try:
            self._sound[shards.write(self.folder, table, self.study)] = True
        except OSError as error:
            raise self._cannot_write(error) from error

    def extend(
        self,
        points: np.ndarray | None = None,
        replications: int | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """Plan more: `points` of shape (more, factors) behind the present ones, and up to `replications` each.

        `changes` replaces entries of the manifest that are not the study's identity. Either all of it happens or nothing.
        Raises ValueError for fewer replications or a change of identity, CannotWrite on a full disk.
        """
        self._writer()
        replications = self.replications if replications is None else replications
        if replications < self.replications:
            raise ValueError(f"replications: {replications} given, at least {self.replications} expected")
        if foreign := sorted({*(changes or {})} - {*layout.VARIES}):
            raise ValueError(
                f"{', '.join(foreign)}: part of what the study is, which an extension cannot change"
            )
        values = self.design
        if points is not None:
            values = np.concatenate([values, np.asarray(points, np.float64).reshape(-1, values.shape[1])])
        data = layout.parquet_design(self.factors, values)
        manifest = self._manifest | layout.plain(changes or {})
        manifest |= {"points": len(values), "replications": replications}
        manifest["files"] = self._manifest["files"] | {layout.DESIGN: layout.sha256(data)}
        try:
            layout.write_extended(self.folder, manifest, data)
        except OSError as error:
            raise self._cannot_write(error) from error
        self._know(manifest, values)

    def close(self) -> None:
        """Fold the journal and give the lock back. Raises CannotWrite if the disk is full; the journal is then kept."""
        if self._journal is None:
            return
        try:
            self.fold()
        finally:
            self._stop_writing()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            self.close()
        except CannotWrite:
            if kind is None:
                raise  # else what went wrong first is what the user must hear

    # inside

    def _know(self, manifest: Manifest, design: np.ndarray) -> None:
        self._manifest, self.design = manifest, design
        self.columns = tuple(manifest["columns"])
        self.factors = tuple(manifest["factor_names"])
        self.schema = shards.schema(self.factors, self.columns)
        self._first = _first_equal(design) if not manifest.get("fresh_seeds") else np.arange(len(design))

    def _start_writing(self, lock: Lock) -> None:
        with _writable(self.folder):
            layout.finish_extending(self.folder, self._manifest)
            (self.folder / layout.SHARDS).mkdir(exist_ok=True)
            disk.remove_parts(self.folder, self.folder / layout.SHARDS)
            for path in shards.paths(self.folder):
                self._is_sound(path, aside=True)
            left = journal.read(self.folder)
            self._journal = Journal(self.folder)
        self._lock = lock
        try:
            self._recover(left)
        except BaseException:
            self._stop_writing()
            raise

    def _stop_writing(self) -> None:
        if self._journal is not None:
            self._journal.close()
        if self._lock is not None:
            self._lock.release()
        self._journal = self._lock = None
        self._pending = []

    def _recover(self, left: journal.Read) -> None:
        self._pending = self.readable(left.rows)
        lost = left.damaged + len(left.rows) - len(self._pending)
        if lost:
            log.warning(
                "%s: %d damaged lines of its journal are dropped; their runs will be run again",
                self.folder,
                lost,
            )
        if self._pending:
            log.info("%s: %d runs found in its journal", self.folder, len(self._pending))
            self.fold()
        elif lost or left.torn:
            self._writer().clear()

    def _writer(self) -> Journal:
        if self._journal is None:
            raise ValueError(f"{self.folder}: this store is open for reading")
        return self._journal

    def _row(self, done: Done) -> Row:
        task, numbers = done.task, done.numbers
        if not (0 <= task.point < self.points and 0 <= task.replication < self.replications):
            raise ValueError(f"point {task.point}, replication {task.replication}: not in the design")
        factors = dict(zip(self.factors, self.design[task.point], strict=True))
        if other := [name for name, value in task.values if factors.get(name, value) != value]:
            raise ValueError(f"point {task.point}: its {other[0]} is not the design's")
        if (numbers is None) == (done.error == "") or len(task.id) != 64:
            raise ValueError(
                f"run {task.id}: either numbers or an error expected, and an id of 64 hex digits"
            )
        if numbers is not None:
            numbers = np.array(numbers, np.float64)
            if numbers.shape != (len(self.columns),):
                raise ValueError(f"run {task.id}: {numbers.shape} numbers, {len(self.columns)} expected")
        error = " ".join(done.error.split())
        return Row(task.id, int(self._first[task.point]), task.replication, task.seed, error, numbers)

    def readable(self, found: list[Row]) -> list[Row]:
        """Journal rows of this design; a store that was extended since we opened it may have more."""
        n = len(self.columns)
        return [
            row for row in found
            if row.point < self.points and (row.numbers is None or len(row.numbers) == n)
        ]  # fmt: skip

    def _is_sound(self, path: Path, *, aside: bool = False) -> bool:
        if path.name not in self._sound:
            wrong = shards.problem(path, self.schema, self.study, whole=self._check)
            self._sound[path.name] = not wrong
            if wrong and aside:
                log.warning(
                    "%s: %s; moved to %s, its runs will be run again",
                    path,
                    wrong,
                    shards.set_aside(path).parent,
                )
            elif wrong and path.exists():
                log.warning(
                    "%s: %s; its runs are left out here, and the command that made the store does them again",
                    path,
                    wrong,
                )
        return self._sound[path.name]

    def _in_order(self, table: pa.Table) -> pa.Table:
        """By point and replication; what points of equal values share is shown at each of them."""
        point, replication = layout.numpy(table["point"]), layout.numpy(table["replication"])
        order = np.lexsort((replication, point))
        start, end = (np.searchsorted(point[order], self._first, side) for side in ("left", "right"))
        count = end - start
        shown = order[np.repeat(start - np.cumsum(count) + count, count) + np.arange(count.sum())]
        at = table.schema.get_field_index("point")
        points = layout.arrow(np.repeat(np.arange(self.points), count))
        return table.take(layout.arrow(shown)).set_column(at, "point", points)

    def _cannot_write(self, error: OSError) -> CannotWrite:
        kept = len(rows.index(self.parts()).winners.ids)
        return CannotWrite([
            f"{self.folder}: cannot be written: {disk.said(error)}; the {kept} runs finished before are kept; "
            f"{'make room' if error.errno in disk.FULL else 'mend that'}, then give the same command again: it goes on from there"
        ])  # fmt: skip


def _first_equal(design: np.ndarray) -> np.ndarray:
    """For every point the first point with exactly its values, shape (points,)."""
    if design.shape[1] == 0:
        return np.zeros(len(design), np.int64)
    whole = np.ascontiguousarray(design).view(np.dtype((np.void, design.shape[1] * 8))).ravel()
    _, first, group = np.unique(whole, return_index=True, return_inverse=True)
    return first[group]


def _refuse_other_model(path: Path, manifest: Manifest, model: str | None) -> None:
    theirs = manifest["model_hash"]
    if model is not None and model != theirs:
        raise InputError([
            f"{path}: its runs are of model {theirs[:12]} (anju {manifest.get('anju', 'unknown')}), this is model {model[:12]}, "
            "and runs of two models do not mix; go on with that version of anju, or begin a new store with another --out "
            "(this one can still be read, exported and packed)"
        ])  # fmt: skip


def _refuse_damaged(path: Path, manifest: Manifest) -> None:
    if wrong := list(layout.damaged_files(path, manifest)):
        raise InputError(wrong)


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite([f"{path}: cannot be written: {disk.said(error)}"]) from error


@contextmanager
def made_whole(path: Path) -> Iterator[Path]:
    """A folder beside `path` that takes its name when the block ends without error; else it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = f".{path.name}.{socket.gethostname()}."
    _remove_abandoned(path.parent, begun)
    work = path.with_name(f"{begun}{os.getpid()}{disk.PART}")
    try:
        work.mkdir()
        yield work
        disk.sync_folder(work)
        os.rename(work, path)
        disk.sync_folder(path.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _remove_abandoned(folder: Path, begun: str) -> None:
    """Remove what processes of this machine left half made when they were killed."""
    for left in folder.glob(f"{glob.escape(begun)}*{disk.PART}"):
        pid = left.name[len(begun) : -len(disk.PART)]
        if pid.isdecimal() and (int(pid) == os.getpid() or process_start(int(pid)) is None):
            shutil.rmtree(left, ignore_errors=True)
