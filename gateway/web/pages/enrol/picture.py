"""An authenticator's secret as a picture that a phone's camera reads."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup


def drawn(uri: str) -> Markup:
    """Return the QR code of an otpauth:// URI as SVG to stand in a page: no style, no script, no request."""
    picture = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(
        picture,
        kind="svg",
        scale=4,
        border=4,
        light="#ffffff",
        xmldecl=False,
        svgns=False,
        nl=False,
        title="QR code for your authenticator app",
        svgclass="cp-picture__code",
        lineclass=None,
    )
    # Ours from the first letter to the last: the URI is in it as black and white squares only.
    return Markup(picture.getvalue().decode())  # noqa: S704
