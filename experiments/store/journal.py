"""The journal: one line a finished run, handed to the system at once, so that `kill -9` cannot take it.

A line is JSON: id, point, replication, seed, error, numbers (hex of the little-endian float64, null if the run failed),
and last the CRC-32 of all before it. The last line of a killed writer may be torn; it is dropped.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

NAME = "journal.jsonl"
SEAL = b',"crc":"%08x"}\n'
SEALED = len(SEAL % 0)


class Row(NamedTuple):
    """One finished run. `numbers` has shape (outcomes,), f8, or is None if the run failed, for the reason in `error`."""

    id: str
    point: int
    replication: int
    seed: int
    error: str
    numbers: np.ndarray | None


class Read(NamedTuple):
    """What a journal holds: its sound rows, how many lines are not, and whether the last one is torn."""

    rows: list[Row]
    damaged: int
    torn: bool


class Journal:
    """The journal of the one writer. Methods raise OSError; then the journal ends with its last whole line."""

    def __init__(self, folder: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._handle = os.open(folder / NAME, flags, 0o666)

    def append(self, row: Row) -> None:
        end = os.lseek(self._handle, 0, os.SEEK_END)
        rest = memoryview(line(row))
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except BaseException:
            os.ftruncate(self._handle, end)
            raise

    def clear(self) -> None:
        os.ftruncate(self._handle, 0)

    def close(self) -> None:
        os.close(self._handle)


def line(row: Row) -> bytes:
    """One row as it stands in the journal; every bit of its numbers is kept."""
    fields = row._asdict()
    if row.numbers is not None:
        fields["numbers"] = np.asarray(row.numbers, "<f8").tobytes().hex()
    text = json.dumps(fields, separators=(",", ":")).encode()[:-1]
    return text + SEAL % zlib.crc32(text)


def parsed(text: bytes) -> Row | None:
    """The row of one line with its end of line, or None if a byte of it is missing or changed."""
    body, seal = text[:-SEALED], text[-SEALED:]
    if not body or seal != SEAL % zlib.crc32(body):
        return None
    fields = json.loads(body + b"}")
    if fields["numbers"] is not None:
        fields["numbers"] = np.frombuffer(bytes.fromhex(fields["numbers"]), "<f8")
    return Row(**fields)


def read(folder: Path) -> Read:
    """The journal of a store, also while its writer goes on; empty if there is none. Raises OSError."""
    try:
        lines = (folder / NAME).read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        lines = []
    torn = bool(lines) and not lines[-1].endswith(b"\n")
    rows = [parsed(text) for text in lines[: len(lines) - torn]]
    sound = [row for row in rows if row is not None]
    return Read(sound, len(rows) - len(sound), torn)
