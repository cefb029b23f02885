"""What the processes stand on, PostgreSQL and Valkey, told apart from the processes; and what was left of either."""

import signal

from deploy.local import private_files
from deploy.local.layout import Layout
from deploy.local.operating_system import Pid
from deploy.local.plan import Plan
from deploy.local.postgres import Isolation, PostgresServer


def is_store(name: str) -> bool:
    """Say whether a child of the supervisor is a PostgreSQL or Valkey: ended last, with nobody left who uses it."""
    return name == "valkey" or name.partition(".")[0] == "postgres"


def postgres_servers(layout: Layout, plan: Plan, isolation: Isolation) -> dict[str, PostgresServer]:
    """Return the PostgreSQL servers of a plan by name: the common one first, then the dedicated ones."""
    servers = {}
    if any(process.name not in plan.dedicated_postgres for process in plan.with_database):
        servers["postgres"] = PostgresServer(
            layout=layout,
            name="postgres",
            data=layout.postgres / "data",
            sockets=layout.sockets / "pg",
            isolation=isolation,
        )
    for process in plan.with_database:
        if process.name in plan.dedicated_postgres:
            name = plan.postgres_of(process)
            servers[name] = PostgresServer(
                layout=layout,
                name=name,
                data=plan.dedicated_postgres[process.name] / "data",
                sockets=layout.sockets / f"pg.{process.name}",
                isolation=isolation,
                is_small=True,
            )
    return servers


def end_orphans(layout: Layout) -> list[str]:
    """End the processes of a supervisor that died, and only those; return their names. The lock must be held."""
    children = private_files.read_json(layout.state).get("children", {})
    ended = []
    for stores_turn in (False, True):
        for name, value in children.items():
            pid = Pid(**value)
            if is_store(name) is stores_turn and pid.is_alive():
                first = signal.SIGINT if name.startswith("postgres") else signal.SIGTERM
                pid.end(first=first, patience_seconds=15.0)
                ended.append(name)
    return ended
