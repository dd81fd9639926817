"""A chart of an answer inside a page: its drawing, what it says, and the numbers behind it."""

from __future__ import annotations

import base64
import html
import re
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

if TYPE_CHECKING:
    from experiments.reading import Answer

_ROOT = re.compile(r"<svg .*</svg>", re.S)
_IDS = re.compile(r'\bid="([^"]+)"')
_NAMED = re.compile(r'(\bid="|href="#|url\(#|aria-labelledby=")([^")]+)')
_STYLE = re.compile(r"<style[^>]*>\*\{stroke-linejoin: round; stroke-linecap: butt\}</style>")
_DROPPED = re.compile(r' (?:width|height|xmlns|xmlns:xlink|version)="[^"]*"')
_LINE = re.compile(r'\bd="[^"]*"')
_DECIMALS = re.compile(r"(\.\d{2})\d+")  # a hundredth of a point is finer than any printer


class Picture(NamedTuple):
    """One chart. `svg` may stand in a page beside others: no name in it is used twice."""

    number: int
    name: str
    title: str
    svg: Markup
    csv: bytes
    file: str

    @property
    def href(self) -> str:
        """The numbers as a link that needs nothing else."""
        return "data:text/csv;base64," + base64.b64encode(self.csv).decode()


def pictures(answer: Answer, lang: str, first: int, *, prefix: str) -> list[Picture]:
    """The charts of an answer, numbered from `first`; `prefix` tells them from those of other answers."""
    return [
        _picture(first + k, chart.name, chart.pictures(lang, ["svg"])["svg"].decode(), chart.csv(), prefix)
        for k, chart in enumerate(answer.charts())
    ]


def _picture(number: int, name: str, svg: str, csv: bytes, prefix: str) -> Picture:
    title = re.search(r"<title[^>]*>(.*?)</title>", svg, re.S)
    said = html.unescape(title[1]) if title else name
    own = f"{prefix}-{name}"
    return Picture(number, name, said, Markup(inline(svg, own)), csv, f"{own}.csv")


def inline(svg: str, own: str) -> str:
    """The drawing without its file's head, as wide as its place, every name in it preceded by `own`."""
    root = _ROOT.search(svg)
    if root is None:
        raise ValueError(f"{own}: is no SVG")
    drawing = re.sub(r"\s*<metadata>.*?</metadata>", "", root[0], flags=re.S)
    known = set(_IDS.findall(drawing))

    def named(found: re.Match[str]) -> str:
        names = " ".join(f"{own}.{one}" if one in known else one for one in found[2].split(" "))
        return found[1] + names

    drawing = _NAMED.sub(named, _STYLE.sub("", drawing))  # a rule for * would hold for the whole page
    head, rest = drawing.split(">", 1)
    head = _DROPPED.sub("", head) + ' stroke-linejoin="round" stroke-linecap="butt"'
    return re.sub(r"\s*\n\s*", " ", _LINE.sub(lambda found: _DECIMALS.sub(r"\1", found[0]), f"{head}>{rest}"))
