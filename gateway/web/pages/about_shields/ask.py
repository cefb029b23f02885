"""The question that comes before a shield: what it does, why it is needed; then the act, and what happens next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contactpoint.shielding.v1 import shielding_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_children.chosen import FIELD, Chosen, unpacked
from gateway.web.pages.about_children.submitted import Faults
from gateway.web.pages.about_shields import grounds


@dataclass(frozen=True, kw_only=True)
class Question:
    """One of the acts that hide a child, or ask for it."""

    path: str
    """Of its page; the page of what happens next is below it."""
    kind: str
    """What is kept for it is kept under this name."""
    template: str
    act: Callable[[Asked, bytes, pb.Ground.ValueType], None]
    """Does it; raises ServiceError."""

    def begin(self, asked: Asked) -> Response:
        """Take the child from the form of another page, and go on to the question."""
        key = asked.kept.put(self.kind, unpacked(asked.form.one(FIELD)).values)
        return asked.go(f"{self.path}?page={key}")

    def page(self, asked: Asked) -> Response:
        """Return the question; raises KeptGone."""
        return self._drawn(asked, asked.query("page"), grounds.GroundForm(), {})

    def answer(self, asked: Asked) -> Response:
        """Do the act, or return the question with what is wrong; raises KeptGone, ServiceError."""
        key = asked.form.one("page")
        chosen = Chosen.kept(asked.kept.get(self.kind, key))
        said, faults = grounds.read(asked.form)
        if faults:
            return self._drawn(asked, key, said, faults)
        self.act(asked, chosen.handle, said.ground)
        asked.kept.drop(key)
        return asked.go(f"{self.path}/done")

    def _drawn(self, asked: Asked, key: str, said: grounds.GroundForm, faults: Faults) -> Response:
        return asked.show(
            self.template,
            status=400 if faults else 200,
            errors=faults,
            shows_child=True,
            is_look=False,
            key=key,
            chosen=Chosen.kept(asked.kept.get(self.kind, key)),
            grounds=grounds.GROUNDS,
            said=said,
            action=self.path,
        )
