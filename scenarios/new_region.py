"""A folder for a region of one's own: a commented template that runs as it stands, to be filled in from a statistical bulletin.

What describes the place is made up and says so (scenarios/new_region.toml); behaviour, with its sources, is that of a region
which comes with Anju, so no number stands in two places.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import tempfile
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from scenarios import notes
from scenarios.errors import InputError
from scenarios.reader import family, load, names
from scenarios.scenario import Entry, Scenario, date_of
from scenarios.schema import COUNTY_KEYS, MARGIN_SHARES, MARGINS, SITE_CLASSES, SITE_NUMBERS
from scenarios.words import plain
from simulation.policy import MODE_PARAMETERS, PARAMETERS, Parameter

REPLACE = {"en": "template: replace", "zh": "模板值，请替换"}
"""The note of every number that describes no real place."""
HOME = "lishui"  # its destination modes are the template's
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_RESERVED = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d|packages|plan|region|results|sites|status-quo|docs|tests)"
)
_WIDTH = 116
_AS_THERE = ("as in ", "同")
_WORDS = {
    "plausible": {"en": "Plausible: {}.", "zh": "合理范围：{}。"},
    "varied": {"en": "Varied over its range in every study.", "zh": "每次研究在所给范围内变动。"},
    "from": {"en": "as in {}: {}", "zh": "同{}：{}"},
    "authors": {"en": "your name", "zh": "作者"},
    "reference": {"en": "template of anju new-region", "zh": "anju new-region 模板"},
    "title": {"en": "{} (region)", "zh": "{}（地区）"},
    "describe": {"en": "A made-up region to be filled in.", "zh": "虚构地区，待填。"},
    "left_out": {"en": "Made-up numbers: replace them first.", "zh": "数字均为虚构，请先替换。"},
    "villages": {"en": "The villages they live in.", "zh": "所在村庄。"},
    "columns": {"en": "Where the columns of sites.csv come from: {}.", "zh": "sites.csv 各列的出处：{}。"},
    "modes": {
        "en": "A [[mode]] is a way to be rehoused. available = 0 closes it; homes are built for the programme or bought on the market. "
        "The first one explains its keys.",
        "zh": "[[mode]] 是安置方式，available = 0 表示不开放；homes 为 built（新建）或 market（存量商品房）。各项含义见第一种方式。",
    },
    "target": {"en": "8. What is to be reached", "zh": "八、目标"},
    "top": {
        "en": "Your region. Fill it in from the top: each number says what it is, where it is found, what is plausible and what "
        "happens if it is wrong. Write where you found it as source, and take the note away.",
        "zh": "自己的地区。从上往下填：每个数都注明含义、出处、合理范围和填错的后果。填好后在 source 写明出处，并删去 note。",
    },
    "levers": {
        "en": "A lever's range is only the span of sweeps.",
        "zh": "政策杠杆的 range 只是扫描跨度。",
    },
}  # fmt: skip


def new_region(name: str, out: Path, lang: str, base: str = HOME) -> Path:
    """Write the folder `out`/`name` and return it; `base` is the region whose behaviour it takes.

    Whole or not at all: the files are written aside and read as a scenario before the folder gets its name.
    Raises InputError if the name cannot be used, there is something of that name already, or `base` is unknown.
    """
    folder = Path(out) / name
    _check_name(name, folder)
    region = _base(base)
    texts = {
        "region.toml": "".join(f"{line}\n" for line in _Region(name, lang, region).lines()),
        "plan.toml": _policy(name, lang, "plan"),
        "status-quo.toml": _policy(name, lang, "status_quo"),
        "sites.csv": _sites(),
        "README.md": _data()["readme"][lang].format(name=name).lstrip("\n"),
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".part", dir=folder.parent))
    except OSError as error:
        raise InputError([f"{folder}: cannot be written: {error.strerror}"]) from error
    try:
        work.chmod(0o755)
        for file, text in texts.items():
            (work / file).write_text(text, encoding="utf-8", newline="\n")
        for file in ("plan.toml", "status-quo.toml"):
            load(work / file)
        if folder.exists():
            raise InputError([_taken(folder)])
        os.rename(work, folder)
    except OSError as error:
        raise InputError([f"{folder}: cannot be written: {error.strerror}"]) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def _check_name(name: str, folder: Path) -> None:
    known = sorted({family(known) for known, _, _ in names()})
    if not _NAME.fullmatch(name):
        raise InputError(
            [
                f'new-region: "{name}" cannot be a name; expected 1 to 40 lower-case letters, digits, - or _, a letter '
                "first, such as mytown; --out says in which folder it goes"
            ]
        )
    if _RESERVED.fullmatch(name):
        raise InputError(
            [f'new-region: "{name}" has a meaning of its own; choose another name, such as mytown']
        )
    if name in known:
        raise InputError(
            [f'new-region: "{name}" comes with anju; choose another name (taken: {", ".join(known)})']
        )
    if folder.exists():
        raise InputError([_taken(folder)])


def _taken(folder: Path) -> str:
    return f"new-region: {folder} is there already; nothing was changed; choose another name, or remove it"


def _base(region: str) -> Scenario:
    """The region file of a region that comes with Anju, or a scenario of one's own."""
    known = {family(name) for name, _, _ in names()}
    return load(f"{region}/region" if region in known else region)


def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files("scenarios").joinpath("new_region.toml").read_text("utf-8"))


class _Region:
    """The lines of region.toml."""

    def __init__(self, name: str, lang: str, base: Scenario):
        self.name, self.lang, self.base, self.data = name, lang, base, _data()
        self.own: Mapping[str, Any] = self.data["numbers"]

    def lines(self) -> Iterator[str]:
        yield from self._comment(self._word("top"))
        yield "schema = 1"
        yield ""
        yield from _header(
            {one: _WORDS["title"][one].format(self.name) for one in ("zh", "en")},
            _WORDS["describe"],
            self.lang,
        )
        yield f"not_modelled = [{_text(_WORDS['left_out'])}]"
        yield ""
        period = self.data["period"]
        yield from self._comment(period[self.lang])
        yield "[period]"
        yield from (
            f"{key} = {json.dumps(period[key])}" for key in ("start", "window_months", "follow_up_months")
        )
        for chapter in self._chapters():
            yield from self._title(chapter["title"][self.lang].format(base=self.base.title[self.lang]))
            yield from self._comment(chapter[self.lang])
            for table in chapter["tables"]:
                yield ""
                yield from self._table(table)
        yield from self._title(self._word("target"))
        yield from self._target()

    def _chapters(self) -> list[dict[str, Any]]:
        """As listed, the last one with every family of parameters that no chapter names."""
        chapters = [dict(chapter, tables=list(chapter["tables"])) for chapter in self.data["chapters"]]
        named = {table for chapter in chapters for table in chapter["tables"]}
        needed = {f"{p.kind}.{p.family}": 0 for p in PARAMETERS.values() if p.absent is None}
        chapters[-1]["tables"] += [table for table in needed if table not in named]
        return chapters

    def _table(self, table: str) -> Iterator[str]:
        special = {
            "population": self._people,
            "county": self._counties,
            "mode": self._modes,
            "sites": self._classes,
        }
        if table in special:
            yield from special[table]()
            return
        kind, family = table.split(".")
        yield f"[{table}]"
        if table == "lever.subsidy":
            yield from self._comment(self._word("levers"))
        for p in PARAMETERS.values():
            if (p.kind, p.family) == (kind, family) and p.absent is None:
                yield from self._explained(p)
                yield f"{p.name} = {self._value(p, self.base.values[p.name])}"

    def _people(self) -> Iterator[str]:
        yield "[population]"
        yield "seed = 1"
        for n, own in self.own.items():  # in the file's order; optional margins are not in use here
            if n not in MARGINS and n not in MARGIN_SHARES:
                continue
            if n == "distance_km":
                yield ""
                yield from self._comment(self._word("villages"))
            yield from self._explained(MARGINS[n]) if n in MARGINS else self._comment(self._hint(n))
            yield f"{n} = {self._made_up(MARGINS[n].unit if n in MARGINS else 'share', own)}"

    def _counties(self) -> Iterator[str]:
        for n, county in enumerate(self.data["counties"]):
            yield from ([""] if n else [])
            yield "[[county]]"
            yield from (
                f"{key} = {json.dumps(county[key], ensure_ascii=False)}" for key in ("id", "en", "zh")
            )
            for key in ("pool_share", "villages", "home_price_factor", "wage_factor"):
                if n == 0:
                    yield from self._explained(COUNTY_KEYS[key])
                yield f"{key} = {self._made_up(COUNTY_KEYS[key].unit, {'value': county[key]})}"

    def _classes(self) -> Iterator[str]:
        yield "[sites]"
        yield 'file = "sites.csv"'
        for n, p in SITE_CLASSES.items():
            yield from self._explained(p)
            yield f"{n} = {self._made_up(p.unit, self.own[n])}"
        yield ""
        comma = {"en": "; ", "zh": "；"}[self.lang]
        equals = {"en": ": ", "zh": "："}[self.lang]
        said = comma.join(f"{n}{equals}{self.own[n][self.lang]}" for n in SITE_NUMBERS)
        yield from self._comment(self._word("columns").format(said))
        yield "[sites.columns]"
        for n, p in SITE_NUMBERS.items():
            yield f"{n} = {{ unit = {json.dumps(p.unit)}, {self._provenance()} }}"

    def _modes(self) -> Iterator[str]:
        yield from self._comment(self._word("modes"))
        for n, mode in enumerate(load(f"{HOME}/region").modes):
            yield from ([""] if n else [])
            yield "[[mode]]"
            yield from (
                f"{key} = {json.dumps(getattr(mode, key), ensure_ascii=False)}" for key in ("id", "en", "zh")
            )
            yield f"homes = {json.dumps(mode.homes)}"
            for key, p in MODE_PARAMETERS.items():
                if p.absent is not None:
                    continue
                if n == 0:
                    yield from self._explained(p)
                yield f"{key} = {self._assumed(mode.values[key])}"

    def _target(self) -> Iterator[str]:
        target = self.data["target"]
        yield from self._comment(target[self.lang])
        yield "[[target]]"
        yield 'id = "moved"'
        yield from (f"{one} = {json.dumps(target['name'][one], ensure_ascii=False)}" for one in ("en", "zh"))
        yield 'metric = "persons"'
        yield 'event = "keys"'
        yield f"at_least = {self._made_up('persons', {'value': target['persons']})}"
        yield f"date = {json.dumps(target['date'])}"
        yield 'scope = "region"'

    def _value(self, p: Parameter, entry: Entry) -> str:
        """A number of the template, or the base's: behaviour with its sources, rules as assumptions."""
        own = self.own.get(p.name, {})
        if "value" in own:
            return self._made_up(p.unit, own)
        return self._assumed(entry) if p.kind == "lever" else self._copied(entry)

    def _made_up(self, unit: str, own: Mapping[str, Any]) -> str:
        parts = [f"value = {_plain(own['value'])}", f"unit = {json.dumps(own.get('unit', unit))}"]
        if "range" in own:
            parts.append(f"range = {_plain(own['range'])}")
        if "scale" in own:
            parts.append(f"scale = {json.dumps(own['scale'])}")
        return f"{{ {', '.join(parts)}, {self._provenance()} }}"

    def _provenance(self) -> str:
        return f'source = "assumption", note = {json.dumps(REPLACE[self.lang], ensure_ascii=False)}'

    def _assumed(self, entry: Entry) -> str:
        """The base's number for a place of which nothing is known: its sources speak of another place."""
        own: dict[str, Any] = {"value": entry.at(0)}
        if entry.range:
            own |= {"range": list(entry.range)} | ({"scale": "log"} if entry.scale == "log" else {})
        return self._made_up(entry.unit, own)

    def _copied(self, entry: Entry) -> str:
        """The base's number with its source; an assumption there is one here."""
        unit, scale = (
            ("%/year", 100.0) if entry.unit == "1/year" and _is_rate(entry.name) else (entry.unit, 1.0)
        )
        source, note = entry.source, entry.note
        if source.startswith(("assumption", "memory")):
            source = "assumption"
            if not note.startswith(_AS_THERE):  # a region of one's own says already whose number it is
                said = notes.said(note, self.lang)
                note = self._word("from").format(self.base.title[self.lang], said).rstrip(":： ")
        rest = []
        if entry.range:
            rest.append(f"range = {_plain([end * scale for end in entry.range])}")
            rest += ['scale = "log"'] if entry.scale == "log" else []
        rest += [f"note = {json.dumps(note, ensure_ascii=False)}"] if note else []
        if isinstance(entry.value, int | float):
            return _inline(entry.value * scale, unit, [_said("source", source), *rest])
        steps = [(date_of(month, self.base.start), value * scale) for month, value in entry.value]
        sources = source.split("; ")
        sources = sources if len(sources) == len(steps) else [source] * len(steps)
        rows = [
            _inline(value, unit, [_said("from", date), _said("source", one), *rest])
            for (date, value), one in zip(steps, sources, strict=True)
        ]
        for step in reversed(self.own.get(entry.name, {}).get("earlier", [])):
            if step["from"] < steps[0][0]:
                said = [_said(key, step[key]) for key in ("from", "source", "note")]
                rows.insert(0, _inline(step["value"], step["unit"], said))
        return "\n".join(["[", *(f"  {row}," for row in rows), "]"])

    def _explained(self, p: Parameter) -> Iterator[str]:
        said = getattr(p, self.lang)
        said = f"{said[:1].upper()}{said[1:]}." if self.lang == "en" else f"{said}。"
        varied = p.kind == "uncertainty" and p.name not in self.own and self.base.values[p.name].range
        text = [said, self._hint(p.name), self._word("varied") if varied else ""]
        yield from self._comment({"en": " ", "zh": ""}[self.lang].join(filter(None, text)))

    def _hint(self, name: str) -> str:
        """Where to find a number, what happens if it is wrong, and what is plausible."""
        own = self.own.get(name, {})
        plausible = own.get("plausible", "")
        plausible = plausible[self.lang] if isinstance(plausible, dict) else plausible
        said = [own.get(self.lang, ""), self._word("plausible").format(plausible) if plausible else ""]
        return {"en": " ", "zh": ""}[self.lang].join(filter(None, said))

    def _title(self, text: str) -> Iterator[str]:
        yield ""
        yield f"# ---------------------------------------------------------------- {text}"

    def _comment(self, text: str) -> Iterator[str]:
        return (f"# {line}" for line in _wrapped(text))

    def _word(self, key: str) -> str:
        return _WORDS[key][self.lang]


def _policy(name: str, lang: str, which: str) -> str:
    """plan.toml or status-quo.toml."""
    data = _data()[which]
    lines = [f"# {line}" for line in _wrapped(data[lang])]
    titles = {one: data["title"][one].format(name=name) for one in ("zh", "en")}
    lines += ["schema = 1", 'extends = "region"', "", *_header(titles, data["description"], lang)]
    units = {n: own.get("unit") for n, own in _data()["numbers"].items()}
    family = ""
    for n, value in data.get("numbers", {}).items():
        p = PARAMETERS[n]
        if p.family != family:
            family = p.family
            lines += ["", f"[{p.kind}.{family}]"]
        note = json.dumps(REPLACE[lang], ensure_ascii=False)
        lines.append(f"# {getattr(p, lang)}")
        lines.append(_assign(n, value, units.get(n) or p.unit, note))
    return "".join(f"{line}\n" for line in lines)


def _assign(name: str, value: Any, unit: str, note: str) -> str:
    return f'{name} = {{ value = {_plain(value)}, unit = {json.dumps(unit)}, source = "assumption", note = {note} }}'


def _header(title: Mapping[str, str], description: Mapping[str, str], lang: str) -> list[str]:
    return [
        "[header]",
        f"title = {_text(title)}",
        f"authors = [{json.dumps(_WORDS['authors'][lang], ensure_ascii=False)}]",
        f"reference = {json.dumps(_WORDS['reference'][lang], ensure_ascii=False)}",
        f"description = {_text(description)}",
    ]


def _sites() -> str:
    sites = _data()["sites"]
    out = io.StringIO()
    table = csv.DictWriter(out, list(sites[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(sites)
    return out.getvalue()


def _inline(value: float, unit: str, rest: list[str]) -> str:
    return f"{{ value = {_plain(value)}, unit = {json.dumps(unit)}, {', '.join(rest)} }}"


def _said(key: str, text: str) -> str:
    return f"{key} = {json.dumps(text, ensure_ascii=False)}"


def _is_rate(name: str) -> bool:
    return name.endswith(("_growth", "_rate"))


def _text(both: Mapping[str, str]) -> str:
    said = (f"{lang} = {json.dumps(both[lang], ensure_ascii=False)}" for lang in ("zh", "en"))
    return f"{{ {', '.join(said)} }}"


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_plain, value))}]"
    return plain(round(float(value), 10))


def _wrapped(text: str) -> Iterator[str]:
    """Lines of a comment; Chinese is as wide as two letters and breaks anywhere but before a mark."""
    line, width = "", 0
    for word in re.findall(r"[!-~]+ ?|.", text):
        size = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in word.rstrip())
        if width + size > _WIDTH and word not in "，。；：、）”":
            yield line.rstrip()
            line, width = "", 0
        line += word
        width += size + len(word) - len(word.rstrip())
    if line:
        yield line.rstrip()
