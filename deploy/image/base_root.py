"""Run by mmdebstrap in the unpacked root of the base: leaves Python and what it needs, and no tool to change it with.

`base_root.py ROOT`, as `--extract-hook`; needs the host's dpkg-deb and nothing else.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

#: Pulled in by dependencies that only installing has: what is unpacked runs without them.
NOT_KEPT = {"debconf", "dpkg", "libacl1", "libmd0", "libpcre2-8-0", "libselinux1", "libzstd1", "mawk", "tar"}
#: Written by the packages' own scripts, which do not run here; a file each, and nothing that needs a script later.
WRITTEN = {
    "etc/passwd": "root:x:0:0:root:/:/nonexistent\ncontactpoint:x:10001:10001::/:/nonexistent\n",
    "etc/group": "root:x:0:\ncontactpoint:x:10001:\n",
    # Without it names are asked of the network before /etc/hosts.
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nnetworks: files\nservices: files\n",
}
#: What installing, building or reading manuals needs.
# fmt: off
GONE = (
    "boot", "home", "media", "mnt", "opt", "srv", "etc/apt", "etc/cron.daily", "etc/dpkg", "etc/fstab",
    "etc/hostname", "etc/logrotate.d", "etc/resolv.conf", "etc/rmt", "etc/update-motd.d",
    "sbin/start-stop-daemon", "usr/games", "usr/include", "usr/lib/binfmt.d", "usr/lib/python3", "usr/libexec",
    "usr/local/games", "usr/src", "usr/share/applications", "usr/share/binfmts", "usr/share/bug",
    "usr/share/gcc", "usr/share/gdb", "usr/share/info", "usr/share/lintian", "usr/share/locale",
    "usr/share/man", "usr/share/menu", "usr/share/perl5", "usr/share/pixmaps", "var/backups", "var/cache",
    "var/lib/apt", "var/lib/dpkg", "var/local", "var/log", "var/mail", "var/opt", "var/spool",
)
# fmt: on


def main(root: Path) -> None:
    """Take away, and write, what the base's root needs to be whole."""
    records = {}
    for package in sorted(root.glob("var/cache/apt/archives/*.deb")):
        name = _said("dpkg-deb", "--field", package, "Package").strip()
        if name in NOT_KEPT:
            take_out(root, package)
        else:
            records[name] = _said("dpkg-deb", "--field", package, "Package", "Version", "Architecture", "Source")
    for path in (*(root / name for name in GONE), *(root / "tmp").iterdir()):
        remove(path)
    keep_licences_alone(root)
    # As bases without dpkg do, so that scanners find what is in it.
    kept = root / "var/lib/dpkg/status.d"
    kept.mkdir(parents=True)
    for name, record in records.items():
        write(kept / name, record)
    for name, text in WRITTEN.items():
        write(root / name, text)
    (root / "usr/bin/python3").symlink_to("python3.11")


def take_out(root: Path, package: Path) -> None:
    """Remove the files of one package."""
    command: list[str | Path] = ["dpkg-deb", "--fsys-tarfile", package]
    archive = subprocess.run(command, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as content:
        for member in content:
            if not member.isdir():
                (root / member.name).unlink(missing_ok=True)


def keep_licences_alone(root: Path) -> None:
    """Remove the documentation but for the licences, and the folders that are empty then."""
    for path in (root / "usr/share/doc").rglob("*"):
        if path.is_file() and not path.is_symlink() and path.name != "copyright":
            path.unlink()
    for path in sorted((root / "usr/share").rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Write a file that everybody may read, whatever the caller's mask says."""
    path.write_text(text, "utf-8")
    path.chmod(0o644)


def _said(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
