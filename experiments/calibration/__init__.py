"""Calibration: what is not known, given the facts that may set it."""
