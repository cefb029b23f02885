"""A phone on a slow line: what crossed the line for each page, and how long it took."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

# 1.6 Mbit/s each way (the upload of a slow 3G line is no less than half of it), and 400 ms for every round trip.
_BYTES_A_SECOND = 1_600_000 / 8
_ROUND_TRIP_MILLISECONDS = 400


@dataclass
class Line:
    """The line of one page: bytes as they crossed it, headers included, by document."""

    pages: list[int] = field(default_factory=list)
    """Bytes of each document with all that it fetched, in order."""
    redirects: list[int] = field(default_factory=list)
    """Bytes of each answer that only led on to the next document."""

    def note_document(self) -> None:
        """Begin to count for a new document."""
        self.pages.append(0)

    def note_bytes(self, count: int) -> None:
        """Count what arrived."""
        if not self.pages:
            self.note_document()
        self.pages[-1] += count


def slowed(page: Page) -> Line:
    """Slow a page's line down to a poor phone's, with an empty cache, and return what will have crossed it."""
    line = Line()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": _ROUND_TRIP_MILLISECONDS,
            "downloadThroughput": _BYTES_A_SECOND,
            "uploadThroughput": _BYTES_A_SECOND,
            "connectionType": "cellular3g",
        },
    )

    def sent(event: dict[str, Any]) -> None:
        # Ours have no frames: the one document of a page is the request that its loader is named after.
        is_document = event.get("type") == "Document" and event["requestId"] == event["loaderId"]
        if is_document and "redirectResponse" not in event:
            line.note_document()
        if "redirectResponse" in event:
            line.redirects.append(int(event["redirectResponse"].get("encodedDataLength", 0)))

    def finished(event: dict[str, Any]) -> None:
        line.note_bytes(int(event.get("encodedDataLength", 0)))

    session.on("Network.requestWillBeSent", sent)
    session.on("Network.loadingFinished", finished)
    return line
