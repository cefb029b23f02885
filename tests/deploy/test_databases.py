"""The roles, databases and walls of the rendered clusters, on a real PostgreSQL: no role reads two."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from deploy.local import private_files
from deploy.local.postgres import SUPERUSER, PostgresServer
from deploy.local.processes import PROCESSES
from services.runtime import database
from tests.deploy.rendering import OVERLAYS, PROJECT, Object, of_kind, our_pods, overlay
from tests.support.postgres import running_postgres

_PRIVACY = ("log_", "track_", "password_encryption", "jit", "synchronous_commit")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Yield a PostgreSQL with what the operator would make of the rendered clusters.

    This PostgreSQL has no TLS and all clusters are one here, so that walls are tried between every two databases;
    `hostssl ... cert` therefore stands as `local ... trust`: who may reach what is the rendered line's.
    """
    objects = overlay("production")
    with running_postgres(tmp_path_factory.mktemp("clusters")) as running:
        lines = [f"local all {SUPERUSER} scram-sha-256"]
        with running.connect() as connection:
            for cluster in of_kind(objects, "Cluster"):
                for role in cluster["spec"]["managed"]["roles"]:
                    connection.execute(_created(role))
            for name, owner, _ in _databases(objects):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner))
                )
            for cluster in of_kind(objects, "Cluster"):
                lines += [_local(line) for line in cluster["spec"]["postgresql"]["pg_hba"][:-1]]
            lines.append("local all all reject")
            private_files.write(running.data / "pg_hba.conf", ("\n".join(lines) + "\n").encode())
            connection.execute("SELECT pg_reload_conf()")
            wrong = connection.execute("SELECT error FROM pg_hba_file_rules WHERE error IS NOT NULL").fetchall()
            assert not wrong
        yield running


def test_every_process_with_a_database_migrates_and_serves_on_it(server: PostgresServer) -> None:
    objects = overlay("production")
    homes = {name: namespace for name, _, namespace in _databases(objects)}
    with_database = [process for process in PROCESSES if process.has_database]
    assert homes.keys() == {process.database for process in with_database}
    for process in with_database:
        (home,) = {pod.namespace for pod in our_pods(objects) if pod.process == process.name}
        assert homes[process.database] == home
        scripts = PROJECT.joinpath(*process.module.split(".")) / "storage" / "migrations"
        url = _url(server, process.database, f"{process.underscored}_owner")
        database.migrate(url.replace("postgresql:", "postgresql+psycopg:"), scripts)
        with psycopg.connect(_url(server, process.database, f"{process.underscored}_serve")) as connection:
            tables = connection.execute(
                "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
                " AND has_table_privilege(oid, 'SELECT')"
            ).fetchone()
            assert tables
            assert tables[0] > 0
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE made_by_who_serves (a int)")


def test_no_role_reaches_a_database_that_is_not_its_own(server: PostgresServer) -> None:
    processes = [process for process in PROCESSES if process.has_database]
    refused = 0
    for one, other in product(processes, processes):
        for role in (f"{one.underscored}_owner", f"{one.underscored}_serve"):
            if one == other:
                psycopg.connect(_url(server, one.database, role)).close()
            else:
                with pytest.raises(psycopg.OperationalError, match="pg_hba"):
                    psycopg.connect(_url(server, other.database, role))
                refused += 1
        for common in ("postgres", "template1"):
            with pytest.raises(psycopg.OperationalError, match="pg_hba"):
                psycopg.connect(_url(server, common, f"{one.underscored}_serve"))
    assert refused == len(processes) * (len(processes) - 1) * 2


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_role_signs_in_by_certificate_and_can_do_nothing_to_the_cluster(name: str) -> None:
    for cluster in of_kind(overlay(name), "Cluster"):
        spec = cluster["spec"]
        assert spec["enableSuperuserAccess"] is False
        lines = [line.split() for line in spec["postgresql"]["pg_hba"]]
        assert lines[-1] == ["host", "all", "all", "all", "reject"]
        assert all((line[0], line[3], line[4]) == ("hostssl", "all", "cert") for line in lines[:-1])
        named = {role for line in lines[:-1] for role in line[2].split(",")}
        assert named == {role["name"] for role in spec["managed"]["roles"]}
        owners = {owner for _, owner, namespace in _databases(overlay(name)) if namespace == _namespace(cluster)}
        for role in spec["managed"]["roles"]:
            assert role["disablePassword"] is True
            powers = ("superuser", "createdb", "createrole", "replication", "bypassrls")
            assert not any(role[power] for power in powers)
            # Up to PostgreSQL 15 the owner of a database creates in it by inheriting from pg_database_owner.
            assert role["inherit"] is (role["name"] in owners)
            assert "inRoles" not in role


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_is_acknowledged_is_on_two_machines_and_archived(name: str) -> None:
    for cluster in of_kind(overlay(name), "Cluster"):
        spec = cluster["spec"]
        assert spec["postgresql"]["synchronous"] == {"method": "any", "number": 1, "dataDurability": "required"}
        assert spec["instances"] > spec["postgresql"]["synchronous"]["number"]
        assert spec["bootstrap"]["initdb"]["dataChecksums"] is True
        assert [one["isWALArchiver"] for one in spec["plugins"]] == [True]


def test_postgresql_knows_each_parameter_and_keeps_as_quiet_as_the_local_one(server: PostgresServer) -> None:
    for cluster in of_kind(overlay("production"), "Cluster"):
        with server.connect() as connection:
            for name, value in cluster["spec"]["postgresql"]["parameters"].items():
                row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
                assert row
                if name.startswith(_PRIVACY):
                    assert str(row[0]).removesuffix("B") == value, name


def _databases(objects: tuple[Object, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield (database, owner, namespace) of every database that the operator makes."""
    for cluster in of_kind(objects, "Cluster"):
        first = cluster["spec"]["bootstrap"]["initdb"]
        yield first["database"], first["owner"], _namespace(cluster)
    for one in of_kind(objects, "Database"):
        yield one["spec"]["name"], one["spec"]["owner"], _namespace(one)


def _namespace(one: Object) -> str:
    namespace: str = one["metadata"]["namespace"]
    return namespace


def _created(role: Object) -> sql.Composed:
    words = [
        ("" if role[field] else "NO") + word
        for field, word in (
            ("login", "LOGIN"),
            ("superuser", "SUPERUSER"),
            ("createdb", "CREATEDB"),
            ("createrole", "CREATEROLE"),
            ("inherit", "INHERIT"),
            ("replication", "REPLICATION"),
            ("bypassrls", "BYPASSRLS"),
        )
    ]
    return sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(role["name"]), sql.SQL(" ".join(words)))


def _local(line: str) -> str:
    kind, names, roles, address, method = line.split()
    assert (kind, address, method) == ("hostssl", "all", "cert")
    return f"local {names} {roles} trust"


def _url(server: PostgresServer, name: str, role: str) -> str:
    folder: Path = server.sockets
    return f"postgresql://{role}@/{name}?host={folder}"
