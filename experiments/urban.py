"""Urban accounts: who lives in towns, what adds to them year by year, and what of it a lever moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.scenario import date_of
from simulation.outcomes import AREAS, COMPONENTS
from simulation.outcomes import URBAN_INCOME as INCOME

if TYPE_CHECKING:
    from experiments.outcome import Spread
    from experiments.wording import Page
    from scenarios.scenario import Target

FLOWS = COMPONENTS[1:]
PARTS = INCOME[3:]
TOWNS = [AREAS.index("core"), AREAS.index("town")]
# Net in-migration follows new urban jobs, which are a lever, and arrivals that no lever moves: the accounts hold the sum.
PARTLY = ("migration",)
LEVERS = ("moves", "school", "jobs", "students", "graduates", "returners")
YEAR = 12

WORDS = {
    "core": ("core city", "中心城区"), "town": ("other towns", "其他城镇"), "rural": ("villages", "乡村"),
    "natural": ("births less deaths", "自然增长"), "moves": ("own households' moves", "本地农户搬迁"),
    "school": ("moves for school", "进城就学及随迁"), "jobs": ("moves for town jobs", "转移就业"),
    "migration": ("net in-migration", "净迁入"), "students": ("students", "在校生"),
    "graduates": ("graduates who stay", "毕业生留存"), "reclassified": ("reclassified villages", "村改居"),
    "returners": ("return to start a business", "返乡创业"),
    "by_growth": ("growth of incomes", "收入增长"), "by_policy": ("policy", "政策"),
    "by_composition": ("who lives where", "人口构成"),
}  # fmt: skip


@dataclass(frozen=True)
class Urban:
    """Residents at the start and each December (or the last month), and the flows between, persons."""

    window_end: str
    residents: dict[str, dict[str, Spread]]  # "start" or year, by area
    share: dict[str, Spread]  # of residents who live in towns, the same dates
    components: dict[str, dict[str, Spread]]  # by year: what each component adds to the towns
    totals: dict[str, dict[str, Spread]]  # by component and area, start to the end of the window
    by_levers: Spread  # of the urban total, the components a lever moves
    by_others: Spread
    ratio: dict[str, Spread]  # urban over rural income, at the same dates
    incomes: dict[str, Spread]  # INCOME at the end of the window


def kept(study: Any) -> bool:
    """Whether the scenario keeps urban accounts."""
    return bool(np.any(study.urban))


def stocks(study: Any) -> np.ndarray:
    """Residents at the start and at the end of each month, (runs, months + 1, AREAS)."""
    residents, flows = study.urban[..., 0], study.urban[..., 1:]
    start = residents[:, :1] - flows[:, :1].sum(axis=-1)
    return np.concatenate([start, residents], axis=1)


def share(residents: np.ndarray) -> np.ndarray:
    """Urban share of residents whose last axis is AREAS; NaN where nobody lives."""
    everybody = residents.sum(axis=-1)
    towns = residents[..., TOWNS].sum(axis=-1)
    return np.divide(towns, everybody, out=np.full(everybody.shape, np.nan), where=everybody > 0)


def series(study: Any, metric: str) -> np.ndarray:
    """A metric at the end of every month, (runs, months); gains over 12 months, or since the start if that is less."""
    if not kept(study):
        return np.full((len(study.runs), study.months), np.nan)
    if metric == "income_ratio":
        found = study.urban_income[..., INCOME.index("ratio")]
        return np.where(found > 0, found, np.nan)
    residents = stocks(study)
    if metric == "core_residents":
        return residents[:, 1:, AREAS.index("core")]
    level = share(residents) if metric.startswith("urban_share") else residents[..., TOWNS].sum(axis=-1)
    if metric in ("urban_share", "urban_residents"):
        return level[:, 1:]
    before = np.maximum(np.arange(1, study.months + 1) - YEAR, 0)
    return level[:, 1:] - level[:, before]


def shortfall(study: Any, target: Target) -> dict[str, float]:
    """What a missed target would take beyond the median: persons a year from the start on, or a rise of incomes."""
    residents, years = stocks(study)[:, target.month + 1], (target.month + 1) / YEAR
    found, middle = series(study, target.metric)[:, target.month], np.median
    if target.metric == "income_ratio":
        return {"rural_income_rise": float(middle(found)) / target.value - 1.0}
    gap = target.value - float(middle(found))
    everybody, towns = residents.sum(axis=1), residents[:, TOWNS].sum(axis=1)
    if target.metric == "urban_share":
        lacking = float(middle(target.value * everybody - towns))
        return {
            "villagers_per_year": lacking / years,
            "newcomers_per_year": lacking / (1.0 - target.value) / years if target.value < 1.0 else np.inf,
        }
    if target.metric == "urban_share_gain":
        return {"villagers_in_the_year": gap * float(middle(everybody))}
    if target.metric == "urban_residents_added":
        return {"residents_in_the_year": gap}
    return {"residents_per_year": gap / years}


def judge(study: Any) -> Urban | None:
    """All the accounts say, or None where none are kept."""
    from experiments.outcome import spread

    if not kept(study):
        return None
    residents, flows = stocks(study), study.urban[..., 1:]
    window = study.scenario.window
    ends = {"start": 0} | {label: last + 1 for label, _, last in calendar(study)}
    totals = flows[:, :window].sum(axis=1)  # (runs, AREAS, FLOWS)
    towns = totals[:, TOWNS].sum(axis=1)
    moved = [FLOWS.index(name) for name in LEVERS]
    ratios, last = study.urban_income, study.urban_income[:, window - 1]
    start = last[:, INCOME.index("ratio")] - last[:, [INCOME.index(part) for part in PARTS]].sum(axis=1)
    by_date = {
        label: start if not t else ratios[:, t - 1, INCOME.index("ratio")] for label, t in ends.items()
    }
    return Urban(
        window_end=date_of(window - 1, study.scenario.start),
        residents={
            label: {area: spread(residents[:, t, a]) for a, area in enumerate(AREAS)}
            for label, t in ends.items()
        },
        share={label: spread(share(residents[:, t])) for label, t in ends.items()},
        components={
            label: {
                name: spread(flows[:, first : last + 1, TOWNS, k].sum(axis=(1, 2)))
                for k, name in enumerate(FLOWS)
            }
            for label, first, last in calendar(study)
        },
        totals={
            name: {area: spread(totals[:, a, k]) for a, area in enumerate(AREAS)}
            | {"urban": spread(towns[:, k])}
            for k, name in enumerate(FLOWS)
        },
        by_levers=spread(towns[:, moved].sum(axis=1)),
        by_others=spread(np.delete(towns, moved, axis=1).sum(axis=1)),
        ratio={label: spread(values) for label, values in by_date.items()},
        incomes={name: spread(last[:, k]) for k, name in enumerate(INCOME)},
    )


def calendar(study: Any) -> list[tuple[str, int, int]]:
    """Calendar years as (label, first month, last month); a year cut short says which months."""
    dates = [date_of(t, study.scenario.start) for t in range(study.months)]
    found = []
    for year in sorted({date[:4] for date in dates}):
        months = [t for t, date in enumerate(dates) if date[:4] == year]
        first, last = months[0], months[-1]
        cut = "" if len(months) == YEAR else f" ({int(dates[first][5:])}–{int(dates[last][5:])})"
        found.append((year + cut, first, last))
    return found


def write(page: Page, u: Urban) -> None:
    """The section on urban accounts."""
    name = lambda key: page.name(WORDS[key])  # noqa: E731
    percent = lambda x: f"{100 * x:.1f}" + page.say(" %", "%")  # noqa: E731
    start = page.say("start", "期初")
    label = lambda date: start if date == "start" else date  # noqa: E731
    page.title("Residents by area, end of year", "年末常住人口")
    band = (page.say("5–95 % band", "5–95%区间"),) if page.banded else ()
    page.table([
        ("", *map(name, AREAS), page.say("urban share", "城镇化率"), *band),
        *(
            (label(date), *(page.residents(by[a].median) for a in AREAS), percent(u.share[date].median),
             *((f"{percent(u.share[date].low)} – {percent(u.share[date].high)}",) if page.banded else ()))
            for date, by in u.residents.items()
        ),
    ])  # fmt: skip
    page.title("What adds urban residents, persons a year", "城镇常住人口增减来源（人/年）")
    years = list(u.components)
    shown = [key for key in FLOWS if any(_moves(u.components[year][key]) for year in years)]
    page.table([
        ("", *years),
        *((name(key), *(_signed(page, u.components[year][key].median) for year in years)) for key in shown),
    ])  # fmt: skip
    _levers(page, u, name)
    _ratio(page, u, name, label)


def _levers(page: Page, u: Urban, name) -> None:
    page.title(f"By area, start to {u.window_end}, persons", f"分区域累计（期初至{u.window_end}，人）")
    yes, no = page.say("yes", "可"), page.say("no", "不可")
    part = page.say("in part, by new jobs", "部分，随新增岗位")
    page.table([
        ("", *map(name, AREAS), page.say("urban", "城镇合计"), page.say("a lever moves it", "政策可调")),
        *(
            (name(key), *(_signed(page, by[a].median) for a in (*AREAS, "urban")),
             yes if key in LEVERS else part if key in PARTLY else no)
            for key, by in u.totals.items()
        ),
    ])  # fmt: skip
    rows = [
        (page.say("urban residents, components a lever moves", "城镇人口：政策可调部分"), u.by_levers),
        (page.say("urban residents, the others", "城镇人口：其余部分"), u.by_others),
    ]
    page.table([*page.top(), *((said, *page.band(s, lambda x: _signed(page, x))) for said, s in rows)])
    page.add(page.say(
        "  Medians of each row by itself: they need not add up. Natural growth and reclassified villages are set by no"
        "\n  lever; net in-migration follows new urban jobs in part.",
        "  各行分别取中位数，合计不一定相等。自然增长、村改居不受政策杠杆影响；净迁入仅部分随新增城镇岗位变化。",
    ))  # fmt: skip


def _ratio(page: Page, u: Urban, name, label) -> None:
    two = lambda x: f"{x:.2f}"  # noqa: E731
    page.title("Urban over rural income", "城乡居民收入倍差")
    page.table([*page.top(), *((label(date), *page.band(s, two)) for date, s in u.ratio.items())])
    page.add(page.say(f"  Change to {u.window_end}, of it by", f"  至{u.window_end}的变化，其中"))
    page.table([
        ("  " + name(key), *page.band(u.incomes[key], lambda x: f"{x:+.3f}".replace("-", "−"))) for key in PARTS
    ])  # fmt: skip


def _moves(s: Spread) -> bool:
    return s.low != 0.0 or s.high != 0.0


def _signed(page: Page, x: float) -> str:
    if abs(x) < 0.5:
        return "0"
    return ("+" if x > 0 else "−") + page.count(abs(x))
