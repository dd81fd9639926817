"""Outcomes of the runs of a design: all of them there and well, for an index over the rest would be of another design."""

from __future__ import annotations

from collections import Counter

import numpy as np

from experiments.store import Store
from experiments.store.layout import numpy
from scenarios.errors import InputError


def of_store(store: Store, column: str) -> np.ndarray:
    """One column of a store, shape (points, replications). Raises InputError unless all runs are there and well."""
    shape = (store.points, store.replications)
    y, failed, there = np.full(shape, np.nan), np.zeros(shape, bool), np.zeros(shape, bool)
    rows = store.table(["point", "replication", "error", column], failed=True)
    at = tuple(numpy(rows[name]).astype(np.int64) for name in ("point", "replication"))
    said = np.array(rows["error"].to_pylist(), dtype=object)
    y[at], failed[at], there[at] = numpy(rows[column]), said != "", True
    if not there.all():
        missing = int((~there).sum())
        raise InputError([
            f"{store.folder}: {missing:,} of {there.size:,} runs are missing, and no index can be made of the rest; "
            "give the command that made it again: it goes on from there"
        ])  # fmt: skip
    errors = Counter(text for text in said if text)
    refuse_failed(
        failed, errors, f"{store.folder}: ", mend="run them again with `anju sweep ... --retry-failed`"
    )
    refuse_undefined(y, column)
    return y


def refuse_failed(failed: np.ndarray, errors: Counter[str], where: str, *, mend: str) -> None:
    """Raise InputError if any run of a design failed: an index over the rest would be of another design."""
    if failed.any():
        why = f", most often: {errors.most_common(1)[0][0]}" if errors else ""
        raise InputError([
            f"{where}{int(failed.sum()):,} of {failed.size:,} runs failed{why}; no index can be made of the rest: {mend}"
        ])  # fmt: skip


def refuse_undefined(y: np.ndarray, column: str) -> None:
    """Raise InputError if an outcome is undefined in some runs."""
    if (n := int((~np.isfinite(y)).sum())) > 0:
        raise InputError([
            f"--outcome {column}: undefined in {n:,} of {y.size:,} runs (such as a share among movers where nobody moved); "
            "choose another outcome, or narrow what is varied"
        ])  # fmt: skip
