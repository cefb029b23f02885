"""Entries of the log in words that a person who reads them needs no code for."""

from __future__ import annotations

import re

from contactpoint.access.v1 import access_pb2 as access

from gateway.web.pages.about_children import reasons

_ACTS = {
    "SearchChildren": "Found by a search",
    "OpenRecord": "Opened the record",
    "OpenHome": "Opened the home",
    "IdentifyChild": "Named the child to read who looked",
    "ListOwnChildren": "Listed own children",
    "CreateChild": "Created the record",
    "StartInvolvement": "Recorded an involvement",
    "ConfirmInvolvement": "Confirmed an involvement",
    "EndInvolvement": "Ended an involvement",
    "MarkInvolvement": "Changed lead professional or CAF",
    "ReportContactWrong": "Reported a number that does not work",
    "RequestShield": "Asked for a shield",
    "ImposeInterimShield": "Hid the child at once",
    "ProposeShield": "Proposed a shield",
    "ApproveShield": "Approved a shield",
    "WhoLookedAt": "Read who looked",
    "SupplyRows": "Supplied what a source says",
    "AcceptLoss": "Accepted a loss after a restore",
    "AcceptGap": "Accepted a gap in the log",
}
# All others change something: nothing is shown by them.
_LOOKS = frozenset({"SearchChildren", "OpenRecord", "OpenHome", "IdentifyChild", "ListOwnChildren", "WhoLookedAt"})
_OUTCOMES = {"REFUSED": "Refused", "EMPTY": "Nothing was found"}
_ROLE = "ROLE_"


def act(method: str) -> str:
    """Return an act in words; one that has none is written as its name is said: "Open archive"."""
    name = method.rpartition("/")[2]
    return _ACTS.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()


def reason(code: str, text: str) -> str:
    """Return a reason in words, "None given" where there is none."""
    said = reasons.CODES.get(code.removeprefix("REASON_CODE_"), "")
    return ": ".join(part for part in (said, text) if part) or "None given"


def outcome(code: str, *, method: str) -> str:
    """Return how an act ended, in words."""
    return _OUTCOMES.get(code) or ("Shown" if method.rpartition("/")[2] in _LOOKS else "Done")


def role(code: int) -> str:
    """Return a role in words: "Practitioner"."""
    name = access.Role.Name(access.Role.ValueType(code)) if code in access.Role.values() else ""
    return name.removeprefix(_ROLE).replace("_", " ").capitalize() if code else "None"
