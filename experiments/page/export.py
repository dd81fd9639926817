"""A setting as a scenario file: it extends the scenario it was made from and gives what was moved, nothing else."""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Any

import tomlkit

from experiments.page.settings import Catalogue, Setting
from scenarios.schema import SCHEMA
from scenarios.words import plain
from simulation.policy import PARAMETERS


def file_name(setting: Setting) -> str:
    """A name that says which scenario was changed and what by."""
    from experiments.files import digest

    name = "-".join(part for part in setting.scenario.removesuffix(".toml").split("/") if part)
    return f"{name}-{digest([setting.query])[:8]}.toml"


def toml(catalogue: Catalogue, setting: Setting) -> str:
    """The file; read by anju it gives the very scenario that the page ran."""
    offered = catalogue.offered[setting.scenario]
    written = catalogue.scenario(setting)
    own = offered.source.endswith(".toml")
    document = tomlkit.document()
    if own:
        document.add(tomlkit.comment(f"Keep this file beside {Path(offered.source).name}, which it extends."))
    document["schema"] = SCHEMA
    document["extends"] = Path(offered.source).name if own else offered.name
    header = tomlkit.table()
    header["title"] = _inline(zh=f"{offered.title['zh']}（调整）", en=f"{offered.title['en']}, changed")
    header["authors"] = ["anju page"]
    header["reference"] = "none: set by hand on the page of anju"
    header["description"] = _inline(zh="在页面上调整的设置。", en="A setting made on the page.")
    document["header"] = header
    fixed = catalogue.given if offered.region == catalogue.region else {}
    own_numbers = dict.fromkeys(
        [*(key for key, _ in setting.sets), *(key for key in fixed if key in PARAMETERS)]
    )
    for key in own_numbers:
        entry, known = written.values[key], PARAMETERS[key]
        kind = document.setdefault(known.kind, tomlkit.table(is_super_table=True))
        family = kind.setdefault(known.family, tomlkit.table())
        family[key] = _inline(
            value=_number(entry.at(0)), unit=known.unit, source="assumption (set on the page)"
        )
    if rest := {key: value for key, value in fixed.items() if key not in PARAMETERS}:
        document.add(
            tomlkit.comment(
                "run it with " + shlex.join(f"--set={key}={value}" for key, value in rest.items())
            )
        )
    text = tomlkit.dumps(document)
    tomllib.loads(text)
    return text


def _number(value: float) -> int | float:
    return int(value) if value == int(value) and abs(value) < 2**53 else float(plain(value))


def _inline(**values: object) -> Any:
    table = tomlkit.inline_table()
    table.update(values)
    return table
