"""RegisterSystem: once, for an organisation that is known."""

import uuid

from contactpoint.identity.v1 import identity_service_pb2 as pb
from contactpoint.identity.v1 import standing_pb2

from tests.fakes.identity_town import Town, key, refusal


def _register(town: Town, organisation: str, system: str) -> None:
    request = pb.RegisterSystemRequest(
        idempotency_key=key(),
        system_id=system,
        organisation_id=organisation,
        purpose=standing_pb2.SYSTEM_PURPOSE_CHANNEL,
        name="Ward system",
    )
    town.administer("RegisterSystem", request)


def test_a_system_is_registered_once(town: Town, organisation: str) -> None:
    system = str(uuid.uuid4())
    _register(town, organisation, system)
    assert refusal(lambda: _register(town, organisation, system)).reason == "SYSTEM_REGISTERED"


def test_an_unknown_organisation_has_no_system(town: Town) -> None:
    assert refusal(lambda: _register(town, str(uuid.uuid4()), str(uuid.uuid4()))).reason == "NOT_FOUND"
