"""The dashboard in a headless browser, against the real stack."""

import os
import subprocess
from pathlib import Path

import pytest

from ..conftest import ROOT, Stack

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]
HERE = Path(__file__).parent


def test_a_dispatcher_sees_sites_fans_seals_and_live_updates(stack: Stack) -> None:
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**stack.environment, "PATH": path, "DASHBOARD_URL": stack.url(3000), "WAIT_S": "300"}
    assert (HERE / "node_modules").is_dir(), "make setup-test installs what the browser test needs"

    done = subprocess.run(
        ["npm", "test", "--silent"], cwd=HERE, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
