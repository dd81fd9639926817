"""One look for all charts: journal width, colour-blind safe, the same bytes on every repeat.

Sizes are in millimetres from the top left corner. Drawing goes through the object interface only, inside `session()`.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from threading import RLock
from typing import Any
from xml.sax.saxutils import escape

import matplotlib
from matplotlib import colors, font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from pylopdf_fonts_zh_cn import sans_path

WIDTH, MARGIN = 180.0, 4.0
TITLE, NOTE, TEXT, SMALL = 9.5, 7.0, 6.5, 5.5  # points
LEADING = 1.32 * 25.4 / 72.0  # line height in mm a point of type

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    colors.to_hex(rgb) for rgb in matplotlib.color_sequences["okabe_ito"]
)
INK, GREY, FAINT, SHADE = "#1a1a1a", "#666666", "#c8c8c8", "#f3f3f3"

RC: Any = {
    "font.family": ["Noto Sans SC", "DejaVu Sans"],  # Noto has no bold face: weight stays normal everywhere
    "font.size": TEXT,
    "text.color": INK,
    "text.parse_math": False,
    "text.hinting": "none",
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.5,
    "axes.labelsize": TEXT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2.0,
    "ytick.major.size": 2.0,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "lines.linewidth": 1.0,
    "hatch.linewidth": 0.4,
    "figure.dpi": 300,
    "savefig.dpi": 300,
    "savefig.facecolor": "white",
    "path.simplify": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "anju",
    "pdf.fonttype": 3,
}

_LOCK = RLock()


@contextmanager
def session() -> Iterator[None]:
    """Fonts registered and the style in force; one thread at a time, because matplotlib's settings are global."""
    with _LOCK:
        _register_font()
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(RC)
            yield


@cache
def _register_font() -> None:
    font_manager.fontManager.addfont(str(sans_path()))


@cache
def _measure() -> Any:
    return FigureCanvasAgg(Figure(dpi=300)).get_renderer()


@cache
def width_of(text: str, size: float) -> float:
    """Width of the widest line of `text` in mm at `size` points."""
    font = FontProperties(family=RC["font.family"], size=size)
    renderer = _measure()
    return max(
        renderer.get_text_width_height_descent(line, font, False)[0] / renderer.dpi * 25.4
        for line in text.split("\n")
    )


# A word, a space, or one Chinese character with the marks that may not begin (or end) a line.
_PIECE = re.compile(
    r"\s+|[（《]+[^\s\u2e80-\uffef]+[，。；：、）》”！？％]*|[（《“]*[\u2e80-\uffef][，。；：、）》”！？％]*|[^\s\u2e80-\uffef]+[，。；：、）》”]*"
)


@cache
def wrap(text: str, width: float, size: float) -> str:
    """`text` broken into lines no wider than `width` mm, Chinese between characters and the rest at spaces."""
    pieces, lines = _PIECE.findall(text), []
    while pieces:
        fits = range(1, len(pieces) + 1)
        more = bisect_right(fits, width, lo=1, key=lambda n: width_of("".join(pieces[:n]).strip(), size))
        lines.append("".join(pieces[:more]).strip())
        pieces = pieces[more:]
    return "\n".join(lines)


def mix(colour: str, share: float) -> str:
    """`colour` on white paper at the given share: solid, so that it prints and stacks as it looks."""
    r, g, b = (1.0 - share * (1.0 - c) for c in colors.to_rgb(colour))
    return colors.to_hex((r, g, b))


class Sheet:
    """One figure: a title, a note under it, a body of `height` mm for the panels, a footnote."""

    def __init__(self, *, height: float, title: str, note: str, footnote: Sequence[str]) -> None:
        inner = WIDTH - 2 * MARGIN
        blocks = [wrap(title, inner, TITLE), wrap(note, inner, NOTE)]
        foot = "\n".join(wrap(line, inner, SMALL) for line in footnote)
        heights = [_lines(b) * size * LEADING for b, size in zip(blocks, (TITLE, NOTE), strict=True)]
        self.top = MARGIN + heights[0] + 0.8 + heights[1] + 3.0
        self.height = self.top + height + 3.0 + _lines(foot) * SMALL * LEADING + MARGIN / 2
        self.title, self.note = title, note
        self.figure = Figure(figsize=(WIDTH / 25.4, self.height / 25.4))
        self.write(MARGIN, MARGIN - self.top, blocks[0], size=TITLE)
        self.write(MARGIN, MARGIN - self.top + heights[0] + 0.8, blocks[1], size=NOTE, color=GREY)
        self.write(MARGIN, height + 3.0, foot, size=SMALL, color=GREY)

    def write(self, x: float, y: float, text: str, **style: Any) -> None:
        """Text with its top left corner at (x, y) mm of the body."""
        style = {"va": "top", "ha": "left", "size": TEXT, "linespacing": 1.3} | style
        self.figure.text(x / WIDTH, self._up(y), text, **style)

    def label(self, x: float, y: float, text: str, **style: Any) -> None:
        """One line of text whose middle is at height `y`, whatever its letters."""
        self.write(x, y - 0.2, text, **{"va": "center_baseline"} | style)

    def heading(self, x: float, y: float, letter: str, text: str) -> None:
        """A panel's letter and what the panel shows; the letter is Latin, so it may be bold."""
        self.label(x, y, letter, family=["DejaVu Sans"], weight="bold", size=NOTE)
        self.label(x + 3.5, y, text, size=NOTE)

    def axes(self, x: float, y: float, width: float, height: float, **options: Any) -> Axes:
        """A panel whose top left corner is at (x, y) mm of the body."""
        box = (x / WIDTH, self._up(y + height), width / WIDTH, height / self.height)
        return self.figure.add_axes(box, **options)

    def key(
        self, x: float, y: float, entries: Sequence[tuple[Any, str]], *, until: float = WIDTH - MARGIN
    ) -> float:
        """Swatches with their words from (x, y) on, new lines where needed; returns the height used in mm.

        An entry's swatch is a colour or a dict of Line2D properties.
        """
        left, row = x, 0.0
        for swatch, words in entries:
            need = 6.5 + width_of(words, TEXT) + 4.0
            if left > x and left + need - 4.0 > until:
                left, row = x, row + 4.0
            middle = self._up(y + row + 1.6)
            if isinstance(swatch, dict):
                xs = (
                    [(left + dx) / WIDTH for dx in (0.0, 5.0)]
                    if swatch.get("ls") != "none"
                    else [(left + 4.0) / WIDTH]
                )
                self.figure.add_artist(Line2D(xs, [middle] * len(xs), **swatch))
            else:
                size = (5.0 / WIDTH, 2.4 / self.height)
                corner = (left / WIDTH, middle - size[1] / 2)
                self.figure.add_artist(Rectangle(corner, *size, facecolor=swatch, linewidth=0))
            self.figure.text((left + 6.5) / WIDTH, middle, words, va="center_baseline", size=TEXT)
            left += need
        return row + 4.0

    def render(self, kind: str, *, name: str) -> bytes:
        """The figure as png, svg or pdf, without dates or makers, so that a repeat gives the same bytes."""
        metadata: dict[str, dict[str, Any]] = {
            "png": {"Software": None, "Title": self.title, "Description": self.note},
            "svg": {"Date": None, "Creator": None},
            "pdf": {
                "Creator": None, "Producer": None, "CreationDate": None, "Title": self.title, "Subject": self.note
            },
        }  # fmt: skip
        out = io.BytesIO()
        self.figure.savefig(out, format=kind, metadata=metadata[kind])
        return _describe(out.getvalue(), name, self.title, self.note) if kind == "svg" else out.getvalue()

    def _up(self, y: float) -> float:
        return 1.0 - (self.top + y) / self.height


def _lines(text: str) -> int:
    return text.count("\n") + 1 if text else 0


def _describe(svg: bytes, name: str, title: str, note: str) -> bytes:
    head = re.compile(rb"<svg ([^>]*)>")
    words = f'<title id="{name}-title">{escape(title)}</title>\n <desc id="{name}-desc">{escape(note)}</desc>'.encode()
    label = f'role="img" aria-labelledby="{name}-title {name}-desc" '.encode()
    return head.sub(lambda m: b"<svg " + label + m[1] + b">\n " + words, svg, count=1)


def from_zero(ax: Axes, most: float, *, room: float = 1.02) -> None:
    """The x axis from 0 to a little over `most`; only the 0 if there is nothing to show."""
    ax.set_xlim(0.0, most * room if most > 0 else 1.0)
    if most <= 0:
        ax.set_xticks([0])


def bare(ax: Axes, *sides: str) -> None:
    """Hide the named spines and the ticks on them."""
    for side in sides:
        ax.spines[side].set_visible(False)
        hidden: Any = {side: False}
        ax.tick_params(**hidden)
