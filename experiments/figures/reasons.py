"""Why not: where every household of the pool stands when applications close."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from experiments.figures import caption, style
from experiments.figures.text import Words
from simulation.outcomes import WHY

NAME = "reasons"

# Families of states, from gone to staying, and how strongly each state takes its family's colour.
FAMILIES = (
    ("gone", style.BLUE, ("moved", "returned", "own_moved", "improved")),
    ("waiting", style.ORANGE, ("in_process", "no_home", "no_money", "withdrew", "withheld")),
    ("hindered", style.GREEN, ("not_yet_applied", "unaffordable", "infeasible")),
    ("staying", "#555555", ("prefers_to_stay", "never_mover")),
)
TINTS = (1.0, 0.62, 0.4, 0.22, 0.12)


ALT = (
    "Bars, share of households by where they stand: {list}. Shares moved by county: {counties}.",
    "条形图，农户所处状态的占比：{list}。各县（市、区）已搬迁占比：{counties}。",
)


class Data(NamedTuple):
    """Means over runs: each run counts alike, whatever the size of its pool."""

    states: tuple[str, ...]
    colours: tuple[str, ...]
    pool: float  # households, median over runs
    total: np.ndarray  # (states,): share of the pool's households
    spread: np.ndarray  # (2, states): 5 and 95 % of runs
    county: np.ndarray  # (states, counties): share of the county's households
    persons: np.ndarray  # (states, counties)
    households: np.ndarray  # (states, counties)


def data(study: Any) -> Data:
    """Every state, in the order of the families; a comparison group only if there is one."""
    unknown = set(WHY) - {state for _, _, states in FAMILIES for state in states}
    assert not unknown, f"states without a colour: {unknown}"
    kept = [
        (state, style.mix(colour, tint))
        for _, colour, states in FAMILIES
        for state, tint in zip(states, TINTS, strict=False)
        if state != "withheld" or study.why[:, :, WHY.index("withheld")].any()
    ]
    states, colours = zip(*kept, strict=True)
    where = [WHY.index(state) for state in states]
    households = study.why[:, :, where, 0]  # (runs, counties, states)
    total = households.sum(axis=1)
    share = total / np.maximum(total.sum(axis=1, keepdims=True), 1.0)
    county = households / np.maximum(households.sum(axis=2, keepdims=True), 1.0)
    return Data(
        states=states,
        colours=colours,
        pool=float(np.median(total.sum(axis=1))),
        total=share.mean(axis=0),
        spread=np.quantile(share, (0.05, 0.95), axis=0),
        county=county.mean(axis=0).T,
        persons=study.why[:, :, where, 1].mean(axis=0).T,
        households=households.mean(axis=0).T,
    )


def rows(study: Any, d: Data) -> list[dict[str, Any]]:
    """One row a state and county, and one a state for the whole region."""
    out = []
    for s, state in enumerate(d.states):
        whole = dict(households=float(d.households[s].sum()), persons=float(d.persons[s].sum()))
        whole |= dict(
            share=float(d.total[s]), share_p05=float(d.spread[0, s]), share_p95=float(d.spread[1, s])
        )
        out.append({"state": state, "county": "region"} | whole)
        for c, county in enumerate(study.scenario.counties):
            part = dict(households=float(d.households[s, c]), persons=float(d.persons[s, c]))
            part |= dict(share=float(d.county[s, c]), share_p05=None, share_p95=None)
            out.append({"state": state, "county": county.id} | part)
    return out


def draw(study: Any, d: Data, words: Words) -> style.Sheet:
    """Left: each state's share with its spread, which is also the key to the colours; right: county by county."""
    counties = study.scenario.counties
    single = len(study.runs) == 1
    row, gap = 4.6, 2.4
    families = [(name, [d.states.index(s) for s in states if s in d.states]) for name, _, states in FAMILIES]
    tall = row * len(d.states) + gap * (len(families) - 1)
    body = max(tall, 3.2 * len(counties))
    sheet = style.Sheet(
        height=6.0 + body + 9.0,
        title=_title(study, d, words),
        note=words(
            "why_note",
            date=words.date(study.scenario.start, min(study.scenario.window, study.months) - 1),
            spread=caption.spread(study, words, "mean_interval"),
        ),
        footnote=caption.footnote(study, words),
    )
    written = [_written(d, s, words, single) for s in range(len(d.states))]
    sheet.alt = _alt(study, d, words, written)
    heads = max(style.width_of(words(name), style.TEXT) for name, _ in families) + 3.0
    names = max(style.width_of(words(f"why.{state}"), style.TEXT) for state in d.states) + 2.0
    numbers = max(style.width_of(text, style.TEXT) for text in written) + 2.0
    places = max(style.width_of(words.name(c), style.TEXT) for c in counties) + 2.0
    x = style.MARGIN + heads + names
    free = style.WIDTH - style.MARGIN - x - numbers - places - 5.0
    left, right = free * 0.42, free * 0.58
    ax = sheet.axes(x, 6.0, left, tall)
    sheet.heading(style.MARGIN, 2.0, "a", words("why_total"))
    y = 0.0
    for name, members in families:
        sheet.label(style.MARGIN, 6.0 + y + row / 2, words(name), color=style.GREY)
        for s in members:
            middle = y + row / 2
            ax.barh(middle, d.total[s] * 100.0, row * 0.72, color=d.colours[s], lw=0)
            if not single:
                ax.plot(d.spread[:, s] * 100.0, [middle] * 2, color=style.INK, lw=0.7)
            sheet.label(x - 2.0, 6.0 + middle, words(f"why.{d.states[s]}"), ha="right")
            sheet.label(x + left + 2.0, 6.0 + middle, written[s])
            y += row
        y += gap
    most = max(d.total.max(), d.spread.max()) * 100.0
    ax.set(ylim=(tall, 0), yticks=[])
    style.from_zero(ax, most)
    ax.set_xlabel(words("why_axis"))
    _counties(sheet, study, d, words, x + left + numbers + places + 5.0, right, body, places)
    return sheet


def _alt(study: Any, d: Data, words: Words, written: list[str]) -> str:
    """The picture in words: every state, then each county's share of movers."""
    states = [f"{words(f'why.{state}')} {text}" for state, text in zip(d.states, written, strict=True)]
    order = np.argsort(-d.county[0], kind="stable")
    counties = [f"{words.name(study.scenario.counties[c])} {words.percent(d.county[0, c])}" for c in order]
    comma = words("comma")
    return ALT[words.column].format(list=comma.join(states), counties=comma.join(counties))


def _counties(sheet: style.Sheet, study: Any, d: Data, words: Words, x: float, width: float, body: float,
              places: float) -> None:  # fmt: skip
    """Counties as full bars, the one with the largest share of movers first."""
    order = np.argsort(-d.county[0], kind="stable")
    ax = sheet.axes(x, 6.0, width, body)
    sheet.heading(x - places, 2.0, "b", words("why_county"))
    start = np.zeros(len(order))
    for colour, shares in zip(d.colours, d.county[:, order] * 100.0, strict=True):
        ax.barh(range(len(order)), shares, 0.76, left=start, color=colour, ec="white", lw=0.25)
        start += shares
    labels = [words.name(study.scenario.counties[c]) for c in order]
    pitch = body / len(order)
    ax.set_yticks(range(len(order)), labels=labels, size=style.TEXT if pitch >= 3.6 else style.SMALL)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 100), ylim=(len(order) - 0.5, -0.5))
    ax.set_xlabel(words("why_axis"))
    style.bare(ax, "left")


def _written(d: Data, s: int, words: Words, single: bool) -> str:
    value = words.percent(d.total[s], places=1)
    low, high = (words.percent(share, places=1) for share in d.spread[:, s])
    return value if single else words.with_range(value, low, high)


def _title(study: Any, d: Data, words: Words) -> str:
    if d.pool == 0:
        return words("why_title_empty")
    others = [s for s, state in enumerate(d.states) if state != "moved"]
    first = max(others, key=lambda s: d.total[s])
    return words(
        "why_title",
        moved=words.percent(d.total[d.states.index("moved")]),
        pool=words.number(d.pool, digits=3),
        reason=words(f"why.{d.states[first]}"),
        share=words.percent(d.total[first]),
        average=words("average") if len(study.runs) > 1 else "",
    )
