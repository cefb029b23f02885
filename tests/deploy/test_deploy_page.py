"""docs/deploy.md: each block says who ran it, what the smoke runs is there, and what a pod is told to run is in it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.ceremony.__main__ import ROOT_SECRETS
from deploy.smoke.documented import NAMES, OTHERS, PAGE, Block, Documented, blocks
from deploy.smoke.kubectl import main as kubectl
from tests.deploy.processes import settings_of
from tests.deploy.rendering import PROJECT, of_kind, our_pods, overlay

BLOCKS = list(blocks())
PAGES = [PAGE, *sorted((PROJECT / "docs" / "runbooks").glob("*.md"))]
#: How a command starts in a pod of ours, which has Python and nothing else.
_PYTHON = re.compile(r"/usr/bin/python3 -ISB(u /opt/contactpoint/launch\.py (?P<module>[a-z.]+)|c)(\s|$)")
#: PostgreSQL's pods are the operator's, and have what its image has.
_EXEC = re.compile(r"kubectl -n (?P<namespace>\S+) exec (?P<target>\S+) -- (?P<words>.*)")


def test_every_block_says_who_ran_it() -> None:
    assert len(BLOCKS) == PAGE.read_text("utf-8").count("```") / 2
    assert len(BLOCKS) > len(NAMES)
    for block in BLOCKS:
        assert block.name or block.mark.startswith(OTHERS), block.mark
        assert block.commands


def test_what_the_page_says_the_smoke_runs_is_what_it_runs() -> None:
    assert tuple(sorted(block.name for block in BLOCKS if block.name)) == tuple(sorted(NAMES))
    source = "".join(path.read_text("utf-8") for path in (PROJECT / "deploy" / "smoke").glob("*.py"))
    for name in NAMES:
        assert re.search(rf'run\(\s*"{name}"', source), name


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.mark} {block.text[:20]}")
def test_a_shell_can_read_it(block: Block) -> None:
    read = subprocess.run(
        ["/bin/bash", "-n", "-c", block.text], capture_output=True, text=True, check=False, timeout=10
    )
    assert (read.returncode, read.stderr) == (0, "")


def test_a_block_that_fails_is_not_one_that_ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```\n# make cluster-smoke runs this: good\necho $WORD  # aloud\n```\n"
        "```\n# make cluster-smoke runs this: bad\nfalse | cat\n```\n"
    )
    monkeypatch.setattr("deploy.smoke.documented.blocks", lambda: blocks(page))
    documented = Documented(tmp_path / "operator", {"WORD": "said"})
    assert documented.run("good") == "said\n"
    with pytest.raises(Exception, match="bad: it ended with 1"):
        documented.run("bad")
    assert documented.ran == ["good"]
    ran, left = documented.summary().split("did not run here:")
    assert "  echo $WORD\n" in ran
    assert "  false | cat" in left


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_command_in_a_pod_of_ours_is_one_that_the_image_has(page: Path) -> None:
    deployments = {(pod.namespace, f"deploy/{pod.name}"): pod for pod in our_pods(overlay("production")) if pod.serves}
    text = re.sub(r"\\\n\s*", "", page.read_text("utf-8"))
    for found in _EXEC.finditer(text):
        if found["target"].startswith("postgres-"):
            continue
        if found["target"].startswith("deploy/"):
            assert (found["namespace"], found["target"]) in deployments, found[0]
        starts = _PYTHON.match(found["words"].strip().removesuffix('"') + " ")
        assert starts, found[0]
        if starts["module"]:
            assert PROJECT.joinpath(*starts["module"].split("."), "__main__.py").exists()


def test_folders_that_the_page_names_in_a_pod_are_where_the_settings_put_them() -> None:
    text = "".join(block.text for block in BLOCKS)
    objects = overlay("production")
    put: dict[str, str] = {}
    for pod in our_pods(objects):
        put |= {key: value for key, value in settings_of(objects, pod).items() if key in {"mail_dir", "log_dir"}}
    named = set(re.findall(r"/var/lib/contactpoint/[a-z]+", text))
    assert named == set(put.values())
    assert len(named) == 2


def test_it_asks_for_every_kind_that_is_not_the_clusters_own() -> None:
    objects = overlay("production")
    asked = set(
        re.findall(r"[a-z]+\.[a-z0-9.-]+\.(?:io|k8s\.io)\b", next(b.text for b in BLOCKS if "get crd" in b.text))
    )
    kinds = {(one["kind"], one["apiVersion"].partition("/")[0]) for one in objects if _is_foreign(one["apiVersion"])}
    # English plurals, as these operators' are.
    assert asked == {f"{kind.lower()}{'es' if kind.endswith('s') else 's'}.{group}" for kind, group in kinds}


def _is_foreign(version: str) -> bool:
    group = version.partition("/")[0] if "/" in version else ""
    return ("." in group and not group.endswith(".k8s.io")) or group.endswith(".x-k8s.io")


def test_every_root_secret_of_the_ceremony_comes_to_where_a_pod_reads_it() -> None:
    put = {
        (process, key): source
        for block in BLOCKS
        for process, pairs in re.findall(r"bao kv put contactpoint/(\S+) (.*)", block.text)
        for key, source in re.findall(r"(\w+)=@<\(base64_of ([\w.]+)\)", pairs)
    }
    assert sorted(put.values()) == sorted(ROOT_SECRETS)
    read = {
        (one["secretPath"].rpartition("/")[2], one["secretKey"])
        for kind in of_kind(overlay("production"), "SecretProviderClass")
        for one in yaml.safe_load(kind["spec"]["parameters"]["objects"])
    }
    assert put.keys() == read - {("gateway-web", "cookie_key")}
    for (process, key), source in put.items():
        assert source == f"{process.replace('-', '.')}.{'half' if key == 'half_key' else 'root'}"


def test_our_kubectl_answers_nothing_that_it_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pods.json").write_text("[]")
    monkeypatch.setenv("CONTACTPOINT_PLAYED", str(tmp_path / "pods.json"))
    assert kubectl(["-n", "contactpoint-people", "get", "pods", "-l", "a=b", "-o", "name"]) == 1
    for command in (["-n", "x", "apply", "-f", "y"], ["get", "pods", "-l", "a=b", "-o", "name"], ["wait", "job"]):
        with pytest.raises(SystemExit):
            kubectl(command)
