"""What the tests of pages share: the session's living suite, and one browser that trusts its authority."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser

from tests.pages import elsewhere
from tests.pages.elsewhere import STRANGER, Elsewhere
from tests.pages.manners import WITH_SCRIPT, Manner
from tests.pages.person import Person, at_the_screen
from tests.support.browser import opened
from tests.support.shared_suite import shared_town
from tests.support.town import Town


@pytest.fixture(scope="session")
def town(pytestconfig: pytest.Config) -> Town:
    """Return the session's suite with its people; leave both as they were found."""
    return shared_town(pytestconfig)


@pytest.fixture(scope="session")
def origin(town: Town) -> str:
    """Return where the pages are."""
    return str(town.suite.endpoints()["web"])


# Not for the whole session: while Playwright's loop runs, no other test of this process could run one of its own.
@pytest.fixture(scope="package")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    """Yield somebody else's site."""
    with elsewhere.served(tmp_path_factory.mktemp("elsewhere")) as site:
        yield site


@pytest.fixture(scope="package")
def browser(town: Town, foreign: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Yield one Chromium for all tests of pages; each test has a profile of its own in it."""
    authorities = [town.suite.ca, foreign.authority]
    with opened(tmp_path_factory.mktemp("chromium"), authorities, hosts=[STRANGER]) as found:
        yield found


@pytest.fixture
def person(browser: Browser, town: Town) -> Iterator[Callable[..., Person]]:
    """Yield how to seat one more person at a fresh browser profile."""
    with ExitStack() as seats:
        yield lambda manner=WITH_SCRIPT: seats.enter_context(at_the_screen(browser, town, manner))


@pytest.fixture
def manner() -> Manner:
    """Return how the pages are used where a test says nothing else."""
    return WITH_SCRIPT
