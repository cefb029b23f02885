"""A directory taken over: its certificate at the ledger's own port, and the tokens that real calls bring to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from contactpoint.audit.ledger.v1 import entry_pb2 as entry
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc
from google.protobuf.message import Message

from services.runtime.interceptors.limits import ACT_KEY
from tests.support.inside import Refused
from tests.support.town import Seat, Town

OPEN_RECORD = "/contactpoint.directory.v1.DirectoryService/OpenRecord"
OPEN_HOME = "/contactpoint.directory.v1.DirectoryService/OpenHome"
SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"
REASON = pb.Reason(code="SAFEGUARDING_CONCERN")
SERVICES, HOME, IDENTITY = entry.SECTION_SERVICES, entry.SECTION_HOME, entry.SECTION_IDENTITY
SLOT_BYTES = 66


@dataclass(frozen=True)
class TakenDirectory:
    """Whoever has the directory's certificate (or another process's) and asks the ledger directly."""

    town: Town
    channel: grpc.Channel

    @property
    def ledger(self) -> rpc.LedgerServiceStub:
        """The ledger's port."""
        return rpc.LedgerServiceStub(self.channel)

    def ask(self, method: Any, request: Message, token: str) -> Any:
        """Return the answer; raises Refused."""
        return self.town.inside.call(method, request, metadata=((ACT_KEY, token),))

    def look(
        self, token: str, *, handle: bytes = b"", number: int = 0, section: entry.Section.ValueType = SERVICES
    ) -> pb.EnterLookResponse:
        """Return what a look is given; raises Refused."""
        named = {"handle": handle} if handle else {"number": number}
        request = pb.EnterLookRequest(reason=REASON, section=section, **named)
        answer: pb.EnterLookResponse = self.ask(self.ledger.EnterLook, request, token)
        return answer

    def keys(self, token: str, **said: Any) -> tuple[int, str]:
        """Return how many keys a look is given, and why none: the refusal's reason, or NOT_FOUND."""
        try:
            answer = self.look(token, **said)
        except Refused as refused:
            return 0, refused.reason
        return len(answer.keys), "NOT_FOUND" if answer.not_found else ""

    def search(self, token: str, numbers: list[int]) -> pb.EnterSearchResponse:
        """Return what a search is shown whose candidates the attacker makes up; raises Refused."""
        slots = b"".join(number.to_bytes(5, "big") + bytes([1, 3, 0]) for number in numbers)
        request = pb.EnterSearchRequest(
            candidates=slots.ljust(512, b"\0"), criteria_digest=bytes(32), name_and_date_only=True
        )
        answer: pb.EnterSearchResponse = self.ask(self.ledger.EnterSearch, request, token)
        return answer

    def open_token(self, seat: Seat) -> str:
        """Return a token for a look at a record, as a real call brings it."""
        return self.town.token(seat, OPEN_RECORD, b"")


@contextmanager
def taken(town: Town, process: str = "directory") -> Iterator[TakenDirectory]:
    """Yield who has a process's certificate, at the ledger's port."""
    with town.inside.channel("audit.ledger", as_process=process) as channel:
        yield TakenDirectory(town, channel)


def shown_in(answer: pb.EnterSearchResponse) -> list[bytes]:
    """Return the handles that a search shows."""
    slots = (answer.shown[at : at + SLOT_BYTES] for at in range(0, len(answer.shown), SLOT_BYTES))
    return [slot[2:] for slot in slots if slot[0] != 255]
