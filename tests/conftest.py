"""What tests share."""

import logging

import pytest

from experiments import logs


@pytest.fixture(scope="module")
def silent():
    """No warnings: small pools and few points lie outside stated ranges, and that is said each time.

    Loggers are left as they were found, for commands send them elsewhere.
    """
    loggers = [logging.getLogger(name) for name in logs.OURS]
    found = [(one, one.handlers[:], one.propagate, one.level) for one in loggers]
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
    for one, handlers, propagate, level in found:
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)
