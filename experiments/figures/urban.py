"""Urban accounts: the path of the urban share against its targets, and what adds urban residents year by year."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from experiments import urban
from experiments.figures import caption, style
from experiments.figures.movers import by_future, calendar
from experiments.figures.text import Words
from scenarios.scenario import met

NAME = "urban"
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
LEFT, PATH, BARS = 17.0, 56.0, 56.0
# Components a lever moves in full colours; births and reclassified villages, which none moves, in greys.
COLOURS = {
    "natural": style.mix(style.INK, 0.62), "reclassified": style.mix(style.INK, 0.3), "migration": style.YELLOW,
    "moves": style.BLUE, "school": style.ORANGE, "jobs": style.GREEN, "students": style.SKY,
    "graduates": style.PURPLE, "returners": style.VERMILLION,
}  # fmt: skip


class Data(NamedTuple):
    """`bands` (LEVELS, months + 1) of the urban share from the start on; `yearly` (years, components): persons."""

    bands: np.ndarray
    targets: tuple[Any, ...]
    years: tuple[tuple[str, int, int], ...]  # label, first and last month
    yearly: np.ndarray
    reached: float | None  # share of futures that reach the last target, or of the runs of an only point


def data(study: Any) -> Data:
    """The share over time and the flows into towns by calendar year, as means over runs so that they add up."""
    flows = study.urban[:, :, urban.TOWNS, 1:].sum(axis=2).mean(axis=0)  # (months, FLOWS)
    years = urban.calendar(study)
    shares = urban.share(urban.stocks(study))  # (runs, months + 1)
    targets = tuple(t for t in study.scenario.targets if t.metric == "urban_share")
    return Data(
        bands=np.quantile(shares, LEVELS, axis=0),
        targets=targets,
        years=tuple(years),
        yearly=np.array([flows[first : last + 1].sum(axis=0) for _, first, last in years]),
        reached=_reached(study, targets[-1], shares) if targets else None,
    )


def _reached(study: Any, target: Any, shares: np.ndarray) -> float:
    return float(np.mean(met(target, by_future(study, shares[:, target.month + 1]))))


def rows(study: Any, d: Data) -> list[dict[str, Any]]:
    """One row a month of the path, then one row a year and component."""
    names = [f"p{round(level * 100):02d}" for level in LEVELS]
    empty = dict.fromkeys(names)
    path = [
        {
            "panel": "share",
            "date": Words("en").iso(study.scenario.start, t - 1),
            "component": None,
            "mean": None,
        }
        | dict(zip(names, map(float, d.bands[:, t]), strict=True))
        for t in range(study.months + 1)
    ]
    return path + [
        {"panel": "flows", "date": year, "component": name, "mean": float(value)} | empty
        for (year, _, _), values in zip(d.years, d.yearly, strict=True)
        for name, value in zip(urban.FLOWS, values, strict=True)
    ]


def draw(study: Any, d: Data, words: Words) -> style.Sheet:
    """The path above, the components below it, on the same years."""
    single = len(study.runs) == 1
    shown = [k for k, name in enumerate(urban.FLOWS) if np.abs(d.yearly[:, k]).max() >= 0.5]
    sheet = style.Sheet(
        height=PATH + 8.0 + BARS + 5.0,
        title=_title(study, d, words),
        note=words("urban_note"),
        footnote=caption.footnote(study, words),
    )
    labels = [words(f"urban.{urban.FLOWS[k]}") for k in shown] + [words("band_narrow"), words("partly")]
    keys = 5.0 + 6.5 + max(style.width_of(label, style.TEXT) for label in labels)
    width = style.WIDTH - style.MARGIN - LEFT - keys
    sheet.heading(LEFT, 2.0, "a", words("urban_path"))
    _path(sheet.axes(LEFT, 6.0, width, PATH - 12.0), study, d, words, single)
    x = LEFT + width + 5.0
    marks: list[tuple[Any, str]] = [
        (dict(color=style.BLUE, lw=1.0), words("this_run" if single else "median")),
        *([] if single else [
            (style.mix(style.BLUE, 0.38), words("band_narrow")), (style.mix(style.BLUE, 0.17), words("band_wide")),
        ]),
    ]  # fmt: skip
    for i, mark in enumerate(marks):
        sheet.key(x, 6.0 + 4.2 * i, [mark])
    y = PATH + 8.0
    sheet.heading(LEFT, y - 4.0, "b", words("urban_flows"))
    _bars(sheet.axes(LEFT, y, width, BARS), study, d, words, shown)
    _components(sheet, words, shown, x, y)
    return sheet


def _components(sheet: style.Sheet, words: Words, shown: list[int], x: float, y: float) -> None:
    """The key, those a lever moves first."""
    groups = (
        ("lever", [k for k in shown if urban.FLOWS[k] in urban.LEVERS]),
        ("partly", [k for k in shown if urban.FLOWS[k] in urban.PARTLY]),
        ("no_lever", [k for k in shown if urban.FLOWS[k] not in (*urban.LEVERS, *urban.PARTLY)]),
    )
    for heading, members in groups:
        if not members:
            continue
        sheet.label(x, y + 1.6, words(heading), color=style.GREY)
        y += 4.2
        for k in members:
            name = urban.FLOWS[k]
            sheet.key(x, y, [(COLOURS[name], words(f"urban.{name}"))])
            y += 4.2
        y += 1.2
    sheet.key(
        x, y, [(dict(color=style.INK, marker="o", ms=3.4, mec="white", mew=0.4, ls="none"), words("net"))]
    )


def _title(study: Any, d: Data, words: Words) -> str:
    if not d.targets:
        last = words.date(study.scenario.start, study.months - 1)
        return words("urban_title_free", median=words.percent(d.bands[2, -1], places=1), date=last)
    target = d.targets[-1]
    median = float(d.bands[2, target.month + 1])
    said = dict(
        target=_percent(words, target.value),
        date=words.date(study.scenario.start, target.month),
        median=words.percent(median, places=3 if round(median, 3) == round(target.value, 3) else 1),
    )
    if len(study.runs) == 1:
        return words(
            "urban_title_one", **said, answer=words("urban_reached" if d.reached else "urban_missed")
        )
    return words(
        "urban_title" if study.points > 1 else "urban_title_chance",
        **said,
        share=words.percent(d.reached or 0.0),
    )


def _percent(words: Words, share: float) -> str:
    return f"{100 * share:.10g}" + ("\u00a0%" if words.lang == "en" else "%")


def _path(ax: Any, study: Any, d: Data, words: Words, single: bool) -> None:
    x = np.arange(study.months + 1)
    p5, p25, p50, p75, p95 = d.bands * 100.0
    if not single:
        ax.fill_between(x, p5, p95, color=style.mix(style.BLUE, 0.17), lw=0)
        ax.fill_between(x, p25, p75, color=style.mix(style.BLUE, 0.38), lw=0)
    ax.plot(x, p50, color=style.BLUE, lw=1.0, zorder=4)
    limits = [100.0 * t.value for t in d.targets]
    low, high = min(float(p5.min()), *limits, 100.0), max(float(p95.max()), *limits, 0.0)
    room = max(high - low, 0.5)
    for target, limit in zip(d.targets, limits, strict=True):
        at = target.month + 1
        ax.plot([0, at], [limit, limit], color=style.VERMILLION, lw=0.7, ls=(0, (4, 2)), zorder=3)
        ax.plot(at, limit, "D", ms=3.6, color=style.VERMILLION, mec="white", mew=0.4, zorder=5, clip_on=False)
        said = f"{words('target', value=_percent(words, target.value))}{words('comma')}" + words.date(
            study.scenario.start, target.month
        )
        ax.text(0.012 * study.months, limit + 0.02 * room, said, va="bottom", color=style.VERMILLION)
    ax.set(xlim=(0, study.months), ylim=(low - 0.06 * room, high + 0.14 * room))
    calendar(ax, study.scenario.start, study.months)
    ax.set_ylabel(words("urban_axis"))


def _bars(ax: Any, study: Any, d: Data, words: Words, shown: list[int]) -> None:
    most = float(np.abs(d.yearly).sum(axis=1).max())
    unit = 1e4 if words.lang == "zh" and most >= 2e4 else 1e3 if words.lang == "en" and most >= 2e4 else 1.0
    up, down = np.zeros(len(d.years)), np.zeros(len(d.years))
    x = np.array([(first + last + 1) / 2 for _, first, last in d.years])
    share = 0.66 if len(d.years) <= 5 else 0.5
    widths = np.array([share * (last + 1 - first) for _, first, last in d.years])
    for k in sorted(shown, key=lambda k: list(COLOURS).index(urban.FLOWS[k])):
        values = d.yearly[:, k] / unit
        base = np.where(values >= 0, up, down)
        ax.bar(x, values, widths, bottom=base, color=COLOURS[urban.FLOWS[k]], ec="white", lw=0.3)
        up, down = up + values.clip(min=0), down + values.clip(max=0)
    total = d.yearly.sum(axis=1) / unit
    ax.axhline(0, color=style.GREY, lw=0.6)
    ax.plot(x, total, "o", ms=3.4, color=style.INK, mec="white", mew=0.4, zorder=5)
    room = max(float((up - down).max()), 1e-9)
    for i, value in enumerate(total):
        text = words.number(value * unit, digits=3)
        ax.text(x[i] + 0.55 * widths[i], value, text, va="center_baseline", size=style.SMALL, color=style.INK)
    ax.set(xlim=(0, study.months), ylim=(float(down.min()) - 0.05 * room, float(up.max()) + 0.05 * room))
    calendar(ax, study.scenario.start, study.months)
    ax.set_ylabel(words("urban_flow_axis_scaled" if unit > 1 else "urban_flow_axis"))
    ax.yaxis.set_major_formatter(lambda v, _: f"{v:,.10g}".replace("-", "−"))
