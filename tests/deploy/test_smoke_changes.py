"""What is changed of a rendered manifest before podman takes it: the eight listed steps, and nothing else."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from deploy.smoke.for_podman import Ground, folders_of, for_podman, played_before
from deploy.smoke.rendered import Manifest, Rendered, name_of, pod_of
from deploy.smoke.stores import statements
from tests.deploy.rendering import overlay

GROUND = Ground(
    images={
        "contactpoint": "localhost/contactpoint:latest",
        "valkey": "localhost/stores:latest",
        "opentelemetry-collector-contrib": "localhost/collector:latest",
    },
    secrets=Path("/played/secrets"),
    volumes=Path("/played/volumes"),
    names={"identity.contactpoint-people.svc.cluster.local": ("10.89.77.21", "10.89.77.22")},
    doors={"gateway-edge": 21_000},
)
RENDERED = Rendered(tuple(overlay("dev")))
WORKLOADS = [one for kind in ("Deployment", "Job") for one in RENDERED.of_kind(kind)]
#: What the eight steps name, in a container and in a pod; all else must be played as it was rendered.
CHANGED = (
    {"image", "ports", "startupProbe", "readinessProbe", "livenessProbe"},
    {"volumes", "hostAliases", "initContainers"},
)


def spec_of(played: Manifest) -> Manifest:
    spec: Manifest = played["spec"] if played["kind"] == "Pod" else pod_of(played)
    return spec


@pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)
def test_only_what_is_listed_is_changed(workload: Manifest) -> None:
    before = copy.deepcopy(workload)
    played = spec_of(for_podman(workload, 0, GROUND))
    assert workload == before
    of_container, of_pod = CHANGED
    for container, rendered in zip(played["containers"], pod_of(workload)["containers"], strict=True):
        assert {**rendered, **dict.fromkeys(of_container)} == {**container, **dict.fromkeys(of_container)}
    rendered_pod = {key: value for key, value in pod_of(workload).items() if key not in {*of_pod, "containers"}}
    assert {key: value for key, value in played.items() if key not in {*of_pod, "containers"}} == rendered_pod


@pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)
def test_what_restricts_a_process_is_played(workload: Manifest) -> None:
    played = spec_of(for_podman(workload, 0, GROUND))
    assert played["securityContext"]["runAsNonRoot"] is True
    for container in played["containers"]:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["image"].startswith("localhost/")


@pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)
def test_podman_is_given_only_volumes_that_it_has(workload: Manifest) -> None:
    for played in (for_podman(workload, 0, GROUND), played_before(workload, 0, GROUND)):
        for volume in spec_of(played).get("volumes", []) if played else []:
            assert volume.keys() - {"name"} in ({"hostPath"}, {"configMap"})
    kinds = {"emptyDir", "persistentVolumeClaim"}
    writable = [volume for volume in pod_of(workload)["volumes"] if volume.keys() & kinds]
    assert len(set(folders_of(workload, 0, GROUND))) == len(writable)


def test_a_job_is_played_as_its_pod() -> None:
    jobs = list(RENDERED.of_kind("Job"))
    assert len(jobs) == 5
    for job in jobs:
        played = for_podman(job, 0, GROUND)
        assert (played["kind"], played["spec"]["restartPolicy"]) == ("Pod", "Never")
        assert name_of(played) == name_of(job)


def test_each_replica_is_a_pod_of_its_own_with_its_own_folders() -> None:
    ledger = RENDERED.named("Deployment", "contactpoint-keys", "audit-ledger")
    names = [name_of(for_podman(ledger, replica, GROUND)) for replica in (0, 1)]
    assert names == ["audit-ledger-0", "audit-ledger-1"]
    assert not set(folders_of(ledger, 0, GROUND)) & set(folders_of(ledger, 1, GROUND))


def test_no_port_is_open_but_the_doors_and_those_on_loopback() -> None:
    for workload in WORKLOADS:
        containers = spec_of(for_podman(workload, 0, GROUND))["containers"]
        ports = [port for one in containers for port in one.get("ports", [])]
        assert all(port["hostIP"] == "127.0.0.1" for port in ports)
        assert [port["hostPort"] for port in ports] == ([21_000] if name_of(workload) == "gateway-edge" else [])


def test_every_address_of_a_name_is_told() -> None:
    aliases = spec_of(for_podman(WORKLOADS[0], 0, GROUND))["hostAliases"]
    assert [alias["ip"] for alias in aliases] == ["10.89.77.21", "10.89.77.22"]


def test_the_stores_have_the_roles_and_databases_of_the_manifests() -> None:
    keys = next(one for one in RENDERED.of_kind("Cluster") if one["metadata"]["namespace"] == "contactpoint-keys")
    assert statements(keys, RENDERED) == [
        'CREATE ROLE "audit_ledger_owner" LOGIN INHERIT;',
        'CREATE ROLE "audit_ledger_serve" LOGIN NOINHERIT;',
        'CREATE ROLE "shielding_owner" LOGIN INHERIT;',
        'CREATE ROLE "shielding_serve" LOGIN NOINHERIT;',
        'CREATE DATABASE "contactpoint_audit_ledger" OWNER "audit_ledger_owner";',
        'CREATE DATABASE "contactpoint_shielding" OWNER "shielding_owner";',
    ]


def test_root_secrets_are_taken_over_before_as_the_manifest_says() -> None:
    identity = RENDERED.named("Deployment", "contactpoint-people", "identity")
    first = played_before(identity, 0, GROUND)
    assert first is not None
    (container,) = first["spec"]["containers"]
    (rendered,) = pod_of(identity)["initContainers"]
    assert {**container, "image": ""} == {**rendered, "image": ""}
    assert first["spec"]["securityContext"] == pod_of(identity)["securityContext"]
