"""Whether two runs are the same to the last bit, and a digest of one."""

from __future__ import annotations

import hashlib

import numpy as np

from simulation.outcomes import INDICATORS
from simulation.run import Result


def arrays(result: Result) -> dict[str, np.ndarray]:
    """Every array a run leaves, record tables field by field."""
    found: dict[str, np.ndarray] = {"status": result.status}
    tables = {f"outcomes.{name}": table for name, table in result.outcomes._asdict().items()}
    tables |= {f"books.{name}": table for name, table in result.books._asdict().items()}
    for name, table in (tables | {"households": result.households}).items():
        if table.dtype.names:
            found |= {f"{name}.{field}": np.ascontiguousarray(table[field]) for field in table.dtype.names}
        else:
            found[name] = table
    return found


def differences(a: Result, b: Result) -> list[str]:
    """Names of the arrays that differ in a bit, with the first month and indicators for counties."""
    found = []
    for (name, x), y in zip(arrays(a).items(), arrays(b).values(), strict=True):
        if x.dtype != y.dtype or (x + 0).tobytes() != (y + 0).tobytes():  # -0 counts as 0
            found.append(name)
            if name == "outcomes.county":
                month, _, k = np.argwhere(x != y)[0]
                found[-1] += f" (month {month}: {INDICATORS[k]})"
    return found


def digest(result: Result) -> str:
    """SHA-256 of everything a run leaves."""
    sha = hashlib.sha256()
    for name, table in arrays(result).items():
        sha.update(name.encode() + (table + 0).tobytes())
    return sha.hexdigest()
