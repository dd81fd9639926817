"""A user's own households: what goes out comes back, and what is wrong is named by file, row and column."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_population import GIVEN, build, check

from scenarios.errors import InputError
from scenarios.households_table import HOUSEHOLD, MOST_MESSAGES, NAMES, VILLAGE, read_table, write_table

COUNTIES = GIVEN["counties"]
GOOD = dict(
    county="north", village="Upper Hamlet", earlier=0, members=3, workers=1, absent=1, children=1, elderly=0, head_age=44,
    schooling=9, poor=0, hardship=0, hazard=1, local_jobs=1, wage=30000, business=8000.5, remittance=12000, transfer=900,
    property=100, savings=20000, land_mu=2.1, house_m2=110, homestead_m2=95, distance_km=31.5, township_km=8, road_km=0.5,
    school_km=8, service=0.3,
)  # fmt: skip


def csv(tmp_path, *rows, names=NAMES, name="own.csv", encoding="utf-8"):
    lines = [",".join(names)] + [",".join(str((GOOD | row).get(n, "")) for n in names) for row in rows]
    path = tmp_path / name
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def refused(path, counties=COUNTIES):
    with pytest.raises(InputError) as caught:
        read_table(path, counties=counties)
    return caught.value.messages


@pytest.fixture(scope="module")
def made():
    return build(3000)


@pytest.mark.parametrize("name", ["own.csv", "own.parquet", "OWN.CSV"])
def test_what_is_written_is_read(made, tmp_path, name):
    population, villages = made
    write_table(tmp_path / name, population, villages, counties=COUNTIES)
    again, places = read_table(tmp_path / name, counties=COUNTIES)
    for old, new in zip(population, again, strict=True):
        assert old.dtype == new.dtype and new.flags.c_contiguous and new.flags.writeable
        assert np.array_equal(old, new)
    for field in ("county", "first", "distance_km", "township_km", "school_km", "service"):
        old, new = getattr(villages, field), getattr(places, field)
        assert old.dtype == new.dtype and np.array_equal(old, new), field
    assert np.allclose(villages.road_sd, places.road_sd)
    check(again, places)


def test_rows_may_come_in_any_order(made, tmp_path):
    population, villages = made
    write_table(tmp_path / "own.parquet", population, villages, counties=COUNTIES)
    table = pq.read_table(tmp_path / "own.parquet")
    pq.write_table(table.take(np.random.default_rng(1).permutation(len(table))), tmp_path / "mixed.parquet")
    mixed, places = read_table(tmp_path / "mixed.parquet", counties=COUNTIES)
    check(mixed, places)
    assert sorted(mixed.savings.tolist()) == sorted(population.savings.tolist())


def test_households_of_a_village_come_together(tmp_path):
    path = csv(tmp_path, {}, dict(village="Lower"), dict(earlier=1), dict(village="Far", county="south"), {})
    population, villages = read_table(path, counties=COUNTIES)
    assert population.village.tolist() == [0, 0, 0, 1, 2]
    assert population.earlier.tolist() == [0, 0, 1, 0, 0]
    assert population.county.tolist() == villages.county[population.village].tolist() == [0, 0, 0, 0, 2]
    assert villages.first.tolist() == [0, 3, 4, 5]
    assert population.business[0] == np.float32(8000.5)


def test_a_byte_order_mark_and_spaces_are_fine(tmp_path):
    path = csv(tmp_path, dict(county=" north ", wage=" 30000 "), encoding="utf-8-sig")
    assert read_table(path, counties=COUNTIES)[0].wage.tolist() == [30000.0]


@pytest.mark.parametrize(
    "change, message",
    [
        (
            dict(members=-1),
            "own.csv:3: members: -1 is not possible; expected a whole number from 1 to 127 persons",
        ),
        (dict(members=2.5), "own.csv:3: members: 2.5 is not possible"),
        (dict(savings="12,5"), "own.csv:3: row: 29 cells; expected 28"),
        (dict(savings="much"), 'own.csv:3: savings: "much" is not a number'),
        (dict(savings=""), 'own.csv:3: savings: "" is not a number'),
        (dict(savings="nan"), 'own.csv:3: savings: "nan" is not a number'),
        (dict(savings="1e999"), "own.csv:3: savings: inf is not possible"),
        (dict(savings=-0.01), "own.csv:3: savings: -0.01 is not possible"),
        (dict(poor="yes"), 'own.csv:3: poor: "yes" is not a number; expected a whole number from 0 to 1 0/1'),
        (dict(village=" "), "own.csv:3: village: is empty"),
        (
            dict(county="nort"),
            'own.csv:3: county: "nort" unknown (did you mean "north"?); expected one of north, middle',
        ),
        (dict(county="south"), 'own.csv:3: village: "Upper Hamlet" is in south here and in north before'),
        (dict(school_km=9), 'own.csv:3: school_km: 9, but 8 in row 2 of "Upper Hamlet"'),
        (dict(children=2), "own.csv:3: members: 3, but workers + absent + children + elderly are 4"),
        (dict(local_jobs=2), "own.csv:3: local_jobs: 2 jobs for 1 workers"),
        (dict(local_jobs=0), "own.csv:3: wage: 30000 yuan without a local job"),
    ],
)
def test_a_bad_row_is_named(tmp_path, change, message):
    messages = refused(csv(tmp_path, {}, change))
    assert len(messages) == 1
    assert messages[0].startswith(message)


def test_all_bad_rows_are_named_up_to_a_limit(tmp_path):
    messages = refused(csv(tmp_path, *[dict(members=0, savings=-1)] * 40))
    assert len(messages) == MOST_MESSAGES + 1
    assert re.fullmatch(r"own.csv: \d+ more", messages[-1])


def test_columns_are_checked_first(tmp_path):
    names = [n for n in NAMES if n != "savings"] + ["saving", "dog"]
    messages = refused(csv(tmp_path, {}, names=names))
    assert messages == [
        'own.csv: savings: is missing (did you mean "saving"?); expected a column in yuan',
        'own.csv: saving: unknown column (did you mean "savings"?); rename or remove it',
        "own.csv: dog: unknown column; rename or remove it",
    ]
    assert refused(csv(tmp_path, {}, names=[*NAMES, "wage"])) == ["own.csv: wage: is there more than once"]


def test_other_encodings_are_refused(tmp_path):
    messages = refused(csv(tmp_path, {}, dict(village="上村"), encoding="gbk"))
    assert messages == ["own.csv:3: text: is not UTF-8; save the table as UTF-8 (CSV UTF-8 in Excel)"]


@pytest.mark.parametrize("content", [b"", b"\n", ",".join(NAMES).encode(), b"PAR1"])
@pytest.mark.parametrize("name", ["own.csv", "own.parquet"])
def test_files_without_a_table_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert refused(tmp_path / name)


def test_parquet_types_are_checked(tmp_path):
    columns = {name: pa.array([value]) for name, value in GOOD.items()}
    columns["village"] = pa.array(["上村"]).dictionary_encode()
    columns["poor"] = pa.array([True])
    columns["wage"] = pa.array(["30000"])
    pq.write_table(pa.table(columns), tmp_path / "own.parquet")
    population, _ = read_table(tmp_path / "own.parquet", counties=COUNTIES)
    assert population.poor.tolist() == [1] and population.wage.tolist() == [30000.0]
    columns["savings"] = pa.array([[1, 2]])
    columns["land_mu"] = pa.array([None], pa.float64())
    columns["house_m2"] = pa.array([float("nan")])
    pq.write_table(pa.table(columns), tmp_path / "own.parquet")
    messages = refused(tmp_path / "own.parquet")
    assert [m.split(";")[0] for m in messages] == [
        "own.parquet: savings: holds list<element: int64>",
        'own.parquet:1: land_mu: "" is not a number',
        "own.parquet:1: house_m2: nan is not possible",
    ]


def test_no_such_file(tmp_path):
    with pytest.raises(OSError):
        read_table(tmp_path / "none.csv", counties=COUNTIES)


@pytest.mark.parametrize("page", ["households.md", "households.zh.md"])
def test_the_pages_name_every_column(page):
    text = (Path(__file__).resolve().parent.parent / "docs" / page).read_text("utf-8")
    for name, column in (HOUSEHOLD | VILLAGE).items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1] == column.unit and cells[2] == f"{column.low:g}-{column.high:g}", row
