"""The verdict of a run for a reader in a hurry: a sentence, the number, how sure it is, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments import given_use
from experiments.report.words import Words
from experiments.wording import WHY, Page, chinese
from scenarios.show import quantity

if TYPE_CHECKING:
    from experiments.verdict import TargetVerdict, Verdict

GONE = ("moved", "returned", "own_moved", "improved")  # where nothing more is to be explained
OTHERS = 3  # reasons named
MANY = {"household": "households", "person": "persons"}  # units of counts, as read after a number


@dataclass(frozen=True)
class Tile:
    """A number to look at: what it is, the number, what to read with it."""

    label: str
    number: str
    note: str


@dataclass(frozen=True)
class Driver:
    name: str
    share: str
    band: str
    way: str


@dataclass(frozen=True)
class Judgement:
    sentence: str
    tiles: list[Tile]
    sure: list[str]
    targets: list[list[str]]  # rows of all targets, if there are several
    why: list[str]
    drivers: list[Driver]
    explained: str


def judgement(v: Verdict, words: Words) -> Judgement:
    """What a verdict says first; every number in it is the verdict's own, written as `anju run` writes it."""
    page = Page(words.lang, banded=v.points * v.replications > 1)
    first = v.targets[0] if v.targets else None
    found = first.drivers.inputs if first and first.drivers else ()
    return Judgement(
        sentence=_sentence(v, first, page, words),
        tiles=_tiles(v, first, page, words),
        sure=_sure(v, first, page, words),
        targets=[_target_row(v, t, page, words) for t in v.targets] if len(v.targets) > 1 else [],
        why=[*_driving(v, first, page, words), *_standing(v, page, words)],
        drivers=[
            Driver(
                v.labels[d.name][words.lang], page.share(d.share), f"{page.share(d.low)} – {page.share(d.high)}",
                words("raises" if d.sign > 0 else "lowers"),
            )
            for d in found
        ],
        explained=words("explained", share=page.share(first.drivers.explained))
        if first and first.drivers and found else "",
    )  # fmt: skip


def drives(v: Verdict) -> dict[str, float]:
    """Shares of the first target's variance, by input."""
    first = v.targets[0] if v.targets else None
    return {d.name: d.share for d in first.drivers.inputs} if first and first.drivers else {}


def _sentence(v: Verdict, t: TargetVerdict | None, page: Page, words: Words) -> str:
    title = v.title[words.lang]
    if t is None:
        persons = v.move_out["persons"]
        moved = _unit(page.count(persons.median if persons else 0.0), "persons", words)
        key = "says_free" if v.points > 1 else "says_free_one"
        return words(key, title=title, outcome=moved, date=v.window_end, futures=v.points)
    said = dict(title=title, target=getattr(t, words.lang), reached=t.reached, futures=t.futures)
    if t.outcome is None:
        return words("says_nobody", **said)
    if t.futures == 1:
        answer = words("reached_one" if t.reached else "missed_one")
        return words("says_one", **said, answer=answer, outcome=_outcome(t, page, words))
    return words(f"says_{_answer(t)}", **said)


def _answer(t: TargetVerdict) -> str:
    """In how many futures: all, none, most, few, or not to be told from half of them."""
    if t.reached in (0, t.futures):
        return "none" if t.reached == 0 else "all"
    return "most" if t.low > 0.5 else "few" if t.high < 0.5 else "open"


def _tiles(v: Verdict, t: TargetVerdict | None, page: Page, words: Words) -> list[Tile]:
    if t is None:
        persons = v.move_out["persons"]
        return [] if persons is None else [
            Tile(
                words("persons_moved"), page.count(persons.median),
                words("band", low=page.count(persons.low), high=page.count(persons.high)) if page.banded else "",
            )
        ]  # fmt: skip
    tiles = [Tile(words("target"), _limit(t, page, words), words("by", date=t.date))]
    if t.outcome is not None:
        form = page.form(t.metric, t.unit)
        band = words("band", low=form(t.outcome.low), high=form(t.outcome.high)) if page.banded else ""
        label = words("outcome" if page.banded else "outcome_one")
        tiles.append(Tile(label, _outcome(t, page, words), band))
    if t.futures > 1 and t.outcome is not None:
        note = words(
            "futures_of", reached=t.reached, futures=t.futures, low=page.share(t.low), high=page.share(t.high)
        )
        tiles.append(Tile(words("futures_reached"), page.share(t.share), note))
    return tiles


def _outcome(t: TargetVerdict, page: Page, words: Words) -> str:
    assert t.outcome is not None
    return _unit(page.form(t.metric, t.unit)(t.outcome.median), t.unit, words)


def _limit(t: TargetVerdict, page: Page, words: Words) -> str:
    value = _unit(page.limit(t.metric, t.unit, t.value), t.unit, words)
    return words("at_least" if t.at_least else "at_most", value=value)


def _unit(number: str, unit: str, words: Words) -> str:
    """A written number with its unit, if the number does not bring its own."""
    if unit in ("share", "ratio", "yuan", "yuan/person") or unit.endswith("%"):
        return number
    unit = MANY.get(unit, unit) if number != "1" else unit
    return chinese(number + quantity(0.0, unit, words.lang).removeprefix("0"), words.lang)


def _sure(v: Verdict, t: TargetVerdict | None, page: Page, words: Words) -> list[str]:
    said = []
    if v.points == 1:
        said.append(words("sure_one", more=words("sure_one_more")))
    elif t is not None and t.parts is not None:
        form = page.form(t.metric, t.unit)
        little = words("little" if t.parts.noise_share < 0.05 else "somewhat")
        said.append(words(
            "sure_noise", little=little, noise=form(t.parts.noise_sd), spread=form(t.parts.uncertainty_sd)
        ))  # fmt: skip
    if v.given:
        english, chinese = given_use.sentence(v.given)
        said.append(chinese if words.lang == "zh" else english)
    elif v.points > 1:
        said.append(words("sure_ranges"))
    b = v.basis
    said.append(words(
        "sure_basis", assumed=b.inputs["assumption"], inputs=sum(b.inputs.values()), varied=b.varied["assumption"]
    ))  # fmt: skip
    return said


def _target_row(v: Verdict, t: TargetVerdict, page: Page, words: Words) -> list[str]:
    form = page.form(t.metric, t.unit)
    if t.outcome is None:
        return [getattr(t, words.lang), _limit(t, page, words), t.date, words("nothing_counted"), "", ""]
    outcome = form(t.outcome.median)
    band = f"{form(t.outcome.low)} – {form(t.outcome.high)}" if page.banded else ""
    reached = words("reached_one" if t.reached else "missed_one") if t.futures == 1 else page.share(t.share)
    return [getattr(t, words.lang), _limit(t, page, words), t.date, outcome, band, reached]


def _driving(v: Verdict, t: TargetVerdict | None, page: Page, words: Words) -> list[str]:
    if t is None or t.drivers is None or not t.drivers.inputs:
        return []
    first = t.drivers.inputs[0]
    name, share = v.labels[first.name][words.lang], page.share(first.share)
    if first.low <= 0.0:
        return [words("why_driver_unsure", name=name, share=share)]
    way = words("higher" if first.sign > 0 else "lower")
    return [words("why_driver", name=name, share=share, way=way)]


def _standing(v: Verdict, page: Page, words: Words) -> list[str]:
    """Where those stand who have not moved."""
    left = [(name, spread) for name, spread in v.why.items() if name not in GONE and spread.median > 0.0]
    left.sort(key=lambda one: -one[1].median)
    if not left or "moved" not in v.why:
        return []
    others = [f"{page.name(WHY[name])} {page.share(spread.median)}" for name, spread in left[:OTHERS]]
    moved = page.share(v.why["moved"].median)
    return [words("why_stand", moved=moved, date=v.window_end, others=words.join(others))]
