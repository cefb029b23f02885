"""Overlays change numbers and hosts; what the cluster is made of is the same in each."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.deploy.rendering import KUBERNETES, OVERLAYS, Object, environment_of, overlay, plain_name

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|Gi|Ti)?")
_HOST = re.compile(
    r"(https://|spiffe://|mailto:[a-z]+@)?[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?(/[a-z0-9./-]*)?(@sha256:[0-9a-f]{64})?"
)
_BUCKET = re.compile(r"s3://[a-z0-9.-]+/[a-z]+")
_ADDRESSES = re.compile(r"[0-9.]+/[0-9]{1,2}")


def test_the_same_objects_with_the_same_fields_are_in_every_overlay() -> None:
    first = set(_leaves("dev"))
    for name in OVERLAYS[1:]:
        assert set(_leaves(name)) == first


@pytest.mark.parametrize("one, other", [("dev", "staging"), ("staging", "production"), ("dev", "production")])
def test_two_overlays_differ_in_numbers_and_hosts_only(one: str, other: str) -> None:
    here, there = _leaves(one), _leaves(other)
    words = {environment_of(one)["name"], environment_of(other)["name"]}
    differing = {path: (here[path], there[path]) for path in here if here[path] != there[path]}
    assert differing
    wrong = {
        path: pair
        for path, pair in differing.items()
        if not all(_is_number_or_host(value) or value in words for value in pair)
    }
    assert not wrong


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_itself_holds_nothing_but_numbers_and_hosts(name: str) -> None:
    folder = KUBERNETES / "overlays" / name
    assert {path.name for path in folder.iterdir()} == {"kustomization.yaml", "environment.yaml", "numbers.yaml"}
    said = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    assert said.keys() == {"apiVersion", "kind", "resources", "components", "images", "replicas", "patches"}
    for field in ("resources", "components"):
        assert said[field] == yaml.safe_load((folder.parent / "dev" / "kustomization.yaml").read_text("utf-8"))[field]
    for document in yaml.safe_load_all((folder / "numbers.yaml").read_text("utf-8")):
        for path, value in _flat(document["spec"], ""):
            assert _is_number_or_host(str(value)) or path.endswith(".name"), path


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_an_environment_says_twice_it_says_alike(name: str) -> None:
    said = environment_of(name)
    assert said["certificates"] == f"{said['name']}.contactpoint"
    assert said["pages"] == f"https://{said['pages-host']}"


def test_no_two_environments_share_a_name_or_a_place() -> None:
    for key in ("name", "certificates", "pages", "edge-host", "secret-store", "backups", "backups-bucket"):
        assert len({environment_of(name)[key] for name in OVERLAYS}) == len(OVERLAYS), key


def test_children_may_be_made_up_in_dev_alone() -> None:
    # `synthetic` is the environment that takes supplied rows unmatched.
    assert [name for name in OVERLAYS if environment_of(name)["name"] == "synthetic"] == ["dev"]


def _leaves(name: str) -> dict[str, str]:
    return {path: value for one in overlay(name) for path, value in _flat_object(one)}


def _flat_object(one: Object) -> Iterator[tuple[str, str]]:
    meta = one["metadata"]
    head = f"{one['kind']} {meta.get('namespace', '')}/{plain_name(meta['name'])}"
    for path, value in _flat(one, ""):
        if path.endswith(".settings.toml") and one["kind"] == "ConfigMap":
            for key, inner in _flat(tomllib.loads(value), ""):
                yield f"{head} {path}{key}", str(inner)
        else:
            yield f"{head} {path}", plain_name(str(value)) if path.endswith(".configMap.name") else str(value)


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    match value:
        case dict():
            for key, inner in value.items():
                if path != ".metadata" or key != "name":
                    yield from _flat(inner, f"{path}.{key}")
        case list():
            for number, inner in enumerate(value):
                yield from _flat(inner, f"{path}[{number}]")
        case _:
            yield path, value


def _is_number_or_host(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in (_NUMBER, _HOST, _BUCKET, _ADDRESSES))
