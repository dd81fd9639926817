"""County by county: how many move, and what share of the county's pool that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from experiments.figures import caption, movers, style
from experiments.figures.text import Words
from scenarios.scenario import persons_target

NAME = "counties"
LEVELS = (0.05, 0.5, 0.95)
ALT = (
    "Dots, county by county, persons and share of the pool: {list}.",
    "点图，各县（市、区）人数及占可搬迁人口的比例：{list}。",
)


class Data(NamedTuple):
    """Counties in falling order of their median; `persons` and `share` are (LEVELS, counties), `region` LEVELS."""

    event: str
    at: int
    order: np.ndarray
    persons: np.ndarray
    share: np.ndarray
    region: np.ndarray


def data(study: Any) -> Data:
    """Persons by the counting month over the persons of the pool."""
    event = getattr(persons_target(study.scenario), "event", None) or "keys"
    at = movers.counting_month(study)
    persons = study.indicator(f"persons_{event}")[:, at]
    pool = study.why[..., 1].sum(axis=2)
    share = persons / np.maximum(pool, 1.0)
    region = persons.sum(axis=1) / np.maximum(pool.sum(axis=1), 1.0)
    middle = np.quantile(persons, LEVELS, axis=0)
    order = np.argsort(-middle[1], kind="stable")
    return Data(
        event,
        at,
        order,
        middle[:, order],
        np.quantile(share, LEVELS, axis=0)[:, order],
        np.quantile(region, LEVELS),
    )


def rows(study: Any, d: Data) -> list[dict[str, Any]]:
    """One row a county."""
    names = [f"p{round(level * 100):02d}" for level in LEVELS]
    return [
        {"county": study.scenario.counties[c].id, "date": Words("en").iso(study.scenario.start, d.at)}
        | {"event": d.event}
        | {f"persons_{name}": float(v) for name, v in zip(names, d.persons[:, i], strict=True)}
        | {f"pool_share_{name}": float(v) for name, v in zip(names, d.share[:, i], strict=True)}
        for i, c in enumerate(d.order)
    ]


def draw(study: Any, d: Data, words: Words) -> style.Sheet:
    """Dots at the median with their 5-95 % lines, one row a county."""
    counties = [words.name(study.scenario.counties[c]) for c in d.order]
    pitch = 6.0 if len(counties) <= 15 else 4.2 if len(counties) <= 30 else 3.2
    size = style.TEXT if pitch > 4 else style.SMALL
    top, body, axis = 9.0, pitch * len(counties), 9.0
    sheet = style.Sheet(
        height=top + body + axis,
        title=_title(study, d, counties, words),
        note=words(
            "counties_note",
            event=words(f"events.{d.event}"),
            date=words.date(study.scenario.start, d.at),
            spread=caption.spread(study, words, "median_interval"),
        ),
        footnote=caption.footnote(study, words),
    )
    single = len(study.runs) == 1
    percent = _percent(d, words)
    unit = 1e4 if words.lang == "zh" and d.persons.max() >= 2e4 else 1.0
    written, shares = (
        [_written([write(v) for v in values[:, i]], words, single) for i in range(len(counties))]
        for values, write in ((d.persons, lambda v: words.number(v, digits=3)), (d.share, percent))
    )
    told = (" ".join(row) for row in zip(counties, written, shares, strict=True))
    sheet.alt = ALT[words.column].format(list=words("comma").join(told))
    gutter = style.MARGIN + max(style.width_of(c, size) for c in counties) + 2.5
    columns = [max(style.width_of(t, size) for t in column) + 2.0 for column in (written, shares)]
    width = (style.WIDTH - style.MARGIN - gutter - sum(columns) - 8.0) / 2.0
    left = sheet.axes(gutter, top, width, body)
    right = sheet.axes(gutter + width + columns[0] + 8.0, top, width, body)
    sheet.heading(style.MARGIN, 2.0, "a", words("persons_heading"))
    sheet.heading(gutter + width + columns[0] + 4.0, 2.0, "b", words("pool_heading"))
    panels = ((left, d.persons / unit, written, style.BLUE), (right, d.share * 100.0, shares, style.GREEN))
    for ax, values, column, colour in panels:
        y = np.arange(len(counties))
        ax.hlines(y, 0, values[1], color=style.FAINT, lw=0.4, zorder=1)
        if not single:
            ax.hlines(y, values[0], values[2], color=style.mix(colour, 0.45), lw=2.2, zorder=2)
        ax.plot(values[1], y, "o", ms=4.2, color=colour, mec="white", mew=0.5, zorder=3, clip_on=False)
        most = float(values.max())
        ax.set(ylim=(len(counties) - 0.5, -0.5), yticks=[])
        style.from_zero(ax, most, room=1.03)
        style.bare(ax, "left")
        for i, text in enumerate(column):
            ax.annotate(text, (1.0, i), (3, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                        va="center_baseline", size=size, color=style.INK)  # fmt: skip
    left.set_yticks(range(len(counties)), labels=counties, size=size)
    left.tick_params(axis="y", length=0)
    left.set_xlabel(words("persons_axis_scaled" if unit > 1 else "persons_axis"))
    left.xaxis.set_major_formatter(lambda v, _: f"{v:.3g}" if unit > 1 else words.number(v))
    right.set_xlabel(words("pool_axis"))
    whole = d.region[1] * 100.0
    right.axvline(whole, color=style.VERMILLION, lw=0.8, ls=(0, (4, 2)), zorder=1)
    right.annotate(words("region_share", share=percent(d.region[1])), (whole, 1.0), (0, 2),
                   xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", va="bottom",
                   color=style.VERMILLION)  # fmt: skip
    return sheet


def _written(texts: list[str], words: Words, single: bool) -> str:
    low, middle, high = texts
    return middle if single else words.with_range(middle, low, high)


def _percent(d: Data, words: Words) -> Callable[[float], str]:
    """How shares are written: whole per cents, tenths where all are small."""
    return lambda share: words.percent(share, places=0 if d.share[1].max() >= 0.1 else 1)


def _title(study: Any, d: Data, counties: list[str], words: Words) -> str:
    if d.persons.max() == 0:
        return words("counties_title_nobody")
    percent = _percent(d, words)
    low, high = int(d.share[1].argmin()), int(d.share[1].argmax())
    values = dict(
        first=counties[0],
        persons=words.number(d.persons[1, 0], digits=3),
        high=percent(d.share[1, high]),
        highest=counties[high],
        low=percent(d.share[1, low]),
        lowest=counties[low],
    )
    return words("counties_title_single" if len(counties) == 1 else "counties_title", **values)
