"""Programs that only exist as Go modules, built once and kept in ``.local/go``."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.manifests import ROOT

TOOLS = Path(__file__).with_name("tools")


def go() -> str:
    """The compiler; the test is skipped where there is none."""
    found = shutil.which("go")
    if found is None:
        pytest.skip("Go is not installed, so nothing that is a Go module can be built")
    return found


def go_program(name: str) -> Path:
    """A program of ``tools/<name>``, built again when its source or its modules changed.

    The test is skipped where there is no Go, or no network to the modules.
    """
    compiler, kept = go(), ROOT / ".local" / "go" / name
    newest = max(f.stat().st_mtime for f in (TOOLS / "go.sum", TOOLS / name / "main.go"))
    if kept.exists() and kept.stat().st_mtime >= newest:
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(
        [compiler, "build", "-trimpath", "-o", str(kept), f"./{name}"],
        cwd=TOOLS, capture_output=True, text=True, check=False, env={**os.environ, "CGO_ENABLED": "0"},
    )  # fmt: skip
    if built.returncode and "dial tcp" in built.stderr:
        pytest.skip(f"no network to the Go modules of {name}")
    assert built.returncode == 0, built.stderr
    return kept
