"""All benchmarks as one Markdown report: `python -m benchmarks.report [--quick] [--json]`."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import measure, speed, sweeps, toy


def tables(quick: bool) -> Iterator[measure.Table]:
    """The speed of a run and of many, then of the toy model in four tools."""
    yield from speed.tables(quick)
    yield from sweeps.tables(quick)
    yield from toy.tables(quick)


if __name__ == "__main__":
    measure.main(tables)
