"""A transaction token is taken only exactly as identity makes it; every other text is refused, all alike."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from services.runtime import tokens
from services.runtime.errors import NotAuthenticated
from services.runtime.tokens import Act
from tests.support.acts import KID, SetClock, SigningKey, a_suppliers_act, an_act

CLOCK = SetClock()
NOW = int(CLOCK.now().timestamp())
KEY = SigningKey()
METHOD = "/contactpoint.directory.v1.DirectoryService/OpenRecord"


def verified(text: str, **changed: Any) -> Act:
    named = {"environment": "synthetic", "audience": "directory", "clock": CLOCK, "method": METHOD, **changed}
    return tokens.verify(text, KEY, **named)


def refuses(text: str, **changed: Any) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        verified(text, **changed)
    # Nothing says why.
    assert refused.value.args == ()
    assert refused.value.__cause__ is None


def act(**changed: Any) -> Act:
    return an_act(b"request", now=NOW, **changed)


def part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(header: object, claims: object, key: SigningKey = KEY) -> str:
    """Return a token of any header and claims, with a good signature over them."""
    text = f"{part(header)}.{part(claims)}"
    return f"{text}.{part(key.private.sign(text.encode()))}"


HEADER = {"alg": "EdDSA", "kid": KID, "typ": "contactpoint-act+jwt"}
CLAIMS: dict[str, Any] = json.loads(base64.urlsafe_b64decode(KEY.sign(act()).split(".")[1] + "=="))


def claims(**changed: Any) -> dict[str, Any]:
    return {**CLAIMS, **changed}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


@pytest.mark.parametrize(
    "made", [act(), a_suppliers_act(b"request", iat=NOW, exp=NOW + 10)], ids=["person", "supplier"]
)
def test_what_was_signed_comes_back(made: Act) -> None:
    assert verified(KEY.sign(made)) == made


def test_a_mediators_and_a_systems_claims_come_back() -> None:
    made = act(sys=str(uuid.uuid4()), ben=str(uuid.uuid4()), sur="dGFn", adr="dGFn", acr=tokens.KEY_ON_ACT)
    assert verified(KEY.sign(made)) == made


def test_the_hand_made_token_is_good_before_it_is_broken() -> None:
    assert verified(signed(HEADER, CLAIMS)) == verified(KEY.sign(verified(signed(HEADER, CLAIMS))))


def test_an_onward_call_may_leave_the_method_open() -> None:
    assert verified(KEY.sign(act(mth="/contactpoint.shielding.v1.S/M")), method=None).mth.endswith("/M")


def public_pem() -> bytes:
    return KEY.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def hmac_with_the_public_key() -> str:
    text = f"{part({**HEADER, 'alg': 'HS256'})}.{part(CLAIMS)}"
    return f"{text}.{part(hmac.digest(public_pem(), text.encode(), hashlib.sha256))}"


def of_another_curve() -> str:
    text = f"{part(HEADER)}.{part(CLAIMS)}"
    return f"{text}.{part(Ed448PrivateKey.generate().sign(text.encode()))}"


def duplicated(name: str, value: object) -> bytes:
    """Return the claims with `name` twice, the good one last."""
    return (json.dumps({name: value})[:-1] + "," + json.dumps(CLAIMS)[1:]).encode()


def non_canonical() -> str:
    """Return a good token whose signature is spelt otherwise: its last character has bits that decode to nothing."""
    head, _, signature = KEY.sign(act()).rpartition(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(signature[-1]) ^ 1]
    return f"{head}.{signature[:-1]}{last}"


def with_changed_claims() -> str:
    head, _, signature = KEY.sign(act()).split(".")
    return f"{head}.{part(claims(rol='ROLE_SHIELD_OFFICER'))}.{signature}"


ATTACKS: dict[str, Callable[[], str]] = {
    # The text.
    "nothing": lambda: "",
    "two segments": lambda: KEY.sign(act()).rpartition(".")[0],
    "four segments": lambda: KEY.sign(act()) + ".e30",
    "no signature": lambda: KEY.sign(act()).rpartition(".")[0] + ".",
    "white space": lambda: " " + KEY.sign(act()),
    "a new line at the end": lambda: KEY.sign(act()) + "\n",
    "padding": lambda: KEY.sign(act()) + "==",
    "not canonical base64": non_canonical,
    "not ASCII": lambda: KEY.sign(act()) + "é",
    "longer than any": lambda: signed(HEADER, claims(sur="x" * 5000)),
    "header is a list": lambda: signed([HEADER], CLAIMS),
    "claims are a list": lambda: signed(HEADER, [CLAIMS]),
    "claims are no JSON": lambda: signed(HEADER, b"{"),
    "claims are not UTF-8": lambda: signed(HEADER, b'{"iss":"\xff"}'),
    "claims are UTF-16": lambda: signed(HEADER, json.dumps(claims()).encode("utf-16")),
    "claims are nested without end": lambda: signed(HEADER, b"[" * 2900),
    # The header.
    "alg none": lambda: f"{part({**HEADER, 'alg': 'none'})}.{part(CLAIMS)}.",
    "alg none, signed": lambda: signed({**HEADER, "alg": "none"}, CLAIMS),
    "alg of lower case": lambda: signed({**HEADER, "alg": "eddsa"}, CLAIMS),
    "alg Ed25519": lambda: signed({**HEADER, "alg": "Ed25519"}, CLAIMS),
    "alg HS256 with the public key": hmac_with_the_public_key,
    "alg missing": lambda: signed({"kid": KID, "typ": HEADER["typ"]}, CLAIMS),
    "typ JWT": lambda: signed({**HEADER, "typ": "JWT"}, CLAIMS),
    "typ missing": lambda: signed({"alg": "EdDSA", "kid": KID}, CLAIMS),
    "typ of other case": lambda: signed({**HEADER, "typ": "Contactpoint-Act+JWT"}, CLAIMS),
    "kid missing": lambda: signed({"alg": "EdDSA", "typ": HEADER["typ"]}, CLAIMS),
    "kid unknown": lambda: signed({**HEADER, "kid": "other"}, CLAIMS),
    "kid is a path": lambda: signed({**HEADER, "kid": "../../dev/null"}, CLAIMS),
    "kid is a number": lambda: signed({**HEADER, "kid": 1}, CLAIMS),
    "kid is a list": lambda: signed({**HEADER, "kid": [KID]}, CLAIMS),
    "key embedded": lambda: signed({**HEADER, "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}}, CLAIMS),
    "key by address": lambda: signed({**HEADER, "jku": "https://example.org/keys"}, CLAIMS),
    "certificate by address": lambda: signed({**HEADER, "x5u": "https://example.org/cert"}, CLAIMS),
    "certificate embedded": lambda: signed({**HEADER, "x5c": ["AA"]}, CLAIMS),
    "critical extension": lambda: signed({**HEADER, "crit": ["b64"], "b64": False}, CLAIMS),
    "header member twice": lambda: signed(b'{"alg":"none",' + json.dumps(HEADER).encode()[1:], CLAIMS),
    # The signature.
    "signed by another key": lambda: SigningKey().sign(act()),
    "signed on another curve": of_another_curve,
    "claims changed": with_changed_claims,
    "signature of zeros": lambda: f"{part(HEADER)}.{part(CLAIMS)}.{part(bytes(64))}",
    "signature too short": lambda: f"{part(HEADER)}.{part(CLAIMS)}.{part(bytes(32))}",
    # The claims: whom and what for.
    "another issuer": lambda: signed(HEADER, claims(iss="directory")),
    "another audience": lambda: KEY.sign(act(aud="shielding")),
    "audience a list": lambda: signed(HEADER, claims(aud=["directory"])),
    "audience a list of two": lambda: signed(HEADER, claims(aud=["directory", "shielding"])),
    "audience begins alike": lambda: KEY.sign(act(aud="directory.x")),
    "another environment": lambda: KEY.sign(act(env="live")),
    "another method": lambda: KEY.sign(act(mth=METHOD + "s")),
    "method without its slash": lambda: signed(HEADER, claims(mth=METHOD[1:])),
    "request digest in upper case": lambda: signed(HEADER, claims(req="A" * 64)),
    "request digest too short": lambda: signed(HEADER, claims(req="a" * 63)),
    "certificate missing": lambda: signed(HEADER, without("cnf")),
    "certificate an object": lambda: signed(HEADER, claims(cnf={"x5t#S256": "a" * 64})),
    # The claims: time.
    "expired": lambda: KEY.sign(an_act(now=NOW - 11)),
    "expires this second": lambda: KEY.sign(act(iat=NOW - 10, exp=NOW)),
    "lives eleven seconds": lambda: signed(HEADER, claims(exp=CLAIMS["iat"] + 11)),
    "lives for ever": lambda: signed(HEADER, b'{"exp":1e30,' + json.dumps(without("exp")).encode()[1:]),
    "expires at infinity": lambda: signed(HEADER, b'{"exp":Infinity,' + json.dumps(without("exp")).encode()[1:]),
    "expires at not-a-number": lambda: signed(HEADER, b'{"exp":NaN,' + json.dumps(without("exp")).encode()[1:]),
    "expires at a fraction": lambda: signed(HEADER, claims(exp=CLAIMS["exp"] + 0.5)),
    "expires at a text": lambda: signed(HEADER, claims(exp=str(CLAIMS["exp"]))),
    "expires at true": lambda: signed(HEADER, claims(exp=True)),
    "expires before it is issued": lambda: signed(HEADER, claims(iat=NOW + 1, exp=NOW)),
    "expiry missing": lambda: signed(HEADER, without("exp")),
    "issued in the future": lambda: KEY.sign(an_act(now=NOW + 3)),
    "issued at missing": lambda: signed(HEADER, without("iat")),
    "issued below zero": lambda: signed(HEADER, claims(iat=-1)),
    "not-before, which we do not know": lambda: signed(HEADER, claims(nbf=NOW)),
    # The claims: who.
    "unknown claim": lambda: signed(HEADER, claims(admin=True)),
    "claim twice, the good one last": lambda: signed(HEADER, duplicated("sub", str(uuid.uuid4()))),
    "audience twice": lambda: signed(HEADER, duplicated("aud", "shielding")),
    "person without a session": lambda: signed(HEADER, without("sid")),
    "person without a role": lambda: signed(HEADER, without("rol")),
    "role without a person": lambda: signed(HEADER, without("sub")),
    "nobody": lambda: signed(HEADER, {k: v for k, v in CLAIMS.items() if k not in {"sub", "sid", "rol"}}),
    "null person": lambda: signed(HEADER, claims(sub=None)),
    "person who is no UUID": lambda: signed(HEADER, claims(sub="nurse")),
    "person in upper case": lambda: signed(HEADER, claims(sub=str(uuid.uuid4()).upper())),
    "two roles": lambda: signed(HEADER, claims(rol=["ROLE_PRACTITIONER", "ROLE_AUDITOR"])),
    "two roles in a text": lambda: signed(HEADER, claims(rol="ROLE_PRACTITIONER ROLE_AUDITOR")),
    "a person as a system": lambda: signed(HEADER, claims(acr="system")),
    "assurance unknown": lambda: signed(HEADER, claims(acr="one_factor")),
    "factors in a text": lambda: signed(HEADER, claims(amr="pwd otp")),
    "factors without end": lambda: signed(HEADER, claims(amr=["pwd"] * 9)),
    "token id missing": lambda: signed(HEADER, without("jti")),
    "token id a number": lambda: signed(HEADER, claims(jti=1)),
    "organisation missing": lambda: signed(HEADER, without("org")),
    # The claims: standing.
    "no standing": lambda: signed(HEADER, claims(std=[])),
    "standing missing": lambda: signed(HEADER, without("std")),
    "standing of an unknown kind": lambda: signed(HEADER, claims(std=[["region", "x", "a" * 64]])),
    "standing of a pair": lambda: signed(HEADER, claims(std=[["person", "x"]])),
    "standing as an object": lambda: signed(HEADER, claims(std=[{"person": "a" * 64}])),
    "one party twice": lambda: signed(HEADER, claims(std=[["person", "x", "a" * 64], ["person", "x", "b" * 64]])),
    "standing digest in upper case": lambda: signed(HEADER, claims(std=[["person", "x", "A" * 64]])),
    "standings without end": lambda: signed(HEADER, claims(std=[["person", str(n), "a" * 64] for n in range(9)])),
}


@pytest.mark.promise("I4")
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_is_refused(attack: Callable[[], str]) -> None:
    refuses(attack())


@pytest.mark.promise("I4")
def test_a_supplier_without_a_system_and_a_supplier_with_a_session_are_refused() -> None:
    supplier = json.loads(
        base64.urlsafe_b64decode(KEY.sign(a_suppliers_act(iat=NOW, exp=NOW + 10)).split(".")[1] + "==")
    )
    refuses(signed(HEADER, {k: v for k, v in supplier.items() if k != "sys"}))
    refuses(signed(HEADER, {**supplier, "sid": str(uuid.uuid4())}))
    refuses(signed(HEADER, {**supplier, "acr": "two_factor"}))


@pytest.mark.parametrize("skew", [-2, 0, 2, 9])
def test_clocks_may_differ_by_two_seconds(skew: int) -> None:
    assert verified(KEY.sign(an_act(now=NOW - skew))).iat == NOW - skew


def test_what_nobody_could_take_is_not_signed() -> None:
    with pytest.raises(ValueError, match="pass"):
        KEY.sign(act(sub="nurse"))
    with pytest.raises(ValueError, match="key id"):
        tokens.sign(act(), KEY.private, "../key")


def test_no_key_means_no_token() -> None:
    class NoKeys:
        def key(self, kid: str) -> Ed25519PublicKey | None:
            return None

    with pytest.raises(NotAuthenticated):
        tokens.verify(KEY.sign(act()), NoKeys(), environment="synthetic", audience="directory", clock=CLOCK)


def test_it_is_a_plain_jwt_to_anyone_else() -> None:
    found = jwt.decode(KEY.sign(an_act()), KEY.private.public_key(), algorithms=["EdDSA"], audience="directory")
    assert found["iss"] == "identity"


def test_an_act_does_not_show_who(capsys: pytest.CaptureFixture[str]) -> None:
    made = act()
    assert made.sub is not None
    assert made.sub not in repr(made)


@given(st.data())
def test_one_character_changed_anywhere_is_refused(data: st.DataObject) -> None:
    token = KEY.sign(act())
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda one: one != token[at]))
    refuses(token[:at] + other + token[at + 1 :])


@given(st.text(max_size=300))
def test_no_text_makes_it_fail_in_another_way(text: str) -> None:
    refuses(text)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=6),
    st.sampled_from(sorted(CLAIMS)),
)
def test_no_value_of_a_claim_makes_it_fail_in_another_way(value: object, name: str) -> None:
    if value != CLAIMS[name]:
        try:
            verified(signed(HEADER, claims(**{name: value})))
        except NotAuthenticated:
            return
        assert isinstance(value, list | str | int)
