"""The rows of "my children" that were ticked, as the boxes carry them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from gateway.web.errors import FormUnreadable
from gateway.web.pages.about_children.chosen import Chosen, unpacked
from gateway.web.pages.about_children.submitted import Submitted

FIELD = "row"
_PARTS = "|"
MOST = 20


@dataclass(frozen=True, kw_only=True)
class Ticked:
    """One own involvement with the key of the one act that may be done to it from this page."""

    chosen: Chosen
    involvement_id: str
    act: str

    @classmethod
    def drawn(cls, chosen: Chosen, involvement_id: str) -> Ticked:
        """Return a row as it is drawn: with a key of its own."""
        return cls(chosen=chosen, involvement_id=involvement_id, act=str(uuid4()))

    @property
    def packed(self) -> str:
        """The value of its box."""
        return _PARTS.join((self.involvement_id, self.act, self.chosen.packed))


def read(form: Submitted) -> list[Ticked]:
    """Return the rows that were ticked; raises FormUnreadable for what no form of ours sends."""
    texts = form.every(FIELD)
    if len(texts) > MOST:
        raise FormUnreadable
    return [_unpacked(text) for text in texts]


def _unpacked(text: str) -> Ticked:
    try:
        involvement_id, act, chosen = text.split(_PARTS, 2)
        return Ticked(chosen=unpacked(chosen), involvement_id=str(UUID(involvement_id)), act=str(UUID(act)))
    except ValueError:
        raise FormUnreadable from None
