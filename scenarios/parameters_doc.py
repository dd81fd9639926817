"""docs/parameters.md and docs/parameters.zh.md, written from the parameters and their values in Lishui.

Run `python -m scenarios.parameters_doc` after a change; a test fails while the documents are stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from scenarios.notes import sourced
from scenarios.reader import load
from scenarios.scenario import ABSENT, Entry, Scenario
from scenarios.schema import COUNTY_NUMBERS, MARGIN_SHARES, MARGINS
from scenarios.show import FAMILIES, KINDS, quantity, range_text, source_text, value_text
from simulation.policy import MODE_PARAMETERS, PARAMETERS, Parameter

FILES = {"en": "parameters.md", "zh": "parameters.zh.md"}

_WORDS = {
    "title": {"en": "Parameters", "zh": "参数"},
    "intro": {
        "en": (
            "Every number of a run: what it is, its unit and legal values, and its value in Lishui with the source. "
            "`assumption` marks a number that no document or statistic gives. A lever is what a government sets, an "
            "uncertainty what nobody knows, a constant is held fixed. An uncertainty with a range is varied in every "
            "study; a lever's range is the span of sweeps. A dash: Lishui has no such instrument; other programmes do "
            "(`docs/coverage.md`). This page is generated from the scenario files."
        ),
        "zh": (
            "一次模拟所用的全部数值：含义、单位与取值界限，以及丽水的取值和来源。“假设”表示文件和统计中均无该数。"
            "政策杠杆由政府设定，不确定因素无人确知，常量保持不变。带范围的不确定因素在每次研究中都会变动；"
            "政策杠杆的范围是扫描的跨度。“–”表示丽水没有该项政策，其他方案有（见 `docs/coverage.zh.md`）。"
            "本页由情景文件生成。"
        ),
    },
    "parameter": {"en": "Parameter", "zh": "参数"},
    "what": {"en": "What it is", "zh": "含义"},
    "unit": {"en": "Unit", "zh": "单位"},
    "legal": {"en": "Legal", "zh": "界限"},
    "range": {"en": "Range", "zh": "范围"},
    "source": {"en": "Source", "zh": "来源"},
    "rules": {"en": "2023", "zh": "2023年"},
    "plan": {"en": "Plan", "zh": "方案"},
    "value": {"en": "Value", "zh": "取值"},
    "counties": {"en": "By county", "zh": "分县数值"},
    "shares": {"en": "Shares", "zh": "构成"},
    "or more": {"en": "or more", "zh": "以上"},
}


def document(lang: str) -> str:
    """The page in one language."""
    plan, before = load("lishui"), load("lishui/status-quo")
    page = [f"# {_WORDS['title'][lang]}", "", _WORDS["intro"][lang]]
    for kind in KINDS:
        for family in dict.fromkeys(p.family for p in PARAMETERS.values() if p.kind == kind):
            page += ["", f"## {FAMILIES[family][lang]} ({KINDS[kind][lang]})", ""]
            rows = [p for p in PARAMETERS.values() if (p.kind, p.family) == (kind, family)]
            page += _parameters(rows, plan, before, lang)
    page += ["", f"## {FAMILIES['mode'][lang]}", "", *_modes(plan, lang)]
    page += ["", f"## {FAMILIES['population'][lang]}", "", *_margins(plan, lang)]
    page += ["", f"## {_WORDS['counties'][lang]}", "", *_counties(plan, lang)]
    return "\n".join(page) + "\n"


def write(folder: Path) -> None:
    """Both pages into `folder`."""
    for lang, name in FILES.items():
        (folder / name).write_text(document(lang), encoding="utf-8", newline="\n")


def _parameters(rows: list[Parameter], plan: Scenario, before: Scenario, lang: str) -> list[str]:
    lever = rows[0].kind == "lever"
    columns = [
        "parameter",
        "what",
        "unit",
        "legal",
        *(["rules", "plan"] if lever else ["value"]),
        "range",
        "source",
    ]
    lines = []
    for p in rows:
        entry = plan.values[p.name]
        values = [_value(entry, plan, lang)]
        if lever:
            values.insert(0, _value(before.values[p.name], before, lang))
        name = f"`{p.name}`" + (f" ({p.symbol})" if p.symbol else "")
        lines.append(
            [
                name,
                getattr(p, lang),
                p.unit,
                _legal(p, lang),
                *values,
                range_text(entry, lang),
                _source(entry, lang),
            ]
        )
    return _table(columns, lines, lang)


def _modes(plan: Scenario, lang: str) -> list[str]:
    heads = [getattr(mode, lang) for mode in plan.modes]
    lines = []
    for p in MODE_PARAMETERS.values():
        values = [_value(mode.values[p.name], plan, lang) for mode in plan.modes]
        lines.append([f"`{p.name}`", getattr(p, lang), p.unit, *values])
    table = _table(["parameter", "what", "unit", *heads], lines, lang)
    notes = []
    for mode in plan.modes:
        notes += ["", f"### {getattr(mode, lang)} (`{mode.id}`)", ""]
        notes += _table(
            ["parameter", "value", "range", "source"],
            [
                [f"`{name}`", *_entry(entry, plan, lang)]
                for name, entry in mode.values.items()
                if entry.in_use
            ],
            lang,
        )
    return table + notes


def _margins(plan: Scenario, lang: str) -> list[str]:
    lines = [
        [f"`{name}`", getattr(MARGINS[name], lang), MARGINS[name].unit, *_entry(entry, plan, lang)]
        for name, entry in plan.population.items()
    ]
    for name, shares in plan.shares.items():
        if shares.source == ABSENT:
            continue
        parts = ", ".join(
            f"{label}: {quantity(share, 'share', lang)}"
            for label, share in zip(MARGIN_SHARES[name], shares.value, strict=True)
        )
        source = sourced(shares.source, shares.note, lang)
        lines.append([f"`{name}`", _WORDS["shares"][lang], "share", parts, "", source])
    return _table(["parameter", "what", "unit", "value", "range", "source"], lines, lang)


def _counties(plan: Scenario, lang: str) -> list[str]:
    lines = []
    for county in plan.counties:
        for name, entry in county.values.items():
            if not entry.in_use:
                continue
            said = getattr((COUNTY_NUMBERS | MARGINS)[name], lang)
            value, _, source = _entry(entry, plan, lang)
            lines.append([getattr(county, lang), f"`{name}`", said, value, source])
    return _table([FAMILIES["county"][lang], "parameter", "what", "value", "source"], lines, lang)


def _entry(entry: Entry, plan: Scenario, lang: str) -> list[str]:
    return [_value(entry, plan, lang), range_text(entry, lang), _source(entry, lang)]


def _value(entry: Entry, of: Scenario, lang: str) -> str:
    return value_text(entry, of.start, lang) if entry.in_use else "–"


def _source(entry: Entry, lang: str) -> str:
    return source_text(entry, lang) if entry.in_use else ""


def _legal(p: Parameter, lang: str) -> str:
    if p.unit == "flag":
        return ""
    if p.high == float("inf"):
        return f"{p.low:g} {_WORDS['or more'][lang]}"
    return f"{p.low:g} – {p.high:g}"


def _table(columns: list[str], lines: list[list[str]], lang: str) -> list[str]:
    heads = [_WORDS.get(column, {}).get(lang, column) for column in columns]
    rows = [heads, ["---"] * len(heads), *lines]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
