"""What the tests of promises share: one living suite a session, and whether to run at full size."""

from __future__ import annotations

import os

import pytest

from tests.support.living import Living
from tests.support.shared_suite import shared_town
from tests.support.town import Town


@pytest.fixture(scope="session")
def town(pytestconfig: pytest.Config) -> Town:
    """Return the session's suite with its people; leave both as they were found."""
    return shared_town(pytestconfig)


@pytest.fixture(scope="session")
def living(town: Town) -> Living:
    """Return the session's suite; about 300 children live in it."""
    return town.living


@pytest.fixture(scope="session")
def is_full() -> bool:
    """Say whether a test runs at the size of its promise (`make promises`), or as a sample (`make test`)."""
    return os.environ.get("CONTACTPOINT_FULL") == "1"
