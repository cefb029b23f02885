"""The settings files: complete, the same when read back, and without a secret."""

import tomllib
from pathlib import Path

import pytest

from deploy.local import databases
from deploy.local.authority import Authority
from deploy.local.configuration import Configuration, to_toml
from deploy.local.layout import PROJECT, Layout
from deploy.local.plan import Plan
from deploy.local.postgres import Isolation
from deploy.local.processes import PROCESSES, Process
from deploy.local.stores import postgres_servers


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "root")
    made.prepare()
    return made


def a_configuration(layout: Layout, plan: Plan) -> Configuration:
    authority = Authority(layout=layout, environment=plan.environment)
    authority.prepare()
    names = [name for process in plan.processes for name in (process.name, f"{process.name}.health")]
    ports = {name: 21_000 + number for number, name in enumerate(names)}
    servers = postgres_servers(layout, plan, Isolation.OWN)
    return Configuration(layout=layout, plan=plan, ports=ports, servers=servers, authority=authority)


def test_toml_reads_back_as_it_was_written() -> None:
    values = {
        "text": 'a "quoted" \\ path\nwith \x7f and ü and \U0001f600',
        "number": 3,
        "fraction": 2.5,
        "claim": True,
        "list": ["a", "b"],
        "peers": {"audit.ledger": "127.0.0.1:1"},
        "last": "after the list",
    }
    assert tomllib.loads(to_toml(values)) == values


def test_what_toml_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError):
        to_toml({"nothing": None})


def test_every_process_has_the_common_settings_and_its_own(layout: Layout) -> None:
    configuration = a_configuration(layout, Plan())
    for process in PROCESSES:
        values = configuration.values(process)
        assert values["process"] == process.name
        assert values["environment"] == "synthetic"
        assert values["host"] == "127.0.0.1"
        assert process.name not in values["peers"]
        assert len(values["peers"]) == len(PROCESSES) - 1
        assert ("database_url" in values) is process.has_database
        assert ("redis_url" in values) is process.uses_redis
        assert set(process.secrets) <= values.keys()
        assert set(process.settings) <= values.keys()
        assert "database_owner_url" not in values
        assert Path(values["private_key"]).stat().st_mode & 0o777 == 0o600


def test_only_the_settings_for_migrations_know_the_owner(layout: Layout) -> None:
    configuration = a_configuration(layout, Plan())
    ledger = Plan().process("audit.ledger")
    values = tomllib.loads(configuration.write_for_migrations(ledger).read_text())
    assert databases.owner(ledger) in values["database_owner_url"]
    assert databases.owner(ledger) not in configuration.write(ledger).read_text()


def test_no_password_stands_in_a_settings_file(layout: Layout) -> None:
    configuration = a_configuration(layout, Plan())
    for process in Plan().with_database:
        text = configuration.write_for_migrations(process).read_text()
        for file in layout.secrets.glob("*.pgpass"):
            assert file.read_text().strip().rpartition(":")[2] not in text


def test_no_two_processes_share_a_secret() -> None:
    files = [file for process in PROCESSES for file in process.secrets.values()]
    assert len(files) == len(set(files))


def test_the_plan_overrules_the_table_and_a_change_overrules_the_plan(layout: Layout) -> None:
    configuration = a_configuration(layout, Plan(settings={"audit.ledger": {"workers": 3, "note": "{not a folder}"}}))
    ledger = Plan().process("audit.ledger")
    assert configuration.values(ledger)["workers"] == 3
    assert configuration.values(ledger)["note"] == "{not a folder}"
    layout.overrides.write_text('{"audit.ledger": {"workers": 5}}')
    assert configuration.values(ledger)["workers"] == 5


def test_folders_in_the_table_are_this_deployments(layout: Layout) -> None:
    configuration = a_configuration(layout, Plan())
    assert configuration.values(Plan().process("identity"))["mail_dir"] == str(layout.mail)
    assert configuration.values(Plan().process("gateway.edge"))["limits"].startswith(str(PROJECT))


def test_a_plan_reads_back_as_it_was_written(layout: Layout, tmp_path: Path) -> None:
    plan = Plan(
        dedicated_postgres={"audit.ledger": tmp_path}, settings={"identity": {"a": 1}}, fixed_ports={"identity": 2}
    )
    plan.write(layout)
    assert Plan.read(layout) == plan


def test_plans_are_alike_whatever_their_patience(layout: Layout) -> None:
    ours = Process(name="a.b", module="m", settings={"several": ("a", "b")})
    plan = Plan(processes=(ours,))
    plan.write(layout)
    kept = Plan.read(layout)
    assert kept is not None
    assert kept.is_like(Plan(processes=(ours,), patience_seconds=1, free_bytes_needed=2))
    assert not kept.is_like(Plan(processes=(ours,), settings={"a.b": {"workers": 1}}))
