"""Each process imports only what its trust domain installs, and the ledger's list is closed."""

import ast
import re
import sys
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.source import PROCESSES, ROOT, imported_modules, product_files, tree

DOMAINS = {
    "identity": "people",
    "directory": "records",
    "shielding": "keys",
    "audit.ledger": "keys",
    "audit.review": "review",
    "gateway.edge": "front",
    "gateway.web": "front",
}
OURS = {"services", "gateway", "deploy", "contactpoint", "buf"}
# gRPC, protobuf, protovalidate, PyJWT, SQLAlchemy Core, psycopg, cryptography, telemetry: the architecture's list.
# alembic is how the same tables are migrated.
CLOSED = {
    "alembic",
    "cryptography",
    "grpcio",
    "grpcio-health-checking",
    "grpcio-status",
    "opentelemetry-exporter-otlp-proto-grpc",
    "opentelemetry-instrumentation-grpc",
    "opentelemetry-sdk",
    "protobuf",
    "protovalidate",
    "psycopg",
    "pyjwt",
    "sqlalchemy",
}
DISTRIBUTIONS = packages_distributions()
ORM = {"sqlalchemy.orm", "sqlalchemy.ext"}


def installed_by(domain: str) -> set[str]:
    """Return the distributions in a trust domain's hashed file."""
    listed = (ROOT / "requirements" / f"{domain}.txt").read_text()
    return {_canonical(name) for name in re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==", listed, re.MULTILINE)}


def foreign_imports(module: ast.Module, installed: set[str]) -> list[str]:
    """Return the modules that a file imports and that its trust domain does not install."""
    found = []
    for name in sorted(imported_modules(module)):
        top = name.split(".")[0]
        if top in OURS or top in sys.stdlib_module_names:
            continue
        if top == "google" and installed >= {"protobuf", "googleapis-common-protos"}:
            continue  # one namespace, two distributions
        if not {_canonical(owner) for owner in DISTRIBUTIONS.get(top, [])} & installed:
            found.append(name)
    return found


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


CASES = [
    (path, domain)
    for process, domain in DOMAINS.items()
    for path in product_files()
    if path.startswith(PROCESSES[process] + "/")
] + [(path, "keys") for path in product_files() if path.startswith("services/runtime/")]


@pytest.mark.parametrize("path, domain", CASES)
def test_it_imports_what_its_domain_installs(path: str, domain: str) -> None:
    assert foreign_imports(tree(path), installed_by(domain)) == []


@pytest.mark.parametrize("path", product_files())
def test_storage_is_core_and_not_orm(path: str) -> None:
    assert {name for name in imported_modules(tree(path)) if ".".join(name.split(".")[:2]) in ORM} == set()


def test_the_list_of_the_process_that_holds_the_keys_is_closed() -> None:
    asked = (ROOT / "requirements" / "keys.in").read_text()
    assert {_canonical(name) for name in re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==", asked, re.MULTILINE)} == CLOSED


@pytest.mark.parametrize("domain", sorted(set(DOMAINS.values())))
def test_every_domain_has_the_versions_that_were_tested(domain: str) -> None:
    pins = re.compile(r"^([\w.-]+)(?:\[[\w,]+\])?==([^\s;]+)", re.MULTILINE)
    developed_with = set(pins.findall((ROOT / "requirements" / "dev.txt").read_text()))
    assert set(pins.findall((ROOT / "requirements" / f"{domain}.txt").read_text())) <= developed_with


def test_a_bad_sample_is_found() -> None:
    keys = installed_by("keys")
    assert foreign_imports(ast.parse("import rapidfuzz"), keys) == ["rapidfuzz"]
    assert foreign_imports(ast.parse("def f():\n from hypothesis import given"), keys) == ["hypothesis"]
    assert foreign_imports(ast.parse("import grpc, json, services.runtime, google.rpc.status_pb2"), keys) == []
