"""What tests share."""

import logging

import pytest
from browser import started

from experiments import logs


@pytest.fixture(scope="module", autouse=True)
def loggers():
    """Loggers are left as they were found, for commands send them elsewhere."""
    found = [(one, one.handlers[:], one.propagate, one.level) for one in map(logging.getLogger, logs.OURS)]
    yield
    for one, handlers, propagate, level in found:
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)


@pytest.fixture(scope="module")
def silent():
    """No warnings: small pools and few points lie outside stated ranges, and that is said each time."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


# One a module, not one a session: while it is open, Playwright keeps an event loop running in the main thread,
# and whatever calls asyncio.run there (notebooks, a cluster) would fail in every module after this one.
@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A real browser; without one tests are skipped, or fail if ANJU_NEED_BROWSER is set."""
    yield from started(tmp_path_factory.mktemp("fonts"))
