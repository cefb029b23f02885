"""Schools, practices and teams, as the directory's table of providers holds them."""

from dataclasses import dataclass
from enum import Enum


class ProviderKind(Enum):
    """What sort of body it is."""

    SCHOOL = "school"
    GP_PRACTICE = "GP practice"
    UNIVERSAL_HEALTH = "universal health"
    SOCIAL_CARE = "social care"
    YOUTH_OFFENDING = "youth offending"
    EDUCATION_SUPPORT = "education support"
    VOLUNTARY = "voluntary"


@dataclass(frozen=True, slots=True)
class Practitioner:
    """Somebody at work: a name, a number by day, a secure e-mail."""

    name: str
    telephone: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A body with the numbers that answer; `urn` only of a school, `ods_code` only of a practice."""

    key: int
    kind: ProviderKind
    name: str
    authority: str
    telephone: str
    telephone_out_of_hours: str
    email: str
    urn: str
    ods_code: str
    practitioners: tuple[Practitioner, ...]
