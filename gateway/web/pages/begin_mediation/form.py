"""For whom a mediator looks: a colleague who was called back on the number that is held."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.web.pages.about_children.submitted import Faults, Submitted

_LONGEST = 80


@dataclass(frozen=True, kw_only=True)
class MediationForm:
    """The colleague's user name, and that the colleague was called back."""

    username: str = ""
    was_called_back: bool = False


def read(form: Submitted) -> tuple[MediationForm, Faults]:
    """Return what was typed and what is wrong with it."""
    said = MediationForm(
        username="".join(form.one("colleague").split()).casefold(),
        was_called_back=form.one("called-back") == "yes",
    )
    found: Faults = {}
    if not said.username or len(said.username) > _LONGEST:
        found["colleague"] = "Enter your colleague’s user name"
    if not said.was_called_back:
        found["called-back"] = "Call your colleague back on the number we hold first, then tick this"
    return said, found
