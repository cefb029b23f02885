"""A certificate authority for tests: process and system certificates as files, exactly as a deployment makes them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.runtime.certificates import CertificateFiles
from services.runtime.peers import peer_of_certificate, process_uri, server_name, system_uri

_A_MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Issued:
    """One certificate with its key, as files."""

    files: CertificateFiles
    environment: str

    @property
    def thumbprint(self) -> str:
        """Return the certificate's thumbprint, as tokens are bound to it."""
        return peer_of_certificate(self.files.certificate.read_bytes(), environment=self.environment).thumbprint


class Authority:
    """One environment's authority; its files lie in `folder`."""

    def __init__(self, folder: Path, *, environment: str = "synthetic") -> None:
        self.environment = environment
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{environment} test authority")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            _builder(self._name, self._name, self._key.public_key(), now - _A_MINUTE, now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(is_ca=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self._certificate = certificate
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(certificate.public_bytes(Encoding.PEM))

    def process(self, process: str, *, lives: dt.timedelta = dt.timedelta(hours=1), name: str = "") -> Issued:
        """Return a certificate for one of our processes; the same `name` replaces the files of an earlier one."""
        uris = [process_uri(self.environment, process)]
        return self.issue(name or process, uris=uris, dns=[server_name(process)], lives=lives)

    def system(self, system: str, *, lives: dt.timedelta = dt.timedelta(hours=1)) -> Issued:
        """Return a certificate for an outside organisation's registered system (a UUID)."""
        return self.issue(f"system-{system}", uris=[system_uri(self.environment, system)], dns=[], lives=lives)

    def issue(
        self, name: str, *, uris: list[str], dns: list[str], lives: dt.timedelta = dt.timedelta(hours=1)
    ) -> Issued:
        """Return a certificate with any names: what an attacker, or a mistake, might hold."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri) for uri in uris]
        names += [x509.DNSName(one) for one in dns]
        builder = _builder(x509.Name([]), self._name, key.public_key(), now - _A_MINUTE, now + lives)
        if names:
            # Critical, since the subject is empty (RFC 5280, 4.2.1.6).
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(is_ca=False), critical=True)
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        certificate = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False).sign(
            self._key, hashes.SHA256()
        )
        files = CertificateFiles(self.folder / f"{name}.pem", self.folder / f"{name}.key", self.ca)
        files.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
        files.private_key.touch(mode=0o600)
        files.private_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return Issued(files, self.environment)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: dt.datetime, until: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )
