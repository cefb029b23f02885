"""What an attacker may do to a token: each makes, of true claims and identity's own key, one that nobody may take."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.signing import TakenKey, part

Claims = dict[str, Any]
Attack = Callable[[Claims, TakenKey], str]


def _header(**changed: Any) -> Attack:
    return lambda claims, key: key.sign(claims, {**key.header, **changed})


def _header_without(name: str) -> Attack:
    return lambda claims, key: key.sign(claims, {k: v for k, v in key.header.items() if k != name})


def _claims(**changed: Any) -> Attack:
    return lambda claims, key: key.sign({**claims, **changed})


def _made(make: Callable[[Claims], object]) -> Attack:
    return lambda claims, key: key.sign(make(claims))


def _without(*names: str) -> Attack:
    return _made(lambda claims: {k: v for k, v in claims.items() if k not in names})


def _twice(name: str, value: object) -> Attack:
    """Return the claims with `name` twice, the good one last."""
    return _made(lambda claims: (json.dumps({name: value})[:-1] + "," + json.dumps(claims)[1:]).encode())


def _raw(name: str, text: str) -> Attack:
    """Return the claims with a value that only its text can spell."""

    def make(claims: Claims) -> bytes:
        rest = json.dumps({k: v for k, v in claims.items() if k != name})
        return f'{{"{name}":{text},{rest[1:]}'.encode()

    return _made(make)


def _text(change: Callable[[str], str]) -> Attack:
    return lambda claims, key: change(key.sign(claims))


def _not_canonical(token: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def _hmac_with_the_public_key(claims: Claims, key: TakenKey) -> str:
    public = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = f"{part({**key.header, 'alg': 'HS256'})}.{part(claims)}"
    return f"{text}.{part(hmac.digest(public, text.encode(), hashlib.sha256))}"


def _signed_by(sign: Callable[[bytes], bytes]) -> Attack:
    def make(claims: Claims, key: TakenKey) -> str:
        text = f"{part(key.header)}.{part(claims)}"
        return f"{text}.{part(sign(text.encode()))}"

    return make


def _later_changed(claims: Claims, key: TakenKey) -> str:
    head, _, signature = key.sign(claims).split(".")
    return f"{head}.{part({**claims, 'rol': 'ROLE_NATIONAL_ADMINISTRATOR'})}.{signature}"


def _standings(*standings: object) -> Attack:
    return _made(lambda claims: {**claims, "std": list(standings)})


# The text, the header, the signature, the claims. What gRPC itself would not send (spaces, new lines) is not here.
EVERYWHERE: dict[str, Attack] = {
    "two segments": _text(lambda token: token.rpartition(".")[0]),
    "four segments": _text(lambda token: token + ".e30"),
    "no signature": _text(lambda token: token.rpartition(".")[0] + "."),
    "padding": _text(lambda token: token + "=="),
    "not canonical base64": _text(_not_canonical),
    "twice, with a comma": _text(lambda token: f"{token},{token}"),
    "named Bearer": _text(lambda token: f"Bearer {token}"),
    "longer than any": _claims(sur="x" * 3500),
    "header is a list": lambda claims, key: key.sign(claims, [key.header]),
    "claims are a list": _made(lambda claims: [claims]),
    "claims are no JSON": _made(lambda claims: b"{"),
    "claims are not UTF-8": _made(lambda claims: b'{"iss":"\xff"}'),
    "claims are UTF-16": _made(lambda claims: json.dumps(claims).encode("utf-16")),
    "claims are nested without end": _made(lambda claims: b"[" * 2500),
    "alg none": lambda claims, key: f"{part({**key.header, 'alg': 'none'})}.{part(claims)}.",
    "alg none, signed": _header(alg="none"),
    "alg of lower case": _header(alg="eddsa"),
    "alg Ed25519": _header(alg="Ed25519"),
    "alg HS256 with the public key": _hmac_with_the_public_key,
    "alg missing": _header_without("alg"),
    "typ JWT": _header(typ="JWT"),
    "typ missing": _header_without("typ"),
    "kid missing": _header_without("kid"),
    "kid unknown": _header(kid="other"),
    "kid is a path": _header(kid="../../dev/null"),
    "kid is a number": _header(kid=1),
    "key embedded": _header(jwk={"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
    "key by address": _header(jku="https://example.org/keys"),
    "certificate by address": _header(x5u="https://example.org/cert"),
    "certificate embedded": _header(x5c=["AA"]),
    "critical extension": _header(crit=["b64"], b64=False),
    "signed by another key": _signed_by(Ed25519PrivateKey.generate().sign),
    "signed on another curve": _signed_by(Ed448PrivateKey.generate().sign),
    "signature of zeros": _signed_by(lambda _: bytes(64)),
    "signature too short": _signed_by(lambda _: bytes(32)),
    "claims changed after signing": _later_changed,
    "another issuer": _claims(iss="directory"),
    "another audience": _claims(aud="nowhere"),
    "an audience that begins alike": _made(lambda claims: {**claims, "aud": f"{claims['aud']}.x"}),
    "audience a list": _made(lambda claims: {**claims, "aud": [claims["aud"]]}),
    "audience a list of two": _made(lambda claims: {**claims, "aud": [claims["aud"], "shielding"]}),
    "audience twice": _twice("aud", "shielding"),
    "audience missing": _without("aud"),
    "another environment": _claims(env="live"),
    "environment missing": _without("env"),
    "another method": _claims(mth="/contactpoint.directory.v1.DirectoryService/OpenEverything"),
    "a method that causes nothing": _claims(mth="/contactpoint.directory.v1.ProviderService/ListProviders"),
    "method without its slash": _made(lambda claims: {**claims, "mth": claims["mth"][1:]}),
    "method a list": _made(lambda claims: {**claims, "mth": [claims["mth"]]}),
    "request digest in upper case": _made(lambda claims: {**claims, "req": claims["req"].upper() + "A"}),
    "request digest missing": _without("req"),
    "certificate missing": _without("cnf"),
    "certificate an object": _claims(cnf={"x5t#S256": "a" * 64}),
    "expired": _made(lambda claims: {**claims, "iat": claims["iat"] - 11, "exp": claims["iat"] - 1}),
    "expires this second": _made(lambda claims: {**claims, "iat": claims["iat"] - 10, "exp": claims["iat"]}),
    "lives eleven seconds": _made(lambda claims: {**claims, "exp": claims["iat"] + 11}),
    "lives for ever": _raw("exp", "1e30"),
    "expires at infinity": _raw("exp", "Infinity"),
    "expires at not-a-number": _raw("exp", "NaN"),
    "expires at a fraction": _made(lambda claims: {**claims, "exp": claims["exp"] - 0.5}),
    "expires at a text": _made(lambda claims: {**claims, "exp": str(claims["exp"])}),
    "expiry missing": _without("exp"),
    "issued in the future": _made(lambda claims: {**claims, "iat": claims["iat"] + 5, "exp": claims["iat"] + 15}),
    "issued at missing": _without("iat"),
    "not-before, which we do not know": _made(lambda claims: {**claims, "nbf": claims["iat"]}),
    "unknown claim": _claims(admin=True),
    "person twice": _twice("sub", str(uuid.uuid4())),
    "person without a session": _without("sid"),
    "person without a role": _without("rol"),
    "role without a person": _without("sub"),
    "nobody": _without("sub", "sid", "rol"),
    "null person": _claims(sub=None),
    "person who is no UUID": _claims(sub="nurse"),
    "two roles": _claims(rol=["ROLE_PRACTITIONER", "ROLE_AUDITOR"]),
    "a role that does not exist": _claims(rol="ROLE_EVERYTHING"),
    "a person as a system": _claims(acr="system"),
    "assurance unknown": _claims(acr="one_factor"),
    "factors in a text": _claims(amr="pwd otp"),
    "token id missing": _without("jti"),
    "token id a number": _claims(jti=1),
    "organisation missing": _without("org"),
    "standing missing": _without("std"),
    "no standing": _standings(),
    "standing of an unknown kind": _standings(["region", "x", "a" * 64]),
    "standing of a pair": _standings(["person", "x"]),
    "one party twice": _standings(["person", "x", "a" * 64], ["person", "x", "b" * 64]),
    "standings without end": _standings(*(["person", str(n), "a" * 64] for n in range(9))),
}

# Bound to the call: the request's bytes and the certificate are compared where the token is used directly.
DIRECTLY: dict[str, Attack] = {
    "for another request": _claims(req=hashlib.sha256(b"another").hexdigest()),
    "for another certificate": _claims(cnf="a" * 64),
    "for another method of the service": _claims(mth="/contactpoint.directory.v1.DirectoryService/ReportContactWrong"),
}
