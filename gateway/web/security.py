"""What a browser is told of every page, and what it must say of itself before one of ours does anything."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping

from gateway.web.cookies import Jar
from gateway.web.errors import FormNotOurs, FormUnreadable, FromElsewhere, HeadTooLarge, WrongAddress
from gateway.web.sealing import Seal
from gateway.web.visitor import Visitor

FORM_COOKIE = "__Host-form"
FORM_FIELD = "csrf"
_PURPOSE = "form"
_FORM_KEY_BYTES = 24

_POLICY = (
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)
CONTENT_SECURITY_POLICY = "; ".join(_POLICY)
_EVERY_ANSWER: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    # What would tell of a person or of where they are; every page carries these words over a slow line.
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
            "microphone", "payment", "serial", "usb",
        )
    ),
    # With "no-referrer" browsers send `Origin: null` with our own forms, which we refuse; to other sites nothing goes.
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}  # fmt: skip
PAGE_HEADERS: Mapping[str, str] = {
    **_EVERY_ANSWER,
    "Cache-Control": "no-store",
}
ASSET_HEADERS: Mapping[str, str] = {
    **_EVERY_ANSWER,
    # The name holds the contents' hash.
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
}
FORGET_EVERYTHING: Mapping[str, str] = {"Clear-Site-Data": '"cache", "storage"'}
"""Only in the answer to a sign-out that was asked for by a form of ours: another site must not sign anybody out.

Not "cookies": that empties the whole registrable domain, other services' sessions too. Ours are dropped by name.
"""

_FRAMES = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})
_LARGEST_HEAD_BYTES = 32 * 1024
_ACTING = frozenset({"POST"})


def check_request(method: str, headers: Mapping[str, str], *, origin: str, is_public: bool) -> None:
    """Raise unless a browser asked for a page in a way that ours do; what is absent fails where we act.

    Raises HeadTooLarge, WrongAddress, FormUnreadable for a length that could be read in two ways, FromElsewhere for a
    page in a frame, before it is wanted, or (unless `is_public`) from another site or for anything but a window, and
    FormNotOurs for a form that another origin sent, or that does not say where it is from.
    """
    # The listener's own limit counts only what came in pieces.
    if sum(len(name) + len(value) for name, value in headers.items()) > _LARGEST_HEAD_BYTES:
        raise HeadTooLarge
    if headers.get("host") != origin.removeprefix("https://"):
        raise WrongAddress
    # Browsers send a form with its length; beside chunks, a proxy before us could see another end than we do.
    if "transfer-encoding" in headers:
        raise FormUnreadable
    site, dest = headers.get("sec-fetch-site"), headers.get("sec-fetch-dest")
    if any("prefetch" in headers.get(name, "").lower() for name in ("sec-purpose", "purpose", "x-moz")):
        raise FromElsewhere
    if dest in _FRAMES:
        raise FromElsewhere
    if method in _ACTING:
        if headers.get("origin") != origin or site != "same-origin":
            raise FormNotOurs
    elif not is_public and (site not in (None, "same-origin", "none") or dest not in (None, "document")):
        # To draw is to write an entry: no picture, script or fetch may, not even of our own pages.
        raise FromElsewhere


def form_token(visitor: Visitor | None, jar: Jar, seal: Seal) -> str:
    """Return what every form must carry: bound to the session, or, before sign-in, to a cookie made here."""
    if visitor is not None:
        return seal.tag(_PURPOSE, f"session {visitor.tag}")
    key = jar.get(FORM_COOKIE)
    if key is None:
        key = secrets.token_urlsafe(_FORM_KEY_BYTES)
        jar.put(FORM_COOKIE, key)
    return seal.tag(_PURPOSE, f"cookie {key}")


def check_form(token: str, visitor: Visitor | None, jar: Jar, seal: Seal) -> None:
    """Raise FormNotOurs unless `token` is the one that was drawn for this session or cookie."""
    if visitor is None and jar.get(FORM_COOKIE) is None:
        raise FormNotOurs
    if not hmac.compare_digest(token.encode(), form_token(visitor, jar, seal).encode()):
        raise FormNotOurs


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return a request's headers by lower-case name; a header that came twice is joined, and so equals nothing."""
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        separator = "; " if name == "cookie" else ", "
        found[name] = value if name not in found else found[name] + separator + value
    return found
