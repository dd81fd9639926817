"""A study as one archive, and back: a .zip whose every file has its SHA-256 in a list that `sha256sum -c` reads."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from experiments.store import disk, journal, layout, shards
from experiments.store.disk import CannotWrite
from experiments.store.folder import Store, made_whole
from scenarios.errors import InputError

SUMS = "SHA256SUMS"
FILES = (layout.MANIFEST, layout.SCENARIO, layout.DESIGN, layout.HOUSEHOLDS)
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a .zip knows: archives of one store are the same bytes
MOST_SUMS = 64 * 2**20  # bytes of the list


def pack(store: Store, path: str | Path) -> int:
    """Write what a store holds, sound shards and finished runs, to a .zip and return its size in bytes.

    Nothing is compressed: Parquet is already, and packed bytes would depend on zlib's version. Raises InputError if the
    file would lie in the store, CannotWrite if it cannot be written.
    """
    path = Path(path).expanduser().absolute()
    if path.is_relative_to(store.folder):
        raise InputError([f"{path}: lies in the store itself; choose a file outside of {store.folder}"])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with disk.whole_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            sums = {}
            for name, data in _content(store):
                archive.writestr(_entry(name), data)
                sums[name] = layout.sha256(data)
            archive.writestr(_entry(SUMS), "".join(f"{sum}  {name}\n" for name, sum in sums.items()))
        return path.stat().st_size
    except OSError as error:
        raise CannotWrite([f"{path}: cannot be written: {disk.said(error)}"]) from error


def unpack(path: str | Path, folder: str | Path) -> Store:
    """Make a store of an archive, whole or not at all, and return it open for reading.

    Raises InputError if `folder` exists, or the archive is cut short, holds anything but a packed study, or a file of it is
    not what was packed; CannotWrite on a full disk.
    """
    path, folder = Path(path).expanduser(), Path(folder).expanduser().absolute()
    if folder.exists():
        raise InputError([f"{folder}: exists already; choose another folder with -o"])
    try:
        with zipfile.ZipFile(path) as archive:
            sums = _checked_sums(path, archive)
            _write_files(path, archive, sums, folder)
    except (zipfile.BadZipFile, EOFError, UnicodeDecodeError, NotImplementedError) as error:
        raise InputError(
            [f"{path}: is cut short or damaged, or no .zip ({error}); fetch it again"]
        ) from error
    except OSError as error:
        if error.filename == str(path):
            raise InputError([f"{path}: cannot be read: {disk.said(error)}"]) from error
        raise CannotWrite(
            [f"{folder}: cannot be written: {disk.said(error)}; nothing is left of it"]
        ) from error
    return Store.open(folder)


def _content(store: Store) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every file, in order of name; what is still in the journal as the shard it would become."""
    manifest, design = store.written()
    yield layout.DESIGN, design
    if (households := store.households) is not None:
        yield layout.HOUSEHOLDS, households
    yield layout.MANIFEST, manifest
    yield layout.SCENARIO, store.scenario_json.encode()
    parts = {part.name: part for part in store.parts()}
    waiting = parts.pop(journal.NAME, None)
    extra = dict([shards.encoded(waiting.read(store.schema.names), store.study)] if waiting else [])
    for name in sorted({*parts, *extra}):
        data = extra.get(name) or (store.folder / layout.SHARDS / name).read_bytes()
        yield f"{layout.SHARDS}/{name}", data


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, DATE)
    entry.create_system = 3  # as on Unix, on all systems
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    return entry


def _checked_sums(path: Path, archive: zipfile.ZipFile) -> dict[str, str]:
    """SHA-256 by name, once every name is one that a packed study has."""
    names = [entry.filename for entry in archive.infolist()]
    strange = [name for name in names if name != SUMS and not _is_ours(name)]
    if strange or SUMS not in names or len({*names}) < len(names):
        what = f"holds {strange[0]!r}" if strange else f"has no {SUMS}, or a file twice"
        raise InputError([f"{path}: is no study packed by anju: {what}; nothing was unpacked"])
    if any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in archive.infolist()):
        raise InputError(
            [f"{path}: was packed again by another program; use the file that `anju store pack` wrote"]
        )
    if archive.getinfo(SUMS).file_size > MOST_SUMS:
        raise InputError([f"{path}: its {SUMS} is too large to be a list of files; nothing was unpacked"])
    lines = archive.read(SUMS).decode("ascii", "replace").splitlines()
    sums = {name: sum for sum, _, name in (line.partition("  ") for line in lines)}
    if {*sums} != {*names} - {SUMS} or not {*FILES} - {layout.HOUSEHOLDS} <= {*sums}:
        raise InputError([f"{path}: its {SUMS} lists other files than it holds; nothing was unpacked"])
    return sums


def _is_ours(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    return name in FILES or (folder == layout.SHARDS and shards.NAME.fullmatch(file) is not None)


def _write_files(path: Path, archive: zipfile.ZipFile, sums: Mapping[str, str], folder: Path) -> None:
    with made_whole(folder) as work:
        needed = sum(entry.file_size for entry in archive.infolist())
        if needed > shutil.disk_usage(work).free:
            raise CannotWrite(
                [f"{folder}: {needed / 1e6:,.0f} MB needed, less is free; nothing was unpacked"]
            )
        (work / layout.SHARDS).mkdir()
        for name, expected in sums.items():
            data = archive.read(name)
            if layout.sha256(data) != expected:
                raise InputError(
                    [f"{path}: {name} is not what was packed; fetch the archive again; nothing was unpacked"]
                )
            disk.write(work / name, data)
        Store.open(work)  # a list that fits its files can still come with a manifest that does not
