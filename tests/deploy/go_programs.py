"""Programs that only exist as Go modules, built once and kept in ``.local/go``."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.deploy.manifests import ROOT

TOOLS = Path(__file__).with_name("tools")
WIRE = ("github.com/google/wire/cmd/wire", "v0.7.0")
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
    argv = ["-trimpath", "-ldflags", " ".join(("-s -w", *flags)), "-o", str(kept), "." if own else f"./{name}"]
    _run(name, [go(), "build", *argv], source if own else TOOLS)
    return kept


def installed_module(path: str, version: str) -> Path:
    """A program of somebody else's module, at a version."""
    kept = KEPT / f"{path.rpartition('/')[2]}-{version}"
    if not kept.exists():
        folder = KEPT / "installing"
        argv = [go(), "install", "-trimpath", "-ldflags", "-s -w", f"{path}@{version}"]
        _run(path, argv, KEPT, GOBIN=str(folder))
        (folder / path.rpartition("/")[2]).rename(kept)
    return kept


def released_program(
    module: str,
    version: str,
    command: str,
    *,
    beside: Sequence[str] = (),
    tags: str = "",
    wired: str = "",
    c: bool = False,
) -> Path:
    """A program of a module that replaces its own dependencies, which ``go install`` refuses: built in its own source.

    Args:
        module: Its path.
        version: Of it.
        command: Folder of the program within.
        beside: Dependencies that it takes from folders beside it; the released ones are taken instead.
        tags: Of the build.
        wired: Folder within whose constructors wire writes before.
        c: It has parts in C, for the machine's compiler.
    """
    name = f"{command.rpartition('/')[2]}-{version}"
    kept, source = KEPT / name, KEPT / f"{name}.source"
    if not kept.exists():
        shutil.rmtree(source, ignore_errors=True)
        KEPT.mkdir(parents=True, exist_ok=True)
        shutil.copytree(module_folder(module, version), source, copy_function=shutil.copyfile)
        for folder in (source, *(p for p in source.rglob("*") if p.is_dir())):
            folder.chmod(0o755)
        for other in beside:
            _run(name, [go(), "mod", "edit", f"-dropreplace={other}"], source)
        if wired:
            _run(name, [str(installed_module(*WIRE)), "gen", "-tags", tags, f"./{wired}"], source, GOFLAGS="-mod=mod")
        argv = ["-mod=mod", "-tags", tags, "-trimpath", "-ldflags", "-s -w", "-o", str(kept), f"./{command}"]
        _run(name, [go(), "build", *argv], source, CGO_ENABLED=str(int(c)))
        shutil.rmtree(source)
    return kept


def module_folder(module: str, version: str) -> Path:
    """Where Go keeps the source of a module."""
    argv = [go(), "mod", "download", "-json", f"{module}@{version}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={**os.environ, "GOFLAGS": "-mod=mod"})
    return Path(json.loads(done.stdout)["Dir"])


def _run(name: str, argv: Sequence[str], folder: Path, **more: str) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(
        argv, cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "CGO_ENABLED": "0", **more},
    )  # fmt: skip
    if built.returncode and "dial tcp" in built.stderr:
        pytest.skip(f"no network to the Go modules of {name}")
    assert built.returncode == 0, built.stderr
