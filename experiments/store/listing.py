"""What stores there are, and how far each is."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from experiments.store import journal, layout, lock, rows, shards
from experiments.store.folder import Store
from scenarios.errors import InputError


class Listed(NamedTuple):
    """A store at a glance. `problem` is "" unless it cannot be read; then the rest is empty."""

    path: Path
    scenario: str = ""
    design: str = ""
    points: int = 0
    replications: int = 0
    planned: int = 0
    done: int = 0
    failed: int = 0
    bytes: int = 0
    writer: str = ""  # who is writing it now
    problem: str = ""


def stores(folder: str | Path) -> list[Path]:
    """The stores in a folder, by name; the folder itself if it is one. Raises InputError if there is no such folder."""
    folder = Path(folder).expanduser()
    if _is_store(folder):
        return [folder]
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and _is_store(path))
    except OSError as error:
        raise InputError([f"{folder}: {error.strerror}; a folder that holds stores expected"]) from error


def below(folder: str | Path) -> list[Path]:
    """`stores`, and those behind the answers of `reach` and `cheapest` in a folder. Raises InputError like it."""
    folder = Path(folder).expanduser()
    found = stores(folder)
    if found == [folder]:
        return found
    runs = [path for path in (folder / "runs", *sorted(folder.glob("*/runs"))) if path.is_dir()]
    return [*found, *(store for path in runs for store in stores(path))]


def listed(path: Path) -> Listed:
    """How far a store is. Shards are counted, not checked."""
    try:
        store = Store.open(path, check=False)
        found = rows.index(store.parts()).winners
    except (OSError, ValueError) as error:  # a shard cut in the middle, too
        return Listed(path, bytes=size(path), problem=str(error).splitlines()[0])
    manifest = store.manifest
    return Listed(
        path, scenario=name_of(manifest.get("scenario")), design=name_of(manifest.get("design")), points=store.points,
        replications=store.replications, planned=store.planned, done=int(found.good.sum()),
        failed=int((~found.good).sum()), bytes=size(path), writer=str(lock.holder(path) or ""),
    )  # fmt: skip


def details(path: str | Path) -> dict[str, Any]:
    """All there is to say about a store, for programs and for `anju store info`. Raises InputError."""
    store = Store.open(path)
    parts = store.parts()
    found = rows.index(parts).winners
    bad = rows.take(parts, ("error",), found.part[~found.good], found.row[~found.good])
    errors = Counter(bad["error"].to_pylist() if bad is not None else ())
    manifest = store.manifest
    return {
        "path": str(store.folder),
        **{
            key: value
            for key, value in manifest.items()
            if key not in ("columns", "units", "sources", "request")
        },
        "factors": [_with_span(store, factor) for factor in manifest.get("factors", ())],
        "outcomes": len(store.columns),
        "planned": store.planned,
        "done": int(found.good.sum()),
        "failed": int((~found.good).sum()),
        "errors": dict(errors.most_common()),
        "shards": len(shards.paths(store.folder)),
        "in_journal": len(journal.read(store.folder).rows),
        "damaged": len(list((store.folder / layout.DAMAGED).glob("*"))),
        "bytes": size(store.folder),
        "writer": str(lock.holder(store.folder) or ""),
    }


def _with_span(store: Store, factor: Any) -> Any:
    """A factor of the manifest; one of a table spans what its rows do."""
    if not isinstance(factor, dict) or factor.get("low", 0.0) is not None:
        return factor
    values = store.design[:, store.factors.index(factor["name"])]
    return factor | {"low": float(values.min()), "high": float(values.max())}


def name_of(entry: Any) -> str:
    """A scenario's name or a design's kind as the manifest has them."""
    if isinstance(entry, dict):
        return str(entry.get("name") or entry.get("kind") or "")
    return str(entry or "")


def size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(_bytes(path) for path in folder.rglob("*"))


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0  # a writer has just renamed it


def _is_store(path: Path) -> bool:
    """Whether a folder is, or was before its manifest was damaged, a store."""
    manifest = path / layout.MANIFEST
    if not manifest.is_file():
        return False
    try:
        return "store" in json.loads(manifest.read_bytes())
    except (OSError, ValueError):
        return (path / layout.SHARDS).is_dir()
