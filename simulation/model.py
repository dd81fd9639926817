"""The model as a Mesa model: step it month by month, look at it, change it. The file to read first.

    model = RelocationModel(inputs, rng=1)
    model.step()                                   # one month
    model.offices[0].cash_yuan, model.sites[3].free, model.villages[7].peers, model.household(17).status
    model.set_policy("subsidy_yuan_per_person", 30_000)  # from the next month on
    model.run_model()                              # the rest
    model.datacollector.get_model_vars_dataframe()

A step runs the compiled month of `simulation.month`; what households do is in `simulation.rules`, one short function a decision.
Households are rows of `model.households`; offices, sites, employers, banks and villages are Mesa agents, each a view of a row.
Sweeps use `simulation.run.run`, which gives the same numbers without Mesa; `simulation.agents` runs the same month in plain Python.
"""

from __future__ import annotations

import itertools
import math
import weakref
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import mesa
import numpy as np

from simulation.households import CLASSES, JOBS, MOVED, NEVER, STATUS, new_households
from simulation.institutions import new_books
from simulation.ledger import FLOW
from simulation.month import advance
from simulation.outcomes import INDICATORS, new_outcomes
from simulation.policy import PARAMETERS
from simulation.rule import interpreted
from simulation.rules.income import income_after_moving, income_at_origin, properties, transfers
from simulation.run import Inputs, Result
from simulation.urban import account

# Used up before the first month: changing them later would change nothing.
BEFORE_THE_START = {
    "homes_factor",
    "market_homes_factor",
    "home_lag_months",
    "income_growth",
    "pool_persons",
    "earlier_movers_share",
    "split_share",
}
SIZES = ("small", "medium", "large")
KINDS = ("merging", "suburban", "growing", "improving", "heritage")
LISTINGS = ("listed", "reserve", "excluded", "struck")


class RelocationModel(mesa.Model):
    """One run, stepped by hand.

    Parameters: `inputs` are shared and never written to; `rng` is the run's seed, an integer of 0 or more (no other state is
    random); `mode_names` name the destination modes. Raises TypeError or ValueError where they do not fit.

    To follow or steer a run, override `before_month` or `after_month`. To compare policies with Mesa's own batch runner:

        class Pilot(RelocationModel):
            def __init__(self, *, subsidy, rng):
                super().__init__(build_inputs(subsidy_yuan_per_person=subsidy), rng=rng)

        rows = mesa.batch_run(Pilot, {"subsidy": [0, 20_000, 40_000], "rng": [1, 2]}, data_collection_period=12)
        pandas.DataFrame(rows)[["subsidy", "rng", "Step", "persons_moved", "employed_share"]]
    """

    def __init__(self, inputs: Inputs, *, rng: int = 1, mode_names: Sequence[str] = ()):
        _check(inputs, rng, mode_names)
        super().__init__(rng=int(rng))
        self.inputs = inputs
        self.seed = int(rng)
        self.months = inputs.months
        self.month = 0  # months done, and the month a hook is called for
        self.mode_names = tuple(mode_names) or tuple(f"mode {k}" for k in range(inputs.modes.shape[1]))
        self.policy = inputs.policy.copy()  # (months, counties)
        self.modes = inputs.modes.copy()  # (months, modes)
        self.households = new_households(inputs.population)
        self.status = np.zeros(len(self.households), np.uint8)
        books = new_books(inputs.institutions, months=inputs.months)
        self.books = books._replace(
            ready=books.ready.copy(), school_open=books.school_open.copy(), site_of=books.site_of.copy()
        )
        counties = range(inputs.policy.shape[1])
        self.outcomes = new_outcomes(
            months=self.months,
            counties=len(counties),
            modes=self.modes.shape[1],
            villages=len(books.villages),
            sites=len(books.sites),
        )
        self.offices = [CountyOffice(self, c) for c in counties]
        self.banks = [Bank(self, c) for c in counties]
        self.employers = [Employer(self, c, kind) for c in counties for kind in range(len(JOBS))]
        self.sites = [Site(self, s) for s in range(len(books.sites))]
        self.villages = [Village(self, v) for v in range(len(books.villages))]
        self.datacollector = mesa.DataCollector(model_reporters={f.__name__: f for f in REPORTERS})

    def step(self) -> None:
        """Run one month. Raises RuntimeError after the last; earlier movers take their places when the first begins."""
        if self.month == self.months:
            self.steps -= 1
            raise RuntimeError(f"all {self.months} months have been run; make a new model to run them again")
        self.before_month()
        advance(
            self.households, self.status, self.books, self.policy, self.modes,
            self.inputs.window, self.seed, self.month, self.month + 1, self.outcomes,
        )  # fmt: skip
        self.after_month()
        self.month += 1
        self.datacollector.collect(self)
        if self.month == self.months:
            self.running = False

    def before_month(self) -> None:
        """Called before month `self.month` is run."""

    def after_month(self) -> None:
        """Called when month `self.month` has been run."""

    def set_policy(self, name: str, value: float, *, county: int | None = None) -> None:
        """Put a policy value in force from the next month on, in one county or all; `value` is in the parameter's unit."""
        if name not in PARAMETERS:
            raise ValueError(
                f"{name} is not a policy parameter; they are listed in simulation.policy.PARAMETERS"
            )
        if name in BEFORE_THE_START:
            raise ValueError(
                f"{name} has done its work before the first month; build new inputs to change it"
            )
        parameter = PARAMETERS[name]
        if not parameter.low <= value <= parameter.high:
            raise ValueError(f"{name}: {value} is outside {parameter.low}..{parameter.high} {parameter.unit}")
        if parameter.unit in ("flag", "rank", "code") and value != int(value):
            raise ValueError(f"{name}: {value} must be a whole number")
        now = self.policy[name][min(self.month, len(self.policy) - 1)]
        if county is None and now.min() != now.max():
            raise ValueError(f"{name} differs between counties; give county= to set it in one of them")
        self.policy[name][self.month :, slice(None) if county is None else county] = value

    def total(self, indicator: str) -> float:
        """An indicator of `simulation.outcomes.INDICATORS` in the last month run, summed over counties."""
        return float(self.outcomes.county[max(self.month - 1, 0), :, INDICATORS.index(indicator)].sum())

    def household(self, row: int) -> Household:
        """A view of one household."""
        return Household(self, range(len(self.households))[row])

    @property
    def result(self) -> Result:
        """What `simulation.run.run` returns, as far as the months have been run."""
        account(self.outcomes, self.policy, self.inputs.institutions.core_counties, months=self.month)
        return Result(self.outcomes, self.households, self.status, self.books)


def _check(inputs: Inputs, rng: int, mode_names: Sequence[str]) -> None:
    if not isinstance(inputs, Inputs):
        raise TypeError(f"inputs must be simulation.run.Inputs, not {type(inputs).__name__}")
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer):
        raise TypeError(f"rng must be an integer, not {rng!r}: it is the whole seed of the run")
    if not 0 <= rng < 2**63:
        raise ValueError(f"rng {rng} is outside 0..2**63-1")
    if len(mode_names) not in (0, inputs.modes.shape[1]):
        raise ValueError(
            f"{len(mode_names)} mode names for {inputs.modes.shape[1]} modes: give a name for each, or none"
        )


# What the data collector keeps of each month.


def persons_signed(model: RelocationModel) -> float:
    """Persons granted a home, cumulative."""
    return model.total("persons_signed")


def persons_moved(model: RelocationModel) -> float:
    """Persons who got their keys within the window, cumulative."""
    return model.total("persons_keys")


def persons_occupied(model: RelocationModel) -> float:
    """Of them, persons who have lived there for a year."""
    return model.total("persons_occupied")


def persons_returned(model: RelocationModel) -> float:
    """Persons who went back, cumulative."""
    return model.total("persons_returned")


def households_moved(model: RelocationModel) -> float:
    """Households now living at their destination."""
    return model.total("moved")


def households_returned(model: RelocationModel) -> float:
    """Households that went back."""
    return model.total("returned")


def households_waiting(model: RelocationModel) -> float:
    """Households that have applied or hold a grant."""
    return model.total("applied") + model.total("granted")


def employed_share(model: RelocationModel) -> float:
    """Movers' labour that works; not a number while nobody has moved."""
    labour = model.total("mover_labour")
    return model.total("mover_employed") / labour if labour > 0.0 else math.nan


def homes_free(model: RelocationModel) -> float:
    """Homes ready that nobody holds."""
    return model.total("homes_free")


def cash_yuan(model: RelocationModel) -> float:
    """Programme money in the offices' accounts."""
    return model.total("cash_fen") / 100.0


def subsidies_yuan(model: RelocationModel) -> float:
    """Relocation subsidies paid, cumulative."""
    return float(model.outcomes.ledger[: model.month, :, FLOW["subsidy"]].sum()) / 100.0


def arrears_households(model: RelocationModel) -> float:
    """Households behind with their loan."""
    return model.total("arrears_households")


REPORTERS = (
    persons_signed, persons_moved, persons_occupied, persons_returned, households_moved, households_returned,
    households_waiting, employed_share, homes_free, cash_yuan, subsidies_yuan, arrears_households,
)  # fmt: skip


# Institutions: Mesa agents that are views of one row.


class _Numbers(weakref.WeakKeyDictionary):
    def __getitem__(self, model: mesa.Model) -> itertools.count:
        return self.setdefault(model, itertools.count(1))


class Part(mesa.Agent):
    """An agent of a relocation model."""

    _ids: Any = _Numbers()  # Mesa's own table keeps every model alive
    model: Any


class Cell:
    """A field of an agent's record, read and written through; `per` divides on reading (100 turns fen into yuan)."""

    def __init__(self, field: str, per: float = 1.0):
        self.field, self.per = field, per

    def __get__(self, agent: Any, owner: type | None = None) -> Any:
        if agent is None:
            return self
        value = agent.record[self.field].item()
        return value if self.per == 1.0 else value / self.per

    def __set__(self, agent: Any, value: float) -> None:
        agent.record[self.field] = value if self.per == 1.0 else math.floor(value * self.per + 0.5)


class CountyOffice(Part):
    """A county's programme office."""

    share = Cell("share")
    cash_yuan = Cell("cash", 100.0)
    committed_yuan = Cell("committed", 100.0)
    jobs_cash_yuan = Cell("jobs_cash", 100.0)
    debt_yuan = Cell("debt", 100.0)  # its own borrowing for low-income movers' homes

    def __init__(self, model: RelocationModel, county: int):
        super().__init__(model)
        self.county = county

    @property
    def record(self) -> np.record:
        return self.model.books.offices[self.county]

    @property
    def policy(self) -> np.record:
        """The policy in force in the coming month (after the end: the last); writing changes that month only."""
        return self.model.policy[min(self.model.month, self.model.months - 1), self.county]


class Bank(Part):
    """The banks of a county: claims on households and on the county, and the terms they lend on.

    Writing puts terms in force from the next month on.
    """

    def __init__(self, model: RelocationModel, county: int):
        super().__init__(model)
        self.county = county

    @property
    def households(self) -> np.recarray:
        return self.model.households[self.model.households.county == self.county]

    @property
    def loans_yuan(self) -> float:
        return float((self.households.loan + self.households.startup_loan).sum()) / 100.0

    @property
    def arrears_yuan(self) -> float:
        return float(self.households.arrears.sum()) / 100.0

    @property
    def claims_on_county_yuan(self) -> float:
        return self.model.offices[self.county].debt_yuan

    @property
    def mean_loan_yuan(self) -> float:
        """Mean of the housing loans made so far; not a number before the first."""
        office = self.model.offices[self.county].record
        return float(office.lent / office.loans) / 100.0 if office.loans > 0 else math.nan

    @property
    def rate_per_year(self) -> float:
        """The lending rate: benchmark x factor."""
        p = self.model.offices[self.county].policy
        return float(p.benchmark_rate * p.loan_rate_factor)

    @property
    def loan_limit_yuan(self) -> float:
        return float(self.model.offices[self.county].policy.loan_limit_yuan)

    @loan_limit_yuan.setter
    def loan_limit_yuan(self, value: float) -> None:
        self.model.set_policy("loan_limit_yuan", value, county=self.county)


class Employer(Part):
    """All employers of one kind in one county: `kind` is one of `simulation.households.JOBS`."""

    def __init__(self, model: RelocationModel, county: int, kind: int):
        super().__init__(model)
        self.county, self.column, self.kind = county, kind, JOBS[kind]

    @property
    def positions(self) -> float:
        return float(self.model.books.positions[self.county, self.column])

    @positions.setter
    def positions(self, value: float) -> None:
        self.model.books.positions[self.county, self.column] = value

    @property
    def filled(self) -> float:
        return float(self.model.books.filled[self.county, self.column])

    @property
    def open(self) -> float:
        """Whole positions nobody holds."""
        return max(0.0, math.floor(self.positions) - self.filled)


class Site(Part):
    """A resettlement site, homes in whole numbers."""

    county = Cell("county")
    reserved = Cell("reserved")
    occupied = Cell("occupied")
    idle = Cell("idle")

    def __init__(self, model: RelocationModel, row: int):
        super().__init__(model)
        self.row = row

    @property
    def record(self) -> np.record:
        return self.model.books.sites[self.row]

    @property
    def mode(self) -> str:
        return self.model.mode_names[self.record["mode"]]

    @property
    def size(self) -> str:
        return SIZES[self.record["klass"]]

    @property
    def ready(self) -> int:
        """Homes completed by the last month run; writing sets them from the next month on."""
        return math.floor(self.model.books.ready[max(self.model.month - 1, 0), self.row])

    @ready.setter
    def ready(self, value: float) -> None:
        self.model.books.ready[self.model.month :, self.row] = value

    @property
    def free(self) -> float:
        return self.ready - self.reserved - self.occupied - self.idle


class Village(Part):
    """An origin village."""

    county = Cell("county")
    originals = Cell("originals")
    distance_km = Cell("distance_km")
    township_km = Cell("township_km")
    road_sd = Cell("road_sd")
    school_km = Cell("school_km")
    service = Cell("service")
    closed = Cell("closed")
    whole = Cell("whole")
    peers = Cell("peers")
    job_chance = Cell("job_chance")

    def __init__(self, model: RelocationModel, row: int):
        super().__init__(model)
        self.row = row

    @property
    def record(self) -> np.record:
        return self.model.books.villages[self.row]

    @property
    def kind(self) -> str:
        """Its type in the spatial plan."""
        return KINDS[self.record["kind"]]

    @property
    def households(self) -> list[Household]:
        return [self.model.household(i) for i in range(self.record["first"], self.record["last"])]

    @property
    def moved(self) -> int:
        """Its households now living at destinations."""
        return int((self.model.status[self.record["first"] : self.record["last"]] == MOVED).sum())


class Household:
    """A household in words and yuan; every field of `simulation.households.HOUSEHOLD` can be read and set on `record`."""

    members = Cell("members")
    behind = Cell("behind")  # elderly who stayed in the old house
    savings_yuan = Cell("savings", 100.0)
    loan_yuan = Cell("loan", 100.0)
    startup_loan_yuan = Cell("startup_loan", 100.0)
    arrears_yuan = Cell("arrears", 100.0)
    income_yuan = Cell("income", 100.0)  # all sources, last month
    debt_service_yuan = Cell("debt_service", 100.0)  # due last month
    integration = Cell("integration")
    seekers = Cell("seekers")

    def __init__(self, model: RelocationModel, row: int):
        self.model, self.row = model, row

    @property
    def record(self) -> np.record:
        return self.model.households[self.row]

    @property
    def status(self) -> str:
        return STATUS[self.model.status[self.row]]

    @property
    def mode(self) -> str | None:
        """The mode applied for or lived in."""
        never = self.record["applied"] == NEVER and self.record["moved"] == NEVER
        return None if never else self.model.mode_names[self.record["mode"]]

    @property
    def priority(self) -> str | None:
        return None if self.record["applied"] == NEVER else CLASSES[self.record["klass"]]

    @property
    def listing(self) -> str | None:
        """Its place on the low-income list; None for a household that is not in need of one."""
        return LISTINGS[self.record["listing"]] if self.record["poor"] else None

    @property
    def village(self) -> Village:
        return self.model.villages[self.record["village"]]

    @property
    def site(self) -> Site | None:
        return None if self.record["site"] < 0 else self.model.sites[self.record["site"]]

    @property
    def jobs(self) -> dict[str, int]:
        """Jobs its members hold: those kept near home, and those at the destination by kind."""
        return {kind: int(self.record[kind]) for kind in ("kept", *JOBS) if self.record[kind] > 0}

    @property
    def incomes_yuan(self) -> dict[str, float]:
        """Incomes by source in one month, living and working as it does now."""
        month = max(self.model.month - 1, 0)
        h, p = plain(self.record), plain(self.model.policy[month, self.record["county"]])
        if self.model.status[self.row] == MOVED:
            found = interpreted(income_after_moving)(h, p, plain(self.model.modes[month, h.mode]))
        else:
            found = interpreted(income_at_origin)(h, p)
        return {
            "wage": found.wage / 100.0,
            "business": found.business / 100.0,
            "transfer": interpreted(transfers)(found) / 100.0,
            "property": interpreted(properties)(found) / 100.0,
        }

    def __repr__(self) -> str:
        return f"<household {self.row}: {self.status}, {self.members} members, {self.income_yuan:.0f} yuan last month>"


def plain(record: np.record) -> SimpleNamespace:
    """A record as an object with plain Python numbers."""
    return SimpleNamespace(**dict(zip(record.dtype.names or (), record.item(), strict=True)))
