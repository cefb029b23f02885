"""The image's recipe: what the Dockerfile may say, what the context may hold, and that domains and locks agree."""

from __future__ import annotations

import base64
import json
import re
import shlex
from pathlib import Path

import pytest

from deploy.image.base import PACKAGES
from deploy.image.base_root import NOT_KEPT
from deploy.image.context import newest_release, npm_packages, without_markers
from deploy.image.engine import NotBuilt
from deploy.image.inside.finish import INSTALLERS, TOOLS
from deploy.image.inside.layout import SHARED, TRUST_DOMAINS, compile_all, share_equal_files
from deploy.image.inside.sbom import of_pages
from tests.architecture.source import PROCESSES, ROOT
from tests.architecture.test_trust_domains import DOMAINS

DOCKERFILE = (ROOT / "deploy" / "image" / "Dockerfile").read_text()
INSTRUCTIONS = [
    shlex.split(line, comments=False) if not line.startswith("RUN") else line.split(maxsplit=1)
    for line in re.sub(r"\\\n\s*", "", DOCKERFILE).splitlines()
    if line and not line.startswith("#")
]


def said(instruction: str) -> list[list[str]]:
    """Return the arguments of each use of an instruction, in order."""
    return [words[1:] for words in INSTRUCTIONS if words[0] == instruction]


def test_it_runs_as_nobodys_root_and_by_number() -> None:
    assert said("USER")[-1] == ["10001:10001"]
    after = [words[0] for words in INSTRUCTIONS][[words[0] for words in INSTRUCTIONS].index("USER") :]
    assert "RUN" not in after
    assert "COPY" not in after


def test_every_base_is_the_argument() -> None:
    assert [words[0] for words in said("FROM")] == ["${BASE}", "${BASE}"]


def test_nothing_needs_a_shell_or_a_network() -> None:
    for (command,) in said("RUN"):
        assert json.loads(command[command.index("[") :])[:4] == ["python3", "-I", "-S", "-B"]
    assert not said("ADD")
    assert "http" not in DOCKERFILE


def test_the_entry_point_looks_for_packages_nowhere() -> None:
    (command,) = re.findall(r"^ENTRYPOINT (\[.*\])$", DOCKERFILE, re.MULTILINE)
    program, *flags, file = json.loads(command)
    assert (program, file) == ("python3", "/opt/contactpoint/launch.py")
    assert {"-I", "-S"} <= set(flags)


def test_the_last_stage_checks_what_it_made() -> None:
    assert "finish.py" in said("RUN")[-1][0]


def test_each_process_is_in_the_domain_whose_packages_it_may_import() -> None:
    placed = {folder: domain for domain, folders in TRUST_DOMAINS.items() for folder in folders}
    assert placed == {PROCESSES[process]: domain for process, domain in DOMAINS.items()}


def test_each_domain_has_a_hashed_file() -> None:
    for domain in TRUST_DOMAINS:
        text = (ROOT / "requirements" / f"{domain}.txt").read_text()
        pins = re.findall(r"^[\w.\[\],-]+==", text, re.MULTILINE)
        assert pins
        assert len(re.findall(r"^[^\s#].*\\\n    --hash=sha256:", text, re.MULTILINE)) == len(pins)


def test_every_process_shares_how_a_process_runs_and_no_other_code() -> None:
    assert SHARED == ("services/runtime", "deploy/config")


def test_markers_are_left_to_the_images_own_python() -> None:
    locked = (
        "a==1 ; python_full_version < '3.11.3' \\\n    --hash=sha256:0\n"
        "b[x]==2 \\\n    --hash=sha256:1\nc==3 ; sys_platform == 'win32'\n"
    )
    assert without_markers(locked) == "a==1 \\\n    --hash=sha256:0\nb[x]==2 \\\n    --hash=sha256:1\nc==3 \n"
    for domain in TRUST_DOMAINS:
        text = without_markers((ROOT / "requirements" / f"{domain}.txt").read_text())
        assert " ;" not in text
        assert text.count("--hash=") == (ROOT / "requirements" / f"{domain}.txt").read_text().count("--hash=")


def test_equal_files_are_kept_once_and_compiled_alike(tmp_path: Path) -> None:
    for domain in ("keys", "people"):
        (tmp_path / domain).mkdir()
        (tmp_path / domain / "same.py").write_text("x = 'ContactPoint'\n")
        (tmp_path / domain / "other.py").write_text(f"x = '{domain}'\n")
    compile_all(tmp_path)
    share_equal_files(tmp_path)
    compiled = "__pycache__/same.*.pyc"
    (one,), (other,) = tmp_path.glob(f"keys/{compiled}"), tmp_path.glob(f"people/{compiled}")
    assert one.samefile(other)
    assert (tmp_path / "keys/same.py").samefile(tmp_path / "people/same.py")
    assert not (tmp_path / "keys/other.py").samefile(tmp_path / "people/other.py")
    # Unchecked: neither a time nor the source is looked at when it is imported.
    assert one.read_bytes()[4:8] == b"\x01\x00\x00\x00"


def test_the_bill_names_every_package_that_the_pages_are_compiled_from(tmp_path: Path) -> None:
    found = npm_packages(ROOT)
    web = ROOT / "gateway" / "web"
    taken = {
        name
        for path in [*(web / "styles").glob("*.scss"), *(web / "scripts").glob("*.js")]
        for name in re.findall(r"""(?:@use|\bfrom) "((?:@[^/"]+/)?[^./"][^/"]*)[/"]""", path.read_text())
        if not (web / "styles" / f"_{name}.scss").exists()
    }
    assert taken == {"govuk-frontend"} == {one["name"] for one in found}
    locked = json.loads((web / "package-lock.json").read_text())["packages"]["node_modules/govuk-frontend"]
    assert found[0]["version"] == locked["version"]
    assert base64.b64encode(bytes.fromhex(found[0]["hashes"][0]["content"])).decode() in locked["integrity"]
    (tmp_path / "npm.json").write_text(json.dumps([*found, {"name": "@scope/part", "version": "1.0.0"}]))
    refs = [one["purl"] for one in of_pages(tmp_path)]
    assert refs == [f"pkg:npm/govuk-frontend@{locked['version']}", "pkg:npm/%40scope/part@1.0.0"]


def test_the_image_says_the_newest_release_by_number(tmp_path: Path) -> None:
    kept = tmp_path / "deploy" / "releases"
    kept.mkdir(parents=True)
    with pytest.raises(NotBuilt):
        newest_release(tmp_path)
    for number in (2, 10, 9):
        (kept / f"{number}.toml").write_text(f"number = {number}\n")
    assert newest_release(tmp_path) == "10"
    assert int(newest_release(ROOT)) >= 1


@pytest.mark.parametrize("tool", ["gcc", "cc", "ld", "as", "rustc"])
def test_a_compiler_in_the_image_is_refused(tool: str) -> None:
    assert tool in TOOLS


def test_the_base_has_time_zones_and_no_installer() -> None:
    assert "tzdata" in PACKAGES
    assert {"dpkg", "debconf", "tar"} <= NOT_KEPT
    assert {"pip", "apt", "dpkg"} <= INSTALLERS
