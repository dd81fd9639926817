"""One writer a store: `.lock` names the process that writes it. A lock whose process is gone is taken over."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from experiments.store.disk import CannotWrite, said
from scenarios.errors import InputError

NAME = ".lock"
MOST = 4096  # bytes read of a lock

log = logging.getLogger(__name__)


class Holder(NamedTuple):
    """Who writes a store, and since when (UTC). `started` tells a process from a later one of the same PID."""

    host: str
    pid: int
    started: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}"


class Lock:
    """Held from the making to `release`. Raises InputError if another process holds it, CannotWrite if none can."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mine = Holder(
            host=socket.gethostname(),
            pid=os.getpid(),
            started=process_start(os.getpid()) or "",
            since=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        with _opened(folder) as handle:
            left = _read(handle, folder)
            if left is not None:
                _refuse_if_held(left, folder)
                log.warning(
                    "%s: %s was writing this store and is gone; its lock is taken over, its finished runs are kept",
                    folder,
                    left,
                )
            _write(handle, folder, json.dumps(self.mine._asdict()).encode())

    def release(self) -> None:
        """Give the lock back; nothing happens in a process forked from the holder."""
        if os.getpid() != self.mine.pid:
            return
        with contextlib.suppress(CannotWrite, InputError), _opened(self.folder) as handle:
            if _read(handle, self.folder) == self.mine:
                _write(handle, self.folder, b"")


def holder(folder: Path) -> Holder | None:
    """Who holds a store's lock, unless that process is known to be gone."""
    try:
        left = _parsed((folder / NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return left if left is not None and _may_live(left) else None


def process_start(pid: int) -> str | None:
    """What tells a process from any other that has or had its PID; None if there is no such process."""
    if sys.platform == "linux":
        return _start_linux(pid)
    if sys.platform == "win32":
        return _start_windows(pid)
    asked = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    return asked.stdout.strip() or None


def _start_linux(pid: int) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    state, ticks = fields[0], fields[19]
    return None if state in "ZX" else f"{boot} {ticks}"  # a zombie writes nothing any more


def _start_windows(pid: int) -> str | None:
    import ctypes
    from ctypes import wintypes

    kernel: Any = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    kernel.OpenProcess.restype = wintypes.HANDLE
    process = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not process:
        return None
    try:
        times = [wintypes.FILETIME() for _ in range(4)]
        code = wintypes.DWORD()
        kernel.GetProcessTimes(wintypes.HANDLE(process), *map(ctypes.byref, times))
        kernel.GetExitCodeProcess(wintypes.HANDLE(process), ctypes.byref(code))
        made = times[0]
        return (
            f"{made.dwHighDateTime << 32 | made.dwLowDateTime}" if code.value == 259 else None
        )  # STILL_ACTIVE
    finally:
        kernel.CloseHandle(wintypes.HANDLE(process))


def _may_live(left: Holder) -> bool:
    return left.host != socket.gethostname() or process_start(left.pid) == left.started


def _refuse_if_held(left: Holder, folder: Path) -> None:
    if not _may_live(left):
        return
    here = left.host == socket.gethostname()
    mend = (
        "wait for it, or stop it"
        if here
        else f"wait for it, or stop it there; if it is surely gone, delete {folder / NAME}"
    )
    raise InputError([f"{folder}: is being written by another process ({left}); one writer a store: {mend}"])


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """The lock file, open, with every other process kept from looking into it."""
    try:
        handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise CannotWrite([f"{folder}: this store cannot be written: {said(error)}"]) from error
    try:
        # some network folders know no such locks; then two commands must not start in the same millisecond
        with contextlib.suppress(OSError):
            _alone(handle)
        yield handle
    finally:
        os.close(handle)  # lets the others in, too


def _alone(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, MOST, os.SEEK_SET)  # a byte behind the text, which stays readable
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)


def _read(handle: int, folder: Path) -> Holder | None:
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        return _parsed(os.read(handle, MOST))
    except ValueError as error:
        raise InputError(
            [f"{folder / NAME}: cannot be read; delete it if no other anju writes this store"]
        ) from error


def _parsed(data: bytes) -> Holder | None:
    if not data:
        return None
    try:
        return Holder(**json.loads(data))
    except TypeError as error:
        raise ValueError("not a lock") from error


def _write(handle: int, folder: Path, data: bytes) -> None:
    try:
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        if os.write(handle, data) < len(data):
            os.ftruncate(handle, 0)
            raise OSError(None, "no space for its lock")
    except OSError as error:
        raise CannotWrite([f"{folder / NAME}: cannot be written: {said(error)}"]) from error
