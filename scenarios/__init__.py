"""Scenarios: region, policy and period as data, every number with its unit and source, and the reader that checks them."""

from scenarios.errors import InputError
from scenarios.reader import load, names, packages
from scenarios.scenario import Closure, County, Entry, Mode, Scenario, Shares, Site, Target

__all__ = [
    "Closure", "County", "Entry", "InputError", "Mode", "Scenario", "Shares", "Site", "Target", "load", "names",
    "packages",
]  # fmt: skip
