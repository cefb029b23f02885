"""Rule 5: silence is not permission, and what the contracts say of one another fits together."""

from collections.abc import Mapping

import pytest
from contactpoint.access.v1 import access_pb2
from contactpoint.access.v1.access_pb2 import Access
from contactpoint.audit.ledger.v1 import entry_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tests.architecture.contracts import Method, lists_in, methods, most_items, names_children
from tests.architecture.source import PROCESSES, process_of_package

NOBODY_YET = ("SignIn", "Authorise")
"""With enrolment, all that may be called without a session."""

MOST_CHILDREN = 20
INTAKE = "contactpoint.audit.ledger.v1.LedgerService/EnterIntake"
"""A supplier's batch gets the keys of its own statements: it writes without reading."""

LEDGER = "contactpoint.audit.ledger.v1.LedgerService/"
CALLERS = {*PROCESSES, "gateway.web"}
BY_NAME: Mapping[str, Method] = {method.name: method for method in methods()}
GRANTED = {
    permission
    for role in access_pb2.Role.DESCRIPTOR.values
    for permission in role.GetOptions().Extensions[access_pb2.grants].permissions
}


def faults(name: str, access: Access, known: Mapping[str, Method] = BY_NAME) -> list[str]:  # noqa: C901, PLR0912 - one line a rule reads better together
    """Return what is wrong with an RPC's (access) option: nothing, if all is well."""
    found = []
    process = process_of_package(name.rsplit(".", 1)[0])
    rpc = name.rpartition("/")[2]
    assurance = access_pb2.Assurance.Name(access.assurance).removeprefix("ASSURANCE_")
    is_of_a_person = assurance in {"TWO_FACTOR", "KEY_ON_ACT"}
    is_internal = access.exposure == access_pb2.EXPOSURE_INTERNAL

    if not access.audit or not access.assurance or not access.exposure:
        found.append("audit, assurance and exposure must be said")
    if bool(access.permission) != is_of_a_person:
        found.append("a permission is what a person's call needs, and nobody else's")
    if access.permission and access.permission not in GRANTED:
        found.append(f"no role grants {access.permission}")
    if is_internal != bool(access.callers):
        found.append("internal methods name their callers, others have the edge alone")
    if unknown := set(access.callers) - CALLERS:
        found.append(f"no such process: {sorted(unknown)}")
    if assurance in {"INHERITED", "PROCESS"} and not is_internal:
        found.append(f"{assurance} is internal")
    if (is_of_a_person or assurance == "SYSTEM") and is_internal:
        found.append(f"{assurance} comes through the edge")
    if assurance == "NONE" and not (process == "identity" and (rpc in NOBODY_YET or "Enrol" in rpc)):
        found.append("NONE is for sign-in, enrolment and Authorise only")
    if access.children_disclosed and access.audit != access_pb2.AUDIT_BEFORE_REPLY:
        found.append("a child is disclosed before it is written down")
    if access.children_disclosed > MOST_CHILDREN and name != INTAKE:
        found.append(f"more than {MOST_CHILDREN} children in one call")

    for cause in access.causes:
        other = known.get(cause)
        if other is None:
            found.append(f"causes {cause}, which does not exist")
        elif other.access.exposure != access_pb2.EXPOSURE_INTERNAL or process not in other.access.callers:
            found.append(f"causes {cause}, which does not list {process} as a caller")
        elif other.access.assurance != access_pb2.ASSURANCE_INHERITED:
            found.append(f"causes {cause}, which takes no person's token")
        elif other.access.children_disclosed < access.children_disclosed:
            found.append(f"discloses more children than {cause} does")
    if access.causes and not (is_of_a_person or assurance == "SYSTEM"):
        found.append("onward calls are one hop deep: only what came through the edge may cause another")
    is_entered = access.audit == access_pb2.AUDIT_BEFORE_REPLY and (is_of_a_person or assurance == "SYSTEM")
    if is_entered and not any(cause.startswith(LEDGER) for cause in access.causes):
        found.append("is to be written down, and causes no entry")
    if bool(access.effects) != (f"{LEDGER}Enter" in access.causes):
        found.append("effects go with LedgerService/Enter")
    if bool(access.sections) != (f"{LEDGER}EnterLook" in access.causes):
        found.append("sections go with LedgerService/EnterLook")
    if unknown := set(access.effects) - _fields_of("EnterRequest", "effect"):
        found.append(f"no such effect: {sorted(unknown)}")
    if unknown := set(access.sections) - set(entry_pb2.Section.keys()[1:]):
        found.append(f"no such section: {sorted(unknown)}")
    return found


def _fields_of(message: str, oneof: str) -> set[str]:
    enter = BY_NAME.get(f"{LEDGER}Enter")
    if enter is None:
        return set()
    described = enter.descriptor.input_type
    assert described.name == message
    return {field.name for field in described.oneofs_by_name[oneof].fields}


def list_faults(method: Method) -> list[str]:
    """Return the lists about children in an RPC's answer that may hold more than the RPC may disclose."""
    answer = method.descriptor.output_type
    return [
        f"{field.full_name} may hold {most_items(field)}, {method.access.children_disclosed} may be disclosed"
        for field in lists_in(answer)
        if names_children(field) and (most_items(field) or MOST_CHILDREN**2) > method.access.children_disclosed
    ]


@pytest.mark.parametrize("method", methods(), ids=str)
def test_its_access_is_said_and_consistent(method: Method) -> None:
    assert faults(method.name, method.access) == []


@pytest.mark.parametrize("method", methods(), ids=str)
def test_its_lists_about_children_are_bounded(method: Method) -> None:
    assert list_faults(method) == []


@pytest.mark.parametrize("method", methods(), ids=str)
def test_it_does_not_stream(method: Method) -> None:
    assert not method.descriptor.client_streaming
    assert not method.descriptor.server_streaming


def test_every_role_grants_something() -> None:
    roles = [role for role in access_pb2.Role.DESCRIPTOR.values if role.number]
    assert [role.name for role in roles if not role.GetOptions().Extensions[access_pb2.grants].permissions] == []


def _good() -> Access:
    return Access(
        permission="record.open",
        audit=access_pb2.AUDIT_BEFORE_REPLY,
        assurance=access_pb2.ASSURANCE_TWO_FACTOR,
        exposure=access_pb2.EXPOSURE_EDGE,
        causes=[f"{LEDGER}EnterLook"],
        sections=["SECTION_SERVICES"],
        children_disclosed=1,
    )


GOOD = "contactpoint.directory.v1.DirectoryService/OpenRecord"


def test_a_good_sample_passes() -> None:
    assert faults(GOOD, _good()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"permission": ""},
        {"permission": "record.everything"},
        {"audit": access_pb2.AUDIT_UNSPECIFIED},
        {"audit": access_pb2.AUDIT_NOT_NEEDED},
        {"assurance": access_pb2.ASSURANCE_UNSPECIFIED},
        {"assurance": access_pb2.ASSURANCE_NONE},
        {"assurance": access_pb2.ASSURANCE_PROCESS},
        {"exposure": access_pb2.EXPOSURE_INTERNAL},
        {"callers": ["directory"]},
        {"causes": []},
        {"causes": ["contactpoint.audit.ledger.v1.ProcessService/Settle"]},
        {"causes": ["contactpoint.audit.ledger.v1.LedgerService/Forget"]},
        {"causes": ["contactpoint.audit.ledger.v1.LedgerService/ReadEntries"]},
        {"children_disclosed": 21},
        {"children_disclosed": 2},
        {"sections": []},
        {"sections": ["services"]},
        {"effects": ["note"]},
    ],
    ids=str,
)
def test_a_bad_sample_is_found(wrong: dict[str, object]) -> None:
    access = _good()
    for field in wrong:
        access.ClearField(field)  # type: ignore[arg-type]  # the stubs want a literal
    access.MergeFrom(Access(**wrong))  # type: ignore[arg-type]  # the sample is meant to be any field
    assert faults(GOOD, access) != []


def test_a_list_without_bound_is_found() -> None:
    file = descriptor_pb2.FileDescriptorProto(name="sample.proto", package="contactpoint.sample.v1", syntax="proto3")
    child = file.message_type.add(name="Child")
    child.field.add(name="handle", number=1, type="TYPE_BYTES", label="LABEL_OPTIONAL")
    answer = file.message_type.add(name="Answer")
    answer.field.add(
        name="children",
        number=1,
        type="TYPE_MESSAGE",
        type_name=".contactpoint.sample.v1.Child",
        label="LABEL_REPEATED",
    )
    file.service.add(name="S").method.add(name="M", input_type="Child", output_type="Answer")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    assert message_factory.GetMessageClass(pool.FindMessageTypeByName("contactpoint.sample.v1.Answer"))
    described = pool.FindServiceByName("contactpoint.sample.v1.S").methods[0]
    sample = Method(name="S/M", process="sample", access=_good(), descriptor=described)
    assert len(list_faults(sample)) == 1
