"""D4: every method, role and assurance is tried at the edge and at service ports; the unlisted looks forbidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import grpc
import pytest
from contactpoint.access.v1 import access_pb2
from contactpoint.directory.v1 import directory_service_pb2 as directory
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FileDescriptor

from deploy.local.settlement.inhabitants import ADMINISTRATOR, SUPPLIER
from deploy.local.settlement.outside import Account
from services.runtime import tokens
from services.runtime.access import (
    AccessTable,
    Assurance,
    Exposure,
    MethodAccess,
    SilentMethod,
    every_role,
    permissions_of,
    whole_table,
)
from services.runtime.interceptors.limits import ACT_KEY, SESSION_KEY
from tests.support.figures import RecordProperty
from tests.support.raw_calls import Answer, raw_call
from tests.support.signing import TakenKey, claims_of, fresh, taken_key
from tests.support.town import Town

pytestmark = [pytest.mark.promise("D4"), pytest.mark.timeout(600)]

WHO = {
    "ROLE_PRACTITIONER": "nurse",
    "ROLE_PROTECTION_PRACTITIONER": "social.worker",
    "ROLE_DATA_MANAGER": "data.manager",
    "ROLE_SHIELD_OFFICER": "shield.officer",
    "ROLE_USER_ADMINISTRATOR": "user.administrator",
    "ROLE_AUDITOR": "auditor",
    "ROLE_CENTRAL_AUDITOR": "central.auditor",
    "ROLE_NATIONAL_ADMINISTRATOR": ADMINISTRATOR,
    "ROLE_MEDIATOR": "mediator",
    "ROLE_CUSTODIAN": "custodian",
}
SAMPLE = {role: WHO[role] for role in ("ROLE_PRACTITIONER", "ROLE_AUDITOR")}
PROCESSES = ("identity", "directory", "shielding", "audit.ledger", "audit.review")
PEERS = (*PROCESSES, "gateway.edge")
UNLISTED = (
    "/contactpoint.directory.v1.DirectoryService/OpenEverything",
    "/contactpoint.directory.v1.DirectoryService/openrecord",
    "/contactpoint.directory.v2.DirectoryService/OpenRecord",
    "/contactpoint.nowhere.v1.NoService/NoMethod",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.health.v1.Health/Check",
)
SUPPLY = "/contactpoint.directory.v1.SupplyService/SupplyRows"
LIST_SESSIONS = "/contactpoint.identity.v1.SessionService/ListSessions"


@dataclass
class Cells:
    """What was tried, and every cell that was not as the contracts say."""

    allowed: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)

    def see(self, cell: str, answer: Answer, *, is_allowed: bool, like: Answer) -> None:
        """Compare one cell: an allowed one gets past access, a refused one cannot be told from `like`."""
        if is_allowed:
            self.allowed += 1
            if not answer.got_past_access:
                self.wrong.append(f"{cell}: refused as {answer.reason}")
            return
        self.refused += 1
        if answer.got_past_access or answer.seen != like.seen:
            self.wrong.append(f"{cell}: {answer.status} {answer.reason} is not {like.status} {like.reason}")

    def show(self) -> str:
        """Return the figure; fails if any cell was wrong, or if nothing was allowed."""
        assert not self.wrong, "\n".join(self.wrong[:40])
        assert self.allowed
        assert self.refused
        return f"{self.allowed} allowed and {self.refused} refused cells as the contracts say"


def test_every_role_has_somebody() -> None:
    assert WHO.keys() == set(every_role())


def test_every_cell_at_the_edge(town: Town, record_property: RecordProperty, is_full: bool) -> None:
    cells = Cells()
    for role, username in WHO.items() if is_full else SAMPLE.items():
        seat = town.seat(username)
        bearer = ((SESSION_KEY, f"Bearer {seat.outside.session}"),)
        like = raw_call(seat.outside.channel, UNLISTED[0], b"", bearer)
        for method in UNLISTED[1:]:
            answer = raw_call(seat.outside.channel, method, b"", bearer)
            cells.see(f"{role} {method}", answer, is_allowed=False, like=like)
        for said in whole_table():
            answer = raw_call(seat.outside.channel, said.full_name, b"", bearer)
            cells.see(f"{role} {said.full_name}", answer, is_allowed=_is_open_to(said, role), like=like)
    record_property("figure", f"edge: {cells.show()}")


def test_every_cell_at_the_edge_without_a_session(town: Town, record_property: RecordProperty) -> None:
    cells = Cells()
    for organisation in ("Leeds Community Health", SUPPLIER):
        channel = town.empty_seat(Account("", "", "", organisation, ())).outside.channel
        for metadata in ((), ((SESSION_KEY, f"Bearer {'A' * 43}"),)):
            like = raw_call(channel, UNLISTED[0], b"", metadata)
            for method in UNLISTED[1:]:
                answer = raw_call(channel, method, b"", metadata)
                cells.see(f"{organisation} {metadata} {method}", answer, is_allowed=False, like=like)
            for said in whole_table():
                answer = raw_call(channel, said.full_name, b"", metadata)
                is_open = said.exposure is Exposure.EDGE and said.assurance is Assurance.NONE
                is_supply = said.full_name == SUPPLY and organisation == SUPPLIER and not metadata
                cells.see(
                    f"{organisation} {metadata} {said.full_name}", answer, is_allowed=is_open or is_supply, like=like
                )
    record_property("figure", f"edge without a session: {cells.show()}")


def test_every_cell_at_the_services_ports(town: Town, record_property: RecordProperty, is_full: bool) -> None:
    """The edge itself calls, with tokens that identity's own key signed, whatever they say."""
    cells, key = Cells(), taken_key(town.suite)
    base = _base_claims(town, WHO if is_full else SAMPLE)
    for process in PROCESSES:
        with town.inside.channel(process, as_process="gateway.edge") as channel:
            for proof, claims in base.items():
                like = _with_token(channel, key, UNLISTED[0], claims, process)
                for method in UNLISTED[1:]:
                    answer = _with_token(channel, key, method, claims, process)
                    cells.see(f"{process} {proof} {method}", answer, is_allowed=False, like=like)
                for said in whole_table():
                    answer = _with_token(channel, key, said.full_name, claims, process)
                    is_allowed = said.process == process and _is_enough(said, claims)
                    cells.see(f"{process} {proof} {said.full_name}", answer, is_allowed=is_allowed, like=like)
    record_property("figure", f"service ports: {cells.show()}")


def test_every_cell_at_the_services_ports_without_a_token(
    town: Town, record_property: RecordProperty, is_full: bool
) -> None:
    """Every process calls every method of every other with nothing but its own certificate."""
    cells = Cells()
    for process, peer, channel in _channels(town):
        if not is_full and peer in {"identity", "audit.review"}:
            continue
        like = raw_call(channel, UNLISTED[0])
        for said in whole_table():
            answer = raw_call(channel, said.full_name)
            is_mine = said.process == process and _may_call(peer, said)
            is_allowed = is_mine and not said.takes_token
            if is_mine and said.takes_token:
                cells.see(f"{process} {peer} {said.full_name}", answer, is_allowed=False, like=answer)
                assert answer.reason == "NOT_AUTHENTICATED"
                continue
            cells.see(f"{process} {peer} {said.full_name}", answer, is_allowed=is_allowed, like=like)
    record_property("figure", f"without a token: {cells.show()}")


def test_every_onward_cell(town: Town, record_property: RecordProperty, is_full: bool) -> None:
    """Each process asks each internal method under a token for each method of its own, and of others, in each role."""
    cells, key, base = Cells(), taken_key(town.suite), _base_claims(town, WHO)
    causes = [said for said in whole_table() if said.exposure is Exposure.EDGE]
    onward = [said for said in whole_table() if said.assurance is Assurance.INHERITED]
    for process, peer, channel in _channels(town):
        like = raw_call(channel, UNLISTED[0])
        for said in onward if process == "audit.ledger" else ():
            for cause in causes:
                # In a sample: the role that the cause is for, and one that it is not for.
                for proof, claims in (base if is_full else _two_proofs(base, cause)).items():
                    answer = _with_token(channel, key, said.full_name, {**claims, "mth": cause.full_name}, peer)
                    is_listed = peer in said.callers and cause.process == peer and said.full_name in cause.causes
                    cell = f"{peer} {proof} {cause.full_name} -> {said.full_name}"
                    if is_listed and _is_enough(cause, claims):
                        cells.see(cell, answer, is_allowed=True, like=like)
                    else:
                        cells.see(cell, answer, is_allowed=False, like=answer)
    record_property("figure", f"onward: {cells.show()}")


def test_a_silent_method_stops_every_server(record_property: RecordProperty) -> None:
    """Each server builds the whole table before it listens, and the table takes no method that says nothing."""
    pool = descriptor_pool.DescriptorPool()
    for module in (access_pb2, directory):
        _add_with_imports(pool, module.DESCRIPTOR)
    file = descriptor_pb2.FileDescriptorProto(
        name="contactpoint/directory/v1/silent.proto",
        package="contactpoint.directory.v1",
        syntax="proto3",
        dependency=["contactpoint/directory/v1/directory_service.proto"],
    )
    service = file.service.add(name="SilentService")
    kind = ".contactpoint.directory.v1.OpenRecordRequest"
    service.method.add(name="OpenQuietly", input_type=kind, output_type=kind)
    pool.Add(file)
    silent = pool.FindServiceByName("contactpoint.directory.v1.SilentService")
    with pytest.raises(SilentMethod):
        AccessTable.from_services([silent])
    record_property("figure", "a method without the option: the server does not start")


def _is_open_to(said: MethodAccess, role: str) -> bool:
    """Return whether the edge lets a person of one role, signed in with two factors, call a method."""
    if said.exposure is not Exposure.EDGE:
        return False
    if said.assurance is Assurance.NONE:
        return True
    return said.assurance is Assurance.TWO_FACTOR and said.permission in permissions_of(role)


def _is_enough(said: MethodAccess, claims: dict[str, object]) -> bool:
    """Return whether an exposed method may be called under a token that says this."""
    if said.exposure is not Exposure.EDGE or not said.takes_token:
        return False
    proved = {
        Assurance.TWO_FACTOR: {tokens.TWO_FACTOR, tokens.KEY_ON_ACT},
        Assurance.KEY_ON_ACT: {tokens.KEY_ON_ACT},
        Assurance.SYSTEM: {tokens.SYSTEM},
    }
    if claims["acr"] not in proved[said.assurance]:
        return False
    return not said.permission or said.permission in permissions_of(str(claims.get("rol", "")))


def _may_call(peer: str, said: MethodAccess) -> bool:
    return peer == "gateway.edge" if said.exposure is Exposure.EDGE else peer in said.callers


def _base_claims(town: Town, people: dict[str, str]) -> dict[str, dict[str, object]]:
    """Return true claims of somebody in each role, with either assurance, and of a supplier's system."""
    found: dict[str, dict[str, object]] = {}
    for role, username in people.items():
        true = claims_of(town.token(town.seat(username), LIST_SESSIONS, b""))
        assert true["rol"] == role
        for acr in (tokens.TWO_FACTOR, tokens.KEY_ON_ACT):
            found[f"{role} {acr}"] = {**true, "acr": acr}
    supplier = town.empty_seat(Account("", "", "", SUPPLIER, ()))
    found["a supplier"] = claims_of(town.token(supplier, SUPPLY, b""))
    return found


def _two_proofs(base: dict[str, dict[str, object]], cause: MethodAccess) -> dict[str, dict[str, object]]:
    fits = [proof for proof, claims in base.items() if _is_enough(cause, claims)]
    others = [proof for proof in base if proof not in fits]
    return {proof: base[proof] for proof in (*fits[:1], *others[:1])}


def _with_token(channel: grpc.Channel, key: TakenKey, method: str, claims: dict[str, object], audience: str) -> Answer:
    cause = claims.get("mth") if "LedgerService" in method else method
    said = fresh({**claims, "aud": audience, "mth": cause, "req": _OF_NOTHING})
    return raw_call(channel, method, b"", ((ACT_KEY, key.sign(said)),))


_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def _channels(town: Town) -> Iterator[tuple[str, str, grpc.Channel]]:
    for process in PROCESSES:
        for peer in PEERS:
            with town.inside.channel(process, as_process=peer) as channel:
                yield process, peer, channel


def _add_with_imports(pool: descriptor_pool.DescriptorPool, file: FileDescriptor) -> None:
    for needed in file.dependencies:
        _add_with_imports(pool, needed)
    copied = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(copied)
    try:
        pool.FindFileByName(copied.name)
    except KeyError:
        pool.Add(copied)
