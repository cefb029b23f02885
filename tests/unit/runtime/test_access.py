"""The table of who may call what is the contracts' own, and a silent or self-contradicting method is not taken in."""

from __future__ import annotations

from typing import Any

import pytest
from contactpoint.access.v1 import access_pb2
from google.protobuf import descriptor_pb2, descriptor_pool

from services.runtime.access import (
    AccessTable,
    Assurance,
    Audit,
    Exposure,
    MethodAccess,
    SilentMethod,
    every_role,
    permissions_of,
    process_of,
    whole_table,
)

OPEN = "/contactpoint.directory.v1.DirectoryService/OpenRecord"


def service(
    access: access_pb2.Access | None, *, package: str = "contactpoint.directory.v1", streams: bool = False
) -> Any:
    """Return a service of one method that says `access`."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    file.message_type.add(name="Message")
    method = file.service.add(name="AService").method.add(
        name="Act", input_type=f".{package}.Message", output_type=f".{package}.Message", server_streaming=streams
    )
    if access is not None:
        method.options.Extensions[access_pb2.access].CopyFrom(access)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    return pool.FindServiceByName(f"{package}.AService")


def access(**said: Any) -> access_pb2.Access:
    spoken = {
        "audit": access_pb2.AUDIT_BEFORE_REPLY,
        "assurance": access_pb2.ASSURANCE_TWO_FACTOR,
        "exposure": access_pb2.EXPOSURE_EDGE,
        "permission": "record.open",
    }
    return access_pb2.Access(**{**spoken, **said})


def test_a_good_method_is_taken_in() -> None:
    causes = ["contactpoint.audit.ledger.v1.LedgerService/EnterLook"]
    table = AccessTable.from_services([service(access(causes=causes, children_disclosed=1))])
    (method,) = table
    assert (method.full_name, method.process) == ("/contactpoint.directory.v1.AService/Act", "directory")
    assert method.causes == {"/contactpoint.audit.ledger.v1.LedgerService/EnterLook"}
    assert table.may_cause(method.full_name, "/contactpoint.audit.ledger.v1.LedgerService/EnterLook")
    assert not table.may_cause(method.full_name, "/contactpoint.audit.ledger.v1.LedgerService/Enter")


INTERNAL = {"exposure": access_pb2.EXPOSURE_INTERNAL}
BAD: dict[str, access_pb2.Access | None] = {
    "silent": None,
    "silent about its audit": access(audit=0),
    "silent about its assurance": access(assurance=0),
    "silent about its exposure": access(exposure=0),
    "without a permission": access(permission=""),
    "of anyone, with a permission": access(assurance=access_pb2.ASSURANCE_NONE),
    "of a supplier, with a permission": access(assurance=access_pb2.ASSURANCE_SYSTEM),
    "internal without callers": access(assurance=access_pb2.ASSURANCE_PROCESS, permission="", **INTERNAL),
    "exposed with callers": access(callers=["directory"]),
    "exposed and inherited": access(assurance=access_pb2.ASSURANCE_INHERITED),
    "exposed and among processes": access(assurance=access_pb2.ASSURANCE_PROCESS, permission=""),
    "internal with a person's assurance": access(callers=["directory"], **INTERNAL),
    "causing a thing that is no method": access(causes=["everything"]),
    "internal and causing": access(
        assurance=access_pb2.ASSURANCE_INHERITED, callers=["directory"], causes=["contactpoint.a.v1.B/C"], **INTERNAL
    ),
}


@pytest.mark.parametrize("said", BAD.values(), ids=BAD.keys())
def test_a_bad_method_is_not(said: access_pb2.Access | None) -> None:
    with pytest.raises(SilentMethod):
        AccessTable.from_services([service(said)])


def test_a_method_that_streams_is_not() -> None:
    with pytest.raises(SilentMethod, match="streams"):
        AccessTable.from_services([service(access(), streams=True)])


@pytest.mark.parametrize("package", ["contactpoint.v1", "example.directory.v1", "contactpoint.directory"])
def test_a_package_that_is_nobodys_is_not(package: str) -> None:
    with pytest.raises(SilentMethod):
        process_of(package)


def test_a_package_is_one_process() -> None:
    assert process_of("contactpoint.audit.ledger.v1") == "audit.ledger"
    assert process_of("contactpoint.directory.v2") == "directory"


def test_a_method_said_twice_is_not() -> None:
    method = MethodAccess(
        full_name="/contactpoint.a.v1.B/C",
        process="a",
        audit=Audit.NOT_NEEDED,
        assurance=Assurance.NONE,
        exposure=Exposure.EDGE,
    )
    with pytest.raises(SilentMethod, match="twice"):
        AccessTable([method, method])


def test_roles_grant_what_their_option_says_and_strangers_nothing() -> None:
    assert "record.open" in permissions_of("ROLE_PRACTITIONER")
    assert "record.open" not in permissions_of("ROLE_USER_ADMINISTRATOR")
    for stranger in ("", "ROLE_UNSPECIFIED", "ROLE_ROOT", "practitioner"):
        assert permissions_of(stranger) == frozenset()
    assert all(permissions_of(role) for role in every_role())


def test_our_own_contracts_make_a_table() -> None:
    table = whole_table()
    assert table.get(OPEN) is not None
    assert table.get("/contactpoint.directory.v1.DirectoryService/Nothing") is None
    granted = frozenset[str]().union(*map(permissions_of, every_role()))
    assert {method.permission for method in table if method.permission} <= granted
    processes = {method.process for method in table} | {"gateway.edge", "gateway.web"}
    for method in table:
        assert method.callers <= processes
        for cause in method.causes:
            effect = table.get(cause)
            assert effect is not None, cause
            assert method.process in effect.callers
            assert effect.assurance is Assurance.INHERITED
