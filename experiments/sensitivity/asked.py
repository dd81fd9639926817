"""What is asked about the runs of each point: which number, and what about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments import measures, question, vary
from experiments.sensitivity.result import METHODS, STATISTICS
from scenarios.errors import InputError

if TYPE_CHECKING:
    from scenarios.scenario import Scenario, Target


@dataclass(frozen=True)
class Quantity:
    """What is asked about the runs of a point: `statistic` of a column, or the probability of reaching `target`."""

    column: str
    statistic: str
    unit: str
    target: Target | None = None
    own: bool = True  # whether the target's number is the scenario's

    @property
    def threshold(self) -> float | None:
        return self.target.value if self.target is not None and self.statistic == "probability" else None

    @property
    def at_least(self) -> bool:
        return self.target is None or self.target.at_least

    @property
    def key(self) -> str:
        """As part of a folder's name."""
        value = "" if self.threshold is None else f"-{self.threshold:.10g}"
        return f"{self.column}-{self.statistic}{value}"


def columns(scenario: Scenario) -> tuple[str, ...]:
    """Names of the numbers of a run, any of which may be asked about."""
    return measures.columns(scenario)


def quantity(
    scenario: Scenario, columns: Sequence[str], *,
    outcome: str | None = None, target: str | None = None, of: str | None = None,
) -> Quantity:  # fmt: skip
    """What is asked about each point's runs; by default the mean of the first target's number.

    `columns` are those there are. With a `target` it is the probability of reaching it, unless another statistic is asked for.
    Raises InputError.
    """
    if outcome is not None and target is not None:
        raise InputError(["--outcome and --target: give one of them"])
    of = of or ("probability" if target is not None else "mean")
    vary.known_name(of, STATISTICS, where="--of")
    units = measures.units(scenario)
    if outcome is not None:
        measures.named(columns, outcome, where="--outcome")
        asked = next((t for t in scenario.targets if f"target_{t.id}" == outcome), None)
        if of == "probability" and asked is None:
            raise InputError([
                f"--of probability: nothing says what {outcome} is to reach; give --target ID or ID=VALUE, or another --of"
            ])  # fmt: skip
        return Quantity(outcome, of, units.get(outcome, ""), asked)
    if not scenario.targets:
        raise InputError([f"{scenario.name}: has no target; name an outcome with --outcome, such as cost"])
    wanted = question.question(scenario, target, 0.9)
    if target is not None and "=" in target and of != "probability":
        raise InputError([
            f"--target {target}: its number changes nothing in --of {of}, only in --of probability; leave it out"
        ])  # fmt: skip
    measures.named(columns, wanted.column, where="--target")
    return Quantity(wanted.column, of, wanted.target.unit, wanted.target, wanted.own)


def method_named(text: str) -> str:
    """The method of that name, with - or _. Raises InputError that offers the nearest."""
    known = {name.replace("_", "-"): name for name in METHODS}
    return known[vary.known_name(text.strip().replace("_", "-"), known, where="--method")]
