"""Which row of a run counts: a good one beats a failed one, and a run present twice counts once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.store.layout import arrow, numpy

if TYPE_CHECKING:
    import pyarrow as pa

RAW = np.dtype("S32")  # a run's id as bytes


class Part(NamedTuple):
    """Some rows of a store, a shard or the journal: what to call them and how to read columns of them."""

    name: str
    read: Callable[[Sequence[str]], pa.Table]


class Index(NamedTuple):
    """All rows in order of id, of those with one id the one that counts first; arrays of shape (rows,)."""

    ids: np.ndarray  # S32
    part: np.ndarray  # i4, which of the parts
    row: np.ndarray  # i4, which row of it
    good: np.ndarray  # bool, the run did not fail
    first: np.ndarray  # bool, the row that counts

    @property
    def winners(self) -> Index:
        return Index(*(column[self.first] for column in self))


def raw(ids: Iterable[str]) -> np.ndarray:
    """Ids of 64 hex digits as S32, shape (runs,)."""
    data = bytes.fromhex("".join(ids))
    return np.frombuffer(data, RAW) if data else np.empty(0, RAW)


def index(parts: Sequence[Part]) -> Index:
    """Where each row stands. Takes some 50 bytes a row."""
    ids, codes, part, row = [np.empty(0, RAW)], [], [], []
    texts = {"": 0}
    for k, one in enumerate(parts):
        keys = one.read(("id", "error"))
        ids.append(raw(keys["id"].to_pylist()))
        codes.append(_codes(keys["error"], texts))
        part.append(np.full(len(keys), k, np.int32))
        row.append(np.arange(len(keys), dtype=np.int32))
    by_text = {text: rank for rank, text in enumerate(sorted(texts))}  # "" comes first: a good row wins
    rank_of = np.array([by_text[text] for text in texts], np.int32)
    ranks = rank_of[_joined(codes, np.int64)]
    all_ids = np.concatenate(ids)
    order = np.lexsort((ranks, all_ids))
    all_ids = all_ids[order]
    first = np.ones(len(all_ids), bool)
    first[1:] = all_ids[1:] != all_ids[:-1]
    return Index(
        all_ids, _joined(part, np.int32)[order], _joined(row, np.int32)[order], ranks[order] == 0, first
    )


def take(parts: Sequence[Part], columns: Sequence[str], part: np.ndarray, row: np.ndarray) -> pa.Table | None:
    """The rows `row` of parts `part`, in that order; None if there are none. One part at a time is in memory."""
    import pyarrow as pa

    tables, places = [], []
    for k in np.unique(part):
        at = np.flatnonzero(part == k)
        tables.append(parts[k].read(columns).take(arrow(row[at])))
        places.append(at)
    if not tables:
        return None
    joined = pa.concat_tables(tables)
    tables.clear()  # or every row would be in memory three times
    joined = joined.combine_chunks()
    return joined.take(arrow(np.argsort(np.concatenate(places))))


def contradictions(
    parts: Sequence[Part], found: Index, outcomes: Sequence[str]
) -> list[tuple[str, str, str]]:
    """Id and two parts of every run that is there twice with different numbers: the model was not itself."""
    same = ~found.first[1:]
    twice = np.zeros(len(found.ids), bool)
    twice[1:] |= same
    twice[:-1] |= same
    places = np.flatnonzero(twice & found.good)
    prints = np.empty(len(places), "S16")
    for k in np.unique(found.part[places]):
        at = np.flatnonzero(found.part[places] == k)
        prints[at] = _fingerprints(parts[int(k)].read(outcomes), found.row[places[at]])
    wrong = []
    for a, b, here, there in zip(places, places[1:], prints, prints[1:], strict=False):
        if found.ids[a] == found.ids[b] and here != there:
            one, other = sorted(parts[int(found.part[k])].name for k in (a, b))
            wrong.append((bytes(found.ids[a]).ljust(32, b"\0").hex(), one, other))
    return wrong


def _fingerprints(numbers: pa.Table, rows: np.ndarray) -> np.ndarray:
    """Sixteen bytes a row that change with any bit of it, shape (rows,)."""
    matrix = np.empty((len(rows), numbers.num_columns), "<f8")
    for k, column in enumerate(numbers.columns):
        matrix[:, k] = numpy(column)[rows]
    prints = [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in matrix]
    return np.frombuffer(b"".join(prints), "S16")


def _codes(texts: pa.ChunkedArray, known: dict[str, int]) -> np.ndarray:
    coded = texts.combine_chunks().dictionary_encode()
    codes = [known.setdefault(text, len(known)) for text in coded.dictionary.to_pylist()]
    return np.array(codes, np.int64)[numpy(coded.indices)] if codes else np.empty(0, np.int64)


def _joined(arrays: Sequence[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate(arrays) if arrays else np.empty(0, kind)
