"""The local certificate authority: one per deployment, its environment's name in every certificate."""

import datetime as dt
import ipaddress
import uuid
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.local import private_files
from deploy.local.fault import Fault
from deploy.local.layout import Layout
from deploy.local.processes import Process

_AUTHORITY_LIFE = dt.timedelta(days=3_650)
_LEAF_LIFE = dt.timedelta(days=90)
#: Clocks of machines and containers differ a little.
_BACKDATED = dt.timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A certificate and its private key, as files."""

    certificate: Path
    private_key: Path


@dataclass(frozen=True, kw_only=True)
class Authority:
    """Issues certificates of one environment, by a P-256 key (the curve that gRPC's TLS takes everywhere)."""

    layout: Layout
    environment: str

    @property
    def certificate(self) -> Path:
        """The authority's own certificate."""
        return self.layout.authority / "ca.crt"

    def prepare(self) -> None:
        """Make the authority's key and certificate where they are missing.

        Raises Fault if the certificate is there without its key, or is another environment's.
        """
        key_file = self.layout.authority / "ca.key"
        if self.certificate.exists():
            if not key_file.exists():
                msg = f"{key_file} is missing. Put it back, or remove {self.certificate} for a new authority."
                raise Fault(msg)
            if self._certificate().subject != self._name("certificate authority"):
                msg = f"{self.certificate} is not an authority of the environment {self.environment!r}."
                raise Fault(msg)
            return
        if not key_file.exists():
            _write_key(key_file, ec.generate_private_key(ec.SECP256R1()))
        key = _read_key(key_file)
        name = self._name("certificate authority")
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + _AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        private_files.write(self.certificate, certificate.public_bytes(serialization.Encoding.PEM))

    def certificate_of(self, process: Process) -> Issued:
        """Return the certificate of a process, renewed when less than half of its life is left.

        It names `spiffe://<environment>.contactpoint/process/<name>` and serves and calls alike.
        """
        return self._issue(
            self.layout.certificates / process.kind,
            common_name=process.kind,
            identity=f"spiffe://{self.environment}.contactpoint/process/{process.kind}",
            hosts=(f"{process.dashed}.contactpoint.internal", "localhost"),
        )

    def browser_certificate(self, process: Process) -> Issued:
        """Return the certificate that a process shows to browsers: localhost and 127.0.0.1, and only to serve."""
        return self._issue(
            self.layout.certificates / f"{process.name}.browser",
            common_name="localhost",
            identity=None,
            hosts=("localhost",),
        )

    def system_certificate(self, system: uuid.UUID, name: str) -> Issued:
        """Return the certificate of an organisation's or system's client, made or renewed where needed.

        It names `spiffe://<environment>.contactpoint/system/<uuid>` and can only call.
        """
        return self._issue(
            self.layout.certificates / "systems" / str(system),
            common_name=name[:64],
            identity=f"spiffe://{self.environment}.contactpoint/system/{system}",
            hosts=(),
        )

    def _issue(self, stem: Path, *, common_name: str, identity: str | None, hosts: tuple[str, ...]) -> Issued:
        issued = Issued(certificate=stem.with_name(f"{stem.name}.crt"), private_key=stem.with_name(f"{stem.name}.key"))
        authority = self._certificate()
        now = dt.datetime.now(dt.UTC)
        if issued.private_key.exists() and issued.certificate.exists():
            old = x509.load_pem_x509_certificate(issued.certificate.read_bytes())
            half = old.not_valid_before_utc + (old.not_valid_after_utc - old.not_valid_before_utc) / 2
            if now < half and _was_issued_by(old, authority):
                return issued
        if not issued.private_key.exists():
            _write_key(issued.private_key, ec.generate_private_key(ec.SECP256R1()))
        key = _read_key(issued.private_key)
        # Who names nobody of ours can call nobody.
        names: list[x509.GeneralName] = [] if identity is None else [x509.UniformResourceIdentifier(identity)]
        usages = [] if identity is None else [ExtendedKeyUsageOID.CLIENT_AUTH]
        if hosts:
            names += [*(x509.DNSName(host) for host in hosts), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(self._name(common_name))
            .issuer_name(authority.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(min(now + _LEAF_LIFE, authority.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    _read_key(self.layout.authority / "ca.key").public_key()
                ),
                critical=False,
            )
            .sign(_read_key(self.layout.authority / "ca.key"), hashes.SHA256())
        )
        private_files.write(issued.certificate, certificate.public_bytes(serialization.Encoding.PEM))
        return issued

    def _certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate.read_bytes())

    def _name(self, common_name: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"ContactPoint {self.environment}"),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )


def _was_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):  # another name, another kind of key, another key
        return False
    return True


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    private_files.write(
        path,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        replace=False,
    )


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        msg = f"{path} is not a P-256 key."
        raise Fault(msg)
    return key
