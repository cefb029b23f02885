"""Derives from the rendered manifests who may read which secret, and who may have which names signed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import yaml

from deploy.smoke.rendered import Manifest, Rendered, name_of, namespace_of, pod_of

_SIGNS = "pki/sign/"
_HEAD = """\
set -eu
have() { bao "$1" list -format=json | grep -q "\\"$2/\\""; }
have secrets contactpoint || bao secrets enable -path=contactpoint -version=2 kv
have secrets pki || bao secrets enable -max-lease-ttl=87600h pki
have auth kubernetes || bao auth enable kubernetes"""
_ROLE = (
    "allow_any_name=false allow_bare_domains=true allow_subdomains=false allow_glob_domains=false allow_localhost=false"
    " allow_ip_sans=false enforce_hostnames=false key_type=ec key_bits=256 key_usage=DigitalSignature"
)


def commands(rendered: Rendered) -> Iterator[str]:
    """Yield the lines of a shell script. It can be run again: each line writes what it says, whatever was there."""
    environment = _environment(rendered)
    yield _HEAD
    common_name = shlex.quote(f"contactpoint {environment}")
    generate = f"pki/root/generate/internal common_name={common_name} key_type=ec key_bits=256 ttl=87600h"
    yield f"bao list pki/issuers > /dev/null 2>&1 || bao write -field=expiration {generate}"
    for issuer in rendered.of_kind("Issuer"):
        if "vault" in issuer["spec"]:
            yield from _issuer(issuer, rendered)
    yield "# Systems of organisations: an operator signs these by hand."
    systems = f"allowed_uri_sans={shlex.quote(f'spiffe://{environment}/system/*')} use_csr_common_name=false"
    yield (
        f"bao write pki/roles/contactpoint-systems {systems} require_cn=false {_ROLE}"
        " client_flag=true server_flag=false max_ttl=2160h"
    )
    for kind in rendered.of_kind("SecretProviderClass"):
        yield from _secrets(kind, rendered)


def _issuer(issuer: Manifest, rendered: Rendered) -> Iterator[str]:
    """Yield who may have what signed: the names of this namespace's certificates, by its own account."""
    namespace, said = namespace_of(issuer), issuer["spec"]["vault"]
    path, sign_in = str(said["path"]), said["auth"]["kubernetes"]
    role = path.removeprefix(_SIGNS)
    specs = [
        one["spec"]
        for one in rendered.of_kind("Certificate")
        if namespace_of(one) == namespace and one["spec"]["issuerRef"]["name"] == name_of(issuer)
    ]
    domains = sorted({name for spec in specs for name in (*spec.get("dnsNames", []), spec["commonName"])})
    addresses = sorted({uri for spec in specs for uri in spec.get("uris", [])})
    calls = any("client auth" in spec["usages"] for spec in specs)
    yield f"# {namespace}"
    yield (
        f"bao write pki/roles/{role} allowed_domains={','.join(domains)} allowed_uri_sans={','.join(addresses)} {_ROLE}"
        f" client_flag={str(calls).lower()} server_flag=true max_ttl={max(spec['duration'] for spec in specs)}"
    )
    yield _policy(f"{role}-issuer", path, "update")
    account = sign_in["serviceAccountRef"]["name"]
    # cert-manager asks for its tokens under this audience.
    audience = f"audience=vault://{namespace}/{name_of(issuer)}"
    yield _sign_in(sign_in["role"], account, namespace, f"{role}-issuer", audience)


def _secrets(kind: Manifest, rendered: Rendered) -> Iterator[str]:
    """Yield who may read the secrets of one class: the account of the pods that mount it."""
    namespace, said = namespace_of(kind), kind["spec"]["parameters"]
    accounts = {
        str(pod_of(one)["serviceAccountName"])
        for workload in ("Deployment", "Job")
        for one in rendered.of_kind(workload)
        if namespace_of(one) == namespace and name_of(kind) in _classes_of(one)
    }
    paths = sorted({str(one["secretPath"]) for one in yaml.safe_load(said["objects"])})
    policy = f"contactpoint-{said['roleName']}"
    yield f"# {namespace}: {name_of(kind)}"
    for path in paths:
        yield _policy(policy, path, "read")
    yield _sign_in(said["roleName"], ",".join(sorted(accounts)), namespace, policy, "")


def _classes_of(workload: Manifest) -> set[str]:
    return {
        volume["csi"]["volumeAttributes"]["secretProviderClass"]
        for volume in pod_of(workload).get("volumes", [])
        if "csi" in volume
    }


def _policy(name: str, path: str, capability: str) -> str:
    rule = f'path "{path}" {{ capabilities = ["{capability}"] }}'
    return f"printf '%s\\n' {shlex.quote(rule)} | bao policy write {name} -"


def _sign_in(role: str, account: str, namespace: str, policy: str, more: str) -> str:
    bound = f"bound_service_account_names={account} bound_service_account_namespaces={namespace}"
    return f"bao write auth/kubernetes/role/{role} {bound} token_policies={policy} token_ttl=20m {more}".rstrip()


def _environment(rendered: Rendered) -> str:
    """Return what certificates call the environment, such as "staging.contactpoint"."""
    found = {uri.split("/")[2] for one in rendered.of_kind("Certificate") for uri in one["spec"].get("uris", [])}
    (only,) = found
    return str(only)
