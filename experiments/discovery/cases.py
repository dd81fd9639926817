"""What is looked for, in what: points that were run, where each input stands in its range, and which runs count as hits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments import measures
from experiments import question as questions
from experiments.design import DUMMY, Design
from experiments.discovery.prim import FEWEST_HITS, FEWEST_POINTS, Sample
from experiments.question import Question
from experiments.store.layout import numpy
from experiments.vary import Factor, factor_of, stretch
from scenarios.errors import InputError
from scenarios.units import WHOLE, UnitError, convert

if TYPE_CHECKING:
    from experiments.store import Store
    from scenarios.scenario import Scenario

FAILING, REACHING = FINDS = ("failing", "reaching")
ABOVE, BELOW = "above", "below"


@dataclass(frozen=True)
class Event:
    """What counts as a hit: a run that fails or reaches a target, or whose `column` lies above or below `value`.

    `kind` is one of FAILING, REACHING, ABOVE, BELOW; `question` is there for the first two. `unit` is that of `value`.
    """

    kind: str
    column: str
    value: float
    unit: str
    question: Question | None = None

    def counted(self, outcome: np.ndarray) -> np.ndarray:
        """Which outcomes can be judged: of a target all, since one that is undefined does not reach it."""
        return np.ones(outcome.shape, bool) if self.question else np.isfinite(outcome)

    def hits(self, outcome: np.ndarray) -> np.ndarray:
        if self.question is None:
            return outcome > self.value if self.kind == ABOVE else outcome < self.value
        reached = self.question.reached(outcome)
        return reached if self.kind == REACHING else ~reached

    @property
    def label(self) -> str:
        """A folder's name."""
        name = self.question.target.id if self.question else self.column
        return f"{self.kind}-{name}-{self.value:.10g}"


def event(
    scenario: Scenario, *, target: str | None = None, find: str | None = None, outcome: str | None = None,
    above: str | None = None, below: str | None = None,
) -> Event:  # fmt: skip
    """What the options ask for; without any, runs that fail the scenario's first target. Raises InputError."""
    if outcome is None:
        if given := [name for name, text in (("--above", above), ("--below", below)) if text is not None]:
            raise InputError([f"{given[0]}: of which outcome? name it with --outcome"])
        asked = questions.question(scenario, target, 0.9)
        t = asked.target
        return Event(_find(find), asked.column, t.value, t.unit, asked)
    if idle := [name for name, text in (("--target", target), ("--find", find)) if text is not None]:
        raise InputError([f"{idle[0]}: changes nothing with --outcome; leave one of them out"])
    sides = [(kind, text) for kind, text in ((ABOVE, above), (BELOW, below)) if text is not None]
    if len(sides) != 1:
        raise InputError([f"--outcome {outcome}: one of --above X and --below X expected"])
    column = measures.named(measures.columns(scenario), outcome, where="--outcome")
    unit = measures.units(scenario)[column]
    kind, text = sides[0]
    return Event(kind, column, _number(text, unit, f"--{kind}"), unit)


def _find(text: str | None) -> str:
    if text not in (None, *FINDS):
        raise InputError([f"--find {text}: {FAILING} or {REACHING} expected"])
    return text or FAILING


def _number(text: str, unit: str, where: str) -> float:
    digits, _, given = text.strip().partition(" ")
    try:
        value = convert(float(digits.replace(",", "")), given.strip() or unit, unit)
    except (ValueError, UnitError) as error:
        raise InputError([f"{where} {text}: a number in {unit} expected"]) from error
    if not math.isfinite(value):
        raise InputError([f"{where} {text}: a finite number expected"])
    return value


# Inputs


@dataclass(frozen=True)
class Input:
    """One number that the points vary, in its base unit; `levels` are all its values where these are few by design."""

    name: str
    low: float
    high: float
    scale: str
    unit: str
    kind: str
    label: Mapping[str, str]
    levels: tuple[float, ...] | None = None

    def places(self, values: np.ndarray) -> np.ndarray:
        """Where values lie in the range, 0 to 1 on its scale."""
        return self._factor.place(values)

    def value(self, place: float) -> float:
        """The value at a place."""
        return float(stretch(np.array([place]), (self.low, self.high), self.scale)[0])

    def limit(self, place: float, side: int) -> float:
        """A limit as it is said: of levels the last one inside, side 0 low and 1 high."""
        value = self.value(place)
        inside = [x for x in self.levels or () if (x >= value if side == 0 else x <= value)]
        return (min(inside) if side == 0 else max(inside)) if inside else value

    @property
    def _factor(self) -> Factor:
        return Factor(self.name, self.low, self.high, self.scale, self.unit, self.kind, None, "", "")


def inputs(scenario: Scenario, design: Design) -> tuple[tuple[int, ...], tuple[Input, ...]]:
    """Columns of a design that vary, and what they are; a dummy input is none."""
    entries = {entry.name: entry for entry in scenario.entries()}
    known = {factor.name: factor for factor in design.factors}
    columns, found = [], []
    for k, name in enumerate(design.names):
        values = design.values[:, k]
        if name == DUMMY or not len(values) or np.ptp(values) == 0.0:
            continue
        factor = known.get(name) or factor_of(
            scenario, entries[name], values.min(), values.max(), None if values.min() > 0.0 else "linear"
        )
        distinct = tuple(np.unique(values).tolist())
        levels = distinct if factor.levels or factor.unit in WHOLE else None
        columns.append(k)
        found.append(Input(
            name, factor.low, factor.high, factor.scale, factor.unit, factor.kind,
            {"en": factor.label_en, "zh": factor.label_zh}, levels,
        ))  # fmt: skip
    return tuple(columns), tuple(found)


# Points and their runs


@dataclass(frozen=True, eq=False)
class Case:
    """Points with at least one run that counts: `points` are their numbers, `values` (points, inputs) in base units, `outcome` the
    mean over their runs. `runs` counts the runs that count, `missing` those that are planned and not there, `failed` those that
    failed, `undefined` those without the outcome asked for; `replications` are planned a point."""

    event: Event
    inputs: tuple[Input, ...]
    kind: str  # of the design
    planned: int  # points
    replications: int
    points: np.ndarray
    values: np.ndarray
    outcome: np.ndarray
    sample: Sample
    runs: int
    failed: int
    missing: int
    undefined: int
    errors: Mapping[str, int]

    @property
    def futures(self) -> bool:
        """Whether only uncertainties vary, so that a point is a future."""
        return all(one.kind != "lever" for one in self.inputs)


def of_store(store: Store, scenario: Scenario, asked: Event) -> Case:
    """The runs of a store. Raises InputError where it lacks the outcome."""
    if asked.column not in store.columns:
        measures.named(store.columns, asked.column, where=str(store.folder))
    rows = store.table(["point", "replication", "error", asked.column], failed=True)
    shape = (store.points, store.replications)
    outcome, there, failed = np.full(shape, np.nan), np.zeros(shape, bool), np.zeros(shape, bool)
    at = (numpy(rows["point"]), numpy(rows["replication"]))
    errors = rows["error"].to_pylist()
    outcome[at], there[at], failed[at] = numpy(rows[asked.column]), True, [text != "" for text in errors]
    return of_runs(
        scenario, design_of(store, scenario), asked, outcome, failed, there=there,
        errors=dict(Counter(text for text in errors if text).most_common()),
    )  # fmt: skip


def design_of(store: Store, scenario: Scenario) -> Design:
    """The design of a store, with ranges where its manifest tells them."""
    told = dict(store.manifest.get("design") or {"kind": "table"})
    entries = {entry.name: entry for entry in scenario.entries()}
    factors = tuple(
        factor_of(scenario, entries[row["name"]], row["low"], row["high"], row["scale"],
                  None if row["levels"] is None else tuple(row["levels"]))
        for row in store.manifest.get("factors") or ()
        if row["name"] in entries and row["low"] is not None
    )  # fmt: skip
    return Design(store.factors, store.design, told.pop("kind", "table"), told, factors)


def of_runs(
    scenario: Scenario, design: Design, asked: Event, outcome: np.ndarray, failed: np.ndarray, *,
    there: np.ndarray | None = None, errors: Mapping[str, int] | None = None,
) -> Case:  # fmt: skip
    """Points with `outcome` and `failed` of their runs, both (points, replications); `there` says which have been run."""
    there = np.ones(outcome.shape, bool) if there is None else there
    columns, known = inputs(scenario, design)
    good = there & ~failed
    counted = good & asked.counted(outcome)
    kept = np.flatnonzero(counted.any(axis=1))
    values = design.values[kept][:, columns]
    hits = (asked.hits(outcome) & counted).sum(axis=1)[kept]
    runs = counted.sum(axis=1)[kept]
    defined = counted & np.isfinite(outcome)
    sums = np.where(defined, outcome, 0.0).sum(axis=1)[kept]
    means = np.divide(
        sums, defined.sum(axis=1)[kept], out=np.full(len(kept), np.nan), where=defined.sum(axis=1)[kept] > 0
    )
    places = [one.places(values[:, k]) for k, one in enumerate(known)]
    x = np.stack(places, axis=1) if places else np.empty((len(kept), 0))
    return Case(
        event=asked, inputs=known, kind=design.kind, planned=len(design.values), replications=outcome.shape[1],
        points=kept, values=values, outcome=means,
        sample=Sample(x, hits, runs, clusters(design)[:, kept], outcome.shape[1]),
        runs=int(counted.sum()), failed=int((failed & there).sum()), missing=int((~there).sum()),
        undefined=int((good & ~np.isfinite(outcome)).sum()), errors=dict(errors or {}),
    )  # fmt: skip


def clusters(design: Design) -> np.ndarray:
    """Which points of a design stand or fall together, labels (groupings, points).

    Blocks of saltelli, morris and dgsm share coordinates, so do points of equal values; of a crossed design the points of one
    future do, and those of one point.
    """
    n, m = len(design.values), design.options.get("futures", 1)
    rows = n // m
    if design.kind in ("saltelli", "morris", "dgsm") and design.base > 0:
        own = np.arange(rows) // (rows // design.base)
    else:
        varied = design.options.get("varied", len(design.names))
        own = np.unique(design.values[::m, :varied], axis=0, return_inverse=True)[1].reshape(-1)
    if m == 1:
        return own[None]
    return np.stack([np.repeat(own, m), np.tile(np.arange(m), rows)])


def refusal(case: Case) -> str:
    """Why nothing can be looked for in these points; "" if it can."""
    s, e = case.sample, case.event
    n = len(s.hits)
    what = "futures" if case.futures else "points"
    if not n:
        undefined = f", {case.undefined} hold no {e.column}" if case.undefined else ""
        return f"no run can be judged: {case.failed} failed, {case.missing} are not there yet{undefined}"
    if not case.inputs:
        return "nothing varies over the points, so there is nothing to tell them apart by; a sweep that varies something expected"
    if n < FEWEST_POINTS:
        return f"{n} {what}; at least {FEWEST_POINTS} expected: run more of them"
    hits, misses = (float(of.sum()) / s.replications for of in (s.hits, s.runs - s.hits))
    if min(hits, misses) < FEWEST_HITS:
        finite = case.outcome[np.isfinite(case.outcome)]
        span = (
            f"outcomes lie between {finite.min():,.6g} and {finite.max():,.6g}"
            if len(finite)
            else "no outcome is defined"
        )
        few = "every" if not misses else "no" if not hits else f"{hits:.3g} of {n}"
        subject = f"{few} {what if hits and misses else what[:-1]}"
        mend = (
            "ask for another number with --target ID=VALUE"
            if e.question
            else f"ask for another number with --{e.kind}"
        )
        return (
            f"{subject} {_does(e, one=not (hits and misses))}, so there is little to tell apart; at least {FEWEST_HITS} of"
            f" each kind expected; {span} ({e.unit}): {mend}, or run more {what}"
        )  # fmt: skip
    return ""


def _does(e: Event, *, one: bool) -> str:
    """What hits do, of one point or of several."""
    if e.question is None:
        return f"{'has' if one else 'have'} {e.column} {e.kind} {e.value:.10g}"
    verb = {FAILING: "misses" if one else "miss", REACHING: "reaches" if one else "reach"}[e.kind]
    return f"{verb} {e.question.target.id}={e.value:.10g}"
