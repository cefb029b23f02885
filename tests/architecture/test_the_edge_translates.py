"""Rule 2: an RPC method translates, calls one use case, translates back; it decides nothing."""

import ast

import pytest

from tests.architecture.source import imported_modules, product_files, tree

RPC_FILES = [path for path in product_files() if path.endswith("/rpc.py")]
DECISIONS = (ast.If, ast.IfExp, ast.Match, ast.While, ast.Try, ast.BoolOp, ast.Raise, ast.Assert)
STORES = {"sqlalchemy", "psycopg", "alembic", "redis"}


def faults(module: ast.Module) -> list[str]:
    """Return where an rpc.py decides, stores or speaks of status codes."""
    found = [f"imports {name}" for name in sorted(imported_modules(module)) if name.split(".")[0] in STORES]
    found += [
        f"line {node.lineno}: a status code"
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and node.attr in {"StatusCode", "set_code", "abort", "abort_with_status"}
    ]
    for method in ast.walk(module):
        if isinstance(method, ast.FunctionDef) and method.name[0].isupper():
            found += [f"line {method.lineno}: {method.name} decides" for node in ast.walk(method) if _decides(node)]
    return found


def _decides(node: ast.AST) -> bool:
    return isinstance(node, DECISIONS) or (isinstance(node, ast.comprehension) and bool(node.ifs))


@pytest.mark.parametrize("path", RPC_FILES)
def test_it_decides_nothing(path: str) -> None:
    assert faults(tree(path)) == []


@pytest.mark.parametrize(
    "sample",
    [
        "class S:\n def Open(self, r, c):\n  if r: return 1",
        "class S:\n def Open(self, r, c):\n  return r or c",
        "class S:\n def Open(self, r, c):\n  return [x for x in r if x]",
        "class S:\n def Open(self, r, c):\n  c.abort(grpc.StatusCode.INTERNAL, 'x')",
        "import sqlalchemy",
        "from psycopg import sql",
    ],
)
def test_a_bad_sample_is_found(sample: str) -> None:
    assert faults(ast.parse(sample)) != []


def test_a_good_sample_passes() -> None:
    assert (
        faults(ast.parse("class S:\n def Open(self, r, c):\n  return t.answer(self._open(t.handle(r.handle)))")) == []
    )
