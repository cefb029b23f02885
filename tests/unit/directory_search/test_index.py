"""What a search finds, in which order, and what it claims of each child."""
# the look-alike letters are what is tested

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.directory.domain.candidates import MOST_CANDIDATES, Candidate, Entry
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import Question
from services.directory.domain.names import ChildName
from services.directory.index.changes import Added, Nothing, Removed, decode, encode
from services.directory.index.memory import Index
from services.runtime.errors import InvalidRequest
from tests.builders.directory_entries import BORN, KEY, NUMBER, an_entry, an_index

LETTERS = "abcdefghijklmnopqrstuvwxyz"
NAMES = st.text(alphabet=LETTERS, min_size=2, max_size=12)
SOME_NAMES = st.one_of(
    NAMES, st.sampled_from(["Ng", "Li", "O’Neil", "Łukasz", "Nguyễn", "McDonald", "de la Cruz", "Muhammad"])
)


@st.composite
def edited(draw: st.DrawFn, name: str) -> str:
    """One letter more, less, other, or two neighbours swapped; at least one letter stays."""
    kind = draw(st.sampled_from(["more", "less", "other", "swapped"]))
    at = draw(st.integers(0, len(name) - 1))
    letter = draw(st.sampled_from(LETTERS))
    match kind:
        case "more":
            return name[:at] + letter + name[at:]
        case "less":
            return name[:at] + name[at + 1 :]
        case "other":
            return name[:at] + letter + name[at + 1 :]
        case _:
            return name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :]


def ask(
    index: Index, surname: str = "", given_names: str = "", born: DateOfBirth = BORN, **more: object
) -> list[Candidate]:
    return index.search(Question(surname=surname, given_names=given_names, date_of_birth=born, **more))  # type: ignore[arg-type]


def claims(found: list[Candidate]) -> list[tuple[int, bool, bool]]:
    return [(one.tier, one.is_whole_current_name, one.nothing_else_given) for one in found]


@given(NAMES | st.sampled_from(["macdonald", "mackenzie", "mcgregor", "ng", "li"]), NAMES, st.data())
def test_one_edit_in_each_name_is_always_found_and_is_the_whole_name(
    surname: str, first: str, data: st.DataObject
) -> None:
    index = an_index(an_entry(surname.title(), first.title()))
    found = ask(index, data.draw(edited(surname)), data.draw(edited(first)))
    assert claims(found) == [(1, True, True)]


@given(SOME_NAMES, SOME_NAMES, st.dates(date(2005, 1, 2), date(2025, 12, 30)), st.data())
def test_each_slip_of_the_date_is_found_in_the_third_tier(
    surname: str, first: str, day: date, data: st.DataObject
) -> None:
    slips = [day - timedelta(days=1), day + timedelta(days=1)]
    if day.day <= 12 and day.day != day.month:
        slips.append(date(day.year, day.day, day.month))
    slip = data.draw(st.sampled_from(slips))
    index = an_index(an_entry(surname, first, born=DateOfBirth(day.year, day.month, day.day)))
    assert claims(ask(index, surname, first, DateOfBirth(slip.year, slip.month, slip.day))) == [(3, True, True)]


@given(SOME_NAMES, SOME_NAMES)
def test_names_in_the_other_order_are_found_and_are_not_the_whole_name(surname: str, first: str) -> None:
    index = an_index(an_entry(surname, first))
    found = ask(index, first, surname)
    assert len(found) == 1
    if found[0].is_whole_current_name:  # only names that are alike both ways
        assert found[0].tier == 1


@pytest.mark.parametrize(
    "surname,first",
    [
        ("Smyth", "Katherine"),
        ("Smith", "Catherine"),
        ("SMITH", "catharine"),
        ("Smtih", "Kathryn"),
    ],
)
def test_misspelt_transposed_and_sound_alike_names(surname: str, first: str) -> None:
    assert claims(ask(an_index(an_entry("Smith", "Catherine Anne")), surname, first)) == [(1, True, True)]


def test_names_of_one_sound_and_other_letters_come_from_the_pages_of_sounds() -> None:
    index = an_index(an_entry("Wojciechowski", "Siobhan"), an_entry("Philips", "Steven", number=NUMBER + 1))
    assert [one.current.number for one in ask(index, "Fillips", "Stephen")] == [NUMBER + 1]


def test_the_month_or_year_beside_needs_names_that_are_alike_and_is_no_whole_name() -> None:
    index = an_index(an_entry())
    for born in (DateOfBirth(2014, 3, 4), DateOfBirth(2016, 3, 4), DateOfBirth(2015, 2, 4)):
        assert claims(ask(index, "Lovelace", "Ada", born)) == [(3, False, True)]
        assert ask(index, "Loveless", "Adela", born) == []


def test_accents_apostrophes_hyphens_and_clans() -> None:
    for held, typed in (
        ("O’Neil", "O'NEIL"),
        ("Łapiński", "lapinski"),
        ("MacDonald", "Mc Donald"),
        ("Al-Hassan", "Alhassan"),
    ):
        assert claims(ask(an_index(an_entry(held)), typed, "Ada")) == [(1, True, True)]


def test_one_part_of_a_double_name_is_fuzzy_and_no_whole_name() -> None:
    index = an_index(an_entry("Smith-Jones", "Anna Maria"))
    assert claims(ask(index, "Jones", "Anna")) == [(2, False, True)]
    assert claims(ask(index, "Smith Jones", "Maria")) == [(2, False, True)]
    assert claims(ask(an_index(an_entry("Jones")), "Smith-Jones", "Ada")) == [(2, False, True)]


def test_a_single_name_is_tried_as_either() -> None:
    index = an_index(an_entry(name=ChildName.single("Suharto")), an_entry("Ali", "Suharto", number=NUMBER + 1))
    found = ask(index, "Suharto")
    assert [(one.current.number, one.tier, one.is_whole_current_name) for one in found] == [
        (NUMBER, 1, True),
        (NUMBER + 1, 2, False),
    ]
    assert ask(index, given_names="Suharto")[0].is_whole_current_name
    with_another = {one.current.number: one for one in ask(index, "Suharto", "Bambang")}
    assert not with_another[NUMBER].is_whole_current_name


def test_a_newborn_is_found_by_surname_date_and_not_yet_named() -> None:
    index = an_index(an_entry(name=ChildName.not_yet_named("Lovelace")))
    assert claims(ask(index, "Lovelace", is_not_yet_named=True)) == [(1, True, True)]
    assert claims(ask(index, "Lovelace", "Ada")) == [(2, False, True)]
    assert claims(ask(index, "Lovelace")) == [(1, False, True)]
    assert claims(ask(an_index(an_entry()), "Lovelace", is_not_yet_named=True)) == [(2, False, True)]


@pytest.mark.promise("S1")
def test_a_former_name_finds_and_claims_nothing_and_shows_the_current_one() -> None:
    index = an_index(an_entry("King"), an_entry("Byron", is_former=True))
    found = ask(index, "Byron", "Ada")
    assert claims(found) == [(1, False, True)]
    assert found[0].current == an_entry("King")


@pytest.mark.promise("S1")
@pytest.mark.parametrize("former", ["Kinge", "King", "Byron"])
def test_a_former_name_does_not_order_a_child_whose_current_one_agrees(former: str) -> None:
    one = an_index(an_entry("Kings"), an_entry("Kinge", number=NUMBER + 1))
    other = an_index(an_entry("Kings"), an_entry(former, is_former=True), an_entry("Kinge", number=NUMBER + 1))
    for typed in ("King", "Kinge", "Kings"):
        assert [c.current.number for c in ask(one, typed, "Ada")] == [
            c.current.number for c in ask(other, typed, "Ada")
        ]
        assert claims(ask(one, typed, "Ada")) == claims(ask(other, typed, "Ada"))


@pytest.mark.promise("S1")
@pytest.mark.parametrize(
    "question,expected",
    [
        (Question(surname="Lovelace", given_names="Ada", date_of_birth=BORN), (True, True)),
        (Question(surname="Lovelace", given_names="Ada", date_of_birth=BORN, postcode="SW1A 1AA"), (True, False)),
        (Question(surname="Lovelace", given_names="Ada", date_of_birth=DateOfBirth(2015)), (False, False)),
        (Question(surname="Lovelace", given_names="Ada", date_of_birth=DateOfBirth(2015, 3)), (False, False)),
        (Question(surname="Lovelace", date_of_birth=BORN), (False, True)),
        (Question(surname="Lovelace", given_names="Adelaide", date_of_birth=BORN), (False, True)),
        (Question(surname="Love", given_names="Ada", date_of_birth=BORN), None),
    ],
)
def test_only_the_whole_current_name_and_nothing_else_claims_both(
    question: Question, expected: tuple[bool, bool] | None
) -> None:
    found = an_index(an_entry(postcode="SW1A 1AA")).search(question)
    assert [(one.is_whole_current_name, one.nothing_else_given) for one in found] in (
        [expected],
        [(False, True)] * (not expected),
    )


def test_a_year_finds_by_sound_and_by_one_edit_in_one_name() -> None:
    index = an_index(an_entry("Clarke", "Stephen"))
    for surname, first in (("Clarke", "Stephen"), ("Clark", "Steven"), ("Clarkw", "Stephen"), ("Clarke", "Stepjen")):
        assert [one.tier for one in ask(index, surname, first, DateOfBirth(2015))] == [1]
    assert ask(index, "Clarke", "Stephen", DateOfBirth(2016)) == []
    assert len(ask(index, "Stephen", "Clarke", DateOfBirth(2015))) == 1


@pytest.mark.parametrize("held", [DateOfBirth(2015), DateOfBirth(2015, 3), DateOfBirth(2015, 1, 1, is_estimated=True)])
def test_an_estimated_child_is_found_by_every_date_of_the_year(held: DateOfBirth) -> None:
    index = an_index(an_entry(born=held))
    assert len(ask(index, "Lovelace", "Ada", DateOfBirth(2015, 3, 17))) == 1
    assert ask(index, "Lovelace", "Ada", DateOfBirth(2013, 3, 17)) == []
    assert len(ask(index, "Lovelace", "Ada", DateOfBirth(2015))) == 1


def test_an_estimate_that_is_asked_for_finds_the_year_and_claims_nothing() -> None:
    found = ask(an_index(an_entry()), "Lovelase", "Ada", DateOfBirth(2015, 7, 1, is_estimated=True))
    assert claims(found) == [(3, False, True)]


def test_a_postcode_orders_and_parts_a_tier_and_hides_nobody() -> None:
    near = an_entry(number=NUMBER + 1, postcode="SW1A 1AA")
    far = an_entry(number=NUMBER + 2, postcode="M1 1AE")
    unknown = an_entry(number=NUMBER + 3)
    found = ask(an_index(unknown, far, near), "Lovelace", "Ada", postcode="sw1a1aa")
    assert (found[0].current.number, found[0].tier) == (NUMBER + 1, 1)
    assert {one.tier for one in found[1:]} == {2}
    assert len(found) == 3


def test_the_narrower_tier_goes_first_and_64_are_the_most() -> None:
    crowd = [an_entry("Lovelace", "Ada", number=2_000_000_000 + at) for at in range(70)]
    index = an_index(*crowd, an_entry("Lovelock", "Adam", number=NUMBER + 1))
    found = ask(index, "Lovelock", "Adam")
    assert len(found) == MOST_CANDIDATES
    assert found[0].current.number == NUMBER + 1
    assert [one.tier for one in found] == sorted(one.tier for one in found)


def test_the_order_of_equals_is_fixed_and_not_the_order_of_numbers() -> None:
    crowd = [an_entry(number=2_000_000_000 + at) for at in range(40)]
    one = [found.current.number for found in ask(an_index(*crowd), "Lovelace", "Ada")]
    other = [found.current.number for found in ask(an_index(*reversed(crowd)), "Lovelace", "Ada")]
    assert one == other
    assert one != sorted(one)


def test_what_is_removed_is_found_no_more() -> None:
    index = an_index(an_entry("King"), an_entry("Byron", is_former=True), an_entry(number=NUMBER + 1))
    for entry in index.entries_of(NUMBER, BORN):
        index.apply([Removed(entry)])
    assert ask(index, "King", "Ada") == []
    assert index.entries == 1
    assert len(ask(index, "Lovelace", "Ada")) == 1
    index.apply([Removed(an_entry(number=NUMBER + 9)), Nothing()])
    assert index.entries == 1


@given(st.lists(st.tuples(SOME_NAMES, SOME_NAMES, st.integers(1, 28), st.booleans()), max_size=30))
@settings(max_examples=50)
def test_an_index_comes_back_from_its_dump_however_it_is_cut(rows: list[tuple[str, str, int, bool]]) -> None:
    entries = [
        an_entry(surname, first, number=NUMBER + at, born=DateOfBirth(2015, 3, day, estimated))
        for at, (surname, first, day, estimated) in enumerate(rows)
    ]
    index = an_index(*entries)
    dump = index.dumped()
    whole = b"".join(dump.pieces)
    assert len(whole) == dump.size
    other = Index(KEY)
    other.load(whole[at : at + 7] for at in range(0, len(whole), 7))
    for entry in entries:
        assert other.entries_of(entry.number, entry.date_of_birth) == (entry,)
    with pytest.raises(ValueError, match="not an index"):
        other.load([whole[:-1]])


@given(st.text(max_size=80), st.text(max_size=80), st.booleans(), st.integers(0, 255) | st.none())
def test_a_change_comes_back_from_its_484_bytes(
    surname: str, given_names: str, is_former: bool, tag: int | None
) -> None:
    entry: Entry = replace(an_entry(surname, given_names, is_former=is_former), postcode_tag=tag)
    try:
        plain = encode(Added(entry))
    except InvalidRequest:
        assert len((surname + given_names).encode()) > 400
        return
    assert len(plain) == 484
    assert decode(plain) == Added(entry)
    assert decode(encode(Removed(entry))) == Removed(entry)


@pytest.mark.parametrize("surname,found", [("Lovelace", True), ("Loveless", True), ("Ada", False), ("King", False)])
def test_a_number_goes_with_a_surname(surname: str, found: bool) -> None:
    index = an_index(an_entry())
    match = index.find_by_number(NUMBER, surname=surname, date_of_birth=BORN)
    assert (match is not None) is found
    assert match is None or not match.is_whole_current_name


def test_a_number_goes_with_a_date_of_birth() -> None:
    index = an_index(an_entry(), an_entry("Byron", is_former=True))
    assert index.find_by_number(NUMBER, surname="Lovelace", date_of_birth=DateOfBirth(2015, 4, 3)) is not None
    assert index.find_by_number(NUMBER, surname="Byron", date_of_birth=BORN) is not None
    assert index.find_by_number(NUMBER, surname="Lovelace", date_of_birth=DateOfBirth(2015, 4, 4)) is None
    assert index.find_by_number(NUMBER, surname="Lovelace", date_of_birth=DateOfBirth(2015)) is None
    assert index.find_by_number(NUMBER + 1, surname="Lovelace", date_of_birth=BORN) is None


@pytest.mark.promise("S1")
def test_a_number_with_the_whole_current_name_says_so() -> None:
    index = an_index(an_entry(), an_entry("Byron", is_former=True))
    for surname, first, is_whole in (
        ("Lovelace", "Ada", True),
        ("Lovelase", "Ada", True),
        ("Byron", "Ada", False),
        ("Lovelace", "Eve", False),
    ):
        match = index.find_by_number(NUMBER, surname=surname, given_names=first, date_of_birth=BORN)
        assert match is not None
        assert match.is_whole_current_name is is_whole
