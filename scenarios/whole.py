"""What the files set together: whether it is complete and of one mind, and the Scenario it makes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scenarios import schema
from scenarios.errors import problem
from scenarios.files import Layer
from scenarios.lines import Path
from scenarios.numbers import number
from scenarios.scenario import ABSENT, Closure, County, Entry, Mode, Scenario, Shares, Site, Target, month_of
from scenarios.schema import MARGIN_SHARES, MARGINS, METRICS
from scenarios.words import did_you_mean, plain
from simulation.outcomes import URBAN_METRICS
from simulation.policy import MODE_PARAMETERS, PARAMETERS, Parameter


def build(
    name: str, merged: dict[Path, Any], chain: Sequence[Layer], over: Sequence[Layer], problems: list[str]
) -> Scenario | None:
    """The scenario of a chain of files and the packages over it, if together they are complete and of one mind."""
    layers = [*chain, *over]
    top = f"{chain[-1].file.label}:1"

    def wrong(key: str, wrong: str, expected: str = "", mend: str = "", where: str = top) -> None:
        problems.append(problem(where, key, wrong, expected, mend))

    def where(path: Path) -> str:
        for layer in reversed(layers):
            if path in layer.places:
                return layer.where(path)
        return top

    def missing(key: str, parameter: Parameter, where: str = top) -> None:
        wrong(
            key, "is missing", f"a number in {parameter.unit}",
            f'add {parameter.name} = {{ value = ..., unit = "{parameter.unit}", source = "..." }}', where,
        )  # fmt: skip

    def ids(section: str) -> list[str]:
        return [str(path[1]) for path in merged if path[0] == section and path[2:] == ("id",)]

    def numbers(
        section: str, id: str, known: Mapping[str, Parameter], needed: Iterable[str]
    ) -> dict[str, Entry]:
        for n in needed:
            if (section, id, n) not in merged:
                missing(f"{section}.{id}.{n}", known[n], where((section, id, "id")))
        return {n: merged[section, id, n] for n in known if (section, id, n) in merged}

    def mode_numbers(id: str) -> dict[str, Entry]:
        needed = [n for n, p in MODE_PARAMETERS.items() if p.absent is None]
        found = numbers("mode", id, MODE_PARAMETERS, needed)
        return {
            n: dated(found[n]) if n in found else _absent(p, (id, n))
            for n, p in MODE_PARAMETERS.items()
            if n in found or p.absent is not None
        }

    def text(section: str, id: str, key: str) -> str:
        if (section, id, key) not in merged:
            wrong(f"{section}.{id}", f"has no {key}", f"{key} = ...", "add it", where((section, id, "id")))
        return merged.get((section, id, key), "")

    for key in ("start", "window_months", "follow_up_months"):
        if ("period", key) not in merged:
            wrong("period", f"has no {key}", f"[period] {key} = ...", "add it")
    for name_, parameter in PARAMETERS.items():
        if ("parameter", name_) not in merged and parameter.absent is None:
            missing(f"{parameter.kind}.{parameter.family}.{name_}", parameter)
    for section in ("county", "mode"):
        if not ids(section):
            wrong(section, "there is none", f"one [[{section}]] or more")
    if problems and len(chain) == 1 and "extends" not in chain[0].file.data:
        wrong("extends", "there is none, so the file must set everything itself", 'such as extends = "lishui/plan"',
              "to say only what differs, add it below schema")  # fmt: skip
    if problems:
        return None

    start: str = merged["period", "start"]
    window: int = merged["period", "window_months"]
    months = window + merged["period", "follow_up_months"]

    def dated(entry: Entry) -> Entry:
        if isinstance(entry.value, int | float):
            return entry
        steps = [(month_of(str(date), start), value) for date, value in entry.value]
        if steps[0][0] > 0:
            wrong(entry.name, f"has no value before {entry.value[0][0]}", f"a value from {start} or earlier",
                  "add an earlier value", entry.where)  # fmt: skip
        return replace(entry, value=tuple(steps))

    def given(path: Path, parameter: Parameter) -> Entry:
        return dated(merged[path]) if path in merged else _absent(parameter, path)

    values = {n: given(("parameter", n), p) for n, p in PARAMETERS.items()}
    _check_urban(values, missing)
    counties = tuple(
        County(
            id, text("county", id, "en"), text("county", id, "zh"),
            numbers("county", id, schema.COUNTY_NUMBERS, ("pool_share", "villages", "home_price_factor", "wage_factor")),
            {n: merged["county", id, n] for n in MARGIN_SHARES if ("county", id, n) in merged},
            {n: dated(e) for n, e in numbers("county", id, PARAMETERS, ()).items()},
        )
        for id in ids("county")
    )  # fmt: skip
    modes = tuple(
        Mode(
            id, text("mode", id, "en"), text("mode", id, "zh"), merged.get(("mode", id, "homes"), "built"),
            mode_numbers(id),
        )
        for id in ids("mode")
    )  # fmt: skip
    county_ids, mode_ids = [c.id for c in counties], [m.id for m in modes]
    sites = []
    for id in ids("site"):
        county, mode = text("site", id, "county"), text("site", id, "mode")
        entries = numbers("site", id, schema.SITE_NUMBERS, schema.SITE_NUMBERS)
        at = next((e.where for e in entries.values()), where(("site", id, "id")))
        if county and county not in county_ids:
            wrong(f"site.{id}.county", f'no county "{county}"' + did_you_mean(county, county_ids), where=at,
                  expected=f"one of {', '.join(county_ids)}")  # fmt: skip
        if mode and mode not in mode_ids:
            wrong(f"site.{id}.mode", f'no mode "{mode}"' + did_you_mean(mode, mode_ids), where=at,
                  expected=f"one of {', '.join(mode_ids)}")  # fmt: skip
        sites.append(Site(id, text("site", id, "en"), text("site", id, "zh"), county, mode, entries))
    classes = {n: merged["sites", n] for n in schema.SITE_CLASSES if ("sites", n) in merged}
    for n, parameter in schema.SITE_CLASSES.items():
        if n not in classes:
            missing(f"sites.{n}", parameter)
    if len(classes) == 2 and not classes["medium_persons"].at(0) < classes["large_persons"].at(0):
        wrong("sites.large_persons", "a large site is no larger than a medium one", "large_persons > medium_persons",
              where=classes["large_persons"].where)  # fmt: skip

    closures = tuple(
        c for id in ids("closure") if (c := _closure(id, merged, county_ids, start, where, wrong))
    )
    targets = tuple(
        t for id in ids("target") if (t := _target(id, merged, county_ids, start, months, where, wrong))
    )
    margins = {n: merged["population", n] for n in MARGINS if ("population", n) in merged}
    margins |= {
        n: _absent(p, ("population", n))
        for n, p in MARGINS.items()
        if n not in margins and p.absent is not None
    }
    shares = {n: merged["population", n] for n in MARGIN_SHARES if ("population", n) in merged}
    for n, usual in schema.OPTIONAL_SHARES.items():
        shares.setdefault(n, Shares(f"population.{n}", usual, ABSENT))
    for n in (*MARGINS, *MARGIN_SHARES):
        lacking = [c.id for c in counties if n not in c.values and n not in c.shares]
        if n not in margins and n not in shares and lacking:
            unit = MARGINS[n].unit if n in MARGINS else "share"
            wrong(f"population.{n}", "is missing", f"a margin in {unit}, for the region or for each county",
                  f"add it to [population] ({len(lacking)} counties have none of their own)")  # fmt: skip
    if not problems:
        _check_pool(counties, values, margins, wrong)
    if problems:
        return None
    header = dict(chain[-1].file.data["header"])
    header["not_modelled"] = [n for f in layers for n in f.file.data["header"].get("not_modelled", [])]
    return Scenario(
        name=name, title=header["title"], header=header, start=start, window=window, months=months, counties=counties,
        modes=modes, sites=tuple(sites), site_classes=classes, closures=closures, targets=targets, values=values,
        population=margins, shares=shares, population_seed=merged.get(("population", "seed"), 1),
        files=tuple(layer.file.label for layer in layers),
        packages=tuple(layer.file.label.rpartition("/")[2].removesuffix(".toml") for layer in over),
    )  # fmt: skip


def _absent(parameter: Parameter, path: Path) -> Entry:
    """What holds where no file speaks of a parameter: its instrument does not exist there."""
    assert parameter.absent is not None
    name = ".".join(str(step) for step in path if step != "parameter")
    return Entry(name, parameter.absent, parameter.unit, ABSENT, kind=parameter.kind, family=parameter.family)


def _check_urban(values: Mapping[str, Entry], missing: Any) -> None:
    """Urban accounts are kept for all or nothing: with a stock of residents, every number of theirs is needed."""
    if any(values[n].in_use for n in ("core_residents", "town_residents", "rural_residents")):
        for n, entry in values.items():
            if entry.family == "urban" and not entry.in_use:
                missing(f"{entry.kind}.urban.{n}", PARAMETERS[n])


def _closure(
    id: str, merged: Mapping[Path, Any], counties: list[str], start: str, where: Any, wrong: Any
) -> Closure | None:
    at, key = where(("closure", id, "id")), f"closure.{id}"
    row = {str(path[2]): value for path, value in merged.items() if path[:2] == ("closure", id)}
    for needed in ("en", "zh", "date", "share"):
        if needed not in row:
            wrong(key, f"has no {needed}", f"{needed} = ...", "add it", at)
            return None
    county = row.get("county")
    if county is not None and county not in counties:
        wrong(f"{key}.county", f'no county "{county}"' + did_you_mean(county, counties),
              f"one of {', '.join(counties)}", "", at)  # fmt: skip
    return Closure(id, row["en"], row["zh"], row["date"], month_of(row["date"], start), county, row["share"])


def _target(
    id: str, merged: Mapping[Path, Any], counties: list[str], start: str, months: int, where: Any, wrong: Any
) -> Target | None:
    at, key = where(("target", id, "id")), f"target.{id}"
    row = {str(path[2]): value for path, value in merged.items() if path[:2] == ("target", id)}
    for needed in ("en", "zh", "metric", "date"):
        if needed not in row:
            wrong(key, f"has no {needed}", f"{needed} = ...", "add it", at)
            return None
    if ("at_least" in row) == ("at_most" in row):
        mend = "remove one" if "at_least" in row else "add one"
        wrong(key, "needs one of at_least and at_most", "one of them", mend, at)
        return None
    if row["metric"] == "persons" and "event" not in row:
        wrong(
            key, "counts persons but has no event", f"event = one of {', '.join(schema.EVENTS)}", "add it", at
        )
    month = month_of(row["date"], start)
    if not 0 <= month < months:
        wrong(f"{key}.date", f"{row['date']} lies outside the period", f"a month of the {months} from {start} on",
              "change the date or the period", where(("target", id, "date")))  # fmt: skip
    scope = row.get("scope", "region")
    if scope != "region" and scope not in counties:
        wrong(f"{key}.scope", f'no county "{scope}"' + did_you_mean(scope, ["region", *counties]),
              f"region or one of {', '.join(counties)}", "", at)  # fmt: skip
    if scope != "region" and row["metric"] in URBAN_METRICS:
        wrong(f"{key}.scope", f"{row['metric']} is counted for the region only", 'scope = "region"', "", at)
    name = "at_least" if "at_least" in row else "at_most"
    place = where(("target", id, name))
    measure = Parameter(name, "target", "target", METRICS[row["metric"]], -math.inf, math.inf, "", "")

    def limit_wrong(said: str, expected: str = "", mend: str = "", field: str = "") -> None:
        wrong(f"{key}.{name}" + (f".{field}" if field else ""), said, expected, mend, place)

    limit = number(row[name], measure, key, place, limit_wrong)
    return limit and Target(
        id, row["en"], row["zh"], row["metric"], row.get("event"), name == "at_least", limit.at(0), limit.unit,
        row["date"], month, scope, limit.source, limit.note,
    )  # fmt: skip


def _check_pool(
    counties: Sequence[County], values: Mapping[str, Entry], margins: Mapping[str, Entry], wrong: Any
) -> None:
    """Pool and villages must fit together: no village without a household."""
    shares = [c.values["pool_share"].at(0) for c in counties]
    if not 0.99 <= math.fsum(shares) <= 1.01:
        wrong("county.pool_share", f"the shares of the pool sum to {plain(math.fsum(shares))}", "1",
              "correct pool_share of the counties", counties[0].values["pool_share"].where)  # fmt: skip
        return
    pool = values["pool_persons"]
    persons = pool.range[0] if pool.range else pool.at(0)
    for county, share in zip(counties, shares, strict=True):
        villages = county.values["villages"]
        size = county.values.get("mean_household_size") or margins["mean_household_size"]
        households = int(persons * share / size.at(0))
        if villages.at(0) != math.floor(villages.at(0)):
            wrong(f"county.{county.id}.villages", f"{plain(villages.at(0))} is not whole", "a whole number", "",
                  villages.where)  # fmt: skip
        elif villages.at(0) > households:
            wrong(
                f"county.{county.id}.villages",
                f"{plain(villages.at(0))} villages but {households} households in the pool",
                "a household or more in each village, at the lowest pool_persons too",
                "lower villages or raise pool_share", villages.where,
            )  # fmt: skip
        elif share > 0 and villages.at(0) == 0:
            wrong(f"county.{county.id}.villages", "0 villages but a share of the pool", "a village or more",
                  "raise villages or set pool_share to 0", villages.where)  # fmt: skip
