"""The pace of earlier years: what the model moves under the rules of the year before, and what was published.

The pace is the share of the remaining pool (not yet moved, not left unaided) that receives keys in a year. The list is
empty when a run starts, so the first year is left out. Only the intercept, `attachment_mean`, is set by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.study import THREADS, cpus, run_seed
from experiments.wording import Page
from scenarios.errors import InputError, problem
from scenarios.facts import Fact, fact
from simulation.outcomes import K

if TYPE_CHECKING:
    from scenarios.scenario import Scenario

INTERCEPT = "attachment_mean"
FIRST_YEAR, MONTHS = 12, 36
REPLICATIONS = 4
GRID = 5


@dataclass(frozen=True)
class Pace:
    """The modelled pace at one intercept: mean, lowest and highest over replications."""

    intercept: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Known:
    """A published pace. `used` is False where it only bounds the rate, which is then at most `rate`."""

    en: str
    zh: str
    rate: float
    used: bool
    en_how: str
    zh_how: str
    facts: tuple[Fact, ...]


def known(scenario: Scenario) -> tuple[Known, ...]:
    """What earlier years and a neighbour tell; one of them rests on the scenario's own pool."""
    wuyi_pool = fact("Wuyi", "1993", "persons in high/deep/stony mountains")
    wuyi_moved = fact("Wuyi", "1993-2008", "persons moved cumulative")
    rehoused = fact("Lishui", "2017", "persons rehoused")
    task = fact("Lishui", "2019-2023", "大搬快聚 target: persons to move")
    taishun = fact("Taishun", "2003-2018-10", "persons moved cumulative")
    taishun_later = fact("Taishun", "to 2022-03", "persons moved cumulative")
    pool = scenario.values["pool_persons"].at(0)
    return (
        Known(
            "Wuyi 1993–2008", "武义1993—2008年",
            _yearly(wuyi_moved.value / wuyi_pool.value, 15.0), True,
            f"{wuyi_moved.value:,.0f} of {wuyi_pool.value:,.0f} mountain people in 15 years, at a constant rate",
            f"15年间{wuyi_pool.value:,.0f}名山区群众迁出{wuyi_moved.value:,.0f}人，按不变速率折算",
            (wuyi_moved, wuyi_pool),
        ),
        Known(
            "Lishui 2017", "丽水2017年",
            rehoused.value / (pool + task.value), True,
            f"{rehoused.value:,.0f} rehoused; pool then = today's assumed {pool:,.0f} + task of 2019–2023 {task.value:,.0f}",
            f"安置{rehoused.value:,.0f}人；当时可搬迁人口按现假设{pool:,.0f}人加2019—2023年任务{task.value:,.0f}人计",
            (rehoused, task),
        ),
        Known(
            "Taishun 2003–2018", "泰顺2003—2018年",
            _yearly(taishun.value / taishun_later.value, 15.8), False,
            f"pool unknown, but no less than the {taishun_later.value:,.0f} moved by March 2022; {taishun.value:,.0f} in 15.8 years",
            f"可搬迁人口不详，但不少于截至2022年3月已迁的{taishun_later.value:,.0f}人；15.8年迁出{taishun.value:,.0f}人",
            (taishun, taishun_later),
        ),
    )  # fmt: skip


def aim(facts: Iterable[Known]) -> float:
    """Mean of the published rates that can be used."""
    return float(np.mean([one.rate for one in facts if one.used]))


def paces(
    scenario: Scenario,
    intercepts: Iterable[float],
    *,
    replications: int = REPLICATIONS,
    overrides: Mapping[str, float] | None = None,
    threads: int | None = None,
) -> list[Pace]:
    """The pace at each intercept, all with the same seeds. Raises InputError for impossible numbers."""
    from scenarios import assemble
    from simulation.run import run

    def one(intercept: float, replication: int) -> float:
        inputs = assemble.inputs(scenario, overrides={**(overrides or {}), INTERCEPT: intercept})
        result = run(inputs, seed=run_seed(1, replication), months=MONTHS)
        county = result.outcomes.county.sum(axis=1)
        keys = county[:, K.persons_keys]
        pool = inputs.population.members[inputs.population.earlier == 0].sum(dtype=float)
        remaining = pool - keys - county[:, K.persons_own_moved]
        ends = np.arange(FIRST_YEAR - 1, MONTHS, 12)
        return float(np.diff(keys[ends]).sum() / remaining[ends[:-1]].sum())

    if scenario.window < MONTHS:
        raise InputError([problem(scenario.name, "window_months", str(scenario.window), f"{MONTHS} or more")])
    values = [float(value) for value in intercepts]
    with ThreadPoolExecutor(threads or cpus(), thread_name_prefix=THREADS) as pool:
        tasks = [[pool.submit(one, value, r) for r in range(replications)] for value in values]
        found = [[task.result() for task in row] for row in tasks]
    return [
        Pace(value, float(np.mean(row)), min(row), max(row)) for value, row in zip(values, found, strict=True)
    ]


def pace(scenario: Scenario, **options: Any) -> Pace:
    """The pace at the scenario's own intercept; `options` as for `paces`."""
    return paces(scenario, [scenario.values[INTERCEPT].at(0)], **options)[0]


def solve(
    scenario: Scenario,
    rate: float,
    *,
    low: float = -4.0,
    high: float = 4.0,
    tolerance: float = 0.01,
    **options: Any,
) -> float:
    """The intercept between `low` and `high` at which the mean pace is `rate`. Raises InputError if there is none."""
    from scipy.optimize import brentq

    def miss(intercept: float) -> float:
        return paces(scenario, [intercept], **options)[0].mean - rate

    ends = [found.mean for found in paces(scenario, [low, high], **options)]
    if not ends[1] <= rate <= ends[0]:
        reached = f"{ends[1]:.1%} to {ends[0]:.1%} a year for an intercept of {high:g} to {low:g}"
        raise InputError([problem(scenario.name, INTERCEPT, f"no value moves {rate:.1%} a year", reached)])
    root: Any = brentq(miss, low, high, xtol=tolerance)
    return float(root)


def identified(scenario: Scenario, **options: Any) -> list[Pace]:
    """The pace over the intercept's range; where it is flat the facts say little about the intercept."""
    entry = scenario.values[INTERCEPT]
    low, high = entry.range or (entry.at(0) - 1.0, entry.at(0) + 1.0)
    grid = {round(float(x), 6) for x in np.linspace(low, high, GRID)}
    return paces(scenario, sorted(grid | {entry.at(0)}), **options)


def report(
    scenario: Scenario, *, replications: int = REPLICATIONS, threads: int | None = None
) -> dict[str, Any]:
    """All of the above as plain values. Raises InputError."""
    options: dict[str, Any] = dict(replications=replications, threads=threads)
    facts, grid = known(scenario), identified(scenario, **options)
    value, target = scenario.values[INTERCEPT].at(0), aim(facts)
    above = [p.intercept for p in grid if p.mean >= target]
    below = [p.intercept for p in grid if p.mean < target]
    between = dict(low=max(above), high=min(below)) if above and below and max(above) < min(below) else {}
    return {
        "scenario": scenario.name,
        "months": [FIRST_YEAR + 1, MONTHS],
        "replications": replications,
        "modelled": asdict(next(p for p in grid if p.intercept == value)),
        "facts": [asdict(one) for one in facts],
        "mean_of_facts": target,
        "solved": solve(scenario, target, **between, **options),
        "grid": [asdict(p) for p in grid],
    }


def text(found: Mapping[str, Any], lang: str) -> str:
    """The report for people, in Chinese (`zh`) or English (`en`)."""
    page = Page(lang, banded=True)
    modelled, grid = found["modelled"], found["grid"]
    first, last = found["months"]
    page.add(page.say(
        f"Pace under {found['scenario']}: persons who receive keys in a year, of those who have not moved yet",
        f"{found['scenario']} 政策下的搬迁速度：一年内交房人数占尚未搬迁人数之比",
    ))  # fmt: skip
    page.add(page.say(
        f"Months {first}–{last}, {found['replications']} replications.",
        f"第{first}—{last}个月，重复{found['replications']}次。",
    ))  # fmt: skip
    page.add()
    page.table([
        (page.say("modelled, at the intercept in the file", "模型，按文件中的截距"), _rate(page, modelled["mean"]), _band(page, modelled)),
        *(
            (one[page.say("en", "zh")], _rate(page, one["rate"]), "" if one["used"] else page.say("at most", "上限"))
            for one in found["facts"]
        ),
        (page.say("mean of the facts, bounds left out", "事实均值（不含上限）"), _rate(page, found["mean_of_facts"]), ""),
    ])  # fmt: skip
    page.title(f"Intercept ({INTERCEPT})", f"截距（{INTERCEPT}）")
    page.table([
        (page.say("in the file", "文件中"), f"{modelled['intercept']:.2f}"),
        (page.say("that meets the mean of the facts", "与事实均值相符"), f"{found['solved']:.2f}"),
    ])  # fmt: skip
    page.title("Pace by intercept", "不同截距下的速度")
    page.table([(f"{p['intercept']:.2f}", _rate(page, p["mean"]), _band(page, p)) for p in grid])
    slow, fast = min(grid, key=lambda p: p["mean"]), max(grid, key=lambda p: p["mean"])
    ends, gap = sorted((slow["intercept"], fast["intercept"])), 100 * (fast["mean"] - slow["mean"])
    page.add(page.say(
        f"  {gap:.1f} points between {ends[0]:g} and {ends[1]:g}. The flatter, the less the facts say about the intercept.",
        f"  截距由{ends[0]:g}到{ends[1]:g}，速度相差{gap:.1f}个百分点：越平坦，事实对截距的约束越弱。",
    ))  # fmt: skip
    page.title("Where the facts come from", "事实来源")
    for one in found["facts"]:
        page.add(f"  {one[page.say('en', 'zh')]}{page.say(': ', '：')}{one[page.say('en_how', 'zh_how')]}")
        for source in dict.fromkeys(f["source"] for f in one["facts"]):
            page.add(f"    {source}")
    return "\n".join(page.lines)


def _yearly(share: float, years: float) -> float:
    """The constant yearly rate that moves `share` in `years`."""
    return 1.0 - (1.0 - share) ** (1.0 / years)


def _rate(page: Page, x: float) -> str:
    return f"{100 * x:.1f}" + page.say(" %", "%")


def _band(page: Page, p: Mapping[str, float]) -> str:
    return f"{100 * p['low']:.1f}–" + _rate(page, p["high"])
