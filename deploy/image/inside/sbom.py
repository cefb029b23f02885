"""Writes the bill of materials (CycloneDX 1.6): what the base holds, and each trust domain's packages.

Runs after `layout.py`: `python3 -I -S -B sbom.py CONTEXT MADE`; writes MADE/sbom.cdx.json.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import uuid
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any
from urllib.parse import quote

_NAMES = uuid.UUID("6f0d2c0e-6a55-4c83-9d2f-0f6a3a7f7c11")
_ROOT = "contactpoint"


def main(context: Path, made: Path) -> None:
    """Write the bill of what was laid out in `made`, on the base that this runs on."""
    release = json.loads((context / "release.json").read_text("utf-8"))
    wheels = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (context / "wheels").glob("*.whl")}
    components: dict[str, dict[str, Any]] = {}
    depends_on: dict[str, list[str]] = {}
    for packages in sorted(made.glob("*/packages")):
        domain = f"{_ROOT}/{packages.parent.name}"
        found = [of_distribution(one, wheels) for one in distributions(path=[str(packages)])]
        components |= {one["bom-ref"]: one for one in found}
        components[domain] = {"type": "application", "bom-ref": domain, "name": domain, "version": release["version"]}
        depends_on[domain] = sorted(one["bom-ref"] for one in found)
    base = {one["bom-ref"]: one for one in (*of_base(Path("/")), *of_pages(context))}
    components |= base
    depends_on[_ROOT] = sorted([*depends_on, *base])
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": release["created"],
            "component": {
                "type": "application",
                "bom-ref": _ROOT,
                "name": _ROOT,
                "version": release["version"],
                "licenses": [{"expression": "Apache-2.0"}],
                "properties": [{"name": "contactpoint:revision", "value": release["revision"]}],
            },
        },
        "components": [components[ref] for ref in sorted(components)],
        "dependencies": [{"ref": ref, "dependsOn": depends_on[ref]} for ref in sorted(depends_on)],
    }
    # The same image has the same bill, and so the same number.
    bill["serialNumber"] = f"urn:uuid:{uuid.uuid5(_NAMES, json.dumps(bill, sort_keys=True))}"
    (made / "sbom.cdx.json").write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n", "utf-8")


def of_distribution(distribution: Distribution, wheels: dict[str, str]) -> dict[str, Any]:
    """Return the component of an installed Python package, with the hash of the wheel that it came from."""
    name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
    prefix = f"{name.replace('-', '_')}-{distribution.version}-"
    (digest,) = [
        digest
        for wheel, digest in wheels.items()
        if re.sub(r"[.]", "_", wheel.lower()).startswith(re.sub(r"[.]", "_", prefix))
    ]
    return {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{distribution.version}",
        "purl": f"pkg:pypi/{name}@{quote(distribution.version)}",
        "name": name,
        "version": distribution.version,
        "hashes": [{"alg": "SHA-256", "content": digest}],
        **licences(distribution),
    }


def licences(distribution: Distribution) -> dict[str, Any]:
    """Return what a package says of its licence, nothing where it says nothing."""
    metadata = distribution.metadata
    for expression in metadata.get_all("License-Expression") or []:
        return {"licenses": [{"expression": expression}]}
    said = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier") or [] if "License ::" in line]
    named = "\n".join(metadata.get_all("License") or []).strip()
    names = said or ([named] if named and "\n" not in named else [])
    return {"licenses": [{"license": {"name": name}} for name in names]} if names else {}


def of_base(root: Path) -> Iterator[dict[str, Any]]:
    """Yield the Debian packages of the base: from dpkg's file, or from the folder that a base without dpkg keeps."""
    kept = root / "var/lib/dpkg"
    texts = [
        path.read_text("utf-8") for path in sorted((kept / "status.d").glob("*")) if not path.name.endswith(".md5sums")
    ]
    if (kept / "status").is_file():
        texts += (kept / "status").read_text("utf-8").split("\n\n")
    for text in texts:
        said = HeaderParser().parsestr(text)
        if said["Package"] and (said["Status"] or "installed").endswith("installed"):
            name, version, machine = said["Package"], said["Version"], said["Architecture"]
            yield {
                "type": "library",
                "bom-ref": f"pkg:deb/debian/{name}@{version}",
                "purl": f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={machine}&distro=debian-12",
                "name": name,
                "version": version,
            }


def of_pages(context: Path) -> Iterable[dict[str, Any]]:
    """Yield the npm packages whose styles and scripts are in the pages' static files."""
    for entry in json.loads((context / "npm.json").read_text("utf-8")):
        # A scope's @ is written in hexadecimal, the stroke behind it is not.
        ref = f"pkg:npm/{quote(entry['name'])}@{entry['version']}"
        yield {"type": "library", "bom-ref": ref, "purl": ref, **entry}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
