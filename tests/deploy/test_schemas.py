"""Every object is one that Kubernetes, or the operator whose kind it is, takes."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it has none
import pytest

from tests.deploy.rendering import KUBERNETES, OVERLAYS, Object, of_kind, overlay, rendered

VERSIONS = ("1.33", "1.34", "1.35", "1.36", "1.37")

#: What the operators' own schemas require of the kinds that we use, and the fields that we rely on.
CUSTOM: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("cert-manager.io/v1", "Certificate"): (
        "spec.secretName", "spec.issuerRef.name", "spec.issuerRef.kind", "spec.issuerRef.group", "spec.usages",
        "spec.duration", "spec.renewBefore", "spec.privateKey.algorithm", "spec.privateKey.size",
    ),
    ("cert-manager.io/v1", "Issuer"): ("spec",),
    ("postgresql.cnpg.io/v1", "Cluster"): (
        "spec.instances", "spec.imageName", "spec.bootstrap.initdb.database", "spec.bootstrap.initdb.owner",
        "spec.storage.size", "spec.walStorage.size", "spec.certificates.serverTLSSecret",
        "spec.certificates.serverCASecret", "spec.certificates.clientCASecret",
        "spec.certificates.replicationTLSSecret",
        "spec.postgresql.pg_hba", "spec.postgresql.synchronous.method", "spec.postgresql.synchronous.number",
        "spec.managed.roles",
    ),
    ("postgresql.cnpg.io/v1", "Database"): ("spec.cluster.name", "spec.name", "spec.owner"),
    ("postgresql.cnpg.io/v1", "ScheduledBackup"): (
        "spec.schedule", "spec.cluster.name", "spec.method", "spec.pluginConfiguration.name",
    ),
    ("barmancloud.cnpg.io/v1", "ObjectStore"): (
        "spec.configuration.destinationPath", "spec.configuration.endpointURL", "spec.configuration.s3Credentials",
    ),
    ("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass"): (
        "spec.provider", "spec.parameters.roleName", "spec.parameters.objects",
    ),
}  # fmt: skip


#: Fields that name another object: one of the kind that they say beside the name, or always one of the same kind.
_NAMES_ITS_KIND = ("issuerRef", "scaleTargetRef")
_NAMES_A: Mapping[str, str] = {
    "barmanObjectName": "ObjectStore",
    "claimName": "PersistentVolumeClaim",
    "clientCASecret": "Secret",
    "configMap": "ConfigMap",
    "priorityClassName": "PriorityClass",
    "replicationTLSSecret": "Secret",
    "secretName": "Secret",
    "secretProviderClass": "SecretProviderClass",
    "serverCASecret": "Secret",
    "serverTLSSecret": "Secret",
    "serviceAccountName": "ServiceAccount",
    "serviceAccountRef": "ServiceAccount",
}


@pytest.fixture(scope="module", autouse=True)
def _schemas_are_read_once() -> Iterator[None]:
    # The library reads a version's 2 MB of definitions anew for every object.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kubernetes_validate.utils, "schema_contents", cache(kubernetes_validate.utils.schema_contents))
        yield


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_object_of_its_own_kinds(version: str) -> None:
    distinct = {
        json.dumps(one, sort_keys=True): one
        for name in OVERLAYS
        for one in overlay(name)
        if (one["apiVersion"], one["kind"]) not in CUSTOM
    }
    assert len(distinct) > 100
    for one in distinct.values():
        assert kubernetes_validate.validate(one, version, strict=True) == version


def test_the_schema_check_refuses_a_field_that_does_not_exist() -> None:
    one = dict(next(of_kind(overlay("dev"), "PodDisruptionBudget")))
    one["spec"] = {**one["spec"], "maxUnavailible": 1}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(one, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("name", OVERLAYS)
def test_custom_resources_have_what_their_operators_require(name: str) -> None:
    found = set()
    for one in overlay(name):
        kind = (one["apiVersion"], one["kind"])
        if kind in CUSTOM:
            found.add(kind)
            missing = [path for path in CUSTOM[kind] if _at(one, path) in (None, "", [], {})]
            if one["kind"] == "Issuer" and set(one["spec"]) not in ({"vault"}, {"ca"}, {"selfSigned"}):
                missing = ["spec"]
            assert not missing, f"{one['kind']} {one['metadata']['name']}: {missing}"
    assert found == CUSTOM.keys()


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_refers_to_another_object_refers_to_one_that_is_there(name: str) -> None:
    objects = overlay(name)
    there = {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in objects}
    made = {(one["metadata"]["namespace"], one["spec"]["secretName"]) for one in of_kind(objects, "Certificate")}
    missing: list[str] = []
    seen: set[str] = set()
    for one in objects:
        namespace = one["metadata"].get("namespace", "")
        for kind, named in _references(one):
            is_there = (namespace, named) in made if kind == "Secret" else (kind, namespace, named) in there
            if kind == "PriorityClass":
                is_there = (kind, "", named) in there
            if kind == "ClusterIssuer":
                is_there = named == "browsers"
            if not is_there:
                missing.append(f"{one['kind']} {namespace}/{one['metadata']['name']}: no {kind} {named}")
            seen.add(kind)
    assert not missing
    assert seen >= set(_NAMES_A.values())


def test_a_base_renders_by_itself_and_nothing_is_left_unset_in_an_overlay() -> None:
    assert len(rendered(KUBERNETES / "base")) > 60
    for name in OVERLAYS:
        assert not re.search(r"\bunset\b", str(overlay(name)))


def test_no_secret_object_is_kept_in_the_manifests() -> None:
    for name in OVERLAYS:
        assert not list(of_kind(overlay(name), "Secret"))


def _at(one: Object, path: str) -> Any:
    found: Any = one
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _references(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield (kind, name) of every object that `value` names."""
    if isinstance(value, list):
        for one in value:
            yield from _references(one, key)
        return
    name = value.get("name") if isinstance(value, dict) else value
    if isinstance(name, str) and key in _NAMES_ITS_KIND:
        yield value["kind"], name
    if isinstance(name, str) and key in _NAMES_A:
        yield _NAMES_A[key], name
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from _references(inner, inner_key)
