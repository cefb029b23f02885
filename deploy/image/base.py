"""Makes the base: Debian 12 with Python 3.11 and time zones, without a shell, an installer or a network tool."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploy.image.engine import BASE, NotBuilt, buildah

SUITE = "bookworm"
#: Python without its compilers of packages; time zones, because a day of ours is Europe/London's; C++ for the wheels.
PACKAGES = ("base-files", "python3.11-minimal", "libpython3.11-stdlib", "tzdata", "libgcc-s1", "libstdc++6")
_HOOK = Path(__file__).with_name("base_root.py")


def make_base(folder: Path, *, epoch: int) -> str:
    """Make the base from Debian's archive and keep it as BASE; return the digest of its one layer. Raises NotBuilt."""
    root = folder / "base.tar"
    root.unlink(missing_ok=True)
    made = subprocess.run(
        [
            *("mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(PACKAGES)}"),
            '--aptopt=APT::Install-Recommends "false"',
            # Its own tidying wants an apt to tidy; the hook has taken it.
            f'--extract-hook=/usr/bin/python3 {_HOOK} "$1"',
            "--skip=cleanup,output/dev",
            *(SUITE, root),
        ],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise NotBuilt(f"mmdebstrap could not make the base:\n{made.stderr[-2000:]}")
    container = buildah("from", "scratch")
    try:
        buildah("add", "--quiet", container, str(root), "/")
        buildah("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", "--env", "LANG=C.UTF-8", container)
        buildah("commit", "--quiet", "--timestamp", str(epoch), container, BASE)
    finally:
        buildah("rm", container)
    return buildah("inspect", "--type", "image", "--format", "{{index .OCIv1.RootFS.DiffIDs 0}}", BASE)
