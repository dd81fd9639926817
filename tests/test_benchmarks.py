"""The benchmarks still run. Nothing here is timed: numbers of a busy machine prove nothing."""

import json

from benchmarks import measure, report


def test_all_benchmarks_run_at_tiny_size(capsys):
    measure.main(report.tables, ["--quick", "--json"])
    found = json.loads(capsys.readouterr().out)
    tables = {table["title"]: table for table in found["tables"]}
    assert len(tables) == 10
    for title, table in tables.items():
        assert table["rows"] and all(len(row) == len(table["columns"]) for row in table["rows"]), title
    for title, table in tables.items():
        if "same" in title:
            assert {row[-1] for row in table["rows"]} == {"same"}, title


def test_tables_are_markdown():
    table = measure.Table("T", ("a", "b"), [["x", 1234], ["y", 0.1234]], "note")
    assert table.markdown() == "### T\n\n| a | b |\n| --- | --- |\n| x | 1,234 |\n| y | 0.123 |\n\nnote\n"


def test_ratios_are_taken_within_rounds():
    assert measure.ratio([2.0, 20.0, 30.0], [1.0, 2.0, 3.0]) == 10.0
