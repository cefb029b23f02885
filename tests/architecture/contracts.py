"""All our contracts as descriptors, read from the generated stubs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from buf.validate import validate_pb2
from contactpoint.access.v1 import access_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor

from tests.architecture.source import ROOT, process_of_package


@dataclass(frozen=True, kw_only=True)
class Method:
    """One RPC, and what its proto says of it."""

    name: str  # LedgerService/EnterLook, with its package
    process: str
    access: access_pb2.Access
    descriptor: MethodDescriptor

    @property
    def rpc(self) -> str:
        return str(self.descriptor.name)

    def __str__(self) -> str:
        return self.name


@cache
def files() -> tuple[FileDescriptor, ...]:
    """Return the descriptor of every proto of ours."""
    protos = ROOT / "protos"
    names = sorted(str(path.relative_to(protos).with_suffix("")) for path in protos.rglob("*.proto"))
    return tuple(import_module(f"{name.replace('/', '.')}_pb2").DESCRIPTOR for name in names)


@cache
def methods() -> tuple[Method, ...]:
    """Return every RPC of ours."""
    return tuple(
        Method(
            name=f"{service.full_name}/{method.name}",
            process=process_of_package(file.package),
            access=method.GetOptions().Extensions[access_pb2.access],
            descriptor=method,
        )
        for file in files()
        for service in file.services_by_name.values()
        for method in service.methods
    )


def lists_in(message: Descriptor, seen: frozenset[str] = frozenset()) -> Iterator[FieldDescriptor]:
    """Yield each repeated field of a message, at any depth."""
    if message.full_name in seen or not message.full_name.startswith("contactpoint."):
        return
    for field in message.fields:
        if field.is_repeated:
            yield field
        if field.message_type is not None:
            yield from lists_in(field.message_type, seen | {message.full_name})


def is_about_a_child(message: Descriptor, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a message says which child it speaks of: by handle, by number or by birth."""
    if message.full_name in seen:
        return False
    return any(
        field.name in {"handle", "child_handle", "number", "child_number", "date_of_birth"}
        or (field.message_type is not None and is_about_a_child(field.message_type, seen | {message.full_name}))
        for field in message.fields
    )


def names_children(field: FieldDescriptor) -> bool:
    """Whether each item of a repeated field is about a child, or is the handle or number of one."""
    if field.message_type is not None:
        return is_about_a_child(field.message_type)
    return field.name in {"handles", "child_handles", "numbers", "child_numbers"}


def most_items(field: FieldDescriptor) -> int | None:
    """Return a repeated field's `max_items`, or nothing where its proto does not bound it."""
    rules = field.GetOptions().Extensions[validate_pb2.field].repeated
    return rules.max_items if rules.HasField("max_items") else None
