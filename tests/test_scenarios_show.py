"""Scenarios in words: tables on the screen, and the generated list of parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios import load, names
from scenarios.errors import InputError
from scenarios.parameters_doc import FILES, document
from scenarios.show import differences, differences_json, quantity, range_text, source_text, text, unit_name
from scenarios.words import listed
from simulation.policy import MODE_PARAMETERS, PARAMETERS

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_number_is_shown_with_its_source(lang: str) -> None:
    plan = load("lishui")
    shown = text(plan, lang, width=200)
    for name, parameter in PARAMETERS.items():
        assert (name in shown) == plan.values[name].in_use
        assert not plan.values[name].in_use or getattr(parameter, lang)[:4] in shown
    assert {"en": "30,000 persons moved", "zh": "2026年底前搬迁3万人"}[lang] in shown
    assert {"en": "assumption", "zh": "假设"}[lang] in shown


def test_only_differences_are_shown_beside_a_base() -> None:
    plan, up = load("lishui"), load("lishui/subsidy-up")
    shown = text(up, "en", base=plan, width=160)
    assert "30,000 yuan/person" in shown and "18,000 yuan/person" in shown and "b_income" not in shown
    assert not differences(plan, load("lishui"))
    assert {mine.name for mine, _ in differences(up, plan) if mine} == {
        "subsidy_yuan_per_person",
        *(f"budget_{who}_yuan_per_year" for who in ("province", "city", "county")),
    }


@pytest.mark.parametrize("name", [name for name, _, _ in names()])
def test_the_package_fits_every_region_and_says_what_it_changes(name: str) -> None:
    base, over = load(name), load(name, packages=["precise-relocation"])
    changed = {mine.name: other for mine, other in differences(over, base) if mine}
    ideas = {
        "in_place_min_age",
        "training_max_age",
        "job_before_move",
        "neighbours_together",
        "project_share",
    }
    for parameter in ideas - {"job_before_move"}:
        assert parameter in changed
    assert all(over.values[parameter].in_use for parameter in ideas | {"split_moves", "market_homes_factor"})
    levels = [over.values[f"service_level_{size}"].at(0) for size in ("small", "medium", "large")]
    assert levels == sorted(set(levels)) and levels[-1] == 1
    assert any(mode.id == "in_place" and mode.values["available"].at(0) for mode in over.modes)
    for lang in FILES:
        shown = text(over, lang, base=base, width=160)
        assert all(parameter in shown for parameter in changed)
    listed = {row["name"]: row for row in differences_json(over, base)}
    assert listed["project_share"]["value"] == 1 and listed.keys() >= changed.keys()


def test_differences_come_before_all_numbers_and_nothing_differs_from_itself() -> None:
    plan, up = load("lishui"), load("lishui/subsidy-up")
    shown = text(up, "en", base=plan, whole=True)
    assert "b_income" in shown and shown.index("Differences from lishui") < shown.index("Subsidy (levers)")
    assert "与 lishui 的差异: 无" in text(plan, "zh", base=load("lishui"))


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (18000, "yuan/person", "18,000 yuan/person", "18,000 元/人"),
        (1.7e8, "yuan/year", "170 million yuan/year", "1.7 亿元/年"),
        (0.065, "1/year", "6.5 %/year", "6.5%/年"),
        (0.7, "share", "70 %", "70%"),
        (1, "flag", "on", "是"),
        (0.3, "ratio", "0.3", "0.3"),
        (12, "months", "12 months", "12 个月"),
        (0.1, "1/year of schooling", "10 %/year of schooling", "10%/每年教育"),
        (0.05, "utility/mu", "0.05 /mu", "0.05 /亩"),
    ],
)
def test_quantities_read_well(value: float, unit: str, en: str, zh: str) -> None:
    assert (quantity(value, unit, "en"), quantity(value, unit, "zh")) == (en, zh)


@pytest.mark.parametrize(
    ("unit", "zh"),
    [("persons", "人"), ("yuan/m2", "元/平方米"), ("units/yr", "套/年"), ("%", "%"), ("points", "points")],
)
def test_units_have_chinese_names(unit: str, zh: str) -> None:
    assert (unit_name(unit, "en"), unit_name(unit, "zh")) == (unit, zh)


def test_messages_name_the_nearest_of_many() -> None:
    many = [f"number_{k}" for k in range(30)]
    said = listed(many, "number_7", "`anju list` names all")
    assert said.startswith("number_7, ") and said.count(",") == 7
    assert said.endswith(" or 22 more (`anju list` names all)")
    assert listed(many[:9]) == ", ".join(many[:9])
    with pytest.raises(InputError) as error:
        load("lishu")
    assert 'did you mean "lishui"?' in str(error.value) and "or 31 more" in str(error.value)


def test_ranges_and_sources_read_well() -> None:
    pool = load("lishui").values["pool_persons"]
    assert range_text(pool, "en") == "40,000 – 200,000 persons (log)"
    assert source_text(pool, "zh").startswith("假设：未公布统计数")


@pytest.mark.parametrize("lang", FILES)
def test_the_list_of_parameters_is_up_to_date(lang: str) -> None:
    written = (DOCS / FILES[lang]).read_text(encoding="utf-8")
    assert written == document(lang), "run `python -m scenarios.parameters_doc`"


@pytest.mark.parametrize("lang", FILES)
def test_every_parameter_is_listed_and_a_dash_marks_those_not_in_use(lang: str) -> None:
    plan = load("lishui")
    lines = {line.split("`")[1]: line for line in document(lang).splitlines() if line.startswith("| `")}
    assert lines.keys() >= PARAMETERS.keys() | MODE_PARAMETERS.keys()
    for name, entry in plan.values.items():
        assert ("| – |" in lines[name]) == (not entry.in_use), name
    assert "not in use" not in document(lang)
