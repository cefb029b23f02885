"""Why somebody looks: the codes in words, and the form that asks for one."""

from __future__ import annotations

from dataclasses import dataclass

from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.about_children.submitted import Faults, Submitted

CODES = {
    "SAFEGUARDING_CONCERN": "I am worried about the child",
    "COORDINATING_SUPPORT": "I am coordinating support with others who work with the child",
    "NEW_REFERRAL": "The child has been referred to me",
    "MISSING_CHILD": "The child is missing, or missing education",
    "TRANSFER": "The child is moving to another place or service",
    "RECORD_KEEPING": "I am checking or correcting what is recorded",
    "OTHER": "Another reason",
}
_LEAST_TEXT = 10
_LONGEST_TEXT = 200


@dataclass(frozen=True, kw_only=True)
class ReasonForm:
    """A reason as it was given."""

    code: str = ""
    text: str = ""

    @property
    def message(self) -> pb.Reason:
        """The reason as the contracts say it; only another reason has text."""
        return pb.Reason(
            code=pb.ReasonCode.Value(f"REASON_CODE_{self.code}"), text=self.text if self.code == "OTHER" else ""
        )

    @property
    def words(self) -> str:
        """The reason as the page of what was opened for it repeats it."""
        return self.text if self.code == "OTHER" else CODES[self.code]


def read(form: Submitted) -> tuple[ReasonForm, Faults]:
    """Return the reason and what is wrong with it."""
    said = ReasonForm(code=form.one("reason"), text=" ".join(form.one("reason-text").split()))
    if said.code not in CODES:
        return ReasonForm(text=said.text), {"reason": "Select why you are looking"}
    if said.code != "OTHER":
        return said, {}
    if len("".join(said.text.split())) < _LEAST_TEXT:
        return said, {"reason-text": f"Enter the reason, in at least {_LEAST_TEXT} letters"}
    if len(said.text) > _LONGEST_TEXT:
        return said, {"reason-text": f"Enter the reason in at most {_LONGEST_TEXT} characters"}
    return said, {}
