"""The embedded deployment, run for real with two small processes: every way in which it starts, breaks and ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import grpc
import psycopg
import pytest
import sqlalchemy as sa
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local import postgres, private_files
from deploy.local.fault import Fault
from deploy.local.layout import PROJECT
from deploy.local.operating_system import Pid
from deploy.local.postgres import Isolation
from deploy.local.processes import Process
from deploy.local.suite import Suite

MODULE = "tests.journeys.deploy_local.sample_process"
LEDGER = Process(
    name="audit.ledger", module=MODULE, has_database=True, secrets={"root_secret": "audit.ledger.root"}, workers=2
)
IDENTITY = Process(name="identity", module=MODULE, has_database=True, secrets={"root_secret": "identity.root"})
EDGE = Process(name="gateway.edge", module=MODULE, uses_redis=True)
PAIR = (LEDGER, IDENTITY)
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


def numbers_of(suite: Suite) -> list[Pid]:
    """Return all that runs in a suite: the supervisor and its children."""
    state = private_files.read_json(suite.layout.state)
    return [Pid(**state["supervisor"]), *(Pid(**value) for value in state["children"].values())]


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """Start a suite whose root is longer than a socket's path may be."""
    root = tmp_path_factory.mktemp("suite") / ("long" * 20) / ("longer" * 10) / ".local"
    with Suite(root, processes=(LEDGER, IDENTITY, EDGE)) as running:
        yield running


# started ------------------------------------------------------------------------------------------------------------


def test_everything_is_healthy_and_the_endpoints_say_where(suite: Suite) -> None:
    for name in ("postgres", "valkey", "audit.ledger", "identity", "gateway.edge"):
        assert suite.process(name).is_healthy()
    assert suite.endpoints()["edge"] == f"localhost:{suite.port('gateway.edge')}"
    assert suite.port("gateway.edge") < 32_768


def test_a_second_start_reuses_the_first(suite: Suite) -> None:
    before = numbers_of(suite)
    assert suite.start() is False
    assert numbers_of(suite) == before
    with pytest.raises(Fault, match="other processes or settings"):
        Suite(suite.root, processes=(EDGE,)).start()


def test_mutual_tls_holds_with_the_certificates_that_were_issued(suite: Suite) -> None:
    issued = suite.issue_system_certificate(uuid.uuid4(), "A hospital")
    address = f"localhost:{suite.port('audit.ledger')}"
    ca = suite.ca.read_bytes()
    mutual = grpc.ssl_channel_credentials(ca, issued.private_key.read_bytes(), issued.certificate.read_bytes())
    with grpc.secure_channel(address, mutual) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=3)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with grpc.secure_channel(address, grpc.ssl_channel_credentials(ca)) as channel, pytest.raises(grpc.RpcError):
        health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=3)


def test_no_role_does_more_than_it_must(suite: Suite) -> None:
    with psycopg.connect(suite.database_url("audit.ledger")) as connection:
        assert connection.execute("SELECT count(*) FROM note").fetchone() is not None
    for statement in ("CREATE TABLE mine ()", "CREATE TEMP TABLE mine ()", "DELETE FROM note", "DROP TABLE note"):
        with (
            psycopg.connect(suite.database_url("audit.ledger")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)
    for role in ("serve", "owner"):
        url = suite.database_url("audit.ledger", role=role)
        for database in ("contactpoint_identity", "postgres", "template1"):
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                psycopg.connect(url.replace("contactpoint_audit_ledger", database))
    without_password = suite.database_url("audit.ledger").partition("&passfile")[0]
    with pytest.raises(psycopg.OperationalError, match="no password"):
        psycopg.connect(without_password)


def test_the_address_is_sqlalchemys_too(suite: Suite) -> None:
    engine = sa.create_engine(suite.database_url("audit.ledger"))
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT current_user")).scalar() == "audit_ledger_serve"
    engine.dispose()


def test_postgres_keeps_values_out_of_its_log_and_lists(suite: Suite) -> None:
    canary = "Canary-Surname-4711"
    with psycopg.connect(suite.database_url("audit.ledger")) as connection:
        for statement in ("SELECT %s::text::int", "SELECT * FROM note WHERE text = %s AND nowhere"):
            with pytest.raises(psycopg.Error):
                connection.execute(statement, (canary,))
            connection.rollback()
        connection.execute("SELECT %s::text", (canary,))
        shown = suite.psql("postgres", "SELECT query FROM pg_stat_activity")
    assert canary not in str(shown)
    assert canary.encode() not in suite.process("postgres").log.read_bytes()
    wanted = {"fsync": "on", "synchronous_commit": "on", "listen_addresses": "", "data_checksums": "on"}
    for setting, value in wanted.items():
        assert suite.psql("postgres", "SELECT current_setting(%s)", setting) == [(value,)]


def test_no_process_has_a_secret_in_its_environment_or_leaves_a_core(suite: Suite) -> None:
    secrets = [file.read_bytes() for file in suite.layout.secrets.iterdir()]
    for pid in numbers_of(suite)[1:]:
        folder = Path(f"/proc/{pid.number}")
        words = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        assert not any(secret in words for secret in secrets)
        assert b"PYTEST" not in words
        limits = (folder / "limits").read_text().splitlines()
        assert [line.split()[4:6] for line in limits if line.startswith("Max core file size")] == [["0", "0"]]


def test_only_its_owner_may_read_the_folder(suite: Suite) -> None:
    own = [path for path in suite.root.rglob("*") if not path.is_relative_to(suite.layout.telemetry)]
    open_to_others = [path for path in own if not path.is_symlink() and path.stat().st_mode & 0o077]
    inside_closed = [path for path in open_to_others if path.is_file()]
    assert suite.root.stat().st_mode & 0o777 == 0o700
    assert [path for path in open_to_others if path.is_dir()] == []
    assert [path for path in inside_closed if path.parent == suite.layout.secrets] == []


# broken -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["audit.ledger", "valkey", "postgres"])
def test_what_is_killed_comes_back(suite: Suite, name: str) -> None:
    process = suite.process(name)
    before, restarts = process.pid, process.restarts
    killed_at = time.monotonic()
    process.kill()
    process.wait_healthy(5)
    assert time.monotonic() - killed_at < 5
    assert process.pid != before
    assert process.restarts == restarts + 1


def test_what_is_stopped_stays_down_until_it_is_started(suite: Suite) -> None:
    ledger = suite.process("audit.ledger")
    ledger.stop()
    time.sleep(0.5)
    assert ledger.pid is None
    assert not ledger.is_healthy()
    ledger.start()
    assert ledger.is_healthy()


def test_a_setting_changes_with_a_restart(suite: Suite) -> None:
    identity = suite.process("identity")
    before = identity.pid
    suite.restart_with("identity", {"workers": 7})
    assert suite.config("identity")["workers"] == 7
    assert identity.pid != before
    suite.restart_with("identity", {"workers": None})
    assert suite.config("identity")["workers"] == IDENTITY.workers


def test_a_name_that_does_not_exist_is_said(suite: Suite) -> None:
    with pytest.raises(Fault, match="no process 'ledger'"):
        suite.process("ledger").stop()


def test_the_command_line_tells_status_and_code(suite: Suite) -> None:
    suite.write_endpoints({"users": [{"username": "nurse", "totp_secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}]})

    def said(*words: str) -> str:
        command = [sys.executable, "-m", "deploy.local", *words, "--root", str(suite.root)]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT).stdout

    assert "audit.ledger" in said("status")
    assert len(said("code", "nurse").strip()) == 6
    assert len(said("code", "--user", "nurse").strip()) == 6


# its life -----------------------------------------------------------------------------------------------------------


def test_a_life_from_half_made_to_removed(tmp_path: Path) -> None:
    """Killed in the middle of its set-up, twice; completed; used again; its supervisor killed; stopped; removed."""
    suite = Suite(tmp_path / "root", processes=PAIR)
    suite.layout.prepare()
    suite.plan.write(suite.layout)
    for seconds in (0.35, 0.7):
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "supervise", "--root", suite.root],
            stdout=subprocess.DEVNULL,
            cwd=PROJECT,
        )
        time.sleep(seconds)
        supervisor.kill()
        supervisor.wait()
    (suite.layout.postgres / "data.part").mkdir(exist_ok=True)
    (suite.layout.postgres / "data.part" / "PG_VERSION").write_text("18")
    assert suite.start() is True
    secret = suite.layout.secrets / "audit.ledger.root"
    first_secret, first_ports = secret.read_bytes(), suite.layout.ports.read_bytes()
    notes = len(suite.psql("audit.ledger", "SELECT * FROM note"))

    # The supervisor is killed: everything else runs on until the next start ends it.
    orphans = numbers_of(suite)
    assert orphans[0].send(signal.SIGKILL)
    assert orphans[0].wait_until_gone(5)
    assert all(pid.is_alive() for pid in orphans[1:])
    assert suite.start() is True
    assert not any(pid.is_alive() for pid in orphans)

    # What was made is still there.
    assert secret.read_bytes() == first_secret
    assert suite.layout.ports.read_bytes() == first_ports
    assert len(suite.psql("audit.ledger", "SELECT * FROM note")) == notes + 1

    # SIGTERM to the supervisor ends everything; a stop after that finds nothing.
    running = numbers_of(suite)
    assert running[0].send(signal.SIGTERM)
    assert all(pid.wait_until_gone(10) for pid in running)
    assert suite.stop() is False

    # A lost secret is never replaced.
    kept = secret.read_bytes()
    secret.unlink()
    with pytest.raises(Fault, match="missing"):
        suite.start()
    private_files.write(secret, kept)

    # A port that something else has taken meanwhile is left alone, and another chosen.
    taken = suite.port("identity")
    lines: list[str] = []
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", taken))
        other.listen()
        with pytest.raises(Fault, match=rf"Port {taken}.*taken by .*\(pid {os.getpid()}\)"):
            Suite(suite.root, processes=PAIR, fixed_ports={"identity": taken}).start()
        with Suite(suite.root, processes=PAIR, say=lines.append) as third:
            assert third.port("identity") != taken
            assert any(f"port {taken} of identity is taken" in line for line in lines)
            running = numbers_of(third)
    assert not any(pid.is_alive() for pid in running)

    third.reset()
    assert not suite.root.exists()


def test_a_process_that_cannot_start_says_why_and_nothing_is_left(tmp_path: Path) -> None:
    suite = Suite(tmp_path / "root", processes=(EDGE,), settings={"gateway.edge": {"refuses": True}})
    with pytest.raises(Fault, match=r"gateway\.edge died(.|\n)*`refuses` is on"):
        suite.start()
    assert not suite.is_running()
    assert not any(pid.is_alive() for pid in numbers_of(suite))


def test_a_tied_suite_does_not_outlive_who_started_it(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from deploy.local.suite import Suite\n"
        f"from {__name__} import EDGE\n"
        f"Suite(Path({str(tmp_path / 'root')!r}), processes=(EDGE,)).start()\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT)
    suite = Suite(tmp_path / "root")
    assert all(pid.wait_until_gone(10) for pid in numbers_of(suite))


def test_suites_run_side_by_side_each_with_what_is_its_own(suite: Suite, tmp_path: Path) -> None:
    with Suite(
        tmp_path / "other", processes=(LEDGER,), dedicated_postgres={"audit.ledger": tmp_path / "disk"}
    ) as other:
        assert (tmp_path / "disk" / "data" / "PG_VERSION").exists()
        assert other.process("postgres.audit.ledger").is_healthy()
        assert other.psql("audit.ledger", "SHOW wal_segment_size") == [("1MB",)]
        ours = set(private_files.read_json(suite.layout.ports).values())
        assert not ours & set(private_files.read_json(other.layout.ports).values())
        assert suite.process("audit.ledger").is_healthy()
    assert suite.process("audit.ledger").is_healthy()


# the machine --------------------------------------------------------------------------------------------------------


def test_too_little_space_is_said_before_anything_is_made(tmp_path: Path) -> None:
    suite = Suite(tmp_path / "root", processes=PAIR, free_bytes_needed=1 << 60)
    with pytest.raises(Fault, match="MB are needed"):
        suite.start()
    assert not (suite.layout.postgres / "data").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
@pytest.mark.parametrize("megabytes", [4, 40])
def test_a_disk_that_fills_up_is_said(tmp_path: Path, megabytes: int) -> None:
    """In a mount namespace of its own, so that no mount is left on the machine."""
    code = (
        "from pathlib import Path\n"
        "from deploy.local.suite import Suite\n"
        f"from {__name__} import PAIR\n"
        f"Suite(Path({str(tmp_path / 'disk')!r}), processes=PAIR, free_bytes_needed=0).start()\n"
    )
    (tmp_path / "disk").mkdir()
    script = f'mount -t tmpfs -o size={megabytes}m none "$1" && exec "$2" -c "$3"'
    tried = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", tmp_path / "disk", sys.executable, code],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )
    if "mount" in tried.stderr.partition("\n")[0] or "unshare" in tried.stderr:
        pytest.skip("this machine mounts nothing")
    assert tried.returncode == 1
    assert "is full" in tried.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user is what this whole module runs as then")
def test_an_ordinary_user_starts_it_too(tmp_path: Path) -> None:
    inside = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine refuses user namespaces")
    code = (
        "import json, os; from pathlib import Path\n"
        "from deploy.local.suite import Suite\n"
        f"from {__name__} import LEDGER\n"
        f"with Suite(Path({str(tmp_path / 'root')!r}), processes=(LEDGER,)) as suite:\n"
        "    print(json.dumps([os.geteuid(), suite.psql('audit.ledger', 'SELECT 1')]))\n"
    )
    said = subprocess.run(
        [*inside, sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    ).stdout
    assert json.loads(said) == [1000, [[1]]]


def test_the_weakest_identity_that_works_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert postgres.isolation() is Isolation.OWN
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nowhere")
    assert postgres.isolation() is Isolation.NOBODY


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_root_without_namespaces_runs_postgres_as_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = tmp_path / "bin" / "unshare"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing.parent}{os.pathsep}{os.environ['PATH']}")
    assert postgres.isolation() is Isolation.NOBODY
    # pytest's own folder is closed to others, and so out of its reach.
    with pytest.raises(Fault, match="the user `nobody` cannot"):
        Suite(tmp_path / "root", processes=(LEDGER,)).start()
    reach = [*Isolation.NOBODY.prefix, "test", "-x", str(postgres.binaries() / "postgres")]
    if subprocess.run(reach, check=False).returncode != 0:
        pytest.skip("PostgreSQL's programs lie in a closed folder here")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        with Suite(Path(folder) / "root", processes=(LEDGER,)) as suite:
            assert suite.psql("audit.ledger", "SELECT 1") == [(1,)]
            number = suite.process("postgres").pid
            assert Path(f"/proc/{number}").owner() == "nobody"


@pytest.mark.skipif(not DEBIAN_15.exists(), reason="Debian's PostgreSQL 15 is not on this machine")
def test_another_postgres_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTPOINT_PG_BIN", str(DEBIAN_15))
    suite = Suite(tmp_path / "root", processes=(LEDGER,))
    with suite:
        assert str(suite.psql("audit.ledger", "SHOW server_version")[0][0]).startswith("15.")
    monkeypatch.delenv("CONTACTPOINT_PG_BIN")
    with pytest.raises(Fault, match="are PostgreSQL 15's"):
        suite.start()
