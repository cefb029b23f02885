"""One form in which names are compared."""
# ruff: noqa: RUF001  # the look-alike letters are what is tested

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.directory.domain.names import ChildName, fold, joined

ANY_NAME = st.text(alphabet=st.characters(categories=("L", "M", "P", "Z", "N", "S")), max_size=40)


@given(ANY_NAME)
@example("Mc Mac Mc x")
@example("ǅ ’ŉ ﬀ İ")
@example("ᾷ ΐ ẞ ͅ")
def test_folding_twice_is_folding_once(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@given(ANY_NAME)
def test_capitals_make_no_difference(name: str) -> None:
    assert fold(name.casefold()) == fold(name)


@pytest.mark.parametrize(
    "written",
    [
        ("O'Neil", "O’Neil", "ONEIL", "o‘neil", "Oʼneil", "O´Neil", "O`Neil"),
        ("Smith-Jones", "Smith Jones", "smith  jones", "Smith–Jones"),
        ("MacDonald", "McDonald", "Mc Donald", "Mac Donald", "MACDONALD"),
        ("José", "Jose", "Jose\u0301"),
        ("Łukasz", "Lukasz"),
        ("Søren", "Soren"),
        ("Strauß", "Strauss", "STRAUSS"),
        ("Đorđević", "Dordevic"),
        ("Yıldız", "Yildiz", "YILDIZ"),
        ("İnönü", "Inonu"),
        ("Nguyễn", "Nguyen"),
        ("Siân", "Sian"),
        ("Þóra", "Thora"),
        ("J. Paul", "J Paul"),
    ],
)
def test_one_name_in_many_spellings_is_one(written: tuple[str, ...]) -> None:
    assert len({fold(one) for one in written}) == 1


def test_spaces_part_words_and_do_not_count_in_a_whole() -> None:
    assert fold("de la  Cruz") == "de la cruz"
    assert joined(fold("de la Cruz")) == joined(fold("Delacruz"))


def test_other_scripts_stay_what_they_are() -> None:
    assert fold("Иван") == "иван"
    assert fold("李") == "李"


def test_a_name_is_never_printed() -> None:
    assert "Ada" not in repr(ChildName.full("Lovelace", "Ada"))
