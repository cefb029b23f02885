"""Brings in organisations and people as a real roll-out would: the operator's founding, then RPCs, mails, enrolment."""

from __future__ import annotations

import email
import json
import re
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contactpoint.access.v1 import access_pb2 as access
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.identity.v1 import standing_pb2 as standing
from google.protobuf.timestamp_pb2 import Timestamp

from deploy.local.fault import Fault
from deploy.local.settlement.outside import Account, Outside, new_key, open_channel
from deploy.local.suite import Suite

_LINK = re.compile(r"^Link token: (\S+)", re.MULTILINE)
_CODE = re.compile(r"^Code: ([0-9]{8})", re.MULTILINE)
_MAIL_SECONDS = 20.0
DEPARTMENT = "Department"
ADMINISTRATOR = "national.administrator"


@dataclass(frozen=True)
class Organisation:
    """One organisation of the local cast."""

    name: str
    kind: identity.OrganisationKind.ValueType
    authority: str = ""
    purpose: standing.SystemPurpose.ValueType = standing.SYSTEM_PURPOSE_CHANNEL


ORGANISATIONS = (
    Organisation("Leeds City Council", identity.ORGANISATION_KIND_LOCAL_AUTHORITY, "E08000035"),
    Organisation("Leeds Community Health", identity.ORGANISATION_KIND_PARTNER, "E08000035"),
    Organisation("West Yorkshire Police", identity.ORGANISATION_KIND_PARTNER, "E08000035"),
    Organisation(
        "National Births and Schools Supply",
        identity.ORGANISATION_KIND_NATIONAL_PARTNER,
        purpose=standing.SYSTEM_PURPOSE_SUPPLIER,
    ),
)
SUPPLIER = "National Births and Schools Supply"

# Who there is: user name, full name, organisation, role. One user for each role that exists.
PEOPLE: tuple[tuple[str, str, str, access.Role.ValueType], ...] = (
    ("nurse", "Grace Okonjo", "Leeds Community Health", access.ROLE_PRACTITIONER),
    ("health.visitor", "Bethan Pryce", "Leeds Community Health", access.ROLE_PRACTITIONER),
    ("social.worker", "Samir Haddad", "Leeds City Council", access.ROLE_PROTECTION_PRACTITIONER),
    ("constable", "Ruth Ackroyd", "West Yorkshire Police", access.ROLE_PROTECTION_PRACTITIONER),
    ("data.manager", "Alan Whitfield", "Leeds City Council", access.ROLE_DATA_MANAGER),
    ("shield.officer", "Moira Kearns", "Leeds City Council", access.ROLE_SHIELD_OFFICER),
    ("second.officer", "Daniel Sowerby", "Leeds City Council", access.ROLE_SHIELD_OFFICER),
    ("mediator", "Gareth Pugh", "Leeds City Council", access.ROLE_MEDIATOR),
    ("user.administrator", "Priya Nair", "Leeds Community Health", access.ROLE_USER_ADMINISTRATOR),
    ("auditor", "Helen Marsh", "Leeds Community Health", access.ROLE_AUDITOR),
    ("central.auditor", "Owen Bright", DEPARTMENT, access.ROLE_CENTRAL_AUDITOR),
    ("custodian", "Nerys Vaughan", DEPARTMENT, access.ROLE_CUSTODIAN),
    ("second.custodian", "Tobias Lund", DEPARTMENT, access.ROLE_CUSTODIAN),
)


@dataclass
class Cast:
    """Who lives in a local deployment, with what each of them keeps."""

    suite: Suite
    say: Callable[[str], None]
    organisations: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)

    def outside(self, organisation: str) -> Outside:
        """Return a new channel of an organisation's own system."""
        issued = self.suite.issue_system_certificate(_system_of(self.suite, organisation), organisation)
        return Outside(
            open_channel(self.suite.endpoints()["edge"], self.suite.ca, issued.certificate, issued.private_key)
        )

    def signed_in(self, username: str) -> Outside:
        """Return a channel on which this person has just signed in."""
        account = self.accounts[username]
        outside = self.outside(account.organisation)
        outside.sign_in(account)
        return outside


def settle_in(suite: Suite, say: Callable[[str], None]) -> Cast:
    """Return the cast of a deployment, having made it if it was not there; what was half made is completed."""
    cast = Cast(suite, say)
    kept = suite.endpoints()
    cast.organisations = dict(kept.get("organisations", {}))
    for user in kept.get("users", []):
        cast.accounts[user["username"]] = Account(
            username=user["username"],
            password=user["password"],
            totp_secret=user["totp_secret"],
            organisation=user["organisation"],
            roles=tuple(user["roles"]),
            person_id=user["person_id"],
        )
    if ADMINISTRATOR not in cast.accounts:
        _found(cast)
    missing = [person for person in PEOPLE if person[0] not in cast.accounts]
    if missing:
        administrator = _first_sign_in(cast)
        for organisation in ORGANISATIONS:
            if organisation.name not in cast.organisations:
                _register(cast, administrator, organisation)
        # All are invited first: the mails of all are on their way while the first ones enrol.
        for joins in [invite(cast, administrator, person) for person in missing]:
            joins()
    return cast


def _found(cast: Cast) -> None:
    """The operator's one command: the department, and its first administrator."""
    suite = cast.suite
    ended = suite.operate(
        "identity",
        "found",
        *("--organisation", DEPARTMENT),
        *("--system", str(_system_of(suite, DEPARTMENT))),
        *("--name", "Frances Holt"),
        *("--username", ADMINISTRATOR),
        *("--email", f"{ADMINISTRATOR}@department.example.org"),
        *("--manager-email", "permanent.secretary@department.example.org"),
    )
    if ended.returncode != 0:
        raise Fault(f"The founding failed:\n{ended.stdout}{ended.stderr}")
    department = json.loads(ended.stdout)["organisation_id"]
    cast.organisations[DEPARTMENT] = department
    suite.write_endpoints({"organisations": {DEPARTMENT: department}})
    system = _system_of(suite, DEPARTMENT)
    issued = suite.issue_system_certificate(system, DEPARTMENT)
    _keep_certificate(cast, DEPARTMENT, issued.certificate, issued.private_key)
    account = Account(ADMINISTRATOR, _password(), "", DEPARTMENT, ("ROLE_NATIONAL_ADMINISTRATOR",))
    enrol(cast, account, f"{ADMINISTRATOR}@department.example.org", "permanent.secretary@department.example.org")
    cast.say(f"the operator founded {DEPARTMENT} and its first administrator, who enrolled")


def _first_sign_in(cast: Cast) -> Outside:
    outside = cast.outside(DEPARTMENT)
    answer = outside.sign_in(cast.accounts[ADMINISTRATOR])
    if answer.policy_due:
        outside.call(
            outside.sessions.AcknowledgePolicy,
            identity.AcknowledgePolicyRequest(idempotency_key=new_key(), policy_version=1),
        )
    return outside


def _register(cast: Cast, administrator: Outside, organisation: Organisation) -> None:
    call, service = administrator.call, administrator.administration
    made = call(
        service.RegisterOrganisation,
        identity.RegisterOrganisationRequest(
            idempotency_key=new_key(),
            name=organisation.name,
            kind=organisation.kind,
            authority=organisation.authority,
        ),
    )
    # The order of the accreditation: nobody is live who was not assessed.
    for state in (
        standing.ACCREDITATION_STATE_READINESS_ASSESSED,
        standing.ACCREDITATION_STATE_ACCREDITED,
        standing.ACCREDITATION_STATE_SHIELDING_ONLY,
        standing.ACCREDITATION_STATE_MANAGEMENT_TRAINING,
        standing.ACCREDITATION_STATE_LIVE,
    ):
        call(
            service.ChangeAccreditation,
            identity.ChangeAccreditationRequest(
                idempotency_key=new_key(),
                organisation_id=made.organisation_id,
                state=state,
                expires_at=_in_days(365),
            ),
        )
    system = _system_of(cast.suite, organisation.name)
    call(
        service.RegisterSystem,
        identity.RegisterSystemRequest(
            idempotency_key=new_key(),
            system_id=str(system),
            organisation_id=made.organisation_id,
            purpose=organisation.purpose,
            name=f"{organisation.name} system",
        ),
    )
    issued = cast.suite.issue_system_certificate(system, organisation.name)
    _keep_certificate(cast, organisation.name, issued.certificate, issued.private_key)
    cast.organisations[organisation.name] = made.organisation_id
    cast.suite.write_endpoints({"organisations": {organisation.name: made.organisation_id}})
    cast.say(f"{organisation.name} was assessed, accredited, and is live")


def invite(cast: Cast, administrator: Outside, who: tuple[str, str, str, access.Role.ValueType]) -> Callable[[], None]:
    """Enter a person (user name, name, organisation, role) whose every condition holds; return how to join."""
    username, name, organisation, role = who
    call, service = administrator.call, administrator.administration
    organisation_id = cast.organisations[organisation]
    address, manager = addresses_of(username, organisation)
    person = call(
        service.AddPerson,
        identity.AddPersonRequest(
            idempotency_key=new_key(),
            organisation_id=organisation_id,
            name=name,
            username=username,
            email=address,
            manager_email=manager,
            proofs=["PASSPORT", "EMPLOYER_RECORD"],
        ),
    ).person_id
    fulfil(administrator, person, role)
    account = Account(username, _password(), "", organisation, (access.Role.Name(role),), person_id=person)

    def join() -> None:
        enrol(cast, account, address, manager)
        own = cast.outside(organisation)
        if own.sign_in(account).policy_due:
            request = identity.AcknowledgePolicyRequest(idempotency_key=new_key(), policy_version=1)
            own.call(own.sessions.AcknowledgePolicy, request)
        cast.say(f"{name} ({username}, {organisation}) enrolled with link and code, and acknowledged the policy")

    return join


def addresses_of(username: str, organisation: str) -> tuple[str, str]:
    """Return where a person's link goes, and where the manager's code goes."""
    domain = organisation.lower().replace(" ", "-") + ".example.org"
    return f"{username}@{domain}", f"manager.of.{username}@{domain}"


def fulfil(administrator: Outside, person: str, role: access.Role.ValueType) -> None:
    """Record that every condition of a person holds, and grant one role."""
    call, service = administrator.call, administrator.administration
    now = Timestamp()
    now.FromDatetime(datetime.now(UTC) - timedelta(days=30))
    for condition in (
        {"checked_at": now},
        {"is_barred_list_clear": True},
        {"training_valid_until": _in_days(365)},
        {"sponsored_until": _in_days(365)},
    ):
        call(
            service.RecordCondition,
            identity.RecordConditionRequest(idempotency_key=new_key(), person_id=person, **condition),
        )
    call(
        service.GrantRole,
        identity.GrantRoleRequest(
            idempotency_key=new_key(),
            person_id=person,
            role=role,
            expires_at=_in_days(180),
            need="Works with children in the area",
        ),
    )


def enrol(cast: Cast, account: Account, address: str, manager: str) -> None:
    """The person alone: link from the mail, code from the manager, an own password, an own authenticator."""
    mails = cast.suite.layout.mail
    link, code = _read_mail(mails, address, _LINK), _read_mail(mails, manager, _CODE)
    outside = cast.outside(account.organisation)
    begun = outside.call(
        outside.sign_in_service.BeginEnrolment, identity.BeginEnrolmentRequest(link_token=link, code=code)
    )
    account.totp_secret = begun.totp_secret
    outside.call(
        outside.sign_in_service.CompleteEnrolment,
        identity.CompleteEnrolmentRequest(
            link_token=link, code=code, password=account.password, totp_code=account.code()
        ),
    )
    cast.accounts[account.username] = account
    users = [kept.to_endpoints() for kept in cast.accounts.values()]
    cast.suite.write_endpoints({"users": users})


def _read_mail(folder: Path, address: str, pattern: re.Pattern[str]) -> str:
    """Return what the newest mail to an address carries, and take the mail away as its reader would."""
    end = time.monotonic() + _MAIL_SECONDS
    while time.monotonic() < end:
        for path in sorted(folder.glob("*.eml"), reverse=True):
            message = email.message_from_bytes(path.read_bytes())
            body = message.get_payload(decode=True)
            found = pattern.search(body.decode()) if isinstance(body, bytes) else None
            if message["To"] == address and found:
                path.unlink()
                return found[1]
        time.sleep(0.1)
    raise Fault(f"No mail came to {address} in {_MAIL_SECONDS:.0f} s.")


def _keep_certificate(cast: Cast, organisation: str, certificate: Path, private_key: Path) -> None:
    files = {"cert": str(certificate), "key": str(private_key)}
    cast.suite.write_endpoints({"organisation_certificates": {organisation: files}})


def _system_of(suite: Suite, organisation: str) -> uuid.UUID:
    """Return the id of an organisation's system: random, and kept with the deployment."""
    kept = suite.endpoints().get("systems", {}).get(organisation)
    if kept is None:
        kept = str(uuid.uuid4())
        suite.write_endpoints({"systems": {organisation: kept}})
    return uuid.UUID(kept)


def _password() -> str:
    return f"{secrets.token_urlsafe(12)} {secrets.token_urlsafe(6)}"


def _in_days(days: int) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(datetime.now(UTC) + timedelta(days=days))
    return made
