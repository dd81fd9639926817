"""One look for all charts, in two sizes: colour-blind safe, and the same bytes on every repeat.

Places are in millimetres from the top left corner. Drawing goes through the object interface only, inside `session()` or
`laid_out()`. A slide is laid out like a journal's page and then enlarged: inside its session a millimetre and a point are
`scale` times as large on the slide, and WIDTH and the sizes of type are those that suit it.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import accumulate
from threading import RLock
from typing import Any
from xml.sax.saxutils import escape

import matplotlib
from matplotlib import colors, font_manager
from matplotlib.axes import Axes
from matplotlib.backends import backend_pdf
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from pylopdf_fonts_zh_cn import sans_path

SIZES = ("journal", "slide")
WIDTH, MARGIN = 180.0, 4.0
TITLE, NOTE, TEXT, SMALL = 9.5, 7.0, 6.5, 5.5  # points
LEADING = 1.32 * 25.4 / 72.0  # line height in mm a point of type

SLIDE = (190.5 * 16 / 9, 190.5)  # mm
SLIDE_TYPE = {"TITLE": 16.0, "NOTE": 11.0, "TEXT": 10.4, "SMALL": 10.0}  # points at least, on the slide
SLIDE_PIXELS = 2560  # across
SLIDE_TRIES = 6  # less height makes the type larger, which takes height again
JOURNAL_WIDTH, JOURNAL_TYPE = WIDTH, {"TITLE": TITLE, "NOTE": NOTE, "TEXT": TEXT, "SMALL": SMALL}

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
_scale: float | None = None  # of the slide that is being drawn


@contextmanager
def session(scale: float | None = None) -> Iterator[None]:
    """Fonts registered and the style in force: a journal's, or that of a slide enlarged `scale` times.

    One thread at a time, because matplotlib's settings are global.
    """
    with _LOCK:
        _register_font()
        with matplotlib.rc_context(), _sizes(scale):
            matplotlib.rcdefaults()
            type_sizes = dict.fromkeys(
                ("font.size", "axes.labelsize", "xtick.labelsize", "ytick.labelsize"), TEXT
            )
            matplotlib.rcParams.update(RC | type_sizes)
            yield


@contextmanager
def _sizes(scale: float | None) -> Iterator[None]:
    """The width and the sizes of type that modules read from here, for as long as a session lasts."""
    before = {name: globals()[name] for name in ("_scale", "WIDTH", *SLIDE_TYPE)}
    if scale is not None:
        sizes = {name: max(JOURNAL_TYPE[name], least / scale) for name, least in SLIDE_TYPE.items()}
        globals().update(sizes, _scale=scale, WIDTH=SLIDE[0] / scale)
    try:
        yield
    finally:
        globals().update(before)


@contextmanager
def laid_out(draw: Callable[[], Sheet], size: str = "journal") -> Iterator[Sheet]:
    """The sheet that `draw` makes, at a size, with the style in force until the block ends.

    A slide is enlarged as far as all of it fits. Raises ValueError for an unknown size.
    """
    if size not in SIZES:
        raise ValueError(f"unknown size {size!r}: use {' or '.join(SIZES)}")
    if size == "journal":
        with session():
            yield draw()
        return
    scale = SLIDE[0] / JOURNAL_WIDTH
    for _ in range(SLIDE_TRIES):
        with session(scale):
            sheet = draw()
            if sheet.needs * scale <= SLIDE[1]:
                yield sheet
                return
        scale *= 0.998 * SLIDE[1] / (sheet.needs * scale)
    with session(scale):
        yield draw()


def grown(mm: float) -> float:
    """Room for type that is `mm` wide or high in a journal, in the session's size."""
    return mm * TEXT / JOURNAL_TYPE["TEXT"]


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
        more = _fitting(pieces, width, size)
        lines.append("".join(pieces[:more]).strip())
        pieces = pieces[more:]
    return "\n".join(lines)


def _fitting(pieces: list[str], width: float, size: float) -> int:
    """How many of the first pieces make a line, one at least: guessed from their letters, because measuring is slow."""
    guessed = list(
        accumulate(sum(1.0 if letter >= "\u2e80" else 0.5 for letter in piece) for piece in pieces)
    )
    fits, fails = 1, len(pieces) + 1
    letters = width / (size * 25.4 / 72.0)  # Chinese ones
    while fails - fits > 1:
        n = min(max(bisect_right(guessed, letters), fits + 1), fails - 1)
        measured = width_of("".join(pieces[:n]).strip(), size)
        fits, fails = (n, fails) if measured <= width else (fits, n)
        letters = guessed[n - 1] * width / max(measured, 1e-9)
    return fits


def mix(colour: str, share: float) -> str:
    """`colour` on white paper at the given share: solid, so that it prints and stacks as it looks."""
    r, g, b = (1.0 - share * (1.0 - c) for c in colors.to_rgb(colour))
    return colors.to_hex((r, g, b))


class Sheet:
    """One figure: a title, a note under it, a body of `height` mm for the panels, a footnote.

    `alt` is the finding with the numbers that bear it, for those who do not see the chart; without it the numbers written on
    the chart stand for it.
    """

    def __init__(
        self, *, height: float, title: str, note: str, footnote: Sequence[str], alt: str = ""
    ) -> None:
        inner = WIDTH - 2 * MARGIN
        blocks = [wrap(title, inner, TITLE), wrap(note, inner, NOTE)]
        foot = "\n".join(wrap(line, inner, SMALL) for line in footnote)
        heights = [_lines(b) * size * LEADING for b, size in zip(blocks, (TITLE, NOTE), strict=True)]
        below = _lines(foot) * SMALL * LEADING + MARGIN / 2
        self.top = MARGIN + heights[0] + 0.8 + heights[1] + 3.0
        self.needs = self.top + height + 3.0 + below
        self.scale, self.width = _scale or 1.0, WIDTH
        self.height = self.needs if _scale is None else max(self.needs, SLIDE[1] / _scale)
        self.title, self.note, self.footnote, self.alt = title, note, tuple(footnote), alt
        self.figure = Figure(figsize=(WIDTH / 25.4, self.height / 25.4))
        self.write(MARGIN, MARGIN - self.top, blocks[0], size=TITLE)
        self.write(MARGIN, MARGIN - self.top + heights[0] + 0.8, blocks[1], size=NOTE, color=GREY)
        self.write(MARGIN, self.height - self.top - below, foot, size=SMALL, color=GREY)
        self._about = list(self.figure.texts)

    def write(self, x: float, y: float, text: str, **style: Any) -> None:
        """Text with its top left corner at (x, y) mm of the body."""
        style = {"va": "top", "ha": "left", "size": TEXT, "linespacing": 1.3} | style
        self.figure.text(x / self.width, self._up(y), text, **style)

    def label(self, x: float, y: float, text: str, **style: Any) -> None:
        """One line of text whose middle is at height `y`, whatever its letters."""
        self.write(x, y - 0.2, text, **{"va": "center_baseline"} | style)

    def heading(self, x: float, y: float, letter: str, text: str) -> None:
        """A panel's letter and what the panel shows; the letter is Latin, so it may be bold."""
        self.label(x, y, letter, family=["DejaVu Sans"], weight="bold", size=NOTE)
        self.label(x + 3.5 * NOTE / JOURNAL_TYPE["NOTE"], y, text, size=NOTE)

    def axes(self, x: float, y: float, width: float, height: float, **options: Any) -> Axes:
        """A panel whose top left corner is at (x, y) mm of the body."""
        box = (x / self.width, self._up(y + height), width / self.width, height / self.height)
        return self.figure.add_axes(box, **options)

    def key(
        self, x: float, y: float, entries: Sequence[tuple[Any, str]], *, until: float | None = None
    ) -> float:
        """Swatches with their words from (x, y) on, new lines where needed; returns the height used in mm.

        An entry's swatch is a colour or a dict of Line2D properties.
        """
        left, row, pitch = x, 0.0, grown(4.0)
        until = self.width - MARGIN if until is None else until
        for swatch, words in entries:
            need = 6.5 + width_of(words, TEXT) + 4.0
            if left > x and left + need - 4.0 > until:
                left, row = x, row + pitch
            middle = self._up(y + row + 0.4 * pitch)
            if isinstance(swatch, dict):
                xs = (
                    [(left + dx) / self.width for dx in (0.0, 5.0)]
                    if swatch.get("ls") != "none"
                    else [(left + 4.0) / self.width]
                )
                self.figure.add_artist(Line2D(xs, [middle] * len(xs), **swatch))
            else:
                size = (5.0 / self.width, 2.4 / self.height)
                corner = (left / self.width, middle - size[1] / 2)
                self.figure.add_artist(Rectangle(corner, *size, facecolor=swatch, linewidth=0))
            self.figure.text((left + 6.5) / self.width, middle, words, va="center_baseline", size=TEXT)
            left += need
        return row + pitch

    def render(self, kind: str, *, name: str) -> bytes:
        """The figure as png, svg or pdf, without dates, so that a repeat gives the same bytes; within its session."""
        return {"png": self._png, "svg": self._svg, "pdf": self._pdf}[kind](name)

    def said(self) -> str:
        """The alternative text: the finding, and the numbers that bear it."""
        return " ".join(
            (_sentence(self.title), self.alt or " ".join((_sentence(self.note), self._written())))
        )

    def _written(self) -> str:
        """What is written on the chart, in the order in which it was drawn."""
        texts = [text for text in self.figure.texts if text not in self._about]
        texts += [text for ax in self.figure.axes for text in ax.texts]
        lines = (" ".join(text.get_text().split()) for text in texts)
        return ("；" if _is_chinese(self.title) else "; ").join(line for line in lines if len(line) > 1)

    def _png(self, name: str) -> bytes:
        dpi = RC["savefig.dpi"] if self.scale == 1.0 else (SLIDE_PIXELS + 0.01) / (self.width / 25.4)
        metadata = {
            "Software": None,
            "Title": self.title,
            "Description": self.said(),
            "Source": " ".join(self.footnote),
        }
        return self._saved(format="png", dpi=dpi, metadata=metadata)

    def _svg(self, name: str) -> bytes:
        content = self._saved(format="svg", metadata={"Date": None, "Creator": None})
        return _described(_enlarged(content, self.scale), name, self.title, self.said())

    def _pdf(self, name: str) -> bytes:
        out = io.BytesIO()
        pdf = _Pdf(out, self.scale, {
            "Creator": None, "Producer": None, "CreationDate": None, "Title": self.title, "Subject": self.said(),
            "Keywords": self.footnote[0] if self.footnote else "",
        })  # fmt: skip
        pdf.savefig(self.figure)
        pdf.close()
        return out.getvalue()

    def _saved(self, **options: Any) -> bytes:
        out = io.BytesIO()
        self.figure.savefig(out, **options)
        return out.getvalue()

    def _up(self, y: float) -> float:
        return 1.0 - (self.top + y) / self.height


def _lines(text: str) -> int:
    return text.count("\n") + 1 if text else 0


def _sentence(text: str) -> str:
    """The text with the mark that ends a sentence."""
    if not text or text[-1] in ".。!！?？":
        return text
    return text + ("。" if _is_chinese(text) else ".")


def _is_chinese(text: str) -> bool:
    return re.search("[\u4e00-\u9fff]", text) is not None


def _described(svg: bytes, name: str, title: str, said: str) -> bytes:
    """The SVG with a title and an alternative text that screen readers find."""
    head = re.compile(rb"<svg ([^>]*)>")
    words = f'<title id="{name}-title">{escape(title)}</title>\n <desc id="{name}-desc">{escape(said)}</desc>'.encode()
    label = f'role="img" aria-labelledby="{name}-title {name}-desc" '.encode()
    return head.sub(lambda m: b"<svg " + label + m[1] + b">\n " + words, svg, count=1)


def _enlarged(svg: bytes, scale: float) -> bytes:
    """The SVG shown `scale` times as large; what is in it stays."""
    if scale == 1.0:
        return svg
    size = re.compile(rb' (width|height)="([0-9.]+)pt"')
    return size.sub(lambda m: b' %s="%.6fpt"' % (m[1], float(m[2]) * scale), svg, count=2)


class _PdfFile(backend_pdf.PdfFile):
    """A file whose pages are enlarged."""

    scale = 1.0

    def newPage(self, width: float, height: float) -> None:
        super().newPage(width * self.scale, height * self.scale)
        if self.scale != 1.0:
            self.output(self.scale, 0, 0, self.scale, 0, 0, backend_pdf.Op.concat_matrix)


class _Pdf(backend_pdf.PdfPages):
    """What `savefig` writes a page into."""

    def __init__(self, out: io.BytesIO, scale: float, metadata: dict[str, str | None]) -> None:
        super().__init__(out, metadata=metadata)
        self._file = _PdfFile(out, metadata=metadata)
        self._file.scale = scale


def small(png: bytes, width: int) -> bytes:
    """A picture for a screen and not for print: `width` pixels across and few bytes, its colours kept."""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    # other methods give a palette to large areas and none to dots
    image.quantize(method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(out, "png", optimize=True)
    return out.getvalue()


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
