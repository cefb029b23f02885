"""The collector of `make check-observability`, alone in an image, and what it must show of the played processes."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request

from deploy.image.context import PROJECT
from deploy.image.engine import NotBuilt, buildah

IMAGE = "localhost/contactpoint-smoke-collector:latest"
PORT, PAGE_PORT = 4317, 9464
#: Built by tools/build_collector, where there is Go.
BINARY = PROJECT / ".venv" / "bin" / "otelcol"
_PATIENCE_SECONDS = 60.0
_READY = re.compile(r'^contactpoint_ready\{[^}]*process="([^"]+)"[^}]*\} 1$', re.MULTILINE)


def is_built() -> bool:
    """Return whether this machine has a collector."""
    return BINARY.exists()


def make_image() -> None:
    """Put the collector into an image that holds nothing else; raises NotBuilt."""
    container = buildah("from", "scratch")
    try:
        buildah("add", "--quiet", "--chmod", "0555", container, str(BINARY), "/otelcol")
        buildah("config", "--entrypoint", '["/otelcol"]', container)
        buildah("commit", "--quiet", container, IMAGE)
    finally:
        buildah("rm", container)


def await_processes(address: str, wanted: set[str]) -> None:
    """Wait until the page for Prometheus shows each of these processes ready; raises NotBuilt."""
    end, shown = time.monotonic() + _PATIENCE_SECONDS, set[str]()
    while not wanted <= shown:
        if time.monotonic() > end:
            raise NotBuilt(f"The collector shows nothing of {', '.join(sorted(wanted - shown))}.")
        time.sleep(1)
        try:
            with urllib.request.urlopen(f"http://{address}:{PAGE_PORT}/metrics", timeout=5) as answer:
                shown = set(_READY.findall(answer.read().decode()))
        except (urllib.error.URLError, TimeoutError):
            continue
