"""A person signs in with user name, password and code together; the code is checked first, for every name alike."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from services.identity import one_time_codes
from services.identity.domain import conditions
from services.identity.domain.acts import Receipt
from services.identity.domain.conditions import Condition
from services.identity.domain.session import Session, SessionFactor, SessionLimits
from services.identity.domain.standing import CODE, PASSWORD, OrganisationStanding, PersonStanding, Stored
from services.identity.errors import LAPSED, SignInRefused
from services.identity.ports import Account, Accounts, Ledger, Parties, Passwords, Refusal, Sessions
from services.identity.sealing import digest_of
from services.runtime.caller import Caller
from services.runtime.clock import Clock
from services.runtime.errors import NotAuthenticated

ACT = "sign_in"
_HANDLE_BYTES = 32
_LEVEL = {PASSWORD: 1, CODE: 2}


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A session that begins now."""

    handle: str
    tag: str
    expires_at: datetime
    idle_seconds: int
    roles: tuple[str, ...]
    is_policy_due: bool
    receipt: Receipt
    person: str
    name: str
    organisation: str
    organisation_name: str
    authority: str
    policy_version: int

    def __repr__(self) -> str:
        """Return a text without the handle."""
        return "SignedIn()"


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Whoever lacks the authenticator never reaches the password's hash, and learns nothing of it."""

    accounts: Accounts
    passwords: Passwords
    sessions: Sessions
    parties: Parties
    ledger: Ledger
    limits: SessionLimits
    clock: Clock

    def __call__(self, caller: Caller, *, username: str, password: str, code: str) -> SignedIn:
        """Return the session.

        Raises SignInRefused for any wrong name, password or code, Busy when too many hash at once (after a right code
        only), and a ConditionLapsed to whose factors were right.
        """
        if caller.channel is None:
            raise NotAuthenticated
        now = self.clock.now()
        # 1. The account, or a decoy: the same queries, the same sizes.
        account = self.accounts.of(username)
        # 2. The code, three steps of it whatever comes.
        step = one_time_codes.matching_step(account.secret, code, now)
        if step is None or not account.are_factors_bound or not account.username_agrees or step <= account.last_step:
            self._refuse(account)
        # 3. The gate, before the code is used up: who is told to come back can come back with it.
        with self.passwords.admitted():
            # 4. The code, once: of many at the same moment one goes on, and none on a closed account.
            if not self.accounts.use_code(account.id, step):
                self._refuse(account)
            # 5. The password.
            if not self.passwords.is_right(account.password_hash, password):
                self._refuse(account)
        if account.person is None or account.organisation is None or account.service is None or not account.is_known:
            self._refuse(account)
        self.accounts.count_right(account.id)
        # 6. The conditions: both factors were right, so the person is told which one lapsed.
        person, organisation = account.person, account.organisation
        failing = conditions.lapsed(person.standing, organisation.standing, account.service.standing, now)
        if failing and failing[0] is not Condition.POLICY:
            self._refuse_lapsed(person.standing, failing[0])
        version = account.service.standing.policy_version
        is_policy_due = Condition.POLICY in failing
        return self._begin(
            caller.channel, person, organisation, now, policy_version=version, is_policy_due=is_policy_due
        )

    def _begin(
        self,
        channel: str,
        person: Stored[PersonStanding],
        organisation: Stored[OrganisationStanding],
        now: datetime,
        *,
        policy_version: int,
        is_policy_due: bool,
    ) -> SignedIn:
        handle = secrets.token_urlsafe(_HANDLE_BYTES)
        session = Session(
            tag=str(uuid.uuid4()),
            handle_digest=digest_of(handle),
            person=person.standing.person,
            organisation=organisation.standing.organisation,
            channel=channel,
            started_at=now,
            expires_at=now + self.limits.longest,
            last_used_at=now,
            factors=tuple(
                SessionFactor(
                    method=factor.method,
                    assurance_level=_LEVEL[factor.method],
                    proved_at=now,
                    vouched_by=factor.vouched_by,
                )
                for method in (PASSWORD, CODE)
                if (factor := person.standing.factor(method)) is not None
            ),
        )
        # 7. Written down, entered, and only then of use: the ledger knows each live session, and that the standings it
        #    was decided from are the newest.
        self.sessions.begin(session)
        entered = self.ledger.enter_session(
            session, person_digest=person.digest, organisation_digest=organisation.digest
        )
        expires_at = min(entered.expires_at, session.expires_at)
        self.sessions.activate(session.tag, expires_at)
        named = self.parties.named_people((session.person,)).get(session.person)
        of = self.parties.named_organisations((session.organisation,)).get(session.organisation)
        return SignedIn(
            handle=handle,
            tag=session.tag,
            expires_at=expires_at,
            idle_seconds=int(self.limits.idle.total_seconds()),
            roles=person.standing.roles_at(now),
            is_policy_due=is_policy_due,
            receipt=entered.receipt,
            person=session.person,
            name=named.name if named else "",
            organisation=session.organisation,
            organisation_name=of.name if of else "",
            authority=organisation.standing.authority,
            policy_version=policy_version,
        )

    def _refuse(self, account: Account) -> NoReturn:
        # Written in one statement for every name; entered in the log by a worker, or known names would take longer.
        self.accounts.count_wrong(account, ACT, SignInRefused.reason)
        raise SignInRefused

    def _refuse_lapsed(self, person: PersonStanding, condition: Condition) -> NoReturn:
        refusal = LAPSED[condition]()
        self.ledger.enter_refusal(
            Refusal(act=ACT, rule=refusal.reason, person=person.person, organisation=person.organisation)
        )
        raise refusal
