"""SearchChildren: written down whatever was asked, one size, and what the ledger does not show is not shown."""
# the look-alike letters are what is tested

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from services.directory.domain.candidates import Candidate, criteria_digest
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import Question
from services.directory.domain.names import ChildName
from services.directory.errors import SearchNeedsMore
from services.directory.index.memory import Index
from services.directory.ports import EnteredSearch, Receipt, ShownCandidate
from services.directory.use_cases.search_children import SearchChildren
from services.runtime.caller import Caller
from services.runtime.errors import DependencyUnavailable
from services.runtime.peers import Peer
from tests.builders.directory_entries import BORN, NUMBER, an_entry, an_index

KEY = bytes(32)
ADA = Question(surname="Lovelace", given_names="Ada", date_of_birth=BORN)


@dataclass
class FakeLedger:
    """Shows every candidate but those it calls hidden."""

    hidden: set[int] = field(default_factory=set)
    limited: set[int] = field(default_factory=set)
    add_details: bool = False
    is_down: bool = False
    entered: list[tuple[bytes, bytes, bool, bool]] = field(default_factory=list)

    def enter_search(
        self, candidates: bytes, *, criteria_digest: bytes, name_and_date_only: bool, too_little: bool
    ) -> EnteredSearch:
        if self.is_down:
            raise DependencyUnavailable
        self.entered.append((candidates, criteria_digest, name_and_date_only, too_little))
        numbers = [int.from_bytes(candidates[at : at + 5], "big") for at in range(0, 512, 8)]
        shown = tuple(
            ShownCandidate(position=at, handle=bytes([at]) * 64, is_limited=number in self.limited)
            for at, number in enumerate(numbers)
            if number and number not in self.hidden
        )
        return EnteredSearch(
            receipt=Receipt(7, bytes(32)), shown=shown, search_handle=bytes(64), add_details=self.add_details
        )


@dataclass
class InMemory:
    """An index that follows no log."""

    index: Index

    def candidates(self, question: Question) -> Sequence[Candidate]:
        return self.index.search(question)


def searching(ledger: FakeLedger, index: Index | None = None) -> SearchChildren:
    return SearchChildren(index=InMemory(index or an_index(an_entry())), ledger=ledger, criteria_key=KEY)  # type: ignore[arg-type]


def caller() -> Caller:
    return Caller(
        peer=Peer(process="gateway.edge", system=None, thumbprint="0" * 64),
        act=None,
        token=None,
        digest=bytes(32),
        method="/x.Y/Z",
        channel=None,
    )


def test_a_row_is_the_current_name_and_nothing_of_the_former_one() -> None:
    index = an_index(an_entry("King"), an_entry("Byron", is_former=True))
    result = searching(FakeLedger(), index)(caller(), Question(surname="Byron", given_names="Ada", date_of_birth=BORN))
    assert [row.current.name for row in result.rows] == [ChildName.full("King", "Ada Mary")]
    assert result.receipt == Receipt(7, bytes(32))


@pytest.mark.parametrize(
    "question,paths",
    [
        (Question(), ["surname", "date_of_birth"]),
        (Question(surname="Lovelace"), ["date_of_birth"]),
        (Question(surname="Lovelace", date_of_birth=DateOfBirth(2015)), ["date_of_birth.day"]),
        (Question(given_names="Ada", date_of_birth=DateOfBirth(2015)), ["date_of_birth"]),
        (Question(surname="Lovelace", given_names="Ada", date_of_birth=BORN, is_not_yet_named=True), ["given_names"]),
        (Question(surname="’.-", date_of_birth=BORN), ["surname"]),
    ],
)
def test_too_little_is_refused_and_written_down(question: Question, paths: list[str]) -> None:
    ledger = FakeLedger()
    with pytest.raises(SearchNeedsMore) as refused:
        searching(ledger)(caller(), question)
    assert [path for path, _ in refused.value.field_violations] == paths
    assert [(candidates, too_little) for candidates, _, _, too_little in ledger.entered] == [(bytes(512), True)]


@pytest.mark.promise("D1")
def test_nothing_is_shown_while_the_ledger_is_down() -> None:
    with pytest.raises(DependencyUnavailable):
        searching(FakeLedger(is_down=True))(caller(), ADA)


def test_an_empty_search_is_written_down_in_the_same_size() -> None:
    ledger = FakeLedger()
    result = searching(ledger)(caller(), Question(surname="Nobody", date_of_birth=BORN))
    assert result.rows == ()
    assert [len(candidates) for candidates, *_ in ledger.entered] == [512]


def test_too_many_show_none() -> None:
    result = searching(FakeLedger(add_details=True))(caller(), ADA)
    assert result.add_details
    assert result.rows == ()


@pytest.mark.promise("S1")
def test_a_hidden_child_leaves_no_row_and_no_gap() -> None:
    index = an_index(*(an_entry(number=NUMBER + at) for at in range(5)))
    rows = searching(FakeLedger(hidden={NUMBER + 2}), index)(caller(), ADA).rows
    assert sorted(row.current.number for row in rows) == [NUMBER, NUMBER + 1, NUMBER + 3, NUMBER + 4]
    assert len({row.handle for row in rows}) == 4


def test_a_creation_after_the_search_has_the_same_digest_however_the_name_is_written() -> None:
    ledger = FakeLedger()
    search = searching(ledger)
    search(caller(), Question(surname="O’Neil", given_names="ada", date_of_birth=BORN))
    search(caller(), Question(given_names="Suharto", date_of_birth=BORN))
    search(caller(), Question(surname="O'Neil", date_of_birth=BORN, is_not_yet_named=True))
    search(caller(), Question(surname="O'Neil", given_names="Ada", date_of_birth=BORN, postcode="M1 1AE"))
    digests = [digest for _, digest, _, _ in ledger.entered]
    assert digests[0] == criteria_digest(
        KEY, ChildName.full("ONeil", "Ada"), DateOfBirth(2015, 3, 4, is_estimated=True)
    )
    assert digests[1] == criteria_digest(KEY, ChildName.single("suharto"), BORN)
    assert digests[2] == criteria_digest(KEY, ChildName.not_yet_named("O'neil"), BORN)
    assert len({*digests[:3], criteria_digest(KEY, ChildName.full("ONeil", "Ada"), DateOfBirth(2015, 3, 5))}) == 4
    assert [only for _, _, only, _ in ledger.entered] == [True, True, True, False]
