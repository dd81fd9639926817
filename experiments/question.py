"""What is asked: a target, the number it asks for, and how sure one wants to be."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scenarios.errors import InputError
from scenarios.scenario import met, persons_target
from scenarios.units import UnitError, convert
from scenarios.words import did_you_mean

if TYPE_CHECKING:
    from scenarios.scenario import Scenario, Target

RELOCATED = "relocated"
"""Stands for the first target that counts persons in the whole region, whatever its id."""


@dataclass(frozen=True)
class Question:
    """`target` holds the number asked for; `own` says whether that is the scenario's own."""

    target: Target
    probability: float
    own: bool

    @property
    def column(self) -> str:
        """The number of a run that is held against the target."""
        return f"target_{self.target.id}"

    @property
    def counts_persons(self) -> bool:
        return self.target.metric == "persons"

    @property
    def sign(self) -> int:
        """+1 where more of the outcome is better."""
        return 1 if self.target.at_least else -1

    def reached(self, outcome: np.ndarray) -> np.ndarray:
        """Whether each outcome reaches the target; one that is undefined does not."""
        return met(self.target, outcome)


def question(scenario: Scenario, text: str | None, probability: float) -> Question:
    """The question put by `--target` and `--probability`; without a text, the scenario's first target.

    Raises InputError for a scenario without a target, an unknown one, or an impossible number.
    """
    if not 0.5 < probability < 1.0:
        raise InputError(
            [f"--probability {probability:g}: more than 0.5 and less than 1 expected, such as 0.9"]
        )
    if not scenario.targets:
        raise InputError(
            [
                f"{scenario.name}: has no target, so there is nothing to reach; add one to its file ([[target]])"
            ]
        )
    if text is None:
        return Question(scenario.targets[0], probability, own=True)
    id, equals, number = (part.strip() for part in text.partition("="))
    found = _named(scenario, id, text)
    if not equals:
        return Question(found, probability, own=True)
    value = _number(found, number, text)
    return Question(replace(found, value=value), probability, own=value == found.value)


def _named(scenario: Scenario, id: str, text: str) -> Target:
    by_id = {target.id: target for target in scenario.targets}
    if id in by_id:
        return by_id[id]
    persons = persons_target(scenario)
    if id == RELOCATED and persons:
        return persons
    names = [*by_id, *([RELOCATED] if persons else [])]
    if id == RELOCATED:
        raise InputError([
            f"--target {text}: no target of {scenario.name} counts persons moved in the whole region; "
            f"its targets: {', '.join(names)}"
        ])  # fmt: skip
    raise InputError([
        f"--target {text}: {scenario.name} has no target {id!r}{did_you_mean(id, names)}; its targets: {', '.join(names)}"
    ])  # fmt: skip


def _number(target: Target, number: str, text: str) -> float:
    digits, _, unit = number.partition(" ")
    try:
        value = convert(float(digits.replace(",", "")), unit.strip() or target.unit, target.unit)
    except (ValueError, UnitError) as error:
        raise InputError([
            f"--target {text}: a number in {target.unit} expected after the =, such as {target.id}={target.value:.10g}"
        ]) from error  # fmt: skip
    if not math.isfinite(value):
        raise InputError([f"--target {text}: a finite number expected"])
    return value
