"""Notes and sources in Chinese: scenario files give them once, mostly in English; notes.zh.csv gives them again.

A note of one's own scenario, which is not in the table, stays as it was written.
"""

from __future__ import annotations

import csv
import functools
from importlib import resources

TABLE = "notes.zh.csv"


def sourced(source: str, note: str, lang: str) -> str:
    """Where a number comes from, and the note to it."""
    colon = "：" if lang == "zh" else ": "
    return colon.join(part for part in (said(source, lang), said(note, lang)) if part)


def said(text: str, lang: str) -> str:
    """A note or a source in `lang`; one that joins several, as a dated number's does, part by part."""
    if lang != "zh" or not text:
        return text
    parts, out = text.split("; "), ""
    while parts:
        # notes may hold "; " themselves: the longest run of parts that the table knows
        known = next((n for n in range(len(parts), 0, -1) if "; ".join(parts[:n]) in _chinese()), 0)
        first = "; ".join(parts[: known or 1])
        joint = ("；" if known else "; ") if out else ""
        out += joint + _chinese().get(first, first)
        parts = parts[known or 1 :]
    return out


@functools.cache
def _chinese() -> dict[str, str]:
    text = resources.files("scenarios").joinpath(TABLE).read_text(encoding="utf-8")
    return {row["en"]: row["zh"] for row in csv.DictReader(text.splitlines())}
