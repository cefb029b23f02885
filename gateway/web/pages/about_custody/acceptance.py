"""What two custodians do alike: type what an operator's command printed, read what it means, and accept it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from contactpoint.audit.review.v1 import review_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_children.submitted import Faults
from gateway.web.pages.about_custody.form import Printed, read

_DONE = "-done"


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """One thing that two custodians accept."""

    path: str
    """Of the form; what it means is below it, and what happens next."""
    folder: str
    """Of its templates: `ask.html`, `confirm.html` and `done.html`."""
    word: str
    """What stands before the name where the command printed it."""
    has_number: bool
    act: Callable[[Asked, Printed], pb.Receipt]
    """Enters it; raises ServiceError."""

    def ask(self, asked: Asked) -> Response:
        """Return the form."""
        return self._form(asked, Printed(), {})

    def check(self, asked: Asked) -> Response:
        """Go on to what it means, or return the form with what is wrong."""
        said, faults = read(asked.form, word=self.word, has_number=self.has_number)
        if faults:
            return self._form(asked, said, faults)
        return asked.go(f"{self.path}/confirm?page={asked.kept.put(self.folder, asdict(said))}")

    def confirm(self, asked: Asked) -> Response:
        """Return what it means; raises KeptGone."""
        key = asked.query("page")
        return asked.show(f"{self.folder}/confirm.html", key=key, here=self.path, said=self._kept(asked, key))

    def accept(self, asked: Asked) -> Response:
        """Enter it, and go on to what happens next; raises KeptGone, ServiceError."""
        key = asked.form.one("page")
        receipt = self.act(asked, self._kept(asked, key))
        # What was typed stays kept: a second press is the same act, and has the same answer.
        return asked.go(f"{self.path}/done?page={asked.kept.put(self.folder + _DONE, {'index': receipt.index})}")

    def done(self, asked: Asked) -> Response:
        """Return what happens next; raises KeptGone."""
        kept = asked.kept.get(self.folder + _DONE, asked.query("page"))
        return asked.show(f"{self.folder}/done.html", index=f"{kept['index']:,}")

    def _kept(self, asked: Asked, key: str) -> Printed:
        kept: Mapping[str, Any] = asked.kept.get(self.folder, key)
        return Printed(**kept)

    def _form(self, asked: Asked, said: Printed, faults: Faults) -> Response:
        return asked.show(
            f"{self.folder}/ask.html",
            status=400 if faults else 200,
            errors=faults,
            here=self.path,
            said=said,
            word=self.word,
            has_number=self.has_number,
        )
