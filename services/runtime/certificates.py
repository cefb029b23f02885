"""A process's certificate, key and authority as files that are replaced while it runs."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

log = logging.getLogger(__name__)

_LOOK_EVERY_SECONDS = 1.0


@dataclass(frozen=True)
class CertificateFiles:
    """Where a process's certificate, private key and authority are kept."""

    certificate: Path
    private_key: Path
    ca: Path


@dataclass(frozen=True)
class Certificates:
    """The contents of the three files, found to belong together."""

    chain: bytes
    private_key: bytes
    ca: bytes

    def __repr__(self) -> str:
        """Return a text without the key."""
        return "Certificates()"


class CertificatesRefused(ValueError):  # it names what happened
    """The files cannot be read, or do not belong together."""


class WatchedCertificates:
    """The files' contents, read again within a second of a change; a half-written set is ignored, the old one kept."""

    def __init__(self, files: CertificateFiles) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._stamp = self._stamped()
        self._held = read(files)
        self._version = 0
        self._looked_at = time.monotonic()

    def current(self) -> tuple[int, Certificates]:
        """Return the newest good set and its version, which grows with each change."""
        if time.monotonic() - self._looked_at >= _LOOK_EVERY_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._lock.release()
        return self._version, self._held

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        try:
            found = read(self._files)
        except CertificatesRefused:
            # Perhaps one file is written and the other not yet; the next look tries again.
            log.warning("certificates_not_replaced")
            return
        self._stamp, self._held, self._version = stamp, found, self._version + 1
        log.info("certificates_replaced")

    def _stamped(self) -> tuple[tuple[int, int, int], ...]:
        try:
            found = [path.stat() for path in (self._files.certificate, self._files.private_key, self._files.ca)]
        except OSError:
            return ()
        return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)


def read(files: CertificateFiles) -> Certificates:
    """Return the files' contents; raises CertificatesRefused if they cannot be read or do not belong together."""
    try:
        found = Certificates(files.certificate.read_bytes(), files.private_key.read_bytes(), files.ca.read_bytes())
        certified = x509.load_pem_x509_certificate(found.chain).public_key()
        held = load_pem_private_key(found.private_key, password=None).public_key()
        x509.load_pem_x509_certificates(found.ca)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise CertificatesRefused("the certificate, its key or its authority cannot be read") from None
    spelt = [key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for key in (certified, held)]
    if spelt[0] != spelt[1]:
        raise CertificatesRefused("the private key is another certificate's")
    return found
