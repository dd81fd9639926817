"""docs/coverage.md and docs/coverage.zh.md: every article of the five documents and what it becomes in the scenarios.

`scenarios/articles/DOCUMENT.csv` has a row for each statement of a document: where it stands, a short quote, what it becomes,
what it maps to and the numbers it states. `numbers.csv` counts every number printed in the originals, article by article.
Run `python -m scenarios.coverage_doc` after a change; a test fails while the pages are stale or a number is missing.

A number is one of
    3万人 @ target:moved               the value in force equals it
    10% : value == 1 - x @ NAME        the value is derived from it (x), other parameters may be named
    一年=12 @ NAME                     its size is given where it is written in words
    2016 ~ date                        it is no quantity; ~ not modelled: the row says why
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from scenarios.reader import load
from scenarios.scenario import Entry, Scenario, date_of, month_of
from scenarios.schema import SITE_NUMBERS
from scenarios.show import quantity, value_text, word
from simulation.ledger import FLOW
from simulation.outcomes import GROUPS, INCOMES, INDICATORS, RATIOS
from simulation.policy import PARAMETERS

FILES = {"en": "coverage.md", "zh": "coverage.zh.md"}
DOCUMENTS = {  # the scenario each becomes
    "lishui-plan": "lishui",
    "gansu-opinions": "gansu",
    "precise-relocation": "lishui",
    "jiaojiang-plan": "jiaojiang",
    "yueyang-plan": "yueyang",
}
LAID_OVER = {"precise-relocation": ("precise-relocation",)}
BECOMES = {
    "lever": {"en": "lever", "zh": "政策杠杆"},
    "target": {"en": "target", "zh": "目标"},
    "outcome": {"en": "outcome", "zh": "结果"},
    "uncertainty": {"en": "uncertainty", "zh": "不确定因素"},
    "constant": {"en": "constant", "zh": "常量"},
    "not modelled": {"en": "**not modelled**", "zh": "**未纳入**"},
}
MARKS = {
    "date": {"en": "a date", "zh": "日期"},
    "document": {"en": "a document's number", "zh": "文号"},
    "name": {"en": "part of a name", "zh": "名称"},
    "class": {"en": "bounds the class", "zh": "分档条件"},
    "condition": {"en": "a condition of being paid", "zh": "享受条件"},
    "repeat": {"en": "said before", "zh": "前文已述"},
    "not modelled": {"en": "not modelled", "zh": "未纳入"},
}
_WORDS = {
    "title": {"en": "Coverage of the documents", "zh": "文件条文对照"},
    "intro": {
        "en": (
            "Every article of the five documents Anju was made for, and what it becomes: a lever, a target, an outcome, "
            "an uncertainty or a constant, with the value in force, or *not modelled* and why. Every number a document "
            "prints is here, with the value held against it; in a derivation `x` is the number and `value` that value. "
            "Outcomes are reported for every run. This page is generated from `scenarios/articles`."
        ),
        "zh": (
            "安居所依据的五份文件，逐条说明其成为何物：政策杠杆、目标、结果、不确定因素或常量（附现行取值），"
            "或“未纳入”及其原因。文件中出现的每个数字都列在此处，并与取值核对；推算式中 `x` 为该数字，`value` 为取值。"
            "结果在每次模拟中都会报告。本页由 `scenarios/articles` 生成。"
        ),
    },
    "scenario": {"en": "Scenario", "zh": "情景"},
    "with": {"en": "with package", "zh": "叠加政策包"},
    "counted": {
        "en": "{rows} statements, {out} of them not modelled; {numbers} numbers, {used} of them held against a value.",
        "zh": "{rows}项内容，其中{out}项未纳入；{numbers}个数字，其中{used}个与取值核对。",
    },
    "article": {"en": "Article", "zh": "条文"},
    "quote": {"en": "Quote", "zh": "原文"},
    "en": {"en": "What it says"},
    "becomes": {"en": "Becomes", "zh": "归入"},
    "maps": {"en": "Where, and the value in force", "zh": "对应与现行取值"},
    "numbers": {"en": "Numbers", "zh": "数字"},
    "derived": {"en": "derived", "zh": "推算"},
    "indicator": {"en": "outcome", "zh": "结果"},
    "income": {"en": "income", "zh": "收入"},
    "flow": {"en": "payment", "zh": "资金流"},
    "group": {"en": "group", "zh": "群体"},
    "ratio": {"en": "ratio", "zh": "比率"},
    "site": {"en": "by site", "zh": "分安置点"},
    "period": {"en": "period", "zh": "时期"},
    "preamble": {"en": "preamble", "zh": "前言"},
}
_PREAMBLE = ("0", "0h")
_SCALES = {"万": 1e4, "亿": 1e8, "%": 0.01, "个百分点": 0.01}


class Row(NamedTuple):
    """One statement of a document."""

    article: str
    quote: str
    en: str
    becomes: str
    maps: str
    numbers: str
    why_en: str
    why_zh: str


class Stated(NamedTuple):
    """One number of a row: `text` as printed; `ref` and `rule` if it is held against a value, else `mark`."""

    text: str
    value: float | None
    rule: str
    ref: str
    mark: str


def rows(document: str) -> list[Row]:
    """The statements of one document, in its order."""
    return [Row(**row) for row in _table(f"{document}.csv")]


def printed() -> dict[tuple[str, str], dict[str, int]]:
    """Every number printed in an article of a document, and how many times."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in _table("numbers.csv"):
        found.setdefault((row["document"], row["article"]), {})[row["number"]] = int(row["times"])
    return found


def stated(row: Row) -> Iterator[Stated]:
    """The numbers of a row."""
    for item in filter(None, (part.strip() for part in row.numbers.split(";"))):
        said, _, mark = item.partition(" ~ ")
        said, _, ref = said.partition(" @ ")
        said, _, rule = said.partition(" : ")
        text, _, size = said.partition("=")
        yield Stated(text, float(size) if size else _size(text), rule, ref, mark)


def digits(text: str) -> list[str]:
    """The numbers printed in a text."""
    return re.findall(r"\d+(?:\.\d+)?", text)


def holds(number: Stated, document: str) -> bool:
    """Whether the value in force is the number stated, or derived from it as the row says."""
    value = value_of(number.ref, document)
    if not number.rule:
        return number.value is not None and abs(value - number.value) <= 1e-9 * max(1.0, abs(value))
    names = {"value": value, "x": number.value, "abs": abs}
    names["period_start"] = value_of("period.start", document)
    for name in re.findall(r"[a-z_]{6,}", number.rule):
        if name in PARAMETERS:
            names[name] = scenario_of(document).values[name].at(0)
    return bool(eval(number.rule, {"__builtins__": {}}, names))  # of our own file


@cache
def scenario_of(document: str, name: str = "") -> Scenario:
    """The scenario of a document, or another one named."""
    return load(name) if name else load(DOCUMENTS[document], packages=LAID_OVER.get(document, ()))


def value_of(ref: str, document: str) -> float:
    """The number a reference names, in base units. Raises KeyError if there is none."""
    name, bang, rest = ref.partition("!")
    scenario = scenario_of(document, name if bang else "")
    ref = rest if bang else ref
    ref, _, date = ref.rstrip("]").partition("[")
    kind, colon, what = ref.partition(":")
    if not colon:
        if ref.startswith("period."):
            end = date_of(scenario.window - 1, scenario.start)
            return {"start": int(scenario.start[:4]), "end": int(end[:4]), "window": scenario.window}[ref[7:]]
        return entry_of(ref, scenario).at(month_of(date, scenario.start) if date else 0)
    id, _, field = what.partition(".")
    if kind == "target":
        target = next((t for t in scenario.targets if t.id == id), None)
        if target is None:
            raise KeyError(ref)
        return int(target.date[:4]) if field == "date" else target.value
    if kind == "site":
        return {site.id: site for site in scenario.sites}[id].values[field].at(0)
    if kind == "count":
        return float(len([site for site in scenario.sites if _fits(site.mode, field)]))
    if kind == "len":
        return float(len(scenario.shares[what].value))
    if kind == "pool":
        return _households(scenario)[what]
    assert kind == "sum", ref
    if id in SITE_NUMBERS:
        return sum(site.values[id].at(0) for site in scenario.sites if _fits(site.mode, field))
    return sum(county.values[id].at(0) for county in scenario.counties)


def _households(scenario: Scenario) -> dict[str, float]:
    """Households of the pool by the margins: on the low-income list, and the others."""
    of, pool = scenario.population, scenario.values["pool_persons"].at(0)
    found = {"listed": 0.0, "others": 0.0}
    for county in scenario.counties:
        size, poor, reserve = (
            (county.values.get(name) or of[name]).at(0)
            for name in ("mean_household_size", "low_income_share", "reserve_share")
        )
        households = pool * county.values["pool_share"].at(0) / size
        found["listed"] += households * poor * (1.0 - reserve)
        found["others"] += households * (1.0 - poor)
    return found


def entry_of(name: str, scenario: Scenario) -> Entry:
    """A number of a scenario by the name `--set` knows it by."""
    return {entry.name: entry for entry in scenario.entries()}[name]


def said(ref: str, document: str, lang: str) -> str:
    """What a row maps to: its name, and the value in force. Raises KeyError if there is no such thing."""
    scenario = scenario_of(document)
    kind, colon, what = ref.partition(":")
    if kind == "target":
        target = {t.id: t for t in scenario.targets}[what]
        limit = {True: "≥", False: "≤"}[target.at_least]
        return f"`target {what}`: {limit} {quantity(target.value, target.unit, lang)} ({target.date})"
    if kind == "mode":
        mode = {m.id: m for m in scenario.modes}[what]
        return f"`{what}` {getattr(mode, lang)}"
    if kind in ("sites", "class"):
        known = SITE_NUMBERS if kind == "sites" else scenario.site_classes
        value = "" if kind == "sites" else f": {value_text(known[what], scenario.start, lang)}"  # type: ignore[arg-type]
        if what not in known:
            raise KeyError(ref)
        return f"`sites.{what}`{value}"
    lists = {
        "indicator": INDICATORS, "income": INCOMES, "flow": FLOW, "group": GROUPS, "ratio": RATIOS, "site": INCOMES,
    }  # fmt: skip
    if colon:
        if what not in lists[kind]:
            raise KeyError(ref)
        return f"{_WORDS[kind][lang]} `{what}`"
    if ref == "period":
        end = date_of(scenario.window - 1, scenario.start)
        return f"{_WORDS['period'][lang]} {scenario.start} – {end}"
    if ref in ("villages", "pool_share"):
        counties = [c.values[ref] for c in scenario.counties]
        total = sum(entry.at(0) for entry in counties)
        return f"`{ref}`: {quantity(total, counties[0].unit, lang)}"
    if ref.startswith("population.") and ref[11:] in scenario.shares:
        return f"`{ref}`"
    if ref.startswith("population.") and ref[11:] not in scenario.population:
        own = [county.values[ref[11:]] for county in scenario.counties]
        low, high = (quantity(f(entry.at(0) for entry in own), own[0].unit, lang) for f in (min, max))
        return f"`{ref}`: {low} – {high}"
    entry = entry_of(ref, scenario)
    value = value_text(entry, scenario.start, lang) if entry.in_use else word("not in use", lang)
    return f"`{ref}`: {value}"


def document(lang: str) -> str:
    """The page in one language."""
    page = [f"# {_WORDS['title'][lang]}", "", _WORDS["intro"][lang]]
    for name, scenario in DOCUMENTS.items():
        found = rows(name)
        every = [number for row in found for number in stated(row)]
        package = "".join(f", {_WORDS['with'][lang]} `{p}`" for p in LAID_OVER.get(name, ()))
        count = _WORDS["counted"][lang].format(
            rows=len(found), out=sum(row.becomes == "not modelled" for row in found),
            numbers=len(every), used=sum(bool(number.ref) for number in every),
        )  # fmt: skip
        header = f"{scenario_of(name).header['reference']}"
        page += ["", f"## {name}", "", f"{header}", ""] if not package else ["", f"## {name}", ""]
        page += [f"{_WORDS['scenario'][lang]} `{scenario}`{package}. {count}", ""]
        columns = ["article", "quote", *(["en"] if lang == "en" else []), "becomes", "maps", "numbers"]
        lines = [[_WORDS[column][lang] for column in columns], ["---"] * len(columns)]
        lines += [_line(row, name, lang) for row in found]
        page += ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join(page) + "\n"


def write(folder: Path) -> None:
    """Both pages into `folder`."""
    for lang, name in FILES.items():
        (folder / name).write_text(document(lang), encoding="utf-8", newline="\n")


def _line(row: Row, document: str, lang: str) -> list[str]:
    article = _WORDS["preamble"][lang] if row.article in _PREAMBLE else row.article
    maps = "<br>".join(said(ref, document, lang) for ref in row.maps.split())
    why = row.why_en if lang == "en" else row.why_zh
    numbers = "; ".join(_number(number, document, lang) for number in stated(row))
    return [
        article, row.quote, *([row.en] if lang == "en" else []), BECOMES[row.becomes][lang],
        "<br>".join(filter(None, (maps, why))), numbers,
    ]  # fmt: skip


def _number(number: Stated, document: str, lang: str) -> str:
    if number.mark:
        return f"{number.text} ({MARKS[number.mark][lang]})"
    derived = f" ({_WORDS['derived'][lang]}: `{number.rule}`)" if number.rule else ""
    return f"{number.text} → `{number.ref}` {_plain(value_of(number.ref, document))}{derived}"


def _plain(value: float) -> str:
    return f"{value:,.6f}".rstrip("0").rstrip(".") if value < 1e3 or value > 3e3 else f"{value:g}"


def _size(text: str) -> float | None:
    """The number a text prints, with 万, 亿 and per cent; None if it prints several."""
    found = re.findall(r"(\d+(?:\.\d+)?)(个百分点|[万亿%])?", text)
    return round(float(found[0][0]) * _SCALES.get(found[0][1], 1.0), 9) if len(found) == 1 else None


def _fits(mode: str, pattern: str) -> bool:
    return mode.startswith(pattern[:-1]) if pattern.endswith("*") else pattern in ("", mode)


def _table(name: str) -> list[dict[str, str]]:
    text = resources.files("scenarios").joinpath("articles", name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
