"""One mail."""

from typing import NamedTuple


class Mail(NamedTuple):
    """One mail, in plain text."""

    to: str
    subject: str
    text: str
