"""What no file of a service does: SQL from values, shells, unpickling, certificates unchecked."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNS_SQL = {"execute", "executemany", "fetch", "fetchrow", "copy"}
FORBIDDEN = {
    "eval", "exec", "os.system", "os.popen", "pickle.load", "marshal.loads", "yaml.load", "joblib.load", "torch.load",
    "tempfile.mktemp", "ssl._create_unverified_context",
}  # fmt: skip
KNOWN_UNPICKLING = {
    "streaming-processor/src/streaming_processor/sinks.py",
    "forecast-service/src/forecast_service/backtest/peers/openstef_side.py",
}
"""Rows of Spark's own tasks, and models that a backtest fitted a moment before: see docs/security.md."""
LOOKED_AT = {
    ("ingestion-gateway/src/edge_agent/queue.py", 2),
    ("settlement-service/src/settlement_service/overrides/store.py", 2),
    ("settlement-service/src/settlement_service/transactions/box.py", 1),
    ("settlement-service/src/settlement_service/transactions/ledger.py", 1),
}  # fmt: skip
"""Files, and in how many places they put a statement together from names and conditions that stand in the code."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(
        p for p in ROOT.glob("*/src/**/*.py") if p.relative_to(ROOT).parts[0] not in ("local", "frontend")
    ):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def named(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def from_values(node: ast.expr) -> bool:
    """Whether a statement holds what is no constant: ``%`` or ``format`` with a lower-case name, an f-string."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "encode":
        return from_values(node.func.value)
    if isinstance(node, ast.BinOp):
        return from_values(node.left) or from_values(node.right)
    if isinstance(node, ast.JoinedStr):
        inner = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        return not all(named(value).lstrip("_").isupper() for value in inner)
    return False


def statements(tree: ast.Module) -> Iterator[bool]:
    """Of each call that runs SQL, whether its statement is put together from values."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNS_SQL:
            yield bool(node.args) and from_values(node.args[0])


def dangerous(path: str, tree: ast.Module) -> Iterator[str]:
    """Calls that no service makes."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = named(node.func)
        arguments = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
        unpickles = name == "pickle.loads" and path not in KNOWN_UNPICKLING
        unchecked = arguments.get("verify") is False or arguments.get("check_hostname") is False
        if name in FORBIDDEN or unpickles or unchecked or arguments.get("shell") is True:
            yield f"{path}:{node.lineno} {name}"


def test_no_statement_is_put_together_from_values() -> None:
    found, seen = Counter[str](), 0
    for path, tree in sources():
        for bad in statements(tree):
            seen += 1
            found[path] += bad

    assert seen > 100
    assert set((+found).items()) == LOOKED_AT


def test_nothing_dangerous_is_called() -> None:
    assert [call for path, tree in sources() for call in dangerous(path, tree)] == []


@pytest.mark.parametrize(
    "source",
    [
        "db.execute(f'SELECT {name}')", "db.execute('SELECT ' + f'{x.name}')",
        "cursor.executemany(f'{a} x'.encode(), y)",
        "db.copy(f'COPY {t.lower()}')",
    ],
)  # fmt: skip
def test_the_rule_about_statements_speaks_up(source: str) -> None:
    assert any(statements(ast.parse(source)))
    assert not any(statements(ast.parse("db.execute('SELECT %s', (x,)); db.execute(f'{_COLUMNS} x')")))


@pytest.mark.parametrize(
    "source",
    [
        "eval(x)", "exec(x)", "os.system(x)", "os.popen(x)", "pickle.load(f)", "pickle.loads(b)", "marshal.loads(b)",
        "yaml.load(f)", "joblib.load(f)", "subprocess.run(x, shell=True)", "httpx.get(u, verify=False)",
        "connect(check_hostname=False)", "torch.load(f)", "tempfile.mktemp()", "ssl._create_unverified_context()",
    ],
)  # fmt: skip
def test_the_rule_about_calls_speaks_up(source: str) -> None:
    assert list(dangerous("x.py", ast.parse(source)))
    assert not list(dangerous("x.py", ast.parse("subprocess.run([x]); json.loads(b); yaml.safe_load(f)")))
