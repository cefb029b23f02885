"""A database and two roles for each process; none can read another's."""

from psycopg import sql

from deploy.local import private_files, secret_files
from deploy.local.layout import PROJECT, Layout
from deploy.local.postgres import PostgresServer, scram_verifier
from deploy.local.processes import Process


def owner(process: Process) -> str:
    """Return the role that migrates, and owns every table."""
    return f"{process.underscored}_owner"


def server_role(process: Process) -> str:
    """Return the role that serves: what it may do is what the migrations grant it, and no more."""
    return f"{process.underscored}_serve"


def prepare(layout: Layout, server: PostgresServer, processes: list[Process]) -> None:
    """Make databases, roles and their limits where they are missing; set the passwords that the files hold.

    Each statement can be repeated, so an interrupted set-up goes on where it stopped.
    """
    with server.connect() as connection:
        have_roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        have_databases = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for process in processes:
            for role in (owner(process), server_role(process)):
                password, _ = secret_files.password(layout, role)
                connection.execute(
                    sql.SQL(
                        "{verb} ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION "
                        "NOBYPASSRLS PASSWORD {password}"
                    ).format(
                        verb=sql.SQL("ALTER" if role in have_roles else "CREATE"),
                        role=sql.Identifier(role),
                        password=sql.Literal(scram_verifier(connection, role, password)),
                    )
                )
            if process.database not in have_databases:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(process.database), sql.Identifier(owner(process))
                    )
                )
            connection.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(process.database))
            )
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(process.database), sql.Identifier(server_role(process))
                )
            )
        connection.execute("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC")
    for process in processes:
        _close_to_public(server, process)


def _close_to_public(server: PostgresServer, process: Process) -> None:
    names = {"owner": sql.Identifier(owner(process)), "serve": sql.Identifier(server_role(process))}
    with server.connect(process.database) as connection:
        for statement in (
            "ALTER SCHEMA public OWNER TO {owner}",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE ON SCHEMA public TO {serve}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE ALL ON TABLES FROM PUBLIC",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE ALL ON SEQUENCES FROM PUBLIC",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        ):
            connection.execute(sql.SQL(statement).format(**names))


def migrations_digest(process: Process) -> str:
    """Return a digest over the code that migrations are made of."""
    return private_files.digest_of_tree(PROJECT.joinpath(*process.module.split(".")) / "storage")


def migrated_digest(server: PostgresServer, process: Process) -> str:
    """Return the digest under which the database was last migrated, empty if never.

    It is the database's own comment, so that it comes and goes with the data.
    """
    with server.connect() as connection:
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (process.database,)
        ).fetchone()
    return str(row[0] or "").removeprefix("migrated ") if row else ""


def note_migrated(server: PostgresServer, process: Process, digest: str) -> None:
    """Write down under which digest the database was migrated."""
    with server.connect() as connection:
        connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(process.database), sql.Literal(f"migrated {digest}")
            )
        )
