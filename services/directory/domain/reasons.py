"""Why a practitioner looks: a code, and text where the code needs it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

_LEAST_TEXT = 10


class ReasonCode(Enum):
    """The coded reasons, as they stand in the log."""

    SAFEGUARDING_CONCERN = "SAFEGUARDING_CONCERN"
    COORDINATING_SUPPORT = "COORDINATING_SUPPORT"
    NEW_REFERRAL = "NEW_REFERRAL"
    MISSING_CHILD = "MISSING_CHILD"
    TRANSFER = "TRANSFER"
    RECORD_KEEPING = "RECORD_KEEPING"
    OTHER = "OTHER"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A stated reason."""

    code: ReasonCode
    text: str = ""

    @property
    def is_enough(self) -> bool:
        """Whether the text says something where the code alone does not: ten characters that are not spaces."""
        return self.code is not ReasonCode.OTHER or len("".join(self.text.split())) >= _LEAST_TEXT
