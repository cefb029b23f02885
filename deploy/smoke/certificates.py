"""Stands in for cert-manager: issues what the rendered Certificates ask for, as files."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.smoke.rendered import Manifest, Rendered, name_of, namespace_of

_LIFE = dt.timedelta(days=2)
_BACKDATED = dt.timedelta(minutes=5)
_USAGES = {"client auth": ExtendedKeyUsageOID.CLIENT_AUTH, "server auth": ExtendedKeyUsageOID.SERVER_AUTH}


@dataclass(frozen=True)
class Signer:
    """A certificate authority: its certificate and key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass
class Certificates:
    """Issues into `secrets`; `processes` is the authority behind the platform's store, whose client the issuers are."""

    secrets: Path
    processes: Signer
    group: int
    _signers: dict[str, Signer] = field(default_factory=dict)

    def issue_all(self, rendered: Rendered, *, also_named: dict[str, str]) -> None:
        """Issue every rendered certificate; one that `also_named` names by its common name gets a further DNS name."""
        for wanted in rendered.of_kind("Certificate"):
            if not wanted["spec"].get("isCA"):
                extra = also_named.get(wanted["spec"].get("commonName", ""))
                self._issue(wanted, self._signer(rendered, wanted), [extra] if extra else [])

    def authority_of(self, name: str) -> Path:
        """Return the file of the certificate of an authority that a cluster-wide issuer names."""
        path = self.secrets / f"{name}.crt"
        path.write_bytes(_pem(self._signers[name].certificate))
        return path

    def _signer(self, rendered: Rendered, wanted: Manifest) -> Signer:
        issuer = wanted["spec"]["issuerRef"]
        if issuer.get("kind") == "ClusterIssuer":
            return self._own(issuer["name"])
        namespace = namespace_of(wanted)
        said = rendered.named("Issuer", namespace, issuer["name"])["spec"]
        return self.processes if "vault" in said else self._own(f"{namespace}/{said['ca']['secretName']}")

    def _own(self, name: str) -> Signer:
        if name not in self._signers:
            key = ec.generate_private_key(ec.SECP256R1())
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
            builder = _builder(subject, subject, key).add_extension(
                x509.BasicConstraints(ca=True, path_length=0), critical=True
            )
            self._signers[name] = Signer(builder.sign(key, hashes.SHA256()), key)
        return self._signers[name]

    def _issue(self, wanted: Manifest, signer: Signer, extra: list[str]) -> None:
        spec = wanted["spec"]
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, spec.get("commonName") or name_of(wanted))])
        names: list[x509.GeneralName] = [
            *(x509.UniformResourceIdentifier(uri) for uri in spec.get("uris", [])),
            *(x509.DNSName(name) for name in [*spec.get("dnsNames", []), *extra]),
        ]
        usages = [_USAGES[usage] for usage in spec["usages"] if usage in _USAGES]
        builder = (
            _builder(subject, signer.certificate.subject, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        files = {
            "tls.crt": _pem(builder.sign(signer.key, hashes.SHA256())),
            "tls.key": key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            "ca.crt": _pem(signer.certificate),
        }
        keep_secret(self.secrets / namespace_of(wanted) / spec["secretName"], files.items(), group=self.group)


def keep_secret(folder: Path, files: Iterable[tuple[str, bytes]], *, group: int) -> None:
    """Write a Secret's files as Kubernetes mounts them with mode 0440: root's, and the pod's group may read."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files:
        path = folder / name
        path.unlink(missing_ok=True)
        with open(path, "xb", opener=lambda path, flags: os.open(path, flags, 0o440)) as file:
            os.fchown(file.fileno(), 0, group)
            os.fchmod(file.fileno(), 0o440)
            file.write(content)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _LIFE)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
