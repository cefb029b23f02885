"""The settings of the pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.web.policy import PolicyRefused, read_policy
from gateway.web.sealing import KEY_BYTES
from gateway.web.security_txt import ContactRefused, security_txt
from gateway.web.teams import TeamsRefused, read_teams
from services.runtime.config import ProcessConfig, file, read_secret, secret, setting

EDGE = "gateway.edge"
_ORIGIN = re.compile(r"https://[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?")


@dataclass(frozen=True, kw_only=True)
class WebConfig(ProcessConfig):
    """What the pages are told."""

    origin: str = setting(meaning="what browsers call these pages, such as https://contactpoint.example; no slash")
    browser_certificate: Path = file(meaning="certificate chain (PEM) shown to browsers; read again when it changes")
    browser_private_key: Path = secret(meaning="private key of that certificate (PEM); read again when it changes")
    cookie_key: Path = secret(meaning="32 random bytes under which cookies are sealed; a new one signs everybody out")
    teams: Path = file(meaning="telephone numbers of the ContactPoint teams (TOML), shown when nothing else answers")
    policy: Path = file(meaning="the policy that people acknowledge, with its version in the first line")
    static_dir: Path = setting(meaning="folder of styles and scripts that `make pages` builds")
    security_contacts: tuple[str, ...] = setting(
        (), meaning="whom to tell of a weakness: mailto: or https: addresses for security.txt; none: no such page"
    )
    connections: int = setting(512, meaning="connections of browsers at once; more are closed", least=8, most=65536)
    arrival_seconds: float = setting(
        10.0, meaning="how long a request's head, and then its form, may take to arrive", least=0.1, most=60
    )

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with settings that are each well-formed."""
        if not _ORIGIN.fullmatch(self.origin):
            yield "origin: must be https://name or https://name:port"
        if EDGE not in self.peers:
            yield f"peers: {EDGE} is missing"
        if len(read_secret(self.cookie_key)) != KEY_BYTES:
            yield f"cookie_key: must have {KEY_BYTES} bytes"
        if not (self.static_dir / "manifest.json").is_file():
            yield "static_dir: holds no manifest.json; `make pages` builds it"
        try:
            if self.security_contacts:
                security_txt(contacts=self.security_contacts, origin=self.origin, now=datetime.now(UTC))
        except ContactRefused:
            yield "security_contacts: each is a mailto:, https: or tel: address"
        try:
            read_teams(self.teams)
        except TeamsRefused as refused:
            yield f"teams: {refused}"
        try:
            read_policy(self.policy)
        except PolicyRefused as refused:
            yield f"policy: {refused}"
