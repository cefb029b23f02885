"""Each pod's settings are ones that its process takes, and name nothing that the pod does not have."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.image.inside import layout
from services.runtime import deadline, server
from services.runtime.config import from_mapping
from services.runtime.peers import process_uri, server_name
from tests.deploy.processes import CONFIGS, MODULES, settings_of
from tests.deploy.rendering import OVERLAYS, PROJECT, Object, Pod, environment_of, of_kind, only, our_pods, overlay

IMAGE = PurePosixPath("/opt/contactpoint")
LIMITS = PROJECT / "deploy" / "config" / "limits.toml"


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_process_takes_its_settings(name: str, tmp_path: Path) -> None:
    objects = overlay(name)
    seen = set()
    for pod in our_pods(objects):
        config = from_mapping(CONFIGS[pod.process], _moved(objects, pod, tmp_path), relative_to=tmp_path)
        assert config.process == pod.process
        assert config.environment == environment_of(name)["name"]
        addresses = {getattr(config, field, environment_of(name)["pages"]) for field in ("origin", "pages")}
        assert addresses == {environment_of(name)["pages"]}
        seen.add(pod.process)
    assert seen == CONFIGS.keys()


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_pod_starts_its_process_in_the_namespace_of_its_trust_domain(name: str) -> None:
    found = set()
    for pod in our_pods(overlay(name)):
        module, domain = MODULES[pod.process]
        command = "serve" if pod.serves else "migrate"
        settings = "/etc/contactpoint/settings/settings.toml"
        assert pod.main.get("command") is None, "the image's own entry point"
        assert pod.main["args"] == [module, command, "--config", settings]
        assert pod.namespace == f"contactpoint-{domain}"
        assert pod.spec["serviceAccountName"] == pod.process.replace(".", "-")
        found.add((pod.process, command))
    with_database = {process for process, config in CONFIGS.items() if "database_url" in config.__dataclass_fields__}
    assert found == {(one, "serve") for one in CONFIGS} | {(one, "migrate") for one in with_database}


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_path_in_the_settings_is_one_that_the_pod_has(name: str) -> None:
    objects = overlay(name)
    for pod in our_pods(objects):
        for setting, path in _paths(settings_of(objects, pod)):
            assert _has(objects, pod, PurePosixPath(path)), f"{pod.name}: {setting} = {path}"


@pytest.mark.parametrize("name", OVERLAYS)
def test_peers_are_the_headless_services_of_the_processes(name: str) -> None:
    objects = overlay(name)
    homes = {pod.process: pod.namespace for pod in our_pods(objects)}
    for pod in our_pods(objects):
        for peer, address in settings_of(objects, pod).get("peers", {}).items():
            service = only(objects, "Service", peer.replace(".", "-"), homes[peer])
            assert address == f"{service['metadata']['name']}.{homes[peer]}.svc.cluster.local:8443"
            assert service["spec"]["clusterIP"] == "None"
            assert service["spec"]["ports"] == [{"name": "calls", "port": 8443, "targetPort": 8443}]
    for process, namespace in homes.items():
        service = only(objects, "Service", process.replace(".", "-"), namespace)
        for pod in our_pods(objects):
            is_meant = service["spec"]["selector"].items() <= pod.labels.items()
            assert is_meant == (pod.process == process and pod.serves)


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_certificate_says_which_process_of_which_environment_it_is(name: str) -> None:
    objects = overlay(name)
    environment = environment_of(name)["name"]
    of_processes = {}
    for one in of_kind(objects, "Certificate"):
        if "uris" in one["spec"]:
            of_processes[one["metadata"]["name"]] = one
    assert of_processes.keys() == {process.replace(".", "-") for process in CONFIGS}
    for process, (_, domain) in MODULES.items():
        one = of_processes[process.replace(".", "-")]
        assert one["metadata"]["namespace"] == f"contactpoint-{domain}"
        assert one["spec"]["uris"] == [process_uri(environment, process)]
        outside = [environment_of(name)["edge-host"]] if process == "gateway.edge" else []
        assert one["spec"]["dnsNames"] == [server_name(process), *outside]
        assert set(one["spec"]["usages"]) == {"digital signature", "client auth", "server auth"}
        assert (one["spec"]["privateKey"]["algorithm"], one["spec"]["privateKey"]["size"]) == ("ECDSA", 256)


@pytest.mark.parametrize("name", OVERLAYS)
def test_browsers_and_systems_each_find_the_name_that_they_call(name: str) -> None:
    objects, said = overlay(name), environment_of(name)
    assert said["edge-host"] != said["pages-host"]
    # Browsers see a certificate of an authority that they trust, under the address that the pages compare.
    spec = only(objects, "Certificate", "gateway-web-browser")["spec"]
    assert spec["dnsNames"] == [urlsplit(said["pages"]).hostname]
    assert spec["issuerRef"]["kind"] == "ClusterIssuer"
    (web,) = (pod for pod in our_pods(objects) if pod.process == "gateway.web")
    assert web.volume("browser")["secret"]["secretName"] == spec["secretName"]
    assert settings_of(objects, web)["origin"] == f"https://{spec['dnsNames'][0]}"
    # Systems verify the environment's own authority, whose certificate they were given with theirs.
    spec = only(objects, "Certificate", "gateway-edge")["spec"]
    assert said["edge-host"] in spec["dnsNames"]
    assert spec["issuerRef"]["kind"] == "Issuer"


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_database_address_fits_the_certificate_and_the_cluster(name: str) -> None:
    objects = overlay(name)
    for pod in our_pods(objects):
        settings = settings_of(objects, pod)
        if "database_url" not in settings:
            continue
        mounted = pod.volume("database")["secret"]["secretName"]
        (certificate,) = (
            one
            for one in of_kind(objects, "Certificate")
            if one["spec"]["secretName"] == mounted and one["metadata"]["namespace"] == pod.namespace
        )
        address = urlsplit(settings["database_url" if pod.serves else "database_owner_url"])
        assert address.username == certificate["spec"]["commonName"]
        assert address.password is None
        assert parse_qs(address.query)["sslmode"] == ["verify-full"]
        assert address.hostname == f"postgres-rw.{pod.namespace}.svc.cluster.local"
        assert address.hostname in only(objects, "Certificate", "postgres-server", pod.namespace)["spec"]["dnsNames"]
        assert address.path.removeprefix("/") == f"contactpoint_{pod.process.replace('.', '_')}"


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_pod_is_given_longer_to_stop_than_its_calls_may_take(name: str) -> None:
    objects = overlay(name)
    longest = tomllib.loads(LIMITS.read_text("utf-8"))["deadlines"]["call_seconds"]
    assert longest <= deadline.LONGEST_SECONDS
    for pod in our_pods(objects):
        if not pod.serves:
            continue
        drain = settings_of(objects, pod)["drain_seconds"]
        before = pod.main.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        assert drain > deadline.LONGEST_SECONDS, pod.name
        stops_within = before + drain + server._LOOP_ENDS_WITHIN_SECONDS  # what `stop` waits for
        assert pod.spec["terminationGracePeriodSeconds"] > stops_within, pod.name


def test_settings_and_their_configmap_change_names_together() -> None:
    # A process reads its settings once: another environment's must be another ConfigMap, and so a new pod.
    names = [
        pod.volume("settings")["configMap"]["name"]
        for overlay_name in OVERLAYS
        for pod in our_pods(overlay(overlay_name))
        if pod.process == "directory" and pod.serves
    ]
    assert len(set(names)) == len(OVERLAYS)


def _moved(objects: tuple[Object, ...], pod: Pod, folder: Path) -> dict[str, Any]:
    """Return the pod's settings with every path moved below `folder`, where a file like the pod's lies."""
    settings = settings_of(objects, pod)
    fields = CONFIGS[pod.process].__dataclass_fields__
    for setting, path in _paths(settings):
        if settings[setting] != path:  # inside an address, which nobody opens here
            continue
        metadata: Mapping[str, Any] = fields[setting].metadata
        place = folder / pod.name / path.lstrip("/")
        settings[setting] = str(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        if setting == "static_dir":
            place.mkdir(exist_ok=True)
            (place / "manifest.json").write_text("{}")
        elif PurePosixPath(path).is_relative_to(IMAGE):
            place.write_bytes((PROJECT / path.partition("/code/")[2]).read_bytes())
        elif setting == "teams":
            texts = only(objects, "ConfigMap", pod.volume("texts")["configMap"]["name"])["data"]
            place.write_text(texts[PurePosixPath(path).name])
        elif metadata.get("is_secret") or metadata.get("is_file"):
            place.write_bytes(b"x" * 32)
            place.chmod(0o400)
    return settings


def _paths(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [(name, value) for name, value in settings.items() if isinstance(value, str) and value.startswith("/")]
    for name in ("database_url", "redis_url"):
        query = parse_qs(urlsplit(settings.get(name, "")).query)
        found += [(name, one) for values in query.values() for one in values if one.startswith("/")]
    return [(name, path) for name, path in found if not re.match("[a-z]+://", path)]


def _has(objects: tuple[Object, ...], pod: Pod, path: PurePosixPath) -> bool:
    """Say whether the container can find the path: in the image, or in a volume that holds such a file."""
    if path.is_relative_to(IMAGE):
        code = IMAGE / MODULES[pod.process][1] / "code"
        is_shared = any(path.is_relative_to(code / shared) for shared in layout.SHARED)
        return path == IMAGE / "static" or (is_shared and (PROJECT / path.relative_to(code)).is_file())
    for mount in pod.main["volumeMounts"]:
        if path.is_relative_to(mount["mountPath"]):
            file = str(path.relative_to(mount["mountPath"]))
            return file in _files_of(objects, pod, pod.volume(mount["name"]))
    return False


def _files_of(objects: tuple[Object, ...], pod: Pod, volume: Object) -> list[str]:
    match volume:
        case {"configMap": {"name": name}}:
            return list(only(objects, "ConfigMap", name, pod.namespace)["data"])
        case {"secret": _}:
            return ["tls.crt", "tls.key", "ca.crt"]
        case {"name": "root"}:
            (first,) = pod.spec["initContainers"]
            return list(first["args"])
        case _:
            return ["."]
