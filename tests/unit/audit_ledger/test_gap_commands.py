"""What `show-gap` prints is read out to custodians: nobody but the ledger writes a line of it."""

from __future__ import annotations

from datetime import UTC, datetime

from services.audit.ledger import gap_commands
from services.audit.ledger.domain.gap import Gap, OpenGap


def test_a_party_writes_over_nothing_that_is_said() -> None:
    gap = Gap(3, 3, 5, bytes(32), datetime(2026, 1, 1, tzinfo=UTC))
    parties = ("0f6f3c1b-2a3d-4a7c-8d7f-7b0d4a3e3f6f", "x\ngap: accepted", "\x1b[1A\x1b[2K")
    said: list[str] = []
    gap_commands._say(OpenGap(gap, standings={("person", party): bytes(32) for party in parties}), "log", said.append)
    assert all(line.isprintable() for line in said)
    assert sum(line.startswith("standing: of the person ") for line in said) == len(parties)
    assert any(parties[0] in line for line in said)
