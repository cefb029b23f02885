"""Every pod is what a restricted namespace takes, is spread, is asked for its health, and starts from a digest."""

import re
from pathlib import Path

import pytest
import yaml

from tests.deploy.processes import settings_of
from tests.deploy.rendering import COMPONENT, KUBERNETES, NAME, OVERLAYS, of_kind, only, our_pods, overlay, pods

#: Who goes first when there is not room for all; the ledger before everybody.
PRIORITIES = ("contactpoint-ledger", "contactpoint-service", "contactpoint-front")


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_container_is_restricted(name: str) -> None:
    checked = 0
    for pod in pods(overlay(name)):
        security = pod.spec["securityContext"]
        assert security["runAsNonRoot"] is True
        assert (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) == (10001, 10001, 10001)
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not pod.spec.keys() & {"hostNetwork", "hostPID", "hostIPC", "hostAliases", "shareProcessNamespace"}
        assert pod.spec["enableServiceLinks"] is False
        assert not any("hostPath" in volume for volume in pod.spec["volumes"])
        for container in pod.containers:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            for figures in ("requests", "limits"):
                assert container["resources"][figures].keys() >= {"cpu", "memory"}, (pod.name, container["name"])
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_namespace_admits_restricted_pods_only(name: str) -> None:
    spaces = list(of_kind(overlay(name), "Namespace"))
    assert {one["metadata"]["name"] for one in spaces} >= {pod.namespace for pod in pods(overlay(name))}
    for one in spaces:
        for mode in ("enforce", "audit", "warn"):
            assert one["metadata"]["labels"][f"pod-security.kubernetes.io/{mode}"] == "restricted"


@pytest.mark.parametrize("name", OVERLAYS)
def test_images_are_named_by_digest(name: str) -> None:
    by_digest = re.compile(r"[a-z0-9.-]+/[a-z0-9./-]+@sha256:[0-9a-f]{64}")
    objects = overlay(name)
    images = {container["image"] for pod in pods(objects) for container in pod.containers}
    images |= {one["spec"]["imageName"] for one in of_kind(objects, "Cluster")}
    assert images
    assert not [image for image in images if not by_digest.fullmatch(image)]
    assert len({container["image"] for pod in our_pods(objects) for container in pod.containers}) == 1


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_pod_is_asked_for_its_own_health_on_the_port_that_answers_nothing_else(name: str) -> None:
    objects = overlay(name)
    for pod in our_pods(objects):
        if not pod.serves:
            assert not pod.main.keys() & {"startupProbe", "readinessProbe", "livenessProbe", "ports"}
            continue
        port = settings_of(objects, pod)["health_port"]
        assert pod.main["startupProbe"]["grpc"] == {"port": port}
        assert pod.main["readinessProbe"]["grpc"] == {"port": port}
        # Not readiness: a restart mends no database.
        assert pod.main["livenessProbe"]["tcpSocket"] == {"port": port}
        assert {one["containerPort"] for one in pod.main["ports"]} == {settings_of(objects, pod)["port"], port}
        services = [one for one in of_kind(objects, "Service") if one["spec"]["selector"].items() <= pod.labels.items()]
        assert services
        assert port not in {one["targetPort"] for service in services for one in service["spec"]["ports"]}


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_serves_is_spread_and_is_never_all_taken_away(name: str) -> None:
    objects = overlay(name)
    for pod in our_pods(objects):
        if not pod.serves:
            continue
        own = {NAME: pod.labels[NAME], COMPONENT: "serve"}
        spread = pod.spec["topologySpreadConstraints"]
        assert [one["topologyKey"] for one in spread] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
        assert all(one["labelSelector"] == {"matchLabels": own} for one in spread)
        budget = only(objects, "PodDisruptionBudget", pod.name, pod.namespace)["spec"]
        assert budget == {"maxUnavailable": 1, "selector": {"matchLabels": own}}
        rolling = only(objects, "Deployment", pod.name, pod.namespace)["spec"]["strategy"]["rollingUpdate"]
        assert rolling == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize("name", ["staging", "production"])
def test_nothing_that_serves_is_alone(name: str) -> None:
    objects = overlay(name)
    scaled = {one["spec"]["scaleTargetRef"]["name"]: one["spec"] for one in of_kind(objects, "HorizontalPodAutoscaler")}
    for one in of_kind(objects, "Deployment"):
        if one["metadata"]["labels"].get(COMPONENT) == "serve":
            process = one["metadata"]["name"]
            # Two hands on one number would pull it to and fro.
            assert ("replicas" in one["spec"]) != (process in scaled)
            least = scaled[process]["minReplicas"] if process in scaled else one["spec"]["replicas"]
            assert least >= 2, process


def test_the_ledger_has_one_leader_and_one_standby_everywhere() -> None:
    for name in OVERLAYS:
        assert only(overlay(name), "Deployment", "audit-ledger")["spec"]["replicas"] == 2


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_ledger_goes_first(name: str) -> None:
    objects = overlay(name)
    values = {one["metadata"]["name"]: one["value"] for one in of_kind(objects, "PriorityClass")}
    assert sorted(values, key=values.__getitem__, reverse=True) == list(PRIORITIES)
    first = {pod.process for pod in pods(objects) if pod.spec["priorityClassName"] == PRIORITIES[0]}
    assert first == {"audit.ledger"}
    clusters = {one["metadata"]["namespace"]: one["spec"]["priorityClassName"] for one in of_kind(objects, "Cluster")}
    assert [space for space, priority in clusters.items() if priority == PRIORITIES[0]] == ["contactpoint-keys"]


def test_the_settings_ask_for_no_port_of_chance() -> None:
    for pod in our_pods(overlay("production")):
        settings = settings_of(overlay("production"), pod)
        assert 0 not in (settings["port"], settings["health_port"])
        assert settings["port"] != settings["health_port"]


def test_every_file_belongs_to_some_overlay() -> None:
    # A file that no kustomization names would be read by people and by nobody else.
    named: set[Path] = set()
    for kustomization in KUBERNETES.rglob("kustomization.yaml"):
        said = yaml.safe_load(kustomization.read_text("utf-8"))
        entries = [*said.get("resources", []), *said.get("components", [])]
        entries += [one["path"] for key in ("patches", "replacements") for one in said.get(key, [])]
        entries += [file for one in said.get("configMapGenerator", []) for file in one["files"]]
        named |= {(kustomization.parent / one).resolve() for one in entries}
    files = {path for path in KUBERNETES.rglob("*") if path.is_file() and path.suffix in (".yaml", ".toml", ".txt")}
    assert {path for path in files if path.name != "kustomization.yaml"} <= named
