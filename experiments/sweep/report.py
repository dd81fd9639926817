"""What a sweep says before it starts and when it is done."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments import measures, takes
from experiments.outcome import Spread, spread
from experiments.sensitivity import Drivers, Parts, drivers, parts
from experiments.store import Store
from experiments.store.layout import KEYS, numpy
from experiments.sweep.plan import Plan
from experiments.wording import Page, number
from scenarios.scenario import met
from scenarios.show import name_of

ROW_BYTES = 8.0  # a number takes no more in a shard
SHOWN = ("persons", "cost", "income", "employed_share", "returned_share", "arrears_share")


@dataclass(frozen=True)
class Estimate:
    """What a sweep would take. Seconds are wall time with all workers; bytes are an upper limit."""

    points: int
    replications: int
    part: str  # such as 1/3; "" for the whole
    runs: int  # different ones, of the part
    there: int
    seconds_a_run: float
    seconds: float
    workers: int
    bytes: float
    folder: str


def estimate(
    plan: Plan, folder: Path, shard: tuple[int, int], workers: int, *, again: bool = False
) -> Estimate:
    """Count the runs that are missing and time one of them; nothing is written. `again`: those that failed count as missing."""
    there = 0
    if (folder / "manifest.json").is_file():
        with Store.open(folder) as store:
            there = len(store.done()) + (0 if again else len(store.failed()))
    runs = plan.count(shard)
    one = takes.seconds_a_run(plan.job, next(plan.tasks()))
    missing = max(runs - there, 0)
    return Estimate(
        points=len(plan.design.values),
        replications=plan.replications,
        part="" if shard[1] == 1 else f"{shard[0]}/{shard[1]}",
        runs=runs,
        there=min(there, runs),
        seconds_a_run=one,
        seconds=missing * one / workers,
        workers=workers,
        bytes=missing * ROW_BYTES * (len(plan.job.columns) + len(plan.design.names) + len(KEYS)),
        folder=str(folder),
    )


def estimate_text(e: Estimate, lang: str) -> str:
    page = Page(lang, banded=False)
    say = page.say
    page.add(say(
        f"{number(e.points, 'point')} x {number(e.replications, 'replication')}{_which(e, page)}{number(e.runs, 'run')};"
        f" {e.there:,} of them there already",
        f"{e.points:,}个点 × {e.replications:,}次重复{_which(e, page)}{e.runs:,}次模拟，其中{e.there:,}次已有",
    ))  # fmt: skip
    page.add(takes.time_said(page, e.seconds, a_run=e.seconds_a_run, workers=e.workers))
    page.add(takes.room_said(page, e.bytes, e.folder))
    return "\n".join(page.lines)


def _which(e: Estimate, page: Page) -> str:
    """Why there are not as many runs as points times replications."""
    if e.part:
        return page.say(f", part {e.part}: ", f"，第{e.part}部分：")
    if e.runs < e.points * e.replications:
        return page.say(", equal points run once: ", "，相同的点只模拟一次：")
    return " = "


@dataclass(frozen=True)
class Outcome:
    """One outcome over the good runs: its spread, its noise and, of the first, what it hangs on."""

    name: str
    spread: Spread
    parts: Parts | None
    drivers: Drivers | None


@dataclass(frozen=True)
class Target:
    """A target of the scenario: the share of points whose replications reach it on average."""

    id: str
    en: str
    zh: str
    reached: int
    points: int


@dataclass(frozen=True)
class Summary:
    """A sweep as its store holds it."""

    folder: str
    scenario: str
    design: str
    points: int
    replications: int
    planned: int
    good: int
    failed: int
    errors: tuple[tuple[str, int], ...]  # the commonest, with how often
    targets: tuple[Target, ...]
    outcomes: tuple[Outcome, ...]
    labels: dict[str, dict[str, str]]  # of outcomes and of what varies
    units: dict[str, str]  # of outcomes
    asked: tuple[int, int]  # points and replications


def summary(folder: Path, asked: Plan | None = None) -> Summary:
    """Read a store and say what its runs come to; `asked` may be less than it holds."""
    from scenarios import frozen

    with Store.open(folder) as store:
        manifest, scenario = store.manifest, frozen.thaw(store.scenario_json)
        counted = [f"target_{target.id}" for target in scenario.targets]
        shown = [*counted, *(name for name in SHOWN if name in store.columns)]
        rows = store.table(columns=["point", *shown])
        failed = store.table(["error"], failed=True)["error"].to_pylist()
        design, names = store.design, store.factors
    failures = Counter(error for error in failed if error)
    columns = {name: numpy(rows[name]) for name in ("point", *shown)}
    points = columns.pop("point")
    labelled = {e.name: {lang: name_of(e, scenario, lang) for lang in ("en", "zh")}
                for e in scenario.entries() if e.name in names}  # fmt: skip
    targets = []
    for target in scenario.targets:
        means = _means(points, columns[f"target_{target.id}"])
        targets.append(Target(target.id, target.en, target.zh, int(met(target, means).sum()), len(means)))
    return Summary(
        folder=str(folder),
        scenario=scenario.name,
        design=manifest["design"]["kind"],
        points=len(design),
        replications=manifest["replications"],
        planned=len(design) * manifest["replications"],
        good=len(points),
        failed=sum(failures.values()),
        errors=tuple(failures.most_common(3)),
        targets=tuple(targets),
        outcomes=tuple(
            _outcome(name, points, values, names, design, first=name == shown[0])
            for name, values in columns.items()
            if np.isfinite(values).any()
        ),
        labels=labelled | {name: measures.label(scenario, name) for name in shown},
        units={name: manifest["units"][name] for name in shown},
        asked=(len(asked.design.values), asked.replications)
        if asked
        else (len(design), manifest["replications"]),
    )


def _means(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean of each point's replications, in order of points; rows are sorted by point."""
    first = np.flatnonzero(np.diff(points, prepend=-1))
    return np.add.reduceat(values, first) / np.diff(np.append(first, len(values))) if len(values) else values


def _outcome(
    name: str,
    points: np.ndarray,
    values: np.ndarray,
    names: tuple[str, ...],
    design: np.ndarray,
    *,
    first: bool,
) -> Outcome:
    whole = np.isfinite(values)
    points, values = points[whole], values[whole]
    present, counts = np.unique(points, return_counts=True)
    even = len(set(counts.tolist())) == 1 and counts[0] > 1
    varied = [k for k, column in enumerate(design.T) if np.ptp(column) > 0.0]
    means = _means(points, values)
    return Outcome(
        name=name,
        spread=spread(values),
        parts=parts(values.reshape(len(present), -1)) if even else None,
        drivers=drivers([names[k] for k in varied], design[present][:, varied], means) if first else None,
    )


def summary_text(s: Summary, lang: str) -> str:
    """The sweep in words, zh or en."""
    page = Page(lang, banded=True)
    say = page.say
    page.add(say(
        f"Sweep of {s.scenario}: {number(s.points, 'point')} ({s.design}) x {number(s.replications, 'replication')},"
        f" {s.good:,} of {number(s.planned, 'run')} done",
        f"扫描 {s.scenario}：{s.points:,}个点（{s.design}）× {s.replications:,}次重复，已完成{s.good:,}/{s.planned:,}次模拟",
    ))  # fmt: skip
    points, replications = s.asked
    if points < s.points or replications < s.replications:
        page.add(say(
            f"{number(points, 'point')} x {number(replications, 'replication')} asked for; the store holds more, and all of it is counted",
            f"本次只要求{points:,}个点 × {replications:,}次重复；结果库中已有更多，以下全部计入",
        ))  # fmt: skip
    if s.failed:
        page.add(say(f"{s.failed:,} failed:", f"{s.failed:,}次失败："))
        for error, n in s.errors:
            page.add(f"  {n:,} x {error}")
    if s.targets:
        page.title("Targets: points that reach them", "目标：达到目标的点")
        page.table([
            (say(t.en, t.zh), f"{t.reached:,} / {t.points:,}", page.share(t.reached / t.points if t.points else 0.0))
            for t in s.targets
        ])  # fmt: skip
    page.title("Outcomes over all runs", "各次模拟的结果")
    noise = any(o.parts for o in s.outcomes)
    rows = [("", "5 %", say("median", "中位数"), "95 %", say("noise", "随机波动占方差") if noise else "")]
    for o in s.outcomes:
        form = page.share if s.units[o.name] == "share" else page.form("", s.units[o.name])
        share = page.share(o.parts.noise_share) if o.parts else ""
        rows.append(
            (s.labels[o.name][lang], form(o.spread.low), form(o.spread.median), form(o.spread.high), share)
        )
    page.table(rows)
    for o in s.outcomes[:1]:
        if o.drivers and o.drivers.inputs:
            what = s.labels[o.name][lang]
            page.title(
                f"What this hangs on (share of rank variance): {what}", f"{what}取决于什么（秩方差占比）"
            )
            page.table([
                (s.labels[d.name][lang], ("+" if d.sign > 0 else "−") + page.share(d.share), f"{page.share(d.low)} – {page.share(d.high)}")
                for d in o.drivers.inputs[:8]
            ])  # fmt: skip
    page.add()
    page.add(say(
        "A share of points is not a probability: it depends on the spans that were given.",
        "点的占比不是概率：它取决于给定的取值区间。",
    ))  # fmt: skip
    return "\n".join(page.lines)
