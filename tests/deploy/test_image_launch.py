"""The image's entry point: it starts what the command names, with its own trust domain in sight and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.image.inside import launch
from deploy.image.inside.launch import NotStarted, search_path

LAUNCH = Path(launch.__file__)
_REPORT = """
import json, sys
print(json.dumps({"path": sys.path, "argv": sys.argv, "name": __name__, "main": sys.modules["__main__"].__file__}))
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return the root of an image with two processes in two domains, each with a package of its own."""
    for domain, process in (("people", "services/identity"), ("front", "gateway/edge")):
        code = tmp_path / domain / "code"
        (code / process).mkdir(parents=True)
        for folder in (code / process).relative_to(code).parents[:-1]:
            (code / folder / "__init__.py").touch()
        (code / process / "__init__.py").touch()
        (code / process / "__main__.py").write_text(_REPORT)
        (tmp_path / domain / "packages").mkdir()
        (tmp_path / domain / "packages" / f"only_{domain}.py").touch()
    (tmp_path / "contracts").mkdir()
    (tmp_path / "launch.py").write_text(LAUNCH.read_text())
    return tmp_path


def started(image: Path, *arguments: str, flags: tuple[str, ...] = ("-I", "-S")) -> subprocess.CompletedProcess[str]:
    """Return what came of starting the image's entry point, from a folder and an environment that would mislead it."""
    (image / "json.py").write_text("raise SystemExit('the working folder was searched')")
    environment = {"PYTHONPATH": str(image), "PYTHONSTARTUP": "/nonexistent"}
    command = [sys.executable, *flags, str(image / "launch.py"), *arguments]
    return subprocess.run(command, cwd=image, env=environment, capture_output=True, text=True, check=False)


def test_a_process_sees_its_own_domain_and_the_standard_library(image: Path) -> None:
    said = started(image, "services.identity", "serve", "--config", "x.toml")
    assert said.returncode == 0, said.stderr
    assert '"argv": ["' in said.stdout
    assert f"{image}/people/code/services/identity/__main__.py" in said.stdout
    for ours in ("people/code", "contracts", "people/packages"):
        assert f'"{image}/{ours}"' in said.stdout
    assert "front" not in said.stdout
    assert "site-packages" not in said.stdout


def test_another_domains_code_and_packages_cannot_be_imported(image: Path) -> None:
    main = image / "people/code/services/identity/__main__.py"
    for foreign in ("gateway", "only_front"):
        main.write_text(f"import {foreign}")
        said = started(image, "services.identity")
        assert said.returncode == 1
        assert f"No module named '{foreign}'" in said.stderr
    main.write_text("import only_people, services.identity")
    assert started(image, "services.identity").returncode == 0


def test_a_pth_file_is_not_read(image: Path) -> None:
    (image / "people/packages/harmful.pth").write_text("import sys; print('harmful')")
    assert "harmful" not in started(image, "services.identity").stdout


@pytest.mark.parametrize("flags", [(), ("-I",), ("-S",)])
def test_python_that_would_look_for_packages_itself_is_refused(image: Path, flags: tuple[str, ...]) -> None:
    (image / "json.py").unlink(missing_ok=True)
    said = started(image, "services.identity", flags=flags)
    assert (said.returncode, said.stdout) == (64, "")
    assert "-I -S" in said.stderr


@pytest.mark.parametrize(
    "module",
    [
        "",
        "services",
        "services.runtime",
        "os",
        "services.identity.__main__",
        "../front",
        "gateway.edge/x",
        "services..identity",
    ],
)
def test_what_is_no_process_is_refused(image: Path, module: str) -> None:
    with pytest.raises(NotStarted):
        search_path(image, module)
