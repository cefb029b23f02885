"""How a request says which child it means: by a handle of its session, or by number with surname and date of birth."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain.dates import DateOfBirth


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """A handle that the ledger minted for this session."""

    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberClaim:
    """A number, which opens nothing without surname and date of birth."""

    number: int
    surname: str
    """The single name, where there is one name only."""
    date_of_birth: DateOfBirth

    def __repr__(self) -> str:
        """Return a text without the child."""
        return "NumberClaim()"


ChildClaim = Handle | NumberClaim
