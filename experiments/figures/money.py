"""Money: who pays into the programme, what it is spent on, and how households pay for their homes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from experiments.figures import caption, style
from experiments.figures.text import Words, figures
from experiments.verdict import RELOCATION, STANDING
from simulation.ledger import FLOW, FLOWS
from simulation.outcomes import INDICATORS

NAME = "money"
LEVELS = (0.05, 0.5, 0.95)
OTHER_INCOME = {"quota_revenue": "quota", "land_sale": "land_sale", "pool_loan_drawn": "county_loans"}
USES = ("home_price", "fitting_out")
MEANS = ("subsidy", "compensation", "loan", "kin", "own")
USE_COLOURS = (style.mix(style.INK, 0.62), style.mix(style.INK, 0.3))
MEANS_COLOURS = (style.VERMILLION, style.ORANGE, style.SKY, style.PURPLE, style.BLUE)
ROW = 4.6


class Data(NamedTuple):
    """Yuan. `incoming` and `outgoing`: (name, LEVELS); homes are means over runs."""

    incoming: list[tuple[str, np.ndarray]]
    outgoing: list[tuple[str, np.ndarray]]
    spent: float  # median over runs, standing entitlements included
    per_person: float  # RELOCATION a person moved, median over runs; NaN if nobody moved
    uses: np.ndarray  # (USES,)
    means: np.ndarray  # (MEANS,)


def data(study: Any) -> Data:
    """Sums over all months; what is left in the accounts at the end counts as not spent."""
    yuan = {name: study.ledger[:, :, k].sum(axis=1) / 100.0 for name, k in FLOW.items()}  # (runs,) each
    paid = [flow for flow in FLOWS if flow.programme and flow.name != "quota_revenue"]
    incoming = {
        f"payers.{flow.name.removeprefix('appropriation_')}": yuan[flow.name]
        for flow in FLOWS
        if flow.purpose == "appropriation"
    } | {name: yuan[flow] for flow, name in OTHER_INCOME.items()}
    outgoing: dict[str, np.ndarray] = {}
    for flow in paid:
        name = ("standing." if flow.name in STANDING else "purposes.") + flow.purpose
        outgoing[name] = outgoing.get(name, np.zeros(len(study.runs))) + yuan[flow.name]
    outgoing["repaid"] = yuan["pool_loan_principal"]
    left = [study.region[:, -1, INDICATORS.index(name)] for name in ("cash_fen", "jobs_cash_fen")]
    outgoing["unspent"] = np.sum(left, axis=0) / 100.0
    spent = np.sum([yuan[flow.name] for flow in paid], axis=0)
    moved = study.region[:, -1, INDICATORS.index("persons_signed")]
    relocation = np.sum([yuan[name] for name in RELOCATION], axis=0)
    costs = relocation[moved > 0] / moved[moved > 0]
    uses = np.stack([yuan[name] for name in USES])
    return Data(
        incoming=_sorted(incoming),
        outgoing=_sorted(outgoing),
        spent=float(np.median(spent)),
        per_person=float(np.median(costs)) if len(costs) else float("nan"),
        uses=uses.mean(axis=1),
        means=_means(uses.sum(axis=0), yuan).mean(axis=1),
    )


def _means(cost: np.ndarray, yuan: dict[str, np.ndarray]) -> np.ndarray:
    """How the cost of homes was met, (MEANS, runs): each source up to what is left to pay, own money the rest."""
    rest, met = cost.copy(), []
    loans = yuan["loan_drawn"] - yuan["startup_investment"]  # start-up loans are invested as they are drawn
    for source in (yuan["subsidy"], yuan["compensation"], loans, yuan["kin_transfer"]):
        met.append(np.minimum(source, rest))
        rest = rest - met[-1]
    return np.stack([*met, rest])


def _sorted(parts: dict[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
    """Parts that are not zero in every run, the largest median first, what was not spent last."""
    spreads = [(name, np.quantile(values, LEVELS)) for name, values in parts.items() if values.any()]
    return sorted(spreads, key=lambda part: (part[0] == "unspent", -part[1][1]))


def rows(study: Any, d: Data) -> list[dict[str, Any]]:
    """One row a bar or segment, yuan; homes have a mean only."""
    out = [
        {"panel": panel, "part": name, "mean_yuan": None} | dict(
            zip(("p05_yuan", "p50_yuan", "p95_yuan"), map(float, spread), strict=True)
        )
        for panel, parts in (("in", d.incoming), ("out", d.outgoing))
        for name, spread in parts
    ]  # fmt: skip
    homes = (("homes cost", USES, d.uses), ("homes paid from", MEANS, d.means))
    empty = dict(p05_yuan=None, p50_yuan=None, p95_yuan=None)
    return out + [
        {"panel": panel, "part": name, "mean_yuan": float(value)} | empty
        for panel, names, values in homes
        for name, value in zip(names, values, strict=True)
    ]


def draw(study: Any, d: Data, words: Words) -> style.Sheet:
    """Public money in and out side by side on one scale; below, what homes cost and who pays."""
    start, single = study.scenario.start, len(study.runs) == 1
    spreads = [spread for _, spread in (*d.incoming, *d.outgoing)]
    most = max([float(spread.max()) for spread in spreads], default=0.0)
    unit, unit_name = words.money(max(most, float(d.uses.sum())))
    tall, axis = ROW * max(len(d.incoming), len(d.outgoing), 1), 9.0
    standing = any(name.startswith("standing.") for name, _ in d.outgoing)
    below = 6.0 + tall + axis + (4.0 if standing else 0.0) + 4.0
    wraps = words.lang == "en" and np.sum(d.uses > 0) + np.sum(d.means > 0) > 6  # the key takes two lines
    homes = 6.0 + 5.0 + 2 * 6.5 + axis + (4.0 if wraps else 0.0) if d.uses.any() else 10.0
    sheet = style.Sheet(
        height=below + homes,
        title=_title(study, d, words),
        note=words(
            "money_note",
            first=words.date(start, 0),
            last=words.date(start, study.months - 1),
            spread=caption.spread(study, words, "median_interval"),
        ),
        footnote=caption.footnote(study, words),
    )
    half = (style.WIDTH - 2 * style.MARGIN - 6.0) / 2.0
    sides = (
        ("a", style.MARGIN, "money_in", d.incoming, style.BLUE),
        ("b", style.MARGIN + half + 6.0, "money_out", d.outgoing, style.VERMILLION),
    )
    room = [_room(parts, words, unit, single) for _, _, _, parts, _ in sides]
    names, numbers = (max(column) for column in zip(*room, strict=True))
    for letter, x, heading, parts, colour in sides:
        count = max(len(parts), 1)
        sheet.heading(x, 2.0, letter, words(heading))
        ax = sheet.axes(x + names, 6.0, half - names - numbers, ROW * count)
        for i, (name, spread) in enumerate(parts):
            low, middle, high = spread / unit
            tint = (
                style.FAINT if name == "unspent" else style.mix(colour, 0.45 if "standing." in name else 0.8)
            )
            ax.barh(i, middle, 0.7, color=tint, lw=0)
            if not single:
                ax.plot([low, high], [i, i], color=style.INK, lw=0.7)
            y = 6.0 + ROW * (i + 0.5)
            sheet.label(x + names - 2.0, y, _name(name, words), ha="right")
            sheet.label(x + half - numbers + 2.0, y, _written(spread / unit, words, single))
        if not parts:
            ax.text(0.02, 0.0, words("no_money_at_all"), va="center", color=style.GREY)
        ax.set(ylim=(count - 0.5, -0.5), yticks=[])
        style.from_zero(ax, most / unit)
        ax.set_xlabel(unit_name)
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.10g}")
    if standing:
        sheet.write(style.MARGIN + half + 6.0, 6.0 + tall + axis + 1.0, words("outside_note"), size=style.SMALL,
                    color=style.GREY)  # fmt: skip
    _homes(sheet, d, words, below, unit, unit_name)
    return sheet


def _homes(sheet: style.Sheet, d: Data, words: Words, y: float, unit: float, unit_name: str) -> None:
    total = float(d.uses.sum())
    sheet.heading(style.MARGIN, y + 2.0, "c", words("money_home"))
    if total == 0:
        sheet.write(style.MARGIN, y + 6.0, words("nothing_bought"), color=style.GREY)
        return
    bars = (
        ("cost", [f"households.{name}" for name in USES], d.uses, USE_COLOURS),
        ("paid_by", [f"means.{name}" for name in MEANS], d.means, MEANS_COLOURS),
    )
    x = style.MARGIN + max(style.width_of(words(name), style.TEXT) for name, *_ in bars) + 4.0
    width = style.WIDTH - style.MARGIN - x - 2.0
    shown = [(c, words(n)) for _, ns, vs, cs in bars for n, v, c in zip(ns, vs, cs, strict=True) if v > 0]
    used = sheet.key(x, y + 5.0, shown)
    ax = sheet.axes(x, y + 6.0 + used, width, 2 * 6.5)
    for i, (name, _, values, colours) in enumerate(bars):
        sheet.label(x - 2.0, y + 6.0 + used + 6.5 * (i + 0.5), words(name), ha="right")
        left = 0.0
        for value, colour in zip(values / unit, colours, strict=True):
            ax.barh(i, value, 0.7, left=left, color=colour, ec="white", lw=0.4)
            share = value * unit / total
            for text in (
                words("with_range", value=figures(value), range=words.percent(share)),
                words.percent(share),
            ):
                if share * width > style.width_of(text, style.SMALL) + 2.0:
                    ink = "white" if colour in (style.BLUE, style.VERMILLION, USE_COLOURS[0]) else style.INK
                    ax.text(
                        left + value / 2,
                        i,
                        text,
                        ha="center",
                        va="center_baseline",
                        size=style.SMALL,
                        color=ink,
                    )
                    break
            left += value
    ax.set(xlim=(0, total / unit), ylim=(1.5, -0.5), yticks=[])
    ax.set_xlabel(unit_name)
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.10g}")
    style.bare(ax, "left")


def _name(name: str, words: Words) -> str:
    if name.startswith("standing."):
        return words("outside", purpose=words("purposes." + name.removeprefix("standing.")))
    return words(name)


def _written(spread: np.ndarray, words: Words, single: bool) -> str:
    low, middle, high = (figures(v) for v in spread)
    return middle if single else words.with_range(middle, low, high)


def _room(parts: list[Any], words: Words, unit: float, single: bool) -> tuple[float, float]:
    """Width of the names and of the numbers beside a panel, mm."""
    names = [style.width_of(_name(name, words), style.TEXT) for name, _ in parts]
    numbers = [style.width_of(_written(spread / unit, words, single), style.TEXT) for _, spread in parts]
    return max(names, default=0.0) + 2.0, max(numbers, default=0.0) + 3.0


def _title(study: Any, d: Data, words: Words) -> str:
    if not d.spent:
        return words("money_title_zero") if not d.incoming else words("money_title_nobody", spent="0")
    unit, name = words.money(d.spent)
    spent = figures(d.spent / unit) + ("\u00a0" if words.lang == "en" else "") + name
    if np.isnan(d.per_person):
        return words("money_title_nobody", spent=spent)
    purpose, spread = next(part for part in d.outgoing if part[0] not in ("unspent", "repaid"))
    sites = any(name == "purposes.infrastructure" for name, _ in d.outgoing)
    return words(
        "money_title_sites" if sites else "money_title",
        spent=spent,
        per_person=words.number(d.per_person, digits=3),
        purpose=_name(purpose, words).rstrip("*"),
        share=words.percent(min(float(spread[1]) / d.spent, 1.0)),
        medians=words("medians") if len(study.runs) > 1 else "",
    )
