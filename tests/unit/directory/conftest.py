"""One world over fakes for each test."""

import pytest

from tests.builders.directory import Person, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def nurse() -> Person:
    return Person()
