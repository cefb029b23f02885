"""Rule 6: our errors have no room for a name, and one boundary turns them into a status."""

import ast
from collections.abc import Iterable

import pytest

from tests.architecture.source import product_files, tree

BOUNDARY = "services/runtime/interceptors/error_boundary.py"
MAY_CATCH_ALL = {
    BOUNDARY: "it is the boundary",
    "services/runtime/server.py": "a loop in the background that dies unnoticed is worse than a restart",
    "services/runtime/process.py": "a traceback of a process that ends would print what the error quotes",
    "gateway/web/serving.py": "the boundary of the pages: a browser gets a page with a reference and no text",
    "services/audit/ledger/group_commit.py": "whatever one user's call raises must not end the thread that writes",
    "services/runtime/database.py": "the next round of periodic work may do better, and nothing depends on this one",
}
"""Who may catch a bare Exception, and why."""

MAY_ABORT = {
    BOUNDARY: "a check raises; the boundary alone speaks to gRPC",
    "gateway/web/listening.py": "cuts a browser's connection; it knows no gRPC",
}
PYTHON_FILES = [path for path in product_files() if not path.startswith("deploy/")]  # deploy speaks to nobody's caller


def our_errors(modules: Iterable[ast.Module]) -> dict[str, ast.ClassDef]:
    """Return every class that descends from ServiceError, by name."""
    classes = {node.name: node for module in modules for node in ast.walk(module) if isinstance(node, ast.ClassDef)}
    ours = {"ServiceError"}
    while True:
        more = {name for name, node in classes.items() if {_last_name(base) for base in node.bases} & ours} - ours
        if not more:
            return {name: classes[name] for name in ours if name in classes}
        ours |= more


def message_faults(error: ast.ClassDef) -> list[str]:
    """Return where an error class takes, keeps or shows a message."""
    found = []
    for method in (node for node in error.body if isinstance(node, ast.FunctionDef)):
        if method.name in {"__str__", "__repr__", "__format__"}:
            found.append(f"line {method.lineno}: {error.name} writes itself as text")
        if method.name != "__init__":
            continue
        arguments = [*method.args.posonlyargs, *method.args.args, *method.args.kwonlyargs]
        found += [
            f"line {argument.lineno}: {error.name} takes a {argument.arg}"
            for argument in arguments
            if argument.arg in {"message", "msg", "text", "detail", "details", "name", "description", "value"}
        ]
        found += [f"line {method.lineno}: {error.name} takes anything" for rest in [method.args.vararg] if rest]
        found += [
            f"line {call.lineno}: {error.name} hands a message to Exception"
            for call in ast.walk(method)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"
            if call.args
        ]
    return found


def raise_faults(module: ast.Module, errors: Iterable[str]) -> list[str]:
    """Return where one of our errors is raised with text made on the spot."""
    return [
        f"line {node.lineno}: text in {_last_name(node.exc.func)}"
        for node in ast.walk(module)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        if _last_name(node.exc.func) in set(errors)
        if any(isinstance(part, ast.JoinedStr) for part in ast.walk(node.exc))
        or any(isinstance(argument, ast.Constant) and isinstance(argument.value, str) for argument in node.exc.args)
    ]


def catch_faults(module: ast.Module) -> list[str]:
    """Return where everything is caught."""
    return [
        f"line {node.lineno}: catches everything"
        for node in ast.walk(module)
        if isinstance(node, ast.ExceptHandler)
        if node.type is None or {_last_name(one) for one in _types(node.type)} & {"Exception", "BaseException"}
    ]


def abort_faults(module: ast.Module) -> list[str]:
    """Return where a call is aborted."""
    return [
        f"line {node.lineno}: {node.func.attr}"
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"abort", "abort_with_status"}
    ]


def _types(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


ERRORS = our_errors(tree(path) for path in PYTHON_FILES)


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_an_error_takes_no_message(name: str) -> None:
    assert message_faults(ERRORS[name]) == []


@pytest.mark.parametrize("path", PYTHON_FILES)
def test_nobody_writes_text_into_an_error(path: str) -> None:
    assert raise_faults(tree(path), ERRORS) == []


@pytest.mark.parametrize("path", [path for path in PYTHON_FILES if path not in MAY_CATCH_ALL])
def test_nobody_else_catches_everything(path: str) -> None:
    assert catch_faults(tree(path)) == []


@pytest.mark.parametrize("path", [path for path in PYTHON_FILES if path not in MAY_ABORT])
def test_nobody_else_aborts(path: str) -> None:
    assert abort_faults(tree(path)) == []


@pytest.mark.parametrize("path", sorted({*MAY_CATCH_ALL, *MAY_ABORT}))
def test_an_exception_to_the_rule_is_still_needed(path: str) -> None:
    assert catch_faults(tree(path)) or abort_faults(tree(path))


@pytest.mark.parametrize(
    "sample",
    [
        "class A(ServiceError):\n def __init__(self, message): ...",
        "class B(ServiceError): ...\nclass A(B):\n def __init__(self, *rest): ...",
        "class A(errors.ServiceError):\n def __init__(self):\n  super().__init__('Ada Lovelace')",
        "class A(ServiceError):\n def __str__(self): ...",
    ],
)
def test_a_bad_class_is_found(sample: str) -> None:
    module = ast.parse(sample)
    assert [fault for error in our_errors([module]).values() for fault in message_faults(error)] != []


def test_bad_statements_are_found() -> None:
    assert raise_faults(ast.parse("raise NotFound(f'{child}')"), ["NotFound"]) != []
    assert raise_faults(ast.parse("raise errors.NotFound('no Ada')"), ["NotFound"]) != []
    assert raise_faults(ast.parse("raise NotFound"), ["NotFound"]) == []
    assert catch_faults(ast.parse("try: x\nexcept Exception: pass")) != []
    assert catch_faults(ast.parse("try: x\nexcept (KeyError, BaseException): pass")) != []
    assert catch_faults(ast.parse("try: x\nexcept: pass")) != []
    assert catch_faults(ast.parse("try: x\nexcept KeyError: pass")) == []
    assert abort_faults(ast.parse("context.abort(1, 'x')")) != []
