"""Programs that only exist as Go modules, built once and kept in ``.local/go``."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.deploy.manifests import ROOT

TOOLS = Path(__file__).with_name("tools")
KEPT = ROOT / ".local" / "go"


def go() -> str:
    """The compiler; the test is skipped where there is none."""
    found = shutil.which("go")
    if found is None:
        pytest.skip("Go is not installed, so nothing that is a Go module can be built")
    return found


def go_program(name: str, flags: Sequence[str] = ()) -> Path:
    """A program of ``tools/<name>``, built again when its source or its modules changed.

    The test is skipped where there is no Go, or no network to the modules.

    Args:
        name: Of its folder, which may be a module of its own.
        flags: For the linker.
    """
    source, kept = TOOLS / name, KEPT / name
    own = (source / "go.mod").exists()
    newest = max(f.stat().st_mtime for f in ((source if own else TOOLS) / "go.sum", source / "main.go"))
    if kept.exists() and kept.stat().st_mtime >= newest:
        return kept
    argv = ["build", "-trimpath", "-ldflags", " ".join(("-s -w", *flags)), "-o", str(kept), "." if own else f"./{name}"]
    _run(name, argv, source if own else TOOLS)
    return kept


def installed_module(path: str, version: str) -> Path:
    """A program of somebody else's module, at a version."""
    kept = KEPT / f"{path.rpartition('/')[2]}-{version}"
    if not kept.exists():
        folder = KEPT / "installing"
        _run(path, ["install", "-trimpath", "-ldflags", "-s -w", f"{path}@{version}"], KEPT, GOBIN=str(folder))
        (folder / path.rpartition("/")[2]).rename(kept)
    return kept


def _run(name: str, argv: Sequence[str], folder: Path, **more: str) -> None:
    compiler = go()
    KEPT.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(
        [compiler, *argv], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "CGO_ENABLED": "0", **more},
    )  # fmt: skip
    if built.returncode and "dial tcp" in built.stderr:
        pytest.skip(f"no network to the Go modules of {name}")
    assert built.returncode == 0, built.stderr
