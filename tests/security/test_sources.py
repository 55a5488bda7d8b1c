"""The rules that read our sources speak up and keep still where they should; ``make check`` runs them on all."""

import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.deploy.manifests import ROOT

sys.path.insert(0, str(ROOT / "local" / "tools"))
import source_rules

CASES = {
    "sql-from-values": (
        ".py",
        (
            "def f(db, name): db.execute(f'SELECT {name}')",
            "def f(db, name):\n    text = f'SELECT {name}'\n    db.execute(text.encode())",
            "def f(db, x): db.executemany('SELECT ' + x, [])",
            "def f(db, x): db.execute('SELECT %s' % x)",
            "async def f(db, t): await db.fetch('SELECT {}'.format(t))",
            "def f(c, t): c.copy(f'COPY {t.lower()}')",
        ),
        (
            "def f(db, x): db.execute('SELECT %s', (x,))",
            "def f(db): db.execute(f'SELECT {_COLUMNS} FROM x')",
            "def f(db, n): db.execute(sql.SQL('DROP {}').format(sql.Identifier(n)))",
        ),
    ),
    "certificate-not-checked": (
        ".py",
        ("httpx.Client(verify=False)", "context.check_hostname = False", "x = ssl.CERT_NONE"),
        ("httpx.Client(verify=context)", "context.check_hostname = True"),
    ),
    "unpickled": (
        ".py",
        (
            "import pickle\npickle.loads(b)", "from pickle import load\nload(f)", "import joblib\njoblib.load(f)",
            "import torch\ntorch.load(f)", "import numpy as np\nnp.load(f, allow_pickle=True)",
        ),
        ("import torch\ntorch.load(f, weights_only=True)", "import json\njson.loads(b)"),
    ),
    "shell": (
        ".py",
        ("import subprocess\nsubprocess.run(x, shell=True)", "import os\nos.system(x)"),
        ("import subprocess\nsubprocess.run([x])",),
    ),
    "secret-in-log": (
        ".py",
        (
            "log.info('in', token=token)", "self._log.debug('in', given=request.password)",
            "log.warning(f'no {settings.webhook_secret}')", "logger.error('dsn %s', core.postgres_dsn)",
        ),
        ("log.info('in', key_id=key.key_id)", "log.info('token_refused', reason=reason)"),
    ),
    "secret-compared-in-time": (
        ".py",
        ("def f(a, token): return a.token == token", "def f(x, y): return x.secret_hash != y"),
        ("def f(a, token): return hmac.compare_digest(a.token, token)", "def f(token): return token == ''"),
    ),
    "redirect-followed": (
        ".py",
        ("httpx.get(url, follow_redirects=True)",),
        ("httpx.get(url, follow_redirects=False)",),
    ),
    "waits-for-ever": (
        ".py",
        ("import httpx\nhttpx.Client(timeout=None)", "import urllib.request\nurllib.request.urlopen(url)"),
        ("import httpx\nhttpx.Client(timeout=5)", "import urllib.request\nurllib.request.urlopen(url, timeout=5)"),
    ),
    "token-not-checked": (
        ".py",
        (
            "import jwt\njwt.decode(text, options={'verify_signature': False}, algorithms=['ES256'])",
            "import jwt\njwt.decode(text, key)",
        ),
        ("import jwt\njwt.decode(text, key, algorithms=['ES256'])",),
    ),
    "markup-from-text": (
        ".tsx",
        ("const a = <p dangerouslySetInnerHTML={{ __html: text }} />;", "element.innerHTML = text;"),
        ("const a = <p>{text}</p>;", "element.textContent = text;"),
    ),
    "token-in-storage": (
        ".tsx",
        ("localStorage.setItem('token', x);", "window.sessionStorage.setItem('session', x);"),
        ("localStorage.setItem('theme', x);",),
    ),
    "token-in-address": (
        ".tsx",
        ("const a = `${base}/ws?token=${x}`;", "url.searchParams.set('token', x);"),
        ("const a = `${base}/ws?site=${x}`;",),
    ),
    "opener-given-away": (
        ".tsx",
        ("const a = <a href={x} target=\"_blank\">x</a>;",),
        ("const a = <a href={x} target=\"_blank\" rel=\"noreferrer\">x</a>;",),
    ),
    "code-from-text": (".tsx", ("eval(text);", "new Function(text);"), ("evaluate(text);",)),
    "origin-as-sender": (
        ".sol",
        ("contract A { function f() public { require(tx.origin == msg.sender); } }",),
        ("contract A { function f() public { require(owner == msg.sender); } }",),
    ),
    "call-not-checked": (
        ".sol",
        (
            "contract A { function f(address payable a) public { a.call(\"\"); } }",
            "contract A { function f(address payable a) public { a.call{value: 1}(\"\"); } }",
            "contract A { function f(address payable a) public { a.send(1); } }",
        ),
        ("contract A { function f(address payable a) public { (bool ok, ) = a.call(\"\"); require(ok); } }",),
    ),
    "selfdestruct": (
        ".sol",
        ("contract A { function f(address payable a) public { selfdestruct(a); } }",),
        ("contract A { function f() public { revert(); } }",),
    ),
}  # fmt: skip
"""By rule: the ending of its files, what it names, what it lets pass."""


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Files of all cases, and the rules that named them: one run."""
    if not source_rules.PROGRAMS.is_dir():
        pytest.fail("semgrep is not installed: make setup-check")
    folder = tmp_path_factory.mktemp("cases").resolve()
    for rule, (ending, hits, misses) in CASES.items():
        for kind, texts in (("hit", hits), ("miss", misses)):
            for n, text in enumerate(texts):
                (folder / f"{rule}.{kind}.{n}{ending}").write_text(text + "\n")
    found: dict[str, set[str]] = {path.name: set() for path in folder.iterdir()}
    for one in source_rules.by_semgrep([folder], folder):
        found[one.path].add(one.rule)
    return found


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_speaks_up_and_keeps_still(rule: str, named: dict[str, set[str]]) -> None:
    mine = {file: rules for file, rules in named.items() if file.startswith(f"{rule}.")}

    assert {file for file, rules in mine.items() if rule in rules} == {file for file in mine if ".hit." in file}


def test_every_rule_has_its_cases() -> None:
    files = sorted(source_rules.RULES.glob("*.yaml"))
    assert {rule["id"] for file in files for rule in yaml.safe_load(file.read_text())["rules"]} == set(CASES)


def a_finding(path: str) -> source_rules.Finding:
    return source_rules.Finding("unpickled", path, 7, "no")


def test_what_is_new_is_told_and_so_is_what_is_known_but_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_rules, "KNOWN", {("unpickled", "a.py"): 1})

    assert list(source_rules.offences([a_finding("a.py")])) == []
    assert list(source_rules.offences([a_finding("a.py"), a_finding("b.py")])) == ["b.py:7: unpickled: no"]
    assert len(list(source_rules.offences([a_finding("a.py")] * 2))) == 2
    assert "0 found" in next(source_rules.offences([]))


def test_the_sources_that_are_read_are_those_that_run() -> None:
    names = Counter(path.parent.name for path in source_rules.sources())

    assert {"gridseal", "forecast-service", "settlement-service", "frontend", "blockchain"} <= set(names)
    assert all(isinstance(path, Path) and path.is_dir() for path in source_rules.sources())
