"""What OpenBao is told: who may read which secret and have which names signed, tried against a real one where it is."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.ceremony.__main__ import ROOT_SECRETS
from deploy.local.ports import HIGHEST, LOWEST, is_free
from deploy.smoke.documented import blocks
from deploy.smoke.rendered import Rendered
from deploy.store.commands import commands
from tests.deploy.rendering import OVERLAYS, PROJECT, Object, of_kind, our_pods, overlay

BAO = shutil.which("bao") or shutil.which("bao", path=str(PROJECT / ".venv-deploy" / "bin"))
SYSTEM = "spiffe://staging.contactpoint/system/9b1c7d1e-0f4e-4a53-8d4a-0f3f6f1c2b11"
OBJECTS = overlay("staging")
_ISSUED = [
    one
    for one in of_kind(OBJECTS, "Certificate")
    if one["spec"]["issuerRef"].get("kind") == "Issuer" and one["spec"]["issuerRef"]["name"] == "contactpoint"
]

needs_bao = pytest.mark.skipif(BAO is None, reason="`make check-deploy` installs OpenBao's bao")


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_secret_is_read_by_its_own_account_and_every_issuer_signs(name: str) -> None:
    objects = overlay(name)
    said = list(commands(Rendered(objects)))
    reading = [line for line in said if "bao write auth/kubernetes/role/" in line]
    assert len(reading) == len(list(of_kind(objects, "SecretProviderClass"))) + 6
    for kind in of_kind(objects, "SecretProviderClass"):
        (line,) = (one for one in reading if f"/role/{kind['spec']['parameters']['roleName']} " in one)
        mounting = {
            pod.spec["serviceAccountName"]
            for pod in our_pods(objects)
            if pod.namespace == kind["metadata"]["namespace"]
            and any(
                volume.get("csi", {}).get("volumeAttributes", {}).get("secretProviderClass") == kind["metadata"]["name"]
                for volume in pod.spec["volumes"]
            )
        }
        assert f"bound_service_account_names={','.join(sorted(mounting))} " in line
        assert f"bound_service_account_namespaces={kind['metadata']['namespace']} " in line


@dataclass(frozen=True)
class Store:
    """A real OpenBao, prepared by the script."""

    address: str

    def ask(self, path: str, body: dict[str, Any] | None = None, *, token: str = "root") -> dict[str, Any] | None:
        """Return what the store answers to a request, a write where there is a body; None where it refuses."""
        content = None if body is None else json.dumps(body)
        with closing(http.client.HTTPConnection(self.address, timeout=10)) as connection:
            method = "GET" if body is None else "POST"
            connection.request(method, f"/v1/{path}", content, {"X-Vault-Token": token})
            answer = connection.getresponse()
            found = answer.read()
        assert answer.status in {200, 204, 400, 403}, answer.status
        return json.loads(found or b"{}") if answer.status < 400 else None  # HTTP's refusals

    def signs(self, role: str, common_name: str, *, dns: list[str], uris: list[str], is_by_hand: bool = False) -> bool:
        """Return whether a role signs such a request, made as cert-manager does, or by hand as docs/deploy.md says."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [*map(x509.DNSName, dns), *map(x509.UniformResourceIdentifier, uris)]
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
        )
        body: dict[str, Any] = {
            "csr": request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        }
        if not is_by_hand:
            body |= {"common_name": common_name, "alt_names": ",".join(dns), "uri_sans": ",".join(uris)}
            body["exclude_cn_from_sans"] = True
        answer = self.ask(f"pki/sign/{role}", body)
        if answer is None:
            return False
        made = x509.load_pem_x509_certificate(answer["data"]["certificate"].encode())
        assert set(made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value) == set(names)
        return True


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Yield a development server of OpenBao for which the block of docs/deploy.md was run, twice."""
    folder = tmp_path_factory.mktemp("store")
    port = next(one for one in random.sample(range(LOWEST, HIGHEST), 50) if is_free(one) and is_free(one + 1))
    # A make inside this one takes neither its jobs nor its variables over.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTHON"))}
    environment = {
        **kept,
        "PATH": f"{Path(str(BAO)).parent}:{os.environ['PATH']}",
        "BAO_ADDR": f"http://127.0.0.1:{port}",
        "HOME": str(folder),
    }
    operators = {"BAO_TOKEN": "root", "O": "staging", "R": str(folder / "release.yaml"), "KEPT": str(folder)}
    preparing, putting = (one for one in blocks() if one.mark == "# a test runs this")
    secrets = folder / "secrets"
    secrets.mkdir()
    for name in ROOT_SECRETS:
        (secrets / name).write_bytes(_secret(name))
    command = [str(BAO), "server", "-dev", "-dev-root-token-id=root", f"-dev-listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _await(port)
            for block in (preparing, preparing, putting):
                done = subprocess.run(
                    ["/bin/bash", "-euo", "pipefail", "-c", block.text],
                    cwd=PROJECT,
                    env={**environment, **operators},
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, done.stderr
            assert not list(secrets.iterdir())
            yield Store(f"127.0.0.1:{port}")
        finally:
            server.kill()


@needs_bao
def test_each_trust_domain_has_its_own_names_signed_and_nobody_elses(store: Store) -> None:
    namespaces = sorted({one["metadata"]["namespace"] for one in _ISSUED})
    assert len(namespaces) == 6
    for wanted in _ISSUED:
        spec = wanted["spec"]
        for namespace in namespaces:
            is_own = namespace == wanted["metadata"]["namespace"]
            assert _signs(store, namespace, spec) is is_own, (namespace, spec["commonName"])
            if not is_own and spec.get("uris"):
                # Nor the address alone, under a name of its own.
                own = next(one["spec"] for one in _ISSUED if one["metadata"]["namespace"] == namespace)
                assert not store.signs(namespace, own["commonName"], dns=own["dnsNames"], uris=spec["uris"])


@needs_bao
def test_a_systems_certificate_names_a_system_and_nothing_else(store: Store) -> None:
    def signs(*uris: str, dns: tuple[str, ...] = ()) -> bool:
        return store.signs("contactpoint-systems", "department", dns=list(dns), uris=list(uris), is_by_hand=True)

    assert signs(SYSTEM)
    assert not signs("spiffe://staging.contactpoint/process/identity")
    assert not signs("spiffe://production.contactpoint/system/x")
    assert not signs(SYSTEM, "spiffe://staging.contactpoint/process/identity")
    assert not signs(SYSTEM, dns=("identity.contactpoint.internal",))


@needs_bao
def test_each_process_finds_the_ceremonys_secret_under_its_own_name(store: Store) -> None:
    for kind in of_kind(OBJECTS, "SecretProviderClass"):
        for one in yaml.safe_load(kind["spec"]["parameters"]["objects"]):
            answer = store.ask(one["secretPath"])
            assert answer is not None
            found = base64.b64decode(answer["data"]["data"][one["secretKey"]], validate=True)
            process = one["secretPath"].rpartition("/")[2].replace("-", ".")
            if one["secretKey"] == "cookie_key":
                assert len(found) == len(_secret("any"))
            else:
                assert found == _secret(f"{process}.{'half' if one['secretKey'] == 'half_key' else 'root'}")


@needs_bao
def test_each_account_reads_its_own_secret_alone(store: Store) -> None:
    kinds = list(of_kind(OBJECTS, "SecretProviderClass"))
    assert len(kinds) == 5
    for kind in kinds:
        role = store.ask(f"auth/kubernetes/role/{kind['spec']['parameters']['roleName']}")
        assert role is not None
        made = store.ask("auth/token/create", {"policies": role["data"]["token_policies"], "no_default_policy": True})
        assert made is not None
        for other in kinds:
            read = store.ask(f"contactpoint/data/{other['metadata']['name']}", token=made["auth"]["client_token"])
            assert (read is not None) is (other is kind), (kind["metadata"], other["metadata"])


def _secret(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _signs(store: Store, role: str, spec: Object) -> bool:
    return store.signs(role, spec["commonName"], dns=spec.get("dnsNames", []), uris=spec.get("uris", []))


def _await(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("OpenBao does not listen")
