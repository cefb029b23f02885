"""The whole suite on this machine: echoes, sign-in, Authorise, search, open; journeys at 1, 8 and 32 callers."""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from itertools import count, islice
from pathlib import Path

import grpc
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.identity.v1 import identity_service_pb2_grpc as identity_rpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from deploy.local.layout import PROJECT
from deploy.local.population.child import Child
from deploy.local.population.damage import Slip, damaged
from deploy.local.population.draw import Draw
from deploy.local.population.generate import Population
from deploy.local.population.story_searches import exact
from deploy.local.settlement.outside import Outside
from deploy.local.settlement.scenarios import search_request
from deploy.local.settlement.supplying import SEED
from services.runtime.peers import server_name
from tests.support.inside import Inside
from tests.support.living import Living, start_living

_WORRY = pb.Reason(code=pb.REASON_CODE_SAFEGUARDING_CONCERN)
_PEOPLE = ("nurse", "health.visitor", "social.worker", "constable")
NO_CEILINGS = {
    "ceilings.person.opened": 10**7,
    "ceilings.person.rows": 10**8,
    "ceilings.person.homes": 10**7,
    "ceilings.person.searches": 10**7,
    "ceilings.organisation.opened": 10**8,
    "ceilings.organisation.rows": 10**8,
    "ceilings.service.opened": 10**8,
    "ceilings.service.rows": 10**9,
}


def main() -> None:
    """Measure and print one line of JSON; with --out, write it to a file and draw its plot beside it."""
    arguments = argparse.ArgumentParser(prog="python -m bench.journeys", description=__doc__)
    arguments.add_argument("--children", type=int, default=20_000)
    arguments.add_argument("--calls", type=int, default=300, help="of each kind, one caller")
    arguments.add_argument("--seconds", type=float, default=10.0, help="of journeys at each number of callers")
    arguments.add_argument("--out", type=Path, help="JSON file; an SVG of the same name is drawn beside it")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="contactpoint-bench-") as folder:
        living = start_living(Path(folder) / "suite", children=chosen.children, limits=NO_CEILINGS)
        try:
            figures = measure(living, children=chosen.children, calls=chosen.calls, seconds=chosen.seconds)
        finally:
            living.suite.stop()
    print(json.dumps(figures))
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
        drawn(figures, chosen.out.with_suffix(".svg"))


def measure(living: Living, *, children: int, calls: int, seconds: float) -> dict[str, object]:
    """Return the figures of one run, milliseconds unless the name says otherwise."""
    sought = list(islice(dated(living, children), 2000))
    people = [living.cast.signed_in(username) for username in _PEOPLE]
    nurse = people[0]
    figures: dict[str, object] = {"children": children}
    figures["echo"] = _echo(living, calls, database="")
    figures["echo_with_durable_insert"] = _echo(living, calls, database=_scratch(living))
    figures["sign_in"] = _timed(len(living.cast.accounts) - 1, _signing_in(living))
    figures["authorise"] = _timed(calls, _authorising(living, nurse))
    figures["search_exact"] = _timed(calls, lambda n: _search(nurse, sought[n % len(sought)]))
    draw = Draw("bench")
    figures["search_fuzzy"] = _timed(calls, lambda n: _fuzzy(nurse, sought[n % len(sought)], draw))
    handles = [_handle(nurse, child) for child in sought[:calls]]
    figures["open"] = _timed(len(handles), lambda n: _open(nurse, handles[n]))
    hops = 3 * _p50(figures["echo"]) + _p50(figures["echo_with_durable_insert"])
    figures["open_hops_as_bare_echoes"] = {"p50": round(hops, 3)}
    figures["open_to_hops"] = round(_p50(figures["open"]) / hops, 2)
    figures["journeys_a_second"] = {str(callers): _journeys(people, sought, callers, seconds) for callers in (1, 8, 32)}
    figures["supplied_a_second"] = living.suite.endpoints().get("supplied_a_second")
    return figures


def dated(living: Living, children: int) -> Iterator[Child]:
    """Yield children who can be searched for by both names and a whole date of birth."""
    today = date.fromisoformat(living.suite.endpoints()["settled_on"])
    for child in Population(seed=SEED, children=children, today=today):
        if child.key > 30 and child.precision.value == "day" and not child.is_one_name_only and child.name.given_names:  # noqa: PLR2004  # past the namesakes
            yield child


def _timed(calls: int, call: Callable[[int], object]) -> dict[str, float]:
    for n in range(min(10, calls)):
        if calls > 50:  # noqa: PLR2004  # a warm-up where calls are many
            call(n)
    spent = []
    for n in range(calls):
        begun = time.perf_counter()
        call(n)
        spent.append((time.perf_counter() - begun) * 1000)
    spent.sort()
    return {
        "p50": round(statistics.median(spent), 3),
        "p99": round(spent[min(len(spent) - 1, int(len(spent) * 0.99))], 3),
        "calls": calls,
    }


def _p50(figure: object) -> float:
    assert isinstance(figure, dict)  # noqa: S101  # our own figures
    return float(figure["p50"])


def _echo(living: Living, calls: int, *, database: str) -> dict[str, float]:
    with _echo_channel(living, database) as channel:
        stub = channel.unary_unary("/bench.Echo/Echo", request_serializer=None, response_deserializer=None)
        content = bytes(200)
        return _timed(calls, lambda _n: stub(content, timeout=5))


@contextmanager
def _echo_channel(living: Living, database: str) -> Iterator[grpc.Channel]:
    issued = living.suite.certificate_of("directory")
    running = subprocess.Popen(
        [
            *(sys.executable, "-m", "bench.echo_process", "--database", database),
            *("--certificate", str(issued.certificate), "--private-key", str(issued.private_key)),
            *("--ca", str(living.suite.ca)),
        ],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
    )
    try:
        assert running.stdout is not None  # noqa: S101  # a pipe was asked for
        port = int(running.stdout.readline())
        credentials = grpc.ssl_channel_credentials(
            living.suite.ca.read_bytes(), issued.private_key.read_bytes(), issued.certificate.read_bytes()
        )
        options = [("grpc.ssl_target_name_override", server_name("directory"))]
        with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options=options) as channel:
            yield channel
    finally:
        running.kill()
        running.wait()


def _scratch(living: Living) -> str:
    living.suite.psql("postgres", "CREATE DATABASE bench")
    url = living.suite.database_url("audit.ledger", role="admin")
    return url.replace("/contactpoint_audit_ledger", "/bench")


def _signing_in(living: Living) -> Callable[[int], object]:
    names = sorted(living.cast.accounts)
    outsides = [living.cast.outside(living.cast.accounts[name].organisation) for name in names]
    codes = [living.cast.accounts[name].code() for name in names]
    return lambda n: outsides[n].sign_in(living.cast.accounts[names[n]], code=codes[n])


def _authorising(living: Living, nurse: Outside) -> Callable[[int], object]:
    organisation = living.cast.accounts["nurse"].organisation
    issued = living.suite.endpoints()["organisation_certificates"][organisation]["cert"]
    certificate = x509.load_pem_x509_certificate(Path(issued).read_bytes())
    request = identity.AuthoriseRequest(
        session=nurse.session,
        method="/contactpoint.directory.v1.DirectoryService/OpenRecord",
        request_digest=bytes(32),
        channel=hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
        system=living.suite.endpoints()["systems"][organisation],
    )
    stub = identity_rpc.AuthorisationServiceStub(Inside(living.suite).channel("identity", as_process="gateway.edge"))
    return lambda _n: stub.Authorise(request, timeout=5)


def _search(who: Outside, child: Child) -> pb.SearchChildrenResponse:
    return who.call(who.directory.SearchChildren, search_request(exact(child)))


def _fuzzy(who: Outside, child: Child, draw: Draw) -> pb.SearchChildrenResponse:
    return who.call(who.directory.SearchChildren, search_request(damaged(child, Slip.ONE_EDIT_IN_EACH_NAME, draw)))


def _handle(who: Outside, child: Child) -> bytes:
    rows = _search(who, child).rows
    return rows[0].handle if rows else b""


def _open(who: Outside, handle: bytes) -> object:
    if not handle:
        return None
    return who.call(who.directory.OpenRecord, pb.OpenRecordRequest(handle=handle, reason=_WORRY))


def _journeys(people: list[Outside], sought: list[Child], callers: int, seconds: float) -> float:
    """Return how many journeys, a search and an open each, are done in a second."""
    end, next_child = time.monotonic() + seconds, count()

    def caller(number: int) -> int:
        who, done = people[number % len(people)], 0
        while time.monotonic() < end:
            _open(who, _handle(who, sought[next(next_child) % len(sought)]))
            done += 1
        return done

    begun = time.monotonic()
    with ThreadPoolExecutor(callers) as threads:
        done = sum(threads.map(caller, range(callers)))
    return round(done / (time.monotonic() - begun), 1)


def drawn(figures: dict[str, object], path: Path) -> None:
    """Draw the figures of one run."""
    import matplotlib as mpl  # noqa: PLC0415  # only where it draws

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    latencies = {name: figure for name, figure in figures.items() if isinstance(figure, dict) and "p50" in figure}
    drawing, (left, right) = plt.subplots(1, 2, figsize=(11, 4))
    names = list(latencies)
    left.barh(names, [latencies[name].get("p99", 0) for name in names], color="#b1b4b6", label="p99")
    left.barh(names, [latencies[name]["p50"] for name in names], color="#1d70b8", label="p50")
    left.set_xlabel("milliseconds, one caller")
    left.legend()
    journeys = figures["journeys_a_second"]
    if isinstance(journeys, dict):
        right.bar(list(journeys), list(journeys.values()), color="#1d70b8")
    right.set_xlabel("callers")
    right.set_ylabel("journeys (search + open) a second")
    drawing.tight_layout()
    drawing.savefig(path)


if __name__ == "__main__":
    main()
