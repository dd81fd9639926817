"""Every article and number of the five documents has its place, and the values in force are those quoted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from scenarios import InputError, load, names
from scenarios.coverage_doc import (
    BECOMES,
    DOCUMENTS,
    FILES,
    MARKS,
    digits,
    document,
    holds,
    printed,
    rows,
    said,
    scenario_of,
    stated,
)  # fmt: skip

DOCS = Path(__file__).resolve().parent.parent / "docs"
ROWS = [(name, row) for name in DOCUMENTS for row in rows(name)]


@pytest.mark.parametrize("lang", FILES)
def test_the_pages_are_up_to_date(lang: str) -> None:
    written = (DOCS / FILES[lang]).read_text(encoding="utf-8")
    assert written == document(lang), "run `python -m scenarios.coverage_doc`"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_number_of_a_document_is_missing(name: str) -> None:
    told: dict[str, Counter[str]] = {}
    for row in rows(name):
        numbers = told.setdefault(row.article, Counter())
        for number in stated(row):
            numbers.update(digits(number.text))
    originals = {article: Counter(found) for (of, article), found in printed().items() if of == name}
    assert {article: found for article, found in told.items() if found} == originals


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_quoted_number_is_the_value_in_force_or_derived_from_it(name: str) -> None:
    wrong, used = [], 0
    for row in rows(name):
        for number in stated(row):
            assert bool(number.ref) != bool(number.mark), f"{row.article}: {number.text}"
            if number.ref:
                used += 1
                if not holds(number, name):
                    wrong.append(f"{row.article}: {number.text} @ {number.ref} {number.rule}")
    assert not wrong
    assert used >= {"precise-relocation": 0}.get(name, 7)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_row_leads_to_something_there_or_says_why_not(name: str) -> None:
    for row in rows(name):
        at = f"{name} {row.article} {row.quote}"
        assert row.quote and len(row.quote) <= 40 and row.en, at
        assert row.becomes in BECOMES, at
        marks = {number.mark for number in stated(row)} - {""}
        assert marks <= MARKS.keys(), at
        silent = row.becomes == "not modelled" or "not modelled" in marks
        assert bool(row.why_en and row.why_zh) == silent, at
        assert row.maps or silent, at
        for ref in row.maps.split():
            assert said(ref, name, "en") and said(ref, name, "zh"), at


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_lever_of_a_row_is_in_use(name: str) -> None:
    unused = {
        ref for row in rows(name) for ref in row.maps.split() if "not in use" in said(ref, name, "en")
    }  # fmt: skip
    # the precise paper speaks of what Gansu has; Jiaojiang's land of merged villages is not followed further
    assert unused <= {"pool_pays_rest", "self_raise_yuan_per_person", "list_replacement", "reuse_share"}


def test_targets_of_the_scenarios_are_all_quoted() -> None:
    for name in set(DOCUMENTS) - {"precise-relocation"}:
        quoted = {ref for row in rows(name) for ref in row.maps.split() if ref.startswith("target:")}
        from_paper = {f"target:{t.id}" for t in scenario_of(name).targets if t.source.startswith(name)}
        assert from_paper <= quoted | {"target:houses_let_first"}, from_paper - quoted


def test_a_wrong_reference_is_noticed() -> None:
    with pytest.raises((KeyError, InputError)):
        said("target:none", "lishui-plan", "en")
    with pytest.raises((KeyError, InputError)):
        said("no_such_parameter", "lishui-plan", "en")


@pytest.mark.parametrize("name", [name for name, _, _ in names()])
def test_every_article_a_scenario_cites_is_in_the_table(name: str) -> None:
    scenario, known = load(name), {(of, row.article) for of, row in ROWS}
    numbers = [*scenario.entries(), *(e for c in scenario.counties for e in c.values.values())]
    every = [entry.source for entry in numbers] + [target.source for target in scenario.targets]
    for source in {one for sources in every for one in sources.split("; ")}:
        of, _, article = source.partition(" ")
        assert of not in DOCUMENTS or (of, article) in known, source
