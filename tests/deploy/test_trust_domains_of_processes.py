"""Each process runs with its own trust domain's packages alone, and what it has loaded is compared with their lock.

The image's layout is made of links into the developer's environment, so nothing is fetched: the launcher, the search
path and the packages' versions are the image's (`test_every_domain_has_the_versions_that_were_tested`).
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from deploy.image.inside import launch
from deploy.image.inside.layout import SHARED, TRUST_DOMAINS
from deploy.local import health
from deploy.local.child import environment
from deploy.local.population.story_searches import searches
from deploy.local.settlement.outside import Refused
from deploy.local.settlement.scenarios import search_request
from tests.architecture.source import ROOT
from tests.architecture.test_trust_domains import DOMAINS, _canonical, installed_by
from tests.support.shared_suite import shared_town
from tests.support.town import Town

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

_TELLING = """
import atexit, json, runpy, sys
report, launcher = sys.argv[1:3]
def tell():
    loaded = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    with open(report, "w") as file:
        json.dump({"loaded": loaded, "path": sys.path}, file)
atexit.register(tell)
sys.argv = sys.argv[2:]
runpy.run_path(launcher, run_name="__main__")
"""
_WORRY = pb.Reason(code=pb.REASON_CODE_SAFEGUARDING_CONCERN)


@dataclass(frozen=True)
class Report:
    """What one process had loaded when it ended."""

    process: str
    exit_code: int
    loaded: dict[str, str | None]
    path: list[str]

    def outside(self, *roots: Path) -> set[str]:
        """Return the modules whose files lie in none of these folders."""
        return {
            name
            for name, file in self.loaded.items()
            if file is not None and not any(Path(file).is_relative_to(root) for root in roots)
        }


@pytest.fixture(scope="module")
def town(pytestconfig: pytest.Config) -> Town:
    return shared_town(pytestconfig)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that is laid out as /opt/contactpoint is, with links in place of files."""
    root = tmp_path_factory.mktemp("image")
    shutil.copy(launch.__file__, root / "launch.py")
    (root / "contracts").symlink_to(ROOT / "gen")
    known = {_canonical(one.metadata["Name"]): one for one in distributions()}
    for domain, processes in TRUST_DOMAINS.items():
        for name in installed_by(domain) & known.keys():
            _link(known[name], root / domain / "packages")
        for part in (*processes, *SHARED):
            target = root / domain / "code" / part
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(ROOT / part)
            for above in Path(part).parents:
                init = root / domain / "code" / above / "__init__.py"
                if (ROOT / above / "__init__.py").exists() and not init.exists():
                    init.symlink_to(ROOT / above / "__init__.py")
    return root


@pytest.fixture(scope="module")
def reports(town: Town, image: Path) -> dict[str, Report]:
    """Return what each process had loaded after it served a journey, started as the image starts it."""
    suite, running = town.suite, {}
    try:
        # Side by side, as they are started again: each drains first.
        with ThreadPoolExecutor(len(DOMAINS)) as stopping:
            list(stopping.map(lambda name: suite.process(name).stop(), DOMAINS))
        for name in DOMAINS:
            running[name] = _start(image, name, suite.config_file(name))
        for name, process in running.items():
            _wait_until_healthy(suite.port(f"{name}.health"), process)
        _journey(town)
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        for process in running.values():
            process.wait(60)
        return {name: _report(image, name, process) for name, process in running.items()}
    finally:
        for process in running.values():
            process.kill()
            process.wait()
        # Each waits until it is healthy, and some wait for one another.
        with ThreadPoolExecutor(len(DOMAINS)) as starting:
            list(starting.map(lambda name: suite.process(name).start(), DOMAINS))


@pytest.mark.parametrize("process", sorted(DOMAINS))
def test_what_a_running_process_has_loaded_is_its_domains(
    reports: dict[str, Report], image: Path, process: str
) -> None:
    report, own = reports[process], image / DOMAINS[process]
    assert report.exit_code == 0
    library = [Path(entry) for entry in report.path if entry.startswith(sys.base_prefix)]
    assert report.outside(own, image / "contracts", image / "launch.py", *library) == set()
    assert not [entry for entry in report.path if "site-packages" in entry or "dist-packages" in entry]
    packages = own / "packages"
    owners = {file: name for name, file in _files_of(packages)}
    used = {
        owners[str(Path(file).relative_to(packages))]
        for file in report.loaded.values()
        if file is not None and Path(file).is_relative_to(packages)
    }
    assert "grpcio" in used
    assert used <= installed_by(DOMAINS[process])


@pytest.mark.parametrize("process", sorted(DOMAINS))
def test_it_has_loaded_no_other_processs_code(reports: dict[str, Report], process: str) -> None:
    others = {name for name in DOMAINS if name != process}
    loaded = reports[process].loaded
    prefixes = {f"{name}" if name.startswith("gateway.") else f"services.{name}" for name in others}
    assert {name for name in loaded if any(name == one or name.startswith(f"{one}.") for one in prefixes)} == set()


def test_a_bad_sample_is_found(image: Path) -> None:
    report = Report("identity", 0, {"json": "/usr/lib/python3.11/json/__init__.py", "x": "/tmp/x.py"}, [])  # noqa: S108
    assert report.outside(Path("/usr/lib/python3.11")) == {"x"}
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.path.append(sys.argv[1]); import rapidfuzz"]
    for domain, code in (("people", 1), ("records", 0)):
        tried = subprocess.run([*command, str(image / domain / "packages")], capture_output=True, check=False)
        assert tried.returncode == code


def _link(distribution: Distribution, packages: Path) -> None:
    for file in distribution.files or []:
        # Commands lie elsewhere, and the image has none.
        if ".." in file.parts or not Path(str(distribution.locate_file(file))).exists():
            continue
        target = packages / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(Path(str(distribution.locate_file(file))))


def _files_of(packages: Path) -> Iterator[tuple[str, str]]:
    for one in distributions(path=[str(packages)]):
        for file in one.files or []:
            yield _canonical(one.metadata["Name"]), str(file)


def _start(image: Path, process: str, config: Path) -> subprocess.Popen[bytes]:
    module = process if process.startswith("gateway.") else f"services.{process}"
    command = [
        sys.executable,
        "-I",
        "-S",
        "-B",
        "-c",
        _TELLING,
        str(image / f"{process}.json"),
        str(image / "launch.py"),
    ]
    with (image / f"{process}.log").open("wb") as log:
        return subprocess.Popen(
            [*command, module, "serve", "--config", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={name: value for name, value in environment().items() if not name.startswith("PYTHON")},
            cwd="/",
        )


def _wait_until_healthy(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while not health.is_serving(port):
        assert process.poll() is None, process.args
        assert time.monotonic() < end, process.args
        time.sleep(0.1)


def _journey(town: Town) -> None:
    """Sign in, search, open, see the home, and hide a child: each process does something."""
    seat = town.new_seat("nurse")
    call, directory = seat.outside.call, seat.outside.directory
    query = searches(town.living.story)["nurse"][0].query
    end = time.monotonic() + 30
    rows: list[pb.ChildRow] = []
    while not rows:
        # The channels of the processes have just met.
        with suppress(Refused):
            rows += call(directory.SearchChildren, search_request(query)).rows
        assert time.monotonic() < end
    record = call(directory.OpenRecord, pb.OpenRecordRequest(handle=rows[0].handle, reason=_WORRY))
    call(directory.OpenHome, pb.OpenHomeRequest(handle=record.handle, reason=_WORRY))
    town.new_seat("shield.officer")


def _report(image: Path, process: str, ended: subprocess.Popen[bytes]) -> Report:
    said = json.loads((image / f"{process}.json").read_text())
    return Report(process, ended.returncode, said["loaded"], said["path"])
