"""One PostgreSQL, one identity, one fake ledger for the folder; each test brings its own people."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.identity_town import Person, Town, running_town
from tests.support.postgres import migrated, running_postgres

_SETTINGS = (
    "process environment port health_port certificate private_key ca telemetry_dir database_url root_secret mail_dir"
)


@pytest.fixture(scope="package")
def _the_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("identity")
    with (
        running_postgres(tmp_path_factory.mktemp("postgres")) as server,
        running_town(folder, migrated(server, "identity")) as town,
    ):
        yield town


@pytest.fixture
def town(_the_town: Town) -> Iterator[Town]:
    # The clock has been moved by others: a day of theirs may have used a key up.
    _the_town.identity.upkeep.token_keys.rotate()
    yield _the_town
    # A test leaves the ledger as it was.
    _the_town.ledger.is_down, _the_town.ledger.loses_answers = False, 0
    _the_town.ledger.before_enter = lambda: None


@pytest.fixture(scope="package")
def organisation(_the_town: Town) -> str:
    """Return the id of a live organisation."""
    return _the_town.add_organisation()


@pytest.fixture
def settings(town: Town) -> Path:
    """Return the town's settings as a file: one more process on the same database."""
    found = {name: getattr(town.config, name) for name in _SETTINGS.split()}
    lines = [f"{name} = {value if isinstance(value, int) else repr(str(value))}" for name, value in found.items()]
    lines += ["[peers]", *(f'"{name}" = "{address}"' for name, address in town.config.peers.items())]
    path = town.mail.parent / "identity.toml"
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="package")
def custodians(_the_town: Town) -> tuple[Person, Person]:
    """Return two custodians."""
    organisation = _the_town.add_organisation("Department's custodians", authority="")
    one, other = (_the_town.new_person(organisation, "ROLE_CUSTODIAN") for _ in range(2))
    return one, other
