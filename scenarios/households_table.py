"""A user's own households, from CSV or Parquet; docs/households.md says what each column holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import compute, csv, parquet

from scenarios.errors import InputError, problem
from scenarios.words import did_you_mean
from simulation.households import POPULATION_DTYPES, Population, Villages

MOST_MESSAGES = 50
pc: Any = compute  # its functions are made at run time


class Column(NamedTuple):
    """A number in the table, from `low` to `high`."""

    unit: str
    low: float
    high: float
    whole: bool = False


_FLAG = Column("0/1", 0, 1, whole=True)
_PERSONS = Column("persons", 0, 127, whole=True)
_YUAN_A_YEAR = Column("yuan/year", 0, 5e7)

HOUSEHOLD = {
    "earlier": _FLAG,
    "members": Column("persons", 1, 127, whole=True),
    "workers": _PERSONS,
    "absent": _PERSONS,
    "children": _PERSONS,
    "elderly": _PERSONS,
    "head_age": Column("years", 15, 120, whole=True),
    "schooling": Column("years", 0, 25, whole=True),
    "poor": _FLAG,
    "hardship": _FLAG,
    "hazard": _FLAG,
    "local_jobs": Column("jobs", 0, 127, whole=True),
    "wage": _YUAN_A_YEAR,
    "business": _YUAN_A_YEAR,
    "remittance": _YUAN_A_YEAR,
    "transfer": _YUAN_A_YEAR,
    "property": _YUAN_A_YEAR,
    "savings": Column("yuan", 0, 1e9),
    "land_mu": Column("mu", 0, 1e5),
    "house_m2": Column("m2", 0, 1e5),
    "homestead_m2": Column("m2", 0, 1e5),
}
VILLAGE = {
    "distance_km": Column("km", 0, 1000),
    "township_km": Column("km", 0, 1000),
    "road_km": Column("km", 0, 1000),
    "school_km": Column("km", 0, 1000),
    "service": Column("index", 0, 1),
}
NAMES = ("county", "village", *HOUSEHOLD, *VILLAGE)


class _Wrong:
    """Messages in order, the first `MOST_MESSAGES` kept."""

    def __init__(self, file: str, header: int) -> None:
        self.file, self.header = file, header  # rows before the first household
        self.kept: list[str] = []
        self.count = 0

    def say(self, where: str, key: str, wrong: str, expected: str = "", mend: str = "") -> None:
        self.count += 1
        if len(self.kept) < MOST_MESSAGES:
            self.kept.append(problem(where, key, wrong, expected, mend))

    def column(self, key: str, wrong: str, expected: str = "", mend: str = "") -> None:
        self.say(self.file, key, wrong, expected, mend)

    def rows(self, bad: np.ndarray, key: str, wrong: Any, expected: str = "") -> None:
        """One message a bad row; `wrong(row)` says what is the matter."""
        for row in np.flatnonzero(bad)[:MOST_MESSAGES].tolist():
            self.say(f"{self.file}:{row + 1 + self.header}", key, wrong(row), expected)
        self.count += max(int(bad.sum()) - MOST_MESSAGES, 0)

    def stop(self) -> None:
        if self.count > len(self.kept):
            self.kept.append(f"{self.file}: {self.count - len(self.kept)} more")
        if self.kept:
            raise InputError(self.kept)


def read_table(path: str | Path, *, counties: Sequence[str]) -> tuple[Population, Villages]:
    """Households of a CSV (UTF-8) or Parquet file, one row a household, in any order.

    `counties` are the ids of the scenario's counties. Villages are kept in the order in which the file first names them,
    county by county, so list them township by township: neighbours are sent to one site. Raises InputError naming file, row
    and column of everything that is wrong, and OSError if the file cannot be opened.
    """
    path = Path(path)
    wrong = _Wrong(path.name, header=0 if _is_parquet(path) else 1)
    table = _parquet(path) if _is_parquet(path) else _csv(path, wrong)
    wrong.stop()
    _check_names(table.column_names, wrong)
    wrong.stop()
    if table.num_rows == 0:
        raise InputError([problem(path.name, "households", "none in the file")])

    county = _text(table["county"], "county", wrong)
    village = _text(table["village"], "village", wrong)
    numbers = {
        name: _numbers(table[name], name, column, wrong) for name, column in (HOUSEHOLD | VILLAGE).items()
    }
    of_county = _counties(county, counties, wrong)
    codes = pc.dictionary_encode(village)
    names = np.array(codes.dictionary.to_pylist())
    of_village = codes.indices.to_numpy(zero_copy_only=False)
    _check_households(numbers, wrong)
    _check_villages(numbers, of_village, of_county, names, counties, wrong)
    wrong.stop()
    return _arrange(numbers, of_village, of_county, len(names))


def write_table(
    path: str | Path,
    population: Population,
    villages: Villages,
    *,
    counties: Sequence[str],
    road_sd_km: float = 1.0,
) -> None:
    """Write households in the form `read_table` reads; `road_sd_km` turns road distances from sd into km."""
    v = population.village
    ids = np.array(counties)
    columns: dict[str, Any] = {
        "county": ids[population.county],
        "village": np.char.add(np.char.add(ids[population.county], "-"), (v + 1).astype(str)),
    }
    columns |= {name: getattr(population, name) for name in HOUSEHOLD}
    columns |= {name: getattr(villages, name)[v] for name in VILLAGE if name != "road_km"}
    columns["road_km"] = villages.road_sd[v] * road_sd_km
    table = pa.table({name: columns[name] for name in NAMES})
    if _is_parquet(Path(path)):
        parquet.write_table(table, path)
    else:
        csv.write_csv(table, path)


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq")


def _csv(path: Path, wrong: _Wrong) -> pa.Table:
    data = path.read_bytes()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        where = f"{path.name}:{data.count(bytes([10]), 0, error.start) + 1}"
        raise InputError(
            [problem(where, "text", "is not UTF-8", mend="save the table as UTF-8 (CSV UTF-8 in Excel)")]
        ) from None

    def ragged(row: Any) -> str:
        where = f"{path.name}:{row.number}" if row.number is not None else path.name
        wrong.say(where, "row", f"{row.actual_columns} cells", f"{row.expected_columns}")
        return "skip"

    try:
        # One thread, so that bad rows have numbers; all cells as text, so that ours are the words when one is wrong.
        return csv.read_csv(
            pa.BufferReader(data),
            read_options=csv.ReadOptions(use_threads=False),
            parse_options=csv.ParseOptions(invalid_row_handler=ragged),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(NAMES, pa.string())),
        )
    except pa.ArrowInvalid as error:
        raise InputError([problem(path.name, "table", str(error))]) from None


def _parquet(path: Path) -> pa.Table:
    with path.open("rb") as file:
        try:
            return parquet.read_table(file)
        except pa.ArrowInvalid as error:
            raise InputError([problem(path.name, "table", f"is not Parquet: {error}")]) from None


def _check_names(found: Sequence[str], wrong: _Wrong) -> None:
    missing = [name for name in NAMES if name not in found]
    for name in missing:
        wrong.column(name, "is missing" + did_you_mean(name, set(found) - set(NAMES)), _expected(name))
    for name in dict.fromkeys(found):
        if name not in NAMES:
            wrong.column(
                name, "unknown column" + did_you_mean(name, missing or NAMES), mend="rename or remove it"
            )
        elif list(found).count(name) > 1:
            wrong.column(name, "is there more than once")


def _expected(name: str) -> str:
    column = (HOUSEHOLD | VILLAGE).get(name)
    return f"a column in {column.unit}" if column else "a column of names"


def _text(column: pa.ChunkedArray, name: str, wrong: _Wrong) -> pa.Array:
    """Names without spaces around them."""
    try:
        text = pc.utf8_trim_whitespace(pc.fill_null(pc.cast(column, pa.string()), "")).combine_chunks()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        wrong.column(name, f"holds {column.type}", "names")
        return pa.array([""] * len(column))
    wrong.rows(pc.equal(text, "").to_numpy(zero_copy_only=False), name, lambda _: "is empty", "a name")
    return text


def _numbers(column: pa.ChunkedArray, name: str, kind: Column, wrong: _Wrong) -> np.ndarray:
    """The column as float64; what is wrong in it is NaN, which no later check takes exception to."""
    legal = f"{'a whole number' if kind.whole else 'a number'} from {kind.low:g} to {kind.high:g} {kind.unit}"
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    is_number = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
        # What Arrow reads as a number but is none: nan, inf, and what it refuses.
        number = pc.match_substring_regex(column, r"^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
        bad = ~pc.fill_null(number, False).to_numpy(zero_copy_only=False)
        cells = column
        column = pc.if_else(number, column, str(kind.low))
    elif any(test(column.type) for test in is_number):
        bad = pc.is_null(column).to_numpy(zero_copy_only=False)
        cells = column
    else:
        wrong.column(name, f"holds {column.type}", legal)
        return np.full(len(column), np.nan)
    values = pc.cast(pc.cast(column, pa.int8()) if pa.types.is_boolean(column.type) else column, pa.float64())
    values = pc.fill_null(values, kind.low).to_numpy(zero_copy_only=False)
    wrong.rows(bad, name, lambda row: f'"{cells[row].as_py() or ""}" is not a number', legal)
    out = ~((values >= kind.low) & (values <= kind.high)) | (kind.whole & (values != np.floor(values)))
    wrong.rows(out & ~bad, name, lambda row: f"{values[row]:.10g} is not possible", legal)
    return np.where(bad | out, np.nan, values)


def _counties(county: pa.Array, counties: Sequence[str], wrong: _Wrong) -> np.ndarray:
    """Rows of the county table, -1 where there is none."""
    rows = pc.index_in(county, value_set=pa.array(list(counties), pa.string()))
    unknown = pc.is_null(rows).to_numpy(zero_copy_only=False) & ~pc.equal(county, "").to_numpy(
        zero_copy_only=False
    )
    wrong.rows(
        unknown, "county", lambda row: f'"{county[row]}" unknown' + did_you_mean(str(county[row]), counties),
        "one of " + ", ".join(counties),
    )  # fmt: skip
    return pc.fill_null(rows, -1).to_numpy(zero_copy_only=False).astype(np.int64)


def _check_households(n: dict[str, np.ndarray], wrong: _Wrong) -> None:
    counted = n["workers"] + n["absent"] + n["children"] + n["elderly"]
    wrong.rows(
        counted > n["members"], "members",
        lambda row: f"{n['members'][row]:g}, but workers + absent + children + elderly are {counted[row]:g}",
    )  # fmt: skip
    wrong.rows(
        n["local_jobs"] > n["workers"], "local_jobs",
        lambda row: f"{n['local_jobs'][row]:g} jobs for {n['workers'][row]:g} workers",
    )  # fmt: skip
    wrong.rows(
        (n["wage"] > 0) & (n["local_jobs"] == 0),
        "wage",
        lambda row: f"{n['wage'][row]:g} yuan without a local job",
    )


def _check_villages(
    n: dict[str, np.ndarray], village: np.ndarray, county: np.ndarray, names: np.ndarray,
    counties: Sequence[str], wrong: _Wrong,
) -> None:  # fmt: skip
    ids = np.array(counties)
    _, first = np.unique(village, return_index=True)
    shown = first[village]  # the row that settles what the village is like
    wrong.rows(
        (county != county[shown]) & (county >= 0) & (county[shown] >= 0), "village",
        lambda row: f'"{names[village[row]]}" is in {ids[county[row]]} here and in {ids[county[shown[row]]]} before',
        "one county a village; add the county to the name",
    )  # fmt: skip
    for name in VILLAGE:
        x = n[name]
        wrong.rows(
            np.abs(x - x[shown]) > 0, name,
            lambda row, x=x: f'{x[row]:g}, but {x[shown[row]]:g} in row {shown[row] + 1 + wrong.header} of "{names[village[row]]}"',
            "the same for a whole village",
        )  # fmt: skip


def _arrange(
    n: dict[str, np.ndarray], village: np.ndarray, county: np.ndarray, villages: int
) -> tuple[Population, Villages]:
    """Rows by county, village and earlier; villages numbered by county and first appearance."""
    of_village = np.empty(villages, np.int64)
    of_village[village] = county
    order = np.argsort(of_village, kind="stable")
    number = np.empty(villages, np.int64)
    number[order] = np.arange(villages)
    rows = np.lexsort((n["earlier"], number[village]))
    columns = {name: n[name][rows] for name in HOUSEHOLD}
    columns |= {"county": county[rows], "village": number[village][rows], "listing": np.zeros(len(rows))}
    population = Population(
        **{name: columns[name].astype(dtype) for name, dtype in POPULATION_DTYPES.items()}
    )
    counts = np.bincount(population.village, minlength=villages)
    first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    place = {name: n[name][rows][first[:-1]] for name in VILLAGE}
    mean = math.fsum(place["road_km"]) / villages
    sd = math.sqrt(math.fsum((x - mean) * (x - mean) for x in place["road_km"].tolist()) / villages)
    return population, Villages(
        county=of_village[order].astype(np.int32), first=first, distance_km=place["distance_km"],
        township_km=place["township_km"], road_sd=place["road_km"] / sd if sd > 0 else np.zeros(villages),
        school_km=place["school_km"], service=place["service"], kind=np.zeros(villages, np.int32),
    )  # fmt: skip
