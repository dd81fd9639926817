"""A scenario as tables people can read, in Chinese or English."""

from __future__ import annotations

import io
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scenarios.notes import sourced
from scenarios.scenario import Entry, Scenario, date_of
from scenarios.schema import COUNTY_NUMBERS, MARGINS
from simulation.policy import MODE_PARAMETERS, PARAMETERS, Parameter

KINDS = {
    "lever": {"en": "levers", "zh": "政策杠杆"},
    "uncertainty": {"en": "uncertainties", "zh": "不确定因素"},
    "constant": {"en": "constants", "zh": "常量"},
}
FAMILIES = {
    "subsidy": {"en": "Subsidy", "zh": "补助"},
    "housing": {"en": "Housing", "zh": "住房"},
    "loan": {"en": "Loan", "zh": "贷款"},
    "work": {"en": "Work", "zh": "就业"},
    "services": {"en": "Services and hukou", "zh": "公共服务与户籍"},
    "land": {"en": "Land", "zh": "土地"},
    "targeting": {"en": "Targeting", "zh": "对象与次序"},
    "budget": {"en": "Budget", "zh": "资金"},
    "urban": {"en": "Urban accounts", "zh": "城镇化核算"},
    "push": {"en": "Push", "zh": "行政推动"},
    "choice": {"en": "Choice", "zh": "选择"},
    "stay": {"en": "Stay or return", "zh": "稳定与回流"},
    "pool": {"en": "Pool", "zh": "搬迁对象"},
    "income": {"en": "Income", "zh": "收入"},
    "mode": {"en": "Destination modes", "zh": "安置方式"},
    "population": {"en": "Population", "zh": "人口"},
    "county": {"en": "Counties", "zh": "县（市、区）"},
}
_WORDS = {
    "parameter": {"en": "parameter", "zh": "参数"},
    "what": {"en": "what it is", "zh": "含义"},
    "value": {"en": "value", "zh": "取值"},
    "base": {"en": "there", "zh": "对照取值"},
    "range": {"en": "range", "zh": "范围"},
    "source": {"en": "source", "zh": "来源"},
    "target": {"en": "Target", "zh": "目标"},
    "period": {"en": "Period", "zh": "时期"},
    "counties": {"en": "Counties", "zh": "县（市、区）"},
    "modes": {"en": "Modes", "zh": "安置方式"},
    "sites": {"en": "sites", "zh": "个安置点"},
    "not modelled": {"en": "Not modelled", "zh": "未纳入模型"},
    "files": {"en": "Files", "zh": "文件"},
    "none": {"en": "none", "zh": "无"},
    "not in use": {"en": "not in use", "zh": "未采用"},
    "log": {"en": "log", "zh": "对数"},
    "from": {"en": "from", "zh": "自"},
}
_UNITS_ZH = {
    "yuan": "元", "person": "人", "persons": "人", "household": "户", "households": "户", "m2": "平方米", "mu": "亩",
    "year": "年", "years": "年", "month": "月", "months": "个月", "jobs": "个岗位", "places": "个名额", "km": "公里",
    "homes": "套", "houses": "幢", "units": "套", "yr": "年", "pp": "个百分点", "sites": "个点", "workshops": "家",
    "villages": "个村", "movers": "人", "decade": "十年", "year of schooling": "每年教育",
}  # fmt: skip
_BARE = ("ratio", "utility", "log", "log-odds", "index", "elasticity", "rank", "code")


def word(key: str, lang: str) -> str:
    """A word of the tables."""
    return _WORDS[key][lang]


def name_of(entry: Entry, scenario: Scenario, lang: str) -> str:
    """What a number is called; a mode's number with the mode before it."""
    owner, _, leaf = entry.name.rpartition(".")
    known: Mapping[str, Parameter] = PARAMETERS | COUNTY_NUMBERS | MARGINS
    owners = [one for one in (*scenario.modes, *scenario.counties) if one.id == owner]
    parameter = MODE_PARAMETERS[leaf] if owner and leaf in MODE_PARAMETERS else known[leaf]
    said = getattr(parameter, lang)
    return f"{getattr(owners[0], lang)}{': ' if lang == 'en' else '：'}{said}" if owners else said


def value_text(entry: Entry, start: str, lang: str) -> str:
    """A number and its unit; a dated one step by step."""
    if isinstance(entry.value, int | float):
        return quantity(entry.value, entry.unit, lang)
    steps = [
        f"{quantity(value, entry.unit, lang)} ({word('from', lang)} {date_of(month, start)})"
        for month, value in entry.value
    ]
    return "; ".join(steps)


def range_text(entry: Entry, lang: str) -> str:
    """A range, with its scale if that is a log scale."""
    if entry.range is None:
        return ""
    scale, unit = _scale(max(entry.range), entry.unit, lang)
    low, high = (f"{v / scale:,.6f}".rstrip("0").rstrip(".") for v in entry.range)
    span = f"{low} – {high}{unit}"
    return f"{span} ({word('log', lang)})" if entry.scale == "log" else span


def unit_name(unit: str, lang: str) -> str:
    """What a unit is called, part by part; one that is not known as it is."""
    return unit if lang == "en" else "/".join(_UNITS_ZH.get(part, part) for part in unit.split("/"))


def quantity(value: float, unit: str, lang: str) -> str:
    """A number with its unit: shares in per cent, large sums in millions or 亿, thousands parted."""
    if unit == "flag":
        return {"en": ("off", "on"), "zh": ("否", "是")}[lang][int(value)]
    scale, said = _scale(value, unit, lang)
    return f"{value / scale:,.6f}".rstrip("0").rstrip(".") + said


def source_text(entry: Entry, lang: str) -> str:
    """Where a number comes from, and the note to it."""
    return sourced(entry.source, entry.note, lang)


def _scale(value: float, unit: str, lang: str) -> tuple[float, str]:
    """What a number is divided by to be read, and what is written behind it."""
    if unit in _BARE:
        return 1.0, ""
    top, *rest = unit.split("/")
    below = "".join(f"/{_UNITS_ZH.get(part, part) if lang == 'zh' else part}" for part in rest)
    if top in ("share", "1"):
        return 0.01, {"en": " %", "zh": "%"}[lang] + below
    if top in _BARE:
        return 1.0, f" {below}" if below else ""
    scale, large = 1.0, " "
    if top == "yuan" and abs(value) >= 1e6:
        scale, large = {"en": (1e6, " million "), "zh": (1e8, " 亿")}[lang]
    return scale, large + (_UNITS_ZH[top] if lang == "zh" else top) + below


def text(
    scenario: Scenario, lang: str, base: Scenario | None = None, width: int = 120, *, whole: bool = False
) -> str:
    """The scenario as tables; with `base`, what differs from it, and all numbers after that if `whole`."""
    out = Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)
    _head(out, scenario, lang)
    if base is not None:
        _difference(out, scenario, base, lang)
    if base is None or whole:
        _numbers(out, scenario, lang)
    assert isinstance(out.file, io.StringIO)
    return "\n".join(line.rstrip() for line in out.file.getvalue().splitlines())


def differences(scenario: Scenario, base: Scenario) -> list[tuple[Entry | None, Entry | None]]:
    """Numbers that differ: (in the scenario, in the base)."""
    ours = {entry.name: entry for entry in scenario.entries()}
    theirs = {entry.name: entry for entry in base.entries()}
    changed = []
    for name in dict.fromkeys([*ours, *theirs]):
        mine, other = ours.get(name), theirs.get(name)
        if mine is None or other is None or (mine.value, mine.range) != (other.value, other.range):
            changed.append((mine, other))
    return changed


def differences_json(scenario: Scenario, base: Scenario) -> list[dict[str, object]]:
    """The same as plain data, values in base units; None where a number is not there at all."""
    return [
        {
            "name": (mine or other).name,  # type: ignore[union-attr]
            "unit": (mine or other).unit,  # type: ignore[union-attr]
            "value": mine and mine.value,
            "base": other and other.value,
            "range": mine and mine.range,
            "source": mine and mine.source,
        }
        for mine, other in differences(scenario, base)
    ]


def _head(out: Console, scenario: Scenario, lang: str) -> None:
    header = scenario.header
    description = header["description"]
    assert isinstance(description, Mapping)
    out.print(Text(f"{scenario.title[lang]}  [{scenario.name}]", style="bold"))
    out.print(Text(str(description[lang])))
    end = date_of(scenario.window - 1, scenario.start)
    last = date_of(scenario.months - 1, scenario.start)
    comma = {"en": ", ", "zh": "、"}[lang]
    names = comma.join(getattr(county, lang) for county in scenario.counties)
    modes = comma.join(getattr(mode, lang) for mode in scenario.modes)
    rows = [
        (word("period", lang), f"{scenario.start} – {end} (– {last})"),
        *((word("target", lang), getattr(target, lang)) for target in scenario.targets),
        (word("counties", lang), names),
        (word("modes", lang), f"{modes}; {len(scenario.sites)} {word('sites', lang)}"),
        (word("files", lang), " < ".join(scenario.files)),
    ]
    table = Table.grid(padding=(0, 2))
    for key, value in rows:
        table.add_row(Text(key), Text(value, overflow="fold"))
    out.print(table)
    left_out = header["not_modelled"]
    assert isinstance(left_out, list)
    if left_out:
        out.print(Text(word("not modelled", lang)))
        for line in left_out:
            bullet = Table.grid(padding=0)
            bullet.add_row(Text("  - "), Text(line[lang], overflow="fold"))
            out.print(bullet)


def _numbers(out: Console, scenario: Scenario, lang: str) -> None:
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in filter(lambda e: e.in_use, scenario.entries()):
        family = entry.name.split(".")[0] if entry.family == "mode" else entry.family
        groups.setdefault(("mode" if entry.family == "mode" else entry.kind, family), []).append(entry)
    modes = {mode.id: getattr(mode, lang) for mode in scenario.modes}
    for (kind, family), entries in groups.items():
        suffix = f": {modes[family]}" if kind == "mode" else f" ({KINDS[kind][lang]})"
        title = FAMILIES["mode" if kind == "mode" else family][lang] + suffix
        table = _table(title, ("parameter", "what", "value", "range", "source"), lang)
        for entry in entries:
            said = getattr((MODE_PARAMETERS | MARGINS | PARAMETERS)[entry.name.rpartition(".")[2]], lang)
            value = value_text(entry, scenario.start, lang)
            table.add_row(
                *map(Text, (entry.name, said, value, range_text(entry, lang), source_text(entry, lang)))
            )
        out.print()
        out.print(table)


def _difference(out: Console, scenario: Scenario, base: Scenario, lang: str) -> None:
    title = {"en": f"Differences from {base.name}", "zh": f"与 {base.name} 的差异"}[lang]
    found = differences(scenario, base)
    out.print()
    if not found:
        out.print(Text(f"{title}: {word('none', lang)}"))
        return
    table = _table(title, ("parameter", "what", "value", "base", "source"), lang)
    none = word("none", lang)
    for mine, other in found:
        entry = mine or other
        assert entry is not None
        owner = scenario if mine else base
        table.add_row(
            *map(
                Text,
                (
                    entry.name,
                    name_of(entry, owner, lang),
                    _said(mine, scenario.start, lang) if mine else none,
                    _said(other, base.start, lang) if other else none,
                    source_text(entry, lang),
                ),
            )
        )
    out.print(table)


def _said(entry: Entry, start: str, lang: str) -> str:
    """The value, or that no file speaks of it."""
    return value_text(entry, start, lang) if entry.in_use else word("not in use", lang)


def _table(title: str, columns: tuple[str, ...], lang: str) -> Table:
    table = Table(title=title, title_justify="left", expand=True, box=None, pad_edge=False)
    ratios = {"what": 3, "value": 3, "range": 3, "base": 3, "source": 5}
    for column in columns:
        fixed = column == "parameter"
        table.add_column(
            Text(word(column, lang)), ratio=None if fixed else ratios[column], no_wrap=fixed, overflow="fold"
        )
    return table
