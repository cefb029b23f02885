"""The suite as an outside system sees it: the edge's address, a certificate, the protos, and nothing of the inside."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import grpc
import pyotp
from contactpoint.audit.review.v1 import review_service_pb2_grpc as review_rpc
from contactpoint.directory.v1 import directory_service_pb2_grpc as directory_rpc
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.identity.v1 import identity_service_pb2_grpc as identity_rpc
from contactpoint.shielding.v1 import shielding_service_pb2_grpc as shielding_rpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

TOTP_SECONDS = 30
CALL_SECONDS = 5.0
_ON_THE_WAY_SECONDS = 4
Q = TypeVar("Q")
R = TypeVar("R")


class Refused(Exception):
    """The edge refused a call: `status` is gRPC's, `reason` ours, `fields` the paths that were wrong."""

    def __init__(self, status: str, reason: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{status} {reason} {' '.join(fields)}".strip())
        self.status, self.reason, self.fields = status, reason, fields


@dataclass
class Account:
    """What a person keeps: a user name, a password, and the secret in the authenticator."""

    username: str
    password: str
    totp_secret: str
    organisation: str
    roles: tuple[str, ...]
    person_id: str = ""
    last_step: int = 0

    def code(self) -> str:
        """Return a code that this account has not used yet, waiting for the next where need be (RFC 6238)."""
        while True:
            now, seconds = divmod(time.time(), TOTP_SECONDS)
            # The code before this one still opens, unless its time is up before it arrives.
            oldest = now - 1 if seconds < TOTP_SECONDS - _ON_THE_WAY_SECONDS else now
            step = max(int(oldest), self.last_step + 1)
            if step <= now + 1:
                self.last_step = step
                return str(pyotp.TOTP(self.totp_secret).at(step * TOTP_SECONDS))
            time.sleep(0.5)

    def to_endpoints(self) -> dict[str, Any]:
        """Return the account as `endpoints.json` has it."""
        return {
            "username": self.username,
            "password": self.password,
            "totp_secret": self.totp_secret,
            "roles": list(self.roles),
            "organisation": self.organisation,
            "person_id": self.person_id,
        }


@dataclass
class Outside:
    """One organisation's channel to the edge, with the stubs that anyone can generate from the protos."""

    channel: grpc.Channel
    session: str = ""
    session_tag: str = ""
    stubs: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sign_in_service = identity_rpc.SignInServiceStub(self.channel)
        self.sessions = identity_rpc.SessionServiceStub(self.channel)
        self.people = identity_rpc.PeopleServiceStub(self.channel)
        self.administration = identity_rpc.AdministrationServiceStub(self.channel)
        self.directory = directory_rpc.DirectoryServiceStub(self.channel)
        self.providers = directory_rpc.ProviderServiceStub(self.channel)
        self.supply = directory_rpc.SupplyServiceStub(self.channel)
        self.shielding = shielding_rpc.ShieldingServiceStub(self.channel)
        self.review = review_rpc.ReviewServiceStub(self.channel)
        self.custody = review_rpc.CustodyServiceStub(self.channel)

    def call(self, method: Callable[..., R], request: Any, *, seconds: float = CALL_SECONDS) -> R:
        """Return the answer; raises Refused with the reason that the edge gave."""
        metadata = (("authorization", f"Bearer {self.session}"),) if self.session else ()
        try:
            return method(request, timeout=seconds, metadata=metadata)
        except grpc.RpcError as error:
            raise refusal_of(error) from None

    def sign_in(self, account: Account, *, code: str | None = None) -> identity.SignInResponse:
        """Start a session on this channel, with this code or with the next that was not used; raises Refused."""
        while True:
            request = identity.SignInRequest(
                username=account.username, password=account.password, code=code or account.code()
            )
            try:
                answer = self.call(self.sign_in_service.SignIn, request)
            except Refused as refused:
                # Another program may have used the code of this half minute: then only a later one opens.
                is_ahead = account.last_step > time.time() // TOTP_SECONDS
                if code is not None or refused.reason != "SIGN_IN_REFUSED" or is_ahead:
                    raise
            else:
                self.session, self.session_tag = answer.session, answer.session_tag
                return answer


def open_channel(edge: str, ca: Path, certificate: Path, private_key: Path) -> grpc.Channel:
    """Return a channel to the edge under mutual TLS."""
    credentials = grpc.ssl_channel_credentials(ca.read_bytes(), private_key.read_bytes(), certificate.read_bytes())
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_reconnect_backoff_ms", 1000)]
    return grpc.secure_channel(edge, credentials, options=options)


def outside_of(endpoints: Mapping[str, Any], organisation: str) -> Outside:
    """Return the outside of one organisation that `endpoints.json` names."""
    found = endpoints["organisation_certificates"][organisation]
    return Outside(open_channel(endpoints["edge"], Path(endpoints["ca"]), Path(found["cert"]), Path(found["key"])))


def account_of(endpoints: Mapping[str, Any], username: str) -> Account:
    """Return an account that `endpoints.json` names; raises KeyError."""
    for user in endpoints["users"]:
        if user["username"] == username:
            return Account(
                username=username,
                password=user["password"],
                totp_secret=user["totp_secret"],
                organisation=user["organisation"],
                roles=tuple(user["roles"]),
                person_id=user.get("person_id", ""),
            )
    raise KeyError(username)


def new_key() -> str:
    """Return an idempotency key for one act."""
    return str(uuid.uuid4())


def refusal_of(error: grpc.RpcError) -> Refused:
    """Return what a failed call says."""
    # grpc raises calls that are errors too; its types do not say so.
    call: Any = error
    status = rpc_status.from_call(call)
    reason = ""
    fields: list[str] = []
    for detail in status.details if status else ():
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad):
            fields = [f"{violation.field}:{violation.description}" for violation in bad.field_violations]
    return Refused(call.code().name, reason, tuple(fields))
