"""Units of the numbers in scenario files. Pint is asked on reading only; past this door every number is in its base unit."""

from __future__ import annotations

import difflib
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pint

# What is not a physical quantity keeps a dimension of its own: a flag is not a share.
_DEFINITIONS = """
yuan = [money]
wan_yuan = 10000 yuan
yi_yuan = 100000000 yuan
m = [length]
km = 1000 m
m2 = m ** 2
ha = 10000 m2
mu = ha / 15
month = [time]
year = 12 month
decade = 10 year
person = [person] = _ = mover
wan_person = 10000 person
household = [household]
home = [home]
job = [job]
place = [place]
village = [village]
share = []
ratio = share
percent = 0.01 share
permille = 0.001 share
schooling_year = [schooling]
utility = [utility]
log = [log]
log_odds = [log_odds]
elasticity = [elasticity]
flag = [flag]
index = [index]
rank = [rank]
code = [code]
"""
_SPELLINGS = {
    "%": "percent",
    "‰": "permille",
    "log-odds": "log_odds",
    "year of schooling": "schooling_year",
    "²": "2",
}

# Numbers that count or switch: never a fraction.
WHOLE = ("flag", "rank", "code")


class UnitError(ValueError):
    """A unit that is unknown or of the wrong dimension; the text says what is wrong."""


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry:
    import pint

    registry = pint.UnitRegistry(None)  # type: ignore[arg-type]
    for line in _DEFINITIONS.strip().splitlines():
        registry.define(line)
    return registry


@lru_cache(maxsize=1024)
def factor(unit: str, base: str) -> float:
    """What a number in `unit` is multiplied by to be in `base`. Raises UnitError."""
    given, wanted = _parse(unit), _parse(base)
    if given.dimensionality != wanted.dimensionality:
        raise UnitError(f'unit "{unit}" has the wrong dimension')
    found = float(_registry().Quantity(1, given).to(wanted).magnitude)
    # A chance a month is not a twelfth of a chance a year, so a rate keeps its period.
    if dict(wanted.dimensionality) == {"[time]": -1} and not any(
        abs(found / scale - 1) < 1e-9 for scale in (1.0, 0.01, 0.001)
    ):
        raise UnitError(f'unit "{unit}" has another period than {base}, and rates do not convert by division')
    return found


def convert(value: float, unit: str, base: str) -> float:
    """`value` of `unit` in `base`, in decimals where it can be: 3.6 % is 0.036. Raises UnitError."""
    scale = factor(unit, base)
    decimal = Decimal(repr(float(value)))
    for whole, sign in ((scale, 1), (1 / scale, -1)):
        if round(whole) and abs(whole / round(whole) - 1) < 1e-12:
            return float(decimal * round(whole) if sign > 0 else decimal / round(whole))
    return value * scale


def _parse(unit: str) -> pint.Unit:
    text = unit
    for spelling, name in _SPELLINGS.items():
        text = text.replace(spelling, name)
    try:
        return _registry().parse_units(text)
    except Exception as error:  # pint raises many kinds, tokenizer errors among them
        raise UnitError(f'unit "{unit}" is not known{_nearest(text)}') from error


def _nearest(text: str) -> str:
    known = [line.split(" = ")[0] for line in _DEFINITIONS.strip().splitlines()]
    for word in text.replace("*", "/").split("/"):
        close = difflib.get_close_matches(word.strip(), [*known, *(f"{k}s" for k in known)], 1, 0.6)
        if close and close[0] != word.strip():
            return f' (did you mean "{text.replace(word.strip(), close[0])}"?)'
    return ""
