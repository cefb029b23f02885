"""What answers the refusals that the pages make themselves, by the reasons of `errors.py`."""

from __future__ import annotations

from gateway.web.refusal import SEARCH, SIGN_IN, Refusal

OWN: dict[str, Refusal] = {
    "PAGE_NOT_FOUND": Refusal(
        heading="Page not found",
        says="There is no page at this address.",
        next="If you typed the address, check it. If a link led you here, start again from the start page.",
        status=404,
        calls_team=False,
    ),
    "PAGE_WRONG_METHOD": Refusal(
        heading="This page cannot be opened like this",
        says="This address belongs to a form.",
        next="Start again from the start page.",
        status=405,
        calls_team=False,
    ),
    "PAGE_NOT_FOR_YOU": Refusal(
        heading="You may not see this page",
        says="This page is for people with another role.",
        next="If you need it for your work, ask your manager. If this is about a child now, telephone your team.",
        status=403,
    ),
    "PAGE_SIGN_IN_FIRST": Refusal(
        heading="Sign in first",
        says="This page is for people who are signed in.",
        next="Sign in, then go on.",
        status=401,
        link=SIGN_IN,
        calls_team=False,
    ),
    "PAGE_HEAD_TOO_LARGE": Refusal(
        heading="Your browser sent too much",
        says="Your browser holds more for this site than it should.",
        next="Clear this site’s cookies in your browser, then sign in again.",
        status=431,
        calls_team=False,
    ),
    "PAGE_FORM_TOO_LARGE": Refusal(
        heading="Too much was sent at once",
        says="There was more in this form than it can hold.",
        next="Go back and enter less.",
        status=413,
        calls_team=False,
    ),
    "PAGE_FORM_UNREADABLE": Refusal(
        heading="This form could not be read",
        says="What arrived was not a form of ours, or was damaged on the way.",
        next="Go back, open the page again, and enter it again.",
        status=400,
        calls_team=False,
    ),
    "PAGE_FORM_TOO_SLOW": Refusal(
        heading="The form did not arrive",
        says="The form did not arrive whole, and nothing was recorded.",
        next="Check your connection, go back, and send it again.",
        status=408,
        calls_team=False,
    ),
    "PAGE_FORM_NOT_OURS": Refusal(
        heading="This form is too old",
        says="This form was opened before you last signed in, or was not sent from this site. Nothing was done.",
        next="Open the page again and enter it again.",
        status=403,
        calls_team=False,
    ),
    "PAGE_FROM_ELSEWHERE": Refusal(
        heading="Go on to ContactPoint",
        says="Another site led you here.",
        next="For your safety this takes one step more.",
        status=403,
        link=("Continue", "/start"),
        calls_team=False,
    ),
    "PAGE_WRONG_ADDRESS": Refusal(
        heading="ContactPoint has another address",
        says="ContactPoint cannot be used under this address.",
        next="Use the link below, and save it.",
        status=421,
        calls_team=False,
    ),
    "PAGE_KEPT_GONE": Refusal(
        heading="This page is no longer open",
        says="A page about a child closes after 15 minutes, and when you have opened several others.",
        next="Search again: what you typed is still there. If this cannot wait, telephone your team.",
        status=410,
        link=SEARCH,
    ),
    "PAGE_FAILED": Refusal(
        heading="Something went wrong",
        says="Something went wrong on our side. We cannot say whether what you entered was recorded.",
        next="Try again in a minute. If it happens again, telephone your team and tell them the reference below.",
        status=500,
    ),
}
