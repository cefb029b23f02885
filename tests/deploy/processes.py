"""What the code says of each process: the class of its settings, and its trust domain in the image."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from deploy.image.inside.layout import TRUST_DOMAINS
from gateway.edge.config import EdgeConfig
from gateway.web.config import WebConfig
from services.audit.ledger.config import LedgerConfig
from services.audit.review.config import ReviewConfig
from services.directory.config import DirectoryConfig
from services.identity.config import IdentityConfig
from services.runtime.config import ProcessConfig
from services.shielding.config import ShieldingConfig
from tests.deploy.rendering import Object, Pod, settings_text

CONFIGS: Mapping[str, type[ProcessConfig]] = {
    "audit.ledger": LedgerConfig,
    "audit.review": ReviewConfig,
    "directory": DirectoryConfig,
    "gateway.edge": EdgeConfig,
    "gateway.web": WebConfig,
    "identity": IdentityConfig,
    "shielding": ShieldingConfig,
}

MODULES: Mapping[str, tuple[str, str]] = {
    process: (folder.replace("/", "."), domain)
    for domain, folders in TRUST_DOMAINS.items()
    for folder in folders
    for process in (folder.removeprefix("services/").replace("/", "."),)
}
"""Process -> the module that the image starts, and the trust domain whose packages it sees."""


def settings_of(objects: tuple[Object, ...], pod: Pod) -> dict[str, Any]:
    """Return the settings that a pod is given."""
    return tomllib.loads(settings_text(objects, pod))
