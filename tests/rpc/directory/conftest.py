"""One directory that listens, for each file."""

from collections.abc import Iterator

import pytest

from tests.builders.directory_stack import Stack, directory_stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with directory_stack(tmp_path_factory.mktemp("pki")) as started:
        yield started
