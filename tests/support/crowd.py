"""People who call at once, and what each was told: histories that can be held against the log afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from contactpoint.directory.v1 import directory_service_pb2 as pb

from deploy.local.population.child import Child
from deploy.local.settlement.outside import Outside, Refused
from deploy.local.settlement.supplying import date_of_birth

OPEN_RECORD = "/contactpoint.directory.v1.DirectoryService/OpenRecord"
OPEN_HOME = "/contactpoint.directory.v1.DirectoryService/OpenHome"
SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"
CONCERN = pb.Reason(code=pb.REASON_CODE_SAFEGUARDING_CONCERN)


@dataclass(frozen=True)
class Told:
    """One call and its answer, or its refusal."""

    method: str
    person: str
    began: float
    ended: float
    answer: Any = None
    refusal: str = ""
    about: Child | None = None

    @property
    def index(self) -> int:
        """The position of the answer's entry."""
        return int(self.answer.receipt.index)


@dataclass
class Crowd:
    """Threads that call until they are told to stop, and keep everything they were told."""

    told: list[Told] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _faults: list[BaseException] = field(default_factory=list)

    def does(self, act: Callable[[], Iterable[Told]]) -> None:
        """Let one more thread repeat an act until the crowd is told to stop."""

        def work() -> None:
            try:
                while not self.stopping.is_set():
                    self.told.extend(act())
            except BaseException as error:  # noqa: BLE001  # told to whoever waits for the crowd
                self._faults.append(error)

        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait_until(self, holds: Callable[[list[Told]], bool], seconds: float = 20.0) -> None:
        """Wait until what was told so far is as wanted."""
        end = time.monotonic() + seconds
        while not holds(list(self.told)):
            assert not self._faults, self._faults[0]
            assert time.monotonic() < end, f"not so after {len(self.told)} calls"
            time.sleep(0.005)

    def disperse(self, seconds: float = 30.0) -> list[Told]:
        """Return all that was told, once everyone has stopped; raises what ended somebody too early."""
        self.stopping.set()
        for thread in self._threads:
            thread.join(seconds)
            assert not thread.is_alive(), "somebody still waits for an answer"
        if self._faults:
            raise self._faults[0]
        return self.told


def tell(
    outside: Outside, person: str, method: str, request: Any, *, about: Child | None = None, seconds: float = 4.0
) -> Told:
    """Return what became of one call of the directory."""
    stub = getattr(outside.directory, method.rpartition("/")[2])
    began = time.monotonic()
    try:
        answer = outside.call(stub, request, seconds=seconds)
    except Refused as refused:
        said = refused.reason or refused.status
        return Told(method, person, began, time.monotonic(), refusal=said, about=about)
    return Told(method, person, began, time.monotonic(), answer=answer, about=about)


def whole_name(child: Child, **more: Any) -> pb.SearchChildrenRequest:
    """Return a search by a child's whole name and date of birth."""
    return pb.SearchChildrenRequest(
        surname=child.name.surname, given_names=child.name.given_names, date_of_birth=date_of_birth(child), **more
    )


def handle_of(outside: Outside, child: Child) -> bytes:
    """Return a handle for a child found by whole name; a child of the story that has a namesake gives the first."""
    rows = outside.call(outside.directory.SearchChildren, whole_name(child)).rows
    assert rows, "the child is not found"
    return bytes(rows[0].handle)
