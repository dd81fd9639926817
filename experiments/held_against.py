"""Published figures kept for validation beside what the model gives: nothing is set to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.outcome import Spread, outcome, spread
from scenarios import reader
from scenarios.facts import EFFECT, Match, matches
from scenarios.scenario import Target, month_of

if TYPE_CHECKING:
    from experiments.study import Study
    from experiments.verdict import Estimate
    from experiments.wording import Page


@dataclass(frozen=True)
class Held:
    """One fact. `match` is "same", "near" (`why` says what differs) or "none" (`why` says why).

    `low` and `high` are the 5th and 95th percentile of runs, for the effect of moving its 95 % interval; None if unknown.
    `inside` is None where the fact is not quite the same outcome or there is no interval.
    """

    en: str
    zh: str
    fact: float
    unit: str
    period: str
    source: str
    match: str
    model: float | None
    low: float | None
    high: float | None
    inside: bool | None
    difference: float | None  # model over fact, less 1
    why_en: str
    why_zh: str


def held_against(study: Study, effect: Estimate | None) -> tuple[Held, ...]:
    """Every fact kept for the study's region, with the model's outcome where it has one."""
    families = {reader.family(label) for label in study.scenario.files}
    families.add(reader.family(study.scenario.name))
    return tuple(
        _held(study, match, effect) for match in matches() if match.holds_for(study.scenario.name, families)
    )


def _held(study: Study, m: Match, effect: Estimate | None) -> Held:
    if m.match == "none":
        return _row(m, None, None, None, "none", m.why_en, m.why_zh)
    if m.metric == EFFECT:
        if effect is None:
            return _row(
                m, None, None, None, "none", "no grants were withheld in this study", "本研究没有暂缓补助"
            )
        low, high = (None if x is None else 100.0 * x for x in (effect.low, effect.high))
        return _row(m, 100.0 * effect.value, low, high, m.match, m.why_en, m.why_zh)
    if m.column:
        return _row(m, None, None, None, "none", "a number of the whole run, see anju validate", "全程指标，见 anju validate")  # fmt: skip
    month = month_of(m.date, study.scenario.start)
    if not 0 <= month < study.months:
        return _row(m, None, None, None, "none", "outside the months run", "不在模拟时段内")
    values = outcome(study, _target(m, month)) * (100.0 if m.fact.unit == "%" else 1.0)
    found: Spread | None = spread(values)
    if found is None:
        return _row(m, None, None, None, "none", "the study has no such outcome", "本研究没有这一结果")
    band = (found.low, found.high) if len(values) > 1 else (None, None)
    return _row(m, found.median, *band, m.match, m.why_en, m.why_zh)


def _target(m: Match, month: int) -> Target:
    return Target(
        id=m.metric, en=m.en, zh=m.zh, metric=m.metric, event=m.event, at_least=True, value=m.fact.value,
        unit=m.fact.unit, date=m.date, month=month, scope=m.scope, source=m.fact.source,
    )  # fmt: skip


def _row(
    m: Match, model: float | None, low: float | None, high: float | None, match: str, why_en: str, why_zh: str
) -> Held:
    fact = m.fact.value
    inside = low <= fact <= high if match == "same" and low is not None and high is not None else None
    return Held(
        en=m.en, zh=m.zh, fact=fact, unit=m.fact.unit, period=m.fact.period, source=m.fact.source, match=match,
        model=model, low=low, high=high, inside=inside,
        difference=None if model is None or fact == 0 else model / fact - 1.0, why_en=why_en, why_zh=why_zh,
    )  # fmt: skip


def write(page: Page, rows: tuple[Held, ...]) -> None:
    """The section; nothing where no fact is kept."""
    if not rows:
        return
    page.title(
        "Held against facts kept for comparison (nothing is set to them)",
        "与留作对照的事实比较（未据此设定任何参数）",
    )
    known = [row for row in rows if row.match != "none"]
    if known:
        page.table(_table(page, known))
        for row in known:
            said = page.say(row.en, row.zh)
            if row.match == "near":
                page.paragraph(
                    f"{said}{page.say(', not quite the same: ', '，口径不完全一致：')}{page.say(row.why_en, row.why_zh)}"
                )
            page.paragraph(f"{said}{page.say(': ', '：')}{row.source}")
    if any(row.match == "same" for row in known):
        page.paragraph(page.say(
            "What was published happened under the programme as it was carried out; another policy need not meet it.",
            "公布数为政策实际执行的结果，其他政策情景不必与之相符。",
        ))  # fmt: skip
    for why in dict.fromkeys(page.say(row.why_en, row.why_zh) for row in rows if row.match == "none"):
        said = [page.say(r.en, r.zh) for r in rows
                if r.match == "none" and page.say(r.why_en, r.why_zh) == why]  # fmt: skip
        page.paragraph(f"{page.say('No matching outcome: ', '没有对应的结果：')}{why}{page.say(': ', '：')}"
                       f"{page.say('; ', '；').join(said)}")  # fmt: skip


def _table(page: Page, rows: list[Held]) -> list[tuple[str, ...]]:
    head = (
        page.say("fact", "事实"), page.say("model", "模型"), page.say("interval", "区间"),
        page.say("difference", "相差"), page.say("fact lies", "事实位置"),
    )  # fmt: skip
    where = {
        None: "",
        True: page.say("inside", "区间内"),
        False: page.say("outside", "区间外"),
    }
    return [
        ("", *head),
        *(
            (
                page.say(row.en, row.zh),
                _form(page, row.fact, row.unit),
                "–" if row.model is None else _form(page, row.model, row.unit),
                "" if row.low is None or row.high is None
                else f"{_form(page, row.low, row.unit)} – {_form(page, row.high, row.unit)}",
                "" if row.difference is None else page.change(row.difference),
                where[row.inside],
            )
            for row in rows
        ),
    ]  # fmt: skip


def _form(page: Page, x: float, unit: str) -> str:
    if unit == "%":
        return f"{x:.1f}" + page.say(" %", "%")
    if unit == "ratio":
        return f"{x:.2f}"
    return page.yuan(x) if unit.startswith("yuan") else page.count(x)
