"""What the model leaves out, whatever the scenario; the text of docs/odd.md, section 4, and of its Chinese summary."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

FILES = {"en": "odd.md", "zh": "odd.zh.md"}
_HEADS = {"en": "# 4 What is not modelled", "zh": "## 不包含的内容"}


@dataclass(frozen=True)
class Group:
    """What is left out of one part of the model; the languages say the same in sentences of their own."""

    title: Mapping[str, str]
    lines: Mapping[str, tuple[str, ...]]  # by language, Markdown


@cache
def limits() -> tuple[Group, ...]:
    """All that is left out, part by part."""
    found = tomllib.loads(resources.files("scenarios").joinpath("limits.toml").read_text(encoding="utf-8"))
    return tuple(
        Group(title=one["title"], lines={lang: tuple(one[lang]) for lang in FILES}) for one in found["group"]
    )


def section(lang: str) -> str:
    """The section of the documentation, heading included."""
    parts = [f"{one.title[lang]}\n" + "".join(f"- {line}\n" for line in one.lines[lang]) for one in limits()]
    return f"{_HEADS[lang]}\n\n" + "\n".join(parts)


def with_section(document: str, lang: str) -> str:
    """`document` with the section in the place of the one it has. Raises ValueError where it has none."""
    pattern = re.compile(rf"^{re.escape(_HEADS[lang])}\n.*?(?=^##? )", re.M | re.S)
    if not pattern.search(document):
        raise ValueError(f"{FILES[lang]}: no heading {_HEADS[lang]!r} with another heading after it")
    return pattern.sub(lambda _: section(lang) + "\n", document, count=1)


def write(docs: Path) -> None:
    """Bring the sections in `docs` up to date."""
    for lang, name in FILES.items():
        path = docs / name
        path.write_text(with_section(path.read_text(encoding="utf-8"), lang), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
