"""How well synthetic households fit the published margins, and what follows from the margins that none of them states."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from simulation.households import Population, Villages
from simulation.population import fit, population_hash

if TYPE_CHECKING:
    from scenarios.scenario import Scenario

TOLERANCE = 0.005  # of the target, beyond what one household more or less can change

# English, Chinese, and how numbers are shown.
_MARGINS = {
    "pool_share": ("share of the pool's persons", "占搬迁对象人口比例", ".3f"),
    "villages": ("villages", "迁出村", ".0f"),
    "mean_household_size": ("household size", "户均人口", ".2f"),
    "size_shares": ("households of size", "户规模", ".3f"),
    "age_shares": ("members aged", "成员年龄", ".3f"),
    "heads": ("heads aged (derived)", "户主年龄(推算)", ".3f"),
    "schooling_shares": ("heads' schooling", "户主文化程度", ".3f"),
    "labour_share": ("labour over members", "劳动力占比", ".3f"),
    "absent_share": ("of labour, away", "外出劳动力占比", ".3f"),
    "local_job_share": ("of labour at home, with a wage job", "在家劳动力务工比例", ".3f"),
    "income_yuan_per_person": ("income, yuan a head", "人均收入(元)", ",.0f"),
    "income_source_shares": ("income source", "收入来源", ".3f"),
    "remittance_of_transfer": ("remittances over transfers", "转移性收入中汇款占比", ".3f"),
    "income_sd_log": ("sd of log income", "收入对数标准差", ".3f"),
    "low_income_share": ("low-income households", "低收入农户占比", ".3f"),
    "low_income_ratio": ("their income over the mean", "低收入农户相对收入", ".3f"),
    "hardship_share": ("special hardship", "特困户占比", ".3f"),
    "hazard_share": ("on a geohazard site", "地质灾害户占比", ".3f"),
    "savings_to_income": ("savings over income", "储蓄与年收入之比", ".3f"),
    "savings_sd_log": ("sd of log savings", "储蓄对数标准差", ".3f"),
    "land_mu_per_person": ("land, mu a head", "人均承包地(亩)", ".2f"),
    "house_m2_per_person": ("old house, m2 a head", "人均老宅(平方米)", ".1f"),
    "homestead_m2": ("homestead, m2", "户均宅基地(平方米)", ".0f"),
    "distance_km": ("km to the county town", "距县城(公里)", ".1f"),
    "township_km": ("km to the township", "距乡镇(公里)", ".1f"),
    "school_km": ("km to school", "距小学(公里)", ".1f"),
    "village_size_sd_log": ("sd of log village size", "村庄规模离散度", ".3f"),
}  # fmt: skip
_PARTS = {
    "none": "未上学", "primary": "小学", "junior": "初中", "senior": "高中", "college": "大专及以上",
    "wage": "工资性", "business": "经营性", "transfer": "转移性", "property": "财产性",
}  # fmt: skip
_IMPLIED = {
    "local_job_yuan": ("pay of a wage job near home, yuan a year", "本地务工年收入(元)", ",.0f"),
    "remittance_yuan": ("sent by a member who is away, yuan a year", "外出成员年汇款(元)", ",.0f"),
    "income_yuan_median": ("median income a head, yuan", "人均收入中位数(元)", ",.0f"),
    "income_gini": ("Gini of income a head", "人均收入基尼系数", ".3f"),
    "savings_yuan_p10": ("savings of a household, yuan: a tenth have less than", "户储蓄(元):十分位", ",.0f"),
    "savings_yuan_median": ("half have less than", "中位数", ",.0f"),
    "savings_yuan_p90": ("nine tenths have less than", "九十分位", ",.0f"),
    "elderly_alone_share": ("households of one person of 60 or over", "独居老人户占比", ".3f"),
    "elderly_alone_share_near": ("in the nearest third of villages", "其中近村", ".3f"),
    "elderly_alone_share_far": ("in the farthest third", "其中远村", ".3f"),
    "nobody_working_share": ("households without labour", "无劳动力户占比", ".3f"),
    "away_share": ("households with all labour away", "劳动力全部外出户占比", ".3f"),
    "village_households_p10": ("households a village: a tenth have at most", "每村户数:十分位", ".0f"),
    "village_households_median": ("half at most", "中位数", ".0f"),
    "village_households_p90": ("nine tenths at most", "九十分位", ".0f"),
    "village_households_max": ("the largest", "最大", ".0f"),
}  # fmt: skip


def report(scenario: Scenario) -> dict[str, Any]:
    """Size and hash of a scenario's households, how every margin of every county is met, and what follows from the margins.

    Plain values, ready for JSON. Raises InputError.
    """
    from scenarios import assemble

    inputs = assemble.inputs(scenario)
    population, villages = inputs.population, inputs.institutions.villages
    pool = population.earlier == 0
    return {
        "scenario": scenario.name,
        "households": int(pool.sum()),
        "persons": int(population.members[pool].sum(dtype=np.int64)),
        "earlier_households": int((~pool).sum()),
        "villages": len(villages.county),
        "population_hash": population_hash(population, villages),
        "counties": {county.id: {"en": county.en, "zh": county.zh} for county in scenario.counties},
        "implied": implied(population, villages),
        "margins": [
            {
                "margin": row.margin, "county": row.county, "target": row.target, "achieved": row.achieved,
                "relative_error": row.relative_error, "beyond_rounding": row.beyond_rounding,
            }
            for row in fit(assemble.margins(scenario), population, villages)
        ],
    }  # fmt: skip


def implied(population: Population, villages: Villages) -> dict[str, float]:
    """What the pool looks like where no margin says so, to be checked by eye; money in yuan."""
    pool = population.earlier == 0
    p = Population(*(column[pool] for column in population))
    income = (p.wage + p.business + p.remittance + p.transfer + p.property).astype(float)
    a_head = income / p.members
    order = np.argsort(a_head)
    persons = np.cumsum(p.members[order], dtype=float)
    below = np.cumsum(income[order])
    gini = 1.0 - np.sum(p.members[order] * (2.0 * below - income[order])) / (persons[-1] * below[-1])
    alone = (p.members == 1) & (p.elderly == 1)
    near, far = np.quantile(villages.distance_km, (1 / 3, 2 / 3))
    distance = villages.distance_km[p.village]
    sizes = np.bincount(p.village)
    savings, size = (
        np.quantile(p.savings, (0.1, 0.5, 0.9)),
        np.quantile(sizes[sizes > 0], (0.1, 0.5, 0.9, 1.0)),
    )
    labour = p.workers + p.absent
    return {
        "local_job_yuan": _ratio(p.wage, p.local_jobs),
        "remittance_yuan": _ratio(p.remittance, p.absent),
        "income_yuan_median": float(np.median(a_head)),
        "income_gini": float(gini),
        **{f"savings_yuan_{k}": float(x) for k, x in zip(("p10", "median", "p90"), savings, strict=True)},
        "elderly_alone_share": float(alone.mean()),
        "elderly_alone_share_near": _ratio(alone & (distance <= near), distance <= near),
        "elderly_alone_share_far": _ratio(alone & (distance > far), distance > far),
        "nobody_working_share": float(np.mean(labour == 0)),
        "away_share": float(np.mean((labour > 0) & (p.workers == 0))),
        **{
            f"village_households_{k}": float(x)
            for k, x in zip(("p10", "median", "p90", "max"), size, strict=True)
        },
    }


def _ratio(part: np.ndarray, whole: np.ndarray) -> float:
    return float(part.sum(dtype=float) / max(whole.sum(dtype=float), 1.0))


def text(found: Mapping[str, Any], lang: str, *, width: int = 100) -> str:
    """The report for people, in Chinese (`zh`) or English (`en`): each margin in the county where it is met worst."""
    zh = lang == "zh"
    worst: dict[str, Mapping[str, Any]] = {}
    for row in found["margins"]:
        known = worst.get(row["margin"])
        if known is None or _badness(row) > _badness(known):
            worst[row["margin"]] = row
    margins = _table(("指标", "偏差最大的县", "目标", "合成", "相对误差") if zh else
                     ("Margin", "Worst county", "Target", "Achieved", "Error"))  # fmt: skip
    for row in worst.values():
        shown = _MARGINS[row["margin"].split()[0]][2]
        margins.add_row(
            _name(row["margin"], zh), _county(found, row, lang), f"{row['target']:{shown}}", f"{row['achieved']:{shown}}",
            _percent(row["relative_error"], zh),
        )  # fmt: skip
    others = _table(("由此得出", "", "数值") if zh else ("Implied", "", "Value"))
    for name, value in found.get("implied", {}).items():
        english, chinese, shown = _IMPLIED[name]
        others.add_row(chinese if zh else english, "", f"{value:{shown}}")
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, highlight=False, legacy_windows=False)
    console.print(_size(found, zh), margins, _verdict(found, list(worst.values()), lang), others, sep="\n")
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _table(heads: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for i, head in enumerate(heads):
        table.add_column(head, justify="left" if i < 2 else "right")
    return table


def _badness(row: Mapping[str, Any]) -> tuple[float, float]:
    return row["beyond_rounding"], abs(row["relative_error"])


def _size(found: Mapping[str, Any], zh: bool) -> str:
    words = (
        "{scenario}: {villages:,}个迁出村，待搬迁{households:,}户{persons:,}人，此前已搬迁{earlier_households:,}户"
        if zh
        else "{scenario}: {villages:,} villages, {households:,} households of {persons:,} persons in the pool, "
        "{earlier_households:,} households moved earlier"
    )
    return words.format(**found) + f"  SHA-256 {found['population_hash'][:16]}"


def _name(margin: str, zh: bool) -> str:
    name, _, part = margin.partition(" ")
    english, chinese, _ = _MARGINS[name]
    return f"{chinese} {_PARTS.get(part, part)}".strip() if zh else f"{english} {part}".strip()


def _county(found: Mapping[str, Any], row: Mapping[str, Any], lang: str) -> str:
    return str(found["counties"][row["county"]][lang])


def _percent(x: float, zh: bool) -> str:
    return f"{round(100 * x, 2) + 0.0:+.2f}{'%' if zh else ' %'}"  # + 0.0: no -0.00


def _verdict(found: Mapping[str, Any], worst: Sequence[Mapping[str, Any]], lang: str) -> str:
    zh = lang == "zh"
    missed = sum(row["beyond_rounding"] > TOLERANCE for row in worst)
    last = max(worst, key=_badness)
    name, county, error = (
        _name(last["margin"], zh),
        _county(found, last, lang),
        _percent(last["relative_error"], zh),
    )
    if zh:
        return f"{len(worst)}项指标，{missed}项误差超过{TOLERANCE:.1%}（一户取整除外）；偏差最大：{county} {name} {error}。"
    return (
        f"{len(worst)} margins; {missed} missed by more than {100 * TOLERANCE:g} % beyond the rounding of one household; "
        f"worst: {name} in {county}, {error}."
    )
