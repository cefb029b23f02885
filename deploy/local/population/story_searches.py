"""The searches of the demonstration: what is typed, and whom it must show."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from deploy.local.population.child import Child
from deploy.local.population.damage import day_and_month_swapped
from deploy.local.population.generate import SHARED_NAME
from deploy.local.population.query import Query
from deploy.local.population.story import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search: it shows these children and nobody else, unless it is refused as too much or too little."""

    words: str
    query: Query
    finds: tuple[Child, ...] = ()
    is_too_many: bool = False
    is_too_little: bool = False


def searches(story: Story) -> dict[str, tuple[Search, ...]]:
    """Return the searches by scenario; those of `limited` hold once that child is shielded."""
    first, second = story.alike
    newborn, unique = story.newborn, story.unique
    with_postcode = replace(exact(second), postcode=second.address.postcode)
    nobody = Query(surname="Vexham", given_names="Ottoline", date_of_birth=date(story.today.year - 8, 6, 21))
    return {
        "nurse": _of_the_nurse(story.worried_about),
        "unique": (Search(words="name and date", query=exact(unique), finds=(unique,)),),
        "two_alike": (
            Search(words="name and date", query=exact(first), finds=story.alike),
            Search(words="and the postcode", query=with_postcode, finds=(second,)),
        ),
        "too_many": (Search(words="name and year", query=SHARED_NAME.query(story.today), is_too_many=True),),
        "too_little": (
            Search(words="a surname alone", query=Query(surname="Smith", given_names=""), is_too_little=True),
        ),
        "none": (Search(words="a child whom nobody entered", query=nobody),),
        "one_name_only": _of_one_name(story.one_name_only),
        "newborn": (Search(words="surname and date, not yet named", query=exact(newborn), finds=(newborn,)),),
        "limited": _of_the_limited(story.limited),
    }


def exact(child: Child) -> Query:
    """Return the search by the whole current name and the date of birth."""
    return Query(
        surname=child.name.surname,
        given_names=child.name.given_names,
        date_of_birth=child.date_of_birth,
        is_not_yet_named=child.is_not_yet_named,
    )


def with_the_year_only(child: Child) -> Query:
    """Return the search by name and year of birth."""
    return replace(exact(child), date_of_birth=None, year_of_birth=child.date_of_birth.year)


def _of_the_nurse(child: Child) -> tuple[Search, ...]:
    right, born, finds = exact(child), child.date_of_birth, (child,)
    misspelt = replace(right, surname="Thistelthwaite", given_names="Masie")
    sound_alike = replace(right, surname="Thisslethwaite", given_names="Maisy")
    swapped = replace(right, date_of_birth=day_and_month_swapped(born))
    a_day_off = replace(misspelt, date_of_birth=born + timedelta(days=1))
    return (
        Search(words="misspelt", query=misspelt, finds=finds),
        Search(words="sound-alike", query=sound_alike, finds=finds),
        Search(words="day and month swapped", query=swapped, finds=finds),
        Search(words="misspelt and a day off", query=a_day_off, finds=finds),
        Search(words="as it is written", query=right, finds=finds),
        Search(words="name and year", query=with_the_year_only(child), finds=finds),
    )


def _of_one_name(child: Child) -> tuple[Search, ...]:
    as_surname, finds = exact(child), (child,)
    as_first_name = replace(as_surname, surname="", given_names=child.name.surname)
    misspelt = replace(as_surname, surname="Zarguna")
    return (
        Search(words="the name as a surname", query=as_surname, finds=finds),
        Search(words="the name as a first name", query=as_first_name, finds=finds),
        Search(words="misspelt", query=misspelt, finds=finds),
    )


def _of_the_limited(child: Child) -> tuple[Search, ...]:
    right, former, finds = exact(child), child.former_names[0], (child,)
    misspelt = replace(right, surname="Marchbancs", given_names="Elowenn")
    former_name = replace(right, surname=former.surname, given_names=former.given_names)
    return (
        Search(words="the whole current name", query=right, finds=finds),
        Search(words="one letter wrong in each name", query=misspelt, finds=finds),
        Search(words="the right postcode", query=replace(right, postcode=child.address.postcode)),
        Search(words="a wrong postcode", query=replace(right, postcode="LS6 9ZZ")),
        Search(words="the former name", query=former_name),
        Search(words="name and year", query=with_the_year_only(child)),
    )
