"""Each state of the dashboard in a headless browser, provoked on test data; no stack is needed."""

import os
import subprocess
from pathlib import Path

import pytest

from ..conftest import ROOT

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]
HERE = Path(__file__).parent


def test_each_state_says_what_is_the_case_and_what_can_be_done() -> None:
    assert (HERE / "node_modules").is_dir(), "make setup-test installs what the browser test needs"
    assert (ROOT / "frontend" / ".next" / "standalone" / "server.js").is_file(), "make setup builds the dashboard"
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"

    done = subprocess.run(
        ["npm", "run", "--silent", "states"],
        cwd=HERE, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
