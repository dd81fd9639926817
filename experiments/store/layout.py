"""What a store's folder holds, what makes two stores one study, and how its manifest and design are kept."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from experiments import files
from experiments.store import disk
from scenarios.errors import InputError
from scenarios.words import did_you_mean

FORMAT = 1  # of the folder

MANIFEST, SCENARIO, DESIGN, HOUSEHOLDS = (
    "manifest.json",
    "scenario.json",
    "design.parquet",
    "households.parquet",
)
SHARDS, DAMAGED = "shards", "damaged"
NEXT = ".design.parquet.next"  # the design of a manifest that is about to name it

KEYS = ("id", "point", "replication", "seed", "error")
OURS = ("store", "files", "checksum")  # entries of the manifest that the store keeps itself
VARIES = (
    "points", "replications", "title", "laid_over", "units", "anju", "versions", "sources", "request", "provenance",
)  # fmt: skip
"""What may differ between two stores of one study."""

Manifest = dict[str, Any]


class NoStore(InputError):
    """There is no store in the folder, or none that this anju can read."""


class Design(Protocol):
    """A table of points: `values` has shape (points, names), in base units."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def values(self) -> np.ndarray: ...


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def identity(manifest: Mapping[str, Any]) -> Manifest:
    """What two stores must share for their runs to stand in one."""
    return {key: value for key, value in manifest.items() if key not in (*OURS, *VARIES)}


def study(manifest: Mapping[str, Any]) -> str:
    """The identity as 64 hex digits; every shard carries it."""
    return files.digest(identity(manifest))


WHAT = {
    "format": "the format", "model_hash": "the model", "scenario_hash": "the scenario", "scenario": "the scenario",
    "households_hash": "the households", "design": "the design", "factors": "what is varied, or its ranges",
    "factor_names": "what is varied, or its ranges", "seed": "the seed", "fresh_seeds": "how seeds are given",
    "columns": "the outcomes that are kept",
}  # fmt: skip
"""What the entries of an identity say of a study."""


def differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """In what two identities differ, in words, or as the entry is called where it has none."""
    wrong = [key for key in sorted({*a, *b}) if files.digest(a.get(key)) != files.digest(b.get(key))]
    return list(dict.fromkeys(WHAT.get(key, key) for key in wrong))


def new_manifest(content: Mapping[str, Any], design: Design, parts: Mapping[str, bytes]) -> Manifest:
    """The manifest of a new store from what the caller says of the study. Raises ValueError if it lacks an entry."""
    made = plain(content)
    if lacking := [key for key in ("columns", "replications", "model_hash") if key not in made]:
        raise ValueError(f"manifest: {', '.join(lacking)} expected")
    names = [*KEYS, *design.names, *made["columns"]]
    if len(set(names)) < len(names):
        raise ValueError(f"columns: {sorted({n for n in names if names.count(n) > 1})} stand twice in a row")
    made |= {"store": FORMAT, "points": len(design.values), "factor_names": list(design.names)}
    made["files"] = {name: sha256(data) for name, data in sorted(parts.items())}
    return made


def plain(content: Mapping[str, Any]) -> Manifest:
    """As it will be read again."""
    return json.loads(json.dumps(files.plain(content), ensure_ascii=False))


def manifest_bytes(manifest: Manifest) -> bytes:
    sealed = manifest | {"checksum": files.digest({k: v for k, v in manifest.items() if k != "checksum"})}
    return (json.dumps(sealed, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """Raises InputError if there is no store in `folder`, or its manifest was changed or is of a newer anju."""
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NoStore([f"{folder}: no store here{_nearest(folder)}; `anju store ls` lists stores"]) from error
    try:
        manifest = json.loads(data)
        checksum = manifest.pop("checksum", None)
        kept = manifest.get("store")
    except (ValueError, AttributeError) as error:
        raise InputError([_damaged(path, "is not the JSON that was written")]) from error
    if kept is None:
        raise NoStore([f"{folder}: holds a result, but no store; `anju store ls` lists stores"])
    if isinstance(kept, int) and kept > FORMAT:
        raise NoStore([f"{folder}: a store of format {kept}; this anju reads {FORMAT}: use a newer one"])
    if checksum != files.digest(manifest):
        raise InputError([_damaged(path, "was changed after it was written")])
    return manifest


def read(folder: Path) -> tuple[Manifest, np.ndarray]:
    """Manifest and design values (points, factors) of a store, also while it is being extended. Raises InputError."""
    for _ in range(5):
        manifest = read_manifest(folder)
        data = design_bytes(folder, manifest)
        if data is not None:
            return manifest, _design_values(folder, data)
        time.sleep(0.05)  # between our two looks it was extended
    raise InputError([_damaged(folder / DESIGN, "is missing or was changed after it was written")])


def design_bytes(folder: Path, manifest: Manifest) -> bytes | None:
    """The design that the manifest names, or None if it is not there."""
    for name in (DESIGN, NEXT):
        try:
            data = (folder / name).read_bytes()
        except OSError:
            continue
        if sha256(data) == manifest["files"][DESIGN]:
            return data
    return None


def parquet_design(names: Sequence[str], values: np.ndarray) -> bytes:
    """A design as Parquet: point, then a column a factor."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"point": np.arange(len(values))} | {
        name: np.ascontiguousarray(values[:, k]) for k, name in enumerate(names)
    }
    table = pa.table({name: arrow(column) for name, column in columns.items()})
    out = pa.BufferOutputStream()
    pq.write_table(table, out, compression="zstd", store_schema=False)
    return out.getvalue().to_pybytes()


def arrow(column: np.ndarray, valid: np.ndarray | None = None) -> Any:
    """Numbers as an Arrow array, null where not `valid`. `pa.array` would import pandas, which takes long."""
    import pyarrow as pa

    mask = None if valid is None or valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    buffers = [mask, pa.py_buffer(np.ascontiguousarray(column))]
    return pa.Array.from_buffers(pa.from_numpy_dtype(column.dtype), len(column), buffers)


def numpy(column: Any) -> np.ndarray:
    """Numbers of an Arrow column, NaN for null; its own `to_numpy` would import pandas."""
    import pyarrow as pa

    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return np.concatenate([np.empty(0, column.type.to_pandas_dtype()), *map(_chunk, chunks)])


def _chunk(chunk: Any) -> np.ndarray:
    valid, numbers = chunk.buffers()
    kind = np.dtype(chunk.type.to_pandas_dtype())
    values = np.frombuffer(numbers, kind)[chunk.offset : chunk.offset + len(chunk)]
    if not chunk.null_count:
        return values
    bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
    return np.where(bits[chunk.offset : chunk.offset + len(chunk)], values, np.nan)


def write_extended(folder: Path, manifest: Manifest, design: bytes) -> None:
    """Replace design and manifest together: once the manifest is written, the new design counts. Raises OSError."""
    disk.write(folder / NEXT, design)
    disk.write(folder / MANIFEST, manifest_bytes(manifest))
    finish_extending(folder, manifest)


def finish_extending(folder: Path, manifest: Manifest) -> None:
    """Give the new design its name, also after a writer was killed before it could. Raises OSError."""
    coming = folder / NEXT
    if not coming.exists():
        return
    if sha256(coming.read_bytes()) == manifest["files"][DESIGN]:
        disk.replace(coming, folder / DESIGN)
    else:
        coming.unlink()  # the manifest was never written


def damaged_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    """A message for every file but the design that is not as the manifest says."""
    for name, expected in manifest["files"].items():
        if name == DESIGN:
            continue
        try:
            found = sha256((folder / name).read_bytes())
        except OSError as error:
            yield _damaged(folder / name, disk.said(error))
        else:
            if found != expected:
                yield _damaged(folder / name, "was changed after it was written")


def _design_values(folder: Path, data: bytes) -> np.ndarray:
    import pyarrow.parquet as pq

    table = pq.ParquetFile(io.BytesIO(data)).read()
    if table.num_columns == 1:
        return np.empty((table.num_rows, 0))
    return np.stack([numpy(column) for column in table.columns[1:]], axis=1)


def _damaged(path: Path, what: str) -> str:
    return f"{path}: {what}; put back a copy of it, or run the sweep into another folder"


def _nearest(folder: Path) -> str:
    try:
        beside = [other.name for other in folder.parent.iterdir() if (other / MANIFEST).is_file()]
    except OSError:
        return ""
    return did_you_mean(folder.name, beside)
