"""``docs/security.md`` claims only what a test shows: each test that it names is there."""

import csv
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


def test_requirements_are_numbered_as_the_standard_numbers_them() -> None:
    """OWASP ASVS 5.0.0: each number that the page names is in the standard, under the level that the page gives."""
    listed = (ROOT / "tests" / "security" / "asvs-5.0.csv").read_text().splitlines()
    levels = {row["requirement"]: f"L{row['level']}" for row in csv.DictReader(listed)}
    page = (ROOT / "docs" / "security.md").read_text()
    rows = re.findall(r"^\| ([\d., ]+) \| (L[1-3](?:, L[1-3])*) \|", page, re.M)
    wrong = [
        (numbers, stated)
        for numbers, stated in rows
        if {levels.get(number.strip()) for number in numbers.split(",")} != set(stated.split(", "))
    ]

    assert len(levels) == 345
    assert len(rows) > 25
    assert wrong == []
