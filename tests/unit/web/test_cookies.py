"""Whose cookies are believed: those of a browser that keeps `__Host-` names for us, and no look-alikes."""

from __future__ import annotations

import pytest

from gateway.web import cookies
from tests.unit.web.standing_alone import Pages


def test_cookies_are_read_by_name() -> None:
    assert cookies.read("__Host-a=1; b=2=3;\tc=") == {"__Host-a": "1", "b": "2=3", "c": ""}
    assert cookies.read("") == cookies.read("; a") == {}


@pytest.mark.parametrize("space", ["\x85", "\xa0", "\x1c", "\x1f", "\x0b", "\x0c"])
def test_a_name_that_only_looks_like_ours_is_another(space: str) -> None:
    # A neighbouring site may set it: to the browser it does not begin with `__Host-`.
    assert "__Host-session" not in cookies.read(f"{space}__Host-session=theirs")
    assert cookies.read(f"{space}__Host-session=theirs; __Host-session=ours")["__Host-session"] == "ours"


def test_of_two_of_one_name_neither_is_believed(pages: Pages) -> None:
    assert cookies.read("__Host-session=1; x=2; __Host-session=3") == {"x": "2"}
    pages.sign_in()
    ours = f"__Host-session={pages.held['__Host-session']}"
    assert pages.get("/policy", cookie=ours).status == 200
    for header in (f"{ours}; __Host-session=x", f"__Host-session=x; {ours}", f"{ours}; {ours}"):
        assert pages.get("/policy", cookie=header).header("location") == "/sign-in"


def test_all_of_ours_are_dropped_by_name() -> None:
    jar = cookies.Jar({"__Host-a": "1", "other": "2"})
    jar.put("__Host-b", "3")
    jar.drop_all()
    assert jar.names() == []
    assert [line.partition("=")[0] for line in jar.lines() if line.endswith("Max-Age=0")] == ["__Host-b", "__Host-a"]
