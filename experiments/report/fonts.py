"""The Chinese font, cut down to the letters of one document."""

from __future__ import annotations

from collections.abc import Iterable
from html.parser import HTMLParser

from experiments.fonts import cut, data_uri, known, notice
from scenarios.errors import InputError

__all__ = ["FAMILY", "face", "notice", "shown", "subset"]
FAMILY = "Anju Sans"
CONTEXT = 12  # letters shown before one that is missing


def face(woff2: bytes) -> str:
    """The @font-face rule that holds a subset."""
    return (
        f'@font-face{{font-family:"{FAMILY}";font-weight:400;font-style:normal;'
        f'src:url({data_uri(woff2)}) format("woff2")}}'
    )


def subset(letters: Iterable[str], *, said: str = "") -> bytes:
    """Noto Sans SC with these letters only as WOFF2, the same bytes for the same letters.

    Raises InputError that names each letter without a glyph, with what stands before it in `said`.
    """

    wanted = {ord(letter) for letter in letters if not letter.isspace()} | {0x20, 0xA0}
    _check(wanted, known(), said)
    return cut(wanted)


def _check(wanted: set[int], known: frozenset[int], said: str) -> None:
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
