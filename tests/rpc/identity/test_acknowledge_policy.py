"""AcknowledgePolicy: the one condition that everybody mends alone."""

from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Town, key, refusal

SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"


def test_nothing_but_the_own_account_before_it_and_everything_after(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation, acknowledges=False)
    assert refusal(lambda: town.authorise(nurse.session, SEARCH)).reason == "CONDITION_LAPSED_POLICY"
    request = pb.AcknowledgePolicyRequest(idempotency_key=key(), policy_version=1)
    answer = town.call(nurse, "SessionService", "AcknowledgePolicy", request)
    assert len(answer.receipt.leaf) == 32
    # The session goes on: nobody is sent away for having read the policy.
    assert town.authorise(nurse.session, SEARCH)


def test_another_version_is_refused(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation, acknowledges=False)
    request = pb.AcknowledgePolicyRequest(idempotency_key=key(), policy_version=2)
    said = refusal(lambda: town.call(nurse, "SessionService", "AcknowledgePolicy", request))
    assert said.reason == "POLICY_NOT_CURRENT"
