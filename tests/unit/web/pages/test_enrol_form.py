"""What a new person types: link and code, then password and digits."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from gateway.web import submitted
from gateway.web.pages.enrol import form, picture

_LINK = "A1b2_C3d4-E5f6" * 3 + "x"
_RIGHT = {"link": _LINK, "code": "1234 5678"}


def _form(values: dict[str, str]) -> submitted.Submitted:
    return submitted.read(urlencode(values).encode())


@pytest.mark.parametrize("typed", [_LINK, f" {_LINK} ", f"https://pages.example/enrol#{_LINK}"])
def test_the_token_alone_or_the_whole_link(typed: str) -> None:
    said, faults = form.read_reached(_form({**_RIGHT, "link": typed}))
    assert (said.link, said.code, faults) == (_LINK, "12345678", {})


@pytest.mark.parametrize(
    "field, typed",
    [("link", ""), ("link", "short"), ("link", _LINK + "\u00e9"), ("code", "1234567"), ("code", "\u0661" * 8)],
)
def test_what_is_no_link_or_code(field: str, typed: str) -> None:
    _, faults = form.read_reached(_form({**_RIGHT, field: typed}))
    assert set(faults) == {field}


def test_a_password_keeps_its_spaces() -> None:
    said, faults = form.read_chosen(_form({"password": " four words that differ ", "totp-code": "123 456"}))
    assert (said.password, said.totp_code, faults) == (" four words that differ ", "123456", {})


def test_what_is_no_password_or_digits() -> None:
    _, faults = form.read_chosen(_form({"password": "elevenchars", "totp-code": "12345"}))
    assert set(faults) == {"password", "totp-code"}
    _, faults = form.read_chosen(_form({"password": "x" * 257, "totp-code": "123456"}))
    assert set(faults) == {"password"}


def test_nothing_typed_stands_in_a_text_of_it() -> None:
    reached, _ = form.read_reached(_form(_RIGHT))
    chosen, _ = form.read_chosen(_form({"password": "four words that differ", "totp-code": "123456"}))
    assert repr((reached, chosen)) == "(Reached(), Chosen())"


def test_the_picture_is_squares_only() -> None:
    drawn = picture.drawn('otpauth://totp/ContactPoint:n"><script>?secret=ABCDEFGH')
    assert drawn.startswith("<svg ")
    assert "script" not in drawn
    assert "style" not in drawn
