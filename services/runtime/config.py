"""Settings: each once, with its type, default and meaning; read from one file, and refused all at once."""

from __future__ import annotations

import dataclasses
import ipaddress
import math
import os
import re
import stat
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

_REQUIRED: Any = dataclasses.MISSING
_SECRET_MODES = frozenset({0o600, 0o400})
_GROUP_MODE = 0o440
_ADDRESS = re.compile(r"(?P<host>[a-z0-9.\-]+|\[[0-9a-f:]+\]):(?P<port>[0-9]{1,5})")


class ConfigRefused(Exception):  # reads as what it is, and names every problem at once
    """The settings cannot be used; `problems` says why, one sentence each, never with a secret in it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def setting(
    default: Any = _REQUIRED,
    *,
    meaning: str,
    least: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return one setting's field: its default (none: it must be given), what it means, and its bounds."""
    metadata = {"meaning": meaning, "least": least, "most": most, "choices": choices}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def secret(*, meaning: str) -> Any:
    """Return the field of a secret: the path of a non-empty file that its owner alone may read (0600 or 0400).

    Root's own file that only this process's group may read besides (0440) will do: no other process is in the group.
    """
    return dataclasses.field(metadata={"meaning": meaning, "is_secret": True})


def file(*, meaning: str) -> Any:
    """Return the field of a file that must exist and not be empty, such as a certificate."""
    return dataclasses.field(metadata={"meaning": meaning, "is_file": True})


def read_secret(path: Path) -> bytes:
    """Return a secret file's bytes without a final newline; raises ConfigRefused if others could read it."""
    problems = list(_file_problems(path, path.name, is_secret=True))
    if problems:
        raise ConfigRefused(problems)
    return path.read_bytes().removesuffix(b"\n")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProcessConfig:
    """What every process of ours is told; a service's own `config.py` adds its settings in a subclass."""

    process: str = setting(meaning="name of the process, such as audit.ledger")
    environment: str = setting(meaning="name of the environment; stands in every certificate and token")
    host: str = setting("127.0.0.1", meaning="address to listen on; never a name")
    port: int = setting(meaning="port for calls (0: any free one)", least=0, most=65535)
    health_port: int = setting(
        meaning="port for health probes, plain, answers nothing else (0: any)", least=0, most=65535
    )
    certificate: Path = file(meaning="certificate chain (PEM); read again when it changes")
    private_key: Path = secret(meaning="private key of the certificate (PEM); read again when it changes")
    ca: Path = file(meaning="certificates (PEM) of the authority that signs our processes' certificates")
    workers: int = setting(8, meaning="calls served at once", least=1, most=256)
    waiting: int = setting(32, meaning="calls that may wait for a worker; more are refused BUSY", least=0, most=4096)
    drain_seconds: float = setting(10.0, meaning="how long calls in flight may take after SIGTERM", least=0, most=300)
    connection_age_seconds: float = setting(
        60.0, meaning="age at which a connection is closed, so that load is spread anew", least=1, most=86_400
    )
    telemetry_dir: Path = setting(
        meaning="folder for spans and metrics as JSON lines where there is no collector; made if missing"
    )
    collector: str = setting(
        "", meaning="address (host:port) of the OpenTelemetry collector, reached under mutual TLS; empty: none"
    )
    peers: dict[str, str] = setting(
        {}, meaning='addresses of the processes called, such as "audit.ledger" = "host:port"'
    )


C = TypeVar("C", bound=ProcessConfig)


def load(kind: type[C], path: Path) -> C:
    """Return the settings of a process from its TOML file.

    Raises ConfigRefused with every problem at once: unknown names, missing ones, wrong types, bounds, unreadable files,
    secrets that others may read, and whatever the class's own `problems()` method (optional) yields.
    """
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigRefused([f"the settings cannot be read ({type(error).__name__})"]) from None
    except tomllib.TOMLDecodeError:
        raise ConfigRefused(["the settings are not TOML"]) from None
    return from_mapping(kind, given, relative_to=path.parent)


def from_mapping(kind: type[C], given: Mapping[str, Any], *, relative_to: Path) -> C:
    """Return the settings that `given` says, paths being relative to `relative_to`; raises ConfigRefused as `load`."""
    problems: list[str] = []
    fields = {field.name: field for field in dataclasses.fields(kind)}
    hints = typing.get_type_hints(kind)
    problems += [f"{name}: no such setting" for name in sorted(given.keys() - fields.keys())]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in given:
            try:
                values[name] = _typed(hints[name], given[name], relative_to)
            except TypeError:
                problems.append(f"{name}: must be {_spoken(hints[name])}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            problems.append(f"{name}: missing ({field.metadata['meaning']})")
        else:
            values[name] = _default_of(field)
    for name, value in values.items():
        problems += _value_problems(fields[name], value)
    problems += _process_problems(values)
    if problems:
        raise ConfigRefused(problems)
    made = kind(**values)
    own = getattr(made, "problems", None)
    if own is not None and (found := list(own())):
        raise ConfigRefused(found)
    return made


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def described(kind: type[ProcessConfig]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (name, type, default, meaning) of every setting: the source of the page of settings."""
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        is_required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = "" if is_required else str(field.default if field.default is not dataclasses.MISSING else "{}")
        yield field.name, _spoken(hints[field.name]), default, field.metadata["meaning"]


def _typed(hint: Any, value: Any, relative_to: Path) -> Any:
    """Return `value` as the type `hint` says, or raise TypeError; only paths, lists and int to float are converted."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return _typed(inner, value, relative_to)
    if hint is Path and isinstance(value, str) and value:
        return relative_to / value
    if hint is float and type(value) in (int, float):
        return float(value)
    if hint in (int, bool, str) and type(value) is hint:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(_typed(arguments[0], item, relative_to) for item in value)
    if origin is dict and isinstance(value, dict):
        return {_typed(arguments[0], k, relative_to): _typed(arguments[1], v, relative_to) for k, v in value.items()}
    raise TypeError


def _value_problems(field: dataclasses.Field[Any], value: Any) -> Iterator[str]:
    bounds = field.metadata
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{field.name}: must be finite"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if bounds.get("least") is not None and value < bounds["least"]:
            yield f"{field.name}: must be at least {bounds['least']}"
        if bounds.get("most") is not None and value > bounds["most"]:
            yield f"{field.name}: must be at most {bounds['most']}"
    if bounds.get("choices") and value not in bounds["choices"]:
        yield f"{field.name}: must be one of {', '.join(bounds['choices'])}"
    if isinstance(value, Path) and (bounds.get("is_file") or bounds.get("is_secret")):
        yield from _file_problems(value, field.name, is_secret=bool(bounds.get("is_secret")))


def _file_problems(path: Path, name: str, *, is_secret: bool) -> Iterator[str]:
    try:
        found = path.stat()
    except OSError:
        yield f"{name}: there is no such file"
        return
    if not stat.S_ISREG(found.st_mode):
        yield f"{name}: is not a file"
        return
    if found.st_size == 0:
        yield f"{name}: is empty"
    if not os.access(path, os.R_OK):
        yield f"{name}: cannot be read"
    if is_secret and stat.S_IMODE(found.st_mode) not in _SECRET_MODES and not _is_given_to_our_group(found):
        yield f"{name}: is a secret, so its mode must be 0600 or 0400"


def _is_given_to_our_group(found: os.stat_result) -> bool:
    # How Kubernetes mounts a secret for a process that is not root: root's, and the pod's own group (0440) may read.
    return (
        stat.S_IMODE(found.st_mode) == _GROUP_MODE
        and found.st_uid == 0
        and found.st_gid == os.getegid()
        and 0 not in (os.geteuid(), found.st_gid)
    )


def _process_problems(values: Mapping[str, Any]) -> Iterator[str]:
    host = values.get("host")
    if isinstance(host, str):
        try:
            ipaddress.ip_address(host)
        except ValueError:
            yield "host: must be an address, not a name"
    collector = values.get("collector")
    if isinstance(collector, str) and collector and not _is_address(collector):
        yield "collector: must be host:port"
    for peer, address in values.get("peers", {}).items():
        if not all(_is_address(one) for one in address.split(",")):
            yield f"peers: {peer} must be host:port, or several with commas"


def _is_address(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    return found is not None and 0 < int(found["port"]) <= 65535  # noqa: PLR2004  # the last port


def _spoken(hint: Any) -> str:
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}
    if hint in names:
        return names[hint]
    if typing.get_origin(hint) is tuple:
        return "a list"
    if typing.get_origin(hint) is dict:
        return "a table of texts"
    return " or ".join(names[part] for part in typing.get_args(hint) if part in names)
