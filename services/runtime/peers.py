"""Which process or system holds the certificate at the other end of a channel."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from services.runtime.errors import NotAuthenticated

_PROCESS_NAME = re.compile(r"[a-z]+(\.[a-z]+)*")
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]{0,30}")
_LONGEST_PEM_BYTES = 16_384


@dataclass(frozen=True)
class Peer:
    """The other end of a channel: one of our processes, or an outside organisation's system."""

    process: str | None
    """Such as "audit.ledger"; None for an outside system."""
    system: str | None
    """The UUID of an outside organisation's registered system; None for one of ours."""
    thumbprint: str
    """Lower-case hex SHA-256 of the certificate (DER)."""

    @property
    def name_digest(self) -> str:
        """Lower-case hex SHA-256 of whom the certificate names: the same when it is renewed, and in every replica."""
        name = f"system/{self.system}" if self.system else f"process/{self.process}"
        return hashlib.sha256(name.encode()).hexdigest()


def process_uri(environment: str, process: str) -> str:
    """Return the SAN URI that a process's certificate carries."""
    return f"spiffe://{environment}.contactpoint/process/{process}"


def system_uri(environment: str, system: str) -> str:
    """Return the SAN URI that the certificate of an outside organisation's system carries."""
    return f"spiffe://{environment}.contactpoint/system/{system}"


def server_name(process: str) -> str:
    """Return the DNS SAN that a process's certificate carries, such as "audit-ledger.contactpoint.internal"."""
    return f"{process.replace('.', '-')}.contactpoint.internal"


def peer_of(auth_context: Mapping[str, Any], *, environment: str) -> Peer:
    """Return the peer of a call from gRPC's `auth_context()`.

    Raises NotAuthenticated without exactly one certificate, or for a certificate that does not carry exactly one SAN
    URI of ours, or carries one of another environment.
    """
    certificates = list(auth_context.get("x509_pem_cert", ()))
    if len(certificates) != 1 or len(certificates[0]) > _LONGEST_PEM_BYTES:
        raise NotAuthenticated
    return peer_of_certificate(certificates[0], environment=environment)


# The same few certificates come on every call, and parsing one takes longer than all our other checks.
@lru_cache(maxsize=1024)
def peer_of_certificate(pem: bytes, *, environment: str) -> Peer:
    """Return the peer that a certificate (PEM) names; raises NotAuthenticated as `peer_of` does."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        raise NotAuthenticated from None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1 or not _ENVIRONMENT.fullmatch(environment):
        raise NotAuthenticated
    thumbprint = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    kind, _, name = uris[0].removeprefix(f"spiffe://{environment}.contactpoint/").partition("/")
    # The URI is rebuilt and compared whole, so nothing that only looks alike is taken.
    if kind == "process" and _PROCESS_NAME.fullmatch(name) and uris[0] == process_uri(environment, name):
        return Peer(process=name, system=None, thumbprint=thumbprint)
    if kind == "system" and _is_uuid(name) and uris[0] == system_uri(environment, name):
        return Peer(process=None, system=name, thumbprint=thumbprint)
    raise NotAuthenticated


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
