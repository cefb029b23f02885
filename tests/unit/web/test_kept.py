"""What a browser holds for its pages: each its own, for a while, for one session and one person."""

from datetime import timedelta

import pytest

from gateway.web.cookies import Jar
from gateway.web.errors import KeptGone
from gateway.web.kept import LIVES, MOST_PAGES, Kept, Typed
from gateway.web.sealing import Seal
from tests.unit.web.standing_alone import NOW

SEAL = Seal(bytes(range(32)))


def kept(jar: Jar, *, tag: str = "session-1", minutes: float = 0) -> Kept:
    return Kept(jar=jar, seal=SEAL, session_tag=tag, now=NOW + timedelta(minutes=minutes))


def test_two_tabs_never_mix_two_children() -> None:
    jar = Jar({})
    first, second = kept(jar).put("record", {"child": "a"}), kept(jar).put("record", {"child": "b"})
    assert first != second
    assert [kept(jar).get("record", key)["child"] for key in (first, second)] == ["a", "b"]


def test_one_page_cannot_be_shown_under_anothers_key() -> None:
    jar = Jar({})
    first, second = kept(jar).put("record", {"child": "a"}), kept(jar).put("record", {"child": "b"})
    swapped = Jar({f"__Host-page-{first}": jar.get(f"__Host-page-{second}") or ""})
    with pytest.raises(KeptGone):
        kept(swapped).get("record", first)


def test_another_session_reads_nothing() -> None:
    jar = Jar({})
    key = kept(jar).put("record", {"child": "a"})
    with pytest.raises(KeptGone):
        kept(jar, tag="session-2").get("record", key)


def test_another_kind_of_page_reads_nothing() -> None:
    jar = Jar({})
    key = kept(jar).put("results", {"surname": "a"})
    with pytest.raises(KeptGone):
        kept(jar).get("record", key)


def test_it_is_gone_after_its_time_whatever_the_browser_holds() -> None:
    jar = Jar({})
    key = kept(jar).put("record", {})
    minutes = LIVES.total_seconds() / 60
    assert kept(jar, minutes=minutes).get("record", key) == {}
    with pytest.raises(KeptGone):
        kept(jar, minutes=minutes + 0.1).get("record", key)


def test_the_oldest_of_too_many_is_dropped() -> None:
    jar = Jar({})
    keys = [kept(jar, minutes=n / 10).put("record", {"n": n}) for n in range(MOST_PAGES + 2)]
    assert len([name for name in jar.names() if name.startswith("__Host-page-")]) == MOST_PAGES
    for key in keys[:2]:
        with pytest.raises(KeptGone):
            kept(jar, minutes=1).get("record", key)
    assert [kept(jar, minutes=1).get("record", key)["n"] for key in keys[2:]] == list(range(2, MOST_PAGES + 2))


def test_more_than_a_cookie_holds_is_said_at_once() -> None:
    with pytest.raises(ValueError, match="cookie"):
        kept(Jar({})).put("record", {"text": "x" * 4000})


@pytest.mark.parametrize("key", ["", "../x", "a;b", "\u0000"])
def test_a_made_up_key_opens_nothing(key: str) -> None:
    with pytest.raises(KeptGone):
        kept(Jar({})).get("record", key)


def test_what_was_typed_is_there_for_the_same_person_only() -> None:
    jar = Jar({})
    Typed(jar=jar, seal=SEAL, person_id="ada", now=NOW).keep({"surname": "Ll\u0175yd"})
    assert Typed(jar=jar, seal=SEAL, person_id="ada", now=NOW).read() == {"surname": "Ll\u0175yd"}
    assert Typed(jar=jar, seal=SEAL, person_id="ben", now=NOW).read() == {}
    assert Typed(jar=jar, seal=SEAL, person_id="ada", now=NOW + timedelta(hours=2)).read() == {}


def test_every_cookie_is_the_sites_own_and_hidden_from_scripts() -> None:
    jar = Jar({"__Host-typed": "x", "tracker": "y"})
    jar.put("__Host-a", "1")
    jar.put("__Host-b", "1", lives_seconds=5)
    jar.drop("__Host-typed")
    lines = list(jar.lines())
    assert len(lines) == 3
    for line in lines:
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(line.split("; "))
        assert "Domain" not in line
    assert "tracker" not in jar.names()
