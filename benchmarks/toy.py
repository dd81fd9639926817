"""One toy model in four tools, side by side: `python -m benchmarks.toy [--quick] [--json]`."""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np

from benchmarks.measure import Table, interleaved, main, ratio
from benchmarks.toys import compiled_rules, mesa_objects, numpy_columns
from benchmarks.toys.spec import MONTHS, TOTALS, make_households, toy

Run = Callable[..., tuple[float, ...]]

OURS = "scalar rules, compiled"
MESA = "Mesa objects"
FAR = 4.0  # standard errors


def tools() -> dict[str, Run | None]:
    """The implementations by name; None where the tool is not installed."""
    starsim = None
    if find_spec("starsim"):
        from benchmarks.toys.starsim_module import run as starsim
    return {
        MESA: mesa_objects.run,
        "NumPy columns": numpy_columns.run,
        "Starsim": starsim,
        OURS: compiled_rules.run,
    }


def tables(quick: bool) -> Iterator[Table]:
    """Whether all tools give the same results, then how fast each is."""
    yield same_results(*((300, 12, 6) if quick else (2_000, MONTHS, 30)), noise=0.0)
    yield same_results(*((300, 12, 6) if quick else (2_000, MONTHS, 30)), noise=0.25)
    sizes = {300: 1} if quick else {1_000: 7, 10_000: 5, 100_000: 3}
    yield speeds(sizes, 12 if quick else MONTHS, noise=0.0)
    yield speeds({300: 1} if quick else {10_000: 5}, 12 if quick else MONTHS, noise=0.25)


def same_results(households: int, months: int, seeds: int, noise: float) -> Table:
    """Means over seeds, and how far each tool is from plain Mesa in standard errors of the difference."""
    known, p = make_households(households), toy(households, noise)
    found = {
        name: np.array([run(known, p, seed, months) for seed in range(1, seeds + 1)])
        for name, run in tools().items()
        if run
    }
    rows = []
    for name, runs in found.items():
        apart = max(map(_apart, runs.T, found[MESA].T))
        verdict = "same" if apart < FAR else "DIFFERENT"
        rows.append([name, *map(float, runs.mean(axis=0)), f"{apart:.1f}", verdict])
    title = f"The toy gives the same in all tools: {households:,} households, {months} months, {seeds} seeds, noise {noise:g}"
    note = f"Means of totals at the end. Same: no mean further than {FAR:g} standard errors from Mesa's."
    return Table(title, ("tool", *TOTALS, "largest distance, s.e.", "verdict"), rows, note)


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    error = math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))
    gap = abs(a.mean() - b.mean())
    return gap / error if error > 0 else math.inf if gap > 0 else 0.0


def speeds(sizes: dict[int, int], months: int, noise: float) -> Table:
    """Million household-months a second on one core, and ratios to plain Mesa; `sizes` maps households to rounds."""
    cells: dict[str, list[object]] = {name: [] for name in tools()}
    for households, rounds in sizes.items():
        known, p = make_households(households), toy(households, noise)
        repeats = {name: max(1, 20_000 // households) if name == OURS else 1 for name in cells}
        tasks = {
            name: functools.partial(_repeat, run, known, p, months, repeats[name])
            for name, run in tools().items()
            if run
        }
        for name in tasks:  # compile, import, fill caches
            tools()[name](make_households(100), toy(100, noise), 1, 2)  # type: ignore[misc]
        took = interleaved(tasks, rounds)
        each = {name: [value / repeats[name] for value in times] for name, times in took.items()}
        for name in cells:
            if name in each:
                rate = households * months / statistics.median(each[name]) / 1e6
                cells[name] += [rate, ratio(each[MESA], each[name])]
            else:
                cells[name] += ["missing", ""]
    columns = [label for n in sizes for label in (f"{n:,}: M hh-months/s", "times Mesa")]
    title = f"The toy's speed by households, {months} months, one core, noise {noise:g}"
    note = f"Goal: {OURS} at least 200 times {MESA}. Tools take turns; medians of {'/'.join(map(str, sizes.values()))} rounds."
    return Table(title, ("tool", *columns), [[name, *row] for name, row in cells.items()], note)


def _repeat(run: Run, known, p, months: int, repeats: int) -> None:
    for seed in range(1, repeats + 1):
        run(known, p, seed, months)


if __name__ == "__main__":
    main(tables)
