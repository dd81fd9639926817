"""A frozen scenario is the scenario, in every field and every bit that decides a result."""

import dataclasses
import json

import numpy as np
import pytest

import scenarios
from experiments.files import canonical
from scenarios import assemble, frozen
from scenarios.errors import InputError
from scenarios.households_table import read_table, write_table
from simulation.population import population_hash

NAMES = [name for name, _, _ in scenarios.names()]
SETS = {"pool_persons": "5000.1", "subsidy_yuan_per_person": "1.7 wan_yuan/person"}


@pytest.fixture(scope="module")
def laid():
    return scenarios.load("lishui", packages=["precise-relocation"], sets=SETS)


def same(a, b):
    return (
        a == b
        and canonical(a.resolved()) == canonical(b.resolved())  # tells 1 from 1.0, which == does not
        and a.laid_over() == b.laid_over()
        and [e.name for e in a.entries()] == [e.name for e in b.entries()]  # designs follow this order
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_comes_back(name):
    scenario = scenarios.load(name)
    text = frozen.freeze(scenario)
    again = frozen.thaw(text)
    assert same(again, scenario)
    assert frozen.freeze(again) == text and text.encode().decode() == text


def test_packages_and_single_settings_come_back(laid):
    again = frozen.thaw(frozen.freeze(laid))
    assert same(again, laid)
    assert again.packages == ("precise-relocation",) and again.values["pool_persons"].value == 5000.1
    assert any("pool_persons" in text for text in again.laid_over())


def test_dated_values_and_ranges_are_tuples_again(laid):
    again = frozen.thaw(frozen.freeze(laid))
    dated = [e for e in laid.entries() if isinstance(e.value, tuple)]
    assert dated
    for entry in dated:
        steps = next(e.value for e in again.entries() if e.name == entry.name)
        assert isinstance(steps, tuple) and all(isinstance(step, tuple) for step in steps)
        assert [type(month) for month, _ in steps] == [int] * len(steps)
    assert all(isinstance(e.range, tuple) for e in again.uncertainties())
    assert [type(v) for v in again.header.values()] == [type(laid.header[k]) for k in again.header]


def test_floats_and_whole_numbers_are_kept_apart(laid):
    odd = {"horizon_years": 7, "upkeep_rate": 0.1 + 0.2, "discount_rate": 5e-324, "b_cash": -0.0}
    values = {**laid.values, **{n: dataclasses.replace(laid.values[n], value=v) for n, v in odd.items()}}
    again = frozen.thaw(frozen.freeze(dataclasses.replace(laid, values=values)))
    assert {n: repr(again.values[n].value) for n in odd} == {n: repr(v) for n, v in odd.items()}


@pytest.mark.parametrize(
    ("name", "packages", "sets"),
    [("lishui", ("precise-relocation",), SETS), ("yueyang", (), {"pool_persons": "6000"})],
)
def test_a_run_reads_the_same_tables(name, packages, sets):
    scenario = scenarios.load(name, packages=packages, sets=sets)
    one, other = (assemble.inputs(s) for s in (scenario, frozen.thaw(frozen.freeze(scenario))))
    assert population_hash(one.population, one.institutions.villages) == population_hash(
        other.population, other.institutions.villages
    )
    for part in ("policy", "modes"):
        assert np.asarray(getattr(one, part)).tobytes() == np.asarray(getattr(other, part)).tobytes()
    for field, table in one.institutions._asdict().items():
        if field != "villages":
            assert np.asarray(table).tobytes() == np.asarray(getattr(other.institutions, field)).tobytes(), (
                field
            )
    assert one.window == other.window


def test_a_person_can_read_it(laid):
    lines = frozen.freeze(laid).splitlines()
    row = next(line for line in lines if '"name": "subsidy_yuan_per_person"' in line)
    found = json.loads(row.strip().rstrip(","))
    assert (found["value"], found["unit"], found["source"]) == (17000.0, "yuan/person", "assumption (--set)")
    assert list(found) == sorted(found)
    assert any("丽水" in line for line in lines)


def cut(text):
    return text[: len(text) // 2]


def other_number(text):
    assert text.count("17000.0") == 1
    return text.replace("17000.0", "17000.5")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut, "is not JSON"),
        (other_number, "checksum"),
        (lambda text: text.replace("丽水", "麗水"), "checksum"),
        (lambda _: "[1, 2]", "is not a frozen scenario"),
        (lambda _: "{}", "is not a frozen scenario"),
        (lambda _: "7", "is not a frozen scenario"),
        (lambda _: '{"format": 1}', "checksum"),
        (lambda text: text.replace('"format": 1', '"format": null'), "unknown format"),
        (lambda text: text.replace('"format": 1', '"format": true'), "unknown format"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "newer"),
    ],
)
def test_damaged_text_is_refused_in_one_message(laid, damage, said):
    with pytest.raises(InputError) as caught:
        frozen.thaw(damage(frozen.freeze(laid)), where="there/scenario.json")
    (message,) = caught.value.messages
    assert said in message and message.startswith("there/scenario.json")


def test_a_text_that_lacks_a_part_is_refused():
    content = {"name": "x"}
    text = json.dumps({"format": 1, "scenario": content, "sha256": frozen._digest(content)})
    with pytest.raises(InputError, match="whole scenario"):
        frozen.thaw(text)


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        frozen.read(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes("é".encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        frozen.read(tmp_path / "latin.json")


@pytest.fixture(scope="module")
def people(laid):
    inputs = assemble.inputs(laid)
    return inputs.population, inputs.institutions.villages


@pytest.mark.parametrize("name", ["own.csv", "own.parquet", "own.txt"])
def test_own_households_are_kept_to_the_bit(laid, people, tmp_path, name):
    counties = [county.id for county in laid.counties]
    write_table(tmp_path / name, *people, counties=counties, road_sd_km=0.7)
    (tmp_path / "kept.parquet").write_bytes(frozen.households_parquet(tmp_path / name))
    one, other = (read_table(tmp_path / n, counties=counties) for n in (name, "kept.parquet"))
    assert population_hash(*one) == population_hash(*other)


def test_cells_are_kept_as_written(laid, people, tmp_path):
    """A mark, spaces, exponents, names that look like numbers or like nothing: one reader settles what they are."""
    counties = [county.id for county in laid.counties]
    write_table(tmp_path / "own.csv", *people, counties=counties)
    head, first, *rest = (tmp_path / "own.csv").read_text("utf-8").splitlines()
    village = first.split(",")[1]
    rows = [line.replace(village, "NA").replace('"', "") for line in (first, *rest)]
    rows[0] = " " + rows[0].replace(",", " ,", 1)
    rows[1] = rows[1].replace(",1,", ", 1.0e0 ,", 1)
    (tmp_path / "own.csv").write_text("\n".join([head, *rows]), "utf-8-sig")
    (tmp_path / "kept.parquet").write_bytes(frozen.households_parquet(tmp_path / "own.csv"))
    one, other = (read_table(tmp_path / n, counties=counties) for n in ("own.csv", "kept.parquet"))
    assert population_hash(*one) == population_hash(*other)
