"""What journeys share: the session's living suite."""

from __future__ import annotations

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
