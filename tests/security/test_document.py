"""``docs/security.md`` claims only what a test shows: each test that it names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`([\w./-]+\.py)(?:::(\w+))?`")


def test_every_test_that_the_page_names_is_there() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    named = [(path, name) for path, name in NAMED.findall(page) if "/tests/" in f"/{path}"]
    missing = [
        (path, name)
        for path, name in named
        if not (ROOT / path).is_file() or (name and not re.search(rf"def {name}\(", (ROOT / path).read_text()))
    ]

    assert not missing
    assert len(named) > 50
