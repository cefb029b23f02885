"""Positions in a list, sealed so that a caller can neither read nor make one."""

from services.identity.sealing import SealBroken, Seals
from services.runtime.errors import InvalidRequest

_PURPOSE = "page token"


class SealedPageTokens:
    """Page tokens under a key of their own, each for one listing."""

    def __init__(self, seals: Seals) -> None:
        self._seals = seals

    def seal(self, position: str, listing: str) -> bytes:
        return self._seals.seal(_PURPOSE, position.encode(), listing)

    def open(self, token: bytes, listing: str) -> str:
        try:
            return self._seals.open(_PURPOSE, token, listing).decode()
        except SealBroken:
            raise InvalidRequest([("page_token", "NOT_OURS")]) from None
