"""Traps that others fell into (docs of gRPC do not warn of them): each is searched for in the product's code."""

import ast
import re

import pytest

from tests.architecture.source import product_files, tree

MAY_GO_WITHOUT_TLS = {
    "services/runtime/health_server.py": {"add_insecure_port"},
    "deploy/local/health.py": {"insecure_channel"},
    "deploy/smoke/cluster.py": {"insecure_channel"},
}
"""Kubelet's probe has no client certificate: health answers on a port of its own, nothing else does, and one asks."""

VAGUE = re.compile(r"(Manager|Handler|Processor|Data|Info)$")
"""Names that say nothing. A few classes of libraries end so, ours do not."""


def plain_ports(module: ast.Module) -> list[str]:
    """Return where a server listens, or a channel connects, without TLS."""
    return [
        f"line {node.lineno}: {node.attr}"
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        and node.attr in {"add_insecure_port", "insecure_channel", "insecure_server_credentials"}
    ]


def service_config_timeouts(module: ast.Module) -> list[str]:
    """Return where a service config sets a timeout: gRPC fires it about a second early (grpc/grpc#34547)."""
    strings = [
        (node.lineno, node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    if not any("methodConfig" in value for _, value in strings):
        return []
    return [f"line {line}: {value}" for line, value in strings if value == "timeout" or '"timeout"' in value]


def vague_names(module: ast.Module) -> list[str]:
    """Return the classes whose names say nothing."""
    return [
        f"line {node.lineno}: {node.name}"
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and VAGUE.search(node.name)
    ]


@pytest.mark.parametrize("path", product_files())
def test_nothing_but_health_goes_without_tls(path: str) -> None:
    # Once and not twice: a second plain port in the same file is another port.
    used = [fault.rpartition(" ")[2] for fault in plain_ports(tree(path))]
    assert sorted(used) == sorted(MAY_GO_WITHOUT_TLS.get(path, set()))


@pytest.mark.parametrize("path", product_files())
def test_no_service_config_sets_a_timeout(path: str) -> None:
    assert service_config_timeouts(tree(path)) == []


@pytest.mark.parametrize("path", product_files())
def test_no_class_has_a_vague_name(path: str) -> None:
    assert vague_names(tree(path)) == []


def test_bad_samples_are_found() -> None:
    assert plain_ports(ast.parse("server.add_insecure_port('[::]:1')")) != []
    assert plain_ports(ast.parse("grpc.insecure_channel('x')")) != []
    assert service_config_timeouts(ast.parse("c = {'methodConfig': [{'timeout': '1s'}]}")) != []
    assert service_config_timeouts(ast.parse("""c = '{"methodConfig": [{"timeout": "1s"}]}'""")) != []
    assert service_config_timeouts(ast.parse("call(timeout=1)")) == []
    assert vague_names(ast.parse("class RecordManager: ...")) != []
