"""Households worked by hand under the numbers of a real scenario: from TOML to inputs, and what either engine makes of them.

A case names a scenario, one county and some ways of moving. Its households live in one village with homes ready for all; the
policy is the scenario's, but for what `certain.toml` and the case itself settle.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from scenarios import load
from scenarios.assemble import inputs
from simulation.agents import RelocationByAgents
from simulation.households import HOUSEHOLD, POPULATION_DTYPES, STATUS, Population, Villages
from simulation.institutions import OFFICE, Institutions
from simulation.ledger import FLOW
from simulation.model import RelocationModel
from simulation.outcomes import AREAS, COMPONENTS, GROUPS, INCOMES, INDICATORS
from simulation.policy import MODE_PARAMETERS, PARAMETERS, by_month
from simulation.run import Inputs, Result

FOLDER = Path(__file__).parent / "hand_worked"
CERTAIN = tomllib.loads((FOLDER / "certain.toml").read_text("utf-8"))["policy"]
NAMES = sorted(path.stem for path in FOLDER.glob("*-*.toml"))
IN_FEN = {
    "income", "savings", "loan", "debt_service", "arrears", "subsidy", "compensation", "pool", "cash", "committed", "jobs_cash",
    "debt", "lent",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One file."""

    name: str

    @cached_property
    def text(self) -> dict[str, Any]:
        return tomllib.loads((FOLDER / f"{self.name}.toml").read_text("utf-8"))

    @cached_property
    def households(self) -> dict[str, dict]:
        return self.text["household"]

    @cached_property
    def scenario(self):
        return load(self.text["scenario"], packages=self.text.get("packages", ()))

    @cached_property
    def county(self) -> int:
        return [county.id for county in self.scenario.counties].index(self.text["county"])

    def people(self, county: int) -> tuple[Population, Villages]:
        """The case's households in one village of that county."""
        rows = [dict(county=county, village=0) | row for row in self.households.values()]
        for row in rows:
            unknown = row.keys() - POPULATION_DTYPES.keys()
            assert not unknown, f"{self.name}: no such column {unknown}"
        one = np.ones(1)
        return (
            Population(*(np.array([r.get(f, 0) for r in rows], d) for f, d in POPULATION_DTYPES.items())),
            Villages(
                np.array([county], np.int32), np.array([0, len(rows)]), 20 * one, 5 * one, one, 5 * one, 0.3 * one,
                np.zeros(1, np.int32),
            ),
        )  # fmt: skip

    @cached_property
    def whole(self) -> Inputs:
        """What a run of the scenario would read, with the case's households for its own, in the money of the first month."""
        return inputs(self.scenario, overrides={"income_growth": 0.0}, households=self.people(self.county))

    @cached_property
    def modes(self) -> list[int]:
        ids = [mode.id for mode in self.scenario.modes]
        return [ids.index(mode) for mode in self.text["modes"]]

    def misread(self) -> list[str]:
        """Numbers the arithmetic rests on that are not the scenario's."""
        months, wrong = self.text["months"], []
        found = {name: self.whole.policy[name][:months, self.county] for name in PARAMETERS}
        expected = {k: v for k, v in self.text["reads"].items() if not isinstance(v, dict)}
        for mode, k in zip(self.text["modes"], self.modes, strict=True):
            found |= {f"{mode}.{f}": self.whole.modes[f][:months, k] for f in MODE_PARAMETERS}
            expected |= {f"{mode}.{f}": v for f, v in self.text["reads"].get(mode, {}).items()}
        for name, value in expected.items():
            if not np.array_equal(found[name], by_month(value, months)):
                wrong.append(f"{name}: {sorted(set(found[name].tolist()))}, not {value}")
        return wrong

    @cached_property
    def inputs(self) -> Inputs:
        """One county, one village, one site with homes for everyone for each of the case's ways of moving that needs one."""
        months = self.text["months"]
        policy = self.whole.policy[:months, [self.county]].copy()
        for name, value in (CERTAIN | self.text["policy"]).items():
            policy[name][:, 0] = by_month(value, months)
        modes = self.whole.modes[:months][:, self.modes].copy()
        housed = np.flatnonzero(modes["needs_home"][0] > 0.0).astype(np.int32)
        site_of = np.full((1, modes.shape[1]), -1, np.int32)
        site_of[0, housed] = np.arange(len(housed))
        population, villages = self.people(0)
        institutions = Institutions(
            villages=villages,
            site_of=site_of,
            originals=np.array([len(self.households)]),
            pool_share=np.ones(1),
            site_county=np.zeros(len(housed), np.int32),
            site_mode=housed,
            site_class=np.ones(len(housed), np.int32),
            ready=np.full((months, len(housed)), 100.0),
            school_open=np.ones((months, 1)),
            core=self.whole.institutions.core_counties[[self.county]],
        )
        window = min(self.scenario.window, months)
        return Inputs(population, institutions, policy.view(np.recarray), modes.view(np.recarray), window)

    # what is to be found

    def expected(self) -> Iterator[tuple[int, str, str, float | str, bool]]:
        """Month, who, what, value, and whether it is the change since the month before."""
        for row in self.text["month"]:
            first, last = row["at"] if isinstance(row["at"], list) else (row["at"], row["at"])
            for month in range(first, last + 1):
                for change, table in ((False, row), (True, row.get("change", {}))):
                    for who in table.keys() - {"at", "change"}:
                        for what, value in table[who].items():
                            yield month, who, "debt_service" if what == "due" else what, value, change

    def differences(self, months: list[dict[str, dict]], result: Result) -> list[str]:
        """Where a run differs from the paper; money is compared to the fen."""
        wrong = []
        for month, who, what, value, change in self.expected():
            found = self._found(months, result, month, who, what)
            if change:
                found = _plain(found - self._found(months, result, month - 1, who, what))
            if found != value:
                wrong.append(f"month {month}, {who}.{what}: {found}, not {value}{' more' if change else ''}")
        return wrong

    def _found(self, months: list[dict[str, dict]], result: Result, month: int, who: str, what: str) -> Any:
        out = result.outcomes
        if who in self.households or who == "office":
            value = months[month][who][what]
            return value / 100 if what in IN_FEN else value
        if who == "flows":
            return out.ledger[month, 0, FLOW[what]] / 100
        if who == "counts":
            return out.county[month, 0, INDICATORS.index(what)]
        if who in AREAS:
            return out.urban[month, AREAS.index(who), COMPONENTS.index(what)]
        sums = out.income[month, 0, GROUPS.index(who)]
        return (
            sums[INCOMES.index(f"{what}_fen")] / 100
            if f"{what}_fen" in INCOMES
            else sums[INCOMES.index(what)]
        )

    # the two engines

    def compiled(self) -> tuple[list[dict[str, dict]], Result]:
        """Every month's households and office, and the run, by the compiled month."""
        model, months = RelocationModel(self.inputs, rng=self.text["seed"]), []
        for _ in range(self.text["months"]):
            model.step()
            rows = zip(self.households, model.households, model.status, strict=True)
            state = {name: _record(row) | {"status": STATUS[status]} for name, row, status in rows}
            months.append(state | {"office": _record(model.books.offices[0])})
        return months, model.result

    def by_agents(self) -> tuple[list[dict[str, dict]], Result]:
        """The same by households as agents."""
        model, months = RelocationByAgents(self.inputs, seed=self.text["seed"]), []
        for _ in range(self.text["months"]):
            model.step()
            state = {
                name: {f: getattr(h, f) for f in HOUSEHOLD.names or ()} | {"status": STATUS[h.status]}
                for name, h in zip(self.households, model.households, strict=True)
            }
            office = model.offices[0]
            months.append(state | {"office": {f: getattr(office, f) for f in OFFICE.names or ()}})
        return months, model.result()


def _record(record: np.record) -> dict[str, Any]:
    return dict(zip(record.dtype.names or (), record.item(), strict=True))


def _plain(difference: float) -> float:
    """A difference of two amounts, without the dust of subtraction."""
    return round(difference, 2)
