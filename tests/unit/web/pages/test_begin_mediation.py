"""A mediator says for whom, and that the colleague was called back."""

from __future__ import annotations

from gateway.web.pages.begin_mediation import form
from tests.unit.web.pages.typed import Typed


def test_a_colleague_who_was_called_back() -> None:
    said, wrong = form.read(Typed(colleague=" Health.Visitor ", called_back="yes"))
    assert wrong == {}
    assert said.username == "health.visitor"


def test_both_are_needed() -> None:
    assert list(form.read(Typed())[1]) == ["colleague", "called-back"]
    assert list(form.read(Typed(colleague="nurse"))[1]) == ["called-back"]
    assert list(form.read(Typed(colleague="x" * 81, called_back="yes"))[1]) == ["colleague"]
