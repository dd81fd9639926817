"""The Chinese font, cut down to the letters of one document."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from functools import cache
from html.parser import HTMLParser
from typing import Any, NamedTuple

from scenarios.errors import InputError

FAMILY = "Anju Sans"
CONTEXT = 12  # letters shown before one that is missing


class Notice(NamedTuple):
    """What the licence of the font asks to be said, as the font itself has it."""

    copyright: str
    licence: str


@cache
def notice() -> Notice:
    """The font's copyright and licence."""
    with _opened() as font:
        names = {record.nameID: str(record) for record in font["name"].names if record.langID in (0, 0x409)}
    return Notice(names[0], names[13])


def face(woff2: bytes) -> str:
    """The @font-face rule that holds a subset."""
    data = base64.b64encode(woff2).decode()
    return (
        f'@font-face{{font-family:"{FAMILY}";font-weight:400;font-style:normal;'
        f'src:url(data:font/woff2;base64,{data}) format("woff2")}}'
    )


def _opened() -> Any:
    from fontTools.ttLib import TTFont
    from pylopdf_fonts_zh_cn import sans_path

    return TTFont(sans_path(), recalcTimestamp=False, lazy=True)


def subset(letters: Iterable[str], *, said: str = "") -> bytes:
    """Noto Sans SC with these letters only as WOFF2, the same bytes for the same letters.

    Raises InputError that names each letter without a glyph, with what stands before it in `said`.
    """
    from fontTools import subset as subsetter

    wanted = {ord(letter) for letter in letters if not letter.isspace()} | {0x20, 0xA0}
    with _opened() as font:
        _check(wanted, set(font.getBestCmap()), said)
        options = subsetter.Options(
            flavor="woff2", hinting=False, layout_features=["kern", "liga", "locl", "pwid", "halt"],
            name_IDs=[0, 1, 2, 3, 4, 5, 6, 7, 13, 14], notdef_outline=True, recalc_timestamp=False,
        )  # fmt: skip
        cut = subsetter.Subsetter(options)
        cut.populate(unicodes=wanted)
        cut.subset(font)
        font.flavor = "woff2"
        out = io.BytesIO()
        font.save(out, reorderTables=True)
    return out.getvalue()


def _check(wanted: set[int], known: set[int], said: str) -> None:
    missing = sorted(wanted - known)
    if missing:
        raise InputError([_missing(chr(code), said) for code in missing])


def _missing(letter: str, said: str) -> str:
    at = said.find(letter)
    near = f" (in {said[max(0, at - CONTEXT) : at + 1]!r})" if at >= 0 else ""
    return (
        f"report: the letter {letter!r} (U+{ord(letter):04X}){near} is not in Noto Sans SC, the font of reports; "
        "write it otherwise in the scenario's texts"
    )


class _Shown(HTMLParser):
    """Collects what a page shows: text outside style and drawings."""

    HIDDEN = ("style", "script", "svg")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in self.HIDDEN

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in self.HIDDEN

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def shown(html: str) -> str:
    """The text of a page that is set in type: all but styles and what is drawn."""
    parser = _Shown()
    parser.feed(html)
    return "".join(parser.parts)
