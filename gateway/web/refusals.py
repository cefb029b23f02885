"""Which page answers which refusal: what happened, what to do next, and whom to telephone; never a code."""

from __future__ import annotations

from gateway.web.errors import PageError
from gateway.web.own_refusals import OWN
from gateway.web.refusal import SEARCH, SIGN_IN, Refusal
from services.runtime.errors import ServiceError

_AGAIN = "Go back and try again. If it happens again, telephone your team."


def _lapsed(says: str, mends: str) -> Refusal:
    return Refusal(heading="You cannot use ContactPoint at the moment", says=says, next=mends, link=None)


def _busy(heading: str, says: str, next_step: str = "Wait a moment, then try again.") -> Refusal:
    return Refusal(heading=heading, says=says, next=next_step, status=503)


def _entered(heading: str, says: str, next_step: str = "Go back and enter it again.") -> Refusal:
    return Refusal(heading=heading, says=says, next=next_step, status=400, calls_team=False)


_SERVICE: dict[str, Refusal] = {
    "ACT_GIVEN_UP": _busy(
        "This was interrupted",
        "This was interrupted, and nothing was recorded.",
        "Go back and enter it again.",
    ),
    "ADDRESS_NOT_ALLOWED": _entered(
        "Use another e-mail address",
        "The person and the manager need two different e-mail addresses, and neither may be your own.",
    ),
    "ALREADY_ENROLLED": _entered(
        "This account is set up already",
        "This person has set up an account already.",
        "They can sign in with it. If they cannot, telephone your team.",
    ),
    "ALREADY_FOUNDED": _entered("This was done before", "The first account exists already.", "There is nothing to do."),
    "BEING_CHANGED": _busy("Somebody else is changing this", "Somebody else is changing this right now."),
    "BUSY": _busy(
        "ContactPoint is busy", "More people are using ContactPoint than it can answer at once. Nothing was recorded."
    ),
    "CEILING_REACHED": Refusal(
        heading="You have reached today’s limit",
        says="There is a limit on how many children one person can look up in a day, and you have reached it.",
        next="Telephone your team now. They can help you with this child, and somebody else there can lift the limit.",
        status=429,
    ),
    "CODE_REFUSED": _entered(
        "The six digits are not right",
        "The six digits are not the ones that your authenticator should show now.",
        "Wait for new ones and enter those. If they are refused too, set your phone’s clock to automatic.",
    ),
    "COLLEAGUE_REFUSED": Refusal(
        heading="You cannot look for this colleague",
        says="Nobody of this user name can be helped now.",
        next="Check the user name with your colleague. If it is right, their user administrator knows what is missing.",
        link=("Name a colleague", "/mediation"),
    ),
    "CONDITION_LAPSED": _lapsed(
        "One of the conditions of your access has lapsed.", "Ask your manager which one, and to renew it."
    ),
    "CONDITION_LAPSED_BARRED_LIST": _lapsed(
        "Your entry with the barred lists is not clear.",
        "Ask your manager: only your employer can record it as clear.",
    ),
    "CONDITION_LAPSED_CHECK": _lapsed(
        "Your criminal-record check is older than three years.",
        "Ask your manager to record a new one. You can sign in as soon as that is done.",
    ),
    "CONDITION_LAPSED_FACTORS": _lapsed(
        "Your password and your authenticator are not both set up.",
        "Ask your manager to start your enrolment again. You will get a new link and a new code.",
    ),
    "CONDITION_LAPSED_ORGANISATION": _lapsed(
        "Your organisation’s accreditation does not hold now, so none of its people can use ContactPoint.",
        "Tell your manager. The person who is responsible for ContactPoint in your organisation can mend this.",
    ),
    "CONDITION_LAPSED_POLICY": Refusal(
        heading="Read the policy first",
        says="The policy has changed since you last acknowledged it.",
        next="Read it and acknowledge it. Then you can go on.",
        link=("Read the policy", "/policy"),
        calls_team=False,
    ),
    "CONDITION_LAPSED_ROLE": _lapsed(
        "No role is granted to you at present.",
        "Ask your organisation’s user administrator to grant you one.",
    ),
    "CONDITION_LAPSED_SERVICE": Refusal(
        heading="ContactPoint has been stopped",
        says="ContactPoint has been stopped for everybody.",
        next="Telephone your team: they can tell you who works with a child, and when the service will start again.",
        status=503,
        link=None,
    ),
    "CONDITION_LAPSED_SPONSORSHIP": _lapsed(
        "Your employer’s sponsorship of your access is over.", "Ask your manager to renew it."
    ),
    "CONDITION_LAPSED_SUSPENSION": _lapsed(
        "Your access is suspended.", "Ask your manager. Nobody else can tell you why."
    ),
    "CONDITION_LAPSED_TRAINING": _lapsed(
        "Your training is no longer valid.", "Ask your manager to record your new training as soon as you have had it."
    ),
    "DEADLINE_TOO_SHORT": _busy("That took too long", "ContactPoint did not answer in time."),
    "DEPENDENCY_UNAVAILABLE": _busy(
        "ContactPoint is not available",
        "Part of ContactPoint does not answer at the moment. Nothing was shown.",
        "Try again in a minute. If this cannot wait, telephone your team now: they can help you without it.",
    ),
    "ENROLMENT_REFUSED": _entered(
        "Link and code do not open an account",
        "The link from your e-mail and the code from your manager do not belong together, or are too old. "
        "They last three days, and five tries.",
        "Check the code once more. Then ask your manager for a new link and a new code.",
    ),
    "GAP_NOT_READY": Refusal(
        heading="The gap cannot be accepted yet",
        says="Not everything that is known beyond the gap has been entered again. Nothing was recorded.",
        next="Ask the operator to read out what show-gap prints now: the gap will have another name.",
        status=409,
    ),
    "IDEMPOTENCY_KEY_REUSED": _entered(
        "This was sent before", "This form was sent before, with something else in it.", "Start again from a new form."
    ),
    "INDEX_REFUSED": _busy(
        "Searching is not possible at the moment",
        "The search does not work at the moment. The people who run ContactPoint have been alarmed.",
        "Telephone your team now: they can help you without it.",
    ),
    "INVALID_REQUEST": _entered(
        "Something is missing or not in the right form",
        "Something in what was entered is missing, too long or not in the right form.",
        "Go back, check what you entered, and try again.",
    ),
    "LEDGER_BEHIND": _busy(
        "ContactPoint is being restored",
        "ContactPoint is being restored after a fault. Until that is done nothing is shown.",
        "Try again later. If this cannot wait, telephone your team now.",
    ),
    "LEDGER_GAP_OPEN": _busy(
        "ContactPoint is being restored",
        "ContactPoint is being restored after a fault. Until two people have agreed that it goes on, nothing is shown.",
        "Try again later. If this cannot wait, telephone your team now: they can help you without it.",
    ),
    "LOG_NOT_PROVABLE": _busy(
        "The log cannot be shown",
        "The log could not be proved whole, so nothing of it is shown. The people who run ContactPoint have been told.",
        "Telephone your team to learn when it can be read again.",
    ),
    "LOSS_NOT_ACCEPTED": _busy(
        "ContactPoint is being restored",
        "ContactPoint was restored after a fault, and what was lost has not been accepted yet. Nothing was recorded.",
        "Try again later. If this cannot wait, telephone your team now.",
    ),
    "MEDIATION_NEEDED": Refusal(
        heading="Say first for whom you look",
        says="You look things up for colleagues who telephone you. Nobody is named now: that holds for 15 minutes.",
        next="Call your colleague back on the number we hold, then name them.",
        link=("Name a colleague", "/mediation"),
        calls_team=False,
    ),
    "MESSAGE_TOO_LARGE": _entered("Too much was sent at once", "There was more in this form than it can hold."),
    "NOT_AUTHENTICATED": Refusal(
        heading="You are not signed in",
        says="You are not signed in, or your session has ended.",
        next="Sign in, then try again.",
        status=401,
        link=SIGN_IN,
        calls_team=False,
    ),
    "NOT_FOUND": Refusal(
        heading="Nothing was found",
        says="There is nothing here that you can be shown. It may have been open for too long.",
        next="Search again. If you find nothing, telephone your team.",
        status=404,
        link=SEARCH,
    ),
    "NOT_FOUNDED": _entered("There is no service yet", "The service was not founded yet.", "There is nothing to do."),
    "NOT_IN_THIS_ENVIRONMENT": Refusal(
        heading="This is not available here",
        says="This cannot be done in this environment.",
        next="Telephone your team if you need it.",
    ),
    "NOT_LEADING": _busy(
        "ContactPoint is changing over",
        "Another machine is taking over at this moment. Nothing was shown.",
        "Wait a few seconds, then try again. If this cannot wait, telephone your team.",
    ),
    "NOT_ONESELF": Refusal(
        heading="Somebody else has to do this",
        says="Nobody can do this for their own account.",
        next="Ask a colleague with the same role.",
    ),
    "NOT_PERMITTED": Refusal(
        heading="You may not do this",
        says="Your role does not include this.",
        next="If you need it for your work, ask your manager. If this is about a child now, telephone your team.",
    ),
    "NOT_THIS_GAP": Refusal(
        heading="There is no such gap any more",
        says="No gap of this name is open: it was accepted, or more was entered again since the name was read.",
        next="Ask the operator to read out what show-gap prints now.",
        status=409,
    ),
    "NO_AUTHORITY": Refusal(
        heading="Your organisation belongs to no authority",
        says="This has to be done by an organisation of the child’s own area.",
        next="Telephone the ContactPoint team of the child’s authority.",
        link=("All teams’ telephone numbers", "/teams"),
    ),
    "NO_GAP_OPEN": _entered(
        "There is nothing to accept", "The log has no gap that waits for this.", "There is nothing to do."
    ),
    "NO_SUCH_ACT": Refusal(
        heading="Nothing was found",
        says="There is nothing here that you can be shown.",
        next=_AGAIN,
        status=404,
    ),
    "OLDER_THAN_THE_GAP": _busy(
        "ContactPoint is being restored",
        "What was restored is older than the log. Nothing was recorded.",
        "The operator has to restore a newer copy. If this cannot wait, telephone your team now.",
    ),
    "ORGANISATION_WITHDRAWN": Refusal(
        heading="This organisation was withdrawn",
        says="This organisation was withdrawn from ContactPoint.",
        next="It has to apply again.",
    ),
    "PAGE_TOKEN_REFUSED": _entered(
        "This list has changed", "This list has changed since you opened it.", "Start again from its first page."
    ),
    "POLICY_NOT_CURRENT": Refusal(
        heading="The policy has changed",
        says="The policy has changed since this page was opened.",
        next="Read the current version.",
        link=("Read the policy", "/policy"),
        calls_team=False,
    ),
    "PROVIDER_TAKEN": _entered(
        "This code is registered already",
        "A school or practice with this code is registered already.",
        "Amend that one.",
    ),
    "RECORD_DAMAGED": Refusal(
        heading="This record cannot be read",
        says="This record cannot be read at the moment. The people who run ContactPoint have been alarmed.",
        next="Telephone your team now: they can help you without it.",
        status=503,
    ),
    "RECORD_FULL": Refusal(
        heading="This record is full",
        says="This record cannot take another entry.",
        next="Telephone your team: they can make room.",
        status=409,
    ),
    "ROLES_CONFLICT": Refusal(
        heading="These roles do not go together",
        says="One person cannot hold both of these roles.",
        next="Choose another role, or another person.",
        calls_team=False,
    ),
    "SEARCH_NEEDED": Refusal(
        heading="Search first",
        says="A record can be created only after a search by name and date of birth, from that search.",
        next="Search for the child. If you do not find the child, create the record from the page of results.",
        status=409,
        link=("Search", "/search"),
        calls_team=False,
    ),
    "SEARCH_NEEDS_MORE": Refusal(
        heading="Give more details",
        says="A search needs a surname and a date of birth, or a surname, a first name and a year of birth.",
        next="Search again with more details. If you have no more, telephone your team.",
        status=400,
        link=SEARCH,
    ),
    "SECOND_CUSTODIAN_NEEDED": _entered(
        "Another custodian has to do the same",
        "You have asked that the service goes on.",
        "Another custodian has to do the same within a day.",
    ),
    "SECOND_OFFICER_NEEDED": Refusal(
        heading="A second officer must approve this",
        says="You opened this case yourself, so another officer has to approve it.",
        next="Ask a colleague, or the officer who covers for your authority.",
    ),
    "SERVICE_NOT_STOPPED": _entered("The service is not stopped", "Nothing was changed.", "There is nothing to do."),
    "SESSION_ENDED": Refusal(
        heading="You have been signed out",
        says="Your session has ended.",
        next="Sign in again. What you typed into a search is still there for you.",
        status=401,
        link=SIGN_IN,
        calls_team=False,
    ),
    "SHIELD_STANDS": Refusal(
        heading="Nothing is left to approve",
        says="Two people have approved this shield already.",
        next="There is nothing to do.",
        status=409,
        calls_team=False,
    ),
    "SIGN_IN_REFUSED": Refusal(
        heading="You could not be signed in",
        says="The user name, the password or the six digits are not right.",
        next="Wait for new digits and try again. If that fails too, set your phone’s clock to automatic.",
        status=401,
        link=SIGN_IN,
    ),
    "STANDING_CHANGED": _busy(
        "Your access has just changed",
        "Something about your access changed while this was being done. Nothing was shown or recorded.",
        "Go back and try again. If that fails, sign out and sign in again.",
    ),
    "SYSTEM_REGISTERED": _entered(
        "This system is registered already",
        "A system with this identity is registered already.",
        "Look for it in the list.",
    ),
    "TOKEN_SPENT": _busy(
        "This was sent before", "This was sent before and cannot be sent twice.", "Go back, and try again."
    ),
    "USERNAME_TAKEN": _entered("This user name is taken", "Somebody else has this user name.", "Choose another."),
    "WEAK_PASSWORD": _entered(
        "Choose another password",
        "This password is easily guessed.",
        "Choose a longer one, such as four words that do not belong together.",
    ),
}

PAGES: dict[str, Refusal] = {**_SERVICE, **OWN}
"""By reason: every reason of docs/errors.md, and every PageError."""


def of(error: ServiceError | PageError) -> Refusal:
    """Return the page that answers a refusal; one of an unknown reason is ours to explain."""
    return PAGES.get(error.reason, PAGES["PAGE_FAILED"])
