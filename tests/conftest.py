"""What every test runs under: loopback only, no socket in unit tests, repeatable properties."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_HERE = Path(__file__).parent

# A property that failed once must fail again on the next machine; wall-clock limits belong to `bench`.
settings.register_profile(
    "house", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", parent=settings.get_profile("house"), derandomize=False, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the network away from unit and architecture tests altogether."""
    for item in items:
        if item.path.relative_to(_HERE).parts[0] in {"unit", "architecture"}:
            item.add_marker(pytest.mark.disable_socket)
