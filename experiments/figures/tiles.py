"""County tiles: what share of each county's pool has moved, on a schematic of our own or on the user's boundaries.

`maps/schematics.csv` gives the counties of a region a row and a column, roughly as they lie, and their adcode (GB/T 2260). Counties
without a schematic are laid out in reading order. No boundaries come with the package.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke

from experiments.figures import caption, counties, geojson, style
from experiments.figures.geojson import Map
from experiments.figures.text import Words

NAME = "tiles"
STEPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1)  # what a class may be wide
CLASSES = 10
PALEST, DARKEST = 0.1, 1.0
GAP, PAD = 1.2, 1.4  # mm between tiles and inside them
WIDEST, ACROSS = 46.0, 6  # mm a tile, and tiles in reading order
MAP_HEIGHT = 110.0

WORDS = {
    "title": (
        "{high} has moved {most} of its pool by {date}, {low} {least}; {region} in the whole region",
        "到{date}，{high}已搬迁本县可搬迁人口的{most}，{low}为{least}；全区域{region}",
    ),
    "title_one": (
        "{high} has moved {most} of its pool by {date}",
        "到{date}，{high}已搬迁可搬迁人口的{most}",
    ),
    "title_even": (
        "Every county has moved {most} of its pool by {date}",
        "到{date}，各县（市、区）均已搬迁可搬迁人口的{most}",
    ),
    "title_nobody": ("Nobody has moved in any county by {date}", "到{date}，各县（市、区）均无人搬迁"),
    "note": (
        "Colour: share of the county's pool moved by {date}; number: persons (counted event: {event}), {spread}. {place}",
        "颜色：到{date}已搬迁人口占本县可搬迁人口的比例；数字：人数（计数节点：{event}），{spread}。{place}",
    ),
    "schematic": ("Schematic, not a map.", "示意图，非地图。"),
    "reading": ("In reading order; where tiles lie says nothing.", "按顺序排列，位置不代表方位。"),
    "map": (
        "Boundaries: the user's own ({name}), longitude and latitude drawn as they are.",
        "边界由用户提供（{name}），按经纬度绘制。",
    ),
    "bar": ("Share of the county's pool (%), median", "占本县可搬迁人口的比例（%），中位数"),
    "bar_one": ("Share of the county's pool (%)", "占本县可搬迁人口的比例（%）"),
    "persons": ("{number}", "{number}人"),
    "listed": ("{name} {share}, {numbers}", "{name} {share}，{numbers}"),
    "list": ("Share of the pool, persons moved", "占比，搬迁人数"),
}


class Place(NamedTuple):
    """Where a county's tile lies on the schematic of its region, from 0, and its adcode."""

    region: str
    adcode: str
    row: int
    column: int


def data(study: Any) -> counties.Data:
    """Persons by the counting month and their share of the pool, as in the chart of counties."""
    return counties.data(study)


def rows(study: Any, d: counties.Data) -> list[dict[str, Any]]:
    """One row a county, with the place of its tile."""
    places = layout(study.scenario.counties)
    return [
        row | dict(zip(("tile_row", "tile_column"), places[int(c)], strict=True))
        for row, c in zip(counties.rows(study, d), d.order, strict=True)
    ]


def read_map(path: str | Path, counties: Sequence[Any]) -> Map:
    """The user's own boundaries, matched to the counties by id, name or adcode. Raises InputError."""
    codes = {id: place.adcode for id, place in schematics().items()}
    return geojson.read_map(path, counties, codes)


@cache
def schematics() -> dict[str, Place]:
    """The place of every county that has one, by its id."""
    text = resources.files("experiments.figures").joinpath("maps", "schematics.csv").read_text("utf-8")
    return {
        row["county"]: Place(row["region"], row["adcode"], int(row["row"]), int(row["column"]))
        for row in csv.DictReader(text.splitlines())
    }


def is_schematic(counties: Sequence[Any]) -> bool:
    """Whether all counties lie on one schematic."""
    places = [schematics().get(county.id) for county in counties]
    return None not in places and len({place.region for place in places if place}) == 1


def layout(counties: Sequence[Any]) -> list[tuple[int, int]]:
    """Row and column of each county's tile, from 0."""
    if is_schematic(counties):
        return [schematics()[county.id][2:] for county in counties]
    n = len(counties)
    lines = -(-n // ACROSS) if n <= ACROSS * ACROSS else round((n / 2.0) ** 0.5)
    across = -(-n // lines)
    return [divmod(k, across) for k in range(n)]


class Scale(NamedTuple):
    """Classes of the share of the pool: their edges, from 0, and their colours."""

    edges: np.ndarray
    colours: tuple[str, ...]

    def colour(self, share: float) -> str:
        k = int(np.searchsorted(self.edges, share, side="right")) - 1
        return self.colours[min(max(k, 0), len(self.colours) - 1)]


def scale(shares: np.ndarray) -> Scale:
    """At most CLASSES classes of one round width, which hold the largest share."""
    most = float(shares.max()) if len(shares) else 0.0
    step = next((step for step in STEPS if most < CLASSES * step), STEPS[-1])
    n = max(int(most / step + 1e-9) + 1, 2)
    tints = np.linspace(PALEST, DARKEST, n)
    return Scale(np.arange(n + 1) * step, tuple(style.mix(style.BLUE, float(tint)) for tint in tints))


def draw(study: Any, d: counties.Data, words: Words, map: Map | None = None) -> style.Sheet:
    """A tile a county on the schematic, or the counties' own shapes on `map`."""
    return _draw_map(study, d, words, map) if map else _draw_tiles(study, d, words)


def say(words: Words, key: str, **values: Any) -> str:
    return WORDS[key][words.column].format(**values)


class Text(NamedTuple):
    """What is written of a county: name, share of the pool, persons, their range."""

    name: str
    share: str
    persons: str
    range: str


def _texts(study: Any, d: counties.Data, words: Words) -> list[Text]:
    """By county in the study's order."""
    found = {}
    for i, c in enumerate(d.order):
        low, middle, high = (words.number(v, digits=3) for v in d.persons[:, i])
        span = "" if len(study.runs) == 1 or low == high else low + words("to") + high
        found[int(c)] = Text(
            words.name(study.scenario.counties[c]),
            words.percent(d.share[1, i], places=_places(d)),
            say(words, "persons", number=middle),
            span,
        )
    return [found[c] for c in range(len(found))]


def _sheet(study: Any, d: counties.Data, words: Words, height: float, place: str) -> style.Sheet:
    texts = _texts(study, d, words)
    date = words.date(study.scenario.start, d.at)
    spread = caption.spread(study, words, "median_interval")
    event = words(f"events.{d.event}")
    return style.Sheet(
        height=height,
        title=_title(study, d, words, date),
        note=say(words, "note", date=date, event=event, spread=spread, place=place),
        footnote=caption.footnote(study, words),
        alt=_alt(texts, d, words),
    )


def _places(d: counties.Data) -> int:
    """Places of per cents: whole ones, tenths where all are small."""
    return 0 if d.share[1].max() >= 0.1 else 1


def _title(study: Any, d: counties.Data, words: Words, date: str) -> str:
    if d.persons.max() == 0:
        return say(words, "title_nobody", date=date)
    shares, texts = d.share[1], _texts(study, d, words)
    first, last = (texts[d.order[k]] for k in (shares.argmax(), shares.argmin()))
    values = dict(high=first.name, most=first.share, low=last.name, least=last.share, date=date)
    if len(shares) == 1:
        return say(words, "title_one", **values)
    if first.share == last.share:
        return say(words, "title_even", **values)
    return say(words, "title", **values, region=words.percent(d.region[1], places=_places(d)))


def _alt(texts: list[Text], d: counties.Data, words: Words) -> str:
    """Every county's numbers, most persons first."""
    return words("comma").join(_listed(texts[c], words) for c in d.order)


def _listed(text: Text, words: Words) -> str:
    """Name, share, persons and their range in a line."""
    numbers = words("with_range", value=text.persons, range=text.range) if text.range else text.persons
    return say(words, "listed", name=text.name, share=text.share, numbers=numbers)


def _bar(sheet: style.Sheet, study: Any, s: Scale, words: Words, x: float, y: float, width: float) -> float:
    """The colour bar with its unit at (x, y); returns the height it takes, mm."""
    line = style.TEXT * style.LEADING
    sheet.label(x, y + line / 2, say(words, "bar_one" if len(study.runs) == 1 else "bar"))
    n, tall = len(s.colours), 3.0
    ax = sheet.axes(x, y + line + 0.8, width, tall)
    for k, colour in enumerate(s.colours):
        ax.add_patch(Rectangle((k, 0), 1, 1, facecolor=colour, edgecolor="white", linewidth=0.5))
    ax.set(xlim=(0, n), ylim=(0, 1), yticks=[])
    ax.set_xticks(range(n + 1), labels=[f"{edge * 100:.3g}" for edge in s.edges])
    ax.tick_params(axis="x", length=0)
    style.bare(ax, "left", "bottom")
    ax.tick_params(axis="x", labelbottom=True)
    return line + 0.8 + tall + line + 1.5


def _ink(colour: str) -> str:
    """Black or white, whichever is read better on a colour (WCAG 2 relative luminance)."""
    channels = (int(colour[k : k + 2], 16) / 255.0 for k in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if light < 0.179 else style.BLACK


def _draw_tiles(study: Any, d: counties.Data, words: Words) -> style.Sheet:
    areas = study.scenario.counties
    texts, places = _texts(study, d, words), layout(areas)
    lines, across = (max(place[k] for place in places) + 1 for k in (0, 1))
    room = style.WIDTH - 2 * style.MARGIN
    width = min((room + GAP) / across - GAP, max(WIDEST, *(0.0, _widest(texts))))
    inside = [_lines(text, width - 2 * PAD) for text in texts]
    tall = max(sum(size for _, size in own) for own in inside) * style.LEADING + 2 * PAD + 1.0
    s = scale(d.share[1])
    head = style.TEXT * 2 * style.LEADING + 7.3
    sheet = _sheet(
        study, d, words, head + lines * (tall + GAP) - GAP,
        say(words, "schematic" if is_schematic(areas) else "reading"),
    )  # fmt: skip
    left = style.MARGIN + max((room - across * (width + GAP) + GAP) / 2.0, 0.0)
    _bar(sheet, study, s, words, left, 0.0, min(70.0, across * (width + GAP) - GAP))
    shares = dict(zip(map(int, d.order), d.share[1], strict=True))
    ax = sheet.axes(left, head, across * (width + GAP) - GAP, lines * (tall + GAP) - GAP)
    ax.set(xlim=(0, across * (width + GAP) - GAP), ylim=(lines * (tall + GAP) - GAP, 0))
    ax.set_axis_off()
    for c, (row, column) in enumerate(places):
        corner, colour = (column * (width + GAP), row * (tall + GAP)), s.colour(shares[c])
        ax.add_patch(
            Rectangle(
                corner, width, tall, facecolor=colour, edgecolor=style.FAINT, linewidth=0.5, clip_on=False
            )
        )
        _write(sheet, left + corner[0] + width / 2.0, head + corner[1] + tall / 2.0, inside[c], _ink(colour))
    return sheet


def _widest(texts: list[Text]) -> float:
    return (
        max(style.width_of(part, style.SMALL) for text in texts for part in (text.persons, text.range))
        + 2 * PAD
    )


def _lines(text: Text, width: float) -> list[tuple[str, float]]:
    """Lines of a tile and their sizes: name and share, persons, range."""
    *first, last = style.wrap(text.name, width, style.TEXT).split("\n")
    together = f"{last} {text.share}"
    last = [together] if style.width_of(together, style.TEXT) <= width else [last, text.share]
    found = [(line, style.TEXT) for line in [*first, *last]]
    found.append((text.persons, style.NOTE))
    return found + [(text.range, style.SMALL)] if text.range else found


def _write(sheet: style.Sheet, x: float, y: float, lines: list[tuple[str, float]], ink: str) -> None:
    """Lines under each other, their middle at (x, y)."""
    at = y - sum(size for _, size in lines) * style.LEADING / 2.0
    for line, size in lines:
        sheet.label(x, at + size * style.LEADING / 2.0, line, size=size, color=ink, ha="center")
        at += size * style.LEADING


def _draw_map(study: Any, d: counties.Data, words: Words, map: Map) -> style.Sheet:
    """The shapes on the left; on the right every county's numbers, most persons first."""
    texts, s = _texts(study, d, words), scale(d.share[1])
    order = [int(c) for c in d.order]
    listed = [f"{k}  " + _listed(texts[c], words) for k, c in enumerate(order, 1)]
    swatch = 5.0
    side = min(max(style.width_of(one, style.TEXT) for one in listed) + swatch + 0.5, 0.42 * style.WIDTH)
    listed = [style.wrap(one, side - swatch, style.TEXT) for one in listed]
    room = style.WIDTH - 2 * style.MARGIN - side - 4.0
    flat = geojson.flat(map, room, MAP_HEIGHT)
    head, line = style.TEXT * 2 * style.LEADING + 7.3, style.TEXT * style.LEADING + 0.9
    tall = line * (1 + sum(one.count("\n") + 1 for one in listed))
    sheet = _sheet(study, d, words, max(head + flat.height, tall), say(words, "map", name=map.name))
    _bar(sheet, study, s, words, style.MARGIN, 0.0, min(70.0, room))
    colours = dict(zip(order, [s.colour(share) for share in d.share[1]], strict=True))
    ax = sheet.axes(style.MARGIN + (room - flat.width) / 2.0, head, flat.width, flat.height)
    ax.set(xlim=(0, flat.width), ylim=(0, flat.height))
    ax.set_axis_off()
    for c, shape in enumerate(flat.shapes):
        ax.add_patch(
            PathPatch(_outline(shape), facecolor=colours[c], edgecolor="white", linewidth=0.6, clip_on=False)
        )
    taken: list[tuple[float, float, float, float]] = []
    for k, c in enumerate(order, 1):
        _name(ax, flat.shapes[c], texts[c].name, str(k), colours[c], taken)
    x, y = style.WIDTH - style.MARGIN - side, line
    sheet.label(x + swatch, line / 2, say(words, "list"), color=style.GREY)
    key = sheet.axes(x, 0.0, 3.4, tall)
    key.set(xlim=(0, 1), ylim=(tall, 0))
    key.set_axis_off()
    for text, c in zip(listed, order, strict=True):
        key.add_patch(
            Rectangle((0, y + 0.7), 1, line - 1.4, facecolor=colours[c], edgecolor=style.GREY, linewidth=0.4)
        )
        for part in text.split("\n"):
            sheet.label(x + swatch, y + line / 2, part)
            y += line
    return sheet


def _outline(shape: Sequence[Sequence[np.ndarray]]) -> Outline:
    """All rings of a shape as one path; holes run the other way round and stay empty."""
    rings = [ring for polygon in shape for ring in polygon]
    return Outline.make_compound_path(*(Outline(ring, closed=True) for ring in rings))


def _name(ax: Any, shape: Any, name: str, number: str, colour: str, taken: list[Any]) -> None:
    """The county's name where it fits inside its shape, else its number in the list, if that has room."""
    tall = style.SMALL * 25.4 / 72.0 * 1.1
    x, y, room = geojson.widest(shape, tall)
    fits = [text for text in (name, number) if style.width_of(text, style.SMALL) + 0.6 <= room]
    text = fits[0] if fits else number
    wide = style.width_of(text, style.SMALL)
    box = (x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2)
    if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
        return
    taken.append(box)
    edge = [] if fits else [withStroke(linewidth=1.2, foreground="white")]
    ax.text(x, y, text, size=style.SMALL, ha="center", va="center_baseline", path_effects=edge,
            color=_ink(colour) if fits else style.INK)  # fmt: skip
