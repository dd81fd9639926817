import csv
import dataclasses
import json

import numpy as np
import pytest
from fakes import fake_study, fake_urban_study

from experiments import answers, results
from experiments.verdict import verdict
from scenarios.errors import InputError

pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def study():
    return fake_study(3, 2)


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory):
    return results.write(
        study,
        verdict(study),
        tmp_path_factory.mktemp("out"),
        request={"scenario": "lishui"},
        provenance={"seconds": 1.5},
    )


def test_the_folder_holds_tables_verdict_and_manifest(folder, study):
    assert folder.name == "lishui-plan-fa4e57d1"
    assert {p.name for p in folder.iterdir()} == {
        ".anju", "tables", "scenario.json", "verdict.json", "verdict.zh.txt", "verdict.en.txt", "manifest.json"
    }  # fmt: skip
    names = {name for name, _ in results.tables(study)}
    assert {p.name for p in (folder / "tables").iterdir()} == {
        f"{n}.{e}" for n in names for e in ("parquet", "csv")
    }


def test_tables_hold_the_arrays(folder, study):
    table = pq.read_table(folder / "tables" / "months.parquet").to_pydict()
    row = 5 * study.months * 9 + 35 * 9 + 4
    assert (table["run"][row], table["month"][row], table["county"][row]) == (5, "2026-12", "qingyuan")
    assert table["persons_keys"][row] == study.indicator("persons_keys")[5, 35, 4]
    with open(folder / "tables" / "runs.csv", encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 6 and len({r["id"] for r in rows}) == 6
    assert [float(r["pool_persons"]) for r in rows] == list(np.repeat(study.design[:, 1], 2))
    assert float(rows[3]["target_moved_30000"]) == study.indicator("persons_keys")[3, 35].sum()


def test_the_manifest_is_enough_to_run_again(folder, study):
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["study"] == study.id and manifest["model_hash"] == study.model_hash
    assert manifest["design"] == study.design.tolist() and manifest["seeds"] == [1000, 1001]
    assert manifest["scenario"]["resolved"] == study.scenario.resolved()
    assert "verdict.json" in manifest["files"] and manifest["provenance"]["seconds"] == 1.5


def test_a_repeat_gives_the_same_bytes_but_for_provenance(folder, study, tmp_path):
    again = results.write(
        study, verdict(study), tmp_path, request={"scenario": "lishui"}, provenance={"seconds": 2}
    )
    files = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    assert [f.name for f in files if (folder / f).read_bytes() != (again / f).read_bytes()] == [
        "manifest.json"
    ]
    a, b = (json.loads((f / "manifest.json").read_text("utf-8")) for f in (folder, again))
    assert a | {"provenance": 0} == b | {"provenance": 0}


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_nothing_half_written(study, tmp_path, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(answers, "_about", fail)
    with pytest.raises((KeyboardInterrupt, OSError)):
        results.write(study, verdict(study), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_someone_elses_folder_is_left_alone(study, tmp_path):
    (tmp_path / results.folder_name(study)).mkdir()
    (tmp_path / results.folder_name(study) / "thesis.doc").write_text("mine")
    with pytest.raises(InputError):
        results.write(study, verdict(study), tmp_path)
    assert [p.name for p in (tmp_path / results.folder_name(study)).iterdir()] == ["thesis.doc"]


def test_a_point_of_central_values_has_no_design_columns(tmp_path):
    study = dataclasses.replace(fake_study(1, 1), id="00000001")
    folder = results.write(study, verdict(study), tmp_path)
    assert "pool_persons" not in pq.read_table(folder / "tables" / "runs.parquet").column_names


def test_incomes_are_monitored_by_county_and_community(study):
    tables = dict(results.tables(study))
    counties, sites = tables["county_incomes"], tables["sites"]
    assert len(counties["run"]) == 6 * 9 * 6 and set(counties["group"]) > {"movers", "stayers"}
    assert set(sites["site"]) == {site.id for site in study.scenario.sites} and len(sites["run"]) == 6 * 9
    assert {"wage_fen", "business_fen", "transfer_fen", "property_fen"} <= set(counties) & set(sites)
    assert "urban" not in tables


def test_urban_accounts_have_tables_of_their_own():
    study = fake_urban_study(2, 1)
    tables = dict(results.tables(study))
    assert len(tables["urban"]["residents"]) == 2 * study.months * 3
    assert tables["urban_income"]["ratio"][5] == study.urban_income[0, 5, 2]


def test_who_paid_whom_for_what(study):
    table = dict(results.tables(study))["payers"]
    paid = table["yuan"][(table["run"] == 2) & (table["purpose"] == "subsidy")]
    from simulation.ledger import FLOW

    assert paid.sum() == pytest.approx(study.ledger[2, :, FLOW["subsidy"]].sum() / 100.0)
