"""The engine behind the page: settings are run over the futures of `anju run` on threads that all tabs share.

A setting meets the same futures and draws as the region's plan, so that both differ only by the levers moved. The newest setting
comes first; a run nobody waits for any more is given up between two slices of months. What is kept of a run is small
(picture.Summary), so the answers of many settings can be kept.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import design as designs
from experiments.files import digest
from experiments.page import picture
from experiments.page.picture import Summary
from experiments.study import THREADS, cpus, inputs_of, run_seed, study_id
from experiments.view import View
from scenarios.scenario import POOL

if TYPE_CHECKING:
    from scenarios.scenario import Scenario
    from simulation.households import Population, Villages
    from simulation.run import Inputs, Result

log = logging.getLogger(__name__)

FUTURES, FEW_FUTURES = 50, 10
LARGE = 10_000_000  # households times months above which few futures are run
SLICE_SECONDS = (
    0.12  # of the CPU between two looks at whether anybody waits: a busy machine makes slices no shorter
)
FIRST_SLICE = 600_000  # households times months of the first slice, before its pace is known
JOBS = 256  # settings whose summaries are kept, about 200 kB each
HOUSEHOLDS_BYTES = 256 * 2**20  # of the households kept, so that a setting need not make them again
TICKETS = 16  # waited for at once; the oldest is ended when one more comes


class Ended(Exception):
    """Nobody waits for a run any more."""


@dataclass(eq=False)
class Job:
    """A scenario in its futures, run by run; a plan may be run in those of a setting."""

    key: str
    scenario: Scenario
    design: designs.Design
    asked_seed: int
    summaries: list[Summary | None] = field(default_factory=list)
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.summaries = [None] * len(self.design.values)

    @property
    def seed(self) -> int:
        """The seed of its runs."""
        return run_seed(self.asked_seed, 0)

    @property
    def of(self) -> int:
        return len(self.summaries)

    @property
    def done(self) -> int:
        """How many futures are there from the first on without a gap."""
        return next((n for n, one in enumerate(self.summaries) if one is None), self.of)

    def values(self, future: int) -> dict[str, float]:
        """The uncertainties of one future that the scenario knows."""
        row = self.design.values[future]
        return dict(zip(self.design.names, map(float, row), strict=True))


@dataclass(eq=False)
class Ticket:
    """Somebody who waits for a setting and its plan. `changed` is called from a worker when there is more, or an error."""

    job: Job
    plan: Job
    changed: Callable[[], None]
    tab: str | None = None
    ended: bool = False

    @property
    def done(self) -> int:
        """Futures of which both runs are there, without a gap."""
        return min(self.job.done, self.plan.done)

    @property
    def error(self) -> Exception | None:
        return self.job.error or self.plan.error

    def wants(self, job: Job) -> bool:
        return not self.ended and (job is self.job or job is self.plan)

    def answer(self, futures: int | None = None) -> dict[str, Any]:
        """The picture over the first `futures`, by default over all that are done."""
        n = self.done if futures is None else futures
        mine, theirs = ([one for one in job.summaries[:n] if one] for job in (self.job, self.plan))
        return picture.answer(self.job.scenario, self.plan.scenario, mine, theirs, of=self.job.of)


class Engine:
    """Worker threads, what they have found, and who waits for it. All methods may be called from any thread."""

    def __init__(
        self, *, threads: int | None = None, seed: int = 1, futures: int | None = None, most: int = FUTURES
    ) -> None:
        """`futures` replaces the usual number of them, which is `most` and less for a large region."""
        self.seed, self.futures, self.most = seed, futures, most
        self.changed = threading.Condition()
        self.jobs: OrderedDict[str, Job] = OrderedDict()
        self.tickets: list[Ticket] = []  # the newest last
        self.hand: set[tuple[Job, int]] = set()
        self.households = _Households(HOUSEHOLDS_BYTES)
        self.ready = False  # the engine has run, so it is compiled
        self.closed = False
        self.threads = [
            threading.Thread(target=self._work, name=f"{THREADS}-page-{n}", daemon=True)
            for n in range(threads or cpus())
        ]
        for thread in self.threads:
            thread.start()

    def ask(
        self, scenario: Scenario, plan: Scenario, changed: Callable[[], None] = lambda: None, *, tab: str | None = None
    ) -> Ticket:  # fmt: skip
        """Wait for a setting beside its plan; the same tab waits for nothing else any more. Raises ValueError."""
        design = designs.points(scenario, self.usual(plan), self.seed)
        known = {entry.name for entry in plan.entries()}
        theirs = designs.Design(
            tuple(name for name in design.names if name in known),
            design.values[:, [name in known for name in design.names]] if design.names else design.values,
        )
        ended = []
        with self.changed:
            job = self._job(scenario, design)
            ticket = Ticket(job, self._job(plan, theirs), changed, tab)
            for other in self.tickets:
                if tab is not None and other.tab == tab:
                    ended.append(other)
            self.tickets.append(ticket)
            waiting = [one for one in self.tickets if not one.ended and one not in ended]
            ended += waiting[:-TICKETS]
            for other in ended:
                other.ended = True
            self.tickets = [one for one in self.tickets if not one.ended]
            self.changed.notify_all()
        for other in ended:
            other.changed()
        return ticket

    def known(self, scenario: Scenario, plan: Scenario) -> Job | None:
        """What there is of a setting, if it was asked for."""
        design = designs.points(scenario, self.usual(plan), self.seed)
        with self.changed:
            return self.jobs.get(_key(scenario, design))

    def end(self, ticket: Ticket) -> None:
        """Wait no longer."""
        with self.changed:
            ticket.ended = True
            self.tickets = [one for one in self.tickets if one is not ticket]
            self.changed.notify_all()

    def wait(self, ticket: Ticket, timeout: float | None = None) -> dict[str, Any]:
        """The answer over all futures, once it is there. Raises what went wrong with a run, TimeoutError."""
        with self.changed:
            there = self.changed.wait_for(
                lambda: ticket.error or ticket.ended or ticket.done == ticket.job.of, timeout
            )
        if ticket.error:
            raise ticket.error
        if not there or ticket.done < ticket.job.of:
            raise TimeoutError("the runs were ended before all of them were done")
        return ticket.answer()

    def close(self, patience: float = 0.5) -> bool:
        """End all work; whether all threads have stopped in time."""
        with self.changed:
            self.closed = True
            for ticket in self.tickets:
                ticket.ended = True
            self.changed.notify_all()
        end = time.monotonic() + patience
        for thread in self.threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self.threads)

    def usual(self, plan: Scenario) -> int:
        """How many futures a setting is run in: few for a large region."""
        if self.futures:
            return self.futures
        households = self.households.count(plan)
        return min(FEW_FUTURES, self.most) if households * plan.months > LARGE else self.most

    def _job(self, scenario: Scenario, design: designs.Design) -> Job:
        """The job of a scenario in some futures, the one that is kept if there is one."""
        key = _key(scenario, design)
        job = self.jobs.get(key)
        if job is None or job.error:
            job = self.jobs[key] = Job(key, scenario, design, self.seed)
        self.jobs.move_to_end(key)
        wanted = {one.key for ticket in self.tickets for one in (ticket.job, ticket.plan)} | {key}
        for old in [old for old in self.jobs if old not in wanted][: max(len(self.jobs) - JOBS, 0)]:
            del self.jobs[old]
        return job

    def _next(self) -> tuple[Job, int] | None:
        """The run that is wanted most: of the newest setting the earliest future, and beside it the plan's."""
        for ticket in reversed(self.tickets):
            if ticket.error:
                continue
            for future in range(ticket.done, ticket.job.of):
                for job in (ticket.job, ticket.plan):
                    if job.summaries[future] is None and (job, future) not in self.hand:
                        return job, future
        return None

    def _wanted(self, job: Job) -> bool:
        return not self.closed and any(ticket.wants(job) for ticket in self.tickets)

    def _work(self) -> None:
        """What a thread does: the run wanted most, again and again."""
        while True:
            with self.changed:
                while (task := self._next()) is None and not self.closed:
                    self.changed.wait()
                if task is None or self.closed:
                    return
                self.hand.add(task)
            self._settle(task, *self._tried(*task))

    def _tried(self, job: Job, future: int) -> tuple[Summary | None, Exception | None]:
        try:
            return self._run(job, future), None
        except Ended:
            return None, None
        except Exception as error:
            return None, error

    def _settle(self, task: tuple[Job, int], found: Summary | None, error: Exception | None) -> None:
        job, future = task
        with self.changed:
            self.hand.discard(task)
            if found is not None:
                job.summaries[future], self.ready = found, True
            if error is not None:
                log.warning("%s: %s", job.scenario.name, error)
                job.error = error
            told = [ticket for ticket in self.tickets if ticket.wants(job)]
            self.changed.notify_all()
        for ticket in told:
            ticket.changed()

    def _run(self, job: Job, future: int) -> Summary:
        values = job.values(future)
        inputs = self.households.inputs(job.scenario, values)
        result = in_slices(inputs, seed=job.seed, wanted=lambda: self._wanted(job))
        known = self.households.hash(job.scenario, values, inputs)
        return picture.summary(View(job.scenario, result.outcomes), population=known)


def _key(scenario: Scenario, design: designs.Design) -> str:
    return digest([scenario.resolved(), list(design.names), design.values])


def in_slices(inputs: Inputs, *, seed: int, wanted: Callable[[], bool]) -> Result:
    """What `simulation.run.run` gives, bit for bit, run in slices of months. Raises Ended once it is not wanted."""
    from simulation.households import new_households
    from simulation.institutions import new_books
    from simulation.month import advance
    from simulation.outcomes import new_outcomes
    from simulation.run import Result
    from simulation.urban import account

    def go_on() -> None:
        if not wanted():
            raise Ended

    go_on()
    households = new_households(inputs.population)
    status = np.zeros(len(households), np.uint8)
    books = new_books(inputs.institutions, months=inputs.months)
    outcomes = new_outcomes(
        months=inputs.months, counties=inputs.policy.shape[1], modes=inputs.modes.shape[1],
        villages=len(inputs.institutions.originals), sites=len(inputs.institutions.site_county),
    )  # fmt: skip
    month, slice_ = 0, max(1, FIRST_SLICE // max(len(households), 1))
    while month < inputs.months:
        go_on()
        last, began = min(month + slice_, inputs.months), time.thread_time()
        advance(
            households, status, books, inputs.policy, inputs.modes, inputs.window, seed, month, last, outcomes
        )
        taken = max(time.thread_time() - began, 1e-6)
        slice_ = max(1, min(int(slice_ * SLICE_SECONDS / taken), 2 * slice_))
        month = last
    account(outcomes, inputs.policy, inputs.institutions.core_counties, months=inputs.months)
    return Result(outcomes, households, status, books)


class _Households:
    """Households of futures, which no lever changes: kept up to a number of bytes, those used last the longest."""

    def __init__(self, most: int) -> None:
        self.most, self.bytes = most, 0
        self.lock = threading.Lock()
        self.kept: OrderedDict[str, tuple[Population, Villages]] = OrderedDict()
        self.hashes: dict[str, str] = {}
        self.counts: dict[str, int] = {}

    def inputs(self, scenario: Scenario, values: dict[str, float]) -> Inputs:
        """Inputs of a run. Raises InputError."""
        key = _made_of(scenario, values)
        with self.lock:
            known = self.kept.get(key)
            if known is not None:
                self.kept.move_to_end(key)
        inputs = inputs_of(scenario, values, known)
        if known is None:
            self._keep(key, (inputs.population, inputs.institutions.villages))
        return inputs

    def hash(self, scenario: Scenario, values: dict[str, float], inputs: Inputs) -> str:
        """The population hash of a run's households."""
        from simulation.population import population_hash

        key = _made_of(scenario, values)
        if key not in self.hashes:
            self.hashes[key] = population_hash(inputs.population, inputs.institutions.villages)
        return self.hashes[key]

    def count(self, scenario: Scenario) -> int:
        """Households of the central pool."""
        key = _made_of(scenario, {})
        if key not in self.counts:
            self.counts[key] = len(self.inputs(scenario, {}).population.county)
        return self.counts[key]

    def _keep(self, key: str, households: tuple[Population, Villages]) -> None:
        with self.lock:
            if key in self.kept:
                return
            self.kept[key] = households
            self.bytes += _size(households)
            while self.bytes > self.most:
                _, old = self.kept.popitem(last=False)
                self.bytes -= _size(old)


def _size(households: tuple[Population, Villages]) -> int:
    return sum(np.asarray(column).nbytes for table in households for column in table)


def _made_of(scenario: Scenario, values: dict[str, float]) -> str:
    """All that decides the households of a run."""
    resolved = scenario.resolved()
    own = {name: value for name, value in values.items() if name in POOL or name.startswith("population.")}
    central = {name: resolved["parameters"][name] for name in POOL}
    return digest([resolved["population"], resolved["counties"], {**central, **own}])


def found_id(job: Job) -> str:
    """The id that `anju run` gives the study of a finished job, one replication a future."""
    from simulation.codecache import model_hash

    populations = [one.population for one in job.summaries if one]
    return study_id(job.scenario, job.design.names, job.design.values, [job.seed], populations, model_hash())
