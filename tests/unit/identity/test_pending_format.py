"""A pending act comes back whole from its row: whoever drives it on has nothing else."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.identity.domain import acts
from services.identity.domain.standing import Party
from services.identity.storage import pending_format

AT = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
CHANGE = acts.ChangeOfStanding(
    party=Party("person", "p"),
    previous_digest=b"",
    standing=b"\x00\xff",
    digest=b"d" * 32,
    change="X",
    ends_sessions=True,
)
CONTACT = acts.Contact(
    name="Åsa", email="a@example.org", manager_email="b@example.org", proofs=("P", "Q"), added_by="x"
)
PERSON = acts.NewPerson(organisation="o", username="asa", contact=CONTACT)
ORGANISATION = acts.NewOrganisation(name="N", kind="PARTNER", authority="")
ACT = acts.PendingAct(
    name=acts.ActName("p", "/m", "k"),
    request_digest=b"r" * 32,
    subject=Party("person", "p"),
    shape=acts.Shape.TOKEN,
    effect=CHANGE,
    token="t",
    started_at=AT,
)
ADDITIONS: list[acts.Addition | None] = [
    None,
    PERSON,
    ORGANISATION,
    acts.NewSystem(name="S", organisation="o"),
    acts.NewLink(person="p", vouched_by="v"),
    acts.NewFactors(enrolment="e", password_hash=b"h", sealed_secret=b"s", last_step=1),
    acts.Unlock(person="p"),
    acts.FirstParties(
        organisation=ORGANISATION,
        organisation_change=CHANGE,
        system=acts.NewSystem(name="S", organisation="o"),
        system_change=CHANGE,
        person=PERSON,
        person_change=CHANGE,
    ),
]


@pytest.mark.parametrize("addition", ADDITIONS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize(
    "effect",
    [
        CHANGE,
        acts.EndOfSessions(person="p", tags=("t",)),
        acts.ChangeOfMediation(session="s", beneficiary="b", organisation="o", beneficiary_digest=b"d", until=AT),
        acts.ChangeOfMediation(session="s"),
        acts.Note(),
    ],
)
def test_it_comes_back_whole(addition: acts.Addition | None, effect: acts.Effect) -> None:
    act = replace(ACT, addition=addition, effect=effect)
    assert pending_format.read(pending_format.write(act)) == act


def test_an_outcome_says_to_the_release_before_what_it_said_then() -> None:
    outcome = acts.Outcome(receipt=acts.Receipt(index=1, leaf=b"l"), party="p", enrolment_expires_at=AT)
    written = json.loads(pending_format.outcome_to_json(outcome))
    assert written["fields"].keys() == {"receipt", "party", "enrolment_expires_at"}
    mediated = replace(outcome, enrolment_expires_at=None, mediates_until=AT)
    assert pending_format.outcome_from_json(json.loads(pending_format.outcome_to_json(mediated))) == mediated


def test_nothing_of_it_shows_in_its_repr() -> None:
    for addition in ADDITIONS:
        shown = repr(replace(ACT, addition=addition))
        assert "t'" not in shown.replace("method='/m'", "")
        assert "Åsa" not in shown
