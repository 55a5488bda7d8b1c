"""What no file of a service does: SQL from values, shells, unpickling, certificates unchecked."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS_SQL = {"execute", "executemany", "fetch", "fetchrow", "copy"}
FORBIDDEN = {"eval", "exec", "os.system", "os.popen", "pickle.load", "marshal.loads", "yaml.load", "joblib.load"}
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


def test_no_statement_is_put_together_from_values() -> None:
    found, seen = Counter[str](), 0
    for path, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNS_SQL:
                seen += 1
                if node.args and from_values(node.args[0]):
                    found[path] += 1

    assert seen > 100
    assert set(found.items()) == LOOKED_AT


def test_nothing_dangerous_is_called() -> None:
    found = []
    for path, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = named(node.func)
            arguments = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
            unpickles = name == "pickle.loads" and path not in KNOWN_UNPICKLING
            if name in FORBIDDEN or unpickles or arguments.get("shell") is True or arguments.get("verify") is False:
                found.append(f"{path}:{node.lineno} {name}")

    assert found == []
