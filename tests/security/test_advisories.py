"""What ``make audit`` makes of pip-audit's reports: silence of the source is no clean bill."""

import sys
from typing import Any

import pytest

from tests.deploy.manifests import ROOT

sys.path.insert(0, str(ROOT / "local" / "tools"))
import advisories

CLEAN = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("report", "code", "says"),
    [
        (None, 0, "not audited"),
        ({"dependencies": [SKIPPED]}, 0, "not audited"),
        ({"dependencies": [CLEAN, SKIPPED]}, 0, "1 of 2 packages audited, 0 known"),
        ({"dependencies": [CLEAN, BAD]}, 1, "b 2: PYSEC-1, mended in 3"),
    ],
)
def test_a_report_becomes_a_verdict(report: dict[str, Any] | None, code: int, says: str) -> None:
    found, text = advisories.verdict("x.txt", report)

    assert found == code
    assert says in text


def test_every_list_of_pins_is_asked_about() -> None:
    assert all("==" in (ROOT / name).read_text() for name in advisories.LISTS)
    workflow = (ROOT / ".github" / "workflows" / "check.yml").read_text()
    assert "make audit" in workflow
