"""The benchmarks still run. Nothing here is timed: numbers of a busy machine prove nothing."""

import contextlib
import json
import sqlite3

import pyarrow.parquet as pq
import pytest

from benchmarks import keeping, measure, report, sweeps
from benchmarks.same_sweep import Nothing
from simulation import run as engine


def test_all_benchmarks_run_at_tiny_size(capsys):
    measure.main(report.tables, ["--quick", "--json"])
    found = json.loads(capsys.readouterr().out)
    tables = {table["title"]: table for table in found["tables"]}
    assert len(tables) == 18
    for title, table in tables.items():
        assert table["rows"] and all(len(row) == len(table["columns"]) for row in table["rows"]), title
    for title, table in tables.items():
        if "same" in title:
            assert {row[-1] for row in table["rows"] if "missing" not in row} == {"same"}, title


def test_tables_are_markdown():
    table = measure.Table("T", ("a", "b"), [["x", 1234], ["y", 0.1234]], "note")
    assert table.markdown() == "### T\n\n| a | b |\n| --- | --- |\n| x | 1,234 |\n| y | 0.123 |\n\nnote\n"


def test_ratios_are_taken_within_rounds():
    assert measure.ratio([2.0, 20.0, 30.0], [1.0, 2.0, 3.0]) == 10.0


def test_sections_and_sizes_may_be_chosen(capsys):
    measure.main(
        sweeps.tables,
        ["--quick", "--json", "--only", "kernel", "--runs", "12", "--rounds", "2"],
        options=sweeps.OPTIONS,
    )
    (table,) = json.loads(capsys.readouterr().out)["tables"]
    assert "for 12 of the runs" in table["note"]
    assert table["rows"][0][2] == table["rows"][1][3] == 1.0


def test_an_unknown_section_is_refused():
    with pytest.raises(SystemExit, match="kernels: unknown; threads, kernel, parts"):
        next(sweeps.tables(True, only="threads,kernels"))


def test_clocks_are_taken_off_again():
    before = engine.run
    with sweeps._clocks() as clocks:
        engine.run(measure.lishui(1_000), seed=1, months=1)
        assert len(clocks["kernel"].wall) == 1 and clocks["kernel"].cpu[0] > 0.0
    assert engine.run is before


@pytest.mark.parametrize("way", keeping.WAYS)
def test_every_way_of_keeping_runs_keeps_them(way, tmp_path):
    keeping.WAYS[way][0](150, tmp_path)
    if "SQLite" in way:
        with contextlib.closing(sqlite3.connect(tmp_path / "runs.sqlite")) as base:
            found = base.execute("select id, seed, x0, x299 from runs").fetchall()
    else:
        folder = tmp_path / "store" / "shards" if "anju" in way else tmp_path
        table = pq.read_table(folder, columns=["id", "seed", "x0", "x299"])
        found = list(zip(*(column.to_pylist() for column in table), strict=True))
    job = Nothing()
    expected = [(task.id, task.seed, *job.run(task).numbers[[0, 299]]) for task in job.tasks(150)]
    assert sorted(found) == expected
