"""Scenario files: what is read, what is refused, and what a refusal says."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from scenarios import InputError, load, names
from scenarios.lines import lines
from scenarios.scenario import date_of, month_of

HEAD = """\
schema = 1
extends = "lishui"
[header]
title = { zh = "甲", en = "a" }
authors = ["b"]
reference = "c"
description = { zh = "丁", en = "d" }
"""
FIRST = HEAD.count("\n") + 1  # the line the body begins on


def write(folder: Path, body: str, name: str = "mine.toml", head: str = HEAD) -> str:
    path = folder / name
    path.write_text(head + body, encoding="utf-8")
    return str(path)


def refused(path: str, **kwargs) -> list[str]:
    """The messages of a refusal, with the file's name for its path."""
    with pytest.raises(InputError) as caught:
        load(path, **kwargs)
    assert str(caught.value) == "\n".join(caught.value.messages)
    return [m.replace(str(Path(path).parent) + "/", "") for m in caught.value.messages]


NUMBER = '{ value = 1, unit = "yuan/person", source = "s" }'
WRITE_IT = 'expected { value = ..., unit = "yuan/person", source = "..." }; write it in full'
ADD_SOURCE = (
    "has no source; expected a source behind every number; "
    'add source = "..." (document and article, a statistic\'s address, or "assumption")'
)
PER_PERSON = "lever.subsidy.subsidy_yuan_per_person"

# body, then what is said of it: line within the body, key, the rest
BAD = {
    "a number alone": (
        "[lever.subsidy]\nsubsidy_yuan_per_person = 3",
        2, PER_PERSON, f"3 has no unit and no source; {WRITE_IT}",
    ),
    "a boolean alone": (
        "[lever.subsidy]\nsubsidy_yuan_per_person = true",
        2, PER_PERSON, f"true (true or false) has no unit and no source; {WRITE_IT}",
    ),
    "a boolean value": (
        '[lever.subsidy]\nsubsidy_yuan_per_person = { value = true, unit = "yuan/person", source = "s" }',
        2, f"{PER_PERSON}.value", "true (true or false) is not a number; expected a number in yuan/person",
    ),
    "a text value": (
        '[lever.subsidy]\nsubsidy_yuan_per_person = { value = "12", unit = "yuan/person", source = "s" }',
        2, f"{PER_PERSON}.value",
        '"12" (text) is not a number; expected a number in yuan/person; remove the quotes',
    ),
    "nan": (
        '[lever.subsidy]\nsubsidy_yuan_per_person = { value = nan, unit = "yuan/person", source = "s" }',
        2, f"{PER_PERSON}.value", "nan is not a number; expected a number in yuan/person",
    ),
    "infinity": (
        '[lever.subsidy]\nsubsidy_yuan_per_person = { value = inf, unit = "yuan/person", source = "s" }',
        2, f"{PER_PERSON}.value", "inf is not a number; expected a number in yuan/person",
    ),
    "no source": (
        '[lever.subsidy]\nsubsidy_yuan_per_person = { value = 1, unit = "yuan/person" }',
        2, PER_PERSON, ADD_SOURCE,
    ),
    "an empty source": (
        '[lever.subsidy]\nsubsidy_yuan_per_person = { value = 1, unit = "yuan/person", source = "" }',
        2, f"{PER_PERSON}.source",
        'is empty; expected a document and article, a statistic\'s address, or "assumption"',
    ),
    "a wrong dimension": (
        '[lever.subsidy]\nsubsidy_yuan_per_person = { value = 1, unit = "yuan/m2", source = "s" }',
        2, f"{PER_PERSON}.unit",
        'unit "yuan/m2" has the wrong dimension; '
        'expected a unit of subsidy_yuan_per_person such as "yuan/person"',
    ),
    "an unknown unit": (
        '[lever.subsidy]\nsubsidy_yuan_per_person = { value = 1, unit = "yaun/person", source = "s" }',
        2, f"{PER_PERSON}.unit",
        'unit "yaun/person" is not known (did you mean "yuan/person"?); '
        'expected a unit of subsidy_yuan_per_person such as "yuan/person"',
    ),
    "a rate of another period": (
        '[uncertainty.work]\nincome_growth = { value = 1, unit = "%/month", source = "s" }',
        2, "uncertainty.work.income_growth.unit",
        'unit "%/month" has another period than 1/year, and rates do not convert by division; '
        'expected a unit of income_growth such as "1/year"',
    ),
    "a negative budget": (
        '[lever.budget]\nbudget_city_yuan_per_year = { value = -1, unit = "yi_yuan/year", source = "s" }',
        2, "lever.budget.budget_city_yuan_per_year",
        "-1 yi_yuan/year is below what is possible; expected at least 0 yuan/year",
    ),
    "an impossible share": (
        '[lever.loan]\nloan_price_share_max = { value = 120, unit = "%", source = "s" }',
        2, "lever.loan.loan_price_share_max", "120 % is above what is possible; expected 0 to 1 share",
    ),
    "half a flag": (
        '[lever.work]\nservice_centre = { value = 0.5, unit = "flag", source = "s" }',
        2, "lever.work.service_centre", "0.5 is not a whole number; expected a whole number 0 to 1 flag",
    ),
    "a range without the value": (
        '[lever.loan]\nloan_rate_factor = { value = 1, unit = "ratio", source = "s", range = [2, 3] }',
        2, "lever.loan.loan_rate_factor.range",
        "[2, 3] does not contain the value 1; expected lowest <= value <= highest",
    ),
    "a range backwards": (
        '[lever.loan]\nloan_rate_factor = { value = 1, unit = "ratio", source = "s", range = [2, 0.5] }',
        2, "lever.loan.loan_rate_factor.range",
        "[2, 0.5] runs backwards or is empty; expected [lowest, highest]",
    ),
    "an impossible range": (
        '[lever.loan]\nloan_rate_factor = { value = 1, unit = "ratio", source = "s", range = [0.5, 4] }',
        2, "lever.loan.loan_rate_factor.range",
        "[0.5, 4] ratio leaves what is possible; expected 0 to 3 ratio",
    ),
    "half a range": (
        '[lever.loan]\nloan_rate_factor = { value = 1, unit = "ratio", source = "s", range = [1] }',
        2, "lever.loan.loan_rate_factor.range", "a list is not a range; expected [lowest, highest] in ratio",
    ),
    "a log scale from 0": (
        '[lever.loan]\nloan_rate_factor = { value = 1, unit = "ratio", source = "s", range = [0, 2], scale = "log" }',
        2, "lever.loan.loan_rate_factor.range", "a log scale cannot begin at 0; expected a lowest value above 0",
    ),
    "an unknown scale": (
        '[lever.loan]\nloan_rate_factor = { value = 1, unit = "ratio", source = "s", range = [0, 2], scale = "lag" }',
        2, "lever.loan.loan_rate_factor.scale",
        "\"lag\" (text) is not valid (did you mean \"log\"?); expected 'linear' or 'log'",
    ),
    "an unknown parameter": (
        f"[lever.subsidy]\nsubsidy_yuan_per_persn = {NUMBER}",
        2, "lever.subsidy.subsidy_yuan_per_persn",
        'unknown key (did you mean "subsidy_yuan_per_person"?); '
        "expected a parameter of [lever.subsidy]; remove or rename it",
    ),
    "an unknown family": (
        f"[lever.subsidi]\nsubsidy_yuan_per_person = {NUMBER}",
        1, "lever.subsidi",
        'unknown family (did you mean "subsidy"?); expected one of budget, housing, land, loan, push, services, '
        "subsidy, targeting, urban, work; rename the section",
    ),
    "a wrong section": (
        '[lever.subsidy]\nb_income = { value = 1, unit = "utility", source = "s" }',
        2, "lever.subsidy.b_income",
        "stands in the wrong section; expected [uncertainty.choice]; move it to [uncertainty.choice]",
    ),
    "an unknown field": (
        '[lever.subsidy]\nsubsidy_yuan_per_person = { value = 1, unit = "yuan/person", source = "s", nota = "" }',
        2, f"{PER_PERSON}.nota",
        'unknown key (did you mean "note"?); expected one of value, unit, source, note, range, scale, from; '
        "remove or rename it",
    ),
    "dates out of order": (
        "[constant.loan]\nbenchmark_rate = [\n"
        '  { value = 4, unit = "%/year", source = "s", from = "2023-03" },\n'
        '  { value = 3, unit = "%/year", source = "s", from = "2023-02" },\n]',
        4, "constant.loan.benchmark_rate[2].from",
        "2023-02 does not come after 2023-03; expected dates in rising order; sort the values by date",
    ),
    "no first value": (
        '[constant.loan]\nbenchmark_rate = { value = 4, unit = "%/year", source = "s", from = "2024-03" }',
        2, "benchmark_rate",
        "has no value before 2024-03; expected a value from 2024-01 or earlier; add an earlier value",
    ),
    "a value without a date": (
        "[constant.loan]\nbenchmark_rate = [\n"
        '  { value = 4, unit = "%/year", source = "s" },\n'
        '  { value = 3, unit = "%/year", source = "s", from = "2024-02" },\n]',
        2, "constant.loan.benchmark_rate",
        'has a value without a date; expected from = "YYYY-MM" on each of several values',
    ),
    "no such month": (
        '[constant.loan]\nbenchmark_rate = { value = 4, unit = "%/year", source = "s", from = "2024-13" }',
        2, "constant.loan.benchmark_rate.from",
        '"2024-13" (text) is not valid; expected a month such as 2024-01',
    ),
    "an unknown number of a mode": (
        '[[mode]]\nid = "market"\nprice_rato = { value = 1, unit = "ratio", source = "s" }',
        3, "mode.market.price_rato",
        'unknown key (did you mean "price_ratio"?); expected one of available, subsidy_factor, area_m2_per_person, '
        "area_min_m2, area_max_m2, resale_lock_years, area_small_m2, area_four_m2, hardship_m2_per_person, hardship_max_m2, "
        "others_area_factor, price_ratio, kind, place, needs_home, needs_kin, needs_skill, work_factor, core, land_kept, "
        "fitting_out_factor, rent_yuan_per_m2_month, surrender, counts, id, en, zh, homes; remove or rename it",
    ),
    "a county there twice": (
        '[[county]]\nid = "liandu"\n[[county]]\nid = "liandu"',
        3, "county.liandu", 'id "liandu" is there twice; expected one row an id; rename or remove one',
    ),
    "shares that do not sum to one": (
        '[population]\nage_shares = { value = [0.5, 0.6, 0.1, 0.1], unit = "share", source = "s" }',
        2, "population.age_shares.value", "the shares sum to 1.3; expected shares of 0..1 that sum to 1",
    ),
    "too few shares": (
        '[population]\nage_shares = { value = [0.5, 0.5], unit = "share", source = "s" }',
        2, "population.age_shares.value", "2 shares; expected 4: 0-17, 18-34, 35-59, 60+",
    ),
    "more villages than households": (
        '[[county]]\nid = "yunhe"\nvillages = { value = 5000, unit = "villages", source = "s" }',
        3, "county.yunhe.villages",
        "5000 villages but 857 households in the pool; expected a household or more in each village, "
        "at the lowest pool_persons too; lower villages or raise pool_share",
    ),
    "villages without a pool": (
        '[[county]]\nid = "yunhe"\npool_share = { value = 0, unit = "share", source = "s" }\n'
        '[[county]]\nid = "liandu"\npool_share = { value = 0.15, unit = "share", source = "s" }\n',
        None, "county.yunhe.villages",
        "72 villages but 0 households in the pool; expected a household or more in each village, "
        "at the lowest pool_persons too; lower villages or raise pool_share",
    ),
    "a pool without villages": (
        '[[county]]\nid = "yunhe"\nvillages = { value = 0, unit = "villages", source = "s" }',
        3, "county.yunhe.villages",
        "0 villages but a share of the pool; expected a village or more; raise villages or set pool_share to 0",
    ),
    "an unknown metric": (
        '[[target]]\nid = "moved"\nmetric = "person"',
        3, "target.moved.metric",
        'unknown metric "person" (did you mean "persons"?); expected persons or an indicator of simulation.outcomes',
    ),
    "a target outside the period": (
        '[[target]]\nid = "moved"\ndate = "2031-01"',
        3, "target.moved.date",
        "2031-01 lies outside the period; expected a month of the 60 from 2024-01 on; change the date or the period",
    ),
    "two limits": (
        '[[target]]\nid = "moved"\nat_most = { value = 1, unit = "persons", source = "s" }',
        2, "target.moved", "needs one of at_least and at_most; expected one of them; remove one",
    ),
    "a target in a wrong unit": (
        '[[target]]\nid = "moved"\nat_least = { value = 1, unit = "yuan", source = "s" }',
        3, "target.moved.at_least.unit",
        'unit "yuan" has the wrong dimension; expected a unit of at_least such as "persons"',
    ),
    "an unknown county of a closure": (
        '[[closure]]\nid = "c"\nen = "a"\nzh = "b"\ndate = "2025-09"\ncounty = "yunho"\n'
        'share = { value = 10, unit = "%", source = "s" }',
        2, "closure.c.county",
        'no county "yunho" (did you mean "yunhe"?); expected one of liandu, longquan, qingtian, jinyun, suichang, '
        "songyang, yunhe, qingyuan, jingning",
    ),
    "an unknown section": (
        "[levers.subsidy]",
        1, "levers",
        'unknown key (did you mean "lever"?); expected one of schema, extends, header, period, lever, uncertainty, '
        "constant, county, mode, site, sites, closure, target, population; remove or rename it",
    ),
    "no period": (
        "[period]\nwindow_months = 0",
        2, "period.window_months", "0 is out of bounds; expected at least 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_file_line_key_and_remedy(case: str, tmp_path: Path) -> None:
    body, line, key, rest = BAD[case]
    where = f"mine.toml:{FIRST + line - 1}" if line else "lishui/region.toml:284"
    messages = refused(write(tmp_path, body + "\n"))
    if line is None:
        assert [m.split(": ", 1)[1] for m in messages] == [f"{key}: {rest}"]
    else:
        assert messages == [f"{where}: {key}: {rest}"]


def test_all_problems_of_all_files_are_told_at_once_in_order(tmp_path: Path) -> None:
    base = '[lever.loan]\nloan_term_years = { value = 0, unit = "years", source = "s" }\n'
    write(tmp_path, base, "base.toml")
    head = HEAD.replace('"lishui"', '"base"')
    body = "[lever.subsidy]\nsubsidy_yuan_per_person = 3\nsubsidy_delay_months = { value = nan }\nx = 1\n"
    messages = refused(write(tmp_path, body, head=head), sets={"nothing": "1"})
    assert [m.split(": ")[0] for m in messages] == [
        "--set",
        f"base.toml:{FIRST + 1}",
        *(f"mine.toml:{FIRST + n}" for n in (1, 2, 2, 2, 3)),
    ]


def test_toml_that_cannot_be_parsed_names_its_line(tmp_path: Path) -> None:
    assert refused(write(tmp_path, "[lever\n")) == [
        f"mine.toml:{FIRST}: TOML: expected ']' at the end of a table declaration; expected valid TOML 1.0"
    ]
    assert refused(write(tmp_path, "a = 1\na = 2\n")) == [
        f"mine.toml:{FIRST + 1}: TOML: cannot overwrite a value; expected valid TOML 1.0"
    ]


def test_only_utf8_is_read_and_a_mark_at_its_start_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert load(path).title["zh"] == "甲"
    path.write_bytes(HEAD.encode("gb18030"))
    assert refused(str(path)) == [
        "mine.toml:4: text: is not UTF-8; expected UTF-8, with or without a byte-order mark; save the file as UTF-8"
    ]


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("", "file: schema is missing; expected schema = 1; add it as the first line"),
        ("schema = 2", "schema: 2 is newer than this Anju knows; expected schema = 1; update Anju"),
        ('schema = "1"', "schema: '1' is not a schema Anju knows; expected schema = 1"),
        ("schema = true", "schema: True is not a schema Anju knows; expected schema = 1"),
    ],
)
def test_the_schema_is_asked_for(first: str, said: str, tmp_path: Path) -> None:
    assert refused(write(tmp_path, "", head=HEAD.replace("schema = 1", first))) == [f"mine.toml:1: {said}"]


def test_extends_that_leads_nowhere_or_in_a_circle(tmp_path: Path) -> None:
    messages = refused(write(tmp_path, "", head=HEAD.replace('"lishui"', '"lishi"')))
    assert messages[0].startswith(
        'mine.toml:2: extends: no scenario "lishi"; expected a name or the path of a .toml file (did you mean "lishui"?)'
    )
    write(tmp_path, "", "other.toml", HEAD.replace('"lishui"', '"mine"'))
    messages = refused(write(tmp_path, "", head=HEAD.replace('"lishui"', '"other"')))
    assert messages[0].split(": ", 1)[1].startswith("extends: goes in a circle (")


def test_an_unknown_scenario_names_the_nearest() -> None:
    with pytest.raises(InputError, match='no scenario "lishiu"; .* \\(did you mean "lishui"\\?\\)'):
        load("lishiu")


def test_merge_order_base_extends_packages_sets(tmp_path: Path) -> None:
    def number(value: int) -> str:
        return f'[lever.work]\npublic_posts = {{ value = {value}, unit = "jobs", source = "s" }}\n'

    one = write(tmp_path, number(2), "one.toml", HEAD.replace('extends = "lishui"\n', ""))
    two = write(
        tmp_path,
        '[[mode]]\nid = "own"\navailable = { value = 1, unit = "flag", source = "s" }\n',
        "two.toml",
        HEAD.replace('extends = "lishui"\n', ""),
    )
    mine = write(tmp_path, number(1))
    assert load("lishui").values["public_posts"].value == 600
    assert load(mine).values["public_posts"].value == 1
    over = load(mine, packages=[one, two])
    assert over.values["public_posts"].value == 2
    assert [m.values["available"].value for m in over.modes if m.id == "own"] == [1]
    assert over.title["en"] == "a" and over.name == "mine"
    final = load(mine, packages=[one, two], sets={"public_posts": "3 jobs", "own.available": "0"})
    assert final.values["public_posts"].value == 3
    assert final.values["public_posts"].source == "assumption (--set)"


def test_two_packages_may_not_set_one_key(tmp_path: Path) -> None:
    head = HEAD.replace('extends = "lishui"\n', "")
    body = '[lever.work]\npublic_posts = { value = 1, unit = "jobs", source = "s" }\n'
    one, two = (write(tmp_path, body, name, head) for name in ("one.toml", "two.toml"))
    with pytest.raises(InputError) as caught:
        load("lishui", packages=[one, two])
    assert caught.value.messages == [
        f"{two}:{FIRST}: public_posts: already set by {one}; two packages may not set one key: leave one package out"
    ]


def test_settings_take_units_and_are_checked() -> None:
    sets = {
        "subsidy_yuan_per_person": "2.5 wan_yuan/person",
        "township.price_ratio": "70%",
        "home_lag_months": "1 year",
        "pool_persons": "90000",
        "population.absent_share": "0.5",
        "period.follow_up_months": "12",
    }
    scenario = load("lishui", sets=sets)
    assert scenario.values["subsidy_yuan_per_person"].value == 25000
    assert next(m for m in scenario.modes if m.id == "township").values["price_ratio"].value == 0.7
    assert scenario.values["home_lag_months"].value == 12 and scenario.months == 48
    assert "pool_persons" not in [entry.name for entry in scenario.uncertainties()]
    with pytest.raises(InputError) as caught:
        load(
            "lishui",
            sets={
                "public_posts": "many",
                "public_post": "1",
                "period.start": "2024",
                "period.window_months": "601",
            },
        )
    assert caught.value.messages == [
        '--set: public_posts: "many" is not a number; expected such as "0 jobs"',
        '--set: public_post: unknown key (did you mean "public_posts"?); expected a parameter, MODE.PARAMETER or COUNTY.PARAMETER',
        '--set: period.start: "2024" is not valid; expected a month such as 2024-01',
        '--set: period.window_months: "601" is not valid; expected 1 to 600 months',
    ]


def test_a_setting_outside_the_stated_range_is_taken_with_a_warning(caplog, monkeypatch) -> None:
    log = logging.getLogger("scenarios")  # as it is before logs.start
    monkeypatch.setattr(log, "propagate", True)
    monkeypatch.setattr(log, "handlers", [])
    scenario = load("lishui", sets={"pool_persons": "21 wan_person", "home_lag_months": "12"})
    assert scenario.values["pool_persons"].value == 210_000
    low, high = (f"{x:.0f}" for x in load("lishui").values["pool_persons"].range)
    assert caplog.messages == [  # once
        "warning: --set: pool_persons: 21 wan_person lies outside the stated range, "
        f"{low} to {high} persons; it is used all the same"
    ]


def test_nothing_at_all_is_legal_where_it_makes_sense(tmp_path: Path) -> None:
    zero = {"homes_factor": "0", "market_homes_factor": "0", "budget_city_yuan_per_year": "0"}
    scenario = load("lishui", sets=zero)
    assert all(scenario.values[name].value == 0 for name in zero)


SITES = "id,en,zh,county,mode,persons,homes_ready,homes_under_way,homes_per_year\n"
COLUMNS = '[sites]\nfile = "s.csv"\n[sites.columns]\n' + "".join(
    f'{name} = {{ unit = "{unit}", source = "s" }}\n'
    for name, unit in (
        ("persons", "persons"), ("homes_ready", "homes"), ("homes_under_way", "homes"),
        ("homes_per_year", "homes/year"),
    )
)  # fmt: skip


def test_a_table_of_sites_is_checked_line_by_line(tmp_path: Path) -> None:
    rows = "a,A,甲,liandu,market,100,ten,0,0\na,A,甲,liando,market,100,-1,0,0\nb,B,乙,liandu,market,1,2\n"
    (tmp_path / "s.csv").write_text(SITES + rows, encoding="utf-8")
    assert refused(write(tmp_path, COLUMNS)) == [
        's.csv:2: homes_ready: "ten" is not a number; expected a number in homes',
        's.csv:3: id: id "a" is there twice; expected one row an id, of lower-case letters, digits and _',
        "s.csv:3: homes_ready: -1 homes is below what is possible; expected at least 0 homes",
        "s.csv:4: row: 7 fields; expected 9, one a column; quote fields with commas",
    ]
    (tmp_path / "s.csv").write_text(SITES + "a,A,甲,liando,market,100,1,0,0\n", encoding="utf-8")
    (message,) = refused(write(tmp_path, COLUMNS))
    assert message.startswith('s.csv:2: site.a.county: no county "liando" (did you mean "liandu"?)')


def test_columns_of_sites_need_unit_and_source(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(SITES.replace("persons", "person"), encoding="utf-8")
    body = "\n".join(line for line in COLUMNS.splitlines() if "homes_ready" not in line) + "\n"
    messages = refused(write(tmp_path, body))
    assert (
        f'mine.toml:{FIRST}: sites: column "homes_ready" has no unit and source; expected a unit and source for '
        'each column of numbers; add columns.homes_ready = { unit = "homes", source = "..." }'
    ) in messages
    assert any(m.startswith('s.csv:1: person: unknown column (did you mean "persons"?)') for m in messages)
    assert any(m.startswith("s.csv:1: persons: column is missing") for m in messages)


def test_an_incomplete_file_is_told_every_number_it_lacks(tmp_path: Path) -> None:
    messages = refused(write(tmp_path, "", head=HEAD.replace('extends = "lishui"\n', "")))
    assert (
        f"mine.toml:1: {PER_PERSON}: is missing; expected a number in yuan/person; "
        'add subsidy_yuan_per_person = { value = ..., unit = "yuan/person", source = "..." }'
    ) in messages
    assert "mine.toml:1: county: there is none; expected one [[county]] or more" in messages
    assert messages[-1].startswith(
        "mine.toml:1: extends: there is none, so the file must set everything itself;"
    )


def test_dated_values_become_months() -> None:
    rate = load("lishui").values["benchmark_rate"]
    assert rate.value == ((-5, 0.042), (9, 0.036), (16, 0.035))
    assert [rate.at(t) for t in (0, 8, 9, 59)] == [0.042, 0.042, 0.036, 0.035]
    assert month_of("2026-12", "2024-01") == 35 and date_of(35, "2024-01") == "2026-12"


def test_resolved_is_plain_sorted_and_free_of_words() -> None:
    import json

    one, two = load("lishui").resolved(), load("lishui").resolved()
    assert json.dumps(one) == json.dumps(two)
    assert list(one["parameters"]) == sorted(one["parameters"])
    text = json.dumps(one, ensure_ascii=False)
    assert '"source"' not in text and "丽水" not in text and ".toml" not in text


def test_names_lists_policies_and_not_the_region() -> None:
    found = [name for name, _, _ in names()]
    assert {"gansu", "jiaojiang", "lishui", "lishui/status-quo", "yueyang"} <= set(found)
    assert not any(name.endswith("/region") for name in found)


def test_every_key_has_its_line() -> None:
    text = (
        'a = 1 # b = 2\nc = """\n[d]\ne = 1 \\""" \\\n"""\n[d]\n"q" = [ # ]\n  { x = "}", y = [1,\n  2] },\n]\n'
        "p.q = 3\n[[r]]\ni = 1\n[[r]]\ni = 2\n[s]\nt = '''\n]'''\n[[r]]\ni = 3\n[[r.u]]\nv = nan\n"
    )
    found = lines(text)
    assert found[("a",)] == 1 and found[("c",)] == 2 and found[("d",)] == 6
    assert found[("d", "q", 0, "y", 1)] == 9 and found[("d", "p", "q")] == 11
    assert [found[("r", n, "i")] for n in range(3)] == [13, 15, 20]
    assert found[("s", "t")] == 17 and found[("r", 2, "u", 0, "v")] == 22
