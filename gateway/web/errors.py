"""The refusals that the pages make themselves; like those that cross the wire they have no room for a name."""

from __future__ import annotations


class PageError(Exception):
    """Base of what a page refuses; `reason` names its page in `refusals.py`."""

    reason = "PAGE_FAILED"
    status = 500


class PageNotFound(PageError):
    """There is no page of this address."""

    reason = "PAGE_NOT_FOUND"
    status = 404


class WrongMethod(PageError):
    """The page is not asked for like this."""

    reason = "PAGE_WRONG_METHOD"
    status = 405


class NotForYou(PageError):
    """The page is for people with another role."""

    reason = "PAGE_NOT_FOR_YOU"
    status = 403


class SignInFirst(PageError):
    """The page is for people who are signed in."""

    reason = "PAGE_SIGN_IN_FIRST"
    status = 401


class HeadTooLarge(PageError):
    """The browser said more of itself than any of ours does."""

    reason = "PAGE_HEAD_TOO_LARGE"
    status = 431


class FormTooLarge(PageError):
    """More was sent than any form of ours holds."""

    reason = "PAGE_FORM_TOO_LARGE"
    status = 413


class FormUnreadable(PageError):
    """What was sent is no form of ours."""

    reason = "PAGE_FORM_UNREADABLE"
    status = 400


class FormTooSlow(PageError):
    """The form did not arrive in time."""

    reason = "PAGE_FORM_TOO_SLOW"
    status = 408


class FormNotOurs(PageError):
    """The form was not drawn for this session, or another site sent it."""

    reason = "PAGE_FORM_NOT_OURS"
    status = 403


class FromElsewhere(PageError):
    """Another site led here: one step on our own pages is needed first."""

    reason = "PAGE_FROM_ELSEWHERE"
    status = 403


class WrongAddress(PageError):
    """These pages have another address."""

    reason = "PAGE_WRONG_ADDRESS"
    status = 421


class KeptGone(PageError):
    """What the page needs to be drawn is not held any more."""

    reason = "PAGE_KEPT_GONE"
    status = 410
