"""The words for what the contracts code."""

from __future__ import annotations

from contactpoint.directory.v1 import directory_service_pb2 as pb

CAF = "Common Assessment (CAF) or early help assessment"

_GENDERS: dict[int, str] = {pb.GENDER_FEMALE: "Female", pb.GENDER_MALE: "Male"}
_KINDS: dict[int, str] = {
    pb.INVOLVEMENT_KIND_EDUCATION: "School or other education",
    pb.INVOLVEMENT_KIND_GP: "GP practice",
    pb.INVOLVEMENT_KIND_UNIVERSAL: "Health visiting or school nursing",
    pb.INVOLVEMENT_KIND_ADDITIONAL: "Additional support",
}
_PROVIDERS: dict[int, str] = {
    pb.PROVIDER_KIND_SCHOOL: "School",
    pb.PROVIDER_KIND_GP_PRACTICE: "GP practice",
    pb.PROVIDER_KIND_UNIVERSAL_HEALTH: "Health visiting or school nursing",
    pb.PROVIDER_KIND_SOCIAL_CARE: "Children’s social care",
    pb.PROVIDER_KIND_YOUTH_OFFENDING: "Youth offending team",
    pb.PROVIDER_KIND_EDUCATION_SUPPORT: "Education welfare or special educational needs",
    pb.PROVIDER_KIND_VOLUNTARY: "Voluntary organisation",
}
_KIND_OF_PROVIDER: dict[int, pb.InvolvementKind.ValueType] = {
    pb.PROVIDER_KIND_SCHOOL: pb.INVOLVEMENT_KIND_EDUCATION,
    pb.PROVIDER_KIND_GP_PRACTICE: pb.INVOLVEMENT_KIND_GP,
    pb.PROVIDER_KIND_UNIVERSAL_HEALTH: pb.INVOLVEMENT_KIND_UNIVERSAL,
}
_EDUCATION: dict[int, str] = {
    pb.EDUCATION_STATE_NOT_OF_AGE: "Not of school age",
    pb.EDUCATION_STATE_HOME_EDUCATED: "Electively home educated",
    pb.EDUCATION_STATE_NOT_KNOWN: "Not known",
}
ADDRESS_STATES: dict[int, str] = {
    pb.ADDRESS_STATE_CURRENT: "Lives at this address",
    pb.ADDRESS_STATE_LAST_KNOWN: "Was last known at this address",
    pb.ADDRESS_STATE_NONE_KNOWN: "No known address",
    pb.ADDRESS_STATE_LEFT_RETURNS: "Left England, returns within 3 years",
    pb.ADDRESS_STATE_LEFT_FOR_GOOD: "Left England, does not return",
    pb.ADDRESS_STATE_LEFT_NOT_KNOWN: "Left England, not known whether they return",
}
WITH_A_PLACE: frozenset[int | None] = frozenset({pb.ADDRESS_STATE_CURRENT, pb.ADDRESS_STATE_LAST_KNOWN})


def gender(code: int) -> str:
    """Return "Female", "Male" or "Not specified"."""
    return _GENDERS.get(code, "Not specified")


def involvement(kind: int) -> str:
    """Return what an involvement of this kind is called."""
    return _KINDS.get(kind, "Support")


def provider(kind: int) -> str:
    """Return what a provider of this kind is called."""
    return _PROVIDERS.get(kind, "Team")


def involvement_of(one: pb.Involvement) -> str:
    """Return what an involvement is called: its provider's kind says more than its own."""
    return provider(one.provider.kind) if one.provider.kind else involvement(one.kind)


def kind_under(provider_kind: int) -> pb.InvolvementKind.ValueType:
    """Return the kind of an involvement of somebody who works under a provider of this kind."""
    return _KIND_OF_PROVIDER.get(provider_kind, pb.INVOLVEMENT_KIND_ADDITIONAL)


def education_state(state: int) -> str:
    """Return why there is no school."""
    return _EDUCATION.get(state, "None recorded")


def address_state(state: int) -> str:
    """Return what an address is worth."""
    return ADDRESS_STATES.get(state, "None recorded")
