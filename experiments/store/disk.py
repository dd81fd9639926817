"""Files that are there whole or not at all, also after a power cut."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from scenarios.errors import InputError

PART = ".part"  # ends the names of files being written
FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
PATIENCE = 2.0  # seconds in which another program may let go of a file; only Windows minds open files


class CannotWrite(InputError):
    """The disk is full, or the folder cannot be written. What was kept, and how to go on, is in the message."""


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the name `path`, synced, when the block ends without error. Raises OSError."""
    part = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    try:
        with open(part, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        replace(part, path)
        sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def write(path: Path, data: bytes) -> None:
    """`data` as the file `path`, whole or not at all. Raises OSError."""
    with whole_file(path) as file:
        file.write(data)


def replace(source: Path, target: Path) -> None:
    """Rename over `target`; on Windows wait for a reader to close it."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if os.name != "nt" or time.monotonic() > end:
                raise
            time.sleep(0.02)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can."""
    with contextlib.suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_parts(*folders: Path) -> None:
    """Remove what a killed writer of these folders left unfinished."""
    for folder in folders:
        for part in folder.glob(f".*{PART}"):
            with contextlib.suppress(OSError):
                part.unlink()


def said(error: OSError) -> str:
    """What the system says, without the path."""
    return error.strerror or str(error)
