"""The components that no overlay of ours chooses fit the others as well."""

from collections.abc import Mapping
from os.path import relpath
from pathlib import Path

import yaml

from services.runtime.collector import COLLECTOR
from services.runtime.peers import server_name
from tests.deploy.network import allowed
from tests.deploy.rendering import KUBERNETES, of_kind, only, our_pods, overlay, rendered

_DOMAINS = ("keys", "people", "records", "review")


def test_databases_that_somebody_else_runs_are_reached_under_the_same_names(tmp_path: Path) -> None:
    said = {f"postgres-{domain}": f"{domain}.databases.example" for domain in _DOMAINS}
    said |= {f"postgres-{domain}-address": f"10.9.0.{n}/32" for n, domain in enumerate(_DOMAINS)}
    objects = rendered(_overlay_with(tmp_path, "postgres-external", instead_of="postgres-cloudnativepg", said=said))
    assert not list(of_kind(objects, "Cluster"))
    reached = {edge for edge in allowed(objects, "Egress") if edge[2] == "TCP/5432"}
    expected = set()
    for pod in our_pods(objects):
        domain = pod.namespace.removeprefix("contactpoint-")
        if any(volume["name"] == "database" for volume in pod.spec["volumes"]):
            service = only(objects, "Service", "postgres-rw", pod.namespace)["spec"]
            assert service == {"type": "ExternalName", "externalName": said[f"postgres-{domain}"]}
            name = pod.process.replace(".", "-") + ("" if pod.serves else " migration")
            expected.add((name, said[f"postgres-{domain}-address"], "TCP/5432"))
    assert reached == expected
    assert len(expected) == 10


def test_the_collector_is_known_by_its_certificate_and_is_none_of_our_processes() -> None:
    spec = only(overlay("production"), "Certificate", "collector")["spec"]
    assert spec["dnsNames"] == [server_name(COLLECTOR)]
    assert "uris" not in spec
    assert "client auth" not in spec["usages"]


def test_a_roll_waits_until_callers_have_asked_for_addresses_again() -> None:
    for pod in our_pods(overlay("production")):
        if pod.serves:
            spec = only(overlay("production"), "Deployment", pod.name, pod.namespace)["spec"]
            # CoreDNS as it comes, and a node's cache of names, keep an answer for up to 30 seconds.
            assert spec["minReadySeconds"] > 30


def _overlay_with(folder: Path, component: str, *, instead_of: str, said: Mapping[str, str]) -> Path:
    """Return a copy of `dev` with one component in another's place."""
    dev = KUBERNETES / "overlays" / "dev"
    made = yaml.safe_load((dev / "kustomization.yaml").read_text("utf-8"))
    for field in ("resources", "components"):
        made[field] = [
            one if one == "environment.yaml" else relpath((dev / one).resolve(), folder.resolve())
            for one in (entry.replace(instead_of, component) for entry in made[field])
        ]
    del made["patches"]
    environment = yaml.safe_load((dev / "environment.yaml").read_text("utf-8"))
    environment["data"] |= said
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(made))
    (folder / "environment.yaml").write_text(yaml.safe_dump(environment))
    return folder
