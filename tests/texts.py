"""What is written on a chart and where, measured as it is drawn."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple
from unittest import mock

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from experiments.figures import style

DPI = 100
LOOSE = 0.25  # mm that boxes may share: a box is a little larger than its ink


class Said(NamedTuple):
    """One text with its box, mm on the page from the lower left corner, and its type in points on the page."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    points: float


def said(sheet: style.Sheet) -> list[Said]:
    """Every text that is drawn, in order; within the sheet's session."""
    found: list[Text] = []
    draw = Text.draw

    def drawn(self: Text, renderer: Any) -> None:
        if self.get_visible() and self.get_text().strip():
            found.append(self)
        draw(self, renderer)

    sheet.figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(sheet.figure)
    with mock.patch.object(Text, "draw", drawn):
        canvas.draw()
    renderer = canvas.get_renderer()
    return [_said(text, renderer, sheet.scale) for text in dict.fromkeys(found)]


def _said(text: Text, renderer: Any, scale: float) -> Said:
    box, mm = text.get_window_extent(renderer), 25.4 / DPI * scale
    size = float(text.get_fontsize())
    slack = 0.12 * size * scale * 25.4 / 72.0  # the room above and below letters
    return Said(
        text.get_text(), box.x0 * mm, box.y0 * mm + slack, box.x1 * mm, box.y1 * mm - slack, size * scale
    )


def clipped(sheet: style.Sheet, texts: list[Said]) -> list[str]:
    """Texts that reach over an edge of the page."""
    width, height = (side * 25.4 * sheet.scale for side in sheet.figure.get_size_inches())
    return [
        t.text for t in texts if t.x0 < -0.05 or t.y0 < -0.05 or t.x1 > width + 0.05 or t.y1 > height + 0.05
    ]


def overlapping(texts: list[Said]) -> list[tuple[str, str]]:
    """Pairs of texts that lie on one another."""
    pairs = ((a, b) for k, a in enumerate(texts) for b in texts[k + 1 :])
    return [
        (a.text, b.text)
        for a, b in pairs
        if min(a.x1, b.x1) - max(a.x0, b.x0) > LOOSE and min(a.y1, b.y1) - max(a.y0, b.y0) > LOOSE
    ]


def missing(texts: list[Said]) -> set[str]:
    """Letters that none of the charts' fonts has."""
    return {letter for t in texts for letter in t.text if ord(letter) not in _known() and letter != "\n"}


@cache
def _known() -> frozenset[int]:
    with style.session():
        fonts = [FT2Font(fontManager.findfont(FontProperties(family=one))) for one in style.RC["font.family"]]
    return frozenset().union(*(font.get_charmap() for font in fonts))
