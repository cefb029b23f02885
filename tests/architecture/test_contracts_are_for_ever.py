"""Rule 7: every language gets its package, every enum its absence, every message its own RPC."""

from collections import Counter

import pytest
from google.protobuf.descriptor import EnumDescriptor, FileDescriptor

from tests.architecture.contracts import files, methods

ENUMS = [enum for file in files() for enum in file.enum_types_by_name.values()]


def package_faults(file_name: str, package: str, options: dict[str, object]) -> list[str]:
    """Return what a proto's file options say wrongly of its package."""
    found = []
    if file_name.rsplit("/", 1)[0] != package.replace(".", "/"):
        found.append("the folder is the package")
    if not package.endswith(".v1"):
        found.append("v1 from the first file")
    if options.get("java_package") != package or options.get("java_multiple_files") is not True:
        found.append("java_package and java_multiple_files")
    if str(options.get("csharp_namespace", "")).lower() != package:
        found.append("csharp_namespace")
    if not str(options.get("go_package", "")).startswith(package.replace(".", "/") + ";"):
        found.append("go_package")
    return found


@pytest.mark.parametrize("file", files(), ids=lambda file: file.name)
def test_it_names_its_package_in_every_language(file: FileDescriptor) -> None:
    options = {field.name: value for field, value in file.GetOptions().ListFields()}
    assert package_faults(file.name, file.package, options) == []


def test_a_bad_package_is_found() -> None:
    good = {
        "java_package": "contactpoint.a.v1",
        "java_multiple_files": True,
        "csharp_namespace": "ContactPoint.A.V1",
        "go_package": "contactpoint/a/v1;av1",
    }
    assert package_faults("contactpoint/a/v1/a.proto", "contactpoint.a.v1", good) == []
    for missing in good:
        rest = {name: value for name, value in good.items() if name != missing}
        assert package_faults("contactpoint/a/v1/a.proto", "contactpoint.a.v1", rest) != []
    assert package_faults("contactpoint/b/v1/a.proto", "contactpoint.a.v1", good) == ["the folder is the package"]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.full_name)
def test_its_zero_is_absence(enum: EnumDescriptor) -> None:
    assert enum.values_by_number[0].name.endswith("_UNSPECIFIED")


def test_a_message_belongs_to_one_rpc() -> None:
    used = Counter(m.descriptor.input_type.full_name for m in methods())
    used += Counter(m.descriptor.output_type.full_name for m in methods())
    assert [name for name, times in used.items() if times > 1] == []
    misnamed = [
        method.name
        for method in methods()
        if (method.descriptor.input_type.name, method.descriptor.output_type.name)
        != (f"{method.rpc}Request", f"{method.rpc}Response")
    ]
    assert misnamed == []


def test_every_service_is_somewhere() -> None:
    assert methods(), "no RPC was found: the other tests would pass on nothing"
