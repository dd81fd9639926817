"""Sweeps: the runs a design asks for, each done once and kept in a store."""

from experiments.sweep.fill import fill, run
from experiments.sweep.plan import Plan, folder_name, plan

__all__ = ["Plan", "fill", "folder_name", "plan", "run"]
