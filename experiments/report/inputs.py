"""Every number in use with its value, range and source: the policy's levers, and all else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from experiments import provenance
from experiments.wording import chinese
from scenarios.notes import sourced
from scenarios.scenario import ABSENT, Entry, Scenario, Shares
from scenarios.schema import MARGIN_SHARES, SITE_CLASSES, SITE_NUMBERS
from scenarios.show import FAMILIES, name_of, quantity, range_text, value_text

_WORDS = {
    "shares": {"en": "shares", "zh": "构成"},
    "sites": {"en": "all sites", "zh": "各安置点"},
    "closure": {"en": "villages without school and shop", "zh": "学校、商店撤并的村占比"},
}
_SHARES = {
    "size_shares": {"en": "household size (persons)", "zh": "家庭人口（人）"},
    "age_shares": {"en": "age (years)", "zh": "年龄（岁）"},
    "schooling_shares": {"en": "schooling", "zh": "受教育程度"},
    "income_source_shares": {"en": "income by source", "zh": "收入来源"},
    "village_type_shares": {"en": "types of villages", "zh": "村庄类型"},
}
_PARTS_ZH = {
    "none": "未上学", "primary": "小学", "junior": "初中", "senior": "高中", "college": "大专及以上", "wage": "工资性",
    "business": "经营性", "transfer": "转移性", "property": "财产性", "merging": "搬迁撤并", "suburban": "城郊",
    "growing": "集聚提升", "improving": "整治提升", "heritage": "特色保护", "7+": "7人及以上",
}  # fmt: skip


@dataclass(frozen=True)
class Input:
    """One number for people. `assumed` if nothing but an assumption stands behind it; `drives` is the share of the outcome's
    rank variance that hangs on it, None where the study did not vary it or it does not stand out."""

    name: str
    family: str
    label: str
    value: str
    range: str
    source: str
    assumed: bool
    lever: bool
    varied: bool = False
    drives: float | None = None


def inputs(
    scenario: Scenario, lang: str, *, varied: tuple[str, ...] = (), drives: Mapping[str, float] | None = None
) -> tuple[list[Input], list[Input]]:
    """(levers by family, all else): what was varied by how much hangs on it, then assumptions, then what has a source."""
    drives = drives or {}
    found = [
        *_entries(scenario, lang, frozenset(varied), drives),
        *_shares(scenario, lang),
        *_county_numbers(scenario, lang),
        *_sites(scenario, lang),
        *_closures(scenario, lang),
    ]
    rest = [one for one in found if not one.lever]
    rest.sort(key=lambda one: (not one.varied, -(one.drives or 0.0), not one.assumed))
    return [one for one in found if one.lever], rest


def _entries(
    scenario: Scenario, lang: str, varied: frozenset[str], drives: Mapping[str, float]
) -> Iterator[Input]:
    for entry in scenario.entries():
        if entry.in_use:
            yield _input(
                entry.name, entry.family, name_of(entry, scenario, lang), entry, scenario, lang,
                lever=entry.kind == "lever" and entry.name not in varied, varied=entry.name in varied,
                drives=drives.get(entry.name),
            )  # fmt: skip


def _input(
    name: str, family: str, label: str, entry: Entry, scenario: Scenario, lang: str, *, lever: bool = False,
    varied: bool = False, drives: float | None = None,
) -> Input:  # fmt: skip
    return Input(
        name, FAMILIES[family][lang] if family in FAMILIES else "", chinese(label, lang),
        chinese(value_text(entry, scenario.start, lang), lang), chinese(range_text(entry, lang), lang),
        _source(entry, lang), assumed(entry.source), lever, varied, drives,
    )  # fmt: skip


def assumed(source: str) -> bool:
    """Whether a source is no more than an assumption."""
    return provenance.kind(source) == "assumption"


def _source(entry: Entry, lang: str) -> str:
    """Where it comes from and the note to it; that it is assumed is marked beside it."""
    return sourced(re.sub(r"^assumption\b[; ]*", "", entry.source), entry.note, lang)


def _shares(scenario: Scenario, lang: str) -> Iterator[Input]:
    for name, shares in scenario.shares.items():
        if shares.source != ABSENT:
            yield _share(name, _SHARES[name][lang], name, shares, lang)
    for county in scenario.counties:
        for name, shares in county.shares.items():
            if shares.source != ABSENT:
                label = _owned(getattr(county, lang), _SHARES[name][lang], lang)
                yield _share(f"{county.id}.{name}", label, name, shares, lang)


def _share(name: str, label: str, margin: str, shares: Shares, lang: str) -> Input:
    colon, comma = {"en": (": ", ", "), "zh": ("：", "、")}[lang]
    parts = comma.join(
        f"{_PARTS_ZH.get(part, part) if lang == 'zh' else part}{colon}{quantity(share, 'share', lang)}"
        for part, share in zip(MARGIN_SHARES[margin], shares.value, strict=True)
    )
    entry = Entry(name, 0.0, "share", shares.source, shares.note)
    said = f"{label}{_WORDS['shares'][lang] if lang == 'zh' else ', shares'}"
    return Input(
        name, FAMILIES["population"][lang], said, parts, "", _source(entry, lang), assumed(shares.source), False
    )  # fmt: skip


def _county_numbers(scenario: Scenario, lang: str) -> Iterator[Input]:
    for county in scenario.counties:
        for name, entry in county.values.items():
            if entry.in_use:
                # named after its county, so that it is told apart from the region's
                named = replace(entry, name=f"{county.id}.{name}")
                label = name_of(named, scenario, lang)
                yield _input(f"{county.id}.{name}", "county", label, entry, scenario, lang)


def _sites(scenario: Scenario, lang: str) -> Iterator[Input]:
    """A column of the sites table once for each source, as experiments.provenance counts it."""
    for name, entry in scenario.site_classes.items():
        yield _input(f"sites.{name}", "", getattr(SITE_CLASSES[name], lang), entry, scenario, lang)
    columns: dict[tuple[str, str], list[Entry]] = {}
    for site in scenario.sites:
        for name, entry in site.values.items():
            columns.setdefault((name, entry.source), []).append(entry)
    for (name, source), entries in columns.items():
        values = [float(entry.at(0)) for entry in entries]
        low, high = (quantity(value, entries[0].unit, lang) for value in (min(values), max(values)))
        label = _owned(_WORDS["sites"][lang], getattr(SITE_NUMBERS[name], lang), lang)
        said = low if low == high else f"{low} – {high}"
        yield Input(
            f"site.{name} {source}", "", label, chinese(said, lang), "", _source(entries[0], lang),
            assumed(source), False,
        )  # fmt: skip


def _closures(scenario: Scenario, lang: str) -> Iterator[Input]:
    for closure in scenario.closures:
        label = _owned(getattr(closure, lang), _WORDS["closure"][lang], lang)
        yield _input(f"closure.{closure.id}", "", label, closure.share, scenario, lang)


def _owned(owner: str, what: str, lang: str) -> str:
    return f"{owner}{': ' if lang == 'en' else '：'}{what}"
