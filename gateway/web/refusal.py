"""One page of refusal: what happened, what to do now, and the way on."""

from __future__ import annotations

from dataclasses import dataclass

SEARCH = ("Search again", "/search")
SIGN_IN = ("Sign in", "/sign-in")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One page of refusal."""

    heading: str
    says: str
    """What happened, in a sentence or two."""
    next: str
    """What to do now."""
    status: int = 403
    link: tuple[str, str] | None = ("Go to the start page", "/")
    """Words and address of the way on."""
    calls_team: bool = True
    """Whether the telephone numbers are the next step; they stand on every page in any case."""
