"""Who may call which method: one table, read from the (access) options of the contracts and nowhere else."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from contactpoint.access.v1 import access_pb2

if TYPE_CHECKING:
    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

_PACKAGE = re.compile(r"contactpoint\.(?P<process>[a-z]+(\.[a-z]+)*)\.v[0-9]+")
_CAUSE = re.compile(r"/?contactpoint\.[a-z0-9_.]+\.[A-Z]\w*/[A-Z]\w*")


class SilentMethod(RuntimeError):  # it names what was found
    """A method does not say who may call it, or contradicts itself; a server that has one does not start."""


class Audit(Enum):
    """When the audit entry of a call is durable."""

    BEFORE_REPLY = access_pb2.AUDIT_BEFORE_REPLY
    NOT_NEEDED = access_pb2.AUDIT_NOT_NEEDED


class Assurance(Enum):
    """What a caller must have proved."""

    NONE = access_pb2.ASSURANCE_NONE
    TWO_FACTOR = access_pb2.ASSURANCE_TWO_FACTOR
    KEY_ON_ACT = access_pb2.ASSURANCE_KEY_ON_ACT
    SYSTEM = access_pb2.ASSURANCE_SYSTEM
    INHERITED = access_pb2.ASSURANCE_INHERITED
    PROCESS = access_pb2.ASSURANCE_PROCESS


class Exposure(Enum):
    """Whether the edge forwards a method."""

    EDGE = access_pb2.EXPOSURE_EDGE
    INTERNAL = access_pb2.EXPOSURE_INTERNAL


@dataclass(frozen=True, kw_only=True)
class MethodAccess:
    """What one method says of itself."""

    full_name: str
    """As gRPC names it: "/package.Service/Method"."""
    process: str
    """The one process that serves it, such as "audit.ledger"."""
    permission: str = ""
    audit: Audit
    assurance: Assurance
    exposure: Exposure
    callers: frozenset[str] = field(default_factory=frozenset)
    """Internal methods: the processes that may call."""
    causes: frozenset[str] = field(default_factory=frozenset)
    """Full names of the internal methods that it may cause under its token."""
    children_disclosed: int = 0
    effects: frozenset[str] = field(default_factory=frozenset)
    sections: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        """Refuse what contradicts itself: nobody could tell which half was meant."""
        problem = _contradiction(self)
        if problem:
            raise SilentMethod(f"{self.full_name}: {problem}")

    @property
    def takes_token(self) -> bool:
        """Whether the call must carry a transaction token."""
        return self.assurance not in (Assurance.NONE, Assurance.PROCESS)


class AccessTable:
    """Every method of every process, by full name."""

    def __init__(self, methods: Iterable[MethodAccess]) -> None:
        self._methods: dict[str, MethodAccess] = {}
        for method in methods:
            if method.full_name in self._methods:
                raise SilentMethod(f"{method.full_name}: said twice")
            self._methods[method.full_name] = method

    @classmethod
    def from_services(cls, services: Iterable[ServiceDescriptor]) -> AccessTable:
        """Return the table of all methods of `services`; raises SilentMethod for one that is silent, or streams."""
        return cls(_access_of(method) for service in services for method in service.methods)

    def get(self, full_name: str) -> MethodAccess | None:
        """Return what the method of that name ("/package.Service/Method") says, or None if there is none."""
        return self._methods.get(full_name)

    def __iter__(self) -> Iterator[MethodAccess]:
        """Iterate over all methods, by name."""
        return iter(sorted(self._methods.values(), key=lambda method: method.full_name))

    def __len__(self) -> int:
        """Return the number of methods."""
        return len(self._methods)

    def of_process(self, process: str) -> list[MethodAccess]:
        """Return the methods that one process serves, by name."""
        return [method for method in self if method.process == process]

    def of_edge(self) -> list[MethodAccess]:
        """Return the methods that the edge forwards, by name."""
        return [method for method in self if method.exposure is Exposure.EDGE]

    def may_cause(self, cause: str, effect: str) -> bool:
        """Return whether the edge method `cause` lists the internal method `effect`."""
        method = self._methods.get(cause)
        return method is not None and method.exposure is Exposure.EDGE and effect in method.causes


@cache
def permissions_of(role: str) -> frozenset[str]:
    """Return the permissions that a role ("ROLE_PRACTITIONER") grants; none for a name that is no role."""
    number = access_pb2.Role.DESCRIPTOR.values_by_name.get(role)
    if number is None:
        return frozenset()
    return frozenset(number.GetOptions().Extensions[access_pb2.grants].permissions)


def every_role() -> list[str]:
    """Return the names of all roles, as tokens and tables spell them."""
    return [value.name for value in access_pb2.Role.DESCRIPTOR.values if value.number != access_pb2.ROLE_UNSPECIFIED]


@cache
def every_service() -> tuple[ServiceDescriptor, ...]:
    """Return every service of our contracts, by name, having imported all generated stubs."""
    found = {
        service.full_name: service for module in _stubs() for service in module.DESCRIPTOR.services_by_name.values()
    }
    return tuple(found[name] for name in sorted(found))


@cache
def whole_table() -> AccessTable:
    """Return the table of all our contracts; raises SilentMethod when any method is silent."""
    return AccessTable.from_services(every_service())


def process_of(package: str) -> str:
    """Return the process that owns a proto package: "contactpoint.audit.ledger.v1" is "audit.ledger"'s alone."""
    found = _PACKAGE.fullmatch(package)
    if found is None:
        raise SilentMethod(f"{package}: belongs to no process")
    return found["process"]


def _stubs() -> Iterator[ModuleType]:
    # By hand: pkgutil does not walk packages without __init__, and generated ones have none.
    root = importlib.import_module("contactpoint")
    for folder in map(Path, root.__path__):
        for path in sorted(folder.rglob("*_pb2.py")):
            yield importlib.import_module(".".join(("contactpoint", *path.relative_to(folder).with_suffix("").parts)))


def _access_of(method: MethodDescriptor) -> MethodAccess:
    service = method.containing_service
    said: access_pb2.Access = method.GetOptions().Extensions[access_pb2.access]
    full_name = f"/{service.full_name}/{method.name}"
    if method.client_streaming or method.server_streaming:
        raise SilentMethod(f"{full_name}: streams, and no method of ours does")
    if not (said.audit and said.assurance and said.exposure):
        raise SilentMethod(f"{full_name}: does not say who may call it: add the (access) option")
    if not all(_CAUSE.fullmatch(cause) for cause in said.causes):
        raise SilentMethod(f"{full_name}: names a cause that is no method")
    return MethodAccess(
        full_name=full_name,
        process=process_of(service.file.package),
        permission=said.permission,
        audit=Audit(said.audit),
        assurance=Assurance(said.assurance),
        exposure=Exposure(said.exposure),
        callers=frozenset(said.callers),
        causes=frozenset("/" + cause.removeprefix("/") for cause in said.causes),
        children_disclosed=said.children_disclosed,
        effects=frozenset(said.effects),
        sections=frozenset(said.sections),
    )


_PERMISSION: Mapping[Assurance, bool | None] = {
    # True: must name one; False: must not; None: may.
    Assurance.TWO_FACTOR: True,
    Assurance.KEY_ON_ACT: True,
    Assurance.SYSTEM: False,
    Assurance.NONE: False,
    Assurance.PROCESS: False,
    Assurance.INHERITED: None,
}


def _contradiction(method: MethodAccess) -> str:
    is_internal = method.exposure is Exposure.INTERNAL
    names_permission = bool(method.permission)
    if _PERMISSION[method.assurance] not in (None, names_permission):
        return "a permission is named exactly where a person's role must grant one"
    if is_internal != bool(method.callers):
        return "callers are named exactly by internal methods"
    if method.assurance in (Assurance.INHERITED, Assurance.PROCESS) and not is_internal:
        return "the edge does not forward what processes do among themselves"
    if is_internal and method.assurance not in (Assurance.INHERITED, Assurance.PROCESS, Assurance.NONE):
        return "a person's own assurance is proved at an exposed method"
    if is_internal and method.causes:
        return "an internal method causes nothing further: tokens go one hop"
    return ""
