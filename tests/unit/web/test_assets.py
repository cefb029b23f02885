"""Styles, scripts and templates: small, our own, and nothing inline."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.layout import PROJECT
from gateway.web.assets import Assets
from gateway.web.templating import mail_link
from tests.unit.web.standing_alone import Pages

WEB = PROJECT / "gateway" / "web"
TEMPLATES = sorted(WEB.rglob("*.html"))
FIRST_PAGE_BYTES = 60_000
LATER_PAGE_BYTES = 15_000


@pytest.fixture(scope="module")
def built() -> Path:
    """The folder that `make pages` builds; a tenth of a second where it is built."""
    subprocess.run([sys.executable, "-m", "tools.build_pages"], cwd=PROJECT, check=True)
    return PROJECT / "gen" / "static"


def text_of(built: Path, name: str) -> str:
    manifest: dict[str, str] = json.loads((built / "manifest.json").read_text())
    return (built / manifest[name]).read_text()


def test_the_first_page_is_small_and_the_next_smaller(built: Path, make: Callable[..., Pages]) -> None:
    assets = Assets(built)
    pages = Pages(built)
    styles = sum(len(asset.zipped or asset.content) for asset in assets._files.values())
    first = len(pages.get("/sign-in").text.encode())
    assert first + styles < FIRST_PAGE_BYTES
    pages.sign_in()
    for path in ("/", "/policy", "/about", "/teams", "/still-there"):
        assert len(pages.get(path).text.encode()) < LATER_PAGE_BYTES
    pages.app.close()


def test_no_font_or_picture_is_fetched_from_anywhere(built: Path) -> None:
    styles = text_of(built, "application.css")
    assert "GDS Transport" not in styles
    assert "@font-face" not in styles
    assert set(re.findall(r"url\(([^)]*)\)", styles)) == set()
    assert "@import" not in styles


def test_nothing_of_a_child_goes_onto_paper(built: Path) -> None:
    assert re.search(
        r"@media print\s*\{\s*body \*\s*\{\s*display:\s*none\s*!important", text_of(built, "application.css")
    )


def test_scripts_never_set_html(built: Path) -> None:
    # Trusted Types would stop them; this says so before a browser does.
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text_of(built, "application.js")
    )


def test_names_are_of_contents_and_nothing_else_lies_there(built: Path) -> None:
    manifest = json.loads((built / "manifest.json").read_text())
    assert all(re.fullmatch(r"[a-z]+-[0-9a-f]{12}\.(css|js|svg)", name) for name in manifest.values())
    expected = {"manifest.json", ".inputs", *manifest.values(), *(f"{name}.gz" for name in manifest.values())}
    assert {path.name for path in built.iterdir()} == expected


def test_packages_are_pinned_hashed_and_name_no_place() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    packages = {name: value for name, value in lock["packages"].items() if name}
    assert packages["node_modules/govuk-frontend"]["version"] == "6.3.0"
    assert all("resolved" not in value for value in packages.values())
    assert all(value["integrity"].startswith("sha512-") for value in packages.values())
    asked = json.loads((WEB / "package.json").read_text())
    versions = {**asked["dependencies"], **asked["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WEB)))
def test_a_template_has_nothing_inline_and_marks_nothing_as_safe(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", text)
    assert not re.search(r"https?://", text)
    forms, tokens = len(re.findall(r"<form\b", text)), len(re.findall(r"\b(csrf_field|acting_fields)\(\)\s*}}", text))
    if path.name != "forms.html":
        assert tokens >= forms
        assert all('method="post"' in form for form in re.findall(r"<form\b[^>]*>", text))


def test_an_e_mail_address_addresses_nobody_else() -> None:
    assert mail_link("ada@nhs.example") == "mailto:ada@nhs.example"
    assert mail_link("ada?bcc=eve%40evil.example&to=x@nhs.example").count("?") == 0
    assert "%3Fbcc%3Deve%2540evil" in mail_link("ada?bcc=eve%40evil.example&to=x@nhs.example")
