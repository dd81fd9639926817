"""How numbers, keys and what is legal are said in messages."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from typing import Any

from simulation.policy import Parameter

FEW, NEAR = 10, 8  # names that are all said, and how many are where there are more


def did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1, 0.6)
    return f' (did you mean "{close[0]}"?)' if close else ""


def listed(known: Iterable[str], word: str = "", all_in: str = "") -> str:
    """Names for a message: all of a few, else those nearest to `word`, how many more there are, and where all of them are said."""
    names = list(known)
    if len(names) <= FEW:
        return ", ".join(names)
    near = difflib.get_close_matches(word, names, NEAR, 0.0)
    return f"{', '.join(near)} or {len(names) - NEAR} more" + (f" ({all_in})" if all_in else "")


def quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def say(value: Any) -> str:
    if isinstance(value, bool):
        return f"{str(value).lower()} (true or false)"
    if isinstance(value, str):
        return f'"{value}" (text)'
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return str(value)


def plain(value: float) -> str:
    return f"{value:.12g}"


def in_unit(parameter: Parameter) -> str:
    return f'a unit of {parameter.name} such as "{parameter.unit}"'


def legal(parameter: Parameter) -> str:
    unit = parameter.unit
    if math.isinf(parameter.high):
        return (
            f"at least {plain(parameter.low)} {unit}"
            if math.isfinite(parameter.low)
            else f"a number in {unit}"
        )
    return f"{plain(parameter.low)} to {plain(parameter.high)} {unit}"
