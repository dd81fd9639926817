"""The Chinese font that comes with Anju, Noto Sans SC, cut down to the letters of a document."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple


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


@cache
def known() -> frozenset[int]:
    """The code points the font has a glyph for."""
    with _opened() as font:
        return frozenset(font.getBestCmap())


def cut(wanted: Iterable[int]) -> bytes:
    """The font with the glyphs of these code points only, as WOFF2; the same bytes for the same code points."""
    from fontTools import subset

    with _opened() as font:
        options = subset.Options(
            flavor="woff2", hinting=False, layout_features=["kern", "liga", "locl", "pwid", "halt"],
            name_IDs=[0, 1, 2, 3, 4, 5, 6, 7, 13, 14], notdef_outline=True, recalc_timestamp=False,
        )  # fmt: skip
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=sorted(set(wanted)))
        cutter.subset(font)
        font.flavor = "woff2"
        out = io.BytesIO()
        font.save(out, reorderTables=True)
    return out.getvalue()


def data_uri(woff2: bytes) -> str:
    """A subset as an address that holds it."""
    return f"data:font/woff2;base64,{base64.b64encode(woff2).decode()}"


def _opened() -> Any:
    from fontTools.ttLib import TTFont
    from pylopdf_fonts_zh_cn import sans_path

    return TTFont(sans_path(), recalcTimestamp=False, lazy=True)
