"""The lists of names: as large and as mixed as promised, and without slips of the pen."""

import unicodedata
from collections import Counter

import pytest

from deploy.local.population.customs import CUSTOMS
from deploy.local.population.read_lists import rows_of
from deploy.local.population.story import RESERVED_SURNAMES


def test_there_are_at_least_1500_forenames_and_3000_surnames() -> None:
    assert len({row["name"] for row in rows_of("forenames")}) >= 1_500
    assert len({row["name"] for row in rows_of("surnames")}) >= 3_000


def test_every_tradition_has_girls_boys_and_surnames() -> None:
    traditions = {row["tradition"] for row in rows_of("traditions")}
    forenames = Counter((row["tradition"], row["gender"]) for row in rows_of("forenames"))
    surnames = Counter(row["tradition"] for row in rows_of("surnames"))
    assert len(traditions) >= 12
    assert {tradition for tradition, _ in forenames} == traditions == set(surnames)
    assert min(surnames.values()) >= 20
    assert all(forenames[tradition, gender] >= 15 for tradition in traditions for gender in "FM")


def test_shares_add_up_to_ten_thousand_children_and_customs_exist() -> None:
    rows = list(rows_of("traditions"))
    assert sum(int(row["share"]) for row in rows) == 10_000
    assert {row["custom"] for row in rows} == set(CUSTOMS)


@pytest.mark.parametrize("list_name", ["forenames", "surnames"])
def test_names_are_letters_and_weights_are_positive(list_name: str) -> None:
    for row in rows_of(list_name):
        assert int(row["weight"]) > 0
        name = row["name"]
        assert name == unicodedata.normalize("NFC", name).strip()
        assert all(letter.isalpha() or letter in "'- " for letter in name), name


@pytest.mark.parametrize("list_name", ["forenames", "surnames"])
def test_no_name_stands_twice_in_its_column(list_name: str) -> None:
    rows = Counter((row["name"], row["tradition"], row.get("gender")) for row in rows_of(list_name))
    assert [row for row, times in rows.items() if times > 1] == []


def test_the_story_has_its_surnames_to_itself() -> None:
    names = {row["name"] for list_name in ("forenames", "surnames") for row in rows_of(list_name)}
    assert RESERVED_SURNAMES.isdisjoint(names)
