"""Which pod may open a connection to which, by the rules of NetworkPolicy, from the rendered policies alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.deploy.rendering import COMPONENT, NAME, Object, of_kind, pods

_NAMESPACE_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A kind of pod, ours or a neighbour's, as a policy's selectors see it."""

    name: str
    namespace: str
    labels: tuple[tuple[str, str], ...]
    namespace_labels: tuple[tuple[str, str], ...]


#: Pods that are not in the manifests, and whom a policy may name all the same.
NEIGHBOURS = (
    ("names", "kube-system", {"k8s-app": "kube-dns"}),
    ("postgres operator", "cnpg-system", {NAME: "cloudnative-pg"}),
    ("prometheus", "monitoring", {NAME: "prometheus"}),
    # Anybody else's pod, in a namespace of its own and in each of ours: no policy may let it in.
    ("stranger", "elsewhere", {NAME: "stranger"}),
)


def places(objects: tuple[Object, ...]) -> list[Place]:
    """Return every kind of pod that a policy might mean: ours by process and part, our neighbours, and strangers."""
    labels = {one["metadata"]["name"]: one["metadata"].get("labels", {}) for one in of_kind(objects, "Namespace")}
    found = [(_name(pod.labels), pod.namespace, pod.labels) for pod in pods(objects)]
    found += [
        (f"postgres of {one['metadata']['namespace']}", one["metadata"]["namespace"], {"cnpg.io/cluster": "postgres"})
        for one in of_kind(objects, "Cluster")
    ]
    found += list(NEIGHBOURS)
    found += [("stranger", namespace, {NAME: "stranger"}) for namespace in labels]
    return [
        Place(
            name=name,
            namespace=namespace,
            labels=tuple(sorted(own.items())),
            namespace_labels=tuple(sorted({_NAMESPACE_NAME: namespace, **labels.get(namespace, {})}.items())),
        )
        for name, namespace, own in found
    ]


Edge = tuple[str, str, str]
"""From where, to where, over which port: "identity", "audit-ledger", "TCP/8443"."""


def allowed(objects: tuple[Object, ...], direction: str) -> set[Edge]:
    """Return the edges that policies allow in one direction ("Egress": what a pod may open; "Ingress": what it takes).

    A pod that no policy isolates in that direction has an edge with "anywhere". Addresses stand as they are.
    """
    known = places(objects)
    inside = {one["metadata"]["name"] for one in of_kind(objects, "Namespace")}
    edges: set[Edge] = set()
    for place in (one for one in known if one.namespace in inside):
        policies = [one for one in of_kind(objects, "NetworkPolicy") if _is_about(one, place, direction)]
        if not policies:
            edges.add(_edge(direction, place.name, "anywhere", "any"))
        for policy in policies:
            for rule in policy["spec"].get(direction.lower(), []):
                others = list(_others(rule.get("to" if direction == "Egress" else "from"), policy, known))
                edges |= {
                    _edge(direction, place.name, other, port) for other in others for port in _ports(rule.get("ports"))
                }
    return edges


def _edge(direction: str, place: str, other: str, port: str) -> Edge:
    return (place, other, port) if direction == "Egress" else (other, place, port)


def _name(labels: Mapping[str, str]) -> str:
    return labels[NAME] + (" migration" if labels.get(COMPONENT) == "migrate" else "")


def _is_about(policy: Object, place: Place, direction: str) -> bool:
    spec = policy["spec"]
    return (
        policy["metadata"]["namespace"] == place.namespace
        and direction in spec["policyTypes"]
        and _matches(spec["podSelector"], place.labels)
    )


def _others(peers: list[Any] | None, policy: Object, known: Iterable[Place]) -> Iterable[str]:
    if peers is None:
        yield "anywhere"
        return
    for peer in peers:
        if "ipBlock" in peer:
            yield peer["ipBlock"]["cidr"]
            continue
        for place in known:
            in_namespace = (
                _matches(peer["namespaceSelector"], place.namespace_labels)
                if "namespaceSelector" in peer
                else place.namespace == policy["metadata"]["namespace"]
            )
            if in_namespace and _matches(peer.get("podSelector", {}), place.labels):
                yield place.name


def _ports(ports: list[Any] | None) -> Iterable[str]:
    return ["any"] if ports is None else [f"{one.get('protocol', 'TCP')}/{one['port']}" for one in ports]


def _matches(selector: Mapping[str, Any], labels: tuple[tuple[str, str], ...]) -> bool:
    assert selector.keys() <= {"matchLabels"}, "this reading of policies knows no other selector"
    return set(selector.get("matchLabels", {}).items()) <= set(labels)
