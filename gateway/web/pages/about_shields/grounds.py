"""Why a child's place must not be found: the coded grounds in words, and the form that asks for one."""

from __future__ import annotations

from dataclasses import dataclass

from contactpoint.shielding.v1 import shielding_service_pb2 as pb

from gateway.web.pages.about_children.submitted import Faults, Submitted

GROUNDS = {
    "DOMESTIC_ABUSE": "Domestic abuse",
    "WITNESS_PROTECTION": "Witness protection",
    "ADOPTION": "Adoption",
    "OTHER_SIGNIFICANT_HARM": "Another risk of significant harm",
}


@dataclass(frozen=True, kw_only=True)
class GroundForm:
    """A ground as it was chosen."""

    code: str = ""

    @property
    def ground(self) -> pb.Ground.ValueType:
        """The ground as the contracts say it."""
        return pb.Ground.Value(f"GROUND_{self.code}")


def read(form: Submitted) -> tuple[GroundForm, Faults]:
    """Return the ground and what is wrong with it."""
    said = GroundForm(code=form.one("ground"))
    if said.code not in GROUNDS:
        return GroundForm(), {"ground": "Select why the child’s place must not be found"}
    return said, {}


def written(ground: int) -> str:
    """Return a ground in words."""
    if ground == pb.GROUND_UNSPECIFIED:
        # A case that was made anew after a restore: whoever opened it knows why.
        return "Ground lost in a restore: ask who opened it"
    return GROUNDS.get(pb.Ground.Name(pb.Ground.ValueType(ground)).removeprefix("GROUND_"), "Another ground")
