"""Households' debt: what falls due through grace and annuity, how heavy it weighs, who falls behind, and what is owed.

Months that were simulated are data. A loan outlives them; what it asks of a household until it is repaid is shown apart, for one
typical loan, as a schedule that follows from the policy's terms.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from matplotlib.patheffects import withStroke

from experiments.figures import caption, style
from experiments.figures.movers import calendar
from experiments.figures.text import Words, figures
from experiments.verdict import SOURCES
from scenarios.scenario import date_of
from simulation.draws import log_
from simulation.ledger import FLOW
from simulation.outcomes import GROUPS, INCOMES, INDICATORS
from simulation.rule import interpreted
from simulation.rules import loan

NAME = "debt"
LEVELS = (0.05, 0.5, 0.95)
PARTS = ("principal", "interest", "subsidised")
COLOURS = (style.BLUE, style.ORANGE, style.mix(style.ORANGE, 0.4))
TERMS = (
    "loan_term_years",
    "loan_grace_years",
    "loan_rate_factor",
    "loan_interest_subsidy_share",
    "benchmark_rate",
    "startup_term_years",
)
RANGE = dict(color=style.INK, lw=0.6, ls=(0, (2, 1.2)))
HEADING, SAID, UPPER, LOWER, AXIS, GAP = 5.0, 3.5, 44.0, 34.0, 5.0, 4.0  # mm
GUTTER = 11.0  # mm, the numbers of an axis

WORDS = {
    "title": (
        "In {date} a household with a loan has {due} yuan to pay, {share} of a mover household's mean income; {late} of"
        " borrowers are in arrears",
        "{date}，有贷款的农户当月应还{due}元，相当于搬迁户户均收入的{share}；其中{late}拖欠",
    ),
    "title_nobody": ("No household has borrowed", "没有农户贷款"),
    "title_few": (
        "In {date} most runs have no household with a loan", "{date}，多数模拟中没有农户有贷款",
    ),
    "note": (
        "Home, fitting-out and start-up loans of households, {first} to {last}; {spread}. Terms: {terms}.",
        "农户住房、家装和创业贷款，{first}至{last}；{spread}。贷款条件：{terms}。",
    ),
    "spread": ("medians over runs, 5–95 % as bands and thin lines", "各次模拟中位数，色带和细线为5%～95%区间"),
    "terms": (
        "{years} years, {grace}, {rate} a year{public}{startups}",
        "期限{years}年，{grace}，年利率{rate}{public}{startups}",
    ),
    "grace": ("the first {years} of interest only", "其中宽限期{years}年，期内只付息"),
    "no_grace": ("no grace", "无宽限期"),
    "startups": ("; start-up loans {years} years, no grace{public}", "；创业贷款{years}年，无宽限期{public}"),
    "public": (", {share} of the interest paid by the public", "，财政贴息{share}"),
    "no_public": (", no interest subsidy", "，不贴息"),
    "rates": ("{first} to {last}", "{first}至{last}"),
    "due": ("Due a month, a household with a loan", "有贷款农户户均每月应还"),
    "schedule": ("One typical loan: schedule, not simulated", "一笔典型贷款：还款计划表，非模拟结果"),
    "loan": ("{amount} yuan drawn in {date}, repaid by {end}", "{date}借入{amount}元，{end}还清"),
    "principal": ("principal", "本金"),
    "interest": ("interest paid by the household", "农户付息"),
    "subsidised": ("interest paid by the public", "财政贴息"),
    "yuan": ("Yuan a month", "元/月"),
    "burden": ("Due, against income", "应还与收入"),
    "of_borrowers": ("of a household with a loan, over mean income", "有贷款农户应还，对搬迁户户均收入"),
    "of_all": ("dashed: of all, over all movers' income", "虚线：全部应还，对搬迁户总收入"),
    "share": ("% of movers' income", "占搬迁户收入（%）"),
    "late": ("Households in arrears", "拖欠农户"),
    "late_axis": ("% of households with a loan", "占有贷款农户（%）"),
    "owed": ("Debt outstanding", "贷款余额"),
    "grace_ends": ("grace of the first\nloans ends", "首批贷款\n宽限期满"),
    "grace_last": ("of the last", "末批\n期满"),
    "begins": ("repayment\nbegins", "开始还本"),
    "beyond": (
        "All loans are still in their grace, which ends from {date} on, after the simulated months.",
        "模拟期内所有贷款均在宽限期内，{date}起才陆续期满。",
    ),
    "alt_year": (
        "{date}: due {due} yuan a month ({low} to {high}), {principal} of it principal, {share} of mean income; {late} in"
        " arrears; {owed} outstanding.",
        "{date}：每月应还{due}元（{low}至{high}），其中本金{principal}元，占户均收入{share}；{late}拖欠；贷款余额{owed}。",
    ),
    "alt_loan": (
        "Schedule of one typical loan, not simulated: {said}; {first} yuan in its first month, {last} in its last.",
        "一笔典型贷款的还款计划表，非模拟结果：{said}；首月应还{first}元，末月{last}元。",
    ),
    "simulated": ("simulated months end", "模拟期末"),
}  # fmt: skip


def say(words: Words, key: str, **values: Any) -> str:
    return WORDS[key][words.column].format(**values)


class Loan(NamedTuple):
    """One typical loan and its schedule by the terms in force; money in yuan, months counted from the start of the run."""

    amount: float  # mean of all home and fitting-out loans of all runs
    drawn: int  # the month in the middle of all loans
    months: int
    grace: int
    rates: tuple[float, ...]  # a year, month by month
    public: float  # share of interest when drawn
    schedule: np.ndarray  # (months, PARTS)


class Data(NamedTuple):
    """By month; NaN until half of the runs have made their first home loan. Money in yuan."""

    parts: (
        np.ndarray
    )  # (PARTS, months): of a household with a loan, the median of `due` as all runs together divide it
    due: np.ndarray  # (LEVELS, months): a household with a loan
    burden: (
        np.ndarray
    )  # (LEVELS, months): due of a household with a loan over mean income of a mover household
    of_all: np.ndarray  # (LEVELS, months): all that falls due over the income of all movers
    late: np.ndarray  # (LEVELS, months): households in arrears over those with a loan
    owed: np.ndarray  # (LEVELS, months): outstanding, whole region
    borrowers: np.ndarray  # (LEVELS, months)
    first: int | None  # month of the first loan and of the last, medians over runs
    last: int | None
    loan: Loan | None


def shows(study: Any) -> bool:
    """Whether any household borrows in any run of the study."""
    return bool(study.indicator("loan_households").any()) and set(TERMS) <= set(study.scenario.values)


def data(study: Any) -> Data:
    """Ratios are taken run by run, then their spread over runs."""
    due, interest, borrowers, late, owed = (
        study.region[..., INDICATORS.index(name)]
        for name in ("due_fen", "interest_fen", "loan_households", "arrears_households", "loan_fen")
    )
    public = study.ledger[:, :, FLOW["interest_subsidy"]]
    movers = study.income[:, :, GROUPS.index("movers")]
    income = movers[..., [INCOMES.index(f"{source}_fen") for source in SOURCES]].sum(axis=-1)
    households = movers[..., INCOMES.index("households")]
    each = _over(due, borrowers)
    sums = np.stack([due - interest, interest - public, public]).sum(axis=1)
    new = study.region[..., INDICATORS.index("new_loans")]
    lent = new.any(axis=1)
    firsts, lasts = (
        (new[lent] > 0).argmax(axis=1) if lent.any() else [],
        [np.flatnonzero(row)[-1] for row in new[lent]],
    )
    known = (new.cumsum(axis=1) > 0).mean(axis=0) >= 0.5
    levels = _levels(each, known) / 100.0
    return Data(
        parts=levels[1] * _over(sums, np.broadcast_to(due.sum(axis=0), sums.shape)),
        due=levels,
        burden=_levels(_over(each, _over(income, households)), known),
        of_all=_levels(_over(due, income), known),
        late=_levels(_over(late, borrowers), known),
        owed=np.quantile(owed, LEVELS, axis=0) / 100.0,
        borrowers=np.quantile(borrowers, LEVELS, axis=0),
        first=int(np.median(firsts)) if lent.any() else None,
        last=int(np.median(lasts)) if lent.any() else None,
        loan=typical(study) if lent.any() and set(TERMS) <= set(study.scenario.values) else None,
    )


def _over(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)


def _levels(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(LEVELS, months) of values (runs, months), NaN where not known."""
    found = np.full((len(LEVELS), values.shape[1]), np.nan)
    for t in np.flatnonzero(known):
        some = values[:, t][np.isfinite(values[:, t])]
        if len(some):
            found[:, t] = np.quantile(some, LEVELS)
    return found


def typical(study: Any) -> Loan:
    """The mean loan, drawn in the month before which half of all loans were made, at the scenario's terms in force."""
    new = study.region[..., INDICATORS.index("new_loans")]
    paid = study.ledger.sum(axis=1)
    drawn = (
        paid[:, FLOW["loan_drawn"]] - paid[:, FLOW["startup_investment"]]
    )  # start-up loans are invested as drawn
    amount = float(drawn.sum() / new.sum()) / 100.0
    month = int(np.searchsorted(new.sum(axis=0).cumsum(), new.sum() / 2.0))
    values = study.scenario.values
    months = int(values["loan_term_years"].at(month) * 12.0)
    grace = min(int(values["loan_grace_years"].at(month) * 12.0), months - 1)
    rates = tuple(rate_at(study.scenario, month + k) for k in range(months))
    shares = [values["loan_interest_subsidy_share"].at(month + k) for k in range(months)]
    return Loan(amount, month, months, grace, rates, shares[0], schedule(amount, rates, shares, grace))


def rate_at(scenario: Any, month: int) -> float:
    """The loan rate a year in force in a month; the last known one goes on."""
    return scenario.values["benchmark_rate"].at(month) * scenario.values["loan_rate_factor"].at(month)


def schedule(amount: float, rates: tuple[float, ...], shares: list[float], grace: int) -> np.ndarray:
    """Yuan by month of the loan, (months, PARTS), by the rule of the model (simulation.rules.loan.due) and nothing else."""
    due = interpreted(loan.due)
    balance, months = amount * 100.0, len(rates)
    rows = np.empty((months, len(PARTS)))
    for k, (rate, share) in enumerate(zip(rates, shares, strict=True)):
        monthly = rate / 12.0
        terms = loan.Terms(monthly, log_(1.0 + monthly), float(months), float(grace), 0.0, 0.0)
        asked = due(balance, terms, months - k, grace - k, share)
        balance -= asked.principal
        rows[k] = asked.principal, asked.interest - asked.subsidised, asked.subsidised
    return rows / 100.0


def rows(study: Any, d: Data) -> list[dict[str, Any]]:
    """One row a simulated month, then one a month of the typical loan's schedule; yuan, shares of one, households."""
    english = Words("en")
    spreads = (("due_yuan", d.due), ("burden", d.burden), ("burden_of_all", d.of_all), ("late_share", d.late),
               ("owed_yuan", d.owed), ("loan_households", d.borrowers))  # fmt: skip
    names = [f"{name}_p{round(100 * level):02d}" for name, _ in spreads for level in LEVELS]
    found = [
        {"what": "simulated", "date": english.iso(study.scenario.start, t)}
        | {f"{part}_yuan": float(d.parts[k, t]) for k, part in enumerate(PARTS)}
        | {name: float(value) for name, value in zip(names, [v for _, s in spreads for v in s[:, t]], strict=True)}
        for t in range(study.months)
    ]  # fmt: skip
    if d.loan is not None:
        found += [
            {
                "what": "schedule of a typical loan",
                "date": english.iso(study.scenario.start, d.loan.drawn + k),
            }
            | {f"{part}_yuan": float(value) for part, value in zip(PARTS, row, strict=True)}
            | dict.fromkeys(names)
            for k, row in enumerate(d.loan.schedule)
        ]
    return found


def draw(study: Any, d: Data, words: Words) -> style.Sheet:
    """Above what falls due, simulated and, set apart, by the schedule of one loan; below burden, arrears and debt."""
    empty = d.first is None
    sheet = style.Sheet(
        height=8.0 if empty else 6.0 + HEADING + SAID + UPPER + AXIS + GAP + HEADING + LOWER + AXIS,
        title=_title(study, d, words),
        note=_note(study, d, words),
        footnote=caption.footnote(study, words),
        alt="" if empty else _alt(study, d, words),
    )
    if empty:
        return sheet
    shown = [k for k in range(len(PARTS)) if np.nansum(d.parts[k]) > 0]
    marks: list[tuple[Any, str]] = [(COLOURS[k], say(words, PARTS[k])) for k in shown]
    if len(study.runs) > 1:
        marks.append((RANGE, words("band_wide")))
    sheet.key(style.MARGIN, 0.0, marks)
    inner, top = style.WIDTH - 2 * style.MARGIN, 6.0
    wide = 0.56 * inner
    most = 1.3 * max(
        float(np.nanmax(d.due, initial=0.0)),
        0.0 if d.loan is None else float(d.loan.schedule.sum(axis=1).max()),
    )
    sheet.heading(style.MARGIN, top + 2.0, "a", say(words, "due"))
    ax = sheet.axes(style.MARGIN + GUTTER, top + HEADING + SAID, wide - GUTTER, UPPER)
    _ladder(ax, study, d, words, most)
    if d.loan is not None:
        x = style.MARGIN + wide + 8.0
        sheet.heading(x, top + 2.0, "b", say(words, "schedule"))
        sheet.label(x + 3.5, top + 5.6, _drawn(study, d.loan, words), color=style.GREY)
        side = sheet.axes(x, top + HEADING + SAID, inner - wide - 8.0, UPPER, facecolor=style.SHADE)
        _schedule(side, study, d.loan, words, most)
    top += HEADING + SAID + UPPER + AXIS + GAP
    _below(sheet, study, d, words, top, "cde" if d.loan is not None else "bcd")
    return sheet


def _ladder(ax: Any, study: Any, d: Data, words: Words, most: float) -> None:
    x = np.arange(1, study.months + 1)
    known = np.isfinite(d.due[1])
    drawn = known | np.append(known[1:], False)  # a month is drawn from the end of the one before
    bottom = np.zeros(len(x))
    for values, colour in zip(d.parts, COLOURS, strict=True):
        values = np.nan_to_num(values)
        ax.fill_between(x, bottom, bottom + values, where=drawn, color=colour, lw=0, step="pre")
        bottom = bottom + values
    if len(study.runs) > 1:
        for k in (0, 2):
            ax.plot(x, d.due[k], **RANGE, drawstyle="steps-pre")
    ax.set(xlim=(0, study.months), ylim=(0, most))
    _marks(ax, study, d, words, most)
    calendar(ax, study.scenario.start, study.months)
    ax.set_ylabel(say(words, "yuan"))
    ax.yaxis.set_major_formatter(lambda v, _: words.number(v))


def _marks(ax: Any, study: Any, d: Data, words: Words, most: float) -> None:
    """Where grace ends, for the first loans and for the last; without grace principal falls due at once."""
    assert d.first is not None and d.last is not None
    grace = 0 if d.loan is None else d.loan.grace
    if not grace:
        return
    for month, key in ((d.first + grace, "grace_ends"), (d.last + grace, "grace_last")):
        if month < study.months:
            ax.plot([month, month], [0, most], color=style.VERMILLION, lw=0.8, ls=(0, (4, 2)))
            ax.text(
                month - 0.6,
                most * 0.985,
                say(words, key),
                ha="right",
                va="top",
                color=style.VERMILLION,
                linespacing=1.2,
            )
    if d.first + grace >= study.months:
        date = words.date(study.scenario.start, d.first + grace)
        room = ax.get_position().width * style.WIDTH - 4.0
        ax.text(0.6, most * 0.985, style.wrap(say(words, "beyond", date=date), room, style.TEXT), va="top",
                color=style.VERMILLION, linespacing=1.2)  # fmt: skip


def _schedule(ax: Any, study: Any, one: Loan, words: Words, most: float) -> None:
    """The typical loan month by month, pale, on paper of another colour; a line where the simulated months end."""
    x = one.drawn + 1.0 + np.arange(one.months)
    bottom = np.zeros(one.months)
    for values, colour in zip(one.schedule.T, COLOURS, strict=True):
        ax.fill_between(x, bottom, bottom + values, color=style.mix(colour, 0.6), lw=0, step="pre")
        bottom = bottom + values
    ax.step(x, bottom, color=style.INK, lw=0.7, ls=(0, (3, 1.5)), where="pre")
    end = one.drawn + one.months
    ax.set(xlim=(one.drawn, end), ylim=(0, most))
    marks = [(study.months, style.GREY, "simulated", 0.09)] if study.months < end else []
    if one.grace:
        marks.append((one.drawn + one.grace, style.VERMILLION, "begins", 0.0))
    for month, colour, key, more in marks:
        height = float(bottom.max()) + (0.16 + more) * most
        ax.plot([month, month], [0, height], color=colour, lw=0.8, ls=(0, (4, 2)))
        ax.text(month + 0.012 * one.months, height, say(words, key), va="top", color=colour, linespacing=1.2,
                path_effects=[withStroke(linewidth=2.5, foreground=style.SHADE)])  # fmt: skip
    _decades(ax, study.scenario.start, one.drawn, end)
    ax.tick_params(labelleft=False, left=False)


def _drawn(study: Any, one: Loan, words: Words) -> str:
    start = study.scenario.start
    return say(
        words, "loan", amount=words.number(one.amount, digits=3), date=words.date(start, one.drawn),
        end=words.date(start, one.drawn + one.months - 1),
    )  # fmt: skip


def _decades(ax: Any, start: str, first: int, end: int) -> None:
    """The years at which the schedule is labelled, about four."""
    years = range(int(date_of(first, start)[:4]) + 1, int(date_of(end, start)[:4]) + 1)
    step = max(1, round(len(years) / 4 / 5) * 5) if len(years) > 8 else 2
    kept = [year for year in years if year % step == 0]
    origin = int(start[:4]) * 12 + int(start[5:7]) - 1
    ax.set_xticks([12 * year - origin for year in kept], labels=[str(year) for year in kept])


def _below(sheet: style.Sheet, study: Any, d: Data, words: Words, top: float, letters: str) -> None:
    pitch = (style.WIDTH - 2 * style.MARGIN + 6.0) / 3.0
    unit, money = words.money(float(d.owed.max()))
    panels = (
        ("burden", [(d.burden * 100.0, style.BLUE), (d.of_all * 100.0, style.INK)], say(words, "share")),
        ("late", [(d.late * 100.0, style.VERMILLION)], say(words, "late_axis")),
        ("owed", [(d.owed / unit, style.PURPLE)], money[0].upper() + money[1:]),
    )
    for k, (key, curves, name) in enumerate(panels):
        x = style.MARGIN + k * pitch
        sheet.heading(x, top + 2.0, letters[k], say(words, key))
        ax = sheet.axes(x + GUTTER, top + HEADING, pitch - GUTTER - 6.0, LOWER)
        _curve(ax, *curves[0], len(study.runs) > 1)
        for levels, colour in curves[1:]:
            ax.plot(np.arange(1, study.months + 1), levels[1], color=colour, lw=0.8, ls=(0, (2, 1.2)))
        most = float(np.nanmax(curves[0][0], initial=0.0))
        ax.set(xlim=(0, study.months), ylim=(0, (1.45 if len(curves) > 1 else 1.08) * most or 1.0))
        if len(curves) > 1:
            for row, (text, (_, colour)) in enumerate(zip(("of_borrowers", "of_all"), curves, strict=True)):
                ax.text(0.03, 0.985 - 0.1 * row, say(words, text), transform=ax.transAxes, va="top", color=colour,
                        size=style.SMALL)  # fmt: skip
        calendar(ax, study.scenario.start, study.months)
        if study.months > 72:  # every other year has room for its number
            labels = [
                text.get_text() if n % 2 == 0 else "" for n, text in enumerate(ax.get_xticklabels(minor=True))
            ]
            ax.set_xticks(ax.get_xticks(minor=True), labels=labels, minor=True)
        ax.locator_params(axis="y", nbins=5)
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:,.10g}")
        ax.set_ylabel(style.wrap(name, LOWER, style.TEXT))


def _curve(ax: Any, levels: np.ndarray, colour: str, banded: bool) -> None:
    x = np.arange(1, levels.shape[1] + 1)
    if banded:
        ax.fill_between(x, levels[0], levels[2], color=style.mix(colour, 0.22), lw=0)
    ax.plot(x, levels[1], color=colour, lw=1.0, clip_on=False)


def _title(study: Any, d: Data, words: Words) -> str:
    date = words.date(study.scenario.start, study.months - 1)
    if d.first is None:
        return say(words, "title_nobody")
    if not np.isfinite(d.due[1, -1]):
        return say(words, "title_few", date=date)
    return say(
        words, "title", date=date,
        due=words.number(d.due[1, -1], digits=3), share=words.percent(d.burden[1, -1]),
        late=words.percent(d.late[1, -1], places=1),
    )  # fmt: skip


def _alt(study: Any, d: Data, words: Words) -> str:
    """Each December in numbers, then the schedule."""
    start = study.scenario.start
    ends = [
        t for t in range(study.months) if words.iso(start, t).endswith("-12") and np.isfinite(d.due[1, t])
    ]
    said = []
    for t in ends:
        low, due, high = (words.number(v, digits=3) for v in d.due[:, t])
        unit, money = words.money(float(d.owed[1, t]))
        said.append(say(
            words, "alt_year", date=words.date(start, t), due=due, low=low, high=high,
            principal=words.number(d.parts[0, t], digits=3), share=words.percent(d.burden[1, t]),
            late=words.percent(d.late[1, t], places=1),
            owed=figures(d.owed[1, t] / unit) + ("\u00a0" if words.lang == "en" else "") + money,
        ))  # fmt: skip
    if d.loan is not None:
        first, last = (words.number(d.loan.schedule[k].sum(), digits=3) for k in (0, -1))
        said.append(say(words, "alt_loan", said=_drawn(study, d.loan, words), first=first, last=last))
    return (" " if words.lang == "en" else "").join(said)


def _note(study: Any, d: Data, words: Words) -> str:
    start, single = study.scenario.start, len(study.runs) == 1
    return say(
        words, "note", first=words.date(start, 0), last=words.date(start, study.months - 1),
        spread=words("one_run") if single else say(words, "spread"), terms=_terms(study, d, words),
    )  # fmt: skip


def _terms(study: Any, d: Data, words: Words) -> str:
    values = study.scenario.values
    month = 0 if d.loan is None else d.loan.drawn
    years, grace, share = (values[name].at(month) for name in TERMS[:2] + TERMS[3:4])
    invested = study.ledger[:, :, FLOW["startup_investment"]].any()
    startups = values["startup_term_years"].at(month) if invested else 0.0
    paid = values["startup_interest_subsidy_share"].at(month) if invested else 0.0
    rates = [rate_at(study.scenario, t) for t in range(study.months)]
    first, last = (f"{100 * rate:.3g}" for rate in (rates[0], rates[-1]))
    percent = "\u00a0%" if words.lang == "en" else "%"
    rate = (
        last + percent if first == last else say(words, "rates", first=first + percent, last=last + percent)
    )
    return say(
        words, "terms", years=figures_of(years), rate=rate,
        grace=say(words, "grace", years=figures_of(grace)) if grace else say(words, "no_grace"),
        public=_public(share, words),
        startups=say(words, "startups", years=figures_of(startups), public=_public(paid, words)) if startups else "",
    )  # fmt: skip


def _public(share: float, words: Words) -> str:
    return say(words, "public", share=words.percent(share)) if share else say(words, "no_public")


def figures_of(years: float) -> str:
    return f"{years:.3g}"
