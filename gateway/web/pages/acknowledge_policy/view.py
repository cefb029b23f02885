"""Shows the policy, and records that it was read."""

from __future__ import annotations

from dataclasses import replace

from contactpoint.identity.v1 import identity_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked

_TEMPLATE = "acknowledge_policy/policy.html"


def draw(asked: Asked) -> Response:
    """Show the policy, and the form where it has to be acknowledged."""
    return _shown(asked)


def submit(asked: Asked) -> Response:
    """Acknowledge the version that was shown, then go on to the start page."""
    policy = asked.site.policy
    if asked.form.one("read") != "yes":
        return _shown(asked, errors={"read": "Tick the box when you have read the policy"})
    if asked.form.one("version") != str(policy.version):
        # It was replaced while the page was open.
        return asked.go("/policy")
    asked.edge.sessions.AcknowledgePolicy(
        pb.AcknowledgePolicyRequest(idempotency_key=asked.act, policy_version=policy.version)
    )
    asked.sign_in_as(replace(asked.visitor, policy_due=False))
    return asked.go("/")


def _shown(asked: Asked, *, errors: dict[str, str] | None = None) -> Response:
    policy, wanted = asked.site.policy, asked.visitor.policy_version
    return asked.show(
        _TEMPLATE,
        status=400 if errors else 200,
        errors=errors,
        policy=policy,
        is_due=asked.visitor.policy_due,
        # Another version is in force than the one we hold: to acknowledge ours would be refused.
        is_other_version=asked.visitor.policy_due and wanted not in (0, policy.version),
    )
