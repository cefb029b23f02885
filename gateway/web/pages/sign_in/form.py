"""What somebody enters to sign in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gateway.web.submitted import Submitted

_CODE = re.compile(r"[0-9]{6}")
_LONGEST_NAME = 80
_LONGEST_PASSWORD = 256


@dataclass(frozen=True)
class SignInForm:
    """Both factors, as they were entered."""

    username: str
    password: str = field(repr=False)
    code: str = field(repr=False)


def read(form: Submitted) -> tuple[SignInForm, dict[str, str]]:
    """Return what was entered, and a sentence for each field that cannot be right."""
    found = SignInForm(
        username=form.one("username"),
        password=form.exact("password"),
        # Authenticators show the digits in two groups.
        code=re.sub(r"[\s-]", "", form.one("code")),
    )
    errors = {}
    if not 0 < len(found.username) <= _LONGEST_NAME:
        errors["username"] = "Enter your user name"
    if not 0 < len(found.password) <= _LONGEST_PASSWORD:
        errors["password"] = "Enter your password"  # noqa: S105  # a sentence
    if not _CODE.fullmatch(found.code):
        errors["code"] = "Enter the six digits that your authenticator shows now"
    return found, errors
