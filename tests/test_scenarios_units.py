"""Units: every declared one is known, and conversions are exact in decimals."""

from __future__ import annotations

import pytest

from scenarios.schema import CLOSURE_NUMBERS, COUNTY_NUMBERS, METRICS, SITE_CLASSES, SITE_NUMBERS
from scenarios.units import UnitError, convert
from simulation.policy import MODE_PARAMETERS, PARAMETERS

TABLES = (PARAMETERS, MODE_PARAMETERS, COUNTY_NUMBERS, SITE_NUMBERS, SITE_CLASSES, CLOSURE_NUMBERS)


def test_every_declared_unit_is_known() -> None:
    for unit in {p.unit for table in TABLES for p in table.values()} | set(METRICS.values()):
        assert convert(0.3, unit, unit) == 0.3


@pytest.mark.parametrize(
    ("value", "unit", "base", "result"),
    [
        (3.6, "%/year", "1/year", 0.036),
        (1.8, "wan_yuan/person", "yuan/person", 18000),
        (2, "years", "months", 24),
        (18, "months", "years", 1.5),
        (1, "mu", "m2", 2000 / 3),
        (1500, "yuan/ha", "yuan/mu", 100),
        (10, "wan_persons", "persons", 100000),
        (1.2, "job/year", "jobs/year", 1.2),
    ],
)
def test_conversions(value: float, unit: str, base: str, result: float) -> None:
    assert convert(value, unit, base) == pytest.approx(result, rel=1e-15)


@pytest.mark.parametrize(
    ("unit", "base", "said"),
    [
        ("yuan/m2", "yuan/person", "wrong dimension"),
        ("flag", "share", "wrong dimension"),
        ("", "yuan", "wrong dimension"),
        ("%/month", "1/year", "another period"),
        ("yaun", "yuan", 'did you mean "yuan"'),
        ("元", "yuan", "is not known"),
        ("2 yuan", "yuan", "is not known"),
        ("__import__('os')", "yuan", "is not known"),
    ],
)
def test_units_that_do_not_fit(unit: str, base: str, said: str) -> None:
    with pytest.raises(UnitError, match=said):
        convert(1.0, unit, base)
