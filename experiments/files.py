"""Writing results: whole or not at all, and the same bytes for the same content."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.errors import InputError

MARK = ".anju"  # lists the files of a result: a folder that holds nothing else is ours to replace
ABANDONED = 86400  # seconds after which the leavings of a killed process are removed
FORMAT = 1  # of the run id


@contextmanager
def result_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path` to write into; it takes the name `path` when the block ends without error.

    An earlier result of ours at `path` is replaced. On an error, Ctrl-C or kill, `path` stays as it was.
    Raises InputError, before the block runs, if `path` holds something else or cannot be written.
    """
    path = check_folder(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    except OSError as error:
        raise InputError([f"{path}: results cannot be written here: {error.strerror}"]) from error
    try:
        work.chmod(0o777 & ~_umask())
        _remove_abandoned(path)
        yield work
        write_text(work / MARK, "\n".join(_names(work)) + "\n")
        _sync(work)
        _swap(work, path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_folder(path: str | Path) -> Path:
    """The absolute path if a result may be written there; call it before any work starts. Raises InputError."""
    path = Path(path).expanduser().resolve()
    if path in (Path.cwd(), *Path.cwd().parents):
        raise InputError([f"{path}: is, or holds, the folder you are in; give --out a folder of its own"])
    if path.exists() and not is_ours(path):
        raise InputError(
            [f"{path}: holds files that anju did not write; choose another --out, or remove them"]
        )
    check_parent(path)
    return path


def check_parent(path: Path) -> None:
    """Raise InputError if nothing can be made at `path`: a file is in the way, or the folder may not be written."""
    path = path.expanduser().resolve()
    parent = next(folder for folder in path.parents if folder.exists())
    try:
        tempfile.TemporaryFile(dir=parent).close()
    except OSError as error:
        raise InputError([f"{path}: results cannot be written here: {parent}: {error.strerror}"]) from error


def is_ours(path: Path) -> bool:
    """Whether `path` is a folder in which every file was written by anju; hidden files do not count."""
    if not path.is_dir():
        return False
    names = _names(path)
    mark = path / MARK
    return not names or (mark.is_file() and set(names) <= set(mark.read_text("utf-8").splitlines()))


def _names(folder: Path) -> list[str]:
    files = (file.relative_to(folder) for file in folder.rglob("*") if not file.is_dir())
    return sorted(file.as_posix() for file in files if not file.name.startswith("."))


def _swap(work: Path, path: Path) -> None:
    # A full folder cannot be replaced in one step: the old one steps aside, and comes back if the new one fails.
    old = work.with_suffix(".old")
    if path.exists():
        os.replace(path, old)
    try:
        os.replace(work, path)
    except BaseException:
        if old.exists():
            os.replace(old, path)
        raise
    _sync_folder(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def _remove_abandoned(path: Path) -> None:
    for left in path.parent.glob(f".{path.name}.*.part"):
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - ABANDONED:
                shutil.rmtree(left)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            with open(file, "rb+") as handle:
                os.fsync(handle.fileno())
    for inner in [*filter(Path.is_dir, folder.rglob("*")), folder]:
        _sync_folder(inner)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_text(path: Path, text: str) -> None:
    """UTF-8, LF."""
    path.write_bytes(text.encode())


def write_json(path: Path, content: Any) -> None:
    """JSON for people: sorted keys, indented, Chinese as it is."""
    write_text(
        path, json.dumps(plain(content), ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n"
    )


def write_parquet(path: Path, columns: Mapping[str, Any]) -> None:
    """Columns of equal length to Parquet: no time or machine in it, so one pyarrow writes the same bytes everywhere."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: _arrow(np.asarray(column)) for name, column in columns.items()})
    pq.write_table(table, path, compression="zstd", store_schema=False)


def write_csv(path: Path, columns: Mapping[str, Any]) -> None:
    """Columns of equal length to CSV: UTF-8 with BOM, for Excel; floats in their shortest exact form, NaN empty."""
    import pyarrow as pa
    from pyarrow import csv

    table = pa.table(
        {name: _arrow(_whole(np.asarray(column)), nan=False) for name, column in columns.items()}
    )
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    with open(path, "wb") as out:
        out.write(b"\xef\xbb\xbf" + ",".join(columns).encode() + b"\n")
        csv.write_csv(table, out, options)


def _arrow(column: np.ndarray, *, nan: bool = True) -> Any:
    """Numbers or text as an Arrow array, without `nan` NaN as null. `pa.array` would import pandas, which takes long."""
    import pyarrow as pa

    if column.dtype.kind not in "fiu":
        texts = [str(text).encode() for text in column.tolist()]
        ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(texts))]
        return pa.Array.from_buffers(pa.string(), len(texts), buffers)
    valid = None
    if not nan and column.dtype.kind == "f" and np.isnan(column).any():
        valid = pa.py_buffer(np.packbits(~np.isnan(column), bitorder="little"))
    numbers = pa.py_buffer(np.ascontiguousarray(column))
    return pa.Array.from_buffers(pa.from_numpy_dtype(column.dtype), len(column), [valid, numbers])


def _whole(column: np.ndarray) -> np.ndarray:
    """Floats that are all whole numbers as integers: 120000000000, not 1.2e+11."""
    if column.dtype.kind == "f" and np.all((np.abs(column) < 2**53) & (np.trunc(column) == column)):
        return column.astype(np.int64)
    return column


def plain(content: Any) -> Any:
    """NumPy values, tuples and mappings as the types JSON knows; NaN becomes null, infinity text."""
    if isinstance(content, Mapping):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, np.ndarray):
        return plain(content.tolist())
    if isinstance(content, list | tuple):
        return [plain(value) for value in content]
    if isinstance(content, np.generic):
        return plain(content.item())
    if isinstance(content, float) and not np.isfinite(content):
        return None if np.isnan(content) else str(content)
    return content if content is None or isinstance(content, bool | int | float | str) else str(content)


def canonical(content: Any) -> bytes:
    """The one JSON text of some content, for hashing: sorted keys, no spaces, floats by `float.hex`."""
    return json.dumps(_exact(content), sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode()


def _exact(content: Any) -> Any:
    if isinstance(content, np.ndarray):
        content = content.tolist()
    if isinstance(content, np.generic):
        content = content.item()
    if isinstance(content, Mapping):
        return {str(key): _exact(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_exact(value) for value in content]
    if isinstance(content, float):
        return content.hex()
    if content is None or isinstance(content, bool | int | str):
        return content
    raise TypeError(f"{type(content).__name__} has no canonical form")


def digest(content: Any) -> str:
    """SHA-256 of the canonical JSON, hex."""
    return hashlib.sha256(canonical(content)).hexdigest()


def run_id(
    *, model_hash: str, population_hash: str, scenario: Any, parameters: Mapping[str, float], seed: int
) -> str:
    """Name of one run: whatever can change its outcome is in it, and nothing else.

    `scenario` and `parameters` are in base units, without titles, notes and paths.
    """
    return digest(
        {
            "format": FORMAT,
            "model": model_hash,
            "population": population_hash,
            "scenario": scenario,
            "parameters": {name: float(value) for name, value in parameters.items()},
            "seed": int(seed),
        }
    )
