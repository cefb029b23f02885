"""One's own involvement: under whose name one works, and how others reach one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.about_children import names
from gateway.web.pages.about_children.submitted import Faults, Submitted

PATHS = {
    "provider_id": "practitioner",
    "practitioner": "practitioner",
    "telephone": "telephone",
    "email": "email",
}
"""This page's fields by the paths of the request; a wrong provider is chosen anew on the page before."""
_LONGEST_PROVIDER = 120
_SHORTEST_NAME = 2
_LONGEST = 80
_TELEPHONE = re.compile(r"[0-9+ ]{5,20}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, kw_only=True)
class InvolvementForm:
    """How others reach the practitioner."""

    practitioner: str = ""
    telephone: str = ""
    email: str = ""
    is_lead_professional: bool = False
    has_common_assessment: bool = False


def read(form: Submitted) -> tuple[InvolvementForm, Faults]:
    """Return what was typed and what is wrong with it."""
    said = InvolvementForm(
        practitioner=names.tidied(form.one("practitioner")),
        telephone=" ".join(form.one("telephone").split()),
        email=form.one("email").strip(),
        is_lead_professional="lead" in form.every("marks"),
        has_common_assessment="caf" in form.every("marks"),
    )
    found: Faults = {}
    if not _SHORTEST_NAME <= len(said.practitioner) <= _LONGEST:
        found["practitioner"] = "Enter your name, as others should ask for you"
    if said.telephone and not _TELEPHONE.fullmatch(said.telephone):
        found["telephone"] = "Enter a telephone number of numbers only, such as 0113 496 0123"
    if said.email and (len(said.email) > _LONGEST or not _EMAIL.fullmatch(said.email)):
        found["email"] = "Enter an e-mail address like name@example.org"
    return said, found


def read_provider_name(form: Submitted) -> tuple[str, Faults]:
    """Return the beginning of a team's name, and what is wrong with it."""
    typed = " ".join(form.one("team").split())
    if not typed:
        return "", {"team": "Enter the beginning of your team’s name"}
    if len(typed) > _LONGEST_PROVIDER:
        return typed, {"team": f"Enter at most {_LONGEST_PROVIDER} characters"}
    return typed, {}


def read_provider(chosen: str) -> tuple[str, Faults]:
    """Return the id of the team that was chosen, and what is wrong with it."""
    try:
        return str(UUID(chosen)), {}
    except ValueError:
        return "", {"provider": "Select the team you work in, or search again"}


def request(
    said: InvolvementForm, *, act: str, handle: bytes, provider_id: str, kind: pb.InvolvementKind.ValueType
) -> pb.StartInvolvementRequest:
    """Return the request that records the involvement."""
    return pb.StartInvolvementRequest(
        idempotency_key=act,
        handle=handle,
        kind=kind,
        provider_id=provider_id,
        practitioner=said.practitioner,
        telephone=said.telephone,
        email=said.email,
        is_lead_professional=said.is_lead_professional,
        has_common_assessment=said.has_common_assessment,
    )
