"""The supervisor: sets up what is missing, starts everything, starts again what dies, ends everything.

It alone owns the processes of one deployment. Its order of things:
1. take the lock; end what a supervisor that died has left; 2. secrets, authority, ports; 3. PostgreSQL and Valkey;
4. databases and migrations; 5. the processes, all at once, until all are healthy; 6. watch until told to stop.
"""

import os
import resource
import select
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg

from deploy.local import control, databases, endpoints, health, migrations, ports, private_files, secret_files, stores
from deploy.local.authority import Authority
from deploy.local.child import Child, environment
from deploy.local.configuration import Configuration
from deploy.local.fault import Fault, explained
from deploy.local.layout import PROJECT, Layout
from deploy.local.operating_system import Pid
from deploy.local.plan import Plan
from deploy.local.postgres import PostgresServer, isolation
from deploy.local.processes import Process
from deploy.local.valkey import ValkeyServer

#: How often a process may die while the suite starts before we say that it cannot.
_TRIES_AT_START = 4
_RENEWAL_SECONDS = 3_600.0
_LOOK_SECONDS = 0.1
_MEGABYTE = 1 << 20


class AlreadyRunning(Exception):
    """Another supervisor holds the lock."""


class _ToldToStop(Exception):
    """We were told to stop while the suite was being set up."""


class Supervisor:
    """Runs one deployment until it is told to stop.

    `say` is given a line for each step; `on_ready` is called once when all are healthy. `lifeline`, if given, is a
    descriptor whose end means: stop.
    """

    def __init__(
        self,
        layout: Layout,
        plan: Plan,
        *,
        say: Callable[[str], None],
        on_ready: Callable[[], None],
        lifeline: int | None,
    ) -> None:
        self._layout = layout
        self._plan = plan
        self._say = say
        self._on_ready = on_ready
        self._lifeline = lifeline
        self._children: dict[str, Child] = {}
        self._selector = selectors.DefaultSelector()
        self._pid = Pid.of(os.getpid())
        self._phase = "starting"
        self._stopping = False
        self._begun_at = time.monotonic()
        self._renewal_due_at = self._begun_at + _RENEWAL_SECONDS

    def run(self) -> None:
        """Set up, start, watch; return when told to stop and all has ended.

        Raises AlreadyRunning, or Fault if the suite could not be started; then too nothing is left running.
        """
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold keys; children inherit the limit
        with ExitStack() as stack:
            lock = private_files.try_lock(self._layout.lock, seconds=0.3)
            if lock is None:
                raise AlreadyRunning
            stack.callback(os.close, lock)
            self._catch_signals(stack)
            try:
                with explained(self._layout.root):
                    self._set_up()
                self._watch()
            except _ToldToStop:
                self._say("told to stop while starting")
            except psycopg.Error as error:
                raise Fault(_said_by_postgres(error, self._layout.root)) from error
            finally:
                self._phase = "stopping"
                self._end_all()

    # 1 to 5: set up and start -------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        layout, plan = self._layout, self._plan
        ended = stores.end_orphans(layout)
        if ended:
            self._say("ended what a supervisor that died had left: " + ", ".join(ended))
        self._note()
        self._check_disk()
        server = control.listen(layout)
        self._selector.register(server, selectors.EVENT_READ, partial(self._accept, server))
        if any(process.faces_browsers for process in plan.processes):
            self._build_pages()
        secret_files.make(layout, (file for process in plan.processes for file in process.secrets.values()))
        authority = Authority(layout=layout, environment=plan.environment)
        authority.prepare()
        names = [name for process in plan.processes for name in (process.name, f"{process.name}.health")]
        chosen, sentences = ports.choose(layout, names, plan.fixed_ports)
        for sentence in sentences:
            self._say(sentence)
        servers = self._start_stores()
        self._authority = authority
        self._configuration = Configuration(
            layout=layout, plan=plan, ports=chosen, servers=servers, authority=authority
        )
        for name, postgres in servers.items():
            databases.prepare(layout, postgres, [p for p in plan.with_database if plan.postgres_of(p) == name])
        migrated = migrations.migrate(layout, plan, self._configuration, servers, checkpoint=self._checkpoint)
        if migrated:
            self._say("migrated: " + ", ".join(migrated))
        endpoints.write_skeleton(layout, plan, chosen, authority)
        for process in plan.processes:
            self._add(self._child_of(process, chosen[f"{process.name}.health"]))

    def _build_pages(self) -> None:
        """Build styles and scripts where they are not; a tenth of a second where they are."""
        done = subprocess.run(
            [sys.executable, "-m", "tools.build_pages"], cwd=PROJECT, check=False, capture_output=True, text=True
        )
        if done.stdout:
            self._say(done.stdout.strip())
        if done.returncode:
            msg = f"The pages' styles and scripts could not be built (`make pages`):\n{done.stderr.strip()}"
            raise Fault(msg)

    def _start_stores(self) -> dict[str, PostgresServer]:
        layout = self._layout
        identity = isolation()
        servers = stores.postgres_servers(layout, self._plan, identity)
        for name, server in servers.items():
            self._checkpoint()
            if server.initialise():
                self._say(f"{name}: a new database cluster in {server.data}")
            server.configure()
            self._add(
                Child(
                    name=name,
                    command=partial(_postgres_command, server),
                    is_ready=server.is_ready,
                    environment={"PATH": os.defpath, "LANG": "C.UTF-8"},
                    log=layout.logs / f"{name}.log",
                    folder=Path("/"),
                    stop_signal=signal.SIGINT,  # "fast": connections are closed, the last checkpoint is written
                    patience_seconds=30.0,
                )
            )
        valkey = ValkeyServer(layout=layout)
        self._add(
            Child(
                name="valkey",
                command=valkey.command,
                is_ready=valkey.is_ready,
                environment={"PATH": os.defpath, "LANG": "C.UTF-8"},
                log=layout.logs / "valkey.log",
                folder=Path("/"),
            )
        )
        self._await_ready("valkey")
        for name, server in servers.items():
            self._await_ready(name)
            self._say(f"{name}: PostgreSQL {server.version()} is ready ({identity})")
        return servers

    def _child_of(self, process: Process, health_port: int) -> Child:
        def command() -> list[str]:
            settings = self._configuration.write(process)
            return [sys.executable, "-m", process.module, "serve", "--config", str(settings)]

        return Child(
            name=process.name,
            command=command,
            is_ready=partial(health.is_serving, health_port),
            environment=environment(),
            log=self._layout.logs / f"{process.name}.log",
            folder=PROJECT,
        )

    def _add(self, child: Child) -> None:
        child.rotate_log()
        self._children[child.name] = child
        self._start(child)

    def _await_ready(self, name: str) -> None:
        child = self._children[name]
        end = time.monotonic() + self._plan.patience_seconds
        while not child.is_ready():
            self._checkpoint()
            if child.collect():
                msg = f"{name} ended at once ({child.log}):\n{child.last_words()}"
                raise Fault(msg)
            if time.monotonic() > end:
                msg = (
                    f"{name} was not ready in {self._plan.patience_seconds:.0f} s ({child.log}):\n{child.last_words()}"
                )
                raise Fault(msg)
            time.sleep(0.03)

    def _checkpoint(self) -> None:
        """Raise _ToldToStop if we have been told to stop: asked wherever the set-up waits."""
        if self._lifeline is not None and select.select([self._lifeline], [], [], 0)[0]:
            self._stop()
        if self._stopping:
            raise _ToldToStop

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self._layout.root).free
        if free < self._plan.free_bytes_needed:
            msg = (
                f"The disk that holds {self._layout.root} has {free // _MEGABYTE} MB free, "
                f"{self._plan.free_bytes_needed // _MEGABYTE} MB are needed. Free some space, then start again."
            )
            raise Fault(msg)

    # 6: watch -----------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        if self._lifeline is not None:
            self._selector.register(self._lifeline, selectors.EVENT_READ, self._stop)
        waiting = {process.name for process in self._plan.processes}
        last_look_at = 0.0
        while not self._stopping:
            now = time.monotonic()
            for child in self._children.values():
                if child.start_due_at is not None and child.wanted and child.start_due_at <= now:
                    self._start(child)
                if child.kill_due_at is not None and child.kill_due_at <= now and child.popen is not None:
                    child.popen.kill()
                    child.kill_due_at = now + 1.0
            if self._phase == "starting" and now - last_look_at >= _LOOK_SECONDS:
                waiting -= self._newly_ready(waiting)
                last_look_at = time.monotonic()
                if not waiting:
                    self._phase = "ready"
                    self._on_ready()
            if now >= self._renewal_due_at:
                self._renew_certificates()
            for key, _ in self._selector.select(self._pause(is_waiting=bool(waiting))):
                key.data()

    def _newly_ready(self, waiting: Iterable[str]) -> set[str]:
        """Return those of `waiting` that are healthy by now; raises Fault if one never will be."""
        ready = set()
        for name in waiting:
            child = self._children[name]
            if child.pid is not None and child.is_ready():
                ready.add(name)
                self._say(f"{name}: healthy")
            elif child.failures >= _TRIES_AT_START:
                msg = f"{name} died {child.failures} times ({child.log}):\n{child.last_words()}"
                raise Fault(msg)
            elif time.monotonic() - self._begun_at > self._plan.patience_seconds:
                msg = (
                    f"{name} was not healthy in {self._plan.patience_seconds:.0f} s ({child.log}):\n"
                    f"{child.last_words()}"
                )
                raise Fault(msg)
        return ready

    def _pause(self, *, is_waiting: bool) -> float:
        due = [self._renewal_due_at]
        due += [
            child.start_due_at for child in self._children.values() if child.wanted and child.start_due_at is not None
        ]
        due += [child.kill_due_at for child in self._children.values() if child.kill_due_at is not None]
        if is_waiting:
            due.append(time.monotonic() + _LOOK_SECONDS)
        return max(0.0, min(due) - time.monotonic())

    def _start(self, child: Child) -> None:
        try:
            child.start()
        except (OSError, Fault) as error:
            # A full disk, for one: tried again, later and later, as if it had died.
            self._say(f"{child.name}: could not be started ({error})")
            child.failures += 1
            child.start_due_at = time.monotonic() + min(0.2 * 2**child.failures, 10.0)
            return
        if child.descriptor is not None:
            self._selector.register(child.descriptor, selectors.EVENT_READ, partial(self._ended, child))
        self._note()

    def _ended(self, child: Child) -> None:
        if child.descriptor is not None:
            self._selector.unregister(child.descriptor)
        if child.popen is not None:
            child.popen.wait()
        if child.collect():
            if child.wanted and not self._stopping:
                self._say(f"{child.name}: ended ({_how(child.last_exit)}), starting it again")
            self._note()

    def _renew_certificates(self) -> None:
        self._renewal_due_at = time.monotonic() + _RENEWAL_SECONDS
        try:
            for process in self._plan.processes:
                self._authority.certificate_of(process)
                if process.faces_browsers:
                    self._authority.browser_certificate(process)
        except OSError as error:
            self._say(f"certificates could not be renewed ({error}), trying again in an hour")

    # commands -----------------------------------------------------------------------------------------------------

    def _accept(self, server: socket.socket) -> None:
        client, _ = server.accept()
        control.answer(client, self._reply)

    def _reply(self, act: str, name: str) -> dict[str, Any]:
        child = self._children.get(name)
        match act, child:
            case "status", _:
                return self._status()
            case (("start" | "stop" | "restart"), None):
                return {"refused": f"there is no process {name!r}"}
            case "start", Child():
                child.wanted = True
                child.failures = 0
                if child.popen is None:
                    child.start_due_at = time.monotonic()
            case "stop", Child():
                child.wanted = False
                child.start_due_at = None
                child.ask_to_end()
            case "restart", Child():
                child.wanted = True
                child.failures = 0
                child.ask_to_end()
                if child.popen is None:
                    child.start_due_at = time.monotonic()
            case _:
                return {"refused": f"there is no act {act!r}"}
        return self._status()

    def _status(self) -> dict[str, Any]:
        return {
            "phase": self._phase,
            "pid": os.getpid(),
            "up_seconds": round(time.monotonic() - self._begun_at, 1),
            "children": {
                name: {
                    "pid": None if child.pid is None else vars(child.pid),
                    "wanted": child.wanted,
                    "restarts": child.restarts,
                    "last_exit": child.last_exit,
                    "up_seconds": round(time.monotonic() - child.started_at, 1) if child.pid else 0.0,
                }
                for name, child in self._children.items()
            },
        }

    # the end ------------------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        self._stopping = True

    def _end_all(self) -> None:
        """End the way in first, then the services, then what they stand on; kill what outlives its patience."""
        foundations = {name for name in self._children if stores.is_store(name)}
        edges = {name for name in self._children if name.startswith("gateway.")}
        for group in (edges, self._children.keys() - edges - foundations, foundations):
            alive = [child for name, child in self._children.items() if name in group and child.popen is not None]
            for child in alive:
                child.wanted = False
                child.ask_to_end()
            for child in alive:
                _wait_or_kill(child)
        self._say("all processes have ended")
        with suppress(OSError):
            self._note()
            control.socket_of(self._layout).unlink(missing_ok=True)
            if not self._layout.sockets.is_relative_to(self._layout.root):
                shutil.rmtree(self._layout.sockets, ignore_errors=True)
        self._selector.close()

    def _note(self) -> None:
        """Write down who runs, so that the next supervisor can end them if this one is killed."""
        running = {name: vars(child.pid) for name, child in self._children.items() if child.pid is not None}
        try:
            private_files.write_json(
                self._layout.state, {"supervisor": vars(self._pid) if self._pid else None, "children": running}
            )
        except OSError as error:
            self._say(f"{self._layout.state} could not be written ({error})")

    def _catch_signals(self, stack: ExitStack) -> None:
        reader, writer = socket.socketpair()
        for end in (reader, writer):
            end.setblocking(False)  # noqa: FBT003  # the library takes it by position
            stack.callback(end.close)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        stack.callback(signal.set_wakeup_fd, -1)
        self._selector.register(reader, selectors.EVENT_READ, partial(_drain, reader))

        def told(_number: int, _frame: FrameType | None) -> None:
            self._stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, told)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _postgres_command(server: PostgresServer) -> list[str]:
    server.clear_stale_locks()
    return server.command()


def _wait_or_kill(child: Child) -> None:
    if child.popen is None:
        return
    patience = max(0.0, (child.kill_due_at or 0.0) - time.monotonic())
    try:
        child.popen.wait(patience)
    except subprocess.TimeoutExpired:
        child.popen.kill()
        child.popen.wait()
    child.collect()


def _drain(reader: socket.socket) -> None:
    with suppress(BlockingIOError):
        while reader.recv(64):
            pass


def _how(exit_code: int | None) -> str:
    """Return in words how a process ended."""
    if exit_code is None or exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


def _said_by_postgres(error: psycopg.Error, folder: Path) -> str:
    if isinstance(error, psycopg.errors.DiskFull):
        return f"The disk that holds {folder} is full. Free some space, then start again: nothing is lost."
    return f"PostgreSQL refused a step of the set-up ({type(error).__name__}: {str(error).strip()})."
