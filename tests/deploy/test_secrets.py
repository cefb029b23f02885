"""Who can read which secret: the whole table, from volumes, service accounts and rights."""

import stat
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from tests.deploy.processes import CONFIGS
from tests.deploy.rendering import OVERLAYS, Object, of_kind, our_pods, overlay, pods

Table = dict[str, set[str]]

#: Secret or root secret, by namespace -> the pods (by workload) that can read it. Nobody else may come in unnoticed.
READERS: Table = {
    # Certificates: a process, and its migration, which reads the same settings.
    "keys/audit-ledger-certificate": {"audit-ledger", "audit-ledger-migrate"},
    "keys/shielding-certificate": {"shielding", "shielding-migrate"},
    "people/identity-certificate": {"identity", "identity-migrate"},
    "records/directory-certificate": {"directory", "directory-migrate"},
    "front/gateway-edge-certificate": {"gateway-edge"},
    "front/gateway-web-certificate": {"gateway-web"},
    "front/gateway-web-browser": {"gateway-web"},
    "review/audit-review-certificate": {"audit-review", "audit-review-migrate"},
    "observability/collector-certificate": {"collector"},
    # Databases: who serves signs in as the role that serves, the migration as the owner; never both.
    "keys/audit-ledger-database": {"audit-ledger"},
    "keys/audit-ledger-database-owner": {"audit-ledger-migrate"},
    "keys/shielding-database": {"shielding"},
    "keys/shielding-database-owner": {"shielding-migrate"},
    "people/identity-database": {"identity"},
    "people/identity-database-owner": {"identity-migrate"},
    "records/directory-database": {"directory"},
    "records/directory-database-owner": {"directory-migrate"},
    "review/audit-review-database": {"audit-review"},
    "review/audit-review-database-owner": {"audit-review-migrate"},
    **{
        f"{domain}/{name}": {f"postgres of {domain}"}
        for domain in ("keys", "people", "records", "review")
        for name in ("postgres-server", "postgres-replication")
    },
    # Redis: its own, and the edge's.
    "front/redis-server": {"redis"},
    "front/gateway-edge-redis": {"gateway-edge"},
    # Private authorities: cert-manager alone.
    **{f"{domain}/postgres-ca": set() for domain in ("keys", "people", "records", "review")},
    "front/redis-ca": set(),
    # Root secrets, from the store.
    "store/audit-ledger/root_secret": {"audit-ledger", "audit-ledger-migrate"},
    "store/shielding/root_secret": {"shielding", "shielding-migrate"},
    "store/identity/root_secret": {"identity", "identity-migrate"},
    "store/directory/root_secret": {"directory", "directory-migrate"},
    "store/directory/half_key": {"directory", "directory-migrate"},
    "store/gateway-web/cookie_key": {"gateway-web"},
}


def readers(objects: tuple[Object, ...]) -> Table:
    """Return who reads what, as rendered."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in of_kind(objects, "Certificate"):
        found[f"{_domain(one)}/{one['spec']['secretName']}"] = set()
    classes = {
        (one["metadata"]["namespace"], one["metadata"]["name"]): one for one in of_kind(objects, "SecretProviderClass")
    }
    for pod in pods(objects):
        domain = pod.namespace.removeprefix("contactpoint-")
        for volume in pod.spec["volumes"]:
            assert volume.keys() & {"configMap", "emptyDir", "secret", "csi", "persistentVolumeClaim"}, volume
            if "secret" in volume:
                found[f"{domain}/{volume['secret']['secretName']}"].add(pod.name)
            if "csi" in volume:
                named = volume["csi"]["volumeAttributes"]["secretProviderClass"]
                parameters = classes[pod.namespace, named]["spec"]["parameters"]
                assert parameters["roleName"] == pod.spec["serviceAccountName"], (
                    "the store knows who asks by the account"
                )
                for secret in yaml.safe_load(parameters["objects"]):
                    path = secret["secretPath"].removeprefix("contactpoint/data/")
                    found[f"store/{path}/{secret['secretKey']}"].add(pod.name)
    for one in of_kind(objects, "Cluster"):
        for key, name in one["spec"]["certificates"].items():
            assert key in {"serverTLSSecret", "serverCASecret", "clientCASecret", "replicationTLSSecret"}
            found[f"{_domain(one)}/{name}"].add(f"postgres of {_domain(one)}")
    return dict(found)


@pytest.mark.parametrize("name", OVERLAYS)
def test_nobody_but_those_listed_can_read_a_secret(name: str) -> None:
    assert readers(overlay(name)) == READERS


@pytest.mark.parametrize("name", OVERLAYS)
def test_no_pod_carries_a_token_of_the_cluster_or_a_secret_in_its_environment(name: str) -> None:
    objects = overlay(name)
    accounts = list(of_kind(objects, "ServiceAccount"))
    assert all(one["automountServiceAccountToken"] is False for one in accounts)
    for pod in pods(objects):
        assert pod.spec["automountServiceAccountToken"] is False
        assert not any("projected" in volume for volume in pod.spec["volumes"])
        for container in pod.containers:
            assert "envFrom" not in container
            assert not any("valueFrom" in one for one in container.get("env", []))
            assert not pod.is_ours or "env" not in container


@pytest.mark.parametrize("name", OVERLAYS)
def test_only_the_certificate_issuer_is_given_a_right_in_the_cluster(name: str) -> None:
    objects = overlay(name)
    assert not list(of_kind(objects, "ClusterRole"))
    assert not list(of_kind(objects, "ClusterRoleBinding"))
    for role in of_kind(objects, "Role"):
        assert role["rules"] == [
            {
                "apiGroups": [""],
                "resources": ["serviceaccounts/token"],
                "resourceNames": ["certificate-issuer"],
                "verbs": ["create"],
            }
        ]
    for binding in of_kind(objects, "RoleBinding"):
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "cert-manager", "namespace": "cert-manager"}]
        assert binding["roleRef"]["name"] == "certificate-issuer"
    running = {pod.spec["serviceAccountName"] for pod in pods(objects)}
    assert "certificate-issuer" not in running


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_root_secret_is_seen_by_the_process_in_memory_only(name: str) -> None:
    for pod in our_pods(overlay(name)):
        secrets = [
            field for field, one in CONFIGS[pod.process].__dataclass_fields__.items() if one.metadata.get("is_secret")
        ]
        roots = [one for one in secrets if one not in ("private_key", "browser_private_key")]
        assert bool(roots) == any(volume["name"] == "root" for volume in pod.spec["volumes"]), pod.name
        if not roots:
            continue
        (first,) = pod.spec["initContainers"]
        assert sorted(first["args"]) == sorted(roots)
        assert pod.volume("root")["emptyDir"]["medium"] == "Memory"
        assert "root-source" not in {mount["name"] for mount in pod.main["volumeMounts"]}


def test_the_first_container_copies_secrets_for_their_owner_alone_and_may_do_so_twice(tmp_path: Path) -> None:
    scripts = {
        tuple(container["command"])
        for pod in our_pods(overlay("production"))
        for container in pod.spec.get("initContainers", [])
    }
    ((python, flags, script),) = scripts
    assert (python, flags) == ("python3", "-ISBc")
    given, kept = tmp_path / "given", tmp_path / "root"
    given.mkdir()
    kept.mkdir()
    for folder in (given, kept):
        script = script.replace(f"/run/contactpoint/{folder.name}/", f"{folder}/")
    assert "/run/" not in script.replace(str(tmp_path), "")
    for secret in (b"a" * 32, b"b" * 32):
        for name in ("root_secret", "half_key", "not_asked_for"):
            (given / name).write_bytes(secret + name.encode())
        subprocess.run([sys.executable, flags, script, "root_secret", "half_key"], check=True, timeout=30)
        found = {path.name: path.read_bytes() for path in kept.iterdir()}
        assert found == {name: secret + name.encode() for name in ("root_secret", "half_key")}
        assert {stat.S_IMODE(path.stat().st_mode) for path in kept.iterdir()} == {0o400}


def _domain(one: Object) -> str:
    domain: str = one["metadata"]["namespace"].removeprefix("contactpoint-")
    return domain
