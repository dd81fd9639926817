"""Published figures: each has a source and a use, and what is kept for validation sets nothing."""

from __future__ import annotations

import re

import pytest

from scenarios import load, names
from scenarios.errors import InputError
from scenarios.facts import COLUMNS, HEADS, USES, fact, facts, matches, read, read_matches, unit_problem
from scenarios.reader import family

HEAD = ",".join(COLUMNS)


def test_every_row_has_a_source_and_a_use() -> None:
    assert len(facts()) > 100
    for one in facts():
        assert one.source and one.unit and one.use in USES, f"line {one.line}"
    assert {one.use for one in facts()} == set(USES)


def test_nothing_from_memory_sets_a_parameter_by_pace_or_work() -> None:
    for key in (
        ("Wuyi", "1993-2008", "persons moved cumulative"),
        ("Lishui", "2017", "persons rehoused"),
        ("China", "2021", "employment rate of mover labour"),
    ):
        assert fact(*key).use == "calibrate" and "memory" not in fact(*key).source


def test_no_scenario_quotes_a_figure_kept_for_validation() -> None:
    for name in (name for name, _, _ in names() if name.partition("/")[0] != "packages"):
        scenario = load(name)
        kept = [match.fact for match in matches() if match.family == family(name)]
        entries = [
            *scenario.entries(),
            *scenario.site_classes.values(),
            *(entry for row in (*scenario.counties, *scenario.sites) for entry in row.values.values()),
        ]
        for entry in entries:
            for one in kept:
                figure = "|".join(map(re.escape, (f"{one.value:,.10g}", f"{one.value:.10g}")))
                quoted = re.search(rf"(?<![\d.,/_])(?:{figure})(?![\d/_]|[.,]\d)", entry.note)
                assert not quoted, f"{entry.where}: {entry.name} quotes {one.quantity} ({one.region})"
                alike = one.value >= 1000 and not unit_problem(one.unit, getattr(entry, "unit", "share"))
                assert entry.value != one.value or not alike, f"{entry.where}: {entry.name}"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a,b,c,1,m,src", "facts.csv:2: row: 6 columns"),
        ("a,b,c,1,m,,input", "facts.csv:2: source: empty"),
        ("a,b,c,1,m,src,tune", "facts.csv:2: use: 'tune'; expected input, calibrate, validate"),
        ("a,b,c,about 5,m,src,input", "facts.csv:2: value: expected a number"),
        ("a,b,c,1,m,src,input\na,b,c,2,m,src,input", "facts.csv:3: a, b, c: given in line 2 already"),
    ],
)
def test_problems_come_with_their_line(row: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        read(f"{HEAD}\n{row}\n")
    assert says in str(error.value)


def test_a_fact_that_is_not_there_is_an_input_error() -> None:
    with pytest.raises(InputError, match="no such fact"):
        fact("Atlantis", "1993", "persons")


def test_every_fact_kept_for_validation_is_held_against_something() -> None:
    kept = {(one.region, one.period, one.quantity) for one in facts() if one.use == "validate"}
    assert {(m.fact.region, m.fact.period, m.fact.quantity) for m in matches()} == kept
    assert {m.family for m in matches()} <= {family(name) for name, _, _ in names()}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("gansu,,Gansu,2016-2020-03,nothing,none,,,,,a,b,c,d", "no fact kept for validation"),
        ("gansu,,Gansu,2020-03,old houses demolished,none,,,,,a,b,c,d", "no fact kept for validation"),
        ("gansu,,Gansu,2016-2020-03,homes completed,alike,,,,,a,b,c,d", "match: 'alike' is none of"),
        (
            "gansu,,Gansu,2016-2020-03,homes completed,near,homes_ready,,region,2020-03,a,b,,",
            "why_en, why_zh: empty",
        ),
        (
            "gansu,,Gansu,2016-2020-03,homes completed,same,houses,,region,2020-03,a,b,,",
            "metric: 'houses' is no outcome",
        ),
        (
            "gansu,,Gansu,2016-2020-03,homes completed,same,homes_ready,,region,2020,a,b,,",
            "date, scope: empty",
        ),
        (
            "gansu,,Gansu,2016-2020-03,homes completed,none,homes_ready,,,,a,b,c,d",
            "given, but nothing matches",
        ),
    ],
)
def test_problems_of_matches_come_with_their_line(row: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        read_matches(f"{','.join(HEADS)}\n{row}\n", facts())
    assert "held_against.csv:2" in str(error.value) and says in str(error.value)
