"""The mails that identity sends, and the folder they go to locally."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from services.identity.domain.acts import Contact
from services.identity.domain.mail import Mail

_SENDER = "ContactPoint <no-reply@contactpoint.example.org>"
_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]")


def link(contact: Contact, token: str, expires_at: datetime, *, pages: str = "") -> Mail:
    """Return the mail to the person: the link's token stands alone on its line, and behind `#` in the address.

    What stands behind `#` never leaves the browser by itself: no server's log, proxy or referrer ever holds it.
    """
    address = f"Open {pages}/enrol#{token}\n" if pages else ""
    return Mail(
        contact.email,
        "Set up your ContactPoint account",
        f"Dear {contact.name},\n\n"
        "an account is being set up for you. You need this link token, and the code that your manager gives you\n"
        "face to face or by telephone.\n\n"
        f"{address}"
        f"Link token: {token}\n\n"
        f"Both hold until {expires_at:%d %B %Y, %H:%M} UTC, for five tries.\n"
        "Nobody will ask you for either by e-mail.\n",
    )


def code(contact: Contact, username: str, digits: str, expires_at: datetime) -> Mail:
    """Return the mail to the manager: the code stands alone on its line."""
    return Mail(
        contact.manager_email,
        "A ContactPoint code to hand over",
        f"Please give this code to {contact.name} (user name {username}), face to face or by telephone,\n"
        "to nobody else and not by e-mail, once you are sure whom you speak to.\n\n"
        f"Code: {digits}\n\n"
        f"It holds until {expires_at:%d %B %Y, %H:%M} UTC.\n",
    )


class MailFolder:
    """Mails as files, for the local deployment: `<time>-<to>.eml`, readable by the owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, mail: Mail, written_at: datetime) -> None:
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = _SENDER, mail.to, mail.subject
        message["Date"] = written_at
        message.set_content(mail.text, cte="8bit")
        content = message.as_bytes()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(mail, written_at)
        while path.exists() and path.read_bytes() != content:
            written_at += timedelta(microseconds=1)
            path = self._path(mail, written_at)
        part = path.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)

    def _path(self, mail: Mail, written_at: datetime) -> Path:
        return self._folder / f"{written_at:%Y%m%dT%H%M%S.%fZ}-{_UNSAFE.sub('_', mail.to)}.eml"
