"""Rule 1: an RPC, its use case and its tests share a name, so that one search finds them all."""

from collections import Counter

import pytest

from tests.architecture.contracts import Method, methods
from tests.architecture.source import PROCESSES, ROOT, product_files, snake

TESTS = {path.name for kind in ("unit", "rpc") for path in (ROOT / "tests" / kind).rglob("test_*.py")}
SERVED = sorted({method.process for method in methods()})


@pytest.mark.parametrize("method", methods(), ids=str)
def test_it_has_a_use_case_of_its_name(method: Method) -> None:
    wanted = f"{PROCESSES[method.process]}/use_cases/{snake(method.rpc)}.py"
    assert {wanted}.difference(product_files()) == set()


@pytest.mark.parametrize("method", methods(), ids=str)
def test_it_has_a_test_of_its_name(method: Method) -> None:
    assert {f"test_{snake(method.rpc)}.py"} - TESTS == set()


@pytest.mark.parametrize("process", SERVED)
def test_no_two_rpcs_of_a_process_share_a_name(process: str) -> None:
    names = Counter(method.rpc for method in methods() if method.process == process)
    assert [name for name, times in names.items() if times > 1] == []


def test_names_become_file_names() -> None:
    assert snake("OpenRecord") == "open_record"
    assert snake("GetTOTPCode") == "get_totp_code"
    assert snake("ListOwnLooks2") == "list_own_looks2"
