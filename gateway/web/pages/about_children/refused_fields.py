"""What a service found wrong with a field, in the words of the page that sent it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.web.pages.about_children.submitted import Faults

_SENTENCES = {
    "LOOKS_LIKE_NHS_NUMBER": "This is an NHS number, which ContactPoint does not keep. Search by name instead",
    "NOT_TEN_DIGITS": "Enter the ten digits of the ContactPoint number, such as 12345 67890",
    "WRONG_CHECK_DIGIT": "This is not a ContactPoint number. Check each digit",
    "NO_SUCH_YEAR": "Enter a year of 4 numbers",
    "NO_SUCH_MONTH": "Enter a month from 1 to 12",
    "NO_SUCH_DAY": "Enter a real date",
    "REQUIRED_WITH_DAY": "Enter a month too",
    "REQUIRED_WITH_ONE_NAME": "Enter the whole date of birth, or a first name as well as a surname",
    "CONTRADICTS_NOT_YET_NAMED": "Leave the first names empty, or untick “not yet named”",
    "IN_THE_FUTURE": "This date is in the future",
    "TOO_LONG_AGO": "Records are for children and young people up to 25 years old. Check the year",
    "HOLDS_DIGITS": "Leave out the numbers",
    "HOLDS_A_LINK": "Leave out web and e-mail addresses",
    "HOLDS_CONTROL_CHARACTERS": "Type this by hand: it holds characters that cannot be shown",
    "LOOKS_LIKE_A_NOTE": "This looks like a note. ContactPoint holds no notes: enter the name or the line only",
    "NOT_AN_EMAIL_ADDRESS": "Enter an e-mail address like name@example.org",
    "NOT_A_POSTCODE": "Enter a postcode like LS1 1UR",
    "GOES_WITH_A_PLACE": "Enter the address, or select that none is known",
    "GOES_WITHOUT_A_PLACE": "Leave the address empty, or select whose it is",
    "UNKNOWN_PROVIDER": "Choose a team from the list again",
    "ANOTHER_ORGANISATIONS_PROVIDER": "This team belongs to another organisation. Choose your own team",
    "AT_LEAST_TEN_CHARACTERS": "Enter the reason, in at least 10 letters",
    "REQUIRED": "Enter this",
}
_OTHERWISE = "This is not in the right form"


def faults(violations: Iterable[tuple[str, str]], fields: Mapping[str, str], *, otherwise: str) -> Faults:
    """Return sentences by the ids of this page's fields.

    `fields` are ids by the beginnings of the paths of the request, the longest wins; `otherwise` takes the rest.
    """
    found: Faults = {}
    for path, reason in violations:
        known = max((one for one in fields if path.startswith(one)), key=len, default=None)
        found.setdefault(fields[known] if known else otherwise, _SENTENCES.get(reason, _OTHERWISE))
    return found
