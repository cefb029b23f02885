"""The transaction token: who acts, by which method, with which bytes, on what standing, for at most ten seconds."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.runtime.clock import Clock
from services.runtime.errors import NotAuthenticated

ALGORITHM = "EdDSA"
TYPE = "contactpoint-act+jwt"
ISSUER = "identity"
LONGEST_LIFE_SECONDS = 10
CLOCK_SLACK_SECONDS = 2
LONGEST_TOKEN_CHARACTERS = 4096

TWO_FACTOR = "two_factor"
KEY_ON_ACT = "key_on_act"
SYSTEM = "system"

STANDING_KINDS = ("person", "organisation", "system", "service")
_MOST_STANDINGS = 8
_MOST_METHODS = 8
_LATEST_TIME = 2**40

_SIGNER = jwt.PyJWS(algorithms=[ALGORITHM])
_HEADER = frozenset({"alg", "typ", "kid"})
_REQUIRED = frozenset(
    {"iss", "aud", "jti", "iat", "exp", "env", "mth", "req", "org", "acr", "amr", "cnf", "std"},
)
_OPTIONAL = frozenset({"sub", "sid", "rol", "aut", "sys", "ben", "sur", "adr"})

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_KID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NAME = re.compile(r"[a-z]+(\.[a-z]+)*")
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]{0,30}")
_METHOD = re.compile(r"/[a-z0-9_.]{1,100}\.[A-Z][A-Za-z0-9]{0,60}/[A-Z][A-Za-z0-9]{0,60}")
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_ROLE = re.compile(r"ROLE_[A-Z_]{1,60}")
_FACTOR = re.compile(r"[a-z][a-z0-9_]{0,30}")
_PLAIN = re.compile(r"[A-Za-z0-9_=.+/-]{1,128}")


class Standing(NamedTuple):
    """One party's standing at the time of the token: the digest of its stored message."""

    kind: str
    """One of STANDING_KINDS."""
    party: str
    """UUID of the party; the fixed name of the environment for the whole service."""
    digest: str
    """Lower-case hex SHA-256."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """What one transaction token says; the fields are its claims, by their names on the wire."""

    aud: str
    """The one process that may take it directly, such as "directory"."""
    mth: str
    """The one method, "/package.Service/Method"."""
    req: str
    """Lower-case hex SHA-256 of the request's bytes."""
    jti: str
    """UUID of this token; the ledger takes it once."""
    iat: int
    """Issued at, seconds since 1970."""
    exp: int
    """Not valid from this second on; at most ten after `iat`."""
    env: str
    """Name of the environment, such as "synthetic"."""
    org: str
    """UUID of the organisation that the person acts for, or that the supplier's system belongs to."""
    acr: str
    """What was proved: TWO_FACTOR, KEY_ON_ACT or SYSTEM."""
    amr: tuple[str, ...]
    """The factors used, such as ("pwd", "otp"); empty for a supplier."""
    cnf: str
    """Thumbprint of the certificate that called `Authorise`."""
    std: tuple[Standing, ...]
    """Digests of everything the decision stood on."""
    sub: str | None = None
    """UUID of the person; None for a supplier's call."""
    sid: str | None = None
    """Tag (UUID) of the session; None for a supplier's call."""
    rol: str | None = None
    """The one role in use, by its name in access.proto, such as "ROLE_PRACTITIONER"; None for a supplier's call."""
    aut: str | None = None
    """Nine-character code of the person's authority, where there is one."""
    sys: str | None = None
    """UUID of the connecting or supplying system, where there is one."""
    ben: str | None = None
    """UUID of the colleague for whom a mediator acts."""
    sur: str | None = None
    """Keyed tag of the user's surname."""
    adr: str | None = None
    """Keyed tag of the user's home address."""
    iss: str = ISSUER
    """Always identity."""

    def __repr__(self) -> str:
        """Return a text that names nobody."""
        return f"Act(mth={self.mth!r}, aud={self.aud!r})"


class VerificationKeys(Protocol):
    """The public keys by which tokens are verified."""

    def key(self, kid: str) -> Ed25519PublicKey | None:
        """Return the key of that name if it is valid now, else None."""
        ...


def sign(act: Act, key: Ed25519PrivateKey, kid: str) -> str:
    """Return the token that says `act`, signed.

    Raises ValueError if it would not pass `verify`: identity never issues what nobody can take.
    """
    claims = _claims_of(act)
    try:
        _act_of(claims)
    except NotAuthenticated:
        raise ValueError("the act would not pass verification") from None
    if not _KID.fullmatch(kid):
        raise ValueError("not a key id")
    payload = json.dumps(claims, separators=(",", ":"), sort_keys=True).encode()
    return _SIGNER.encode(payload, key, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": kid}, sort_headers=True)


def verify(
    text: str,
    keys: VerificationKeys,
    *,
    environment: str,
    audience: str,
    clock: Clock,
    method: str | None = None,
) -> Act:
    """Return what a token says once everything about it is proved.

    `method` is given where the token must name exactly the method being served; an onward call checks `mth` against the
    list of what it may cause instead. Request digest and certificate are the caller's to compare (`req`, `cnf`).
    Raises NotAuthenticated for whatever is wrong, and never says what.
    """
    # 1. The text: bounded, three canonical segments, two objects without duplicate names.
    if len(text) > LONGEST_TOKEN_CHARACTERS or not text.isascii():
        raise NotAuthenticated
    segments = text.split(".")
    if len(segments) != 3:  # noqa: PLR2004  # header, claims, signature
        raise NotAuthenticated
    header, claims = _object(segments[0]), _object(segments[1])
    signature = _bytes(segments[2])
    # 2. The header: exactly one algorithm, one type, one key id, nothing embedded and nothing critical.
    kid = header.get("kid")
    if header.keys() != _HEADER or header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise NotAuthenticated
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise NotAuthenticated
    # 3. The signature over the first two segments as they came (RFC 7515, 5.2), by a key we already hold.
    key = keys.key(kid)
    if not isinstance(key, Ed25519PublicKey):
        raise NotAuthenticated
    try:
        key.verify(signature, text.rpartition(".")[0].encode())
    except InvalidSignature:
        raise NotAuthenticated from None
    # 4. The claims: all known, all of their exact shape.
    act = _act_of(claims)
    # 5. For us, for here, for now, for this method.
    if act.iss != ISSUER or act.aud != audience or act.env != environment:
        raise NotAuthenticated
    if method is not None and act.mth != method:
        raise NotAuthenticated
    _check_time(act, clock.now())
    return act


def _check_time(act: Act, now: datetime) -> None:
    seconds = now.timestamp()
    if not (0 < act.exp - act.iat <= LONGEST_LIFE_SECONDS):
        raise NotAuthenticated
    if act.iat > seconds + CLOCK_SLACK_SECONDS or act.exp <= seconds:
        raise NotAuthenticated


def _claims_of(act: Act) -> dict[str, Any]:
    claims: dict[str, Any] = {
        name: value for name in (*_REQUIRED, *_OPTIONAL) if (value := getattr(act, name)) is not None
    }
    return {**claims, "amr": list(act.amr), "std": [list(standing) for standing in act.std]}


def _act_of(claims: Mapping[str, Any]) -> Act:
    """Return the act that a token's claims say; raises NotAuthenticated for a claim missing, unknown or misshapen."""
    names = claims.keys()
    if not (names >= _REQUIRED and names <= _REQUIRED | _OPTIONAL):
        raise NotAuthenticated
    for name, is_shaped in _SHAPES.items():
        if name in claims and not is_shaped(claims[name]):
            raise NotAuthenticated
    persons = [name in claims for name in ("sub", "sid", "rol")]
    # A person acts with all three, a supplier with none of them and a system.
    if any(persons) != all(persons) or (not any(persons) and "sys" not in claims):
        raise NotAuthenticated
    if any(persons) == (claims["acr"] == SYSTEM):
        raise NotAuthenticated
    if len({tuple(standing[:2]) for standing in claims["std"]}) != len(claims["std"]):
        raise NotAuthenticated
    return Act(**{**claims, "amr": tuple(claims["amr"]), "std": tuple(Standing(*triple) for triple in claims["std"])})


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False


def _is_time(value: Any) -> bool:
    return type(value) is int and 0 < value < _LATEST_TIME


def _is_factors(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) <= _MOST_METHODS and all(_matches(_FACTOR)(factor) for factor in value)
    )


def _is_standings(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= _MOST_STANDINGS and all(_is_standing(item) for item in value)


def _is_standing(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != len(Standing._fields):
        return False
    kind, party, digest = value
    return kind in STANDING_KINDS and _matches(_PLAIN)(party) and _matches(_HEX_DIGEST)(digest)


_SHAPES: dict[str, Callable[[Any], bool]] = {
    "iss": _matches(_NAME),
    "aud": _matches(_NAME),
    "sub": _is_uuid,
    "jti": _is_uuid,
    "iat": _is_time,
    "exp": _is_time,
    "env": _matches(_ENVIRONMENT),
    "mth": _matches(_METHOD),
    "req": _matches(_HEX_DIGEST),
    "sid": _is_uuid,
    "rol": _matches(_ROLE),
    "org": _is_uuid,
    "aut": _matches(re.compile(r"[A-Z][0-9]{8}")),
    "acr": lambda value: value in (TWO_FACTOR, KEY_ON_ACT, SYSTEM),
    "amr": _is_factors,
    "cnf": _matches(_HEX_DIGEST),
    "sys": _is_uuid,
    "ben": _is_uuid,
    "std": _is_standings,
    "sur": _matches(_PLAIN),
    "adr": _matches(_PLAIN),
}


def _bytes(segment: str) -> bytes:
    """Return a segment's bytes; raises NotAuthenticated if it is not their one canonical spelling."""
    if not _SEGMENT.fullmatch(segment):
        raise NotAuthenticated
    try:
        decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise NotAuthenticated from None
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() != segment:
        raise NotAuthenticated
    return decoded


def _object(segment: str) -> dict[str, Any]:
    """Return a segment's JSON object; raises NotAuthenticated for duplicate names, constants and anything else."""
    try:
        # UTF-8 (RFC 7515, 3): of bytes the parser would guess the encoding.
        found = json.loads(_bytes(segment).decode(), object_pairs_hook=_without_duplicates, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NotAuthenticated from None
    if not isinstance(found, dict):
        raise NotAuthenticated
    return found


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotAuthenticated
    return made


def _refuse(_: str) -> None:
    raise NotAuthenticated
