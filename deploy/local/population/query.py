"""What a practitioner types to find a child."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The fields of a search; a year stands where the day is not known."""

    surname: str
    given_names: str
    date_of_birth: date | None = None
    year_of_birth: int | None = None
    postcode: str = ""
    is_not_yet_named: bool = False
