"""What tests share."""

import logging

import pytest


@pytest.fixture(scope="module")
def silent():
    """No warnings: small pools and few points lie outside stated ranges, and that is said each time."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
