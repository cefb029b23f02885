"""Starts a process's server, says when it is healthy, and lets calls finish when told to stop."""

from __future__ import annotations

import logging
import re
import signal
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any, Self

import grpc
from grpc_health.v1 import health_pb2

from services.runtime.access import AccessTable, SilentMethod
from services.runtime.call_pool import MOST_SILENT, CallPool
from services.runtime.call_rates import CallRate, CallRates
from services.runtime.certificates import Certificates, WatchedCertificates
from services.runtime.clock import Clock
from services.runtime.config import ProcessConfig
from services.runtime.health_server import bound, health_server
from services.runtime.interceptors.access import Access
from services.runtime.interceptors.admission import Admission
from services.runtime.interceptors.arity import Interceptor
from services.runtime.interceptors.authentication import Authentication
from services.runtime.interceptors.error_boundary import ErrorBoundary
from services.runtime.interceptors.health_watch import MOST_WATCHES, HealthWatch
from services.runtime.interceptors.limits import INSIDE_KEYS, LARGEST_MESSAGE_BYTES, LARGEST_METADATA_BYTES, Limits
from services.runtime.interceptors.messages import Messages
from services.runtime.interceptors.tracing import Tracing
from services.runtime.metrics import READY, WORKERS_BUSY, WORKERS_LIMIT, WORKERS_WAITING
from services.runtime.telemetry import Telemetry, where
from services.runtime.tokens import VerificationKeys

log = logging.getLogger(__name__)

Register = Callable[[grpc.Server], None]
UntilStopped = Callable[[threading.Event], None]

_MOST_STREAMS_A_CONNECTION = 256
_READINESS_EVERY_SECONDS = 0.25
_LOOP_ENDS_WITHIN_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """How a server listens and stops."""

    process: str
    host: str
    port: int
    """0: any free one."""
    health_port: int
    """0: any free one."""
    workers: int
    waiting: int
    """Calls that may wait for a worker; more are refused BUSY."""
    drain_seconds: float
    connection_age_seconds: float
    environment: str = ""
    """Whose processes may watch, on the port for calls, what `readiness` says of names."""
    own_pools: Mapping[str, int] = field(default_factory=dict)
    """Methods ("/package.Service/Method") with workers of their own, and how many: no other call delays them."""
    rates: Mapping[str, CallRate] = field(default_factory=dict)
    """Methods that are taken at a rate; what comes faster is refused BUSY."""

    @classmethod
    def of(
        cls,
        config: ProcessConfig,
        *,
        own_pools: Mapping[str, int] | None = None,
        rates: Mapping[str, CallRate] | None = None,
    ) -> ServerSettings:
        """Return what a process's settings say of its server."""
        return cls(
            process=config.process,
            host=config.host,
            port=config.port,
            health_port=config.health_port,
            workers=config.workers,
            waiting=config.waiting,
            drain_seconds=config.drain_seconds,
            connection_age_seconds=config.connection_age_seconds,
            environment=config.environment,
            own_pools=own_pools or {},
            rates=rates or {},
        )


def service_interceptors(
    *,
    process: str,
    environment: str,
    table: AccessTable,
    keys: VerificationKeys,
    clock: Clock,
    telemetry: Telemetry,
) -> list[Interceptor]:
    """Return what every call to a service passes, outermost first.

    `table` must hold the methods of all processes (`access.whole_table()`): a token made for another process's method
    is good here exactly where that method lists ours. The edge makes a list of its own.
    """
    return [
        Tracing(process=process, table=table, telemetry=telemetry),
        ErrorBoundary(process=process),
        Limits(allowed_keys=INSIDE_KEYS),
        Authentication(process=process, environment=environment, table=table, keys=keys, clock=clock),
        Access(process=process, table=table),
        Messages(),
    ]


class RunningServer:
    """A server that listens; `stop` lets calls in flight finish."""

    def __init__(self, *, port: int, health_port: int, stop: Callable[[], None], has_failed: threading.Event) -> None:
        self.port = port
        self.health_port = health_port
        self._stop = stop
        self._has_failed = has_failed

    @property
    def has_failed(self) -> bool:
        """Whether a background loop ended by an error."""
        return self._has_failed.is_set()

    def stop(self) -> None:
        """Refuse new calls, wait for those in flight and for the background loops, then return."""
        self._stop()

    def __enter__(self) -> Self:
        """Return this server, to be stopped at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()


def start(
    register: Register,
    *,
    settings: ServerSettings,
    certificates: WatchedCertificates,
    interceptors: Sequence[Interceptor],
    table: AccessTable | None,
    telemetry: Telemetry | None = None,
    readiness: Mapping[str, Callable[[], bool]] | None = None,
    also_until_stopped: Sequence[UntilStopped] = (),
    when_failed: Callable[[], None] = lambda: None,
    look_again: threading.Event | None = None,
) -> RunningServer:
    """Return a server that listens under mutual TLS, with a plain health server beside it.

    `register` adds the servicers; raises SilentMethod for a method that `table` does not list under this process
    (`table` None: the edge, whose one handler takes any method), PortTaken if an address is not to be had.
    `readiness` maps a health service's name ("" is the process) to what says whether it is ready, asked 4 times a
    second and whenever `look_again` is set; if it has other names than the process, our own processes may watch them on
    the port for calls. Each of `also_until_stopped` runs in a thread of its own until the event it is given is set; if
    one raises, the server counts as failed and `when_failed` is called.
    """
    pools = {
        method: CallPool(workers, waiting=settings.waiting, name="own")
        for method, workers in settings.own_pools.items()
    }
    calls = CallPool(settings.workers, waiting=settings.waiting, name="calls")
    most = sum(pool.most for pool in (calls, *pools.values()))
    telemetry = telemetry or Telemetry.nothing()
    for name, pool in {"calls": calls, **{_pool_name(method): pool for method, pool in pools.items()}}.items():
        _watch(telemetry, pool, name)
    rates = {method: CallRates(rate) for method, rate in settings.rates.items()}
    admission = Admission(process=settings.process, calls=calls, own=pools, telemetry=telemetry, rates=rates)
    probes, status, health_port = health_server(settings.host, settings.health_port)
    ready = readiness or {"": lambda: True}
    watch = HealthWatch(process=settings.process, environment=settings.environment)
    main = grpc.server(
        calls,
        interceptors=[*((watch,) if ready.keys() - {""} else ()), admission, *interceptors],
        # Admission answers BUSY before this; it bounds what Admission itself can be made to do. Watches come on top.
        maximum_concurrent_rpcs=2 * most + 16 + MOST_SILENT + MOST_WATCHES,
        options=_options(settings),
    )
    register(main if table is None else _Listed(main, table, settings.process))  # type: ignore[arg-type]  # the two methods that generated code uses
    port = bound(main.add_secure_port, f"{settings.host}:{settings.port}", _credentials(certificates))
    stopping, failed = threading.Event(), threading.Event()

    def say(name: str, is_served: bool) -> None:  # noqa: FBT001  # what is said of the name
        answer = health_pb2.HealthCheckResponse
        status.set(name, answer.SERVING if is_served else answer.NOT_SERVING)
        watch.say(name, is_served=is_served)

    def guarded(work: UntilStopped) -> None:
        try:
            work(stopping)
        except Exception as error:  # noqa: BLE001  # a loop that dies unnoticed is worse than a restart
            log.error("background_work_failed", extra={"error_type": type(error).__name__, "where": where(error)})  # noqa: TRY400  # no text
            failed.set()
            when_failed()

    look = look_again or threading.Event()
    said: dict[str, bool] = {}
    telemetry.watch(READY, lambda: float(said.get("", False)))
    works: list[UntilStopped] = [
        lambda event: _report_readiness(event, ready, said, look, say),
        admission.end_silent_calls,
        *also_until_stopped,
    ]
    threads = [
        threading.Thread(target=guarded, args=(work,), name=f"work-{n}", daemon=True) for n, work in enumerate(works)
    ]
    main.start()
    probes.start()
    for thread in threads:
        thread.start()

    def stop() -> None:
        if stopping.is_set():
            return
        status.enter_graceful_shutdown()
        stopping.set()
        look.set()
        watch.end_all()
        main.stop(settings.drain_seconds).wait()
        for thread in threads:
            thread.join(_LOOP_ENDS_WITHIN_SECONDS)
        probes.stop(None).wait()
        for pool in (calls, *pools.values()):
            pool.shutdown(wait=False, cancel_futures=True)

    return RunningServer(port=port, health_port=health_port, stop=stop, has_failed=failed)


def serve(
    register: Register,
    *,
    settings: ServerSettings,
    certificates: WatchedCertificates,
    interceptors: Sequence[Interceptor],
    table: AccessTable | None,
    telemetry: Telemetry | None = None,
    readiness: Mapping[str, Callable[[], bool]] | None = None,
    also_until_stopped: Sequence[UntilStopped] = (),
    look_again: threading.Event | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT, then drain; return the exit code (1 if a background loop failed).

    The arguments are those of `start`. Prints one line when it listens.
    """
    told = threading.Event()

    def tell(_number: int, _frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    running = start(
        register,
        settings=settings,
        certificates=certificates,
        interceptors=interceptors,
        table=table,
        telemetry=telemetry,
        readiness=readiness,
        also_until_stopped=also_until_stopped,
        when_failed=told.set,
        look_again=look_again,
    )
    print(f"serving {settings.process} on {settings.host}:{running.port}", flush=True)  # noqa: T201  # the one line
    # In slices: a wait without a limit would keep Python from running the signal's handler on some platforms.
    while not told.wait(1.0):
        pass
    running.stop()
    return 1 if running.has_failed else 0


def _pool_name(method: str) -> str:
    # A method's own pool is called like the method: /contactpoint.identity.v1.SignInService/SignIn has "sign_in".
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", method.rpartition("/")[2]).lower()


def _watch(telemetry: Telemetry, pool: CallPool, name: str) -> None:
    telemetry.watch(WORKERS_BUSY, lambda: pool.busy, pool=name)
    telemetry.watch(WORKERS_WAITING, lambda: pool.waiting, pool=name)
    telemetry.watch(WORKERS_LIMIT, lambda: pool.workers, pool=name)


def _options(settings: ServerSettings) -> list[tuple[str, Any]]:
    age_ms = int(settings.connection_age_seconds * 1000)
    return [
        ("grpc.so_reuseport", 0),
        ("grpc.max_connection_age_ms", age_ms),
        ("grpc.max_connection_age_grace_ms", 10_000),
        ("grpc.max_concurrent_streams", _MOST_STREAMS_A_CONNECTION),
        # Above our own limit, so that ours, which is typed, answers first.
        ("grpc.max_receive_message_length", 2 * LARGEST_MESSAGE_BYTES),
        ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
        ("grpc.max_metadata_size", LARGEST_METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", 2 * LARGEST_METADATA_BYTES),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.server_handshake_timeout_ms", 5_000),
    ]


def _credentials(certificates: WatchedCertificates) -> grpc.ServerCredentials:
    version, held = certificates.current()
    served = [version]

    def newer() -> grpc.ServerCertificateConfiguration | None:
        newest, now_held = certificates.current()
        if newest == served[0]:
            return None
        served[0] = newest
        return _configuration(now_held)

    return grpc.dynamic_ssl_server_credentials(_configuration(held), newer, require_client_authentication=True)  # type: ignore[arg-type]  # None is documented as "no change"


def _configuration(held: Certificates) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(held.private_key, held.chain)], root_certificates=held.ca)


def _report_readiness(
    stopping: threading.Event,
    readiness: Mapping[str, Callable[[], bool]],
    said: dict[str, bool],
    look: threading.Event,
    say: Callable[[str, bool], None],
) -> None:
    while True:
        for name, is_ready in readiness.items():
            if (now := is_ready()) != said.get(name):
                said[name] = now
                say(name, now)
        look.wait(_READINESS_EVERY_SECONDS)
        look.clear()
        if stopping.is_set():
            return


class _Listed:
    """What generated code registers with: passes on methods that the table lists, and refuses silent ones."""

    def __init__(self, server: grpc.Server, table: AccessTable, process: str) -> None:
        self._server = server
        self._table = table
        self._process = process

    def add_generic_rpc_handlers(self, handlers: Iterable[grpc.GenericRpcHandler[Any, Any]]) -> None:
        found = list(handlers)
        for handler in found:
            # A generic handler says which methods it has only if it is the library's own.
            if not isinstance(handler, grpc.ServiceRpcHandler):
                raise SilentMethod("a handler of any method belongs to the edge alone")
        self._server.add_generic_rpc_handlers(found)

    def add_registered_method_handlers(
        self, service_name: str, method_handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]
    ) -> None:
        for name in method_handlers:
            full_name = f"/{service_name}/{name}"
            listed = self._table.get(full_name)
            if listed is None or listed.process != self._process:
                raise SilentMethod(f"{full_name}: does not say who may call it, or is another process's")
        self._server.add_registered_method_handlers(service_name, dict(method_handlers))  # type: ignore[attr-defined]  # newer than its stub
