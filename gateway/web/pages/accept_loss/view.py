"""A custodian accepts exactly the loss that `check-store` printed; a second one has to do the same."""

from __future__ import annotations

from contactpoint.audit.review.v1 import review_service_pb2 as pb

from gateway.web.asked import Asked
from gateway.web.pages.about_custody.acceptance import Acceptance
from gateway.web.pages.about_custody.form import Printed


def _accept(asked: Asked, said: Printed) -> pb.Receipt:
    request = pb.AcceptLossRequest(idempotency_key=asked.act, lost_digest=said.digest, lost_count=int(said.number))
    return asked.edge.custody.AcceptLoss(request).receipt


ACCEPTANCE = Acceptance(path="/accept-loss", folder="accept_loss", word="loss", has_number=True, act=_accept)
