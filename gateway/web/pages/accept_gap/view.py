"""A custodian accepts exactly the gap that the ledger's `show-gap` printed; a second one has to do the same."""

from __future__ import annotations

from contactpoint.audit.review.v1 import review_service_pb2 as pb

from gateway.web.asked import Asked
from gateway.web.pages.about_custody.acceptance import Acceptance
from gateway.web.pages.about_custody.form import Printed


def _accept(asked: Asked, said: Printed) -> pb.Receipt:
    request = pb.AcceptGapRequest(idempotency_key=asked.act, gap_digest=said.digest)
    return asked.edge.custody.AcceptGap(request).receipt


ACCEPTANCE = Acceptance(path="/accept-gap", folder="accept_gap", word="gap", has_number=False, act=_accept)
