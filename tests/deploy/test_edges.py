"""The network lets through what the contracts and settings ask for, in both directions, and nothing else."""

from collections.abc import Iterator

import pytest

from gateway.edge.config import called
from services.runtime.access import Exposure, whole_table
from tests.deploy.network import Edge, allowed
from tests.deploy.processes import CONFIGS, settings_of
from tests.deploy.rendering import OVERLAYS, Object, environment_of, of_kind, our_pods, overlay

CALLS, DATABASE, STATUS = "TCP/8443", "TCP/5432", "TCP/8000"


def calls_of_the_contracts() -> set[tuple[str, str]]:
    """Return who calls whom: the edge the owners of exposed methods, others what lists them, the pages the edge."""
    found = {("gateway.edge", process) for process in called()} | {("gateway.web", "gateway.edge")}
    for method in whole_table():
        if method.exposure is Exposure.EDGE:
            found.add(("gateway.edge", method.process))
        found |= {(caller, method.process) for caller in method.callers}
    return found


def edges_of_the_code(objects: tuple[Object, ...]) -> Iterator[Edge]:
    """Yield what our own pods need: calls, their database, Redis, the collector, and names."""
    for caller, process in calls_of_the_contracts():
        yield caller.replace(".", "-"), process.replace(".", "-"), CALLS
    for pod in our_pods(objects):
        name = pod.process.replace(".", "-") + ("" if pod.serves else " migration")
        fields = CONFIGS[pod.process].__dataclass_fields__
        if "database_url" in fields:
            yield name, f"postgres of {pod.namespace}", DATABASE
        if "redis_url" in fields:
            yield name, "redis", "TCP/6379"
        if pod.serves and settings_of(objects, pod)["collector"]:
            yield name, "collector", "TCP/4317"


def edges_of_the_neighbours(objects: tuple[Object, ...], environment: dict[str, str]) -> Iterator[Edge]:
    """Yield what PostgreSQL's replicas and operator, Prometheus and the world outside need."""
    for one in of_kind(objects, "Cluster"):
        postgres = f"postgres of {one['metadata']['namespace']}"
        for port in (DATABASE, STATUS):
            yield postgres, postgres, port
            yield "postgres operator", postgres, port
        yield postgres, environment["backups-address"], "TCP/443"
        for port in ("TCP/443", "TCP/6443"):
            yield postgres, environment["kubernetes-api-address"], port
    yield "prometheus", "collector", "TCP/9464"
    yield environment["pages-from"], "gateway-web", CALLS
    yield environment["systems-from"], "gateway-edge", CALLS


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_pod_takes_connections_from_those_who_must_call_it_only(name: str) -> None:
    objects, environment = overlay(name), environment_of(name)
    needed = {*edges_of_the_code(objects), *edges_of_the_neighbours(objects, environment)}
    outside = {environment["backups-address"], environment["kubernetes-api-address"]}
    assert allowed(objects, "Ingress") == {edge for edge in needed if edge[1] not in outside}


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_pod_opens_connections_to_what_it_must_call_only(name: str) -> None:
    objects, environment = overlay(name), environment_of(name)
    needed = {*edges_of_the_code(objects), *edges_of_the_neighbours(objects, environment)}
    outside = {"postgres operator", "prometheus", environment["pages-from"], environment["systems-from"]}
    opened = allowed(objects, "Egress")
    asks_names = {edge for edge in opened if edge[1] == "names"}
    assert opened - asks_names == {edge for edge in needed if edge[0] not in outside}
    # Everybody may ask for names; a stranger in one of our namespaces can do that and nothing more.
    askers = {"stranger"} | {edge[0] for edge in opened} | {"redis"}
    assert asks_names == {(one, "names", port) for one in askers - {"collector"} for port in ("TCP/53", "UDP/53")}


def test_every_namespace_denies_by_default() -> None:
    objects = overlay("production")
    for namespace in of_kind(objects, "Namespace"):
        denying = [
            policy["spec"]
            for policy in of_kind(objects, "NetworkPolicy")
            if policy["metadata"]["namespace"] == namespace["metadata"]["name"]
            and policy["metadata"]["name"] == "default-deny"
        ]
        assert denying == [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}]


def test_settings_name_as_peers_exactly_whom_the_contracts_let_a_process_call() -> None:
    objects = overlay("production")
    named = {
        (pod.process, peer)
        for pod in our_pods(objects)
        if pod.serves
        for peer in settings_of(objects, pod).get("peers", {})
    }
    assert named == calls_of_the_contracts()


def test_a_removed_policy_is_seen() -> None:
    objects = overlay("production")
    for removed in of_kind(objects, "NetworkPolicy"):
        if removed["metadata"]["name"] == "default-deny":
            continue
        rest = tuple(one for one in objects if one is not removed)
        before = (allowed(objects, "Ingress"), allowed(objects, "Egress"))
        assert (allowed(rest, "Ingress"), allowed(rest, "Egress")) != before, removed["metadata"]
