"""The suite as tests, the demonstration and the command line use it: start it, break it, ask it."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, LiteralString, Self

from deploy.local import configuration, control, databases, endpoints, health, private_files, stores
from deploy.local.authority import Authority, Issued
from deploy.local.child import environment, tail
from deploy.local.fault import Fault, explained
from deploy.local.layout import PROJECT, Layout
from deploy.local.operating_system import Pid
from deploy.local.plan import Plan
from deploy.local.postgres import SUPERUSER, PostgresServer, isolation
from deploy.local.processes import PROCESSES, Process, Setting
from deploy.local.valkey import ValkeyServer

_MEGABYTE = 1 << 20
_POLL_SECONDS = 0.03
_STOP_SECONDS = 90.0
_WRITTEN_DOWN_SECONDS = 3.0


class Suite:
    """One deployment in one folder; several may run side by side in folders of their own.

    `settings` are put over each process's own; `dedicated_postgres` gives a process a PostgreSQL of its own in the
    folder named; `fixed_ports` are by process name or `<name>.health`, all others are chosen. A suite that is
    `is_tied` ends when the Python process that started it does.
    """

    def __init__(
        self,
        root: Path,
        *,
        processes: tuple[Process, ...] = PROCESSES,
        settings: Mapping[str, Mapping[str, Setting]] | None = None,
        dedicated_postgres: Mapping[str, Path] | None = None,
        fixed_ports: Mapping[str, int] | None = None,
        environment: str = "synthetic",
        free_bytes_needed: int = 512 * _MEGABYTE,
        patience_seconds: float = 60.0,
        is_tied: bool = True,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.layout = Layout(root.resolve())
        self._plan = Plan(
            environment=environment,
            processes=processes,
            settings=settings or {},
            dedicated_postgres={name: path.resolve() for name, path in (dedicated_postgres or {}).items()},
            fixed_ports=fixed_ports or {},
            free_bytes_needed=free_bytes_needed,
            patience_seconds=patience_seconds,
        )
        self._is_tied = is_tied
        self._say = say or (lambda _line: None)
        self._supervisor: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def root(self) -> Path:
        """The folder of this deployment."""
        return self.layout.root

    @property
    def plan(self) -> Plan:
        """What runs or ran here; before the first start, what is going to."""
        return Plan.read(self.layout) or self._plan

    # its life -----------------------------------------------------------------------------------------------------

    def start(self) -> bool:
        """Set up what is missing, start everything and wait until it is healthy; say whether that was needed.

        Raises Fault, with nothing left running, if it cannot be; or if another plan runs in this folder.
        """
        with explained(self.root):
            self.layout.prepare()
            if self.is_running():
                self._join()
                return False
            self._plan.write(self.layout)
            self.layout.overrides.unlink(missing_ok=True)
            if not self._spawn():
                self._join()
                return False
        return True

    def stop(self) -> bool:
        """End everything that was started here, in order, and nothing else; say whether anything ran.

        What a supervisor that died has left is ended too.
        """
        if not self.root.is_dir() or not self.layout.marker.exists():
            return False
        was_running = self.is_running()
        pid = self._supervisor_pid() if was_running else None
        if pid is not None:
            pid.end(first=signal.SIGTERM, patience_seconds=_STOP_SECONDS)
        self._let_go()
        lock = private_files.try_lock(self.layout.lock, seconds=0.3)
        if lock is None:
            msg = f"Another supervisor has just started in {self.root}."
            raise Fault(msg)
        try:
            orphans = stores.end_orphans(self.layout)
        finally:
            os.close(lock)
        return was_running or bool(orphans)

    def reset(self) -> None:
        """Stop, and remove all that the deployment made: databases, secrets, certificates, everything."""
        self.stop()
        if self.layout.marker.exists():
            self.layout.remove()

    def is_running(self) -> bool:
        """Say whether a supervisor lives here, starting, running or ending."""
        if not self.layout.marker.exists():
            return False
        lock = private_files.try_lock(self.layout.lock)
        if lock is None:
            return True
        os.close(lock)
        return False

    def status(self) -> dict[str, Any] | None:
        """Return the supervisor's account of everything, None if none answers."""
        return control.ask(self.layout, "status") if self.is_running() else None

    # its parts ----------------------------------------------------------------------------------------------------

    def process(self, name: str) -> "RunningProcess":
        """Return the handle of a process, or of `postgres`, `postgres.<process>` or `valkey`."""
        return RunningProcess(self, name)

    def config(self, name: str) -> dict[str, Any]:
        """Return the settings with which a process was last started."""
        return tomllib.loads(self.config_file(name).read_text())

    def config_file(self, name: str) -> Path:
        """Return the file of these settings."""
        return configuration.file_of(self.layout, self.plan.process(name))

    def port(self, name: str) -> int:
        """Return the port of a process, or its health port as `<name>.health`."""
        return int(private_files.read_json(self.layout.ports)[name])

    def restart_with(self, name: str, settings: Mapping[str, Setting | None]) -> None:
        """Restart a process with some settings changed, None meaning as planned, and wait until it is healthy.

        The change holds until the suite is stopped.
        """
        self.plan.process(name)
        changed = configuration.overrides(self.layout)
        mine = {**changed.get(name, {}), **settings}
        changed[name] = {setting: value for setting, value in mine.items() if value is not None}
        private_files.write_json(self.layout.overrides, changed)
        self.process(name).restart()

    def operate(self, process: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of a process's own commands beside it, such as identity's `found`, with its settings."""
        module = self.plan.process(process).module
        return subprocess.run(
            [sys.executable, "-m", module, *arguments, "--config", self.config_file(process)],
            env=environment(),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )

    def psql(self, database: str, sql: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        """Run SQL as superuser in a process's database (by process or database name); return the last rows."""
        server, name = self._server_of(database)
        with server.connect(name) as connection:
            cursor = connection.execute(sql, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def database_url(self, process: str, *, role: str = "serve") -> str:
        """Return the address of a process's database for its role `serve` or `owner`, or for the superuser `admin`."""
        server, name = self._server_of(process)
        found = self.plan.process(process)
        roles = {
            "serve": databases.server_role(found),
            "owner": databases.owner(found),
            "admin": f"{SUPERUSER}.{server.name}",
        }
        return server.url(name, SUPERUSER if role == "admin" else roles[role], password_of=roles[role])

    @property
    def redis_url(self) -> str:
        """The address of Valkey, for redis-py."""
        return ValkeyServer(layout=self.layout).url

    @property
    def ca(self) -> Path:
        """The certificate of the local authority."""
        return self._authority.certificate

    def issue_system_certificate(self, system: uuid.UUID, name: str) -> Issued:
        """Return certificate and key, as files, of an organisation's or system's client."""
        return self._authority.system_certificate(system, name)

    def certificate_of(self, process: str) -> Issued:
        """Return certificate and key of a process, for tests that speak in its place."""
        return self._authority.certificate_of(self.plan.process(process))

    def write_endpoints(self, extra: Mapping[str, Any]) -> None:
        """Put `extra` into endpoints.json in one step: tables are merged, anything else is replaced."""
        endpoints.merge(self.layout, extra)

    def endpoints(self) -> dict[str, Any]:
        """Return what endpoints.json holds."""
        return endpoints.read(self.layout)

    # inside -------------------------------------------------------------------------------------------------------

    @cached_property
    def _authority(self) -> Authority:
        return Authority(layout=self.layout, environment=self.plan.environment)

    def _server_of(self, database: str) -> tuple[PostgresServer, str]:
        plan = self.plan
        servers = stores.postgres_servers(self.layout, plan, isolation())
        for process in plan.with_database:
            if database in {process.name, process.database}:
                return servers[plan.postgres_of(process)], process.database
        return servers["postgres"], database

    def _supervisor_pid(self) -> Pid | None:
        """Return the living supervisor: our own, or the one written down; one that just starts writes soon."""
        if self._supervisor is not None and (own := Pid.of(self._supervisor.pid)) is not None:
            return own
        end = time.monotonic() + _WRITTEN_DOWN_SECONDS
        while self.is_running() and time.monotonic() < end:
            value = private_files.read_json(self.layout.state).get("supervisor")
            if value and (found := Pid(**value)).is_alive():
                return found
            time.sleep(_POLL_SECONDS)
        return None

    def _spawn(self) -> bool:
        """Start a supervisor and wait until all is healthy; return False if another was quicker. Raises Fault."""
        self._let_go()
        log = os.open(self.layout.logs / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "deploy.local", "supervise", "--root", self.root, *self._tie],
                stdin=subprocess.PIPE if self._is_tied else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=PROJECT,
                start_new_session=True,
            )
        finally:
            os.close(log)
        try:
            outcome = self._listen(self._supervisor)
        except BaseException:
            # Ctrl-C while starting: what has been made so far is kept and completed next time.
            self.stop()
            raise
        if outcome.get("ready"):
            return True
        self._let_go()
        if outcome.get("busy"):
            return False
        raise Fault(outcome.get("failed") or self._silent_end())

    @property
    def _tie(self) -> tuple[str, ...]:
        return ("--tied",) if self._is_tied else ()

    def _listen(self, running: subprocess.Popen[str]) -> dict[str, Any]:
        if running.stdout is None:
            return {}
        for line in running.stdout:
            message: dict[str, Any] = json.loads(line)
            if "said" not in message:
                return message
            self._say(message["said"])
        return {}

    def _let_go(self) -> None:
        """Close what binds us to the supervisor that we started, and take note of its end."""
        if self._supervisor is not None:
            for stream in (self._supervisor.stdin, self._supervisor.stdout):
                if stream is not None:
                    stream.close()
            self._supervisor.wait()
            self._supervisor = None

    def _silent_end(self) -> str:
        log = self.layout.logs / "supervisor.log"
        return f"The supervisor ended without a word ({log}):\n{tail(log)}"

    def _join(self) -> None:
        """Wait until the suite that another has started is healthy; raises Fault if it is another or never is."""
        running = Plan.read(self.layout)
        if running is not None and not running.is_like(self._plan):
            msg = f"The suite in {self.root} runs with other processes or settings. Stop it first."
            raise Fault(msg)
        end = time.monotonic() + self._plan.patience_seconds
        while True:
            status = self.status()
            if status is not None and status["phase"] == "ready":
                return
            if not self.is_running():
                msg = f"The suite in {self.root} ended while it was starting. {self._silent_end()}"
                raise Fault(msg)
            if time.monotonic() > end:
                msg = f"The suite in {self.root} was started by another, and is not healthy yet."
                raise Fault(msg)
            time.sleep(_POLL_SECONDS)


@dataclass(frozen=True)
class RunningProcess:
    """One process of a running suite."""

    suite: Suite
    name: str

    @property
    def pid(self) -> int | None:
        """Its number now, None while it does not run."""
        found = self._pid()
        return found.number if found else None

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return int(self._account()["restarts"])

    @property
    def log(self) -> Path:
        """What it prints."""
        return self.suite.layout.logs / f"{self.name}.log"

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal; after SIGKILL return when it is gone. The supervisor will start it again."""
        found = self._pid()
        if found is not None and found.send(number) and number == signal.SIGKILL:
            found.wait_until_gone(10.0)

    def stop(self) -> None:
        """End it, politely, and keep it down until `start`."""
        self._ask("stop")
        self._until(lambda: self._account()["pid"] is None, "did not end", 60.0)

    def start(self) -> None:
        """Start it again after `stop`, and wait until it is healthy."""
        self._ask("start")
        self.wait_healthy()

    def restart(self) -> None:
        """End it politely, start it with its settings as they are now, and wait until it is healthy."""
        before = self._pid()
        self._ask("restart")
        self._until(lambda: self._pid() not in {before, None}, "did not start again", 60.0)
        self.wait_healthy()

    def is_healthy(self) -> bool:
        """Say whether it runs and answers now."""
        if self._pid() is None:
            return False
        if self.name == "valkey":
            return ValkeyServer(layout=self.suite.layout).is_ready()
        if stores.is_store(self.name):
            servers = stores.postgres_servers(self.suite.layout, self.suite.plan, isolation())
            return servers[self.name].is_ready()
        return health.is_serving(self.suite.port(f"{self.name}.health"))

    def wait_healthy(self, seconds: float = 30.0) -> None:
        """Wait until it is healthy; raises Fault with its last words if it is not in time."""
        self._until(self.is_healthy, "was not healthy", seconds)

    def _until(self, holds: Callable[[], bool], complaint: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                msg = f"{self.name} {complaint} in {seconds:.0f} s ({self.log}):\n{tail(self.log)}"
                raise Fault(msg)
            time.sleep(_POLL_SECONDS)

    def _pid(self) -> Pid | None:
        value = self._account()["pid"]
        found = Pid(**value) if value else None
        return found if found is not None and found.is_alive() else None

    def _account(self) -> dict[str, Any]:
        return self._child_in(control.ask(self.suite.layout, "status"))

    def _ask(self, act: control.Act) -> None:
        self._child_in(control.ask(self.suite.layout, act, self.name))

    def _child_in(self, reply: dict[str, Any] | None) -> dict[str, Any]:
        if reply is None:
            msg = f"No suite runs in {self.suite.root}."
            raise Fault(msg)
        if self.name not in reply.get("children", {}):
            msg = f"There is no process {self.name!r} in {self.suite.root}."
            raise Fault(msg)
        child: dict[str, Any] = reply["children"][self.name]
        return child
