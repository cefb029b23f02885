"""Builds the image from its context, without a network, and keeps its bill of materials beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploy.image.context import Release
from deploy.image.engine import BASE, IMAGE, buildah


@dataclass(frozen=True, kw_only=True)
class Built:
    """An image as it was built."""

    name: str
    digest: str
    megabytes: float


def build(context: Path, release: Release, *, base: str = BASE, name: str = IMAGE) -> Built:
    """Build the image and return its digest and size; the same context on the same base gives the same digest."""
    buildah(
        *("build", "--quiet", "--pull=never" if base.startswith("localhost/") else "--pull=missing"),
        *("--format=oci", "--layers=false", "--no-cache", f"--timestamp={release.epoch}", "--network=none"),
        *(f"--build-arg=BASE={base}", f"--build-arg=VERSION={release.version}"),
        *(f"--build-arg=REVISION={release.revision}", f"--build-arg=CREATED={release.created}"),
        *(f"--tag={name}", f"--file={context / 'Dockerfile'}", str(context)),
    )
    container = buildah("from", "--pull=never", name)
    try:
        mounted = Path(buildah("mount", container))
        bill = (mounted / "opt/contactpoint/sbom.cdx.json").read_bytes()
        (context.parent / "sbom.cdx.json").write_bytes(bill)
        # A file with several names is one file.
        sizes = {found.st_ino: found.st_size for found in map(Path.lstat, mounted.rglob("*"))}
    finally:
        buildah("rm", container)
    digest = buildah("inspect", "--type", "image", "--format", "{{.FromImageDigest}}", name)
    return Built(name=name, digest=digest, megabytes=sum(sizes.values()) / 1e6)
