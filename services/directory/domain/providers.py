"""Schools, practices and teams: who they are and the numbers that answer, held once and referred to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from uuid import UUID


class ProviderKind(Enum):
    """What sort of provider it is; the numbers are the contract's."""

    SCHOOL = 1
    GP_PRACTICE = 2
    UNIVERSAL_HEALTH = 3
    SOCIAL_CARE = 4
    YOUTH_OFFENDING = 5
    EDUCATION_SUPPORT = 6
    VOLUNTARY = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """How a provider is reached; an empty text says that there is none."""

    telephone: str
    telephone_out_of_hours: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """One school, practice or team."""

    provider_id: UUID
    name: str
    kind: ProviderKind
    contact: Contact
    authority: str
    """Nine-character ONS code of the authority in whose area it is."""
    urn: str = ""
    ods_code: str = ""
    organisation_id: UUID | None = None
    """The organisation in identity, if it is one."""

    def amended(self, contact: Contact) -> Provider:
        """Return the provider with other contact details."""
        return replace(self, contact=contact)


@dataclass(frozen=True, kw_only=True)
class ProviderFilter:
    """Which providers a list shows."""

    name_starts_with: str = ""
    kind: ProviderKind | None = None
    authority: str = ""
    organisation_id: UUID | None = None

    def admits(self, provider: Provider) -> bool:
        """Whether a provider belongs in the list; capitals make no difference."""
        return (
            provider.name.casefold().startswith(self.name_starts_with.casefold())
            and self.kind in (None, provider.kind)
            and self.authority in ("", provider.authority)
            and self.organisation_id in (None, provider.organisation_id)
        )


def code_faults(*, kind: ProviderKind, urn: str, ods_code: str) -> list[tuple[str, str]]:
    """Return (field, reason) of codes that do not go with the kind: schools have a URN, practices an ODS code."""
    faults = []
    if bool(urn) != (kind is ProviderKind.SCHOOL):
        faults.append(("urn", "GOES_WITH_SCHOOLS"))
    if bool(ods_code) != (kind is ProviderKind.GP_PRACTICE):
        faults.append(("ods_code", "GOES_WITH_PRACTICES"))
    return faults


def in_order(providers: Iterable[Provider]) -> list[Provider]:
    """Return providers by name, whatever its capitals, then by id."""
    return sorted(providers, key=lambda one: (one.name.casefold(), one.provider_id.bytes))
